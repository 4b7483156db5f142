//! Staff set user name and temporary password by hand, for a patient who can't be reached by a message.

use futures_util::join;

use crate::context::{App, Context};
use crate::model::account::{Account, Login, TEMPORARY_DAYS, Temporary};
use crate::model::audit::{Action, By, Entry, Head, Subject};
use crate::model::auto_invite::day;
use crate::model::grant::{Grant, GrantState, Level, Relationship};
use crate::model::ids::{AccountId, PatientId};
use crate::model::limit::{CREDENTIALS_BY_HAND, sign_in_key};
use crate::model::link::LinkState;
use crate::model::message::Template;
use crate::model::password::Password;
use crate::model::patient::{AccountRef, Patient, Reason};
use crate::model::practice::{Practice, Scope};
use crate::model::refusal::{Failure, Refusal};
use crate::model::username::Username;
use crate::ports::{Accounts, AlsoRead, ApiCalls, Chain, Commit, Limits, Practices, Write};
use crate::steps::api_call::{ApiCall, Caller, authorize};
use crate::steps::change::patient_changed;
use crate::steps::credentials::{check_password, end_sessions_and_links};
use crate::steps::daily_cap;
use crate::steps::invitation::end_resets;
use crate::steps::notice::notify_patient;
use crate::steps::retry::{MAX_ATTEMPTS, Written, written};

/// The command to set a user name and a temporary password, which staff tell the patient in person.
#[expect(missing_docs, reason = "the names say it")]
pub struct NewCredentials {
    /// The patient who gets them.
    pub patient: PatientId,
    pub username: String,
    /// The temporary password. It works for seven days or until the first sign-in, whichever comes first.
    pub password: Password,
    /// Whether Portico made the password. It is random, so no rule for passwords that people choose is asked.
    pub made: bool,
}

/// Sets a user name and a temporary password, for the patient's existing account or for a new one. It needs
/// no address. All sessions of an existing account end.
pub async fn set_credentials<S>(
    app: &App<S>,
    call: &ApiCall,
    command: &NewCredentials,
) -> Result<(Account, Patient), Failure>
where
    S: ApiCalls + Limits + Accounts + Practices + Chain + Commit,
{
    let App { context, store } = app;
    let subject = Subject::Patient(command.patient.clone());
    let along = AlsoRead { patient: Some(&command.patient), ..AlsoRead::default() };
    for _ in 0..MAX_ATTEMPTS {
        let (opened, head) =
            join!(authorize(app, call, &[Scope::Accounts], along), store.head(&call.key.claimed, &subject));
        let (caller, opened) = opened?;
        caller.actor()?;
        let patient = opened.patient.ok_or(Refusal::NotFound)?;
        let practice = store.practice(&caller.practice).await?.ok_or(Failure::Broken("practice"))?;
        require_eligible(context, &practice, &patient)?;
        let own = patient.chart.email.iter().collect::<Vec<_>>();
        let username = Username::parse_for(&command.username, &own)
            .map_err(|fault| Refusal::UsernameRejected(fault.code()))?;
        if !command.made {
            check_password(&command.password, &practice, &username.name, &patient.chart, [])?;
        }
        let existing = match patient.own_account() {
            Some(own) => store.account(own.id).await?,
            None => None,
        };
        let mut given =
            plan_credentials(context, &practice, patient, existing, &username, command, &caller, &head?)?;
        given.writes.push(daily_cap::counted(context, CREDENTIALS_BY_HAND, &caller));
        match written(store, &given.writes, None).await? {
            Written::Done => return Ok((given.account, given.patient)),
            Written::Lost(lost) if lost.username_was_taken() => {
                return Err(Refusal::UsernameTaken(Vec::new()).into());
            }
            Written::Lost(lost) => daily_cap::check(context, CREDENTIALS_BY_HAND, &caller, &lost)?,
        }
    }
    Err(Failure::Unavailable)
}

