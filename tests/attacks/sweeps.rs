//! Automatic invitations that run twice, late, beside others, on a stale index, or are killed anywhere.

use std::collections::BTreeMap;
use std::future::{Future, poll_fn};
use std::pin::pin;
use std::task::Poll;

use futures_util::future::join_all;
use portico_domain::time::Timestamp;
use portico_local::demo::import_charts;
use portico_local::{Channel, Failure, Fault};
use portico_testkit::World;
use serde_json::{Value, json};

use super::table;

/// A day, in seconds.
const DAY: i64 = 86_400;

/// Wednesday, 25 November 2026, 7:00 in New York: automatic invitations begin in an hour.
const EARLY: &str = "2026-11-25T12:00:00Z";

/// A practice that invites automatically from 8:00, with so many patients who are due.
async fn due(world: &World, patients: usize, settings: Value) {
    world.service.clock.set(EARLY.parse().unwrap()).unwrap();
    let mut auto_invite = json!({"enabled": true, "ramp": false});
    auto_invite.as_object_mut().unwrap().extend(settings.as_object().unwrap().clone());
    world.settings(json!({"auto_invite": auto_invite})).await;
    for number in 0..patients {
        world.patient(&format!("p{number}"), chart(number)).await;
        if number % 40 == 39 {
            // A client may make fifty calls a second.
            world.advance(1);
        }
    }
    world.service.idle().await;
}

fn chart(number: usize) -> Value {
    World::chart_with(json!({
        "given_name": format!("Name{}", char::from(b'A' + u8::try_from(number % 26).unwrap())),
        "birth_date": "1980-02-03", "email": format!("p{number}@example.com"),
        "visits": [{"id": "v1", "date": "2026-11-23", "signed_at": "2026-11-23T20:00:00Z"}],
    }))
}

/// Imports so many patients who are due.
async fn import(world: &World, patients: usize) {
    let (mut people, mut visits) = (Vec::new(), Vec::new());
    for number in 0..patients {
        people.push(json!({
            "resourceType": "Patient", "id": format!("p{number}"), "birthDate": "1980-02-03",
            "name": [{"given": ["Rosa"], "family": "Quill"}],
            "telecom": [
                {"system": "email", "value": format!("p{number}@example.com")},
                {"system": "phone", "use": "mobile", "value": "+12025550101"},
            ],
        }));
        visits.push(json!({
            "resourceType": "Encounter", "id": format!("v{number}"), "status": "finished",
            "subject": {"reference": format!("Patient/p{number}")},
            "period": {"start": "2026-11-23T19:00:00Z", "end": "2026-11-23T20:00:00Z"},
        }));
    }
    for resources in [people, visits] {
        let lines: Vec<String> = resources.iter().map(Value::to_string).collect();
        let key = &world.keys.ehr;
        let done = import_charts(&world.service, key, &lines.join("\n"), |_, _| {}).await.unwrap();
        assert_eq!(done.rejected, Vec::<Value>::new());
    }
    world.service.idle().await;
}

async fn plan(world: &World) {
    // A planner that fails is followed by the next one.
    world.service.invoker.call("auto-invite", "planner", json!({})).await.ok();
}

/// Runs sweeps until the run of the day is finished.
async fn finish(world: &World) -> Value {
    for _ in 0..20 {
        let run = world.sweep().await;
        if run["finished_at"].is_string() {
            return run;
        }
        // What was lost is queued again by the next planner.
        world.advance(900);
    }
    panic!("the run does not finish");
}

/// How many messages each address got.
async fn got(world: &World) -> BTreeMap<String, usize> {
    let mut got = BTreeMap::new();
    for mail in world.mails().await {
        *got.entry(mail.get("to").to_owned()).or_default() += 1;
    }
    got
}

/// Fails unless each of so many patients got exactly one message, and the run counts them once.
async fn each_got_one(world: &World, patients: usize, run: &Value) {
    let got = got(world).await;
    assert_eq!(got.len(), patients, "nobody is left out: {run}");
    assert!(got.values().all(|count| *count == 1), "nobody gets two: {got:?}");
    assert_eq!(run["invited"], json!(patients), "{run}");
    assert_eq!(run["seen"], json!(patients), "{run}");
}

#[tokio::test]
async fn eight_sweeps_at_once_and_every_page_twice_make_one_invitation_each() {
    let world = World::new().await;
    due(&world, 120, json!({})).await;
    world.advance(3600);
    join_all((0..8).map(|_| plan(&world))).await;
    while world.service.queues.deliver_again("SweepQueue").is_some() {
        world.service.idle().await;
        plan(&world).await;
        if got(&world).await.len() == 120 {
            break;
        }
        world.sweep().await;
    }
    let run = finish(&world).await;
    world.service.queues.deliver_again("SweepQueue");
    each_got_one(&world, 120, &run).await;
}

