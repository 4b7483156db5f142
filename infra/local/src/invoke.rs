//! Runs a function as Lambda does: JSON in, JSON out. Its `DynamoDB` calls are metered, and a panic becomes
//! an error.

use std::collections::BTreeMap;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use serde_json::Value;

use crate::meter::Meter;

/// One deployed function: the event's JSON in, the answer's JSON out.
pub type Function = Arc<dyn Fn(Value) -> BoxFuture<'static, Result<Value, String>> + Send + Sync>;

/// All functions, by folder name.
pub type Functions = BTreeMap<String, Function>;

/// Runs functions and meters them.
#[derive(Clone)]
pub struct Invoker {
    functions: Arc<Functions>,
    meter: Meter,
    bell: Bell,
}

/// Notified after each invocation, because there may be new records in the table's stream.
pub type Bell = tokio::sync::watch::Sender<()>;

impl Invoker {
    /// An invoker of these functions that records their costs in `meter`.
    pub fn new(functions: Functions, meter: Meter, bell: Bell) -> Self {
        Self { functions: Arc::new(functions), meter, bell }
    }

    /// The channel that is notified after each invocation.
    pub fn bell(&self) -> &Bell {
        &self.bell
    }

    /// Whether this function exists.
    pub fn has(&self, function: &str) -> bool {
        self.functions.contains_key(function)
    }

    /// Runs `function` with `payload`. Its cost is recorded under the name `event`. The error is the
    /// function's own, or says that it panicked.
    pub async fn call(&self, function: &str, event: &str, payload: Value) -> Result<Value, String> {
        let Some(run) = self.functions.get(function) else {
            return Err(format!("no function {function}"));
        };
        let run = AssertUnwindSafe(async { run(payload).await }).catch_unwind();
        let outcome = self.meter.measure(function, event, run).await;
        self.bell.send_replace(());
        outcome.unwrap_or_else(|_| Err("panicked".to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_function_that_panics_is_one_that_failed() {
        let broken: Function = Arc::new(|_| async { panic!("on purpose") }.boxed());
        let invoker =
            Invoker::new(Functions::from([("broken".to_owned(), broken)]), Meter::default(), Bell::default());
        assert_eq!(invoker.call("broken", "e", Value::Null).await, Err("panicked".to_owned()));
        assert_eq!(invoker.call("absent", "e", Value::Null).await, Err("no function absent".to_owned()));
    }
}
