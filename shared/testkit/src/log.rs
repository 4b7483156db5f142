//! The log of the whole test run, kept so that a test can look through it.

use std::io::{self, Write};
use std::sync::{Mutex, Once, PoisonError};

use serde_json::Value;

static LINES: Mutex<Vec<u8>> = Mutex::new(Vec::new());
static STARTED: Once = Once::new();

#[derive(Clone, Copy)]
struct Kept;

impl Write for Kept {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        LINES.lock().unwrap_or_else(PoisonError::into_inner).extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Starts to keep the log; once for all tests of a process.
pub fn start() {
    STARTED.call_once(|| portico_web::telemetry::start_into(|| Kept));
}

/// Everything that was logged so far.
pub fn text() -> String {
    String::from_utf8_lossy(&LINES.lock().unwrap_or_else(PoisonError::into_inner)).into_owned()
}

/// The lines of the security log about a patient or an account, or that a staff member caused.
pub fn security(whose: &str) -> Vec<Value> {
    let lines = text();
    let lines = lines.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    let is_about = |line: &Value| {
        let members = ["/patient", "/account", "/actor", "/span/actor"];
        members.iter().any(|name| line.pointer(name).is_some_and(|value| value == whose))
    };
    lines
        .filter(|line| {
            line.get("target").is_some_and(|target| target == "portico_security") && is_about(line)
        })
        .collect()
}
