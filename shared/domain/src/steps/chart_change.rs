//! Plans a change of a chart: the patient's record, the directory entries, the links that it ends, and the
//! audit event.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::context::Context;
use crate::model::attention::Cause;
use crate::model::audit::{Action, By, Entry, Head, Subject};
use crate::model::auto_invite::visits_due;
use crate::model::chart::{Care, CareChange, Channel, Chart};
use crate::model::grant::Relationship;
use crate::model::identity::is_another_person;
use crate::model::ids::PatientId;
use crate::model::link::LinkState;
use crate::model::message::{Message, Recipient, Template};
use crate::model::patient::{Patient, UPCOMING, address_digest};
use crate::model::person::Address;
use crate::model::practice::{Practice, Settings};
use crate::model::refusal::{Failure, Refusal};
use crate::model::sent_chart::SentChart;
use crate::ports::{Chain, Listing, Write};
use crate::steps::access::suspend_grants;
use crate::steps::change::patient_changed;
use crate::steps::invitation::end_resets;
use crate::steps::notice::{Reach, message, notice_channels};
use crate::time::Timestamp;

/// A chart as the EHR sent it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChartChange {
    /// The facts.
    pub chart: SentChart,
    /// The changes of visits, appointments and contacts. A list that is absent stays as it is.
    pub care: CareChange,
    /// Whether staff correct the chart here, and not in the EHR. The corrected facts hold until the EHR sends other
    /// values than its last ones.
    pub is_correction: bool,
}

/// A fact of a chart as text, for comparison; `None` if it is absent.
fn fact_of(chart: &Chart, field: &str) -> Option<String> {
    let chart = serde_json::to_value(chart).ok()?;
    chart.get(field).filter(|value| !value.is_null()).map(ToString::to_string)
}

/// The facts that staff may correct here.
const CORRECTABLE: [&str; 10] = [
    "given_name",
    "middle_name",
    "family_name",
    "birth_date",
    "email",
    "mobile_phone",
    "home_phone",
    "postal_code",
    "sms_consent",
    "chart_status",
];

/// What is remembered of a correction: of each fact that differs from the EHR's, the digest of what the EHR says.
fn corrected(before: &Patient, chart: &Chart) -> BTreeMap<String, String> {
    let mut corrections = before.corrections.clone();
    for field in CORRECTABLE {
        let (old, new) = (fact_of(&before.chart, field), fact_of(chart, field));
        if old != new {
            corrections.entry(field.to_owned()).or_insert_with(|| remembered(old.as_deref()));
        }
        if corrections.get(field).is_some_and(|ehr| *ehr == remembered(new.as_deref())) {
            corrections.remove(field);
        }
    }
    corrections
}

/// A fact as a correction remembers it. Only whether the EHR still says the same matters.
fn remembered(fact: Option<&str>) -> String {
    fact.map_or_else(String::new, address_digest)
}

/// The chart that the EHR sent, with the facts that were corrected here and of which the EHR still says what it said
/// before; and the corrections that are left.
fn keep_corrections(before: &Patient, said: &SentChart, sent: Chart) -> (Chart, BTreeMap<String, String>) {
    let mut corrections = before.corrections.clone();
    if corrections.is_empty() {
        return (sent, corrections);
    }
    corrections
        .retain(|field, ehr| said.stays(field) || *ehr == remembered(fact_of(&sent, field).as_deref()));
    let (Ok(Value::Object(mut merged)), Ok(known)) =
        (serde_json::to_value(&sent), serde_json::to_value(&before.chart))
    else {
        return (sent, corrections);
    };
    for field in corrections.keys() {
        merged.insert(field.clone(), known.get(field).cloned().unwrap_or_default());
    }
    (serde_json::from_value(Value::Object(merged)).unwrap_or(sent), corrections)
}

/// The result of a chart's change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Synced {
    /// The chart is new.
    Created,
    /// The chart changed.
    Updated,
    /// The chart is the same as before, so nothing was written.
    Unchanged,
}

