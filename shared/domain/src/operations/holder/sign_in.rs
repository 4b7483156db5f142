//! `sign-in`: sign-in, sign-out, and codes for the portal.

use zeroize::Zeroizing;

use crate::context::App;
use crate::model::account::{Account, Login};
use crate::model::audit::{Action, By};
use crate::model::ids::PracticeId;
use crate::model::password::Password;
use crate::model::refusal::{Failure, Refusal};
use crate::model::session::{Exchange, Presented, Session};
use crate::ports::{Accounts, Commit, Limits, Write};
use crate::steps::change::account_changed;
use crate::steps::credentials::{Authenticated, PresentedCredentials, authenticate};
use crate::steps::retry::{MAX_ATTEMPTS, Written, written, written_in_background};
use crate::steps::signed_in::unrestricted_holder;

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
    S: Limits + Accounts + Commit,
{
    let App { context, store } = app;
    let now = context.now();
    let presented = PresentedCredentials {
        practice: &command.practice,
        username: &command.username,
        password: &command.password,
        browser: command.browser.as_deref(),
    };
    let Authenticated { mut account, login, browser } = authenticate(app, peer, &presented).await?;
    let attempts = account.attempts_seen;
    for _ in 0..MAX_ATTEMPTS {
        if !account.has_access() {
            return revoked(store, account).await;
        }
        let (session, token) = Session::begin(&account, now, &*context.entropy);
        account.last_login_at = Some(now);
        account.attempts_seen = attempts;
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
            let (record, code) = Exchange::begin(&account, now, &*context.entropy);
            writes.push(Write::OpenExchange(record));
            exchange = Some(code);
        }
        if login.password.is_outdated(context.hash_cost, &context.keyring) {
            let password = command.password.hash(context.hash_cost, &context.keyring, &*context.entropy);
            writes.push(Write::SetPassword(Login { password, ..login.clone() }));
        }
        account_changed(context, &mut account, Action::SignedIn, By::visitor(), Vec::new(), &mut writes);
        match written(store, &writes, None).await? {
            Written::Done => return Ok(SignedIn { account, session, token, exchange, browser }),
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
    let (record, code) = Exchange::begin(&here.account, context.now(), &*context.entropy);
    match written(store, &[Write::OpenExchange(record)], None).await? {
        Written::Done => Ok(code),
        Written::Lost(_) => Err(Failure::Unavailable),
    }
}

/// Signs out. Succeeds also if the session has already ended.
pub async fn sign_out<S: Accounts + Commit>(
    app: &App<S>,
    practice: &PracticeId,
    token: &str,
) -> Result<(), Failure> {
    let App { context, store } = app;
    let Some(presented) = Presented::parse(token) else { return Ok(()) };
    for _ in 0..MAX_ATTEMPTS {
        let (Some(session), Some(mut account)) = store.session(&presented).await? else { return Ok(()) };
        if session.practice != *practice {
            return Ok(());
        }
        let mut writes = vec![Write::EndSession { account: session.account, digest: session.digest }];
        account_changed(context, &mut account, Action::SignedOut, By::visitor(), Vec::new(), &mut writes);
        if let Written::Done = written(store, &writes, None).await? {
            return Ok(());
        }
    }
    Err(Failure::Unavailable)
}
