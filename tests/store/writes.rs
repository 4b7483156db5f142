//! The one atomic write: all or nothing, put if absent, versions, counters, markers.

use portico_domain::model::limit::{Attempt, Attempts, Counter, Rule};
use portico_domain::model::patient::{Patient, Status};
use portico_domain::model::practice::{ApiKey, Practice, PresentedKey, Settings};
use portico_domain::ports::{
    AlsoRead, ApiCalls as _, Commit as _, Limits as _, Links as _, Once, OnceKey, Patients as _,
    Practices as _, Write,
};
use portico_domain::time::Timestamp;
use serde_json::json;

use super::{
    NOW, Store, link, link_id, lost, next, one_won, other_practice, patient, patient_id, practice, race,
    read, session,
};

fn create(id: &str, given_name: &str) -> Write {
    let mut first = next(&patient(id), given_name);
    first.version = 1;
    Write::CreatePatient(first, Status::Uninvited)
}

#[tokio::test]
async fn a_record_is_created_once() {
    let store = Store::new().await;
    let outcomes = race(|number| {
        let table = store.table.clone();
        async move { table.commit(&[create("p1", &format!("Rosa {number}"))]).await }
    })
    .await;
    one_won(&outcomes);
    assert_eq!(store.commit(&[create("p1", "Another")]).await, lost(&[0]));
}

#[tokio::test]
async fn a_record_comes_back_as_it_was_put() {
    let store = Store::new().await;
    let full: Box<Patient> = Box::new(read(json!({
        "practice": practice(), "id": "p1", "version": 1, "access_enabled": false, "created_at": NOW,
        "chart": {
            "given_name": "Ñandú", "middle_name": "Ø.", "family_name": "O’Quill-Feather", "birth_date": "2004-02-29",
            "email": "rosa+tag@example.com", "mobile_phone": "+12025550143", "postal_code": "02139",
            "address_line": "1 Main St \"rear\"", "language": "es-MX", "chart_status": "prospective",
            "sms_consent": false, "tags": ["a", "", "日本"],
        },
        "invitation": {"link": link_id(1), "kind": "registration", "channel": "sms", "expires_at": NOW, "created_at": NOW},
        "offers": [{"link": link_id(2), "to": "x", "expires_at": NOW}],
        "failed_checks": true, "head": {"number": 12, "seal": "ab"},
    })));
    store.has([Write::CreatePatient(full.clone(), Status::Blocked), Write::CreateLink(link(1))]).await;
    assert_eq!(store.patient(&practice(), &patient_id("p1")).await.unwrap(), Some(*full.clone()));
    let (found, beside) = store.link_and_patient(link_id(1), &practice(), &patient_id("p1")).await.unwrap();
    assert_eq!((found, beside), (Some(*link(1)), Some(*full)));
}

#[tokio::test]
async fn only_one_of_those_who_read_the_same_version_writes() {
    let store = Store::new().await;
    let first = patient("p1");
    store.has([Write::CreatePatient(first.clone(), Status::Uninvited)]).await;
    let outcomes = race(|number| {
        let (table, changed) = (store.table.clone(), next(&first, &format!("Rosa {number}")));
        async move { table.commit(&[Write::ChangePatient(changed, Status::Uninvited)]).await }
    })
    .await;
    one_won(&outcomes);
    assert_eq!(store.patient(&practice(), &first.id).await.unwrap().unwrap().version, 2);
    // Nobody can change a record that does not exist.
    let absent = next(&patient("p2"), "Nobody");
    assert_eq!(store.commit(&[Write::ChangePatient(absent, Status::Uninvited)]).await, lost(&[0]));
}

#[tokio::test]
async fn one_condition_that_does_not_hold_undoes_all_and_is_named() {
    let store = Store::new().await;
    store.has([create("p1", "Rosa"), Write::CreateLink(link(1))]).await;
    let writes =
        [create("p2", "Ann"), create("p1", "Bea"), Write::CreateLink(link(2)), Write::CreateLink(link(1))];
    assert_eq!(store.commit(&writes).await, lost(&[1, 3]));
    assert_eq!(store.patient(&practice(), &patient_id("p2")).await.unwrap(), None);
    assert_eq!(store.link(link_id(2)).await.unwrap(), None);
}

