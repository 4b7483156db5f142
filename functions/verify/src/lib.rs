//! `verify`: a link's pages: look at it, say who you are, ask for a code, enter it; at the end stands a ticket. Or say
//! that the link is not for you.

mod pages;

use portico_domain::model::chart::Channel;
use portico_domain::model::link::{Role, parse_access_code};
use portico_domain::model::person::{BirthDate, Email, Name, PostalCode};
use portico_domain::model::practice::{RegistrationCheck, Settings};
use portico_domain::model::refusal::{FailureWith, FieldFault, Refusal};
use portico_domain::operations::visitor::unsubscribe::{unsubscribe, view_unsubscribe};
use portico_domain::operations::visitor::verify::{
    self, ChecksPassed, Next, OpenLink, StatedFacts, check_code, check_facts, send_code, view_link,
};
use portico_domain::ports::{Chain, Commit, Limits, Links, Patients, Practices};
use portico_web::{
    Answer, App, Fault, Frame, Inbound, Registration, Reject, code_page, dead_end, html, json as reply,
    notice, optional_field,
};
use serde::Deserialize;
use serde_json::json;

use pages::{Identity, NotMe, Stated, Unsubscribe, code_step, ways};

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
    proof: String,
    channel: Option<Channel>,
    ways: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct CheckRequest {
    proof: String,
    code: Option<String>,
    ways: Option<String>,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct NotMeRequest {
    confirm: Option<String>,
}

/// Answers a request.
pub async fn handle<S>(app: &App<S>, inbound: Inbound) -> Answer
where
    S: Limits + Links + Practices + Patients + Chain + Commit,
{
    let answer = match inbound.action().as_str() {
        "GET /i/{token}" => open(app, &inbound).await,
        "POST /i/{token}/verify" => identify(app, &inbound).await,
        "POST /i/{token}/codes" => request_code(app, &inbound).await,
        "POST /i/{token}/not-me" => not_me(app, &inbound).await,
        "POST /i/{token}/codes/check" => enter_code(app, &inbound).await,
        "GET /u/{token}" => offer_unsubscribe(app, &inbound).await,
        "POST /u/{token}" => stop_mail(app, &inbound).await,
        _ => Err(Refusal::NotFound.into()),
    };
    answer.unwrap_or_else(|reject| dead_end(&inbound, None, &reject))
}

async fn open<S: Links + Practices>(app: &App<S>, inbound: &Inbound) -> Result<Answer, Reject> {
    let token = inbound.param("token");
    let open = view_link(app, token).await?;
    if inbound.wants_page() {
        return Ok(identity_page(inbound, token, &open, &Stated::default(), 200, Vec::new()));
    }
    let settings = &open.practice.settings;
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

fn identity_page(
    inbound: &Inbound,
    token: &str,
    open: &OpenLink,
    stated: &Stated,
    status: u16,
    errors: Vec<Fault>,
) -> Answer {
    let frame = Frame::of(inbound, &open.practice.settings);
    html(status, &frame, &Identity::new(frame.clone(), token, open, stated, errors))
}

async fn identify<S>(app: &App<S>, inbound: &Inbound) -> Result<Answer, Reject>
where
    S: Limits + Links + Practices + Patients + Chain + Commit,
{
    inbound.same_site(&app.context.base_url)?;
    let token = inbound.param("token");
    let body: VerifyRequest = inbound.body()?;
    let stated = Stated {
        role: body
            .role
            .map(|role| if role == Role::Patient { "patient" } else { "representative" })
            .unwrap_or_default()
            .to_owned(),
        family_name: body.family_name.clone().unwrap_or_default(),
        birth_date: body.birth_date.clone().unwrap_or_default(),
        email: body.email.clone().unwrap_or_default(),
        postal_code: body.postal_code.clone().unwrap_or_default(),
        access_code: body.access_code.clone().unwrap_or_default(),
    };
    let (facts, role) = match parse(&body, app.context.now()) {
        Ok(parsed) => parsed,
        Err(faults) => return try_again(app, inbound, token, &stated, Reject::fields(faults), None).await,
    };
    let verified = match check_facts(app, &inbound.peer, token, &facts, role).await {
        Ok(verified) => verified,
        Err(FailureWith { failure, read }) => {
            return try_again(app, inbound, token, &stated, failure.into(), read).await;
        }
    };
    match verified.next {
        Next::Register(passed) => Ok(passed_page(inbound, token, &passed)),
        Next::Code { channels, proof } if inbound.wants_page() => {
            let frame = Frame::of(inbound, &verified.practice.settings);
            Ok(code_page(&frame, code_step(token, &proof, &channels), channels, None, None))
        }
        Next::Code { channels, proof } => {
            Ok(reply(200, &json!({"next": "code", "code_channels": channels, "proof": proof})))
        }
    }
}

/// The facts as stated, or what of them can't be read. A form without any is passed on: it costs nothing.
fn parse(
    body: &VerifyRequest,
    now: portico_domain::time::Timestamp,
) -> Result<(StatedFacts, Role), Vec<FieldFault>> {
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

/// The link that a page is shown for: what the operation read, or else a read of its own.
async fn still_open<S: Links + Practices>(
    app: &App<S>,
    token: &str,
    read: Option<OpenLink>,
) -> Result<OpenLink, Reject> {
    match read {
        None => Ok(view_link(app, token).await?),
        Some(open) if open.link.is_open(app.context.now()) => Ok(open),
        Some(_) => Err(Refusal::LinkUnavailable.into()),
    }
}

/// A refused check: for a person, the page once more with what to mend; everything else ends here.
async fn try_again<S>(
    app: &App<S>,
    inbound: &Inbound,
    token: &str,
    stated: &Stated,
    reject: Reject,
    read: Option<OpenLink>,
) -> Result<Answer, Reject>
where
    S: Links + Practices,
{
    let mendable = matches!(
        reject,
        Reject::Refused(
            Refusal::BadRequest(_) | Refusal::VerificationFailed | Refusal::RepresentativeRequired
        )
    );
    if !inbound.wants_page() || !mendable {
        return Err(reject);
    }
    let open = still_open(app, token, read).await?;
    let frame = Frame::of(inbound, &open.practice.settings);
    let errors = match &reject {
        Reject::Refused(Refusal::BadRequest(faults)) => {
            faults.iter().map(|fault| sentence(&fault.pointer, fault.code, &frame)).collect()
        }
        Reject::Refused(Refusal::VerificationFailed) => vec![("", frame.text.verification.failed.to_owned())],
        _ => return Ok(dead_end(inbound, Some(frame), &reject)),
    };
    Ok(identity_page(inbound, token, &open, stated, reject.status(), errors))
}

fn sentence(pointer: &str, code: &str, frame: &Frame) -> Fault {
    let words = &frame.text.link;
    match (pointer, code) {
        ("/as", _) => ("as", words.who_missing.to_owned()),
        ("/family_name", _) => ("family_name", words.family_name_missing.to_owned()),
        ("/birth_date", "required") => ("birth_date", words.birth_date_missing.to_owned()),
        ("/birth_date", _) => {
            ("birth_date", format!("{} {}", words.birth_date_invalid, words.birth_date_formats))
        }
        ("/email", _) => ("email", words.email_missing.to_owned()),
        ("/postal_code", _) => ("postal_code", words.postal_code_missing.to_owned()),
        ("/access_code", _) => ("access_code", words.access_code_invalid.to_owned()),
        _ => ("", frame.text.dead_end.wrong_format.to_owned()),
    }
}

/// «This is not for me»: the page that asks once more, or with `confirm=yes` the deed.
async fn not_me<S>(app: &App<S>, inbound: &Inbound) -> Result<Answer, Reject>
where
    S: Limits + Links + Practices + Patients + Chain + Commit,
{
    inbound.same_site(&app.context.base_url)?;
    let token = inbound.param("token");
    let body: NotMeRequest = if inbound.has_body() { inbound.body()? } else { NotMeRequest::default() };
    let sure = body.confirm.as_deref() == Some("yes");
    if sure {
        verify::not_me(app, &inbound.peer, token).await?;
    }
    if !inbound.wants_page() {
        return Ok(reply(202, &json!({})));
    }
    let frame = Frame::nameless(inbound);
    if sure {
        let words = &frame.text.not_me;
        return Ok(notice(202, &frame, words.done_title, words.done));
    }
    let open = view_link(app, token).await?;
    let frame = Frame::of(inbound, &open.practice.settings);
    Ok(html(200, &frame, &NotMe::new(frame.clone(), token)))
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

fn passed_page(inbound: &Inbound, token: &str, passed: &ChecksPassed) -> Answer {
    if !inbound.wants_page() {
        let body = json!({"next": "register", "ticket": passed.ticket, "suggested_username": passed.suggested_username});
        return reply(200, &body);
    }
    let settings: &Settings = &passed.practice.settings;
    let frame = Frame::of(inbound, settings);
    let page = Registration::for_passed(frame.clone(), (token, &passed.ticket), settings, passed);
    html(200, &frame, &page)
}

async fn request_code<S>(app: &App<S>, inbound: &Inbound) -> Result<Answer, Reject>
where
    S: Limits + Links + Practices + Commit,
{
    inbound.same_site(&app.context.base_url)?;
    let token = inbound.param("token");
    let body: CodeRequest = inbound.body()?;
    let known = ways(body.ways.as_deref().unwrap_or_default());
    let Some(channel) = body.channel else {
        let missing = Reject::malformed("channel", "required");
        return code_again(app, inbound, token, &body.proof, known, missing, None).await;
    };
    let sent = send_code(app, &inbound.peer, token, &body.proof, channel).await;
    let refused = match sent.map_err(Reject::from) {
        Ok(sent) if inbound.wants_page() => {
            let frame = Frame::of(inbound, &sent.practice.settings);
            let step = code_step(token, &body.proof, &sent.channels);
            return Ok(code_page(&frame, step, sent.channels, Some(channel), None));
        }
        Ok(sent) => return Ok(reply(202, &json!({"resend_after": sent.resend_after}))),
        Err(refused) => refused,
    };
    match refused {
        // A little patience is all that is needed: the code that was sent still works.
        Reject::Refused(Refusal::TooManyRequests(_)) => {
            code_again(app, inbound, token, &body.proof, known, refused, None).await
        }
        reject => try_again(app, inbound, token, &Stated::default(), reject, None).await,
    }
}

async fn enter_code<S>(app: &App<S>, inbound: &Inbound) -> Result<Answer, Reject>
where
    S: Limits + Links + Practices + Patients + Chain + Commit,
{
    inbound.same_site(&app.context.base_url)?;
    let token = inbound.param("token");
    let body: CheckRequest = inbound.body()?;
    let known = ways(body.ways.as_deref().unwrap_or_default());
    let Some(entered) = body.code else {
        let missing = Reject::malformed("code", "required");
        return code_again(app, inbound, token, &body.proof, known, missing, None).await;
    };
    let (reject, read) = match check_code(app, &inbound.peer, token, &body.proof, &entered).await {
        Ok(passed) => return Ok(passed_page(inbound, token, &passed)),
        Err(FailureWith { failure, read }) => (Reject::from(failure), read),
    };
    match reject {
        Reject::Refused(Refusal::CodeRejected) => {
            code_again(app, inbound, token, &body.proof, known, reject, read).await
        }
        reject => try_again(app, inbound, token, &Stated::default(), reject, read).await,
    }
}

async fn code_again<S>(
    app: &App<S>,
    inbound: &Inbound,
    token: &str,
    proof: &str,
    mut channels: Vec<Channel>,
    reject: Reject,
    read: Option<OpenLink>,
) -> Result<Answer, Reject>
where
    S: Links + Practices,
{
    if !inbound.wants_page() {
        return Err(reject);
    }
    let open = still_open(app, token, read).await?;
    let frame = Frame::of(inbound, &open.practice.settings);
    let sent = open.link.code.map(|code| code.channel);
    if channels.is_empty() {
        // The form didn't say: another code can at least go the way that the last one went.
        channels.extend(sent);
    }
    if channels.is_empty() {
        return Err(reject);
    }
    Ok(code_page(&frame, code_step(token, proof, &channels), channels, sent, Some(&reject)))
}
