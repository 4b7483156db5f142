//! Applies STOP and START replies to patients' records. Replies are stored by phone number and count for all
//! practices, because all practices send from the same numbers.

use crate::context::App;
use crate::model::attention::Cause;
use crate::model::audit::{Action, By};
use crate::model::chart::Channel;
use crate::model::ids::{PatientId, PracticeId};
use crate::model::patient::{Stop, Stopped, address_digest};
use crate::model::refusal::PortError;
use crate::model::text_reply::Standing;
use crate::ports::{Chain, Commit, Patients, Practices};
use crate::steps::background_change::{BackgroundChange, change_in_background};

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
    change_in_background(app, practice, patient, &By::provider(), |patient| {
        let stopped = Stopped { channel: Channel::Sms, to: address_digest(number), why: Stop::OptedOut };
        let charted = patient.chart.address(Channel::Sms) == Some(number);
        if !charted || standing.may_text() != patient.stopped.contains(&stopped) {
            return None;
        }
        if standing.may_text() {
            patient.stopped.retain(|known| *known != stopped);
            patient.reconsider();
            Some(BackgroundChange { action: Action::TextsStarted, detail: Vec::new(), note: None })
        } else {
            patient.stop(Channel::Sms, number, Stop::OptedOut);
            Some(BackgroundChange {
                action: Action::TextsStopped,
                detail: Vec::new(),
                note: Some(Cause::SmsOptedOut),
            })
        }
    })
    .await
}
