//! The cookies of sessions and known browsers: names, how they are set and cleared.

use http::{HeaderValue, header};
use portico_domain::steps::credentials::KNOWN_DAYS;

use crate::answer::Answer;

/// Sets the session cookie: for this host alone, for no script, for no other site.
pub fn set_session(answer: &mut Answer, token: &str) {
    if let Ok(value) =
        HeaderValue::from_str(&format!("{COOKIE}={token}; Path=/; Secure; HttpOnly; SameSite=Lax"))
    {
        answer.headers_mut().append(header::SET_COOKIE, value);
    }
}

/// Lets the browser be known at its next sign-in: sealed, for half a year.
pub fn set_browser(answer: &mut Answer, sealed: &str) {
    let age = KNOWN_DAYS * 86_400;
    if let Ok(value) = HeaderValue::from_str(&format!(
        "{BROWSER}={sealed}; Path=/; Secure; HttpOnly; SameSite=Lax; Max-Age={age}"
    )) {
        answer.headers_mut().append(header::SET_COOKIE, value);
    }
}

/// Takes the session cookie back.
pub fn clear_session(answer: &mut Answer) {
    clear(answer, COOKIE);
}

/// Takes back the cookie by which the browser is known.
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

/// The cookie by which a browser that signed in before is known.
pub(crate) const BROWSER: &str = "__Host-portico-browser";
