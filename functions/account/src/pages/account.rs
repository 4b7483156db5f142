//! The account page: who is signed in, whose records they see, and what they may change.

use askama::Template;
use portico_domain::model::grant::{Level, Relationship};
use portico_domain::model::ids::PracticeId;
use portico_domain::operations::holder::account::Overview;
use portico_web::{Fault, Frame};

#[expect(clippy::struct_excessive_bools, reason = "each says whether a part of the page is there or open")]
#[derive(Template)]
#[template(path = "account.html")]
pub struct AccountPage {
    frame: Frame,
    errors: Vec<Fault>,
    practice: String,
    username: String,
    last_sign_in: Option<String>,
    /// A sentence about wrong passwords before the last sign-in.
    failed_before: Option<String>,
    records: Vec<(String, &'static str)>,
    ways: Vec<(&'static str, &'static str)>,
    note: Option<String>,
    welcome: bool,
    has_portal: bool,
    /// The address of the sign-in page.
    address: String,
    is_patient: bool,
    /// Whether an address of the holder's own waits to be confirmed.
    must_confirm: bool,
}

impl AccountPage {
    pub fn new(
        frame: Frame,
        practice: &PracticeId,
        seen: &Overview,
        note: Option<String>,
        welcome: bool,
        has_portal: bool,
        base_url: &str,
    ) -> Self {
        let Overview { account, session, patients } = seen;
        let words = &frame.text.account;
        let word = |relationship| match relationship {
            Relationship::Own => words.yourself,
            Relationship::Parent => words.as_parent,
            Relationship::Guardian => words.as_guardian,
            Relationship::Spouse => words.as_spouse,
            Relationship::Other => words.as_other,
        };
        let name = |id: &str| {
            let patient = patients.iter().find(|patient| patient.id.as_str() == id);
            patient.map(|patient| patient.chart.given_name.reveal().to_owned()).unwrap_or_default()
        };
        let grants = || account.grants_for(session.began_at);
        Self {
            practice: practice.to_string(),
            username: account.username.clone(),
            failed_before: account.failed_before.map(|failed| {
                let since = failed.since.unwrap_or(account.registered_at);
                words.failed_before(failed.count, &frame.time(since))
            }),
            last_sign_in: account.previous_login_at.filter(|_| !welcome).map(|at| frame.time(at)),
            records: grants().map(|(id, grant)| (name(id), word(grant.relationship))).collect(),
            address: format!("{base_url}/{practice}"),
            is_patient: account.own_patient().is_some(),
            must_confirm: account.email.is_some() && !account.email_verified,
            ways: Self::ways(
                &frame,
                account.own_patient().is_some(),
                grants().any(|(_, grant)| grant.level == Level::Full),
            ),
            note,
            welcome,
            has_portal,
            errors: Vec::new(),
            frame,
        }
    }

    /// Only a patient says who else sees their records; only who sees a chart in full proposes changes of it.
    fn ways(frame: &Frame, own: bool, full: bool) -> Vec<(&'static str, &'static str)> {
        let text = frame.text;
        let all = [
            (full, "demographics", text.details.title),
            (own, "representatives", text.representatives.title),
            // A patient's address is the chart's, which "My contact details" changes.
            (!own, "email", text.change_email.title),
            (true, "password", text.change_password.title),
            (true, "username", text.change_username.title),
            (true, "sessions", text.sessions.title),
        ];
        all.into_iter().filter(|(there, ..)| *there).map(|(_, path, words)| (path, words)).collect()
    }

    fn title(&self) -> &'static str {
        if self.welcome { self.frame.text.account.welcome } else { self.frame.text.account.title }
    }
}
