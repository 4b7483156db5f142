//! Prepares invitations, re-invitations after a revocation, and reset links. `send-invite` and quick add
//! share it.

use jiff::civil::Date;

use crate::context::Context;
use crate::model::access_review::Stage;
use crate::model::audit::{Action, By, Entry, Head, Subject};
use crate::model::auto_invite::{day, next_due};
use crate::model::campaign::Campaign;
use crate::model::chart::Channel;
use crate::model::code_way::CodeWay;
use crate::model::grant::Relationship;
use crate::model::ids::{AccountId, Actor, LinkId};
use crate::model::limit::{Counter, PHONE};
use crate::model::link::{Kind, Link, LinkState, Purpose, SecondCheck, Target};
use crate::model::message::{Message, Template};
use crate::model::patient::{AccountRef, CurrentInvitation, Patient, Reason, RevokeReason};
use crate::model::person::Address;
use crate::model::practice::{Regrant, Scope, Settings};
use crate::model::progress::Progress;
use crate::model::refusal::Refusal;
use crate::ports::Write;
use crate::steps::api_call::Caller;
use crate::steps::change::patient_updated;
use crate::steps::notice::{Reach, may_text, message, to_patient};
use crate::time::Timestamp;

/// Minutes that a reset link works.
pub const RESET_MINUTES: i64 = 60;

/// A prepared invitation. The audit event is not written yet, because it needs the end of the chain.
pub struct Prepared {
    /// The patient with the new invitation.
    pub patient: Patient,
    /// The record of the invitation and its link.
    pub link: Link,
    /// The writes. Those of the patient, the link and the event are missing until `finish` adds them.
    pub writes: Vec<Write>,
    /// The event without its number and seal.
    pub entry: Entry,
}

impl Prepared {
    /// Adds the missing writes: the event that follows `head`, the link, and the patient's record.
    pub fn finish(&mut self, context: &Context, settings: &Settings, head: &Head) {
        self.chained(context, head);
        patient_updated(settings, &mut self.patient, &mut self.writes);
    }

    /// Adds the event that follows `head`, and the link. The patient's record is not added, for a patient who
    /// is new.
    pub fn chained(&mut self, context: &Context, head: &Head) {
        let event = self.entry.clone().after(head, &context.keyring);
        self.patient.head = event.head();
        if let Some(second) = &mut self.link.second {
            second.head = event.head();
        }
        self.writes.push(Write::CreateLink(Box::new(self.link.clone())));
        self.writes.push(Write::Append(event));
    }
}

/// The kinds of access that an invitation can offer.
enum Offered {
    /// A registration.
    Register,
    /// Access is restored at once for these accounts, with the same user names and passwords.
    Restore(Vec<AccountRef>),
    /// Access of this account is restored after an identity check and a new password.
    VerifyAgain(AccountRef),
    /// The patient has access already. The link sets a new password for the patient's own account.
    Reset(AccountRef),
}

/// The invitation that somebody wants.
pub struct Wanted<'a> {
    /// The channel that it is sent through.
    pub channel: Channel,
    /// Why it overrides that the patient declined; `None` does not override.
    pub why: Option<&'a str>,
    /// The automatic message that it is; `None` if somebody asked for it.
    pub automatic: Option<Automatic>,
    /// When its message goes at the earliest; `None` if at once. The link's time begins then.
    pub not_before: Option<Timestamp>,
    /// Whether it is sent in the practice's hours for texts alone, however late that is.
    pub in_text_hours: bool,
}

impl Wanted<'_> {
    /// An invitation that somebody asked for, and that overrides nothing.
    pub const fn by(channel: Channel) -> Self {
        Self { channel, why: None, automatic: None, not_before: None, in_text_hours: false }
    }
}

/// One message of a patient's automatic invitations.
#[derive(Clone, Copy, Debug)]
pub struct Automatic {
    /// The practice's day of the run that queues it.
    pub day: Date,
    /// Its number in the campaign; 1 is the invitation.
    pub number: u32,
    /// The id of its link.
    pub link: LinkId,
}

