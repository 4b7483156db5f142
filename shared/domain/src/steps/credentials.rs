//! Checks user name and password, for every operation that needs it. An unknown name, a locked one and a
//! wrong password cost the same reads, the same writes and one hash, and get the same answer.

use futures_util::{join, try_join};
use serde::{Deserialize, Serialize};

use crate::context::{App, Context};
use crate::keys::new_secret;
use crate::model::account::{Account, FailedBefore, Login};
use crate::model::audit::{Action, By};
use crate::model::chart::Chart;
use crate::model::ids::{AccountId, PracticeId};
use crate::model::limit::{
    Attempt, Attempts, Counter, FAILED_SIGN_INS, Lock, NOBODYS_LOCKS, OWN_PASSWORD, PUBLIC_POSTS, Raised,
    SIGN_IN_TRIES, SeenAttempts, sign_in_key,
};
use crate::model::link::LinkState;
use crate::model::password::{Password, PasswordHash};
use crate::model::person::{Email, Name};
use crate::model::practice::Practice;
use crate::model::refusal::{Failure, FieldFault, Refusal};
use crate::model::security::{Security, SignInFault, What};
use crate::model::session::Session;
use crate::model::username::Username;
use crate::ports::{Accounts, Commit, Limits, Write};
use crate::steps::change::account_changed;
use crate::steps::retry::{MAX_ATTEMPTS, Written, written_in_background};
use crate::steps::security_log::note;
use crate::time::Timestamp;

/// Days that a browser stays known after its last sign-in.
pub const KNOWN_DAYS: i64 = 180;

/// A browser that has signed in to an account before. Its attempts have a bucket of their own: a stranger
/// who keeps entering wrong passwords locks other browsers out, but not this one. The value is sealed in
/// a cookie.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct KnownBrowser {
    practice: PracticeId,
    /// MAC of the user name, in the form in which names are compared.
    name: String,
    /// The key of the bucket.
    bucket: String,
    /// The account's generation of known browsers at the sign-in.
    generation: u32,
    /// The attempts in the bucket at the last success.
    #[serde(default)]
    seen: Option<SeenAttempts>,
    until: Timestamp,
}

const BOUND_TO: &[u8] = b"known-browser";

impl KnownBrowser {
    /// Opens a cookie. `None` if it is forged, has expired, or belongs to another user name.
    fn open(context: &Context, sealed: &str, practice: &PracticeId, key: &str) -> Option<Self> {
        let known: Self = context.keyring.open_json(BOUND_TO, sealed)?;
        let fits = known.practice == *practice && known.name == key && context.now() < known.until;
        fits.then_some(known)
    }

    /// A browser that was not known before. `name` is the MAC of the user name.
    fn new(context: &Context, practice: &PracticeId, name: String, generation: u32) -> Self {
        Self {
            practice: practice.clone(),
            bucket: sign_in_key(practice, &new_secret(&*context.entropy), &context.keyring),
            name,
            generation,
            seen: None,
            until: context.now().plus_hours(KNOWN_DAYS * 24),
        }
    }

    fn sealed(&self, context: &Context) -> String {
        context.keyring.seal_json(BOUND_TO, self, &*context.entropy)
    }
}

/// The cookie that makes a browser a known one of this account: after a registration or a reset, whose visitor has
/// proved more than a password.
pub fn known_browser(context: &Context, account: &Account) -> Option<String> {
    let name = Username::parse(&account.username).ok()?.name;
    let name = sign_in_key(&account.practice, &name, &context.keyring);
    Some(KnownBrowser::new(context, &account.practice, name, account.browsers).sealed(context))
}

/// The input of a sign-in.
#[expect(missing_docs, reason = "the names say it")]
pub struct PresentedCredentials<'a> {
    /// The practice whose page it is.
    pub practice: &'a PracticeId,
    /// The user name as it was typed.
    pub username: &'a str,
    pub password: &'a Password,
    /// The cookie of a known browser, if there is one.
    pub browser: Option<&'a str>,
}

