//! Checks what each operation costs: sequential trips, read and write units of the table, as DynamoDB itself
//! reports them. Counts are exact, so no operation may cross its budget. `docs/performance.md` lists them.
//!
//! The budgets of staff operations include the read of the API key (one unit). Settings are cached here: a
//! process that has not read a practice's settings for 30 seconds pays one trip and half a unit more.

use portico_testkit::{PASSWORD, World};
use serde_json::json;

/// What one invocation may cost.
struct Budget {
    function: &'static str,
    operation: &'static str,
    trips: f64,
    reads: f64,
    writes: f64,
}

const fn budget(
    function: &'static str,
    operation: &'static str,
    trips: f64,
    reads: f64,
    writes: f64,
) -> Budget {
    Budget { function, operation, trips, reads, writes }
}

/// Compares the most expensive invocation since the last reset with a budget.
fn hold(world: &World, case: &str, budget: &Budget) {
    let costs = world.service.meter.costs();
    let cost = costs.iter().find(|cost| cost.function == budget.function && cost.event == budget.operation);
    let Some(cost) = cost else { panic!("{case}: {} {} did not run", budget.function, budget.operation) };
    println!(
        "{case}: {} trips, {} reads, {} writes (of {}, {}, {})",
        cost.trips.max, cost.read_units.max, cost.write_units.max, budget.trips, budget.reads, budget.writes
    );
    assert!(
        cost.trips.max <= budget.trips
            && cost.read_units.max <= budget.reads
            && cost.write_units.max <= budget.writes,
        "{case} costs {} trips, {} reads, {} writes; its budget is {}, {}, {}",
        cost.trips.max,
        cost.read_units.max,
        cost.write_units.max,
        budget.trips,
        budget.reads,
        budget.writes
    );
}

#[tokio::test]
async fn every_operation_keeps_its_budget() {
    let world = World::new().await;
    // Reads the settings once, which costs half a unit and a trip.
    world.ehr("GET", "/v1/settings", None).await.expect(200);
    let held = async |case: &str, budget: Budget| {
        world.service.idle().await;
        hold(&world, case, &budget);
        world.service.meter.reset();
    };
    world.service.meter.reset();

    world.patient("p1", World::chart()).await;
    held("chart created", budget("sync-chart", "put-chart", 2.0, 2.0, 16.0)).await;
    world.patient("p1", World::chart()).await;
    held("chart unchanged", budget("sync-chart", "put-chart", 1.0, 2.0, 0.0)).await;
    world.patient("p1", World::chart_with(json!({"family_name": "Quill", "email": "r.q@example.com"}))).await;
    held("chart changed", budget("sync-chart", "put-chart", 2.0, 2.0, 16.0)).await;
    world.patient("p1", World::chart()).await;
    world.service.meter.reset();

    world.invite("p1", "email").await.expect(201);
    held("send-invite", budget("send-invite", "send-invite", 2.0, 3.0 + 1.0, 12.0)).await;
    let keyed = |key: &'static str| {
        let request = world.request("POST", "/v1/patients/p1/invitations").bearer_auth(&world.keys.ehr);
        request
            .header("portico-actor", "dr.lee")
            .header("idempotency-key", key)
            .json(&json!({"channel": "email"}))
    };
    world.send(keyed("one")).await.expect(201);
    held(
        "send-invite with key over an older link",
        budget("send-invite", "send-invite", 2.0, 3.0 + 1.0, 16.0),
    )
    .await;
    let token = world.last_mail().await.token();
    world.service.meter.reset();

    world.portal("p1").await;
    held("portal status", budget("onboard", "get-portal", 2.0, 4.0 + 1.0, 0.0)).await;
    world.get(&format!("/i/{token}")).await.expect(200);
    held("open a link", budget("verify", "open-link", 1.0, 1.0, 0.0)).await;

    let proof = world.state_facts(&token).await.expect_and(200).str("/proof");
    // Half a unit more than was planned, to read how many wrong answers there were about the patient today.
    held("verify facts", budget("verify", "verify-facts", 3.0, 2.0 + 0.5, 7.0)).await;
    world.post(&format!("/i/{token}/codes"), json!({"proof": proof, "channel": "sms"})).await.expect(202);
    held("send a code", budget("verify", "send-code", 2.0, 2.0, 7.0)).await;
    let code = world.last_mail().await.code();
    let checked = world
        .post(&format!("/i/{token}/codes/check"), json!({"proof": proof, "code": code}))
        .await
        .expect_and(200);
    held("check a code", budget("verify", "check-code", 2.0, 2.0 + 0.5 + 1.0, 7.0)).await;
    world.register(&token, &checked.str("/ticket"), "rosa.q").await.expect(201);
    held("register", budget("register", "register", 3.0, 3.0, 22.0)).await;

    let session = world.sign_in("rosa.q", PASSWORD).await.expect_and(200).str("/session_token");
    held("sign-in", budget("sign-in", "sign-in", 3.0, 2.0, 8.0)).await;
    // The first use of a key in a day is noted with a write.
    world.introspect(&session).await;
    world.service.meter.reset();
    world.introspect(&session).await;
    held("introspect", budget("introspect", "introspect-session", 1.0, 2.0 + 1.0, 0.0)).await;
    world.advance(61);
    world.introspect(&session).await;
    held("introspect after a minute", budget("introspect", "introspect-session", 2.0, 2.0 + 1.0, 1.0)).await;
    // The patient has one invitation and one account. Each further invitation costs one more read for
    // the history.
    world.registered("p2", "other.q").await;
    world.service.meter.reset();
    world.revoke("p2", "other").await.expect(200);
    held("revoke one account", budget("revoke", "revoke-access", 2.0, 4.0 + 1.0, 16.0)).await;
}

