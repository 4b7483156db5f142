//! Pages: the frame that all of them share, their fields, and the dead ends with their ways out.

use std::borrow::Cow;
use std::sync::LazyLock;

use askama::Template;
use data_encoding::BASE64;
use http::{HeaderValue, StatusCode, header};
use portico_domain::model::link::{Kind, Role};
use portico_domain::model::password::PasswordFault;
use portico_domain::model::practice::Settings;
use portico_domain::model::refusal::Refusal;
use portico_domain::operations::visitor::verify::ChecksPassed;
use portico_messages::page::RegisterPage;
use portico_messages::{Language, PageText, local_time, phone, reason_detail};
use sha2::{Digest, Sha256};

use crate::answer::{Answer, Code, Reject, answer, field_detail, problem};
use crate::inbound::Inbound;

/// The one stylesheet, in every page, allowed by its hash.
static CSS: &str = include_str!("../templates/portico.css");
static STYLE_HASH: LazyLock<String> = LazyLock::new(|| BASE64.encode(&Sha256::digest(CSS.as_bytes())));

/// What a page says of the practice.
#[derive(Clone)]
pub struct PracticeLine {
    /// Its name.
    pub name: String,
    /// Its phone, E.164.
    pub phone: String,
}

impl PracticeLine {
    /// The phone as people write it.
    pub fn phone_shown(&self) -> String {
        phone(&self.phone)
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
    leads_to: Option<String>,
}

impl Frame {
    /// The frame of a practice's page.
    pub fn of(inbound: &Inbound, settings: &Settings) -> Self {
        let fallback = Language::from_tag(&settings.default_language).unwrap_or(Language::English);
        let practice = PracticeLine { name: settings.name.clone(), phone: settings.phone.clone() };
        Self {
            practice: Some(practice),
            time_zone: settings.time_zone.clone(),
            leads_to: origin(&settings.portal_url),
            ..Self::nameless_in(inbound, inbound.language(fallback))
        }
    }

    /// The frame of a page that names no practice.
    pub fn nameless(inbound: &Inbound) -> Self {
        Self::nameless_in(inbound, inbound.language(Language::English))
    }

