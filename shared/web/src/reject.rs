//! Refusals: the domain's, and those of a request that cannot be read. They become a problem or a page.

use http::{HeaderValue, header};
use portico_domain::model::refusal::{Failure, FieldFault, Refusal};

use crate::answer::Answer;

/// Why a request ended without what it asked for.
#[derive(Debug)]
pub enum Reject {
    /// An operation refused.
    Refused(Refusal),
    /// The body is too long.
    TooLarge,
    /// The body is of a type that this path does not take.
    UnsupportedType,
    /// Another site's page sent it.
    ForeignForm,
    /// It could not be decided; trying again is right.
    Unavailable,
    /// A record can't be read; trying again is no use. The word says which, for the log.
    Broken(&'static str),
}

impl Reject {
    /// A body with one field at fault; `/`-separated, empty for the whole.
    pub fn malformed(field: &str, code: &'static str) -> Self {
        let pointer = if field.is_empty() { String::new() } else { format!("/{field}") };
        Self::Refused(Refusal::BadRequest(vec![FieldFault { pointer, code }]))
    }

    /// A body with these fields at fault.
    pub fn fields(faults: Vec<FieldFault>) -> Self {
        Self::Refused(Refusal::BadRequest(faults))
    }

    /// The HTTP status.
    pub const fn status(&self) -> u16 {
        match self {
            Self::Refused(refusal) => status_of(refusal),
            Self::TooLarge => 413,
            Self::UnsupportedType => 415,
            Self::ForeignForm => 403,
            Self::Unavailable => 503,
            Self::Broken(_) => 500,
        }
    }

    /// The stable code.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Refused(refusal) => refusal.code(),
            Self::TooLarge => "payload_too_large",
            Self::UnsupportedType => "unsupported_media_type",
            Self::ForeignForm => "forbidden",
            Self::Unavailable => "try_again",
            Self::Broken(_) => "internal_error",
        }
    }

    /// Says on the answer when to try again, and stores the code of the refusal there, for its line in the log.
    pub fn mark(&self, answer: &mut Answer) {
        if let Self::Refused(Refusal::TooManyRequests(seconds)) = self {
            answer.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(*seconds));
        }
        answer.extensions_mut().insert(Code(self.code()));
        if let Self::Broken(what) = self {
            answer.extensions_mut().insert(Broken(what));
        }
    }
}

/// The whole table of refusals and their statuses.
const fn status_of(refusal: &Refusal) -> u16 {
    match refusal {
        Refusal::BadRequest(_) => 400,
        Refusal::Unauthorized | Refusal::SignInFailed => 401,
        Refusal::Forbidden | Refusal::AccessRevoked | Refusal::RepresentativeRequired => 403,
        Refusal::NotFound => 404,
        Refusal::PossibleDuplicate(_)
        | Refusal::UsernameTaken(_)
        | Refusal::Conflict(_)
        | Refusal::IdempotencyInProgress => 409,
        Refusal::LinkUnavailable => 410,
        Refusal::NotEligible(_)
        | Refusal::VerificationFailed
        | Refusal::PasswordRejected(_)
        | Refusal::UsernameRejected(_)
        | Refusal::CodeRejected
        | Refusal::IdempotencyMismatch => 422,
        Refusal::TooManyRequests(_) => 429,
    }
}

impl From<Refusal> for Reject {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

impl From<Failure> for Reject {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Refused(refusal) => Self::Refused(refusal),
            Failure::Unavailable => Self::Unavailable,
            Failure::Broken(what) => Self::Broken(what),
        }
    }
}

/// The code of a problem, for the log.
#[derive(Clone, Copy)]
pub(crate) struct Code(pub(crate) &'static str);

/// What could not be read, for the log.
#[derive(Clone, Copy)]
pub(crate) struct Broken(pub(crate) &'static str);
