//! What use cases ask of the world: small traits for reading, and one atomic write made of intents.
//!
//! A use case names the traits it needs as bounds, so that its signature is the list of what its function may do.

use std::future::Future;
use std::sync::Arc;

use crate::account::{Account, Exchange, Level, Login, Presented, Session};
use crate::audit::{Event, Head, Subject};
use crate::chart::Care;
use crate::demographics::Change;
use crate::desk::Calls;
use crate::hold::Hold;
use crate::ids::{AccountId, LinkId, PatientId, PracticeId, RevocationId};
use crate::keys::Keyring;
use crate::limit::{Attempts, Counter, Raised};
use crate::link::{FailedCheck, Link, LinkState, SentCode, Ticket};
use crate::message::Message;
use crate::onboard::Cause;
use crate::patient::{Checks, Patient, Status};
use crate::practice::{ApiKey, Practice, PresentedKey};
use crate::refusal::Unavailable;
use crate::time::{Clock, Entropy, Timestamp};

/// What every use case is given beside its ports.
#[derive(Clone)]
pub struct Context {
    /// What time it is.
    pub clock: Arc<dyn Clock>,
    /// Where chance comes from.
    pub entropy: Arc<dyn Entropy>,
    /// The secrets outside the table.
    pub keyring: Arc<Keyring>,
    /// Calls that this process has seen from each client in the present second.
    pub calls: Arc<Calls>,
    /// Scheme and host of every link and redirect, without a slash at the end. Never taken from a request.
    pub base_url: Arc<str>,
    /// Whether there is a number to call from: a code can then be told by phone.
    pub calls_out: bool,
}

impl Context {
    /// The present instant.
    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }
}

/// An `Idempotency-Key` of a client with what it was used for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OnceKey {
    /// MAC of the practice, the client's key and the idempotency key: the marker's name.
    pub name: String,
    /// MAC of method, path and body.
    pub body: String,
}

/// The marker that a key was used: written in the transaction that it guards, kept for 24 hours.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Once {
    /// The key.
    pub key: OnceKey,
    /// Id of what came of it; the answer is made again from there.
    pub resource: String,
    /// When it stops to count.
    pub expires_at: Timestamp,
}

impl Once {
    /// A marker for 24 hours from `now`.
    pub fn new(key: OnceKey, resource: &str, now: Timestamp) -> Self {
        Self { key, resource: resource.to_owned(), expires_at: now.plus_hours(24) }
    }
}

/// What a staff call finds in one read.
#[derive(Clone, Debug, Default)]
pub struct Opened {
    /// The key's record.
    pub key: Option<ApiKey>,
    /// The patient that the call is about.
    pub patient: Option<Patient>,
    /// What grows of the chart, if it was asked for.
    pub care: Option<Care>,
    /// An earlier use of the same idempotency key.
    pub once: Option<Once>,
}

/// What a staff call asks for along with its key's record.
#[derive(Clone, Copy, Debug, Default)]
pub struct Along<'a> {
    /// This patient.
    pub patient: Option<&'a PatientId>,
    /// And what grows of the chart.
    pub care: bool,
    /// This idempotency marker.
    pub once: Option<&'a OnceKey>,
}

/// Reads a key's record, strongly, and along with it what the call is about.
pub trait Desk: Sync {
    /// The records of practice `key.claimed`; whether the key is of that practice is the caller's to check.
    fn open(
        &self,
        key: &PresentedKey,
        along: Along<'_>,
    ) -> impl Future<Output = Result<Opened, Unavailable>> + Send;
}

/// Reads a practice; a copy of at most 30 seconds will do.
pub trait Practices: Sync {
    /// The practice, if there is one of that name.
    fn practice(&self, id: &PracticeId)
    -> impl Future<Output = Result<Option<Practice>, Unavailable>> + Send;
}

/// Reads the end of an audit chain.
pub trait Chain: Sync {
    /// The latest event's number and seal.
    fn head(
        &self,
        practice: &PracticeId,
        subject: &Subject,
    ) -> impl Future<Output = Result<Head, Unavailable>> + Send;
}

