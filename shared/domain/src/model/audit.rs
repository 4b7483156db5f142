//! The audit trail. Each subject has one chain of numbered events. Each event has a seal over the previous
//! seal and its own content, with a key that is not in the table. So a changed, missing or swapped event
//! is detected.

use std::collections::BTreeMap;

use data_encoding::HEXLOWER;
use serde::{Deserialize, Serialize};

use crate::keys::{KeyId, Keyring, Use, json_of, same};
use crate::model::ids::{AccountId, PatientId, PracticeId};
use crate::time::Timestamp;

/// The subject of a chain.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Subject {
    /// A patient.
    Patient(PatientId),
    /// An account.
    Account(AccountId),
    /// The practice itself: its settings and API keys.
    Practice,
}

impl Subject {
    /// The subject as text, for a key in the table and for the seal.
    pub fn key(&self) -> String {
        match self {
            Self::Patient(id) => format!("PATIENT#{id}"),
            Self::Account(id) => format!("ACCOUNT#{id}"),
            Self::Practice => "PRACTICE".to_owned(),
        }
    }
}

/// The end of a chain. An empty chain has number 0 and no seal.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Head {
    /// Number of the latest event.
    pub number: u64,
    /// Seal of the latest event, in hexadecimal.
    pub seal: String,
}

/// The client and the person who did something.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct By {
    /// The name of the client, or `patient`, `provider`, `portico` or `operator`.
    pub client: String,
    /// The staff member on whose behalf the client called; `None` if there was none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub actor: Option<String>,
}

impl By {
    /// The visitor of a public page.
    pub fn visitor() -> Self {
        Self { client: "patient".to_owned(), actor: None }
    }

    /// A provider of messages: the mail service or the carrier.
    pub fn provider() -> Self {
        Self { client: "provider".to_owned(), actor: None }
    }

    /// The service itself, on its schedule.
    pub fn service() -> Self {
        Self { client: "portico".to_owned(), actor: None }
    }

    /// An operator, who calls a function through AWS's own tools.
    pub fn operator() -> Self {
        Self { client: "operator".to_owned(), actor: None }
    }
}

/// The kind of an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Action {
    /// A chart was received for the first time.
    ChartCreated,
    /// A chart changed.
    ChartChanged,
    /// Staff corrected a chart here, and not in the EHR.
    ChartCorrected,
    /// An invitation was created.
    InvitationCreated,
    /// Staff cancelled an invitation.
    InvitationCancelled,
    /// The letter of an invitation was made, to be printed.
    LetterPrinted,
    /// Staff had the access code of an invitation shown, to read it out.
    AccessCodeShown,
    /// Staff gave the letter of an invitation to the patient.
    LetterHandedOver,
    /// Somebody passed the identity check.
    IdentityConfirmed,
    /// Somebody entered the right code.
    CodeConfirmed,
    /// An account was registered, or got a grant to one more patient.
    AccountRegistered,
    /// A registration waits for staff.
    RegistrationHeld,
    /// Staff granted a registration that waited.
    HoldGranted,
    /// Staff refused a registration that waited.
    HoldRefused,
    /// Somebody signed in.
    SignedIn,
    /// Wrong passwords locked the user name: so many since the last success.
    SignInsFailed,
    /// Somebody signed out.
    SignedOut,
    /// The portal exchanged a code for a session.
    SessionExchanged,
    /// Access was revoked.
    AccessRevoked,
    /// Staff switched access on.
    AccessEnabled,
    /// Staff switched access off.
    AccessDisabled,
    /// Access was restored.
    AccessRestored,
    /// A password was changed.
    PasswordChanged,
    /// A user name was changed.
    UsernameChanged,
    /// An account's own e-mail address was changed.
    EmailChanged,
    /// Staff set a user name and a temporary password.
    CredentialsSet,
    /// Staff unlocked an account that was locked after too many wrong passwords.
    AccountUnlocked,
    /// Staff deleted an account.
    AccountDeleted,
    /// The holder of an account ended its other sessions.
    SessionsEnded,
    /// Accounts moved from a chart to the one that it was merged into.
    AccountMoved,
    /// Another chart was merged into this one, or a merge was undone.
    ChartsMerged,
    /// The level of a representative's grant was changed.
    LevelChanged,
    /// Staff recorded by what right a representative acts, and until when.
    AuthorityRecorded,
    /// The recipient said that the link is not for them.
    WrongRecipientReported,
    /// Staff confirmed an address on the chart.
    ContactConfirmed,
    /// A message bounced, or was reported as spam. Nothing is sent to that address any more.
    AddressStopped,
    /// The number replied STOP.
    TextsStopped,
    /// The number replied START.
    TextsStarted,
    /// Somebody proposed a change of the chart.
    ChangeProposed,
    /// Staff accepted a proposed change, or a part of it.
    ChangeAccepted,
    /// Staff declined a proposed change.
    ChangeDeclined,
    /// Staff recorded that the patient declined.
    InvitationDeclined,
    /// An application opened the Onboarding Tool for a staff member.
    ConsoleOpened,
    /// Staff refused a representative's request for access.
    AccessRequestRefused,
    /// Staff took a line off the list of what needs attention.
    AttentionLeft,
    /// The practice's settings changed.
    SettingsChanged,
    /// Staff took a list of patients out as a file.
    ListExported,
    /// The operator changed which settings the practice may have.
    ConsentChanged,
    /// Automatic invitations stopped themselves, because of bounces or complaints.
    AutoInvitePaused,
    /// Staff started automatic invitations again.
    AutoInviteResumed,
    /// Somebody at the patient's address asked for no more automatic mail.
    Unsubscribed,
    /// A practice was created.
    PracticeCreated,
    /// An API key was issued.
    KeyIssued,
    /// An API key was revoked.
    KeyRevoked,
}

