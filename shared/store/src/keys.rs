//! The names of all keys and indexes of the table, in one place.
//!
//! The table's keys are `pk` and `sk`. Items that belong to one practice, patient or account share
//! its partition:
//!
//! | item | `pk` | `sk` |
//! |---|---|---|
//! | practice | `PRACTICE#<practice>` | `PRACTICE`; also `KEY#<digest>`, one for each API key, `HOLD#<account>`, one for each registration that waits for staff, `CHANGE#<id>`, one for each proposed change that waits for staff, `NOTE#<cause>#<patient>`, one for each patient that staff should look at, `COUNT#<status>`, `LETTERS#<id>`, one for each file of letters, `REQUEST#<id>`, one for each request of a representative, `BATCH#<id>`, one for each large batch of invitations, `RUN#<day>`, one for each day of automatic invitations, and `PAGE#<day>#<number>`, one for each page of its work |
//! | list of practices | `PRACTICES` | `<practice>` |
//! | API key | `KEY#<digest>` | `KEY`; also `CONSOLE#<digest>`, one for each session of the Onboarding Tool that stands for it, and `LAUNCH#<digest>`, one for each launch link that was used |
//! | patient | `PATIENT#<practice>#<patient>` | `PATIENT`; also `CARE`: visits, appointments, contacts; `CHECKS`: failed checks without a link; `COUNTED`: the status under which the patient is counted; `REVIEW`: when the access of a patient with representatives has to be looked at next; `CHANGE#<id>`: proposed changes that staff have decided |
//! | audit event | `AUDIT#<practice>#<subject>` | the number, twelve digits |
//! | link | `LINK#<id>` | `LINK` |
//! | login | `LOGIN#<practice>#<user name as compared>` | `LOGIN` |
//! | account | `ACCOUNT#<id>` | `ACCOUNT`; also `SESSION#<digest>`, `EXCHANGE#<digest>` and `LISTED`: the words that find the account |
//! | directory | `FIND#<practice>` | `NAME#<family>#<given>#<patient>`, `WORD#<word of a name>#<patient>`, `BORN#<birth date>#<patient>`, `CONTACT#<family>#<given>#<patient>`, `EMAIL#<address>#<patient>`, `EMAIL#<address>#@<account>` |
//! | search | `SEARCH#<practice>` | `<word>#<account>` |
//! | message | `MESSAGE#<id>` | `MESSAGE` |
//! | feedback | `PROVIDER#<provider's id>` | `MESSAGE` |
//! | phone number | `PHONE#<E.164>` | `STANDING`: the last reply, STOP or START; also `SAID#<instant>#<id>`, one for each reply, `PATIENT#<practice>#<patient>`, one for each chart with this number, and `AUTOMATIC`: its latest automatic texts |
//! | visit | `VISITS#<practice>#<month>` | `<day>#<patient>#<visit>`: the same visits, by which a period can be read |
//! | means to get in | `MEANS#<practice>` | `<patient>` |
//! | idempotency | `ONCE#<MAC of client and key>` | `ONCE` |
//! | limit | `LIMIT#<counter>` | `LIMIT` |
//!
//! There are three indexes: `roster` (`roster_pk` = practice and status, `roster_sk` = name) lists patients;
//! `agenda` (`agenda_pk` = practice, `agenda_sk` = next appointment) lists those who have one;
//! `due` (`due_pk` = practice and line, `due_at`) lists messages by the time they are due, and patients by the
//! time at which the sweep has to look at them, or a review of their access. `ttl` only lets DynamoDB delete old items; no decision reads
//! it.

use jiff::civil::Date;
use portico_domain::model::attention::Cause;
use portico_domain::model::audit::Subject;
use portico_domain::model::ids::{
    AccountId, BatchId, ChangeId, LettersId, LinkId, MessageId, PatientId, PracticeId, RequestId,
};
use portico_domain::model::message::Line;
use portico_domain::model::patient::Status;
use portico_domain::ports::Listing;
use portico_domain::time::Timestamp;

/// The table's partition key.
pub const PK: &str = "pk";

/// The table's sort key.
pub const SK: &str = "sk";

/// The attribute of DynamoDB's time to live, in seconds since 1970.
pub const TTL: &str = "ttl";

/// The index of a practice's patients by status and name.
pub const ROSTER: &str = "roster";

/// Partition key of `roster`.
pub const ROSTER_PK: &str = "roster_pk";

/// Sort key of `roster`.
pub const ROSTER_SK: &str = "roster_sk";

/// The index of a practice's patients by their next appointment.
pub const AGENDA: &str = "agenda";

