//! What every page has around its words: the practice's line, the language, the stylesheet, the policy header.

use std::sync::LazyLock;

use data_encoding::BASE64;
use portico_domain::model::face::Color;
use portico_domain::model::practice::{Logo, Settings};
use portico_messages::{Language, PageText, field_detail, local_time, phone, reason_detail};
use sha2::{Digest, Sha256};

use crate::inbound::Inbound;

/// The one stylesheet, in every page, allowed by its hash.
static CSS: &str = include_str!("../../templates/portico.css");

static STYLE_HASH: LazyLock<String> = LazyLock::new(|| BASE64.encode(&Sha256::digest(CSS.as_bytes())));

/// What a page says of the practice.
#[derive(Clone)]
pub struct PracticeLine {
    /// Its name.
    pub name: String,
    /// Its phone, E.164.
    pub phone: String,
    /// Its own terms of use.
    pub terms_url: Option<String>,
    /// Its notice of privacy practices.
    pub privacy_url: Option<String>,
    /// Its logo.
    pub logo: Option<Logo>,
    /// The rules that give the page the practice's color.
    style: Option<String>,
    /// Its color, where it has chosen one.
    color: Option<String>,
}

/// The color of the service's own pages.
const ACCENT: &str = "#0b5cad";

impl PracticeLine {
    fn of(settings: &Settings) -> Self {
        let color = settings.accent_color.as_deref().and_then(Color::parse);
        let style = color.map(|color| {
            let (light, dark) = (color.css(), color.lightened().css());
            format!(":root{{--accent:{light}}}@media (prefers-color-scheme:dark){{:root{{--accent:{dark}}}}}")
        });
        Self {
            color: color.map(Color::css),
            name: settings.name.clone(),
            phone: settings.phone.clone(),
            terms_url: settings.terms_url.clone(),
            privacy_url: settings.privacy_url.clone(),
            logo: settings.logo.clone(),
            style,
        }
    }

    /// The phone as people write it.
    pub fn phone_shown(&self) -> String {
        phone(&self.phone)
    }

    /// The mark of the practice: the first letters of its first two words.
    pub fn initials(&self) -> String {
        let words =
            self.name.split_whitespace().filter_map(|word| word.chars().find(|c| c.is_alphanumeric()));
        words.take(2).flat_map(char::to_uppercase).collect()
    }

    /// The mark as the icon of the browser's tab, as a `data:` address.
    pub fn icon(&self) -> String {
        let color = self.color.as_deref().unwrap_or(ACCENT).trim_start_matches('#').to_owned();
        let letters = form_urlencoded::byte_serialize(self.initials().as_bytes()).collect::<String>();
        format!(
            "data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 32 32'%3E%3Crect width='32' \
             height='32' rx='6' fill='%23{color}'/%3E%3Ctext x='16' y='22' font-family='sans-serif' font-size='15' \
             font-weight='700' text-anchor='middle' fill='%23fff'%3E{letters}%3C/text%3E%3C/svg%3E"
        )
    }
}

const fn other_than(language: Language) -> Language {
    match language {
        Language::English => Language::Spanish,
        Language::Spanish => Language::English,
    }
}

/// What all pages share.
#[derive(Clone)]
pub struct Frame {
    /// The reader's language.
    pub language: Language,
    /// All words, in that language.
    pub text: &'static PageText,
    /// The practice; none on a page that must not name one.
    pub practice: Option<PracticeLine>,
    /// The other language and this page's address in it; none on an answer to a form, which has no address.
    pub other_language: Option<(&'static str, String)>,
    /// The zone of local times.
    time_zone: String,
    /// Another origin that a form's answer may lead to.
    pub(crate) leads_to: Option<String>,
}

impl Frame {
    /// The frame of a practice's page.
    pub fn of(inbound: &Inbound, settings: &Settings) -> Self {
        let fallback = Language::from_tag(&settings.default_language).unwrap_or(Language::English);
        Self {
            practice: Some(PracticeLine::of(settings)),
            time_zone: settings.time_zone.clone(),
            leads_to: settings.portal().map(|portal| portal.origin()),
            ..Self::nameless_in(inbound, inbound.language(fallback))
        }
    }

    /// The frame of a page that is shown to staff as patients see it.
    pub fn preview(inbound: &Inbound, settings: &Settings, language: Language) -> Self {
        Self { language, text: language.page(), other_language: None, ..Self::of(inbound, settings) }
    }

    /// The frame of a page that names no practice.
    pub fn nameless(inbound: &Inbound) -> Self {
        Self::nameless_in(inbound, inbound.language(Language::English))
    }

    fn nameless_in(inbound: &Inbound, language: Language) -> Self {
        let other = other_than(language);
        let readable = inbound.route.starts_with("GET ") || inbound.route.starts_with("HEAD ");
        Self {
            language,
            text: language.page(),
            practice: None,
            other_language: readable.then(|| (other.tag(), inbound.in_language(other))),
            time_zone: "UTC".to_owned(),
            leads_to: None,
        }
    }

    /// The other language, and the address of the page at this path in it.
    pub fn in_other_language(&self, path: &str) -> (&'static str, String) {
        let tag = other_than(self.language).tag();
        (tag, format!("{path}?lang={tag}"))
    }

    /// The language's tag.
    pub const fn lang(&self) -> &'static str {
        self.language.tag()
    }

    /// The practice's phone as people write it; empty on a page that names none.
    pub fn phone(&self) -> String {
        self.practice.as_ref().map(PracticeLine::phone_shown).unwrap_or_default()
    }

    /// An instant as the practice's clock shows it, in words.
    pub fn time(&self, at: portico_domain::time::Timestamp) -> String {
        local_time(at.millis(), &self.time_zone, self.language)
    }

    /// Why something can't be done now, where that has a sentence.
    pub fn reason(&self, code: &str) -> Option<&'static str> {
        reason_detail(code, self.language)
    }

    /// What is wrong with a field for which the page has no words of its own.
    pub fn field_detail(&self, code: &str) -> &'static str {
        field_detail(code, self.language)
    }

    /// The rules that give the page the practice's colour.
    pub fn own_css(&self) -> Option<&str> {
        self.practice.as_ref().and_then(|practice| practice.style.as_deref())
    }

    /// The digests by which the policy header allows the page's stylesheets.
    pub(crate) fn style_hashes(&self) -> String {
        let hash = |css: &str| format!(" 'sha256-{}'", BASE64.encode(&Sha256::digest(css.as_bytes())));
        format!("'sha256-{}'{}", *STYLE_HASH, self.own_css().map(hash).unwrap_or_default())
    }

    /// The stylesheet, for the head of the page.
    #[expect(clippy::unused_self, reason = "the template reaches it through the frame")]
    pub fn css(&self) -> &'static str {
        CSS
    }
}
