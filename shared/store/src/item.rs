//! Converts records to items and back. An item that can't be read as its record is logged as an error, never
//! guessed at.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::AttributeValue;
use portico_domain::model::refusal::PortError;
use portico_domain::time::Timestamp;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::keys::{Key, PK, SK, TTL};

/// An item, as the SDK has it.
pub type Item = HashMap<String, AttributeValue>;

/// A text attribute.
pub fn s(text: impl Into<String>) -> AttributeValue {
    AttributeValue::S(text.into())
}

/// A number attribute.
pub fn n(number: impl std::fmt::Display) -> AttributeValue {
    AttributeValue::N(number.to_string())
}

/// An instant as it is stored and compared: milliseconds since 1970.
pub fn at(instant: Timestamp) -> AttributeValue {
    n(instant.millis())
}

/// A record as one attribute.
pub fn value<T: Serialize>(record: &T) -> Result<AttributeValue, PortError> {
    serde_dynamo::to_attribute_value(record).map_err(unreadable)
}

/// The record as an item under this key. DynamoDB may delete it after `ttl`.
pub fn item<T: Serialize>(key: &Key, record: &T, ttl: Option<Timestamp>) -> Result<Item, PortError> {
    let mut item: Item = serde_dynamo::to_item(record).map_err(unreadable)?;
    item.insert(PK.to_owned(), s(&key.pk));
    item.insert(SK.to_owned(), s(&key.sk));
    if let Some(ttl) = ttl {
        item.insert(TTL.to_owned(), n(ttl.seconds()));
    }
    Ok(item)
}

/// The record in an item.
pub fn record<T: DeserializeOwned>(item: Item) -> Result<T, PortError> {
    serde_dynamo::from_item(item).map_err(unreadable)
}

/// The record in an item, if there is one.
pub fn optional<T: DeserializeOwned>(item: Option<Item>) -> Result<Option<T>, PortError> {
    item.map(record).transpose()
}

/// The key of an item.
pub fn key_of(item: &Item) -> Option<(&str, &str)> {
    Some((item.get(PK)?.as_s().ok()?, item.get(SK)?.as_s().ok()?))
}

/// The key in the SDK's form.
pub fn key_item(key: &Key) -> Item {
    HashMap::from([(PK.to_owned(), s(&key.pk)), (SK.to_owned(), s(&key.sk))])
}

#[expect(clippy::needless_pass_by_value, reason = "for map_err")]
fn unreadable(error: serde_dynamo::Error) -> PortError {
    // The error names fields and types; serde_dynamo puts no values into it.
    tracing::error!(%error, "an item does not read as its record");
    PortError::Broken("record")
}

/// Converts a stream record's image (DynamoDB's JSON) to an item. `None` if it can't be read.
pub fn from_image(image: &serde_json::Value) -> Option<Item> {
    serde_json::from_value::<serde_dynamo::Item>(image.clone()).ok().map(Into::into)
}
