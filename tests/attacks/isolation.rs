//! Practices are isolated: keys, sessions, cursors and ids of one practice do nothing at another.

use portico_testkit::{PASSWORD, World};
use serde_json::{Value, json};

use super::{seen, table};

#[tokio::test]
async fn every_call_about_another_practices_patient_answers_as_about_nobody() {
    let world = World::new().await;
    let session = world.registered("p1", "rosa.q").await;
    world.patient("p2", World::chart()).await;
    let theirs = world.invite("p2", "email").await.expect_and(201);
    let portal = world.portal("p1").await;
    let account = portal["accounts"][0]["account_id"].as_str().unwrap().to_owned();
    let before = table(&world).await;
    let mails = world.mails().await.len();
    let calls: Vec<(&str, &str, Value)> = vec![
        ("GET", "/v1/patients/ID", Value::Null),
        ("GET", "/v1/patients/ID/portal", Value::Null),
        ("POST", "/v1/patients/ID/invitations", json!({"channel": "email"})),
        ("POST", "/v1/patients/ID/invitations", json!({"channel": "print"})),
        ("DELETE", "/v1/patients/ID/invitations/current", Value::Null),
        ("GET", "/v1/patients/ID/invitations/current/letter.pdf", Value::Null),
        ("POST", "/v1/patients/ID/portal/revoke", json!({"reason": "other"})),
        ("POST", "/v1/patients/ID/portal/revoke", json!({"reason": "other", "account_id": account})),
        ("PUT", "/v1/patients/ID/portal/access", json!({"enabled": false})),
        ("POST", "/v1/patients/ID/portal/decline", json!({})),
        ("PUT", "/v1/patients/ID/credentials", json!({"username": "x.y", "password": PASSWORD})),
        ("POST", "/v1/patients/ID/contacts/confirm", json!({"channel": "email"})),
        (
            "POST",
            "/v1/patients/ID/representatives",
            json!({"given_name": "A", "family_name": "B", "relationship": "parent", "email": "a@example.com", "channel": "email"}),
        ),
        ("PUT", "/v1/patients/ID/representatives/01HZY0000000000000000000AC", json!({"level": "limited"})),
        ("GET", "/v1/audit?patient_id=ID", Value::Null),
        ("GET", "/v1/audit/verify?patient_id=ID", Value::Null),
    ];
    for (method, path, body) in calls {
        for id in ["p1", "p2"] {
            let mut answers = Vec::new();
            for id in [id, "nobody-has-this-id"] {
                let body = (!body.is_null()).then(|| body.clone());
                let path = path.replace("ID", id);
                let answer = world.staff(&world.other_keys.ehr, method, &path, body).await;
                assert_eq!(answer.status, 404, "{method} {path}: {}", answer.text);
                answers.push(seen(&answer));
            }
            assert_eq!(answers[0], answers[1], "{method} {path}");
        }
        world.advance(1);
    }
    for path in
        [format!("/v1/holds/{account}/grant"), format!("/v1/holds/{}/refuse", theirs.str("/invitation_id"))]
    {
        let answer = world.staff(&world.other_keys.ehr, "POST", &path, None).await;
        assert_eq!(answer.status, 404, "{path}: {}", answer.text);
    }
    // None of these calls has sent or changed anything, and the session is still active.
    assert_eq!(world.mails().await.len(), mails);
    assert_eq!(table(&world).await, before);
    assert_eq!(world.introspect(&session).await["active"], true);
    // A patient with the same id at the other practice is another patient.
    world.staff(&world.other_keys.ehr, "PUT", "/v1/patients/p1", Some(World::chart())).await.expect(201);
    let own = world.staff(&world.other_keys.ehr, "GET", "/v1/patients/p1/portal", None).await.expect_and(200);
    assert_eq!(own.str("/status"), "uninvited");
    let revoked = world.staff(
        &world.other_keys.ehr,
        "POST",
        "/v1/patients/p1/portal/revoke",
        Some(json!({"reason": "other", "account_id": account})),
    );
    revoked.await.expect(404);
    assert_eq!(world.portal("p1").await["status"], "active");
}

