//! The whole service in memory for tests and benches: a [`World`] has two practices, a clock that moves, and
//! a method for each thing that people do: invite, open, verify, register, sign in, revoke.
//!
//! A method whose step must succeed for a test to make sense panics with the answer. What a test is about, it
//! asserts itself.
#![expect(
    clippy::panic,
    clippy::expect_used,
    clippy::missing_panics_doc,
    reason = "a test that can't go on should say so"
)]
#![warn(missing_docs)]

mod browser;
pub mod contract;
pub mod log;

use std::net::SocketAddr;

use portico_domain::keys::HashCost;
use portico_local::demo::{Demo, start_demo};
use portico_local::{Capture, Config, Keys, Meter, Running};
use reqwest::{Client, Method, Request, RequestBuilder};
use serde_json::{Value, json};

use crate::contract::{Sent, contract};

pub use crate::browser::Browser;

/// A password that meets every rule.
pub const PASSWORD: &str = "plum trellis seven";

/// An HTTP answer with its whole body.
#[derive(Clone, Debug)]
pub struct Answer {
    /// The HTTP status.
    pub status: u16,
    /// Headers by their lower-case names; repeated ones are joined by a line break.
    pub headers: Vec<(String, String)>,
    /// The body as text.
    pub text: String,
}

impl Answer {
    /// The body as JSON; null if it is not JSON.
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_default()
    }

    /// A header's value, empty if there is none.
    pub fn header(&self, name: &str) -> &str {
        self.headers.iter().find(|(known, _)| known == name).map_or("", |(_, value)| value)
    }

    /// The text at a JSON pointer, empty if there is none.
    pub fn str(&self, pointer: &str) -> String {
        self.json().pointer(pointer).and_then(Value::as_str).unwrap_or_default().to_owned()
    }

    /// The code of a problem, empty if the answer is no problem.
    pub fn code(&self) -> String {
        self.str("/code")
    }

    /// Fails the test unless the answer has this status.
    pub fn expect(&self, status: u16) {
        assert!(self.status == status, "expected {status}, got {}: {}", self.status, self.text);
    }

    /// Fails the test unless the answer has this status, and returns the answer.
    #[must_use = "use `expect` where the answer is not needed"]
    pub fn expect_and(self, status: u16) -> Self {
        self.expect(status);
        self
    }
}

/// A message that was sent.
#[derive(Clone, Debug)]
pub struct Mail {
    /// The whole record of the mailbox.
    pub record: Value,
}

impl Mail {
    /// A member of the record as text, empty if there is none.
    pub fn get(&self, name: &str) -> &str {
        self.record.get(name).and_then(Value::as_str).unwrap_or_default()
    }

    /// The token of the link in it, empty if there is none.
    pub fn token(&self) -> String {
        token_in(self.get("text"))
    }

    /// The code in it, empty if there is none.
    pub fn code(&self) -> String {
        let text = self.get("text");
        let digits = |word: &str| word.trim_matches(|c: char| !c.is_ascii_digit()).to_owned();
        let is_code =
            |word: &String| (5..=6).contains(&word.len()) && word.bytes().all(|b| b.is_ascii_digit());
        text.split_whitespace().map(digits).find(is_code).unwrap_or_default()
    }
}

