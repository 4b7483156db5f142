//! Registrations that wait for staff: the list, and the decision.

use futures_util::join;

use crate::context::App;
use crate::model::audit::{Action, Entry, Subject};
use crate::model::hold::Hold;
use crate::model::ids::{AccountId, PatientId};
use crate::model::message::Template;
use crate::model::patient::Patient;
use crate::model::practice::Scope;
use crate::model::refusal::{Failure, Refusal};
use crate::ports::{AlsoRead, ApiCalls, Chain, Commit, Holds, Limits, Once, Patients, Practices, Write};
use crate::steps::api_call::{ApiCall, authorize, earlier_use};
use crate::steps::change::patient_changed;
use crate::steps::notice::{notice_channel, to_patient};
use crate::steps::retry::{MAX_ATTEMPTS, Written, written};

/// Lists the registrations that wait for staff, the oldest first.
pub async fn holds<S: ApiCalls + Limits + Holds>(app: &App<S>, call: &ApiCall) -> Result<Vec<Hold>, Failure> {
    let store = &app.store;
    let (caller, _) = authorize(app, call, &[Scope::Accounts], AlsoRead::default()).await?;
    Ok(store.holds(&caller.practice).await?)
}

/// A registration that waits, with what staff compare.
pub struct Held {
    /// The registration.
    pub hold: Hold,
    /// The patient.
    pub patient: Patient,
    /// The user name that was chosen.
    pub username: String,
}

/// The registrations that wait, the oldest first, with their patients. These are read fifty at a time.
pub async fn held<S>(app: &App<S>, call: &ApiCall) -> Result<Vec<Held>, Failure>
where
    S: ApiCalls + Limits + Holds + Patients,
{
    let mut all = Vec::new();
    for some in holds(app, call).await?.chunks(50) {
        let ids: Vec<PatientId> = some.iter().map(|hold| hold.patient.clone()).collect();
        let Some(first) = some.first() else { continue };
        let charts = app.store.charts(&first.practice, &ids).await?;
        all.extend(some.iter().filter_map(|hold| {
            let (patient, _) = charts.iter().find(|(patient, _)| patient.id == hold.patient)?;
            let known = patient.accounts.iter().find(|known| known.id == hold.account)?;
            let (patient, username) = (patient.clone(), known.username.clone());
            Some(Held { hold: hold.clone(), patient, username })
        }));
    }
    Ok(all)
}

/// Grants or refuses a registration that waits, and returns it.
pub async fn decide_hold<S>(app: &App<S>, call: &ApiCall, id: AccountId, grant: bool) -> Result<Hold, Failure>
where
    S: ApiCalls + Limits + Holds + Patients + Practices + Chain + Commit,
{
    let App { context, store } = app;
    let once = call.once_key(context);
    let along = AlsoRead { once: once.as_ref(), ..AlsoRead::default() };
    for _ in 0..MAX_ATTEMPTS {
        let (caller, opened) = authorize(app, call, &[Scope::Accounts], along).await?;
        caller.actor()?;
        if let Some(made) = earlier_use(opened.once, once.as_ref(), context.now())? {
            return serde_json::from_str(&made).map_err(|_| Failure::Broken("idempotency marker"));
        }
        let all = store.holds(&caller.practice).await?;
        let hold = all.into_iter().find(|hold| hold.account == id).ok_or(Refusal::NotFound)?;
        let practice = store.practice(&caller.practice).await?.ok_or(Failure::Broken("practice"))?;
        let subject = Subject::Patient(hold.patient.clone());
        let (patient, head) =
            join!(store.patient(&hold.practice, &hold.patient), store.head(&hold.practice, &subject));
        let mut patient = patient?.ok_or(Refusal::NotFound)?;
        if let Some(reason) = patient.suspension().filter(|_| grant) {
            return Err(Refusal::NotEligible(vec![reason]).into());
        }
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
        let mut writes = vec![Write::DecideHold { hold: hold.clone(), granted: grant.then_some(now) }];
        if let Some(channel) = notice_channel(&patient).filter(|_| grant) {
            let mut message = to_patient(context, &patient, Template::Registered, channel, None);
            message.usernames = username.into_iter().collect();
            writes.push(Write::Queue(message));
        }
        if let Some(key) = once.clone() {
            // The decision deletes the hold, so the marker contains the data for a repeated answer. These are
            // only ids.
            let decided = serde_json::to_string(&hold).unwrap_or_default();
            writes.push(Write::Once(Once::new(key, &decided, now)));
        }
        patient_changed(context, &practice.settings, &mut patient, &head?, entry, &mut writes);
        if let Written::Done = written(store, &writes, once.as_ref()).await? {
            return Ok(hold);
        }
    }
    Err(Failure::Unavailable)
}
