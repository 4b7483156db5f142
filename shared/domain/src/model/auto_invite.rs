//! Automatic invitations: who is due, by which channel and when.
//!
//! A visit makes a patient due once. The first message is the invitation; the next ones are reminders, each
//! with a new link. Together they are the patient's campaign. Whoever is passed over is seen once, with the
//! reasons, and is not looked at again before the chart changes.

use std::collections::BTreeSet;

use jiff::ToSpan as _;
use jiff::civil::{Date, Time};
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};

use crate::keys::{Keyring, Use};
use crate::model::campaign::{Campaign, VisitsDue};
use crate::model::chart::{Channel, ChartStatus, Visit};
use crate::model::ids::LinkId;
use crate::model::patient::{Patient, Reason};
use crate::model::person::{Line, PostalCode};
use crate::model::practice::{AutoChannel, AutoInvite, QuietHours, Settings, TextHours};
use crate::model::time_zones;
use crate::time::Timestamp;

/// Days after which a visit is no longer a reason to invite.
const TOO_OLD_DAYS: i64 = 90;

/// Days between two messages of which the first was late.
const LEAST_DAYS_APART: u32 = 3;

/// Days in which an allowed hour is looked for. The longest time without one is a weekend.
const SEARCH_DAYS: i64 = 8;

/// Minutes between the instants that are tried.
const SEARCH_MINUTES: i64 = 5;

/// Why a patient who was due got nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Skip {
    /// An account exists.
    Registered,
    /// A registration waits for staff.
    Held,
    /// Access was revoked.
    Revoked,
    /// Staff switched portal access off.
    AccessDisabled,
    /// The patient has died.
    Deceased,
    /// The chart is inactive.
    ChartInactive,
    /// The patient declined.
    Declined,
    /// An invitation by staff is pending.
    Pending,
    /// Every message of the campaign was sent.
    AlreadyInvited,
    /// Younger than the practice invites.
    BelowMinAge,
    /// Older than the practice invites.
    AboveMaxAge,
    /// The chart has no visit.
    NoVisit,
    /// The visit became due more than 90 days ago.
    TooOld,
    /// The chart has no e-mail address.
    MissingEmail,
    /// The chart has no phone number that can be dialled.
    MissingPhone,
    /// The chart has no mobile number that can receive texts.
    MissingMobilePhone,
    /// The chart has no ZIP code, and the practice requires one.
    MissingPostalCode,
    /// The name on the chart is a placeholder.
    UnusableName,
    /// No consent to texts is on record.
    NoSmsConsent,
    /// Somebody at the address said that they are not this patient.
    ReportedWrongRecipient,
    /// A message to the address bounced.
    AddressBounced,
    /// The recipient reported a message as spam.
    AddressComplained,
    /// The number replied STOP.
    SmsOptedOut,
    /// The recipient asked for no more automatic mail.
    Unsubscribed,
    /// No hour is allowed for texts in every zone that the person may be in.
    NoCommonHours,
}

impl Skip {
    /// The stable code.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Registered => "registered",
            Self::Held => "held",
            Self::Revoked => "revoked",
            Self::Declined => Reason::Declined.code(),
            Self::Pending => "pending",
            Self::AlreadyInvited => "already_invited",
            Self::BelowMinAge => "below_min_age",
            Self::AboveMaxAge => "above_max_age",
            Self::NoVisit => "no_visit",
            Self::TooOld => "too_old",
            Self::MissingPhone => "missing_phone",
            Self::Unsubscribed => "unsubscribed",
            Self::NoCommonHours => "no_common_hours",
            Self::AccessDisabled => Reason::AccessDisabled.code(),
            Self::Deceased => Reason::Deceased.code(),
            Self::ChartInactive => Reason::ChartInactive.code(),
            Self::MissingEmail => Reason::MissingEmail.code(),
            Self::MissingMobilePhone => Reason::MissingMobilePhone.code(),
            Self::MissingPostalCode => Reason::MissingPostalCode.code(),
            Self::UnusableName => Reason::UnusableName.code(),
            Self::NoSmsConsent => Reason::NoSmsConsent.code(),
            Self::ReportedWrongRecipient => Reason::ReportedWrongRecipient.code(),
            Self::AddressBounced => Reason::AddressBounced.code(),
            Self::AddressComplained => Reason::AddressComplained.code(),
            Self::SmsOptedOut => Reason::SmsOptedOut.code(),
        }
    }

    const fn of(reason: Reason) -> Self {
        match reason {
            Reason::AccessDisabled => Self::AccessDisabled,
            Reason::Deceased => Self::Deceased,
            Reason::ChartInactive => Self::ChartInactive,
            Reason::MissingEmail => Self::MissingEmail,
            Reason::MissingMobilePhone => Self::MissingMobilePhone,
            Reason::MissingPostalCode => Self::MissingPostalCode,
            Reason::UnusableName => Self::UnusableName,
            Reason::Declined => Self::Declined,
            Reason::NoSmsConsent => Self::NoSmsConsent,
            Reason::ReportedWrongRecipient => Self::ReportedWrongRecipient,
            Reason::AddressBounced => Self::AddressBounced,
            Reason::AddressComplained => Self::AddressComplained,
            Reason::SmsOptedOut => Self::SmsOptedOut,
        }
    }
}

