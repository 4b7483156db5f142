//! Attacks on signing in: finding out who has an account, guessing passwords, getting round the limits.

use std::collections::BTreeSet;

use futures_util::future::join_all;
use portico_testkit::{Answer, PASSWORD, World};
use serde_json::{Value, json};

use super::{seen, to_a_new_window};

fn credentials(username: &str, password: &str) -> Value {
    json!({"username": username, "password": password})
}

async fn from(world: &World, address: u8, username: &str, password: &str) -> Answer {
    let path = format!("/{}/sign-in", world.practice);
    let request = world.from_address([127, 0, 0, address], "POST", &path);
    world.send(request.json(&credentials(username, password))).await
}

#[tokio::test]
async fn unknown_wrong_revoked_and_locked_sign_ins_get_the_same_answer_to_the_byte() {
    let world = World::new().await;
    world.registered("p1", "known.one").await;
    world.registered("p2", "revoked.one").await;
    world.revoke("p2", "other").await.expect(200);
    world.registered("p3", "locked.one").await;
    for _ in 0..10 {
        from(&world, 9, "locked.one", "not the password").await.expect(401);
    }
    let long = "p".repeat(2000);
    let tries = [
        ("unknown", "nobody.here", PASSWORD),
        ("impossible name", "a b\u{202e}c <x>", PASSWORD),
        ("empty name", " ", PASSWORD),
        ("wrong", "known.one", "not the password"),
        ("another's", "known.one", "x"),
        ("long", "known.one", &long),
        ("revoked, wrong", "revoked.one", "not the password"),
        ("locked, right", "locked.one", PASSWORD),
        ("other practice's", "known.one", "not the password"),
    ];
    let mut answers = BTreeSet::new();
    let mut pages = BTreeSet::new();
    let path = format!("/{}/sign-in", world.practice);
    for (_, username, password) in &tries {
        answers.insert(seen(&world.post(&path, credentials(username, password)).await));
        let page = world.form(&path, &[("username", username), ("password", password)]).await;
        if !username.trim().is_empty() && !username.contains('<') {
            pages.insert(seen(&page).replace(username, "USERNAME").replacen("content-length", "", 1));
        }
    }
    assert_eq!(answers.len(), 1, "{answers:#?}");
    assert!(answers.first().unwrap().starts_with("401 "));
    let strip = |page: &String| page.lines().filter(|l| !l.starts_with(": ")).collect::<Vec<_>>().join("\n");
    let pages: BTreeSet<String> = pages.iter().map(strip).collect();
    assert_eq!(pages.len(), 1, "{pages:#?}");
    // A revoked person learns the reason with the right password only.
    assert_eq!(world.sign_in("revoked.one", PASSWORD).await.expect_and(403).code(), "access_revoked");
    world.sign_in("known.one", PASSWORD).await.expect(200);
    let elsewhere = format!("/{}/sign-in", world.other_practice);
    let elsewhere = world.post(&elsewhere, credentials("known.one", PASSWORD)).await;
    assert_eq!(seen(&elsewhere), *answers.first().unwrap());
}

#[tokio::test]
async fn unknown_wrong_and_locked_sign_ins_cost_dynamodb_the_same() {
    let world = World::new().await;
    world.registered("p1", "known.one").await;
    world.registered("p2", "locked.one").await;
    for _ in 0..11 {
        from(&world, 9, "locked.one", "not the password").await.expect(401);
    }
    let mut costs = Vec::new();
    for (what, username, password) in [
        ("warm", "warm.up", "x"),
        ("unknown", "nobody.here", PASSWORD),
        ("unknown again", "nobody.here", PASSWORD),
        ("wrong", "known.one", "not the password"),
        ("wrong again", "known.one", "not the password"),
        ("locked, wrong", "locked.one", "not the password"),
        ("locked, right", "locked.one", PASSWORD),
    ] {
        world.service.meter.reset();
        world.sign_in(username, password).await.expect(401);
        let cost = world.service.meter.costs().into_iter().find(|cost| cost.function == "sign-in").unwrap();
        // A write whose condition fails costs its unit too, but the answer that says so does not name it.
        costs.push((what, (cost.calls, cost.trips, cost.read_units)));
    }
    let (_, model) = costs[1].clone();
    assert!(costs[1..].iter().all(|(_, cost)| *cost == model), "{costs:#?}");
}

