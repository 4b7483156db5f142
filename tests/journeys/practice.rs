//! Operators enrol practices, and practices set themselves up.

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
        json!({"fields": "name"})
    );
}