/// The result of a right user name and password. The caller still decides whether the person may sign in.
#[expect(missing_docs, reason = "the names say it")]
pub struct Authenticated {
    /// The account, with its count of attempts updated but not saved yet.
    pub account: Account,
    pub login: Login,
    /// The cookie that makes the browser a known one from now on.
    pub browser: String,
    /// Whether the browser was not known before.
    pub is_new_browser: bool,
}

/// Checks user name and password, and counts the attempt before the password is compared. `SignInFailed` does not say
/// what was wrong. An attempt during a lock is neither counted nor compared. A known browser is outside both the lock
/// of the name and the failures of the address.
pub async fn authenticate<S>(
    app: &App<S>,
    peer: &str,
    presented: &PresentedCredentials<'_>,
) -> Result<Authenticated, Failure>
where
    S: Limits + Accounts + Commit,
{
    let App { context, store } = app;
    let now = context.now();
    let practice = presented.practice;
    // Treat a name that can't exist like one that doesn't.
    let name = Username::parse(presented.username).map_or_else(|_| "?".to_owned(), |username| username.name);
    let posts = Counter::new(PUBLIC_POSTS, peer, now, &context.keyring);
    let failures = Counter::new(FAILED_SIGN_INS, peer, now, &context.keyring);
    let shared = sign_in_key(practice, &name, &context.keyring);
    let known = presented.browser.and_then(|sealed| KnownBrowser::open(context, sealed, practice, &shared));
    let bucket = known.as_ref().map_or(&shared, |known| &known.bucket);
    let most = known.as_ref().and_then(|known| known.seen).map_or(0, |seen| seen.count) + SIGN_IN_TRIES;
    let (raised, attempt, login) =
        join!(store.raise(&posts, 1), store.attempt(bucket, most, now), store.login(practice, &name));
    let raised = raised?;
    posts.check(raised, now)?;
    let failed_too_often = failures.check(Raised { count: raised.failures + 1, ..raised }, now);
    if known.is_none() {
        failed_too_often.clone()?;
    }
    let (mut attempt, login) = (attempt?, login?);

    let id = login.as_ref().map_or(AccountId::from_bytes([0; 16]), |login| login.account);
    let account = store.account(id).await?;
    // After a reset, or after staff unlocked the account, no browser is known any more.
    let generation = account.as_ref().map_or(0, |account| account.browsers);
    let known = match known {
        Some(known) if known.generation == generation => Some(known),
        Some(_) => {
            failed_too_often?;
            attempt = store.attempt(&shared, SIGN_IN_TRIES, now).await?;
            None
        }
        None => None,
    };
    let seen = match &known {
        Some(known) => known.seen,
        None => account.as_ref().and_then(|account| account.attempts_seen),
    };
    let bucket = known.as_ref().map_or(&shared, |known| &known.bucket);
    let counted = counted(store, bucket, attempt, seen, now).await?;
    let stored = login.as_ref().map_or_else(
        || PasswordHash::dummy(context.hash_cost, &context.keyring),
        |login| login.password.clone(),
    );
    let right = stored.matches(presented.password, &context.keyring);
    let temporary_spent = account
        .as_ref()
        .and_then(|account| account.temporary.as_ref())
        .is_some_and(|temporary| temporary.used || now >= temporary.until);

    let fault = match (&login, counted) {
        (None, _) => SignInFault::UnknownName,
        (Some(_), None) => SignInFault::Locked,
        (Some(_), Some(_)) if right => SignInFault::TemporaryPasswordOver,
        (Some(_), Some(_)) => SignInFault::WrongPassword,
    };
    let about = account.as_ref().map(|account| account.id);
    let holder = account.as_ref().filter(|account| account.has_access()).and_then(Account::leading_patient);
    let (Some(mut account), Some(login), Some(attempts), true, false) =
        (account, login, counted, right, temporary_spent)
    else {
        let happened =
            |what| Security { what, practice: practice.clone(), account: about, patient: None, by: None };
        note(&happened(What::SignInFailed(fault)));
        let locked_by = counted
            .filter(|attempts| Lock::of(*attempts, seen, now).is_some())
            .map(|attempts| attempts.failures(seen));
        if let Some(failures) = locked_by {
            note(&happened(What::Locked(failures)));
            record_lock(app, id, bucket, failures).await?;
        }
        if known.is_none() {
            let lock_note = async {
                if locked_by.is_some() {
                    store.note_lock(practice, holder.as_ref(), &shared, now).await?;
                }
                Ok(())
            };
            try_join!(store.raise(&failures, 1), lock_note)?;
        }
        return Err(Refusal::SignInFailed.into());
    };
    let failed = attempts.failures(seen).saturating_sub(1);
    account.failed_before =
        (failed > 0).then_some(FailedBefore { count: failed, since: account.last_login_at });
    let seen = SeenAttempts { began_at: attempts.began_at, count: attempts.count };
    let is_new_browser = known.is_none();
    let browser = if let Some(known) = known {
        KnownBrowser { seen: Some(seen), until: now.plus_hours(KNOWN_DAYS * 24), ..known }
    } else {
        account.attempts_seen = Some(seen);
        KnownBrowser::new(context, practice, shared, generation)
    };
    Ok(Authenticated { browser: browser.sealed(context), is_new_browser, account, login })
}

