//! The facts about a person, as types. They are validated when they are parsed, are compared by fixed rules,
//! and never print their content.

use std::fmt;

use serde::{Deserialize, Serialize};
use unicode_normalization::UnicodeNormalization;

use crate::model::typed_date::{self, Unread};
use crate::model::{names, numbering, pasted};
use crate::time::Timestamp;

/// Why a value was refused: a stable code, never the value itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Invalid(pub &'static str);

/// Declares a text that may be stored and compared, and whose `Debug` output does not contain it.
macro_rules! personal_text {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(String);

        impl $name {
            /// The text itself. It may go to the table, to that person in a message, and to the
            /// practice's staff.
            pub fn reveal(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(concat!(stringify!($name), "(redacted)"))
            }
        }
    };
}

personal_text! {
    /// A first, middle or last name: 1 to 100 characters, no control characters, no spaces around it.
    Name
}

personal_text! {
    /// A line of text about a person that is never compared: address, city, state, provider. At most
    /// 200 characters.
    Line
}

personal_text! {
    /// An e-mail address of at most 254 ASCII characters, as in RFC 5321. It is stored as written and
    /// compared in lower case.
    Email
}

personal_text! {
    /// A phone number. If it can be dialled, it is stored in E.164; otherwise the chart's text is kept, and
    /// never dialled.
    Phone
}

personal_text! {
    /// The address that something is or was sent to: an e-mail address, or a phone number in E.164, depending
    /// on the channel. It need not be on file any more.
    Address
}

impl From<&str> for Address {
    fn from(text: &str) -> Self {
        Self(text.to_owned())
    }
}

personal_text! {
    /// A ZIP code of the United States, with or without its last four digits.
    PostalCode
}

fn clean(text: &str, longest: usize) -> Result<String, Invalid> {
    let text: String = pasted::visible(text).nfc().collect();
    if text.is_empty() {
        Err(Invalid("required"))
    } else if text.chars().count() > longest {
        Err(Invalid("too_long"))
    } else if text.chars().any(char::is_control) {
        Err(Invalid("invalid_characters"))
    } else {
        Ok(text)
    }
}

impl Name {
    /// No name: the given name of a person who has one name only, which is then the family name.
    pub const fn none() -> Self {
        Self(String::new())
    }

