//! The pages on which a stranger asks for an account, a new password or the user names; and the one that follows,
//! whatever was asked.

use askama::Template;
use portico_domain::context::Context;
use portico_domain::model::ids::PracticeId;
use portico_domain::model::refusal::FieldFault;

use crate::answer::Answer;
use crate::cookie::{LONGEST_SEALED, set_asked};
use crate::inbound::Inbound;
use crate::page::field::{Fault, Field};
use crate::page::frame::Frame;
use crate::page::html::{html, see_other};
use crate::page::visit::{Form, Refused};
use crate::reject::Reject;

/// Which of the pages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Asking {
    /// «I am a registered patient. Create my account.»
    SignUp,
    /// «Forgot password».
    ForgotPassword,
    /// «Forgot user name».
    ForgotUsername,
    /// «I need access for someone I care for».
    Access,
}

impl Asking {
    /// The last part of its address.
    pub const fn path(self) -> &'static str {
        match self {
            Self::SignUp => "sign-up",
            Self::ForgotPassword => "forgot-password",
            Self::ForgotUsername => "forgot-username",
            Self::Access => "ask-for-access",
        }
    }
}

impl Asking {
    /// Refuses a form: leads back to its page, which says why. Whoever takes the form in looks nothing up, not even the
    /// practice's name, so the page is shown by another function. What was typed goes there sealed in a cookie.
    pub fn refuse(
        self,
        inbound: &Inbound,
        context: &Context,
        practice: &PracticeId,
        faults: Vec<FieldFault>,
    ) -> Answer {
        let reject = Reject::fields(faults);
        let mut form = Form::sent(inbound);
        if let Some(refused) = Refused::of(&reject, context.now()) {
            form = form.refused(refused);
        }
        let path = self.address(practice);
        let seal = |form: &Form| context.keyring.seal_json(path.as_bytes(), form, &*context.entropy);
        let mut sealed = seal(&form);
        if sealed.len() > LONGEST_SEALED {
            form = form.emptied();
            sealed = seal(&form);
        }
        let lang = Frame::nameless(inbound).lang();
        let mut answer = see_other(&format!("{path}?lang={lang}&again=yes"));
        set_asked(&mut answer, &path, &sealed);
        reject.mark(&mut answer);
        answer
    }

    /// The form that was refused a moment ago; empty, if none was. A browser that keeps no cookies is told so.
    pub fn again(self, inbound: &Inbound, context: &Context, practice: &PracticeId) -> Form {
        if inbound.query("again").is_none() {
            return Form::default();
        }
        let path = self.address(practice);
        let form = inbound.asked().and_then(|sealed| context.keyring.open_json(path.as_bytes(), sealed));
        form.unwrap_or_else(|| {
            Form::default().refused(Refused::Fields(vec![(String::new(), NO_COOKIES.to_owned())]))
        })
    }

    fn address(self, practice: &PracticeId) -> String {
        format!("/{practice}/{}", self.path())
    }
}

/// What is wrong where a form that was refused did not come back.
const NO_COOKIES: &str = "no_cookies";

/// One of the page's forms.
struct AskForm {
    heading: &'static str,
    intro: &'static str,
    submit: &'static str,
    fields: Vec<Field>,
    /// The choices of a relationship, where it is asked for, and what is wrong with the choice.
    relationships: Vec<(&'static str, &'static str, bool)>,
    /// The fields below the relationship, under a heading of their own.
    below: &'static str,
    more: Vec<Field>,
}

impl AskForm {
    const fn new(submit: &'static str, fields: Vec<Field>) -> Self {
        Self {
            heading: "",
            intro: "",
            submit,
            fields,
            relationships: Vec::new(),
            below: "",
            more: Vec::new(),
        }
    }
}

/// A page that asks.
#[derive(Template)]
#[template(path = "ask.html")]
pub struct AskPage {
    frame: Frame,
    errors: Vec<Fault>,
    asking: Asking,
    practice: String,
    path: &'static str,
    forms: Vec<AskForm>,
}

impl AskPage {
    /// The page of a practice.
    pub fn new(frame: Frame, practice: &str, asking: Asking, typed: &Form) -> Self {
        let errors: Vec<Fault> = match typed.why() {
            Some(Refused::Fields(faults)) => {
                faults.iter().map(|(field, code)| sentence(field, code, &frame)).collect()
            }
            _ => Vec::new(),
        };
        let (words, link) = (&frame.text.ask, &frame.text.link);
        let field = |name, label: &str| Field::new(name, label, &frame).among(&errors);
        let email = |hint: &str| {
            field("email", link.email)
                .hint(hint)
                .kind("email")
                .filled("email", "email")
                .value(typed.value("email"))
        };
        let facts = || {
            vec![
                email(link.email_hint),
                field("family_name", link.family_name)
                    .hint(link.family_name_hint)
                    .filled("family-name", "")
                    .value(typed.value("family_name")),
                Field::date("birth_date", link.birth_date, &frame, typed, true).among(&errors),
                field("postal_code", link.postal_code)
                    .hint(link.postal_code_hint)
                    .class("short")
                    .filled("postal-code", "numeric")
                    .value(typed.value("postal_code")),
            ]
        };
        let forms = match asking {
            Asking::SignUp => {
                vec![AskForm::new(words.sign_up_submit, facts())]
            }
            Asking::ForgotPassword => vec![
                AskForm {
                    heading: words.username_known_heading,
                    ..AskForm::new(
                        words.username_known_submit,
                        vec![
                            field("username", frame.text.sign_in.username)
                                .filled("username", "email")
                                .value(typed.value("username")),
                        ],
                    )
                },
                AskForm {
                    heading: words.username_unknown_heading,
                    intro: words.username_unknown_intro,
                    ..AskForm::new(words.username_unknown_submit, facts())
                },
            ],
            Asking::ForgotUsername => {
                vec![AskForm::new(words.forgot_username_submit, vec![email("")])]
            }
            Asking::Access => vec![access_form(&frame, typed, &errors)],
        };
        Self { practice: practice.to_owned(), path: asking.path(), asking, forms, errors, frame }
    }

