//! The only place that commits. An operation reads, decides and writes; if another write came in between, it
//! reads and decides again.

use crate::model::refusal::{Failure, PortError, Refusal};
use crate::ports::{Commit, CommitError, OnceKey, Record, Write};
use crate::steps::security_log::note_audited;
use crate::time::Timestamp;

/// How often an operation reads and decides, before it gives up because of other writes.
pub const MAX_ATTEMPTS: u32 = 5;

/// The result of an atomic write.
pub enum Written<'a> {
    /// Everything was written.
    Done,
    /// Nothing was written, because some conditions failed. Read and decide again, or refuse.
    Lost(Lost<'a>),
}

/// The writes whose conditions failed.
pub struct Lost<'a>(Vec<&'a Write>);

impl<'a> Lost<'a> {
    fn of(writes: &'a [Write], places: &[usize]) -> Self {
        Self(places.iter().filter_map(|place| writes.get(*place)).collect())
    }

    /// Whether a write of this kind of record was lost.
    pub fn contains(&self, record: Record) -> bool {
        self.0.iter().any(|write| write.record() == record)
    }

    /// Whether the user name could not be claimed because somebody else has it.
    pub fn username_was_taken(&self) -> bool {
        self.0.iter().any(|write| matches!(write, Write::ClaimUsername(_)))
    }

    /// Whether another write had made this marker.
    pub fn contains_marker(&self, key: &OnceKey) -> bool {
        self.0.iter().any(|write| matches!(write, Write::Once(once) if once.key == *key))
    }

    /// Whether the session that was to end had ended already.
    pub fn session_had_ended(&self) -> bool {
        self.0.iter().any(|write| matches!(write, Write::EndSession { .. }))
    }

    /// Refuses with `TooManyRequests` if a counter has reached its limit. The error says the seconds until
    /// its window ends.
    pub fn within_limits(&self, now: Timestamp) -> Result<(), Refusal> {
        for write in &self.0 {
            if let Write::Count(counter) = write {
                return Err(Refusal::TooManyRequests(now.seconds_until(counter.ends_at).max(1)));
            }
        }
        Ok(())
    }
}

/// Writes all or nothing. If other writes contend for the same items, it refuses with `IdempotencyInProgress`
/// when the call has an idempotency key (`once`), and fails with `Unavailable` otherwise.
pub async fn written<'a, S: Commit>(
    store: &S,
    writes: &'a [Write],
    once: Option<&OnceKey>,
) -> Result<Written<'a>, Failure> {
    match store.commit(writes).await {
        Ok(()) => {
            note_audited(writes);
            Ok(Written::Done)
        }
        Err(CommitError::Lost(places)) => Ok(Written::Lost(Lost::of(writes, &places))),
        Err(CommitError::Contended) if once.is_some() => Err(Refusal::IdempotencyInProgress.into()),
        Err(CommitError::Contended) => Err(Failure::Unavailable),
        Err(CommitError::Port(error)) => Err(error.into()),
    }
}

/// Writes all or nothing, for background operations, which nobody waits for. If other writes contend for the
/// same items, it returns `Lost`, so that the operation decides again.
pub async fn written_in_background<'a, S: Commit>(
    store: &S,
    writes: &'a [Write],
) -> Result<Written<'a>, PortError> {
    match store.commit(writes).await {
        Ok(()) => {
            note_audited(writes);
            Ok(Written::Done)
        }
        Err(CommitError::Lost(places)) => Ok(Written::Lost(Lost::of(writes, &places))),
        Err(CommitError::Contended) => Ok(Written::Lost(Lost(Vec::new()))),
        Err(CommitError::Port(error)) => Err(error),
    }
}
