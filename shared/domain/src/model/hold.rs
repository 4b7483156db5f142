//! Registrations that wait for staff. If a teenager registers with a guardian's address, the person may be
//! the guardian.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::model::account::Account;
use crate::model::chart::Care;
use crate::model::ids::{AccountId, PatientId, PracticeId};
use crate::model::person::{Email, Phone};
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

/// An address or number in the form in which two are held to be one: without case, and an e-mail address without what
/// follows a plus sign, since such addresses share a mailbox.
pub fn contact_key(address: &str) -> String {
    let folded = address.trim().to_lowercase();
    match folded.split_once('@') {
        Some((user, host)) => format!("{}@{host}", user.split('+').next().unwrap_or(user)),
        None => folded,
    }
}

/// The contacts of everybody else who is known for a patient.
#[derive(Default)]
pub struct ContactsOfOthers(BTreeSet<String>);

impl ContactsOfOthers {
    /// Of the contacts on the chart, and of the accounts of present and former representatives.
    pub fn of(care: &Care, representatives: &[Account]) -> Self {
        let mut known = Self::default();
        for contact in &care.contacts {
            known.add(contact.email.as_ref().map(Email::reveal));
            known.add(contact.phone.as_ref().and_then(Phone::dialable));
        }
        for account in representatives {
            known.add(account.email.as_ref().map(Email::reveal));
            known.add(account.mobile_phone.as_ref().and_then(Phone::dialable));
        }
        known
    }

    /// Adds one more.
    pub fn add(&mut self, address: Option<&str>) {
        self.0.extend(address.map(contact_key));
    }

    /// Whether one of these addresses or numbers is somebody else's.
    pub fn hold<'a>(&self, mut addresses: impl Iterator<Item = &'a str>) -> bool {
        addresses.any(|address| self.0.contains(&contact_key(address)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plus_tags_and_case_make_no_other_mailbox() {
        let mut known = ContactsOfOthers::default();
        known.add(Some("Ana.Q@Example.com"));
        known.add(Some("+12025550143"));
        for same in [
            "ana.q@example.com",
            "ana.q+theo@example.com",
            "ANA.Q+a+b@EXAMPLE.COM",
            " ana.q@example.com",
            "+12025550143",
        ] {
            assert!(known.hold([same].into_iter()), "{same}");
        }
        for other in ["ana@example.com", "ana.q@example.org", "+12025550144", ""] {
            assert!(!known.hold([other].into_iter()), "{other}");
        }
    }
}
