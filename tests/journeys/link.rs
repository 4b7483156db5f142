//! The life of a link: how long it works, what a scanner does to it, what a corrected chart does to it.

use portico_testkit::World;
use serde_json::json;

#[tokio::test]
async fn a_link_works_for_72_hours_to_the_second_although_its_record_is_still_there() {
    let world = World::new().await;
    world.service.clock.set("2026-11-22T15:00:00Z".parse().unwrap()).unwrap();
    let token = world.invited("p1").await;
    let expires_at = world.portal("p1").await["invitation"]["expires_at"].as_str().unwrap().to_owned();
    let expires: portico_domain::time::Timestamp = expires_at.parse().unwrap();
    world.service.clock.set(expires.plus_seconds(-2)).unwrap();
    world.get(&format!("/i/{token}")).await.expect(200);
    world.service.clock.set(expires).unwrap();
    world.get(&format!("/i/{token}")).await.expect(410);
    assert!(world.items().await.contains(&format!(
        "LINK#{}",
        world.portal("p1").await["invitation"]["invitation_id"].as_str().unwrap()
    )));
    assert_eq!(world.portal("p1").await["invitation"]["state"], "expired");
}

#[tokio::test]
async fn the_practice_sets_how_long_links_work() {
    let world = World::new().await;
    world.settings(json!({"link_hours": 1})).await;
    let token = world.invited("p1").await;
    world.advance(3590);
    world.get(&format!("/i/{token}")).await.expect(200);
    world.advance(20);
    world.get(&format!("/i/{token}")).await.expect(410);
}

#[tokio::test]
async fn a_scanner_may_open_a_link_and_submit_its_empty_form_and_nothing_is_spent() {
    let world = World::new().await;
    let token = world.invited("p1").await;
    let path = format!("/i/{token}");
    for _ in 0..10 {
        world.page(&path).await.expect(200);
        world.send(world.request("HEAD", &path)).await.expect(200);
    }
    for _ in 0..12 {
        world
            .form(&format!("{path}/verify"), &[("as", "patient"), ("family_name", ""), ("birth_date", "")])
            .await
            .expect(303);
    }
    let invitation = world.portal("p1").await["invitation"].clone();
    assert_eq!((&invitation["state"], invitation.get("opened_at")), (&json!("pending"), None));
    let ticket = world.ticket(&token).await;
    world.register(&token, &ticket, "rosa.q").await.expect(201);
}

#[tokio::test]
async fn a_corrected_address_ends_the_link_to_the_old_one_and_the_new_one_works_at_once() {
    let world = World::new().await;
    let old = world.invited("p1").await;
    world.patient("p1", World::chart_with(json!({"email": "rosa.q@example.com"}))).await;
    world.get(&format!("/i/{old}")).await.expect(410);
    let portal = world.portal("p1").await;
    assert_eq!(
        (&portal["status"], &portal["invitations"][0]["state"]),
        (&json!("uninvited"), &json!("superseded"))
    );
    world.invite("p1", "email").await.expect(201);
    let mail = world.last_mail().await;
    assert_eq!(mail.get("to"), "rosa.q@example.com");
    let ticket = world.ticket(&mail.token()).await;
    world.register(&mail.token(), &ticket, "rosa.q").await.expect(201);
}

#[tokio::test]
async fn each_fact_of_a_chart_can_be_corrected_alone() {
    let world = World::new().await;
    world.patient("p1", World::chart()).await;
    for (fact, value) in [
        ("given_name", "Rosalind"),
        ("middle_name", "May"),
        ("family_name", "Quill"),
        ("birth_date", "1945-04-28"),
        ("email", "rosalind@example.com"),
        ("mobile_phone", "+12025550144"),
        ("home_phone", "+12025550145"),
        ("postal_code", "02140"),
        ("address_line", "1 River Road"),
        ("city", "Cambridge"),
        ("state", "MA"),
        ("language", "es"),
        ("chart_status", "inactive"),
        ("provider", "Dr. Lee"),
    ] {
        world.patient("p1", World::chart_with(json!({fact: value}))).await;
        let chart = world.ehr("GET", "/v1/patients/p1", None).await.expect_and(200).json();
        assert_eq!(chart[fact], value, "{fact}");
        world.patient("p1", World::chart()).await;
    }
}

#[tokio::test]
async fn a_corrected_name_or_birth_date_counts_from_the_next_check() {
    let world = World::new().await;
    world
        .patient("p1", World::chart_with(json!({"family_name": "Quilfether", "birth_date": "1945-07-24"})))
        .await;
    world.invite("p1", "email").await.expect(201);
    let token = world.last_mail().await.token();
    world.state_facts(&token).await.expect(422);
    world.patient("p1", World::chart()).await;
    world.state_facts(&token).await.expect(200);
}
