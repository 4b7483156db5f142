//! Reads of links, and counts of attempts on them. An attempt is counted before anything is compared.

use std::future::Future;

use crate::model::account::Account;
use crate::model::ids::{AccountId, LettersId, LinkId, PatientId, PracticeId};
use crate::model::letters::Letters;
use crate::model::link::{FailedCheck, Link};
use crate::model::patient::Patient;
use crate::model::refusal::PortError;
use crate::time::Timestamp;

/// Reads links, strongly consistent, and counts attempts on them before anything is compared.
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
    /// Counts one identity check, if the link is open at `now`, and returns the link after the count. `None`
    /// if the link does not exist or is not open.
    fn try_facts(
        &self,
        id: LinkId,
        now: Timestamp,
    ) -> impl Future<Output = Result<Option<Link>, PortError>> + Send;
    /// Counts one entry of the current code. It is counted if the link is open at `now` and the code is
    /// unused, less than ten minutes old and below its number of attempts. `None` if there is no such link.
    fn try_code(
        &self,
        id: LinkId,
        now: Timestamp,
    ) -> impl Future<Output = Result<Option<CodeTry>, PortError>> + Send;
    /// Gives back one entry of the current code, because it was not compared.
    fn give_back_code(&self, id: LinkId) -> impl Future<Output = Result<(), PortError>> + Send;
    /// Saves which facts failed, so that staff can see them. With `give_back`, the attempt is given back,
    /// because the check could not be made.
    fn failed_check(
        &self,
        id: LinkId,
        failed: Option<FailedCheck>,
        give_back: bool,
    ) -> impl Future<Output = Result<(), PortError>> + Send;
}

/// A link after an attempt to count an entry of its code.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CodeTry {
    /// The link after the count, or unchanged if the entry was not counted.
    pub link: Link,
    /// Whether the entry was counted. Only then may the code be compared.
    pub counted: bool,
}

/// Reads the records that a reset changes, strongly consistent, in one read.
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

/// A link with its patient and its account. A record that does not exist is `None`.
pub type Resetting = (Option<Link>, Option<Patient>, Option<Account>);

/// Reads the lists of letters that were made together.
pub trait LetterFiles: Sync {
    /// The list with this id, if it is one of this practice and still kept. The read is strongly consistent.
    fn letters(
        &self,
        practice: &PracticeId,
        id: LettersId,
    ) -> impl Future<Output = Result<Option<Letters>, PortError>> + Send;
}
