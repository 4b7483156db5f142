//! `verify`: a link's pages: look at it, say who you are, ask for a code, enter it; at the end stands a ticket. Or say
//! that the link is not for you.

mod pages;

use portico_domain::model::chart::Channel;
use portico_domain::model::link::{CODES, Role, parse_access_code};
use portico_domain::model::person::{BirthDate, Email, Name, PostalCode};
use portico_domain::model::practice::RegistrationCheck;
use portico_domain::model::refusal::{FieldFault, Refusal};
use portico_domain::operations::visitor::unsubscribe::{unsubscribe, view_unsubscribe};
use portico_domain::operations::visitor::verify::{
    self, Next, ProofState, StatedFacts, check_code, check_facts, send_code, view_link, view_link_with_proof,
};
use portico_domain::ports::{Accounts, Chain, Commit, Limits, Links, Patients, Practices};
use portico_domain::time::Timestamp;
use portico_web::{
    Answer, App, CodeStep, Form, Frame, Inbound, Reject, Step, Visit, code_page, dead_end, html,
    json as reply, lost_visit, notice, optional_field, see_other, sent,
};
use serde::Deserialize;
use serde_json::json;

use pages::{Identity, NotMe, Unsubscribe};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct VerifyRequest {
    #[serde(rename = "as")]
    role: Option<Role>,
    family_name: Option<String>,
    birth_date: Option<String>,
    email: Option<String>,
    postal_code: Option<String>,
    access_code: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct CodeRequest {
    /// In JSON; a page's is in its cookie.
    proof: Option<String>,
    channel: Option<Channel>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct CheckRequest {
    proof: Option<String>,
    code: Option<String>,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct NotMeRequest {
    confirm: Option<String>,
}

/// Answers a request.
pub async fn handle<S>(app: &App<S>, inbound: Inbound) -> Answer
where
    S: Limits + Links + Practices + Patients + Accounts + Chain + Commit,
{
    let answer = match inbound.action().as_str() {
        "GET /i/{token}" => open(app, &inbound).await,
        "POST /i/{token}/verify" => identify(app, &inbound).await,
        "GET /i/{token}/code" => show_code(app, &inbound).await,
        "POST /i/{token}/codes" => request_code(app, &inbound).await,
        "POST /i/{token}/codes/check" => enter_code(app, &inbound).await,
        "GET /i/{token}/not-me" => ask_not_me(app, &inbound).await,
        "POST /i/{token}/not-me" => not_me(app, &inbound).await,
        "GET /u/{token}" => offer_unsubscribe(app, &inbound).await,
        "POST /u/{token}" => stop_mail(app, &inbound).await,
        _ => Err(Refusal::NotFound.into()),
    };
    answer.unwrap_or_else(|reject| dead_end(&inbound, None, &reject))
}

async fn open<S: Links + Practices>(app: &App<S>, inbound: &Inbound) -> Result<Answer, Reject> {
    let token = inbound.param("token");
    if inbound.wants_page() && token == "sent" {
        // After somebody asked for a new link. It names no practice, because nothing is looked up.
        return Ok(sent(200, &Frame::nameless(inbound), None, false));
    }
    let open = view_link(app, token).await?;
    let settings = &open.practice.settings;
    if inbound.wants_page() {
        let visit = Visit::find(inbound, &app.context);
        if visit.is_none() && inbound.says_refused() {
            return Ok(lost_visit(inbound, &Frame::of(inbound, settings)));
        }
        let visit = visit.unwrap_or_default();
        let frame = Frame::of(inbound, settings);
        let next = match (&visit.ticket, &visit.proof) {
            (Some(_), _) => Some("register"),
            (None, Some(_)) => Some("code"),
            (None, None) => None,
        };
        return Ok(html(
            200,
            &frame,
            &Identity::new(frame.clone(), token, &open, &visit.form(Step::First, &app.context), next),
        ));
    }
    let steps: &[&str] = match settings.registration_check {
        RegistrationCheck::IdentityAndCode => &["identity", "code", "register"],
        RegistrationCheck::Identity => &["identity", "register"],
        RegistrationCheck::LinkOnly => &["register"],
    };
    Ok(reply(
        200,
        &json!({
            "practice": open.practice.id,
            "practice_name": settings.name,
            "kind": open.link.kind,
            "expires_at": open.link.expires_at.to_string(),
            "check": settings.registration_check,
            "identity_facts": settings.identity_facts,
            "steps": steps,
        }),
    ))
}

async fn identify<S>(app: &App<S>, inbound: &Inbound) -> Result<Answer, Reject>
where
    S: Limits + Links + Practices + Patients + Accounts + Chain + Commit,
{
    inbound.same_site(&app.context.base_url)?;
    let token = inbound.param("token");
    let body: VerifyRequest = inbound.body()?;
    let outcome = match parse(&body, app.context.now()) {
        Ok((facts, role)) => check_facts(app, &inbound.peer, token, &facts, role).await.map_err(Reject::from),
        Err(faults) => Err(Reject::fields(faults)),
    };
    if inbound.wants_page() {
        let mut visit = Visit::of(inbound, &app.context);
        let next = match outcome {
            Ok(next) => next,
            Err(reject) => return visit.refuse(Step::First, reject, inbound, &app.context),
        };
        // The office's code would pass for the facts and the code at once, so it isn't kept.
        visit.keep(Step::First, Form::sent(inbound).without("access_code"));
        return Ok(match next {
            Next::Register(passed) => {
                visit.ticket = Some(passed.ticket);
                visit.lead_to(Step::Register, inbound, &app.context)
            }
            Next::Code { ways, proof } => {
                visit.proof = Some(proof);
                visit.ways = ways;
                visit.ticket = None;
                visit.sent = None;
                visit.keep(Step::Code, Form::default());
                visit.lead_to(Step::Code, inbound, &app.context)
            }
        });
    }
    Ok(match outcome? {
        Next::Register(passed) => passed_json(&passed),
        Next::Code { ways, proof } => {
            let channels: Vec<Channel> = ways.iter().map(|way| way.channel).collect();
            reply(200, &json!({"next": "code", "code_channels": channels, "proof": proof}))
        }
    })
}

/// The facts as stated, or what of them can't be read. A form without any is passed on: it costs nothing.
fn parse(body: &VerifyRequest, now: Timestamp) -> Result<(StatedFacts, Role), Vec<FieldFault>> {
    let mut faults = Vec::new();
    let facts = StatedFacts {
        family_name: optional_field(&mut faults, "family_name", body.family_name.as_deref(), Name::parse),
        birth_date: optional_field(&mut faults, "birth_date", body.birth_date.as_deref(), |text| {
            BirthDate::parse(text, now)
        }),
        email: optional_field(&mut faults, "email", body.email.as_deref(), Email::parse),
        postal_code: optional_field(
            &mut faults,
            "postal_code",
            body.postal_code.as_deref(),
            PostalCode::parse,
        ),
        access_code: optional_field(
            &mut faults,
            "access_code",
            body.access_code.as_deref(),
            parse_access_code,
        ),
    };
    let role = body.role.unwrap_or_else(|| {
        faults.push(FieldFault::of("as", "required"));
        Role::Patient
    });
    if faults.is_empty() { Ok((facts, role)) } else { Err(faults) }
}

fn passed_json(passed: &verify::ChecksPassed) -> Answer {
    let body =
        json!({"next": "register", "ticket": passed.ticket, "suggested_username": passed.suggested_username});
    reply(200, &body)
}

/// The page of the code: to choose a way, or to enter what was sent.
async fn show_code<S: Links + Practices>(app: &App<S>, inbound: &Inbound) -> Result<Answer, Reject> {
    let token = inbound.param("token");
    let Some((visit, proof)) = visit_with_proof(app, inbound) else {
        let open = view_link(app, token).await?;
        return Ok(lost_visit(inbound, &Frame::of(inbound, &open.practice.settings)));
    };
    let (open, proof) = view_link_with_proof(app, token, &proof).await?;
    if matches!(proof, ProofState::Over) {
        return Ok(visit.proof_over(inbound, &app.context));
    }
    let frame = Frame::of(inbound, &open.practice.settings);
    let form = visit.form(Step::Code, &app.context);
    let step = CodeStep {
        path: inbound.link_path(),
        codes_used_up: open.link.codes >= CODES,
        ways: visit.ways,
        sent: visit.sent,
        form,
        digits: open.link.code.map_or(open.practice.settings.code_digits, |code| code.digits),
        tries_left: open.link.code_tries_left(app.context.now()),
    };
    Ok(code_page(&frame, step))
}

fn visit_with_proof<S>(app: &App<S>, inbound: &Inbound) -> Option<(Visit, String)> {
    let visit = Visit::find(inbound, &app.context)?;
    let proof = visit.proof.clone()?;
    Some((visit, proof))
}

/// A form without a proof: the cookie that holds it has gone. The page of the code says so.
fn without_proof<S>(app: &App<S>, inbound: &Inbound) -> Result<Answer, Reject> {
    if inbound.wants_page() {
        return Ok(Visit::begun(&app.context).lead_to(Step::Code, inbound, &app.context));
    }
    Err(Reject::malformed("proof", "required"))
}

async fn request_code<S>(app: &App<S>, inbound: &Inbound) -> Result<Answer, Reject>
where
    S: Limits + Links + Practices + Commit,
{
    inbound.same_site(&app.context.base_url)?;
    let token = inbound.param("token");
    let body: CodeRequest = inbound.body()?;
    let mut visit = Visit::of(inbound, &app.context);
    let Some(proof) = body.proof.or_else(|| visit.proof.clone()) else {
        return without_proof(app, inbound);
    };
    let outcome = match body.channel {
        Some(channel) => send_code(app, &inbound.peer, token, &proof, channel).await.map_err(Reject::from),
        None => Err(Reject::malformed("channel", "required")),
    };
    if !inbound.wants_page() {
        return Ok(reply(202, &json!({"resend_after": outcome?.resend_after})));
    }
    match outcome {
        Ok(sent) => {
            visit.proof = Some(proof);
            visit.ways = sent.ways;
        }
        Err(reject) => match &reject {
            Reject::Refused(Refusal::VerificationFailed) => {
                return Ok(visit.proof_over(inbound, &app.context));
            }
            Reject::Refused(Refusal::TooManyRequests(_))
                if was_just_sent(app, token, body.channel).await? => {}
            _ => return visit.refuse(Step::Code, reject, inbound, &app.context),
        },
    }
    visit.sent = body.channel;
    visit.keep(Step::Code, Form::default());
    Ok(visit.lead_to(Step::Code, inbound, &app.context))
}

/// Whether a code went this way a moment ago: the second click of a double click finds it sent.
async fn was_just_sent<S: Links + Practices>(
    app: &App<S>,
    token: &str,
    channel: Option<Channel>,
) -> Result<bool, Reject> {
    Ok(view_link(app, token).await?.link.was_just_sent(channel, app.context.now()))
}

async fn enter_code<S>(app: &App<S>, inbound: &Inbound) -> Result<Answer, Reject>
where
    S: Limits + Links + Practices + Patients + Accounts + Chain + Commit,
{
    inbound.same_site(&app.context.base_url)?;
    let token = inbound.param("token");
    let body: CheckRequest = inbound.body()?;
    let mut visit = Visit::of(inbound, &app.context);
    let Some(proof) = body.proof.or_else(|| visit.proof.clone()) else {
        return without_proof(app, inbound);
    };
    let outcome = match &body.code {
        Some(code) => check_code(app, &inbound.peer, token, &proof, code).await.map_err(Reject::from),
        None => Err(Reject::malformed("code", "required")),
    };
    if !inbound.wants_page() {
        return outcome.map(|passed| passed_json(&passed));
    }
    match outcome {
        Ok(passed) => {
            visit.ticket = Some(passed.ticket);
            visit.keep(Step::Code, Form::default());
            Ok(visit.lead_to(Step::Register, inbound, &app.context))
        }
        Err(Reject::Refused(Refusal::VerificationFailed)) => Ok(visit.proof_over(inbound, &app.context)),
        Err(reject) => visit.refuse(Step::Code, reject, inbound, &app.context),
    }
}

/// “This is not for me”: the page that asks once more; or, after the answer, the thanks.
async fn ask_not_me<S: Links + Practices>(app: &App<S>, inbound: &Inbound) -> Result<Answer, Reject> {
    if inbound.query("note") == Some("done") {
        let frame = Frame::nameless(inbound);
        let words = &frame.text.not_me;
        return Ok(notice(200, &frame, words.done_title, words.done));
    }
    let token = inbound.param("token");
    let open = view_link(app, token).await?;
    let frame = Frame::of(inbound, &open.practice.settings);
    let unanswered = inbound.query("note") == Some("unanswered");
    Ok(html(200, &frame, &NotMe::new(frame.clone(), token, unanswered)))
}

/// The answer to “is this not for you?”. Only a yes does anything: a scanner that sends every form that it finds has
/// chosen nothing.
async fn not_me<S>(app: &App<S>, inbound: &Inbound) -> Result<Answer, Reject>
where
    S: Limits + Links + Practices + Patients + Chain + Commit,
{
    inbound.same_site(&app.context.base_url)?;
    let token = inbound.param("token");
    let body: NotMeRequest = if inbound.has_body() { inbound.body()? } else { NotMeRequest::default() };
    let (step, note) = match body.confirm.as_deref() {
        Some("yes") => {
            verify::not_me(app, &inbound.peer, token).await?;
            ("/not-me", "note=done&")
        }
        Some("no") => ("", ""),
        _ => ("/not-me", "note=unanswered&"),
    };
    if !inbound.wants_page() {
        return Ok(reply(202, &json!({})));
    }
    let lang = Frame::nameless(inbound).lang();
    Ok(see_other(&format!("{}{step}?{note}lang={lang}", inbound.link_path())))
}

async fn offer_unsubscribe<S: Links + Practices>(app: &App<S>, inbound: &Inbound) -> Result<Answer, Reject> {
    let token = inbound.param("token");
    let practice = view_unsubscribe(app, token).await?;
    if !inbound.wants_page() {
        return Ok(reply(200, &json!({"practice_name": practice.settings.name})));
    }
    let frame = Frame::of(inbound, &practice.settings);
    Ok(html(200, &frame, &Unsubscribe::new(frame.clone(), token)))
}

/// Stops automatic mail. Mail programs send this POST from their own servers, so it is not asked which site it
/// comes from: the token is all that it takes.
async fn stop_mail<S>(app: &App<S>, inbound: &Inbound) -> Result<Answer, Reject>
where
    S: Limits + Links + Practices + Patients + Chain + Commit,
{
    let practice = unsubscribe(app, &inbound.peer, inbound.param("token")).await?;
    if !inbound.wants_page() {
        return Ok(reply(200, &json!({})));
    }
    let frame = Frame::of(inbound, &practice.settings);
    let words = &frame.text.unsubscribe;
    Ok(notice(200, &frame, words.done_title, words.done))
}
