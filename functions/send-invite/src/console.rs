//! What staff do in the Onboarding Tool: send one invitation or many, take one back, and invite somebody who said no.

use askama::Template;
use portico_domain::context::Context;
use portico_domain::model::batch::{BatchChannel, BatchOutcome, BatchResult, BatchState, Include};
use portico_domain::model::chart::Channel;
use portico_domain::model::grant::{Authority, AuthorityKind, Level};
use portico_domain::model::ids::{BatchId, PatientId};
use portico_domain::model::patient::Reason;
use portico_domain::model::practice::{Scope, Settings};
use portico_domain::model::refusal::{Failure, Refusal};
use portico_domain::operations::staff::batch::{InviteMany, Ran, batch, invite_many, stop_batch};
use portico_domain::operations::staff::portal::portal_status;
use portico_domain::operations::staff::requests::{self, LetIn};
use portico_domain::operations::staff::send_invite::{Invite, cancel, cancel_one, invite};
use portico_domain::ports::{
    ApiCalls, Batches, Chain, Commit, Directory, Enqueue, History, Limits, Links, Patients, Practices,
    RepresentativeRequests, Roster, Waiting,
};
use portico_domain::steps::api_call::{ApiCall, Caller};
use portico_domain::steps::portal_status::PortalStatus;
use portico_web::desk::{Back, Desk, NoFields, Said, back, cure, desk_page, refused, when};
use portico_web::{Answer, App, Inbound, Language, Reject, listed, reason_detail, see_other};
use serde::Deserialize;

use crate::batch::{filtered, parse_ids};
use crate::words::sent;
use crate::{is_note, same_contact};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct InviteForm {
    channel: Channel,
    reason: Option<String>,
}

#[derive(Template)]
#[template(path = "override.html")]
struct OverridePage {
    desk: Desk,
    id: String,
    name: String,
    error: Option<&'static str>,
}

impl OverridePage {
    fn new(
        inbound: &Inbound,
        context: &Context,
        portal: &PortalStatus,
        caller: &Caller,
        error: Option<&'static str>,
    ) -> Self {
        let PortalStatus { patient, settings, .. } = portal;
        Self {
            desk: Desk::of(inbound, context, settings, caller),
            id: patient.id.to_string(),
            name: patient.chart.full_name(),
            error,
        }
    }
}

