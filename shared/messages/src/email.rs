//! E-mails. All have one layout; the words of each language are in a file of their own.
//!
//! A subject says what the mail is, and nothing about the recipient: subjects show on lock screens and in logs of mail
//! servers. Which practice sends it, the sender's name says.

mod english;
mod spanish;
mod words;

use askama::Template;

use crate::email::english::{LAYOUT_EN, english, foot_en};
use crate::email::spanish::{LAYOUT_ES, foot_es, spanish};
use crate::email::words::{Foot, Layout, Words};
use crate::language::Language;
use crate::names::{one_line, phone};
use crate::time::local_time;
use crate::{Logo, Message, Practice};

/// The colour of buttons and links, if the practice has none of its own.
const ACCENT: &str = "#0b5394";

/// An e-mail, ready to be sent. It has no `Debug`: it holds links and names.
#[derive(Clone, PartialEq, Eq)]
pub struct Email {
    /// The subject, one line, without a word about the recipient.
    pub subject: String,
    /// The HTML part.
    pub html: String,
    /// The plain text part, with the same content.
    pub text: String,
}

/// The e-mail that says `message` in `language`.
pub fn email(message: &Message, practice: &Practice<'_>, language: Language) -> Email {
    let name = one_line(practice.name);
    let mut words = words(message, practice, &name, language);
    if let (Message::Invitation { .. } | Message::AutomaticInvitation { .. }, Some(note)) =
        (message, practice.invitation_note)
    {
        words.lead.push(one_line(note));
    }
    let layout = match language {
        Language::English => &LAYOUT_EN,
        Language::Spanish => &LAYOUT_ES,
    };
    let phone = phone(practice.phone);
    let foot = match language {
        Language::English => foot_en(message, &name),
        Language::Spanish => foot_es(message, &name),
    };
    let html = HtmlPart {
        lang: language.tag(),
        practice: &name,
        phone: &phone,
        dial: practice.phone,
        accent: practice.accent_color.unwrap_or(ACCENT),
        layout,
        words: &words,
        foot: foot.as_ref(),
        logo: practice.logo,
        portal: practice.portal,
        takes_replies: practice.takes_replies,
    };
    let text = TextPart {
        practice: &name,
        phone: &phone,
        layout,
        words: &words,
        foot: foot.as_ref(),
        portal: practice.portal,
        takes_replies: practice.takes_replies,
    };
    Email {
        // Writing into a string fails only if a value's own `Display` fails, and these never do.
        html: html.render().unwrap_or_default(),
        text: text.render().unwrap_or_default(),
        subject: words.subject,
    }
}

#[derive(Template)]
#[template(path = "email.html")]
struct HtmlPart<'a> {
    lang: &'static str,
    practice: &'a str,
    phone: &'a str,
    dial: &'a str,
    accent: &'a str,
    layout: &'static Layout,
    words: &'a Words<'a>,
    foot: Option<&'a Foot<'a>>,
    logo: Option<Logo<'a>>,
    portal: &'a str,
    takes_replies: bool,
}

#[derive(Template)]
#[template(path = "email.txt", escape = "none")]
struct TextPart<'a> {
    practice: &'a str,
    phone: &'a str,
    layout: &'static Layout,
    words: &'a Words<'a>,
    foot: Option<&'a Foot<'a>>,
    portal: &'a str,
    takes_replies: bool,
}

fn words<'a>(message: &'a Message, practice: &Practice<'_>, name: &str, language: Language) -> Words<'a> {
    let until = |millis| local_time(millis, practice.time_zone, language);
    match language {
        Language::English => english(message, name, until),
        Language::Spanish => spanish(message, name, until),
    }
}
