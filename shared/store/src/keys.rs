//! The names of everything in the table, in one place.
//!
//! One table, keys `pk` and `sk`. Where an item belongs to somebody, it lies in that one's partition:
//!
//! | item | `pk` | `sk` |
//! |---|---|---|
//! | practice | `PRACTICE#<practice>` | `PRACTICE`; beside it `KEY#<digest>`, one for each key issued, `HOLD#<account>`, one for each registration that waits, `CHANGE#<id>`, one for each proposed change that waits, `NOTE#<cause>#<patient>`, one for each patient to attend to, and `COUNT#<status>` |
//! | list of practices | `PRACTICES` | `<practice>` |
//! | API key | `KEY#<digest>` | `KEY` |
//! | patient | `PATIENT#<practice>#<patient>` | `PATIENT`; beside it `CARE`: visits, appointments, contacts; `CHECKS`: failed checks without a link; `CHANGE#<id>`: proposed changes that were decided on |
//! | audit event | `AUDIT#<practice>#<subject>` | the number, twelve digits |
//! | link | `LINK#<id>` | `LINK` |
//! | login | `LOGIN#<practice>#<user name as compared>` | `LOGIN` |
//! | account | `ACCOUNT#<id>` | `ACCOUNT`; beside it `SESSION#<digest>`, `EXCHANGE#<digest>` and `LISTED`: the words under which it is found |
//! | directory | `FIND#<practice>` | `NAME#<family>#<given>#<patient>`, `EMAIL#<address>#<patient>`, `EMAIL#<address>#@<account>` |
//! | search | `SEARCH#<practice>` | `<word>#<account>` |
//! | message | `MESSAGE#<id>` | `MESSAGE` |
//! | feedback | `PROVIDER#<provider's id>` | `MESSAGE` |
//! | phone number | `PHONE#<E.164>` | `STANDING`: what it said last, STOP or START; beside it `SAID#<instant>#<id>`, one for each time, and `PATIENT#<practice>#<patient>`, one for each chart that it is on |
//! | idempotency | `ONCE#<MAC of client and key>` | `ONCE` |
//! | limit | `LIMIT#<counter>` | `LIMIT` |
//!
//! Two indexes: `roster` (`roster_pk` = practice and status, `roster_sk` = name) lists patients; `due` (`due_pk` =
//! practice, `due_at`) holds what waits for an instant. `ttl` is DynamoDB's broom; no decision looks at it.

use portico_domain::model::attention::Cause;
use portico_domain::model::audit::Subject;
use portico_domain::model::ids::{AccountId, ChangeId, LinkId, MessageId, PatientId, PracticeId};
use portico_domain::model::patient::Status;
use portico_domain::ports::Listing;
use portico_domain::time::Timestamp;

/// The table's partition key.
pub const PK: &str = "pk";

/// The table's sort key.
pub const SK: &str = "sk";

/// DynamoDB's time to live, in seconds since 1970.
pub const TTL: &str = "ttl";

/// Patients of a practice by status and name.
pub const ROSTER: &str = "roster";

/// Partition key of `roster`.
pub const ROSTER_PK: &str = "roster_pk";

/// Sort key of `roster`.
pub const ROSTER_SK: &str = "roster_sk";

/// What waits for an instant.
pub const DUE: &str = "due";

/// Partition key of `due`.
pub const DUE_PK: &str = "due_pk";

/// Sort key of `due`, in milliseconds since 1970.
pub const DUE_AT: &str = "due_at";

/// The key of one item.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Key {
    /// `pk`.
    pub pk: String,
    /// `sk`.
    pub sk: String,
}

fn key(pk: String, sk: impl Into<String>) -> Key {
    Key { pk, sk: sk.into() }
}

/// A practice.
pub fn practice(id: &PracticeId) -> Key {
    key(format!("PRACTICE#{id}"), "PRACTICE")
}

/// A practice's note of a key that it was issued.
pub fn practice_key(id: &PracticeId, digest: &str) -> Key {
    key(format!("PRACTICE#{id}"), format!("KEY#{digest}"))
}

/// What every registration of a practice that waits begins with.
pub const HOLDS: &str = "HOLD#";

/// A registration that waits for staff.
pub fn hold(id: &PracticeId, account: AccountId) -> Key {
    key(format!("PRACTICE#{id}"), format!("{HOLDS}{account}"))
}

/// What every proposed change that waits begins with.
pub const CHANGES: &str = "CHANGE#";

/// A proposed change that waits for staff.
pub fn change(id: &PracticeId, change: ChangeId) -> Key {
    key(format!("PRACTICE#{id}"), format!("{CHANGES}{change}"))
}

/// A proposed change that was decided on.
pub fn decided_change(practice: &PracticeId, patient: &PatientId, change: ChangeId) -> Key {
    key(format!("PATIENT#{practice}#{patient}"), format!("{CHANGES}{change}"))
}

/// What every note for staff begins with.
pub const NOTES: &str = "NOTE#";

/// A note that staff should look at a patient.
pub fn note(id: &PracticeId, cause: Cause, patient: &PatientId) -> Key {
    key(format!("PRACTICE#{id}"), format!("{NOTES}{}#{patient}", cause.code()))
}

/// Failed checks of a patient that no link keeps.
pub fn checks(practice: &PracticeId, id: &PatientId) -> Key {
    key(format!("PATIENT#{practice}#{id}"), "CHECKS")
}

