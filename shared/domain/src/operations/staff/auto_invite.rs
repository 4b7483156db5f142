//! Automatic invitations as staff see them: what the next sweep will do, what earlier ones did, and how to
//! start them again after they stopped themselves.

use futures_util::join;
use jiff::civil::Date;

use crate::context::App;
use crate::model::audit::{Action, Entry, Subject};
use crate::model::auto_invite::{Decision, Skip, day, decide};
use crate::model::ids::PatientId;
use crate::model::practice::{Practice, Scope};
use crate::model::refusal::{Failure, FieldFault, Refusal};
use crate::model::sweep_run::{Cursor, Run};
use crate::ports::{AlsoRead, ApiCalls, Chain, Commit, Limits, Once, Practices, Runs, Waiting, Write};
use crate::steps::api_call::{ApiCall, authorize, earlier_use};
use crate::steps::retry::{MAX_ATTEMPTS, Written, written};

/// Runs on one page of the list.
const RUNS: usize = 50;

/// Patients that are looked at together.
const PAGE: usize = 50;

/// What a sweep would do now, if the hour allowed it.
#[derive(Debug, Default)]
pub struct Preview {
    /// Patients who would get a message, in the order of sending.
    pub due: Vec<PatientId>,
    /// Patients who would get none, with all reasons.
    pub skipped: Vec<(PatientId, Vec<Skip>)>,
    /// Patients who would wait for a later hour, because of the hours for texts.
    pub waiting: Vec<PatientId>,
    /// How many would wait for another day, because the day's messages would be used up.
    pub deferred: u32,
}

/// Says what the next sweep will do. It sends nothing and writes nothing.
pub async fn preview<S>(app: &App<S>, call: &ApiCall) -> Result<Preview, Failure>
where
    S: ApiCalls + Limits + Practices + Waiting + Runs,
{
    let App { context, store } = app;
    let (caller, _) = authorize(app, call, &[Scope::Settings], AlsoRead::default()).await?;
    let id = &caller.practice;
    let settings = store.practice(id).await?.ok_or(Failure::Broken("practice"))?.settings;
    let now = context.now();
    let today = day(now, &settings);
    let run = match store.run(id, today).await? {
        Some(run) => run,
        None => Run::start(id, today, &settings.auto_invite, &store.runs(id, Some(today), 1).await?, now),
    };
    let mut allowance = run.allowance();
    let mut preview = Preview::default();
    let mut cursor: Option<Cursor> = None;
    loop {
        let waiting = store.waiting(id, now, cursor.as_ref(), PAGE).await?;
        let ids: Vec<PatientId> = waiting.iter().map(|waiting| waiting.patient.clone()).collect();
        let patients = if ids.is_empty() { Vec::new() } else { store.candidates(id, &ids).await? };
        let is_last = waiting.len() < PAGE;
        for next in waiting {
            let due = |patient: &&crate::model::patient::Patient| {
                patient.id == next.patient && patient.sweep_due_at == Some(next.due_at)
            };
            match patients.iter().find(due).map(|patient| decide(patient, &settings, now)) {
                Some(Decision::Send { .. }) if allowance == 0 => {
                    preview.deferred = store.count_waiting(id, now, cursor.as_ref()).await?;
                    return Ok(preview);
                }
                Some(Decision::Send { .. }) => {
                    allowance -= 1;
                    preview.due.push(next.patient.clone());
                }
                Some(Decision::Skip(why)) => preview.skipped.push((next.patient.clone(), why)),
                Some(Decision::Wait(_)) => preview.waiting.push(next.patient.clone()),
                None => {}
            }
            cursor = Some(next);
        }
        if is_last {
            return Ok(preview);
        }
    }
}

/// A page of the practice's runs, the newest first.
pub struct RunPage {
    /// The runs.
    pub runs: Vec<Run>,
    /// Where the next page begins; `None` on the last.
    pub next_cursor: Option<String>,
}

/// Lists the practice's runs.
pub async fn runs<S>(app: &App<S>, call: &ApiCall, cursor: Option<&str>) -> Result<RunPage, Failure>
where
    S: ApiCalls + Limits + Runs,
{
    let App { context, store } = app;
    let (caller, _) = authorize(app, call, &[Scope::Report], AlsoRead::default()).await?;
    let sealed_for = [b"runs ".as_slice(), caller.practice.as_str().as_bytes()].concat();
    let sealed_for = sealed_for.as_slice();
    let before = match cursor {
        None => None,
        Some(sealed) => {
            let day: Option<Date> = context.keyring.open_json(sealed_for, sealed);
            Some(day.ok_or_else(|| Refusal::BadRequest(vec![FieldFault::of("cursor", "invalid")]))?)
        }
    };
    let mut runs = store.runs(&caller.practice, before, RUNS + 1).await?;
    let more = runs.len() > RUNS;
    runs.truncate(RUNS);
    let next_cursor = runs
        .last()
        .filter(|_| more)
        .map(|last| context.keyring.seal_json(sealed_for, &last.day, &*context.entropy));
    Ok(RunPage { runs, next_cursor })
}

/// Starts automatic invitations again, after they stopped themselves. Does nothing if they run.
pub async fn resume<S>(app: &App<S>, call: &ApiCall) -> Result<Practice, Failure>
where
    S: ApiCalls + Limits + Practices + Chain + Commit,
{
    let App { context, store } = app;
    let once = call.once_key(context);
    let along = AlsoRead { once: once.as_ref(), ..AlsoRead::default() };
    for _ in 0..MAX_ATTEMPTS {
        let (opened, head) = join!(
            authorize(app, call, &[Scope::Settings], along),
            store.head(&call.key.claimed, &Subject::Practice)
        );
        let (caller, opened) = opened?;
        caller.actor()?;
        let mut practice = store.practice(&caller.practice).await?.ok_or(Failure::Broken("practice"))?;
        if earlier_use(opened.once, once.as_ref(), context.now())?.is_some()
            || practice.auto_invite_paused.is_none()
        {
            return Ok(practice);
        }
        practice.auto_invite_paused = None;
        let now = context.now();
        let entry = Entry {
            practice: practice.id.clone(),
            subject: Subject::Practice,
            at: now,
            by: caller.by(),
            action: Action::AutoInviteResumed,
            detail: Vec::new(),
        };
        let event = entry.after(&head?, &context.keyring);
        practice.auto_invite_resumed_at = Some(now);
        practice.head = event.head();
        practice.version += 1;
        let mut writes = vec![Write::ChangePractice(practice.clone()), Write::Append(event)];
        if let Some(key) = once.clone() {
            writes.push(Write::Once(Once::new(key, practice.id.as_str(), now)));
        }
        if let Written::Done = written(store, &writes, once.as_ref()).await? {
            return Ok(practice);
        }
    }
    Err(Failure::Unavailable)
}
