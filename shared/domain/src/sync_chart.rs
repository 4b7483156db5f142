//! `sync-chart`: charts in: one by one from the EHR, many in an import, or a quick add with its invitation.

use std::collections::BTreeSet;

use futures_util::join;

use crate::context::Context;
use crate::desk::{Caller, StaffCall, open, repeated};
use crate::invitation::{end_resets, prepare, too_many_texts};
use crate::model::audit::{Action, By, Entry, Head, Subject};
use crate::model::chart::{Care, CareChange, Channel, Chart};
use crate::model::grant::Relationship;
use crate::model::ids::{LinkId, PatientId, new_patient_id};
use crate::model::link::{Link, LinkState};
use crate::model::patient::{Patient, Stop, address_digest};
use crate::model::practice::{Practice, Scope, Settings};
use crate::model::refusal::{Failure, Refusal};
use crate::portal::{Portal, settled};
use crate::ports::{
    AlsoRead, Chain, Commit, CommitError, DECISIONS, Directory, History, Limits, Links, Listing, Once,
    OnceKey, Patients, Practices, StaffCalls, Write,
};
use crate::revoke::suspend;
use crate::time::Timestamp;

/// A chart as the EHR states it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChartChange {
    /// The facts; an absent one is cleared.
    pub chart: Chart,
    /// Whether the labels stay as they are, because the statement has none.
    pub keep_tags: bool,
    /// What grows; what is absent stays.
    pub care: CareChange,
}

/// What became of a chart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Synced {
    /// It was new.
    Created,
    /// It changed.
    Updated,
    /// It said what was known; nothing was written.
    Unchanged,
}

/// A patient with what grows of the chart.
#[derive(Clone, Debug)]
pub struct Charted {
    /// The patient.
    pub patient: Patient,
    /// What grows, where it was read.
    pub care: Option<Care>,
    /// The practice's settings.
    pub settings: Settings,
}

/// Takes a chart in.
pub async fn put<S>(
    context: &Context,
    store: &S,
    call: &StaffCall,
    id: &PatientId,
    change: &ChartChange,
) -> Result<(Synced, Charted, Caller), Failure>
where
    S: StaffCalls + Limits + Practices + Chain + Commit,
{
    let along = AlsoRead { patient: Some(id), care: !change.care.is_empty(), once: None };
    let mut stale = false;
    for _ in 0..DECISIONS {
        let (caller, opened) = open(context, store, call, &[Scope::ChartWrite], along).await?;
        caller.actor()?;
        let practice = store.practice(&caller.practice).await?.ok_or(Failure::Unavailable)?;
        let care = opened.care.unwrap_or_default();
        let existing = opened.patient.map(|patient| (patient, care));
        let head = end_of_chain(store, &practice, id, existing.as_ref(), stale).await?;
        let plan = plan(context, &practice, id, existing, change, &caller.by(), &head);
        if plan.writes.is_empty() {
            return Ok((Synced::Unchanged, plan.charted, caller));
        }
        match store.commit(&plan.writes).await {
            Ok(()) => return Ok((plan.synced, plan.charted, caller)),
            Err(CommitError::Lost(_)) => stale = true,
            Err(CommitError::Contended | CommitError::Unavailable) => return Err(Failure::Unavailable),
        }
    }
    Err(Failure::Unavailable)
}

/// The record keeps the chain's end as of its own last write. That is the end, unless somebody went through a link
/// since; the write then finds the number taken, and the end is read.
async fn end_of_chain<S: Chain>(
    store: &S,
    practice: &Practice,
    id: &PatientId,
    existing: Option<&(Patient, Care)>,
    stale: bool,
) -> Result<Head, Failure> {
    match existing {
        Some((patient, _)) if !stale => Ok(patient.head.clone()),
        None if !stale => Ok(Head::default()),
        _ => Ok(store.head(&practice.id, &Subject::Patient(id.clone())).await?),
    }
}

/// What one chart's coming in writes; nothing, if it says what is known.
pub(crate) struct Plan {
    synced: Synced,
    pub(crate) charted: Charted,
    pub(crate) writes: Vec<Write>,
}

