//! Limits: counters in the table, raised before what they guard, in fixed windows.

use data_encoding::HEXLOWER;

use crate::keys::{Keyring, Use};
use crate::model::ids::PracticeId;
use crate::model::refusal::Refusal;
use crate::time::Timestamp;

/// A counter's rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rule {
    /// What is counted, as part of the counter's key.
    pub what: &'static str,
    /// How many a window allows.
    pub most: u32,
    /// Length of the window, in seconds.
    pub seconds: i64,
}

/// Public POSTs by the connection's address.
pub const PUBLIC_POSTS: Rule = Rule { what: "peer", most: 600, seconds: 300 };

/// Failed sign-ins by the connection's address: counted in the same record, so that one write answers for both.
pub const FAILED_SIGN_INS: Rule = Rule { what: "peer", most: 60, seconds: 600 };

/// Texts and calls to one phone.
pub const PHONE: Rule = Rule { what: "phone", most: 3, seconds: 3600 };

/// Messages to one address that a stranger can cause.
pub const MAIL: Rule = Rule { what: "mail", most: 3, seconds: 86_400 };

/// Entries of their own password by a signed-in person.
pub const OWN_PASSWORD: Rule = Rule { what: "own", most: 10, seconds: 3600 };

/// Messages to one address that a signed-in person can cause. Not the counter of strangers, which rises only where an
/// address is on file: what it says is nobody's to know.
pub const OWN_MAIL: Rule = Rule { what: "own-mail", most: 3, seconds: 86_400 };

/// Changes of one chart that are proposed in a day.
pub const CHANGES: Rule = Rule { what: "change", most: 10, seconds: 86_400 };

/// Staff calls of one client.
pub const CLIENT: Rule = Rule { what: "client", most: 50, seconds: 1 };

/// A counter of a rule for one bucket, in the window of an instant. The bucket is a MAC: the table names no address and no phone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Counter {
    /// The rule.
    pub rule: Rule,
    /// The key of the record that it is kept in.
    pub key: String,
    /// Its name in that record.
    pub name: &'static str,
    /// When its window ends.
    pub ends_at: Timestamp,
}

impl Counter {
    /// The counter of `rule` for `bucket` at `now`.
    pub fn new(rule: Rule, bucket: &str, now: Timestamp, keyring: &Keyring) -> Self {
        Self::of_digest(rule, &Self::bucket_digest(rule, bucket, keyring), now)
    }

    /// The digest that stands for a bucket, where the caller must carry it.
    pub fn bucket_digest(rule: Rule, bucket: &str, keyring: &Keyring) -> String {
        let mac = keyring.mac_now(Use::Limit, &[rule.what.as_bytes(), bucket.as_bytes()]);
        HEXLOWER.encode(mac.get(..16).unwrap_or_default())
    }

    /// The counter for a bucket known by its digest.
    pub fn of_digest(rule: Rule, digest: &str, now: Timestamp) -> Self {
        let window = now.seconds().div_euclid(rule.seconds);
        // A record spans the longer of the two windows of an address; the shorter has a counter for each half of it.
        let (record, name) = match rule {
            PUBLIC_POSTS if window % 2 == 0 => (window / 2, "posts_1"),
            PUBLIC_POSTS => (window / 2, "posts_2"),
            FAILED_SIGN_INS => (window, FAILURES),
            _ => (window, "count"),
        };
        Self {
            rule,
            key: format!("{}#{digest}#{record}", rule.what),
            name,
            ends_at: Timestamp::from_millis((window + 1) * rule.seconds * 1000),
        }
    }

    /// Refuses if the count, this one included, is above what the rule allows.
    pub fn check(&self, raised: Raised, now: Timestamp) -> Result<(), Refusal> {
        if raised.count > self.rule.most {
            Err(Refusal::TooManyRequests(now.seconds_until(self.ends_at).max(1)))
        } else {
            Ok(())
        }
    }
}

/// Name of the counter of failed sign-ins in an address's record.
pub const FAILURES: &str = "failures";

/// A counter after it was raised.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Raised {
    /// Its value.
    pub count: u32,
    /// Failed sign-ins in the same record.
    pub failures: u32,
}

/// Wrong passwords until a user name locks.
pub const SIGN_IN_TRIES: u64 = 10;

/// Attempts on one user name, of whatever kind, known or not.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Attempts {
    /// How many in all, this one included.
    pub count: u64,
    /// When the one before was made.
    pub previous_at: Option<Timestamp>,
}

/// The key of the attempts on a user name: a MAC, for every name alike.
pub fn sign_in_key(practice: &PracticeId, name: &str, keyring: &Keyring) -> String {
    let mac = keyring.mac_now(Use::Limit, &[b"signin", practice.as_str().as_bytes(), name.as_bytes()]);
    HEXLOWER.encode(mac.get(..16).unwrap_or_default())
}

/// Until when a user name is locked after `failures` since the last success, the latest of them at `last`: not at all
/// below ten; then 30 seconds, doubled with each further failure, an hour at most.
pub fn locked_until(failures: u64, last: Timestamp) -> Option<Timestamp> {
    let beyond = failures.checked_sub(SIGN_IN_TRIES)?;
    let seconds = 30_i64 << beyond.min(7);
    Some(last.plus_seconds(seconds.min(3600)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_lock_grows_from_thirty_seconds_to_an_hour() {
        let last = Timestamp::from_millis(0);
        let seconds = |failures| locked_until(failures, last).map(Timestamp::seconds);
        assert_eq!(seconds(9), None);
        assert_eq!([10, 11, 12, 16, 17, 1000].map(seconds), [30, 60, 120, 1920, 3600, 3600].map(Some));
    }
}
