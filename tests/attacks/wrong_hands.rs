//! Combinations of operations that could give an account, a link or a message to the wrong person.

use portico_testkit::{PASSWORD, World};
use serde_json::{Value, json};

const NEW: &str = "walnut trellis nine";

fn mother(more: &Value) -> Value {
    let mut body = json!({
        "given_name": "Marta", "family_name": "Vale", "relationship": "parent",
        "email": "marta.vale@example.com", "channel": "email",
    });
    body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    body
}

/// Follows the link in the last mail as a representative; returns its token and a ticket.
async fn ticket(world: &World, birth_date: &str) -> (String, String) {
    let token = world.last_mail().await.token();
    let facts = json!({"as": "representative", "family_name": "quillfeather", "birth_date": birth_date});
    let proof = world.post(&format!("/i/{token}/verify"), facts).await.expect_and(200).str("/proof");
    let ticket = world.enter_code(&token, &proof).await.expect_and(200).str("/ticket");
    (token, ticket)
}

async fn mother_registered(world: &World, id: &str, birth_date: &str) {
    let path = format!("/v1/patients/{id}/representatives");
    world.ehr("POST", &path, Some(mother(&json!({})))).await.expect(201);
    let (token, ticket) = ticket(world, birth_date).await;
    world.register(&token, &ticket, "marta.vale").await.expect(201);
}

#[tokio::test]
async fn a_link_that_gives_access_back_never_opens_the_account_of_whoever_looks_after_the_patient() {
    let world = World::new().await;
    world.patient("p1", World::chart()).await;
    mother_registered(&world, "p1", "1945-04-27").await;
    world.revoke("p1", "compromised").await.expect(200);
    // The chart's contact is not the mother's. The mail to it offers a new registration, not a new password
    // for her login.
    let invited = world.invite("p1", "email").await.expect_and(201).json();
    assert_eq!(invited["kind"], "registration");
    let token = world.last_mail().await.token();
    world.advance(61);
    let ticket = world.ticket(&token).await;
    let refused = world.register(&token, &ticket, "marta.vale").await.expect_and(409);
    assert_eq!(refused.code(), "username_taken");
    world.register(&token, &ticket, "rosa.q").await.expect(201);
    let accounts = world.portal("p1").await["accounts"].clone();
    let state = |name: &str| {
        let all = accounts.as_array().unwrap();
        all.iter().find(|account| account["username"] == name).map(|account| account["state"].clone())
    };
    assert_eq!((state("rosa.q"), state("marta.vale")), (Some(json!("active")), Some(json!("revoked"))));
}

#[tokio::test]
async fn a_registration_that_waits_for_staff_ends_with_the_revocation() {
    let world = World::new().await;
    let guardian = json!({"given_name": "Ana", "family_name": "Vale", "relationship": "guardian", "email": "rosa.quillfeather@example.com"});
    world.patient("p1", World::chart_with(json!({"birth_date": "2011-04-27", "contacts": [guardian]}))).await;
    world.invite("p1", "email").await.expect(201);
    let token = world.last_mail().await.token();
    let facts = json!({"as": "patient", "family_name": "quillfeather", "birth_date": "2011-04-27"});
    let proof = world.post(&format!("/i/{token}/verify"), facts).await.expect_and(200).str("/proof");
    let ticket = world.enter_code(&token, &proof).await.expect_and(200).str("/ticket");
    world.register(&token, &ticket, "teen.q").await.expect(202);
    let holds = world.ehr("GET", "/v1/holds", None).await.expect_and(200).json();
    let hold = holds["holds"][0]["hold_id"].as_str().unwrap().to_owned();

    // While access is switched off, staff can't grant a waiting registration.
    let access = "/v1/patients/p1/portal/access";
    world.ehr("PUT", access, Some(json!({"enabled": false}))).await.expect(200);
    let grant = format!("/v1/holds/{hold}/grant");
    let refused = world.ehr("POST", &grant, None).await.expect_and(422).json();
    assert_eq!(refused["reasons"], json!(["access_disabled"]));
    world.ehr("PUT", access, Some(json!({"enabled": true}))).await.expect(200);

    world.revoke("p1", "other").await.expect(200);
    assert_eq!(world.ehr("GET", "/v1/holds", None).await.expect_and(200).json()["holds"], json!([]));
    world.ehr("POST", &grant, None).await.expect(404);
    assert_eq!(world.invite("p1", "email").await.expect_and(201).json()["kind"], "registration");
    assert_eq!(world.sign_in("teen.q", PASSWORD).await.expect_and(403).code(), "access_revoked");
    let whole = world.ehr("GET", "/v1/audit/verify", None).await.expect_and(200).json();
    assert_eq!(whole["intact"], true, "{whole}");
}

