//! Reads of audit chains, and of the records that make up a portal status.

use portico_domain::model::account::Account;
use portico_domain::model::audit::{Event, Head, Subject};
use portico_domain::model::ids::{AccountId, LinkId, PracticeId};
use portico_domain::model::link::Link;
use portico_domain::model::patient::Patient;
use portico_domain::model::refusal::PortError;
use portico_domain::ports::{Chain, History, PortalRecords};

use crate::commit::attempts;
use crate::expression::Terms;
use crate::item::{Item, optional, record, s};
use crate::keys;
use crate::limits::counted;
use crate::links::whole_link;
use crate::table::{COSTS, Table, unavailable};

impl Chain for Table {
    async fn head(&self, practice: &PracticeId, subject: &Subject) -> Result<Head, PortError> {
        let chain = keys::chain(practice, subject);
        let mut latest = self.latest(&chain, Some("#number, #seal"), 1).await?;
        Ok(optional(latest.pop())?.unwrap_or_default())
    }
}

impl History for Table {
    async fn events(
        &self,
        practice: &PracticeId,
        subject: &Subject,
        after: u64,
        limit: usize,
    ) -> Result<Vec<Event>, PortError> {
        let values = vec![(":after", s(keys::event_number(after)))];
        let chain = keys::chain(practice, subject);
        let items = self.query_in(&self.audit, &chain, "#sk > :after", values, limit, true).await?;
        items.into_iter().map(record).collect()
    }

    async fn latest_events(
        &self,
        practice: &PracticeId,
        subject: &Subject,
        limit: usize,
    ) -> Result<Vec<Event>, PortError> {
        let chain = keys::chain(practice, subject);
        self.latest(&chain, None, limit).await?.into_iter().map(record).collect()
    }

    async fn links_and_accounts(
        &self,
        links: &[LinkId],
        accounts: &[AccountId],
    ) -> Result<(Vec<Link>, Vec<Account>), PortError> {
        let PortalRecords { links, accounts, .. } = self.records(None, links, accounts, &[]).await?;
        Ok((links, accounts))
    }

    async fn links_accounts_and_attempts(
        &self,
        links: &[LinkId],
        accounts: &[AccountId],
        names: &[String],
    ) -> Result<PortalRecords, PortError> {
        self.records(None, links, accounts, names).await
    }

    async fn portal_records(
        &self,
        patient: &Patient,
        links: &[LinkId],
        accounts: &[AccountId],
        names: &[String],
    ) -> Result<PortalRecords, PortError> {
        let checks = patient.failed_checks.then(|| keys::checks(&patient.practice, &patient.id));
        self.records(checks, links, accounts, names).await
    }
}

impl Table {
    /// The latest items of a chain, the newest first; of each the named attributes, or all. At most `limit`, and at most
    /// what one answer of DynamoDB holds.
    async fn latest(
        &self,
        chain: &str,
        attributes: Option<&str>,
        limit: usize,
    ) -> Result<Vec<Item>, PortError> {
        let condition = "#pk = :pk";
        let terms = Terms::of(&[condition, attributes.unwrap_or_default()], vec![(":pk", s(chain))], &[]);
        let call = self.client.query().table_name(&*self.audit).key_condition_expression(condition);
        let call = call
            .set_projection_expression(attributes.map(str::to_owned))
            .scan_index_forward(false)
            .set_limit(i32::try_from(limit).ok())
            .consistent_read(true);
        let call = call
            .set_expression_attribute_values(terms.values())
            .set_expression_attribute_names(Some(terms.names));
        let answer = Box::pin(call.return_consumed_capacity(COSTS).send()).await;
        let answer = answer.map_err(|error| unavailable("Query", &error))?;
        Ok(answer.items.unwrap_or_default())
    }

    async fn records(
        &self,
        checks: Option<keys::Key>,
        links: &[LinkId],
        accounts: &[AccountId],
        names: &[String],
    ) -> Result<PortalRecords, PortError> {
        let links = links.iter().map(|id| keys::link(*id));
        let accounts = accounts.iter().map(|id| keys::account(*id));
        let counters: Vec<keys::Key> = names.iter().map(|name| keys::limit(&attempts(name))).collect();
        let all: Vec<keys::Key> =
            checks.into_iter().chain(links).chain(accounts).chain(counters.iter().cloned()).collect();
        let mut records = PortalRecords::default();
        for keys in all.chunks(100) {
            let mut found = self.batch(keys).await?;
            for key in keys {
                let Some(item) = found.take(key) else { continue };
                match key.sk.as_str() {
                    "LINK" => records.links.extend(whole_link(item)?),
                    "LIMIT" => {
                        let name =
                            counters.iter().position(|known| known == key).and_then(|place| names.get(place));
                        records.attempts.extend(name.map(|name| (name.clone(), counted(&item))));
                    }
                    "CHECKS" => records.checks = record(item)?,
                    _ => records.accounts.push(record(item)?),
                }
            }
        }
        Ok(records)
    }
}
