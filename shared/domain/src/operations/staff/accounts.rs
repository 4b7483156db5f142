//! Accounts for staff: search, check of user names, unlock, delete.

use futures_util::join;

use crate::context::{App, Context};
use crate::model::account::Account;
use crate::model::audit::{Action, Head, Subject};
use crate::model::grant::GrantState;
use crate::model::ids::{AccountId, PatientId};
use crate::model::limit::{Counter, DELETIONS, sign_in_key};
use crate::model::link::{Kind, LinkState};
use crate::model::patient::Patient;
use crate::model::person::Email;
use crate::model::practice::{Practice, Scope};
use crate::model::refusal::{Failure, FieldFault, Refusal};
use crate::model::search::{FoundAccounts, searched};
use crate::model::session::Session;
use crate::model::username::Username;
use crate::ports::{
    Accounts, AlsoRead, ApiCalls, Chain, Commit, Limits, Listing, Once, OnceKey, Patients, Practices, Search,
    Sessions, Write,
};
use crate::steps::api_call::{ApiCall, Caller, authorize, earlier_use};
use crate::steps::change::{account_changed, patient_changed};
use crate::steps::credentials::end_sessions_and_links;
use crate::steps::daily_cap;
use crate::steps::invitation::{end_resets, own_account_ended};
use crate::steps::retry::{MAX_ATTEMPTS, Written, written};
use crate::steps::signed_in::{live_sessions, patients_of};

/// One page of accounts.
pub struct AccountsPage {
    /// The accounts, in the order of the words that found them.
    pub found: Vec<FoundAccounts>,
    /// The cursor of the next page; `None` on the last one.
    pub next_cursor: Option<String>,
}

/// Finds accounts by the text that was typed: the beginning of a patient's id, a user name, an e-mail address
/// or a name, current or former. Each page costs one read, however many patients the practice has.
pub async fn search<S>(
    app: &App<S>,
    call: &ApiCall,
    typed: &str,
    cursor: Option<&str>,
) -> Result<AccountsPage, Failure>
where
    S: ApiCalls + Limits + Search,
{
    let App { context, store } = app;
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
    let (opened, page) = join!(authorize(app, call, &[Scope::Accounts], AlsoRead::default()), read);
    opened?;
    after.transpose()?;
    if wanted.is_none() {
        return Err(Refusal::BadRequest(vec![FieldFault::of("q", "required")]).into());
    }
    let (found, next) = page?;
    let next_cursor = next.map(|next| context.keyring.seal(&bound_to, next.as_bytes(), &*context.entropy));
    Ok(AccountsPage { found, next_cursor })
}

/// Whether a user name can be given to somebody.
pub struct NameCheck {
    /// Whether it is allowed as a user name.
    pub valid: bool,
    /// Whether it is allowed and nobody in the practice has it.
    pub available: bool,
}

/// Checks a user name, for a form that shows the result while it is typed.
pub async fn check_username<S>(app: &App<S>, call: &ApiCall, typed: &str) -> Result<NameCheck, Failure>
where
    S: ApiCalls + Limits + Accounts,
{
    let store = &app.store;
    let username = Username::parse(typed).ok();
    let name = username.as_ref().map_or("?", |username| username.name.as_str());
    let (opened, login) = join!(
        authorize(app, call, &[Scope::Accounts], AlsoRead::default()),
        store.login(&call.key.claimed, name)
    );
    opened?;
    let taken = login?.is_some();
    Ok(NameCheck { valid: username.is_some(), available: username.is_some() && !taken })
}

/// Admits a call about an account of the caller's practice. An account of another practice is `NotFound`. The
/// flag tells whether the same idempotency key was used before.
async fn account_of<S>(
    app: &App<S>,
    call: &ApiCall,
    id: AccountId,
    once: Option<&OnceKey>,
) -> Result<(Caller, Account, bool), Failure>
where
    S: ApiCalls + Limits + Accounts,
{
    let App { context, store } = app;
    let along = AlsoRead { once, ..AlsoRead::default() };
    let (opened, account) = join!(authorize(app, call, &[Scope::Accounts], along), store.account(id));
    let (caller, opened) = opened?;
    caller.actor()?;
    let again = earlier_use(opened.once, once, context.now())?.is_some();
    let account = of_practice(account?, &caller)?;
    Ok((caller, account, again))
}

/// The account, if it is one of the caller's practice and not deleted.
fn of_practice(account: Option<Account>, caller: &Caller) -> Result<Account, Refusal> {
    account
        .filter(|account| account.practice == caller.practice && account.deleted_at.is_none())
        .ok_or(Refusal::NotFound)
}

/// Changes an account for staff, once for each idempotency key, and writes the event. `change` changes the account and
/// returns what else is to be written.
async fn change_account<S>(
    app: &App<S>,
    call: &ApiCall,
    id: AccountId,
    action: Action,
    change: impl Fn(&Context, &mut Account) -> Result<Vec<Write>, Failure>,
) -> Result<Account, Failure>
where
    S: ApiCalls + Limits + Accounts + Commit,
{
    let App { context, store } = app;
    let once = call.once_key(context);
    for _ in 0..MAX_ATTEMPTS {
        let (caller, mut account, again) = account_of(app, call, id, once.as_ref()).await?;
        if again {
            return Ok(account);
        }
        let mut writes = change(context, &mut account)?;
        account_changed(context, &mut account, action, caller.by(), Vec::new(), &mut writes);
        if let Some(key) = once.clone() {
            writes.push(Write::Once(Once::new(key, &id.to_string(), context.now())));
        }
        if let Written::Done = written(store, &writes, once.as_ref()).await? {
            return Ok(account);
        }
    }
    Err(Failure::Unavailable)
}

