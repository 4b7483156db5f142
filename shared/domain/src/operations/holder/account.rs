//! Changes that signed-in people make to their own account: password, user name, e-mail address, sessions.

use crate::context::App;
use crate::model::account::{Account, Login, TERMS_VERSION, Terms};
use crate::model::audit::{Action, By};
use crate::model::chart::Channel;
use crate::model::ids::PracticeId;
use crate::model::limit::{Counter, OWN_MAIL, sign_in_key};
use crate::model::link::{CODE_SECONDS, Link, LinkState, Purpose};
use crate::model::message::{Message, Recipient, Template};
use crate::model::password::Password;
use crate::model::patient::Patient;
use crate::model::person::{Address, Email};
use crate::model::practice::Practice;
use crate::model::refusal::{Failure, FieldFault, Refusal};
use crate::model::security::{Security, What};
use crate::model::session::Session;
use crate::model::username::{Username, alternatives};
use crate::ports::{Accounts, CodeTry, Commit, Limits, Links, Listing, Patients, Practices, Sessions, Write};
use crate::steps::change::{account_changed, patient_updated};
use crate::steps::credentials::{check_password, confirm, end_sessions_and_links, own_words};
use crate::steps::notice::{Reach, message, notify_holder};
use crate::steps::one_time_code::is_right_code;
use crate::steps::own_address::{address_link, confirm_address, welcome};
use crate::steps::retry::{MAX_ATTEMPTS, Written, written};
use crate::steps::security_log::note;
use crate::steps::signed_in::{Holder, holder, live_sessions, patients_of, unrestricted_holder};

/// A signed-in person with everything that the account page needs.
struct HolderAndPractice {
    account: Account,
    session: Session,
    practice: Practice,
    leading: Patient,
}

async fn holder_and_practice<S>(
    app: &App<S>,
    practice: &PracticeId,
    token: &str,
) -> Result<HolderAndPractice, Failure>
where
    S: Accounts + Patients + Practices,
{
    let store = &app.store;
    let found = holder(app, practice, token).await?.ok_or(Refusal::Unauthorized)?;
    let Holder { account, session } = found;
    let practice = store.practice(practice).await?.ok_or(Failure::Broken("practice"))?;
    let leading = account.leading_patient().ok_or(Refusal::Unauthorized)?;
    let leading = store.patient(&practice.id, &leading).await?.ok_or(Refusal::Unauthorized)?;
    Ok(HolderAndPractice { account, session, practice, leading })
}

/// The same, but refuses with `Forbidden` if the person signed in with a temporary password.
async fn unrestricted<S>(
    app: &App<S>,
    practice: &PracticeId,
    token: &str,
) -> Result<HolderAndPractice, Failure>
where
    S: Accounts + Patients + Practices,
{
    let here = holder_and_practice(app, practice, token).await?;
    if here.session.restricted { Err(Refusal::Forbidden.into()) } else { Ok(here) }
}

/// The command to change the password.
pub struct ChangePassword {
    /// The current password.
    pub old: Password,
    /// The new password.
    pub new: Password,
    /// Whether the person accepts the terms. Needed once, for a person that staff registered.
    pub accept_terms: bool,
}

/// Changes the password. All other sessions end; this one stays valid.
pub async fn change_password<S>(
    app: &App<S>,
    practice: &PracticeId,
    token: &str,
    command: &ChangePassword,
) -> Result<(), Failure>
where
    S: Accounts + Patients + Practices + Limits + Commit,
{
    let context = &app.context;
    let now = context.now();
    let HolderAndPractice { account, session, practice, leading } =
        holder_and_practice(app, practice, token).await?;
    if account.terms.is_none() && !command.accept_terms {
        return Err(Refusal::BadRequest(vec![FieldFault::of("accept_terms", "required")]).into());
    }
    let login = confirm(app, &account, &session, &command.old).await?;
    check_password(&command.new, &practice, &login.name, &leading.chart, own_words(&account))?;
    if login.password.matches(&command.new, &context.keyring) {
        return Err(Refusal::BadRequest(vec![FieldFault::of("new_password", "unchanged")]).into());
    }
    let password = command.new.hash(context.hash_cost, &context.keyring, &*context.entropy);
    change_account(app, &practice.id, token, |account, mut session| {
        let mut writes = vec![Write::SetPassword(Login { password: password.clone(), ..login.clone() })];
        // Reset the count of attempts: it belongs to the old password.
        writes.push(Write::ForgetAttempts(sign_in_key(&login.practice, &login.name, &context.keyring)));
        writes.extend(end_sessions_and_links(account, now));
        account.temporary = None;
        if account.terms.is_none() {
            account.terms = Some(Terms { version: TERMS_VERSION.to_owned(), accepted_at: now });
        }
        session.epoch = account.epoch;
        session.restricted = false;
        writes.push(Write::KeepSession(session));
        for known in leading.accounts.iter().filter(|known| known.id == account.id) {
            writes.extend(known.reset.map(|id| Write::EndLink { id, to: LinkState::Cancelled, at: now }));
        }
        writes.extend(notify_holder(context, account, &leading, Template::PasswordChanged));
        account_changed(context, account, Action::PasswordChanged, By::visitor(), Vec::new(), &mut writes);
        Ok(writes)
    })
    .await
}

