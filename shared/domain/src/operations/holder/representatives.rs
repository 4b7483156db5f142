//! The representatives of a patient, for the patient: list, invite, change their access, end it.

use crate::context::App;
use crate::model::account::Account;
use crate::model::grant::{GrantState, Level, Relationship};
use crate::model::ids::{AccountId, Actor, LinkId, PatientId, PracticeId};
use crate::model::limit::{Counter, OWN_MAIL, OWN_OFFERS};
use crate::model::link::Link;
use crate::model::message::Template;
use crate::model::password::Password;
use crate::model::patient::{AccountRef, Patient};
use crate::model::refusal::{Failure, Refusal};
use crate::ports::{Accounts, Chain, Commit, History, Limits, Patients, Practices, Write};
use crate::steps::access::{Revoke, require_representative, revoke_one, set_level_of};
use crate::steps::api_call::Caller;
use crate::steps::credentials::{confirm_unless_fresh, is_fresh};
use crate::steps::notice::notify_holder;
use crate::steps::representative::{Offering, offer, take_offer_back, was_just_offered};
use crate::steps::retry::{MAX_ATTEMPTS, Written, written};
use crate::steps::signed_in::{FullAccess, full_access, unrestricted_holder};

/// The patient that the signed-in person is. Refuses with `NotFound` if the person is only a representative.
pub async fn own_patient<S: Accounts>(
    app: &App<S>,
    practice: &PracticeId,
    token: &str,
) -> Result<PatientId, Failure> {
    let here = unrestricted_holder(app, practice, token).await?;
    Ok(here.account.own_patient().ok_or(Refusal::NotFound)?)
}

/// The representatives of a patient, and the pending invitations.
#[expect(missing_docs, reason = "the names say it")]
pub struct Represented {
    pub patient: Patient,
    /// Representatives whose access has not ended.
    pub accounts: Vec<Account>,
    /// Invitations that are still pending.
    pub offers: Vec<Link>,
    /// Whether to invite somebody, or to let somebody see more, needs the password.
    pub needs_password: bool,
}

/// Reads the representatives of a patient, for the patient.
pub async fn representatives<S>(
    app: &App<S>,
    practice: &PracticeId,
    token: &str,
    patient: &PatientId,
) -> Result<Represented, Failure>
where
    S: Accounts + Patients + Practices + Chain + History,
{
    let App { context, store } = app;
    let FullAccess { account, session, patient, .. } = full_access(app, practice, token, patient).await?;
    require_own(&account, &patient)?;
    let there = |known: &&AccountRef| known.ended_by.is_none() && known.relationship != Relationship::Own;
    let ids: Vec<AccountId> = patient.accounts.iter().filter(there).map(|known| known.id).collect();
    let links: Vec<LinkId> = patient.offers.iter().map(|offer| offer.link).collect();
    let (mut offers, accounts) = store.links_and_accounts(&links, &ids).await?;
    let now = context.now();
    offers.retain(|link| link.is_pending(now));
    let needs_password = !is_fresh(&session, now);
    Ok(Represented { patient, accounts, offers, needs_password })
}

/// Refuses unless the account is the patient's own: only the patient decides who else sees their records.
fn require_own(account: &Account, patient: &Patient) -> Result<(), Refusal> {
    let grant = account.grant(&patient.id).filter(|grant| grant.state == GrantState::Active);
    if grant.is_some_and(|grant| grant.relationship == Relationship::Own) {
        Ok(())
    } else {
        Err(Refusal::Forbidden)
    }
}

/// A change that the patient makes to the representatives.
pub enum RepresentativeChange {
    /// Invite a representative.
    Invite(Box<Offering>),
    /// Change how much of the portal a representative can see.
    Level(AccountId, Level),
    /// End a representative's access.
    End(AccountId),
    /// Take the invitation of a representative back.
    TakeBack(LinkId),
}

impl RepresentativeChange {
    /// Whether somebody sees more than before.
    const fn widens_access(&self) -> bool {
        match self {
            Self::Invite(_) | Self::Level(_, Level::Full) => true,
            Self::Level(_, Level::Limited) | Self::End(_) | Self::TakeBack(_) => false,
        }
    }
}

/// Applies a change that the patient makes to the representatives. What lets somebody see more needs the password,
/// unless it was given in the last ten minutes, and is told at every contact on file.
pub async fn change_representatives<S>(
    app: &App<S>,
    practice: &PracticeId,
    token: &str,
    patient: &PatientId,
    act: &RepresentativeChange,
    password: Option<&Password>,
) -> Result<(), Failure>
where
    S: Accounts + Limits + Patients + Practices + Chain + Commit,
{
    let App { context, store } = app;
    let mut confirmed = false;
    for _ in 0..MAX_ATTEMPTS {
        let FullAccess { account, session, patient, head, practice } =
            full_access(app, practice, token, patient).await?;
        require_own(&account, &patient)?;
        if act.widens_access() && !confirmed {
            confirm_unless_fresh(app, &account, &session, password).await?;
            confirmed = true;
        }
        if let RepresentativeChange::Invite(offering) = act
            && was_just_offered(&patient, &practice.settings, offering, account.id, context.now())
        {
            // A second click: the link is on its way.
            return Ok(());
        }
        let told =
            act.widens_access().then(|| notify_holder(context, &account, &patient, Template::AccessWidened));
        let caller = Caller::visitor(&practice.id);
        let mut writes = match act {
            RepresentativeChange::Invite(offering) => {
                let actor = Actor::holder(account.id);
                let mut ready = offer(context, &practice.settings, patient, offering, &caller, &actor)?;
                ready.finish(context, &practice.settings, &head);
                // Limit the messages to one recipient and those of one sender, so that nobody fills a stranger's
                // mailbox or phone.
                if let Some(to) = &ready.link.sent_to {
                    let count = |rule, bucket: &str| {
                        Write::Count(Counter::new(rule, bucket, context.now(), &context.keyring))
                    };
                    ready.writes.push(count(OWN_MAIL, &to.reveal().to_lowercase()));
                    ready.writes.push(count(OWN_OFFERS, &account.id.to_string()));
                }
                ready.writes
            }
            RepresentativeChange::Level(who, level) => {
                let Some(change) = set_level_of(context, patient, *who, *level, &caller)? else {
                    return Ok(());
                };
                change.writes_after(context, &practice.settings, &head)
            }
            RepresentativeChange::TakeBack(invitation) => {
                let change = take_offer_back(context, patient, *invitation, caller.by())?;
                change.writes_after(context, &practice.settings, &head)
            }
            RepresentativeChange::End(who) => {
                let command = Revoke::of_representative(&patient.id, *who);
                require_representative(&patient, *who)?;
                let Some(change) = revoke_one(context, patient, *who, &command, &caller)? else {
                    return Ok(());
                };
                change.writes_after(context, &practice.settings, &head)
            }
        };
        writes.extend(told.into_iter().flatten());
        match written(store, &writes, None).await? {
            Written::Done => return Ok(()),
            Written::Lost(lost) => lost.within_limits(context.now())?,
        }
    }
    Err(Failure::Unavailable)
}
