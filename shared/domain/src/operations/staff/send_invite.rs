//! `send-invite`: sends an invitation, which replaces an older one, or cancels the pending one.

use futures_util::join;

use crate::context::App;
use crate::model::audit::{Action, Subject};
use crate::model::chart::Channel;
use crate::model::ids::{Actor, LinkId, PatientId};
use crate::model::link::{Link, LinkState};
use crate::model::patient::Patient;
use crate::model::practice::{Scope, Settings};
use crate::model::refusal::{Failure, Refusal};
use crate::ports::{AlsoRead, ApiCalls, Chain, Commit, History, Limits, Links, Once, Practices, Write};
use crate::steps::api_call::{ApiCall, Caller, authorize, earlier_use};
use crate::steps::change::PatientChange;
use crate::steps::invitation::{Prepared, Wanted, prepare};
use crate::steps::portal_status::{PortalStatus, change_patient};
use crate::steps::representative::{Offering, offer};
use crate::steps::retry::{MAX_ATTEMPTS, Written, written};

/// The command to invite a patient.
pub struct Invite {
    /// The patient to invite.
    pub patient: PatientId,
    /// The channel: e-mail, text or print.
    pub channel: Channel,
    /// The reason to invite a patient who declined; `None` does not override.
    pub why: Option<String>,
}

/// An invitation, and the caller who asked for it.
pub struct Invited {
    /// The invitation.
    pub link: Link,
    /// The caller, whose scopes decide what the answer shows.
    pub caller: Caller,
    /// Whether it replaced one that was pending.
    pub replaced: bool,
}

/// Invites a patient. A patient who already has an own account gets a reset link instead.
pub async fn invite<S>(app: &App<S>, call: &ApiCall, command: &Invite) -> Result<Invited, Failure>
where
    S: ApiCalls + Limits + Chain + Practices + Links + Commit,
{
    let context = &app.context;
    making(app, call, &command.patient, |settings, patient, caller, actor| {
        let wanted = Wanted { why: command.why.as_deref(), ..Wanted::by(command.channel) };
        prepare(context, settings, patient, &wanted, caller, actor)
    })
    .await
}

/// Invites a representative of a patient.
pub async fn invite_representative<S>(
    app: &App<S>,
    call: &ApiCall,
    command: &Offering,
) -> Result<Invited, Failure>
where
    S: ApiCalls + Limits + Chain + Practices + Links + Commit,
{
    let context = &app.context;
    making(app, call, &command.patient, |settings, patient, caller, actor| {
        offer(context, settings, patient, command, caller, actor)
    })
    .await
}

async fn making<S, P>(
    app: &App<S>,
    call: &ApiCall,
    patient: &PatientId,
    prepare: P,
) -> Result<Invited, Failure>
where
    S: ApiCalls + Limits + Chain + Practices + Links + Commit,
    P: Fn(&Settings, Patient, &Caller, &Actor) -> Result<Prepared, Refusal> + Send,
{
    let App { context, store } = app;
    let subject = Subject::Patient(patient.clone());
    let once = call.once_key(context);
    let along = AlsoRead { patient: Some(patient), once: once.as_ref(), ..AlsoRead::default() };
    for _ in 0..MAX_ATTEMPTS {
        let (opened, head) =
            join!(authorize(app, call, &[Scope::Invite], along), store.head(&call.key.claimed, &subject));
        let (caller, opened) = opened?;
        let actor = caller.actor()?;
        if let Some(made) = earlier_use(opened.once, once.as_ref(), context.now())? {
            let id = LinkId::parse(&made).map_err(|_| Refusal::NotFound)?;
            let link = store.link(id).await?.ok_or(Refusal::NotFound)?;
            return Ok(Invited { link, caller, replaced: false });
        }
        let patient = opened.patient.ok_or(Refusal::NotFound)?;
        let replaced = patient.invitation.is_some_and(|current| context.now() < current.expires_at);
        let practice = store.practice(&caller.practice).await?.ok_or(Failure::Broken("practice"))?;
        let mut ready = prepare(&practice.settings, patient, &caller, &actor)?;
        ready.finish(context, &practice.settings, &head?);
        if let Some(key) = once.clone() {
            ready.writes.push(Write::Once(Once::new(key, &ready.link.id.to_string(), context.now())));
        }
        match written(store, &ready.writes, once.as_ref()).await? {
            Written::Done => return Ok(Invited { link: ready.link, caller, replaced }),
            Written::Lost(lost) => lost.within_limits(context.now())?,
        }
    }
    Err(Failure::Unavailable)
}

/// Cancels the pending invitation and returns the new portal status. Without a pending invitation,
/// nothing changes.
pub async fn cancel<S>(
    app: &App<S>,
    call: &ApiCall,
    patient: &PatientId,
) -> Result<(PortalStatus, Caller), Failure>
where
    S: ApiCalls + Limits + Practices + History + Commit,
{
    let context = &app.context;
    change_patient(app, call, &[Scope::Invite], patient, |mut patient, caller| {
        caller.actor()?;
        let Some(current) = patient.invitation.take() else { return Ok(None) };
        let now = context.now();
        let detail = vec![("invitation_id", current.link.to_string())];
        let entry = patient.entry(now, caller.by(), Action::InvitationCancelled, detail);
        let close = Write::CloseLink { id: current.link, to: LinkState::Cancelled, at: now };
        Ok(Some(PatientChange { patient, writes: vec![close], entry }))
    })
    .await
}
