//! `answer-request`: the worker behind the queue of what strangers ask for. Of a batch, it says which requests are to
//! come again.

use portico_domain::operations::background::answer_request::answer;
use portico_domain::ports::{Accounts, Addresses, Chain, Commit, FailedChecks, Links, Patients, Practices};
use portico_web::App;
use serde_json::{Value, json};

/// Handles a batch of the queue.
pub async fn handle<S>(app: &App<S>, event: &Value) -> Value
where
    S: Addresses + Patients + Accounts + Links + Practices + Chain + FailedChecks + Commit,
{
    let mut failed = Vec::new();
    for record in event.get("Records").and_then(Value::as_array).into_iter().flatten() {
        let text = |name: &str| record.get(name).and_then(Value::as_str).unwrap_or_default();
        let id = text("messageId");
        // Boxed: a use case's future is large, and would otherwise be copied through every layer above.
        if Box::pin(answer(app, id, text("body"))).await.is_err() {
            tracing::warn!(request.id = id, "request to be answered again");
            failed.push(json!({"itemIdentifier": id}));
        }
    }
    json!({"batchItemFailures": failed})
}
