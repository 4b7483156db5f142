//! Reads of the reviews of patients' access: what is stored, and which are due.

use std::future::Future;

use crate::model::access_review::AccessReview;
use crate::model::ids::{PatientId, PracticeId};
use crate::model::refusal::PortError;
use crate::time::Timestamp;

/// Reads the reviews of patients' access.
pub trait Reviews: Sync {
    /// What is stored about a patient's reviews. The read is strongly consistent.
    fn review(
        &self,
        practice: &PracticeId,
        patient: &PatientId,
    ) -> impl Future<Output = Result<Option<AccessReview>, PortError>> + Send;
    /// At most `limit` patients of a practice whose review was due by `now`, the one who waits longest first.
    /// The result comes from an index, which may be late; [`Self::review`] decides.
    fn reviews_due(
        &self,
        practice: &PracticeId,
        now: Timestamp,
        limit: usize,
    ) -> impl Future<Output = Result<Vec<PatientId>, PortError>> + Send;
}
