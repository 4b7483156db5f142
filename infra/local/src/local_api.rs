//! The routes under `/_local` that only the local service has: a guide to start with, the clock, the mailbox,
//! the table, the costs.

use std::io;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use askama::Template;
use axum::extract::{Path, Query, State};
use axum::http::{HeaderName, StatusCode, header};
use axum::response::{Html, IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use dynoxide::Database;
use futures_util::future::BoxFuture;
use portico_domain::model::practice::Consent;
use portico_domain::time::{Clock, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::aftermath::Aftermath;
use crate::capture::{Capture, Channel, Message};
use crate::clock::LocalClock;
use crate::feedback::Feedback;
use crate::invoke::Invoker;
use crate::meter::Meter;
use crate::queue::Queues;
use crate::{engine, feedback, guard};

/// How long a request for messages waits for work that is still running.
const PATIENCE: Duration = Duration::from_secs(2);

/// Creates a new link into the Onboarding Tool; each link opens once, within a minute.
pub type ConsoleLink = Arc<dyn Fn() -> BoxFuture<'static, Option<String>> + Send + Sync>;

/// A practice and its API keys.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Practice {
    /// The practice's short name.
    pub practice: String,
    pub keys: Keys,
}

/// One API key for each preset of scopes.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Keys {
    /// All scopes.
    pub ehr: String,
    /// All scopes but revoking, accounts, settings and audit.
    pub scheduling: String,
    /// Only the scope for sessions.
    pub portal: String,
}

/// The content of `GET /_local`, for somebody who starts here.
#[derive(Clone, Default)]
pub struct Guide {
    /// The demonstration practices; start with the first.
    pub practices: Vec<Practice>,
    /// Creates a link to the Onboarding Tool; `None` without a practice.
    pub console_link: Option<ConsoleLink>,
    /// Patients of the first practice, to try things with.
    pub samples: Vec<Sample>,
}

/// A sample patient.
#[derive(Clone, Debug)]
pub struct Sample {
    /// The patient's id.
    pub id: String,
    /// The name as sentences say it.
    pub name: String,
    /// The birth date, `YYYY-MM-DD`.
    pub born: String,
}

/// The state of these routes.
#[derive(Clone)]
pub(crate) struct LocalApi {
    pub(crate) capture: Capture,
    pub(crate) clock: Arc<LocalClock>,
    pub(crate) db: Option<Database>,
    pub(crate) guide: Arc<RwLock<Guide>>,
    pub(crate) meter: Meter,
    pub(crate) aftermath: Aftermath,
    pub(crate) queues: Queues,
    pub(crate) invoker: Invoker,
}

pub(crate) fn router<S: Clone + Send + Sync + 'static>(api: LocalApi) -> Router<S> {
    Router::new()
        .route("/", get(home))
        .route("/_local", get(introduce))
        .route("/_local/console", get(open_console))
        .route("/_local/clock", get(time).post(move_clock))
        .route("/_local/messages", get(messages).delete(forget_messages))
        .route("/_local/mailbox", get(mailbox))
        .route("/_local/mailbox/{id}", get(letter))
        .route("/_local/feedback", post(report))
        .route("/_local/sweep", post(sweep))
        .route("/_local/operator", post(allow))
        .route("/_local/events", get(events))
        .route("/_local/items", get(items))
        .route("/_local/costs", get(costs).delete(forget_costs))
        .route_layer(axum::middleware::from_fn(guard::own_pages))
        .with_state(api)
}

async fn introduce(State(api): State<LocalApi>) -> Response {
    let guide = api.guide.read().unwrap_or_else(PoisonError::into_inner).clone();
    let console_url = match &guide.console_link {
        Some(link) => link().await,
        None => None,
    };
    Json(json!({
        "practice": guide.practices.first().map(|practice| &practice.practice),
        "practices": guide.practices,
        "now": api.clock.now().to_string(),
        "console_url": console_url,
    }))
    .into_response()
}

/// The first page: where to start.
#[derive(Template)]
#[template(path = "home.html")]
struct Home {
    practices: Vec<Practice>,
    samples: Vec<Sample>,
    now: String,
}

