//! The reads: strong where something is decided, by key, in as few round trips as can be.

use aws_sdk_dynamodb::types::ReturnValue;
use portico_domain::model::account::{Account, Login};
use portico_domain::model::attention::Cause;
use portico_domain::model::audit::{Event, Head, Subject};
use portico_domain::model::chart::Care;
use portico_domain::model::hold::Hold;
use portico_domain::model::ids::{AccountId, ChangeId, LinkId, PatientId, PracticeId};
use portico_domain::model::limit::{Attempts, Counter, FAILURES, Raised};
use portico_domain::model::link::{ALL_TRIES, CODE_SECONDS, CODE_TRIES, FACT_TRIES, FailedCheck, Link};
use portico_domain::model::patient::{Checks, Patient};
use portico_domain::model::practice::{ApiKey, Practice, PresentedKey};
use portico_domain::model::proposal::Proposal;
use portico_domain::model::refusal::Unavailable;
use portico_domain::model::session::{Exchange, Presented, Session};
use portico_domain::ports::Attention;
use portico_domain::ports::FailedChecks;
use portico_domain::ports::Holds;
use portico_domain::ports::Keys;
use portico_domain::ports::Proposals;
use portico_domain::ports::Sessions;
use portico_domain::ports::{
    Accounts, Addresses, AlsoRead, CallRecords, Chain, Directory, History, Holders, Limits, Links, Once,
    OnceKey, Patients, Practices, StaffCalls,
};
use portico_domain::ports::{Resets, Resetting};
use portico_domain::time::Timestamp;

use crate::commit::attempts;
use crate::expression::Terms;
use crate::item::{Item, at, key_item, n, optional, record, s, value};
use crate::keys::{self, NAMES, PK};
use crate::table::{COSTS, Table, unavailable};

/// Entries of one e-mail address that are looked at.
const ADDRESS_ENTRIES: usize = 200;
/// Names on one page of the directory.
const DIRECTORY_PAGE: i32 = 200;
/// Days that the attempts on a user name are kept after the last one, in seconds.
const ATTEMPTS_KEPT: i64 = 30 * 86_400;

impl StaffCalls for Table {
    async fn open(&self, key: &PresentedKey, along: AlsoRead<'_>) -> Result<CallRecords, Unavailable> {
        let key_at = keys::api_key(&key.digest);
        let patient_at = along.patient.map(|id| keys::patient(&key.claimed, id));
        let care_at = along.patient.filter(|_| along.care).map(|id| keys::care(&key.claimed, id));
        let once_at = along.once.map(|once| keys::once(&once.name));
        let all = [Some(&key_at), patient_at.as_ref(), care_at.as_ref(), once_at.as_ref()];
        let all: Vec<_> = all.into_iter().flatten().cloned().collect();
        let mut found = self.batch(&all).await?;
        let mut taken = |at: Option<keys::Key>| at.and_then(|at| found.take(&at));
        Ok(CallRecords {
            key: optional(taken(Some(key_at)))?,
            patient: optional(taken(patient_at))?,
            care: optional(taken(care_at))?,
            once: taken(once_at).and_then(|item| once(along.once?, &item)),
        })
    }
}

fn once(asked: &OnceKey, item: &Item) -> Option<Once> {
    let text = |name: &str| item.get(name)?.as_s().ok().cloned();
    let expires_at = item.get("expires_at")?.as_n().ok()?.parse().ok()?;
    Some(Once {
        key: OnceKey { name: asked.name.clone(), body: text("body")? },
        resource: text("resource")?,
        expires_at: Timestamp::from_millis(expires_at),
    })
}

impl Practices for Table {
    async fn practice(&self, id: &PracticeId) -> Result<Option<Practice>, Unavailable> {
        let now = self.clock.now();
        if let Some(copy) = self.copies.get(id, now) {
            return Ok(Some(copy));
        }
        let call =
            self.client.get_item().table_name(&*self.name).set_key(Some(key_item(&keys::practice(id))));
        let answer = call.return_consumed_capacity(COSTS).send().await;
        let practice: Option<Practice> =
            optional(answer.map_err(|error| unavailable("GetItem", &error))?.item)?;
        if let Some(practice) = &practice {
            self.copies.put(practice.clone(), now);
        }
        Ok(practice)
    }
}

