//! Admits a call by an application of a practice, mostly for staff: checks the API key, its scopes, the client's rate, and the idempotency key.

use futures_util::join;

use crate::context::{App, Context};
use crate::keys::Use;
use crate::model::audit::By;
use crate::model::console::ConsoleSession;
use crate::model::ids::{Actor, ClientId, PatientId, PracticeId};
use crate::model::limit::{CLIENT, Counter, Raised, Rule, SESSION_CALLS};
use crate::model::practice::{ApiKey, PresentedKey, Scope, Settings};
use crate::model::refusal::{Failure, FieldFault, PortError, Refusal};
use crate::ports::{AlsoRead, ApiCalls, CallRecords, KeyUse, Limits, Once, OnceKey, Practices};
use crate::steps::security_log::note_caller;
use crate::time::Timestamp;

/// A call by an application of a practice, as it was received.
pub struct ApiCall {
    /// The API key, or the session of the Onboarding Tool that stands for it.
    pub key: PresentedKey,
    /// The staff member on whose behalf the application calls, from `Portico-Actor`.
    pub actor: Option<Actor>,
    /// The idempotency key, if the call has one.
    pub idempotency_key: Option<IdempotencyKey>,
}

/// An `Idempotency-Key`, as it was received.
pub struct IdempotencyKey {
    /// The key, 1 to 128 printable characters.
    pub key: String,
    /// SHA-256 of method, path and body, in hexadecimal.
    pub request: String,
}

impl ApiCall {
    /// The idempotency key as it is stored. Its name contains the API key's digest, so two clients never
    /// share one.
    pub fn once_key(&self, context: &Context) -> Option<OnceKey> {
        let IdempotencyKey { key, request } = self.idempotency_key.as_ref()?;
        let mac =
            |parts: &[&[u8]]| data_encoding::HEXLOWER.encode(&context.keyring.mac_now(Use::Body, parts));
        Some(OnceKey {
            name: mac(&[self.key.digest.as_bytes(), key.as_bytes()]),
            body: mac(&[b"body", request.as_bytes()]),
        })
    }

    /// The idempotency key of one patient of a batch: a repeated batch does nothing twice.
    pub(crate) fn once_key_of(name: &str, patient: &PatientId) -> OnceKey {
        OnceKey { name: format!("{name}/{patient}"), body: "batch".to_owned() }
    }
}

/// Whoever causes a change: an application with its API key and staff member, or a visitor without either.
#[expect(missing_docs, reason = "the names say it")]
#[derive(Clone, Debug)]
pub struct Caller {
    /// The practice. It always comes from the API key's record.
    pub practice: PracticeId,
    pub client: ClientId,
    pub actor: Option<Actor>,
    /// The scopes of its API key.
    pub scopes: Vec<Scope>,
    /// The session of the Onboarding Tool that stands for the key.
    pub session: Option<Box<ConsoleSession>>,
}

impl Caller {
    /// A visitor of a public page, who has no API key and no scopes.
    pub fn visitor(practice: &PracticeId) -> Self {
        Self {
            practice: practice.clone(),
            client: ClientId::visitor(),
            actor: None,
            scopes: Vec::new(),
            session: None,
        }
    }

    /// The service itself, on its schedule.
    pub fn service(practice: &PracticeId) -> Self {
        Self { client: ClientId::service(), ..Self::visitor(practice) }
    }

    /// Whether the API key has this scope.
    pub fn may(&self, scope: Scope) -> bool {
        self.scopes.contains(&scope)
    }

    /// Refuses with `Forbidden` unless the API key has this scope.
    pub fn require(&self, scope: Scope) -> Result<(), Refusal> {
        if self.may(scope) { Ok(()) } else { Err(Refusal::Forbidden) }
    }

    /// The staff member. Every change needs one, so it refuses with `BadRequest` if the header is missing.
    pub fn actor(&self) -> Result<Actor, Refusal> {
        let missing = || {
            Refusal::BadRequest(vec![FieldFault { pointer: "#Portico-Actor".to_owned(), code: "required" }])
        };
        self.actor.clone().ok_or_else(missing)
    }

    /// The caller as audit events name it.
    pub fn by(&self) -> By {
        By { client: self.client.to_string(), actor: self.actor.as_ref().map(ToString::to_string) }
    }
}

/// Admits a call. The API key's record and the records that `along` names are read at once,
/// strongly consistent. A session of the Onboarding Tool stands for its key: with the staff member for whom it was
/// opened, and at most the scopes that the key still has.
pub async fn authorize<S: ApiCalls + Limits>(
    app: &App<S>,
    call: &ApiCall,
    scopes: &[Scope],
    along: AlsoRead<'_>,
) -> Result<(Caller, CallRecords), Failure> {
    let store = &app.store;
    let read = async {
        let opened = store.open(&call.key, along).await?;
        Ok((opened.key.clone(), opened))
    };
    let (caller, opened) = authorize_with(app, call, &[], read).await?;
    Ok((in_session(app, call, scopes, caller, &opened).await?, opened))
}

/// Admits a call that reads no record of its own, and reads the practice's settings.
pub async fn authorize_with_settings<S: ApiCalls + Limits + Practices>(
    app: &App<S>,
    call: &ApiCall,
    scopes: &[Scope],
) -> Result<(Caller, Settings), Failure> {
    let (caller, _) = authorize(app, call, scopes, AlsoRead::default()).await?;
    let practice = app.store.practice(&caller.practice).await?.ok_or(Failure::Broken("practice"))?;
    Ok((caller, practice.settings))
}

