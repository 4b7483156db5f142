//! Creates one invitation for staff: reads what it needs, lets the caller prepare it, and writes it all at once.

use futures_util::join;

use crate::context::App;
use crate::model::audit::Subject;
use crate::model::ids::{Actor, LinkId, PatientId};
use crate::model::link::Link;
use crate::model::patient::Patient;
use crate::model::practice::{Scope, Settings};
use crate::model::refusal::{Failure, Refusal};
use crate::ports::{AlsoRead, ApiCalls, Chain, Commit, Limits, Links, Once, Practices, Write};
use crate::steps::api_call::{ApiCall, Caller, authorize, earlier_use};
use crate::steps::invitation::Prepared;
use crate::steps::retry::{MAX_ATTEMPTS, Written, written};

/// An invitation, and the caller who asked for it.
pub struct Invited {
    /// The invitation.
    pub link: Link,
    /// The caller, whose scopes decide what the answer shows.
    pub caller: Caller,
    /// Whether it replaced one that was pending.
    pub replaced: bool,
}

/// Creates an invitation that `prepare` prepares from the records as they are. A repeated call with the same idempotency
/// key returns the first one.
pub(crate) async fn create_invitation<S, P>(
    app: &App<S>,
    call: &ApiCall,
    patient: &PatientId,
    prepare: P,
) -> Result<Invited, Failure>
where
    S: ApiCalls + Limits + Chain + Practices + Links + Commit,
    P: Fn(&Settings, Patient, &Caller, &Actor) -> Result<Prepared, Refusal> + Send,
{
    let App { context, store } = app;
    let subject = Subject::Patient(patient.clone());
    let once = call.once_key(context);
    let along = AlsoRead { patient: Some(patient), once: once.as_ref(), ..AlsoRead::default() };
    for _ in 0..MAX_ATTEMPTS {
        let (opened, head) =
            join!(authorize(app, call, &[Scope::Invite], along), store.head(&call.key.claimed, &subject));
        let (caller, opened) = opened?;
        let actor = caller.actor()?;
        if let Some(made) = earlier_use(opened.once, once.as_ref(), context.now())? {
            let id = LinkId::parse(&made).map_err(|_| Refusal::NotFound)?;
            let link = store.link(id).await?.ok_or(Refusal::NotFound)?;
            return Ok(Invited { link, caller, replaced: false });
        }
        let patient = opened.patient.ok_or(Refusal::NotFound)?;
        let replaced = patient.invitation.is_some_and(|current| context.now() < current.expires_at);
        let practice = store.practice(&caller.practice).await?.ok_or(Failure::Broken("practice"))?;
        let mut ready = prepare(&practice.settings, patient, &caller, &actor)?;
        ready.finish(context, &practice.settings, &head?);
        if let Some(key) = once.clone() {
            ready.writes.push(Write::Once(Once::new(key, &ready.link.id.to_string(), context.now())));
        }
        match written(store, &ready.writes, once.as_ref()).await? {
            Written::Done => return Ok(Invited { link: ready.link, caller, replaced }),
            Written::Lost(lost) => lost.within_limits(context.now())?,
        }
    }
    Err(Failure::Unavailable)
}
