//! One patient of a batch of invitations: what would be done, and doing it.

use futures_util::join;

use crate::context::App;
use crate::model::audit::Subject;
use crate::model::auto_invite::{Skip, next_text_hour};
use crate::model::batch::{Batch, BatchChannel, BatchOutcome, BatchResult, BatchTask, Include};
use crate::model::chart::Channel;
use crate::model::ids::{LinkId, PatientId};
use crate::model::patient::Patient;
use crate::model::practice::{PresentedKey, Scope, Settings};
use crate::model::refusal::{Failure, PortError, Refusal};
use crate::ports::{AlsoRead, ApiCalls, Chain, Commit, Enqueue, Once, Practices, Record, Write};
use crate::steps::api_call::{ApiCall, authorize_again, earlier_use};
use crate::steps::invitation::{Wanted, prepare};
use crate::steps::retry::{MAX_ATTEMPTS, Written, written};
use crate::time::Timestamp;

/// Tells a worker to go on with a batch.
pub(crate) async fn tell<Q: Enqueue>(queue: &Q, batch: &Batch) -> Result<(), PortError> {
    let task = BatchTask { practice: batch.practice.clone(), batch: batch.id };
    let task = serde_json::to_string(&task).map_err(|_| PortError::Broken("task"))?;
    queue.send(&task).await
}

/// Invites some patients of a batch, one after the other. Returns their results, and whether the right to invite ended:
/// then the patients behind have none.
pub(crate) async fn invite_some<S>(
    app: &App<S>,
    batch: &Batch,
    name: &str,
    patients: &[PatientId],
) -> (Vec<BatchResult>, bool)
where
    S: ApiCalls + Practices + Chain + Commit,
{
    let mut results = Vec::new();
    for patient in patients {
        match invite_one(app, batch, name, patient).await {
            Ok(result) => results.push(result),
            Err(Failure::Refused(Refusal::Unauthorized | Refusal::Forbidden)) => return (results, true),
            Err(Failure::Unavailable | Failure::Broken(_) | Failure::Refused(_)) => {
                results.push(failed(patient));
            }
        }
    }
    (results, false)
}

/// The result for a patient who could not be tried.
fn failed(patient: &PatientId) -> BatchResult {
    result_of(patient, None, BatchOutcome::Failed, vec!["try_again".to_owned()])
}

/// A result for a patient.
pub(crate) fn result_of(
    id: &PatientId,
    patient: Option<&Patient>,
    outcome: BatchOutcome,
    reasons: Vec<String>,
) -> BatchResult {
    let name = |name: fn(&Patient) -> &str| patient.map(name).unwrap_or_default().to_owned();
    BatchResult {
        patient: id.clone(),
        given_name: name(|patient| patient.chart.given_name.reveal()),
        family_name: name(|patient| patient.chart.family_name.reveal()),
        outcome,
        invitation: None,
        not_before: None,
        reasons,
    }
}

/// What a batch would do for a patient: the channel and the outcome, or the reasons against it.
pub(crate) fn foresee(
    patient: &Patient,
    command: (BatchChannel, &[Include]),
    settings: &Settings,
    now: Timestamp,
) -> Result<(Channel, BatchOutcome), Vec<String>> {
    let (channel, include) = command;
    let code = |code: &str| Err(vec![code.to_owned()]);
    let has_link =
        patient.invitation.is_some_and(|current| now < current.expires_at && !current.progress.locked);
    if patient.revocation.is_some() {
        // Whoever was invited again by hand already is not restored a second time.
        return code(if has_link { "pending" } else { "access_revoked" });
    }
    let outcome = if patient.own_account().is_some() {
        if !include.contains(&Include::Reset) {
            return code("already_registered");
        }
        BatchOutcome::ResetSent
    } else if patient.accounts.iter().any(|known| known.held) {
        return code("guardian_contact_conflict");
    } else if has_link {
        BatchOutcome::Renewed
    } else {
        BatchOutcome::Invited
    };
    let by_mail = patient.refusals(Channel::Email, settings);
    let by_text = patient.refusals(Channel::Sms, settings);
    let (channel, reasons) = match channel {
        BatchChannel::Email => (Channel::Email, by_mail),
        BatchChannel::Sms => (Channel::Sms, by_text),
        BatchChannel::EmailThenSms if by_mail.is_empty() => (Channel::Email, by_mail),
        BatchChannel::EmailThenSms if by_text.is_empty() => (Channel::Sms, by_text),
        // Neither way is open: both say why.
        BatchChannel::EmailThenSms => {
            let more = by_text.iter().filter(|reason| !by_mail.contains(reason));
            (Channel::Email, by_mail.iter().chain(more).copied().collect())
        }
    };
    if !reasons.is_empty() {
        // A link that came back works for nobody, so this comes before the link that waits.
        Err(reasons.iter().map(|reason| reason.code().to_owned()).collect())
    } else if outcome == BatchOutcome::Renewed && !include.contains(&Include::Renew) {
        code("pending")
    } else {
        Ok((channel, outcome))
    }
}

