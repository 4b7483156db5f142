//! `manage-account`: what staff decide about accounts: registrations that wait for them.

use std::future::Future;

use futures_util::join;

use crate::audit::{Action, Entry, Subject};
use crate::desk::{StaffCall, open, repeated};
use crate::hold::Hold;
use crate::ids::{AccountId, PracticeId};
use crate::invitation::{notice_channel, to_patient};
use crate::message::Template;
use crate::ports::{
    Along, Chain, Commit, CommitError, Context, DECISIONS, Desk, Limits, Once, Patients, Practices, Write,
};
use crate::practice::Scope;
use crate::refusal::{Failure, Refusal, Unavailable};

/// Reads the registrations that wait.
pub trait Holds: Sync {
    /// All of a practice, the oldest first.
    fn holds(&self, practice: &PracticeId) -> impl Future<Output = Result<Vec<Hold>, Unavailable>> + Send;
}

/// The registrations that wait.
pub async fn holds<S: Desk + Limits + Holds>(
    context: &Context,
    store: &S,
    call: &StaffCall,
) -> Result<Vec<Hold>, Failure> {
    let (caller, _) = open(context, store, call, &[Scope::Accounts], Along::default()).await?;
    Ok(store.holds(&caller.practice).await?)
}

/// Grants or refuses one; what was decided on.
pub async fn decide<S>(
    context: &Context,
    store: &S,
    call: &StaffCall,
    id: AccountId,
    grant: bool,
) -> Result<Hold, Failure>
where
    S: Desk + Limits + Holds + Patients + Practices + Chain + Commit,
{
    let once = call.once_key(context);
    let along = Along { once: once.as_ref(), ..Along::default() };
    for _ in 0..DECISIONS {
        let (caller, opened) = open(context, store, call, &[Scope::Accounts], along).await?;
        caller.actor()?;
        if let Some(made) = repeated(opened.once, once.as_ref(), context.now())? {
            return serde_json::from_str(&made).map_err(|_| Failure::Unavailable);
        }
        let all = store.holds(&caller.practice).await?;
        let hold = all.into_iter().find(|hold| hold.account == id).ok_or(Refusal::NotFound)?;
        let practice = store.practice(&caller.practice).await?.ok_or(Failure::Unavailable)?;
        let subject = Subject::Patient(hold.patient.clone());
        let (patient, head) =
            join!(store.patient(&hold.practice, &hold.patient), store.head(&hold.practice, &subject));
        let mut patient = patient?.ok_or(Refusal::NotFound)?;
        let now = context.now();
        let username =
            patient.accounts.iter().find(|account| account.id == id).map(|account| account.username.clone());
        if grant {
            patient
                .accounts
                .iter_mut()
                .filter(|account| account.id == id)
                .for_each(|account| account.held = false);
        } else {
            patient.accounts.retain(|account| account.id != id);
        }
        let entry = Entry {
            practice: hold.practice.clone(),
            subject,
            at: now,
            by: caller.by(),
            action: if grant { Action::HoldGranted } else { Action::HoldRefused },
            detail: vec![("account_id", id.to_string())],
        };
        let event = entry.after(&head?, &context.keyring);
        patient.head = event.head();
        patient.version += 1;
        let mut writes = vec![
            Write::DecideHold { hold: hold.clone(), granted: grant.then_some(now) },
            Write::Append(event),
        ];
        if let Some(channel) = notice_channel(&patient).filter(|_| grant) {
            let mut message = to_patient(context, &patient, Template::Registered, channel, None);
            message.username = username;
            writes.push(Write::Queue(message));
        }
        if let Some(key) = once.clone() {
            // The hold is gone once it is decided on: what the answer says of it lies in the marker, ids all of it.
            let decided = serde_json::to_string(&hold).unwrap_or_default();
            writes.push(Write::Once(Once::new(key, &decided, now)));
        }
        let status = patient.status(&practice.settings);
        writes.push(Write::ChangePatient(Box::new(patient), status));
        match store.commit(&writes).await {
            Ok(()) => return Ok(hold),
            Err(CommitError::Lost(_)) => {}
            Err(CommitError::Contended | CommitError::Unavailable) => return Err(Failure::Unavailable),
        }
    }
    Err(Failure::Unavailable)
}