impl Keys for Table {
    async fn keys(&self, practice: &PracticeId) -> Result<Vec<ApiKey>, Unavailable> {
        let pk = keys::practice(practice).pk;
        let items =
            self.query(&pk, "begins_with(#sk, :from)", vec![(":from", s("KEY#"))], usize::MAX).await?;
        items.into_iter().map(record).collect()
    }

    async fn enrolled(&self, practice: &PracticeId) -> Result<Option<Practice>, Unavailable> {
        optional(self.get(&keys::practice(practice)).await?)
    }
}

impl Holds for Table {
    async fn holds(&self, practice: &PracticeId) -> Result<Vec<Hold>, Unavailable> {
        let values = vec![(":from", s(keys::HOLDS))];
        let items =
            self.query(&keys::practice(practice).pk, "begins_with(#sk, :from)", values, usize::MAX).await?;
        items.into_iter().map(record).collect()
    }
}

impl Chain for Table {
    async fn head(&self, practice: &PracticeId, subject: &Subject) -> Result<Head, Unavailable> {
        let terms = Terms::of(&["#pk #number #seal"], vec![(":pk", s(keys::chain(practice, subject)))], &[]);
        let call = self.client.query().table_name(&*self.name).key_condition_expression("#pk = :pk");
        let call = call
            .projection_expression("#number, #seal")
            .scan_index_forward(false)
            .limit(1)
            .consistent_read(true);
        let call = call
            .set_expression_attribute_values(terms.values())
            .set_expression_attribute_names(Some(terms.names));
        let answer = call
            .return_consumed_capacity(COSTS)
            .send()
            .await
            .map_err(|error| unavailable("Query", &error))?;
        Ok(optional(answer.items.unwrap_or_default().pop())?.unwrap_or_default())
    }
}

impl History for Table {
    async fn events(
        &self,
        practice: &PracticeId,
        subject: &Subject,
        after: u64,
        limit: usize,
    ) -> Result<Vec<Event>, Unavailable> {
        let values = vec![(":after", s(keys::event_number(after)))];
        let items = self.query(&keys::chain(practice, subject), "#sk > :after", values, limit).await?;
        items.into_iter().map(record).collect()
    }

    async fn links_and_accounts(
        &self,
        links: &[LinkId],
        accounts: &[AccountId],
    ) -> Result<(Vec<Link>, Vec<Account>), Unavailable> {
        let (links, accounts, _) = self.records(None, links, accounts).await?;
        Ok((links, accounts))
    }

    async fn portal_records(
        &self,
        patient: &Patient,
        links: &[LinkId],
        accounts: &[AccountId],
    ) -> Result<(Vec<Link>, Vec<Account>, Checks), Unavailable> {
        let checks = patient.failed_checks.then(|| keys::checks(&patient.practice, &patient.id));
        self.records(checks, links, accounts).await
    }
}

impl Table {
    async fn records(
        &self,
        checks: Option<keys::Key>,
        links: &[LinkId],
        accounts: &[AccountId],
    ) -> Result<(Vec<Link>, Vec<Account>, Checks), Unavailable> {
        let links = links.iter().map(|id| keys::link(*id));
        let accounts = accounts.iter().map(|id| keys::account(*id));
        let all: Vec<keys::Key> = checks.into_iter().chain(links).chain(accounts).collect();
        let mut records = (Vec::new(), Vec::new(), Checks::default());
        for keys in all.chunks(100) {
            let mut found = self.batch(keys).await?;
            for key in keys {
                let Some(item) = found.take(key) else { continue };
                match key.sk.as_str() {
                    "LINK" => records.0.extend(whole_link(item)?),
                    "CHECKS" => records.2 = record(item)?,
                    _ => records.1.push(record(item)?),
                }
            }
        }
        Ok(records)
    }
}

/// The link in an item; none in what the closing of a link left where its record was gone.
pub(crate) fn whole_link(item: Item) -> Result<Option<Link>, Unavailable> {
    if item.contains_key("id") { record(item).map(Some) } else { Ok(None) }
}

impl Patients for Table {
    async fn charts(
        &self,
        practice: &PracticeId,
        ids: &[PatientId],
    ) -> Result<Vec<(Patient, Care)>, Unavailable> {
        let both = ids.iter().flat_map(|id| [keys::patient(practice, id), keys::care(practice, id)]);
        let mut found = self.batch(&both.collect::<Vec<_>>()).await?;
        let mut charts = Vec::new();
        for id in ids {
            let patient = optional(found.take(&keys::patient(practice, id)))?;
            let care = optional(found.take(&keys::care(practice, id)))?.unwrap_or_default();
            charts.extend(patient.map(|patient| (patient, care)));
        }
        Ok(charts)
    }

