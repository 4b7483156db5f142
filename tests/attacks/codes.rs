//! Attacks on the steps after an invitation link: proofs, codes and tickets that are guessed, replayed or moved.

use portico_testkit::World;
use serde_json::json;

use super::{check_code, facts, other_code, proof, proof_and_code, send_code};

#[tokio::test]
async fn a_code_takes_five_tries_and_a_new_code_does_not_reset_the_links_ten() {
    let world = World::new().await;
    // A phone gets fewer texts than this test asks for codes.
    world.settings(json!({"code_channel": "any"})).await;
    let token = world.invited("p1").await;
    let (proof, code) = proof_and_code(&world, &token).await;
    for _ in 0..5 {
        let answer = check_code(&world, &token, &proof, &other_code(&code)).await.expect_and(422);
        assert_eq!(answer.code(), "code_rejected");
    }
    check_code(&world, &token, &proof, &code).await.expect(422);
    world.advance(61);
    send_code(&world, &token, &proof).await.expect(202);
    let code = world.last_mail().await.code();
    for _ in 0..5 {
        check_code(&world, &token, &proof, &other_code(&code)).await.expect(422);
    }
    // After ten wrong codes the link is locked: it refuses the right code and sends no new one.
    check_code(&world, &token, &proof, &code).await.expect(410);
    world.advance(61);
    send_code(&world, &token, &proof).await.expect(410);
    world.state_facts(&token).await.expect(410);
    assert_eq!(world.portal("p1").await["invitation"]["state"], "locked");
}

#[tokio::test]
async fn thirty_guesses_at_once_are_evaluated_five_times() {
    let world = World::new().await;
    // A phone gets fewer texts than this test asks for codes.
    world.settings(json!({"code_channel": "any"})).await;
    let token = world.invited("p1").await;
    let (proof, code) = proof_and_code(&world, &token).await;
    let wrong = other_code(&code);
    let guesses = (0..30).map(|_| check_code(&world, &token, &proof, &wrong));
    futures_util::future::join_all(guesses).await;
    check_code(&world, &token, &proof, &code).await.expect(422);
    let link = world.items().await;
    let link = link.lines().find(|line| line.contains("\"LINK#")).unwrap().to_owned();
    let link: serde_json::Value = serde_json::from_str(&link).unwrap();
    assert_eq!(link["all_tries"], json!({"N": "5"}), "{link}");
}

#[tokio::test]
async fn a_code_works_once_for_ten_minutes_and_for_its_own_link_alone() {
    let world = World::new().await;
    // A phone gets fewer texts than this test asks for codes.
    world.settings(json!({"code_channel": "any"})).await;
    let (first, second) = (world.invited("p1").await, world.invited("p2").await);
    let (proof_1, code_1) = proof_and_code(&world, &first).await;
    let (proof_2, code_2) = proof_and_code(&world, &second).await;
    // The code, the proof and both of another link are refused.
    if code_1 != code_2 {
        check_code(&world, &first, &proof_1, &code_2).await.expect(422);
    }
    check_code(&world, &first, &proof_2, &code_1).await.expect(422);
    check_code(&world, &first, &proof_2, &code_2).await.expect(422);
    send_code(&world, &first, &proof_2).await.expect(422);
    // A code works once. Sent again within a minute, as by a double click, it gets the same ticket.
    let ticket = check_code(&world, &first, &proof_1, &code_1).await.expect_and(200).str("/ticket");
    let again = check_code(&world, &first, &proof_1, &code_1).await.expect_and(200);
    assert_eq!(again.str("/ticket"), ticket);
    check_code(&world, &first, &proof_1, &other_code(&code_1)).await.expect(422);
    check_code(&world, &first, &proof_2, &code_1).await.expect(422);
    world.advance(60);
    check_code(&world, &first, &proof_1, &code_1).await.expect(422);
    // A ticket of another link opens nothing here.
    world.register(&second, &ticket, "rosa.q").await.expect(410);
    // A code works for ten minutes, to the second.
    world.advance(536);
    let right = check_code(&world, &second, &proof_2, &other_code(&code_2)).await;
    assert_eq!(right.code(), "code_rejected");
    world.advance(4);
    check_code(&world, &second, &proof_2, &code_2).await.expect(422);
}

