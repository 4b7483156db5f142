//! Formats instants for people, in the practice's own time zone.

use jiff::civil::Weekday;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ZonedDateTime};

use crate::language::Language;

/// An instant in full, for mails and pages: `Tuesday, November 24, 2026 at 5:45 PM Eastern Time`, `martes 24 de noviembre
/// de 2026, 5:45 p. m. (hora del Este)`. Seconds are cut off, so the text never gives an expiry later than it is.
pub fn local_time(millis: i64, time_zone: &str, language: Language) -> String {
    let at = zoned(millis, time_zone);
    let (weekday, month) = (weekday(at.weekday(), language), month(at.month(), language));
    let (day, year, zone) = (at.day(), at.year(), zone_name(&at, time_zone, language));
    let clock = twelve_hours(&at, language);
    match language {
        Language::English => format!("{weekday}, {month} {day}, {year} at {clock} {zone}"),
        Language::Spanish => format!("{weekday} {day} de {month} de {year}, {clock} ({zone})"),
    }
}

/// The day of an instant: `Tuesday, November 24, 2026`, `martes 24 de noviembre de 2026`.
pub(crate) fn local_day(millis: i64, time_zone: &str, language: Language) -> String {
    day_words(zoned(millis, time_zone).date(), language)
}

/// A day in words: `Tuesday, November 24, 2026`, `martes 24 de noviembre de 2026`.
pub fn day_words(on: jiff::civil::Date, language: Language) -> String {
    let (weekday, month) = (weekday(on.weekday(), language), month(on.month(), language));
    let (day, year) = (on.day(), on.year());
    match language {
        Language::English => format!("{weekday}, {month} {day}, {year}"),
        Language::Spanish => format!("{weekday} {day} de {month} de {year}"),
    }
}

/// An instant for a text message: `Nov 24, 5:45 PM`, `24 de nov, 5:45 pm`. It has no year, because no link works longer
/// than 30 days, and no zone, because it is the office's.
pub(crate) fn short_time(millis: i64, time_zone: &str, language: Language) -> String {
    let at = zoned(millis, time_zone);
    let month: String = month(at.month(), language).chars().take(3).collect();
    let (day, clock) = (at.day(), twelve_hours(&at, Language::English));
    match language {
        Language::English => format!("{month} {day}, {clock}"),
        Language::Spanish => format!("{day} de {month}, {}", clock.to_lowercase()),
    }
}

fn zoned(millis: i64, time_zone: &str) -> ZonedDateTime {
    let bound = if millis < 0 { Timestamp::MIN } else { Timestamp::MAX };
    let at = Timestamp::from_millisecond(millis).unwrap_or(bound);
    at.to_zoned_datetime(TimeZone::get(time_zone).unwrap_or(TimeZone::UTC))
}

/// The zone's abbreviation, such as `EST`. If a zone has only a number, it gets `UTC` in front.
fn abbreviation(at: &ZonedDateTime) -> String {
    let name = at.strftime("%Z").to_string();
    if name.starts_with(['+', '-']) { format!("UTC{name}") } else { name }
}

/// A zone as people call it: `Eastern Time`, `hora del Este`; elsewhere its abbreviation.
fn zone_name(at: &ZonedDateTime, time_zone: &str, language: Language) -> String {
    let short = abbreviation(at);
    let is_american = time_zone.starts_with("America/") || time_zone.starts_with("US/");
    let (english, spanish) = match short.as_str() {
        "HST" => ("Hawaii Time", "hora de Hawái"),
        "AST" | "ADT" if is_american => ("Atlantic Time", "hora del Atlántico"),
        "EST" | "EDT" if is_american => ("Eastern Time", "hora del Este"),
        "CST" | "CDT" if is_american => ("Central Time", "hora del Centro"),
        "MST" | "MDT" if is_american => ("Mountain Time", "hora de la Montaña"),
        "PST" | "PDT" if is_american => ("Pacific Time", "hora del Pacífico"),
        "AKST" | "AKDT" => ("Alaska Time", "hora de Alaska"),
        _ => return short,
    };
    let name = match language {
        Language::English => english,
        Language::Spanish => spanish,
    };
    name.to_owned()
}

fn twelve_hours(at: &ZonedDateTime, language: Language) -> String {
    let hour = match at.hour() % 12 {
        0 => 12,
        hour => hour,
    };
    let half = match (language, at.hour() < 12) {
        (Language::English, true) => "AM",
        (Language::English, false) => "PM",
        (Language::Spanish, true) => "a. m.",
        (Language::Spanish, false) => "p. m.",
    };
    format!("{hour}:{:02} {half}", at.minute())
}

const fn weekday(day: Weekday, language: Language) -> &'static str {
    match (language, day) {
        (Language::English, Weekday::Monday) => "Monday",
        (Language::English, Weekday::Tuesday) => "Tuesday",
        (Language::English, Weekday::Wednesday) => "Wednesday",
        (Language::English, Weekday::Thursday) => "Thursday",
        (Language::English, Weekday::Friday) => "Friday",
        (Language::English, Weekday::Saturday) => "Saturday",
        (Language::English, Weekday::Sunday) => "Sunday",
        (Language::Spanish, Weekday::Monday) => "lunes",
        (Language::Spanish, Weekday::Tuesday) => "martes",
        (Language::Spanish, Weekday::Wednesday) => "miércoles",
        (Language::Spanish, Weekday::Thursday) => "jueves",
        (Language::Spanish, Weekday::Friday) => "viernes",
        (Language::Spanish, Weekday::Saturday) => "sábado",
        (Language::Spanish, Weekday::Sunday) => "domingo",
    }
}

const fn month(number: i8, language: Language) -> &'static str {
    let (english, spanish) = match number {
        1 => ("January", "enero"),
        2 => ("February", "febrero"),
        3 => ("March", "marzo"),
        4 => ("April", "abril"),
        5 => ("May", "mayo"),
        6 => ("June", "junio"),
        7 => ("July", "julio"),
        8 => ("August", "agosto"),
        9 => ("September", "septiembre"),
        10 => ("October", "octubre"),
        11 => ("November", "noviembre"),
        _ => ("December", "diciembre"),
    };
    match language {
        Language::English => english,
        Language::Spanish => spanish,
    }
}