/// Prepares an invitation of `patient`. If it isn't possible, the error lists every reason.
pub fn prepare(
    context: &Context,
    settings: &Settings,
    mut patient: Patient,
    wanted: &Wanted<'_>,
    caller: &Caller,
    actor: &Actor,
) -> Result<Prepared, Refusal> {
    let now = context.now();
    let Wanted { channel, why, automatic, not_before, in_text_hours } = *wanted;
    let mut reasons = patient.refusals(channel, settings);
    if why.is_some() {
        reasons.retain(|reason| *reason != Reason::Declined);
    }
    if !reasons.is_empty() {
        return Err(Refusal::NotEligible(reasons));
    }
    let way = what_to_offer(&patient, settings, caller)?;
    if let Offered::Reset(account) = &way {
        if channel == Channel::Print {
            return Err(Refusal::Conflict("already_registered"));
        }
        return Ok(reset_of_patient(context, patient, account.id, channel, caller, actor));
    }
    let first = match automatic {
        None => Template::Invitation,
        Some(Automatic { number: 1, .. }) => Template::AutomaticInvitation,
        Some(_) => Template::AutomaticReminder,
    };
    let (kind, template) = match &way {
        Offered::Register | Offered::Reset(_) => (Kind::Registration, first),
        Offered::Restore(_) => (Kind::Restored, Template::Restored),
        Offered::VerifyAgain(_) => (Kind::Restored, Template::VerifyAgain),
    };
    let hours = if channel == Channel::Print { settings.letter_days * 24 } else { settings.link_hours };
    let target = Target {
        practice: patient.practice.clone(),
        patient: patient.id.clone(),
        account: match &way {
            Offered::VerifyAgain(account) => Some(account.id),
            Offered::Register | Offered::Restore(_) | Offered::Reset(_) => None,
        },
        channel,
        sent_to: patient.chart.address(channel).map(Address::from),
        client: caller.client.clone(),
        actor: actor.clone(),
    };
    let expires_at = not_before.unwrap_or(now).plus_hours(i64::from(hours));
    let mut link = Link::new(context, Purpose::Invitation, kind, target, expires_at);
    if let Some(automatic) = automatic {
        link.id = automatic.link;
    }
    if matches!(way, Offered::Restore(_)) {
        link.state = LinkState::Accepted;
        link.closed_at = Some(now);
    }

    let mut writes = Vec::new();
    if let Some(older) = patient.invitation.take() {
        writes.push(Write::CloseLink { id: older.link, to: LinkState::Superseded, at: now });
    }
    count_text(context, &link, &mut writes);
    if channel != Channel::Print {
        let mut message = to_patient(context, &patient, template, channel, Some(link.id));
        message.due_at = not_before.unwrap_or(message.due_at);
        message.in_text_hours = in_text_hours;
        writes.push(Write::Queue(Message { run: automatic.map(|automatic| automatic.day), ..message }));
    }
    if let Some(automatic) = automatic {
        automatic.count(settings, &mut patient, &link, &mut writes);
    }
    if let Offered::Restore(accounts) = &way {
        restore_grants(&mut patient, accounts, settings, &mut writes, now);
    } else {
        let expires_at = link.expires_at;
        let (created_at, progress) = (link.created_at, Progress::default());
        let current = CurrentInvitation { link: link.id, kind, channel, expires_at, created_at, progress };
        patient.invitation = Some(current);
    }
    patient.declined = None;

    let action =
        if matches!(way, Offered::Restore(_)) { Action::AccessRestored } else { Action::InvitationCreated };
    let mut entry = invitation_event(context, &link, action, caller);
    entry.detail.extend(why.map(|why| ("override", why.to_owned())));
    Ok(Prepared { patient, link, writes, entry })
}

