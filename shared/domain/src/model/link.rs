//! Links: their tokens, which are MACs over ids, their records, which decide everything, and their codes.

use data_encoding::BASE64URL_NOPAD;
use serde::{Deserialize, Serialize};
use subtle::ConstantTimeEq as _;

use crate::context::Context;
use crate::keys::{KeyId, Keyring, Use, digits};
use crate::model::audit::Head;
use crate::model::chart::Channel;
use crate::model::code_way::CodeWay;
use crate::model::delivery::{Delivery, Feedback, Trouble};
use crate::model::grant::{Authority, Level, Relationship};
use crate::model::ids::{AccountId, Actor, ClientId, LinkId, PatientId, PracticeId};
use crate::model::pasted;
use crate::model::person::{Address, Email, Invalid, Name, Phone};
use crate::time::Timestamp;

/// Attempts at the facts until a link is locked. A right answer gives its attempt back.
pub const FACT_TRIES: u32 = 5;

/// Most codes that can be sent for one link.
pub const CODES: u32 = 5;

/// Most entries of one code, right or wrong.
pub const CODE_TRIES: u32 = 5;

/// Attempts at facts and codes together until a link is locked.
pub const ALL_TRIES: u32 = 10;

/// Seconds that a code works.
pub const CODE_SECONDS: i64 = 600;

/// Seconds until the next code may be asked for.
pub const RESEND_SECONDS: i64 = 60;

/// Seconds that a proof works: the sealed value that says that the facts were right.
pub const PROOF_SECONDS: i64 = 900;

/// Seconds that a ticket works.
pub const TICKET_SECONDS: i64 = 1800;

/// Seconds that a link's record is stored after the link has expired: 30 days. Until then, a visitor can ask
/// for a new link.
pub const KEPT_SECONDS: i64 = 30 * 86_400;

/// Seconds in which the same form, sent again, gets the same answer: a double click is one click.
pub const REPEAT_SECONDS: i64 = 60;

/// Seconds within which a second click belongs to the first.
const CLICK_SECONDS: i64 = 10;

/// Length of an access code, in digits.
pub const ACCESS_CODE_DIGITS: u32 = 8;

const VERSION: u8 = 1;

const MAC_BYTES: usize = 16;

/// The purpose of a link. A token made for one purpose does not work for another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Purpose {
    /// To register, or to get access back after a revocation.
    Invitation,
    /// To choose a new password.
    Reset,
    /// To confirm an account's new e-mail address. Only the link's codes are sent, never its token.
    Address,
    /// To stop automatic mail. No record has this purpose: it is a second token of an invitation's link.
    Unsubscribe,
}

impl Purpose {
    const fn key(self) -> Use {
        match self {
            Self::Invitation => Use::InvitationLink,
            Self::Reset => Use::ResetLink,
            Self::Address => Use::AddressLink,
            Self::Unsubscribe => Use::UnsubscribeLink,
        }
    }
}

/// The kind of an invitation or link.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// An invitation to register.
    Registration,
    /// A new password for an existing account.
    Reset,
    /// An invitation to register as a representative.
    Representative,
    /// A re-invitation after a revocation, which gives the same access back.
    Restored,
    /// A new e-mail address of an account.
    Address,
}

impl Kind {
    /// The kind's name in the API.
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

/// The stored state of a link. Locked and expired are not stored: they follow from the attempts and
/// the clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LinkState {
    /// It can be used.
    Pending,
    /// It was used.
    Accepted,
    /// A later invitation or a corrected address replaced it.
    Superseded,
    /// Staff cancelled it.
    Cancelled,
    /// It ended when the patient's access was revoked.
    Revoked,
    /// The recipient said that it is not for them.
    ReportedWrongRecipient,
}

/// The role of a link's visitor.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// The patient.
    Patient,
    /// A representative of the patient.
    Representative,
}

/// A fact that a visitor stated. Staff may know which fact was wrong; the visitor never may.
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
    /// The access code that staff can give to the patient.
    AccessCode,
    /// The answer to the security question.
    SecurityAnswer,
}

