//! Access that changes by itself: tells representatives and staff before a birthday or the end of an authority, and
//! narrows, ends or rests access on the day. See [`crate::model::access_review`] for the rules.
//!
//! The stream schedules the reviews; the planner of `auto-invite` makes those that are due. A review is one
//! transaction that moves its own due instant, so it may be started twice, killed anywhere, or run late.

use futures_util::try_join;

use crate::context::{App, Context};
use crate::model::access_review::{Coming, Step};
use crate::model::account::Account;
use crate::model::attention::Cause;
use crate::model::audit::{Action, Head, Subject};
use crate::model::auto_invite::next_allowed;
use crate::model::chart::{Care, Channel};
use crate::model::grant::{Level, Relationship};
use crate::model::hold::ContactsOfOthers;
use crate::model::ids::{AccountId, Actor, PatientId, PracticeId};
use crate::model::message::{Message, Recipient, Template};
use crate::model::patient::Patient;
use crate::model::practice::Settings;
use crate::model::refusal::{PortError, Refusal};
use crate::ports::{Accounts, Addresses, Chain, Commit, Patients, PracticeList, Practices, Reviews, Write};
use crate::steps::access::{Revoke, revoke_one, set_level_of, suspend_grants};
use crate::steps::api_call::Caller;
use crate::steps::change::{PatientChange, patient_updated};
use crate::steps::invitation::{Wanted, prepare};
use crate::steps::notice::{Reach, message};
use crate::steps::registration::is_of_another;
use crate::steps::retry::{MAX_ATTEMPTS, Written, written_in_background};

/// Most reviews of one practice at once. The next planner makes the others.
const PAGE: usize = 100;

/// Makes the reviews that are due in all practices. Returns how many failed; they stay due.
pub async fn review_access<S>(app: &App<S>) -> Result<u32, PortError>
where
    S: PracticeList + Practices + Reviews + Patients + Addresses + Accounts + Chain + Commit,
{
    let App { context, store } = app;
    let mut failed = 0;
    for practice in store.practices().await? {
        for patient in store.reviews_due(&practice, context.now(), PAGE).await? {
            if review(app, &practice, &patient).await.is_err() {
                failed += 1;
            }
        }
    }
    Ok(failed)
}

/// Reviews one patient's access.
async fn review<S>(app: &App<S>, practice: &PracticeId, id: &PatientId) -> Result<(), PortError>
where
    S: Practices + Reviews + Patients + Addresses + Accounts + Chain + Commit,
{
    let App { context, store } = app;
    let subject = Subject::Patient(id.clone());
    for _ in 0..MAX_ATTEMPTS {
        let now = context.now();
        let Some(known) = store.review(practice, id).await?.filter(|known| known.due_at <= now) else {
            return Ok(());
        };
        let ((patient, care), head, found) = try_join!(
            async {
                let mut charts = store.charts(practice, std::slice::from_ref(id)).await?;
                charts.pop().ok_or(PortError::Broken("patient"))
            },
            store.head(practice, &subject),
            store.practice(practice),
        )?;
        let settings = found.ok_or(PortError::Broken("practice"))?.settings;
        let mut accounts = Vec::new();
        for known in patient.accounts.iter().filter(|known| known.relationship != Relationship::Own) {
            accounts.extend(store.account(known.id).await?);
        }
        let (steps, reviewed) = known.review(&patient, &accounts, &settings, now);
        let own_channels = if steps.contains(&Step::Invite) {
            own_channels(store, &patient, &accounts, &care).await?
        } else {
            Vec::new()
        };
        let mut made = Making {
            context,
            settings: &settings,
            patient,
            head,
            writes: Vec::new(),
            changed: false,
            own_channels,
        };
        for step in &steps {
            made.make(step);
        }
        let next = reviewed.scheduled(&made.patient, &settings);
        let mut writes = made.written();
        writes.push(Write::Review {
            practice: practice.clone(),
            patient: id.clone(),
            from: Some(known.due_at),
            next,
        });
        if let Written::Done = written_in_background(store, &writes).await? {
            return Ok(());
        }
    }
    Err(PortError::Unavailable)
}

/// The writes of a review, as they come together.
struct Making<'a> {
    context: &'a Context,
    settings: &'a Settings,
    patient: Patient,
    head: Head,
    writes: Vec<Write>,
    /// Whether the patient's record has to be written.
    changed: bool,
    /// The channels whose contact on the chart is nobody else's. Empty unless the patient is to be invited.
    own_channels: Vec<Channel>,
}

