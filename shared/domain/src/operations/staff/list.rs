//! The list of patients: filtered, sorted, page by page; and how many there are of each status.

use std::collections::{BTreeMap, BTreeSet};

use futures_util::future::try_join_all;
use futures_util::join;

use crate::context::App;
use crate::model::audit::{Action, Entry, Subject};
use crate::model::ids::{PatientId, PracticeId};
use crate::model::list::{Filter, MOST_ROWS};
use crate::model::names;
use crate::model::pasted;
use crate::model::patient::{Patient, Status};
use crate::model::person::{BirthDate, comparable};
use crate::model::practice::{Scope, Settings};
use crate::model::refusal::{Failure, FieldFault, PortError, Refusal};
use crate::ports::{AlsoRead, ApiCalls, Chain, Commit, Limits, Practices, Roster, Sought, Waiting, Write};
use crate::steps::api_call::{ApiCall, Caller, authorize, authorize_with_settings};
use crate::steps::retry::{MAX_ATTEMPTS, Written, written};
use crate::time::Timestamp;

/// Most patients that a search finds.
const FOUND: usize = 200;

/// Patients that are read together.
const TOGETHER: usize = 50;

/// The order of a list.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Sort {
    /// By last name, first name and id.
    #[default]
    Name,
    /// By next appointment. Patients without one are left out.
    NextAppointment,
}

/// What somebody wants to see.
#[expect(missing_docs, reason = "the names say it")]
#[derive(Clone, Debug, Default)]
pub struct Listed {
    /// The statuses; all if there are none.
    pub statuses: Vec<Status>,
    pub filter: Filter,
    /// What somebody typed: a name, a former name, an e-mail address, a birth date or an id.
    pub q: Option<String>,
    pub sort: Sort,
    /// Most patients on the page, 1 to 200.
    pub limit: usize,
    /// Where the page begins, from the page before.
    pub cursor: Option<String>,
}

impl Listed {
    /// What a cursor is bound to: it works only for the same list of the same practice.
    fn binding(&self, practice: &PracticeId) -> Vec<u8> {
        let Self { statuses, filter, q, sort, .. } = self;
        format!("list\n{practice}\n{statuses:?}\n{filter:?}\n{q:?}\n{sort:?}").into_bytes()
    }
}

/// One page of a list.
pub struct ListPage {
    /// The patients with their statuses. There may be fewer than asked for although more follow.
    pub rows: Vec<(Patient, Status)>,
    /// Where the next page begins; `None` on the last.
    pub next_cursor: Option<String>,
    /// The practice's settings.
    pub settings: Settings,
    /// The caller.
    pub caller: Caller,
}

/// Reads one page of the list.
pub async fn list<S>(app: &App<S>, call: &ApiCall, listed: &Listed) -> Result<ListPage, Failure>
where
    S: ApiCalls + Limits + Practices + Roster + Waiting,
{
    // The list is read while the caller is looked at, in one round trip. Whoever is refused sees nothing of it.
    let (admitted, read) =
        join!(authorize_with_settings(app, call, &[Scope::Report]), read(app, &call.key.claimed, listed));
    let (caller, settings) = admitted?;
    let (rows, next_cursor) = shown(app, &caller.practice, &settings, listed, read?);
    Ok(ListPage { rows, next_cursor, settings, caller })
}

/// Reads one page of the list, and how many patients have each status; all in one round trip.
pub async fn list_with_counts<S>(
    app: &App<S>,
    call: &ApiCall,
    listed: &Listed,
) -> Result<(ListPage, BTreeMap<Status, u64>), Failure>
where
    S: ApiCalls + Limits + Practices + Roster + Waiting,
{
    let (page, counts) = join!(list(app, call, listed), app.store.counts(&call.key.claimed));
    Ok((page?, counts?))
}

/// The patients of one page, and more, and where the page begins.
async fn read<S>(app: &App<S>, id: &PracticeId, listed: &Listed) -> Result<(Read, Option<String>), Failure>
where
    S: Roster + Waiting,
{
    let App { context, store } = app;
    let now = context.now();
    let binding = listed.binding(id);
    let after: Option<String> = match &listed.cursor {
        None => None,
        Some(sealed) => {
            let after = context.keyring.open_json(&binding, sealed);
            Some(after.ok_or_else(|| Refusal::BadRequest(vec![FieldFault::of("cursor", "invalid")]))?)
        }
    };
    let limit = listed.limit.clamp(1, MOST_ROWS);
    let read = match &listed.q {
        Some(q) => Read { patients: search(store, id, q, now).await?, more: None },
        None if listed.sort == Sort::NextAppointment => {
            by_appointment(store, id, after.as_deref(), now, limit).await?
        }
        None => by_name(store, id, &listed.statuses, after.as_deref(), limit).await?,
    };
    Ok((read, after))
}

