//! `sign-in`: sign-in, sign-out, and codes for the portal.

use futures_util::join;
use zeroize::Zeroizing;

use crate::context::App;
use crate::model::account::{Account, Login};
use crate::model::audit::{Action, By};
use crate::model::browser::Browser;
use crate::model::ids::PracticeId;
use crate::model::password::Password;
use crate::model::refusal::{Failure, Refusal};
use crate::model::security::{Security, SignInFault, What};
use crate::model::session::{Exchange, Presented, Session};
use crate::ports::{Accounts, Commit, Limits, Patients, Sessions, Write};
use crate::steps::change::account_changed;
use crate::steps::credentials::{Authenticated, PresentedCredentials, authenticate};
use crate::steps::notice::tell_of_new_browser;
use crate::steps::retry::{MAX_ATTEMPTS, Written, written, written_in_background};
use crate::steps::security_log::note;
use crate::steps::signed_in::unrestricted_holder;

/// Sessions, and codes, that one sign-out ends at most: a transaction holds a hundred writes.
const MOST_ENDED: usize = 45;

/// The command to sign in.
#[expect(missing_docs, reason = "the names say it")]
pub struct SignIn {
    /// The practice whose page it is.
    pub practice: PracticeId,
    /// The user name as it was typed.
    pub username: String,
    pub password: Password,
    /// The cookie of a known browser, if there is one.
    pub browser: Option<String>,
    /// The browser's family, if it is one that we know.
    pub family: Option<Browser>,
    /// The session that the browser has had until now. It ends, even if it is another person's.
    pub replaces: Option<String>,
    /// Whether a person signs in at a page. They are told of a sign-in from a new browser.
    pub at_page: bool,
    /// Whether to make a code that the portal exchanges for a session of its own.
    pub exchange: bool,
}

/// A person who has signed in.
#[expect(missing_docs, reason = "the names say it")]
pub struct SignedIn {
    pub account: Account,
    pub session: Session,
    /// The session's token. It is not stored and can't be shown again.
    pub token: Zeroizing<String>,
    /// The code for the portal, if the command asked for one. It can't be shown again.
    pub exchange: Option<Zeroizing<String>>,
    /// The cookie that makes the browser a known one from now on.
    pub browser: String,
}

/// Signs in. An unknown name, a locked one and a wrong password cost the same reads, the same writes and one
/// hash, and get the same answer.
pub async fn sign_in<S>(app: &App<S>, peer: &str, command: &SignIn) -> Result<SignedIn, Failure>
where
    S: Limits + Accounts + Sessions + Patients + Commit,
{
    let App { context, store } = app;
    let now = context.now();
    let presented = PresentedCredentials {
        practice: &command.practice,
        username: &command.username,
        password: &command.password,
        browser: command.browser.as_deref(),
    };
    let Authenticated { mut account, login, browser, is_new_browser } =
        authenticate(app, peer, &presented).await?;
    let (attempts, failed) = (account.attempts_seen, account.failed_before);
    // The first sign-in is no news: its holder has just registered, or was given the password.
    let is_news = command.at_page && is_new_browser && account.last_login_at.is_some();
    let leading = match account.leading_patient().filter(|_| is_news) {
        Some(patient) => store.patient(&account.practice, &patient).await?,
        None => None,
    };
    for _ in 0..MAX_ATTEMPTS {
        if !account.has_access() {
            return revoked(store, account).await;
        }
        let (session, token) = Session::begin(&account, command.family.clone(), now, &*context.entropy);
        account.previous_login_at = account.last_login_at.replace(now);
        (account.attempts_seen, account.failed_before) = (attempts, failed);
        if let Some(temporary) = &mut account.temporary {
            if temporary.used {
                // Another sign-in used the temporary password first.
                return Err(Refusal::SignInFailed.into());
            }
            temporary.used = true;
        }
        let mut writes = vec![Write::OpenSession(session.clone())];
        let mut exchange = None;
        if command.exchange && !session.restricted {
            let (record, code) = Exchange::begin(&session, now, &*context.entropy);
            writes.push(Write::OpenExchange(record));
            exchange = Some(code);
        }
        if login.password.is_outdated(context.hash_cost, &context.keyring) {
            let password = command.password.hash(context.hash_cost, &context.keyring, &*context.entropy);
            writes.push(Write::SetPassword(Login { password, ..login.clone() }));
        }
        if let Some(patient) = &leading {
            writes.extend(tell_of_new_browser(context, &account, patient, command.family.as_ref()));
        }
        let detail = failed.map(|failed| ("failed_before", failed.count.to_string())).into_iter().collect();
        account_changed(context, &mut account, Action::SignedIn, By::visitor(), detail, &mut writes);
        match written(store, &writes, None).await? {
            Written::Done => {
                if let Some(replaced) = &command.replaces {
                    // The new session is there whatever becomes of the old one, which ends by itself in any case.
                    sign_out(app, &command.practice, replaced).await.ok();
                }
                return Ok(SignedIn { account, session, token, exchange, browser });
            }
            Written::Lost(_) => {
                let again = store.account(account.id).await?;
                // The account was reset or deleted in the meantime, so the password that was right is no
                // longer valid.
                account = again.filter(|again| again.epoch == session.epoch).ok_or(Refusal::SignInFailed)?;
            }
        }
    }
    Err(Failure::Unavailable)
}

