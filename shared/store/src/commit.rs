//! The one atomic write: each intent of the domain becomes the conditional puts and updates that carry it out.

use aws_sdk_dynamodb::error::SdkError;
use aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsError;
use aws_sdk_dynamodb::types::{AttributeValue, Delete, Put, TransactWriteItem, Update};
use portico_domain::keys::digest;
use portico_domain::model::link::KEPT_SECONDS;
use portico_domain::model::message::{self, Message};
use portico_domain::model::patient::{Patient, Status};
use portico_domain::model::refusal::Unavailable;
use portico_domain::ports::{Commit, CommitError, Listing, Once, Write};

use crate::expression::Terms;
use crate::item::{Item, at, item, key_item, n, s, value};
use crate::keys::{self, DUE_PK, Key, ROSTER_PK, ROSTER_SK};
use crate::table::{COSTS, Table, pause, unavailable};

/// Attempts at a transaction that meets others.
const ATTEMPTS: u32 = 6;

/// Nothing of this key may be there.
const NEW: &str = "attribute_not_exists(#pk)";

/// Something of this key must be there.
const THERE: &str = "attribute_exists(#pk)";

/// Hours that a note for staff is kept: half a year. What it says is looked up when it is read.
const NOTE_HOURS: i64 = 180 * 24;

/// The name of the record that counts attempts on a user name.
pub(crate) fn attempts(key: &str) -> String {
    format!("signin#{key}")
}

impl Commit for Table {
    async fn commit(&self, writes: &[Write]) -> Result<(), CommitError> {
        let mut items = Vec::new();
        let mut places = Vec::new();
        for (place, write) in writes.iter().enumerate() {
            let part = self.parts(write).map_err(|Unavailable| CommitError::Unavailable)?;
            places.extend(std::iter::repeat_n(place, part.len()));
            items.extend(part);
        }
        let mut outcome = self.transact(items.clone(), &places).await;
        if let Err(CommitError::Lost(lost)) = &outcome {
            let over = |place: usize| matches!(writes.get(place), Some(Write::EndLink { .. }));
            if lost.iter().all(|place| over(*place)) {
                // Links that are over already never open again: there is nothing to end.
                let rest = items.into_iter().zip(places).filter(|(_, place)| !lost.contains(place));
                let (items, places): (Vec<_>, Vec<_>) = rest.unzip();
                outcome = self.transact(items, &places).await;
            }
        }
        self.copy_practices(writes, outcome.is_ok());
        outcome
    }
}

impl Table {
    /// Writes all of `items` or none; what was lost is told by `places`, one for each item.
    pub(crate) async fn transact(
        &self,
        items: Vec<TransactWriteItem>,
        places: &[usize],
    ) -> Result<(), CommitError> {
        // One token for all attempts, ours and the SDK's: a call whose answer was lost, or that is still under way, is
        // not done twice. Every transaction holds an id or a version of its own, so no two share a token.
        let token: String = digest(format!("{items:?}").as_bytes()).chars().take(36).collect();
        for attempt in 0..ATTEMPTS {
            let call = self.client.transact_write_items().set_transact_items(Some(items.clone()));
            let call = call.client_request_token(&token);
            let Err(error) = call.return_consumed_capacity(COSTS).send().await else { return Ok(()) };
            match refusal(&error, places) {
                Some(CommitError::Contended) => pause(attempt).await,
                Some(refusal) => return Err(refusal),
                None => {
                    let Unavailable = unavailable("TransactWriteItems", &error);
                    return Err(CommitError::Unavailable);
                }
            }
        }
        Err(CommitError::Contended)
    }

    fn copy_practices(&self, writes: &[Write], done: bool) {
        for write in writes {
            if let Write::ChangePractice(practice) | Write::CreatePractice(practice) = write {
                if done {
                    self.copies.put(practice.clone(), self.clock.now());
                } else {
                    self.copies.forget(&practice.id);
                }
            }
        }
    }

