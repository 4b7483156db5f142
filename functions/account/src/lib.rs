//! `account`: the pages of a signed-in person: what they may see, and what they may change.

mod demographics;
mod own_account;
mod pages;
mod representatives;

use portico_domain::model::ids::PracticeId;
use portico_domain::model::practice::Settings;
use portico_domain::model::refusal::Refusal;
use portico_domain::operations::holder::sign_in;
use portico_domain::ports::{
    Accounts, Chain, Commit, History, Limits, Links, Patients, Practices, Proposals, Sessions,
};
use portico_domain::steps::public_post::rate_limit;
use portico_domain::steps::signed_in::{Over, why_over};
use portico_web::{
    Answer, App, Draft, Frame, Inbound, Reject, dead_end, named_practice, see_other, session_ended,
};

/// What the operations behind these pages ask of the world.
pub trait Ports:
    Limits + Accounts + Practices + Patients + Links + Chain + History + Sessions + Proposals + Commit
{
}

impl<S> Ports for S where
    S: Limits + Accounts + Practices + Patients + Links + Chain + History + Sessions + Proposals + Commit
{
}

/// Answers a request.
pub async fn handle<S: Ports>(app: &App<S>, inbound: Inbound) -> Answer {
    match page(app, &inbound).await {
        Ok(answer) => answer,
        Err((frame, reject)) => dead_end(&inbound, frame, &reject),
    }
}

/// A page of the account, or why not, in the practice's frame once it is known.
async fn page<S: Ports>(app: &App<S>, inbound: &Inbound) -> Result<Answer, (Option<Frame>, Reject)> {
    let practice = named_practice(app, inbound).await.map_err(|reject| (None, reject))?;
    let settings = &practice.settings;
    let request =
        PracticeRequest { app, inbound, id: &practice.id, settings, frame: Frame::of(inbound, settings) };
    let action = inbound.action();
    if action.starts_with("POST ") {
        let counted = rate_limit(app, &inbound.peer).await;
        counted.map_err(|failure| (Some(request.frame.clone()), Reject::from(failure)))?;
    }
    let answer = match action.as_str() {
        "POST /{practice}/portal" => request.to_portal().await,
        own => request.own(own).await,
    };
    answer.map_err(|reject| (Some(request.frame), reject))
}

/// The page that a path leads to, or that a form of this path stands on, after the practice; `None` for the account's
/// first page.
fn page_of(path: &str) -> Option<&'static str> {
    let pages = ["password", "username", "email", "sessions", "representatives", "demographics"];
    let named = path.split('/').nth(3).filter(|_| path.split('/').nth(2) == Some("account"))?;
    pages.into_iter().find(|page| *page == named)
}

/// A request for a page of one practice.
struct PracticeRequest<'a, S> {
    app: &'a App<S>,
    inbound: &'a Inbound,
    id: &'a PracticeId,
    settings: &'a Settings,
    frame: Frame,
}

impl<S: Ports> PracticeRequest<'_, S> {
    async fn to_portal(&self) -> Result<Answer, Reject> {
        self.inbound.same_site(&self.app.context.base_url)?;
        let portal = self.settings.portal().ok_or(Refusal::NotFound)?;
        let token = self.inbound.session().ok_or(Refusal::Unauthorized)?;
        match sign_in::to_portal(self.app, self.id, token).await.map_err(Reject::from) {
            Ok(code) => Ok(see_other(&portal.with_code(&code))),
            Err(Reject::Refused(Refusal::Unauthorized)) if self.inbound.wants_page() => self.ended().await,
            Err(reject) => Err(reject),
        }
    }

    /// To the sign-in page, with word that the session is over. A form that came too late is kept, and the page that was
    /// asked for comes after the sign-in.
    async fn ended(&self) -> Result<Answer, Reject> {
        let context = &self.app.context;
        let over = match self.inbound.session() {
            Some(token) => why_over(self.app, self.id, token).await?,
            None => Over::Otherwise,
        };
        let draft = page_of(self.inbound.path()).and_then(|page| Draft::of(self.inbound, context, page));
        let holds_a_form = draft.as_ref().is_some_and(|draft| !draft.is_empty());
        let mut answer = session_ended(self.id, &self.frame, over, holds_a_form);
        if let Some(draft) = draft {
            draft.keep(&mut answer, context, self.id);
        }
        Ok(answer)
    }
}