/// The rows of one page, and the cursor of the next.
fn shown<S>(
    app: &App<S>,
    id: &PracticeId,
    settings: &Settings,
    listed: &Listed,
    (Read { mut patients, more }, after): (Read, Option<String>),
) -> (Vec<(Patient, Status)>, Option<String>) {
    let context = &app.context;
    let now = context.now();
    let limit = listed.limit.clamp(1, MOST_ROWS);
    if listed.q.is_some() {
        let place = |patient: &Patient| match listed.sort {
            Sort::Name => Some(patient.sort_name()),
            Sort::NextAppointment => patient.agenda_place(),
        };
        patients.retain(|patient| {
            place(patient).is_some_and(|place| after.as_ref().is_none_or(|after| place > *after))
        });
        patients.sort_by_key(place);
    }
    let of_status = |status| listed.statuses.is_empty() || listed.statuses.contains(&status);
    let mut rows: Vec<(Patient, Status)> = patients
        .into_iter()
        .map(|patient| (patient.status(settings), patient))
        .filter(|(status, patient)| {
            of_status(*status) && listed.filter.admits(patient, *status, settings, now)
        })
        .map(|(status, patient)| (patient, status))
        .collect();
    let mut next = more;
    if rows.len() > limit {
        rows.truncate(limit);
        next = rows.last().and_then(|(last, _)| match listed.sort {
            Sort::Name => Some(last.sort_name()),
            Sort::NextAppointment => last.agenda_place(),
        });
    }
    let binding = listed.binding(id);
    let next_cursor = next.map(|next| context.keyring.seal_json(&binding, &next, &*context.entropy));
    (rows, next_cursor)
}

/// What was read for one page.
struct Read {
    patients: Vec<Patient>,
    /// The place after which the next page begins, if there is more.
    more: Option<String>,
}

/// Reads a page by name. Each status is a partition of the index; they are read side by side and merged.
async fn by_name<S: Roster>(
    store: &S,
    practice: &PracticeId,
    statuses: &[Status],
    after: Option<&str>,
    limit: usize,
) -> Result<Read, PortError> {
    let wanted = if statuses.is_empty() { &Status::ALL[..] } else { statuses };
    let pages =
        try_join_all(wanted.iter().map(|status| store.roster(practice, *status, after, limit))).await?;
    let is_more = pages.iter().any(|page| page.len() >= limit);
    let mut patients: Vec<Patient> = pages.into_iter().flatten().collect();
    patients.sort_by_key(Patient::sort_name);
    let is_cut = patients.len() > limit;
    patients.truncate(limit);
    let more = patients.last().filter(|_| is_cut || is_more).map(Patient::sort_name);
    Ok(Read { patients, more })
}

/// Reads a page by next appointment.
async fn by_appointment<S: Roster>(
    store: &S,
    practice: &PracticeId,
    after: Option<&str>,
    now: Timestamp,
    limit: usize,
) -> Result<Read, PortError> {
    let ever = Timestamp::from_millis(i64::MAX / 2);
    let patients = store.agenda(practice, (now, ever), after, limit).await?;
    let more = patients.last().filter(|_| patients.len() >= limit).and_then(Patient::agenda_place);
    Ok(Read { patients, more })
}

/// Finds patients by what somebody typed.
async fn search<S: Roster + Waiting>(
    store: &S,
    practice: &PracticeId,
    q: &str,
    now: Timestamp,
) -> Result<Vec<Patient>, PortError> {
    let mut ids = BTreeSet::new();
    ids.extend(PatientId::parse(&pasted::plain(q)).ok());
    for any in ways(q, now) {
        let found = try_join_all(any.iter().map(|each| found_by(store, practice, each))).await?;
        // Every word must find the patient.
        let all = found.into_iter().reduce(|left, right| left.intersection(&right).cloned().collect());
        ids.extend(all.unwrap_or_default());
    }
    let ids: Vec<PatientId> = ids.into_iter().take(FOUND).collect();
    let mut patients = Vec::new();
    for some in ids.chunks(TOGETHER) {
        patients.extend(store.candidates(practice, some).await?);
    }
    Ok(patients)
}

