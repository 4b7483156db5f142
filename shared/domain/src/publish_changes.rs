//! `publish-changes`: what follows from a change after it happened: how many patients stand where, when somebody last
//! signed in for a patient, under which words accounts are found, whose a phone number is, and what others are told.

use std::future::Future;

use crate::account::{Account, GrantState};
use crate::announcement::Announcement;
use crate::change_account::patients_of;
use crate::find::{Listed, listed};
use crate::ids::{AccountId, PatientId, PracticeId};
use crate::patient::Status;
use crate::ports::{Accounts, Chain, Commit, CommitError, Context, DECISIONS, Patients, Practices, Write};
use crate::refusal::{Failure, Unavailable};
use crate::texts::{Standing, Standings, heed};

/// A change in the table, as this function understands it.
#[derive(Default)]
pub struct Change {
    /// A patient came, went, or stands somewhere else.
    pub moved: Option<Moved>,
    /// Somebody signed in.
    pub signed_in: Option<Box<Account>>,
    /// Accounts that may be found under other words now.
    pub relist: Vec<AccountId>,
    /// A chart has another mobile number.
    pub renumbered: Option<Renumbered>,
    /// What others are told.
    pub announcement: Option<Announcement>,
}

/// A chart's mobile number that texts can go to, before and now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Renumbered {
    /// The practice.
    pub practice: PracticeId,
    /// Whose chart.
    pub patient: PatientId,
    /// Before, E.164.
    pub from: Option<String>,
    /// Now.
    pub to: Option<String>,
}

/// A patient's step from one status to another.
pub struct Moved {
    /// The practice.
    pub practice: PracticeId,
    /// Where before.
    pub from: Option<Status>,
    /// Where now.
    pub to: Option<Status>,
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

/// Keeps the lists that accounts are found by.
pub trait Lists: Sync {
    /// An account's entry, strongly read.
    fn listed(&self, account: AccountId) -> impl Future<Output = Result<Option<Listed>, Unavailable>> + Send;
    /// Puts an entry in the place of the one before; `false` if somebody else did meanwhile.
    fn list(
        &self,
        practice: &PracticeId,
        before: Option<&Listed>,
        entry: &Listed,
    ) -> impl Future<Output = Result<bool, Unavailable>> + Send;
}

/// Keeps whose a phone number is: candidates only.
pub trait Numbers: Standings {
    /// Lists a chart under its number now, and no longer under the one before.
    fn renumber(&self, renumbered: &Renumbered) -> impl Future<Output = Result<(), Unavailable>> + Send;
}

/// Follows one change of the stream. Repeating it does no harm.
pub async fn follow<S>(context: &Context, store: &S, change: Change, event: &str) -> Result<(), Unavailable>
where
    S: Counts + Lists + Numbers + Accounts + Patients + Practices + Chain + Commit,
{
    if let Some(renumbered) = change.renumbered {
        store.renumber(&renumbered).await?;
        if let Some(number) = &renumbered.to {
            // Read after it is listed, so that a STOP at this moment meets the one or the other; and read again, since
            // what the number said meanwhile counts.
            let mut heeded = Standing::default();
            for _ in 0..DECISIONS {
                let standing = store.standing(number).await?;
                if standing == heeded {
                    break;
                }
                heed(context, store, &renumbered.practice, &renumbered.patient, number, standing).await?;
                heeded = standing;
            }
        }
    }
    if let Some(Moved { practice, from, to }) = change.moved.filter(|moved| moved.from != moved.to) {
        store.shift(&practice, from, to, event).await?;
    }
    if let Some(account) = change.signed_in {
        for (patient, grant) in &account.grants {
            let (GrantState::Active, Ok(patient)) = (grant.state, PatientId::parse(patient)) else {
                continue;
            };
            note_sign_in(store, &account, &patient).await?;
        }
    }
    for id in change.relist {
        relist(store, id).await?;
    }
    Ok(())
}

/// Lists an account under the words that are true of it now, whatever the record of the stream said.
async fn relist<S>(store: &S, id: AccountId) -> Result<(), Unavailable>
where
    S: Lists + Accounts + Patients,
{
    for _ in 0..DECISIONS {
        let before = store.listed(id).await?;
        let Some(account) = store.account(id).await? else { return Ok(()) };
        let patients = patients_of(store, &account).await.map_err(|_: Failure| Unavailable)?;
        let entry = listed(&account, &patients, before.as_ref());
        if store.list(&account.practice, before.as_ref(), &entry).await? {
            return Ok(());
        }
    }
    Err(Unavailable)
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
