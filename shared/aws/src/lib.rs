//! The cloud behind the ports: configuration from the environment, SDK clients with one policy of timeouts and retries,
//! the system's clock and entropy, the couriers that hand messages to SES, SNS and End User Messaging, the queue of
//! requests, and the bus on which others are told.
#![cfg_attr(test, allow(clippy::unwrap_used))]
#![warn(missing_docs)]

mod bus;
mod courier;
mod environment;
mod pace;
mod process;
mod queue;
mod sdk;
mod system;

pub use bus::EventBus;
pub use courier::{Couriers, Senders};
pub use environment::StartError;
pub use process::Process;
pub use queue::Queue;
pub use sdk::{https, timeouts};
pub use system::{OsEntropy, SystemClock};
