//! Batches of invitations in the API.

use portico_domain::model::batch::{BatchChannel, BatchResult, BatchState, Include, MOST};
use portico_domain::model::ids::{BatchId, PatientId};
use portico_domain::model::list::MOST_ROWS;
use portico_domain::model::refusal::{FieldFault, Refusal};
use portico_domain::operations::staff::batch::{InviteMany, Ran, batch, invite_many, stop_batch};
use portico_domain::operations::staff::list::{Listed, list};
use portico_domain::ports::{ApiCalls, Batches, Chain, Commit, Enqueue, Limits, Practices, Roster, Waiting};
use portico_domain::steps::api_call::ApiCall;
use portico_web::{Answer, App, Inbound, Reject, json as reply, listed};
use serde::Deserialize;
use serde_json::{Map, Value, json};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct BatchRequest {
    patient_ids: Option<Vec<String>>,
    filter: Option<Map<String, Value>>,
    channel: BatchChannel,
    #[serde(default)]
    include: Vec<Include>,
    #[serde(default)]
    dry_run: bool,
}

pub(crate) async fn send<S, Q>(app: &App<S>, queue: &Q, inbound: &Inbound) -> Result<Answer, Reject>
where
    S: ApiCalls + Limits + Practices + Batches + Roster + Waiting + Chain + Commit,
    Q: Enqueue,
{
    let call = inbound.staff()?;
    let body: BatchRequest = inbound.body()?;
    let patients = match (body.patient_ids, body.filter) {
        (Some(ids), None) => parse_ids(&ids)?,
        (None, Some(filter)) => filtered(app, &call, read_filter(&filter)?).await?,
        _ => return Err(Reject::malformed("patient_ids", "required")),
    };
    let BatchRequest { channel, include, dry_run, .. } = body;
    let command = InviteMany { patients, channel, include, dry_run };
    let ran = invite_many(app, &call, queue, command).await?;
    Ok(reply(if ran.state == BatchState::Running { 202 } else { 200 }, &view(&ran)))
}

/// The ids of a request. All that can't be ids are named.
pub(crate) fn parse_ids(ids: &[String]) -> Result<Vec<PatientId>, Reject> {
    let mut faults = Vec::new();
    if ids.len() > MOST {
        return Err(Reject::malformed("patient_ids", "too_many"));
    }
    let mut patients = Vec::new();
    for (place, id) in ids.iter().enumerate() {
        match PatientId::parse(id) {
            Ok(id) => patients.push(id),
            Err(_) => {
                faults.push(FieldFault { pointer: format!("/patient_ids/{place}"), code: "invalid_id" });
            }
        }
    }
    if faults.is_empty() { Ok(patients) } else { Err(Reject::fields(faults)) }
}

/// A filter of the list, as the list's own query has it.
fn read_filter(filter: &Map<String, Value>) -> Result<Listed, Reject> {
    const KNOWN: [&str; 14] = [
        "status",
        "color",
        "stage",
        "blocker",
        "delivery",
        "tag",
        "provider",
        "has_username",
        "appointment_after",
        "appointment_before",
        "invited_after",
        "invited_before",
        "q",
        "sort",
    ];
    if let Some(unknown) = filter.keys().find(|name| !KNOWN.contains(&name.as_str())) {
        return Err(Reject::malformed(&format!("filter/{unknown}"), "unknown_field"));
    }
    listed(|name| match filter.get(name) {
        Some(Value::String(text)) => vec![text.clone()],
        Some(Value::Bool(yes)) => vec![yes.to_string()],
        Some(Value::Array(all)) => all.iter().filter_map(|text| text.as_str().map(str::to_owned)).collect(),
        _ => Vec::new(),
    })
}

/// The patients whom a filter admits. Refuses more than a batch can have.
pub(crate) async fn filtered<S>(
    app: &App<S>,
    call: &ApiCall,
    mut listed: Listed,
) -> Result<Vec<PatientId>, Reject>
where
    S: ApiCalls + Limits + Practices + Roster + Waiting,
{
    listed.limit = MOST_ROWS;
    let mut patients = Vec::new();
    loop {
        let page = list(app, call, &listed).await?;
        patients.extend(page.rows.into_iter().map(|(patient, _)| patient.id));
        if patients.len() > MOST {
            return Err(Reject::malformed("filter", "too_many"));
        }
        listed.cursor = page.next_cursor;
        if listed.cursor.is_none() {
            return Ok(patients);
        }
    }
}

fn id(inbound: &Inbound) -> Result<BatchId, Reject> {
    Ok(BatchId::parse(inbound.param("batch_id")).map_err(|_| Refusal::NotFound)?)
}

pub(crate) async fn show<S>(app: &App<S>, inbound: &Inbound) -> Result<Answer, Reject>
where
    S: ApiCalls + Limits + Batches,
{
    Ok(reply(200, &view(&batch(app, &inbound.staff()?, id(inbound)?).await?)))
}

pub(crate) async fn stop<S>(app: &App<S>, inbound: &Inbound) -> Result<Answer, Reject>
where
    S: ApiCalls + Limits + Batches + Commit,
{
    Ok(reply(200, &view(&stop_batch(app, &inbound.staff()?, id(inbound)?).await?)))
}

fn view(ran: &Ran) -> Value {
    let one = |result: &BatchResult| {
        let mut view = json!({"patient_id": result.patient, "outcome": result.outcome});
        if !result.family_name.is_empty() {
            view["given_name"] = json!(result.given_name);
            view["family_name"] = json!(result.family_name);
        }
        if let Some(invitation) = result.invitation {
            view["invitation_id"] = json!(invitation.to_string());
        }
        if let Some(not_before) = result.not_before {
            view["not_before"] = json!(not_before.to_string());
        }
        if !result.reasons.is_empty() {
            view["reasons"] = json!(result.reasons);
        }
        view
    };
    json!({
        "job_id": ran.id.to_string(),
        "state": ran.state,
        "size": ran.size,
        "results": ran.results.iter().map(one).collect::<Vec<Value>>(),
    })
}
