//! `publish-changes`: reads the table's stream and updates what follows from it: counts of patients by
//! status, last sign-ins, the words that find an account, the charts of a phone number, the log of visits, when
//! patients had the means to get in. It also announces changes on the event bus.

use std::collections::BTreeSet;

use portico_domain::model::announcement::Announcement;
use portico_domain::operations::background::publish_changes::follow;
use portico_domain::ports::{
    Accounts, Bus, Chain, Commit, Counts, Lists, MeasureLog, Numbers, Patients, Practices, Reviews,
};
use portico_web::App;
use serde_json::{Value, json};

/// Most announcements in one call of the bus.
const TOGETHER: usize = 10;

/// Handles a batch of the stream and reports which records failed.
pub async fn handle<S, B>(app: &App<S>, bus: &B, event: &Value) -> Value
where
    S: Counts + Lists + Numbers + MeasureLog + Reviews + Accounts + Patients + Practices + Chain + Commit,
    B: Bus,
{
    let records: Vec<&Value> = event.get("Records").and_then(Value::as_array).into_iter().flatten().collect();
    let mut failed = BTreeSet::new();
    let (mut places, mut announcements) = (Vec::new(), Vec::new());
    for (place, record) in records.iter().enumerate() {
        let (old, new) = (record.pointer("/dynamodb/OldImage"), record.pointer("/dynamodb/NewImage"));
        let mut change = app.store.change(old, new);
        if let Some(announcement) = change.announcement.take() {
            places.push(place);
            announcements.push(announcement);
        }
        // Boxed, because the operation's future is large, and every caller above would copy it.
        if Box::pin(follow(app, change)).await.is_err() {
            failed.insert(place);
        }
    }
    failed.extend(untold(bus, &places, &announcements).await);
    let again = failed.iter().filter_map(|place| records.get(*place));
    let again: Vec<Value> =
        again.map(|record| json!({"itemIdentifier": record.pointer("/dynamodb/SequenceNumber")})).collect();
    json!({"batchItemFailures": again})
}

/// Publishes the announcements. Returns, from `places`, those that the bus did not accept.
async fn untold<B: Bus>(bus: &B, places: &[usize], announcements: &[Announcement]) -> Vec<usize> {
    let mut untold = Vec::new();
    for (places, some) in places.chunks(TOGETHER).zip(announcements.chunks(TOGETHER)) {
        match bus.announce(some).await {
            Ok(lost) => untold.extend(lost.iter().filter_map(|lost| places.get(*lost))),
            Err(_) => untold.extend(places),
        }
    }
    untold
}
