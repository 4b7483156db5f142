//! `publish-changes`: fed by the table's stream: how many patients stand where, when somebody last signed in, and under
//! which words accounts are found.

use portico_domain::ports::{Accounts, Commit, Patients, Practices};
use portico_domain::publish_changes::{Counts, Lists, follow};
use serde_json::{Value, json};

/// Handles a batch of the stream; says which records are to come again.
pub async fn handle<S>(store: &S, event: &Value) -> Value
where
    S: Counts + Lists + Accounts + Patients + Practices + Commit,
{
    let records = event.get("Records").and_then(Value::as_array);
    let mut failed = Vec::new();
    for record in records.into_iter().flatten() {
        let change = store.change(record.pointer("/dynamodb/OldImage"), record.pointer("/dynamodb/NewImage"));
        let id = record.get("eventID").and_then(Value::as_str).unwrap_or_default();
        if follow(store, change, id).await.is_err() {
            failed.push(json!({"itemIdentifier": record.pointer("/dynamodb/SequenceNumber")}));
        }
    }
    json!({"batchItemFailures": failed})
}
