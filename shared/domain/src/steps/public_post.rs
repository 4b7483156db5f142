//! What every POST by somebody on the internet begins with: it is counted by the caller's address, and along with that
//! goes its first read, so that counting costs no trip.

use futures_util::join;

use crate::context::App;
use crate::model::limit::{Counter, PUBLIC_POSTS};
use crate::model::link::{Link, Purpose, parse_token};
use crate::model::refusal::{Failure, PortError};
use crate::ports::{Limits, Links};

/// Counts a POST from `peer` while `read` is under way; what was read, unless the address must wait.
pub async fn rate_limited<S: Limits, T>(
    app: &App<S>,
    peer: &str,
    read: impl Future<Output = Result<T, PortError>> + Send,
) -> Result<T, Failure> {
    let App { context, store } = app;
    let now = context.now();
    let posts = Counter::new(PUBLIC_POSTS, peer, now, &context.keyring);
    let (count, read) = join!(store.raise(&posts, 1), read);
    posts.check(count?, now)?;
    Ok(read?)
}

/// The same, where the first read is the link's of a token; none where it was no token of this purpose.
pub async fn rate_limited_link<S: Limits + Links>(
    app: &App<S>,
    peer: &str,
    token: &str,
    purpose: Purpose,
) -> Result<Option<Link>, Failure> {
    let App { context, store } = app;
    let read = async {
        match parse_token(token, purpose, &context.keyring) {
            Some(id) => store.link(id).await,
            None => Ok(None),
        }
    };
    rate_limited(app, peer, read).await
}

/// The same, where nothing is read.
pub async fn rate_limit<S: Limits>(app: &App<S>, peer: &str) -> Result<(), Failure> {
    rate_limited(app, peer, async { Ok(()) }).await
}
