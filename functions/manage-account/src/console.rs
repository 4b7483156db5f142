//! The Onboarding Tool's pages about accounts: what waits for a decision, the search, and a login by hand.

use askama::Template;
use portico_domain::context::Context;
use portico_domain::model::browser::Browser;
use portico_domain::model::grant::Relationship;
use portico_domain::model::ids::{AccountId, PatientId};
use portico_domain::model::password::{Password, temporary_password};
use portico_domain::model::person::spoken;
use portico_domain::model::practice::{Scope, Settings};
use portico_domain::model::refusal::{Failure, Refusal};
use portico_domain::model::search::FoundAccounts;
use portico_domain::model::session::Session;
use portico_domain::operations::staff::accounts::{
    check_username, delete, end_sessions, search, sessions, unlock,
};
use portico_domain::operations::staff::credentials::{NewCredentials, set_credentials};
use portico_domain::operations::staff::desk::desk;
use portico_domain::operations::staff::holds::{Held, decide_hold, held};
use portico_domain::operations::staff::merge::{MergedLogins, move_accounts};
use portico_domain::operations::staff::requests::{Asked, requests};
use portico_domain::ports::{
    Accounts, ApiCalls, Chain, Commit, Holds, Limits, Patients, Practices, RepresentativeRequests, Search,
    Sessions,
};
use portico_domain::steps::api_call::{ApiCall, Caller};
use portico_domain::time::Timestamp;
use portico_web::desk::{Back, Desk, NoFields, Said, back, desk_page, grant_word, when};
use portico_web::{Answer, App, Inbound, Language, Reject, json as reply, phone, reason_detail};
use serde::Deserialize;
use serde_json::json;
use zeroize::Zeroizing;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct CredentialsForm {
    username: Option<String>,
    /// The user name is to be checked only: `yes` for a page, `word` for a word to the page's script.
    check: Option<String>,
}

/// A registration that waits, beside the chart.
struct Waiting {
    id: String,
    patient: String,
    name: String,
    username: String,
    born: String,
    since: String,
    email: String,
    phone: String,
}

/// A representative's request, beside the charts that may fit.
struct Request {
    id: String,
    who: String,
    contacts: String,
    can_email: bool,
    about: String,
    message: String,
    at: String,
    matches: Vec<(String, String)>,
}

#[derive(Template)]
#[template(path = "requests.html")]
struct RequestsPage {
    desk: Desk,
    waiting: Vec<Waiting>,
    requests: Vec<Request>,
}

fn request(asked: &Asked, settings: &Settings, now: Timestamp) -> Request {
    let said = &asked.request.asked;
    let email = said.email.as_ref().map(|email| email.reveal().to_owned());
    let number = said.mobile_phone.as_ref().map(|number| phone(number.reveal()));
    Request {
        id: asked.request.id.to_string(),
        who: format!("{}, {}", spoken(&said.given_name, &said.family_name), said.relationship.as_str()),
        can_email: email.is_some(),
        contacts: [email, number].into_iter().flatten().collect::<Vec<_>>().join(", "),
        about: format!(
            "{}, born {}",
            spoken(&said.patient_given_name, &said.patient_family_name),
            said.patient_birth_date.reveal()
        ),
        message: said.message.as_ref().map(|message| message.reveal().to_owned()).unwrap_or_default(),
        at: when(asked.request.asked_at, now, &settings.zone()),
        matches: asked
            .matches
            .iter()
            .map(|patient| (patient.id.to_string(), patient.chart.full_name()))
            .collect(),
    }
}

