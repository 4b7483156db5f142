//! All words that patients read: e-mails, texts, calls and the hosted pages, in English and Spanish.
//!
//! Pure functions: no clock, no network, no storage. About a person, a message says only the given name in
//! its greeting and, in mails whose subject they are, user names.

#![deny(missing_docs, clippy::indexing_slicing)]
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing))]

mod delivery;
mod email;
mod language;
mod letter;
mod names;
pub mod page;
mod problem;
mod sample;
mod text;
mod time;
mod voice;

#[cfg(test)]
mod tests;

pub use delivery::{DELIVERIES, delivery_detail};
pub use email::{Email, email};
pub use language::Language;
pub use letter::{Letter, Poster, letter, poster};
pub use names::{browser_words, phone};
pub use page::PageText;
pub use problem::{PROBLEM_CODES, REASON_CODES, field_detail, problem_detail, reason_detail};
pub use sample::samples;
pub use text::gsm::septets;
pub use text::{SEGMENT, TWO_SEGMENTS, text};
pub use time::{day_words, local_time};
pub use voice::voice_code;

/// The logo of a practice.
#[derive(Clone, Copy)]
pub struct Logo<'a> {
    /// The name of the file, below the practice's address.
    pub file: &'a str,
    /// The width at which it is shown, in CSS pixels.
    pub width: u32,
    /// The height at which it is shown.
    pub height: u32,
}

/// What a message says about the practice that sends it.
#[derive(Clone, Copy)]
pub struct Practice<'a> {
    /// The name that patients know, at most 60 characters.
    pub name: &'a str,
    /// The office's phone, E.164.
    pub phone: &'a str,
    /// The IANA name of the time zone in which the message gives times. An unknown name means UTC.
    pub time_zone: &'a str,
    /// The colour of buttons and links in e-mails, as `#rrggbb`; `None` for ours.
    pub accent_color: Option<&'a str>,
    /// Its logo in e-mails.
    pub logo: Option<Logo<'a>>,
    /// A line of the practice's own in invitations.
    pub invitation_note: Option<&'a str>,
    /// The address of its sign-in page, `https://portal.example.org/riverside`: how readers check that a mail is ours.
    pub portal: &'a str,
    /// Whether somebody reads the replies to its mails.
    pub takes_replies: bool,
}

impl Practice<'_> {
    /// The host of its pages.
    pub(crate) fn host(&self) -> &str {
        let rest = self.portal.split_once("://").map_or(self.portal, |(_, rest)| rest);
        rest.split(['/', ':']).next().unwrap_or_default()
    }
}

/// Who a message is written to.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Addressee {
    /// The patient's or representative's first name; without it the greeting has no name.
    pub given_name: Option<String>,
    /// Whether the name is that of a child, and the reader the child's parent or guardian.
    pub is_guardian: bool,
}

impl Addressee {
    /// The person of this first name.
    pub const fn named(given_name: Option<String>) -> Self {
        Self { given_name, is_guardian: false }
    }
}

/// What will happen to a representative's access by itself.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Coming {
    /// Only appointments and messages stay.
    Narrows,
    /// It ends.
    Ends,
    /// Everybody's access rests until the office decides.
    Rests,
    /// The document by which the representative acts is over.
    AuthorityEnds,
}

