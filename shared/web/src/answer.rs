//! The parts that all answers share, and JSON answers.

use http::{HeaderName, HeaderValue, StatusCode, header};
use lambda_http::{Body, Response};
use serde::Serialize;

/// The answer to a request.
pub type Answer = Response<Body>;

/// An answer with this status and content type. It must not be cached.
pub(crate) fn answer(status: u16, kind: &'static str, body: String) -> Answer {
    let mut answer = Response::new(Body::Text(body));
    *answer.status_mut() = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let headers = answer.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    // Another site never gets the address, which may hold a link's token. `no-referrer` would make browsers send
    // `Origin: null` with our own forms, and old ones say nothing else about where a form comes from.
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("same-origin"));
    answer
}

/// The text of an answer; `None` if it has another kind of body.
pub fn page_text(answer: Answer) -> Option<String> {
    match answer.into_body() {
        Body::Text(text) => Some(text),
        _ => None,
    }
}

/// A JSON answer.
pub fn json<T: Serialize>(status: u16, body: &T) -> Answer {
    match serde_json::to_string(body) {
        Ok(text) => answer(status, "application/json", text),
        Err(_) => answer(500, "application/problem+json", String::new()),
    }
}

/// A PDF file, which a browser shows under this name.
pub fn pdf(bytes: Vec<u8>, name: &'static str) -> Answer {
    let mut answer = answer(200, "application/pdf", String::new());
    *answer.body_mut() = Body::Binary(bytes);
    if let Ok(disposition) = HeaderValue::from_str(&format!("inline; filename=\"{name}\"")) {
        answer.headers_mut().insert(header::CONTENT_DISPOSITION, disposition);
    }
    answer
}

/// A picture under a name that holds a digest of it, so that anybody may keep it for ever.
pub fn picture(png: Vec<u8>) -> Answer {
    let mut answer = answer(200, "image/png", String::new());
    *answer.body_mut() = Body::Binary(png);
    let forever = HeaderValue::from_static("public, max-age=31536000, immutable");
    let headers = answer.headers_mut();
    headers.insert(header::CACHE_CONTROL, forever);
    // Mail programs in a browser show it from a site of their own.
    let policy = HeaderName::from_static("cross-origin-resource-policy");
    headers.insert(policy, HeaderValue::from_static("cross-origin"));
    answer
}

/// A table as CSV, under this name.
pub fn csv(text: String, name: &'static str) -> Answer {
    let mut answer = answer(200, "text/csv; charset=utf-8", text);
    if let Ok(disposition) = HeaderValue::from_str(&format!("attachment; filename=\"{name}\"")) {
        answer.headers_mut().insert(header::CONTENT_DISPOSITION, disposition);
    }
    answer
}

/// The answer `204 No Content`.
pub fn no_content() -> Answer {
    let mut answer = answer(204, "application/json", String::new());
    answer.headers_mut().remove(header::CONTENT_TYPE);
    *answer.body_mut() = Body::Empty;
    answer
}
