//! A proxy in front of the engine that produces `DynamoDB`'s failures on demand: conflicts, throttling,
//! server errors, an answer lost after the commit, a stale index. The engine itself never fails like this.

use std::collections::{BTreeMap, VecDeque};
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::body::{Body, Bytes};
use axum::http::{HeaderMap, Request, Response, StatusCode};
use dynoxide::{Database, ImportOptions};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};
use tokio::net::TcpListener;

use crate::engine::{self, EngineError, TABLE};
use crate::template::Template;

/// `DynamoDB`'s limit for a request, in bytes.
const MAX_BODY: usize = 16 * 1024 * 1024;

/// A failure that can be ordered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// Another transaction touches the same items; nothing is written.
    Conflict,
    /// Too many requests; nothing is done.
    Throttled,
    /// Status 500; nothing is done.
    ServerError,
    /// The call succeeds, and the connection breaks before the answer.
    LostAnswer,
}

/// The fault proxy, and the faults ordered from it.
#[derive(Clone)]
pub struct Faults {
    state: Arc<Mutex<Orders>>,
    db: Database,
    template: Template,
    engine_url: String,
    http: reqwest::Client,
}

#[derive(Default)]
struct Orders {
    next: BTreeMap<String, VecDeque<Fault>>,
    now_and_then: Option<NowAndThen>,
    stale: Option<Database>,
}

/// Faults that come without a rule that code could fit.
#[derive(Clone, Copy)]
struct NowAndThen {
    one_in: u64,
    calls: u64,
}

impl NowAndThen {
    /// Whether this call fails, and with what. The numbers look random, and are the same in each run
    /// (`SplitMix64` of the call's number).
    fn draw(&mut self, operation: &str) -> Option<Fault> {
        self.calls += 1;
        let mut mixed = self.calls.wrapping_mul(0x9E37_79B9_7F4A_7C15);
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^= mixed >> 31;
        if !mixed.is_multiple_of(self.one_in) {
            return None;
        }
        Some(match (mixed / self.one_in) % 4 {
            // A conflict is a failure of writes.
            0 if operation == "TransactWriteItems" => Fault::Conflict,
            0 | 1 => Fault::Throttled,
            2 => Fault::ServerError,
            _ => Fault::LostAnswer,
        })
    }
}

/// Breaks the connection without an answer.
#[derive(Debug, thiserror::Error)]
#[error("the answer was lost on purpose")]
struct Lost;

impl Faults {
    /// A proxy in front of `db`, which is served at `engine_url`.
    pub fn new(db: Database, template: Template, engine_url: String) -> Self {
        Self { state: Arc::default(), db, template, engine_url, http: reqwest::Client::new() }
    }

    /// Makes the next `times` calls of `operation` (such as `TransactWriteItems`) fail with `fault`, after
    /// faults that were ordered before.
    pub fn next(&self, operation: &str, fault: Fault, times: usize) {
        let mut orders = self.lock();
        orders.next.entry(operation.to_owned()).or_default().extend(std::iter::repeat_n(fault, times));
    }

    /// From now on, one call in so many fails, in no order, with each kind of fault equally often.
    pub fn now_and_then(&self, one_in: u64) {
        self.lock().now_and_then = Some(NowAndThen { one_in, calls: 0 });
    }

    /// Forgets the faults that were ordered and have not happened yet.
    pub fn forget(&self) {
        let mut orders = self.lock();
        orders.next.clear();
        orders.now_and_then = None;
    }

    fn due(&self, operation: &str) -> Option<Fault> {
        let mut orders = self.lock();
        let ordered = orders.next.get_mut(operation).and_then(VecDeque::pop_front);
        ordered.or_else(|| orders.now_and_then.as_mut().and_then(|faults| faults.draw(operation)))
    }

    /// From now on, queries on an index see the table as it is at this moment.
    pub fn freeze_indexes(&self) -> Result<(), EngineError> {
        let copy = engine::in_memory(&self.template)?;
        copy.import_items(TABLE, engine::items_of(&self.db, TABLE)?, ImportOptions::default())?;
        self.lock().stale = Some(copy);
        Ok(())
    }

    /// Queries on indexes see the current table again.
    pub fn thaw_indexes(&self) {
        self.lock().stale = None;
    }