/// Applies a change to the account as it is now. If another write came in between and the session is still
/// valid, it decides again.
async fn change_account<S, D>(
    app: &App<S>,
    practice: &PracticeId,
    token: &str,
    decide: D,
) -> Result<(), Failure>
where
    S: Accounts + Commit,
    D: Fn(&mut Account, Session) -> Result<Vec<Write>, Failure> + Sync + Send,
{
    for _ in 0..MAX_ATTEMPTS {
        if try_change(app, practice, token, &decide).await? {
            return Ok(());
        }
    }
    Err(Failure::Unavailable)
}

/// One attempt of [`change_account`]. Returns whether it was written.
async fn try_change<S, D>(
    app: &App<S>,
    practice: &PracticeId,
    token: &str,
    decide: &D,
) -> Result<bool, Failure>
where
    S: Accounts + Commit,
    D: Fn(&mut Account, Session) -> Result<Vec<Write>, Failure> + Sync,
{
    let store = &app.store;
    let Holder { mut account, session } = holder(app, practice, token).await?.ok_or(Refusal::Unauthorized)?;
    let writes = decide(&mut account, session)?;
    match written(store, &writes, None).await? {
        Written::Done => Ok(true),
        Written::Lost(lost) if lost.username_was_taken() => Err(Refusal::UsernameTaken(Vec::new()).into()),
        // The session that was to end has ended already, so there is nothing more to do.
        Written::Lost(lost) => Ok(lost.session_had_ended()),
    }
}

/// Changes the user name. The password must be entered again, and stays the same.
pub async fn change_username<S>(
    app: &App<S>,
    practice: &PracticeId,
    token: &str,
    wanted: &str,
    password: &Password,
) -> Result<String, Failure>
where
    S: Accounts + Patients + Practices + Limits + Commit,
{
    let App { context, store } = app;
    let HolderAndPractice { account, session, practice, leading } =
        unrestricted(app, practice, token).await?;
    let own: Vec<&Email> = if account.own_patient().as_ref() == Some(&leading.id) {
        leading.chart.email.iter().collect()
    } else {
        account.email.iter().filter(|_| account.email_verified).collect()
    };
    let username =
        Username::parse_for(wanted, &own).map_err(|fault| Refusal::UsernameRejected(fault.code()))?;
    if username.shown == account.username {
        return Err(Refusal::BadRequest(vec![FieldFault::of("username", "unchanged")]).into());
    }
    let login = confirm(app, &account, &session, password).await?;
    let same = username.name == login.name;
    if !same && store.login(&practice.id, &username.name).await?.is_some() {
        let mut random = [0; 3];
        context.entropy.fill(&mut random);
        return Err(Refusal::UsernameTaken(alternatives(&username, "", random)).into());
    }
    for _ in 0..MAX_ATTEMPTS {
        // The patients' records contain the user name, and other writes may change them.
        let patients = patients_of(store, &account).await?;
        let renamed = |account: &mut Account, _: Session| {
            let mut writes = Vec::new();
            if !same {
                let (practice, name) = (account.practice.clone(), login.name.clone());
                writes.push(Write::FreeUsername { practice, name, account: account.id });
                writes.push(Write::ClaimUsername(Login { name: username.name.clone(), ..login.clone() }));
                // Attempts are counted by user name. Those on the old name say nothing about the new one, and
                // neither do a stranger's on the new name while nobody had it.
                let key = sign_in_key(&account.practice, &username.name, &context.keyring);
                writes.push(Write::ForgetAttempts(key));
                account.attempts_seen = None;
            }
            account.username.clone_from(&username.shown);
            for patient in &patients {
                let mut patient = patient.clone();
                for known in patient.accounts.iter_mut().filter(|known| known.id == account.id) {
                    known.username.clone_from(&username.shown);
                }
                patient_updated(&practice.settings, &mut patient, &mut writes);
            }
            for reach in crate::steps::notice::holder_contacts(account, Some(&leading)) {
                let mail = message(context, &leading, Template::UsernameChanged, reach);
                writes.push(Write::Queue(Message { usernames: vec![username.shown.clone()], ..mail }));
            }
            account_changed(
                context,
                account,
                Action::UsernameChanged,
                By::visitor(),
                Vec::new(),
                &mut writes,
            );
            Ok(writes)
        };
        if try_change(app, &practice.id, token, &renamed).await? {
            return Ok(username.shown);
        }
    }
    Err(Failure::Unavailable)
}

