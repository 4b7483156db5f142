//! `print`: printed letters, one or up to a hundred in one file, and that a letter was handed over. A letter is
//! the only answer that contains a link, so each time that one is made is an event of the audit trail.

use futures_util::join;

use crate::context::{App, Context};
use crate::model::audit::{Action, Subject};
use crate::model::chart::Channel;
use crate::model::ids::{LettersId, PatientId};
use crate::model::letters::{LETTERS, Letters, Unprinted};
use crate::model::link::Link;
use crate::model::patient::{CurrentInvitation, Patient};
use crate::model::practice::{Practice, Scope, Settings};
use crate::model::refusal::{Failure, FieldFault, Refusal};
use crate::ports::{
    AlsoRead, ApiCalls, Chain, Commit, History, LetterFiles, Limits, Links, Once, Patients, Practices, Write,
};
use crate::steps::api_call::{ApiCall, Caller, authorize, earlier_use};
use crate::steps::change::PatientChange;
use crate::steps::invitation::{Wanted, prepare};
use crate::steps::portal_status::{PortalStatus, change_patient};
use crate::steps::retry::{MAX_ATTEMPTS, Written, written};

/// A letter that is to be printed.
pub struct Letter {
    /// The recipient, with the address for the envelope.
    pub patient: Patient,
    /// The invitation.
    pub link: Link,
}

/// Letters that are to be printed, and the practice that sends them.
pub struct Printed {
    /// One or more letters, in the order that was asked for.
    pub letters: Vec<Letter>,
    /// The practice's settings.
    pub settings: Settings,
}

/// The letter of a patient's pending invitation by print. It is the same letter each time.
pub async fn letter<S>(app: &App<S>, call: &ApiCall, patient: &PatientId) -> Result<Printed, Failure>
where
    S: ApiCalls + Limits + Practices + Links + Chain + Commit,
{
    let store = &app.store;
    let along = AlsoRead { patient: Some(patient), ..AlsoRead::default() };
    let (caller, opened) = authorize(app, call, &[Scope::Invite], along).await?;
    let patient = opened.patient.ok_or(Refusal::NotFound)?;
    let settings = store.practice(&caller.practice).await?.ok_or(Failure::Broken("practice"))?.settings;
    let letter = letter_of(app, patient).await?.ok_or(Refusal::Conflict("nothing_to_print"))?;
    note_printed(app, &caller, &letter).await?;
    Ok(Printed { letters: vec![letter], settings })
}

/// The letter of a patient, if an invitation by print is pending and nobody has locked it.
async fn letter_of<S: Links>(app: &App<S>, patient: Patient) -> Result<Option<Letter>, Failure> {
    let App { context, store } = app;
    let Some(current) = patient.invitation.filter(|current| current.channel == Channel::Print) else {
        return Ok(None);
    };
    let link = store.link(current.link).await?.filter(|link| link.is_open(context.now()));
    Ok(link.map(|link| Letter { patient, link }))
}

/// Adds the event that a letter was made.
async fn note_printed<S: Chain + Commit>(
    app: &App<S>,
    caller: &Caller,
    letter: &Letter,
) -> Result<(), Failure> {
    let App { context, store } = app;
    let Letter { patient, link } = letter;
    for _ in 0..MAX_ATTEMPTS {
        let head = store.head(&patient.practice, &Subject::Patient(patient.id.clone())).await?;
        let detail = vec![("invitation_id", link.id.to_string())];
        let entry = patient.entry(context.now(), caller.by(), Action::LetterPrinted, detail);
        let event = entry.after(&head, &context.keyring);
        if let Written::Done = written(store, &[Write::Append(event)], None).await? {
            return Ok(());
        }
    }
    Err(Failure::Unavailable)
}