#[tokio::test]
async fn nothing_that_staff_of_one_practice_do_reaches_a_login_of_another() {
    let world = World::new().await;
    let session = world.registered("p1", "rosa.q").await;
    let account = world.portal("p1").await["accounts"][0]["account_id"].as_str().unwrap().to_owned();
    let propose = world.request("POST", &format!("/{}/account/demographics", world.practice));
    let propose =
        propose.bearer_auth(&session).json(&json!({"patient_id": "p1", "changes": {"city": "Salem"}}));
    let change = world.send(propose).await.expect_and(202).str("/change_id");
    let there = &world.other_keys.ehr;
    world.staff(there, "PUT", "/v1/patients/p1", Some(World::chart())).await.expect(201);
    let theirs = json!({"username": "their.own", "password": "seven plum trellis"});
    world.staff(there, "PUT", "/v1/patients/p1/credentials", Some(theirs)).await.expect(200);
    let before = async || {
        let login = format!("LOGIN#{}#rosa.q", world.practice);
        let ours = |line: &&str| line.contains(&account) || line.contains(&login);
        world.items().await.lines().filter(ours).map(str::to_owned).collect::<Vec<_>>()
    };
    let untouched = before().await;

    let acts: Vec<(&str, String, Value, u16)> = vec![
        ("DELETE", format!("/v1/accounts/{account}"), Value::Null, 404),
        ("POST", format!("/v1/accounts/{account}/unlock"), Value::Null, 404),
        ("POST", format!("/v1/holds/{account}/grant"), Value::Null, 404),
        ("POST", format!("/v1/holds/{account}/refuse"), Value::Null, 404),
        ("PUT", format!("/v1/patients/p1/representatives/{account}"), json!({"level": "limited"}), 404),
        (
            "POST",
            "/v1/patients/p1/portal/revoke".to_owned(),
            json!({"reason": "other", "account_id": account}),
            404,
        ),
        ("POST", format!("/v1/demographic-changes/{change}/accept"), json!({}), 404),
        ("POST", format!("/v1/demographic-changes/{change}/decline"), Value::Null, 404),
        // At the other practice the same user name is another login. It is free, and staff there may
        // assign it.
        ("GET", "/v1/usernames/rosa.q".to_owned(), Value::Null, 200),
        (
            "PUT",
            "/v1/patients/p1/credentials".to_owned(),
            json!({"username": "rosa.q", "password": "nine plum trellis"}),
            200,
        ),
        ("GET", "/v1/accounts?q=rosa".to_owned(), Value::Null, 200),
        ("POST", "/v1/patients/p1/portal/revoke".to_owned(), json!({"reason": "compromised"}), 200),
    ];
    for (method, path, body, status) in acts {
        let body = (!body.is_null()).then_some(body);
        let answer = world.staff(there, method, &path, body).await;
        assert_eq!(answer.status, status, "{method} {path}: {}", answer.text);
        assert!(!answer.text.contains(&account), "{method} {path}: {}", answer.text);
        world.advance(1);
    }
    // Requests by strangers on that practice's pages don't reach the login either.
    let mails = world.mails().await.len();
    let ask = format!("/{}/forgot-password", world.other_practice);
    world.post(&ask, json!({"username": "rosa.q"})).await.expect(202);
    let there_only: Vec<_> = world.mails().await.split_off(mails);
    assert!(there_only.iter().all(|mail| mail.token().is_empty()), "no link to a login");
    assert_eq!(before().await, untouched);
    world.sign_in("rosa.q", PASSWORD).await.expect(200);
}

