//! `health`: says that the API answers. A function of its own, so that asking it takes nothing from any other.

use portico_web::{Answer, App, Inbound, json as reply};
use serde_json::json;

/// Answers `200` to every request: that there is an answer says that the process is up and has read its keys.
pub async fn handle<S>(_: &App<S>, _: Inbound) -> Answer {
    reply(200, &json!({"status": "ok"}))
}
