//! Moves patients on to their next appointment, once the one by which they are listed is over.

use crate::context::App;
use crate::model::ids::PracticeId;
use crate::model::patient::Patient;
use crate::model::refusal::PortError;
use crate::ports::{Commit, Patients, PracticeList, Practices, Roster};
use crate::steps::change::patient_updated;
use crate::steps::chart_change::upcoming;
use crate::steps::retry::written_in_background;
use crate::time::Timestamp;

/// Most patients of one practice at once. The next run takes the others.
const PAGE: usize = 200;

/// Takes appointments that are over off the records of patients. What loses against another write is done by the
/// next run.
pub async fn move_on<S>(app: &App<S>) -> Result<(), PortError>
where
    S: PracticeList + Practices + Patients + Roster + Commit,
{
    let App { context, store } = app;
    let (ever, now) = (Timestamp::from_millis(0), context.now());
    for practice in store.practices().await? {
        for listed in store.agenda(&practice, (ever, now), None, PAGE).await? {
            move_one(app, &practice, &listed, now).await?;
        }
    }
    Ok(())
}

async fn move_one<S>(
    app: &App<S>,
    practice: &PracticeId,
    listed: &Patient,
    now: Timestamp,
) -> Result<(), PortError>
where
    S: Practices + Patients + Commit,
{
    let store = &app.store;
    let found = store.charts(practice, std::slice::from_ref(&listed.id)).await?.pop();
    let Some((mut patient, care)) =
        found.filter(|(patient, _)| patient.upcoming.first().is_some_and(|first| *first < now))
    else {
        return Ok(());
    };
    let settings = store.practice(practice).await?.ok_or(PortError::Broken("practice"))?.settings;
    patient.upcoming = upcoming(&care, now);
    let mut writes = Vec::new();
    patient_updated(&settings, &mut patient, &mut writes);
    written_in_background(store, &writes).await.map(drop)
}