/// A message to a patient or a representative. It has no `Debug`: links, codes and names must not get
/// into logs.
///
/// Many messages have the same fields: `addressee` is who the greeting names; `link` is a complete URL that also sets the language; `expires_at_millis` is when
/// the link stops working, in milliseconds since 1970; `sign_in` is the URL of the sign-in page; `username`
/// appears in e-mails, but not in texts; `code` works for `minutes`.
#[expect(missing_docs, reason = "the enum's doc explains fields that many messages have")]
#[derive(Clone, PartialEq, Eq)]
pub enum Message {
    /// An invitation to register.
    Invitation {
        addressee: Addressee,
        link: String,
        expires_at_millis: i64,
        /// Whether the recipient is invited to register for somebody they care for.
        representative: bool,
    },
    /// An invitation that nobody asked for: the recipient was at the practice. It says who sends it and why,
    /// and how to stop such messages.
    AutomaticInvitation {
        addressee: Addressee,
        link: String,
        expires_at_millis: i64,
        /// Whether the recipient was invited before.
        reminder: bool,
        /// The URL that stops automatic mail; mails have it, texts have STOP.
        unsubscribe: String,
        /// The practice's postal address in one line, for mails.
        postal_address: String,
    },
    /// Access is restored; user name and password are the same as before.
    Restored { addressee: Addressee, sign_in: String },
    /// Access can be restored: the recipient must pass the identity checks again and choose a new password.
    VerifyAgain { addressee: Addressee, link: String, expires_at_millis: i64 },
    /// A short-lived code for the page that the recipient has open.
    Code { code: String, minutes: u32 },
    /// Somebody has registered. The message also warns the owner of the address if it was not them.
    Registered { addressee: Addressee, username: String, sign_in: String },
    /// Somebody has registered as the recipient's representative. Their user name is theirs, so the message
    /// doesn't say it.
    RepresentativeRegistered { addressee: Addressee },
    /// The practice has deactivated the access.
    Revoked { addressee: Addressee },
    /// A link for a new password. The recipient asked for it, or the office did for them.
    Reset { addressee: Addressee, link: String, expires_at_millis: i64 },
    /// Somebody asked for access with the recipient's e-mail address, but the other details did not match. It
    /// has no greeting by name, because it's unknown who asked.
    NotVerified,
    /// The user names of the accounts with the recipient's address; mails say them, texts do not. It has no
    /// greeting by name, because several people may share the address.
    Usernames {
        /// One or more.
        usernames: Vec<String>,
        sign_in: String,
    },
    /// The password was changed, and all sessions have ended.
    PasswordChanged {
        addressee: Addressee,
        /// Whether others may see the recipient's records too.
        has_representatives: bool,
        sign_in: String,
    },
    /// Somebody signed in from a browser that had not signed in before.
    NewBrowser {
        addressee: Addressee,
        /// The browser, such as "Safari on iPhone"; `None` if it is none that we know.
        browser: Option<String>,
        /// When, in milliseconds since 1970.
        at_millis: i64,
        sign_in: String,
    },
    /// The user name was changed.
    UsernameChanged { addressee: Addressee, username: String },
    /// The account's e-mail address was changed. This message goes to the old address.
    EmailChanged { addressee: Addressee },
    /// A short-lived code that proves that a new address is the recipient's. It has no greeting by name:
    /// until the code is entered, the address may be anybody's.
    ConfirmEmail { code: String, minutes: u32 },
    /// Somebody who is signed in has asked the office to change their contact details.
    DetailsProposed { addressee: Addressee },
    /// The office has decided on the proposed contact details.
    DetailsDecided {
        addressee: Addressee,
        /// Whether the details were changed; if not, they stay as they were.
        accepted: bool,
    },
    /// The office changed a contact on the chart. This message goes to the former one, and has no greeting by name: it
    /// may be somebody else's by now.
    ContactChanged,
    /// The office has set a user name and a temporary password, and tells them to the patient itself.
    CredentialsSet { addressee: Addressee, sign_in: String },
    /// An existing account can now be used for one more patient.
    AccountAdded {
        /// The representative's.
        addressee: Addressee,
        sign_in: String,
    },
    /// The patient's own account let somebody in to help, or let them see more.
    AccessWidened { addressee: Addressee, sign_in: String },
    /// An account can no longer be used for a patient.
    RepresentativeEnded {
        /// The representative's.
        addressee: Addressee,
    },
    /// A representative's access will change by itself.
    AccessWillChange {
        /// The representative's.
        addressee: Addressee,
        coming: Coming,
        /// The day in the reader's language, as [`day_words`] gives it.
        day: String,
    },
    /// A representative's access was narrowed on a birthday.
    AccessNarrowed {
        /// The representative's.
        addressee: Addressee,
    },
}
