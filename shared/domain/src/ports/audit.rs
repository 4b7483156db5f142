//! Reads of audit chains, and of the records that a portal status is made of.

use std::future::Future;

use crate::model::account::Account;
use crate::model::audit::{Event, Head, Subject};
use crate::model::ids::{AccountId, LinkId, PracticeId};
use crate::model::link::Link;
use crate::model::patient::{Checks, Patient};
use crate::model::refusal::PortError;

/// Reads the end of an audit chain.
pub trait Chain: Sync {
    /// The latest event's number and seal.
    fn head(
        &self,
        practice: &PracticeId,
        subject: &Subject,
    ) -> impl Future<Output = Result<Head, PortError>> + Send;
}

/// Reads what a patient's portal status is made of beside the patient's record.
pub trait History: Sync {
    /// All events of a chain, the oldest first, from number `after + 1`, at most `limit`.
    fn events(
        &self,
        practice: &PracticeId,
        subject: &Subject,
        after: u64,
        limit: usize,
    ) -> impl Future<Output = Result<Vec<Event>, PortError>> + Send;
    /// Links and accounts in one read; those that are gone are left out.
    fn links_and_accounts(
        &self,
        links: &[LinkId],
        accounts: &[AccountId],
    ) -> impl Future<Output = Result<(Vec<Link>, Vec<Account>), PortError>> + Send;
    /// The same, with the failed checks of the patient that no link keeps.
    fn portal_records(
        &self,
        patient: &Patient,
        links: &[LinkId],
        accounts: &[AccountId],
    ) -> impl Future<Output = Result<PortalRecords, PortError>> + Send;
}

/// What a portal status is made of beside the patient's record.
#[derive(Clone, Debug, Default)]
pub struct PortalRecords {
    /// Links that are still kept.
    pub links: Vec<Link>,
    /// Accounts with a grant, present or ended.
    pub accounts: Vec<Account>,
    /// Failed checks that no link keeps.
    pub checks: Checks,
}
