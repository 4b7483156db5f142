//! `register`: the end of a link: user name and password for a patient or a representative, or one patient more for a
//! login that exists; and signed in.

use portico_domain::model::grant::Relationship;
use portico_domain::model::person::{Email, Line, Name, Phone};
use portico_domain::model::practice::Practice;
use portico_domain::model::refusal::{FieldFault, Refusal};
use portico_domain::operations::visitor::add_patient::{AddPatient, add_patient};
use portico_domain::operations::visitor::register::{Register, Representative, register};
use portico_domain::operations::visitor::verify::view_link_with_ticket;
use portico_domain::ports::{Accounts, Addresses, Chain, Commit, Limits, Links, Patients, Practices};
use portico_domain::steps::registration::{Registered, RegistrationOutcome};
use portico_web::{
    Answer, App, Fault, Frame, Inbound, Language, Registration, RegistrationLayout, Reject, Typed,
    TypedPassword, dead_end, flag, html, json as reply, notice, optional_field, password_faults,
    reason_detail, required_field, see_other, set_browser, set_session, view,
};
use serde::Deserialize;
use serde_json::json;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RegisterRequest {
    ticket: String,
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
    ticket: String,
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
        "POST /i/{token}/register" => register_account(app, &inbound).await,
        "POST /i/{token}/link" => add_to_login(app, &inbound).await,
        _ => Err(Refusal::NotFound.into()),
    };
    answer.unwrap_or_else(|reject| dead_end(&inbound, None, &reject))
}

