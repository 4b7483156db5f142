//! `track-delivery`: processes the feedback of providers. SES events, events of calls and replies to texts
//! come through a queue; for each batch, it reports which messages to deliver again. Receipts of texts come
//! as lines of SNS's own logs.

mod wire;

use aws_lambda_events::cloudwatch_logs::LogsEvent;
use portico_domain::model::refusal::PortError;
use portico_domain::operations::background::track_delivery::{Told, hear, report, say};
use portico_domain::ports::{
    Accounts, Addresses, Chain, Commit, Ledger, Patients, Practices, Runs, Tracking,
};
use portico_web::App;
use serde_json::{Value, json};
use wire::News;

/// Handles an event: a batch of the queue, or log lines. After an error, Lambda delivers all log lines again;
/// those that are already processed change nothing.
pub async fn handle<S>(app: &App<S>, event: &Value) -> Result<Value, String>
where
    S: Tracking + Ledger + Addresses + Accounts + Patients + Practices + Runs + Chain + Commit,
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

/// Processes one message of the queue. After an error, SQS delivers it again, and moves it to the dead-letter
/// queue in the end.
async fn queued<S>(app: &App<S>, id: &str, body: &str) -> Result<(), PortError>
where
    S: Tracking + Ledger + Addresses + Accounts + Patients + Practices + Runs + Chain + Commit,
{
    if let Some(lines) = wire::lost_lines(body) {
        // Log lines that could not be processed at first, sent again by an operator.
        return receipts(app, &lines).await.map(drop).map_err(|_| PortError::Broken("log lines"));
    }
    let news = wire::queued(body).map_err(|why| {
        // The message ends in the dead-letter queue, where a person can look at it.
        tracing::error!(feedback.id = id, error = why, "feedback that can't be read");
        PortError::Broken("feedback")
    })?;
    match take(app, news).await? {
        // The sender may not have saved the provider's id yet.
        Some(Told::Early) => Err(PortError::Unavailable),
        Some(Told::Kept | Told::Known | Told::Stranger) | None => Ok(()),
    }
}

async fn receipts<S>(app: &App<S>, event: &Value) -> Result<Value, String>
where
    S: Tracking + Ledger + Addresses + Accounts + Patients + Practices + Runs + Chain + Commit,
{
    // Parse from text, because the library borrows field names from its input.
    let logs: LogsEvent =
        serde_json::from_str(&event.to_string()).map_err(|_| "these log lines can't be read".to_owned())?;
    let mut again = false;
    for line in &logs.aws_logs.data.log_events {
        match wire::receipt(&line.message, line.timestamp) {
            // Receipts arrive minutes later, and the log covers the whole AWS account: a message id that we
            // don't know belongs to another application.
            Ok(news) => again |= take(app, news).await.is_err(),
            Err(why) => tracing::error!(feedback.id = line.id, error = why, "feedback that can't be read"),
        }
    }
    if again { Err("some receipts are to come again".to_owned()) } else { Ok(json!({})) }
}

async fn take<S>(app: &App<S>, news: News) -> Result<Option<Told>, PortError>
where
    S: Tracking + Ledger + Addresses + Accounts + Patients + Practices + Runs + Chain + Commit,
{
    match news {
        // Boxed, because the operation's future is large, and every caller above would copy it.
        News::Report(told) => {
            let told = Box::pin(report(app, &told)).await?;
            if told == Told::Stranger {
                tracing::info!("feedback on a message that is not kept");
            }
            Ok(Some(told))
        }
        News::Heard(heard) => Box::pin(hear(app, &heard)).await.map(|()| None),
        News::Said(said) => Box::pin(say(app, &said)).await.map(|()| None),
        News::Nothing => Ok(None),
    }
}
