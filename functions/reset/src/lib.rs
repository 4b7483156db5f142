//! `reset`: a reset link's pages: choose how to show who it is, do so, choose a new password. Nobody is signed in at the
//! end, and the session that the browser had is over.

mod pages;

use portico_domain::model::link::{CODES, parse_access_code};
use portico_domain::model::person::BirthDate;
use portico_domain::model::refusal::{FieldFault, Refusal};
use portico_domain::operations::visitor::reset::{
    NewPassword, PasswordSet, SecondCheckPassed, SecurityAnswer, check_answer, check_code, send_code,
    set_password, view_reset, view_reset_with_ticket,
};
use portico_domain::ports::{Accounts, Chain, Commit, Limits, Links, Practices, Resets};
use portico_domain::time::Timestamp;
use portico_web::{
    Answer, App, CodeStep, Form, Frame, Inbound, Reject, Step, TypedPassword, Visit, clear_browser,
    clear_session, code_page, dead_end, html, json as reply, lost_visit, no_content, optional_field,
    see_other, set_browser,
};
use serde::Deserialize;
use serde_json::json;

use pages::{AnswerPage, Choose, PasswordPage, Way};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct CodeRequest {
    /// The channel of a code; or the question or the access code, which the same radio buttons offer.
    channel: Option<Way>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct CheckRequest {
    code: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct AnswerRequest {
    birth_date: Option<String>,
    answer: Option<String>,
    access_code: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct PasswordRequest {
    /// In JSON; a page's is in its cookie.
    ticket: Option<String>,
    password: Option<TypedPassword>,
}

/// Answers a request.
pub async fn handle<S>(app: &App<S>, inbound: Inbound) -> Answer
where
    S: Limits + Links + Practices + Accounts + Resets + Chain + Commit,
{
    let answer = match inbound.action().as_str() {
        "GET /r/{token}" => open(app, &inbound).await,
        "GET /r/{token}/code" => show_code(app, &inbound).await,
        "POST /r/{token}/codes" => request_code(app, &inbound).await,
        "POST /r/{token}/codes/check" => enter_code(app, &inbound).await,
        "GET /r/{token}/answer" => show_question(app, &inbound).await,
        "POST /r/{token}/answer" => answer_question(app, &inbound).await,
        "GET /r/{token}/password" => show_password(app, &inbound).await,
        "POST /r/{token}/password" => choose_password(app, &inbound).await,
        _ => Err(Refusal::NotFound.into()),
    };
    answer.unwrap_or_else(|reject| dead_end(&inbound, None, &reject))
}

async fn open<S>(app: &App<S>, inbound: &Inbound) -> Result<Answer, Reject>
where
    S: Links + Practices + Accounts,
{
    let token = inbound.param("token");
    let open = view_reset(app, token).await?;
    if inbound.wants_page() {
        let frame = Frame::of(inbound, &open.practice.settings);
        let visit = Visit::find(inbound, &app.context);
        if visit.is_none() && inbound.says_refused() {
            return Ok(lost_visit(inbound, &frame));
        }
        let visit = visit.unwrap_or_default();
        let goes_on = visit.ticket.is_some();
        let page = Choose::new(frame.clone(), token, &open, &visit.form(Step::First, &app.context), goes_on);
        return Ok(html(200, &frame, &page));
    }
    let mut body = json!({
        "practice": open.practice.id,
        "practice_name": open.practice.settings.name,
        "expires_at": open.link.expires_at.to_string(),
        "methods": Way::all(&open),
    });
    if let Some(question) = &open.question {
        body["question"] = json!(question.reveal());
    }
    Ok(reply(200, &body))
}

/// The page of the code. Until one was asked for, the first page offers all ways.
async fn show_code<S>(app: &App<S>, inbound: &Inbound) -> Result<Answer, Reject>
where
    S: Links + Practices + Accounts,
{
    let open = view_reset(app, inbound.param("token")).await?;
    let frame = Frame::of(inbound, &open.practice.settings);
    let visit = Visit::find(inbound, &app.context);
    if visit.is_none() && inbound.says_refused() {
        return Ok(lost_visit(inbound, &frame));
    }
    let Some(code) = open.link.code else {
        return Ok(see_other(&format!("{}?lang={}", inbound.link_path(), frame.lang())));
    };
    let step = CodeStep {
        path: inbound.link_path(),
        codes_used_up: open.link.codes >= CODES,
        ways: open.ways().to_vec(),
        sent: Some(code.channel),
        form: visit.unwrap_or_default().form(Step::Code, &app.context),
        digits: code.digits,
        tries_left: open.link.code_tries_left(app.context.now()),
    };
    Ok(code_page(&frame, step))
}

/// Sends a code; or leads on to the form of another way, which the same radio buttons offer.
async fn request_code<S>(app: &App<S>, inbound: &Inbound) -> Result<Answer, Reject>
where
    S: Limits + Links + Practices + Accounts + Commit,
{
    inbound.same_site(&app.context.base_url)?;
    let token = inbound.param("token");
    let body: CodeRequest = inbound.body()?;
    let visit = Visit::of(inbound, &app.context);
    let outcome = match body.channel.map(|way| (way, way.channel())) {
        None => Err(Reject::malformed("channel", "required")),
        Some((way, None)) => return to_form(app, inbound, way, visit).await,
        Some((_, Some(channel))) => send_code(app, &inbound.peer, token, channel).await.map_err(Reject::from),
    };
    if !inbound.wants_page() {
        return Ok(reply(202, &json!({"resend_after": outcome?.resend_after})));
    }
    match outcome {
        Ok(_) => Ok(to_code(app, inbound, visit)),
        Err(reject) => {
            let open = view_reset(app, token).await?;
            let channel = body.channel.and_then(Way::channel);
            let is_wait = matches!(reject, Reject::Refused(Refusal::TooManyRequests(_)));
            if is_wait && open.link.was_just_sent(channel, app.context.now()) {
                return Ok(to_code(app, inbound, visit));
            }
            // Where a code was sent already, it can still be entered.
            let step = if open.link.code.is_some() && is_wait { Step::Code } else { Step::First };
            visit.refuse(step, reject, inbound, &app.context)
        }
    }
}

fn to_code<S>(app: &App<S>, inbound: &Inbound, mut visit: Visit) -> Answer {
    visit.keep(Step::Code, Form::default());
    visit.lead_to(Step::Code, inbound, &app.context)
}

async fn to_form<S>(app: &App<S>, inbound: &Inbound, way: Way, mut visit: Visit) -> Result<Answer, Reject>
where
    S: Links + Practices + Accounts,
{
    let unavailable = Reject::malformed("channel", "unavailable");
    if !inbound.wants_page() {
        return Err(unavailable);
    }
    let open = view_reset(app, inbound.param("token")).await?;
    if !Way::all(&open).contains(&way) {
        return visit.refuse(Step::First, unavailable, inbound, &app.context);
    }
    visit.keep(Step::Answer, Form::sent(inbound));
    Ok(visit.lead_to(Step::Answer, inbound, &app.context))
}

async fn enter_code<S>(app: &App<S>, inbound: &Inbound) -> Result<Answer, Reject>
where
    S: Limits + Links + Practices + Accounts + Chain + Commit,
{
    inbound.same_site(&app.context.base_url)?;
    let token = inbound.param("token");
    let body: CheckRequest = inbound.body()?;
    let outcome = match body.code {
        Some(entered) => check_code(app, &inbound.peer, token, &entered).await.map_err(Reject::from),
        None => {
            view_reset(app, token).await.map_err(Reject::from).and(Err(Reject::malformed("code", "required")))
        }
    };
    passed_on(app, inbound, Step::Code, outcome)
}

/// To the new password, or back to the form.
fn passed_on<S>(
    app: &App<S>,
    inbound: &Inbound,
    step: Step,
    outcome: Result<SecondCheckPassed, Reject>,
) -> Result<Answer, Reject> {
    if !inbound.wants_page() {
        return Ok(reply(200, &json!({"next": "password", "ticket": outcome?.ticket})));
    }
    let mut visit = Visit::of(inbound, &app.context);
    match outcome {
        Ok(passed) => {
            visit.ticket = Some(passed.ticket);
            let way = visit.form(step, &app.context);
            visit.keep(step, Form::default().or("channel", way.value("channel")));
            Ok(visit.lead_to(Step::Password, inbound, &app.context))
        }
        Err(reject) => visit.refuse(step, reject, inbound, &app.context),
    }
}

/// The form of the question, or of the office's code: whichever was chosen.
async fn show_question<S>(app: &App<S>, inbound: &Inbound) -> Result<Answer, Reject>
where
    S: Links + Practices + Accounts,
{
    let token = inbound.param("token");
    let open = view_reset(app, token).await?;
    let frame = Frame::of(inbound, &open.practice.settings);
    let Some(visit) = Visit::find(inbound, &app.context) else { return Ok(lost_visit(inbound, &frame)) };
    let form = visit.form(Step::Answer, &app.context);
    let way = Way::of_form(Some(form.value("channel")), &open).unwrap_or(Way::AccessCode);
    Ok(html(200, &frame, &AnswerPage::new(frame.clone(), token, &open, way, &form)))
}

/// Takes birth date and answer, or birth date and the code from staff.
async fn answer_question<S>(app: &App<S>, inbound: &Inbound) -> Result<Answer, Reject>
where
    S: Limits + Links + Practices + Accounts + Resets + Chain + Commit,
{
    inbound.same_site(&app.context.base_url)?;
    let token = inbound.param("token");
    let body: AnswerRequest = inbound.body_with(&["channel"])?;
    let outcome = match parse(body, app.context.now()) {
        Ok(stated) => check_answer(app, &inbound.peer, token, &stated).await.map_err(Reject::from),
        Err(faults) => Err(Reject::fields(faults)),
    };
    passed_on(app, inbound, Step::Answer, outcome)
}

/// What was stated, or what of it can't be read. A form without anything is passed on: it costs nothing.
fn parse(body: AnswerRequest, now: Timestamp) -> Result<SecurityAnswer, Vec<FieldFault>> {
    let mut faults = Vec::new();
    let stated = SecurityAnswer {
        birth_date: optional_field(&mut faults, "birth_date", body.birth_date.as_deref(), |text| {
            BirthDate::parse(text, now)
        }),
        answer: body.answer.filter(|text| !text.trim().is_empty()),
        access_code: optional_field(
            &mut faults,
            "access_code",
            body.access_code.as_deref(),
            parse_access_code,
        ),
    };
    if faults.is_empty() { Ok(stated) } else { Err(faults) }
}

/// The page of the new password.
async fn show_password<S>(app: &App<S>, inbound: &Inbound) -> Result<Answer, Reject>
where
    S: Links + Practices + Accounts,
{
    let token = inbound.param("token");
    let visit = Visit::find(inbound, &app.context);
    let Some((ticket, visit)) = visit.and_then(|visit| Some((visit.ticket.clone()?, visit))) else {
        let open = view_reset(app, token).await?;
        return Ok(lost_visit(inbound, &Frame::of(inbound, &open.practice.settings)));
    };
    let Some(practice) = view_reset_with_ticket(app, token, &ticket).await? else {
        return Ok(visit.ticket_over(inbound, &app.context));
    };
    let frame = Frame::of(inbound, &practice.settings);
    let shortest = practice.settings.password_min_length;
    let page = PasswordPage::new(frame.clone(), token, shortest, &visit.form(Step::Password, &app.context));
    Ok(html(200, &frame, &page))
}

async fn choose_password<S>(app: &App<S>, inbound: &Inbound) -> Result<Answer, Reject>
where
    S: Limits + Links + Resets + Practices + Accounts + Chain + Commit,
{
    inbound.same_site(&app.context.base_url)?;
    let token = inbound.param("token");
    let body: PasswordRequest = inbound.body()?;
    let visit = Visit::of(inbound, &app.context);
    let page = inbound.wants_page();
    let Some(ticket) = body.ticket.or_else(|| visit.ticket.clone()) else {
        if !page {
            return Err(Reject::malformed("ticket", "required"));
        }
        // The cookie that holds it has gone. The page says so.
        view_reset(app, token).await?;
        return Ok(visit.lead_to(Step::Password, inbound, &app.context));
    };
    let kept = visit.form(Step::Password, &app.context);
    let is_twice = inbound.has_two_passwords("password", kept.value("password"));
    let outcome = match body.password {
        Some(password) if !is_twice => {
            let command = NewPassword { ticket, password: password.into() };
            set_password(app, &inbound.peer, token, &command).await.map_err(Reject::from)
        }
        // Of a dead link, nothing but that it is dead is told, whatever comes with it.
        _ => Err(match view_reset_with_ticket(app, token, &ticket).await? {
            Some(_) if is_twice => Reject::malformed("password", "two_passwords"),
            Some(_) => Reject::malformed("password", "required"),
            None => Refusal::LinkUnavailable.into(),
        }),
    };
    let set = match outcome {
        Ok(set) => set,
        Err(reject) if !page => return Err(reject),
        Err(reject @ Reject::Refused(Refusal::LinkUnavailable)) => {
            let ticket = visit.ticket.as_deref().unwrap_or_default();
            return match view_reset_with_ticket(app, token, ticket).await? {
                Some(_) => Err(reject),
                None => Ok(visit.ticket_over(inbound, &app.context)),
            };
        }
        Err(reject) => return visit.refuse(Step::Password, reject, inbound, &app.context),
    };
    let PasswordSet { practice, browser, has_representatives } = set;
    let mut answer = if page {
        // The sign-in page says that it is done: signing in is what comes next.
        let lang = Frame::of(inbound, &practice.settings).lang();
        let note = if has_representatives { "new-password-shared" } else { "new-password" };
        see_other(&format!("/{}?lang={lang}&note={note}", practice.id))
    } else {
        no_content()
    };
    visit.end(&mut answer, inbound, &app.context);
    clear_session(&mut answer);
    match browser {
        Some(browser) => set_browser(&mut answer, &browser),
        None => clear_browser(&mut answer),
    }
    Ok(answer)
}
