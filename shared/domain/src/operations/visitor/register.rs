//! `register`: at the end of a link: a new account for the patient or a representative; or, on a restored link, a new
//! password and everything back.

use futures_util::join;

use crate::context::{App, Context};
use crate::model::account::{Account, Login, Security, TERMS_VERSION, Terms, answer_of};
use crate::model::audit::{Action, By, Entry, Head, Subject};
use crate::model::browser::Browser;
use crate::model::chart::Channel;
use crate::model::grant::{Grant, GrantState, Level, Relationship};
use crate::model::ids::AccountId;
use crate::model::limit::{Counter, OWN_MAIL, TAKEN_USERNAMES, sign_in_key};
use crate::model::link::{Invitee, Kind, Link, LinkState, Purpose, Role};
use crate::model::message::Template;
use crate::model::password::Password;
use crate::model::patient::{AccountRef, Patient, RevokeReason, address_digest};
use crate::model::person::{Address, Email, Line, Name, Phone};
use crate::model::practice::Practice;
use crate::model::refusal::{Failure, FieldFault, Refusal};
use crate::model::session::Session;
use crate::model::username::{Username, alternatives};
use crate::ports::{
    Accounts, Addresses, Chain, Commit, Limits, Links, Listing, Patients, Practices, Record, Write,
};
use crate::steps::change::patient_changed;
use crate::steps::credentials::{check_password, end_sessions_and_links, known_browser, own_words};
use crate::steps::invitation::{end_resets, restore_grants};
use crate::steps::notice::{notice_channel, notify_patient, to_patient};
use crate::steps::own_address::{address_link, confirm_address, welcome};
use crate::steps::public_post::rate_limited_link;
use crate::steps::registration::{
    Registered, RegistrationOutcome, RegistrationPlan, SentAgain, accepted_just_now, guardian_hold,
    is_password_of, must_wait, self_declared_level, ticket_digest, used_up,
};
use crate::steps::retry::{MAX_ATTEMPTS, Written, written};

/// What a representative says of themselves.
pub struct Representative {
    /// What they are to the patient.
    pub relationship: Relationship,
    /// Their first name.
    pub given_name: Name,
    /// Their last name.
    pub family_name: Name,
    /// Their e-mail address.
    pub email: Email,
    /// Their mobile phone.
    pub mobile_phone: Option<Phone>,
}

/// To register.
pub struct Register {
    /// The ticket.
    pub ticket: String,
    /// The user name; a restored link keeps the one there is.
    pub username: Option<String>,
    /// The password.
    pub password: Password,
    /// Whether the terms were accepted.
    pub accept_terms: bool,
    /// Present exactly if a representative registers.
    pub representative: Option<Representative>,
    /// A security question and its answer, where the practice has them.
    pub security: Option<(Line, String)>,
    /// The language of the page, `en` or `es`.
    pub language: &'static str,
    /// The browser, if it is one that we know.
    pub browser: Option<Browser>,
}

