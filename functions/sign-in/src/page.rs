//! The sign-in page.

use askama::Template;
use portico_domain::model::ids::PracticeId;
use portico_web::{Fault, Field, Frame};

#[derive(Template)]
#[template(path = "sign_in.html")]
pub struct SignInPage {
    frame: Frame,
    errors: Vec<Fault>,
    practice: String,
    note: Option<String>,
    fields: [Field; 2],
}

impl SignInPage {
    pub fn new(
        frame: Frame,
        practice: &PracticeId,
        username: &str,
        note: Option<String>,
        errors: Vec<Fault>,
    ) -> Self {
        let words = &frame.text.sign_in;
        let name = Field::new("username", words.username, &frame).filled("username", "email").value(username);
        let password =
            Field::new("password", words.password, &frame).kind("password").filled("current-password", "");
        let fields = [name.among(&errors), password.among(&errors)];
        Self { practice: practice.to_string(), note, fields, errors, frame }
    }
}
