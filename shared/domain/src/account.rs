//! Accounts, their logins, grants and sessions.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use crate::audit::Head;
use crate::ids::{AccountId, LinkId, PatientId, PracticeId, RevocationId};
use crate::keys::{digest, is_secret, new_secret};
use crate::password::PasswordHash;
use crate::person::{Email, Line, Name, Phone};
use crate::time::{Entropy, Timestamp};

/// How long an unused session lasts, in seconds.
pub const IDLE_SECONDS: i64 = 15 * 60;
/// Life of a session, in seconds.
pub const SESSION_SECONDS: i64 = 12 * 3600;
/// A session in use is written at most once in this many seconds.
pub const TOUCH_SECONDS: i64 = 60;
/// Life of a code that the portal exchanges for a session, in seconds.
pub const EXCHANGE_SECONDS: i64 = 60;
/// The version of the terms that the registration page shows.
pub const TERMS_VERSION: &str = "2026-11";

/// What an account's holder is to a patient.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Relationship {
    /// The patient.
    #[serde(rename = "self")]
    Own,
    /// A parent.
    Parent,
    /// A guardian.
    Guardian,
    /// A husband or wife.
    Spouse,
    /// Somebody else whom the patient or the practice trusts.
    Other,
}

impl Relationship {
    /// The word for it in the contract.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Own => "self",
            Self::Parent => "parent",
            Self::Guardian => "guardian",
            Self::Spouse => "spouse",
            Self::Other => "other",
        }
    }
}

/// How much of a patient's portal a grant opens.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Level {
    /// Everything.
    #[default]
    Full,
    /// Appointments and messages alone.
    Limited,
}

impl Level {
    /// The word for it in the contract.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Full => "full",
            Self::Limited => "limited",
        }
    }
}

/// Whether a grant holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum GrantState {
    /// It holds.
    Active,
    /// The chart says deceased, or staff switched access off; comes back when that goes.
    Suspended,
    /// Waits for staff to decide.
    Held,
    /// A revocation, or the staff's refusal, ended it.
    Ended,
}

/// An account's right to one patient's portal.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Grant {
    /// What the holder is to the patient.
    pub relationship: Relationship,
    /// How much it opens.
    #[serde(default)]
    pub level: Level,
    /// Whether it holds.
    pub state: GrantState,
    /// Since when; a session that began earlier does not see it, so that what a revocation ended stays ended for it.
    pub since: Timestamp,
    /// The revocation that ended it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended_by: Option<RevocationId>,
}

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

/// A signed-in browser or portal.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Session {
    /// Whose it is.
    pub account: AccountId,
    /// The practice.
    pub practice: PracticeId,
    /// SHA-256 of the secret in the token.
    pub digest: String,
    /// When it began.
    pub began_at: Timestamp,
    /// Ends then if unused until then.
    pub idle_at: Timestamp,
    /// Ends then in any case.
    pub ends_at: Timestamp,
    /// Last write of `idle_at`.
    pub touched_at: Timestamp,
    /// The account's epoch when it began.
    #[serde(default)]
    pub epoch: u32,
    /// Whether it may do nothing but choose a password, because it began with a temporary one.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub restricted: bool,
}

impl Session {
    /// A new session of an account, and its token, which is shown once.
    pub fn begin(account: &Account, now: Timestamp, entropy: &dyn Entropy) -> (Self, Zeroizing<String>) {
        let (token, digest) = secret_of(account.id, entropy);
        let session = Self {
            account: account.id,
            practice: account.practice.clone(),
            digest,
            began_at: now,
            idle_at: now.plus_seconds(IDLE_SECONDS),
            ends_at: now.plus_seconds(SESSION_SECONDS),
            touched_at: now,
            epoch: account.epoch,
            restricted: account.must_change_password(),
        };
        (session, token)
    }

    /// Whether it still holds; both boundary instants are over.
    pub fn is_live(&self, now: Timestamp) -> bool {
        now < self.idle_at && now < self.ends_at
    }

    /// Whether it is one of `account` as that is now.
    pub fn is_of(&self, account: &Account) -> bool {
        self.account == account.id && self.practice == account.practice && self.epoch == account.epoch
    }

    /// What names it to its owner, which is not what opens it.
    pub fn id(&self) -> &str {
        self.digest.get(..16).unwrap_or_default()
    }

    /// When it will end if nothing more happens.
    pub fn expires_at(&self) -> Timestamp {
        self.idle_at.min(self.ends_at)
    }

    /// The session with its idle time pushed on, if it is time to write that.
    pub fn touched(&self, now: Timestamp) -> Option<Self> {
        (self.touched_at.seconds_until(now) >= TOUCH_SECONDS).then(|| Self {
            idle_at: now.plus_seconds(IDLE_SECONDS),
            touched_at: now,
            ..self.clone()
        })
    }
}

/// A new token of an account, and the digest of its secret.
fn secret_of(account: AccountId, entropy: &dyn Entropy) -> (Zeroizing<String>, String) {
    let secret = new_secret(entropy);
    (Zeroizing::new(format!("{account}.{}", *secret)), digest(secret.as_bytes()))
}

/// A session token, or an exchange code, as presented: account id and the secret's digest.
pub struct Presented {
    /// The account.
    pub account: AccountId,
    /// SHA-256 of the secret.
    pub digest: String,
}

impl Presented {
    /// Reads a token; `None` if it can't be one of ours.
    pub fn parse(token: &str) -> Option<Self> {
        let (account, secret) = token.split_once('.')?;
        let account = AccountId::parse(account).ok()?;
        is_secret(secret).then(|| Self { account, digest: digest(secret.as_bytes()) })
    }
}

/// A code that stands for a signed-in person on the way from our page to the portal.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Exchange {
    /// Whose it is.
    pub account: AccountId,
    /// The practice.
    pub practice: PracticeId,
    /// SHA-256 of the secret.
    pub digest: String,
    /// Not usable from this instant on.
    pub expires_at: Timestamp,
    /// The account's epoch when it was made.
    #[serde(default)]
    pub epoch: u32,
}

impl Exchange {
    /// A new code, which is shown once.
    pub fn begin(account: &Account, now: Timestamp, entropy: &dyn Entropy) -> (Self, Zeroizing<String>) {
        let (code, digest) = secret_of(account.id, entropy);
        let expires_at = now.plus_seconds(EXCHANGE_SECONDS);
        let practice = account.practice.clone();
        (Self { account: account.id, practice, digest, expires_at, epoch: account.epoch }, code)
    }
}
