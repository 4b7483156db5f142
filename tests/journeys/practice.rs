//! Operators enrol practices, and practices set themselves up.

use portico_local::functions::TEXT_NUMBERS;
use portico_testkit::World;
use serde_json::json;

#[tokio::test]
async fn an_operator_creates_a_practice_and_its_keys_are_shown_once_and_die_at_once() {
    let world = World::new().await;
    let ask = async |event: serde_json::Value| {
        world.service.invoker.call("enroll-practice", "invoke", event).await.unwrap()
    };
    let made = ask(json!({"action": "create", "practice": "hilltop", "name": "Hilltop Clinic", "phone": "+12025550111", "time_zone": "America/Denver"})).await;
    assert_eq!(made["settings"]["link_hours"], 72);
    assert_eq!(made["settings"]["password_min_length"], 15);
    let again = ask(json!({"action": "create", "practice": "hilltop", "name": "Hilltop Clinic", "phone": "+12025550111", "time_zone": "America/Denver"})).await;
    assert_eq!(again["error"], "A practice of that name exists already.");
    for wrong in [
        json!({"action": "create", "practice": "v1", "name": "x", "phone": "+12025550111", "time_zone": "America/Denver"}),
        json!({"action": "create", "practice": "mars-one", "name": "x", "phone": "+12025550111", "time_zone": "Mars/Olympus"}),
        json!({"action": "explode"}),
    ] {
        assert!(ask(wrong).await["error"].is_string());
    }
    let issued =
        ask(json!({"action": "issue_key", "practice": "hilltop", "client": "ehr", "preset": "ehr"})).await;
    let key = issued["key"].as_str().unwrap();
    assert_eq!(
        world.staff(key, "GET", "/v1/settings", None).await.expect_and(200).json()["name"],
        "Hilltop Clinic"
    );
    let listed = ask(json!({"action": "list_keys", "practice": "hilltop"})).await;
    assert!(!listed.to_string().contains(key), "a key is shown once");
    let name = listed["keys"][0]["key"].as_str().unwrap();
    assert_eq!(
        ask(json!({"action": "revoke_key", "practice": "hilltop", "key": name})).await["revoked"],
        true
    );
    world.staff(key, "GET", "/v1/settings", None).await.expect(401);
}

#[tokio::test]
async fn settings_that_cannot_be_are_refused_all_at_once_and_nothing_changes() {
    let world = World::new().await;
    let before = world.ehr("GET", "/v1/settings", None).await.expect_and(200).json();
    let wrong = json!({"link_hours": 0, "code_digits": 7, "time_zone": "Nowhere/Else", "portal_url": "javascript:alert(1)",
        "identity_facts": ["family_name"], "password_min_length": 4});
    let refused = world.ehr("PUT", "/v1/settings", Some(wrong)).await.expect_and(400).json();
    let pointers: Vec<&str> =
        refused["errors"].as_array().unwrap().iter().map(|e| e["pointer"].as_str().unwrap()).collect();
    assert_eq!(
        pointers,
        [
            "/time_zone",
            "/portal_url",
            "/link_hours",
            "/code_digits",
            "/identity_facts",
            "/password_min_length"
        ]
    );
    assert_eq!(world.ehr("GET", "/v1/settings", None).await.expect_and(200).json(), before);
    world.settings(json!({"name": "Riverside Clinic"})).await;
    assert_eq!(
        world.ehr("GET", "/v1/audit", None).await.expect_and(200).json()["events"]
            .as_array()
            .unwrap()
            .last()
            .unwrap()["detail"],
        json!({
            "fields": "name", "before": r#"{"name":"Riverside Family Medicine"}"#,
            "after": r#"{"name":"Riverside Clinic"}"#,
        })
    );
}

/// Four settings that make it easier to get in as somebody else, with their pointers and consents.
fn weak_settings() -> [(serde_json::Value, &'static str, &'static str); 4] {
    [
        (json!({"code_digits": 5}), "/code_digits", "five_digit_codes"),
        (json!({"registration_check": "link_only"}), "/registration_check", "link_only"),
        (json!({"password_min_length": 11}), "/password_min_length", "short_passwords"),
        (json!({"security_question": true}), "/security_question", "security_question"),
    ]
}

#[tokio::test]
async fn a_practice_weakens_a_check_only_if_the_operator_allows_it() {
    let world = World::new().await;
    let put = async |change: &serde_json::Value| world.ehr("PUT", "/v1/settings", Some(change.clone())).await;
    let before = world.ehr("GET", "/v1/settings", None).await.expect_and(200).json();
    for (change, pointer, consent) in weak_settings() {
        let others: Vec<&str> =
            weak_settings().iter().map(|(.., other)| *other).filter(|other| *other != consent).collect();
        world.allow(&others).await;
        let refused = put(&change).await.expect_and(400).json();
        let errors = refused["errors"].as_array().unwrap();
        assert_eq!(errors.len(), 1, "{refused}");
        assert_eq!(
            (&errors[0]["pointer"], &errors[0]["code"]),
            (&json!(pointer), &json!("operator_must_allow"))
        );
        assert!(errors[0]["detail"].as_str().unwrap().contains("operator must allow"), "{refused}");
        world.allow(&[consent]).await;
        put(&change).await.expect(200);
        world.allow(&[]).await;
        let now = world.ehr("GET", "/v1/settings", None).await.expect_and(200).json();
        assert_eq!(now, before, "what is not allowed any more goes back to its usual value");
    }
    // All at once, beside a fault of another kind; twelve characters need nobody.
    let all = json!({"code_digits": 5, "registration_check": "link_only", "password_min_length": 7, "security_question": true});
    let refused = put(&all).await.expect_and(400).json();
    let codes: Vec<(&str, &str)> = refused["errors"]
        .as_array()
        .unwrap()
        .iter()
        .map(|error| (error["pointer"].as_str().unwrap(), error["code"].as_str().unwrap()))
        .collect();
    assert_eq!(
        codes,
        [
            ("/password_min_length", "out_of_range"),
            ("/code_digits", "operator_must_allow"),
            ("/registration_check", "operator_must_allow"),
            ("/security_question", "operator_must_allow"),
        ]
    );
    put(&json!({"password_min_length": 12})).await.expect(200);
}

