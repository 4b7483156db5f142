//! Writes of the function that reads the table's stream: patients counted by status, the words that accounts
//! are found by, and the patients of a phone number.

use std::collections::BTreeSet;

use aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsError;
use aws_sdk_dynamodb::types::{Delete, Put, TransactWriteItem, Update};
use portico_domain::model::account::Account;
use portico_domain::model::announcement;
use portico_domain::model::audit::Event;
use portico_domain::model::chart::{Care, Channel, Contact, Visit};
use portico_domain::model::grant::Relationship;
use portico_domain::model::ids::{AccountId, PatientId, PracticeId};
use portico_domain::model::link::{Link, LinkState};
use portico_domain::model::names::{spellings, words};
use portico_domain::model::patient::{Patient, Status};
use portico_domain::model::person::{Name, comparable};
use portico_domain::model::progress::Progress;
use portico_domain::model::refusal::PortError;
use portico_domain::model::search::{Listed, words_of_account, words_of_patient};
use portico_domain::ports::{
    Change, Counts, Lists, MeansSource, Merged, Moved, NewContacts, Numbers, Relist, Renumbered,
    VisitsChanged,
};
use portico_domain::time::Timestamp;
use serde_json::Value;

use crate::accounts::TOGETHER;
use crate::expression::Terms;
use crate::item::{Item, from_image, item, key_item, key_of, n, optional, record, s};
use crate::keys;
use crate::links::whole_link;
use crate::table::{COSTS, Table, pause, unavailable};

