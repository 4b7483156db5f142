//! Reads for a staff call: the API key's record and what the call is about; practices and their keys.

use std::future::Future;

use crate::model::chart::Care;
use crate::model::ids::{PatientId, PracticeId};
use crate::model::patient::Patient;
use crate::model::practice::{ApiKey, Practice, PresentedKey};
use crate::model::refusal::PortError;
use crate::time::Timestamp;

/// An `Idempotency-Key` of a client with what it was used for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OnceKey {
    /// MAC of the practice, the client's key and the idempotency key: the marker's name.
    pub name: String,
    /// MAC of method, path and body.
    pub body: String,
}

/// The marker that a key was used: written in the transaction that it guards, kept for 24 hours.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Once {
    /// The key.
    pub key: OnceKey,
    /// Id of what came of it; the answer is made again from there.
    pub resource: String,
    /// When it stops to count.
    pub expires_at: Timestamp,
}

impl Once {
    /// A marker for 24 hours from `now`.
    pub fn new(key: OnceKey, resource: &str, now: Timestamp) -> Self {
        Self { key, resource: resource.to_owned(), expires_at: now.plus_hours(24) }
    }
}

/// What a staff call finds in one read.
#[derive(Clone, Debug, Default)]
pub struct CallRecords {
    /// The key's record.
    pub key: Option<ApiKey>,
    /// The patient that the call is about.
    pub patient: Option<Patient>,
    /// What grows of the chart, if it was asked for.
    pub care: Option<Care>,
    /// An earlier use of the same idempotency key.
    pub once: Option<Once>,
}

/// What a staff call asks for along with its key's record.
#[derive(Clone, Copy, Debug, Default)]
pub struct AlsoRead<'a> {
    /// This patient.
    pub patient: Option<&'a PatientId>,
    /// And what grows of the chart.
    pub care: bool,
    /// This idempotency marker.
    pub once: Option<&'a OnceKey>,
}

/// Reads a key's record, strongly, and along with it what the call is about.
pub trait StaffCalls: Sync {
    /// The records of practice `key.claimed`; whether the key is of that practice is the caller's to check.
    fn open(
        &self,
        key: &PresentedKey,
        along: AlsoRead<'_>,
    ) -> impl Future<Output = Result<CallRecords, PortError>> + Send;
}

/// Reads a practice; a copy of at most 30 seconds will do.
pub trait Practices: Sync {
    /// The practice, if there is one of that name.
    fn practice(&self, id: &PracticeId) -> impl Future<Output = Result<Option<Practice>, PortError>> + Send;
}

/// Reads the keys of a practice.
pub trait Keys: Sync {
    /// Keys that were issued, present and revoked.
    fn keys(&self, practice: &PracticeId) -> impl Future<Output = Result<Vec<ApiKey>, PortError>> + Send;
    /// The practice itself, strongly.
    fn enrolled(
        &self,
        practice: &PracticeId,
    ) -> impl Future<Output = Result<Option<Practice>, PortError>> + Send;
}
