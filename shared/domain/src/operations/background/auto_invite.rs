//! `auto-invite`: invites patients after a visit, and reminds them. A planner looks at who is due and decides;
//! workers send. Both may be started twice, killed anywhere, or run late.
//!
//! A practice has one run a day, created by a condition. The planner takes the patients who are due in pages;
//! one transaction saves what it decided about a page, so that nobody is counted twice. A page's patients who
//! get a message are a record of their own, which a worker marks as done together with the counts. A worker
//! decides again from the patient's record, and the invitation itself is one transaction on that record.

use futures_util::join;

use crate::context::App;
use crate::model::audit::{Action, By, Entry, Subject};
use crate::model::auto_invite::{Decision, day, decide, is_quiet, link_id, look_again_at};
use crate::model::campaign::{Brake, Paused};
use crate::model::ids::{Actor, PatientId, PracticeId};
use crate::model::patient::Patient;
use crate::model::practice::{Practice, Settings};
use crate::model::refusal::PortError;
use crate::model::sweep_run::{Cursor, Outcome, Page, Run, Task, brake};
use crate::ports::{Chain, Commit, Enqueue, Patients, PracticeList, Practices, Record, Runs, Waiting, Write};
use crate::steps::api_call::Caller;
use crate::steps::invitation::{Automatic, Wanted, prepare};
use crate::steps::retry::{MAX_ATTEMPTS, Written, written_in_background};
use crate::time::Timestamp;

/// Patients that the planner decides about at once.
const PAGE: usize = 50;

/// Seconds during which one planner starts pages. The template's timeout is 60 seconds.
const PLANNING_SECONDS: i64 = 40;

/// Earlier runs that are read for the brake and the ramp.
const EARLIER_RUNS: usize = 30;

/// Hours after which a number that got enough texts is tried again.
const NEXT_TEXT_HOURS: i64 = 24;

/// Attempts at counting what became of a page. Several workers count in the same run's record.
const COUNTING_ATTEMPTS: u32 = 20;

/// What a planner did.
#[derive(Debug, Default)]
pub struct Tick {
    /// The runs of the practices that send now.
    pub runs: Vec<Run>,
    /// Practices whose sweep stopped itself.
    pub paused: Vec<(PracticeId, Brake)>,
    /// Practices that could not be planned. The next planner tries again.
    pub failed: u32,
}

/// The result of one step for one practice.
enum Step {
    /// There may be more to do.
    Again,
    /// Another planner or worker wrote at the same moment. Try again.
    Lost,
    /// Nothing is left to plan; the run as it is.
    Done(Box<Run>),
    /// The practice sends nothing now.
    Nothing,
    /// The sweep stops itself.
    Paused(Brake),
}

/// Plans the runs of all practices. They take turns, page by page, so that a large one does not keep the
/// others waiting. What there is no time for is left to the next planner.
pub async fn plan<S, Q>(app: &App<S>, queue: &Q) -> Result<Tick, PortError>
where
    S: PracticeList + Practices + Waiting + Runs + Chain + Commit,
    Q: Enqueue,
{
    let until = app.context.now().plus_seconds(PLANNING_SECONDS);
    let mut tick = Tick::default();
    let mut turns: Vec<(PracticeId, u32)> =
        app.store.practices().await?.into_iter().map(|id| (id, 0)).collect();
    while !turns.is_empty() && app.context.now() < until {
        for (id, lost) in std::mem::take(&mut turns) {
            match step(app, queue, &id).await {
                Ok(Step::Again) => turns.push((id, 0)),
                Ok(Step::Lost) if lost < MAX_ATTEMPTS => turns.push((id, lost + 1)),
                Ok(Step::Done(run)) => tick.runs.push(*run),
                Ok(Step::Paused(why)) => tick.paused.push((id, why)),
                Ok(Step::Nothing) => {}
                Ok(Step::Lost) | Err(_) => tick.failed += 1,
            }
        }
    }
    Ok(tick)
}

