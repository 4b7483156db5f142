//! `reset`: a reset link's pages: the second check, and a new password.

use portico_domain::ports::{Accounts, Chain, Commit, Limits, Links, Practices};
use portico_domain::refusal::Refusal;
use portico_domain::reset::Resets;
use portico_web::{Answer, App, Inbound, dead_end};

/// Answers a request.
pub async fn handle<S>(_app: &App<S>, inbound: Inbound) -> Answer
where
    S: Limits + Links + Practices + Accounts + Resets + Chain + Commit,
{
    dead_end(&inbound, None, &Refusal::NotFound.into())
}
