//! `sign-in`: a practice's sign-in page, the pages that ask for a way in, sign-in and sign-out.

mod elsewhere;
mod page;

use portico_domain::model::ids::PracticeId;
use portico_domain::model::practice::Settings;
use portico_domain::model::refusal::{Failure, Refusal};
use portico_domain::operations::holder::sign_in::{self, SignIn, SignedIn};
use portico_domain::ports::{Accounts, Commit, Limits, Logos, Patients, Practices, Sessions};
use portico_domain::steps::public_post::rate_limit;
use portico_web::{
    Answer, App, AskPage, Asking, Draft, Fault, Frame, Inbound, Reject, TypedPassword, clear_session,
    dead_end, forget_site, html, json as reply, named_practice, no_content, notice, picture, see_other, sent,
    set_browser, set_session, view,
};
use serde::Deserialize;
use serde_json::{Value, json};

use page::SignInPage;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SignInRequest {
    username: Option<String>,
    password: Option<TypedPassword>,
}

/// What the operations behind these pages ask of the world.
pub trait Ports: Limits + Accounts + Sessions + Patients + Practices + Logos + Commit {}

impl<S> Ports for S where S: Limits + Accounts + Sessions + Patients + Practices + Logos + Commit {}

/// Answers a request.
pub async fn handle<S: Ports>(app: &App<S>, inbound: Inbound) -> Answer {
    if matches!(inbound.action().as_str(), "GET /" | "GET /{path+}") {
        return elsewhere::elsewhere(app, &inbound).await;
    }
    match page(app, &inbound).await {
        Ok(answer) => answer,
        // A name in capital letters, perhaps.
        Err((None, Reject::Refused(Refusal::NotFound))) if inbound.action().starts_with("GET ") => {
            elsewhere::elsewhere(app, &inbound).await
        }
        Err((frame, reject)) => dead_end(&inbound, frame, &reject),
    }
}

/// A practice's page, or why not, in the practice's frame once it is known.
async fn page<S: Ports>(app: &App<S>, inbound: &Inbound) -> Result<Answer, (Option<Frame>, Reject)> {
    let practice = named_practice(app, inbound).await.map_err(|reject| (None, reject))?;
    let settings = &practice.settings;
    let request =
        PracticeRequest { app, inbound, id: &practice.id, settings, frame: Frame::of(inbound, settings) };
    let answer = match inbound.action().as_str() {
        "GET /{practice}" => Ok(request.open()),
        "GET /{practice}/sign-up" => Ok(request.ask(Asking::SignUp)),
        "GET /{practice}/forgot-password" => Ok(request.ask(Asking::ForgotPassword)),
        "GET /{practice}/forgot-username" => Ok(request.ask(Asking::ForgotUsername)),
        "GET /{practice}/ask-for-access" => Ok(request.ask(Asking::Access)),
        "GET /{practice}/logo/{file}" => logo(app, &practice.id, inbound.param("file")).await,
        "GET /{practice}/sent" => {
            let words = &request.frame.text.ask;
            Ok(match inbound.query("note") {
                Some("held") => notice(200, &request.frame, words.held_title, words.held),
                note => sent(200, &request.frame, Some(practice.id.as_str()), note == Some("access")),
            })
        }
        "POST /{practice}/sign-in" => request.sign_in().await,
        "POST /{practice}/sign-out" => request.sign_out().await,
        _ => Err(Refusal::NotFound.into()),
    };
    answer.map_err(|reject| (Some(request.frame), reject))
}

/// A logo that the practice has or had.
async fn logo<S: Logos>(app: &App<S>, practice: &PracticeId, file: &str) -> Result<Answer, Reject> {
    let png = app.store.logo(practice, file).await.map_err(Failure::from)?;
    Ok(picture(png.ok_or(Refusal::NotFound)?))
}

/// A request for a page of one practice.
struct PracticeRequest<'a, S> {
    app: &'a App<S>,
    inbound: &'a Inbound,
    id: &'a PracticeId,
    settings: &'a Settings,
    frame: Frame,
}

