//! The quality measure: who was given the means to get in, in time after every visit.

use portico_testkit::World;
use serde_json::{Value, json};

/// Monday, 2 November 2026, 10:00 in New York.
const MONDAY: &str = "2026-11-02T15:00:00Z";

/// A day, in seconds.
const DAY: i64 = 86_400;

async fn world() -> World {
    let world = World::new().await;
    world.service.clock.set(MONDAY.parse().unwrap()).unwrap();
    world
}

/// A visit that was signed on this day of November 2026 at noon in New York.
fn visit(id: &str, day: u8, provider: &str) -> Value {
    let date = format!("2026-11-{day:02}");
    json!({"id": id, "date": date, "signed_at": format!("{date}T17:00:00Z"), "provider": provider})
}

async fn seen(world: &World, id: &str, visits: Value) {
    let email = format!("{id}@example.com");
    let chart = json!({"email": email, "provider": "Dr. Chart", "visits": visits});
    world.patient(id, World::chart_with(chart)).await;
}

/// The report about a practice in November 2026.
async fn november(world: &World, query: &str) -> Value {
    world.service.idle().await;
    let path = format!("/v1/reports/electronic-access?from=2026-11-01&to=2026-11-30{query}");
    world.ehr("GET", &path, None).await.expect_and(200).json()
}

fn patient<'a>(report: &'a Value, id: &str) -> &'a Value {
    report["patients"].as_array().unwrap().iter().find(|one| one["patient_id"] == id).unwrap()
}

#[tokio::test]
async fn every_visit_must_be_in_time_and_each_no_has_its_reason() {
    let world = world().await;
    for id in ["before", "after", "late", "never", "bounced", "revoked", "letter", "early"] {
        seen(&world, id, json!([visit("v1", 2, "Dr. Lee")])).await;
    }
    seen(&world, "twice", json!([visit("v1", 2, "Dr. Lee"), visit("v2", 16, "Dr. Kim")])).await;
    for id in ["before", "bounced", "revoked", "early"] {
        world.invite(id, "email").await.expect(201);
    }
    let mails = world.mails().await;
    let bounced = mails.iter().find(|mail| mail.get("to") == "bounced@example.com").unwrap();
    let body = json!({"message_id": bounced.get("id"), "type": "bounce"});
    world.request("POST", "/_local/feedback").json(&body).send().await.unwrap();
    world.revoke("revoked", "other").await.expect(200);
    world.invite("letter", "print").await.expect(201);
    world.ehr("POST", "/v1/patients/letter/invitations/current/handed-over", None).await.expect(200);
    // Friday evening: the last moments of the fourth business day.
    world.service.clock.set("2026-11-07T04:59:00Z".parse().unwrap()).unwrap();
    world.invite("after", "email").await.expect(201);
    world.service.idle().await;
    world.advance(61);
    for id in ["late", "twice"] {
        world.invite(id, "email").await.expect(201);
    }
    world.service.idle().await;
    world.advance(20 * DAY);

    let report = november(&world, "").await;
    for (id, counted, reason) in [
        ("before", true, None),
        ("after", true, None),
        ("early", true, None),
        ("letter", true, None),
        ("late", false, Some("too_late")),
        ("never", false, Some("never_given")),
        ("bounced", false, Some("not_delivered")),
        ("revoked", false, Some("ended_before")),
        ("twice", false, Some("too_late")),
    ] {
        let judged = patient(&report, id);
        assert_eq!((&judged["counted"], judged["reason"].as_str()), (&json!(counted), reason), "{judged}");
    }
    assert_eq!(
        (&report["practice"]["denominator"], &report["practice"]["numerator"]),
        (&json!(9), &json!(4))
    );
    let clinicians = report["clinicians"].as_array().unwrap();
    assert_eq!((&clinicians[0]["provider"], &clinicians[0]["numerator"]), (&json!("Dr. Kim"), &json!(1)));
    assert_eq!((&clinicians[1]["denominator"], &clinicians[1]["numerator"]), (&json!(9), &json!(4)));
    let only = november(&world, "&provider=Dr.%20Kim").await;
    let one = json!({"denominator": 1, "numerator": 1, "numerator_no_holidays": 1, "rate": 1.0});
    assert_eq!(only["practice"], one, "who is in time after the second visit alone counts for its clinician");
}

#[tokio::test]
async fn who_was_given_everything_and_declined_counts_and_a_stranger_at_the_address_does_not() {
    let world = world().await;
    for id in ["unwilling", "cancelled", "stranger"] {
        seen(&world, id, json!([visit("v1", 2, "Dr. Lee")])).await;
        world.invite(id, "email").await.expect(201);
    }
    let token = world.last_mail().await.token();
    world.post(&format!("/i/{token}/not-me"), json!({"confirm": "yes"})).await.expect(202);
    world.service.idle().await;
    world.advance(DAY);
    world.ehr("POST", "/v1/patients/unwilling/portal/decline", None).await.expect(200);
    world.ehr("DELETE", "/v1/patients/cancelled/invitations/current", None).await.expect(200);
    world.service.idle().await;
    world.advance(20 * DAY);
    let report = november(&world, "").await;
    assert_eq!(patient(&report, "unwilling")["counted"], true);
    assert_eq!(patient(&report, "cancelled")["reason"], "ended_before");
    assert_eq!(patient(&report, "stranger")["reason"], "not_delivered");
}

