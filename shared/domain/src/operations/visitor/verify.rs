//! `verify`: what a link's visitor goes through: the page, the identity check, a code, and the ticket at the end.

use data_encoding::BASE64URL_NOPAD;
use futures_util::join;
use serde::{Deserialize, Serialize};

use crate::context::{App, Context};
use crate::keys::{digest, new_secret, same};
use crate::model::attention::Cause;
use crate::model::audit::{Action, Subject};
use crate::model::auto_invite::day;
use crate::model::chart::Channel;
use crate::model::code_way::CodeWay;
use crate::model::ids::{LinkId, PatientId, PracticeId};
use crate::model::limit::{Counter, PHONE, PUBLIC_POSTS, Raised};
use crate::model::link::{
    Fact, FailedCheck, Invitee, Kind, Link, LinkState, PROOF_SECONDS, Purpose, RESEND_SECONDS, Role,
    SentCode, TICKET_SECONDS, Ticket, parse_token,
};
use crate::model::message::{Recipient, Template};
use crate::model::patient::{Patient, Stop};
use crate::model::person::{Address, BirthDate, Email, Name, PostalCode};
use crate::model::practice::{CodeChannel, IdentityFact, Practice, RegistrationCheck, Settings};
use crate::model::refusal::{Failure, FieldFault, Refusal};
use crate::model::security::{Security, What};
use crate::model::username::{Username, numbered, suggestion};
use crate::ports::{Accounts, Chain, CodeTry, Commit, Limits, Links, Patients, Practices, Record, Write};
use crate::steps::change::patient_changed;
use crate::steps::invitation::visitor_event;
use crate::steps::notice::{Reach, may_text, message};
use crate::steps::one_time_code::{is_right_code, next_code};
use crate::steps::public_post::rate_limited_link;
use crate::steps::retry::{MAX_ATTEMPTS, Written, written};
use crate::steps::security_log::note;
use crate::steps::ticket::link_with_ticket;
use crate::time::Timestamp;

/// What a visitor of a link states.
#[derive(Default)]
pub struct StatedFacts {
    /// The patient's last name.
    pub family_name: Option<Name>,
    /// The patient's birth date.
    pub birth_date: Option<BirthDate>,
    /// The e-mail address on the chart.
    pub email: Option<Email>,
    /// The ZIP code on the chart.
    pub postal_code: Option<PostalCode>,
    /// The code that staff told.
    pub access_code: Option<String>,
}

impl StatedFacts {
    /// Whether last name or birth date is missing. Wherever facts are asked for, both are (`Settings::faults`),
    /// so such a form can't pass, and costs no try.
    fn lacks_name_or_birth_date(&self) -> bool {
        self.family_name.is_none() || self.birth_date.is_none()
    }
}

/// An open link, as its page may know it: nothing of the chart.
pub struct OpenLink {
    /// The record.
    pub link: Link,
    /// The practice.
    pub practice: Practice,
}

/// Opens a link: one read, no write.
pub async fn view_link<S: Links + Practices>(app: &App<S>, token: &str) -> Result<OpenLink, Failure> {
    let App { context, store } = app;
    let id = id_of(context, token)?;
    let link =
        store.link(id).await?.filter(|link| link.is_open(context.now())).ok_or(Refusal::LinkUnavailable)?;
    let practice = store.practice(&link.practice).await?.ok_or(Failure::Broken("practice"))?;
    Ok(OpenLink { link, practice })
}

/// What a page may know of a visitor who holds a ticket: as whom, of which kind, and whose account comes back. `None` if
/// the ticket no longer works while the link does: then the visitor starts again.
pub async fn view_link_with_ticket<S>(
    app: &App<S>,
    token: &str,
    ticket: &str,
) -> Result<Option<ChecksPassed>, Failure>
where
    S: Links + Practices + Patients + Accounts,
{
    let App { context, store } = app;
    let Some((link, role)) = link_with_ticket(app, id_of(context, token)?, ticket).await? else {
        return Ok(None);
    };
    let practice = store.practice(&link.practice).await?.ok_or(Failure::Broken("practice"))?;
    let patient = store.patient(&link.practice, &link.patient).await?.ok_or(Refusal::LinkUnavailable)?;
    let suggested = suggested_username(store, &patient, role, &link, &practice).await?;
    Ok(Some(passed(ticket.to_owned(), suggested, role, &link, practice)))
}

