//! Moves the logins of a merged chart to the chart that it was merged into.

use futures_util::join;

use crate::context::App;
use crate::model::audit::{Action, Subject};
use crate::model::ids::{AccountId, PatientId, PracticeId};
use crate::model::message::Template;
use crate::model::practice::Scope;
use crate::model::refusal::{Failure, Refusal};
use crate::ports::{Accounts, AlsoRead, ApiCalls, Chain, Commit, Limits, Once, Patients, Practices, Write};
use crate::steps::api_call::{ApiCall, authorize, earlier_use};
use crate::steps::change::{account_changed, patient_changed};
use crate::steps::merge::{move_account, survivor_of};
use crate::steps::notice::notify_holder;
use crate::steps::retry::{MAX_ATTEMPTS, Written, written};

/// Most logins that move in one call, since each needs several of the hundred writes of a transaction.
const TOGETHER: usize = 15;

/// What became of the logins of a merged chart.
#[expect(missing_docs, reason = "the names say it")]
pub struct MergedLogins {
    pub practice: PracticeId,
    /// The chart that the other one was merged into.
    pub to: PatientId,
    pub moved: Vec<AccountId>,
    /// Those that open nothing more: the patient has another login there, or access there was taken away.
    pub stayed: Vec<AccountId>,
}

/// Moves the logins of a merged chart, in one transaction with an event on both charts and on each account. Their
/// holders are told, and sign in again. Refuses while access to the other chart is revoked: a move gives no access back.
pub async fn move_accounts<S>(app: &App<S>, call: &ApiCall, id: &PatientId) -> Result<MergedLogins, Failure>
where
    S: ApiCalls + Limits + Practices + Patients + Accounts + Chain + Commit,
{
    let App { context, store } = app;
    let once = call.once_key(context);
    let along = AlsoRead { patient: Some(id), once: once.as_ref(), ..AlsoRead::default() };
    for _ in 0..MAX_ATTEMPTS {
        let (caller, opened) = authorize(app, call, &[Scope::Accounts], along).await?;
        caller.actor()?;
        let again = earlier_use(opened.once, once.as_ref(), context.now())?.is_some();
        let mut from = opened.patient.ok_or(Refusal::NotFound)?;
        let mut to = survivor_of(store, &from).await?.ok_or(Refusal::NotFound)?;
        let live: Vec<AccountId> = from.live_accounts().map(|known| known.id).collect();
        let practice = caller.practice.clone();
        let mut outcome =
            MergedLogins { practice: practice.clone(), to: to.id.clone(), moved: vec![], stayed: vec![] };
        if again || live.is_empty() {
            outcome.stayed = live;
            return Ok(outcome);
        }
        if to.revocation.is_some() {
            return Err(Refusal::Conflict("access_revoked").into());
        }
        let settings = store.practice(&practice).await?.ok_or(Failure::Broken("practice"))?.settings;
        let (from_subject, to_subject) = (Subject::Patient(from.id.clone()), Subject::Patient(to.id.clone()));
        let heads = join!(store.head(&practice, &from_subject), store.head(&practice, &to_subject));
        let mut writes = Vec::new();
        for known in live {
            let account = if outcome.moved.len() < TOGETHER { store.account(known).await? } else { None };
            let Some(mut account) = account else {
                outcome.stayed.push(known);
                continue;
            };
            if !move_account(context, &mut account, &mut from, &mut to, &mut writes) {
                outcome.stayed.push(known);
                continue;
            }
            outcome.moved.push(known);
            let detail = vec![("from", from.id.to_string()), ("patient_id", to.id.to_string())];
            writes.extend(notify_holder(context, &account, &to, Template::AccountAdded));
            account_changed(context, &mut account, Action::AccountMoved, caller.by(), detail, &mut writes);
        }
        if outcome.moved.is_empty() {
            return Ok(outcome);
        }
        to.note_merged(&from.id);
        let moved = outcome.moved.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ");
        let detail =
            |name, other: &PatientId| vec![("account_ids", moved.clone()), (name, other.to_string())];
        let now = context.now();
        let left = from.entry(now, caller.by(), Action::AccountMoved, detail("to", &to.id));
        let came = to.entry(now, caller.by(), Action::AccountMoved, detail("from", &from.id));
        patient_changed(context, &settings, &mut from, &heads.0?, left, &mut writes);
        patient_changed(context, &settings, &mut to, &heads.1?, came, &mut writes);
        if let Some(key) = once.clone() {
            writes.push(Write::Once(Once::new(key, &id.to_string(), now)));
        }
        if let Written::Done = written(store, &writes, once.as_ref()).await? {
            return Ok(outcome);
        }
    }
    Err(Failure::Unavailable)
}
