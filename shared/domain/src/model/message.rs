//! The outbox: messages that are queued in the transaction that causes them, and sent afterwards
//! by `deliver`.

use serde::{Deserialize, Serialize};

use crate::model::access_review::Coming;
use crate::model::browser::Browser;
use crate::model::chart::Channel;
use crate::model::delivery::Feedback;
use crate::model::ids::{AccountId, LinkId, MessageId, PatientId, PracticeId};
use crate::model::person::Address;
use crate::time::Timestamp;

/// Seconds for which a sender has a message. No other sender takes it before they are over.
pub const LEASE_SECONDS: i64 = 60;

/// Attempts after which a message fails.
pub const ATTEMPTS: u32 = 4;

/// Seconds that a message is stored after its creation: 30 days.
pub const KEPT_SECONDS: i64 = 30 * 86_400;

/// The kind of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Template {
    /// An invitation to register.
    Invitation,
    /// An invitation that nobody asked for: a visit caused it.
    AutomaticInvitation,
    /// A reminder of an automatic invitation.
    AutomaticReminder,
    /// Access was restored; the user name and password work again.
    Restored,
    /// Access will be restored after an identity check and a new password.
    VerifyAgain,
    /// A one-time code.
    Code,
    /// Confirms a registration.
    Registered,
    /// The practice revoked access.
    Revoked,
    /// A link to choose a new password.
    Reset,
    /// Somebody asked for access with this address, but the facts did not match.
    NotVerified,
    /// Lists the user names that belong to this address.
    Usernames,
    /// The password was changed.
    PasswordChanged,
    /// Somebody signed in from a browser that had not signed in before.
    NewBrowser,
    /// The user name was changed.
    UsernameChanged,
    /// The account's e-mail address was changed. It goes to the old address.
    EmailChanged,
    /// Somebody proposed a change of the chart.
    DetailsProposed,
    /// Staff accepted the proposed change.
    DetailsAccepted,
    /// Staff declined the proposed change.
    DetailsDeclined,
    /// A contact on the chart was changed. It goes to the former one.
    ContactChanged,
    /// Staff set a user name and a temporary password.
    CredentialsSet,
    /// An existing account got access to one more patient.
    AccountAdded,
    /// The patient let a representative in, or see more.
    AccessWidened,
    /// A representative's access ended.
    RepresentativeEnded,
    /// A representative's access will change by itself on a day.
    AccessWillChange,
    /// A representative's access was narrowed on a birthday.
    AccessNarrowed,
}

/// The recipient of a message. It is a reference that is looked up when the message is sent, so that the
/// address is the current one.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Recipient {
    /// The patient, at the contact on the chart.
    #[default]
    Patient,
    /// The holder of an account, at the account's own address, else at the contact on their chart.
    Account(AccountId),
    /// The representative that the message's link invites, or the new address that the link confirms.
    Link,
    /// An address that is no longer on file.
    Former(Address),
}

/// The state of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MessageState {
    /// It waits, or a sender has it.
    Queued,
    /// The provider accepted it.
    Sent,
    /// It could not be sent.
    Failed,
    /// It must not be sent any more: access was revoked, the link was replaced, or there is no address
    /// any more.
    Dropped,
}

/// A message in the outbox.
#[expect(missing_docs, reason = "the names say it")]
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Message {
    pub id: MessageId,
    pub practice: PracticeId,
    /// The kind of the message.
    pub template: Template,
    /// The channel that it is sent through.
    pub channel: Channel,
    /// The link that it delivers, or to which its code belongs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub link: Option<LinkId>,
    /// The number of the code among the codes of the link.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<u32>,
    /// The user names that a message of this kind lists.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub usernames: Vec<String>,
    /// The patient that it is about.
    pub about: PatientId,
    #[serde(default)]
    pub to: Recipient,
    /// When it was queued.
    pub created_at: Timestamp,
    pub state: MessageState,
    /// Attempts to send it, the current one included.
    #[serde(default)]
    pub attempts: u32,
    /// When to try it, while it is queued. A sender that takes it adds its lease to this time.
    pub due_at: Timestamp,
    /// The provider's id of the message; `None` until the provider accepts it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub provider_id: Option<String>,
    /// The number that a text was queued for, in E.164. With it, the number's last reply (STOP or START) can
    /// be read in the same batch.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub number: Option<String>,
    /// Whether it is sent in the practice's hours for texts alone.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub in_text_hours: bool,
    /// The day of the run that queued an automatic message.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub run: Option<jiff::civil::Date>,
    /// What will change by itself, and on which of the practice's days.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub coming: Option<(Coming, jiff::civil::Date)>,
    /// The browser that signed in, if it is one that we know.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub browser: Option<Browser>,
    /// The provider's latest report.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub feedback: Option<Feedback>,
}

/// The lines in which messages wait. Each is sent before the next one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Line {
    /// Somebody waits for the message at a page.
    Awaited,
    /// Staff or the recipient caused it.
    Asked,
    /// Nobody asked for it.
    Automatic,
}

impl Template {
    /// The line in which messages of this kind wait.
    pub const fn line(self) -> Line {
        if self.is_awaited() {
            Line::Awaited
        } else if self.is_automatic() {
            Line::Automatic
        } else {
            Line::Asked
        }
    }

    /// Whether the message delivers an invitation or a reset link. Its delivery is then shown on that link.
    pub const fn delivers_link(self) -> bool {
        self.is_automatic()
            || matches!(self, Self::Invitation | Self::VerifyAgain | Self::Restored | Self::Reset)
    }

    /// Whether nobody asked for the message. Such messages are sent after all others.
    pub const fn is_automatic(self) -> bool {
        matches!(self, Self::AutomaticInvitation | Self::AutomaticReminder)
    }

    /// Whether somebody waits for the message at a page. Such messages are sent first if the quota does not
    /// allow all.
    pub const fn is_awaited(self) -> bool {
        matches!(self, Self::Code | Self::Reset)
    }
}

impl Message {
    /// The link that shows the delivery of this message.
    pub fn shown_on(&self) -> Option<LinkId> {
        self.link.filter(|_| self.template.delivers_link())
    }
}