/// A failed identity check, for staff.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FailedCheck {
    /// When the facts were entered.
    pub at: Timestamp,
    /// The facts that did not match.
    pub facts: Vec<Fact>,
}

/// The latest code of a link. Its digits are not stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SentCode {
    /// Its number among the link's codes. The first code has number 1.
    pub number: u32,
    /// The id of the key that its digits are derived with.
    pub key: KeyId,
    /// When it was asked for.
    pub at: Timestamp,
    /// The channel that it is sent through.
    pub channel: Channel,
    /// How many digits it has.
    pub digits: u32,
    /// Entries so far.
    pub tries: u32,
}

/// A ticket: the proof that a visitor has passed every check. Only its digest is stored.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ticket {
    /// SHA-256 of the ticket.
    pub digest: String,
    /// It does not work from this time on.
    pub expires_at: Timestamp,
    /// The role of the visitor.
    pub role: Role,
    /// The code that was entered for it; `None` if it was given for facts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<SentCode>,
}

impl Ticket {
    /// Whether this text is the ticket.
    fn is(&self, text: &str) -> bool {
        crate::keys::same(&self.digest, &crate::keys::digest(text.as_bytes()))
    }
}

/// A representative, as the person who invited them described them.
#[expect(missing_docs, reason = "the names say it")]
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Invitee {
    pub given_name: Name,
    pub family_name: Name,
    pub relationship: Relationship,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email: Option<Email>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mobile_phone: Option<Phone>,
    /// How much of the portal they will see.
    #[serde(default)]
    pub level: Level,
    /// By what right they act for the patient, as staff recorded it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub authority: Option<Authority>,
}

impl Invitee {
    /// The address or number for a channel; `None` if there is none that can be used.
    pub fn address(&self, channel: Channel) -> Option<&str> {
        match channel {
            Channel::Email => self.email.as_ref().map(Email::reveal),
            Channel::Sms | Channel::Voice => self.mobile_phone.as_ref().and_then(Phone::dialable),
            Channel::Print => None,
        }
    }
}

/// The second check of a reset link. It is decided when the link is made, so that each step reads only the
/// link's record. If a contact changes in the meantime, the link ends.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SecondCheck {
    /// Ways that a code can go. The link's own channel is never one of them.
    pub ways: Vec<CodeWay>,
    /// Digest of the number that a text would be sent to. The limit of that number is counted under it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text_digest: Option<String>,
    /// Digest of the number that would be called.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub call_digest: Option<String>,
    /// The end of the patient's audit chain when the link was made.
    #[serde(default)]
    pub head: Head,
}