    /// Whether this is no name.
    pub const fn is_none(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether this is what somebody wrote who knew no name; see [`names::is_placeholder`].
    pub fn is_placeholder(&self) -> bool {
        names::is_placeholder(&self.0)
    }

    /// Reads a name.
    pub fn parse(text: &str) -> Result<Self, Invalid> {
        clean(text, 100).map(Self)
    }

    /// The form in which names are compared; see [`names::comparable`].
    pub fn comparable(&self) -> String {
        comparable(&self.0)
    }

    /// Whether two names are equal, but for suffixes. A name without any letter or digit equals no other.
    pub fn matches(&self, other: &Self) -> bool {
        names::same(&self.0, &other.0)
    }

    /// Whether this is the family name on a chart, or a whole part of it; see [`names::same_family`].
    pub fn matches_family(&self, charted: &Self) -> bool {
        names::same_family(&self.0, &charted.0)
    }
}

pub use names::comparable;

/// A name as sentences say it: `Rosa Delgado`. A person with one name has no other part.
pub fn spoken(given: &Name, family: &Name) -> String {
    format!("{} {}", given.reveal(), family.reveal()).trim().to_owned()
}

impl Line {
    /// Reads a line.
    pub fn parse(text: &str) -> Result<Self, Invalid> {
        clean(text, 200).map(Self)
    }
}

/// Texts, and names before the `@`, that say that there is no address, as they are compared.
const NO_ADDRESS: [&str; 40] = [
    "none",
    "noemail",
    "noemailaddress",
    "nomail",
    "noaddress",
    "noemailonfile",
    "nonegiven",
    "noneprovided",
    "nonelisted",
    "notprovided",
    "notavailable",
    "notapplicable",
    "notgiven",
    "notonfile",
    "unknown",
    "refused",
    "refusedemail",
    "refusedtoprovide",
    "refuse",
    "declined",
    "declinedemail",
    "declinedtoprovide",
    "decline",
    "ptdeclined",
    "ptrefused",
    "patientdeclined",
    "patientrefused",
    "donthave",
    "doesnothave",
    "doesnthave",
    "donotemail",
    "donotsend",
    "noreply",
    "donotreply",
    "fakeemail",
    "nocorreo",
    "sincorreo",
    "notiene",
    "notienecorreo",
    "rechazado",
];

/// Names of sites that stand for none.
const NO_SITE: [&str; 14] = [
    "none",
    "noemail",
    "nomail",
    "noaddress",
    "noemailaddress",
    "refused",
    "declined",
    "unknown",
    "fake",
    "fakeemail",
    "notprovided",
    "notavailable",
    "invalid",
    "sincorreo",
];

/// Names that say that there is no address if they stand on both sides of the `@`.
const DOUBLED: [&str; 20] = [
    "na", "no", "test", "testing", "abc", "abcd", "asdf", "asd", "xx", "xxx", "xyz", "aaa", "aa", "123",
    "null", "nil", "email", "mail", "nope", "me",
];

impl Email {
    /// Reads an address, without what copying puts around it; see [`pasted::address`]. Refuses quoted local
    /// parts, address literals, characters outside ASCII and line breaks.
    pub fn parse(text: &str) -> Result<Self, Invalid> {
        if pasted::visible(text).is_empty() {
            return Err(Invalid("required"));
        }
        let text = pasted::address(text);
        let text = text.as_str();
        let options = email_address::Options::default()
            .without_display_text()
            .without_domain_literal()
            .with_required_tld();
        let well_formed = text.len() <= 254
            && text.bytes().all(|b| b.is_ascii_graphic())
            && !text.contains(['"', '<', '>', '(', ')', ',', ';', ':', '\\'])
            && email_address::EmailAddress::parse_with_options(text, options).is_ok();
        if well_formed { Ok(Self(text.to_owned())) } else { Err(Invalid("invalid_email")) }
    }

    /// Reads an address for a chart. What people write where there is none is the error `placeholder_email`.
    pub fn parse_for_chart(text: &str) -> Result<Self, Invalid> {
        if NO_ADDRESS.contains(&names::comparable(text).as_str()) {
            return Err(Invalid("placeholder_email"));
        }
        let email = Self::parse(text)?;
        if email.is_placeholder() { Err(Invalid("placeholder_email")) } else { Ok(email) }
    }

    /// Whether this is what people write where there is no address: `none@none.com`, `noemail@…`, `refused@…`.
    fn is_placeholder(&self) -> bool {
        let (local, domain) = self.0.rsplit_once('@').unwrap_or_default();
        let local = names::comparable(local);
        let site = names::comparable(domain.split('.').next().unwrap_or_default());
        let is_doubled = local == site && (DOUBLED.contains(&local.as_str()) || local.chars().count() == 1);
        NO_ADDRESS.contains(&local.as_str()) || NO_SITE.contains(&site.as_str()) || is_doubled
    }

    /// The form in which addresses are compared and searched: lower case.
    pub fn comparable(&self) -> String {
        self.0.to_ascii_lowercase()
    }

    /// Whether two addresses are the same, except for case. More is not known: only the mail server knows
    /// which addresses share a mailbox.
    pub fn matches(&self, other: &Self) -> bool {
        self.0.eq_ignore_ascii_case(&other.0)
    }
}

/// Longest text that is kept in place of a number.
const KEPT: usize = 500;

impl Phone {
    /// Reads a number that can be dialled, in any usual notation; see [`numbering`].
    pub fn parse(text: &str) -> Result<Self, Invalid> {
        let text = clean(text, KEPT)?;
        numbering::dialled(&text).map(Self).ok_or(Invalid("invalid_phone"))
    }

    /// Reads a number, or keeps the whole text if it can't be dialled, so that a chart loses nothing.
    pub fn parse_or_keep(text: &str) -> Result<Self, Invalid> {
        Self::parse(text).or_else(|_| clean(text, KEPT).map(Self))
    }

