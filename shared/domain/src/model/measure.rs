//! The quality measure `PI_PEA_1`, "Provide Patients Electronic Access to Their Health Information": who was given
//! the means to get into the portal within four business days of every visit of a period.
//!
//! The means are a registered account that works, or an invitation that arrived and still leads in. Portico
//! can't know whether the record itself could be seen, downloaded and transmitted.

use std::collections::{BTreeMap, BTreeSet};

use jiff::ToSpan as _;
use jiff::civil::{Date, Weekday};
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};

use crate::model::chart::Channel;
use crate::model::delivery::Delivery;
use crate::model::ids::{PatientId, PracticeId};
use crate::model::link::{KEPT_SECONDS, Kind, Link, LinkState, Purpose};
use crate::model::patient::Patient;
use crate::time::Timestamp;

/// Business days after the information is available, at the end of which access is late (42 CFR 414.1375 and the
/// measure's specification for 2025).
const BUSINESS_DAYS: u32 = 4;

/// A visit, in the place from which a period can be read.
#[expect(missing_docs, reason = "the names say it")]
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LoggedVisit {
    pub patient: PatientId,
    /// Its id in the EHR.
    pub visit: String,
    /// Its day, in the practice's calendar.
    pub date: Date,
    /// When its note was signed; `None` if it is not signed yet.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub signed_at: Option<Timestamp>,
    /// The clinician; `None` if the visit names none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub provider: Option<String>,
}

impl LoggedVisit {
    /// When its information was available: when its note was signed, else at the start of its day.
    fn available_at(&self, days: &BusinessDays<'_>) -> Timestamp {
        self.signed_at.unwrap_or_else(|| days.start_of(self.date))
    }
}

/// A time in which a patient or a representative had the means to get in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Span {
    /// What gave the means: a link's id, or `account`.
    pub source: String,
    /// When it gave them.
    pub from: Timestamp,
    /// When it no longer did; `None` if it still does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<Timestamp>,
    /// Whether the message did not arrive, or reached somebody else. It then gave nothing.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub undelivered: bool,
}

/// The source of the time in which an account works.
const ACCOUNT: &str = "account";

/// When a patient had the means to get in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Means {
    /// The practice.
    pub practice: PracticeId,
    /// The patient.
    pub patient: PatientId,
    /// Raised by each change. A write fails unless it is one more than the stored version; 0 if nothing is stored.
    pub version: u64,
    /// The version of the patient's record from which this was last learned; 0 for none.
    pub patient_version: u64,
    /// The clinician on the chart, for visits that name none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub provider: Option<String>,
    /// When the patient last declined. What they had been given until then was all they needed, and still counts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub declined_at: Option<Timestamp>,
    /// The times, in the order in which they were learned.
    #[serde(default)]
    pub spans: Vec<Span>,
}

impl Means {
    /// Nothing is known of this patient.
    pub const fn unknown(practice: PracticeId, patient: PatientId) -> Self {
        Self {
            practice,
            patient,
            version: 0,
            patient_version: 0,
            provider: None,
            declined_at: None,
            spans: Vec::new(),
        }
    }

    /// Learns from a link's record. An invitation leads in until it is closed, or until its page no longer renews
    /// it: 30 days after it expired.
    pub fn learn_link(&mut self, link: &Link) {
        let offers = matches!(link.kind, Kind::Registration | Kind::Representative | Kind::Restored);
        let given = if link.channel == Channel::Print { link.handed_over_at } else { link.sent_at };
        let Some(from) = given.filter(|_| offers && link.purpose == Purpose::Invitation) else { return };
        let (delivery, _) = link.delivered();
        let came_back = match delivery {
            Delivery::Bounced | Delivery::Suppressed | Delivery::OptedOut | Delivery::Failed => true,
            Delivery::Queued | Delivery::Sent | Delivery::Delivered | Delivery::Complained => false,
        };
        let undelivered = came_back || link.state == LinkState::ReportedWrongRecipient;
        let ended = (link.state != LinkState::Pending).then_some(link.closed_at).flatten();
        let to = Some(ended.unwrap_or_else(|| link.expires_at.plus_seconds(KEPT_SECONDS)));
        let source = link.id.to_string();
        let span = Span { source, from, to, undelivered };
        match self.spans.iter_mut().find(|known| known.source == span.source) {
            Some(known) => *known = span,
            None => self.spans.push(span),
        }
    }