/// An account that was found.
struct Found {
    id: String,
    username: String,
    whose: Vec<(String, String, &'static str)>,
    former: bool,
}

#[derive(Template)]
#[template(path = "accounts.html")]
struct AccountsPage {
    desk: Desk,
    typed: String,
    found: Option<Vec<Found>>,
}

#[derive(Template)]
#[template(path = "delete.html")]
struct DeletePage {
    desk: Desk,
    account: Found,
}

/// Where an account is signed in.
struct Place {
    browser: String,
    began: String,
    last_used: String,
}

#[derive(Template)]
#[template(path = "signed_in.html")]
struct SignedInPage {
    desk: Desk,
    id: String,
    username: String,
    places: Vec<Place>,
}

#[derive(Template)]
#[template(path = "credentials.html")]
struct CredentialsPage {
    desk: Desk,
    id: String,
    name: String,
    username: String,
    replaces: Option<String>,
    error: Option<String>,
    /// What a check of the user name found.
    checked: Option<&'static str>,
}

#[derive(Template)]
#[template(path = "slip.html")]
struct SlipPage {
    desk: Desk,
    id: String,
    name: String,
    username: String,
    password: Zeroizing<String>,
    address: String,
    until: String,
    /// Whether the patient reads Spanish: the slip is theirs.
    is_spanish: bool,
    phone: String,
}

fn found(one: &FoundAccounts) -> Found {
    let whose = one.listed.patients.iter().map(|patient| {
        let name = spoken(&patient.given_name, &patient.family_name);
        let state = grant_word(patient.state);
        let own = patient.relationship == Relationship::Own;
        let whose = if own { name } else { format!("{} of {name}", patient.relationship.as_str()) };
        (patient.id.to_string(), whose, state)
    });
    Found {
        id: one.listed.account.to_string(),
        username: one.listed.username.clone(),
        whose: whose.collect(),
        former: one.former,
    }
}

/// Answers a request of the Onboarding Tool.
pub(crate) async fn answer<S>(app: &App<S>, inbound: &Inbound, action: &str) -> Result<Answer, Reject>
where
    S: ApiCalls
        + Limits
        + Holds
        + Search
        + Accounts
        + Patients
        + Practices
        + RepresentativeRequests
        + Sessions
        + Chain
        + Commit,
{
    let context = &app.context;
    let call = inbound.desk(context)?;
    let account = || AccountId::parse(inbound.param("account_id")).map_err(|_| Refusal::NotFound);
    match action {
        "GET /console/requests" => {
            let (caller, settings) = desk(app, &call, &[Scope::Invite]).await?;
            let mut waiting = Vec::new();
            let held = if caller.may(Scope::Accounts) { held(app, &call).await? } else { Vec::new() };
            for Held { hold, patient, username } in held {
                let chart = &patient.chart;
                waiting.push(Waiting {
                    id: hold.account.to_string(),
                    patient: patient.id.to_string(),
                    name: chart.full_name(),
                    username,
                    born: chart.birth_date.reveal(),
                    since: when(hold.since, context.now(), &settings.zone()),
                    email: chart.email.as_ref().map(|email| email.reveal().to_owned()).unwrap_or_default(),
                    phone: chart
                        .mobile_phone
                        .as_ref()
                        .map(|number| phone(number.reveal()))
                        .unwrap_or_default(),
                });
            }
            let (asked, _) = requests(app, &call).await?;
            let requests = asked.iter().map(|asked| request(asked, &settings, context.now())).collect();
            let desk = Desk::of(inbound, context, &settings, &caller);
            Ok(desk_page(200, &RequestsPage { desk, waiting, requests }))
        }
        "POST /console/holds/{account_id}/grant" | "POST /console/holds/{account_id}/refuse" => {
            let (NoFields {}, form_back) = inbound.desk_form::<NoFields>()?;
            let grants = action.ends_with("/grant");
            let hold = decide_hold(app, &call, account()?, grants).await?;
            let text = if grants { "Let in. They can sign in now." } else { "Refused. They can't sign in." };
            let said = Said::done_on_top(text);
            Ok(back(context, &hold.practice, &form_back, "/console/requests", &said))
        }
        "POST /console/accounts" | "GET /console/accounts" => {
            let (caller, settings) = desk(app, &call, &[Scope::Accounts]).await?;
            let typed = inbound.form_values("q").into_iter().next().unwrap_or_default();
            let found = if typed.trim().is_empty() {
                None
            } else {
                let page = search(app, &call, typed.trim(), None).await?;
                Some(page.found.iter().map(found).collect())
            };
            let desk = Desk::of(inbound, context, &settings, &caller);
            Ok(desk_page(200, &AccountsPage { desk, typed, found }))
        }
        "POST /console/accounts/{account_id}/unlock" => {
            let (NoFields {}, form_back) = inbound.desk_form::<NoFields>()?;
            let unlocked = unlock(app, &call, account()?).await?;
            let text = format!("{} is unlocked. The same password works.", unlocked.username);
            let said = Said::done_on_top(text);
            Ok(back(context, &unlocked.practice, &form_back, "/console/accounts", &said))
        }
        "GET /console/accounts/{account_id}/sessions" => {
            let (caller, account, live) = sessions(app, &call, account()?).await?;
            let practice = app.store.practice(&caller.practice).await.map_err(Failure::from)?;
            let settings = practice.ok_or(Refusal::NotFound)?.settings;
            let at = |instant| when(instant, context.now(), &settings.zone());
            let place = |session: &Session| Place {
                browser: session.browser.as_ref().map_or("Another device", Browser::words).to_owned(),
                began: at(session.began_at),
                last_used: at(session.touched_at),
            };
            let places = live.iter().map(place).collect();
            let desk = Desk::of(inbound, context, &settings, &caller);
            let (id, username) = (account.id.to_string(), account.username);
            Ok(desk_page(200, &SignedInPage { desk, id, username, places }))
        }
        "POST /console/accounts/{account_id}/sessions/end" => {
            let (NoFields {}, _) = inbound.desk_form::<NoFields>()?;
            let ended = end_sessions(app, &call, account()?).await?;
            let said = Said::done_on_top(format!("{} is signed out everywhere.", ended.username));
            Ok(back(context, &ended.practice, &Back::default(), "/console/accounts", &said))
        }
        "GET /console/accounts/{account_id}/delete" => {
            let (caller, settings) = desk(app, &call, &[Scope::Accounts]).await?;
            let account = app.store.account(account()?).await.map_err(Failure::from)?;
            let account =
                account.filter(|account| account.practice == caller.practice && account.deleted_at.is_none());
            let account = account.ok_or(Refusal::NotFound)?;
            let page = search(app, &call, &account.username, None).await?;
            let listed = page.found.iter().find(|one| one.listed.account == account.id).map(found);
            let nobody = Found {
                id: account.id.to_string(),
                username: account.username,
                whose: Vec::new(),
                former: false,
            };
            let desk = Desk::of(inbound, context, &settings, &caller);
            Ok(desk_page(200, &DeletePage { desk, account: listed.unwrap_or(nobody) }))
        }
        "POST /console/accounts/{account_id}/delete" => {
            let (caller, _) = desk(app, &call, &[Scope::Accounts]).await?;
            delete(app, &call, account()?).await?;
            let text = "Deleted. The username is free, history stays, the patient can be invited at once.";
            let said = Said::done_on_top(text);
            Ok(back(context, &caller.practice, &Back::default(), "/console/accounts", &said))
        }
        "POST /console/patients/{patient_id}/move" => {
            let (NoFields {}, form_back) = inbound.desk_form::<NoFields>()?;
            let id = PatientId::parse(inbound.param("patient_id")).map_err(|_| Refusal::NotFound)?;
            // Boxed, because it reads and plans two charts.
            let MergedLogins { practice, to, moved, stayed } =
                Box::pin(move_accounts(app, &call, &id)).await?;
            let stay = match stayed.len() {
                0 => "",
                _ => {
                    " What stayed opens nothing: the patient has a login there already, or access there was taken away."
                }
            };
            let said = match moved.len() {
                0 => format!("Nothing moved to chart {to}.{stay}"),
                1 => format!("One login moved to chart {to}. They sign in again as before.{stay}"),
                more => format!("{more} logins moved to chart {to}. They sign in again as before.{stay}"),
            };
            let otherwise = format!("/console/patients/{id}");
            Ok(back(context, &practice, &form_back, &otherwise, &Said::done_on_top(said)))
        }
        "GET /console/patients/{patient_id}/credentials" => {
            let (caller, settings) = desk(app, &call, &[Scope::Accounts]).await?;
            let page = credentials_page(app, inbound, &caller, &settings, None).await?;
            Ok(desk_page(200, &page))
        }
        "POST /console/patients/{patient_id}/credentials" => Box::pin(hand_over(app, inbound)).await,
        _ => Err(Refusal::NotFound.into()),
    }
}

async fn credentials_page<S: Patients>(
    app: &App<S>,
    inbound: &Inbound,
    caller: &Caller,
    settings: &Settings,
    error: Option<String>,
) -> Result<CredentialsPage, Reject> {
    let context: &Context = &app.context;
    let id = PatientId::parse(inbound.param("patient_id")).map_err(|_| Refusal::NotFound)?;
    let patient =
        app.store.patient(&caller.practice, &id).await.map_err(Failure::from)?.ok_or(Refusal::NotFound)?;
    let chart = &patient.chart;
    let replaces = patient.own_account().map(|own| own.username.clone());
    let suggested = || {
        let first: String = chart.given_name.comparable().chars().take(1).collect();
        let year: String = chart.birth_date.reveal().chars().skip(2).take(2).collect();
        format!("{first}{}{year}", chart.family_name.comparable())
    };
    let typed = inbound.form_values("username").into_iter().next();
    Ok(CredentialsPage {
        desk: Desk::of(inbound, context, settings, caller),
        id: id.to_string(),
        name: chart.full_name(),
        username: typed.or_else(|| replaces.clone()).unwrap_or_else(suggested),
        replaces,
        error,
        checked: None,
    })
}

/// Says whether a user name can be used: on the page, or in a word to its script.
async fn check<S>(
    app: &App<S>,
    inbound: &Inbound,
    call: &ApiCall,
    (caller, settings): (&Caller, &Settings),
    username: &str,
    how: &str,
) -> Result<Answer, Reject>
where
    S: ApiCalls + Limits + Accounts + Patients,
{
    let found = check_username(app, call, username).await?;
    let words = match (found.valid, found.available) {
        (false, _) => "At least 3 letters or numbers, no spaces.",
        (true, false) => "Taken.",
        (true, true) => "Free.",
    };
    if how == "word" {
        return Ok(reply(200, &json!({"words": words})));
    }
    let mut page = credentials_page(app, inbound, caller, settings, None).await?;
    page.checked = Some(words);
    Ok(desk_page(200, &page))
}

/// Sets a login by hand. The answer itself shows the password: it is kept nowhere.
async fn hand_over<S>(app: &App<S>, inbound: &Inbound) -> Result<Answer, Reject>
where
    S: ApiCalls + Limits + Accounts + Patients + Practices + Chain + Commit,
{
    let context = &app.context;
    let call = inbound.desk(context)?;
    let (caller, settings) = desk(app, &call, &[Scope::Accounts]).await?;
    let (form, _) = inbound.desk_form::<CredentialsForm>()?;
    if let Some(how) = form.check {
        let username = form.username.unwrap_or_default();
        return Box::pin(check(app, inbound, &call, (&caller, &settings), &username, &how)).await;
    }
    let made = temporary_password(&*context.entropy);
    let command = NewCredentials {
        patient: PatientId::parse(inbound.param("patient_id")).map_err(|_| Refusal::NotFound)?,
        username: form.username.unwrap_or_default(),
        password: Password::new(&made),
        made: true,
    };
    let fault = match Box::pin(set_credentials(app, &call, &command)).await {
        Ok((account, patient)) => {
            let until = account.temporary.as_ref().map(|it| when(it.until, context.now(), &settings.zone()));
            let page = SlipPage {
                desk: Desk::of(inbound, context, &settings, &caller),
                id: patient.id.to_string(),
                name: patient.chart.full_name(),
                username: account.username,
                password: made,
                address: format!("{}/{}", context.base_url, caller.practice),
                until: until.unwrap_or_default(),
                is_spanish: patient.chart.language.as_deref().and_then(Language::from_tag)
                    == Some(Language::Spanish),
                phone: phone(&settings.phone),
            };
            return Ok(desk_page(200, &page));
        }
        Err(Failure::Refused(Refusal::UsernameTaken(_))) => {
            "That username is taken. Try another one.".to_owned()
        }
        Err(Failure::Refused(Refusal::UsernameRejected(_))) => {
            "At least 3 letters or numbers, no spaces. An email address must be the patient's own.".to_owned()
        }
        Err(Failure::Refused(Refusal::NotEligible(reasons))) => {
            let told = reasons.iter().filter_map(|reason| reason_detail(reason.code(), Language::English));
            told.collect::<Vec<_>>().join(" ")
        }
        Err(Failure::Refused(Refusal::RepresentativeRequired)) => {
            "The patient is too young for a login of their own. Invite a parent.".to_owned()
        }
        Err(Failure::Refused(Refusal::Conflict(why))) => {
            reason_detail(why, Language::English).unwrap_or("It can't be done now.").to_owned()
        }
        Err(failure) => return Err(failure.into()),
    };
    let page = credentials_page(app, inbound, &caller, &settings, Some(fault)).await?;
    Ok(desk_page(422, &page))
}
