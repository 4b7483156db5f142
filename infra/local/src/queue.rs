//! A stand-in for SQS: accepts messages in SQS's wire format from the real SDK client, and delivers them in
//! batches, at least once, to the functions that the template names. Failed messages are retried, and go to
//! the dead-letter queue in the end. With a data directory, no message is lost at a restart.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use portico_domain::time::Clock;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tokio::sync::watch;
use tokio::task::JoinSet;

use crate::clock::LocalClock;
use crate::files::create_private;
use crate::ids;
use crate::invoke::Invoker;
use crate::stream::REGION;
use crate::template::{DeployedFunction, Queue, QueueEvent};
use crate::wire::{Failure, SILENCE, json_1_0};

/// The account of the queues.
const ACCOUNT: &str = "000000000000";

/// Batches of one queue that are processed at the same time. Lambda starts with the same number.
const POLLERS: usize = 5;

/// Pause before a message is delivered again, multiplied by its deliveries so far. SQS waits for the
/// visibility timeout.
const RETRY_PAUSE: Duration = Duration::from_millis(10);

/// The longest such pause, for a queue without a dead-letter queue.
const LONGEST_PAUSE: Duration = Duration::from_secs(1);

/// A message in a queue.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct QueuedMessage {
    /// The id that SQS returned.
    pub id: String,
    /// The text that was sent.
    pub body: String,
    /// How often it was delivered.
    pub receives: u32,
    /// When it was sent, in milliseconds since 1970.
    pub sent_at: i64,
    /// When it was delivered first, in milliseconds since 1970. `None` before that.
    pub first_received_at: Option<i64>,
    /// The queue where it failed, if this is the dead-letter queue.
    pub given_up_by: Option<String>,
}

/// All queues of the template.
#[derive(Clone)]
pub struct Queues {
    shared: Arc<Shared>,
}

struct Shared {
    declared: BTreeMap<String, Queue>,
    clock: Arc<LocalClock>,
    state: Mutex<State>,
    /// Notified when a message arrives or is done.
    bell: watch::Sender<()>,
}

#[derive(Default)]
struct State {
    waiting: BTreeMap<String, VecDeque<Entry>>,
    /// Queues that a function reads.
    read: BTreeSet<String>,
    /// Messages that a function is handling, or that wait to be delivered again.
    under_way: usize,
    /// The number of the latest entry.
    number: u64,
    last_sent: BTreeMap<String, QueuedMessage>,
    failures: VecDeque<Failure>,
    file: Option<File>,
}

/// A message in its queue. It is identified by its own number and not by the message's id, because the same
/// message may be in the queue twice.
#[derive(Clone, Serialize, Deserialize)]
struct Entry {
    number: u64,
    queue: String,
    message: QueuedMessage,
}

/// A line of the file. A later line with the same number replaces an earlier one.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Line {
    Kept(Entry),
    Gone(u64),
}

/// A function that reads a queue.
struct Reader {
    function: String,
    event: QueueEvent,
    invoker: Invoker,
}

impl Queues {
    /// Opens the template's queues. They are stored in `data/queues.ndjson` if there is a data directory,
    /// otherwise in memory.
    pub fn open(data: Option<&Path>, declared: &[Queue], clock: Arc<LocalClock>) -> io::Result<Self> {
        let mut state = State::default();
        if let Some(path) = data.map(|dir| dir.join("queues.ndjson")) {
            state.read_file(&path)?;
        }
        let declared = declared.iter().map(|queue| (queue.id.clone(), queue.clone())).collect();
        let bell = watch::Sender::new(());
        Ok(Self { shared: Arc::new(Shared { declared, clock, state: Mutex::new(state), bell }) })
    }

