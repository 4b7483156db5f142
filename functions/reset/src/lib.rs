//! `reset`: a reset link's pages: choose how to show who it is, do so, choose a new password. Nobody is signed in at the
//! end, and the browser is told to forget that it ever was.

mod pages;

use portico_domain::model::link::parse_access_code;
use portico_domain::model::person::BirthDate;
use portico_domain::model::practice::Settings;
use portico_domain::model::refusal::{FieldFault, Refusal};
use portico_domain::operations::visitor::reset::{
    NewPassword, OpenReset, PasswordSet, SecondCheckPassed, SecurityAnswer, check_answer, check_code,
    send_code, set_password, view_reset, view_reset_with_ticket,
};
use portico_domain::ports::{Accounts, Chain, Commit, Limits, Links, Practices, Resets};
use portico_domain::time::Timestamp;
use portico_web::{
    Answer, App, CodeStep, Fault, Frame, Inbound, Reject, TypedPassword, clear_browser, clear_session,
    code_fault, code_page, dead_end, html, json as reply, mark_refused, no_content, optional_field,
    password_faults, see_other, set_browser,
};
use serde::Deserialize;
use serde_json::json;

use pages::{AnswerPage, Choose, Done, PasswordPage, Way};

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
    ticket: String,
    password: Option<TypedPassword>,
}