    fn nameless_in(inbound: &Inbound, language: Language) -> Self {
        let other = if language == Language::English { Language::Spanish } else { Language::English };
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

    /// The language's tag.
    pub const fn lang(&self) -> &'static str {
        self.language.tag()
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

    /// The stylesheet, for the head of the page.
    #[expect(clippy::unused_self, reason = "the template reaches it through the frame")]
    pub fn css(&self) -> &'static str {
        CSS
    }
}

/// Scheme, host and port of an address.
fn origin(url: &str) -> Option<String> {
    let (scheme, rest) = url.split_once("://")?;
    Some(format!("{scheme}://{}", rest.split('/').next()?))
}

/// A problem that a page shows: the field's name (empty: the whole form) and a sentence.
pub type Fault = (&'static str, String);

/// A page's problems in the order of its fields, with those of required fields that were left empty: a reader mends
/// them all at once. A page without problems gets none.
pub fn all_faults(mut found: Vec<Fault>, empty: Vec<Fault>, order: &[&str]) -> Vec<Fault> {
    if !found.is_empty() {
        for fault in empty {
            if !found.iter().any(|(name, _)| *name == fault.0) {
                found.push(fault);
            }
        }
    }
    // What belongs to no field comes first.
    found.sort_by_key(|(name, _)| order.iter().position(|known| known == name));
    found
}

/// Why a password won't do, at the field of this name; `shortest` is the practice's rule.
pub fn password_faults(
    field: &'static str,
    faults: &[PasswordFault],
    frame: &Frame,
    shortest: u32,
) -> Vec<Fault> {
    let words = &frame.text.register;
    let sentence = |fault: &PasswordFault| match fault {
        PasswordFault::TooShort => words.password_too_short(shortest as usize),
        PasswordFault::TooLong => words.password_too_long.to_owned(),
        PasswordFault::Common => words.password_common.to_owned(),
        PasswordFault::Contextual => words.password_contextual.to_owned(),
    };
    faults.iter().map(|fault| (field, sentence(fault))).collect()
}

/// One labelled input.
#[derive(Clone, Template)]
#[template(path = "field.html")]
pub struct Field {
    /// What names it on the page: its name, unless two forms have a field of one name.
    id: Cow<'static, str>,
    name: &'static str,
    label: String,
    hint: String,
    error: Option<String>,
    kind: &'static str,
    class: &'static str,
    value: String,
    autocomplete: &'static str,
    inputmode: &'static str,
    required: bool,
    optional: &'static str,
}

impl askama::filters::HtmlSafe for Field {}

impl Field {
    /// A required input of this name and label.
    pub fn new(name: &'static str, label: &str, frame: &Frame) -> Self {
        Self {
            id: Cow::Borrowed(name),
            name,
            label: label.to_owned(),
            hint: String::new(),
            error: None,
            kind: "text",
            class: "",
            value: String::new(),
            autocomplete: "",
            inputmode: "",
            required: true,
            optional: frame.text.shared.optional,
        }
    }

    /// Under another id than its name, where two forms of a page have a field of one name.
    #[must_use]
    pub fn id(mut self, id: impl Into<Cow<'static, str>>) -> Self {
        self.id = id.into();
        self
    }

    /// With a hint under the label.
    #[must_use]
    pub fn hint(mut self, hint: &str) -> Self {
        hint.clone_into(&mut self.hint);
        self
    }

    /// Of another type than text.
    #[must_use]
    pub const fn kind(mut self, kind: &'static str) -> Self {
        self.kind = kind;
        self
    }

    /// With a class.
    #[must_use]
    pub const fn class(mut self, class: &'static str) -> Self {
        self.class = class;
        self
    }

    /// With what the browser may fill in, and the keyboard a phone shows.
    #[must_use]
    pub const fn filled(mut self, autocomplete: &'static str, inputmode: &'static str) -> Self {
        self.autocomplete = autocomplete;
        self.inputmode = inputmode;
        self
    }

    /// That may be left empty.
    #[must_use]
    pub const fn optional(mut self) -> Self {
        self.required = false;
        self
    }

    /// With a value.
    #[must_use]
    pub fn value(mut self, value: &str) -> Self {
        value.clone_into(&mut self.value);
        self
    }

    /// With its sentence among a page's faults.
    #[must_use]
    pub fn among(mut self, faults: &[Fault]) -> Self {
        let own: Vec<&str> =
            faults.iter().filter(|(name, _)| *name == self.id).map(|(_, text)| text.as_str()).collect();
        self.error = (!own.is_empty()).then(|| own.join(" "));
        self
    }

    /// Names of people, streets and cities begin with a capital, and a state is two; nothing else that is typed here is.
    fn capitals(&self) -> &'static str {
        match self.name {
            "address_line" | "city" => "words",
            "state" => "characters",
            name if name.ends_with("_name") => "words",
            _ => "none",
        }
    }

    fn described_by(&self) -> Option<String> {
        let ids: Vec<String> = [(!self.hint.is_empty(), "hint"), (self.error.is_some(), "error")]
            .into_iter()
            .filter(|(there, _)| *there)
            .map(|(_, part)| format!("{}-{part}", self.id))
            .collect();
        (!ids.is_empty()).then(|| ids.join(" "))
    }
}

/// The page on which a visitor who passed every check chooses user name and password.
#[derive(Template)]
#[template(path = "registration.html")]
pub struct Registration {
    /// The frame.
    pub frame: Frame,
    /// What was wrong with the last try.
    pub errors: Vec<Fault>,
    /// The link's token.
    pub token: String,
    /// The ticket.
    pub ticket: String,
    /// Whether a representative registers.
    pub representative: bool,
    /// The user name that stays, where access comes back.
    pub returning: Option<String>,
    /// What the representative said they are.
    pub relationship: String,
    /// Whether the terms were ticked.
    pub accepted: bool,
    /// Whether what the representative is was said by whoever invited them.
    pub relationship_known: bool,
    representative_fields: Vec<Field>,
    fields: Vec<Field>,
    question_fields: Vec<Field>,
    existing_fields: [Field; 2],
}

/// What was typed into the registration page, to be shown again. Passwords are not.
#[derive(Default)]
pub struct Typed {
    /// User name.
    pub username: String,
    /// What a representative is.
    pub relationship: String,
    /// A representative's first name.
    pub given_name: String,
    /// A representative's last name.
    pub family_name: String,
    /// A representative's e-mail address.
    pub email: String,
    /// A representative's mobile phone.
    pub mobile_phone: String,
    /// The security question.
    pub security_question: String,
    /// Whether the terms were ticked.
    pub accepted: bool,
}

impl Typed {
    /// What must not be empty and is. A password is never shown again, so an empty one says nothing.
    fn empty(&self, words: &RegisterPage, representative: bool, returning: bool) -> Vec<Fault> {
        let all = [
            (representative && self.relationship.is_empty(), "relationship", words.relationship_missing),
            (representative && self.given_name.is_empty(), "given_name", words.given_name_missing),
            (representative && self.family_name.is_empty(), "family_name", words.family_name_missing),
            (representative && self.email.is_empty(), "email", words.email_missing),
            (!returning && self.username.is_empty(), "username", words.username_missing),
            (!self.accepted, "accept_terms", words.accept_terms_missing),
        ];
        all.into_iter().filter(|all| all.0).map(|(_, name, sentence)| (name, sentence.to_owned())).collect()
    }
}

/// What decides how the registration page looks.
pub struct Standing {
    /// Whether a representative registers.
    pub representative: bool,
    /// The user name that stays, where access comes back.
    pub returning: Option<String>,
    /// Whether what the representative is was said by whoever invited them.
    pub relationship_known: bool,
    /// Fewest characters of a password.
    pub shortest: u32,
    /// Whether a security question may be set.
    pub question: bool,
}

impl Standing {
    /// What it is for a visitor who passed every check.
    pub fn of(passed: &ChecksPassed, settings: &Settings) -> Self {
        Self {
            representative: passed.role == Role::Representative,
            returning: (passed.kind == Kind::Restored).then(|| passed.suggested_username.clone()),
            relationship_known: passed.invitee.is_some(),
            shortest: settings.password_min_length,
            question: settings.security_question,
        }
    }
}

impl Registration {
    /// The page as a visitor who passed every check first sees it: with what is known of them.
    pub fn for_passed(frame: Frame, link: (&str, &str), settings: &Settings, passed: &ChecksPassed) -> Self {
        let mut typed = Typed { username: passed.suggested_username.clone(), ..Typed::default() };
        if let Some(who) = &passed.invitee {
            who.relationship.as_str().clone_into(&mut typed.relationship);
            who.given_name.reveal().clone_into(&mut typed.given_name);
            who.family_name.reveal().clone_into(&mut typed.family_name);
            typed.email = who.email.as_ref().map(|email| email.reveal().to_owned()).unwrap_or_default();
            typed.mobile_phone =
                who.mobile_phone.as_ref().map(|phone| phone.reveal().to_owned()).unwrap_or_default();
        }
        Self::new(frame, link, Standing::of(passed, settings), typed, Vec::new())
    }

