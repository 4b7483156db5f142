//! `introspect`: answers the portal's application: who holds a session, and a session in exchange for a code.

use portico_domain::model::refusal::Refusal;
use portico_domain::operations::application::sessions;
use portico_domain::ports::{Accounts, Commit, KeyUse, Limits};
use portico_web::{Answer, App, Inbound, Reject, json as reply, problem, view};
use serde::Deserialize;
use serde_json::{Value, json};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ExchangeRequest {
    code: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct IntrospectRequest {
    session_token: String,
}

/// Answers a request.
pub async fn handle<S: Limits + KeyUse + Accounts + Commit>(app: &App<S>, inbound: Inbound) -> Answer {
    let answer = match inbound.action().as_str() {
        "POST /v1/sessions/exchange" => exchange(app, &inbound).await,
        "POST /v1/sessions/introspect" => introspect(app, &inbound).await,
        _ => Err(Refusal::NotFound.into()),
    };
    answer.unwrap_or_else(|reject| problem(&inbound, &reject))
}

async fn exchange<S: Limits + KeyUse + Accounts + Commit>(
    app: &App<S>,
    inbound: &Inbound,
) -> Result<Answer, Reject> {
    let call = inbound.staff()?;
    let body: ExchangeRequest = inbound.body()?;
    let exchanged = sessions::exchange(app, &call, &body.code).await?;
    let expires_at = exchanged.session.expires_at().to_string();
    Ok(reply(200, &json!({"session_token": *exchanged.token, "expires_at": expires_at})))
}

async fn introspect<S: Limits + KeyUse + Accounts>(
    app: &App<S>,
    inbound: &Inbound,
) -> Result<Answer, Reject> {
    let call = inbound.staff()?;
    let body: IntrospectRequest = inbound.body()?;
    let found = sessions::introspect(app, &call, &body.session_token).await?;
    let Some(holder) = found else { return Ok(reply(200, &json!({"active": false}))) };
    let mut view = view::signed_in(&holder);
    view["active"] = Value::Bool(true);
    view["since"] = Value::String(holder.session.began_at.to_string());
    Ok(reply(200, &view))
}