/// The ways in which a text may find a patient; each is a list of words that must all find them, by any of these.
fn ways(q: &str, now: Timestamp) -> Vec<Vec<Vec<Sought>>> {
    let q = pasted::plain(q);
    if q.contains('@') {
        return vec![vec![vec![Sought::Email(pasted::address(&q).to_lowercase())]]];
    }
    if let Ok(born) = BirthDate::parse(&q, now) {
        return vec![vec![vec![Sought::Born(born.reveal())]]];
    }
    let typed = q.split([' ', ',']).filter(|word| !comparable(word).is_empty());
    let (words, spelled): (Vec<String>, Vec<Vec<String>>) = typed
        .map(|word| {
            let spelled = names::spellings(word).iter().map(|spelling| comparable(spelling)).collect();
            (comparable(word), spelled)
        })
        .unzip();
    let mut words = names::without_suffix(words);
    words.truncate(4);
    let by = |(word, spelled): (&String, &Vec<String>)| {
        let words = spelled.iter().cloned().map(Sought::Word);
        std::iter::once(Sought::Family(word.clone())).chain(words).collect()
    };
    let mut ways: Vec<Vec<Vec<Sought>>> = vec![words.iter().zip(&spelled).map(by).collect()];
    if !q.contains(' ') {
        ways.push(vec![vec![Sought::Email(q.to_lowercase())]]);
    }
    if let [first, second] = &words[..] {
        let exact = |family: &String, given: &String| {
            vec![vec![Sought::FamilyAndGiven(family.clone(), given.clone())]]
        };
        ways.push(exact(first, second));
        ways.push(exact(second, first));
    }
    if words.len() > 1 {
        ways.push(vec![vec![Sought::Family(words.concat())]]);
    }
    ways.retain(|way| !way.is_empty());
    ways
}

async fn found_by<S: Roster>(
    store: &S,
    practice: &PracticeId,
    any: &[Sought],
) -> Result<BTreeSet<PatientId>, PortError> {
    let found = try_join_all(any.iter().map(|sought| store.people(practice, sought))).await?;
    Ok(found.into_iter().flatten().collect())
}

/// A list as a file.
#[expect(missing_docs, reason = "the names say it")]
pub struct Exported {
    pub rows: Vec<(Patient, Status)>,
    pub settings: Settings,
    /// The cursor with which the rest begins; `None` if this is all.
    pub more: Option<String>,
}

/// Most patients in one file.
const MOST_EXPORTED: usize = 20_000;

/// Everything that is filtered, for a file. The practice's trail says who took it out, and how many patients it holds.
pub async fn export<S>(app: &App<S>, call: &ApiCall, mut listed: Listed) -> Result<Exported, Failure>
where
    S: ApiCalls + Limits + Practices + Roster + Waiting + Chain + Commit,
{
    let App { context, store } = app;
    listed.limit = MOST_ROWS;
    // One call of the client, however many pages it has.
    let (caller, settings) = authorize_with_settings(app, call, &[Scope::Report]).await?;
    let practice = &caller.practice;
    let mut rows = Vec::new();
    loop {
        let (mut some, next) = shown(app, practice, &settings, &listed, read(app, practice, &listed).await?);
        rows.append(&mut some);
        listed.cursor = next;
        if listed.cursor.is_none() || rows.len() >= MOST_EXPORTED {
            break;
        }
    }
    for _ in 0..MAX_ATTEMPTS {
        let entry = Entry {
            practice: practice.clone(),
            subject: Subject::Practice,
            at: context.now(),
            by: caller.by(),
            action: Action::ListExported,
            detail: vec![("patients", rows.len().to_string())],
        };
        let head = store.head(practice, &Subject::Practice).await?;
        let event = Write::Append(entry.after(&head, &context.keyring));
        if let Written::Done = written(store, &[event], None).await? {
            return Ok(Exported { rows, settings, more: listed.cursor });
        }
    }
    Err(Failure::Unavailable)
}

/// How many patients have each status; every status is there.
pub async fn summary<S>(app: &App<S>, call: &ApiCall) -> Result<BTreeMap<Status, u64>, Failure>
where
    S: ApiCalls + Limits + Roster,
{
    let (caller, _) = authorize(app, call, &[Scope::Report], AlsoRead::default()).await?;
    let mut counts = app.store.counts(&caller.practice).await?;
    for status in Status::ALL {
        counts.entry(status).or_default();
    }
    Ok(counts)
}
