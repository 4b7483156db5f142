//! What became of a message, as the outbox and the provider report it.

use serde::{Deserialize, Serialize};

use crate::time::Timestamp;

/// What became of a message.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Delivery {
    /// Waits for the outbox.
    #[default]
    Queued,
    /// Handed to the provider.
    Sent,
    /// Could not be handed over, or the provider could not send it.
    Failed,
    /// The recipient's server, or the carrier, has it.
    Delivered,
    /// Came back for good.
    Bounced,
    /// Not sent: nothing goes to that address any more.
    Suppressed,
    /// Not sent: the number replied STOP.
    OptedOut,
    /// The recipient called it spam.
    Complained,
}

impl Delivery {
    /// The word for it in the contract.
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

/// What stood in a message's way, as far as the provider says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Trouble {
    /// There is no such mailbox or number.
    NoSuchAddress,
    /// The mailbox is full.
    MailboxFull,
    /// The recipient's server, or the carrier, refuses what it was sent.
    Refused,
    /// The server, the phone or its network does not answer.
    Unreachable,
    /// The provider itself refuses to send.
    NotSent,
    /// It does not say.
    Unclear,
}

/// What a provider reported of a message. `rank` orders reports, so that one that comes late or twice takes nothing back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Feedback {
    /// What became of it.
    pub delivery: Delivery,
    /// What stood in the way.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trouble: Option<Trouble>,
    /// When the provider saw it.
    pub at: Timestamp,
    /// Its place in the order in which things can happen.
    pub rank: u8,
}

impl Feedback {
    /// A report.
    pub const fn new(delivery: Delivery, trouble: Option<Trouble>, at: Timestamp) -> Self {
        // A delay says more than «sent», and less than anything that is final.
        let rank = 2 * delivery as u8 + trouble.is_some() as u8;
        Self { delivery, trouble, at, rank }
    }

    /// Whether it says more than what is known already.
    pub fn is_news(&self, known: Option<&Self>) -> bool {
        known.is_none_or(|known| known.rank < self.rank)
    }
}
