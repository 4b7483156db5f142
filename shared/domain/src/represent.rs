//! Representatives: somebody who looks after a patient is invited, sees more or less, and one of them ends while the
//! others stay. Staff do it, or the patient.

use futures_util::join;

use crate::context::Context;
use crate::desk::{Caller, StaffCall};
use crate::invitation::{Prepared, count_text, made, too_many_texts};
use crate::model::account::Account;
use crate::model::audit::{Action, Entry, Head, Subject};
use crate::model::chart::Channel;
use crate::model::grant::{GrantState, Level, Relationship};
use crate::model::ids::{AccountId, Actor, LinkId, PatientId, PracticeId};
use crate::model::limit::{Counter, OWN_MAIL};
use crate::model::link::{Invitee, Kind, Link, LinkState, Purpose, Target};
use crate::model::message::{Message, Recipient, Template};
use crate::model::patient::{AccountRef, OFFERS, Offer, Patient, Reason, RevokeReason, Stop, address_digest};
use crate::model::practice::{Practice, Scope, Settings};
use crate::model::refusal::{Failure, Refusal};
use crate::notice::{Reach, message};
use crate::portal::{Portal, settled};
use crate::ports::{
    Accounts, Chain, Commit, CommitError, DECISIONS, History, Limits, Patients, Practices, StaffCalls, Write,
};
use crate::revoke::{Revoke, revoke_one};
use crate::sign_in::present;

/// To invite a representative.
pub struct Offering {
    /// Whom they look after.
    pub patient: PatientId,
    /// Who they are.
    pub invitee: Invitee,
    /// Which way the invitation goes: e-mail, text or print.
    pub channel: Channel,
}

/// The channel by which an invitation reaches somebody: the one asked for, if they have an address for it.
pub fn offer_channel(who: &Invitee, channel: Channel) -> Option<Channel> {
    (channel == Channel::Print || who.address(channel).is_some()).then_some(channel)
}

/// An invitation for a representative; an older one of the same recipient ends.
pub fn offer(
    context: &Context,
    settings: &Settings,
    patient: Patient,
    offering: &Offering,
    caller: &Caller,
    actor: &Actor,
) -> Result<Prepared, Refusal> {
    let mut reasons = patient.refusals(Channel::Print, settings);
    reasons.retain(|reason| *reason != Reason::Declined);
    let to = offering.invitee.address(offering.channel);
    let stops = to.map(|to| patient.stops(offering.channel, to));
    reasons.extend(stops.into_iter().flatten().map(Stop::reason));
    if offer_channel(&offering.invitee, offering.channel).is_none() {
        let missing = offering.channel == Channel::Email;
        reasons.push(if missing { Reason::MissingEmail } else { Reason::MissingMobilePhone });
    }
    if !reasons.is_empty() {
        return Err(Refusal::NotEligible(reasons));
    }
    if patient.revocation.is_some() {
        return Err(Refusal::Conflict("access_revoked"));
    }
    let hours =
        if offering.channel == Channel::Print { settings.letter_days * 24 } else { settings.link_hours };
    let hours = i64::from(hours);
    invite(context, patient, &offering.invitee, offering.channel, hours, (caller, actor))
}

/// The same invitation once more, by a new link.
pub fn again(
    context: &Context,
    settings: &Settings,
    patient: Patient,
    link: &Link,
) -> Result<Prepared, Refusal> {
    let who = link.invitee.as_ref().ok_or(Refusal::LinkUnavailable)?;
    let caller = Caller::visitor(&link.practice);
    invite(context, patient, who, link.channel, i64::from(settings.link_hours), (&caller, &link.actor))
}

fn invite(
    context: &Context,
    mut patient: Patient,
    who: &Invitee,
    channel: Channel,
    hours: i64,
    (caller, actor): (&Caller, &Actor),
) -> Result<Prepared, Refusal> {
    let now = context.now();
    let sent_to = who.address(channel).map(str::to_owned);
    let to = address_digest(sent_to.as_deref().unwrap_or(&who.given_name.comparable()));
    let mut writes = Vec::new();
    patient.offers.retain(|known| {
        let stays = known.to != to && now < known.expires_at;
        if !stays {
            writes.push(Write::EndLink { id: known.link, to: LinkState::Superseded, at: now });
        }
        stays
    });
    if patient.offers.len() >= OFFERS {
        return Err(Refusal::Conflict("too_many_invitations"));
    }
    let target = Target {
        practice: patient.practice.clone(),
        patient: patient.id.clone(),
        account: None,
        channel,
        sent_to,
        by: (caller.client.clone(), actor.clone()),
    };
    let expires_at = now.plus_hours(hours);
    let mut link = Link::new(context, Purpose::Invitation, Kind::Representative, target, expires_at);
    link.invitee = Some(who.clone());
    patient.offers.push(Offer { link: link.id, to, expires_at });
    count_text(context, &link, &mut writes);
    if channel != Channel::Print {
        let reach = Reach { to: Recipient::Link, channel };
        let mail = message(context, &patient, Template::Invitation, reach);
        writes.push(Write::Queue(Message { link: Some(link.id), ..mail }));
    }
    let entry = made(context, &link, Action::InvitationCreated, caller);
    Ok(Prepared { patient, link, writes, entry })
}

