//! Reads a date as people write it, if it can mean one day only.
//!
//! The rule: a date is a day, a month and a year of four digits, with anything or nothing between them. If the month is a
//! word (English or Spanish, whole or shortened), the three may be in any order. If it is a number, the year is
//! first or last; with the year first, the month follows; with the year last, the month is first, as everywhere in the
//! United States, whatever stands between. Only if no such day exists may the day be first: `25/12/1980`.
//! Without separators, a text of seven digits counts only if one reading is left. Years of two digits are refused.

use jiff::civil::Date;
use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

use crate::model::pasted::plain;

/// Why a text is not read as a date.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unread {
    /// It is no date, no day of the calendar, or could mean several days.
    NotOneDay,
    /// It is a day after the last one that was allowed.
    TooLate,
}

/// The names of the months. A beginning of at least three letters is enough.
const MONTHS: [&[&str]; 12] = [
    &["january", "enero"],
    &["february", "febrero", "febuary"],
    &["march", "marzo"],
    &["april", "abril"],
    &["may", "mayo"],
    &["june", "junio"],
    &["july", "julio"],
    &["august", "agosto"],
    &["september", "septiembre", "setiembre", "septembre"],
    &["october", "octubre"],
    &["november", "noviembre"],
    &["december", "diciembre"],
];

/// Words that people write around a date, and that say nothing: articles, endings of numbers, days of the week, labels.
const SILENT: [&str; 47] = [
    "st",
    "nd",
    "rd",
    "th",
    "ro",
    "ero",
    "er",
    "do",
    "to",
    "o",
    "a",
    "of",
    "the",
    "on",
    "de",
    "del",
    "el",
    "la",
    "year",
    "ano",
    "dia",
    "dob",
    "born",
    "birth",
    "date",
    "birthday",
    "nacido",
    "nacida",
    "nac",
    "fecha",
    "nacimiento",
    "nacio",
    "en",
    "fn",
    "ad",
    "monday",
    "tuesday",
    "wednesday",
    "thursday",
    "friday",
    "saturday",
    "sunday",
    "lunes",
    "martes",
    "miercoles",
    "jueves",
    "viernes",
];

/// Days of the week that are shortened, or not in [`SILENT`].
const WEEKDAYS: [&str; 13] =
    ["mon", "tue", "tues", "wed", "thu", "thur", "thurs", "fri", "sat", "sun", "sabado", "domingo", "mie"];

/// A part of a date: its digits, or the month as a word.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Part {
    Digits(String),
    Month(i8),
}

/// Year, month and day as they were written.
type Triple<'a> = (&'a str, &'a str, &'a str);

/// Reads a date of 1900 or later that is not after `latest`.
pub fn read(text: &str, latest: Date) -> Result<Date, Unread> {
    let folded: String =
        plain(text).nfkd().filter(|c| !is_combining_mark(*c)).flat_map(char::to_lowercase).collect();
    let parts = parts(without_midnight(&folded)).ok_or(Unread::NotOneDay)?;
    let months: Vec<i8> = parts
        .iter()
        .filter_map(|part| if let Part::Month(month) = part { Some(*month) } else { None })
        .collect();
    let digits: Vec<&str> = parts
        .iter()
        .filter_map(|part| if let Part::Digits(run) = part { Some(run.as_str()) } else { None })
        .collect();
    match (&months[..], &digits[..]) {
        ([month], runs) => one_of(with_word(*month, runs), latest).unwrap_or(Err(Unread::NotOneDay)),
        ([], runs) => {
            let (usual, day_first) = in_numbers(runs);
            let usual = one_of(usual.into_iter().filter_map(dated), latest);
            usual
                .or_else(|| one_of(day_first.into_iter().filter_map(dated), latest))
                .unwrap_or(Err(Unread::NotOneDay))
        }
        _ => Err(Unread::NotOneDay),
    }
}

/// The text without a midnight at its end, which spreadsheets and databases write after a day.
fn without_midnight(text: &str) -> &str {
    let Some((before, after)) = text.split_once(':') else { return text };
    let day = before.trim_end_matches(|c: char| c.is_ascii_digit());
    let hour = before.get(day.len()..).unwrap_or_default();
    let rest: String = after.chars().filter(|c| !matches!(c, ':' | '.' | ' ' | '0')).collect();
    let is_midnight = matches!((hour, rest.as_str()), ("0" | "00", "" | "z" | "am" | "+") | ("12", "am"));
    let day = day.strip_suffix('t').unwrap_or(day);
    if is_midnight && day.len() < before.len() && !day.trim().is_empty() { day } else { text }
}

