//! The one atomic write: turns each `Write` of the domain into conditional puts and updates of
//! one transaction.

use aws_sdk_dynamodb::error::{BuildError, SdkError};
use aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsError;
use aws_sdk_dynamodb::types::{AttributeValue, Delete, Put, TransactWriteItem, Update};
use portico_domain::model::attention::Cause;
use portico_domain::model::audit::Subject;
use portico_domain::model::refusal::PortError;
use portico_domain::ports::{Chain as _, Commit, CommitError, Write};

use crate::expression::Terms;
use crate::item::{Item, key_item, n, value};
use crate::keys::{self, Key};
use crate::table::{COSTS, Table, pause, unavailable};
use crate::token::token_of;

mod accounts;
mod auto_invite;
mod grants;
mod links;
mod patients;
pub(crate) use patients::note;
mod practices;
mod records;

/// Attempts at a transaction that conflicts with others.
const ATTEMPTS: u32 = 6;

/// Condition: no item has this key.
const NEW: &str = "attribute_not_exists(#pk)";

/// Condition: an item has this key.
const THERE: &str = "attribute_exists(#pk)";

/// The name of the record that counts sign-in attempts on a user name.
pub(crate) fn attempts(key: &str) -> String {
    format!("signin#{key}")
}

impl Commit for Table {
    async fn commit(&self, writes: &[Write]) -> Result<(), CommitError> {
        let mut items = Vec::new();
        let mut places = Vec::new();
        for (place, write) in writes.iter().enumerate() {
            let part = self.parts(write)?;
            places.extend(std::iter::repeat_n(place, part.len()));
            items.extend(part);
        }
        // Boxed, since the future of every caller holds this one.
        let mut outcome = Box::pin(self.transact(items.clone(), &places)).await;
        if let Err(CommitError::Lost(lost)) = &outcome {
            let over = |place: usize| matches!(writes.get(place), Some(Write::EndLink { .. }));
            if lost.iter().all(|place| over(*place)) {
                // These links are closed already and can't open again, so there is nothing to end. Commit the
                // other writes.
                let rest = items.into_iter().zip(places).filter(|(_, place)| !lost.contains(place));
                let (items, places): (Vec<_>, Vec<_>) = rest.unzip();
                outcome = Box::pin(self.transact(items, &places)).await;
            }
        }
        self.copy_practices(writes, outcome.is_ok());
        if let Err(CommitError::Lost(lost)) = &outcome {
            Box::pin(self.catch_up(writes, lost)).await?;
        }
        outcome
    }
}

impl Table {
    /// Writes all of `items` or none. `places` holds the index of each item's `Write`; `CommitError::Lost`
    /// names the writes by these indexes.
    pub(crate) async fn transact(
        &self,
        items: Vec<TransactWriteItem>,
        places: &[usize],
    ) -> Result<(), CommitError> {
        // One token for all attempts, ours and the SDK's: a call whose answer was lost, or that still runs,
        // is not applied twice.
        let token = token_of(&items);
        for attempt in 0..ATTEMPTS {
            let call = self.client.transact_write_items().set_transact_items(Some(items.clone()));
            let call = call.client_request_token(&token);
            let Err(error) = Box::pin(call.return_consumed_capacity(COSTS).send()).await else {
                return Ok(());
            };
            match refusal(&error, places) {
                Some(CommitError::Contended) => pause(attempt).await,
                Some(refusal) => return Err(refusal),
                None => return Err(unavailable("TransactWriteItems", &error).into()),
            }
        }
        Err(CommitError::Contended)
    }