/// Refuses if the chart or the staff's switch rules portal access out, if access is revoked, if the patient
/// is a child, or if a registration waits for staff. A missing address or name is no reason to refuse.
fn require_eligible(context: &Context, practice: &Practice, patient: &Patient) -> Result<(), Refusal> {
    let mut reasons = patient.refusals(crate::model::chart::Channel::Print, &practice.settings);
    // A login that is handed over asks for no name.
    reasons.retain(|reason| !matches!(reason, Reason::Declined | Reason::UnusableName));
    if !reasons.is_empty() {
        return Err(Refusal::NotEligible(reasons));
    }
    if patient.revocation.is_some() {
        return Err(Refusal::Conflict("access_revoked"));
    }
    if patient.chart.birth_date.age_on(day(context.now(), &practice.settings))
        < practice.settings.adolescent_age
    {
        return Err(Refusal::RepresentativeRequired);
    }
    let held = patient.accounts.iter().any(|account| account.held);
    if held { Err(Refusal::Conflict("already_registered")) } else { Ok(()) }
}

struct CredentialsPlan {
    account: Account,
    patient: Patient,
    writes: Vec<Write>,
}

#[expect(clippy::too_many_arguments, reason = "one call site; a struct would name each thing twice")]
fn plan_credentials(
    context: &Context,
    practice: &Practice,
    mut patient: Patient,
    existing: Option<Account>,
    username: &Username,
    command: &NewCredentials,
    caller: &Caller,
    head: &Head,
) -> Result<CredentialsPlan, Failure> {
    let now = context.now();
    let mut writes = Vec::new();
    let is_new = existing.is_none();
    let mut account = existing.unwrap_or_else(|| new_account(context, practice, &patient, username));
    let login = Login {
        practice: practice.id.clone(),
        name: username.name.clone(),
        account: account.id,
        password: command.password.hash(context.hash_cost, &context.keyring, &*context.entropy),
    };
    let old = Username::parse(&account.username).map_err(|_| Failure::Broken("username"))?.name;
    if !is_new && old == username.name {
        writes.push(Write::SetPassword(login));
    } else {
        if !is_new {
            let practice = practice.id.clone();
            writes.push(Write::FreeUsername { practice, name: old, account: account.id });
        }
        writes.push(Write::ClaimUsername(login));
    }
    writes.push(Write::ForgetAttempts(sign_in_key(&practice.id, &username.name, &context.keyring)));
    account.username.clone_from(&username.shown);
    writes.extend(end_sessions_and_links(&mut account, now));
    account.temporary = Some(Temporary { until: now.plus_hours(TEMPORARY_DAYS * 24), used: false });

    let theirs = patient.accounts.iter_mut().filter(|known| known.id == account.id);
    end_resets(theirs, LinkState::Cancelled, now, &mut writes);
    if is_new {
        let (id, username) = (account.id, account.username.clone());
        let relationship = Relationship::Own;
        patient.accounts.push(AccountRef {
            id,
            username,
            relationship,
            ended_by: None,
            held: false,
            addresses: Vec::new(),
            reset: None,
            until: None,
        });
        patient.registered_at = patient.registered_at.or(Some(now));
        if let Some(current) = patient.invitation.take() {
            writes.push(Write::CloseLink { id: current.link, to: LinkState::Superseded, at: now });
        }
        patient.declined = None;
    }
    for known in patient.accounts.iter_mut().filter(|known| known.id == account.id) {
        known.username.clone_from(&username.shown);
    }
    let entry = |subject: Subject, by: By| Entry {
        practice: practice.id.clone(),
        subject,
        at: now,
        by,
        action: Action::CredentialsSet,
        detail: vec![("account_id", account.id.to_string())],
    };
    let change = entry(Subject::Patient(patient.id.clone()), caller.by());
    let own_event = entry(Subject::Account(account.id), caller.by()).after(&account.head, &context.keyring);
    account.head = own_event.head();
    writes.push(Write::Append(own_event));
    if is_new {
        writes.push(Write::CreateAccount(Box::new(account.clone())));
    } else {
        account.version += 1;
        writes.push(Write::ChangeAccount(Box::new(account.clone())));
    }
    writes.extend(notify_patient(context, &patient, Template::CredentialsSet));
    patient_changed(context, &practice.settings, &mut patient, head, change, &mut writes);
    Ok(CredentialsPlan { account, patient, writes })
}

fn new_account(context: &Context, practice: &Practice, patient: &Patient, username: &Username) -> Account {
    let now = context.now();
    let grant = Grant {
        relationship: Relationship::Own,
        level: Level::Full,
        state: GrantState::Active,
        since: now,
        ended_by: None,
        authority: None,
    };
    let id = AccountId::new(&*context.clock, &*context.entropy);
    Account::begin(id, practice.id.clone(), username.shown.clone(), &patient.id, grant)
}
