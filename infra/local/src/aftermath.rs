//! The work that a request causes after its response: stream records and queued messages.

use crate::pump::Pump;
use crate::queue::Queues;

/// Rounds that `over` waits: a handled message may cause another one.
const IDLE_ROUNDS: u32 = 8;

/// The work that a request causes after its response: stream records and queued messages.
#[derive(Clone)]
pub(crate) struct Aftermath {
    pub(crate) pump: Option<Pump>,
    pub(crate) queues: Queues,
}

impl Aftermath {
    /// Resolves when all of it has been handled, and the work that this caused, too.
    pub(crate) async fn over(&self) {
        for _ in 0..IDLE_ROUNDS {
            let number = self.queues.idle().await;
            if let Some(pump) = &self.pump {
                pump.idle().await;
            }
            // A reader of the stream may have sent a message to a queue.
            if self.queues.nothing_since(number) {
                return;
            }
        }
    }
}
