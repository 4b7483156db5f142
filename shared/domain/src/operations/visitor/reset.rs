//! `reset`: a new password at the end of a reset link, after a second check on another channel than the link's. Each
//! step needs no more than the link's record; the last one reads what it changes. Asking for a link changes nothing; a
//! password chosen ends every session and every other link of the account, and is told at every address on file.

use data_encoding::BASE64URL_NOPAD;
use futures_util::join;
use serde::{Deserialize, Serialize};

use crate::context::{App, Context};
use crate::keys::{digest, new_secret, same};
use crate::model::account::{Account, answer_of};
use crate::model::audit::{Action, By, Entry, Head, Subject};
use crate::model::chart::Channel;
use crate::model::code_way::CodeWay;
use crate::model::ids::{AccountId, LinkId, PatientId, PracticeId};
use crate::model::limit::{Counter, PHONE, sign_in_key};
use crate::model::link::{
    Fact, FailedCheck, Link, LinkState, Purpose, RESEND_SECONDS, Role, SentCode, TICKET_SECONDS, Ticket,
    parse_token,
};
use crate::model::message::{Message, Recipient, Template};
use crate::model::password::Password;
use crate::model::patient::{Offer, Patient};
use crate::model::person::{BirthDate, Line};
use crate::model::practice::Practice;
use crate::model::refusal::{Failure, FieldFault, Refusal};
use crate::model::security::{Security, What};
use crate::model::username::Username;
use crate::ports::{Accounts, Chain, CodeTry, Commit, Limits, Links, Practices, Record, Resets, Write};
use crate::steps::change::{account_changed, patient_changed};
use crate::steps::credentials::{check_password, end_sessions_and_links, known_browser, own_words};
use crate::steps::invitation::visitor_event;
use crate::steps::notice::{Reach, message_about, notify_holder};
use crate::steps::one_time_code::{is_right_code, next_code};
use crate::steps::public_post::{rate_limited, rate_limited_link};
use crate::steps::registration::is_password_of;
use crate::steps::retry::{MAX_ATTEMPTS, Written, written};
use crate::steps::security_log::note;
use crate::steps::ticket::link_with_ticket;
use crate::time::Entropy;

/// An open reset link, as its page may know it: nothing of the chart.
pub struct OpenReset {
    /// The record.
    pub link: Link,
    /// The practice.
    pub practice: Practice,
    /// The security question, where the practice allows it and the person set one.
    pub question: Option<Line>,
}

impl OpenReset {
    /// Ways a code can go.
    pub fn ways(&self) -> &[CodeWay] {
        self.link.second.as_ref().map_or(&[], |second| &second.ways)
    }
}

fn id_of(context: &Context, token: &str) -> Result<LinkId, Refusal> {
    parse_token(token, Purpose::Reset, &context.keyring).ok_or(Refusal::LinkUnavailable)
}

/// Opens a reset link: one read, no write; one more where the practice allows security questions.
pub async fn view_reset<S>(app: &App<S>, token: &str) -> Result<OpenReset, Failure>
where
    S: Links + Practices + Accounts,
{
    let App { context, store } = app;
    let id = id_of(context, token)?;
    let link =
        store.link(id).await?.filter(|link| link.is_open(context.now())).ok_or(Refusal::LinkUnavailable)?;
    let practice = store.practice(&link.practice).await?.ok_or(Failure::Broken("practice"))?;
    let question = match link.account.filter(|_| practice.settings.security_question) {
        Some(account) => store.account(account).await?.and_then(|account| account.security),
        None => None,
    };
    Ok(OpenReset { link, practice, question: question.map(|security| security.question) })
}

/// The practice whose page a visitor with this ticket sees. A ticket outlives its link's expiry, and so does the page.
/// `None` if the ticket no longer works while the link does: then the visitor starts again.
pub async fn view_reset_with_ticket<S: Links + Practices>(
    app: &App<S>,
    token: &str,
    ticket: &str,
) -> Result<Option<Practice>, Failure> {
    let App { context, store } = app;
    let Some((link, _)) = link_with_ticket(app, id_of(context, token)?, ticket).await? else {
        return Ok(None);
    };
    Ok(Some(store.practice(&link.practice).await?.ok_or(Failure::Broken("practice"))?))
}

/// A code on its way.
pub struct ResetCodeSent {
    /// Seconds until another may be asked for.
    pub resend_after: i64,
}