impl Automatic {
    /// Counts this message in the patient's campaign, and a text against what its number may get.
    fn count(self, settings: &Settings, patient: &mut Patient, link: &Link, writes: &mut Vec<Write>) {
        let Self { day, number: sent, .. } = self;
        let began = patient.campaign.map_or(day, |campaign| campaign.began);
        let mut campaign = Campaign { began, link: link.id, channel: link.channel, sent, day, next_at: None };
        campaign.next_at = next_due(settings, &campaign);
        patient.sweep_due_at = campaign.next_at;
        patient.campaigns += u32::from(patient.campaign.is_none());
        patient.campaign = Some(campaign);
        if let Some(number) = link.sent_to.clone().filter(|_| link.channel == Channel::Sms) {
            writes.push(Write::CountAutomaticText { number, at: link.created_at });
        }
    }
}

/// The audit event of a new link. The history of invitations is read from these events.
pub fn invitation_event(context: &Context, link: &Link, action: Action, caller: &Caller) -> Entry {
    Entry {
        practice: link.practice.clone(),
        subject: Subject::Patient(link.patient.clone()),
        at: context.now(),
        by: caller.by(),
        action,
        detail: vec![
            ("invitation_id", link.id.to_string()),
            ("kind", link.kind.as_str().to_owned()),
            ("channel", link.channel.as_str().to_owned()),
        ],
    }
}

/// The audit event of what a visitor did at a link. `by` is the check that they passed, or the link's channel.
pub fn visitor_event(link: &Link, now: Timestamp, action: Action, by: &str) -> Entry {
    Entry {
        practice: link.practice.clone(),
        subject: Subject::Patient(link.patient.clone()),
        at: now,
        by: By::visitor(),
        action,
        detail: vec![("invitation_id", link.id.to_string()), ("by", by.to_owned())],
    }
}

/// Counts a link that is sent by text against the limit of its phone number.
pub fn count_text(context: &Context, link: &Link, writes: &mut Vec<Write>) {
    if let Some(phone) = link.sent_to.as_ref().filter(|_| link.channel == Channel::Sms) {
        writes.push(Write::Count(Counter::new(PHONE, phone.reveal(), context.now(), &context.keyring)));
    }
}

/// Prepares a reset link for the patient's own account. It is sent to the contact that is on the chart now.
pub(crate) fn reset_of_patient(
    context: &Context,
    patient: Patient,
    account: AccountId,
    channel: Channel,
    caller: &Caller,
    actor: &Actor,
) -> Prepared {
    let email = patient.reached_at(Channel::Email).map(Address::from);
    let text = patient.reached_at(Channel::Sms).filter(|_| may_text(&patient)).map(Address::from);
    let call = patient.reached_at(Channel::Voice).map(Address::from);
    let reach = Reach { to: crate::model::message::Recipient::Patient, channel };
    let sent_to = patient.chart.address(channel).map(Address::from);
    prepare_reset(
        context,
        patient,
        account,
        reach,
        sent_to,
        CodeContacts { email, text, call },
        (caller, actor),
    )
}

/// The contacts that a code for the second check can be sent to.
pub struct CodeContacts {
    /// The e-mail address, if there is one that can be used.
    pub email: Option<Address>,
    /// The number for a text, in E.164.
    pub text: Option<Address>,
    /// The number for a call, in E.164.
    pub call: Option<Address>,
}

