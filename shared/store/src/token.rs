//! The idempotency token of a transaction. The same writes give the same token, so a call whose answer was
//! lost is not applied twice.

use aws_sdk_dynamodb::types::{AttributeValue, TransactWriteItem};
use portico_domain::keys::digest;

/// Length that DynamoDB allows for a client request token.
const TOKEN_CHARACTERS: usize = 36;

/// A digest over all that the transaction writes; the order in which maps iterate doesn't matter. Every
/// transaction holds a new id or version, so no two share a token.
pub fn token_of(items: &[TransactWriteItem]) -> String {
    let mut bytes = Vec::new();
    for item in items {
        if let Some(put) = item.put() {
            text(&mut bytes, "put");
            map(&mut bytes, put.item().iter());
            text(&mut bytes, put.condition_expression().unwrap_or_default());
            map(&mut bytes, put.expression_attribute_values().into_iter().flatten());
        }
        if let Some(update) = item.update() {
            text(&mut bytes, "update");
            map(&mut bytes, update.key().iter());
            text(&mut bytes, update.update_expression());
            text(&mut bytes, update.condition_expression().unwrap_or_default());
            map(&mut bytes, update.expression_attribute_values().into_iter().flatten());
        }
        if let Some(delete) = item.delete() {
            text(&mut bytes, "delete");
            map(&mut bytes, delete.key().iter());
            text(&mut bytes, delete.condition_expression().unwrap_or_default());
            map(&mut bytes, delete.expression_attribute_values().into_iter().flatten());
        }
    }
    digest(&bytes).chars().take(TOKEN_CHARACTERS).collect()
}

/// Appends a text with its length before it, so that different sequences of texts never give the same bytes.
fn text(bytes: &mut Vec<u8>, text: &str) {
    bytes.extend(text.len().to_be_bytes());
    bytes.extend(text.as_bytes());
}

fn map<'a>(bytes: &mut Vec<u8>, attributes: impl Iterator<Item = (&'a String, &'a AttributeValue)>) {
    let mut sorted: Vec<_> = attributes.collect();
    sorted.sort_by_key(|(name, _)| *name);
    bytes.extend(sorted.len().to_be_bytes());
    for (name, value) in sorted {
        text(bytes, name);
        attribute(bytes, value);
    }
}

fn attribute(bytes: &mut Vec<u8>, value: &AttributeValue) {
    match value {
        AttributeValue::S(value) => {
            text(bytes, "S");
            text(bytes, value);
        }
        AttributeValue::N(value) => {
            text(bytes, "N");
            text(bytes, value);
        }
        AttributeValue::Bool(value) => text(bytes, if *value { "true" } else { "false" }),
        AttributeValue::L(values) => {
            text(bytes, "L");
            bytes.extend(values.len().to_be_bytes());
            for value in values {
                attribute(bytes, value);
            }
        }
        AttributeValue::M(values) => {
            text(bytes, "M");
            map(bytes, values.iter());
        }
        // Our records hold no binary values, sets or nulls, so all other kinds may look alike.
        _ => text(bytes, "other"),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use aws_sdk_dynamodb::types::Put;

    use super::*;
    use crate::item::{n, s};

    fn put(version: u64) -> TransactWriteItem {
        // A new map each time, because each map iterates in its own order.
        let attributes = (0..20).map(|number| (format!("name{number}"), s(format!("value{number}"))));
        let mut item: HashMap<String, AttributeValue> = attributes.collect();
        item.insert("version".to_owned(), n(version));
        item.insert("inner".to_owned(), AttributeValue::M(item.clone()));
        let put = Put::builder().table_name("t").set_item(Some(item)).build().unwrap();
        TransactWriteItem::builder().put(put).build()
    }

    #[test]
    fn the_same_writes_have_the_same_token_and_others_another() {
        let first = token_of(&[put(1), put(2)]);
        assert_eq!(first.len(), TOKEN_CHARACTERS);
        for _ in 0..20 {
            assert_eq!(token_of(&[put(1), put(2)]), first);
        }
        assert_ne!(token_of(&[put(2), put(1)]), first);
        assert_ne!(token_of(&[put(1)]), first);
        assert_ne!(token_of(&[put(1), put(3)]), first);
    }
}
