//! The audit trail: one chain of events for each subject, numbered, each sealed over the one before with a key that
//! lies outside the table, so that a change, a gap or a swap shows.

use std::collections::BTreeMap;

use data_encoding::HEXLOWER;
use serde::{Deserialize, Serialize};

use crate::keys::{KeyId, Keyring, Use, json_of, same};
use crate::model::ids::{AccountId, PatientId, PracticeId};
use crate::time::Timestamp;

/// Whose chain an event belongs to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Subject {
    /// A patient's.
    Patient(PatientId),
    /// An account's.
    Account(AccountId),
    /// The practice's own: settings, keys.
    Practice,
}

impl Subject {
    /// The subject as part of a key in the table and of a seal.
    pub fn key(&self) -> String {
        match self {
            Self::Patient(id) => format!("PATIENT#{id}"),
            Self::Account(id) => format!("ACCOUNT#{id}"),
            Self::Practice => "PRACTICE".to_owned(),
        }
    }
}

/// The end of a chain: the number and seal of its latest event. The beginning is number 0 and no seal.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Head {
    /// Number of the latest event.
    pub number: u64,
    /// Its seal.
    pub seal: String,
}

/// Who did something.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct By {
    /// The client, or `patient`, `portico`, `operator`.
    pub client: String,
    /// The staff member, if a client called for one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub actor: Option<String>,
}

impl By {
    /// The visitor of a public page.
    pub fn visitor() -> Self {
        Self { client: "patient".to_owned(), actor: None }
    }

    /// Who carries messages: the mail service, the carrier.
    pub fn provider() -> Self {
        Self { client: "provider".to_owned(), actor: None }
    }

    /// An operator, through the cloud's own tools.
    pub fn operator() -> Self {
        Self { client: "operator".to_owned(), actor: None }
    }
}

/// What happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Action {
    /// A chart came in for the first time.
    ChartCreated,
    /// A chart changed.
    ChartChanged,
    /// An invitation was made.
    InvitationCreated,
    /// Staff took it back.
    InvitationCancelled,
    /// Somebody passed the identity check.
    IdentityConfirmed,
    /// Somebody entered the right code.
    CodeConfirmed,
    /// An account came to be, or a grant to an account.
    AccountRegistered,
    /// A registration waits for staff.
    RegistrationHeld,
    /// Staff granted a registration that waited.
    HoldGranted,
    /// Staff refused a registration that waited.
    HoldRefused,
    /// Somebody signed in.
    SignedIn,
    /// Somebody signed out.
    SignedOut,
    /// A session was handed to the portal.
    SessionExchanged,
    /// Access was taken away.
    AccessRevoked,
    /// Staff switched access on.
    AccessEnabled,
    /// Staff switched access off.
    AccessDisabled,
    /// Access was given back.
    AccessRestored,
    /// A password was replaced.
    PasswordChanged,
    /// A user name was replaced.
    UsernameChanged,
    /// An account's own e-mail address was replaced.
    EmailChanged,
    /// Staff set user name and a temporary password.
    CredentialsSet,
    /// Staff ended the pause after too many wrong passwords.
    AccountUnlocked,
    /// Staff deleted an account.
    AccountDeleted,
    /// Sessions were ended by their owner.
    SessionsEnded,
    /// How much a representative's grant opens was changed.
    LevelChanged,
    /// The recipient said that the link is not for them.
    WrongRecipientReported,
    /// Staff confirmed an address.
    ContactConfirmed,
    /// A message came back for good, or was called spam: nothing goes to that address any more.
    AddressStopped,
    /// The number replied STOP.
    TextsStopped,
    /// The number replied START.
    TextsStarted,
    /// Somebody asked for the chart to be changed.
    ChangeProposed,
    /// Staff took a proposed change over, or a part of it.
    ChangeAccepted,
    /// Staff did not take a proposed change over.
    ChangeDeclined,
    /// Staff recorded that the patient said no.
    InvitationDeclined,
    /// The practice's settings changed.
    SettingsChanged,
    /// A practice was created.
    PracticeCreated,
    /// A key was issued.
    KeyIssued,
    /// A key was taken back.
    KeyRevoked,
}

/// One event. It holds ids, codes and numbers, and the reasons that staff gave in their own words: no name, no birth
/// date, no address.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Event {
    /// The practice.
    pub practice: PracticeId,
    /// Whose chain.
    pub subject: Subject,
    /// Number in that chain, from 1.
    pub number: u64,
    /// When.
    pub at: Timestamp,
    /// Who.
    pub by: By,
    /// What.
    pub action: Action,
    /// Why, and which.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub detail: BTreeMap<String, String>,
    /// Key of the seal.
    pub key: KeyId,
    /// The seal, in hexadecimal.
    pub seal: String,
}