    /// Starts the tasks that deliver each queue's messages to the function that the template names. Messages
    /// for a function that the invoker doesn't have stay in their queue.
    pub fn start(&self, functions: &[DeployedFunction], invoker: &Invoker, tasks: &mut JoinSet<()>) {
        for function in functions.iter().filter(|function| invoker.has(&function.folder)) {
            for event in &function.queues {
                self.shared.lock().read.insert(event.queue.clone());
                for _ in 0..POLLERS {
                    let (shared, event) = (Arc::clone(&self.shared), event.clone());
                    let reader =
                        Reader { function: function.folder.clone(), event, invoker: invoker.clone() };
                    tasks.spawn(async move { shared.read(&reader).await });
                }
            }
        }
    }

    /// The messages that wait in the queue with this logical id, without those that its function is handling.
    pub fn messages(&self, queue: &str) -> Vec<QueuedMessage> {
        let state = self.shared.lock();
        state.waiting.get(queue).into_iter().flatten().map(|entry| entry.message.clone()).collect()
    }

    /// Delivers the latest message of this queue once more, as SQS may do at any time. Returns its id.
    pub fn deliver_again(&self, queue: &str) -> Option<String> {
        let message = self.shared.lock().last_sent.get(queue).cloned()?;
        let id = message.id.clone();
        self.shared.put(queue, message).ok()?;
        Some(id)
    }

    /// Makes the next `times` sent messages fail with `failure`, after failures that were set before.
    pub fn fail_next(&self, failure: Failure, times: usize) {
        self.shared.lock().failures.extend(std::iter::repeat_n(failure, times));
    }

    /// Resolves when every queue that a function reads is empty and all is handled. Returns the number of the
    /// latest message.
    pub(crate) async fn idle(&self) -> u64 {
        let mut bell = self.shared.bell.subscribe();
        loop {
            if let Some(number) = self.shared.lock().settled() {
                return number;
            }
            // The sender belongs to us, so it can't be gone.
            bell.changed().await.ok();
        }
    }

    /// Whether no message came after this one.
    pub(crate) fn nothing_since(&self, number: u64) -> bool {
        self.shared.lock().settled() == Some(number)
    }

    /// `SendMessage`, with every field that our client sends. A request with any other field is refused, so
    /// that nothing is lost silently.
    pub(crate) async fn send_message(&self, request: &str) -> Response {
        let request: Value = serde_json::from_str(request).unwrap_or_default();
        let url = request["QueueUrl"].as_str().unwrap_or_default();
        let id = url.rsplit('/').next().unwrap_or_default();
        if !self.shared.declared.contains_key(id) {
            return refusal("QueueDoesNotExist", "AWS.SimpleQueueService.NonExistentQueue");
        }
        let Some(body) = request["MessageBody"].as_str().filter(|body| !body.is_empty()) else {
            return refusal("InvalidMessageContents", "InvalidMessageContents");
        };
        let known = |name: &String| name == "QueueUrl" || name == "MessageBody";
        if !request.as_object().is_some_and(|request| request.keys().all(known)) {
            return refusal("UnsupportedOperation", "AWS.SimpleQueueService.UnsupportedOperation");
        }
        let failure = self.shared.lock().failures.pop_front();
        let sent = match failure {
            None => self.send(id, body),
            Some(Failure::SilentAfterAccept) => {
                let sent = self.send(id, body);
                tokio::time::sleep(SILENCE).await;
                sent
            }
            Some(Failure::Throttled) => return refusal("RequestThrottled", "RequestThrottled"),
            Some(Failure::Rejected) => return refusal("InvalidMessageContents", "InvalidMessageContents"),
            Some(Failure::ServerError) => Err(io::Error::other("ordered by a test")),
        };
        match sent {
            Ok(message) => {
                let answer = json!({"MessageId": message, "MD5OfMessageBody": digest(body)});
                json_1_0(StatusCode::OK, &answer)
            }
            Err(error) => {
                tracing::error!(%error, "keeping a message");
                json_1_0(StatusCode::INTERNAL_SERVER_ERROR, &json!({"__type": "InternalFailure"}))
            }
        }
    }

