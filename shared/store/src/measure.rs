//! The log of visits and patients' means, for the quality measure.

use jiff::civil::Date;
use portico_domain::model::chart::Visit;
use portico_domain::model::ids::{PatientId, PracticeId};
use portico_domain::model::measure::{LoggedVisit, Means};
use portico_domain::model::refusal::PortError;
use portico_domain::ports::{MeasureLog, Measures, VisitsChanged};

use crate::item::{Item, item, n, optional, record, s};
use crate::keys;
use crate::table::{COSTS, Table, unavailable};

impl MeasureLog for Table {
    async fn log_visits(&self, changed: &VisitsChanged) -> Result<(), PortError> {
        let VisitsChanged { practice, patient, gone, kept } = changed;
        let key = |visit: &Visit| keys::visit(practice, visit.date, patient, &visit.id);
        for visit in gone {
            self.delete_item(&key(visit)).await?;
        }
        for visit in kept {
            let logged = LoggedVisit {
                patient: patient.clone(),
                visit: visit.id.clone(),
                date: visit.date,
                signed_at: visit.signed_at,
                provider: visit.provider.as_ref().map(|provider| provider.reveal().to_owned()),
            };
            self.put_item(item(&key(visit), &logged, None)?).await?;
        }
        Ok(())
    }

    async fn means_of(&self, practice: &PracticeId, patient: &PatientId) -> Result<Option<Means>, PortError> {
        optional(self.get(&keys::means(practice, patient)).await?)
    }

    async fn put_means(&self, means: &Means) -> Result<bool, PortError> {
        use aws_sdk_dynamodb::operation::put_item::PutItemError;

        let key = keys::means(&means.practice, &means.patient);
        let condition = "attribute_not_exists(#pk) OR #version = :before";
        let before = n(means.version.saturating_sub(1));
        let terms = crate::expression::Terms::of(&[condition], vec![(":before", before)], &[]);
        let call = self.client.put_item().table_name(&*self.name).set_item(Some(item(&key, means, None)?));
        let call = call.condition_expression(condition).return_consumed_capacity(COSTS);
        let call = call.set_expression_attribute_values(terms.values());
        match Box::pin(call.set_expression_attribute_names(Some(terms.names)).send()).await {
            Ok(_) => Ok(true),
            Err(error) => match error.as_service_error() {
                Some(PutItemError::ConditionalCheckFailedException(_)) => Ok(false),
                _ => Err(unavailable("PutItem", &error)),
            },
        }
    }
}

impl Table {
    /// All items of a partition whose sort keys are within a range. A report is about days that are over, so the
    /// reads need not be consistent.
    async fn read_range(&self, pk: &str, from: &str, to: &str) -> Result<Vec<Item>, PortError> {
        let range = format!("#{} BETWEEN :from AND :to", keys::SK);
        self.read_query(pk, &range, vec![(":from", s(from)), (":to", s(to))], usize::MAX, false).await
    }
}

impl Measures for Table {
    async fn visits_between(
        &self,
        practice: &PracticeId,
        from: Date,
        to: Date,
    ) -> Result<Vec<LoggedVisit>, PortError> {
        let mut visits = Vec::new();
        let mut month = from.first_of_month();
        while month <= to {
            // A day sorts before the same day with anything behind it, and `~` behind all of them.
            let last = format!("{to}#~");
            let items = self.read_range(&keys::visits(practice, month), &from.to_string(), &last).await?;
            for item in items {
                visits.push(record(item)?);
            }
            let Ok(next) = month.last_of_month().tomorrow() else { break };
            month = next;
        }
        Ok(visits)
    }

    async fn some_means(
        &self,
        practice: &PracticeId,
        patients: &[PatientId],
    ) -> Result<Vec<Means>, PortError> {
        let mut means = Vec::new();
        let all: Vec<keys::Key> = patients.iter().map(|patient| keys::means(practice, patient)).collect();
        for some in all.chunks(100) {
            let mut found = self.read_batch(some, false).await?;
            for key in some {
                means.extend(optional(found.take(key))?);
            }
        }
        Ok(means)
    }

    async fn all_means(&self, practice: &PracticeId) -> Result<Vec<Means>, PortError> {
        let items = self.read_range(&keys::all_means(practice), " ", "~").await?;
        items.into_iter().map(record).collect()
    }
}