    /// The page.
    pub fn new(
        frame: Frame,
        (token, ticket): (&str, &str),
        standing: Standing,
        typed: Typed,
        errors: Vec<Fault>,
    ) -> Self {
        let Standing { representative, returning, relationship_known, shortest, question } = standing;
        let words = &frame.text.register;
        let shortest = shortest as usize;
        let representative = representative && returning.is_none();
        let errors = all_faults(
            errors,
            typed.empty(words, representative, returning.is_some()),
            &[
                "relationship",
                "given_name",
                "family_name",
                "email",
                "mobile_phone",
                "username",
                "password",
                "security_question",
                "security_answer",
                "accept_terms",
                "existing_username",
            ],
        );
        let field = |name, label: &str| Field::new(name, label, &frame).among(&errors);
        let mut fields = Vec::new();
        if returning.is_none() {
            let name =
                field("username", words.username).hint(words.username_hint).filled("username", "email");
            fields.push(name.value(&typed.username));
        }
        let label = if returning.is_some() { frame.text.new_password.password } else { words.password };
        let password = field("password", label).hint(&words.password_hint(shortest));
        fields.push(password.kind("password").filled("new-password", ""));
        let representative_fields = if representative {
            vec![
                field("given_name", words.given_name).filled("given-name", "").value(&typed.given_name),
                field("family_name", words.family_name).filled("family-name", "").value(&typed.family_name),
                field("email", words.email).kind("email").filled("email", "email").value(&typed.email),
                field("mobile_phone", words.mobile_phone)
                    .hint(words.mobile_phone_hint)
                    .kind("tel")
                    .filled("tel", "tel")
                    .optional()
                    .value(&typed.mobile_phone),
            ]
        } else {
            Vec::new()
        };
        let question_fields = if question && returning.is_none() {
            vec![
                field("security_question", words.question)
                    .hint(words.question_hint)
                    .filled("off", "")
                    .optional()
                    .value(&typed.security_question),
                field("security_answer", words.answer).hint(words.answer_hint).filled("off", "").optional(),
            ]
        } else {
            Vec::new()
        };
        let sign_in = &frame.text.sign_in;
        let existing_fields = [
            Field::new("username", sign_in.username, &frame)
                .id("existing_username")
                .filled("username", "email")
                .among(&errors),
            Field::new("password", sign_in.password, &frame)
                .id("existing_password")
                .kind("password")
                .filled("current-password", ""),
        ];
        Self {
            token: token.to_owned(),
            ticket: ticket.to_owned(),
            representative,
            relationship_known,
            returning,
            relationship: typed.relationship,
            accepted: typed.accepted,
            representative_fields,
            fields,
            question_fields,
            existing_fields,
            errors,
            frame,
        }
    }

