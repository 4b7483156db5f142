//! Making an invitation: what it takes to offer, or give back, access. Shared by `send-invite` and quick add.

use crate::audit::{Action, Entry};
use crate::chart::Channel;
use crate::desk::Caller;
use crate::ids::{Actor, LinkId, MessageId};
use crate::limit::{Counter, PHONE};
use crate::link::{Delivery, Kind, Link, LinkState, Purpose};
use crate::message::{Message, MessageState, Template};
use crate::patient::{AccountRef, CurrentInvitation, Patient, Reason, RevokeReason};
use crate::ports::{Context, Write};
use crate::practice::{Regrant, Scope, Settings};
use crate::refusal::Refusal;

/// An invitation that is ready to be written: everything but the audit event, which needs the chain's end.
pub struct Prepared {
    /// The patient with it.
    pub patient: Patient,
    /// The record of the invitation and its link.
    pub link: Link,
    /// The writes, without the patient's and the event's.
    pub writes: Vec<Write>,
    /// The event.
    pub entry: Entry,
}

/// How access comes (back).
enum Way {
    /// By registering.
    Register,
    /// At once: the same credentials, for these accounts.
    Restore(Vec<AccountRef>),
    /// By a check and a new password, for this account.
    VerifyAgain(AccountRef),
}

/// Prepares an invitation of `patient` by `channel`; `why` overrides the patient's no. Says all reasons at once if it can't be.
pub fn prepare(
    context: &Context,
    settings: &Settings,
    mut patient: Patient,
    channel: Channel,
    why: Option<&str>,
    caller: &Caller,
    actor: &Actor,
) -> Result<Prepared, Refusal> {
    let now = context.now();
    let mut reasons = patient.refusals(channel, settings);
    if why.is_some() {
        reasons.retain(|reason| *reason != Reason::Declined);
    }
    if !reasons.is_empty() {
        return Err(Refusal::NotEligible(reasons));
    }
    if patient.revocation.is_none() && patient.live_accounts().next().is_some() {
        return Err(Refusal::Conflict("already_registered"));
    }
    let way = way(&patient, settings, caller)?;
    let (kind, template, state) = match &way {
        Way::Register => (Kind::Registration, Template::Invitation, LinkState::Pending),
        Way::Restore(_) => (Kind::Restored, Template::Restored, LinkState::Accepted),
        Way::VerifyAgain(_) => (Kind::Restored, Template::VerifyAgain, LinkState::Pending),
    };
    let hours = if channel == Channel::Print { settings.letter_days * 24 } else { settings.link_hours };
    let link = Link {
        id: LinkId::new(&*context.clock, &*context.entropy),
        purpose: Purpose::Invitation,
        practice: patient.practice.clone(),
        patient: patient.id.clone(),
        account: match &way {
            Way::VerifyAgain(account) => Some(account.id),
            Way::Register | Way::Restore(_) => None,
        },
        kind,
        channel,
        sent_to: patient.chart.address(channel).map(str::to_owned),
        state,
        created_at: now,
        expires_at: now.plus_hours(i64::from(hours)),
        key: context.keyring.current(),
        client: caller.client.clone(),
        actor: actor.clone(),
        delivery: Delivery::Queued,
        sent_at: None,
        opened_at: None,
        closed_at: (state == LinkState::Accepted).then_some(now),
        fact_tries: 0,
        all_tries: 0,
        proofs: 0,
        codes: 0,
        code: None,
        ticket: None,
        failures: Vec::new(),
    };

    let mut writes = vec![Write::CreateLink(Box::new(link.clone()))];
    if let Some(older) = patient.invitation.take() {
        writes.push(Write::CloseLink { id: older.link, to: LinkState::Superseded, at: now });
    }
    if let Some(phone) = link.sent_to.as_ref().filter(|_| channel == Channel::Sms) {
        writes.push(Write::Count(Counter::new(PHONE, phone, now, &context.keyring)));
    }
    if channel != Channel::Print {
        writes.push(Write::Queue(to_patient(context, &patient, template, channel, Some(link.id))));
    }
    if let Way::Restore(accounts) = &way {
        restore(&mut patient, accounts, &mut writes, now);
    } else {
        patient.invitation = Some(CurrentInvitation { link: link.id, kind, channel });
    }
    patient.declined = None;

    let action =
        if matches!(way, Way::Restore(_)) { Action::AccessRestored } else { Action::InvitationCreated };
    let mut detail = vec![
        ("invitation_id", link.id.to_string()),
        ("kind", kind.as_str().to_owned()),
        ("channel", channel.as_str().to_owned()),
    ];
    detail.extend(why.map(|why| ("override", why.to_owned())));
    let entry = Entry {
        practice: patient.practice.clone(),
        subject: crate::audit::Subject::Patient(patient.id.clone()),
        at: now,
        by: caller.by(),
        action,
        detail,
    };
    Ok(Prepared { patient, link, writes, entry })
}

