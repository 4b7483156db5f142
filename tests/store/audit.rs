//! Audit chains: each number has one event, whoever comes first. Chains are read from the end, and from the
//! beginning by pages.

use portico_domain::model::account::Account;
use portico_domain::model::audit::{Event, Head, Subject};
use portico_domain::ports::{Accounts as _, Chain as _, Commit as _, History as _, Write};
use serde_json::json;

use super::{
    NOW, Store, account, account_id, link_id, lost, one_won, other_practice, patient_id, practice, race, read,
};

fn event(number: u64, seal: &str) -> Event {
    read(json!({
        "practice": practice(), "subject": {"patient": "p1"}, "number": number, "at": NOW,
        "by": {"client": "ehr", "actor": "dr.lee"}, "action": "chart_changed", "detail": {"fields": "email"},
        "key": 1, "seal": seal,
    }))
}

fn subject() -> Subject {
    Subject::Patient(patient_id("p1"))
}

#[tokio::test]
async fn a_number_is_given_once_however_many_want_it() {
    let store = Store::new().await;
    let outcomes = race(|number| {
        let (table, event) = (store.table.clone(), event(1, &format!("seal {number}")));
        async move { table.commit(&[Write::Append(event)]).await }
    })
    .await;
    one_won(&outcomes);
    let winner = outcomes.iter().position(Result::is_ok).unwrap();
    let events = store.events(&practice(), &subject(), 0, 10).await.unwrap();
    assert_eq!(events.len(), 1);
    let head = store.head(&practice(), &subject()).await.unwrap();
    assert_eq!(head, events[0].head());
    // Racers end in any order; the chain tells whose event was kept.
    assert!(winner < super::RACERS && events[0].seal.starts_with("seal "));
    assert_eq!(store.commit(&[Write::Append(event(1, "late"))]).await, lost(&[0]));
}

/// A restore of the table takes records back and leaves the audit table as it is.
#[tokio::test]
async fn an_account_whose_record_is_older_than_its_chain_learns_the_chains_end() {
    let store = Store::new().await;
    let id = account_id(1);
    let of_account = |number: u64, seal: &str| {
        let mut event = event(number, seal);
        event.subject = Subject::Account(id);
        event
    };
    let mut account = *account(1);
    let old = account.clone();
    store.has([Write::CreateAccount(Box::new(account.clone()))]).await;
    store.has((1..=3).map(|number| Write::Append(of_account(number, "s")))).await;

    let change = async |account: &mut Account| {
        account.version += 1;
        let event = of_account(account.head.number + 1, "next");
        account.head = event.head();
        store.commit(&[Write::ChangeAccount(Box::new(account.clone())), Write::Append(event)]).await
    };
    assert_eq!(change(&mut account).await, lost(&[1]), "its number is taken");
    let mut account = store.account(id).await.unwrap().unwrap();
    assert_eq!((account.head.number, account.version), (3, old.version));
    assert_eq!(change(&mut account).await, Ok(()));

    // Two changes at once are no such case: the version is lost, too, and nothing is put right.
    let mut late = Account { head: Head::default(), ..old };
    assert_eq!(change(&mut late).await, lost(&[0, 1]));
    assert_eq!(store.account(id).await.unwrap().unwrap(), account);
}

#[tokio::test]
async fn a_chain_is_read_from_its_end_and_by_pages_from_its_beginning() {
    let store = Store::new().await;
    assert_eq!(store.head(&practice(), &subject()).await.unwrap(), Head::default());
    store.has((1..=250).map(|number| Write::Append(event(number, "s")))).await;
    assert_eq!(store.head(&practice(), &subject()).await.unwrap().number, 250, "numbers sort as numbers");
    let numbers = async |after, limit| {
        let events = store.events(&practice(), &subject(), after, limit).await.unwrap();
        events.into_iter().map(|event| event.number).collect::<Vec<_>>()
    };
    assert_eq!(numbers(0, 3).await, [1, 2, 3]);
    assert_eq!(numbers(97, 6).await, [98, 99, 100, 101, 102, 103]);
    assert_eq!(numbers(0, 1000).await, (1..=250).collect::<Vec<_>>());
    assert_eq!(numbers(250, 5).await, [0; 0]);
    assert_eq!(store.events(&practice(), &subject(), 4, 1).await.unwrap(), [event(5, "s")], "whole");
}

#[tokio::test]
async fn each_subject_of_each_practice_has_a_chain_of_its_own() {
    let store = Store::new().await;
    let mut other = event(1, "lakeside");
    other.practice = other_practice();
    let mut accounts = event(1, "account");
    accounts.subject = Subject::Account(account_id(1));
    let mut own = event(1, "practice");
    own.subject = Subject::Practice;
    let mut longer = event(1, "p12");
    longer.subject = Subject::Patient(patient_id("p12"));
    let all = [event(1, "p1"), other, accounts, own, longer];
    store.has(all.clone().map(Write::Append)).await;
    for event in all {
        let head = store.head(&event.practice, &event.subject).await.unwrap();
        assert_eq!(head.seal, event.seal);
    }
}

#[tokio::test]
async fn links_and_accounts_of_a_history_come_in_reads_of_a_hundred() {
    let store = Store::new().await;
    let links = (1..=130).map(|number| Write::CreateLink(super::link(number)));
    let accounts = (1..=30).map(|number| Write::CreateAccount(super::account(number)));
    store.has(links.chain(accounts)).await;
    let asked: Vec<_> = (1..=140).map(link_id).collect();
    let holders: Vec<_> = (1..=31).map(account_id).collect();
    let (links, accounts) = store.links_and_accounts(&asked, &holders).await.unwrap();
    assert_eq!(links.iter().map(|link| link.id).collect::<Vec<_>>(), asked[..130]);
    assert_eq!(accounts.iter().map(|account| account.id).collect::<Vec<_>>(), holders[..30]);
}