/// The runs of digits and the words of a text. `None` if it contains a word or a sign that has no place in a date.
fn parts(text: &str) -> Option<Vec<Part>> {
    let mut parts = Vec::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let kind = |c: char| (c.is_ascii_digit(), c.is_alphabetic());
        let end = match kind(first) {
            (false, false) => first.len_utf8(),
            other => rest.find(|c| kind(c) != other).unwrap_or(rest.len()),
        };
        let (run, after) = rest.split_at(end);
        rest = after;
        if first.is_ascii_digit() {
            parts.push(Part::Digits(run.to_owned()));
        } else if first.is_alphabetic() {
            match run {
                "first" | "primero" | "primer" => parts.push(Part::Digits("1".to_owned())),
                "年" | "月" | "日" => {}
                _ if SILENT.contains(&run) || WEEKDAYS.contains(&run) => {}
                _ => parts.push(Part::Month(month_of(run)?)),
            }
        } else if !is_separator(first) {
            return None;
        }
    }
    Some(parts)
}

/// Whether a sign may stand between the parts of a date, or around it.
fn is_separator(c: char) -> bool {
    c.is_whitespace() || "-‐‑‒–—―−/⁄∕\\.·•。،,;:|_()[]'’‘\"“”º°".contains(c)
}

/// The month that a word names.
fn month_of(word: &str) -> Option<i8> {
    let place =
        MONTHS.iter().position(|all| word.len() >= 3 && all.iter().any(|name| name.starts_with(word)))?;
    i8::try_from(place + 1).ok()
}

/// The readings of numbers beside a month's name.
fn with_word(month: i8, runs: &[&str]) -> Vec<Date> {
    let month = month.to_string();
    let pairs: Vec<(&str, &str)> = match runs {
        [a, b] => vec![(*a, *b), (*b, *a)],
        // `27Apr1945` has two runs; `Apr271945` has one.
        [run] if run.len() <= 6 => run
            .split_at_checked(run.len().saturating_sub(4))
            .map(|(day, year)| (year, day))
            .into_iter()
            .collect(),
        _ => Vec::new(),
    };
    pairs.into_iter().filter_map(|(year, day)| dated((year, &month, day))).collect()
}

/// The readings of a date in numbers: the usual ones, and those with the day first.
fn in_numbers<'a>(runs: &[&'a str]) -> (Vec<Triple<'a>>, Vec<Triple<'a>>) {
    match runs {
        [year, month, day] if year.len() == 4 => (vec![(*year, *month, *day)], Vec::new()),
        [first, second, year] => (vec![(*year, *first, *second)], vec![(*year, *second, *first)]),
        [year, rest] if year.len() == 4 && rest.len() == 4 => {
            let halves = |run: &'a str| run.split_at_checked(2);
            let year_first = halves(rest).map(|(month, day)| (*year, month, day));
            let year_last = halves(year).map(|(month, day)| (*rest, month, day));
            let day_first = halves(year).map(|(day, month)| (*rest, month, day));
            (year_first.into_iter().chain(year_last).collect(), day_first.into_iter().collect())
        }
        [run] if matches!(run.len(), 7 | 8) => without_separators(run),
        _ => (Vec::new(), Vec::new()),
    }
}

fn without_separators(run: &str) -> (Vec<Triple<'_>>, Vec<Triple<'_>>) {
    let (mut usual, mut day_first) = (Vec::new(), Vec::new());
    for (one, two) in [(1, 1), (1, 2), (2, 1), (2, 2)].into_iter().filter(|(a, b)| a + b + 4 == run.len()) {
        let split = |lengths: [usize; 3]| {
            let (first, rest) = run.split_at_checked(lengths[0])?;
            let (second, third) = rest.split_at_checked(lengths[1])?;
            (third.len() == lengths[2]).then_some((first, second, third))
        };
        if let Some((first, second, year)) = split([one, two, 4]) {
            usual.push((year, first, second));
            day_first.push((year, second, first));
        }
        usual.extend(split([4, one, two]));
    }
    (usual, day_first)
}

/// The day that three numbers name, if the calendar has it: a year of four digits from 1900, a month and a day of one or
/// two.
fn dated((year, month, day): Triple<'_>) -> Option<Date> {
    let number = |part: &str| part.parse::<i16>().ok();
    let fits = year.len() == 4 && (1..=2).contains(&month.len()) && (1..=2).contains(&day.len());
    let year = number(year).filter(|year| fits && *year >= 1900)?;
    Date::new(year, i8::try_from(number(month)?).ok()?, i8::try_from(number(day)?).ok()?).ok()
}

