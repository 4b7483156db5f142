//! `auto-invite`: invites patients after a visit, and reminds them; changes representatives' access on birthdays and
//! when their authority ends; writes lists anew that a change of settings moved; and goes on with large batches of
//! invitations. A schedule starts the planner; the queue brings the pages of work that the planner made.

use portico_domain::model::batch::BatchTask;
use portico_domain::model::sweep_run::{Run, Task};
use portico_domain::operations::background::access_reviews::review_access;
use portico_domain::operations::background::agenda::move_on;
use portico_domain::operations::background::auto_invite::{plan, work};
use portico_domain::operations::background::batch::go_on;
use portico_domain::operations::background::relist::relist;

use portico_domain::ports::{
    Accounts, Addresses, ApiCalls, Batches, Chain, Commit, Enqueue, Patients, PracticeList, Practices,
    Reviews, Roster, Runs, Waiting,
};
use portico_web::{App, telemetry, view};
use serde_json::{Value, json};

/// Handles an event: a batch of the queue or a run of the schedule. For a batch, it reports which pages to
/// deliver again.
pub async fn handle<S, Q>(app: &App<S>, queue: &Q, event: &Value) -> Value
where
    S: PracticeList
        + Practices
        + Patients
        + Addresses
        + Waiting
        + Runs
        + Reviews
        + Accounts
        + ApiCalls
        + Batches
        + Roster
        + Chain
        + Commit,
    Q: Enqueue,
{
    let Some(records) = event.get("Records").and_then(Value::as_array) else {
        return plan_all(app, queue).await;
    };
    let mut failed = Vec::new();
    for record in records {
        let text = |name: &str| record.get(name).and_then(Value::as_str).unwrap_or_default();
        if let Ok(task) = serde_json::from_str::<BatchTask>(text("body")) {
            if Box::pin(go_on(app, queue, &task)).await.is_err() {
                tracing::warn!(practice = %task.practice, batch = %task.batch, "batch to be gone on with again");
                failed.push(json!({"itemIdentifier": text("messageId")}));
            }
            continue;
        }
        let Ok(task) = serde_json::from_str::<Task>(text("body")) else {
            tracing::error!(message.id = text("messageId"), "a message is not a task");
            continue;
        };
        // Boxed, because the operation's future is large, and every caller above would copy it.
        if Box::pin(work(app, &task)).await.is_err() {
            tracing::warn!(practice = %task.practice, page = task.page, "page to be worked on again");
            failed.push(json!({"itemIdentifier": text("messageId")}));
        }
    }
    json!({"batchItemFailures": failed})
}

/// Plans all practices' runs and logs what they have done so far. Alarms read these lines: that a planner
/// ran, that a practice's sweep stopped itself, and how many practices could not be planned.
async fn plan_all<S, Q>(app: &App<S>, queue: &Q) -> Value
where
    S: PracticeList
        + Practices
        + Patients
        + Addresses
        + Waiting
        + Runs
        + Reviews
        + Accounts
        + ApiCalls
        + Batches
        + Roster
        + Chain
        + Commit,
    Q: Enqueue,
{
    // Access that must end comes first; a failure of one does not keep the other waiting. `None`: the practices
    // could not be listed, and the line by which an alarm knows that a planner ran is not written.
    let reviews_failed = Box::pin(review_access(app)).await.ok();
    // The list of who comes next is a help; what could not be moved on is moved on by the next planner.
    if Box::pin(move_on(app)).await.is_err() {
        tracing::warn!("appointments that are over could not be moved on");
    }
    // The same holds for lists that settings moved.
    if Box::pin(relist(app)).await.is_err() {
        tracing::warn!("lists could not be written anew");
    }
    let Ok(tick) = Box::pin(plan(app, queue)).await else { return json!({"runs": null}) };
    for (practice, why) in &tick.paused {
        tracing::error!(%practice, why = why.code(), "automatic invitations stopped themselves");
    }
    for run in &tick.runs {
        log(run);
    }
    if let Some(reviews_failed) = reviews_failed {
        let failed = tick.failed + reviews_failed;
        let practices = tick.runs.len();
        if practices == 0 && failed == 0 {
            tracing::info!(target: telemetry::IDLE, practices, auto_invite_failed = failed, "auto-invite planned");
        } else {
            tracing::info!(practices, auto_invite_failed = failed, "auto-invite planned");
        }
    }
    let runs: Vec<Value> = tick.runs.iter().map(named).collect();
    json!({"runs": runs, "failed": tick.failed})
}

/// A run with its practice.
fn named(run: &Run) -> Value {
    let mut body = view::run(run);
    body["practice"] = json!(run.practice);
    body
}

fn log(run: &Run) {
    tracing::info!(
        practice = %run.practice,
        seen = run.seen(),
        invited = run.invited,
        reminded = run.reminded,
        deferred = run.deferred(),
        skipped = run.skipped.values().sum::<u32>(),
        "auto-invite run"
    );
}
