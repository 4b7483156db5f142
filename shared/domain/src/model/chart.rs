//! The chart facts that Portico stores. They are a copy that the EHR keeps up to date.

use serde::{Deserialize, Serialize};

use crate::model::ids::PatientId;
use crate::model::person::{BirthDate, Email, Line, Name, Phone, PostalCode, comparable, spoken};
use crate::time::Timestamp;

/// A channel that reaches a person.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Channel {
    /// E-mail.
    Email,
    /// A text message (SMS).
    Sms,
    /// A phone call that reads a code aloud.
    Voice,
    /// A printed letter.
    Print,
}

impl Channel {
    /// The channel's name in the API.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Email => "email",
            Self::Sms => "sms",
            Self::Voice => "voice",
            Self::Print => "print",
        }
    }
}

/// Whether the chart is in use.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ChartStatus {
    /// In use.
    #[default]
    Active,
    /// It belongs to somebody who has had no visit yet.
    Prospective,
    /// It is not in use, or was merged into another chart.
    Inactive,
    /// The patient has died.
    Deceased,
}

impl ChartStatus {
    /// Reads a status as practices write it, in any case; `None` for a word that is none.
    pub fn parse(text: &str) -> Option<Self> {
        match comparable(text).as_str() {
            "active" | "a" | "current" => Some(Self::Active),
            "prospective" | "prospect" | "new" => Some(Self::Prospective),
            "inactive" | "i" | "archived" | "merged" | "closed" | "discharged" => Some(Self::Inactive),
            "deceased" | "died" | "dead" | "d" | "expired" => Some(Self::Deceased),
            _ => None,
        }
    }
}

/// The chart of a patient.
#[expect(missing_docs, reason = "the names say it")]
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Chart {
    /// Empty for a person with one name, which is then the family name.
    pub given_name: Name,
    /// Middle name or initial.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub middle_name: Option<Name>,
    pub family_name: Name,
    pub birth_date: BirthDate,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email: Option<Email>,
    /// Mobile number; it can receive texts if it can be dialled.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mobile_phone: Option<Phone>,
    /// Home number; it can receive calls if it can be dialled.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub home_phone: Option<Phone>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub postal_code: Option<PostalCode>,
    /// Street and house number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub address_line: Option<Line>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub city: Option<Line>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub state: Option<Line>,
    /// Language tag (BCP 47), as the EHR sent it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub language: Option<String>,
    /// Whether the chart is in use.
    #[serde(default)]
    #[expect(clippy::struct_field_names, reason = "the contract's word")]
    pub chart_status: ChartStatus,
    /// Whether the patient agreed to texts. If `None`, the practice is responsible for the consent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sms_consent: Option<bool>,
    /// The practice's own labels.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<String>,
    /// The patient's clinician.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub provider: Option<Line>,
    /// The chart that this one was merged into. Nobody gets in by a merged chart.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub replaced_by: Option<PatientId>,
}

impl Chart {
    /// The name as sentences say it: `Rosa Delgado`.
    pub fn full_name(&self) -> String {
        spoken(&self.given_name, &self.family_name)
    }

    /// The address or number for a channel; `None` if the chart has none that can be used.
    pub fn address(&self, channel: Channel) -> Option<&str> {
        match channel {
            Channel::Email => self.email.as_ref().map(Email::reveal),
            Channel::Sms => self.mobile_phone.as_ref().and_then(Phone::dialable),
            Channel::Voice => self
                .mobile_phone
                .as_ref()
                .and_then(Phone::dialable)
                .or_else(|| self.home_phone.as_ref().and_then(Phone::dialable)),
            Channel::Print => None,
        }
    }
}

/// A visit.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Visit {
    /// Its id in the EHR.
    pub id: String,
    /// Its day, in the practice's calendar.
    pub date: jiff::civil::Date,
    /// When the visit's note was signed; `None` if it is not signed yet.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub signed_at: Option<Timestamp>,
    /// The clinician; `None` if the visit names none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub provider: Option<Line>,
}

/// A future appointment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Appointment {
    /// Its id in the scheduling application.
    pub id: String,
    /// When the appointment starts.
    pub starts_at: Timestamp,
}

/// The beginning of the id of a contact that stands in the patient's own resource. No id of an EHR begins so.
pub const OWN_CONTACT: &str = "#";

/// A person that the chart names: a parent, a guardian, a spouse.
#[expect(missing_docs, reason = "the names say it")]
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Contact {
    pub given_name: Name,
    pub family_name: Name,
    /// The relationship to the patient, in the EHR's words.
    pub relationship: Line,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email: Option<Email>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub phone: Option<Phone>,
    /// The EHR's id of the contact, if it was sent as a resource of its own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
}

