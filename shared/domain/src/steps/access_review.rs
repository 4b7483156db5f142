//! Schedules the reviews of a patient's access; `auto-invite` makes them.

use futures_util::try_join;

use crate::context::App;
use crate::model::access_review::AccessReview;
use crate::model::patient::Patient;
use crate::model::refusal::PortError;
use crate::ports::{Commit, Practices, Reviews, Write};
use crate::steps::retry::{MAX_ATTEMPTS, Written, written_in_background};

/// Stores when a patient's access has to be reviewed next, after the patient's record changed. Doing it again
/// changes nothing.
pub(crate) async fn schedule_review<S>(app: &App<S>, patient: &Patient) -> Result<(), PortError>
where
    S: Practices + Reviews + Commit,
{
    let App { context, store } = app;
    for _ in 0..MAX_ATTEMPTS {
        let (known, practice) =
            try_join!(store.review(&patient.practice, &patient.id), store.practice(&patient.practice))?;
        let settings = practice.ok_or(PortError::Broken("practice"))?.settings;
        let from = known.as_ref().map(|known| known.due_at);
        let begun = known.clone().unwrap_or_else(|| AccessReview::begin(patient, &settings, context.now()));
        let next = begun.scheduled(patient, &settings);
        if next == known {
            return Ok(());
        }
        let write =
            Write::Review { practice: patient.practice.clone(), patient: patient.id.clone(), from, next };
        if let Written::Done = written_in_background(store, &[write]).await? {
            return Ok(());
        }
    }
    Err(PortError::Unavailable)
}
