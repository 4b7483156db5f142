//! Writes of automatic invitations: who is due, runs, pages of work, and the texts of a number.

use aws_sdk_dynamodb::types::TransactWriteItem;
use portico_domain::model::person::Address;
use portico_domain::model::refusal::PortError;
use portico_domain::model::sweep_run::{Page, Run};
use portico_domain::time::Timestamp;

use super::NEW;
use crate::item::{at, item, n};
use crate::keys::{self, Key};
use crate::table::Table;

/// Hours that a run is kept: 400 days, so that a whole year can be looked at.
const RUN_HOURS: i64 = 400 * 24;

/// Hours that a page of work is kept. SQS keeps its message for four days.
const PAGE_HOURS: i64 = 14 * 24;

/// Hours between two automatic texts to a number, and in which it gets at most three.
const ONE_TEXT_HOURS: i64 = 24;
const THREE_TEXTS_HOURS: i64 = 7 * 24;

impl Table {
    pub(super) fn sweep_due(
        &self,
        patient: &Key,
        version: u64,
        from: Timestamp,
        until: Option<Timestamp>,
    ) -> Result<TransactWriteItem, PortError> {
        let condition = "#sweep_due_at = :from AND #version = :version";
        let mut values = vec![(":from", at(from)), (":version", n(version))];
        let update = match until {
            None => "REMOVE #sweep_due_at, #due_pk, #due_at",
            Some(until) => {
                values.push((":until", at(until)));
                "SET #sweep_due_at = :until, #due_at = :until"
            }
        };
        self.updating(patient, update, condition, values, &[])
    }

    pub(super) fn count_automatic_text(
        &self,
        number: &Address,
        when: Timestamp,
    ) -> Result<TransactWriteItem, PortError> {
        // The three latest texts. The expressions on the right mean the values before the update.
        let update = "SET #third = if_not_exists(#second, :never), #second = if_not_exists(#first, :never), \
                      #first = :now, #ttl = :ttl";
        let condition = "attribute_not_exists(#pk) OR (#first <= :one_ago AND (attribute_not_exists(#third) OR #third <= :three_ago))";
        let values = vec![
            (":never", n(0)),
            (":now", at(when)),
            (":one_ago", at(when.plus_hours(-ONE_TEXT_HOURS))),
            (":three_ago", at(when.plus_hours(-THREE_TEXTS_HOURS))),
            (":ttl", n(when.plus_hours(THREE_TEXTS_HOURS).seconds())),
        ];
        self.updating(&keys::automatic_texts(number.reveal()), update, condition, values, &[])
    }

    pub(super) fn start_run(&self, run: &Run) -> Result<TransactWriteItem, PortError> {
        self.put(item(&keys::run(&run.practice, run.day), run, Some(kept(run)))?, NEW, vec![])
    }

    pub(super) fn change_run(&self, run: &Run) -> Result<TransactWriteItem, PortError> {
        self.put_next(item(&keys::run(&run.practice, run.day), run, Some(kept(run)))?, run.version)
    }

    pub(super) fn add_page(&self, page: &Page) -> Result<TransactWriteItem, PortError> {
        let ttl = self.clock.now().plus_hours(PAGE_HOURS);
        self.put(item(&keys::page(&page.practice, page.day, page.number), page, Some(ttl))?, NEW, vec![])
    }

    pub(super) fn finish_page(&self, page: &Page) -> Result<TransactWriteItem, PortError> {
        let key = keys::page(&page.practice, page.day, page.number);
        let values = vec![(":done", crate::item::value(&true)?), (":open", crate::item::value(&false)?)];
        self.updating(&key, "SET #done = :done", "#done = :open", values, &[])
    }
}

fn kept(run: &Run) -> Timestamp {
    run.started_at.plus_hours(RUN_HOURS)
}
