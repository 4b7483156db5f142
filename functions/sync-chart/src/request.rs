//! Charts in the API's form. Parsing reports every error at once, each with its JSON pointer.

use jiff::civil::Date;
use portico_domain::model::chart::{Appointment, CareChange, Channel, Chart, ChartStatus, Contact, Visit};
use portico_domain::model::ids::PatientId;
use portico_domain::model::language;
use portico_domain::model::pasted::visible;
use portico_domain::model::person::{BirthDate, Email, Invalid, Line, Name, Phone, PostalCode};
use portico_domain::model::refusal::FieldFault;
use portico_domain::model::sent_chart::{Sent, SentChart};
use portico_domain::operations::staff::quick_add::QuickAdd;
use portico_domain::steps::chart_change::ChartChange;
use portico_domain::time::Timestamp;
use portico_web::Reject;
use serde::{Deserialize, Deserializer};

/// Most visits, appointments, contacts and labels of one chart.
const MOST: usize = 1000;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ChartRequest {
    given_name: Option<String>,
    middle_name: Option<String>,
    family_name: Option<String>,
    birth_date: Option<String>,
    email: Option<String>,
    mobile_phone: Option<String>,
    home_phone: Option<String>,
    postal_code: Option<String>,
    address_line: Option<String>,
    city: Option<String>,
    state: Option<String>,
    language: Option<String>,
    chart_status: Option<String>,
    sms_consent: Option<bool>,
    tags: Option<Vec<String>>,
    provider: Option<String>,
    #[serde(default)]
    replaced_by: Correction<String>,
    visits: Option<Vec<VisitRequest>>,
    appointments: Option<Vec<AppointmentRequest>>,
    contacts: Option<Vec<ContactRequest>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct VisitRequest {
    id: String,
    date: String,
    signed_at: Option<String>,
    provider: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct AppointmentRequest {
    id: String,
    starts_at: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ContactRequest {
    given_name: String,
    family_name: String,
    relationship: String,
    email: Option<String>,
    phone: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct QuickAddRequest {
    pub(crate) given_name: Option<String>,
    pub(crate) family_name: Option<String>,
    pub(crate) birth_date: Option<String>,
    pub(crate) activate_portal: bool,
    pub(crate) channel: Option<Channel>,
    pub(crate) email: Option<String>,
    pub(crate) mobile_phone: Option<String>,
    #[serde(default)]
    pub(crate) allow_duplicate: bool,
}

/// Facts to correct: what is absent stays, null takes a fact away.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CorrectionRequest {
    pub(crate) given_name: Option<String>,
    #[serde(default)]
    pub(crate) middle_name: Correction<String>,
    pub(crate) family_name: Option<String>,
    pub(crate) birth_date: Option<String>,
    #[serde(default)]
    pub(crate) email: Correction<String>,
    #[serde(default)]
    pub(crate) mobile_phone: Correction<String>,
    #[serde(default)]
    pub(crate) home_phone: Correction<String>,
    #[serde(default)]
    pub(crate) postal_code: Correction<String>,
    #[serde(default)]
    pub(crate) sms_consent: Correction<bool>,
    pub(crate) chart_status: Option<ChartStatus>,
    pub then_invite: Option<Channel>,
}

/// What a correction says of a fact that a chart may lack.
#[derive(Default)]
pub(crate) enum Correction<T> {
    /// Nothing: the field was not sent.
    #[default]
    Stays,
    /// The fact is this one, or is not known (null).
    Becomes(Option<T>),
}

impl<T> Correction<T> {
    fn map<U>(self, read: impl FnOnce(Option<T>) -> Option<U>) -> Correction<U> {
        match self {
            Self::Stays => Correction::Stays,
            Self::Becomes(fact) => Correction::Becomes(read(fact)),
        }
    }
}

impl<T: Clone> Correction<T> {
    fn apply(&self, to: &mut Option<T>) {
        if let Self::Becomes(fact) = self {
            to.clone_from(fact);
        }
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Correction<T> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        Option::deserialize(from).map(Self::Becomes)
    }
}

impl CorrectionRequest {
    /// Returns what changes a chart, or all errors.
    pub fn parse(self, now: Timestamp) -> Result<impl Fn(&mut Chart) + Sync, Reject> {
        let mut faults = Faults::default();
        let given_name = faults.may("given_name", self.given_name.as_ref(), Name::parse);
        let family_name = faults.may("family_name", self.family_name.as_ref(), Name::parse);
        let birth_date =
            faults.may("birth_date", self.birth_date.as_ref(), |text| BirthDate::parse(text, now));
        let middle_name = self.middle_name.map(|text| faults.may("middle_name", text.as_ref(), Name::parse));
        let email = self.email.map(|text| faults.may("email", text.as_ref(), Email::parse_for_chart));
        let mobile_phone =
            self.mobile_phone.map(|text| faults.may("mobile_phone", text.as_ref(), Phone::parse));
        let home_phone =
            self.home_phone.map(|text| faults.may("home_phone", text.as_ref(), Phone::parse_or_keep));
        let postal_code =
            self.postal_code.map(|text| faults.may("postal_code", text.as_ref(), PostalCode::parse));
        if self.then_invite == Some(Channel::Voice) {
            faults.0.push(FieldFault::of("then_invite", "invalid"));
        }
        let (sms_consent, chart_status) = (self.sms_consent, self.chart_status);
        faults.or(Some(move |chart: &mut Chart| {
            fn set<T: Clone>(to: &mut T, from: Option<&T>) {
                if let Some(from) = from {
                    to.clone_from(from);
                }
            }
            set(&mut chart.given_name, given_name.as_ref());
            set(&mut chart.family_name, family_name.as_ref());
            set(&mut chart.birth_date, birth_date.as_ref());
            middle_name.apply(&mut chart.middle_name);
            email.apply(&mut chart.email);
            mobile_phone.apply(&mut chart.mobile_phone);
            home_phone.apply(&mut chart.home_phone);
            postal_code.apply(&mut chart.postal_code);
            sms_consent.apply(&mut chart.sms_consent);
            set(&mut chart.chart_status, chart_status.as_ref());
        }))
    }
}

/// Collects the errors while all fields are read.
#[derive(Default)]
struct Faults(Vec<FieldFault>);

impl Faults {
    fn note<T>(&mut self, pointer: &str, read: Result<T, Invalid>) -> Option<T> {
        read.map_err(|Invalid(code)| self.0.push(FieldFault { pointer: format!("/{pointer}"), code })).ok()
    }

    fn need<T>(&mut self, field: &str, text: &str, parse: impl Fn(&str) -> Result<T, Invalid>) -> Option<T> {
        self.note(field, parse(text))
    }

    /// Reads an optional field; a blank one counts as missing.
    fn may<T>(
        &mut self,
        field: &str,
        text: Option<&String>,
        parse: impl Fn(&str) -> Result<T, Invalid>,
    ) -> Option<T> {
        let text = text.filter(|text| !visible(text).is_empty())?;
        self.note(field, parse(text))
    }

    /// Reads every element of a list; pointers contain the element's index.
    fn each<T, U>(
        &mut self,
        field: &str,
        list: Option<Vec<T>>,
        mut read: impl FnMut(&mut Self, &str, &T) -> Option<U>,
    ) -> Option<Vec<U>> {
        let list = list?;
        if list.len() > MOST {
            self.0.push(FieldFault { pointer: format!("/{field}"), code: "too_many" });
            return None;
        }
        Some(
            list.into_iter()
                .enumerate()
                .filter_map(|(place, item)| read(self, &format!("{field}/{place}"), &item))
                .collect(),
        )
    }

    fn or<T>(self, value: Option<T>) -> Result<T, Reject> {
        match value {
            Some(value) if self.0.is_empty() => Ok(value),
            _ => Err(Reject::fields(self.0)),
        }
    }
}

fn id(text: &str) -> Result<String, Invalid> {
    let fine = (1..=64).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_graphic());
    if fine { Ok(text.to_owned()) } else { Err(Invalid("invalid_id")) }
}

fn label(text: &str) -> Result<String, Invalid> {
    let fine = (1..=40).contains(&text.chars().count()) && !text.chars().any(char::is_control);
    if fine { Ok(text.to_owned()) } else { Err(Invalid("invalid_tag")) }
}

fn language(text: &str) -> Result<String, Invalid> {
    language::tag(text).ok_or(Invalid("invalid_language"))
}

fn date(text: &str) -> Result<Date, Invalid> {
    text.parse().map_err(|_| Invalid("invalid_date"))
}

fn instant(text: &str) -> Result<Timestamp, Invalid> {
    text.parse().map_err(|_| Invalid("invalid_time"))
}

/// A chart as it was read, and the entries of its lists that could not be read. The fields that could not be read are
/// in the chart.
pub struct ReadChart {
    /// What to change.
    pub change: ChartChange,
    /// The entries that were left out.
    pub left_out: Vec<FieldFault>,
}

/// What a request says of a fact: a blank field says that there is none.
fn sent<T>(text: Option<&String>, parse: impl Fn(&str) -> Result<T, Invalid>) -> Sent<T> {
    text.filter(|text| !visible(text).is_empty()).map_or(Sent::Nothing, |text| parse(text).into())
}

/// Reads the id of another chart.
fn chart_id(text: &str) -> Result<PatientId, Invalid> {
    PatientId::parse(text.trim()).map_err(|_| Invalid("invalid"))
}

/// What a request says of a name: an absent one stays, and a blank one is named in the warnings.
fn name(text: Option<&String>) -> Sent<Name> {
    match (text, sent(text, Name::parse)) {
        (None, _) => Sent::Stays,
        (Some(_), Sent::Nothing) => Sent::Unread("required"),
        (Some(_), said) => said,
    }
}

impl ChartRequest {
    /// Returns the chart. A field or an entry that can't be read never spoils the others.
    pub fn parse(self, now: Timestamp) -> ReadChart {
        let mut faults = Faults::default();
        let tags = self.tags.map_or(Sent::Stays, |tags| {
            let read =
                faults.each("tags", Some(tags), |faults, at, text: &String| faults.need(at, text, label));
            read.map_or(Sent::Stays, Sent::Is)
        });
        let in_tags = faults.0.len();
        let care = CareChange {
            visits: faults.each("visits", self.visits, VisitRequest::parse),
            appointments: faults.each("appointments", self.appointments, AppointmentRequest::parse),
            contacts: faults.each("contacts", self.contacts, ContactRequest::parse),
            ..CareChange::default()
        };
        let care = CareChange { is_partial: faults.0.len() > in_tags, ..care };
        let status = |text: &str| ChartStatus::parse(text).ok_or(Invalid("invalid"));
        let chart = SentChart {
            given_name: name(self.given_name.as_ref()),
            middle_name: sent(self.middle_name.as_ref(), Name::parse),
            family_name: name(self.family_name.as_ref()),
            birth_date: match sent(self.birth_date.as_ref(), |text| BirthDate::parse(text, now)) {
                Sent::Nothing => Sent::Unread("required"),
                said => said,
            },
            email: sent(self.email.as_ref(), Email::parse_for_chart),
            mobile_phone: sent(self.mobile_phone.as_ref(), Phone::parse_or_keep),
            home_phone: sent(self.home_phone.as_ref(), Phone::parse_or_keep),
            postal_code: sent(self.postal_code.as_ref(), PostalCode::parse),
            address_line: sent(self.address_line.as_ref(), Line::parse),
            city: sent(self.city.as_ref(), Line::parse),
            state: sent(self.state.as_ref(), Line::parse),
            language: sent(self.language.as_ref(), language),
            chart_status: match sent(self.chart_status.as_ref(), status) {
                Sent::Nothing => Sent::Is(ChartStatus::Active),
                said => said,
            },
            sms_consent: self.sms_consent.into(),
            tags,
            provider: sent(self.provider.as_ref(), Line::parse),
            // Silence undoes no merge.
            replaced_by: match &self.replaced_by {
                Correction::Stays => Sent::Stays,
                Correction::Becomes(id) => sent(id.as_ref(), chart_id),
            },
        };
        ReadChart { change: ChartChange { chart, care, is_correction: false }, left_out: faults.0 }
    }
}

impl VisitRequest {
    fn parse(faults: &mut Faults, at: &str, visit: &Self) -> Option<Visit> {
        let signed_at = faults.may(&format!("{at}/signed_at"), visit.signed_at.as_ref(), instant);
        let provider = faults.may(&format!("{at}/provider"), visit.provider.as_ref(), Line::parse);
        let id = faults.need(&format!("{at}/id"), &visit.id, id)?;
        Some(Visit { id, date: faults.need(&format!("{at}/date"), &visit.date, date)?, signed_at, provider })
    }
}

impl AppointmentRequest {
    fn parse(faults: &mut Faults, at: &str, next: &Self) -> Option<Appointment> {
        let id = faults.need(&format!("{at}/id"), &next.id, id)?;
        Some(Appointment {
            id,
            starts_at: faults.need(&format!("{at}/starts_at"), &next.starts_at, instant)?,
        })
    }
}

impl ContactRequest {
    fn parse(faults: &mut Faults, at: &str, contact: &Self) -> Option<Contact> {
        let given_name = faults.need(&format!("{at}/given_name"), &contact.given_name, Name::parse);
        let family_name = faults.need(&format!("{at}/family_name"), &contact.family_name, Name::parse);
        let relationship = faults.need(&format!("{at}/relationship"), &contact.relationship, Line::parse);
        let email = faults.may(&format!("{at}/email"), contact.email.as_ref(), Email::parse_for_chart);
        let phone = faults.may(&format!("{at}/phone"), contact.phone.as_ref(), Phone::parse_or_keep);
        let (given_name, family_name, relationship) = (given_name?, family_name?, relationship?);
        Some(Contact { given_name, family_name, relationship, email, phone, id: None })
    }
}

/// A quick add as it was read, and the fields that could not be read and were not needed.
pub struct ReadQuickAdd {
    /// What to add.
    pub command: QuickAdd,
    /// The fields that were left out.
    pub left_out: Vec<FieldFault>,
}

impl QuickAddRequest {
    /// Returns the quick add, or all errors in what it needs: names, birth date, and the contact that the invitation goes
    /// to. Another contact that can't be used spoils nothing.
    pub fn parse(self, now: Timestamp) -> Result<ReadQuickAdd, Reject> {
        let mut faults = Faults::default();
        let email = sent(self.email.as_ref(), Email::parse_for_chart);
        let mobile_phone = sent(self.mobile_phone.as_ref(), Phone::parse_or_keep);
        // Without an explicit channel, use the contact that was given; e-mail, if both were.
        let given = [(Channel::Email, email != Sent::Nothing), (Channel::Sms, mobile_phone != Sent::Nothing)];
        let implied = given.into_iter().find(|(_, there)| *there).map(|(channel, _)| channel);
        let channel = self.channel.or(implied).and_then(crate::quick_channel);
        let invite = match (self.activate_portal, self.channel, channel) {
            (false, ..) => None,
            (true, _, Some(channel)) => Some(channel),
            (true, given, None) => {
                let code = if given.is_some() { "invalid" } else { "required" };
                faults.0.push(FieldFault::of("channel", code));
                None
            }
        };
        if invite == Some(Channel::Email) {
            faults.0.extend(email.unread().map(|code| FieldFault::of("email", code)));
        }
        let dials = mobile_phone.known().is_none_or(|phone| phone.dialable().is_some());
        if invite == Some(Channel::Sms) {
            let code = mobile_phone.unread().or((!dials).then_some("invalid_phone"));
            faults.0.extend(code.map(|code| FieldFault::of("mobile_phone", code)));
        }
        let sms_consent = (invite == Some(Channel::Sms)).then_some(true);
        let left_out = [("email", email.unread()), ("mobile_phone", mobile_phone.unread())];
        let left_out =
            left_out.into_iter().filter_map(|(field, code)| Some(FieldFault::of(field, code?))).collect();
        let chart = SentChart {
            given_name: name(self.given_name.as_ref()),
            family_name: name(self.family_name.as_ref()),
            birth_date: sent(self.birth_date.as_ref(), |text| BirthDate::parse(text, now)),
            email,
            mobile_phone,
            sms_consent: sms_consent.into(),
            ..SentChart::default()
        };
        let chart = chart.over(None).map_err(|lacks| faults.0.splice(0..0, lacks)).ok();
        let chart = faults.or(chart)?;
        Ok(ReadQuickAdd {
            command: QuickAdd { chart, invite, allow_duplicate: self.allow_duplicate },
            left_out,
        })
    }
}