#[tokio::test]
async fn recovery_keeps_its_budget() {
    let world = World::new().await;
    world.registered("p1", "rosa.q").await;
    let held = async |case: &str, budget: Budget| {
        world.service.idle().await;
        hold(&world, case, &budget);
        world.service.meter.reset();
    };
    world.service.idle().await;
    world.service.meter.reset();
    for (path, body, operation) in [
        ("forgot-password", json!({"username": "rosa.q"}), "ask-for-password"),
        ("forgot-username", json!({"email": "rosa.quillfeather@example.com"}), "ask-for-username"),
        (
            "sign-up",
            json!({"email": "a@b.example", "family_name": "Q", "birth_date": "1945-04-27", "postal_code": "02139"}),
            "ask-to-sign-up",
        ),
    ] {
        world.post(&format!("/{}/{path}", world.practice), body).await.expect(202);
        held(path, budget("request-access", operation, 1.0, 0.0, 1.0)).await;
    }
    world.post("/i/nothing/renew", json!({})).await.expect(202);
    held("renew", budget("request-access", "renew-link", 1.0, 0.0, 1.0)).await;

    let mails = world.mails().await;
    let text =
        mails.iter().rev().find(|mail| mail.get("text").contains("/r/")).unwrap().get("text").to_owned();
    let token: String = text.split_once("/r/").unwrap().1.chars().take(44).collect();
    world.service.meter.reset();
    world.get(&format!("/r/{token}")).await.expect(200);
    held("open a reset link", budget("reset", "open-reset", 1.0, 1.0, 0.0)).await;
    world.post(&format!("/r/{token}/codes"), json!({"channel": "sms"})).await.expect(202);
    // The transaction that decides a text also counts it for its phone: two units more than the six of a code
    // by e-mail.
    held("send a reset code", budget("reset", "send-reset-code", 2.0, 2.0, 8.0)).await;
    let code = world.last_mail().await.code();
    let checked = world.post(&format!("/r/{token}/codes/check"), json!({"code": code})).await.expect_and(200);
    held("check a reset code", budget("reset", "check-reset-code", 3.0, 2.0, 7.0)).await;
    let chosen = json!({"ticket": checked.str("/ticket"), "password": "another plum trellis"});
    world.post(&format!("/r/{token}/password"), chosen).await.expect(204);
    // Three more than was planned: the patient is told at both contacts, not at one.
    held("new password", budget("reset", "set-new-password", 2.0, 3.0, 14.0 + 3.0)).await;

    let id = world.portal("p1").await["accounts"][0]["account_id"].as_str().unwrap().to_owned();
    world.service.meter.reset();
    world.ehr("GET", "/v1/accounts?q=quill", None).await.expect(200);
    held("search a page of accounts", budget("manage-account", "search-accounts", 1.0, 3.0, 0.0)).await;
    world.ehr("POST", &format!("/v1/accounts/{id}/unlock"), None).await.expect(200);
    // Two more than was planned: the day's wrong facts and codes about the patient are forgotten, too.
    held("unlock", budget("manage-account", "unlock-account", 2.0, 2.0, 6.0 + 2.0)).await;
    world.registered("p2", "other.q").await;
    world.service.idle().await;
    world.service.meter.reset();
    let given = json!({"username": "other.q", "password": "seven plum trellis"});
    world.ehr("PUT", "/v1/patients/p2/credentials", Some(given)).await.expect(200);
    held("set credentials", budget("manage-account", "set-credentials", 3.0, 4.0, 21.0)).await;
    let id = world.portal("p2").await["accounts"][0]["account_id"].as_str().unwrap().to_owned();
    world.service.meter.reset();
    world.ehr("DELETE", &format!("/v1/accounts/{id}"), None).await.expect(204);
    held("delete an account", budget("manage-account", "delete-account", 4.0, 5.0, 18.0)).await;
    let offer = json!({
        "given_name": "Marta", "family_name": "Vale", "relationship": "parent",
        "email": "marta.vale@example.com", "channel": "email",
    });
    world.ehr("POST", "/v1/patients/p1/representatives", Some(offer)).await.expect(201);
    held("invite a representative", budget("send-invite", "invite-representative", 2.0, 4.0, 12.0)).await;
}

