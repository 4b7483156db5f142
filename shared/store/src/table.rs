//! The table's client: consistent reads of items, batches and partitions, updates, and the copies of
//! practices, which may be 30 seconds old.
//!
//! Calls of the SDK are boxed, here and beside: a call's future has some kilobytes, and would be a part of each future
//! around it, up to the handler's.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_dynamodb::operation::update_item::builders::UpdateItemFluentBuilder;
use aws_sdk_dynamodb::types::{KeysAndAttributes, ReturnConsumedCapacity, ReturnValue};
use portico_domain::model::ids::PracticeId;
use portico_domain::model::practice::Practice;
use portico_domain::model::refusal::PortError;
use portico_domain::time::{Clock, Timestamp};

use crate::expression::Terms;
use crate::item::{Item, key_item, key_of, s};
use crate::keys::{self, Key, PK};

/// How long a copy of a practice's settings is used, in seconds.
const COPY_SECONDS: i64 = 30;

/// Most copies kept; one more empties them all.
const COPIES: usize = 1000;

/// Attempts at the keys of a batch that DynamoDB left unprocessed.
const BATCH_ATTEMPTS: u32 = 5;

/// The result of an update with a condition.
pub(crate) enum Updated {
    /// The condition held; the item after the update.
    Done(Item),
    /// The condition failed, so nothing changed; the item as it is, if there is one.
    Refused(Option<Item>),
}

/// Copies of practices, each at most 30 seconds old.
#[derive(Debug, Default)]
pub struct Copies(Mutex<HashMap<PracticeId, (Timestamp, Practice)>>);

impl Copies {
    pub(crate) fn get(&self, id: &PracticeId, now: Timestamp) -> Option<Practice> {
        let copies = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let fresh = copies.get(id).filter(|(at, _)| (0..COPY_SECONDS).contains(&at.seconds_until(now)));
        fresh.map(|(_, practice)| practice.clone())
    }

    pub(crate) fn put(&self, practice: Practice, now: Timestamp) {
        let mut copies = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if copies.len() >= COPIES {
            copies.clear();
        }
        copies.insert(practice.id.clone(), (now, practice));
    }

    pub(crate) fn forget(&self, id: &PracticeId) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).remove(id);
    }
}

/// The DynamoDB table. Implements the domain's ports.
#[derive(Clone)]
pub struct Table {
    pub(crate) client: Client,
    pub(crate) name: Arc<str>,
    /// The table of audit events.
    pub(crate) audit: Arc<str>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) copies: Arc<Copies>,
}

/// Every call asks DynamoDB to report the capacity it used, so that the cost of an operation can be counted.
pub(crate) const COSTS: ReturnConsumedCapacity = ReturnConsumedCapacity::Indexes;

impl Table {
    /// A table with its client and name, and the name of the table of audit events. The tables of one process
    /// may share `copies`.
    pub fn new(client: Client, name: &str, audit: &str, clock: Arc<dyn Clock>, copies: Arc<Copies>) -> Self {
        Self { client, name: name.into(), audit: audit.into(), clock, copies }
    }

    pub(crate) async fn get(&self, key: &Key) -> Result<Option<Item>, PortError> {
        let call = self.client.get_item().table_name(&*self.name).set_key(Some(key_item(key)));
        let answer = Box::pin(call.consistent_read(true).return_consumed_capacity(COSTS).send()).await;
        Ok(answer.map_err(|error| unavailable("GetItem", &error))?.item)
    }

    /// Reads the items of these keys in one consistent batch; at most 100 keys.
    pub(crate) async fn batch(&self, keys: &[Key]) -> Result<Found, PortError> {
        self.read_batch(keys, true).await
    }

    /// Reads the items of these keys in one batch; at most 100 keys. Reads that are not consistent cost half.
    pub(crate) async fn read_batch(&self, keys: &[Key], consistent: bool) -> Result<Found, PortError> {
        let mut found = Found::default();
        let mut wanted: Vec<Item> = keys.iter().map(key_item).collect();
        for attempt in 0..BATCH_ATTEMPTS {
            if wanted.is_empty() {
                return Ok(found);
            }
            let ask = KeysAndAttributes::builder().set_keys(Some(wanted)).consistent_read(consistent).build();
            let ask = ask.map_err(|_| PortError::Broken("request"))?;
            let call =
                self.client.batch_get_item().request_items(&*self.name, ask).return_consumed_capacity(COSTS);
            let answer = Box::pin(call.send()).await.map_err(|error| unavailable("BatchGetItem", &error))?;
            found.0.extend(answer.responses.unwrap_or_default().remove(&*self.name).unwrap_or_default());
            let rest = answer.unprocessed_keys.unwrap_or_default().remove(&*self.name);
            wanted = rest.map(|rest| rest.keys).unwrap_or_default();
            if !wanted.is_empty() {
                pause(attempt).await;
            }
        }
        if wanted.is_empty() { Ok(found) } else { Err(PortError::Unavailable) }
    }
}

/// The items that a batch found. `take` removes one by its key.
#[derive(Default)]
pub struct Found(Vec<Item>);

impl Found {
    pub(crate) fn take(&mut self, key: &Key) -> Option<Item> {
        let place = self.0.iter().position(|item| key_of(item) == Some((&key.pk, &key.sk)))?;
        Some(self.0.swap_remove(place))
    }
}

/// Waits a little longer with each attempt: 10, 20, 40 … milliseconds.
pub(crate) async fn pause(attempt: u32) {
    tokio::time::sleep(std::time::Duration::from_millis(10 << attempt.min(6))).await;
}

