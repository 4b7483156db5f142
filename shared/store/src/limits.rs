//! Counters of limits, and of sign-in attempts on user names.

use aws_sdk_dynamodb::types::ReturnValue;
use portico_domain::model::limit::{Attempts, Counter, FAILURES, Raised};
use portico_domain::model::refusal::PortError;
use portico_domain::ports::Limits;
use portico_domain::time::Timestamp;

use crate::commit::attempts;
use crate::item::{at, n};
use crate::keys;
use crate::table::Table;

/// Seconds that a user name's attempts are kept after the last one: 30 days.
const ATTEMPTS_KEPT: i64 = 30 * 86_400;

impl Limits for Table {
    async fn raise(&self, counter: &Counter, amount: u32) -> Result<Raised, PortError> {
        let update = "ADD #counter :amount SET #ttl = :ttl";
        // Twice the window: an IP address's record has two counters with the shorter window, one after
        // the other.
        let ttl = counter.ends_at.plus_seconds(counter.rule.seconds * 2);
        let values = vec![(":amount", n(amount)), (":ttl", n(ttl.seconds()))];
        let named = [("counter", counter.name)];
        let item =
            self.update(&keys::limit(&counter.key), update, values, &named, ReturnValue::AllNew).await?;
        let count = |name| item.get(name).and_then(|v| v.as_n().ok()?.parse().ok()).unwrap_or_default();
        Ok(Raised { count: count(counter.name), failures: count(FAILURES) })
    }

    async fn attempt(&self, key: &str, now: Timestamp) -> Result<Attempts, PortError> {
        let update = "ADD #attempts :one SET #last_at = :now, #ttl = :ttl";
        let values =
            vec![(":one", n(1)), (":now", at(now)), (":ttl", n(now.plus_seconds(ATTEMPTS_KEPT).seconds()))];
        let before =
            self.update(&keys::limit(&attempts(key)), update, values, &[], ReturnValue::AllOld).await?;
        let number = |name| before.get(name).and_then(|v| v.as_n().ok()?.parse::<i64>().ok());
        let count = number("attempts").and_then(|count| u64::try_from(count).ok()).unwrap_or_default();
        Ok(Attempts { count: count + 1, previous_at: number("last_at").map(Timestamp::from_millis) })
    }
}
