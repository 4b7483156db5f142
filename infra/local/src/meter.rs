//! Counts what each operation costs in `DynamoDB`: calls, sequential round trips, and the read and write
//! units that `DynamoDB` itself reports. An SDK interceptor counts for the invocation in whose task a call
//! runs, and checks each call against the permissions in the template.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use aws_smithy_runtime_api::box_error::BoxError;
use aws_smithy_runtime_api::client::interceptors::Intercept;
use aws_smithy_runtime_api::client::interceptors::context::{
    BeforeTransmitInterceptorContextMut, BeforeTransmitInterceptorContextRef, FinalizerInterceptorContextRef,
};
use aws_smithy_runtime_api::client::orchestrator::Metadata;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::body::SdkBody;
use aws_smithy_types::config_bag::ConfigBag;
use serde::Serialize;
use serde_json::Value;

use crate::roles::{Deed, Role, Roles, deeds};

tokio::task_local! {
    /// The invocation of the current task.
    static INVOCATION: Invocation;
}

/// A running invocation.
#[derive(Clone)]
struct Invocation {
    function: Arc<str>,
    /// The function's permissions. `None` allows everything: the template does not know the function.
    role: Option<Arc<Role>>,
    tally: Arc<Mutex<Tally>>,
    used: Arc<Mutex<BTreeMap<String, BTreeSet<Deed>>>>,
}

/// Operations that read; all others that report capacity are writes.
const READS: [&str; 5] = ["GetItem", "BatchGetItem", "Query", "Scan", "TransactGetItems"];

/// The cost of one invocation so far.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Tally {
    /// Calls; each attempt counts.
    pub calls: u32,
    /// Calls that started while no other was running, and so had to wait for an earlier one.
    pub trips: u32,
    /// Read units.
    pub read_units: f64,
    /// Write units, with those of indexes.
    pub write_units: f64,
    in_flight: u32,
}

/// One figure over many invocations.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Figure {
    /// In the latest invocation.
    pub last: f64,
    /// In the most expensive invocation.
    pub max: f64,
    /// Over all invocations.
    pub sum: f64,
}

/// The cost of an operation since the last reset.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Cost {
    /// The function's folder.
    pub function: String,
    /// The name, in kebab-case, of the event that invoked it.
    pub event: String,
    pub invocations: u64,
    /// `DynamoDB` calls, over all invocations.
    pub calls: u64,
    /// Sequential round trips.
    pub trips: Figure,
    pub read_units: Figure,
    pub write_units: Figure,
}

/// The totals per operation.
#[derive(Clone, Debug, Default)]
pub struct Meter {
    costs: Arc<Mutex<BTreeMap<(String, String), Cost>>>,
    roles: Arc<BTreeMap<String, Arc<Role>>>,
    used: Arc<Mutex<BTreeMap<String, BTreeSet<Deed>>>>,
}

impl Meter {
    /// A meter that also checks each call against the function's role.
    pub fn with_roles(roles: Roles) -> Self {
        let roles = roles.into_iter().map(|(function, role)| (function, Arc::new(role)));
        Self { roles: Arc::new(roles.collect()), ..Self::default() }
    }

    /// The deeds of each function so far, by folder.
    pub fn used(&self) -> BTreeMap<String, BTreeSet<Deed>> {
        lock(&self.used).clone()
    }

    /// Runs `work` and records its `DynamoDB` calls under the operation `(function, event)`.
    pub async fn measure<F: Future>(&self, function: &str, event: &str, work: F) -> F::Output {
        let invocation = Invocation {
            function: function.into(),
            role: self.roles.get(function).cloned(),
            tally: Arc::default(),
            used: Arc::clone(&self.used),
        };
        let tally = Arc::clone(&invocation.tally);
        let output = INVOCATION.scope(invocation, work).await;
        let tally = lock(&tally).clone();
        self.book(function, event, &tally);
        output
    }

    /// The cost of every operation since the last reset, ordered by function and event.
    pub fn costs(&self) -> Vec<Cost> {
        lock(&self.costs).values().cloned().collect()
    }

    /// Sets all figures to zero.
    pub fn reset(&self) {
        lock(&self.costs).clear();
    }

    fn book(&self, function: &str, event: &str, tally: &Tally) {
        let mut costs = lock(&self.costs);
        let cost = costs.entry((function.to_owned(), event.to_owned())).or_insert_with(|| Cost {
            function: function.to_owned(),
            event: event.to_owned(),
            ..Cost::default()
        });
        cost.invocations += 1;
        cost.calls += u64::from(tally.calls);
        cost.trips.add(f64::from(tally.trips));
        cost.read_units.add(tally.read_units);
        cost.write_units.add(tally.write_units);
    }
}

