//! Links: they are spent once, tries are counted before anything is compared, and they end at the very
//! instant of their expiry.

use portico_domain::model::chart::Channel;
use portico_domain::model::link::{
    ALL_TRIES, CODE_SECONDS, CODE_TRIES, FACT_TRIES, Fact, FailedCheck, LinkState, SentCode,
};
use portico_domain::model::patient::Status;
use portico_domain::ports::CodeTry;
use portico_domain::ports::Sessions as _;
use portico_domain::ports::{Commit as _, Links as _, Patients as _, Write};
use portico_domain::time::Timestamp;

use super::{NOW, Store, account_id, link, link_id, lost, one_won, patient, practice, race, session, ticket};

fn code(number: u32) -> SentCode {
    SentCode {
        number,
        key: serde_json::from_str("1").unwrap(),
        at: NOW,
        channel: Channel::Email,
        digits: 6,
        tries: 0,
    }
}

#[tokio::test]
async fn a_link_is_spent_once_however_many_try() {
    let store = Store::new().await;
    let mut link = link(1);
    link.ticket = Some(ticket("t"));
    store.has([Write::CreateLink(link)]).await;
    let outcomes = race(|number| {
        let table = store.table.clone();
        let accept = Write::AcceptLink { id: link_id(1), ticket: "t".to_owned(), at: NOW };
        async move { table.commit(&[accept, Write::OpenSession(session(number))]).await }
    })
    .await;
    one_won(&outcomes);
    assert_eq!(store.sessions(account_id(1)).await.unwrap().len(), 1, "what the others wrote is not there");
    let spent = store.link(link_id(1)).await.unwrap().unwrap();
    assert_eq!((spent.state, spent.closed_at), (LinkState::Accepted, Some(NOW)));
    assert!(spent.honours("t", NOW).is_none(), "its ticket opens nothing more");
}

#[tokio::test]
async fn a_ticket_is_over_at_its_boundary_instant() {
    let store = Store::new().await;
    let mut link = link(1);
    link.ticket = Some(ticket("t"));
    let ends = ticket("t").expires_at;
    store.has([Write::CreateLink(link)]).await;
    let accept = |ticket: &str, at| [Write::AcceptLink { id: link_id(1), ticket: ticket.to_owned(), at }];
    let before = Timestamp::from_millis(ends.millis() - 1);
    assert_eq!(store.commit(&accept("t", ends)).await, lost(&[0]));
    assert_eq!(store.commit(&accept("another", before)).await, lost(&[0]));
    assert_eq!(store.commit(&accept("t", before)).await, Ok(()));
}

#[tokio::test]
async fn a_link_is_over_at_its_boundary_instant() {
    let store = Store::new().await;
    let link = link(1);
    let ends = link.expires_at;
    store.has([Write::CreateLink(link)]).await;
    let before = Timestamp::from_millis(ends.millis() - 1);
    assert_eq!(store.try_facts(link_id(1), ends).await.unwrap(), None);
    assert_eq!(store.try_facts(link_id(1), before).await.unwrap().unwrap().fact_tries, 1);
    let pass = |at| [Write::PassFacts { id: link_id(1), at, proofs: 0, ticket: None, counted: false }];
    assert_eq!(store.commit(&pass(ends)).await, lost(&[0]));
    assert_eq!(store.commit(&pass(before)).await, Ok(()));
    let send = |at| [Write::SendCode { id: link_id(1), code: code(1), at }];
    assert_eq!(store.commit(&send(ends)).await, lost(&[0]));
    assert_eq!(store.commit(&send(before)).await, Ok(()));
}

#[tokio::test]
async fn facts_are_tried_five_times_however_many_try() {
    let store = Store::new().await;
    store.has([Write::CreateLink(link(1))]).await;
    let tried = race(|_| {
        let table = store.table.clone();
        async move { table.try_facts(link_id(1), NOW).await.unwrap() }
    })
    .await;
    let mut counts: Vec<u32> = tried.into_iter().flatten().map(|link| link.fact_tries).collect();
    counts.sort_unstable();
    assert_eq!(counts, (1..=FACT_TRIES).collect::<Vec<_>>(), "each sees its own count");
}

#[tokio::test]
async fn a_try_is_given_back_and_what_failed_is_kept_in_order() {
    let store = Store::new().await;
    store.has([Write::CreateLink(link(1))]).await;
    let failed = |fact| Some(FailedCheck { at: NOW, facts: vec![fact] });
    store.try_facts(link_id(1), NOW).await.unwrap().unwrap();
    store.try_facts(link_id(1), NOW).await.unwrap().unwrap();
    store.failed_check(link_id(1), failed(Fact::FamilyName), false).await.unwrap();
    store.failed_check(link_id(1), failed(Fact::BirthDate), true).await.unwrap();
    let link = store.link(link_id(1)).await.unwrap().unwrap();
    let facts: Vec<Fact> = link.failures.iter().flat_map(|failed| failed.facts.clone()).collect();
    assert_eq!((link.fact_tries, facts), (1, vec![Fact::FamilyName, Fact::BirthDate]));
    // Nothing is stored for a link that does not exist.
    store.failed_check(link_id(2), failed(Fact::BirthDate), true).await.unwrap();
    assert_eq!(store.link(link_id(2)).await.unwrap(), None);
}

#[tokio::test]
async fn passing_the_check_gives_the_try_back_and_counts_the_proof() {
    let store = Store::new().await;
    store.has([Write::CreateLink(link(1))]).await;
    for number in 1..=3 {
        store.try_facts(link_id(1), NOW).await.unwrap().unwrap();
        let at = NOW.plus_seconds(i64::from(number));
        let pass = Write::PassFacts {
            id: link_id(1),
            at,
            proofs: number - 1,
            ticket: Some(ticket("t")),
            counted: true,
        };
        store.has([pass]).await;
    }
    let link = store.link(link_id(1)).await.unwrap().unwrap();
    assert_eq!((link.fact_tries, link.all_tries, link.proofs), (0, 0, 3));
    assert_eq!((link.opened_at, link.ticket), (Some(NOW.plus_seconds(1)), Some(ticket("t"))));
}