/// A patient with the part of the chart that grows: visits, appointments and contacts.
#[expect(missing_docs, reason = "the names say it")]
#[derive(Clone, Debug)]
pub struct PatientWithCare {
    pub patient: Patient,
    /// The growing part of the chart; `None` if it was not read.
    pub care: Option<Care>,
    pub settings: Settings,
}

/// The end of the patient's audit chain. Usually the patient's record has it. If a visitor's event came later,
/// the first write loses because the number is taken, and the next attempt (`stale`) reads the end.
pub(crate) async fn end_of_chain<S: Chain>(
    store: &S,
    practice: &Practice,
    id: &PatientId,
    existing: Option<&(Patient, Care)>,
    stale: bool,
) -> Result<Head, Failure> {
    match existing {
        Some((patient, _)) if !stale => Ok(patient.head.clone()),
        None if !stale => Ok(Head::default()),
        _ => Ok(store.head(&practice.id, &Subject::Patient(id.clone())).await?),
    }
}

/// The plan for one chart that was received. It has no writes if the chart is the same as before.
pub(crate) struct ChartPlan {
    pub(crate) synced: Synced,
    pub(crate) charted: PatientWithCare,
    pub(crate) writes: Vec<Write>,
}

/// Plans one chart. Refuses a new one that lacks names or birth date.
pub(crate) fn plan_chart(
    context: &Context,
    practice: &Practice,
    id: &PatientId,
    existing: Option<(Patient, Care)>,
    change: &ChartChange,
    by: &By,
    head: &Head,
) -> Result<ChartPlan, Refusal> {
    let settings = practice.settings.clone();
    let shown = |care: Care| (!change.care.is_empty()).then_some(care);
    let known = existing.as_ref().map(|(patient, _)| &patient.chart);
    let mut chart = change.chart.over(known).map_err(Refusal::BadRequest)?;
    // No chart was merged into itself.
    chart.replaced_by = chart.replaced_by.filter(|other| other != id);
    let Some((before, care_before)) = existing else {
        let (patient, writes, care) = plan_new_chart(context, practice, id, chart, &change.care, by, head);
        let care = shown(care);
        return Ok(ChartPlan {
            synced: Synced::Created,
            charted: PatientWithCare { patient, care, settings },
            writes,
        });
    };
    let (chart, corrections) = if change.is_correction {
        let corrections = corrected(&before, &chart);
        (chart, corrections)
    } else {
        keep_corrections(&before, &change.chart, chart)
    };
    let care = change.care.apply(&care_before);
    if chart == before.chart && care == care_before && corrections == before.corrections {
        return Ok(ChartPlan {
            synced: Synced::Unchanged,
            charted: PatientWithCare { patient: before, care: shown(care), settings },
            writes: Vec::new(),
        });
    }
    let now = context.now();
    let mut patient = before.clone();
    patient.chart = chart;
    patient.corrections = corrections;
    let mut writes = Vec::new();
    if care != care_before {
        writes.push(Write::Care(practice.id.clone(), id.clone(), care.clone()));
    }
    relist(&before, &patient, &mut writes);
    if is_another_person(&before.chart, &patient.chart) {
        end_what_the_other_had(context, &mut patient, &mut writes);
    }
    suspend_grants(context, &mut patient, before.suspension().is_some(), &mut writes);
    let is_merged = patient.chart.replaced_by.is_some() && before.chart.replaced_by.is_none();
    if is_merged && patient.live_accounts().next().is_some() {
        let (practice, patient) = (patient.practice.clone(), patient.id.clone());
        writes.push(Write::Note { practice, patient, cause: Cause::ChartMerged, at: now });
    }
    let chart = patient.chart.clone();
    let moved = |channel| before.chart.address(channel) != chart.address(channel);
    if let Some(current) = patient.invitation.filter(|current| moved(current.channel)) {
        patient.invitation = None;
        writes.push(Write::CloseLink { id: current.link, to: LinkState::Superseded, at: now });
    }
    if [Channel::Email, Channel::Sms, Channel::Voice].into_iter().any(moved) {
        // A reset link and its second check depend on the contacts that were on the chart when it was made.
        let own = patient.accounts.iter_mut().filter(|account| account.relationship == Relationship::Own);
        end_resets(own, LinkState::Superseded, now, &mut writes);
        tell_former_contacts(context, &before, &patient, &mut writes);
        // Remove the stops of addresses that are no longer on the chart.
        let left = [Channel::Email, Channel::Sms, Channel::Voice].map(|channel| {
            let (old, new) = (before.chart.address(channel), patient.chart.address(channel));
            old.filter(|_| old != new).map(address_digest)
        });
        patient.stopped.retain(|stopped| !left.iter().flatten().any(|gone| *gone == stopped.to));
    }
    patient.note_text_consent(by, now);
    if !change.care.is_empty() {
        // Otherwise the growing part of the chart was not read.
        patient.visits_due = visits_due(&care.visits, &settings, now);
        patient.upcoming = upcoming(&care, now);
    }
    // Automatic messages that went to an address that is no longer the patient's were no use.
    patient.campaign = patient.campaign.filter(|campaign| !moved(campaign.channel));
    patient.reconsider();
    let fields = changed_fields(&before.chart, &patient.chart, care != care_before);
    let action = if change.is_correction { Action::ChartCorrected } else { Action::ChartChanged };
    let entry = patient.entry(now, by.clone(), action, vec![("fields", fields)]);
    patient_changed(context, &settings, &mut patient, head, entry, &mut writes);
    Ok(ChartPlan {
        synced: Synced::Updated,
        charted: PatientWithCare { patient, care: shown(care), settings },
        writes,
    })
}

