//! Reads of representatives' requests for access.

use std::future::Future;

use crate::model::ids::{PracticeId, RequestId};
use crate::model::refusal::PortError;
use crate::model::representative_request::RepresentativeRequest;

/// Reads requests that wait for staff. The reads are strongly consistent.
pub trait RepresentativeRequests: Sync {
    /// The requests of a practice, the oldest first.
    fn access_requests(
        &self,
        practice: &PracticeId,
    ) -> impl Future<Output = Result<Vec<RepresentativeRequest>, PortError>> + Send;
    /// One request.
    fn access_request(
        &self,
        practice: &PracticeId,
        id: RequestId,
    ) -> impl Future<Output = Result<Option<RepresentativeRequest>, PortError>> + Send;
}
