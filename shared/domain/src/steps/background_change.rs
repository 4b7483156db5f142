//! Changes of a patient that no call asks for: a provider's report or a record of the stream leads to them.

use futures_util::join;

use crate::context::App;
use crate::model::attention::Cause;
use crate::model::audit::{Action, By, Subject};
use crate::model::ids::{PatientId, PracticeId};
use crate::model::patient::Patient;
use crate::model::refusal::PortError;
use crate::ports::{Chain, Commit, Patients, Practices, Write};
use crate::steps::change::patient_changed;
use crate::steps::retry::{MAX_ATTEMPTS, Written, written_in_background};

/// What a change means, for the audit trail, with a note for staff if they should look at it.
pub(crate) struct BackgroundChange {
    pub(crate) action: Action,
    pub(crate) detail: Vec<(&'static str, String)>,
    pub(crate) note: Option<Cause>,
}

/// Changes a patient as `decide` does, with an audit event; nothing if `decide` returns `None`. Decides again if another
/// write came in between.
pub(crate) async fn change_in_background<S, D>(
    app: &App<S>,
    practice: &PracticeId,
    id: &PatientId,
    by: &By,
    decide: D,
) -> Result<(), PortError>
where
    S: Patients + Practices + Chain + Commit,
    D: Fn(&mut Patient) -> Option<BackgroundChange> + Sync + Send,
{
    let App { context, store } = app;
    let subject = Subject::Patient(id.clone());
    for _ in 0..MAX_ATTEMPTS {
        let (patient, head) = join!(store.patient(practice, id), store.head(practice, &subject));
        let Some(mut patient) = patient? else { return Ok(()) };
        let Some(BackgroundChange { action, detail, note }) = decide(&mut patient) else { return Ok(()) };
        let settings = store.practice(practice).await?.ok_or(PortError::Broken("practice"))?.settings;
        let now = context.now();
        let entry = patient.entry(now, by.clone(), action, detail);
        let mut writes = Vec::new();
        patient_changed(context, &settings, &mut patient, &head?, entry, &mut writes);
        writes.extend(note.map(|cause| Write::Note {
            practice: practice.clone(),
            patient: id.clone(),
            cause,
            at: now,
        }));
        if let Written::Done = written_in_background(store, &writes).await? {
            return Ok(());
        }
    }
    Err(PortError::Unavailable)
}