    async fn patient(&self, practice: &PracticeId, id: &PatientId) -> Result<Option<Patient>, Unavailable> {
        optional(self.get(&keys::patient(practice, id)).await?)
    }

    async fn care(&self, practice: &PracticeId, id: &PatientId) -> Result<Care, Unavailable> {
        Ok(optional(self.get(&keys::care(practice, id)).await?)?.unwrap_or_default())
    }
}

impl Links for Table {
    async fn link(&self, id: LinkId) -> Result<Option<Link>, Unavailable> {
        self.get(&keys::link(id)).await?.map_or(Ok(None), whole_link)
    }

    async fn link_and_patient(
        &self,
        id: LinkId,
        practice: &PracticeId,
        patient: &PatientId,
    ) -> Result<(Option<Link>, Option<Patient>), Unavailable> {
        let (link, patient) = (keys::link(id), keys::patient(practice, patient));
        let mut found = self.batch(&[link.clone(), patient.clone()]).await?;
        let link = found.take(&link).map_or(Ok(None), whole_link)?;
        Ok((link, optional(found.take(&patient))?))
    }

    async fn try_facts(&self, id: LinkId, now: Timestamp) -> Result<Option<Link>, Unavailable> {
        let update = "ADD #fact_tries :one, #all_tries :one";
        let condition =
            "#state = :pending AND #expires_at > :now AND #fact_tries < :facts AND #all_tries < :all";
        let values = vec![
            (":one", n(1)),
            (":pending", s("pending")),
            (":now", at(now)),
            (":facts", n(FACT_TRIES)),
            (":all", n(ALL_TRIES)),
        ];
        match self.update_if(&keys::link(id), update, condition, values).await? {
            Ok(item) => whole_link(item),
            Err(_) => Ok(None),
        }
    }

    async fn try_code(&self, id: LinkId, now: Timestamp) -> Result<Option<(Link, bool)>, Unavailable> {
        let update = "SET #code.#tries = #code.#tries + :one ADD #all_tries :one";
        let condition = "#state = :pending AND #expires_at > :now AND #fact_tries < :facts AND #all_tries < :all \
                         AND #code.#tries < :tries AND #code.#at > :oldest";
        let values = vec![
            (":one", n(1)),
            (":pending", s("pending")),
            (":now", at(now)),
            (":facts", n(FACT_TRIES)),
            (":all", n(ALL_TRIES)),
            (":tries", n(CODE_TRIES)),
            (":oldest", at(now.plus_seconds(-CODE_SECONDS))),
        ];
        match self.update_if(&keys::link(id), update, condition, values).await? {
            Ok(item) => Ok(whole_link(item)?.map(|link| (link, true))),
            Err(item) => Ok(item.map_or(Ok(None), whole_link)?.map(|link| (link, false))),
        }
    }

    async fn failed_check(
        &self,
        id: LinkId,
        failed: Option<FailedCheck>,
        give_back: bool,
    ) -> Result<(), Unavailable> {
        let mut parts = Vec::new();
        let mut values = Vec::new();
        if let Some(failed) = failed {
            parts.push("SET #failures = list_append(if_not_exists(#failures, :none), :failed)");
            values.push((":none", value(&Vec::<FailedCheck>::new())?));
            values.push((":failed", value(&vec![failed])?));
        }
        if give_back {
            parts.push("ADD #fact_tries :back, #all_tries :back");
            values.push((":back", n(-1)));
        }
        let outcome =
            self.update_if(&keys::link(id), &parts.join(" "), "attribute_exists(#pk)", values).await?;
        outcome.map(drop).or(Ok(()))
    }
}

impl Limits for Table {
    async fn raise(&self, counter: &Counter, amount: u32) -> Result<Raised, Unavailable> {
        let update = "ADD #counter :amount SET #ttl = :ttl";
        // Twice the window: the record of an address spans two of the shorter ones.
        let ttl = counter.ends_at.plus_seconds(counter.rule.seconds * 2);
        let values = vec![(":amount", n(amount)), (":ttl", n(ttl.seconds()))];
        let named = [("counter", counter.name)];
        let item =
            self.update(&keys::limit(&counter.key), update, values, &named, ReturnValue::AllNew).await?;
        let count = |name| item.get(name).and_then(|v| v.as_n().ok()?.parse().ok()).unwrap_or_default();
        Ok(Raised { count: count(counter.name), failures: count(FAILURES) })
    }