#[tokio::test]
async fn the_attempt_that_locks_a_user_name_costs_the_same_whether_it_exists_or_not() {
    let world = World::new().await;
    world.registered("p1", "known.one").await;
    let mut costs = Vec::new();
    for username in ["warm.up", "nobody.here", "known.one"] {
        to_a_new_window(&world);
        for _ in 0..9 {
            world.sign_in(username, "not the password").await.expect(401);
        }
        world.service.meter.reset();
        world.sign_in(username, "not the password").await.expect(401);
        let cost = world.service.meter.costs().into_iter().find(|cost| cost.function == "sign-in").unwrap();
        costs.push((username, (cost.calls, cost.trips, cost.read_units, cost.write_units)));
    }
    assert_eq!(costs[1].1, costs[2].1, "{costs:#?}");
    // The list of what needs a person knows of the one that exists only.
    let things = world.ehr("GET", "/v1/attention", None).await.expect_and(200).json();
    assert_eq!(things["counts"], json!({"account_locked": 1}));
}

#[tokio::test]
async fn ten_wrong_passwords_lock_a_user_name_and_the_count_outlives_the_lock() {
    let world = World::new().await;
    world.registered("p1", "known.one").await;
    for _ in 0..10 {
        world.sign_in("known.one", "not the password").await.expect(401);
    }
    // An attempt during the lock is none: it is not compared, and does not make the lock longer.
    for password in ["not the password", PASSWORD, "not the password"] {
        world.sign_in("known.one", password).await.expect(401);
    }
    world.advance(30);
    // One more wrong password after the lock locks again at once, for longer.
    world.sign_in("known.one", "not the password").await.expect(401);
    world.advance(59);
    world.sign_in("known.one", PASSWORD).await.expect(401);
    world.advance(1);
    world.sign_in("known.one", PASSWORD).await.expect(200);
    // A success resets the count: nine wrong passwords and the right one.
    to_a_new_window(&world);
    for _ in 0..9 {
        world.sign_in("known.one", "not the password").await.expect(401);
    }
    world.sign_in("known.one", PASSWORD).await.expect(200);
    // All spellings of a name share one counter.
    for name in ["KNOWN.one", "known.ONE", " known.one ", "ｋnown.one"].iter().cycle().take(12) {
        world.sign_in(name, "not the password").await.expect(401);
    }
    world.sign_in("known.one", PASSWORD).await.expect(401);
}

#[tokio::test(flavor = "multi_thread")]
async fn two_hundred_guesses_at_once_do_not_get_past_the_lock() {
    let world = World::new().await;
    world.registered("p1", "known.one").await;
    to_a_new_window(&world);
    let guess = |n: usize| {
        let right = n >= 150 && n.is_multiple_of(10);
        let world = &world;
        async move {
            let password = if right { PASSWORD } else { "not the password" };
            from(world, 10 + u8::try_from(n % 10).unwrap(), "known.one", password).await
        }
    };
    // The first ten are known to be wrong. All later guesses come too late.
    join_all((0..10).map(&guess)).await;
    let answers = join_all((10..200).map(&guess)).await;
    // On a busy machine a guess may be refused unread with 429 or 503, which tells the guesser nothing.
    let others: Vec<_> = answers.iter().filter(|answer| !matches!(answer.status, 401 | 429 | 503)).collect();
    assert!(others.is_empty(), "{others:?}");
    from(&world, 99, "known.one", PASSWORD).await.expect(401);
}

#[tokio::test]
async fn sixty_failures_stop_one_address_whatever_headers_and_user_names_it_uses() {
    let world = World::new().await;
    world.registered("p1", "known.one").await;
    to_a_new_window(&world);
    let path = format!("/{}/sign-in", world.practice);
    let try_from = |n: usize, address: u8| {
        let world = &world;
        let path = &path;
        async move {
            let claimed = format!("198.51.100.{n}");
            let request = world
                .from_address([127, 0, 0, address], "POST", path)
                .header("x-forwarded-for", &claimed)
                .header("x-real-ip", &claimed)
                .header("forwarded", format!("for={claimed}"))
                .header("cf-connecting-ip", &claimed)
                .header("user-agent", format!("agent {n}"))
                .header("sec-fetch-site", "same-origin")
                .header("cookie", format!("a={n}"));
            world.send(request.json(&credentials(&format!("name.{n}"), "Summer2026!"))).await
        }
    };
    for n in 0..60 {
        try_from(n, 1).await.expect(401);
    }
    let stopped = try_from(60, 1).await.expect_and(429);
    let wait: i64 = stopped.header("retry-after").parse().unwrap();
    assert!((1..=600).contains(&wait));
    world.sign_in("known.one", PASSWORD).await.expect(429);
    // The account is not locked: another address signs in.
    from(&world, 2, "known.one", PASSWORD).await.expect(200);
    world.advance(600);
    world.sign_in("known.one", PASSWORD).await.expect(200);
}

