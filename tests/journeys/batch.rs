//! Batches of invitations: a result for each, nothing twice, large ones as jobs.

use portico_testkit::{Answer, World};
use serde_json::{Value, json};

async fn batch(world: &World, body: Value, once: Option<&str>) -> Answer {
    let mut request = world.request("POST", "/v1/invitations/batch").bearer_auth(&world.keys.ehr);
    if let Some(once) = once {
        request = request.header("idempotency-key", once);
    }
    world.send(request.header("portico-actor", "dr.lee").json(&body)).await
}

fn outcomes(answer: &Value) -> Vec<(&str, &str)> {
    let results = answer["results"].as_array().unwrap().iter();
    results.map(|it| (it["patient_id"].as_str().unwrap(), it["outcome"].as_str().unwrap())).collect()
}

/// A practice with `count` patients who were never invited.
async fn many(count: usize) -> (World, Vec<String>) {
    let world = World::new().await;
    let ids: Vec<String> = (0..count).map(|number| format!("p{number:03}")).collect();
    for (number, id) in ids.iter().enumerate() {
        world.patient(id, World::chart_with(json!({"email": format!("{id}@example.com")}))).await;
        // An application may make fifty calls a second.
        world.advance(i64::from(number % 40 == 39));
    }
    (world, ids)
}

async fn ended(world: &World, job: &str) -> Value {
    world.service.idle().await;
    world.ehr("GET", &format!("/v1/invitations/batch/{job}"), None).await.expect_and(200).json()
}

#[tokio::test]
async fn texts_of_a_batch_wait_for_the_hours_of_texts_and_the_page_says_so_before() {
    let world = World::new().await;
    let at = |time: &str| world.service.clock.set(time.parse().unwrap()).unwrap();
    // Friday, 6 o'clock in the evening in New York: the next hour for texts is on Monday at 10.
    at("2026-11-20T23:00:00Z");
    world.patient("texted", World::chart_with(json!({"email": null}))).await;
    world.patient("mailed", World::chart_with(json!({"email": "new@example.com"}))).await;
    let window = world.window(&world.keys.ehr).await;
    let form = [("patient_ids", "texted"), ("patient_ids", "mailed"), ("channel", "email_then_sms")];
    let page = window.send("/console/patients/batch", &form).await.expect_and(200).text;
    assert!(page.contains("1 text waits") && page.contains("Mon 10:00 AM"), "{page}");
    let wanted = json!({"patient_ids": ["texted", "mailed"], "channel": "email_then_sms"});
    let ran = batch(&world, wanted, None).await.expect_and(200).json();
    assert_eq!(outcomes(&ran), [("texted", "invited"), ("mailed", "invited")]);
    assert_eq!(ran["results"][0]["not_before"], "2026-11-23T15:00:00Z", "{ran}");
    assert!(ran["results"][1].get("not_before").is_none(), "mails go at once");
    let sent =
        async || world.mails().await.iter().map(|one| one.get("channel").to_owned()).collect::<Vec<_>>();
    assert_eq!(sent().await, ["email"]);
    at("2026-11-23T14:58:00Z");
    assert_eq!(sent().await, ["email"], "not yet");
    at("2026-11-23T15:01:00Z");
    world.service.invoker.call("deliver", "overdue", json!({})).await.unwrap();
    world.service.idle().await;
    assert_eq!(sent().await, ["email", "sms"]);
    // The link's time began when the text went.
    let link = world.last_mail().await.token();
    at("2026-11-26T14:00:00Z");
    world.get(&format!("/i/{link}")).await.expect(200);
    at("2026-11-26T15:00:00Z");
    world.get(&format!("/i/{link}")).await.expect(410);
}

#[tokio::test]
async fn each_patient_has_a_result_and_one_that_fails_stops_nobody() {
    let world = World::new().await;
    // Tuesday, 11 o'clock in New York: texts go at once.
    world.service.clock.set("2026-11-24T16:00:00Z".parse().unwrap()).unwrap();
    let chart = |change: Value| World::chart_with(change);
    world.patient("new", chart(json!({"email": "new@example.com"}))).await;
    world.patient("texted", chart(json!({"email": null}))).await;
    world.patient("none", chart(json!({"email": null, "mobile_phone": null}))).await;
    world.patient("pending", chart(json!({"email": "pending@example.com"}))).await;
    world.invite("pending", "email").await.expect(201);
    world.registered("in", "rosa.q").await;
    world.patient("revoked", chart(json!({"email": "revoked@example.com"}))).await;
    world.revoke("revoked", "left_practice").await.expect(200);
    world.patient("no", chart(json!({"email": "no@example.com"}))).await;
    world.ehr("POST", "/v1/patients/no/portal/decline", Some(json!({}))).await.expect(200);
    let all = ["new", "texted", "none", "pending", "in", "revoked", "no", "nobody", "new"];
    let sent = world.mails().await.len();
    let dry = json!({"patient_ids": all, "channel": "email_then_sms", "dry_run": true});
    let foreseen = batch(&world, dry, None).await.expect_and(200).json();
    assert_eq!(world.mails().await.len(), sent, "a dry run sends nothing");
    let wanted = json!({"patient_ids": all, "channel": "email_then_sms"});
    let ran = batch(&world, wanted, None).await.expect_and(200).json();
    let expected = [
        ("new", "invited"),
        ("texted", "invited"),
        ("none", "skipped"),
        ("pending", "skipped"),
        ("in", "skipped"),
        ("revoked", "skipped"),
        ("no", "skipped"),
        ("nobody", "skipped"),
    ];
    assert_eq!(outcomes(&ran), expected);
    assert_eq!(outcomes(&foreseen), expected, "a dry run says what then happens");
    let reasons = |place: usize| ran["results"][place]["reasons"].clone();
    assert_eq!(reasons(2), json!(["missing_email", "missing_mobile_phone"]));
    assert_eq!((reasons(3), reasons(4)), (json!(["pending"]), json!(["already_registered"])));
    assert_eq!((reasons(5), reasons(6)), (json!(["access_revoked"]), json!(["declined"])));
    assert_eq!(reasons(7), json!(["not_found"]));
    assert_eq!(world.mails().await.len(), sent + 2);
    let more = json!({"patient_ids": ["pending", "in", "revoked"], "channel": "email", "include": ["renew", "reset"]});
    let ran = batch(&world, more, None).await.expect_and(200).json();
    assert_eq!(outcomes(&ran), [("pending", "renewed"), ("in", "reset_sent"), ("revoked", "skipped")]);
}

