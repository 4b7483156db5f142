//! Steps that a registration and adding a patient to a login share: who must wait for staff, and the outcome.

use zeroize::Zeroizing;

use crate::context::App;
use crate::model::account::Account;
use crate::model::hold::shares_a_guardians_address;
use crate::model::link::{Link, Role};
use crate::model::patient::Patient;
use crate::model::practice::Practice;
use crate::model::refusal::Failure;
use crate::model::session::Session;
use crate::ports::{Accounts, Patients, Write};

/// The outcome of a registration.
pub enum RegistrationOutcome {
    /// The person is registered and signed in.
    SignedIn(Box<Registered>),
    /// The registration waits for staff.
    Held(Box<Practice>),
}

/// A person who registered and is signed in.
#[expect(missing_docs, reason = "the names say it")]
pub struct Registered {
    pub account: Account,
    pub session: Session,
    /// The session's token. It is not stored and can't be shown again.
    pub token: Zeroizing<String>,
    pub practice: Practice,
    /// The cookie that makes the browser a known one from now on.
    pub browser: Option<String>,
}

/// Everything that one registration writes.
pub(crate) struct RegistrationPlan {
    pub(crate) writes: Vec<Write>,
    /// User names to suggest if the claimed one is taken.
    pub(crate) alternatives: Vec<String>,
    pub(crate) account: Account,
    /// The session and its token; `None` if staff must decide first.
    pub(crate) session: Option<(Session, Zeroizing<String>)>,
}

/// Whether staff must decide first. This is so for a minor whose e-mail address on the chart also belongs to
/// a contact on the chart or to a representative.
pub(crate) async fn must_wait<S: Patients + Accounts>(
    app: &App<S>,
    practice: &Practice,
    patient: &Patient,
    role: Role,
) -> Result<bool, Failure> {
    let App { context, store } = app;
    if role != Role::Patient || patient.chart.birth_date.age(context.now()) >= practice.settings.majority_age
    {
        return Ok(false);
    }
    let care = store.care(&practice.id, &patient.id).await?;
    let mut representatives = Vec::new();
    for known in patient.live_accounts() {
        representatives.extend(store.account(known.id).await?);
    }
    Ok(shares_a_guardians_address(&patient.chart, &care, &representatives))
}

pub(crate) fn ticket_digest(link: &Link) -> String {
    link.ticket.as_ref().map(|ticket| ticket.digest.clone()).unwrap_or_default()
}

/// Removes a used link from the patient's pending invitations. If it was the patient's own invitation, the
/// revocation ends, too.
pub(crate) fn used_up(patient: &mut Patient, link: &Link) {
    if patient.invitation.take_if(|current| current.link == link.id).is_some() {
        patient.revocation = None;
    }
    patient.offers.retain(|offer| offer.link != link.id);
}
