//! The list of a practice's patients as staff see it: how it is filtered and sorted, and how far an invitation got.

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::model::auto_invite::day;
use crate::model::chart::Channel;
use crate::model::delivery::Delivery;
use crate::model::grant::Relationship;
use crate::model::patient::{Patient, Reason, Status, Stop};
use crate::model::practice::Settings;
use crate::model::progress::Progress;
use crate::time::Timestamp;

/// Most patients on one page.
pub const MOST_ROWS: usize = 200;

/// How far a patient got, from the invitation to the use of the portal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Reached {
    /// The invitation waits in the outbox.
    Queued,
    /// It was sent, and nothing more is known.
    Sent,
    /// Somebody passed the identity check.
    Opened,
    /// Somebody passed all checks.
    Verified,
    /// Its attempts are used up.
    Locked,
    /// Its link has expired.
    Expired,
    /// An account exists.
    Registered,
    /// Somebody has signed in.
    Active,
}

impl Reached {
    /// The value's name in the API.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Sent => "sent",
            Self::Opened => "opened",
            Self::Verified => "verified",
            Self::Locked => "locked",
            Self::Expired => "expired",
            Self::Registered => "registered",
            Self::Active => "active",
        }
    }
}

/// How far a patient got; `None` without an invitation or account.
pub fn reached(patient: &Patient, status: Status, now: Timestamp) -> Option<Reached> {
    match status {
        Status::Active => Some(Reached::Active),
        Status::Registered => Some(Reached::Registered),
        Status::Blocked | Status::Uninvited | Status::Invited | Status::Revoked | Status::Declined => {
            let current = patient.invitation?;
            Some(match current.progress {
                progress if progress.locked => Reached::Locked,
                _ if now >= current.expires_at => Reached::Expired,
                progress if progress.verified => Reached::Verified,
                progress if progress.opened => Reached::Opened,
                Progress { delivery: Delivery::Queued, .. } => Reached::Queued,
                _ => Reached::Sent,
            })
        }
    }
}

/// The patient's next appointment, as far as the record names it.
pub fn next_appointment(patient: &Patient, now: Timestamp) -> Option<Timestamp> {
    patient.upcoming.iter().copied().find(|starts_at| *starts_at >= now)
}

/// Whether the patient is in through an account of their own: `false` if only representatives have one, `None` if
/// nobody has.
pub fn in_as_patient(patient: &Patient) -> Option<bool> {
    patient.live_accounts().next()?;
    Some(patient.live_accounts().any(|account| account.relationship == Relationship::Own))
}

/// Everything that keeps a patient from getting in, as staff see it: the blockers, a no, and addresses to which
/// nothing is sent any more.
pub fn in_the_way(patient: &Patient, settings: &Settings) -> Vec<Reason> {
    let mut reasons = patient.blockers(settings);
    reasons.extend(patient.declined.as_ref().map(|_| Reason::Declined));
    for channel in [Channel::Email, Channel::Sms] {
        let stops = patient.chart.address(channel).map(|address| patient.stops(channel, address));
        for reason in stops.into_iter().flatten().map(Stop::reason) {
            if !reasons.contains(&reason) {
                reasons.push(reason);
            }
        }
    }
    reasons
}

/// What a list is narrowed to. A field that is absent narrows nothing.
#[expect(missing_docs, reason = "the names say it")]
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Filter {
    pub reached: Option<Reached>,
    pub blocker: Option<Reason>,
    pub delivery: Option<Delivery>,
    pub tag: Option<String>,
    pub provider: Option<String>,
    /// Whether anybody has a user name for this patient's portal.
    pub has_username: Option<bool>,
    /// The next appointment is on this day of the practice or later.
    pub appointment_after: Option<Date>,
    /// The next appointment is on this day or earlier.
    pub appointment_before: Option<Date>,
    /// The pending invitation is of this day or later.
    pub invited_after: Option<Date>,
    /// The pending invitation is of this day or earlier.
    pub invited_before: Option<Date>,
}

impl Filter {
    /// Whether a patient belongs to the list.
    pub fn admits(&self, patient: &Patient, status: Status, settings: &Settings, now: Timestamp) -> bool {
        let Self { reached: wanted, blocker, delivery, tag, provider, has_username, .. } = self;
        let chart = &patient.chart;
        let is = |wanted: &Option<String>, known: &str| wanted.as_ref().is_none_or(|wanted| wanted == known);
        let between = |at: Option<Timestamp>, after: Option<Date>, before: Option<Date>| {
            (after.is_none() && before.is_none())
                || at.map(|at| day(at, settings)).is_some_and(|on| {
                    after.is_none_or(|after| on >= after) && before.is_none_or(|before| on <= before)
                })
        };
        let invited_at = patient.invitation.map(|current| current.created_at);
        let progress = patient.invitation.map(|current| current.progress.delivery);
        wanted.is_none_or(|wanted| reached(patient, status, now) == Some(wanted))
            && blocker.is_none_or(|blocker| in_the_way(patient, settings).contains(&blocker))
            && delivery.is_none_or(|delivery| progress == Some(delivery))
            && tag.as_ref().is_none_or(|tag| chart.tags.contains(tag))
            && is(provider, chart.provider.as_ref().map_or("", |provider| provider.reveal()))
            && has_username.is_none_or(|has| patient.live_accounts().next().is_some() == has)
            && between(next_appointment(patient, now), self.appointment_after, self.appointment_before)
            && between(invited_at, self.invited_after, self.invited_before)
    }
}