/// Registers. A refused user name or password spends nothing.
pub async fn register<S>(
    app: &App<S>,
    peer: &str,
    token: &str,
    command: &Register,
) -> Result<RegistrationOutcome, Failure>
where
    S: Limits + Links + Patients + Addresses + Practices + Accounts + Chain + Commit,
{
    let App { context, store } = app;
    let now = context.now();
    let link = rate_limited_link(app, peer, token, Purpose::Invitation).await?;
    let link = link.ok_or(Refusal::LinkUnavailable)?;
    let Some(ticket) = link.honours(&command.ticket, now).cloned() else {
        let done = accepted_just_now(app, &link, sent_again(command)).await?;
        return done.ok_or_else(|| Refusal::LinkUnavailable.into());
    };
    let practice = store.practice(&link.practice).await?.ok_or(Failure::Broken("practice"))?;
    require_fields(command, ticket.role, &link)?;
    check_security(command, &practice)?;

    // A code goes to the address that a representative gives, unless that address has had enough of them today.
    let mut may_mail = true;
    for _ in 0..MAX_ATTEMPTS {
        let subject = Subject::Patient(link.patient.clone());
        let (patient, head) =
            join!(store.patient(&link.practice, &link.patient), store.head(&link.practice, &subject));
        let usable = |patient: &Patient| patient.suspension().is_none() && patient.invites_by(link.id);
        let patient = patient?.filter(usable).ok_or(Refusal::LinkUnavailable)?;
        let head = head?;
        let role = if link.account.is_some() { Role::Patient } else { ticket.role };
        let waits = must_wait(app, &practice, &patient, &link, role).await?;
        let plan = if let Some(account) = link.account {
            restore_own_account(app, &link, &practice, patient, account, command, &head, waits).await?
        } else {
            enroll(context, &link, &practice, patient, role, command, &head, waits, may_mail)?
        };
        match written(store, &plan.writes, None).await? {
            Written::Done => {
                let Some((session, token)) = plan.session else {
                    return Ok(RegistrationOutcome::Held(Box::new(practice)));
                };
                let account = plan.account;
                let browser = known_browser(context, &account);
                return Ok(RegistrationOutcome::SignedIn(Box::new(Registered {
                    account,
                    session,
                    token,
                    practice,
                    browser,
                })));
            }
            Written::Lost(lost) => {
                if lost.contains(Record::Limit) && may_mail {
                    may_mail = false;
                    continue;
                }
                if lost.username_was_taken() {
                    // By the same form, if it was sent twice.
                    if let Some(link) = store.link(link.id).await?
                        && let Some(done) = accepted_just_now(app, &link, sent_again(command)).await?
                    {
                        return Ok(done);
                    }
                    let tried = Counter::new(TAKEN_USERNAMES, &ticket.digest, now, &context.keyring);
                    tried.check(store.raise(&tried, 1).await?, now)?;
                    return Err(Refusal::UsernameTaken(plan.alternatives).into());
                }
                // The link was used, or died, since it was read; or the patient's record or chain moved: read and decide again.
                let again = store.link(link.id).await?.ok_or(Refusal::LinkUnavailable)?;
                if again.honours(&command.ticket, now).is_none() {
                    let done = accepted_just_now(app, &again, sent_again(command)).await?;
                    return done.ok_or_else(|| Refusal::LinkUnavailable.into());
                }
            }
        }
    }
    Err(Failure::Unavailable)
}

fn sent_again(command: &Register) -> SentAgain<'_> {
    SentAgain {
        ticket: &command.ticket,
        username: command.username.as_deref(),
        password: &command.password,
        family: command.browser.as_ref(),
    }
}

/// Refuses a security answer that is short or equals the user name, and any answer if the practice asks
/// no questions.
fn check_security(command: &Register, practice: &Practice) -> Result<(), Refusal> {
    let Some((_, answer)) = &command.security else { return Ok(()) };
    let fault = |code| Err(Refusal::BadRequest(vec![FieldFault::of("security_answer", code)]));
    let plain = crate::model::person::comparable(answer);
    let name = command.username.as_deref().map(crate::model::person::comparable).unwrap_or_default();
    if !practice.settings.security_question {
        fault("not_allowed")
    } else if plain.chars().count() < 3 {
        fault("too_short")
    } else if plain == name {
        fault("equals_username")
    } else {
        Ok(())
    }
}

fn require_fields(command: &Register, role: Role, link: &Link) -> Result<(), Refusal> {
    let mut faults = Vec::new();
    if !command.accept_terms {
        faults.push(FieldFault::of("accept_terms", "required"));
    }
    if link.kind != Kind::Restored && command.username.is_none() {
        faults.push(FieldFault::of("username", "required"));
    }
    match (role, &command.representative) {
        (Role::Representative, None) if link.account.is_none() && link.invitee.is_none() => {
            for field in ["relationship", "given_name", "family_name", "email"] {
                faults.push(FieldFault::of(field, "required"));
            }
        }
        (Role::Patient, Some(_)) => faults.push(FieldFault::of("relationship", "not_allowed")),
        _ => {}
    }
    if faults.is_empty() { Ok(()) } else { Err(Refusal::BadRequest(faults)) }
}

/// Addresses that a link has proven to be this person's: what a user name with `@` may be.
fn proven<'a>(patient: &'a Patient, link: &Link, who: Option<&'a Invitee>) -> Vec<&'a Email> {
    match who {
        None => patient.chart.email.iter().collect(),
        Some(who) => who.email.as_ref().filter(|email| reached(link, email)).into_iter().collect(),
    }
}

/// Whether this link was mailed to that address.
fn reached(link: &Link, email: &Email) -> bool {
    link.channel == Channel::Email
        && link
            .sent_to
            .as_ref()
            .map(Address::reveal)
            .is_some_and(|to| to.eq_ignore_ascii_case(email.reveal()))
}

