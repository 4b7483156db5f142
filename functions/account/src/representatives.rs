//! Who else sees the records of a signed-in patient: the list, one more, more or less to see, the end.

use portico_domain::model::chart::Channel;
use portico_domain::model::grant::{Level, Relationship};
use portico_domain::model::ids::{AccountId, LinkId, PatientId};
use portico_domain::model::password::Password;
use portico_domain::model::refusal::{FieldFault, Refusal};
use portico_domain::operations::holder::representatives::{
    RepresentativeChange, Represented, change_representatives, own_patient, representatives,
};
use portico_web::{
    Answer, Fault, Reject, RepresentativeRequest, TypedPassword, flag, html, json as reply, no_content, view,
};
use serde::Deserialize;
use serde_json::json;

use crate::pages::{Form, Person, RepresentativesPage, Typed};
use crate::{Ports, PracticeRequest};

const PATH: &str = "account/representatives";

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct InviteRequest {
    patient_id: Option<String>,
    given_name: Option<String>,
    family_name: Option<String>,
    relationship: Option<Relationship>,
    email: Option<String>,
    mobile_phone: Option<String>,
    level: Option<Level>,
    channel: Option<Channel>,
    password: Option<TypedPassword>,
}

impl InviteRequest {
    fn typed(&self) -> Typed {
        let text = |field: &Option<String>| field.clone().unwrap_or_default();
        Typed {
            given_name: text(&self.given_name),
            family_name: text(&self.family_name),
            relationship: self.relationship.map(Relationship::as_str).unwrap_or_default().to_owned(),
            email: text(&self.email),
            mobile_phone: text(&self.mobile_phone),
            level: self.level.map(Level::as_str).unwrap_or_default().to_owned(),
        }
    }