/// Runs a future for so many polls, and drops it then, as if its process had been killed.
async fn killed_after(polls: usize, future: impl Future) {
    let mut future = pin!(future);
    let mut left = polls;
    poll_fn(|context| {
        if left == 0 {
            return Poll::Ready(());
        }
        left -= 1;
        future.as_mut().poll(context).map(drop)
    })
    .await;
}

#[tokio::test]
async fn a_planner_or_worker_that_is_killed_anywhere_loses_and_doubles_nobody() {
    let world = World::new().await;
    due(&world, 110, json!({})).await;
    world.advance(3600);
    for polls in 1..60 {
        killed_after(polls, plan(&world)).await;
        for page in 1..=3 {
            let task = json!({"practice": world.practice, "day": "2026-11-25", "page": page}).to_string();
            let event = json!({"Records": [{"messageId": "m", "body": task}]});
            killed_after(polls * 3, world.service.invoker.call("auto-invite", "pages", event)).await;
        }
    }
    let run = finish(&world).await;
    each_got_one(&world, 110, &run).await;
}

/// A sweep during which an operation of DynamoDB fails so many times.
async fn sweep_while_failing(operation: &str, fault: Fault, times: usize) {
    let world = World::with_faults().await;
    due(&world, 6, json!({})).await;
    let faults = world.service.faults.as_ref().unwrap();
    faults.next(operation, fault, times);
    world.advance(3600);
    plan(&world).await;
    world.service.idle().await;
    faults.forget();
    let run = finish(&world).await;
    each_got_one(&world, 6, &run).await;
}

#[tokio::test]
async fn a_sweep_while_the_table_fails_loses_and_doubles_nobody() {
    let faults = [
        (Fault::Conflict, 3),
        (Fault::Conflict, 40),
        (Fault::Throttled, 40),
        (Fault::ServerError, 30),
        (Fault::LostAnswer, 1),
    ];
    let operations = ["TransactWriteItems", "GetItem", "Query", "BatchGetItem"];
    // What a client waits for between attempts, they wait for together.
    let all = operations.iter().flat_map(|operation| faults.map(|(fault, times)| (*operation, fault, times)));
    let all =
        all.filter(|(operation, fault, _)| *operation == "TransactWriteItems" || *fault != Fault::Conflict);
    join_all(all.map(|(operation, fault, times)| sweep_while_failing(operation, fault, times))).await;
}

#[tokio::test]
async fn a_sweep_in_which_one_call_in_25_fails_loses_nobody_and_doubles_almost_nobody() {
    /// Each of four kinds of fault comes once in a hundred calls.
    const ONE_IN: u64 = 25;
    const PATIENTS: usize = 100;
    let world = World::with_faults().await;
    due(&world, 0, json!({"daily_cap": PATIENTS})).await;
    import(&world, PATIENTS).await;
    world.service.faults.as_ref().unwrap().now_and_then(ONE_IN);
    for number in 0..PATIENTS / 25 {
        let failure = if number % 2 == 0 { Failure::Throttled } else { Failure::ServerError };
        world.service.capture.fail_next(Channel::Email, failure, 1);
    }
    world.advance(3600);
    let mut runs = 0;
    // What could not be sent is sent by later sweeps, at the latest by that for what was left behind.
    while got(&world).await.len() < PATIENTS {
        plan(&world).await;
        world.service.idle().await;
        world.advance(900);
        // One that fails is followed by the next one.
        world.service.invoker.call("deliver", "overdue", json!({})).await.ok();
        runs += 1;
        assert!(runs < 30, "somebody is left out: {:?}", got(&world).await.len());
    }
    world.service.faults.as_ref().unwrap().forget();
    let run = finish(&world).await;
    let got = got(&world).await;
    let sent: usize = got.values().sum();
    assert!(sent * 100 <= PATIENTS * 101, "{sent} messages to {PATIENTS} patients: {got:?}");
    assert_eq!((&run["invited"], &run["seen"]), (&json!(PATIENTS), &json!(PATIENTS)), "{run}");
}

#[tokio::test]
async fn a_page_that_comes_three_days_late_sends_nothing_and_the_patients_are_still_due() {
    let world = World::new().await;
    due(&world, 3, json!({})).await;
    world.advance(3600);
    // The worker finds the practice's invitations switched off, as if it had come too late.
    world.settings(json!({"auto_invite": {"enabled": false}})).await;
    world.advance(31);
    let task = json!({"practice": world.practice, "day": "2026-11-25", "page": 1}).to_string();
    world.settings(json!({"auto_invite": {"enabled": true}})).await;
    world.advance(31);
    let run = finish(&world).await;
    each_got_one(&world, 3, &run).await;
    world.advance(3 * DAY);
    let before = world.mails().await.len();
    let event = json!({"Records": [{"messageId": "m", "body": task}]});
    world.service.invoker.call("auto-invite", "pages", event).await.unwrap();
    world.service.invoker.call("deliver", "overdue", json!({})).await.unwrap();
    assert_eq!(world.mails().await.len(), before, "a page that is done is not done again");
}

