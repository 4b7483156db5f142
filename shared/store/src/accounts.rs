//! Reads of accounts, logins, sessions and registrations that wait for staff, and the search over accounts.

use futures_util::future::try_join_all;
use portico_domain::model::account::{Account, Login};
use portico_domain::model::hold::Hold;
use portico_domain::model::ids::{AccountId, PracticeId};
use portico_domain::model::practice::{ApiKey, PresentedKey};
use portico_domain::model::refusal::PortError;
use portico_domain::model::search::{FoundAccounts, Listed, PAGE, is_first};
use portico_domain::model::session::{Exchange, Presented, Session};
use portico_domain::ports::{Accounts, Holds, Search, Sessions};

use crate::expression::Terms;
use crate::item::{Item, at, optional, record, s};
use crate::keys;
use crate::table::{COSTS, Table, unavailable};

/// Most items read for one page of results. An account is listed under several words, and a search may match
/// more than one of them.
const LOOKED_AT: usize = PAGE * 4;

/// Most items written in one transaction. DynamoDB allows 100.
pub(crate) const TOGETHER: usize = 90;

impl Search for Table {
    async fn found(
        &self,
        practice: &PracticeId,
        wanted: &[String],
        after: Option<&str>,
    ) -> Result<(Vec<FoundAccounts>, Option<String>), PortError> {
        // A prefix that begins with another wanted prefix adds nothing: the shorter one finds the same words.
        let prefixes: Vec<&String> = wanted
            .iter()
            .filter(|one| wanted.iter().all(|other| other == *one || !one.starts_with(other.as_str())))
            .collect();
        let pages = try_join_all(prefixes.iter().map(|prefix| self.words(practice, prefix, after))).await?;
        // If a list was not read to its end, nothing is known beyond its last word, so the page ends there.
        let whole = |(words, more): &(Vec<(String, Item)>, bool)| {
            words.last().filter(|_| *more).map(|(sk, _)| sk.clone())
        };
        let end = pages.iter().filter_map(whole).min();
        let mut words: Vec<(String, Item)> = pages.into_iter().flat_map(|(words, _)| words).collect();
        words.sort_by(|one, other| one.0.cmp(&other.0));
        let mut found = Vec::new();
        for (sk, item) in words {
            if end.as_ref().is_some_and(|end| sk > *end) {
                break;
            }
            let word = sk.split('#').next().unwrap_or_default();
            let listed: Listed = record(item)?;
            if is_first(&listed, word, wanted) {
                let former = listed.words.get(word) == Some(&false);
                found.push(FoundAccounts { listed, former });
            }
            if found.len() == PAGE {
                return Ok((found, Some(sk)));
            }
        }
        Ok((found, end))
    }
}

impl Table {
    /// Finds the items under words that begin with `prefix`, in order and after `after`, each with its sort
    /// key. The flag tells whether there are more.
    async fn words(
        &self,
        practice: &PracticeId,
        prefix: &str,
        after: Option<&str>,
    ) -> Result<(Vec<(String, Item)>, bool), PortError> {
        let from = after.map_or(prefix.to_owned(), |after| prefix.max(&format!("{after} ")).to_owned());
        // The greatest character sorts after everything that begins with the prefix.
        let to = format!("{prefix}\u{10FFFF}");
        if from > to {
            // `after` is already beyond everything that begins with the prefix.
            return Ok((Vec::new(), false));
        }
        let values = vec![(":pk", s(keys::search(practice))), (":from", s(from)), (":to", s(to))];
        let condition = "#pk = :pk AND #sk BETWEEN :from AND :to";
        let terms = Terms::of(&[condition], values, &[]);
        let call = self.client.query().table_name(&*self.name).key_condition_expression(condition);
        let call = call.set_limit(i32::try_from(LOOKED_AT).ok()).return_consumed_capacity(COSTS);
        let call = call
            .set_expression_attribute_values(terms.values())
            .set_expression_attribute_names(Some(terms.names));
        let answer = Box::pin(call.send()).await.map_err(|error| unavailable("Query", &error))?;
        let more = answer.last_evaluated_key.is_some();
        let items = answer.items.unwrap_or_default().into_iter();
        let named = items.filter_map(|item| Some((item.get(keys::SK)?.as_s().ok()?.clone(), item)));
        Ok((named.collect(), more))
    }
}

