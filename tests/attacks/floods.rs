//! Floods from one address: junk keys, bodies that can't be read, pages without end.

use portico_domain::model::limit::REQUESTS;
use portico_local::Config;
use portico_testkit::{Answer, World};
use serde_json::{Value, json};

/// A world in which an address may send what it may in the cloud, at the beginning of a window.
async fn world() -> World {
    let world = World::with(Config { requests_per_address: REQUESTS.most, ..Config::default() }).await;
    super::to_a_new_window(&world);
    world
}

async fn with_key(world: &World, address: u8, key: &str) -> Answer {
    let request = world.from_address([127, 0, 0, address], "GET", "/v1/settings");
    world.send(request.bearer_auth(key).header("portico-actor", "dr.lee")).await
}

/// The items of the table that count requests of addresses.
async fn counted(world: &World) -> Vec<Value> {
    let all = world.items().await;
    let items = all.lines().filter(|line| line.contains("LIMIT#requests#"));
    items.map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[tokio::test]
async fn junk_keys_count_against_their_address_and_lock_no_right_key_out() {
    let world = world().await;
    with_key(&world, 9, &world.keys.ehr).await.expect(200);
    let mut refused = 0;
    for number in 0..600 {
        let answer = with_key(&world, 9, &format!("riverside.{number:043}")).await;
        refused += usize::from(answer.status == 401);
    }
    assert_eq!(refused, 600);
    with_key(&world, 9, &format!("riverside.{:043}", 600)).await.expect(401);
    // The table has heard of the last ones by now: from here on no key is looked up.
    for number in 601..640 {
        with_key(&world, 9, &format!("riverside.{number:043}")).await;
    }
    let calls = || {
        let costs = world.service.meter.costs();
        costs.iter().find(|cost| cost.function == "configure-practice").map(|cost| cost.calls)
    };
    let before = calls();
    with_key(&world, 9, &format!("riverside.{:043}", 700)).await.expect(429);
    assert_eq!(calls(), before, "it is turned away without the table");
    with_key(&world, 9, &world.keys.ehr).await.expect(200);
    with_key(&world, 8, &format!("riverside.{:043}", 701)).await.expect(401);
    world.advance(REQUESTS.seconds);
    with_key(&world, 9, &format!("riverside.{:043}", 702)).await.expect(401);
}

#[tokio::test]
async fn a_key_that_was_never_found_right_gets_nobody_through_whatever_its_call_was_answered() {
    let world = world().await;
    let junk = format!("riverside.{:043}", 7);
    let broken = async || {
        let request = world.from_address([127, 0, 0, 9], "POST", "/v1/patients/p1/portal/revoke");
        let request = request.bearer_auth(&junk).header("portico-actor", "dr.lee");
        world.send(request.header("content-type", "application/json").body("{")).await
    };
    let mut last = broken().await.expect_and(400);
    for _ in 0..640 {
        last = broken().await;
    }
    last.expect(429);
    with_key(&world, 9, &junk).await.expect(429);
}

#[tokio::test]
async fn bodies_that_cannot_be_read_count_against_their_address() {
    let world = world().await;
    let send = async || {
        let request = world.from_address([127, 0, 0, 9], "POST", "/i/made-up/verify");
        world.send(request.json(&json!({"nonsense": true}))).await
    };
    let mut last = send().await.expect_and(400);
    for _ in 0..640 {
        last = send().await;
        assert!([400, 429].contains(&last.status), "{}", last.text);
    }
    last.expect(429);
    assert!(last.header("retry-after").parse::<i64>().unwrap() <= REQUESTS.seconds);
}

#[tokio::test]
async fn pages_that_are_asked_for_without_end_cost_a_write_in_a_hundred_and_then_nothing() {
    let world = world().await;
    let look = async || {
        let request = world.from_address([127, 0, 0, 9], "GET", "/riverside/sign-up");
        world.send(request.header("accept", "text/html")).await
    };
    for _ in 0..99 {
        look().await.expect(200);
    }
    assert_eq!(counted(&world).await, [json!(null); 0], "what an honest caller asks for writes nothing");
    for _ in 99..3100 {
        look().await;
    }
    let counters = counted(&world).await;
    assert_eq!(counters.len(), 1);
    assert_eq!(counters[0]["count"]["N"], "3100");
    look().await.expect(429);
    assert_eq!(counted(&world).await, counters, "a request that is turned away writes nothing");
    let from_elsewhere = world.from_address([127, 0, 0, 8], "GET", "/riverside/sign-up");
    world.send(from_elsewhere.header("accept", "text/html")).await.expect(200);
}