    /// The number's digits as people use them in passwords: without the country, without the area, the last four.
    pub fn spellings(&self) -> Vec<String> {
        let digits: String = self.0.chars().filter(char::is_ascii_digit).collect();
        let own = digits.strip_prefix('1').filter(|own| own.len() == 10).unwrap_or(&digits);
        let ends = [7, 4].into_iter().filter_map(|length| own.get(own.len().checked_sub(length)?..));
        ends.chain([own, digits.as_str()]).map(str::to_owned).collect()
    }

    /// The number in E.164, if it can be dialled.
    pub fn dialable(&self) -> Option<&str> {
        let is_whole = numbering::dialled(&self.0).is_some_and(|number| number == self.0);
        is_whole.then_some(self.0.as_str())
    }
}

impl PostalCode {
    /// Reads a ZIP code: five digits, or nine with or without the hyphen.
    pub fn parse(text: &str) -> Result<Self, Invalid> {
        if pasted::visible(text).is_empty() {
            return Err(Invalid("required"));
        }
        let text = pasted::unwrapped(text).replace(pasted::is_dash, "-");
        let digits: String = text.chars().filter(|c| *c != '-' && *c != ' ').collect();
        let fits = digits.bytes().all(|b| b.is_ascii_digit()) && matches!(digits.len(), 5 | 9);
        if fits && text.len() <= 10 { Ok(Self(text)) } else { Err(Invalid("invalid_postal_code")) }
    }

    /// Whether the first five digits are equal. `00000` equals nothing.
    pub fn matches(&self, other: &Self) -> bool {
        let mine = self.five();
        mine != "00000" && mine == other.five()
    }

    fn five(&self) -> String {
        self.0.chars().filter(char::is_ascii_digit).take(5).collect()
    }
}

/// A birth date from 1900 to today, in the Gregorian calendar.
#[derive(Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct BirthDate(jiff::civil::Date);

impl fmt::Debug for BirthDate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("BirthDate(redacted)")
    }
}

impl BirthDate {
    /// Reads a date in any spelling that can mean one day only; see [`crate::model::typed_date`]. Refuses days
    /// that don't exist, years of two digits, years before 1900, and days that have not begun anywhere yet: the
    /// first time zones are 14 hours ahead of UTC.
    pub fn parse(text: &str, now: Timestamp) -> Result<Self, Invalid> {
        if pasted::visible(text).is_empty() {
            return Err(Invalid("required"));
        }
        let latest = now.plus_hours(14).to_jiff().to_zoned_datetime(jiff::tz::TimeZone::UTC).date();
        typed_date::read(text, latest).map(Self).map_err(|unread| match unread {
            Unread::NotOneDay => Invalid("invalid_date"),
            Unread::TooLate => Invalid("date_in_the_future"),
        })
    }

    /// Age in whole years on a day, which is the practice's. A person born on 29 February has their birthday on 1
    /// March in other years.
    pub fn age_on(self, today: jiff::civil::Date) -> i16 {
        let passed = (today.month(), today.day()) >= (self.0.month(), self.0.day());
        today.year() - self.0.year() - i16::from(!passed)
    }

    /// The day on which this person is `age` years old; see [`Self::age_on`] for 29 February.
    pub fn birthday(self, age: i16) -> jiff::civil::Date {
        let year = self.0.year().saturating_add(age);
        let (month, day) = (self.0.month(), self.0.day());
        let march = || jiff::civil::Date::new(year, 3, 1);
        jiff::civil::Date::new(year, month, day).or_else(|_| march()).unwrap_or(self.0)
    }

    /// The date as `YYYY-MM-DD`. It may go to the practice's staff and to the table.
    pub fn reveal(self) -> String {
        self.0.to_string()
    }

