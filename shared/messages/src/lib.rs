//! What patients read: e-mails, texts and the words of the hosted pages, in English and Spanish.
//!
//! Pure functions: no clock, no network, no storage. The only thing that a message says about a
//! person is the given name in its greeting and, once, the user name that they chose.

#![deny(missing_docs, clippy::indexing_slicing)]
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing))]

mod email;
mod language;
mod names;
pub mod page;
mod problem;
mod text;
mod time;

#[cfg(test)]
mod tests;

pub use email::{Email, email};
pub use language::Language;
pub use names::phone;
pub use page::PageText;
pub use problem::{PROBLEM_CODES, REASON_CODES, problem_detail, reason_detail};
pub use text::{SEGMENT, septets, text};
pub use time::local_time;

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
#[derive(Clone, Copy)]
pub enum Message<'a> {
    /// The offer to register.
    Invitation {
        /// Whom the greeting names: the recipient, who for a representative is not the patient.
        given_name: Option<&'a str>,
        /// The complete link, its language included.
        link: &'a str,
        /// When the link stops working, in milliseconds since 1970.
        expires_at_millis: i64,
        /// The recipient is asked to register for somebody they care for.
        representative: bool,
    },
    /// Access is back, with the credentials that worked before.
    Restored {
        /// Whom the greeting names.
        given_name: Option<&'a str>,
        /// The address of the sign-in page.
        sign_in: &'a str,
    },
    /// Access can come back once its owner has passed the checks again and chosen a new password.
    VerifyAgain {
        /// Whom the greeting names.
        given_name: Option<&'a str>,
        /// The complete link, its language included.
        link: &'a str,
        /// When the link stops working, in milliseconds since 1970.
        expires_at_millis: i64,
    },
    /// A short-lived code for the page that the recipient has open.
    Code {
        /// The digits.
        code: &'a str,
        /// How long they work.
        minutes: u32,
    },
    /// Somebody has registered: the confirmation that would alarm its owner if it was not them.
    Registered {
        /// Whom the greeting names.
        given_name: Option<&'a str>,
        /// The user name that they chose; e-mails say it, texts do not.
        username: &'a str,
        /// The address of the sign-in page.
        sign_in: &'a str,
    },
    /// Somebody has registered to look after the recipient; what they chose is theirs.
    RepresentativeRegistered {
        /// Whom the greeting names.
        given_name: Option<&'a str>,
    },
    /// The practice has deactivated the access.
    Revoked {
        /// Whom the greeting names.
        given_name: Option<&'a str>,
    },
}