fn id_of(context: &Context, token: &str) -> Result<LinkId, Refusal> {
    parse_token(token, Purpose::Invitation, &context.keyring).ok_or(Refusal::LinkUnavailable)
}

/// What the visitor does next.
pub enum Next {
    /// Ask for a code, by one of these, with this proof that the facts were known.
    Code {
        /// Ways a code can go; none if the chart has no contact: then the access code from staff is the way.
        ways: Vec<CodeWay>,
        /// What the visitor shows with every further step.
        proof: String,
    },
    /// Register.
    Register(Box<ChecksPassed>),
}

/// A visitor who passed every check.
pub struct ChecksPassed {
    /// What lets them register. Shown once.
    pub ticket: String,
    /// A user name to start from.
    pub suggested_username: String,
    /// As whom.
    pub role: Role,
    /// Why the link was made.
    pub kind: Kind,
    /// The representative as whoever invited them described them.
    pub invitee: Option<Invitee>,
    /// The practice.
    pub practice: Practice,
}

/// Checks identity. `peer` is the connection's address. A form without facts spends nothing.
pub async fn check_facts<S>(
    app: &App<S>,
    peer: &str,
    token: &str,
    facts: &StatedFacts,
    role: Role,
) -> Result<Next, Failure>
where
    S: Limits + Links + Practices + Patients + Accounts + Chain + Commit,
{
    let App { context, store } = app;
    let now = context.now();
    let id = id_of(context, token);
    let empty = facts.lacks_name_or_birth_date();
    let counter = Counter::new(PUBLIC_POSTS, peer, now, &context.keyring);
    // The counter of the address and the link's own rise together, in one round trip; neither waits for the other.
    let tried = async {
        let Ok(id) = id else { return Ok(None) };
        if empty { store.link(id).await } else { store.try_facts(id, now).await }
    };
    let (count, link) = join!(store.raise(&counter, 1), tried);
    counter.check(count?, now)?;
    let link = link?.filter(|link| empty || link.is_pending(now)).ok_or(Refusal::LinkUnavailable)?;
    // Who was invited as a representative is one, whatever the form says.
    let role = if link.invitee.is_some() { Role::Representative } else { role };
    if empty && !link.is_open(now) {
        return Err(Refusal::LinkUnavailable.into());
    }
    let practice = store.practice(&link.practice).await?.ok_or(Failure::Broken("practice"))?;
    compare_facts(app, &OpenLink { link, practice }, facts, role).await
}