    /// Puts a message into a queue, as another AWS service would.
    pub(crate) fn send(&self, queue: &str, body: &str) -> io::Result<String> {
        let now = self.shared.clock.now();
        let message = QueuedMessage {
            id: ids::new(now),
            body: body.to_owned(),
            receives: 0,
            sent_at: now.millis(),
            first_received_at: None,
            given_up_by: None,
        };
        let id = message.id.clone();
        self.shared.put(queue, message)?;
        Ok(id)
    }
}

impl Shared {
    async fn read(&self, reader: &Reader) {
        let mut bell = self.bell.subscribe();
        loop {
            let batch = self.take(&reader.event);
            if batch.is_empty() {
                if bell.changed().await.is_err() {
                    return;
                }
                continue;
            }
            let arn = format!("arn:aws:sqs:{REGION}:{ACCOUNT}:{}", reader.event.queue);
            let records: Vec<Value> = batch.iter().map(|entry| self.record(&entry.message, &arn)).collect();
            let event = json!({"Records": records});
            let answer = reader.invoker.call(&reader.function, &reader.event.event, event).await;
            let failed = failed(reader, answer, &batch);
            self.settle(batch, &failed).await;
        }
    }

    /// Takes up to one batch of waiting messages and counts the delivery.
    fn take(&self, event: &QueueEvent) -> Vec<Entry> {
        let now = self.clock.now().millis();
        let mut state = self.lock();
        let Some(waiting) = state.waiting.get_mut(&event.queue) else { return Vec::new() };
        let mut batch: Vec<Entry> = waiting.drain(..event.batch_size.min(waiting.len())).collect();
        state.under_way += batch.len();
        for entry in &mut batch {
            entry.message.receives += 1;
            entry.message.first_received_at.get_or_insert(now);
        }
        batch
    }

    fn record(&self, message: &QueuedMessage, arn: &str) -> Value {
        let mut attributes = json!({
            "ApproximateReceiveCount": message.receives.to_string(),
            "SentTimestamp": message.sent_at.to_string(),
            "SenderId": ACCOUNT,
            "ApproximateFirstReceiveTimestamp": message.first_received_at.unwrap_or_default().to_string(),
        });
        if let Some(queue) = &message.given_up_by {
            attributes["DeadLetterQueueSourceArn"] = json!(format!("arn:aws:sqs:{REGION}:{ACCOUNT}:{queue}"));
        }
        json!({
            "messageId": message.id,
            "receiptHandle": ids::new(self.clock.now()),
            "body": message.body,
            "attributes": attributes,
            "messageAttributes": {},
            "md5OfBody": digest(&message.body),
            "eventSource": "aws:sqs",
            "eventSourceARN": arn,
            "awsRegion": REGION,
        })
    }

    /// Removes messages that are done, moves those that failed too often to the dead-letter queue, and puts
    /// the rest back after a pause.
    async fn settle(&self, batch: Vec<Entry>, failed: &Failed) {
        let (failed, done): (Vec<Entry>, Vec<Entry>) =
            batch.into_iter().partition(|entry| failed.contains(&entry.message.id));
        let (dead, again): (Vec<Entry>, Vec<Entry>) =
            failed.into_iter().partition(|entry| self.redrive(entry).is_some());
        for entry in done {
            self.finish(&Line::Gone(entry.number), None);
        }
        for mut entry in dead {
            tracing::error!(
                queue = entry.queue,
                message.id = entry.message.id,
                "message to the dead-letter queue"
            );
            if let Some(to) = self.redrive(&entry) {
                entry.message.given_up_by = Some(std::mem::replace(&mut entry.queue, to));
            }
            self.finish(&Line::Kept(entry.clone()), Some(entry));
        }
        let Some(deliveries) = again.iter().map(|entry| entry.message.receives).max() else { return };
        tokio::time::sleep(RETRY_PAUSE.saturating_mul(deliveries).min(LONGEST_PAUSE)).await;
        for entry in again {
            self.finish(&Line::Kept(entry.clone()), Some(entry));
        }
    }