/// Partition key of `agenda`: the practice.
pub const AGENDA_PK: &str = "agenda_pk";

/// Sort key of `agenda`: the appointment and the patient.
pub const AGENDA_SK: &str = "agenda_sk";

/// The index of messages and patients by the time they are due.
pub const DUE: &str = "due";

/// Partition key of `due`.
pub const DUE_PK: &str = "due_pk";

/// Sort key of `due`, in milliseconds since 1970.
pub const DUE_AT: &str = "due_at";

/// The key of one item.
#[expect(missing_docs, reason = "the names say it")]
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Key {
    pub pk: String,
    pub sk: String,
}

fn key(pk: String, sk: impl Into<String>) -> Key {
    Key { pk, sk: sk.into() }
}

/// A practice.
pub fn practice(id: &PracticeId) -> Key {
    key(format!("PRACTICE#{id}"), "PRACTICE")
}

/// A drawing of a practice's logo.
pub fn logo(id: &PracticeId, file: &str) -> Key {
    key(format!("PRACTICE#{id}"), format!("LOGO#{file}"))
}

/// A practice's copy of an API key's record, by which its keys are listed.
pub fn practice_key(id: &PracticeId, digest: &str) -> Key {
    key(format!("PRACTICE#{id}"), format!("KEY#{digest}"))
}

/// Prefix of the sort keys of registrations that wait for staff.
pub const HOLDS: &str = "HOLD#";

/// A registration that waits for staff.
pub fn hold(id: &PracticeId, account: AccountId) -> Key {
    key(format!("PRACTICE#{id}"), format!("{HOLDS}{account}"))
}

/// Prefix of the sort keys of proposed changes that wait for staff.
pub const CHANGES: &str = "CHANGE#";

/// A proposed change that waits for staff.
pub fn change(id: &PracticeId, change: ChangeId) -> Key {
    key(format!("PRACTICE#{id}"), format!("{CHANGES}{change}"))
}

/// A proposed change that staff have decided.
pub fn decided_change(practice: &PracticeId, patient: &PatientId, change: ChangeId) -> Key {
    key(format!("PATIENT#{practice}#{patient}"), format!("{CHANGES}{change}"))
}

/// Prefix of the sort keys of notes for staff.
pub const NOTES: &str = "NOTE#";

/// A note that staff should look at a patient.
pub fn note(id: &PracticeId, cause: Cause, patient: &PatientId) -> Key {
    key(format!("PRACTICE#{id}"), format!("{NOTES}{}#{patient}", cause.code()))
}

/// The patient whose record has this partition, if it is one of this practice.
pub fn patient_of(practice: &PracticeId, pk: &str) -> Option<PatientId> {
    PatientId::parse(pk.strip_prefix("PATIENT#")?.strip_prefix(practice.as_str())?.strip_prefix('#')?).ok()
}

/// Failed checks of a patient that belong to no link.
pub fn checks(practice: &PracticeId, id: &PatientId) -> Key {
    key(format!("PATIENT#{practice}#{id}"), "CHECKS")
}

/// The list of words that find an account.
pub fn listed(account: AccountId) -> Key {
    key(format!("ACCOUNT#{account}"), "LISTED")
}

/// The partition of the words that find a practice's accounts.
pub fn search(practice: &PracticeId) -> String {
    format!("SEARCH#{practice}")
}

/// One word that finds an account.
pub fn word(practice: &PracticeId, word: &str, account: AccountId) -> Key {
    key(search(practice), format!("{word}#{account}"))
}

/// The list of letters that were made together.
pub fn letters(id: &PracticeId, letters: LettersId) -> Key {
    key(format!("PRACTICE#{id}"), format!("LETTERS#{letters}"))
}

/// Prefix of the sort keys of representatives' requests that wait for staff.
pub const REQUESTS: &str = "REQUEST#";

/// A representative's request that waits for staff.
pub fn access_request(id: &PracticeId, request: RequestId) -> Key {
    key(format!("PRACTICE#{id}"), format!("{REQUESTS}{request}"))
}

/// A batch of invitations.
pub fn batch(id: &PracticeId, batch: BatchId) -> Key {
    key(format!("PRACTICE#{id}"), format!("BATCH#{batch}"))
}

/// The partition of a practice's visits in the month of a day.
pub fn visits(id: &PracticeId, day: Date) -> String {
    format!("VISITS#{id}#{:04}-{:02}", day.year(), day.month())
}

/// A visit in the log of its month.
pub fn visit(id: &PracticeId, date: Date, patient: &PatientId, visit: &str) -> Key {
    key(visits(id, date), format!("{date}#{patient}#{visit}"))
}

