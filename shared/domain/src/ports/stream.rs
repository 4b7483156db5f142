//! What follows the table's stream: counts by status, lists, and who has which number.

use std::future::Future;

use crate::model::account::Account;
use crate::model::announcement::Announcement;
use crate::model::ids::{AccountId, PatientId, PracticeId};
use crate::model::patient::Status;
use crate::model::refusal::PortError;
use crate::model::search::Listed;
use crate::ports::messages::Standings;

/// A change in the table, as this function understands it.
#[derive(Default)]
pub struct Change {
    /// A patient came, went, or stands somewhere else.
    pub moved: Option<Moved>,
    /// Somebody signed in.
    pub signed_in: Option<Box<Account>>,
    /// Accounts that may be found under other words now.
    pub relist: Vec<AccountId>,
    /// A chart has another mobile number.
    pub renumbered: Option<Renumbered>,
    /// What others are told.
    pub announcement: Option<Announcement>,
}

/// A chart's mobile number that texts can go to, before and now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Renumbered {
    /// The practice.
    pub practice: PracticeId,
    /// Whose chart.
    pub patient: PatientId,
    /// Before, E.164.
    pub from: Option<String>,
    /// Now.
    pub to: Option<String>,
}

/// A patient's step from one status to another.
pub struct Moved {
    /// The practice.
    pub practice: PracticeId,
    /// Where before.
    pub from: Option<Status>,
    /// Where now.
    pub to: Option<Status>,
}

/// Counts of patients by status, and what a record of the stream means for them.
pub trait Counts: Sync {
    /// The change that a record's images, in DynamoDB's JSON, stand for.
    fn change(&self, old: Option<&serde_json::Value>, new: Option<&serde_json::Value>) -> Change;
    /// Moves one patient from one count to another; the same `event` twice within ten minutes counts once.
    fn shift(
        &self,
        practice: &PracticeId,
        from: Option<Status>,
        to: Option<Status>,
        event: &str,
    ) -> impl Future<Output = Result<(), PortError>> + Send;
}

/// Keeps the lists that accounts are found by.
pub trait Lists: Sync {
    /// An account's entry, strongly read.
    fn listed(&self, account: AccountId) -> impl Future<Output = Result<Option<Listed>, PortError>> + Send;
    /// Puts an entry in the place of the one before; `false` if somebody else did meanwhile.
    fn list(
        &self,
        practice: &PracticeId,
        before: Option<&Listed>,
        entry: &Listed,
    ) -> impl Future<Output = Result<bool, PortError>> + Send;
}

/// Keeps whose a phone number is: candidates only.
pub trait Numbers: Standings {
    /// Lists a chart under its number now, and no longer under the one before.
    fn renumber(&self, renumbered: &Renumbered) -> impl Future<Output = Result<(), PortError>> + Send;
}