    fn title(&self) -> &'static str {
        if self.returning.is_some() {
            self.frame.text.new_password.title
        } else if self.representative {
            self.frame.text.register.title_representative
        } else {
            self.frame.text.register.title
        }
    }

    /// With a problem of the form for people who have a login already.
    pub fn fail(&mut self, field: &'static str, sentence: &str) {
        self.errors.push((field, sentence.to_owned()));
        let [name, password] = self.existing_fields.clone();
        self.existing_fields = [name.among(&self.errors), password];
    }

    fn error(&self, name: &str) -> Option<&str> {
        self.errors.iter().find(|(field, _)| *field == name).map(|(_, sentence)| sentence.as_str())
    }

    fn relationships(&self) -> [(&'static str, &'static str); 4] {
        let words = &self.frame.text.register;
        [
            ("parent", words.parent),
            ("guardian", words.guardian),
            ("spouse", words.spouse),
            ("other", words.other),
        ]
    }
}

#[derive(Template)]
#[template(path = "dead_end.html")]
struct DeadEnd {
    frame: Frame,
    errors: Vec<Fault>,
    title: String,
    explanation: String,
    /// Where to begin anew.
    again: Option<String>,
    next_heading: &'static str,
    next: Vec<&'static str>,
    /// The address of the link in whose place a new one can be asked for.
    renew: Option<String>,
}

/// The page that a refused form belongs to, where this page may point to it.
fn again(inbound: &Inbound, frame: &Frame) -> Option<String> {
    let token = inbound.param("token");
    let practice = inbound.param("practice");
    let plain = |text: &str| {
        !text.is_empty() && text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_'))
    };
    if inbound.route.contains(" /i/{token}") && plain(token) {
        Some(format!("/i/{token}?lang={}", frame.lang()))
    } else if inbound.route.contains(" /r/{token}") && plain(token) {
        Some(format!("/r/{token}?lang={}", frame.lang()))
    } else if frame.practice.is_some() && plain(practice) {
        let own = if inbound.route.contains("/{practice}/account") { "/account" } else { "" };
        Some(format!("/{practice}{own}?lang={}", frame.lang()))
    } else {
        None
    }
}