/// What to do with a patient whose time has come.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Decision {
    /// Send the campaign's next message.
    Send {
        /// E-mail or text.
        channel: Channel,
        /// Its number in the campaign; 1 is the invitation.
        number: u32,
    },
    /// Look again at this instant.
    Wait(Timestamp),
    /// Send nothing, for these reasons; the first one is counted.
    Skip(Vec<Skip>),
}

/// Decides about a patient whose time has come.
pub fn decide(patient: &Patient, settings: &Settings, now: Timestamp) -> Decision {
    let auto = &settings.auto_invite;
    let today = local(now, &settings.zone()).date();
    let mut skips = standing_skips(patient, now);
    let age = patient.chart.birth_date.age_on(today);
    if i64::from(age) < i64::from(auto.min_age) {
        skips.push(Skip::BelowMinAge);
    }
    if i64::from(age) > i64::from(auto.max_age) {
        skips.push(Skip::AboveMaxAge);
    }
    let number = patient.campaign.map_or(1, |campaign| campaign.sent + 1);
    let mut due_at = None;
    match patient.campaign {
        None => match patient.visits_due {
            None => skips.push(Skip::NoVisit),
            Some(VisitsDue { last, .. }) if is_too_old(last, now) => skips.push(Skip::TooOld),
            Some(VisitsDue { first, last }) => {
                due_at = Some(if is_too_old(first, now) { last } else { first });
            }
        },
        Some(campaign) => match next_due(settings, &campaign) {
            None => skips.push(Skip::AlreadyInvited),
            Some(due) if is_too_old(due, now) => skips.push(Skip::TooOld),
            due => due_at = due,
        },
    }
    let channel = match channel(patient, settings) {
        Ok(channel) => channel,
        Err(more) => {
            skips.extend(more);
            Channel::Email
        }
    };
    if !skips.is_empty() {
        let mut said = BTreeSet::new();
        skips.retain(|skip| said.insert(*skip));
        return Decision::Skip(skips);
    }
    if let Some(later) = due_at.filter(|due| *due > now) {
        return Decision::Wait(later);
    }
    match (channel, next_allowed(patient, settings, channel, now)) {
        // The hours for mail are the planner's affair: it does not run in quiet ones.
        (Channel::Sms, None) => Decision::Skip(vec![Skip::NoCommonHours]),
        (Channel::Sms, Some(allowed)) if allowed > now => Decision::Wait(allowed),
        _ => Decision::Send { channel, number },
    }
}

/// When to look again at a patient who was passed over: on the birthday, if nothing but their youth is in the way
/// and the visit counts until then.
pub fn look_again_at(patient: &Patient, settings: &Settings, skips: &[Skip]) -> Option<Timestamp> {
    let min_age =
        i16::try_from(settings.auto_invite.min_age).ok().filter(|_| skips == [Skip::BelowMinAge])?;
    let birthday = start_of(patient.chart.birth_date.birthday(min_age), &settings.zone())?;
    patient.visits_due.filter(|due| !is_too_old(due.last, birthday)).map(|_| birthday)
}

/// The reasons that hold whatever the channel, the age and the visits.
fn standing_skips(patient: &Patient, now: Timestamp) -> Vec<Skip> {
    let theirs = |link| patient.campaign.is_some_and(|campaign| campaign.link == link);
    let pending = patient.invitation.is_some_and(|current| now < current.expires_at && !theirs(current.link));
    [
        (patient.chart.chart_status == ChartStatus::Deceased, Skip::Deceased),
        (patient.chart.chart_status == ChartStatus::Inactive, Skip::ChartInactive),
        (!patient.access_enabled, Skip::AccessDisabled),
        (patient.revocation.is_some(), Skip::Revoked),
        (patient.live_accounts().next().is_some(), Skip::Registered),
        (patient.accounts.iter().any(|account| account.held), Skip::Held),
        (patient.declined.is_some(), Skip::Declined),
        (pending, Skip::Pending),
    ]
    .into_iter()
    .filter_map(|(holds, skip)| holds.then_some(skip))
    .collect()
}