/// Starts the day's run, or plans its next page.
async fn step<S, Q>(app: &App<S>, queue: &Q, id: &PracticeId) -> Result<Step, PortError>
where
    S: Practices + Waiting + Runs + Chain + Commit,
    Q: Enqueue,
{
    let App { context, store } = app;
    let now = context.now();
    let Some(practice) = store.practice(id).await?.filter(|practice| sends(practice, now)) else {
        return Ok(Step::Nothing);
    };
    let settings = &practice.settings;
    let today = day(now, settings);
    let Some(run) = store.run(id, today).await? else {
        let before = store.runs(id, Some(today), 1).await?;
        let run = Run::start(id, today, &settings.auto_invite, &before, now);
        let started = [Write::StartRun(Box::new(run))];
        return Ok(match written_in_background(store, &started).await? {
            Written::Done => Step::Again,
            Written::Lost(_) => Step::Lost,
        });
    };
    if run.cursor.is_none() {
        let runs = store.runs(id, None, EARLIER_RUNS).await?;
        if let Some(why) = brake(&runs, practice.auto_invite_resumed_at) {
            return pause(app, practice, why).await;
        }
    }
    if run.cursor.is_none() && !run.open_pages.is_empty() {
        // The workers have not finished what was planned before. Only a lost message is sent again: twice as many
        // would make them no faster.
        if run.is_stuck(now) {
            for page in &run.open_pages {
                send(queue, id, &run, *page).await?;
            }
        }
        return Ok(Step::Done(Box::new(run)));
    }
    let waiting = store.waiting(id, now, run.cursor.as_ref(), PAGE).await?;
    let ids: Vec<PatientId> = waiting.iter().map(|waiting| waiting.patient.clone()).collect();
    let patients = if ids.is_empty() { Vec::new() } else { store.candidates(id, &ids).await? };
    let mut planned = plan_page(&run, settings, &waiting, &patients, now);
    if planned.is_full {
        let over_cap = store.count_waiting(id, now, planned.last.as_ref()).await?;
        planned.run.over_cap = over_cap;
    }
    let round_is_over = planned.is_full || waiting.len() < PAGE;
    let Planned { run: mut next, page, mut writes, last, .. } = planned;
    next.cursor = if round_is_over { None } else { last };
    next.finished_at = if round_is_over && next.open_pages.is_empty() {
        run.finished_at.filter(|_| run.seen() == next.seen()).or(Some(now))
    } else {
        None
    };
    if next == run {
        return Ok(Step::Done(Box::new(run)));
    }
    next.version += 1;
    next.changed_at = Some(now);
    let number = page.as_ref().map(|page| page.number);
    writes.extend(page.map(Write::AddPage));
    writes.push(Write::ChangeRun(Box::new(next.clone())));
    if let Written::Lost(_) = written_in_background(store, &writes).await? {
        return Ok(Step::Lost);
    }
    if let Some(number) = number {
        send(queue, id, &next, number).await?;
    }
    Ok(if round_is_over { Step::Done(Box::new(next)) } else { Step::Again })
}

/// Whether the practice sends automatic messages at this instant.
fn sends(practice: &Practice, now: Timestamp) -> bool {
    let settings = &practice.settings;
    settings.auto_invite.enabled && practice.auto_invite_paused.is_none() && !is_quiet(now, settings)
}

async fn send<Q: Enqueue>(queue: &Q, practice: &PracticeId, run: &Run, page: u32) -> Result<(), PortError> {
    let task = Task { practice: practice.clone(), day: run.day, page };
    let task = serde_json::to_string(&task).map_err(|_| PortError::Broken("task"))?;
    queue.send(&task).await
}

/// What the planner decided about one page of patients who are due.
struct Planned {
    /// The run with what was decided.
    run: Run,
    /// The patients that workers send a message to.
    page: Option<Page>,
    /// When the others are looked at again.
    writes: Vec<Write>,
    /// The last patient that was decided about.
    last: Option<Cursor>,
    /// Whether the day's messages are used up.
    is_full: bool,
}

