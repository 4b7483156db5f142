//! `answer-request`: processes the queued requests of strangers. It reads, decides, and writes only to the
//! contact on file: an address that is on no chart gets no message. Each request is answered once, however
//! often the queue delivers it.

use std::collections::BTreeSet;

use crate::context::{App, Context};
use crate::keys::Use;
use crate::model::access_request::{Ask, Request, RequestFacts};
use crate::model::account::Account;
use crate::model::audit::{Head, Subject};
use crate::model::chart::{Channel, ChartStatus};
use crate::model::grant::{Level, Relationship};
use crate::model::ids::{AccountId, Actor, PatientId, PracticeId, RequestId};
use crate::model::limit::{Counter, STRANGERS_MAIL};
use crate::model::link::{Fact, FailedCheck, Invitee, Kind, Link, LinkState, Purpose, parse_token};
use crate::model::message::{Message, Recipient, Template};
use crate::model::patient::Patient;
use crate::model::person::{Address, Email, PostalCode};
use crate::model::practice::Practice;
use crate::model::refusal::{Failure, PortError, Refusal};
use crate::model::representative_request::{AccessAsked, RepresentativeRequest};
use crate::model::username::Username;
use crate::ports::{
    Accounts, Addresses, Chain, Commit, Directory, FailedChecks, Limits, Links, Once, OnceKey, Patients,
    Practices, Record, Write,
};
use crate::steps::api_call::Caller;
use crate::steps::change::patient_updated;
use crate::steps::duplicates::twins;
use crate::steps::invitation::{
    CodeContacts, Prepared, RESET_MINUTES, Wanted, count_text, prepare, prepare_reset, reset_of_patient,
};
use crate::steps::notice::{Reach, message, notice_channel, to_patient};
use crate::steps::registration::is_somebody_elses;
use crate::steps::representative::{offer_again, offer_channel};
use crate::steps::retry::{MAX_ATTEMPTS, Written, written};
use crate::time::Timestamp;

/// The decision about one request: the recipient, whose limit counts it, and the writes.
struct Decided {
    /// The address or number that the answer goes to.
    to: Address,
    writes: Vec<Write>,
    /// What is written instead, without a message, if the address has had its messages of the day.
    instead: Option<Write>,
}

impl Decided {
    const fn new(to: Address, writes: Vec<Write>) -> Self {
        Self { to, writes, instead: None }
    }
}

/// What became of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answered {
    /// It was answered, or there was nothing to say.
    Done,
    /// The practice has had so many messages that strangers caused that this one waits for a later hour.
    Waits,
}

/// What answering a request asks of the world.
pub trait Ports:
    Addresses + Limits + Patients + Accounts + Links + Practices + Chain + FailedChecks + Directory + Commit
{
}

impl<S> Ports for S where
    S: Addresses
        + Limits
        + Patients
        + Accounts
        + Links
        + Practices
        + Chain
        + FailedChecks
        + Directory
        + Commit
{
}

/// Answers one request. `id` is the queue's message id. A request that can't be opened is dropped.
pub async fn answer<S: Ports>(app: &App<S>, id: &str, sealed: &str) -> Result<Answered, PortError> {
    let App { context, store } = app;
    let Some(request) = Request::open(sealed, context) else { return Ok(Answered::Done) };
    let now = context.now();
    let limit = request.ask.limit();
    let mut due_at = None;
    for _ in 0..MAX_ATTEMPTS {
        let decided = match decide(app, &request).await {
            Ok(decided) => decided,
            Err(Failure::Refused(_)) => return Ok(Answered::Done),
            Err(failure) => return Err(failure.into()),
        };
        let Some(Decided { to, mut writes, instead }) = decided else { return Ok(Answered::Done) };
        let due_at = match due_at {
            Some(due_at) => due_at,
            None => *due_at.insert(due(app, &writes).await?),
        };
        postpone(&mut writes, due_at);
        writes.push(Write::Count(Counter::new(limit, &to.reveal().to_lowercase(), now, &context.keyring)));
        let name =
            data_encoding::HEXLOWER.encode(&context.keyring.mac_now(Use::Body, &[b"request", id.as_bytes()]));
        let once = Write::Once(Once::new(OnceKey { name, body: String::new() }, "", now));
        writes.push(once.clone());
        match written(store, &writes, None).await? {
            Written::Done if due_at > now => return Ok(Answered::Waits),
            Written::Done => return Ok(Answered::Done),
            // This request was answered before.
            Written::Lost(lost) if lost.contains(Record::Marker) => return Ok(Answered::Done),
            // The limit of the address or phone number is reached.
            Written::Lost(lost) if lost.contains(Record::Limit) => {
                if let Some(instead) = instead {
                    // If the link was closed in the meantime, there is nothing to do either.
                    written(store, &[instead, once], None).await?;
                }
                return Ok(Answered::Done);
            }
            Written::Lost(_) => {}
        }
    }
    Err(PortError::Unavailable)
}

