//! `request-access`: counts and queues the requests of strangers. It looks nothing up, so it can reveal
//! nothing: the answer is the same for every input.

use portico_domain::model::access_request::{Ask, RequestFacts};
use portico_domain::model::grant::Relationship;
use portico_domain::model::ids::PracticeId;
use portico_domain::model::person::{BirthDate, Email, Line, Name, Phone, PostalCode};
use portico_domain::model::refusal::{FieldFault, Refusal};
use portico_domain::model::representative_request::AccessAsked;
use portico_domain::operations::visitor::request_access::request;
use portico_domain::ports::{Enqueue, Limits};
use portico_domain::time::Timestamp;
use portico_web::{
    Answer, App, Asking, Frame, Inbound, Reject, dead_end, json as reply, optional_field, required_field,
    see_other,
};
use serde::Deserialize;
use serde_json::json;

/// Longest user name that is accepted, in bytes.
const LONGEST: usize = 400;

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct FactsRequest {
    email: Option<String>,
    family_name: Option<String>,
    birth_date: Option<String>,
    postal_code: Option<String>,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct PasswordRequest {
    username: Option<String>,
    email: Option<String>,
    family_name: Option<String>,
    birth_date: Option<String>,
    postal_code: Option<String>,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct UsernameRequest {
    email: Option<String>,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct AccessRequest {
    given_name: Option<String>,
    family_name: Option<String>,
    email: Option<String>,
    mobile_phone: Option<String>,
    relationship: Option<String>,
    patient_given_name: Option<String>,
    patient_family_name: Option<String>,
    patient_birth_date: Option<String>,
    message: Option<String>,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct RenewRequest {}

/// Answers a request.
pub async fn handle<S, Q>(app: &App<S>, queue: &Q, inbound: Inbound) -> Answer
where
    S: Limits,
    Q: Enqueue,
{
    let answer = match inbound.action().as_str() {
        "POST /{practice}/sign-up" => ask(app, queue, &inbound, Asking::SignUp).await,
        "POST /{practice}/forgot-password" => ask(app, queue, &inbound, Asking::ForgotPassword).await,
        "POST /{practice}/forgot-username" => ask(app, queue, &inbound, Asking::ForgotUsername).await,
        "POST /{practice}/ask-for-access" => ask(app, queue, &inbound, Asking::Access).await,
        "POST /i/{token}/renew" => renew(app, queue, &inbound).await,
        _ => Err(Refusal::NotFound.into()),
    };
    answer.unwrap_or_else(|reject| dead_end(&inbound, None, &reject))
}

async fn ask<S: Limits, Q: Enqueue>(
    app: &App<S>,
    queue: &Q,
    inbound: &Inbound,
    asking: Asking,
) -> Result<Answer, Reject> {
    inbound.same_site(&app.context.base_url)?;
    let practice = PracticeId::parse(inbound.param("practice")).map_err(|_| Refusal::NotFound)?;
    let now = app.context.now();
    let wanted = match asking {
        Asking::SignUp => {
            facts(&inbound.body::<FactsRequest>()?, now).map(|facts| Ask::SignUp(practice.clone(), facts))
        }
        Asking::ForgotPassword => {
            let body: PasswordRequest = inbound.body()?;
            let PasswordRequest { username, .. } = &body;
            let given = username.as_deref().filter(|name| !name.trim().is_empty());
            match (given, body.has_no_facts()) {
                (None, false) => {
                    facts(&body.facts(), now).map(|facts| Ask::ForgotPasswordByFacts(practice.clone(), facts))
                }
                (name, _) => name_of(name).map(|name| Ask::ForgotPassword(practice.clone(), name)),
            }
        }
        Asking::ForgotUsername => {
            let body: UsernameRequest = inbound.body()?;
            let mut faults = Vec::new();
            let email = required_field(&mut faults, "email", body.email.as_deref(), Email::parse);
            email.map(|email| Ask::ForgotUsername(practice.clone(), email)).ok_or(faults)
        }
        Asking::Access => {
            let asked = access(&inbound.body::<AccessRequest>()?, now);
            asked.map(|asked| Ask::Access(practice.clone(), Box::new(asked)))
        }
    };
    match wanted {
        Ok(wanted) => {
            request(app, queue, &inbound.peer, wanted).await?;
            if !inbound.wants_page() {
                return Ok(reply(202, &json!({})));
            }
            let lang = Frame::nameless(inbound).lang();
            let note = if asking == Asking::Access { "&note=access" } else { "" };
            Ok(see_other(&format!("/{practice}/sent?lang={lang}{note}")))
        }
        Err(faults) if inbound.wants_page() => Ok(asking.refuse(inbound, &app.context, &practice, faults)),
        Err(faults) => Err(Reject::fields(faults)),
    }
}

async fn renew<S: Limits, Q: Enqueue>(app: &App<S>, queue: &Q, inbound: &Inbound) -> Result<Answer, Reject> {
    inbound.same_site(&app.context.base_url)?;
    if inbound.has_body() {
        inbound.body::<RenewRequest>()?;
    }
    // 64 characters are more than any token of ours has, and short enough for the queue in any encoding.
    let token: String = inbound.param("token").chars().take(64).collect();
    request(app, queue, &inbound.peer, Ask::Renew(token)).await?;
    if inbound.wants_page() {
        let lang = Frame::nameless(inbound).lang();
        // The same address whatever the link was.
        return Ok(see_other(&format!("/i/sent?lang={lang}")));
    }
    Ok(reply(202, &json!({})))
}

/// What a representative says about themselves and the patient, or all faults.
fn access(body: &AccessRequest, now: Timestamp) -> Result<AccessAsked, Vec<FieldFault>> {
    let mut faults = Vec::new();
    let given_name = required_field(&mut faults, "given_name", body.given_name.as_deref(), Name::parse);
    let family_name = required_field(&mut faults, "family_name", body.family_name.as_deref(), Name::parse);
    let email = optional_field(&mut faults, "email", body.email.as_deref(), Email::parse);
    let mobile_phone =
        optional_field(&mut faults, "mobile_phone", body.mobile_phone.as_deref(), Phone::parse);
    let is_empty = |text: &Option<String>| text.as_deref().is_none_or(|text| text.trim().is_empty());
    if is_empty(&body.email) && is_empty(&body.mobile_phone) {
        faults.push(FieldFault::of("mobile_phone", "required"));
    }
    let relationship = match body.relationship.as_deref().unwrap_or_default() {
        "parent" => Some(Relationship::Parent),
        "guardian" => Some(Relationship::Guardian),
        "spouse" => Some(Relationship::Spouse),
        "other" => Some(Relationship::Other),
        _ => {
            faults.push(FieldFault::of("relationship", "required"));
            None
        }
    };
    let read_name =
        |faults: &mut Vec<FieldFault>, field, text| required_field(faults, field, text, Name::parse);
    let patient_given_name = read_name(&mut faults, "patient_given_name", body.patient_given_name.as_deref());
    let patient_family_name =
        read_name(&mut faults, "patient_family_name", body.patient_family_name.as_deref());
    let patient_birth_date =
        required_field(&mut faults, "patient_birth_date", body.patient_birth_date.as_deref(), |text| {
            BirthDate::parse(text, now)
        });
    let message = optional_field(&mut faults, "message", body.message.as_deref(), Line::parse);
    let names = given_name.zip(family_name).zip(patient_given_name.zip(patient_family_name));
    match names.zip(relationship.zip(patient_birth_date)) {
        Some((((given_name, family_name), (patient_given_name, patient_family_name)), rest))
            if faults.is_empty() =>
        {
            let (relationship, patient_birth_date) = rest;
            Ok(AccessAsked {
                given_name,
                family_name,
                relationship,
                email,
                mobile_phone,
                patient_given_name,
                patient_family_name,
                patient_birth_date,
                message,
            })
        }
        _ => Err(faults),
    }
}

fn name_of(name: Option<&str>) -> Result<String, Vec<FieldFault>> {
    match name.map(str::trim) {
        None | Some("") => Err(vec![FieldFault::of("username", "required")]),
        Some(name) => Ok(name.chars().take(LONGEST / 4).collect()),
    }
}

impl PasswordRequest {
    fn has_no_facts(&self) -> bool {
        let facts = [&self.email, &self.family_name, &self.birth_date, &self.postal_code];
        facts.iter().all(|fact| fact.is_none())
    }

    fn facts(self) -> FactsRequest {
        FactsRequest {
            email: self.email,
            family_name: self.family_name,
            birth_date: self.birth_date,
            postal_code: self.postal_code,
        }
    }
}

fn facts(body: &FactsRequest, now: Timestamp) -> Result<RequestFacts, Vec<FieldFault>> {
    let mut faults = Vec::new();
    let email = required_field(&mut faults, "email", body.email.as_deref(), Email::parse);
    let family_name = required_field(&mut faults, "family_name", body.family_name.as_deref(), Name::parse);
    let birth_date = required_field(&mut faults, "birth_date", body.birth_date.as_deref(), |text| {
        BirthDate::parse(text, now)
    });
    let postal_code =
        required_field(&mut faults, "postal_code", body.postal_code.as_deref(), PostalCode::parse);
    let all = email.zip(family_name).zip(birth_date).zip(postal_code);
    all.map(|(((email, family_name), birth_date), postal_code)| RequestFacts {
        email,
        family_name,
        birth_date,
        postal_code,
    })
    .ok_or(faults)
}
