//! Writes the rows of the list of patients anew, after a change of the settings that moves statuses: page by page, and
//! again from the last page if it was killed.

use crate::context::App;
use crate::model::patient::{Patient, Status};
use crate::model::practice::Practice;
use crate::model::refusal::PortError;
use crate::ports::{Commit, Patients, PracticeList, Practices, Roster, Write};
use crate::steps::change::patient_updated;
use crate::steps::retry::{Written, written_in_background};
use crate::time::Timestamp;

/// Rows that are looked at together.
const PAGE: usize = 100;

/// Seconds during which one run begins pages. The next run takes the others.
const RELISTING_SECONDS: i64 = 20;

/// Goes on with the lists of all practices whose settings moved statuses.
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
        let status = if at.blocked { Status::Blocked } else { Status::Uninvited };
        let rows = store.roster(&practice.id, status, at.after.as_deref(), PAGE).await?;
        for row in rows.iter().filter(|row| row.status(&practice.settings) != status) {
            rewrite(store, &practice, row).await?;
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

/// Writes a patient's row anew, from the record as it is. Whoever changes the record at the same moment writes it, too.
async fn rewrite<S: Patients + Commit>(
    store: &S,
    practice: &Practice,
    row: &Patient,
) -> Result<(), PortError> {
    let Some(mut patient) = store.patient(&practice.id, &row.id).await? else { return Ok(()) };
    let mut writes = Vec::new();
    patient_updated(&practice.settings, &mut patient, &mut writes);
    written_in_background(store, &writes).await.map(drop)
}
