//! `sync-chart`: writes and reads a single chart, and confirms an address on it. Imports and quick add are in
//! their own files.

use crate::context::App;
use crate::model::audit::Action;
use crate::model::chart::Channel;
use crate::model::ids::PatientId;
use crate::model::patient::{Stop, Stopped, address_digest};
use crate::model::practice::Scope;
use crate::model::refusal::{Failure, Refusal};
use crate::model::text_reply::{Said, Word};
use crate::ports::{AlsoRead, ApiCalls, Chain, Commit, History, Ledger, Limits, Practices};
use crate::steps::api_call::{ApiCall, Caller, authorize};
use crate::steps::change::PatientChange;
use crate::steps::chart_change::{ChartChange, PatientWithCare, Synced, end_of_chain, plan_chart};
use crate::steps::portal_status::{PortalStatus, change_patient};
use crate::steps::retry::{MAX_ATTEMPTS, Written, written};

/// Writes a chart that the EHR sent: creates the patient, or changes the chart.
pub async fn put<S>(
    app: &App<S>,
    call: &ApiCall,
    id: &PatientId,
    change: &ChartChange,
) -> Result<(Synced, PatientWithCare, Caller), Failure>
where
    S: ApiCalls + Limits + Practices + Chain + Commit,
{
    let App { context, store } = app;
    let along = AlsoRead { patient: Some(id), care: !change.care.is_empty(), once: None };
    let mut stale = false;
    for _ in 0..MAX_ATTEMPTS {
        let (caller, opened) = authorize(app, call, &[Scope::ChartWrite], along).await?;
        caller.actor()?;
        let practice = store.practice(&caller.practice).await?.ok_or(Failure::Broken("practice"))?;
        let care = opened.care.unwrap_or_default();
        let existing = opened.patient.map(|patient| (patient, care));
        let head = end_of_chain(store, &practice, id, existing.as_ref(), stale).await?;
        let plan = plan_chart(context, &practice, id, existing, change, &caller.by(), &head)?;
        if plan.writes.is_empty() {
            return Ok((Synced::Unchanged, plan.charted, caller));
        }
        match written(store, &plan.writes, None).await? {
            Written::Done => return Ok((plan.synced, plan.charted, caller)),
            Written::Lost(_) => stale = true,
        }
    }
    Err(Failure::Unavailable)
}

/// Reads a patient's chart.
pub async fn get<S>(
    app: &App<S>,
    call: &ApiCall,
    id: &PatientId,
) -> Result<(PatientWithCare, Caller), Failure>
where
    S: ApiCalls + Limits + Practices,
{
    let store = &app.store;
    let along = AlsoRead { patient: Some(id), care: true, once: None };
    let (caller, opened) = authorize(app, call, &[Scope::ChartRead], along).await?;
    let patient = opened.patient.ok_or(Refusal::NotFound)?;
    let settings = store.practice(&caller.practice).await?.ok_or(Failure::Broken("practice"))?.settings;
    Ok((PatientWithCare { patient, care: Some(opened.care.unwrap_or_default()), settings }, caller))
}

/// What staff confirm of an address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Confirmed {
    /// It is the patient's: messages go there again, unless the number replied STOP.
    Address(Channel),
    /// The person asked staff for texts again, after a STOP.
    TextsAgain,
}

/// Removes stops, because staff confirm what they were told. Messages are sent there again. A STOP is undone for the
/// number, as a START would; where the carrier keeps a list of its own, that still decides.
pub async fn confirm_contact<S>(
    app: &App<S>,
    call: &ApiCall,
    patient: &PatientId,
    confirmed: Confirmed,
) -> Result<(PortalStatus, Caller), Failure>
where
    S: ApiCalls + Limits + Practices + History + Ledger + Commit,
{
    let context = &app.context;
    let decided = change_patient(app, call, &[Scope::ChartWrite], patient, |mut patient, caller| {
        caller.actor()?;
        // This includes the addresses of representatives that were invited by this channel.
        let known = patient.stopped.len();
        let (action, detail) = match confirmed {
            Confirmed::Address(channel) => {
                // STOP counts until the number replies START, or the person says so to staff.
                patient.stopped.retain(|stopped| stopped.channel != channel || stopped.why == Stop::OptedOut);
                (Action::ContactConfirmed, vec![("channel", channel.as_str().to_owned())])
            }
            Confirmed::TextsAgain => {
                let number = patient.chart.address(Channel::Sms).map(address_digest);
                let is_theirs = |stopped: &Stopped| Some(&stopped.to) == number.as_ref();
                patient.stopped.retain(|stopped| stopped.why != Stop::OptedOut || !is_theirs(stopped));
                (Action::TextsStarted, vec![("asked", "staff".to_owned())])
            }
        };
        if patient.stopped.len() == known {
            return Ok(None);
        }
        patient.reconsider();
        let entry = patient.entry(context.now(), caller.by(), action, detail);
        Ok(Some(PatientChange { patient, writes: Vec::new(), entry }))
    })
    .await?;
    let (portal, caller) = &decided;
    let number = portal.patient.chart.address(Channel::Sms);
    if let (Confirmed::TextsAgain, Some(number)) = (confirmed, number)
        && !app.store.standing(number).await?.may_text()
    {
        let id = format!("{}.{}", caller.practice, caller.client);
        let said = Said { number: number.to_owned(), word: Word::Start, at: context.now(), id };
        app.store.say(&said).await?;
    }
    Ok(decided)
}
