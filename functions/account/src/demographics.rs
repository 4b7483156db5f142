//! What the office has on file of those whom a signed-in person sees in full, and changes that they propose.

use std::collections::BTreeMap;

use portico_domain::model::ids::PatientId;
use portico_domain::model::password::Password;
use portico_domain::model::proposal::ChartField;
use portico_domain::model::refusal::Refusal;
use portico_domain::operations::holder::details::{Details, Propose, details, propose};
use portico_web::{Answer, Fault, Field, Refused, Reject, TypedPassword, json as reply, phone, view};
use serde::{Deserialize, Deserializer};
use serde_json::{Value, json};

use crate::pages::{Form, OwnPage};
use crate::{Ports, PracticeRequest};

/// Reads a value that may be null: a field to be cleared.
fn stated<'de, D: Deserializer<'de>>(from: D) -> Result<Option<String>, D::Error> {
    Ok(Some(Option::deserialize(from)?.unwrap_or_default()))
}

#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct FieldsRequest {
    #[serde(deserialize_with = "stated")]
    address_line: Option<String>,
    #[serde(deserialize_with = "stated")]
    city: Option<String>,
    #[serde(deserialize_with = "stated")]
    state: Option<String>,
    #[serde(deserialize_with = "stated")]
    postal_code: Option<String>,
    #[serde(deserialize_with = "stated")]
    home_phone: Option<String>,
    #[serde(deserialize_with = "stated")]
    mobile_phone: Option<String>,
    #[serde(deserialize_with = "stated")]
    email: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ProposeRequest {
    patient_id: String,
    changes: FieldsRequest,
    password: Option<TypedPassword>,
}

/// The same from a form, which has no fields within fields.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FlatRequest {
    patient_id: String,
    password: Option<TypedPassword>,
    address_line: Option<String>,
    city: Option<String>,
    state: Option<String>,
    postal_code: Option<String>,
    home_phone: Option<String>,
    mobile_phone: Option<String>,
    email: Option<String>,
}

type Stated = BTreeMap<ChartField, String>;

impl FieldsRequest {
    fn stated(self) -> Stated {
        let all = [
            (ChartField::AddressLine, self.address_line),
            (ChartField::City, self.city),
            (ChartField::State, self.state),
            (ChartField::PostalCode, self.postal_code),
            (ChartField::HomePhone, self.home_phone),
            (ChartField::MobilePhone, self.mobile_phone),
            (ChartField::Email, self.email),
        ];
        all.into_iter().filter_map(|(field, text)| Some((field, text?))).collect()
    }
}

impl From<FlatRequest> for ProposeRequest {
    fn from(flat: FlatRequest) -> Self {
        let changes = FieldsRequest {
            address_line: flat.address_line,
            city: flat.city,
            state: flat.state,
            postal_code: flat.postal_code,
            home_phone: flat.home_phone,
            mobile_phone: flat.mobile_phone,
            email: flat.email,
        };
        Self { patient_id: flat.patient_id, changes, password: flat.password }
    }
}

const PATH: &str = "account/demographics";

