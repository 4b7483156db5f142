//! `console`: opens the Onboarding Tool for a staff member, shows what needs a person today, and closes the tool. The
//! tool's other pages belong to the functions whose operations they call.

mod pages;

use portico_domain::model::ids::{Actor, PatientId};
use portico_domain::model::person::Line;
use portico_domain::model::practice::Scope;
use portico_domain::model::refusal::{FieldFault, Refusal};
use portico_domain::operations::staff::attention::{attention, leave, today as look_at_today};
use portico_domain::operations::staff::console::{
    Wanted, close_console, launched, offer_launch, open_console,
};
use portico_domain::ports::{
    ApiCalls, Attention, Chain, Commit, History, Limits, Measures, Patients, Practices, Roster,
};
use portico_web::desk::{Back, Said, assets, back, desk_page, desk_problem};
use portico_web::{
    Answer, App, Inbound, Reject, clear_console, forget_site, json, no_content, problem, see_other,
    set_console, view,
};
use serde::Deserialize;
use serde_json::{Map, Value, json as object};

use crate::pages::{ClosedPage, LaunchPage, TodayPage};

/// Days ahead for which the page shows who comes and is not in yet.
const DAYS_AHEAD: i64 = 3;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct LaunchRequest {
    actor: Option<String>,
    actor_name: Option<String>,
    scopes: Option<Vec<Scope>>,
    patient_id: Option<String>,
}

/// Answers a request.
pub async fn handle<S>(app: &App<S>, inbound: Inbound) -> Answer
where
    S: ApiCalls + Limits + Practices + Patients + History + Attention + Measures + Roster + Chain + Commit,
{
    let answer = match inbound.action().as_str() {
        "POST /v1/console/sessions" => launch(app, &inbound).await,
        "GET /v1/attention" => list(app, &inbound).await,
        "POST /v1/attention/{attention_id}/leave" => leave_one(app, &inbound).await,
        "GET /console/launch/{token}" => show_launch(app, &inbound).await,
        "POST /console/launch/{token}" => open(app, &inbound).await,
        "GET /console" => today(app, &inbound).await,
        "POST /console/attention/{attention_id}/leave" => leave_from_page(app, &inbound).await,
        "POST /console/close" => close(app, &inbound).await,
        "GET /console/assets/{file}" => Ok(assets(inbound.param("file"))
            .unwrap_or_else(|| desk_problem(&inbound, &Refusal::NotFound.into()))),
        _ => Err(Refusal::NotFound.into()),
    };
    answer.unwrap_or_else(|reject| problem(&inbound, &reject))
}

async fn launch<S: ApiCalls + Limits>(app: &App<S>, inbound: &Inbound) -> Result<Answer, Reject> {
    let mut call = inbound.staff()?;
    let body: LaunchRequest = inbound.body()?;
    let mut faults = Vec::new();
    // The staff member may be named in the body or in the header, as for every other call.
    if let Some(actor) = body.actor {
        match Actor::parse(&actor) {
            Ok(actor) => call.actor = Some(actor),
            Err(_) => faults.push(FieldFault::of("actor", "invalid")),
        }
    }
    let name = body.actor_name.as_deref().map(Line::parse).transpose();
    let actor_name = name.unwrap_or_else(|invalid| {
        faults.push(FieldFault::of("actor_name", invalid.0));
        None
    });
    let patient = body.patient_id.as_deref().map(PatientId::parse).transpose();
    let patient = patient.map_err(|_| Refusal::NotFound)?;
    if !faults.is_empty() {
        return Err(Reject::fields(faults));
    }
    let offered = offer_launch(app, &call, Wanted { actor_name, scopes: body.scopes, patient }).await?;
    Ok(json(201, &object!({"url": offered.url, "expires_at": offered.expires_at.to_string()})))
}

async fn show_launch<S: Practices>(app: &App<S>, inbound: &Inbound) -> Result<Answer, Reject> {
    let token = inbound.param("token");
    let (launch, practice) = launched(app, token).await?;
    Ok(desk_page(200, &LaunchPage::new(&launch, &practice, token)))
}

async fn open<S>(app: &App<S>, inbound: &Inbound) -> Result<Answer, Reject>
where
    S: ApiCalls + Practices + Chain + Commit,
{
    inbound.same_site(&app.context.base_url)?;
    let opened = open_console(app, inbound.param("token")).await?;
    let to = opened.patient.map_or_else(|| "/console".to_owned(), |id| format!("/console/patients/{id}"));
    let mut answer = see_other(&to);
    set_console(&mut answer, &opened.cookie);
    Ok(answer)
}

async fn close<S: Commit>(app: &App<S>, inbound: &Inbound) -> Result<Answer, Reject> {
    let call = inbound.desk(&app.context)?;
    close_console(app, &call).await?;
    let mut answer = desk_page(200, &ClosedPage::new());
    clear_console(&mut answer);
    forget_site(&mut answer);
    Ok(answer)
}

async fn list<S>(app: &App<S>, inbound: &Inbound) -> Result<Answer, Reject>
where
    S: ApiCalls + Limits + Practices + Patients + History + Attention + Measures,
{
    let things = attention(app, &inbound.staff()?).await?;
    let mut counts: Map<String, Value> = Map::new();
    for thing in &things.all {
        let count = counts.get(thing.cause.code()).and_then(Value::as_u64).unwrap_or_default();
        counts.insert(thing.cause.code().to_owned(), (count + 1).into());
    }
    let now = app.context.now();
    let items: Vec<Value> = things.all.iter().map(|thing| view::thing(thing, &things.caller, now)).collect();
    Ok(json(200, &object!({"items": items, "counts": counts})))
}

async fn leave_one<S>(app: &App<S>, inbound: &Inbound) -> Result<Answer, Reject>
where
    S: ApiCalls + Limits + Chain + Commit,
{
    leave(app, &inbound.staff()?, inbound.param("attention_id")).await?;
    Ok(no_content())
}

async fn leave_from_page<S>(app: &App<S>, inbound: &Inbound) -> Result<Answer, Reject>
where
    S: ApiCalls + Limits + Chain + Commit,
{
    let call = inbound.desk(&app.context)?;
    let (caller, patient) = leave(app, &call, inbound.param("attention_id")).await?;
    let name = patient.chart.full_name();
    let said = Said::done_on_top(format!("{name} is off this list until something new happens."));
    Ok(back(&app.context, &caller.practice, &Back::default(), "/console", &said))
}

async fn today<S>(app: &App<S>, inbound: &Inbound) -> Result<Answer, Reject>
where
    S: ApiCalls + Limits + Practices + Patients + History + Attention + Measures + Roster,
{
    let context = &app.context;
    let call = inbound.desk(context)?;
    let until = context.now().plus_hours(24 * DAYS_AHEAD);
    let (things, coming) = look_at_today(app, &call, until).await?;
    Ok(desk_page(200, &TodayPage::new(inbound, context, &things, &coming)))
}
