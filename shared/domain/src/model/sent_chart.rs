//! A chart as somebody sent it: what it says of each fact, and which of its fields could not be read. One bad field
//! never spoils the others.

use crate::model::chart::{Chart, ChartStatus};
use crate::model::ids::PatientId;
use crate::model::person::{BirthDate, Email, Invalid, Line, Name, Phone, PostalCode};
use crate::model::refusal::FieldFault;

/// What was sent of one fact.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Sent<T> {
    /// The fact.
    Is(T),
    /// That there is none.
    Nothing,
    /// Nothing was said of it: it stays as it was.
    #[default]
    Stays,
    /// Something that can't be read, for this reason: the fact stays as it was.
    Unread(&'static str),
    /// What people write where there is none, for this reason: there is none.
    Placeholder(&'static str),
}

impl<T> Sent<T> {
    /// The fact, if it was sent and can be read.
    pub fn known(&self) -> Option<&T> {
        match self {
            Self::Is(fact) => Some(fact),
            Self::Nothing | Self::Stays | Self::Unread(_) | Self::Placeholder(_) => None,
        }
    }

    /// Why the fact is not taken as it stands; `None` if it is, or nothing was said.
    pub fn unread(&self) -> Option<&'static str> {
        match self {
            Self::Unread(code) | Self::Placeholder(code) => Some(code),
            Self::Is(_) | Self::Nothing | Self::Stays => None,
        }
    }

    /// Whether the fact stays as it was.
    pub fn stays(&self) -> bool {
        matches!(self, Self::Stays | Self::Unread(_))
    }
}

impl<T: Clone> Sent<T> {
    /// The fact after this was sent, where the chart had `known`.
    fn over(&self, known: Option<&T>) -> Option<T> {
        match self {
            Self::Is(fact) => Some(fact.clone()),
            Self::Nothing | Self::Placeholder(_) => None,
            Self::Stays | Self::Unread(_) => known.cloned(),
        }
    }
}

impl<T> From<Result<T, Invalid>> for Sent<T> {
    fn from(read: Result<T, Invalid>) -> Self {
        match read {
            Ok(fact) => Self::Is(fact),
            Err(Invalid(code @ "placeholder_email")) => Self::Placeholder(code),
            Err(Invalid(code)) => Self::Unread(code),
        }
    }
}

impl<T> From<Option<T>> for Sent<T> {
    fn from(fact: Option<T>) -> Self {
        fact.map_or(Self::Nothing, Self::Is)
    }
}

/// A chart as somebody sent it. The default says nothing.
#[expect(missing_docs, reason = "the names say it")]
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SentChart {
    pub given_name: Sent<Name>,
    pub middle_name: Sent<Name>,
    pub family_name: Sent<Name>,
    pub birth_date: Sent<BirthDate>,
    pub email: Sent<Email>,
    pub mobile_phone: Sent<Phone>,
    pub home_phone: Sent<Phone>,
    pub postal_code: Sent<PostalCode>,
    pub address_line: Sent<Line>,
    pub city: Sent<Line>,
    pub state: Sent<Line>,
    pub language: Sent<String>,
    pub chart_status: Sent<ChartStatus>,
    pub sms_consent: Sent<bool>,
    pub tags: Sent<Vec<String>>,
    pub provider: Sent<Line>,
    pub replaced_by: Sent<PatientId>,
}

impl From<Chart> for SentChart {
    /// A chart that says everything: what it lacks is taken away.
    fn from(chart: Chart) -> Self {
        Self {
            given_name: Sent::Is(chart.given_name),
            middle_name: chart.middle_name.into(),
            family_name: Sent::Is(chart.family_name),
            birth_date: Sent::Is(chart.birth_date),
            email: chart.email.into(),
            mobile_phone: chart.mobile_phone.into(),
            home_phone: chart.home_phone.into(),
            postal_code: chart.postal_code.into(),
            address_line: chart.address_line.into(),
            city: chart.city.into(),
            state: chart.state.into(),
            language: chart.language.into(),
            chart_status: Sent::Is(chart.chart_status),
            sms_consent: chart.sms_consent.into(),
            tags: Sent::Is(chart.tags),
            provider: chart.provider.into(),
            replaced_by: chart.replaced_by.into(),
        }
    }
}

