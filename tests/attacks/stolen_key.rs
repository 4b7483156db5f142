//! What somebody with a practice's key can do in numbers, and how its operator sees that the key is used.

use portico_testkit::{World, log};
use serde_json::{Value, json};

/// The lines that say that a practice's day is used up, for this staff member.
fn told(actor: &str) -> Vec<String> {
    let lines = log::security(actor).into_iter().filter(|line| line["event"] == "daily_cap_reached");
    lines.map(|line| line["why"].as_str().unwrap().to_owned()).collect()
}

async fn call(world: &World, actor: &str, method: &str, path: &str, body: Option<Value>) -> u16 {
    let request = world.request(method, path).bearer_auth(&world.keys.ehr).header("portico-actor", actor);
    let request = match body {
        Some(body) => request.json(&body),
        None => request,
    };
    world.send(request).await.status
}

#[tokio::test]
async fn a_practices_settings_change_a_hundred_times_a_day_and_the_next_time_is_told() {
    let world = World::with_cheap_hashes().await;
    let change = async |hours: u32| {
        let body = json!({"link_hours": 100 + hours});
        call(&world, "cap.settings", "PUT", "/v1/settings", Some(body)).await
    };
    for hours in 0..100 {
        assert_eq!(change(hours).await, 200);
        world.advance(1);
    }
    assert_eq!(change(500).await, 429);
    assert_eq!(told("cap.settings"), ["settings-changes"]);
    assert_eq!(change(99).await, 200, "what changes nothing is not counted");
    world.advance(86_400);
    assert_eq!(change(500).await, 200);
}

#[tokio::test]
async fn credentials_are_set_by_hand_and_accounts_deleted_a_hundred_times_a_day() {
    let world = World::with_cheap_hashes().await;
    let mut accounts = Vec::new();
    for number in 0..101 {
        let id = format!("cap-{number}");
        world.patient(&id, World::chart_with(json!({"email": null, "mobile_phone": null}))).await;
        let body = json!({"username": format!("by.hand.{number}")});
        let path = format!("/v1/patients/{id}/credentials");
        let status = call(&world, "cap.credentials", "PUT", &path, Some(body)).await;
        assert_eq!(status, if number < 100 { 200 } else { 429 }, "{number}");
        if status == 200 {
            accounts.push(world.portal(&id).await["accounts"][0]["account_id"].as_str().unwrap().to_owned());
        }
        world.advance(1);
    }
    assert_eq!(told("cap.credentials"), ["credentials-by-hand"]);

    world.registered("cap-last", "cap.last").await;
    accounts.push(world.portal("cap-last").await["accounts"][0]["account_id"].as_str().unwrap().to_owned());
    for (number, account) in accounts.iter().enumerate() {
        let status = call(&world, "cap.deletions", "DELETE", &format!("/v1/accounts/{account}"), None).await;
        assert_eq!(status, if number < 100 { 204 } else { 429 }, "{number}");
        world.advance(1);
    }
    assert_eq!(told("cap.deletions"), ["deletions"]);
}

#[tokio::test]
async fn the_operator_sees_on_which_day_a_key_was_last_used_for_one_write_a_day() {
    let world = World::new().await;
    let operator =
        async |event: Value| world.service.invoker.call("enroll-practice", "invoke", event).await.unwrap();
    let issue = json!({"action": "issue_key", "practice": "riverside", "client": "other", "preset": "ehr"});
    let key = operator(issue).await["key"].as_str().unwrap().to_owned();
    let last_used = async || {
        let listed = operator(json!({"action": "list_keys", "practice": "riverside"})).await;
        let keys = listed["keys"].as_array().unwrap().clone();
        keys.into_iter().find(|one| one["client"] == "other").unwrap()["last_used"].clone()
    };
    assert_eq!(last_used().await, json!(null));
    let today = || {
        use portico_domain::time::Clock as _;
        world.service.clock.now().to_string()[..10].to_owned()
    };
    let writes = || {
        let costs = world.service.meter.costs();
        costs
            .iter()
            .filter(|cost| cost.function == "configure-practice")
            .map(|cost| cost.write_units.sum)
            .sum::<f64>()
    };
    for expected in [1.0, 1.0, 1.0] {
        let before = writes();
        for _ in 0..5 {
            world.staff(&key, "GET", "/v1/settings", None).await.expect(200);
            world.advance(1);
        }
        assert!((writes() - before - expected).abs() < f64::EPSILON, "one write");
        assert_eq!(last_used().await, json!(today()));
        world.advance(86_400);
    }
    world.staff(&format!("{key}x"), "GET", "/v1/settings", None).await.expect(401);
    assert_ne!(last_used().await, json!(today()), "a wrong key is no use of the right one");
}