/// A signed-in person and a patient of theirs.
pub(crate) struct AtHome {
    pub account: Account,
    pub patient: Patient,
    pub head: Head,
    pub practice: Practice,
    pub session: crate::model::session::Session,
}

/// Opens the record of a patient for a signed-in person who sees all of it.
pub(crate) async fn at_home<S>(
    context: &Context,
    store: &S,
    practice: &PracticeId,
    token: &str,
    patient: &PatientId,
) -> Result<AtHome, Failure>
where
    S: Accounts + Patients + Practices + Chain,
{
    let subject = Subject::Patient(patient.clone());
    let (here, found, head) = join!(
        present(context, store, practice, token),
        store.patient(practice, patient),
        store.head(practice, &subject)
    );
    let here = here?.ok_or(Refusal::Unauthorized)?;
    if here.session.restricted {
        return Err(Refusal::Forbidden.into());
    }
    let mut grants = here.account.grants_for(here.session.began_at);
    let full = grants.any(|(id, grant)| id == patient.as_str() && grant.level == Level::Full);
    drop(grants);
    let patient = found?.filter(|_| full).ok_or(Refusal::NotFound)?;
    let practice = store.practice(practice).await?.ok_or(Failure::Unavailable)?;
    Ok(AtHome { account: here.account, session: here.session, patient, head: head?, practice })
}

/// The patient as whom a signed-in person registered.
pub async fn own_patient<S: Accounts>(
    context: &Context,
    store: &S,
    practice: &PracticeId,
    token: &str,
) -> Result<PatientId, Failure> {
    let here = present(context, store, practice, token).await?.ok_or(Refusal::Unauthorized)?;
    if here.session.restricted {
        return Err(Refusal::Forbidden.into());
    }
    Ok(here.account.own_patient().ok_or(Refusal::NotFound)?)
}

/// Who looks after a patient, and who is invited to.
pub struct Represented {
    /// The patient.
    pub patient: Patient,
    /// Representatives whose access has not ended.
    pub accounts: Vec<Account>,
    /// Invitations of theirs that can still be used.
    pub offers: Vec<Link>,
}

/// Reads the representatives of a patient, for the patient.
pub async fn representatives<S>(
    context: &Context,
    store: &S,
    practice: &PracticeId,
    token: &str,
    patient: &PatientId,
) -> Result<Represented, Failure>
where
    S: Accounts + Patients + Practices + Chain + History,
{
    let AtHome { account, patient, .. } = at_home(context, store, practice, token, patient).await?;
    decides(&account, &patient)?;
    let there = |known: &&AccountRef| known.ended_by.is_none() && known.relationship != Relationship::Own;
    let ids: Vec<AccountId> = patient.accounts.iter().filter(there).map(|known| known.id).collect();
    let links: Vec<LinkId> = patient.offers.iter().map(|offer| offer.link).collect();
    let (mut offers, accounts) = store.links_and_accounts(&links, &ids).await?;
    let now = context.now();
    offers.retain(|link| link.is_pending(now));
    Ok(Represented { patient, accounts, offers })
}

/// Only the patient decides who else sees their records, once they are old enough to register.
fn decides(account: &Account, patient: &Patient) -> Result<(), Refusal> {
    let grant = account.grant(&patient.id).filter(|grant| grant.state == GrantState::Active);
    if grant.is_some_and(|grant| grant.relationship == Relationship::Own) {
        Ok(())
    } else {
        Err(Refusal::Forbidden)
    }
}

/// What the patient does to a representative.
pub enum Act {
    /// Invite one.
    Invite(Box<Offering>),
    /// Let one see more or less.
    Level(AccountId, Level),
    /// End one's access.
    End(AccountId),
}

