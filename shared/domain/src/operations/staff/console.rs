//! Opens and closes the Onboarding Tool. An application asks for a launch link and sends a staff member's browser to
//! it; the page behind the link has one button, which opens the session.

use zeroize::Zeroizing;

use crate::context::App;
use crate::model::audit::{Action, By, Entry, Subject};
use crate::model::console::{ConsoleSession, LAUNCH_SECONDS, Launch};
use crate::model::ids::PatientId;
use crate::model::person::Line;
use crate::model::practice::{Practice, PresentedKey, Scope};
use crate::model::refusal::{Failure, Refusal};
use crate::ports::{AlsoRead, ApiCalls, Chain, Commit, Limits, Practices, Record, Write};
use crate::steps::api_call::{ApiCall, authorize};
use crate::steps::retry::{MAX_ATTEMPTS, Written, written};
use crate::time::Timestamp;

/// Rights that a session can have: those of the API that the tool uses.
const DESK: [Scope; 8] = [
    Scope::ChartRead,
    Scope::ChartWrite,
    Scope::Invite,
    Scope::Revoke,
    Scope::Accounts,
    Scope::Report,
    Scope::Settings,
    Scope::Audit,
];

/// What an application wants a staff member to see.
pub struct Wanted {
    /// The staff member's name, for the page.
    pub actor_name: Option<Line>,
    /// The rights of the session; `None` for all that the key has.
    pub scopes: Option<Vec<Scope>>,
    /// The patient to open; `None` opens the work list.
    pub patient: Option<PatientId>,
}

/// A launch link, and when it ends.
pub struct Offered {
    /// The whole URL.
    pub url: String,
    /// The link does not work from this time on.
    pub expires_at: Timestamp,
}

/// Makes a launch link for the staff member on whose behalf the application calls. Nothing is written. Refuses scopes
/// that the key does not have.
pub async fn offer_launch<S>(app: &App<S>, call: &ApiCall, wanted: Wanted) -> Result<Offered, Failure>
where
    S: ApiCalls + Limits,
{
    let context = &app.context;
    let along = AlsoRead { patient: wanted.patient.as_ref(), ..AlsoRead::default() };
    let (caller, opened) = authorize(app, call, &[Scope::Console], along).await?;
    let actor = caller.actor()?;
    if wanted.patient.is_some() && opened.patient.is_none() {
        return Err(Refusal::NotFound.into());
    }
    let all = || DESK.into_iter().filter(|scope| caller.may(*scope)).collect();
    let scopes: Vec<Scope> = wanted.scopes.unwrap_or_else(all);
    if scopes.iter().any(|scope| !caller.may(*scope)) {
        return Err(Refusal::Forbidden.into());
    }
    let expires_at = context.now().plus_seconds(LAUNCH_SECONDS);
    let launch = Launch {
        practice: caller.practice,
        key: call.key.digest.clone(),
        client: caller.client,
        actor,
        actor_name: wanted.actor_name,
        scopes,
        patient: wanted.patient,
        expires_at,
    };
    let url = format!("{}/console/launch/{}", context.base_url, launch.token(context));
    Ok(Offered { url, expires_at })
}

/// What a launch link opens, for its page; refuses with `LinkUnavailable` once it has expired.
pub async fn launched<S: Practices>(app: &App<S>, token: &str) -> Result<(Launch, Practice), Failure> {
    let launch = Launch::read(token, &app.context).ok_or(Refusal::LinkUnavailable)?;
    let practice = app.store.practice(&launch.practice).await?.ok_or(Refusal::LinkUnavailable)?;
    Ok((launch, practice))
}

/// A session that was opened.
#[expect(missing_docs, reason = "the names say it")]
pub struct Opened {
    pub session: ConsoleSession,
    /// The value of its cookie.
    pub cookie: Zeroizing<String>,
    /// The patient to show first; `None` shows the work list.
    pub patient: Option<PatientId>,
}

/// Uses a launch link: opens a session. Refuses with `LinkUnavailable` if the link was used, has expired, or its key no
/// longer works.
pub async fn open_console<S>(app: &App<S>, token: &str) -> Result<Opened, Failure>
where
    S: ApiCalls + Practices + Chain + Commit,
{
    let App { context, store } = app;
    let (launch, practice) = launched(app, token).await?;
    let key = PresentedKey { claimed: launch.practice.clone(), digest: launch.key.clone(), session: None };
    let record = store.open(&key, AlsoRead::default()).await?.key;
    if record.is_none_or(|key| key.revoked_at.is_some() || key.practice != launch.practice) {
        return Err(Refusal::LinkUnavailable.into());
    }
    let (session, cookie) = ConsoleSession::begin(&launch, token, context);
    for _ in 0..MAX_ATTEMPTS {
        let entry = Entry {
            practice: practice.id.clone(),
            subject: Subject::Practice,
            at: context.now(),
            by: By { client: session.client.to_string(), actor: Some(session.actor.to_string()) },
            action: Action::ConsoleOpened,
            detail: Vec::new(),
        };
        let event = entry.after(&store.head(&practice.id, &Subject::Practice).await?, &context.keyring);
        let writes = [Write::OpenConsole(Box::new(session.clone())), Write::Append(event)];
        match written(store, &writes, None).await? {
            Written::Done => return Ok(Opened { session, cookie, patient: launch.patient }),
            Written::Lost(lost) if lost.contains(Record::Console) => {
                return Err(Refusal::LinkUnavailable.into());
            }
            Written::Lost(_) => {}
        }
    }
    Err(Failure::Unavailable)
}

/// Ends the session that a browser presents. One that has ended already stays so.
pub async fn close_console<S: Commit>(app: &App<S>, call: &ApiCall) -> Result<(), Failure> {
    if let Some(digest) = call.key.session.clone() {
        written(&app.store, &[Write::CloseConsole { key: call.key.digest.clone(), digest }], None).await?;
    }
    Ok(())
}