/// Sends a code, on another channel than the link's.
pub async fn send_code<S>(
    app: &App<S>,
    peer: &str,
    token: &str,
    channel: Channel,
) -> Result<ResetCodeSent, Failure>
where
    S: Limits + Links + Practices + Commit,
{
    let App { context, store } = app;
    let now = context.now();
    let link = rate_limited_link(app, peer, token, Purpose::Reset).await?.filter(|link| link.is_open(now));
    let link = link.ok_or(Refusal::LinkUnavailable)?;
    let practice = store.practice(&link.practice).await?.ok_or(Failure::Broken("practice"))?;
    let second = link.second.clone().unwrap_or_default();
    if !second.ways.iter().any(|way| way.channel == channel) {
        return Err(Refusal::BadRequest(vec![FieldFault::of("channel", "unavailable")]).into());
    }
    let code = next_code(context, &link, channel, practice.settings.code_digits)?;
    let message = Message {
        link: Some(link.id),
        code: Some(code.number),
        ..message_about(
            context,
            link.practice.clone(),
            link.patient.clone(),
            Template::Code,
            to_holder(&link, channel),
        )
    };
    let mut writes = vec![Write::SendCode { id: link.id, code, at: now }, Write::Queue(message)];
    let phone = match channel {
        Channel::Sms => second.text_digest,
        Channel::Voice => second.call_digest,
        Channel::Email | Channel::Print => None,
    };
    let phone_limit = phone.map(|digest| Counter::of_digest(PHONE, &digest, now));
    writes.extend(phone_limit.map(Write::Count));
    match written(store, &writes, None).await? {
        Written::Done => Ok(ResetCodeSent { resend_after: RESEND_SECONDS }),
        Written::Lost(lost) => {
            lost.within_limits(now)?;
            // Another code was asked for at the same time: this one need not go.
            Err(Refusal::TooManyRequests(RESEND_SECONDS).into())
        }
    }
}

/// Where a code goes. The link's `invitee` is set if the account is a representative's: codes then go to the
/// account's own contact, otherwise to the patient's contact on the chart.
fn to_holder(link: &Link, channel: Channel) -> Reach {
    let is_patients = link.invitee.is_none();
    let to = if is_patients {
        Recipient::Patient
    } else {
        link.account.map_or(Recipient::Link, Recipient::Account)
    };
    Reach { to, channel }
}

/// A visitor who passed the second check.
pub struct SecondCheckPassed {
    /// What lets them choose a password.
    pub ticket: String,
}

/// What a reset's ticket says, so that the last step reads all that it changes at once. Sealed, bound to the link.
#[derive(Serialize, Deserialize)]
struct SealedTicket {
    secret: String,
    practice: PracticeId,
    patient: PatientId,
    account: AccountId,
}

impl SealedTicket {
    fn bound_to(link: LinkId) -> Vec<u8> {
        [b"reset-ticket".as_slice(), &link.to_bytes()].concat()
    }

    fn open(context: &Context, link: LinkId, sealed: &str) -> Option<Self> {
        context.keyring.open_json(&Self::bound_to(link), sealed)
    }
}

/// A ticket for the holder of `link`, and the text to show. A ticket for a code is the same for the same code, so that a
/// double click gets one ticket.
fn ticket(context: &Context, link: &Link, code: Option<SentCode>) -> Result<(Ticket, String), Refusal> {
    let derived = match &code {
        Some(code) => Some(link.ticket_secret(code, &context.keyring).ok_or(Refusal::CodeRejected)?),
        None => None,
    };
    let carried = SealedTicket {
        secret: match &derived {
            Some(secret) => BASE64URL_NOPAD.encode(secret),
            None => new_secret(&*context.entropy).to_string(),
        },
        practice: link.practice.clone(),
        patient: link.patient.clone(),
        account: link.account.ok_or(Refusal::LinkUnavailable)?,
    };
    let bound_to = SealedTicket::bound_to(link.id);
    let text = match derived {
        Some(secret) => context.keyring.seal_json(&bound_to, &carried, &Derived(secret)),
        None => context.keyring.seal_json(&bound_to, &carried, &*context.entropy),
    };
    let expires_at = context.now().plus_seconds(TICKET_SECONDS);
    Ok((Ticket { digest: digest(text.as_bytes()), expires_at, role: Role::Patient, code }, text))
}

/// Bytes derived from a code in the place of random ones. They seal only the one text that belongs to this code, so no two
/// texts are sealed with the same nonce.
struct Derived([u8; 32]);