/// Decides about a page of patients, the one who waits longest first, until the day's messages are used up.
fn plan_page(
    run: &Run,
    settings: &Settings,
    waiting: &[Cursor],
    patients: &[Patient],
    now: Timestamp,
) -> Planned {
    let mut planned = Planned {
        run: run.clone(),
        page: None,
        writes: Vec::new(),
        last: run.cursor.clone(),
        is_full: false,
    };
    planned.run.over_cap = 0;
    let mut chosen = Vec::new();
    for cursor in waiting {
        // The index may be late; the patient's record then has another instant, and is left alone.
        let theirs =
            |patient: &&Patient| patient.id == cursor.patient && patient.sweep_due_at == Some(cursor.due_at);
        if let Some(patient) = patients.iter().find(theirs) {
            match decide(patient, settings, now) {
                Decision::Send { .. } if planned.run.allowance() == 0 => {
                    planned.is_full = true;
                    break;
                }
                Decision::Send { .. } => {
                    planned.run.under_way += 1;
                    chosen.push(patient.id.clone());
                }
                decision => {
                    let (until, outcome) = set_aside(patient, &decision, settings, run.day);
                    if let Some(outcome) = outcome {
                        planned.run.count(outcome);
                    }
                    planned.writes.push(look_again(patient, cursor.due_at, until));
                }
            }
        }
        planned.last = Some(cursor.clone());
    }
    if !chosen.is_empty() {
        planned.run.pages += 1;
        let number = planned.run.pages;
        planned.run.open_pages.insert(number);
        let (practice, day) = (run.practice.clone(), run.day);
        planned.page = Some(Page { practice, day, number, patients: chosen, done: false });
    }
    planned
}

/// When a patient who gets no message now is looked at again, and how the run counts them. Who only waits for
/// a later hour of the same day is counted then.
fn set_aside(
    patient: &Patient,
    decision: &Decision,
    settings: &Settings,
    today: jiff::civil::Date,
) -> (Option<Timestamp>, Option<Outcome>) {
    match decision {
        Decision::Skip(why) => {
            (look_again_at(patient, settings, why), why.first().copied().map(Outcome::Skipped))
        }
        Decision::Wait(until) => {
            (Some(*until), (day(*until, settings) != today).then_some(Outcome::Postponed))
        }
        Decision::Send { .. } => (None, None),
    }
}

fn look_again(patient: &Patient, from: Timestamp, until: Option<Timestamp>) -> Write {
    let Patient { practice, id, version, .. } = patient;
    Write::SweepDue { practice: practice.clone(), patient: id.clone(), version: *version, from, until }
}

/// Stops the practice's sweep until staff start it again.
async fn pause<S: Chain + Commit>(
    app: &App<S>,
    mut practice: Practice,
    why: Brake,
) -> Result<Step, PortError> {
    let App { context, store } = app;
    let now = context.now();
    let entry = Entry {
        practice: practice.id.clone(),
        subject: Subject::Practice,
        at: now,
        by: By::service(),
        action: Action::AutoInvitePaused,
        detail: vec![("why", why.code().to_owned())],
    };
    let event = entry.after(&store.head(&practice.id, &Subject::Practice).await?, &context.keyring);
    practice.auto_invite_paused = Some(Paused { at: now, why });
    practice.head = event.head();
    practice.version += 1;
    Ok(match written_in_background(store, &[Write::ChangePractice(practice), Write::Append(event)]).await? {
        Written::Done => Step::Paused(why),
        Written::Lost(_) => Step::Lost,
    })
}

