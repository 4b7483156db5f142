//! Shows for whom else a representative who was just invited can be invited.

use futures_util::join;

use crate::context::App;
use crate::model::ids::{LinkId, PatientId};
use crate::model::link::{Invitee, Link};
use crate::model::patient::Patient;
use crate::model::practice::{Scope, Settings};
use crate::model::refusal::{Failure, Refusal};
use crate::ports::{AlsoRead, ApiCalls, Directory, Limits, Links, Patients, Practices};
use crate::steps::api_call::{ApiCall, Caller, authorize};
use crate::steps::same_contact::with_same_contact;

/// An invitation of a representative, and the other charts with the same contact.
pub struct SameContact {
    /// The patient whose representative was invited.
    pub patient: Patient,
    /// The representative.
    pub invitee: Invitee,
    /// The other patients, in the order of their ids.
    pub others: Vec<Patient>,
    /// The practice's settings.
    pub settings: Settings,
    /// The caller.
    pub caller: Caller,
}

/// Reads the invitation of a representative, and the other charts with the same contact. `NotFound` if the patient has no
/// such invitation.
pub async fn same_contact<S>(
    app: &App<S>,
    call: &ApiCall,
    patient: &PatientId,
    invitation: LinkId,
) -> Result<SameContact, Failure>
where
    S: ApiCalls + Limits + Practices + Links + Directory + Patients,
{
    let store = &app.store;
    let along = AlsoRead { patient: Some(patient), ..AlsoRead::default() };
    let (opened, link) =
        join!(authorize(app, call, &[Scope::Invite, Scope::ChartRead], along), store.link(invitation));
    let (caller, opened) = opened?;
    let patient = opened.patient.ok_or(Refusal::NotFound)?;
    let is_of_patient = |link: &Link| link.practice == caller.practice && link.patient == patient.id;
    let link = link?.filter(is_of_patient).ok_or(Refusal::NotFound)?;
    let invitee = link.invitee.ok_or(Refusal::NotFound)?;
    let (others, practice) = join!(
        with_same_contact(store, &caller.practice, &patient.id, &invitee),
        store.practice(&caller.practice)
    );
    let settings = practice?.ok_or(Failure::Broken("practice"))?.settings;
    Ok(SameContact { patient, invitee, others: others?, settings, caller })
}
