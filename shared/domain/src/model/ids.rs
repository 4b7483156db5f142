//! The ids of practices, patients, clients, staff members and our own records.

use std::fmt;

use serde::{Deserialize, Serialize};
use ulid::Ulid;

use crate::model::person::Invalid;
use crate::time::{Clock, Entropy, Timestamp};

/// First parts of paths that the service uses itself. No practice may have them as its name.
pub const RESERVED: [&str; 7] = ["i", "r", "u", "v1", "console", "health", "_local"];

macro_rules! text_id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(String);

        impl $name {
            /// The id as text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}

text_id! {
    /// A practice's short name, as in its URLs: 2 to 30 characters of `a-z 0-9 -`, beginning with a letter.
    PracticeId
}

text_id! {
    /// A patient's id in the EHR: 1 to 64 characters of `A-Z a-z 0-9 . _ -`. These are the characters of a
    /// FHIR id, and the underscore. `.` and `..` are none: in a path they mean another place.
    PatientId
}

text_id! {
    /// The name of a practice's application, given when its API key is issued.
    ClientId
}

text_id! {
    /// The staff member on whose behalf a client calls: 1 to 64 printable ASCII characters. Only the practice
    /// knows their meaning.
    Actor
}

impl PracticeId {
    /// Reads a short name.
    pub fn parse(text: &str) -> Result<Self, Invalid> {
        let characters = text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
        let first = text.bytes().next().is_some_and(|b| b.is_ascii_lowercase());
        if (2..=30).contains(&text.len()) && characters && first && !RESERVED.contains(&text) {
            Ok(Self(text.to_owned()))
        } else {
            Err(Invalid("invalid_practice"))
        }
    }
}

impl PatientId {
    /// Reads a patient's id.
    pub fn parse(text: &str) -> Result<Self, Invalid> {
        let characters = text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-'));
        if (1..=64).contains(&text.len()) && characters && !matches!(text, "." | "..") {
            Ok(Self(text.to_owned()))
        } else {
            Err(Invalid("invalid_patient_id"))
        }
    }
}

impl ClientId {
    /// Reads a client's name: 1 to 40 of `a-z 0-9 -`.
    pub fn parse(text: &str) -> Result<Self, Invalid> {
        let characters = text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
        if (1..=40).contains(&text.len()) && characters {
            Ok(Self(text.to_owned()))
        } else {
            Err(Invalid("invalid_client"))
        }
    }
}

impl ClientId {
    /// The client of an action that a visitor of a public page takes.
    pub fn visitor() -> Self {
        Self("patient".to_owned())
    }

    /// The client of what the service does on its schedule.
    pub fn service() -> Self {
        Self("portico".to_owned())
    }
}

impl Actor {
    /// The actor of an action that a visitor of a public page takes.
    pub fn visitor() -> Self {
        Self("self".to_owned())
    }

    /// The actor of an automatic invitation.
    pub fn auto_invite() -> Self {
        Self("auto-invite".to_owned())
    }

    /// The actor of an action that the signed-in holder of an account takes.
    pub fn holder(account: AccountId) -> Self {
        Self(account.to_string())
    }

    /// Reads a staff user id.
    pub fn parse(text: &str) -> Result<Self, Invalid> {
        if (1..=64).contains(&text.len()) && text.bytes().all(|b| b == b' ' || b.is_ascii_graphic()) {
            Ok(Self(text.to_owned()))
        } else {
            Err(Invalid("invalid_actor"))
        }
    }
}

macro_rules! ulid_id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(Ulid);

        impl $name {
            /// A new id, made of the present time in milliseconds and 80 random bits.
            pub fn new(clock: &dyn Clock, entropy: &dyn Entropy) -> Self {
                Self(new_ulid(clock, entropy))
            }

            /// Reads an id.
            pub fn parse(text: &str) -> Result<Self, Invalid> {
                match Ulid::from_string(text) {
                    // Accept only the canonical spelling. The decoder also accepts lower case and
                    // look-alike letters.
                    Ok(id) if id.to_string() == text => Ok(Self(id)),
                    _ => Err(Invalid("invalid_id")),
                }
            }

            /// The id with these sixteen bytes of a ULID.
            pub const fn from_bytes(bytes: [u8; 16]) -> Self {
                Self(Ulid::from_bytes(bytes))
            }

            /// The sixteen bytes of the ULID.
            pub const fn to_bytes(self) -> [u8; 16] {
                self.0.to_bytes()
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0.to_string())
            }
        }

        impl Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
                to.collect_str(self)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
                Self::parse(&String::deserialize(from)?).map_err(serde::de::Error::custom)
            }
        }
    };
}

ulid_id! {
    /// The id of a link and of the invitation that it delivers. Never reused.
    LinkId
}

ulid_id! {
    /// The id of an account. Never reused.
    AccountId
}

ulid_id! {
    /// The id of a proposed change of a chart.
    ChangeId
}

ulid_id! {
    /// The id of a message in the outbox.
    MessageId
}

ulid_id! {
    /// The id of letters that were made together.
    LettersId
}

ulid_id! {
    /// The id of a request for access by a representative.
    RequestId
}

ulid_id! {
    /// The id of a batch of invitations.
    BatchId
}

ulid_id! {
    /// The id of one revocation. With it, a re-invitation restores exactly the grants that the
    /// revocation ended.
    RevocationId
}

impl MessageId {
    /// When the message was queued, in milliseconds: the id contains the time.
    pub fn made_at(self) -> Timestamp {
        Timestamp::from_millis(i64::try_from(self.0.timestamp_ms()).unwrap_or_default())
    }
}

fn new_ulid(clock: &dyn Clock, entropy: &dyn Entropy) -> Ulid {
    let mut random = [0; 16];
    entropy.fill(&mut random);
    let millis = u64::try_from(clock.now().millis()).unwrap_or_default();
    Ulid::from_parts(millis, u128::from_be_bytes(random))
}

/// A new patient's id, for a practice that has no id to give (quick add). It is a ULID, in the form of a
/// patient id.
pub fn new_patient_id(clock: &dyn Clock, entropy: &dyn Entropy) -> PatientId {
    PatientId(new_ulid(clock, entropy).to_string())
}
