//! What staff do in the Onboarding Tool: send one invitation or many, take one back, and invite somebody who said no.

use askama::Template;
use portico_domain::context::Context;
use portico_domain::model::chart::Channel;
use portico_domain::model::ids::PatientId;
use portico_domain::model::link::{Kind, Link};
use portico_domain::model::practice::Scope;
use portico_domain::model::refusal::Refusal;
use portico_domain::operations::staff::portal::portal_status;
use portico_domain::operations::staff::send_invite::{Invite, cancel, invite};
use portico_domain::ports::{ApiCalls, Chain, Commit, History, Limits, Links, Practices};
use portico_domain::steps::api_call::Caller;
use portico_domain::steps::portal_status::PortalStatus;
use portico_web::desk::{Back, Desk, Said, back, desk_page, full_name, refused};
use portico_web::{Answer, App, Inbound, Reject, phone};
use serde::Deserialize;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct InviteForm {
    channel: Channel,
    reason: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct NoFields {}

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
            name: full_name(&patient.chart),
            error,
        }
    }
}

/// What was sent where, in words.
fn sent(link: &Link, was_replaced: bool) -> String {
    let to = link.sent_to.as_ref().map(|to| to.reveal().to_owned());
    let to = to.map(|to| if to.starts_with('+') { phone(&to) } else { to });
    let what = match link.kind {
        Kind::Reset => "A link for a new password",
        Kind::Restored => "Access is back. A message",
        Kind::Registration | Kind::Representative | Kind::Address => "A link",
    };
    let old = if was_replaced { " The old one stopped." } else { "" };
    match to {
        Some(to) => format!("Sent. {what} is on its way to {to}.{old}"),
        None => format!("The letter is ready.{old}"),
    }
}

/// Answers a request of the Onboarding Tool about one patient.
pub(crate) async fn answer<S>(app: &App<S>, inbound: &Inbound, action: &str) -> Result<Answer, Reject>
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
            if form.channel == Channel::Voice {
                return Err(Reject::malformed("channel", "invalid"));
            }
            let why = form.reason.map(|why| why.trim().to_owned()).filter(|why| !why.is_empty());
            let command = Invite { patient, channel: form.channel, why };
            match invite(app, &call, &command).await {
                Ok(done) => {
                    let said = Said::done(&id, sent(&done.link, done.replaced));
                    Ok(back(context, &done.caller.practice, &form_back, &to, &said))
                }
                Err(failure) => Ok(refused(inbound, context, &call.key.claimed, &form_back, &id, failure)),
            }
        }
        "GET /console/patients/{patient_id}/override" => {
            let (portal, caller) = portal_status(app, &call, &[Scope::Invite, Scope::ChartRead], &patient).await?;
            Ok(desk_page(200, &OverridePage::new(inbound, context, &portal, &caller, None)))
        }
        "POST /console/patients/{patient_id}/override" => {
            let (form, form_back) = inbound.desk_form::<InviteForm>()?;
            let why = form.reason.map(|why| why.trim().to_owned()).filter(|why| !why.is_empty());
            if why.is_none() {
                let (portal, caller) =
                    portal_status(app, &call, &[Scope::Invite, Scope::ChartRead], &patient).await?;
                let error = Some("Write why they want it now.");
                return Ok(desk_page(400, &OverridePage::new(inbound, context, &portal, &caller, error)));
            }
            let form_back = Back { to: Some(to.clone()), ..form_back };
            let command = Invite { patient, channel: form.channel, why };
            match invite(app, &call, &command).await {
                Ok(done) => {
                    let said = Said::done(&id, sent(&done.link, done.replaced));
                    Ok(back(context, &done.caller.practice, &form_back, &to, &said))
                }
                Err(failure) => Ok(refused(inbound, context, &call.key.claimed, &form_back, &id, failure)),
            }
        }
        "POST /console/patients/{patient_id}/cancel" => {
            let (NoFields {}, form_back) = inbound.desk_form::<NoFields>()?;
            let (_, caller) = cancel(app, &call, &patient).await?;
            let said = Said::done(&id, "Taken back. The link no longer works.");
            Ok(back(context, &caller.practice, &form_back, &to, &said))
        }
        _ => Err(Refusal::NotFound.into()),
    }
}