pub(crate) fn plan(
    context: &Context,
    practice: &Practice,
    id: &PatientId,
    existing: Option<(Patient, Care)>,
    change: &ChartChange,
    by: &By,
    head: &Head,
) -> Plan {
    let settings = practice.settings.clone();
    let shown = |care: Care| (!change.care.is_empty()).then_some(care);
    let Some((before, care_before)) = existing else {
        let (patient, writes, care) = create(context, practice, id, change, by, head);
        let care = shown(care);
        return Plan { synced: Synced::Created, charted: Charted { patient, care, settings }, writes };
    };
    let mut chart = change.chart.clone();
    if change.keep_tags {
        chart.tags.clone_from(&before.chart.tags);
    }
    let care = change.care.apply(&care_before);
    if chart == before.chart && care == care_before {
        return Plan {
            synced: Synced::Unchanged,
            charted: Charted { patient: before, care: shown(care), settings },
            writes: Vec::new(),
        };
    }
    let now = context.now();
    let mut patient = before.clone();
    patient.chart = chart;
    let mut writes = Vec::new();
    if care != care_before {
        writes.push(Write::Care(practice.id.clone(), id.clone(), care.clone()));
    }
    relist(&before, &patient, &mut writes);
    suspend(context, &mut patient, before.suspension().is_some(), &mut writes);
    let moved = |channel| before.chart.address(channel) != patient.chart.address(channel);
    if let Some(current) = patient.invitation.filter(|current| moved(current.channel)) {
        patient.invitation = None;
        writes.push(Write::CloseLink { id: current.link, to: LinkState::Superseded, at: now });
    }
    if [Channel::Email, Channel::Sms, Channel::Voice].into_iter().any(moved) {
        // A link and its second check rest on the contacts that were on file when it was made.
        let own = patient.accounts.iter_mut().filter(|account| account.relationship == Relationship::Own);
        end_resets(own, LinkState::Superseded, now, &mut writes);
        // What was said of an address that is on the chart no longer is over.
        let left = [Channel::Email, Channel::Sms, Channel::Voice].map(|channel| {
            let (old, new) = (before.chart.address(channel), patient.chart.address(channel));
            old.filter(|_| old != new).map(address_digest)
        });
        patient.stopped.retain(|stopped| !left.iter().flatten().any(|gone| *gone == stopped.to));
    }
    let entry = Entry {
        practice: practice.id.clone(),
        subject: Subject::Patient(id.clone()),
        at: now,
        by: by.clone(),
        action: Action::ChartChanged,
        detail: vec![("fields", changed_fields(&before.chart, &patient.chart, care != care_before))],
    };
    let event = entry.after(head, &context.keyring);
    patient.head = event.head();
    patient.version += 1;
    writes.push(Write::ChangePatient(Box::new(patient.clone()), patient.status(&settings)));
    writes.push(Write::Append(event));
    Plan { synced: Synced::Updated, charted: Charted { patient, care: shown(care), settings }, writes }
}

fn create(
    context: &Context,
    practice: &Practice,
    id: &PatientId,
    change: &ChartChange,
    by: &By,
    head: &Head,
) -> (Patient, Vec<Write>, Care) {
    let now = context.now();
    let care = change.care.apply(&Care::default());
    let mut patient = new_patient(practice, id, change.chart.clone(), now);
    let event = created(&patient, by, now, Vec::new()).after(head, &context.keyring);
    patient.head = event.head();
    let mut writes = vec![
        Write::CreatePatient(Box::new(patient.clone()), patient.status(&practice.settings)),
        Write::Append(event),
    ];
    writes.extend(listings(&patient).into_iter().map(|listing| Write::List(practice.id.clone(), listing)));
    if care != Care::default() {
        writes.push(Write::Care(practice.id.clone(), id.clone(), care.clone()));
    }
    (patient, writes, care)
}

fn new_patient(practice: &Practice, id: &PatientId, chart: Chart, now: Timestamp) -> Patient {
    Patient {
        practice: practice.id.clone(),
        id: id.clone(),
        version: 1,
        chart,
        access_enabled: true,
        created_at: now,
        invitation: None,
        offers: Vec::new(),
        stopped: Vec::new(),
        failed_checks: false,
        accounts: Vec::new(),
        registered_at: None,
        last_login_at: None,
        revocation: None,
        declined: None,
        head: Head::default(),
    }
}

