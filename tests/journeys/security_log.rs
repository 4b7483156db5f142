//! The security log: a line for each thing that somebody did or tried who may be an attacker.

use portico_testkit::{PASSWORD, World, log};
use serde_json::{Value, json};

/// The lines about somebody that have this name.
fn lines(whose: &str, event: &str) -> Vec<Value> {
    log::security(whose).into_iter().filter(|line| line["event"] == event).collect()
}

/// The one line about somebody that has this name.
fn line(whose: &str, event: &str) -> Value {
    let mut found = lines(whose, event);
    assert_eq!(found.len(), 1, "{event}: {found:#?}");
    found.remove(0)
}

/// The account of a patient who has one.
async fn account_of(world: &World, id: &str) -> String {
    world.portal(id).await["accounts"][0]["account_id"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn a_line_says_who_from_which_network_and_with_which_browser() {
    let world = World::new().await;
    world.registered("sec-who", "rosa.who").await;
    let account = account_of(&world, "sec-who").await;
    let request = world.request("POST", "/riverside/sign-in").header(
        "user-agent",
        "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/120.0 Safari/537.36",
    );
    world.send(request.json(&json!({"username": "rosa.who", "password": PASSWORD}))).await.expect(200);
    let line = line(&account, "signed_in");
    assert_eq!(line["practice"], "riverside");
    assert_eq!(line["client"], "patient");
    let span = &line["span"];
    assert_eq!(span["http.route"], "POST /{practice}/sign-in");
    assert_eq!(span["network"], "127.0.0.0/24");
    assert_eq!(span["browser"], "Chrome on Windows");
    assert!(span["request_id"].as_str().unwrap().len() > 10);
    let peer = span["peer"].as_str().unwrap();
    assert!(peer.starts_with("1:") && peer.len() == 26, "a keyed digest: {peer}");
    assert!(line["timestamp"].is_string() && line["message"] == "security");
}

#[tokio::test]
async fn failed_sign_ins_say_why_and_a_lock_says_after_how_many() {
    let world = World::new().await;
    world.registered("sec-lock", "rosa.lock").await;
    let account = account_of(&world, "sec-lock").await;
    for _ in 0..11 {
        world.sign_in("rosa.lock", "not my password at all").await.expect(401);
    }
    let why: Vec<_> = lines(&account, "sign_in_failed")
        .iter()
        .map(|line| line["why"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(why[..10], ["wrong_password"; 10]);
    assert_eq!(why[10..], ["locked"]);
    assert_eq!(line(&account, "locked")["failures"], 10);

    world.sign_in("nobody.has.this.name", PASSWORD).await.expect(401);
    assert!(log::text().lines().any(|line| line.contains("\"why\":\"unknown_name\"")));

    world.registered("sec-over", "rosa.over").await;
    let account = account_of(&world, "sec-over").await;
    world.revoke("sec-over", "left_practice").await.expect(200);
    world.sign_in("rosa.over", PASSWORD).await.expect(403);
    assert_eq!(line(&account, "sign_in_failed")["why"], "access_revoked");
    assert_eq!(line("sec-over", "access_revoked")["actor"], "dr.lee");
}

#[tokio::test]
async fn wrong_facts_and_codes_and_passed_checks_are_told() {
    let world = World::new().await;
    let token = world.invited("sec-facts").await;
    let wrong = json!({"as": "patient", "family_name": "nobody", "birth_date": "04/27/1945"});
    world.post(&format!("/i/{token}/verify"), wrong).await.expect(422);
    assert_eq!(line("sec-facts", "facts_wrong")["why"], "family_name");
    let proof = world.state_facts(&token).await.expect_and(200).str("/proof");
    world.post(&format!("/i/{token}/codes"), json!({"proof": proof, "channel": "sms"})).await.expect(202);
    let entered = json!({"proof": proof, "code": "0"});
    world.post(&format!("/i/{token}/codes/check"), entered).await.expect(422);
    line("sec-facts", "code_wrong");
    let code = world.last_mail().await.code();
    let entered = json!({"proof": proof, "code": code});
    world.post(&format!("/i/{token}/codes/check"), entered).await.expect(200);
    for event in ["invitation_created", "identity_confirmed", "code_confirmed"] {
        line("sec-facts", event);
    }
}

#[tokio::test]
async fn a_reset_is_told_from_the_link_to_the_new_password() {
    let world = World::new().await;
    world.registered_with_answer("sec-reset", "rosa.reset", "my aunt in the lake").await;
    let account = account_of(&world, "sec-reset").await;
    world.advance(3600); // the phone has had its text
    let token = world.reset_token("rosa.reset").await;
    assert_eq!(lines("sec-reset", "invitation_created").len(), 2, "the invitation, and the reset link");
    let wrong = json!({"birth_date": "04/27/1945", "answer": "in the sea, by myself"});
    world.post(&format!("/r/{token}/answer"), wrong).await.expect(422);
    let told = line(&account, "facts_wrong");
    assert_eq!((&told["why"], &told["patient"]), (&json!("security_answer"), &json!("sec-reset")));
    world.post(&format!("/r/{token}/codes"), json!({"channel": "sms"})).await.expect(202);
    world.post(&format!("/r/{token}/codes/check"), json!({"code": "0"})).await.expect(422);
    line(&account, "code_wrong");
    let code = world.last_mail().await.code();
    let passed = world.post(&format!("/r/{token}/codes/check"), json!({"code": code})).await;
    let ticket = passed.expect_and(200).str("/ticket");
    world.new_password(&token, &ticket, "walnut trellis nine").await.expect(204);
    line(&account, "password_changed");
}

#[tokio::test]
async fn a_wrong_password_of_a_signed_in_person_is_told() {
    let world = World::new().await;
    let session = world.registered("sec-own", "rosa.own").await;
    let account = account_of(&world, "sec-own").await;
    let body = json!({"old_password": "not my password at all", "new_password": "walnut trellis nine"});
    let request = world.request("POST", "/riverside/account/password").bearer_auth(&session);
    world.send(request.json(&body)).await.expect(401);
    line(&account, "password_wrong");
}

#[tokio::test]
async fn exchanges_are_told_and_so_are_codes_that_are_no_good() {
    let world = World::new().await;
    world.settings(json!({"portal_url": "https://portal.example.org/start"})).await;
    world.registered("sec-swap", "rosa.swap").await;
    let account = account_of(&world, "sec-swap").await;
    let fields = [("username", "rosa.swap"), ("password", PASSWORD)];
    let signed_in = world.form("/riverside/sign-in", &fields).await.expect_and(303);
    let code = signed_in.header("location").split_once("code=").unwrap().1.to_owned();
    for status in [200, 404] {
        let body = Some(json!({"code": code}));
        world.staff(&world.keys.portal, "POST", "/v1/sessions/exchange", body).await.expect(status);
    }
    assert_eq!(line(&account, "session_exchanged")["client"], "portal");
    assert_eq!(line(&account, "exchange_refused")["client"], "portal");
}

#[tokio::test]
async fn changed_settings_say_what_they_were_and_are() {
    let world = World::new().await;
    let change = json!({"code_channel": "any", "name": "Another Name", "auto_invite": {"daily_cap": 7}});
    let request = world.request("PUT", "/v1/settings").bearer_auth(&world.keys.ehr);
    world.send(request.header("portico-actor", "sec.settings").json(&change)).await.expect(200);
    let mut told: Vec<_> = lines("sec.settings", "setting_changed")
        .iter()
        .map(|line| format!("{} {} {}", line["setting"], line["old"], line["new"]))
        .collect();
    told.sort();
    assert_eq!(
        told,
        [
            r#""auto_invite.daily_cap" "500" "7""#,
            r#""code_channel" "other" "any""#,
            r#""name" "(text)" "(text)""#,
        ]
    );
}

#[tokio::test]
async fn every_read_of_staff_is_told_with_whom_it_was_about() {
    let world = World::new().await;
    world.invited("sec-read").await;
    let read = async |path: &str, status: u16| {
        let request = world.request("GET", path).bearer_auth(&world.keys.ehr);
        world.send(request.header("portico-actor", "sec.reader")).await.expect(status);
    };
    for path in [
        "/v1/patients/sec-read",
        "/v1/patients/sec-read/portal",
        "/v1/audit?patient_id=sec-read",
        "/v1/settings",
    ] {
        read(path, 200).await;
    }
    read("/v1/patients/sec-nobody", 404).await;
    let told: Vec<_> = lines("sec.reader", "staff_call")
        .iter()
        .map(|line| format!("{} {} {}", line["span"]["http.route"], line["patient"], line["http.status"]))
        .collect();
    assert_eq!(
        told,
        [
            r#""GET /v1/patients/{patient_id}" "sec-read" 200"#,
            r#""GET /v1/patients/{patient_id}/portal" "sec-read" 200"#,
            r#""GET /v1/audit" "sec-read" 200"#,
            r#""GET /v1/settings" null 200"#,
            r#""GET /v1/patients/{patient_id}" "sec-nobody" 404"#,
        ]
    );
    assert_eq!(lines("sec.reader", "staff_call")[0]["span"]["client"], "ehr");

    // In the Onboarding Tool, too, with the staff member for whom its window was opened.
    let asked = world.request("POST", "/v1/console/sessions").bearer_auth(&world.keys.ehr);
    let asked = world.send(asked.header("portico-actor", "sec.window").json(&json!({}))).await;
    let url = asked.expect_and(201).str("/url");
    let path = url.strip_prefix(&world.service.base_url).unwrap().to_owned();
    let opened = world.form(&path, &[]).await.expect_and(303);
    let cookie = opened.header("set-cookie").split(';').next().unwrap().to_owned();
    world.page_with("/console/patients/sec-read", &cookie).await.expect(200);
    let told = lines("sec.window", "staff_call").pop().unwrap();
    assert_eq!(told["span"]["http.route"], "GET /console/patients/{patient_id}");
    assert_eq!(told["patient"], "sec-read");
}

#[tokio::test]
async fn a_call_without_a_key_is_told_without_anything_that_it_says() {
    let world = World::new().await;
    let request = world.request("GET", "/v1/patients/sec-injected").bearer_auth("riverside.made-up");
    world.send(request.header("portico-actor", "sec.stranger")).await.expect(401);
    let all = log::text();
    let refused = all.lines().filter(|line| line.contains("\"staff_call_refused\""));
    assert!(refused.count() > 0);
    assert!(!all.contains("sec-injected") && !all.contains("sec.stranger"));
}
