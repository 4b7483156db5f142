//! `print`: what is printed, as PDF: the letter of an invitation, up to a hundred letters in one file, and the
//! poster of the practice. And that a letter was handed over.

mod console;
mod paper;
mod words;

use portico_domain::model::ids::{LettersId, PatientId};
use portico_domain::model::practice::Settings;
use portico_domain::model::refusal::{Failure, FieldFault, Refusal};
use portico_domain::operations::staff::letters::{
    Printed, hand_over, letter, make_letters, poster, print_letters,
};
use portico_domain::ports::{
    ApiCalls, Chain, Commit, History, LetterFiles, Limits, Links, Logos, Patients, Practices,
};
use portico_domain::steps::api_call::ApiCall;
use portico_messages::Language;
use portico_web::desk::{Back, Said, back};
use portico_web::{Answer, App, Inbound, Reject, json as reply, pdf, problem, view};
use serde::Deserialize;
use serde_json::{Value, json};

use paper::{Format, Sheet, print};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct LettersRequest {
    patient_ids: Vec<String>,
}

/// Answers a request.
pub async fn handle<S>(app: &App<S>, inbound: Inbound) -> Answer
where
    S: ApiCalls + Limits + Practices + Patients + Links + LetterFiles + Logos + History + Chain + Commit,
{
    act(app, &inbound).await.unwrap_or_else(|reject| problem(&inbound, &reject))
}

async fn act<S>(app: &App<S>, inbound: &Inbound) -> Result<Answer, Reject>
where
    S: ApiCalls + Limits + Practices + Patients + Links + LetterFiles + Logos + History + Chain + Commit,
{
    let context = &app.context;
    let call = if inbound.is_console() { inbound.desk(context)? } else { inbound.staff()? };
    let patient = || PatientId::parse(inbound.param("patient_id")).map_err(|_| Refusal::NotFound);
    match inbound.action().as_str() {
        "GET /v1/patients/{patient_id}/invitations/current/letter.pdf" => {
            let format = format(inbound)?;
            let printed = letter(app, &call, &patient()?).await?;
            letters(app, &call, &printed, format, "letter.pdf").await
        }
        "POST /v1/patients/{patient_id}/invitations/current/handed-over" => {
            let (portal, caller) = hand_over(app, &call, &patient()?).await?;
            Ok(reply(200, &view::portal(&portal, &caller, &context.keyring, context.now())))
        }
        "POST /console/patients/letters" => console::make(app, inbound, &call).await,
        "POST /console/letters/{letters_id}/handed-over" => console::handed_over(app, inbound, &call).await,
        "GET /console/letters/{letters_id}" => {
            let printed = print_letters(app, &call, console::id(inbound)?).await?;
            letters(app, &call, &printed, Format::Letter, "letters.pdf").await
        }
        "GET /console/patients/{patient_id}/letter" => {
            let printed = letter(app, &call, &patient()?).await?;
            letters(app, &call, &printed, Format::Letter, "letter.pdf").await
        }
        "POST /console/patients/{patient_id}/handed-over" => {
            let id = patient()?;
            let (_, caller) = hand_over(app, &call, &id).await?;
            let said = Said::done(id.as_str(), "Recorded: the patient has the letter.");
            let to = format!("/console/patients/{id}");
            Ok(back(context, &caller.practice, &Back::default(), &to, &said))
        }
        "POST /v1/letters" => {
            let body: LettersRequest = inbound.body()?;
            let ids: Result<Vec<PatientId>, _> =
                body.patient_ids.iter().map(|id| PatientId::parse(id)).collect();
            let ids = ids.map_err(|_| Reject::fields(vec![FieldFault::of("patient_ids", "invalid")]))?;
            let made = make_letters(app, &call, &ids).await?;
            let refused: Vec<Value> = made
                .refused
                .iter()
                .map(|refused| json!({"patient_id": refused.patient, "reasons": refused.reasons}))
                .collect();
            Ok(reply(200, &json!({"letters_id": made.id, "made": made.made, "refused": refused})))
        }
        "GET /v1/letters/{file}" => {
            let id = inbound.param("file").strip_suffix(".pdf").and_then(|id| LettersId::parse(id).ok());
            let format = format(inbound)?;
            let printed = print_letters(app, &call, id.ok_or(Refusal::NotFound)?).await?;
            letters(app, &call, &printed, format, "letters.pdf").await
        }
        "GET /v1/posters/sign-up.pdf" => {
            let format = format(inbound)?;
            let practice = poster(app, &call).await?;
            let logo = logo(app, &call, &practice.settings).await?;
            let sheets = words::posters(&practice, logo.as_deref(), &context.base_url);
            file(&sheets, format, 2.0, "sign-up.pdf")
        }
        _ => Err(Refusal::NotFound.into()),
    }
}

/// The paper that was asked for; US letter if none was.
fn format(inbound: &Inbound) -> Result<Format, Reject> {
    match inbound.query("paper") {
        None | Some("letter") => Ok(Format::Letter),
        Some("a4") => Ok(Format::A4),
        Some(_) => Err(Reject::malformed("paper", "invalid")),
    }
}

/// The practice's logo, if it has one.
async fn logo<S: Logos>(
    app: &App<S>,
    call: &ApiCall,
    settings: &Settings,
) -> Result<Option<Vec<u8>>, Reject> {
    let Some(logo) = &settings.logo else { return Ok(None) };
    Ok(app.store.logo(&call.key.claimed, logo.file()).await.map_err(Failure::from)?)
}

async fn letters<S: Logos>(
    app: &App<S>,
    call: &ApiCall,
    printed: &Printed,
    format: Format,
    name: &'static str,
) -> Result<Answer, Reject> {
    let logo = logo(app, call, &printed.settings).await?;
    let mut sheets = Vec::new();
    for letter in &printed.letters {
        sheets.extend(
            words::letters(letter, &printed.settings, logo.as_deref(), &app.context)
                .ok_or(Refusal::LinkUnavailable)?,
        );
    }
    // Twelve points are the size that the layout is drawn for; no setting is larger than 18.
    let points = u16::try_from(printed.settings.letter_points).unwrap_or(12);
    file(&sheets, format, f32::from(points) / 12.0, name)
}

fn file(sheets: &[Sheet], format: Format, scale: f32, name: &'static str) -> Result<Answer, Reject> {
    match print(sheets, format, scale) {
        Ok(bytes) => Ok(pdf(bytes, name)),
        Err(error) => {
            tracing::error!(%error, "a PDF file can't be written");
            Err(Refusal::Conflict("nothing_to_print").into())
        }
    }
}

/// The language of a chart, or every language if it is not known.
fn languages(charted: Option<&str>) -> Vec<Language> {
    charted.and_then(Language::from_tag).map_or_else(|| Language::ALL.to_vec(), |language| vec![language])
}