/// The address or number on the chart that the code went to which the visitor has entered; `None` if they entered none,
/// or it went to a representative.
fn entered_code_of<'a>(patient: &'a Patient, link: &Link) -> Option<&'a str> {
    let code = link.ticket.as_ref()?.code.as_ref().filter(|_| link.invitee.is_none())?;
    patient.chart.address(code.channel)
}

/// Whether the representative has shown that this number is theirs: the link was texted there, whoever invited them gave
/// it, or the code that they entered went there.
fn proves_phone(patient: &Patient, link: &Link, who: &Invitee) -> bool {
    let Some(number) = who.mobile_phone.as_ref().and_then(Phone::dialable) else { return false };
    let texted =
        link.channel == Channel::Sms && link.sent_to.as_ref().is_some_and(|to| to.reveal() == number);
    let invited = link.invitee.as_ref().and_then(|invited| invited.mobile_phone.as_ref());
    texted
        || invited.and_then(Phone::dialable) == Some(number)
        || entered_code_of(patient, link) == Some(number)
}

#[expect(clippy::too_many_arguments, reason = "one call site; a struct would name each thing twice")]
fn enroll(
    context: &Context,
    link: &Link,
    practice: &Practice,
    mut patient: Patient,
    role: Role,
    command: &Register,
    head: &Head,
    waits: bool,
    may_mail: bool,
) -> Result<RegistrationPlan, Failure> {
    let now = context.now();
    let who = representative_of(link, role, command, self_declared_level(context, practice, &patient));
    let own = proven(&patient, link, who.as_ref());
    let text = command.username.as_deref().unwrap_or_default();
    let username =
        Username::parse_for(text, &own).map_err(|fault| Refusal::UsernameRejected(fault.code()))?;
    let who = who.as_ref();
    let words = who.map(|who| {
        let names = [&who.given_name, &who.family_name].map(|name| name.reveal().to_owned());
        names.into_iter().chain(who.email.as_ref().map(|email| email.reveal().to_owned()))
    });
    check_password(&command.password, practice, &username.name, &patient.chart, words.into_iter().flatten())?;

    let id = AccountId::new(&*context.clock, &*context.entropy);
    let relationship = who.map_or(Relationship::Own, |who| who.relationship);
    let grant = Grant {
        relationship,
        level: who.map_or(Level::Full, |who| who.level),
        state: if waits { GrantState::Held } else { GrantState::Active },
        since: now,
        ended_by: None,
        authority: who.and_then(|who| who.authority.clone()),
    };
    let mut account = Account {
        given_name: who.map(|who| who.given_name.clone()),
        family_name: who.map(|who| who.family_name.clone()),
        email: who.and_then(|who| who.email.clone()),
        email_verified: who.and_then(|who| who.email.as_ref()).is_some_and(|email| {
            let by_code = entered_code_of(&patient, link);
            reached(link, email) || by_code.is_some_and(|to| to.eq_ignore_ascii_case(email.reveal()))
        }),
        mobile_phone: who.and_then(|who| who.mobile_phone.clone()),
        phone_verified: who.is_some_and(|who| proves_phone(&patient, link, who)),
        terms: Some(Terms { version: TERMS_VERSION.to_owned(), accepted_at: now }),
        language: Some(command.language.to_owned()),
        security: command.security.as_ref().map(|(question, answer)| Security {
            question: question.clone(),
            answer: answer_of(answer).hash(context.hash_cost, &context.keyring, &*context.entropy),
        }),
        last_login_at: (!waits).then_some(now),
        ..Account::begin(id, link.practice.clone(), username.shown.clone(), &patient.id, grant)
    };
    let detail = |with: &str, value: String| {
        vec![
            ("invitation_id", link.id.to_string()),
            ("relationship", relationship.as_str().to_owned()),
            ("terms", TERMS_VERSION.to_owned()),
            (if with == "account" { "account_id" } else { "patient_id" }, value),
        ]
    };
    let entry = |subject: Subject, detail| Entry {
        practice: link.practice.clone(),
        subject,
        at: now,
        by: By::visitor(),
        action: if waits { Action::RegistrationHeld } else { Action::AccountRegistered },
        detail,
    };
    let change = entry(Subject::Patient(patient.id.clone()), detail("account", id.to_string()));
    let own_event = entry(Subject::Account(id), detail("patient", patient.id.to_string()))
        .after(&Head::default(), &context.keyring);
    account.head = own_event.head();

    let told = tell_representative(context, practice, &patient, &mut account, may_mail && !waits)?;
    let session = (!waits).then(|| Session::begin(&account, command.browser.clone(), now, &*context.entropy));
    let login = Login {
        practice: link.practice.clone(),
        name: username.name.clone(),
        account: id,
        password: command.password.hash(context.hash_cost, &context.keyring, &*context.entropy),
    };
    patient.accounts.push(AccountRef {
        id,
        username: username.shown.clone(),
        relationship,
        ended_by: None,
        held: waits,
        addresses: who.map(addresses).unwrap_or_default(),
        reset: None,
        until: who.and_then(|who| who.authority.as_ref()?.until),
    });
    used_up(&mut patient, link);
    patient.registered_at = patient.registered_at.or(Some(now));
    if !waits {
        patient.last_login_at = Some(now);
    }

    let mut random = [0; 3];
    context.entropy.fill(&mut random);
    let given = who.map_or(patient.chart.given_name.reveal(), |who| who.given_name.reveal());
    let alternatives = alternatives(&username, given, random);
    let notice = confirmation(context, &patient, link, &username.shown, role).filter(|_| !waits);
    let hold = waits.then(|| guardian_hold(link, &patient, id, now));
    let mut writes = vec![
        Write::AcceptLink { id: link.id, ticket: ticket_digest(link), at: now },
        Write::ClaimUsername(login),
        // What was tried under this name before it was anybody's is not held against its owner.
        Write::ForgetAttempts(sign_in_key(&link.practice, &username.name, &context.keyring)),
        Write::CreateAccount(Box::new(account.clone())),
        Write::Append(own_event),
    ];
    patient_changed(context, &practice.settings, &mut patient, head, change, &mut writes);
    if let Some(email) = account.email.as_ref().map(Email::comparable) {
        writes.push(Write::List(link.practice.clone(), Listing::Account { email, account: id }));
    }
    writes.extend(session.iter().map(|(session, _)| Write::OpenSession(session.clone())));
    writes.extend(hold.map(Write::Hold));
    writes.extend(notice.map(Write::Queue));
    writes.extend(told);
    Ok(RegistrationPlan { writes, alternatives, account, session })
}

