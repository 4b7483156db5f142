//! Reads of patients, of the directory, and of whatever waits for staff.

use std::future::Future;

use crate::model::attention::Cause;
use crate::model::chart::Care;
use crate::model::ids::{AccountId, ChangeId, PatientId, PracticeId};
use crate::model::patient::{Checks, Patient};
use crate::model::person::Line;
use crate::model::proposal::Proposal;
use crate::model::refusal::PortError;
use crate::time::Timestamp;

/// Reads proposed changes.
pub trait Proposals: Sync {
    /// The proposed changes of a practice that wait for staff, the oldest first.
    fn changes(&self, practice: &PracticeId)
    -> impl Future<Output = Result<Vec<Proposal>, PortError>> + Send;
    /// A proposed change that waits for staff.
    fn change(
        &self,
        practice: &PracticeId,
        id: ChangeId,
    ) -> impl Future<Output = Result<Option<Proposal>, PortError>> + Send;
    /// A proposed change that staff have decided.
    fn decided_change(
        &self,
        practice: &PracticeId,
        patient: &PatientId,
        id: ChangeId,
    ) -> impl Future<Output = Result<Option<Proposal>, PortError>> + Send;
}

/// Reads patients. The reads are strongly consistent.
pub trait Patients: Sync {
    /// Several patients, at most 50, with the growing parts of their charts. Ids without a record are
    /// left out.
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
    /// The part of a chart that grows: visits, appointments, contacts. It is empty if nothing is stored.
    fn care(
        &self,
        practice: &PracticeId,
        id: &PatientId,
    ) -> impl Future<Output = Result<Care, PortError>> + Send;
}

/// Finds patients by name, and lists them in order. The results are candidates; a conditional write decides.
pub trait Directory: Sync {
    /// Patients with this name and this birth date (`YYYY-MM-DD`). Names are in the form in which they
    /// are compared.
    fn same_person(
        &self,
        practice: &PracticeId,
        family: &str,
        given: &str,
        birth_date: &str,
    ) -> impl Future<Output = Result<Vec<PatientId>, PortError>> + Send;
    /// Patients who were born on this day (`YYYY-MM-DD`), or whose chart once said so. A chart is found a moment after it
    /// is written.
    fn born_on(
        &self,
        practice: &PracticeId,
        birth_date: &str,
    ) -> impl Future<Output = Result<Vec<PatientId>, PortError>> + Send;
    /// Patients who have a contact of this name, or whose chart once did. Names are in the form in which they are
    /// compared. A chart is found a moment after it is written.
    fn with_contact(
        &self,
        practice: &PracticeId,
        family: &str,
        given: &str,
    ) -> impl Future<Output = Result<Vec<PatientId>, PortError>> + Send;
    /// One page of the practice's patients in the order of their names, starting after `cursor`. The text is
    /// the cursor of the next page, `None` on the last one.
    fn patients_after(
        &self,
        practice: &PracticeId,
        cursor: Option<String>,
    ) -> impl Future<Output = Result<(Vec<PatientId>, Option<String>), PortError>> + Send;
}

/// An entry of the directory, which makes a name or an e-mail address findable.
#[expect(missing_docs, reason = "the names say it")]
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Listing {
    /// Finds a patient by name. Names are in the form in which they are compared.
    Name {
        family: String,
        given: String,
        /// `YYYY-MM-DD`.
        birth_date: String,
        patient: PatientId,
    },
    /// Finds a patient by the e-mail address on the chart, in lower case.
    Email { email: String, patient: PatientId },
    /// Finds an account by its holder's own e-mail address, in lower case.
    Account { email: String, account: AccountId },
}

impl Listing {
    /// Whether both are entries with the same key: all but the birth date is the same.
    pub fn has_key_of(&self, other: &Self) -> bool {
        match (self, other) {
            (
                Self::Name { family, given, patient, .. },
                Self::Name { family: their_family, given: their_given, patient: their_patient, .. },
            ) => (family, given, patient) == (their_family, their_given, their_patient),
            _ => self == other,
        }
    }
}

/// All patients and accounts with a given e-mail address.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Holders {
    /// Patients with the address on their chart.
    pub patients: Vec<PatientId>,
    /// Accounts whose holder has given the address.
    pub accounts: Vec<AccountId>,
}

/// Finds people by their present e-mail address or phone number. The results are candidates; the records themselves decide.
pub trait Addresses: Sync {
    /// The patients and accounts with this address (in lower case), at most 50 of each.
    fn holders(
        &self,
        practice: &PracticeId,
        email: &str,
    ) -> impl Future<Output = Result<Holders, PortError>> + Send;
    /// The patients of the practice with this phone number (E.164) on their charts, at most 50.
    fn at_phone(
        &self,
        practice: &PracticeId,
        number: &str,
    ) -> impl Future<Output = Result<Vec<PatientId>, PortError>> + Send;
}

/// Reads the notes for staff.
pub trait Attention: Sync {
    /// The patients of a practice that staff should look at, each with a cause. Some of the causes may be
    /// settled by now.
    fn noted(&self, practice: &PracticeId) -> impl Future<Output = Result<Vec<Noted>, PortError>> + Send;
}

/// That staff should look at a patient, and since when.
#[expect(missing_docs, reason = "the names say it")]
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Noted {
    pub patient: PatientId,
    pub cause: Cause,
    pub at: Timestamp,
    /// The registration or the proposed change that waits; `None` for any other cause.
    pub waits: Option<String>,
    /// Whose session proposed the change; `None` for any other cause.
    pub proposer: Option<AccountId>,
    /// What the number replied; `None` for any other cause.
    pub words: Option<Line>,
}

/// Reads the failed checks of a patient that belong to no link.
pub trait FailedChecks: Sync {
    /// The latest failed checks, the oldest of them first; empty if there are none.
    fn checks(
        &self,
        practice: &PracticeId,
        patient: &PatientId,
    ) -> impl Future<Output = Result<Checks, PortError>> + Send;
}
