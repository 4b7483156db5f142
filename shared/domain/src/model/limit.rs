//! Limits: counters in the table with fixed windows. A counter is raised before the action that it limits.

use data_encoding::HEXLOWER;
use serde::{Deserialize, Serialize};

use crate::keys::{Keyring, Use};
use crate::model::ids::{PatientId, PracticeId};
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

/// Requests of one IP address that no right key stands behind, by weight: 1 for each, 5 for one that no honest caller sends
/// often.
pub const REQUESTS: Rule = Rule { what: "requests", most: 3000, seconds: 300 };

/// Failed sign-ins of one IP address. They are counted in the same record as its POSTs, so that one write
/// counts a POST and returns both.
pub const FAILED_SIGN_INS: Rule = Rule { what: "peer", most: 60, seconds: 600 };

/// Texts and calls to one phone.
pub const PHONE: Rule = Rule { what: "phone", most: 3, seconds: 3600 };

/// Seconds of the limits that count by day.
const DAY: i64 = 86_400;

/// Messages to one address that strangers can cause, by what they ask for. Each kind has a limit of its own, so that
/// nobody can use up what the owner of the address needs.
pub const SIGN_UP_MAIL: Rule = Rule { what: "mail-sign-up", most: 3, seconds: DAY };
/// The same for user names.
pub const USERNAME_MAIL: Rule = Rule { what: "mail-username", most: 3, seconds: DAY };
/// The same for new links in place of expired ones.
pub const RENEWAL_MAIL: Rule = Rule { what: "mail-renewal", most: 3, seconds: DAY };
/// The same for requests of representatives, which are shown to staff.
pub const ACCESS_REQUESTS: Rule = Rule { what: "access", most: 3, seconds: DAY };
/// The same for reset links. All of a day carry the same link while it works.
pub const RESET_MAIL: Rule = Rule { what: "mail-reset", most: 10, seconds: DAY };

/// Messages of one practice that strangers cause. More of them wait for a later hour.
pub const STRANGERS_MAIL: Rule = Rule { what: "strangers", most: 200, seconds: 3600 };

/// Wrong facts, codes and answers about one patient, over all links.
pub const PATIENT_TRIES: Rule = Rule { what: "patient", most: 20, seconds: DAY };

/// Taken user names that one ticket may try.
pub const TAKEN_USERNAMES: Rule = Rule { what: "taken", most: 10, seconds: DAY };

/// Entries of the current password by a signed-in person.
pub const OWN_PASSWORD: Rule = Rule { what: "own", most: 10, seconds: 3600 };

/// Messages to one e-mail address that a signed-in person can cause. Separate from the counter for strangers.
/// That one only rises for addresses on file, so showing it would reveal which addresses are.
pub const OWN_MAIL: Rule = Rule { what: "own-mail", most: 3, seconds: DAY };

/// Invitations of representatives that one account sends.
pub const OWN_OFFERS: Rule = Rule { what: "own-offers", most: 10, seconds: DAY };

/// Proposed changes of one chart.
pub const CHANGES: Rule = Rule { what: "change", most: 10, seconds: DAY };

/// User names and passwords that a practice's staff set by hand.
pub const CREDENTIALS_BY_HAND: Rule = Rule { what: "credentials-by-hand", most: 100, seconds: DAY };

/// Accounts that a practice's staff delete.
pub const DELETIONS: Rule = Rule { what: "deletions", most: 100, seconds: DAY };

/// Changes of a practice's settings.
pub const SETTINGS_CHANGES: Rule = Rule { what: "settings-changes", most: 100, seconds: DAY };

/// API calls of one client.
pub const CLIENT: Rule = Rule { what: "client", most: 50, seconds: 1 };

/// Calls of one portal that asks who holds a session, and exchanges codes. A portal of 100,000 patients asks some
/// hundreds of times in a second.
pub const SESSION_CALLS: Rule = Rule { what: "session-calls", most: 500, seconds: 1 };

