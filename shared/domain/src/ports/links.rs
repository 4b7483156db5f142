//! Reads of links; tries are counted here before anything is compared.

use std::future::Future;

use crate::model::account::Account;
use crate::model::ids::{AccountId, LinkId, PatientId, PracticeId};
use crate::model::link::{FailedCheck, Link};
use crate::model::patient::Patient;
use crate::model::refusal::PortError;
use crate::time::Timestamp;

/// Reads links, strongly, and counts tries on them before anything is compared.
pub trait Links: Sync {
    /// One link.
    fn link(&self, id: LinkId) -> impl Future<Output = Result<Option<Link>, PortError>> + Send;
    /// A link and a patient in one read.
    fn link_and_patient(
        &self,
        id: LinkId,
        practice: &PracticeId,
        patient: &PatientId,
    ) -> impl Future<Output = Result<(Option<Link>, Option<Patient>), PortError>> + Send;
    /// Counts one identity check, if the link is open at `now`; the link as it is then, or `None` if it is not open.
    fn try_facts(
        &self,
        id: LinkId,
        now: Timestamp,
    ) -> impl Future<Output = Result<Option<Link>, PortError>> + Send;
    /// Counts one entry of the current code, if the link is open and the code not used, not older than ten minutes and
    /// not tried too often. `None` where there is no such link.
    fn try_code(
        &self,
        id: LinkId,
        now: Timestamp,
    ) -> impl Future<Output = Result<Option<CodeTry>, PortError>> + Send;
    /// Keeps for staff which facts failed; `give_back` returns the try (a check that could not be made).
    fn failed_check(
        &self,
        id: LinkId,
        failed: Option<FailedCheck>,
        give_back: bool,
    ) -> impl Future<Output = Result<(), PortError>> + Send;
}

/// What came of counting an entry of a code.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CodeTry {
    /// The link: as it is after the count, or as it was where the entry was not counted.
    pub link: Link,
    /// Whether the entry was counted, and may be compared.
    pub counted: bool,
}

/// Reads what a reset changes, strongly, in one read.
pub trait Resets: Sync {
    /// A link, the patient and the account.
    fn reset(
        &self,
        link: LinkId,
        practice: &PracticeId,
        patient: &PatientId,
        account: AccountId,
    ) -> impl Future<Output = Result<Resetting, PortError>> + Send;
    /// The patient and the account.
    fn holder(
        &self,
        practice: &PracticeId,
        patient: &PatientId,
        account: AccountId,
    ) -> impl Future<Output = Result<(Option<Patient>, Option<Account>), PortError>> + Send;
}

/// A link with the patient and the account that it leads to.
pub type Resetting = (Option<Link>, Option<Patient>, Option<Account>);
