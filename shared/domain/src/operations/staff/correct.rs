//! Corrects facts of a chart here, before the EHR does, and may send the link at once: "the address was mistyped; get
//! them in".

use std::collections::BTreeSet;

use crate::context::App;
use crate::model::chart::{Care, CareChange, Channel, Chart};
use crate::model::ids::{LinkId, PatientId};
use crate::model::link::Link;
use crate::model::patient::Stop;
use crate::model::practice::Scope;
use crate::model::refusal::{Failure, Refusal};
use crate::ports::{AlsoRead, ApiCalls, Chain, Commit, Limits, Once, Practices, Write};
use crate::steps::api_call::{ApiCall, Caller, authorize, earlier_use};
use crate::steps::chart_change::{ChartChange, PatientWithCare, end_of_chain, plan_chart};
use crate::steps::invitation::{Wanted, prepare};
use crate::steps::retry::{MAX_ATTEMPTS, Written, written};

/// The command to correct a chart.
pub struct Correct<F> {
    /// The patient.
    pub patient: PatientId,
    /// Changes the facts that are corrected.
    pub change: F,
    /// The channel of an invitation that is sent at once.
    pub then_invite: Option<Channel>,
    /// The version of the record that the caller decided from; `None` decides from whatever there is.
    pub seen: Option<u64>,
}

/// The link that a write ends.
const fn ends(write: &Write) -> Option<LinkId> {
    match write {
        Write::CloseLink { id, .. } | Write::EndLink { id, .. } => Some(*id),
        _ => None,
    }
}

/// A corrected chart.
pub struct Corrected {
    /// The patient with the corrected chart.
    pub charted: PatientWithCare,
    /// The invitation that was sent; `None` if none was asked for.
    pub link: Option<Link>,
    /// The caller.
    pub caller: Caller,
}

/// Corrects a chart, and invites if that is asked for, in one write. The address of the invitation's channel counts as
/// confirmed: staff have just asked the patient for it.
pub async fn correct<S, F>(app: &App<S>, call: &ApiCall, command: &Correct<F>) -> Result<Corrected, Failure>
where
    S: ApiCalls + Limits + Practices + Chain + Commit,
    F: Fn(&mut Chart) + Sync,
{
    let App { context, store } = app;
    let once = call.once_key(context);
    let along = AlsoRead { patient: Some(&command.patient), care: false, once: once.as_ref() };
    let scopes = [Scope::ChartWrite, Scope::Invite];
    let scopes = if command.then_invite.is_some() { &scopes[..] } else { &scopes[..1] };
    let mut stale = false;
    for _ in 0..MAX_ATTEMPTS {
        let (caller, opened) = authorize(app, call, scopes, along).await?;
        let actor = caller.actor()?;
        let practice = store.practice(&caller.practice).await?.ok_or(Failure::Broken("practice"))?;
        let settings = practice.settings.clone();
        let before = opened.patient.ok_or(Refusal::NotFound)?;
        if earlier_use(opened.once, once.as_ref(), context.now())?.is_some() {
            let charted = PatientWithCare { patient: before, care: None, settings };
            return Ok(Corrected { charted, link: None, caller });
        }
        if command.seen.is_some_and(|seen| seen != before.version) && !stale {
            return Err(Refusal::Conflict("chart_moved").into());
        }
        let mut chart = before.chart.clone();
        (command.change)(&mut chart);
        let change = ChartChange { chart: chart.into(), care: CareChange::default(), is_correction: true };
        let existing = (before.clone(), Care::default());
        let head = end_of_chain(store, &practice, &before.id, Some(&existing), stale).await?;
        let plan = plan_chart(context, &practice, &before.id, Some(existing), &change, &caller.by(), &head)?;
        let (mut charted, mut writes) = (plan.charted, plan.writes);
        let mut link = None;
        if let Some(channel) = command.then_invite {
            writes.retain(|write| !matches!(write, Write::ChangePatient(..)));
            let mut patient = charted.patient.clone();
            patient.version = before.version + 1;
            if patient.head == before.head {
                patient.head = head;
            }
            let end = patient.head.clone();
            // STOP counts until the number replies START, whatever staff say.
            patient.stopped.retain(|stopped| stopped.channel != channel || stopped.why == Stop::OptedOut);
            let mut ready = prepare(context, &settings, patient, &Wanted::by(channel), &caller, &actor)?;
            ready.chained(context, &end);
            // The chart's change may already have ended the link that the invitation replaces.
            let ended: BTreeSet<LinkId> = writes.iter().filter_map(ends).collect();
            writes.extend(
                ready.writes.into_iter().filter(|write| ends(write).is_none_or(|id| !ended.contains(&id))),
            );
            charted.patient = ready.patient;
            let status = charted.patient.status(&settings);
            writes.push(Write::ChangePatient(Box::new(charted.patient.clone()), status));
            link = Some(ready.link);
        }
        if let Some(key) = once.clone() {
            writes.push(Write::Once(Once::new(key, before.id.as_str(), context.now())));
        }
        if writes.is_empty() {
            return Ok(Corrected { charted, link, caller });
        }
        match written(store, &writes, once.as_ref()).await? {
            Written::Done => return Ok(Corrected { charted, link, caller }),
            Written::Lost(lost) => {
                lost.within_limits(context.now())?;
                stale = true;
            }
        }
    }
    Err(Failure::Unavailable)
}
