//! What signed-in people change about their own account: password, user name, e-mail address, sessions.

use crate::context::App;
use crate::model::account::{Account, Login, TERMS_VERSION, Terms};
use crate::model::audit::{Action, By};
use crate::model::chart::Channel;
use crate::model::ids::{Actor, ClientId, PracticeId};
use crate::model::limit::{Counter, OWN_MAIL, sign_in_key};
use crate::model::link::{CODE_SECONDS, Kind, Link, LinkState, Purpose, Target};
use crate::model::message::{Message, Recipient, Template};
use crate::model::password::Password;
use crate::model::patient::Patient;
use crate::model::person::{Address, Email};
use crate::model::practice::Practice;
use crate::model::refusal::{Failure, FieldFault, Refusal};
use crate::model::session::Session;
use crate::model::username::{Username, alternatives};
use crate::ports::{Accounts, CodeTry, Commit, Limits, Links, Listing, Patients, Practices, Sessions, Write};
use crate::steps::change::{account_changed, patient_updated};
use crate::steps::credentials::{check_password, confirm, end_all_access, own_words};
use crate::steps::invitation::RESET_MINUTES;
use crate::steps::notice::{Reach, message, notify_holder};
use crate::steps::one_time_code::{is_right_code, next_code};
use crate::steps::retry::{DECISIONS, Written, written};
use crate::steps::signed_in::{Holder, holder, patients_of};

/// A person at their account page.
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

/// The same, for whatever a temporary password does not open.
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

/// To change the password.
pub struct ChangePassword {
    /// The one there is.
    pub old: Password,
    /// The one to be.
    pub new: Password,
    /// Whether the terms were accepted: needed once, by whom staff registered.
    pub accept_terms: bool,
}

/// Changes the password. Every other session is over; this one goes on.
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
    let HolderAndPractice { account, practice, leading, .. } =
        holder_and_practice(app, practice, token).await?;
    if account.terms.is_none() && !command.accept_terms {
        return Err(Refusal::BadRequest(vec![FieldFault::of("accept_terms", "required")]).into());
    }
    let login = confirm(app, &account, &command.old).await?;
    check_password(&command.new, &practice, &login.name, &leading.chart, own_words(&account))?;
    if login.password.matches(&command.new, &context.keyring) {
        return Err(Refusal::BadRequest(vec![FieldFault::of("new_password", "unchanged")]).into());
    }
    let password = command.new.hash(&context.keyring, &*context.entropy);
    change_account(app, &practice.id, token, |account, mut session| {
        let mut writes = vec![Write::SetPassword(Login { password: password.clone(), ..login.clone() })];
        // What counted before counts for nobody any more, successes least of all.
        writes.push(Write::ForgetAttempts(sign_in_key(&login.practice, &login.name, &context.keyring)));
        writes.extend(end_all_access(account, now));
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

/// Decides on the account as it is now, and writes; again, if something else was written meanwhile and the session still holds.
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
    for _ in 0..DECISIONS {
        if try_change(app, practice, token, &decide).await? {
            return Ok(());
        }
    }
    Err(Failure::Unavailable)
}

/// One try of that: whether it was written.
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
        Written::Lost(lost) if lost.claim() => Err(Refusal::UsernameTaken(Vec::new()).into()),
        // A session that somebody else ended at this moment is over, as was wanted.
        Written::Lost(lost) => Ok(lost.ended_session()),
    }
}