/// When the messages of a decision are due: now, or in a later hour if strangers have caused too many in this one.
async fn due<S: Limits>(app: &App<S>, writes: &[Write]) -> Result<Timestamp, PortError> {
    let App { context, store } = app;
    let now = context.now();
    let queued = writes.iter().find_map(|write| match write {
        Write::Queue(message) => Some(&message.practice),
        _ => None,
    });
    let Some(practice) = queued else { return Ok(now) };
    let counter = Counter::new(STRANGERS_MAIL, practice.as_str(), now, &context.keyring);
    let raised = store.raise(&counter, 1).await?;
    let hours = i64::from(raised.count.saturating_sub(1) / STRANGERS_MAIL.most);
    Ok(if hours == 0 { now } else { counter.ends_at.plus_hours(hours - 1) })
}

fn postpone(writes: &mut [Write], due_at: Timestamp) {
    for write in writes {
        if let Write::Queue(message) = write {
            message.due_at = message.due_at.max(due_at);
        }
    }
}

async fn decide<S>(app: &App<S>, request: &Request) -> Result<Option<Decided>, Failure>
where
    S: Addresses + Limits + Patients + Accounts + Links + Practices + Chain + FailedChecks + Directory,
{
    let store = &app.store;
    match &request.ask {
        Ask::SignUp(practice, facts) => {
            let Some(practice) = store.practice(practice).await? else { return Ok(None) };
            let found = match_facts(store, &practice.id, facts).await?;
            if let Some(patient) = found.without_account() {
                return decide_invitation(app, &practice, patient, Channel::Email).await;
            }
            if found.is_anybody() {
                return forgot_username(app, &practice.id, &facts.email).await;
            }
            unverified(app, &practice, found.nearest, &facts.email).await
        }
        Ask::ForgotPassword(practice, username) => {
            let Some(practice) = store.practice(practice).await? else { return Ok(None) };
            by_username(app, &practice, username).await
        }
        Ask::ForgotPasswordByFacts(practice, facts) => {
            let Some(practice) = store.practice(practice).await? else { return Ok(None) };
            let found = match_facts(store, &practice.id, facts).await?;
            if found.is_several() {
                // Twins, perhaps: a link for one of them would be no help to the other.
                return forgot_username(app, &practice.id, &facts.email).await;
            }
            if let Some((account, patient)) = found.account(store).await? {
                // Use the same patient as a request by user name does, so that the newest link ends the
                // older ones.
                let leading = account.leading_patient().filter(|leading| *leading != patient.id);
                let patient = match leading {
                    Some(leading) => store.patient(&practice.id, &leading).await?.unwrap_or(patient),
                    None => patient,
                };
                return reset_account(app, &practice, account, patient).await;
            }
            match found.patients.into_iter().next() {
                Some(patient) => invited_again(app, &practice, patient).await,
                None => unverified(app, &practice, found.nearest, &facts.email).await,
            }
        }
        Ask::ForgotUsername(practice, email) => {
            let Some(practice) = store.practice(practice).await? else { return Ok(None) };
            forgot_username(app, &practice.id, email).await
        }
        Ask::Access(practice, asked) => {
            let Some(practice) = store.practice(practice).await? else { return Ok(None) };
            ask_for_access(app, &practice, asked, request.at).await
        }
        Ask::Renew(token) => renew(app, token).await,
    }
}

