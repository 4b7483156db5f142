//! Invites many patients in one call. Each has a result of their own; one that can't be invited never stops the others.
//!
//! A batch neither restores access that was taken away nor overrides a no. Up to a hundred patients are invited while
//! the caller waits; a larger batch is a job that a worker of the queue goes through, and that can be stopped. Before
//! each patient the caller's right is looked at again.

use std::collections::BTreeSet;

use crate::context::App;
use crate::model::batch::{
    AT_ONCE, Batch, BatchChannel, BatchOutcome, BatchResult, BatchState, Include, MOST,
};
use crate::model::ids::{BatchId, PatientId};
use crate::model::practice::Scope;
use crate::model::refusal::{Failure, FieldFault, Refusal};
use crate::ports::{
    AlsoRead, ApiCalls, Batches, Chain, Commit, Enqueue, Limits, Once, OnceKey, Practices, Waiting, Write,
};
use crate::steps::api_call::{ApiCall, Caller, authorize, earlier_use};
use crate::steps::batch::{foresee, invite_some, result_of, tell, waits_until};
use crate::steps::retry::{MAX_ATTEMPTS, Written, written};

/// Patients that are read together for a look ahead.
const TOGETHER: usize = 50;

/// The command to invite many.
pub struct InviteMany {
    /// The patients, 1 to 500. Repeats count once.
    pub patients: Vec<PatientId>,
    /// How they are reached.
    pub channel: BatchChannel,
    /// What may be done besides.
    pub include: Vec<Include>,
    /// Whether only to say what would be done.
    pub dry_run: bool,
}

/// What became of a batch, or what would become of it.
pub struct Ran {
    /// The job's id; of a small batch, one that nothing is stored under.
    pub id: BatchId,
    /// The state.
    pub state: BatchState,
    /// How many patients it has.
    pub size: usize,
    /// The results so far, in the order of the patients.
    pub results: Vec<BatchResult>,
    /// The caller.
    pub caller: Caller,
    /// Who stopped it.
    pub stopped_by: Option<String>,
}

/// Invites the patients of a small batch, or starts a large one.
pub async fn invite_many<S, Q>(
    app: &App<S>,
    call: &ApiCall,
    queue: &Q,
    command: InviteMany,
) -> Result<Ran, Failure>
where
    S: ApiCalls + Limits + Practices + Batches + Waiting + Chain + Commit,
    Q: Enqueue,
{
    let App { context, store } = app;
    let once = call.once_key(context);
    let along = AlsoRead { once: once.as_ref(), ..AlsoRead::default() };
    let (caller, opened) = authorize(app, call, &[Scope::Invite], along).await?;
    let actor = caller.actor()?;
    let mut seen = BTreeSet::new();
    let patients: Vec<PatientId> =
        command.patients.iter().filter(|patient| seen.insert((*patient).clone())).cloned().collect();
    if patients.is_empty() || patients.len() > MOST {
        let code = if patients.is_empty() { "required" } else { "too_many" };
        return Err(Refusal::BadRequest(vec![FieldFault::of("patient_ids", code)]).into());
    }
    let id = BatchId::new(&*context.clock, &*context.entropy);
    let size = patients.len();
    if command.dry_run {
        let results = look_ahead(app, &caller, &command, &patients).await?;
        return Ok(Ran { id, state: BatchState::Done, size, results, caller, stopped_by: None });
    }
    let earlier = earlier_use(opened.once, once.as_ref(), context.now())?;
    let batch = Batch {
        id,
        practice: caller.practice.clone(),
        version: 1,
        created_at: context.now(),
        state: BatchState::Running,
        key: call.key.digest.clone(),
        session: call.key.session.clone(),
        client: caller.client.clone(),
        actor,
        channel: command.channel,
        include: command.include,
        patients,
        results: Vec::new(),
        stopped_by: None,
    };
    if size > AT_ONCE {
        return start(app, queue, caller, batch, once, earlier).await;
    }
    // The markers of the patients make a repeated batch do nothing twice; its own marker refuses another batch under
    // the same key.
    let name = once.as_ref().map_or_else(|| id.to_string(), |once| once.name.clone());
    if let (Some(key), None) = (once, earlier) {
        let marker = Write::Once(Once::new(key, &id.to_string(), context.now()));
        written(store, &[marker], None).await?;
    }
    let (results, is_withdrawn) = invite_some(app, &batch, &name, &batch.patients).await;
    let state = if is_withdrawn { BatchState::Withdrawn } else { BatchState::Done };
    Ok(Ran { id, state, size, results, caller, stopped_by: None })
}

