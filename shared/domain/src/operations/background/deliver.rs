//! `deliver`: sends the outbox. A message is claimed, checked again, sent, and settled. If it could not be
//! sent, it is tried again with the same words and the same link, four times at most.

use futures_util::future::try_join_all;
use portico_messages::{Addressee, Language, Message as Said, day_words};

use crate::context::{App, Context};
use crate::model::access_review::Coming;
use crate::model::auto_invite::{day, next_allowed, next_text_hour};
use crate::model::chart::Channel;
use crate::model::delivery::Delivery;
use crate::model::grant::GrantState;
use crate::model::ids::MessageId;
use crate::model::link::{CODE_SECONDS, Purpose, SentCode};
use crate::model::message::{ATTEMPTS, Line, Message, MessageState, Recipient, Template};
use crate::model::patient::{Patient, Stop};
use crate::model::person::{Address, Email, Name, Phone};
use crate::model::practice::{Practice, Settings};
use crate::model::refusal::PortError;
use crate::ports::{About, Handed, Outbox, PracticeList, Practices, Standings};
use crate::time::Timestamp;

/// Minutes that a code works, as the message says.
const CODE_MINUTES: u32 = 10;

/// Seconds until the next attempt, after the first, second and third one failed.
const BACKOFF: [i64; 3] = [15, 60, 300];

/// Seconds until an automatic message is looked at again, while automatic invitations are off.
const HOLD_SECONDS: i64 = 3600;

/// A message that is to be sent now.
pub struct Letter {
    /// The message's record.
    pub message: Message,
    /// The content of the message.
    pub says: Said,
    /// The address or number that is on file now.
    pub address: Address,
    /// The recipient's language: that of the chart or the account, else the practice's default.
    pub language: Language,
    /// The practice's settings.
    pub settings: Settings,
    /// The address of the practice's sign-in page.
    pub portal: String,
}

/// The result of taking a message.
pub enum Taken {
    /// The message must be sent.
    Letter(Box<Letter>),
    /// All its senders crashed before they saved a result, so the message failed.
    GivenUp(Template),
    /// There is nothing to send: another sender has the message, it is not due, or it was dropped because it
    /// is no longer true or its address is stopped.
    Nothing,
}

/// Claims a message and decides whether it still must be sent.
pub async fn take<S: Outbox + Standings + Practices>(
    app: &App<S>,
    id: MessageId,
) -> Result<Taken, PortError> {
    let App { context, store } = app;
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
        let reader = reader(&message, patient, &about, &practice.settings, now);
        let says = said(context, &message, patient, &about, &reader, &practice.settings)?;
        Some((patient, practice, says, reader.language, address(&message, patient, &about)?))
    });
    let Some((patient, practice, says, language, address)) = due else {
        message.state = MessageState::Dropped;
        store.settle(&message, None, now).await?;
        return Ok(Taken::Nothing);
    };
    if let Some(stopped) = stopped(store, &message, patient, &about, address.reveal()).await? {
        message.state = MessageState::Dropped;
        store.settle(&message, Some(stopped), now).await?;
        return Ok(Taken::Nothing);
    }
    if let Some(until) = not_before(&message, patient, &practice, now) {
        store.put_back(&message, until).await?;
        return Ok(Taken::Nothing);
    }
    let portal = format!("{}/{}", context.base_url, message.practice);
    let letter = Letter { language, settings: practice.settings, says, address, message, portal };
    Ok(Taken::Letter(Box::new(letter)))
}

/// When an automatic message, or a text of a batch, may be sent, if that is not now: outside the hours that the practice set, and
/// while its automatic invitations are off or have stopped themselves, it waits. A message that waits until
/// its link has expired is dropped.
fn not_before(
    message: &Message,
    patient: &Patient,
    practice: &Practice,
    now: Timestamp,
) -> Option<Timestamp> {
    let settings = &practice.settings;
    let later = now.plus_seconds(HOLD_SECONDS);
    let allowed = if message.in_text_hours {
        next_text_hour(patient, settings, now)
    } else if !message.template.is_automatic() {
        Some(now)
    } else if practice.auto_invite_paused.is_some() || !settings.auto_invite.enabled {
        None
    } else {
        next_allowed(patient, settings, message.channel, now)
    };
    let allowed = allowed.unwrap_or(later);
    (allowed > now).then_some(allowed)
}

