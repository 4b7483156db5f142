//! `onboard`: read operations of staff: one patient's portal status, the patients to look at, the audit
//! trail, whether the trail is complete, automatic invitations (what was sent, and who is next), and the report for
//! the quality measure.

mod list;
mod pages;
mod reports;
mod trail;

use portico_domain::context::Context;
use portico_domain::model::audit::Event;
use portico_domain::model::ids::PatientId;
use portico_domain::model::practice::Scope;
use portico_domain::model::refusal::Refusal;
use portico_domain::operations::staff::attention::{attention, by_patient};
use portico_domain::operations::staff::audit_trail::{audit, audit_verify};
use portico_domain::operations::staff::auto_invite::{preview, runs};
use portico_domain::operations::staff::list::{Listed, list_with_counts, summary};
use portico_domain::operations::staff::portal;
use portico_domain::operations::staff::report::{Period, electronic_access};
use portico_domain::ports::{
    ApiCalls, Attention, Chain, Commit, Directory, History, Limits, Measures, Patients, Practices, Roster,
    Runs, Waiting,
};
use portico_web::desk::{NoFields, desk_page, when};
use portico_web::{Answer, App, Inbound, Reject, csv, json as reply, listed, problem, see_other, view};
use serde_json::{Value, json};

use crate::pages::{CodePage, PatientPage, PatientsPage};

/// Answers a request.
pub async fn handle<S>(app: &App<S>, inbound: Inbound) -> Answer
where
    S: ApiCalls
        + Limits
        + Practices
        + Patients
        + History
        + Chain
        + Commit
        + Directory
        + Attention
        + Waiting
        + Runs
        + Measures
        + Roster,
{
    act(app, &inbound).await.unwrap_or_else(|reject| problem(&inbound, &reject))
}

async fn act<S>(app: &App<S>, inbound: &Inbound) -> Result<Answer, Reject>
where
    S: ApiCalls
        + Limits
        + Practices
        + Patients
        + History
        + Chain
        + Commit
        + Directory
        + Attention
        + Waiting
        + Runs
        + Measures
        + Roster,
{
    let action = inbound.action();
    if inbound.is_console() {
        return match action.as_str() {
            "GET /console/auto-invite" => reports::automatic(app, inbound).await,
            "GET /console/reports/electronic-access" => reports::measure(app, inbound).await,
            _ => console(app, inbound, &action).await,
        };
    }
    let call = inbound.staff()?;
    let context = &app.context;
    let asked =
        inbound.query("patient_id").map(PatientId::parse).transpose().map_err(|_| Refusal::NotFound)?;
    match action.as_str() {
        "GET /v1/patients/{patient_id}/portal" => {
            let patient = PatientId::parse(inbound.param("patient_id")).map_err(|_| Refusal::NotFound)?;
            let (portal, caller) = portal::portal_status(app, &call, &[Scope::ChartRead], &patient).await?;
            Ok(reply(200, &view::portal(&portal, &caller, &context.keyring, context.now())))
        }
        "GET /v1/onboarding" => {
            if inbound.query("attention") != Some("true") {
                return list::answer(app, inbound, &call).await;
            }
            let things = attention(app, &call).await?;
            let patients = by_patient(&things.all);
            let patients: Vec<Value> = patients
                .iter()
                .map(|(patient, causes)| view::attended(patient, causes, &things.settings))
                .collect();
            Ok(reply(200, &json!({"patients": patients})))
        }
        "GET /v1/onboarding/summary" => {
            let counts = summary(app, &call).await?;
            let counts: serde_json::Map<String, Value> = counts
                .into_iter()
                .map(|(status, count)| (status.as_str().to_owned(), count.into()))
                .collect();
            Ok(reply(200, &json!({"counts": counts})))
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
            let verdict = audit_verify(app, &call, asked.as_ref(), inbound.query("cursor")).await?;
            let mut body = json!({"intact": verdict.intact, "checked": verdict.checked});
            if let Some(cursor) = verdict.next_cursor {
                body["next_cursor"] = Value::String(cursor);
            }
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

/// What a sealed search is bound to.
const SEARCH: &[u8] = b"console search";

/// Answers a request of the Onboarding Tool.
async fn console<S>(app: &App<S>, inbound: &Inbound, action: &str) -> Result<Answer, Reject>
where
    S: ApiCalls + Limits + Practices + History + Chain + Commit + Directory + Waiting + Roster,
{
    let context = &app.context;
    let call = inbound.desk(context)?;
    match action {
        // The words stand in no address: browsers on a shared desk keep a history.
        "POST /console/patients/search" => {
            let words = inbound.form_values("q").into_iter().next().unwrap_or_default();
            let words: String = words.trim().chars().take(100).collect();
            if words.is_empty() {
                return Ok(see_other("/console/patients"));
            }
            let sealed = context.keyring.seal_json(SEARCH, &words, &*context.entropy);
            Ok(see_other(&format!("/console/patients?all=yes&v={sealed}")))
        }
        "POST /console/patients/download" => {
            let (NoFields {}, _) = inbound.desk_form::<NoFields>()?;
            let (listed, _) = shown_list(inbound, context)?;
            list::export(app, &call, listed).await
        }
        "GET /console/patients" => {
            let (listed, sought) = shown_list(inbound, context)?;
            let (page, counts) = list_with_counts(app, &call, &listed).await?;
            if let (Some(_), [(only, _)], None) = (&sought, &page.rows[..], &page.next_cursor) {
                return Ok(see_other(&format!("/console/patients/{}", only.id)));
            }
            let shown = PatientsPage::new(inbound, context, &listed, &page, &counts, sought.as_deref());
            Ok(desk_page(200, &shown))
        }
        "GET /console/patients/{patient_id}" | "GET /console/patients/{patient_id}/code" => {
            let patient = PatientId::parse(inbound.param("patient_id")).map_err(|_| Refusal::NotFound)?;
            let code = action.ends_with("/code");
            if code {
                let (portal, caller) = portal::show_access_code(app, &call, &patient).await?;
                let page = CodePage::new(inbound, context, &portal, &caller).ok_or(Refusal::NotFound)?;
                return Ok(desk_page(200, &page));
            }
            let (portal, caller, events) = portal::portal_with_trail(app, &call, &patient, EVENTS).await?;
            let zone = portal.settings.zone();
            let line = |event: &Event| (trail::sentence(event), when(event.at, context.now(), &zone));
            let events = events.iter().map(line).collect();
            Ok(desk_page(200, &PatientPage::new(inbound, context, &portal, &caller, events)))
        }
        _ => Err(Refusal::NotFound.into()),
    }
}

/// The list that a page's address names, and what was searched for. It opens with those who are not in yet.
fn shown_list(inbound: &Inbound, context: &Context) -> Result<(Listed, Option<String>), Reject> {
    let mut listed = listed(|name| inbound.queries(name).map(str::to_owned).collect())?;
    let sought: Option<String> =
        inbound.query("v").and_then(|sealed| context.keyring.open_json(SEARCH, sealed));
    listed.q.clone_from(&sought);
    if listed.statuses.is_empty() && inbound.query("all").is_none() {
        listed.statuses = pages::NOT_IN.to_vec();
    }
    Ok((listed, sought))
}

/// Events of a patient that the page shows.
const EVENTS: usize = 20;
