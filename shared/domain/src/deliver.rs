//! `deliver`: the outbox. A message is claimed, looked at once more, sent, and settled; what could not be sent is tried
//! again with the same words and the same link, four times at most.

use std::future::Future;

use crate::chart::Channel;
use crate::ids::{LinkId, MessageId, PatientId, PracticeId};
use crate::link::{Link, LinkState};
use crate::message::{ATTEMPTS, Message, MessageState, Template};
use crate::patient::Patient;
use crate::ports::{Context, Practices};
use crate::practice::Settings;
use crate::refusal::Unavailable;
use crate::time::Timestamp;

/// Seconds until a message that a provider did not take is tried again, by attempt.
const BACKOFF: [i64; 3] = [15, 60, 300];

/// What `deliver` does to the outbox.
pub trait Outbox: Sync {
    /// The message that a new record of the stream queues, if it is one; `image` is in DynamoDB's JSON.
    fn queued(&self, image: &serde_json::Value) -> Option<MessageId>;
    /// Takes a queued message for `LEASE_SECONDS`, if it is due at `now` and nobody has it; counts the attempt.
    fn claim(
        &self,
        id: MessageId,
        now: Timestamp,
    ) -> impl Future<Output = Result<Option<Message>, Unavailable>> + Send;
    /// The patient whom a message is about and the link that it carries, in one read.
    fn about(
        &self,
        practice: &PracticeId,
        patient: &PatientId,
        link: Option<LinkId>,
    ) -> impl Future<Output = Result<(Option<Patient>, Option<Link>), Unavailable>> + Send;
    /// Writes down what became of a message that this sender still has: its state, the provider's id, and on its link
    /// the delivery.
    fn settle(
        &self,
        message: &Message,
        on_link: bool,
        now: Timestamp,
    ) -> impl Future<Output = Result<(), Unavailable>> + Send;
    /// Ids of messages of a practice that were due before `now`, the oldest first, at most 100.
    fn due(
        &self,
        practice: &PracticeId,
        now: Timestamp,
    ) -> impl Future<Output = Result<Vec<MessageId>, Unavailable>> + Send;
    /// Every practice.
    fn practices(&self) -> impl Future<Output = Result<Vec<PracticeId>, Unavailable>> + Send;
}

/// What a message says, with all that its words need.
pub enum Words {
    /// The offer to register, with the link's token.
    Invitation(String, Timestamp),
    /// The check before access comes back, with the link's token.
    VerifyAgain(String, Timestamp),
    /// Access is back.
    Restored,
    /// A code.
    Code(String),
    /// The confirmation, with the user name where it is the reader's own.
    Registered(Option<String>),
    /// Access was taken away.
    Revoked,
}

/// A message that is to be sent now.
pub struct Letter {
    /// Its record.
    pub message: Message,
    /// What it says.
    pub words: Words,
    /// The address or number: the chart's, as it is now.
    pub address: String,
    /// The recipient's first name, for the greeting.
    pub given_name: String,
    /// The language on the chart, if there is one.
    pub language: Option<String>,
    /// The practice's settings.
    pub settings: Settings,
}

/// What came of handing a message to a provider.
pub enum Handed {
    /// The provider has it, under this id.
    Accepted(String),
    /// Not now; worth trying again.
    Later,
    /// Never.
    Rejected,
}

/// An e-mail that is ready to go.
pub struct EmailOut {
    /// To whom.
    pub to: String,
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
    /// The message's id, for feedback.
    pub message: MessageId,
    /// `en` or `es`.
    pub language: &'static str,
}

