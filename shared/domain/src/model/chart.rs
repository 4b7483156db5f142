//! The chart facts that Portico holds: a copy that the EHR keeps current.

use serde::{Deserialize, Serialize};

use crate::model::person::{BirthDate, Email, Line, Name, Phone, PostalCode};
use crate::time::Timestamp;

/// A way to reach a person.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Channel {
    /// E-mail.
    Email,
    /// A text message.
    Sms,
    /// A call that reads a code.
    Voice,
    /// Paper.
    Print,
}

impl Channel {
    /// The word for it in the contract.
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
    /// Of somebody who has not been seen yet.
    Prospective,
    /// Not in use, or merged into another.
    Inactive,
    /// The patient has died.
    Deceased,
}

/// The chart of a patient.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Chart {
    /// First name.
    pub given_name: Name,
    /// Middle name or initial.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub middle_name: Option<Name>,
    /// Last name.
    pub family_name: Name,
    /// Date of birth.
    pub birth_date: BirthDate,
    /// E-mail address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email: Option<Email>,
    /// Mobile phone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mobile_phone: Option<Phone>,
    /// Home phone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub home_phone: Option<Phone>,
    /// ZIP code.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub postal_code: Option<PostalCode>,
    /// Street and number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub address_line: Option<Line>,
    /// City.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub city: Option<Line>,
    /// State.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub state: Option<Line>,
    /// Language tag (BCP 47), as the EHR has it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub language: Option<String>,
    /// Whether the chart is in use.
    #[serde(default)]
    #[expect(clippy::struct_field_names, reason = "the contract's word")]
    pub chart_status: ChartStatus,
    /// Whether the patient agreed to texts; absent: the practice vouches.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sms_consent: Option<bool>,
    /// The practice's own labels.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<String>,
    /// The clinician.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub provider: Option<Line>,
}

impl Chart {
    /// This chart, with what an import has no words for taken from the `known` one: labels, clinician, consent to texts.
    #[must_use]
    pub fn over(&self, known: &Self) -> Self {
        Self {
            tags: known.tags.clone(),
            provider: self.provider.clone().or_else(|| known.provider.clone()),
            sms_consent: self.sms_consent.or(known.sms_consent),
            ..self.clone()
        }
    }

    /// The address or number for a channel, if the chart has one that can be used.
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
    /// Its day, `YYYY-MM-DD`.
    pub date: jiff::civil::Date,
    /// When the note was signed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub signed_at: Option<Timestamp>,
}

/// An appointment to come.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Appointment {
    /// Its id in the scheduling application.
    pub id: String,
    /// When it starts.
    pub starts_at: Timestamp,
}

/// Somebody whom the chart names: a parent, a guardian, a spouse.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Contact {
    /// First name.
    pub given_name: Name,
    /// Last name.
    pub family_name: Name,
    /// What they are to the patient, in the EHR's words.
    pub relationship: Line,
    /// E-mail address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email: Option<Email>,
    /// Phone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub phone: Option<Phone>,
    /// The EHR's id of it, where it came as a resource of its own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
}

/// What of a chart grows: kept beside the patient's record, so that the record stays small.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Care {
    /// Visits, by day.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub visits: Vec<Visit>,
    /// Appointments.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub appointments: Vec<Appointment>,
    /// Contacts.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub contacts: Vec<Contact>,
}

/// Changes to [`Care`]: what is `None` stays as it is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CareChange {
    /// Visits that replace all.
    pub visits: Option<Vec<Visit>>,
    /// Appointments that replace all.
    pub appointments: Option<Vec<Appointment>>,
    /// Contacts that replace all.
    pub contacts: Option<Vec<Contact>>,
    /// Visits to add, or to bring up to date by their id.
    pub add_visits: Vec<Visit>,
    /// Contacts to add, or to bring up to date by their id.
    pub add_contacts: Vec<Contact>,
}

impl CareChange {
    /// Whether it says nothing, so that nothing need be read.
    pub fn is_empty(&self) -> bool {
        self.visits.is_none()
            && self.appointments.is_none()
            && self.contacts.is_none()
            && self.add_visits.is_empty()
            && self.add_contacts.is_empty()
    }

    /// `care` with these changes; visits in order of day and id.
    #[must_use]
    pub fn apply(&self, care: &Care) -> Care {
        let mut changed = care.clone();
        if let Some(visits) = &self.visits {
            changed.visits.clone_from(visits);
        }
        if let Some(appointments) = &self.appointments {
            changed.appointments.clone_from(appointments);
        }
        if let Some(contacts) = &self.contacts {
            changed.contacts.clone_from(contacts);
        }
        for visit in &self.add_visits {
            changed.visits.retain(|known| known.id != visit.id);
            changed.visits.push(visit.clone());
        }
        for contact in &self.add_contacts {
            changed.contacts.retain(|known| known.id.is_none() || known.id != contact.id);
            changed.contacts.push(contact.clone());
        }
        changed.visits.sort_by(|a, b| (a.date, &a.id).cmp(&(b.date, &b.id)));
        changed.contacts.sort_by(|a, b| a.id.cmp(&b.id));
        changed
    }
}
