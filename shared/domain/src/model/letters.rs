//! Letters that were made together.

use serde::{Deserialize, Serialize};

use crate::model::ids::{LettersId, PatientId, PracticeId};
use crate::time::Timestamp;

/// Most letters in one file.
pub const LETTERS: usize = 100;

/// Hours that the list of a file's letters is kept: 30 days. No letter works longer than 90 days, and each can be
/// printed by itself.
pub const KEPT_HOURS: i64 = 30 * 24;

/// A patient for whom no letter was made.
#[expect(missing_docs, reason = "the names say it")]
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Unprinted {
    pub patient: PatientId,
    /// The codes of all reasons.
    pub reasons: Vec<String>,
}

/// The list of letters that were made together. The letters themselves are not stored.
#[expect(missing_docs, reason = "the names say it")]
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Letters {
    pub id: LettersId,
    pub practice: PracticeId,
    /// The patients with a letter, in the order that was asked for.
    pub made: Vec<PatientId>,
    pub refused: Vec<Unprinted>,
    pub created_at: Timestamp,
}

impl Letters {
    /// Whether the list has this patient already.
    pub fn names(&self, id: &PatientId) -> bool {
        self.made.contains(id) || self.refused.iter().any(|refused| refused.patient == *id)
    }
}
