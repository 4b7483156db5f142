//! Requests for access by representatives, in the API.

use portico_domain::model::chart::Channel;
use portico_domain::model::grant::Level;
use portico_domain::model::ids::{PatientId, RequestId};
use portico_domain::model::person::{Email, Line, Phone};
use portico_domain::model::refusal::Refusal;
use portico_domain::operations::staff::requests::{self, Asked, LetIn, requests};
use portico_domain::ports::{
    ApiCalls, Chain, Commit, Limits, Links, Patients, Practices, RepresentativeRequests,
};
use portico_web::{Answer, App, AuthorityRequest, Inbound, Reject, json as reply, view};
use serde::Deserialize;
use serde_json::{Value, json};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct LetInRequest {
    patient_id: String,
    channel: Channel,
    level: Option<Level>,
    authority: Option<AuthorityRequest>,
}

pub(crate) fn id(inbound: &Inbound) -> Result<RequestId, Reject> {
    Ok(RequestId::parse(inbound.param("request_id")).map_err(|_| Refusal::NotFound)?)
}

pub(crate) async fn show<S>(app: &App<S>, inbound: &Inbound) -> Result<Answer, Reject>
where
    S: ApiCalls + Limits + Patients + RepresentativeRequests,
{
    let (all, _) = requests(app, &inbound.staff()?).await?;
    Ok(reply(200, &json!({"requests": all.iter().map(one).collect::<Vec<Value>>()})))
}

fn one(waiting: &Asked) -> Value {
    let Asked { request, matches } = waiting;
    let asked = &request.asked;
    let mut view = json!({
        "id": request.id.to_string(),
        "asked_at": request.asked_at.to_string(),
        "given_name": asked.given_name.reveal(),
        "family_name": asked.family_name.reveal(),
        "relationship": asked.relationship,
        "patient_given_name": asked.patient_given_name.reveal(),
        "patient_family_name": asked.patient_family_name.reveal(),
        "patient_birth_date": asked.patient_birth_date.reveal(),
        "matches": matches.iter().map(|patient| json!({
            "patient_id": patient.id,
            "given_name": patient.chart.given_name.reveal(),
            "family_name": patient.chart.family_name.reveal(),
            "birth_date": patient.chart.birth_date.reveal(),
        })).collect::<Vec<Value>>(),
    });
    if let [only] = &matches[..] {
        view["patient_id"] = json!(only.id);
    }
    let texts = [
        ("email", asked.email.as_ref().map(Email::reveal)),
        ("mobile_phone", asked.mobile_phone.as_ref().map(Phone::reveal)),
        ("message", asked.message.as_ref().map(Line::reveal)),
    ];
    for (name, value) in texts {
        if let Some(value) = value {
            view[name] = json!(value);
        }
    }
    view
}

pub(crate) async fn let_in<S>(app: &App<S>, inbound: &Inbound) -> Result<Answer, Reject>
where
    S: ApiCalls + Limits + Chain + Practices + Links + RepresentativeRequests + Commit,
{
    let call = inbound.staff()?;
    let body: LetInRequest = inbound.body()?;
    if body.channel == Channel::Voice {
        return Err(Reject::malformed("channel", "invalid"));
    }
    let command = LetIn {
        request: id(inbound)?,
        patient: PatientId::parse(&body.patient_id).map_err(|_| Refusal::NotFound)?,
        channel: body.channel,
        level: body.level.unwrap_or_default(),
        authority: body.authority.map(AuthorityRequest::parse).transpose().map_err(Reject::fields)?,
    };
    let sent = requests::let_in(app, &call, &command).await?;
    Ok(reply(201, &view::invitation(&sent.link, &sent.caller, &app.context.keyring, app.context.now())))
}

pub(crate) async fn refuse<S>(app: &App<S>, inbound: &Inbound) -> Result<Answer, Reject>
where
    S: ApiCalls + Limits + Chain + Commit,
{
    requests::refuse(app, &inbound.staff()?, id(inbound)?).await?;
    Ok(reply(200, &json!({})))
}
