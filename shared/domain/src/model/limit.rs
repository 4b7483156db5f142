//! Limits: counters in the table with fixed windows. A counter is raised before the action that it limits.

use data_encoding::HEXLOWER;

use crate::keys::{Keyring, Use};
use crate::model::ids::PracticeId;
use crate::model::refusal::Refusal;
use crate::time::Timestamp;

/// The rule of a counter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rule {
    /// The name of the limit; it is part of the counter's key.
    pub what: &'static str,
    /// The most that one window allows.
    pub most: u32,
    /// Length of the window, in seconds.
    pub seconds: i64,
}

/// Public POSTs of one IP address.
pub const PUBLIC_POSTS: Rule = Rule { what: "peer", most: 600, seconds: 300 };

/// Failed sign-ins of one IP address. They are counted in the same record as its POSTs, so that one write
/// counts a POST and returns both.
pub const FAILED_SIGN_INS: Rule = Rule { what: "peer", most: 60, seconds: 600 };

/// Texts and calls to one phone.
pub const PHONE: Rule = Rule { what: "phone", most: 3, seconds: 3600 };

/// Messages to one e-mail address that strangers can cause.
pub const MAIL: Rule = Rule { what: "mail", most: 3, seconds: 86_400 };

/// Entries of the current password by a signed-in person.
pub const OWN_PASSWORD: Rule = Rule { what: "own", most: 10, seconds: 3600 };

/// Messages to one e-mail address that a signed-in person can cause. Separate from the counter for strangers.
/// That one only rises for addresses on file, so showing it would reveal which addresses are.
pub const OWN_MAIL: Rule = Rule { what: "own-mail", most: 3, seconds: 86_400 };

/// Proposed changes of one chart.
pub const CHANGES: Rule = Rule { what: "change", most: 10, seconds: 86_400 };

/// API calls of one client.
pub const CLIENT: Rule = Rule { what: "client", most: 50, seconds: 1 };

/// The counter of a rule for one bucket, in one window. The bucket is stored as a MAC, so the table contains
/// no address and no phone number.
#[expect(missing_docs, reason = "the names say it")]
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Counter {
    pub rule: Rule,
    /// The key of the record that holds the counter.
    pub key: String,
    /// The counter's name in that record.
    pub name: &'static str,
    /// When the window ends.
    pub ends_at: Timestamp,
}

impl Counter {
    /// The counter of `rule` for `bucket` at `now`.
    pub fn new(rule: Rule, bucket: &str, now: Timestamp, keyring: &Keyring) -> Self {
        Self::of_digest(rule, &Self::bucket_digest(rule, bucket, keyring), now)
    }

    /// The digest of a bucket. A caller may carry it instead of the address or number.
    pub fn bucket_digest(rule: Rule, bucket: &str, keyring: &Keyring) -> String {
        let mac = keyring.mac_now(Use::Limit, &[rule.what.as_bytes(), bucket.as_bytes()]);
        HEXLOWER.encode(mac.get(..16).unwrap_or_default())
    }

    /// The counter of a bucket that is given by its digest.
    pub fn of_digest(rule: Rule, digest: &str, now: Timestamp) -> Self {
        let window = now.seconds().div_euclid(rule.seconds);
        // The record of an IP address lasts for the longer of the two windows. It has a counter of POSTs for
        // each half of it.
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

    /// Refuses if the raised count is above the rule's limit. The error says the seconds until the
    /// window ends.
    pub fn check(&self, raised: Raised, now: Timestamp) -> Result<(), Refusal> {
        if raised.count > self.rule.most {
            Err(Refusal::TooManyRequests(now.seconds_until(self.ends_at).max(1)))
        } else {
            Ok(())
        }
    }
}

/// Name of the counter of failed sign-ins in the record of an IP address.
pub const FAILURES: &str = "failures";

/// The values of a record after one of its counters was raised.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Raised {
    /// The new value of the counter.
    pub count: u32,
    /// The failed sign-ins that the same record counts.
    pub failures: u32,
}

/// Wrong passwords in a row that lock a user name.
pub const SIGN_IN_TRIES: u64 = 10;

/// Sign-in attempts on one user name, whether it exists or not.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Attempts {
    /// All attempts since the count was last reset, this one included.
    pub count: u64,
    /// When the attempt before this one was made; `None` if this is the first.
    pub previous_at: Option<Timestamp>,
}

/// The key of the attempts on a user name. It is a MAC, in the same form for names that exist and for names
/// that don't.
pub fn sign_in_key(practice: &PracticeId, name: &str, keyring: &Keyring) -> String {
    let mac = keyring.mac_now(Use::Limit, &[b"signin", practice.as_str().as_bytes(), name.as_bytes()]);
    HEXLOWER.encode(mac.get(..16).unwrap_or_default())
}

/// Until when a user name is locked, after `failures` since the last success, of which the latest was at
/// `last`. `None` below ten failures. Ten lock it for 30 seconds; each further failure doubles that, up to
/// an hour.
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
