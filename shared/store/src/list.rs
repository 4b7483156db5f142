//! Reads of the list of patients.

use std::collections::BTreeMap;

use portico_domain::model::ids::{PatientId, PracticeId};
use portico_domain::model::patient::{Patient, Status, agenda_place};
use portico_domain::model::refusal::PortError;
use portico_domain::ports::{Roster, Sought};
use portico_domain::time::Timestamp;

use crate::expression::Terms;
use crate::item::{Item, record, s};
use crate::keys::{self, AGENDA, AGENDA_PK, AGENDA_SK, ROSTER, ROSTER_PK, ROSTER_SK};
use crate::patients::patient_of;
use crate::table::{COSTS, Table, unavailable};

/// Most patients that one kind of entry finds.
const FOUND: usize = 100;

impl Table {
    /// Reads patients of one partition of an index, in order: those behind `from`, up to `to`.
    async fn listed(
        &self,
        index: (&str, &str, &str),
        partition: &str,
        (from, to): (&str, &str),
        limit: usize,
    ) -> Result<Vec<Patient>, PortError> {
        let (name, pk, sk) = index;
        let condition = format!("#{pk} = :pk AND #{sk} BETWEEN :from AND :to");
        let values = vec![(":pk", s(partition)), (":from", s(from)), (":to", s(to))];
        let terms = Terms::of(&[&condition], values, &[]);
        let (mut patients, mut start) = (Vec::new(), None);
        // One call holds at most 1 MB, which is more than a page needs.
        loop {
            let left = limit - patients.len();
            let call = self.client.query().table_name(&*self.name).index_name(name);
            let call = call.key_condition_expression(&condition).set_limit(i32::try_from(left).ok());
            let call = call.set_exclusive_start_key(start).return_consumed_capacity(COSTS);
            let call = call.set_expression_attribute_values(terms.values());
            let call = call.set_expression_attribute_names(Some(terms.names.clone()));
            let answer = Box::pin(call.send()).await.map_err(|error| unavailable("Query", &error))?;
            for item in answer.items.unwrap_or_default() {
                patients.push(record(item)?);
            }
            start = answer.last_evaluated_key;
            if start.is_none() || patients.len() >= limit {
                return Ok(patients);
            }
        }
    }
}

/// The smallest text behind another one that a key can have.
fn behind(text: &str) -> String {
    format!("{text}\u{1}")
}

impl Roster for Table {
    async fn roster(
        &self,
        practice: &PracticeId,
        status: Status,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Vec<Patient>, PortError> {
        // Names hold letters and digits alone, so they sort before this.
        let from = after.map_or_else(|| " ".to_owned(), behind);
        let index = (ROSTER, ROSTER_PK, ROSTER_SK);
        self.listed(index, &keys::roster(practice, status), (&from, "\u{10FFFF}"), limit).await
    }

    async fn agenda(
        &self,
        practice: &PracticeId,
        (from, to): (Timestamp, Timestamp),
        after: Option<&str>,
        limit: usize,
    ) -> Result<Vec<Patient>, PortError> {
        let (first, last) = (agenda_place(from, ""), agenda_place(to, ""));
        let from = after.map_or(first, behind);
        if from > last {
            return Ok(Vec::new());
        }
        let index = (AGENDA, AGENDA_PK, AGENDA_SK);
        self.listed(index, practice.as_str(), (&from, &last), limit).await
    }

    async fn people(&self, practice: &PracticeId, sought: &Sought) -> Result<Vec<PatientId>, PortError> {
        let prefix = match sought {
            Sought::Family(family) => keys::family_like(family),
            Sought::FamilyAndGiven(family, given) => keys::family_and_given_like(family, given),
            Sought::Word(word) => keys::name_word_like(word),
            Sought::Email(email) => keys::email_like(email),
            Sought::Born(day) => keys::born_on(day),
        };
        let values = vec![(":from", s(prefix))];
        let pk = keys::directory(practice);
        let items = self.read_query(&pk, "begins_with(#sk, :from)", values, FOUND, false).await?;
        Ok(items.iter().filter_map(patient_of).collect())
    }

    async fn counts(&self, practice: &PracticeId) -> Result<BTreeMap<Status, u64>, PortError> {
        let values = vec![(":from", s(keys::COUNTS))];
        let pk = keys::practice(practice).pk;
        let items = self.read_query(&pk, "begins_with(#sk, :from)", values, Status::ALL.len(), false).await?;
        let count = |item: &Item| {
            let name = item.get(keys::SK)?.as_s().ok()?.strip_prefix(keys::COUNTS)?;
            let status = Status::ALL.into_iter().find(|status| status.as_str() == name)?;
            let patients: i64 = item.get("patients")?.as_n().ok()?.parse().ok()?;
            Some((status, u64::try_from(patients).unwrap_or_default()))
        };
        Ok(items.iter().filter_map(count).collect())
    }
}
