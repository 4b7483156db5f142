//! The page on which staff add a patient who is not on file, and invite in the same step.

use askama::Template;
use portico_domain::context::Context;
use portico_domain::model::auto_invite::day;
use portico_domain::model::chart::Channel;
use portico_domain::model::practice::{Scope, Settings};
use portico_domain::model::refusal::{Failure, FieldFault, Refusal};
use portico_domain::operations::staff::desk::desk;
use portico_domain::operations::staff::quick_add::{self, quick_add};
use portico_domain::ports::{ApiCalls, Commit, Directory, Limits, Links, Patients, Practices};
use portico_domain::steps::api_call::Caller;
use portico_web::desk::{Back, Desk, Said, back, born, contact, desk_page, not_done_because};
use portico_web::{Answer, App, Inbound, Reject};
use serde::Deserialize;

use super::Field;
use crate::request::QuickAddRequest;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct AddForm {
    given_name: Option<String>,
    family_name: Option<String>,
    birth_date: Option<String>,
    email: Option<String>,
    mobile_phone: Option<String>,
    invite: Option<String>,
    allow_duplicate: Option<String>,
}

/// What a window needs for this page.
const NEEDED: [Scope; 2] = [Scope::ChartWrite, Scope::Invite];

/// A way to invite, or not to.
struct Way {
    value: &'static str,
    label: &'static str,
    is_chosen: bool,
}

const WAYS: [(&str, &str); 3] = [("email", "Email a link"), ("sms", "Text a link"), ("none", "Not now")];

/// A chart that may be this person's.
struct Alike {
    id: String,
    name: String,
    born: String,
}

#[derive(Template)]
#[template(path = "add.html")]
struct AddPage {
    desk: Desk,
    fields: Vec<Field>,
    ways: Vec<Way>,
    alike: Vec<Alike>,
    /// Why nothing was added, where no field is at fault.
    problem: Option<String>,
    is_faulty: bool,
}

impl AddPage {
    fn new(
        inbound: &Inbound,
        context: &Context,
        (caller, settings): &(Caller, Settings),
        faults: &[FieldFault],
    ) -> Self {
        let field = |name, label, kind| Field::new(inbound, faults, (name, label, kind), String::new());
        let birth_date = field("birth_date", "Birth date", "text");
        let fields = vec![
            field("given_name", "First name", "text"),
            field("family_name", "Last name", "text"),
            Field { hint: Some("Month, day, year, as in 4/27/1945".to_owned()), ..birth_date },
            field("email", "Email", "email"),
            field("mobile_phone", "Cell phone", "tel"),
        ];
        let chosen = inbound.form_values("invite").into_iter().next().unwrap_or_else(|| "email".to_owned());
        let ways = WAYS.map(|(value, label)| Way { value, label, is_chosen: value == chosen });
        Self {
            desk: Desk::of(inbound, context, settings, caller),
            is_faulty: fields.iter().any(|field| field.error.is_some()),
            fields,
            ways: ways.into(),
            alike: Vec::new(),
            problem: None,
        }
    }
}

/// Shows the empty form.
pub(super) async fn form<S>(app: &App<S>, inbound: &Inbound) -> Result<Answer, Reject>
where
    S: ApiCalls + Limits + Practices,
{
    let call = inbound.desk(&app.context)?;
    let frame = desk(app, &call, &NEEDED).await?;
    Ok(desk_page(200, &AddPage::new(inbound, &app.context, &frame, &[])))
}

/// Adds the patient; or shows the form again, with what is wrong in it or with the charts that may be this person's.
pub(super) async fn add<S>(app: &App<S>, inbound: &Inbound) -> Result<Answer, Reject>
where
    S: ApiCalls + Limits + Practices + Directory + Patients + Links + Commit,
{
    let context = &app.context;
    let call = inbound.desk(context)?;
    let (form, _) = inbound.desk_form::<AddForm>()?;
    let again = async |faults: &[FieldFault]| {
        let frame = desk(app, &call, &NEEDED).await?;
        Ok(desk_page(400, &AddPage::new(inbound, context, &frame, faults)))
    };
    let command = match request(form)?.parse(context.now()) {
        Ok(read) if read.left_out.is_empty() => read.command,
        // Staff see the field and can mend it at once, so nothing is left out here.
        Ok(read) => return again(&read.left_out).await,
        Err(Reject::Refused(Refusal::BadRequest(faults))) => return again(&faults).await,
        Err(reject) => return Err(reject),
    };
    let added = match Box::pin(quick_add(app, &call, &command)).await {
        Ok(added) => added,
        Err(Failure::Refused(Refusal::PossibleDuplicate(ids))) => {
            let (patients, frame) = quick_add::possible_duplicates(app, &call, &ids).await?;
            let today = day(context.now(), &frame.1);
            let alike = patients.iter().map(|patient| Alike {
                id: patient.id.to_string(),
                name: patient.chart.full_name(),
                born: born(&patient.chart, today),
            });
            let page = AddPage { alike: alike.collect(), ..AddPage::new(inbound, context, &frame, &[]) };
            return Ok(desk_page(409, &page));
        }
        Err(failure) => {
            let Some(problem) = not_done_because(&failure) else { return Err(failure.into()) };
            let frame = desk(app, &call, &NEEDED).await?;
            let page = AddPage { problem: Some(problem), ..AddPage::new(inbound, context, &frame, &[]) };
            return Ok(desk_page(422, &page));
        }
    };
    let name = added.patient.chart.full_name();
    let text = match added.link.as_ref().and_then(|link| link.sent_to.as_ref()) {
        Some(sent_to) => format!("{name} is added. A link is on its way to {}.", contact(sent_to.reveal())),
        None => format!("{name} is added, and not invited yet."),
    };
    let id = added.patient.id;
    let said = Said::done(id.as_str(), text);
    let to = format!("/console/patients/{id}");
    Ok(back(context, &added.caller.practice, &Back::default(), &to, &said))
}

fn request(form: AddForm) -> Result<QuickAddRequest, Reject> {
    let channel = match form.invite.as_deref() {
        Some("email") => Some(Channel::Email),
        Some("sms") => Some(Channel::Sms),
        Some("none") | None => None,
        Some(_) => return Err(Reject::malformed("invite", "invalid")),
    };
    Ok(QuickAddRequest {
        given_name: form.given_name,
        family_name: form.family_name,
        birth_date: form.birth_date,
        activate_portal: channel.is_some(),
        channel,
        email: form.email,
        mobile_phone: form.mobile_phone,
        allow_duplicate: form.allow_duplicate.is_some(),
    })
}
