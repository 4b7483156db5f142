//! Automatic invitations: who is due, by which channel and when, and the record of a day's run.
//!
//! A visit makes a patient due once. The first message is the invitation; the next ones are reminders, each
//! with a new link. Together they are the patient's campaign. Whoever is passed over is seen once, with the
//! reasons, and is not looked at again before the chart changes.

use std::collections::{BTreeMap, BTreeSet};

use jiff::ToSpan as _;
use jiff::civil::{Date, Time};
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};

use crate::keys::{Keyring, Use};
use crate::model::chart::{Channel, ChartStatus, Visit};
use crate::model::ids::{LinkId, MessageId, PatientId, PracticeId};
use crate::model::patient::{Patient, Reason, Stop};
use crate::model::person::{Line, PostalCode};
use crate::model::practice::{AutoChannel, AutoInvite, QuietHours, Settings, TextHours};
use crate::model::time_zones;
use crate::time::Timestamp;

/// Days after which a visit is no longer a reason to invite.
const TOO_OLD_DAYS: i64 = 90;

/// Automatic messages on the first day of a practice whose number grows day by day.
const FIRST_DAY: u32 = 50;

/// The number of latest automatic messages whose bounces and complaints count.
const WATCHED: u32 = 500;

/// Bounces among them that stop the practice's sweep: 2 %. SES reviews an account at 5 %.
const MOST_BOUNCES: usize = 10;

/// Complaints among them that stop it. SES reviews an account at 0.1 %, which is less than one of 500.
const MOST_COMPLAINTS: usize = 1;

/// Days in which an allowed hour is looked for. The longest time without one is a weekend.
const SEARCH_DAYS: i64 = 8;

/// Minutes between the instants that are tried.
const SEARCH_MINUTES: i64 = 5;

/// The automatic messages that a patient has got so far.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Campaign {
    /// When the invitation was queued.
    pub started_at: Timestamp,
    /// The link of the latest message.
    pub link: LinkId,
    /// Messages so far, the invitation included.
    pub sent: u32,
    /// The practice's day of the run that queued the latest one.
    pub day: Date,
}

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
        None => match patient.visit_due_at {
            None => skips.push(Skip::NoVisit),
            Some(due) if due < now.plus_hours(-24 * TOO_OLD_DAYS) => skips.push(Skip::TooOld),
            due => due_at = due,
        },
        Some(campaign) => match next_due(settings, campaign.started_at, campaign.sent) {
            None => skips.push(Skip::AlreadyInvited),
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
        skips.dedup();
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

/// The channel of the next message, or all reasons against each one.
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
    let tried: &[Channel] = match settings.auto_invite.channel {
        AutoChannel::Email => &[Channel::Email],
        AutoChannel::Sms => &[Channel::Sms],
        AutoChannel::EmailThenSms => &[Channel::Sms, Channel::Email],
    };
    let mut skips = Vec::new();
    for channel in tried {
        skips = against(*channel);
        if skips.is_empty() {
            return Ok(*channel);
        }
    }
    Err(skips)
}

/// When a visit makes the patient due: a signed one when it was signed, an unsigned one at the start of the
/// day that is `unsigned_days` later. Of several visits, the one that became due first in the last 90 days, or
/// that will; if all are older, the latest. `None` without a visit.
pub fn visit_due_at(visits: &[Visit], settings: &Settings, now: Timestamp) -> Option<Timestamp> {
    let zone = settings.zone();
    let due = |visit: &Visit| {
        visit.signed_at.or_else(|| start_of(later(visit.date, settings.auto_invite.unsigned_days), &zone))
    };
    let oldest = now.plus_hours(-24 * TOO_OLD_DAYS);
    let dues: Vec<Timestamp> = visits.iter().filter_map(due).collect();
    dues.iter().filter(|due| **due >= oldest).min().or_else(|| dues.iter().max()).copied()
}