impl Entropy for Derived {
    fn fill(&self, bytes: &mut [u8]) {
        for (byte, derived) in bytes.iter_mut().zip(self.0.iter().cycle()) {
            *byte = *derived;
        }
    }
}

/// What the visitor gets whose code was accepted just now, for the same code sent again.
fn repeated(context: &Context, link: &Link, entered: &str) -> Option<String> {
    let (given, code) = link.repeated_code(context.now())?;
    let (again, text) = ticket(context, link, Some(*code)).ok()?;
    (is_right_code(context, link, code, entered) && again.digest == given.digest).then_some(text)
}

/// Checks a code.
pub async fn check_code<S>(
    app: &App<S>,
    peer: &str,
    token: &str,
    entered: &str,
) -> Result<SecondCheckPassed, Failure>
where
    S: Limits + Links + Practices + Chain + Commit,
{
    let App { context, store } = app;
    let now = context.now();
    let id = id_of(context, token).ok();
    let tried = async {
        match id {
            Some(id) => store.try_code(id, now).await,
            None => Ok(None),
        }
    };
    let tried = rate_limited(app, peer, tried).await?;
    let CodeTry { link, counted: may_try } = tried.ok_or(Refusal::LinkUnavailable)?;
    let wrong_today = Counter::of_patient(&link.practice, &link.patient, now, &context.keyring);
    if let Err(refusal) = wrong_today.check_before(store.count(&wrong_today).await?, now) {
        if may_try {
            store.give_back_code(link.id).await?;
        }
        return Err(refusal.into());
    }
    if !may_try {
        if let Some(ticket) = repeated(context, &link, entered) {
            return Ok(SecondCheckPassed { ticket });
        }
        if link.repeated_code(now).is_some() {
            // A guess at the code that has just been used is a guess like any other.
            store.raise(&wrong_today, 1).await?;
        }
        note(&Security::at_link(What::CodeWrong, &link));
        let refusal = if link.is_open(now) { Refusal::CodeRejected } else { Refusal::LinkUnavailable };
        return Err(refusal.into());
    }
    let code = link.code.ok_or(Refusal::CodeRejected)?;
    if !is_right_code(context, &link, &code, entered) {
        note(&Security::at_link(What::CodeWrong, &link));
        store.raise(&wrong_today, 1).await?;
        return Err(Refusal::CodeRejected.into());
    }
    let (ticket, text) = ticket(context, &link, Some(code))?;
    let pass = Write::PassCode { id: link.id, number: code.number, ticket };
    let entry = visitor_event(&link, now, Action::CodeConfirmed, code.channel.as_str());
    let passed = pass_second_check(app, &link, pass, entry, text, Refusal::CodeRejected).await;
    let Err(Failure::Refused(Refusal::CodeRejected)) = passed else { return passed };
    // Another click may have been faster by a moment.
    let again = store.link(link.id).await?.and_then(|link| repeated(context, &link, entered));
    Ok(SecondCheckPassed { ticket: again.ok_or(Refusal::CodeRejected)? })
}

/// Writes that a check was passed, with its event: after the end of the chain as the link knows it, which is still the
/// end unless something else happened to the patient meanwhile.
async fn pass_second_check<S: Chain + Practices + Commit>(
    app: &App<S>,
    link: &Link,
    pass: Write,
    entry: Entry,
    ticket: String,
    too_late: Refusal,
) -> Result<SecondCheckPassed, Failure> {
    let App { context, store } = app;
    let subject = Subject::Patient(link.patient.clone());
    let mut head = link.second.as_ref().map_or_else(Head::default, |second| second.head.clone());
    for _ in 0..MAX_ATTEMPTS {
        let event = entry.clone().after(&head, &context.keyring);
        match written(store, &[pass.clone(), Write::Append(event)], None).await? {
            Written::Done => return Ok(SecondCheckPassed { ticket }),
            Written::Lost(lost) if lost.contains(Record::Link) => return Err(too_late.into()),
            Written::Lost(_) => head = store.head(&link.practice, &subject).await?,
        }
    }
    Err(Failure::Unavailable)
}

/// What a visitor states who has no phone at hand.
pub struct SecurityAnswer {
    /// The birth date: the patient's.
    pub birth_date: Option<BirthDate>,
    /// The answer to the security question.
    pub answer: Option<String>,
    /// The code that staff told.
    pub access_code: Option<String>,
}