/// A page.
pub fn html<T: Template>(status: u16, frame: &Frame, page: &T) -> Answer {
    let Ok(text) = page.render() else { return answer(500, "text/html; charset=utf-8", String::new()) };
    let mut answer = answer(status, "text/html; charset=utf-8", text);
    let elsewhere = frame.leads_to.as_deref().unwrap_or_default();
    let policy = format!(
        "default-src 'none'; style-src 'sha256-{}'; img-src data:; form-action 'self' {elsewhere}; base-uri 'none'; frame-ancestors 'none'",
        *STYLE_HASH
    );
    let headers = answer.headers_mut();
    if let Ok(policy) = HeaderValue::from_str(&policy) {
        headers.insert(header::CONTENT_SECURITY_POLICY, policy);
    }
    headers.insert(header::CONTENT_LANGUAGE, HeaderValue::from_static(frame.lang()));
    headers.insert(header::VARY, HeaderValue::from_static("accept, accept-language"));
    headers.insert(header::STRICT_TRANSPORT_SECURITY, HeaderValue::from_static("max-age=63072000"));
    answer
}

/// A page that says one thing and asks for nothing, with the office's number.
pub fn notice(status: u16, frame: &Frame, title: &str, text: &str) -> Answer {
    let page = DeadEnd {
        errors: Vec::new(),
        title: title.to_owned(),
        explanation: text.to_owned(),
        next_heading: frame.text.dead_link.next_heading,
        next: Vec::new(),
        again: None,
        renew: None,
        frame: frame.clone(),
    };
    html(status, frame, &page)
}

/// `303` to another page of ours, or to the portal: the address is the configured one and a path of our making.
pub fn see_other(location: &str) -> Answer {
    let mut answer = answer(303, "text/html; charset=utf-8", String::new());
    match HeaderValue::from_str(location) {
        Ok(location) => drop(answer.headers_mut().insert(header::LOCATION, location)),
        Err(_) => *answer.status_mut() = StatusCode::INTERNAL_SERVER_ERROR,
    }
    answer
}

/// The answer to a request that ended without what it asked for: a problem, or its page with the way out. `frame` is
/// the practice's where the practice may be named.
pub fn dead_end(inbound: &Inbound, frame: Option<Frame>, reject: &Reject) -> Answer {
    if !inbound.wants_page() {
        return problem(inbound, reject);
    }
    let (status, code) = reject.status();
    let frame = frame.filter(|_| status != 410).unwrap_or_else(|| Frame::nameless(inbound));
    let (words, dead) = (&frame.text.dead_end, &frame.text.dead_link);
    // A practice's page ends with its phone.
    let office = if frame.practice.is_some() { Vec::new() } else { vec![frame.text.shared.call_office] };
    let (title, explanation, next) = match reject {
        Reject::Refused(Refusal::LinkUnavailable) => {
            let first = if inbound.route.contains(" /r/{token}") { dead.reset } else { dead.ask_office };
            (dead.title, dead.explanation.to_owned(), vec![first, dead.registered_already])
        }
        Reject::Refused(Refusal::TooManyRequests(seconds)) => {
            let wait = frame.language.wait(u64::try_from(*seconds).unwrap_or_default());
            (words.too_many_title, words.too_many(&wait), office)
        }
        Reject::Refused(Refusal::RepresentativeRequired) => {
            (words.representative_title, words.representative_required.to_owned(), office)
        }
        Reject::Refused(Refusal::NotFound) => (words.not_found_title, words.not_found.to_owned(), office),
        Reject::ForeignForm => (words.foreign_form_title, words.foreign_form.to_owned(), office),
        Reject::TooLarge => (words.too_large_title, words.too_large.to_owned(), office),
        Reject::UnsupportedType | Reject::Refused(Refusal::BadRequest(_)) => {
            (words.wrong_format_title, words.wrong_format.to_owned(), office)
        }
        Reject::Refused(_) | Reject::Unavailable => {
            (words.wrong_title, words.wrong(&inbound.request_id), office)
        }
    };
    let title = title.to_owned();
    let page = DeadEnd {
        errors: Vec::new(),
        title,
        explanation,
        again: again(inbound, &frame).filter(|_| status != 410),
        next_heading: dead.next_heading,
        next,
        // Whatever was wrong with it: a new one can only ever go to the contact on file.
        renew: inbound.invitation().filter(|_| status == 410),
        frame: frame.clone(),
    };
    let mut answer = html(status, &frame, &page);
    if let Reject::Refused(Refusal::TooManyRequests(seconds)) = reject {
        answer.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(*seconds));
    }
    answer.extensions_mut().insert(Code(code));
    answer
}
