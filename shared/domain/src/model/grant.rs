//! Grants: an account's right to one patient's portal.

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::model::ids::RevocationId;
use crate::model::person::Line;
use crate::time::Timestamp;

/// The relationship of an account's holder to a patient.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Relationship {
    /// The holder is the patient.
    #[serde(rename = "self")]
    Own,
    /// A parent.
    Parent,
    /// A guardian.
    Guardian,
    /// A husband or wife.
    Spouse,
    /// Somebody else that the patient or the practice trusts.
    Other,
}

impl Relationship {
    /// The value's name in the API.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Own => "self",
            Self::Parent => "parent",
            Self::Guardian => "guardian",
            Self::Spouse => "spouse",
            Self::Other => "other",
        }
    }
}

/// How much of a patient's portal a grant opens.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Level {
    /// The whole portal.
    #[default]
    Full,
    /// Only appointments and messages.
    Limited,
}

impl Level {
    /// The value's name in the API.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Full => "full",
            Self::Limited => "limited",
        }
    }
}

/// The state of a grant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum GrantState {
    /// It gives access.
    Active,
    /// It gives no access, because the patient has died or staff switched access off. It is active again when
    /// that changes.
    Suspended,
    /// It waits for a decision of staff, and gives no access.
    Held,
    /// A revocation ended it, or staff refused it.
    Ended,
}

/// An account's right to one patient's portal.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Grant {
    /// The holder's relationship to the patient.
    pub relationship: Relationship,
    /// How much of the portal it opens.
    #[serde(default)]
    pub level: Level,
    /// Only an active grant gives access.
    pub state: GrantState,
    /// When it became active. A session that began earlier does not see the grant, so a session from before a
    /// revocation never gets access again.
    pub since: Timestamp,
    /// The revocation that ended it; `None` if it was not ended by one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended_by: Option<RevocationId>,
    /// By what right a representative has it, as staff recorded it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub authority: Option<Authority>,
}

/// The kind of right by which a representative acts for a patient.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AuthorityKind {
    /// A parent of a minor.
    Parent,
    /// A guardian by court order. The order may go on when the patient comes of age.
    Guardian,
    /// A foster parent.
    FosterParent,
    /// A power of attorney.
    PowerOfAttorney,
    /// The patient chose them.
    PatientChoice,
}

impl AuthorityKind {
    /// The value's name in the API.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Parent => "parent",
            Self::Guardian => "guardian",
            Self::FosterParent => "foster_parent",
            Self::PowerOfAttorney => "power_of_attorney",
            Self::PatientChoice => "patient_choice",
        }
    }
}

/// By what right a representative acts for a patient, as staff recorded it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Authority {
    /// The kind of right.
    pub kind: AuthorityKind,
    /// The number of the document, never its content.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reference: Option<Line>,
    /// Who saw the document.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub checked_by: Option<Line>,
    /// The day on which the grant ends, at its first instant in the practice's zone; `None` has no end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Date>,
}
