//! Response formats that several of the captured services share, and the failures that a test can order.

use std::time::Duration;

use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde_json::Value;

/// A time that is longer than any client waits for a response.
pub(crate) const SILENCE: Duration = Duration::from_secs(90);

/// A provider's failure instead of accepting a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Failure {
    /// A temporary refusal: too many requests.
    Throttled,
    /// A permanent refusal: the address or the request is wrong.
    Rejected,
    /// Status 500; nothing was sent.
    ServerError,
    /// The message is accepted, but there is no response.
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