/// When the message after the first `sent` ones is due: at the start of its day. `None` after the last.
pub fn next_due(settings: &Settings, started_at: Timestamp, sent: u32) -> Option<Timestamp> {
    let AutoInvite { reminder_days, again_days, .. } = &settings.auto_invite;
    let days: BTreeSet<u32> = reminder_days.iter().chain(again_days).copied().collect();
    let after = *days.iter().nth(usize::try_from(sent).ok()?.checked_sub(1)?)?;
    let zone = settings.zone();
    start_of(later(local(started_at, &zone).date(), after), &zone)
}

/// The id of a campaign's message number `number`: the same each time it is asked for, so that two workers
/// make one link. It contains `due_at`, the instant for which the message was due.
pub fn link_id(patient: &Patient, due_at: Timestamp, number: u32, keyring: &Keyring) -> LinkId {
    let parts: [&[u8]; 5] = [
        b"auto-invite",
        patient.practice.as_str().as_bytes(),
        patient.id.as_str().as_bytes(),
        &due_at.millis().to_be_bytes(),
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
    let place = if state.is_empty() {
        postal_code.as_deref().map_or(&[][..], time_zones::of_postal_code)
    } else {
        state
    };
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
    let allowed = |instant: &Timestamp| {
        !is_quiet(*instant, settings) && (channel != Channel::Sms || may_text(*instant, &zones, hours))
    };
    let step = SEARCH_MINUTES * 60;
    let first = (now.seconds().div_euclid(step) + 1) * step;
    let later = (0..SEARCH_DAYS * 86_400 / step).map(|place| first + place * step);
    let mut instants =
        std::iter::once(now).chain(later.map(|seconds| Timestamp::from_millis(seconds * 1000)));
    instants.find(allowed)
}

/// Why the sweep of a practice stopped itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Brake {
    /// Too many of the latest messages bounced.
    Bounces,
    /// Too many recipients reported them as spam.
    Complaints,
}

impl Brake {
    /// The stable code.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Bounces => "bounces",
            Self::Complaints => "complaints",
        }
    }
}

/// That the sweep of a practice stopped itself, until staff start it again.
#[expect(missing_docs, reason = "the names say it")]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Paused {
    pub at: Timestamp,
    pub why: Brake,
}

/// Where a run continues in the list of who is due.
#[expect(missing_docs, reason = "the names say it")]
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cursor {
    pub due_at: Timestamp,
    pub patient: PatientId,
}

/// The record of what the sweep did for a practice on one day.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Run {
    /// The practice.
    pub practice: PracticeId,
    /// The day, in the practice's calendar.
    pub day: Date,
    /// Raised by each change. A write fails unless it is one more than the stored version.
    pub version: u64,
    /// When the first planner of the day started it.
    pub started_at: Timestamp,
    /// When everybody who was due had been looked at; `None` while there is work left.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub finished_at: Option<Timestamp>,
    /// Most messages of this day.
    pub cap: u32,
    /// Messages that workers were asked to send and have not answered for yet.
    #[serde(default)]
    pub under_way: u32,
    /// Invitations.
    #[serde(default)]
    pub invited: u32,
    /// Reminders.
    #[serde(default)]
    pub reminded: u32,
    /// Patients who must wait for another day, because of the hours for texts or of what a number got lately.
    #[serde(default)]
    pub postponed: u32,
    /// Patients who must wait for another day, because the day's messages are used up.
    #[serde(default)]
    pub over_cap: u32,
    /// Patients who got nothing, by the code of the reason.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub skipped: BTreeMap<String, u32>,
    /// Pages of work that were made so far; their numbers start at 1.
    #[serde(default)]
    pub pages: u32,
    /// The pages that are not done yet.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub open_pages: BTreeSet<u32>,
    /// Where the planner continues; `None` if it starts from the one who waits longest.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cursor: Option<Cursor>,
    /// Messages of this day that bounced. A few stop the sweep, so the list stays short.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub bounced: BTreeSet<MessageId>,
    /// Messages of this day that were reported as spam.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub complained: BTreeSet<MessageId>,
}

/// Most messages that `bounced` and `complained` name, each.
const REMEMBERED: usize = 50;

