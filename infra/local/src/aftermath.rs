//! What comes of a request after its answer: records of the stream, messages in queues.

use crate::pump::Pump;
use crate::queue::Queues;

/// What a queue's message leads to may send another; so often does `idle` look again.
const IDLE_ROUNDS: u32 = 8;

/// What comes of a request after its answer: records of the stream, messages in queues.
#[derive(Clone)]
pub(crate) struct Aftermath {
    pub(crate) pump: Option<Pump>,
    pub(crate) queues: Queues,
}

impl Aftermath {
    /// Resolves when all of it has been handled, and what came of that.
    pub(crate) async fn over(&self) {
        for _ in 0..IDLE_ROUNDS {
            let number = self.queues.idle().await;
            if let Some(pump) = &self.pump {
                pump.idle().await;
            }
            // A reader of the stream may have sent to a queue.
            if self.queues.nothing_since(number) {
                return;
            }
        }
    }
}