impl SentChart {
    /// The chart after this was sent, where the chart was `known`; `None` for a patient who is new. A new chart needs
    /// names and a birth date: what of them is missing or can't be read is the error.
    pub fn over(&self, known: Option<&Chart>) -> Result<Chart, Vec<FieldFault>> {
        let given_name = self.given_name.over(known.map(|chart| &chart.given_name));
        let family_name = self.family_name.over(known.map(|chart| &chart.family_name));
        let birth_date = self.birth_date.over(known.map(|chart| &chart.birth_date));
        // A person with one name is a person: it is the family name. A name that was sent and can't be read is not none.
        let is_none = |sent: &Sent<Name>| matches!(sent.unread(), None | Some("required"));
        let (given_name, family_name) = match (given_name, family_name) {
            (None, Some(only)) if is_none(&self.given_name) => (Some(Name::none()), Some(only)),
            (Some(only), None) if is_none(&self.family_name) => (Some(Name::none()), Some(only)),
            names => names,
        };
        let missing = [
            ("given_name", given_name.is_none(), self.given_name.unread()),
            ("family_name", family_name.is_none(), self.family_name.unread()),
            ("birth_date", birth_date.is_none(), self.birth_date.unread()),
        ];
        let faults = || {
            let lacks = missing.into_iter().filter(|(_, lacks, _)| *lacks);
            lacks.map(|(field, _, code)| FieldFault::of(field, code.unwrap_or("required"))).collect()
        };
        let (Some(given_name), Some(family_name), Some(birth_date)) = (given_name, family_name, birth_date)
        else {
            return Err(faults());
        };
        Ok(Chart {
            given_name,
            family_name,
            birth_date,
            middle_name: self.middle_name.over(known.and_then(|chart| chart.middle_name.as_ref())),
            email: self.email.over(known.and_then(|chart| chart.email.as_ref())),
            mobile_phone: self.mobile_phone.over(known.and_then(|chart| chart.mobile_phone.as_ref())),
            home_phone: self.home_phone.over(known.and_then(|chart| chart.home_phone.as_ref())),
            postal_code: self.postal_code.over(known.and_then(|chart| chart.postal_code.as_ref())),
            address_line: self.address_line.over(known.and_then(|chart| chart.address_line.as_ref())),
            city: self.city.over(known.and_then(|chart| chart.city.as_ref())),
            state: self.state.over(known.and_then(|chart| chart.state.as_ref())),
            language: self.language.over(known.and_then(|chart| chart.language.as_ref())),
            chart_status: self.chart_status.over(known.map(|chart| &chart.chart_status)).unwrap_or_default(),
            sms_consent: self.sms_consent.over(known.and_then(|chart| chart.sms_consent.as_ref())),
            tags: self.tags.over(known.map(|chart| &chart.tags)).unwrap_or_default(),
            provider: self.provider.over(known.and_then(|chart| chart.provider.as_ref())),
            replaced_by: self.replaced_by.over(known.and_then(|chart| chart.replaced_by.as_ref())),
        })
    }

    /// Each field with why it can't be read, if it can't, and whether its fact stays as it was.
    fn fields(&self) -> [(&'static str, Option<&'static str>, bool); 17] {
        fn of<T>(name: &'static str, sent: &Sent<T>) -> (&'static str, Option<&'static str>, bool) {
            (name, sent.unread(), sent.stays())
        }
        [
            of("given_name", &self.given_name),
            of("middle_name", &self.middle_name),
            of("family_name", &self.family_name),
            of("birth_date", &self.birth_date),
            of("email", &self.email),
            of("mobile_phone", &self.mobile_phone),
            of("home_phone", &self.home_phone),
            of("postal_code", &self.postal_code),
            of("address_line", &self.address_line),
            of("city", &self.city),
            of("state", &self.state),
            of("language", &self.language),
            of("chart_status", &self.chart_status),
            of("sms_consent", &self.sms_consent),
            of("tags", &self.tags),
            of("provider", &self.provider),
            of("replaced_by", &self.replaced_by),
        ]
    }