/// Reads what a patient's portal status is made of beside the patient's record.
pub trait History: Sync {
    /// All events of a chain, the oldest first, from number `after + 1`, at most `limit`.
    fn events(
        &self,
        practice: &PracticeId,
        subject: &Subject,
        after: u64,
        limit: usize,
    ) -> impl Future<Output = Result<Vec<Event>, Unavailable>> + Send;
    /// Links and accounts in one read; those that are gone are left out.
    fn links_and_accounts(
        &self,
        links: &[LinkId],
        accounts: &[AccountId],
    ) -> impl Future<Output = Result<(Vec<Link>, Vec<Account>), Unavailable>> + Send;
    /// The same, with the failed checks of the patient that no link keeps.
    fn portal_records(
        &self,
        patient: &Patient,
        links: &[LinkId],
        accounts: &[AccountId],
    ) -> impl Future<Output = Result<(Vec<Link>, Vec<Account>, Checks), Unavailable>> + Send;
}

/// Reads patients, strongly.
pub trait Patients: Sync {
    /// Several patients with what grows of their charts, at most 50.
    fn charts(
        &self,
        practice: &PracticeId,
        ids: &[PatientId],
    ) -> impl Future<Output = Result<Vec<(Patient, Care)>, Unavailable>> + Send;
    /// One patient.
    fn patient(
        &self,
        practice: &PracticeId,
        id: &PatientId,
    ) -> impl Future<Output = Result<Option<Patient>, Unavailable>> + Send;
    /// What grows of the chart; empty if there is nothing.
    fn care(
        &self,
        practice: &PracticeId,
        id: &PatientId,
    ) -> impl Future<Output = Result<Care, Unavailable>> + Send;
}

/// Reads links, strongly, and counts tries on them before anything is compared.
pub trait Links: Sync {
    /// One link.
    fn link(&self, id: LinkId) -> impl Future<Output = Result<Option<Link>, Unavailable>> + Send;
    /// A link and a patient in one read.
    fn link_and_patient(
        &self,
        id: LinkId,
        practice: &PracticeId,
        patient: &PatientId,
    ) -> impl Future<Output = Result<(Option<Link>, Option<Patient>), Unavailable>> + Send;
    /// Counts one identity check, if the link is open at `now`; the link as it is then, or `None` if it is not open.
    fn try_facts(
        &self,
        id: LinkId,
        now: Timestamp,
    ) -> impl Future<Output = Result<Option<Link>, Unavailable>> + Send;
    /// Counts one entry of the current code, if the link is open and the code not used, not older than ten minutes and
    /// not tried too often; the link as it is then, or as it was where the entry may not be tried, with `false`.
    fn try_code(
        &self,
        id: LinkId,
        now: Timestamp,
    ) -> impl Future<Output = Result<Option<(Link, bool)>, Unavailable>> + Send;
    /// Keeps for staff which facts failed; `give_back` returns the try (a check that could not be made).
    fn failed_check(
        &self,
        id: LinkId,
        failed: Option<FailedCheck>,
        give_back: bool,
    ) -> impl Future<Output = Result<(), Unavailable>> + Send;
}

/// Raises limit counters.
pub trait Limits: Sync {
    /// Raises a counter by `amount`; its value, these included.
    fn raise(
        &self,
        counter: &Counter,
        amount: u32,
    ) -> impl Future<Output = Result<Raised, Unavailable>> + Send;
    /// Counts an attempt on a user name.
    fn attempt(
        &self,
        key: &str,
        now: Timestamp,
    ) -> impl Future<Output = Result<Attempts, Unavailable>> + Send;
}

/// What a read of several records found.
pub type Found<T> = Result<T, Unavailable>;

/// Reads accounts, logins and sessions, strongly.
pub trait Accounts: Sync {
    /// The login of a user name, as compared.
    fn login(
        &self,
        practice: &PracticeId,
        name: &str,
    ) -> impl Future<Output = Result<Option<Login>, Unavailable>> + Send;
    /// One account.
    fn account(&self, id: AccountId) -> impl Future<Output = Result<Option<Account>, Unavailable>> + Send;
    /// A session and its account in one read.
    fn session(
        &self,
        presented: &Presented,
    ) -> impl Future<Output = Result<(Option<Session>, Option<Account>), Unavailable>> + Send;
    /// A session, its account and an API key in one read.
    fn session_for(
        &self,
        key: &PresentedKey,
        presented: &Presented,
    ) -> impl Future<Output = Found<(Option<ApiKey>, Option<Session>, Option<Account>)>> + Send;
    /// The exchange code and its account in one read.
    fn exchange(
        &self,
        key: &PresentedKey,
        presented: &Presented,
    ) -> impl Future<Output = Found<(Option<ApiKey>, Option<Exchange>, Option<Account>)>> + Send;
    /// Pushes a session's idle time on, unless it ended meanwhile.
    fn touch(&self, session: &Session) -> impl Future<Output = Result<(), Unavailable>> + Send;
}

