//! What the sheets say, piece by piece.

use portico_domain::context::Context;
use portico_domain::model::person::{Line, Name, PostalCode};
use portico_domain::model::practice::{Practice, Settings};
use portico_domain::operations::staff::letters::Letter;
use portico_messages::{Language, letter, phone, poster};

use crate::languages;
use crate::paper::{Block, Sheet};

/// The sheets of one letter: one in the patient's language, or one in each if it is not known. `None` if the
/// keyring no longer has the key of the link.
pub fn letters(
    printed: &Letter,
    settings: &Settings,
    logo: Option<&[u8]>,
    context: &Context,
) -> Option<Vec<Sheet>> {
    let Letter { patient, link } = printed;
    let (token, code) = (link.token(&context.keyring)?, link.access_code(&context.keyring)?);
    let portal = format!("{}/{}", context.base_url, link.practice);
    let practice = settings.as_sender(&portal);
    let chart = &patient.chart;
    let sheets = languages(chart.language.as_deref()).into_iter().map(|language| {
        let words = letter(&practice, chart.given_name.reveal(), link.expires_at.millis(), language);
        let address = format!("{}/i/{token}", context.base_url);
        let scanned = match language {
            Language::English => address.clone(),
            Language::Spanish => format!("{address}?lang={}", language.tag()),
        };
        // The window of an envelope leaves no room above the sender but the margin.
        let logo = logo.map(|png| mark(settings, png, 30.0, true));
        let blocks = logo.into_iter().chain([
            Block::Sender(sender(settings)),
            Block::Address(envelope(printed)),
            Block::Heading(words.title.clone()),
            Block::Paragraph(words.greeting),
            Block::Paragraph(words.lead),
            Block::Code { link: scanned, alt: words.alt, beside: [words.open.to_owned(), address] },
            Block::Digits(words.code.to_owned(), grouped(&code)),
            Block::Paragraph(words.until),
            Block::Paragraph(words.help),
        ]);
        Sheet { title: words.title, language: language.tag(), blocks: blocks.collect() }
    });
    Some(sheets.collect())
}

/// The posters of a practice, one in each language.
pub fn posters(practice: &Practice, logo: Option<&[u8]>, base_url: &str) -> Vec<Sheet> {
    let settings = &practice.settings;
    let portal = format!("{base_url}/{}", practice.id);
    let named = settings.as_sender(&portal);
    let sheet = |language: Language| {
        let words = poster(&named, language);
        let address = format!("{base_url}/{}/sign-up", practice.id);
        let scanned = format!("{address}?lang={}", language.tag());
        let logo = logo.map(|png| mark(settings, png, 60.0, false));
        let blocks = logo.into_iter().chain([
            Block::Sender(sender(settings)),
            Block::Space(60.0),
            Block::Heading(words.title.to_owned()),
            Block::Paragraph(words.lead),
            Block::Code { link: scanned, alt: words.alt, beside: [words.open.to_owned(), address] },
            Block::Paragraph(words.help.to_owned()),
        ]);
        Sheet { title: words.title.to_owned(), language: language.tag(), blocks: blocks.collect() }
    };
    Language::ALL.into_iter().map(sheet).collect()
}

/// The practice's logo.
fn mark(settings: &Settings, png: &[u8], tall: f32, in_margin: bool) -> Block {
    Block::Logo { png: png.to_vec(), alt: settings.name.clone(), tall, in_margin }
}

fn sender(settings: &Settings) -> Vec<String> {
    [settings.name.clone()]
        .into_iter()
        .chain(settings.postal_address.clone())
        .chain([phone(&settings.phone)])
        .collect()
}

/// The recipient's name and address, as far as the chart has them.
fn envelope(printed: &Letter) -> Vec<String> {
    let chart = &printed.patient.chart;
    let text = |line: &Option<Line>| line.as_ref().map(|line| line.reveal().to_owned());
    let name = [Some(&chart.given_name), chart.middle_name.as_ref(), Some(&chart.family_name)];
    let name: Vec<&str> = name.into_iter().flatten().map(Name::reveal).collect();
    let place: Vec<String> = [text(&chart.city), text(&chart.state)].into_iter().flatten().collect();
    let postal_code = chart.postal_code.as_ref().map(PostalCode::reveal).unwrap_or_default();
    let place = format!("{} {postal_code}", place.join(", ")).trim().to_owned();
    [Some(name.join(" ")), text(&chart.address_line), Some(place)]
        .into_iter()
        .flatten()
        .filter(|line| !line.is_empty())
        .collect()
}

/// The digits in groups of four, so that they can be copied without losing the place.
fn grouped(code: &str) -> String {
    let digits: Vec<char> = code.chars().collect();
    digits.chunks(4).map(|group| group.iter().collect::<String>()).collect::<Vec<_>>().join(" ")
}
