//! Signing in and out, and what the portal learns about a session.

use portico_testkit::{PASSWORD, World};
use serde_json::json;

#[tokio::test]
async fn sessions_idle_out_after_15_minutes_and_end_after_12_hours() {
    let world = World::new().await;
    world.registered("p1", "rosa.q").await;
    let session = world.sign_in("Rosa.Q", PASSWORD).await.expect_and(200).str("/session_token");
    world.advance(14 * 60);
    assert_eq!(world.introspect(&session).await["active"], true);
    world.advance(14 * 60);
    assert_eq!(world.introspect(&session).await["active"], true, "use keeps it alive");
    world.advance(15 * 60 + 1);
    assert_eq!(world.introspect(&session).await, json!({"active": false}));

    let session = world.sign_in("rosa.q", PASSWORD).await.expect_and(200).str("/session_token");
    for _ in 0..51 {
        world.advance(14 * 60);
        assert_eq!(world.introspect(&session).await["active"], true);
    }
    world.advance(14 * 60);
    assert_eq!(world.introspect(&session).await["active"], false, "after twelve hours it ends, used or not");
}

#[tokio::test]
async fn signing_out_ends_the_session_and_staff_see_the_last_login() {
    let world = World::new().await;
    world.registered("p1", "rosa.q").await;
    world.advance(86_400);
    let session = world.sign_in("rosa.q", PASSWORD).await.expect_and(200).str("/session_token");
    let last = world.portal("p1").await["last_login_at"].as_str().unwrap().to_owned();
    assert_eq!(world.portal("p1").await["accounts"][0]["last_login_at"], last.as_str());
    world.send(world.request("POST", "/riverside/sign-out").bearer_auth(&session)).await.expect(204);
    assert_eq!(world.introspect(&session).await["active"], false);
    world.service.idle().await;
    let chart = world.ehr("GET", "/v1/patients/p1", None).await.expect_and(200).json();
    assert_eq!(chart["portal"]["last_login_at"], last.as_str(), "the patient's record follows the stream");
}

#[tokio::test]
async fn a_revoked_person_is_told_whom_to_ask_only_with_the_right_password() {
    let world = World::new().await;
    world.registered("p1", "rosa.q").await;
    let wrong = world.sign_in("rosa.q", "not the password").await.expect_and(401);
    world.revoke("p1", "patient_request").await.expect(200);
    let right = world.sign_in("rosa.q", PASSWORD).await.expect_and(403);
    assert_eq!(right.code(), "access_revoked");
    assert_eq!(right.str("/detail"), "Ask your doctor to provide access to your health records.");
    assert_eq!(world.sign_in("rosa.q", "not the password").await.expect_and(401).text, wrong.text);
    assert_eq!(world.sign_in("nobody", "not the password").await.expect_and(401).text, wrong.text);
    let page = world
        .form("/riverside/sign-in", &[("username", "rosa.q"), ("password", PASSWORD)])
        .await
        .expect_and(403);
    assert!(page.text.contains("Ask your doctor to provide access to your health records."));
}

#[tokio::test]
async fn the_portal_learns_who_may_see_which_records_and_a_revocation_holds_from_the_next_call() {
    let world = World::new().await;
    let session = world.registered("p1", "rosa.q").await;
    let seen = world.introspect(&session).await;
    assert_eq!((&seen["active"], &seen["username"]), (&json!(true), &json!("rosa.q")));
    assert_eq!(seen["grants"], json!([{"patient_id": "p1", "relationship": "self", "level": "full"}]));
    world.revoke("p1", "left_practice").await.expect(200);
    assert_eq!(world.introspect(&session).await, json!({"active": false}));
    let other = json!({"session_token": session});
    let elsewhere =
        world.staff(&world.other_keys.portal, "POST", "/v1/sessions/introspect", Some(other)).await;
    assert_eq!(elsewhere.expect_and(200).json(), json!({"active": false}));
}

#[tokio::test]
async fn after_a_page_sign_in_the_portal_exchanges_a_code_once_within_a_minute() {
    let world = World::new().await;
    world.settings(json!({"portal_url": "https://portal.example.org/start"})).await;
    world.registered("p1", "rosa.q").await;
    let sign_in = async || {
        let page = world
            .form("/riverside/sign-in", &[("username", "rosa.q"), ("password", PASSWORD)])
            .await
            .expect_and(303);
        let location = page.header("location").to_owned();
        location
            .strip_prefix("https://portal.example.org/start?code=")
            .expect("the portal's address")
            .to_owned()
    };
    let exchange = async |code: &str| {
        world.staff(&world.keys.portal, "POST", "/v1/sessions/exchange", Some(json!({"code": code}))).await
    };
    let code = sign_in().await;
    let session = exchange(&code).await.expect_and(200).str("/session_token");
    assert_eq!(world.introspect(&session).await["active"], true);
    exchange(&code).await.expect(404);
    let late = sign_in().await;
    world.advance(61);
    exchange(&late).await.expect(404);
    world
        .staff(&world.keys.scheduling, "POST", "/v1/sessions/exchange", Some(json!({"code": late})))
        .await
        .expect(403);
    world.staff(&world.keys.portal, "GET", "/v1/patients/p1", None).await.expect(403);
}