#[tokio::test]
async fn a_hundred_items_are_written_at_once() {
    let store = Store::new().await;
    let all: Vec<Write> = (0..100).map(|number| create(&format!("p{number}"), "Rosa")).collect();
    assert_eq!(store.commit(&all).await, Ok(()));
    let ids: Vec<_> = (0..50).map(|number| patient_id(&format!("p{number}"))).collect();
    let charts = store.charts(&practice(), &ids).await.unwrap();
    let found: Vec<_> = charts.into_iter().map(|(patient, _)| patient.id).collect();
    assert_eq!(found, ids, "a hundred keys, in the order asked for");
}

#[tokio::test]
async fn a_counter_in_a_write_stops_at_its_limit() {
    let store = Store::new().await;
    let rule = Rule { what: "phone", most: 3, seconds: 3600 };
    let count = async |number, at| {
        let counted = Write::Count(Counter::of_digest(rule, "d", at));
        store.commit(&[counted, Write::OpenSession(session(number))]).await
    };
    for number in 1..=3 {
        assert_eq!(count(number, NOW).await, Ok(()));
    }
    assert_eq!(count(4, NOW).await, lost(&[0]));
    assert_eq!(count(5, NOW.plus_seconds(3600)).await, Ok(()), "the next window");
}

#[tokio::test]
async fn a_counter_is_raised_by_each_who_raises_it() {
    let store = Store::new().await;
    let rule = Rule { what: "peer", most: 3, seconds: 300 };
    let counts = race(|_| {
        let table = store.table.clone();
        async move { table.raise(&Counter::of_digest(rule, "d", NOW), 2).await.unwrap().count as usize }
    })
    .await;
    let mut sorted = counts;
    sorted.sort_unstable();
    assert_eq!(sorted, (1..=super::RACERS).map(|number| number * 2).collect::<Vec<_>>());
}

#[tokio::test]
async fn attempts_are_numbered_and_know_the_one_before_until_forgotten() {
    let store = Store::new().await;
    let counted = |attempt| match attempt {
        Attempt::Counted(attempts) => attempts,
        Attempt::Refused(_) => panic!("it was refused"),
    };
    let first = counted(store.attempt("k", 2, NOW).await.unwrap());
    assert_eq!(first, Attempts { began_at: NOW, count: 1, last_at: NOW });
    let second = counted(store.attempt("k", 2, NOW.plus_seconds(5)).await.unwrap());
    assert_eq!(second, Attempts { count: 2, last_at: NOW.plus_seconds(5), ..first });
    let third = store.attempt("k", 2, NOW.plus_seconds(9)).await.unwrap();
    assert_eq!(third, Attempt::Refused(second), "a refused attempt leaves the record as it is");
    let later = NOW.plus_seconds(60);
    assert!(store.attempt_next("k", &second, 2, later).await.unwrap());
    assert!(!store.attempt_next("k", &second, 2, later).await.unwrap(), "one of two is counted");
    assert!(matches!(store.attempt("k", 2, later).await.unwrap(), Attempt::Refused(now) if now.count == 3));
    store.has([Write::ForgetAttempts("k".to_owned()), create("p1", "Rosa")]).await;
    assert_eq!(counted(store.attempt("k", 2, NOW).await.unwrap()).count, 1);
}