/// The patient invites a representative, changes what one sees, or ends one's access.
pub async fn by_patient<S>(
    context: &Context,
    store: &S,
    practice: &PracticeId,
    token: &str,
    patient: &PatientId,
    act: &Act,
) -> Result<(), Failure>
where
    S: Accounts + Patients + Practices + Chain + Commit,
{
    for _ in 0..DECISIONS {
        let AtHome { account, patient, head, practice, .. } =
            at_home(context, store, practice, token, patient).await?;
        decides(&account, &patient)?;
        let caller = Caller::visitor(&practice.id);
        let writes = match act {
            Act::Invite(offering) => {
                let actor = Actor::holder(account.id);
                let mut ready = offer(context, &practice.settings, patient, offering, &caller, &actor)?;
                ready.chained(context, &head);
                // A patient is no reason for a stranger's mailbox to fill.
                if let Some(to) = ready.link.sent_to.as_ref().filter(|_| ready.link.channel == Channel::Email)
                {
                    let counter = Counter::new(OWN_MAIL, &to.to_lowercase(), context.now(), &context.keyring);
                    ready.writes.push(Write::Count(counter));
                }
                finished(ready.patient, ready.writes, &practice)
            }
            Act::Level(who, level) => {
                let Some((patient, mut writes, entry)) = leveled(context, patient, *who, *level, &caller)?
                else {
                    return Ok(());
                };
                let patient = chained(context, patient, entry, &head, &mut writes);
                finished(patient, writes, &practice)
            }
            Act::End(who) => {
                let command = Revoke {
                    patient: patient.id.clone(),
                    reason: RevokeReason::RepresentativeEnded,
                    note: None,
                    account: Some(*who),
                };
                others(&patient, *who)?;
                let Some((patient, mut writes, entry)) =
                    revoke_one(context, patient, *who, &command, &caller)?
                else {
                    return Ok(());
                };
                let patient = chained(context, patient, entry, &head, &mut writes);
                finished(patient, writes, &practice)
            }
        };
        match store.commit(&writes).await {
            Ok(()) => return Ok(()),
            Err(CommitError::Lost(lost)) => {
                if let Some(refusal) = too_many_texts(&writes, &lost, context.now()) {
                    return Err(refusal.into());
                }
            }
            Err(CommitError::Contended | CommitError::Unavailable) => return Err(Failure::Unavailable),
        }
    }
    Err(Failure::Unavailable)
}

fn chained(
    context: &Context,
    mut patient: Patient,
    entry: Entry,
    head: &Head,
    writes: &mut Vec<Write>,
) -> Patient {
    let event = entry.after(head, &context.keyring);
    patient.head = event.head();
    writes.push(Write::Append(event));
    patient
}

fn finished(mut patient: Patient, mut writes: Vec<Write>, practice: &Practice) -> Vec<Write> {
    patient.version += 1;
    let status = patient.status(&practice.settings);
    writes.push(Write::ChangePatient(Box::new(patient), status));
    writes
}

/// The account is that of a representative of the patient.
fn others(patient: &Patient, account: AccountId) -> Result<(), Refusal> {
    let known = patient.accounts.iter().find(|known| known.id == account);
    known.filter(|known| known.relationship != Relationship::Own).map(drop).ok_or(Refusal::NotFound)
}

/// Staff let a representative see more or less.
pub async fn set_level<S>(
    context: &Context,
    store: &S,
    call: &StaffCall,
    patient: &PatientId,
    account: AccountId,
    level: Level,
) -> Result<(Portal, Caller), Failure>
where
    S: StaffCalls + Limits + Practices + History + Commit,
{
    // What takes something away needs what takes all away.
    let scope = if level == Level::Limited { Scope::Revoke } else { Scope::Invite };
    settled(context, store, call, &[scope], patient, |patient, caller| {
        caller.actor()?;
        leveled(context, patient, account, level, caller)
    })
    .await
}

fn leveled(
    context: &Context,
    patient: Patient,
    account: AccountId,
    level: Level,
    caller: &Caller,
) -> Result<crate::portal::Decision, Refusal> {
    others(&patient, account)?;
    let entry = Entry {
        practice: patient.practice.clone(),
        subject: Subject::Patient(patient.id.clone()),
        at: context.now(),
        by: caller.by(),
        action: Action::LevelChanged,
        detail: vec![("account_id", account.to_string()), ("level", level.as_str().to_owned())],
    };
    let set = Write::SetLevel { account, patient: patient.id.clone(), level };
    Ok(Some((patient, vec![set], entry)))
}