#[tokio::test]
async fn a_session_of_one_practice_does_not_work_at_the_other() {
    let world = World::new().await;
    let session = world.registered("p1", "rosa.q").await;
    let (here, there) = (world.practice.clone(), world.other_practice.clone());
    let account =
        |practice: &str| world.request("GET", &format!("/{practice}/account")).bearer_auth(&session);
    world.send(account(&here)).await.expect(200);
    world.send(account(&there)).await.expect(401);
    let cookie = world.request("GET", &format!("/{there}/account")).header("accept", "text/html");
    let page = world.send(cookie.header("cookie", format!("__Host-portico={session}"))).await.expect_and(303);
    assert!(page.header("location").starts_with(&format!("/{there}")));
    let body = json!({"session_token": session});
    let asked =
        world.staff(&world.other_keys.portal, "POST", "/v1/sessions/introspect", Some(body.clone())).await;
    assert_eq!(asked.expect_and(200).json(), json!({"active": false}));
    world
        .post(&format!("/{there}/sign-in"), json!({"username": "rosa.q", "password": PASSWORD}))
        .await
        .expect(401);
    let exchange =
        world.staff(&world.keys.portal, "POST", "/v1/sessions/exchange", Some(json!({"code": session})));
    assert_eq!(exchange.await.status, 404, "a session is no exchange code");

    // An exchange code doesn't work at the other practice, and works once at its own.
    world.settings(json!({"portal_url": "https://portal.example.org/in"})).await;
    let to_portal = world.request("POST", &format!("/{here}/portal")).bearer_auth(&session);
    let redirect = world.send(to_portal.header("sec-fetch-site", "same-origin")).await.expect_and(303);
    let code = redirect.header("location").rsplit_once("code=").unwrap().1.to_owned();
    let body = json!({"code": code});
    let exchange =
        async |key: &str| world.staff(key, "POST", "/v1/sessions/exchange", Some(body.clone())).await;
    exchange(&world.other_keys.portal).await.expect(404);
    let own = exchange(&world.keys.portal).await.expect_and(200).str("/session_token");
    exchange(&world.keys.portal).await.expect(404);
    assert_eq!(world.introspect(&code).await["active"], false, "an exchange code is no session");
    assert_eq!(world.introspect(&own).await["active"], true);
    // An exchange code ends after sixty seconds.
    let to_portal = world.request("POST", &format!("/{here}/portal")).bearer_auth(&session);
    let redirect = world.send(to_portal.header("sec-fetch-site", "same-origin")).await.expect_and(303);
    let code = redirect.header("location").rsplit_once("code=").unwrap().1.to_owned();
    world.advance(60);
    let late = world.staff(&world.keys.portal, "POST", "/v1/sessions/exchange", Some(json!({"code": code})));
    late.await.expect(404);
}

#[tokio::test]
async fn a_cursor_belongs_to_its_practice_and_its_list() {
    let world = World::new().await;
    // Makes enough events of one patient for a second page.
    world.patient("p1", World::chart()).await;
    let ask = async |key: &str, path: String| world.staff(key, "GET", &path, None).await;
    let mut cursor = String::new();
    for round in 0..400 {
        let city = format!("Town {round}");
        world.patient("p1", World::chart_with(json!({"city": city}))).await;
        if round % 40 == 39 {
            world.advance(1);
            let page = ask(&world.keys.ehr, "/v1/audit?patient_id=p1".to_owned()).await.expect_and(200);
            cursor = page.str("/next_cursor");
            if !cursor.is_empty() {
                break;
            }
        }
    }
    assert!(!cursor.is_empty(), "no second page after 400 events");
    ask(&world.keys.ehr, format!("/v1/audit?patient_id=p1&cursor={cursor}")).await.expect(200);
    let there = world.staff(&world.other_keys.ehr, "PUT", "/v1/patients/p1", Some(World::chart())).await;
    there.expect(201);
    ask(&world.other_keys.ehr, format!("/v1/audit?patient_id=p1&cursor={cursor}")).await.expect(400);
    ask(&world.keys.ehr, format!("/v1/audit?cursor={cursor}")).await.expect(400);
    for forged in ["", "A", "AAAA", &cursor[1..], &format!("{cursor}A"), &"A".repeat(8000)] {
        ask(&world.keys.ehr, format!("/v1/audit?patient_id=p1&cursor={forged}")).await.expect(400);
    }
}
