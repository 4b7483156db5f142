//! The words of the pages on which a person who is signed in changes what is theirs.

#![expect(missing_docs, reason = "a field is named for its place on the page and holds its own sentence")]

use crate::page::fill;

/// A new password for somebody who is signed in, by their own wish or instead of a temporary one.
#[derive(Debug)]
pub struct ChangePasswordPage {
    pub title: &'static str,
    pub intro: &'static str,
    pub temporary_title: &'static str,
    pub temporary_intro: &'static str,
    pub unchanged: &'static str,
    pub done: &'static str,
}

/// A new user name.
#[derive(Debug)]
pub struct ChangeUsernamePage {
    pub title: &'static str,
    pub intro: &'static str,
    pub username: &'static str,
    pub unchanged: &'static str,
    pub submit: &'static str,
    pub(crate) done: &'static str,
}

impl ChangeUsernamePage {
    /// What to sign in with from now on.
    pub fn done(&self, username: &str) -> String {
        fill(self.done, "username", username)
    }
}

/// A new e-mail address for an account whose address the office does not keep.
#[derive(Debug)]
pub struct ChangeEmailPage {
    pub title: &'static str,
    pub(crate) now: &'static str,
    pub intro: &'static str,
    pub office_keeps: &'static str,
    pub email: &'static str,
    pub email_missing: &'static str,
    pub unchanged: &'static str,
    pub submit: &'static str,
    pub(crate) code_sent: &'static str,
    pub code_submit: &'static str,
    pub done: &'static str,
}

impl ChangeEmailPage {
    /// The address that the account has.
    pub fn now(&self, email: &str) -> String {
        fill(self.now, "email", email)
    }

    /// Where to look for the code.
    pub fn code_sent(&self, email: &str) -> String {
        fill(self.code_sent, "email", email)
    }
}

/// Where the account is signed in.
#[derive(Debug)]
pub struct SessionsPage {
    pub title: &'static str,
    pub intro: &'static str,
    pub(crate) began: &'static str,
    pub(crate) last_used: &'static str,
    pub this_one: &'static str,
    pub end: &'static str,
    pub(crate) end_named: &'static str,
    pub ended: &'static str,
    pub end_others: &'static str,
    pub others_ended: &'static str,
    pub only_this: &'static str,
}

impl SessionsPage {
    /// When the session began, as `local_time` tells it.
    pub fn began(&self, time: &str) -> String {
        fill(self.began, "time", time)
    }

    /// When the session was last used, as `local_time` tells it.
    pub fn last_used(&self, time: &str) -> String {
        fill(self.last_used, "time", time)
    }

    /// The button's whole name for those who can't see its place; `time` is when the session began.
    pub fn end_named(&self, time: &str) -> String {
        fill(self.end_named, "time", time)
    }
}

/// Those who may use the portal for the patient: a list, one more, and the end of an access.
#[derive(Debug)]
pub struct RepresentativesPage {
    pub title: &'static str,
    pub intro: &'static str,
    pub nobody: &'static str,
    pub invited: &'static str,
    pub sees_everything: &'static str,
    pub sees_part: &'static str,
    pub show_everything: &'static str,
    pub(crate) show_everything_named: &'static str,
    pub show_part: &'static str,
    pub(crate) show_part_named: &'static str,
    pub shown: &'static str,
    pub add_heading: &'static str,
    pub add_intro: &'static str,
    pub given_name: &'static str,
    pub given_name_missing: &'static str,
    pub family_name: &'static str,
    pub family_name_missing: &'static str,
    pub relationship: &'static str,
    pub relationship_missing: &'static str,
    pub email: &'static str,
    pub email_missing: &'static str,
    pub mobile_phone: &'static str,
    pub level_legend: &'static str,
    pub level_everything: &'static str,
    pub level_part: &'static str,
    pub level_missing: &'static str,
    pub submit: &'static str,
    pub added: &'static str,
    pub end: &'static str,
    pub(crate) end_named: &'static str,
    pub end_title: &'static str,
    pub(crate) end_intro: &'static str,
    pub end_submit: &'static str,
    pub end_back: &'static str,
    pub ended: &'static str,
}

impl RepresentativesPage {
    /// The button's whole name for those who can't see its place.
    pub fn show_everything_named(&self, name: &str) -> String {
        fill(self.show_everything_named, "name", name)
    }

    /// The button's whole name for those who can't see its place.
    pub fn show_part_named(&self, name: &str) -> String {
        fill(self.show_part_named, "name", name)
    }

    /// The button's whole name for those who can't see its place.
    pub fn end_named(&self, name: &str) -> String {
        fill(self.end_named, "name", name)
    }

    /// Whose access ends, and what that means.
    pub fn end_intro(&self, name: &str) -> String {
        fill(self.end_intro, "name", name)
    }
}

/// The contact details that the office has, and changes that are proposed to it.
#[derive(Debug)]
pub struct DetailsPage {
    pub title: &'static str,
    pub intro: &'static str,
    pub address_line: &'static str,
    pub address_line_hint: &'static str,
    pub address_line_missing: &'static str,
    pub city: &'static str,
    pub city_missing: &'static str,
    pub state: &'static str,
    pub state_hint: &'static str,
    pub state_missing: &'static str,
    pub state_invalid: &'static str,
    pub postal_code: &'static str,
    pub postal_code_missing: &'static str,
    pub postal_code_invalid: &'static str,
    pub home_phone: &'static str,
    pub home_phone_missing: &'static str,
    pub mobile_phone: &'static str,
    pub mobile_phone_missing: &'static str,
    pub phone_hint: &'static str,
    pub phone_invalid: &'static str,
    pub email: &'static str,
    pub email_missing: &'static str,
    pub unchanged: &'static str,
    pub submit: &'static str,
    pub done: &'static str,
    pub(crate) pending: &'static str,
}

impl DetailsPage {
    /// When changes were sent, as `local_time` tells it, that nobody has looked at.
    pub fn pending(&self, time: &str) -> String {
        fill(self.pending, "time", time)
    }
}
