//! The list of what needs a person, and why.

use std::collections::{BTreeMap, BTreeSet};

use futures_util::{join, try_join};
use jiff::ToSpan as _;
use jiff::civil::Date;

use crate::context::App;
use crate::model::access_review::{AUTHORITY_NOTICES, birthday_is_near};
use crate::model::attention::Cause;
use crate::model::audit::{Action, Subject};
use crate::model::auto_invite::day;
use crate::model::chart::ChartStatus;
use crate::model::delivery::Delivery;
use crate::model::ids::{AccountId, LinkId, PatientId, PracticeId};
use crate::model::limit::Lock;
use crate::model::link::Link;
use crate::model::list::{MOST_ROWS, next_appointment};
use crate::model::measure::{BusinessDays, DUE_DAYS, due_soon, not_told};
use crate::model::patient::{Patient, Stop};
use crate::model::person::Line;
use crate::model::practice::{Scope, Settings};
use crate::model::refusal::{Failure, PortError, Refusal};
use crate::ports::{
    AlsoRead, ApiCalls, Attention, Chain, Commit, History, Limits, Measures, Noted, Patients, PortalRecords,
    Practices, Record, Roster, Write,
};
use crate::steps::api_call::{ApiCall, Caller, authorize};
use crate::steps::portal_status::{attempt_keys, lock_of};
use crate::steps::retry::{MAX_ATTEMPTS, Written, written};
use crate::time::Timestamp;

/// One thing that needs a person.
#[expect(missing_docs, reason = "the names say it")]
pub struct Thing {
    /// The id of the registration or change that waits; else cause and patient.
    pub id: String,
    pub cause: Cause,
    /// Since when.
    pub at: Timestamp,
    pub patient: Patient,
    /// The day on which it changes by itself, for a birthday or an authority.
    pub until: Option<Date>,
    /// What the number replied, for a reply to a text.
    pub words: Option<Line>,
    /// The login that is locked, and until when.
    pub lock: Option<(AccountId, Lock)>,
}

/// What needs a person in a practice.
pub struct Things {
    /// The things, the most urgent first; among equals, who comes next, then who waits longest.
    pub all: Vec<Thing>,
    /// The practice's settings.
    pub settings: Settings,
    /// The caller.
    pub caller: Caller,
}

/// Everything that needs a person and is not settled yet.
pub async fn attention<S>(app: &App<S>, call: &ApiCall) -> Result<Things, Failure>
where
    S: ApiCalls + Limits + Practices + Patients + History + Attention + Measures,
{
    let App { context, store } = app;
    let now = context.now();
    let (caller, _) = authorize(app, call, &[Scope::Report], AlsoRead::default()).await?;
    let settings = store.practice(&caller.practice).await?.ok_or(Failure::Broken("practice"))?.settings;
    let mut noted: BTreeMap<PatientId, Vec<Noted>> = BTreeMap::new();
    let (found, due) =
        try_join!(store.noted(&caller.practice), due(store, &caller.practice, &settings, now))?;
    for note in found {
        noted.entry(note.patient.clone()).or_default().push(note);
    }
    let ids: BTreeSet<PatientId> = noted.keys().chain(due.keys()).cloned().collect();
    let ids: Vec<PatientId> = ids.into_iter().collect();
    let mut all = Vec::new();
    for some in ids.chunks(50) {
        let patients: Vec<Patient> =
            store.charts(&caller.practice, some).await?.into_iter().map(|(patient, _)| patient).collect();
        let wanted: Vec<LinkId> = patients.iter().flat_map(pending_links).collect();
        let theirs = || some.iter().filter_map(|id| noted.get(id)).flatten();
        let has_lock = |patient: &&Patient| {
            theirs().any(|note| note.patient == patient.id && note.cause == Cause::AccountLocked)
        };
        let locked: Vec<&Patient> = patients.iter().filter(has_lock).collect();
        let holders = locked.iter().flat_map(|patient| patient.live_accounts()).map(|known| known.id);
        let involved: BTreeSet<AccountId> =
            theirs().filter_map(|note| note.proposer).chain(holders).collect();
        let involved: Vec<AccountId> = involved.into_iter().collect();
        let names: Vec<String> = locked.iter().flat_map(|patient| attempt_keys(context, patient)).collect();
        let PortalRecords { links, accounts, attempts, .. } =
            store.links_accounts_and_attempts(&wanted, &involved, &names).await?;
        for patient in patients {
            let theirs = pending_links(&patient);
            let links: Vec<&Link> = links.iter().filter(|link| theirs.contains(&link.id)).collect();
            let lock = patient.live_accounts().find_map(|known| {
                let account = accounts.iter().find(|account| account.id == known.id)?;
                Some((known.id, lock_of(context, account, &attempts)?))
            });
            if let Some((at, last)) = due.get(&patient.id).filter(|_| can_be_told(&patient)) {
                let id = format!("{}~{}", Cause::AccessDue.code(), patient.id);
                let (cause, at, until) = (Cause::AccessDue, *at, Some(*last));
                all.push(Thing { id, cause, at, patient: patient.clone(), until, words: None, lock: None });
            }
            for Noted { cause, at, waits, proposer, words, .. } in
                noted.remove(&patient.id).unwrap_or_default()
            {
                let is_void = |id| !accounts.iter().any(|known| known.id == id && !known.was_reset_since(at));
                if proposer.is_some_and(is_void) {
                    continue;
                }
                let lock = lock.filter(|_| cause == Cause::AccountLocked);
                if lock.is_some() || is_unsettled(cause, &patient, &links, &settings, now) {
                    let id = waits.unwrap_or_else(|| format!("{}~{}", cause.code(), patient.id));
                    let until = until(cause, &patient, &settings, now);
                    all.push(Thing { id, cause, at, patient: patient.clone(), until, words, lock });
                }
            }
        }
    }
    let never = Timestamp::from_millis(i64::MAX);
    all.sort_by_key(|thing| {
        (
            thing.cause.rank(),
            thing.until.filter(|_| thing.cause == Cause::AccessDue),
            next_appointment(&thing.patient, now).unwrap_or(never),
            thing.at,
        )
    });
    Ok(Things { all, settings, caller })
}

