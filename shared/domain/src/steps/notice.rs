//! Builds messages for the outbox, and chooses the channel that reaches a person.

use crate::context::Context;
use crate::model::account::Account;
use crate::model::browser::Browser;
use crate::model::chart::Channel;
use crate::model::ids::{LinkId, MessageId, PatientId};
use crate::model::message::{Message, MessageState, Recipient, Template};
use crate::model::patient::Patient;
use crate::ports::Write;

/// A recipient and the channel that reaches them.
#[expect(missing_docs, reason = "the names say it")]
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reach {
    pub to: Recipient,
    pub channel: Channel,
}

/// A message of this template to `reach`, about a patient.
pub fn message(context: &Context, patient: &Patient, template: Template, reach: Reach) -> Message {
    let texted = reach.to == Recipient::Patient && reach.channel == Channel::Sms;
    let number = patient.chart.address(Channel::Sms).filter(|_| texted).map(str::to_owned);
    Message {
        number,
        ..message_about(context, patient.practice.clone(), patient.id.clone(), template, reach)
    }
}

/// The same message, built from the patient's id if the record was not read.
pub fn message_about(
    context: &Context,
    practice: crate::model::ids::PracticeId,
    patient: PatientId,
    template: Template,
    reach: Reach,
) -> Message {
    let now = context.now();
    Message {
        id: MessageId::new(&*context.clock, &*context.entropy),
        practice,
        template,
        channel: reach.channel,
        link: None,
        code: None,
        usernames: Vec::new(),
        about: patient,
        to: reach.to,
        created_at: now,
        state: MessageState::Queued,
        attempts: 0,
        due_at: now,
        provider_id: None,
        number: None,
        in_text_hours: false,
        run: None,
        coming: None,
        browser: None,
        feedback: None,
    }
}

/// A message to the contact on the patient's chart.
pub fn to_patient(
    context: &Context,
    patient: &Patient,
    template: Template,
    channel: Channel,
    link: Option<LinkId>,
) -> Message {
    Message { link, ..message(context, patient, template, Reach { to: Recipient::Patient, channel }) }
}

/// Whether a text may be sent to this patient: the chart has a mobile number that is not stopped, and the
/// patient did not refuse texts.
pub fn may_text(patient: &Patient) -> bool {
    patient.chart.sms_consent != Some(false) && patient.reached_at(Channel::Sms).is_some()
}

/// The channel for a notice to this patient: e-mail, or a text if the patient allows it. `None` if neither
/// is possible.
pub fn notice_channel(patient: &Patient) -> Option<Channel> {
    if patient.reached_at(Channel::Email).is_some() {
        Some(Channel::Email)
    } else {
        may_text(patient).then_some(Channel::Sms)
    }
}

/// Every channel by which this patient can be told something: text, and e-mail.
pub fn notice_channels(patient: &Patient) -> impl Iterator<Item = Channel> {
    let email = patient.reached_at(Channel::Email).map(|_| Channel::Email);
    may_text(patient).then_some(Channel::Sms).into_iter().chain(email)
}

/// Every contact on file of an account's holder: the address and the number on the chart, if the holder is the patient,
/// and the account's own address. The account's own address counts only if it is verified and differs from
/// the chart's.
pub fn holder_contacts(account: &Account, leading: Option<&Patient>) -> Vec<Reach> {
    let own = leading.filter(|patient| account.own_patient().as_ref() == Some(&patient.id));
    let charted = own.into_iter().flat_map(notice_channels);
    let charted = charted.map(|channel| Reach { to: Recipient::Patient, channel });
    let theirs = account.email.as_ref().filter(|_| account.email_verified);
    let known = |email: &&crate::model::person::Email| {
        own.and_then(|patient| patient.chart.email.as_ref()).is_none_or(|charted| !charted.matches(email))
    };
    let theirs =
        theirs.filter(known).map(|_| Reach { to: Recipient::Account(account.id), channel: Channel::Email });
    charted.chain(theirs).collect()
}

/// Queues the same message to every contact on file of an account's holder, so that somebody who has changed one of them
/// can't hide what they do.
pub fn notify_holder(
    context: &Context,
    account: &Account,
    leading: &Patient,
    template: Template,
) -> Vec<Write> {
    let reaches = holder_contacts(account, Some(leading)).into_iter();
    reaches.map(|reach| Write::Queue(message(context, leading, template, reach))).collect()
}

/// Queues the same message to every contact on the patient's chart.
pub fn notify_patient(
    context: &Context,
    patient: &Patient,
    template: Template,
) -> impl Iterator<Item = Write> {
    notice_channels(patient)
        .map(move |channel| Write::Queue(to_patient(context, patient, template, channel, None)))
}

/// Queues word of a sign-in from a new browser: by mail, and by text to somebody without an address.
pub fn tell_of_new_browser(
    context: &Context,
    account: &Account,
    leading: &Patient,
    browser: Option<&Browser>,
) -> Vec<Write> {
    let mut reaches = holder_contacts(account, Some(leading));
    if reaches.iter().any(|reach| reach.channel == Channel::Email) {
        reaches.retain(|reach| reach.channel == Channel::Email);
    }
    let told = reaches.into_iter().map(|reach| Message {
        browser: browser.cloned(),
        ..message(context, leading, Template::NewBrowser, reach)
    });
    told.map(Write::Queue).collect()
}