/// Attempts at counting a patient. Many workers count in the same records.
const COUNTING_ATTEMPTS: u32 = 10;

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
                let matters = differs(&["chart", "accounts", "access_enabled", "revocation", "declined"]);
                let source = new.clone().filter(|_| matters).and_then(|item| record::<Patient>(item).ok());
                let means = source.map(|patient| MeansSource::Patient(Box::new(patient)));
                if !differs(&["chart", "accounts"]) {
                    return Change { moved, means, ..Change::default() };
                }
                let [old, new] = [old, new].map(|item| record::<Patient>(item?).ok());
                let accounts = [&old, &new].into_iter().flatten().flat_map(|patient| &patient.accounts);
                let ids: BTreeSet<AccountId> = accounts.map(|account| account.id).collect();
                let former = old.as_ref().map(words_of_patient).unwrap_or_default();
                let relist = |account| Relist { account, former: former.clone() };
                let is_represented = |patient: &&Patient| {
                    patient.accounts.iter().any(|known| known.relationship != Relationship::Own)
                };
                let reviewed = new.as_ref().filter(is_represented).cloned().map(Box::new);
                let name = |patient: &Patient| {
                    let chart = &patient.chart;
                    let names =
                        (chart.given_name.clone(), chart.middle_name.clone(), chart.family_name.clone());
                    (names, chart.birth_date)
                };
                let is_renamed = |new: &&Patient| old.as_ref().is_none_or(|old| name(old) != name(new));
                let named = new.as_ref().filter(is_renamed).cloned().map(Box::new);
                let merged = merged(old.as_ref(), new.as_ref());
                Change {
                    moved,
                    named,
                    reviewed,
                    relist: ids.into_iter().map(relist).collect(),
                    renumbered: renumbered(old.as_ref(), new.as_ref()),
                    means,
                    merged,
                    ..Change::default()
                }
            }
            "CARE" => {
                let contacts = contacts(old.as_ref(), new.as_ref());
                Change { visits: visits(old, new), contacts, ..Change::default() }
            }
            "LINK" => {
                let [old, new] = [old, new].map(|item| whole_link(item?).ok().flatten());
                let announcement = new.as_ref().and_then(|new| announcement::of_link(old.as_ref(), new));
                let facts =
                    |link: &Link| (link.sent_at, link.handed_over_at, link.delivered(), link.closed_at);
                let learns = |new: &Link| old.as_ref().is_none_or(|old| facts(old) != facts(new));
                let is_further =
                    |new: &Link| old.as_ref().is_none_or(|old| Progress::of(old) != Progress::of(new));
                let is_shown = |new: &&Link| new.state == LinkState::Pending && new.invitee.is_none();
                let progressed = new.as_ref().filter(is_shown).filter(|new| is_further(new)).cloned();
                let progressed =
                    progressed.filter(|link| Progress::of(link) != Progress::default()).map(Box::new);
                let means = new.filter(learns).map(|link| MeansSource::Link(Box::new(link)));
                Change { announcement, means, progressed, ..Change::default() }
            }
            "ACCOUNT" => {
                let listed = ["username", "email", "given_name", "family_name", "grants", "deleted_at"];
                let id =
                    new.as_ref().filter(|_| differs(&listed)).and_then(|item| item.get("id")?.as_s().ok());
                let before = old.clone().and_then(|item| record::<Account>(item).ok());
                let former = before.as_ref().map(words_of_account).unwrap_or_default();
                let account = id.and_then(|id| AccountId::parse(id).ok());
                let relist = account.map(|account| Relist { account, former }).into_iter().collect();
                Change { relist, signed_in: signed_in(old.as_ref(), new), ..Change::default() }
            }
            _ if is_event(new.as_ref()) => {
                let event = new.and_then(|item| record::<Event>(item).ok());
                let announcement = event.as_ref().and_then(announcement::of_event);
                Change { announcement, appended: event.map(Box::new), ..Change::default() }
            }
            _ => Change::default(),
        }
    }

    async fn count(&self, moved: &Moved) -> Result<(), PortError> {
        let Moved { practice, patient, version, to } = moved;
        let at = keys::counted(practice, patient);
        for attempt in 0..COUNTING_ATTEMPTS {
            let known = self.get(&at).await?;
            let number = |name: &str| -> Option<u64> { known.as_ref()?.get(name)?.as_n().ok()?.parse().ok() };
            let before = number("version");
            if before.is_some_and(|before| before >= *version) {
                return Ok(());
            }
            let status = known.as_ref().and_then(|item| item.get("status").cloned());
            let from: Option<Status> =
                status.and_then(|status| serde_dynamo::from_attribute_value(status).ok());
            if from == Some(*to) {
                return Ok(());
            }
            let mut counted = key_item(&at);
            counted.insert("status".to_owned(), s(to.as_str()));
            counted.insert("version".to_owned(), n(version));
            let condition = if before.is_some() { "#version = :before" } else { "attribute_not_exists(#pk)" };
            let values = before.map(|before| vec![(":before", n(before))]).unwrap_or_default();
            let terms = Terms::of(&[condition], values, &[]);
            let put = Put::builder()
                .table_name(&*self.name)
                .set_item(Some(counted))
                .condition_expression(condition)
                .set_expression_attribute_values(terms.values())
                .set_expression_attribute_names(Some(terms.names));
            let mut items = vec![TransactWriteItem::builder().set_put(put.build().ok()).build()];
            let steps = from.map(|from| (from, -1)).into_iter().chain([(*to, 1)]);
            for (status, by) in steps {
                let terms = Terms::of(&["#patients"], vec![(":by", n(by))], &[]);
                let update = Update::builder()
                    .table_name(&*self.name)
                    .set_key(Some(key_item(&keys::count(practice, status))))
                    .update_expression("ADD #patients :by")
                    .set_expression_attribute_values(terms.values())
                    .set_expression_attribute_names(Some(terms.names));
                items.push(TransactWriteItem::builder().set_update(update.build().ok()).build());
            }
            // A transaction that was canceled lost against another one; read what that one counted.
            if self.write_together(items).await? {
                return Ok(());
            }
            pause(attempt).await;
        }
        Err(PortError::Unavailable)
    }

    async fn index_name(&self, patient: &Patient) -> Result<(), PortError> {
        let Patient { practice, id, chart, .. } = patient;
        let names = [Some(&chart.given_name), chart.middle_name.as_ref(), Some(&chart.family_name)];
        // `Smith-Jones` is found by either part and by the whole, `Müller` also by the long spelling.
        let found_by = |name: &Name| {
            let spelled = |name: String| {
                let whole = name.split_whitespace().map(comparable).collect::<Vec<_>>();
                words(&name).into_iter().chain(whole)
            };
            spellings(name.reveal()).into_iter().flat_map(spelled)
        };
        let words: BTreeSet<String> =
            names.into_iter().flatten().flat_map(found_by).filter(|word| !word.is_empty()).collect();
        let born = keys::born(practice, id, &chart.birth_date.reveal());
        for key in words.iter().map(|word| keys::name_word(practice, id, word)).chain([born]) {
            let mut item = key_item(&key);
            item.insert("patient".to_owned(), s(id.as_str()));
            self.put_item(item).await?;
        }
        Ok(())
    }

    async fn index_contacts(&self, new: &NewContacts) -> Result<(), PortError> {
        let NewContacts { practice, patient, contacts } = new;
        for contact in contacts {
            let (family, given) = (contact.family_name.comparable(), contact.given_name.comparable());
            let mut item = key_item(&keys::contact(practice, patient, &family, &given));
            item.insert("patient".to_owned(), s(patient.as_str()));
            self.put_item(item).await?;
        }
        Ok(())
    }
}

impl Numbers for Table {
    async fn renumber(&self, renumbered: &Renumbered) -> Result<(), PortError> {
        let Renumbered { practice, patient, from, to } = renumbered;
        if let Some(to) = to {
            let mut item = key_item(&keys::numbered(to, practice, patient));
            item.insert("practice".to_owned(), s(practice.as_str()));
            item.insert("patient".to_owned(), s(patient.as_str()));
            self.put_item(item).await?;
        }
        if let Some(from) = from {
            self.delete_item(&keys::numbered(from, practice, patient)).await?;
        }
        Ok(())
    }
}