/// Answers a request.
pub async fn handle<S>(app: &App<S>, inbound: Inbound) -> Answer
where
    S: Limits + Links + Practices + Accounts + Resets + Chain + Commit,
{
    let answer = match inbound.action().as_str() {
        "GET /r/{token}" => open(app, &inbound).await,
        "POST /r/{token}/codes" => request_code(app, &inbound).await,
        "POST /r/{token}/codes/check" => enter_code(app, &inbound).await,
        "POST /r/{token}/answer" => answer_question(app, &inbound).await,
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
        return Ok(match Way::of_form(inbound.query("way"), &open) {
            Some(way) => answer_page(inbound, token, &open, way, "", None),
            None => choose_page(inbound, token, &open, None),
        });
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

/// The page on which a way is chosen; `refused` is why the one that was chosen leads nowhere now.
fn choose_page(inbound: &Inbound, token: &str, open: &OpenReset, refused: Option<&Reject>) -> Answer {
    let frame = Frame::of(inbound, &open.practice.settings);
    let fault = |reject: &Reject| match code_fault(reject, &frame) {
        ("channel", _) => ("channel", frame.text.reset.way_missing.to_owned()),
        // There is no field for a code here.
        (_, sentence) => ("", sentence),
    };
    let page = Choose::new(frame.clone(), token, open, refused.into_iter().map(fault).collect());
    let mut answer = html(refused.map_or(200, Reject::status), &frame, &page);
    if let Some(reject) = refused {
        mark_refused(&mut answer, reject);
    }
    answer
}

fn code_step(token: &str) -> CodeStep {
    CodeStep { link: format!("/r/{token}"), carried: Vec::new(), other_way: true }
}

/// Sends a code; or leads on to the form of another way, which the same radio buttons offer.
async fn request_code<S>(app: &App<S>, inbound: &Inbound) -> Result<Answer, Reject>
where
    S: Limits + Links + Practices + Accounts + Commit,
{
    inbound.same_site(&app.context.base_url)?;
    let token = inbound.param("token");
    let body: CodeRequest = inbound.body()?;
    let Some(way) = body.channel else {
        return code_again(app, inbound, Reject::malformed("channel", "required")).await;
    };
    let Some(channel) = way.channel() else {
        return to_form(app, inbound, way).await;
    };
    match send_code(app, &inbound.peer, token, channel).await.map_err(Reject::from) {
        Ok(sent) if inbound.wants_page() => {
            let frame = Frame::of(inbound, &sent.open.practice.settings);
            Ok(code_page(&frame, code_step(token), sent.open.ways().to_vec(), Some(channel), None))
        }
        Ok(sent) => Ok(reply(202, &json!({"resend_after": sent.resend_after}))),
        Err(reject) => code_again(app, inbound, reject).await,
    }
}

async fn to_form<S>(app: &App<S>, inbound: &Inbound, way: Way) -> Result<Answer, Reject>
where
    S: Links + Practices + Accounts,
{
    let unavailable = Reject::malformed("channel", "unavailable");
    if !inbound.wants_page() {
        return Err(unavailable);
    }
    let token = inbound.param("token");
    let open = view_reset(app, token).await?;
    if !Way::all(&open).contains(&way) {
        return Ok(choose_page(inbound, token, &open, Some(&unavailable)));
    }
    let lang = Frame::of(inbound, &open.practice.settings).lang();
    Ok(see_other(&format!("/r/{token}?lang={lang}&way={}", way.as_str())))
}

/// A code, or the wish for one, was refused: for a person, the page once more, where a code that was sent can still be
/// entered and another way be chosen.
async fn code_again<S>(app: &App<S>, inbound: &Inbound, reject: Reject) -> Result<Answer, Reject>
where
    S: Links + Practices + Accounts,
{
    let mendable = matches!(
        reject,
        Reject::Refused(Refusal::BadRequest(_) | Refusal::CodeRejected | Refusal::TooManyRequests(_))
    );
    if !inbound.wants_page() || !mendable {
        return Err(reject);
    }
    let token = inbound.param("token");
    let open = view_reset(app, token).await?;
    let frame = Frame::of(inbound, &open.practice.settings);
    let wished = matches!(&reject, Reject::Refused(Refusal::BadRequest(faults)) if faults.iter().any(|f| f.pointer == "/channel"));
    Ok(match &open.link.code {
        Some(code) if !wished => {
            code_page(&frame, code_step(token), open.ways().to_vec(), Some(code.channel), Some(&reject))
        }
        _ => choose_page(inbound, token, &open, Some(&reject)),
    })
}

async fn enter_code<S>(app: &App<S>, inbound: &Inbound) -> Result<Answer, Reject>
where
    S: Limits + Links + Practices + Accounts + Chain + Commit,
{
    inbound.same_site(&app.context.base_url)?;
    let token = inbound.param("token");
    let body: CheckRequest = inbound.body()?;
    let Some(entered) = body.code else {
        return code_again(app, inbound, Reject::malformed("code", "required")).await;
    };
    match check_code(app, &inbound.peer, token, &entered).await.map_err(Reject::from) {
        Ok(passed) => Ok(passed_on(inbound, token, &passed)),
        Err(reject) => code_again(app, inbound, reject).await,
    }
}

/// To the new password.
fn passed_on(inbound: &Inbound, token: &str, passed: &SecondCheckPassed) -> Answer {
    if !inbound.wants_page() {
        return reply(200, &json!({"next": "password", "ticket": passed.ticket}));
    }
    password_page(inbound, token, &passed.ticket, &passed.practice.settings, None)
}

fn password_page(
    inbound: &Inbound,
    token: &str,
    ticket: &str,
    settings: &Settings,
    refused: Option<(&Reject, Vec<Fault>)>,
) -> Answer {
    let frame = Frame::of(inbound, settings);
    let (reject, errors) = refused.map_or((None, Vec::new()), |(reject, errors)| (Some(reject), errors));
    let page = PasswordPage::new(frame.clone(), token, ticket, settings.password_min_length, errors);
    let mut answer = html(reject.map_or(200, Reject::status), &frame, &page);
    if let Some(reject) = reject {
        mark_refused(&mut answer, reject);
    }
    answer
}

/// Takes birth date and answer, or birth date and the code from staff.
async fn answer_question<S>(app: &App<S>, inbound: &Inbound) -> Result<Answer, Reject>
where
    S: Limits + Links + Practices + Accounts + Resets + Chain + Commit,
{
    inbound.same_site(&app.context.base_url)?;
    let token = inbound.param("token");
    let body: AnswerRequest = inbound.body()?;
    let typed = body.birth_date.clone().unwrap_or_default();
    let by_code = body.access_code.is_some();
    let outcome = match parse(body, app.context.now()) {
        Ok(stated) => check_answer(app, &inbound.peer, token, &stated).await.map_err(Reject::from),
        Err(faults) => Err(Reject::fields(faults)),
    };
    let reject = match outcome {
        Ok(passed) => return Ok(passed_on(inbound, token, &passed)),
        Err(reject) => reject,
    };
    let mendable = matches!(reject, Reject::Refused(Refusal::BadRequest(_) | Refusal::VerificationFailed));
    if !inbound.wants_page() || !mendable {
        return Err(reject);
    }
    let open = view_reset(app, token).await?;
    // An empty form says by its address alone which one it is.
    let way = Way::of_form(inbound.query("way"), &open).filter(|_| !by_code).unwrap_or(Way::AccessCode);
    Ok(answer_page(inbound, token, &open, way, &typed, Some(&reject)))
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

fn answer_page(
    inbound: &Inbound,
    token: &str,
    open: &OpenReset,
    way: Way,
    birth_date: &str,
    refused: Option<&Reject>,
) -> Answer {
    let mut frame = Frame::of(inbound, &open.practice.settings);
    if let Some((_, address)) = &mut frame.other_language {
        address.push_str("&way=");
        address.push_str(way.as_str());
    }
    let errors = refused.map(|reject| stated_faults(reject, way, &frame)).unwrap_or_default();
    let page = AnswerPage::new(frame.clone(), token, open, way, birth_date, errors);
    let mut answer = html(refused.map_or(200, Reject::status), &frame, &page);
    if let Some(reject) = refused {
        mark_refused(&mut answer, reject);
    }
    answer
}

fn stated_faults(reject: &Reject, way: Way, frame: &Frame) -> Vec<Fault> {
    let (words, link) = (&frame.text.reset, &frame.text.link);
    let Reject::Refused(Refusal::BadRequest(faults)) = reject else {
        return vec![("", words.failed.to_owned())];
    };
    let sentence = |fault: &FieldFault| match (fault.pointer.as_str(), fault.code) {
        ("/birth_date", "required") => ("birth_date", link.birth_date_missing.to_owned()),
        ("/birth_date", _) => ("birth_date", words.birth_date_invalid.to_owned()),
        ("/access_code", _) => ("access_code", words.office_code_invalid.to_owned()),
        _ if way == Way::AccessCode => ("access_code", words.office_code_missing.to_owned()),
        _ => ("answer", words.answer_missing.to_owned()),
    };
    faults.iter().map(sentence).collect()
}

async fn choose_password<S>(app: &App<S>, inbound: &Inbound) -> Result<Answer, Reject>
where
    S: Limits + Links + Practices + Resets + Chain + Commit,
{
    inbound.same_site(&app.context.base_url)?;
    let token = inbound.param("token");
    let body: PasswordRequest = inbound.body()?;
    let ticket = body.ticket.clone();
    let outcome = match body.password {
        Some(password) => {
            let command = NewPassword { ticket: body.ticket, password: password.into() };
            set_password(app, &inbound.peer, token, &command).await.map_err(Reject::from)
        }
        None => Err(Reject::malformed("password", "required")),
    };
    let PasswordSet { practice, browser, has_representatives } = match outcome {
        Ok(set) => set,
        Err(reject) => return password_again(app, inbound, token, &ticket, reject).await,
    };
    let mut answer = if inbound.wants_page() {
        let frame = Frame::of(inbound, &practice.settings);
        html(200, &frame, &Done::new(frame.clone(), &practice.id, has_representatives))
    } else {
        no_content()
    };
    clear_session(&mut answer);
    match browser {
        Some(browser) => set_browser(&mut answer, &browser),
        None => clear_browser(&mut answer),
    }
    Ok(answer)
}

/// A refused password: for a person, the page once more. Nothing is spent.
async fn password_again<S>(
    app: &App<S>,
    inbound: &Inbound,
    token: &str,
    ticket: &str,
    reject: Reject,
) -> Result<Answer, Reject>
where
    S: Links + Practices,
{
    if !inbound.wants_page() {
        return Err(reject);
    }
    let missing = match &reject {
        Reject::Refused(Refusal::PasswordRejected(_)) => false,
        Reject::Refused(Refusal::BadRequest(_)) => true,
        _ => return Err(reject),
    };
    let practice = view_reset_with_ticket(app, token, ticket).await?;
    let frame = Frame::of(inbound, &practice.settings);
    let errors = match &reject {
        Reject::Refused(Refusal::PasswordRejected(faults)) if !missing => {
            password_faults("password", faults, &frame, practice.settings.password_min_length)
        }
        _ => vec![("password", frame.text.register.password_missing.to_owned())],
    };
    Ok(password_page(inbound, token, ticket, &practice.settings, Some((&reject, errors))))
}