    /// Learns from a patient's record, which changed at `now`. The stream may bring an older record again; that
    /// changes nothing.
    pub fn learn_patient(&mut self, patient: &Patient, now: Timestamp) {
        if patient.version <= self.patient_version {
            return;
        }
        let before = self.clone();
        self.provider = patient.chart.provider.as_ref().map(|provider| provider.reveal().to_owned());
        let revoked_at = patient.revocation.as_ref().map(|revocation| revocation.at);
        let works = patient.live_accounts().next().is_some()
            && patient.suspension().is_none()
            && revoked_at.is_none();
        let first = !self.spans.iter().any(|span| span.source == ACCOUNT);
        let open = self.spans.iter_mut().find(|span| span.source == ACCOUNT && span.to.is_none());
        match open {
            None if works => {
                let from = patient.registered_at.filter(|_| first).unwrap_or(now);
                self.spans.push(Span { source: ACCOUNT.to_owned(), from, to: None, undelivered: false });
            }
            Some(span) if !works => span.to = Some(revoked_at.unwrap_or(now)),
            _ => {}
        }
        self.declined_at = patient.declined.as_ref().map(|declined| declined.at).or(self.declined_at);
        if *self != before {
            self.patient_version = patient.version;
        }
    }

    /// When the patient got the means that they had at `deadline`; otherwise why they had none. What was given
    /// after `end`, the end of the period, does not count.
    fn at(&self, deadline: Timestamp, end: Timestamp, now: Timestamp) -> Result<Timestamp, Missing> {
        let arrived = || self.spans.iter().filter(|span| !span.undelivered);
        let in_time = |span: &Span| span.from < deadline.min(end);
        let lasts = |to| to >= deadline.min(now) || self.declined_at == Some(to);
        let had = |span: &&Span| in_time(span) && span.to.is_none_or(lasts);
        if let Some(from) = arrived().filter(had).map(|span| span.from).min() {
            return Ok(from);
        }
        Err(if arrived().any(in_time) {
            Missing::Ended
        } else if arrived().next().is_some() {
            Missing::Late
        } else if now < deadline {
            Missing::NotYetDue
        } else if self.spans.is_empty() {
            Missing::Never
        } else {
            Missing::Undelivered
        })
    }

    /// When the patient first got means that arrived, even if that was too late.
    fn first(&self) -> Option<Timestamp> {
        self.spans.iter().filter(|span| !span.undelivered).map(|span| span.from).min()
    }
}

/// Why a patient had no means to get in when a visit's deadline came.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Missing {
    /// Nothing was ever given.
    Never,
    /// No message arrived.
    Undelivered,
    /// They were given later.
    Late,
    /// They had ended by then: expired, revoked, switched off.
    Ended,
    /// The deadline has not come yet.
    NotYetDue,
}

impl Missing {
    /// The stable code.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Never => "never_given",
            Self::Undelivered => "not_delivered",
            Self::Late => "too_late",
            Self::Ended => "ended_before",
            Self::NotYetDue => "not_yet_due",
        }
    }
}

/// The days on which a practice does business.
pub struct BusinessDays<'a> {
    /// The practice's time zone.
    pub zone: TimeZone,
    /// Days on which the practice is closed, besides weekends and federal holidays.
    pub closures: &'a BTreeSet<Date>,
}