/// The token of the invitation or reset link in a text, empty if there is none.
pub fn token_in(text: &str) -> String {
    let after = ["/i/", "/r/"].into_iter().find_map(|path| text.split_once(path));
    let after = after.map_or("", |(_, after)| after);
    after.chars().take_while(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_')).collect()
}

/// The body of a request whose content type is JSON, if it can be read as JSON.
fn json_of(request: &Request) -> Option<Value> {
    let kind = request.headers().get("content-type")?.to_str().ok()?;
    if !kind.starts_with("application/json") {
        return None;
    }
    serde_json::from_slice(request.body()?.as_bytes()?).ok()
}

/// When each world begins: a fixed instant, so that no test depends on the day on which it runs.
const BEGIN: &str = "2026-11-24T15:00:00Z";

/// A running service with two practices.
pub struct World {
    /// The running service.
    pub service: Running,
    /// The first practice's keys.
    pub keys: Keys,
    /// The other practice's keys.
    pub other_keys: Keys,
    /// The id of the first practice.
    pub practice: String,
    /// The id of the other practice.
    pub other_practice: String,
    client: Client,
    // Declared last, so that they are dropped when nothing runs any more.
    _used: Used,
    _told: Told,
}

/// Writes down, when a world ends, what its functions did in the cloud: an empty file for each function and
/// action. At the end of a whole test run these files show which grants nothing used.
struct Used(Meter);

/// Checks, when a world ends, every event that it published against the schema of events.
struct Told(Capture);

impl Drop for Told {
    fn drop(&mut self) {
        // A test that has failed already has a better message.
        if !std::thread::panicking() {
            for event in self.0.events() {
                let faults = contract::faults_of_event(&event);
                assert!(faults.is_empty(), "infra/events.schema.json says otherwise: {faults:?}\n{event}");
            }
        }
    }
}

/// The folder of the files that say which function did what in the cloud.
pub const USED: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../target/roles-used");

impl Drop for Used {
    fn drop(&mut self) {
        for (function, deeds) in self.0.used() {
            for deed in deeds {
                let folder = std::path::Path::new(USED).join(&function);
                // A file that can't be written shows at the end of the run as an unused grant.
                let name = deed.to_string().replace('/', "|");
                std::fs::create_dir_all(&folder).and_then(|()| std::fs::write(folder.join(name), "")).ok();
            }
        }
    }
}

impl World {
    /// A new world in memory, without patients.
    pub async fn new() -> Self {
        Self::with(Config::default()).await
    }

    /// A world that hashes passwords at the least cost that argon2 allows, for tests that sign in thousands of times and
    /// are about something else.
    pub async fn with_cheap_hashes() -> Self {
        let hash_cost = HashCost { memory_kib: 8, passes: 1, lanes: 1 };
        Self::with(Config { hash_cost, ..Config::default() }).await
    }

    /// A new world whose table can be made to fail.
    pub async fn with_faults() -> Self {
        Self::with(Config { faults: true, ..Config::default() }).await
    }

    /// A new world with this configuration. Its clock begins on a Tuesday morning in New York, unless it goes on with
    /// stored data.
    pub async fn with(config: Config) -> Self {
        log::start();
        let goes_on = config.data.is_some();
        let Demo { running: service, guide, .. } = start_demo(config).await.expect("the service starts");
        if !goes_on {
            service.clock.set(BEGIN.parse().expect("an instant")).expect("the clock moves");
        }
        let [first, second] = guide.practices.as_slice() else { panic!("two practices") };
        let client = Client::builder().redirect(reqwest::redirect::Policy::none()).build().expect("a client");
        Self {
            keys: first.keys.clone(),
            other_keys: second.keys.clone(),
            practice: first.practice.clone(),
            other_practice: second.practice.clone(),
            _used: Used(service.meter.clone()),
            _told: Told(service.capture.clone()),
            service,
            client,
        }
    }

    /// The address of a path.
    pub fn url(&self, path: &str) -> String {
        format!("{}{path}", self.service.base_url)
    }

    /// A request without headers or body.
    pub fn request(&self, method: &str, path: &str) -> RequestBuilder {
        self.client.request(Method::from_bytes(method.as_bytes()).expect("a method"), self.url(path))
    }

    /// A request that comes from another loopback address, as if from another network.
    #[expect(clippy::wrong_self_convention, reason = "reads as it is said")]
    pub fn from_address(&self, address: [u8; 4], method: &str, path: &str) -> RequestBuilder {
        let client = Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .local_address(SocketAddr::from((address, 0)).ip())
            .build()
            .expect("a client");
        client.request(Method::from_bytes(method.as_bytes()).expect("a method"), self.url(path))
    }

    /// Sends a request and returns the answer. Fails the test if the API document doesn't allow the answer.
    pub async fn send(&self, request: RequestBuilder) -> Answer {
        let (client, request) = request.build_split();
        let request = request.expect("a request");
        let sent = Sent {
            method: request.method().to_string(),
            path: request.url().path().to_owned(),
            json: json_of(&request),
        };
        let answer = client.execute(request).await.expect("an answer");
        let headers = answer
            .headers()
            .iter()
            .map(|(name, value)| (name.as_str().to_owned(), value.to_str().unwrap_or_default().to_owned()))
            .collect();
        let answer =
            Answer { status: answer.status().as_u16(), headers, text: answer.text().await.expect("a body") };
        keep_page(&sent.path, &answer);
        if let Err(fault) = contract().judge(&sent, &answer) {
            panic!("infra/openapi.yaml says otherwise: {fault}\n{}", answer.text);
        }
        answer
    }

    /// A call by an application of a practice, for the staff member `dr.lee`.
    pub async fn staff(&self, key: &str, method: &str, path: &str, body: Option<Value>) -> Answer {
        let request = self.request(method, path).bearer_auth(key).header("portico-actor", "dr.lee");
        self.send(match body {
            Some(body) => request.json(&body),
            None => request,
        })
        .await
    }

    /// A call by the first practice's EHR.
    pub async fn ehr(&self, method: &str, path: &str, body: Option<Value>) -> Answer {
        self.staff(&self.keys.ehr, method, path, body).await
    }

    /// A POST of JSON by somebody on the internet.
    pub async fn post(&self, path: &str, body: Value) -> Answer {
        self.send(self.request("POST", path).json(&body)).await
    }

    /// A GET by somebody on the internet, as JSON.
    pub async fn get(&self, path: &str) -> Answer {
        self.send(self.request("GET", path)).await
    }

    /// A GET by a browser.
    pub async fn page(&self, path: &str) -> Answer {
        self.send(self.request("GET", path).header("accept", "text/html")).await
    }

    /// A form sent by a browser.
    pub async fn form(&self, path: &str, fields: &[(&str, &str)]) -> Answer {
        let request =
            self.request("POST", path).header("accept", "text/html").header("sec-fetch-site", "same-origin");
        self.send(request.form(fields)).await
    }

    /// Moves the clock of every function.
    pub fn advance(&self, seconds: i64) {
        self.service.clock.advance(seconds).expect("the clock moves");
    }

    /// Changes settings of the first practice.
    pub async fn settings(&self, change: Value) {
        self.ehr("PUT", "/v1/settings", Some(change)).await.expect(200);
    }

    /// Replaces the list of what the operator allows the first practice.
    pub async fn allow(&self, consents: &[&str]) {
        let body = json!({"practice": self.practice, "allow": consents});
        let answer = self.request("POST", "/_local/operator").json(&body).send().await.expect("an answer");
        assert_eq!(answer.status(), 200, "the operator was refused");
    }

    /// A chart of an adult with e-mail and mobile phone.
    pub fn chart() -> Value {
        json!({
            "given_name": "Rosa", "family_name": "Quillfeather", "birth_date": "1945-04-27",
            "email": "rosa.quillfeather@example.com", "mobile_phone": "+12025550143", "postal_code": "02139",
            "language": "en",
        })
    }

    /// [`World::chart`] with some members changed; null removes a member.
    pub fn chart_with(change: Value) -> Value {
        let mut chart = Self::chart();
        if let (Some(chart), Value::Object(change)) = (chart.as_object_mut(), change) {
            for (name, value) in change {
                if value.is_null() {
                    chart.remove(&name);
                } else {
                    chart.insert(name, value);
                }
            }
        }
        chart
    }

    /// Puts a chart into the first practice.
    pub async fn patient(&self, id: &str, chart: Value) {
        let answer = self.ehr("PUT", &format!("/v1/patients/{id}"), Some(chart)).await;
        assert!(matches!(answer.status, 200 | 201), "a chart was refused: {}", answer.text);
    }

    /// Puts copies of a patient into the tables, one for each of these ids. The patient's own id must be a word that
    /// appears nowhere else in the tables. Nothing follows these writes, since no stream tells of them.
    pub async fn copies(&self, patient: &str, ids: impl Iterator<Item = String>) {
        self.service.idle().await;
        let db = self.service.db.as_ref().expect("the embedded table");
        portico_local::engine::copy_items(db, patient, ids).expect("copies");
    }

    /// Invites a patient as the EHR. Returns the answer, whatever its status.
    pub async fn invite(&self, id: &str, channel: &str) -> Answer {
        self.ehr("POST", &format!("/v1/patients/{id}/invitations"), Some(json!({"channel": channel}))).await
    }

    /// The mobile phone of a patient that [`World::invited`] makes: that of [`World::chart`] for `p1`, and most often
    /// another one for another id, since a phone gets few texts in an hour.
    pub fn phone_of(id: &str) -> String {
        let sum: u32 = id.bytes().map(u32::from).sum();
        if id == "p1" { "+12025550143".to_owned() } else { format!("+120255501{:02}", sum % 100) }
    }

    /// Creates a patient with [`World::chart`] and a phone of their own, and invites them by e-mail. Returns the link's
    /// token.
    pub async fn invited(&self, id: &str) -> String {
        self.patient(id, Self::chart_with(json!({"mobile_phone": Self::phone_of(id)}))).await;
        self.invite(id, "email").await.expect(201);
        self.last_mail().await.token()
    }

    /// The portal status of a patient of the first practice.
    pub async fn portal(&self, id: &str) -> Value {
        self.ehr("GET", &format!("/v1/patients/{id}/portal"), None).await.expect_and(200).json()
    }

    /// Runs the schedule of automatic invitations, and returns the first practice's run of the day; null if it
    /// does not send now.
    pub async fn sweep(&self) -> Value {
        let answer = self.request("POST", "/_local/sweep").json(&json!({})).send().await.expect("an answer");
        let answer: Value = answer.json().await.expect("the runs");
        let runs = answer["runs"].as_array().cloned().unwrap_or_default();
        runs.into_iter().find(|run| run["practice"] == self.practice.as_str()).unwrap_or_default()
    }

    /// Everything that was sent, in order.
    pub async fn mails(&self) -> Vec<Mail> {
        self.service.idle().await;
        let answer = self.get("/_local/messages").await.expect_and(200).json();
        let all = answer.get("messages").and_then(Value::as_array).cloned().unwrap_or_default();
        all.into_iter().map(|record| Mail { record }).collect()
    }

    /// The last message that was sent to this address or number.
    pub async fn last_mail_to(&self, address: &str) -> Mail {
        self.mails().await.into_iter().rfind(|mail| mail.get("to") == address).expect("a message")
    }

    /// The last message that was sent.
    pub async fn last_mail(&self) -> Mail {
        self.mails().await.pop().expect("a message")
    }

    /// States the facts of [`World::chart`] at a link as the patient. Returns the answer, whatever
    /// its status.
    pub async fn state_facts(&self, token: &str) -> Answer {
        let facts = json!({"as": "patient", "family_name": "quillfeather", "birth_date": "04/27/1945"});
        self.post(&format!("/i/{token}/verify"), facts).await
    }

    /// Has a code texted for this proof, or mailed if there is no phone, and enters it. Returns the answer, whatever its
    /// status.
    pub async fn enter_code(&self, token: &str, proof: &str) -> Answer {
        let path = format!("/i/{token}/codes");
        let texted = self.post(&path, json!({"proof": proof, "channel": "sms"})).await;
        if texted.status == 400 {
            self.post(&path, json!({"proof": proof, "channel": "email"})).await.expect(202);
        } else {
            texted.expect(202);
        }
        let code = self.last_mail().await.code();
        self.post(&format!("/i/{token}/codes/check"), json!({"proof": proof, "code": code})).await
    }

    /// Passes the identity check and enters a code. Returns the ticket.
    pub async fn ticket(&self, token: &str) -> String {
        let proof = self.state_facts(token).await.expect_and(200).str("/proof");
        self.enter_code(token, &proof).await.expect_and(200).str("/ticket")
    }

    /// Registers with a ticket. Returns the answer, whatever its status.
    pub async fn register(&self, token: &str, ticket: &str, username: &str) -> Answer {
        let body =
            json!({"ticket": ticket, "username": username, "password": PASSWORD, "accept_terms": true});
        self.post(&format!("/i/{token}/register"), body).await
    }

    /// Creates a patient with [`World::chart`], who registers as `username`. Returns the session's token.
    pub async fn registered(&self, id: &str, username: &str) -> String {
        let token = self.invited(id).await;
        let ticket = self.ticket(&token).await;
        self.register(&token, &ticket, username).await.expect_and(201).str("/session_token")
    }

    /// Does what [`World::registered`] does, with a security question and this answer. Switches such
    /// questions on for the practice, with the operator's consent.
    pub async fn registered_with_answer(&self, id: &str, username: &str, answer: &str) -> String {
        self.allow(&["security_question"]).await;
        self.settings(json!({"security_question": true})).await;
        let token = self.invited(id).await;
        let body = json!({
            "ticket": self.ticket(&token).await, "username": username, "password": PASSWORD, "accept_terms": true,
            "security_question": "Who taught me to swim?", "security_answer": answer,
        });
        self.post(&format!("/i/{token}/register"), body).await.expect_and(201).str("/session_token")
    }

    /// Signs in at the first practice. Returns the answer, whatever its status.
    pub async fn sign_in(&self, username: &str, password: &str) -> Answer {
        self.post(&format!("/{}/sign-in", self.practice), json!({"username": username, "password": password}))
            .await
    }

    /// Asks the first practice for something that needs no link. Returns the answer, whatever its status.
    pub async fn ask(&self, what: &str, body: Value) -> Answer {
        self.post(&format!("/{}/{what}", self.practice), body).await
    }

    /// Asks for a new password by user name. Returns the answer, whatever its status.
    pub async fn forgot_password(&self, username: &str) -> Answer {
        self.ask("forgot-password", json!({"username": username})).await
    }

    /// Asks for a new password by user name. Returns the token of the reset link that was sent.
    pub async fn reset_token(&self, username: &str) -> String {
        let before = self.mails().await.len();
        self.forgot_password(username).await.expect(202);
        let mails = self.mails().await;
        assert!(mails.len() > before, "a message came");
        let text = mails.last().expect("a message").get("text").to_owned();
        assert!(text.contains("/r/"), "it leads to a new password: {text}");
        token_in(&text)
    }

    /// Has a code sent by this channel at a reset link, and enters it. Returns the answer, whatever
    /// its status.
    pub async fn second_check(&self, token: &str, channel: &str) -> Answer {
        self.post(&format!("/r/{token}/codes"), json!({"channel": channel})).await.expect(202);
        let code = self.last_mail().await.code();
        self.post(&format!("/r/{token}/codes/check"), json!({"code": code})).await
    }

    /// Passes the second check of a reset link with a code by text. Returns the ticket.
    pub async fn reset_ticket(&self, token: &str) -> String {
        self.second_check(token, "sms").await.expect_and(200).str("/ticket")
    }

    /// Chooses a new password at the end of a reset link. Returns the answer, whatever its status.
    pub async fn new_password(&self, token: &str, ticket: &str, password: &str) -> Answer {
        self.post(&format!("/r/{token}/password"), json!({"ticket": ticket, "password": password})).await
    }

    /// Revokes a patient's access as the EHR. Returns the answer, whatever its status.
    pub async fn revoke(&self, id: &str, reason: &str) -> Answer {
        self.ehr("POST", &format!("/v1/patients/{id}/portal/revoke"), Some(json!({"reason": reason}))).await
    }

    /// Asks, as the portal, who a session belongs to.
    pub async fn introspect(&self, session: &str) -> Value {
        let body = json!({"session_token": session});
        self.staff(&self.keys.portal, "POST", "/v1/sessions/introspect", Some(body))
            .await
            .expect_and(200)
            .json()
    }

    /// Every item of the table in DynamoDB's JSON, one in each line. Equal tables give equal text.
    pub async fn items(&self) -> String {
        self.service.idle().await;
        let text = self.get("/_local/items").await.expect_and(200).text;
        // The members of an object come in any order; reading and writing the object sorts them.
        let canonical =
            |line| serde_json::from_str::<Value>(line).map(|item| item.to_string()).unwrap_or_default();
        let mut lines: Vec<String> = text.lines().map(canonical).collect();
        lines.sort();
        lines.join("\n")
    }
}

/// A window of the Onboarding Tool.
pub struct Window<'a> {
    world: &'a World,
    /// The cookie of its session, name and value.
    pub cookie: String,
}

