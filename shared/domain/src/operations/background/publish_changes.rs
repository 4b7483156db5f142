//! `publish-changes`: updates data that follows from a change, after the change: counts of patients by
//! status, the last sign-in of a patient, how far an invitation got, the words that find an account or a patient,
//! the patients of a phone number, and what the quality measure needs: the log of visits, and when patients had the
//! means to get in.

use crate::context::App;
use crate::model::account::Account;
use crate::model::audit::{Action, By};
use crate::model::grant::GrantState;
use crate::model::ids::PatientId;
use crate::model::link::Link;
use crate::model::measure::Means;
use crate::model::progress::Progress;
use crate::model::refusal::PortError;
use crate::model::search::listed;
use crate::model::text_reply::Standing;
use crate::ports::{
    Accounts, Chain, Change, Commit, Counts, Lists, MeansSource, MeasureLog, Merged, Numbers, Patients,
    Practices, Relist, Reviews,
};
use crate::steps::access_review::schedule_review;
use crate::steps::background_change::{BackgroundChange, change_in_background};
use crate::steps::change::patient_updated;
use crate::steps::retry::{MAX_ATTEMPTS, Written, written_in_background};
use crate::steps::security_log::note_head;
use crate::steps::signed_in::patients_of;
use crate::steps::stops::apply_text_reply;

/// Processes one stream record. Processing it again does no harm.
pub async fn follow<S>(app: &App<S>, change: Change) -> Result<(), PortError>
where
    S: Counts + Lists + Numbers + MeasureLog + Reviews + Accounts + Patients + Practices + Chain + Commit,
{
    let store = &app.store;
    if let Some(event) = &change.appended {
        note_head(event);
    }
    if let Some(renumbered) = change.renumbered {
        store.renumber(&renumbered).await?;
        if let Some(number) = &renumbered.to {
            // Read the last reply after the number is listed: a STOP that comes at this moment is then
            // found here or finds the patient. Read it again after applying it, in case the number replied
            // in the meantime.
            let mut heeded = Standing::default();
            for _ in 0..MAX_ATTEMPTS {
                let standing = store.standing(number).await?;
                if standing == heeded {
                    break;
                }
                apply_text_reply(app, &renumbered.practice, &renumbered.patient, number, standing).await?;
                heeded = standing;
            }
        }
    }
    if let Some(moved) = change.moved {
        store.count(&moved).await?;
    }
    if let Some(patient) = change.named {
        store.index_name(&patient).await?;
    }
    if let Some(contacts) = change.contacts {
        store.index_contacts(&contacts).await?;
    }
    if let Some(link) = change.progressed {
        note_progress(store, &link).await?;
    }
    if let Some(account) = change.signed_in {
        for (patient, grant) in &account.grants {
            let (GrantState::Active, Ok(patient)) = (grant.state, PatientId::parse(patient)) else {
                continue;
            };
            note_sign_in(store, &account, &patient).await?;
        }
    }
    if let Some(visits) = change.visits {
        store.log_visits(&visits).await?;
    }
    if let Some(source) = change.means {
        learn(app, &source).await?;
    }
    if let Some(patient) = change.reviewed {
        schedule_review(app, &patient).await?;
    }
    if let Some(merged) = change.merged {
        for (other, is_merged) in [(&merged.from, false), (&merged.to, true)] {
            if let Some(other) = other {
                note_merged(app, &merged, other, is_merged).await?;
            }
        }
    }
    for changed in change.relist {
        relist(store, &changed).await?;
    }
    Ok(())
}

