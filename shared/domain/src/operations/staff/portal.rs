//! Reads one patient's portal status.

use futures_util::join;

use crate::context::App;
use crate::model::audit::{Action, Event, Subject};
use crate::model::ids::PatientId;
use crate::model::practice::Scope;
use crate::model::refusal::{Failure, Refusal};
use crate::ports::{AlsoRead, ApiCalls, Chain, Commit, History, Limits, Practices, Write};
use crate::steps::api_call::{ApiCall, Caller, authorize};
use crate::steps::portal_status::{PortalStatus, account_ids, attempt_keys, invitation_events, link_ids};
use crate::steps::retry::{MAX_ATTEMPTS, Written, written};

/// What was read about one patient.
struct Whole {
    portal: PortalStatus,
    caller: Caller,
    /// The patient's whole trail, the oldest event first.
    events: Vec<Event>,
    /// The latest events of the patient's own account; none for a caller who may not read the trail.
    of_own_account: Vec<Event>,
}

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
    let Whole { portal, caller, .. } = read(app, call, scopes, patient, 0).await?;
    Ok((portal, caller))
}

/// The same for a page, with the latest events of the patient's trail, the newest first: also the new passwords of the
/// patient's own account, which are in the account's chain. There are none for a caller who may not read the trail.
pub async fn portal_with_trail<S>(
    app: &App<S>,
    call: &ApiCall,
    patient: &PatientId,
    count: usize,
) -> Result<(PortalStatus, Caller, Vec<Event>), Failure>
where
    S: ApiCalls + Limits + Practices + History,
{
    let Whole { portal, caller, mut events, of_own_account } =
        read(app, call, &[Scope::ChartRead], patient, count).await?;
    if !caller.may(Scope::Audit) {
        return Ok((portal, caller, Vec::new()));
    }
    events.drain(..events.len().saturating_sub(count));
    let reaches_back_to = events.first().map(|event| event.at);
    events.extend(of_own_account.into_iter().filter(|event| {
        event.action == Action::PasswordChanged && reaches_back_to.is_none_or(|first| event.at >= first)
    }));
    events.sort_by_key(|event| std::cmp::Reverse((event.at, event.number)));
    Ok((portal, caller, events))
}

/// Reads a patient's portal status, the whole trail of the patient, and the `latest` events of the patient's own account.
async fn read<S>(
    app: &App<S>,
    call: &ApiCall,
    scopes: &[Scope],
    patient: &PatientId,
    latest: usize,
) -> Result<Whole, Failure>
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
    let events = events?;
    let invitation_events = invitation_events(events.clone());
    let (links, accounts) = (link_ids(&invitation_events), account_ids(&patient));
    let names = attempt_keys(&app.context, &patient);
    let own = patient.own_account().filter(|_| latest > 0 && caller.may(Scope::Audit));
    let own = own.map(|own| Subject::Account(own.id));
    let of_own_account = async {
        match &own {
            Some(own) => store.latest_events(&caller.practice, own, latest).await,
            None => Ok(Vec::new()),
        }
    };
    let (practice, records, of_own_account) = join!(
        store.practice(&caller.practice),
        store.portal_records(&patient, &links, &accounts, &names),
        of_own_account
    );
    let settings = practice?.ok_or(Failure::Broken("practice"))?.settings;
    let of_own_account = of_own_account?;
    let portal = PortalStatus::of(&app.context, patient, settings, invitation_events, records?);
    Ok(Whole { portal, caller, events, of_own_account })
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