/// The chart is about somebody else now: links that are out end with their tickets, and nobody gets in until staff have
/// looked and switch access on again.
fn end_what_the_other_had(context: &Context, patient: &mut Patient, writes: &mut Vec<Write>) {
    let now = context.now();
    if let Some(current) = patient.invitation.take() {
        writes.push(Write::CloseLink { id: current.link, to: LinkState::Superseded, at: now });
    }
    let offers = patient.offers.drain(..);
    writes.extend(offers.map(|offer| Write::EndLink { id: offer.link, to: LinkState::Superseded, at: now }));
    end_resets(patient.accounts.iter_mut(), LinkState::Superseded, now, writes);
    if patient.live_accounts().next().is_some() {
        patient.access_enabled = false;
        let (practice, id) = (patient.practice.clone(), patient.id.clone());
        writes.push(Write::Note { practice, patient: id, cause: Cause::ChartOfAnother, at: now });
    }
}

/// Tells the contacts that are no longer on the chart of somebody with an account: links and codes went there.
fn tell_former_contacts(context: &Context, before: &Patient, patient: &Patient, writes: &mut Vec<Write>) {
    if patient.own_account().is_none() {
        return;
    }
    let gone = notice_channels(before)
        .filter(|channel| before.chart.address(*channel) != patient.chart.address(*channel));
    for channel in gone {
        let Some(address) = before.chart.address(channel) else { continue };
        let reach = Reach { to: Recipient::Former(Address::from(address)), channel };
        let number = (channel == Channel::Sms).then(|| address.to_owned());
        let told = message(context, patient, Template::ContactChanged, reach);
        writes.push(Write::Queue(Message { number, ..told }));
    }
}

fn plan_new_chart(
    context: &Context,
    practice: &Practice,
    id: &PatientId,
    chart: Chart,
    care: &CareChange,
    by: &By,
    head: &Head,
) -> (Patient, Vec<Write>, Care) {
    let now = context.now();
    let care = care.apply(&Care::default());
    let mut patient = new_patient(practice, id, chart, now);
    patient.note_text_consent(by, now);
    patient.visits_due = visits_due(&care.visits, &practice.settings, now);
    patient.upcoming = upcoming(&care, now);
    patient.reconsider();
    let event = chart_created(&patient, by, now, Vec::new()).after(head, &context.keyring);
    patient.head = event.head();
    let mut writes = vec![
        Write::CreatePatient(Box::new(patient.clone()), patient.status(&practice.settings)),
        Write::Append(event),
    ];
    writes.extend(listings(&patient).into_iter().map(|listing| Write::List(practice.id.clone(), listing)));
    if care != Care::default() {
        writes.push(Write::Care(practice.id.clone(), id.clone(), care.clone()));
    }
    (patient, writes, care)
}

