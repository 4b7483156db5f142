//! Grants: an account's right to one patient's portal.

use serde::{Deserialize, Serialize};

use crate::model::ids::RevocationId;
use crate::time::Timestamp;

/// What an account's holder is to a patient.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Relationship {
    /// The patient.
    #[serde(rename = "self")]
    Own,
    /// A parent.
    Parent,
    /// A guardian.
    Guardian,
    /// A husband or wife.
    Spouse,
    /// Somebody else whom the patient or the practice trusts.
    Other,
}

impl Relationship {
    /// The word for it in the contract.
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
    /// Everything.
    #[default]
    Full,
    /// Appointments and messages alone.
    Limited,
}

impl Level {
    /// The word for it in the contract.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Full => "full",
            Self::Limited => "limited",
        }
    }
}

/// Whether a grant holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum GrantState {
    /// It holds.
    Active,
    /// The chart says deceased, or staff switched access off; comes back when that goes.
    Suspended,
    /// Waits for staff to decide.
    Held,
    /// A revocation, or the staff's refusal, ended it.
    Ended,
}

/// An account's right to one patient's portal.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Grant {
    /// What the holder is to the patient.
    pub relationship: Relationship,
    /// How much it opens.
    #[serde(default)]
    pub level: Level,
    /// Whether it holds.
    pub state: GrantState,
    /// Since when; a session that began earlier does not see it, so that what a revocation ended stays ended for it.
    pub since: Timestamp,
    /// The revocation that ended it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended_by: Option<RevocationId>,
}
