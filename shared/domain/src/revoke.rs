//! `revoke`: access taken away, of all or of one, in one transaction; access switched off and on; the patient's no.

use crate::context::Context;
use crate::desk::{Caller, StaffCall};
use crate::invitation::end_resets;
use crate::model::audit::{Action, Entry, Subject};
use crate::model::chart::Channel;
use crate::model::grant::Relationship;
use crate::model::ids::{AccountId, PatientId, RevocationId};
use crate::model::link::LinkState;
use crate::model::message::{Recipient, Template};
use crate::model::patient::{Declined, Patient, Revocation, RevokeReason};
use crate::model::practice::Scope;
use crate::model::refusal::{Failure, Refusal};
use crate::notice::{Reach, message, notice_channel, to_patient};
use crate::portal::{Decision, Portal, settled};
use crate::ports::{Commit, History, Limits, Practices, StaffCalls, Write};

/// To take access away.
pub struct Revoke {
    /// From whose portal.
    pub patient: PatientId,
    /// Why.
    pub reason: RevokeReason,
    /// In the words of staff.
    pub note: Option<String>,
    /// From this account alone.
    pub account: Option<AccountId>,
}

/// Revokes. Doing it again changes nothing and says nothing.
pub async fn revoke<S>(
    context: &Context,
    store: &S,
    call: &StaffCall,
    command: &Revoke,
) -> Result<(Portal, Caller), Failure>
where
    S: StaffCalls + Limits + Practices + History + Commit,
{
    settled(context, store, call, &[Scope::Revoke], &command.patient, |patient, caller| {
        caller.actor()?;
        match command.account {
            None => Ok(revoke_all(context, patient, command, caller)),
            Some(account) => revoke_one(context, patient, account, command, caller),
        }
    })
    .await
}

fn revoke_all(context: &Context, mut patient: Patient, command: &Revoke, caller: &Caller) -> Decision {
    let earlier = patient.revocation.as_ref().map(|earlier| (earlier.id, earlier.reason));
    let worse = earlier.is_some_and(|(_, known)| command.reason.weight() > known.weight());
    if earlier.is_some() && patient.invitation.is_none() && patient.offers.is_empty() && !worse {
        return None;
    }
    // What a worse reason asked for before access comes back is asked for still: whom nobody should have let in does not
    // get in again because access was taken away once more.
    let known = earlier.map(|(_, known)| known).filter(|known| known.weight() > command.reason.weight());
    let reason = known.unwrap_or(command.reason);
    let now = context.now();
    // A revocation over one that was about to be undone keeps its id, so that the same grants come back with it.
    let id = earlier.map_or_else(|| RevocationId::new(&*context.clock, &*context.entropy), |(id, _)| id);
    let entry = entry(context, &patient, caller, command, Vec::new());
    let mut writes = Vec::new();
    let mut others = Vec::new();
    drop_held(&mut patient, |_| true, id, &mut writes);
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
    writes.extend(others.into_iter().map(|account| ended(context, &patient, account)));
    let told = earlier.is_some();
    patient.revocation =
        Some(Revocation { id, at: now, by: caller.by(), reason, note: command.note.clone() });
    if let Some(channel) = notice_channel(&patient).filter(|_| !told) {
        writes.push(Write::Queue(to_patient(context, &patient, Template::Revoked, channel, None)));
    }
    Some((patient, writes, entry))
}

pub(crate) fn revoke_one(
    context: &Context,
    mut patient: Patient,
    account: AccountId,
    command: &Revoke,
    caller: &Caller,
) -> Result<Decision, Refusal> {
    let id = RevocationId::new(&*context.clock, &*context.entropy);
    let detail = vec![("account_id", account.to_string())];
    let entry = entry(context, &patient, caller, command, detail);
    let Some(known) = patient.accounts.iter_mut().find(|known| known.id == account) else {
        return Err(Refusal::NotFound);
    };
    if known.ended_by.is_some() {
        return Ok(None);
    }
    let mut writes = Vec::new();
    if known.held {
        drop_held(&mut patient, |held| held == account, id, &mut writes);
        return Ok(Some((patient, writes, entry)));
    }
    known.ended_by = Some(id);
    let (own, addresses) = (known.relationship == Relationship::Own, known.addresses.clone());
    writes.push(Write::EndGrant { account, patient: patient.id.clone(), revocation: id });
    let theirs = patient.accounts.iter_mut().filter(|known| known.id == account);
    end_resets(theirs, LinkState::Revoked, context.now(), &mut writes);
    // An invitation of theirs that is still out would let them in again.
    patient.offers.retain(|offer| {
        let theirs = addresses.contains(&offer.to);
        if theirs {
            writes.push(Write::EndLink { id: offer.link, to: LinkState::Revoked, at: context.now() });
        }
        !theirs
    });
    if own {
        let told = notice_channel(&patient);
        writes.extend(
            told.map(|channel| Write::Queue(to_patient(context, &patient, Template::Revoked, channel, None))),
        );
    } else {
        writes.push(ended(context, &patient, account));
    }
    Ok(Some((patient, writes, entry)))
}

