//! Requests for access by representatives: the list, and the answer of staff.

use std::collections::{BTreeMap, BTreeSet};

use crate::context::App;
use crate::model::audit::{Action, Entry, Subject};
use crate::model::chart::Channel;
use crate::model::grant::{Authority, Level};
use crate::model::ids::{PatientId, RequestId};
use crate::model::link::Invitee;
use crate::model::patient::Patient;
use crate::model::practice::Scope;
use crate::model::refusal::{Failure, Refusal};
use crate::model::representative_request::RepresentativeRequest;
use crate::ports::{
    AlsoRead, ApiCalls, Chain, Commit, Limits, Links, Patients, Practices, Record, RepresentativeRequests,
    Write,
};
use crate::steps::api_call::{ApiCall, Caller, authorize};
use crate::steps::create_invitation::{Invited, create_invitation};
use crate::steps::representative::{Offering, offer};
use crate::steps::retry::{MAX_ATTEMPTS, Written, written};

/// A request with the charts that may fit.
pub struct Asked {
    /// The request.
    pub request: RepresentativeRequest,
    /// The charts with the stated name and birth date.
    pub matches: Vec<Patient>,
}

/// The requests that wait for staff, the oldest first.
pub async fn requests<S>(app: &App<S>, call: &ApiCall) -> Result<(Vec<Asked>, Caller), Failure>
where
    S: ApiCalls + Limits + Patients + RepresentativeRequests,
{
    let store = &app.store;
    let (caller, _) = authorize(app, call, &[Scope::Invite], AlsoRead::default()).await?;
    let asked = store.access_requests(&caller.practice).await?;
    // All charts of all requests together, fifty at a time.
    let wanted: BTreeSet<PatientId> = asked.iter().flat_map(fitting).cloned().collect();
    let wanted: Vec<PatientId> = wanted.into_iter().collect();
    let mut charts: BTreeMap<PatientId, Patient> = BTreeMap::new();
    for some in wanted.chunks(50) {
        let found = store.charts(&caller.practice, some).await?;
        charts.extend(found.into_iter().map(|(patient, _)| (patient.id.clone(), patient)));
    }
    let with_charts = |request: RepresentativeRequest| {
        let matches = fitting(&request).filter_map(|id| charts.get(id).cloned()).collect();
        Asked { request, matches }
    };
    Ok((asked.into_iter().map(with_charts).collect(), caller))
}

/// The charts of a request that are shown.
fn fitting(request: &RepresentativeRequest) -> impl Iterator<Item = &PatientId> {
    request.matches.iter().take(50)
}

/// How staff let somebody in who asked.
pub struct LetIn {
    /// The request.
    pub request: RequestId,
    /// The patient whom staff found it to be about.
    pub patient: PatientId,
    /// The channel of the invitation.
    pub channel: Channel,
    /// How much of the portal they will see.
    pub level: Level,
    /// By what right, as staff checked it.
    pub authority: Option<Authority>,
}

/// Invites the representative who asked. The request is answered in the same write.
pub async fn let_in<S>(app: &App<S>, call: &ApiCall, command: &LetIn) -> Result<Invited, Failure>
where
    S: ApiCalls + Limits + Chain + Practices + Links + RepresentativeRequests + Commit,
{
    let App { context, store } = app;
    let (practice, id) = (call.key.claimed.clone(), command.request);
    let request = store.access_request(&practice, id).await?;
    create_invitation(app, call, &command.patient, |settings, patient, caller, actor| {
        let request = request.as_ref().filter(|request| request.practice == caller.practice);
        let asked = &request.ok_or(Refusal::NotFound)?.asked;
        let invitee = Invitee {
            given_name: asked.given_name.clone(),
            family_name: asked.family_name.clone(),
            relationship: asked.relationship,
            email: asked.email.clone(),
            mobile_phone: asked.mobile_phone.clone(),
            level: command.level,
            authority: command.authority.clone(),
        };
        let offering = Offering { patient: patient.id.clone(), invitee, channel: command.channel };
        let mut ready = offer(context, settings, patient, &offering, caller, actor)?;
        ready.writes.push(Write::AnswerRequest { practice: practice.clone(), id });
        Ok(ready)
    })
    .await
}

/// Refuses a request. Whoever asked hears nothing.
pub async fn refuse<S>(app: &App<S>, call: &ApiCall, id: RequestId) -> Result<Caller, Failure>
where
    S: ApiCalls + Limits + Chain + Commit,
{
    let App { context, store } = app;
    for _ in 0..MAX_ATTEMPTS {
        let (caller, _) = authorize(app, call, &[Scope::Invite], AlsoRead::default()).await?;
        caller.actor()?;
        let practice = caller.practice.clone();
        let entry = Entry {
            practice: practice.clone(),
            subject: Subject::Practice,
            at: context.now(),
            by: caller.by(),
            action: Action::AccessRequestRefused,
            detail: vec![("request_id", id.to_string())],
        };
        let event = entry.after(&store.head(&practice, &Subject::Practice).await?, &context.keyring);
        let writes = [Write::AnswerRequest { practice, id }, Write::Append(event)];
        match written(store, &writes, None).await? {
            Written::Done => return Ok(caller),
            Written::Lost(lost) if lost.contains(Record::Request) => return Err(Refusal::NotFound.into()),
            Written::Lost(_) => {}
        }
    }
    Err(Failure::Unavailable)
}
