//! Calls of the portal's server: asks who holds a session, and exchanges a code for a session.

use zeroize::Zeroizing;

use crate::context::App;
use crate::model::account::Account;
use crate::model::audit::Action;
use crate::model::ids::AccountId;
use crate::model::practice::Scope;
use crate::model::refusal::{Failure, Refusal};
use crate::model::security::{Security, What};
use crate::model::session::{Presented, Session};
use crate::ports::{Accounts, Commit, KeyUse, Limits, Record, Write};
use crate::steps::api_call::{ApiCall, authorize_with};
use crate::steps::change::account_changed;
use crate::steps::retry::{MAX_ATTEMPTS, Written, written};
use crate::steps::security_log::note;
use crate::steps::signed_in::{Holder, live_session};

/// The session of this token and its account. `None` if the session is not valid in the caller's practice.
pub async fn introspect<S>(app: &App<S>, call: &ApiCall, token: &str) -> Result<Option<Holder>, Failure>
where
    S: Limits + KeyUse + Accounts,
{
    let store = &app.store;
    // Look up even a token that can't be ours, so that the API key is checked and the call counted.
    let presented = Presented::parse(token)
        .unwrap_or(Presented { account: AccountId::from_bytes([0; 16]), digest: String::new() });
    let read = async {
        let (key, session, account) = store.session_for(&call.key, &presented).await?;
        Ok((key, (session, account)))
    };
    let (caller, (session, account)) = authorize_with(app, call, &[Scope::Sessions], read).await?;
    // A person who must first choose a password is not signed in to the portal yet.
    let session = session.filter(|session| !session.restricted);
    live_session(app, &caller.practice, session, account).await
}

/// A session that the portal got for a code.
#[expect(missing_docs, reason = "the names say it")]
pub struct Exchanged {
    pub session: Session,
    /// The session's token. It is not stored and can't be shown again.
    pub token: Zeroizing<String>,
}

/// Exchanges the code from the redirect for a session of the portal. A code works once, within 60 seconds.
pub async fn exchange<S>(app: &App<S>, call: &ApiCall, code: &str) -> Result<Exchanged, Failure>
where
    S: Limits + KeyUse + Accounts + Commit,
{
    let App { context, store } = app;
    let now = context.now();
    let presented = Presented::parse(code)
        .unwrap_or(Presented { account: AccountId::from_bytes([0; 16]), digest: String::new() });
    for _ in 0..MAX_ATTEMPTS {
        let read = async {
            let (key, exchange, account) = store.exchange(&call.key, &presented).await?;
            Ok((key, (exchange, account)))
        };
        let (caller, (exchange, account)) = authorize_with(app, call, &[Scope::Sessions], read).await?;
        let about = account.as_ref().filter(|account| account.practice == caller.practice);
        let refused = Security {
            what: What::ExchangeRefused,
            practice: caller.practice.clone(),
            account: about.map(|account| account.id),
            patient: None,
            by: Some(caller.by()),
        };
        let good =
            exchange.filter(|exchange| now < exchange.expires_at && exchange.practice == caller.practice);
        let (Some(exchange), Some(mut account)) = (good, account.filter(Account::has_access)) else {
            note(&refused);
            return Err(Refusal::NotFound.into());
        };
        if exchange.epoch != account.epoch {
            note(&refused);
            return Err(Refusal::NotFound.into());
        }
        let (session, token) = Session::exchanged(&account, &exchange, now, &*context.entropy);
        let mut writes = vec![Write::SpendExchange(exchange), Write::OpenSession(session.clone())];
        account_changed(
            context,
            &mut account,
            Action::SessionExchanged,
            caller.by(),
            Vec::new(),
            &mut writes,
        );
        match written(store, &writes, None).await? {
            Written::Done => return Ok(Exchanged { session, token }),
            Written::Lost(lost) if lost.contains(Record::Exchange) => {
                note(&refused);
                return Err(Refusal::NotFound.into());
            }
            Written::Lost(_) => {}
        }
    }
    Err(Failure::Unavailable)
}
