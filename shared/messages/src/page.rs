//! The words of the hosted pages.
//!
//! The words of a page are the fields of one struct, and each language is one constant of it, so a missing
//! translation does not compile. A text that contains a value is a method; pages escape what it returns.

#![expect(missing_docs, reason = "a field is named for its place on the page and holds its own sentence")]

pub(crate) mod english;
mod own;
pub(crate) mod spanish;
mod way_in;

pub use own::{
    ChangeEmailPage, ChangePasswordPage, ChangeUsernamePage, DetailsPage, RepresentativesPage, SessionsPage,
};

pub use way_in::{AskPages, NotMePage, ResetPage, UnsubscribePage};

/// All words of the hosted pages in one language.
#[derive(Debug)]
pub struct PageText {
    /// The words that every page has.
    pub shared: Shared,
    /// The page that opens from a link and asks for the facts that the office knows.
    pub link: LinkPage,
    /// The error if the facts do not match. It is the same for each fact, so that it tells nobody which one
    /// was wrong.
    pub verification: Verification,
    /// Choosing how to receive a code, and entering it.
    pub code: CodePage,
    /// Choosing a user name and a password; representatives also enter their own details.
    pub register: RegisterPage,
    /// The new password, at the end of a link that restores access.
    pub new_password: NewPasswordPage,
    /// The first page after signing in.
    pub account: AccountPage,
    /// The sign-in page.
    pub sign_in: SignInPage,
    /// One page for every link that does not work, whatever the cause; it names no practice.
    pub dead_link: DeadLinkPage,
    /// Other pages from which the visitor can't continue; each says what to do next.
    pub dead_end: DeadEnds,
    /// Asking for an account, a new password or a user name, without a link.
    pub ask: AskPages,
    /// The page for somebody who got a message that is not for them.
    pub not_me: NotMePage,
    pub unsubscribe: UnsubscribePage,
    /// The page that opens from a link for a new password.
    pub reset: ResetPage,
    /// Choosing a new password while signed in.
    pub change_password: ChangePasswordPage,
    /// Choosing a new user name.
    pub change_username: ChangeUsernamePage,
    /// Choosing a new e-mail address for the account.
    pub change_email: ChangeEmailPage,
    /// The list of the account's sessions.
    pub sessions: SessionsPage,
    /// The people who may use the portal for the patient.
    pub representatives: RepresentativesPage,
    /// The contact details that the office has, and proposed changes to them.
    pub details: DetailsPage,
}

/// The words that every page has.
#[derive(Debug)]
pub struct Shared {
    pub skip_link: &'static str,
    pub other_language: &'static str,
    pub call_office: &'static str,
    pub patient_portal: &'static str,
    pub need_help: &'static str,
    pub not_sure: &'static str,
    pub emergency: &'static str,
    pub step_one: &'static str,
    pub step_two: &'static str,
    pub step_three: &'static str,
    pub step_one_of_two: &'static str,
    pub step_two_of_two: &'static str,
    pub month: &'static str,
    pub day: &'static str,
    pub year: &'static str,
    pub show_typed: &'static str,
    /// Said where the hidden and the plain input of a password hold two different ones.
    pub two_passwords: &'static str,
    pub error_heading: &'static str,
    pub error_title_prefix: &'static str,
    pub optional: &'static str,
    pub terms: &'static str,
    pub privacy: &'static str,
}

/// The page that opens from a link and asks for the facts that the office knows.
#[derive(Debug)]
pub struct LinkPage {
    pub title: &'static str,
    pub title_restored: &'static str,
    pub title_representative: &'static str,
    pub intro: &'static str,
    pub intro_restored: &'static str,
    valid_until: &'static str,
    /// To somebody who comes back to the first page.
    pub begun: &'static str,
    pub go_on: &'static str,
    pub proof_over: &'static str,
    pub ticket_over: &'static str,
    pub later: &'static str,
    too_young: &'static str,
    pub who_legend: &'static str,
    pub who_patient: &'static str,
    pub who_representative: &'static str,
    pub who_missing: &'static str,
    pub facts_hint: &'static str,
    pub family_name: &'static str,
    pub family_name_hint: &'static str,
    pub family_name_missing: &'static str,
    pub birth_date: &'static str,
    pub birth_date_hint: &'static str,
    pub birth_date_missing: &'static str,
    pub birth_date_invalid: &'static str,
    pub postal_code: &'static str,
    pub postal_code_hint: &'static str,
    pub postal_code_missing: &'static str,
    pub email: &'static str,
    pub email_hint: &'static str,
    pub email_missing: &'static str,
    pub access_code_heading: &'static str,
    pub access_code: &'static str,
    pub access_code_hint: &'static str,
    pub access_code_invalid: &'static str,
    pub submit: &'static str,
}

