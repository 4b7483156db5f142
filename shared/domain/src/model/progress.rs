//! How far an invitation got, as the list of patients shows it.

use serde::{Deserialize, Serialize};

use crate::model::delivery::{Delivery, Trouble};
use crate::model::link::Link;
use crate::time::Timestamp;

/// How far a patient's invitation got, as the patient's record repeats it from the link. It follows the link a
/// moment later, and nothing is decided from it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[expect(clippy::struct_excessive_bools, reason = "facts of a link, of which any may hold beside any other")]
pub struct Progress {
    /// The delivery of the message.
    pub delivery: Delivery,
    /// Why it was not delivered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trouble: Option<Trouble>,
    /// When the latest of these facts became known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<Timestamp>,
    /// Whether somebody passed the identity check.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub opened: bool,
    /// Whether somebody passed all checks, and may register.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub verified: bool,
    /// Whether all attempts were used up.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub locked: bool,
    /// Whether staff gave the letter to the patient.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub handed_over: bool,
}

impl Progress {
    /// The progress of a link.
    pub fn of(link: &Link) -> Self {
        let (delivery, trouble) = link.delivered();
        let reported =
            link.feedback.filter(|feedback| feedback.delivery == delivery).map(|feedback| feedback.at);
        Self {
            delivery,
            trouble,
            at: link.opened_at.or(link.handed_over_at).or(reported).or(link.sent_at),
            opened: link.opened_at.is_some(),
            verified: link.ticket.is_some(),
            locked: link.is_locked(),
            handed_over: link.handed_over_at.is_some(),
        }
    }
}
