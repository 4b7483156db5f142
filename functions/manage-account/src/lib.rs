//! `manage-account`: staff operations on accounts: registrations that wait for a decision, search, unlocking,
//! deleting, and setting a user name and password.

mod console;

use portico_domain::model::hold::Hold;
use portico_domain::model::ids::{AccountId, PatientId};
use portico_domain::model::password::{Password, temporary_password};
use portico_domain::model::refusal::Refusal;
use portico_domain::operations::staff::accounts::{
    check_username, delete, end_sessions, search, sessions, unlock,
};
use portico_domain::operations::staff::credentials::{NewCredentials, set_credentials};
use portico_domain::operations::staff::holds::{decide_hold, holds};
use portico_domain::operations::staff::merge::{MergedLogins, move_accounts};
use portico_domain::ports::{
    Accounts, ApiCalls, Chain, Commit, Holds, Limits, Patients, Practices, RepresentativeRequests, Search,
    Sessions,
};
use portico_web::{Answer, App, Inbound, Reject, TypedPassword, json as reply, no_content, problem, view};
use serde::Deserialize;
use serde_json::{Value, json};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct CredentialsRequest {
    username: String,
    /// The temporary password. Without it, one is made and shown in the answer.
    password: Option<TypedPassword>,
}

/// Answers a request.
pub async fn handle<S>(app: &App<S>, inbound: Inbound) -> Answer
where
    S: ApiCalls
        + Limits
        + Holds
        + Search
        + Accounts
        + Patients
        + Practices
        + RepresentativeRequests
        + Sessions
        + Chain
        + Commit,
{
    act(app, &inbound).await.unwrap_or_else(|reject| problem(&inbound, &reject))
}

async fn act<S>(app: &App<S>, inbound: &Inbound) -> Result<Answer, Reject>
where
    S: ApiCalls
        + Limits
        + Holds
        + Search
        + Accounts
        + Patients
        + Practices
        + RepresentativeRequests
        + Sessions
        + Chain
        + Commit,
{
    let action = inbound.action();
    if inbound.is_console() {
        // Boxed, because the future of all pages together is large.
        return Box::pin(console::answer(app, inbound, &action)).await;
    }
    let call = inbound.staff()?;
    let account = |name: &str| AccountId::parse(inbound.param(name)).map_err(|_| Refusal::NotFound);
    match action.as_str() {
        "GET /v1/holds" => {
            let waiting = holds(app, &call).await?;
            let views: Vec<Value> = waiting.iter().map(|hold| view(hold, "held")).collect();
            Ok(reply(200, &json!({"holds": views})))
        }
        "POST /v1/holds/{hold_id}/grant" => {
            let decided = decide_hold(app, &call, account("hold_id")?, true).await?;
            Ok(reply(200, &view(&decided, "granted")))
        }
        "POST /v1/holds/{hold_id}/refuse" => {
            let decided = decide_hold(app, &call, account("hold_id")?, false).await?;
            Ok(reply(200, &view(&decided, "refused")))
        }
        "GET /v1/accounts" => {
            let typed = inbound.query("q").unwrap_or_default();
            let page = search(app, &call, typed, inbound.query("cursor")).await?;
            let found: Vec<Value> = page.found.iter().map(view::found).collect();
            let mut body = json!({"accounts": found});
            if let Some(cursor) = page.next_cursor {
                body["next_cursor"] = Value::String(cursor);
            }
            Ok(reply(200, &body))
        }
        "DELETE /v1/accounts/{account_id}" => {
            delete(app, &call, account("account_id")?).await?;
            Ok(no_content())
        }
        "POST /v1/accounts/{account_id}/unlock" => {
            let unlocked = unlock(app, &call, account("account_id")?).await?;
            Ok(reply(200, &view::account(&unlocked, None)))
        }
        "GET /v1/accounts/{account_id}/sessions" => {
            let (_, _, live) = sessions(app, &call, account("account_id")?).await?;
            let views: Vec<Value> = live.iter().map(view::session_for_staff).collect();
            Ok(reply(200, &json!({"sessions": views})))
        }
        "POST /v1/accounts/{account_id}/sessions/end" => {
            let ended = end_sessions(app, &call, account("account_id")?).await?;
            Ok(reply(200, &view::account(&ended, None)))
        }
        "POST /v1/patients/{patient_id}/accounts/move" => {
            let id = PatientId::parse(inbound.param("patient_id")).map_err(|_| Refusal::NotFound)?;
            let MergedLogins { to, moved, stayed, .. } = Box::pin(move_accounts(app, &call, &id)).await?;
            let ids = |ids: &[AccountId]| ids.iter().map(ToString::to_string).collect::<Vec<_>>();
            Ok(reply(200, &json!({"to": to, "moved": ids(&moved), "stayed": ids(&stayed)})))
        }
        "GET /v1/usernames/{username}" => {
            let check = check_username(app, &call, inbound.param("username")).await?;
            let mut body = json!({"valid": check.valid, "available": check.available});
            if !check.valid {
                body["reason"] = json!("malformed");
            } else if !check.available {
                body["reason"] = json!("taken");
            }
            Ok(reply(200, &body))
        }
        "PUT /v1/patients/{patient_id}/credentials" => {
            let body: CredentialsRequest = inbound.body()?;
            let made = body.password.is_none().then(|| temporary_password(&*app.context.entropy));
            let password = match (body.password, &made) {
                (Some(typed), _) => typed.into(),
                (None, made) => Password::new(made.as_ref().map_or("", |made| made.as_str())),
            };
            let command = NewCredentials {
                patient: PatientId::parse(inbound.param("patient_id")).map_err(|_| Refusal::NotFound)?,
                username: body.username,
                password,
                made: made.is_some(),
            };
            let (account, patient) = Box::pin(set_credentials(app, &call, &command)).await?;
            let mut view = view::account(&account, Some(&patient));
            if let Some(made) = made {
                view["temporary_password"] = json!(*made);
            }
            Ok(reply(200, &view))
        }
        _ => Err(Refusal::NotFound.into()),
    }
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