#[tokio::test]
async fn a_new_code_ends_the_old_one_and_comes_at_most_five_times_a_minute_apart() {
    let world = World::new().await;
    // A phone gets fewer texts than this test asks for codes.
    world.settings(json!({"code_channel": "any"})).await;
    let token = world.invited("p1").await;
    let (proof, first) = proof_and_code(&world, &token).await;
    let early = send_code(&world, &token, &proof).await.expect_and(429);
    let wait: i64 = early.header("retry-after").parse().unwrap();
    assert!((1..=60).contains(&wait), "{wait}");
    let mut latest = first.clone();
    for _ in 0..4 {
        world.advance(61);
        send_code(&world, &token, &proof).await.expect(202);
        latest = world.last_mail().await.code();
    }
    world.advance(61);
    let over = send_code(&world, &token, &proof).await.expect_and(429);
    assert!(!over.header("retry-after").is_empty());
    if first != latest {
        check_code(&world, &token, &proof, &first).await.expect(422);
    }
    check_code(&world, &token, &proof, &latest).await.expect(200);
    assert_eq!(world.mails().await.iter().filter(|mail| !mail.code().is_empty()).count(), 5);
}

#[tokio::test]
async fn a_wrong_access_code_costs_a_try_and_the_right_one_needs_the_facts_too() {
    let world = World::new().await;
    world.patient("p1", World::chart()).await;
    let code = world.invite("p1", "email").await.expect_and(201).str("/access_code");
    assert_eq!(code.len(), 8);
    let token = world.last_mail().await.token();
    let path = format!("/i/{token}/verify");
    let with = |family: &str, code: &str| {
        let mut stated = facts(family, "1945-04-27");
        stated["access_code"] = json!(code);
        stated
    };
    for _ in 0..3 {
        world.post(&path, with("Quillfeather", &other_code(&code))).await.expect(422);
    }
    world.post(&path, with("Nobody", &code)).await.expect(422);
    let passed = world.post(&path, with("Quillfeather", &code)).await.expect_and(200);
    assert_eq!(passed.str("/next"), "register");
    world.post(&path, with("Quillfeather", &other_code(&code))).await.expect(422);
    world.post(&path, with("Quillfeather", &code)).await.expect(410);
    let failures = world.portal("p1").await["verification_failures"].clone();
    assert_eq!(failures[0]["facts"], json!(["access_code"]));
    // No message ever contains the access code.
    assert!(world.mails().await.iter().all(|mail| !mail.record.to_string().contains(&code)));
}

#[tokio::test]
async fn a_proof_dies_after_fifteen_minutes_and_is_replaced_by_the_next() {
    let world = World::new().await;
    // A phone gets fewer texts than this test asks for codes.
    world.settings(json!({"code_channel": "any"})).await;
    let token = world.invited("p1").await;
    let old = proof(&world, &token).await;
    let newer = proof(&world, &token).await;
    send_code(&world, &token, &old).await.expect(422);
    send_code(&world, &token, &newer).await.expect(202);
    world.advance(15 * 60);
    let code = world.last_mail().await.code();
    send_code(&world, &token, &newer).await.expect(422);
    check_code(&world, &token, &newer, &code).await.expect(422);
    for forged in ["", "A", &newer[..newer.len() - 1], &format!("{newer}A"), &"A".repeat(10_000)] {
        send_code(&world, &token, forged).await.expect(422);
    }
}

#[tokio::test]
async fn a_ticket_outlives_its_links_expiry_but_not_thirty_minutes() {
    let world = World::new().await;
    world.settings(json!({"link_hours": 1})).await;
    let token = world.invited("p1").await;
    world.advance(3500);
    let ticket = world.ticket(&token).await;
    world.advance(101);
    world.state_facts(&token).await.expect(410);
    let weak = json!({"ticket": ticket, "username": "rosa.q", "password": "short", "accept_terms": true});
    world.post(&format!("/i/{token}/register"), weak).await.expect(422);
    world.register(&token, &ticket, "rosa.q").await.expect(201);
    let token = world.invited("p2").await;
    let ticket = world.ticket(&token).await;
    world.advance(30 * 60);
    world.register(&token, &ticket, "late.comer").await.expect(410);
    world.register(&token, "", "late.comer").await.expect(410);
}