#[tokio::test]
async fn what_was_given_after_the_period_does_not_count() {
    let world = world().await;
    seen(&world, "p1", json!([visit("v1", 2, "Dr. Lee")])).await;
    world.advance(DAY);
    world.invite("p1", "email").await.expect(201);
    world.service.idle().await;
    world.advance(20 * DAY);
    for (to, counted) in [("2026-11-02", 0), ("2026-11-03", 1)] {
        let path = format!("/v1/reports/electronic-access?from=2026-11-01&to={to}");
        let report = world.ehr("GET", &path, None).await.expect_and(200).json();
        assert_eq!(report["practice"]["numerator"], counted, "{to}: {report}");
    }
}

#[tokio::test]
async fn an_account_counts_from_its_registration_to_its_end() {
    let world = world().await;
    let token = world.invited("p1").await;
    let ticket = world.ticket(&token).await;
    world.register(&token, &ticket, "rosa77").await.expect(201);
    let visits = json!([visit("v1", 2, "Dr. Lee"), visit("v2", 23, "Dr. Lee")]);
    world.patient("p1", World::chart_with(json!({"visits": visits}))).await;
    world.service.idle().await;
    world.advance(10 * DAY);
    world.ehr("PUT", "/v1/patients/p1/portal/access", Some(json!({"enabled": false}))).await.expect(200);
    world.service.idle().await;
    world.advance(20 * DAY);
    let report = november(&world, "").await;
    let visits = &patient(&report, "p1")["visits"];
    assert_eq!((&visits[0]["in_time"], &visits[1]["in_time"]), (&json!(true), &json!(false)), "{visits}");
    assert_eq!(patient(&report, "p1")["reason"], "ended_before");
}

#[tokio::test]
async fn holidays_and_closures_are_no_business_days_and_the_stricter_figure_stands_beside() {
    let world = world().await;
    // Veterans Day is Wednesday, 11 November. Signed on Monday, the deadline is the next Monday, or Friday.
    seen(&world, "p1", json!([visit("v1", 9, "Dr. Lee")])).await;
    seen(&world, "p2", json!([{"id": "v1", "date": "2026-11-09"}])).await;
    world.service.clock.set("2026-11-16T15:00:00Z".parse().unwrap()).unwrap();
    world.invite("p1", "email").await.expect(201);
    world.service.idle().await;
    world.advance(10 * DAY);
    let report = november(&world, "").await;
    let practice = json!({"denominator": 2, "numerator": 1, "numerator_no_holidays": 0, "rate": 0.5});
    assert_eq!(report["practice"], practice);
    assert_eq!(patient(&report, "p1")["visits"][0]["deadline"], "2026-11-17T05:00:00Z");
    let unsigned = &patient(&report, "p2")["visits"][0];
    let said = (&unsigned["available_from"], &unsigned["provider"]);
    assert_eq!(said, (&json!("visit_date"), &json!("Dr. Chart")));
    world.settings(json!({"closures": ["2026-11-12", "2026-11-13"]})).await;
    world.advance(31);
    let report = november(&world, "").await;
    assert_eq!(patient(&report, "p1")["visits"][0]["deadline"], "2026-11-19T05:00:00Z");
}

#[tokio::test]
async fn a_visit_that_moves_or_goes_moves_or_goes_in_the_report() {
    let world = world().await;
    seen(&world, "p1", json!([visit("v1", 2, "Dr. Lee"), visit("v2", 3, "Dr. Lee")])).await;
    let moved = json!([{"id": "v1", "date": "2026-10-30", "signed_at": "2026-10-30T17:00:00Z"}]);
    seen(&world, "p1", moved).await;
    assert_eq!(november(&world, "").await["practice"]["denominator"], 0);
    let path = "/v1/reports/electronic-access?from=2026-10-01&to=2026-11-30";
    let report = world.ehr("GET", path, None).await.expect_and(200).json();
    assert_eq!(patient(&report, "p1")["visits"].as_array().unwrap().len(), 1);
    let other = world.staff(&world.other_keys.ehr, "GET", path, None).await.expect_and(200).json();
    assert_eq!(other["practice"]["denominator"], 0, "of its own practice alone");
}

#[tokio::test]
async fn the_report_is_a_table_too_and_a_name_is_no_formula() {
    let world = world().await;
    seen(&world, "p1", json!([visit("v1", 2, "=1+1, \"Dr.\"")])).await;
    world.service.idle().await;
    let path = "/v1/reports/electronic-access?from=2026-11-01&to=2026-11-30";
    let request = world.request("GET", path).bearer_auth(&world.keys.ehr).header("accept", "text/csv");
    let answer = request.send().await.unwrap();
    assert_eq!(answer.headers()["content-type"], "text/csv; charset=utf-8");
    let text = answer.text().await.unwrap();
    assert!(text.starts_with("access means provided (PI_PEA_1),2026-11-01,2026-11-30\r\nPortico,"), "{text}");
    assert!(text.contains("\r\np1,\"'=1+1, \"\"Dr.\"\"\",2026-11-02,"), "{text}");
    for wrong in [
        "from=2026-11-01",
        "from=x&to=2026-11-30",
        "from=2026-11-30&to=2026-11-01",
        "from=2025-01-01&to=2026-11-30",
    ] {
        world.ehr("GET", &format!("/v1/reports/electronic-access?{wrong}"), None).await.expect(400);
    }
    world.staff(&world.keys.portal, "GET", path, None).await.expect(403);
}
