//! Reads one patient's portal status.

use futures_util::join;

use crate::context::App;
use crate::model::audit::Subject;
use crate::model::ids::PatientId;
use crate::model::practice::Scope;
use crate::model::refusal::{Failure, Refusal};
use crate::ports::{AlsoRead, ApiCalls, History, Limits, Practices};
use crate::steps::api_call::{ApiCall, Caller, authorize};
use crate::steps::portal_status::{PortalStatus, account_ids, attempt_keys, invitation_events, link_ids};

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
