//! The pages on which staff correct how a patient is reached, and who they are, and decide on proposed changes.

mod add;
mod import;

use askama::Template;
use portico_domain::context::Context;
use portico_domain::model::chart::Channel;
use portico_domain::model::grant::Relationship;
use portico_domain::model::ids::{ChangeId, PatientId};
use portico_domain::model::person::Phone;
use portico_domain::model::practice::Scope;
use portico_domain::model::proposal::{ChartField, Proposal};
use portico_domain::model::refusal::{Failure, FieldFault, Refusal};
use portico_domain::operations::staff::correct::{Correct, correct};
use portico_domain::operations::staff::desk::desk;
use portico_domain::operations::staff::proposals::{self, Acceptance, ProposalDecision, Waiting};
use portico_domain::operations::staff::sync_chart::{self, Confirmed};
use portico_domain::ports::{
    Accounts, ApiCalls, Chain, Commit, History, Limits, Patients, Practices, Proposals,
};
use portico_domain::steps::api_call::Caller;
use portico_domain::steps::chart_change::PatientWithCare;
use portico_web::desk::{Back, Desk, Said, back, contact, desk_page, refused, stopped, when};
use portico_web::{Answer, App, Inbound, Language, Reject, field_detail, phone};
use serde::Deserialize;

use crate::request::{Correction, CorrectionRequest};
use crate::{ConfirmRequest, Ports};

/// The form: each fact that it shows, and the button that was pressed.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ContactsForm {
    given_name: Option<String>,
    family_name: Option<String>,
    birth_date: Option<String>,
    email: Option<String>,
    mobile_phone: Option<String>,
    postal_code: Option<String>,
    sms_consent: Option<String>,
    then_invite: Option<Channel>,
}

/// One field of the form.
struct Field {
    name: &'static str,
    label: &'static str,
    kind: &'static str,
    value: String,
    hint: Option<String>,
    /// Whether the hint says what is in the way.
    is_warning: bool,
    error: Option<&'static str>,
}