/// Compares the facts with the chart, and writes down the outcome. The link's tries are counted already, unless a form
/// without facts was sent.
async fn compare_facts<S>(
    app: &App<S>,
    open: &OpenLink,
    facts: &StatedFacts,
    role: Role,
) -> Result<Next, Failure>
where
    S: Limits + Links + Patients + Accounts + Chain + Commit,
{
    let App { context, store } = app;
    let now = context.now();
    let empty = facts.lacks_name_or_birth_date();
    let OpenLink { link, practice } = open;
    let mut current = link.clone();
    let settings = &practice.settings;
    let asks = if settings.registration_check == RegistrationCheck::LinkOnly {
        &[][..]
    } else {
        &settings.identity_facts
    };

    let missing = missing(asks, facts);
    if !missing.is_empty() {
        if !empty {
            store.failed_check(link.id, None, true).await?;
        }
        return Err(Refusal::BadRequest(missing).into());
    }

    let wrong_today = Counter::of_patient(&link.practice, &link.patient, now, &context.keyring);
    for _ in 0..MAX_ATTEMPTS {
        let link = &current;
        let subject = Subject::Patient(link.patient.clone());
        let (patient, head, tried) = join!(
            store.patient(&link.practice, &link.patient),
            store.head(&link.practice, &subject),
            store.count(&wrong_today)
        );
        if let Err(refusal) = wrong_today.check_before(tried?, now) {
            if !empty {
                store.failed_check(link.id, None, true).await?;
            }
            return Err(refusal.into());
        }
        let patient =
            patient?.filter(|patient| may_continue(patient, link)).ok_or(Refusal::LinkUnavailable)?;
        let wrong = wrong(asks, facts, &patient, link, context);
        if !wrong.is_empty() {
            note(&Security::at_link(What::FactsWrong(wrong.clone()), link));
            let check = FailedCheck { at: now, facts: wrong };
            let (failed, raised) =
                join!(store.failed_check(link.id, Some(check), false), store.raise(&wrong_today, 1));
            failed?;
            raised?;
            note_lock(store, link, now).await?;
            return Err(Refusal::VerificationFailed.into());
        }
        if role == Role::Patient
            && patient.chart.birth_date.age_on(day(now, settings)) < settings.adolescent_age
        {
            if !empty {
                store.failed_check(link.id, None, true).await?;
            }
            return Err(Refusal::RepresentativeRequired.into());
        }
        let needs_code =
            settings.registration_check == RegistrationCheck::IdentityAndCode && facts.access_code.is_none();
        let (ticket, secret) = if needs_code {
            (None, String::new())
        } else {
            let (ticket, secret) = ticket(context, role);
            (Some(ticket), secret)
        };
        let how = if facts.access_code.is_some() { "access_code" } else { "facts" };
        let event = visitor_event(link, now, Action::IdentityConfirmed, how).after(&head?, &context.keyring);
        let pass = Write::PassFacts { id: link.id, at: now, proofs: link.proofs, ticket, counted: !empty };
        match written(store, &[pass, Write::Append(event)], None).await? {
            Written::Done => {
                if !needs_code {
                    let suggested = suggested_username(store, &patient, role, link, practice).await?;
                    let passed = passed(secret, suggested, role, link, practice.clone());
                    return Ok(Next::Register(Box::new(passed)));
                }
                let proof = Proof::new(link, &patient, role, context);
                return Ok(Next::Code {
                    ways: code_ways(&patient, link, settings, context.calls_out),
                    proof: proof.sealed(link.id, context),
                });
            }
            // Another click was faster, or the link was closed meanwhile; or another event took the number.
            Written::Lost(lost) if lost.contains(Record::Link) => {
                let again = store.link(link.id).await?.filter(|link| link.is_pending(now));
                current = again.ok_or(Refusal::LinkUnavailable)?;
            }
            Written::Lost(_) => {}
        }
    }
    Err(Failure::Unavailable)
}

/// Notes for staff that a link's tries are used up, if they are.
async fn note_lock<S: Commit>(store: &S, link: &Link, now: Timestamp) -> Result<(), Failure> {
    if !link.is_locked() {
        return Ok(());
    }
    let (practice, patient) = (link.practice.clone(), link.patient.clone());
    let note = Write::Note { practice, patient, cause: Cause::LinkLocked, at: now };
    written(store, &[note], None).await?;
    Ok(())
}

/// Whether the patient's record still stands behind the link.
fn may_continue(patient: &Patient, link: &Link) -> bool {
    patient.suspension().is_none() && patient.invites_by(link.id)
}

fn missing(asks: &[IdentityFact], facts: &StatedFacts) -> Vec<FieldFault> {
    asks.iter()
        .filter_map(|fact| {
            let (field, missing) = match fact {
                IdentityFact::FamilyName => ("family_name", facts.family_name.is_none()),
                IdentityFact::BirthDate => ("birth_date", facts.birth_date.is_none()),
                IdentityFact::Email => ("email", facts.email.is_none()),
                IdentityFact::PostalCode => ("postal_code", facts.postal_code.is_none()),
            };
            missing.then(|| FieldFault::of(field, "required"))
        })
        .collect()
}

