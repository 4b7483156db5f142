//! Delivers the tables' streams to the functions that read them, as Lambda does: in order, at least once,
//! each function at its own pace. It wakes after every invocation, so that no message to a patient waits
//! for a timer.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use dynoxide::Database;
use serde_json::{Value, json};
use tokio::sync::watch;
use tokio::task::JoinSet;

use crate::engine::{self, EngineError};
use crate::files::write_private;
use crate::invoke::Invoker;
use crate::stream::{TableStream, number};
use crate::template::{DeployedFunction, StreamEvent};

/// Most records in a batch.
const BATCH: usize = 100;

/// How often a record is tried before it is skipped.
const TRIES: u32 = 3;

/// How often readers look for writes that no invocation made.
const FALLBACK_TICK: Duration = Duration::from_secs(1);

/// Pause before a retry, multiplied by the number of tries so far.
const RETRY_PAUSE: Duration = Duration::from_millis(10);

/// Rounds that `idle` waits: handling a record may write another one.
const IDLE_ROUNDS: u32 = 8;

/// How far each function has read each stream, by function and event, stored in `data/positions.json` if there is a data
/// directory.
pub struct Positions {
    known: Mutex<BTreeMap<String, String>>,
    file: Option<PathBuf>,
}

impl Positions {
    /// Reads the stored positions.
    pub fn open(data: Option<&Path>) -> io::Result<Self> {
        let file = data.map(|dir| dir.join("positions.json"));
        let known = match &file {
            Some(path) if path.exists() => serde_json::from_slice(&std::fs::read(path)?)?,
            _ => BTreeMap::new(),
        };
        Ok(Self { known: Mutex::new(known), file })
    }

    /// For each table, by its logical id, the position up to which every function that reads its stream has
    /// read. A table is missing if one of them has not started.
    pub fn passed_by_all(&self, functions: &[DeployedFunction]) -> BTreeMap<String, String> {
        let mut passed = BTreeMap::<&str, Option<String>>::new();
        for function in functions {
            for stream in &function.streams {
                let position = self.of(&name(&function.folder, &stream.event));
                let least = passed.entry(&stream.table).or_insert_with(|| position.clone());
                // `None`, which is not started, is the least.
                *least = position.min(least.take());
            }
        }
        passed.into_iter().filter_map(|(table, position)| Some((table.to_owned(), position?))).collect()
    }

    fn of(&self, reader: &str) -> Option<String> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner).get(reader).cloned()
    }

    fn keep(&self, reader: &str, position: &str) -> io::Result<()> {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        known.insert(reader.to_owned(), position.to_owned());
        let Some(file) = &self.file else { return Ok(()) };
        let new = file.with_extension("new");
        write_private(&new, &serde_json::to_vec(&*known)?)?;
        std::fs::rename(new, file)
    }
}

/// The name of a reader: a function, and the event by which it reads.
fn name(function: &str, event: &str) -> String {
    format!("{function}/{event}")
}

/// The streams' readers.
#[derive(Clone)]
pub struct Pump {
    shared: Arc<Shared>,
}

struct Shared {
    readers: Vec<Arc<Reader>>,
    positions: Positions,
    invoker: Invoker,
}

struct Reader {
    name: String,
    function: String,
    source: TableStream,
    stream: StreamEvent,
    position: watch::Sender<Option<String>>,
    held: watch::Sender<bool>,
}

/// The result of a batch.
#[derive(Debug, PartialEq, Eq)]
enum Outcome {
    Done,
    /// The records before this index are done; this one and those after it are not.
    FailedAt(usize),
}

impl Pump {
    /// Starts one task in `tasks` for each stream of `db` that one of `functions` reads. A function that the
    /// invoker doesn't have is skipped.
    pub fn start(
        db: &Database,
        functions: &[DeployedFunction],
        positions: Positions,
        invoker: &Invoker,
        tasks: &mut JoinSet<()>,
    ) -> Result<Self, EngineError> {
        let mut readers = Vec::new();
        for function in functions.iter().filter(|function| invoker.has(&function.folder)) {
            for stream in &function.streams {
                let name = name(&function.folder, &stream.event);
                let position = watch::Sender::new(positions.of(&name));
                let held = watch::Sender::new(false);
                let source = TableStream::open(db, engine::table_name(&stream.table))?;
                let (function, stream) = (function.folder.clone(), stream.clone());
                readers.push(Arc::new(Reader { name, function, source, stream, position, held }));
            }
        }
        let shared = Arc::new(Shared { readers, positions, invoker: invoker.clone() });
        for reader in &shared.readers {
            let (shared, reader) = (Arc::clone(&shared), Arc::clone(reader));
            tasks.spawn(async move { shared.read(&reader).await });
        }
        Ok(Self { shared })
    }