#[tokio::test]
async fn what_changed_since_the_index_was_written_counts() {
    let world = World::with_faults().await;
    due(&world, 4, json!({})).await;
    let faults = world.service.faults.as_ref().unwrap();
    faults.freeze_indexes().unwrap();
    world.ehr("POST", "/v1/patients/p0/portal/decline", Some(json!({}))).await.expect(200);
    world.revoke("p1", "other").await.expect(200);
    let mut corrected = chart(2);
    corrected["email"] = json!("corrected@example.com");
    world.patient("p2", corrected).await;
    world.advance(3600);
    plan(&world).await;
    world.service.idle().await;
    faults.thaw_indexes();
    let run = finish(&world).await;
    let got = got(&world).await;
    assert_eq!(got.get("p0@example.com"), None);
    assert_eq!(got.get("p2@example.com"), None, "nothing goes to the address that was corrected");
    assert_eq!((got.get("corrected@example.com"), got.get("p3@example.com")), (Some(&1), Some(&1)));
    assert_eq!((&run["invited"], &run["seen"]), (&json!(2), &json!(4)), "{run}");
}

#[tokio::test]
async fn a_receptionist_and_the_sweep_at_once_leave_one_invitation() {
    let world = World::new().await;
    due(&world, 10, json!({})).await;
    world.advance(3600);
    let clicks = (0..10).map(|number| {
        let world = &world;
        async move { world.invite(&format!("p{number}"), "email").await.expect(201) }
    });
    tokio::join!(plan(&world), join_all(clicks));
    finish(&world).await;
    for number in 0..10 {
        let portal = world.portal(&format!("p{number}")).await;
        let pending =
            portal["invitations"].as_array().unwrap().iter().filter(|one| one["state"] == "pending");
        assert_eq!(pending.count(), 1, "{portal}");
    }
}

#[tokio::test]
async fn what_somebody_waits_for_is_sent_before_automatic_mail_and_practices_take_turns() {
    let world = World::new().await;
    world.registered("owner", "rosa.q").await;
    due(&world, 5, json!({})).await;
    let key = world.other_keys.ehr.clone();
    let on = json!({"auto_invite": {"enabled": true, "ramp": false}});
    world.staff(&key, "PUT", "/v1/settings", Some(on)).await.expect(200);
    for number in 10..15 {
        world.staff(&key, "PUT", &format!("/v1/patients/p{number}"), Some(chart(number))).await.expect(201);
    }
    // While the provider takes nothing, automatic mail and a reset wait together.
    world.service.capture.fail_next(Channel::Email, Failure::Throttled, 11);
    // 13:00 in New York, 10:00 where the other practice is.
    world.advance(6 * 3600);
    plan(&world).await;
    world.forgot_password("rosa.q").await.expect(202);
    world.service.idle().await;
    world.service.invoker.call("deliver", "overdue", json!({})).await.unwrap();
    let before = world.mails().await.len();
    world.advance(16);
    world.service.invoker.call("deliver", "overdue", json!({})).await.unwrap();
    let sent: Vec<_> = world.mails().await.split_off(before);
    assert_eq!(sent.len(), 11);
    assert!(sent[0].get("text").contains("/r/"), "the reset is first: {}", sent[0].get("text"));
    let practices: Vec<&str> =
        sent[1..].iter().map(|mail| mail.get("from").split('"').nth(1).unwrap()).collect();
    assert!(practices.windows(2).all(|two| two[0] != two[1]), "in turn: {practices:?}");
}