    async fn attempt(&self, key: &str, now: Timestamp) -> Result<Attempts, Unavailable> {
        let update = "ADD #attempts :one SET #last_at = :now, #ttl = :ttl";
        let values =
            vec![(":one", n(1)), (":now", at(now)), (":ttl", n(now.plus_seconds(ATTEMPTS_KEPT).seconds()))];
        let before =
            self.update(&keys::limit(&attempts(key)), update, values, &[], ReturnValue::AllOld).await?;
        let number = |name| before.get(name).and_then(|v| v.as_n().ok()?.parse::<i64>().ok());
        let count = number("attempts").and_then(|count| u64::try_from(count).ok()).unwrap_or_default();
        Ok(Attempts { count: count + 1, previous_at: number("last_at").map(Timestamp::from_millis) })
    }
}

impl Accounts for Table {
    async fn login(&self, practice: &PracticeId, name: &str) -> Result<Option<Login>, Unavailable> {
        optional(self.get(&keys::login(practice, name)).await?)
    }

    async fn account(&self, id: AccountId) -> Result<Option<Account>, Unavailable> {
        optional(self.get(&keys::account(id)).await?)
    }

    async fn session(
        &self,
        presented: &Presented,
    ) -> Result<(Option<Session>, Option<Account>), Unavailable> {
        let session = keys::session(presented.account, &presented.digest);
        let account = keys::account(presented.account);
        let mut found = self.batch(&[session.clone(), account.clone()]).await?;
        Ok((optional(found.take(&session))?, optional(found.take(&account))?))
    }

    async fn session_for(
        &self,
        key: &PresentedKey,
        presented: &Presented,
    ) -> Result<(Option<ApiKey>, Option<Session>, Option<Account>), Unavailable> {
        let session = keys::session(presented.account, &presented.digest);
        let (key, account) = (keys::api_key(&key.digest), keys::account(presented.account));
        let mut found = self.batch(&[key.clone(), session.clone(), account.clone()]).await?;
        Ok((optional(found.take(&key))?, optional(found.take(&session))?, optional(found.take(&account))?))
    }

    async fn exchange(
        &self,
        key: &PresentedKey,
        presented: &Presented,
    ) -> Result<(Option<ApiKey>, Option<Exchange>, Option<Account>), Unavailable> {
        let exchange = keys::exchange(presented.account, &presented.digest);
        let (key, account) = (keys::api_key(&key.digest), keys::account(presented.account));
        let mut found = self.batch(&[key.clone(), exchange.clone(), account.clone()]).await?;
        let unspent = found.take(&exchange).filter(|item| !item.contains_key("spent"));
        Ok((optional(found.take(&key))?, optional(unspent)?, optional(found.take(&account))?))
    }

    async fn touch(&self, session: &Session) -> Result<(), Unavailable> {
        let values = vec![(":idle_at", at(session.idle_at)), (":touched_at", at(session.touched_at))];
        let key = keys::session(session.account, &session.digest);
        let update = "SET #idle_at = :idle_at, #touched_at = :touched_at";
        // A session that was ended a moment ago stays ended.
        self.update_if(&key, update, "attribute_exists(#pk)", values).await?.map(drop).or(Ok(()))
    }
}

impl Addresses for Table {
    async fn holders(&self, practice: &PracticeId, email: &str) -> Result<Holders, Unavailable> {
        let values = vec![(":from", s(keys::emails_like(email)))];
        let range = "begins_with(#sk, :from)";
        let items = self.query(&keys::directory(practice), range, values, ADDRESS_ENTRIES).await?;
        let mut holders = Holders::default();
        for item in items.iter().filter(|item| !item.contains_key("former")) {
            holders.patients.extend(patient_of(item).filter(|_| holders.patients.len() < 50));
            let account = item.get("account").and_then(|id| AccountId::parse(id.as_s().ok()?).ok());
            holders.accounts.extend(account.filter(|_| holders.accounts.len() < 50));
        }
        Ok(holders)
    }
}

impl Resets for Table {
    async fn reset(
        &self,
        link: LinkId,
        practice: &PracticeId,
        patient: &PatientId,
        account: AccountId,
    ) -> Result<Resetting, Unavailable> {
        let (link, patient) = (keys::link(link), keys::patient(practice, patient));
        let account = keys::account(account);
        let mut found = self.batch(&[link.clone(), patient.clone(), account.clone()]).await?;
        let link = found.take(&link).map_or(Ok(None), whole_link)?;
        Ok((link, optional(found.take(&patient))?, optional(found.take(&account))?))
    }