fn created(patient: &Patient, by: &By, now: Timestamp, detail: Vec<(&'static str, String)>) -> Entry {
    Entry {
        practice: patient.practice.clone(),
        subject: Subject::Patient(patient.id.clone()),
        at: now,
        by: by.clone(),
        action: Action::ChartCreated,
        detail,
    }
}

/// What makes a patient findable.
fn listings(patient: &Patient) -> BTreeSet<Listing> {
    let chart = &patient.chart;
    let name = Listing::Name {
        family: chart.family_name.comparable(),
        given: chart.given_name.comparable(),
        birth_date: chart.birth_date.reveal(),
        patient: patient.id.clone(),
    };
    let email = chart
        .email
        .as_ref()
        .map(|email| Listing::Email { email: email.comparable(), patient: patient.id.clone() });
    [Some(name), email].into_iter().flatten().collect()
}

fn relist(before: &Patient, after: &Patient, writes: &mut Vec<Write>) {
    let (old, new) = (listings(before), listings(after));
    writes.extend(old.difference(&new).map(|listing| Write::Unlist(after.practice.clone(), listing.clone())));
    writes.extend(new.difference(&old).map(|listing| Write::List(after.practice.clone(), listing.clone())));
}

/// Names of the fields that changed: for the audit trail, which holds no values.
fn changed_fields(before: &Chart, after: &Chart, care: bool) -> String {
    let as_map = |chart: &Chart| match serde_json::to_value(chart) {
        Ok(serde_json::Value::Object(map)) => map,
        _ => serde_json::Map::new(),
    };
    let (old, new) = (as_map(before), as_map(after));
    let names: BTreeSet<&String> = old.keys().chain(new.keys()).collect();
    let mut changed: Vec<&str> =
        names.into_iter().filter(|name| old.get(*name) != new.get(*name)).map(String::as_str).collect();
    if care {
        changed.push("visits_or_contacts");
    }
    changed.join(" ")
}

/// A patient's chart for the EHR, or for staff.
pub async fn get<S>(
    context: &Context,
    store: &S,
    call: &StaffCall,
    id: &PatientId,
) -> Result<(Charted, Caller), Failure>
where
    S: StaffCalls + Limits + Practices,
{
    let along = AlsoRead { patient: Some(id), care: true, once: None };
    let (caller, opened) = open(context, store, call, &[Scope::ChartRead], along).await?;
    let patient = opened.patient.ok_or(Refusal::NotFound)?;
    let settings = store.practice(&caller.practice).await?.ok_or(Failure::Unavailable)?.settings;
    Ok((Charted { patient, care: Some(opened.care.unwrap_or_default()), settings }, caller))
}

/// Staff confirm that the address for a channel is the patient's after all: messages go there again.
pub async fn confirm_contact<S>(
    context: &Context,
    store: &S,
    call: &StaffCall,
    patient: &PatientId,
    channel: Channel,
) -> Result<(Portal, Caller), Failure>
where
    S: StaffCalls + Limits + Practices + History + Commit,
{
    settled(context, store, call, &[Scope::ChartWrite], patient, |mut patient, caller| {
        caller.actor()?;
        // The chart's address, and those of representatives who were invited by that way.
        let known = patient.stopped.len();
        // Who replied STOP is heard until they reply START.
        patient.stopped.retain(|stopped| stopped.channel != channel || stopped.why == Stop::OptedOut);
        if patient.stopped.len() == known {
            return Ok(None);
        }
        let entry = Entry {
            practice: patient.practice.clone(),
            subject: Subject::Patient(patient.id.clone()),
            at: context.now(),
            by: caller.by(),
            action: Action::ContactConfirmed,
            detail: vec![("channel", channel.as_str().to_owned())],
        };
        Ok(Some((patient, Vec::new(), entry)))
    })
    .await
}

/// To add a patient at the front desk.
pub struct QuickAdd {
    /// What staff know.
    pub chart: Chart,
    /// The invitation's channel, if the portal is to be activated.
    pub invite: Option<Channel>,
    /// Whether somebody of the same name and birth date is no reason to stop.
    pub allow_duplicate: bool,
}

/// A patient added, with the invitation.
pub struct Added {
    /// The patient.
    pub patient: Patient,
    /// The invitation.
    pub link: Option<Link>,
    /// The practice's settings.
    pub settings: Settings,
    /// The caller.
    pub caller: Caller,
}

/// Adds a patient, and invites, in one write; names somebody who may be the same person instead.
pub async fn quick_add<S>(
    context: &Context,
    store: &S,
    call: &StaffCall,
    command: &QuickAdd,
) -> Result<Added, Failure>
where
    S: StaffCalls + Limits + Practices + Directory + Patients + Links + Commit,
{
    let once = call.once_key(context);
    let along = AlsoRead { once: once.as_ref(), ..AlsoRead::default() };
    let (caller, opened) = open(context, store, call, &[Scope::ChartWrite, Scope::Invite], along).await?;
    let actor = caller.actor()?;
    let practice = store.practice(&caller.practice).await?.ok_or(Failure::Unavailable)?;
    let now = context.now();
    if let Some(made) = repeated(opened.once, once.as_ref(), now)? {
        return again(store, practice.settings, caller, &made).await;
    }
    let chart = &command.chart;
    if !command.allow_duplicate {
        let (family, given) = (chart.family_name.comparable(), chart.given_name.comparable());
        let twins = store.same_person(&practice.id, &family, &given, &chart.birth_date.reveal()).await?;
        if !twins.is_empty() {
            return Err(Refusal::PossibleDuplicate(twins).into());
        }
    }
    let id = new_patient_id(&*context.clock, &*context.entropy);
    let mut patient = new_patient(&practice, &id, chart.clone(), now);
    // A quick add by text is the patient's consent, recorded with the time and the actor.
    let consent = patient.chart.sms_consent.map(|_| ("sms_consent", "true".to_owned())).into_iter().collect();
    let first = created(&patient, &caller.by(), now, consent).after(&Head::default(), &context.keyring);
    patient.head = first.head();
    let mut writes = Vec::new();
    let mut link = None;
    if let Some(channel) = command.invite {
        let mut ready = prepare(context, &practice.settings, patient, channel, None, &caller, &actor)?;
        ready.chained(context, &first.head());
        patient = ready.patient;
        link = Some(ready.link);
        writes.extend(ready.writes);
    }
    writes.extend(listings(&patient).into_iter().map(|listing| Write::List(practice.id.clone(), listing)));
    writes.push(Write::CreatePatient(Box::new(patient.clone()), patient.status(&practice.settings)));
    writes.push(Write::Append(first));
    let keyed = once.is_some();
    if let Some(key) = once {
        let resource = link.as_ref().map_or_else(|| id.to_string(), |link| format!("{id} {}", link.id));
        writes.push(Write::Once(Once::new(key, &resource, now)));
    }
    match store.commit(&writes).await {
        Ok(()) => Ok(Added { patient, link, settings: practice.settings, caller }),
        // A new id meets nothing but the same idempotency key, at work at this moment.
        Err(CommitError::Lost(lost)) => {
            let texts = too_many_texts(&writes, &lost, now);
            Err(texts.unwrap_or(Refusal::IdempotencyInProgress).into())
        }
        Err(CommitError::Contended) if keyed => Err(Refusal::IdempotencyInProgress.into()),
        Err(CommitError::Contended | CommitError::Unavailable) => Err(Failure::Unavailable),
    }
}

async fn again<S: Patients + Links>(
    store: &S,
    settings: Settings,
    caller: Caller,
    made: &str,
) -> Result<Added, Failure> {
    let (id, link) = made.split_once(' ').map_or((made, None), |(id, link)| (id, LinkId::parse(link).ok()));
    let id = PatientId::parse(id).map_err(|_| Refusal::NotFound)?;
    let patient = store.patient(&caller.practice, &id).await?.ok_or(Refusal::NotFound)?;
    let link = match link {
        Some(link) => store.link(link).await?,
        None => None,
    };
    Ok(Added { patient, link, settings, caller })
}

/// What an import states about one patient: the chart, if it is among the resources, and what grows.
#[derive(Clone, Debug)]
pub struct Statement {
    /// Whose.
    pub id: PatientId,
    /// The chart.
    pub chart: Option<Chart>,
    /// Visits and contacts.
    pub care: CareChange,
}

/// What became of one statement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Imported {
    /// The chart came to this, and these ids among visits and contacts were new or changed.
    Done {
        /// The chart's fate, if it was stated.
        chart: Option<Synced>,
        /// Visits and contacts that were not known.
        new: BTreeSet<String>,
        /// Visits and contacts that said something else.
        changed: BTreeSet<String>,
    },
    /// Visits or contacts of a patient whom nobody knows.
    UnknownPatient,
    /// The table could not take it now; the import may be repeated.
    Unavailable,
}

