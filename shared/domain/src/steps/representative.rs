//! Prepares invitations of representatives.

use crate::context::Context;
use crate::model::audit::{Action, By};
use crate::model::chart::Channel;
use crate::model::ids::{AccountId, Actor, LinkId, PatientId};
use crate::model::link::{Invitee, Kind, Link, LinkState, Purpose, Target};
use crate::model::message::{Message, Recipient, Template};
use crate::model::patient::{OFFERS, Offer, Patient, Reason, Stop, address_digest};
use crate::model::person::Address;
use crate::model::practice::Settings;
use crate::model::refusal::Refusal;
use crate::ports::Write;
use crate::steps::api_call::Caller;
use crate::steps::change::PatientChange;
use crate::steps::invitation::{Prepared, count_text, invitation_event};
use crate::steps::notice::{Reach, message};
use crate::time::Timestamp;

/// The command to invite a representative.
pub struct Offering {
    /// The patient that the representative gets access to.
    pub patient: PatientId,
    /// The representative.
    pub invitee: Invitee,
    /// The channel of the invitation: e-mail, text or print.
    pub channel: Channel,
}

/// The channel that was asked for, if it can reach the person; else `None`.
pub fn offer_channel(who: &Invitee, channel: Channel) -> Option<Channel> {
    (channel == Channel::Print || who.address(channel).is_some()).then_some(channel)
}

/// Prepares an invitation of a representative. An older one of the same recipient ends. If it isn't possible,
/// the error lists every reason.
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
    prepare_offer(context, patient, &offering.invitee, offering.channel, hours, (caller, actor))
}

/// Prepares the same invitation again, with a new link.
pub fn offer_again(
    context: &Context,
    settings: &Settings,
    patient: Patient,
    link: &Link,
) -> Result<Prepared, Refusal> {
    let who = link.invitee.as_ref().ok_or(Refusal::LinkUnavailable)?;
    let caller = Caller::visitor(&link.practice);
    prepare_offer(context, patient, who, link.channel, i64::from(settings.link_hours), (&caller, &link.actor))
}

/// Takes the invitation of a representative back, and closes its link. `NotFound` if it does not wait.
pub(crate) fn take_offer_back(
    context: &Context,
    mut patient: Patient,
    invitation: LinkId,
    by: By,
) -> Result<PatientChange, Refusal> {
    if patient.offers.iter().all(|offer| offer.link != invitation) {
        return Err(Refusal::NotFound);
    }
    patient.offers.retain(|offer| offer.link != invitation);
    let now = context.now();
    let close = Write::EndLink { id: invitation, to: LinkState::Cancelled, at: now };
    let detail = vec![("invitation_id", invitation.to_string())];
    let entry = patient.entry(now, by, Action::InvitationCancelled, detail);
    Ok(PatientChange { patient, writes: vec![close], entry })
}

/// Seconds within which the same invitation by the same person is a second click.
const SECOND_CLICK_SECONDS: i64 = 60;

/// Whether this account invited the same recipient a moment ago.
pub(crate) fn was_just_offered(
    patient: &Patient,
    settings: &Settings,
    offering: &Offering,
    account: AccountId,
    now: Timestamp,
) -> bool {
    let Some(to) = offering.invitee.address(offering.channel).map(address_digest) else { return false };
    let hours = i64::from(settings.link_hours);
    patient.offers.iter().any(|offer| {
        let ago = offer.expires_at.plus_hours(-hours).seconds_until(now);
        offer.to == to && offer.by == Some(account) && ago < SECOND_CLICK_SECONDS
    })
}

fn prepare_offer(
    context: &Context,
    mut patient: Patient,
    who: &Invitee,
    channel: Channel,
    hours: i64,
    (caller, actor): (&Caller, &Actor),
) -> Result<Prepared, Refusal> {
    let now = context.now();
    let sent_to = who.address(channel).map(Address::from);
    let name = who.given_name.comparable();
    let to = address_digest(sent_to.as_ref().map_or(name.as_str(), Address::reveal));
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
        client: caller.client.clone(),
        actor: actor.clone(),
    };
    let expires_at = now.plus_hours(hours);
    let mut link = Link::new(context, Purpose::Invitation, Kind::Representative, target, expires_at);
    link.invitee = Some(who.clone());
    patient.offers.push(Offer { link: link.id, to, expires_at, by: AccountId::parse(actor.as_str()).ok() });
    count_text(context, &link, &mut writes);
    if channel != Channel::Print {
        let reach = Reach { to: Recipient::Link, channel };
        let mail = message(context, &patient, Template::Invitation, reach);
        writes.push(Write::Queue(Message { link: Some(link.id), ..mail }));
    }
    let entry = invitation_event(context, &link, Action::InvitationCreated, caller);
    Ok(Prepared { patient, link, writes, entry })
}
