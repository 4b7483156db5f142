//! Replies to texts: which words stop texts to a number, which start them again, and what a number said last.

use serde::{Deserialize, Serialize};

use crate::time::Timestamp;

/// What somebody replied.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Word {
    /// No more texts.
    Stop,
    /// Texts again.
    Start,
}

impl Word {
    /// The word in a reply, as carriers and providers read it; `None` for everything else that people write.
    pub fn parse(reply: &str) -> Option<Self> {
        let first: String =
            reply.trim_start().chars().take_while(|c| c.is_alphabetic()).collect::<String>().to_uppercase();
        match first.as_str() {
            // CTIA's list, what the FCC's rule of 2025 adds to it, and Spanish.
            "STOP" | "STOPALL" | "UNSUBSCRIBE" | "CANCEL" | "END" | "QUIT" | "REVOKE" | "OPTOUT" | "ALTO"
            | "PARAR" => Some(Self::Stop),
            "START" | "UNSTOP" => Some(Self::Start),
            _ => None,
        }
    }
}

/// An entry of the ledger.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Said {
    /// Who, E.164.
    pub number: String,
    /// What.
    pub word: Word,
    /// When.
    pub at: Timestamp,
    /// The provider's id of the reply: the same one is kept once.
    pub id: String,
}

/// What a number last said.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Standing {
    /// The word, if there was one.
    pub word: Option<Word>,
}

impl Standing {
    /// Whether texts may go there.
    pub fn may_text(self) -> bool {
        self.word != Some(Word::Stop)
    }
}
