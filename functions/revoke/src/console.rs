//! What staff do in the Onboarding Tool: turn access on and off, record a no, and take access away, on a page that says
//! what follows.

use askama::Template;
use portico_domain::context::Context;
use portico_domain::model::account::Account;
use portico_domain::model::ids::{AccountId, PatientId};
use portico_domain::model::patient::RevokeReason;
use portico_domain::model::practice::Scope;
use portico_domain::model::refusal::Refusal;
use portico_domain::operations::staff::portal::portal_status;
use portico_domain::operations::staff::revoke::{decline, revoke, set_access};
use portico_domain::ports::{ApiCalls, Commit, History, Limits, Practices};
use portico_domain::steps::access::Revoke;
use portico_domain::steps::api_call::Caller;
use portico_domain::steps::notice::notice_channels;
use portico_domain::steps::portal_status::PortalStatus;
use portico_web::desk::{Back, Desk, Said, back, contact, desk_page, refused};
use portico_web::{Answer, App, Inbound, Reject, flag};
use serde::Deserialize;

use crate::note;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct AccessForm {
    #[serde(deserialize_with = "flag")]
    enabled: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct DeclineForm {
    reason: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RevokeForm {
    account_id: Option<String>,
    reason: Option<RevokeReason>,
    note: Option<String>,
    #[serde(default, deserialize_with = "flag")]
    silent: bool,
}

/// Somebody whose access can be taken away.
struct Holder {
    account: String,
    who: String,
    chosen: bool,
}

#[derive(Template)]
#[template(path = "revoke.html")]
struct RevokePage {
    desk: Desk,
    id: String,
    name: String,
    everybody: String,
    is_everybody: bool,
    holders: Vec<Holder>,
    reasons: [(&'static str, &'static str, bool); 6],
    told_at: Option<String>,
    note: String,
    silent: bool,
    error: Option<&'static str>,
}

const REASONS: [(&str, &str); 6] = [
    ("patient_request", "The patient asked"),
    ("left_practice", "Left the practice"),
    ("compromised", "Somebody else may know the password"),
    ("identity_error", "The wrong person was let in"),
    ("representative_ended", "A representative's right ended"),
    ("other", "Something else"),
];

impl RevokePage {
    fn new(
        inbound: &Inbound,
        context: &Context,
        portal: &PortalStatus,
        caller: &Caller,
        error: Option<&'static str>,
    ) -> Self {
        let PortalStatus { patient, settings, accounts, .. } = portal;
        let typed = |name: &str| inbound.form_values(name).into_iter().next();
        let one = typed("account_id").or_else(|| inbound.query("account_id").map(str::to_owned));
        let one = one.filter(|one| one != "all");
        let live: Vec<_> = patient.live_accounts().collect();
        let others =
            live.iter().filter(|known| patient.own_account().is_none_or(|own| own.id != known.id)).count();
        let name = patient.chart.full_name();
        let holders = live.iter().map(|known| {
            let account = accounts.iter().find(|account| account.id == known.id);
            let theirs = account.map(Account::holder_name).unwrap_or_default();
            let own = patient.own_account().is_some_and(|own| own.id == known.id);
            let theirs = format!("{theirs}, {}", known.relationship.as_str());
            Holder {
                account: known.id.to_string(),
                who: if own { format!("Only {name}") } else { format!("Only {theirs}") },
                chosen: one.as_deref() == Some(&known.id.to_string()),
            }
        });
        let holders: Vec<Holder> = holders.collect();
        let chosen = typed("reason").or_else(|| one.as_ref().map(|_| "representative_ended".to_owned()));
        let told_at: Vec<String> = notice_channels(patient)
            .filter_map(|channel| patient.chart.address(channel))
            .map(contact)
            .collect();
        let told_at = (!told_at.is_empty()).then(|| told_at.join(" and "));
        Self {
            desk: Desk::of(inbound, context, settings, caller),
            id: patient.id.to_string(),
            everybody: match others {
                0 => format!("Everybody: {name}"),
                1 => format!("Everybody: {name} and 1 representative"),
                more => format!("Everybody: {name} and {more} representatives"),
            },
            name,
            is_everybody: one.is_none(),
            holders,
            reasons: REASONS.map(|(value, label)| (value, label, chosen.as_deref() == Some(value))),
            told_at,
            note: typed("note").unwrap_or_default(),
            silent: typed("silent").is_some(),
            error,
        }
    }
}

/// Answers a request of the Onboarding Tool.
pub(crate) async fn answer<S>(app: &App<S>, inbound: &Inbound, action: &str) -> Result<Answer, Reject>
where
    S: ApiCalls + Limits + Practices + History + Commit,
{
    let context = &app.context;
    let call = inbound.desk(context)?;
    let patient = PatientId::parse(inbound.param("patient_id")).map_err(|_| Refusal::NotFound)?;
    let to = format!("/console/patients/{patient}");
    let id = patient.to_string();
    match action {
        "POST /console/patients/{patient_id}/access" => {
            let (form, form_back) = inbound.desk_form::<AccessForm>()?;
            let (portal, caller) = set_access(app, &call, &patient, form.enabled).await?;
            let name = portal.patient.chart.full_name();
            let text = if form.enabled {
                format!("Portal access is on for {name}.")
            } else {
                format!("Portal access is off for {name}. Everybody's access stopped. Nothing was deleted.")
            };
            Ok(back(context, &caller.practice, &form_back, &to, &Said::done(&id, text)))
        }
        "POST /console/patients/{patient_id}/decline" => {
            let (form, form_back) = inbound.desk_form::<DeclineForm>()?;
            let reason = note("reason", form.reason)?;
            let (portal, caller) = decline(app, &call, &patient, reason.as_deref()).await?;
            let text =
                format!("Recorded: {} said no. Nothing more is sent.", portal.patient.chart.full_name());
            Ok(back(context, &caller.practice, &form_back, &to, &Said::done(&id, text)))
        }
        "GET /console/patients/{patient_id}/revoke" => {
            let (portal, caller) = portal_status(app, &call, &[Scope::Revoke], &patient).await?;
            Ok(desk_page(200, &RevokePage::new(inbound, context, &portal, &caller, None)))
        }
        "POST /console/patients/{patient_id}/revoke" => {
            let (form, form_back) = inbound.desk_form::<RevokeForm>()?;
            let (portal, caller) = portal_status(app, &call, &[Scope::Revoke], &patient).await?;
            let note = note("note", form.note)?;
            let missing = match (form.reason, &note) {
                (None, _) => Some("Choose why."),
                (Some(RevokeReason::Other), None) => Some("Write what happened."),
                (Some(_), None) if form.silent => Some("Write why nobody is told."),
                (Some(_), _) => None,
            };
            let (Some(reason), None) = (form.reason, missing) else {
                return Ok(desk_page(400, &RevokePage::new(inbound, context, &portal, &caller, missing)));
            };
            let account =
                form.account_id.filter(|one| one != "all").as_deref().map(AccountId::parse).transpose();
            let account = account.map_err(|_| Refusal::NotFound)?;
            let command = Revoke { patient: patient.clone(), reason, note, account, notify: !form.silent };
            let form_back = Back { to: Some(to.clone()), ..form_back };
            match revoke(app, &call, &command).await {
                Ok((portal, caller)) => {
                    let text = format!(
                        "Access ended for {}.",
                        if account.is_some() {
                            "one person".to_owned()
                        } else {
                            portal.patient.chart.full_name()
                        }
                    );
                    Ok(back(context, &caller.practice, &form_back, &to, &Said::done(&id, text)))
                }
                Err(failure) => Ok(refused(inbound, context, &caller.practice, &form_back, &id, failure)),
            }
        }
        _ => Err(Refusal::NotFound.into()),
    }
}
