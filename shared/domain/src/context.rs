//! The context of every operation: clock, entropy, keyring, and the host of every link.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use crate::floods::Floods;
use crate::keys::{HashCost, Keyring};
use crate::time::{Clock, Entropy, Timestamp};

/// Everything that an operation needs besides its ports.
#[derive(Clone)]
pub struct Context {
    /// Tells the time.
    pub clock: Arc<dyn Clock>,
    /// The source of random bytes.
    pub entropy: Arc<dyn Entropy>,
    /// The service's secrets, which are not in the table.
    pub keyring: Arc<Keyring>,
    /// What hashing a password costs: [`HashCost::STANDARD`] but in tests that are about something else.
    pub hash_cost: HashCost,
    /// The calls that this process has seen from each client in the present second.
    pub calls: Arc<Calls>,
    /// The requests that this process has seen from each address in the present window.
    pub floods: Arc<Floods>,
    /// Scheme and host of every link and redirect, without a slash at the end. Never taken from a request.
    pub base_url: Arc<str>,
    /// What an edge in front of the API sends with each request to show that it came through there: the present secret and
    /// the one before or after it. Empty without an edge.
    pub edge_secrets: Arc<[String]>,
    /// Whether the service has a phone number to call from. Only then can codes be sent by voice.
    pub calls_out: bool,
    /// The numbers, in E.164, of which a practice may have one of its own to send texts from.
    pub text_numbers: Arc<[String]>,
}

impl Context {
    /// The present instant.
    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }
}

/// Number of a client's calls in one second that a process sees before it counts them in the table. So
/// ordinary traffic costs no write, while a fast client is counted exactly.
const UNREPORTED: u32 = 10;

/// Counts the calls that this process has seen from each client in the present second.
#[derive(Debug, Default)]
pub struct Calls(Mutex<(i64, HashMap<String, u32>)>);

impl Calls {
    /// Notes a call of the client with this digest. Returns the number of calls to count in the table now.
    pub(crate) fn note(&self, digest: &str, now: Timestamp) -> u32 {
        let mut seen = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if seen.0 != now.seconds() {
            *seen = (now.seconds(), HashMap::new());
        }
        let count = seen.1.entry(digest.to_owned()).or_default();
        *count += 1;
        match *count {
            0..=UNREPORTED => 0,
            first if first == UNREPORTED + 1 => first,
            _ => 1,
        }
    }
}

/// The context of an operation and the store that implements its ports.
pub struct App<S> {
    /// Clock, entropy, keyring and the host of every link.
    pub context: Context,
    /// Implements the ports.
    pub store: S,
}
