//! Registration: of patients, of representatives for children, of teenagers, of families with one address.

use portico_testkit::{PASSWORD, World};
use serde_json::json;

#[tokio::test]
async fn a_patient_chooses_user_name_and_password_and_is_signed_in() {
    let world = World::new().await;
    let token = world.invited("p1").await;
    let ticket = world.ticket(&token).await;
    let path = format!("/i/{token}/register");
    let attempt = |change: serde_json::Value| {
        let mut body =
            json!({"ticket": ticket, "username": "rosa.q", "password": PASSWORD, "accept_terms": true});
        body.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
        world.post(&path, body)
    };
    // Fourteen characters; the usual minimum is fifteen.
    let refused = attempt(json!({"password": "vexing quo kzt"})).await.expect_and(422);
    assert_eq!(
        (refused.code(), &refused.json()["reasons"]),
        ("password_rejected".to_owned(), &json!(["too_short"]))
    );
    for common in ["Password1234567", "letmeinletmeinletmein", "qwertyasdfghzxcvb", "welcome-home-2026"] {
        let refused = attempt(json!({"password": common})).await.expect_and(422);
        assert_eq!(refused.json()["reasons"], json!(["common"]), "{common}");
    }
    for own in ["Quillfeather-1945-Rosa", "RosaQuillfeather1945Riverside"] {
        let refused = attempt(json!({"password": own})).await.expect_and(422);
        assert_eq!(refused.json()["reasons"], json!(["contextual"]), "{own}");
    }
    assert_eq!(
        attempt(json!({"username": "somebody@example.com"})).await.expect_and(422).code(),
        "username_rejected"
    );
    assert_eq!(attempt(json!({"username": "a b"})).await.expect_and(422).code(), "username_rejected");
    assert_eq!(
        attempt(json!({"accept_terms": false})).await.expect_and(400).json()["errors"][0]["pointer"],
        "/accept_terms"
    );
    assert_eq!(world.portal("p1").await["status"], "invited", "refused tries spend nothing");

    let registered = attempt(json!({})).await.expect_and(201).json();
    let session = registered["session_token"].as_str().unwrap();
    let seen = world.introspect(session).await;
    assert_eq!((&seen["active"], &seen["grants"][0]["patient_id"]), (&json!(true), &json!("p1")));
    let portal = world.portal("p1").await;
    assert_eq!((&portal["status"], &portal["color"]), (&json!("active"), &json!("green")));
    assert!(portal["last_login_at"].is_string() && portal["registered_at"].is_string());
    let mail = world.last_mail().await;
    assert!(mail.get("text").contains("rosa.q") && mail.get("to") == "rosa.quillfeather@example.com");
    assert!(world.items().await.contains("\"accepted_at\""), "the accepted terms are kept");
    attempt(json!({"username": "rosa.other"})).await.expect(410);
}

#[tokio::test]
async fn a_taken_user_name_is_refused_with_suggestions_and_the_link_still_works() {
    let world = World::new().await;
    world.registered("p1", "Rosa.Q").await;
    let token = world.invited("p2").await;
    let ticket = world.ticket(&token).await;
    let refused = world.register(&token, &ticket, "ROSA.q").await.expect_and(409);
    assert_eq!(refused.code(), "username_taken");
    let other = refused.str("/suggestions/0");
    world.register(&token, &ticket, &other).await.expect(201);
}

#[tokio::test]
async fn a_child_is_registered_by_a_representative_alone_with_the_same_link() {
    let world = World::new().await;
    let child = World::chart_with(
        json!({"given_name": "Theo", "birth_date": "2019-03-05", "email": "parent@example.com"}),
    );
    world.patient("child", child).await;
    world.invite("child", "email").await.expect(201);
    let token = world.last_mail().await.token();
    let facts = |role: &str| json!({"as": role, "family_name": "Quillfeather", "birth_date": "2019-03-05"});
    let refused = world.post(&format!("/i/{token}/verify"), facts("patient")).await.expect_and(403);
    assert_eq!(refused.code(), "representative_required");
    let proof = world
        .post(&format!("/i/{token}/verify"), facts("representative"))
        .await
        .expect_and(200)
        .str("/proof");
    let ticket = world.enter_code(&token, &proof).await.expect_and(200).str("/ticket");
    let mut body = json!({"ticket": ticket, "username": "parent@example.com", "password": PASSWORD, "accept_terms": true});
    let missing = world.post(&format!("/i/{token}/register"), body.clone()).await.expect_and(400);
    assert_eq!(missing.json()["errors"].as_array().unwrap().len(), 4);
    body.as_object_mut().unwrap().extend(
        json!({"relationship": "parent", "given_name": "Ana", "family_name": "Quillfeather", "email": "parent@example.com"})
            .as_object().unwrap().clone(),
    );
    let session =
        world.post(&format!("/i/{token}/register"), body).await.expect_and(201).str("/session_token");
    let grants = world.introspect(&session).await["grants"].clone();
    assert_eq!((&grants[0]["patient_id"], &grants[0]["relationship"]), (&json!("child"), &json!("parent")));
    let portal = world.portal("child").await;
    assert_eq!(
        (&portal["status"], &portal["accounts"][0]["relationship"]),
        (&json!("active"), &json!("parent"))
    );
}

