//! Reads one patient's portal status.

use futures_util::join;

use crate::context::App;
use crate::model::audit::{Action, Subject};
use crate::model::ids::PatientId;
use crate::model::practice::Scope;
use crate::model::refusal::{Failure, Refusal};
use crate::ports::{AlsoRead, ApiCalls, Chain, Commit, History, Limits, Practices, Write};
use crate::steps::api_call::{ApiCall, Caller, authorize};
use crate::steps::portal_status::{PortalStatus, account_ids, attempt_keys, invitation_events, link_ids};
use crate::steps::retry::{MAX_ATTEMPTS, Written, written};

/// Reads a patient's portal status.
pub async fn portal_status<S>(
    app: &App<S>,
    call: &ApiCall,
    scopes: &[Scope],
    patient: &PatientId,
) -> Result<(PortalStatus, Caller), Failure>
where
    S: ApiCalls + Limits + Practices + History,
{
    let store = &app.store;
    let subject = Subject::Patient(patient.clone());
    let along = AlsoRead { patient: Some(patient), ..AlsoRead::default() };
    let (opened, events) =
        join!(authorize(app, call, scopes, along), store.events(&call.key.claimed, &subject, 0, usize::MAX));
    let (caller, opened) = opened?;
    let patient = opened.patient.ok_or(Refusal::NotFound)?;
    let invitation_events = invitation_events(events?);
    let (links, accounts) = (link_ids(&invitation_events), account_ids(&patient));
    let names = attempt_keys(&app.context, &patient);
    let (practice, records) =
        join!(store.practice(&caller.practice), store.portal_records(&patient, &links, &accounts, &names));
    let settings = practice?.ok_or(Failure::Broken("practice"))?.settings;
    Ok((PortalStatus::of(&app.context, patient, settings, invitation_events, records?), caller))
}

/// Reads a patient's portal status in order to show the access codes of the links that work. Whoever has a code can pass
/// for its owner, so each time that they are shown is an event of the audit trail. `NotFound` if there is none.
pub async fn show_access_code<S>(
    app: &App<S>,
    call: &ApiCall,
    patient: &PatientId,
) -> Result<(PortalStatus, Caller), Failure>
where
    S: ApiCalls + Limits + Practices + History + Chain + Commit,
{
    let App { context, store } = app;
    let (portal, caller) = portal_status(app, call, &[Scope::Invite], patient).await?;
    let patient = &portal.patient;
    let shown: Vec<String> = portal.links_with_code(context.now()).map(|link| link.id.to_string()).collect();
    if shown.is_empty() {
        return Err(Refusal::NotFound.into());
    }
    for _ in 0..MAX_ATTEMPTS {
        let head = store.head(&patient.practice, &Subject::Patient(patient.id.clone())).await?;
        let detail = vec![("invitation_id", shown.join(" "))];
        let entry = patient.entry(context.now(), caller.by(), Action::AccessCodeShown, detail);
        let event = entry.after(&head, &context.keyring);
        if let Written::Done = written(store, &[Write::Append(event)], None).await? {
            return Ok((portal, caller));
        }
    }
    Err(Failure::Unavailable)
}
