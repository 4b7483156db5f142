//! `revoke`: revokes a patient's access for all accounts or one, limits a representative's access, switches
//! access off and on, and records that a patient declined.

mod console;

use portico_domain::model::grant::Level;
use portico_domain::model::ids::{AccountId, PatientId};
use portico_domain::model::patient::RevokeReason;
use portico_domain::model::refusal::Refusal;
use portico_domain::operations::staff::revoke::{decline, revoke, set_access, set_level};
use portico_domain::ports::{ApiCalls, Commit, History, Limits, Practices};
use portico_domain::steps::access::Revoke;
use portico_web::{Answer, App, Inbound, Reject, json, problem, view};
use serde::Deserialize;

/// Longest note, in characters.
const LONGEST_NOTE: usize = 500;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RevokeRequest {
    reason: RevokeReason,
    note: Option<String>,
    account_id: Option<String>,
    /// `false`: nobody is told, for example because a court keeps them away. Needs a note.
    notify: Option<bool>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct AccessRequest {
    enabled: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct LevelRequest {
    level: Level,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct DeclineRequest {
    reason: Option<String>,
}

/// Answers a request.
pub async fn handle<S>(app: &App<S>, inbound: Inbound) -> Answer
where
    S: ApiCalls + Limits + Practices + History + Commit,
{
    act(app, &inbound).await.unwrap_or_else(|reject| problem(&inbound, &reject))
}

async fn act<S>(app: &App<S>, inbound: &Inbound) -> Result<Answer, Reject>
where
    S: ApiCalls + Limits + Practices + History + Commit,
{
    let action = inbound.action();
    if inbound.is_console() {
        // Boxed, because the future of all pages together is large.
        return Box::pin(console::answer(app, inbound, &action)).await;
    }
    let call = inbound.staff()?;
    let patient = PatientId::parse(inbound.param("patient_id")).map_err(|_| Refusal::NotFound)?;
    let (portal, caller) = match action.as_str() {
        "POST /v1/patients/{patient_id}/portal/revoke" => {
            let body: RevokeRequest = inbound.body()?;
            let account = body.account_id.as_deref().map(AccountId::parse).transpose();
            let account = account.map_err(|_| Refusal::NotFound)?;
            let (reason, note) = (body.reason, note("note", body.note)?);
            let command = Revoke { patient, reason, note, account, notify: body.notify.unwrap_or(true) };
            revoke(app, &call, &command).await?
        }
        "PUT /v1/patients/{patient_id}/portal/access" => {
            let body: AccessRequest = inbound.body()?;
            set_access(app, &call, &patient, body.enabled).await?
        }
        "POST /v1/patients/{patient_id}/portal/decline" => {
            let body: DeclineRequest =
                if inbound.has_body() { inbound.body()? } else { DeclineRequest::default() };
            let reason = note("reason", body.reason)?;
            decline(app, &call, &patient, reason.as_deref()).await?
        }
        "PUT /v1/patients/{patient_id}/representatives/{account_id}" => {
            let body: LevelRequest = inbound.body()?;
            let account = AccountId::parse(inbound.param("account_id")).map_err(|_| Refusal::NotFound)?;
            set_level(app, &call, &patient, account, body.level).await?
        }
        _ => return Err(Refusal::NotFound.into()),
    };
    Ok(json(200, &view::portal(&portal, &caller, &app.context.keyring, app.context.now())))
}

pub(crate) fn note(field: &str, text: Option<String>) -> Result<Option<String>, Reject> {
    let text = text.map(|text| text.trim().to_owned()).filter(|text| !text.is_empty());
    if text.as_ref().is_some_and(|text| text.chars().count() > LONGEST_NOTE) {
        return Err(Reject::malformed(field, "too_long"));
    }
    if text.as_ref().is_some_and(|text| text.chars().any(|c| c.is_control() && c != '\n')) {
        return Err(Reject::malformed(field, "invalid_characters"));
    }
    Ok(text)
}
