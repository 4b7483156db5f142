//! `onboard`: read operations of staff: one patient's portal status, the patients to look at, the audit
//! trail, whether the trail is complete, automatic invitations (what was sent, and who is next), and the report for
//! the quality measure.

use portico_domain::model::ids::PatientId;
use portico_domain::model::practice::Scope;
use portico_domain::model::refusal::Refusal;
use portico_domain::operations::staff::attention::attention;
use portico_domain::operations::staff::audit_trail::{audit, audit_verify};
use portico_domain::operations::staff::auto_invite::{preview, runs};
use portico_domain::operations::staff::portal;
use portico_domain::operations::staff::report::{Period, electronic_access};
use portico_domain::ports::{
    ApiCalls, Attention, Directory, History, Limits, Measures, Patients, Practices, Runs, Waiting,
};
use portico_web::{Answer, App, Inbound, Reject, csv, json as reply, problem, view};
use serde_json::{Value, json};

/// Answers a request.
pub async fn handle<S>(app: &App<S>, inbound: Inbound) -> Answer
where
    S: ApiCalls + Limits + Practices + Patients + History + Directory + Attention + Waiting + Runs + Measures,
{
    act(app, &inbound).await.unwrap_or_else(|reject| problem(&inbound, &reject))
}

async fn act<S>(app: &App<S>, inbound: &Inbound) -> Result<Answer, Reject>
where
    S: ApiCalls + Limits + Practices + Patients + History + Directory + Attention + Waiting + Runs + Measures,
{
    let call = inbound.staff()?;
    let context = &app.context;
    let asked =
        inbound.query("patient_id").map(PatientId::parse).transpose().map_err(|_| Refusal::NotFound)?;
    match inbound.action().as_str() {
        "GET /v1/patients/{patient_id}/portal" => {
            let patient = PatientId::parse(inbound.param("patient_id")).map_err(|_| Refusal::NotFound)?;
            let (portal, caller) = portal::portal_status(app, &call, &[Scope::ChartRead], &patient).await?;
            Ok(reply(200, &view::portal(&portal, &caller, &context.keyring, context.now())))
        }
        "GET /v1/onboarding" => {
            if inbound.query("attention") != Some("true") {
                return Err(Reject::malformed("attention", "required"));
            }
            let (all, settings) = attention(app, &call).await?;
            let patients: Vec<Value> =
                all.iter().map(|one| view::attended(&one.patient, &one.causes, &settings)).collect();
            Ok(reply(200, &json!({"patients": patients})))
        }
        "GET /v1/reports/electronic-access" => {
            let period = period(inbound)?;
            let page = electronic_access(app, &call, &period, inbound.query("cursor")).await?;
            Ok(if inbound.wants_csv() {
                csv(view::measure_rows(&page, &period), "electronic-access.csv")
            } else {
                reply(200, &view::measure(&page, &period))
            })
        }
        "POST /v1/auto-invite/preview" => Ok(reply(200, &view::preview(&preview(app, &call).await?))),
        "GET /v1/auto-invite/runs" => {
            let page = runs(app, &call, inbound.query("cursor")).await?;
            let mut body = json!({"runs": page.runs.iter().map(view::run).collect::<Vec<Value>>()});
            if let Some(cursor) = page.next_cursor {
                body["next_cursor"] = Value::String(cursor);
            }
            Ok(reply(200, &body))
        }
        "GET /v1/audit" => {
            let page = audit(app, &call, asked.as_ref(), inbound.query("cursor")).await?;
            let mut body = json!({"events": page.events.iter().map(view::event).collect::<Vec<Value>>()});
            if let Some(cursor) = page.next_cursor {
                body["next_cursor"] = Value::String(cursor);
            }
            Ok(reply(200, &body))
        }
        "GET /v1/audit/verify" => {
            let verdict = audit_verify(app, &call, asked.as_ref()).await?;
            let mut body = json!({"intact": verdict.intact, "checked": verdict.checked});
            if let Some(first) = verdict.first_broken {
                body["first_broken"] = Value::String(first);
            }
            Ok(reply(200, &body))
        }
        _ => Err(Refusal::NotFound.into()),
    }
}

/// The period of a report. Both days are required.
fn period(inbound: &Inbound) -> Result<Period, Reject> {
    let day = |name: &str| {
        let text = inbound.query(name).ok_or_else(|| Reject::malformed(name, "required"))?;
        text.parse().map_err(|_| Reject::malformed(name, "invalid"))
    };
    Ok(Period { from: day("from")?, to: day("to")?, provider: inbound.query("provider").map(str::to_owned) })
}
