//! Registrations that wait for staff. If a teenager registers with a guardian's address, the person may be
//! the guardian.

use serde::{Deserialize, Serialize};

use crate::model::account::Account;
use crate::model::chart::{Care, Chart};
use crate::model::ids::{AccountId, PatientId, PracticeId};
use crate::time::Timestamp;

/// Why a registration waits for staff.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum HoldReason {
    /// The patient's address is also that of a parent, guardian or representative.
    GuardianContactConflict,
}

/// A registration that waits for staff. Its id is that of the account.
#[expect(missing_docs, reason = "the names say it")]
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hold {
    pub practice: PracticeId,
    pub account: AccountId,
    pub patient: PatientId,
    pub reason: HoldReason,
    /// When the account was registered.
    pub since: Timestamp,
}

/// Whether the e-mail address on a teenager's chart also belongs to a contact on the chart or to
/// a representative.
pub fn shares_a_guardians_address(chart: &Chart, care: &Care, representatives: &[Account]) -> bool {
    let Some(own) = &chart.email else { return false };
    let contacts = care.contacts.iter().filter_map(|contact| contact.email.as_ref());
    let accounts = representatives.iter().filter_map(|account| account.email.as_ref());
    contacts.chain(accounts).any(|theirs| theirs.matches(own))
}