/// The delivery to save if the address is stopped; `None` if the message may be sent.
async fn stopped<S: Standings>(
    store: &S,
    message: &Message,
    patient: &Patient,
    about: &About,
    address: &str,
) -> Result<Option<Delivery>, PortError> {
    if matches!(message.to, Recipient::Former(_)) {
        return Ok(None);
    }
    let mut stops = patient.stops(message.channel, address);
    stops.extend(about.own.iter().flat_map(|own| own.stops(message.channel, address)));
    if stops.contains(&Stop::OptedOut) {
        return Ok(Some(Delivery::OptedOut));
    }
    let unsubscribed =
        message.template.is_automatic() && message.channel == Channel::Email && patient.is_unsubscribed();
    if !stops.is_empty() || unsubscribed {
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

/// The reader of a message.
struct Reader {
    /// Who the greeting names; nobody, if it is not known who has the address.
    addressee: Addressee,
    language: Language,
}

fn reader(
    message: &Message,
    patient: &Patient,
    about: &About,
    settings: &Settings,
    now: Timestamp,
) -> Reader {
    let charted = patient.chart.language.as_ref();
    let account = about.account.as_ref();
    // A placeholder is no name to greet with, and a family name says too much.
    let name = |name: &Name| Some(name.reveal().to_owned()).filter(|_| !name.is_placeholder());
    let (given_name, language) = match &message.to {
        Recipient::Patient => (name(&patient.chart.given_name), charted),
        Recipient::Account(_) => (
            account.and_then(|account| account.given_name.as_ref()).and_then(name),
            account.and_then(|account| account.language.as_ref()).or(charted),
        ),
        Recipient::Link => {
            let invitee = about.link.as_ref().and_then(|link| link.invitee.as_ref());
            (invitee.and_then(|who| name(&who.given_name)), charted)
        }
        Recipient::Former(_) => (None, charted),
    };
    let fallback = Language::from_tag(&settings.default_language).unwrap_or(Language::English);
    let language = language.and_then(|tag| Language::from_tag(tag)).unwrap_or(fallback);
    // What reaches a child's address is read by a parent or guardian.
    let age = patient.chart.birth_date.age_on(day(now, settings));
    let is_guardian = message.to == Recipient::Patient && age < settings.adolescent_age;
    Reader { addressee: Addressee { given_name, is_guardian }, language }
}

/// The address that is on file now. A message with a link goes only to the address that the link was made
/// for; `None` if that has changed.
fn address(message: &Message, patient: &Patient, about: &About) -> Option<Address> {
    let (link, channel) = (about.link.as_ref(), message.channel);
    let address = match &message.to {
        Recipient::Patient if channel == Channel::Sms && patient.chart.sms_consent == Some(false) => None,
        Recipient::Patient => patient.chart.address(channel).map(Address::from),
        Recipient::Account(_) => about.account.as_ref().and_then(|account| match channel {
            // An address that is not verified was only typed by somebody, so it is not used. The chart's
            // address is used instead if the holder is the patient.
            Channel::Email => {
                let own = account.email.as_ref().filter(|_| account.email_verified).map(Email::reveal);
                let charted = || about.own.as_ref().and_then(|own| own.chart.address(Channel::Email));
                own.or_else(charted).map(Address::from)
            }
            Channel::Sms | Channel::Voice => {
                account.mobile_phone.as_ref().and_then(Phone::dialable).map(Address::from)
            }
            Channel::Print => None,
        }),
        Recipient::Link => link.and_then(|link| match &link.invitee {
            Some(who) => who.address(channel).map(Address::from),
            None => link.sent_to.clone(),
        }),
        Recipient::Former(address) => Some(address.clone()),
    }?;
    let same = match message.template {
        Template::Invitation
        | Template::AutomaticInvitation
        | Template::AutomaticReminder
        | Template::VerifyAgain
        | Template::Reset => link.is_some_and(|link| link.sent_to.as_ref() == Some(&address)),
        Template::Restored
        | Template::Code
        | Template::Registered
        | Template::Revoked
        | Template::NotVerified
        | Template::Usernames
        | Template::PasswordChanged
        | Template::NewBrowser
        | Template::UsernameChanged
        | Template::EmailChanged
        | Template::DetailsProposed
        | Template::DetailsAccepted
        | Template::DetailsDeclined
        | Template::ContactChanged
        | Template::CredentialsSet
        | Template::AccountAdded
        | Template::AccessWidened
        | Template::RepresentativeEnded
        | Template::AccessWillChange
        | Template::AccessNarrowed => true,
    };
    same.then_some(address)
}

/// The content of the message; `None` if it is no longer true.
fn said(
    context: &Context,
    message: &Message,
    patient: &Patient,
    about: &About,
    reader: &Reader,
    settings: &Settings,
) -> Option<Said> {
    let now = context.now();
    let open = about.link.as_ref().filter(|link| link.is_pending(now) && patient.suspension().is_none());
    // The page behind the link then has the same language as the message.
    let query = match reader.language {
        Language::English => String::new(),
        Language::Spanish => format!("?lang={}", reader.language.tag()),
    };
    let base = &context.base_url;
    let link = |path: &str| {
        let link = open?;
        let token = link.token(&context.keyring)?;
        Some((format!("{base}/{path}/{token}{query}"), link.expires_at.millis()))
    };
    let sign_in = || format!("{base}/{}{query}", message.practice);
    let addressee = reader.addressee.clone();
    Some(match message.template {
        Template::Invitation => {
            let (link, expires_at_millis) = link("i")?;
            let representative = message.to == Recipient::Link;
            Said::Invitation { addressee, link, expires_at_millis, representative }
        }
        Template::AutomaticInvitation | Template::AutomaticReminder => {
            let (link, expires_at_millis) = link("i")?;
            let unsubscribe = open?.unsubscribe_token(&context.keyring)?;
            Said::AutomaticInvitation {
                addressee,
                link,
                expires_at_millis,
                reminder: message.template == Template::AutomaticReminder,
                unsubscribe: format!("{base}/u/{unsubscribe}{query}"),
                postal_address: settings.postal_address.clone().unwrap_or_default(),
            }
        }
        Template::VerifyAgain => {
            let (link, expires_at_millis) = link("i")?;
            Said::VerifyAgain { addressee, link, expires_at_millis }
        }
        Template::Reset => {
            let (link, expires_at_millis) = link("r")?;
            Said::Reset { addressee, link, expires_at_millis }
        }
        Template::Code => {
            let link = open?;
            // Don't send a code that is too old to be entered.
            let is_fresh = |code: &SentCode| now < code.at.plus_seconds(CODE_SECONDS);
            let code = link.code.filter(|code| Some(code.number) == message.code).filter(is_fresh)?;
            let code = link.code_digits(&code, &context.keyring)?;
            match link.purpose {
                Purpose::Address => Said::ConfirmEmail { code, minutes: CODE_MINUTES },
                Purpose::Invitation | Purpose::Reset | Purpose::Unsubscribe => {
                    Said::Code { code, minutes: CODE_MINUTES }
                }
            }
        }
        Template::Restored => {
            patient.live_accounts().next()?;
            Said::Restored { addressee, sign_in: sign_in() }
        }
        Template::Registered => {
            patient.live_accounts().next()?;
            match message.usernames.first().cloned() {
                Some(username) => Said::Registered { addressee, username, sign_in: sign_in() },
                None => Said::RepresentativeRegistered { addressee },
            }
        }
        Template::Revoked if patient.revocation.is_none() && patient.own_account().is_some() => return None,
        Template::Revoked => Said::Revoked { addressee },
        Template::NotVerified => Said::NotVerified,
        Template::Usernames => Said::Usernames { usernames: message.usernames.clone(), sign_in: sign_in() },
        Template::PasswordChanged => {
            let is_theirs = message.to == Recipient::Patient;
            let has_representatives = is_theirs && patient.has_representatives();
            Said::PasswordChanged { addressee, has_representatives, sign_in: sign_in() }
        }
        Template::NewBrowser => Said::NewBrowser {
            addressee,
            browser: message.browser.as_ref().map(|browser| browser.words().to_owned()),
            at_millis: message.created_at.millis(),
            sign_in: sign_in(),
        },
        Template::UsernameChanged => {
            Said::UsernameChanged { addressee, username: message.usernames.first().cloned()? }
        }
        Template::EmailChanged => Said::EmailChanged { addressee },
        Template::DetailsProposed => Said::DetailsProposed { addressee },
        Template::DetailsAccepted => Said::DetailsDecided { addressee, accepted: true },
        Template::DetailsDeclined => Said::DetailsDecided { addressee, accepted: false },
        Template::ContactChanged => Said::ContactChanged,
        Template::CredentialsSet => Said::CredentialsSet { addressee, sign_in: sign_in() },
        Template::AccountAdded => Said::AccountAdded { addressee, sign_in: sign_in() },
        Template::AccessWidened => Said::AccessWidened { addressee, sign_in: sign_in() },
        Template::RepresentativeEnded => Said::RepresentativeEnded { addressee },
        Template::AccessWillChange => {
            let (coming, on) = message.coming.filter(|(_, on)| day(now, settings) < *on)?;
            let grant = about.account.as_ref().and_then(|account| account.grant(&patient.id))?;
            if grant.state != GrantState::Active {
                return None;
            }
            Said::AccessWillChange { addressee, coming: spoken(coming), day: day_words(on, reader.language) }
        }
        Template::AccessNarrowed => Said::AccessNarrowed { addressee },
    })
}

/// What will happen to a representative's access, as messages say it.
const fn spoken(coming: Coming) -> portico_messages::Coming {
    match coming {
        Coming::Narrows => portico_messages::Coming::Narrows,
        Coming::Ends => portico_messages::Coming::Ends,
        Coming::Rests => portico_messages::Coming::Rests,
        Coming::AuthorityEnds => portico_messages::Coming::AuthorityEnds,
    }
}

/// Saves the result of sending. A message that the provider did not take is tried again later, or fails after
/// the last attempt.
pub async fn settle<S: Outbox>(
    app: &App<S>,
    mut message: Message,
    handed: Handed,
) -> Result<MessageState, PortError> {
    let App { context, store } = app;
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

/// Messages that are due but not sent.
#[derive(Debug, Default)]
pub struct Overdue {
    /// The messages' ids.
    pub ids: Vec<MessageId>,
    /// Age of the oldest message in seconds, counted from when it was queued, without automatic ones.
    /// Postponing it for lack of quota doesn't reset the age.
    pub oldest_seconds: i64,
}

/// Practices that are asked at the same time for what is due.
const AT_ONCE: usize = 20;

/// Finds overdue messages: due but not sent, because a stream record was lost, the sender crashed or the
/// provider asked to wait; and automatic ones, which are sent from here alone. What somebody waits for comes
/// first and automatic messages last, and practices take turns.
pub async fn overdue<S: Outbox + PracticeList>(app: &App<S>) -> Result<Overdue, PortError> {
    let App { context, store } = app;
    let now = context.now();
    let practices = store.practices().await?;
    let (mut ids, mut oldest) = (Vec::<MessageId>::new(), None);
    for line in [Line::Awaited, Line::Asked, Line::Automatic] {
        let mut due = Vec::new();
        for some in practices.chunks(AT_ONCE) {
            let found = try_join_all(some.iter().map(|practice| store.due(practice, line, now))).await?;
            due.extend(found.into_iter().map(Vec::into_iter));
        }
        if line == Line::Automatic {
            oldest = ids.iter().map(|id| id.made_at().seconds_until(now)).max();
        }
        while !due.is_empty() {
            due.retain_mut(|theirs| theirs.next().map(|id| ids.push(id)).is_some());
        }
    }
    Ok(Overdue { ids, oldest_seconds: oldest.unwrap_or_default() })
}
