//! `request-access`: what a stranger asks for (to sign up, a new password, the user names, a new link) is counted by
//! the caller's address and queued, sealed and of one length, whatever it says. Nothing is looked up here, and nothing
//! that this use case is given could look anything up.

use crate::context::App;
use crate::model::access_request::{Ask, Request};
use crate::model::limit::{Counter, PUBLIC_POSTS};
use crate::model::refusal::{Failure, Refusal};
use crate::ports::{Limits, RequestQueue};

/// Takes a request in. The same work for every input, and the same answer.
pub async fn request<S, Q>(app: &App<S>, queue: &Q, peer: &str, ask: Ask) -> Result<(), Failure>
where
    S: Limits,
    Q: RequestQueue,
{
    let App { context, store } = app;
    let now = context.now();
    let counter = Counter::new(PUBLIC_POSTS, peer, now, &context.keyring);
    counter.check(store.raise(&counter, 1).await?, now)?;
    let sealed = Request { ask, at: now }.sealed(context).ok_or(Refusal::BadRequest(Vec::new()))?;
    Ok(queue.send(&sealed).await?)
}