/// Sends the messages of one page, and counts what became of its patients. Does nothing for a page that is
/// done already.
pub async fn work<S>(app: &App<S>, task: &Task) -> Result<(), PortError>
where
    S: Practices + Runs + Patients + Chain + Commit,
{
    let App { context, store } = app;
    let page = store.page(&task.practice, task.day, task.page).await?;
    let Some(page) = page.filter(|page| !page.done) else { return Ok(()) };
    let practice = store.practice(&page.practice).await?.ok_or(PortError::Broken("practice"))?;
    let (mut outcomes, mut failed) = (Vec::new(), None);
    for patient in &page.patients {
        // One patient's failure must not keep the ones behind waiting. The page is tried again.
        match send_next(app, &practice, &page, patient).await {
            Ok(outcome) => outcomes.extend(outcome),
            Err(error) => failed = Some(error),
        }
    }
    if let Some(error) = failed {
        return Err(error);
    }
    let sent = u32::try_from(page.patients.len()).unwrap_or_default();
    let done = Page { done: true, ..page };
    for _ in 0..COUNTING_ATTEMPTS {
        let run = store.run(&done.practice, done.day).await?.ok_or(PortError::Broken("run"))?;
        let mut next = run.clone();
        next.under_way = run.under_way.saturating_sub(sent);
        for outcome in &outcomes {
            next.count(*outcome);
        }
        next.open_pages.remove(&done.number);
        if next.open_pages.is_empty() && next.cursor.is_none() {
            next.finished_at = Some(context.now());
        }
        next.version += 1;
        next.changed_at = Some(context.now());
        let writes = [Write::FinishPage(done.clone()), Write::ChangeRun(Box::new(next))];
        match written_in_background(store, &writes).await? {
            Written::Done => return Ok(()),
            Written::Lost(lost) if lost.contains(Record::Page) => return Ok(()),
            Written::Lost(_) => {}
        }
    }
    Err(PortError::Unavailable)
}

/// Sends a patient's next message, decided from the record as it is now. `None` if they wait for a later hour
/// of the same day.
async fn send_next<S>(
    app: &App<S>,
    practice: &Practice,
    page: &Page,
    id: &PatientId,
) -> Result<Option<Outcome>, PortError>
where
    S: Patients + Chain + Commit,
{
    let App { context, store } = app;
    let settings = &practice.settings;
    let subject = Subject::Patient(id.clone());
    for _ in 0..MAX_ATTEMPTS {
        let (patient, head) = join!(store.patient(&practice.id, id), store.head(&practice.id, &subject));
        let patient = patient?.ok_or(PortError::Broken("patient"))?;
        if let Some(campaign) = patient.campaign.filter(|campaign| campaign.day == page.day) {
            let outcome = if campaign.sent == 1 { Outcome::Invited } else { Outcome::Reminded };
            return Ok(Some(outcome));
        }
        let now = context.now();
        let is_late = day(now, settings) != page.day || !sends(practice, now);
        let (false, Some(due_at)) = (is_late, patient.sweep_due_at) else {
            // The patient is still due, or somebody else has looked at them since.
            return Ok(Some(Outcome::Postponed));
        };
        let (channel, number) = match decide(&patient, settings, now) {
            Decision::Send { channel, number } => (channel, number),
            decision => {
                let (until, outcome) = set_aside(&patient, &decision, settings, page.day);
                match written_in_background(store, &[look_again(&patient, due_at, until)]).await? {
                    Written::Done => return Ok(outcome),
                    Written::Lost(_) => continue,
                }
            }
        };
        let link = link_id(&patient, due_at, number, &context.keyring);
        let automatic = Automatic { day: page.day, number, link };
        let wanted = Wanted { automatic: Some(automatic), ..Wanted::by(channel) };
        let later = look_again(&patient, due_at, Some(now.plus_hours(NEXT_TEXT_HOURS)));
        let caller = Caller::service(&practice.id);
        let ready = prepare(context, settings, patient, &wanted, &caller, &Actor::auto_invite());
        let Ok(mut ready) = ready else { return Ok(Some(Outcome::Postponed)) };
        ready.finish(context, settings, &head?);
        match written_in_background(store, &ready.writes).await? {
            Written::Done if number == 1 => return Ok(Some(Outcome::Invited)),
            Written::Done => return Ok(Some(Outcome::Reminded)),
            Written::Lost(lost) if lost.contains(Record::AutomaticTexts) || lost.contains(Record::Limit) => {
                // The number got enough texts lately, perhaps from other practices.
                if let Written::Done = written_in_background(store, &[later]).await? {
                    return Ok(Some(Outcome::Postponed));
                }
            }
            Written::Lost(_) => {}
        }
    }
    Err(PortError::Unavailable)
}
