//! Opens a link by the ticket that its visitor holds.

use crate::context::App;
use crate::model::ids::LinkId;
use crate::model::link::{Link, Role};
use crate::model::refusal::{Failure, Refusal};
use crate::ports::Links;

/// The link of a visitor who holds this ticket, and as whom the ticket lets them finish. `None` if the ticket no longer
/// works while the link does: then the visitor starts again. Refuses with `LinkUnavailable` if neither works.
pub(crate) async fn link_with_ticket<S: Links>(
    app: &App<S>,
    id: LinkId,
    ticket: &str,
) -> Result<Option<(Link, Role)>, Failure> {
    let now = app.context.now();
    let link = app.store.link(id).await?.ok_or(Refusal::LinkUnavailable)?;
    match link.honours(ticket, now).map(|ticket| ticket.role) {
        Some(role) => Ok(Some((link, role))),
        None if link.is_open(now) => Ok(None),
        None => Err(Refusal::LinkUnavailable.into()),
    }
}
