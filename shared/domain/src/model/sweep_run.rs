//! The record of what automatic invitations did on one day, and the rules that follow from earlier days: how many
//! messages a day may have, and when a practice's invitations stop themselves.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::model::auto_invite::Skip;
use crate::model::campaign::Brake;
use crate::model::ids::{MessageId, PatientId, PracticeId};
use crate::model::patient::Stop;
use crate::model::practice::AutoInvite;
use crate::time::Timestamp;

/// Automatic messages on the first day of a practice whose number grows day by day.
const FIRST_DAY: u32 = 50;

/// The number of latest automatic messages whose bounces and complaints count.
const WATCHED: u32 = 500;

/// One bounce of so many messages stops the practice's sweep: 2 %. SES reviews an account at 5 %.
const BOUNCED_ONE_IN: u32 = 50;

/// Bounces that are needed, so that a few of a small practice's first messages don't stop it.
const LEAST_BOUNCES: u32 = 5;

/// One complaint of so many stops it: 0.05 %, which is less than one of 500. SES reviews an account at 0.1 %.
const COMPLAINED_ONE_IN: u32 = 2000;

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
    /// When a planner or a worker changed it last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub changed_at: Option<Timestamp>,
    /// When everybody who was due had been looked at; `None` while there is work left.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub finished_at: Option<Timestamp>,
    /// Most messages of this day.
    pub cap: u32,
    /// Messages that workers were asked to send and have not answered for yet.
    #[serde(default)]
    pub under_way: u32,
    /// Patients who got their first message.
    #[serde(default)]
    pub invited: u32,
    /// Patients who got a further message.
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

/// Seconds without a page that is done after which pages are queued again. The next planner starts a quarter of an hour
/// later, and a worker has a minute.
const STUCK_SECONDS: i64 = 10 * 60;

/// Most messages that `bounced` and `complained` name, each.
const REMEMBERED: u32 = 50;

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
            changed_at: Some(now),
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

    /// Whether workers have been silent for so long that a message to them may be lost.
    pub fn is_stuck(&self, now: Timestamp) -> bool {
        now >= self.changed_at.unwrap_or(self.started_at).plus_seconds(STUCK_SECONDS)
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
        noted.len() < REMEMBERED as usize && noted.insert(message)
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

/// The next day's number of messages: twice that of the latest run, if at least half of that was used and less than
/// 2 % of it bounced.
fn ramp(before: &[Run]) -> u32 {
    let Some(last) = before.first() else { return FIRST_DAY };
    let bounced = u32::try_from(last.bounced.len()).unwrap_or(u32::MAX);
    let is_used = last.sent() >= last.cap / 2;
    let arrives = bounced.saturating_mul(BOUNCED_ONE_IN) <= last.sent();
    last.cap.max(FIRST_DAY).saturating_mul(if is_used && arrives { 2 } else { 1 })
}

/// Whether bounces or complaints among the latest messages stop the sweep: those of the latest runs that together
/// have 500. `runs` are the practice's, the newest first. What was sent before `resumed_at` no longer counts.
pub fn brake(runs: &[Run], resumed_at: Option<Timestamp>) -> Option<Brake> {
    let counts = |message: &&MessageId| resumed_at.is_none_or(|resumed| message.made_at() >= resumed);
    let number = |messages: &BTreeSet<MessageId>| {
        u32::try_from(messages.iter().filter(counts).count()).unwrap_or(u32::MAX)
    };
    let (mut sent, mut bounced, mut complained) = (0, 0, 0);
    for run in runs {
        if sent >= WATCHED {
            break;
        }
        sent += run.sent();
        bounced += number(&run.bounced);
        complained += number(&run.complained);
    }
    if complained > 0 && complained.saturating_mul(COMPLAINED_ONE_IN) >= sent {
        return Some(Brake::Complaints);
    }
    // A run remembers no more bounces than would stop the largest number that is counted exactly.
    let counted = sent.min(BOUNCED_ONE_IN * REMEMBERED);
    (bounced >= LEAST_BOUNCES && bounced.saturating_mul(BOUNCED_ONE_IN) >= counted).then_some(Brake::Bounces)
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
