//! Quick add: a chart and its invitation in one call.

use crate::context::{App, Context};
use crate::keys::Use;
use crate::model::audit::Head;
use crate::model::chart::{Channel, Chart};
use crate::model::ids::{Actor, LinkId, PatientId, PracticeId, new_patient_id};
use crate::model::link::Link;
use crate::model::patient::Patient;
use crate::model::practice::{Practice, Scope, Settings};
use crate::model::refusal::{Failure, Refusal};
use crate::ports::{
    AlsoRead, ApiCalls, Commit, Directory, Limits, Links, Once, OnceKey, Patients, Practices, Write,
};
use crate::steps::api_call::{ApiCall, Caller, authorize, earlier_use};
use crate::steps::chart_change::{chart_created, listings, new_patient};
use crate::steps::duplicates::twins;
use crate::steps::invitation::{Wanted, prepare};
use crate::steps::retry::{Written, written};

/// The command to add a patient at the front desk.
pub struct QuickAdd {
    /// The facts that staff know.
    pub chart: Chart,
    /// The channel of the invitation; `None` to send none.
    pub invite: Option<Channel>,
    /// Whether to add the patient even if there is one with a similar name and the same birth date.
    pub allow_duplicate: bool,
}

/// A patient that was added, with the invitation.
#[expect(missing_docs, reason = "the names say it")]
pub struct QuickAdded {
    pub patient: Patient,
    /// The invitation; `None` if none was asked for.
    pub link: Option<Link>,
    pub settings: Settings,
    pub caller: Caller,
}

/// Adds a patient and the invitation in one write. If a patient with a similar name and the same birth date exists, it
/// refuses with `PossibleDuplicate` instead.
pub async fn quick_add<S>(app: &App<S>, call: &ApiCall, command: &QuickAdd) -> Result<QuickAdded, Failure>
where
    S: ApiCalls + Limits + Practices + Directory + Patients + Links + Commit,
{
    let App { context, store } = app;
    let once = call.once_key(context);
    let along = AlsoRead { once: once.as_ref(), ..AlsoRead::default() };
    let (caller, opened) = authorize(app, call, &[Scope::ChartWrite, Scope::Invite], along).await?;
    let actor = caller.actor()?;
    let practice = store.practice(&caller.practice).await?.ok_or(Failure::Broken("practice"))?;
    let now = context.now();
    if let Some(made) = earlier_use(opened.once, once.as_ref(), now)? {
        return added_before(store, practice.settings, caller, &made).await;
    }
    let chart = &command.chart;
    // Two calls at one instant see nobody when they look; the marker lets only one of them write.
    let mut only_one =
        (!command.allow_duplicate).then(|| Once::new(same_person(app, &practice.id, chart), "", now));
    loop {
        if !command.allow_duplicate {
            let (family, given) = (&chart.family_name, &chart.given_name);
            let twins = twins(store, &practice.id, family, given, chart.birth_date).await?.all();
            if !twins.is_empty() {
                return Err(Refusal::PossibleDuplicate(twins).into());
            }
        }
        let Prepared { patient, link, mut writes } = prepared(context, &practice, command, &caller, &actor)?;
        writes.extend(only_one.clone().map(Write::Once));
        if let Some(key) = once.clone() {
            let resource = link
                .as_ref()
                .map_or_else(|| patient.id.to_string(), |link| format!("{} {}", patient.id, link.id));
            writes.push(Write::Once(Once::new(key, &resource, now)));
        }
        match written(store, &writes, once.as_ref()).await? {
            Written::Done => return Ok(QuickAdded { patient, link, settings: practice.settings, caller }),
            Written::Lost(lost) => {
                lost.within_limits(now)?;
                // Look again, once: the other call's chart is there now, or is somebody else's by now.
                if only_one.take_if(|marker| lost.contains_marker(&marker.key)).is_none() {
                    // The patient's id is new, so only another call with the same idempotency key is left.
                    return Err(Refusal::IdempotencyInProgress.into());
                }
            }
        }
    }
}

/// What one quick add writes.
struct Prepared {
    patient: Patient,
    link: Option<Link>,
    writes: Vec<Write>,
}

fn prepared(
    context: &Context,
    practice: &Practice,
    command: &QuickAdd,
    caller: &Caller,
    actor: &Actor,
) -> Result<Prepared, Failure> {
    let now = context.now();
    let id = new_patient_id(&*context.clock, &*context.entropy);
    let mut patient = new_patient(practice, &id, command.chart.clone(), now);
    patient.note_text_consent(&caller.by(), now);
    // If staff invite by text in a quick add, the patient has agreed to texts. Record this with the time and
    // the actor.
    let consent = patient.chart.sms_consent.map(|_| ("sms_consent", "true".to_owned())).into_iter().collect();
    let first = chart_created(&patient, &caller.by(), now, consent).after(&Head::default(), &context.keyring);
    patient.head = first.head();
    let mut writes = Vec::new();
    let mut link = None;
    if let Some(channel) = command.invite {
        let mut ready = prepare(context, &practice.settings, patient, &Wanted::by(channel), caller, actor)?;
        ready.chained(context, &first.head());
        patient = ready.patient;
        link = Some(ready.link);
        writes.extend(ready.writes);
    }
    writes.extend(listings(&patient).into_iter().map(|listing| Write::List(practice.id.clone(), listing)));
    writes.push(Write::CreatePatient(Box::new(patient.clone()), patient.status(&practice.settings)));
    writes.push(Write::Append(first));
    Ok(Prepared { patient, link, writes })
}

/// The marker of a person who is being added, by the names as they are compared and the birth date.
fn same_person<S>(app: &App<S>, practice: &PracticeId, chart: &Chart) -> OnceKey {
    let (family, given) = (chart.family_name.comparable(), chart.given_name.comparable());
    let born = chart.birth_date.reveal();
    let parts = ["quick add", practice.as_str(), &family, &given, &born].map(str::as_bytes);
    let name = data_encoding::HEXLOWER.encode(&app.context.keyring.mac_now(Use::Body, &parts));
    OnceKey { name, body: "quick add".to_owned() }
}

/// The charts that a quick add named as possible duplicates, for staff to look at: at most 50.
pub async fn possible_duplicates<S>(
    app: &App<S>,
    call: &ApiCall,
    ids: &[PatientId],
) -> Result<(Vec<Patient>, (Caller, Settings)), Failure>
where
    S: ApiCalls + Limits + Practices + Patients,
{
    let (caller, _) = authorize(app, call, &[Scope::ChartWrite, Scope::Invite], AlsoRead::default()).await?;
    let practice = app.store.practice(&caller.practice).await?.ok_or(Failure::Broken("practice"))?;
    let ids: Vec<PatientId> = ids.iter().take(50).cloned().collect();
    let found = app.store.charts(&caller.practice, &ids).await?;
    Ok((found.into_iter().map(|(patient, _)| patient).collect(), (caller, practice.settings)))
}

async fn added_before<S: Patients + Links>(
    store: &S,
    settings: Settings,
    caller: Caller,
    made: &str,
) -> Result<QuickAdded, Failure> {
    let (id, link) = made.split_once(' ').map_or((made, None), |(id, link)| (id, LinkId::parse(link).ok()));
    let id = PatientId::parse(id).map_err(|_| Refusal::NotFound)?;
    let patient = store.patient(&caller.practice, &id).await?.ok_or(Refusal::NotFound)?;
    let link = match link {
        Some(link) => store.link(link).await?,
        None => None,
    };
    Ok(QuickAdded { patient, link, settings, caller })
}