/// Saves the attempt of a person whose password is right but whose access is revoked. It was no failure, so
/// it must not count towards a lock.
async fn revoked<S: Commit>(store: &S, mut account: Account) -> Result<SignedIn, Failure> {
    let what = What::SignInFailed(SignInFault::AccessRevoked);
    let practice = account.practice.clone();
    note(&Security { what, practice, account: Some(account.id), patient: None, by: None });
    account.version += 1;
    // If another write changed the account, the count stays one too high. That is acceptable.
    written_in_background(store, &[Write::ChangeAccount(Box::new(account))]).await?;
    Err(Refusal::AccessRevoked.into())
}

/// Makes a code with which the portal gets a session of its own for this signed-in person.
pub async fn to_portal<S>(
    app: &App<S>,
    practice: &PracticeId,
    token: &str,
) -> Result<Zeroizing<String>, Failure>
where
    S: Accounts + Commit,
{
    let App { context, store } = app;
    let here = unrestricted_holder(app, practice, token).await?;
    let (record, code) = Exchange::begin(&here.session, context.now(), &*context.entropy);
    match written(store, &[Write::OpenExchange(record)], None).await? {
        Written::Done => Ok(code),
        Written::Lost(_) => Err(Failure::Unavailable),
    }
}

/// Signs out: ends the session, the portal's sessions that came from the same sign-in, and the codes for the portal that
/// were not used yet. Succeeds also if the session has already ended.
pub async fn sign_out<S: Accounts + Sessions + Commit>(
    app: &App<S>,
    practice: &PracticeId,
    token: &str,
) -> Result<(), Failure> {
    let App { context, store } = app;
    let Some(presented) = Presented::parse(token) else { return Ok(()) };
    for _ in 0..MAX_ATTEMPTS {
        let (found, all, codes) = join!(
            store.session(&presented),
            store.sessions(presented.account),
            store.exchanges(presented.account)
        );
        let (Some(session), Some(mut account)) = found? else { return Ok(()) };
        if session.practice != *practice {
            return Ok(());
        }
        let id = session.account;
        let mut ended: Vec<Session> =
            all?.into_iter().filter(|other| other.sign_in() == session.sign_in()).collect();
        // The presented one comes last: while it is there, the others can still be found from it.
        ended.sort_by_key(|other| other.digest == session.digest);
        let is_last = ended.len() <= MOST_ENDED;
        let mut writes: Vec<Write> = ended
            .into_iter()
            .map(|session| Write::EndSession { account: id, digest: session.digest })
            .take(MOST_ENDED)
            .collect();
        let codes = codes?.into_iter().filter(|code| code.of_sign_in == session.sign_in());
        writes.extend(codes.take(MOST_ENDED).map(Write::SpendExchange));
        account_changed(context, &mut account, Action::SignedOut, By::visitor(), Vec::new(), &mut writes);
        if let Written::Done = written(store, &writes, None).await?
            && is_last
        {
            return Ok(());
        }
    }
    Err(Failure::Unavailable)
}
