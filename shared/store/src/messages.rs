//! The outbox for its sender, delivery reports, and the replies to texts.

use aws_sdk_dynamodb::types::{Put, TransactWriteItem};
use portico_domain::model::account::Account;
use portico_domain::model::attention::Cause;
use portico_domain::model::delivery::{Delivery, Feedback};
use portico_domain::model::ids::{LinkId, MessageId, PatientId, PracticeId};
use portico_domain::model::message::{LEASE_SECONDS, Line, Message, MessageState, Recipient, Template};
use portico_domain::model::refusal::PortError;
use portico_domain::model::text_reply::{Said, Standing};
use portico_domain::ports::{
    About, CommitError, Ledger, Named, Outbox, Patients as _, Standings, Tracking, Write,
};
use portico_domain::time::Timestamp;
use serde_json::Value;

use crate::expression::Terms;
use crate::item::{Item, at, from_image, key_item, key_of, n, optional, record, s, value};
use crate::keys::{self, DUE, DUE_AT, DUE_PK, Key};
use crate::links::whole_link;
use crate::table::{COSTS, Table, Updated, unavailable};

/// Most messages that one query of the index returns.
const DUE_PAGE: i32 = 100;

impl Outbox for Table {
    fn queued(&self, image: &Value) -> Option<(Line, MessageId)> {
        let item = from_image(image)?;
        let (pk, sk) = key_of(&item)?;
        let queued = item.get("state")?.as_s().ok()? == "queued";
        let template = item.get("template").cloned().map(serde_dynamo::from_attribute_value::<_, Template>);
        let line = template?.ok()?.line();
        let at_once = sk == "MESSAGE" && queued && line != Line::Automatic;
        Some((line, keys::message_of(pk).filter(|_| at_once)?))
    }

    async fn claim(&self, id: MessageId, now: Timestamp) -> Result<Option<Message>, PortError> {
        // The lease is the due time, moved on. A message that is due therefore has no sender.
        let update = "SET #due_at = :until ADD #attempts :one";
        let condition = "#state = :queued AND #due_at <= :now";
        let until = at(now.plus_seconds(LEASE_SECONDS));
        let values = vec![(":until", until), (":one", n(1)), (":queued", s("queued")), (":now", at(now))];
        let taken = self.update_if(&keys::message(id), update, condition, values).await?;
        match taken {
            Updated::Done(item) => record(item).map(Some),
            Updated::Refused(_) => Ok(None),
        }
    }

    async fn about(&self, message: &Message) -> Result<About, PortError> {
        let patient = keys::patient(&message.practice, &message.about);
        let link = message.link.map(keys::link);
        let standing = message.number.as_deref().map(keys::standing);
        let account = match message.to {
            Recipient::Account(id) => Some(keys::account(id)),
            Recipient::Patient | Recipient::Link | Recipient::Former(_) => None,
        };
        let all: Vec<Key> = [Some(&patient), link.as_ref(), account.as_ref(), standing.as_ref()]
            .into_iter()
            .flatten()
            .cloned()
            .collect();
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
            standing: standing
                .map(|standing| found.take(&standing).map_or(Ok(Standing::default()), stands))
                .transpose()?,
        })
    }

    async fn settle(
        &self,
        message: &Message,
        delivery: Option<Delivery>,
        now: Timestamp,
    ) -> Result<(), PortError> {
        let mut items = vec![self.settled(message)?];
        if let Some(id) = &message.provider_id {
            let mut feedback = key_item(&keys::provider(id));
            feedback.insert("message".to_owned(), s(message.id.to_string()));
            feedback.insert(keys::TTL.to_owned(), n(now.plus_hours(24 * 30).seconds()));
            let put = Put::builder().table_name(&*self.name).set_item(Some(feedback)).build();
            items.push(TransactWriteItem::builder().set_put(put.ok()).build());
        }
        if let Some((link, delivery)) = message.shown_on().zip(delivery) {
            items.push(self.delivered(link, delivery, now)?);
            if delivery == Delivery::Failed {
                let (practice, patient) = (message.practice.clone(), message.about.clone());
                let note = Write::Note { practice, patient, cause: Cause::DeliveryFailed, at: now };
                items.extend(self.parts(&note)?);
            }
        }
        let places: Vec<usize> = (0..items.len()).collect();
        let mut outcome = self.transact(items.clone(), &places).await;
        if let Err(CommitError::Lost(lost)) = &outcome
            && !lost.contains(&0)
        {
            // The link's record is deleted. Save the message's state without it.
            let kept = items.into_iter().zip(places).filter(|(_, place)| !lost.contains(place));
            let (items, places): (Vec<_>, Vec<_>) = kept.unzip();
            outcome = self.transact(items, &places).await;
        }
        match outcome {
            // This sender's lease ended and another one took the message over. That one saves the outcome.
            Ok(()) | Err(CommitError::Lost(_)) => Ok(()),
            Err(CommitError::Contended) => Err(PortError::Unavailable),
            Err(CommitError::Port(error)) => Err(error),
        }
    }

    async fn put_back(&self, message: &Message, until: Timestamp) -> Result<(), PortError> {
        // Nobody else takes the message before the lease ends. The number of the attempt identifies
        // the lease.
        let values = vec![
            (":until", at(until)),
            (":back", n(-1)),
            (":queued", s("queued")),
            (":attempts", n(message.attempts)),
        ];
        let update = "SET #due_at = :until ADD #attempts :back";
        let condition = "#state = :queued AND #attempts = :attempts";
        self.update_if(&keys::message(message.id), update, condition, values).await.map(drop)
    }

    async fn due(
        &self,
        practice: &PracticeId,
        line: Line,
        now: Timestamp,
    ) -> Result<Vec<MessageId>, PortError> {
        let line = keys::line(practice, line);
        let condition = format!("#{DUE_PK} = :line AND #{DUE_AT} <= :now");
        let terms = Terms::of(&[&condition], vec![(":line", s(line)), (":now", at(now))], &[]);
        let call =
            self.client.query().table_name(&*self.name).index_name(DUE).key_condition_expression(condition);
        let call = call.limit(DUE_PAGE).return_consumed_capacity(COSTS);
        let call = call
            .set_expression_attribute_values(terms.values())
            .set_expression_attribute_names(Some(terms.names));
        let answer = Box::pin(call.send()).await.map_err(|error| unavailable("Query", &error))?;
        Ok(answer.items().iter().filter_map(|item| keys::message_of(key_of(item)?.0)).collect())
    }
}