/// Which facts do not match the chart as it is now. A fact that the chart lacks never matches.
fn wrong(
    asks: &[IdentityFact],
    facts: &StatedFacts,
    patient: &Patient,
    link: &Link,
    context: &Context,
) -> Vec<Fact> {
    let chart = &patient.chart;
    let mut wrong = Vec::new();
    for fact in asks {
        let (fact, right) = match fact {
            IdentityFact::FamilyName => (
                Fact::FamilyName,
                facts.family_name.as_ref().is_some_and(|name| name.matches_family(&chart.family_name)),
            ),
            IdentityFact::BirthDate => (Fact::BirthDate, facts.birth_date == Some(chart.birth_date)),
            IdentityFact::Email => {
                (Fact::Email, both(facts.email.as_ref(), chart.email.as_ref(), Email::matches))
            }
            IdentityFact::PostalCode => (
                Fact::PostalCode,
                both(facts.postal_code.as_ref(), chart.postal_code.as_ref(), PostalCode::matches),
            ),
        };
        if !right {
            wrong.push(fact);
        }
    }
    if let Some(code) = &facts.access_code {
        let right = link.access_code(&context.keyring).is_some_and(|right| same(&right, code));
        if !right {
            wrong.push(Fact::AccessCode);
        }
    }
    wrong
}

fn both<T>(stated: Option<&T>, charted: Option<&T>, matches: fn(&T, &T) -> bool) -> bool {
    stated.zip(charted).is_some_and(|(stated, charted)| matches(stated, charted))
}

/// A ticket for right facts.
fn ticket(context: &Context, role: Role) -> (Ticket, String) {
    let secret = new_secret(&*context.entropy).to_string();
    let expires_at = context.now().plus_seconds(TICKET_SECONDS);
    (Ticket { digest: digest(secret.as_bytes()), expires_at, role, code: None }, secret)
}

/// The ticket for a right code, and its secret.
fn ticket_for(
    context: &Context,
    link: &Link,
    code: SentCode,
    role: Role,
) -> Result<(Ticket, String), Refusal> {
    let secret = link.ticket_secret(&code, &context.keyring).ok_or(Refusal::CodeRejected)?;
    let secret = BASE64URL_NOPAD.encode(&secret);
    let expires_at = context.now().plus_seconds(TICKET_SECONDS);
    Ok((Ticket { digest: digest(secret.as_bytes()), expires_at, role, code: Some(code) }, secret))
}

fn passed(ticket: String, suggested: String, role: Role, link: &Link, practice: Practice) -> ChecksPassed {
    let invitee = link.invitee.clone();
    ChecksPassed { ticket, suggested_username: suggested, role, kind: link.kind, invitee, practice }
}

/// The user name that the visitor keeps, or a free one to start from.
async fn suggested_username<S: Accounts>(
    store: &S,
    patient: &Patient,
    role: Role,
    link: &Link,
    practice: &Practice,
) -> Result<String, Failure> {
    let chart = &patient.chart;
    let returning = link.account.and_then(|id| patient.accounts.iter().find(|account| account.id == id));
    let (email, given_name, family_name) = match (returning, role, &link.invitee) {
        (Some(account), _, _) => return Ok(account.username.clone()),
        (None, Role::Patient, _) => (chart.email.as_ref(), &chart.given_name, &chart.family_name),
        // What we know is the patient's; a representative brings their own, unless they were invited by it.
        (None, Role::Representative, None) => return Ok(String::new()),
        (None, Role::Representative, Some(who)) => (who.email.as_ref(), &who.given_name, &who.family_name),
    };
    let wished = suggestion(email, given_name.reveal(), family_name.reveal());
    free_name(store, practice, wished, given_name.reveal()).await
}