/// Sums the failures that locked a user name up, in the chain of its account: an owner who never signs in again would not
/// hear of them otherwise. For a name that nobody has, as much is read and written elsewhere.
async fn record_lock<S: Accounts + Commit>(
    app: &App<S>,
    id: AccountId,
    bucket: &str,
    failures: u64,
) -> Result<(), Failure> {
    let App { context, store } = app;
    for _ in 0..MAX_ATTEMPTS {
        let mut writes = Vec::new();
        if let Some(mut account) = store.account(id).await? {
            let detail = vec![("failed", failures.to_string())];
            account_changed(context, &mut account, Action::SignInsFailed, By::visitor(), detail, &mut writes);
        } else {
            writes.extend(["record", "event"].map(|part| {
                let bucket = format!("{bucket}#{part}");
                Write::Count(Counter::new(NOBODYS_LOCKS, &bucket, context.now(), &context.keyring))
            }));
        }
        if let Written::Done = written_in_background(store, &writes).await? {
            break;
        }
    }
    // If others wrote the account each time, the next lock or success says the number.
    Ok(())
}

/// The record with this attempt counted; `None` while the name is locked. The record's own limit lags behind the
/// successes, which are noted elsewhere, so that a success need not write it: it is moved up here.
async fn counted<S: Limits>(
    store: &S,
    bucket: &str,
    mut attempt: Attempt,
    seen: Option<SeenAttempts>,
    now: Timestamp,
) -> Result<Option<Attempts>, Failure> {
    for _ in 0..MAX_ATTEMPTS {
        let before = match attempt {
            Attempt::Counted(attempts) => return Ok(Some(attempts)),
            Attempt::Refused(before) => before,
        };
        if !before.is_open(seen, now) {
            return Ok(None);
        }
        let limit = before.seen(seen) + SIGN_IN_TRIES;
        if store.attempt_next(bucket, &before, limit, now).await? {
            return Ok(Some(Attempts { count: before.count + 1, last_at: now, ..before }));
        }
        // Another attempt was counted first.
        attempt = store.attempt(bucket, limit, now).await?;
    }
    Ok(None)
}