impl LinkPage {
    /// Why nobody younger than `age` can register alone.
    pub fn too_young(&self, age: i16) -> String {
        fill(self.too_young, "age", &age.to_string())
    }

    /// How long the link works. `time` comes from `local_time`.
    pub fn valid_until(&self, time: &str) -> String {
        fill(self.valid_until, "time", time)
    }
}

/// The error if the facts do not match. It is the same for each fact, so that it tells nobody which one
/// was wrong.
#[derive(Debug)]
pub struct Verification {
    failed: &'static str,
    failed_once_more: &'static str,
}

impl Verification {
    /// The error, with the number of tries that are left: a counter, which tells no fact.
    pub fn failed(&self, left: u32, phone: &str) -> String {
        let words = if left == 1 { self.failed_once_more } else { self.failed };
        fill(&fill(words, "n", &left.to_string()), "phone", phone)
    }
}

/// Choosing how to receive a code, and entering it.
#[derive(Debug)]
pub struct CodePage {
    pub title: &'static str,
    pub intro: &'static str,
    /// How much time there is for this page and the one before it.
    pub time_limit: &'static str,
    channel_legend: &'static str,
    by_email: &'static str,
    by_text: &'static str,
    by_voice: &'static str,
    pub channel_missing: &'static str,
    pub send: &'static str,
    pub enter_title: &'static str,
    sent_by_email: &'static str,
    sent_by_text: &'static str,
    sent_by_voice: &'static str,
    pub keep_secret: &'static str,
    label: &'static str,
    pub missing: &'static str,
    pub submit: &'static str,
    rejected: &'static str,
    tries_left: &'static str,
    one_try_left: &'static str,
    pub resend_heading: &'static str,
    pub resend_hint_email: &'static str,
    pub resend_hint_phone: &'static str,
    pub resend: &'static str,
    resend_wait: &'static str,
    phone_wait: &'static str,
    five_codes: &'static str,
    pub not_yours: &'static str,
    pub no_channel: &'static str,
}

impl CodePage {
    /// The error, with the number of tries that this code has left.
    pub fn rejected(&self, left: u32) -> String {
        let more = match left {
            0 => return self.rejected.to_owned(),
            1 => self.one_try_left.to_owned(),
            _ => fill(self.tries_left, "n", &left.to_string()),
        };
        format!("{} {more}", self.rejected)
    }

    /// The question where a code of `n` digits goes.
    pub fn channel_legend(&self, n: u32) -> String {
        fill(self.channel_legend, "n", &n.to_string())
    }

    /// The way by e-mail; `hint` is the masked address.
    pub fn by_email(&self, hint: &str) -> String {
        fill(self.by_email, "hint", hint)
    }

    /// The way by text; `hint` is the end of the number.
    pub fn by_text(&self, hint: &str) -> String {
        fill(self.by_text, "hint", hint)
    }

    /// The way by call; `hint` is the end of the number.
    pub fn by_voice(&self, hint: &str) -> String {
        fill(self.by_voice, "hint", hint)
    }

    /// Where a code went by e-mail.
    pub fn sent_by_email(&self, hint: &str) -> String {
        fill(self.sent_by_email, "hint", hint)
    }

    /// Where a code went by text.
    pub fn sent_by_text(&self, hint: &str) -> String {
        fill(self.sent_by_text, "hint", hint)
    }

    /// Where a call goes.
    pub fn sent_by_voice(&self, hint: &str) -> String {
        fill(self.sent_by_voice, "hint", hint)
    }

    /// The field for a code of `n` digits.
    pub fn label(&self, n: u32) -> String {
        fill(self.label, "n", &n.to_string())
    }

    /// The error if a phone has had all its texts and calls for a while.
    pub fn phone_wait(&self, wait: &str, phone: &str) -> String {
        fill(&fill(self.phone_wait, "wait", wait), "phone", phone)
    }

    /// The error if a link has had all its codes.
    pub fn five_codes(&self, phone: &str) -> String {
        fill(self.five_codes, "phone", phone)
    }

