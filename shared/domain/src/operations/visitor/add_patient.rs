//! Adds a patient to a login that exists, at the end of a link.

use futures_util::join;

use crate::context::{App, Context};
use crate::model::account::Account;
use crate::model::audit::{Action, By, Head, Subject};
use crate::model::browser::Browser;
use crate::model::grant::{Grant, GrantState, Level, Relationship};
use crate::model::ids::PatientId;
use crate::model::link::{Link, Purpose, Role};
use crate::model::message::Template;
use crate::model::password::Password;
use crate::model::patient::{AccountRef, Patient, address_digest};
use crate::model::person::{Email, Phone};
use crate::model::practice::Practice;
use crate::model::refusal::{Failure, FieldFault, Refusal};
use crate::model::session::Session;
use crate::ports::{Accounts, Addresses, Chain, Commit, Limits, Links, Patients, Practices, Write};
use crate::steps::change::{account_changed, patient_changed};
use crate::steps::credentials::{Authenticated, PresentedCredentials, authenticate};
use crate::steps::merge::{survivor_of, take_off};
use crate::steps::notice::{notice_channel, notify_holder, to_patient};
use crate::steps::public_post::rate_limited_link;
use crate::steps::registration::{
    Registered, RegistrationOutcome, RegistrationPlan, SentAgain, accepted_just_now, guardian_hold,
    must_wait, self_declared_level, ticket_digest, used_up,
};
use crate::steps::retry::{MAX_ATTEMPTS, Written, written};

/// Digests of an account's own addresses.
fn addresses_of(account: &Account) -> Vec<String> {
    let email = account.email.as_ref().map(Email::reveal);
    let phone = account.mobile_phone.as_ref().and_then(Phone::dialable);
    email.into_iter().chain(phone).map(address_digest).collect()
}

/// Patients that one login may see.
const PATIENTS: usize = 20;

/// To add a patient to a login that exists.
pub struct AddPatient {
    /// The ticket.
    pub ticket: String,
    /// The user name.
    pub username: String,
    /// The password.
    pub password: Password,
    /// What the holder is to the patient, where they are not the patient.
    pub relationship: Option<Relationship>,
    /// The cookie of a browser that signed in before.
    pub browser: Option<String>,
    /// The browser's family, if it is one that we know.
    pub family: Option<Browser>,
}

fn sent_again(command: &AddPatient) -> SentAgain<'_> {
    SentAgain {
        ticket: &command.ticket,
        username: Some(&command.username),
        password: &command.password,
        family: command.family.as_ref(),
    }
}

/// Adds the patient of a link to a login of the same practice, whose holder shows user name and password.
pub async fn add_patient<S>(
    app: &App<S>,
    peer: &str,
    token: &str,
    command: &AddPatient,
) -> Result<RegistrationOutcome, Failure>
where
    S: Limits + Links + Patients + Addresses + Practices + Accounts + Chain + Commit,
{
    let App { context, store } = app;
    let now = context.now();
    let link = rate_limited_link(app, peer, token, Purpose::Invitation).await?;
    let link = link.filter(|link| link.account.is_none()).ok_or(Refusal::LinkUnavailable)?;
    let Some(role) = link.honours(&command.ticket, now).map(|ticket| ticket.role) else {
        let done = accepted_just_now(app, &link, sent_again(command)).await?;
        return done.ok_or_else(|| Refusal::LinkUnavailable.into());
    };
    let practice = store.practice(&link.practice).await?.ok_or(Failure::Broken("practice"))?;
    let invited = link.invitee.as_ref().map(|who| who.relationship);
    let relationship = match role {
        Role::Patient => Relationship::Own,
        Role::Representative => {
            let stated = invited.or(command.relationship).filter(|stated| *stated != Relationship::Own);
            stated.ok_or_else(|| Refusal::BadRequest(vec![FieldFault::of("relationship", "required")]))?
        }
    };
    // The practice is the link's: a login of another one is as if it did not exist.
    let presented = PresentedCredentials {
        practice: &link.practice,
        username: &command.username,
        password: &command.password,
        browser: command.browser.as_deref(),
    };
    let Authenticated { mut account, browser, .. } = authenticate(app, peer, &presented).await?;
    let attempts = account.attempts_seen;
    if account.must_change_password() {
        return Err(Refusal::Conflict("must_change_password").into());
    }
    for _ in 0..MAX_ATTEMPTS {
        let subject = Subject::Patient(link.patient.clone());
        let (patient, head) =
            join!(store.patient(&link.practice, &link.patient), store.head(&link.practice, &subject));
        let patient =
            patient?.filter(|patient| patient.suspension().is_none() && patient.invites_by(link.id));
        let patient = patient.ok_or(Refusal::LinkUnavailable)?;
        let other =
            account.own_patient().filter(|own| relationship == Relationship::Own && *own != link.patient);
        let merged = match other {
            None => None,
            Some(other) => Some(merged_into(store, &link, &other).await?),
        };
        // Somebody who already has another relationship to this patient keeps it, and the link stays usable.
        let is_other = |grant: &Grant| grant.state != GrantState::Ended && grant.relationship != relationship;
        if account.grant(&link.patient).is_some_and(is_other) {
            return Err(Refusal::Conflict("already_linked").into());
        }
        if account.grants.len() >= PATIENTS {
            return Err(Refusal::Conflict("too_many_patients").into());
        }
        let waits = must_wait(app, &practice, &patient, &link, role).await?;
        account.attempts_seen = attempts;
        let plan = plan_added_patient(
            context,
            &link,
            &practice,
            patient,
            account,
            command,
            relationship,
            &head?,
            waits,
            merged,
        );
        match written(store, &plan.writes, None).await? {
            Written::Done => {
                let outcome = match plan.session {
                    None => RegistrationOutcome::Held(Box::new(practice)),
                    Some((session, token)) => RegistrationOutcome::SignedIn(Box::new(Registered {
                        account: plan.account,
                        session,
                        token,
                        practice,
                        browser: Some(browser),
                    })),
                };
                return Ok(outcome);
            }
            Written::Lost(_) => {
                let (again, theirs) = join!(store.link(link.id), store.account(plan.account.id));
                let again = again?.ok_or(Refusal::LinkUnavailable)?;
                if again.honours(&command.ticket, now).is_none() {
                    if let Some(done) = accepted_just_now(app, &again, sent_again(command)).await? {
                        return Ok(done);
                    }
                    return Err(Refusal::LinkUnavailable.into());
                }
                account = theirs?
                    .filter(|theirs| theirs.epoch == plan.account.epoch)
                    .ok_or(Refusal::SignInFailed)?;
            }
        }
    }
    Err(Failure::Unavailable)
}

