//! `track-delivery`: processes the reports of providers about messages, which may come twice or out of order.
//! The invitation shows the delivery, and a late report changes nothing back. After a bounce or complaint,
//! nothing is sent to that address until it is changed or confirmed.

use std::collections::BTreeSet;

use jiff::civil::Date;

use crate::context::App;
use crate::model::account::Account;
use crate::model::attention::Cause;
use crate::model::audit::{Action, By};
use crate::model::chart::Channel;
use crate::model::delivery::{Delivery, Feedback, Trouble};
use crate::model::ids::PatientId;
use crate::model::message::{Message, Recipient};
use crate::model::patient::Stop;
use crate::model::person::{Email, Phone};
use crate::model::refusal::PortError;
use crate::model::text_reply::{Heard, Said, Word};
use crate::ports::{
    Accounts, Addresses, Chain, Commit, Ledger, Named, Patients, Practices, Runs, Tracking, Write,
};
use crate::steps::background_change::{BackgroundChange, change_in_background};
use crate::steps::retry::{MAX_ATTEMPTS, Written, written_in_background};
use crate::steps::stops::apply_text_reply;
use crate::time::Timestamp;

/// Seconds after a report in which the sender may still save the provider's id of its message.
const SETTLING: i64 = 120;

/// The outcome that a provider reports.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The recipient's mail server, or the carrier, accepted it.
    Delivered,
    /// It has not arrived yet; the provider tries again.
    Delayed(Trouble),
    /// It bounced.
    Bounced(Trouble),
    /// It was not sent: the address is on the provider's list of addresses that bounced or complained.
    Suppressed,
    /// The recipient reported it as spam.
    Complained,
    /// It was not sent: the number replied STOP.
    OptedOut,
    /// The provider could not send it.
    Failed(Trouble),
}

impl Outcome {
    fn feedback(self, at: Timestamp) -> Feedback {
        let (delivery, trouble) = match self {
            Self::Delivered => (Delivery::Delivered, None),
            Self::Delayed(trouble) => (Delivery::Sent, Some(trouble)),
            Self::Bounced(trouble) => (Delivery::Bounced, Some(trouble)),
            Self::Suppressed => (Delivery::Suppressed, None),
            Self::Complained => (Delivery::Complained, None),
            Self::OptedOut => (Delivery::OptedOut, None),
            Self::Failed(trouble) => (Delivery::Failed, Some(trouble)),
        };
        Feedback::new(delivery, trouble, at)
    }

    /// The stop that the outcome puts on the address, if any.
    const fn stop(self) -> Option<Stop> {
        match self {
            Self::Bounced(_) | Self::Suppressed => Some(Stop::Bounced),
            Self::Complained => Some(Stop::Complained),
            // STOP is stored by phone number instead.
            Self::OptedOut | Self::Delivered | Self::Delayed(_) | Self::Failed(_) => None,
        }
    }
}

/// A provider's report about a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    /// The message that it is about.
    pub of: Named,
    /// The outcome that the provider reports.
    pub outcome: Outcome,
    /// When it happened, by the provider's clock.
    pub at: Timestamp,
    /// The addresses or numbers that the report names.
    pub addresses: Vec<String>,
}

/// The result of processing a report.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Told {
    /// It was saved.
    Kept,
    /// A report with the same or a higher rank was saved before.
    Known,
    /// Its message is not known yet, but the sender may still save the provider's id. Process it again later.
    Early,
    /// Its message is not ours, or is no longer stored.
    Stranger,
}

/// Processes a report. Processing it again changes nothing.
pub async fn report<S>(app: &App<S>, report: &Report) -> Result<Told, PortError>
where
    S: Tracking + Ledger + Addresses + Accounts + Patients + Practices + Runs + Chain + Commit,
{
    let App { context, store } = app;
    let Some(message) = store.tracked(&report.of).await? else {
        // The provider may report before the sender has saved the provider's id.
        let settling = report.at.plus_seconds(SETTLING) > context.now();
        return Ok(if settling { Told::Early } else { Told::Stranger });
    };
    let feedback = report.outcome.feedback(report.at);
    if !feedback.is_news(message.feedback.as_ref()) {
        return Ok(Told::Known);
    }
    if report.outcome == Outcome::OptedOut {
        for number in report.addresses.iter().filter_map(|number| dialable(number)) {
            let id = message.id.to_string();
            say(app, &Said { number, word: Word::Stop, at: report.at, id }).await?;
        }
    }
    if let Some(why) = report.outcome.stop() {
        for address in &report.addresses {
            stop(app, &message, address, why).await?;
        }
    }
    if let Some((day, why)) = message.run.zip(report.outcome.stop()) {
        count_stop(store, &message, day, why).await?;
    }
    if let (Outcome::Failed(_), Some(_)) = (report.outcome, message.shown_on()) {
        let (practice, patient) = (message.practice.clone(), message.about.clone());
        let note = Write::Note { practice, patient, cause: Cause::DeliveryFailed, at: context.now() };
        written_in_background(store, &[note]).await?;
    }
    // Save the report last: if a step before fails, the report comes again and all steps are repeated.
    store.keep_feedback(&message, &feedback).await?;
    Ok(Told::Kept)
}

