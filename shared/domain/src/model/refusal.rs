//! What a caller may be told: one list of refusals, each with its stable code. How it reads on HTTP is `web`'s last step.

use crate::model::ids::PatientId;
use crate::model::password::PasswordFault;
use crate::model::patient::Reason;

/// One fault of the input, by JSON pointer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FieldFault {
    /// Where, e.g. `/birth_date`.
    pub pointer: String,
    /// What, e.g. `invalid_date`.
    pub code: &'static str,
}

impl FieldFault {
    /// A fault of a field at the top level.
    pub fn of(field: &str, code: &'static str) -> Self {
        Self { pointer: format!("/{field}"), code }
    }
}

/// Why something was not done. None of them tells more than the caller may know.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// The input is malformed.
    BadRequest(Vec<FieldFault>),
    /// No key, or none of ours.
    Unauthorized,
    /// A wrong user name or password, whichever, or a lock.
    SignInFailed,
    /// The key lacks the scope.
    Forbidden,
    /// The right password of somebody whose access is revoked.
    AccessRevoked,
    /// The patient is too young to register.
    RepresentativeRequired,
    /// No such thing in this practice.
    NotFound,
    /// Quick add found somebody of the same name and birth date.
    PossibleDuplicate(Vec<PatientId>),
    /// Somebody has that user name; others to try.
    UsernameTaken(Vec<String>),
    /// The state of things does not allow it.
    Conflict(&'static str),
    /// The same key is being worked on.
    IdempotencyInProgress,
    /// The link can't be used, whatever the reason.
    LinkUnavailable,
    /// The patient can't be invited by this channel; all reasons.
    NotEligible(Vec<Reason>),
    /// A fact did not match, whichever.
    VerificationFailed,
    /// The password won't do.
    PasswordRejected(Vec<PasswordFault>),
    /// The user name won't do.
    UsernameRejected(&'static str),
    /// The code is wrong, used or over.
    CodeRejected,
    /// The same key came with another body.
    IdempotencyMismatch,
    /// Too many; seconds until it is worth trying again.
    TooManyRequests(i64),
}

impl Refusal {
    /// The stable code of the contract.
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

/// Why a port could not do what it was asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PortError {
    /// It could not be reached, or not in time. Nothing is known to have happened, and trying again is right.
    #[error("unavailable")]
    Unavailable,
    /// A record is there and can't be read, or can't be written: `what` names the kind of record or the step. Trying again
    /// brings the same; somebody must look.
    #[error("broken: {0}")]
    Broken(&'static str),
}

/// Why an operation ended without its outcome.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Failure {
    /// It was refused.
    Refused(Refusal),
    /// It could not be decided now; trying again is right.
    Unavailable,
    /// A record can't be read; the word says which. Trying again is no use.
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
    /// For operations of the background, which nobody can be refused.
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Broken(what) => Self::Broken(what),
            Failure::Refused(_) => Self::Broken("a refusal where nobody can be refused"),
            Failure::Unavailable => Self::Unavailable,
        }
    }
}

/// Why an operation ended without its outcome, with what it had read by then, so that the page that says so need not
/// read it again.
#[derive(Debug)]
pub struct Refused<R> {
    /// Why.
    pub failure: Failure,
    /// What was read; `None` if the operation ended before that.
    pub read: Option<R>,
}

impl<R> From<Failure> for Refused<R> {
    fn from(failure: Failure) -> Self {
        Self { failure, read: None }
    }
}

impl<R> From<Refusal> for Refused<R> {
    fn from(refusal: Refusal) -> Self {
        Failure::from(refusal).into()
    }
}

impl<R> From<PortError> for Refused<R> {
    fn from(error: PortError) -> Self {
        Failure::from(error).into()
    }
}
