//! Access is revoked or switched off, and given back.

use std::sync::Arc;

use portico_domain::model::audit::Subject;
use portico_domain::model::ids::{PatientId, PracticeId};
use portico_domain::ports::{Commit as _, History as _, Write};
use portico_store::{Copies, Table};
use portico_testkit::{PASSWORD, World};
use serde_json::json;

#[tokio::test]
async fn a_revocation_ends_links_codes_sessions_and_access_in_one_write_and_the_patient_is_told() {
    let world = World::new().await;
    let session = world.registered("p1", "rosa.q").await;
    // Waits until no function has a copy of the practice's settings.
    world.advance(31);
    let portal = world.revoke("p1", "left_practice").await.expect_and(200).json();
    assert_eq!(
        (&portal["status"], &portal["color"], &portal["revoke_reason"]),
        (&json!("revoked"), &json!("red"), &json!("left_practice"))
    );
    assert_eq!(portal["revoked_by"], json!({"client": "ehr", "actor": "dr.lee"}));
    assert_eq!(portal["accounts"][0]["state"], "revoked");
    assert_eq!(world.introspect(&session).await["active"], false);
    let told = world.last_mail().await;
    assert!(told.get("to") == "rosa.quillfeather@example.com" && told.get("text").contains("(202) 555-0100"));

    let sent = world.mails().await.len();
    let again = world.revoke("p1", "other").await.expect_and(200).json();
    assert_eq!(again, portal, "the same answer");
    assert_eq!(world.mails().await.len(), sent, "and no second message");

    let token = world.invited("p2").await;
    let proof = world.state_facts(&token).await.expect_and(200).str("/proof");
    world.post(&format!("/i/{token}/codes"), json!({"proof": proof, "channel": "sms"})).await.expect(202);
    let code = world.last_mail().await.code();
    world.revoke("p2", "other").await.expect(200);
    world.post(&format!("/i/{token}/codes/check"), json!({"proof": proof, "code": code})).await.expect(410);
    world.get(&format!("/i/{token}")).await.expect(410);
    assert_eq!(world.portal("p2").await["invitations"][0]["state"], "revoked");
}

#[tokio::test]
async fn a_patient_of_many_years_can_be_revoked_too() {
    let world = World::new().await;
    world.registered("p1", "rosa.q").await;
    let client = aws_sdk_dynamodb::Client::from_conf(world.service.cloud.dynamodb.clone());
    let (name, clock) = (&world.service.cloud.table, world.service.clock.clone());
    let audit = &world.service.cloud.audit_table;
    let table = Table::new(client, name, audit, clock, Arc::new(Copies::default()));
    let practice = PracticeId::parse(&world.practice).unwrap();
    let subject = Subject::Patient(PatientId::parse("p1").unwrap());
    let last = table.events(&practice, &subject, 0, 100).await.unwrap().pop().unwrap();
    let later: Vec<_> = (1..=1100)
        .map(|years| {
            let mut event = last.clone();
            event.number += years;
            Write::Append(event)
        })
        .collect();
    for some in later.chunks(100) {
        table.commit(some).await.unwrap();
    }

    assert_eq!(world.revoke("p1", "left_practice").await.expect_and(200).json()["status"], "revoked");
    // The newest invitation comes after a thousand other events, and is shown.
    world.invite("p1", "email").await.expect(201);
    assert_eq!(world.portal("p1").await["invitations"].as_array().unwrap().len(), 2);
}

#[tokio::test]
async fn a_scheduling_key_cannot_revoke() {
    let world = World::new().await;
    world.registered("p1", "rosa.q").await;
    let path = "/v1/patients/p1/portal/revoke";
    let refused = world
        .staff(&world.keys.scheduling, "POST", path, Some(json!({"reason": "other"})))
        .await
        .expect_and(403);
    assert_eq!(refused.code(), "forbidden");
    let off = world
        .staff(
            &world.keys.scheduling,
            "PUT",
            "/v1/patients/p1/portal/access",
            Some(json!({"enabled": false})),
        )
        .await;
    off.expect(403);
    assert_eq!(world.portal("p1").await["status"], "active");
}

#[tokio::test]
async fn a_re_invitation_restores_the_same_credentials_at_once_but_no_old_session() {
    let world = World::new().await;
    let old = world.registered("p1", "rosa.q").await;
    world.revoke("p1", "left_practice").await.expect(200);
    let restored = world.invite("p1", "email").await.expect_and(201).json();
    assert_eq!((&restored["kind"], &restored["state"]), (&json!("restored"), &json!("accepted")));
    assert_eq!(world.portal("p1").await["status"], "active");
    let mail = world.last_mail().await;
    assert!(
        mail.token().is_empty() && mail.get("text").contains("/riverside"),
        "says so, without a link to spend"
    );
    world.sign_in("rosa.q", PASSWORD).await.expect(200);
    assert_eq!(world.introspect(&old).await["active"], false, "what the revocation ended stays ended");
}

