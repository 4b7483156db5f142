//! Reads of representatives' requests for access.

use portico_domain::model::ids::{PracticeId, RequestId};
use portico_domain::model::refusal::PortError;
use portico_domain::model::representative_request::{KEPT_HOURS, RepresentativeRequest};
use portico_domain::ports::RepresentativeRequests;

use crate::item::{optional, record, s};
use crate::keys;
use crate::table::Table;

impl RepresentativeRequests for Table {
    async fn access_requests(&self, practice: &PracticeId) -> Result<Vec<RepresentativeRequest>, PortError> {
        let values = vec![(":from", s(keys::REQUESTS))];
        let range = "begins_with(#sk, :from)";
        let items = self.query(&keys::practice(practice).pk, range, values, usize::MAX).await?;
        let all: Result<Vec<RepresentativeRequest>, PortError> = items.into_iter().map(record).collect();
        let now = self.clock.now();
        Ok(all?.into_iter().filter(|request| now < request.asked_at.plus_hours(KEPT_HOURS)).collect())
    }

    async fn access_request(
        &self,
        practice: &PracticeId,
        id: RequestId,
    ) -> Result<Option<RepresentativeRequest>, PortError> {
        optional(self.get(&keys::access_request(practice, id)).await?)
    }
}
