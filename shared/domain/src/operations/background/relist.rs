//! Writes the rows of the list of patients anew, after a change of the settings that moves statuses or the days of
//! automatic messages: page by page, and again from the last page if it was killed.

use crate::context::App;
use crate::model::auto_invite::plan_anew;
use crate::model::chart::Care;
use crate::model::patient::{Patient, Status};
use crate::model::practice::{Movable, Practice};
use crate::model::refusal::PortError;
use crate::ports::{Commit, Patients, PracticeList, Practices, Roster, Write};
use crate::steps::change::patient_updated;
use crate::steps::retry::{MAX_ATTEMPTS, Written, written_in_background};
use crate::time::Timestamp;

/// Rows that are looked at together.
const PAGE: usize = 50;

/// Seconds during which one run begins pages. The next run takes the others.
const RELISTING_SECONDS: i64 = 20;

/// Goes on with the lists of all practices whose settings moved statuses or days.
pub async fn relist<S>(app: &App<S>) -> Result<(), PortError>
where
    S: PracticeList + Practices + Patients + Roster + Commit,
{
    let until = app.context.now().plus_seconds(RELISTING_SECONDS);
    for id in app.store.practices().await? {
        if let Some(practice) = app.store.practice(&id).await? {
            relist_one(app, practice, until).await?;
        }
    }
    Ok(())
}

/// Goes on with the list of one practice. If the practice's record moved meanwhile, the next run goes on.
async fn relist_one<S>(app: &App<S>, mut practice: Practice, until: Timestamp) -> Result<(), PortError>
where
    S: Patients + Roster + Commit,
{
    let store = &app.store;
    while let Some(at) = practice.relisting.clone().filter(|_| app.context.now() < until) {
        let listed = match at.whose {
            Movable::Uninvited => Status::Uninvited,
            Movable::Blocked => Status::Blocked,
            Movable::Invited => Status::Invited,
        };
        let rows = store.roster(&practice.id, listed, at.after.as_deref(), PAGE).await?;
        // Without visits and messages nothing is due, so only the status can differ.
        let may_move = |row: &&Patient| {
            row.status(&practice.settings) != listed || row.visits_due.is_some() || row.campaign.is_some()
        };
        let ids: Vec<_> = rows.iter().filter(may_move).map(|row| row.id.clone()).collect();
        let charts = if ids.is_empty() { Vec::new() } else { store.charts(&practice.id, &ids).await? };
        for (patient, care) in charts {
            rewrite(app, &practice, listed, patient, care).await?;
        }
        let last = rows.last().filter(|_| rows.len() == PAGE).map(Patient::sort_name);
        practice.relisting = at.after_page(rows.len(), last);
        practice.version += 1;
        let saved = [Write::ChangePractice(practice.clone())];
        if let Written::Lost(_) = written_in_background(store, &saved).await? {
            return Ok(());
        }
    }
    Ok(())
}

/// Writes a patient anew who is listed under a status, unless nothing moved. Who changes the chart at the same moment may
/// not have read the visits, so it is tried again.
async fn rewrite<S: Patients + Commit>(
    app: &App<S>,
    practice: &Practice,
    listed: Status,
    mut patient: Patient,
    mut care: Care,
) -> Result<(), PortError> {
    let App { context, store } = app;
    let settings = &practice.settings;
    for _ in 0..MAX_ATTEMPTS {
        let before = patient.clone();
        plan_anew(&mut patient, &care.visits, settings, context.now());
        if patient == before && patient.status(settings) == listed {
            return Ok(());
        }
        let mut writes = Vec::new();
        patient_updated(settings, &mut patient, &mut writes);
        if let Written::Done = written_in_background(store, &writes).await? {
            return Ok(());
        }
        let again = store.charts(&practice.id, std::slice::from_ref(&before.id)).await?;
        let Some(now) = again.into_iter().next() else { return Ok(()) };
        (patient, care) = now;
    }
    Err(PortError::Unavailable)
}
