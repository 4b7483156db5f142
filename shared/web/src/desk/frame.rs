//! What every page of the Onboarding Tool has around its content, its stylesheet and script, and its error pages.

use std::sync::LazyLock;

use askama::Template;
use http::{HeaderValue, header};
use portico_domain::context::Context;
use portico_domain::keys::{digest, new_secret};
use portico_domain::model::person::Line;
use portico_domain::model::practice::{Scope, Settings};
use portico_domain::model::refusal::Refusal;
use portico_domain::steps::api_call::Caller;
use portico_domain::time::Timestamp;
use portico_messages::{Language, field_detail, problem_detail};

use crate::answer::{Answer, answer};
use crate::desk::said::Said;
use crate::desk::words::clock;
use crate::inbound::Inbound;
use crate::reject::Reject;

static CSS: &str = include_str!("../../templates/desk/desk.css");
static JS: &str = include_str!("../../templates/desk/desk.js");

/// The addresses of stylesheet and script. Each holds a digest of the content, so browsers may keep them for ever.
static CSS_NAME: LazyLock<String> = LazyLock::new(|| name_of(CSS, "css"));
static JS_NAME: LazyLock<String> = LazyLock::new(|| name_of(JS, "js"));

fn name_of(content: &str, kind: &str) -> String {
    let digest: String = digest(content.as_bytes()).chars().take(16).collect();
    format!("desk-{digest}.{kind}")
}

/// The stylesheet or the script, by name; `None` for any other name.
pub fn assets(name: &str) -> Option<Answer> {
    let (kind, content) = match name {
        name if name == *CSS_NAME => ("text/css; charset=utf-8", CSS),
        name if name == *JS_NAME => ("text/javascript; charset=utf-8", JS),
        _ => return None,
    };
    let mut answer = answer(200, kind, content.to_owned());
    let forever = HeaderValue::from_static("public, max-age=31536000, immutable");
    answer.headers_mut().insert(header::CACHE_CONTROL, forever);
    Some(answer)
}

/// A page of the navigation.
pub struct Place {
    /// Its path.
    pub path: &'static str,
    /// Its name.
    pub name: &'static str,
    /// Whether it is open now.
    pub here: bool,
}

/// The pages of the navigation, with the scope that each needs.
const PLACES: [(&str, &str, Scope); 9] = [
    ("/console", "Today", Scope::Report),
    ("/console/patients", "Patients", Scope::Report),
    ("/console/requests", "Requests", Scope::Invite),
    ("/console/changes", "Changes", Scope::ChartRead),
    ("/console/accounts", "Accounts", Scope::Accounts),
    ("/console/import", "Import", Scope::ChartWrite),
    ("/console/reports/electronic-access", "Reports", Scope::Report),
    ("/console/auto-invite", "Automatic", Scope::Report),
    ("/console/settings", "Settings", Scope::Settings),
];

/// What every page has around its content.
pub struct Desk {
    /// The practice's name.
    pub practice: String,
    /// The staff member, by name where it is known.
    pub actor: String,
    /// The application that opened the tool.
    pub client: String,
    /// When the window closes at the latest.
    pub closes_at: String,
    /// The navigation; empty on a page outside of a session.
    pub places: Vec<Place>,
    /// What the action before led to.
    pub said: Option<Said>,
    /// Makes a second click of any form of the page the same as the first.
    pub once: String,
    /// The path of this page, for forms to lead back to.
    pub here: String,
    /// The rights of the session.
    scopes: Vec<Scope>,
}

impl Desk {
    /// The frame of a page of a session.
    pub fn of(inbound: &Inbound, context: &Context, settings: &Settings, caller: &Caller) -> Self {
        let session = caller.session.as_ref();
        let name =
            session.and_then(|session| session.actor_name.as_ref().map(|name| Line::reveal(name).to_owned()));
        let actor = name.or_else(|| caller.actor.as_ref().map(ToString::to_string)).unwrap_or_default();
        let ends_at = session.map_or(Timestamp::from_millis(0), |session| session.ends_at);
        let query = inbound.query_without(&["said"]);
        let path = inbound.path();
        let may = |scope: Scope| caller.may(scope);
        let nearest =
            |place: &str| place == path || (place != "/console" && path.starts_with(&format!("{place}/")));
        let places = PLACES.iter().filter(|(_, _, scope)| may(*scope));
        Self {
            practice: settings.name.clone(),
            actor,
            client: caller.client.to_string(),
            closes_at: clock(ends_at, &settings.zone()),
            places: places.map(|(path, name, _)| Place { path, name, here: nearest(path) }).collect(),
            said: inbound.said(context, &caller.practice),
            once: new_secret(&*context.entropy).chars().take(24).collect(),
            here: if query.is_empty() { path.to_owned() } else { format!("{path}?{query}") },
            scopes: caller.scopes.clone(),
        }
    }