/// Checks birth date and security answer, or birth date and the code from staff. An empty form spends nothing.
pub async fn check_answer<S>(
    app: &App<S>,
    peer: &str,
    token: &str,
    stated: &SecurityAnswer,
) -> Result<SecondCheckPassed, Failure>
where
    S: Limits + Links + Practices + Resets + Chain + Commit,
{
    let App { context, store } = app;
    let now = context.now();
    let (Some(birth_date), true) =
        (stated.birth_date, stated.answer.is_some() || stated.access_code.is_some())
    else {
        rate_limited_link(app, peer, token, Purpose::Reset)
            .await?
            .filter(|l| l.is_open(now))
            .ok_or(Refusal::LinkUnavailable)?;
        let mut missing = Vec::new();
        if stated.birth_date.is_none() {
            missing.push(FieldFault::of("birth_date", "required"));
        }
        if stated.answer.is_none() && stated.access_code.is_none() {
            missing.push(FieldFault::of("answer", "required"));
        }
        return Err(Refusal::BadRequest(missing).into());
    };
    let id = id_of(context, token).ok();
    let tried = async {
        match id {
            Some(id) => store.try_facts(id, now).await,
            None => Ok(None),
        }
    };
    let link = rate_limited(app, peer, tried).await?.ok_or(Refusal::LinkUnavailable)?;
    let account = link.account.ok_or(Refusal::LinkUnavailable)?;
    let wrong_today = Counter::of_patient(&link.practice, &link.patient, now, &context.keyring);
    let (found, tried) =
        join!(store.holder(&link.practice, &link.patient, account), store.count(&wrong_today));
    if let Err(refusal) = wrong_today.check_before(tried?, now) {
        // Nothing was compared, so the link's try is given back.
        store.failed_check(link.id, None, true).await?;
        return Err(refusal.into());
    }
    let (patient, account) = found?;
    let (patient, account) = patient.zip(account).ok_or(Refusal::LinkUnavailable)?;
    let practice = store.practice(&link.practice).await?.ok_or(Failure::Broken("practice"))?;

    let mut wrong = Vec::new();
    if birth_date != patient.chart.birth_date {
        wrong.push(Fact::BirthDate);
    }
    if let Some(code) = &stated.access_code {
        let right = link.access_code(&context.keyring).is_some_and(|right| same(&right, code));
        wrong.extend((!right).then_some(Fact::AccessCode));
    } else {
        let answer = answer_of(stated.answer.as_deref().unwrap_or_default());
        let security = account.security.as_ref().filter(|_| practice.settings.security_question);
        let right = security.is_some_and(|security| security.answer.matches(&answer, &context.keyring));
        wrong.extend((!right).then_some(Fact::SecurityAnswer));
    }
    if !wrong.is_empty() {
        note(&Security::at_link(What::FactsWrong(wrong.clone()), &link));
        let check = FailedCheck { at: now, facts: wrong };
        let (failed, raised) =
            join!(store.failed_check(link.id, Some(check), false), store.raise(&wrong_today, 1));
        failed?;
        raised?;
        return Err(Refusal::VerificationFailed.into());
    }
    let how = if stated.access_code.is_some() { "access_code" } else { "security_answer" };
    let (ticket, text) = ticket(context, &link, None)?;
    let pass =
        Write::PassFacts { id: link.id, at: now, proofs: link.proofs, ticket: Some(ticket), counted: true };
    let entry = visitor_event(&link, now, Action::IdentityConfirmed, how);
    pass_second_check(app, &link, pass, entry, text, Refusal::LinkUnavailable).await
}

/// To choose a new password.
pub struct NewPassword {
    /// The ticket.
    pub ticket: String,
    /// The password.
    pub password: Password,
}

/// A password that was set.
#[expect(missing_docs, reason = "the names say it")]
pub struct PasswordSet {
    pub practice: Practice,
    /// The cookie that makes the browser a known one from now on: whoever resets has proved more than a password.
    pub browser: Option<String>,
    /// Whether others may see the holder's record too.
    pub has_representatives: bool,
}

