//! The one atomic write: a list of intents that all happen or none.

use std::future::Future;

use crate::model::account::{Account, Login};
use crate::model::attention::Cause;
use crate::model::audit::Event;
use crate::model::chart::Care;
use crate::model::grant::Level;
use crate::model::hold::Hold;
use crate::model::ids::{AccountId, LinkId, PatientId, PracticeId, RevocationId};
use crate::model::limit::Counter;
use crate::model::link::{Link, LinkState, SentCode, Ticket};
use crate::model::message::Message;
use crate::model::patient::{Checks, Patient, Status};
use crate::model::practice::{ApiKey, Practice};
use crate::model::proposal::Proposal;
use crate::model::refusal::PortError;
use crate::model::session::{Exchange, Session};
use crate::ports::patients::Listing;
use crate::ports::staff::Once;
use crate::time::Timestamp;

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
    List(PracticeId, Listing),
    /// An entry that is no longer present, kept as a former one.
    Unlist(PracticeId, Listing),
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
    Propose(Proposal),
    /// A proposed change that waited was decided on.
    DecideChange(Proposal),
    /// Staff should look at a patient; noted once for each cause.
    Note {
        /// The practice.
        practice: PracticeId,
        /// The patient.
        patient: PatientId,
        /// Why.
        cause: Cause,
        /// When.
        at: Timestamp,
    },
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

/// The kind of record that a [`Write`] is about, and whose condition it may lose.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Record {
    /// A patient's own record.
    Patient,
    /// Visits, appointments and contacts of a chart.
    Care,
    /// What patients and accounts are found by.
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
    /// A code that is exchanged for a session.
    Exchange,
    /// An event of an audit chain.
    Event,
    /// A message in the outbox.
    Message,
    /// The attempts on a user name.
    Attempts,
    /// Failed checks of a patient.
    Checks,
    /// A proposed change of a chart.
    Proposal,
    /// A note for staff.
    Note,
    /// A counter of a limit.
    Limit,
    /// An idempotency marker.
    Marker,
    /// A practice.
    Practice,
    /// An API key.
    Key,
}

impl Write {
    /// The record that it is about.
    pub const fn record(&self) -> Record {
        match self {
            Self::CreatePatient(..) | Self::ChangePatient(..) => Record::Patient,
            Self::Care(..) => Record::Care,
            Self::List(..) | Self::Unlist(..) => Record::Directory,
            Self::CreateLink(_)
            | Self::CloseLink { .. }
            | Self::EndLink { .. }
            | Self::PassFacts { .. }
            | Self::SendCode { .. }
            | Self::PassCode { .. }
            | Self::AcceptLink { .. } => Record::Link,
            Self::ClaimUsername(_) | Self::SetPassword(_) | Self::FreeUsername { .. } => Record::Username,
            Self::CreateAccount(_)
            | Self::ChangeAccount(_)
            | Self::EndGrant { .. }
            | Self::RestoreGrant { .. }
            | Self::SuspendGrant { .. }
            | Self::SetLevel { .. } => Record::Account,
            Self::Hold(_) | Self::DropHold { .. } | Self::DecideHold { .. } => Record::Hold,
            Self::OpenSession(_) | Self::EndSession { .. } | Self::KeepSession(_) => Record::Session,
            Self::OpenExchange(_) | Self::SpendExchange(_) => Record::Exchange,
            Self::Append(_) => Record::Event,
            Self::Queue(_) => Record::Message,
            Self::ForgetAttempts(_) => Record::Attempts,
            Self::Checks(..) => Record::Checks,
            Self::Propose(_) | Self::DecideChange(_) => Record::Proposal,
            Self::Note { .. } => Record::Note,
            Self::Count(_) => Record::Limit,
            Self::Once(_) => Record::Marker,
            Self::CreatePractice(_) | Self::ChangePractice(_) => Record::Practice,
            Self::IssueKey(_) | Self::RevokeKey { .. } => Record::Key,
        }
    }
}

/// Why an atomic write did not happen.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CommitError {
    /// Conditions that did not hold, by their place in the list of writes. [`crate::steps::retry`] tells them by record.
    #[error("conditions did not hold: {0:?}")]
    Lost(Vec<usize>),
    /// Others were writing the same items all the time.
    #[error("others were writing the same items")]
    Contended,
    /// The port could not do it.
    #[error(transparent)]
    Port(#[from] PortError),
}

/// The one atomic write.
pub trait Commit: Sync {
    /// Does all of `writes`, or none. Operations call it through [`crate::steps::retry`] alone.
    fn commit(&self, writes: &[Write]) -> impl Future<Output = Result<(), CommitError>> + Send;
}