/// A representative's own welcome. To an address that the link did not prove, a code goes first, if `may_mail`: without
/// an address they could not get in again alone.
fn tell_representative(
    context: &Context,
    practice: &Practice,
    patient: &Patient,
    account: &mut Account,
    may_mail: bool,
) -> Result<Vec<Write>, Refusal> {
    match account.email.clone() {
        Some(_) if account.email_verified => Ok(vec![welcome(context, patient, account)]),
        Some(email) if may_mail => {
            let link = address_link(context, practice, patient, account, &email)?;
            let mut writes = confirm_address(context, patient, account, &link);
            let address = email.reveal().to_lowercase();
            writes.push(Write::Count(Counter::new(OWN_MAIL, &address, context.now(), &context.keyring)));
            Ok(writes)
        }
        _ => Ok(Vec::new()),
    }
}

/// Digests of the addresses that a representative gave.
fn addresses(who: &Invitee) -> Vec<String> {
    [Channel::Email, Channel::Sms]
        .into_iter()
        .filter_map(|way| who.address(way))
        .map(address_digest)
        .collect()
}

/// The representative who registers, with `level` where nobody invited them; `None` for a patient.
fn representative_of(link: &Link, role: Role, command: &Register, level: Level) -> Option<Invitee> {
    let stated = command.representative.as_ref().map(|who| Invitee {
        given_name: who.given_name.clone(),
        family_name: who.family_name.clone(),
        relationship: who.relationship,
        email: Some(who.email.clone()),
        mobile_phone: who.mobile_phone.clone(),
        level,
        authority: None,
    });
    let Some(invited) = link.invitee.clone().filter(|_| role == Role::Representative) else { return stated };
    // Staff decided relationship and level when they invited; the representative gives name and contacts.
    let Invitee { relationship, level, authority, .. } = invited.clone();
    Some(Invitee { relationship, level, authority, ..stated.unwrap_or(invited) })
}

/// The confirmation of a registration, to the contact on the chart: on the link's channel if the chart has an
/// address for it.
fn confirmation(
    context: &Context,
    patient: &Patient,
    link: &Link,
    username: &str,
    role: Role,
) -> Option<crate::model::message::Message> {
    let by_link = Some(link.channel).filter(|channel| patient.chart.address(*channel).is_some());
    let channel = by_link.or_else(|| notice_channel(patient))?;
    let mut message = to_patient(context, patient, Template::Registered, channel, None);
    // A representative's user name is not the patient's to know.
    message.usernames = (role == Role::Patient).then(|| username.to_owned()).into_iter().collect();
    Some(message)
}