/// What needs a person, and who comes before `until`, in the order of the appointments.
pub async fn today<S>(
    app: &App<S>,
    call: &ApiCall,
    until: Timestamp,
) -> Result<(Things, Vec<Patient>), Failure>
where
    S: ApiCalls + Limits + Practices + Patients + History + Attention + Measures + Roster,
{
    // Who comes is read while the caller is looked at. Whoever is refused sees nothing of it.
    let (things, expected) = join!(attention(app, call), expected(app, &call.key.claimed, until));
    Ok((things?, expected?))
}

/// The patients of a practice who come before `until`, in the order of the appointments.
async fn expected<S: Roster>(
    app: &App<S>,
    practice: &PracticeId,
    until: Timestamp,
) -> Result<Vec<Patient>, PortError> {
    let now = app.context.now();
    let mut expected: Vec<Patient> = Vec::new();
    loop {
        let after = expected.last().and_then(Patient::agenda_place);
        let some = app.store.agenda(practice, (now, until), after.as_deref(), MOST_ROWS).await?;
        let is_last = some.len() < MOST_ROWS;
        expected.extend(some);
        if is_last {
            return Ok(expected);
        }
    }
}

/// The patients of the things with all their causes, in the order of their names.
pub fn by_patient(things: &[Thing]) -> Vec<(&Patient, BTreeSet<Cause>)> {
    let mut patients: BTreeMap<String, (&Patient, BTreeSet<Cause>)> = BTreeMap::new();
    for thing in things {
        let entry = patients.entry(thing.patient.sort_name()).or_insert((&thing.patient, BTreeSet::new()));
        entry.1.insert(thing.cause);
    }
    patients.into_values().collect()
}

fn pending_links(patient: &Patient) -> Vec<LinkId> {
    let offers = patient.offers.iter().map(|offer| offer.link);
    patient.invitation.map(|current| current.link).into_iter().chain(offers).collect()
}

