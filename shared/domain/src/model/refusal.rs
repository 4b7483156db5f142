//! The refusals that a caller may see, each with a stable code. `web` maps them to HTTP as the last step.

use crate::model::ids::PatientId;
use crate::model::password::PasswordFault;
use crate::model::patient::Reason;

/// One fault of the input.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FieldFault {
    /// JSON pointer to the field, e.g. `/birth_date`.
    pub pointer: String,
    /// Stable code of the fault, e.g. `invalid_date`.
    pub code: &'static str,
}

impl FieldFault {
    /// A fault of a field at the top level.
    pub fn of(field: &str, code: &'static str) -> Self {
        Self { pointer: format!("/{field}"), code }
    }
}

/// Why an operation was refused. No refusal says more than the caller may know.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// The input is malformed.
    BadRequest(Vec<FieldFault>),
    /// There is no valid API key or session.
    Unauthorized,
    /// The user name or password is wrong, or the user name is locked. It does not say which.
    SignInFailed,
    /// The API key lacks the scope, or the person must set a new password first.
    Forbidden,
    /// The password is right, but the person's access is revoked.
    AccessRevoked,
    /// The patient is too young to register.
    RepresentativeRequired,
    /// The practice has no such record.
    NotFound,
    /// Quick add found patients with the same name and birth date: these ids.
    PossibleDuplicate(Vec<PatientId>),
    /// Somebody else has that user name. The list suggests other names.
    UsernameTaken(Vec<String>),
    /// The current state does not allow it. The text is a code that says why.
    Conflict(&'static str),
    /// Another request with the same idempotency key is being processed.
    IdempotencyInProgress,
    /// The link can't be used. It does not say why.
    LinkUnavailable,
    /// The patient can't be invited by this channel, for all these reasons.
    NotEligible(Vec<Reason>),
    /// A fact did not match. It does not say which.
    VerificationFailed,
    /// The password is not allowed.
    PasswordRejected(Vec<PasswordFault>),
    /// The user name is not allowed; the text is the code of the fault.
    UsernameRejected(&'static str),
    /// The code is wrong, used or expired.
    CodeRejected,
    /// The same idempotency key was used for another request.
    IdempotencyMismatch,
    /// A limit was reached. The number is the seconds until the caller may try again.
    TooManyRequests(i64),
}

impl Refusal {
    /// The stable code in the API.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::BadRequest(_) => "bad_request",
            Self::Unauthorized => "unauthorized",
            Self::SignInFailed => "sign_in_failed",
            Self::Forbidden => "forbidden",
            Self::AccessRevoked => "access_revoked",
            Self::RepresentativeRequired => "representative_required",
            Self::NotFound => "not_found",
            Self::PossibleDuplicate(_) => "possible_duplicate",
            Self::UsernameTaken(_) => "username_taken",
            Self::Conflict(_) => "conflict",
            Self::IdempotencyInProgress => "idempotency_in_progress",
            Self::LinkUnavailable => "link_unavailable",
            Self::NotEligible(_) => "not_eligible",
            Self::VerificationFailed => "verification_failed",
            Self::PasswordRejected(_) => "password_rejected",
            Self::UsernameRejected(_) => "username_rejected",
            Self::CodeRejected => "code_rejected",
            Self::IdempotencyMismatch => "idempotency_mismatch",
            Self::TooManyRequests(_) => "too_many_requests",
        }
    }
}

/// Why a port failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PortError {
    /// The service behind the port was not reached, or not in time. It is unknown whether anything happened;
    /// trying again is right.
    #[error("unavailable")]
    Unavailable,
    /// A record exists but can't be read, or can't be written. The text names the kind of record or the step.
    /// Trying again gives the same error, so somebody must look at it.
    #[error("broken: {0}")]
    Broken(&'static str),
}

/// Why an operation has no outcome.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Failure {
    /// The operation was refused.
    Refused(Refusal),
    /// The operation could not be done now; trying again is right.
    Unavailable,
    /// A record can't be read or written; the text names it. Trying again does not help.
    Broken(&'static str),
}

impl From<Refusal> for Failure {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

impl From<PortError> for Failure {
    fn from(error: PortError) -> Self {
        match error {
            PortError::Unavailable => Self::Unavailable,
            PortError::Broken(what) => Self::Broken(what),
        }
    }
}

impl From<Failure> for PortError {
    /// For background operations, which have no caller to refuse.
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Broken(what) => Self::Broken(what),
            Failure::Refused(_) => Self::Broken("a refusal where nobody can be refused"),
            Failure::Unavailable => Self::Unavailable,
        }
    }
}
