//! A patient's complete portal status: the record, its invitations and its accounts; and changes that
//! return it.

use futures_util::join;

use crate::context::{App, Context};
use crate::model::account::Account;
use crate::model::audit::{Event, Subject};
use crate::model::delivery::Delivery;
use crate::model::grant::GrantState;
use crate::model::ids::{AccountId, LinkId, PatientId, PracticeId};
use crate::model::limit::{Attempts, Lock, sign_in_key};
use crate::model::link::{Kind, Link, LinkState};
use crate::model::patient::{Checks, Patient};
use crate::model::practice::{Scope, Settings};
use crate::model::refusal::{Failure, Refusal};
use crate::model::username::Username;
use crate::ports::{AlsoRead, ApiCalls, Commit, History, Limits, Once, PortalRecords, Practices, Write};
use crate::steps::api_call::{ApiCall, Caller, authorize, earlier_use};
use crate::steps::change::{PatientChange, patient_changed};
use crate::steps::retry::{MAX_ATTEMPTS, Written, written};
use crate::time::Timestamp;

/// All records of an answer about a patient's portal status.
#[derive(Clone, Debug)]
pub struct PortalStatus {
    /// The patient's record.
    pub patient: Patient,
    /// The practice's settings.
    pub settings: Settings,
    /// Invitations whose records are still stored, the oldest first.
    pub links: Vec<Link>,
    /// The events of new invitations, the oldest first.
    pub invitation_events: Vec<Event>,
    /// Accounts with a grant to the patient, active or ended.
    pub accounts: Vec<Account>,
    /// Failed checks that belong to no link.
    pub checks: Checks,
    /// The accounts that wrong passwords locked; empty in the answer to a change, which doesn't read them.
    pub locks: Vec<(AccountId, Lock)>,
}

impl PortalStatus {
    /// Puts together what was read, the links by age.
    pub(crate) fn of(
        context: &Context,
        patient: Patient,
        settings: Settings,
        invitation_events: Vec<Event>,
        records: PortalRecords,
    ) -> Self {
        let PortalRecords { mut links, accounts, checks, attempts } = records;
        links.sort_by_key(|link| link.id);
        let lock = |account: &Account| Some((account.id, lock_of(context, account, &attempts)?));
        let locks = accounts.iter().filter_map(lock).collect();
        Self { patient, settings, links, invitation_events, accounts, checks, locks }
    }

    /// The links with an access code that staff may say: the patient's invitation, and whatever leads to a new password.
    pub fn links_with_code(&self, now: Timestamp) -> impl Iterator<Item = &Link> {
        let current = self.patient.invitation.map(|current| current.link);
        self.links
            .iter()
            .filter(move |link| link.is_open(now) && (Some(link.id) == current || link.kind == Kind::Reset))
    }

    /// The lock of an account, if wrong passwords locked it.
    pub fn lock(&self, account: AccountId) -> Option<Lock> {
        self.locks.iter().find(|(id, _)| *id == account).map(|(_, lock)| *lock)
    }
}

/// The events of new invitations.
pub(crate) fn invitation_events(events: Vec<Event>) -> Vec<Event> {
    events.into_iter().filter(|event| event.detail.contains_key("kind")).collect()
}

pub(crate) fn link_ids(invitation_events: &[Event]) -> Vec<LinkId> {
    invitation_events
        .iter()
        .filter_map(|event| LinkId::parse(event.detail.get("invitation_id")?).ok())
        .collect()
}

pub(crate) fn account_ids(patient: &Patient) -> Vec<AccountId> {
    patient.accounts.iter().map(|account| account.id).collect()
}

/// The keys of the attempts on the user names of a patient's accounts.
pub(crate) fn attempt_keys(context: &Context, patient: &Patient) -> Vec<String> {
    let names = patient.accounts.iter().map(|account| &account.username);
    names.filter_map(|name| attempt_key(context, &patient.practice, name)).collect()
}

