//! The words under which accounts are found: one item a word, written after the account changed, read a page at a time.

use aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsError;
use aws_sdk_dynamodb::types::{Delete, Put, TransactWriteItem};
use futures_util::future::try_join_all;
use portico_domain::model::ids::{AccountId, PracticeId};
use portico_domain::model::refusal::Unavailable;
use portico_domain::model::search::{FoundAccounts, Listed, PAGE, is_first};
use portico_domain::ports::Lists;
use portico_domain::ports::Search;

use crate::expression::Terms;
use crate::item::{Item, item, key_item, n, optional, record, s};
use crate::keys;
use crate::table::{COSTS, Table, unavailable};

/// Items that one page looks at: an account has several words, of which a search may meet more than one.
const LOOKED_AT: usize = PAGE * 4;
/// Words that are written in one transaction.
const TOGETHER: usize = 90;

impl Search for Table {
    async fn found(
        &self,
        practice: &PracticeId,
        wanted: &[String],
        after: Option<&str>,
    ) -> Result<(Vec<FoundAccounts>, Option<String>), Unavailable> {
        // A prefix of another one finds all that that one finds.
        let prefixes: Vec<&String> = wanted
            .iter()
            .filter(|one| wanted.iter().all(|other| other == *one || !one.starts_with(other.as_str())))
            .collect();
        let pages = try_join_all(prefixes.iter().map(|prefix| self.words(practice, prefix, after))).await?;
        // Of a list that was not read to its end nothing is known beyond its last word, so the page ends there.
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
    /// Items under words that begin with `prefix`, after `after`, by name; and whether there are more.
    async fn words(
        &self,
        practice: &PracticeId,
        prefix: &str,
        after: Option<&str>,
    ) -> Result<(Vec<(String, Item)>, bool), Unavailable> {
        let from = after.map_or(prefix.to_owned(), |after| prefix.max(&format!("{after} ")).to_owned());
        // The greatest character ends what begins with the prefix.
        let to = format!("{prefix}\u{10FFFF}");
        if from > to {
            // What comes after lies beyond all that begins so.
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
        let answer = call.send().await.map_err(|error| unavailable("Query", &error))?;
        let more = answer.last_evaluated_key.is_some();
        let items = answer.items.unwrap_or_default().into_iter();
        let named = items.filter_map(|item| Some((item.get(keys::SK)?.as_s().ok()?.clone(), item)));
        Ok((named.collect(), more))
    }
}

impl Table {
    async fn write_words(&self, items: Vec<TransactWriteItem>) -> Result<bool, Unavailable> {
        let call = self.client.transact_write_items().set_transact_items(Some(items));
        match call.return_consumed_capacity(COSTS).send().await {
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
    async fn listed(&self, account: AccountId) -> Result<Option<Listed>, Unavailable> {
        optional(self.get(&keys::listed(account)).await?)
    }

    async fn list(
        &self,
        practice: &PracticeId,
        before: Option<&Listed>,
        entry: &Listed,
    ) -> Result<bool, Unavailable> {
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
        // A transaction takes a hundred items. Of an account with more words the rest follows: a list that was cut off in
        // between is written again when the stream shows its record again, since the entry itself comes last.
        let rest = items.split_off(items.len().min(TOGETHER));
        for some in rest.chunks(TOGETHER) {
            if !self.write_words(some.to_vec()).await? {
                return Ok(false);
            }
        }
        items.push(whole);
        self.write_words(items).await
    }
}