#[tokio::test]
async fn one_message_keeps_its_budget() {
    let world = World::new().await;
    world.patient("p1", World::chart()).await;
    world.service.idle().await;
    world.ehr("GET", "/v1/settings", None).await.expect(200);
    world.service.meter.reset();
    world.invite("p1", "email").await.expect(201);
    world.service.idle().await;
    // A batch of the stream may contain more records than the message's own. All of them together stay within
    // one budget.
    hold(&world, "deliver one message", &budget("deliver", "changes", 3.0, 3.0, 10.0));
}

#[tokio::test]
async fn a_text_feedback_and_what_follows_a_change_keep_their_budgets() {
    let world = World::new().await;
    world.ehr("GET", "/v1/settings", None).await.expect(200);
    world.service.meter.reset();
    world.patient("p1", World::chart()).await;
    world.service.idle().await;
    // A new chart is counted, with a record of what was counted; its phone number, the words of its names and its
    // birth date are listed.
    hold(&world, "follow one change (a new chart)", &budget("publish-changes", "changes", 8.0, 3.0, 8.0));
    world.service.meter.reset();
    world.invite("p1", "sms").await.expect(201);
    world.service.idle().await;
    // The number's STOP state is read in the same trip as the rest, so a text takes no more trips than
    // a mail.
    hold(&world, "deliver one text", &budget("deliver", "changes", 3.0, 3.0, 10.0));
    world.service.meter.reset();
    world.invite("p1", "email").await.expect(201);
    let mail = world.last_mail().await.get("id").to_owned();
    world.service.idle().await;
    world.service.meter.reset();
    world.ask("forgot-username", json!({"email": "rosa.quillfeather@example.com"})).await.expect(202);
    world.service.idle().await;
    hold(&world, "answer a request", &budget("answer-request", "requests", 5.0, 5.0, 12.0));
    world.service.meter.reset();
    let said = |what: &str| json!({"message_id": mail, "type": what});
    world.post("/_local/feedback", said("delivery")).await.expect(200);
    hold(&world, "take one piece of feedback", &budget("track-delivery", "feedback", 3.0, 1.0, 2.0));
    world.service.meter.reset();
    world.post("/_local/feedback", said("bounce")).await.expect(200);
    hold(&world, "take a bounce", &budget("track-delivery", "feedback", 7.0, 4.0, 10.0));
}

#[tokio::test]
async fn records_of_patients_stay_small() {
    let world = World::new().await;
    world.registered("p1", "rosa.quillfeather@example.com").await;
    world.revoke("p1", "other").await.expect(200);
    let items = world.items().await;
    let sizes: Vec<usize> = items
        .lines()
        .map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap())
        .filter(|item| {
            item["sk"]["S"] == "PATIENT" || item["sk"]["S"] == "LINK" || item["sk"]["S"] == "ACCOUNT"
        })
        .map(|item| size(&item))
        .collect();
    assert!(sizes.len() >= 3 && sizes.iter().all(|size| *size <= 1024), "{sizes:?}");
}

/// The size of an item in bytes as DynamoDB bills it: names and texts in full, two digits of a number in a
/// byte, three bytes for a list or map and one for each member.
fn size(item: &serde_json::Value) -> usize {
    fn value(value: &serde_json::Value) -> usize {
        let Some((kind, inner)) = value.as_object().and_then(|one| one.iter().next()) else { return 0 };
        match kind.as_str() {
            "S" => inner.as_str().unwrap_or_default().len(),
            "N" => inner.as_str().unwrap_or_default().len() / 2 + 1,
            "M" => {
                3 + inner
                    .as_object()
                    .unwrap()
                    .iter()
                    .map(|(name, member)| name.len() + value_of(member) + 1)
                    .sum::<usize>()
            }
            "L" => 3 + inner.as_array().unwrap().iter().map(|member| value_of(member) + 1).sum::<usize>(),
            _ => 1,
        }
    }
    fn value_of(member: &serde_json::Value) -> usize {
        value(member)
    }
    item.as_object().unwrap().iter().map(|(name, member)| name.len() + value(member)).sum()
}

