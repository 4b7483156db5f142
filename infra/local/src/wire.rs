//! Shapes that several of the captured services answer in, and the failures that a test may order.

use std::time::Duration;

use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde_json::Value;

/// Longer than any client waits for an answer.
pub(crate) const SILENCE: Duration = Duration::from_secs(90);

/// What a provider does instead of accepting a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Failure {
    /// Refuses for now: too many requests.
    Throttled,
    /// Refuses for good: the address or the request is wrong.
    Rejected,
    /// Answers 500 and has sent nothing.
    ServerError,
    /// Accepts the message and never answers.
    SilentAfterAccept,
}

pub(crate) fn xml(status: StatusCode, body: &str) -> Response {
    (status, [("content-type", "text/xml")], body.to_owned()).into_response()
}

pub(crate) fn json_1_1(status: StatusCode, body: &Value) -> Response {
    (status, [("content-type", "application/x-amz-json-1.1")], body.to_string()).into_response()
}

pub(crate) fn json_1_0(status: StatusCode, body: &Value) -> Response {
    (status, [("content-type", "application/x-amz-json-1.0")], body.to_string()).into_response()
}
