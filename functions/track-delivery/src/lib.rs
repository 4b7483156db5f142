//! `track-delivery`: what providers report. SES's events, calls' events and replies to texts come through a queue, of
//! whose batch it says which are to come again; receipts of texts come as lines of SNS's own logs.

mod wire;

use aws_lambda_events::cloudwatch_logs::LogsEvent;
use portico_domain::model::refusal::PortError;
use portico_domain::operations::background::track_delivery::{Told, report, say};
use portico_domain::ports::{Accounts, Addresses, Chain, Commit, Ledger, Patients, Practices, Tracking};
use portico_web::App;
use serde_json::{Value, json};
use wire::News;

/// Handles an event: a batch of the queue, or of log lines. An error has the log lines come again, all of them: what is
/// known already changes nothing.
pub async fn handle<S>(app: &App<S>, event: &Value) -> Result<Value, String>
where
    S: Tracking + Ledger + Addresses + Accounts + Patients + Practices + Chain + Commit,
{
    if event.get("awslogs").is_some() {
        return receipts(app, event).await;
    }
    let mut failed = Vec::new();
    for record in event.get("Records").and_then(Value::as_array).into_iter().flatten() {
        let text = |name: &str| record.get(name).and_then(Value::as_str).unwrap_or_default();
        let id = text("messageId");
        if queued(app, id, text("body")).await.is_err() {
            failed.push(json!({"itemIdentifier": id}));
        }
    }
    Ok(json!({"batchItemFailures": failed}))
}

/// Takes one message of the queue; an error has it come again, and go to the dead letters in the end.
async fn queued<S>(app: &App<S>, id: &str, body: &str) -> Result<(), PortError>
where
    S: Tracking + Ledger + Addresses + Accounts + Patients + Practices + Chain + Commit,
{
    if let Some(lines) = wire::lost_lines(body) {
        // Log lines that could not be handled when they came, sent back by a person.
        return receipts(app, &lines).await.map(drop).map_err(|_| PortError::Broken("log lines"));
    }
    let news = wire::queued(body).map_err(|why| {
        // Kept for a person to look at.
        tracing::error!(feedback.id = id, error = why, "feedback that can't be read");
        PortError::Broken("feedback")
    })?;
    match take(app, news).await? {
        // The sender may be about to write it down.
        Some(Told::Early) => Err(PortError::Unavailable),
        Some(Told::Kept | Told::Known | Told::Stranger) | None => Ok(()),
    }
}

async fn receipts<S>(app: &App<S>, event: &Value) -> Result<Value, String>
where
    S: Tracking + Ledger + Addresses + Accounts + Patients + Practices + Chain + Commit,
{
    // As text: the library borrows names of fields from what it reads.
    let logs: LogsEvent =
        serde_json::from_str(&event.to_string()).map_err(|_| "these log lines can't be read".to_owned())?;
    let mut again = false;
    for line in &logs.aws_logs.data.log_events {
        match wire::receipt(&line.message, line.timestamp) {
            // A receipt comes minutes after its text was settled, and the log is the whole account's: whom nobody knows
            // is another's.
            Ok(news) => again |= take(app, news).await.is_err(),
            Err(why) => tracing::error!(feedback.id = line.id, error = why, "feedback that can't be read"),
        }
    }
    if again { Err("some receipts are to come again".to_owned()) } else { Ok(json!({})) }
}

async fn take<S>(app: &App<S>, news: News) -> Result<Option<Told>, PortError>
where
    S: Tracking + Ledger + Addresses + Accounts + Patients + Practices + Chain + Commit,
{
    match news {
        // Boxed: a use case's future is large, and would otherwise be copied through every layer above.
        News::Report(told) => {
            let told = Box::pin(report(app, &told)).await?;
            if told == Told::Stranger {
                tracing::info!("feedback on a message that is not kept");
            }
            Ok(Some(told))
        }
        News::Said(said) => Box::pin(say(app, &said)).await.map(|()| None),
        News::Nothing => Ok(None),
    }
}
