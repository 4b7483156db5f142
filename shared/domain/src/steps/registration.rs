//! Steps that a registration and adding a patient to a login share: who must wait for staff, and the outcome.

use zeroize::Zeroizing;

use crate::context::App;
use crate::model::account::Account;
use crate::model::auto_invite::day;
use crate::model::chart::Channel;
use crate::model::grant::Relationship;
use crate::model::hold::ContactsOfOthers;
use crate::model::link::{Link, Role};
use crate::model::patient::{Patient, address_digest};
use crate::model::person::Address;
use crate::model::practice::Practice;
use crate::model::refusal::Failure;
use crate::model::session::Session;
use crate::ports::{Accounts, Addresses, Patients, Write};

/// The outcome of a registration.
pub enum RegistrationOutcome {
    /// The person is registered and signed in.
    SignedIn(Box<Registered>),
    /// The registration waits for staff.
    Held(Box<Practice>),
}

/// A person who registered and is signed in.
#[expect(missing_docs, reason = "the names say it")]
pub struct Registered {
    pub account: Account,
    pub session: Session,
    /// The session's token. It is not stored and can't be shown again.
    pub token: Zeroizing<String>,
    pub practice: Practice,
    /// The cookie that makes the browser a known one from now on.
    pub browser: Option<String>,
}

/// Everything that one registration writes.
pub(crate) struct RegistrationPlan {
    pub(crate) writes: Vec<Write>,
    /// User names to suggest if the claimed one is taken.
    pub(crate) alternatives: Vec<String>,
    pub(crate) account: Account,
    /// The session and its token; `None` if staff must decide first.
    pub(crate) session: Option<(Session, Zeroizing<String>)>,
}

/// Whether staff must decide first. This is so for a minor if a contact that proves a step, of the link or of the code,
/// also belongs to somebody else who is known for them.
pub(crate) async fn must_wait<S: Patients + Accounts + Addresses>(
    app: &App<S>,
    practice: &Practice,
    patient: &Patient,
    link: &Link,
    role: Role,
) -> Result<bool, Failure> {
    if role != Role::Patient {
        return Ok(false);
    }
    let proving = [link.sent_to.as_ref().map(Address::reveal), patient.chart.address(Channel::Email)];
    let phones = [Channel::Sms, Channel::Voice].map(|channel| patient.chart.address(channel));
    let proving: Vec<&str> = proving.into_iter().chain(phones).flatten().collect();
    is_somebody_elses(app, practice, patient, &proving).await
}

/// Whether one of these contacts also belongs to somebody else who is known for a minor: to a contact on the chart, to
/// a representative, present or former, or invited, or to another patient of the practice. For an adult it never
/// matters.
pub(crate) async fn is_somebody_elses<S: Patients + Accounts + Addresses>(
    app: &App<S>,
    practice: &Practice,
    patient: &Patient,
    contacts: &[&str],
) -> Result<bool, Failure> {
    let App { context, store } = app;
    if patient.chart.birth_date.age_on(day(context.now(), &practice.settings))
        >= practice.settings.majority_age
    {
        return Ok(false);
    }
    let care = store.care(&practice.id, &patient.id).await?;
    let mut representatives = Vec::new();
    for known in patient.accounts.iter().filter(|known| known.relationship != Relationship::Own) {
        representatives.extend(store.account(known.id).await?);
    }
    let others = ContactsOfOthers::of(&care, &representatives);
    let invited = |contact: &str| patient.offers.iter().any(|offer| offer.to == address_digest(contact));
    if others.hold(contacts.iter().copied()) || contacts.iter().any(|contact| invited(contact)) {
        return Ok(true);
    }
    for email in contacts.iter().filter(|contact| contact.contains('@')) {
        let holders = store.holders(&practice.id, &email.to_lowercase()).await?;
        if holders.patients.iter().any(|other| *other != patient.id) {
            return Ok(true);
        }
    }
    Ok(false)
}

pub(crate) fn ticket_digest(link: &Link) -> String {
    link.ticket.as_ref().map(|ticket| ticket.digest.clone()).unwrap_or_default()
}

/// Removes a used link from the patient's pending invitations. If it was the patient's own invitation, the
/// revocation ends, too.
pub(crate) fn used_up(patient: &mut Patient, link: &Link) {
    if patient.invitation.take_if(|current| current.link == link.id).is_some() {
        patient.revocation = None;
    }
    patient.offers.retain(|offer| offer.link != link.id);
}