/// Who imports, once for all statements of a call.
pub struct Import {
    /// The caller.
    pub caller: Caller,
    practice: Practice,
    once: Option<OnceKey>,
}

/// Opens an import. An import may be repeated anyhow; its idempotency key refuses another body under the same name.
pub async fn import<S>(context: &Context, store: &S, call: &StaffCall) -> Result<Import, Failure>
where
    S: StaffCalls + Limits + Practices,
{
    let once = call.once_key(context);
    let along = AlsoRead { once: once.as_ref(), ..AlsoRead::default() };
    let (caller, opened) = open(context, store, call, &[Scope::ChartWrite], along).await?;
    caller.actor()?;
    repeated(opened.once, once.as_ref(), context.now())?;
    let practice = store.practice(&caller.practice).await?.ok_or(Failure::Unavailable)?;
    Ok(Import { caller, practice, once })
}

/// Ends an import that was taken in.
pub async fn imported<S: Commit>(context: &Context, store: &S, import: Import) -> Result<(), Failure> {
    let Some(key) = import.once else { return Ok(()) };
    match store.commit(&[Write::Once(Once::new(key, "import", context.now()))]).await {
        // The same import came in twice at the same time: it is in.
        Ok(()) | Err(CommitError::Lost(_) | CommitError::Contended) => Ok(()),
        Err(CommitError::Unavailable) => Err(Failure::Unavailable),
    }
}