async fn home(State(api): State<LocalApi>) -> Response {
    let guide = api.guide.read().unwrap_or_else(PoisonError::into_inner).clone();
    let home = Home { practices: guide.practices, samples: guide.samples, now: api.clock.now().to_string() };
    home.render().map_or_else(|error| failed(io::Error::other(error)), |page| Html(page).into_response())
}

/// Leads to a new link into the Onboarding Tool, as an EHR's button does.
async fn open_console(State(api): State<LocalApi>) -> Response {
    let link = api.guide.read().unwrap_or_else(PoisonError::into_inner).console_link.clone();
    let url = match link {
        Some(link) => link().await,
        None => None,
    };
    url.map_or_else(
        || failed(io::Error::other("no link into the Onboarding Tool was made")),
        |url| (StatusCode::SEE_OTHER, [(header::LOCATION, url)]).into_response(),
    )
}

// --- the clock ---

#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
enum Move {
    AdvanceSeconds(i64),
    Set(String),
}

async fn time(State(api): State<LocalApi>) -> Response {
    Json(json!({"now": api.clock.now().to_string()})).into_response()
}

/// Moves the clock. What was written before is followed up first: it happened before.
async fn move_clock(State(api): State<LocalApi>, body: String) -> Response {
    tokio::time::timeout(PATIENCE, api.aftermath.over()).await.ok();
    let moved = match serde_json::from_str(&body) {
        Ok(Move::AdvanceSeconds(seconds)) => api.clock.advance(seconds),
        Ok(Move::Set(to)) => match to.parse::<Timestamp>() {
            Ok(to) => api.clock.set(to),
            Err(_) => return bad_request("`set` is not a time in RFC 3339."),
        },
        Err(_) => {
            return bad_request("Send {\"advance_seconds\": n} or {\"set\": \"2030-01-01T12:00:00Z\"}.");
        }
    };
    moved.map_or_else(failed, |now| Json(json!({"now": now.to_string()})).into_response())
}

// --- messages ---

#[derive(Default, Deserialize)]
struct Wanted {
    to: Option<String>,
    after: Option<String>,
}

impl LocalApi {
    /// The messages, after waiting for work that is still running.
    async fn messages(&self, wanted: &Wanted) -> Vec<Message> {
        // If the wait ends first, the messages that are there by then are the answer.
        tokio::time::timeout(PATIENCE, self.aftermath.over()).await.ok();
        self.capture.messages(wanted.recipient().as_deref(), wanted.after.as_deref())
    }
}

impl Wanted {
    /// An unencoded plus sign arrives as a space. Neither an address nor a number contains a space.
    fn recipient(&self) -> Option<String> {
        self.to.as_ref().map(|to| to.replace(' ', "+")).filter(|to| !to.is_empty())
    }
}

async fn messages(State(api): State<LocalApi>, Query(wanted): Query<Wanted>) -> Response {
    Json(json!({"messages": api.messages(&wanted).await})).into_response()
}

async fn forget_messages(State(api): State<LocalApi>) -> Response {
    api.capture.clear().map_or_else(failed, |()| StatusCode::NO_CONTENT.into_response())
}

// --- provider feedback, and events for other systems ---

/// Simulates a provider's report about a message, or a reply from a number. Answers once it was handled.
async fn report(State(api): State<LocalApi>, body: String) -> Response {
    let Ok(said) = serde_json::from_str::<Feedback>(&body) else {
        return bad_request(
            "Send {\"message_id\": …, \"type\": \"delivery\", \"bounce\", \"transient_bounce\" or \"complaint\"} or {\"phone\": …, \"type\": \"stop\" or \"start\"}.",
        );
    };
    // Wait first: the sender must have saved the provider's id before a report can arrive.
    tokio::time::timeout(PATIENCE, api.aftermath.over()).await.ok();
    let Some(sent) = feedback::told(&said, &api.capture, api.clock.now()) else {
        return (
            StatusCode::NOT_FOUND,
            "There is no such message, or nobody reports that of one of its kind.",
        )
            .into_response();
    };
    match feedback::hand_over(sent, &api.queues, &api.invoker).await {
        Ok(()) => {
            tokio::time::timeout(PATIENCE, api.aftermath.over()).await.ok();
            Json(json!({})).into_response()
        }
        Err(error) => failed(error),
    }
}