/// Puts a representative's request before staff, whether a chart fits or not. Nothing is sent: the asker learns nothing.
async fn ask_for_access<S: Directory + Patients>(
    app: &App<S>,
    practice: &Practice,
    asked: &AccessAsked,
    asked_at: Timestamp,
) -> Result<Option<Decided>, Failure> {
    let App { context, store } = app;
    let (family, given) = (&asked.patient_family_name, &asked.patient_given_name);
    let matches = twins(store, &practice.id, family, given, asked.patient_birth_date).await?.all();
    let email = asked.email.as_ref().map(|email| Address::from(email.reveal()));
    let to = email.or_else(|| asked.mobile_phone.as_ref().map(|phone| Address::from(phone.reveal())));
    let Some(to) = to else { return Ok(None) };
    let request = RepresentativeRequest {
        id: RequestId::new(&*context.clock, &*context.entropy),
        practice: practice.id.clone(),
        asked_at,
        asked: asked.clone(),
        matches,
    };
    Ok(Some(Decided::new(to, vec![Write::AskForAccess(Box::new(request))])))
}

/// The people who match the stated facts.
struct Matching {
    /// Patients with this address on the chart. Those who may use the portal come first.
    patients: Vec<Patient>,
    /// Accounts whose holder has this address, each with the patient who matches the facts.
    accounts: Vec<(Account, Patient)>,
    /// If nobody matches: the patient with this address who matches most facts, and the facts that are wrong.
    nearest: Option<(Box<Patient>, Vec<Fact>)>,
}

impl Matching {
    fn is_anybody(&self) -> bool {
        !self.patients.is_empty() || !self.accounts.is_empty()
    }

    /// Whether the facts fit more than one account, so that only their holders can tell which one is meant.
    fn is_several(&self) -> bool {
        let own = self.patients.iter().filter_map(|patient| Some(patient.own_account()?.id));
        let all: BTreeSet<AccountId> =
            own.chain(self.accounts.iter().map(|(account, _)| account.id)).collect();
        all.len() > 1
    }

    /// The first patient at this address that no account has access to yet.
    fn without_account(&self) -> Option<Patient> {
        let served = |patient: &Patient| {
            patient.own_account().is_some_and(|_| patient.suspension().is_none())
                || self.accounts.iter().any(|(_, theirs)| theirs.id == patient.id)
        };
        self.patients.iter().find(|patient| !served(patient)).cloned()
    }

    /// The account that gets a new password: the patient's own, else that of a representative with
    /// this address.
    async fn account<S: Accounts>(&self, store: &S) -> Result<Option<(Account, Patient)>, Failure> {
        for patient in &self.patients {
            let Some(own) = patient.own_account() else { continue };
            if let Some(account) = store.account(own.id).await? {
                return Ok(Some((account, patient.clone())));
            }
        }
        Ok(self.accounts.first().cloned())
    }
}

async fn match_facts<S>(store: &S, practice: &PracticeId, facts: &RequestFacts) -> Result<Matching, Failure>
where
    S: Addresses + Patients + Accounts,
{
    let holders = store.holders(practice, &facts.email.comparable()).await?;
    let mut found = Matching { patients: Vec::new(), accounts: Vec::new(), nearest: None };
    for (patient, _) in store.charts(practice, &holders.patients).await? {
        if !patient.chart.email.as_ref().is_some_and(|email| email.matches(&facts.email)) {
            continue;
        }
        let wrong = wrong(facts, &patient);
        if wrong.is_empty() {
            found.patients.push(patient);
        } else if found.nearest.as_ref().is_none_or(|(_, known)| wrong.len() < known.len()) {
            found.nearest = Some((Box::new(patient), wrong));
        }
    }
    let unusable = |patient: &Patient| {
        patient.suspension().is_some() || patient.chart.chart_status == ChartStatus::Inactive
    };
    // If one person has two charts, put the active one first.
    found.patients.sort_by_key(unusable);
    for id in holders.accounts {
        let Some(account) = store.account(id).await?.filter(|account| is_at(account, &facts.email)) else {
            continue;
        };
        let seen = account.grants_for(Timestamp::from_millis(i64::MAX));
        let seen: Vec<PatientId> = seen.filter_map(|(id, _)| PatientId::parse(id).ok()).take(50).collect();
        for (patient, _) in store.charts(practice, &seen).await? {
            if wrong(facts, &patient).is_empty() {
                found.accounts.push((account, patient));
                break;
            }
        }
    }
    Ok(found)
}