/// Changes the user name; the password, shown once more, stays.
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
    let HolderAndPractice { account, practice, leading, .. } = unrestricted(app, practice, token).await?;
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
    let login = confirm(app, &account, password).await?;
    let same = username.name == login.name;
    if !same && store.login(&practice.id, &username.name).await?.is_some() {
        let mut random = [0; 3];
        context.entropy.fill(&mut random);
        return Err(Refusal::UsernameTaken(alternatives(&username, "", random)).into());
    }
    for _ in 0..DECISIONS {
        // Their records name the account, and move on their own.
        let patients = patients_of(store, &account).await?;
        let renamed = |account: &mut Account, _: Session| {
            let mut writes = Vec::new();
            if !same {
                let (practice, name) = (account.practice.clone(), login.name.clone());
                writes.push(Write::FreeUsername { practice, name, account: account.id });
                writes.push(Write::ClaimUsername(Login { name: username.name.clone(), ..login.clone() }));
                // Attempts are counted by name: those on the old one say nothing of this one, nor do a stranger's on it
                // while it was nobody's.
                let key = sign_in_key(&account.practice, &username.name, &context.keyring);
                writes.push(Write::ForgetAttempts(key));
                account.attempts_seen = 0;
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

/// Asks for a new e-mail address of the account's holder: a code goes to it. Of a patient, the office keeps the address.
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
    let HolderAndPractice { account, practice, leading, .. } = unrestricted(app, practice, token).await?;
    if account.own_patient().is_some() {
        return Err(Refusal::Conflict("address_kept_by_office").into());
    }
    if account.email_verified && account.email.as_ref().is_some_and(|now| now.matches(email)) {
        return Err(Refusal::BadRequest(vec![FieldFault::of("email", "unchanged")]).into());
    }
    confirm(app, &account, password).await?;
    let target = Target {
        practice: practice.id.clone(),
        patient: leading.id.clone(),
        account: Some(account.id),
        channel: Channel::Email,
        sent_to: Some(Address::from(email.reveal())),
        client: ClientId::visitor(),
        actor: Actor::holder(account.id),
    };
    let expires_at = now.plus_seconds(RESET_MINUTES * 60);
    let mut link = Link::new(context, Purpose::Address, Kind::Address, target, expires_at);
    let code = next_code(context, &link, Channel::Email, practice.settings.code_digits)?;
    link.code = Some(code);
    link.codes = code.number;
    let counter = Counter::new(OWN_MAIL, &email.reveal().to_lowercase(), now, &context.keyring);
    counter.check(store.raise(&counter, 1).await?, now)?;
    change_account(app, &practice.id, token, |account, _| {
        let mut writes = vec![Write::CreateLink(Box::new(link.clone()))];
        let older = account.new_email.replace(link.id);
        writes.extend(older.map(|id| Write::EndLink { id, to: LinkState::Superseded, at: now }));
        account.version += 1;
        writes.push(Write::ChangeAccount(Box::new(account.clone())));
        let reach = Reach { to: Recipient::Link, channel: Channel::Email };
        let mail = message(context, &leading, Template::Code, reach);
        writes.push(Write::Queue(Message { link: Some(link.id), code: Some(code.number), ..mail }));
        Ok(writes)
    })
    .await
}

/// What the page about the e-mail address shows.
pub struct EmailStanding {
    /// The account.
    pub account: Account,
    /// The new address that a code is on its way to, while the code can be entered.
    pub waiting: Option<Email>,
}

/// Reads what the page about the e-mail address shows.
pub async fn email_standing<S>(
    app: &App<S>,
    practice: &PracticeId,
    token: &str,
) -> Result<EmailStanding, Failure>
where
    S: Accounts + Links,
{
    let App { context, store } = app;
    let Holder { account, session } = holder(app, practice, token).await?.ok_or(Refusal::Unauthorized)?;
    if session.restricted {
        return Err(Refusal::Forbidden.into());
    }
    let link = match account.new_email {
        Some(id) => store.link(id).await?,
        None => None,
    };
    let now = context.now();
    let usable = |link: &Link| {
        link.is_pending(now) && link.code.is_some_and(|code| code.at.seconds_until(now) < CODE_SECONDS)
    };
    let waiting = link
        .filter(usable)
        .and_then(|link| link.sent_to.as_ref().map(Address::reveal).and_then(|to| Email::parse(to).ok()));
    Ok(EmailStanding { account, waiting })
}

/// Confirms the new address by the code that reached it; the old one is told. The new one.
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
        return Err(Refusal::CodeRejected.into());
    }
    let email = link
        .sent_to
        .as_ref()
        .map(Address::reveal)
        .and_then(|to| Email::parse(to).ok())
        .ok_or(Failure::Broken("link"))?;
    change_account(app, &practice.id, token, |account, _| {
        if account.new_email != Some(id) {
            return Err(Refusal::CodeRejected.into());
        }
        let mut writes = vec![Write::CloseLink { id, to: LinkState::Accepted, at: now }];
        let mine = |email: &Email| Listing::Account { email: email.comparable(), account: account.id };
        if let Some(old) = account.email.as_ref().filter(|old| !old.matches(&email)) {
            writes.push(Write::Unlist(practice.id.clone(), mine(old)));
            // An address that nobody was ever reached at is told nothing.
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
        account.email = Some(email.clone());
        account.email_verified = true;
        account.new_email = None;
        // A reset link that went to the old address opens nothing any more, whichever patient it was kept under.
        account.anew_at = Some(now);
        account_changed(context, account, Action::EmailChanged, By::visitor(), Vec::new(), &mut writes);
        Ok(writes)
    })
    .await?;
    Ok(email)
}

/// The sessions of a signed-in person that still hold, the latest first, and which of them this is.
pub async fn sessions<S>(
    app: &App<S>,
    practice: &PracticeId,
    token: &str,
) -> Result<(Vec<Session>, Holder), Failure>
where
    S: Accounts + Sessions,
{
    let App { context, store } = app;
    let here = holder(app, practice, token).await?.ok_or(Refusal::Unauthorized)?;
    if here.session.restricted {
        return Err(Refusal::Forbidden.into());
    }
    let now = context.now();
    let mut all = store.sessions(here.account.id).await?;
    all.retain(|session| session.is_live(now) && session.is_of(&here.account));
    all.sort_by_key(|session| std::cmp::Reverse(session.began_at));
    Ok((all, here))
}

/// Ends one session of a signed-in person, or all but this one.
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

/// What the account page shows.
pub struct Overview {
    /// The account.
    pub account: Account,
    /// This session.
    pub session: Session,
    /// The patients whom it sees.
    pub patients: Vec<Patient>,
}

/// Reads what the account page shows.
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
