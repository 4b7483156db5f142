//! Counts a public POST against the limit of its IP address. The operation's first read runs at the same time,
//! so the limit adds no round trip. `verify` and `authenticate` raise the same counter beside several reads.

use futures_util::join;

use crate::context::App;
use crate::model::limit::{Counter, PUBLIC_POSTS};
use crate::model::link::{Link, Purpose, parse_token};
use crate::model::refusal::{Failure, PortError};
use crate::ports::{Limits, Links};

/// Counts this POST against `peer`'s limit while `read` runs. Returns what was read, or `TooManyRequests` if
/// the limit is reached.
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

/// Counts this POST while the link of a token is read. `None` if the token is not one of this purpose, or the
/// link does not exist.
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

/// Counts this POST without a read.
pub async fn rate_limit<S: Limits>(app: &App<S>, peer: &str) -> Result<(), Failure> {
    rate_limited(app, peer, async { Ok(()) }).await
}