/// Takes in what was stated about a few patients (50 at most): one read for all, one write for each who changed.
pub async fn take_in<S>(
    context: &Context,
    store: &S,
    import: &Import,
    statements: &[Statement],
) -> Vec<Imported>
where
    S: Patients + Chain + Commit,
{
    let ids: Vec<PatientId> = statements.iter().map(|statement| statement.id.clone()).collect();
    let Ok(known) = store.charts(&import.practice.id, &ids).await else {
        return vec![Imported::Unavailable; statements.len()];
    };
    let each = statements.iter().map(|statement| {
        let existing = known.iter().find(|(patient, _)| patient.id == statement.id).cloned();
        take_in_one(context, store, import, statement, existing)
    });
    futures_util::future::join_all(each).await
}

async fn take_in_one<S>(
    context: &Context,
    store: &S,
    import: &Import,
    statement: &Statement,
    mut existing: Option<(Patient, Care)>,
) -> Imported
where
    S: Patients + Chain + Commit,
{
    let practice = &import.practice;
    let mut stale = false;
    for _ in 0..DECISIONS {
        let chart = match (&statement.chart, &existing) {
            (Some(chart), Some((patient, _))) => chart.over(&patient.chart),
            (Some(chart), None) => chart.clone(),
            (None, Some((patient, _))) => patient.chart.clone(),
            (None, None) => return Imported::UnknownPatient,
        };
        let change = ChartChange { chart, keep_tags: true, care: statement.care.clone() };
        let Ok(head) = end_of_chain(store, practice, &statement.id, existing.as_ref(), stale).await else {
            return Imported::Unavailable;
        };
        let before = existing.clone();
        let plan =
            plan(context, practice, &statement.id, existing.clone(), &change, &import.caller.by(), &head);
        let done = |plan: &Plan| outcome(statement, before.as_ref(), plan);
        if plan.writes.is_empty() {
            return done(&plan);
        }
        match store.commit(&plan.writes).await {
            Ok(()) => return done(&plan),
            Err(CommitError::Lost(_)) => {
                stale = true;
                let again = join!(
                    store.patient(&practice.id, &statement.id),
                    store.care(&practice.id, &statement.id)
                );
                let (Ok(patient), Ok(care)) = again else { return Imported::Unavailable };
                existing = patient.map(|patient| (patient, care));
            }
            Err(CommitError::Contended | CommitError::Unavailable) => return Imported::Unavailable,
        }
    }
    Imported::Unavailable
}

fn outcome(statement: &Statement, before: Option<&(Patient, Care)>, plan: &Plan) -> Imported {
    let known = before.map(|(_, care)| care.clone()).unwrap_or_default();
    let (mut new, mut changed) = (BTreeSet::new(), BTreeSet::new());
    for visit in &statement.care.add_visits {
        match known.visits.iter().find(|old| old.id == visit.id) {
            None => drop(new.insert(visit.id.clone())),
            Some(old) if old != visit => drop(changed.insert(visit.id.clone())),
            Some(_) => {}
        }
    }
    for contact in &statement.care.add_contacts {
        let Some(id) = contact.id.clone() else { continue };
        match known.contacts.iter().find(|old| old.id.as_ref() == Some(&id)) {
            None => drop(new.insert(id)),
            Some(old) if old != contact => drop(changed.insert(id)),
            Some(_) => {}
        }
    }
    let chart = statement.chart.as_ref().map(|_| match before {
        None => Synced::Created,
        Some((patient, _)) if patient.chart == plan.charted.patient.chart => Synced::Unchanged,
        Some(_) => Synced::Updated,
    });
    Imported::Done { chart, new, changed }
}
