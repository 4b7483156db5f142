//! `manage-account`: what staff do about accounts: registrations that wait for them, search, unlock, delete, and user
//! name and password set by hand.

use futures_util::join;

use crate::chain::append;
use crate::change_account::patients_of;
use crate::context::Context;
use crate::credentials::check_password;
use crate::desk::{Caller, StaffCall, open, repeated};
use crate::invitation::{end_resets, own_back};
use crate::model::account::{Account, Login, TEMPORARY_DAYS, Temporary};
use crate::model::audit::{Action, By, Entry, Head, Subject};
use crate::model::grant::{Grant, GrantState, Level, Relationship};
use crate::model::hold::Hold;
use crate::model::ids::{AccountId, PatientId};
use crate::model::limit::sign_in_key;
use crate::model::link::{Kind, LinkState};
use crate::model::message::Template;
use crate::model::password::Password;
use crate::model::patient::{AccountRef, Patient};
use crate::model::person::Email;
use crate::model::practice::{Practice, Scope};
use crate::model::refusal::{Failure, FieldFault, Refusal};
use crate::model::search::{FoundAccounts, searched};
use crate::model::username::Username;
use crate::notice::{notice_channel, to_patient};
use crate::ports::{
    Accounts, AlsoRead, Chain, Commit, CommitError, DECISIONS, Holds, Limits, Listing, Once, OnceKey,
    Patients, Practices, Search, StaffCalls, Write,
};
use crate::reset::begin_anew;

/// The registrations that wait.
pub async fn holds<S: StaffCalls + Limits + Holds>(
    context: &Context,
    store: &S,
    call: &StaffCall,
) -> Result<Vec<Hold>, Failure> {
    let (caller, _) = open(context, store, call, &[Scope::Accounts], AlsoRead::default()).await?;
    Ok(store.holds(&caller.practice).await?)
}

/// Grants or refuses one; what was decided on.
pub async fn decide<S>(
    context: &Context,
    store: &S,
    call: &StaffCall,
    id: AccountId,
    grant: bool,
) -> Result<Hold, Failure>
where
    S: StaffCalls + Limits + Holds + Patients + Practices + Chain + Commit,
{
    let once = call.once_key(context);
    let along = AlsoRead { once: once.as_ref(), ..AlsoRead::default() };
    for _ in 0..DECISIONS {
        let (caller, opened) = open(context, store, call, &[Scope::Accounts], along).await?;
        caller.actor()?;
        if let Some(made) = repeated(opened.once, once.as_ref(), context.now())? {
            return serde_json::from_str(&made).map_err(|_| Failure::Unavailable);
        }
        let all = store.holds(&caller.practice).await?;
        let hold = all.into_iter().find(|hold| hold.account == id).ok_or(Refusal::NotFound)?;
        let practice = store.practice(&caller.practice).await?.ok_or(Failure::Unavailable)?;
        let subject = Subject::Patient(hold.patient.clone());
        let (patient, head) =
            join!(store.patient(&hold.practice, &hold.patient), store.head(&hold.practice, &subject));
        let mut patient = patient?.ok_or(Refusal::NotFound)?;
        if let Some(reason) = patient.suspension().filter(|_| grant) {
            return Err(Refusal::NotEligible(vec![reason]).into());
        }
        let now = context.now();
        let username =
            patient.accounts.iter().find(|account| account.id == id).map(|account| account.username.clone());
        if grant {
            patient
                .accounts
                .iter_mut()
                .filter(|account| account.id == id)
                .for_each(|account| account.held = false);
        } else {
            patient.accounts.retain(|account| account.id != id);
        }
        let entry = Entry {
            practice: hold.practice.clone(),
            subject,
            at: now,
            by: caller.by(),
            action: if grant { Action::HoldGranted } else { Action::HoldRefused },
            detail: vec![("account_id", id.to_string())],
        };
        let event = entry.after(&head?, &context.keyring);
        patient.head = event.head();
        patient.version += 1;
        let mut writes = vec![
            Write::DecideHold { hold: hold.clone(), granted: grant.then_some(now) },
            Write::Append(event),
        ];
        if let Some(channel) = notice_channel(&patient).filter(|_| grant) {
            let mut message = to_patient(context, &patient, Template::Registered, channel, None);
            message.usernames = username.into_iter().collect();
            writes.push(Write::Queue(message));
        }
        if let Some(key) = once.clone() {
            // The hold is gone once it is decided on: what the answer says of it lies in the marker, ids all of it.
            let decided = serde_json::to_string(&hold).unwrap_or_default();
            writes.push(Write::Once(Once::new(key, &decided, now)));
        }
        let status = patient.status(&practice.settings);
        writes.push(Write::ChangePatient(Box::new(patient), status));
        match store.commit(&writes).await {
            Ok(()) => return Ok(hold),
            Err(CommitError::Lost(_)) => {}
            Err(CommitError::Contended) if once.is_some() => {
                return Err(Refusal::IdempotencyInProgress.into());
            }
            Err(CommitError::Contended | CommitError::Unavailable) => return Err(Failure::Unavailable),
        }
    }
    Err(Failure::Unavailable)
}

