//! Proposed changes of charts: the list, and the decision for each field.

use std::collections::BTreeMap;

use futures_util::join;

use crate::context::{App, Context};
use crate::model::audit::{Action, Subject};
use crate::model::chart::{Care, CareChange, Chart};
use crate::model::ids::{ChangeId, PatientId};
use crate::model::message::Template;
use crate::model::patient::Patient;
use crate::model::person::Line;
use crate::model::practice::Scope;
use crate::model::proposal::{ChartField, Proposal, ProposalState, proposal_event};
use crate::model::refusal::{Failure, FieldFault, Refusal};
use crate::ports::{AlsoRead, ApiCalls, Chain, Commit, Limits, Once, Patients, Practices, Proposals, Write};
use crate::steps::api_call::{ApiCall, Caller, authorize, earlier_use};
use crate::steps::chart_change::{ChartChange, plan_chart};
use crate::steps::notice::{notice_channel, to_patient};
use crate::steps::retry::{MAX_ATTEMPTS, Written, written};

/// A proposed change together with the current chart.
pub struct Waiting {
    /// The proposed change.
    pub change: Proposal,
    /// The current chart of the patient.
    pub chart: Chart,
}

/// Lists the proposed changes that wait for staff, the oldest first.
pub async fn pending<S>(app: &App<S>, call: &ApiCall) -> Result<Vec<Waiting>, Failure>
where
    S: ApiCalls + Limits + Proposals + Patients,
{
    let store = &app.store;
    let (caller, _) = authorize(app, call, &[Scope::ChartRead], AlsoRead::default()).await?;
    let changes = store.changes(&caller.practice).await?;
    let mut ids: Vec<PatientId> = changes.iter().map(|change| change.patient.clone()).collect();
    ids.sort();
    ids.dedup();
    let mut charts = BTreeMap::new();
    for some in ids.chunks(50) {
        for (patient, _) in store.charts(&caller.practice, some).await? {
            charts.insert(patient.id, patient.chart);
        }
    }
    let waiting = |change: Proposal| {
        let chart = charts.get(&change.patient)?.clone();
        Some(Waiting { change, chart })
    };
    Ok(changes.into_iter().filter_map(waiting).collect())
}

/// The decision of staff.
pub enum ProposalDecision {
    /// Accept these fields, or all fields for `None`.
    Accept(Option<Vec<ChartField>>),
    /// Decline all fields.
    Decline,
}

/// Decides a proposed change. Returns the change and the chart after the decision.
pub async fn decide_proposal<S>(
    app: &App<S>,
    call: &ApiCall,
    id: ChangeId,
    decision: &ProposalDecision,
) -> Result<Waiting, Failure>
where
    S: ApiCalls + Limits + Proposals + Patients + Practices + Chain + Commit,
{
    let App { context, store } = app;
    let once = call.once_key(context);
    let along = AlsoRead { once: once.as_ref(), ..AlsoRead::default() };
    for _ in 0..MAX_ATTEMPTS {
        let (caller, opened) = authorize(app, call, &[Scope::ChartWrite], along).await?;
        caller.actor()?;
        if let Some(made) = earlier_use(opened.once, once.as_ref(), context.now())? {
            return repeated_answer(store, &caller, &made).await;
        }
        let change = store.change(&caller.practice, id).await?.ok_or(Refusal::NotFound)?;
        let practice = store.practice(&caller.practice).await?.ok_or(Failure::Broken("practice"))?;
        let subject = Subject::Patient(change.patient.clone());
        let (patient, head) =
            join!(store.patient(&caller.practice, &change.patient), store.head(&caller.practice, &subject));
        let patient = patient?.ok_or(Refusal::NotFound)?;
        let (change, chart) = apply_decision(context, change, &patient, decision, &caller)?;
        let accepted = change.state == ProposalState::Accepted;
        let action = if accepted { Action::ChangeAccepted } else { Action::ChangeDeclined };
        let first = proposal_event(context, &change, caller.by(), action).after(&head?, &context.keyring);
        let taken = ChartChange { chart, keep_tags: true, care: CareChange::default(), is_correction: false };
        let existing = Some((patient.clone(), Care::default()));
        let planned =
            plan_chart(context, &practice, &patient.id, existing, &taken, &caller.by(), &first.head());
        let mut writes = vec![Write::DecideChange(change.clone()), Write::Append(first)];
        writes.extend(planned.writes);
        let patient = planned.charted.patient;
        let template = if accepted { Template::DetailsAccepted } else { Template::DetailsDeclined };
        let told =
            notice_channel(&patient).map(|channel| to_patient(context, &patient, template, channel, None));
        writes.extend(told.map(Write::Queue));
        if let Some(key) = once.clone() {
            let made = format!("{} {}", change.patient, change.id);
            writes.push(Write::Once(Once::new(key, &made, context.now())));
        }
        if let Written::Done = written(store, &writes, once.as_ref()).await? {
            return Ok(Waiting { change, chart: patient.chart });
        }
    }
    Err(Failure::Unavailable)
}

/// The change with the decision, and the chart that results.
fn apply_decision(
    context: &Context,
    mut change: Proposal,
    patient: &Patient,
    decision: &ProposalDecision,
    caller: &Caller,
) -> Result<(Proposal, Chart), Refusal> {
    let wanted = |field: ChartField| match decision {
        ProposalDecision::Decline => false,
        ProposalDecision::Accept(None) => true,
        ProposalDecision::Accept(Some(names)) => names.contains(&field),
    };
    if let ProposalDecision::Accept(Some(names)) = decision {
        let unknown = names.iter().any(|name| change.fields.iter().all(|field| field.name != *name));
        if unknown || names.is_empty() {
            return Err(Refusal::BadRequest(vec![FieldFault::of("fields", "unknown_field")]));
        }
    }
    let mut chart = patient.chart.clone();
    for field in &mut change.fields {
        let taken = wanted(field.name);
        field.accepted = Some(taken);
        if taken {
            let value = field.proposed.as_ref().map(Line::reveal);
            field.name.put(&mut chart, value).map_err(|_| Refusal::Conflict("chart_moved"))?;
        }
    }
    change.state = if matches!(decision, ProposalDecision::Decline) {
        ProposalState::Declined
    } else {
        ProposalState::Accepted
    };
    change.decided_at = Some(context.now());
    change.decided_by = Some(caller.by());
    Ok((change, chart))
}

/// Answers a repeated decision, from the change that is stored as decided.
async fn repeated_answer<S: Proposals + Patients>(
    store: &S,
    caller: &Caller,
    made: &str,
) -> Result<Waiting, Failure> {
    let (patient, id) = made.split_once(' ').ok_or(Refusal::NotFound)?;
    let patient = PatientId::parse(patient).map_err(|_| Refusal::NotFound)?;
    let id = ChangeId::parse(id).map_err(|_| Refusal::NotFound)?;
    let change = store.decided_change(&caller.practice, &patient, id).await?.ok_or(Refusal::NotFound)?;
    let patient = store.patient(&caller.practice, &patient).await?.ok_or(Refusal::NotFound)?;
    Ok(Waiting { change, chart: patient.chart })
}
