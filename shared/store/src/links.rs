//! Reads of links, and the counters of attempts at their checks.

use aws_sdk_dynamodb::types::AttributeValue;
use portico_domain::model::account::Account;
use portico_domain::model::ids::{AccountId, LettersId, LinkId, PatientId, PracticeId};
use portico_domain::model::letters::Letters;
use portico_domain::model::link::{ALL_TRIES, CODE_SECONDS, CODE_TRIES, FACT_TRIES, FailedCheck, Link};
use portico_domain::model::patient::Patient;
use portico_domain::model::refusal::PortError;
use portico_domain::ports::{CodeTry, LetterFiles, Links, Resets, Resetting};
use portico_domain::time::Timestamp;

use crate::item::{Item, at, n, optional, record, s, value};
use crate::keys;
use crate::table::{Table, Updated};

/// The condition on which a link may be tried: it is pending, and its tries are not used up.
const IS_OPEN: &str =
    "#state = :pending AND #expires_at > :now AND #fact_tries < :facts AND #all_tries < :all";

/// The values of `IS_OPEN`, and `:one`, by which a try raises the counters.
fn try_values(now: Timestamp) -> Vec<(&'static str, AttributeValue)> {
    vec![
        (":one", n(1)),
        (":pending", s("pending")),
        (":now", at(now)),
        (":facts", n(FACT_TRIES)),
        (":all", n(ALL_TRIES)),
    ]
}

/// The link in an item. `None` if the item holds only what closing a link wrote after its record was deleted.
pub(crate) fn whole_link(item: Item) -> Result<Option<Link>, PortError> {
    if item.contains_key("id") { record(item).map(Some) } else { Ok(None) }
}

impl Links for Table {
    async fn link(&self, id: LinkId) -> Result<Option<Link>, PortError> {
        self.get(&keys::link(id)).await?.map_or(Ok(None), whole_link)
    }

    async fn link_and_patient(
        &self,
        id: LinkId,
        practice: &PracticeId,
        patient: &PatientId,
    ) -> Result<(Option<Link>, Option<Patient>), PortError> {
        let (link, patient) = (keys::link(id), keys::patient(practice, patient));
        let mut found = self.batch(&[link.clone(), patient.clone()]).await?;
        let link = found.take(&link).map_or(Ok(None), whole_link)?;
        Ok((link, optional(found.take(&patient))?))
    }

    async fn try_facts(&self, id: LinkId, now: Timestamp) -> Result<Option<Link>, PortError> {
        let update = "ADD #fact_tries :one, #all_tries :one";
        match self.update_if(&keys::link(id), update, IS_OPEN, try_values(now)).await? {
            Updated::Done(item) => whole_link(item),
            Updated::Refused(_) => Ok(None),
        }
    }

    async fn try_code(&self, id: LinkId, now: Timestamp) -> Result<Option<CodeTry>, PortError> {
        let update = "SET #code.#tries = #code.#tries + :one ADD #all_tries :one";
        let condition = format!("{IS_OPEN} AND #code.#tries < :tries AND #code.#at > :oldest");
        let mut values = try_values(now);
        values.push((":tries", n(CODE_TRIES)));
        values.push((":oldest", at(now.plus_seconds(-CODE_SECONDS))));
        match self.update_if(&keys::link(id), update, &condition, values).await? {
            Updated::Done(item) => Ok(whole_link(item)?.map(|link| CodeTry { link, counted: true })),
            Updated::Refused(None) => Ok(None),
            Updated::Refused(Some(item)) => {
                Ok(whole_link(item)?.map(|link| CodeTry { link, counted: false }))
            }
        }
    }

    async fn give_back_code(&self, id: LinkId) -> Result<(), PortError> {
        let update = "SET #code.#tries = #code.#tries + :back ADD #all_tries :back";
        // A newer code has its own count.
        let values = vec![(":back", n(-1)), (":none", n(0))];
        self.update_if(&keys::link(id), update, "#code.#tries > :none", values).await?;
        Ok(())
    }

    async fn failed_check(
        &self,
        id: LinkId,
        failed: Option<FailedCheck>,
        give_back: bool,
    ) -> Result<(), PortError> {
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
        self.update_if(&keys::link(id), &parts.join(" "), "attribute_exists(#pk)", values).await?;
        Ok(())
    }
}

impl Resets for Table {
    async fn reset(
        &self,
        link: LinkId,
        practice: &PracticeId,
        patient: &PatientId,
        account: AccountId,
    ) -> Result<Resetting, PortError> {
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
    ) -> Result<(Option<Patient>, Option<Account>), PortError> {
        let (patient, account) = (keys::patient(practice, patient), keys::account(account));
        let mut found = self.batch(&[patient.clone(), account.clone()]).await?;
        Ok((optional(found.take(&patient))?, optional(found.take(&account))?))
    }
}

impl LetterFiles for Table {
    async fn letters(&self, practice: &PracticeId, id: LettersId) -> Result<Option<Letters>, PortError> {
        optional(self.get(&keys::letters(practice, id)).await?)
    }
}
