//! First step of every call by a signed-in person: checks the session token, and tells which patients
//! it opens.

use futures_util::join;

use crate::context::App;
use crate::model::account::Account;
use crate::model::audit::{Head, Subject};
use crate::model::grant::Level;
use crate::model::ids::{PatientId, PracticeId};
use crate::model::patient::Patient;
use crate::model::practice::Practice;
use crate::model::refusal::{Failure, Refusal};
use crate::model::session::{Presented, Session};
use crate::ports::{Accounts, Chain, Patients, Practices};
use crate::time::Timestamp;

/// A signed-in person and a patient to whom they have full access.
pub(crate) struct FullAccess {
    pub account: Account,
    pub patient: Patient,
    pub head: Head,
    pub practice: Practice,
    pub session: crate::model::session::Session,
}

/// Reads a patient for a signed-in person with full access. Refuses with `Forbidden` if a new password must
/// be set first, and with `NotFound` without full access.
pub(crate) async fn full_access<S>(
    app: &App<S>,
    practice: &PracticeId,
    token: &str,
    patient: &PatientId,
) -> Result<FullAccess, Failure>
where
    S: Accounts + Patients + Practices + Chain,
{
    let store = &app.store;
    let subject = Subject::Patient(patient.clone());
    let (here, found, head) = join!(
        unrestricted_holder(app, practice, token),
        store.patient(practice, patient),
        store.head(practice, &subject)
    );
    let here = here?;
    let mut grants = here.account.grants_for(here.session.began_at);
    let full = grants.any(|(id, grant)| id == patient.as_str() && grant.level == Level::Full);
    drop(grants);
    let patient = found?.filter(|_| full).ok_or(Refusal::NotFound)?;
    let practice = store.practice(practice).await?.ok_or(Failure::Broken("practice"))?;
    Ok(FullAccess { account: here.account, session: here.session, patient, head: head?, practice })
}

/// A valid session and its account.
#[expect(missing_docs, reason = "the names say it")]
pub struct Holder {
    pub account: Account,
    pub session: Session,
}

/// The session of this token and its account, and extends the session. `None` if the session is not valid at
/// this practice or opens no patient.
pub async fn holder<S>(app: &App<S>, practice: &PracticeId, token: &str) -> Result<Option<Holder>, Failure>
where
    S: Accounts,
{
    let store = &app.store;
    let Some(presented) = Presented::parse(token) else { return Ok(None) };
    let (session, account) = store.session(&presented).await?;
    live_session(app, practice, session, account).await
}

/// Why a session opens nothing any more, as far as its holder may know.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Over {
    /// Its time is over.
    Time,
    /// Nobody's records can be seen with its account any more.
    Access,
    /// It was signed out, replaced, or never was.
    Otherwise,
}

/// Why the session of this token opens nothing at this practice any more.
pub async fn why_over<S>(app: &App<S>, practice: &PracticeId, token: &str) -> Result<Over, Failure>
where
    S: Accounts,
{
    let App { context, store } = app;
    let Some(presented) = Presented::parse(token) else { return Ok(Over::Otherwise) };
    let (Some(session), Some(account)) = store.session(&presented).await? else { return Ok(Over::Otherwise) };
    Ok(if account.practice != *practice {
        Over::Otherwise
    } else if !account.has_access() {
        Over::Access
    } else if session.is_of(&account) && !session.is_live(context.now()) {
        Over::Time
    } else {
        Over::Otherwise
    })
}

/// The same, but refuses with `Unauthorized` without a valid session, and with `Forbidden` until somebody who
/// signed in with a temporary password has set a new one.
pub(crate) async fn unrestricted_holder<S: Accounts>(
    app: &App<S>,
    practice: &PracticeId,
    token: &str,
) -> Result<Holder, Failure> {
    let here = holder(app, practice, token).await?.ok_or(Refusal::Unauthorized)?;
    if here.session.restricted { Err(Refusal::Forbidden.into()) } else { Ok(here) }
}

pub(crate) async fn live_session<S: Accounts>(
    app: &App<S>,
    practice: &PracticeId,
    session: Option<Session>,
    account: Option<Account>,
) -> Result<Option<Holder>, Failure> {
    let App { context, store } = app;
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
    Ok(Some(Holder { account, session }))
}

/// Those sessions of an account that are still valid, the latest first.
pub(crate) fn live_sessions(account: &Account, mut all: Vec<Session>, now: Timestamp) -> Vec<Session> {
    all.retain(|session| session.is_live(now) && session.is_of(account));
    all.sort_by_key(|session| std::cmp::Reverse(session.began_at));
    all
}

/// The patients to whom an account has or had access, at most 50.
pub(crate) async fn patients_of<S: Patients>(store: &S, account: &Account) -> Result<Vec<Patient>, Failure> {
    let ids: Vec<_> = account
        .grants
        .keys()
        .filter_map(|id| crate::model::ids::PatientId::parse(id).ok())
        .take(50)
        .collect();
    Ok(store.charts(&account.practice, &ids).await?.into_iter().map(|(patient, _)| patient).collect())
}
