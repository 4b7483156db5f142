//! The account page of a signed-in person, and what they change there: password, user name, e-mail address, sessions.

use portico_domain::model::link::RESEND_SECONDS;
use portico_domain::model::person::{Email, Invalid};
use portico_domain::model::refusal::{FieldFault, Refusal};
use portico_domain::operations::holder::account::{
    ChangePassword, EmailState, Overview, change_password, change_username, confirm_email, email_state,
    end_sessions, new_email, overview, sessions,
};
use portico_domain::steps::signed_in::{Holder, holder};
use portico_web::{
    Answer, Draft, Fault, Refused, Reject, TypedPassword, all_faults, browser_words, flag, html,
    json as reply, no_content, password_faults, see_other, view,
};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::pages::{AccountPage, Form, OwnPage, Place, SessionsPage};
use crate::{Ports, PracticeRequest};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct PasswordRequest {
    old_password: Option<TypedPassword>,
    new_password: Option<TypedPassword>,
    #[serde(default, deserialize_with = "flag")]
    accept_terms: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct UsernameRequest {
    username: Option<String>,
    password: Option<TypedPassword>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct EmailRequest {
    email: Option<String>,
    password: Option<TypedPassword>,
    code: Option<String>,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct EndSessionsRequest {
    session_id: Option<String>,
}

/// The fields that are required and did not come.
pub(crate) fn missing(fields: &[(&str, bool)]) -> Vec<FieldFault> {
    fields.iter().filter(|(_, there)| !there).map(|(name, _)| FieldFault::of(name, "required")).collect()
}

impl<S: Ports> PracticeRequest<'_, S> {
    /// Answers a request to the account page or one of those behind it.
    pub(crate) async fn own(&self, action: &str) -> Result<Answer, Reject> {
        if action.starts_with("POST ") {
            self.inbound.same_site(&self.app.context.base_url)?;
        }
        let answer = match self.inbound.session() {
            Some(token) => Box::pin(self.answer_signed_in(action, token)).await,
            None => Err(Refusal::Unauthorized.into()),
        };
        match answer {
            Err(Reject::Refused(Refusal::Unauthorized)) if self.inbound.wants_page() => self.ended().await,
            Err(Reject::Refused(Refusal::Forbidden)) if self.inbound.wants_page() => {
                self.to_new_password().await
            }
            answer => answer,
        }
    }

    async fn answer_signed_in(&self, action: &str, token: &str) -> Result<Answer, Reject> {
        match action {
            "GET /{practice}/account" => self.account(token).await,
            "GET /{practice}/account/password" => self.password(token).await,
            "POST /{practice}/account/password" => self.change_password(token).await,
            "GET /{practice}/account/username" => self.username(token).await,
            "POST /{practice}/account/username" => self.change_username(token).await,
            "GET /{practice}/account/email" => self.email(token).await,
            "POST /{practice}/account/email" => self.change_email(token).await,
            "GET /{practice}/account/sessions" => self.sessions(token).await,
            "POST /{practice}/account/sessions/end" => self.end_sessions(token).await,
            "GET /{practice}/account/representatives" => self.representatives(token).await,
            "POST /{practice}/account/representatives" => self.invite_representative(token).await,
            "POST /{practice}/account/representatives/level" => self.level_representative(token).await,
            "POST /{practice}/account/representatives/end" => self.end_representative(token).await,
            "GET /{practice}/account/demographics" => self.demographics(token).await,
            "POST /{practice}/account/demographics" => self.propose(token).await,
            _ => Err(Refusal::NotFound.into()),
        }
    }

    /// Whoever signed in with a temporary password goes where they choose their own; to others there is no such page.
    async fn to_new_password(&self) -> Result<Answer, Reject> {
        let token = self.inbound.session().unwrap_or_default();
        if self.holder(token).await?.session.restricted {
            Ok(see_other(&self.at("account/password", "")))
        } else {
            Err(Refusal::NotFound.into())
        }
    }

    /// The address of a page of the practice, with a note for it.
    pub(crate) fn at(&self, path: &str, note: &str) -> String {
        let note = if note.is_empty() { String::new() } else { format!("&note={note}") };
        format!("/{}/{path}?lang={}{note}", self.id, self.frame.lang())
    }

    /// What a change that was made is answered with: for a person, the page at `path` with a note.
    pub(crate) fn done(&self, path: &str, note: &str, otherwise: impl FnOnce() -> Answer) -> Answer {
        if !self.inbound.wants_page() {
            return otherwise();
        }
        let mut answer = see_other(&self.at(path, note));
        Draft::forget(&mut answer, self.id);
        answer
    }

    /// Leads back to the page of a form that was refused, which says why: it has an address, so reload, back and the other
    /// language show it again and send nothing. What was typed is sealed in a cookie. Who is not signed in any more learns
    /// that first.
    pub(crate) async fn again(
        &self,
        token: &str,
        page: &str,
        query: &str,
        reject: &Reject,
        refused: Refused,
    ) -> Result<Answer, Reject> {
        drop(self.holder(token).await?);
        let context = &self.app.context;
        let draft = Draft::of(self.inbound, context, page).ok_or(Refusal::Unauthorized)?;
        let mut answer = see_other(&format!("{}{query}", self.at(&format!("account/{page}"), "again")));
        draft.refused(refused).keep(&mut answer, context, self.id);
        reject.mark(&mut answer);
        Ok(answer)
    }

    /// What the holder typed on this page when the form was refused or the session had ended, and what is said above it;
    /// empty, if they come to the page otherwise.
    pub(crate) async fn kept(
        &self,
        token: &str,
        page: &str,
    ) -> Result<(portico_web::Form, Option<String>), Reject> {
        if !matches!(self.inbound.query("note"), Some("kept" | "again")) {
            return Ok((portico_web::Form::default(), None));
        }
        let account = self.holder(token).await?.account.id;
        let draft = Draft::find(self.inbound, &self.app.context, self.id);
        let form = draft.and_then(|draft| draft.form_for(account, page));
        let came_late = form.as_ref().filter(|form| form.why().is_none());
        let note = came_late.map(|_| self.frame.text.sign_in.kept.to_owned());
        Ok((form.unwrap_or_default(), note))
    }

    async fn holder(&self, token: &str) -> Result<Holder, Reject> {
        let found = holder(self.app, self.id, token).await?;
        Ok(found.ok_or(Refusal::Unauthorized)?)
    }

    /// The same, of somebody who chose the password themselves.
    async fn unrestricted(&self, token: &str) -> Result<Holder, Reject> {
        let found = self.holder(token).await?;
        if found.session.restricted { Err(Refusal::Forbidden.into()) } else { Ok(found) }
    }

    /// A page of forms, with its problems in the order of its fields.
    pub(crate) fn forms(&self, status: u16, mut page: OwnPage, faults: Vec<Fault>, order: &[&str]) -> Answer {
        page.errors = all_faults(faults, Vec::new(), order);
        html(status, &self.frame, &page.marked())
    }

    pub(crate) fn page(&self, title: &'static str) -> OwnPage {
        OwnPage::new(self.frame.clone(), self.id, title)
    }

    async fn account(&self, token: &str) -> Result<Answer, Reject> {
        let app = self.app;
        let Some(seen) = overview(app, self.id, token).await? else {
            return Err(Refusal::Unauthorized.into());
        };
        if !self.inbound.wants_page() {
            return Ok(reply(200, &account_json(seen)));
        }
        if seen.session.restricted {
            return Err(Refusal::Forbidden.into());
        }
        let text = self.frame.text;
        let note = match self.inbound.query("note") {
            Some("password-changed") => Some(text.change_password.done.to_owned()),
            Some("username-changed") => Some(text.change_username.done(&seen.account.username)),
            Some("email-changed") => Some(text.change_email.done.to_owned()),
            _ => None,
        };
        let welcome = self.inbound.query("welcome").is_some();
        let has_portal = self.settings.portal().is_some();
        let page = AccountPage::new(
            self.frame.clone(),
            self.id,
            &seen,
            note,
            welcome,
            has_portal,
            &app.context.base_url,
        );
        Ok(html(200, &self.frame, &page))
    }

    async fn password(&self, token: &str) -> Result<Answer, Reject> {
        if self.inbound.wants_page() {
            let (kept, _) = self.kept(token, "password").await?;
            let faults = kept.why().map(|refused| self.password_sentences(refused)).unwrap_or_default();
            return self.password_page(token, faults, !kept.value("accept_terms").is_empty()).await;
        }
        let Holder { account, .. } = self.holder(token).await?;
        Ok(reply(
            200,
            &json!({
                "must_change_password": account.must_change_password(),
                "must_accept_terms": account.terms.is_none(),
                "shortest": self.settings.password_min_length,
            }),
        ))
    }

    async fn password_page(&self, token: &str, faults: Vec<Fault>, accepted: bool) -> Result<Answer, Reject> {
        let Holder { account, session } = self.holder(token).await?;
        let text = self.frame.text;
        let words = &text.change_password;
        let temporary = account.must_change_password();
        let mut page = self.page(if temporary { words.temporary_title } else { words.title });
        page.intro.push((if temporary { words.temporary_intro } else { words.intro }).to_owned());
        let hint = text.new_password.password_hint(self.settings.password_min_length as usize);
        let new = page.field("new_password", text.new_password.password).hint(&hint);
        let mut form = Form::new("password", text.new_password.submit);
        form.fields =
            vec![page.current_password("old_password"), new.kind("password").filled("new-password", "")];
        form.terms = account.terms.is_none();
        form.accepted = accepted;
        page.forms.push(form);
        if !session.restricted {
            page.lead_back();
        }
        Ok(self.forms(200, page, faults, &["old_password", "new_password", "accept_terms"]))
    }

    async fn change_password(&self, token: &str) -> Result<Answer, Reject> {
        let body: PasswordRequest = self.inbound.body()?;
        let changed = match (body.old_password, body.new_password) {
            _ if self.inbound.has_two_passwords("new_password", "") => {
                Err(Reject::malformed("new_password", "two_passwords"))
            }
            (Some(old), Some(new)) => {
                let command =
                    ChangePassword { old: old.into(), new: new.into(), accept_terms: body.accept_terms };
                change_password(self.app, self.id, token, &command).await.map_err(Reject::from)
            }
            (old, new) => Err(Reject::fields(missing(&[
                ("old_password", old.is_some()),
                ("new_password", new.is_some()),
            ]))),
        };
        match changed {
            Ok(()) => Ok(self.done("account", "password-changed", no_content)),
            Err(reject) => {
                self.not_done(token, "password", reject, |refused| self.password_sentences(refused)).await
            }
        }
    }

    /// What a form is answered with that was refused: its page, if that has a sentence for the reason; else the refusal.
    pub(crate) async fn not_done(
        &self,
        token: &str,
        page: &str,
        reject: Reject,
        sentences: impl Fn(&Refused) -> Vec<Fault> + Send,
    ) -> Result<Answer, Reject> {
        match self.refused(&reject) {
            Some(refused) if !sentences(&refused).is_empty() => {
                self.again(token, page, "", &reject, refused).await
            }
            _ => Err(reject),
        }
    }

    /// Why a form was refused, as its page can say it; `None` where JSON answers, or where there is nothing to mend.
    pub(crate) fn refused(&self, reject: &Reject) -> Option<Refused> {
        match reject {
            _ if !self.inbound.wants_page() => None,
            Reject::Refused(Refusal::NotEligible(reasons)) => {
                let codes = reasons.iter().map(|reason| (String::new(), reason.code().to_owned()));
                Some(Refused::Fields(codes.collect()))
            }
            reject => Refused::of(reject, self.app.context.now()),
        }
    }

    fn password_sentences(&self, refused: &Refused) -> Vec<Fault> {
        let text = self.frame.text;
        match refused {
            Refused::SignIn => vec![("old_password", text.account.wrong_password.to_owned())],
            Refused::Password(found) => {
                password_faults("new_password", found, &self.frame, self.settings.password_min_length)
            }
            Refused::Fields(faults) => {
                let sentence = |(field, code): &(String, String)| match (field.as_str(), code.as_str()) {
                    ("old_password", _) => ("old_password", text.account.current_password_missing.to_owned()),
                    ("new_password", "unchanged") => {
                        ("new_password", text.change_password.unchanged.to_owned())
                    }
                    ("new_password", "two_passwords") => {
                        ("new_password", text.shared.two_passwords.to_owned())
                    }
                    ("new_password", _) => ("new_password", text.register.password_missing.to_owned()),
                    ("accept_terms", _) => ("accept_terms", text.register.accept_terms_missing.to_owned()),
                    _ => ("", text.dead_end.wrong_format.to_owned()),
                };
                faults.iter().map(sentence).collect()
            }
            _ => Vec::new(),
        }
    }

    async fn username(&self, token: &str) -> Result<Answer, Reject> {
        let Holder { account, .. } = self.unrestricted(token).await?;
        if !self.inbound.wants_page() {
            return Ok(reply(200, &json!({"username": account.username})));
        }
        let (kept, note) = self.kept(token, "username").await?;
        let faults = kept.why().map(|refused| self.username_sentences(refused)).unwrap_or_default();
        // Whoever emptied the field sees it empty.
        let kept = if faults.is_empty() { kept.or("username", &account.username) } else { kept };
        Ok(self.username_page(kept.value("username"), note, faults))
    }

    fn username_page(&self, typed: &str, note: Option<String>, faults: Vec<Fault>) -> Answer {
        let text = self.frame.text;
        let words = &text.change_username;
        let mut page = self.page(words.title);
        page.note = note;
        page.intro.push(words.intro.to_owned());
        let name = page.field("username", words.username).hint(text.register.username_hint);
        let mut form = Form::new("username", words.submit);
        form.fields = vec![name.filled("username", "email").value(typed), page.current_password("password")];
        page.forms.push(form);
        page.lead_back();
        self.forms(200, page, faults, &["username", "password"])
    }

    async fn change_username(&self, token: &str) -> Result<Answer, Reject> {
        let body: UsernameRequest = self.inbound.body()?;
        let changed = match (&body.username, body.password) {
            (Some(username), Some(password)) => {
                let password = password.into();
                change_username(self.app, self.id, token, username, &password).await.map_err(Reject::from)
            }
            (name, password) => Err(Reject::fields(missing(&[
                ("username", name.is_some()),
                ("password", password.is_some()),
            ]))),
        };
        match changed {
            Ok(username) => {
                Ok(self.done("account", "username-changed", || reply(200, &json!({"username": username}))))
            }
            Err(reject) => {
                self.not_done(token, "username", reject, |refused| self.username_sentences(refused)).await
            }
        }
    }

    fn username_sentences(&self, refused: &Refused) -> Vec<Fault> {
        let text = self.frame.text;
        match refused {
            Refused::SignIn => vec![("password", text.account.wrong_password.to_owned())],
            Refused::UsernameTaken(others) => vec![("username", text.register.username_taken(others))],
            Refused::UsernameForm | Refused::UsernameAddress => {
                vec![("username", text.register.username_rejected.to_owned())]
            }
            Refused::Fields(faults) => {
                let sentence = |(field, code): &(String, String)| match (field.as_str(), code.as_str()) {
                    ("username", "unchanged") => ("username", text.change_username.unchanged.to_owned()),
                    ("username", _) => ("username", text.register.username_missing.to_owned()),
                    ("password", _) => ("password", text.account.current_password_missing.to_owned()),
                    _ => ("", text.dead_end.wrong_format.to_owned()),
                };
                faults.iter().map(sentence).collect()
            }
            _ => Vec::new(),
        }
    }

    async fn email(&self, token: &str) -> Result<Answer, Reject> {
        if self.inbound.wants_page() {
            let (kept, note) = self.kept(token, "email").await?;
            let faults = kept.why().map(|refused| self.email_sentences(refused)).unwrap_or_default();
            return self.email_page(token, kept.value("email"), note, faults).await;
        }
        let EmailState { account, waiting } = email_state(self.app, self.id, token).await?;
        let mut body = email_json(account.email.as_ref(), account.email_verified);
        body["kept_by_office"] = json!(account.own_patient().is_some());
        if let Some(email) = waiting {
            body["waiting"] = json!(email.reveal());
        }
        Ok(reply(200, &body))
    }

    async fn email_page(
        &self,
        token: &str,
        typed: &str,
        note: Option<String>,
        faults: Vec<Fault>,
    ) -> Result<Answer, Reject> {
        let EmailState { account, waiting } = email_state(self.app, self.id, token).await?;
        let text = self.frame.text;
        let words = &text.change_email;
        let must_confirm = account.email.is_some() && !account.email_verified;
        let mut page = self.page(if must_confirm { words.confirm_title } else { words.title });
        page.note = note;
        if account.own_patient().is_some() {
            page.intro.push(words.office_keeps.to_owned());
            page.ways.push(("account/demographics", text.details.title));
            page.lead_back();
            return Ok(self.forms(200, page, faults, &[]));
        }
        let say = |email: &Email| {
            if must_confirm { words.confirm_now(email.reveal()) } else { words.now(email.reveal()) }
        };
        page.intro.extend(account.email.as_ref().map(say));
        if let Some(email) = waiting {
            let code = page
                .field("code", &text.code.label(self.settings.code_digits))
                .class("code")
                .filled("one-time-code", "numeric");
            let submit = if must_confirm { words.confirm_submit } else { words.code_submit };
            let mut form = Form::new("email", submit);
            form.intro = words.code_sent(email.reveal());
            form.fields = vec![code];
            page.forms.push(form);
        }
        // An address that isn't confirmed yet only needs the code.
        let waits = account.email.as_ref().filter(|_| !account.email_verified).map(Email::reveal);
        let shown = if typed.is_empty() { waits.unwrap_or_default() } else { typed };
        let email = page.field("email", words.email).kind("email").filled("email", "email").value(shown);
        let mut form = Form::new("email", words.submit);
        form.second = !page.forms.is_empty();
        words.intro.clone_into(&mut form.intro);
        form.fields = vec![email, page.current_password("password")];
        page.forms.push(form);
        page.lead_back();
        Ok(self.forms(200, page, faults, &["code", "email", "password"]))
    }

    async fn change_email(&self, token: &str) -> Result<Answer, Reject> {
        let body: EmailRequest = self.inbound.body()?;
        let app = self.app;
        let changed = match (&body.code, &body.email, body.password) {
            (Some(code), None, None) => confirm_email(app, self.id, token, code)
                .await
                .map(|email| {
                    let body = email_json(Some(&email), true);
                    self.done("account", "email-changed", || reply(200, &body))
                })
                .map_err(Reject::from),
            (None, Some(email), Some(password)) => match Email::parse(email) {
                Ok(email) => new_email(app, self.id, token, &email, &password.into())
                    .await
                    .map(|()| {
                        let body = json!({"resend_after": RESEND_SECONDS});
                        // The page itself says where the code went.
                        self.done("account/email", "", || reply(202, &body))
                    })
                    .map_err(Reject::from),
                Err(Invalid(code)) => Err(Reject::malformed("email", code)),
            },
            (Some(_), email, _) => {
                let beside = if email.is_some() { "email" } else { "password" };
                Err(Reject::malformed(beside, "not_allowed"))
            }
            (None, email, password) => {
                Err(Reject::fields(missing(&[("email", email.is_some()), ("password", password.is_some())])))
            }
        };
        match changed {
            Err(reject) => match self.refused(&reject) {
                // The page itself says that the office keeps the address.
                Some(refused)
                    if refused == Refused::Conflict("address_kept_by_office".to_owned())
                        || !self.email_sentences(&refused).is_empty() =>
                {
                    self.again(token, "email", "", &reject, refused).await
                }
                _ => Err(reject),
            },
            answer => answer,
        }
    }

    fn email_sentences(&self, refused: &Refused) -> Vec<Fault> {
        let text = self.frame.text;
        match refused {
            Refused::SignIn => vec![("password", text.account.wrong_password.to_owned())],
            Refused::Code => vec![("code", text.code.rejected(0))],
            Refused::Fields(faults) => {
                let sentence = |(field, code): &(String, String)| match (field.as_str(), code.as_str()) {
                    ("email", "required") => ("email", text.change_email.email_missing.to_owned()),
                    ("email", "unchanged") => ("email", text.change_email.unchanged.to_owned()),
                    ("email", _) => ("email", text.register.email_invalid.to_owned()),
                    ("password", _) => ("password", text.account.current_password_missing.to_owned()),
                    _ => ("", text.dead_end.wrong_format.to_owned()),
                };
                faults.iter().map(sentence).collect()
            }
            _ => Vec::new(),
        }
    }

    async fn sessions(&self, token: &str) -> Result<Answer, Reject> {
        let (all, here) = sessions(self.app, self.id, token).await?;
        if !self.inbound.wants_page() {
            let views: Vec<Value> = all.iter().map(|one| view::session(one, &here.session)).collect();
            return Ok(reply(200, &json!({"sessions": views})));
        }
        let words = &self.frame.text.sessions;
        let note = match self.inbound.query("note") {
            Some("ended") => Some(words.ended),
            Some("others-ended") => Some(words.others_ended),
            _ => None,
        };
        let places = all.iter().map(|one| Place {
            id: one.id().to_owned(),
            began: self.frame.time(one.began_at),
            last_used: self.frame.time(one.touched_at),
            browser: one
                .browser
                .as_ref()
                .map(|browser| browser_words(browser.words(), self.frame.language))
                .unwrap_or_default(),
            this: one.digest == here.session.digest,
        });
        let page = SessionsPage::new(self.frame.clone(), self.id, note, places.collect());
        Ok(html(200, &self.frame, &page))
    }

    async fn end_sessions(&self, token: &str) -> Result<Answer, Reject> {
        let body: EndSessionsRequest =
            if self.inbound.has_body() { self.inbound.body()? } else { EndSessionsRequest::default() };
        let which = body.session_id.as_deref();
        end_sessions(self.app, self.id, token, which).await?;
        let note = if which.is_some() { "ended" } else { "others-ended" };
        Ok(self.done("account/sessions", note, no_content))
    }
}

fn email_json(email: Option<&Email>, verified: bool) -> Value {
    email.map_or_else(|| json!({}), |email| json!({"email": email.reveal(), "email_verified": verified}))
}

fn account_json(seen: Overview) -> Value {
    let Overview { account, session, .. } = seen;
    let more = email_json(account.email.as_ref(), account.email_verified);
    let must_change = account.must_change_password();
    let mut view = view::signed_in(&Holder { account, session });
    view["must_change_password"] = json!(must_change);
    if let (Some(view), Value::Object(more)) = (view.as_object_mut(), more) {
        view.extend(more);
    }
    view
}
