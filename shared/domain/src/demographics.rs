//! Changes that people propose to their own charts: the office decides, field by field, and the person is told. Until
//! then nothing changes: no link, no code and no message goes to an address that is merely proposed.

use std::collections::BTreeMap;

use futures_util::join;
use serde::{Deserialize, Serialize};

use crate::account::Level;
use crate::audit::{Action, By, Entry, Subject};
use crate::chart::{Care, CareChange, Chart};
use crate::credentials::confirm;
use crate::desk::{Caller, StaffCall, open, repeated};
use crate::ids::{AccountId, ChangeId, PatientId, PracticeId};
use crate::limit::{CHANGES, Counter};
use crate::message::Template;
use crate::notice::{notice_channel, to_patient};
use crate::password::Password;
use crate::patient::Patient;
use crate::person::{Email, Invalid, Line, Phone, PostalCode};
use crate::ports::{
    Accounts, Along, Chain, Commit, CommitError, Context, DECISIONS, Desk, Limits, Once, Patients, Practices,
    Write,
};
use crate::practice::Scope;
use crate::refusal::{Failure, FieldFault, Refusal, Unavailable};
use crate::represent::{AtHome, at_home};
use crate::sign_in::present;
use crate::sync_chart::{ChartChange, plan};
use crate::time::Timestamp;

/// A sign-in this young stands for the password, in seconds.
const FRESH_SECONDS: i64 = 15 * 60;

/// What of a chart a person may propose to change.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ChartField {
    /// Street and number.
    AddressLine,
    /// City.
    City,
    /// State.
    State,
    /// ZIP code.
    PostalCode,
    /// Home phone.
    HomePhone,
    /// Mobile phone.
    MobilePhone,
    /// E-mail address.
    Email,
}

impl ChartField {
    /// All of them, in the order of a form.
    pub const ALL: [Self; 7] = [
        Self::AddressLine,
        Self::City,
        Self::State,
        Self::PostalCode,
        Self::HomePhone,
        Self::MobilePhone,
        Self::Email,
    ];

    /// The word for it in the contract.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::AddressLine => "address_line",
            Self::City => "city",
            Self::State => "state",
            Self::PostalCode => "postal_code",
            Self::HomePhone => "home_phone",
            Self::MobilePhone => "mobile_phone",
            Self::Email => "email",
        }
    }

    /// Whether codes and links go there: whoever holds it can come in.
    const fn is_contact(self) -> bool {
        matches!(self, Self::Email | Self::MobilePhone | Self::HomePhone)
    }

    /// What the chart says.
    pub fn of(self, chart: &Chart) -> Option<Line> {
        let text = match self {
            Self::AddressLine => chart.address_line.as_ref().map(Line::reveal),
            Self::City => chart.city.as_ref().map(Line::reveal),
            Self::State => chart.state.as_ref().map(Line::reveal),
            Self::PostalCode => chart.postal_code.as_ref().map(PostalCode::reveal),
            Self::HomePhone => chart.home_phone.as_ref().map(Phone::reveal),
            Self::MobilePhone => chart.mobile_phone.as_ref().map(Phone::reveal),
            Self::Email => chart.email.as_ref().map(Email::reveal),
        };
        text.and_then(|text| Line::parse(text).ok())
    }

    /// Puts a value into the chart; none clears it.
    fn put(self, chart: &mut Chart, value: Option<&str>) -> Result<(), Invalid> {
        match self {
            Self::AddressLine => chart.address_line = value.map(Line::parse).transpose()?,
            Self::City => chart.city = value.map(Line::parse).transpose()?,
            Self::State => chart.state = value.map(Line::parse).transpose()?,
            Self::PostalCode => chart.postal_code = value.map(PostalCode::parse).transpose()?,
            Self::HomePhone => chart.home_phone = value.map(Phone::parse).transpose()?,
            Self::MobilePhone => chart.mobile_phone = value.map(Phone::parse).transpose()?,
            Self::Email => chart.email = value.map(Email::parse).transpose()?,
        }
        Ok(())
    }
}

/// One field of a proposed change.
#[expect(clippy::struct_field_names, reason = "the record's word for it")]
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Proposed {
    /// Which.
    pub name: ChartField,
    /// What the chart said when it was proposed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub chart: Option<Line>,
    /// What it should say; none: nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub proposed: Option<Line>,
    /// Whether staff took it over, once they decided.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub accepted: Option<bool>,
}

