//! Reads for a staff call: the API key's record together with the patient of the call; practices and
//! their keys.

use std::future::Future;

use jiff::civil::Date;

use crate::model::chart::Care;
use crate::model::console::ConsoleSession;
use crate::model::ids::{PatientId, PracticeId};
use crate::model::patient::Patient;
use crate::model::practice::{ApiKey, Practice, PresentedKey};
use crate::model::refusal::PortError;
use crate::time::Timestamp;

/// A client's `Idempotency-Key`, and the request that it was used for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OnceKey {
    /// MAC of the API key's digest and the idempotency key. It is the marker's name.
    pub name: String,
    /// MAC of method, path and body.
    pub body: String,
}

/// The marker that an idempotency key was used, or that a person is being added. It is written in the transaction that
/// it protects, and counts for 24 hours.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Once {
    /// The idempotency key and its request.
    pub key: OnceKey,
    /// Id of the record that the request created or changed. A repeated request is answered from that record.
    pub resource: String,
    /// When it expires; the key may then be used for another request.
    pub expires_at: Timestamp,
}

impl Once {
    /// A marker that expires 24 hours after `now`.
    pub fn new(key: OnceKey, resource: &str, now: Timestamp) -> Self {
        Self { key, resource: resource.to_owned(), expires_at: now.plus_hours(24) }
    }
}

/// The records that a staff call reads at once. A record that was not asked for, or does not exist,
/// is `None`.
#[derive(Clone, Debug, Default)]
pub struct CallRecords {
    /// The API key's record.
    pub key: Option<ApiKey>,
    /// The session that stands for the key, if one was presented.
    pub session: Option<ConsoleSession>,
    /// The patient that was asked for.
    pub patient: Option<Patient>,
    /// The growing part of the patient's chart.
    pub care: Option<Care>,
    /// The marker of an earlier use of the same idempotency key.
    pub once: Option<Once>,
}

/// The records that a staff call reads together with its key's record.
#[derive(Clone, Copy, Debug, Default)]
pub struct AlsoRead<'a> {
    /// The patient that the call is about.
    pub patient: Option<&'a PatientId>,
    /// Whether to read the growing part of that patient's chart, too.
    pub care: bool,
    /// The idempotency key of the call, if it has one.
    pub once: Option<&'a OnceKey>,
}

/// Notes on which day an API key was last used.
pub trait KeyUse: Sync {
    /// Notes that the key with this digest was used on this day, unless the day is noted already.
    fn used(&self, digest: &str, day: Date) -> impl Future<Output = Result<(), PortError>> + Send;
}

/// Reads an API key's record, strongly consistent, together with the records that the call is about.
pub trait ApiCalls: KeyUse {
    /// Reads the records of practice `key.claimed`. The caller must check whether the key really belongs to
    /// that practice.
    fn open(
        &self,
        key: &PresentedKey,
        along: AlsoRead<'_>,
    ) -> impl Future<Output = Result<CallRecords, PortError>> + Send;
    /// Writes that a session of the Onboarding Tool was used, unless it has ended meanwhile.
    fn touch(&self, session: &ConsoleSession) -> impl Future<Output = Result<(), PortError>> + Send;
}

/// Reads a practice. The result may be a copy that is at most 30 seconds old.
pub trait Practices: Sync {
    /// The practice with this id, if there is one.
    fn practice(&self, id: &PracticeId) -> impl Future<Output = Result<Option<Practice>, PortError>> + Send;
}

/// Reads the logos of practices.
pub trait Logos: Sync {
    /// The PNG with this name; `None` if the practice never had it.
    fn logo(
        &self,
        practice: &PracticeId,
        file: &str,
    ) -> impl Future<Output = Result<Option<Vec<u8>>, PortError>> + Send;
}

/// Reads the API keys of a practice.
pub trait Keys: Sync {
    /// All keys of the practice, including revoked ones.
    fn keys(&self, practice: &PracticeId) -> impl Future<Output = Result<Vec<ApiKey>, PortError>> + Send;
    /// The practice itself. The read is strongly consistent.
    fn enrolled(
        &self,
        practice: &PracticeId,
    ) -> impl Future<Output = Result<Option<Practice>, PortError>> + Send;
}
