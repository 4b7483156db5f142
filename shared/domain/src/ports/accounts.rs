//! Reads of accounts, logins, sessions, and registrations that wait for staff; the search over accounts.

use std::future::Future;

use crate::model::account::{Account, Login};
use crate::model::hold::Hold;
use crate::model::ids::{AccountId, PracticeId};
use crate::model::practice::{ApiKey, PresentedKey};
use crate::model::refusal::PortError;
use crate::model::search::FoundAccounts;
use crate::model::session::{Exchange, Presented, Session};

/// Reads the list of words that find accounts.
pub trait Search: Sync {
    /// Returns one page of accounts that are listed under a word that begins with one of `wanted`. The page
    /// is in the order of the words and starts after `after`; the text is the `after` of the next page,
    /// `None` on the last one.
    fn found(
        &self,
        practice: &PracticeId,
        wanted: &[String],
        after: Option<&str>,
    ) -> impl Future<Output = Result<(Vec<FoundAccounts>, Option<String>), PortError>> + Send;
}

/// The result of a read of several records.
pub type Found<T> = Result<T, PortError>;

/// Reads accounts, logins and sessions. The reads are strongly consistent.
pub trait Accounts: Sync {
    /// The login of a user name. `name` is in the form in which names are compared.
    fn login(
        &self,
        practice: &PracticeId,
        name: &str,
    ) -> impl Future<Output = Result<Option<Login>, PortError>> + Send;
    /// One account, deleted or not.
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
    /// An API key, an exchange code that was not used yet, and its account in one read.
    fn exchange(
        &self,
        key: &PresentedKey,
        presented: &Presented,
    ) -> impl Future<Output = Found<(Option<ApiKey>, Option<Exchange>, Option<Account>)>> + Send;
    /// Saves the session's new `idle_at` and `touched_at`, unless the session ended in the meantime.
    fn touch(&self, session: &Session) -> impl Future<Output = Result<(), PortError>> + Send;
}

/// Reads the sessions of an account.
pub trait Sessions: Sync {
    /// All sessions that are still stored, including those that have expired.
    fn sessions(
        &self,
        account: crate::model::ids::AccountId,
    ) -> impl Future<Output = Result<Vec<Session>, PortError>> + Send;
    /// All codes for the portal that are still stored and were not used.
    fn exchanges(
        &self,
        account: crate::model::ids::AccountId,
    ) -> impl Future<Output = Result<Vec<Exchange>, PortError>> + Send;
}

/// Reads the registrations that wait for staff.
pub trait Holds: Sync {
    /// All waiting registrations of a practice, the oldest first.
    fn holds(&self, practice: &PracticeId) -> impl Future<Output = Result<Vec<Hold>, PortError>> + Send;
}