/// Asks for a new e-mail address of the account's holder, and sends a code to it. A patient's own address is
/// on the chart, so only staff can change it.
pub async fn new_email<S>(
    app: &App<S>,
    practice: &PracticeId,
    token: &str,
    email: &Email,
    password: &Password,
) -> Result<(), Failure>
where
    S: Accounts + Patients + Practices + Limits + Commit,
{
    let App { context, store } = app;
    let now = context.now();
    let HolderAndPractice { account, session, practice, leading } =
        unrestricted(app, practice, token).await?;
    if account.own_patient().is_some() {
        return Err(Refusal::Conflict("address_kept_by_office").into());
    }
    if account.email_verified && account.email.as_ref().is_some_and(|now| now.matches(email)) {
        return Err(Refusal::BadRequest(vec![FieldFault::of("email", "unchanged")]).into());
    }
    confirm(app, &account, &session, password).await?;
    let link = address_link(context, &practice, &leading, &account, email)?;
    let counter = Counter::new(OWN_MAIL, &email.reveal().to_lowercase(), now, &context.keyring);
    counter.check(store.raise(&counter, 1).await?, now)?;
    change_account(app, &practice.id, token, |account, _| {
        let mut writes = confirm_address(context, &leading, account, &link);
        account.version += 1;
        writes.push(Write::ChangeAccount(Box::new(account.clone())));
        Ok(writes)
    })
    .await
}

/// The data of the page about the e-mail address.
#[expect(missing_docs, reason = "the names say it")]
pub struct EmailState {
    pub account: Account,
    /// The new address that a code was sent to; `None` if no code can be entered now.
    pub waiting: Option<Email>,
}

/// Reads the data of the page about the e-mail address.
pub async fn email_state<S>(app: &App<S>, practice: &PracticeId, token: &str) -> Result<EmailState, Failure>
where
    S: Accounts + Links,
{
    let App { context, store } = app;
    let Holder { account, .. } = unrestricted_holder(app, practice, token).await?;
    let link = match account.new_email {
        Some(id) => store.link(id).await?,
        None => None,
    };
    let now = context.now();
    let usable = |link: &Link| {
        link.is_pending(now) && link.code.is_some_and(|code| code.at.seconds_until(now) < CODE_SECONDS)
    };
    let waiting = link.filter(usable).and_then(|link| link.email());
    Ok(EmailState { account, waiting })
}

