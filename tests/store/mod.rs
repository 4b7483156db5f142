//! What the store promises on every engine: the embedded one, or the one that speaks DynamoDB's protocol at
//! `PORTICO_DYNAMODB_URL`. `tests/engines` tries moto and Amazon's DynamoDB Local. Each test has a table of
//! its own.

mod accounts;
mod audit;
mod directory;
mod follow;
mod links;
mod outbox;
mod sweep;
mod writes;

use std::ops::Deref;
use std::sync::Arc;

use aws_sdk_dynamodb::Client;
use futures_util::FutureExt as _;
use portico_domain::model::account::Account;
use portico_domain::model::grant::{Grant, GrantState, Level, Relationship};
use portico_domain::model::ids::{AccountId, LinkId, PatientId, PracticeId};
use portico_domain::model::link::{Link, Role, Ticket};
use portico_domain::model::patient::Patient;
use portico_domain::model::session::Session;
use portico_domain::ports::{Commit as _, CommitError, Write};
use portico_domain::time::Timestamp;
use portico_local::{Config, Functions, Running, Template, engine};
use portico_store::{Copies, Table};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use tokio::task::JoinSet;

/// An instant so far ahead that no engine deletes expired items.
const NOW: Timestamp = Timestamp::from_millis(1_893_456_000_000);

/// How many try to do the same thing at the same time.
const RACERS: usize = 64;

/// A table of its own on the engine.
struct Store {
    table: Table,
    /// A client for looking at items directly, without the ports.
    client: Client,
    /// The table's name. The one of audit events has `-audit` behind it.
    name: String,
    _running: Running,
}

impl Deref for Store {
    type Target = Table;

    fn deref(&self) -> &Table {
        &self.table
    }
}

impl Store {
    async fn new() -> Self {
        // Without functions the local service is an engine with the template's table, and a client for it.
        let none = |_: &_| async { Ok(Functions::new()) }.boxed();
        let running = portico_local::start(Config::default(), none).await.unwrap();
        let (mut config, mut name) = (running.cloud.dynamodb.clone(), running.cloud.table.clone());
        if let Some(url) = elsewhere() {
            config = config.to_builder().endpoint_url(url).build();
            name = unique();
            let client = Client::from_conf(config.clone());
            let template = Template::embedded().unwrap();
            engine::create_tables_at(&client, &name, &format!("{name}-audit"), &template).await.unwrap();
        }
        let client = Client::from_conf(config);
        let (audit, clock) = (format!("{name}-audit"), running.clock.clone());
        let table = Table::new(client.clone(), &name, &audit, clock, Arc::new(Copies::default()));
        Self { table, client, name, _running: running }
    }

    /// Writes the records that a test starts from.
    async fn has(&self, writes: impl IntoIterator<Item = Write>) {
        let writes: Vec<Write> = writes.into_iter().collect();
        for some in writes.chunks(100) {
            self.commit(some).await.unwrap();
        }
    }
}

#[expect(clippy::disallowed_methods, reason = "a test binary has no main of its own to read settings")]
fn elsewhere() -> Option<String> {
    std::env::var("PORTICO_DYNAMODB_URL").ok().filter(|url| !url.is_empty())
}

/// A name that no other table has. At another endpoint all tests and all runs share one account.
#[expect(clippy::disallowed_methods, reason = "names of tables need only differ")]
fn unique() -> String {
    use std::sync::atomic::{AtomicU32, Ordering};
    static COUNT: AtomicU32 = AtomicU32::new(0);
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
    format!("portico-{}-{}", since.as_nanos(), COUNT.fetch_add(1, Ordering::Relaxed))
}

/// Lets many tasks do something at the same time. Returns their outcomes.
async fn race<T, F>(each: impl Fn(usize) -> F) -> Vec<T>
where
    T: Send + 'static,
    F: Future<Output = T> + Send + 'static,
{
    let mut racers = JoinSet::new();
    for number in 0..RACERS {
        racers.spawn(each(number));
    }
    racers.join_all().await
}

/// Checks that one racer won and the others know that they lost. If the engine reports conflicts, a racer may
/// also have given up.
fn one_won(outcomes: &[Result<(), CommitError>]) {
    assert_eq!(outcomes.iter().filter(|outcome| outcome.is_ok()).count(), 1, "{outcomes:?}");
    let beaten = |outcome: &&Result<(), CommitError>| {
        matches!(outcome, Err(CommitError::Lost(_) | CommitError::Contended))
    };
    assert_eq!(outcomes.iter().filter(beaten).count(), outcomes.len() - 1, "{outcomes:?}");
}

fn lost(places: &[usize]) -> Result<(), CommitError> {
    Err(CommitError::Lost(places.to_vec()))
}

// --- records ---

fn read<T: DeserializeOwned>(record: Value) -> T {
    serde_json::from_value(record).unwrap()
}

fn practice() -> PracticeId {
    PracticeId::parse("riverside").unwrap()
}

fn other_practice() -> PracticeId {
    PracticeId::parse("lakeside").unwrap()
}

fn patient_id(id: &str) -> PatientId {
    PatientId::parse(id).unwrap()
}

fn patient(id: &str) -> Box<Patient> {
    Box::new(read(json!({
        "practice": practice(), "id": id, "version": 1, "access_enabled": true, "created_at": NOW,
        "chart": {
            "given_name": "Rosa", "family_name": "Quillfeather", "birth_date": "1945-04-27",
            "email": "rosa.quillfeather@example.com",
        },
    })))
}

/// The same patient's next record.
fn next(patient: &Patient, given_name: &str) -> Box<Patient> {
    let mut record = serde_json::to_value(patient).unwrap();
    record["version"] = json!(patient.version + 1);
    record["chart"]["given_name"] = json!(given_name);
    Box::new(read(record))
}

fn bytes(number: usize) -> [u8; 16] {
    (number as u128).to_be_bytes()
}

fn link_id(number: usize) -> LinkId {
    LinkId::from_bytes(bytes(number))
}

/// A pending link that expires in an hour.
fn link(number: usize) -> Box<Link> {
    Box::new(read(json!({
        "id": link_id(number), "purpose": "invitation", "practice": practice(), "patient": "p1",
        "kind": "registration", "channel": "email", "sent_to": "rosa.quillfeather@example.com",
        "state": "pending", "created_at": NOW, "expires_at": NOW.plus_hours(1), "key": 1,
        "client": "ehr", "actor": "dr.lee",
    })))
}

fn ticket(digest: &str) -> Ticket {
    Ticket { digest: digest.to_owned(), expires_at: NOW.plus_seconds(1800), role: Role::Patient, code: None }
}

fn account_id(number: usize) -> AccountId {
    AccountId::from_bytes(bytes(number))
}

/// An account with a grant to `p1`.
fn account(number: usize) -> Box<Account> {
    let grant = Grant {
        relationship: Relationship::Own,
        level: Level::Full,
        state: GrantState::Active,
        since: NOW,
        ended_by: None,
        authority: None,
    };
    let username = format!("rosa.q{number}");
    Box::new(Account::begin(account_id(number), practice(), username, &patient_id("p1"), grant))
}

/// A session of account 1.
fn session(number: usize) -> Session {
    Session {
        account: account_id(1),
        practice: practice(),
        digest: format!("{number:064x}"),
        began_at: NOW,
        idle_at: NOW.plus_seconds(900),
        ends_at: NOW.plus_hours(12),
        touched_at: NOW,
        epoch: 0,
        restricted: false,
        browser: None,
        of_sign_in: None,
    }
}