/// Records that the letter of the pending invitation was given to the patient. The first time counts.
pub async fn hand_over<S>(
    app: &App<S>,
    call: &ApiCall,
    patient: &PatientId,
) -> Result<(PortalStatus, Caller), Failure>
where
    S: ApiCalls + Limits + Practices + History + Commit,
{
    let context = &app.context;
    change_patient(app, call, &[Scope::Invite], patient, |patient, caller| {
        caller.actor()?;
        Ok(Some(handed_over(context, patient, caller).ok_or(Refusal::Conflict("nothing_to_print"))?))
    })
    .await
}

/// The change that records that a letter was given to the patient; `None` if no invitation by print is pending.
fn handed_over(context: &Context, patient: Patient, caller: &Caller) -> Option<PatientChange> {
    let now = context.now();
    let printed = |current: &CurrentInvitation| current.channel == Channel::Print && now < current.expires_at;
    let current = patient.invitation.filter(printed)?;
    let detail = vec![("invitation_id", current.link.to_string())];
    let entry = patient.entry(now, caller.by(), Action::LetterHandedOver, detail);
    let hand = Write::HandOver { id: current.link, at: now };
    Some(PatientChange { patient, writes: vec![hand], entry })
}

/// Records that all letters that were made together were given to the patients. Returns for how many; an invitation
/// that is no longer pending is left as it is.
pub async fn hand_over_all<S>(app: &App<S>, call: &ApiCall, id: LettersId) -> Result<(usize, Caller), Failure>
where
    S: ApiCalls + Limits + Practices + Patients + LetterFiles + Chain + Commit,
{
    let App { context, store } = app;
    let (caller, _) = authorize(app, call, &[Scope::Invite], AlsoRead::default()).await?;
    caller.actor()?;
    let file = store.letters(&caller.practice, id).await?.ok_or(Refusal::NotFound)?;
    let settings = store.practice(&caller.practice).await?.ok_or(Failure::Broken("practice"))?.settings;
    let mut count = 0;
    for id in &file.made {
        let subject = Subject::Patient(id.clone());
        for attempt in 1.. {
            let (patient, head) =
                join!(store.patient(&caller.practice, id), store.head(&caller.practice, &subject));
            let Some(change) = patient?.and_then(|patient| handed_over(context, patient, &caller)) else {
                break;
            };
            let writes = change.writes_after(context, &settings, &head?);
            match written(store, &writes, None).await? {
                Written::Done => {
                    count += 1;
                    break;
                }
                Written::Lost(_) if attempt < MAX_ATTEMPTS => {}
                Written::Lost(_) => return Err(Failure::Unavailable),
            }
        }
    }
    Ok((count, caller))
}

/// Makes letters for several patients: an invitation by print for everybody who has none yet. It restores no
/// access that was revoked, and overrides no refusal.
pub async fn make_letters<S>(app: &App<S>, call: &ApiCall, patients: &[PatientId]) -> Result<Letters, Failure>
where
    S: ApiCalls + Limits + Practices + Patients + Links + LetterFiles + Chain + Commit,
{
    let App { context, store } = app;
    let once = call.once_key(context);
    let along = AlsoRead { once: once.as_ref(), ..AlsoRead::default() };
    let (caller, opened) = authorize(app, call, &[Scope::Invite], along).await?;
    caller.actor()?;
    if let Some(made) = earlier_use(opened.once, once.as_ref(), context.now())? {
        let id = LettersId::parse(&made).map_err(|_| Refusal::NotFound)?;
        return Ok(store.letters(&caller.practice, id).await?.ok_or(Refusal::NotFound)?);
    }
    if patients.is_empty() || patients.len() > LETTERS {
        return Err(Refusal::BadRequest(vec![FieldFault::of("patient_ids", "out_of_range")]).into());
    }
    let practice = store.practice(&caller.practice).await?.ok_or(Failure::Broken("practice"))?;
    let mut letters = Letters {
        id: LettersId::new(&*context.clock, &*context.entropy),
        practice: caller.practice.clone(),
        made: Vec::new(),
        refused: Vec::new(),
        created_at: context.now(),
    };
    for id in patients {
        if letters.names(id) {
            continue;
        }
        match invited_by_print(app, &practice, &caller, id).await? {
            Ok(()) => letters.made.push(id.clone()),
            Err(reasons) => letters.refused.push(Unprinted { patient: id.clone(), reasons }),
        }
    }
    let mut writes = vec![Write::KeepLetters(letters.clone())];
    if let Some(key) = once.clone() {
        writes.push(Write::Once(Once::new(key, &letters.id.to_string(), context.now())));
    }
    match written(store, &writes, once.as_ref()).await? {
        Written::Done => Ok(letters),
        // The id is new, so only the idempotency key can have been used meanwhile.
        Written::Lost(_) => Err(Refusal::IdempotencyInProgress.into()),
    }
}

