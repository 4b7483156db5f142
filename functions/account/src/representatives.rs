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
    Answer, Fault, Refused, Reject, RepresentativeRequest, TypedPassword, flag, html, json as reply,
    no_content, see_other, view,
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

/// The part of an address that names a patient, if one was named: whoever acts for several names each.
fn of(patient: Option<&str>) -> String {
    patient.map(|id| format!("&patient_id={id}")).unwrap_or_default()
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
        let (kept, again) = self.kept(token, "representatives").await?;
        let sent_for = Some(kept.value("patient_id")).filter(|id| !id.is_empty());
        let represented = self.represented(token, self.inbound.query("patient_id").or(sent_for)).await?;
        if !self.inbound.wants_page() {
            return Ok(reply(200, &view::represented(&represented)));
        }
        let words = &self.frame.text.representatives;
        let faults = kept.why().map(|refused| self.invite_sentences(refused)).unwrap_or_default();
        if let Some(who) = self.inbound.query("show_everything") {
            return self.ask_for_password(&represented, account(who)?, faults);
        }
        if let Some(who) = self.inbound.query("end") {
            return self.ask_once_more(&represented, account(who)?);
        }
        let note = match self.inbound.query("note") {
            Some("invited") => Some(words.added.to_owned()),
            Some("changed") => Some(words.shown.to_owned()),
            Some("ended") => Some(words.ended.to_owned()),
            Some("taken-back") => Some(words.taken_back.to_owned()),
            _ => again,
        };
        let (frame, typed) = (self.frame.clone(), Typed::of(&kept));
        let page = RepresentativesPage::new(frame, self.id, &represented, note, typed, faults);
        Ok(html(200, &self.frame, &page))
    }

    pub(crate) async fn invite_representative(&self, token: &str) -> Result<Answer, Reject> {
        let mut body: InviteRequest = self.inbound.body()?;
        let password = body.password.take();
        let page = self.inbound.wants_page();
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
            Err(reject) => {
                self.not_done(token, "representatives", reject, |refused| self.invite_sentences(refused))
                    .await
            }
        }
    }

    fn invite_sentences(&self, refused: &Refused) -> Vec<Fault> {
        let frame = &self.frame;
        let (words, register) = (&frame.text.representatives, &frame.text.register);
        match refused {
            Refused::Conflict(code) => vec![("", frame.reason(code).unwrap_or_default().to_owned())],
            Refused::Fields(faults) => {
                let sentence = |(field, code): &(String, String)| match (field.as_str(), code.as_str()) {
                    ("", code) => ("", frame.reason(code).unwrap_or(frame.text.dead_end.wrong_format)),
                    ("given_name", "required") => ("given_name", words.given_name_missing),
                    ("given_name", code) => ("given_name", frame.field_detail(code)),
                    ("family_name", "required") => ("family_name", words.family_name_missing),
                    ("family_name", code) => ("family_name", frame.field_detail(code)),
                    ("relationship", _) => ("relationship", words.relationship_missing),
                    ("email", "required") => ("email", words.email_missing),
                    ("email", _) => ("email", register.email_invalid),
                    ("mobile_phone", _) => ("mobile_phone", register.mobile_phone_invalid),
                    ("level", _) => ("level", words.level_missing),
                    ("password", _) => ("password", frame.text.account.current_password_missing),
                    _ => ("", frame.text.dead_end.wrong_format),
                };
                faults.iter().map(sentence).map(|(name, text)| (name, text.to_owned())).collect()
            }
            Refused::SignIn => vec![("password", frame.text.account.wrong_password.to_owned())],
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
            Err(reject) => match self.refused(&reject) {
                Some(refused @ (Refused::Fields(_) | Refused::SignIn)) => {
                    let query = format!("&show_everything={who}{}", of(body.patient_id.as_deref()));
                    // Nothing was wrong yet: the first click sends no password.
                    let refused =
                        if refused == Refused::SignIn { refused } else { Refused::Fields(Vec::new()) };
                    self.again(token, "representatives", &query, &reject, refused).await
                }
                _ => Err(reject),
            },
        }
    }

    /// Who has access to the patient with this account.
    fn person(&self, represented: &Represented, who: AccountId) -> Result<Person, Reject> {
        let id = who.to_string();
        let mut people = Person::all(&self.frame, represented).into_iter();
        Ok(people.find(|person| person.account == id).ok_or(Refusal::NotFound)?)
    }

    /// Somebody sees more only after the password, unless it was given in the last ten minutes.
    fn ask_for_password(
        &self,
        represented: &Represented,
        who: AccountId,
        faults: Vec<Fault>,
    ) -> Result<Answer, Reject> {
        let person = self.person(represented, who)?;
        let words = &self.frame.text.representatives;
        let mut page = self.page(words.title);
        let mut form = Form::new("representatives/level", words.show_everything_named(&person.name));
        form.hidden = vec![
            ("account_id", person.account),
            ("level", Level::Full.as_str().to_owned()),
            ("patient_id", represented.patient.id.to_string()),
        ];
        form.fields.push(page.current_password("password"));
        page.forms.push(form);
        page.ways.push((PATH, words.end_back));
        Ok(self.forms(200, page, faults, &["password"]))
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
            let at = self.at(PATH, "");
            return Ok(see_other(&format!("{at}&end={who}{}", of(body.patient_id.as_deref()))));
        }
        self.act(token, &patient, RepresentativeChange::End(who), None).await?;
        Ok(self.done(PATH, "ended", no_content))
    }

    /// An access ends at the second click: the first may have been a slip.
    fn ask_once_more(&self, represented: &Represented, who: AccountId) -> Result<Answer, Reject> {
        let person = self.person(represented, who)?;
        let words = &self.frame.text.representatives;
        let mut page = self.page(words.end_title);
        page.intro.push(words.end_intro(&person.name));
        let mut form = Form::new("representatives/end", words.end_submit);
        form.hidden = vec![
            ("account_id", person.account),
            ("confirm", "yes".to_owned()),
            ("patient_id", represented.patient.id.to_string()),
        ];
        page.forms.push(form);
        page.ways.push((PATH, words.end_back));
        Ok(self.forms(200, page, Vec::new(), &[]))
    }
}
