//! What follows: counts of patients, whose a number is and what it said, what providers report, images of the stream.

use std::collections::BTreeSet;

use aws_sdk_dynamodb::types::{TransactWriteItem, Update};
use portico_domain::keys::digest;
use portico_domain::model::account::Account;
use portico_domain::model::announcement;
use portico_domain::model::audit::Event;
use portico_domain::model::chart::Channel;
use portico_domain::model::delivery::Feedback;
use portico_domain::model::ids::{AccountId, MessageId, PatientId, PracticeId};
use portico_domain::model::message::Message;
use portico_domain::model::patient::{Patient, Status};
use portico_domain::model::refusal::Unavailable;
use portico_domain::model::text_reply::{Said, Standing};
use portico_domain::ports::{Change, Counts, Moved, Numbers, Renumbered};
use portico_domain::ports::{Ledger, Standings};
use portico_domain::ports::{Named, Tracking};
use portico_domain::time::Timestamp;
use serde_json::Value;

use crate::expression::Terms;
use crate::item::{Item, at, from_image, key_item, key_of, n, optional, record, s, value};
use crate::keys;
use crate::read::whole_link;
use crate::table::{COSTS, Table, unavailable};

impl Counts for Table {
    fn change(&self, old: Option<&Value>, new: Option<&Value>) -> Change {
        let (old, new) = (old.and_then(from_image), new.and_then(from_image));
        let Some(sk) = new.as_ref().or(old.as_ref()).and_then(|item| Some(key_of(item)?.1.to_owned())) else {
            return Change::default();
        };
        let differs = |names: &[&str]| {
            let of = |item: &Option<Item>, name: &str| item.as_ref().and_then(|item| item.get(name).cloned());
            names.iter().any(|name| of(&old, name) != of(&new, name))
        };
        match sk.as_str() {
            "PATIENT" => {
                let moved = moved(old.as_ref(), new.as_ref());
                if !differs(&["chart", "accounts"]) {
                    return Change { moved, ..Change::default() };
                }
                let [old, new] = [old, new].map(|item| record::<Patient>(item?).ok());
                let accounts = [&old, &new].into_iter().flatten().flat_map(|patient| &patient.accounts);
                let ids: BTreeSet<AccountId> = accounts.map(|account| account.id).collect();
                Change {
                    moved,
                    relist: ids.into_iter().collect(),
                    renumbered: renumbered(old.as_ref(), new.as_ref()),
                    ..Change::default()
                }
            }
            "LINK" => {
                let [old, new] = [old, new].map(|item| whole_link(item?).ok().flatten());
                let announcement = new.and_then(|new| announcement::of_link(old.as_ref(), &new));
                Change { announcement, ..Change::default() }
            }
            "ACCOUNT" => {
                let listed = ["username", "email", "given_name", "family_name", "grants", "deleted_at"];
                let id =
                    new.as_ref().filter(|_| differs(&listed)).and_then(|item| item.get("id")?.as_s().ok());
                let relist = id.and_then(|id| AccountId::parse(id).ok()).into_iter().collect();
                Change { relist, signed_in: signed_in(old.as_ref(), new), ..Change::default() }
            }
            _ if is_event(new.as_ref()) => {
                let event = new.and_then(|item| record::<Event>(item).ok());
                Change { announcement: event.as_ref().and_then(announcement::of_event), ..Change::default() }
            }
            _ => Change::default(),
        }
    }

    async fn shift(
        &self,
        practice: &PracticeId,
        from: Option<Status>,
        to: Option<Status>,
        event: &str,
    ) -> Result<(), Unavailable> {
        let step = |status: Status, by: i64| {
            let terms = Terms::of(&["#patients"], vec![(":by", n(by))], &[]);
            let update = Update::builder()
                .table_name(&*self.name)
                .set_key(Some(key_item(&keys::count(practice, status))));
            let update =
                update.update_expression("ADD #patients :by").set_expression_attribute_values(terms.values());
            let update = update.set_expression_attribute_names(Some(terms.names)).build();
            TransactWriteItem::builder().set_update(update.ok()).build()
        };
        let steps = from.map(|status| step(status, -1)).into_iter().chain(to.map(|status| step(status, 1)));
        // The stream may show a record again: the same token within ten minutes is done once.
        let token: String = digest(event.as_bytes()).chars().take(36).collect();
        let call = self
            .client
            .transact_write_items()
            .set_transact_items(Some(steps.collect()))
            .client_request_token(token);
        let answer = call.return_consumed_capacity(COSTS).send().await;
        answer.map(drop).map_err(|error| unavailable("TransactWriteItems", &error))
    }
}

impl Standings for Table {
    async fn standing(&self, number: &str) -> Result<Standing, Unavailable> {
        self.get(&keys::standing(number)).await?.map_or(Ok(Standing::default()), stands)
    }
}

/// Where a number stands, by its item.
pub(crate) fn stands(mut item: Item) -> Result<Standing, Unavailable> {
    let word = item.remove("word").map(serde_dynamo::from_attribute_value).transpose();
    Ok(Standing { word: word.map_err(|_| Unavailable)? })
}