    fn title(&self) -> &'static str {
        let words = &self.frame.text.ask;
        match self.asking {
            Asking::SignUp => words.sign_up_title,
            Asking::ForgotPassword => words.forgot_password_title,
            Asking::ForgotUsername => words.forgot_username_title,
            Asking::Access => words.access_title,
        }
    }

    fn intro(&self) -> &'static str {
        let words = &self.frame.text.ask;
        match self.asking {
            Asking::SignUp => words.sign_up_intro,
            Asking::ForgotPassword => words.forgot_password_intro,
            Asking::ForgotUsername => words.forgot_username_intro,
            Asking::Access => words.access_intro,
        }
    }

    /// Where else to go from here.
    fn others(&self) -> Vec<(&'static str, &'static str)> {
        let words = &self.frame.text.sign_in;
        let mut others = Vec::new();
        match self.asking {
            Asking::SignUp | Asking::Access => return vec![("", self.frame.text.ask.have_account)],
            Asking::ForgotPassword => others.push(("/forgot-username", words.forgot_username)),
            Asking::ForgotUsername => others.push(("/forgot-password", words.forgot_password)),
        }
        others.push(("", self.frame.text.ask.back_to_sign_in));
        others
    }
}

/// The form of somebody who asks for access for a patient.
fn access_form(frame: &Frame, typed: &Form, errors: &[Fault]) -> AskForm {
    let (words, link, own) = (&frame.text.ask, &frame.text.link, &frame.text.register);
    let field = |name, label: &str| Field::new(name, label, frame).among(errors);
    let fields = vec![
        field("given_name", words.access_given_name)
            .filled("given-name", "")
            .value(typed.value("given_name")),
        field("family_name", link.family_name).filled("family-name", "").value(typed.value("family_name")),
        field("email", link.email)
            .kind("email")
            .filled("email", "email")
            .unmarked()
            .value(typed.value("email")),
        field("mobile_phone", own.mobile_phone)
            .kind("tel")
            .filled("tel", "tel")
            .unmarked()
            .value(typed.value("mobile_phone")),
    ];
    let more = vec![
        field("patient_given_name", words.access_given_name).value(typed.value("patient_given_name")),
        field("patient_family_name", link.family_name).value(typed.value("patient_family_name")),
        Field::date("patient_birth_date", link.birth_date, frame, typed, false).among(errors),
        field("message", words.access_message).optional().value(typed.value("message")),
    ];
    let relationships =
        [("parent", own.parent), ("guardian", own.guardian), ("spouse", own.spouse), ("other", own.other)];
    AskForm {
        heading: words.access_you,
        relationships: relationships
            .map(|(value, label)| (value, label, typed.value("relationship") == value))
            .into(),
        below: words.access_patient,
        more,
        ..AskForm::new(words.access_submit, fields)
    }
}

fn sentence(field: &str, code: &str, frame: &Frame) -> Fault {
    let words = &frame.text.link;
    match (field, code) {
        ("username", _) => ("username", frame.text.sign_in.username_missing.to_owned()),
        ("email", "required") => ("email", words.email_missing.to_owned()),
        ("email", _) => ("email", frame.text.register.email_invalid.to_owned()),
        ("given_name", _) => ("given_name", frame.field_detail(code).to_owned()),
        ("mobile_phone", "required") => ("mobile_phone", frame.text.ask.access_contact_missing.to_owned()),
        ("mobile_phone", _) => ("mobile_phone", frame.field_detail(code).to_owned()),
        ("relationship", _) => ("relationship", frame.text.register.relationship_missing.to_owned()),
        ("patient_given_name", _) => ("patient_given_name", frame.field_detail(code).to_owned()),
        ("patient_family_name", _) => ("patient_family_name", words.family_name_missing.to_owned()),
        ("patient_birth_date", "required") => ("patient_birth_date", words.birth_date_missing.to_owned()),
        ("patient_birth_date", _) => ("patient_birth_date", words.birth_date_invalid.to_owned()),
        ("message", _) => ("message", frame.field_detail(code).to_owned()),
        ("family_name", _) => ("family_name", words.family_name_missing.to_owned()),
        ("birth_date", "required") => ("birth_date", words.birth_date_missing.to_owned()),
        ("birth_date", _) => ("birth_date", words.birth_date_invalid.to_owned()),
        ("postal_code", "required") => ("postal_code", words.postal_code_missing.to_owned()),
        ("postal_code", _) => ("postal_code", frame.text.ask.postal_code_invalid.to_owned()),
        (_, NO_COOKIES) => {
            let words = &frame.text.dead_end;
            ("", format!("{} {}", words.cookies_heading, words.cookies))
        }
        _ => ("", frame.text.dead_end.wrong_format.to_owned()),
    }
}

#[derive(Template)]
#[template(path = "sent.html")]
struct SentPage {
    frame: Frame,
    errors: Vec<Fault>,
    back: Option<String>,
    /// Whether somebody asked for access for a patient: the office answers then, not we.
    access: bool,
}

/// The page that follows every request, the same whatever was asked; `back` is the practice whose page it is.
pub fn sent(status: u16, frame: &Frame, back: Option<&str>, access: bool) -> Answer {
    let back = back.map(str::to_owned);
    html(status, frame, &SentPage { frame: frame.clone(), errors: Vec::new(), back, access })
}