/// Whether a cause still holds.
fn is_unsettled(
    cause: Cause,
    patient: &Patient,
    links: &[&Link],
    settings: &Settings,
    now: Timestamp,
) -> bool {
    let stopped = |why: Stop| patient.stopped.iter().any(|stopped| stopped.why == why);
    match cause {
        Cause::ReportedWrongRecipient => stopped(Stop::WrongRecipient),
        Cause::AddressBounced => stopped(Stop::Bounced),
        Cause::AddressComplained => stopped(Stop::Complained),
        Cause::SmsOptedOut => stopped(Stop::OptedOut),
        Cause::DeliveryFailed => links.iter().any(|link| link.delivered().0 == Delivery::Failed),
        // Whether a login is locked, and who has to be told, is not on the patient's record.
        Cause::AccountLocked | Cause::AccessDue => false,
        Cause::LinkLocked => links.iter().any(|link| link.is_locked()),
        Cause::Hold | Cause::ChangeRequest | Cause::RepresentativeRequest | Cause::TextReply => true,
        Cause::Birthday => birthday_is_near(patient, settings, day(now, settings)),
        Cause::ChartOfAnother => !patient.access_enabled,
        Cause::ChartMerged => patient.chart.replaced_by.is_some() && patient.live_accounts().next().is_some(),
        Cause::CameOfAge => {
            patient.suspension().is_some()
                || (patient.own_account().is_none()
                    && patient.invitation.is_none()
                    && patient.declined.is_none()
                    && patient.revocation.is_none())
        }
        Cause::AuthorityEnds => until(cause, patient, settings, now).is_some(),
    }
}

/// The patients who were seen, have no way in, and must be told by today or the next business day; with the time from
/// which the visit's information is available.
async fn due<S: Measures>(
    store: &S,
    practice: &PracticeId,
    settings: &Settings,
    now: Timestamp,
) -> Result<BTreeMap<PatientId, (Timestamp, Date)>, PortError> {
    let closures: BTreeSet<Date> = settings.closures.iter().copied().collect();
    let days = BusinessDays { zone: settings.zone(), closures: &closures };
    let today = day(now, settings);
    let visits = store.visits_between(practice, today.saturating_sub(DUE_DAYS.days()), today).await?;
    let visits = due_soon(visits, &days, today, now);
    let ids: BTreeSet<PatientId> = visits.iter().map(|visit| visit.patient.clone()).collect();
    let ids: Vec<PatientId> = ids.into_iter().collect();
    let means = store.some_means(practice, &ids).await?;
    let means = means.into_iter().map(|means| (means.patient.clone(), means)).collect();
    let not_told = not_told(visits, &means, &days, today, now);
    Ok(not_told.into_iter().map(|(patient, at, last)| (patient, (at, last))).collect())
}

/// Whether anybody can still be told: a patient who has died or whose chart was merged can't.
fn can_be_told(patient: &Patient) -> bool {
    patient.chart.chart_status != ChartStatus::Deceased && patient.chart.replaced_by.is_none()
}

/// The day of an authority's end, if it is near.
fn until(cause: Cause, patient: &Patient, settings: &Settings, now: Timestamp) -> Option<Date> {
    let horizon = day(now, settings).saturating_add(AUTHORITY_NOTICES[0].days());
    let ends = patient.live_accounts().filter_map(|known| known.until).filter(|until| *until <= horizon);
    ends.min().filter(|_| cause == Cause::AuthorityEnds)
}

/// Takes a thing off the list until something new happens. What waits for a decision can't be taken off.
pub async fn leave<S>(app: &App<S>, call: &ApiCall, id: &str) -> Result<(Caller, Patient), Failure>
where
    S: ApiCalls + Limits + Chain + Commit,
{
    let App { context, store } = app;
    let (cause, patient) = id.split_once('~').ok_or(Refusal::NotFound)?;
    let cause = Cause::of_code(cause).ok_or(Refusal::NotFound)?;
    let id = PatientId::parse(patient).map_err(|_| Refusal::NotFound)?;
    let subject = Subject::Patient(id.clone());
    let along = AlsoRead { patient: Some(&id), ..AlsoRead::default() };
    for _ in 0..MAX_ATTEMPTS {
        let (caller, opened) = authorize(app, call, &[Scope::Report], along).await?;
        caller.actor()?;
        let patient = opened.patient.ok_or(Refusal::NotFound)?;
        let detail = vec![("cause", cause.code().to_owned())];
        let entry = patient.entry(context.now(), caller.by(), Action::AttentionLeft, detail);
        let event = entry.after(&store.head(&caller.practice, &subject).await?, &context.keyring);
        let dropped = Write::DropNote { practice: caller.practice.clone(), patient: id.clone(), cause };
        match written(store, &[dropped, Write::Append(event)], None).await? {
            Written::Done => return Ok((caller, patient)),
            Written::Lost(lost) if lost.contains(Record::Note) => return Err(Refusal::NotFound.into()),
            Written::Lost(_) => {}
        }
    }
    Err(Failure::Unavailable)
}