/// Runs the schedule of automatic invitations until no run has work left, or none of them moves: planner, workers and
/// sender. What was written before is followed up first, so that the planner sees what it makes due.
async fn sweep(State(api): State<LocalApi>) -> Response {
    tokio::time::timeout(PATIENCE, api.aftermath.over()).await.ok();
    let mut before = Value::Null;
    loop {
        let planned = match api.invoker.call("auto-invite", "planner", json!({})).await {
            Ok(planned) => planned,
            Err(error) => return failed(io::Error::other(error)),
        };
        let waited = tokio::time::timeout(PATIENCE, api.aftermath.over()).await;
        let runs = planned["runs"].as_array();
        let is_over = runs.is_none_or(|runs| runs.iter().all(|run| run["finished_at"].is_string()));
        // A message to a worker that is lost is sent again later.
        let is_stuck = waited.is_ok() && planned["runs"] == before;
        before = planned["runs"].clone();
        if is_over || is_stuck {
            // Automatic messages are sent by the schedule alone.
            if let Err(error) = api.invoker.call("deliver", "overdue", json!({})).await {
                return failed(io::Error::other(error));
            }
            return Json(json!({"runs": planned["runs"]})).into_response();
        }
    }
}

// --- the operator ---

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Allowed {
    practice: String,
    allow: Vec<Consent>,
}

/// Replaces the list of what the operator allows a practice, as an operator does with `enroll-practice`.
async fn allow(State(api): State<LocalApi>, body: String) -> Response {
    let Ok(Allowed { practice, allow }) = serde_json::from_str(&body) else {
        return bad_request(
            "Send {\"practice\": …, \"allow\": […]} with any of link_only, security_question, five_digit_codes, short_passwords.",
        );
    };
    let event = json!({"action": "allow", "practice": practice, "allow": allow});
    match api.invoker.call("enroll-practice", "invoke", event).await {
        Ok(answer) if answer["error"] == portico_enroll_practice::NOT_FOUND => not_found(),
        Ok(answer) if answer["error"].is_string() => {
            bad_request(answer["error"].as_str().unwrap_or_default())
        }
        Ok(answer) => Json(answer).into_response(),
        Err(error) => failed(io::Error::other(error)),
    }
}

async fn events(State(api): State<LocalApi>) -> Response {
    tokio::time::timeout(PATIENCE, api.aftermath.over()).await.ok();
    Json(json!({"events": api.capture.events()})).into_response()
}

// --- the mailbox page ---

#[derive(Template)]
#[template(path = "mailbox.html")]
struct MailboxPage {
    to: String,
    letters: Vec<Letter>,
}

#[derive(Template)]
#[template(path = "letter.html")]
struct LetterPage {
    letter: Letter,
}

/// A message in the form that pages show.
struct Letter {
    message: Message,
    pieces: Vec<Piece>,
}

/// Plain text, or a link within it.
#[derive(Debug, PartialEq, Eq)]
enum Piece {
    Text(String),
    Link(String),
}

impl Letter {
    fn new(message: Message) -> Self {
        Self { pieces: pieces(&message.text), message }
    }

    fn is_email(&self) -> bool {
        self.message.channel == Channel::Email
    }

    /// The name of the channel, for a reader.
    fn kind(&self) -> &'static str {
        match self.message.channel {
            Channel::Email => "E-mail",
            Channel::Sms => "Text",
            Channel::Voice => "Call",
        }
    }

    fn title(&self) -> &str {
        self.message.subject.as_deref().unwrap_or_default()
    }

    /// When the message was sent, to the second.
    fn when(&self) -> String {
        let to_the_second = self.message.at.get(..19).unwrap_or(&self.message.at);
        to_the_second.replace('T', " ") + " UTC"
    }

    /// The start of the e-mail, after its heading and greeting.
    fn begins(&self) -> String {
        let lines = self.message.text.lines().filter(|line| !line.is_empty()).skip(2);
        lines.collect::<Vec<_>>().join(" ").chars().take(160).collect()
    }

    /// The e-mail's HTML; its links open in the whole window instead of the frame.
    fn framed(&self) -> Option<String> {
        let html = self.message.html.as_ref()?;
        let base = "<base target=\"_top\">";
        Some(match html.find("<head>") {
            Some(start) => html.split_at(start + "<head>".len()),
            None => ("", html.as_str()),
        })
        .map(|(before, after)| format!("{before}{base}{after}"))
    }
}

