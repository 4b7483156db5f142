//! Accounts and their logins.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::model::audit::Head;
use crate::model::grant::{Grant, GrantState, Relationship};
use crate::model::ids::{AccountId, LinkId, PatientId, PracticeId};
use crate::model::limit::SeenAttempts;
use crate::model::password::{Password, PasswordHash};
use crate::model::person::{Email, Line, Name, Phone};
use crate::time::Timestamp;

/// The version of the terms that the registration page shows.
pub const TERMS_VERSION: &str = "2026-11-26";

/// The terms that a person accepted.
#[expect(missing_docs, reason = "the names say it")]
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Terms {
    /// The version of the terms, such as [`TERMS_VERSION`].
    pub version: String,
    pub accepted_at: Timestamp,
}

/// Days until a password that staff set stops to work, if nobody signs in with it.
pub const TEMPORARY_DAYS: i64 = 7;

/// A password that staff set. It works for one sign-in, within seven days, and must then be changed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Temporary {
    /// It does not work from this time on.
    pub until: Timestamp,
    /// Whether somebody has signed in with it.
    #[serde(default)]
    pub used: bool,
}

/// A question that only its owner can answer. It is asked only behind a pending reset link, and only if the
/// practice allows it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Security {
    /// The question, in its owner's words.
    pub question: Line,
    /// The hash of the answer; see [`answer_of`].
    pub answer: PasswordHash,
}

/// Sign-in attempts that failed before a success.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FailedBefore {
    /// How many.
    pub count: u64,
    /// They were made after this time, that of the sign-in before; `None` if there was none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub since: Option<Timestamp>,
}

/// A person who can sign in.
#[expect(missing_docs, reason = "the names say it")]
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Account {
    pub id: AccountId,
    /// The practice. An account belongs to exactly one.
    pub practice: PracticeId,
    /// Raised by each change. A write of the whole record fails unless it is one more than the
    /// stored version.
    pub version: u64,
    /// The user name in the form in which its owner writes it.
    pub username: String,
    /// A representative's own first name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub given_name: Option<Name>,
    /// A representative's own last name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub family_name: Option<Name>,
    /// The holder's own e-mail address. A patient without one uses the chart's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email: Option<Email>,
    /// Whether the holder has proved that they receive mail at that address.
    #[serde(default)]
    pub email_verified: bool,
    /// A representative's own mobile phone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mobile_phone: Option<Phone>,
    /// Whether that number was reached, or given by staff. A number that was only typed gets no codes.
    #[serde(default)]
    pub phone_verified: bool,
    /// Grants, by patient.
    pub grants: BTreeMap<String, Grant>,
    /// The terms that the holder accepted. `None` for somebody that staff registered, until their
    /// first sign-in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub terms: Option<Terms>,
    /// The language in which its holder registered, `en` or `es`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub language: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub security: Option<Security>,
    /// Present while the password is one that staff set.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub temporary: Option<Temporary>,
    /// The link of a new e-mail address that waits for its code.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub new_email: Option<LinkId>,
    /// The current epoch. Sessions and exchange codes of an earlier epoch are no longer valid.
    #[serde(default)]
    pub epoch: u32,
    /// The current generation of known browsers. A browser of an earlier generation has no bucket of attempts
    /// of its own.
    #[serde(default)]
    pub browsers: u32,
    /// When all access of the account last ended. Reset links that are older don't work, for whichever of its
    /// patients they were made.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub anew_at: Option<Timestamp>,
    /// When its password was last reset. Changes of a chart that a session proposed before are void.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reset_at: Option<Timestamp>,
    /// When it was registered.
    pub registered_at: Timestamp,
    /// When staff deleted it; `None` if it was not deleted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deleted_at: Option<Timestamp>,
    /// When its holder last signed in; `None` if never.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_login_at: Option<Timestamp>,
    /// The sign-in before that: what the holder is shown.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub previous_login_at: Option<Timestamp>,
    /// The attempts on its user name that were counted until the last success. All later ones failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub attempts_seen: Option<SeenAttempts>,
    /// The attempts that failed between the last sign-in and the one before; for its holder to see.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failed_before: Option<FailedBefore>,
    /// The end of its audit chain at the last write of this record.
    #[serde(default)]
    pub head: Head,
}

impl Account {
    /// Whether its password was reset since `at`: then whoever acted in it before may have been somebody else.
    pub fn was_reset_since(&self, at: Timestamp) -> bool {
        self.reset_at.is_some_and(|reset| at <= reset)
    }

    /// The holder's name, for staff and for whom they look after; empty if it is not known.
    pub fn holder_name(&self) -> String {
        let names = [&self.given_name, &self.family_name];
        names.into_iter().flatten().map(Name::reveal).collect::<Vec<_>>().join(" ")
    }

    /// A new account with its first grant. All other fields are empty.
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
            phone_verified: false,
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
            reset_at: None,
            deleted_at: None,
            last_login_at: None,
            previous_login_at: None,
            attempts_seen: None,
            failed_before: None,
            head: Head::default(),
        }
    }

    /// The grants that give access to a session that began at `began`.
    pub fn grants_for(&self, began: Timestamp) -> impl Iterator<Item = (&String, &Grant)> {
        self.grants.iter().filter(move |(_, grant)| grant.state == GrantState::Active && grant.since <= began)
    }

    /// Whether any of its grants is active.
    pub fn has_access(&self) -> bool {
        self.grants.values().any(|grant| grant.state == GrantState::Active)
    }

    /// The patient who is the holder, unless that grant has ended.
    pub fn own_patient(&self) -> Option<PatientId> {
        let own = |grant: &Grant| grant.relationship == Relationship::Own && grant.state != GrantState::Ended;
        let own = self.grants.iter().find(|(_, grant)| own(grant))?;
        PatientId::parse(own.0).ok()
    }

    /// The patient whose record its messages and links belong to: the holder, else the first with an active
    /// grant, else the holder's ended grant, else any.
    pub fn leading_patient(&self) -> Option<PatientId> {
        let live = self.grants.iter().find(|(_, grant)| grant.state == GrantState::Active);
        let was_own = || self.grants.iter().find(|(_, grant)| grant.relationship == Relationship::Own);
        let any = live.or_else(was_own).or_else(|| self.grants.iter().next());
        self.own_patient().or_else(|| PatientId::parse(any?.0).ok())
    }

    /// Whether its holder must choose a password and accept the terms before anything else. This is so for
    /// somebody that staff registered, until they have done it.
    pub const fn must_change_password(&self) -> bool {
        self.temporary.is_some() || self.terms.is_none()
    }

    /// The grant to this patient, whatever its state.
    pub fn grant(&self, patient: &PatientId) -> Option<&Grant> {
        self.grants.get(patient.as_str())
    }
}

/// A user name and its password.
#[expect(missing_docs, reason = "the names say it")]
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Login {
    pub practice: PracticeId,
    /// The user name in the form in which names are compared.
    pub name: String,
    pub account: AccountId,
    pub password: PasswordHash,
}

/// A security answer in the form in which it is hashed: lower case, without spaces around it.
pub fn answer_of(text: &str) -> Password {
    Password::new(&text.trim().to_lowercase())
}
