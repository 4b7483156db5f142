//! The outbox for its sender, delivery reports, and the replies to texts.

use std::future::Future;

use crate::model::account::Account;
use crate::model::delivery::{Delivery, Feedback};
use crate::model::ids::{MessageId, PatientId, PracticeId};
use crate::model::link::Link;
use crate::model::message::{Line, Message};
use crate::model::patient::Patient;
use crate::model::refusal::PortError;
use crate::model::text_reply::{Said, Standing};
use crate::time::Timestamp;

/// The outbox, as the function `deliver` uses it.
pub trait Outbox: Sync {
    /// The message's line and id, if a new stream record is a queued message that is sent at once: all but
    /// automatic ones, which the schedule sends. `image` is in DynamoDB's JSON.
    fn queued(&self, image: &serde_json::Value) -> Option<(Line, MessageId)>;
    /// Takes a queued message for `LEASE_SECONDS` and counts the attempt. `None` if it is not due at `now`,
    /// for example because another sender has it.
    fn claim(
        &self,
        id: MessageId,
        now: Timestamp,
    ) -> impl Future<Output = Result<Option<Message>, PortError>> + Send;
    /// Reads the records that belong to a message in one batch: its patient, its link, and the account of
    /// the recipient.
    fn about(&self, message: &Message) -> impl Future<Output = Result<About, PortError>> + Send;
    /// Saves the outcome of a message that this sender still has: its state, the provider's id, and
    /// `delivery` on the link that it delivers. A failed delivery also writes a note for staff.
    fn settle(
        &self,
        message: &Message,
        delivery: Option<Delivery>,
        now: Timestamp,
    ) -> impl Future<Output = Result<(), PortError>> + Send;
    /// Gives back a message that this sender still has. It is due again at `until`, and the attempt does
    /// not count.
    fn put_back(
        &self,
        message: &Message,
        until: Timestamp,
    ) -> impl Future<Output = Result<(), PortError>> + Send;
    /// Ids of messages of a practice that wait in a line and were due before `now`, the oldest first, at
    /// most 100.
    fn due(
        &self,
        practice: &PracticeId,
        line: Line,
        now: Timestamp,
    ) -> impl Future<Output = Result<Vec<MessageId>, PortError>> + Send;
}

/// The records that belong to a message. A record that the message does not name, or that does not exist,
/// is `None`.
#[derive(Default)]
pub struct About {
    /// The patient that the message is about.
    pub patient: Option<Patient>,
    /// The link that it delivers.
    pub link: Option<Link>,
    /// The recipient's account.
    pub account: Option<Account>,
    /// The patient record of the account's holder. It is read only if the account has no verified e-mail
    /// address of its own.
    pub own: Option<Patient>,
    /// The last reply of the phone number that the text goes to, STOP or START.
    pub standing: Option<Standing>,
}

/// Reads the last reply of a phone number.
pub trait Standings: Sync {
    /// The latest reply, STOP or START. The read is strongly consistent.
    fn standing(&self, number: &str) -> impl Future<Output = Result<Standing, PortError>> + Send;
}

/// Saves the replies to texts, and finds the patients of a phone number.
pub trait Ledger: Standings {
    /// Saves a reply. The number's standing is that of the reply with the latest instant, in whatever order
    /// replies arrive.
    fn say(&self, said: &Said) -> impl Future<Output = Result<(), PortError>> + Send;
    /// Patients of all practices whose charts have this number. Some of them may have another number by now.
    fn at_number(
        &self,
        number: &str,
    ) -> impl Future<Output = Result<Vec<(PracticeId, PatientId)>, PortError>> + Send;
}

/// How a provider's report names the message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Named {
    /// By our id, which the provider returns.
    Message(MessageId),
    /// By the provider's id.
    Provider(String),
}

/// The outbox, as the function `track-delivery` uses it.
pub trait Tracking: Sync {
    /// The message that a report names. The read is strongly consistent.
    fn tracked(&self, named: &Named) -> impl Future<Output = Result<Option<Message>, PortError>> + Send;
    /// Saves the report on the message and on the link that it delivers, unless a report with a higher or
    /// equal rank is stored already.
    fn keep_feedback(
        &self,
        message: &Message,
        feedback: &Feedback,
    ) -> impl Future<Output = Result<(), PortError>> + Send;
}
