//! Days, instants and periods as FHIR writes them, by the practice's calendar.

use jiff::civil::Date;
use jiff::tz::TimeZone;
use portico_domain::time::Timestamp;
use serde::Deserialize;

/// When, and by which calendar, a body is read.
pub(super) struct Clock {
    pub(super) now: Timestamp,
    pub(super) zone: TimeZone,
}

impl Clock {
    /// The practice's day.
    pub(super) fn today(&self) -> Date {
        self.now.to_jiff().to_zoned_datetime(self.zone.clone()).date()
    }

    /// An instant with its offset. A day without a time means its start.
    pub(super) fn instant(&self, text: &str) -> Option<Timestamp> {
        let start = |day: Date| day.to_zoned_datetime(self.zone.clone()).ok();
        text.parse().ok().or_else(|| {
            let start = start(day(text)?)?;
            Some(Timestamp::from_millis(start.timestamp().as_millisecond()))
        })
    }
}

/// Whether the text is groups of digits with these lengths, joined by hyphens: `[4, 2]` is `YYYY-MM`.
pub(super) fn is_date_of(text: &str, lengths: &[usize]) -> bool {
    let digits = |part: &str| part.bytes().all(|b| b.is_ascii_digit());
    text.split('-').all(digits) && text.split('-').map(str::len).eq(lengths.iter().copied())
}

/// A full date, `YYYY-MM-DD`; `None` if the calendar doesn't have it.
pub(super) fn day(text: &str) -> Option<Date> {
    text.parse().ok().filter(|_| is_date_of(text, &[4, 2, 2]))
}

/// Whether a period is in force now: it has begun, and it has not ended.
pub(super) fn in_force(period: Option<&Period>, clock: &Clock) -> bool {
    begun(period, clock) && !ended(period, clock)
}

/// The first and the last day of a date that may lack its month or day, with or without a time; `None` if it can't be
/// read.
pub(super) fn days(text: &str) -> Option<(Date, Date)> {
    if is_date_of(text, &[4]) {
        day(&format!("{text}-01-01")).zip(day(&format!("{text}-12-31")))
    } else if is_date_of(text, &[4, 2]) {
        day(&format!("{text}-01")).map(|first| (first, first.last_of_month()))
    } else {
        day(text.split_once('T').map_or(text, |(date, _)| date)).map(|day| (day, day))
    }
}

/// Whether the period's start has come. A start that can't be read counts as none.
pub(super) fn begun(period: Option<&Period>, clock: &Clock) -> bool {
    let Some(start) = period.and_then(|period| filled(period.start.as_deref())) else { return true };
    if let Ok(start) = start.parse::<Timestamp>() {
        return start <= clock.now;
    }
    days(start).is_none_or(|(first, _)| first <= clock.today())
}

/// Whether the period's end is in the past. An end without a time lasts until the end of its day, month or
/// year. An end that can't be read counts as no end.
pub(super) fn ended(period: Option<&Period>, clock: &Clock) -> bool {
    let Some(end) = period.and_then(|period| filled(period.end.as_deref())) else { return false };
    if let Ok(end) = end.parse::<Timestamp>() {
        return end <= clock.now;
    }
    days(end).is_some_and(|(_, last)| last < clock.today())
}

#[derive(Clone, Default, Deserialize)]
#[serde(default)]
pub(super) struct Period {
    pub(super) start: Option<String>,
    pub(super) end: Option<String>,
}

/// The text without outer white space; `None` if nothing is left.
pub(super) fn filled(text: Option<&str>) -> Option<&str> {
    text.map(str::trim).filter(|text| !text.is_empty())
}
