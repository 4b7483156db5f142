//! The cookies of sessions and known browsers: their names, and how they are set and cleared.

use http::{HeaderValue, header};
use portico_domain::model::link::TICKET_SECONDS;
use portico_domain::steps::credentials::KNOWN_DAYS;

use crate::answer::Answer;

/// Longest sealed value of a visit or a draft, in bytes. Browsers store 4,096 bytes of a cookie, with its name.
pub(crate) const LONGEST_SEALED: usize = 3_800;

/// Sets the session cookie. Only this host receives it, scripts can't read it, and other sites' requests
/// don't send it, except for links.
pub fn set_session(answer: &mut Answer, token: &str) {
    append(answer, &format!("{COOKIE}={token}; Path=/; Secure; HttpOnly; SameSite=Lax"));
}

/// Sets the cookie that makes the browser a known one at its next sign-in. Its value is sealed, and it lasts
/// half a year.
pub fn set_browser(answer: &mut Answer, sealed: &str) {
    let age = KNOWN_DAYS * 86_400;
    append(answer, &format!("{BROWSER}={sealed}; Path=/; Secure; HttpOnly; SameSite=Lax; Max-Age={age}"));
}

/// Sets the cookie of a session of the Onboarding Tool. Requests that come from other sites don't send it, not even
/// when somebody follows a link.
pub fn set_console(answer: &mut Answer, value: &str) {
    append(answer, &format!("{CONSOLE}={value}; Path=/; Secure; HttpOnly; SameSite=Strict"));
}

/// Seconds that a browser keeps a visit: longer than a ticket works, so that a page can say that the time is over.
pub(crate) const VISIT_SECONDS: i64 = 4 * TICKET_SECONDS;

/// Sets the cookie of a visit of a link. Requests for the pages of this link alone send it.
pub(crate) fn set_visit(answer: &mut Answer, link: &str, sealed: &str) {
    append(
        answer,
        &format!("{VISIT}={sealed}; Path={link}; Secure; HttpOnly; SameSite=Lax; Max-Age={VISIT_SECONDS}"),
    );
}

/// Seconds that a browser keeps a form whose session had ended: time to find the password.
pub(crate) const DRAFT_SECONDS: i64 = 1800;

/// Sets the cookie of a form that waits for its sender to sign in again. The pages of this practice alone receive it.
pub(crate) fn set_draft(answer: &mut Answer, practice: &str, sealed: &str) {
    append(
        answer,
        &format!(
            "{DRAFT}={sealed}; Path=/{practice}; Secure; HttpOnly; SameSite=Lax; Max-Age={DRAFT_SECONDS}"
        ),
    );
}

/// Seconds that a browser keeps a stranger's form that was refused.
const ASKED_SECONDS: i64 = 600;

/// Sets the cookie of a stranger's form that was refused. The page that it stands on alone receives it.
pub(crate) fn set_asked(answer: &mut Answer, path: &str, sealed: &str) {
    append(
        answer,
        &format!("{ASKED}={sealed}; Path={path}; Secure; HttpOnly; SameSite=Lax; Max-Age={ASKED_SECONDS}"),
    );
}

/// Clears the cookie of a form that waited.
pub(crate) fn clear_draft(answer: &mut Answer, practice: &str) {
    append(answer, &format!("{DRAFT}=; Path=/{practice}; Secure; HttpOnly; SameSite=Lax; Max-Age=0"));
}

/// Clears the cookie of the Onboarding Tool.
pub fn clear_console(answer: &mut Answer) {
    clear(answer, CONSOLE);
}

/// Clears the session cookie.
pub fn clear_session(answer: &mut Answer) {
    clear(answer, COOKIE);
}

/// Clears the cookie of the known browser.
pub fn clear_browser(answer: &mut Answer) {
    clear(answer, BROWSER);
}

fn append(answer: &mut Answer, cookie: &str) {
    if let Ok(value) = HeaderValue::from_str(cookie) {
        answer.headers_mut().append(header::SET_COOKIE, value);
    }
}

fn clear(answer: &mut Answer, cookie: &str) {
    append(answer, &format!("{cookie}=; Path=/; Secure; HttpOnly; SameSite=Lax; Max-Age=0"));
}

/// The cookie that carries a session.
pub(crate) const COOKIE: &str = "__Host-portico";

/// The cookie of a known browser.
pub(crate) const BROWSER: &str = "__Host-portico-browser";

/// The cookie of a session of the Onboarding Tool.
pub(crate) const CONSOLE: &str = "__Host-portico-console";

/// The cookie of a form that waits for its sender to sign in again.
pub(crate) const DRAFT: &str = "__Secure-portico-draft";

/// The cookie of a visit of a link. `__Host-` would need the path `/`, and then the pages of all links would receive it.
pub(crate) const VISIT: &str = "__Secure-portico-visit";

/// The cookie of a stranger's form that was refused.
pub(crate) const ASKED: &str = "__Secure-portico-asked";