#[tokio::test]
async fn a_login_keeps_its_relation_to_a_patient_whatever_link_it_is_added_to() {
    let world = World::new().await;
    world.registered("p1", "rosa.q").await;
    // The invitation for her husband goes to the mailbox that they share.
    let offer = mother(
        &json!({"relationship": "spouse", "level": "limited", "email": "rosa.quillfeather@example.com"}),
    );
    world.ehr("POST", "/v1/patients/p1/representatives", Some(offer)).await.expect(201);
    let (token, ticket) = ticket(&world, "1945-04-27").await;
    let body = json!({"ticket": ticket, "username": "rosa.q", "password": PASSWORD});
    let refused = world.post(&format!("/i/{token}/link"), body).await.expect_and(409).json();
    assert_eq!(refused["reasons"], json!(["already_linked"]));
    world.get(&format!("/i/{token}")).await.expect(200);
    let session = world.sign_in("rosa.q", PASSWORD).await.expect_and(200).str("/session_token");
    let grants = world.introspect(&session).await["grants"].clone();
    assert_eq!(grants, json!([{"patient_id": "p1", "relationship": "self", "level": "full"}]));
}

#[tokio::test]
async fn a_signed_in_person_who_invites_an_address_does_not_learn_whether_it_is_on_file() {
    let world = World::new().await;
    world.registered("p1", "rosa.q").await;
    // Three requests use up the messages that strangers may cause at that address.
    for _ in 0..4 {
        let body = json!({"email": "rosa.quillfeather@example.com"});
        world.post(&format!("/{}/forgot-username", world.practice), body).await.expect(202);
        world.mails().await;
    }
    let other = World::chart_with(json!({"given_name": "Hugo", "email": "hugo@example.com"}));
    world.patient("p2", other).await;
    world.invite("p2", "email").await.expect(201);
    let token = world.last_mail().await.token();
    let ticket = world.ticket(&token).await;
    let session = world.register(&token, &ticket, "hugo.q").await.expect_and(201).str("/session_token");
    for email in ["rosa.quillfeather@example.com", "nobody@example.com"] {
        let request = world.request("POST", &format!("/{}/account/representatives", world.practice));
        let body = json!({"given_name": "A", "family_name": "B", "relationship": "other", "email": email});
        let answer = world.send(request.bearer_auth(&session).json(&body)).await;
        assert_eq!(answer.status, 201, "{email}: {}", answer.text);
    }
}

#[tokio::test]
async fn a_temporary_password_that_was_reset_still_asks_for_the_terms() {
    let world = World::new().await;
    world.patient("p1", World::chart()).await;
    let given = json!({"username": "rosa.q", "password": "seven plum trellis"});
    world.ehr("PUT", "/v1/patients/p1/credentials", Some(given)).await.expect(200);
    world.invite("p1", "email").await.expect(201);
    let reset = world.last_mail().await.token();
    let ticket = world.reset_ticket(&reset).await;
    world.new_password(&reset, &ticket, NEW).await.expect(204);
    let signed_in = world.sign_in("rosa.q", NEW).await.expect_and(200);
    assert_eq!(signed_in.json()["must_change_password"], true);
    let session = signed_in.str("/session_token");
    assert_eq!(world.introspect(&session).await["active"], false);
    let change = async |accept: bool| {
        let request = world.request("POST", &format!("/{}/account/password", world.practice));
        let body = json!({"old_password": NEW, "new_password": "ten walnut trellis", "accept_terms": accept});
        world.send(request.bearer_auth(&session).json(&body)).await
    };
    change(false).await.expect(400);
    change(true).await.expect(204);
    assert_eq!(world.introspect(&session).await["active"], true);
}

