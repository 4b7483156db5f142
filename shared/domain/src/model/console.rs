//! The Onboarding Tool's launch links and sessions. Staff have no passwords in Portico: an application of the practice
//! opens the tool for a staff member, with its own API key.

use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use crate::context::Context;
use crate::keys::{digest, is_secret, new_secret};
use crate::model::ids::{Actor, ClientId, PatientId, PracticeId};
use crate::model::person::Line;
use crate::model::practice::{ApiKey, PresentedKey, Scope};
use crate::model::session::TOUCH_SECONDS;
use crate::time::Timestamp;

/// Seconds that a launch link works.
pub const LAUNCH_SECONDS: i64 = 60;

/// Seconds after which an unused session ends.
pub const IDLE_SECONDS: i64 = 15 * 60;

/// Seconds after which a session ends in any case.
pub const SESSION_SECONDS: i64 = 8 * 3600;

/// What a sealed launch link is bound to.
const LAUNCH: &[u8] = b"console launch";

/// What a launch link carries, sealed. It is nowhere stored; that it was used is.
#[expect(missing_docs, reason = "the names say it")]
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Launch {
    pub practice: PracticeId,
    /// SHA-256 of the API key that asked for it.
    pub key: String,
    pub client: ClientId,
    /// The staff member.
    pub actor: Actor,
    /// The staff member's name, for the page.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub actor_name: Option<Line>,
    /// The rights of the session, never more than the key's.
    pub scopes: Vec<Scope>,
    /// The patient that the tool opens at; `None` opens the list.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub patient: Option<PatientId>,
    /// The link does not work from this time on.
    pub expires_at: Timestamp,
}

impl Launch {
    /// The link's token.
    pub fn token(&self, context: &Context) -> String {
        context.keyring.seal_json(LAUNCH, self, &*context.entropy)
    }

    /// Reads a token; `None` if it is not ours or has expired.
    pub fn read(token: &str, context: &Context) -> Option<Self> {
        let launch: Self = context.keyring.open_json(LAUNCH, token)?;
        (context.now() < launch.expires_at).then_some(launch)
    }
}

/// A window of the Onboarding Tool, opened for one staff member.
#[expect(missing_docs, reason = "the names say it")]
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConsoleSession {
    pub practice: PracticeId,
    /// SHA-256 of the API key that it depends on.
    pub key: String,
    /// SHA-256 of the secret in its cookie.
    pub digest: String,
    /// SHA-256 of the launch link that opened it.
    pub launch: String,
    pub client: ClientId,
    pub actor: Actor,
    /// The staff member's name, for the page.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub actor_name: Option<Line>,
    pub scopes: Vec<Scope>,
    pub began_at: Timestamp,
    /// The session ends at this time if it is not used before.
    pub idle_at: Timestamp,
    /// The session ends at this time in any case.
    pub ends_at: Timestamp,
    /// When `idle_at` was last written.
    pub touched_at: Timestamp,
}

impl ConsoleSession {
    /// Begins a session. The text is the value of its cookie, which is not stored and can't be shown again.
    pub fn begin(launch: &Launch, token: &str, context: &Context) -> (Self, Zeroizing<String>) {
        let secret = new_secret(&*context.entropy);
        let now = context.now();
        let cookie = Zeroizing::new(format!("{}.{}.{}", launch.practice, launch.key, *secret));
        let session = Self {
            practice: launch.practice.clone(),
            key: launch.key.clone(),
            digest: digest(secret.as_bytes()),
            launch: digest(token.as_bytes()),
            client: launch.client.clone(),
            actor: launch.actor.clone(),
            actor_name: launch.actor_name.clone(),
            scopes: launch.scopes.clone(),
            began_at: now,
            idle_at: now.plus_seconds(IDLE_SECONDS),
            ends_at: now.plus_seconds(SESSION_SECONDS),
            touched_at: now,
        };
        (session, cookie)
    }

    /// Whether the session is still valid. At exactly `idle_at` or `ends_at` it has ended.
    pub fn is_live(&self, now: Timestamp) -> bool {
        now < self.idle_at && now < self.ends_at
    }

    /// The session with a later `idle_at`; `None` if it was written less than a minute ago.
    pub fn touched(&self, now: Timestamp) -> Option<Self> {
        (self.touched_at.seconds_until(now) >= TOUCH_SECONDS).then(|| Self {
            idle_at: now.plus_seconds(IDLE_SECONDS),
            touched_at: now,
            ..self.clone()
        })
    }

    /// The scopes that the session has and the key still has.
    pub fn scopes_of(&self, key: &ApiKey) -> Vec<Scope> {
        self.scopes.iter().copied().filter(|scope| key.scopes.contains(scope)).collect()
    }
}

/// Reads the value of a session's cookie; `None` if it does not have the form of ours.
pub fn presented(cookie: &str) -> Option<PresentedKey> {
    let mut parts = cookie.splitn(3, '.');
    let (practice, key, secret) = (parts.next()?, parts.next()?, parts.next()?);
    let claimed = PracticeId::parse(practice).ok()?;
    let is_digest = key.len() == 64 && key.bytes().all(|b| b.is_ascii_hexdigit() && !b.is_ascii_uppercase());
    (is_digest && is_secret(secret)).then(|| PresentedKey {
        claimed,
        digest: key.to_owned(),
        session: Some(digest(secret.as_bytes())),
    })
}