    /// The frame of a page outside of a session.
    pub fn outside(practice: &str) -> Self {
        Self {
            practice: practice.to_owned(),
            actor: String::new(),
            client: String::new(),
            closes_at: String::new(),
            places: Vec::new(),
            said: None,
            once: String::new(),
            here: String::new(),
            scopes: Vec::new(),
        }
    }

    /// The address of the stylesheet.
    #[expect(clippy::unused_self, reason = "the template reaches it through the frame")]
    pub fn css(&self) -> &'static str {
        CSS_NAME.as_str()
    }

    /// The address of the script.
    #[expect(clippy::unused_self, reason = "the template reaches it through the frame")]
    pub fn js(&self) -> &'static str {
        JS_NAME.as_str()
    }

    /// Whether the session may revoke access.
    pub fn may_revoke(&self) -> bool {
        self.scopes.contains(&Scope::Revoke)
    }

    /// Whether the session may invite.
    pub fn may_invite(&self) -> bool {
        self.scopes.contains(&Scope::Invite)
    }

    /// Whether the session may change charts.
    pub fn may_write(&self) -> bool {
        self.scopes.contains(&Scope::ChartWrite)
    }

    /// Whether the session may add patients who are not on file.
    pub fn may_add(&self) -> bool {
        self.may_write() && self.may_invite()
    }

    /// Whether the session may manage accounts.
    pub fn may_manage(&self) -> bool {
        self.scopes.contains(&Scope::Accounts)
    }

    /// What was said about this patient.
    pub fn said_of(&self, patient: &str) -> Option<&Said> {
        self.said.as_ref().filter(|said| said.patient.as_deref() == Some(patient))
    }

    /// What was said about nobody on this page: it stands on top.
    pub fn said_on_top(&self, shown: &[&str]) -> Option<&Said> {
        self.said
            .as_ref()
            .filter(|said| !said.patient.as_deref().is_some_and(|patient| shown.contains(&patient)))
    }
}

/// A page of the tool as an answer.
pub fn desk_page<T: Template>(status: u16, page: &T) -> Answer {
    let Ok(text) = page.render() else { return answer(500, "text/html; charset=utf-8", String::new()) };
    let mut answer = answer(status, "text/html; charset=utf-8", text);
    let policy = "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; connect-src 'self'; frame-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";
    let headers = answer.headers_mut();
    headers.insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(policy));
    headers.insert(header::CONTENT_LANGUAGE, HeaderValue::from_static("en"));
    answer
}

#[derive(Template)]
#[template(path = "desk/problem.html")]
struct ProblemPage {
    desk: Desk,
    title: &'static str,
    text: String,
    faults: Vec<(String, &'static str)>,
    request_id: Option<String>,
}

/// A refusal as a page of the tool.
pub fn desk_problem(inbound: &Inbound, reject: &Reject) -> Answer {
    let status = reject.status();
    let mut faults = Vec::new();
    let (title, text) = match reject {
        Reject::ForeignForm => ("This came from another site", "Nothing was done.".to_owned()),
        Reject::Refused(Refusal::Unauthorized) => (
            "This window is closed",
            "It closes after 15 minutes without a click, after 8 hours, or when your EHR closes it. Open Portico again from your EHR.".to_owned(),
        ),
        Reject::Refused(Refusal::LinkUnavailable) => (
            "This link is over",
            "It was used, or is older than a minute. Open Portico again from your EHR.".to_owned(),
        ),
        Reject::Refused(Refusal::Forbidden) => (
            "This window may not do that",
            "The application that opened it has no right to. Open Portico from the EHR.".to_owned(),
        ),
        Reject::Refused(Refusal::NotFound) => (
            "Nothing here",
            "The patient may have another chart id. Look for the name instead.".to_owned(),
        ),
        Reject::Refused(Refusal::BadRequest(found)) => {
            let named = |pointer: &str| pointer.trim_start_matches('/').replace('_', " ");
            faults = found.iter().map(|fault| (named(&fault.pointer), field_detail(fault.code, Language::English))).collect();
            ("There is a problem", String::new())
        }
        Reject::Refused(Refusal::TooManyRequests(seconds)) => {
            ("Too fast", format!("Wait {seconds} seconds. Nothing was done."))
        }
        Reject::Unavailable => ("We can't reach our records", "Nothing was lost. Try again.".to_owned()),
        Reject::Broken(_) => ("Something is broken", "Nothing was lost. Tell us the number below.".to_owned()),
        Reject::Refused(_) | Reject::TooLarge | Reject::UnsupportedType => {
            ("That did not work", problem_detail(reject.code(), Language::English).to_owned())
        }
    };
    let request_id = (status >= 500).then(|| inbound.request_id.clone());
    let page = ProblemPage { desk: Desk::outside(""), title, text, faults, request_id };
    let mut answer = desk_page(status, &page);
    reject.mark(&mut answer);
    answer
}
