//! The list of patients in the API: filters, order, pages, counts, the table; corrections; what needs a person.

use portico_testkit::World;
use serde_json::{Value, json};

async fn listed(world: &World, query: &str) -> Value {
    world.service.idle().await;
    // An application may make fifty calls a second.
    world.advance(1);
    world.ehr("GET", &format!("/v1/onboarding?{query}"), None).await.expect_and(200).json()
}

fn ids(list: &Value) -> Vec<&str> {
    list["patients"].as_array().unwrap().iter().map(|row| row["patient_id"].as_str().unwrap()).collect()
}

/// Patients of every status but `declined`.
async fn practice_of_all_kinds() -> World {
    let world = World::new().await;
    world.service.clock.set("2026-11-24T15:00:00Z".parse().unwrap()).unwrap();
    world.registered("active", "rosa.q").await;
    let named = |name: &str, change: Value| {
        let mut all = json!({"family_name": name, "email": format!("{name}@example.com")});
        all.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
        World::chart_with(all)
    };
    world.patient("uninvited", named("Ash", json!({"tags": ["new"], "provider": "Dr. Smith"}))).await;
    let visit = json!([{"id": "1", "starts_at": "2026-11-26T15:00:00Z"}]);
    world.patient("invited", named("Birch", json!({"appointments": visit}))).await;
    world.invite("invited", "email").await.expect(201);
    world.patient("blocked", named("Cedar", json!({"email": null, "mobile_phone": null}))).await;
    let visit = json!([{"id": "1", "starts_at": "2026-11-25T15:00:00Z"}]);
    world.patient("off", named("Dogwood", json!({"appointments": visit}))).await;
    world.ehr("PUT", "/v1/patients/off/portal/access", Some(json!({"enabled": false}))).await.expect(200);
    world.patient("revoked", named("Elm", json!({}))).await;
    world.revoke("revoked", "left_practice").await.expect(200);
    world
}

#[tokio::test]
async fn every_filter_narrows_the_list_and_each_row_says_where_the_patient_stands() {
    let world = practice_of_all_kinds().await;
    let all = listed(&world, "").await;
    assert_eq!(ids(&all), ["uninvited", "invited", "blocked", "off", "revoked", "active"], "by last name");
    let cases = [
        ("status=invited", vec!["invited"]),
        ("status=blocked,revoked", vec!["blocked", "off", "revoked"]),
        ("status=active&status=invited", vec!["invited", "active"]),
        ("color=red", vec!["blocked", "off", "revoked"]),
        ("color=red&status=revoked", vec!["revoked"]),
        ("stage=sent", vec!["invited"]),
        ("stage=active", vec!["active"]),
        ("blocker=access_disabled", vec!["off"]),
        ("blocker=missing_email", vec!["blocked"]),
        ("delivery=sent", vec!["invited"]),
        ("tag=new", vec!["uninvited"]),
        ("provider=Dr.%20Smith", vec!["uninvited"]),
        ("has_username=true", vec!["active"]),
        ("has_username=false&status=revoked", vec!["revoked"]),
        ("appointment_after=2026-11-26", vec!["invited"]),
        ("appointment_before=2026-11-25", vec!["off"]),
        ("appointment_after=2026-11-25&appointment_before=2026-11-26", vec!["invited", "off"]),
        ("invited_after=2026-11-24&invited_before=2026-11-24", vec!["invited"]),
        ("invited_after=2026-11-25", vec![]),
        ("sort=next_appointment", vec!["off", "invited"]),
        ("q=birch", vec!["invited"]),
        ("q=cedar&status=invited", vec![]),
    ];
    for (query, expected) in cases {
        assert_eq!(ids(&listed(&world, query).await), expected, "{query}");
    }
    let row = listed(&world, "status=invited").await["patients"][0].clone();
    assert_eq!(
        (&row["stage"], &row["delivery"], &row["color"]),
        (&json!("sent"), &json!("sent"), &json!("orange"))
    );
    assert_eq!(row["next_appointment"], "2026-11-26T15:00:00Z");
    let active = listed(&world, "status=active").await["patients"][0].clone();
    assert_eq!((&active["in_as"], &active["stage"]), (&json!("patient"), &json!("active")));
    let counts =
        world.ehr("GET", "/v1/onboarding/summary", None).await.expect_and(200).json()["counts"].clone();
    let expected = json!({"uninvited": 1, "invited": 1, "blocked": 2, "revoked": 1, "active": 1, "registered": 0, "declined": 0});
    assert_eq!(counts, expected);
    for (query, field) in [
        ("status=nonsense", "/status"),
        ("color=blue", "/color"),
        ("limit=0", "/limit"),
        ("limit=201", "/limit"),
        ("appointment_after=soon", "/appointment_after"),
        ("sort=age", "/sort"),
        ("cursor=x", "/cursor"),
    ] {
        let refused = world.ehr("GET", &format!("/v1/onboarding?{query}"), None).await.expect_and(400).json();
        assert_eq!(refused["errors"][0]["pointer"], field, "{query}");
    }
}

