//! Accounts, their logins, grants and sessions.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::model::audit::Head;
use crate::model::grant::{Grant, GrantState, Relationship};
use crate::model::ids::{AccountId, LinkId, PatientId, PracticeId};
use crate::model::password::{Password, PasswordHash};
use crate::model::person::{Email, Line, Name, Phone};
use crate::time::Timestamp;

/// The version of the terms that the registration page shows.
pub const TERMS_VERSION: &str = "2026-11";

/// The terms that a person accepted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Terms {
    /// Which.
    pub version: String,
    /// When.
    pub accepted_at: Timestamp,
}

/// Days that a password set by staff works, if nobody signs in with it before.
pub const TEMPORARY_DAYS: i64 = 7;

/// A password that staff set: it signs in once, within seven days, and must then be changed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Temporary {
    /// Not usable from this instant on.
    pub until: Timestamp,
    /// Whether it signed in.
    #[serde(default)]
    pub used: bool,
}

/// A question that only its owner can answer: behind a live reset link alone, where the practice allows it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Security {
    /// The question, in its owner's words.
    pub question: Line,
    /// The hash of the answer, in lower case and without outer spaces.
    pub answer: PasswordHash,
}

/// A person who can sign in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Account {
    /// Its id.
    pub id: AccountId,
    /// The practice; an account has one.
    pub practice: PracticeId,
    /// Counts the changes.
    pub version: u64,
    /// The user name as its owner writes it.
    pub username: String,
    /// A representative's own first name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub given_name: Option<Name>,
    /// A representative's own last name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub family_name: Option<Name>,
    /// A representative's own e-mail address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email: Option<Email>,
    /// Whether a link has reached that address.
    #[serde(default)]
    pub email_verified: bool,
    /// A representative's own mobile phone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mobile_phone: Option<Phone>,
    /// Grants, by patient.
    pub grants: BTreeMap<String, Grant>,
    /// Terms accepted; none until the first sign-in of somebody whom staff registered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub terms: Option<Terms>,
    /// The language in which its holder registered, `en` or `es`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub language: Option<String>,
    /// The security question.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub security: Option<Security>,
    /// Set while the password is one that staff made up.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub temporary: Option<Temporary>,
    /// A new e-mail address that waits for its code.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub new_email: Option<LinkId>,
    /// Sessions and codes of an earlier epoch are over.
    #[serde(default)]
    pub epoch: u32,
    /// Browsers that signed in under an earlier generation have no bucket of their own.
    #[serde(default)]
    pub browsers: u32,
    /// When it last began anew: a reset link that was made before is over, whichever of its patients it was made under.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub anew_at: Option<Timestamp>,
    /// When it came to be.
    pub registered_at: Timestamp,
    /// When staff deleted it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deleted_at: Option<Timestamp>,
    /// When its holder last signed in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_login_at: Option<Timestamp>,
    /// Attempts on its user name up to the last success; what came after it failed.
    #[serde(default)]
    pub attempts_seen: u64,
    /// The end of its audit chain.
    #[serde(default)]
    pub head: Head,
}

impl Account {
    /// One that comes to be with its first grant, and of which nothing more is known.
    #[must_use]
    pub fn begin(
        id: AccountId,
        practice: PracticeId,
        username: String,
        patient: &PatientId,
        grant: Grant,
    ) -> Self {
        Self {
            id,
            practice,
            version: 1,
            username,
            given_name: None,
            family_name: None,
            email: None,
            email_verified: false,
            mobile_phone: None,
            registered_at: grant.since,
            grants: BTreeMap::from([(patient.to_string(), grant)]),
            terms: None,
            language: None,
            security: None,
            temporary: None,
            new_email: None,
            epoch: 0,
            browsers: 0,
            anew_at: None,
            deleted_at: None,
            last_login_at: None,
            attempts_seen: 0,
            head: Head::default(),
        }
    }

    /// Grants that hold for a session that began at `began`.
    pub fn grants_for(&self, began: Timestamp) -> impl Iterator<Item = (&String, &Grant)> {
        self.grants.iter().filter(move |(_, grant)| grant.state == GrantState::Active && grant.since <= began)
    }

    /// Whether it opens anything at all.
    pub fn has_access(&self) -> bool {
        self.grants.values().any(|grant| grant.state == GrantState::Active)
    }

    /// The patient that its holder is, unless that was taken back.
    pub fn own_patient(&self) -> Option<PatientId> {
        let own = |grant: &Grant| grant.relationship == Relationship::Own && grant.state != GrantState::Ended;
        let own = self.grants.iter().find(|(_, grant)| own(grant))?;
        PatientId::parse(own.0).ok()
    }

    /// The patient under whose name its messages and links are kept: its holder, else the first whom it may see, else any.
    pub fn leading_patient(&self) -> Option<PatientId> {
        let live = self.grants.iter().find(|(_, grant)| grant.state == GrantState::Active);
        let was_own = || self.grants.iter().find(|(_, grant)| grant.relationship == Relationship::Own);
        let any = live.or_else(was_own).or_else(|| self.grants.iter().next());
        self.own_patient().or_else(|| PatientId::parse(any?.0).ok())
    }

    /// Whether its holder must choose a password and accept the terms before anything else: who was registered by staff,
    /// until then.
    pub const fn must_change_password(&self) -> bool {
        self.temporary.is_some() || self.terms.is_none()
    }

    /// The grant to a patient.
    pub fn grant(&self, patient: &PatientId) -> Option<&Grant> {
        self.grants.get(patient.as_str())
    }
}

/// A user name and its password.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Login {
    /// The practice.
    pub practice: PracticeId,
    /// The user name as compared.
    pub name: String,
    /// Whose it is.
    pub account: AccountId,
    /// The password's hash.
    pub password: PasswordHash,
}

/// A security answer as it is compared: without case and outer blanks.
pub fn answer_of(text: &str) -> Password {
    Password::new(&text.trim().to_lowercase())
}
