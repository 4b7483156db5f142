//! Accounts: user names, grants, sessions, registrations that wait for staff.

use portico_domain::model::grant::{GrantState, Level};
use portico_domain::model::hold::Hold;
use portico_domain::model::ids::RevocationId;
use portico_domain::model::practice::PresentedKey;
use portico_domain::model::session::{Exchange, Presented};
use portico_domain::ports::Holds as _;
use portico_domain::ports::Sessions as _;
use portico_domain::ports::{Accounts as _, Commit as _, Write};
use serde_json::json;

use super::{
    NOW, Store, account, account_id, link, link_id, lost, one_won, other_practice, patient_id, practice,
    race, read, session, ticket,
};

fn login(name: &str, of: usize) -> portico_domain::model::account::Login {
    read(json!({
        "practice": practice(), "name": name, "account": account_id(of),
        "password": {"m": 19456, "t": 2, "p": 1, "pepper": 1, "salt": "c2FsdHNhbHQ", "hash": "aGFzaA"},
    }))
}

fn revocation(number: usize) -> RevocationId {
    RevocationId::from_bytes(super::bytes(number))
}

fn presented(number: usize) -> Presented {
    Presented { account: account_id(1), digest: session(number).digest }
}

#[tokio::test]
async fn a_user_name_has_one_owner_however_many_register_it() {
    let store = Store::new().await;
    for number in 1..=super::RACERS {
        let mut link = link(number);
        link.ticket = Some(ticket("t"));
        store.has([Write::CreateLink(link)]).await;
    }
    let outcomes = race(|number| {
        let table = store.table.clone();
        let accept = Write::AcceptLink { id: link_id(number + 1), ticket: "t".to_owned(), at: NOW };
        let account = Write::CreateAccount(account(number + 1));
        let claim = Write::ClaimUsername(login("rosa.q", number + 1));
        async move { table.commit(&[accept, account, claim]).await }
    })
    .await;
    one_won(&outcomes);
    let owner = store.login(&practice(), "rosa.q").await.unwrap().unwrap().account;
    for number in 1..=super::RACERS {
        let there = store.account(account_id(number)).await.unwrap().is_some();
        assert_eq!(there, account_id(number) == owner, "an account without its user name");
    }
    // In another practice the name is free.
    assert_eq!(store.login(&other_practice(), "rosa.q").await.unwrap(), None);
}

#[tokio::test]
async fn a_user_name_is_changed_and_freed_by_its_owner_alone() {
    let store = Store::new().await;
    store.has([Write::ClaimUsername(login("rosa.q", 1))]).await;
    let free =
        |of| Write::FreeUsername { practice: practice(), name: "rosa.q".to_owned(), account: account_id(of) };
    assert_eq!(store.commit(&[Write::SetPassword(login("rosa.q", 2))]).await, lost(&[0]));
    assert_eq!(store.commit(&[Write::SetPassword(login("nobody", 1))]).await, lost(&[0]));
    assert_eq!(store.commit(&[Write::SetPassword(login("rosa.q", 1))]).await, Ok(()));
    assert_eq!(store.commit(&[free(2)]).await, lost(&[0]));
    assert_eq!(store.commit(&[free(1)]).await, Ok(()));
    assert_eq!(store.login(&practice(), "rosa.q").await.unwrap(), None);
    assert_eq!(store.commit(&[Write::ClaimUsername(login("rosa.q", 2))]).await, Ok(()));
}