/// The wished user name, or one close to it that nobody has; empty if all that were tried are taken.
async fn free_name<S: Accounts>(
    store: &S,
    practice: &Practice,
    wished: String,
    given_name: &str,
) -> Result<String, Failure> {
    let Ok(parsed) = Username::parse(&wished) else { return Ok(wished) };
    if store.login(&practice.id, &parsed.name).await?.is_none() {
        return Ok(wished);
    }
    for name in numbered(&parsed, given_name) {
        if store.login(&practice.id, &name).await?.is_none() {
            return Ok(name);
        }
    }
    Ok(String::new())
}

/// Where a code can go: to whoever was invited, at the contact on file.
fn code_address<'a>(patient: &'a Patient, link: &'a Link, channel: Channel) -> Option<&'a str> {
    match &link.invitee {
        Some(who) => who.address(channel).filter(|to| patient.stops(channel, to).is_empty()),
        None if channel == Channel::Sms && !may_text(patient) => None,
        None => patient.reached_at(channel),
    }
}

/// Ways a code can go: by another way than the link came, if the practice wants that and the chart has one.
fn code_ways(patient: &Patient, link: &Link, settings: &Settings, calls_out: bool) -> Vec<CodeWay> {
    let channels = [Channel::Email, Channel::Sms, Channel::Voice];
    let open = channels.into_iter().filter(|channel| *channel != Channel::Voice || calls_out);
    let all: Vec<(Channel, &str)> =
        open.filter_map(|channel| Some((channel, code_address(patient, link, channel)?))).collect();
    // A call to the number that the link was texted to reaches the same phone.
    let sent_to = link.sent_to.as_ref().map(Address::reveal);
    let others: Vec<(Channel, &str)> =
        all.iter().copied().filter(|(_, address)| Some(*address) != sent_to).collect();
    let offered = if settings.code_channel == CodeChannel::Any || others.is_empty() { all } else { others };
    offered.into_iter().map(|(channel, address)| CodeWay::to(channel, address)).collect()
}

/// The digest under which texts and calls to the phone behind a link are counted.
fn phone_digest(patient: &Patient, link: &Link, channel: Channel, context: &Context) -> Option<String> {
    let phone = code_address(patient, link, channel).filter(|_| channel != Channel::Email)?;
    Some(Counter::bucket_digest(PHONE, phone, &context.keyring))
}

/// What binds a visitor who knew the facts: sealed, so that the visitor carries it and cannot read or change it.
#[derive(Serialize, Deserialize)]
struct Proof {
    practice: PracticeId,
    patient: PatientId,
    /// Number among the link's passed checks; the latest alone counts.
    number: u32,
    role: Role,
    expires_at: Timestamp,
    /// Digests of the phones that a text and a call would go to, so that their limit can be counted without reading the
    /// chart first.
    text_digest: Option<String>,
    call_digest: Option<String>,
}

impl Proof {
    fn new(link: &Link, patient: &Patient, role: Role, context: &Context) -> Self {
        Self {
            practice: link.practice.clone(),
            patient: link.patient.clone(),
            number: link.proofs + 1,
            role,
            expires_at: context.now().plus_seconds(PROOF_SECONDS),
            text_digest: phone_digest(patient, link, Channel::Sms, context),
            call_digest: phone_digest(patient, link, Channel::Voice, context),
        }
    }

    fn sealed(&self, link: LinkId, context: &Context) -> String {
        context.keyring.seal_json(&Self::bound_to(link), self, &*context.entropy)
    }

    /// Opens a proof of this link. Refuses with `VerificationFailed` if it is another link's, changed or expired.
    fn open(sealed: &str, link: LinkId, context: &Context) -> Result<Self, Refusal> {
        let proof = context.keyring.open_json::<Self>(&Self::bound_to(link), sealed);
        proof.filter(|proof| context.now() < proof.expires_at).ok_or(Refusal::VerificationFailed)
    }

    fn bound_to(link: LinkId) -> Vec<u8> {
        [b"proof".as_slice(), &link.to_bytes()].concat()
    }
}

