//! Previews: every mail, text and call, and the pages that every patient meets, as a sample patient would get them with
//! the practice's settings.

use askama::Template;
use portico_domain::context::Context;
use portico_domain::model::chart::Channel;
use portico_domain::model::code_way::CodeWay;
use portico_domain::model::link::{CODE_TRIES, Kind, Role};
use portico_domain::model::practice::{Practice, Settings};
use portico_domain::operations::visitor::verify::ChecksPassed;
use portico_messages::{Message, SEGMENT, TWO_SEGMENTS, email, samples, septets, text, voice_code};
use portico_web::desk::Desk;
use portico_web::{
    AskPage, Asking, CodeStep, Form, Frame, Inbound, Language, Registration, code_page, page_text,
};
use serde::Serialize;

/// A token that no link has: it is shorter than any.
const TOKEN: &str = "example";

/// A message or page as a sample patient gets it.
#[derive(Serialize)]
pub(crate) struct Preview {
    pub(crate) kind: String,
    language: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) subject: Option<String>,
    /// The words without layout; a call's are SSML.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) text: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) html: Option<String>,
    /// The length of a text message, and the most that one part or two parts hold.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) size: Option<Size>,
}

/// The length of a text message in GSM-7 characters.
#[derive(Clone, Copy, Serialize)]
pub(crate) struct Size {
    pub(crate) septets: usize,
    pub(crate) parts: usize,
    pub(crate) most: usize,
}

/// The pages that have a preview.
const PAGES: [&str; 6] =
    ["sign-up", "forgot-password", "forgot-username", "ask-for-access", "code", "registration"];

/// The names of all previews: `email-…`, `sms-…`, `voice-code`, `page-…`.
pub(crate) fn kinds() -> Vec<String> {
    let messages = || samples("", "", None, 0, "").into_iter();
    messages()
        .map(|(name, _)| format!("email-{name}"))
        .chain(messages().map(|(name, _)| format!("sms-{name}")))
        .chain(["voice-code".to_owned()])
        .chain(PAGES.map(|page| format!("page-{page}")))
        .collect()
}

/// One preview; `None` if there is none of this name.
pub(crate) fn preview(
    inbound: &Inbound,
    context: &Context,
    practice: &Practice,
    kind: &str,
    language: Language,
) -> Option<Preview> {
    let settings = &practice.settings;
    let blank = Preview {
        kind: kind.to_owned(),
        language: language.tag(),
        subject: None,
        text: None,
        html: None,
        size: None,
    };
    let (channel, name) = kind.split_once('-')?;
    let portal = format!("{}/{}", context.base_url, practice.id);
    let sender = settings.as_sender(&portal);
    Some(match channel {
        "email" => {
            let mail = email(&message(context, practice, name, language)?, &sender, language);
            Preview { subject: Some(mail.subject), text: Some(mail.text), html: Some(mail.html), ..blank }
        }
        "sms" => {
            let text = text(&message(context, practice, name, language)?, &sender, language);
            let septets = septets(&text).unwrap_or_default();
            let (parts, most) = if septets <= SEGMENT { (1, SEGMENT) } else { (2, TWO_SEGMENTS) };
            Preview { size: Some(Size { septets, parts, most }), text: Some(text), ..blank }
        }
        "voice" if name == "code" => {
            Preview { text: Some(voice_code("042917", &settings.name, language)), ..blank }
        }
        "page" => Preview { html: Some(page(inbound, practice, name, language)?), ..blank },
        _ => return None,
    })
}

/// The message of this name to a sample patient.
fn message(context: &Context, practice: &Practice, name: &str, language: Language) -> Option<Message> {
    let query = if language == Language::Spanish { "?lang=es" } else { "" };
    let (base, token) = (&context.base_url, "AbcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQR");
    let (link, sign_in) = (format!("{base}/i/{token}{query}"), format!("{base}/{}", practice.id));
    let Settings { link_hours, postal_address, .. } = &practice.settings;
    let expires_at = context.now().plus_seconds(i64::from(*link_hours) * 3600).millis();
    let all =
        samples(&link, &sign_in, Some("Ana"), expires_at, postal_address.as_deref().unwrap_or_default());
    all.into_iter().find(|(known, _)| *known == name).map(|(_, message)| message)
}

/// The page of this name.
fn page(inbound: &Inbound, practice: &Practice, name: &str, language: Language) -> Option<String> {
    let settings = &practice.settings;
    let frame = Frame::preview(inbound, settings, language);
    let ask =
        |asking| AskPage::new(frame.clone(), practice.id.as_str(), asking, &Form::default()).render().ok();
    match name {
        "sign-up" => ask(Asking::SignUp),
        "forgot-password" => ask(Asking::ForgotPassword),
        "forgot-username" => ask(Asking::ForgotUsername),
        "ask-for-access" => ask(Asking::Access),
        "code" => {
            let phone = |channel| CodeWay { channel, hint: "43".to_owned() };
            let step = CodeStep {
                path: format!("/i/{TOKEN}"),
                codes_used_up: false,
                ways: vec![
                    phone(Channel::Sms),
                    phone(Channel::Voice),
                    CodeWay::to(Channel::Email, "ana.lopez@example.com"),
                ],
                sent: None,
                form: Form::default(),
                digits: settings.code_digits,
                tries_left: CODE_TRIES,
            };
            page_text(code_page(&frame, step))
        }
        "registration" => {
            let passed = ChecksPassed {
                ticket: TOKEN.to_owned(),
                suggested_username: "ana.lopez@example.com".to_owned(),
                role: Role::Patient,
                kind: Kind::Registration,
                invitee: None,
                practice: practice.clone(),
            };
            Registration::new(frame, TOKEN, &passed, Form::default(), &Form::default()).render().ok()
        }
        _ => None,
    }
}

/// The page of the Onboarding Tool that shows one preview.
#[derive(Template)]
#[template(path = "preview.html")]
pub(crate) struct PreviewPage {
    pub(crate) desk: Desk,
    pub(crate) kinds: Vec<(String, String)>,
    pub(crate) shown: Preview,
}

/// Each preview with its words: `email-invitation` is "Email: invitation".
pub(crate) fn named() -> Vec<(String, String)> {
    let words = |kind: String| {
        let (channel, name) = kind.split_once('-').unwrap_or_default();
        let channel = match channel {
            "email" => "Email",
            "sms" => "Text",
            "voice" => "Call",
            _ => "Page",
        };
        let words = format!("{channel}: {}", name.replace(['_', '-'], " "));
        (kind, words)
    };
    kinds().into_iter().map(words).collect()
}