/// Sets the password. Nobody is signed in by it. A refused password spends nothing.
pub async fn set_password<S>(
    app: &App<S>,
    peer: &str,
    token: &str,
    command: &NewPassword,
) -> Result<PasswordSet, Failure>
where
    S: Limits + Resets + Practices + Accounts + Chain + Commit,
{
    let App { context, store } = app;
    let now = context.now();
    let id = id_of(context, token).ok();
    let carried = id.and_then(|id| Some((id, SealedTicket::open(context, id, &command.ticket)?)));
    let mut raised = false;
    for _ in 0..MAX_ATTEMPTS {
        let read = async {
            match &carried {
                Some((id, held)) => store.reset(*id, &held.practice, &held.patient, held.account).await,
                None => Ok((None, None, None)),
            }
        };
        let found = if raised {
            read.await?
        } else {
            raised = true;
            rate_limited(app, peer, read).await?
        };
        let (Some(link), Some(patient), Some(account)) = found else {
            return Err(Refusal::LinkUnavailable.into());
        };
        if link.was_just_used(&command.ticket, now)
            && is_password_of(app, &account, &command.password).await?
        {
            // The same form, sent twice: a double click is one click.
            let practice = store.practice(&link.practice).await?.ok_or(Failure::Broken("practice"))?;
            return Ok(password_set(context, practice, &patient, &account));
        }
        let over = account.anew_at.is_some_and(|at| link.created_at <= at);
        if link.honours(&command.ticket, now).is_none() || !account.has_access() || over {
            return Err(Refusal::LinkUnavailable.into());
        }
        let practice = store.practice(&link.practice).await?.ok_or(Failure::Broken("practice"))?;
        let Chosen { mut writes, account } =
            chosen(context, &practice, &link, &patient, account, &command.password)?;
        if patient.offers.iter().any(|offer| offer.by == Some(account.id)) {
            let head = store.head(&link.practice, &Subject::Patient(patient.id.clone())).await?;
            end_offers(context, &practice, patient.clone(), account.id, head, &mut writes);
        }
        match written(store, &writes, None).await? {
            Written::Done => return Ok(password_set(context, practice, &patient, &account)),
            // The link was used or ended meanwhile; the next reading tells which.
            Written::Lost(_) => {}
        }
    }
    Err(Failure::Unavailable)
}

fn password_set(context: &Context, practice: Practice, patient: &Patient, account: &Account) -> PasswordSet {
    let browser = known_browser(context, account);
    let is_own = account.own_patient().as_ref() == Some(&patient.id);
    let has_representatives = is_own && patient.has_representatives();
    PasswordSet { practice, browser, has_representatives }
}

/// The writes of a new password, and the account with it.
struct Chosen {
    writes: Vec<Write>,
    account: Account,
}

fn chosen(
    context: &Context,
    practice: &Practice,
    link: &Link,
    patient: &Patient,
    mut account: Account,
    password: &Password,
) -> Result<Chosen, Failure> {
    let now = context.now();
    let username = Username::parse(&account.username).map_err(|_| Failure::Broken("username"))?;
    check_password(password, practice, &username.name, &patient.chart, own_words(&account))?;
    let ticket = link.ticket.as_ref().map(|ticket| ticket.digest.clone()).unwrap_or_default();
    let mut writes = vec![Write::AcceptLink { id: link.id, ticket, at: now }];
    writes.push(Write::SetPassword(crate::model::account::Login {
        practice: account.practice.clone(),
        name: username.name.clone(),
        account: account.id,
        password: password.hash(context.hash_cost, &context.keyring, &*context.entropy),
    }));
    writes.push(Write::ForgetAttempts(sign_in_key(&account.practice, &username.name, &context.keyring)));
    writes.extend(end_sessions_and_links(&mut account, now));
    account.temporary = None;
    account.reset_at = Some(now);
    writes.extend(notify_holder(context, &account, patient, Template::PasswordChanged));
    let detail = vec![("invitation_id", link.id.to_string())];
    account_changed(context, &mut account, Action::PasswordChanged, By::visitor(), detail, &mut writes);
    Ok(Chosen { writes, account })
}

/// Ends the invitations that sessions of this account made: whoever had the password may have made them.
fn end_offers(
    context: &Context,
    practice: &Practice,
    mut patient: Patient,
    account: AccountId,
    mut head: Head,
    writes: &mut Vec<Write>,
) {
    let now = context.now();
    let (theirs, others): (Vec<Offer>, Vec<Offer>) =
        patient.offers.drain(..).partition(|offer| offer.by == Some(account));
    patient.offers = others;
    for (place, offer) in theirs.iter().enumerate() {
        writes.push(Write::EndLink { id: offer.link, to: LinkState::Cancelled, at: now });
        let detail = vec![("invitation_id", offer.link.to_string())];
        let entry = patient.entry(now, By::visitor(), Action::InvitationCancelled, detail);
        if place + 1 == theirs.len() {
            patient_changed(context, &practice.settings, &mut patient, &head, entry, writes);
        } else {
            let event = entry.after(&head, &context.keyring);
            head = event.head();
            writes.push(Write::Append(event));
        }
    }
}
