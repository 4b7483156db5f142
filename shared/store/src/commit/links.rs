//! Writes of links: their ends, checks, codes and tickets.

use aws_sdk_dynamodb::types::TransactWriteItem;
use portico_domain::model::batch::{self, Batch};
use portico_domain::model::delivery::Delivery;
use portico_domain::model::ids::LinkId;
use portico_domain::model::letters::{KEPT_HOURS, Letters};
use portico_domain::model::link::{ALL_TRIES, FACT_TRIES, KEPT_SECONDS, Link, LinkState, SentCode, Ticket};
use portico_domain::model::refusal::PortError;
use portico_domain::time::Timestamp;

use super::NEW;
use crate::item::{at, item, n, s, value};
use crate::keys::{self};
use crate::table::Table;

impl Table {
    pub(super) fn create_link(&self, link: &Link) -> Result<TransactWriteItem, PortError> {
        let ttl = link.expires_at.plus_seconds(KEPT_SECONDS);
        self.put(item(&keys::link(link.id), link, Some(ttl))?, NEW, vec![])
    }

    pub(super) fn hand_over(&self, id: LinkId, when: Timestamp) -> Result<TransactWriteItem, PortError> {
        self.updating(
            &keys::link(id),
            "SET #handed_over_at = if_not_exists(#handed_over_at, :at), #delivery = :delivered",
            "#state = :pending",
            vec![(":at", at(when)), (":delivered", value(&Delivery::Delivered)?), (":pending", s("pending"))],
            &[],
        )
    }

    pub(super) fn keep_batch(&self, batch: &Batch) -> Result<TransactWriteItem, PortError> {
        let kept = batch.created_at.plus_hours(batch::KEPT_HOURS);
        let item = item(&keys::batch(&batch.practice, batch.id), batch, Some(kept))?;
        if batch.version == 1 { self.put(item, NEW, vec![]) } else { self.put_next(item, batch.version) }
    }

    pub(super) fn keep_letters(&self, letters: &Letters) -> Result<TransactWriteItem, PortError> {
        let ttl = letters.created_at.plus_hours(KEPT_HOURS);
        self.put(item(&keys::letters(&letters.practice, letters.id), letters, Some(ttl))?, NEW, vec![])
    }

    pub(super) fn close_link(
        &self,
        id: LinkId,
        to: LinkState,
        when: Timestamp,
    ) -> Result<TransactWriteItem, PortError> {
        self.updating(
            &keys::link(id),
            // The record of a link that expired long ago may be deleted already. This update then creates an
            // item with a `ttl` of now, and DynamoDB deletes it soon.
            "SET #state = :to, #closed_at = :at, #ttl = if_not_exists(#ttl, :seconds)",
            "attribute_not_exists(#pk) OR #state = :pending",
            vec![
                (":to", value(&to)?),
                (":at", at(when)),
                (":seconds", n(when.seconds())),
                (":pending", s("pending")),
            ],
            &[],
        )
    }

    pub(super) fn revive_link(
        &self,
        id: LinkId,
        when: Timestamp,
        expires_at: Timestamp,
    ) -> Result<TransactWriteItem, PortError> {
        self.updating(
            &keys::link(id),
            "SET #expires_at = :expires_at, #asked_again_at = :at, #ttl = :ttl",
            "#state = :pending AND #fact_tries < :facts AND #all_tries < :all",
            vec![
                (":expires_at", at(expires_at)),
                (":at", at(when)),
                (":ttl", n(expires_at.plus_seconds(KEPT_SECONDS).seconds())),
                (":pending", s("pending")),
                (":facts", n(FACT_TRIES)),
                (":all", n(ALL_TRIES)),
            ],
            &[],
        )
    }

    pub(super) fn pass_facts(
        &self,
        id: LinkId,
        when: Timestamp,
        proofs: u32,
        ticket: Option<&Ticket>,
        counted: bool,
    ) -> Result<TransactWriteItem, PortError> {
        let mut set = "SET #opened_at = if_not_exists(#opened_at, :at)".to_owned();
        let mut values = vec![
            (":at", at(when)),
            (":pending", s("pending")),
            (":proofs", n(proofs + 1)),
            (":before", n(proofs)),
        ];
        if let Some(ticket) = ticket {
            set.push_str(", #ticket = :ticket");
            values.push((":ticket", value(ticket)?));
        }
        set.push_str(", #proofs = :proofs");
        if counted {
            set.push_str(" ADD #fact_tries :back, #all_tries :back");
            values.push((":back", n(-1)));
        }
        let condition = "#state = :pending AND #expires_at > :at AND #proofs = :before";
        self.updating(&keys::link(id), &set, condition, values, &[])
    }

    pub(super) fn send_code(
        &self,
        id: LinkId,
        code: &SentCode,
        when: Timestamp,
    ) -> Result<TransactWriteItem, PortError> {
        self.updating(
            &keys::link(id),
            "SET #code = :code, #codes = :number",
            "#state = :pending AND #expires_at > :at AND #codes = :before",
            vec![
                (":code", value(code)?),
                (":number", n(code.number)),
                (":before", n(code.number - 1)),
                (":pending", s("pending")),
                (":at", at(when)),
            ],
            &[],
        )
    }

    pub(super) fn pass_code(
        &self,
        id: LinkId,
        number: u32,
        ticket: &Ticket,
    ) -> Result<TransactWriteItem, PortError> {
        self.updating(
            &keys::link(id),
            "SET #ticket = :ticket REMOVE #code ADD #all_tries :back",
            "#state = :pending AND #code.#number = :number",
            vec![
                (":ticket", value(ticket)?),
                (":number", n(number)),
                (":pending", s("pending")),
                (":back", n(-1)),
            ],
            &[],
        )
    }

    pub(super) fn accept_link(
        &self,
        id: LinkId,
        ticket: &str,
        when: Timestamp,
    ) -> Result<TransactWriteItem, PortError> {
        self.updating(
            &keys::link(id),
            "SET #state = :accepted, #closed_at = :at REMOVE #code",
            "#state = :pending AND #ticket.#digest = :ticket AND #ticket.#expires_at > :at",
            vec![
                (":accepted", s("accepted")),
                (":at", at(when)),
                (":pending", s("pending")),
                (":ticket", s(ticket)),
            ],
            &[],
        )
    }
}