/// The channel of the next message, or all reasons against each one. Reminders go where the invitation went: who
/// asked for no more there is not written to elsewhere.
fn channel(patient: &Patient, settings: &Settings) -> Result<Channel, Vec<Skip>> {
    let against = |channel| {
        let mut skips = Vec::new();
        if patient.chart.email.is_none() {
            skips.push(Skip::MissingEmail);
        }
        if patient.chart.address(Channel::Voice).is_none() {
            skips.push(Skip::MissingPhone);
        }
        let refusals = patient.refusals(channel, settings).into_iter().map(Skip::of);
        // Those that hold for every channel are in `standing_skips`.
        let standing = [Skip::AccessDisabled, Skip::Deceased, Skip::ChartInactive, Skip::Declined];
        skips.extend(refusals.filter(|skip| !standing.contains(skip)));
        if channel == Channel::Sms && !patient.has_text_consent() {
            skips.push(Skip::NoSmsConsent);
        }
        if channel == Channel::Email && patient.is_unsubscribed() {
            skips.push(Skip::Unsubscribed);
        }
        skips.sort_unstable();
        skips.dedup();
        skips
    };
    let tried: &[Channel] = match (patient.campaign, settings.auto_invite.channel) {
        (Some(campaign), _) => &[campaign.channel],
        (None, AutoChannel::Email) => &[Channel::Email],
        (None, AutoChannel::Sms) => &[Channel::Sms],
        (None, AutoChannel::EmailThenSms) => &[Channel::Sms, Channel::Email],
    };
    let mut skips = Vec::new();
    for channel in tried {
        let more = against(*channel);
        if more.is_empty() {
            return Ok(*channel);
        }
        skips.extend(more);
    }
    Err(skips)
}

/// When visits make the patient due: a signed one when it was signed, an unsigned one at the start of the day that
/// is `unsigned_days` later. `None` without a visit.
pub fn visits_due(visits: &[Visit], settings: &Settings, now: Timestamp) -> Option<VisitsDue> {
    let zone = settings.zone();
    let due = |visit: &Visit| {
        visit.signed_at.or_else(|| start_of(later(visit.date, settings.auto_invite.unsigned_days), &zone))
    };
    let dues: Vec<Timestamp> = visits.iter().filter_map(due).collect();
    let last = dues.iter().copied().max()?;
    let first = dues.into_iter().filter(|due| !is_too_old(*due, now)).min().unwrap_or(last);
    Some(VisitsDue { first, last })
}

/// Decides anew when the patient is due, after the settings changed. Whoever was passed over is looked at again, since the
/// reason may be gone.
pub fn plan_anew(patient: &mut Patient, visits: &[Visit], settings: &Settings, now: Timestamp) {
    patient.visits_due = visits_due(visits, settings, now);
    if let Some(campaign) = &mut patient.campaign {
        campaign.next_at = next_due(settings, campaign);
    }
    patient.reconsider();
}

/// Whether what became due then, a visit or a reminder, is no longer a reason to write.
fn is_too_old(due: Timestamp, now: Timestamp) -> bool {
    due < now.plus_hours(-24 * TOO_OLD_DAYS)
}

/// When the campaign's next message is due: at the start of its day. If the latest one was late, the next comes at
/// least three days behind it, or fewer if the practice plans fewer. `None` after the last.
pub fn next_due(settings: &Settings, campaign: &Campaign) -> Option<Timestamp> {
    let AutoInvite { reminder_days, again_days, .. } = &settings.auto_invite;
    let days: BTreeSet<u32> = reminder_days.iter().chain(again_days).copied().collect();
    let place = usize::try_from(campaign.sent).ok()?.checked_sub(1)?;
    let after = *days.iter().nth(place)?;
    let before = place.checked_sub(1).and_then(|before| days.iter().nth(before)).copied().unwrap_or_default();
    let apart = (after - before).min(LEAST_DAYS_APART);
    let day = later(campaign.began, after).max(later(campaign.day, apart));
    start_of(day, &settings.zone())
}

/// The id of a campaign's message number `number`: the same each time it is asked for, so that two workers
/// make one link. It contains `due_at`, the instant for which the message was due, and the number of the campaign,
/// since a new address is invited anew for the same visit.
pub fn link_id(patient: &Patient, due_at: Timestamp, number: u32, keyring: &Keyring) -> LinkId {
    let parts: [&[u8]; 6] = [
        b"auto-invite",
        patient.practice.as_str().as_bytes(),
        patient.id.as_str().as_bytes(),
        &due_at.millis().to_be_bytes(),
        &patient.campaigns.to_be_bytes(),
        &number.to_be_bytes(),
    ];
    let mac = keyring.mac_now(Use::Body, &parts);
    let millis = due_at.millis().to_be_bytes();
    let bytes = millis.iter().skip(2).chain(&mac).copied();
    let mut id = [0; 16];
    id.iter_mut().zip(bytes).for_each(|(byte, value)| *byte = value);
    LinkId::from_bytes(id)
}