/// Sets a new password for the patient's own account, and restores the access that a revocation ended; the patient's own
/// only after staff have decided, if it `waits` for them.
#[expect(clippy::too_many_arguments, reason = "one call site; a struct would name each thing twice")]
async fn restore_own_account<S: Accounts>(
    app: &App<S>,
    link: &Link,
    practice: &Practice,
    mut patient: Patient,
    id: AccountId,
    command: &Register,
    head: &Head,
    waits: bool,
) -> Result<RegistrationPlan, Failure> {
    let App { context, store } = app;
    let now = context.now();
    let mut account = store
        .account(id)
        .await?
        .filter(|account| account.deleted_at.is_none())
        .filter(|account| account.grant(&patient.id).is_some_and(|g| g.relationship == Relationship::Own))
        .ok_or(Refusal::LinkUnavailable)?;
    let revocation = patient.revocation.clone().ok_or(Refusal::LinkUnavailable)?;
    let username = Username::parse(&account.username).map_err(|_| Failure::Broken("username"))?;
    check_password(&command.password, practice, &username.name, &patient.chart, own_words(&account))?;
    // Somebody else may know the old one.
    let compromised = revocation.reason == RevokeReason::Compromised;
    if compromised && is_password_of(app, &account, &command.password).await? {
        return Err(Refusal::BadRequest(vec![FieldFault::of("password", "unchanged")]).into());
    }

    // If the password was compromised, restore only this account: staff invite the others one by one.
    let mut back: Vec<AccountRef> =
        patient.accounts.iter().filter(|known| known.ended_by == Some(revocation.id)).cloned().collect();
    if compromised {
        back.retain(|known| known.id == id);
    }
    let mut writes = vec![Write::AcceptLink { id: link.id, ticket: ticket_digest(link), at: now }];
    restore_grants(&mut patient, &back, &practice.settings, &mut writes, now);
    let theirs = patient.accounts.iter_mut().filter(|known| known.id == id);
    end_resets(theirs, LinkState::Superseded, now, &mut writes);
    // The old password may be known to others: end what it opened.
    writes.extend(end_sessions_and_links(&mut account, now));
    account.temporary = None;
    account.terms = Some(Terms { version: TERMS_VERSION.to_owned(), accepted_at: now });
    // This account is replaced as a whole below; of the others only the grants change.
    writes.retain(|write| !matches!(write, Write::RestoreGrant { account, .. } if *account == id));
    if let Some(grant) = account.grants.get_mut(patient.id.as_str()) {
        grant.state = if waits { GrantState::Held } else { GrantState::Active };
        grant.since = now;
        grant.ended_by = None;
    }
    for known in patient.accounts.iter_mut().filter(|known| known.id == id) {
        known.held = waits;
    }
    let entry = |subject: Subject, action| Entry {
        practice: link.practice.clone(),
        subject,
        at: now,
        by: By::visitor(),
        action,
        detail: vec![("invitation_id", link.id.to_string()), ("account_id", id.to_string())],
    };
    let action = if waits { Action::RegistrationHeld } else { Action::AccessRestored };
    let change = entry(Subject::Patient(patient.id.clone()), action);
    let own_event =
        entry(Subject::Account(id), Action::PasswordChanged).after(&account.head, &context.keyring);
    account.head = own_event.head();
    account.version += 1;
    patient.invitation = None;
    if !waits {
        account.last_login_at = Some(now);
        patient.last_login_at = Some(now);
    }

    let session = (!waits).then(|| Session::begin(&account, command.browser.clone(), now, &*context.entropy));
    let key = sign_in_key(&link.practice, &username.name, &context.keyring);
    writes.push(Write::ForgetAttempts(key));
    let login = Login {
        practice: link.practice.clone(),
        name: username.name,
        account: id,
        password: command.password.hash(context.hash_cost, &context.keyring, &*context.entropy),
    };
    if waits {
        writes.push(Write::Hold(guardian_hold(link, &patient, id, now)));
    } else {
        writes.extend(notify_patient(context, &patient, Template::Restored));
    }
    writes.extend([
        Write::SetPassword(login),
        Write::ChangeAccount(Box::new(account.clone())),
        Write::Append(own_event),
    ]);
    writes.extend(session.iter().map(|(session, _)| Write::OpenSession(session.clone())));
    patient_changed(context, &practice.settings, &mut patient, head, change, &mut writes);
    Ok(RegistrationPlan { writes, alternatives: Vec::new(), account, session })
}