impl BusinessDays<'_> {
    /// The end of the fourth business day after the day of `available_at`. With `holidays`, federal holidays and
    /// the practice's closures are no business days.
    pub fn deadline(&self, available_at: Timestamp, holidays: bool) -> Timestamp {
        let mut day = self.zone.to_datetime(available_at.to_jiff()).date();
        let mut left = BUSINESS_DAYS;
        while left > 0 {
            day = day.tomorrow().unwrap_or(Date::MAX);
            let off =
                is_weekend(day) || (holidays && (is_federal_holiday(day) || self.closures.contains(&day)));
            if !off || day == Date::MAX {
                left -= 1;
            }
        }
        self.start_of(day.tomorrow().unwrap_or(Date::MAX))
    }

    /// The next business day after `day`.
    fn next(&self, day: Date) -> Date {
        let mut next = day.tomorrow().unwrap_or(Date::MAX);
        while next < Date::MAX
            && (is_weekend(next) || is_federal_holiday(next) || self.closures.contains(&next))
        {
            next = next.tomorrow().unwrap_or(Date::MAX);
        }
        next
    }

    /// The first instant of a day.
    pub fn start_of(&self, day: Date) -> Timestamp {
        let start = day.to_zoned_datetime(self.zone.clone()).map(|start| start.timestamp().as_millisecond());
        Timestamp::from_millis(start.unwrap_or(i64::MAX))
    }
}

fn is_weekend(day: Date) -> bool {
    matches!(day.weekday(), Weekday::Saturday | Weekday::Sunday)
}

/// Whether federal offices are closed on a day (5 U.S.C. 6103). A holiday on a Saturday is kept on the Friday
/// before, one on a Sunday on the Monday after.
pub fn is_federal_holiday(day: Date) -> bool {
    match day.weekday() {
        Weekday::Friday => is_holiday(day) || day.tomorrow().is_ok_and(is_holiday_of_a_date),
        Weekday::Monday => is_holiday(day) || day.yesterday().is_ok_and(is_holiday_of_a_date),
        _ => is_holiday(day),
    }
}

fn is_holiday(day: Date) -> bool {
    is_holiday_of_a_date(day) || is_holiday_of_a_weekday(day)
}

/// New Year's Day, Juneteenth, Independence Day, Veterans Day, Christmas Day.
fn is_holiday_of_a_date(day: Date) -> bool {
    matches!((day.month(), day.day()), (1, 1) | (6, 19) | (7, 4) | (11, 11) | (12, 25))
}

/// Those that fall on a certain Monday, and Thanksgiving Day.
fn is_holiday_of_a_weekday(day: Date) -> bool {
    let place = (day.day() - 1) / 7 + 1;
    let is_last = day.checked_add(7.days()).is_ok_and(|next| next.month() != day.month());
    match (day.month(), day.weekday()) {
        // Martin Luther King, Washington's Birthday.
        (1 | 2, Weekday::Monday) => place == 3,
        // Memorial Day.
        (5, Weekday::Monday) => is_last,
        // Labor Day.
        (9, Weekday::Monday) => place == 1,
        // Columbus Day.
        (10, Weekday::Monday) => place == 2,
        (11, Weekday::Thursday) => place == 4,
        _ => false,
    }
}

/// A visit and whether it was in time.
#[expect(missing_docs, reason = "the names say it")]
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JudgedVisit {
    pub date: Date,
    /// When its information was available: when its note was signed, else at the start of its day.
    pub available_at: Timestamp,
    pub is_signed: bool,
    /// The end of the fourth business day.
    pub deadline: Timestamp,
    /// When the patient got the means, if they ever did.
    pub had_access_at: Option<Timestamp>,
    pub in_time: bool,
    /// Whether it was in time if federal holidays and closures were business days.
    pub in_time_no_holidays: bool,
    /// Why it was not in time.
    pub missing: Option<Missing>,
}

/// A patient with all visits of the period.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JudgedPatient {
    /// The patient.
    pub patient: PatientId,
    /// The clinicians of the visits.
    pub providers: BTreeSet<String>,
    /// The visits in the order of their days, each with its clinician; empty if it is not known.
    pub visits: Vec<(String, JudgedVisit)>,
}

impl JudgedPatient {
    /// Whether every visit was in time.
    pub fn is_counted(&self) -> bool {
        self.visits.iter().all(|(_, visit)| visit.in_time)
    }

    /// The reason of the first visit that was not in time.
    pub fn missing(&self) -> Option<Missing> {
        self.visits.iter().find_map(|(_, visit)| visit.missing)
    }
}