#[tokio::test]
async fn a_grant_comes_back_through_the_revocation_that_ended_it() {
    let store = Store::new().await;
    store.has([Write::CreateAccount(account(1))]).await;
    let (account, patient) = (account_id(1), patient_id("p1"));
    let end = |by| [Write::EndGrant { account, patient: patient.clone(), revocation: revocation(by) }];
    let restore = |by| {
        let since = NOW.plus_seconds(9);
        [Write::RestoreGrant { account, patient: patient.clone(), revocation: revocation(by), since }]
    };
    let grant = async || store.account(account).await.unwrap().unwrap().grant(&patient).cloned().unwrap();
    store.has(end(1)).await;
    assert_eq!((grant().await.state, grant().await.ended_by), (GrantState::Ended, Some(revocation(1))));
    assert_eq!(store.commit(&restore(2)).await, lost(&[0]));
    assert_eq!(store.commit(&restore(1)).await, Ok(()));
    let back = grant().await;
    assert_eq!((back.state, back.ended_by, back.since), (GrantState::Active, None, NOW.plus_seconds(9)));
    let stranger = patient_id("stranger");
    let other = [Write::EndGrant { account, patient: stranger, revocation: revocation(3) }];
    assert_eq!(store.commit(&other).await, lost(&[0]), "there is no such grant");
    assert_eq!(store.account(account).await.unwrap().unwrap().version, 3, "each change is counted");
}

#[tokio::test]
async fn a_grant_is_suspended_and_narrowed_in_its_place() {
    let store = Store::new().await;
    // A patient's id may contain characters that are not allowed in an expression of DynamoDB.
    let patient = patient_id("A-1.b_2");
    let mut with = account(1);
    let grant = with.grants.remove("p1").unwrap();
    with.grants.insert(patient.to_string(), grant);
    store.has([Write::CreateAccount(with)]).await;
    let account = account_id(1);
    let suspend = |back_since| [Write::SuspendGrant { account, patient: patient.clone(), back_since }];
    assert_eq!(store.commit(&suspend(Some(NOW))).await, lost(&[0]), "it was not suspended");
    assert_eq!(store.commit(&suspend(None)).await, Ok(()));
    let level = Write::SetLevel { account, patient: patient.clone(), level: Level::Limited };
    assert_eq!(store.commit(&[level]).await, Ok(()));
    let there = store.account(account).await.unwrap().unwrap();
    let grant = there.grant(&patient).unwrap();
    assert_eq!((grant.state, grant.level), (GrantState::Suspended, Level::Limited));
    assert_eq!(store.commit(&suspend(Some(NOW.plus_seconds(5)))).await, Ok(()));
    let there = store.account(account).await.unwrap().unwrap();
    let grant = there.grant(&patient).unwrap();
    assert_eq!((grant.state, grant.since), (GrantState::Active, NOW.plus_seconds(5)));
}

#[tokio::test]
async fn a_registration_that_waits_is_decided_once() {
    let store = Store::new().await;
    let hold = |of| -> Hold {
        read(json!({
            "practice": practice(), "account": account_id(of), "patient": "p1",
            "reason": "guardian_contact_conflict", "since": NOW,
        }))
    };
    for number in [1, 2] {
        let mut waiting = account(number);
        waiting.grants.get_mut("p1").unwrap().state = GrantState::Held;
        store.has([Write::CreateAccount(waiting), Write::Hold(hold(number))]).await;
    }
    assert_eq!(store.holds(&practice()).await.unwrap(), [hold(1), hold(2)]);
    assert_eq!(store.holds(&other_practice()).await.unwrap(), []);
    let decide = |of, granted| [Write::DecideHold { hold: hold(of), granted }];
    assert_eq!(store.commit(&decide(1, Some(NOW))).await, Ok(()));
    assert_eq!(store.commit(&decide(1, None)).await, lost(&[0]), "both of its conditions, named once");
    assert_eq!(store.commit(&decide(2, None)).await, Ok(()));
    let state = async |of| {
        let account = store.account(account_id(of)).await.unwrap().unwrap();
        account.grant(&patient_id("p1")).unwrap().state
    };
    assert_eq!((state(1).await, state(2).await), (GrantState::Active, GrantState::Ended));
    assert_eq!(store.holds(&practice()).await.unwrap(), []);
    let drop = Write::DropHold { practice: practice(), account: account_id(1) };
    assert_eq!(
        store.commit(&[drop, Write::CreateLink(link(1))]).await,
        Ok(()),
        "gone already is good enough"
    );
}

