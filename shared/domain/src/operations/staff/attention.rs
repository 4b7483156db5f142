//! The list of patients that staff should look at, and why.

use std::collections::{BTreeMap, BTreeSet};

use jiff::ToSpan as _;
use jiff::civil::Date;

use crate::context::App;
use crate::model::access_review::{AUTHORITY_NOTICES, birthday_is_near};
use crate::model::attention::Cause;
use crate::model::auto_invite::day;
use crate::model::delivery::Delivery;
use crate::model::ids::{LinkId, PatientId};
use crate::model::link::Link;
use crate::model::patient::{Patient, Stop};
use crate::model::practice::{Scope, Settings};
use crate::model::refusal::Failure;
use crate::ports::{AlsoRead, ApiCalls, Attention, History, Limits, Patients, Practices};
use crate::steps::api_call::{ApiCall, authorize};

/// A patient that staff should look at, and why.
#[expect(missing_docs, reason = "the names say it")]
pub struct Attended {
    pub patient: Patient,
    /// All causes that are not settled yet.
    pub causes: Vec<Cause>,
}

/// The patients that staff should look at, in the order of their names, and the practice's settings.
pub async fn attention<S>(app: &App<S>, call: &ApiCall) -> Result<(Vec<Attended>, Settings), Failure>
where
    S: ApiCalls + Limits + Practices + Patients + History + Attention,
{
    let store = &app.store;
    let (caller, _) = authorize(app, call, &[Scope::Report], AlsoRead::default()).await?;
    let settings = store.practice(&caller.practice).await?.ok_or(Failure::Broken("practice"))?.settings;
    let today = day(app.context.now(), &settings);
    let soon = |until: Date| until <= today.saturating_add(AUTHORITY_NOTICES[0].days());
    let mut noted: BTreeMap<PatientId, BTreeSet<Cause>> = BTreeMap::new();
    for (patient, cause) in store.noted(&caller.practice).await? {
        noted.entry(patient).or_default().insert(cause);
    }
    let ids: Vec<PatientId> = noted.keys().cloned().collect();
    let mut all = Vec::new();
    for some in ids.chunks(50) {
        let patients: Vec<Patient> =
            store.charts(&caller.practice, some).await?.into_iter().map(|(patient, _)| patient).collect();
        let out = |patient: &Patient| -> Vec<LinkId> {
            let offers = patient.offers.iter().map(|offer| offer.link);
            patient.invitation.map(|current| current.link).into_iter().chain(offers).collect()
        };
        let links: Vec<LinkId> = patients.iter().flat_map(out).collect();
        let (links, _) = store.links_and_accounts(&links, &[]).await?;
        for patient in patients {
            let theirs = out(&patient);
            let out = || links.iter().filter(|link| theirs.contains(&link.id));
            let locked = out().any(Link::is_locked);
            let failed = out().any(|link| link.delivered().0 == Delivery::Failed);
            let stopped = |why: Stop| patient.stopped.iter().any(|stopped| stopped.why == why);
            let holds = |cause: &Cause| match cause {
                Cause::ReportedWrongRecipient => stopped(Stop::WrongRecipient),
                Cause::AddressBounced => stopped(Stop::Bounced),
                Cause::AddressComplained => stopped(Stop::Complained),
                Cause::SmsOptedOut => stopped(Stop::OptedOut),
                Cause::DeliveryFailed => failed,
                Cause::LinkLocked => locked,
                Cause::Hold | Cause::ChangeRequest => true,
                Cause::Birthday => birthday_is_near(&patient, &settings, today),
                Cause::CameOfAge => {
                    patient.suspension().is_some()
                        || (patient.own_account().is_none()
                            && patient.invitation.is_none()
                            && patient.declined.is_none()
                            && patient.revocation.is_none())
                }
                Cause::AuthorityEnds => patient.live_accounts().filter_map(|known| known.until).any(soon),
            };
            let causes: Vec<Cause> =
                noted.remove(&patient.id).unwrap_or_default().into_iter().filter(holds).collect();
            if !causes.is_empty() {
                all.push(Attended { patient, causes });
            }
        }
    }
    all.sort_by_key(|attended| attended.patient.sort_name());
    Ok((all, settings))
}