/// The part of a chart that grows. It is a record of its own, so that the patient's record stays small.
#[expect(missing_docs, reason = "the names say it")]
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Care {
    /// Visits in the order of day and id.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub visits: Vec<Visit>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub appointments: Vec<Appointment>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub contacts: Vec<Contact>,
}

/// Changes to [`Care`]. A list that is `None` stays as it is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CareChange {
    /// Visits that replace all stored ones.
    pub visits: Option<Vec<Visit>>,
    /// Appointments that replace all stored ones.
    pub appointments: Option<Vec<Appointment>>,
    /// Contacts that replace all stored ones.
    pub contacts: Option<Vec<Contact>>,
    /// Visits to add. A visit with the same id is replaced.
    pub add_visits: Vec<Visit>,
    /// Contacts to add. A contact with the same id is replaced.
    pub add_contacts: Vec<Contact>,
    /// Ids of visits that did not take place, or were entered in error.
    pub drop_visits: Vec<String>,
    /// Ids of contacts that are none any more.
    pub drop_contacts: Vec<String>,
    /// Contacts that replace those of the patient's own resource, whose ids begin with [`OWN_CONTACT`].
    pub own_contacts: Option<Vec<Contact>>,
    /// Whether some entries of a list could not be read. Then nothing that is stored goes, and what an entry lacks stays.
    pub is_partial: bool,
}

impl CareChange {
    /// Whether it changes nothing. The stored record then need not be read.
    pub fn is_empty(&self) -> bool {
        self.visits.is_none()
            && self.appointments.is_none()
            && self.contacts.is_none()
            && self.add_visits.is_empty()
            && self.add_contacts.is_empty()
            && self.drop_visits.is_empty()
            && self.drop_contacts.is_empty()
            && self.own_contacts.is_none()
    }

    /// Whether it only takes visits and contacts away.
    pub fn only_takes_back(&self) -> bool {
        let rest = Self { drop_visits: Vec::new(), drop_contacts: Vec::new(), ..self.clone() };
        rest.is_empty()
    }

    /// A list that was sent; if it is partial, with the stored entries that it does not name.
    fn merged<T: Clone>(&self, sent: &[T], known: &[T], same: impl Fn(&T, &T) -> bool) -> Vec<T> {
        let unnamed = known.iter().filter(|known| !sent.iter().any(|sent| same(sent, known)));
        sent.iter().chain(unnamed.filter(|_| self.is_partial)).cloned().collect()
    }

    /// Returns `care` with these changes. Visits are in the order of day and id.
    #[must_use]
    pub fn apply(&self, care: &Care) -> Care {
        let mut changed = care.clone();
        if let Some(visits) = &self.visits {
            changed.visits = self.merged(visits, &care.visits, |a, b| a.id == b.id);
            for visit in changed.visits.iter_mut().filter(|_| self.is_partial) {
                let known = care.visits.iter().find(|known| known.id == visit.id);
                visit.signed_at = visit.signed_at.or(known.and_then(|known| known.signed_at));
                visit.provider = visit.provider.take().or(known.and_then(|known| known.provider.clone()));
            }
        }
        if let Some(appointments) = &self.appointments {
            changed.appointments = self.merged(appointments, &care.appointments, |a, b| a.id == b.id);
        }
        if let Some(contacts) = &self.contacts {
            let same = |a: &Contact, b: &Contact| {
                a.id == b.id && a.family_name.matches(&b.family_name) && a.given_name.matches(&b.given_name)
            };
            changed.contacts = self.merged(contacts, &care.contacts, same);
        }
        for visit in &self.add_visits {
            changed.visits.retain(|known| known.id != visit.id);
            changed.visits.push(visit.clone());
        }
        for contact in &self.add_contacts {
            changed.contacts.retain(|known| known.id.is_none() || known.id != contact.id);
            changed.contacts.push(contact.clone());
        }
        changed.visits.retain(|known| !self.drop_visits.contains(&known.id));
        changed.contacts.retain(|known| known.id.as_ref().is_none_or(|id| !self.drop_contacts.contains(id)));
        if let Some(own) = &self.own_contacts {
            let is_own =
                |contact: &Contact| contact.id.as_ref().is_some_and(|id| id.starts_with(OWN_CONTACT));
            changed.contacts.retain(|known| !is_own(known));
            changed.contacts.extend(own.iter().cloned());
        }
        changed.visits.sort_by(|a, b| (a.date, &a.id).cmp(&(b.date, &b.id)));
        changed.contacts.sort_by(|a, b| a.id.cmp(&b.id));
        changed
    }
}
