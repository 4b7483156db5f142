//! `answer-request`: the worker that handles queued requests from strangers: sign-up, forgotten passwords and
//! user names, new links. For each batch, it reports which requests to deliver again.

use portico_domain::operations::background::answer_request::{Answered, Ports, answer};
use portico_web::App;
use serde_json::{Value, json};

/// Handles one batch of the queue.
pub async fn handle<S: Ports>(app: &App<S>, event: &Value) -> Value {
    let mut failed = Vec::new();
    for record in event.get("Records").and_then(Value::as_array).into_iter().flatten() {
        let text = |name: &str| record.get(name).and_then(Value::as_str).unwrap_or_default();
        let id = text("messageId");
        // Boxed, because the operation's future is large, and every caller above would copy it.
        match Box::pin(answer(app, id, text("body"))).await {
            Ok(Answered::Done) => {}
            // An alarm looks for this line.
            Ok(Answered::Waits) => tracing::warn!(request.id = id, "message of a stranger waits"),
            Err(_) => {
                tracing::warn!(request.id = id, "request to be answered again");
                failed.push(json!({"itemIdentifier": id}));
            }
        }
    }
    json!({"batchItemFailures": failed})
}
