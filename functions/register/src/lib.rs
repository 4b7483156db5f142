//! `register`: the end of a link: user name and password for a patient or a representative, or one patient more for a
//! login that exists; and signed in.

use portico_domain::model::grant::Relationship;
use portico_domain::model::person::{Email, Line, Name, Phone};
use portico_domain::model::practice::Practice;
use portico_domain::model::refusal::{FieldFault, Refusal};
use portico_domain::operations::visitor::add_patient::{AddPatient, add_patient};
use portico_domain::operations::visitor::register::{Register, Representative, register};
use portico_domain::operations::visitor::verify::{view_link, view_link_with_ticket};
use portico_domain::ports::{Accounts, Addresses, Chain, Commit, Limits, Links, Patients, Practices};
use portico_domain::steps::registration::{Registered, RegistrationOutcome};
use portico_web::{
    Answer, App, Frame, Inbound, Language, Registration, Reject, Step, TypedPassword, Visit, dead_end, flag,
    html, json as reply, lost_visit, optional_field, required_field, see_other, set_browser, set_session,
    view,
};
use serde::Deserialize;
use serde_json::json;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RegisterRequest {
    /// In JSON; a page's is in its cookie.
    ticket: Option<String>,
    username: Option<String>,
    password: Option<TypedPassword>,
    #[serde(default, deserialize_with = "flag")]
    accept_terms: bool,
    relationship: Option<Relationship>,
    given_name: Option<String>,
    family_name: Option<String>,
    email: Option<String>,
    mobile_phone: Option<String>,
    security_question: Option<String>,
    security_answer: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct AddPatientRequest {
    ticket: Option<String>,
    username: Option<String>,
    password: Option<TypedPassword>,
    relationship: Option<Relationship>,
}

/// Answers a request.
pub async fn handle<S>(app: &App<S>, inbound: Inbound) -> Answer
where
    S: Limits + Links + Patients + Addresses + Practices + Accounts + Chain + Commit,
{
    let answer = match inbound.action().as_str() {
        "GET /i/{token}/register" => show(app, &inbound).await,
        "POST /i/{token}/register" => register_account(app, &inbound).await,
        "POST /i/{token}/link" => add_to_login(app, &inbound).await,
        _ => Err(Refusal::NotFound.into()),
    };
    answer.unwrap_or_else(|reject| dead_end(&inbound, None, &reject))
}

/// The registration page, with what was typed and what to mend.
async fn show<S>(app: &App<S>, inbound: &Inbound) -> Result<Answer, Reject>
where
    S: Links + Practices + Patients + Accounts,
{
    let token = inbound.param("token");
    let Some(visit) = Visit::find(inbound, &app.context) else { return lost(app, inbound).await };
    let Some(ticket) = &visit.ticket else { return lost(app, inbound).await };
    let Some(passed) = view_link_with_ticket(app, token, ticket).await? else {
        return Ok(visit.ticket_over(inbound, &app.context));
    };
    let frame = Frame::of(inbound, &passed.practice.settings);
    let (form, existing) =
        (visit.form(Step::Register, &app.context), visit.form(Step::Existing, &app.context));
    let page = Registration::new(frame.clone(), token, &passed, form, &existing);
    Ok(html(200, &frame, &page))
}

/// The page for a visitor whose browser did not keep the cookie; `410` if the link is over as well.
async fn lost<S: Links + Practices>(app: &App<S>, inbound: &Inbound) -> Result<Answer, Reject> {
    let open = view_link(app, inbound.param("token")).await?;
    Ok(lost_visit(inbound, &Frame::of(inbound, &open.practice.settings)))
}

/// What a page's form ends with. `step` is the form.
async fn finish<S>(
    app: &App<S>,
    inbound: &Inbound,
    mut visit: Visit,
    step: Step,
    outcome: Result<RegistrationOutcome, Reject>,
) -> Result<Answer, Reject>
where
    S: Links + Practices + Patients + Accounts,
{
    let mut answer = match outcome {
        Ok(RegistrationOutcome::SignedIn(registered)) => welcome(inbound, &registered),
        Ok(RegistrationOutcome::Held(practice)) => held(inbound, &practice),
        Err(reject @ Reject::Refused(Refusal::LinkUnavailable)) => {
            let ticket = visit.ticket.as_deref().unwrap_or_default();
            return match view_link_with_ticket(app, inbound.param("token"), ticket).await? {
                Some(_) => Err(reject),
                None => Ok(visit.ticket_over(inbound, &app.context)),
            };
        }
        Err(reject) => {
            if step == Step::Register {
                visit.forget(Step::Existing);
            }
            return visit.refuse(step, reject, inbound, &app.context);
        }
    };
    visit.end(&mut answer, inbound, &app.context);
    Ok(answer)
}

/// Adds the patient to a login that exists.
async fn add_to_login<S>(app: &App<S>, inbound: &Inbound) -> Result<Answer, Reject>
where
    S: Limits + Links + Patients + Addresses + Practices + Accounts + Chain + Commit,
{
    inbound.same_site(&app.context.base_url)?;
    let token = inbound.param("token");
    let body: AddPatientRequest = inbound.body()?;
    let visit = Visit::of(inbound, &app.context);
    let Some(ticket) = body.ticket.or_else(|| visit.ticket.clone()) else {
        return without_ticket(app, inbound);
    };
    let outcome = match (body.username, body.password) {
        (Some(username), Some(password)) => {
            let command = AddPatient {
                ticket,
                username,
                password: password.into(),
                relationship: body.relationship,
                browser: inbound.browser().map(str::to_owned),
                family: inbound.browser_family(),
            };
            add_patient(app, &inbound.peer, token, &command).await.map_err(Reject::from)
        }
        (username, _) => {
            let missing = if username.is_none() { "username" } else { "password" };
            Err(Reject::malformed(missing, "required"))
        }
    };
    if inbound.wants_page() {
        return finish(app, inbound, visit, Step::Existing, outcome).await;
    }
    Ok(match outcome? {
        RegistrationOutcome::Held(_) => held_json(),
        RegistrationOutcome::SignedIn(registered) => reply(
            200,
            &json!({
                "account_id": registered.account.id.to_string(),
                "session_token": *registered.token,
                "expires_at": registered.session.expires_at().to_string(),
                "grants": view::grants(&registered.account, registered.session.began_at),
            }),
        ),
    })
}

/// A form without a ticket: the cookie that holds it has gone. The registration page says so.
fn without_ticket<S>(app: &App<S>, inbound: &Inbound) -> Result<Answer, Reject> {
    if inbound.wants_page() {
        return Ok(Visit::begun(&app.context).lead_to(Step::Register, inbound, &app.context));
    }
    Err(Reject::malformed("ticket", "required"))
}

/// To the account page, signed in.
fn welcome(inbound: &Inbound, registered: &Registered) -> Answer {
    let lang = Frame::of(inbound, &registered.practice.settings).lang();
    let mut answer = see_other(&format!("/{}/account?lang={lang}&welcome=1", registered.practice.id));
    set_session(&mut answer, &registered.token);
    if let Some(browser) = &registered.browser {
        set_browser(&mut answer, browser);
    }
    answer
}

/// To the page that says that the office will look at it: no session yet.
fn held(inbound: &Inbound, practice: &Practice) -> Answer {
    let lang = Frame::of(inbound, &practice.settings).lang();
    see_other(&format!("/{}/sent?lang={lang}&note=held", practice.id))
}

fn held_json() -> Answer {
    reply(202, &json!({"state": "held", "reason": "guardian_contact_conflict"}))
}

async fn register_account<S>(app: &App<S>, inbound: &Inbound) -> Result<Answer, Reject>
where
    S: Limits + Links + Patients + Addresses + Practices + Accounts + Chain + Commit,
{
    inbound.same_site(&app.context.base_url)?;
    let token = inbound.param("token");
    let mut body: RegisterRequest = inbound.body()?;
    let visit = Visit::of(inbound, &app.context);
    let Some(ticket) = body.ticket.take().or_else(|| visit.ticket.clone()) else {
        return without_ticket(app, inbound);
    };
    let kept = visit.form(Step::Register, &app.context);
    let outcome = match parse(body, ticket, inbound) {
        _ if inbound.has_two_passwords("password", kept.value("password")) => {
            Err(Reject::malformed("password", "two_passwords"))
        }
        Ok(command) => register(app, &inbound.peer, token, &command).await.map_err(Reject::from),
        Err(faults) => Err(Reject::fields(faults)),
    };
    if inbound.wants_page() {
        return finish(app, inbound, visit, Step::Register, outcome).await;
    }
    Ok(match outcome? {
        RegistrationOutcome::Held(_) => held_json(),
        RegistrationOutcome::SignedIn(registered) => reply(
            201,
            &json!({
                "account_id": registered.account.id.to_string(),
                "username": registered.account.username,
                "session_token": *registered.token,
                "expires_at": registered.session.expires_at().to_string(),
            }),
        ),
    })
}

/// The registration as stated, or everything that can't be read of it.
fn parse(body: RegisterRequest, ticket: String, inbound: &Inbound) -> Result<Register, Vec<FieldFault>> {
    let mut faults = Vec::new();
    let representing = [&body.given_name, &body.family_name, &body.email, &body.mobile_phone]
        .iter()
        .any(|field| field.is_some());
    let mut representative = None;
    if representing || body.relationship.is_some() {
        let given_name = required_field(&mut faults, "given_name", body.given_name.as_deref(), Name::parse);
        let family_name =
            required_field(&mut faults, "family_name", body.family_name.as_deref(), Name::parse);
        let email = required_field(&mut faults, "email", body.email.as_deref(), Email::parse);
        let mobile_phone =
            optional_field(&mut faults, "mobile_phone", body.mobile_phone.as_deref(), Phone::parse);
        let relationship = body.relationship.filter(|relationship| *relationship != Relationship::Own);
        if relationship.is_none() {
            faults.push(FieldFault::of("relationship", "required"));
        }
        let all = relationship.zip(given_name).zip(family_name).zip(email);
        representative = all.map(|(((relationship, given_name), family_name), email)| Representative {
            relationship,
            given_name,
            family_name,
            email,
            mobile_phone,
        });
    }
    if body.password.is_none() {
        faults.push(FieldFault::of("password", "required"));
    }
    let stated = |text: &Option<String>| text.as_ref().is_some_and(|text| !text.trim().is_empty());
    let mut security = None;
    if stated(&body.security_question) || stated(&body.security_answer) {
        let question = body.security_question.as_deref();
        let question = required_field(&mut faults, "security_question", question, Line::parse);
        let answer = body.security_answer.as_deref();
        let answer = required_field(&mut faults, "security_answer", answer, |text| Ok(text.to_owned()));
        security = question.zip(answer);
    }
    let (Some(password), true) = (body.password, faults.is_empty()) else { return Err(faults) };
    Ok(Register {
        ticket,
        username: body.username,
        password: password.into(),
        accept_terms: body.accept_terms,
        representative,
        security,
        language: inbound.language(Language::English).tag(),
        browser: inbound.browser_family(),
    })
}
