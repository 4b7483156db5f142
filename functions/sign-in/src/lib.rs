//! `sign-in`: the sign-in page and the account pages of a practice; sign-in, sign-out; and what the portal asks of sessions.

mod account;
mod demographics;
mod pages;
mod representatives;

use portico_domain::model::ids::PracticeId;
use portico_domain::model::password::Password;
use portico_domain::model::practice::Settings;
use portico_domain::model::refusal::Refusal;
use portico_domain::operations::application::sessions;
use portico_domain::operations::holder::sign_in::{self, SignIn, SignedIn};
use portico_domain::ports::{
    Accounts, Chain, Commit, History, Limits, Links, Patients, Practices, Proposals, Sessions,
};
use portico_domain::steps::public_post::rate_limit;
use portico_domain::steps::signed_in::Holder;
use portico_web::{
    Answer, App, AskPage, Asked, Asking, Fault, Frame, Inbound, Reject, clear_session, dead_end, html,
    json as reply, no_content, problem, see_other, sent, set_browser, set_session, view,
};
use serde::Deserialize;
use serde_json::{Value, json};

use pages::SignInPage;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SignInRequest {
    username: Option<String>,
    password: Option<String>,
}

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

/// What the use cases behind these pages ask of the world.
pub trait Ports:
    Limits + Accounts + Practices + Patients + Links + Chain + History + Sessions + Proposals + Commit
{
}

impl<S> Ports for S where
    S: Limits + Accounts + Practices + Patients + Links + Chain + History + Sessions + Proposals + Commit
{
}

/// Answers a request.
pub async fn handle<S: Ports>(app: &App<S>, inbound: Inbound) -> Answer {
    match inbound.action().as_str() {
        "POST /v1/sessions/exchange" => {
            exchange(app, &inbound).await.unwrap_or_else(|reject| problem(&inbound, &reject))
        }
        "POST /v1/sessions/introspect" => {
            introspect(app, &inbound).await.unwrap_or_else(|reject| problem(&inbound, &reject))
        }
        action => match page(app, &inbound, action).await {
            Ok(answer) => answer,
            Err((frame, reject)) => dead_end(&inbound, frame, &reject),
        },
    }
}

/// A practice's page, or why not, in the practice's frame once it is known.
async fn page<S: Ports>(
    app: &App<S>,
    inbound: &Inbound,
    action: &str,
) -> Result<Answer, (Option<Frame>, Reject)> {
    let nowhere = || (None, Reject::from(Refusal::NotFound));
    let id = PracticeId::parse(inbound.param("practice")).map_err(|_| nowhere())?;
    let practice =
        app.store.practice(&id).await.map_err(|_| (None, Reject::Unavailable))?.ok_or_else(nowhere)?;
    let settings = &practice.settings;
    let here = Here { app, inbound, id: &id, settings, frame: Frame::of(inbound, settings) };
    if action.starts_with("POST ") && action != "POST /{practice}/sign-in" {
        // Signing in counts by itself, along with its first read.
        let counted = rate_limit(&app.context, &app.store, &inbound.peer).await;
        counted.map_err(|failure| (Some(here.frame.clone()), Reject::from(failure)))?;
    }
    let answer = match action {
        "GET /{practice}" => Ok(here.open()),
        "GET /{practice}/sign-up" => Ok(here.ask(Asking::SignUp)),
        "GET /{practice}/forgot-password" => Ok(here.ask(Asking::ForgotPassword)),
        "GET /{practice}/forgot-username" => Ok(here.ask(Asking::ForgotUsername)),
        "GET /{practice}/sent" => Ok(sent(200, &here.frame, Some(id.as_str()))),
        "POST /{practice}/sign-in" => here.sign_in().await,
        "POST /{practice}/sign-out" => here.sign_out().await,
        "POST /{practice}/portal" => here.to_portal().await,
        own if own.contains(" /{practice}/account") => here.own(own).await,
        _ => Err(Refusal::NotFound.into()),
    };
    answer.map_err(|reject| (Some(here.frame), reject))
}

/// One request at one practice.
struct Here<'a, S> {
    app: &'a App<S>,
    inbound: &'a Inbound,
    id: &'a PracticeId,
    settings: &'a Settings,
    frame: Frame,
}