impl Field {
    /// A field with this name, label and kind. It shows what was typed, or else what is known now.
    fn new(
        inbound: &Inbound,
        faults: &[FieldFault],
        (name, label, kind): (&'static str, &'static str, &'static str),
        now: String,
    ) -> Self {
        let fault = faults.iter().find(|fault| fault.pointer.trim_start_matches('/') == name);
        Self {
            name,
            label,
            kind,
            value: inbound.form_values(name).into_iter().next().unwrap_or(now),
            hint: None,
            is_warning: false,
            error: fault.map(|fault| field_detail(fault.code, Language::English)),
        }
    }
}

#[derive(Template)]
#[template(path = "contacts.html")]
struct ContactsPage {
    desk: Desk,
    id: String,
    name: String,
    version: u64,
    fields: Vec<Field>,
    has_consent: bool,
    is_faulty: bool,
}

impl ContactsPage {
    fn new(
        inbound: &Inbound,
        context: &Context,
        charted: &PatientWithCare,
        caller: &Caller,
        faults: &[FieldFault],
    ) -> Self {
        let PatientWithCare { patient, settings, .. } = charted;
        let chart = &patient.chart;
        let why_stopped = |channel: Channel| {
            let address = chart.address(channel)?;
            patient.stops(channel, address).first().map(|why| stopped(why.reason(), channel))
        };
        let field = |name, label, kind, now: Option<String>| {
            Field::new(inbound, faults, (name, label, kind), now.unwrap_or_default())
        };
        let reached = |name, label, kind, now: Option<String>, channel| {
            let why = why_stopped(channel);
            let hint = why.zip(now.as_ref()).map(|(why, now)| format!("Now: {now}. {why}"));
            Field { is_warning: hint.is_some(), hint, ..field(name, label, kind, now) }
        };
        let email = chart.email.as_ref().map(|email| email.reveal().to_owned());
        let mobile = chart.mobile_phone.as_ref().map(Phone::reveal).map(phone);
        let postal_code = chart.postal_code.as_ref().map(|code| code.reveal().to_owned());
        let (given, family) = (chart.given_name.reveal(), chart.family_name.reveal());
        let fields = vec![
            reached("email", "Email", "email", email, Channel::Email),
            reached("mobile_phone", "Cell phone", "tel", mobile, Channel::Sms),
            field("postal_code", "ZIP code", "text", postal_code),
            field("given_name", "First name", "text", Some(given.to_owned())),
            field("family_name", "Last name", "text", Some(family.to_owned())),
            field("birth_date", "Birth date", "text", Some(month_first(&chart.birth_date.reveal()))),
        ];
        Self {
            desk: Desk::of(inbound, context, settings, caller),
            id: patient.id.to_string(),
            name: chart.full_name(),
            version: patient.version,
            has_consent: chart.sms_consent == Some(true),
            is_faulty: fields.iter().any(|field| field.error.is_some()),
            fields,
        }
    }
}

/// Answers a request of the Onboarding Tool.
pub(crate) async fn answer<S: Ports>(
    app: &App<S>,
    inbound: &Inbound,
    action: &str,
) -> Result<Answer, Reject> {
    let context = &app.context;
    let call = inbound.desk(context)?;
    match action {
        "GET /console/patients/new" => return add::form(app, inbound).await,
        "POST /console/patients" => return add::add(app, inbound).await,
        "GET /console/import" => return import::form(app, inbound).await,
        "POST /console/import" => return import::take(app, inbound).await,
        "GET /console/changes" => return changes(app, inbound).await,
        "POST /console/changes/{change_id}/accept" => {
            let fields = inbound.form_values("fields");
            if fields.is_empty() {
                let said = Said::not_done_on_top("Tick a field first.");
                return Ok(back(context, &call.key.claimed, &Back::default(), "/console/changes", &said));
            }
            let confirmed_with_patient = !inbound.form_values("confirmed_with_patient").is_empty();
            let known = |name: &String| ChartField::ALL.into_iter().find(|field| field.as_str() == name);
            let fields: Vec<ChartField> = fields.iter().filter_map(known).collect();
            return decide(
                app,
                inbound,
                &ProposalDecision::Accept(Acceptance { fields: Some(fields), confirmed_with_patient }),
                "Taken over. The patient is told.",
            )
            .await;
        }
        "POST /console/changes/{change_id}/decline" => {
            return decide(app, inbound, &ProposalDecision::Decline, "Declined. The patient is told.").await;
        }
        _ => {}
    }
    let patient = PatientId::parse(inbound.param("patient_id")).map_err(|_| Refusal::NotFound)?;
    match action {
        "GET /console/patients/{patient_id}/contacts" => {
            let (charted, caller) = sync_chart::get(app, &call, &patient).await?;
            Ok(desk_page(200, &ContactsPage::new(inbound, context, &charted, &caller, &[])))
        }
        "POST /console/patients/{patient_id}/contacts" => {
            let (form, form_back) = inbound.desk_form::<ContactsForm>()?;
            let then_invite = form.then_invite;
            let (charted, caller) = sync_chart::get(app, &call, &patient).await?;
            let change = match request(inbound, form, &charted).parse(context.now()) {
                Ok(change) => change,
                Err(Reject::Refused(Refusal::BadRequest(faults))) => {
                    return Ok(desk_page(
                        400,
                        &ContactsPage::new(inbound, context, &charted, &caller, &faults),
                    ));
                }
                Err(reject) => return Err(reject),
            };
            let command = Correct { patient: patient.clone(), change, then_invite, seen: form_back.seen };
            let to = format!("/console/patients/{patient}");
            let form_back = Back { to: Some(to.clone()), ..form_back };
            match correct(app, &call, &command).await {
                Ok(done) => {
                    let name = done.charted.patient.chart.full_name();
                    let text = match done.link.as_ref().and_then(|link| link.sent_to.as_ref()) {
                        Some(sent_to) => format!(
                            "Saved and sent. A new link is on its way to {}; the old one stopped. Your EHR still has the old facts: correct them there, too.",
                            contact(sent_to.reveal())
                        ),
                        None => format!(
                            "{name}'s facts are saved. Your EHR still has the old ones: correct them there, too."
                        ),
                    };
                    Ok(back(
                        context,
                        &done.caller.practice,
                        &form_back,
                        &to,
                        &Said::done(patient.as_str(), text),
                    ))
                }
                Err(Failure::Refused(Refusal::Conflict("chart_moved"))) => {
                    let text = "Somebody changed this chart meanwhile. Look at it again, then correct it.";
                    Ok(back(
                        context,
                        &caller.practice,
                        &form_back,
                        &to,
                        &Said::not_done(patient.as_str(), text),
                    ))
                }
                Err(failure) => {
                    Ok(refused(inbound, context, &caller.practice, &form_back, patient.as_str(), failure))
                }
            }
        }
        "POST /console/patients/{patient_id}/confirm" => {
            let (form, form_back) = inbound.desk_form::<ConfirmRequest>()?;
            let confirmed = form.confirmed()?;
            let (_, caller) = sync_chart::confirm_contact(app, &call, &patient, confirmed).await?;
            let to = format!("/console/patients/{patient}");
            let said = match confirmed {
                Confirmed::Address(_) => "Confirmed. Messages go there again.",
                Confirmed::TextsAgain => {
                    "Recorded: they asked for texts again. If one does not arrive, they must text START."
                }
            };
            let said = Said::done(patient.as_str(), said);
            Ok(back(context, &caller.practice, &form_back, &to, &said))
        }
        _ => Err(Refusal::NotFound.into()),
    }
}

/// `1958-03-04` as `03/04/1958`, as people here write it.
fn month_first(day: &str) -> String {
    let mut parts = day.splitn(3, '-');
    match (parts.next(), parts.next(), parts.next()) {
        (Some(year), Some(month), Some(day)) => format!("{month}/{day}/{year}"),
        _ => day.to_owned(),
    }
}

/// The form as a correction: a field that was emptied takes the fact away, one that says the same changes nothing.
fn request(inbound: &Inbound, form: ContactsForm, charted: &PatientWithCare) -> CorrectionRequest {
    let chart = &charted.patient.chart;
    let cleared = |field: &str, typed: Option<String>| match typed {
        None if !inbound.left_empty(field) => Correction::Stays,
        text => Correction::Becomes(text),
    };
    let same = |typed: &Option<String>, known: &Option<String>| typed == known;
    let mobile = chart.mobile_phone.as_ref().map(Phone::reveal).map(phone);
    let is_asked = inbound.has_field("asked");
    CorrectionRequest {
        given_name: form.given_name,
        middle_name: Correction::Stays,
        family_name: form.family_name,
        birth_date: form.birth_date,
        email: cleared("email", form.email),
        // A number that is kept as text would be refused, though nobody touched it.
        mobile_phone: if same(&form.mobile_phone, &mobile) {
            Correction::Stays
        } else {
            cleared("mobile_phone", form.mobile_phone)
        },
        home_phone: Correction::Stays,
        postal_code: cleared("postal_code", form.postal_code),
        sms_consent: match (form.sms_consent, chart.sms_consent) {
            (Some(_), _) => Correction::Becomes(Some(true)),
            (None, Some(true)) if is_asked => Correction::Becomes(Some(false)),
            (None, _) => Correction::Stays,
        },
        chart_status: None,
        then_invite: form.then_invite,
    }
}

/// One field of a proposed change, with what the chart said then and says now.
struct Proposed {
    name: &'static str,
    label: &'static str,
    then: String,
    wanted: String,
    now: String,
    is_so: bool,
}

/// A proposed change.
struct Change {
    id: String,
    patient: String,
    name: String,
    at: String,
    /// Who proposes it.
    by: String,
    /// Whether staff must have asked the patient before a contact is taken over.
    must_ask: bool,
    fields: Vec<Proposed>,
}

#[derive(Template)]
#[template(path = "changes.html")]
struct ChangesPage {
    desk: Desk,
    changes: Vec<Change>,
}

const fn field_label(field: ChartField) -> &'static str {
    match field {
        ChartField::Email => "Email",
        ChartField::MobilePhone => "Cell phone",
        ChartField::HomePhone => "Home phone",
        ChartField::PostalCode => "ZIP code",
        ChartField::AddressLine => "Address",
        ChartField::City => "City",
        ChartField::State => "State",
    }
}

