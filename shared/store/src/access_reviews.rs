//! Reads of the reviews of patients' access.

use portico_domain::model::access_review::AccessReview;
use portico_domain::model::ids::{PatientId, PracticeId};
use portico_domain::model::refusal::PortError;
use portico_domain::ports::Reviews;
use portico_domain::time::Timestamp;

use crate::item::{key_of, optional};
use crate::keys;
use crate::table::{Table, unavailable};

impl Reviews for Table {
    async fn review(
        &self,
        practice: &PracticeId,
        patient: &PatientId,
    ) -> Result<Option<AccessReview>, PortError> {
        optional(self.get(&keys::access_review(practice, patient)).await?)
    }

    async fn reviews_due(
        &self,
        practice: &PracticeId,
        now: Timestamp,
        limit: usize,
    ) -> Result<Vec<PatientId>, PortError> {
        let call = self.patients_due(&keys::access_reviews(practice), now);
        let answer = Box::pin(call.set_limit(i32::try_from(limit).ok()).send()).await;
        let answer = answer.map_err(|error| unavailable("Query", &error))?;
        let patient = |item| keys::patient_of(practice, key_of(item)?.0);
        Ok(answer.items().iter().filter_map(patient).collect())
    }
}