/// One event of a chain. It contains ids, codes and numbers, and the reasons that staff gave in their own
/// words. It contains no name, no birth date and no address.
#[expect(missing_docs, reason = "the names say it")]
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Event {
    pub practice: PracticeId,
    /// The subject of its chain.
    pub subject: Subject,
    /// Its number in the chain. The first event has number 1.
    pub number: u64,
    pub at: Timestamp,
    pub by: By,
    pub action: Action,
    /// Details: ids, codes and reasons, by name.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub detail: BTreeMap<String, String>,
    /// The id of the key that made the seal.
    pub key: KeyId,
    /// The seal, in hexadecimal.
    pub seal: String,
}

impl Event {
    /// The end of the chain after this event.
    pub fn head(&self) -> Head {
        Head { number: self.number, seal: self.seal.clone() }
    }

    /// The parts that are sealed: the previous seal and everything in the event.
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

    /// Whether the event's seal is right after the seal `before`. `false` if the keyring no longer has the
    /// seal's key.
    fn is_sealed_after(&self, keyring: &Keyring, before: &str) -> bool {
        let parts = self.sealed_parts(before);
        let seal = keyring.mac(self.key, Use::Audit, &parts.each_ref().map(Vec::as_slice));
        seal.is_some_and(|seal| same(&HEXLOWER.encode(&seal), &self.seal))
    }
}

/// An event that has no number and no seal yet.
#[expect(missing_docs, reason = "the names say it")]
#[derive(Clone, Debug)]
pub struct Entry {
    pub practice: PracticeId,
    /// The subject of the chain that it goes to.
    pub subject: Subject,
    pub at: Timestamp,
    pub by: By,
    pub action: Action,
    /// Details, by name: ids, codes and reasons.
    pub detail: Vec<(&'static str, String)>,
}

impl Entry {
    /// Makes the event that follows `head`, with number and seal.
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

/// The result of a check of a chain.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ChainCheck {
    /// Number of intact events, counted from the first one.
    pub intact: u64,
    /// Number of the first event that was changed, or that is missing. `None` if all events are intact.
    pub first_broken: Option<u64>,
}

/// Checks a chain. The events must be in order and begin with the first.
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
