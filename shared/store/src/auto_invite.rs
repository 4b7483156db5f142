//! Reads of automatic invitations: who is due, and the runs.

use aws_sdk_dynamodb::operation::query::builders::QueryFluentBuilder;
use aws_sdk_dynamodb::types::Select;
use jiff::civil::Date;
use portico_domain::model::ids::{PatientId, PracticeId};
use portico_domain::model::patient::Patient;
use portico_domain::model::refusal::PortError;
use portico_domain::model::sweep_run::{Cursor, Page, Run};
use portico_domain::ports::{PracticeList, Runs, Waiting};
use portico_domain::time::Timestamp;

use crate::expression::Terms;
use crate::item::{Item, at, key_item, key_of, optional, record, s};
use crate::keys::{self, DUE, DUE_AT, DUE_PK};
use crate::table::{COSTS, Table, unavailable};

impl PracticeList for Table {
    async fn practices(&self) -> Result<Vec<PracticeId>, PortError> {
        let items = self.query(keys::PRACTICES, "#sk > :from", vec![(":from", s(" "))], usize::MAX).await?;
        Ok(items.iter().filter_map(|item| PracticeId::parse(key_of(item)?.1).ok()).collect())
    }
}

impl Table {
    /// The query of the patients who were due by `now`, in one partition of the index `due`.
    pub(crate) fn patients_due(&self, partition: &str, now: Timestamp) -> QueryFluentBuilder {
        let condition = format!("#{DUE_PK} = :due AND #{DUE_AT} <= :now");
        let values = vec![(":due", s(partition)), (":now", at(now))];
        let terms = Terms::of(&[&condition], values, &[]);
        self.client
            .query()
            .table_name(&*self.name)
            .index_name(DUE)
            .key_condition_expression(condition)
            .set_expression_attribute_values(terms.values())
            .set_expression_attribute_names(Some(terms.names))
            .return_consumed_capacity(COSTS)
    }
}

/// The place in the index after which a query begins.
fn start(practice: &PracticeId, cursor: &Cursor) -> Item {
    let mut start = key_item(&keys::patient(practice, &cursor.patient));
    start.insert(DUE_PK.to_owned(), s(keys::sweep(practice)));
    start.insert(DUE_AT.to_owned(), at(cursor.due_at));
    start
}

impl Waiting for Table {
    async fn waiting(
        &self,
        practice: &PracticeId,
        now: Timestamp,
        cursor: Option<&Cursor>,
        limit: usize,
    ) -> Result<Vec<Cursor>, PortError> {
        let call = self
            .patients_due(&keys::sweep(practice), now)
            .set_limit(i32::try_from(limit).ok())
            .set_exclusive_start_key(cursor.map(|cursor| start(practice, cursor)));
        let answer = Box::pin(call.send()).await.map_err(|error| unavailable("Query", &error))?;
        let cursor = |item: &Item| {
            let patient = keys::patient_of(practice, key_of(item)?.0)?;
            let due_at = item.get(DUE_AT)?.as_n().ok()?.parse().ok()?;
            Some(Cursor { due_at: Timestamp::from_millis(due_at), patient })
        };
        Ok(answer.items().iter().filter_map(cursor).collect())
    }

    async fn candidates(&self, practice: &PracticeId, ids: &[PatientId]) -> Result<Vec<Patient>, PortError> {
        let wanted: Vec<_> = ids.iter().map(|id| keys::patient(practice, id)).collect();
        let mut found = self.read_batch(&wanted, false).await?;
        wanted.iter().filter_map(|key| found.take(key)).map(record).collect()
    }

    async fn count_waiting(
        &self,
        practice: &PracticeId,
        now: Timestamp,
        cursor: Option<&Cursor>,
    ) -> Result<u32, PortError> {
        let (mut count, mut from) = (0, cursor.map(|cursor| start(practice, cursor)));
        loop {
            let call = self
                .patients_due(&keys::sweep(practice), now)
                .select(Select::Count)
                .set_exclusive_start_key(from);
            let answer = Box::pin(call.send()).await.map_err(|error| unavailable("Query", &error))?;
            count += u32::try_from(answer.count).unwrap_or_default();
            from = answer.last_evaluated_key;
            if from.is_none() {
                return Ok(count);
            }
        }
    }
}

impl Runs for Table {
    async fn run(&self, practice: &PracticeId, day: Date) -> Result<Option<Run>, PortError> {
        optional(self.get(&keys::run(practice, day)).await?)
    }

    async fn runs(
        &self,
        practice: &PracticeId,
        before: Option<Date>,
        limit: usize,
    ) -> Result<Vec<Run>, PortError> {
        // A day sorts before the same day with anything behind it, so `~` includes all days.
        let last = before.map_or_else(|| "~".to_owned(), |day| day.to_string());
        let condition = format!("#{} = :pk AND #{} BETWEEN :first AND :last", keys::PK, keys::SK);
        let values = vec![
            (":pk", s(keys::practice(practice).pk)),
            (":first", s(keys::RUNS)),
            (":last", s(format!("{}{last}", keys::RUNS))),
        ];
        let terms = Terms::of(&[&condition], values, &[]);
        // One more, because the day `before` itself is within the range.
        let most = i32::try_from(limit + 1).ok();
        let call = self.client.query().table_name(&*self.name).key_condition_expression(condition);
        let call = call.scan_index_forward(false).set_limit(most).consistent_read(true);
        let call = call.set_expression_attribute_values(terms.values());
        let call = call.set_expression_attribute_names(Some(terms.names)).return_consumed_capacity(COSTS);
        let answer = Box::pin(call.send()).await.map_err(|error| unavailable("Query", &error))?;
        let runs: Result<Vec<Run>, PortError> =
            answer.items.unwrap_or_default().into_iter().map(record).collect();
        let is_before = |run: &Run| before.is_none_or(|before| run.day < before);
        Ok(runs?.into_iter().filter(is_before).take(limit).collect())
    }

    async fn page(&self, practice: &PracticeId, day: Date, number: u32) -> Result<Option<Page>, PortError> {
        optional(self.get(&keys::page(practice, day, number)).await?)
    }
}