/// Opens the proof that a visitor shows for a link. If it is refused, the request is counted here; otherwise the
/// caller counts it.
async fn opened<S: Limits + Links>(
    app: &App<S>,
    posts: &Counter,
    token: &str,
    proof: &str,
) -> Result<(LinkId, Proof), Failure> {
    let App { context, store } = app;
    let opened =
        id_of(context, token).and_then(|id| Proof::open(proof, id, context).map(|proof| (id, proof)));
    if opened.is_err() {
        let now = context.now();
        posts.check(store.raise(posts, 1).await?, now)?;
        // Of a dead link, nothing but that it is dead is told, whatever comes with it.
        let link = store.link(id_of(context, token)?).await?;
        link.filter(|link| link.is_open(now)).ok_or(Refusal::LinkUnavailable)?;
    }
    Ok(opened?)
}

/// A code on its way, and the way.
pub struct CodeSent {
    /// Seconds until another may be asked for.
    pub resend_after: i64,
    /// Ways a code can go to this person.
    pub ways: Vec<CodeWay>,
}

/// Sends a code to the contact on the chart.
pub async fn send_code<S>(
    app: &App<S>,
    peer: &str,
    token: &str,
    proof: &str,
    channel: Channel,
) -> Result<CodeSent, Failure>
where
    S: Limits + Links + Practices + Commit,
{
    let App { context, store } = app;
    let now = context.now();
    let posts = Counter::new(PUBLIC_POSTS, peer, now, &context.keyring);
    let (id, proof) = opened(app, &posts, token, proof).await?;
    let phone_limit = proof.phone(channel).map(|digest| Counter::of_digest(PHONE, digest, now));
    // Counted with the first read: in the transaction it would cost a unit more.
    let called = async {
        match &phone_limit {
            Some(counter) => store.raise(counter, 1).await,
            None => Ok(Raised::default()),
        }
    };
    let (count, called, records) =
        join!(store.raise(&posts, 1), called, store.link_and_patient(id, &proof.practice, &proof.patient));
    posts.check(count?, now)?;
    if let Some(counter) = &phone_limit {
        counter.check(called?, now)?;
    }
    let sent = send_code_to(app, id, &proof, channel, records?).await;
    if let (Some(counter), Err(Failure::Refused(_))) = (&phone_limit, &sent) {
        // A second click, which sends nothing, uses up none of the phone's texts.
        store.lower(counter).await?;
    }
    sent
}

/// Sends a code, once the requests and the phone's texts are counted.
async fn send_code_to<S>(
    app: &App<S>,
    id: LinkId,
    proof: &Proof,
    channel: Channel,
    (link, patient): (Option<Link>, Option<Patient>),
) -> Result<CodeSent, Failure>
where
    S: Practices + Commit,
{
    let App { context, store } = app;
    let now = context.now();
    let link = link.filter(|link| link.is_open(now)).ok_or(Refusal::LinkUnavailable)?;
    let patient = patient.filter(|patient| may_continue(patient, &link)).ok_or(Refusal::LinkUnavailable)?;
    let practice = store.practice(&link.practice).await?.ok_or(Failure::Broken("practice"))?;
    let ways = code_ways(&patient, &link, &practice.settings, context.calls_out);
    if proof.number != link.proofs {
        return Err(Refusal::VerificationFailed.into());
    }
    if !ways.iter().any(|way| way.channel == channel) {
        return Err(Refusal::BadRequest(vec![FieldFault::of("channel", "unavailable")]).into());
    }
    if phone_digest(&patient, &link, channel, context).as_ref() != proof.phone(channel) {
        return Err(Refusal::VerificationFailed.into());
    }
    let code = next_code(context, &link, channel, practice.settings.code_digits)?;
    let to = if link.invitee.is_some() { Recipient::Link } else { Recipient::Patient };
    let mut mail = message(context, &patient, Template::Code, Reach { to, channel });
    mail.link = Some(id);
    mail.code = Some(code.number);
    match written(store, &[Write::SendCode { id, code, at: now }, Write::Queue(mail)], None).await? {
        Written::Done => Ok(CodeSent { resend_after: RESEND_SECONDS, ways }),
        // Another code was asked for at the same time: this one need not go.
        Written::Lost(_) => Err(Refusal::TooManyRequests(RESEND_SECONDS).into()),
    }
}

