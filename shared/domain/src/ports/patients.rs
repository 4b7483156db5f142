//! Reads of patients, of what they are found by, and of what waits for staff.

use std::future::Future;

use crate::model::attention::Cause;
use crate::model::chart::Care;
use crate::model::ids::{AccountId, ChangeId, PatientId, PracticeId};
use crate::model::patient::{Checks, Patient};
use crate::model::proposal::Proposal;
use crate::model::refusal::PortError;

/// Reads proposed changes.
pub trait Proposals: Sync {
    /// Those of a practice that wait, the oldest first.
    fn changes(&self, practice: &PracticeId)
    -> impl Future<Output = Result<Vec<Proposal>, PortError>> + Send;
    /// One that waits.
    fn change(
        &self,
        practice: &PracticeId,
        id: ChangeId,
    ) -> impl Future<Output = Result<Option<Proposal>, PortError>> + Send;
    /// One that was decided on.
    fn decided_change(
        &self,
        practice: &PracticeId,
        patient: &PatientId,
        id: ChangeId,
    ) -> impl Future<Output = Result<Option<Proposal>, PortError>> + Send;
}

/// Reads patients, strongly.
pub trait Patients: Sync {
    /// Several patients with what grows of their charts, at most 50.
    fn charts(
        &self,
        practice: &PracticeId,
        ids: &[PatientId],
    ) -> impl Future<Output = Result<Vec<(Patient, Care)>, PortError>> + Send;
    /// One patient.
    fn patient(
        &self,
        practice: &PracticeId,
        id: &PatientId,
    ) -> impl Future<Output = Result<Option<Patient>, PortError>> + Send;
    /// What grows of the chart; empty if there is nothing.
    fn care(
        &self,
        practice: &PracticeId,
        id: &PatientId,
    ) -> impl Future<Output = Result<Care, PortError>> + Send;
}

/// Finds patients by what identifies them; candidates only, a conditional write decides.
pub trait Directory: Sync {
    /// Patients with this name, as compared, and this birth date.
    fn same_person(
        &self,
        practice: &PracticeId,
        family: &str,
        given: &str,
        birth_date: &str,
    ) -> impl Future<Output = Result<Vec<PatientId>, PortError>> + Send;
    /// Ids of the practice's patients in order of name, a page after `cursor`.
    fn patients_after(
        &self,
        practice: &PracticeId,
        cursor: Option<String>,
    ) -> impl Future<Output = Result<(Vec<PatientId>, Option<String>), PortError>> + Send;
}

/// What makes a name or an address findable.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Listing {
    /// A patient by last and first name, as compared.
    Name {
        /// Last name.
        family: String,
        /// First name.
        given: String,
        /// `YYYY-MM-DD`.
        birth_date: String,
        /// Whose.
        patient: PatientId,
    },
    /// A patient by e-mail address, as compared.
    Email {
        /// The address.
        email: String,
        /// Whose.
        patient: PatientId,
    },
    /// An account by its holder's own e-mail address, as compared.
    Account {
        /// The address.
        email: String,
        /// Whose.
        account: AccountId,
    },
}

/// Everybody whose e-mail address something is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Holders {
    /// Patients, by their charts.
    pub patients: Vec<PatientId>,
    /// Holders of accounts, by what they said themselves.
    pub accounts: Vec<AccountId>,
}

/// Finds people by their present e-mail address; candidates only.
pub trait Addresses: Sync {
    /// Whose address this is, as compared; at most 50 of each kind.
    fn holders(
        &self,
        practice: &PracticeId,
        email: &str,
    ) -> impl Future<Output = Result<Holders, PortError>> + Send;
}

/// Reads what was noted for staff.
pub trait Attention: Sync {
    /// Patients of a practice of whom something was noted, with what; some of it may be settled by now.
    fn noted(
        &self,
        practice: &PracticeId,
    ) -> impl Future<Output = Result<Vec<(PatientId, Cause)>, PortError>> + Send;
}

/// Reads the failed checks of a patient that no link keeps.
pub trait FailedChecks: Sync {
    /// The latest.
    fn checks(
        &self,
        practice: &PracticeId,
        patient: &PatientId,
    ) -> impl Future<Output = Result<Checks, PortError>> + Send;
}
