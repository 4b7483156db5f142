//! STOP and START: who replied which to a text, kept as a ledger by phone number, for all practices alike, since all of
//! them write from the same numbers.

use std::future::Future;

use crate::audit::{Action, By, Entry, Subject};
use crate::chart::Channel;
use crate::ids::{PatientId, PracticeId};
use crate::onboard::Cause;
use crate::patient::{Patient, Stop, Stopped, address_digest};
use crate::ports::{Chain, Commit, CommitError, Context, DECISIONS, Patients, Practices, Write};
use crate::refusal::Unavailable;
use crate::time::Timestamp;
use futures_util::join;
use serde::{Deserialize, Serialize};

/// What somebody replied.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Word {
    /// No more texts.
    Stop,
    /// Texts again.
    Start,
}

impl Word {
    /// The word in a reply, as carriers and providers read it; `None` for everything else that people write.
    pub fn parse(reply: &str) -> Option<Self> {
        let first: String =
            reply.trim_start().chars().take_while(|c| c.is_alphabetic()).collect::<String>().to_uppercase();
        match first.as_str() {
            // CTIA's list, what the FCC's rule of 2025 adds to it, and Spanish.
            "STOP" | "STOPALL" | "UNSUBSCRIBE" | "CANCEL" | "END" | "QUIT" | "REVOKE" | "OPTOUT" | "ALTO"
            | "PARAR" => Some(Self::Stop),
            "START" | "UNSTOP" => Some(Self::Start),
            _ => None,
        }
    }
}

/// An entry of the ledger.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Said {
    /// Who, E.164.
    pub number: String,
    /// What.
    pub word: Word,
    /// When.
    pub at: Timestamp,
    /// The provider's id of the reply: the same one is kept once.
    pub id: String,
}

/// What a number last said.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Standing {
    /// The word, if there was one.
    pub word: Option<Word>,
}

impl Standing {
    /// Whether texts may go there.
    pub fn may_text(self) -> bool {
        self.word != Some(Word::Stop)
    }
}

/// Reads where a number stands.
pub trait Standings: Sync {
    /// By the latest entry, strongly read.
    fn standing(&self, number: &str) -> impl Future<Output = Result<Standing, Unavailable>> + Send;
}

/// Writes the ledger, and knows whose a number is.
pub trait Ledger: Standings {
    /// Keeps an entry; where the number stands follows the entry with the latest instant, in whatever order they come.
    fn say(&self, said: &Said) -> impl Future<Output = Result<(), Unavailable>> + Send;
    /// Patients on whose chart the number is, of every practice; some may have another one by now.
    fn at_number(
        &self,
        number: &str,
    ) -> impl Future<Output = Result<Vec<(PracticeId, PatientId)>, Unavailable>> + Send;
}

/// Brings a patient's record in line with whether texts may go to this number, if it is on the chart.
pub async fn heed<S>(
    context: &Context,
    store: &S,
    practice: &PracticeId,
    patient: &PatientId,
    number: &str,
    standing: Standing,
) -> Result<(), Unavailable>
where
    S: Patients + Practices + Chain + Commit,
{
    amend(context, store, practice, patient, |patient| {
        let stopped = Stopped { channel: Channel::Sms, to: address_digest(number), why: Stop::OptedOut };
        let charted = patient.chart.address(Channel::Sms) == Some(number);
        if !charted || standing.may_text() != patient.stopped.contains(&stopped) {
            return None;
        }
        if standing.may_text() {
            patient.stopped.retain(|known| *known != stopped);
            Some(Amended { action: Action::TextsStarted, detail: Vec::new(), note: None })
        } else {
            patient.stop(Channel::Sms, number, Stop::OptedOut);
            Some(Amended { action: Action::TextsStopped, detail: Vec::new(), note: Some(Cause::SmsOptedOut) })
        }
    })
    .await
}

/// What was changed on a patient's record, for the trail and for staff.
pub(crate) struct Amended {
    pub(crate) action: Action,
    pub(crate) detail: Vec<(&'static str, String)>,
    pub(crate) note: Option<Cause>,
}

/// Changes a patient's record for what came from outside, with its audit event; again, if somebody else wrote meanwhile.
pub(crate) async fn amend<S, D>(
    context: &Context,
    store: &S,
    practice: &PracticeId,
    id: &PatientId,
    decide: D,
) -> Result<(), Unavailable>
where
    S: Patients + Practices + Chain + Commit,
    D: Fn(&mut Patient) -> Option<Amended> + Sync + Send,
{
    let subject = Subject::Patient(id.clone());
    for _ in 0..DECISIONS {
        let (patient, head) = join!(store.patient(practice, id), store.head(practice, &subject));
        let Some(mut patient) = patient? else { return Ok(()) };
        let Some(amended) = decide(&mut patient) else { return Ok(()) };
        let settings = store.practice(practice).await?.ok_or(Unavailable)?.settings;
        let now = context.now();
        let entry = Entry {
            practice: practice.clone(),
            subject: subject.clone(),
            at: now,
            by: By::provider(),
            action: amended.action,
            detail: amended.detail,
        };
        let event = entry.after(&head?, &context.keyring);
        patient.head = event.head();
        patient.version += 1;
        let status = patient.status(&settings);
        let mut writes = vec![Write::ChangePatient(Box::new(patient), status), Write::Append(event)];
        writes.extend(amended.note.map(|cause| Write::Note {
            practice: practice.clone(),
            patient: id.clone(),
            cause,
            at: now,
        }));
        match store.commit(&writes).await {
            Ok(()) => return Ok(()),
            Err(CommitError::Lost(_) | CommitError::Contended) => {}
            Err(CommitError::Unavailable) => return Err(Unavailable),
        }
    }
    Err(Unavailable)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reply_is_read_by_its_first_word_in_any_case() {
        for stop in ["STOP", " stop.", "Stop please", "unsubscribe", "ALTO", "quit!"] {
            assert_eq!(Word::parse(stop), Some(Word::Stop), "{stop}");
        }
        assert_eq!(Word::parse("start"), Some(Word::Start));
        for other in ["", "don't stop", "stopping by at 5", "yes", "HELP", "12345"] {
            assert_eq!(Word::parse(other), None, "{other}");
        }
    }
}