/// Confirms the new address with the code that was sent to it, and returns it. A message about the change
/// goes to the old address.
pub async fn confirm_email<S>(
    app: &App<S>,
    practice: &PracticeId,
    token: &str,
    entered: &str,
) -> Result<Email, Failure>
where
    S: Accounts + Patients + Practices + Links + Commit,
{
    let App { context, store } = app;
    let now = context.now();
    let HolderAndPractice { account, practice, leading, .. } = unrestricted(app, practice, token).await?;
    let id = account.new_email.ok_or(Refusal::CodeRejected)?;
    let CodeTry { link, counted } = store.try_code(id, now).await?.ok_or(Refusal::CodeRejected)?;
    let code =
        link.code.filter(|_| counted && link.purpose == Purpose::Address).ok_or(Refusal::CodeRejected)?;
    if !is_right_code(context, &link, &code, entered) {
        note(&Security::at_link(What::CodeWrong, &link));
        return Err(Refusal::CodeRejected.into());
    }
    let email = link.email().ok_or(Failure::Broken("link"))?;
    change_account(app, &practice.id, token, |account, _| {
        if account.new_email != Some(id) {
            return Err(Refusal::CodeRejected.into());
        }
        let mut writes = vec![Write::CloseLink { id, to: LinkState::Accepted, at: now }];
        let mine = |email: &Email| Listing::Account { email: email.comparable(), account: account.id };
        if let Some(old) = account.email.as_ref().filter(|old| !old.matches(&email)) {
            writes.push(Write::Unlist(practice.id.clone(), mine(old)));
            // Send nothing to an old address that was never verified.
            if account.email_verified {
                let reach =
                    Reach { to: Recipient::Former(Address::from(old.reveal())), channel: Channel::Email };
                writes.push(Write::Queue(message(context, &leading, Template::EmailChanged, reach)));
            }
        }
        writes.push(Write::List(practice.id.clone(), mine(&email)));
        for known in leading.accounts.iter().filter(|known| known.id == account.id) {
            writes.extend(known.reset.map(|id| Write::EndLink { id, to: LinkState::Superseded, at: now }));
        }
        let is_first = !account.email_verified;
        account.email = Some(email.clone());
        account.email_verified = true;
        account.new_email = None;
        // Reset links that were sent to the old address must not work any more, for whichever patient they
        // were made.
        account.anew_at = Some(now);
        // Whoever has an address now can get in again alone. The user name is part of that.
        writes.extend(is_first.then(|| welcome(context, &leading, account)));
        account_changed(context, account, Action::EmailChanged, By::visitor(), Vec::new(), &mut writes);
        Ok(writes)
    })
    .await?;
    Ok(email)
}

/// The valid sessions of a signed-in person, the latest first, and the session that asks.
pub async fn sessions<S>(
    app: &App<S>,
    practice: &PracticeId,
    token: &str,
) -> Result<(Vec<Session>, Holder), Failure>
where
    S: Accounts + Sessions,
{
    let App { context, store } = app;
    let here = unrestricted_holder(app, practice, token).await?;
    let all = store.sessions(here.account.id).await?;
    Ok((live_sessions(&here.account, all, context.now()), here))
}

/// Ends one session of a signed-in person, or all but this one if `which` is `None`.
pub async fn end_sessions<S>(
    app: &App<S>,
    practice: &PracticeId,
    token: &str,
    which: Option<&str>,
) -> Result<(), Failure>
where
    S: Accounts + Sessions + Commit,
{
    let context = &app.context;
    let (all, _) = sessions(app, practice, token).await?;
    let one = match which {
        Some(id) => Some(all.into_iter().find(|session| session.id() == id).ok_or(Refusal::NotFound)?),
        None => None,
    };
    change_account(app, practice, token, |account, mut session| {
        let mut writes = Vec::new();
        if let Some(one) = &one {
            writes.push(Write::EndSession { account: account.id, digest: one.digest.clone() });
        } else {
            account.epoch += 1;
            session.epoch = account.epoch;
            writes.push(Write::KeepSession(session));
        }
        account_changed(context, account, Action::SessionsEnded, By::visitor(), Vec::new(), &mut writes);
        Ok(writes)
    })
    .await
}

/// The data of the account page.
#[expect(missing_docs, reason = "the names say it")]
pub struct Overview {
    pub account: Account,
    /// The session that asks.
    pub session: Session,
    /// The patients that the session gives access to, at most 50.
    pub patients: Vec<Patient>,
}

/// Reads the data of the account page. `None` if the session is not valid.
pub async fn overview<S>(
    app: &App<S>,
    practice: &PracticeId,
    token: &str,
) -> Result<Option<Overview>, Failure>
where
    S: Accounts + Patients,
{
    let store = &app.store;
    let Some(Holder { account, session }) = holder(app, practice, token).await? else {
        return Ok(None);
    };
    let seen: Vec<_> = account
        .grants_for(session.began_at)
        .filter_map(|(id, _)| crate::model::ids::PatientId::parse(id).ok())
        .take(50)
        .collect();
    let charts = store.charts(practice, &seen).await?;
    let patients = charts.into_iter().map(|(patient, _)| patient).collect();
    Ok(Some(Overview { account, session, patients }))
}