#[tokio::test]
async fn a_parent_and_two_twins_at_one_address_each_get_the_right_link() {
    let world = World::new().await;
    // Twins share address, last name, birth date and ZIP. Their mother has registered for the first one.
    for (id, name) in [("p1", "Milo"), ("p2", "Nina")] {
        let twin = json!({"given_name": name, "birth_date": "2020-04-27", "email": "marta.vale@example.com"});
        world.patient(id, World::chart_with(twin)).await;
    }
    mother_registered(&world, "p1", "2020-04-27").await;
    let facts = json!({
        "email": "marta.vale@example.com", "family_name": "quillfeather", "birth_date": "2020-04-27",
        "postal_code": "02139",
    });
    let ask = async |what: &str| {
        world.post(&format!("/{}/{what}", world.practice), facts.clone()).await.expect(202);
        world.last_mail().await
    };
    let mail = ask("forgot-password").await;
    assert!(mail.get("text").contains("/r/"), "{}", mail.get("text"));
    // Nobody has registered for the other twin yet.
    let mail = ask("sign-up").await;
    assert!(mail.get("text").contains("/i/"), "{}", mail.get("text"));
    assert_eq!(world.portal("p2").await["status"], "invited");
}

#[tokio::test]
async fn a_user_name_that_was_guessed_before_it_existed_is_not_locked_for_its_owner() {
    let world = World::new().await;
    for _ in 0..12 {
        world.sign_in("rosa.q", PASSWORD).await.expect(401);
    }
    world.registered("p1", "rosa.q").await;
    world.sign_in("rosa.q", PASSWORD).await.expect(200);
}

#[tokio::test]
async fn a_representative_who_says_not_me_is_not_written_to_again() {
    let world = World::new().await;
    world.patient("p1", World::chart()).await;
    let path = "/v1/patients/p1/representatives";
    world.ehr("POST", path, Some(mother(&json!({})))).await.expect(201);
    let token = world.last_mail().await.token();
    world.post(&format!("/i/{token}/not-me"), json!({"confirm": "yes"})).await.expect(202);
    world.get(&format!("/i/{token}")).await.expect(410);
    let refused = world.ehr("POST", path, Some(mother(&json!({})))).await.expect_and(422).json();
    assert_eq!(refused["reasons"], json!(["reported_wrong_recipient"]));
    world.ehr("POST", path, Some(mother(&json!({"email": "m.vale@example.com"})))).await.expect(201);
    // The patient's own address is not affected, and confirming the contact opens the mother's address again.
    world.invite("p1", "email").await.expect(201);
    let confirm = Some(json!({"channel": "email"}));
    world.ehr("POST", "/v1/patients/p1/contacts/confirm", confirm).await.expect(200);
    world.ehr("POST", path, Some(mother(&json!({})))).await.expect(201);
}

/// A chart of a fifteen-year-old with an address and a phone of their own, changed by `more`.
fn teenager(more: &Value) -> Value {
    let born = "2011-04-27";
    let own = json!({"given_name": "Theo", "birth_date": born, "email": "theo@example.com", "mobile_phone": "+12025550166"});
    let mut chart = World::chart_with(own);
    chart.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    chart
}

/// Registers a teenager through a link that was mailed. Returns the status of the answer.
async fn teenager_registers(world: &World, id: &str, chart: Value) -> u16 {
    world.patient(id, chart).await;
    world.invite(id, "email").await.expect(201);
    let token = world.last_mail().await.token();
    let facts = json!({"as": "patient", "family_name": "Quillfeather", "birth_date": "2011-04-27"});
    let proof = world.post(&format!("/i/{token}/verify"), facts).await.expect_and(200).str("/proof");
    let ticket = world.enter_code(&token, &proof).await.expect_and(200).str("/ticket");
    world.register(&token, &ticket, &format!("theo.{id}")).await.status
}