/// Whether this is the verified address of the account's holder.
fn is_at(account: &Account, email: &Email) -> bool {
    account.email_verified && account.email.as_ref().is_some_and(|own| own.matches(email))
}

fn wrong(facts: &RequestFacts, patient: &Patient) -> Vec<Fact> {
    let chart = &patient.chart;
    let postal_code =
        chart.postal_code.as_ref().is_some_and(|code| PostalCode::matches(code, &facts.postal_code));
    let all = [
        (Fact::FamilyName, facts.family_name.matches_family(&chart.family_name)),
        (Fact::BirthDate, facts.birth_date == chart.birth_date),
        (Fact::PostalCode, postal_code),
    ];
    all.into_iter().filter(|(_, right)| !right).map(|(fact, _)| fact).collect()
}

/// Tells the address on file that the facts did not match. Staff can see which fact was wrong.
async fn unverified<S: FailedChecks>(
    app: &App<S>,
    practice: &Practice,
    nearest: Option<(Box<Patient>, Vec<Fact>)>,
    email: &Email,
) -> Result<Option<Decided>, Failure> {
    let App { context, store } = app;
    let Some((patient, facts)) = nearest.filter(|(patient, _)| !patient.is_stopped(Channel::Email)) else {
        return Ok(None);
    };
    let known = store.checks(&patient.practice, &patient.id).await?;
    let checks = known.with(FailedCheck { at: context.now(), facts });
    let mut decided = call_us(context, &patient, Channel::Email, email.reveal());
    decided.writes.push(Write::Checks(patient.practice.clone(), patient.id.clone(), checks));
    if !patient.failed_checks {
        // Mark the patient, so that the failed checks are read only for patients who have some.
        let mut patient = *patient;
        patient.failed_checks = true;
        patient_updated(&practice.settings, &mut patient, &mut decided.writes);
    }
    Ok(Some(decided))
}

/// The message that the request could not be fulfilled and that the person should call the practice.
fn call_us(context: &Context, patient: &Patient, channel: Channel, to: &str) -> Decided {
    let mail = to_patient(context, patient, Template::NotVerified, channel, None);
    Decided::new(Address::from(to), vec![Write::Queue(mail)])
}

/// The same message, to any contact on the chart; `None` if there is none.
fn call_us_anyhow(context: &Context, patient: &Patient) -> Option<Decided> {
    let channel = notice_channel(patient)?;
    let to = Address::from(patient.chart.address(channel)?);
    Some(call_us(context, patient, channel, to.reveal()))
}

fn usernames(
    context: &Context,
    patient: &Patient,
    to: Recipient,
    email: &Email,
    usernames: Vec<String>,
) -> Decided {
    let reach = Reach { to, channel: Channel::Email };
    let mail = Message { usernames, ..message(context, patient, Template::Usernames, reach) };
    Decided::new(Address::from(email.reveal()), vec![Write::Queue(mail)])
}

/// An invitation that the recipient asked for. It overrides that they declined earlier.
async fn decide_invitation<S: Chain>(
    app: &App<S>,
    practice: &Practice,
    patient: Patient,
    channel: Channel,
) -> Result<Option<Decided>, Failure> {
    let App { context, store } = app;
    if patient.revocation.is_some() {
        return Ok(call_us_anyhow(context, &patient));
    }
    let Some(to) = patient.chart.address(channel).map(Address::from) else {
        return Ok(call_us_anyhow(context, &patient));
    };
    let head = store.head(&practice.id, &Subject::Patient(patient.id.clone())).await?;
    let (caller, actor) = (Caller::visitor(&practice.id), Actor::visitor());
    let asked = patient.clone();
    let why = patient.declined.as_ref().map(|_| "asked_for_it");
    let wanted = Wanted { why, ..Wanted::by(channel) };
    match prepare(context, &practice.settings, patient, &wanted, &caller, &actor) {
        Ok(ready) => Ok(Some(decided_with(context, practice, ready, &head, to))),
        Err(_) => Ok(call_us_anyhow(context, &asked)),
    }
}

