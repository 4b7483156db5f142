//! Changes of a chart that signed-in people propose. Nothing changes until staff decide: no link, code or
//! message is sent to an address that is only proposed.

use std::collections::BTreeMap;

use futures_util::join;

use crate::context::App;
use crate::model::account::Account;
use crate::model::audit::{Action, By, Subject};
use crate::model::chart::{Care, Chart};
use crate::model::grant::{Level, Relationship};
use crate::model::ids::{ChangeId, PatientId, PracticeId};
use crate::model::limit::{CHANGES, Counter};
use crate::model::message::Template;
use crate::model::password::Password;
use crate::model::patient::Patient;
use crate::model::person::{Invalid, Line};
use crate::model::proposal::{ChartField, Proposal, ProposalState, ProposedValue, proposal_event};
use crate::model::refusal::{Failure, FieldFault, Refusal};
use crate::ports::{Accounts, Chain, Commit, Limits, Patients, Practices, Proposals, Record, Write};
use crate::steps::credentials::confirm_unless_fresh;
use crate::steps::notice::notify_patient;
use crate::steps::retry::{MAX_ATTEMPTS, Written, written};
use crate::steps::signed_in::{FullAccess, full_access, unrestricted_holder};
use crate::time::Timestamp;

/// A patient whose details a signed-in person can see.
#[expect(missing_docs, reason = "the names say it")]
pub struct Details {
    pub patient: Patient,
    /// Whether the signed-in person is the patient.
    pub own: bool,
    /// When the latest change that still waits for staff was proposed; `None` if none waits.
    pub pending: Option<Timestamp>,
}

/// The details of all patients to whom a signed-in person has full access.
pub async fn details<S>(app: &App<S>, practice: &PracticeId, token: &str) -> Result<Vec<Details>, Failure>
where
    S: Accounts + Patients + Proposals,
{
    let store = &app.store;
    let here = unrestricted_holder(app, practice, token).await?;
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

/// The command to propose a change.
pub struct Propose {
    /// The patient whose chart is to change.
    pub patient: PatientId,
    /// The new values by field. An empty value clears the field.
    pub changes: BTreeMap<ChartField, String>,
    /// The password. It is needed to change a contact, unless the sign-in is less than ten minutes old.
    pub password: Option<Password>,
}

/// Proposes a change. A message about it is sent to the contact that is on file now.
pub async fn propose<S>(
    app: &App<S>,
    practice: &PracticeId,
    token: &str,
    command: &Propose,
) -> Result<ChangeId, Failure>
where
    S: Accounts + Patients + Practices + Proposals + Chain + Limits + Commit,
{
    let App { context, store } = app;
    let now = context.now();
    let FullAccess { account, session, patient, head, .. } =
        full_access(app, practice, token, &command.patient).await?;
    let fields = differences(&patient.chart, &command.changes)?;
    if fields.iter().any(|field| field.name.is_contact()) {
        confirm_unless_fresh(app, &account, &session, command.password.as_ref()).await?;
    }
    let change = Proposal {
        id: ChangeId::new(&*context.clock, &*context.entropy),
        practice: practice.clone(),
        patient: patient.id.clone(),
        account: account.id,
        relationship: account.grant(&patient.id).map_or(Relationship::Other, |grant| grant.relationship),
        proposed_by: proposer(&account, &patient),
        submitted_at: now,
        state: ProposalState::Pending,
        fields,
        decided_at: None,
        decided_by: None,
    };
    let mut head = head;
    let subject = Subject::Patient(patient.id.clone());
    let counter = Counter::new(CHANGES, &format!("{practice}#{}", patient.id), now, &context.keyring);
    for _ in 0..MAX_ATTEMPTS {
        // A second click, or the same once more while it waits: our office has it already.
        let waiting = store.changes(practice).await?;
        let is_same = |known: &&Proposal| {
            known.patient == change.patient
                && known.account == change.account
                && known.fields == change.fields
        };
        if let Some(known) =
            waiting.iter().find(is_same).filter(|known| !account.was_reset_since(known.submitted_at))
        {
            return Ok(known.id);
        }
        let event = proposal_event(context, &change, By::visitor(), Action::ChangeProposed)
            .after(&head, &context.keyring);
        let mut writes =
            vec![Write::Count(counter.clone()), Write::Propose(change.clone()), Write::Append(event)];
        writes.extend(notify_patient(context, &patient, Template::DetailsProposed));
        match written(store, &writes, None).await? {
            Written::Done => return Ok(change.id),
            Written::Lost(lost) if lost.contains(Record::Limit) => {
                return Err(Refusal::TooManyRequests(now.seconds_until(counter.ends_at).max(1)).into());
            }
            Written::Lost(_) => head = store.head(practice, &subject).await?,
        }
    }
    Err(Failure::Unavailable)
}

/// The name of whoever proposes: the patient's, or a representative's own.
fn proposer(account: &Account, patient: &Patient) -> Option<Line> {
    let own = account.own_patient().as_ref() == Some(&patient.id);
    let name = if own { patient.chart.full_name() } else { account.holder_name() };
    Line::parse(&name).or_else(|_| Line::parse(&account.username)).ok()
}

/// The values that differ from the chart. Refuses if none differs, or if a value is not valid.
fn differences(chart: &Chart, changes: &BTreeMap<ChartField, String>) -> Result<Vec<ProposedValue>, Refusal> {
    let mut faults = Vec::new();
    let mut fields = Vec::new();
    for (field, text) in changes {
        let text = Some(text.trim()).filter(|text| !text.is_empty());
        // A value that is the same as on the chart is no change, even if it would not be accepted today.
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
