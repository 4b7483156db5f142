//! Forms of the Onboarding Tool: how they are read, and how their answer leads back.

use portico_domain::context::Context;
use portico_domain::keys::digest;
use portico_domain::model::console::presented;
use portico_domain::model::ids::PracticeId;
use portico_domain::model::practice::PresentedKey;
use portico_domain::model::refusal::{Failure, Refusal};
use portico_domain::steps::api_call::{ApiCall, IdempotencyKey};
use portico_messages::{Language, problem_detail, reason_detail};
use serde::Deserialize;
use serde::de::DeserializeOwned;

use crate::answer::Answer;
use crate::cookie::CONSOLE;
use crate::desk::frame::desk_problem;
use crate::desk::said::{Said, binding};
use crate::inbound::Inbound;
use crate::page::html::see_other;
use crate::reject::Reject;

/// The fields that every form may have, besides its own.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Back {
    /// The page that the form came from, a path of the tool.
    pub to: Option<String>,
    /// The version of the patient's record that the page showed.
    pub seen: Option<u64>,
}

/// A form that is a button alone: it has no fields of its own.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NoFields {}

impl Inbound {
    /// The call of a browser with the tool's cookie. A form of another site is refused, and so is a request without
    /// the cookie. A form's field `once` makes a second click the same as the first.
    pub fn desk(&self, context: &Context) -> Result<ApiCall, Reject> {
        let is_form = !self.action().starts_with("GET ");
        if is_form {
            self.same_site(&context.base_url)?;
        }
        let key = self.cookie(CONSOLE).and_then(presented);
        let key: PresentedKey = key.ok_or(Refusal::Unauthorized)?;
        let once = if is_form { self.form_value("once") } else { None };
        let once = once.filter(|once| (8..=64).contains(&once.len()));
        let idempotency_key = once.map(|once| IdempotencyKey {
            key: format!("{once} {}", self.path()),
            request: digest(&[self.path().as_bytes(), self.body_bytes()].join(&0)),
        });
        Ok(ApiCall { key, actor: None, idempotency_key })
    }

    /// A form's own fields, without those that every form has.
    pub fn desk_form<T: DeserializeOwned>(&self) -> Result<(T, Back), Reject> {
        let form = self.form_without(&["once", "return", "seen", "asked"])?;
        Ok((form, self.desk_back()))
    }

    /// The fields that every form has, of a form whose own fields come more than once.
    pub fn desk_back(&self) -> Back {
        let to = self.form_value("return").filter(|to| is_ours(to));
        let seen = self.form_value("seen").and_then(|seen| seen.parse().ok());
        Back { to, seen }
    }
}

/// Whether a path leads to a page of the tool, and nowhere else.
fn is_ours(path: &str) -> bool {
    let inside = path == "/console" || path.starts_with("/console?") || path.starts_with("/console/");
    inside && path.len() <= 2000 && !path.contains("//") && path.bytes().all(|b| b.is_ascii_graphic())
}

/// Leads back to the page that a form came from, or to `otherwise`, and says what happened.
pub fn back(context: &Context, practice: &PracticeId, form: &Back, otherwise: &str, said: &Said) -> Answer {
    let to = form.to.as_deref().unwrap_or(otherwise);
    // What an earlier action led to is not said again.
    let (path, query) = to.split_once('?').unwrap_or((to, ""));
    let kept: Vec<&str> =
        query.split('&').filter(|pair| !pair.is_empty() && !pair.starts_with("said=")).collect();
    let sealed = context.keyring.seal_json(&binding(practice), said, &*context.entropy);
    let said = format!("said={sealed}");
    let query: Vec<&str> = kept.into_iter().chain([said.as_str()]).collect();
    see_other(&format!("{path}?{}", query.join("&")))
}

/// Leads back after a refusal that the page can say; any other becomes a page of its own.
pub fn refused(
    inbound: &Inbound,
    context: &Context,
    practice: &PracticeId,
    form: &Back,
    patient: &str,
    failure: Failure,
) -> Answer {
    match not_done_because(&failure) {
        Some(text) => {
            let otherwise = format!("/console/patients/{patient}");
            back(context, practice, form, &otherwise, &Said::not_done(patient, text))
        }
        None => desk_problem(inbound, &failure.into()),
    }
}

/// Why something was refused, in a sentence for staff; `None` where a page of its own says it.
pub fn not_done_because(failure: &Failure) -> Option<String> {
    match failure {
        Failure::Refused(Refusal::NotEligible(reasons)) => {
            let sentences: Vec<&str> =
                reasons.iter().filter_map(|reason| reason_detail(reason.code(), Language::English)).collect();
            Some(sentences.join(" "))
        }
        Failure::Refused(Refusal::Conflict(why)) => {
            let why = reason_detail(why, Language::English);
            Some(why.unwrap_or_else(|| problem_detail("conflict", Language::English)).to_owned())
        }
        Failure::Refused(Refusal::TooManyRequests(seconds)) => {
            Some(format!("Too fast. Wait {seconds} seconds. Nothing was done."))
        }
        Failure::Refused(_) | Failure::Unavailable | Failure::Broken(_) => None,
    }
}