/// The only day of several readings; `None` if there is no reading at all.
fn one_of(readings: impl IntoIterator<Item = Date>, latest: Date) -> Option<Result<Date, Unread>> {
    let mut days: Vec<Date> = readings.into_iter().collect();
    days.sort_unstable();
    days.dedup();
    if days.is_empty() {
        return None;
    }
    days.retain(|day| *day <= latest);
    Some(match days[..] {
        [only] => Ok(only),
        [] => Err(Unread::TooLate),
        [..] => Err(Unread::NotOneDay),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> Date {
        text.parse().unwrap()
    }

    fn latest() -> Date {
        day("2026-11-23")
    }

    /// Every way to write a day that must be read as that day.
    fn spellings(date: Date) -> Vec<String> {
        let (y, m, d) = (date.year(), date.month(), date.day());
        let mut all = Vec::new();
        for mark in [
            "-",
            "/",
            ".",
            " ",
            " / ",
            ", ",
            "–",
            "—",
            "−",
            "‑",
            "\\",
            "·",
            "_",
            "\u{a0}",
            "\u{2009}-\u{2009}",
            "．",
            "／",
            "－",
        ] {
            all.push(format!("{m:02}{mark}{d:02}{mark}{y}"));
            all.push(format!("{m}{mark}{d}{mark}{y}"));
            all.push(format!("{y}{mark}{m:02}{mark}{d:02}"));
            all.push(format!("{y}{mark}{m}{mark}{d}"));
            if d > 12 {
                all.push(format!("{d}{mark}{m}{mark}{y}"));
                all.push(format!("{d:02}{mark}{m:02}{mark}{y}"));
            }
        }
        all.push(format!("{y}{m:02}{d:02}"));
        all.push(format!("{m:02}{d:02}{y}"));
        all.push(format!("{m:02}{d:02} {y}"));
        all.push(format!("{y} {m:02}{d:02}"));
        all.push(format!("{m:02}/{d:02}-{y}"));
        all.push(format!("{y}年{m}月{d}日"));
        if d > 12 {
            all.push(format!("{d:02}{m:02}{y}"));
        }
        let ending = match d {
            1 | 21 | 31 => "st",
            2 | 22 => "nd",
            3 | 23 => "rd",
            _ => "th",
        };
        for name in MONTHS[usize::try_from(m - 1).unwrap()] {
            for length in [3, 4, name.len()] {
                let word = &name[..length.min(name.len())];
                let title = format!("{}{}", word[..1].to_uppercase(), &word[1..]);
                for word in [word.to_owned(), title, word.to_uppercase(), format!("{word}.")] {
                    all.push(format!("{word} {d}, {y}"));
                    all.push(format!("{word} {d}{ending}, {y}"));
                    all.push(format!("{d} {word} {y}"));
                    all.push(format!("{d} de {word} de {y}"));
                    all.push(format!("{d} de {word} del {y}"));
                    all.push(format!("{d}-{word}-{y}"));
                    all.push(format!("{d:02}{word}{y}"));
                    all.push(format!("{word}{d:02}{y}"));
                    all.push(format!("{y} {word} {d}"));
                    all.push(format!("{y}-{word}-{d:02}"));
                    all.push(format!("the {d}{ending} of {word}, {y}"));
                    all.push(format!("{d}º de {word} de {y}"));
                }
            }
        }
        all
    }

    #[test]
    fn every_spelling_that_can_mean_one_day_only_is_read_as_that_day() {
        let mut read_so_far = 0;
        let mut date = day("1900-01-01");
        // 41 days apart: every month, every day of the month, leap days' neighbours.
        while date <= latest() {
            for text in spellings(date) {
                assert_eq!(read(&text, latest()), Ok(date), "{text}");
                read_so_far += 1;
            }
            date = date.checked_add(jiff::Span::new().days(1001)).unwrap();
        }
        for date in ["2000-02-29", "1999-12-31", "1904-02-29", "2026-11-23", "1965-09-12"].map(day) {
            for text in spellings(date) {
                assert_eq!(read(&text, latest()), Ok(date), "{text}");
                read_so_far += 1;
            }
        }
        assert!(read_so_far > 5_000, "{read_so_far}");
    }

    #[test]
    fn digits_of_every_script_and_invisible_marks_change_nothing() {
        let written = "04/27/1945";
        for zero in [0x660_u32, 0x6f0, 0x966, 0xe50, 0xff10, 0x1d7ce, 0x1d7f6] {
            let other: String = written
                .chars()
                .map(|c| c.to_digit(10).map_or(c, |value| char::from_u32(zero + value).unwrap()))
                .collect();
            assert_eq!(read(&other, latest()), Ok(day("1945-04-27")), "{other}");
        }
        for mark in ["\u{200b}", "\u{200e}", "\u{202c}", "\u{feff}", "\u{ad}", "\u{2069}", "\u{fe0f}"] {
            for at in 0..=written.len() {
                let text = format!("{}{mark}{}", &written[..at], &written[at..]);
                assert_eq!(read(&text, latest()), Ok(day("1945-04-27")), "{text:?}");
            }
        }
    }

    #[test]
    fn what_people_write_around_a_date_says_nothing() {
        for text in [
            "1945-04-27T00:00:00",
            "1945-04-27T00:00:00.000Z",
            "1945-04-27 00:00",
            "4/27/1945 12:00:00 AM",
            "4/27/1945 0:00",
            "DOB: 04/27/1945",
            "born April 27, 1945.",
            "Friday, April 27th, 1945",
            "viernes 27 de abril de 1945",
            "27 de abril del año 1945",
            "(04/27/1945)",
            "\"04/27/1945\"",
            "4271945",
            "  04 27 1945\n",
        ] {
            assert_eq!(read(text, latest()), Ok(day("1945-04-27")), "{text}");
        }
        assert_eq!(read("1ro de mayo de 1960", latest()), Ok(day("1960-05-01")));
        assert_eq!(read("primero de mayo de 1960", latest()), Ok(day("1960-05-01")));
        assert_eq!(read("12 de septiembre de 1965", latest()), Ok(day("1965-09-12")));
        assert_eq!(read("Sept. 12th, 1965", latest()), Ok(day("1965-09-12")));
        assert_eq!(
            read("12-09-1965", latest()),
            Ok(day("1965-12-09")),
            "with the year last, the month is first"
        );
        assert_eq!(read("25/12/1980", latest()), Ok(day("1980-12-25")), "no month has the number 25");
    }

    #[test]
    fn what_is_no_day_or_could_mean_several_is_not_read() {
        for text in [
            "",
            " ",
            "-",
            "1945",
            "04/1945",
            "1945-04",
            "April 1945",
            "April",
            "45-04-27",
            "04/27/45",
            "4-27-45",
            "27 April 45",
            "April 27, '45",
            "042745",
            "450427",
            "27apr45",
            "1112000",
            "1111999",
            "1112010",
            "02/29/2023",
            "02/29/1900",
            "04/31/1980",
            "31/04/1980",
            "30.02.1980",
            "1945-13-01",
            "1980-25-12",
            "13/13/1980",
            "00/10/1980",
            "10/00/1980",
            "0/0/0000",
            "1899-12-31",
            "12/31/1899",
            "1812-04-01",
            "004/27/1945",
            "04/027/1945",
            "04/27/01945",
            "4/27/945",
            "04/27/1945/1",
            "04/27/1945 04/28/1945",
            "April May 1945",
            "April 27 28 1945",
            "April 1945 1946",
            "1945-04-27T13:00:00",
            "4/27/1945 1:00 AM",
            "yesterday",
            "n/a",
            "unknown",
            "04/27/1945?",
            "+1945-04-27",
            "04=27=1945",
            "ap 27 1945",
            "x04/27/1945",
            "19450427194504",
            "12345",
            "194504277",
            "½/27/1945",
            "IV/27/1945",
        ] {
            assert_eq!(read(text, latest()), Err(Unread::NotOneDay), "{text}");
        }
    }

    #[test]
    fn days_to_come_are_told_from_days_that_do_not_exist() {
        for text in
            ["2026-11-24", "11/24/2026", "24 de noviembre de 2026", "20261124", "2127-01-01", "12/11/2026"]
        {
            assert_eq!(read(text, latest()), Err(Unread::TooLate), "{text}");
        }
    }

    #[test]
    fn a_text_of_seven_digits_is_read_only_if_one_reading_is_left() {
        let mut seen = (0, 0);
        for (month, d) in (1..=12).flat_map(|month| (1..=31).map(move |d| (month, d))) {
            let Ok(date) = Date::new(1980, month, d) else { continue };
            let text = format!("{month}{d}1980");
            if text.len() != 7 {
                continue;
            }
            let other = |a: &str, b: &str| Date::new(1980, a.parse().unwrap(), b.parse().unwrap()).is_ok();
            let several = other(&text[..1], &text[1..3]) && other(&text[..2], &text[2..3]);
            let wanted = if several { Err(Unread::NotOneDay) } else { Ok(date) };
            assert_eq!(read(&text, latest()), wanted, "{text}");
            if several { seen.0 += 1 } else { seen.1 += 1 }
        }
        assert!(seen.0 > 20 && seen.1 > 100, "{seen:?}");
    }
}
