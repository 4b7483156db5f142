//! `publish-changes`: what follows from a change after it happened: how many patients stand where, and when somebody
//! last signed in for a patient.

use std::future::Future;

use crate::account::{Account, GrantState};
use crate::ids::{PatientId, PracticeId};
use crate::patient::Status;
use crate::ports::{Commit, CommitError, DECISIONS, Patients, Practices, Write};
use crate::refusal::Unavailable;

/// A change in the table, as this function understands it.
pub enum Change {
    /// A patient came, went, or stands somewhere else.
    Moved {
        /// The practice.
        practice: PracticeId,
        /// Where before.
        from: Option<Status>,
        /// Where now.
        to: Option<Status>,
    },
    /// Somebody signed in.
    SignedIn(Box<Account>),
    /// Nothing that matters here.
    Nothing,
}

/// Counts of patients by status, and what a record of the stream means for them.
pub trait Counts: Sync {
    /// The change that a record's images, in DynamoDB's JSON, stand for.
    fn change(&self, old: Option<&serde_json::Value>, new: Option<&serde_json::Value>) -> Change;
    /// Moves one patient from one count to another; the same `event` twice within ten minutes counts once.
    fn shift(
        &self,
        practice: &PracticeId,
        from: Option<Status>,
        to: Option<Status>,
        event: &str,
    ) -> impl Future<Output = Result<(), Unavailable>> + Send;
}

/// Follows one change of the stream. Repeating it does no harm.
pub async fn follow<S>(store: &S, change: Change, event: &str) -> Result<(), Unavailable>
where
    S: Counts + Patients + Practices + Commit,
{
    match change {
        Change::Nothing => Ok(()),
        Change::Moved { from, to, .. } if from == to => Ok(()),
        Change::Moved { practice, from, to } => store.shift(&practice, from, to, event).await,
        Change::SignedIn(account) => {
            for (patient, grant) in &account.grants {
                let (GrantState::Active, Ok(patient)) = (grant.state, PatientId::parse(patient)) else {
                    continue;
                };
                note_sign_in(store, &account, &patient).await?;
            }
            Ok(())
        }
    }
}

async fn note_sign_in<S>(store: &S, account: &Account, id: &PatientId) -> Result<(), Unavailable>
where
    S: Patients + Practices + Commit,
{
    for _ in 0..DECISIONS {
        let Some(mut patient) = store.patient(&account.practice, id).await? else { return Ok(()) };
        if patient.last_login_at >= account.last_login_at {
            return Ok(());
        }
        let practice = store.practice(&account.practice).await?.ok_or(Unavailable)?;
        patient.last_login_at = account.last_login_at;
        patient.version += 1;
        let status = patient.status(&practice.settings);
        match store.commit(&[Write::ChangePatient(Box::new(patient), status)]).await {
            Ok(()) => return Ok(()),
            Err(CommitError::Lost(_) | CommitError::Contended) => {}
            Err(CommitError::Unavailable) => return Err(Unavailable),
        }
    }
    Err(Unavailable)
}