/// A page of accounts.
pub struct AccountsPage {
    /// What was found, in order of what it was found by.
    pub found: Vec<FoundAccounts>,
    /// What to ask for the next page with; none at the end.
    pub next_cursor: Option<String>,
}

/// Finds accounts by what was typed: the beginning of a patient's id, a user name, an e-mail address or a name, present
/// or former. One read a page, however many patients the practice has.
pub async fn search<S>(
    context: &Context,
    store: &S,
    call: &StaffCall,
    typed: &str,
    cursor: Option<&str>,
) -> Result<AccountsPage, Failure>
where
    S: StaffCalls + Limits + Search,
{
    let bound_to = format!("accounts\n{}\n{typed}", call.key.claimed).into_bytes();
    let after = cursor.map(|sealed| {
        let plain = context.keyring.open(&bound_to, sealed).and_then(|plain| String::from_utf8(plain).ok());
        plain.ok_or_else(|| Refusal::BadRequest(vec![FieldFault::of("cursor", "invalid")]))
    });
    let wanted = searched(typed);
    let read = async {
        match (&wanted, &after) {
            (Some(wanted), None) => store.found(&call.key.claimed, wanted, None).await,
            (Some(wanted), Some(Ok(after))) => store.found(&call.key.claimed, wanted, Some(after)).await,
            (None, _) | (_, Some(Err(_))) => Ok((Vec::new(), None)),
        }
    };
    let (opened, page) = join!(open(context, store, call, &[Scope::Accounts], AlsoRead::default()), read);
    opened?;
    after.transpose()?;
    if wanted.is_none() {
        return Err(Refusal::BadRequest(vec![FieldFault::of("q", "required")]).into());
    }
    let (found, next) = page?;
    let next_cursor = next.map(|next| context.keyring.seal(&bound_to, next.as_bytes(), &*context.entropy));
    Ok(AccountsPage { found, next_cursor })
}

/// Whether a user name could be given to somebody.
pub struct NameCheck {
    /// Whether it may be one at all.
    pub valid: bool,
    /// Whether nobody of the practice has it.
    pub available: bool,
}

/// Looks at a user name as it is typed.
pub async fn check_username<S>(
    context: &Context,
    store: &S,
    call: &StaffCall,
    typed: &str,
) -> Result<NameCheck, Failure>
where
    S: StaffCalls + Limits + Accounts,
{
    let username = Username::parse(typed).ok();
    let name = username.as_ref().map_or("?", |username| username.name.as_str());
    let (opened, login) = join!(
        open(context, store, call, &[Scope::Accounts], AlsoRead::default()),
        store.login(&call.key.claimed, name)
    );
    opened?;
    let taken = login?.is_some();
    Ok(NameCheck { valid: username.is_some(), available: username.is_some() && !taken })
}

