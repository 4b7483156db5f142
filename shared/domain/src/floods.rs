//! What a process has seen from each address in the present window, so that a flood is counted in the table once in a
//! hundred requests, and is turned away without the table once it is too much.

use std::collections::{HashMap, HashSet};
use std::sync::{Mutex, PoisonError};

use crate::time::Timestamp;

/// Weight of an address's requests that a process sees before it counts them in the table.
const UNREPORTED: u32 = 100;

/// Addresses, and credentials, that a process remembers in a window. A flood from more of them than that is turned away by
/// what stands in front.
const MOST: usize = 10_000;

/// The requests of each address in the present window.
#[derive(Debug)]
pub struct Floods {
    most: u32,
    seconds: i64,
    seen: Mutex<Seen>,
}

#[derive(Debug, Default)]
struct Seen {
    window: i64,
    addresses: HashMap<String, Address>,
    known: HashSet<String>,
}

#[derive(Debug, Default)]
struct Address {
    unreported: u32,
    blocked: bool,
}

impl Floods {
    /// Nothing was seen yet. An address may send requests of this weight in a window of so many seconds; with the largest
    /// number there is no limit, and nothing is counted.
    pub fn new(most: u32, seconds: i64) -> Self {
        Self { most, seconds, seen: Mutex::default() }
    }

    /// The weight of the requests that an address may send in a window.
    pub const fn most(&self) -> u32 {
        self.most
    }

    fn with<T>(&self, now: Timestamp, look: impl FnOnce(&mut Seen) -> T) -> T {
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        let window = now.seconds().div_euclid(self.seconds);
        if seen.window != window {
            *seen = Seen { window, ..Seen::default() };
        }
        look(&mut seen)
    }

    /// Whether an address has had all its requests of this window. Whoever shows a credential that was right before comes
    /// through: somebody else's flood from the same network must not lock an office out.
    pub fn turns_away(&self, address: &str, credential: Option<&str>, now: Timestamp) -> bool {
        self.with(now, |seen| {
            let is_known = credential.is_some_and(|credential| seen.known.contains(credential));
            !is_known && seen.addresses.get(address).is_some_and(|address| address.blocked)
        })
    }

    /// Notes requests of this weight. Returns the weight to count in the table now; 0 for not yet.
    pub fn note(&self, address: &str, weight: u32, now: Timestamp) -> u32 {
        self.with(now, |seen| {
            if self.most == u32::MAX {
                return 0;
            }
            if seen.addresses.len() >= MOST && !seen.addresses.contains_key(address) {
                return 0;
            }
            let entry = seen.addresses.entry(address.to_owned()).or_default();
            entry.unreported += weight;
            if entry.unreported < UNREPORTED { 0 } else { std::mem::take(&mut entry.unreported) }
        })
    }

    /// The table says that an address has had all its requests of this window.
    pub fn block(&self, address: &str, now: Timestamp) {
        self.with(now, |seen| seen.addresses.entry(address.to_owned()).or_default().blocked = true);
    }

    /// Whether a credential was right before in this window.
    pub fn knows(&self, credential: &str, now: Timestamp) -> bool {
        self.with(now, |seen| seen.known.contains(credential))
    }

    /// A credential was right.
    pub fn know(&self, credential: &str, now: Timestamp) {
        self.with(now, |seen| {
            if seen.known.len() < MOST {
                seen.known.insert(credential.to_owned());
            }
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_millis(seconds * 1000)
    }

    #[test]
    fn the_table_hears_of_a_hundred_requests_at_a_time() {
        let floods = Floods::new(1000, 300);
        let reported: Vec<u32> = (0..250).map(|_| floods.note("a", 1, at(0))).collect();
        assert_eq!(reported.iter().sum::<u32>(), 200);
        assert_eq!(reported.iter().filter(|amount| **amount > 0).count(), 2);
        assert_eq!(floods.note("b", 1, at(0)), 0, "another address");
        assert_eq!(floods.note("a", 50, at(0)), 100);
        assert_eq!(floods.note("a", 99, at(300)), 0, "another window");
    }

    #[test]
    fn a_blocked_address_is_turned_away_until_the_window_ends_but_for_known_credentials() {
        let floods = Floods::new(1000, 300);
        floods.know("right", at(10));
        floods.block("a", at(10));
        assert!(floods.turns_away("a", None, at(299)) && floods.turns_away("a", Some("wrong"), at(10)));
        assert!(!floods.turns_away("a", Some("right"), at(10)) && !floods.turns_away("b", None, at(10)));
        assert!(!floods.turns_away("a", None, at(300)));
    }
}
