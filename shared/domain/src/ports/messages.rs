//! The outbox as its sender sees it, delivery reports, and the ledger of replies to texts.

use std::future::Future;

use crate::model::account::Account;
use crate::model::delivery::{Delivery, Feedback};
use crate::model::ids::{MessageId, PatientId, PracticeId};
use crate::model::link::Link;
use crate::model::message::Message;
use crate::model::patient::Patient;
use crate::model::refusal::PortError;
use crate::model::text_reply::{Said, Standing};
use crate::time::Timestamp;

/// What `deliver` does to the outbox.
pub trait Outbox: Sync {
    /// The message that a new record of the stream queues, if it is one; `image` is in DynamoDB's JSON.
    fn queued(&self, image: &serde_json::Value) -> Option<MessageId>;
    /// Takes a queued message for `LEASE_SECONDS`, if it is due at `now` and nobody has it; counts the attempt.
    fn claim(
        &self,
        id: MessageId,
        now: Timestamp,
    ) -> impl Future<Output = Result<Option<Message>, PortError>> + Send;
    /// The patient whom a message is about, the link that it carries and the account that it goes to, in one read.
    fn about(&self, message: &Message) -> impl Future<Output = Result<About, PortError>> + Send;
    /// Writes down what became of a message that this sender still has: its state, the provider's id, and what the link
    /// that it delivers is to show from now on; a failure there is noted for staff.
    fn settle(
        &self,
        message: &Message,
        delivery: Option<Delivery>,
        now: Timestamp,
    ) -> impl Future<Output = Result<(), PortError>> + Send;
    /// Lets go of a message that this sender still has, until then; the attempt does not count.
    fn put_back(
        &self,
        message: &Message,
        until: Timestamp,
    ) -> impl Future<Output = Result<(), PortError>> + Send;
    /// Ids of messages of a practice that were due before `now`, the oldest first, at most 100.
    fn due(
        &self,
        practice: &PracticeId,
        now: Timestamp,
    ) -> impl Future<Output = Result<Vec<MessageId>, PortError>> + Send;
    /// Every practice.
    fn practices(&self) -> impl Future<Output = Result<Vec<PracticeId>, PortError>> + Send;
}

/// What a message is about.
#[derive(Default)]
pub struct About {
    /// The patient.
    pub patient: Option<Patient>,
    /// The link.
    pub link: Option<Link>,
    /// The account of the recipient.
    pub account: Option<Account>,
    /// The patient that its holder is, where it has no address of its own.
    pub own: Option<Patient>,
    /// What the number that a text was decided for said last.
    pub standing: Option<Standing>,
}

/// Reads where a number stands.
pub trait Standings: Sync {
    /// By the latest entry, strongly read.
    fn standing(&self, number: &str) -> impl Future<Output = Result<Standing, PortError>> + Send;
}

/// Writes the ledger, and knows whose a number is.
pub trait Ledger: Standings {
    /// Keeps an entry; where the number stands follows the entry with the latest instant, in whatever order they come.
    fn say(&self, said: &Said) -> impl Future<Output = Result<(), PortError>> + Send;
    /// Patients on whose chart the number is, of every practice; some may have another one by now.
    fn at_number(
        &self,
        number: &str,
    ) -> impl Future<Output = Result<Vec<(PracticeId, PatientId)>, PortError>> + Send;
}

/// Which message a report is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Named {
    /// By our id, which the provider gives back.
    Message(MessageId),
    /// By the provider's.
    Provider(String),
}

/// What `track-delivery` does to the outbox.
pub trait Tracking: Sync {
    /// A message, strongly read.
    fn tracked(&self, named: &Named) -> impl Future<Output = Result<Option<Message>, PortError>> + Send;
    /// Keeps what the provider said on the message and on the link that it delivers, unless more is known already.
    fn keep_feedback(
        &self,
        message: &Message,
        feedback: &Feedback,
    ) -> impl Future<Output = Result<(), PortError>> + Send;
}
