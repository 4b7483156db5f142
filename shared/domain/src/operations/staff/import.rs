//! Imports many charts. Each one is written by itself, so that one that is refused does not stop the others.

use std::collections::BTreeSet;

use futures_util::join;
use jiff::tz::TimeZone;

use crate::context::App;
use crate::model::chart::{Care, CareChange, Chart, Contact, OWN_CONTACT};
use crate::model::ids::{PatientId, new_patient_id};
use crate::model::patient::Patient;
use crate::model::practice::{Practice, Scope};
use crate::model::refusal::{Failure, FieldFault, Refusal};
use crate::model::sent_chart::SentChart;
use crate::ports::{
    AlsoRead, ApiCalls, Chain, Commit, Directory, Limits, Once, OnceKey, Patients, Practices, Write,
};
use crate::steps::api_call::{ApiCall, Caller, authorize, earlier_use};
use crate::steps::chart_change::{ChartChange, ChartPlan, Synced, end_of_chain, plan_chart};
use crate::steps::duplicates::twins;
use crate::steps::retry::{MAX_ATTEMPTS, Written, written, written_in_background};

/// The part of an import about one patient: the chart, if the import contains it, and its visits
/// and contacts.
#[derive(Clone, Debug)]
pub struct ChartStatement {
    /// The patient's id in the EHR.
    pub id: PatientId,
    /// The chart; `None` if the import has only visits or contacts of this patient.
    pub chart: Option<SentChart>,
    /// Visits and contacts to add or replace.
    pub care: CareChange,
}

/// What became of one line of a spreadsheet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LineOutcome {
    /// It was taken in.
    Taken(Synced),
    /// A new chart needs first name, last name and birth date. These are missing or can't be read.
    Incomplete(Vec<FieldFault>),
    /// Two charts have this name and birth date, or one has a similar name.
    Ambiguous,
    /// The table was not available. It may be taken in again.
    Unavailable,
}

/// Takes in one line of a spreadsheet. Without an id, the patient is found by name and birth date; somebody whom no
/// chart names is new.
pub async fn import_patient_line<S>(
    app: &App<S>,
    import: &Import,
    id: Option<&PatientId>,
    facts: &SentChart,
) -> LineOutcome
where
    S: Patients + Directory + Chain + Commit,
{
    let App { context, store } = app;
    let practice = &import.practice;
    let id = match (id, facts.over(None)) {
        (Some(id), _) => id.clone(),
        (None, Ok(chart)) => {
            let Chart { family_name, given_name, birth_date, .. } = &chart;
            let Ok(found) = twins(store, &practice.id, family_name, given_name, *birth_date).await else {
                return LineOutcome::Unavailable;
            };
            match (&found.same[..], &found.similar[..]) {
                ([], []) => new_patient_id(&*context.clock, &*context.entropy),
                ([only], _) => only.clone(),
                ([], [..]) | ([..], _) => return LineOutcome::Ambiguous,
            }
        }
        (None, Err(lacks)) => return LineOutcome::Incomplete(lacks),
    };
    let mut stale = false;
    for _ in 0..MAX_ATTEMPTS {
        let Ok(mut known) = store.charts(&practice.id, std::slice::from_ref(&id)).await else {
            return LineOutcome::Unavailable;
        };
        let existing = known.pop();
        let change = ChartChange { chart: facts.clone(), care: CareChange::default(), is_correction: false };
        let Ok(head) = end_of_chain(store, practice, &id, existing.as_ref(), stale).await else {
            return LineOutcome::Unavailable;
        };
        let plan = match plan_chart(context, practice, &id, existing, &change, &import.caller.by(), &head) {
            Ok(plan) => plan,
            Err(refusal) => return LineOutcome::Incomplete(faults_of(refusal)),
        };
        if plan.writes.is_empty() || import.dry_run {
            return LineOutcome::Taken(plan.synced);
        }
        match written(store, &plan.writes, None).await {
            Ok(Written::Done) => return LineOutcome::Taken(plan.synced),
            Ok(Written::Lost(_)) => stale = true,
            Err(_) => return LineOutcome::Unavailable,
        }
    }
    LineOutcome::Unavailable
}

/// What a new chart lacks.
fn faults_of(refusal: Refusal) -> Vec<FieldFault> {
    if let Refusal::BadRequest(faults) = refusal { faults } else { Vec::new() }
}

/// The result of one statement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Imported {
    /// The statement was imported.
    Done {
        /// The result of the chart; `None` if the import did not contain it.
        chart: Option<Synced>,
        /// Ids of visits and contacts that are new.
        new: BTreeSet<String>,
        /// Ids of visits and contacts that changed.
        changed: BTreeSet<String>,
    },
    /// The visits or contacts belong to a patient that is not known.
    UnknownPatient,
    /// The patient is not known, and the chart lacks a name or the birth date.
    Incomplete,
    /// The table was not available. The import may be repeated.
    Unavailable,
}

/// An import that was admitted, for all statements of a call.
pub struct Import {
    /// The caller.
    pub caller: Caller,
    practice: Practice,
    once: Option<OnceKey>,
    /// Whether only to say what would become of everything.
    dry_run: bool,
}

impl Import {
    /// The practice's time zone: what a file calls a day is a day there.
    pub fn zone(&self) -> TimeZone {
        self.practice.settings.zone()
    }
}