/// The lock of an account, by the attempts on user names that were read.
pub(crate) fn lock_of(context: &Context, account: &Account, attempts: &[(String, Attempts)]) -> Option<Lock> {
    let key = attempt_key(context, &account.practice, &account.username)?;
    let (_, attempts) = attempts.iter().find(|(name, _)| *name == key)?;
    Lock::of(*attempts, account.attempts_seen, context.now())
}

/// The key of the attempts on a user name.
fn attempt_key(context: &Context, practice: &PracticeId, username: &str) -> Option<String> {
    let name = Username::parse(username).ok()?.name;
    Some(sign_in_key(practice, &name, &context.keyring))
}

/// Applies a change to a patient and returns the new portal status. The records for the answer are read while
/// the write runs, then updated in memory with what was written (`apply_write`).
pub async fn change_patient<S, D>(
    app: &App<S>,
    call: &ApiCall,
    scopes: &[Scope],
    patient: &PatientId,
    decide: D,
) -> Result<(PortalStatus, Caller), Failure>
where
    S: ApiCalls + Limits + Practices + History + Commit,
    D: Fn(Patient, &Caller) -> Result<Option<PatientChange>, Refusal> + Send + Sync,
{
    change_patient_by(app, call, scopes, patient, |patient, _, caller| decide(patient, caller)).await
}

/// As [`change_patient`], for a decision that needs the practice's settings.
pub async fn change_patient_by<S, D>(
    app: &App<S>,
    call: &ApiCall,
    scopes: &[Scope],
    patient: &PatientId,
    decide: D,
) -> Result<(PortalStatus, Caller), Failure>
where
    S: ApiCalls + Limits + Practices + History + Commit,
    D: Fn(Patient, &Settings, &Caller) -> Result<Option<PatientChange>, Refusal> + Send,
{
    let App { context, store } = app;
    let subject = Subject::Patient(patient.clone());
    let once = call.once_key(context);
    let along = AlsoRead { patient: Some(patient), once: once.as_ref(), ..AlsoRead::default() };
    for _ in 0..MAX_ATTEMPTS {
        let (opened, events) = join!(
            authorize(app, call, scopes, along),
            store.events(&call.key.claimed, &subject, 0, usize::MAX)
        );
        let (caller, opened) = opened?;
        let before = opened.patient.ok_or(Refusal::NotFound)?;
        let events = events?;
        let head = events.last().map(Event::head).unwrap_or_default();
        let invitation_events = invitation_events(events);
        let settings = store.practice(&caller.practice).await?.ok_or(Failure::Broken("practice"))?.settings;
        let repeat = earlier_use(opened.once, once.as_ref(), context.now())?.is_some();
        let decision = if repeat { None } else { decide(before.clone(), &settings, &caller)? };
        if let (None, false, Some(key)) = (&decision, repeat, once.clone()) {
            // Save the marker although there is nothing to do: a later call with the same key must not do
            // anything either.
            let marker = Write::Once(Once::new(key, before.id.as_str(), context.now()));
            if let Written::Lost(_) = written(store, &[marker], once.as_ref()).await? {
                continue;
            }
        }
        let Some(PatientChange { patient: mut after, mut writes, entry }) = decision else {
            let links = link_ids(&invitation_events);
            let records = store.portal_records(&before, &links, &account_ids(&before), &[]).await?;
            return Ok((PortalStatus::of(context, before, settings, invitation_events, records), caller));
        };
        patient_changed(context, &settings, &mut after, &head, entry, &mut writes);
        if let Some(key) = once.clone() {
            writes.push(Write::Once(Once::new(key, after.id.as_str(), context.now())));
        }
        let (links, accounts) = (link_ids(&invitation_events), account_ids(&after));
        let (committed, records) = join!(
            written(store, &writes, once.as_ref()),
            store.portal_records(&after, &links, &accounts, &[])
        );
        if let Written::Done = committed? {
            let mut records = records?;
            for write in &writes {
                apply_write(write, &mut records.links, &mut records.accounts);
            }
            return Ok((PortalStatus::of(context, after, settings, invitation_events, records), caller));
        }
    }
    Err(Failure::Unavailable)
}