/// Finds patients by what identifies them; candidates only, a conditional write decides.
pub trait Directory: Sync {
    /// Patients with this name, as compared, and this birth date.
    fn same_person(
        &self,
        practice: &PracticeId,
        family: &str,
        given: &str,
        birth_date: &str,
    ) -> impl Future<Output = Result<Vec<PatientId>, Unavailable>> + Send;
    /// Ids of the practice's patients in order of name, a page after `cursor`.
    fn patients_after(
        &self,
        practice: &PracticeId,
        cursor: Option<String>,
    ) -> impl Future<Output = Result<(Vec<PatientId>, Option<String>), Unavailable>> + Send;
}

/// Hands what strangers ask for to the worker that looks it up: all that the function which takes it in can do with it.
pub trait RequestQueue: Sync {
    /// Queues one request, sealed; all of them are of one length.
    fn send(&self, sealed: &str) -> impl Future<Output = Result<(), Unavailable>> + Send;
}

/// What makes a name or an address findable.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Entry {
    /// A patient by last and first name, as compared.
    Name {
        /// Last name.
        family: String,
        /// First name.
        given: String,
        /// `YYYY-MM-DD`.
        birth_date: String,
        /// Whose.
        patient: PatientId,
    },
    /// A patient by e-mail address, as compared.
    Email {
        /// The address.
        email: String,
        /// Whose.
        patient: PatientId,
    },
    /// An account by its holder's own e-mail address, as compared.
    Account {
        /// The address.
        email: String,
        /// Whose.
        account: AccountId,
    },
}

/// Everybody whose e-mail address something is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Holders {
    /// Patients, by their charts.
    pub patients: Vec<PatientId>,
    /// Holders of accounts, by what they said themselves.
    pub accounts: Vec<AccountId>,
}

/// Finds people by their present e-mail address; candidates only.
pub trait Addresses: Sync {
    /// Whose address this is, as compared; at most 50 of each kind.
    fn holders(
        &self,
        practice: &PracticeId,
        email: &str,
    ) -> impl Future<Output = Result<Holders, Unavailable>> + Send;
}