/// Opens a call about an account of the caller's practice; of another one's, it is not there. With whether the same
/// idempotency key was used for it before.
async fn account_of<S>(
    context: &Context,
    store: &S,
    call: &StaffCall,
    id: AccountId,
    once: Option<&OnceKey>,
) -> Result<(Caller, Account, bool), Failure>
where
    S: StaffCalls + Limits + Accounts,
{
    let along = AlsoRead { once, ..AlsoRead::default() };
    let (opened, account) = join!(open(context, store, call, &[Scope::Accounts], along), store.account(id));
    let (caller, opened) = opened?;
    caller.actor()?;
    let again = repeated(opened.once, once, context.now())?.is_some();
    let account =
        account?.filter(|account| account.practice == caller.practice && account.deleted_at.is_none());
    Ok((caller, account.ok_or(Refusal::NotFound)?, again))
}

/// Ends the pause after too many wrong passwords, for every browser.
pub async fn unlock<S>(
    context: &Context,
    store: &S,
    call: &StaffCall,
    id: AccountId,
) -> Result<Account, Failure>
where
    S: StaffCalls + Limits + Accounts + Commit,
{
    let once = call.once_key(context);
    for _ in 0..DECISIONS {
        let (caller, mut account, again) = account_of(context, store, call, id, once.as_ref()).await?;
        if again {
            return Ok(account);
        }
        let name = Username::parse(&account.username).map_err(|_| Failure::Unavailable)?.name;
        let mut writes = vec![Write::ForgetAttempts(sign_in_key(&account.practice, &name, &context.keyring))];
        account.attempts_seen = 0;
        account.browsers += 1;
        append(context, &mut account, Action::AccountUnlocked, caller.by(), Vec::new(), &mut writes);
        if let Some(key) = once.clone() {
            writes.push(Write::Once(Once::new(key, &id.to_string(), context.now())));
        }
        match store.commit(&writes).await {
            Ok(()) => return Ok(account),
            Err(CommitError::Lost(_)) => {}
            Err(CommitError::Contended) if once.is_some() => {
                return Err(Refusal::IdempotencyInProgress.into());
            }
            Err(CommitError::Contended | CommitError::Unavailable) => return Err(Failure::Unavailable),
        }
    }
    Err(Failure::Unavailable)
}

/// Deletes an account: its user name is free, its sessions and links are over, its patients can be invited at once. What
/// happened stays in the audit trail.
pub async fn delete<S>(context: &Context, store: &S, call: &StaffCall, id: AccountId) -> Result<(), Failure>
where
    S: StaffCalls + Limits + Accounts + Patients + Practices + Chain + Commit,
{
    let now = context.now();
    for _ in 0..DECISIONS {
        let (caller, mut account, _) = account_of(context, store, call, id, None).await?;
        let practice = store.practice(&caller.practice).await?.ok_or(Failure::Unavailable)?;
        let name = Username::parse(&account.username).map_err(|_| Failure::Unavailable)?.name;
        let mut writes = vec![
            Write::FreeUsername { practice: practice.id.clone(), name: name.clone(), account: id },
            Write::ForgetAttempts(sign_in_key(&practice.id, &name, &context.keyring)),
        ];
        for patient in patients_of(store, &account).await? {
            if patient.accounts.iter().all(|known| known.id != id) {
                continue;
            }
            let head = store.head(&practice.id, &Subject::Patient(patient.id.clone())).await?;
            forget(context, &practice, patient, id, &caller, &head, &mut writes);
        }
        writes.extend(begin_anew(&mut account, now));
        if let Some(email) = account.email.as_ref().map(Email::comparable) {
            writes.push(Write::Unlist(practice.id.clone(), Listing::Account { email, account: id }));
        }
        for grant in account.grants.values_mut() {
            if grant.state == GrantState::Held {
                writes.push(Write::DropHold { practice: practice.id.clone(), account: id });
            }
            grant.state = GrantState::Ended;
        }
        account.deleted_at = Some(now);
        append(context, &mut account, Action::AccountDeleted, caller.by(), Vec::new(), &mut writes);
        match store.commit(&writes).await {
            Ok(()) => return Ok(()),
            Err(CommitError::Lost(_)) => {}
            Err(CommitError::Contended | CommitError::Unavailable) => return Err(Failure::Unavailable),
        }
    }
    Err(Failure::Unavailable)
}

