//! Proposed changes of charts: the list, and the decision for each field.

use std::collections::BTreeMap;

use futures_util::join;

use crate::context::{App, Context};
use crate::model::audit::{Action, Subject};
use crate::model::chart::{Care, CareChange, Chart};
use crate::model::grant::Relationship;
use crate::model::ids::{AccountId, ChangeId, PatientId};
use crate::model::message::Template;
use crate::model::patient::Patient;
use crate::model::person::Line;
use crate::model::practice::Scope;
use crate::model::proposal::{ChartField, Proposal, ProposalState, proposal_event};
use crate::model::refusal::{Failure, FieldFault, Refusal};
use crate::ports::{
    Accounts, AlsoRead, ApiCalls, Chain, Commit, History, Limits, Once, Patients, Practices, Proposals, Write,
};
use crate::steps::api_call::{ApiCall, Caller, authorize, earlier_use};
use crate::steps::change::patient_updated;
use crate::steps::chart_change::{ChartChange, Synced, plan_chart};
use crate::steps::notice::notify_patient;
use crate::steps::retry::{MAX_ATTEMPTS, Written, written};

/// A proposed change together with the current chart.
pub struct Waiting {
    /// The proposed change.
    pub change: Proposal,
    /// The current chart of the patient.
    pub chart: Chart,
    /// Whether the patient has an account of their own.
    pub has_account: bool,
}

impl Waiting {
    /// Whether staff must ask the patient before they accept it.
    pub fn must_ask_patient(&self) -> bool {
        let moves_contact = self.change.fields.iter().any(|field| field.name.is_contact());
        moves_contact && is_for_another_holder(&self.change, self.has_account)
    }
}

/// Hours for which a patient's account can't be reset by a link that a visitor asks for, after a contact changed that
/// somebody else proposed. Staff can send a link at once.
const RESET_RESTS_HOURS: i64 = 72;

/// Whether somebody else proposed the change of a patient who has an account of their own: whoever has the patient's
/// contacts can get into it.
fn is_for_another_holder(change: &Proposal, has_account: bool) -> bool {
    has_account && change.relationship != Relationship::Own
}

/// Whether a contact was changed.
fn moved_contact(change: &Proposal) -> bool {
    change.fields.iter().any(|field| field.name.is_contact() && field.accepted == Some(true))
}

/// Lists the proposed changes that wait for staff, the oldest first.
pub async fn pending<S>(app: &App<S>, call: &ApiCall) -> Result<Vec<Waiting>, Failure>
where
    S: ApiCalls + Limits + Proposals + Patients + History,
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
            let has_account = patient.own_account().is_some();
            charts.insert(patient.id, (patient.chart, has_account));
        }
    }
    let mut accounts: Vec<AccountId> = changes.iter().map(|change| change.account).collect();
    accounts.sort();
    accounts.dedup();
    let mut known = BTreeMap::new();
    for some in accounts.chunks(50) {
        let (_, found) = store.links_and_accounts(&[], some).await?;
        known.extend(found.into_iter().map(|account| (account.id, account)));
    }
    let waiting = |change: Proposal| {
        known.get(&change.account).filter(|account| !account.was_reset_since(change.submitted_at))?;
        let (chart, has_account) = charts.get(&change.patient)?.clone();
        Some(Waiting { change, chart, has_account })
    };
    Ok(changes.into_iter().filter_map(waiting).collect())
}

/// How staff accept a change.
#[derive(Default)]
pub struct Acceptance {
    /// The fields to take; `None` for all.
    pub fields: Option<Vec<ChartField>>,
    /// Whether staff asked the patient. Needed for a contact that somebody else proposed, if the patient has an account:
    /// whoever has the contact can get into it.
    pub confirmed_with_patient: bool,
}

/// The decision of staff.
pub enum ProposalDecision {
    /// Accept a part or all.
    Accept(Acceptance),
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
    S: ApiCalls + Limits + Proposals + Patients + Accounts + Practices + Chain + Commit,
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
        let (patient, head, account) = join!(
            store.patient(&caller.practice, &change.patient),
            store.head(&caller.practice, &subject),
            store.account(change.account)
        );
        let mut patient = patient?.ok_or(Refusal::NotFound)?;
        if account?.is_none_or(|account| account.was_reset_since(change.submitted_at)) {
            return Err(Refusal::NotFound.into());
        }
        let (change, chart) = apply_decision(context, change, &patient, decision, &caller)?;
        let accepted = change.state == ProposalState::Accepted;
        let rests = moved_contact(&change) && is_for_another_holder(&change, patient.own_account().is_some());
        if rests {
            patient.reset_rests_until = Some(context.now().plus_hours(RESET_RESTS_HOURS));
        }
        let action = if accepted { Action::ChangeAccepted } else { Action::ChangeDeclined };
        let first = proposal_event(context, &change, caller.by(), action).after(&head?, &context.keyring);
        // As a correction: what was accepted holds until the EHR says something else, and other corrections stay.
        let taken = ChartChange { chart: chart.into(), care: CareChange::default(), is_correction: true };
        let existing = Some((patient.clone(), Care::default()));
        let end = first.head();
        let planned = plan_chart(context, &practice, &patient.id, existing, &taken, &caller.by(), &end)?;
        let mut writes = vec![Write::DecideChange(change.clone()), Write::Append(first)];
        writes.extend(planned.writes);
        let mut patient = planned.charted.patient;
        if rests && planned.synced == Synced::Unchanged {
            // The EHR sent the new contact before it was accepted here.
            patient.head = end;
            patient_updated(&practice.settings, &mut patient, &mut writes);
        }
        let template = if accepted { Template::DetailsAccepted } else { Template::DetailsDeclined };
        writes.extend(notify_patient(context, &patient, template));
        if let Some(key) = once.clone() {
            let made = format!("{} {}", change.patient, change.id);
            writes.push(Write::Once(Once::new(key, &made, context.now())));
        }
        if let Written::Done = written(store, &writes, once.as_ref()).await? {
            let has_account = patient.own_account().is_some();
            return Ok(Waiting { change, chart: patient.chart, has_account });
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
        ProposalDecision::Accept(acceptance) => {
            acceptance.fields.as_ref().is_none_or(|names| names.contains(&field))
        }
    };
    if let ProposalDecision::Accept(Acceptance { fields: Some(names), .. }) = decision {
        let unknown = names.iter().any(|name| change.fields.iter().all(|field| field.name != *name));
        if unknown || names.is_empty() {
            return Err(Refusal::BadRequest(vec![FieldFault::of("fields", "unknown_field")]));
        }
    }
    let moves_contact = change.fields.iter().any(|field| field.name.is_contact() && wanted(field.name));
    if let ProposalDecision::Accept(acceptance) = decision
        && moves_contact
        && is_for_another_holder(&change, patient.own_account().is_some())
        && !acceptance.confirmed_with_patient
    {
        return Err(Refusal::BadRequest(vec![FieldFault::of("confirmed_with_patient", "required")]));
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
    let has_account = patient.own_account().is_some();
    Ok(Waiting { change, chart: patient.chart, has_account })
}