impl Proof {
    /// The digest of the phone for a channel.
    const fn phone(&self, channel: Channel) -> Option<&String> {
        match channel {
            Channel::Sms => self.text_digest.as_ref(),
            Channel::Voice => self.call_digest.as_ref(),
            Channel::Email | Channel::Print => None,
        }
    }
}

/// Checks a code.
pub async fn check_code<S>(
    app: &App<S>,
    peer: &str,
    token: &str,
    proof: &str,
    entered: &str,
) -> Result<ChecksPassed, Failure>
where
    S: Limits + Links + Practices + Patients + Accounts + Chain + Commit,
{
    let App { context, store } = app;
    let now = context.now();
    let posts = Counter::new(PUBLIC_POSTS, peer, now, &context.keyring);
    let (id, proof) = opened(app, &posts, token, proof).await?;
    let subject = Subject::Patient(proof.patient.clone());
    let wrong_today = Counter::of_patient(&proof.practice, &proof.patient, now, &context.keyring);
    let (count, tried, patient, head, wrong_before) = join!(
        store.raise(&posts, 1),
        store.try_code(id, now),
        store.patient(&proof.practice, &proof.patient),
        store.head(&proof.practice, &subject),
        store.count(&wrong_today)
    );
    posts.check(count?, now)?;
    let CodeTry { link, counted } = tried?.ok_or(Refusal::LinkUnavailable)?;
    if let Err(refusal) = wrong_today.check_before(wrong_before?, now) {
        if counted {
            store.give_back_code(id).await?;
        }
        return Err(refusal.into());
    }
    let patient = patient?.filter(|patient| may_continue(patient, &link)).ok_or(Refusal::LinkUnavailable)?;
    if !counted {
        if let Some(secret) = repeated(context, &link, &proof, entered) {
            let practice = store.practice(&link.practice).await?.ok_or(Failure::Broken("practice"))?;
            let suggested = suggested_username(store, &patient, proof.role, &link, &practice).await?;
            return Ok(passed(secret, suggested, proof.role, &link, practice));
        }
        if link.repeated_code(now).is_some() {
            // A guess at the code that has just been used is a guess like any other.
            store.raise(&wrong_today, 1).await?;
        }
        note(&Security::at_link(What::CodeWrong, &link));
        // Too old, used, or tried too often; or the link itself is over.
        let refusal = if link.is_open(now) { Refusal::CodeRejected } else { Refusal::LinkUnavailable };
        return Err(refusal.into());
    }
    let code = link.code.filter(|_| proof.number == link.proofs).ok_or(Refusal::CodeRejected)?;
    let right = is_right_code(context, &link, &code, entered);
    if !right {
        note(&Security::at_link(What::CodeWrong, &link));
        let (noted, raised) = join!(note_lock(store, &link, now), store.raise(&wrong_today, 1));
        noted?;
        raised?;
    }
    if !right {
        return Err(Refusal::CodeRejected.into());
    }
    let practice = store.practice(&link.practice).await?.ok_or(Failure::Broken("practice"))?;
    let mut head = head?;
    for _ in 0..MAX_ATTEMPTS {
        let (ticket, secret) = ticket_for(context, &link, code, proof.role)?;
        let how = code.channel.as_str();
        let event = visitor_event(&link, now, Action::CodeConfirmed, how).after(&head, &context.keyring);
        let pass = Write::PassCode { id, number: code.number, ticket };
        let writes = [pass, Write::Append(event)];
        // The suggestion is looked up while the write is on its way.
        let (outcome, suggested) = join!(
            written(store, &writes, None),
            suggested_username(store, &patient, proof.role, &link, &practice)
        );
        match outcome? {
            Written::Done => return Ok(passed(secret, suggested?, proof.role, &link, practice)),
            Written::Lost(lost) if lost.contains(Record::Link) => {
                // Another click may have been faster by a moment.
                let again = store.link(id).await?.and_then(|link| repeated(context, &link, &proof, entered));
                let secret = again.ok_or(Refusal::CodeRejected)?;
                return Ok(passed(secret, suggested?, proof.role, &link, practice));
            }
            Written::Lost(_) => head = store.head(&proof.practice, &subject).await?,
        }
    }
    Err(Failure::Unavailable)
}