    pub(crate) fn parts(&self, write: &Write) -> Result<Vec<TransactWriteItem>, Unavailable> {
        let part = match write {
            Write::CreatePatient(patient, status) => self.put(patient_item(patient, *status)?, NEW, vec![]),
            Write::ChangePatient(patient, status) => {
                self.put_next(patient_item(patient, *status)?, patient.version)
            }
            Write::Care(practice, patient, care) => {
                self.put(item(&keys::care(practice, patient), care, None)?, "", vec![])
            }
            Write::List(practice, entry) => self.put(entry_item(practice, entry), "", vec![]),
            Write::Unlist(practice, entry) => {
                let mut item = entry_item(practice, entry);
                item.insert("former".to_owned(), AttributeValue::Bool(true));
                self.put(item, "", vec![])
            }
            Write::CreateLink(link) => {
                let ttl = link.expires_at.plus_seconds(KEPT_SECONDS);
                self.put(item(&keys::link(link.id), link, Some(ttl))?, NEW, vec![])
            }
            Write::CloseLink { id, to, at: when } | Write::EndLink { id, to, at: when } => self.updating(
                &keys::link(*id),
                // The record of a link that expired long ago may be gone; what is then put in its place goes with the next sweep.
                "SET #state = :to, #closed_at = :at, #ttl = if_not_exists(#ttl, :seconds)",
                "attribute_not_exists(#pk) OR #state = :pending",
                vec![(":to", value(to)?), (":at", at(*when)), (":seconds", n(when.seconds())), (":pending", s("pending"))],
                &[],
            ),
            Write::PassFacts { id, at: when, ticket, counted } => {
                let mut set = "SET #opened_at = if_not_exists(#opened_at, :at)".to_owned();
                let mut values = vec![(":at", at(*when)), (":pending", s("pending")), (":one", n(1))];
                if let Some(ticket) = ticket {
                    set.push_str(", #ticket = :ticket");
                    values.push((":ticket", value(ticket)?));
                }
                set.push_str(" ADD #proofs :one");
                if *counted {
                    set.push_str(", #fact_tries :back, #all_tries :back");
                    values.push((":back", n(-1)));
                }
                self.updating(&keys::link(*id), &set, "#state = :pending AND #expires_at > :at", values, &[])
            }
            Write::SendCode { id, code, at: when } => self.updating(
                &keys::link(*id),
                "SET #code = :code, #codes = :number",
                "#state = :pending AND #expires_at > :at AND #codes = :before",
                vec![
                    (":code", value(code)?),
                    (":number", n(code.number)),
                    (":before", n(code.number - 1)),
                    (":pending", s("pending")),
                    (":at", at(*when)),
                ],
                &[],
            ),
            Write::PassCode { id, number, ticket } => self.updating(
                &keys::link(*id),
                "SET #ticket = :ticket REMOVE #code ADD #all_tries :back",
                "#state = :pending AND #code.#number = :number",
                vec![
                    (":ticket", value(ticket)?),
                    (":number", n(number)),
                    (":pending", s("pending")),
                    (":back", n(-1)),
                ],
                &[],
            ),
            Write::AcceptLink { id, ticket, at: when } => self.updating(
                &keys::link(*id),
                "SET #state = :accepted, #closed_at = :at REMOVE #ticket, #code",
                "#state = :pending AND #ticket.#digest = :ticket AND #ticket.#expires_at > :at",
                vec![
                    (":accepted", s("accepted")),
                    (":at", at(*when)),
                    (":pending", s("pending")),
                    (":ticket", s(ticket)),
                ],
                &[],
            ),
            Write::ClaimUsername(login) => {
                self.put(item(&keys::login(&login.practice, &login.name), login, None)?, NEW, vec![])
            }
            Write::SetPassword(login) => self.updating(
                &keys::login(&login.practice, &login.name),
                "SET #password = :password",
                "#account = :account",
                vec![(":password", value(&login.password)?), (":account", value(&login.account)?)],
                &[],
            ),
            Write::FreeUsername { practice, name, account } => self.delete(
                &keys::login(practice, name),
                "#account = :account",
                vec![(":account", value(account)?)],
            ),
            Write::ForgetAttempts(key) => self.delete(&keys::limit(&attempts(key)), "", vec![]),
            Write::Checks(practice, patient, checks) => {
                self.put(item(&keys::checks(practice, patient), checks, None)?, "", vec![])
            }
            Write::Propose(change) => {
                self.put(item(&keys::change(&change.practice, change.id), change, None)?, NEW, vec![])
            }
            Write::DecideChange(change) => {
                let decided = keys::decided_change(&change.practice, &change.patient, change.id);
                return Ok(vec![
                    self.delete(&keys::change(&change.practice, change.id), THERE, vec![]),
                    self.put(item(&decided, change, None)?, NEW, vec![]),
                ]);
            }
            Write::Note { practice, patient, cause, at: when } => {
                let mut note = key_item(&keys::note(practice, *cause, patient));
                note.insert("patient".to_owned(), s(patient.as_str()));
                note.insert("cause".to_owned(), value(cause)?);
                let ttl = when.plus_hours(NOTE_HOURS);
                note.insert(keys::TTL.to_owned(), n(ttl.seconds()));
                self.put(note, "", vec![])
            }
            Write::KeepSession(session) => self.updating(
                &keys::session(session.account, &session.digest),
                // A session is free once it says so, and never by merely going on.
                if session.restricted {
                    "SET #epoch = :epoch"
                } else {
                    "SET #epoch = :epoch REMOVE #restricted"
                },
                THERE,
                vec![(":epoch", n(session.epoch))],
                &[],
            ),
            Write::SetLevel { account, patient, level } => self.updating(
                &keys::account(*account),
                "SET #grants.#patient.#level = :level ADD #version :one",
                "attribute_exists(#grants.#patient)",
                vec![(":level", value(level)?), (":one", n(1))],
                &[("patient", patient.as_str())],
            ),
            Write::DropHold { practice, account } => self.delete(&keys::hold(practice, *account), "", vec![]),
            Write::CreateAccount(account) => {
                self.put(item(&keys::account(account.id), account, None)?, NEW, vec![])
            }
            Write::ChangeAccount(account) => {
                self.put_next(item(&keys::account(account.id), account, None)?, account.version)
            }
            Write::EndGrant { account, patient, revocation } => self.updating(
                &keys::account(*account),
                "SET #grants.#patient.#state = :ended, #grants.#patient.#ended_by = :revocation ADD #version :one",
                "attribute_exists(#grants.#patient)",
                vec![(":ended", s("ended")), (":revocation", value(revocation)?), (":one", n(1))],
                &[("patient", patient.as_str())],
            ),
            Write::RestoreGrant { account, patient, revocation, since } => self.updating(
                &keys::account(*account),
                "SET #grants.#patient.#state = :active, #grants.#patient.#since = :since \
                 REMOVE #grants.#patient.#ended_by ADD #version :one",
                "#grants.#patient.#ended_by = :revocation",
                vec![
                    (":active", s("active")),
                    (":since", at(*since)),
                    (":revocation", value(revocation)?),
                    (":one", n(1)),
                ],
                &[("patient", patient.as_str())],
            ),
            Write::SuspendGrant { account, patient, back_since } => {
                let (set, from, to) = match back_since {
                    None => ("SET #grants.#patient.#state = :to ADD #version :one", "active", "suspended"),
                    Some(_) => (
                        "SET #grants.#patient.#state = :to, #grants.#patient.#since = :since ADD #version :one",
                        "suspended",
                        "active",
                    ),
                };
                let mut values = vec![(":to", s(to)), (":from", s(from)), (":one", n(1))];
                values.extend(back_since.map(|since| (":since", at(since))));
                self.updating(
                    &keys::account(*account),
                    set,
                    "#grants.#patient.#state = :from",
                    values,
                    &[("patient", patient.as_str())],
                )
            }
            Write::Hold(hold) => {
                self.put(item(&keys::hold(&hold.practice, hold.account), hold, None)?, NEW, vec![])
            }
            Write::DecideHold { hold, granted } => {
                let mut values = vec![
                    (":held", s("held")),
                    (":to", s(if granted.is_some() { "active" } else { "ended" })),
                    (":one", n(1)),
                ];
                let mut set = "SET #grants.#patient.#state = :to".to_owned();
                if let Some(since) = granted {
                    set.push_str(", #grants.#patient.#since = :since");
                    values.push((":since", at(*since)));
                }
                set.push_str(" ADD #version :one");
                return Ok(vec![
                    self.delete(&keys::hold(&hold.practice, hold.account), THERE, vec![]),
                    self.updating(
                        &keys::account(hold.account),
                        &set,
                        "#grants.#patient.#state = :held",
                        values,
                        &[("patient", hold.patient.as_str())],
                    ),
                ]);
            }
            Write::OpenSession(session) => {
                let key = keys::session(session.account, &session.digest);
                self.put(item(&key, session, Some(session.ends_at))?, NEW, vec![])
            }
            Write::EndSession { account, digest } => {
                self.delete(&keys::session(*account, digest), THERE, vec![])
            }
            Write::OpenExchange(exchange) => {
                let key = keys::exchange(exchange.account, &exchange.digest);
                self.put(item(&key, exchange, Some(exchange.expires_at.plus_hours(24)))?, NEW, vec![])
            }
            Write::SpendExchange(exchange) => self.updating(
                &keys::exchange(exchange.account, &exchange.digest),
                "SET #spent = :spent",
                "attribute_exists(#pk) AND attribute_not_exists(#spent)",
                vec![(":spent", AttributeValue::Bool(true))],
                &[],
            ),
            Write::Append(event) => {
                let key = Key {
                    pk: keys::chain(&event.practice, &event.subject),
                    sk: keys::event_number(event.number),
                };
                self.put(item(&key, event, None)?, NEW, vec![])
            }
            Write::Count(counter) => self.updating(
                &keys::limit(&counter.key),
                "ADD #counter :one SET #ttl = :ttl",
                "attribute_not_exists(#counter) OR #counter < :most",
                vec![
                    (":one", n(1)),
                    (":most", n(counter.rule.most)),
                    (":ttl", n(counter.ends_at.plus_seconds(counter.rule.seconds).seconds())),
                ],
                &[("counter", counter.name)],
            ),
            Write::Queue(message) => self.put(message_item(message)?, NEW, vec![]),
            Write::Once(once) => self.put_once(once),
            Write::CreatePractice(practice) => {
                let listed = key_item(&keys::listed_practice(&practice.id));
                return Ok(vec![
                    self.put(item(&keys::practice(&practice.id), practice, None)?, NEW, vec![]),
                    self.put(listed, "", vec![]),
                ]);
            }
            Write::ChangePractice(practice) => {
                self.put_next(item(&keys::practice(&practice.id), practice, None)?, practice.version)
            }
            Write::IssueKey(key) => {
                return Ok(vec![
                    self.put(item(&keys::api_key(&key.digest), key, None)?, NEW, vec![]),
                    self.put(item(&keys::practice_key(&key.practice, &key.digest), key, None)?, NEW, vec![]),
                ]);
            }
            Write::RevokeKey { digest, practice, at: when } => {
                let end = |key: &Key| {
                    let values = vec![(":at", at(*when)), (":practice", s(practice.as_str()))];
                    self.updating(key, "SET #revoked_at = :at", "#practice = :practice", values, &[])
                };
                return Ok(vec![end(&keys::api_key(digest)), end(&keys::practice_key(practice, digest))]);
            }
        };
        Ok(vec![part])
    }

