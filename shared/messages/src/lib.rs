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
    /// A line of the practice's own in invitations.
    pub invitation_note: Option<&'a str>,
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
/// Many messages have the same fields: `given_name` is the recipient's, for the greeting, and without it the
/// greeting has no name; `link` is a complete URL that also sets the language; `expires_at_millis` is when
/// the link stops working, in milliseconds since 1970; `sign_in` is the URL of the sign-in page; `username`
/// appears in e-mails, but not in texts; `code` works for `minutes`.
#[expect(missing_docs, reason = "the enum's doc explains fields that many messages have")]
#[derive(Clone, PartialEq, Eq)]
pub enum Message {
    /// An invitation to register.
    Invitation {
        given_name: Option<String>,
        link: String,
        expires_at_millis: i64,
        /// Whether the recipient is invited to register for somebody they care for.
        representative: bool,
    },
    /// An invitation that nobody asked for: the recipient was at the practice. It says who sends it and why,
    /// and how to stop such messages.
    AutomaticInvitation {
        given_name: Option<String>,
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
    Restored { given_name: Option<String>, sign_in: String },
    /// Access can be restored: the recipient must pass the identity checks again and choose a new password.
    VerifyAgain { given_name: Option<String>, link: String, expires_at_millis: i64 },
    /// A short-lived code for the page that the recipient has open.
    Code { code: String, minutes: u32 },
    /// Somebody has registered. The message also warns the owner of the address if it was not them.
    Registered { given_name: Option<String>, username: String, sign_in: String },
    /// Somebody has registered as the recipient's representative. Their user name is theirs, so the message
    /// doesn't say it.
    RepresentativeRegistered { given_name: Option<String> },
    /// The practice has deactivated the access.
    Revoked { given_name: Option<String> },
    /// A link for a new password. The recipient asked for it, or the office did for them.
    Reset { given_name: Option<String>, link: String, expires_at_millis: i64 },
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
        given_name: Option<String>,
        /// Whether others may see the recipient's records too.
        has_representatives: bool,
        sign_in: String,
    },
    /// Somebody signed in from a browser that had not signed in before.
    NewBrowser {
        given_name: Option<String>,
        /// The browser, such as "Safari on iPhone"; `None` if it is none that we know.
        browser: Option<String>,
        /// When, in milliseconds since 1970.
        at_millis: i64,
        sign_in: String,
    },
    /// The user name was changed.
    UsernameChanged { given_name: Option<String>, username: String },
    /// The account's e-mail address was changed. This message goes to the old address.
    EmailChanged { given_name: Option<String> },
    /// A short-lived code that proves that a new address is the recipient's. It has no greeting by name:
    /// until the code is entered, the address may be anybody's.
    ConfirmEmail { code: String, minutes: u32 },
    /// Somebody who is signed in has asked the office to change their contact details.
    DetailsProposed { given_name: Option<String> },
    /// The office has decided on the proposed contact details.
    DetailsDecided {
        given_name: Option<String>,
        /// Whether the details were changed; if not, they stay as they were.
        accepted: bool,
    },
    /// The office changed a contact on the chart. This message goes to the former one, and has no greeting by name: it
    /// may be somebody else's by now.
    ContactChanged,
    /// The office has set a user name and a temporary password, and tells them to the patient itself.
    CredentialsSet { given_name: Option<String>, sign_in: String },
    /// An existing account can now be used for one more patient.
    AccountAdded {
        /// The representative's.
        given_name: Option<String>,
        sign_in: String,
    },
    /// The patient's own account let somebody in to help, or let them see more.
    AccessWidened { given_name: Option<String>, sign_in: String },
    /// An account can no longer be used for a patient.
    RepresentativeEnded {
        /// The representative's.
        given_name: Option<String>,
    },
    /// A representative's access will change by itself.
    AccessWillChange {
        /// The representative's.
        given_name: Option<String>,
        coming: Coming,
        /// The day in the reader's language, as [`day_words`] gives it.
        day: String,
    },
    /// A representative's access was narrowed on a birthday.
    AccessNarrowed {
        /// The representative's.
        given_name: Option<String>,
    },
}
