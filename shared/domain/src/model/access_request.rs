//! The requests of strangers (sign-up, new password, user name, new link). They are sealed while they are in
//! the queue.

use serde::{Deserialize, Serialize};

use crate::context::Context;
use crate::model::ids::PracticeId;
use crate::model::limit::{ACCESS_REQUESTS, RENEWAL_MAIL, RESET_MAIL, Rule, SIGN_UP_MAIL, USERNAME_MAIL};
use crate::model::person::{BirthDate, Email, Name, PostalCode};
use crate::model::representative_request::AccessAsked;
use crate::time::Timestamp;

/// Length of every request before it is sealed, in bytes. All have the same length, so that the length says
/// nothing about the request.
const LENGTH: usize = 3040;

const BOUND_TO: &[u8] = b"request";

/// The facts that a person states about themselves. All of them must match one chart.
#[expect(missing_docs, reason = "the names say it")]
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RequestFacts {
    pub email: Email,
    pub family_name: Name,
    pub birth_date: BirthDate,
    pub postal_code: PostalCode,
}

/// The kind of a request, with its input.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Ask {
    /// An invitation to register.
    SignUp(PracticeId, RequestFacts),
    /// A new password for the account with this user name.
    ForgotPassword(PracticeId, String),
    /// A new password for the account of the person with these facts.
    ForgotPasswordByFacts(PracticeId, RequestFacts),
    /// The user names that belong to an e-mail address.
    ForgotUsername(PracticeId, Email),
    /// Access for somebody that the asker cares for.
    Access(PracticeId, Box<AccessAsked>),
    /// A new link, to replace the one with this token.
    Renew(String),
}

impl Ask {
    /// The limit of messages of its kind to one address.
    pub const fn limit(&self) -> Rule {
        match self {
            Self::SignUp(..) => SIGN_UP_MAIL,
            Self::ForgotPassword(..) | Self::ForgotPasswordByFacts(..) => RESET_MAIL,
            Self::ForgotUsername(..) => USERNAME_MAIL,
            Self::Access(..) => ACCESS_REQUESTS,
            Self::Renew(..) => RENEWAL_MAIL,
        }
    }
}

/// A request as it is queued.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Request {
    /// The request itself.
    pub ask: Ask,
    /// When it was made.
    pub at: Timestamp,
}

impl Request {
    pub(crate) fn sealed(&self, context: &Context) -> Option<String> {
        let mut plain = serde_json::to_vec(self).ok().filter(|plain| plain.len() <= LENGTH)?;
        // JSON ignores spaces at its end.
        plain.resize(LENGTH, b' ');
        Some(context.keyring.seal(BOUND_TO, &plain, &*context.entropy))
    }

    /// Opens a request that this service queued; `None` for everything else.
    pub fn open(sealed: &str, context: &Context) -> Option<Self> {
        context.keyring.open_json(BOUND_TO, sealed)
    }
}