/// The chart whose own login this is, with the end of its chain, if it was merged into the link's. Otherwise a person has
/// one login of their own for each chart.
async fn merged_into<S: Patients + Chain>(
    store: &S,
    link: &Link,
    other: &PatientId,
) -> Result<(Patient, Head), Failure> {
    let subject = Subject::Patient(other.clone());
    let (patient, head) = join!(store.patient(&link.practice, other), store.head(&link.practice, &subject));
    let refused = || Refusal::Conflict("already_own");
    let patient = patient?.ok_or_else(refused)?;
    let into = survivor_of(store, &patient).await?;
    into.filter(|into| into.id == link.patient).ok_or_else(refused)?;
    Ok((patient, head?))
}

#[expect(clippy::too_many_arguments, reason = "one call site; a struct would name each thing twice")]
fn plan_added_patient(
    context: &Context,
    link: &Link,
    practice: &Practice,
    mut patient: Patient,
    mut account: Account,
    command: &AddPatient,
    relationship: Relationship,
    head: &Head,
    waits: bool,
    merged: Option<(Patient, Head)>,
) -> RegistrationPlan {
    let now = context.now();
    let mut writes = Vec::new();
    let moved_from = merged.as_ref().map(|(from, _)| from.id.to_string());
    if let Some((mut from, end)) = merged {
        take_off(context, &mut account, &mut from, &mut writes);
        let detail = vec![("account_ids", account.id.to_string()), ("to", patient.id.to_string())];
        let left = from.entry(now, By::visitor(), Action::AccountMoved, detail);
        patient_changed(context, &practice.settings, &mut from, &end, left, &mut writes);
    }
    let kept = account.grant(&patient.id).filter(|grant| grant.state != GrantState::Ended);
    let invited = link.invitee.as_ref();
    let kept_authority = || kept.and_then(|grant| grant.authority.clone());
    let authority = invited.and_then(|who| who.authority.clone()).or_else(kept_authority);
    let until = authority.as_ref().and_then(|authority| authority.until);
    let new_level = match relationship {
        Relationship::Own => Level::Full,
        _ => invited.map_or_else(|| self_declared_level(context, practice, &patient), |who| who.level),
    };
    let grant = Grant {
        relationship,
        level: kept.map_or(new_level, |grant| grant.level),
        state: if waits { GrantState::Held } else { GrantState::Active },
        since: now,
        ended_by: None,
        authority,
    };
    account.grants.insert(patient.id.to_string(), grant);
    let action = if waits { Action::RegistrationHeld } else { Action::AccountRegistered };
    let detail = |with: &'static str, value: String| {
        vec![
            ("invitation_id", link.id.to_string()),
            ("relationship", relationship.as_str().to_owned()),
            (with, value),
        ]
        .into_iter()
        .chain(moved_from.clone().map(|from| ("from", from)))
        .collect::<Vec<_>>()
    };
    let entry = patient.entry(now, By::visitor(), action, detail("account_id", account.id.to_string()));
    let ticket = ticket_digest(link);
    writes.push(Write::AcceptLink { id: link.id, ticket, at: now });
    let known = patient.accounts.iter().position(|known| known.id == account.id);
    // Keep the id of a pending reset link, so that a revocation can end it.
    let reset = known.and_then(|place| patient.accounts.remove(place).reset);
    patient.accounts.push(AccountRef {
        id: account.id,
        username: account.username.clone(),
        relationship,
        ended_by: None,
        held: waits,
        addresses: addresses_of(&account),
        reset,
        until,
    });
    used_up(&mut patient, link);
    patient.registered_at = patient.registered_at.or(Some(now));
    let session = (!waits).then(|| Session::begin(&account, command.family.clone(), now, &*context.entropy));
    if session.is_some() {
        patient.last_login_at = Some(now);
        account.last_login_at = Some(now);
    }
    if waits {
        writes.push(Write::Hold(guardian_hold(link, &patient, account.id, now)));
    } else {
        writes.extend(notify_holder(context, &account, &patient, Template::AccountAdded));
        let charted = notice_channel(&patient).filter(|_| relationship != Relationship::Own);
        writes.extend(
            charted.map(|channel| {
                Write::Queue(to_patient(context, &patient, Template::Registered, channel, None))
            }),
        );
    }
    let detail = detail("patient_id", patient.id.to_string());
    account_changed(context, &mut account, action, By::visitor(), detail, &mut writes);
    writes.extend(session.iter().map(|(session, _)| Write::OpenSession(session.clone())));
    patient_changed(context, &practice.settings, &mut patient, head, entry, &mut writes);
    RegistrationPlan { writes, alternatives: Vec::new(), account, session }
}