/// Checks the password that a signed-in person enters again. Each entry is counted before it is compared; ten an hour are
/// allowed to a session, so that an open browser uses up nobody else's.
pub async fn confirm<S>(
    app: &App<S>,
    account: &Account,
    session: &Session,
    password: &Password,
) -> Result<Login, Failure>
where
    S: Limits + Accounts,
{
    let App { context, store } = app;
    let now = context.now();
    let name = Username::parse(&account.username).map_err(|_| Failure::Broken("username"))?.name;
    let counter = Counter::new(OWN_PASSWORD, &session.digest, now, &context.keyring);
    let (raised, login) = join!(store.raise(&counter, 1), store.login(&account.practice, &name));
    counter.check(raised?, now)?;
    let login = login?.filter(|login| login.account == account.id).ok_or(Failure::Unavailable)?;
    if login.password.matches(password, &context.keyring) {
        Ok(login)
    } else {
        let practice = account.practice.clone();
        let about = Some(account.id);
        note(&Security { what: What::PasswordWrong, practice, account: about, patient: None, by: None });
        Err(Refusal::SignInFailed.into())
    }
}

/// Seconds after a sign-in in which the password need not be entered again.
const FRESH_SECONDS: i64 = 10 * 60;

/// Whether the password was given so lately that it need not be asked for. The portal's own session never had it.
pub fn is_fresh(session: &Session, now: Timestamp) -> bool {
    session.of_sign_in.is_none() && session.began_at.seconds_until(now) < FRESH_SECONDS
}

/// Asks for the password before something that gives or widens access, unless it was given in the last ten minutes.
pub async fn confirm_unless_fresh<S>(
    app: &App<S>,
    account: &Account,
    session: &Session,
    password: Option<&Password>,
) -> Result<(), Failure>
where
    S: Limits + Accounts,
{
    if is_fresh(session, app.context.now()) {
        return Ok(());
    }
    let missing = || Refusal::BadRequest(vec![FieldFault::of("password", "required")]);
    confirm(app, account, session, password.ok_or_else(missing)?).await?;
    Ok(())
}

/// Refuses a password that breaks the practice's rules, is common, or is made of the person's own facts.
/// `own` holds words about the account's holder, if that is not the patient.
pub fn check_password(
    password: &Password,
    practice: &Practice,
    username: &str,
    chart: &Chart,
    own: impl IntoIterator<Item = String>,
) -> Result<(), Refusal> {
    let settings = &practice.settings;
    let mut words = vec![username.to_owned(), practice.id.to_string(), settings.name.clone()];
    let names = [Some(&chart.given_name), chart.middle_name.as_ref(), Some(&chart.family_name)];
    let names = names.into_iter().flatten().filter(|name| !name.is_none());
    words.extend(names.map(|name| name.reveal().to_owned()));
    words.extend(chart.email.as_ref().map(|email| email.reveal().to_owned()));
    for phone in [&chart.mobile_phone, &chart.home_phone].into_iter().flatten() {
        words.extend(phone.spellings());
    }
    words.extend(chart.postal_code.as_ref().map(|code| code.reveal().to_owned()));
    let lines = [&chart.address_line, &chart.city].into_iter().flatten();
    words.extend(lines.map(|line| line.reveal().to_owned()));
    words.extend(chart.birth_date.spellings());
    words.extend(own);
    let faults = password.faults(settings.password_min_length, &words);
    if faults.is_empty() { Ok(()) } else { Err(Refusal::PasswordRejected(faults)) }
}

/// Words that the account's holder gave about themselves. A password must not be made of them.
pub fn own_words(account: &Account) -> Vec<String> {
    let names = [&account.given_name, &account.family_name].into_iter().flatten().map(Name::reveal);
    names.chain(account.email.as_ref().map(Email::reveal)).map(str::to_owned).collect()
}

/// Ends all sessions of an account, all exchange codes, all reset links made so far, and all locks. These are
/// fields of the account, which the caller saves. Returns the write that ends the link for a new address.
pub(crate) fn end_sessions_and_links(account: &mut Account, now: crate::time::Timestamp) -> Option<Write> {
    account.epoch += 1;
    account.browsers += 1;
    account.attempts_seen = None;
    account.anew_at = Some(now);
    account.new_email.take().map(|id| Write::EndLink { id, to: LinkState::Cancelled, at: now })
}