#[tokio::test]
async fn a_teenager_whose_address_or_phone_is_also_somebody_elses_waits_for_staff() {
    let world = World::new().await;
    world.settings(json!({"code_channel": "any"})).await;
    let contact = |more: Value| {
        let mut contact = json!({"given_name": "Ana", "family_name": "Q", "relationship": "mother"});
        contact.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        json!({"contacts": [contact]})
    };
    let own = contact(json!({"email": "ana@example.com", "phone": "+12025550144"}));
    let (theirs, number) = (&own["contacts"], |last: u32| format!("+120255501{last:02}"));
    let chart =
        teenager(&json!({"contacts": theirs, "email": "own@example.com", "mobile_phone": number(50)}));
    assert_eq!(teenager_registers(&world, "own", chart).await, 201);
    for (id, own, theirs) in [
        ("phone", 51, contact(json!({"phone": "(202) 555-0151"}))),
        ("case", 52, contact(json!({"email": "CASE@Example.com"}))),
        ("tag", 53, contact(json!({"email": "tag+ana@example.com"}))),
        // The one who registered first has this number, too.
        ("sibling", 50, json!({})),
        ("nobody", 54, json!({})),
    ] {
        world.advance(3600);
        let mut chart = teenager(&json!({"email": format!("{id}@example.com"), "mobile_phone": number(own)}));
        chart.as_object_mut().unwrap().extend(theirs.as_object().unwrap().clone());
        let expected = if id == "nobody" { 201 } else { 202 };
        assert_eq!(teenager_registers(&world, id, chart).await, expected, "{id}");
    }
    // Another patient of the practice has the address; a parent who was invited there; one who had access before.
    world
        .patient("mother", World::chart_with(json!({"given_name": "Ana", "email": "family@example.com"})))
        .await;
    world.advance(3600);
    let shared = teenager(&json!({"email": "family@example.com", "mobile_phone": number(55)}));
    assert_eq!(teenager_registers(&world, "shared", shared).await, 202);
    for ended in [false, true] {
        world.advance(3600);
        let id = format!("invited-{ended}");
        let email = format!("marta.{ended}@example.com");
        let chart = teenager(&json!({"email": email, "mobile_phone": number(56 + u32::from(ended))}));
        world.patient(&id, chart.clone()).await;
        let path = format!("/v1/patients/{id}/representatives");
        world.ehr("POST", &path, Some(mother(&json!({"email": email})))).await.expect(201);
        if ended {
            let (token, ticket) = ticket(&world, "2011-04-27").await;
            world.register(&token, &ticket, "marta.vale").await.expect(201);
            let account = world.portal(&id).await["accounts"][0]["account_id"].clone();
            let revoke = json!({"reason": "representative_ended", "account_id": account});
            world.ehr("POST", &format!("/v1/patients/{id}/portal/revoke"), Some(revoke)).await.expect(200);
        }
        assert_eq!(teenager_registers(&world, &id, chart).await, 202, "{id}");
    }
}

#[tokio::test]
async fn a_teenagers_account_that_a_link_gives_back_waits_for_staff_if_the_address_became_a_parents() {
    let world = World::new().await;
    assert_eq!(teenager_registers(&world, "teen", teenager(&json!({}))).await, 201);
    world.revoke("teen", "compromised").await.expect(200);
    let contacts = json!({"contacts": [{"given_name": "Ana", "family_name": "Q", "relationship": "mother", "email": "theo@example.com"}]});
    world.patient("teen", teenager(&contacts)).await;
    world.advance(3600);
    assert_eq!(world.invite("teen", "email").await.expect_and(201).json()["kind"], "restored");
    let token = world.last_mail().await.token();
    let facts = json!({"as": "patient", "family_name": "Quillfeather", "birth_date": "2011-04-27"});
    let proof = world.post(&format!("/i/{token}/verify"), facts).await.expect_and(200).str("/proof");
    let ticket = world.enter_code(&token, &proof).await.expect_and(200).str("/ticket");
    let body = json!({"ticket": ticket, "password": NEW, "accept_terms": true});
    world.post(&format!("/i/{token}/register"), body).await.expect(202);
    world.sign_in("theo.teen", NEW).await.expect(403);
    let holds = world.ehr("GET", "/v1/holds", None).await.expect_and(200).json();
    let hold = holds["holds"][0]["hold_id"].as_str().unwrap().to_owned();
    world.ehr("POST", &format!("/v1/holds/{hold}/grant"), None).await.expect(200);
    world.sign_in("theo.teen", NEW).await.expect(200);
}

#[tokio::test]
async fn who_says_of_themselves_that_they_help_an_adolescent_sees_appointments_and_messages_at_most() {
    let world = World::new().await;
    world.settings(json!({"code_channel": "any"})).await;
    for (id, born, level) in [("teen", "2011-04-27", "limited"), ("child", "2018-04-27", "full")] {
        for added in [false, true] {
            let id = format!("{id}-{added}");
            let phone = World::phone_of(&id);
            let email = format!("{id}@example.com");
            world
                .patient(&id, teenager(&json!({"birth_date": born, "email": email, "mobile_phone": phone})))
                .await;
            world.advance(3600);
            world.invite(&id, "email").await.expect(201);
            let (token, ticket) = ticket(&world, born).await;
            let name = format!("marta.{level}");
            let mut body =
                json!({"ticket": ticket, "username": name, "password": PASSWORD, "relationship": "parent"});
            let path = if added { "link" } else { "register" };
            if !added {
                let own =
                    mother(&json!({"email": format!("marta.{level}@example.com"), "accept_terms": true}));
                body.as_object_mut().unwrap().extend(own.as_object().unwrap().clone());
                body.as_object_mut().unwrap().remove("channel");
            }
            let answer = world.post(&format!("/i/{token}/{path}"), body).await;
            assert!(matches!(answer.status, 200 | 201), "{id}: {}", answer.text);
            assert_eq!(world.portal(&id).await["accounts"][0]["level"], level, "{id}");
        }
    }
}