fn decided_with(
    context: &Context,
    practice: &Practice,
    mut ready: Prepared,
    head: &Head,
    to: Address,
) -> Decided {
    ready.finish(context, &practice.settings, head);
    Decided::new(to, ready.writes)
}

/// Sends the pending invitation again: the same link while it works, a new one after it has expired. Somebody
/// who never registered needs no new password, so no reset link is sent.
async fn invited_again<S>(
    app: &App<S>,
    practice: &Practice,
    patient: Patient,
) -> Result<Option<Decided>, Failure>
where
    S: Chain + Links,
{
    let App { context, store } = app;
    let Some(current) = patient.invitation.filter(|current| current.kind == Kind::Registration) else {
        return Ok(call_us_anyhow(context, &patient));
    };
    // The record of a link that expired long ago may be deleted.
    let Some(link) = store.link(current.link).await? else {
        return decide_invitation(app, practice, patient, current.channel).await;
    };
    let Some(to) = link.sent_to.clone() else { return Ok(call_us_anyhow(context, &patient)) };
    if link.is_open(context.now()) {
        let mail = to_patient(context, &patient, Template::Invitation, link.channel, Some(link.id));
        return Ok(Some(send_again(context, &link, to, mail)));
    }
    if link.is_locked() {
        // Staff should look at it first.
        return Ok(Some(call_us(context, &patient, link.channel, to.reveal())));
    }
    decide_invitation(app, practice, patient, link.channel).await
}

/// A message with a link that was sent before.
fn send_again(context: &Context, link: &Link, to: Address, mail: Message) -> Decided {
    let mut writes = vec![Write::Queue(mail)];
    count_text(context, link, &mut writes);
    Decided::new(to, writes)
}

async fn by_username<S>(app: &App<S>, practice: &Practice, username: &str) -> Result<Option<Decided>, Failure>
where
    S: Limits + Patients + Accounts + Addresses + Links + Chain,
{
    let store = &app.store;
    let Ok(parsed) = Username::parse(username) else { return Ok(None) };
    let Some(login) = store.login(&practice.id, &parsed.name).await? else {
        // Somebody's own address, perhaps: it hears the user names that belong to it.
        return match Email::parse(username) {
            Ok(email) => forgot_username(app, &practice.id, &email).await,
            Err(_) => Ok(None),
        };
    };
    let Some(account) = store.account(login.account).await? else { return Ok(None) };
    let Some(leading) = account.leading_patient() else { return Ok(None) };
    let Some(patient) = store.patient(&practice.id, &leading).await? else { return Ok(None) };
    reset_account(app, practice, account, patient).await
}

/// Seconds between two mails with a reset link to the same address.
const RESET_PAUSE_SECONDS: i64 = 600;