/// Adds the patient to a login that exists.
async fn add_to_login<S>(app: &App<S>, inbound: &Inbound) -> Result<Answer, Reject>
where
    S: Limits + Links + Patients + Addresses + Practices + Accounts + Chain + Commit,
{
    inbound.same_site(&app.context.base_url)?;
    let token = inbound.param("token");
    let body: AddPatientRequest = inbound.body()?;
    let ticket = body.ticket.clone();
    let typed = Typed {
        relationship: body.relationship.map(Relationship::as_str).unwrap_or_default().to_owned(),
        ..Typed::default()
    };
    let outcome = match (body.username, body.password) {
        (Some(username), Some(password)) => {
            let command = AddPatient {
                ticket: body.ticket,
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
    let registered = match outcome {
        Ok(RegistrationOutcome::SignedIn(registered)) => registered,
        Ok(RegistrationOutcome::Held(practice)) => return Ok(held(inbound, &practice)),
        Err(reject) => return add_to_login_again(app, inbound, token, &ticket, typed, reject).await,
    };
    if inbound.wants_page() {
        return Ok(welcome(inbound, &registered));
    }
    Ok(reply(
        200,
        &json!({
            "account_id": registered.account.id.to_string(),
            "session_token": *registered.token,
            "expires_at": registered.session.expires_at().to_string(),
            "grants": view::grants(&registered.account, registered.session.began_at),
        }),
    ))
}

/// Refused: for a person, the registration page once more, which offers both ways.
async fn add_to_login_again<S>(
    app: &App<S>,
    inbound: &Inbound,
    token: &str,
    ticket: &str,
    typed: Typed,
    reject: Reject,
) -> Result<Answer, Reject>
where
    S: Links + Practices + Patients,
{
    let words = |frame: &Frame| match &reject {
        Reject::Refused(Refusal::Conflict("already_own")) => Some(frame.text.register.have_account_own),
        Reject::Refused(Refusal::Conflict(why)) => reason_detail(why, frame.language),
        Reject::Refused(Refusal::SignInFailed | Refusal::BadRequest(_)) => {
            Some(frame.text.register.have_account_failed)
        }
        _ => None,
    };
    if !inbound.wants_page() {
        return Err(reject);
    }
    let standing = view_link_with_ticket(app, token, ticket).await?;
    let settings = &standing.practice.settings;
    let frame = Frame::of(inbound, settings);
    let Some(sentence) = words(&frame) else { return Err(reject) };
    let mut page = Registration::for_passed(frame.clone(), (token, ticket), settings, &standing);
    if !typed.relationship.is_empty() {
        page.relationship = typed.relationship;
    }
    page.fail("existing_username", sentence);
    Ok(html(reject.status(), &frame, &page))
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

async fn register_account<S>(app: &App<S>, inbound: &Inbound) -> Result<Answer, Reject>
where
    S: Limits + Links + Patients + Addresses + Practices + Accounts + Chain + Commit,
{
    inbound.same_site(&app.context.base_url)?;
    let token = inbound.param("token");
    let body: RegisterRequest = inbound.body()?;
    let typed = typed(&body);
    let ticket = body.ticket.clone();
    let outcome = match parse(body, inbound) {
        Ok(command) => register(app, &inbound.peer, token, &command).await.map_err(Reject::from),
        Err(faults) => Err(Reject::fields(faults)),
    };
    let registered = match outcome {
        Ok(RegistrationOutcome::SignedIn(registered)) => registered,
        Ok(RegistrationOutcome::Held(practice)) => return Ok(held(inbound, &practice)),
        Err(reject) => return register_again(app, inbound, token, &ticket, typed, reject).await,
    };
    if inbound.wants_page() {
        return Ok(welcome(inbound, &registered));
    }
    Ok(reply(
        201,
        &json!({
            "account_id": registered.account.id.to_string(),
            "username": registered.account.username,
            "session_token": *registered.token,
            "expires_at": registered.session.expires_at().to_string(),
        }),
    ))
}

/// Word that the office will look at it: no session yet.
fn held(inbound: &Inbound, practice: &Practice) -> Answer {
    if !inbound.wants_page() {
        return reply(202, &json!({"state": "held", "reason": "guardian_contact_conflict"}));
    }
    let frame = Frame::of(inbound, &practice.settings);
    let words = &frame.text.register;
    notice(202, &frame, words.held_title, words.held)
}

fn typed(body: &RegisterRequest) -> Typed {
    let text = |field: &Option<String>| field.clone().unwrap_or_default();
    Typed {
        username: text(&body.username),
        relationship: body.relationship.map(Relationship::as_str).unwrap_or_default().to_owned(),
        given_name: text(&body.given_name),
        family_name: text(&body.family_name),
        email: text(&body.email),
        mobile_phone: text(&body.mobile_phone),
        security_question: text(&body.security_question),
        accepted: body.accept_terms,
    }
}

/// The registration as stated, or everything that can't be read of it.
fn parse(body: RegisterRequest, inbound: &Inbound) -> Result<Register, Vec<FieldFault>> {
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
        ticket: body.ticket,
        username: body.username,
        password: password.into(),
        accept_terms: body.accept_terms,
        representative,
        security,
        language: inbound.language(Language::English).tag(),
        browser: inbound.browser_family(),
    })
}

/// A refused registration: for a person, the page once more with what to mend. Nothing is spent.
async fn register_again<S>(
    app: &App<S>,
    inbound: &Inbound,
    token: &str,
    ticket: &str,
    typed: Typed,
    reject: Reject,
) -> Result<Answer, Reject>
where
    S: Links + Practices + Patients,
{
    let Reject::Refused(refusal) = &reject else { return Err(reject) };
    if !inbound.wants_page() {
        return Err(reject);
    }
    let standing = view_link_with_ticket(app, token, ticket).await?;
    let settings = &standing.practice.settings;
    let frame = Frame::of(inbound, settings);
    let errors = sentences(refusal, &frame, settings.password_min_length);
    if errors.is_empty() {
        return Err(reject);
    }
    let look = RegistrationLayout::of(&standing, settings);
    let page = Registration::new(frame.clone(), (token, ticket), look, typed, errors);
    Ok(html(reject.status(), &frame, &page))
}

/// What to mend, in the reader's words; nothing, where nothing on this page can mend it.
fn sentences(refusal: &Refusal, frame: &Frame, shortest: u32) -> Vec<Fault> {
    let words = &frame.text.register;
    match refusal {
        Refusal::UsernameTaken(others) => vec![("username", words.username_taken(others))],
        Refusal::UsernameRejected(_) => vec![("username", words.username_rejected.to_owned())],
        Refusal::PasswordRejected(faults) => password_faults("password", faults, frame, shortest),
        Refusal::BadRequest(faults) => faults
            .iter()
            .map(|fault| match fault.pointer.as_str() {
                "/username" => ("username", words.username_missing.to_owned()),
                "/password" => ("password", words.password_missing.to_owned()),
                "/accept_terms" => ("accept_terms", words.accept_terms_missing.to_owned()),
                "/relationship" => ("relationship", words.relationship_missing.to_owned()),
                "/given_name" => ("given_name", words.given_name_missing.to_owned()),
                "/family_name" => ("family_name", words.family_name_missing.to_owned()),
                "/email" if fault.code == "required" => ("email", words.email_missing.to_owned()),
                "/email" => ("email", words.email_invalid.to_owned()),
                "/security_question" => ("security_question", words.question_missing.to_owned()),
                "/security_answer" => match fault.code {
                    "too_short" => ("security_answer", words.answer_too_short(3)),
                    "equals_username" => ("security_answer", words.answer_is_username.to_owned()),
                    _ => ("security_answer", words.answer_missing.to_owned()),
                },
                "/mobile_phone" => ("mobile_phone", words.mobile_phone_invalid.to_owned()),
                _ => ("", frame.text.dead_end.wrong_format.to_owned()),
            })
            .collect(),
        _ => Vec::new(),
    }
}