/// Admits an import; with `dry_run`, one that writes nothing. An import can always be repeated; the idempotency key
/// only refuses another body with the same key.
pub async fn import<S>(app: &App<S>, call: &ApiCall, dry_run: bool) -> Result<Import, Failure>
where
    S: ApiCalls + Limits + Practices,
{
    let App { context, store } = app;
    let once = call.once_key(context);
    let along = AlsoRead { once: once.as_ref(), ..AlsoRead::default() };
    let (caller, opened) = authorize(app, call, &[Scope::ChartWrite], along).await?;
    caller.actor()?;
    earlier_use(opened.once, once.as_ref(), context.now())?;
    let practice = store.practice(&caller.practice).await?.ok_or(Failure::Broken("practice"))?;
    Ok(Import { caller, practice, once: once.filter(|_| !dry_run), dry_run })
}

/// Ends an import: writes the marker of its idempotency key.
pub async fn imported<S: Commit>(app: &App<S>, import: Import) -> Result<(), Failure> {
    let App { context, store } = app;
    let Some(key) = import.once else { return Ok(()) };
    // If the marker is lost, the same import was sent twice at the same time. It is imported in any case.
    written_in_background(store, &[Write::Once(Once::new(key, "import", context.now()))]).await?;
    Ok(())
}

/// Imports the statements about up to 50 patients: one read for all, and one write for each patient
/// who changed.
pub async fn import_patient<S>(app: &App<S>, import: &Import, statements: &[ChartStatement]) -> Vec<Imported>
where
    S: Patients + Chain + Commit,
{
    let store = &app.store;
    let ids: Vec<PatientId> = statements.iter().map(|statement| statement.id.clone()).collect();
    let Ok(known) = store.charts(&import.practice.id, &ids).await else {
        return vec![Imported::Unavailable; statements.len()];
    };
    let each = statements.iter().map(|statement| {
        let existing = known.iter().find(|(patient, _)| patient.id == statement.id).cloned();
        import_once(app, import, statement, existing)
    });
    futures_util::future::join_all(each).await
}

async fn import_once<S>(
    app: &App<S>,
    import: &Import,
    statement: &ChartStatement,
    mut existing: Option<(Patient, Care)>,
) -> Imported
where
    S: Patients + Chain + Commit,
{
    let App { context, store } = app;
    let practice = &import.practice;
    let mut stale = false;
    for _ in 0..MAX_ATTEMPTS {
        let chart = match (&statement.chart, &existing) {
            (Some(chart), _) => chart.clone(),
            (None, Some(_)) => SentChart::default(),
            // Of somebody unknown, there is nothing to take back.
            (None, None) if statement.care.only_takes_back() => {
                let (new, changed) = (BTreeSet::new(), BTreeSet::new());
                return Imported::Done { chart: None, new, changed };
            }
            (None, None) => return Imported::UnknownPatient,
        };
        let mut care = statement.care.clone();
        // Nothing to take away: then the growing part of the chart need not be looked at.
        let is_own = |contact: &Contact| contact.id.as_ref().is_some_and(|id| id.starts_with(OWN_CONTACT));
        let has_own = existing.as_ref().is_some_and(|(_, care)| care.contacts.iter().any(is_own));
        care.own_contacts = care.own_contacts.filter(|own| has_own || !own.is_empty());
        let change = ChartChange { chart, care, is_correction: false };
        let Ok(head) = end_of_chain(store, practice, &statement.id, existing.as_ref(), stale).await else {
            return Imported::Unavailable;
        };
        let before = existing.clone();
        let plan = plan_chart(
            context,
            practice,
            &statement.id,
            existing.clone(),
            &change,
            &import.caller.by(),
            &head,
        );
        let Ok(plan) = plan else { return Imported::Incomplete };
        let done = |plan: &ChartPlan| import_outcome(statement, before.as_ref(), plan);
        if plan.writes.is_empty() || import.dry_run {
            return done(&plan);
        }
        match written(store, &plan.writes, None).await {
            Ok(Written::Done) => return done(&plan),
            Err(_) => return Imported::Unavailable,
            Ok(Written::Lost(_)) => {
                stale = true;
                let again = join!(
                    store.patient(&practice.id, &statement.id),
                    store.care(&practice.id, &statement.id)
                );
                let (Ok(patient), Ok(care)) = again else { return Imported::Unavailable };
                existing = patient.map(|patient| (patient, care));
            }
        }
    }
    Imported::Unavailable
}

/// Whether the people whom the patient's own resource names change.
fn own_contacts_change(statement: &ChartStatement, known: &Care) -> bool {
    let change = CareChange { own_contacts: statement.care.own_contacts.clone(), ..CareChange::default() };
    change.apply(known).contacts != known.contacts
}

fn import_outcome(
    statement: &ChartStatement,
    before: Option<&(Patient, Care)>,
    plan: &ChartPlan,
) -> Imported {
    let known = before.map(|(_, care)| care.clone()).unwrap_or_default();
    let (mut new, mut changed) = (BTreeSet::new(), BTreeSet::new());
    for visit in &statement.care.add_visits {
        match known.visits.iter().find(|old| old.id == visit.id) {
            None => drop(new.insert(visit.id.clone())),
            Some(old) if old != visit => drop(changed.insert(visit.id.clone())),
            Some(_) => {}
        }
    }
    let gone_visits = statement.care.drop_visits.iter();
    changed.extend(gone_visits.filter(|id| known.visits.iter().any(|old| old.id == **id)).cloned());
    let gone_contacts = statement.care.drop_contacts.iter();
    changed.extend(
        gone_contacts.filter(|id| known.contacts.iter().any(|old| old.id.as_ref() == Some(id))).cloned(),
    );
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
        Some((patient, care))
            if patient.chart == plan.charted.patient.chart && !own_contacts_change(statement, care) =>
        {
            Synced::Unchanged
        }
        Some(_) => Synced::Updated,
    });
    Imported::Done { chart, new, changed }
}
