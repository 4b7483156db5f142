//! The cloud behind the ports: configuration from the environment, SDK clients with one policy of timeouts and retries,
//! the system's clock and entropy, the couriers that hand messages to SES, SNS and End User Messaging, and the queue
//! of requests.
#![warn(missing_docs)]

mod courier;
mod process;
mod queue;
mod system;

pub use courier::{Couriers, Senders};
pub use process::{Process, StartError, timeouts};
pub use queue::Queue;
pub use system::{OsEntropy, SystemClock};
