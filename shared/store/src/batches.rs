//! Reads of batches of invitations.

use portico_domain::model::batch::{self, Batch};
use portico_domain::model::ids::{BatchId, PracticeId};
use portico_domain::model::refusal::PortError;
use portico_domain::ports::Batches;

use crate::item::optional;
use crate::keys;
use crate::table::Table;

impl Batches for Table {
    async fn batch_of(&self, practice: &PracticeId, id: BatchId) -> Result<Option<Batch>, PortError> {
        let found: Option<Batch> = optional(self.get(&keys::batch(practice, id)).await?)?;
        // DynamoDB may delete it days later.
        let now = self.clock.now();
        Ok(found.filter(|batch| now < batch.created_at.plus_hours(batch::KEPT_HOURS)))
    }
}