/// Notes when a patient got the means to get into the portal, or lost them. Noting it again changes nothing.
async fn learn<S: MeasureLog>(app: &App<S>, source: &MeansSource) -> Result<(), PortError> {
    let App { context, store } = app;
    let (practice, patient) = match source {
        MeansSource::Link(link) => (&link.practice, &link.patient),
        MeansSource::Patient(patient) => (&patient.practice, &patient.id),
    };
    for _ in 0..MAX_ATTEMPTS {
        let known = store.means_of(practice, patient).await?;
        let before = known.unwrap_or_else(|| Means::unknown(practice.clone(), patient.clone()));
        let mut means = before.clone();
        match source {
            MeansSource::Link(link) => means.learn_link(link),
            MeansSource::Patient(patient) => means.learn_patient(patient, context.now()),
        }
        if means == before {
            return Ok(());
        }
        means.version += 1;
        if store.put_means(&means).await? {
            return Ok(());
        }
    }
    Err(PortError::Unavailable)
}

/// Updates the words that find an account: from the account's current record, and as former words those that the
/// stream record says applied before it. When the stream lags, only its records still say them.
async fn relist<S>(store: &S, changed: &Relist) -> Result<(), PortError>
where
    S: Lists + Accounts + Patients,
{
    for _ in 0..MAX_ATTEMPTS {
        let before = store.listed(changed.account).await?;
        let Some(account) = store.account(changed.account).await? else { return Ok(()) };
        let patients = patients_of(store, &account).await?;
        let entry = listed(&account, &patients, before.as_ref(), &changed.former);
        if store.list(&account.practice, before.as_ref(), &entry).await? {
            return Ok(());
        }
    }
    Err(PortError::Unavailable)
}

async fn note_sign_in<S>(store: &S, account: &Account, id: &PatientId) -> Result<(), PortError>
where
    S: Patients + Practices + Commit,
{
    for _ in 0..MAX_ATTEMPTS {
        let Some(mut patient) = store.patient(&account.practice, id).await? else { return Ok(()) };
        if patient.last_login_at >= account.last_login_at {
            return Ok(());
        }
        let practice = store.practice(&account.practice).await?.ok_or(PortError::Broken("practice"))?;
        patient.last_login_at = account.last_login_at;
        let mut writes = Vec::new();
        patient_updated(&practice.settings, &mut patient, &mut writes);
        if let Written::Done = written_in_background(store, &writes).await? {
            return Ok(());
        }
    }
    Err(PortError::Unavailable)
}

/// Shows on a chart that another one was merged into it, or is no more. Noting it again changes nothing.
async fn note_merged<S>(
    app: &App<S>,
    merged: &Merged,
    into: &PatientId,
    is_merged: bool,
) -> Result<(), PortError>
where
    S: Patients + Practices + Chain + Commit,
{
    change_in_background(app, &merged.practice, into, &By::service(), |patient| {
        let is_news = if is_merged {
            patient.note_merged(&merged.patient)
        } else {
            let before = patient.replaces.len();
            patient.replaces.retain(|known| *known != merged.patient);
            patient.replaces.len() < before
        };
        let name = if is_merged { "replaces" } else { "no_longer_replaces" };
        let detail = vec![(name, merged.patient.to_string())];
        is_news.then_some(BackgroundChange { action: Action::ChartsMerged, detail, note: None })
    })
    .await
}

/// Repeats on the patient's record how far the pending invitation got.
async fn note_progress<S>(store: &S, link: &Link) -> Result<(), PortError>
where
    S: Patients + Practices + Commit,
{
    let progress = Progress::of(link);
    for _ in 0..MAX_ATTEMPTS {
        let Some(mut patient) = store.patient(&link.practice, &link.patient).await? else { return Ok(()) };
        let current = patient.invitation.as_mut().filter(|current| current.link == link.id);
        let Some(current) = current.filter(|current| current.progress != progress) else { return Ok(()) };
        current.progress = progress;
        let practice = store.practice(&link.practice).await?.ok_or(PortError::Broken("practice"))?;
        let mut writes = Vec::new();
        patient_updated(&practice.settings, &mut patient, &mut writes);
        if let Written::Done = written_in_background(store, &writes).await? {
            return Ok(());
        }
    }
    Err(PortError::Unavailable)
}
