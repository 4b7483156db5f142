//! What strangers ask for (sign-up, a new password, a user name, a new link), sealed on its way through the queue.

use serde::{Deserialize, Serialize};

use crate::context::Context;
use crate::model::ids::PracticeId;
use crate::model::person::{BirthDate, Email, Name, PostalCode};
use crate::time::Timestamp;

/// Length of every request in the queue before it is sealed, in bytes.
const LENGTH: usize = 2048;

const BOUND_TO: &[u8] = b"request";

/// What a person says of themselves: all of it must match one chart.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RequestFacts {
    /// The e-mail address.
    pub email: Email,
    /// The last name.
    pub family_name: Name,
    /// The birth date.
    pub birth_date: BirthDate,
    /// The ZIP code.
    pub postal_code: PostalCode,
}

/// What is asked for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Ask {
    /// An invitation.
    SignUp(PracticeId, RequestFacts),
    /// A new password, for this user name.
    ForgotPassword(PracticeId, String),
    /// A new password, for whoever these facts are true of.
    ForgotPasswordByFacts(PracticeId, RequestFacts),
    /// The user names at an address.
    ForgotUsername(PracticeId, Email),
    /// A new link in place of the one with this token.
    Renew(String),
}

/// A request as it lies in the queue.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Request {
    /// What is asked for.
    pub ask: Ask,
    /// When.
    pub at: Timestamp,
}

impl Request {
    pub(crate) fn sealed(&self, context: &Context) -> Option<String> {
        let mut plain = serde_json::to_vec(self).ok().filter(|plain| plain.len() <= LENGTH)?;
        // Blanks after JSON are nothing.
        plain.resize(LENGTH, b' ');
        Some(context.keyring.seal(BOUND_TO, &plain, &*context.entropy))
    }

    /// Reads a request that this service queued; `None` for everything else.
    pub fn open(sealed: &str, context: &Context) -> Option<Self> {
        context.keyring.open_json(BOUND_TO, sealed)
    }
}