/// Splits text at its links. A full stop or bracket at the end of a link belongs to the sentence.
fn pieces(text: &str) -> Vec<Piece> {
    let mut pieces = Vec::new();
    let mut rest = text;
    while let Some(start) = rest.find("https://").into_iter().chain(rest.find("http://")).min() {
        let (before, from) = rest.split_at(start);
        let end = from.find(char::is_whitespace).unwrap_or(from.len());
        let link = from.split_at(end).0.trim_end_matches(['.', ',', ')', '!', '?', '>', '"']);
        if !before.is_empty() {
            pieces.push(Piece::Text(before.to_owned()));
        }
        pieces.push(Piece::Link(link.to_owned()));
        rest = from.split_at(link.len()).1;
    }
    if !rest.is_empty() {
        pieces.push(Piece::Text(rest.to_owned()));
    }
    pieces
}

async fn mailbox(State(api): State<LocalApi>, Query(wanted): Query<Wanted>) -> Response {
    let letters = api.messages(&wanted).await.into_iter().rev().map(Letter::new).collect();
    page(&MailboxPage { to: wanted.recipient().unwrap_or_default(), letters })
}

async fn letter(State(api): State<LocalApi>, Path(id): Path<String>) -> Response {
    match api.capture.message(&id) {
        Some(message) => page(&LetterPage { letter: Letter::new(message) }),
        None => (StatusCode::NOT_FOUND, "There is no such message.").into_response(),
    }
}

fn page(template: &impl Template) -> Response {
    // A framed e-mail inherits this policy: its own styles and inline images work, and nothing else loads
    // or runs.
    let policy =
        "default-src 'none'; style-src 'unsafe-inline'; img-src data:; frame-src 'self'; form-action 'self'";
    let headers: [(HeaderName, &str); 3] = [
        (header::CONTENT_SECURITY_POLICY, policy),
        (header::REFERRER_POLICY, "no-referrer"),
        (header::CACHE_CONTROL, "no-store"),
    ];
    template.render().map_or_else(failed, |html| (headers, Html(html)).into_response())
}

// --- the table and what it costs ---

async fn items(State(api): State<LocalApi>) -> Response {
    let Some(db) = &api.db else {
        return (StatusCode::NOT_IMPLEMENTED, "The table is at another endpoint.").into_response();
    };
    let lines = engine::items(db).and_then(|items| {
        let lines = items.iter().map(|item| Ok(serde_json::to_string(item)? + "\n"));
        lines.collect::<Result<String, engine::EngineError>>()
    });
    lines.map_or_else(failed, |lines| {
        ([(header::CONTENT_TYPE, "application/x-ndjson")], lines).into_response()
    })
}

async fn costs(State(api): State<LocalApi>) -> Json<Value> {
    Json(json!({"operations": api.meter.costs()}))
}

async fn forget_costs(State(api): State<LocalApi>) -> StatusCode {
    api.meter.reset();
    StatusCode::NO_CONTENT
}

fn bad_request(detail: &str) -> Response {
    problem(StatusCode::BAD_REQUEST, "Bad Request", "bad_request", detail)
}

fn not_found() -> Response {
    problem(StatusCode::NOT_FOUND, "Not Found", "not_found", "There is no such practice.")
}

fn problem(status: StatusCode, title: &str, code: &str, detail: &str) -> Response {
    let body = json!({
        "type": "about:blank", "title": title, "status": status.as_u16(), "code": code, "detail": detail,
    });
    (status, [(header::CONTENT_TYPE, "application/problem+json")], body.to_string()).into_response()
}

