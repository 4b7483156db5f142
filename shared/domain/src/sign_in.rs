//! `sign-in`: in, out, and the question that the portal asks: who is this, and whose records may they see?

use zeroize::Zeroizing;

use crate::chain::append;
use crate::context::Context;
use crate::credentials::{Authenticated, Credentials, authenticate};
use crate::desk::{StaffCall, admit};
use crate::model::account::{Account, Login};
use crate::model::audit::{Action, By};
use crate::model::ids::{AccountId, PracticeId};
use crate::model::password::Password;
use crate::model::practice::Scope;
use crate::model::refusal::{Failure, Refusal};
use crate::model::session::{Exchange, Presented, Session};
use crate::ports::{Accounts, Commit, CommitError, DECISIONS, Limits, Write};

/// To sign in.
pub struct SignIn {
    /// The practice of the page.
    pub practice: PracticeId,
    /// The user name as typed.
    pub username: String,
    /// The password.
    pub password: Password,
    /// The cookie of a browser that signed in before.
    pub browser: Option<String>,
    /// Whether a code is wanted that the portal exchanges for a session of its own.
    pub exchange: bool,
}

/// A person who is signed in.
pub struct SignedIn {
    /// The account.
    pub account: Account,
    /// The session.
    pub session: Session,
    /// Its token. Shown once.
    pub token: Zeroizing<String>,
    /// The code for the portal, if it was wanted. Shown once.
    pub exchange: Option<Zeroizing<String>>,
    /// The cookie by which the browser is known from now on.
    pub browser: String,
}