/// Locks of user names that nobody has. It limits nothing: it is counted so that a lock writes as much for a name that exists.
pub const NOBODYS_LOCKS: Rule = Rule { what: "nobodys-locks", most: u32::MAX, seconds: DAY };

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

    /// The counter of wrong facts, codes and answers about a patient.
    pub fn of_patient(practice: &PracticeId, patient: &PatientId, now: Timestamp, keyring: &Keyring) -> Self {
        Self::new(PATIENT_TRIES, &format!("{practice}#{patient}"), now, keyring)
    }

    /// Refuses if the count has reached the rule's limit. The error says the seconds until the window ends.
    pub fn check_before(&self, count: u32, now: Timestamp) -> Result<(), Refusal> {
        self.check(Raised { count: count + 1, failures: 0 }, now)
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

/// Wrong passwords in a row after which the password does not work any more, until it is reset.
pub const MOST_FAILURES: u64 = 100;

/// The record of sign-in attempts on a user name, whether it exists or not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Attempts {
    /// When the record was made. It tells whether a count that was noted elsewhere is of this record.
    pub began_at: Timestamp,
    /// All attempts that were counted in this record, successful ones too.
    pub count: u64,
    /// When the latest one was counted.
    pub last_at: Timestamp,
}

/// The count of attempts at the last success. All later ones failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SeenAttempts {
    /// The beginning of the record that was counted in.
    pub began_at: Timestamp,
    /// Its count.
    pub count: u64,
}

/// What became of an attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Attempt {
    /// It was counted; the record as it is since.
    Counted(Attempts),
    /// It was not counted, since too many were counted before; the record as it is.
    Refused(Attempts),
}

impl Attempts {
    /// The failures since the last success.
    pub fn failures(&self, seen: Option<SeenAttempts>) -> u64 {
        self.count.saturating_sub(self.seen(seen))
    }

    /// The count at the last success; 0 if that was noted in an earlier record.
    pub fn seen(&self, seen: Option<SeenAttempts>) -> u64 {
        seen.filter(|seen| seen.began_at == self.began_at).map_or(0, |seen| seen.count)
    }

    /// Whether the next attempt may be counted and its password compared. An attempt during a lock is not.
    pub fn is_open(&self, seen: Option<SeenAttempts>, now: Timestamp) -> bool {
        let failures = self.failures(seen);
        failures < MOST_FAILURES && locked_until(failures, self.last_at).is_none_or(|until| until <= now)
    }
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

/// The lock of a user name after wrong passwords.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lock {
    /// It ends by itself.
    Until(Timestamp),
    /// It ends by a new password, or when staff unlock the account.
    UntilReset,
}

impl Lock {
    /// The lock that is in force at `now`, after these attempts.
    pub fn of(attempts: Attempts, seen: Option<SeenAttempts>, now: Timestamp) -> Option<Self> {
        let failures = attempts.failures(seen);
        if failures >= MOST_FAILURES {
            return Some(Self::UntilReset);
        }
        locked_until(failures, attempts.last_at).filter(|until| *until > now).map(Self::Until)
    }
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

    #[test]
    fn a_count_that_was_noted_in_an_earlier_record_says_nothing_about_this_one() {
        let at = Timestamp::from_millis;
        let attempts = |count| Attempts { began_at: at(5), count, last_at: at(9) };
        let seen = |began_at, count| Some(SeenAttempts { began_at: at(began_at), count });
        assert_eq!(attempts(7).failures(None), 7);
        assert_eq!(attempts(7).failures(seen(5, 4)), 3);
        assert_eq!(attempts(7).failures(seen(1, 4)), 7, "an earlier record");
        assert_eq!(attempts(7).failures(seen(5, 9)), 0, "never below zero");
    }

    #[test]
    fn an_attempt_is_open_when_the_lock_is_over_and_after_a_hundred_failures_never() {
        let at = |seconds: i64| Timestamp::from_millis(seconds * 1000);
        let attempts = |count| Attempts { began_at: at(0), count, last_at: at(0) };
        assert!(attempts(9).is_open(None, at(0)));
        assert!(!attempts(10).is_open(None, at(29)) && attempts(10).is_open(None, at(30)));
        assert!(!attempts(99).is_open(None, at(3599)) && attempts(99).is_open(None, at(3600)));
        assert!(!attempts(100).is_open(None, at(10_000_000)));
        for (count, now) in [(9, 0), (10, 29), (10, 30), (99, 3599), (99, 3600), (100, 10_000_000)] {
            let is_locked = Lock::of(attempts(count), None, at(now)).is_some();
            assert_eq!(is_locked, !attempts(count).is_open(None, at(now)), "{count} after {now} s");
        }
        assert_eq!(Lock::of(attempts(10), None, at(0)), Some(Lock::Until(at(30))));
    }
}