/// Prepares a reset link for `account`; its record and messages belong to `patient`. It is sent by `reach` to
/// `sent_to`. A code for the second check can be sent to `contacts`, on another channel than the link's. To
/// ask for a link changes nothing else: only an older reset link ends.
pub fn prepare_reset(
    context: &Context,
    mut patient: Patient,
    account: AccountId,
    reach: Reach,
    sent_to: Option<Address>,
    contacts: CodeContacts,
    (caller, actor): (&Caller, &Actor),
) -> Prepared {
    let now = context.now();
    let digest = |phone: &Address| Counter::bucket_digest(PHONE, phone.reveal(), &context.keyring);
    let CodeContacts { email, text, call } = contacts;
    let by_email = reach.channel == Channel::Email;
    let ways = [
        (Channel::Sms, text.as_ref().filter(|_| by_email)),
        (Channel::Voice, call.as_ref().filter(|_| by_email && context.calls_out)),
        (Channel::Email, email.as_ref().filter(|_| !by_email)),
    ];
    let way = |(channel, address): (Channel, Option<&Address>)| Some(CodeWay::to(channel, address?.reveal()));
    let target = Target {
        practice: patient.practice.clone(),
        patient: patient.id.clone(),
        account: Some(account),
        channel: reach.channel,
        sent_to,
        client: caller.client.clone(),
        actor: actor.clone(),
    };
    let expires_at = now.plus_seconds(RESET_MINUTES * 60);
    let mut link = Link::new(context, Purpose::Reset, Kind::Reset, target, expires_at);
    link.second = Some(SecondCheck {
        ways: ways.into_iter().filter_map(way).collect(),
        text_digest: text.as_ref().map(digest),
        call_digest: call.as_ref().map(digest),
        head: Head::default(),
    });
    let mut writes = Vec::new();
    for known in patient.accounts.iter_mut().filter(|known| known.id == account) {
        if let Some(older) = known.reset.replace(link.id) {
            writes.push(Write::EndLink { id: older, to: LinkState::Superseded, at: now });
        }
    }
    count_text(context, &link, &mut writes);
    let mut mail = message(context, &patient, Template::Reset, reach);
    mail.link = Some(link.id);
    writes.push(Write::Queue(mail));
    let entry = invitation_event(context, &link, Action::InvitationCreated, caller);
    Prepared { patient, link, writes, entry }
}

/// Ends all pending reset links of these accounts.
pub fn end_resets<'a>(
    accounts: impl Iterator<Item = &'a mut AccountRef>,
    to: LinkState,
    at: Timestamp,
    writes: &mut Vec<Write>,
) {
    for account in accounts {
        writes.extend(account.reset.take().map(|id| Write::EndLink { id, to, at }));
    }
}

/// Restores the access of exactly these accounts, which a revocation ended. Representatives stay out if their
/// access would have changed since then by itself: their authority has ended, or the patient has come of an age.
pub fn restore_grants(
    patient: &mut Patient,
    accounts: &[AccountRef],
    settings: &Settings,
    writes: &mut Vec<Write>,
    now: Timestamp,
) {
    let today = day(now, settings);
    let revoked_on = patient.revocation.as_ref().map_or(today, |revoked| day(revoked.at, settings));
    let has_come_of_age = Stage::of(patient, settings, revoked_on) != Stage::of(patient, settings, today);
    let stays_out = |known: &AccountRef| {
        known.until.is_some_and(|until| until <= today)
            || (has_come_of_age && known.relationship != Relationship::Own)
    };
    for account in accounts.iter().filter(|known| !stays_out(known)) {
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

/// The account that a link can restore after a revocation: only the patient's own. The link is sent to the
/// patient's contact, and must not set a new password for a representative's account.
pub fn own_account_ended(patient: &Patient) -> Option<&AccountRef> {
    let revocation = patient.revocation.as_ref()?.id;
    let ended = |known: &&AccountRef| known.ended_by == Some(revocation);
    patient.accounts.iter().filter(ended).find(|known| known.relationship == Relationship::Own)
}

fn what_to_offer(patient: &Patient, settings: &Settings, caller: &Caller) -> Result<Offered, Refusal> {
    let Some(revocation) = &patient.revocation else {
        return match patient.own_account() {
            Some(own) => Ok(Offered::Reset(own.clone())),
            None if patient.accounts.iter().any(|account| account.held) => {
                Err(Refusal::Conflict("already_registered"))
            }
            None => Ok(Offered::Register),
        };
    };
    if matches!(revocation.reason, RevokeReason::Compromised | RevokeReason::IdentityError) {
        caller.require(Scope::Revoke)?;
    }
    let ended: Vec<AccountRef> =
        patient.accounts.iter().filter(|account| account.ended_by == Some(revocation.id)).cloned().collect();
    let own = own_account_ended(patient).cloned();
    let again = revocation.reason == RevokeReason::Compromised || settings.regrant == Regrant::VerifyAgain;
    Ok(match own {
        _ if ended.is_empty() || revocation.reason == RevokeReason::IdentityError => Offered::Register,
        _ if !again => Offered::Restore(ended),
        Some(own) => Offered::VerifyAgain(own),
        None => Offered::Register,
    })
}