/// One intent of an atomic write. All of a list happen, or none; each is conditional where it says so.
#[derive(Clone, Debug)]
pub enum Write {
    /// A patient who is not there yet, and where they stand.
    CreatePatient(Box<Patient>, Status),
    /// A patient whose version is still the one before this record's, and where they stand.
    ChangePatient(Box<Patient>, Status),
    /// What grows of the chart.
    Care(PracticeId, PatientId, Care),
    /// An entry of the directory.
    List(PracticeId, Entry),
    /// An entry that is no longer present, kept as a former one.
    Unlist(PracticeId, Entry),
    /// A new link.
    CreateLink(Box<Link>),
    /// A pending link ends.
    CloseLink {
        /// Which.
        id: LinkId,
        /// How.
        to: LinkState,
        /// When.
        at: Timestamp,
    },
    /// A link ends, unless it is over already.
    EndLink {
        /// Which.
        id: LinkId,
        /// How.
        to: LinkState,
        /// When.
        at: Timestamp,
    },
    /// The identity check was passed on an open link: the try is given back, the proof's number counted up, and a ticket given if that is all.
    PassFacts {
        /// Which link.
        id: LinkId,
        /// When.
        at: Timestamp,
        /// The ticket, if no code is needed.
        ticket: Option<Ticket>,
        /// Whether a try was counted, which is now given back.
        counted: bool,
    },
    /// A code is asked for, on a pending link that has given `code.number - 1` codes.
    SendCode {
        /// Which link.
        id: LinkId,
        /// The code.
        code: SentCode,
        /// Now.
        at: Timestamp,
    },
    /// The current code was entered: the tries are given back, the code is used up, a ticket given.
    PassCode {
        /// Which link.
        id: LinkId,
        /// Number of the code.
        number: u32,
        /// The ticket.
        ticket: Ticket,
    },
    /// A pending link is used, by the holder of the ticket of this digest.
    AcceptLink {
        /// Which.
        id: LinkId,
        /// Digest of the ticket.
        ticket: String,
        /// When.
        at: Timestamp,
    },
    /// A user name that nobody in the practice has.
    ClaimUsername(Login),
    /// A new password for a user name that belongs to the account.
    SetPassword(Login),
    /// A new account.
    CreateAccount(Box<Account>),
    /// An account whose version is still the one before this record's.
    ChangeAccount(Box<Account>),
    /// A grant ends, whatever else happened to the account.
    EndGrant {
        /// Whose.
        account: AccountId,
        /// To whom.
        patient: PatientId,
        /// By which revocation.
        revocation: RevocationId,
    },
    /// A grant that this revocation ended holds again.
    RestoreGrant {
        /// Whose.
        account: AccountId,
        /// To whom.
        patient: PatientId,
        /// Which revocation.
        revocation: RevocationId,
        /// Since when.
        since: Timestamp,
    },
    /// A grant that is active is suspended, or one that is suspended holds again (`since` is then set).
    SuspendGrant {
        /// Whose.
        account: AccountId,
        /// To whom.
        patient: PatientId,
        /// Suspended, or back since when.
        back_since: Option<Timestamp>,
    },
    /// How much a grant opens.
    SetLevel {
        /// Whose.
        account: AccountId,
        /// To whom.
        patient: PatientId,
        /// How much.
        level: Level,
    },
    /// A registration waits for staff.
    Hold(Hold),
    /// A registration that waited is gone with its account.
    DropHold {
        /// The practice.
        practice: PracticeId,
        /// Whose.
        account: AccountId,
    },
    /// Staff decided on one that waits: granted since then, or refused.
    DecideHold {
        /// Which.
        hold: Hold,
        /// Granted, since when.
        granted: Option<Timestamp>,
    },
    /// A new session.
    OpenSession(Session),
    /// A session ends.
    EndSession {
        /// Whose.
        account: AccountId,
        /// Digest of its secret.
        digest: String,
    },
    /// An exchange code.
    OpenExchange(Exchange),
    /// An exchange code that was not used yet is used up.
    SpendExchange(Exchange),
    /// An audit event, if nobody has put that number.
    Append(Event),
    /// A message into the outbox.
    Queue(Message),
    /// A user name is free again.
    FreeUsername {
        /// The practice.
        practice: PracticeId,
        /// The name as compared.
        name: String,
        /// Whose it was.
        account: AccountId,
    },
    /// The attempts on a user name are forgotten.
    ForgetAttempts(String),
    /// Failed checks of a patient without a link, for staff.
    Checks(PracticeId, PatientId, Checks),
    /// A proposed change of a chart, or what became of it.
    Propose(Change),
    /// A proposed change that waited was decided on.
    DecideChange(Change),
    /// Staff should look at a patient; noted once for each cause.
    Note(PracticeId, PatientId, Cause),
    /// A session goes on in the account's new epoch.
    KeepSession(Session),
    /// A counter rises by one, if its rule still allows it.
    Count(Counter),
    /// An idempotency marker that is not there, or over.
    Once(Once),
    /// A practice that is not there yet.
    CreatePractice(Practice),
    /// A practice whose version is still the one before this record's.
    ChangePractice(Practice),
    /// A key.
    IssueKey(ApiKey),
    /// A key of this practice stops to work.
    RevokeKey {
        /// SHA-256 of the key.
        digest: String,
        /// Whose.
        practice: PracticeId,
        /// When.
        at: Timestamp,
    },
}

/// Why an atomic write did not happen.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CommitError {
    /// Conditions that did not hold, by their place in the list of writes.
    #[error("conditions did not hold: {0:?}")]
    Lost(Vec<usize>),
    /// Others were writing the same items all the time.
    #[error("others were writing the same items")]
    Contended,
    /// The table could not be reached.
    #[error("the table is unavailable")]
    Unavailable,
}

/// The one atomic write.
pub trait Commit: Sync {
    /// Does all of `writes`, or none.
    fn commit(&self, writes: &[Write]) -> impl Future<Output = Result<(), CommitError>> + Send;
}

/// How often a use case reads again and decides again when another write came between.
pub const DECISIONS: u32 = 5;