/// Sends a reset link for an account to the contact on file: the chart's for a patient's own account, else
/// the holder's verified address. While a link works, the same one is sent again, so that nobody who asks can end the
/// one that its owner is using.
async fn reset_account<S: Limits + Patients + Accounts + Addresses + Chain + Links>(
    app: &App<S>,
    practice: &Practice,
    account: Account,
    patient: Patient,
) -> Result<Option<Decided>, Failure> {
    let App { context, store } = app;
    let own = account.own_patient().as_ref() == Some(&patient.id);
    if !account.has_access() {
        // Without access there is no link. A patient with an own account is told to call the practice.
        let patient_themselves =
            account.grant(&patient.id).is_some_and(|grant| grant.relationship == Relationship::Own);
        return Ok(patient_themselves.then(|| call_us_anyhow(context, &patient)).flatten());
    }
    if own && patient.reset_rests_until.is_some_and(|until| context.now() < until) {
        return Ok(call_us_anyhow(context, &patient));
    }
    let reached = if own {
        notice_channel(&patient).and_then(|channel| {
            let to = Address::from(patient.chart.address(channel)?);
            Some((to, Reach { to: Recipient::Patient, channel }))
        })
    } else {
        let email = account.email.as_ref().filter(|_| account.email_verified);
        let reach = Reach { to: Recipient::Account(account.id), channel: Channel::Email };
        email.map(|email| (Address::from(email.reveal()), reach))
    };
    let Some((to, reach)) = reached else { return Ok(None) };
    if own && is_somebody_elses(app, practice, &patient, &[to.reveal()]).await? {
        // Whoever reads a minor's mail there may be somebody else: staff decide.
        return Ok(call_us_anyhow(context, &patient));
    }
    let now = context.now();
    let wrong_today = Counter::of_patient(&practice.id, &patient.id, now, &context.keyring);
    if wrong_today.check_before(store.count(&wrong_today).await?, now).is_err() {
        return Ok(call_us_anyhow(context, &patient));
    }
    let known = patient.accounts.iter().find(|known| known.id == account.id).and_then(|known| known.reset);
    let newest = match known {
        Some(id) => store.link(id).await?,
        None => None,
    };
    let newest = newest.filter(|link| {
        let ended = account.anew_at.is_some_and(|at| link.created_at <= at);
        link.state == LinkState::Pending && !link.is_locked() && !ended && link.sent_to.as_ref() == Some(&to)
    });
    if let Some(link) = newest.as_ref().filter(|link| link.is_open(now)) {
        return Ok(reset_again(context, &patient, link, reach, to));
    }
    let head = store.head(&practice.id, &Subject::Patient(patient.id.clone())).await?;
    let mut decided = if own {
        let (caller, actor) = (Caller::visitor(&practice.id), Actor::visitor());
        let ready = reset_of_patient(context, patient, account.id, reach.channel, &caller, &actor);
        decided_with(context, practice, ready, &head, to)
    } else {
        reset_of_representative(context, practice, patient, &account, to, &head)
    };
    decided.instead = newest.map(|link| revived(context, &link));
    Ok(Some(decided))
}

/// The write that lets a reset link work for its time from now on.
fn revived(context: &Context, link: &Link) -> Write {
    let now = context.now();
    Write::ReviveLink { id: link.id, at: now, expires_at: now.plus_seconds(RESET_MINUTES * 60) }
}

/// Sends a reset link that works once more. `None` if it was sent in the last ten minutes.
fn reset_again(
    context: &Context,
    patient: &Patient,
    link: &Link,
    reach: Reach,
    to: Address,
) -> Option<Decided> {
    let last = link.asked_again_at.unwrap_or(link.created_at);
    if context.now() < last.plus_seconds(RESET_PAUSE_SECONDS) {
        return None;
    }
    let revive = revived(context, link);
    let mail = Message { link: Some(link.id), ..message(context, patient, Template::Reset, reach) };
    let mut writes = vec![revive.clone(), Write::Queue(mail)];
    count_text(context, link, &mut writes);
    Some(Decided { to, writes, instead: Some(revive) })
}

fn reset_of_representative(
    context: &Context,
    practice: &Practice,
    patient: Patient,
    account: &Account,
    to: Address,
    head: &Head,
) -> Decided {
    let (caller, actor) = (Caller::visitor(&practice.id), Actor::visitor());
    let phone = account.mobile_phone.as_ref().filter(|_| account.phone_verified);
    let phone = phone.and_then(|phone| phone.dialable()).map(Address::from);
    let reach = Reach { to: Recipient::Account(account.id), channel: Channel::Email };
    let contacts = CodeContacts { email: Some(to.clone()), text: phone.clone(), call: phone };
    let mut ready =
        prepare_reset(context, patient, account.id, reach, Some(to.clone()), contacts, (&caller, &actor));
    ready.link.invitee = invitee(account);
    decided_with(context, practice, ready, head, to)
}

/// The account's holder as a representative. It marks that codes go to the holder and not to the
/// chart's contact.
fn invitee(account: &Account) -> Option<Invitee> {
    let relationship = account.grants.values().next()?.relationship;
    Some(Invitee {
        given_name: account.given_name.clone()?,
        family_name: account.family_name.clone()?,
        relationship,
        email: account.email.clone(),
        mobile_phone: account.mobile_phone.clone(),
        level: Level::Full,
        authority: None,
    })
}

