//! The one place that commits: an operation reads, decides and writes, and decides again when another write came between.

use crate::model::refusal::{Failure, PortError, Refusal};
use crate::ports::{Commit, CommitError, OnceKey, Record, Write};
use crate::time::Timestamp;

/// How often an operation reads again and decides again when another write came between.
pub const DECISIONS: u32 = 5;

/// What came of an atomic write.
pub enum Written<'a> {
    /// All of it happened.
    Done,
    /// None of it did: some writes met another one. Read again and decide again, or refuse.
    Lost(Lost<'a>),
}

/// The writes whose conditions did not hold.
pub struct Lost<'a>(Vec<&'a Write>);

impl<'a> Lost<'a> {
    fn of(writes: &'a [Write], places: &[usize]) -> Self {
        Self(places.iter().filter_map(|place| writes.get(*place)).collect())
    }

    /// Whether a write of this kind of record was lost.
    pub fn holds(&self, record: Record) -> bool {
        self.0.iter().any(|write| write.record() == record)
    }

    /// Whether somebody else has the user name that was claimed.
    pub fn claim(&self) -> bool {
        self.0.iter().any(|write| matches!(write, Write::ClaimUsername(_)))
    }

    /// Whether the session that was to end is over already.
    pub fn ended_session(&self) -> bool {
        self.0.iter().any(|write| matches!(write, Write::EndSession { .. }))
    }

    /// Refuses with `TooManyRequests` if a counter is at its limit; says the seconds until its window ends.
    pub fn within_limits(&self, now: Timestamp) -> Result<(), Refusal> {
        for write in &self.0 {
            if let Write::Count(counter) = write {
                return Err(Refusal::TooManyRequests(now.seconds_until(counter.ends_at).max(1)));
            }
        }
        Ok(())
    }
}

/// Writes all or nothing. Refuses, if the call came with the idempotency key `once`, where another call with the same key
/// is at work.
pub async fn written<'a, S: Commit>(
    store: &S,
    writes: &'a [Write],
    once: Option<&OnceKey>,
) -> Result<Written<'a>, Failure> {
    match store.commit(writes).await {
        Ok(()) => Ok(Written::Done),
        Err(CommitError::Lost(places)) => Ok(Written::Lost(Lost::of(writes, &places))),
        Err(CommitError::Contended) if once.is_some() => Err(Refusal::IdempotencyInProgress.into()),
        Err(CommitError::Contended) => Err(Failure::Unavailable),
        Err(CommitError::Port(error)) => Err(error.into()),
    }
}

/// The same for operations of the background, which nobody waits for: where others write the same items all the time,
/// it is decided again, too.
pub async fn written_in_background<'a, S: Commit>(
    store: &S,
    writes: &'a [Write],
) -> Result<Written<'a>, PortError> {
    match store.commit(writes).await {
        Ok(()) => Ok(Written::Done),
        Err(CommitError::Lost(places)) => Ok(Written::Lost(Lost::of(writes, &places))),
        Err(CommitError::Contended) => Ok(Written::Lost(Lost(Vec::new()))),
        Err(CommitError::Port(error)) => Err(error),
    }
}