/// Invites a patient by print, unless such an invitation is pending. Otherwise all reasons against it.
async fn invited_by_print<S>(
    app: &App<S>,
    practice: &Practice,
    caller: &Caller,
    id: &PatientId,
) -> Result<Result<(), Vec<String>>, Failure>
where
    S: Patients + Links + Chain + Commit,
{
    let App { context, store } = app;
    let refused = |reason: &str| Ok(Err(vec![reason.to_owned()]));
    let actor = caller.actor()?;
    let subject = Subject::Patient(id.clone());
    for _ in 0..MAX_ATTEMPTS {
        let (patient, head) = join!(store.patient(&practice.id, id), store.head(&practice.id, &subject));
        let Some(patient) = patient? else { return refused("not_found") };
        if patient.revocation.is_some() {
            return refused("revoked");
        }
        if letter_of(app, patient.clone()).await?.is_some() {
            return Ok(Ok(()));
        }
        let wanted = Wanted::by(Channel::Print);
        match prepare(context, &practice.settings, patient, &wanted, caller, &actor) {
            Ok(mut ready) => {
                ready.finish(context, &practice.settings, &head?);
                if let Written::Done = written(store, &ready.writes, None).await? {
                    return Ok(Ok(()));
                }
            }
            Err(Refusal::NotEligible(reasons)) => {
                return Ok(Err(reasons.iter().map(|reason| reason.code().to_owned()).collect()));
            }
            Err(Refusal::Conflict(reason)) => return refused(reason),
            Err(refusal) => return Err(refusal.into()),
        }
    }
    Err(Failure::Unavailable)
}

/// The letters that were made together, without those whose invitation is no longer pending.
pub async fn print_letters<S>(app: &App<S>, call: &ApiCall, id: LettersId) -> Result<Printed, Failure>
where
    S: ApiCalls + Limits + Practices + Patients + Links + LetterFiles + Chain + Commit,
{
    let store = &app.store;
    let (caller, _) = authorize(app, call, &[Scope::Invite], AlsoRead::default()).await?;
    let file = store.letters(&caller.practice, id).await?.ok_or(Refusal::NotFound)?;
    let settings = store.practice(&caller.practice).await?.ok_or(Failure::Broken("practice"))?.settings;
    let mut letters = Vec::new();
    for patient in &file.made {
        let Some(patient) = store.patient(&caller.practice, patient).await? else { continue };
        if let Some(letter) = letter_of(app, patient).await? {
            note_printed(app, &caller, &letter).await?;
            letters.push(letter);
        }
    }
    if letters.is_empty() {
        return Err(Refusal::Conflict("nothing_to_print").into());
    }
    Ok(Printed { letters, settings })
}

/// The practice whose sign-up page the poster leads to.
pub async fn poster<S>(app: &App<S>, call: &ApiCall) -> Result<Practice, Failure>
where
    S: ApiCalls + Limits + Practices,
{
    let (caller, _) = authorize(app, call, &[Scope::Report], AlsoRead::default()).await?;
    app.store.practice(&caller.practice).await?.ok_or(Failure::Broken("practice"))
}