impl Event {
    /// The end of the chain once this event is in it.
    pub fn head(&self) -> Head {
        Head { number: self.number, seal: self.seal.clone() }
    }

    /// What the seal is over: the seal before it and everything that the event says.
    fn sealed_parts(&self, before: &str) -> [Vec<u8>; 8] {
        [
            before.as_bytes().to_vec(),
            self.practice.as_str().as_bytes().to_vec(),
            self.subject.key().into_bytes(),
            self.number.to_be_bytes().to_vec(),
            self.at.millis().to_be_bytes().to_vec(),
            json_of(&self.by),
            json_of(&self.action),
            json_of(&self.detail),
        ]
    }

    /// Whether its seal is the one that follows the seal `before`. Not if the key of the seal is gone.
    fn is_sealed_after(&self, keyring: &Keyring, before: &str) -> bool {
        let parts = self.sealed_parts(before);
        let seal = keyring.mac(self.key, Use::Audit, &parts.each_ref().map(Vec::as_slice));
        seal.is_some_and(|seal| same(&HEXLOWER.encode(&seal), &self.seal))
    }
}

/// An event before it has a place in its chain.
#[derive(Clone, Debug)]
pub struct Entry {
    /// The practice.
    pub practice: PracticeId,
    /// Whose chain.
    pub subject: Subject,
    /// When.
    pub at: Timestamp,
    /// Who.
    pub by: By,
    /// What.
    pub action: Action,
    /// Why, and which: codes and ids only.
    pub detail: Vec<(&'static str, String)>,
}

impl Entry {
    /// The event that follows `head`.
    pub fn after(self, head: &Head, keyring: &Keyring) -> Event {
        let mut event = Event {
            practice: self.practice,
            subject: self.subject,
            number: head.number + 1,
            at: self.at,
            by: self.by,
            action: self.action,
            detail: self.detail.into_iter().map(|(name, value)| (name.to_owned(), value)).collect(),
            key: keyring.current(),
            seal: String::new(),
        };
        let parts = event.sealed_parts(&head.seal);
        event.seal = HEXLOWER.encode(&keyring.mac_now(Use::Audit, &parts.each_ref().map(Vec::as_slice)));
        event
    }
}

/// What a check of a chain found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ChainCheck {
    /// Events that hold, from the first on.
    pub intact: u64,
    /// Number of the first event that does not hold: a changed one, or the one after a gap. `None` if all do.
    pub first_broken: Option<u64>,
}

/// Checks a chain from its first event on, in order.
pub fn verify<'a>(events: impl IntoIterator<Item = &'a Event>, keyring: &Keyring) -> ChainCheck {
    let mut head = Head::default();
    for event in events {
        let holds = event.number == head.number + 1 && event.is_sealed_after(keyring, &head.seal);
        if !holds {
            return ChainCheck { intact: head.number, first_broken: Some(head.number + 1) };
        }
        head = event.head();
    }
    ChainCheck { intact: head.number, first_broken: None }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::Entropy;

    struct Ones;
    impl Entropy for Ones {
        fn fill(&self, bytes: &mut [u8]) {
            bytes.fill(1);
        }
    }

    fn chain(keyring: &Keyring) -> Vec<Event> {
        let mut head = Head::default();
        (0..4)
            .map(|n| {
                let event = Entry {
                    practice: PracticeId::parse("riverside").unwrap(),
                    subject: Subject::Patient(PatientId::parse("p1").unwrap()),
                    at: Timestamp::from_millis(n),
                    by: By::visitor(),
                    action: Action::ChartChanged,
                    detail: vec![("n", n.to_string())],
                }
                .after(&head, keyring);
                head = event.head();
                event
            })
            .collect()
    }

    #[test]
    fn a_whole_chain_verifies_and_every_kind_of_tampering_shows() {
        let keyring = Keyring::generate(&Ones);
        let whole = chain(&keyring);
        assert_eq!(verify(&whole, &keyring), ChainCheck { intact: 4, first_broken: None });

        let mut changed = whole.clone();
        changed[1].detail.insert("n".to_owned(), "9".to_owned());
        assert_eq!(verify(&changed, &keyring), ChainCheck { intact: 1, first_broken: Some(2) });

        let mut gap = whole.clone();
        gap.remove(2);
        assert_eq!(verify(&gap, &keyring), ChainCheck { intact: 2, first_broken: Some(3) });

        let mut swapped = whole.clone();
        swapped.swap(0, 1);
        assert_eq!(verify(&swapped, &keyring), ChainCheck { intact: 0, first_broken: Some(1) });
    }
}
