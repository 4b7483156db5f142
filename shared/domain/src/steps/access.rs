//! Plans the writes that end, suspend or limit access. Revocations by staff and by patients themselves use
//! the same plan.

use crate::context::Context;
use crate::model::audit::{Action, Entry};
use crate::model::chart::Channel;
use crate::model::grant::{Level, Relationship};
use crate::model::ids::{AccountId, PatientId, RevocationId};
use crate::model::link::LinkState;
use crate::model::message::{Recipient, Template};
use crate::model::patient::{Patient, RevokeReason};
use crate::model::refusal::Refusal;
use crate::ports::Write;
use crate::steps::api_call::Caller;
use crate::steps::change::PatientChange;
use crate::steps::invitation::end_resets;
use crate::steps::notice::{Reach, message, notify_patient};

/// Refuses unless the account is a representative's of this patient.
pub(crate) fn require_representative(patient: &Patient, account: AccountId) -> Result<(), Refusal> {
    let known = patient.accounts.iter().find(|known| known.id == account);
    known.filter(|known| known.relationship != Relationship::Own).map(drop).ok_or(Refusal::NotFound)
}

pub(crate) fn set_level_of(
    context: &Context,
    patient: Patient,
    account: AccountId,
    level: Level,
    caller: &Caller,
) -> Result<Option<PatientChange>, Refusal> {
    require_representative(&patient, account)?;
    let detail = vec![("account_id", account.to_string()), ("level", level.as_str().to_owned())];
    let entry = patient.entry(context.now(), caller.by(), Action::LevelChanged, detail);
    let set = Write::SetLevel { account, patient: patient.id.clone(), level };
    Ok(Some(PatientChange { patient, writes: vec![set], entry }))
}

/// The command to revoke access to a patient's portal.
#[expect(missing_docs, reason = "the names say it")]
pub struct Revoke {
    /// The patient whose portal is concerned.
    pub patient: PatientId,
    pub reason: RevokeReason,
    /// Note of staff in their own words.
    pub note: Option<String>,
    /// The only account that loses access; `None` for all accounts.
    pub account: Option<AccountId>,
    /// Whether the people who lose access are told. Without it there must be a note.
    pub notify: bool,
}

impl Revoke {
    /// Ends one representative's access, and tells them.
    pub(crate) fn of_representative(patient: &PatientId, account: AccountId) -> Self {
        Self {
            patient: patient.clone(),
            reason: RevokeReason::RepresentativeEnded,
            note: None,
            account: Some(account),
            notify: true,
        }
    }
}

pub(crate) fn revoke_one(
    context: &Context,
    mut patient: Patient,
    account: AccountId,
    command: &Revoke,
    caller: &Caller,
) -> Result<Option<PatientChange>, Refusal> {
    let id = RevocationId::new(&*context.clock, &*context.entropy);
    let detail = vec![("account_id", account.to_string())];
    let entry = revocation_entry(context, &patient, caller, command, detail);
    let Some(known) = patient.accounts.iter_mut().find(|known| known.id == account) else {
        return Err(Refusal::NotFound);
    };
    if known.ended_by.is_some() {
        return Ok(None);
    }
    let mut writes = Vec::new();
    if known.held {
        drop_holds(&mut patient, |held| held == account, id, &mut writes);
        return Ok(Some(PatientChange { patient, writes, entry }));
    }
    known.ended_by = Some(id);
    let (own, addresses) = (known.relationship == Relationship::Own, known.addresses.clone());
    writes.push(Write::EndGrant { account, patient: patient.id.clone(), revocation: id });
    let theirs = patient.accounts.iter_mut().filter(|known| known.id == account);
    end_resets(theirs, LinkState::Revoked, context.now(), &mut writes);
    // A pending invitation to the same person would give access again, so end it, too.
    patient.offers.retain(|offer| {
        let theirs = addresses.contains(&offer.to);
        if theirs {
            writes.push(Write::EndLink { id: offer.link, to: LinkState::Revoked, at: context.now() });
        }
        !theirs
    });
    if !command.notify {
        return Ok(Some(PatientChange { patient, writes, entry }));
    }
    if own {
        writes.extend(notify_patient(context, &patient, Template::Revoked));
    } else {
        writes.push(representative_ended(context, &patient, account));
    }
    Ok(Some(PatientChange { patient, writes, entry }))
}

/// Ends the registrations that wait for staff and whose account matches `which`. Access is revoked, so staff
/// need not decide on them any more.
pub(crate) fn drop_holds(
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

/// The message to a representative that their access to this patient has ended. Their access to other
/// patients stays.
pub(crate) fn representative_ended(context: &Context, patient: &Patient, account: AccountId) -> Write {
    let reach = Reach { to: Recipient::Account(account), channel: Channel::Email };
    Write::Queue(message(context, patient, Template::RepresentativeEnded, reach))
}

pub(crate) fn revocation_entry(
    context: &Context,
    patient: &Patient,
    caller: &Caller,
    command: &Revoke,
    mut detail: Vec<(&'static str, String)>,
) -> Entry {
    detail.push(("reason", command.reason.code().to_owned()));
    if !command.notify {
        detail.push(("told", "nobody".to_owned()));
    }
    patient.entry(context.now(), caller.by(), Action::AccessRevoked, detail)
}

/// Suspends the patient's grants and cancels pending links if access was just suspended; makes the grants
/// active again if the suspension just ended. `was` says whether access was suspended before the change.
pub fn suspend_grants(context: &Context, patient: &mut Patient, was: bool, writes: &mut Vec<Write>) {
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
