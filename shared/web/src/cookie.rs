//! The cookies of sessions and known browsers: their names, and how they are set and cleared.

use http::{HeaderValue, header};
use portico_domain::model::link::TICKET_SECONDS;
use portico_domain::steps::credentials::KNOWN_DAYS;

use crate::answer::Answer;

/// Sets the session cookie. Only this host receives it, scripts can't read it, and other sites' requests
/// don't send it, except for links.
pub fn set_session(answer: &mut Answer, token: &str) {
    if let Ok(value) =
        HeaderValue::from_str(&format!("{COOKIE}={token}; Path=/; Secure; HttpOnly; SameSite=Lax"))
    {
        answer.headers_mut().append(header::SET_COOKIE, value);
    }
}

/// Sets the cookie that makes the browser a known one at its next sign-in. Its value is sealed, and it lasts
/// half a year.
pub fn set_browser(answer: &mut Answer, sealed: &str) {
    let age = KNOWN_DAYS * 86_400;
    if let Ok(value) = HeaderValue::from_str(&format!(
        "{BROWSER}={sealed}; Path=/; Secure; HttpOnly; SameSite=Lax; Max-Age={age}"
    )) {
        answer.headers_mut().append(header::SET_COOKIE, value);
    }
}

/// Sets the cookie of a session of the Onboarding Tool. Requests that come from other sites don't send it, not even
/// when somebody follows a link.
pub fn set_console(answer: &mut Answer, value: &str) {
    if let Ok(value) =
        HeaderValue::from_str(&format!("{CONSOLE}={value}; Path=/; Secure; HttpOnly; SameSite=Strict"))
    {
        answer.headers_mut().append(header::SET_COOKIE, value);
    }
}

/// Seconds that a browser keeps a visit: longer than a ticket works, so that a page can say that the time is over.
pub(crate) const VISIT_SECONDS: i64 = 4 * TICKET_SECONDS;

/// Sets the cookie of a visit of a link. Requests for the pages of this link alone send it.
pub(crate) fn set_visit(answer: &mut Answer, link: &str, sealed: &str) {
    if let Ok(value) = HeaderValue::from_str(&format!(
        "{VISIT}={sealed}; Path={link}; Secure; HttpOnly; SameSite=Lax; Max-Age={VISIT_SECONDS}"
    )) {
        answer.headers_mut().append(header::SET_COOKIE, value);
    }
}

/// Seconds that a browser keeps a form whose session had ended: time to find the password.
pub(crate) const DRAFT_SECONDS: i64 = 1800;

/// Sets the cookie of a form that waits for its sender to sign in again. The pages of this practice alone receive it.
pub(crate) fn set_draft(answer: &mut Answer, practice: &str, sealed: &str) {
    if let Ok(value) = HeaderValue::from_str(&format!(
        "{DRAFT}={sealed}; Path=/{practice}; Secure; HttpOnly; SameSite=Lax; Max-Age={DRAFT_SECONDS}"
    )) {
        answer.headers_mut().append(header::SET_COOKIE, value);
    }
}

/// Clears the cookie of a form that waited.
pub(crate) fn clear_draft(answer: &mut Answer, practice: &str) {
    if let Ok(value) = HeaderValue::from_str(&format!(
        "{DRAFT}=; Path=/{practice}; Secure; HttpOnly; SameSite=Lax; Max-Age=0"
    )) {
        answer.headers_mut().append(header::SET_COOKIE, value);
    }
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

fn clear(answer: &mut Answer, cookie: &str) {
    if let Ok(value) =
        HeaderValue::from_str(&format!("{cookie}=; Path=/; Secure; HttpOnly; SameSite=Lax; Max-Age=0"))
    {
        answer.headers_mut().append(header::SET_COOKIE, value);
    }
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
