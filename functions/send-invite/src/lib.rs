//! `send-invite`: invites a patient, or many in one call, by e-mail, text or letter, or a representative, records by what
//! right a representative acts, and cancels an invitation. A new invitation replaces an older one.

mod batch;
mod console;
mod representatives;
mod requests;
mod same_contact;
mod words;

use portico_domain::model::chart::Channel;
use portico_domain::model::ids::{AccountId, LinkId, PatientId};
use portico_domain::model::refusal::{FieldFault, Refusal};
use portico_domain::operations::staff::authority::set_authority;
use portico_domain::operations::staff::send_invite::{
    Invite, cancel, cancel_one, invite, invite_representative,
};
use portico_domain::ports::{
    ApiCalls, Batches, Chain, Commit, Directory, Enqueue, History, Limits, Links, Patients, Practices,
    RepresentativeRequests, Roster, Waiting,
};
use portico_web::{
    Answer, App, AuthorityRequest, Inbound, Reject, RepresentativeRequest, json, problem, view,
};
use serde::Deserialize;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct InviteRequest {
    channel: Channel,
    #[serde(rename = "override")]
    over: Option<OverrideRequest>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct OverrideRequest {
    reason: String,
}

/// Answers a request.
pub async fn handle<S, Q>(app: &App<S>, queue: &Q, inbound: Inbound) -> Answer
where
    S: ApiCalls
        + Limits
        + Chain
        + Practices
        + Links
        + History
        + Batches
        + Roster
        + Waiting
        + Directory
        + Patients
        + RepresentativeRequests
        + Commit,
    Q: Enqueue,
{
    let action = inbound.action();
    let answer = match action.as_str() {
        _ if inbound.is_console() && action.contains("/representatives") => {
            representatives::answer(app, &inbound, &action).await
        }
        _ if inbound.is_console() => console::answer(app, queue, &inbound, &action).await,
        "GET /v1/requests" => requests::show(app, &inbound).await,
        "POST /v1/requests/{request_id}/invite" => requests::let_in(app, &inbound).await,
        "POST /v1/requests/{request_id}/refuse" => requests::refuse(app, &inbound).await,
        "POST /v1/invitations/batch" => batch::send(app, queue, &inbound).await,
        "GET /v1/invitations/batch/{batch_id}" => batch::show(app, &inbound).await,
        "POST /v1/invitations/batch/{batch_id}/stop" => batch::stop(app, &inbound).await,
        "POST /v1/patients/{patient_id}/invitations" => send(app, &inbound).await,
        "POST /v1/patients/{patient_id}/representatives" => send_to_representative(app, &inbound).await,
        "DELETE /v1/patients/{patient_id}/invitations/current" => take_back(app, &inbound).await,
        "DELETE /v1/patients/{patient_id}/invitations/{invitation_id}" => take_one_back(app, &inbound).await,
        "PUT /v1/patients/{patient_id}/representatives/{account_id}/authority" => {
            record_authority(app, &inbound).await
        }
        _ => Err(Refusal::NotFound.into()),
    };
    answer.unwrap_or_else(|reject| problem(&inbound, &reject))
}

/// Whether a text can be a reason in the words of staff: 1 to 500 characters, none of them a control character.
fn is_note(why: &str) -> bool {
    !why.is_empty() && why.chars().count() <= 500 && !why.chars().any(char::is_control)
}

fn patient(inbound: &Inbound) -> Result<PatientId, Refusal> {
    PatientId::parse(inbound.param("patient_id")).map_err(|_| Refusal::NotFound)
}

async fn send<S>(app: &App<S>, inbound: &Inbound) -> Result<Answer, Reject>
where
    S: ApiCalls + Limits + Chain + Practices + Links + Commit,
{
    let call = inbound.staff()?;
    let body: InviteRequest = inbound.body()?;
    if body.channel == Channel::Voice {
        return Err(Reject::malformed("channel", "invalid"));
    }
    let why = body.over.map(|over| over.reason.trim().to_owned());
    if why.as_ref().is_some_and(|why| !is_note(why)) {
        return Err(Reject::fields(vec![FieldFault {
            pointer: "/override/reason".to_owned(),
            code: "required",
        }]));
    }
    let command = Invite { patient: patient(inbound)?, channel: body.channel, why };
    let sent = invite(app, &call, &command).await?;
    Ok(json(201, &view::invitation(&sent.link, &sent.caller, &app.context.keyring, app.context.now())))
}

async fn send_to_representative<S>(app: &App<S>, inbound: &Inbound) -> Result<Answer, Reject>
where
    S: ApiCalls + Limits + Chain + Practices + Links + Commit,
{
    let call = inbound.staff()?;
    let body: RepresentativeRequest = inbound.body()?;
    let command = body.parse(patient(inbound)?).map_err(Reject::fields)?;
    let sent = invite_representative(app, &call, &command).await?;
    Ok(json(201, &view::invitation(&sent.link, &sent.caller, &app.context.keyring, app.context.now())))
}

async fn take_back<S>(app: &App<S>, inbound: &Inbound) -> Result<Answer, Reject>
where
    S: ApiCalls + Limits + Practices + History + Commit,
{
    let call = inbound.staff()?;
    let (portal, caller) = cancel(app, &call, &patient(inbound)?).await?;
    Ok(json(200, &view::portal(&portal, &caller, &app.context.keyring, app.context.now())))
}

async fn take_one_back<S>(app: &App<S>, inbound: &Inbound) -> Result<Answer, Reject>
where
    S: ApiCalls + Limits + Practices + History + Commit,
{
    let call = inbound.staff()?;
    let (patient, invitation) = (patient(inbound)?, invitation(inbound)?);
    let (portal, caller) = Box::pin(cancel_one(app, &call, &patient, invitation)).await?;
    Ok(json(200, &view::portal(&portal, &caller, &app.context.keyring, app.context.now())))
}

/// The invitation that the path names.
fn invitation(inbound: &Inbound) -> Result<LinkId, Refusal> {
    LinkId::parse(inbound.param("invitation_id")).map_err(|_| Refusal::NotFound)
}

async fn record_authority<S>(app: &App<S>, inbound: &Inbound) -> Result<Answer, Reject>
where
    S: ApiCalls + Limits + Practices + History + Commit,
{
    let call = inbound.staff()?;
    let body: AuthorityRequest = inbound.body()?;
    let authority = body.parse().map_err(Reject::fields)?;
    let account = AccountId::parse(inbound.param("account_id")).map_err(|_| Refusal::NotFound)?;
    let (portal, caller) = set_authority(app, &call, &patient(inbound)?, account, &authority).await?;
    Ok(json(200, &view::portal(&portal, &caller, &app.context.keyring, app.context.now())))
}
