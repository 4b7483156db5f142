//! `send-invite`: sends an invitation, which replaces an older one, or cancels the pending one.

use crate::context::{App, Context};
use crate::model::audit::Action;
use crate::model::chart::Channel;
use crate::model::ids::{LinkId, PatientId};
use crate::model::link::LinkState;
use crate::model::patient::Patient;
use crate::model::practice::Scope;
use crate::model::refusal::Failure;
use crate::ports::{ApiCalls, Chain, Commit, History, Limits, Links, Practices, Write};
use crate::steps::api_call::{ApiCall, Caller};
use crate::steps::change::PatientChange;
use crate::steps::create_invitation::{Invited, create_invitation};
use crate::steps::invitation::{Wanted, prepare};
use crate::steps::portal_status::{PortalStatus, change_patient};
use crate::steps::representative::{Offering, offer, take_offer_back};

/// The command to invite a patient.
pub struct Invite {
    /// The patient to invite.
    pub patient: PatientId,
    /// The channel: e-mail, text or print.
    pub channel: Channel,
    /// The reason to invite a patient who declined; `None` does not override.
    pub why: Option<String>,
}

/// Invites a patient. A patient who already has an own account gets a reset link instead.
pub async fn invite<S>(app: &App<S>, call: &ApiCall, command: &Invite) -> Result<Invited, Failure>
where
    S: ApiCalls + Limits + Chain + Practices + Links + Commit,
{
    let context = &app.context;
    create_invitation(app, call, &command.patient, |settings, patient, caller, actor| {
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
    create_invitation(app, call, &command.patient, |settings, patient, caller, actor| {
        offer(context, settings, patient, command, caller, actor)
    })
    .await
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
    change_patient(app, call, &[Scope::Invite], patient, |patient, caller| {
        caller.actor()?;
        Ok(patient.invitation.map(|current| take_back(&app.context, patient, current.link, caller)))
    })
    .await
}

/// Takes the patient's own invitation from their record, and closes its link.
fn take_back(context: &Context, mut patient: Patient, invitation: LinkId, caller: &Caller) -> PatientChange {
    let now = context.now();
    patient.invitation = None;
    let close = Write::CloseLink { id: invitation, to: LinkState::Cancelled, at: now };
    let detail = vec![("invitation_id", invitation.to_string())];
    let entry = patient.entry(now, caller.by(), Action::InvitationCancelled, detail);
    PatientChange { patient, writes: vec![close], entry }
}

/// Takes one invitation back: the patient's own, or one of a representative while the others stay. `NotFound`
/// if it does not wait.
pub async fn cancel_one<S>(
    app: &App<S>,
    call: &ApiCall,
    patient: &PatientId,
    invitation: LinkId,
) -> Result<(PortalStatus, Caller), Failure>
where
    S: ApiCalls + Limits + Practices + History + Commit,
{
    change_patient(app, call, &[Scope::Invite], patient, |patient, caller| {
        caller.actor()?;
        if patient.invitation.is_some_and(|current| current.link == invitation) {
            return Ok(Some(take_back(&app.context, patient, invitation, caller)));
        }
        take_offer_back(&app.context, patient, invitation, caller.by()).map(Some)
    })
    .await
}