/// Signs in. The unknown, the locked and the wrong cost the same reads, the same writes and one hash, and read the same.
pub async fn sign_in<S>(
    context: &Context,
    store: &S,
    peer: &str,
    command: &SignIn,
) -> Result<SignedIn, Failure>
where
    S: Limits + Accounts + Commit,
{
    let now = context.now();
    let presented = Credentials {
        practice: &command.practice,
        username: &command.username,
        password: &command.password,
        browser: command.browser.as_deref(),
    };
    let Authenticated { mut account, login, browser } =
        authenticate(context, store, peer, &presented).await?;
    let attempts = account.attempts_seen;
    for _ in 0..DECISIONS {
        if !account.has_access() {
            return revoked(store, account).await;
        }
        let (session, token) = Session::begin(&account, now, &*context.entropy);
        account.last_login_at = Some(now);
        account.attempts_seen = attempts;
        if let Some(temporary) = &mut account.temporary {
            if temporary.used {
                // Somebody else was faster with it.
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
        if login.password.is_outdated(&context.keyring) {
            let password = command.password.hash(&context.keyring, &*context.entropy);
            writes.push(Write::SetPassword(Login { password, ..login.clone() }));
        }
        append(context, &mut account, Action::SignedIn, By::visitor(), Vec::new(), &mut writes);
        match store.commit(&writes).await {
            Ok(()) => return Ok(SignedIn { account, session, token, exchange, browser }),
            Err(CommitError::Lost(_)) => {
                let again = store.account(account.id).await?;
                // A reset, or a deletion, came between: what was right a moment ago is so no longer.
                account = again.filter(|again| again.epoch == session.epoch).ok_or(Refusal::SignInFailed)?;
            }
            Err(CommitError::Contended | CommitError::Unavailable) => return Err(Failure::Unavailable),
        }
    }
    Err(Failure::Unavailable)
}

/// The right password of somebody without access: it was no failure, so it must not count towards a lock.
async fn revoked<S: Commit>(store: &S, mut account: Account) -> Result<SignedIn, Failure> {
    account.version += 1;
    match store.commit(&[Write::ChangeAccount(Box::new(account))]).await {
        // Somebody else changed the account at this moment; the count is then one too high, for once.
        Ok(()) | Err(CommitError::Lost(_) | CommitError::Contended) => Err(Refusal::AccessRevoked.into()),
        Err(CommitError::Unavailable) => Err(Failure::Unavailable),
    }
}

/// A session that holds, with the account behind it.
pub struct Present {
    /// The account.
    pub account: Account,
    /// The session.
    pub session: Session,
}

/// Who holds this session token at this practice, if it holds and opens anything; pushes its idle time on.
pub async fn present<S>(
    context: &Context,
    store: &S,
    practice: &PracticeId,
    token: &str,
) -> Result<Option<Present>, Failure>
where
    S: Accounts,
{
    let Some(presented) = Presented::parse(token) else { return Ok(None) };
    let (session, account) = store.session(&presented).await?;
    holding(context, store, practice, session, account).await
}

async fn holding<S: Accounts>(
    context: &Context,
    store: &S,
    practice: &PracticeId,
    session: Option<Session>,
    account: Option<Account>,
) -> Result<Option<Present>, Failure> {
    let now = context.now();
    let (Some(mut session), Some(account)) = (session, account) else { return Ok(None) };
    let opens = account.grants_for(session.began_at).next().is_some();
    if !session.is_live(now) || !session.is_of(&account) || account.practice != *practice || !opens {
        return Ok(None);
    }
    if let Some(touched) = session.touched(now) {
        store.touch(&touched).await?;
        session = touched;
    }
    Ok(Some(Present { account, session }))
}

/// A code with which the portal gets a session of its own for the person who holds this one.
pub async fn to_portal<S>(
    context: &Context,
    store: &S,
    practice: &PracticeId,
    token: &str,
) -> Result<Zeroizing<String>, Failure>
where
    S: Accounts + Commit,
{
    let here = present(context, store, practice, token).await?.ok_or(Refusal::Unauthorized)?;
    if here.session.restricted {
        return Err(Refusal::Forbidden.into());
    }
    let (record, code) = Exchange::begin(&here.account, context.now(), &*context.entropy);
    match store.commit(&[Write::OpenExchange(record)]).await {
        Ok(()) => Ok(code),
        Err(_) => Err(Failure::Unavailable),
    }
}

/// Signs out. A session that is over already is over.
pub async fn sign_out<S: Accounts + Commit>(
    context: &Context,
    store: &S,
    practice: &PracticeId,
    token: &str,
) -> Result<(), Failure> {
    let Some(presented) = Presented::parse(token) else { return Ok(()) };
    for _ in 0..DECISIONS {
        let (Some(session), Some(mut account)) = store.session(&presented).await? else { return Ok(()) };
        if session.practice != *practice {
            return Ok(());
        }
        let mut writes = vec![Write::EndSession { account: session.account, digest: session.digest }];
        append(context, &mut account, Action::SignedOut, By::visitor(), Vec::new(), &mut writes);
        match store.commit(&writes).await {
            Ok(()) => return Ok(()),
            Err(CommitError::Lost(_)) => {}
            Err(CommitError::Contended | CommitError::Unavailable) => return Err(Failure::Unavailable),
        }
    }
    Err(Failure::Unavailable)
}

/// Answers the portal: who holds this session, if anybody of the caller's practice does.
pub async fn introspect<S>(
    context: &Context,
    store: &S,
    call: &StaffCall,
    token: &str,
) -> Result<Option<Present>, Failure>
where
    S: Limits + Accounts,
{
    // A token that can't be ours is looked up all the same, so that the key is checked and the call counted.
    let presented = Presented::parse(token)
        .unwrap_or(Presented { account: AccountId::from_bytes([0; 16]), digest: String::new() });
    let read = async {
        let (key, session, account) = store.session_for(&call.key, &presented).await?;
        Ok((key, (session, account)))
    };
    let (caller, (session, account)) = admit(context, store, call, &[Scope::Sessions], read).await?;
    // Whoever must first choose a password is not signed in to the portal yet.
    let session = session.filter(|session| !session.restricted);
    holding(context, store, &caller.practice, session, account).await
}

/// A session of the portal's own.
pub struct Exchanged {
    /// The session.
    pub session: Session,
    /// Its token. Shown once.
    pub token: Zeroizing<String>,
}

/// Exchanges the code from the redirect for a session of the portal's own; once, within 60 seconds.
pub async fn exchange<S>(
    context: &Context,
    store: &S,
    call: &StaffCall,
    code: &str,
) -> Result<Exchanged, Failure>
where
    S: Limits + Accounts + Commit,
{
    let now = context.now();
    let presented = Presented::parse(code)
        .unwrap_or(Presented { account: AccountId::from_bytes([0; 16]), digest: String::new() });
    for _ in 0..DECISIONS {
        let read = async {
            let (key, exchange, account) = store.exchange(&call.key, &presented).await?;
            Ok((key, (exchange, account)))
        };
        let (caller, (exchange, account)) = admit(context, store, call, &[Scope::Sessions], read).await?;
        let good =
            exchange.filter(|exchange| now < exchange.expires_at && exchange.practice == caller.practice);
        let (Some(exchange), Some(mut account)) = (good, account.filter(Account::has_access)) else {
            return Err(Refusal::NotFound.into());
        };
        if exchange.epoch != account.epoch {
            return Err(Refusal::NotFound.into());
        }
        let (session, token) = Session::begin(&account, now, &*context.entropy);
        let mut writes = vec![Write::SpendExchange(exchange), Write::OpenSession(session.clone())];
        append(context, &mut account, Action::SessionExchanged, caller.by(), Vec::new(), &mut writes);
        match store.commit(&writes).await {
            Ok(()) => return Ok(Exchanged { session, token }),
            Err(CommitError::Lost(places)) if places.contains(&0) => return Err(Refusal::NotFound.into()),
            Err(CommitError::Lost(_)) => {}
            Err(CommitError::Contended | CommitError::Unavailable) => return Err(Failure::Unavailable),
        }
    }
    Err(Failure::Unavailable)
}
