//! Pages and redirects as answers.

use askama::Template;
use http::{HeaderValue, StatusCode, header};

use crate::answer::{Answer, answer};
use crate::page::frame::Frame;

/// A page.
pub fn html<T: Template>(status: u16, frame: &Frame, page: &T) -> Answer {
    let Ok(text) = page.render() else { return answer(500, "text/html; charset=utf-8", String::new()) };
    let mut answer = answer(status, "text/html; charset=utf-8", text);
    let elsewhere = frame.leads_to.as_deref().unwrap_or_default();
    let policy = format!(
        "default-src 'none'; style-src {}; img-src 'self' data:; form-action 'self' {elsewhere}; base-uri 'none'; frame-ancestors 'none'",
        frame.style_hashes()
    );
    let headers = answer.headers_mut();
    if let Ok(policy) = HeaderValue::from_str(&policy) {
        headers.insert(header::CONTENT_SECURITY_POLICY, policy);
    }
    headers.insert(header::CONTENT_LANGUAGE, HeaderValue::from_static(frame.lang()));
    headers.insert(header::VARY, HeaderValue::from_static("accept, accept-language"));
    answer
}

/// A mail or page of patients, shown in a frame of a page of the Onboarding Tool. It can run and send nothing.
pub fn framed(document: String) -> Answer {
    let mut answer = answer(200, "text/html; charset=utf-8", document);
    let policy = HeaderValue::from_static(
        "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src 'self' data:; form-action 'none'; base-uri 'none'; frame-ancestors 'self'",
    );
    answer.headers_mut().insert(header::CONTENT_SECURITY_POLICY, policy);
    answer
}

/// `303` to another page of ours, or to the portal: the address is the configured one and a path of our making.
pub fn see_other(location: &str) -> Answer {
    let mut answer = answer(303, "text/html; charset=utf-8", String::new());
    match HeaderValue::from_str(location) {
        Ok(location) => drop(answer.headers_mut().insert(header::LOCATION, location)),
        Err(_) => *answer.status_mut() = StatusCode::INTERNAL_SERVER_ERROR,
    }
    answer
}
