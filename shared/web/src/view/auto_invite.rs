//! Runs of automatic invitations, and what the next one will do, in the API's form.

use portico_domain::model::auto_invite::Skip;
use portico_domain::model::sweep_run::Run;
use portico_domain::operations::staff::auto_invite::Preview;
use serde_json::{Value, json};

/// A run. `seen` is the sum of everything that became of patients.
pub fn run(run: &Run) -> Value {
    let mut body = json!({
        "run_id": format!("{}-{}", run.practice, run.day),
        "practice_day": run.day.to_string(),
        "started_at": run.started_at.to_string(),
        "seen": run.seen(),
        "invited": run.invited,
        "reminded": run.reminded,
        "deferred": run.deferred(),
        "skipped": run.skipped,
        "cap": run.cap,
    });
    if let Some(finished_at) = run.finished_at {
        body["finished_at"] = Value::String(finished_at.to_string());
    }
    body
}

/// What the next sweep will do.
pub fn preview(preview: &Preview) -> Value {
    let codes = |why: &[Skip]| why.iter().map(|skip| skip.code()).collect::<Vec<_>>();
    let skipped: Vec<Value> = preview
        .skipped
        .iter()
        .map(|(patient, why)| json!({"patient_id": patient, "reasons": codes(why)}))
        .collect();
    json!({
        "due": preview.due,
        "skipped": skipped,
        "waiting": preview.waiting,
        "deferred": preview.deferred,
    })
}