impl<S: Ports> Here<'_, S> {
    fn sign_in_page(&self, status: u16, username: &str, note: Option<&str>, errors: Vec<Fault>) -> Answer {
        html(status, &self.frame, &SignInPage::new(self.frame.clone(), self.id, username, note, errors))
    }

    /// The page on which somebody asks for a way in; what it asks for is taken in by another function.
    fn ask(&self, asking: Asking) -> Answer {
        let page = AskPage::new(self.frame.clone(), self.id.as_str(), asking, &Asked::default(), &[]);
        html(200, &self.frame, &page)
    }

    fn open(&self) -> Answer {
        if !self.inbound.wants_page() {
            return reply(
                200,
                &json!({"practice": self.id, "name": self.settings.name, "phone": self.settings.phone}),
            );
        }
        let words = &self.frame.text.sign_in;
        let note = match self.inbound.query("note") {
            Some("signed-out") => Some(words.signed_out),
            Some("session-ended") => Some(words.session_ended),
            _ => None,
        };
        self.sign_in_page(200, "", note, Vec::new())
    }

    async fn sign_in(&self) -> Result<Answer, Reject> {
        self.inbound.same_site(&self.app.context.base_url)?;
        let body: SignInRequest = self.inbound.body()?;
        let words = &self.frame.text.sign_in;
        let page = self.inbound.wants_page();
        let (Some(username), Some(password)) = (&body.username, &body.password) else {
            let missing = |name, there: bool, sentence: &str| (!there).then(|| (name, sentence.to_owned()));
            let errors: Vec<Fault> = [
                missing("username", body.username.is_some(), words.username_missing),
                missing("password", body.password.is_some(), words.password_missing),
            ]
            .into_iter()
            .flatten()
            .collect();
            if page {
                return Ok(self.sign_in_page(
                    400,
                    body.username.as_deref().unwrap_or_default(),
                    None,
                    errors,
                ));
            }
            return Err(Reject::malformed(errors.first().map_or("", |(name, _)| name), "required"));
        };
        let command = SignIn {
            practice: self.id.clone(),
            username: username.clone(),
            password: Password::new(password),
            browser: self.inbound.browser().map(str::to_owned),
            exchange: page && !self.settings.portal_url.is_empty(),
        };
        let signed_in =
            sign_in::sign_in(&self.app.context, &self.app.store, &self.inbound.peer, &command).await;
        match signed_in.map_err(Reject::from) {
            Ok(signed_in) if page => Ok(self.welcome(&signed_in)),
            Ok(signed_in) => Ok(reply(200, &signed_in_json(&signed_in))),
            Err(reject @ Reject::Refused(Refusal::SignInFailed | Refusal::AccessRevoked)) if page => {
                let revoked = matches!(reject, Reject::Refused(Refusal::AccessRevoked));
                let sentence = if revoked { words.revoked } else { words.failed };
                let status = reject.status().0;
                Ok(self.sign_in_page(status, username, None, vec![("", sentence.to_owned())]))
            }
            Err(reject) => Err(reject),
        }
    }

    fn welcome(&self, signed_in: &SignedIn) -> Answer {
        let mut answer = match &signed_in.exchange {
            Some(code) => see_other(&self.portal(code)),
            None if signed_in.session.restricted => {
                see_other(&format!("/{}/account/password?lang={}", self.id, self.frame.lang()))
            }
            None => see_other(&format!("/{}/account?lang={}", self.id, self.frame.lang())),
        };
        set_session(&mut answer, &signed_in.token);
        set_browser(&mut answer, &signed_in.browser);
        answer
    }

    /// The portal's configured address with a code.
    fn portal(&self, code: &str) -> String {
        format!("{}?code={code}", self.settings.portal_url)
    }

    async fn to_portal(&self) -> Result<Answer, Reject> {
        self.inbound.same_site(&self.app.context.base_url)?;
        if self.settings.portal_url.is_empty() {
            return Err(Refusal::NotFound.into());
        }
        let token = self.inbound.session().ok_or(Refusal::Unauthorized)?;
        match sign_in::to_portal(&self.app.context, &self.app.store, self.id, token)
            .await
            .map_err(Reject::from)
        {
            Ok(code) => Ok(see_other(&self.portal(&code))),
            Err(Reject::Refused(Refusal::Unauthorized)) if self.inbound.wants_page() => Ok(self.ended()),
            Err(reject) => Err(reject),
        }
    }

    async fn sign_out(&self) -> Result<Answer, Reject> {
        self.inbound.same_site(&self.app.context.base_url)?;
        if let Some(token) = self.inbound.session() {
            sign_in::sign_out(&self.app.context, &self.app.store, self.id, token).await?;
        }
        let mut answer = if self.inbound.wants_page() {
            see_other(&format!("/{}?lang={}&note=signed-out", self.id, self.frame.lang()))
        } else {
            no_content()
        };
        clear_session(&mut answer);
        Ok(answer)
    }

    /// To the sign-in page, with word that the session is over.
    fn ended(&self) -> Answer {
        let mut answer = see_other(&format!("/{}?lang={}&note=session-ended", self.id, self.frame.lang()));
        clear_session(&mut answer);
        answer
    }
}

fn signed_in_json(signed_in: &SignedIn) -> Value {
    json!({
        "session_token": *signed_in.token,
        "expires_at": signed_in.session.expires_at().to_string(),
        "account_id": signed_in.account.id.to_string(),
        "must_change_password": signed_in.account.must_change_password(),
        "grants": view::grants(&signed_in.account, signed_in.session.began_at),
    })
}

fn present_json(present: &Holder) -> Value {
    json!({
        "account_id": present.account.id.to_string(),
        "username": present.account.username,
        "expires_at": present.session.expires_at().to_string(),
        "grants": view::grants(&present.account, present.session.began_at),
    })
}

async fn exchange<S: Limits + Accounts + Commit>(app: &App<S>, inbound: &Inbound) -> Result<Answer, Reject> {
    let call = inbound.staff()?;
    let body: ExchangeRequest = inbound.body()?;
    let exchanged = sessions::exchange(&app.context, &app.store, &call, &body.code).await?;
    let expires_at = exchanged.session.expires_at().to_string();
    Ok(reply(200, &json!({"session_token": *exchanged.token, "expires_at": expires_at})))
}

async fn introspect<S: Limits + Accounts>(app: &App<S>, inbound: &Inbound) -> Result<Answer, Reject> {
    let call = inbound.staff()?;
    let body: IntrospectRequest = inbound.body()?;
    let present = sessions::introspect(&app.context, &app.store, &call, &body.session_token).await?;
    let Some(present) = present else { return Ok(reply(200, &json!({"active": false}))) };
    let mut view = present_json(&present);
    view["active"] = Value::Bool(true);
    view["since"] = Value::String(present.session.began_at.to_string());
    Ok(reply(200, &view))
}
