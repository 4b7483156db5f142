//! Proposed changes of a chart, which wait until staff accept or decline them.

use serde::{Deserialize, Serialize};

use crate::context::Context;
use crate::model::audit::{Action, By, Entry, Subject};
use crate::model::chart::Chart;
use crate::model::grant::Relationship;
use crate::model::ids::{AccountId, ChangeId, PatientId, PracticeId};
use crate::model::person::{Email, Invalid, Line, Phone, PostalCode};
use crate::time::Timestamp;

/// A field of a chart that a person may propose to change.
#[expect(missing_docs, reason = "the names say it")]
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ChartField {
    /// Street and house number.
    AddressLine,
    City,
    State,
    PostalCode,
    HomePhone,
    MobilePhone,
    Email,
}

impl ChartField {
    /// All fields, in the order of the form.
    pub const ALL: [Self; 7] = [
        Self::AddressLine,
        Self::City,
        Self::State,
        Self::PostalCode,
        Self::HomePhone,
        Self::MobilePhone,
        Self::Email,
    ];

    /// The field's name in the API.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::AddressLine => "address_line",
            Self::City => "city",
            Self::State => "state",
            Self::PostalCode => "postal_code",
            Self::HomePhone => "home_phone",
            Self::MobilePhone => "mobile_phone",
            Self::Email => "email",
        }
    }

    /// Whether codes and links are sent to it. Whoever has this address or number can get access.
    pub(crate) const fn is_contact(self) -> bool {
        matches!(self, Self::Email | Self::MobilePhone | Self::HomePhone)
    }

    /// The value on the chart.
    pub fn of(self, chart: &Chart) -> Option<Line> {
        let text = match self {
            Self::AddressLine => chart.address_line.as_ref().map(Line::reveal),
            Self::City => chart.city.as_ref().map(Line::reveal),
            Self::State => chart.state.as_ref().map(Line::reveal),
            Self::PostalCode => chart.postal_code.as_ref().map(PostalCode::reveal),
            Self::HomePhone => chart.home_phone.as_ref().map(Phone::reveal),
            Self::MobilePhone => chart.mobile_phone.as_ref().map(Phone::reveal),
            Self::Email => chart.email.as_ref().map(Email::reveal),
        };
        text.and_then(|text| Line::parse(text).ok())
    }

    /// Sets the field on the chart; `None` clears it.
    pub(crate) fn put(self, chart: &mut Chart, value: Option<&str>) -> Result<(), Invalid> {
        match self {
            Self::AddressLine => chart.address_line = value.map(Line::parse).transpose()?,
            Self::City => chart.city = value.map(Line::parse).transpose()?,
            Self::State => chart.state = value.map(Line::parse).transpose()?,
            Self::PostalCode => chart.postal_code = value.map(PostalCode::parse).transpose()?,
            Self::HomePhone => chart.home_phone = value.map(Phone::parse).transpose()?,
            Self::MobilePhone => chart.mobile_phone = value.map(Phone::parse).transpose()?,
            Self::Email => chart.email = value.map(Email::parse).transpose()?,
        }
        Ok(())
    }
}

/// One field of a proposed change.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProposedValue {
    /// The field that is to change.
    pub name: ChartField,
    /// The value on the chart when the change was proposed; `None` if it was empty.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub chart: Option<Line>,
    /// The proposed value; `None` clears the field.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub proposed: Option<Line>,
    /// Whether staff accepted this field; `None` until they decide.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub accepted: Option<bool>,
}

/// The state of a proposed change.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ProposalState {
    /// It waits for staff.
    Pending,
    /// Staff accepted it, or a part of it.
    Accepted,
    /// Staff declined it.
    Declined,
}

/// A proposed change of a patient's chart.
#[expect(missing_docs, reason = "the names say it")]
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Proposal {
    pub id: ChangeId,
    pub practice: PracticeId,
    pub patient: PatientId,
    /// The account whose holder proposed it.
    pub account: AccountId,
    /// What the holder is to the patient.
    pub relationship: Relationship,
    /// The holder's name.
    pub proposed_by: Option<Line>,
    pub submitted_at: Timestamp,
    pub state: ProposalState,
    pub fields: Vec<ProposedValue>,
    /// When staff decided; `None` while it waits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub decided_at: Option<Timestamp>,
    /// Who decided; `None` while it waits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub decided_by: Option<By>,
}

pub(crate) fn proposal_event(context: &Context, change: &Proposal, by: By, action: Action) -> Entry {
    let names: Vec<&str> = change
        .fields
        .iter()
        .filter(|field| field.accepted != Some(false))
        .map(|field| field.name.as_str())
        .collect();
    Entry {
        practice: change.practice.clone(),
        subject: Subject::Patient(change.patient.clone()),
        at: context.now(),
        by,
        action,
        detail: vec![("change_id", change.id.to_string()), ("fields", names.join(" "))],
    }
}