    /// Wakes the readers. Needed after writes that no invocation made.
    pub fn wake(&self) {
        self.shared.invoker.bell().send_replace(());
    }

    /// Lets a function read nothing from now on, as if its part of the stream lagged, or lets it go on.
    pub fn hold(&self, function: &str, held: bool) {
        for reader in self.shared.readers.iter().filter(|reader| reader.function == function) {
            reader.held.send_replace(held);
        }
    }

    /// Resolves when every reader that isn't held has handled all records written so far, and those that handling
    /// them wrote.
    pub async fn idle(&self) {
        let reading = || self.shared.readers.iter().filter(|reader| !*reader.held.borrow());
        for _ in 0..IDLE_ROUNDS {
            let reading: Vec<_> = reading().collect();
            let last: Result<Vec<_>, _> = reading.iter().map(|reader| reader.source.last()).collect();
            let Ok(last) = last else { return };
            if reading.iter().zip(&last).all(|(reader, last)| *reader.position.borrow() >= *last) {
                return;
            }
            self.wake();
            for (reader, last) in reading.iter().zip(&last) {
                let reached =
                    reader.position.subscribe().wait_for(|position| *position >= *last).await.is_ok();
                if !reached {
                    return;
                }
            }
        }
    }
}

impl Shared {
    async fn read(&self, reader: &Reader) {
        let mut bell = self.invoker.bell().subscribe();
        let mut held = reader.held.subscribe();
        let mut tries = 0;
        loop {
            if held.wait_for(|held| !held).await.is_err() {
                return;
            }
            let position = reader.position.borrow().clone();
            // A failed record is tried again alone, so that it doesn't make other records fail.
            let limit = if tries == 0 { BATCH } else { 1 };
            match reader.source.after(position.as_deref(), limit) {
                Ok(records) if !records.is_empty() => {
                    tries = self.hand_over(reader, &records, tries).await;
                    tokio::time::sleep(RETRY_PAUSE * tries).await;
                    continue;
                }
                Ok(_) => {}
                Err(error) => tracing::error!(function = reader.function, %error, "reading the stream"),
            }
            if let Ok(Err(_)) = tokio::time::timeout(FALLBACK_TICK, bell.changed()).await {
                return;
            }
        }
    }

    /// Invokes the function with these records. Returns how often the first unhandled record has been tried.
    async fn hand_over(&self, reader: &Reader, records: &[Value], tries: u32) -> u32 {
        let wanted: Vec<&Value> = records.iter().filter(|record| reader.stream.wants(record)).collect();
        if wanted.is_empty() {
            if let Some(last) = records.last() {
                self.advance(reader, number(last));
            }
            return 0;
        }
        let event = json!({"Records": wanted});
        let answer = self.invoker.call(&reader.function, &reader.stream.event, event).await;
        let failed = match outcome(answer, records) {
            Outcome::Done => records.len(),
            Outcome::FailedAt(index) => index,
        };
        if let Some(done) = failed.checked_sub(1).and_then(|last| records.get(last)) {
            self.advance(reader, number(done));
            return u32::from(failed < records.len());
        }
        let tries = tries + 1;
        match records {
            [record] if tries >= TRIES => {
                tracing::error!(
                    function = reader.function,
                    number = number(record),
                    tries,
                    "skipped a stream record"
                );
                self.advance(reader, number(record));
                0
            }
            _ => tries,
        }
    }

    fn advance(&self, reader: &Reader, position: &str) {
        if let Err(error) = self.positions.keep(&reader.name, position) {
            tracing::error!(function = reader.function, %error, "keeping the stream's position");
        }
        reader.position.send_replace(Some(position.to_owned()));
    }
}