/// The partition of when a practice's patients had the means to get in.
pub fn all_means(id: &PracticeId) -> String {
    format!("MEANS#{id}")
}

/// When a patient had the means to get in.
pub fn means(id: &PracticeId, patient: &PatientId) -> Key {
    key(all_means(id), patient.as_str())
}

/// The practice and the patient whose records have this partition.
pub fn practice_and_patient(pk: &str) -> Option<(PracticeId, PatientId)> {
    let (practice, patient) = pk.strip_prefix("PATIENT#")?.split_once('#')?;
    Some((PracticeId::parse(practice).ok()?, PatientId::parse(patient).ok()?))
}

/// Prefix of the sort keys of runs of automatic invitations. Days sort as text.
pub const RUNS: &str = "RUN#";

/// A practice's run of a day.
pub fn run(id: &PracticeId, day: Date) -> Key {
    key(format!("PRACTICE#{id}"), format!("{RUNS}{day}"))
}

/// A page of a run's work.
pub fn page(id: &PracticeId, day: Date, number: u32) -> Key {
    key(format!("PRACTICE#{id}"), format!("PAGE#{day}#{number:06}"))
}

/// The partition, in the index `due`, of the patients that the sweep has to look at.
pub fn sweep(practice: &PracticeId) -> String {
    format!("{practice}#sweep")
}

/// What is stored about the reviews of a patient's access.
pub fn access_review(practice: &PracticeId, id: &PatientId) -> Key {
    key(format!("PATIENT#{practice}#{id}"), "REVIEW")
}

/// The partition, in the index `due`, of the patients whose access is reviewed.
pub fn access_reviews(practice: &PracticeId) -> String {
    format!("{practice}#review")
}

/// The partition, in the index `due`, of a line of a practice's messages.
pub fn line(practice: &PracticeId, line: Line) -> String {
    let line = match line {
        Line::Awaited => "awaited",
        Line::Asked => "asked",
        Line::Automatic => "automatic",
    };
    format!("{practice}#{line}")
}

/// Prefix of the sort keys of an account's sessions.
pub const SESSIONS: &str = "SESSION#";

/// Prefix of the sort keys of an account's exchange codes.
pub const EXCHANGES: &str = "EXCHANGE#";

/// The number of a practice's patients with a status.
pub fn count(id: &PracticeId, status: Status) -> Key {
    key(format!("PRACTICE#{id}"), format!("COUNT#{}", status.as_str()))
}

/// An entry in the list of practices, in the partition [`PRACTICES`].
pub fn listed_practice(id: &PracticeId) -> Key {
    key(PRACTICES.to_owned(), id.as_str())
}

/// The partition that lists all practices.
pub const PRACTICES: &str = "PRACTICES";

/// An API key.
pub fn api_key(digest: &str) -> Key {
    key(format!("KEY#{digest}"), "KEY")
}

/// A session of the Onboarding Tool.
pub fn console(key_digest: &str, digest: &str) -> Key {
    key(format!("KEY#{key_digest}"), format!("CONSOLE#{digest}"))
}

/// That a launch link was used.
pub fn launch(key_digest: &str, digest: &str) -> Key {
    key(format!("KEY#{key_digest}"), format!("LAUNCH#{digest}"))
}

/// A patient.
pub fn patient(practice: &PracticeId, id: &PatientId) -> Key {
    key(format!("PATIENT#{practice}#{id}"), "PATIENT")
}

/// The part of a chart that grows: visits, appointments, contacts.
pub fn care(practice: &PracticeId, id: &PatientId) -> Key {
    key(format!("PATIENT#{practice}#{id}"), "CARE")
}

/// Prefix of the partitions of audit chains.
pub const CHAIN: &str = "AUDIT#";

/// The partition of an audit chain.
pub fn chain(practice: &PracticeId, subject: &Subject) -> String {
    format!("{CHAIN}{practice}#{}", subject.key())
}

/// The sort key of an audit event: its number in the chain, twelve digits.
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
    key(format!("ACCOUNT#{id}"), format!("{EXCHANGES}{digest}"))
}

/// The partition of a practice's directory.
pub fn directory(practice: &PracticeId) -> String {
    format!("FIND#{practice}")
}

/// Prefix of the sort keys of names in a directory.
pub const NAMES: &str = "NAME#";

/// Prefix of the directory entries of everybody with this name.
pub fn names_like(family: &str, given: &str) -> String {
    format!("{NAMES}{family}#{given}#")
}