/// Applies a write to records that may have been read before it. Must not matter if they were read after it.
fn apply_write(write: &Write, links: &mut [Link], accounts: &mut [Account]) {
    match write {
        Write::CloseLink { id, to, at } | Write::EndLink { id, to, at } => {
            for link in links.iter_mut().filter(|link| link.id == *id && link.state == LinkState::Pending) {
                link.state = *to;
                link.closed_at = Some(*at);
            }
        }
        Write::HandOver { id, at } => {
            for link in links.iter_mut().filter(|link| link.id == *id) {
                link.handed_over_at = link.handed_over_at.or(Some(*at));
                link.delivery = Delivery::Delivered;
            }
        }
        Write::EndGrant { account, patient, revocation } => {
            for grant in grants(accounts, *account, patient) {
                grant.state = GrantState::Ended;
                grant.ended_by = Some(*revocation);
            }
        }
        Write::RestoreGrant { account, patient, revocation, since } => {
            for grant in
                grants(accounts, *account, patient).filter(|grant| grant.ended_by == Some(*revocation))
            {
                grant.state = GrantState::Active;
                grant.since = *since;
                grant.ended_by = None;
            }
        }
        Write::SuspendGrant { account, patient, back_since } => {
            for grant in grants(accounts, *account, patient) {
                grant.state = if back_since.is_some() { GrantState::Active } else { GrantState::Suspended };
                grant.since = back_since.unwrap_or(grant.since);
            }
        }
        Write::SetLevel { account, patient, level } => {
            for grant in grants(accounts, *account, patient) {
                grant.level = *level;
            }
        }
        Write::SetAuthority { account, patient, authority } => {
            for grant in grants(accounts, *account, patient) {
                grant.authority = Some(authority.clone());
            }
        }
        // The status does not show these records, or no change of one patient makes them.
        Write::CreateLink(_)
        | Write::CreateAccount(_)
        | Write::ChangeAccount(_)
        | Write::PassFacts { .. }
        | Write::SendCode { .. }
        | Write::PassCode { .. }
        | Write::AcceptLink { .. }
        | Write::CreatePatient(..)
        | Write::ChangePatient(..)
        | Write::Care(..)
        | Write::List(..)
        | Write::Unlist(..)
        | Write::ClaimUsername(_)
        | Write::SetPassword(_)
        | Write::FreeUsername { .. }
        | Write::Hold(_)
        | Write::DropHold { .. }
        | Write::DecideHold { .. }
        | Write::OpenSession(_)
        | Write::EndSession { .. }
        | Write::KeepSession(_)
        | Write::OpenConsole(_)
        | Write::CloseConsole { .. }
        | Write::OpenExchange(_)
        | Write::SpendExchange(_)
        | Write::Append(_)
        | Write::Queue(_)
        | Write::ForgetAttempts(_)
        | Write::Checks(..)
        | Write::Propose(_)
        | Write::DecideChange(_)
        | Write::Note { .. }
        | Write::NoteReply { .. }
        | Write::DropNote { .. }
        | Write::AskForAccess(_)
        | Write::AnswerRequest { .. }
        | Write::KeepLetters(_)
        | Write::KeepBatch(_)
        | Write::SweepDue { .. }
        | Write::Review { .. }
        | Write::CountAutomaticText { .. }
        | Write::StartRun(_)
        | Write::ChangeRun(_)
        | Write::AddPage(_)
        | Write::FinishPage(_)
        | Write::ReviveLink { .. }
        | Write::ForgetCount(_)
        | Write::Count(_)
        | Write::Once(_)
        | Write::CreatePractice(_)
        | Write::ChangePractice(_)
        | Write::PutLogo { .. }
        | Write::IssueKey(_)
        | Write::RevokeKey { .. } => {}
    }
}

fn grants<'a>(
    accounts: &'a mut [Account],
    id: AccountId,
    patient: &'a PatientId,
) -> impl Iterator<Item = &'a mut crate::model::grant::Grant> {
    accounts
        .iter_mut()
        .filter(move |account| account.id == id)
        .filter_map(|account| account.grants.get_mut(patient.as_str()))
}