impl Run {
    /// A new run. `before` are earlier runs of the practice, the newest first.
    pub fn start(
        practice: &PracticeId,
        day: Date,
        auto: &AutoInvite,
        before: &[Self],
        now: Timestamp,
    ) -> Self {
        Self {
            practice: practice.clone(),
            day,
            version: 1,
            started_at: now,
            finished_at: None,
            cap: if auto.ramp { ramp(before).min(auto.daily_cap) } else { auto.daily_cap },
            under_way: 0,
            invited: 0,
            reminded: 0,
            postponed: 0,
            over_cap: 0,
            skipped: BTreeMap::new(),
            pages: 0,
            open_pages: BTreeSet::new(),
            cursor: None,
            bounced: BTreeSet::new(),
            complained: BTreeSet::new(),
        }
    }

    /// Messages that were queued.
    pub const fn sent(&self) -> u32 {
        self.invited + self.reminded
    }

    /// Messages that may still be sent on this day.
    pub const fn allowance(&self) -> u32 {
        self.cap.saturating_sub(self.sent() + self.under_way)
    }

    /// Patients who were due and must wait for another day.
    pub const fn deferred(&self) -> u32 {
        self.postponed + self.over_cap
    }

    /// Everybody whom the run has looked at and decided about.
    pub fn seen(&self) -> u32 {
        self.sent() + self.deferred() + self.skipped.values().sum::<u32>()
    }

    /// Counts what became of one patient.
    pub fn count(&mut self, outcome: Outcome) {
        match outcome {
            Outcome::Invited => self.invited += 1,
            Outcome::Reminded => self.reminded += 1,
            Outcome::Postponed => self.postponed += 1,
            Outcome::Skipped(why) => *self.skipped.entry(why.code().to_owned()).or_default() += 1,
        }
    }

    /// Notes that a message of this day came back (`Bounced`) or was reported (`Complained`). `false` if that
    /// was known, or is no such stop.
    pub fn note_stop(&mut self, message: MessageId, why: Stop) -> bool {
        let noted = match why {
            Stop::Bounced => &mut self.bounced,
            Stop::Complained => &mut self.complained,
            Stop::WrongRecipient | Stop::OptedOut => return false,
        };
        noted.len() < REMEMBERED && noted.insert(message)
    }
}

/// What became of one patient in a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The invitation was queued.
    Invited,
    /// A reminder was queued.
    Reminded,
    /// They must wait for another day.
    Postponed,
    /// They got nothing.
    Skipped(Skip),
}

/// The next day's number of messages: twice that of the latest run, if at least half of that was used.
fn ramp(before: &[Run]) -> u32 {
    match before.first() {
        None => FIRST_DAY,
        Some(last) if last.sent() >= last.cap / 2 => last.cap.max(FIRST_DAY).saturating_mul(2),
        Some(last) => last.cap.max(FIRST_DAY),
    }
}

/// Whether bounces or complaints among the latest 500 messages stop the sweep. `runs` are the practice's, the
/// newest first. What was sent before `resumed_at` no longer counts.
pub fn brake(runs: &[Run], resumed_at: Option<Timestamp>) -> Option<Brake> {
    let counts = |message: &&MessageId| resumed_at.is_none_or(|resumed| message.made_at() >= resumed);
    let (mut sent, mut bounced, mut complained) = (0, 0, 0);
    for run in runs {
        if sent >= WATCHED {
            break;
        }
        sent += run.sent();
        bounced += run.bounced.iter().filter(counts).count();
        complained += run.complained.iter().filter(counts).count();
    }
    if complained >= MOST_COMPLAINTS {
        Some(Brake::Complaints)
    } else {
        (bounced >= MOST_BOUNCES).then_some(Brake::Bounces)
    }
}

/// A page of work: the patients of one run that a worker sends the next message to.
#[expect(missing_docs, reason = "the names say it")]
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Page {
    pub practice: PracticeId,
    pub day: Date,
    /// Its number among the pages of its day; the first has number 1.
    pub number: u32,
    pub patients: Vec<PatientId>,
    /// Whether its outcomes are counted. It is then not done again.
    #[serde(default)]
    pub done: bool,
}

/// The message from the planner to a worker: which page to work on.
#[expect(missing_docs, reason = "the names say it")]
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Task {
    pub practice: PracticeId,
    pub day: Date,
    pub page: u32,
}
