//! The outbox: which messages are due, who is sending them, and their outcomes. Also the counts of patients,
//! which follow the stream.

use portico_domain::model::delivery::Delivery;
use portico_domain::model::ids::MessageId;
use portico_domain::model::message::{LEASE_SECONDS, Line, Message, MessageState, Recipient};
use portico_domain::model::patient::Status;
use portico_domain::ports::Outbox as _;
use portico_domain::ports::{Counts as _, Moved, Roster as _};
use portico_domain::ports::{Links as _, Write};
use portico_domain::time::Timestamp;
use portico_store::keys;
use serde_json::json;

use super::{
    NOW, Store, account, account_id, link, link_id, other_practice, patient, patient_id, practice, race, read,
};

fn id(number: usize) -> MessageId {
    MessageId::from_bytes(super::bytes(number))
}

/// The messages that are due at an instant.
async fn due_at(store: &Store, now: Timestamp) -> Vec<MessageId> {
    store.due(&practice(), Line::Asked, now).await.unwrap()
}

/// A message that is due `number` seconds from now.
fn message(number: usize) -> Message {
    read(json!({
        "id": id(number), "practice": practice(), "template": "invitation", "channel": "email",
        "link": link_id(1), "about": "p1", "created_at": NOW, "state": "queued",
        "due_at": NOW.plus_seconds(i64::try_from(number).unwrap()),
    }))
}

#[tokio::test]
async fn due_messages_are_found_oldest_first_and_of_one_practice() {
    let store = Store::new().await;
    let mut other = message(6);
    other.practice = other_practice();
    store.has([5, 3, 1, 4, 2].map(|number| Write::Queue(message(number)))).await;
    store.has([Write::Queue(other)]).await;
    let due = async |seconds| due_at(&store, NOW.plus_seconds(seconds)).await;
    assert_eq!(due(0).await, []);
    assert_eq!(due(3).await, [id(1), id(2), id(3)], "the instant itself is due");
    assert_eq!(due(100).await.len(), 5);
    assert_eq!(store.due(&other_practice(), Line::Asked, NOW.plus_seconds(100)).await.unwrap(), [id(6)]);
}

#[tokio::test]
async fn one_query_for_due_messages_returns_at_most_a_hundred() {
    let store = Store::new().await;
    store.has((1..=120).map(|number| Write::Queue(message(number)))).await;
    let due = due_at(&store, NOW.plus_seconds(1000)).await;
    assert_eq!(due, (1..=100).map(id).collect::<Vec<_>>());
}

#[tokio::test]
async fn a_message_is_one_senders_until_the_lease_is_over() {
    let store = Store::new().await;
    store.has([Write::Queue(message(1))]).await;
    assert_eq!(store.claim(id(1), NOW).await.unwrap(), None, "not due yet");
    assert_eq!(store.claim(id(2), NOW).await.unwrap(), None, "not there");
    let now = NOW.plus_seconds(1);
    let claimed = race(|_| {
        let table = store.table.clone();
        async move { table.claim(id(1), now).await.unwrap() }
    })
    .await;
    let claimed: Vec<Message> = claimed.into_iter().flatten().collect();
    let ends = now.plus_seconds(LEASE_SECONDS);
    let expected = Message { attempts: 1, due_at: ends, ..message(1) };
    assert_eq!(claimed, [expected]);
    let before = Timestamp::from_millis(ends.millis() - 1);
    assert_eq!(due_at(&store, before).await, []);
    assert_eq!(store.claim(id(1), before).await.unwrap(), None);
    assert_eq!(due_at(&store, ends).await, [id(1)]);
    assert_eq!(store.claim(id(1), ends).await.unwrap().unwrap().attempts, 2);
}

#[tokio::test]
async fn whoever_has_the_message_settles_it_and_its_link() {
    let store = Store::new().await;
    store.has([Write::CreateLink(link(1)), Write::Queue(message(1))]).await;
    let first = store.claim(id(1), NOW.plus_seconds(1)).await.unwrap().unwrap();
    let later = NOW.plus_seconds(100);
    let second = store.claim(id(1), later).await.unwrap().unwrap();

    // The first sender comes too late: the second one holds the message now.
    let failed = Message { state: MessageState::Failed, ..first };
    store.settle(&failed, Some(Delivery::Failed), later).await.unwrap();
    assert_eq!(store.link(link_id(1)).await.unwrap().unwrap().delivery, Delivery::Queued);

    let provider_id = Some("provider-1".to_owned());
    let sent = Message { state: MessageState::Sent, provider_id, ..second };
    store.settle(&sent, Some(Delivery::Sent), later).await.unwrap();
    let link = store.link(link_id(1)).await.unwrap().unwrap();
    assert_eq!((link.delivery, link.sent_at), (Delivery::Sent, Some(later)));
    assert_eq!(due_at(&store, NOW.plus_hours(100)).await, []);
    assert_eq!(store.claim(id(1), NOW.plus_hours(100)).await.unwrap(), None);
    let feedback = attribute(&store, &keys::provider("provider-1"), "message").await;
    assert_eq!(feedback.as_s().unwrap(), &id(1).to_string());
}

