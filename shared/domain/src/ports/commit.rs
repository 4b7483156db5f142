//! The one atomic write: a list of intents that either all happen or none.

use std::future::Future;

use crate::model::access_review::AccessReview;
use crate::model::account::{Account, Login};
use crate::model::attention::Cause;
use crate::model::audit::Event;
use crate::model::batch::Batch;
use crate::model::chart::Care;
use crate::model::console::ConsoleSession;
use crate::model::grant::{Authority, Level};
use crate::model::hold::Hold;
use crate::model::ids::{AccountId, LinkId, PatientId, PracticeId, RequestId, RevocationId};
use crate::model::letters::Letters;
use crate::model::limit::Counter;
use crate::model::link::{Link, LinkState, SentCode, Ticket};
use crate::model::message::Message;
use crate::model::patient::{Checks, Patient, Status};
use crate::model::person::{Address, Line};
use crate::model::practice::{ApiKey, Practice};
use crate::model::proposal::Proposal;
use crate::model::refusal::PortError;
use crate::model::representative_request::RepresentativeRequest;
use crate::model::session::{Exchange, Session};
use crate::model::sweep_run::{Page, Run};
use crate::ports::patients::Listing;
use crate::ports::staff::Once;
use crate::time::Timestamp;

/// One intent of an atomic write. All intents of a list happen, or none. The doc of a variant says which
/// condition it has; without one, the write always succeeds.
#[expect(missing_docs, reason = "the names say it")]
#[derive(Clone, Debug)]
pub enum Write {
    /// Creates a patient with this status. Condition: the patient does not exist yet.
    CreatePatient(Box<Patient>, Status),
    /// Replaces a patient's record and status. Condition: the stored version is one less than this record's.
    ChangePatient(Box<Patient>, Status),
    /// Replaces the part of a chart that grows: visits, appointments, contacts.
    Care(PracticeId, PatientId, Care),
    /// Adds an entry to the directory.
    List(PracticeId, Listing),
    /// Marks an entry of the directory as former; searches skip it.
    Unlist(PracticeId, Listing),
    /// Creates a link. Condition: no link has this id.
    CreateLink(Box<Link>),
    /// Closes a pending link. Condition: the link is pending, or its record is deleted.
    CloseLink { id: LinkId, to: LinkState, at: Timestamp },
    /// Lets a pending link work until `expires_at`, also if it has expired. Fails if it was closed or its tries are
    /// used up.
    ReviveLink { id: LinkId, at: Timestamp, expires_at: Timestamp },
    /// Deletes a counter.
    ForgetCount(Counter),
    /// Closes a link, unless it is closed already. That it is closed already does not stop the other writes.
    EndLink { id: LinkId, to: LinkState, at: Timestamp },
    /// The identity check was passed on an open link: gives the attempt back, advances the proof number and,
    /// if no further check is needed, issues the ticket. Condition: the link is pending, has not expired at `at`, and
    /// had so many passed checks before.
    PassFacts {
        id: LinkId,
        at: Timestamp,
        /// The number of checks that were passed before.
        proofs: u32,
        /// The ticket, if no code is needed.
        ticket: Option<Ticket>,
        /// Whether an attempt was counted, which this write gives back.
        counted: bool,
    },
    /// Saves a new code. Condition: the link is pending, has not expired at `at`, and had one code less than
    /// `code.number` before.
    SendCode { id: LinkId, code: SentCode, at: Timestamp },
    /// The current code was entered: gives the attempt back, removes the code and issues the ticket.
    /// Condition: the link is pending and `number` is its current code.
    PassCode {
        id: LinkId,
        /// Number of the code that was entered; the first code of a link has number 1.
        number: u32,
        ticket: Ticket,
    },
    /// Uses a link up. Condition: the link is pending, and its ticket has this digest and has not expired
    /// at `at`.
    AcceptLink {
        id: LinkId,
        /// Digest of the ticket.
        ticket: String,
        at: Timestamp,
    },
    /// Takes a user name. Condition: nobody in the practice has it.
    ClaimUsername(Login),
    /// Sets a new password for a user name. Condition: the name belongs to the login's account.
    SetPassword(Login),
    /// Creates an account. Condition: no account has this id.
    CreateAccount(Box<Account>),
    /// Replaces an account's record. Condition: the stored version is one less than this record's.
    ChangeAccount(Box<Account>),
    /// Ends a grant, whatever else changes in the account. Condition: the grant exists.
    EndGrant { account: AccountId, patient: PatientId, revocation: RevocationId },
    /// Makes a grant active again. Condition: this revocation ended it.
    RestoreGrant { account: AccountId, patient: PatientId, revocation: RevocationId, since: Timestamp },
    /// Suspends an active grant, or makes a suspended one active again. Condition: the grant has the state
    /// that this changes.
    SuspendGrant {
        account: AccountId,
        patient: PatientId,
        /// `None` suspends the grant. Otherwise it is active again, from this time.
        back_since: Option<Timestamp>,
    },
    /// Sets how much of the patient's portal a grant opens. Condition: the grant exists.
    SetLevel { account: AccountId, patient: PatientId, level: Level },
    /// Records by what right a representative has a grant. Condition: the grant exists and has not ended.
    SetAuthority { account: AccountId, patient: PatientId, authority: Authority },
    /// Replaces what is stored about the reviews of a patient's access, or deletes it. Condition: it is still
    /// due at `from`.
    Review {
        practice: PracticeId,
        patient: PatientId,
        /// `None` if nothing is stored yet.
        from: Option<Timestamp>,
        /// `None` if there is nothing to review any more.
        next: Option<AccessReview>,
    },
    /// Adds a registration that waits for staff. Condition: none waits for this account.
    Hold(Hold),
    /// Deletes a registration that waits for staff, because its account is deleted.
    DropHold { practice: PracticeId, account: AccountId },
    /// Records what staff decided about a registration that waits: removes it, and makes its grant active or
    /// ends it. Condition: the registration still waits.
    DecideHold {
        hold: Hold,
        /// When the grant becomes active; `None` if staff refused.
        granted: Option<Timestamp>,
    },
    /// Creates a session. Condition: no session of the account has this digest.
    OpenSession(Session),
    /// Ends a session. Condition: the session is still stored.
    EndSession {
        account: AccountId,
        /// SHA-256 of the secret in its token.
        digest: String,
    },
    /// Opens a session of the Onboarding Tool. Condition: its launch link was not used yet.
    OpenConsole(Box<ConsoleSession>),
    /// Ends a session of the Onboarding Tool.
    CloseConsole {
        /// SHA-256 of the API key.
        key: String,
        /// SHA-256 of the secret in its cookie.
        digest: String,
    },
    /// Creates an exchange code. Condition: no code of the account has this digest.
    OpenExchange(Exchange),
    /// Uses an exchange code up. Condition: it was not used yet.
    SpendExchange(Exchange),
    /// Adds an event to its audit chain. Condition: the chain has no event with this number.
    Append(Event),
    /// Puts a message into the outbox. Condition: no message has this id.
    Queue(Message),
    /// Makes a user name free again. Condition: it belongs to this account.
    FreeUsername {
        practice: PracticeId,
        /// In the form in which names are compared.
        name: String,
        account: AccountId,
    },
    /// Resets the count of sign-in attempts on a user name, given by its key (see `sign_in_key`).
    ForgetAttempts(String),
    /// Replaces a patient's failed checks that belong to no link. Staff see them.
    Checks(PracticeId, PatientId, Checks),
    /// Adds a proposed change of a chart, which waits for staff. Condition: no waiting change has this id.
    Propose(Proposal),
    /// Moves a proposed change to those that staff have decided. Condition: it still waits.
    DecideChange(Proposal),
    /// Notes for staff what the patient's number replied to a text, in place of its earlier reply.
    NoteReply { practice: PracticeId, patient: PatientId, words: Line, at: Timestamp },
    /// Notes that staff should look at a patient. The same cause is noted only once for a patient.
    Note { practice: PracticeId, patient: PatientId, cause: Cause, at: Timestamp },
    /// Adds a representative's request, which waits for staff. Condition: no request has this id.
    AskForAccess(Box<RepresentativeRequest>),
    /// Removes a representative's request that staff have answered. Condition: it still waits.
    AnswerRequest { practice: PracticeId, id: RequestId },
    /// Takes a note off the list, until the same cause comes again. Condition: it is there.
    DropNote { practice: PracticeId, patient: PatientId, cause: Cause },
    /// Moves a session to the account's new epoch, so that it stays valid. Condition: the session is
    /// still stored.
    KeepSession(Session),
    /// Notes that the letter of a link was given to the patient; the first time counts. Condition: the link
    /// is pending.
    HandOver { id: LinkId, at: Timestamp },
    /// Keeps the list of letters that were made together.
    KeepLetters(Letters),
    /// Creates a batch of invitations, or replaces its record. Condition: the stored version is one less than this
    /// record's; the first has version 1.
    KeepBatch(Box<Batch>),
    /// Moves the instant at which the sweep looks at a patient next. Condition: it is still `from`, and the record
    /// is the one that was decided from: a change may set the same instant again.
    SweepDue {
        practice: PracticeId,
        patient: PatientId,
        version: u64,
        from: Timestamp,
        /// `None` if there is nothing to do any more.
        until: Option<Timestamp>,
    },
    /// Counts an automatic text against what its number may get, from all practices together. Condition: it
    /// is the first in 24 hours and at most the third in seven days.
    CountAutomaticText { number: Address, at: Timestamp },
    /// Starts a practice's run of a day. Condition: that day has none.
    StartRun(Box<Run>),
    /// Replaces a run's record. Condition: the stored version is one less than this record's.
    ChangeRun(Box<Run>),
    /// Adds a page of work. Condition: the run has no page with this number.
    AddPage(Page),
    /// Marks a page as done. Condition: it is not done yet.
    FinishPage(Page),
    /// Raises a counter by one. Condition: the counter is still below the limit of its rule.
    Count(Counter),
    /// Writes an idempotency marker. Condition: there is none with this name, or it has expired.
    Once(Once),
    /// Creates a practice. Condition: no practice has this id.
    CreatePractice(Practice),
    /// Replaces a practice's record. Condition: the stored version is one less than this record's.
    ChangePractice(Practice),
    /// Stores a drawing of a practice's logo under its name.
    PutLogo { practice: PracticeId, file: String, png: Vec<u8> },
    /// Adds an API key. Condition: no key has this digest.
    IssueKey(ApiKey),
    /// Revokes an API key. Condition: it belongs to this practice.
    RevokeKey {
        /// SHA-256 of the key.
        digest: String,
        practice: PracticeId,
        at: Timestamp,
    },
}