/// Who proposes a change.
fn proposer(change: &Proposal) -> String {
    let name = change.proposed_by.as_ref().map(|name| name.reveal().to_owned()).unwrap_or_default();
    match change.relationship {
        Relationship::Own => "the patient".to_owned(),
        other => format!("{name}, {}", other.as_str()),
    }
}

async fn changes<S>(app: &App<S>, inbound: &Inbound) -> Result<Answer, Reject>
where
    S: ApiCalls + Limits + Practices + Patients + History + Proposals,
{
    let context = &app.context;
    let call = inbound.desk(context)?;
    let (caller, settings) = desk(app, &call, &[Scope::ChartRead]).await?;
    let text = |line: Option<&portico_domain::model::person::Line>| {
        line.map(|line| contact(line.reveal())).unwrap_or_default()
    };
    let change = |waiting: &Waiting| Change {
        id: waiting.change.id.to_string(),
        patient: waiting.change.patient.to_string(),
        name: waiting.chart.full_name(),
        at: when(waiting.change.submitted_at, context.now(), &settings.zone()),
        by: proposer(&waiting.change),
        must_ask: waiting.must_ask_patient(),
        fields: waiting
            .change
            .fields
            .iter()
            .map(|field| {
                let now = field.name.of(&waiting.chart);
                Proposed {
                    name: field.name.as_str(),
                    label: field_label(field.name),
                    then: text(field.chart.as_ref()),
                    wanted: text(field.proposed.as_ref()),
                    is_so: now == field.proposed,
                    now: text(now.as_ref()),
                }
            })
            .collect(),
    };
    let changes = proposals::pending(app, &call).await?.iter().map(change).collect();
    let desk = Desk::of(inbound, context, &settings, &caller);
    Ok(desk_page(200, &ChangesPage { desk, changes }))
}

async fn decide<S>(
    app: &App<S>,
    inbound: &Inbound,
    decision: &ProposalDecision,
    text: &str,
) -> Result<Answer, Reject>
where
    S: ApiCalls + Limits + Practices + Chain + Patients + Accounts + History + Proposals + Commit,
{
    let call = inbound.desk(&app.context)?;
    let id = ChangeId::parse(inbound.param("change_id")).map_err(|_| Refusal::NotFound)?;
    let decided = match Box::pin(proposals::decide_proposal(app, &call, id, decision)).await {
        Ok(decided) => decided,
        Err(Failure::Refused(Refusal::BadRequest(faults)))
            if faults.iter().any(|fault| fault.pointer == "/confirmed_with_patient") =>
        {
            let said =
                Said::not_done_on_top("Ask the patient first, then tick the box below. Nothing was changed.");
            return Ok(back(&app.context, &call.key.claimed, &Back::default(), "/console/changes", &said));
        }
        Err(failure) => return Err(failure.into()),
    };
    let said = Said::done_on_top(text);
    Ok(back(&app.context, &decided.change.practice, &Back::default(), "/console/changes", &said))
}
