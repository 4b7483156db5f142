//! What records know of automatic invitations: how far a patient's are, and that a practice's stopped themselves.

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::model::chart::Channel;
use crate::model::ids::LinkId;
use crate::time::Timestamp;

/// When a patient's visits make them due for an automatic invitation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct VisitsDue {
    /// The first instant of the last 90 days, or of the time to come; the latest if all are older.
    pub first: Timestamp,
    /// The latest instant.
    pub last: Timestamp,
}

/// The automatic messages that a patient has got so far.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Campaign {
    /// The practice's day on which the invitation was queued.
    pub began: Date,
    /// The link of the latest message.
    pub link: LinkId,
    /// The channel of all messages.
    pub channel: Channel,
    /// Messages so far, the invitation included.
    pub sent: u32,
    /// The practice's day of the run that queued the latest one.
    pub day: Date,
    /// When the next message was due as the latest was queued; `None` if that was the last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next_at: Option<Timestamp>,
}

/// Why the sweep of a practice stopped itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Brake {
    /// Too many of the latest messages bounced.
    Bounces,
    /// Too many recipients reported them as spam.
    Complaints,
}

impl Brake {
    /// The stable code.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Bounces => "bounces",
            Self::Complaints => "complaints",
        }
    }
}

/// That the sweep of a practice stopped itself, until staff start it again.
#[expect(missing_docs, reason = "the names say it")]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Paused {
    pub at: Timestamp,
    pub why: Brake,
}
