//! Ways out: mail, texts, calls, the event bus, and the queue of what strangers ask for.

use std::future::Future;

use crate::model::announcement::Announcement;
use crate::model::ids::MessageId;
use crate::model::person::Address;
use crate::model::refusal::PortError;

/// What came of handing a message to a provider.
pub enum Handed {
    /// The provider has it, under this id.
    Accepted(String),
    /// Not now; worth trying again.
    Later,
    /// No attempt at it: the provider takes nothing from anybody for so many seconds.
    Busy(i64),
    /// Never.
    Rejected,
}

/// An e-mail that is ready to go.
pub struct EmailOut {
    /// To whom.
    pub to: Address,
    /// The practice's name, in front of the sender's address.
    pub from_name: String,
    /// Where answers go.
    pub reply_to: Option<String>,
    /// The subject.
    pub subject: String,
    /// The HTML part.
    pub html: String,
    /// The plain part.
    pub text: String,
    /// Whether somebody waits for it before a page.
    pub awaited: bool,
    /// The message's id, for feedback.
    pub message: MessageId,
    /// `en` or `es`.
    pub language: &'static str,
}

/// A text message that is ready to go.
pub struct TextOut {
    /// To which number, E.164.
    pub to: Address,
    /// The words.
    pub text: String,
    /// The message's id.
    pub message: MessageId,
    /// `en` or `es`.
    pub language: &'static str,
}

/// A call that is ready to be made.
pub struct VoiceOut {
    /// To which number, E.164.
    pub to: Address,
    /// What is said, as SSML.
    pub ssml: String,
    /// The message's id.
    pub message: MessageId,
    /// `en` or `es`.
    pub language: &'static str,
}

/// Hands messages to providers. It never tries twice: that is the outbox's to decide.
pub trait Courier: Sync {
    /// Hands an e-mail over.
    fn email(&self, out: EmailOut) -> impl Future<Output = Handed> + Send;
    /// Hands a text over.
    fn text(&self, out: TextOut) -> impl Future<Output = Handed> + Send;
    /// Hands a call over.
    fn voice(&self, out: VoiceOut) -> impl Future<Output = Handed> + Send;
}

/// Hands announcements to the bus.
pub trait Bus: Sync {
    /// Announces up to ten at once; says which, by their places, the bus did not take.
    fn announce(
        &self,
        announcements: &[Announcement],
    ) -> impl Future<Output = Result<Vec<usize>, PortError>> + Send;
}

/// Hands what strangers ask for to the worker that looks it up: all that the function which takes it in can do with it.
pub trait RequestQueue: Sync {
    /// Queues one request, sealed; all of them are of one length.
    fn send(&self, sealed: &str) -> impl Future<Output = Result<(), PortError>> + Send;
}