/// Logs a failed call's operation and kind of error, never its content. Returns `Unavailable`.
pub(crate) fn unavailable<E: ProvideErrorMetadata, R>(
    operation: &'static str,
    error: &SdkError<E, R>,
) -> PortError {
    let kind = match error {
        SdkError::ConstructionFailure(_) => "construction",
        SdkError::TimeoutError(_) => "timeout",
        SdkError::DispatchFailure(_) => "dispatch",
        SdkError::ResponseError(_) => "response",
        _ => "service",
    };
    tracing::warn!(
        dynamodb.operation = operation,
        error.kind = kind,
        error.code = error.code(),
        "DynamoDB call failed"
    );
    PortError::Unavailable
}

impl Table {
    /// Reads items of a partition in order, with consistent reads: at most `limit`, over as many pages as
    /// that takes.
    pub(crate) async fn query(
        &self,
        pk: &str,
        range: &str,
        values: Vec<(&str, aws_sdk_dynamodb::types::AttributeValue)>,
        limit: usize,
    ) -> Result<Vec<Item>, PortError> {
        self.query_in(&self.name, pk, range, values, limit, true).await
    }

    /// As [`query`](Self::query). Reads that are not consistent cost half, and may miss the latest writes.
    pub(crate) async fn read_query(
        &self,
        pk: &str,
        range: &str,
        values: Vec<(&str, aws_sdk_dynamodb::types::AttributeValue)>,
        limit: usize,
        consistent: bool,
    ) -> Result<Vec<Item>, PortError> {
        self.query_in(&self.name, pk, range, values, limit, consistent).await
    }

    /// As [`query`](Self::query), in the table of this name.
    pub(crate) async fn query_in(
        &self,
        table: &str,
        pk: &str,
        range: &str,
        mut values: Vec<(&str, aws_sdk_dynamodb::types::AttributeValue)>,
        limit: usize,
        consistent: bool,
    ) -> Result<Vec<Item>, PortError> {
        values.push((":pk", s(pk)));
        let condition = format!("#{PK} = :pk AND {range}");
        let terms = Terms::of(&[&condition], values, &[]);
        let (mut items, mut from) = (Vec::new(), None);
        loop {
            let left = limit - items.len();
            let call = self.client.query().table_name(table).key_condition_expression(&condition);
            let call = call
                .set_exclusive_start_key(from)
                .consistent_read(consistent)
                .return_consumed_capacity(COSTS);
            let call = call.set_limit(i32::try_from(left).ok());
            let call = call.set_expression_attribute_values(terms.values());
            let call = call.set_expression_attribute_names(Some(terms.names.clone()));
            let answer = Box::pin(call.send()).await.map_err(|error| unavailable("Query", &error))?;
            items.extend(answer.items.unwrap_or_default());
            from = answer.last_evaluated_key;
            if from.is_none() || items.len() >= limit {
                return Ok(items);
            }
        }
    }

    /// Writes an item, whatever was there.
    pub(crate) async fn put_item(&self, item: Item) -> Result<(), PortError> {
        let call = self.client.put_item().table_name(&*self.name).set_item(Some(item));
        let done = Box::pin(call.return_consumed_capacity(COSTS).send()).await;
        done.map_err(|error| unavailable("PutItem", &error))?;
        Ok(())
    }

    /// Deletes an item, if it is there.
    pub(crate) async fn delete_item(&self, key: &keys::Key) -> Result<(), PortError> {
        let call = self.client.delete_item().table_name(&*self.name).set_key(Some(key_item(key)));
        let done = Box::pin(call.return_consumed_capacity(COSTS).send()).await;
        done.map_err(|error| unavailable("DeleteItem", &error))?;
        Ok(())
    }

    /// An update of an item, without its condition and not sent yet.
    fn update_item(&self, key: &keys::Key, update: &str, terms: Terms) -> UpdateItemFluentBuilder {
        self.client
            .update_item()
            .table_name(&*self.name)
            .set_key(Some(key_item(key)))
            .update_expression(update)
            .set_expression_attribute_values(terms.values())
            .set_expression_attribute_names(Some(terms.names))
            .return_consumed_capacity(COSTS)
    }

    /// Updates an item without a condition.
    pub(crate) async fn update(
        &self,
        key: &keys::Key,
        update: &str,
        values: Vec<(&str, aws_sdk_dynamodb::types::AttributeValue)>,
        named: &[(&str, &str)],
        answer: ReturnValue,
    ) -> Result<Item, PortError> {
        let call = self.update_item(key, update, Terms::of(&[update], values, named));
        let answer = Box::pin(call.return_values(answer).send()).await;
        Ok(answer.map_err(|error| unavailable("UpdateItem", &error))?.attributes.unwrap_or_default())
    }

    /// Updates an item if the condition holds.
    pub(crate) async fn update_if(
        &self,
        key: &keys::Key,
        update: &str,
        condition: &str,
        values: Vec<(&str, aws_sdk_dynamodb::types::AttributeValue)>,
    ) -> Result<Updated, PortError> {
        use aws_sdk_dynamodb::operation::update_item::UpdateItemError;
        use aws_sdk_dynamodb::types::ReturnValuesOnConditionCheckFailure;

        let call = self.update_item(key, update, Terms::of(&[update, condition], values, &[]));
        let call = call.condition_expression(condition).return_values(ReturnValue::AllNew);
        let call = call.return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld);
        match Box::pin(call.send()).await {
            Ok(answer) => Ok(Updated::Done(answer.attributes.unwrap_or_default())),
            Err(error) => match error.as_service_error() {
                Some(UpdateItemError::ConditionalCheckFailedException(failed)) => {
                    Ok(Updated::Refused(failed.item.clone()))
                }
                _ => Err(unavailable("UpdateItem", &error)),
            },
        }
    }
}