#[tokio::test]
async fn pages_name_everybody_once_whatever_their_size_and_a_cursor_fits_its_own_list_alone() {
    let world = World::new().await;
    for number in 0..23 {
        let name = format!("Name{:02}", (number * 7) % 23);
        world.patient(&format!("p{number}"), World::chart_with(json!({"family_name": name}))).await;
        if number % 3 == 0 {
            world.invite(&format!("p{number}"), "print").await.expect(201);
        }
    }
    let all: Vec<String> = ids(&listed(&world, "limit=200").await).into_iter().map(str::to_owned).collect();
    assert_eq!(all.len(), 23);
    for limit in [1, 2, 5, 22, 23] {
        let (mut seen, mut cursor) = (Vec::new(), String::new());
        loop {
            let page = listed(&world, &format!("limit={limit}{cursor}")).await;
            seen.extend(ids(&page).into_iter().map(str::to_owned));
            let Some(next) = page["next_cursor"].as_str() else { break };
            cursor = format!("&cursor={next}");
        }
        assert_eq!(seen, all, "{limit}");
    }
    let page = listed(&world, "limit=5").await;
    let next = page["next_cursor"].as_str().unwrap();
    for (key, query) in [(&world.keys.ehr, "limit=5&status=invited"), (&world.other_keys.ehr, "limit=5")] {
        let path = format!("/v1/onboarding?{query}&cursor={next}");
        world.staff(key, "GET", &path, None).await.expect(400);
    }
}

#[tokio::test]
async fn the_table_holds_what_is_filtered_and_no_formula() {
    let world = World::new().await;
    world.patient("p1", World::chart_with(json!({"family_name": "=cmd|calc", "provider": "+Dr"}))).await;
    world.service.idle().await;
    let request = world.request("GET", "/v1/onboarding?status=uninvited").bearer_auth(&world.keys.ehr);
    let table = world.send(request.header("accept", "text/csv")).await.expect_and(200);
    assert!(table.header("content-disposition").contains("patients.csv"));
    let rows: Vec<&str> = table.text.lines().collect();
    assert_eq!(rows.len(), 2, "{}", table.text);
    assert!(rows[1].contains("'=cmd|calc") && rows[1].ends_with("'+Dr"), "{}", rows[1]);
}