impl Numbers for Table {
    async fn renumber(&self, renumbered: &Renumbered) -> Result<(), Unavailable> {
        let Renumbered { practice, patient, from, to } = renumbered;
        if let Some(to) = to {
            let mut item = key_item(&keys::numbered(to, practice, patient));
            item.insert("practice".to_owned(), s(practice.as_str()));
            item.insert("patient".to_owned(), s(patient.as_str()));
            let call = self.client.put_item().table_name(&*self.name).set_item(Some(item));
            let put = call.return_consumed_capacity(COSTS).send().await;
            put.map_err(|error| unavailable("PutItem", &error))?;
        }
        if let Some(from) = from {
            let key = key_item(&keys::numbered(from, practice, patient));
            let call = self.client.delete_item().table_name(&*self.name).set_key(Some(key));
            let gone = call.return_consumed_capacity(COSTS).send().await;
            gone.map_err(|error| unavailable("DeleteItem", &error))?;
        }
        Ok(())
    }
}

impl Ledger for Table {
    async fn say(&self, said: &Said) -> Result<(), Unavailable> {
        let values = || Ok(vec![(":word", value(&said.word)?), (":at", at(said.at))]);
        let entry = keys::said(&said.number, said.at, &said.id);
        let new = "attribute_not_exists(#pk)";
        // Both may be there already: the same reply comes twice, an earlier one comes late.
        drop(self.update_if(&entry, "SET #word = :word, #at = :at", new, values()?).await?);
        let latest = "attribute_not_exists(#at) OR #at < :at";
        let standing = keys::standing(&said.number);
        self.update_if(&standing, "SET #word = :word, #at = :at", latest, values()?).await.map(drop)
    }

    async fn at_number(&self, number: &str) -> Result<Vec<(PracticeId, PatientId)>, Unavailable> {
        let values = vec![(":from", s(keys::NUMBERED))];
        let pk = keys::standing(number).pk;
        let items = self.query(&pk, "begins_with(#sk, :from)", values, usize::MAX).await?;
        let of = |item: &Item| {
            let text = |name: &str| item.get(name)?.as_s().ok();
            Some((PracticeId::parse(text("practice")?).ok()?, PatientId::parse(text("patient")?).ok()?))
        };
        Ok(items.iter().filter_map(of).collect())
    }
}

impl Tracking for Table {
    async fn tracked(&self, named: &Named) -> Result<Option<Message>, Unavailable> {
        let id = match named {
            Named::Message(id) => *id,
            Named::Provider(id) => {
                let found = self.get(&keys::provider(id)).await?;
                let id = found.as_ref().and_then(|item| item.get("message")?.as_s().ok());
                let Some(id) = id.and_then(|id| MessageId::parse(id).ok()) else { return Ok(None) };
                id
            }
        };
        optional(self.get(&keys::message(id)).await?)
    }

    async fn keep_feedback(&self, message: &Message, feedback: &Feedback) -> Result<(), Unavailable> {
        let update = "SET #feedback = :feedback";
        let news = "attribute_exists(#pk) AND (attribute_not_exists(#feedback) OR #feedback.#rank < :rank)";
        let values = || Ok(vec![(":feedback", value(feedback)?), (":rank", n(feedback.rank))]);
        // The message last: while it does not know, the report is taken again. What is known already stays.
        if let Some(link) = message.shown_on() {
            drop(self.update_if(&keys::link(link), update, news, values()?).await?);
        }
        self.update_if(&keys::message(message.id), update, news, values()?).await.map(drop)
    }
}

/// Whether an item is an audit event.
fn is_event(item: Option<&Item>) -> bool {
    item.and_then(|item| key_of(item)).is_some_and(|(pk, _)| pk.starts_with(keys::CHAIN))
}

fn renumbered(old: Option<&Patient>, new: Option<&Patient>) -> Option<Renumbered> {
    let number = |patient: Option<&Patient>| patient?.chart.address(Channel::Sms).map(str::to_owned);
    let (from, to) = (number(old), number(new));
    let whose = new.or(old).filter(|_| from != to)?;
    Some(Renumbered { practice: whose.practice.clone(), patient: whose.id.clone(), from, to })
}

fn moved(old: Option<&Item>, new: Option<&Item>) -> Option<Moved> {
    let status = |item: Option<&Item>| -> Option<Status> {
        serde_dynamo::from_attribute_value(item?.get("status")?.clone()).ok()
    };
    let practice = new.or(old)?.get("practice")?.as_s().ok()?;
    Some(Moved { practice: PracticeId::parse(practice).ok()?, from: status(old), to: status(new) })
}

fn signed_in(old: Option<&Item>, new: Option<Item>) -> Option<Box<Account>> {
    let new = new?;
    let account: Account = record(new).ok()?;
    let before =
        old.and_then(|item| item.get("last_login_at")?.as_n().ok()?.parse().ok()).map(Timestamp::from_millis);
    (account.last_login_at > before).then(|| Box::new(account))
}