/// The visits of a chart that are new, changed or gone.
fn visits(old: Option<Item>, new: Option<Item>) -> Option<VisitsChanged> {
    let item = new.as_ref().or(old.as_ref())?;
    let (practice, patient) = keys::practice_and_patient(key_of(item)?.0)?;
    let [old, new] =
        [old, new].map(|item| item.and_then(|item| record::<Care>(item).ok()).unwrap_or_default().visits);
    let kept: Vec<Visit> = new.iter().filter(|visit| !old.contains(visit)).cloned().collect();
    let stays = |visit: &Visit| new.iter().any(|other| (other.date, &other.id) == (visit.date, &visit.id));
    let gone: Vec<Visit> = old.into_iter().filter(|visit| !stays(visit)).collect();
    (!kept.is_empty() || !gone.is_empty()).then_some(VisitsChanged { practice, patient, gone, kept })
}

/// The contacts of a chart whose names it did not have.
fn contacts(old: Option<&Item>, new: Option<&Item>) -> Option<NewContacts> {
    let (practice, patient) = keys::practice_and_patient(key_of(new?)?.0)?;
    let [old, mut new] = [old, new]
        .map(|item| item.and_then(|item| record::<Care>(item.clone()).ok()).unwrap_or_default().contacts);
    let name = |contact: &Contact| (contact.family_name.comparable(), contact.given_name.comparable());
    new.retain(|contact| old.iter().all(|known| name(known) != name(contact)));
    (!new.is_empty()).then_some(NewContacts { practice, patient, contacts: new })
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

fn merged(old: Option<&Patient>, new: Option<&Patient>) -> Option<Merged> {
    let into = |patient: Option<&Patient>| patient?.chart.replaced_by.clone();
    let (from, to) = (into(old), into(new));
    let whose = new.filter(|_| from != to)?;
    Some(Merged { practice: whose.practice.clone(), patient: whose.id.clone(), from, to })
}

fn moved(old: Option<&Item>, new: Option<&Item>) -> Option<Moved> {
    let new = new?;
    let status = |item: &Item| -> Option<Status> {
        serde_dynamo::from_attribute_value(item.get("status")?.clone()).ok()
    };
    let to = status(new)?;
    if old.and_then(status) == Some(to) {
        return None;
    }
    let text = |name: &str| new.get(name)?.as_s().ok();
    Some(Moved {
        practice: PracticeId::parse(text("practice")?).ok()?,
        patient: PatientId::parse(text("id")?).ok()?,
        version: new.get("version")?.as_n().ok()?.parse().ok()?,
        to,
    })
}

fn signed_in(old: Option<&Item>, new: Option<Item>) -> Option<Box<Account>> {
    let new = new?;
    let account: Account = record(new).ok()?;
    let before =
        old.and_then(|item| item.get("last_login_at")?.as_n().ok()?.parse().ok()).map(Timestamp::from_millis);
    (account.last_login_at > before).then(|| Box::new(account))
}

impl Table {
    async fn write_together(&self, items: Vec<TransactWriteItem>) -> Result<bool, PortError> {
        let call = self.client.transact_write_items().set_transact_items(Some(items));
        match Box::pin(call.return_consumed_capacity(COSTS).send()).await {
            Ok(_) => Ok(true),
            Err(error)
                if error
                    .as_service_error()
                    .is_some_and(TransactWriteItemsError::is_transaction_canceled_exception) =>
            {
                Ok(false)
            }
            Err(error) => Err(unavailable("TransactWriteItems", &error)),
        }
    }
}

impl Lists for Table {
    async fn listed(&self, account: AccountId) -> Result<Option<Listed>, PortError> {
        optional(self.get(&keys::listed(account)).await?)
    }

    async fn list(
        &self,
        practice: &PracticeId,
        before: Option<&Listed>,
        entry: &Listed,
    ) -> Result<bool, PortError> {
        let condition = if before.is_some() { "#version = :before" } else { "attribute_not_exists(#pk)" };
        let values = before.map(|before| vec![(":before", n(before.version))]).unwrap_or_default();
        let terms = Terms::of(&[condition], values, &[]);
        let put = |item: Item| Put::builder().table_name(&*self.name).set_item(Some(item));
        let whole = put(item(&keys::listed(entry.account), entry, None)?)
            .condition_expression(condition)
            .set_expression_attribute_values(terms.values())
            .set_expression_attribute_names(Some(terms.names));
        let whole = TransactWriteItem::builder().set_put(whole.build().ok()).build();
        let mut items = Vec::new();
        for word in entry.words.keys() {
            let listed = put(item(&keys::word(practice, word, entry.account), entry, None)?);
            items.push(TransactWriteItem::builder().set_put(listed.build().ok()).build());
        }
        for word in before.into_iter().flat_map(|before| before.words.keys()) {
            if !entry.words.contains_key(word) {
                let key = key_item(&keys::word(practice, word, entry.account));
                let gone = Delete::builder().table_name(&*self.name).set_key(Some(key)).build();
                items.push(TransactWriteItem::builder().set_delete(gone.ok()).build());
            }
        }
        // A transaction takes at most 100 items. With more words, the others are written first and the entry
        // itself last. If this stops half-way, the stream delivers its record again and the list is written
        // again, because the entry is still the old one.
        let rest = items.split_off(items.len().min(TOGETHER));
        for some in rest.chunks(TOGETHER) {
            if !self.write_together(some.to_vec()).await? {
                return Ok(false);
            }
        }
        items.push(whole);
        self.write_together(items).await
    }
}