/// Answers a request of the Onboarding Tool.
pub(crate) async fn answer<S, Q>(
    app: &App<S>,
    queue: &Q,
    inbound: &Inbound,
    action: &str,
) -> Result<Answer, Reject>
where
    S: ApiCalls
        + Limits
        + Chain
        + Practices
        + Links
        + History
        + Batches
        + Roster
        + Waiting
        + RepresentativeRequests
        + Directory
        + Patients
        + Commit,
    Q: Enqueue,
{
    match action {
        "POST /console/patients/batch" => check(app, queue, inbound).await,
        "POST /console/patients/batch/send" => send_many(app, queue, inbound).await,
        "GET /console/batches/{batch_id}" | "POST /console/batches/{batch_id}/stop" => {
            let call = inbound.desk(&app.context)?;
            let id = BatchId::parse(inbound.param("batch_id")).map_err(|_| Refusal::NotFound)?;
            if action.starts_with("POST ") {
                stop_batch(app, &call, id).await?;
                return Ok(see_other(&format!("/console/batches/{id}")));
            }
            let ran = batch(app, &call, id).await?;
            let settings = settings(app, &ran.caller).await?;
            Ok(desk_page(200, &ResultPage::new(inbound, &app.context, &settings, &ran)))
        }
        "POST /console/requests/{request_id}/invite" => let_in(app, inbound).await,
        "POST /console/requests/{request_id}/decline" => {
            let call = inbound.desk(&app.context)?;
            let caller = requests::refuse(app, &call, crate::requests::id(inbound)?).await?;
            let said = Said::done_on_top("Refused. They hear nothing from us; call if you want.");
            Ok(back(&app.context, &caller.practice, &Back::default(), "/console/requests", &said))
        }
        _ => one(app, inbound, action).await,
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct LetInForm {
    patient_id: Option<String>,
    channel: Channel,
    kind: AuthorityKind,
    checked: Option<String>,
}

/// Invites a representative who asked for access.
async fn let_in<S>(app: &App<S>, inbound: &Inbound) -> Result<Answer, Reject>
where
    S: ApiCalls + Limits + Chain + Practices + Links + RepresentativeRequests + Directory + Patients + Commit,
{
    let context = &app.context;
    let call = inbound.desk(context)?;
    let (form, form_back) = inbound.desk_form::<LetInForm>()?;
    if form.channel == Channel::Voice {
        return Err(Reject::malformed("channel", "invalid"));
    }
    let practice = call.key.claimed.clone();
    let missing = match (&form.patient_id, &form.checked) {
        (None, _) => Some("Choose whose chart it is."),
        (Some(_), None) => Some("Check who this is first, then tick the box."),
        (Some(_), Some(_)) => None,
    };
    if let Some(missing) = missing {
        let said = Said::not_done_on_top(missing);
        return Ok(back(context, &practice, &Back::default(), "/console/requests", &said));
    }
    let patient = form.patient_id.unwrap_or_default();
    let command = LetIn {
        request: crate::requests::id(inbound)?,
        patient: PatientId::parse(&patient).map_err(|_| Refusal::NotFound)?,
        channel: form.channel,
        level: Level::Full,
        authority: Some(Authority { kind: form.kind, reference: None, checked_by: None, until: None }),
    };
    match requests::let_in(app, &call, &command).await {
        Ok(done) => {
            if let Some(answer) = same_contact::lead_to(app, &done).await? {
                return Ok(answer);
            }
            let said = Said::done_on_top(sent(&done.link, false));
            Ok(back(context, &done.caller.practice, &form_back, "/console/requests", &said))
        }
        Err(failure) => {
            let form_back = Back { to: Some("/console/requests".to_owned()), ..form_back };
            Ok(refused(inbound, context, &practice, &form_back, &patient, failure))
        }
    }
}

async fn settings<S: Practices>(app: &App<S>, caller: &Caller) -> Result<Settings, Failure> {
    Ok(app.store.practice(&caller.practice).await?.ok_or(Failure::Broken("practice"))?.settings)
}

/// The patients of a form and how they are to be reached.
struct ManyForm {
    ids: Vec<String>,
    /// The filter of the list, if all of its patients are meant and not those that were ticked.
    all: Option<String>,
    channel: BatchChannel,
    include: Vec<Include>,
    /// The page of the list that the ticks came from.
    to: String,
}

impl ManyForm {
    fn read(inbound: &Inbound) -> Self {
        let first = |name: &str| inbound.form_values(name).into_iter().next();
        let channel = match first("channel").as_deref() {
            Some("email") => BatchChannel::Email,
            Some("sms") => BatchChannel::Sms,
            _ => BatchChannel::EmailThenSms,
        };
        let include = inbound.form_values("include");
        let has = |name: &str| include.iter().any(|known| known == name);
        Self {
            ids: inbound.form_values("patient_ids"),
            all: first("everybody"),
            channel,
            include: [(Include::Renew, has("renew")), (Include::Reset, has("reset"))]
                .into_iter()
                .filter_map(|(include, chosen)| chosen.then_some(include))
                .collect(),
            to: inbound
                .desk_back()
                .to
                .filter(|to| to.starts_with("/console/patients"))
                .unwrap_or_else(|| "/console/patients".to_owned()),
        }
    }

    fn command(&self, dry_run: bool) -> Result<InviteMany, Reject> {
        let patients = parse_ids(&self.ids)?;
        Ok(InviteMany { patients, channel: self.channel, include: self.include.clone(), dry_run })
    }
}

/// The patients whom a filter of the list admits.
async fn everybody<S>(app: &App<S>, call: &ApiCall, query: &str) -> Result<Vec<PatientId>, Reject>
where
    S: ApiCalls + Limits + Practices + Roster + Waiting,
{
    let pairs: Vec<(String, String)> = form_urlencoded::parse(query.as_bytes()).into_owned().collect();
    let values = |name: &str| {
        let named = pairs.iter().filter(|(known, _)| known == name);
        named.map(|(_, value)| value.clone()).filter(|value| !value.is_empty()).collect()
    };
    filtered(app, call, listed(values)?).await
}

/// The page before: who would get what, and who not.
async fn check<S, Q>(app: &App<S>, queue: &Q, inbound: &Inbound) -> Result<Answer, Reject>
where
    S: ApiCalls + Limits + Practices + Batches + Roster + Waiting + Chain + Commit,
    Q: Enqueue,
{
    let call = inbound.desk(&app.context)?;
    // To look ahead writes nothing, so a second click needs no marker.
    let call = ApiCall { idempotency_key: None, ..call };
    let mut form = ManyForm::read(inbound);
    if let Some(query) = &form.all {
        match everybody(app, &call, query).await {
            Ok(ids) => form.ids = ids.iter().map(ToString::to_string).collect(),
            Err(Reject::Refused(Refusal::BadRequest(_))) => {
                let said = Said::not_done_on_top("These are more than 500. Set a filter first.");
                return Ok(back(&app.context, &call.key.claimed, &Back::default(), &form.to, &said));
            }
            Err(reject) => return Err(reject),
        }
    }
    if form.ids.is_empty() {
        let said = Said::not_done_on_top("Tick somebody first.");
        return Ok(back(&app.context, &call.key.claimed, &Back::default(), &form.to, &said));
    }
    // Everything is looked at, so that the page can say what each choice adds.
    let mut command = form.command(true)?;
    command.include = vec![Include::Renew, Include::Reset];
    let ran = invite_many(app, &call, queue, command).await?;
    let settings = settings(app, &ran.caller).await?;
    Ok(desk_page(200, &CheckPage::new(inbound, &app.context, &settings, &form, &ran)))
}

/// Sends, and shows what became of each.
async fn send_many<S, Q>(app: &App<S>, queue: &Q, inbound: &Inbound) -> Result<Answer, Reject>
where
    S: ApiCalls + Limits + Practices + Batches + Waiting + Chain + Commit,
    Q: Enqueue,
{
    let call = inbound.desk(&app.context)?;
    let ran = invite_many(app, &call, queue, ManyForm::read(inbound).command(false)?).await?;
    if ran.state == BatchState::Running {
        return Ok(see_other(&format!("/console/batches/{}", ran.id)));
    }
    let settings = settings(app, &ran.caller).await?;
    Ok(desk_page(200, &ResultPage::new(inbound, &app.context, &settings, &ran)))
}

/// One patient of a batch, in words.
struct Told {
    id: String,
    name: String,
    why: String,
    /// The page on which what is in the way is mended, and what its link says.
    cure: Option<(&'static str, &'static str)>,
}

/// Where staff mend what kept an invitation back.
fn mended_by(reasons: &[String]) -> Option<(&'static str, &'static str)> {
    reasons.iter().find_map(|code| match serde_json::from_value::<Reason>(code.as_str().into()).ok()? {
        Reason::MissingEmail | Reason::MissingMobilePhone => Some(("contacts", "Add contact")),
        Reason::MissingPostalCode => Some(("contacts", "Add ZIP code")),
        Reason::UnusableName => Some(("contacts", "Correct name")),
        Reason::AddressBounced | Reason::ReportedWrongRecipient => Some(("contacts", "Correct")),
        Reason::Declined => Some(("override", "Invite anyway")),
        _ => None,
    })
}

fn told(result: &BatchResult) -> Told {
    let sentence = |code: &String| match code.as_str() {
        "pending" => "Has a link that still works".to_owned(),
        "already_registered" => "In already".to_owned(),
        "access_revoked" => "Access was taken away: give it back on the patient's page".to_owned(),
        "declined" => "Said no".to_owned(),
        "not_found" => "No such chart".to_owned(),
        "too_many_requests" => "The number got enough texts for now".to_owned(),
        "try_again" => "Our side: try again".to_owned(),
        code => match serde_json::from_value::<Reason>(code.into()) {
            Ok(reason) => cure(reason).0.to_owned(),
            Err(_) => reason_detail(code, Language::English).unwrap_or(code).to_owned(),
        },
    };
    let name = format!("{}, {}", result.family_name, result.given_name);
    Told {
        id: result.patient.to_string(),
        name: if result.family_name.is_empty() { result.patient.to_string() } else { name },
        why: result.reasons.iter().map(sentence).collect::<Vec<_>>().join(". "),
        cure: mended_by(&result.reasons),
    }
}

#[derive(Template)]
#[template(path = "check.html")]
struct CheckPage {
    desk: Desk,
    ids: Vec<String>,
    count: usize,
    channel: &'static str,
    to: String,
    invited: Vec<Told>,
    renewed: Vec<Told>,
    reset: Vec<Told>,
    not: Vec<Told>,
    will_renew: bool,
    will_reset: bool,
    /// How many texts wait for the hours of texts, and until when the first of them.
    waits: Option<(usize, String)>,
}

impl CheckPage {
    fn new(inbound: &Inbound, context: &Context, settings: &Settings, form: &ManyForm, ran: &Ran) -> Self {
        let of =
            |outcome: BatchOutcome| ran.results.iter().filter(|it| it.outcome == outcome).map(told).collect();
        let waiting = ran.results.iter().filter_map(|result| result.not_before);
        let first = waiting.clone().min();
        let until = |at| (waiting.count(), when(at, context.now(), &settings.zone()));
        Self {
            waits: first.map(until),
            desk: Desk::of(inbound, context, settings, &ran.caller),
            ids: ran.results.iter().map(|result| result.patient.to_string()).collect(),
            count: ran.results.len(),
            channel: match form.channel {
                BatchChannel::Email => "email",
                BatchChannel::Sms => "sms",
                BatchChannel::EmailThenSms => "email_then_sms",
            },
            to: form.to.clone(),
            invited: of(BatchOutcome::Invited),
            renewed: of(BatchOutcome::Renewed),
            reset: of(BatchOutcome::ResetSent),
            not: ran.results.iter().filter(|it| it.outcome >= BatchOutcome::Skipped).map(told).collect(),
            will_renew: form.include.contains(&Include::Renew),
            will_reset: form.include.contains(&Include::Reset),
        }
    }
}

#[derive(Template)]
#[template(path = "result.html")]
struct ResultPage {
    desk: Desk,
    id: String,
    title: String,
    is_running: bool,
    done: usize,
    size: usize,
    note: Option<String>,
    sent: Vec<Told>,
    /// Who was left out on purpose: they have a link that works, or are in.
    left_out: Vec<Told>,
    not: Vec<Told>,
}

impl ResultPage {
    fn new(inbound: &Inbound, context: &Context, settings: &Settings, ran: &Ran) -> Self {
        let is_sent = |result: &&BatchResult| result.outcome < BatchOutcome::Skipped;
        let sent: Vec<Told> = ran.results.iter().filter(is_sent).map(told).collect();
        let (left_out, not): (Vec<&BatchResult>, Vec<&BatchResult>) =
            ran.results.iter().filter(|it| !is_sent(it)).partition(|result| is_left_out(result));
        let told = |results: Vec<&BatchResult>| results.into_iter().map(told).collect::<Vec<Told>>();
        let (left_out, not) = (told(left_out), told(not));
        let left = ran.size - ran.results.len();
        Self {
            desk: Desk::of(inbound, context, settings, &ran.caller),
            id: ran.id.to_string(),
            title: match ran.state {
                BatchState::Running => format!("Sending: {} of {}", ran.results.len(), ran.size),
                _ if left_out.len() + not.len() + left == 0 => format!("{} sent", sent.len()),
                _ => format!("{} sent, {} not", sent.len(), left_out.len() + not.len() + left),
            },
            is_running: ran.state == BatchState::Running,
            done: ran.results.len(),
            size: ran.size,
            note: match ran.state {
                BatchState::Running | BatchState::Done => None,
                BatchState::Stopped => {
                    let by = ran.stopped_by.as_ref().map(|by| format!(" by {by}")).unwrap_or_default();
                    Some(format!("Stopped{by}. {left} were not looked at."))
                }
                BatchState::Withdrawn => {
                    Some(format!("This window's right to send ended. {left} were not looked at."))
                }
            },
            sent,
            left_out,
            not,
        }
    }
}

/// Whether a patient was left out because staff did not ask for more: who has a link that works, or is in.
fn is_left_out(result: &BatchResult) -> bool {
    !result.reasons.is_empty()
        && result.reasons.iter().all(|code| matches!(code.as_str(), "pending" | "already_registered"))
}

async fn one<S>(app: &App<S>, inbound: &Inbound, action: &str) -> Result<Answer, Reject>
where
    S: ApiCalls + Limits + Chain + Practices + Links + History + Commit,
{
    let context = &app.context;
    let call = inbound.desk(context)?;
    let patient = PatientId::parse(inbound.param("patient_id")).map_err(|_| Refusal::NotFound)?;
    let (id, to) = (patient.to_string(), format!("/console/patients/{patient}"));
    match action {
        "POST /console/patients/{patient_id}/invite" => {
            let (form, form_back) = inbound.desk_form::<InviteForm>()?;
            send(app, inbound, patient, form, form_back).await
        }
        "GET /console/patients/{patient_id}/override" => {
            let (portal, caller) =
                portal_status(app, &call, &[Scope::Invite, Scope::ChartRead], &patient).await?;
            Ok(desk_page(200, &OverridePage::new(inbound, context, &portal, &caller, None)))
        }
        "POST /console/patients/{patient_id}/override" => {
            let (form, form_back) = inbound.desk_form::<InviteForm>()?;
            if form.reason.as_ref().is_none_or(|why| why.trim().is_empty()) {
                let (portal, caller) =
                    portal_status(app, &call, &[Scope::Invite, Scope::ChartRead], &patient).await?;
                let error = Some("Write why they want it now.");
                return Ok(desk_page(400, &OverridePage::new(inbound, context, &portal, &caller, error)));
            }
            send(app, inbound, patient, form, Back { to: Some(to), ..form_back }).await
        }
        "POST /console/patients/{patient_id}/cancel" => {
            let (NoFields {}, form_back) = inbound.desk_form::<NoFields>()?;
            let (_, caller) = cancel(app, &call, &patient).await?;
            let said = Said::done(&id, "Taken back. The link no longer works.");
            Ok(back(context, &caller.practice, &form_back, &to, &said))
        }
        "POST /console/patients/{patient_id}/invitations/{invitation_id}/cancel" => {
            let (NoFields {}, form_back) = inbound.desk_form::<NoFields>()?;
            let invitation = crate::invitation(inbound)?;
            let (_, caller) = Box::pin(cancel_one(app, &call, &patient, invitation)).await?;
            let said = Said::done(&id, "Taken back. That link no longer works; the others do.");
            Ok(back(context, &caller.practice, &form_back, &to, &said))
        }
        _ => Err(Refusal::NotFound.into()),
    }
}

/// Sends one invitation, and says where it went.
async fn send<S>(
    app: &App<S>,
    inbound: &Inbound,
    patient: PatientId,
    form: InviteForm,
    form_back: Back,
) -> Result<Answer, Reject>
where
    S: ApiCalls + Limits + Chain + Practices + Links + Commit,
{
    let context = &app.context;
    let call = inbound.desk(context)?;
    let (id, to) = (patient.to_string(), format!("/console/patients/{patient}"));
    if form.channel == Channel::Voice {
        return Err(Reject::malformed("channel", "invalid"));
    }
    let why = form.reason.map(|why| why.trim().to_owned()).filter(|why| !why.is_empty());
    if why.as_ref().is_some_and(|why| !is_note(why)) {
        return Err(Reject::malformed("reason", "too_long"));
    }
    match invite(app, &call, &Invite { patient, channel: form.channel, why }).await {
        Ok(done) => {
            let said = Said::done(&id, sent(&done.link, done.replaced));
            Ok(back(context, &done.caller.practice, &form_back, &to, &said))
        }
        Err(failure) => Ok(refused(inbound, context, &call.key.claimed, &form_back, &id, failure)),
    }
}