impl Figure {
    fn add(&mut self, value: f64) {
        self.last = value;
        self.max = self.max.max(value);
        self.sum += value;
    }
}

impl Tally {
    fn begin(&mut self) {
        self.calls += 1;
        self.trips += u32::from(self.in_flight == 0);
        self.in_flight += 1;
    }

    fn end(&mut self, operation: &str, answer: Option<&[u8]>) {
        self.in_flight = self.in_flight.saturating_sub(1);
        let Some(answer) = answer.and_then(|bytes| serde_json::from_slice::<Value>(bytes).ok()) else {
            return;
        };
        match &answer["ConsumedCapacity"] {
            Value::Array(tables) => tables.iter().for_each(|table| self.charge(operation, table)),
            table => self.charge(operation, table),
        }
    }

    fn charge(&mut self, operation: &str, consumed: &Value) {
        let (read, write) = (&consumed["ReadCapacityUnits"], &consumed["WriteCapacityUnits"]);
        if read.is_number() || write.is_number() {
            self.read_units += read.as_f64().unwrap_or_default();
            self.write_units += write.as_f64().unwrap_or_default();
            return;
        }
        let units = consumed["CapacityUnits"].as_f64().unwrap_or_default();
        if READS.contains(&operation) {
            self.read_units += units;
        } else {
            self.write_units += units;
        }
    }
}

/// Counts the `DynamoDB` calls of the current invocation, and makes each call report its capacity, so that
/// functions needn't ask for it.
#[derive(Clone, Copy, Debug)]
pub struct CallMeter;

impl Intercept for CallMeter {
    fn name(&self) -> &'static str {
        "PorticoCallMeter"
    }

    fn modify_before_retry_loop(
        &self,
        context: &mut BeforeTransmitInterceptorContextMut<'_>,
        _: &RuntimeComponents,
        config: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let request = context.request_mut();
        let operation = config.load::<Metadata>().map_or("", |metadata| metadata.name());
        if let Some(body) = request.body().bytes().and_then(|bytes| serde_json::from_slice(bytes).ok()) {
            permitted("DynamoDB", operation, &body)?;
        }
        let Some(asking) = request.body().bytes().and_then(ask_for_capacity) else { return Ok(()) };
        request.headers_mut().insert("content-length", asking.len().to_string());
        *request.body_mut() = SdkBody::from(asking);
        Ok(())
    }

    fn read_before_attempt(
        &self,
        _: &BeforeTransmitInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        tally(Tally::begin);
        Ok(())
    }

    fn read_after_attempt(
        &self,
        context: &FinalizerInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        config: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let operation = config.load::<Metadata>().map_or("", |metadata| metadata.name());
        let answer = context.response().and_then(|response| response.body().bytes());
        tally(|tally| tally.end(operation, answer));
        Ok(())
    }
}

/// The request with `ReturnConsumedCapacity` added; `None` if it has that already.
fn ask_for_capacity(body: &[u8]) -> Option<String> {
    let mut request: Value = serde_json::from_slice(body).ok()?;
    let fields = request.as_object_mut()?;
    if fields.contains_key("ReturnConsumedCapacity") {
        return None;
    }
    fields.insert("ReturnConsumedCapacity".to_owned(), "INDEXES".into());
    Some(request.to_string())
}

/// Checks a call against the role of the function that makes it. A call outside of any invocation is allowed.
fn permitted(service: &str, operation: &str, request: &Value) -> Result<(), BoxError> {
    let Ok(invocation) = INVOCATION.try_with(Invocation::clone) else { return Ok(()) };
    let deeds = deeds(service, operation, request);
    let used = deeds.iter().map(|(deed, _)| deed.clone());
    lock(&invocation.used).entry(invocation.function.to_string()).or_default().extend(used);
    let refused = invocation.role.as_ref().and_then(|role| role.refuses(&deeds));
    match refused {
        None => Ok(()),
        Some(deed) => {
            let function = &*invocation.function;
            tracing::error!(function, %deed, "infra/template.yaml does not allow this function this");
            Err(format!("AccessDenied: {function} may not {deed}").into())
        }
    }
}

/// Checks calls to services other than the table against the role of the function that makes them.
#[derive(Clone, Copy, Debug)]
pub struct RoleGuard;

impl Intercept for RoleGuard {
    fn name(&self) -> &'static str {
        "PorticoRoleGuard"
    }

    fn read_before_transmit(
        &self,
        context: &BeforeTransmitInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        config: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let Some(metadata) = config.load::<Metadata>() else { return Ok(()) };
        let body = context.request().body().bytes().and_then(|bytes| serde_json::from_slice(bytes).ok());
        permitted(metadata.service(), metadata.name(), &body.unwrap_or_default())
    }
}

