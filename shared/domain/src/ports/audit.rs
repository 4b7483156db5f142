//! Reads of audit chains, and of the records that make up a portal status.

use std::future::Future;

use crate::model::account::Account;
use crate::model::audit::{Event, Head, Subject};
use crate::model::ids::{AccountId, LinkId, PracticeId};
use crate::model::limit::Attempts;
use crate::model::link::Link;
use crate::model::patient::{Checks, Patient};
use crate::model::refusal::PortError;

/// Reads the end of an audit chain.
pub trait Chain: Sync {
    /// The latest event's number and seal; the default `Head` if there is no event yet.
    fn head(
        &self,
        practice: &PracticeId,
        subject: &Subject,
    ) -> impl Future<Output = Result<Head, PortError>> + Send;
}

/// Reads audit events, and the records that make up a portal status besides the patient's own.
pub trait History: Sync {
    /// At most `limit` events of a chain, the oldest first, beginning with number `after + 1`.
    fn events(
        &self,
        practice: &PracticeId,
        subject: &Subject,
        after: u64,
        limit: usize,
    ) -> impl Future<Output = Result<Vec<Event>, PortError>> + Send;
    /// At most `limit` events of a chain, the newest first, beginning with the latest.
    fn latest_events(
        &self,
        practice: &PracticeId,
        subject: &Subject,
        limit: usize,
    ) -> impl Future<Output = Result<Vec<Event>, PortError>> + Send;
    /// Links and accounts in one read. Records that are deleted are left out.
    fn links_and_accounts(
        &self,
        links: &[LinkId],
        accounts: &[AccountId],
    ) -> impl Future<Output = Result<(Vec<Link>, Vec<Account>), PortError>> + Send;
    /// The same, together with the attempts on user names, whose keys are those of `sign_in_key`.
    fn links_accounts_and_attempts(
        &self,
        links: &[LinkId],
        accounts: &[AccountId],
        names: &[String],
    ) -> impl Future<Output = Result<PortalRecords, PortError>> + Send;
    /// The same, together with the patient's failed checks that belong to no link.
    fn portal_records(
        &self,
        patient: &Patient,
        links: &[LinkId],
        accounts: &[AccountId],
        names: &[String],
    ) -> impl Future<Output = Result<PortalRecords, PortError>> + Send;
}

/// The records that make up a portal status, besides the patient's own.
#[derive(Clone, Debug, Default)]
pub struct PortalRecords {
    /// The links that are still stored.
    pub links: Vec<Link>,
    /// The accounts with a grant to the patient, active or ended.
    pub accounts: Vec<Account>,
    /// Failed checks that belong to no link.
    pub checks: Checks,
    /// The attempts on the user names that have any, by key.
    pub attempts: Vec<(String, Attempts)>,
}
