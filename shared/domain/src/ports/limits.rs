//! Counters that limit how often something may happen.

use std::future::Future;

use crate::model::limit::{Attempts, Counter, Raised};
use crate::model::refusal::PortError;
use crate::time::Timestamp;

/// Raises limit counters.
pub trait Limits: Sync {
    /// Raises a counter by `amount`, and returns its new value.
    fn raise(&self, counter: &Counter, amount: u32)
    -> impl Future<Output = Result<Raised, PortError>> + Send;
    /// Counts a sign-in attempt on a user name. `key` comes from `sign_in_key`.
    fn attempt(&self, key: &str, now: Timestamp) -> impl Future<Output = Result<Attempts, PortError>> + Send;
}