/// The next appointments of a chart, for the patient's record.
pub(crate) fn upcoming(care: &Care, now: Timestamp) -> Vec<Timestamp> {
    let starts = care.appointments.iter().map(|appointment| appointment.starts_at);
    let mut upcoming: Vec<Timestamp> = starts.filter(|starts_at| *starts_at >= now).collect();
    upcoming.sort_unstable();
    upcoming.dedup();
    upcoming.truncate(UPCOMING);
    upcoming
}

pub(crate) fn new_patient(practice: &Practice, id: &PatientId, chart: Chart, now: Timestamp) -> Patient {
    Patient {
        practice: practice.id.clone(),
        id: id.clone(),
        version: 1,
        chart,
        access_enabled: true,
        created_at: now,
        invitation: None,
        offers: Vec::new(),
        stopped: Vec::new(),
        failed_checks: false,
        accounts: Vec::new(),
        replaces: Vec::new(),
        reset_rests_until: None,
        registered_at: None,
        last_login_at: None,
        revocation: None,
        declined: None,
        visits_due: None,
        upcoming: Vec::new(),
        corrections: BTreeMap::new(),
        sweep_due_at: None,
        campaign: None,
        campaigns: 0,
        unsubscribed: None,
        text_consent: None,
        head: Head::default(),
    }
}

pub(crate) fn chart_created(
    patient: &Patient,
    by: &By,
    now: Timestamp,
    detail: Vec<(&'static str, String)>,
) -> Entry {
    patient.entry(now, by.clone(), Action::ChartCreated, detail)
}

/// The directory entries of a patient.
pub(crate) fn listings(patient: &Patient) -> BTreeSet<Listing> {
    let chart = &patient.chart;
    let name = Listing::Name {
        family: chart.family_name.comparable(),
        given: chart.given_name.comparable(),
        birth_date: chart.birth_date.reveal(),
        patient: patient.id.clone(),
    };
    let email = chart
        .email
        .as_ref()
        .map(|email| Listing::Email { email: email.comparable(), patient: patient.id.clone() });
    [Some(name), email].into_iter().flatten().collect()
}

fn relist(before: &Patient, after: &Patient, writes: &mut Vec<Write>) {
    let (old, new) = (listings(before), listings(after));
    // Adding an entry replaces one with the same key, and a transaction may hold only one write of a key.
    let is_replaced = |listing: &&Listing| new.iter().any(|other| other.has_key_of(listing));
    let gone = old.difference(&new).filter(|listing| !is_replaced(listing));
    writes.extend(gone.map(|listing| Write::Unlist(after.practice.clone(), listing.clone())));
    writes.extend(new.difference(&old).map(|listing| Write::List(after.practice.clone(), listing.clone())));
}

/// Names of the fields that changed, separated by spaces. They go into the audit trail, which contains
/// no values.
fn changed_fields(before: &Chart, after: &Chart, care: bool) -> String {
    let as_map = |chart: &Chart| match serde_json::to_value(chart) {
        Ok(serde_json::Value::Object(map)) => map,
        _ => serde_json::Map::new(),
    };
    let (old, new) = (as_map(before), as_map(after));
    let names: BTreeSet<&String> = old.keys().chain(new.keys()).collect();
    let mut changed: Vec<&str> =
        names.into_iter().filter(|name| old.get(*name) != new.get(*name)).map(String::as_str).collect();
    if care {
        changed.push("visits_or_contacts");
    }
    changed.join(" ")
}
