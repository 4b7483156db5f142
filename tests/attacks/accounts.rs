//! Security answers, user names and proposed addresses can't be used to take over somebody else's account.

use portico_testkit::{Answer, PASSWORD, World};
use serde_json::{Value, json};

async fn ticket_of(world: &World, id: &str) -> (String, String) {
    let token = world.invited(id).await;
    let ticket = world.ticket(&token).await;
    (token, ticket)
}

async fn register(world: &World, token: &str, ticket: &str, more: Value) -> Answer {
    let mut body =
        json!({"ticket": ticket, "username": "rosa.q", "password": PASSWORD, "accept_terms": true});
    body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    world.post(&format!("/i/{token}/register"), body).await
}

async fn reset_token(world: &World) -> String {
    world.invite("p1", "email").await.expect(201);
    world.last_mail().await.token()
}

#[tokio::test]
async fn a_weak_security_answer_is_refused_and_five_wrong_answers_close_the_link() {
    let world = World::new().await;
    let (token, ticket) = ticket_of(&world, "p1").await;
    let question = json!({"security_question": "My first dog?", "security_answer": "Old Bramble"});
    let off = register(&world, &token, &ticket, question.clone()).await.expect_and(400).json();
    assert_eq!(off["errors"][0]["code"], "not_allowed", "the practice has no such questions");
    world.allow(&["security_question"]).await;
    world.settings(json!({"security_question": true})).await;
    for (more, pointer) in [
        (json!({"security_question": "My first dog?"}), "/security_answer"),
        (json!({"security_question": "My first dog?", "security_answer": "  "}), "/security_answer"),
        (json!({"security_question": "My first dog?", "security_answer": "a"}), "/security_answer"),
        (json!({"security_question": "My first dog?", "security_answer": " ROSA.q "}), "/security_answer"),
        (json!({"security_answer": "Old Bramble"}), "/security_question"),
    ] {
        let refused = register(&world, &token, &ticket, more.clone()).await.expect_and(400).json();
        assert_eq!(refused["errors"][0]["pointer"], pointer, "{more}");
    }
    register(&world, &token, &ticket, question).await.expect(201);
    assert!(!world.items().await.to_lowercase().contains("bramble"), "the answer is kept as a hash");

    let answer = async |token: &str, text: &str| {
        world.post(&format!("/r/{token}/answer"), json!({"birth_date": "19450427", "answer": text})).await
    };
    let token = reset_token(&world).await;
    answer(&token, " old BRAMBLE ").await.expect(200);
    let token = reset_token(&world).await;
    for _ in 0..5 {
        assert_eq!(answer(&token, "Rex").await.expect_and(422).code(), "verification_failed");
    }
    assert_eq!(answer(&token, "Old Bramble").await.expect_and(410).code(), "link_unavailable");
    // Once the practice switches the question off, its answer opens nothing.
    world.settings(json!({"security_question": false})).await;
    world.advance(31);
    let token = reset_token(&world).await;
    let methods = world.get(&format!("/r/{token}")).await.expect_and(200).json()["methods"].clone();
    assert!(!methods.as_array().unwrap().contains(&json!("question")), "{methods}");
    answer(&token, "Old Bramble").await.expect(422);
}

#[tokio::test]
async fn only_the_holder_of_a_ticket_is_told_that_a_user_name_is_taken_or_not_allowed() {
    let world = World::new().await;
    world.registered("p0", "taken.name").await;
    let (token, ticket) = ticket_of(&world, "p1").await;
    for name in
        ["taken.name", "TAKEN.Name", " taken.name ", "ｔａｋｅｎ.name", "taken\u{200b}.name", "“taken.name”"]
    {
        let refused =
            register(&world, &token, &ticket, json!({"username": name})).await.expect_and(409).json();
        assert_eq!(refused["code"], "username_taken", "{name}");
        assert_eq!(refused["suggestions"].as_array().unwrap().len(), 3, "{name}");
    }
    // These are another person's address and names with look-alike or forbidden characters.
    for name in ["somebody@example.org", "tаken.name", "tak en", "@rosa"] {
        let refused = register(&world, &token, &ticket, json!({"username": name})).await;
        assert_eq!(refused.expect_and(422).code(), "username_rejected", "{name}");
    }
    // Without a ticket nobody learns whether a name is taken.
    for name in ["taken.name", "free.name"] {
        let refused = register(&world, &token, "no ticket", json!({"username": name})).await;
        assert_eq!(refused.expect_and(410).code(), "link_unavailable", "{name}");
    }
    world.get("/v1/usernames/taken.name").await.expect(401);
    register(&world, &token, &ticket, json!({})).await.expect(201);
}