#[tokio::test]
async fn the_practice_may_ask_to_verify_again_with_a_new_password() {
    let world = World::new().await;
    world.settings(json!({"regrant": "verify_again"})).await;
    world.registered("p1", "rosa.q").await;
    world.revoke("p1", "left_practice").await.expect(200);
    come_back(&world).await;
}

#[tokio::test]
async fn after_a_compromise_only_a_key_that_may_revoke_re_invites_and_a_new_password_comes_first() {
    let world = World::new().await;
    world.registered("p1", "rosa.q").await;
    world.revoke("p1", "compromised").await.expect(200);
    let path = "/v1/patients/p1/invitations";
    world.staff(&world.keys.scheduling, "POST", path, Some(json!({"channel": "email"}))).await.expect(403);
    world.invite("p1", "email").await.expect(201);
    let token = world.last_mail().await.token();
    world.advance(60);
    let ticket = world.ticket(&token).await;
    let old = json!({"ticket": ticket, "password": PASSWORD, "accept_terms": true});
    let refused = world.post(&format!("/i/{token}/register"), old).await.expect_and(400).json();
    assert_eq!(
        (&refused["errors"][0]["pointer"], &refused["errors"][0]["code"]),
        (&json!("/password"), &json!("unchanged"))
    );
    world.advance(60);
    come_back(&world).await;
}

/// Comes back through a restored link: identity, code, a new password. The old password no longer works.
async fn come_back(world: &World) {
    let invitation = world.invite("p1", "email").await.expect_and(201).json();
    assert_eq!((&invitation["kind"], &invitation["state"]), (&json!("restored"), &json!("pending")));
    assert_eq!(world.portal("p1").await["status"], "invited");
    world.sign_in("rosa.q", PASSWORD).await.expect(403);
    let token = world.last_mail().await.token();
    world.advance(60);
    let ticket = world.ticket(&token).await;
    let body = json!({"ticket": ticket, "password": "orchard lantern nine", "accept_terms": true});
    let registered = world.post(&format!("/i/{token}/register"), body).await.expect_and(201).json();
    assert_eq!(registered["username"], "rosa.q");
    assert_eq!(world.portal("p1").await["status"], "active");
    world.sign_in("rosa.q", PASSWORD).await.expect(401);
    world.sign_in("rosa.q", "orchard lantern nine").await.expect(200);
}

#[tokio::test]
async fn after_an_identity_error_registration_starts_anew() {
    let world = World::new().await;
    world.registered("p1", "wrong.person").await;
    world.revoke("p1", "identity_error").await.expect(200);
    let path = "/v1/patients/p1/invitations";
    world.staff(&world.keys.scheduling, "POST", path, Some(json!({"channel": "email"}))).await.expect(403);
    assert_eq!(world.invite("p1", "email").await.expect_and(201).json()["kind"], "registration");
    let token = world.last_mail().await.token();
    world.advance(60);
    let ticket = world.ticket(&token).await;
    world.register(&token, &ticket, "rosa.q").await.expect(201);
    assert_eq!(world.portal("p1").await["status"], "active");
    world.sign_in("wrong.person", PASSWORD).await.expect(403);
}

#[tokio::test]
async fn switching_access_off_suspends_every_grant_and_switching_it_on_brings_it_back() {
    let world = World::new().await;
    let session = world.registered("p1", "rosa.q").await;
    let switch = async |enabled: bool| {
        world
            .ehr("PUT", "/v1/patients/p1/portal/access", Some(json!({"enabled": enabled})))
            .await
            .expect_and(200)
            .json()
    };
    assert_eq!(switch(false).await["status"], "blocked");
    assert_eq!(world.introspect(&session).await["active"], false);
    world.sign_in("rosa.q", PASSWORD).await.expect(403);
    assert_eq!(switch(true).await["status"], "active");
    world.sign_in("rosa.q", PASSWORD).await.expect(200);
    world.patient("p1", World::chart_with(json!({"chart_status": "deceased"}))).await;
    world.sign_in("rosa.q", PASSWORD).await.expect(403);
    assert_eq!(world.portal("p1").await["blockers"], json!(["deceased"]));
}