    async fn holder(
        &self,
        practice: &PracticeId,
        patient: &PatientId,
        account: AccountId,
    ) -> Result<(Option<Patient>, Option<Account>), Unavailable> {
        let (patient, account) = (keys::patient(practice, patient), keys::account(account));
        let mut found = self.batch(&[patient.clone(), account.clone()]).await?;
        Ok((optional(found.take(&patient))?, optional(found.take(&account))?))
    }
}

impl FailedChecks for Table {
    async fn checks(&self, practice: &PracticeId, patient: &PatientId) -> Result<Checks, Unavailable> {
        Ok(optional(self.get(&keys::checks(practice, patient)).await?)?.unwrap_or_default())
    }
}

impl Proposals for Table {
    async fn changes(&self, practice: &PracticeId) -> Result<Vec<Proposal>, Unavailable> {
        let values = vec![(":from", s(keys::CHANGES))];
        let range = "begins_with(#sk, :from)";
        let items = self.query(&keys::practice(practice).pk, range, values, usize::MAX).await?;
        items.into_iter().map(record).collect()
    }

    async fn change(&self, practice: &PracticeId, id: ChangeId) -> Result<Option<Proposal>, Unavailable> {
        optional(self.get(&keys::change(practice, id)).await?)
    }

    async fn decided_change(
        &self,
        practice: &PracticeId,
        patient: &PatientId,
        id: ChangeId,
    ) -> Result<Option<Proposal>, Unavailable> {
        optional(self.get(&keys::decided_change(practice, patient, id)).await?)
    }
}

impl Attention for Table {
    async fn noted(&self, practice: &PracticeId) -> Result<Vec<(PatientId, Cause)>, Unavailable> {
        #[derive(serde::Deserialize)]
        struct Note {
            patient: PatientId,
            cause: Cause,
        }
        let pk = keys::practice(practice).pk;
        let range = "begins_with(#sk, :from)";
        let notes = self.query(&pk, range, vec![(":from", s(keys::NOTES))], usize::MAX);
        let (notes, holds, changes) =
            futures_util::try_join!(notes, self.holds(practice), self.changes(practice))?;
        let mut causes: Vec<(PatientId, Cause)> = Vec::new();
        for item in notes {
            let Note { patient, cause } = record(item)?;
            causes.push((patient, cause));
        }
        causes.extend(holds.into_iter().map(|hold| (hold.patient, Cause::Hold)));
        causes.extend(changes.into_iter().map(|change| (change.patient, Cause::ChangeRequest)));
        Ok(causes)
    }
}

impl Sessions for Table {
    async fn sessions(&self, account: AccountId) -> Result<Vec<Session>, Unavailable> {
        let values = vec![(":from", s(keys::SESSIONS))];
        let range = "begins_with(#sk, :from)";
        let items = self.query(&keys::account(account).pk, range, values, usize::MAX).await?;
        items.into_iter().map(record).collect()
    }
}

impl Directory for Table {
    async fn same_person(
        &self,
        practice: &PracticeId,
        family: &str,
        given: &str,
        birth_date: &str,
    ) -> Result<Vec<PatientId>, Unavailable> {
        let values = vec![(":from", s(keys::names_like(family, given)))];
        let items =
            self.query(&keys::directory(practice), "begins_with(#sk, :from)", values, usize::MAX).await?;
        let twin = |item: &&Item| {
            !item.contains_key("former")
                && item
                    .get("birth_date")
                    .and_then(|date| date.as_s().ok())
                    .is_some_and(|date| date == birth_date)
        };
        Ok(items.iter().filter(twin).filter_map(patient_of).collect())
    }

