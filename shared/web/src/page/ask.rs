//! The pages on which a stranger asks for an account, a new password or the user names; and the one that follows,
//! whatever was asked.

use askama::Template;
use portico_domain::model::refusal::FieldFault;

use crate::answer::Answer;
use crate::page::field::{Fault, Field};
use crate::page::frame::Frame;
use crate::page::html::html;

/// Which of the pages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Asking {
    /// «I am a registered patient. Create my account.»
    SignUp,
    /// «Forgot password».
    ForgotPassword,
    /// «Forgot user name».
    ForgotUsername,
}

impl Asking {
    /// The last part of its address.
    pub const fn path(self) -> &'static str {
        match self {
            Self::SignUp => "sign-up",
            Self::ForgotPassword => "forgot-password",
            Self::ForgotUsername => "forgot-username",
        }
    }
}

/// What was typed, to be shown again where it must be mended.
#[derive(Default)]
pub struct Asked {
    /// User name.
    pub username: String,
    /// E-mail address.
    pub email: String,
    /// Last name.
    pub family_name: String,
    /// Birth date.
    pub birth_date: String,
    /// ZIP code.
    pub postal_code: String,
}

struct Form {
    heading: &'static str,
    intro: &'static str,
    submit: &'static str,
    fields: Vec<Field>,
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
    forms: Vec<Form>,
}

impl AskPage {
    /// The page of a practice.
    pub fn new(frame: Frame, practice: &str, asking: Asking, asked: &Asked, faults: &[FieldFault]) -> Self {
        let errors: Vec<Fault> = faults.iter().map(|fault| sentence(fault, &frame)).collect();
        let (words, link) = (&frame.text.ask, &frame.text.link);
        let field = |name, label: &str| Field::new(name, label, &frame).among(&errors);
        let email = |hint: &str| {
            field("email", link.email).hint(hint).kind("email").filled("email", "email").value(&asked.email)
        };
        let facts = || {
            vec![
                email(link.email_hint),
                field("family_name", link.family_name)
                    .hint(link.family_name_hint)
                    .filled("family-name", "")
                    .value(&asked.family_name),
                field("birth_date", link.birth_date)
                    .hint(link.birth_date_hint)
                    .class("short")
                    .filled("bday", "")
                    .value(&asked.birth_date),
                field("postal_code", link.postal_code)
                    .hint(link.postal_code_hint)
                    .class("short")
                    .filled("postal-code", "numeric")
                    .value(&asked.postal_code),
            ]
        };
        let forms = match asking {
            Asking::SignUp => {
                vec![Form { heading: "", intro: "", submit: words.sign_up_submit, fields: facts() }]
            }
            Asking::ForgotPassword => vec![
                Form {
                    heading: words.username_known_heading,
                    intro: "",
                    submit: words.username_known_submit,
                    fields: vec![
                        field("username", frame.text.sign_in.username)
                            .filled("username", "email")
                            .value(&asked.username),
                    ],
                },
                Form {
                    heading: words.username_unknown_heading,
                    intro: words.username_unknown_intro,
                    submit: words.username_unknown_submit,
                    fields: facts(),
                },
            ],
            Asking::ForgotUsername => {
                vec![Form {
                    heading: "",
                    intro: "",
                    submit: words.forgot_username_submit,
                    fields: vec![email("")],
                }]
            }
        };
        Self { practice: practice.to_owned(), path: asking.path(), asking, forms, errors, frame }
    }

    fn title(&self) -> &'static str {
        let words = &self.frame.text.ask;
        match self.asking {
            Asking::SignUp => words.sign_up_title,
            Asking::ForgotPassword => words.forgot_password_title,
            Asking::ForgotUsername => words.forgot_username_title,
        }
    }

    fn intro(&self) -> &'static str {
        let words = &self.frame.text.ask;
        match self.asking {
            Asking::SignUp => words.sign_up_intro,
            Asking::ForgotPassword => words.forgot_password_intro,
            Asking::ForgotUsername => words.forgot_username_intro,
        }
    }

    /// Where else to go from here.
    fn others(&self) -> Vec<(&'static str, &'static str)> {
        let words = &self.frame.text.sign_in;
        let mut others = Vec::new();
        match self.asking {
            Asking::SignUp => return vec![("", self.frame.text.ask.have_account)],
            Asking::ForgotPassword => others.push(("/forgot-username", words.forgot_username)),
            Asking::ForgotUsername => others.push(("/forgot-password", words.forgot_password)),
        }
        others.push(("", self.frame.text.ask.back_to_sign_in));
        others
    }
}

fn sentence(fault: &FieldFault, frame: &Frame) -> Fault {
    let words = &frame.text.link;
    match (fault.pointer.as_str(), fault.code) {
        ("/username", _) => ("username", frame.text.sign_in.username_missing.to_owned()),
        ("/email", "required") => ("email", words.email_missing.to_owned()),
        ("/email", _) => ("email", frame.text.register.email_invalid.to_owned()),
        ("/family_name", _) => ("family_name", words.family_name_missing.to_owned()),
        ("/birth_date", "required") => ("birth_date", words.birth_date_missing.to_owned()),
        ("/birth_date", _) => ("birth_date", words.birth_date_invalid.to_owned()),
        ("/postal_code", "required") => ("postal_code", words.postal_code_missing.to_owned()),
        ("/postal_code", _) => ("postal_code", frame.text.ask.postal_code_invalid.to_owned()),
        _ => ("", frame.text.dead_end.wrong_format.to_owned()),
    }
}

#[derive(Template)]
#[template(path = "sent.html")]
struct SentPage {
    frame: Frame,
    errors: Vec<Fault>,
    back: Option<String>,
}

/// The page that follows every request, the same whatever was asked; `back` is the practice whose page it is.
pub fn sent(status: u16, frame: &Frame, back: Option<&str>) -> Answer {
    html(status, frame, &SentPage { frame: frame.clone(), errors: Vec::new(), back: back.map(str::to_owned) })
}
