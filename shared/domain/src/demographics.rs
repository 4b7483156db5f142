//! Changes that people propose to their own charts: the office decides, field by field, and the person is told. Until
//! then nothing changes: no link, no code and no message goes to an address that is merely proposed.

use std::collections::BTreeMap;

use futures_util::join;

use crate::context::Context;
use crate::credentials::confirm;
use crate::desk::{Caller, StaffCall, open, repeated};
use crate::model::audit::{Action, By, Subject};
use crate::model::chart::{Care, CareChange, Chart};
use crate::model::grant::Level;
use crate::model::ids::{ChangeId, PatientId, PracticeId};
use crate::model::limit::{CHANGES, Counter};
use crate::model::message::Template;
use crate::model::password::Password;
use crate::model::patient::Patient;
use crate::model::person::{Invalid, Line};
use crate::model::practice::Scope;
use crate::model::proposal::{ChartField, Proposal, ProposalState, ProposedValue, proposal_event};
use crate::model::refusal::{Failure, FieldFault, Refusal};
use crate::notice::{notice_channel, to_patient};
use crate::ports::{
    Accounts, AlsoRead, Chain, Commit, CommitError, DECISIONS, Limits, Once, Patients, Practices, Proposals,
    StaffCalls, Write,
};
use crate::represent::{AtHome, at_home};
use crate::sign_in::present;
use crate::sync_chart::{ChartChange, plan};
use crate::time::Timestamp;

/// A sign-in this young stands for the password, in seconds.
const FRESH_SECONDS: i64 = 15 * 60;

/// A patient whose details somebody sees, and when changes of them were proposed that still wait.
pub struct Details {
    /// The patient.
    pub patient: Patient,
    /// Whether they are the patient's own.
    pub own: bool,
    /// When the latest were.
    pub pending: Option<Timestamp>,
}

/// The details of everybody whom a signed-in person sees in full.
pub async fn details<S>(
    context: &Context,
    store: &S,
    practice: &PracticeId,
    token: &str,
) -> Result<Vec<Details>, Failure>
where
    S: Accounts + Patients + Proposals,
{
    let here = present(context, store, practice, token).await?.ok_or(Refusal::Unauthorized)?;
    if here.session.restricted {
        return Err(Refusal::Forbidden.into());
    }
    let ids: Vec<PatientId> = here
        .account
        .grants_for(here.session.began_at)
        .filter(|(_, grant)| grant.level == Level::Full)
        .filter_map(|(id, _)| PatientId::parse(id).ok())
        .take(50)
        .collect();
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let (charts, changes) = join!(store.charts(practice, &ids), store.changes(practice));
    let changes = changes?;
    let own = here.account.own_patient();
    let with_pending = |(patient, _): (Patient, Care)| {
        let mine = changes.iter().filter(|change| change.patient == patient.id);
        let pending = mine.map(|change| change.submitted_at).max();
        Details { own: own.as_ref() == Some(&patient.id), patient, pending }
    };
    Ok(charts?.into_iter().map(with_pending).collect())
}

/// What a person proposes.
pub struct Propose {
    /// Whose chart.
    pub patient: PatientId,
    /// Field by field; an empty value clears one.
    pub changes: BTreeMap<ChartField, String>,
    /// The password: needed for a contact once the sign-in is not fresh any more.
    pub password: Option<Password>,
}

/// Proposes a change. Whoever is reached at the contacts on file now is told.
pub async fn propose<S>(
    context: &Context,
    store: &S,
    practice: &PracticeId,
    token: &str,
    command: &Propose,
) -> Result<ChangeId, Failure>
where
    S: Accounts + Patients + Practices + Chain + Limits + Commit,
{
    let now = context.now();
    let AtHome { account, session, patient, head, .. } =
        at_home(context, store, practice, token, &command.patient).await?;
    let fields = differences(&patient.chart, &command.changes)?;
    if fields.iter().any(|field| field.name.is_contact())
        && session.began_at.seconds_until(now) > FRESH_SECONDS
    {
        let password = command.password.as_ref();
        let password =
            password.ok_or_else(|| Refusal::BadRequest(vec![FieldFault::of("password", "required")]))?;
        confirm(context, store, &account, password).await?;
    }
    let change = Proposal {
        id: ChangeId::new(&*context.clock, &*context.entropy),
        practice: practice.clone(),
        patient: patient.id.clone(),
        account: account.id,
        submitted_at: now,
        state: ProposalState::Pending,
        fields,
        decided_at: None,
        decided_by: None,
    };
    let mut head = head;
    let subject = Subject::Patient(patient.id.clone());
    let counter = Counter::new(CHANGES, &format!("{practice}#{}", patient.id), now, &context.keyring);
    for _ in 0..DECISIONS {
        let event = proposal_event(context, &change, By::visitor(), Action::ChangeProposed)
            .after(&head, &context.keyring);
        let mut writes =
            vec![Write::Count(counter.clone()), Write::Propose(change.clone()), Write::Append(event)];
        let told = notice_channel(&patient)
            .map(|channel| to_patient(context, &patient, Template::DetailsProposed, channel, None));
        writes.extend(told.map(Write::Queue));
        match store.commit(&writes).await {
            Ok(()) => return Ok(change.id),
            Err(CommitError::Lost(places)) if places.contains(&0) => {
                return Err(Refusal::TooManyRequests(now.seconds_until(counter.ends_at).max(1)).into());
            }
            Err(CommitError::Lost(_)) => head = store.head(practice, &subject).await?,
            Err(CommitError::Contended | CommitError::Unavailable) => return Err(Failure::Unavailable),
        }
    }
    Err(Failure::Unavailable)
}