impl<S: Ports> PracticeRequest<'_, S> {
    fn sign_in_page(&self, status: u16, username: &str, note: Option<String>, errors: Vec<Fault>) -> Answer {
        let mut frame = self.frame.clone();
        // The answer to a wrong password has no address; the page in the other language has.
        frame.other_language = Some(frame.in_other_language(&format!("/{}", self.id)));
        html(status, &frame, &SignInPage::new(frame.clone(), self.id, username, note, errors))
    }

    /// The page on which somebody asks for a way in; what it asks for is taken in by another function.
    fn ask(&self, asking: Asking) -> Answer {
        let typed = asking.again(self.inbound, &self.app.context, self.id);
        let page = AskPage::new(self.frame.clone(), self.id.as_str(), asking, &typed);
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
        let kept = |why: &str| format!("{why} {}", words.session_ended_kept);
        let note = match self.inbound.query("note") {
            Some("signed-out") => Some(words.signed_out.to_owned()),
            Some("session-ended") => Some(words.session_ended.to_owned()),
            Some("session-ended-kept") => Some(kept(words.session_ended)),
            Some("sign-in") => Some(words.please.to_owned()),
            Some("sign-in-kept") => Some(kept(words.please)),
            Some("access-ended" | "access-ended-kept") => Some(words.access_ended.to_owned()),
            Some("new-password") => Some(words.new_password.to_owned()),
            Some("new-password-shared") => Some(words.new_password_shared.to_owned()),
            _ => None,
        };
        self.sign_in_page(200, "", note, Vec::new())
    }

    async fn sign_in(&self) -> Result<Answer, Reject> {
        self.inbound.same_site(&self.app.context.base_url)?;
        let SignInRequest { username, password } = self.inbound.body()?;
        let words = &self.frame.text.sign_in;
        let page = self.inbound.wants_page();
        let missing = |name, there: bool, sentence: &str| (!there).then(|| (name, sentence.to_owned()));
        let errors: Vec<Fault> = [
            missing("username", username.is_some(), words.username_missing),
            missing("password", password.is_some(), words.password_missing),
        ]
        .into_iter()
        .flatten()
        .collect();
        let typed = username.clone().unwrap_or_default();
        let (Some(username), Some(password)) = (username, password) else {
            if page {
                return Ok(self.sign_in_page(400, &typed, None, errors));
            }
            return Err(Reject::malformed(errors.first().map_or("", |(name, _)| name), "required"));
        };
        let command = SignIn {
            practice: self.id.clone(),
            username,
            password: password.into(),
            browser: self.inbound.browser().map(str::to_owned),
            family: self.inbound.browser_family(),
            replaces: self.inbound.session().map(str::to_owned),
            at_page: page,
            exchange: page && self.settings.portal().is_some(),
        };
        let signed_in = sign_in::sign_in(self.app, &self.inbound.peer, &command).await;
        match signed_in.map_err(Reject::from) {
            Ok(signed_in) if page => Ok(self.welcome(&signed_in)),
            Ok(signed_in) => Ok(reply(200, &signed_in_json(&signed_in))),
            Err(reject @ Reject::Refused(Refusal::SignInFailed | Refusal::AccessRevoked)) if page => {
                let revoked = matches!(reject, Reject::Refused(Refusal::AccessRevoked));
                let sentence = if revoked { words.revoked } else { words.failed };
                let status = reject.status();
                Ok(self.sign_in_page(status, &typed, None, vec![("", sentence.to_owned())]))
            }
            Err(reject) => Err(reject),
        }
    }

    fn welcome(&self, signed_in: &SignedIn) -> Answer {
        let to_portal = signed_in.exchange.as_ref().zip(self.settings.portal());
        let draft = Draft::find(self.inbound, &self.app.context, self.id);
        let restricted = signed_in.session.restricted;
        let page = draft.as_ref().filter(|_| !restricted);
        let page = page.and_then(|draft| draft.page_for(signed_in.account.id));
        let mut answer = match (page, to_portal) {
            // Whoever was sent away from a page comes back to it.
            (Some(page), _) => {
                see_other(&format!("/{}/account/{page}?lang={}&note=kept", self.id, self.frame.lang()))
            }
            (None, Some((code, portal))) => see_other(&portal.with_code(code)),
            (None, None) if restricted => {
                see_other(&format!("/{}/account/password?lang={}", self.id, self.frame.lang()))
            }
            (None, None) => see_other(&format!("/{}/account?lang={}", self.id, self.frame.lang())),
        };
        // A page that was only asked for comes once; a form stays until it is sent, or its time is over.
        if draft.as_ref().is_some_and(Draft::is_empty) {
            Draft::forget(&mut answer, self.id);
        }
        set_session(&mut answer, &signed_in.token);
        set_browser(&mut answer, &signed_in.browser);
        answer
    }

    async fn sign_out(&self) -> Result<Answer, Reject> {
        // Signing in counts by itself, along with its first read.
        rate_limit(self.app, &self.inbound.peer).await?;
        self.inbound.same_site(&self.app.context.base_url)?;
        if let Some(token) = self.inbound.session() {
            sign_in::sign_out(self.app, self.id, token).await?;
        }
        let mut answer = if self.inbound.wants_page() {
            see_other(&format!("/{}?lang={}&note=signed-out", self.id, self.frame.lang()))
        } else {
            no_content()
        };
        clear_session(&mut answer);
        Draft::forget(&mut answer, self.id);
        forget_site(&mut answer);
        Ok(answer)
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
