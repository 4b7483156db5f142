//! Searches by name, address and word: they come in pages and stay within one practice.

use std::collections::BTreeMap;

use portico_domain::model::attention::Cause;
use portico_domain::model::search::{Listed, PAGE};
use portico_domain::ports::Attention as _;
use portico_domain::ports::Lists as _;
use portico_domain::ports::Search as _;
use portico_domain::ports::{Addresses as _, Directory as _, Listing, Write};

use super::{NOW, Store, account_id, other_practice, patient_id, practice};

fn name(family: &str, given: &str, patient: &str) -> Listing {
    Listing::Name {
        family: family.to_owned(),
        given: given.to_owned(),
        birth_date: "1945-04-27".to_owned(),
        patient: patient_id(patient),
    }
}

fn email(email: &str, patient: &str) -> Listing {
    Listing::Email { email: email.to_owned(), patient: patient_id(patient) }
}

#[tokio::test]
async fn a_person_is_found_by_name_and_birth_date_while_that_is_theirs() {
    let store = Store::new().await;
    let twin = Listing::Name {
        family: "lee".to_owned(),
        given: "ann".to_owned(),
        birth_date: "1990-01-01".to_owned(),
        patient: patient_id("p2"),
    };
    let entries = [name("lee", "ann", "p1"), twin, name("leeson", "ann", "p3"), name("lee", "anna", "p4")];
    store.has(entries.map(|entry| Write::List(practice(), entry))).await;
    store.has([Write::List(other_practice(), name("lee", "ann", "p9"))]).await;
    let found = async || store.same_person(&practice(), "lee", "ann", "1945-04-27").await.unwrap();
    assert_eq!(found().await, [patient_id("p1")]);
    store.has([Write::Unlist(practice(), name("lee", "ann", "p1"))]).await;
    assert!(found().await.is_empty(), "a former name");
    store.has([Write::List(practice(), name("lee", "ann", "p1"))]).await;
    assert_eq!(found().await, [patient_id("p1")], "and again");
}

#[tokio::test]
async fn everybody_at_an_address_is_found_and_nobody_else() {
    let store = Store::new().await;
    let own = Listing::Account { email: "a@example.com".to_owned(), account: account_id(1) };
    let entries = [
        email("a@example.com", "p1"),
        email("a@example.com", "p2"),
        email("a@example.com.au", "p3"),
        email("aa@example.com", "p4"),
        own,
    ];
    store.has(entries.map(|entry| Write::List(practice(), entry))).await;
    store.has([Write::List(other_practice(), email("a@example.com", "p9"))]).await;
    store.has([Write::Unlist(practice(), email("a@example.com", "p2"))]).await;
    let holders = store.holders(&practice(), "a@example.com").await.unwrap();
    assert_eq!((holders.patients, holders.accounts), (vec![patient_id("p1")], vec![account_id(1)]));
}

#[tokio::test]
async fn patients_come_by_pages_in_order_of_name_and_each_once() {
    let store = Store::new().await;
    let all: Vec<Listing> =
        (0..450).map(|number| name(&format!("name{number:03}"), "x", &format!("p{number}"))).collect();
    store.has(all.iter().rev().cloned().map(|entry| Write::List(practice(), entry))).await;
    // This entry is in the same partition, but is no name.
    store.has([Write::List(practice(), email("a@example.com", "p1"))]).await;
    store.has([Write::Unlist(practice(), name("name123", "x", "p123"))]).await;
    let (mut found, mut cursor, mut pages) = (Vec::new(), None, 0);
    loop {
        let (some, next) = store.patients_after(&practice(), cursor).await.unwrap();
        found.extend(some);
        pages += 1;
        cursor = next;
        if cursor.is_none() || pages > 10 {
            break;
        }
    }
    let expected: Vec<_> =
        (0..450).filter(|number| *number != 123).map(|number| patient_id(&format!("p{number}"))).collect();
    assert_eq!((found, pages), (expected, 3));
    assert_eq!(store.patients_after(&other_practice(), None).await.unwrap(), (Vec::new(), None));
}

fn listed(number: usize, words: &[(&str, bool)], version: u64) -> Listed {
    Listed {
        account: account_id(number),
        username: format!("user{number}"),
        patients: Vec::new(),
        words: words.iter().map(|(word, present)| ((*word).to_owned(), *present)).collect::<BTreeMap<_, _>>(),
        version,
    }
}

#[tokio::test]
async fn an_accounts_words_change_together_and_for_those_who_read_the_latest() {
    let store = Store::new().await;
    let first = listed(1, &[("rosa", true), ("quillfeather", true)], 1);
    let second = listed(1, &[("rosa", false), ("rosalind", true)], 2);
    assert!(store.list(&practice(), None, &first).await.unwrap());
    assert!(!store.list(&practice(), None, &listed(1, &[("x", true)], 1)).await.unwrap(), "it is there");
    assert!(store.list(&practice(), Some(&first), &second).await.unwrap());
    assert!(
        !store.list(&practice(), Some(&first), &listed(1, &[("y", true)], 2)).await.unwrap(),
        "it moved on"
    );
    assert_eq!(store.listed(account_id(1)).await.unwrap(), Some(second));
    let found = async |word: &str| {
        let (found, _) = store.found(&practice(), &[word.to_owned()], None).await.unwrap();
        found.into_iter().map(|found| (found.listed.username, found.former)).collect::<Vec<_>>()
    };
    assert_eq!(found("rosalind").await, [("user1".to_owned(), false)]);
    assert_eq!(found("quill").await, []);
    assert_eq!((found("x").await, found("y").await), (Vec::new(), Vec::new()));
    let (elsewhere, _) = store.found(&other_practice(), &["rosa".to_owned()], None).await.unwrap();
    assert!(elsewhere.is_empty());
}

#[tokio::test]
async fn accounts_are_found_by_pages_and_each_once() {
    let store = Store::new().await;
    // Each account has two words that begin alike, so there are more items than one query returns.
    for number in 0..130 {
        let words = [format!("lee{number:03}"), format!("lees{number:03}")];
        let words = [(words[0].as_str(), true), (words[1].as_str(), true)];
        assert!(store.list(&practice(), None, &listed(number, &words, 1)).await.unwrap());
    }
    let (mut seen, mut after) = (Vec::new(), None);
    for _ in 0..20 {
        let (found, next) = store.found(&practice(), &["lee".to_owned()], after.as_deref()).await.unwrap();
        assert!(found.len() <= PAGE);
        seen.extend(found.into_iter().map(|found| found.listed.account));
        after = next;
        if after.is_none() {
            break;
        }
    }
    assert_eq!(after, None);
    assert_eq!(seen, (0..130).map(account_id).collect::<Vec<_>>());
}

#[tokio::test]
async fn a_patient_to_attend_to_is_noted_once_for_each_cause() {
    let store = Store::new().await;
    let note = |cause, patient: &str, at| Write::Note {
        practice: practice(),
        patient: patient_id(patient),
        cause,
        at,
    };
    let causes = [Cause::ReportedWrongRecipient, Cause::LinkLocked];
    for cause in causes {
        store.has([note(cause, "p1", NOW), note(cause, "p2", NOW)]).await;
        store.has([note(cause, "p1", NOW.plus_seconds(1))]).await;
    }
    assert_eq!(store.noted(&practice()).await.unwrap().len(), 4);
    assert!(store.noted(&other_practice()).await.unwrap().is_empty());
}
