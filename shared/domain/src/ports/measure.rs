//! The log of visits, by which a period can be read, and when patients had the means to get in.

use std::future::Future;

use jiff::civil::Date;

use crate::model::chart::Visit;
use crate::model::ids::{PatientId, PracticeId};
use crate::model::measure::{LoggedVisit, Means};
use crate::model::refusal::PortError;

/// A change of a patient's visits.
#[expect(missing_docs, reason = "the names say it")]
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VisitsChanged {
    pub practice: PracticeId,
    pub patient: PatientId,
    /// Visits that are gone, or that are now at another day.
    pub gone: Vec<Visit>,
    /// Visits that are new or changed.
    pub kept: Vec<Visit>,
}

/// Keeps the log of visits, and what is known of patients' means. It follows the stream, which may bring a
/// record more than once.
pub trait MeasureLog: Sync {
    /// Adds and removes entries of the log.
    fn log_visits(&self, changed: &VisitsChanged) -> impl Future<Output = Result<(), PortError>> + Send;
    /// What is known of one patient's means. The read is strongly consistent.
    fn means_of(
        &self,
        practice: &PracticeId,
        patient: &PatientId,
    ) -> impl Future<Output = Result<Option<Means>, PortError>> + Send;
    /// Saves a patient's means. `false` if another writer was faster.
    fn put_means(&self, means: &Means) -> impl Future<Output = Result<bool, PortError>> + Send;
}

/// Reads what the measure needs for a whole practice.
pub trait Measures: Sync {
    /// The visits of a practice from one day to another, both included.
    fn visits_between(
        &self,
        practice: &PracticeId,
        from: Date,
        to: Date,
    ) -> impl Future<Output = Result<Vec<LoggedVisit>, PortError>> + Send;
    /// The means of some patients; those of whom nothing is known are left out.
    fn some_means(
        &self,
        practice: &PracticeId,
        patients: &[PatientId],
    ) -> impl Future<Output = Result<Vec<Means>, PortError>> + Send;
    /// The means of all patients of a practice.
    fn all_means(&self, practice: &PracticeId) -> impl Future<Output = Result<Vec<Means>, PortError>> + Send;
}