/// Prefix of the directory entries of everybody whose last name begins like this.
pub fn family_like(family: &str) -> String {
    format!("{NAMES}{family}")
}

/// Prefix of the directory entries of everybody with this last name, whose first name begins like this.
pub fn family_and_given_like(family: &str, given: &str) -> String {
    format!("{NAMES}{family}#{given}")
}

/// Prefix of the directory entries of everybody of whose names a word begins like this.
pub fn name_word_like(word: &str) -> String {
    format!("WORD#{word}")
}

/// Prefix of the directory entries of everybody who was born on this day.
pub fn born_on(day: &str) -> String {
    format!("BORN#{day}#")
}

/// Prefix of the directory entries of everybody whose e-mail address begins like this.
pub fn email_like(email: &str) -> String {
    format!("EMAIL#{email}")
}

/// The directory entry by which a patient is found by a word of a name.
pub fn name_word(practice: &PracticeId, id: &PatientId, word: &str) -> Key {
    key(directory(practice), format!("{}#{id}", name_word_like(word)))
}

/// The directory entry by which a patient is found by birth date.
pub fn born(practice: &PracticeId, id: &PatientId, day: &str) -> Key {
    key(directory(practice), format!("{}{id}", born_on(day)))
}

/// Prefix of the directory entries of everybody with a contact of this name.
pub fn contacts_like(family: &str, given: &str) -> String {
    format!("CONTACT#{family}#{given}#")
}

/// The directory entry by which a patient is found by the name of a contact.
pub fn contact(practice: &PracticeId, id: &PatientId, family: &str, given: &str) -> Key {
    key(directory(practice), format!("{}{id}", contacts_like(family, given)))
}

/// The status under which a patient is counted.
pub fn counted(practice: &PracticeId, id: &PatientId) -> Key {
    key(format!("PATIENT#{practice}#{id}"), "COUNTED")
}

/// Prefix of the sort keys of the counts of patients.
pub const COUNTS: &str = "COUNT#";

/// Prefix of the directory entries of everybody with this e-mail address.
pub fn emails_like(email: &str) -> String {
    format!("EMAIL#{email}#")
}

/// A directory entry.
pub fn entry(practice: &PracticeId, entry: &Listing) -> Key {
    let sk = match entry {
        Listing::Name { family, given, patient, .. } => format!("{}{patient}", names_like(family, given)),
        Listing::Email { email, patient } => format!("{}{patient}", emails_like(email)),
        // No patient id contains `@`.
        Listing::Account { email, account } => format!("{}@{account}", emails_like(email)),
    };
    key(directory(practice), sk)
}

const MESSAGES: &str = "MESSAGE#";

/// A message in the outbox.
pub fn message(id: MessageId) -> Key {
    key(format!("{MESSAGES}{id}"), "MESSAGE")
}

/// The id of the message in this partition; `None` for other partitions.
pub fn message_of(pk: &str) -> Option<MessageId> {
    MessageId::parse(pk.strip_prefix(MESSAGES)?).ok()
}

/// The record that finds a message by the provider's id.
pub fn provider(id: &str) -> Key {
    key(format!("PROVIDER#{id}"), "MESSAGE")
}

fn number(number: &str) -> String {
    format!("PHONE#{number}")
}

/// The last reply of a phone number, STOP or START.
pub fn standing(of: &str) -> Key {
    key(number(of), "STANDING")
}

/// One reply of a phone number, STOP or START.
pub fn said(of: &str, at: Timestamp, id: &str) -> Key {
    key(number(of), format!("SAID#{:014}#{id}", at.millis()))
}

/// The latest automatic texts of a phone number.
pub fn automatic_texts(of: &str) -> Key {
    key(number(of), "AUTOMATIC")
}

/// Prefix of the sort keys of the charts with a phone number.
pub const NUMBERED: &str = "PATIENT#";

/// Prefix of the sort keys of a practice's charts with a phone number.
pub fn numbered_of(practice: &PracticeId) -> String {
    format!("{NUMBERED}{practice}#")
}

/// A chart with a phone number.
pub fn numbered(of: &str, practice: &PracticeId, id: &PatientId) -> Key {
    key(number(of), format!("{}{id}", numbered_of(practice)))
}

/// An idempotency marker.
pub fn once(name: &str) -> Key {
    key(format!("ONCE#{name}"), "ONCE")
}

/// A limit's record.
pub fn limit(name: &str) -> Key {
    key(format!("LIMIT#{name}"), "LIMIT")
}

/// The partition, in the index, of a practice's patients with one status.
pub fn roster(practice: &PracticeId, status: Status) -> String {
    format!("{practice}#{}", status.as_str())
}
