//! `sync-chart`: writes charts: one by one from the EHR, many as FHIR, a quick add with its invitation, and
//! changes that people propose themselves. It also reads one chart and confirms an address.

mod console;
mod csv;
mod fhir;
mod import;
mod request;

use portico_domain::model::chart::{Channel, Chart};
use portico_domain::model::ids::{ChangeId, PatientId};
use portico_domain::model::proposal::ChartField;
use portico_domain::model::refusal::{FieldFault, Refusal};
use portico_domain::operations::staff::correct::{Correct, Corrected, correct};
use portico_domain::operations::staff::proposals::{self, Acceptance, ProposalDecision};
use portico_domain::operations::staff::sync_chart::Confirmed;
use portico_domain::operations::staff::{quick_add, sync_chart};
use portico_domain::ports::{
    Accounts, ApiCalls, Chain, Commit, Directory, History, Ledger, Limits, Links, Patients, Practices,
    Proposals,
};
use portico_domain::steps::api_call::ApiCall;
use portico_domain::steps::chart_change::{self, Synced};
use portico_web::{Answer, App, Inbound, Language, Reject, field_detail, flag, json as reply, problem, view};
use serde::Deserialize;
use serde_json::{Value, json};

use request::{ChartRequest, CorrectionRequest, QuickAddRequest, ReadChart, ReadQuickAdd};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ConfirmRequest {
    channel: Channel,
    /// That the person asked for texts again, after a STOP.
    #[serde(default, deserialize_with = "flag")]
    asked_by_patient: bool,
}

