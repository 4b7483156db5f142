//! Reads of automatic invitations: who is due, and the runs.

use std::future::Future;

use jiff::civil::Date;

use crate::model::ids::{PatientId, PracticeId};
use crate::model::patient::Patient;
use crate::model::refusal::PortError;
use crate::model::sweep_run::{Cursor, Page, Run};
use crate::time::Timestamp;

/// Lists all practices.
pub trait PracticeList: Sync {
    /// The ids of all practices.
    fn practices(&self) -> impl Future<Output = Result<Vec<PracticeId>, PortError>> + Send;
}

/// Finds the patients that the sweep has to look at. The results are candidates from an index, which may be
/// late; the patients' records decide.
pub trait Waiting: Sync {
    /// At most `limit` patients of a practice who were due by `now`, the one who waits longest first,
    /// after `cursor`.
    fn waiting(
        &self,
        practice: &PracticeId,
        now: Timestamp,
        cursor: Option<&Cursor>,
        limit: usize,
    ) -> impl Future<Output = Result<Vec<Cursor>, PortError>> + Send;
    /// The records of these patients, at most 50. Ids without a record are left out. The reads are eventually
    /// consistent: what is decided from them is decided again by whoever writes.
    fn candidates(
        &self,
        practice: &PracticeId,
        ids: &[PatientId],
    ) -> impl Future<Output = Result<Vec<Patient>, PortError>> + Send;
    /// How many there are after `cursor`.
    fn count_waiting(
        &self,
        practice: &PracticeId,
        now: Timestamp,
        cursor: Option<&Cursor>,
    ) -> impl Future<Output = Result<u32, PortError>> + Send;
}

/// Reads runs. The reads are strongly consistent.
pub trait Runs: Sync {
    /// A practice's run of a day.
    fn run(
        &self,
        practice: &PracticeId,
        day: Date,
    ) -> impl Future<Output = Result<Option<Run>, PortError>> + Send;
    /// At most `limit` runs of a practice, the newest first, before the day `before`.
    fn runs(
        &self,
        practice: &PracticeId,
        before: Option<Date>,
        limit: usize,
    ) -> impl Future<Output = Result<Vec<Run>, PortError>> + Send;
    /// A page of a run's work.
    fn page(
        &self,
        practice: &PracticeId,
        day: Date,
        number: u32,
    ) -> impl Future<Output = Result<Option<Page>, PortError>> + Send;
}