    fn representative(self) -> RepresentativeRequest {
        RepresentativeRequest {
            authority: None,
            given_name: self.given_name,
            family_name: self.family_name,
            relationship: self.relationship,
            email: self.email,
            mobile_phone: self.mobile_phone,
            level: self.level,
            channel: self.channel,
        }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct LevelRequest {
    account_id: String,
    level: Level,
    patient_id: Option<String>,
    password: Option<TypedPassword>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct EndRequest {
    account_id: Option<String>,
    invitation_id: Option<String>,
    #[serde(default, deserialize_with = "flag")]
    confirm: bool,
    patient_id: Option<String>,
}

fn account(text: &str) -> Result<AccountId, Refusal> {
    AccountId::parse(text).map_err(|_| Refusal::NotFound)
}

impl<S: Ports> PracticeRequest<'_, S> {
    /// The patient that is meant: the one who is named, else the one who is signed in.
    async fn meant(&self, token: &str, stated: Option<&str>) -> Result<PatientId, Reject> {
        match stated {
            Some(id) => Ok(PatientId::parse(id).map_err(|_| Refusal::NotFound)?),
            None => Ok(own_patient(self.app, self.id, token).await?),
        }
    }

    async fn represented(&self, token: &str, stated: Option<&str>) -> Result<Represented, Reject> {
        let patient = self.meant(token, stated).await?;
        Ok(representatives(self.app, self.id, token, &patient).await?)
    }

    async fn act(
        &self,
        token: &str,
        patient: &PatientId,
        act: RepresentativeChange,
        password: Option<TypedPassword>,
    ) -> Result<(), Reject> {
        let password = password.map(Password::from);
        Ok(change_representatives(self.app, self.id, token, patient, &act, password.as_ref()).await?)
    }

    pub(crate) async fn representatives(&self, token: &str) -> Result<Answer, Reject> {
        let represented = self.represented(token, self.inbound.query("patient_id")).await?;
        if !self.inbound.wants_page() {
            return Ok(reply(200, &view::represented(&represented)));
        }
        let words = &self.frame.text.representatives;
        let (kept, again) = self.kept(token, "representatives").await?;
        let note = match self.inbound.query("note") {
            Some("invited") => Some(words.added.to_owned()),
            Some("changed") => Some(words.shown.to_owned()),
            Some("ended") => Some(words.ended.to_owned()),
            Some("taken-back") => Some(words.taken_back.to_owned()),
            _ => again,
        };
        let (frame, typed) = (self.frame.clone(), Typed::of(&kept));
        let page = RepresentativesPage::new(frame, self.id, &represented, note, typed, Vec::new());
        Ok(html(200, &self.frame, &page))
    }

    pub(crate) async fn invite_representative(&self, token: &str) -> Result<Answer, Reject> {
        let mut body: InviteRequest = self.inbound.body()?;
        let password = body.password.take();
        let page = self.inbound.wants_page();
        let typed = body.typed();
        // A person decides how much somebody sees; nothing is chosen for them.
        let undecided = (page && body.level.is_none()).then(|| FieldFault::of("level", "required"));
        let patient = self.meant(token, body.patient_id.as_deref()).await?;
        let offering = match body.representative().parse(patient.clone()) {
            Err(faults) => Err(faults.into_iter().chain(undecided).collect()),
            Ok(offering) => undecided.map_or(Ok(offering), |fault| Err(vec![fault])),
        };
        let invited = match offering {
            Ok(offering) => {
                let invite = RepresentativeChange::Invite(Box::new(offering));
                self.act(token, &patient, invite, password).await
            }
            Err(faults) => Err(Reject::fields(faults)),
        };
        match invited {
            Ok(()) => Ok(self.done(PATH, "invited", || reply(201, &json!({"state": "invited"})))),
            Err(Reject::Refused(refusal)) if page => {
                let faults = self.invite_sentences(&refusal);
                let reject = Reject::from(refusal);
                if faults.is_empty() {
                    return Err(reject);
                }
                let represented = self.represented(token, Some(patient.as_str())).await?;
                let frame = self.frame.clone();
                let page = RepresentativesPage::new(frame, self.id, &represented, None, typed, faults);
                Ok(html(reject.status(), &self.frame, &page))
            }
            Err(reject) => Err(reject),
        }
    }

    fn invite_sentences(&self, refusal: &Refusal) -> Vec<Fault> {
        let frame = &self.frame;
        let (words, register) = (&frame.text.representatives, &frame.text.register);
        let whole = |codes: &[&str]| {
            let sentences: Vec<&str> = codes.iter().filter_map(|code| frame.reason(code)).collect();
            vec![("", sentences.join(" "))]
        };
        match refusal {
            Refusal::Conflict(code) => whole(&[code]),
            Refusal::NotEligible(reasons) => {
                whole(&reasons.iter().map(|reason| reason.code()).collect::<Vec<_>>())
            }
            Refusal::BadRequest(faults) => {
                let sentence = |fault: &FieldFault| match (fault.pointer.as_str(), fault.code) {
                    ("/given_name", "required") => ("given_name", words.given_name_missing),
                    ("/given_name", code) => ("given_name", frame.field_detail(code)),
                    ("/family_name", "required") => ("family_name", words.family_name_missing),
                    ("/family_name", code) => ("family_name", frame.field_detail(code)),
                    ("/relationship", _) => ("relationship", words.relationship_missing),
                    ("/email", "required") => ("email", words.email_missing),
                    ("/email", _) => ("email", register.email_invalid),
                    ("/mobile_phone", _) => ("mobile_phone", register.mobile_phone_invalid),
                    ("/level", _) => ("level", words.level_missing),
                    ("/password", _) => ("password", frame.text.account.current_password_missing),
                    _ => ("", frame.text.dead_end.wrong_format),
                };
                faults.iter().map(sentence).map(|(name, text)| (name, text.to_owned())).collect()
            }
            Refusal::SignInFailed => vec![("password", frame.text.account.wrong_password.to_owned())],
            _ => Vec::new(),
        }
    }

    pub(crate) async fn level_representative(&self, token: &str) -> Result<Answer, Reject> {
        let body: LevelRequest = self.inbound.body()?;
        let who = account(&body.account_id)?;
        let patient = self.meant(token, body.patient_id.as_deref()).await?;
        let change = RepresentativeChange::Level(who, body.level);
        match self.act(token, &patient, change, body.password).await {
            Ok(()) => Ok(self.done(PATH, "changed", no_content)),
            Err(Reject::Refused(refusal @ (Refusal::BadRequest(_) | Refusal::SignInFailed)))
                if self.inbound.wants_page() =>
            {
                self.ask_for_password(token, &patient, who, &refusal).await
            }
            Err(reject) => Err(reject),
        }
    }

    /// Who has access to the patient with this account.
    async fn person(&self, token: &str, patient: &PatientId, who: AccountId) -> Result<Person, Reject> {
        let represented = self.represented(token, Some(patient.as_str())).await?;
        let id = who.to_string();
        let mut people = Person::all(&self.frame, &represented).into_iter();
        Ok(people.find(|person| person.account == id).ok_or(Refusal::NotFound)?)
    }

    /// Somebody sees more only after the password, unless it was given in the last ten minutes.
    async fn ask_for_password(
        &self,
        token: &str,
        patient: &PatientId,
        who: AccountId,
        refusal: &Refusal,
    ) -> Result<Answer, Reject> {
        let person = self.person(token, patient, who).await?;
        let words = &self.frame.text.representatives;
        let wrong = *refusal == Refusal::SignInFailed;
        let errors = if wrong { self.invite_sentences(refusal) } else { Vec::new() };
        let mut page = self.page(words.title);
        let mut form = Form::new("representatives/level", words.show_everything_named(&person.name));
        form.hidden = vec![
            ("account_id", person.account),
            ("level", Level::Full.as_str().to_owned()),
            ("patient_id", patient.to_string()),
        ];
        form.fields.push(page.current_password("password"));
        page.forms.push(form);
        page.ways.push((PATH, words.end_back));
        let status = if wrong { 401 } else { 200 };
        Ok(self.forms(status, page, errors, &["password"]))
    }

    pub(crate) async fn end_representative(&self, token: &str) -> Result<Answer, Reject> {
        let body: EndRequest = self.inbound.body()?;
        let patient = self.meant(token, body.patient_id.as_deref()).await?;
        let who = match (&body.account_id, &body.invitation_id) {
            (Some(who), None) => account(who)?,
            (None, Some(invitation)) => {
                let invitation = LinkId::parse(invitation).map_err(|_| Refusal::NotFound)?;
                self.act(token, &patient, RepresentativeChange::TakeBack(invitation), None).await?;
                return Ok(self.done(PATH, "taken-back", no_content));
            }
            _ => return Err(Reject::malformed("account_id", "required")),
        };
        if self.inbound.wants_page() && !body.confirm {
            return self.ask_once_more(token, &patient, who).await;
        }
        self.act(token, &patient, RepresentativeChange::End(who), None).await?;
        Ok(self.done(PATH, "ended", no_content))
    }

    /// An access ends at the second click: the first may have been a slip.
    async fn ask_once_more(
        &self,
        token: &str,
        patient: &PatientId,
        who: AccountId,
    ) -> Result<Answer, Reject> {
        let person = self.person(token, patient, who).await?;
        let words = &self.frame.text.representatives;
        let mut page = self.page(words.end_title);
        page.intro.push(words.end_intro(&person.name));
        let mut form = Form::new("representatives/end", words.end_submit);
        form.hidden = vec![("account_id", person.account), ("confirm", "yes".to_owned())];
        page.forms.push(form);
        page.ways.push((PATH, words.end_back));
        Ok(self.forms(200, page, Vec::new(), &[]))
    }
}