#[tokio::test]
async fn an_idempotency_key_is_used_once_a_day() {
    let store = Store::new().await;
    let key = OnceKey { name: "mac".to_owned(), body: "body".to_owned() };
    let once = |resource: &str, at| [Write::Once(Once::new(key.clone(), resource, at))];
    let opened = async || {
        let presented = PresentedKey { claimed: practice(), digest: "d".to_owned(), session: None };
        let along = AlsoRead { once: Some(&key), ..AlsoRead::default() };
        store.open(&presented, along).await.unwrap().once.map(|once| once.resource)
    };
    assert_eq!(opened().await, None);
    assert_eq!(store.commit(&once("first", NOW)).await, Ok(()));
    let ends = NOW.plus_hours(24);
    let before = Timestamp::from_millis(ends.millis() - 1);
    assert_eq!(store.commit(&once("second", before)).await, lost(&[0]));
    assert_eq!(opened().await.as_deref(), Some("first"));
    assert_eq!(store.commit(&once("third", ends)).await, Ok(()), "the boundary instant is over");
    assert_eq!(opened().await.as_deref(), Some("third"));
}

fn clinic(version: u64) -> Practice {
    let settings = Settings::new("Riverside Family Medicine", "+12025550100", "America/New_York");
    Practice {
        id: practice(),
        settings,
        version,
        head: portico_domain::model::audit::Head::default(),
        auto_invite_paused: None,
        auto_invite_resumed_at: None,
        relisting: None,
        allowed: Vec::new(),
    }
}

#[tokio::test]
async fn practices_are_created_once_and_changed_in_turn() {
    let store = Store::new().await;
    assert_eq!(store.practice(&practice()).await.unwrap(), None);
    store.has([Write::CreatePractice(clinic(1))]).await;
    assert_eq!(store.practice(&practice()).await.unwrap(), Some(clinic(1)));
    let mut another = clinic(1);
    another.settings.name = "Another".to_owned();
    assert_eq!(store.commit(&[Write::CreatePractice(another)]).await, lost(&[0]));
    assert_eq!(store.commit(&[Write::ChangePractice(clinic(2))]).await, Ok(()));
    let mut late = clinic(2);
    late.settings.name = "Late".to_owned();
    assert_eq!(store.commit(&[Write::ChangePractice(late)]).await, lost(&[0]));
    let listed = portico_domain::ports::PracticeList::practices(&store.table).await.unwrap();
    assert_eq!(listed, [practice()]);
}

#[tokio::test]
async fn a_key_is_taken_back_by_its_own_practice_alone() {
    use portico_domain::ports::Keys as _;

    let store = Store::new().await;
    let key: ApiKey = read(json!({
        "digest": "d1", "practice": practice(), "client": "ehr", "scopes": ["invite", "chart:read"], "issued_at": NOW,
    }));
    store.has([Write::IssueKey(key.clone())]).await;
    let presented = PresentedKey { claimed: practice(), digest: "d1".to_owned(), session: None };
    let opened = async || store.open(&presented, AlsoRead::default()).await.unwrap().key;
    assert_eq!(opened().await, Some(key.clone()));
    assert_eq!(store.keys(&practice()).await.unwrap(), [key]);
    assert_eq!(store.keys(&other_practice()).await.unwrap(), []);
    let revoke = |practice| [Write::RevokeKey { digest: "d1".to_owned(), practice, at: NOW }];
    assert_eq!(store.commit(&revoke(other_practice())).await, lost(&[0]));
    assert_eq!(store.commit(&revoke(practice())).await, Ok(()));
    assert_eq!(opened().await.unwrap().revoked_at, Some(NOW));
    assert_eq!(store.keys(&practice()).await.unwrap()[0].revoked_at, Some(NOW));
}

#[tokio::test]
async fn a_patient_of_another_practice_is_nobody() {
    let store = Store::new().await;
    store.has([create("p1", "Rosa")]).await;
    assert_eq!(store.patient(&other_practice(), &patient_id("p1")).await.unwrap(), None);
    assert!(store.charts(&other_practice(), &[patient_id("p1")]).await.unwrap().is_empty());
    let (_, beside) = store.link_and_patient(link_id(1), &other_practice(), &patient_id("p1")).await.unwrap();
    assert_eq!(beside, None);
    let mut namesake = patient("p1");
    namesake.practice = other_practice();
    assert_eq!(store.commit(&[Write::CreatePatient(namesake, Status::Uninvited)]).await, Ok(()));
}