#[tokio::test]
async fn a_correction_sends_the_link_and_holds_until_the_ehr_says_something_new() {
    let world = World::new().await;
    let old = World::chart_with(json!({"email": "rosa.old@example.com"}));
    world.patient("p1", old.clone()).await;
    world.invite("p1", "email").await.expect(201);
    let dead = world.last_mail().await.token();
    let fix = json!({"email": "rosa.new@example.com", "then_invite": "email"});
    let fixed = world.ehr("PATCH", "/v1/patients/p1", Some(fix)).await.expect_and(200).json();
    assert_eq!(fixed["patient"]["email"], "rosa.new@example.com");
    assert_eq!(fixed["invitation"]["sent_to"], "rosa.new@example.com");
    assert_eq!(world.last_mail().await.get("to"), "rosa.new@example.com");
    world.get(&format!("/i/{dead}")).await.expect(410);

    let chart = async || world.ehr("GET", "/v1/patients/p1", None).await.json();
    world.patient("p1", old.clone()).await;
    assert_eq!(chart().await["email"], "rosa.new@example.com", "the EHR says what it said before");
    let moved = World::chart_with(json!({"email": "rosa.old@example.com", "city": "Springfield"}));
    let answer = world.ehr("PUT", "/v1/patients/p1", Some(moved)).await.expect_and(200).json();
    let warning = &answer["warnings"][0];
    assert_eq!(
        (&warning["pointer"], &warning["code"]),
        (&json!("/email"), &json!("kept_correction")),
        "the EHR is told that its address does not count"
    );
    let now = chart().await;
    assert_eq!(
        (now["email"].as_str(), now["city"].as_str()),
        (Some("rosa.new@example.com"), Some("Springfield"))
    );
    world.patient("p1", World::chart_with(json!({"email": "rosa.third@example.com"}))).await;
    assert_eq!(chart().await["email"], "rosa.third@example.com", "the EHR says something new");
    world.patient("p1", old).await;
    assert_eq!(chart().await["email"], "rosa.old@example.com", "the correction is over");
    let answer = world.ehr("PUT", "/v1/patients/p1", Some(World::chart())).await.expect_and(200).json();
    assert_eq!(answer["warnings"], json!([]));
}

#[tokio::test]
async fn a_decision_on_a_proposed_change_leaves_corrections_and_holds_like_one() {
    let world = World::new().await;
    let session = world.registered("p1", "rosa.q").await;
    let corrected = json!({"email": "rosa.new@example.com"});
    world.ehr("PATCH", "/v1/patients/p1", Some(corrected)).await.expect(200);
    let propose = async |changes: Value| {
        let path = format!("/{}/account/demographics", world.practice);
        let request = world.request("POST", &path).header("cookie", format!("__Host-portico={session}"));
        let request = request.header("sec-fetch-site", "same-origin");
        let body = json!({"patient_id": "p1", "changes": changes});
        world.send(request.json(&body)).await.expect_and(202).str("/change_id")
    };
    let chart = async || world.ehr("GET", "/v1/patients/p1", None).await.json();
    for (decision, city) in [("decline", Value::Null), ("accept", json!("Lowell"))] {
        let change = propose(json!({"city": "Lowell", "postal_code": "01850"})).await;
        world.ehr("POST", &format!("/v1/demographic-changes/{change}/{decision}"), None).await.expect(200);
        assert_eq!(
            (&chart().await["city"], &chart().await["email"]),
            (&city, &json!("rosa.new@example.com"))
        );
        world.patient("p1", World::chart_with(json!({"city": city}))).await;
        assert_eq!(chart().await["email"], "rosa.new@example.com", "{decision}: the correction holds");
    }
    assert_eq!(chart().await["postal_code"], "01850", "so does what was accepted");
}

#[tokio::test]
async fn a_correction_names_its_faults_takes_facts_away_and_refuses_what_moved() {
    let world = World::new().await;
    world.patient("p1", World::chart()).await;
    let bad = json!({"email": "rosa at example", "birth_date": "yesterday"});
    let refused = world.ehr("PATCH", "/v1/patients/p1", Some(bad)).await.expect_and(400).json();
    assert_eq!(refused["errors"].as_array().unwrap().len(), 2, "{refused}");
    let gone = world
        .ehr("PATCH", "/v1/patients/p1", Some(json!({"mobile_phone": null})))
        .await
        .expect_and(200)
        .json();
    assert_eq!(gone["patient"]["mobile_phone"], Value::Null);
    assert_eq!(gone["patient"]["email"], "rosa.quillfeather@example.com", "what is absent stays");
    let path = world.url("/v1/patients/p1");
    let request = || {
        let request = world.request("PATCH", "/v1/patients/p1").bearer_auth(&world.keys.ehr);
        request.header("portico-actor", "dr.lee").json(&json!({"postal_code": "01101"}))
    };
    assert!(path.ends_with("p1"));
    let refused = world.send(request().header("if-match", "\"1\"")).await.expect_and(409).json();
    assert_eq!(refused["reasons"], json!(["chart_moved"]));
    world.send(request().header("if-match", "2")).await.expect(200);
    world.ehr("PATCH", "/v1/patients/nobody", Some(json!({}))).await.expect(404);
    let scheduling = world.keys.scheduling.clone();
    world
        .staff(&scheduling, "PATCH", "/v1/patients/p1", Some(json!({"postal_code": "01102"})))
        .await
        .expect(200);
    world.staff(&world.keys.portal, "PATCH", "/v1/patients/p1", Some(json!({}))).await.expect(403);
}

