//! Reads of the list of patients: by status and name, by next appointment, by what somebody typed; and the counts.

use std::collections::BTreeMap;
use std::future::Future;

use crate::model::ids::{PatientId, PracticeId};
use crate::model::patient::{Patient, Status};
use crate::model::refusal::PortError;
use crate::time::Timestamp;

/// What a patient is sought by. Texts are in the form in which they are compared; former names and addresses find a
/// patient, too.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Sought {
    /// The beginning of a last name.
    Family(String),
    /// A whole last name and the beginning of a first name.
    FamilyAndGiven(String, String),
    /// The beginning of any word of a name.
    Word(String),
    /// The beginning of an e-mail address.
    Email(String),
    /// A birth date, `YYYY-MM-DD`.
    Born(String),
}

/// Reads lists of patients. They come from indexes, which may be a moment late.
pub trait Roster: Sync {
    /// At most `limit` patients of a practice with a status, in the order of their names, after the name `after`
    /// ([`Patient::sort_name`]).
    fn roster(
        &self,
        practice: &PracticeId,
        status: Status,
        after: Option<&str>,
        limit: usize,
    ) -> impl Future<Output = Result<Vec<Patient>, PortError>> + Send;
    /// At most `limit` patients whose next appointment is between two instants, in the order of the appointments,
    /// after the place `after` ([`Patient::agenda_place`]).
    fn agenda(
        &self,
        practice: &PracticeId,
        between: (Timestamp, Timestamp),
        after: Option<&str>,
        limit: usize,
    ) -> impl Future<Output = Result<Vec<Patient>, PortError>> + Send;
    /// The patients that are found by this, at most 100.
    fn people(
        &self,
        practice: &PracticeId,
        sought: &Sought,
    ) -> impl Future<Output = Result<Vec<PatientId>, PortError>> + Send;
    /// How many patients have each status. A status that nobody has may be missing.
    fn counts(
        &self,
        practice: &PracticeId,
    ) -> impl Future<Output = Result<BTreeMap<Status, u64>, PortError>> + Send;
}