/// Counts an automatic message that bounced or was reported as spam, in the run of its day. Enough of them
/// stop the practice's sweep.
async fn count_stop<S: Runs + Commit>(
    store: &S,
    message: &Message,
    day: Date,
    why: Stop,
) -> Result<(), PortError> {
    for _ in 0..MAX_ATTEMPTS {
        let Some(mut run) = store.run(&message.practice, day).await? else { return Ok(()) };
        if !run.note_stop(message.id, why) {
            return Ok(());
        }
        run.version += 1;
        if let Written::Done = written_in_background(store, &[Write::ChangeRun(Box::new(run))]).await? {
            return Ok(());
        }
    }
    Err(PortError::Unavailable)
}

fn dialable(number: &str) -> Option<String> {
    Phone::parse(number).ok()?.dialable().map(str::to_owned)
}

/// Stops an address for all patients of the practice who have it: members of a family may share one.
async fn stop<S>(app: &App<S>, message: &Message, address: &str, why: Stop) -> Result<(), PortError>
where
    S: Ledger + Addresses + Accounts + Patients + Practices + Chain + Commit,
{
    let store = &app.store;
    let (practice, channel) = (&message.practice, message.channel);
    // Patients who may have the address on their chart, and patients whose representative has it.
    let (mut candidates, mut certain) = (BTreeSet::new(), BTreeSet::new());
    match message.to {
        Recipient::Patient | Recipient::Former(_) => candidates.insert(message.about.clone()),
        Recipient::Account(_) | Recipient::Link => certain.insert(message.about.clone()),
    };
    let address = match channel {
        Channel::Email => {
            let Ok(email) = Email::parse(address) else { return Ok(()) };
            let holders = store.holders(practice, &email.comparable()).await?;
            candidates.extend(holders.patients);
            for id in holders.accounts {
                let account = store.account(id).await?;
                let theirs =
                    |account: &&Account| account.email.as_ref().is_some_and(|own| own.matches(&email));
                let grants = account.iter().filter(theirs).flat_map(|account| account.grants.keys());
                certain.extend(grants.filter_map(|id| PatientId::parse(id).ok()));
            }
            email.reveal().to_owned()
        }
        Channel::Sms | Channel::Voice => {
            let Some(number) = dialable(address) else { return Ok(()) };
            let all = store.at_number(&number).await?.into_iter();
            candidates.extend(all.filter(|(of, _)| of == practice).map(|(_, patient)| patient));
            number
        }
        Channel::Print => return Ok(()),
    };
    let cause = if why == Stop::Complained { Cause::AddressComplained } else { Cause::AddressBounced };
    for id in candidates.union(&certain) {
        change_in_background(app, practice, id, &By::provider(), |patient| {
            let charted =
                patient.chart.address(channel).is_some_and(|own| own.eq_ignore_ascii_case(&address));
            if !(charted || certain.contains(id)) || !patient.stop(channel, &address, why) {
                return None;
            }
            let detail = vec![("channel", channel.as_str().to_owned()), ("why", cause.code().to_owned())];
            Some(BackgroundChange { action: Action::AddressStopped, detail, note: Some(cause) })
        })
        .await?;
    }
    Ok(())
}

/// Processes a reply to a text: saves it under the phone number first, then applies it to all patients with
/// this number.
pub async fn say<S>(app: &App<S>, said: &Said) -> Result<(), PortError>
where
    S: Ledger + Patients + Practices + Chain + Commit,
{
    let store = &app.store;
    store.say(said).await?;
    for _ in 0..MAX_ATTEMPTS {
        let standing = store.standing(&said.number).await?;
        for (practice, patient) in store.at_number(&said.number).await? {
            apply_text_reply(app, &practice, &patient, &said.number, standing).await?;
        }
        // If the number replied again in the meantime, apply that reply.
        if store.standing(&said.number).await? == standing {
            return Ok(());
        }
    }
    Err(PortError::Unavailable)
}

/// Puts a reply that is no keyword before the staff of the practices that wrote to the number. It stops nothing.
pub async fn hear<S>(app: &App<S>, heard: &Heard) -> Result<(), PortError>
where
    S: Ledger + Patients + Commit,
{
    let store = &app.store;
    for (practice, id) in store.at_number(&heard.number).await? {
        let Some(patient) = store.patient(&practice, &id).await? else { continue };
        if patient.may_have_got_texts_at(&heard.number) {
            let (words, at) = (heard.words.clone(), heard.at);
            written_in_background(store, &[Write::NoteReply { practice, patient: id, words, at }]).await?;
        }
    }
    Ok(())
}
