//! The outbox: what must be said, decided in the transaction that caused it and sent afterwards by `deliver`.

use serde::{Deserialize, Serialize};

use crate::model::chart::Channel;
use crate::model::delivery::Feedback;
use crate::model::ids::{AccountId, LinkId, MessageId, PatientId, PracticeId};
use crate::model::person::Address;
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
    /// The way to a new password.
    Reset,
    /// Somebody asked for access with this address and facts that did not match.
    NotVerified,
    /// The user names at this address.
    Usernames,
    /// The password was changed.
    PasswordChanged,
    /// The user name was changed.
    UsernameChanged,
    /// The account's address was changed; said to the old one.
    EmailChanged,
    /// Somebody asked the office to change the chart.
    DetailsProposed,
    /// The office took the change over.
    DetailsAccepted,
    /// The office did not.
    DetailsDeclined,
    /// Staff set user name and a temporary password.
    CredentialsSet,
    /// A login that exists sees one patient more.
    AccountAdded,
    /// A representative's access ended.
    RepresentativeEnded,
}

/// To whom a message goes. A reference, looked up when it is sent, so that the address is the one on file then.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Recipient {
    /// The patient, at the contact on the chart.
    #[default]
    Patient,
    /// The holder of an account, at their own address.
    Account(AccountId),
    /// The representative, or the new address, that the link is for.
    Link,
    /// An address that is on file no longer.
    Former(Address),
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
    /// The user names that it tells their owners.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub usernames: Vec<String>,
    /// The patient whom it is about.
    pub about: PatientId,
    /// To whom it goes.
    #[serde(default)]
    pub to: Recipient,
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
    /// The number that a text was decided for, E.164, so that whether it replied STOP is read along with the rest.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub number: Option<String>,
    /// What the provider reported since.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub feedback: Option<Feedback>,
}

impl Template {
    /// Whether its message delivers an invitation or a reset: what becomes of it is shown on that link.
    pub const fn delivers_link(self) -> bool {
        matches!(self, Self::Invitation | Self::VerifyAgain | Self::Restored | Self::Reset)
    }

    /// Whether somebody waits for it before a page: it goes before all others where not everything can go.
    pub const fn is_awaited(self) -> bool {
        matches!(self, Self::Code | Self::Reset)
    }
}

impl Message {
    /// The link on which it is shown what became of it.
    pub fn shown_on(&self) -> Option<LinkId> {
        self.link.filter(|_| self.template.delivers_link())
    }
}