/// What of the stated values differs from the chart; refused if none does, or if one can't be.
fn differences(chart: &Chart, changes: &BTreeMap<ChartField, String>) -> Result<Vec<ProposedValue>, Refusal> {
    let mut faults = Vec::new();
    let mut fields = Vec::new();
    for (field, text) in changes {
        let text = Some(text.trim()).filter(|text| !text.is_empty());
        // What stands there already is no change, even where nobody could enter it now.
        if field.of(chart).as_ref().map(Line::reveal) == text {
            continue;
        }
        let mut after = chart.clone();
        match field.put(&mut after, text) {
            Err(Invalid(code)) => {
                faults.push(FieldFault { pointer: format!("/changes/{}", field.as_str()), code });
            }
            Ok(()) if after == *chart => {}
            Ok(()) => fields.push(ProposedValue {
                name: *field,
                chart: field.of(chart),
                proposed: field.of(&after),
                accepted: None,
            }),
        }
    }
    if faults.is_empty() && fields.is_empty() {
        faults.push(FieldFault::of("changes", "unchanged"));
    }
    if faults.is_empty() { Ok(fields) } else { Err(Refusal::BadRequest(faults)) }
}

/// A proposed change beside the chart as it is now.
pub struct Waiting {
    /// The change.
    pub change: Proposal,
    /// The chart as it is now.
    pub chart: Chart,
}

/// The proposed changes that wait.
pub async fn pending<S>(context: &Context, store: &S, call: &StaffCall) -> Result<Vec<Waiting>, Failure>
where
    S: StaffCalls + Limits + Proposals + Patients,
{
    let (caller, _) = open(context, store, call, &[Scope::ChartRead], AlsoRead::default()).await?;
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

/// What staff decide.
pub enum Decision {
    /// Take these fields over; all of them, if none is named.
    Accept(Option<Vec<ChartField>>),
    /// Take nothing over.
    Decline,
}

/// Decides on a proposed change; the change, and the chart as it is then.
pub async fn decide<S>(
    context: &Context,
    store: &S,
    call: &StaffCall,
    id: ChangeId,
    decision: &Decision,
) -> Result<Waiting, Failure>
where
    S: StaffCalls + Limits + Proposals + Patients + Practices + Chain + Commit,
{
    let once = call.once_key(context);
    let along = AlsoRead { once: once.as_ref(), ..AlsoRead::default() };
    for _ in 0..DECISIONS {
        let (caller, opened) = open(context, store, call, &[Scope::ChartWrite], along).await?;
        caller.actor()?;
        if let Some(made) = repeated(opened.once, once.as_ref(), context.now())? {
            return repeated_answer(store, &caller, &made).await;
        }
        let change = store.change(&caller.practice, id).await?.ok_or(Refusal::NotFound)?;
        let practice = store.practice(&caller.practice).await?.ok_or(Failure::Unavailable)?;
        let subject = Subject::Patient(change.patient.clone());
        let (patient, head) =
            join!(store.patient(&caller.practice, &change.patient), store.head(&caller.practice, &subject));
        let patient = patient?.ok_or(Refusal::NotFound)?;
        let (change, chart) = decided(context, change, &patient, decision, &caller)?;
        let accepted = change.state == ProposalState::Accepted;
        let action = if accepted { Action::ChangeAccepted } else { Action::ChangeDeclined };
        let first = proposal_event(context, &change, caller.by(), action).after(&head?, &context.keyring);
        let taken = ChartChange { chart, keep_tags: true, care: CareChange::default() };
        let existing = Some((patient.clone(), Care::default()));
        let planned = plan(context, &practice, &patient.id, existing, &taken, &caller.by(), &first.head());
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
        match store.commit(&writes).await {
            Ok(()) => return Ok(Waiting { change, chart: patient.chart }),
            Err(CommitError::Lost(_)) => {}
            Err(CommitError::Contended | CommitError::Unavailable) => return Err(Failure::Unavailable),
        }
    }
    Err(Failure::Unavailable)
}

/// The change with the decision in it, and the chart that follows.
fn decided(
    context: &Context,
    mut change: Proposal,
    patient: &Patient,
    decision: &Decision,
    caller: &Caller,
) -> Result<(Proposal, Chart), Refusal> {
    let wanted = |field: ChartField| match decision {
        Decision::Decline => false,
        Decision::Accept(None) => true,
        Decision::Accept(Some(names)) => names.contains(&field),
    };
    if let Decision::Accept(Some(names)) = decision {
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
    change.state =
        if matches!(decision, Decision::Decline) { ProposalState::Declined } else { ProposalState::Accepted };
    change.decided_at = Some(context.now());
    change.decided_by = Some(caller.by());
    Ok((change, chart))
}

/// The answer to a repeated decision: the change lies beside the patient by then.
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