/// Changes the tally of the current invocation. A call outside of any invocation is not counted.
fn tally(change: impl FnOnce(&mut Tally)) {
    if let Ok(tally) = INVOCATION.try_with(|invocation| Arc::clone(&invocation.tally)) {
        change(&mut lock(&tally));
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;
    use aws_sdk_dynamodb::Client;
    use aws_sdk_dynamodb::types::{
        AttributeValue, Delete, Get, KeysAndAttributes, Put, TransactGetItem, TransactWriteItem,
    };
    use std::collections::HashMap;

    fn text(value: &str) -> AttributeValue {
        AttributeValue::S(value.to_owned())
    }

    fn key(name: &str) -> HashMap<String, AttributeValue> {
        HashMap::from([("pk".to_owned(), text(name)), ("sk".to_owned(), text("x"))])
    }

    fn put(item: HashMap<String, AttributeValue>) -> TransactWriteItem {
        let put = Put::builder().table_name("portico").set_item(Some(item)).build().unwrap();
        TransactWriteItem::builder().put(put).build()
    }

    async fn four_puts(client: &Client) {
        let puts = ["a", "b", "c", "d"].map(|name| put(key(name)));
        client.transact_write_items().set_transact_items(Some(puts.into())).send().await.unwrap();
    }

    fn only(meter: &Meter) -> Cost {
        let costs = meter.costs();
        meter.reset();
        costs.into_iter().next().unwrap()
    }

    #[tokio::test]
    async fn a_transaction_of_four_small_items_costs_eight_write_units_and_one_trip() {
        let running = crate::service::tests::empty().await;
        let (client, meter) = (running.client(), &running.meter);
        meter.measure("verify", "open-link", four_puts(&client)).await;
        let cost = only(meter);
        assert_eq!(
            (cost.calls, cost.trips.last, cost.read_units.last, cost.write_units.last),
            (1, 1.0, 0.0, 8.0)
        );
        assert_eq!(
            (cost.function.as_str(), cost.event.as_str(), cost.invocations),
            ("verify", "open-link", 1)
        );
    }

    #[tokio::test]
    async fn an_index_entry_adds_its_units_and_its_removal_too() {
        let running = crate::service::tests::empty().await;
        let (client, meter) = (running.client(), &running.meter);
        let mut item = key("a");
        item.extend([("roster_pk".to_owned(), text("p")), ("roster_sk".to_owned(), text("n"))]);
        meter
            .measure("f", "e", async {
                client.transact_write_items().transact_items(put(item)).send().await.unwrap();
            })
            .await;
        assert_eq!(only(meter).write_units.last, 3.0, "two for the item, one for its entry");
        meter
            .measure("f", "e", async {
                let delete = Delete::builder().table_name("portico").set_key(Some(key("a"))).build().unwrap();
                let delete = TransactWriteItem::builder().delete(delete).build();
                client.transact_write_items().transact_items(delete).send().await.unwrap();
            })
            .await;
        assert_eq!(only(meter).write_units.last, 3.0);
    }

    #[tokio::test]
    async fn reads_are_counted_as_reads_whatever_the_call() {
        let running = crate::service::tests::empty().await;
        let (client, meter) = (running.client(), &running.meter);
        four_puts(&client).await;
        meter
            .measure("f", "e", async {
                client
                    .get_item()
                    .table_name("portico")
                    .set_key(Some(key("a")))
                    .consistent_read(true)
                    .send()
                    .await
                    .unwrap();
                let two = KeysAndAttributes::builder().keys(key("a")).keys(key("b")).consistent_read(true);
                client.batch_get_item().request_items("portico", two.build().unwrap()).send().await.unwrap();
                let get = Get::builder().table_name("portico").set_key(Some(key("a"))).build().unwrap();
                let get = TransactGetItem::builder().get(get).build();
                client.transact_get_items().transact_items(get).send().await.unwrap();
                let query = client.query().table_name("portico").key_condition_expression("pk = :a");
                query.expression_attribute_values(":a", text("a")).send().await.unwrap();
            })
            .await;
        let cost = only(meter);
        assert_eq!((cost.calls, cost.trips.last), (4, 4.0));
        assert_eq!((cost.read_units.last, cost.write_units.last), (1.0 + 2.0 + 2.0 + 0.5, 0.0));
    }

    #[tokio::test]
    async fn calls_side_by_side_are_one_trip() {
        let running = crate::service::tests::empty().await;
        let (client, meter) = (running.client(), &running.meter);
        let get = |name| client.get_item().table_name("portico").set_key(Some(key(name))).send();
        meter.measure("f", "e", async { futures_util::join!(get("a"), get("b"), get("c")).0.unwrap() }).await;
        let cost = only(meter);
        assert_eq!((cost.calls, cost.trips.last), (3, 1.0));
    }
}