#[tokio::test]
async fn a_batch_that_comes_twice_invites_nobody_twice() {
    let (world, ids) = many(5).await;
    let body = json!({"patient_ids": ids, "channel": "email"});
    let first = batch(&world, body.clone(), Some("batch-1")).await.expect_and(200).json();
    let second = batch(&world, body, Some("batch-1")).await.expect_and(200).json();
    assert_eq!(first["results"], second["results"]);
    assert_eq!(world.mails().await.len(), 5);
    let other = json!({"patient_ids": ["p001"], "channel": "email"});
    assert_eq!(batch(&world, other, Some("batch-1")).await.expect_and(422).code(), "idempotency_mismatch");
}

#[tokio::test]
async fn what_no_batch_can_be_is_refused_and_named() {
    let world = World::new().await;
    let many: Vec<String> = (0..501).map(|number| format!("p{number}")).collect();
    for (body, pointer) in [
        (json!({"patient_ids": many, "channel": "email"}), "/patient_ids"),
        (json!({"patient_ids": [], "channel": "email"}), "/patient_ids"),
        (json!({"channel": "email"}), "/patient_ids"),
        (json!({"patient_ids": ["a b"], "channel": "email"}), "/patient_ids/0"),
        (json!({"patient_ids": ["a"], "channel": "fax"}), "/channel"),
        (json!({"filter": {"planet": "mars"}, "channel": "email"}), "/filter/planet"),
    ] {
        let refused = batch(&world, body, None).await.expect_and(400).json();
        assert_eq!(refused["errors"][0]["pointer"], pointer);
    }
}

#[tokio::test]
async fn a_filter_stands_for_the_patients_whom_the_list_shows() {
    let (world, _) = many(3).await;
    world.patient("tagged", World::chart_with(json!({"email": "t@example.com", "tags": ["flu"]}))).await;
    world.service.idle().await;
    let body = json!({"filter": {"status": ["uninvited"], "tag": "flu"}, "channel": "email"});
    let ran = batch(&world, body, None).await.expect_and(200).json();
    assert_eq!(outcomes(&ran), [("tagged", "invited")]);
    let visit = json!([{"id": "v", "starts_at": "2027-11-26T15:00:00Z"}]);
    world.patient("comes", World::chart_with(json!({"email": "c@example.com", "appointments": visit}))).await;
    world.service.idle().await;
    let body = json!({"filter": {"sort": "next_appointment"}, "channel": "email"});
    let ran = batch(&world, body, None).await.expect_and(200).json();
    assert_eq!(outcomes(&ran), [("comes", "invited")]);
}

#[tokio::test]
async fn a_large_batch_is_a_job_that_a_worker_ends() {
    let (world, ids) = many(120).await;
    let body = json!({"patient_ids": ids, "channel": "email"});
    let started = batch(&world, body.clone(), Some("large")).await.expect_and(202).json();
    assert_eq!((&started["state"], &started["size"]), (&json!("running"), &json!(120)));
    let again = batch(&world, body, Some("large")).await;
    assert_eq!(again.json()["job_id"], started["job_id"], "the same call finds the same job");
    let job = started["job_id"].as_str().unwrap().to_owned();
    let done = ended(&world, &job).await;
    assert_eq!((&done["state"], outcomes(&done).len()), (&json!("done"), 120), "{done}");
    assert!(outcomes(&done).iter().all(|(_, outcome)| *outcome == "invited"));
    assert_eq!(world.mails().await.len(), 120, "one mail each");
    let path = format!("/v1/invitations/batch/{job}");
    world.staff(&world.other_keys.ehr, "GET", &path, None).await.expect(404);
    world.advance(24 * 3600);
    world.ehr("GET", &path, None).await.expect(404);
}

#[tokio::test]
async fn a_job_that_is_stopped_says_who_was_not_looked_at() {
    let (world, ids) = many(101).await;
    let started =
        batch(&world, json!({"patient_ids": ids, "channel": "email"}), None).await.expect_and(202).json();
    let job = started["job_id"].as_str().unwrap().to_owned();
    let stopped =
        world.ehr("POST", &format!("/v1/invitations/batch/{job}/stop"), None).await.expect_and(200).json();
    let over = ended(&world, &job).await;
    assert!(over["state"] == "stopped" || (over["state"] == "done" && stopped["state"] == "done"), "{over}");
    let invited = outcomes(&over).iter().filter(|(_, outcome)| *outcome == "invited").count();
    assert!(world.mails().await.len() <= invited.max(50), "at most the page that was under way");
}
