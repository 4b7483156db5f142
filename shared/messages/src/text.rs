//! Text messages: one segment of at most 160 septets, in the GSM 03.38 basic alphabet.
//!
//! A single letter outside that alphabet would turn the message into UCS-2 and shorten a segment to 70
//! characters, so missing characters (`á í ó ú`, curly quotes, dashes) are written without their accent or as
//! plain ones; our own Spanish words need none of these letters. An invitation may be the first text to a number, so it
//! always says how to stop texts, and may take two segments for it. If a long link leaves another message too little room,
//! it drops words first, then the end of the practice's name (at a word boundary), then the name. The link is never cut.

mod english;
pub(crate) mod gsm;
mod spanish;
mod wordings;

use crate::language::Language;
use crate::names::one_line;
use crate::text::english::english;
use crate::text::gsm::{gsm, septets, shortened};
use crate::text::spanish::spanish;
use crate::text::wordings::{NAME, Wordings, named};
use crate::{Message, Practice};

/// The septets of one segment (3GPP TS 23.038, 23.040: 140 octets).
pub const SEGMENT: usize = 160;

/// The septets of two segments: a header of six octets in each tells that they belong together.
pub const TWO_SEGMENTS: usize = 306;

/// Fewest septets for the practice's name. If there is less room, the message drops its greeting instead.
const TELLING_NAME: usize = 12;

/// A name shorter than this, in septets, is no longer recognisable and is left out.
const SHORTEST_NAME: usize = 4;

/// The text message for `message` in `language`, in one segment if its link leaves room for one: with a link
/// of 97 characters, 8 or more remain for the practice's name in the time zones of the United States. If a
/// link leaves room for nothing else, it is sent alone.
pub fn text(message: &Message, practice: &Practice<'_>, language: Language) -> String {
    let name = match gsm(&one_line(practice.name)) {
        name if name.chars().any(char::is_alphanumeric) => name,
        _ => match language {
            Language::English => "Your doctor's office".to_owned(),
            Language::Spanish => "Su consultorio".to_owned(),
        },
    };
    let fitting = |text: &String| septets(text).is_some_and(|length| length <= SEGMENT);

    let Wordings { rich, bare } = match language {
        Language::English => english(message, practice),
        Language::Spanish => spanish(message, practice),
    };
    let rich: Vec<String> = rich.iter().map(|words| gsm(words)).collect();
    let bare = gsm(&bare);
    if let Some(whole) = rich.iter().map(|words| named(words, &name)).find(fitting) {
        return whole;
    }
    let is_invitation = matches!(message, Message::Invitation { .. } | Message::AutomaticInvitation { .. });
    let most = if is_invitation { TWO_SEGMENTS } else { SEGMENT };
    let room = |words: &str| {
        let without = if words.contains(NAME) { words.replace(NAME, "") } else { format!(": {words}") };
        most.saturating_sub(septets(&without).unwrap_or(most))
    };
    if is_invitation && room(&bare) >= SHORTEST_NAME {
        return named(&bare, &shortened(&name, room(&bare)));
    }
    if let Some(words) = rich.last().filter(|words| room(words) >= TELLING_NAME) {
        return named(words, &shortened(&name, room(words)));
    }
    if room(&bare) >= SHORTEST_NAME {
        return named(&bare, &shortened(&name, room(&bare)));
    }
    let bare = bare.replace(NAME, "");
    if fitting(&bare) {
        return bare;
    }
    match message {
        Message::Invitation { link, .. }
        | Message::AutomaticInvitation { link, .. }
        | Message::VerifyAgain { link, .. }
        | Message::Reset { link, .. } => link.clone(),
        Message::Restored { .. }
        | Message::Code { .. }
        | Message::Registered { .. }
        | Message::RepresentativeRegistered { .. }
        | Message::Revoked { .. }
        | Message::NotVerified
        | Message::Usernames { .. }
        | Message::PasswordChanged { .. }
        | Message::NewBrowser { .. }
        | Message::UsernameChanged { .. }
        | Message::EmailChanged { .. }
        | Message::ConfirmEmail { .. }
        | Message::DetailsProposed { .. }
        | Message::DetailsDecided { .. }
        | Message::ContactChanged
        | Message::CredentialsSet { .. }
        | Message::AccountAdded { .. }
        | Message::AccessWidened { .. }
        | Message::RepresentativeEnded { .. }
        | Message::AccessWillChange { .. }
        | Message::AccessNarrowed { .. } => bare,
    }
}
