//! The words of the pages for people without a session: asking for an account, a password or a user name
//! without a link, the link for a new password, and a message that reached the wrong person.

#![expect(missing_docs, reason = "a field is named for its place on the page and holds its own sentence")]

/// Asking for an account, a new password or a user name without a link. The answer is the same page for
/// every input.
#[derive(Debug)]
pub struct AskPages {
    pub sign_up_title: &'static str,
    pub sign_up_intro: &'static str,
    pub sign_up_submit: &'static str,
    pub have_account: &'static str,
    pub access_title: &'static str,
    pub access_intro: &'static str,
    pub access_you: &'static str,
    pub access_patient: &'static str,
    pub access_given_name: &'static str,
    pub access_message: &'static str,
    pub access_submit: &'static str,
    /// The title if the office must decide before an account can be used.
    pub held_title: &'static str,
    pub held: &'static str,
    pub access_sent_title: &'static str,
    pub access_sent: &'static str,
    pub access_contact_missing: &'static str,
    pub forgot_password_title: &'static str,
    pub forgot_password_intro: &'static str,
    pub username_known_heading: &'static str,
    pub username_known_submit: &'static str,
    pub username_unknown_heading: &'static str,
    pub username_unknown_intro: &'static str,
    pub username_unknown_submit: &'static str,
    pub forgot_username_title: &'static str,
    pub forgot_username_intro: &'static str,
    pub forgot_username_submit: &'static str,
    pub postal_code_invalid: &'static str,
    pub back_to_sign_in: &'static str,
    pub sent_title: &'static str,
    pub sent: &'static str,
    pub sent_wait: &'static str,
    pub nothing_came_heading: &'static str,
    pub nothing_came: &'static str,
}

/// The page that stops automatic mail.
#[derive(Debug)]
#[expect(missing_docs, reason = "the names say it")]
pub struct UnsubscribePage {
    pub title: &'static str,
    /// What stops, and what doesn't.
    pub intro: &'static str,
    pub submit: &'static str,
    pub done_title: &'static str,
    pub done: &'static str,
}

/// The page for somebody who got a message that is not for them: what happens if they say so, and thanks.
#[derive(Debug)]
pub struct NotMePage {
    pub link: &'static str,
    pub title: &'static str,
    pub intro: &'static str,
    pub invitation_cancelled: &'static str,
    pub nothing_more_sent: &'static str,
    pub office_told: &'static str,
    pub legend: &'static str,
    pub yes: &'static str,
    pub no: &'static str,
    pub missing: &'static str,
    pub done_title: &'static str,
    pub done: &'static str,
}

/// The page that opens from a link for a new password: ways to prove who one is, and the new password.
#[derive(Debug)]
pub struct ResetPage {
    pub title: &'static str,
    pub intro: &'static str,
    pub way_legend: &'static str,
    pub by_question: &'static str,
    pub by_office_code: &'static str,
    pub way_missing: &'static str,
    pub submit: &'static str,
    pub question_title: &'static str,
    pub question: &'static str,
    pub answer: &'static str,
    pub answer_hint: &'static str,
    pub answer_missing: &'static str,
    pub office_code_title: &'static str,
    pub office_code: &'static str,
    pub office_code_hint: &'static str,
    pub office_code_missing: &'static str,
    pub office_code_invalid: &'static str,
    pub patient_birth_date: &'static str,
    pub failed: &'static str,
    pub ticket_over: &'static str,
    pub other_way: &'static str,
    pub no_way_heading: &'static str,
    pub no_way: &'static str,
    pub new_password_title: &'static str,
    pub new_password_intro: &'static str,
}
