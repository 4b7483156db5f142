//! Applies STOP and START replies to patients' records. Replies are stored by phone number and count for all
//! practices, because all practices send from the same numbers.

use futures_util::join;

use crate::context::App;
use crate::model::attention::Cause;
use crate::model::audit::{Action, By, Entry, Subject};
use crate::model::chart::Channel;
use crate::model::ids::{PatientId, PracticeId};
use crate::model::patient::{Patient, Stop, Stopped, address_digest};
use crate::model::refusal::PortError;
use crate::model::text_reply::Standing;
use crate::ports::{Chain, Commit, Patients, Practices, Write};
use crate::steps::change::patient_changed;
use crate::steps::retry::{MAX_ATTEMPTS, Written, written_in_background};

/// Adds or removes the stop of texts on a patient's record, as the number's last reply says. Does nothing if
/// the chart has another number.
pub async fn apply_text_reply<S>(
    app: &App<S>,
    practice: &PracticeId,
    patient: &PatientId,
    number: &str,
    standing: Standing,
) -> Result<(), PortError>
where
    S: Patients + Practices + Chain + Commit,
{
    change_stops(app, practice, patient, |patient| {
        let stopped = Stopped { channel: Channel::Sms, to: address_digest(number), why: Stop::OptedOut };
        let charted = patient.chart.address(Channel::Sms) == Some(number);
        if !charted || standing.may_text() != patient.stopped.contains(&stopped) {
            return None;
        }
        if standing.may_text() {
            patient.stopped.retain(|known| *known != stopped);
            patient.reconsider();
            Some(StopsChanged { action: Action::TextsStarted, detail: Vec::new(), note: None })
        } else {
            patient.stop(Channel::Sms, number, Stop::OptedOut);
            Some(StopsChanged {
                action: Action::TextsStopped,
                detail: Vec::new(),
                note: Some(Cause::SmsOptedOut),
            })
        }
    })
    .await
}

/// A change of a patient's stops, for the audit trail, with a note for staff if they should look at it.
pub(crate) struct StopsChanged {
    pub(crate) action: Action,
    pub(crate) detail: Vec<(&'static str, String)>,
    pub(crate) note: Option<Cause>,
}

/// Changes a patient's stops after a provider's report, with an audit event. Decides again if another write
/// came in between.
pub(crate) async fn change_stops<S, D>(
    app: &App<S>,
    practice: &PracticeId,
    id: &PatientId,
    decide: D,
) -> Result<(), PortError>
where
    S: Patients + Practices + Chain + Commit,
    D: Fn(&mut Patient) -> Option<StopsChanged> + Sync + Send,
{
    let App { context, store } = app;
    let subject = Subject::Patient(id.clone());
    for _ in 0..MAX_ATTEMPTS {
        let (patient, head) = join!(store.patient(practice, id), store.head(practice, &subject));
        let Some(mut patient) = patient? else { return Ok(()) };
        let Some(amended) = decide(&mut patient) else { return Ok(()) };
        let settings = store.practice(practice).await?.ok_or(PortError::Broken("practice"))?.settings;
        let now = context.now();
        let entry = Entry {
            practice: practice.clone(),
            subject: subject.clone(),
            at: now,
            by: By::provider(),
            action: amended.action,
            detail: amended.detail,
        };
        let mut writes = Vec::new();
        patient_changed(context, &settings, &mut patient, &head?, entry, &mut writes);
        writes.extend(amended.note.map(|cause| Write::Note {
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
