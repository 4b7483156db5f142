//! What the pages of one practice have in common: the practice that the address names, and the way back to sign-in.

use portico_domain::model::ids::PracticeId;
use portico_domain::model::practice::Practice;
use portico_domain::model::refusal::{Failure, Refusal};
use portico_domain::ports::Practices;

use crate::answer::Answer;
use crate::cookie::clear_session;
use crate::inbound::Inbound;
use crate::page::frame::Frame;
use crate::page::html::see_other;
use crate::reject::Reject;
use portico_domain::context::App;
use portico_domain::steps::signed_in::Over;

/// The practice that the request's address names. Refuses with `404` where there is none.
pub async fn named_practice<S: Practices>(app: &App<S>, inbound: &Inbound) -> Result<Practice, Reject> {
    let id = PracticeId::parse(inbound.param("practice")).map_err(|_| Refusal::NotFound)?;
    let found = app.store.practice(&id).await.map_err(Failure::from)?;
    Ok(found.ok_or(Refusal::NotFound)?)
}

/// Leads to the sign-in page, which says why the session opens nothing any more, and that what was typed is kept, if it is;
/// and takes the session's cookie back.
pub fn session_ended(practice: &PracticeId, frame: &Frame, over: Over, is_kept: bool) -> Answer {
    let kept = if is_kept { "-kept" } else { "" };
    let why = match over {
        Over::Time => "session-ended",
        Over::Access => "access-ended",
        Over::Otherwise => "sign-in",
    };
    let mut answer = see_other(&format!("/{practice}?lang={}&note={why}{kept}", frame.lang()));
    clear_session(&mut answer);
    answer
}
