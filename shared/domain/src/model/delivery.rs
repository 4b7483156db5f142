//! The delivery of a message, as the outbox and the provider report it.

use serde::{Deserialize, Serialize};

use crate::time::Timestamp;

/// The delivery of a message.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Delivery {
    /// It waits in the outbox.
    #[default]
    Queued,
    /// The provider accepted it.
    Sent,
    /// It could not be handed to the provider, or the provider could not send it.
    Failed,
    /// The recipient's mail server, or the carrier, accepted it.
    Delivered,
    /// It bounced.
    Bounced,
    /// It was not sent, because the address is stopped.
    Suppressed,
    /// It was not sent, because the number replied STOP.
    OptedOut,
    /// The recipient reported it as spam.
    Complained,
}

impl Delivery {
    /// The value's name in the API.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Sent => "sent",
            Self::Failed => "failed",
            Self::Delivered => "delivered",
            Self::Bounced => "bounced",
            Self::Suppressed => "suppressed",
            Self::OptedOut => "opted_out",
            Self::Complained => "complained",
        }
    }
}

/// Why a message was not delivered, as far as the provider says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Trouble {
    /// There is no such mailbox or number.
    NoSuchAddress,
    /// The mailbox is full.
    MailboxFull,
    /// The recipient's mail server, or the carrier, refused the message.
    Refused,
    /// The mail server, the phone or its network did not answer.
    Unreachable,
    /// The provider refused to send it.
    NotSent,
    /// The provider does not say why.
    Unclear,
}

impl Trouble {
    /// The value's name in announcements, and in the sentence for staff.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::NoSuchAddress => "no_such_address",
            Self::MailboxFull => "mailbox_full",
            Self::Refused => "refused",
            Self::Unreachable => "unreachable",
            Self::NotSent => "not_sent",
            Self::Unclear => "unclear",
        }
    }
}

/// A provider's report about a message. Reports are ordered by `rank`, so that a report that comes late or
/// twice changes nothing back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Feedback {
    /// The delivery of the message.
    pub delivery: Delivery,
    /// Why it was not delivered; `None` if nothing went wrong.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trouble: Option<Trouble>,
    /// When it happened, by the provider's clock.
    pub at: Timestamp,
    /// A report with a higher rank replaces one with a lower rank.
    pub rank: u8,
}

impl Feedback {
    /// Makes a report, and computes its rank.
    pub const fn new(delivery: Delivery, trouble: Option<Trouble>, at: Timestamp) -> Self {
        // A delay ranks above "sent" and below everything final.
        let rank = 2 * delivery as u8 + trouble.is_some() as u8;
        Self { delivery, trouble, at, rank }
    }

    /// Whether this report has a higher rank than the `known` one.
    pub fn is_news(&self, known: Option<&Self>) -> bool {
        known.is_none_or(|known| known.rank < self.rank)
    }
}
