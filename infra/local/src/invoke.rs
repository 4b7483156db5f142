//! Runs a function as Lambda would: JSON in, JSON out, its `DynamoDB` calls metered, a panic no more than an error.

use std::collections::BTreeMap;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use serde_json::Value;

use crate::meter::Meter;

/// One deployed function: the event's JSON in, the answer's JSON out.
pub type Function = Arc<dyn Fn(Value) -> BoxFuture<'static, Result<Value, String>> + Send + Sync>;

/// Every function by the name of its folder.
pub type Functions = BTreeMap<String, Function>;

/// Runs functions and meters them.
#[derive(Clone)]
pub struct Invoker {
    functions: Arc<Functions>,
    meter: Meter,
    bell: Bell,
}

/// Rung after each invocation: there may be something new in the table's stream.
pub type Bell = tokio::sync::watch::Sender<()>;

impl Invoker {
    /// Over these functions, booking their costs with `meter`.
    pub fn new(functions: Functions, meter: Meter, bell: Bell) -> Self {
        Self { functions: Arc::new(functions), meter, bell }
    }

    /// What is rung after each invocation.
    pub fn bell(&self) -> &Bell {
        &self.bell
    }

    /// Whether there is such a function.
    pub fn has(&self, function: &str) -> bool {
        self.functions.contains_key(function)
    }

    /// Runs `function` with `payload`; `event` is the name under which its cost is booked. The error says what the
    /// function said, or that it panicked.
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
