//! What every operation is given beside its ports: clock, entropy, keys, and the host of every link.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use crate::keys::Keyring;
use crate::time::{Clock, Entropy, Timestamp};

/// What every use case is given beside its ports.
#[derive(Clone)]
pub struct Context {
    /// What time it is.
    pub clock: Arc<dyn Clock>,
    /// Where chance comes from.
    pub entropy: Arc<dyn Entropy>,
    /// The secrets outside the table.
    pub keyring: Arc<Keyring>,
    /// Calls that this process has seen from each client in the present second.
    pub calls: Arc<Calls>,
    /// Scheme and host of every link and redirect, without a slash at the end. Never taken from a request.
    pub base_url: Arc<str>,
    /// Whether there is a number to call from: a code can then be told by phone.
    pub calls_out: bool,
}

impl Context {
    /// The present instant.
    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }
}

/// Calls of one client in one second that a process sees before it reports them to the table. Ordinary traffic so
/// costs no write, and a client that hurries is counted in the table to the last call.
const UNREPORTED: u32 = 10;

/// How many calls this process has seen from each client in the present second.
#[derive(Debug, Default)]
pub struct Calls(Mutex<(i64, HashMap<String, u32>)>);

impl Calls {
    /// Notes a call; how many of them the table should now hear of.
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

/// What an operation runs on: its context, and the store behind its ports.
pub struct App<S> {
    /// Clock, entropy, keys, the configured host.
    pub context: Context,
    /// The ports.
    pub store: S,
}
