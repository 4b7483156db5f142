//! Registrations that wait for staff: a teenager who registers with a guardian's address may be the guardian.

use serde::{Deserialize, Serialize};

use crate::model::account::Account;
use crate::model::chart::{Care, Chart};
use crate::model::ids::{AccountId, PatientId, PracticeId};
use crate::time::Timestamp;

/// Why a registration waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum HoldReason {
    /// The patient's address is also that of a parent, guardian or representative.
    GuardianContactConflict,
}

/// A registration that waits. Its id is the account's.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hold {
    /// The practice.
    pub practice: PracticeId,
    /// The account that was registered.
    pub account: AccountId,
    /// The patient.
    pub patient: PatientId,
    /// Why.
    pub reason: HoldReason,
    /// Since when.
    pub since: Timestamp,
}

/// Whether the address on a teenager's chart is also that of somebody who looks after them.
pub fn shares_a_guardians_address(chart: &Chart, care: &Care, representatives: &[Account]) -> bool {
    let Some(own) = &chart.email else { return false };
    let contacts = care.contacts.iter().filter_map(|contact| contact.email.as_ref());
    let accounts = representatives.iter().filter_map(|account| account.email.as_ref());
    contacts.chain(accounts).any(|theirs| theirs.matches(own))
}
