//! Ids that the cloud would create: for messages, requests, invocations.

use portico_domain::time::Timestamp;

/// A new, unique id. Ids sort by time.
#[expect(
    clippy::disallowed_methods,
    reason = "stands in for the cloud's own ids; no decision depends on them"
)]
pub(crate) fn new(now: Timestamp) -> String {
    let millis = u64::try_from(now.millis()).unwrap_or_default();
    let high = getrandom::u64().unwrap_or_default();
    let low = getrandom::u64().unwrap_or_default();
    ulid::Ulid::from_parts(millis, u128::from(high) << 64 | u128::from(low)).to_string()
}