    /// Serves the proxy until its task is dropped.
    pub async fn serve(self, listener: TcpListener) {
        while let Ok((stream, _)) = listener.accept().await {
            let faults = self.clone();
            tokio::spawn(async move {
                let service = service_fn(|request| faults.answer(request));
                // An error here means a broken connection, on purpose or by the client.
                http1::Builder::new().serve_connection(TokioIo::new(stream), service).await.ok();
            });
        }
    }

    async fn answer(&self, request: Request<Incoming>) -> Result<Response<Body>, Lost> {
        let (parts, body) = request.into_parts();
        let body = axum::body::to_bytes(Body::new(body), MAX_BODY).await.map_err(|_| Lost)?;
        let target =
            parts.headers.get("x-amz-target").and_then(|target| target.to_str().ok()).unwrap_or_default();
        let operation = target.rsplit('.').next().unwrap_or_default();
        match self.due(operation) {
            Some(Fault::Conflict) => Ok(conflict(operation, &body)),
            Some(Fault::Throttled) => {
                Ok(error(StatusCode::BAD_REQUEST, "ProvisionedThroughputExceededException"))
            }
            Some(Fault::ServerError) => Ok(error(StatusCode::INTERNAL_SERVER_ERROR, "InternalServerError")),
            Some(Fault::LostAnswer) => {
                self.forward(&parts.headers, body).await?;
                Err(Lost)
            }
            None => match self.stale_answer(operation, &body) {
                Some(answer) => Ok(respond(StatusCode::OK, &answer)),
                None => self.forward(&parts.headers, body).await,
            },
        }
    }

    async fn forward(&self, headers: &HeaderMap, body: Bytes) -> Result<Response<Body>, Lost> {
        let mut request = self.http.post(&self.engine_url).body(body);
        for name in ["x-amz-target", "content-type", "authorization", "x-amz-date"] {
            request =
                headers.get(name).into_iter().fold(request, |request, value| request.header(name, value));
        }
        let answer = request.send().await.map_err(|_| Lost)?;
        let mut response = Response::builder().status(answer.status());
        for (name, value) in answer.headers().iter().filter(|(name, _)| *name != "transfer-encoding") {
            response = response.header(name, value);
        }
        let body = answer.bytes().await.map_err(|_| Lost)?;
        response.body(Body::from(body)).map_err(|_| Lost)
    }

    /// The answer from the frozen copy, if indexes are frozen and this is a query on one.
    fn stale_answer(&self, operation: &str, body: &[u8]) -> Option<Value> {
        let stale = self.lock().stale.clone()?;
        let request: Value = serde_json::from_slice(body).ok()?;
        if operation != "Query" || request.get("IndexName").is_none() {
            return None;
        }
        let answer = stale.query(serde_json::from_value(request).ok()?).ok()?;
        serde_json::to_value(answer).ok()
    }

    fn lock(&self) -> MutexGuard<'_, Orders> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A refused transaction has a reason for each item; a refused single write has an error of its own.
fn conflict(operation: &str, body: &[u8]) -> Response<Body> {
    if !operation.starts_with("Transact") {
        return error(StatusCode::BAD_REQUEST, "TransactionConflictException");
    }
    let request: Value = serde_json::from_slice(body).unwrap_or_default();
    let items = request["TransactItems"].as_array().map_or(0, Vec::len);
    let reason = json!({"Code": "TransactionConflict", "Message": "Transaction is ongoing for the item"});
    let codes = vec!["TransactionConflict"; items].join(", ");
    let cancelled = json!({
        "__type": "com.amazonaws.dynamodb.v20120810#TransactionCanceledException",
        "Message": format!("Transaction cancelled, please refer cancellation reasons for specific reasons [{codes}]"),
        "CancellationReasons": vec![reason; items],
    });
    respond(StatusCode::BAD_REQUEST, &cancelled)
}

fn error(status: StatusCode, kind: &str) -> Response<Body> {
    let kind = format!("com.amazonaws.dynamodb.v20120810#{kind}");
    respond(status, &json!({"__type": kind, "message": "ordered by a test"}))
}

fn respond(status: StatusCode, body: &Value) -> Response<Body> {
    let mut response = Response::new(Body::from(body.to_string()));
    *response.status_mut() = status;
    let json = axum::http::HeaderValue::from_static("application/x-amz-json-1.0");
    response.headers_mut().insert("content-type", json);
    response
}

/// Opens a listener on loopback and returns it with its URL.
pub(crate) async fn loopback() -> io::Result<(TcpListener, String)> {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
    let url = format!("http://{}", listener.local_addr()?);
    Ok((listener, url))
}

#[cfg(test)]
mod tests {
    use super::*;
    use aws_sdk_dynamodb::Client;
    use aws_sdk_dynamodb::config::retry::RetryConfig;
    use aws_sdk_dynamodb::types::{AttributeValue, Put, TransactWriteItem};

