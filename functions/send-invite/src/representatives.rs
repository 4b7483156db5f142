//! The pages on which staff invite a representative and renew by what right one acts.

use askama::Template;
use portico_domain::context::Context;
use portico_domain::model::access_review::Stage;
use portico_domain::model::auto_invite::day;
use portico_domain::model::chart::Contact;
use portico_domain::model::grant::{AuthorityKind, Level, Relationship};
use portico_domain::model::ids::{AccountId, LinkId, PatientId};
use portico_domain::model::person::{Email, Phone, spoken};
use portico_domain::model::practice::Scope;
use portico_domain::model::refusal::{Failure, FieldFault, Refusal};
use portico_domain::operations::staff::authority::set_authority;
use portico_domain::operations::staff::portal::portal_status;
use portico_domain::operations::staff::send_invite::invite_representative;
use portico_domain::operations::staff::sync_chart;
use portico_domain::ports::{
    ApiCalls, Chain, Commit, Directory, History, Limits, Links, Patients, Practices,
};
use portico_domain::steps::api_call::Caller;
use portico_domain::steps::chart_change::PatientWithCare;
use portico_domain::steps::portal_status::PortalStatus;
use portico_web::desk::{Desk, Said, back, desk_page, refused};
use portico_web::{
    Answer, App, AuthorityRequest, Inbound, Language, Reject, RepresentativeRequest, field_detail, phone,
};
use serde::Deserialize;

use crate::words::{KINDS, sent};
use crate::{patient, same_contact};

