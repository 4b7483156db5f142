//! `deliver`: the outbox. A message is claimed, looked at once more, sent, and settled; what could not be sent is tried
//! again with the same words and the same link, four times at most.

use std::future::Future;

use crate::account::Account;
use crate::chart::Channel;
use crate::ids::{MessageId, PracticeId};
use crate::link::{CODE_SECONDS, Delivery, Link, Purpose, SentCode};
use crate::message::{ATTEMPTS, Message, MessageState, Recipient, Template};
use crate::patient::{Patient, Stop};
use crate::person::{Email, Name, Phone};
use crate::ports::{Context, Practices};
use crate::practice::Settings;
use crate::refusal::Unavailable;
use crate::texts::{Standing, Standings};
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
    /// The patient whom a message is about, the link that it carries and the account that it goes to, in one read.
    fn about(&self, message: &Message) -> impl Future<Output = Result<About, Unavailable>> + Send;
    /// Writes down what became of a message that this sender still has: its state, the provider's id, and what the link
    /// that it delivers is to show from now on; a failure there is noted for staff.
    fn settle(
        &self,
        message: &Message,
        delivery: Option<Delivery>,
        now: Timestamp,
    ) -> impl Future<Output = Result<(), Unavailable>> + Send;
    /// Lets go of a message that this sender still has, until then; the attempt does not count.
    fn put_back(
        &self,
        message: &Message,
        until: Timestamp,
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

/// What a message says, with all that its words need.
pub enum Words {
    /// The offer to register, with the link's token, and whether it is for somebody else.
    Invitation(String, Timestamp, bool),
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
    /// The way to a new password, with the link's token.
    Reset(String, Timestamp),
    /// The facts that somebody stated did not match.
    NotVerified,
    /// The user names at this address.
    Usernames(Vec<String>),
    /// The password was changed.
    PasswordChanged,
    /// The user name was changed, to this one.
    UsernameChanged(String),
    /// The account's address was changed.
    EmailChanged,
    /// A code that confirms this address.
    ConfirmEmail(String),
    /// A change of the chart was proposed.
    DetailsProposed,
    /// The office decided on it.
    DetailsDecided(bool),
    /// Staff set user name and a temporary password.
    CredentialsSet,
    /// A login sees one patient more.
    AccountAdded,
    /// A representative's access ended.
    RepresentativeEnded,
}

/// A message that is to be sent now.
pub struct Letter {
    /// Its record.
    pub message: Message,
    /// What it says.
    pub words: Words,
    /// The address or number: the one on file, as it is now.
    pub address: String,
    /// The recipient's first name, for the greeting, where it is known whose the address is.
    pub given_name: Option<String>,
    /// The recipient's language, if it is known.
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
    /// No attempt at it: the provider takes nothing from anybody for so many seconds.
    Busy(i64),
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

/// What comes of taking a message.
pub enum Taken {
    /// It is to be sent.
    Letter(Box<Letter>),
    /// Its senders died, each with the message in hand: it was given up.
    GivenUp(Template),
    /// Nothing to send: taken by another sender, not due, or dropped because its reason is gone or nothing may go to its
    /// address.
    Nothing,
}

/// Claims a message and decides whether it still is to be said.
pub async fn take<S: Outbox + Standings + Practices>(
    context: &Context,
    store: &S,
    id: MessageId,
) -> Result<Taken, Unavailable> {
    let now = context.now();
    let Some(mut message) = store.claim(id, now).await? else { return Ok(Taken::Nothing) };
    if message.attempts > ATTEMPTS {
        message.state = MessageState::Failed;
        store.settle(&message, Some(Delivery::Failed), now).await?;
        return Ok(Taken::GivenUp(message.template));
    }
    let about = store.about(&message).await?;
    let practice = store.practice(&message.practice).await?;
    let due = about.patient.as_ref().zip(practice).and_then(|(patient, practice)| {
        let words = words(context, &message, patient, &about, now)?;
        Some((patient, practice, words, address(&message, patient, &about)?))
    });
    let Some((patient, practice, words, address)) = due else {
        message.state = MessageState::Dropped;
        store.settle(&message, None, now).await?;
        return Ok(Taken::Nothing);
    };
    if let Some(stopped) = stopped(store, &message, patient, &about, &address).await? {
        message.state = MessageState::Dropped;
        store.settle(&message, Some(stopped), now).await?;
        return Ok(Taken::Nothing);
    }
    let (given_name, language) = greeted(&message, patient, &about);
    let letter = Letter { given_name, language, settings: practice.settings, words, address, message };
    Ok(Taken::Letter(Box::new(letter)))
}

/// What keeps a message from its address, if something does.
async fn stopped<S: Standings>(
    store: &S,
    message: &Message,
    patient: &Patient,
    about: &About,
    address: &str,
) -> Result<Option<Delivery>, Unavailable> {
    if matches!(message.to, Recipient::Former(_)) {
        return Ok(None);
    }
    let mut stops = patient.stops(message.channel, address);
    stops.extend(about.own.iter().flat_map(|own| own.stops(message.channel, address)));
    if stops.contains(&Stop::OptedOut) {
        return Ok(Some(Delivery::OptedOut));
    }
    if !stops.is_empty() {
        return Ok(Some(Delivery::Suppressed));
    }
    if message.channel != Channel::Sms {
        return Ok(None);
    }
    let standing = match about.standing.filter(|_| message.number.as_deref() == Some(address)) {
        Some(standing) => standing,
        None => store.standing(address).await?,
    };
    Ok((!standing.may_text()).then_some(Delivery::OptedOut))
}

/// Whom the greeting names, and in which language.
fn greeted(message: &Message, patient: &Patient, about: &About) -> (Option<String>, Option<String>) {
    let language = patient.chart.language.clone();
    let account = about.account.as_ref();
    let name = |name: &Name| name.reveal().to_owned();
    match &message.to {
        Recipient::Patient => (Some(name(&patient.chart.given_name)), language),
        Recipient::Account(_) => (
            account.and_then(|account| account.given_name.as_ref()).map(name),
            account.and_then(|account| account.language.clone()).or(language),
        ),
        Recipient::Link => {
            let invitee = about.link.as_ref().and_then(|link| link.invitee.as_ref());
            (invitee.map(|who| name(&who.given_name)), language)
        }
        Recipient::Former(_) => (None, language),
    }
}

/// The address on file now; for what carries a link, only if it is the one that the link was made for.
fn address(message: &Message, patient: &Patient, about: &About) -> Option<String> {
    let (link, channel) = (about.link.as_ref(), message.channel);
    let address = match &message.to {
        Recipient::Patient if channel == Channel::Sms && patient.chart.sms_consent == Some(false) => None,
        Recipient::Patient => patient.chart.address(channel).map(str::to_owned),
        Recipient::Account(_) => about.account.as_ref().and_then(|account| match channel {
            // An address that nobody was reached at is only what somebody typed; the chart's is the holder's, too.
            Channel::Email => {
                let own = account.email.as_ref().filter(|_| account.email_verified).map(Email::reveal);
                let charted = || about.own.as_ref().and_then(|own| own.chart.address(Channel::Email));
                own.or_else(charted).map(str::to_owned)
            }
            Channel::Sms | Channel::Voice => {
                account.mobile_phone.as_ref().and_then(Phone::dialable).map(str::to_owned)
            }
            Channel::Print => None,
        }),
        Recipient::Link => link.and_then(|link| match &link.invitee {
            Some(who) => who.address(channel).map(str::to_owned),
            None => link.sent_to.clone(),
        }),
        Recipient::Former(address) => Some(address.clone()),
    }?;
    let same = match message.template {
        Template::Invitation | Template::VerifyAgain | Template::Reset => {
            link.is_some_and(|link| link.sent_to.as_deref() == Some(&address))
        }
        _ => true,
    };
    same.then_some(address)
}

/// What the message says, if that is still true.
fn words(
    context: &Context,
    message: &Message,
    patient: &Patient,
    about: &About,
    now: Timestamp,
) -> Option<Words> {
    let open = about.link.as_ref().filter(|link| link.is_pending(now) && patient.suspension().is_none());
    let carried = || open.and_then(|link| Some((link.token(&context.keyring)?, link.expires_at)));
    match message.template {
        Template::Invitation => {
            let (token, until) = carried()?;
            Some(Words::Invitation(token, until, message.to == Recipient::Link))
        }
        Template::VerifyAgain => carried().map(|(token, until)| Words::VerifyAgain(token, until)),
        Template::Reset => carried().map(|(token, until)| Words::Reset(token, until)),
        Template::Code => {
            let link = open?;
            // One that is too old to be entered is not worth reading either.
            let is_fresh = |code: &SentCode| now < code.at.plus_seconds(CODE_SECONDS);
            let code = link.code.filter(|code| Some(code.number) == message.code).filter(is_fresh)?;
            let digits = link.code_digits(&code, &context.keyring)?;
            let is_address = link.purpose == Purpose::Address;
            Some(if is_address { Words::ConfirmEmail(digits) } else { Words::Code(digits) })
        }
        Template::Restored => patient.live_accounts().next().is_some().then_some(Words::Restored),
        Template::Registered => patient
            .live_accounts()
            .next()
            .is_some()
            .then(|| Words::Registered(message.usernames.first().cloned())),
        Template::Revoked => {
            (patient.revocation.is_some() || patient.own_account().is_none()).then_some(Words::Revoked)
        }
        Template::NotVerified => Some(Words::NotVerified),
        Template::Usernames => Some(Words::Usernames(message.usernames.clone())),
        Template::PasswordChanged => Some(Words::PasswordChanged),
        Template::UsernameChanged => message.usernames.first().cloned().map(Words::UsernameChanged),
        Template::EmailChanged => Some(Words::EmailChanged),
        Template::DetailsProposed => Some(Words::DetailsProposed),
        Template::DetailsAccepted => Some(Words::DetailsDecided(true)),
        Template::DetailsDeclined => Some(Words::DetailsDecided(false)),
        Template::CredentialsSet => Some(Words::CredentialsSet),
        Template::AccountAdded => Some(Words::AccountAdded),
        Template::RepresentativeEnded => Some(Words::RepresentativeEnded),
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
    let delivery = match handed {
        Handed::Accepted(id) => {
            message.state = MessageState::Sent;
            message.provider_id = Some(id);
            Some(Delivery::Sent)
        }
        Handed::Busy(seconds) => {
            store.put_back(&message, now.plus_seconds(seconds)).await?;
            return Ok(message.state);
        }
        Handed::Later if message.attempts < ATTEMPTS => {
            let step = usize::try_from(message.attempts.saturating_sub(1)).unwrap_or_default();
            message.due_at = now.plus_seconds(BACKOFF.get(step).copied().unwrap_or(300));
            None
        }
        Handed::Later | Handed::Rejected => {
            message.state = MessageState::Failed;
            Some(Delivery::Failed)
        }
    };
    store.settle(&message, delivery, now).await?;
    Ok(message.state)
}

/// What waits although its time has come.
#[derive(Debug, Default)]
pub struct Overdue {
    /// The messages.
    pub ids: Vec<MessageId>,
    /// Seconds since the oldest was decided: to be put back for want of quota makes it no younger.
    pub oldest_seconds: i64,
}

/// Messages whose time came without anybody sending them: a stream record was lost, a sender died, a provider said later.
pub async fn overdue<S: Outbox>(context: &Context, store: &S) -> Result<Overdue, Unavailable> {
    let now = context.now();
    let mut ids = Vec::new();
    for practice in store.practices().await? {
        ids.extend(store.due(&practice, now).await?);
    }
    let oldest = ids.iter().map(|id| id.made_at().seconds_until(now)).max();
    Ok(Overdue { ids, oldest_seconds: oldest.unwrap_or_default() })
}