/// A text message that is ready to go.
pub struct TextOut {
    /// To which number, E.164.
    pub to: String,
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
    pub to: String,
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

/// Claims a message and decides whether it still is to be said. `None`: nothing to send (taken by another sender, not
/// due, or dropped because its reason is gone).
pub async fn take<S: Outbox + Practices>(
    context: &Context,
    store: &S,
    id: MessageId,
) -> Result<Option<Letter>, Unavailable> {
    let now = context.now();
    let Some(mut message) = store.claim(id, now).await? else { return Ok(None) };
    if message.attempts > ATTEMPTS {
        // Its senders died, each with the message in hand.
        message.state = MessageState::Failed;
        store.settle(&message, message.link.is_some() && message.template != Template::Code, now).await?;
        return Ok(None);
    }
    let (patient, link) = store.about(&message.practice, &message.about, message.link).await?;
    let practice = store.practice(&message.practice).await?;
    let letter = patient.zip(practice).and_then(|(patient, practice)| {
        let words = words(context, &message, &patient, link.as_ref(), now)?;
        let address = address(&message, &patient, link.as_ref())?;
        Some((patient, practice, words, address))
    });
    if let Some((patient, practice, words, address)) = letter {
        Ok(Some(Letter {
            given_name: patient.chart.given_name.reveal().to_owned(),
            language: patient.chart.language,
            settings: practice.settings,
            words,
            address,
            message,
        }))
    } else {
        message.state = MessageState::Dropped;
        store.settle(&message, false, now).await?;
        Ok(None)
    }
}

/// The address on the chart now; for what carries a link, only if it is the one that the link was made for.
fn address(message: &Message, patient: &Patient, link: Option<&Link>) -> Option<String> {
    let address = patient.chart.address(message.channel)?;
    let same = match (message.template, link) {
        (Template::Invitation | Template::VerifyAgain, Some(link)) => {
            link.sent_to.as_deref() == Some(address)
        }
        (Template::Invitation | Template::VerifyAgain, None) => false,
        (Template::Code | Template::Restored | Template::Registered | Template::Revoked, _) => true,
    };
    let wanted = message.channel != Channel::Sms || patient.chart.sms_consent != Some(false);
    (same && wanted).then(|| address.to_owned())
}

/// What the message says, if that is still true.
fn words(
    context: &Context,
    message: &Message,
    patient: &Patient,
    link: Option<&Link>,
    now: Timestamp,
) -> Option<Words> {
    let open = link.filter(|link| {
        link.state == LinkState::Pending && now < link.expires_at && patient.suspension().is_none()
    });
    match message.template {
        Template::Invitation => {
            open.and_then(|link| Some(Words::Invitation(link.token(&context.keyring)?, link.expires_at)))
        }
        Template::VerifyAgain => {
            open.and_then(|link| Some(Words::VerifyAgain(link.token(&context.keyring)?, link.expires_at)))
        }
        Template::Code => {
            let link = open?;
            let code = link.code.filter(|code| Some(code.number) == message.code)?;
            link.code_digits(&code, &context.keyring).map(Words::Code)
        }
        Template::Restored => patient.live_accounts().next().is_some().then_some(Words::Restored),
        Template::Registered => {
            patient.live_accounts().next().is_some().then(|| Words::Registered(message.username.clone()))
        }
        Template::Revoked => patient.revocation.as_ref().map(|_| Words::Revoked),
    }
}

/// Writes down what came of it. A message that was not taken is tried again later, or given up after the last attempt.
pub async fn settle<S: Outbox>(
    context: &Context,
    store: &S,
    mut message: Message,
    handed: Handed,
) -> Result<MessageState, Unavailable> {
    let now = context.now();
    match handed {
        Handed::Accepted(id) => {
            message.state = MessageState::Sent;
            message.provider_id = Some(id);
        }
        Handed::Later if message.attempts < ATTEMPTS => {
            let step = usize::try_from(message.attempts.saturating_sub(1)).unwrap_or_default();
            message.due_at = now.plus_seconds(BACKOFF.get(step).copied().unwrap_or(300));
        }
        Handed::Later | Handed::Rejected => message.state = MessageState::Failed,
    }
    let on_link =
        matches!(message.template, Template::Invitation | Template::VerifyAgain | Template::Restored);
    store
        .settle(&message, on_link && message.link.is_some() && message.state != MessageState::Queued, now)
        .await?;
    Ok(message.state)
}

/// Messages whose time came without anybody sending them: a stream record was lost, a sender died, a provider said later.
pub async fn overdue<S: Outbox>(context: &Context, store: &S) -> Result<Vec<MessageId>, Unavailable> {
    let now = context.now();
    let mut ids = Vec::new();
    for practice in store.practices().await? {
        ids.extend(store.due(&practice, now).await?);
    }
    Ok(ids)
}