/// The words under which an account is found.
pub fn listed(account: AccountId) -> Key {
    key(format!("ACCOUNT#{account}"), "LISTED")
}

/// The partition of a practice's words.
pub fn search(practice: &PracticeId) -> String {
    format!("SEARCH#{practice}")
}

/// One word under which an account is found.
pub fn word(practice: &PracticeId, word: &str, account: AccountId) -> Key {
    key(search(practice), format!("{word}#{account}"))
}

/// What every session of an account begins with.
pub const SESSIONS: &str = "SESSION#";

/// How many patients of a practice have a status.
pub fn count(id: &PracticeId, status: Status) -> Key {
    key(format!("PRACTICE#{id}"), format!("COUNT#{}", status.as_str()))
}

/// The list of practices; its partition is [`PRACTICES`].
pub fn listed_practice(id: &PracticeId) -> Key {
    key(PRACTICES.to_owned(), id.as_str())
}

/// The partition that lists all practices.
pub const PRACTICES: &str = "PRACTICES";

/// An API key.
pub fn api_key(digest: &str) -> Key {
    key(format!("KEY#{digest}"), "KEY")
}

/// A patient.
pub fn patient(practice: &PracticeId, id: &PatientId) -> Key {
    key(format!("PATIENT#{practice}#{id}"), "PATIENT")
}

/// What grows of a patient's chart.
pub fn care(practice: &PracticeId, id: &PatientId) -> Key {
    key(format!("PATIENT#{practice}#{id}"), "CARE")
}

/// What the partition of every audit chain begins with.
pub const CHAIN: &str = "AUDIT#";

/// The partition of an audit chain.
pub fn chain(practice: &PracticeId, subject: &Subject) -> String {
    format!("{CHAIN}{practice}#{}", subject.key())
}

/// An audit event's place in its chain.
pub fn event_number(number: u64) -> String {
    format!("{number:012}")
}

/// A link.
pub fn link(id: LinkId) -> Key {
    key(format!("LINK#{id}"), "LINK")
}

/// A login.
pub fn login(practice: &PracticeId, name: &str) -> Key {
    key(format!("LOGIN#{practice}#{name}"), "LOGIN")
}

/// An account.
pub fn account(id: AccountId) -> Key {
    key(format!("ACCOUNT#{id}"), "ACCOUNT")
}

/// A session of an account.
pub fn session(id: AccountId, digest: &str) -> Key {
    key(format!("ACCOUNT#{id}"), format!("{SESSIONS}{digest}"))
}

/// An exchange code of an account.
pub fn exchange(id: AccountId, digest: &str) -> Key {
    key(format!("ACCOUNT#{id}"), format!("EXCHANGE#{digest}"))
}

/// The partition of a practice's directory.
pub fn directory(practice: &PracticeId) -> String {
    format!("FIND#{practice}")
}

/// What every name's entry in a directory begins with.
pub const NAMES: &str = "NAME#";

/// What the entries of everybody of this name begin with.
pub fn names_like(family: &str, given: &str) -> String {
    format!("{NAMES}{family}#{given}#")
}

/// What the entries of everybody at this address begin with.
pub fn emails_like(email: &str) -> String {
    format!("EMAIL#{email}#")
}

/// A directory entry.
pub fn entry(practice: &PracticeId, entry: &Listing) -> Key {
    let sk = match entry {
        Listing::Name { family, given, patient, .. } => format!("{}{patient}", names_like(family, given)),
        Listing::Email { email, patient } => format!("{}{patient}", emails_like(email)),
        // No patient's id holds this sign.
        Listing::Account { email, account } => format!("{}@{account}", emails_like(email)),
    };
    key(directory(practice), sk)
}

const MESSAGES: &str = "MESSAGE#";

/// A message in the outbox.
pub fn message(id: MessageId) -> Key {
    key(format!("{MESSAGES}{id}"), "MESSAGE")
}

/// The message whose partition this is.
pub fn message_of(pk: &str) -> Option<MessageId> {
    MessageId::parse(pk.strip_prefix(MESSAGES)?).ok()
}

/// A provider's id of a message.
pub fn provider(id: &str) -> Key {
    key(format!("PROVIDER#{id}"), "MESSAGE")
}

fn number(number: &str) -> String {
    format!("PHONE#{number}")
}

/// What a phone number said last.
pub fn standing(of: &str) -> Key {
    key(number(of), "STANDING")
}

/// One time that a phone number said STOP or START.
pub fn said(of: &str, at: Timestamp, id: &str) -> Key {
    key(number(of), format!("SAID#{:014}#{id}", at.millis()))
}

/// What every chart that a phone number is on begins with.
pub const NUMBERED: &str = "PATIENT#";

/// A chart that a phone number is on.
pub fn numbered(of: &str, practice: &PracticeId, id: &PatientId) -> Key {
    key(number(of), format!("{NUMBERED}{practice}#{id}"))
}

/// An idempotency marker.
pub fn once(name: &str) -> Key {
    key(format!("ONCE#{name}"), "ONCE")
}

/// A limit's record.
pub fn limit(name: &str) -> Key {
    key(format!("LIMIT#{name}"), "LIMIT")
}

/// The partition of a practice's patients of one status.
pub fn roster(practice: &PracticeId, status: Status) -> String {
    format!("{practice}#{}", status.as_str())
}
