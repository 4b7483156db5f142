//! `health`: reports that the API is up. It is a function of its own, so that health checks use no capacity
//! of another one.

use portico_web::{Answer, App, Inbound, json as reply};
use serde_json::json;

/// Answers every request with `200`, which shows that the process has started and has read its keys.
#[expect(clippy::unused_async, reason = "it has the shape that every function's handle has")]
pub async fn handle<S>(_: &App<S>, _: Inbound) -> Answer {
    reply(200, &json!({"status": "ok"}))
}
