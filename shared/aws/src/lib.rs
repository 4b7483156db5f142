//! The cloud behind the ports: configuration from the environment, SDK clients with one policy of timeouts and retries,
//! the system's clock and entropy, and the couriers that hand messages to SES and SNS.
#![warn(missing_docs)]

mod courier;
mod process;
mod system;

pub use courier::Couriers;
pub use process::{Process, StartError, timeouts};
pub use system::{OsEntropy, SystemClock};
