//! Letters of many, as staff make them in the Onboarding Tool: the page says who has one and who has none and why, and is
//! the way to the file.

use std::collections::BTreeMap;

use askama::Template;
use portico_domain::context::Context;
use portico_domain::model::chart::Chart;
use portico_domain::model::ids::{LettersId, PatientId};
use portico_domain::model::letters::{LETTERS, Letters};
use portico_domain::model::patient::Reason;
use portico_domain::model::practice::{Scope, Settings};
use portico_domain::model::refusal::{Failure, Refusal};
use portico_domain::operations::staff::desk::desk;
use portico_domain::operations::staff::letters::{hand_over_all, make_letters};
use portico_domain::ports::{ApiCalls, Chain, Commit, LetterFiles, Limits, Links, Patients, Practices};
use portico_domain::steps::api_call::{ApiCall, Caller};
use portico_domain::steps::charts::charts_of;
use portico_web::desk::{Back, Desk, Said, back, cure, desk_page, list_name};
use portico_web::{Answer, App, Inbound, Language, Reject, reason_detail};

/// A patient without a letter.
struct Without {
    id: String,
    name: String,
    why: String,
}

#[derive(Template)]
#[template(path = "letters.html")]
struct LettersPage {
    desk: Desk,
    id: String,
    made: Vec<String>,
    without: Vec<Without>,
}

impl LettersPage {
    fn new(
        inbound: &Inbound,
        context: &Context,
        (caller, settings): &(Caller, Settings),
        letters: &Letters,
        charts: &BTreeMap<PatientId, Chart>,
    ) -> Self {
        let name = |id: &PatientId| charts.get(id).map_or_else(|| id.to_string(), list_name);
        let sentence = |code: &String| match code.as_str() {
            "not_found" => "No such chart".to_owned(),
            "revoked" => "Access was taken away: give it back on the patient's page".to_owned(),
            code => match serde_json::from_value::<Reason>(code.into()) {
                Ok(reason) => cure(reason).0.to_owned(),
                Err(_) => reason_detail(code, Language::English).unwrap_or(code).to_owned(),
            },
        };
        let without = letters.refused.iter().map(|refused| Without {
            id: refused.patient.to_string(),
            name: name(&refused.patient),
            why: refused.reasons.iter().map(sentence).collect::<Vec<_>>().join(". "),
        });
        Self {
            desk: Desk::of(inbound, context, settings, caller),
            id: letters.id.to_string(),
            made: letters.made.iter().map(name).collect(),
            without: without.collect(),
        }
    }
}

pub(crate) fn id(inbound: &Inbound) -> Result<LettersId, Refusal> {
    LettersId::parse(inbound.param("letters_id")).map_err(|_| Refusal::NotFound)
}

/// Makes letters for the patients that were ticked, and shows who has one.
pub(crate) async fn make<S>(app: &App<S>, inbound: &Inbound, call: &ApiCall) -> Result<Answer, Reject>
where
    S: ApiCalls + Limits + Practices + Patients + Links + LetterFiles + Chain + Commit,
{
    let ticked = inbound.form_values("patient_ids");
    let problem = match ticked.len() {
        0 => Some("Tick somebody first.".to_owned()),
        count if count > LETTERS => Some(format!("{LETTERS} letters are the most at a time.")),
        _ => None,
    };
    if let Some(problem) = problem {
        let said = Said::not_done_on_top(problem);
        let form_back = inbound.desk_back();
        return Ok(back(&app.context, &call.key.claimed, &form_back, "/console/patients", &said));
    }
    let ids: Result<Vec<PatientId>, _> = ticked.iter().map(|id| PatientId::parse(id)).collect();
    let ids = ids.map_err(|_| Reject::malformed("patient_ids", "invalid_id"))?;
    let frame = desk(app, call, &[Scope::Invite, Scope::ChartRead]).await?;
    let letters = make_letters(app, call, &ids).await?;
    let charts = charts_of(&app.store, &frame.0.practice, &ids).await.map_err(Failure::from)?;
    Ok(desk_page(200, &LettersPage::new(inbound, &app.context, &frame, &letters, &charts)))
}

/// Records that all of these letters were given to the patients.
pub(crate) async fn handed_over<S>(app: &App<S>, inbound: &Inbound, call: &ApiCall) -> Result<Answer, Reject>
where
    S: ApiCalls + Limits + Practices + Patients + LetterFiles + Chain + Commit,
{
    let (count, caller) = hand_over_all(app, call, id(inbound)?).await?;
    let patients = if count == 1 {
        "1 patient has the letter".to_owned()
    } else {
        format!("{count} patients have their letters")
    };
    let said = Said::done_on_top(format!("Recorded: {patients}."));
    Ok(back(&app.context, &caller.practice, &Back::default(), "/console/patients", &said))
}
