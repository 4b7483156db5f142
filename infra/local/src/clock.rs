//! The clock of all functions in the local service: the system's time plus an offset that `POST
//! /_local/clock` changes. With a data directory, the offset survives a restart.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

use portico_domain::time::{Clock, Timestamp};

use crate::files::write_private;

/// The system's time plus an offset.
#[derive(Debug, Default)]
pub struct LocalClock {
    offset_ms: AtomicI64,
    file: Option<PathBuf>,
}

impl LocalClock {
    /// Opens the clock. Its offset is stored in `data/clock` if there is a data directory, otherwise
    /// in memory.
    pub fn open(data: Option<&Path>) -> io::Result<Self> {
        let file = data.map(|dir| dir.join("clock"));
        let stored = match &file {
            Some(path) if path.exists() => std::fs::read_to_string(path)?,
            _ => String::new(),
        };
        let offset_ms = AtomicI64::new(stored.trim().parse().unwrap_or(0));
        Ok(Self { offset_ms, file })
    }

    /// Moves the clock forward (backward, if negative) and returns the new time.
    pub fn advance(&self, seconds: i64) -> io::Result<Timestamp> {
        let offset = self.offset_ms().saturating_add(seconds.saturating_mul(1000));
        self.keep(offset)
    }

    /// Sets the clock, which goes on from there, and returns the new time.
    pub fn set(&self, to: Timestamp) -> io::Result<Timestamp> {
        self.keep(to.millis().saturating_sub(system_millis()))
    }

    /// Milliseconds that this clock is ahead of the system's.
    pub fn offset_ms(&self) -> i64 {
        self.offset_ms.load(Ordering::Relaxed)
    }

    fn keep(&self, offset_ms: i64) -> io::Result<Timestamp> {
        if let Some(file) = &self.file {
            write_private(file, offset_ms.to_string().as_bytes())?;
        }
        self.offset_ms.store(offset_ms, Ordering::Relaxed);
        Ok(self.now())
    }
}

impl Clock for LocalClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_millis(system_millis().saturating_add(self.offset_ms()))
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "this is the Clock port's implementation for the local service"
)]
fn system_millis() -> i64 {
    let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since_epoch.as_millis()).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moved_clock_stays_moved_after_a_restart() {
        let folder = tempfile::tempdir().unwrap();
        let dir = folder.path();
        let clock = LocalClock::open(Some(dir)).unwrap();
        let later = clock.advance(3600).unwrap();
        let again = LocalClock::open(Some(dir)).unwrap().now();
        assert!(later.seconds_until(again) < 5 && again >= later);
    }

    #[test]
    fn a_clock_that_was_set_runs_on_from_there() {
        let clock = LocalClock::default();
        let noon: Timestamp = "2030-01-01T12:00:00Z".parse().unwrap();
        assert_eq!(clock.set(noon).unwrap().seconds(), noon.seconds());
        assert!(clock.now() >= noon);
    }
}