impl Table {
    fn settled(&self, message: &Message) -> Result<TransactWriteItem, PortError> {
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
        // The number of the attempt identifies this sender's lease.
        self.updating(
            &keys::message(message.id),
            &update,
            "#state = :queued AND #attempts = :attempts",
            values,
            &[],
        )
    }

    fn delivered(
        &self,
        link: LinkId,
        delivery: Delivery,
        now: Timestamp,
    ) -> Result<TransactWriteItem, PortError> {
        let mut update = "SET #delivery = :delivery".to_owned();
        let mut values = vec![(":delivery", value(&delivery)?)];
        if delivery == Delivery::Sent {
            update.push_str(", #sent_at = :now");
            values.push((":now", at(now)));
        }
        self.updating(&keys::link(link), &update, "attribute_exists(#pk)", values, &[])
    }
}

impl Standings for Table {
    async fn standing(&self, number: &str) -> Result<Standing, PortError> {
        self.get(&keys::standing(number)).await?.map_or(Ok(Standing::default()), stands)
    }
}

/// The standing stored in a phone number's item.
pub(crate) fn stands(mut item: Item) -> Result<Standing, PortError> {
    let word = item.remove("word").map(serde_dynamo::from_attribute_value).transpose();
    Ok(Standing { word: word.map_err(|_| PortError::Broken("standing"))? })
}

impl Ledger for Table {
    async fn say(&self, said: &Said) -> Result<(), PortError> {
        let values = || Ok::<_, PortError>(vec![(":word", value(&said.word)?), (":at", at(said.at))]);
        let entry = keys::said(&said.number, said.at, &said.id);
        let new = "attribute_not_exists(#pk)";
        // Both conditions may fail: the same reply can arrive twice, and an earlier one can arrive late.
        self.update_if(&entry, "SET #word = :word, #at = :at", new, values()?).await?;
        let latest = "attribute_not_exists(#at) OR #at < :at";
        let standing = keys::standing(&said.number);
        self.update_if(&standing, "SET #word = :word, #at = :at", latest, values()?).await.map(drop)
    }

    async fn at_number(&self, number: &str) -> Result<Vec<(PracticeId, PatientId)>, PortError> {
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
    async fn tracked(&self, named: &Named) -> Result<Option<Message>, PortError> {
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

    async fn keep_feedback(&self, message: &Message, feedback: &Feedback) -> Result<(), PortError> {
        let update = "SET #feedback = :feedback";
        let news = "attribute_exists(#pk) AND (attribute_not_exists(#feedback) OR #feedback.#rank < :rank)";
        let values =
            || Ok::<_, PortError>(vec![(":feedback", value(feedback)?), (":rank", n(feedback.rank))]);
        // Write the message last: as long as it lacks the report, the report is processed again. The
        // condition keeps a newer report.
        if let Some(link) = message.shown_on() {
            self.update_if(&keys::link(link), update, news, values()?).await?;
        }
        self.update_if(&keys::message(message.id), update, news, values()?).await.map(drop)
    }
}