impl World {
    /// A GET by a browser with a cookie.
    pub async fn page_with(&self, path: &str, cookie: &str) -> Answer {
        self.send(self.request("GET", path).header("accept", "text/html").header("cookie", cookie)).await
    }

    /// Opens the Onboarding Tool as an application with this key does.
    pub async fn window(&self, key: &str) -> Window<'_> {
        let asked = self.staff(key, "POST", "/v1/console/sessions", Some(serde_json::json!({}))).await;
        let url = asked.expect_and(201).str("/url");
        let path = url.strip_prefix(&self.service.base_url).expect("our host").to_owned();
        self.page(&path).await.expect(200);
        let opened = self.form(&path, &[]).await.expect_and(303);
        let cookie = opened.header("set-cookie").split(';').next().unwrap_or_default().to_owned();
        Window { world: self, cookie }
    }
}

impl Window<'_> {
    /// A page.
    pub async fn page(&self, path: &str) -> Answer {
        let request =
            self.world.request("GET", path).header("accept", "text/html").header("cookie", &self.cookie);
        self.world.send(request).await
    }

    /// A form that a page of the tool sends.
    pub async fn send(&self, path: &str, fields: &[(&str, &str)]) -> Answer {
        let request =
            self.world.request("POST", path).header("accept", "text/html").header("cookie", &self.cookie);
        self.world.send(request.header("sec-fetch-site", "same-origin").form(fields)).await
    }

    /// A form whose answer leads to a page; that page.
    pub async fn act(&self, path: &str, fields: &[(&str, &str)]) -> Answer {
        let answer = self.send(path, fields).await.expect_and(303);
        self.page(answer.header("location")).await.expect_and(200)
    }
}

/// Keeps a page as it was sent, and the preview of a mail, for the tools of `tests/accessibility`.
#[expect(clippy::disallowed_methods, reason = "tests/accessibility says in the environment where pages go")]
fn keep_page(path: &str, answer: &Answer) {
    let is_mail = path.starts_with("/v1/previews/email-");
    let Ok(folder) = std::env::var(if is_mail { "PORTICO_MAILS" } else { "PORTICO_SENT" }) else { return };
    let page = if is_mail { answer.str("/html") } else { answer.text.clone() };
    if page.is_empty() || !(is_mail || answer.header("content-type").starts_with("text/html")) {
        return;
    }
    let digest: String = portico_domain::keys::digest(page.as_bytes()).chars().take(8).collect();
    let name = path.replace(|letter: char| !letter.is_ascii_alphanumeric(), "-");
    let name: String = name.trim_matches('-').chars().take(60).collect();
    std::fs::write(format!("{folder}/{name}-{digest}.html"), page).expect("the page is kept");
}
