//! The staff desk: who is calling, what their key allows, how fast, and whether they asked before.

use futures_util::join;

use crate::context::{App, Context};
use crate::keys::Use;
use crate::model::audit::By;
use crate::model::ids::{Actor, ClientId, PracticeId};
use crate::model::limit::{CLIENT, Counter, Raised};
use crate::model::practice::{ApiKey, PresentedKey, Scope};
use crate::model::refusal::{Failure, FieldFault, PortError, Refusal};
use crate::ports::{AlsoRead, CallRecords, Limits, Once, OnceKey, StaffCalls};
use crate::time::Timestamp;

/// A call by an application of a practice, as it presents itself.
pub struct StaffCall {
    /// Its key.
    pub key: PresentedKey,
    /// The staff member it calls for.
    pub actor: Option<Actor>,
    /// Its idempotency key.
    pub idempotency_key: Option<IdempotencyKey>,
}

/// An `Idempotency-Key` as a call presents it.
pub struct IdempotencyKey {
    /// The key, 1 to 128 printable characters.
    pub key: String,
    /// SHA-256 of method, path and body, in hexadecimal.
    pub request: String,
}

impl StaffCall {
    /// The marker of the idempotency key, which is the client's own.
    pub fn once_key(&self, context: &Context) -> Option<OnceKey> {
        let IdempotencyKey { key, request } = self.idempotency_key.as_ref()?;
        let mac =
            |parts: &[&[u8]]| data_encoding::HEXLOWER.encode(&context.keyring.mac_now(Use::Body, parts));
        Some(OnceKey {
            name: mac(&[self.key.digest.as_bytes(), key.as_bytes()]),
            body: mac(&[b"body", request.as_bytes()]),
        })
    }
}

/// An application whose key was found good.
#[derive(Clone, Debug)]
pub struct Caller {
    /// The practice, from the key's record and from nowhere else.
    pub practice: PracticeId,
    /// The application.
    pub client: ClientId,
    /// The staff member.
    pub actor: Option<Actor>,
    /// What the key allows.
    pub scopes: Vec<Scope>,
}

impl Caller {
    /// A visitor of a public page, whom no key vouches for.
    pub fn visitor(practice: &PracticeId) -> Self {
        Self { practice: practice.clone(), client: ClientId::visitor(), actor: None, scopes: Vec::new() }
    }

    /// Whether the key allows it.
    pub fn may(&self, scope: Scope) -> bool {
        self.scopes.contains(&scope)
    }

    /// Refuses unless the key allows it.
    pub fn must(&self, scope: Scope) -> Result<(), Refusal> {
        if self.may(scope) { Ok(()) } else { Err(Refusal::Forbidden) }
    }

    /// The staff member, whom every change needs.
    pub fn actor(&self) -> Result<Actor, Refusal> {
        let missing = || {
            Refusal::BadRequest(vec![FieldFault { pointer: "#Portico-Actor".to_owned(), code: "required" }])
        };
        self.actor.clone().ok_or_else(missing)
    }

    /// As an audit event names them.
    pub fn by(&self) -> By {
        By { client: self.client.to_string(), actor: self.actor.as_ref().map(ToString::to_string) }
    }
}

/// Opens a call: reads the key's record and what the call is about in one strong read, and counts the call.
pub async fn authorize<S: StaffCalls + Limits>(
    app: &App<S>,
    call: &StaffCall,
    scopes: &[Scope],
    along: AlsoRead<'_>,
) -> Result<(Caller, CallRecords), Failure> {
    let store = &app.store;
    let read = async {
        let opened = store.open(&call.key, along).await?;
        Ok((opened.key.clone(), opened))
    };
    authorize_with(app, call, scopes, read).await
}

/// Admits a call whose key's record comes with `read`. Refuses an unknown or revoked key, then a client that hurries,
/// then a missing scope.
pub async fn authorize_with<S: Limits, T>(
    app: &App<S>,
    call: &StaffCall,
    scopes: &[Scope],
    read: impl Future<Output = Result<(Option<ApiKey>, T), PortError>> + Send,
) -> Result<(Caller, T), Failure> {
    let App { context, store } = app;
    let now = context.now();
    let unreported = context.calls.note(&call.key.digest, now);
    let limit = Counter::new(CLIENT, &call.key.digest, now, &context.keyring);
    let counted =
        async { if unreported == 0 { Ok(Raised::default()) } else { store.raise(&limit, unreported).await } };
    let (found, raised) = join!(read, counted);
    let (key, found) = found?;
    let caller = caller_of(key.as_ref(), &call.key, call.actor.clone())?;
    limit.check(raised?, now)?;
    scopes.iter().try_for_each(|scope| caller.must(*scope))?;
    Ok((caller, found))
}

/// Who presents this key, if its record is there, not revoked, and of the practice that it claims.
fn caller_of(
    record: Option<&ApiKey>,
    presented: &PresentedKey,
    actor: Option<Actor>,
) -> Result<Caller, Refusal> {
    let good = record.filter(|key| key.revoked_at.is_none() && key.practice == presented.claimed);
    let key = good.ok_or(Refusal::Unauthorized)?;
    Ok(Caller {
        practice: key.practice.clone(),
        client: key.client.clone(),
        actor,
        scopes: key.scopes.clone(),
    })
}

/// What an earlier use of the same idempotency key means for this one: `Some` is the resource whose answer is to be made again.
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
