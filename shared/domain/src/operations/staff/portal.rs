//! Reads one patient's portal status.

use futures_util::join;

use crate::context::App;
use crate::model::audit::Subject;
use crate::model::ids::PatientId;
use crate::model::practice::Scope;
use crate::model::refusal::{Failure, Refusal};
use crate::ports::{AlsoRead, History, Limits, PortalRecords, Practices, StaffCalls};
use crate::steps::portal_status::{EVENTS, Portal, account_ids, in_order, link_ids, made};
use crate::steps::staff_call::{Caller, StaffCall, authorize};

/// Reads a patient's portal status.
pub async fn portal_status<S>(
    app: &App<S>,
    call: &StaffCall,
    scopes: &[Scope],
    patient: &PatientId,
) -> Result<(Portal, Caller), Failure>
where
    S: StaffCalls + Limits + Practices + History,
{
    let store = &app.store;
    let subject = Subject::Patient(patient.clone());
    let along = AlsoRead { patient: Some(patient), ..AlsoRead::default() };
    let (opened, events) =
        join!(authorize(app, call, scopes, along), store.events(&call.key.claimed, &subject, 0, EVENTS));
    let (caller, opened) = opened?;
    let patient = opened.patient.ok_or(Refusal::NotFound)?;
    let made = made(events?);
    let (links, accounts) = (link_ids(&made), account_ids(&patient));
    let (practice, records) =
        join!(store.practice(&caller.practice), store.portal_records(&patient, &links, &accounts));
    let settings = practice?.ok_or(Failure::Broken("practice"))?.settings;
    let PortalRecords { links, accounts, checks } = records?;
    Ok((Portal { patient, settings, links: in_order(links), made, accounts, checks }, caller))
}
