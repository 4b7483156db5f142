//! What registering and adding a patient to a login have in common: who must wait for staff, and what came of it.

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

/// What came of a registration.
pub enum RegistrationOutcome {
    /// The person is registered and signed in.
    SignedIn(Box<Registered>),
    /// The registration waits for the office.
    Held(Box<Practice>),
}

/// A person who registered and is signed in.
pub struct Registered {
    /// The account.
    pub account: Account,
    /// The session.
    pub session: Session,
    /// Its token. Shown once.
    pub token: Zeroizing<String>,
    /// The practice.
    pub practice: Practice,
}

/// Everything that one registration writes.
pub(crate) struct RegistrationPlan {
    pub(crate) writes: Vec<Write>,
    /// Other user names to suggest, should the one that is claimed be taken.
    pub(crate) alternatives: Vec<String>,
    pub(crate) account: Account,
    /// The session and its token; none where staff must decide first.
    pub(crate) session: Option<(Session, Zeroizing<String>)>,
}

/// Whether staff must decide first: a teenager whose address on the chart is that of a parent, guardian or representative.
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

/// The invitation that this link was is out no longer. A patient who registers themselves is not revoked any more.
pub(crate) fn used_up(patient: &mut Patient, link: &Link) {
    if patient.invitation.take_if(|current| current.link == link.id).is_some() {
        patient.revocation = None;
    }
    patient.offers.retain(|offer| offer.link != link.id);
}
