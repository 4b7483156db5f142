//! Writes of audit events, counters, messages and idempotency markers.

use aws_sdk_dynamodb::types::TransactWriteItem;
use portico_domain::model::audit::Event;
use portico_domain::model::limit::Counter;
use portico_domain::model::message::{self, Message};
use portico_domain::model::refusal::PortError;
use portico_domain::model::representative_request::{self, RepresentativeRequest};
use portico_domain::ports::Once;

use super::NEW;
use crate::item::{Item, at, item, key_item, n, s};
use crate::keys::{self, DUE_PK, Key};
use crate::table::Table;

fn message_item(message: &Message) -> Result<Item, PortError> {
    let ttl = message.created_at.plus_seconds(message::KEPT_SECONDS);
    let mut item = item(&keys::message(message.id), message, Some(ttl))?;
    item.insert(DUE_PK.to_owned(), s(keys::line(&message.practice, message.template.line())));
    Ok(item)
}

impl Table {
    pub(super) fn append_event(&self, event: &Event) -> Result<TransactWriteItem, PortError> {
        let key =
            Key { pk: keys::chain(&event.practice, &event.subject), sk: keys::event_number(event.number) };
        Self::put_in(&self.audit, item(&key, event, None)?, NEW, vec![])
    }

    pub(super) fn count(&self, counter: &Counter) -> Result<TransactWriteItem, PortError> {
        self.updating(
            &keys::limit(&counter.key),
            "ADD #counter :one SET #ttl = :ttl",
            "attribute_not_exists(#counter) OR #counter < :most",
            vec![
                (":one", n(1)),
                (":most", n(counter.rule.most)),
                (":ttl", n(counter.ends_at.plus_seconds(counter.rule.seconds).seconds())),
            ],
            &[("counter", counter.name)],
        )
    }

    pub(super) fn queue_message(&self, message: &Message) -> Result<TransactWriteItem, PortError> {
        self.put(message_item(message)?, NEW, vec![])
    }

    pub(super) fn put_request(
        &self,
        request: &RepresentativeRequest,
    ) -> Result<TransactWriteItem, PortError> {
        let kept = request.asked_at.plus_hours(representative_request::KEPT_HOURS);
        let at = keys::access_request(&request.practice, request.id);
        self.put(item(&at, request, Some(kept))?, NEW, vec![])
    }

    pub(super) fn put_marker(&self, once: &Once) -> Result<TransactWriteItem, PortError> {
        // The name is a MAC over the client and its key, so two clients never share a marker.
        let key = keys::once(&once.key.name);
        let mut marker = key_item(&key);
        marker.extend([
            ("body".to_owned(), s(&once.key.body)),
            ("resource".to_owned(), s(&once.resource)),
            ("expires_at".to_owned(), at(once.expires_at)),
            (keys::TTL.to_owned(), n(once.expires_at.seconds())),
        ]);
        let over = once.expires_at.plus_hours(-24);
        self.put(marker, "attribute_not_exists(#pk) OR #expires_at <= :now", vec![(":now", at(over))])
    }
}