// Failures of an address are counted once they are known. What it sends at the same instant is bounded by its
// limit of POSTs; after that it is stopped.
#[tokio::test(flavor = "multi_thread")]
async fn many_failures_at_once_stop_their_address_for_ten_minutes() {
    let world = World::new().await;
    to_a_new_window(&world);
    let path = format!("/{}/sign-in", world.practice);
    let guesses = (0..150).map(|n| world.post(&path, credentials(&format!("name.{n}"), "Summer2026!")));
    let answers = join_all(guesses).await;
    assert!(answers.iter().all(|answer| matches!(answer.status, 401 | 429 | 503)));
    let next = world.post(&path, credentials("name.1", "Summer2026!")).await.expect_and(429);
    assert_eq!(next.code(), "too_many_requests");
    world.advance(600);
    world.post(&path, credentials("name.1", "Summer2026!")).await.expect(401);
}

#[tokio::test]
async fn six_hundred_posts_in_five_minutes_are_enough_from_one_address() {
    let world = World::new().await;
    to_a_new_window(&world);
    let path = "/i/AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA/verify";
    for _ in 0..12 {
        let posts = (0..50).map(|_| world.post(path, json!({"as": "patient"})));
        assert!(join_all(posts).await.iter().all(|answer| answer.status == 410));
    }
    let stopped = world.post(path, json!({"as": "patient"})).await.expect_and(429);
    let wait: i64 = stopped.header("retry-after").parse().unwrap();
    assert!((1..=300).contains(&wait));
    assert_eq!(stopped.code(), "too_many_requests");
    // The limit stops every public POST from that address and none from others. Reading goes on.
    world.sign_in("known.one", PASSWORD).await.expect(429);
    world.get(&format!("/{}", world.practice)).await.expect(200);
    let elsewhere = world.from_address([127, 0, 0, 2], "POST", path).json(&json!({"as": "patient"}));
    world.send(elsewhere).await.expect(410);
    world.advance(300);
    world.post(path, json!({"as": "patient"})).await.expect(410);
}

/// The actions of an account's chain, in order, with the number of failures that they tell.
async fn chain_of(world: &World, account: &str) -> Vec<String> {
    let table = aws_sdk_dynamodb::Client::from_conf(world.service.cloud.dynamodb.clone());
    let pk = aws_sdk_dynamodb::types::AttributeValue::S(format!("AUDIT#riverside#ACCOUNT#{account}"));
    let query = table.query().table_name("portico-audit").key_condition_expression("pk = :pk");
    let items = query.expression_attribute_values(":pk", pk).send().await.unwrap().items.unwrap();
    let told = |item: &std::collections::HashMap<String, aws_sdk_dynamodb::types::AttributeValue>| {
        let failed = item.get("detail").and_then(|detail| detail.as_m().ok()?.get("failed")?.as_s().ok());
        format!("{} {}", item["action"].as_s().unwrap(), failed.map_or("", String::as_str))
    };
    items.iter().map(told).collect()
}

#[tokio::test]
async fn a_lock_sums_its_failures_up_in_the_chain_of_the_account() {
    let world = World::with_cheap_hashes().await;
    world.registered("p1", "known.one").await;
    let account = world.portal("p1").await["accounts"][0]["account_id"].as_str().unwrap().to_owned();
    let before = chain_of(&world, &account).await.len();
    for _ in 0..9 {
        from(&world, 9, "known.one", "not the password").await.expect(401);
    }
    assert_eq!(chain_of(&world, &account).await.len(), before, "nothing yet");
    from(&world, 9, "known.one", "not the password").await.expect(401);
    assert_eq!(chain_of(&world, &account).await[before..], ["sign_ins_failed 10"]);
    from(&world, 9, "known.one", "not the password").await.expect(401);
    assert_eq!(chain_of(&world, &account).await.len(), before + 1, "an attempt during the lock is none");
    world.advance(31);
    from(&world, 9, "known.one", "not the password").await.expect(401);
    assert_eq!(chain_of(&world, &account).await[before + 1..], ["sign_ins_failed 11"]);
    let verdict = world.ehr("GET", "/v1/audit/verify", None).await.expect_and(200).json();
    assert_eq!(verdict["intact"], true);
}

#[tokio::test]
async fn a_lock_costs_as_many_calls_for_a_name_that_nobody_has() {
    let world = World::with_cheap_hashes().await;
    world.registered("p1", "known.one").await;
    let calls = || {
        let costs = world.service.meter.costs();
        costs.iter().filter(|cost| cost.function == "sign-in").map(|cost| cost.calls).sum::<u64>()
    };
    let mut cost = Vec::new();
    for (address, username) in [(8, "known.one"), (9, "nobody.one")] {
        for _ in 0..9 {
            from(&world, address, username, "not the password").await.expect(401);
        }
        let before = calls();
        from(&world, address, username, "not the password").await.expect(401);
        cost.push(calls() - before);
    }
    assert_eq!(cost[0], cost[1]);
}