/// The record of a link and of the invitation that it delivers. Every decision about a link is made from
/// this record.
#[expect(missing_docs, reason = "the names say it")]
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Link {
    pub id: LinkId,
    /// The purpose that its token is made for.
    pub purpose: Purpose,
    /// The practice. A visitor's practice is always read from this field.
    pub practice: PracticeId,
    pub patient: PatientId,
    /// The account that a re-invitation restores, a reset link opens, or a new address belongs to. `None` for
    /// a new registration.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub account: Option<AccountId>,
    /// The kind of the invitation or link.
    pub kind: Kind,
    /// The channel that it is sent through.
    pub channel: Channel,
    /// The address or number that it is sent to; `None` for a printed letter.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sent_to: Option<Address>,
    /// The stored state; see [`LinkState`].
    pub state: LinkState,
    pub created_at: Timestamp,
    /// The link does not work from this time on.
    pub expires_at: Timestamp,
    /// The id of the key of its token's MAC.
    pub key: KeyId,
    /// The client that made it.
    pub client: ClientId,
    /// The staff member on whose behalf the client called, or the person at a page.
    pub actor: Actor,
    /// The delivery of its message, as the outbox knows it.
    #[serde(default)]
    pub delivery: Delivery,
    /// The provider's latest report about its message.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub feedback: Option<Feedback>,
    /// When the provider accepted its message.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sent_at: Option<Timestamp>,
    /// When it was last asked for again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub asked_again_at: Option<Timestamp>,
    /// When staff gave its letter to the patient.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub handed_over_at: Option<Timestamp>,
    /// When somebody first passed the identity check.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub opened_at: Option<Timestamp>,
    /// When it left `pending`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub closed_at: Option<Timestamp>,
    /// Attempts at the facts so far, without those that were given back.
    #[serde(default)]
    pub fact_tries: u32,
    /// Attempts at facts and codes so far, without those that were given back.
    #[serde(default)]
    pub all_tries: u32,
    /// Number of identity checks that were passed. Only the proof of the latest one works.
    #[serde(default)]
    pub proofs: u32,
    /// Number of codes that were asked for.
    #[serde(default)]
    pub codes: u32,
    /// The latest code; `None` if there is none or it was used.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<SentCode>,
    /// The latest ticket; `None` if there is none or it was used.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ticket: Option<Ticket>,
    /// Failed identity checks.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub failures: Vec<FailedCheck>,
    /// The representative that it invites; `None` if it is for the patient.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub invitee: Option<Invitee>,
    /// The second check of a reset link; `None` for other links.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub second: Option<SecondCheck>,
}

/// The recipient and the origin of a new link.
#[expect(missing_docs, reason = "the names say it")]
pub struct Target {
    pub practice: PracticeId,
    pub patient: PatientId,
    /// The account that the link belongs to; `None` for a new registration.
    pub account: Option<AccountId>,
    /// The channel that it is sent through.
    pub channel: Channel,
    /// The address or number that it is sent to; `None` for a printed letter.
    pub sent_to: Option<Address>,
    /// The client that asks for it.
    pub client: ClientId,
    /// The staff member on whose behalf the client calls, or the person at a page.
    pub actor: Actor,
}

impl Link {
    /// A new pending link. It works until `expires_at`.
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
            asked_again_at: None,
            handed_over_at: None,
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

    /// The e-mail address that it was sent to; `None` if it was not sent by e-mail.
    pub fn email(&self) -> Option<Email> {
        Email::parse(self.sent_to.as_ref()?.reveal()).ok()
    }

    /// The delivery of its message, and why it was not delivered. The provider's report counts if it is at
    /// least as far as the outbox's own state.
    pub fn delivered(&self) -> (Delivery, Option<Trouble>) {
        match self.feedback {
            Some(feedback) if feedback.delivery >= self.delivery => (feedback.delivery, feedback.trouble),
            _ => (self.delivery, None),
        }
    }

    /// Whether the link can still be used: it is pending and not locked.
    pub fn is_open(&self, now: Timestamp) -> bool {
        self.is_pending(now) && !self.is_locked()
    }

    /// Whether it is neither closed nor expired. At exactly `expires_at` it has expired.
    pub fn is_pending(&self, now: Timestamp) -> bool {
        self.state == LinkState::Pending && now < self.expires_at
    }

    /// Whether its attempts are used up.
    pub const fn is_locked(&self) -> bool {
        self.fact_tries >= FACT_TRIES || self.all_tries >= ALL_TRIES
    }

    /// How often the latest code may still be entered; 0 if there is none that works.
    pub fn code_tries_left(&self, now: Timestamp) -> u32 {
        let works = self.code.filter(|code| code.at.seconds_until(now) < CODE_SECONDS);
        let left = works.map_or(0, |code| CODE_TRIES.saturating_sub(code.tries));
        left.min(ALL_TRIES.saturating_sub(self.all_tries))
    }

    /// The stored ticket, if `ticket` is the right one and it still works. A ticket still works after the
    /// link has expired, but not after the link was closed.
    pub fn honours(&self, ticket: &str, now: Timestamp) -> Option<&Ticket> {
        let given = self.ticket.as_ref().filter(|given| given.is(ticket))?;
        (self.state == LinkState::Pending && now < given.expires_at).then_some(given)
    }

