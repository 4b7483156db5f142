//! A representative asks for access: "I need access for someone I care for". Staff decide; the asker learns nothing.

use serde::{Deserialize, Serialize};

use crate::model::grant::Relationship;
use crate::model::ids::{PatientId, PracticeId, RequestId};
use crate::model::person::{BirthDate, Email, Line, Name, Phone};
use crate::time::Timestamp;

/// Hours that a request waits for staff: 60 days.
pub const KEPT_HOURS: i64 = 60 * 24;

/// What a representative says about themselves and the patient.
#[expect(missing_docs, reason = "the names say it")]
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccessAsked {
    pub given_name: Name,
    pub family_name: Name,
    pub relationship: Relationship,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email: Option<Email>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mobile_phone: Option<Phone>,
    pub patient_given_name: Name,
    pub patient_family_name: Name,
    pub patient_birth_date: BirthDate,
    /// A few words for staff.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<Line>,
}

/// A request that waits for staff.
#[expect(missing_docs, reason = "the names say it")]
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RepresentativeRequest {
    pub id: RequestId,
    pub practice: PracticeId,
    pub asked_at: Timestamp,
    pub asked: AccessAsked,
    /// The charts with the stated name and birth date.
    pub matches: Vec<PatientId>,
}
