//! Import of many charts, each taken in by itself, so that one that is refused stops no other.

use std::collections::BTreeSet;

use futures_util::join;

use crate::context::App;
use crate::model::chart::{Care, CareChange, Chart};
use crate::model::ids::PatientId;
use crate::model::patient::Patient;
use crate::model::practice::{Practice, Scope};
use crate::model::refusal::Failure;
use crate::ports::{AlsoRead, Chain, Commit, Limits, Once, OnceKey, Patients, Practices, StaffCalls, Write};
use crate::steps::chart_change::{ChartChange, ChartPlan, Synced, end_of_chain, plan_chart};
use crate::steps::retry::{DECISIONS, Written, written, written_in_background};
use crate::steps::staff_call::{Caller, StaffCall, authorize, earlier_use};

/// What an import states about one patient: the chart, if it is among the resources, and what grows.
#[derive(Clone, Debug)]
pub struct ChartStatement {
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
pub async fn import<S>(app: &App<S>, call: &StaffCall) -> Result<Import, Failure>
where
    S: StaffCalls + Limits + Practices,
{
    let App { context, store } = app;
    let once = call.once_key(context);
    let along = AlsoRead { once: once.as_ref(), ..AlsoRead::default() };
    let (caller, opened) = authorize(app, call, &[Scope::ChartWrite], along).await?;
    caller.actor()?;
    earlier_use(opened.once, once.as_ref(), context.now())?;
    let practice = store.practice(&caller.practice).await?.ok_or(Failure::Broken("practice"))?;
    Ok(Import { caller, practice, once })
}

/// Ends an import that was taken in.
pub async fn imported<S: Commit>(app: &App<S>, import: Import) -> Result<(), Failure> {
    let App { context, store } = app;
    let Some(key) = import.once else { return Ok(()) };
    // Where the marker is lost, the same import came in twice at the same time: it is in.
    written_in_background(store, &[Write::Once(Once::new(key, "import", context.now()))]).await?;
    Ok(())
}

/// Takes in what was stated about a few patients (50 at most): one read for all, one write for each who changed.
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
        let plan = plan_chart(
            context,
            practice,
            &statement.id,
            existing.clone(),
            &change,
            &import.caller.by(),
            &head,
        );
        let done = |plan: &ChartPlan| import_outcome(statement, before.as_ref(), plan);
        if plan.writes.is_empty() {
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
