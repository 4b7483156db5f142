//! What an action of the Onboarding Tool led to: it travels sealed in the address of the page that says it.

use portico_domain::context::Context;
use portico_domain::model::ids::PracticeId;
use serde::{Deserialize, Serialize};

use crate::inbound::Inbound;

/// What an action led to, as the page after it says it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Said {
    /// The sentence.
    pub text: String,
    /// Whether it worked.
    pub done: bool,
    /// The patient whose line it stands above; `None` for the top of the page.
    pub patient: Option<String>,
}

impl Said {
    /// That something was done.
    pub fn done(patient: &str, text: impl Into<String>) -> Self {
        Self { text: text.into(), done: true, patient: Some(patient.to_owned()) }
    }

    /// That something was done; it stands on top of the page.
    pub fn done_on_top(text: impl Into<String>) -> Self {
        Self { text: text.into(), done: true, patient: None }
    }

    /// That something was not done; it stands on top of the page.
    pub fn not_done_on_top(text: impl Into<String>) -> Self {
        Self { text: text.into(), done: false, patient: None }
    }

    /// That something was not done.
    pub fn not_done(patient: &str, text: impl Into<String>) -> Self {
        Self { done: false, ..Self::done(patient, text) }
    }
}

/// What a sealed sentence is bound to.
pub(crate) fn binding(practice: &PracticeId) -> Vec<u8> {
    format!("console said\n{practice}").into_bytes()
}

impl Inbound {
    /// What the page before said that happened.
    pub(crate) fn said(&self, context: &Context, practice: &PracticeId) -> Option<Said> {
        context.keyring.open_json(&binding(practice), self.query("said")?)
    }
}