/// Where a proposed change stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ChangeState {
    /// Waits for staff.
    Pending,
    /// Taken over, or a part of it.
    Accepted,
    /// Not taken over.
    Declined,
}

/// A proposed change of a chart.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Change {
    /// Its id.
    pub id: ChangeId,
    /// The practice.
    pub practice: PracticeId,
    /// Whose chart.
    pub patient: PatientId,
    /// Who proposed it.
    pub account: AccountId,
    /// When.
    pub submitted_at: Timestamp,
    /// Where it stands.
    pub state: ChangeState,
    /// Field by field.
    pub fields: Vec<Proposed>,
    /// When staff decided.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub decided_at: Option<Timestamp>,
    /// Who decided.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub decided_by: Option<By>,
}

/// Reads proposed changes.
pub trait Changes: Sync {
    /// Those of a practice that wait, the oldest first.
    fn changes(&self, practice: &PracticeId)
    -> impl Future<Output = Result<Vec<Change>, Unavailable>> + Send;
    /// One that waits.
    fn change(
        &self,
        practice: &PracticeId,
        id: ChangeId,
    ) -> impl Future<Output = Result<Option<Change>, Unavailable>> + Send;
    /// One that was decided on.
    fn decided_change(
        &self,
        practice: &PracticeId,
        patient: &PatientId,
        id: ChangeId,
    ) -> impl Future<Output = Result<Option<Change>, Unavailable>> + Send;
}

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
    S: Accounts + Patients + Changes,
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
    let change = Change {
        id: ChangeId::new(&*context.clock, &*context.entropy),
        practice: practice.clone(),
        patient: patient.id.clone(),
        account: account.id,
        submitted_at: now,
        state: ChangeState::Pending,
        fields,
        decided_at: None,
        decided_by: None,
    };
    let mut head = head;
    let subject = Subject::Patient(patient.id.clone());
    let counter = Counter::new(CHANGES, &format!("{practice}#{}", patient.id), now, &context.keyring);
    for _ in 0..DECISIONS {
        let event =
            event(context, &change, By::visitor(), Action::ChangeProposed).after(&head, &context.keyring);
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
fn differences(chart: &Chart, changes: &BTreeMap<ChartField, String>) -> Result<Vec<Proposed>, Refusal> {
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
            Ok(()) => fields.push(Proposed {
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

fn event(context: &Context, change: &Change, by: By, action: Action) -> Entry {
    let names: Vec<&str> = change
        .fields
        .iter()
        .filter(|field| field.accepted != Some(false))
        .map(|field| field.name.as_str())
        .collect();
    Entry {
        practice: change.practice.clone(),
        subject: Subject::Patient(change.patient.clone()),
        at: context.now(),
        by,
        action,
        detail: vec![("change_id", change.id.to_string()), ("fields", names.join(" "))],
    }
}

/// A proposed change beside the chart as it is now.
pub struct Waiting {
    /// The change.
    pub change: Change,
    /// The chart as it is now.
    pub chart: Chart,
}

/// The proposed changes that wait.
pub async fn pending<S>(context: &Context, store: &S, call: &StaffCall) -> Result<Vec<Waiting>, Failure>
where
    S: Desk + Limits + Changes + Patients,
{
    let (caller, _) = open(context, store, call, &[Scope::ChartRead], Along::default()).await?;
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
    let waiting = |change: Change| {
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
    S: Desk + Limits + Changes + Patients + Practices + Chain + Commit,
{
    let once = call.once_key(context);
    let along = Along { once: once.as_ref(), ..Along::default() };
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
        let accepted = change.state == ChangeState::Accepted;
        let action = if accepted { Action::ChangeAccepted } else { Action::ChangeDeclined };
        let first = event(context, &change, caller.by(), action).after(&head?, &context.keyring);
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
    mut change: Change,
    patient: &Patient,
    decision: &Decision,
    caller: &Caller,
) -> Result<(Change, Chart), Refusal> {
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
        if matches!(decision, Decision::Decline) { ChangeState::Declined } else { ChangeState::Accepted };
    change.decided_at = Some(context.now());
    change.decided_by = Some(caller.by());
    Ok((change, chart))
}

/// The answer to a repeated decision: the change lies beside the patient by then.
async fn repeated_answer<S: Changes + Patients>(
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
