//! Goes on with large batches of invitations, page by page.

use crate::context::App;
use crate::model::batch::{BatchState, BatchTask};
use crate::model::refusal::PortError;
use crate::ports::{ApiCalls, Batches, Chain, Commit, Enqueue, Practices, Write};
use crate::steps::batch::{invite_some, tell};
use crate::steps::retry::{MAX_ATTEMPTS, Written, written_in_background};

/// Patients that a worker invites before it saves the results.
const PAGE: usize = 50;

/// Goes on with a large batch: invites the next patients, saves their results, and queues the rest. A message that
/// comes twice does nothing twice.
pub async fn go_on<S, Q>(app: &App<S>, queue: &Q, task: &BatchTask) -> Result<(), PortError>
where
    S: ApiCalls + Practices + Batches + Chain + Commit,
    Q: Enqueue,
{
    let store = &app.store;
    let Some(batch) = store.batch_of(&task.practice, task.batch).await? else { return Ok(()) };
    if batch.state != BatchState::Running {
        return Ok(());
    }
    let done = batch.results.len();
    let name = batch.id.to_string();
    let mut next = batch.clone();
    let left = batch.patients.get(done..).unwrap_or_default();
    let (results, is_withdrawn) = invite_some(app, &batch, &name, left.get(..PAGE).unwrap_or(left)).await;
    next.results.extend(results);
    if is_withdrawn {
        next.state = BatchState::Withdrawn;
    }
    if next.results.len() == next.patients.len() {
        next.state = BatchState::Done;
    }
    for _ in 0..MAX_ATTEMPTS {
        next.version += 1;
        match written_in_background(store, &[Write::KeepBatch(Box::new(next.clone()))]).await? {
            Written::Done if next.state == BatchState::Running => return tell(queue, &next).await,
            Written::Done => return Ok(()),
            Written::Lost(_) => {
                // Somebody stopped it, or the same message came twice.
                let Some(now) = store.batch_of(&task.practice, task.batch).await? else { return Ok(()) };
                if now.results.len() > done {
                    return Ok(());
                }
                if now.state != BatchState::Running && next.state != BatchState::Done {
                    next.state = now.state;
                    next.stopped_by.clone_from(&now.stopped_by);
                }
                next.version = now.version;
            }
        }
    }
    Err(PortError::Unavailable)
}