    /// The fields that could not be read.
    pub fn unread(&self) -> Vec<FieldFault> {
        let unread = |(name, code, _): (&str, Option<&'static str>, bool)| Some(FieldFault::of(name, code?));
        self.fields().into_iter().filter_map(unread).collect()
    }

    /// Whether nothing readable was said of a field.
    pub fn stays(&self, field: &str) -> bool {
        self.fields().iter().any(|(name, _, stays)| *name == field && *stays)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::Timestamp;

    fn chart() -> Chart {
        serde_json::from_value(serde_json::json!({
            "given_name": "Rosa", "middle_name": "M", "family_name": "Lee", "birth_date": "1945-04-27",
            "email": "rosa@example.com", "mobile_phone": "+12025550143", "home_phone": "+12025550144",
            "postal_code": "02139", "address_line": "1 Main St", "city": "Boston", "state": "MA", "language": "es",
            "chart_status": "inactive", "sms_consent": true, "tags": ["a"], "provider": "Dr. Ames",
            "replaced_by": "R-2",
        }))
        .unwrap()
    }

    #[test]
    fn a_field_that_is_silent_or_cannot_be_read_stays_and_one_that_says_nothing_goes() {
        let known = chart();
        assert_eq!(SentChart::default().over(Some(&known)).unwrap(), known);
        let unread = SentChart {
            email: Sent::Unread("invalid_email"),
            city: Sent::Unread("too_long"),
            ..SentChart::default()
        };
        assert_eq!(unread.over(Some(&known)).unwrap(), known);
        let faults = [FieldFault::of("email", "invalid_email"), FieldFault::of("city", "too_long")];
        assert_eq!(unread.unread(), faults);
        let bare = SentChart { email: Sent::Nothing, provider: Sent::Nothing, ..SentChart::default() };
        let over = bare.over(Some(&known)).unwrap();
        assert_eq!((over.email, over.provider, over.city), (None, None, known.city.clone()));
        assert_eq!(SentChart::from(known.clone()).over(None).unwrap(), known);
    }

    #[test]
    fn a_person_with_one_name_is_a_person_and_it_is_the_family_name() {
        let now = Timestamp::from_millis(1_795_348_800_000);
        let born = || Sent::from(BirthDate::parse("1945-04-27", now));
        let name = || Sent::from(Name::parse("Sukarno"));
        for none in [Sent::Stays, Sent::Nothing, Sent::Unread("required")] {
            let given = SentChart {
                given_name: name(),
                family_name: none.clone(),
                birth_date: born(),
                ..SentChart::default()
            };
            let family = SentChart {
                given_name: none,
                family_name: name(),
                birth_date: born(),
                ..SentChart::default()
            };
            for sent in [given, family] {
                let chart = sent.over(None).unwrap();
                assert_eq!((chart.family_name.reveal(), chart.given_name.reveal()), ("Sukarno", ""));
                assert_eq!(chart.full_name(), "Sukarno");
            }
        }
        let unread = SentChart {
            given_name: Sent::Unread("too_long"),
            family_name: name(),
            birth_date: born(),
            ..SentChart::default()
        };
        assert_eq!(unread.over(None).unwrap_err(), [FieldFault::of("given_name", "too_long")]);
    }

    #[test]
    fn every_field_of_a_chart_is_named() {
        let serde_json::Value::Object(fields) = serde_json::to_value(chart()).unwrap() else { panic!() };
        let sent = SentChart::default();
        let mut named: Vec<&str> = sent.fields().iter().map(|(name, ..)| *name).collect();
        named.sort_unstable();
        assert_eq!(named, fields.keys().map(String::as_str).collect::<Vec<_>>());
        assert!(named.iter().all(|name| sent.stays(name)));
    }

    #[test]
    fn a_new_chart_needs_names_and_a_birth_date_and_says_which_it_lacks() {
        let sent = SentChart {
            family_name: Sent::Unread("too_long"),
            birth_date: BirthDate::parse("04/27/45", Timestamp::from_millis(1_795_348_800_000)).into(),
            ..SentChart::default()
        };
        let codes = [("given_name", "required"), ("family_name", "too_long"), ("birth_date", "invalid_date")];
        assert_eq!(sent.over(None).unwrap_err(), codes.map(|(field, code)| FieldFault::of(field, code)));
        assert!(sent.over(Some(&chart())).is_ok());
    }
}