    /// The date in the ways that people use in passwords: its digits in all usual orders, with and without
    /// zeros, in full and in parts, and with the month's name in English and Spanish.
    pub fn spellings(self) -> Vec<String> {
        const MONTHS: [(&str, &str); 12] = [
            ("january", "enero"),
            ("february", "febrero"),
            ("march", "marzo"),
            ("april", "abril"),
            ("may", "mayo"),
            ("june", "junio"),
            ("july", "julio"),
            ("august", "agosto"),
            ("september", "septiembre"),
            ("october", "octubre"),
            ("november", "noviembre"),
            ("december", "diciembre"),
        ];
        let (y, m, d) = (self.0.year(), self.0.month(), self.0.day());
        let short = y % 100;
        let mut spellings = vec![
            format!("{y:04}{m:02}{d:02}"),
            format!("{y:04}{d:02}{m:02}"),
            format!("{m:02}{d:02}{y:04}"),
            format!("{d:02}{m:02}{y:04}"),
            format!("{m}{d}{y}"),
            format!("{d}{m}{y}"),
            format!("{y}{m}{d}"),
            format!("{short:02}{m:02}{d:02}"),
            format!("{m:02}{d:02}{short:02}"),
            format!("{d:02}{m:02}{short:02}"),
            format!("{m}{d}{short:02}"),
            format!("{d}{m}{short:02}"),
            format!("{m:02}{d:02}"),
            format!("{d:02}{m:02}"),
            format!("{m:02}{y}"),
            format!("{y}"),
        ];
        let month = MONTHS.get(usize::from(m.unsigned_abs()).saturating_sub(1));
        for name in month.into_iter().flat_map(|(english, spanish)| [*english, *spanish]) {
            let short_names = [3, 4].into_iter().filter_map(|letters| name.get(..letters));
            for name in short_names.chain([name]) {
                let dates = [format!("{name}{d}"), format!("{name}{d:02}"), format!("{d}{name}")];
                spellings.extend(dates);
                spellings.push(name.to_owned());
            }
        }
        spellings
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::from_millis(1_795_305_600_000); // 2026-11-22

    #[test]
    fn names_compare_without_case_accents_spaces_apostrophes_and_hyphens() {
        for (chart, typed) in [
            ("O’Neil", "ONEIL "),
            ("O'Neil", "o neil"),
            ("Müller", "MULLER"),
            ("de la Cruz", "DeLaCruz"),
            ("Núñez-Ortiz", "nunez ortiz"),
            ("Łukasiewicz", "lukasiewicz"),
            ("Strauß", "STRAUSS"),
            ("İpek", "ipek"),
        ] {
            assert!(Name::parse(chart).unwrap().matches(&Name::parse(typed).unwrap()), "{chart} ~ {typed}");
        }
        assert!(!Name::parse("Smith").unwrap().matches(&Name::parse("Smyth").unwrap()));
        assert!(!Name::parse("--").unwrap().matches(&Name::parse("''").unwrap()), "nothing equals nothing");
    }

    #[test]
    fn birth_dates_are_read_up_to_the_day_that_has_begun_somewhere() {
        let read = |text, now: &str| BirthDate::parse(text, now.parse().unwrap()).map(BirthDate::reveal);
        assert_eq!(read("April 27, 1945", "2026-11-22T12:00:00Z").unwrap(), "1945-04-27");
        assert_eq!(read("11/23/2026", "2026-11-22T10:00:00Z").unwrap(), "2026-11-23", "in Kiritimati");
        assert_eq!(read("11/23/2026", "2026-11-22T09:59:59Z"), Err(Invalid("date_in_the_future")));
        assert_eq!(read("04/27/45", "2026-11-22T12:00:00Z"), Err(Invalid("invalid_date")));
        assert_eq!(read(" \u{200b}", "2026-11-22T12:00:00Z"), Err(Invalid("required")));
    }

    #[test]
    fn age_counts_birthdays() {
        let today = "2026-11-22".parse().unwrap();
        let born = |text| BirthDate::parse(text, NOW).unwrap().age_on(today);
        assert_eq!(born("2013-11-22"), 13);
        assert_eq!(born("2013-11-23"), 12);
        assert_eq!(born("2026-11-22"), 0);
    }

    #[test]
    fn zip_codes_compare_by_five_digits_and_zeros_never_match() {
        let zip = |text| PostalCode::parse(text).unwrap();
        assert!(zip("02139-1234").matches(&zip("02139")));
        assert!(zip("021391234").matches(&zip("02139-9999")));
        assert!(!zip("00000").matches(&zip("00000")));
        assert!(PostalCode::parse("2139").is_err() && PostalCode::parse("ABCDE").is_err());
    }

    #[test]
    fn addresses_that_could_smuggle_are_refused() {
        for text in [
            "a@example.com\r\nBcc: b@example.com",
            "a b@example.com",
            "\"a b\"@example.com",
            "a@example.net <a@example.com>",
            "A <a@example.com> B",
            "a@[127.0.0.1]",
            "a@localhost",
            "аlice@example.com",
            "a@exämple.com",
            "@example.com",
            "a@",
            "a@example.com,b@example.com",
        ] {
            assert!(Email::parse(text).is_err(), "{text}");
        }
        assert!(Email::parse(&format!("{}@example.com", "a".repeat(320))).is_err());
        assert!(
            Email::parse("First.Last+tag@Example.com")
                .unwrap()
                .matches(&Email::parse("first.last+tag@example.COM").unwrap())
        );
    }

    #[test]
    fn only_ordinary_numbers_of_the_united_states_and_canada_are_dialled() {
        assert_eq!(Phone::parse("(202) 555-0123").unwrap().reveal(), "+12025550123");
        assert_eq!(Phone::parse("202-555-0123").unwrap().dialable(), Some("+12025550123"));
        for text in [
            "555-609-6292",
            "+44 20 7946 0958",
            "+1 900 555 0123",
            "+1 876 555 0123",
            "12",
            "call me",
            "202-555-0123 ext. 9",
        ] {
            assert!(Phone::parse(text).is_err(), "{text}");
        }
        let long = format!("ask her daughter, {}", "then her son, ".repeat(20));
        for text in ["+44 20 7946 0958", "+1 876 555 0123", "+18765550123", "call me", long.trim()] {
            let kept = Phone::parse_or_keep(text).unwrap();
            assert_eq!((kept.reveal(), kept.dialable()), (text, None), "kept whole");
        }
    }

    #[test]
    fn what_people_write_where_there_is_no_address_is_none() {
        for text in [
            "none@none.com",
            "NONE@gmail.com",
            "noemail@noemail.com",
            "noemail@practice.example",
            "no.email@example.com",
            "no-email@gmail.com",
            "na@na.com",
            "n/a@na.com",
            "no@no.com",
            "nomail@nomail.com",
            "refused@refused.com",
            "refused@example.com",
            "Declined@gmail.com",
            "patient.declined@example.com",
            "unknown@unknown.com",
            "test@test.com",
            "TEST@TEST.COM",
            "abc@abc.com",
            "a@a.com",
            "x@x.com",
            "asdf@asdf.com",
            "xxx@xxx.com",
            "rosa@none.com",
            "rosa@noemail.com",
            "donotemail@example.com",
            "noreply@example.com",
            "null@null.com",
            "notprovided@x.example",
            "sincorreo@example.com",
            "mailto:none@none.com",
            " none@none.com. ",
            "none",
            "N/A none".trim_start_matches("N/A "),
            "No Email",
            "refused",
            "DECLINED",
            "not provided",
            "unknown",
            "no tiene",
        ] {
            assert_eq!(Email::parse_for_chart(text), Err(Invalid("placeholder_email")), "{text}");
        }
        for text in [
            "rosa@example.com",
            "test@example.com",
            "na@example.com",
            "no@gmail.com",
            "a@example.com",
            "nonee@example.com",
            "none.smith@example.com",
            "unknownartist@example.com",
            "abc@example.com",
            "tester@test.com",
            "me@mac.com",
            "refusedtobesilent@example.com",
            "anna@na.com",
            "mail@rosa.example",
            "info@email.com",
        ] {
            assert!(Email::parse_for_chart(text).is_ok(), "{text}");
        }
    }

    #[test]
    fn nothing_personal_prints_itself() {
        let printed = format!(
            "{:?} {:?} {:?} {:?}",
            Name::parse("Quillfeather").unwrap(),
            Email::parse("quill@example.com").unwrap(),
            Phone::parse("202-555-0123").unwrap(),
            BirthDate::parse("1945-04-27", NOW).unwrap()
        );
        assert!(!printed.contains("uill") && !printed.contains("2025550123") && !printed.contains("1945"));
    }
}