    async fn patients_after(
        &self,
        practice: &PracticeId,
        cursor: Option<String>,
    ) -> Result<(Vec<PatientId>, Option<String>), Unavailable> {
        let from = cursor.unwrap_or_else(|| NAMES.to_owned());
        // `NAME$` comes right after every `NAME#…`.
        let values = vec![(":pk", s(keys::directory(practice))), (":from", s(from)), (":to", s("NAME$"))];
        let terms = Terms::of(&["#pk #sk"], values, &[]);
        let call = self
            .client
            .query()
            .table_name(&*self.name)
            .key_condition_expression("#pk = :pk AND #sk BETWEEN :from AND :to");
        let call = call.limit(DIRECTORY_PAGE).consistent_read(true).return_consumed_capacity(COSTS);
        let call = call
            .set_expression_attribute_values(terms.values())
            .set_expression_attribute_names(Some(terms.names));
        let answer = call.send().await.map_err(|error| unavailable("Query", &error))?;
        let ids = answer
            .items()
            .iter()
            .filter(|item| !item.contains_key("former"))
            .filter_map(patient_of)
            .collect();
        // A blank is the least that can follow the last key read.
        let next = answer
            .last_evaluated_key
            .and_then(|key| key.get(keys::SK)?.as_s().ok().map(|sk| format!("{sk} ")));
        Ok((ids, next))
    }
}

fn patient_of(item: &Item) -> Option<PatientId> {
    PatientId::parse(item.get("patient")?.as_s().ok()?).ok()
}

impl Table {
    /// Items of a partition in order, at most `limit`, by as many pages as it takes; strong.
    pub(crate) async fn query(
        &self,
        pk: &str,
        range: &str,
        mut values: Vec<(&str, aws_sdk_dynamodb::types::AttributeValue)>,
        limit: usize,
    ) -> Result<Vec<Item>, Unavailable> {
        values.push((":pk", s(pk)));
        let condition = format!("#{PK} = :pk AND {range}");
        let terms = Terms::of(&[&condition], values, &[]);
        let (mut items, mut from) = (Vec::new(), None);
        loop {
            let left = limit - items.len();
            let call = self.client.query().table_name(&*self.name).key_condition_expression(&condition);
            let call =
                call.set_exclusive_start_key(from).consistent_read(true).return_consumed_capacity(COSTS);
            let call = call.set_limit(i32::try_from(left).ok());
            let call = call.set_expression_attribute_values(terms.values());
            let call = call.set_expression_attribute_names(Some(terms.names.clone()));
            let answer = call.send().await.map_err(|error| unavailable("Query", &error))?;
            items.extend(answer.items.unwrap_or_default());
            from = answer.last_evaluated_key;
            if from.is_none() || items.len() >= limit {
                return Ok(items);
            }
        }
    }

    /// Updates an item without a condition.
    pub(crate) async fn update(
        &self,
        key: &keys::Key,
        update: &str,
        values: Vec<(&str, aws_sdk_dynamodb::types::AttributeValue)>,
        named: &[(&str, &str)],
        answer: ReturnValue,
    ) -> Result<Item, Unavailable> {
        let terms = Terms::of(&[update], values, named);
        let call = self
            .client
            .update_item()
            .table_name(&*self.name)
            .set_key(Some(key_item(key)))
            .update_expression(update);
        let call = call
            .set_expression_attribute_values(terms.values())
            .set_expression_attribute_names(Some(terms.names));
        let answer = call.return_values(answer).return_consumed_capacity(COSTS).send().await;
        Ok(answer.map_err(|error| unavailable("UpdateItem", &error))?.attributes.unwrap_or_default())
    }

    /// Updates an item if the condition holds: the item then, or the item as it is where it does not hold.
    pub(crate) async fn update_if(
        &self,
        key: &keys::Key,
        update: &str,
        condition: &str,
        values: Vec<(&str, aws_sdk_dynamodb::types::AttributeValue)>,
    ) -> Result<Result<Item, Option<Item>>, Unavailable> {
        use aws_sdk_dynamodb::operation::update_item::UpdateItemError;
        use aws_sdk_dynamodb::types::ReturnValuesOnConditionCheckFailure;

        let terms = Terms::of(&[update, condition], values, &[]);
        let call = self
            .client
            .update_item()
            .table_name(&*self.name)
            .set_key(Some(key_item(key)))
            .update_expression(update);
        let call = call.condition_expression(condition).return_values(ReturnValue::AllNew);
        let call = call
            .set_expression_attribute_values(terms.values())
            .set_expression_attribute_names(Some(terms.names));
        let call = call.return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld);
        match call.return_consumed_capacity(COSTS).send().await {
            Ok(answer) => Ok(Ok(answer.attributes.unwrap_or_default())),
            Err(error) => match error.as_service_error() {
                Some(UpdateItemError::ConditionalCheckFailedException(failed)) => {
                    Ok(Err(failed.item.clone()))
                }
                _ => Err(unavailable("UpdateItem", &error)),
            },
        }
    }
}