    /// Gives an account's record the end of its chain, if the record is behind. The two are written together, so
    /// this is only so after the table was restored to an earlier time: the audit table goes on. Without it,
    /// each change of the account would try a number that is taken. The caller decides again, with the new end.
    async fn catch_up(&self, writes: &[Write], lost: &[usize]) -> Result<(), PortError> {
        for write in lost.iter().filter_map(|place| writes.get(*place)) {
            let Write::Append(event) = write else { continue };
            let is_theirs = |(place, write): (usize, &'_ Write)| match write {
                // In a race the account's version is lost, too.
                Write::ChangeAccount(account) if !lost.contains(&place) => {
                    (event.subject == Subject::Account(account.id)).then_some((account.id, account.version))
                }
                _ => None,
            };
            let Some((id, version)) = writes.iter().enumerate().find_map(is_theirs) else { continue };
            let end = self.head(&event.practice, &event.subject).await?;
            let values = vec![(":end", value(&end)?), (":before", n(version.saturating_sub(1)))];
            self.update_if(&keys::account(id), "SET #head = :end", "#version = :before", values).await?;
            tracing::warn!("the account's record was behind its audit chain");
        }
        Ok(())
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

    pub(crate) fn parts(&self, write: &Write) -> Result<Vec<TransactWriteItem>, PortError> {
        match write {
            Write::CreatePatient(patient, status) => one(self.create_patient(patient, *status)),
            Write::ChangePatient(patient, status) => one(self.change_patient(patient, *status)),
            Write::Care(practice, patient, care) => one(self.put_care(practice, patient, care)),
            Write::List(practice, entry) => one(self.list(practice, entry)),
            Write::Unlist(practice, entry) => one(self.unlist(practice, entry)),
            Write::CreateLink(link) => one(self.create_link(link)),
            Write::CloseLink { id, to, at: when } | Write::EndLink { id, to, at: when } => {
                one(self.close_link(*id, *to, *when))
            }
            Write::ReviveLink { id, at: when, expires_at } => one(self.revive_link(*id, *when, *expires_at)),
            Write::ForgetCount(counter) => one(self.delete(&keys::limit(&counter.key), "", vec![])),
            Write::PassFacts { id, at: when, proofs, ticket, counted } => {
                one(self.pass_facts(*id, *when, *proofs, ticket.as_ref(), *counted))
            }
            Write::SendCode { id, code, at: when } => one(self.send_code(*id, code, *when)),
            Write::PassCode { id, number, ticket } => one(self.pass_code(*id, *number, ticket)),
            Write::AcceptLink { id, ticket, at: when } => one(self.accept_link(*id, ticket, *when)),
            Write::ClaimUsername(login) => one(self.claim_username(login)),
            Write::SetPassword(login) => one(self.set_password(login)),
            Write::FreeUsername { practice, name, account } => {
                one(self.free_username(practice, name, *account))
            }
            Write::ForgetAttempts(key) => one(self.forget_attempts(key)),
            Write::Checks(practice, patient, checks) => one(self.put_checks(practice, patient, checks)),
            Write::Propose(change) => one(self.propose(change)),
            Write::DecideChange(change) => self.decide_change(change),
            Write::Note { practice, patient, cause, at: when } => {
                one(self.put_note(practice, patient, *cause, None, *when))
            }
            Write::NoteReply { practice, patient, words, at: when } => {
                one(self.put_note(practice, patient, Cause::TextReply, Some(words), *when))
            }
            Write::AskForAccess(request) => one(self.put_request(request)),
            Write::AnswerRequest { practice, id } => {
                one(self.delete(&keys::access_request(practice, *id), THERE, vec![]))
            }
            Write::DropNote { practice, patient, cause } => one(self.drop_note(practice, patient, *cause)),
            Write::KeepSession(session) => one(self.keep_session(session)),
            Write::SetLevel { account, patient, level } => one(self.set_level(*account, patient, *level)),
            Write::SetAuthority { account, patient, authority } => {
                one(self.set_authority(*account, patient, authority))
            }
            Write::Review { practice, patient, from, next } => {
                one(self.put_review(&keys::access_review(practice, patient), *from, next.as_ref()))
            }
            Write::DropHold { practice, account } => one(self.drop_hold(practice, *account)),
            Write::CreateAccount(account) => one(self.create_account(account)),
            Write::ChangeAccount(account) => one(self.change_account(account)),
            Write::EndGrant { account, patient, revocation } => {
                one(self.end_grant(*account, patient, *revocation))
            }
            Write::RestoreGrant { account, patient, revocation, since } => {
                one(self.restore_grant(*account, patient, *revocation, *since))
            }
            Write::SuspendGrant { account, patient, back_since } => {
                one(self.suspend_grant(*account, patient, *back_since))
            }
            Write::Hold(hold) => one(self.keep_hold(hold)),
            Write::DecideHold { hold, granted } => self.decide_hold(hold, *granted),
            Write::OpenSession(session) => one(self.open_session(session)),
            Write::EndSession { account, digest } => one(self.end_session(*account, digest)),
            Write::OpenConsole(session) => self.open_console(session),
            Write::CloseConsole { key, digest } => one(self.delete(&keys::console(key, digest), "", vec![])),
            Write::OpenExchange(exchange) => one(self.open_exchange(exchange)),
            Write::SpendExchange(exchange) => one(self.spend_exchange(exchange)),
            Write::Append(event) => one(self.append_event(event)),
            Write::HandOver { id, at: when } => one(self.hand_over(*id, *when)),
            Write::KeepBatch(batch) => one(self.keep_batch(batch)),
            Write::KeepLetters(letters) => one(self.keep_letters(letters)),
            Write::SweepDue { practice, patient, version, from, until } => {
                one(self.sweep_due(&keys::patient(practice, patient), *version, *from, *until))
            }
            Write::CountAutomaticText { number, at: when } => one(self.count_automatic_text(number, *when)),
            Write::StartRun(run) => one(self.start_run(run)),
            Write::ChangeRun(run) => one(self.change_run(run)),
            Write::AddPage(page) => one(self.add_page(page)),
            Write::FinishPage(page) => one(self.finish_page(page)),
            Write::Count(counter) => one(self.count(counter)),
            Write::Queue(message) => one(self.queue_message(message)),
            Write::Once(once) => one(self.put_marker(once)),
            Write::CreatePractice(practice) => self.create_practice(practice),
            Write::ChangePractice(practice) => one(self.change_practice(practice)),
            Write::PutLogo { practice, file, png } => one(self.put_logo(practice, file, png)),
            Write::IssueKey(key) => self.issue_key(key),
            Write::RevokeKey { digest, practice, at: when } => self.revoke_key(digest, practice, *when),
        }
    }

    fn put(
        &self,
        item: Item,
        condition: &str,
        values: Vec<(&str, AttributeValue)>,
    ) -> Result<TransactWriteItem, PortError> {
        Self::put_in(&self.name, item, condition, values)
    }

    /// As [`put`](Self::put), into the table of this name.
    fn put_in(
        table: &str,
        item: Item,
        condition: &str,
        values: Vec<(&str, AttributeValue)>,
    ) -> Result<TransactWriteItem, PortError> {
        let terms = Terms::of(&[condition], values, &[]);
        let condition = (!condition.is_empty()).then(|| condition.to_owned());
        let names = condition.is_some().then_some(terms.names.clone());
        let put = Put::builder().table_name(table).set_item(Some(item)).set_condition_expression(condition);
        let put = put.set_expression_attribute_names(names).set_expression_attribute_values(terms.values());
        Ok(TransactWriteItem::builder().put(put.build().map_err(incomplete)?).build())
    }

    /// Replaces a record, only if the stored version is one less than `version`.
    fn put_next(&self, item: Item, version: u64) -> Result<TransactWriteItem, PortError> {
        self.put(item, "#version = :before", vec![(":before", n(version.saturating_sub(1)))])
    }

    pub(crate) fn updating(
        &self,
        key: &Key,
        update: &str,
        condition: &str,
        values: Vec<(&str, AttributeValue)>,
        named: &[(&str, &str)],
    ) -> Result<TransactWriteItem, PortError> {
        let terms = Terms::of(&[update, condition], values, named);
        let update = Update::builder()
            .table_name(&*self.name)
            .set_key(Some(key_item(key)))
            .update_expression(update)
            .condition_expression(condition)
            .set_expression_attribute_values(terms.values())
            .set_expression_attribute_names(Some(terms.names));
        Ok(TransactWriteItem::builder().update(update.build().map_err(incomplete)?).build())
    }

    fn delete(
        &self,
        key: &Key,
        condition: &str,
        values: Vec<(&str, AttributeValue)>,
    ) -> Result<TransactWriteItem, PortError> {
        let terms = Terms::of(&[condition], values, &[]);
        let conditional = !condition.is_empty();
        let delete = Delete::builder()
            .table_name(&*self.name)
            .set_key(Some(key_item(key)))
            .set_condition_expression(conditional.then(|| condition.to_owned()))
            .set_expression_attribute_values(terms.values())
            .set_expression_attribute_names(conditional.then_some(terms.names));
        Ok(TransactWriteItem::builder().delete(delete.build().map_err(incomplete)?).build())
    }
}

/// Tells why DynamoDB refused a transaction: which writes' conditions failed, or that it conflicted with
/// others. `None` for any other failure.
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

/// A single item as the list of items of a write.
fn one(part: Result<TransactWriteItem, PortError>) -> Result<Vec<TransactWriteItem>, PortError> {
    Ok(vec![part?])
}

#[expect(clippy::needless_pass_by_value, reason = "for map_err")]
fn incomplete(error: BuildError) -> PortError {
    tracing::error!(%error, "a part of a transaction is incomplete");
    PortError::Broken("transaction")
}