/// Takes an account off a patient's record.
fn forget(
    context: &Context,
    practice: &Practice,
    mut patient: Patient,
    id: AccountId,
    caller: &Caller,
    head: &Head,
    writes: &mut Vec<Write>,
) {
    let now = context.now();
    let theirs = patient.accounts.iter_mut().filter(|known| known.id == id);
    end_resets(theirs, LinkState::Cancelled, now, writes);
    // A link that was to bring this account back has nothing to bring back.
    let returning = own_back(&patient).is_some_and(|known| known.id == id);
    if let Some(current) = patient.invitation.take_if(|current| returning && current.kind == Kind::Restored) {
        writes.push(Write::CloseLink { id: current.link, to: LinkState::Cancelled, at: now });
    }
    patient.accounts.retain(|known| known.id != id);
    if patient.accounts.is_empty() {
        patient.registered_at = None;
        patient.last_login_at = None;
    }
    let entry = Entry {
        practice: patient.practice.clone(),
        subject: Subject::Patient(patient.id.clone()),
        at: now,
        by: caller.by(),
        action: Action::AccountDeleted,
        detail: vec![("account_id", id.to_string())],
    };
    let event = entry.after(head, &context.keyring);
    patient.head = event.head();
    patient.version += 1;
    let status = patient.status(&practice.settings);
    writes.push(Write::ChangePatient(Box::new(patient), status));
    writes.push(Write::Append(event));
}

/// User name and password that staff give to a patient at the desk.
pub struct Credentials {
    /// To whom.
    pub patient: PatientId,
    /// The user name.
    pub username: String,
    /// A password for seven days or the first sign-in, whichever is first.
    pub password: Password,
}

/// Sets user name and a temporary password: for the account that the patient has, or for a new one. No address is
/// needed. Who has an account is signed out everywhere.
pub async fn set_credentials<S>(
    context: &Context,
    store: &S,
    call: &StaffCall,
    command: &Credentials,
) -> Result<(Account, Patient), Failure>
where
    S: StaffCalls + Limits + Accounts + Practices + Chain + Commit,
{
    let subject = Subject::Patient(command.patient.clone());
    let along = AlsoRead { patient: Some(&command.patient), ..AlsoRead::default() };
    for _ in 0..DECISIONS {
        let (opened, head) = join!(
            open(context, store, call, &[Scope::Accounts], along),
            store.head(&call.key.claimed, &subject)
        );
        let (caller, opened) = opened?;
        caller.actor()?;
        let patient = opened.patient.ok_or(Refusal::NotFound)?;
        let practice = store.practice(&caller.practice).await?.ok_or(Failure::Unavailable)?;
        may_be_given(context, &practice, &patient)?;
        let own = patient.chart.email.iter().collect::<Vec<_>>();
        let username = Username::parse_for(&command.username, &own)
            .map_err(|fault| Refusal::UsernameRejected(fault.code()))?;
        check_password(&command.password, &practice, &username.name, &patient.chart, [])?;
        let existing = match patient.own_account() {
            Some(own) => store.account(own.id).await?,
            None => None,
        };
        let given = give(context, &practice, patient, existing, &username, command, &caller, &head?)?;
        match store.commit(&given.writes).await {
            Ok(()) => return Ok((given.account, given.patient)),
            Err(CommitError::Lost(places)) if places.iter().any(|place| given.claims(*place)) => {
                return Err(Refusal::UsernameTaken(Vec::new()).into());
            }
            Err(CommitError::Lost(_)) => {}
            Err(CommitError::Contended | CommitError::Unavailable) => return Err(Failure::Unavailable),
        }
    }
    Err(Failure::Unavailable)
}

/// Not for whom the office keeps out, and not for a child; a missing address is no reason.
fn may_be_given(context: &Context, practice: &Practice, patient: &Patient) -> Result<(), Refusal> {
    let mut reasons = patient.refusals(crate::model::chart::Channel::Print, &practice.settings);
    reasons.retain(|reason| *reason != crate::model::patient::Reason::Declined);
    if !reasons.is_empty() {
        return Err(Refusal::NotEligible(reasons));
    }
    if patient.revocation.is_some() {
        return Err(Refusal::Conflict("access_revoked"));
    }
    if patient.chart.birth_date.age(context.now()) < practice.settings.adolescent_age {
        return Err(Refusal::RepresentativeRequired);
    }
    let held = patient.accounts.iter().any(|account| account.held);
    if held { Err(Refusal::Conflict("already_registered")) } else { Ok(()) }
}

