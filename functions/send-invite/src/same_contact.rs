//! The page after the invitation of a representative who is also a contact of other patients: the same invitation for them.

use askama::Template;
use portico_domain::context::Context;
use portico_domain::model::auto_invite::day;
use portico_domain::model::grant::Level;
use portico_domain::model::ids::{LinkId, PatientId};
use portico_domain::model::link::Invitee;
use portico_domain::model::patient::Patient;
use portico_domain::model::person::{Email, Phone, spoken};
use portico_domain::model::practice::Scope;
use portico_domain::model::refusal::Failure;
use portico_domain::operations::staff::same_contact::{SameContact, same_contact};
use portico_domain::ports::{ApiCalls, Directory, Limits, Links, Patients, Practices};
use portico_domain::steps::api_call::ApiCall;
use portico_domain::steps::create_invitation::Invited;
use portico_domain::steps::same_contact::with_same_contact;
use portico_web::desk::{Back, Desk, Said, back, born, desk_page};
use portico_web::{Answer, App, Inbound, Reject, see_other};

use crate::words::{kind_label, sent};

/// One of the other patients.
struct Other {
    id: String,
    name: String,
    born: String,
}

#[derive(Template)]
#[template(path = "same-contact.html")]
struct SameContactPage {
    desk: Desk,
    /// The patient whose representative was invited.
    id: String,
    name: String,
    who: String,
    /// What the representative will see, and by what right.
    what: String,
    others: Vec<Other>,
    /// The names and values of the form, which are those of the first invitation.
    fields: Vec<(&'static str, String)>,
}

/// What a form says that invites this person.
fn fields(invitee: &Invitee) -> Vec<(&'static str, String)> {
    let authority = invitee.authority.as_ref();
    let text = |text: Option<String>| text.unwrap_or_default();
    let all = [
        ("given_name", invitee.given_name.reveal().to_owned()),
        ("family_name", invitee.family_name.reveal().to_owned()),
        ("relationship", invitee.relationship.as_str().to_owned()),
        ("email", text(invitee.email.as_ref().map(|email| Email::reveal(email).to_owned()))),
        ("mobile_phone", text(invitee.mobile_phone.as_ref().and_then(Phone::dialable).map(str::to_owned))),
        ("level", invitee.level.as_str().to_owned()),
        ("kind", text(authority.map(|authority| authority.kind.as_str().to_owned()))),
        (
            "reference",
            text(authority.and_then(|authority| Some(authority.reference.as_ref()?.reveal().to_owned()))),
        ),
        ("until", text(authority.and_then(|authority| Some(authority.until?.to_string())))),
    ];
    all.into_iter().filter(|(_, value)| !value.is_empty()).collect()
}

impl SameContactPage {
    fn new(inbound: &Inbound, context: &Context, found: &SameContact) -> Self {
        let SameContact { patient, invitee, others, settings, caller } = found;
        let today = day(context.now(), settings);
        let sees = match invitee.level {
            Level::Full => "everything",
            Level::Limited => "appointments and messages",
        };
        let right = invitee.authority.as_ref().map(|authority| kind_label(authority.kind).to_lowercase());
        let right = right.map(|right| format!(", by this right: {right}")).unwrap_or_default();
        let other = |other: &Patient| Other {
            id: other.id.to_string(),
            name: other.chart.full_name(),
            born: born(&other.chart, today),
        };
        Self {
            desk: Desk::of(inbound, context, settings, caller),
            id: patient.id.to_string(),
            name: patient.chart.full_name(),
            who: spoken(&invitee.given_name, &invitee.family_name),
            what: format!("They will see {sees}{right}."),
            others: others.iter().map(other).collect(),
            fields: fields(invitee),
        }
    }
}

/// Leads from an invitation of a representative to the page of the other patients; `None` if there are none, or if the
/// caller may not see charts.
pub(crate) async fn lead_to<S: Directory + Patients>(
    app: &App<S>,
    done: &Invited,
) -> Result<Option<Answer>, Failure> {
    let Invited { link, caller, replaced } = done;
    let Some(invitee) = link.invitee.as_ref().filter(|_| caller.may(Scope::ChartRead)) else {
        return Ok(None);
    };
    if with_same_contact(&app.store, &caller.practice, &link.patient, invitee).await?.is_empty() {
        return Ok(None);
    }
    let to = format!("/console/patients/{}/representatives?also={}", link.patient, link.id);
    let said = Said::done_on_top(sent(link, *replaced));
    Ok(Some(back(&app.context, &caller.practice, &Back::default(), &to, &said)))
}

/// Shows for whom else the representative of this invitation can be invited. If there is nobody, leads to the patient.
pub(crate) async fn show<S>(
    app: &App<S>,
    inbound: &Inbound,
    call: &ApiCall,
    patient: &PatientId,
    invitation: LinkId,
) -> Result<Answer, Reject>
where
    S: ApiCalls + Limits + Practices + Links + Directory + Patients,
{
    let found = same_contact(app, call, patient, invitation).await?;
    if found.others.is_empty() {
        return Ok(see_other(&format!("/console/patients/{patient}")));
    }
    Ok(desk_page(200, &SameContactPage::new(inbound, &app.context, &found)))
}