/// Stores a large batch and tells a worker. A repeated call finds the first one.
async fn start<S, Q>(
    app: &App<S>,
    queue: &Q,
    caller: Caller,
    batch: Batch,
    once: Option<OnceKey>,
    earlier: Option<String>,
) -> Result<Ran, Failure>
where
    S: Batches + Commit,
    Q: Enqueue,
{
    let App { context, store } = app;
    if let Some(earlier) = earlier {
        let id = BatchId::parse(&earlier).map_err(|_| Refusal::NotFound)?;
        let batch = store.batch_of(&caller.practice, id).await?.ok_or(Refusal::NotFound)?;
        // The first call may have ended before it told a worker.
        tell(queue, &batch).await?;
        return Ok(Ran::of(batch, caller));
    }
    let mut writes = vec![Write::KeepBatch(Box::new(batch.clone()))];
    writes.extend(once.clone().map(|key| Write::Once(Once::new(key, &batch.id.to_string(), context.now()))));
    if let Written::Lost(_) = written(store, &writes, once.as_ref()).await? {
        return Err(Refusal::IdempotencyInProgress.into());
    }
    tell(queue, &batch).await?;
    Ok(Ran::of(batch, caller))
}

impl Ran {
    fn of(batch: Batch, caller: Caller) -> Self {
        let Batch { id, state, patients, results, stopped_by, .. } = batch;
        Self { id, state, size: patients.len(), results, caller, stopped_by }
    }
}

/// Says what a batch would do, and writes nothing.
async fn look_ahead<S: Practices + Waiting>(
    app: &App<S>,
    caller: &Caller,
    command: &InviteMany,
    ids: &[PatientId],
) -> Result<Vec<BatchResult>, Failure> {
    let App { context, store } = app;
    let settings = store.practice(&caller.practice).await?.ok_or(Failure::Broken("practice"))?.settings;
    let mut results = Vec::new();
    for some in ids.chunks(TOGETHER) {
        let patients = store.candidates(&caller.practice, some).await?;
        for id in some {
            let Some(patient) = patients.iter().find(|patient| patient.id == *id) else {
                results.push(result_of(id, None, BatchOutcome::Skipped, vec!["not_found".to_owned()]));
                continue;
            };
            let wanted = (command.channel, &command.include[..]);
            results.push(match foresee(patient, wanted, &settings, context.now()) {
                Ok((channel, outcome)) => {
                    match waits_until(patient, channel, outcome, &settings, context.now()) {
                        Ok(not_before) => {
                            BatchResult { not_before, ..result_of(id, Some(patient), outcome, Vec::new()) }
                        }
                        Err(reason) => {
                            result_of(id, Some(patient), BatchOutcome::Skipped, vec![reason.to_owned()])
                        }
                    }
                }
                Err(reasons) => result_of(id, Some(patient), BatchOutcome::Skipped, reasons),
            });
        }
    }
    Ok(results)
}

/// Reads a batch.
pub async fn batch<S>(app: &App<S>, call: &ApiCall, id: BatchId) -> Result<Ran, Failure>
where
    S: ApiCalls + Limits + Batches,
{
    let (caller, _) = authorize(app, call, &[Scope::Invite], AlsoRead::default()).await?;
    let batch = app.store.batch_of(&caller.practice, id).await?.ok_or(Refusal::NotFound)?;
    Ok(Ran::of(batch, caller))
}

/// Stops a batch. One that is over stays as it is.
pub async fn stop_batch<S>(app: &App<S>, call: &ApiCall, id: BatchId) -> Result<Ran, Failure>
where
    S: ApiCalls + Limits + Batches + Commit,
{
    for _ in 0..MAX_ATTEMPTS {
        let (caller, _) = authorize(app, call, &[Scope::Invite], AlsoRead::default()).await?;
        let actor = caller.actor()?;
        let mut batch = app.store.batch_of(&caller.practice, id).await?.ok_or(Refusal::NotFound)?;
        if batch.state != BatchState::Running {
            return Ok(Ran::of(batch, caller));
        }
        batch.state = BatchState::Stopped;
        batch.stopped_by = Some(actor.to_string());
        batch.version += 1;
        if let Written::Done = written(&app.store, &[Write::KeepBatch(Box::new(batch.clone()))], None).await?
        {
            return Ok(Ran::of(batch, caller));
        }
    }
    Err(Failure::Unavailable)
}
