//! The sign-in page, and what a signed-in person sees.

use askama::Template;
use portico_domain::account::{Account, Relationship};
use portico_domain::ids::PracticeId;
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
        note: Option<&str>,
        errors: Vec<Fault>,
    ) -> Self {
        let words = &frame.text.sign_in;
        let name = Field::new("username", words.username, &frame).filled("username", "email").value(username);
        let password =
            Field::new("password", words.password, &frame).kind("password").filled("current-password", "");
        let fields = [name.among(&errors), password.among(&errors)];
        Self { practice: practice.to_string(), note: note.map(str::to_owned), fields, errors, frame }
    }
}

/// A patient whose records the person may see.
pub struct Record {
    /// First name.
    pub name: String,
    /// What the person is to them.
    pub relationship: Relationship,
}

#[derive(Template)]
#[template(path = "account.html")]
pub struct AccountPage {
    frame: Frame,
    errors: Vec<Fault>,
    practice: String,
    username: String,
    last_sign_in: Option<String>,
    records: Vec<(String, &'static str)>,
    welcome: bool,
    has_portal: bool,
}

impl AccountPage {
    pub fn new(
        frame: Frame,
        practice: &PracticeId,
        account: &Account,
        records: Vec<Record>,
        welcome: bool,
        has_portal: bool,
    ) -> Self {
        let words = &frame.text.account;
        let word = |relationship| match relationship {
            Relationship::Own => words.yourself,
            Relationship::Parent => words.as_parent,
            Relationship::Guardian => words.as_guardian,
            Relationship::Spouse => words.as_spouse,
            Relationship::Other => words.as_other,
        };
        Self {
            practice: practice.to_string(),
            username: account.username.clone(),
            last_sign_in: account.last_login_at.filter(|_| !welcome).map(|at| frame.time(at)),
            records: records.into_iter().map(|record| (record.name, word(record.relationship))).collect(),
            welcome,
            has_portal,
            errors: Vec::new(),
            frame,
        }
    }

    fn title(&self) -> &'static str {
        if self.welcome { self.frame.text.account.welcome } else { self.frame.text.account.title }
    }
}
