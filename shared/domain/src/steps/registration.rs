//! Steps that a registration and adding a patient to a login share: who must wait for staff, and the outcome.

use zeroize::Zeroizing;

use crate::context::{App, Context};
use crate::model::access_review::Stage;
use crate::model::account::Account;
use crate::model::auto_invite::day;
use crate::model::browser::Browser;
use crate::model::chart::Channel;
use crate::model::grant::{GrantState, Level, Relationship};
use crate::model::hold::{ContactsOfOthers, Hold, HoldReason};
use crate::model::ids::AccountId;
use crate::model::link::{Link, Role};
use crate::model::password::Password;
use crate::model::patient::{Patient, address_digest};
use crate::model::person::Address;
use crate::model::practice::Practice;
use crate::model::refusal::{Failure, PortError};
use crate::model::session::Session;
use crate::model::username::Username;
use crate::ports::{Accounts, Addresses, Commit, Patients, Practices, Write};
use crate::steps::credentials::known_browser;
use crate::steps::retry::{Written, written};
use crate::time::Timestamp;

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
    for contact in contacts {
        if is_of_another(store, patient, &others, contact).await? {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Whether one contact of a patient also belongs to one of `others`, to somebody who is invited to look after the
/// patient, or to another patient of the practice.
pub(crate) async fn is_of_another<S: Addresses>(
    store: &S,
    patient: &Patient,
    others: &ContactsOfOthers,
    contact: &str,
) -> Result<bool, PortError> {
    let is_invited = patient.offers.iter().any(|offer| offer.to == address_digest(contact));
    if is_invited || others.hold(std::iter::once(contact)) {
        return Ok(true);
    }
    let at_contact = if contact.contains('@') {
        store.holders(&patient.practice, &contact.to_lowercase()).await?.patients
    } else {
        store.at_phone(&patient.practice, contact).await?
    };
    Ok(at_contact.iter().any(|other| *other != patient.id))
}

/// How much a representative sees whom nobody at the practice invited: of an adolescent not more than appointments and
/// messages, until staff decide.
pub(crate) fn self_declared_level(context: &Context, practice: &Practice, patient: &Patient) -> Level {
    match Stage::of(patient, &practice.settings, day(context.now(), &practice.settings)) {
        Stage::Adolescent => Level::Limited,
        Stage::Child | Stage::Adult => Level::Full,
    }
}

/// What staff are shown of a minor's account that waits for them.
pub(crate) fn guardian_hold(link: &Link, patient: &Patient, account: AccountId, since: Timestamp) -> Hold {
    let (practice, patient) = (link.practice.clone(), patient.id.clone());
    Hold { practice, account, patient, reason: HoldReason::GuardianContactConflict, since }
}

/// The form that was sent once more: who sends it, and what they chose.
pub(crate) struct SentAgain<'a> {
    pub(crate) ticket: &'a str,
    /// The user name; `None` if the link gives an account back.
    pub(crate) username: Option<&'a str>,
    pub(crate) password: &'a Password,
    pub(crate) family: Option<&'a Browser>,
}

/// The outcome of a form that has just been accepted, for the same form sent again: a double click is one click. `None`
/// if it is not the same ticket, user name and password, or was accepted too long ago. It opens a session of its own,
/// because the first one's token isn't stored.
pub(crate) async fn accepted_just_now<S>(
    app: &App<S>,
    link: &Link,
    again: SentAgain<'_>,
) -> Result<Option<RegistrationOutcome>, Failure>
where
    S: Accounts + Practices + Commit,
{
    let App { context, store } = app;
    if !link.was_just_used(again.ticket, context.now()) {
        return Ok(None);
    }
    let account = match (link.account, again.username) {
        (Some(id), _) => store.account(id).await?,
        (None, Some(name)) => {
            let Ok(name) = Username::parse(name) else { return Ok(None) };
            match store.login(&link.practice, &name.name).await? {
                Some(login) => store.account(login.account).await?,
                None => None,
            }
        }
        (None, None) => None,
    };
    let Some(account) = account.filter(|account| account.deleted_at.is_none()) else { return Ok(None) };
    // The grant that this form made, and no other one: else the ticket would let its holder guess passwords.
    let Some(grant) = account.grant(&link.patient).filter(|grant| Some(grant.since) == link.closed_at) else {
        return Ok(None);
    };
    if account.must_change_password() {
        return Ok(None);
    }
    if !is_password_of(app, &account, again.password).await? {
        return Ok(None);
    }
    let practice = store.practice(&link.practice).await?.ok_or(Failure::Broken("practice"))?;
    match grant.state {
        GrantState::Held => Ok(Some(RegistrationOutcome::Held(Box::new(practice)))),
        GrantState::Active => {
            let family = again.family.cloned();
            let (session, token) = Session::begin(&account, family, context.now(), &*context.entropy);
            match written(store, &[Write::OpenSession(session.clone())], None).await? {
                Written::Done => {}
                Written::Lost(_) => return Err(Failure::Unavailable),
            }
            let browser = known_browser(context, &account);
            let registered = Registered { account, session, token, practice, browser };
            Ok(Some(RegistrationOutcome::SignedIn(Box::new(registered))))
        }
        GrantState::Suspended | GrantState::Ended => Ok(None),
    }
}

/// Whether this is the account's password.
pub(crate) async fn is_password_of<S: Accounts>(
    app: &App<S>,
    account: &Account,
    password: &Password,
) -> Result<bool, Failure> {
    let App { context, store } = app;
    let name = Username::parse(&account.username).map_err(|_| Failure::Broken("username"))?;
    let login = store.login(&account.practice, &name.name).await?;
    Ok(login.is_some_and(|login| {
        login.account == account.id && login.password.matches(password, &context.keyring)
    }))
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