#[tokio::test]
async fn the_operators_consent_is_kept_for_one_practice_and_is_in_its_audit_trail() {
    let world = World::new().await;
    let operator = async |body: serde_json::Value| world.post("/_local/operator", body).await;
    let answer = operator(
        json!({"practice": world.practice, "allow": ["link_only", "five_digit_codes", "link_only"]}),
    );
    assert_eq!(answer.await.expect_and(200).json()["allow"], json!(["link_only", "five_digit_codes"]));
    operator(json!({"practice": "nowhere", "allow": []})).await.expect(404);
    operator(json!({"practice": world.practice, "allow": ["anything"]})).await.expect(400);
    operator(json!({"practice": world.practice})).await.expect(400);
    let other = &world.other_keys.ehr;
    world.staff(other, "PUT", "/v1/settings", Some(json!({"code_digits": 5}))).await.expect(400);
    world.settings(json!({"code_digits": 5})).await;
    // The same list again writes nothing.
    world.allow(&["five_digit_codes", "link_only"]).await;
    world.allow(&["link_only"]).await;
    let trail = world.ehr("GET", "/v1/audit", None).await.expect_and(200).json();
    let events: Vec<_> = trail["events"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|event| event["action"] == "consent_changed")
        .map(|event| (event["by"]["actor"].clone(), event["detail"].clone()))
        .collect();
    let details: Vec<_> = events.iter().map(|(_, detail)| detail).collect();
    assert_eq!(
        details,
        [
            &json!({"allowed": "link_only five_digit_codes"}),
            &json!({"allowed": "link_only", "fields": "code_digits"})
        ]
    );
    assert_eq!(world.ehr("GET", "/v1/audit/verify", None).await.expect_and(200).json()["intact"], true);
}

#[tokio::test]
async fn a_practice_texts_from_a_number_of_its_own_if_the_operator_registered_it() {
    let world = World::new().await;
    world.patient("p1", World::chart()).await;
    world.invite("p1", "sms").await.expect(201);
    let ours = world.last_mail().await.get("from").to_owned();
    let foreign = world.ehr("PUT", "/v1/settings", Some(json!({"text_number": "+12025550111"}))).await;
    let errors = foreign.expect_and(400).json()["errors"].clone();
    assert_eq!(
        (&errors[0]["pointer"], &errors[0]["code"]),
        (&json!("/text_number"), &json!("unknown_number"))
    );
    world.settings(json!({"text_number": TEXT_NUMBERS[0]})).await;
    world.invite("p1", "sms").await.expect(201);
    assert_eq!(world.last_mail().await.get("from"), TEXT_NUMBERS[0]);
    world.settings(json!({"text_number": ""})).await;
    world.invite("p1", "sms").await.expect(201);
    assert_eq!(world.last_mail().await.get("from"), ours);
}

#[tokio::test]
async fn the_settings_page_says_what_the_operator_has_not_allowed() {
    let world = World::new().await;
    let window = world.window(&world.keys.ehr).await;
    let page = window.page("/console/settings").await.expect_and(200).text;
    for said in [
        "<option value=\"5\" disabled>",
        "<option value=\"link_only\" disabled>",
        "<option value=\"true\" disabled>",
        "Not allowed: “The link alone, without these facts”. Portico&#39;s operator decides.",
        "Fewer than 12 are not allowed: Portico&#39;s operator decides.",
    ] {
        assert!(page.contains(said), "{said} {page}");
    }
    let form = [("code_digits", "5"), ("was_code_digits", "6")];
    let page = window.send("/console/settings", &form).await.expect_and(400).text;
    assert!(page.contains("Digits of a code: This makes it easier to get in as somebody else"), "{page}");
    world.allow(&["five_digit_codes", "link_only", "security_question", "short_passwords"]).await;
    let page = window.page("/console/settings").await.expect_and(200).text;
    assert!(!page.contains("disabled>") && !page.contains("operator decides"), "{page}");
    window.act("/console/settings", &form).await;
}

#[tokio::test]
async fn a_portals_address_in_a_hostile_spelling_is_refused_and_a_policy_names_its_origin_alone() {
    let world = World::new().await;
    for hostile in [
        "https://a.example;script-src *",
        "https://a.example;script-src",
        "http://localhost.evil.example",
        "https://a.example:0",
        "https://a.example:65536",
        "https://user@a.example",
        "https://b\u{fc}cher.example",
        "https://a\t.example",
        "https://a.example\"",
        "https://a.example/#x",
    ] {
        let refused =
            world.ehr("PUT", "/v1/settings", Some(json!({"portal_url": hostile}))).await.expect_and(400);
        assert_eq!(refused.str("/errors/0/pointer"), "/portal_url", "{hostile}");
        assert_eq!(refused.str("/errors/0/code"), "invalid_url", "{hostile}");
    }
    world.settings(json!({"portal_url": "https://portal.example.org:8443/a;script-src/b"})).await;
    let page = world.page(&format!("/{}", world.practice)).await.expect_and(200);
    let policy = page.header("content-security-policy");
    assert!(policy.contains("form-action 'self' https://portal.example.org:8443;"), "{policy}");
    assert!(!policy.contains("script-src"), "{policy}");
}
