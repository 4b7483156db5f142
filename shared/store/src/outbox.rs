//! The outbox and what follows a change: claiming and settling messages, counts of patients, images of the stream.

use std::collections::BTreeSet;

use aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsError;
use aws_sdk_dynamodb::types::{Put, TransactWriteItem, Update};
use portico_domain::Timestamp;
use portico_domain::account::Account;
use portico_domain::deliver::{About, Outbox};
use portico_domain::ids::{AccountId, LinkId, MessageId, PracticeId};
use portico_domain::keys::digest;
use portico_domain::link::Delivery;
use portico_domain::message::{LEASE_SECONDS, Message, MessageState, Recipient};
use portico_domain::patient::{Patient, Status};
use portico_domain::ports::Patients as _;
use portico_domain::publish_changes::{Change, Counts, Moved};
use portico_domain::refusal::Unavailable;
use serde_json::Value;

use crate::expression::Terms;
use crate::item::{Item, at, key_item, key_of, n, optional, record, s, value};
use crate::keys::{self, DUE, DUE_AT, DUE_PK, Key};
use crate::read::whole_link;
use crate::table::{COSTS, Table, unavailable};

/// Messages that one look at the index brings.
const DUE_PAGE: i32 = 100;

impl Outbox for Table {
    fn queued(&self, image: &Value) -> Option<MessageId> {
        let item = from_image(image)?;
        let (pk, sk) = key_of(&item)?;
        let queued = item.get("state")?.as_s().ok()? == "queued";
        (sk == "MESSAGE" && queued).then(|| keys::message_of(pk)).flatten()
    }

    async fn claim(&self, id: MessageId, now: Timestamp) -> Result<Option<Message>, Unavailable> {
        // The lease is the due time moved on: whoever finds the message due finds it free.
        let update = "SET #due_at = :until ADD #attempts :one";
        let condition = "#state = :queued AND #due_at <= :now";
        let until = at(now.plus_seconds(LEASE_SECONDS));
        let values = vec![(":until", until), (":one", n(1)), (":queued", s("queued")), (":now", at(now))];
        let taken = self.update_if(&keys::message(id), update, condition, values).await?;
        taken.ok().map(record).transpose()
    }

    async fn about(&self, message: &Message) -> Result<About, Unavailable> {
        let patient = keys::patient(&message.practice, &message.about);
        let link = message.link.map(keys::link);
        let account = match message.to {
            Recipient::Account(id) => Some(keys::account(id)),
            Recipient::Patient | Recipient::Link | Recipient::Former(_) => None,
        };
        let all: Vec<Key> =
            [Some(&patient), link.as_ref(), account.as_ref()].into_iter().flatten().cloned().collect();
        let mut found = self.batch(&all).await?;
        let account: Option<Account> = optional(account.and_then(|account| found.take(&account)))?;
        let own = account.as_ref().filter(|account| !account.email_verified).and_then(Account::own_patient);
        let own = match own {
            Some(own) => self.patient(&message.practice, &own).await?,
            None => None,
        };
        Ok(About {
            patient: optional(found.take(&patient))?,
            link: link.and_then(|link| found.take(&link)).map_or(Ok(None), whole_link)?,
            account,
            own,
        })
    }

    async fn settle(&self, message: &Message, on_link: bool, now: Timestamp) -> Result<(), Unavailable> {
        let mut items = vec![self.settled(message)?];
        if let Some(id) = &message.provider_id {
            let mut feedback = key_item(&keys::provider(id));
            feedback.insert("message".to_owned(), s(message.id.to_string()));
            feedback.insert(keys::TTL.to_owned(), n(now.plus_hours(24 * 30).seconds()));
            let put = Put::builder().table_name(&*self.name).set_item(Some(feedback)).build();
            items.push(TransactWriteItem::builder().set_put(put.ok()).build());
        }
        if let Some(link) = message.link.filter(|_| on_link) {
            items.push(self.delivered(link, message.state, now)?);
        }
        let call = self
            .client
            .transact_write_items()
            .set_transact_items(Some(items))
            .return_consumed_capacity(COSTS);
        match call.send().await {
            Ok(_) => Ok(()),
            // Another sender took the message over when this one's lease was over: it is theirs to settle.
            Err(error)
                if error
                    .as_service_error()
                    .is_some_and(TransactWriteItemsError::is_transaction_canceled_exception) =>
            {
                Ok(())
            }
            Err(error) => Err(unavailable("TransactWriteItems", &error)),
        }
    }