#[tokio::test]
async fn nobody_resets_a_teenagers_password_by_an_address_that_became_a_parents() {
    let world = World::new().await;
    assert_eq!(teenager_registers(&world, "teen", teenager(&json!({}))).await, 201);
    world.forgot_password("theo.teen").await.expect(202);
    assert!(world.last_mail().await.get("text").contains("/r/"));
    world.advance(7200);
    let contacts = json!({"contacts": [{"given_name": "Ana", "family_name": "Q", "relationship": "mother", "email": "theo@example.com"}]});
    world.patient("teen", teenager(&contacts)).await;
    world.forgot_password("theo.teen").await.expect(202);
    let told = world.last_mail().await;
    assert!(
        !told.get("text").contains("/r/") && told.get("text").contains("555-0100"),
        "{}",
        told.get("text")
    );
}

#[tokio::test]
async fn a_chart_that_becomes_somebody_elses_lets_nobody_in_until_staff_have_looked() {
    let world = World::new().await;
    let session = world.registered("p1", "rosa.q").await;
    let pending = world.invited("p2").await;
    let ticket = world.ticket(&pending).await;
    // A corrected letter, a new last name: the same person.
    let corrected =
        json!({"given_name": "Rose", "family_name": "Quillfether", "mobile_phone": World::phone_of("p1")});
    world.patient("p1", World::chart_with(corrected)).await;
    world
        .patient(
            "p2",
            World::chart_with(json!({"family_name": "Vale", "mobile_phone": World::phone_of("p2")})),
        )
        .await;
    assert_eq!(world.introspect(&session).await["active"], true);
    world.get(&format!("/i/{pending}")).await.expect(200);

    for id in ["p1", "p2"] {
        let other = json!({"given_name": "Hugo", "family_name": "Winterbottom", "birth_date": "1991-06-12"});
        world.patient(id, World::chart_with(other)).await;
    }
    assert_eq!(world.introspect(&session).await["active"], false);
    world.get(&format!("/i/{pending}")).await.expect(410);
    world.register(&pending, &ticket, "somebody").await.expect(410);
    assert_eq!(world.portal("p1").await["blockers"], json!(["access_disabled"]));
    let things = world.ehr("GET", "/v1/attention", None).await.expect_and(200).json();
    assert_eq!(
        (&things["items"][0]["cause"], &things["counts"]["chart_of_another"]),
        (&json!("chart_of_another"), &json!(1))
    );
    let on = Some(json!({"enabled": true}));
    world.ehr("PUT", "/v1/patients/p1/portal/access", on).await.expect(200);
    world.sign_in("rosa.q", PASSWORD).await.expect(200);
    assert_eq!(world.ehr("GET", "/v1/attention", None).await.expect_and(200).json()["items"], json!([]));
}

#[tokio::test]
async fn a_number_that_a_representative_only_typed_gets_no_codes_of_a_reset() {
    let world = World::new().await;
    world.patient("p1", World::chart()).await;
    world.ehr("POST", "/v1/patients/p1/representatives", Some(mother(&json!({})))).await.expect(201);
    let (token, ticket) = ticket(&world, "1945-04-27").await;
    let body = json!({"ticket": ticket, "username": "marta.vale", "password": PASSWORD, "accept_terms": true,
        "relationship": "parent", "given_name": "Marta", "family_name": "Vale", "email": "marta.vale@example.com",
        "mobile_phone": "+12025550199"});
    world.post(&format!("/i/{token}/register"), body).await.expect(201);
    let token = world.reset_token("marta.vale").await;
    assert_eq!(
        world.get(&format!("/r/{token}")).await.expect_and(200).json()["methods"],
        json!(["access_code"])
    );
    world.post(&format!("/r/{token}/codes"), json!({"channel": "sms"})).await.expect(400);
}
