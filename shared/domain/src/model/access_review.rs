//! What happens to a patient's access by itself: on the birthdays that the practice's settings name, and on the
//! day on which a representative's authority ends. Everything is decided by the practice's day.

use jiff::ToSpan as _;
use jiff::civil::{Date, Time};

use serde::{Deserialize, Serialize};

use crate::model::account::Account;
use crate::model::auto_invite::day;
use crate::model::grant::{AuthorityKind, Grant, GrantState, Level, Relationship};
use crate::model::ids::{AccountId, PatientId, PracticeId};
use crate::model::patient::Patient;
use crate::model::practice::{AtMajority, Settings};
use crate::time::Timestamp;

/// Days before a birthday on which representatives and staff are told what it changes.
pub const BIRTHDAY_NOTICES: [i32; 3] = [60, 30, 7];

/// Days before the end of an authority on which its holder and staff are told.
pub const AUTHORITY_NOTICES: [i32; 2] = [30, 7];

/// Hours after which a minor's review is made again, though nothing is due: the practice may have changed its ages.
const RECHECK_HOURS: i64 = 7 * 24;

/// The local hour at which messages of a review go out. What ends, ends at midnight.
const HOUR: i8 = 10;

/// How far a patient has come, by the ages of the practice's settings.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Stage {
    /// Younger than the adolescent age: only representatives use the portal.
    Child,
    /// The patient may have an account of their own.
    Adolescent,
    /// Of age.
    Adult,
}

impl Stage {
    /// The stage of a patient on a day.
    pub fn of(patient: &Patient, settings: &Settings, today: Date) -> Self {
        let age = patient.chart.birth_date.age_on(today);
        if age >= settings.majority_age {
            Self::Adult
        } else if age >= settings.adolescent_age {
            Self::Adolescent
        } else {
            Self::Child
        }
    }
}

/// What is stored about the reviews of a patient's access. Only patients with a representative have it.
#[expect(missing_docs, reason = "the names say it")]
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccessReview {
    pub practice: PracticeId,
    pub patient: PatientId,
    /// When to look next.
    pub due_at: Timestamp,
    /// The stage whose changes were made. A birth date that is corrected later is thus noticed.
    pub stage: Stage,
    /// Notices for instants up to this one were sent, or were too late to be sent.
    pub reviewed_at: Timestamp,
    /// Whether the patient came of age and still has to be invited.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub invite: bool,
}

/// What will happen to a representative's access.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Coming {
    /// On a birthday, only appointments and messages stay.
    Narrows,
    /// On a birthday, it ends.
    Ends,
    /// On a birthday, everybody's access rests until staff decide.
    Rests,
    /// The authority that staff recorded is over.
    AuthorityEnds,
}

/// One thing that a review does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// Tell a representative and staff what happens on a day.
    Tell(AccountId, Coming, Date),
    /// Narrow a representative's access to appointments and messages.
    Narrow(AccountId),
    /// End a representative's access.
    End(AccountId),
    /// Switch everybody's access off until staff decide.
    Rest,
    /// Invite the patient, who has come of age, on a contact of their own; else list them for staff.
    Invite,
}

/// The grants of representatives that have not ended, with their accounts.
fn representatives<'a>(
    patient: &'a Patient,
    accounts: &'a [Account],
) -> impl Iterator<Item = (AccountId, &'a Grant)> {
    accounts
        .iter()
        .filter_map(|account| Some((account.id, account.grant(&patient.id)?)))
        .filter(|(_, grant)| grant.relationship != Relationship::Own && grant.state != GrantState::Ended)
}

/// What a birthday does to a representative's grant; `None` if nothing. A guardian by court order keeps the grant
/// at majority, until the order's own end.
fn at_birthday(stage: Stage, grant: &Grant, settings: &Settings) -> Option<Coming> {
    let narrows = (grant.level == Level::Full).then_some(Coming::Narrows);
    let by_court =
        grant.authority.as_ref().is_some_and(|authority| authority.kind == AuthorityKind::Guardian);
    match (stage, settings.at_majority) {
        (Stage::Child, _) => None,
        (Stage::Adult, _) if by_court => None,
        (Stage::Adolescent, _) | (Stage::Adult, AtMajority::Narrow) => narrows,
        (Stage::Adult, AtMajority::End) => Some(Coming::Ends),
        (Stage::Adult, AtMajority::Rest) => Some(Coming::Rests),
    }
}

/// The instant of a local time in the practice's zone.
fn local(date: Date, hour: i8, settings: &Settings) -> Timestamp {
    let time = Time::new(hour, 0, 0, 0).unwrap_or_default();
    let at = settings.zone().to_ambiguous_timestamp(date.to_datetime(time)).compatible();
    Timestamp::from_millis(at.unwrap_or_default().as_millisecond())
}

/// Whether one of the birthdays that change access is so near that staff are told.
pub fn birthday_is_near(patient: &Patient, settings: &Settings, today: Date) -> bool {
    let stage = Stage::of(patient, settings, today);
    let horizon = today.saturating_add(BIRTHDAY_NOTICES[0].days());
    birthdays(patient, stage, settings).iter().any(|(_, on)| *on <= horizon)
}