#[tokio::test]
async fn a_session_is_read_with_its_account_and_once_ended_stays_ended() {
    let store = Store::new().await;
    store.has([Write::CreateAccount(account(1)), Write::OpenSession(session(1))]).await;
    assert_eq!(store.commit(&[Write::OpenSession(session(1)), Write::CreateLink(link(9))]).await, lost(&[0]));
    let found = store.session(&presented(1)).await.unwrap();
    assert_eq!(found, (Some(session(1)), Some(*account(1))));
    assert_eq!(store.session(&presented(2)).await.unwrap(), (None, Some(*account(1))));

    let touched = session(1).touched(NOW.plus_seconds(100)).unwrap();
    store.touch(&touched).await.unwrap();
    assert_eq!(store.session(&presented(1)).await.unwrap().0, Some(touched.clone()));
    let key = PresentedKey { claimed: practice(), digest: "none".to_owned(), session: None };
    let (no_key, with_key, its_account) = store.session_for(&key, &presented(1)).await.unwrap();
    assert_eq!((no_key, with_key, its_account), (None, Some(touched.clone()), Some(*account(1))));

    let end = || [Write::EndSession { account: account_id(1), digest: session(1).digest }];
    assert_eq!(store.commit(&end()).await, Ok(()));
    store.touch(&touched).await.unwrap();
    assert_eq!(store.session(&presented(1)).await.unwrap().0, None, "a late touch brings nothing back");
    let again = [Write::CreateLink(link(1)), end().into_iter().next().unwrap()];
    assert_eq!(store.commit(&again).await, lost(&[1]));
    assert_eq!(store.commit(&[Write::KeepSession(session(1))]).await, lost(&[0]));
}

#[tokio::test]
async fn a_session_that_is_kept_goes_on_in_the_new_epoch() {
    let store = Store::new().await;
    let mut restricted = session(1);
    restricted.restricted = true;
    store.has([Write::OpenSession(restricted.clone()), Write::OpenSession(session(2))]).await;
    restricted.epoch = 1;
    store.has([Write::KeepSession(restricted.clone())]).await;
    let kept = store.session(&presented(1)).await.unwrap().0.unwrap();
    assert_eq!((kept.epoch, kept.restricted), (1, true));
    restricted.restricted = false;
    restricted.epoch = 2;
    store.has([Write::KeepSession(restricted)]).await;
    let kept = store.session(&presented(1)).await.unwrap().0.unwrap();
    assert_eq!((kept.epoch, kept.restricted), (2, false));
    let all = store.sessions(account_id(1)).await.unwrap();
    assert_eq!(all, [kept, session(2)], "and what else lies with the account is no session");
}

#[tokio::test]
async fn an_exchange_code_is_spent_once() {
    let store = Store::new().await;
    let exchange: Exchange = read(json!({"of_sign_in": "root",
        "account": account_id(1), "practice": practice(), "digest": "e", "expires_at": NOW.plus_seconds(60),
    }));
    store.has([Write::CreateAccount(account(1)), Write::OpenExchange(exchange.clone())]).await;
    let key = PresentedKey { claimed: practice(), digest: "none".to_owned(), session: None };
    let code = Presented { account: account_id(1), digest: "e".to_owned() };
    assert_eq!(store.exchange(&key, &code).await.unwrap().1, Some(exchange.clone()));
    let outcomes = race(|number| {
        let (table, spend) = (store.table.clone(), Write::SpendExchange(exchange.clone()));
        async move { table.commit(&[spend, Write::OpenSession(session(number))]).await }
    })
    .await;
    one_won(&outcomes);
    assert_eq!(store.exchange(&key, &code).await.unwrap().1, None);
    assert_eq!(store.sessions(account_id(1)).await.unwrap().len(), 1);
}