/// The refusal of a commit that met the limit of a phone, if that is what it met.
pub fn too_many_texts(writes: &[Write], lost: &[usize], now: crate::time::Timestamp) -> Option<Refusal> {
    let met = lost.iter().find_map(|place| match writes.get(*place) {
        Some(Write::Count(counter)) => Some(counter),
        _ => None,
    });
    met.map(|counter| Refusal::TooManyRequests(now.seconds_until(counter.ends_at).max(1)))
}

/// Gives back to exactly `accounts` what a revocation took.
pub fn restore(
    patient: &mut Patient,
    accounts: &[AccountRef],
    writes: &mut Vec<Write>,
    now: crate::time::Timestamp,
) {
    for account in accounts {
        let Some(revocation) = account.ended_by else { continue };
        writes.push(Write::RestoreGrant {
            account: account.id,
            patient: patient.id.clone(),
            revocation,
            since: now,
        });
        for known in patient.accounts.iter_mut().filter(|known| known.id == account.id) {
            known.ended_by = None;
        }
    }
    patient.revocation = None;
}

fn way(patient: &Patient, settings: &Settings, caller: &Caller) -> Result<Way, Refusal> {
    let Some(revocation) = &patient.revocation else { return Ok(Way::Register) };
    if matches!(revocation.reason, RevokeReason::Compromised | RevokeReason::IdentityError) {
        caller.must(Scope::Revoke)?;
    }
    let ended: Vec<AccountRef> =
        patient.accounts.iter().filter(|account| account.ended_by == Some(revocation.id)).cloned().collect();
    let own = ended.iter().find(|account| account.relationship == crate::account::Relationship::Own);
    let first = own.or_else(|| ended.first()).cloned();
    Ok(match (first, revocation.reason) {
        (None, _) | (_, RevokeReason::IdentityError) => Way::Register,
        (Some(account), RevokeReason::Compromised) => Way::VerifyAgain(account),
        (Some(account), _) => match settings.regrant {
            Regrant::SameCredentials => Way::Restore(ended),
            Regrant::VerifyAgain => Way::VerifyAgain(account),
        },
    })
}

/// A message to the contact on the patient's chart.
pub fn to_patient(
    context: &Context,
    patient: &Patient,
    template: Template,
    channel: Channel,
    link: Option<LinkId>,
) -> Message {
    let now = context.now();
    Message {
        id: MessageId::new(&*context.clock, &*context.entropy),
        practice: patient.practice.clone(),
        template,
        channel,
        link,
        code: None,
        username: None,
        about: patient.id.clone(),
        created_at: now,
        state: MessageState::Queued,
        attempts: 0,
        due_at: now,
        provider_id: None,
    }
}

/// The way a notice reaches this patient, if there is one: e-mail before text, no text against the patient's will.
pub fn notice_channel(patient: &Patient) -> Option<Channel> {
    if patient.chart.address(Channel::Email).is_some() {
        Some(Channel::Email)
    } else if patient.chart.sms_consent != Some(false) && patient.chart.address(Channel::Sms).is_some() {
        Some(Channel::Sms)
    } else {
        None
    }
}
