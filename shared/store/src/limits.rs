//! Counters of limits, and of sign-in attempts on user names.

use aws_sdk_dynamodb::types::ReturnValue;
use portico_domain::model::attention::Cause;
use portico_domain::model::ids::{PatientId, PracticeId};
use portico_domain::model::limit::{Attempt, Attempts, Counter, FAILURES, Raised};
use portico_domain::model::refusal::PortError;
use portico_domain::ports::Limits;
use portico_domain::time::Timestamp;

use crate::commit::{attempts, note};
use crate::item::{Item, at, n};
use crate::keys;
use crate::table::{Table, Updated};

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

    async fn lower(&self, counter: &Counter) -> Result<(), PortError> {
        let named = [("counter", counter.name)];
        let values = vec![(":back", n(-1))];
        let key = keys::limit(&counter.key);
        self.update(&key, "ADD #counter :back", values, &named, ReturnValue::None).await?;
        Ok(())
    }

    async fn count(&self, counter: &Counter) -> Result<u32, PortError> {
        let key = keys::limit(&counter.key);
        let found = self.read_batch(std::slice::from_ref(&key), false).await?.take(&key);
        let count = found.and_then(|item| item.get(counter.name)?.as_n().ok()?.parse().ok());
        Ok(count.unwrap_or_default())
    }

    async fn attempt(&self, key: &str, most: u64, now: Timestamp) -> Result<Attempt, PortError> {
        let update =
            "ADD #attempts :one SET #last_at = :now, #ttl = :ttl, #began_at = if_not_exists(#began_at, :now)";
        let condition = "attribute_not_exists(#attempts) OR #attempts < :most OR #attempts < #attempts_limit";
        let values = vec![
            (":one", n(1)),
            (":most", n(most)),
            (":now", at(now)),
            (":ttl", n(now.plus_seconds(ATTEMPTS_KEPT).seconds())),
        ];
        match self.update_if(&keys::limit(&attempts(key)), update, condition, values).await? {
            Updated::Done(item) => Ok(Attempt::Counted(counted_at(&item, now))),
            Updated::Refused(item) => Ok(Attempt::Refused(counted_at(&item.unwrap_or_default(), now))),
        }
    }

    async fn note_lock(
        &self,
        practice: &PracticeId,
        patient: Option<&PatientId>,
        key: &str,
        now: Timestamp,
    ) -> Result<(), PortError> {
        let place = match patient {
            Some(patient) => keys::note(practice, Cause::AccountLocked, patient),
            None => keys::limit(&format!("lock#{key}")),
        };
        self.put_item(note(&place, patient.map_or(key, PatientId::as_str), Cause::AccountLocked, now)?).await
    }

    async fn attempt_next(
        &self,
        key: &str,
        before: &Attempts,
        limit: u64,
        now: Timestamp,
    ) -> Result<bool, PortError> {
        let update = "SET #attempts = :next, #attempts_limit = :limit, #last_at = :now, #ttl = :ttl";
        let condition = "#attempts = :before AND #began_at = :began_at";
        let values = vec![
            (":before", n(before.count)),
            (":began_at", at(before.began_at)),
            (":next", n(before.count + 1)),
            (":limit", n(limit)),
            (":now", at(now)),
            (":ttl", n(now.plus_seconds(ATTEMPTS_KEPT).seconds())),
        ];
        let updated = self.update_if(&keys::limit(&attempts(key)), update, condition, values).await?;
        Ok(matches!(updated, Updated::Done(_)))
    }
}

/// The record of attempts, as it was read.
pub(crate) fn counted(item: &Item) -> Attempts {
    counted_at(item, Timestamp::from_millis(0))
}

/// The record of attempts. `now` stands in for times that it lacks.
fn counted_at(item: &Item, now: Timestamp) -> Attempts {
    let number = |name| item.get(name).and_then(|v| v.as_n().ok()?.parse::<i64>().ok());
    let instant = |name| number(name).map_or(now, Timestamp::from_millis);
    let count = number("attempts").and_then(|count| u64::try_from(count).ok()).unwrap_or_default();
    Attempts { began_at: instant("began_at"), count, last_at: instant("last_at") }
}
