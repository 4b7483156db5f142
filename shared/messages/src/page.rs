//! The words of the hosted pages.
//!
//! A page's words are the fields of one struct, and each language is one constant of it: a missing
//! translation does not compile. Words around a value are methods; pages escape what they return.

#![expect(missing_docs, reason = "a field is named for its place on the page and holds its own sentence")]

pub(crate) mod english;
mod own;
pub(crate) mod spanish;
mod way_in;

pub use own::{
    ChangeEmailPage, ChangePasswordPage, ChangeUsernamePage, DetailsPage, RepresentativesPage, SessionsPage,
};

pub use way_in::{AskPages, NotMePage, ResetPage};

/// All words of the hosted pages in one language.
#[derive(Debug)]
pub struct PageText {
    /// What every page has.
    pub shared: Shared,
    /// The page behind a link: who is it, and do they know what the office knows?
    pub link: LinkPage,
    /// When the facts do not match: one sentence, whichever it was.
    pub verification: Verification,
    /// Choosing how to get a code, and entering it.
    pub code: CodePage,
    /// Choosing a user name and a password; a representative also says who they are.
    pub register: RegisterPage,
    /// The new password at the end of a link that gives access back.
    pub new_password: NewPasswordPage,
    /// The page that a person sees when signed in.
    pub account: AccountPage,
    /// The sign-in page.
    pub sign_in: SignInPage,
    /// One page for every link that does not work, whatever the cause; it names no practice.
    pub dead_link: DeadLinkPage,
    /// Other pages that go no further; each says what to do next.
    pub dead_end: DeadEnds,
    /// Asking for an account, a new password or a user name, without a link.
    pub ask: AskPages,
    /// When a message reached somebody whom it is not for.
    pub not_me: NotMePage,
    /// The page behind a link for a new password.
    pub reset: ResetPage,
    /// A new password, for somebody who is signed in.
    pub change_password: ChangePasswordPage,
    /// A new user name.
    pub change_username: ChangeUsernamePage,
    /// A new e-mail address for the account.
    pub change_email: ChangeEmailPage,
    /// Where the account is signed in.
    pub sessions: SessionsPage,
    /// Those who may use the portal for the patient.
    pub representatives: RepresentativesPage,
    /// The contact details that the office has, and changes to them.
    pub details: DetailsPage,
}

/// What every page has.
#[derive(Debug)]
pub struct Shared {
    pub skip_link: &'static str,
    pub language_legend: &'static str,
    pub other_language: &'static str,
    pub call_office: &'static str,
    call: &'static str,
    footer: &'static str,
    pub error_heading: &'static str,
    pub error_title_prefix: &'static str,
    pub continue_button: &'static str,
    pub back: &'static str,
    pub required_hint: &'static str,
    pub optional: &'static str,
    pub missing_field: &'static str,
}

impl Shared {
    /// Whom to call: the words before the office's phone, and those after it.
    pub fn call(&self) -> (&'static str, &'static str) {
        self.call.split_once("{phone}").unwrap_or((self.call, ""))
    }

    /// The last line of every page of a practice.
    pub fn footer(&self, practice: &str) -> String {
        fill(self.footer, "practice", practice)
    }
}

/// The page behind a link: who is it, and do they know what the office knows?
#[derive(Debug)]
pub struct LinkPage {
    pub title: &'static str,
    pub title_restored: &'static str,
    pub title_representative: &'static str,
    pub intro: &'static str,
    pub intro_restored: &'static str,
    pub need_heading: &'static str,
    pub need_facts: &'static str,
    pub need_phone: &'static str,
    valid_until: &'static str,
    pub who_legend: &'static str,
    pub who_patient: &'static str,
    pub who_representative: &'static str,
    pub who_missing: &'static str,
    pub facts_legend: &'static str,
    pub facts_hint: &'static str,
    pub family_name: &'static str,
    pub family_name_hint: &'static str,
    pub family_name_missing: &'static str,
    pub birth_date: &'static str,
    pub birth_date_hint: &'static str,
    pub birth_date_formats: &'static str,
    pub birth_date_missing: &'static str,
    pub birth_date_invalid: &'static str,
    pub postal_code: &'static str,
    pub postal_code_hint: &'static str,
    pub postal_code_missing: &'static str,
    pub email: &'static str,
    pub email_hint: &'static str,
    pub email_missing: &'static str,
    pub access_code: &'static str,
    pub access_code_hint: &'static str,
    pub access_code_invalid: &'static str,
    pub submit: &'static str,
}

impl LinkPage {
    /// Until when the link works, as `local_time` tells it.
    pub fn valid_until(&self, time: &str) -> String {
        fill(self.valid_until, "time", time)
    }
}