#[tokio::test]
async fn a_proposed_address_changes_nothing_until_staff_accept_it() {
    let world = World::new().await;
    let session = world.registered("p1", "rosa.q").await;
    world.registered("p2", "other.q").await;
    let propose = async |session: &str, body: Value| {
        let request = world.request("POST", &format!("/{}/account/demographics", world.practice));
        world.send(request.bearer_auth(session).json(&body)).await
    };
    // Only contact details can be changed, and only of a patient whose records the person may see in full.
    for (body, status) in [
        (json!({"patient_id": "p1", "changes": {"birth_date": "2000-01-01"}}), 400),
        (json!({"patient_id": "p1", "changes": {"chart_status": "active"}}), 400),
        (json!({"patient_id": "p1", "changes": {"email": ["a@example.com", "b@example.com"]}}), 400),
        (json!({"patient_id": "p1", "changes": {"email": "not an address"}}), 400),
        (json!({"patient_id": "p1", "changes": {}, "state": "accepted"}), 400),
        (json!({"patient_id": "p2", "changes": {"city": "Salem"}}), 404),
        (json!({"patient_id": "nobody", "changes": {"city": "Salem"}}), 404),
    ] {
        let answer = propose(&session, body.clone()).await;
        assert_eq!(answer.status, status, "{body}: {}", answer.text);
    }
    propose("nonsense", json!({"patient_id": "p1", "changes": {"city": "Salem"}})).await.expect(401);

    let changes = json!({"email": "intruder@example.net"});
    let made = propose(&session, json!({"patient_id": "p1", "changes": changes})).await.expect_and(202);
    let told = world.last_mail_to("rosa.quillfeather@example.com").await;
    assert!(!told.get("text").contains("intruder"));
    // Links still go to the address on file.
    let token = reset_token(&world).await;
    assert_eq!(world.last_mail().await.get("to"), "rosa.quillfeather@example.com");
    let path = format!("/v1/demographic-changes/{}", made.str("/change_id"));
    world.staff(&world.other_keys.ehr, "POST", &format!("{path}/accept"), None).await.expect(404);
    world.ehr("POST", &format!("{path}/accept"), Some(json!({"fields": ["city"]}))).await.expect(400);
    world.ehr("POST", &format!("{path}/accept"), None).await.expect(200);
    world.get(&format!("/r/{token}")).await.expect(410);
    world.ehr("POST", &format!("{path}/decline"), None).await.expect(404);
    world.ehr("POST", &format!("{path}/accept"), None).await.expect(404);

    // Half an hour later the browser is still signed in. Changing a contact now takes the password.
    world.advance(14 * 60);
    propose(&session, json!({"patient_id": "p1", "changes": {"city": "Salem"}})).await.expect(202);
    world.advance(14 * 60);
    let changes = json!({"mobile_phone": "+12025550199"});
    let asked =
        propose(&session, json!({"patient_id": "p1", "changes": changes})).await.expect_and(400).json();
    assert_eq!(asked["errors"][0]["pointer"], "/password");
    let wrong = json!({"patient_id": "p1", "changes": changes, "password": "wrong wrong wrong"});
    assert_eq!(propose(&session, wrong).await.expect_and(401).code(), "sign_in_failed");
    let right = json!({"patient_id": "p1", "changes": changes, "password": PASSWORD});
    propose(&session, right).await.expect(202);
}