/// Until when the text of a batch waits: nobody looks at the clock of each patient of many.
pub(crate) fn waits_until(
    patient: &Patient,
    channel: Channel,
    outcome: BatchOutcome,
    settings: &Settings,
    now: Timestamp,
) -> Result<Option<Timestamp>, &'static str> {
    if !keeps_text_hours(channel, outcome) {
        return Ok(None);
    }
    let allowed = next_text_hour(patient, settings, now).ok_or(Skip::NoCommonHours.code())?;
    Ok((allowed > now).then_some(allowed))
}

/// Whether a message of a batch keeps to the hours for texts. A link for a new password works for an hour, so it never
/// waits.
fn keeps_text_hours(channel: Channel, outcome: BatchOutcome) -> bool {
    channel == Channel::Sms && outcome != BatchOutcome::ResetSent
}

/// Invites one patient of a batch. Refuses if the right to invite has ended meanwhile.
async fn invite_one<S>(
    app: &App<S>,
    batch: &Batch,
    name: &str,
    id: &PatientId,
) -> Result<BatchResult, Failure>
where
    S: ApiCalls + Practices + Chain + Commit,
{
    let App { context, store } = app;
    let call = ApiCall {
        key: PresentedKey {
            claimed: batch.practice.clone(),
            digest: batch.key.clone(),
            session: batch.session.clone(),
        },
        actor: Some(batch.actor.clone()),
        idempotency_key: None,
    };
    let once = ApiCall::once_key_of(name, id);
    let along = AlsoRead { patient: Some(id), once: Some(&once), ..AlsoRead::default() };
    let subject = Subject::Patient(id.clone());
    for _ in 0..MAX_ATTEMPTS {
        let (opened, head) = join!(
            authorize_again(app, &call, &[Scope::Invite], along),
            store.head(&batch.practice, &subject)
        );
        let (caller, opened) = opened?;
        let Some(patient) = opened.patient else {
            return Ok(result_of(id, None, BatchOutcome::Skipped, vec!["not_found".to_owned()]));
        };
        let practice = store.practice(&batch.practice).await?.ok_or(Failure::Broken("practice"))?;
        let settings = &practice.settings;
        if let Some(made) = earlier_use(opened.once, Some(&once), context.now())? {
            let invitation = LinkId::parse(&made).ok();
            let result = result_of(id, Some(&patient), BatchOutcome::Invited, Vec::new());
            return Ok(BatchResult { invitation, ..result });
        }
        let (channel, outcome) =
            match foresee(&patient, (batch.channel, &batch.include), settings, context.now()) {
                Ok(foreseen) => foreseen,
                Err(reasons) => return Ok(result_of(id, Some(&patient), BatchOutcome::Skipped, reasons)),
            };
        let known = patient.clone();
        let not_before = match waits_until(&known, channel, outcome, settings, context.now()) {
            Ok(not_before) => not_before,
            Err(reason) => {
                return Ok(result_of(id, Some(&known), BatchOutcome::Skipped, vec![reason.to_owned()]));
            }
        };
        let in_text_hours = keeps_text_hours(channel, outcome);
        let wanted = Wanted { not_before, in_text_hours, ..Wanted::by(channel) };
        let ready = prepare(context, settings, patient, &wanted, &caller, &batch.actor);
        let mut ready = match ready {
            Ok(ready) => ready,
            Err(Refusal::NotEligible(reasons)) => {
                let reasons = reasons.iter().map(|reason| reason.code().to_owned()).collect();
                return Ok(result_of(id, Some(&known), BatchOutcome::Skipped, reasons));
            }
            Err(Refusal::Conflict(why)) => {
                return Ok(result_of(id, Some(&known), BatchOutcome::Skipped, vec![why.to_owned()]));
            }
            Err(refusal) => return Err(refusal.into()),
        };
        ready.finish(context, settings, &head?);
        ready.writes.push(Write::Once(Once::new(once.clone(), &ready.link.id.to_string(), context.now())));
        match written(store, &ready.writes, None).await? {
            Written::Done => {
                let result = result_of(id, Some(&known), outcome, Vec::new());
                return Ok(BatchResult { invitation: Some(ready.link.id), not_before, ..result });
            }
            Written::Lost(lost) if lost.contains(Record::Limit) => {
                let reasons = vec!["too_many_requests".to_owned()];
                return Ok(result_of(id, Some(&known), BatchOutcome::Failed, reasons));
            }
            Written::Lost(_) => {}
        }
    }
    Err(Failure::Unavailable)
}