/// When the facts do not match: one sentence, whichever it was.
#[derive(Debug)]
pub struct Verification {
    pub failed: &'static str,
}

/// Choosing how to get a code, and entering it.
#[derive(Debug)]
pub struct CodePage {
    pub title: &'static str,
    pub intro: &'static str,
    pub channel_legend: &'static str,
    pub by_email: &'static str,
    pub by_text: &'static str,
    pub by_voice: &'static str,
    pub channel_missing: &'static str,
    pub send: &'static str,
    pub enter_title: &'static str,
    pub sent_by_email: &'static str,
    pub sent_by_text: &'static str,
    pub sent_by_voice: &'static str,
    pub keep_secret: &'static str,
    pub label: &'static str,
    pub missing: &'static str,
    pub submit: &'static str,
    pub rejected: &'static str,
    pub resend_heading: &'static str,
    pub resend_hint_email: &'static str,
    pub resend_hint_phone: &'static str,
    pub resend: &'static str,
    resend_wait: &'static str,
    pub no_channel: &'static str,
}

impl CodePage {
    /// When the next code may be asked for; `wait` is what `Language::wait` makes of the seconds.
    pub fn resend_wait(&self, wait: &str) -> String {
        fill(self.resend_wait, "wait", wait)
    }
}

/// Choosing a user name and a password; a representative also says who they are.
#[derive(Debug)]
pub struct RegisterPage {
    /// Where the office must decide first.
    pub held_title: &'static str,
    pub held: &'static str,
    pub title: &'static str,
    pub title_representative: &'static str,
    pub username: &'static str,
    pub username_hint: &'static str,
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
    /// Whoever changes a word of these changes `TERMS_VERSION` in the domain too.
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
    /// The user name belongs to somebody else; `suggestions` are free, and may be none.
    pub fn username_taken(&self, suggestions: &[String]) -> String {
        if suggestions.is_empty() {
            return self.username_taken_plain.to_owned();
        }
        fill(self.username_taken, "list", &suggestions.join(", "))
    }

    /// What a password needs; `n` is the practice's shortest.
    pub fn password_hint(&self, n: usize) -> String {
        fill(self.password_hint, "n", &n.to_string())
    }

    /// A password of fewer than `n` characters.
    pub fn password_too_short(&self, n: usize) -> String {
        fill(self.password_too_short, "n", &n.to_string())
    }

    /// An answer of fewer than `n` characters.
    pub fn answer_too_short(&self, n: usize) -> String {
        fill(self.answer_too_short, "n", &n.to_string())
    }
}

/// The new password at the end of a link that gives access back.
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
    /// Which user name the password is for.
    pub fn your_username(&self, username: &str) -> String {
        fill(self.your_username, "username", username)
    }

    /// What a password needs; `n` is the practice's shortest.
    pub fn password_hint(&self, n: usize) -> String {
        fill(self.password_hint, "n", &n.to_string())
    }
}

/// The page that a person sees when signed in.
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
    pub first_sign_in: &'static str,
    pub open_portal: &'static str,
    pub sign_out: &'static str,
    pub settings_heading: &'static str,
    pub current_password: &'static str,
    pub current_password_hint: &'static str,
    pub current_password_missing: &'static str,
    pub wrong_password: &'static str,
    pub back_to_account: &'static str,
}

impl AccountPage {
    /// Who is signed in.
    pub fn signed_in_as(&self, username: &str) -> String {
        fill(self.signed_in_as, "username", username)
    }

    /// When the account signed in, as `local_time` tells it.
    pub fn last_sign_in(&self, time: &str) -> String {
        fill(self.last_sign_in, "time", time)
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
    pub session_ended: &'static str,
    pub signed_out: &'static str,
    pub no_account_heading: &'static str,
    pub no_account: &'static str,
    pub forgot_password: &'static str,
    pub forgot_username: &'static str,
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

/// Other pages that go no further; each says what to do next.
#[derive(Debug)]
pub struct DeadEnds {
    pub too_many_title: &'static str,
    too_many: &'static str,
    pub representative_title: &'static str,
    pub representative_required: &'static str,
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
    /// How long to wait; `wait` is what `Language::wait` makes of the seconds.
    pub fn too_many(&self, wait: &str) -> String {
        fill(self.too_many, "wait", wait)
    }

    /// Our fault; the id lets the office and us find it.
    pub fn wrong(&self, request_id: &str) -> String {
        fill(self.wrong, "request_id", request_id)
    }
}

/// `words` with `value` in the place that `{name}` marks.
pub(crate) fn fill(words: &str, name: &str, value: &str) -> String {
    words.replace(&format!("{{{name}}}"), value)
}