fn failed(error: impl std::error::Error) -> Response {
    tracing::error!(%error, "the local service");
    StatusCode::INTERNAL_SERVER_ERROR.into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn get_text(url: String) -> String {
        reqwest::get(url).await.unwrap().error_for_status().unwrap().text().await.unwrap()
    }

    #[test]
    fn links_in_a_text_are_found_without_the_full_stop() {
        let link = |text: &str| Piece::Link(text.to_owned());
        let text = |text: &str| Piece::Text(text.to_owned());
        assert_eq!(
            pieces("Go to http://a/i/x. Or (https://b)"),
            [text("Go to "), link("http://a/i/x"), text(". Or ("), link("https://b"), text(")")]
        );
        assert_eq!(pieces("plain"), [text("plain")]);
    }

    #[tokio::test]
    async fn the_clock_moves_and_says_what_it_did() {
        let running = crate::service::tests::empty().await;
        let url = format!("{}/_local/clock", running.base_url);
        let post = async |body: Value| {
            let answer = reqwest::Client::new().post(&url).json(&body).send().await.unwrap();
            (answer.status().as_u16(), answer.json::<Value>().await.unwrap())
        };
        let (status, set) = post(json!({"set": "2031-02-03T04:05:06+00:00"})).await;
        assert!(status == 200 && set["now"].as_str().unwrap().starts_with("2031-02-03T04:05:06"), "{set}");
        let (_, advanced) = post(json!({"advance_seconds": 60})).await;
        assert!(advanced["now"].as_str().unwrap().starts_with("2031-02-03T04:06:0"), "{advanced}");
        assert_eq!(post(json!({"set": "soon"})).await.0, 400);
        assert_eq!(post(json!({})).await.0, 400);
    }

    #[tokio::test]
    async fn the_mailbox_shows_a_message_as_a_person_reads_it() {
        let running = crate::service::tests::empty().await;
        let http = reqwest::Client::new();
        let email = json!({
            "FromEmailAddress": "a@example.com", "Destination": {"ToAddresses": ["i@example.com"]},
            "Content": {"Simple": {"Subject": {"Data": "<b>Hola</b>"}, "Body": {
                "Text": {"Data": "Open http://x/i/t now"}, "Html": {"Data": "<html><head></head><p id=\"q\">Hola"},
            }}},
        });
        let url = format!("{}/v2/email/outbound-emails", running.capture_url);
        let id =
            http.post(url).json(&email).send().await.unwrap().json::<Value>().await.unwrap()["MessageId"]
                .clone();
        let text =
            [("Action", "Publish"), ("PhoneNumber", "+12025550101"), ("Message", "Code 1. http://x/i/t")];
        http.post(&running.capture_url).form(&text).send().await.unwrap();

        let list = get_text(format!("{}/_local/mailbox", running.base_url)).await;
        assert!(list.contains("&#60;b&#62;Hola") && list.contains("<a href=\"http://x/i/t\""), "{list}");
        let only = get_text(format!("{}/_local/mailbox?to=+12025550101", running.base_url)).await;
        assert!(only.contains("Code 1") && !only.contains("Hola"), "{only}");
        let letter = get_text(format!("{}/_local/mailbox/{}", running.base_url, id.as_str().unwrap())).await;
        assert!(letter.contains("sandbox=\"allow-popups allow-top-navigation-by-user-activation\""));
        assert!(letter.contains("&#60;head&#62;&#60;base target=&#34;_top&#34;&#62;"), "{letter}");

        let to = format!("{}/_local/messages?to=%2B12025550101", running.base_url);
        let found: Value = serde_json::from_str(&get_text(to).await).unwrap();
        assert_eq!(found["messages"][0]["channel"], "sms");
        assert_eq!(found["messages"].as_array().unwrap().len(), 1);
    }

    #[tokio::test]
    async fn the_table_is_shown_line_by_line() {
        let running = crate::service::tests::empty().await;
        for key in ["a", "b"] {
            let put = json!({"TableName": "portico", "Item": {"pk": {"S": key}, "sk": {"S": "x"}}});
            running.db.as_ref().unwrap().put_item(serde_json::from_value(put).unwrap()).unwrap();
        }
        let lines = get_text(format!("{}/_local/items", running.base_url)).await;
        let keys: Vec<Value> =
            lines.lines().map(|line| serde_json::from_str::<Value>(line).unwrap()["pk"].clone()).collect();
        assert_eq!(keys.len(), 2);
        assert!(keys.contains(&json!({"S": "a"})));
    }
}