/// The kind of record that a [`Write`] changes. An operation asks by this kind which condition failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Record {
    /// A patient's own record.
    Patient,
    /// Visits, appointments and contacts of a chart.
    Care,
    /// An entry of the directory, which finds patients and accounts by name or e-mail address.
    Directory,
    /// A link, its codes and its ticket.
    Link,
    /// A user name with its password.
    Username,
    /// An account with its grants.
    Account,
    /// A registration that waits for staff.
    Hold,
    /// A session.
    Session,
    /// A session of the Onboarding Tool, and the launch link that opened it.
    Console,
    /// An exchange code, with which the portal gets a session.
    Exchange,
    /// An event of an audit chain.
    Event,
    /// A message in the outbox.
    Message,
    /// The count of sign-in attempts on a user name.
    Attempts,
    /// A patient's failed checks that belong to no link.
    Checks,
    /// A proposed change of a chart.
    Proposal,
    /// A representative's request.
    Request,
    /// A note for staff.
    Note,
    /// The counter of a limit.
    Limit,
    /// The list of letters that were made together.
    Letters,
    /// A batch of invitations.
    Batch,
    /// When the sweep looks at a patient.
    SweepDue,
    /// What is stored about the reviews of a patient's access.
    Review,
    /// The latest automatic texts of a number.
    AutomaticTexts,
    /// A practice's run of automatic invitations.
    Run,
    /// A page of a run's work.
    Page,
    /// An idempotency marker.
    Marker,
    /// A practice.
    Practice,
    /// An API key.
    Key,
}