#[tokio::test]
async fn a_sweep_costs_what_is_due_and_not_what_there_is() {
    const DUE: u32 = 40;
    let world = World::new().await;
    world.service.clock.set("2026-11-25T12:00:00Z".parse().unwrap()).unwrap();
    world.settings(json!({"auto_invite": {"enabled": true}})).await;
    for number in 0..DUE {
        let visit = json!([{"id": "v1", "date": "2026-11-23", "signed_at": "2026-11-23T20:00:00Z"}]);
        let email = format!("p{number}@example.com");
        let chart = json!({"birth_date": "1980-02-03", "email": email, "visits": visit});
        world.patient(&format!("due{number}"), World::chart_with(chart)).await;
        world.patient(&format!("other{number}"), World::chart_with(json!({"email": email}))).await;
        world.advance(1);
    }
    world.service.idle().await;
    world.service.meter.reset();
    world.advance(3600);
    world.sweep().await;
    let costs = world.service.meter.costs();
    let of = |function: &str, event: &str| {
        costs.iter().find(|cost| cost.function == function && cost.event == event).unwrap().clone()
    };
    let (planner, worker) = (of("auto-invite", "planner"), of("auto-invite", "pages"));
    let a_patient = |units: f64| units / f64::from(DUE);
    println!(
        "planner: {} reads, {} writes; worker: {} reads, {} writes a patient",
        planner.read_units.max,
        planner.write_units.max,
        a_patient(worker.read_units.max),
        a_patient(worker.write_units.max)
    );
    // Half a unit for each patient that is looked at; the lists of practices, the runs, the index, the reviews,
    // the appointments that are over.
    assert!(planner.read_units.max <= f64::from(DUE) * 0.5 + 12.0, "{}", planner.read_units.max);
    assert!(planner.write_units.max <= 6.0, "{}", planner.write_units.max);
    assert!(a_patient(worker.read_units.max) <= 3.0, "{}", a_patient(worker.read_units.max));
    assert!(a_patient(worker.write_units.max) <= 14.0, "{}", a_patient(worker.write_units.max));
}

#[tokio::test]
async fn pages_of_the_onboarding_tool_cost_the_same_among_few_and_among_many() {
    let world = World::new().await;
    world.ehr("GET", "/v1/settings", None).await.expect(200);
    let mut costs = Vec::new();
    for (from, count) in [(0, 60), (60, 300)] {
        for number in from..count {
            let id = format!("p{number:04}");
            let visit = json!([{"id": "v", "starts_at": "2026-11-26T15:00:00Z"}]);
            let change = json!({"email": format!("{id}@example.com"), "appointments": visit});
            world.patient(&id, World::chart_with(change)).await;
            world.advance(i64::from(number % 40 == 39));
        }
        world.service.idle().await;
        let window = world.window(&world.keys.ehr).await;
        for path in ["/console/patients?status=uninvited&all=yes", "/console/patients?sort=next_appointment"]
        {
            world.service.meter.reset();
            let page = window.page(path).await.expect_and(200).text;
            assert_eq!(page.matches("name=\"patient_ids\"").count(), 50, "{path}");
            assert!(page.len() <= 60_000, "{path}: {} bytes", page.len());
            let all = world.service.meter.costs();
            let cost = all.iter().find(|cost| cost.function == "onboard").unwrap();
            println!("{path} among {count}: {} trips, {} reads", cost.trips.max, cost.read_units.max);
            costs.push((cost.trips.max, cost.read_units.max));
        }
    }
    assert_eq!(costs[..2], costs[2..], "a page among many costs what it costs among few");
    for (trips, reads) in costs {
        assert!(trips <= 1.0 && reads <= 8.0, "{trips} trips, {reads} reads");
    }
}

#[tokio::test]
async fn today_is_one_round_trip_and_one_patient_two() {
    let world = World::new().await;
    let visit = json!([{"id": "v", "starts_at": "2026-11-25T15:00:00Z"}]);
    for number in 0..30 {
        let id = format!("p{number:02}");
        let change = json!({"email": format!("{id}@example.com"), "appointments": visit});
        world.patient(&id, World::chart_with(change)).await;
    }
    world.advance(1);
    world.registered("in", "rosa.q").await;
    let window = world.window(&world.keys.ehr).await;
    for (path, function, most) in [
        ("/console", "console", 1.0),
        ("/console/patients/p00", "onboard", 2.0),
        ("/console/patients/in", "onboard", 2.0),
    ] {
        world.service.meter.reset();
        window.page(path).await.expect(200);
        let all = world.service.meter.costs();
        let cost = all.iter().find(|cost| cost.function == function).unwrap();
        println!("{path}: {} trips, {} reads", cost.trips.max, cost.read_units.max);
        assert!(cost.trips.max <= most && cost.read_units.max <= 10.0, "{path}: {cost:?}");
    }
}
