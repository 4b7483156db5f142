//! Daily caps of what a practice's staff seldom do, and what whoever stole a key would do in numbers. Each is counted in the
//! same write as the act.

use crate::context::Context;
use crate::model::limit::{Counter, Rule};
use crate::model::refusal::Refusal;
use crate::model::security::{Security, What};
use crate::ports::Write;
use crate::steps::api_call::Caller;
use crate::steps::retry::Lost;
use crate::steps::security_log::note;

/// The write that counts one more of these in the practice's day.
pub(crate) fn counted(context: &Context, rule: Rule, caller: &Caller) -> Write {
    Write::Count(Counter::new(rule, caller.practice.as_str(), context.now(), &context.keyring))
}

/// Refuses with `TooManyRequests` if the practice has done this as often as a day allows, and says so in the security log,
/// where an alarm sees it.
pub(crate) fn check(context: &Context, rule: Rule, caller: &Caller, lost: &Lost<'_>) -> Result<(), Refusal> {
    lost.within_limits(context.now()).inspect_err(|_| {
        note(&Security {
            what: What::DailyCapReached(rule.what),
            practice: caller.practice.clone(),
            account: None,
            patient: None,
            by: Some(caller.by()),
        });
    })
}