/// Rights on the form: the patient's name and contacts are on it.
const FORM: [Scope; 2] = [Scope::Invite, Scope::ChartRead];

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RepresentativeForm {
    given_name: Option<String>,
    family_name: Option<String>,
    relationship: Option<Relationship>,
    email: Option<String>,
    mobile_phone: Option<String>,
    level: Option<Level>,
    kind: Option<AuthorityKind>,
    reference: Option<String>,
    until: Option<String>,
    checked: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct AuthorityForm {
    kind: Option<AuthorityKind>,
    reference: Option<String>,
    until: Option<String>,
    checked: Option<String>,
}

/// Why a form was not carried out: a field, and a sentence.
struct Problem {
    field: String,
    sentence: String,
}

/// The problems of a form, in words.
fn problems(faults: &[FieldFault]) -> Vec<Problem> {
    let one = |fault: &FieldFault| {
        let field = fault.pointer.rsplit('/').next().unwrap_or_default().to_owned();
        let label = match field.as_str() {
            "given_name" => "First name",
            "family_name" => "Last name",
            "relationship" => "Relationship",
            "email" => "Email",
            "mobile_phone" => "Cell phone",
            "kind" => "By what right",
            "reference" => "Paper",
            "until" => "Until",
            _ => "",
        };
        let sentence = match (field.as_str(), fault.code) {
            ("checked", _) => "Check who this is first, then tick the box.".to_owned(),
            ("email", "required") => "Type an email or a cell phone.".to_owned(),
            (_, code) => format!("{label}: {}", field_detail(code, Language::English)),
        };
        Problem { field, sentence }
    };
    faults.iter().map(one).collect()
}

fn unchecked() -> FieldFault {
    FieldFault::of("checked", "required")
}

/// One choice of a select.
struct Choice {
    value: &'static str,
    label: &'static str,
    is_chosen: bool,
}

fn kinds(chosen: &str) -> Vec<Choice> {
    let one = |(kind, label): (AuthorityKind, _)| Choice {
        value: kind.as_str(),
        label,
        is_chosen: kind.as_str() == chosen,
    };
    KINDS.into_iter().map(one).collect()
}

#[derive(Template)]
#[template(path = "representative.html")]
struct RepresentativePage {
    desk: Desk,
    id: String,
    name: String,
    is_minor: bool,
    contacts: Vec<String>,
    problems: Vec<Problem>,
    given_name: String,
    family_name: String,
    relationships: Vec<Choice>,
    email: String,
    mobile_phone: String,
    is_limited: bool,
    kinds: Vec<Choice>,
    reference: String,
    until: String,
}

/// The first of `texts` that is there.
fn first(texts: [Option<String>; 2]) -> String {
    texts.into_iter().flatten().next().unwrap_or_default()
}

/// A contact's relationship in our words, as far as the EHR's say it.
fn relationship(contact: &Contact) -> Option<Relationship> {
    let text = contact.relationship.reveal().to_lowercase();
    let says = |words: &[&str]| words.iter().any(|word| text.contains(word));
    if says(&["mother", "father", "parent"]) && !says(&["grand"]) {
        Some(Relationship::Parent)
    } else if says(&["guardian"]) {
        Some(Relationship::Guardian)
    } else if says(&["spouse", "wife", "husband", "partner"]) {
        Some(Relationship::Spouse)
    } else {
        None
    }
}

impl RepresentativePage {
    fn new(
        inbound: &Inbound,
        context: &Context,
        charted: &PatientWithCare,
        caller: &Caller,
        faults: &[FieldFault],
    ) -> Self {
        let PatientWithCare { patient, care, settings } = charted;
        let all = care.as_ref().map(|care| care.contacts.as_slice()).unwrap_or_default();
        let chosen = inbound.query("contact").and_then(|number| all.get(number.parse::<usize>().ok()?));
        let typed = |name: &str| inbound.form_values(name).into_iter().next();
        let relationship = first([
            typed("relationship"),
            chosen.and_then(relationship).map(|relationship| relationship.as_str().to_owned()),
        ]);
        let relationships = [
            ("", "Choose"),
            ("parent", "Parent"),
            ("guardian", "Guardian"),
            ("spouse", "Spouse"),
            ("other", "Somebody else"),
        ];
        let number = chosen.and_then(|contact| contact.phone.as_ref());
        let is_minor = Stage::of(patient, settings, day(context.now(), settings)) != Stage::Adult;
        let kind = if is_minor { "parent" } else { "patient_choice" };
        Self {
            desk: Desk::of(inbound, context, settings, caller),
            id: patient.id.to_string(),
            name: patient.chart.full_name(),
            is_minor,
            contacts: all
                .iter()
                .map(|contact| {
                    let name = spoken(&contact.given_name, &contact.family_name);
                    format!("{name}, {}", contact.relationship.reveal().to_lowercase())
                })
                .collect(),
            problems: problems(faults),
            given_name: first([
                typed("given_name"),
                chosen.map(|contact| contact.given_name.reveal().to_owned()),
            ]),
            family_name: first([
                typed("family_name"),
                chosen.map(|contact| contact.family_name.reveal().to_owned()),
            ]),
            relationships: relationships
                .into_iter()
                .map(|(value, label)| Choice { value, label, is_chosen: value == relationship })
                .collect(),
            email: first([
                typed("email"),
                chosen
                    .and_then(|contact| contact.email.as_ref())
                    .map(|email| Email::reveal(email).to_owned()),
            ]),
            mobile_phone: first([typed("mobile_phone"), number.and_then(Phone::dialable).map(phone)]),
            is_limited: typed("level").as_deref() == Some("limited"),
            kinds: kinds(&first([typed("kind"), Some(kind.to_owned())])),
            reference: first([typed("reference"), None]),
            until: first([typed("until"), None]),
        }
    }
}

#[derive(Template)]
#[template(path = "authority.html")]
struct AuthorityPage {
    desk: Desk,
    id: String,
    account: String,
    name: String,
    who: String,
    problems: Vec<Problem>,
    kinds: Vec<Choice>,
    reference: String,
    until: String,
}

impl AuthorityPage {
    fn new(
        inbound: &Inbound,
        context: &Context,
        (portal, caller): &(PortalStatus, Caller),
        account: AccountId,
        faults: &[FieldFault],
    ) -> Result<Self, Refusal> {
        let PortalStatus { patient, settings, accounts, .. } = portal;
        let account = accounts.iter().find(|known| known.id == account).ok_or(Refusal::NotFound)?;
        let grant = account.grant(&patient.id).ok_or(Refusal::NotFound)?;
        let typed = |name: &str| inbound.form_values(name).into_iter().next();
        let known = grant.authority.as_ref();
        Ok(Self {
            desk: Desk::of(inbound, context, settings, caller),
            id: patient.id.to_string(),
            account: account.id.to_string(),
            name: patient.chart.full_name(),
            who: account.holder_name(),
            problems: problems(faults),
            kinds: kinds(&first([typed("kind"), known.map(|known| known.kind.as_str().to_owned())])),
            reference: first([
                typed("reference"),
                known.and_then(|known| known.reference.as_ref()).map(|paper| paper.reveal().to_owned()),
            ]),
            until: first([
                typed("until"),
                known.and_then(|known| known.until).map(|until| until.to_string()),
            ]),
        })
    }
}

/// Answers a request for one of these pages.
pub(crate) async fn answer<S>(app: &App<S>, inbound: &Inbound, action: &str) -> Result<Answer, Reject>
where
    S: ApiCalls + Limits + Chain + Practices + Links + History + Directory + Patients + Commit,
{
    let context = &app.context;
    let call = inbound.desk(context)?;
    let patient = patient(inbound)?;
    let account = || AccountId::parse(inbound.param("account_id")).map_err(|_| Refusal::NotFound);
    match action {
        "GET /console/patients/{patient_id}/representatives" if inbound.query("also").is_some() => {
            let invitation = LinkId::parse(inbound.query("also").unwrap_or_default());
            let invitation = invitation.map_err(|_| Refusal::NotFound)?;
            same_contact::show(app, inbound, &call, &patient, invitation).await
        }
        "GET /console/patients/{patient_id}/representatives" => {
            // Whoever may not invite has no use for the form.
            portal_status(app, &call, &FORM, &patient).await?;
            let (charted, caller) = sync_chart::get(app, &call, &patient).await?;
            Ok(desk_page(200, &RepresentativePage::new(inbound, context, &charted, &caller, &[])))
        }
        "POST /console/patients/{patient_id}/representatives" => add(app, inbound, &patient).await,
        "GET /console/patients/{patient_id}/representatives/{account_id}/authority" => {
            let portal = portal_status(app, &call, &FORM, &patient).await?;
            Ok(desk_page(200, &AuthorityPage::new(inbound, context, &portal, account()?, &[])?))
        }
        "POST /console/patients/{patient_id}/representatives/{account_id}/authority" => {
            renew(app, inbound, &patient, account()?).await
        }
        _ => Err(Refusal::NotFound.into()),
    }
}

async fn add<S>(app: &App<S>, inbound: &Inbound, patient: &PatientId) -> Result<Answer, Reject>
where
    S: ApiCalls + Limits + Chain + Practices + Links + Directory + Patients + Commit,
{
    let context = &app.context;
    let call = inbound.desk(context)?;
    let (form, form_back) = inbound.desk_form::<RepresentativeForm>()?;
    let is_checked = form.checked.is_some();
    let authority =
        AuthorityRequest { kind: form.kind, reference: form.reference, checked_by: None, until: form.until };
    let request = RepresentativeRequest {
        given_name: form.given_name,
        family_name: form.family_name,
        relationship: form.relationship,
        email: form.email,
        mobile_phone: form.mobile_phone,
        level: form.level,
        authority: Some(authority),
        channel: None,
    };
    let faults = match request.parse(patient.clone()) {
        Ok(offering) if is_checked => {
            return Ok(match invite_representative(app, &call, &offering).await {
                Ok(done) => {
                    if let Some(answer) = same_contact::lead_to(app, &done).await? {
                        return Ok(answer);
                    }
                    let said = Said::done(patient.as_str(), sent(&done.link, done.replaced));
                    let to = format!("/console/patients/{patient}");
                    back(context, &done.caller.practice, &form_back, &to, &said)
                }
                Err(failure) => {
                    refused(inbound, context, &call.key.claimed, &form_back, patient.as_str(), failure)
                }
            });
        }
        Ok(_) => vec![unchecked()],
        Err(mut faults) => {
            faults.extend((!is_checked).then(unchecked));
            faults
        }
    };
    let (charted, caller) = sync_chart::get(app, &call, patient).await?;
    Ok(desk_page(400, &RepresentativePage::new(inbound, context, &charted, &caller, &faults)))
}

async fn renew<S>(
    app: &App<S>,
    inbound: &Inbound,
    patient: &PatientId,
    account: AccountId,
) -> Result<Answer, Reject>
where
    S: ApiCalls + Limits + Practices + History + Commit,
{
    let context = &app.context;
    let call = inbound.desk(context)?;
    let (form, form_back) = inbound.desk_form::<AuthorityForm>()?;
    let request =
        AuthorityRequest { kind: form.kind, reference: form.reference, checked_by: None, until: form.until };
    let faults = match request.parse() {
        Ok(authority) if form.checked.is_some() => {
            match set_authority(app, &call, patient, account, &authority).await {
                Ok((_, caller)) => {
                    let to = format!("/console/patients/{patient}");
                    let said = Said::done(patient.as_str(), "Recorded.");
                    return Ok(back(context, &caller.practice, &form_back, &to, &said));
                }
                Err(Failure::Refused(Refusal::BadRequest(faults))) => faults,
                Err(failure) => {
                    let practice = &call.key.claimed;
                    return Ok(refused(inbound, context, practice, &form_back, patient.as_str(), failure));
                }
            }
        }
        Ok(_) => vec![unchecked()],
        Err(faults) => faults,
    };
    let portal = portal_status(app, &call, &FORM, patient).await?;
    Ok(desk_page(400, &AuthorityPage::new(inbound, context, &portal, account, &faults)?))
}
