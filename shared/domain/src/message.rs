//! The outbox: what must be said, decided in the transaction that caused it and sent afterwards by `deliver`.

use serde::{Deserialize, Serialize};

use crate::chart::Channel;
use crate::ids::{LinkId, MessageId, PatientId, PracticeId};
use crate::time::Timestamp;

/// Seconds for which one sender has a message to itself.
pub const LEASE_SECONDS: i64 = 60;
/// Attempts until a message is given up.
pub const ATTEMPTS: u32 = 4;
/// Seconds that a message is kept once it was created: 30 days.
pub const KEPT_SECONDS: i64 = 30 * 86_400;

/// What is said.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Template {
    /// The offer to register.
    Invitation,
    /// Access is back.
    Restored,
    /// Access comes back after a check.
    VerifyAgain,
    /// A code.
    Code,
    /// You registered.
    Registered,
    /// The practice took access away.
    Revoked,
}

/// Where a message stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MessageState {
    /// Waits, or is being sent under a lease.
    Queued,
    /// The provider has it.
    Sent,
    /// Given up.
    Failed,
    /// No longer to be said: revoked, superseded, no address any more.
    Dropped,
}

/// A message in the outbox.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Message {
    /// Its id.
    pub id: MessageId,
    /// The practice.
    pub practice: PracticeId,
    /// What is said.
    pub template: Template,
    /// Which way.
    pub channel: Channel,
    /// The link that it carries or belongs to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub link: Option<LinkId>,
    /// Number of the code among the link's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<u32>,
    /// The user name to confirm, which its owner chose a moment ago.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub username: Option<String>,
    /// The patient whom it is about, to whose contact it goes: looked up when it is sent, so that the address is the
    /// chart's as it is then.
    pub about: PatientId,
    /// When it was decided.
    pub created_at: Timestamp,
    /// Where it stands.
    pub state: MessageState,
    /// Attempts begun.
    #[serde(default)]
    pub attempts: u32,
    /// When it is to be tried, while it is queued; a sender who takes it moves this on by its lease.
    pub due_at: Timestamp,
    /// The provider's id of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub provider_id: Option<String>,
}