/// The birthdays that are still to come after `stage`, with the stage that each begins.
fn birthdays(patient: &Patient, stage: Stage, settings: &Settings) -> Vec<(Stage, Date)> {
    let birthday = |age| patient.chart.birth_date.birthday(age);
    let both = [
        (Stage::Adolescent, birthday(settings.adolescent_age)),
        (Stage::Adult, birthday(settings.majority_age)),
    ];
    both.into_iter().filter(|(next, _)| *next > stage).collect()
}

/// The notices before a day: when each goes out.
fn notices(on: Date, days: &[i32], settings: &Settings) -> impl Iterator<Item = Timestamp> {
    days.iter().map(move |days| local(on.saturating_sub(days.days()), HOUR, settings))
}

impl AccessReview {
    /// The first review of a patient. What lies more than a day before `now` is not made up for; a day, because
    /// whoever calls this hears of a registration a little later.
    pub fn begin(patient: &Patient, settings: &Settings, now: Timestamp) -> Self {
        let now = now.plus_hours(-24);
        Self {
            practice: patient.practice.clone(),
            patient: patient.id.clone(),
            due_at: now,
            stage: Stage::of(patient, settings, day(now, settings)),
            reviewed_at: now,
            invite: false,
        }
    }

    /// This review with the instant at which to look next; `None` if nothing can happen any more.
    pub fn scheduled(mut self, patient: &Patient, settings: &Settings) -> Option<Self> {
        let mut instants = Vec::new();
        let live = || patient.accounts.iter().filter(|known| known.ended_by.is_none());
        if live().any(|known| known.relationship != Relationship::Own) {
            if self.stage != Stage::Adult {
                instants.push(self.reviewed_at.plus_hours(RECHECK_HOURS));
            }
            for (_, on) in birthdays(patient, self.stage, settings) {
                instants.push(local(on, 0, settings));
                instants.extend(notices(on, &BIRTHDAY_NOTICES, settings).filter(|at| *at > self.reviewed_at));
            }
        }
        for on in live().filter_map(|known| known.until) {
            instants.push(local(on, 0, settings));
            instants.extend(notices(on, &AUTHORITY_NOTICES, settings).filter(|at| *at > self.reviewed_at));
        }
        if self.invite {
            instants.push(local(day(self.reviewed_at, settings), HOUR, settings));
        }
        self.due_at = instants.into_iter().min()?;
        Some(self)
    }

    /// What has to be done now, and what is stored about the review afterwards. `accounts` are those of the
    /// patient's representatives.
    pub fn review(
        &self,
        patient: &Patient,
        accounts: &[Account],
        settings: &Settings,
        now: Timestamp,
    ) -> (Vec<Step>, Self) {
        let today = day(now, settings);
        let stage = Stage::of(patient, settings, today);
        let mut steps = Vec::new();
        let mut next = Self { stage, reviewed_at: now, ..self.clone() };
        let due = |on: Date, days: &[i32]| {
            on > today && notices(on, days, settings).any(|at| self.reviewed_at < at && at <= now)
        };
        for (account, grant) in representatives(patient, accounts) {
            let until = grant.authority.as_ref().and_then(|authority| authority.until);
            if until.is_some_and(|until| until <= today) {
                steps.push(Step::End(account));
                continue;
            }
            if let Some(until) = until.filter(|until| due(*until, &AUTHORITY_NOTICES)) {
                steps.push(Step::Tell(account, Coming::AuthorityEnds, until));
            }
            for (begins, on) in birthdays(patient, self.stage, settings) {
                let Some(coming) = at_birthday(begins, grant, settings) else { continue };
                if due(on, &BIRTHDAY_NOTICES) {
                    steps.push(Step::Tell(account, coming, on));
                }
            }
            // What was granted since the birthday stays, unless the birth date was corrected to an earlier one.
            let begun =
                birthdays(patient, self.stage, settings).into_iter().find(|(begins, _)| *begins == stage);
            let changes = |(_, on): &(Stage, Date)| {
                let begins = local(*on, 0, settings);
                grant.since < begins || begins <= self.reviewed_at
            };
            if !begun.is_some_and(|begun| changes(&begun)) {
                continue;
            }
            match at_birthday(stage, grant, settings) {
                Some(Coming::Narrows) => steps.push(Step::Narrow(account)),
                Some(Coming::Ends) => steps.push(Step::End(account)),
                Some(Coming::Rests) if !steps.contains(&Step::Rest) => steps.push(Step::Rest),
                Some(Coming::Rests | Coming::AuthorityEnds) | None => {}
            }
        }
        let is_of_age = stage == Stage::Adult && self.stage != Stage::Adult;
        next.invite = self.invite || is_of_age;
        if next.invite && local(today, HOUR, settings) <= now {
            next.invite = false;
            steps.push(Step::Invite);
        }
        (steps, next)
    }
}