#[tokio::test]
async fn a_night_on_which_the_clock_changes_sends_nothing_twice_and_skips_nobody() {
    // In 2027, clocks in New York go forward on 14 March and back on 7 November.
    for (evening, days) in [("2027-03-13T12:30:00Z", 3), ("2027-11-06T11:30:00Z", 3)] {
        let world = World::new().await;
        let hours = json!({"from": "04:00", "to": "01:00"});
        world.service.clock.set(evening.parse().unwrap()).unwrap();
        let on = json!({"enabled": true, "ramp": false, "reminder_days": [], "quiet_hours": hours});
        world.settings(json!({"auto_invite": on})).await;
        let signed: Timestamp = evening.parse().unwrap();
        for number in 0..days {
            let mut chart = chart(number);
            let at = signed.plus_hours(i64::try_from(number).unwrap() * 24);
            chart["visits"] = json!([{"id": "v", "date": &evening[..10], "signed_at": at.to_string()}]);
            world.patient(&format!("p{number}"), chart).await;
        }
        // Every quarter of an hour, as the schedule in the cloud.
        for _ in 0..(days * 96) {
            world.advance(900);
            plan(&world).await;
            world.service.idle().await;
            world.service.invoker.call("deliver", "overdue", json!({})).await.unwrap();
        }
        let got = got(&world).await;
        assert!(got.len() >= 2 && got.values().all(|count| *count == 1), "{evening}: {got:?}");
        let runs = world.ehr("GET", "/v1/auto-invite/runs", None).await.json();
        let mut days: Vec<&str> =
            runs["runs"].as_array().unwrap().iter().filter_map(|run| run["practice_day"].as_str()).collect();
        days.dedup();
        assert_eq!(days.len(), runs["runs"].as_array().unwrap().len(), "one run a day: {days:?}");
    }
}

#[tokio::test]
async fn a_practice_sees_only_its_own_runs_and_previews_only_its_own_patients() {
    let world = World::new().await;
    due(&world, 3, json!({})).await;
    let other = world.other_keys.ehr.clone();
    let before = table(&world).await;
    let preview = world.staff(&other, "POST", "/v1/auto-invite/preview", None).await.expect_and(200).json();
    assert_eq!((&preview["due"], &preview["skipped"]), (&json!([]), &json!([])));
    assert_eq!(table(&world).await, before, "a preview writes nothing");
    world.advance(3600);
    finish(&world).await;
    let runs = world.staff(&other, "GET", "/v1/auto-invite/runs", None).await.expect_and(200).json();
    assert_eq!(runs["runs"], json!([]));
    for (method, path) in [
        ("POST", "/v1/auto-invite/preview"),
        ("POST", "/v1/auto-invite/resume"),
        ("GET", "/v1/auto-invite/runs"),
    ] {
        world.staff(&world.keys.portal, method, path, None).await.expect(403);
        world.send(world.request(method, path)).await.expect(401);
    }
    world.staff(&world.keys.scheduling, "POST", "/v1/auto-invite/resume", None).await.expect(403);
    let foreign = world.ehr("GET", "/v1/auto-invite/runs?cursor=x", None).await;
    foreign.expect(400);
}

/// How many patients are listed with a status, page by page, and how many are counted.
async fn listed(world: &World, status: &str) -> (usize, u64) {
    let (mut count, mut cursor) = (0, String::new());
    loop {
        let path = format!("/v1/onboarding?status={status}&limit=200{cursor}");
        let page = world.ehr("GET", &path, None).await.expect_and(200).json();
        count += page["patients"].as_array().unwrap().len();
        match page["next_cursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => break,
        }
    }
    world.service.idle().await;
    let summary = world.ehr("GET", "/v1/onboarding/summary", None).await.expect_and(200).json();
    (count, summary["counts"][status].as_u64().unwrap_or_default())
}

#[tokio::test]
async fn a_setting_that_moves_statuses_rewrites_the_list_though_its_worker_is_killed_anywhere() {
    let world = World::new().await;
    for number in 0..120 {
        let mut chart = chart(number);
        if number % 2 == 0 {
            chart.as_object_mut().unwrap().remove("mobile_phone");
        }
        world.patient(&format!("p{number:03}"), chart).await;
        if number % 40 == 39 {
            world.advance(1);
        }
    }
    assert_eq!(listed(&world, "uninvited").await, (120, 120));
    world.settings(json!({"required_contact": "email_and_mobile_phone"})).await;
    // Rows that are no longer right are left out at once, but are not listed where they belong.
    assert_eq!((listed(&world, "uninvited").await, listed(&world, "blocked").await), ((60, 120), (0, 0)));
    let window = world.window(&world.keys.ehr).await;
    assert!(window.page("/console/settings").await.text.contains("is being brought up to date: 0 looked at"));
    world.advance(31);
    for polls in 1..40 {
        killed_after(polls * 7, plan(&world)).await;
        world.advance(31);
    }
    for _ in 0..20 {
        plan(&world).await;
        world.advance(31);
    }
    assert_eq!((listed(&world, "uninvited").await, listed(&world, "blocked").await), ((60, 60), (60, 60)));
    let window = world.window(&world.keys.ehr).await;
    let page = window.page("/console/settings").await.text;
    assert!(page.contains("What must be on the chart") && !page.contains("brought up to date"), "{page}");
    world.settings(json!({"required_contact": "channel"})).await;
    for _ in 0..20 {
        world.advance(31);
        plan(&world).await;
    }
    assert_eq!((listed(&world, "uninvited").await, listed(&world, "blocked").await), ((120, 120), (0, 0)));
}
