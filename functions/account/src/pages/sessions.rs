//! The page that shows where an account is signed in.

use askama::Template;
use portico_domain::model::ids::PracticeId;
use portico_web::{Fault, Frame};

/// A session.
pub struct Place {
    /// What names it.
    pub id: String,
    /// When it began, in words.
    pub began: String,
    /// When it was last used, in words.
    pub last_used: String,
    /// The browser, in words; empty if it is none that we know.
    pub browser: String,
    /// Whether it is the one that asks.
    pub this: bool,
}

#[derive(Template)]
#[template(path = "sessions.html")]
pub struct SessionsPage {
    frame: Frame,
    errors: Vec<Fault>,
    practice: String,
    note: Option<&'static str>,
    places: Vec<Place>,
}

impl SessionsPage {
    pub fn new(frame: Frame, practice: &PracticeId, note: Option<&'static str>, places: Vec<Place>) -> Self {
        Self { practice: practice.to_string(), note, places, errors: Vec::new(), frame }
    }
}