    fn text(value: &str) -> AttributeValue {
        AttributeValue::S(value.to_owned())
    }

    async fn transact(client: &Client, keys: &[&str]) -> Result<(), aws_sdk_dynamodb::Error> {
        let puts = keys.iter().map(|key| {
            let put = Put::builder().table_name(TABLE).item("pk", text(key)).item("sk", text("x"));
            let put = put.item("roster_pk", text("p")).item("roster_sk", text(key)).build().unwrap();
            TransactWriteItem::builder().put(put).build()
        });
        client.transact_write_items().set_transact_items(Some(puts.collect())).send().await?;
        Ok(())
    }

    async fn roster(client: &Client) -> usize {
        let query =
            client.query().table_name(TABLE).index_name("roster").key_condition_expression("roster_pk = :p");
        let count = query.expression_attribute_values(":p", text("p")).send().await.unwrap().count();
        usize::try_from(count).unwrap()
    }

    async fn world() -> (crate::service::Running, Client, Faults) {
        let running = crate::service::tests::start(crate::service::Config {
            faults: true,
            ..crate::service::Config::default()
        })
        .await;
        let once = running.cloud.dynamodb.to_builder().retry_config(RetryConfig::disabled()).build();
        let faults = running.faults.clone().unwrap();
        (running, Client::from_conf(once), faults)
    }

    #[tokio::test]
    async fn a_conflict_has_a_reason_for_each_item_and_writes_nothing() {
        let (_running, client, faults) = world().await;
        faults.next("TransactWriteItems", Fault::Conflict, 1);
        let error = transact(&client, &["a", "b"]).await.unwrap_err();
        let aws_sdk_dynamodb::Error::TransactionCanceledException(cancelled) = error else {
            panic!("{error:?}")
        };
        let codes: Vec<_> =
            cancelled.cancellation_reasons().iter().map(|reason| reason.code().unwrap()).collect();
        assert_eq!(codes, ["TransactionConflict", "TransactionConflict"]);
        assert_eq!(roster(&client).await, 0);
        transact(&client, &["a", "b"]).await.unwrap();
        assert_eq!(roster(&client).await, 2);
    }

    #[tokio::test]
    async fn throttling_and_server_errors_are_the_clients_own() {
        let (_running, client, faults) = world().await;
        faults.next("TransactWriteItems", Fault::Throttled, 1);
        faults.next("TransactWriteItems", Fault::ServerError, 1);
        let throttled = transact(&client, &["a"]).await.unwrap_err();
        assert!(matches!(throttled, aws_sdk_dynamodb::Error::ProvisionedThroughputExceededException(_)));
        let broken = transact(&client, &["a"]).await.unwrap_err();
        assert!(matches!(broken, aws_sdk_dynamodb::Error::InternalServerError(_)));
    }

    #[tokio::test]
    async fn a_lost_answer_is_one_after_the_commit() {
        let (_running, client, faults) = world().await;
        faults.next("TransactWriteItems", Fault::LostAnswer, 1);
        let lost = client
            .transact_write_items()
            .transact_items(
                TransactWriteItem::builder()
                    .put(
                        Put::builder()
                            .table_name(TABLE)
                            .item("pk", text("a"))
                            .item("sk", text("x"))
                            .build()
                            .unwrap(),
                    )
                    .build(),
            )
            .send()
            .await;
        assert!(matches!(lost, Err(aws_sdk_dynamodb::error::SdkError::DispatchFailure(_))), "{lost:?}");
        let item = client
            .get_item()
            .table_name(TABLE)
            .key("pk", text("a"))
            .key("sk", text("x"))
            .send()
            .await
            .unwrap();
        assert!(item.item.is_some());
    }

    #[tokio::test]
    async fn a_frozen_index_does_not_see_what_came_after() {
        let (_running, client, faults) = world().await;
        transact(&client, &["a"]).await.unwrap();
        faults.freeze_indexes().unwrap();
        transact(&client, &["b"]).await.unwrap();
        assert_eq!(roster(&client).await, 1);
        faults.thaw_indexes();
        assert_eq!(roster(&client).await, 2);
    }
}
