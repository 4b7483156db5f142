//! What patients read: e-mails, texts and the words of the hosted pages, in English and Spanish.
//!
//! Pure functions: no clock, no network, no storage. The only thing that a message says about a
//! person is the given name in its greeting and, in mails that are about nothing else, user names.

#![deny(missing_docs, clippy::indexing_slicing)]
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing))]

mod delivery;
mod email;
mod language;
mod names;
pub mod page;
mod problem;
mod text;
mod time;
mod voice;

#[cfg(test)]
mod tests;

pub use delivery::{DELIVERIES, delivery_detail};
pub use email::{Email, email};
pub use language::Language;
pub use names::phone;
pub use page::PageText;
pub use problem::{PROBLEM_CODES, REASON_CODES, field_detail, problem_detail, reason_detail};
pub use text::gsm::septets;
pub use text::{SEGMENT, text};
pub use time::local_time;
pub use voice::voice_code;

/// What every message says of the practice that sends it.
#[derive(Clone, Copy)]
pub struct Practice<'a> {
    /// The name that patients know, at most 60 characters.
    pub name: &'a str,
    /// The office's phone, E.164.
    pub phone: &'a str,
    /// The zone in which the message tells times, by its IANA name; an unknown one counts as UTC.
    pub time_zone: &'a str,
}

/// What there is to say. It has no `Debug`: links, codes and names are not for logs.
#[derive(Clone, PartialEq, Eq)]
pub enum Message {
    /// The offer to register.
    Invitation {
        /// Whom the greeting names: the recipient, who for a representative is not the patient.
        given_name: Option<String>,
        /// The complete link, its language included.
        link: String,
        /// When the link stops working, in milliseconds since 1970.
        expires_at_millis: i64,
        /// The recipient is asked to register for somebody they care for.
        representative: bool,
    },
    /// Access is back, with the credentials that worked before.
    Restored {
        /// Whom the greeting names.
        given_name: Option<String>,
        /// The address of the sign-in page.
        sign_in: String,
    },
    /// Access can come back once its owner has passed the checks again and chosen a new password.
    VerifyAgain {
        /// Whom the greeting names.
        given_name: Option<String>,
        /// The complete link, its language included.
        link: String,
        /// When the link stops working, in milliseconds since 1970.
        expires_at_millis: i64,
    },
    /// A short-lived code for the page that the recipient has open.
    Code {
        /// The digits.
        code: String,
        /// How long they work.
        minutes: u32,
    },
    /// Somebody has registered: the confirmation that would alarm its owner if it was not them.
    Registered {
        /// Whom the greeting names.
        given_name: Option<String>,
        /// The user name that they chose; e-mails say it, texts do not.
        username: String,
        /// The address of the sign-in page.
        sign_in: String,
    },
    /// Somebody has registered to look after the recipient; what they chose is theirs.
    RepresentativeRegistered {
        /// Whom the greeting names.
        given_name: Option<String>,
    },
    /// The practice has deactivated the access.
    Revoked {
        /// Whom the greeting names.
        given_name: Option<String>,
    },
    /// Somebody asked for a new password, or the office did for them.
    Reset {
        /// Whom the greeting names.
        given_name: Option<String>,
        /// The complete link, its language included.
        link: String,
        /// When the link stops working, in milliseconds since 1970.
        expires_at_millis: i64,
    },
    /// Somebody asked for access with the recipient's address and facts that do not match it. It
    /// greets nobody: who asked is not known.
    NotVerified,
    /// The user names that belong to the recipient's address; mails say them, texts do not. It
    /// greets nobody: several people may share the address.
    Usernames {
        /// One or several.
        usernames: Vec<String>,
        /// The address of the sign-in page.
        sign_in: String,
    },
    /// The password was changed, and every session has ended.
    PasswordChanged {
        /// Whom the greeting names.
        given_name: Option<String>,
    },
    /// The user name was changed.
    UsernameChanged {
        /// Whom the greeting names.
        given_name: Option<String>,
        /// The new one; e-mails say it, texts do not.
        username: String,
    },
    /// The e-mail address of the account was changed: told at the old one.
    EmailChanged {
        /// Whom the greeting names.
        given_name: Option<String>,
    },
    /// A short-lived code that shows that a new address is the recipient's. It greets nobody:
    /// until then the address may be anybody's.
    ConfirmEmail {
        /// The digits.
        code: String,
        /// How long they work.
        minutes: u32,
    },
    /// Somebody who is signed in asked the office to change the contact details.
    DetailsProposed {
        /// Whom the greeting names.
        given_name: Option<String>,
    },
    /// The office has decided on the changes to the contact details.
    DetailsDecided {
        /// Whom the greeting names.
        given_name: Option<String>,
        /// They were made; otherwise nothing has changed.
        accepted: bool,
    },
    /// The office has made a user name and a temporary password, and tells them itself.
    CredentialsSet {
        /// Whom the greeting names.
        given_name: Option<String>,
        /// The address of the sign-in page.
        sign_in: String,
    },
    /// An account that exists can now be used for one more patient.
    AccountAdded {
        /// Whom the greeting names: who cares for the patient.
        given_name: Option<String>,
        /// The address of the sign-in page.
        sign_in: String,
    },
    /// An account can no longer be used for a patient.
    RepresentativeEnded {
        /// Whom the greeting names: who cared for the patient.
        given_name: Option<String>,
    },
}