    /// When the next code can be requested. `wait` comes from `Language::wait`.
    pub fn resend_wait(&self, wait: &str) -> String {
        fill(self.resend_wait, "wait", wait)
    }
}

/// Choosing a user name and a password; representatives also enter their own details.
#[derive(Debug)]
pub struct RegisterPage {
    pub title: &'static str,
    pub title_representative: &'static str,
    pub username: &'static str,
    pub username_hint: &'static str,
    pub username_hint_representative: &'static str,
    pub username_not_yours: &'static str,
    pub time_limit: &'static str,
    pub email_hint: &'static str,
    pub username_missing: &'static str,
    pub username_taken_plain: &'static str,
    username_taken: &'static str,
    pub username_rejected: &'static str,
    pub password: &'static str,
    password_hint: &'static str,
    pub password_missing: &'static str,
    password_too_short: &'static str,
    pub password_too_long: &'static str,
    pub password_common: &'static str,
    pub password_contextual: &'static str,
    pub representative_legend: &'static str,
    pub representative_hint: &'static str,
    pub relationship: &'static str,
    pub relationship_choose: &'static str,
    pub relationship_missing: &'static str,
    pub parent: &'static str,
    pub guardian: &'static str,
    pub spouse: &'static str,
    pub other: &'static str,
    pub given_name: &'static str,
    pub given_name_missing: &'static str,
    pub family_name: &'static str,
    pub family_name_missing: &'static str,
    pub email: &'static str,
    pub email_missing: &'static str,
    pub email_invalid: &'static str,
    pub mobile_phone: &'static str,
    pub mobile_phone_hint: &'static str,
    pub mobile_phone_invalid: &'static str,
    pub terms_heading: &'static str,
    /// Whoever changes these words must also change `TERMS_VERSION` in the domain.
    pub terms: [&'static str; 8],
    pub accept_terms: &'static str,
    pub accept_terms_missing: &'static str,
    pub submit: &'static str,
    pub have_account_heading: &'static str,
    pub have_account: &'static str,
    pub have_account_submit: &'static str,
    pub have_account_failed: &'static str,
    pub have_account_own: &'static str,
    pub question_legend: &'static str,
    pub question_intro: &'static str,
    pub question: &'static str,
    pub question_hint: &'static str,
    pub question_missing: &'static str,
    pub answer: &'static str,
    pub answer_hint: &'static str,
    pub answer_missing: &'static str,
    answer_too_short: &'static str,
    pub answer_is_username: &'static str,
}

impl RegisterPage {
    /// The error for a user name that somebody else has. `suggestions` are free names; there may be none.
    pub fn username_taken(&self, suggestions: &[String]) -> String {
        if suggestions.is_empty() {
            return self.username_taken_plain.to_owned();
        }
        fill(self.username_taken, "list", &suggestions.join(", "))
    }

    /// The rules for a password; `n` is the practice's minimum length in characters.
    pub fn password_hint(&self, n: usize) -> String {
        fill(self.password_hint, "n", &n.to_string())
    }

    /// The error for a password of fewer than `n` characters.
    pub fn password_too_short(&self, n: usize) -> String {
        fill(self.password_too_short, "n", &n.to_string())
    }

    /// The error for an answer of fewer than `n` characters.
    pub fn answer_too_short(&self, n: usize) -> String {
        fill(self.answer_too_short, "n", &n.to_string())
    }
}

/// The new password, at the end of a link that restores access.
#[derive(Debug)]
pub struct NewPasswordPage {
    pub title: &'static str,
    pub intro: &'static str,
    your_username: &'static str,
    pub password: &'static str,
    password_hint: &'static str,
    pub submit: &'static str,
    pub done: &'static str,
}

impl NewPasswordPage {
    /// The user name that the password belongs to.
    pub fn your_username(&self, username: &str) -> String {
        fill(self.your_username, "username", username)
    }