/// How many patients were seen, and how many were given the means in time.
#[expect(missing_docs, reason = "the names say it")]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Figures {
    pub denominator: u32,
    pub numerator: u32,
    /// The numerator if federal holidays and closures were business days: the stricter figure.
    pub numerator_no_holidays: u32,
}

impl Figures {
    fn count(&mut self, in_time: bool, no_holidays: bool) {
        self.denominator += 1;
        self.numerator += u32::from(in_time);
        self.numerator_no_holidays += u32::from(no_holidays);
    }

    /// The numerator's share; 0 if nobody was seen.
    pub fn rate(self) -> f64 {
        if self.denominator == 0 { 0.0 } else { f64::from(self.numerator) / f64::from(self.denominator) }
    }
}

/// The measure over a period.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// All patients who were seen, each once.
    pub practice: Figures,
    /// For each clinician, the patients whom they saw; judged by the visits with this clinician.
    pub clinicians: BTreeMap<String, Figures>,
    /// Everybody who was seen, in the order of their ids.
    pub patients: Vec<JudgedPatient>,
}

/// Days before today from which visits are looked at for what is due soon. A note that is signed later than some days
/// after its visit is found by the report alone.
pub const DUE_DAYS: i64 = 14;

/// The visits whose deadline comes at the end of `today` or of the next business day.
pub fn due_soon(
    visits: Vec<LoggedVisit>,
    days: &BusinessDays<'_>,
    today: Date,
    now: Timestamp,
) -> Vec<LoggedVisit> {
    let end = days.start_of(days.next(today).tomorrow().unwrap_or(Date::MAX));
    let is_due = |visit: &LoggedVisit| {
        let deadline = days.deadline(visit.available_at(days), true);
        now < deadline && deadline <= end
    };
    visits.into_iter().filter(is_due).collect()
}

/// The patients of these visits who have no means to get in: since when the information of the most urgent visit is
/// available, and the last day on which the patient can be told in time.
pub fn not_told(
    visits: Vec<LoggedVisit>,
    means: &BTreeMap<PatientId, Means>,
    days: &BusinessDays<'_>,
    today: Date,
    now: Timestamp,
) -> Vec<(PatientId, Timestamp, Date)> {
    let report = judge(visits, means, days, today, None, now);
    let first = |judged: JudgedPatient| {
        let late = judged.visits.iter().map(|(_, visit)| visit).filter(|visit| visit.missing.is_some());
        let visit = late.min_by_key(|visit| visit.deadline)?;
        let last = days.zone.to_datetime(visit.deadline.plus_seconds(-1).to_jiff()).date();
        Some((judged.patient, visit.available_at, last))
    };
    report.patients.into_iter().filter_map(first).collect()
}

/// Judges the visits of a period that ends with the day `last`. `means` are those of the practice's patients. With
/// `provider`, only visits with this clinician count.
pub fn judge(
    visits: Vec<LoggedVisit>,
    means: &BTreeMap<PatientId, Means>,
    days: &BusinessDays<'_>,
    last: Date,
    provider: Option<&str>,
    now: Timestamp,
) -> Report {
    let end = days.start_of(last.tomorrow().unwrap_or(Date::MAX));
    let mut report = Report::default();
    let mut seen: BTreeMap<PatientId, Vec<(String, JudgedVisit)>> = BTreeMap::new();
    for visit in visits {
        let known = means.get(&visit.patient);
        let charted = || known.and_then(|means| means.provider.clone());
        let clinician = visit.provider.clone().or_else(charted).unwrap_or_default();
        if provider.is_some_and(|provider| provider != clinician) {
            continue;
        }
        let judged = judge_visit(&visit, known, days, end, now);
        seen.entry(visit.patient).or_default().push((clinician, judged));
    }
    for (patient, visits) in seen {
        let judged = JudgedPatient {
            patient,
            providers: visits
                .iter()
                .map(|(clinician, _)| clinician.clone())
                .filter(|name| !name.is_empty())
                .collect(),
            visits,
        };
        let no_holidays = judged.visits.iter().all(|(_, visit)| visit.in_time_no_holidays);
        report.practice.count(judged.is_counted(), no_holidays);
        for clinician in &judged.providers {
            let theirs =
                || judged.visits.iter().filter(|(name, _)| name == clinician).map(|(_, visit)| visit);
            let figures = report.clinicians.entry(clinician.clone()).or_default();
            figures
                .count(theirs().all(|visit| visit.in_time), theirs().all(|visit| visit.in_time_no_holidays));
        }
        report.patients.push(judged);
    }
    report
}