    /// The ticket that this code was entered for, if that was just now: the same code sent again gets the same answer.
    pub fn repeated_code(&self, now: Timestamp) -> Option<(&Ticket, &SentCode)> {
        let ticket = self.ticket.as_ref().filter(|_| self.is_open(now))?;
        let given_at = ticket.expires_at.plus_seconds(-TICKET_SECONDS);
        let code = ticket.code.as_ref().filter(|_| given_at.seconds_until(now) < REPEAT_SECONDS)?;
        Some((ticket, code))
    }

    /// Whether a code went this way a moment ago, so that asking for one again is the second half of a double click.
    pub fn was_just_sent(&self, channel: Option<Channel>, now: Timestamp) -> bool {
        let just_now = |code: &&SentCode| code.at.seconds_until(now) < CLICK_SECONDS;
        let sent = self.code.as_ref().filter(just_now).map(|code| code.channel);
        sent.is_some() && sent == channel
    }

    /// Whether this ticket has just been used: the same form sent again gets the same answer.
    pub fn was_just_used(&self, ticket: &str, now: Timestamp) -> bool {
        let used = self.ticket.as_ref().is_some_and(|given| given.is(ticket));
        let just_now = self.closed_at.is_some_and(|at| at.seconds_until(now) < REPEAT_SECONDS);
        self.state == LinkState::Accepted && used && just_now
    }

    /// The token that opens this link. `None` if the keyring no longer has its key.
    pub fn token(&self, keyring: &Keyring) -> Option<String> {
        token(self.id, self.purpose, self.key, keyring)
    }

    /// The token that stops automatic mail to the patient at the address that this link was sent to. `None` if
    /// the keyring no longer has its key.
    pub fn unsubscribe_token(&self, keyring: &Keyring) -> Option<String> {
        token(self.id, Purpose::Unsubscribe, self.key, keyring)
    }

    /// The access code that staff can give to the patient: eight digits. `None` if the keyring no longer has
    /// its key.
    pub fn access_code(&self, keyring: &Keyring) -> Option<String> {
        let mac = keyring.mac(self.key, Use::AccessCode, &[&self.id.to_bytes()])?;
        Some(digits(&mac, ACCESS_CODE_DIGITS))
    }

    /// What makes the ticket of a code: the same for the same code, so that a double click gets one ticket. `None` if the
    /// keyring no longer has the code's key.
    pub fn ticket_secret(&self, code: &SentCode, keyring: &Keyring) -> Option<[u8; 32]> {
        keyring.mac(code.key, Use::Ticket, &[&self.id.to_bytes(), &code.number.to_be_bytes()])
    }

    /// The digits of a code of this link. `None` if the keyring no longer has its key.
    pub fn code_digits(&self, code: &SentCode, keyring: &Keyring) -> Option<String> {
        let mac = keyring.mac(code.key, Use::Code, &[&self.id.to_bytes(), &code.number.to_be_bytes()])?;
        Some(digits(&mac, code.digits))
    }
}

/// Reads an access code as it was typed. Spaces and hyphens are ignored.
pub fn parse_access_code(text: &str) -> Result<String, Invalid> {
    let digits = pasted::digits(text).filter(|digits| digits.len() == ACCESS_CODE_DIGITS as usize);
    digits.ok_or(Invalid("invalid_access_code"))
}

fn token(id: LinkId, purpose: Purpose, key: KeyId, keyring: &Keyring) -> Option<String> {
    let mut bytes = vec![(VERSION << 4) | key.get()];
    bytes.extend(id.to_bytes());
    let mac = keyring.mac(key, purpose.key(), &[&bytes])?;
    bytes.extend(mac.iter().take(MAC_BYTES));
    Some(BASE64URL_NOPAD.encode(&bytes))
}

/// The link's id, if the token is one that this service made for this purpose. `None` for everything else. It
/// decides without any read of the table.
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