impl Holds for Table {
    async fn holds(&self, practice: &PracticeId) -> Result<Vec<Hold>, PortError> {
        let values = vec![(":from", s(keys::HOLDS))];
        let items =
            self.query(&keys::practice(practice).pk, "begins_with(#sk, :from)", values, usize::MAX).await?;
        items.into_iter().map(record).collect()
    }
}

impl Accounts for Table {
    async fn login(&self, practice: &PracticeId, name: &str) -> Result<Option<Login>, PortError> {
        optional(self.get(&keys::login(practice, name)).await?)
    }

    async fn account(&self, id: AccountId) -> Result<Option<Account>, PortError> {
        optional(self.get(&keys::account(id)).await?)
    }

    async fn session(&self, presented: &Presented) -> Result<(Option<Session>, Option<Account>), PortError> {
        let session = keys::session(presented.account, &presented.digest);
        let account = keys::account(presented.account);
        let mut found = self.batch(&[session.clone(), account.clone()]).await?;
        Ok((optional(found.take(&session))?, optional(found.take(&account))?))
    }

    async fn session_for(
        &self,
        key: &PresentedKey,
        presented: &Presented,
    ) -> Result<(Option<ApiKey>, Option<Session>, Option<Account>), PortError> {
        let session = keys::session(presented.account, &presented.digest);
        let (key, account) = (keys::api_key(&key.digest), keys::account(presented.account));
        let mut found = self.batch(&[key.clone(), session.clone(), account.clone()]).await?;
        Ok((optional(found.take(&key))?, optional(found.take(&session))?, optional(found.take(&account))?))
    }

    async fn exchange(
        &self,
        key: &PresentedKey,
        presented: &Presented,
    ) -> Result<(Option<ApiKey>, Option<Exchange>, Option<Account>), PortError> {
        let exchange = keys::exchange(presented.account, &presented.digest);
        let (key, account) = (keys::api_key(&key.digest), keys::account(presented.account));
        let mut found = self.batch(&[key.clone(), exchange.clone(), account.clone()]).await?;
        let unspent = found.take(&exchange).filter(|item| !item.contains_key("spent"));
        Ok((optional(found.take(&key))?, optional(unspent)?, optional(found.take(&account))?))
    }

    async fn touch(&self, session: &Session) -> Result<(), PortError> {
        let values = vec![(":idle_at", at(session.idle_at)), (":touched_at", at(session.touched_at))];
        let key = keys::session(session.account, &session.digest);
        let update = "SET #idle_at = :idle_at, #touched_at = :touched_at";
        // A session that was ended in the meantime stays ended.
        self.update_if(&key, update, "attribute_exists(#pk)", values).await?;
        Ok(())
    }
}

impl Sessions for Table {
    async fn sessions(&self, account: AccountId) -> Result<Vec<Session>, PortError> {
        let values = vec![(":from", s(keys::SESSIONS))];
        let range = "begins_with(#sk, :from)";
        let items = self.query(&keys::account(account).pk, range, values, usize::MAX).await?;
        items.into_iter().map(record).collect()
    }

    async fn exchanges(&self, account: AccountId) -> Result<Vec<Exchange>, PortError> {
        let values = vec![(":from", s(keys::EXCHANGES))];
        let range = "begins_with(#sk, :from)";
        let items = self.query(&keys::account(account).pk, range, values, usize::MAX).await?;
        items.into_iter().filter(|item| !item.contains_key("spent")).map(record).collect()
    }
}
