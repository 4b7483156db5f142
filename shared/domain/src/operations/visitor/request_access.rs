//! `request-access`: queues the requests of strangers (sign-up, new password, user names, new link). It
//! counts the caller's IP address, and seals every request to the same length. It looks nothing up, and its
//! ports could not look anything up.

use crate::context::App;
use crate::model::access_request::{Ask, Request};
use crate::model::limit::{Counter, PUBLIC_POSTS};
use crate::model::refusal::{Failure, Refusal};
use crate::ports::{Enqueue, Limits};

/// Queues a request. The work and the answer are the same for every input.
pub async fn request<S, Q>(app: &App<S>, queue: &Q, peer: &str, ask: Ask) -> Result<(), Failure>
where
    S: Limits,
    Q: Enqueue,
{
    let App { context, store } = app;
    let now = context.now();
    let counter = Counter::new(PUBLIC_POSTS, peer, now, &context.keyring);
    counter.check(store.raise(&counter, 1).await?, now)?;
    let sealed = Request { ask, at: now }.sealed(context).ok_or(Refusal::BadRequest(Vec::new()))?;
    Ok(queue.send(&sealed).await?)
}
