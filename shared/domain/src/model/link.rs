//! Links: tokens that are MACs over ids, the record that decides everything, and the codes derived from it.

use data_encoding::BASE64URL_NOPAD;
use serde::{Deserialize, Serialize};
use subtle::ConstantTimeEq as _;

use crate::context::Context;
use crate::keys::{KeyId, Keyring, Use, digits};
use crate::model::audit::Head;
use crate::model::chart::Channel;
use crate::model::delivery::{Delivery, Feedback, Trouble};
use crate::model::grant::{Level, Relationship};
use crate::model::ids::{AccountId, Actor, ClientId, LinkId, PatientId, PracticeId};
use crate::model::person::{Address, Email, Invalid, Name, Phone};
use crate::time::Timestamp;

/// Wrong facts until a link locks (a right answer gives its try back).
pub const FACT_TRIES: u32 = 5;

/// Codes that one link may have sent.
pub const CODES: u32 = 5;

/// Wrong entries of one code.
pub const CODE_TRIES: u32 = 5;

/// Wrong facts and wrong codes of one link together.
pub const ALL_TRIES: u32 = 10;

/// How long a code works, in seconds.
pub const CODE_SECONDS: i64 = 600;

/// How long until the next code may be asked for, in seconds.
pub const RESEND_SECONDS: i64 = 60;

/// How long a proof works, in seconds.
pub const PROOF_SECONDS: i64 = 900;

/// How long a ticket works, in seconds.
pub const TICKET_SECONDS: i64 = 1800;

/// How long a link's record outlives its expiry, in seconds, so that renewing still finds it: 30 days.
pub const KEPT_SECONDS: i64 = 30 * 86_400;

/// Length of an access code, in digits.
pub const ACCESS_CODE_DIGITS: u32 = 8;

const VERSION: u8 = 1;

const MAC_BYTES: usize = 16;

/// What a link opens. A token of one purpose is nothing to the other.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Purpose {
    /// To register, or to get back what a revocation took.
    Invitation,
    /// To choose a new password.
    Reset,
    /// To confirm an account's new address: only the codes are sent, nobody is given the link.
    Address,
}

impl Purpose {
    const fn key(self) -> Use {
        match self {
            Self::Invitation => Use::InvitationLink,
            Self::Reset => Use::ResetLink,
            Self::Address => Use::AddressLink,
        }
    }
}

/// Why an invitation was made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// The offer to register.
    Registration,
    /// A new password for an account that exists.
    Reset,
    /// The offer to register as a representative.
    Representative,
    /// Access is back after a revocation.
    Restored,
    /// A new address of an account.
    Address,
}

impl Kind {
    /// The word for it in the contract.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Registration => "registration",
            Self::Reset => "reset",
            Self::Representative => "representative",
            Self::Restored => "restored",
            Self::Address => "address",
        }
    }
}

/// Where a link stands. Locked and expired are not here: they follow from the tries and the clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LinkState {
    /// May be used.
    Pending,
    /// Was used.
    Accepted,
    /// A later invitation, or a corrected address, replaced it.
    Superseded,
    /// Staff took it back.
    Cancelled,
    /// Went with the patient's access.
    Revoked,
    /// The recipient said that it is not for them.
    ReportedWrongRecipient,
}

/// As whom a visitor goes through a link.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// The patient.
    Patient,
    /// Somebody who looks after the patient.
    Representative,
}

/// A fact that a visitor stated; staff may know which was wrong, the visitor never.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Fact {
    /// The patient's last name.
    FamilyName,
    /// The patient's birth date.
    BirthDate,
    /// The e-mail address on the chart.
    Email,
    /// The first five digits of the ZIP code on the chart.
    PostalCode,
    /// The code that staff can tell.
    AccessCode,
    /// The answer to the security question.
    SecurityAnswer,
}

/// A refused identity check, for staff.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FailedCheck {
    /// When.
    pub at: Timestamp,
    /// Which facts did not match.
    pub facts: Vec<Fact>,
}

/// The latest code that was asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SentCode {
    /// Its number among the link's codes, from 1.
    pub number: u32,
    /// Key that its digits come from.
    pub key: KeyId,
    /// When it was asked for.
    pub at: Timestamp,
    /// The way it goes.
    pub channel: Channel,
    /// Digits.
    pub digits: u32,
    /// Wrong entries so far.
    pub tries: u32,
}

/// What a visitor holds who passed every check. Only its digest is kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ticket {
    /// SHA-256 of the ticket.
    pub digest: String,
    /// Not usable from this instant on.
    pub expires_at: Timestamp,
    /// As whom.
    pub role: Role,
}

/// A representative as whoever invited them described them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Invitee {
    /// First name.
    pub given_name: Name,
    /// Last name.
    pub family_name: Name,
    /// What they are to the patient.
    pub relationship: Relationship,
    /// E-mail address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email: Option<Email>,
    /// Mobile phone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mobile_phone: Option<Phone>,
    /// How much they are to see.
    #[serde(default)]
    pub level: Level,
}