/// Admits a call that was admitted before and is still at work, such as the next patient of a batch. Everything is
/// checked again but the client's rate.
pub(crate) async fn authorize_again<S: ApiCalls>(
    app: &App<S>,
    call: &ApiCall,
    scopes: &[Scope],
    along: AlsoRead<'_>,
) -> Result<(Caller, CallRecords), Failure> {
    let opened = app.store.open(&call.key, along).await?;
    let now = app.context.now();
    let caller = caller_of(opened.key.as_ref(), &call.key, call.actor.clone(), now)?;
    Ok((in_session(app, call, scopes, caller, &opened).await?, opened))
}

/// The caller of a call whose credential is a session of the Onboarding Tool: the staff member for whom it was opened,
/// with its scopes. The caller of a call with an API key stays as it is. Refuses a caller without all of `scopes`.
async fn in_session<S: ApiCalls>(
    app: &App<S>,
    call: &ApiCall,
    scopes: &[Scope],
    caller: Caller,
    opened: &CallRecords,
) -> Result<Caller, Failure> {
    let caller = match &call.key.session {
        Some(digest) => {
            let caller = staff_member(app, digest, caller, opened).await?;
            app.context.floods.know(digest, app.context.now());
            caller
        }
        None => caller,
    };
    note_caller(caller.practice.as_str(), &caller.by());
    scopes.iter().try_for_each(|scope| caller.require(*scope))?;
    Ok(caller)
}

async fn staff_member<S: ApiCalls>(
    app: &App<S>,
    digest: &str,
    caller: Caller,
    opened: &CallRecords,
) -> Result<Caller, Failure> {
    let now = app.context.now();
    let session = opened.session.as_ref().filter(|session| session.digest == digest && session.is_live(now));
    let (session, key) = session.zip(opened.key.as_ref()).ok_or(Refusal::Unauthorized)?;
    if let Some(touched) = session.touched(now) {
        app.store.touch(&touched).await?;
    }
    Ok(Caller {
        actor: Some(session.actor.clone()),
        scopes: session.scopes_of(key),
        session: Some(Box::new(session.clone())),
        ..caller
    })
}

/// Admits a call; `read` reads the API key's record, and may read more. Refuses an unknown or revoked key,
/// then a client that is too fast, then a missing scope.
pub async fn authorize_with<S: Limits + KeyUse, T>(
    app: &App<S>,
    call: &ApiCall,
    scopes: &[Scope],
    read: impl Future<Output = Result<(Option<ApiKey>, T), PortError>> + Send,
) -> Result<(Caller, T), Failure> {
    let App { context, store } = app;
    let now = context.now();
    let unreported = context.calls.note(&call.key.digest, now);
    let rule = if scopes == [Scope::Sessions] { SESSION_CALLS } else { CLIENT };
    let limit = Counter::new(rule, &call.key.digest, now, &context.keyring);
    let counted =
        async { if unreported == 0 { Ok(Raised::default()) } else { store.raise(&limit, unreported).await } };
    let (found, raised) = join!(read, counted);
    let (key, found) = found?;
    let caller = caller_of(key.as_ref(), &call.key, call.actor.clone(), now)?;
    note_caller(caller.practice.as_str(), &caller.by());
    context.floods.know(&call.key.digest, now);
    let most = key.as_ref().and_then(|key| key.calls_per_second).unwrap_or(rule.most);
    Counter { rule: Rule { most, ..rule }, ..limit }.check(raised?, now)?;
    scopes.iter().try_for_each(|scope| caller.require(*scope))?;
    if let Some((key, day)) = key.as_ref().and_then(|key| Some((key, key.newly_used(now)?))) {
        // The call is good whether or not this is noted; the next one notes it otherwise.
        store.used(&key.digest, day).await.ok();
    }
    Ok((caller, found))
}

/// The caller with this key. Refuses unless the key's record exists, is neither revoked nor over, and
/// belongs to the practice that the key names.
fn caller_of(
    record: Option<&ApiKey>,
    presented: &PresentedKey,
    actor: Option<Actor>,
    now: Timestamp,
) -> Result<Caller, Refusal> {
    let works = |key: &&ApiKey| key.revoked_at.is_none() && key.expires_at.is_none_or(|end| now < end);
    let good = record.filter(works).filter(|key| key.practice == presented.claimed);
    let key = good.ok_or(Refusal::Unauthorized)?;
    Ok(Caller {
        practice: key.practice.clone(),
        client: key.client.clone(),
        actor,
        scopes: key.scopes.clone(),
        session: None,
    })
}

/// Checks whether the idempotency key was used before. `Some` is the id of the record from which the call is
/// answered again. Refuses if the key was used for another request.
pub fn earlier_use(
    once: Option<Once>,
    key: Option<&OnceKey>,
    now: Timestamp,
) -> Result<Option<String>, Refusal> {
    match (once, key) {
        (Some(once), Some(key)) if now < once.expires_at => {
            if once.key.body == key.body {
                Ok(Some(once.resource))
            } else {
                Err(Refusal::IdempotencyMismatch)
            }
        }
        _ => Ok(None),
    }
}