#[tokio::test]
async fn a_message_that_the_provider_did_not_take_is_due_again() {
    let store = Store::new().await;
    store.has([Write::Queue(message(1))]).await;
    let claimed = store.claim(id(1), NOW.plus_seconds(1)).await.unwrap().unwrap();
    let again = Message { due_at: NOW.plus_seconds(16), ..claimed };
    store.settle(&again, None, NOW.plus_seconds(1)).await.unwrap();
    assert_eq!(due_at(&store, NOW.plus_seconds(15)).await, []);
    assert_eq!(due_at(&store, NOW.plus_seconds(16)).await, [id(1)]);
    assert_eq!(store.claim(id(1), NOW.plus_seconds(16)).await.unwrap().unwrap().attempts, 2);
}

#[tokio::test]
async fn a_message_that_is_put_back_keeps_its_attempts_and_only_its_sender_may() {
    let store = Store::new().await;
    store.has([Write::Queue(message(1))]).await;
    let claimed = store.claim(id(1), NOW.plus_seconds(1)).await.unwrap().unwrap();
    let stranger = Message { attempts: 7, ..claimed.clone() };
    store.put_back(&stranger, NOW.plus_seconds(2)).await.unwrap();
    assert_eq!(due_at(&store, NOW.plus_seconds(2)).await, []);
    store.put_back(&claimed, NOW.plus_seconds(900)).await.unwrap();
    assert_eq!(due_at(&store, NOW.plus_seconds(899)).await, []);
    assert_eq!(store.claim(id(1), NOW.plus_seconds(900)).await.unwrap().unwrap().attempts, 1);
}

#[tokio::test]
async fn what_a_message_is_about_comes_in_one_read() {
    let store = Store::new().await;
    store
        .has([
            Write::CreatePatient(patient("p1"), Status::Invited),
            Write::CreateLink(link(1)),
            Write::CreateAccount(account(1)),
        ])
        .await;
    let mut message = message(1);
    message.to = Recipient::Account(account_id(1));
    let about = store.about(&message).await.unwrap();
    assert_eq!((about.patient, about.link), (Some(*patient("p1")), Some(*link(1))));
    // An account without an address of its own is reached through its holder's chart.
    assert_eq!((about.account, about.own), (Some(*account(1)), Some(*patient("p1"))));
    message.link = Some(link_id(2));
    message.practice = other_practice();
    let nothing = store.about(&message).await.unwrap();
    assert_eq!((nothing.patient, nothing.link), (None, None));
}

#[tokio::test]
async fn a_patients_version_is_counted_once_whatever_comes_twice_or_late() {
    let store = Store::new().await;
    let moved = |patient: &str, version, to| Moved {
        practice: practice(),
        patient: patient_id(patient),
        version,
        to,
    };
    let all_moves = [
        moved("p1", 1, Status::Uninvited),
        moved("p2", 1, Status::Uninvited),
        moved("p1", 2, Status::Invited),
        moved("p1", 2, Status::Invited),
        moved("p1", 5, Status::Active),
        moved("p1", 4, Status::Registered),
        moved("p1", 1, Status::Uninvited),
    ];
    for moved in &all_moves {
        store.count(moved).await.unwrap();
    }
    let counts = store.counts(&practice()).await.unwrap();
    let counts: Vec<(Status, u64)> = counts.into_iter().filter(|(_, patients)| *patients > 0).collect();
    assert_eq!(counts, [(Status::Uninvited, 1), (Status::Active, 1)]);
}

/// Reads an attribute that no port returns.
async fn attribute(store: &Store, key: &keys::Key, name: &str) -> aws_sdk_dynamodb::types::AttributeValue {
    let text = |text: &str| aws_sdk_dynamodb::types::AttributeValue::S(text.to_owned());
    let get = store.client.get_item().table_name(&store.name).consistent_read(true);
    let get = get.key(keys::PK, text(&key.pk)).key(keys::SK, text(&key.sk));
    get.send().await.unwrap().item.unwrap().remove(name).unwrap()
}