struct Given {
    account: Account,
    patient: Patient,
    writes: Vec<Write>,
}

impl Given {
    fn claims(&self, place: usize) -> bool {
        matches!(self.writes.get(place), Some(Write::ClaimUsername(_)))
    }
}

#[expect(clippy::too_many_arguments, reason = "one call site; a struct would name each thing twice")]
fn give(
    context: &Context,
    practice: &Practice,
    mut patient: Patient,
    existing: Option<Account>,
    username: &Username,
    command: &Credentials,
    caller: &Caller,
    head: &Head,
) -> Result<Given, Failure> {
    let now = context.now();
    let mut writes = Vec::new();
    let is_new = existing.is_none();
    let mut account = existing.unwrap_or_else(|| new_account(context, practice, &patient, username));
    let login = Login {
        practice: practice.id.clone(),
        name: username.name.clone(),
        account: account.id,
        password: command.password.hash(&context.keyring, &*context.entropy),
    };
    let old = Username::parse(&account.username).map_err(|_| Failure::Unavailable)?.name;
    if !is_new && old == username.name {
        writes.push(Write::SetPassword(login));
    } else {
        if !is_new {
            let practice = practice.id.clone();
            writes.push(Write::FreeUsername { practice, name: old, account: account.id });
        }
        writes.push(Write::ClaimUsername(login));
    }
    writes.push(Write::ForgetAttempts(sign_in_key(&practice.id, &username.name, &context.keyring)));
    account.username.clone_from(&username.shown);
    writes.extend(begin_anew(&mut account, now));
    account.temporary = Some(Temporary { until: now.plus_hours(TEMPORARY_DAYS * 24), used: false });

    let theirs = patient.accounts.iter_mut().filter(|known| known.id == account.id);
    end_resets(theirs, LinkState::Cancelled, now, &mut writes);
    if is_new {
        let (id, username) = (account.id, account.username.clone());
        let relationship = Relationship::Own;
        patient.accounts.push(AccountRef {
            id,
            username,
            relationship,
            ended_by: None,
            held: false,
            addresses: Vec::new(),
            reset: None,
        });
        patient.registered_at = patient.registered_at.or(Some(now));
        if let Some(current) = patient.invitation.take() {
            writes.push(Write::CloseLink { id: current.link, to: LinkState::Superseded, at: now });
        }
        patient.declined = None;
    }
    for known in patient.accounts.iter_mut().filter(|known| known.id == account.id) {
        known.username.clone_from(&username.shown);
    }
    let entry = |subject: Subject, by: By| Entry {
        practice: practice.id.clone(),
        subject,
        at: now,
        by,
        action: Action::CredentialsSet,
        detail: vec![("account_id", account.id.to_string())],
    };
    let event = entry(Subject::Patient(patient.id.clone()), caller.by()).after(head, &context.keyring);
    let own_event = entry(Subject::Account(account.id), caller.by()).after(&account.head, &context.keyring);
    patient.head = event.head();
    patient.version += 1;
    account.head = own_event.head();
    writes.extend([Write::Append(event), Write::Append(own_event)]);
    if is_new {
        writes.push(Write::CreateAccount(Box::new(account.clone())));
    } else {
        account.version += 1;
        writes.push(Write::ChangeAccount(Box::new(account.clone())));
    }
    let told = notice_channel(&patient)
        .map(|channel| to_patient(context, &patient, Template::CredentialsSet, channel, None));
    writes.extend(told.map(Write::Queue));
    let status = patient.status(&practice.settings);
    writes.push(Write::ChangePatient(Box::new(patient.clone()), status));
    Ok(Given { account, patient, writes })
}

fn new_account(context: &Context, practice: &Practice, patient: &Patient, username: &Username) -> Account {
    let now = context.now();
    let grant = Grant {
        relationship: Relationship::Own,
        level: Level::Full,
        state: GrantState::Active,
        since: now,
        ended_by: None,
    };
    let id = AccountId::new(&*context.clock, &*context.entropy);
    Account::begin(id, practice.id.clone(), username.shown.clone(), &patient.id, grant)
}
