//! Counters that limit how often something may happen.

use std::future::Future;

use crate::model::limit::{Attempts, Counter, Raised};
use crate::model::refusal::PortError;
use crate::time::Timestamp;

/// Raises limit counters.
pub trait Limits: Sync {
    /// Raises a counter by `amount`; its value, these included.
    fn raise(&self, counter: &Counter, amount: u32)
    -> impl Future<Output = Result<Raised, PortError>> + Send;
    /// Counts an attempt on a user name.
    fn attempt(&self, key: &str, now: Timestamp) -> impl Future<Output = Result<Attempts, PortError>> + Send;
}
