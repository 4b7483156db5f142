//! Reads of accounts, logins, sessions, and registrations that wait for staff; the search over accounts.

use std::future::Future;

use crate::model::account::{Account, Login};
use crate::model::hold::Hold;
use crate::model::ids::{AccountId, PracticeId};
use crate::model::practice::{ApiKey, PresentedKey};
use crate::model::refusal::PortError;
use crate::model::search::FoundAccounts;
use crate::model::session::{Exchange, Presented, Session};

/// Reads the lists.
pub trait Search: Sync {
    /// A page of accounts listed under a word that begins with one of `wanted`, in order of the words, after `after`;
    /// with where the next page begins.
    fn found(
        &self,
        practice: &PracticeId,
        wanted: &[String],
        after: Option<&str>,
    ) -> impl Future<Output = Result<(Vec<FoundAccounts>, Option<String>), PortError>> + Send;
}

/// What a read of several records found.
pub type Found<T> = Result<T, PortError>;

/// Reads accounts, logins and sessions, strongly.
pub trait Accounts: Sync {
    /// The login of a user name, as compared.
    fn login(
        &self,
        practice: &PracticeId,
        name: &str,
    ) -> impl Future<Output = Result<Option<Login>, PortError>> + Send;
    /// One account.
    fn account(&self, id: AccountId) -> impl Future<Output = Result<Option<Account>, PortError>> + Send;
    /// A session and its account in one read.
    fn session(
        &self,
        presented: &Presented,
    ) -> impl Future<Output = Result<(Option<Session>, Option<Account>), PortError>> + Send;
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
    fn touch(&self, session: &Session) -> impl Future<Output = Result<(), PortError>> + Send;
}

/// Reads the sessions of an account.
pub trait Sessions: Sync {
    /// All that are kept, over or not.
    fn sessions(
        &self,
        account: crate::model::ids::AccountId,
    ) -> impl Future<Output = Result<Vec<Session>, PortError>> + Send;
}

/// Reads the registrations that wait.
pub trait Holds: Sync {
    /// All of a practice, the oldest first.
    fn holds(&self, practice: &PracticeId) -> impl Future<Output = Result<Vec<Hold>, PortError>> + Send;
}
