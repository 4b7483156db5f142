//! Replies to texts: which words stop texts to a number, which start them again, and the last reply of
//! a number.

use serde::{Deserialize, Serialize};

use crate::time::Timestamp;

/// The meaning of a reply.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Word {
    /// The person wants no more texts.
    Stop,
    /// The person wants texts again.
    Start,
}

impl Word {
    /// Reads a reply as carriers and providers do: the first word decides. `None` for any other text.
    pub fn parse(reply: &str) -> Option<Self> {
        let first: String =
            reply.trim_start().chars().take_while(|c| c.is_alphabetic()).collect::<String>().to_uppercase();
        match first.as_str() {
            // The CTIA's list, the words that the FCC's rule of 2025 adds, and Spanish words.
            "STOP" | "STOPALL" | "UNSUBSCRIBE" | "CANCEL" | "END" | "QUIT" | "REVOKE" | "OPTOUT" | "ALTO"
            | "PARAR" => Some(Self::Stop),
            "START" | "UNSTOP" => Some(Self::Start),
            _ => None,
        }
    }
}

/// One reply to a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Said {
    /// The number that replied, in E.164.
    pub number: String,
    /// The meaning of the reply.
    pub word: Word,
    /// When the reply was received.
    pub at: Timestamp,
    /// The provider's id of the reply. A reply that is reported twice is stored once.
    pub id: String,
}

/// The last reply of a number.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Standing {
    /// STOP or START; `None` if the number never sent either.
    pub word: Option<Word>,
}

impl Standing {
    /// Whether texts may be sent to the number.
    pub fn may_text(self) -> bool {
        self.word != Some(Word::Stop)
    }
}