/// The channels whose contact on the chart is nobody else's, e-mail first.
async fn own_channels<S: Addresses>(
    store: &S,
    patient: &Patient,
    accounts: &[Account],
    care: &Care,
) -> Result<Vec<Channel>, PortError> {
    let representatives: Vec<Account> = accounts
        .iter()
        .filter(|account| account.own_patient().as_ref() != Some(&patient.id))
        .cloned()
        .collect();
    let others = ContactsOfOthers::of(care, &representatives);
    let mut own = Vec::new();
    for channel in [Channel::Email, Channel::Sms] {
        let Some(address) = patient.chart.address(channel) else { continue };
        if !is_of_another(store, patient, &others, address).await? {
            own.push(channel);
        }
    }
    Ok(own)
}

impl Making<'_> {
    fn make(&mut self, step: &Step) {
        let caller = Caller::service(&self.patient.practice);
        let (context, patient) = (self.context, self.patient.clone());
        match step {
            Step::Tell(account, coming, on) => {
                let cause = match coming {
                    Coming::AuthorityEnds => Cause::AuthorityEnds,
                    Coming::Narrows | Coming::Ends | Coming::Rests => Cause::Birthday,
                };
                let told = self.to_representative(*account, Template::AccessWillChange);
                self.writes.push(Write::Queue(Message { coming: Some((*coming, *on)), ..told }));
                self.note(cause);
            }
            Step::Narrow(account) => {
                self.change(set_level_of(context, patient, *account, Level::Limited, &caller));
                let told = self.to_representative(*account, Template::AccessNarrowed);
                self.writes.push(Write::Queue(told));
            }
            Step::End(account) => {
                let command = Revoke::of_representative(&patient.id, *account);
                self.change(revoke_one(context, patient, *account, &command, &caller));
            }
            Step::Rest => {
                self.rest(patient, &caller);
                self.note(Cause::CameOfAge);
            }
            Step::Invite => self.invite(&patient, &caller),
        }
    }

    fn to_representative(&self, account: AccountId, template: Template) -> Message {
        let reach = Reach { to: Recipient::Account(account), channel: Channel::Email };
        message(self.context, &self.patient, template, reach)
    }

    /// Notes the patient for staff, once for each cause.
    fn note(&mut self, cause: Cause) {
        let noted = |write: &Write| matches!(write, Write::Note { cause: noted, .. } if *noted == cause);
        if !self.writes.iter().any(noted) {
            let Patient { practice, id, .. } = &self.patient;
            let (practice, patient) = (practice.clone(), id.clone());
            self.writes.push(Write::Note { practice, patient, cause, at: self.context.now() });
        }
    }

    /// Takes over a change of the patient with its event. A change that is made already is left out.
    fn change(&mut self, change: Result<Option<PatientChange>, Refusal>) {
        if let Ok(Some(PatientChange { patient, writes, entry })) = change {
            let event = entry.after(&self.head, &self.context.keyring);
            self.head = event.head();
            self.patient = patient;
            self.changed = true;
            self.writes.extend(writes);
            self.writes.push(Write::Append(event));
        }
    }

    /// Switches everybody's access off, until staff switch it on again.
    fn rest(&mut self, mut patient: Patient, caller: &Caller) {
        let was = patient.suspension().is_some();
        patient.access_enabled = false;
        let mut writes = Vec::new();
        suspend_grants(self.context, &mut patient, was, &mut writes);
        let detail = vec![("reason", "came_of_age".to_owned())];
        let entry = patient.entry(self.context.now(), caller.by(), Action::AccessDisabled, detail);
        self.change(Ok(Some(PatientChange { patient, writes, entry })));
    }

    /// Invites the patient by e-mail, or by text, on a contact that is nobody else's; else notes them for staff.
    fn invite(&mut self, patient: &Patient, caller: &Caller) {
        let now = self.context.now();
        let pending = patient.invitation.is_some_and(|current| now < current.expires_at);
        if patient.own_account().is_some() || pending {
            return;
        }
        let ready = self.own_channels.iter().find_map(|&channel| {
            // Nobody at a desk sends this text, so it needs the consent and the hours of automatic ones.
            let allowed = channel != Channel::Sms
                || (patient.has_text_consent()
                    && next_allowed(patient, self.settings, channel, now) == Some(now));
            if !allowed {
                return None;
            }
            let (wanted, actor) = (Wanted::by(channel), Actor::auto_invite());
            prepare(self.context, self.settings, patient.clone(), &wanted, caller, &actor).ok()
        });
        match ready {
            Some(mut ready) => {
                ready.chained(self.context, &self.head);
                self.head = ready.patient.head.clone();
                self.patient = ready.patient;
                self.changed = true;
                self.writes.extend(ready.writes);
            }
            None => self.note(Cause::CameOfAge),
        }
    }

    /// All writes, the patient's record included if it changed.
    fn written(mut self) -> Vec<Write> {
        if self.changed {
            self.patient.head = self.head;
            patient_updated(self.settings, &mut self.patient, &mut self.writes);
        }
        self.writes
    }
}
