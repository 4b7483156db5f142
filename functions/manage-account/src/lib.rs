//! `manage-account`: what staff decide about accounts: registrations that wait for them.

use portico_domain::hold::Hold;
use portico_domain::ids::AccountId;
use portico_domain::manage_account::{Holds, decide, holds};
use portico_domain::ports::{Chain, Commit, Desk, Limits, Patients, Practices};
use portico_domain::refusal::Refusal;
use portico_web::{Answer, App, Inbound, Reject, json as reply, problem};
use serde_json::{Value, json};

/// Answers a request.
pub async fn handle<S>(app: &App<S>, inbound: Inbound) -> Answer
where
    S: Desk + Limits + Holds + Patients + Practices + Chain + Commit,
{
    act(app, &inbound).await.unwrap_or_else(|reject| problem(&inbound, &reject))
}

async fn act<S>(app: &App<S>, inbound: &Inbound) -> Result<Answer, Reject>
where
    S: Desk + Limits + Holds + Patients + Practices + Chain + Commit,
{
    let call = inbound.staff()?;
    let (context, store) = (&app.context, &app.store);
    let grant = match inbound.action().as_str() {
        "GET /v1/holds" => {
            let waiting = holds(context, store, &call).await?;
            return Ok(reply(
                200,
                &json!({"holds": waiting.iter().map(|hold| view(hold, "held")).collect::<Vec<_>>()}),
            ));
        }
        "POST /v1/holds/{hold_id}/grant" => true,
        "POST /v1/holds/{hold_id}/refuse" => false,
        _ => return Err(Refusal::NotFound.into()),
    };
    let id = AccountId::parse(inbound.param("hold_id")).map_err(|_| Refusal::NotFound)?;
    let decided = decide(context, store, &call, id, grant).await?;
    Ok(reply(200, &view(&decided, if grant { "granted" } else { "refused" })))
}

fn view(hold: &Hold, state: &str) -> Value {
    json!({
        "hold_id": hold.account.to_string(),
        "account_id": hold.account.to_string(),
        "patient_id": hold.patient,
        "reason": hold.reason,
        "since": hold.since.to_string(),
        "state": state,
    })
}
