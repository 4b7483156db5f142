//! Batches of invitations: many patients in one call, with a result for each.

use serde::{Deserialize, Serialize};

use crate::model::ids::{Actor, BatchId, ClientId, LinkId, PatientId, PracticeId};
use crate::time::Timestamp;

/// Most patients in one batch.
pub const MOST: usize = 500;

/// Most patients that are invited while the caller waits. A larger batch is a job.
pub const AT_ONCE: usize = 100;

/// Hours that a job can be asked about.
pub const KEPT_HOURS: i64 = 24;

/// How a batch reaches its patients.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BatchChannel {
    /// By e-mail.
    Email,
    /// By text.
    Sms,
    /// By e-mail; by text where there is no e-mail address.
    EmailThenSms,
}

/// What a batch may do besides inviting who was never invited.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Include {
    /// Replace invitations that still work.
    Renew,
    /// Send who is in already a link for a new password.
    Reset,
}

/// What became of one patient.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BatchOutcome {
    /// An invitation was sent.
    Invited,
    /// An invitation replaced one that still worked.
    Renewed,
    /// A link for a new password was sent.
    ResetSent,
    /// Nothing was sent; the reasons say why.
    Skipped,
    /// It could not be tried.
    Failed,
}

/// The result for one patient.
#[expect(missing_docs, reason = "the names say it")]
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BatchResult {
    pub patient: PatientId,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub given_name: String,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub family_name: String,
    pub outcome: BatchOutcome,
    /// The invitation that was sent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub invitation: Option<LinkId>,
    /// When its text goes at the earliest; `None` if at once.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub not_before: Option<Timestamp>,
    /// The codes of all reasons against it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub reasons: Vec<String>,
}

/// The state of a batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BatchState {
    /// A worker goes on with it.
    Running,
    /// Staff stopped it. Whoever is not among the results was not invited.
    Stopped,
    /// The right to send ended while it ran. Whoever is not among the results was not invited.
    Withdrawn,
    /// Everybody has a result.
    Done,
}

/// A large batch, which a worker goes through.
#[expect(missing_docs, reason = "the names say it")]
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Batch {
    pub id: BatchId,
    pub practice: PracticeId,
    /// Raised by each change. A write fails unless it is one more than the stored version.
    pub version: u64,
    pub created_at: Timestamp,
    pub state: BatchState,
    /// SHA-256 of the API key that asked for it. It is looked at again for each patient.
    pub key: String,
    /// SHA-256 of the secret of the Onboarding Tool's session that asked for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub session: Option<String>,
    pub client: ClientId,
    pub actor: Actor,
    pub channel: BatchChannel,
    pub include: Vec<Include>,
    pub patients: Vec<PatientId>,
    /// The results so far, in the order of the patients.
    pub results: Vec<BatchResult>,
    /// Who stopped it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stopped_by: Option<String>,
}

/// The message to a worker: go on with this batch.
#[expect(missing_docs, reason = "the names say it")]
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BatchTask {
    pub practice: PracticeId,
    pub batch: BatchId,
}