#[tokio::test]
async fn a_code_is_tried_five_times_and_ten_minutes_long() {
    let store = Store::new().await;
    store.has([Write::CreateLink(link(1))]).await;
    assert!(!store.try_code(link_id(1), NOW).await.unwrap().unwrap().counted, "there is no code yet");
    store.has([Write::SendCode { id: link_id(1), code: code(1), at: NOW }]).await;
    let over = NOW.plus_seconds(CODE_SECONDS);
    assert!(
        !store.try_code(link_id(1), over).await.unwrap().unwrap().counted,
        "the boundary instant is over"
    );
    for tries in 1..=CODE_TRIES {
        let CodeTry { link, counted } = store.try_code(link_id(1), NOW).await.unwrap().unwrap();
        assert_eq!((link.code.unwrap().tries, link.all_tries, counted), (tries, tries, true));
    }
    let CodeTry { link, counted } = store.try_code(link_id(1), NOW).await.unwrap().unwrap();
    assert_eq!((link.code.unwrap().tries, counted), (CODE_TRIES, false), "the link as it was");
    assert_eq!(store.try_code(link_id(2), NOW).await.unwrap(), None);
}

#[tokio::test]
async fn codes_follow_one_another_and_only_the_latest_counts() {
    let store = Store::new().await;
    store.has([Write::CreateLink(link(1))]).await;
    let send = |number| [Write::SendCode { id: link_id(1), code: code(number), at: NOW }];
    let pass = |number| [Write::PassCode { id: link_id(1), number, ticket: ticket("t") }];
    assert_eq!(store.commit(&send(2)).await, lost(&[0]));
    store.has(send(1)).await;
    store.has(send(2)).await;
    store.try_code(link_id(1), NOW).await.unwrap().unwrap();
    assert_eq!(store.commit(&pass(1)).await, lost(&[0]));
    assert_eq!(store.commit(&pass(2)).await, Ok(()));
    let link = store.link(link_id(1)).await.unwrap().unwrap();
    assert_eq!((link.codes, link.code, link.all_tries, link.ticket), (2, None, 0, Some(ticket("t"))));
}

#[tokio::test]
async fn codes_and_facts_share_ten_tries() {
    let store = Store::new().await;
    let mut link = link(1);
    link.all_tries = ALL_TRIES - 1;
    link.code = Some(code(1));
    store.has([Write::CreateLink(link)]).await;
    assert!(store.try_facts(link_id(1), NOW).await.unwrap().is_some());
    assert!(store.try_facts(link_id(1), NOW).await.unwrap().is_none());
    assert!(!store.try_code(link_id(1), NOW).await.unwrap().unwrap().counted);
}

#[tokio::test]
async fn a_link_that_is_over_does_not_end_again_and_stops_no_other_write() {
    let store = Store::new().await;
    let mut spent = link(1);
    spent.state = LinkState::Accepted;
    store.has([Write::CreateLink(spent), Write::CreateLink(link(2))]).await;
    let close = |id| Write::CloseLink { id: link_id(id), to: LinkState::Cancelled, at: NOW };
    let end = |id| Write::EndLink { id: link_id(id), to: LinkState::Revoked, at: NOW };
    assert_eq!(store.commit(&[close(1), Write::CreateLink(link(9))]).await, lost(&[0]));
    // A write that ends links skips those that are over. The record of the third is missing.
    assert_eq!(store.commit(&[end(1), end(2), end(3), Write::CreateLink(link(4))]).await, Ok(()));
    let state = async |id| store.link(link_id(id)).await.unwrap().map(|link| link.state);
    assert_eq!(state(1).await, Some(LinkState::Accepted));
    assert_eq!(state(2).await, Some(LinkState::Revoked));
    assert_eq!(state(3).await, None, "what was left in its place is no link");
    assert_eq!(state(4).await, Some(LinkState::Pending));
    // Any other failed condition still undoes everything.
    assert_eq!(store.commit(&[end(1), Write::CreateLink(link(2))]).await, lost(&[0, 1]));
}

#[tokio::test]
async fn a_registration_and_a_revocation_do_not_both_win() {
    let store = Store::new().await;
    for number in 1..=8 {
        let id = format!("race-{number}");
        let before = patient(&id);
        let mut link = link(number);
        link.ticket = Some(ticket("t"));
        let status = Status::Invited;
        store.has([Write::CreatePatient(before.clone(), status), Write::CreateLink(link)]).await;
        let registered = [
            Write::AcceptLink { id: link_id(number), ticket: "t".to_owned(), at: NOW },
            Write::ChangePatient(super::next(&before, "Registered"), status),
        ];
        let revoked = [
            Write::CloseLink { id: link_id(number), to: LinkState::Revoked, at: NOW },
            Write::ChangePatient(super::next(&before, "Revoked"), status),
        ];
        let outcomes = tokio::join!(store.commit(&registered), store.commit(&revoked));
        one_won(&[outcomes.0.clone(), outcomes.1]);
        let link = store.link(link_id(number)).await.unwrap().unwrap();
        let name = store.patient(&practice(), &before.id).await.unwrap().unwrap().chart.given_name;
        let expected = if outcomes.0.is_ok() {
            (LinkState::Accepted, "Registered")
        } else {
            (LinkState::Revoked, "Revoked")
        };
        assert_eq!((link.state, name.reveal()), expected, "both or neither");
    }
}
