//! Reads of batches of invitations.

use std::future::Future;

use crate::model::batch::Batch;
use crate::model::ids::{BatchId, PracticeId};
use crate::model::refusal::PortError;

/// Reads batches. The reads are strongly consistent.
pub trait Batches: Sync {
    /// A practice's batch.
    fn batch_of(
        &self,
        practice: &PracticeId,
        id: BatchId,
    ) -> impl Future<Output = Result<Option<Batch>, PortError>> + Send;
}