#[tokio::test]
async fn two_people_with_one_family_address_both_register() {
    let world = World::new().await;
    world.patient("p1", World::chart()).await;
    world.patient("p2", World::chart_with(json!({"given_name": "Hugo", "birth_date": "1943-01-09"}))).await;
    world.invite("p1", "email").await.expect(201);
    let first = world.last_mail().await;
    world.invite("p2", "email").await.expect(201);
    let second = world.last_mail().await;
    assert!(
        first.get("text").contains("Rosa") && second.get("text").contains("Hugo"),
        "the household can tell them apart"
    );

    let ticket = world.ticket(&first.token()).await;
    world.register(&first.token(), &ticket, "rosa.quillfeather@example.com").await.expect(201);
    let facts = json!({"as": "patient", "family_name": "Quillfeather", "birth_date": "1943-01-09"});
    let proof =
        world.post(&format!("/i/{}/verify", second.token()), facts).await.expect_and(200).str("/proof");
    let passed = world.enter_code(&second.token(), &proof).await.expect_and(200);
    assert_ne!(passed.str("/suggested_username"), "rosa.quillfeather@example.com", "it is taken");
    let taken = world
        .register(&second.token(), &passed.str("/ticket"), "rosa.quillfeather@example.com")
        .await
        .expect_and(409);
    world.register(&second.token(), &passed.str("/ticket"), &taken.str("/suggestions/0")).await.expect(201);
    for (id, status) in [("p1", "active"), ("p2", "active")] {
        assert_eq!(world.portal(id).await["status"], status);
    }
}

#[tokio::test]
async fn a_teenager_who_registers_with_a_guardians_address_waits_for_staff() {
    let world = World::new().await;
    let teen = |id: &'static str| {
        let contacts = json!([{"given_name": "Ana", "family_name": "Q", "relationship": "mother", "email": "ROSA.quillfeather@example.com"}]);
        (
            id,
            World::chart_with(
                json!({"given_name": "Theo", "birth_date": "2011-04-27", "contacts": contacts}),
            ),
        )
    };
    for (id, decision) in [("t1", "grant"), ("t2", "refuse")] {
        let (id, chart) = teen(id);
        world.patient(id, chart).await;
        world.invite(id, "email").await.expect(201);
        let token = world.last_mail().await.token();
        let facts = json!({"as": "patient", "family_name": "Quillfeather", "birth_date": "2011-04-27"});
        let proof = world.post(&format!("/i/{token}/verify"), facts).await.expect_and(200).str("/proof");
        let ticket = world.enter_code(&token, &proof).await.expect_and(200).str("/ticket");
        let username = format!("theo.{id}");
        let held = world.register(&token, &ticket, &username).await.expect_and(202);
        assert_eq!(held.json()["state"], "held");
        world.sign_in(&username, PASSWORD).await.expect(403);
        let portal = world.portal(id).await;
        assert_eq!(
            (&portal["status"], &portal["accounts"][0]["state"]),
            (&json!("registered"), &json!("held"))
        );

        let holds = world.ehr("GET", "/v1/holds", None).await.expect_and(200).json();
        assert_eq!(
            (&holds["holds"][0]["patient_id"], &holds["holds"][0]["reason"]),
            (&json!(id), &json!("guardian_contact_conflict"))
        );
        let path = format!("/v1/holds/{}/{decision}", holds["holds"][0]["hold_id"].as_str().unwrap());
        world.staff(&world.keys.scheduling, "POST", &path, None).await.expect(403);
        world.staff(&world.other_keys.ehr, "POST", &path, None).await.expect(404);
        world.ehr("POST", &path, None).await.expect(200);
        world.ehr("POST", &path, None).await.expect(404);
        let signed_in = world.sign_in(&username, PASSWORD).await;
        assert_eq!(signed_in.status, if decision == "grant" { 200 } else { 403 });
    }
    assert_eq!(world.portal("t1").await["status"], "active");
    assert_eq!(world.portal("t2").await["status"], "uninvited");
    assert_eq!(world.ehr("GET", "/v1/audit/verify", None).await.expect_and(200).json()["intact"], true);
}