fn local(now: Timestamp, zone: &TimeZone) -> jiff::civil::DateTime {
    zone.to_datetime(now.to_jiff())
}

fn later(date: Date, days: u32) -> Date {
    date.checked_add(i64::from(days).days()).unwrap_or(Date::MAX)
}

fn start_of(date: Date, zone: &TimeZone) -> Option<Timestamp> {
    let start = date.to_zoned_datetime(zone.clone()).ok()?;
    Some(Timestamp::from_millis(start.timestamp().as_millisecond()))
}

/// The practice's day at an instant.
pub fn day(now: Timestamp, settings: &Settings) -> Date {
    local(now, &settings.zone()).date()
}

/// A time of day that settings give as `HH:MM`; midnight if it can't be read.
fn time_of(text: &str) -> Time {
    let parts =
        text.split_once(':').and_then(|(hour, minute)| Some((hour.parse().ok()?, minute.parse().ok()?)));
    parts.and_then(|(hour, minute)| Time::new(hour, minute, 0, 0).ok()).unwrap_or_default()
}

/// Whether the practice sends nothing automatic at this instant. Hours from a later time to an earlier one
/// span midnight; equal times are no hours at all.
pub fn is_quiet(now: Timestamp, settings: &Settings) -> bool {
    let QuietHours { from, to } = &settings.auto_invite.quiet_hours;
    let (from, to, time) = (time_of(from), time_of(to), local(now, &settings.zone()).time());
    if from <= to { from <= time && time < to } else { from <= time || time < to }
}

/// The zones that the patient may be in: those of the number's area, of the state or else the ZIP code on the
/// chart, and the practice's own.
fn zones(patient: &Patient, settings: &Settings) -> Vec<TimeZone> {
    let chart = &patient.chart;
    let number = chart.address(Channel::Sms).map_or(&[][..], time_zones::of_number);
    let state = chart.state.as_ref().map_or(&[][..], |state| time_zones::of_state(Line::reveal(state)));
    let postal_code = chart.postal_code.as_ref().map(PostalCode::reveal);
    let place =
        if state.is_empty() { postal_code.map_or(&[][..], time_zones::of_postal_code) } else { state };
    let names: BTreeSet<&str> =
        number.iter().chain(place).copied().chain([settings.time_zone.as_str()]).collect();
    names.into_iter().filter_map(|name| TimeZone::get(name).ok()).collect()
}

/// Whether texts are allowed at this instant in every one of these zones.
fn may_text(now: Timestamp, zones: &[TimeZone], hours: &TextHours) -> bool {
    let (from, to) = (time_of(&hours.from), time_of(&hours.to));
    zones.iter().all(|zone| {
        let here = local(now, zone);
        let weekend = here.date().weekday().to_monday_one_offset() > 5;
        (from..to).contains(&here.time()) && !(weekend && hours.weekdays_only)
    })
}

/// The first instant from `now` on at which a text of a batch may be sent to this patient, wherever the patient may be;
/// `now` itself if it may be sent at once. `None` if no hour is allowed in every zone.
pub fn next_text_hour(patient: &Patient, settings: &Settings, now: Timestamp) -> Option<Timestamp> {
    let (zones, hours) = (zones(patient, settings), &settings.auto_invite.text_hours);
    first_allowed(now, |instant| may_text(instant, &zones, hours))
}

/// The first instant from `now` on at which an automatic message may be sent to this patient; `now` itself if
/// it may be sent at once. `None` if there is none within eight days.
pub fn next_allowed(
    patient: &Patient,
    settings: &Settings,
    channel: Channel,
    now: Timestamp,
) -> Option<Timestamp> {
    let zones = zones(patient, settings);
    let hours = &settings.auto_invite.text_hours;
    first_allowed(now, |instant| {
        !is_quiet(instant, settings) && (channel != Channel::Sms || may_text(instant, &zones, hours))
    })
}

/// The first allowed instant within eight days: `now`, or the next on a round five minutes.
fn first_allowed(now: Timestamp, is_allowed: impl Fn(Timestamp) -> bool) -> Option<Timestamp> {
    let step = SEARCH_MINUTES * 60;
    let first = (now.seconds().div_euclid(step) + 1) * step;
    let later = (0..SEARCH_DAYS * 86_400 / step).map(|place| first + place * step);
    let mut instants =
        std::iter::once(now).chain(later.map(|seconds| Timestamp::from_millis(seconds * 1000)));
    instants.find(|instant| is_allowed(*instant))
}
