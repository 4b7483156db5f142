//! Addresses that belong to no page: typed by a person, cut off, or the target of a form. They lead to the right page, or
//! to one that says the way on.

use portico_domain::model::ids::PracticeId;
use portico_domain::model::refusal::{Failure, Refusal};
use portico_domain::ports::Practices;
use portico_web::{Answer, App, Frame, Inbound, Language, Reject, dead_end, may_be_token, notice, see_other};

/// The pages of a practice, the longer addresses first.
const PAGES: [&str; 12] = [
    "account/representatives",
    "account/demographics",
    "account/sessions",
    "account/username",
    "account/password",
    "account/email",
    "forgot-password",
    "forgot-username",
    "ask-for-access",
    "sign-up",
    "account",
    "sent",
];

/// Answers a GET of an address that no route has.
pub async fn elsewhere<S: Practices>(app: &App<S>, inbound: &Inbound) -> Answer {
    if !inbound.wants_page() {
        return dead_end(inbound, None, &Refusal::NotFound.into());
    }
    let parts: Vec<&str> = inbound.path().split('/').filter(|part| !part.is_empty()).collect();
    match parts.as_slice() {
        [] => {
            let frame = Frame::nameless(inbound);
            let words = &frame.text.dead_end;
            notice(200, &frame, words.root_title, words.root)
        }
        // The target of a form of a link's page, or a link with a slash too many.
        [kind @ ("i" | "r" | "u"), token, ..] if may_be_token(token) => {
            to(inbound, &format!("/{kind}/{token}"))
        }
        ["console" | "v1" | "i" | "r" | "u", ..] => dead_end(inbound, None, &Refusal::NotFound.into()),
        [practice, rest @ ..] => match practice_page(app, inbound, practice, rest).await {
            Ok(answer) => answer,
            Err(reject) => dead_end(inbound, None, &reject),
        },
    }
}

/// The page of a practice that is meant, whatever the capital letters, with a slash too many or more after the page's
/// address.
async fn practice_page<S: Practices>(
    app: &App<S>,
    inbound: &Inbound,
    practice: &str,
    rest: &[&str],
) -> Result<Answer, Reject> {
    let id = PracticeId::parse(&practice.to_lowercase()).map_err(|_| Refusal::NotFound)?;
    let found = app.store.practice(&id).await.map_err(Failure::from)?.ok_or(Refusal::NotFound)?;
    let rest = rest.join("/").to_lowercase();
    if rest.is_empty() || matches!(rest.as_str(), "sign-in" | "sign-out" | "portal") {
        return Ok(to(inbound, &format!("/{id}")));
    }
    let begins =
        |page: &&str| rest.strip_prefix(page).is_some_and(|after| after.is_empty() || after.starts_with('/'));
    if let Some(page) = PAGES.iter().find(|page| begins(page)) {
        return Ok(to(inbound, &format!("/{id}/{page}")));
    }
    Ok(dead_end(inbound, Some(Frame::of(inbound, &found.settings)), &Refusal::NotFound.into()))
}

fn to(inbound: &Inbound, path: &str) -> Answer {
    let language = inbound.query("lang").and_then(Language::from_tag);
    see_other(&language.map_or_else(|| path.to_owned(), |language| format!("{path}?lang={}", language.tag())))
}