    /// The rules for a password; `n` is the practice's minimum length in characters.
    pub fn password_hint(&self, n: usize) -> String {
        fill(self.password_hint, "n", &n.to_string())
    }
}

/// The first page after signing in.
#[derive(Debug)]
pub struct AccountPage {
    pub title: &'static str,
    pub welcome: &'static str,
    signed_in_as: &'static str,
    pub records_heading: &'static str,
    pub yourself: &'static str,
    pub as_parent: &'static str,
    pub as_guardian: &'static str,
    pub as_spouse: &'static str,
    pub as_other: &'static str,
    pub no_records: &'static str,
    last_sign_in: &'static str,
    failed_before: &'static str,
    pub open_portal: &'static str,
    pub sign_out: &'static str,
    pub settings_heading: &'static str,
    /// What a person who has just registered should know: the address for next time, where the confirmation went, and
    /// when one is signed out.
    pub next_address: &'static str,
    pub next_mailed: &'static str,
    pub next_limit: &'static str,
    pub next_confirm: &'static str,
    pub next_portal: &'static str,
    pub current_password: &'static str,
    pub current_password_hint: &'static str,
    pub current_password_missing: &'static str,
    pub wrong_password: &'static str,
    pub back_to_account: &'static str,
}

impl AccountPage {
    /// The user name of the person who is signed in.
    pub fn signed_in_as(&self, username: &str) -> String {
        fill(self.signed_in_as, "username", username)
    }

    /// The account's last sign-in. `time` comes from `local_time`.
    pub fn last_sign_in(&self, time: &str) -> String {
        fill(self.last_sign_in, "time", time)
    }

    /// How many wrong passwords came before the last sign-in, and since when.
    pub fn failed_before(&self, count: u64, since: &str) -> String {
        fill(&fill(self.failed_before, "count", &count.to_string()), "time", since)
    }
}

/// The sign-in page.
#[derive(Debug)]
pub struct SignInPage {
    pub title: &'static str,
    pub username: &'static str,
    pub username_missing: &'static str,
    pub password: &'static str,
    pub password_missing: &'static str,
    pub submit: &'static str,
    pub failed: &'static str,
    pub revoked: &'static str,
    /// Above the form, where somebody came to a page for which they must sign in.
    pub please: &'static str,
    /// The same, where the session opens nothing any more because access ended.
    pub access_ended: &'static str,
    pub session_ended: &'static str,
    /// Said behind it, if a form was sent too late.
    pub session_ended_kept: &'static str,
    /// Said after the next sign-in, above that form.
    pub kept: &'static str,
    pub signed_out: &'static str,
    pub new_password: &'static str,
    pub new_password_shared: &'static str,
    pub no_account_heading: &'static str,
    pub no_account: &'static str,
    pub forgot_password: &'static str,
    pub forgot_username: &'static str,
    pub ask_for_access: &'static str,
    pub sign_up: &'static str,
}

/// One page for every link that does not work, whatever the cause; it names no practice.
#[derive(Debug)]
pub struct DeadLinkPage {
    pub title: &'static str,
    pub explanation: &'static str,
    pub next_heading: &'static str,
    pub ask_office: &'static str,
    pub registered_already: &'static str,
    pub renew_heading: &'static str,
    pub renew: &'static str,
    pub renew_button: &'static str,
    pub reset: &'static str,
}

/// Other pages from which the visitor can't continue; each says what to do next.
#[derive(Debug)]
pub struct DeadEnds {
    pub too_many_title: &'static str,
    too_many: &'static str,
    /// The page at the address without a practice.
    pub root_title: &'static str,
    pub root: &'static str,
    pub lost_title: &'static str,
    pub lost: &'static str,
    pub start_again: &'static str,
    pub cookies_heading: &'static str,
    pub cookies: &'static str,
    pub wrong_title: &'static str,
    wrong: &'static str,
    pub again: &'static str,
    pub not_found_title: &'static str,
    pub not_found: &'static str,
    pub foreign_form_title: &'static str,
    pub foreign_form: &'static str,
    pub too_large_title: &'static str,
    pub too_large: &'static str,
    pub wrong_format_title: &'static str,
    pub wrong_format: &'static str,
}

impl DeadEnds {
    /// How long to wait before the next attempt. `wait` comes from `Language::wait`.
    pub fn too_many(&self, wait: &str) -> String {
        fill(self.too_many, "wait", wait)
    }

    /// An error on our side. The request id lets the office and us find it.
    pub fn wrong(&self, request_id: &str) -> String {
        fill(self.wrong, "request_id", request_id)
    }
}

/// Replaces `{name}` in `words` with `value`.
pub(crate) fn fill(words: &str, name: &str, value: &str) -> String {
    words.replace(&format!("{{{name}}}"), value)
}