impl<S: Ports> PracticeRequest<'_, S> {
    pub(crate) async fn demographics(&self, token: &str) -> Result<Answer, Reject> {
        let all = details(self.app, self.id, token).await?;
        if !self.inbound.wants_page() {
            let views: Vec<Value> = all.iter().map(view::details).collect();
            return Ok(reply(200, &json!({"patients": views})));
        }
        if all.is_empty() {
            return Err(Refusal::NotFound.into());
        }
        let words = &self.frame.text.details;
        let mut page = self.page(words.title);
        let (kept, again) = self.kept(token, "demographics").await?;
        page.note = (self.inbound.query("note") == Some("sent")).then(|| words.done.to_owned()).or(again);
        let typed: Stated = ChartField::ALL
            .into_iter()
            .filter(|field| !kept.value(field.as_str()).is_empty())
            .map(|field| (field, kept.value(field.as_str()).to_owned()))
            .collect();
        page.intro.push(words.intro.to_owned());
        let faults = kept.why().map(|refused| self.details_sentences(refused)).unwrap_or_default();
        let named = all.len() > 1;
        let is_sent = |one: &&Details| kept.value("patient_id") == one.patient.id.as_str();
        // Of a form that was refused the page has nothing beside it.
        let shown = all.iter().filter(|one| faults.is_empty() || is_sent(one));
        for (place, one) in shown.enumerate() {
            let form = self.details_form(&page, one, Some(&typed).filter(|_| is_sent(&one)), named, place);
            page.forms.push(form);
        }
        page.lead_back();
        let mut order = ChartField::ALL.map(ChartField::as_str).to_vec();
        order.push("password");
        Ok(self.forms(200, page, faults, &order))
    }

    /// The form of one patient: with what the chart has, or with what was typed.
    fn details_form(
        &self,
        page: &OwnPage,
        one: &Details,
        typed: Option<&Stated>,
        named: bool,
        place: usize,
    ) -> Form {
        let words = &self.frame.text.details;
        let chart = &one.patient.chart;
        let mut form = Form::new("demographics", words.submit);
        if named || !one.own {
            form.heading = chart.full_name();
        }
        form.intro = one.pending.map(|at| words.pending(&self.frame.time(at))).unwrap_or_default();
        form.hidden = vec![("patient_id", one.patient.id.to_string())];
        // Two forms have fields of one name; what names them on the page must differ.
        let own_id = |name: &str| if place == 0 { name.to_owned() } else { format!("{name}-{}", place + 1) };
        for field in ChartField::ALL {
            let value = match typed {
                Some(typed) => typed.get(&field).cloned().unwrap_or_default(),
                // As people write it; a number that can't be dialled stands as it is.
                None => field.of(chart).map(|value| phone(value.reveal())).unwrap_or_default(),
            };
            let input = self.details_field(page, field, one.own).unmarked().value(&value);
            form.fields.push(input.id(own_id(field.as_str())));
        }
        let password = page.current_password("password").hint(words.password_hint).unmarked();
        form.fields.push(password.id(own_id("password")));
        form
    }

    fn details_field(&self, page: &OwnPage, field: ChartField, own: bool) -> Field {
        let words = &self.frame.text.details;
        // What a browser knows of its user is not true of somebody else.
        let known = |filled: &'static str| if own { filled } else { "off" };
        match field {
            ChartField::AddressLine => page
                .field("address_line", words.address_line)
                .heading(words.address_heading)
                .hint(words.address_line_hint)
                .filled(known("address-line1"), ""),
            ChartField::City => page.field("city", words.city).filled(known("address-level2"), ""),
            ChartField::State => page
                .field("state", words.state)
                .hint(words.state_hint)
                .class("short")
                .filled(known("address-level1"), ""),
            ChartField::PostalCode => page
                .field("postal_code", words.postal_code)
                .class("short")
                .filled(known("postal-code"), "numeric"),
            ChartField::HomePhone => page
                .field("home_phone", words.home_phone)
                .heading(words.contact_heading)
                .hint(words.phone_hint)
                .kind("tel")
                .filled(known("home tel"), "tel"),
            ChartField::MobilePhone => page
                .field("mobile_phone", words.mobile_phone)
                .hint(words.phone_hint)
                .kind("tel")
                .filled(known("mobile tel"), "tel"),
            ChartField::Email => {
                page.field("email", words.email).kind("email").filled(known("email"), "email")
            }
        }
    }

    pub(crate) async fn propose(&self, token: &str) -> Result<Answer, Reject> {
        let body = if self.inbound.is_form() {
            ProposeRequest::from(self.inbound.body::<FlatRequest>()?)
        } else {
            self.inbound.body()?
        };
        let mut changes = body.changes.stated();
        // A field that was emptied is one to be cleared.
        for field in ChartField::ALL.into_iter().filter(|field| self.inbound.left_empty(field.as_str())) {
            changes.insert(field, String::new());
        }
        let command = Propose {
            patient: PatientId::parse(&body.patient_id).map_err(|_| Refusal::NotFound)?,
            changes,
            password: body.password.map(Password::from),
        };
        let proposed = propose(self.app, self.id, token, &command).await;
        match proposed.map_err(Reject::from) {
            Ok(id) => Ok(self.done(PATH, "sent", || reply(202, &json!({"change_id": id.to_string()})))),
            Err(reject) => {
                self.not_done(token, "demographics", reject, |refused| self.details_sentences(refused)).await
            }
        }
    }

    fn details_sentences(&self, refused: &Refused) -> Vec<Fault> {
        let text = self.frame.text;
        let words = &text.details;
        match refused {
            Refused::SignIn => vec![("password", text.account.wrong_password.to_owned())],
            Refused::Fields(faults) => {
                let sentence = |(field, code): &(String, String)| match (field.as_str(), code.as_str()) {
                    ("changes", _) => ("", words.unchanged),
                    ("password", _) => ("password", text.account.current_password_missing),
                    ("changes/address_line", code) => ("address_line", self.frame.field_detail(code)),
                    ("changes/city", code) => ("city", self.frame.field_detail(code)),
                    ("changes/state", _) => ("state", words.state_invalid),
                    ("changes/postal_code", _) => ("postal_code", words.postal_code_invalid),
                    ("changes/home_phone", _) => ("home_phone", words.phone_invalid),
                    ("changes/mobile_phone", _) => ("mobile_phone", words.phone_invalid),
                    ("changes/email", _) => ("email", text.register.email_invalid),
                    _ => ("", text.dead_end.wrong_format),
                };
                faults.iter().map(sentence).map(|(name, text)| (name, text.to_owned())).collect()
            }
            _ => Vec::new(),
        }
    }
}
