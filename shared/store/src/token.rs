//! The idempotency token of a transaction. The same writes give the same token, so a call whose answer was
//! lost is not applied twice.

use std::collections::{BTreeMap, HashMap};

use aws_sdk_dynamodb::types::{AttributeValue, TransactWriteItem};
use portico_domain::keys::digest;

/// Length that DynamoDB allows for a client request token.
const TOKEN_CHARACTERS: usize = 36;

/// A digest over all that the transaction writes; the order in which maps iterate doesn't matter. Every
/// transaction holds a new id or version, so no two share a token. The table's name is in it, because DynamoDB
/// compares tokens over all tables of an account, and refuses a token that comes with other writes.
pub fn token_of(items: &[TransactWriteItem]) -> String {
    let mut bytes = Vec::new();
    for item in items {
        if let Some(put) = item.put() {
            text(&mut bytes, "put");
            text(&mut bytes, put.table_name());
            map(&mut bytes, put.item().iter());
            text(&mut bytes, put.condition_expression().unwrap_or_default());
            names(&mut bytes, put.expression_attribute_names());
            map(&mut bytes, put.expression_attribute_values().into_iter().flatten());
        }
        if let Some(update) = item.update() {
            text(&mut bytes, "update");
            text(&mut bytes, update.table_name());
            map(&mut bytes, update.key().iter());
            text(&mut bytes, update.update_expression());
            text(&mut bytes, update.condition_expression().unwrap_or_default());
            names(&mut bytes, update.expression_attribute_names());
            map(&mut bytes, update.expression_attribute_values().into_iter().flatten());
        }
        if let Some(delete) = item.delete() {
            text(&mut bytes, "delete");
            text(&mut bytes, delete.table_name());
            map(&mut bytes, delete.key().iter());
            text(&mut bytes, delete.condition_expression().unwrap_or_default());
            names(&mut bytes, delete.expression_attribute_names());
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

fn names(bytes: &mut Vec<u8>, names: Option<&HashMap<String, String>>) {
    let sorted: BTreeMap<_, _> = names.into_iter().flatten().collect();
    bytes.extend(sorted.len().to_be_bytes());
    for (placeholder, name) in sorted {
        text(bytes, placeholder);
        text(bytes, name);
    }
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
    use aws_sdk_dynamodb::types::{Put, Update};

    use super::*;
    use crate::item::{n, s};

    fn put(table: &str, version: u64) -> TransactWriteItem {
        // A new map each time, because each map iterates in its own order.
        let attributes = (0..20).map(|number| (format!("name{number}"), s(format!("value{number}"))));
        let mut item: HashMap<String, AttributeValue> = attributes.collect();
        item.insert("version".to_owned(), n(version));
        item.insert("inner".to_owned(), AttributeValue::M(item.clone()));
        let put = Put::builder().table_name(table).set_item(Some(item)).build().unwrap();
        TransactWriteItem::builder().put(put).build()
    }

    #[test]
    fn the_same_writes_have_the_same_token_and_others_another() {
        let put = |version| put("portico", version);
        let first = token_of(&[put(1), put(2)]);
        assert_eq!(first.len(), TOKEN_CHARACTERS);
        for _ in 0..20 {
            assert_eq!(token_of(&[put(1), put(2)]), first);
        }
        assert_ne!(token_of(&[put(2), put(1)]), first);
        assert_ne!(token_of(&[put(1)]), first);
        assert_ne!(token_of(&[put(1), put(3)]), first);
    }

    #[test]
    fn the_same_writes_to_another_table_have_another_token() {
        assert_ne!(token_of(&[put("staging", 1)]), token_of(&[put("prod", 1)]));
    }

    #[test]
    fn an_update_of_another_attribute_has_another_token() {
        let update = |patient: &str| {
            let update = Update::builder().table_name("portico").key("pk", s("ACCOUNT#1"));
            let update = update.update_expression("REMOVE #grants.#patient");
            let update = update.expression_attribute_names("#patient", patient).build().unwrap();
            TransactWriteItem::builder().update(update).build()
        };
        assert_eq!(token_of(&[update("p1")]), token_of(&[update("p1")]));
        assert_ne!(token_of(&[update("p1")]), token_of(&[update("p2")]));
    }
}