fn judge_visit(
    visit: &LoggedVisit,
    means: Option<&Means>,
    days: &BusinessDays<'_>,
    end: Timestamp,
    now: Timestamp,
) -> JudgedVisit {
    let available_at = visit.available_at(days);
    let deadline = days.deadline(available_at, true);
    let at = |deadline| means.map_or(Err(Missing::Never), |means| means.at(deadline, end, now));
    let had = match (at(deadline), now < deadline) {
        (Err(Missing::Never), true) => Err(Missing::NotYetDue),
        (had, _) => had,
    };
    JudgedVisit {
        date: visit.date,
        available_at,
        is_signed: visit.signed_at.is_some(),
        deadline,
        had_access_at: had.ok().or_else(|| means.and_then(Means::first)),
        in_time: had.is_ok(),
        in_time_no_holidays: had.is_ok() && at(days.deadline(available_at, false)).is_ok(),
        missing: had.err(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn date(text: &str) -> Date {
        text.parse().unwrap()
    }

    #[test]
    fn federal_holidays_are_those_of_the_office_of_personnel_management() {
        // From PyPI `holidays`, observed days included.
        let known = [
            "2025-01-01",
            "2025-01-20",
            "2025-02-17",
            "2025-05-26",
            "2025-06-19",
            "2025-07-04",
            "2025-09-01",
            "2025-10-13",
            "2025-11-11",
            "2025-11-27",
            "2025-12-25",
            "2026-01-01",
            "2026-01-19",
            "2026-02-16",
            "2026-05-25",
            "2026-06-19",
            "2026-07-03",
            "2026-09-07",
            "2026-10-12",
            "2026-11-11",
            "2026-11-26",
            "2026-12-25",
            "2027-01-01",
            "2027-01-18",
            "2027-02-15",
            "2027-05-31",
            "2027-06-18",
            "2027-07-05",
            "2027-09-06",
            "2027-10-11",
            "2027-11-11",
            "2027-11-25",
            "2027-12-24",
            "2027-12-31",
        ];
        let mut day = date("2025-01-01");
        let mut found = Vec::new();
        while day < date("2028-01-01") {
            if is_federal_holiday(day) && !is_weekend(day) {
                found.push(day.to_string());
            }
            day = day.tomorrow().unwrap();
        }
        assert_eq!(found, known);
    }

    #[test]
    fn the_deadline_is_the_end_of_the_fourth_business_day() {
        let closures = BTreeSet::from([date("2026-12-28")]);
        let days = BusinessDays { zone: TimeZone::get("America/New_York").unwrap(), closures: &closures };
        for (available, holidays, deadline) in [
            // Monday to Friday; the same evening; a Friday; a Saturday.
            ("2026-11-02T15:00:00Z", true, "2026-11-07T05:00:00Z"),
            ("2026-11-03T03:00:00Z", true, "2026-11-07T05:00:00Z"),
            ("2026-11-06T15:00:00Z", true, "2026-11-14T05:00:00Z"),
            ("2026-11-06T15:00:00Z", false, "2026-11-13T05:00:00Z"),
            // Thanksgiving; Christmas and a closure.
            ("2026-11-24T15:00:00Z", true, "2026-12-02T05:00:00Z"),
            ("2026-12-22T15:00:00Z", true, "2026-12-31T05:00:00Z"),
            ("2026-12-22T15:00:00Z", false, "2026-12-29T05:00:00Z"),
        ] {
            let found = days.deadline(available.parse().unwrap(), holidays);
            assert_eq!(found.to_string(), deadline, "{available} {holidays}");
        }
    }
}