/// Registrations that wait for staff end with the access that they were for: nobody need decide on them any more.
fn drop_held(
    patient: &mut Patient,
    which: impl Fn(AccountId) -> bool,
    revocation: RevocationId,
    writes: &mut Vec<Write>,
) {
    let (practice, id) = (patient.practice.clone(), patient.id.clone());
    patient.accounts.retain(|known| {
        let ends = known.held && which(known.id);
        if ends {
            let (account, practice) = (known.id, practice.clone());
            writes.push(Write::EndGrant { account, patient: id.clone(), revocation });
            writes.push(Write::DropHold { practice, account });
        }
        !ends
    });
}

/// Word to a representative that they see this patient no longer; what else they see stays.
fn ended(context: &Context, patient: &Patient, account: AccountId) -> Write {
    let reach = Reach { to: Recipient::Account(account), channel: Channel::Email };
    Write::Queue(message(context, patient, Template::RepresentativeEnded, reach))
}

fn entry(
    context: &Context,
    patient: &Patient,
    caller: &Caller,
    command: &Revoke,
    mut detail: Vec<(&'static str, String)>,
) -> Entry {
    detail.push(("reason", command.reason.code().to_owned()));
    Entry {
        practice: patient.practice.clone(),
        subject: Subject::Patient(patient.id.clone()),
        at: context.now(),
        by: caller.by(),
        action: Action::AccessRevoked,
        detail,
    }
}

/// Switches portal access on or off for a patient; off suspends every grant and takes a pending invitation back.
pub async fn set_access<S>(
    context: &Context,
    store: &S,
    call: &StaffCall,
    patient: &PatientId,
    enabled: bool,
) -> Result<(Portal, Caller), Failure>
where
    S: StaffCalls + Limits + Practices + History + Commit,
{
    settled(context, store, call, &[Scope::Invite], patient, |mut patient, caller| {
        if !enabled {
            caller.must(Scope::Revoke)?;
        }
        caller.actor()?;
        if patient.access_enabled == enabled {
            return Ok(None);
        }
        let was = patient.suspension().is_some();
        patient.access_enabled = enabled;
        let mut writes = Vec::new();
        suspend(context, &mut patient, was, &mut writes);
        let entry = Entry {
            practice: patient.practice.clone(),
            subject: Subject::Patient(patient.id.clone()),
            at: context.now(),
            by: caller.by(),
            action: if enabled { Action::AccessEnabled } else { Action::AccessDisabled },
            detail: Vec::new(),
        };
        Ok(Some((patient, writes, entry)))
    })
    .await
}

/// Brings the patient's grants and pending invitation in line with whether access is suspended now; `was` says whether it was before.
pub fn suspend(context: &Context, patient: &mut Patient, was: bool, writes: &mut Vec<Write>) {
    let (is, now) = (patient.suspension().is_some(), context.now());
    if was == is {
        return;
    }
    let back_since = (!is).then_some(now);
    for account in patient.live_accounts() {
        writes.push(Write::SuspendGrant { account: account.id, patient: patient.id.clone(), back_since });
    }
    if is {
        end_resets(patient.accounts.iter_mut(), LinkState::Cancelled, now, writes);
        for offer in patient.offers.drain(..) {
            writes.push(Write::EndLink { id: offer.link, to: LinkState::Cancelled, at: now });
        }
    }
    if let Some(current) = patient.invitation.take_if(|_| is) {
        writes.push(Write::CloseLink { id: current.link, to: LinkState::Cancelled, at: now });
    }
}

/// Records that the patient said no; a pending invitation ends.
pub async fn decline<S>(
    context: &Context,
    store: &S,
    call: &StaffCall,
    patient: &PatientId,
    reason: Option<&str>,
) -> Result<(Portal, Caller), Failure>
where
    S: StaffCalls + Limits + Practices + History + Commit,
{
    settled(context, store, call, &[Scope::Invite], patient, |mut patient, caller| {
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
        let entry = Entry {
            practice: patient.practice.clone(),
            subject: Subject::Patient(patient.id.clone()),
            at: now,
            by: caller.by(),
            action: Action::InvitationDeclined,
            detail: reason.map(|reason| ("reason", reason.to_owned())).into_iter().collect(),
        };
        Ok(Some((patient, writes, entry)))
    })
    .await
}
