//! `revoke`: revokes access of all accounts or of one, switches access off and on, limits a representative's
//! access, and records that a patient declined. Each is one transaction.

use crate::context::{App, Context};
use crate::model::audit::Action;
use crate::model::grant::{Level, Relationship};
use crate::model::ids::{AccountId, PatientId, RevocationId};
use crate::model::link::LinkState;
use crate::model::message::Template;
use crate::model::patient::{Declined, Patient, Revocation};
use crate::model::practice::Scope;
use crate::model::refusal::{Failure, FieldFault, Refusal};
use crate::ports::{ApiCalls, Commit, History, Limits, Practices, Write};
use crate::steps::access::{
    Revoke, drop_holds, representative_ended, revocation_entry, revoke_one, set_level_of, suspend_grants,
};
use crate::steps::api_call::{ApiCall, Caller};
use crate::steps::change::PatientChange;
use crate::steps::invitation::end_resets;
use crate::steps::notice::notify_patient;
use crate::steps::portal_status::{PortalStatus, change_patient};

/// Revokes access to a patient's portal. A repeated call changes nothing and sends no message.
pub async fn revoke<S>(
    app: &App<S>,
    call: &ApiCall,
    command: &Revoke,
) -> Result<(PortalStatus, Caller), Failure>
where
    S: ApiCalls + Limits + Practices + History + Commit,
{
    let context = &app.context;
    change_patient(app, call, &[Scope::Revoke], &command.patient, |patient, caller| {
        caller.actor()?;
        if !command.notify && command.note.is_none() {
            return Err(Refusal::BadRequest(vec![FieldFault::of("note", "required")]));
        }
        match command.account {
            None => Ok(revoke_all(context, patient, command, caller)),
            Some(account) => revoke_one(context, patient, account, command, caller),
        }
    })
    .await
}

fn revoke_all(
    context: &Context,
    mut patient: Patient,
    command: &Revoke,
    caller: &Caller,
) -> Option<PatientChange> {
    let earlier = patient.revocation.as_ref().map(|earlier| (earlier.id, earlier.reason));
    let worse = earlier.is_some_and(|(_, known)| command.reason.weight() > known.weight());
    if earlier.is_some() && patient.invitation.is_none() && patient.offers.is_empty() && !worse {
        return None;
    }
    // Keep the stricter of the two reasons: revoking again for a milder one must not loosen what is needed to
    // restore access.
    let known = earlier.map(|(_, known)| known).filter(|known| known.weight() > command.reason.weight());
    let reason = known.unwrap_or(command.reason);
    let now = context.now();
    // Keep the id of an earlier revocation that was about to be undone, so that the same grants are
    // restored later.
    let id = earlier.map_or_else(|| RevocationId::new(&*context.clock, &*context.entropy), |(id, _)| id);
    let entry = revocation_entry(context, &patient, caller, command, Vec::new());
    let mut writes = Vec::new();
    let mut others = Vec::new();
    drop_holds(&mut patient, |_| true, id, &mut writes);
    for account in patient.accounts.iter_mut().filter(|account| account.ended_by.is_none()) {
        account.ended_by = Some(id);
        writes.push(Write::EndGrant { account: account.id, patient: patient.id.clone(), revocation: id });
        if account.relationship != Relationship::Own {
            others.push(account.id);
        }
    }
    end_resets(patient.accounts.iter_mut(), LinkState::Revoked, now, &mut writes);
    if let Some(current) = patient.invitation.take() {
        writes.push(Write::CloseLink { id: current.link, to: LinkState::Revoked, at: now });
    }
    for offer in patient.offers.drain(..) {
        writes.push(Write::EndLink { id: offer.link, to: LinkState::Revoked, at: now });
    }
    if command.notify {
        writes.extend(others.into_iter().map(|account| representative_ended(context, &patient, account)));
        if earlier.is_none() {
            writes.extend(notify_patient(context, &patient, Template::Revoked));
        }
    }
    patient.revocation =
        Some(Revocation { id, at: now, by: caller.by(), reason, note: command.note.clone() });
    Some(PatientChange { patient, writes, entry })
}

/// Switches portal access on or off for a patient. Switching it off suspends all grants and cancels
/// pending invitations.
pub async fn set_access<S>(
    app: &App<S>,
    call: &ApiCall,
    patient: &PatientId,
    enabled: bool,
) -> Result<(PortalStatus, Caller), Failure>
where
    S: ApiCalls + Limits + Practices + History + Commit,
{
    let context = &app.context;
    change_patient(app, call, &[Scope::Invite], patient, |mut patient, caller| {
        if !enabled {
            caller.require(Scope::Revoke)?;
        }
        caller.actor()?;
        if patient.access_enabled == enabled {
            return Ok(None);
        }
        let was = patient.suspension().is_some();
        patient.access_enabled = enabled;
        let mut writes = Vec::new();
        suspend_grants(context, &mut patient, was, &mut writes);
        patient.reconsider();
        let action = if enabled { Action::AccessEnabled } else { Action::AccessDisabled };
        let entry = patient.entry(context.now(), caller.by(), action, Vec::new());
        Ok(Some(PatientChange { patient, writes, entry }))
    })
    .await
}

/// Records that the patient declined, and cancels a pending invitation.
pub async fn decline<S>(
    app: &App<S>,
    call: &ApiCall,
    patient: &PatientId,
    reason: Option<&str>,
) -> Result<(PortalStatus, Caller), Failure>
where
    S: ApiCalls + Limits + Practices + History + Commit,
{
    let context = &app.context;
    change_patient(app, call, &[Scope::Invite], patient, |mut patient, caller| {
        caller.actor()?;
        if patient.declined.is_some() {
            return Ok(None);
        }
        let now = context.now();
        patient.declined = Some(Declined { at: now, by: caller.by() });
        let mut writes = Vec::new();
        if let Some(current) = patient.invitation.take() {
            writes.push(Write::CloseLink { id: current.link, to: LinkState::Cancelled, at: now });
        }
        let reason = reason.map(|reason| ("reason", reason.to_owned())).into_iter().collect();
        let entry = patient.entry(now, caller.by(), Action::InvitationDeclined, reason);
        Ok(Some(PatientChange { patient, writes, entry }))
    })
    .await
}

/// Changes how much of the portal a representative can see.
pub async fn set_level<S>(
    app: &App<S>,
    call: &ApiCall,
    patient: &PatientId,
    account: AccountId,
    level: Level,
) -> Result<(PortalStatus, Caller), Failure>
where
    S: ApiCalls + Limits + Practices + History + Commit,
{
    let context = &app.context;
    // To limit access needs the same scope as to revoke it.
    let scope = if level == Level::Limited { Scope::Revoke } else { Scope::Invite };
    change_patient(app, call, &[scope], patient, |patient, caller| {
        caller.actor()?;
        set_level_of(context, patient, account, level, caller)
    })
    .await
}
