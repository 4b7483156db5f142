//! Sessions, and the codes that the portal exchanges for one.

use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use crate::keys::{digest, is_secret, new_secret};
use crate::model::account::Account;
use crate::model::ids::{AccountId, PracticeId};
use crate::time::{Entropy, Timestamp};

/// How long an unused session lasts, in seconds.
pub const IDLE_SECONDS: i64 = 15 * 60;

/// Life of a session, in seconds.
pub const SESSION_SECONDS: i64 = 12 * 3600;

/// A session in use is written at most once in this many seconds.
pub const TOUCH_SECONDS: i64 = 60;

/// Life of a code that the portal exchanges for a session, in seconds.
pub const EXCHANGE_SECONDS: i64 = 60;

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