#[tokio::test]
async fn an_address_that_came_back_is_right_after_all_and_is_written_to_again() {
    let world = World::new().await;
    world.patient("p1", World::chart()).await;
    world.invite("p1", "email").await.expect(201);
    let id = world.last_mail().await.get("id").to_owned();
    world
        .request("POST", "/_local/feedback")
        .json(&json!({"message_id": id, "type": "bounce"}))
        .send()
        .await
        .unwrap();
    world.service.idle().await;
    world.invite("p1", "email").await.expect(422);
    world.ehr("PATCH", "/v1/patients/p1", Some(json!({"then_invite": "email"}))).await.expect(200);
    assert_eq!(world.mails().await.len(), 2);
}

#[tokio::test]
async fn a_chart_that_comes_again_without_visits_keeps_the_patient_due() {
    let world = World::new().await;
    world.service.clock.set("2026-11-24T15:00:00Z".parse().unwrap()).unwrap();
    world.settings(json!({"auto_invite": {"enabled": true}})).await;
    let visit = json!([{"id": "v1", "date": "2026-11-23", "signed_at": "2026-11-23T20:00:00Z"}]);
    let visited = json!({"birth_date": "1980-02-03", "visits": visit, "appointments": [{"id": "1", "starts_at": "2026-11-26T15:00:00Z"}]});
    world.patient("p1", World::chart_with(visited)).await;
    world.patient("p1", World::chart_with(json!({"birth_date": "1980-02-03", "city": "Springfield"}))).await;
    assert_eq!(ids(&listed(&world, "sort=next_appointment").await), ["p1"]);
    assert_eq!(world.sweep().await["invited"], 1);
}

#[tokio::test]
async fn what_needs_a_person_is_listed_most_urgent_first_and_can_be_left() {
    let world = World::new().await;
    for id in ["a", "b"] {
        world.patient(id, World::chart_with(json!({"email": format!("{id}@example.com")}))).await;
        world.invite(id, "email").await.expect(201);
    }
    let mails = world.mails().await;
    let bounced = json!({"message_id": mails[0].get("id"), "type": "bounce"});
    world.request("POST", "/_local/feedback").json(&bounced).send().await.unwrap();
    let token = mails[1].token();
    world.post(&format!("/i/{token}/not-me"), json!({"confirm": "yes"})).await.expect(202);
    world.service.idle().await;
    let attention = async || world.ehr("GET", "/v1/attention", None).await.expect_and(200).json();
    let things = attention().await;
    let causes: Vec<&str> =
        things["items"].as_array().unwrap().iter().map(|it| it["cause"].as_str().unwrap()).collect();
    assert_eq!(causes, ["reported_wrong_recipient", "address_bounced"]);
    assert_eq!(things["counts"], json!({"reported_wrong_recipient": 1, "address_bounced": 1}));
    assert_eq!(things["items"][1]["address"], "a@example.com");
    let id = things["items"][1]["id"].as_str().unwrap().to_owned();
    world.ehr("POST", &format!("/v1/attention/{id}/leave"), None).await.expect(204);
    world.ehr("POST", &format!("/v1/attention/{id}/leave"), None).await.expect(404);
    assert_eq!(attention().await["items"].as_array().unwrap().len(), 1);
    let trail = world.ehr("GET", "/v1/audit?patient_id=a", None).await.json();
    assert!(trail["events"].as_array().unwrap().iter().any(|event| event["action"] == "attention_left"));
    assert_eq!(
        world.staff(&world.other_keys.ehr, "GET", "/v1/attention", None).await.json()["items"],
        json!([])
    );
}