impl Invitee {
    /// The address or number for a channel.
    pub fn address(&self, channel: Channel) -> Option<&str> {
        match channel {
            Channel::Email => self.email.as_ref().map(Email::reveal),
            Channel::Sms | Channel::Voice => self.mobile_phone.as_ref().and_then(Phone::dialable),
            Channel::Print => None,
        }
    }
}

/// The second check that a reset link asks for: settled when the link is made, so that each step needs no more than the
/// link's record. A contact that changes meanwhile ends the link.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SecondCheck {
    /// Ways a code can go: never the link's own.
    pub ways: Vec<Channel>,
    /// Digest of the number that a text goes to, under which its limit is counted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text_to: Option<String>,
    /// Digest of the number that a call goes to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub call_to: Option<String>,
    /// The end of the patient's audit chain when the link was made.
    #[serde(default)]
    pub head: Head,
}

/// The record of a link and of the invitation that it delivers. It, read, decides everything.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Link {
    /// Its id.
    pub id: LinkId,
    /// What it opens.
    pub purpose: Purpose,
    /// The practice, from here and from nowhere else.
    pub practice: PracticeId,
    /// The patient.
    pub patient: PatientId,
    /// The account that a restored link brings back, a reset link opens, or a new address belongs to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub account: Option<AccountId>,
    /// Why it was made.
    pub kind: Kind,
    /// The way it goes.
    pub channel: Channel,
    /// The address or number that it was made for; none if printed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sent_to: Option<Address>,
    /// Where it stands.
    pub state: LinkState,
    /// When it was made.
    pub created_at: Timestamp,
    /// Not usable from this instant on.
    pub expires_at: Timestamp,
    /// The key its token is a MAC under.
    pub key: KeyId,
    /// Which client made it.
    pub client: ClientId,
    /// And for whom.
    pub actor: Actor,
    /// What the outbox made of its message.
    #[serde(default)]
    pub delivery: Delivery,
    /// What the provider said of it since.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub feedback: Option<Feedback>,
    /// When its message was handed to the provider.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sent_at: Option<Timestamp>,
    /// When somebody first passed the identity check.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub opened_at: Option<Timestamp>,
    /// When it left `pending`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub closed_at: Option<Timestamp>,
    /// Wrong facts so far.
    #[serde(default)]
    pub fact_tries: u32,
    /// Wrong facts and codes so far.
    #[serde(default)]
    pub all_tries: u32,
    /// Identity checks passed; the latest one's proof alone counts.
    #[serde(default)]
    pub proofs: u32,
    /// Codes asked for.
    #[serde(default)]
    pub codes: u32,
    /// The latest code, until it is used.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<SentCode>,
    /// The latest ticket.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ticket: Option<Ticket>,
    /// Refused identity checks.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub failures: Vec<FailedCheck>,
    /// The representative whom it is for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub invitee: Option<Invitee>,
    /// What a reset link asks for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub second: Option<SecondCheck>,
}

/// What a new link is for.
pub struct Target {
    /// The practice.
    pub practice: PracticeId,
    /// The patient.
    pub patient: PatientId,
    /// The account, where there is one already.
    pub account: Option<AccountId>,
    /// Which way it goes.
    pub channel: Channel,
    /// The address or number.
    pub sent_to: Option<Address>,
    /// Which client asks for it.
    pub client: ClientId,
    /// On whose behalf.
    pub actor: Actor,
}

impl Link {
    /// A new link, open until `expires_at`.
    pub fn new(
        context: &Context,
        purpose: Purpose,
        kind: Kind,
        target: Target,
        expires_at: Timestamp,
    ) -> Self {
        Self {
            id: LinkId::new(&*context.clock, &*context.entropy),
            purpose,
            practice: target.practice,
            patient: target.patient,
            account: target.account,
            kind,
            channel: target.channel,
            sent_to: target.sent_to,
            state: LinkState::Pending,
            created_at: context.now(),
            expires_at,
            key: context.keyring.current(),
            client: target.client,
            actor: target.actor,
            delivery: Delivery::Queued,
            feedback: None,
            sent_at: None,
            opened_at: None,
            closed_at: None,
            fact_tries: 0,
            all_tries: 0,
            proofs: 0,
            codes: 0,
            code: None,
            ticket: None,
            failures: Vec::new(),
            invitee: None,
            second: None,
        }
    }

    /// What became of its message, and what stood in the way: the most that the outbox or the provider knows.
    pub fn delivered(&self) -> (Delivery, Option<Trouble>) {
        match self.feedback {
            Some(feedback) if feedback.delivery >= self.delivery => (feedback.delivery, feedback.trouble),
            _ => (self.delivery, None),
        }
    }

    /// Whether an identity check, a code or a page may still happen.
    pub fn is_open(&self, now: Timestamp) -> bool {
        self.is_pending(now) && !self.is_locked()
    }

    /// Not closed and not expired; the boundary instant is expired.
    pub fn is_pending(&self, now: Timestamp) -> bool {
        self.state == LinkState::Pending && now < self.expires_at
    }

