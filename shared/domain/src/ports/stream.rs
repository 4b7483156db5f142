//! Writes of the function that reads the table's stream: patients counted by status, the words that accounts
//! are found by, and the patients of a phone number.

use std::collections::BTreeSet;
use std::future::Future;

use crate::model::account::Account;
use crate::model::announcement::Announcement;
use crate::model::audit::Event;
use crate::model::chart::Contact;
use crate::model::ids::{AccountId, PatientId, PracticeId};
use crate::model::link::Link;
use crate::model::patient::{Patient, Status};
use crate::model::refusal::PortError;
use crate::model::search::Listed;
use crate::ports::measure::VisitsChanged;
use crate::ports::messages::Standings;

/// A stream record, as the function `publish-changes` understands it.
#[derive(Default)]
pub struct Change {
    /// A patient was added or removed, or its status changed.
    pub moved: Option<Moved>,
    /// The account that somebody signed in to.
    pub signed_in: Option<Box<Account>>,
    /// Accounts whose words in the search may have changed.
    pub relist: Vec<Relist>,
    /// A chart's mobile number changed.
    pub renumbered: Option<Renumbered>,
    /// The visits on a chart changed.
    pub visits: Option<VisitsChanged>,
    /// A record from which a patient's means to get in are learned.
    pub means: Option<MeansSource>,
    /// A pending invitation of a patient got further.
    pub progressed: Option<Box<Link>>,
    /// A patient whose names or birth date are new.
    pub named: Option<Box<Patient>>,
    /// The contacts of a chart that are new.
    pub contacts: Option<NewContacts>,
    /// The patient whose access may have to be reviewed at another time.
    pub reviewed: Option<Box<Patient>>,
    /// A chart that was merged into another one, or whose merge was undone.
    pub merged: Option<Merged>,
    /// An event that was added to an audit chain.
    pub appended: Option<Box<Event>>,
    /// The announcement for other systems.
    pub announcement: Option<Announcement>,
}

/// An account whose words in the search may have changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Relist {
    /// The account.
    pub account: AccountId,
    /// The words that found it before the change. When the stream lags, the records no longer say them.
    pub former: BTreeSet<String>,
}

/// A record from which a patient's means to get in are learned.
pub enum MeansSource {
    /// An invitation was sent, delivered, handed over or closed.
    Link(Box<Link>),
    /// Accounts, access or the clinician of a patient changed.
    Patient(Box<Patient>),
}

/// A change of a chart's mobile number. Only numbers that can be dialled count.
#[expect(missing_docs, reason = "the names say it")]
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Renumbered {
    pub practice: PracticeId,
    pub patient: PatientId,
    /// The number before, in E.164; `None` if there was none.
    pub from: Option<String>,
    /// The number now, in E.164; `None` if there is none.
    pub to: Option<String>,
}

/// A chart that was merged into another one, or whose merge was undone.
#[expect(missing_docs, reason = "the names say it")]
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Merged {
    pub practice: PracticeId,
    /// The chart that was merged.
    pub patient: PatientId,
    /// The chart that it was merged into before.
    pub from: Option<PatientId>,
    /// The chart that it is merged into now.
    pub to: Option<PatientId>,
}

/// The contacts of a chart that are new.
#[expect(missing_docs, reason = "the names say it")]
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewContacts {
    pub practice: PracticeId,
    pub patient: PatientId,
    pub contacts: Vec<Contact>,
}

/// A patient's status after a change.
#[expect(missing_docs, reason = "the names say it")]
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Moved {
    pub practice: PracticeId,
    pub patient: PatientId,
    /// The version of the patient's record.
    pub version: u64,
    pub to: Status,
}

/// Interprets stream records, and counts patients by status.
pub trait Counts: Sync {
    /// The change that a stream record means. The images before and after are in DynamoDB's JSON.
    fn change(&self, old: Option<&serde_json::Value>, new: Option<&serde_json::Value>) -> Change;
    /// Moves one patient from the count that has them to another, in one transaction with a record of what was
    /// counted. A version is counted once, whatever comes twice, late or in another order.
    fn count(&self, moved: &Moved) -> impl Future<Output = Result<(), PortError>> + Send;
    /// Adds what finds a patient by the words of the names and by birth date. Earlier entries stay, so that a former
    /// name finds them, too.
    fn index_name(&self, patient: &Patient) -> impl Future<Output = Result<(), PortError>> + Send;
    /// Adds what finds a patient by the names of contacts. Earlier entries stay: whoever finds a chart looks into it.
    fn index_contacts(&self, new: &NewContacts) -> impl Future<Output = Result<(), PortError>> + Send;
}

/// Maintains the words that find an account.
pub trait Lists: Sync {
    /// The words of an account as they are stored. The read is strongly consistent.
    fn listed(&self, account: AccountId) -> impl Future<Output = Result<Option<Listed>, PortError>> + Send;
    /// Replaces the stored words `before` with `entry`. `false` if another writer replaced them in
    /// the meantime.
    fn list(
        &self,
        practice: &PracticeId,
        before: Option<&Listed>,
        entry: &Listed,
    ) -> impl Future<Output = Result<bool, PortError>> + Send;
}

/// Maintains the list of charts with a phone number. Readers take the list as candidates.
pub trait Numbers: Standings {
    /// Adds a chart to the list of its new number, and removes it from that of the old one.
    fn renumber(&self, renumbered: &Renumbered) -> impl Future<Output = Result<(), PortError>> + Send;
}