    /// The queue to move this message to, if it has failed often enough.
    fn redrive(&self, entry: &Entry) -> Option<String> {
        let redrive = self.declared.get(&entry.queue)?.redrive.as_ref()?;
        (entry.message.receives >= redrive.after).then(|| redrive.to.clone())
    }

    /// Marks a message as no longer being handled. `left` goes back to its queue.
    fn finish(&self, line: &Line, left: Option<Entry>) {
        let mut state = self.lock();
        state.under_way = state.under_way.saturating_sub(1);
        if let Err(error) = state.write(line) {
            tracing::error!(%error, "keeping a message");
        }
        if let Some(entry) = left {
            state.wait(entry);
        }
        if let Err(error) = state.forget_the_past() {
            tracing::error!(%error, "keeping the queues");
        }
        drop(state);
        self.bell.send_replace(());
    }

    fn put(&self, queue: &str, message: QueuedMessage) -> io::Result<()> {
        let mut state = self.lock();
        state.number += 1;
        let entry = Entry { number: state.number, queue: queue.to_owned(), message };
        state.write(&Line::Kept(entry.clone()))?;
        state.last_sent.insert(queue.to_owned(), entry.message.clone());
        state.wait(entry);
        drop(state);
        self.bell.send_replace(());
        Ok(())
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// Reads what an earlier process left, and rewrites the file without deleted messages.
    fn read_file(&mut self, path: &Path) -> io::Result<()> {
        let text = if path.exists() { std::fs::read_to_string(path)? } else { String::new() };
        let mut kept = BTreeMap::new();
        // A line that a crash cut off was never confirmed to its sender, so it may be dropped.
        for line in text.lines().filter_map(|line| serde_json::from_str(line).ok()) {
            match line {
                Line::Kept(entry) => kept.insert(entry.number, entry),
                Line::Gone(number) => kept.remove(&number),
            };
        }
        let new = path.with_extension("new");
        self.file = Some(create_private(&new)?);
        for entry in kept.into_values() {
            self.number = entry.number;
            self.write(&Line::Kept(entry.clone()))?;
            self.wait(entry);
        }
        std::fs::rename(&new, path)?;
        self.file = Some(OpenOptions::new().append(true).open(path)?);
        Ok(())
    }

    fn wait(&mut self, entry: Entry) {
        self.waiting.entry(entry.queue.clone()).or_default().push_back(entry);
    }

    fn write(&mut self, line: &Line) -> io::Result<()> {
        let Some(file) = &mut self.file else { return Ok(()) };
        file.write_all(format!("{}\n", serde_json::to_string(line)?).as_bytes())
    }

    /// Empties the file when no message is left, so that it doesn't grow forever.
    fn forget_the_past(&mut self) -> io::Result<()> {
        let is_empty = self.under_way == 0 && self.waiting.values().all(VecDeque::is_empty);
        self.file.as_ref().filter(|_| is_empty).map_or(Ok(()), |file| file.set_len(0))
    }

    /// The latest message's number, if everything that will be handled has been.
    fn settled(&self) -> Option<u64> {
        let is_empty = |queue: &String| self.waiting.get(queue).is_none_or(VecDeque::is_empty);
        (self.under_way == 0 && self.read.iter().all(is_empty)).then_some(self.number)
    }
}

/// The messages of a batch to deliver again.
#[derive(Debug, PartialEq, Eq)]
enum Failed {
    All,
    These(BTreeSet<String>),
}

impl Failed {
    fn contains(&self, id: &str) -> bool {
        match self {
            Self::All => true,
            Self::These(ids) => ids.contains(id),
        }
    }
}

/// An error fails the whole batch, and so does a failure report for a message that is not in it, as
/// in Lambda.
fn failed(reader: &Reader, answer: Result<Value, String>, batch: &[Entry]) -> Failed {
    let answer = match answer {
        Ok(answer) => answer,
        Err(error) => {
            tracing::warn!(function = reader.function, error, "a batch of messages failed");
            return Failed::All;
        }
    };
    let reported = answer["batchItemFailures"].as_array().filter(|_| reader.event.reports_failures);
    let id = |failure: &Value| {
        let id = failure["itemIdentifier"].as_str()?;
        batch.iter().any(|entry| entry.message.id == id).then(|| id.to_owned())
    };
    let ids: Option<BTreeSet<String>> = reported.into_iter().flatten().map(id).collect();
    ids.map_or(Failed::All, Failed::These)
}

/// The URL of the queue with this logical id, where SQS is at `endpoint`.
pub(crate) fn url(endpoint: &str, id: &str) -> String {
    format!("{endpoint}/{ACCOUNT}/{id}")
}

fn digest(body: &str) -> String {
    format!("{:x}", md5::compute(body))
}

/// An error with both its current name and the older code, which clients check.
fn refusal(kind: &str, code: &str) -> Response {
    let error = json!({"__type": format!("com.amazonaws.sqs#{kind}"), "message": kind});
    let answer = json_1_0(StatusCode::BAD_REQUEST, &error);
    ([("x-amzn-query-error", format!("{code};Sender"))], answer).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::invoke::{Bell, Function, Functions};
    use crate::meter::Meter;
    use crate::template::Redrive;
    use aws_sdk_sqs::error::ProvideErrorMetadata;
    use futures_util::FutureExt;
    use portico_domain::ports::Enqueue;

    type Seen = Arc<Mutex<Vec<Value>>>;

    struct World {
        queues: Queues,
        seen: Seen,
        _tasks: JoinSet<()>,
    }

    /// Two queues and a worker that stores each event and then answers what `answer` says.
    fn world(
        data: Option<&Path>,
        reports_failures: bool,
        answer: impl Fn(&Value) -> Result<Value, String> + Send + Sync + 'static,
    ) -> World {
        let (seen, mut tasks) = (Seen::default(), JoinSet::new());
        let sink = Arc::clone(&seen);
        let worker: Function = Arc::new(move |event| {
            let answer = answer(&event);
            sink.lock().unwrap().push(event);
            async move { answer }.boxed()
        });
        let event =
            QueueEvent { event: "orders".into(), queue: "Orders".into(), batch_size: 10, reports_failures };
        let deployed =
            DeployedFunction { folder: "worker".into(), queues: vec![event], ..DeployedFunction::default() };
        let functions = Functions::from([("worker".to_owned(), worker)]);
        let queues = Queues::open(data, &declared(), Arc::default()).unwrap();
        let invoker = Invoker::new(functions, Meter::default(), Bell::default());
        queues.start(&[deployed], &invoker, &mut tasks);
        World { queues, seen, _tasks: tasks }
    }

    fn declared() -> [Queue; 2] {
        let redrive = Some(Redrive { to: "Lost".into(), after: 5 });
        [Queue { id: "Orders".into(), redrive }, Queue { id: "Lost".into(), redrive: None }]
    }

    #[expect(clippy::unnecessary_wraps, reason = "the shape of a function's answer")]
    fn done(_: &Value) -> Result<Value, String> {
        Ok(json!({"batchItemFailures": []}))
    }

    /// Reports messages with the text "bad" as failed.
    #[expect(clippy::unnecessary_wraps, reason = "the shape of a function's answer")]
    fn bad_ones(event: &Value) -> Result<Value, String> {
        let records = event["Records"].as_array().unwrap();
        let bad = records.iter().filter(|record| record["body"] == "bad");
        let bad: Vec<Value> = bad.map(|record| json!({"itemIdentifier": record["messageId"]})).collect();
        Ok(json!({"batchItemFailures": bad}))
    }

    impl World {
        /// The bodies of each batch so far.
        fn batches(&self) -> Vec<Vec<String>> {
            let seen = self.seen.lock().unwrap();
            let body = |record: &Value| record["body"].as_str().unwrap().to_owned();
            seen.iter().map(|event| event["Records"].as_array().unwrap().iter().map(body).collect()).collect()
        }
    }

    #[tokio::test]
    async fn a_message_has_lambdas_shape() {
        let world = world(None, true, done);
        let id = world.queues.send("Orders", "hello").unwrap();
        world.queues.idle().await;
        let record = world.seen.lock().unwrap()[0]["Records"][0].clone();
        for (name, value) in [
            ("messageId", id.as_str()),
            ("body", "hello"),
            ("md5OfBody", "5d41402abc4b2a76b9719d911017c592"),
            ("eventSource", "aws:sqs"),
            ("eventSourceARN", "arn:aws:sqs:us-east-1:000000000000:Orders"),
            ("awsRegion", "us-east-1"),
        ] {
            assert_eq!(record[name], value, "{name}");
        }
        assert_eq!(record["messageAttributes"], json!({}));
        assert_eq!(record["attributes"]["ApproximateReceiveCount"], "1");
        assert!(record["receiptHandle"].is_string());
        for time in ["SentTimestamp", "ApproximateFirstReceiveTimestamp"] {
            assert!(record["attributes"][time].as_str().unwrap().parse::<i64>().unwrap() > 0, "{time}");
        }
    }

    #[tokio::test]
    async fn what_fails_comes_again_and_at_last_goes_to_the_dead_letter_queue() {
        for answer in [bad_ones, |_: &Value| Err("crashed".to_owned())] {
            let world = world(None, true, answer);
            let id = world.queues.send("Orders", "bad").unwrap();
            world.queues.idle().await;
            let seen = world.seen.lock().unwrap().clone();
            let count = |event: &Value| {
                event["Records"][0]["attributes"]["ApproximateReceiveCount"].as_str().unwrap().to_owned()
            };
            assert_eq!(seen.iter().map(count).collect::<Vec<_>>(), ["1", "2", "3", "4", "5"]);
            assert!(world.queues.messages("Orders").is_empty());
            let lost = world.queues.messages("Lost");
            let [message] = lost.as_slice() else { panic!("{lost:?}") };
            assert_eq!((&message.id, message.given_up_by.as_deref()), (&id, Some("Orders")));
        }
    }

    #[tokio::test]
    async fn only_the_reported_message_of_a_batch_comes_again() {
        let world = world(None, true, bad_ones);
        for body in ["1", "bad", "2"] {
            world.queues.send("Orders", body).unwrap();
        }
        world.queues.idle().await;
        let again = vec!["bad"];
        let expected = [vec!["1", "bad", "2"], again.clone(), again.clone(), again.clone(), again];
        assert_eq!(world.batches(), expected);
    }

    #[tokio::test]
    async fn a_report_of_a_message_that_was_not_there_fails_the_batch() {
        let world =
            world(None, true, |event| match event["Records"][0]["attributes"]["ApproximateReceiveCount"] {
                ref count if count == "1" => Ok(json!({"batchItemFailures": [{"itemIdentifier": "x"}]})),
                _ => done(event),
            });
        for body in ["1", "2"] {
            world.queues.send("Orders", body).unwrap();
        }
        world.queues.idle().await;
        assert_eq!(world.batches(), [["1", "2"], ["1", "2"]]);
    }

    #[tokio::test]
    async fn a_report_that_the_template_does_not_ask_for_is_not_heard() {
        let world = world(None, false, bad_ones);
        world.queues.send("Orders", "bad").unwrap();
        world.queues.idle().await;
        assert_eq!(world.batches(), [["bad"]]);
        assert!(world.queues.messages("Lost").is_empty());
    }

    #[tokio::test]
    async fn a_message_can_be_delivered_twice() {
        let world = world(None, true, done);
        assert_eq!(world.queues.deliver_again("Orders"), None);
        let id = world.queues.send("Orders", "x").unwrap();
        world.queues.idle().await;
        assert_eq!(world.queues.deliver_again("Orders"), Some(id.clone()));
        world.queues.idle().await;
        let seen = world.seen.lock().unwrap();
        let ids: Vec<&Value> = seen.iter().map(|event| &event["Records"][0]["messageId"]).collect();
        assert_eq!(ids, [&json!(id), &json!(id)]);
    }

    #[tokio::test]
    async fn a_restart_loses_no_message_and_brings_none_back() {
        let folder = tempfile::tempdir().unwrap();
        let dir = folder.path();
        let open = || Queues::open(Some(dir), &declared(), Arc::default()).unwrap();
        let first = open();
        for body in ["1", "2"] {
            first.send("Orders", body).unwrap();
        }
        let kept = first.messages("Orders");
        drop(first);
        assert_eq!(open().messages("Orders"), kept);

        let second = world(Some(dir), true, bad_ones);
        second.queues.send("Orders", "bad").unwrap();
        second.queues.idle().await;
        assert_eq!(second.batches().first().unwrap(), &["1", "2", "bad"]);
        drop(second);
        let third = open();
        assert!(third.messages("Orders").is_empty());
        assert_eq!(third.messages("Lost").len(), 1);
    }

    #[tokio::test]
    async fn the_file_is_empty_once_the_queues_are() {
        let folder = tempfile::tempdir().unwrap();
        let dir = folder.path();
        let world = world(Some(dir), true, done);
        world.queues.send("Orders", "x").unwrap();
        assert!(!std::fs::read(dir.join("queues.ndjson")).unwrap().is_empty());
        world.queues.idle().await;
        assert!(std::fs::read(dir.join("queues.ndjson")).unwrap().is_empty());
    }

    #[tokio::test]
    async fn the_sqs_client_sends_a_message() {
        let running = crate::service::tests::empty().await;
        let client = aws_sdk_sqs::Client::from_conf(running.cloud.sqs.clone());
        let url = running.cloud.queue_url("RequestQueue");
        let sent = client.send_message().queue_url(&url).message_body("hello").send().await.unwrap();
        assert_eq!(sent.md5_of_message_body(), Some("5d41402abc4b2a76b9719d911017c592"));
        let waiting = running.queues.messages("RequestQueue");
        let [message] = waiting.as_slice() else { panic!("{waiting:?}") };
        assert_eq!((Some(message.id.as_str()), message.body.as_str()), (sent.message_id(), "hello"));

        let absent = client.send_message().queue_url(running.cloud.queue_url("Absent")).message_body("x");
        let error = absent.send().await.unwrap_err().into_service_error();
        assert!(error.is_queue_does_not_exist(), "{error:?}");
        let late = client.send_message().queue_url(&url).message_body("x").delay_seconds(5);
        let error = late.send().await.unwrap_err().into_service_error();
        assert!(error.is_unsupported_operation(), "{error:?}");
        assert_eq!(error.code(), Some("AWS.SimpleQueueService.UnsupportedOperation"));
    }

    #[tokio::test]
    async fn the_port_sends_and_says_when_it_could_not() {
        let running = crate::service::tests::empty().await;
        let queue =
            portico_aws::Queue::new(running.cloud.sqs.clone(), &running.cloud.queue_url("RequestQueue"));
        queue.send("sealed").await.unwrap();
        running.queues.fail_next(Failure::Rejected, 1);
        assert!(queue.send("refused").await.is_err());
        // The client overcomes one temporary failure by itself.
        running.queues.fail_next(Failure::ServerError, 1);
        queue.send("sealed").await.unwrap();
        let bodies: Vec<String> =
            running.queues.messages("RequestQueue").into_iter().map(|message| message.body).collect();
        assert_eq!(bodies, ["sealed", "sealed"]);
    }
}
