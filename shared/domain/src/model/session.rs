//! Sessions, and the exchange codes that the portal exchanges for a session.

use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use crate::keys::{digest, is_secret, new_secret};
use crate::model::account::Account;
use crate::model::browser::Browser;
use crate::model::ids::{AccountId, PracticeId};
use crate::time::{Entropy, Timestamp};

/// Seconds after which an unused session ends.
pub const IDLE_SECONDS: i64 = 15 * 60;

/// Seconds after which a session ends in any case.
pub const SESSION_SECONDS: i64 = 12 * 3600;

/// A session that is used is written at most once in this many seconds.
pub const TOUCH_SECONDS: i64 = 60;

/// Seconds that an exchange code works.
pub const EXCHANGE_SECONDS: i64 = 60;

/// A signed-in browser or portal.
#[expect(missing_docs, reason = "the names say it")]
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Session {
    pub account: AccountId,
    pub practice: PracticeId,
    /// SHA-256 of the secret in the token.
    pub digest: String,
    /// When the person signed in, or the code was exchanged.
    pub began_at: Timestamp,
    /// The session ends at this time if it is not used before.
    pub idle_at: Timestamp,
    /// The session ends at this time in any case.
    pub ends_at: Timestamp,
    /// When `idle_at` was last written.
    pub touched_at: Timestamp,
    /// The account's epoch when the session began.
    #[serde(default)]
    pub epoch: u32,
    /// Whether it began with a temporary password. It then allows only to choose a new password.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub restricted: bool,
    /// The browser that it began in, if it is one that we know.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub browser: Option<Browser>,
    /// The digest of the session that signed in, if this is one that the portal got for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub of_sign_in: Option<String>,
}

impl Session {
    /// Begins a session of an account. The text is its token, which is not stored and can't be shown again.
    pub fn begin(
        account: &Account,
        browser: Option<Browser>,
        now: Timestamp,
        entropy: &dyn Entropy,
    ) -> (Self, Zeroizing<String>) {
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
            browser,
            of_sign_in: None,
        };
        (session, token)
    }

    /// Begins the portal's session for an exchange code.
    pub fn exchanged(
        account: &Account,
        exchange: &Exchange,
        now: Timestamp,
        entropy: &dyn Entropy,
    ) -> (Self, Zeroizing<String>) {
        let (session, token) = Self::begin(account, exchange.browser.clone(), now, entropy);
        (Self { of_sign_in: Some(exchange.of_sign_in.clone()), ..session }, token)
    }

    /// The digest of the session that signed in: its own, unless it is the portal's.
    pub fn sign_in(&self) -> &str {
        self.of_sign_in.as_deref().unwrap_or(&self.digest)
    }

    /// Whether the session is still valid. At exactly `idle_at` or `ends_at` it has ended.
    pub fn is_live(&self, now: Timestamp) -> bool {
        now < self.idle_at && now < self.ends_at
    }

    /// Whether it is a session of this account, of its practice and of its current epoch.
    pub fn is_of(&self, account: &Account) -> bool {
        self.account == account.id && self.practice == account.practice && self.epoch == account.epoch
    }

    /// A name of the session that its owner may see. It can't be used as the token.
    pub fn id(&self) -> &str {
        self.digest.get(..16).unwrap_or_default()
    }

    /// When the session ends if it is not used again.
    pub fn expires_at(&self) -> Timestamp {
        self.idle_at.min(self.ends_at)
    }

    /// The session with a later `idle_at`; `None` if it was written less than a minute ago.
    pub fn touched(&self, now: Timestamp) -> Option<Self> {
        (self.touched_at.seconds_until(now) >= TOUCH_SECONDS).then(|| Self {
            idle_at: now.plus_seconds(IDLE_SECONDS),
            touched_at: now,
            ..self.clone()
        })
    }
}

/// A new token for an account, and the digest of its secret.
fn secret_of(account: AccountId, entropy: &dyn Entropy) -> (Zeroizing<String>, String) {
    let secret = new_secret(entropy);
    (Zeroizing::new(format!("{account}.{}", *secret)), digest(secret.as_bytes()))
}

/// A session token or exchange code as it was presented: the account's id and the digest of the secret.
pub struct Presented {
    /// The account that the token names.
    pub account: AccountId,
    /// SHA-256 of the secret.
    pub digest: String,
}

impl Presented {
    /// Reads a token; `None` if it does not have the form of our tokens.
    pub fn parse(token: &str) -> Option<Self> {
        let (account, secret) = token.split_once('.')?;
        let account = AccountId::parse(account).ok()?;
        is_secret(secret).then(|| Self { account, digest: digest(secret.as_bytes()) })
    }
}

/// An exchange code: it tells the portal's server who has signed in at our page.
#[expect(missing_docs, reason = "the names say it")]
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Exchange {
    pub account: AccountId,
    pub practice: PracticeId,
    /// SHA-256 of the secret.
    pub digest: String,
    /// It does not work from this time on.
    pub expires_at: Timestamp,
    /// The account's epoch when the code was made.
    #[serde(default)]
    pub epoch: u32,
    /// The digest of the session that signed in.
    pub of_sign_in: String,
    /// The browser of that session.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub browser: Option<Browser>,
}

impl Exchange {
    /// Makes a code for the holder of a session. The text is the code, which is not stored and can't be shown again.
    pub fn begin(session: &Session, now: Timestamp, entropy: &dyn Entropy) -> (Self, Zeroizing<String>) {
        let (code, digest) = secret_of(session.account, entropy);
        let exchange = Self {
            account: session.account,
            practice: session.practice.clone(),
            digest,
            expires_at: now.plus_seconds(EXCHANGE_SECONDS),
            epoch: session.epoch,
            of_sign_in: session.sign_in().to_owned(),
            browser: session.browser.clone(),
        };
        (exchange, code)
    }
}