/// An empty list of failures means success. A failure that names no record of the batch fails the whole
/// batch, as in Lambda.
fn outcome(answer: Result<Value, String>, records: &[Value]) -> Outcome {
    let answer = match answer {
        Ok(answer) => answer,
        Err(error) => {
            tracing::warn!(error, "a stream batch failed");
            return Outcome::FailedAt(0);
        }
    };
    let Some(failures) = answer["batchItemFailures"].as_array() else { return Outcome::Done };
    let position = |failure: &Value| {
        let id = failure["itemIdentifier"].as_str();
        records.iter().position(|record| Some(number(record)) == id).unwrap_or(0)
    };
    failures.iter().map(position).min().map_or(Outcome::Done, Outcome::FailedAt)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::{TABLE, in_memory};
    use crate::invoke::{Bell, Function, Functions};
    use crate::meter::Meter;
    use crate::template::Template;
    use futures_util::FutureExt;
    use std::time::Instant;

    type Seen = Arc<Mutex<Vec<(String, Vec<String>)>>>;

    struct World {
        db: Database,
        pump: Pump,
        _tasks: JoinSet<()>,
    }

    /// A reader of the stream: stores the keys of each batch, then answers what `answer` says.
    fn reader(
        name: &'static str,
        seen: &Seen,
        answer: impl Fn(&Value) -> Result<Value, String> + Send + Sync + 'static,
    ) -> (String, Function) {
        let seen = Arc::clone(seen);
        let function: Function = Arc::new(move |event: Value| {
            let records = event["Records"].as_array().unwrap();
            let keys = records
                .iter()
                .map(|record| record["dynamodb"]["Keys"]["pk"]["S"].as_str().unwrap().to_owned());
            seen.lock().unwrap().push((name.to_owned(), keys.collect()));
            let answer = answer(&event);
            async move { answer }.boxed()
        });
        (name.to_owned(), function)
    }

    fn world(functions: Functions, data: Option<&Path>) -> World {
        let template = Template::embedded().unwrap();
        let db = match data {
            Some(dir) => {
                crate::engine::in_file(&dir.join("portico.db"), &template, &BTreeMap::new()).unwrap()
            }
            None => in_memory(&template).unwrap(),
        };
        let deployed: Vec<DeployedFunction> = functions
            .keys()
            .map(|folder| DeployedFunction {
                folder: folder.clone(),
                streams: vec![StreamEvent {
                    event: "table-stream".into(),
                    table: "Table".into(),
                    filters: Vec::new(),
                }],
                ..DeployedFunction::default()
            })
            .collect();
        let mut tasks = JoinSet::new();
        let invoker = Invoker::new(functions, Meter::default(), Bell::default());
        let positions = Positions::open(data).unwrap();
        let pump = Pump::start(&db, &deployed, positions, &invoker, &mut tasks).unwrap();
        World { db, pump, _tasks: tasks }
    }

    impl World {
        fn put(&self, key: &str) {
            let put =
                json!({"TableName": TABLE, "Item": {"pk": {"S": key}, "sk": {"S": "x"}, "n": {"N": "1"}}});
            self.db.put_item(serde_json::from_value(put).unwrap()).unwrap();
        }
    }

    fn keys(seen: &Seen, reader: &str) -> Vec<String> {
        let seen = seen.lock().unwrap();
        seen.iter().filter(|(name, _)| name == reader).flat_map(|(_, keys)| keys.clone()).collect()
    }

    #[tokio::test]
    async fn every_reader_gets_every_record_in_order() {
        let seen = Seen::default();
        let done = |_: &Value| Ok(json!({"batchItemFailures": []}));
        let world = world([reader("a", &seen, done), reader("b", &seen, done)].into(), None);
        let expected: Vec<String> = (0..250).map(|number| format!("k{number:03}")).collect();
        for key in &expected {
            world.put(key);
        }
        world.pump.idle().await;
        assert_eq!(keys(&seen, "a"), expected);
        assert_eq!(keys(&seen, "b"), expected);
        assert!(seen.lock().unwrap().iter().all(|(_, batch)| batch.len() <= BATCH));
    }

    #[tokio::test]
    async fn a_record_has_lambdas_shape() {
        let events = Arc::new(Mutex::new(Vec::new()));
        let sink = Arc::clone(&events);
        let seen = Seen::default();
        let functions = [reader("a", &seen, move |event| {
            sink.lock().unwrap().push(event.clone());
            Ok(Value::Null)
        })];
        let world = world(functions.into(), None);
        world.put("k");
        world.pump.idle().await;
        let record = events.lock().unwrap()[0]["Records"][0].clone();
        let arn = record["eventSourceARN"].as_str().unwrap();
        assert!(arn.starts_with("arn:aws:dynamodb:us-east-1:000000000000:table/portico/stream/"), "{arn}");
        let fields = [("eventName", "INSERT"), ("eventSource", "aws:dynamodb"), ("awsRegion", "us-east-1")];
        assert!(fields.iter().all(|(name, value)| record[name] == *value), "{record}");
        assert_eq!(record["eventVersion"], "1.1");
        assert_eq!(record["dynamodb"]["NewImage"]["n"], json!({"N": "1"}));
        assert_eq!(record["dynamodb"]["Keys"], json!({"pk": {"S": "k"}, "sk": {"S": "x"}}));
        assert_eq!(record["dynamodb"]["StreamViewType"], "NEW_AND_OLD_IMAGES");
        assert!(record["dynamodb"]["ApproximateCreationDateTime"].is_number());
        assert!(record["dynamodb"]["SizeBytes"].is_number());
        assert!(record["eventID"].is_string() && record.get("userIdentity").is_none());
    }

    #[tokio::test]
    async fn what_a_reader_reports_as_failed_is_tried_again_and_then_left() {
        let seen = Seen::default();
        let functions = [reader("a", &seen, |event| {
            let records = event["Records"].as_array().unwrap();
            let bad = records.iter().filter(|record| record["dynamodb"]["Keys"]["pk"]["S"] == "bad");
            let bad: Vec<Value> = bad.map(|record| json!({"itemIdentifier": number(record)})).collect();
            Ok(json!({"batchItemFailures": bad}))
        })];
        let world = world(functions.into(), None);
        for key in ["1", "bad", "2"] {
            world.put(key);
        }
        world.pump.idle().await;
        let batches: Vec<Vec<String>> = seen.lock().unwrap().iter().map(|(_, keys)| keys.clone()).collect();
        assert_eq!(batches, [vec!["1", "bad", "2"], vec!["bad"], vec!["bad"], vec!["2"]]);
    }

    #[tokio::test]
    async fn a_record_on_which_a_reader_crashes_takes_no_other_with_it() {
        let seen = Seen::default();
        let functions = [reader("a", &seen, |event| {
            let bad = event["Records"]
                .as_array()
                .unwrap()
                .iter()
                .any(|r| r["dynamodb"]["Keys"]["pk"]["S"] == "bad");
            if bad { Err("crashed".to_owned()) } else { Ok(Value::Null) }
        })];
        let world = world(functions.into(), None);
        for key in ["1", "bad", "2"] {
            world.put(key);
        }
        world.pump.idle().await;
        let alone: Vec<String> = seen
            .lock()
            .unwrap()
            .iter()
            .filter(|(_, keys)| keys.len() == 1)
            .map(|(_, keys)| keys[0].clone())
            .collect();
        assert_eq!(alone.iter().filter(|key| *key == "1").count(), 1);
        assert_eq!(alone.iter().filter(|key| *key == "2").count(), 1);
    }

    #[tokio::test]
    #[expect(clippy::disallowed_methods, reason = "measures how long it took")]
    async fn a_slow_reader_does_not_hold_the_other() {
        let seen = Seen::default();
        let slow: Function = Arc::new(|_| {
            async {
                tokio::time::sleep(Duration::from_mins(1)).await;
                Ok(Value::Null)
            }
            .boxed()
        });
        let world = world([("slow".to_owned(), slow), reader("b", &seen, |_| Ok(Value::Null))].into(), None);
        let start = Instant::now();
        world.put("k");
        world.pump.wake();
        while keys(&seen, "b").is_empty() {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        assert!(start.elapsed() < Duration::from_millis(50));
    }

    #[tokio::test]
    async fn a_stream_is_trimmed_only_as_far_as_its_slowest_reader_has_read() {
        let stream = |event: &str, table: &str| StreamEvent {
            event: event.into(),
            table: table.into(),
            filters: Vec::new(),
        };
        let reads = |folder: &str, streams| DeployedFunction {
            folder: folder.into(),
            streams,
            ..DeployedFunction::default()
        };
        let both = reads("both", vec![stream("changes", "Table"), stream("audit-events", "AuditTable")]);
        let functions = [both, reads("one", vec![stream("changes", "Table")])];
        let positions = Positions::open(None).unwrap();
        let passed = || positions.passed_by_all(&functions);
        positions.keep("both/changes", "1007").unwrap();
        assert_eq!(passed(), BTreeMap::new(), "another reader has read nothing");
        positions.keep("both/audit-events", "1009").unwrap();
        positions.keep("one/changes", "1003").unwrap();
        let expected = [("AuditTable", "1009"), ("Table", "1003")];
        assert_eq!(passed(), expected.map(|(table, at)| (table.to_owned(), at.to_owned())).into());
    }

    #[tokio::test]
    async fn a_restart_reads_on_where_it_stopped() {
        let folder = tempfile::tempdir().unwrap();
        let dir = folder.path();
        let seen = Seen::default();
        let functions = || [reader("a", &seen, |_| Ok(Value::Null))].into();
        let first = world(functions(), Some(dir));
        first.put("1");
        first.pump.idle().await;
        drop(first);
        let second = world(functions(), Some(dir));
        second.put("2");
        second.pump.idle().await;
        assert_eq!(keys(&seen, "a"), ["1", "2"]);
    }
}