    /// Whether its tries are used up.
    pub const fn is_locked(&self) -> bool {
        self.fact_tries >= FACT_TRIES || self.all_tries >= ALL_TRIES
    }

    /// Whether `ticket` is the one that this link gave out and still stands behind. It outlives the link's expiry,
    /// not the link's end.
    pub fn honours(&self, ticket: &str, now: Timestamp) -> Option<&Ticket> {
        let given = self.ticket.as_ref()?;
        let right = crate::keys::same(&given.digest, &crate::keys::digest(ticket.as_bytes()));
        (self.state == LinkState::Pending && right && now < given.expires_at).then_some(given)
    }

    /// The token that opens this link; `None` if its key is gone.
    pub fn token(&self, keyring: &Keyring) -> Option<String> {
        token(self.id, self.purpose, self.key, keyring)
    }

    /// The eight digits that staff can tell the patient; `None` if the key is gone.
    pub fn access_code(&self, keyring: &Keyring) -> Option<String> {
        let mac = keyring.mac(self.key, Use::AccessCode, &[&self.id.to_bytes()])?;
        Some(digits(&mac, ACCESS_CODE_DIGITS))
    }

    /// The digits of a code of this link; `None` if the key is gone.
    pub fn code_digits(&self, code: &SentCode, keyring: &Keyring) -> Option<String> {
        let mac = keyring.mac(code.key, Use::Code, &[&self.id.to_bytes(), &code.number.to_be_bytes()])?;
        Some(digits(&mac, code.digits))
    }
}

/// Reads an access code as typed; blanks and hyphens are nothing.
pub fn parse_access_code(text: &str) -> Result<String, Invalid> {
    let digits: String = text.chars().filter(|c| !c.is_whitespace() && *c != '-').collect();
    let fine = digits.len() == ACCESS_CODE_DIGITS as usize && digits.bytes().all(|b| b.is_ascii_digit());
    if fine { Ok(digits) } else { Err(Invalid("invalid_access_code")) }
}

fn token(id: LinkId, purpose: Purpose, key: KeyId, keyring: &Keyring) -> Option<String> {
    let mut bytes = vec![(VERSION << 4) | key.get()];
    bytes.extend(id.to_bytes());
    let mac = keyring.mac(key, purpose.key(), &[&bytes])?;
    bytes.extend(mac.iter().take(MAC_BYTES));
    Some(BASE64URL_NOPAD.encode(&bytes))
}

/// The id in a token of this purpose that this service made; `None` for everything else. Reads nothing.
pub fn parse_token(text: &str, purpose: Purpose, keyring: &Keyring) -> Option<LinkId> {
    if text.len() != 44 {
        return None;
    }
    let bytes = BASE64URL_NOPAD.decode(text.as_bytes()).ok()?;
    let (body, mac) = bytes.split_at_checked(17)?;
    let (head, id) = body.split_first()?;
    if head >> 4 != VERSION {
        return None;
    }
    let right = keyring.mac(KeyId::new(head & 15)?, purpose.key(), &[body])?;
    let genuine: bool = right.get(..MAC_BYTES)?.ct_eq(mac).into();
    genuine.then(|| id.try_into().ok().map(LinkId::from_bytes)).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::Entropy;

    struct Sevens;
    impl Entropy for Sevens {
        fn fill(&self, bytes: &mut [u8]) {
            bytes.fill(7);
        }
    }

    fn made() -> (Keyring, String) {
        let keyring = Keyring::generate(&Sevens);
        let text =
            token(LinkId::from_bytes([9; 16]), Purpose::Invitation, keyring.current(), &keyring).unwrap();
        (keyring, text)
    }

    #[test]
    fn a_token_has_44_characters_and_gives_its_id_back() {
        let (keyring, text) = made();
        assert_eq!(text.len(), 44);
        assert_eq!(parse_token(&text, Purpose::Invitation, &keyring), Some(LinkId::from_bytes([9; 16])));
    }

    #[test]
    fn every_flipped_bit_and_every_other_spelling_is_refused() {
        let (keyring, text) = made();
        let bytes = BASE64URL_NOPAD.decode(text.as_bytes()).unwrap();
        for bit in 0..bytes.len() * 8 {
            let mut forged = bytes.clone();
            forged[bit / 8] ^= 1 << (bit % 8);
            assert_eq!(
                parse_token(&BASE64URL_NOPAD.encode(&forged), Purpose::Invitation, &keyring),
                None,
                "bit {bit}"
            );
        }
        for other in [
            format!("{text}="),
            text.to_uppercase(),
            text.to_lowercase(),
            text[..43].to_owned(),
            format!("{text}A"),
            String::new(),
            "\0".repeat(44),
            "A".repeat(1 << 20),
            text.replace('_', "/").replace('-', "+") + " ",
        ] {
            assert_eq!(parse_token(&other, Purpose::Invitation, &keyring), None);
        }
    }

    #[test]
    fn a_token_of_one_purpose_is_nothing_to_the_other() {
        let (keyring, text) = made();
        assert_eq!(parse_token(&text, Purpose::Reset, &keyring), None);
    }
}
