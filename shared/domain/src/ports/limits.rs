//! Counters that limit how often something may happen.

use std::future::Future;

use crate::model::ids::{PatientId, PracticeId};
use crate::model::limit::{Attempt, Attempts, Counter, Raised};
use crate::model::refusal::PortError;
use crate::time::Timestamp;

/// Raises limit counters.
pub trait Limits: Sync {
    /// Raises a counter by `amount`, and returns its new value.
    fn raise(&self, counter: &Counter, amount: u32)
    -> impl Future<Output = Result<Raised, PortError>> + Send;
    /// Takes back one that `raise` counted.
    fn lower(&self, counter: &Counter) -> impl Future<Output = Result<(), PortError>> + Send;
    /// The value of a counter. It may lag by a moment.
    fn count(&self, counter: &Counter) -> impl Future<Output = Result<u32, PortError>> + Send;
    /// Counts a sign-in attempt on a user name, if fewer than `most` were counted before or fewer than the
    /// record's own limit. `key` comes from `sign_in_key`.
    fn attempt(
        &self,
        key: &str,
        most: u64,
        now: Timestamp,
    ) -> impl Future<Output = Result<Attempt, PortError>> + Send;
    /// Saves that wrong passwords locked a user name: as a note for staff under the patient of its account, or, where it
    /// has none, as a record of the same size that nobody reads, so that both cost the same.
    fn note_lock(
        &self,
        practice: &PracticeId,
        patient: Option<&PatientId>,
        key: &str,
        now: Timestamp,
    ) -> impl Future<Output = Result<(), PortError>> + Send;
    /// Counts an attempt that `attempt` refused, if nothing was counted since. `limit` becomes the record's own.
    /// `false` if something was.
    fn attempt_next(
        &self,
        key: &str,
        before: &Attempts,
        limit: u64,
        now: Timestamp,
    ) -> impl Future<Output = Result<bool, PortError>> + Send;
}
