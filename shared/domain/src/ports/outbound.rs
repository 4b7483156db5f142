//! Ports that send: mail, texts, calls, the event bus, and the queue of requests of strangers.

use std::future::Future;

use crate::model::announcement::Announcement;
use crate::model::ids::{MessageId, PracticeId};
use crate::model::person::Address;
use crate::model::refusal::PortError;

/// The result of handing a message to a provider.
pub enum Handed {
    /// The provider accepted the message and gave it this id.
    Accepted(String),
    /// The provider could not take it now; try again later.
    Later,
    /// The provider accepts no messages at the moment. Try again after this many seconds; this does not count
    /// as an attempt.
    Busy(i64),
    /// The provider refused the message for good.
    Rejected,
}

/// An e-mail that is ready to be sent.
pub struct EmailOut {
    /// The recipient's address.
    pub to: Address,
    /// The practice that sends it.
    pub practice: PracticeId,
    /// The practice's name, shown before the sender's address.
    pub from_name: String,
    /// The address that replies go to; `None` if the practice has set none.
    pub reply_to: Option<String>,
    /// The subject line.
    pub subject: String,
    /// The HTML version.
    pub html: String,
    /// The plain-text version.
    pub text: String,
    /// The URL that stops such mails with one POST (RFC 8058); `None` for mails that somebody asked for.
    pub unsubscribe: Option<String>,
    /// Whether somebody waits for it at a page, for example for a code.
    pub awaited: bool,
    /// The message's id, by which the provider's reports find it.
    pub message: MessageId,
    /// `en` or `es`.
    pub language: &'static str,
}

/// A text message that is ready to be sent.
pub struct TextOut {
    /// The recipient's number, in E.164.
    pub to: Address,
    /// The practice's own number to send from, in E.164; `None` for the service's.
    pub from: Option<String>,
    /// The words of the text.
    pub text: String,
    /// The message's id, by which the provider's reports find it.
    pub message: MessageId,
    /// `en` or `es`.
    pub language: &'static str,
}

/// A call that is ready to be made.
pub struct VoiceOut {
    /// The recipient's number, in E.164.
    pub to: Address,
    /// The words that are spoken, as SSML.
    pub ssml: String,
    /// The message's id, by which the provider's reports find it.
    pub message: MessageId,
    /// `en` or `es`.
    pub language: &'static str,
}

/// Hands messages to providers. It never tries twice, because the outbox decides about retries.
pub trait Courier: Sync {
    /// Hands an e-mail to its provider.
    fn email(&self, out: EmailOut) -> impl Future<Output = Handed> + Send;
    /// Hands a text to its provider.
    fn text(&self, out: TextOut) -> impl Future<Output = Handed> + Send;
    /// Hands a call to its provider.
    fn voice(&self, out: VoiceOut) -> impl Future<Output = Handed> + Send;
}

/// Hands announcements to the event bus.
pub trait Bus: Sync {
    /// Announces up to ten events at once. Returns the indexes of those that the bus did not accept.
    fn announce(
        &self,
        announcements: &[Announcement],
    ) -> impl Future<Output = Result<Vec<usize>, PortError>> + Send;
}

/// Queues messages for the function that processes them: requests of strangers, which are sealed and all of
/// the same length, or pages of automatic invitations.
pub trait Enqueue: Sync {
    /// Queues one message. It may be delivered twice, and in another order.
    fn send(&self, message: &str) -> impl Future<Output = Result<(), PortError>> + Send;
}
