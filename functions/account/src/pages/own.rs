//! A page of forms on which a signed-in person changes what is theirs.

use askama::Template;
use portico_domain::model::ids::PracticeId;
use portico_web::{Fault, Field, Frame};

/// A form of it.
pub struct Form {
    /// Where it goes, after `account/`.
    pub path: &'static str,
    /// A heading above it; empty: none.
    pub heading: String,
    /// Words above its fields; empty: none.
    pub intro: String,
    /// What goes along unseen.
    pub hidden: Vec<(&'static str, String)>,
    /// Its fields.
    pub fields: Vec<Field>,
    /// Whether the terms are to be accepted.
    pub terms: bool,
    /// Whether they were, when it was last sent.
    pub accepted: bool,
    /// Whether another form of the page comes first to mind.
    pub second: bool,
    submit: String,
}

impl Form {
    /// A form without fields yet.
    pub fn new(path: &'static str, submit: impl Into<String>) -> Self {
        Self {
            path,
            heading: String::new(),
            intro: String::new(),
            hidden: Vec::new(),
            fields: Vec::new(),
            terms: false,
            accepted: false,
            second: false,
            submit: submit.into(),
        }
    }
}

#[derive(Template)]
#[template(path = "own.html")]
pub struct OwnPage {
    frame: Frame,
    pub errors: Vec<Fault>,
    practice: String,
    title: &'static str,
    /// What was just done.
    pub note: Option<String>,
    /// Paragraphs under the title.
    pub intro: Vec<String>,
    pub forms: Vec<Form>,
    /// Where to go from here: path after the practice, and words.
    pub ways: Vec<(&'static str, &'static str)>,
}

impl OwnPage {
    /// A page without forms yet.
    pub fn new(frame: Frame, practice: &PracticeId, title: &'static str) -> Self {
        Self {
            practice: practice.to_string(),
            title,
            note: None,
            intro: Vec::new(),
            forms: Vec::new(),
            ways: Vec::new(),
            errors: Vec::new(),
            frame,
        }
    }

    /// A required input.
    pub fn field(&self, name: &'static str, label: &str) -> Field {
        Field::new(name, label, &self.frame)
    }

    /// The password that there is, asked for once more.
    pub fn current_password(&self, name: &'static str) -> Field {
        let words = &self.frame.text.account;
        let field = self.field(name, words.current_password).hint(words.current_password_hint);
        field.kind("password").filled("current-password", "")
    }

    /// With the way back to the account page.
    pub fn lead_back(&mut self) {
        self.ways.push(("account", self.frame.text.account.back_to_account));
    }

    /// With each of the page's problems at its field.
    pub fn marked(mut self) -> Self {
        for form in &mut self.forms {
            form.fields = form.fields.drain(..).map(|field| field.among(&self.errors)).collect();
        }
        self
    }

    fn error(&self, name: &str) -> Option<&str> {
        self.errors.iter().find(|(field, _)| *field == name).map(|(_, sentence)| sentence.as_str())
    }
}