impl Write {
    /// The kind of record that this write changes.
    pub const fn record(&self) -> Record {
        match self {
            Self::CreatePatient(..) | Self::ChangePatient(..) => Record::Patient,
            Self::Care(..) => Record::Care,
            Self::List(..) | Self::Unlist(..) => Record::Directory,
            Self::CreateLink(_)
            | Self::CloseLink { .. }
            | Self::EndLink { .. }
            | Self::ReviveLink { .. }
            | Self::PassFacts { .. }
            | Self::SendCode { .. }
            | Self::PassCode { .. }
            | Self::AcceptLink { .. }
            | Self::HandOver { .. } => Record::Link,
            Self::KeepLetters(_) => Record::Letters,
            Self::KeepBatch(_) => Record::Batch,
            Self::ClaimUsername(_) | Self::SetPassword(_) | Self::FreeUsername { .. } => Record::Username,
            Self::CreateAccount(_)
            | Self::ChangeAccount(_)
            | Self::EndGrant { .. }
            | Self::RestoreGrant { .. }
            | Self::SuspendGrant { .. }
            | Self::SetLevel { .. }
            | Self::SetAuthority { .. } => Record::Account,
            Self::Hold(_) | Self::DropHold { .. } | Self::DecideHold { .. } => Record::Hold,
            Self::OpenSession(_) | Self::EndSession { .. } | Self::KeepSession(_) => Record::Session,
            Self::OpenConsole(_) | Self::CloseConsole { .. } => Record::Console,
            Self::OpenExchange(_) | Self::SpendExchange(_) => Record::Exchange,
            Self::Append(_) => Record::Event,
            Self::Queue(_) => Record::Message,
            Self::ForgetAttempts(_) => Record::Attempts,
            Self::Checks(..) => Record::Checks,
            Self::Propose(_) | Self::DecideChange(_) => Record::Proposal,
            Self::AskForAccess(_) | Self::AnswerRequest { .. } => Record::Request,
            Self::Note { .. } | Self::NoteReply { .. } | Self::DropNote { .. } => Record::Note,
            Self::SweepDue { .. } => Record::SweepDue,
            Self::Review { .. } => Record::Review,
            Self::CountAutomaticText { .. } => Record::AutomaticTexts,
            Self::StartRun(_) | Self::ChangeRun(_) => Record::Run,
            Self::AddPage(_) | Self::FinishPage(_) => Record::Page,
            Self::Count(_) | Self::ForgetCount(_) => Record::Limit,
            Self::Once(_) => Record::Marker,
            Self::CreatePractice(_) | Self::ChangePractice(_) | Self::PutLogo { .. } => Record::Practice,
            Self::IssueKey(_) | Self::RevokeKey { .. } => Record::Key,
        }
    }
}

/// Why an atomic write did not happen.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CommitError {
    /// Conditions did not hold. The numbers are indexes into the list of writes; [`crate::steps::retry`]
    /// turns them into kinds of records.
    #[error("conditions did not hold: {0:?}")]
    Lost(Vec<usize>),
    /// Other transactions wrote the same items at the same time, at every attempt.
    #[error("others were writing the same items")]
    Contended,
    /// The store is unavailable, or a record can't be written.
    #[error(transparent)]
    Port(#[from] PortError),
}

/// The one atomic write.
pub trait Commit: Sync {
    /// Does all of `writes`, or none. Only [`crate::steps::retry`] calls it; operations call that.
    fn commit(&self, writes: &[Write]) -> impl Future<Output = Result<(), CommitError>> + Send;
}