    async fn due(&self, practice: &PracticeId, now: Timestamp) -> Result<Vec<MessageId>, Unavailable> {
        let condition = format!("#{DUE_PK} = :practice AND #{DUE_AT} <= :now");
        let terms =
            Terms::of(&[&condition], vec![(":practice", s(practice.as_str())), (":now", at(now))], &[]);
        let call =
            self.client.query().table_name(&*self.name).index_name(DUE).key_condition_expression(condition);
        let call = call.limit(DUE_PAGE).return_consumed_capacity(COSTS);
        let call = call
            .set_expression_attribute_values(terms.values())
            .set_expression_attribute_names(Some(terms.names));
        let answer = call.send().await.map_err(|error| unavailable("Query", &error))?;
        Ok(answer.items().iter().filter_map(|item| keys::message_of(key_of(item)?.0)).collect())
    }

    async fn practices(&self) -> Result<Vec<PracticeId>, Unavailable> {
        let items = self.query(keys::PRACTICES, "#sk > :from", vec![(":from", s(" "))], usize::MAX).await?;
        Ok(items.iter().filter_map(|item| PracticeId::parse(key_of(item)?.1).ok()).collect())
    }
}

impl Table {
    fn settled(&self, message: &Message) -> Result<TransactWriteItem, Unavailable> {
        let mut update = "SET #state = :state, #due_at = :due_at".to_owned();
        let mut values = vec![
            (":state", value(&message.state)?),
            (":due_at", at(message.due_at)),
            (":queued", s("queued")),
            (":attempts", n(message.attempts)),
        ];
        if let Some(id) = &message.provider_id {
            update.push_str(", #provider_id = :provider_id");
            values.push((":provider_id", s(id)));
        }
        if message.state != MessageState::Queued {
            update.push_str(" REMOVE #due_pk");
        }
        // The number of the attempt is this sender's lease.
        Ok(self.updating(
            &keys::message(message.id),
            &update,
            "#state = :queued AND #attempts = :attempts",
            values,
            &[],
        ))
    }

    fn delivered(
        &self,
        link: LinkId,
        state: MessageState,
        now: Timestamp,
    ) -> Result<TransactWriteItem, Unavailable> {
        let (update, delivery) = match state {
            MessageState::Sent => ("SET #delivery = :delivery, #sent_at = :now", Delivery::Sent),
            MessageState::Failed | MessageState::Dropped | MessageState::Queued => {
                ("SET #delivery = :delivery", Delivery::Failed)
            }
        };
        let mut values = vec![(":delivery", value(&delivery)?)];
        values.extend((state == MessageState::Sent).then(|| (":now", at(now))));
        Ok(self.updating(&keys::link(link), update, "attribute_exists(#pk)", values, &[]))
    }
}

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
            "PATIENT" => Change {
                moved: moved(old.as_ref(), new.as_ref()),
                relist: if differs(&["chart", "accounts"]) {
                    let both =
                        [old, new].into_iter().flatten().filter_map(|item| record::<Patient>(item).ok());
                    let ids: BTreeSet<AccountId> =
                        both.flat_map(|patient| patient.accounts).map(|account| account.id).collect();
                    ids.into_iter().collect()
                } else {
                    Vec::new()
                },
                signed_in: None,
            },
            "ACCOUNT" => {
                let listed = ["username", "email", "given_name", "family_name", "grants", "deleted_at"];
                let id =
                    new.as_ref().filter(|_| differs(&listed)).and_then(|item| item.get("id")?.as_s().ok());
                let relist = id.and_then(|id| AccountId::parse(id).ok()).into_iter().collect();
                Change { moved: None, relist, signed_in: signed_in(old.as_ref(), new) }
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

/// An image of the stream as an item.
fn from_image(image: &Value) -> Option<Item> {
    serde_json::from_value::<serde_dynamo::Item>(image.clone()).ok().map(Into::into)
}