impl ConfirmRequest {
    /// What is confirmed. Only of texts can somebody have said STOP.
    fn confirmed(&self) -> Result<Confirmed, Reject> {
        match (self.channel, self.asked_by_patient) {
            (Channel::Sms, true) => Ok(Confirmed::TextsAgain),
            (channel, false) => Ok(Confirmed::Address(channel)),
            (_, true) => Err(Reject::malformed("asked_by_patient", "invalid")),
        }
    }
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct AcceptRequest {
    fields: Option<Vec<ChartField>>,
    confirmed_with_patient: Option<bool>,
}

impl From<AcceptRequest> for Acceptance {
    fn from(request: AcceptRequest) -> Self {
        Self {
            fields: request.fields,
            confirmed_with_patient: request.confirmed_with_patient.unwrap_or_default(),
        }
    }
}

/// What the operations behind these routes ask of the world.
pub trait Ports:
    ApiCalls
    + Limits
    + Practices
    + Chain
    + Directory
    + Patients
    + Accounts
    + Links
    + History
    + Proposals
    + Ledger
    + Commit
{
}

impl<S> Ports for S where
    S: ApiCalls
        + Limits
        + Practices
        + Chain
        + Directory
        + Patients
        + Accounts
        + Links
        + History
        + Proposals
        + Ledger
        + Commit
{
}

/// Answers a request.
pub async fn handle<S: Ports>(app: &App<S>, inbound: Inbound) -> Answer {
    act(app, &inbound).await.unwrap_or_else(|reject| problem(&inbound, &reject))
}

async fn act<S: Ports>(app: &App<S>, inbound: &Inbound) -> Result<Answer, Reject> {
    let action = inbound.action();
    if inbound.is_console() {
        // Boxed, because the future of all pages together is large.
        return Box::pin(console::answer(app, inbound, &action)).await;
    }
    let call = inbound.staff()?;
    let (context, now) = (&app.context, app.context.now());
    let patient = || PatientId::parse(inbound.param("patient_id")).map_err(|_| Refusal::NotFound);
    match action.as_str() {
        "PUT /v1/patients/{patient_id}" => {
            let ReadChart { change, mut left_out } = inbound.body::<ChartRequest>()?.parse(now);
            // Here an id is given, not asked for, so an unreadable one is the caller's mistake.
            let id = PatientId::parse(inbound.param("patient_id"));
            let id = id.map_err(|_| Reject::malformed("patient_id", "invalid_patient_id"))?;
            let (synced, charted, _) = sync_chart::put(app, &call, &id, &change).await?;
            left_out.splice(0..0, change.chart.unread());
            let mut body = view::patient(&charted);
            body["warnings"] =
                warnings(&charted.patient.chart, &left_out, charted.patient.corrections.keys());
            Ok(reply(if synced == Synced::Created { 201 } else { 200 }, &body))
        }
        "PATCH /v1/patients/{patient_id}" => {
            let body = inbound.body::<CorrectionRequest>()?;
            let then_invite = body.then_invite;
            let change = body.parse(now)?;
            let seen = inbound.if_match().transpose()?;
            let command = Correct { patient: patient()?, change, then_invite, seen };
            let Corrected { charted, link, caller } = correct(app, &call, &command).await?;
            let mut answer = json!({"patient": view::patient(&charted)});
            if let Some(link) = &link {
                answer["invitation"] = view::invitation(link, &caller, &context.keyring, now);
            }
            Ok(reply(200, &answer))
        }
        "GET /v1/patients/{patient_id}" => {
            let (charted, _) = sync_chart::get(app, &call, &patient()?).await?;
            Ok(reply(200, &view::patient(&charted)))
        }
        "POST /v1/patients" => {
            let ReadQuickAdd { command, left_out } = inbound.body::<QuickAddRequest>()?.parse(now)?;
            let added = quick_add::quick_add(app, &call, &command).await?;
            let mut body = json!({"patient": view::patient(&chart_change::PatientWithCare {
                patient: added.patient,
                care: None,
                settings: added.settings,
            })});
            if let Some(link) = &added.link {
                body["invitation"] = view::invitation(link, &added.caller, &context.keyring, now);
            }
            body["warnings"] = warnings(&command.chart, &left_out, []);
            Ok(reply(201, &body))
        }
        "POST /v1/patients/{patient_id}/contacts/confirm" => {
            let confirmed = inbound.body::<ConfirmRequest>()?.confirmed()?;
            let (portal, caller) = sync_chart::confirm_contact(app, &call, &patient()?, confirmed).await?;
            Ok(reply(200, &view::portal(&portal, &caller, &context.keyring, now)))
        }
        "GET /v1/demographic-changes" => {
            if inbound.query("state").is_some_and(|state| state != "pending") {
                return Err(Reject::malformed("state", "invalid"));
            }
            let waiting = proposals::pending(app, &call).await?;
            let changes: Vec<Value> = waiting.iter().map(view::change).collect();
            Ok(reply(200, &json!({"changes": changes})))
        }
        "POST /v1/demographic-changes/{change_id}/accept" => {
            let body: AcceptRequest =
                if inbound.has_body() { inbound.body()? } else { AcceptRequest::default() };
            decide(app, inbound, &call, &ProposalDecision::Accept(body.into())).await
        }
        "POST /v1/demographic-changes/{change_id}/decline" => {
            decide(app, inbound, &call, &ProposalDecision::Decline).await
        }
        "POST /v1/patients/import" => import::take(app, inbound, &call).await,
        _ => Err(Refusal::NotFound.into()),
    }
}

async fn decide<S>(
    app: &App<S>,
    inbound: &Inbound,
    call: &ApiCall,
    decision: &ProposalDecision,
) -> Result<Answer, Reject>
where
    S: ApiCalls + Limits + Practices + Chain + Patients + Accounts + History + Proposals + Commit,
{
    let id = ChangeId::parse(inbound.param("change_id")).map_err(|_| Refusal::NotFound)?;
    let decided = Box::pin(proposals::decide_proposal(app, call, id, decision)).await?;
    Ok(reply(200, &view::change(&decided)))
}

/// Warns about what could not be read and was left out, and about phone numbers that can't be dialled and are kept as
/// plain text.
fn warnings<'a>(
    chart: &Chart,
    left_out: &[FieldFault],
    corrected: impl IntoIterator<Item = &'a String>,
) -> Value {
    let left_out = left_out.iter().map(|fault| {
        let why = field_detail(fault.code, Language::English);
        let what = if fault.code == "placeholder_email" {
            "The chart has none now."
        } else {
            "It was left out, and what the chart had stays."
        };
        let detail = format!("{why} {what}");
        json!({"pointer": fault.pointer, "code": fault.code, "detail": detail})
    });
    let phones = [("/mobile_phone", &chart.mobile_phone), ("/home_phone", &chart.home_phone)];
    let unusable = phones
        .into_iter()
        .filter(|(_, phone)| phone.as_ref().is_some_and(|phone| phone.dialable().is_none()));
    let warning = |(pointer, _)| json!({"pointer": pointer, "code": "unusable_phone", "detail": "This number is kept as it is and never dialed: it is no ordinary number of the United States or Canada."});
    left_out
        .chain(unusable.map(warning))
        .chain(corrected.into_iter().map(|field| kept_correction(field)))
        .collect()
}

/// Says that a fact which was sent does not count, because the front desk corrected it after it was sent before.
fn kept_correction(field: &str) -> Value {
    let detail = "The practice corrected this fact here. The correction stays until you send another value; correct it in your records, too.";
    json!({"pointer": format!("/{field}"), "code": "kept_correction", "detail": detail})
}

/// The channel, if a quick add may use it.
fn quick_channel(channel: Channel) -> Option<Channel> {
    matches!(channel, Channel::Email | Channel::Sms).then_some(channel)
}