    fn put(&self, item: Item, condition: &str, values: Vec<(&str, AttributeValue)>) -> TransactWriteItem {
        let terms = Terms::of(&[condition], values, &[]);
        let condition = (!condition.is_empty()).then(|| condition.to_owned());
        let names = condition.is_some().then_some(terms.names.clone());
        let put =
            Put::builder().table_name(&*self.name).set_item(Some(item)).set_condition_expression(condition);
        let put = put.set_expression_attribute_names(names).set_expression_attribute_values(terms.values());
        TransactWriteItem::builder().set_put(put.build().ok()).build()
    }

    /// A record that follows the one of the version before.
    fn put_next(&self, item: Item, version: u64) -> TransactWriteItem {
        self.put(item, "#version = :before", vec![(":before", n(version.saturating_sub(1)))])
    }

    fn put_once(&self, once: &Once) -> TransactWriteItem {
        // The name is a MAC over the client's key, so that no other client can meet it.
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

    pub(crate) fn updating(
        &self,
        key: &Key,
        update: &str,
        condition: &str,
        values: Vec<(&str, AttributeValue)>,
        named: &[(&str, &str)],
    ) -> TransactWriteItem {
        let terms = Terms::of(&[update, condition], values, named);
        let update = Update::builder()
            .table_name(&*self.name)
            .set_key(Some(key_item(key)))
            .update_expression(update)
            .condition_expression(condition)
            .set_expression_attribute_values(terms.values())
            .set_expression_attribute_names(Some(terms.names));
        TransactWriteItem::builder().set_update(update.build().ok()).build()
    }

    fn delete(&self, key: &Key, condition: &str, values: Vec<(&str, AttributeValue)>) -> TransactWriteItem {
        let terms = Terms::of(&[condition], values, &[]);
        let conditional = !condition.is_empty();
        let delete = Delete::builder()
            .table_name(&*self.name)
            .set_key(Some(key_item(key)))
            .set_condition_expression(conditional.then(|| condition.to_owned()))
            .set_expression_attribute_values(terms.values())
            .set_expression_attribute_names(conditional.then_some(terms.names));
        TransactWriteItem::builder().set_delete(delete.build().ok()).build()
    }
}

fn patient_item(patient: &Patient, status: Status) -> Result<Item, Unavailable> {
    let mut item = item(&keys::patient(&patient.practice, &patient.id), patient, None)?;
    item.insert("status".to_owned(), s(status.as_str()));
    item.insert(ROSTER_PK.to_owned(), s(keys::roster(&patient.practice, status)));
    item.insert(ROSTER_SK.to_owned(), s(patient.sort_name()));
    Ok(item)
}

fn message_item(message: &Message) -> Result<Item, Unavailable> {
    let ttl = message.created_at.plus_seconds(message::KEPT_SECONDS);
    let mut item = item(&keys::message(message.id), message, Some(ttl))?;
    item.insert(DUE_PK.to_owned(), s(message.practice.as_str()));
    Ok(item)
}

fn entry_item(practice: &portico_domain::model::ids::PracticeId, entry: &Listing) -> Item {
    let mut item = key_item(&keys::entry(practice, entry));
    let patient = match entry {
        Listing::Name { birth_date, patient, .. } => {
            item.insert("birth_date".to_owned(), s(birth_date));
            patient
        }
        Listing::Email { patient, .. } => patient,
        Listing::Account { account, .. } => {
            item.insert("account".to_owned(), s(account.to_string()));
            return item;
        }
    };
    item.insert("patient".to_owned(), s(patient.as_str()));
    item
}

/// What a refused transaction says: which writes' conditions did not hold, or that others were there. `None` for any
/// other failure.
fn refusal<R>(error: &SdkError<TransactWriteItemsError, R>, places: &[usize]) -> Option<CommitError> {
    match error.as_service_error()? {
        TransactWriteItemsError::TransactionCanceledException(canceled) => {
            let reasons = canceled.cancellation_reasons();
            let is = |code: &str| {
                let codes = reasons.iter().zip(places).filter(move |(reason, _)| reason.code() == Some(code));
                codes.map(|(_, place)| *place).collect::<Vec<_>>()
            };
            let mut lost = is("ConditionalCheckFailed");
            lost.dedup();
            if !lost.is_empty() {
                return Some(CommitError::Lost(lost));
            }
            let others = ["TransactionConflict", "ThrottlingError", "ProvisionedThroughputExceeded"];
            others.iter().any(|code| !is(code).is_empty()).then_some(CommitError::Contended)
        }
        TransactWriteItemsError::TransactionInProgressException(_)
        | TransactWriteItemsError::ProvisionedThroughputExceededException(_) => Some(CommitError::Contended),
        _ => None,
    }
}