/// The ticket of a code that was entered just now, with the same proof: a double click is one click.
fn repeated(context: &Context, link: &Link, proof: &Proof, entered: &str) -> Option<String> {
    let (ticket, code) = link.repeated_code(context.now())?;
    let same = proof.number == link.proofs && is_right_code(context, link, code, entered);
    let secret = link.ticket_secret(code, &context.keyring).filter(|_| same)?;
    let secret = BASE64URL_NOPAD.encode(&secret);
    (digest(secret.as_bytes()) == ticket.digest).then_some(secret)
}

/// How a proof stands, for the page of the code.
pub enum ProofState {
    /// It works.
    Works,
    /// Too much time has passed, or the facts were checked once more since.
    Over,
}

/// Opens a link whose visitor carries a proof, for the page of the code: one read, no write.
pub async fn view_link_with_proof<S: Links + Practices>(
    app: &App<S>,
    token: &str,
    proof: &str,
) -> Result<(OpenLink, ProofState), Failure> {
    let open = view_link(app, token).await?;
    let works =
        Proof::open(proof, open.link.id, &app.context).is_ok_and(|proof| proof.number == open.link.proofs);
    Ok((open, if works { ProofState::Works } else { ProofState::Over }))
}

/// The recipient says that a link is not for them: it ends, nothing more goes to that address for this patient, and
/// staff see it. Of a link that is over already nothing is told, and nothing changes.
pub async fn not_me<S>(app: &App<S>, peer: &str, token: &str) -> Result<(), Failure>
where
    S: Limits + Links + Practices + Patients + Chain + Commit,
{
    let App { context, store } = app;
    let now = context.now();
    let link = rate_limited_link(app, peer, token, Purpose::Invitation).await?;
    let Some(link) = link.filter(|link| link.is_pending(now)) else { return Ok(()) };
    let practice = store.practice(&link.practice).await?.ok_or(Failure::Broken("practice"))?;
    for _ in 0..MAX_ATTEMPTS {
        let subject = Subject::Patient(link.patient.clone());
        let (patient, head) =
            join!(store.patient(&link.practice, &link.patient), store.head(&link.practice, &subject));
        let Some(mut patient) = patient?.filter(|patient| patient.invites_by(link.id)) else { return Ok(()) };
        patient.invitation.take_if(|current| current.link == link.id);
        patient.offers.retain(|offer| offer.link != link.id);
        if let Some(to) = link.sent_to.as_ref().map(Address::reveal) {
            patient.stop(link.channel, to, Stop::WrongRecipient);
        }
        let channel = link.channel.as_str();
        let entry = visitor_event(&link, now, Action::WrongRecipientReported, channel);
        let mut writes = vec![
            Write::CloseLink { id: link.id, to: LinkState::ReportedWrongRecipient, at: now },
            Write::Note {
                practice: patient.practice.clone(),
                patient: patient.id.clone(),
                cause: Cause::ReportedWrongRecipient,
                at: now,
            },
        ];
        patient_changed(context, &practice.settings, &mut patient, &head?, entry, &mut writes);
        match written(store, &writes, None).await? {
            Written::Done => return Ok(()),
            Written::Lost(lost) if lost.contains(Record::Link) => return Ok(()),
            Written::Lost(_) => {}
        }
    }
    Err(Failure::Unavailable)
}