/// Sends all user names that belong to an address in one mail, because a family may share the address.
async fn forgot_username<S>(
    app: &App<S>,
    practice: &PracticeId,
    email: &Email,
) -> Result<Option<Decided>, Failure>
where
    S: Addresses + Patients + Accounts,
{
    let App { context, store } = app;
    let holders = store.holders(practice, &email.comparable()).await?;
    let charted = |patient: &Patient| patient.chart.email.as_ref().is_some_and(|own| own.matches(email));
    let patients: Vec<Patient> =
        store.charts(practice, &holders.patients).await?.into_iter().map(|(p, _)| p).collect();
    let patients: Vec<Patient> =
        patients.into_iter().filter(|p| charted(p) && !p.is_stopped(Channel::Email)).collect();
    let mut names: Vec<(AccountId, String)> = patients
        .iter()
        .filter(|patient| patient.suspension().is_none())
        .filter_map(|patient| patient.own_account().map(|own| (own.id, own.username.clone())))
        .collect();
    let mut about = patients.first().cloned().map(|patient| (patient, Recipient::Patient));
    for id in holders.accounts {
        let Some(account) = store.account(id).await?.filter(|account| is_at(account, email)) else {
            continue;
        };
        if !account.has_access() || names.iter().any(|(known, _)| *known == id) {
            continue;
        }
        if about.is_none() {
            let Some(leading) = account.leading_patient() else { continue };
            let patient = store.patient(practice, &leading).await?;
            about = patient.map(|patient| (patient, Recipient::Account(id)));
        }
        names.push((id, account.username));
    }
    let Some((about, to)) = about else { return Ok(None) };
    if names.is_empty() {
        return Ok(Some(call_us(context, &about, Channel::Email, email.reveal())));
    }
    Ok(Some(usernames(context, &about, to, email, names.into_iter().map(|(_, name)| name).collect())))
}

/// Sends a new link for one that does not work, only to the contact on file.
async fn renew<S>(app: &App<S>, token: &str) -> Result<Option<Decided>, Failure>
where
    S: Links + Patients + Practices + Chain,
{
    let App { context, store } = app;
    let Some(id) = parse_token(token, Purpose::Invitation, &context.keyring) else { return Ok(None) };
    let Some(link) = store.link(id).await? else { return Ok(None) };
    let Some(practice) = store.practice(&link.practice).await? else { return Ok(None) };
    let Some(patient) = store.patient(&link.practice, &link.patient).await? else { return Ok(None) };
    if link.invitee.is_some() {
        return renew_offer(app, &practice, patient, &link).await;
    }
    match patient.invitation {
        Some(current) if current.kind == Kind::Registration => invited_again(app, &practice, patient).await,
        Some(current) => {
            let again = store.link(current.link).await?.filter(|link| link.is_open(context.now()));
            let Some((link, to)) = again.and_then(|link| Some((link.clone(), link.sent_to?))) else {
                // Only staff can restore access that was revoked.
                return Ok(call_us_anyhow(context, &patient));
            };
            let mail = to_patient(context, &patient, Template::VerifyAgain, link.channel, Some(link.id));
            Ok(Some(send_again(context, &link, to, mail)))
        }
        // The link was used, cancelled, revoked or reported. Nothing changes that.
        None => Ok(None),
    }
}

async fn renew_offer<S: Chain>(
    app: &App<S>,
    practice: &Practice,
    patient: Patient,
    link: &Link,
) -> Result<Option<Decided>, Failure> {
    let App { context, store } = app;
    let (Some(who), Some(to), true) = (&link.invitee, link.sent_to.clone(), patient.invites_by(link.id))
    else {
        return Ok(None);
    };
    if link.is_locked() || patient.suspension().is_some() || offer_channel(who, link.channel).is_none() {
        return Ok(None);
    }
    if link.is_open(context.now()) {
        let reach = Reach { to: Recipient::Link, channel: link.channel };
        let mut mail = message(context, &patient, Template::Invitation, reach);
        mail.link = Some(link.id);
        return Ok(Some(send_again(context, link, to, mail)));
    }
    let head = store.head(&practice.id, &Subject::Patient(patient.id.clone())).await?;
    let ready = offer_again(context, &practice.settings, patient, link)
        .map_err(|_| Failure::Refused(Refusal::LinkUnavailable))?;
    Ok(Some(decided_with(context, practice, ready, &head, to)))
}