/// Unlocks an account after too many wrong passwords, for every browser.
pub async fn unlock<S>(app: &App<S>, call: &ApiCall, id: AccountId) -> Result<Account, Failure>
where
    S: ApiCalls + Limits + Accounts + Commit,
{
    let unlocked = |context: &Context, account: &mut Account| {
        let name = Username::parse(&account.username).map_err(|_| Failure::Broken("username"))?.name;
        account.attempts_seen = None;
        account.browsers += 1;
        let (practice, now, keyring) = (&account.practice, context.now(), &context.keyring);
        let patients = account.grants.keys().filter_map(|id| PatientId::parse(id).ok());
        let wrong_today =
            patients.map(|patient| Write::ForgetCount(Counter::of_patient(practice, &patient, now, keyring)));
        let attempts = Write::ForgetAttempts(sign_in_key(practice, &name, keyring));
        Ok(std::iter::once(attempts).chain(wrong_today).collect())
    };
    change_account(app, call, id, Action::AccountUnlocked, unlocked).await
}

/// The sessions of an account that are still valid, the latest first.
pub async fn sessions<S>(
    app: &App<S>,
    call: &ApiCall,
    id: AccountId,
) -> Result<(Caller, Account, Vec<Session>), Failure>
where
    S: ApiCalls + Limits + Accounts + Sessions,
{
    let App { context, store } = app;
    let (opened, account, sessions) = join!(
        authorize(app, call, &[Scope::Accounts], AlsoRead::default()),
        store.account(id),
        store.sessions(id)
    );
    let (caller, _) = opened?;
    let account = of_practice(account?, &caller)?;
    let live = live_sessions(&account, sessions?, context.now());
    Ok((caller, account, live))
}

/// Ends all sessions of an account, the portal's too.
pub async fn end_sessions<S>(app: &App<S>, call: &ApiCall, id: AccountId) -> Result<Account, Failure>
where
    S: ApiCalls + Limits + Accounts + Commit,
{
    let ended = |_: &Context, account: &mut Account| {
        account.epoch += 1;
        Ok(Vec::new())
    };
    change_account(app, call, id, Action::SessionsEnded, ended).await
}

/// Deletes an account. Its user name is free again, its sessions and links end, and its patients can be
/// invited at once. Its events stay in the audit trail.
pub async fn delete<S>(app: &App<S>, call: &ApiCall, id: AccountId) -> Result<(), Failure>
where
    S: ApiCalls + Limits + Accounts + Patients + Practices + Chain + Commit,
{
    let App { context, store } = app;
    let now = context.now();
    for _ in 0..MAX_ATTEMPTS {
        let (caller, mut account, _) = account_of(app, call, id, None).await?;
        let practice = store.practice(&caller.practice).await?.ok_or(Failure::Broken("practice"))?;
        let name = Username::parse(&account.username).map_err(|_| Failure::Broken("username"))?.name;
        let mut writes = vec![
            Write::FreeUsername { practice: practice.id.clone(), name: name.clone(), account: id },
            Write::ForgetAttempts(sign_in_key(&practice.id, &name, &context.keyring)),
        ];
        for patient in patients_of(store, &account).await? {
            if patient.accounts.iter().all(|known| known.id != id) {
                continue;
            }
            let head = store.head(&practice.id, &Subject::Patient(patient.id.clone())).await?;
            forget_account(context, &practice, patient, id, &caller, &head, &mut writes);
        }
        writes.extend(end_sessions_and_links(&mut account, now));
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
        account_changed(context, &mut account, Action::AccountDeleted, caller.by(), Vec::new(), &mut writes);
        writes.push(daily_cap::counted(context, DELETIONS, &caller));
        match written(store, &writes, None).await? {
            Written::Done => return Ok(()),
            Written::Lost(lost) => daily_cap::check(context, DELETIONS, &caller, &lost)?,
        }
    }
    Err(Failure::Unavailable)
}

/// Removes an account from a patient's record.
fn forget_account(
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
    // Cancel the link that would restore this account: there is nothing left to restore.
    let returning = own_account_ended(&patient).is_some_and(|known| known.id == id);
    if let Some(current) = patient.invitation.take_if(|current| returning && current.kind == Kind::Restored) {
        writes.push(Write::CloseLink { id: current.link, to: LinkState::Cancelled, at: now });
    }
    patient.accounts.retain(|known| known.id != id);
    if patient.accounts.is_empty() {
        patient.registered_at = None;
        patient.last_login_at = None;
    }
    let detail = vec![("account_id", id.to_string())];
    let entry = patient.entry(now, caller.by(), Action::AccountDeleted, detail);
    patient_changed(context, &practice.settings, &mut patient, head, entry, writes);
}
