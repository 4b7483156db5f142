//! The words of the pages on which a signed-in person changes their own account and details.

#![expect(missing_docs, reason = "a field is named for its place on the page and holds its own sentence")]

use crate::page::fill;

/// Choosing a new password while signed in, by choice or to replace a temporary one.
#[derive(Debug)]
pub struct ChangePasswordPage {
    pub title: &'static str,
    pub intro: &'static str,
    pub temporary_title: &'static str,
    pub temporary_intro: &'static str,
    pub unchanged: &'static str,
    pub done: &'static str,
}

/// Choosing a new user name.
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
    /// Confirms the new user name, which works from now on.
    pub fn done(&self, username: &str) -> String {
        fill(self.done, "username", username)
    }
}

/// Choosing a new e-mail address, for an account whose address the office does not manage.
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
    /// The page's title while an address waits to be confirmed.
    pub confirm_title: &'static str,
    pub(crate) confirm_now: &'static str,
    pub confirm_submit: &'static str,
}

impl ChangeEmailPage {
    /// The address that waits to be confirmed.
    pub fn confirm_now(&self, email: &str) -> String {
        fill(self.confirm_now, "email", email)
    }

    /// The current e-mail address.
    pub fn now(&self, email: &str) -> String {
        fill(self.now, "email", email)
    }

    /// Says to which address the code was sent.
    pub fn code_sent(&self, email: &str) -> String {
        fill(self.code_sent, "email", email)
    }
}

/// The list of the account's sessions.
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
    /// When the session began. `time` comes from `local_time`.
    pub fn began(&self, time: &str) -> String {
        fill(self.began, "time", time)
    }

    /// When the session was last used. `time` comes from `local_time`.
    pub fn last_used(&self, time: &str) -> String {
        fill(self.last_used, "time", time)
    }

    /// The button's full name for screen readers. `time` is when the session began.
    pub fn end_named(&self, time: &str) -> String {
        fill(self.end_named, "time", time)
    }
}

/// The people who may use the portal for the patient: the list, inviting one more, and ending an access.
#[derive(Debug)]
pub struct RepresentativesPage {
    pub title: &'static str,
    pub intro: &'static str,
    pub nobody: &'static str,
    pub invited: &'static str,
    pub sees_everything: &'static str,
    pub sees_part: &'static str,
    pub(crate) show_everything_named: &'static str,
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
    pub(crate) take_back_named: &'static str,
    pub taken_back: &'static str,
    pub(crate) end_named: &'static str,
    pub end_title: &'static str,
    pub(crate) end_intro: &'static str,
    pub end_submit: &'static str,
    pub end_back: &'static str,
    pub ended: &'static str,
}

impl RepresentativesPage {
    /// The button's full name for screen readers.
    pub fn take_back_named(&self, name: &str) -> String {
        fill(self.take_back_named, "name", name)
    }

    /// The button's full name for screen readers.
    pub fn show_everything_named(&self, name: &str) -> String {
        fill(self.show_everything_named, "name", name)
    }

    /// The button's full name for screen readers.
    pub fn show_part_named(&self, name: &str) -> String {
        fill(self.show_part_named, "name", name)
    }

    /// The button's full name for screen readers.
    pub fn end_named(&self, name: &str) -> String {
        fill(self.end_named, "name", name)
    }

    /// Says whose access ends, and what that means.
    pub fn end_intro(&self, name: &str) -> String {
        fill(self.end_intro, "name", name)
    }
}

/// The contact details that the office has, and proposed changes to them.
#[derive(Debug)]
pub struct DetailsPage {
    pub title: &'static str,
    pub intro: &'static str,
    pub address_line: &'static str,
    pub address_line_hint: &'static str,
    pub city: &'static str,
    pub state: &'static str,
    pub state_hint: &'static str,
    pub state_invalid: &'static str,
    pub postal_code: &'static str,
    pub postal_code_missing: &'static str,
    pub postal_code_invalid: &'static str,
    pub home_phone: &'static str,
    pub mobile_phone: &'static str,
    pub phone_hint: &'static str,
    pub phone_invalid: &'static str,
    pub email: &'static str,
    pub email_missing: &'static str,
    pub unchanged: &'static str,
    pub submit: &'static str,
    pub done: &'static str,
    pub(crate) pending: &'static str,
    pub address_heading: &'static str,
    pub contact_heading: &'static str,
    pub password_hint: &'static str,
}

impl DetailsPage {
    /// When the changes were sent that staff have not looked at yet. `time` comes from `local_time`.
    pub fn pending(&self, time: &str) -> String {
        fill(self.pending, "time", time)
    }
}
