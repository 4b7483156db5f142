//! What signed-in people change themselves: password, user name, address, sessions, representatives, their details.

use portico_testkit::{Answer, Browser, Mail, PASSWORD, World};
use serde_json::{Value, json};

const NEW_PASSWORD: &str = "copper lantern nine";

/// Sends a request to a page of the account as a signed-in person, as JSON.
async fn own(world: &World, session: &str, method: &str, path: &str, body: Option<Value>) -> Answer {
    let request = world.request(method, &format!("/riverside/account{path}")).bearer_auth(session);
    world
        .send(match body {
            Some(body) => request.json(&body),
            None => request,
        })
        .await
}

async fn post(world: &World, session: &str, path: &str, body: Value) -> Answer {
    own(world, session, "POST", path, Some(body)).await
}

async fn get(world: &World, session: &str, path: &str) -> Answer {
    own(world, session, "GET", path, None).await
}

async fn session_of(world: &World, username: &str) -> String {
    world.sign_in(username, PASSWORD).await.expect_and(200).str("/session_token")
}

/// The messages after the first `before`.
async fn since(world: &World, before: usize) -> Vec<Mail> {
    world.mails().await.split_off(before)
}

fn representative(name: &str) -> Value {
    json!({
        "given_name": name, "family_name": "Hale", "relationship": "other",
        "email": format!("{}@example.com", name.to_lowercase()),
    })
}

/// The patient invites somebody, who registers through the link. Returns the token of the new session.
async fn represented_by(world: &World, patient_session: &str, name: &str) -> String {
    let answer = post(world, patient_session, "/representatives", representative(name)).await.expect_and(201);
    assert_eq!(answer.json(), json!({"state": "invited"}), "the patient is not told the link");
    let mail = world.last_mail_to(&format!("{}@example.com", name.to_lowercase())).await;
    let token = mail.token();
    let facts = json!({"as": "representative", "family_name": "quillfeather", "birth_date": "04/27/1945"});
    let proof = world.post(&format!("/i/{token}/verify"), facts).await.expect_and(200).str("/proof");
    let ticket = world.enter_code(&token, &proof).await.expect_and(200).str("/ticket");
    let mut body = representative(name);
    body["ticket"] = json!(ticket);
    body["username"] = json!(name);
    body["password"] = json!(PASSWORD);
    body["accept_terms"] = json!(true);
    world.post(&format!("/i/{token}/register"), body).await.expect(201);
    session_of(world, name).await
}

#[tokio::test]
async fn a_new_password_ends_every_other_session_and_the_person_is_told() {
    let world = World::new().await;
    let other = world.registered("p1", "rosa.q").await;
    let here = session_of(&world, "rosa.q").await;
    let wrong = json!({"old_password": "not the password", "new_password": NEW_PASSWORD});
    assert_eq!(post(&world, &here, "/password", wrong).await.expect_and(401).code(), "sign_in_failed");
    let weak = json!({"old_password": PASSWORD, "new_password": "quillfeather 45"});
    let weak = post(&world, &here, "/password", weak).await.expect_and(422);
    assert_eq!(weak.json()["reasons"], json!(["contextual"]));
    let same = json!({"old_password": PASSWORD, "new_password": PASSWORD});
    let same = post(&world, &here, "/password", same).await.expect_and(400);
    assert_eq!(
        (same.str("/errors/0/pointer"), same.str("/errors/0/code")),
        ("/new_password".into(), "unchanged".into())
    );
    assert_eq!(world.introspect(&other).await["active"], true, "a refused change ends nothing");

    let before = world.mails().await.len();
    let good = json!({"old_password": PASSWORD, "new_password": NEW_PASSWORD});
    post(&world, &here, "/password", good).await.expect(204);
    assert_eq!(world.introspect(&other).await["active"], false);
    assert_eq!(world.introspect(&here).await["active"], true);
    let told = since(&world, before).await;
    let to: Vec<&str> = told.iter().map(|mail| mail.get("to")).collect();
    assert_eq!(to, ["+12025550143", "rosa.quillfeather@example.com"], "every contact on file is told");
    assert!(told[1].get("text").contains("all other devices were signed out"));
    world.sign_in("rosa.q", PASSWORD).await.expect(401);
    world.sign_in("rosa.q", NEW_PASSWORD).await.expect(200);
}

#[tokio::test]
async fn a_temporary_password_opens_nothing_but_the_choice_of_a_new_one() {
    let world = World::new().await;
    world.patient("p1", World::chart()).await;
    let set = json!({"username": "rosa.q", "password": "temporary lantern four"});
    world.ehr("PUT", "/v1/patients/p1/credentials", Some(set)).await.expect(200);
    let signed_in = world.sign_in("rosa.q", "temporary lantern four").await.expect_and(200);
    assert_eq!(signed_in.json()["must_change_password"], true);
    let session = signed_in.str("/session_token");
    assert_eq!(get(&world, &session, "").await.expect_and(200).json()["must_change_password"], true);
    for path in ["/username", "/email", "/sessions", "/representatives", "/demographics"] {
        assert_eq!(get(&world, &session, path).await.expect_and(403).code(), "forbidden", "{path}");
        let cookie = format!("__Host-portico={session}");
        let page = world.request("GET", &format!("/riverside/account{path}")).header("cookie", cookie);
        let page = world.send(page.header("accept", "text/html")).await.expect_and(303);
        assert_eq!(page.header("location"), "/riverside/account/password?lang=en", "{path}");
    }
    own(&world, &session, "POST", "/sessions/end", None).await.expect(403);
    get(&world, &session, "/username").await.expect(403);
    assert_eq!(world.introspect(&session).await["active"], false);

    let mut body = json!({"old_password": "temporary lantern four", "new_password": NEW_PASSWORD});
    let refused = post(&world, &session, "/password", body.clone()).await.expect_and(400);
    assert_eq!(refused.str("/errors/0/pointer"), "/accept_terms");
    body["accept_terms"] = json!(true);
    post(&world, &session, "/password", body).await.expect(204);
    let account = get(&world, &session, "").await.expect_and(200).json();
    assert_eq!((&account["must_change_password"], &account["username"]), (&json!(false), &json!("rosa.q")));
    assert_eq!(world.introspect(&session).await["active"], true);
}

#[tokio::test]
async fn a_new_user_name_signs_in_and_the_old_one_is_free() {
    let world = World::new().await;
    let session = world.registered("p1", "rosa.q").await;
    world.registered("p2", "hugo").await;
    let body = |username: &str| json!({"username": username, "password": PASSWORD});
    let taken = post(&world, &session, "/username", body("Hugo")).await.expect_and(409);
    assert_eq!(taken.code(), "username_taken");
    assert!(!taken.json()["suggestions"].as_array().unwrap().is_empty());
    let bad = post(&world, &session, "/username", body("a b")).await.expect_and(422);
    assert_eq!(bad.code(), "username_rejected");
    let same = post(&world, &session, "/username", body("rosa.q")).await.expect_and(400);
    assert_eq!(same.str("/errors/0/code"), "unchanged");
    let wrong = json!({"username": "rosa.new", "password": "not the password"});
    post(&world, &session, "/username", wrong).await.expect(401);

    let changed = post(&world, &session, "/username", body("Rosa.New")).await.expect_and(200);
    assert_eq!(changed.json(), json!({"username": "Rosa.New"}));
    let mail = world.last_mail_to("rosa.quillfeather@example.com").await;
    assert!(mail.get("text").contains("Rosa.New") && mail.get("to") == "rosa.quillfeather@example.com");
    world.sign_in("rosa.q", PASSWORD).await.expect(401);
    world.sign_in("rosa.new", PASSWORD).await.expect(200);
    assert_eq!(world.portal("p1").await["accounts"][0]["username"], "Rosa.New");
    assert_eq!(world.introspect(&session).await["username"], "Rosa.New", "the session goes on");
    world.registered("p3", "rosa.q").await;
}

#[tokio::test]
async fn a_lock_holds_on_a_new_user_name_too() {
    let world = World::new().await;
    let session = world.registered("p1", "rosa.q").await;
    // A new user name must not get round the lock.
    for _ in 0..9 {
        world.sign_in("rosa.q", "not the password").await.expect(401);
    }
    world.sign_in("rosa.q", PASSWORD).await.expect(200);
    let body = json!({"username": "rosa.new", "password": PASSWORD});
    post(&world, &session, "/username", body).await.expect(200);
    for _ in 0..12 {
        world.sign_in("rosa.new", "not the password").await.expect(401);
    }
    world.sign_in("rosa.new", PASSWORD).await.expect(401);
}

#[tokio::test]
async fn a_representative_changes_their_address_by_a_code_and_the_old_one_is_told() {
    let world = World::new().await;
    let patient = world.registered("p1", "rosa.q").await;
    let session = represented_by(&world, &patient, "Ana").await;
    let account = get(&world, &session, "").await.expect_and(200).json();
    assert_eq!((&account["email"], &account["email_verified"]), (&json!("ana@example.com"), &json!(true)));
    let body = |email: &str| json!({"email": email, "password": PASSWORD});
    let same = post(&world, &session, "/email", body("ANA@example.com")).await.expect_and(400);
    assert_eq!(same.str("/errors/0/code"), "unchanged");
    let asked = post(&world, &session, "/email", body("ana.hale@example.org")).await.expect_and(202);
    assert_eq!(asked.json(), json!({"resend_after": 60}));
    let mail = world.last_mail().await;
    assert_eq!(mail.get("to"), "ana.hale@example.org");
    assert_eq!(get(&world, &session, "/email").await.expect_and(200).str("/waiting"), "ana.hale@example.org");
    let wrong = post(&world, &session, "/email", json!({"code": "none"})).await.expect_and(422);
    assert_eq!(wrong.code(), "code_rejected");
    assert_eq!(get(&world, &session, "").await.expect_and(200).str("/email"), "ana@example.com");

    let confirmed = post(&world, &session, "/email", json!({"code": mail.code()})).await.expect_and(200);
    assert_eq!(confirmed.str("/email"), "ana.hale@example.org");
    assert_eq!(get(&world, &session, "").await.expect_and(200).str("/email"), "ana.hale@example.org");
    assert_eq!(world.last_mail().await.get("to"), "ana@example.com", "the old address is told");
    post(&world, &session, "/email", json!({"code": mail.code()})).await.expect(422);

    let kept = post(&world, &patient, "/email", body("rosa@example.org")).await.expect_and(409);
    assert_eq!(kept.json()["reasons"], json!(["address_kept_by_office"]));
    assert!(kept.str("/detail").contains("My details"), "{}", kept.text);
}

#[tokio::test]
async fn sessions_are_listed_and_one_or_all_others_ended() {
    let world = World::new().await;
    let first = world.registered("p1", "rosa.q").await;
    world.advance(60);
    let second = session_of(&world, "rosa.q").await;
    world.advance(60);
    let here = session_of(&world, "rosa.q").await;
    let listed = get(&world, &here, "/sessions").await.expect_and(200).json();
    let all = listed["sessions"].as_array().unwrap();
    assert_eq!(all.len(), 3);
    assert_eq!(
        (&all[0]["here"], &all[1]["here"], &all[2]["here"]),
        (&json!(true), &json!(false), &json!(false))
    );
    for name in ["session_id", "began_at", "last_used_at", "expires_at"] {
        assert!(all[1][name].is_string(), "{name}");
    }
    assert!(!listed.to_string().contains(here.split('.').nth(1).unwrap()), "what is listed opens nothing");

    let which = json!({"session_id": all[1]["session_id"]});
    post(&world, &here, "/sessions/end", which.clone()).await.expect(204);
    assert_eq!(world.introspect(&second).await["active"], false);
    assert_eq!(world.introspect(&first).await["active"], true);
    post(&world, &here, "/sessions/end", which).await.expect(404);
    own(&world, &here, "POST", "/sessions/end", None).await.expect(204);
    assert_eq!(world.introspect(&first).await["active"], false);
    assert_eq!(world.introspect(&here).await["active"], true);
    assert_eq!(
        get(&world, &here, "/sessions").await.expect_and(200).json()["sessions"].as_array().unwrap().len(),
        1
    );
    get(&world, &first, "/sessions").await.expect(401);
}

#[tokio::test]
async fn a_patient_invites_representatives_narrows_one_and_ends_one_while_the_other_stays() {
    let world = World::new().await;
    let patient = world.registered("p1", "rosa.q").await;
    post(&world, &patient, "/representatives", representative("Cleo")).await.expect(201);
    let waiting = get(&world, &patient, "/representatives").await.expect_and(200).json();
    assert_eq!(waiting["representatives"], json!([]));
    assert_eq!(waiting["invitations"][0]["given_name"], "Cleo");
    assert!(waiting["invitations"][0]["invitation_id"].is_string(), "{waiting}");

    let ana = represented_by(&world, &patient, "Ana").await;
    let ben = represented_by(&world, &patient, "Ben").await;
    let listed = get(&world, &patient, "/representatives?patient_id=p1").await.expect_and(200).json();
    let id_of = |username: &str| {
        let all = listed["representatives"].as_array().unwrap();
        let one = all.iter().find(|one| one["username"] == username).expect("one of that name");
        assert_eq!((&one["relationship"], &one["state"]), (&json!("other"), &json!("active")));
        one["account_id"].clone()
    };
    let (ana_id, ben_id) = (id_of("Ana"), id_of("Ben"));
    assert_eq!(listed["invitations"].as_array().unwrap().len(), 1, "one is not used yet");

    let narrow = json!({"account_id": ana_id, "level": "limited"});
    post(&world, &patient, "/representatives/level", narrow).await.expect(204);
    assert_eq!(world.introspect(&ana).await["grants"][0]["level"], "limited");
    assert_eq!(world.introspect(&ben).await["grants"][0]["level"], "full");
    get(&world, &ben, "/representatives?patient_id=p1").await.expect(403);
    get(&world, &ben, "/representatives").await.expect(404);
    let by_ben = json!({"account_id": ana_id, "patient_id": "p1"});
    post(&world, &ben, "/representatives/end", by_ben).await.expect(403);

    let before = world.mails().await.len();
    post(&world, &patient, "/representatives/end", json!({"account_id": ana_id})).await.expect(204);
    assert_eq!(world.introspect(&ana).await, json!({"active": false}));
    assert_eq!(world.introspect(&ben).await["active"], true);
    assert_eq!(world.introspect(&patient).await["active"], true);
    let told: Vec<String> =
        since(&world, before).await.iter().map(|mail| mail.get("to").to_owned()).collect();
    assert_eq!(told, ["ana@example.com"]);
    world.sign_in("ana", PASSWORD).await.expect(403);
    let left = get(&world, &patient, "/representatives").await.expect_and(200).json();
    let left: Vec<&Value> =
        left["representatives"].as_array().unwrap().iter().map(|one| &one["account_id"]).collect();
    assert_eq!(left, [&ben_id]);
    let own_id = get(&world, &patient, "").await.expect_and(200).json()["account_id"].clone();
    post(&world, &patient, "/representatives/end", json!({"account_id": own_id})).await.expect(404);
}

#[tokio::test]
async fn one_address_is_not_invited_again_and_again() {
    let world = World::new().await;
    let patient = world.registered("p1", "rosa.q").await;
    let mut statuses = Vec::new();
    for _ in 0..4 {
        statuses.push(post(&world, &patient, "/representatives", representative("Ana")).await.status);
        // Within a minute it would be a second click.
        world.advance(61);
    }
    assert_eq!(statuses, [201, 201, 201, 429]);
}

#[tokio::test]
async fn a_proposed_change_counts_once_staff_accept_it() {
    let world = World::new().await;
    let session = world.registered("p1", "rosa.q").await;
    let seen = get(&world, &session, "/demographics").await.expect_and(200).json();
    assert_eq!(seen["patients"][0]["email"], "rosa.quillfeather@example.com");
    let propose = |changes: Value| json!({"patient_id": "p1", "changes": changes});
    let same = propose(json!({"postal_code": "02139", "mobile_phone": "(202) 555-0143"}));
    assert_eq!(
        post(&world, &session, "/demographics", same).await.expect_and(400).str("/errors/0/code"),
        "unchanged"
    );
    let unknown = propose(json!({"family_name": "Other"}));
    assert_eq!(
        post(&world, &session, "/demographics", unknown).await.expect_and(400).str("/errors/0/code"),
        "unknown_field"
    );
    let foreign = json!({"patient_id": "p2", "changes": {"city": "Boston"}});
    post(&world, &session, "/demographics", foreign).await.expect(404);

    let before = world.mails().await.len();
    let change = propose(json!({"city": "Boston", "email": "rosa@example.org", "mobile_phone": null}));
    let id = post(&world, &session, "/demographics", change).await.expect_and(202).str("/change_id");
    let told = since(&world, before).await;
    let to: Vec<&str> = told.iter().map(|mail| mail.get("to")).collect();
    assert_eq!(
        to,
        ["+12025550143", "rosa.quillfeather@example.com"],
        "never the address that is merely proposed"
    );
    let chart = world.ehr("GET", "/v1/patients/p1", None).await.expect_and(200).json();
    assert_eq!(chart["email"], "rosa.quillfeather@example.com");
    assert!(get(&world, &session, "/demographics").await.json()["patients"][0]["pending_since"].is_string());

    world.patient("p1", World::chart_with(json!({"email": "rosa.moved@example.com"}))).await;
    let waiting = world.ehr("GET", "/v1/demographic-changes", None).await.expect_and(200).json();
    let fields = waiting["changes"][0]["fields"].as_array().unwrap();
    let field = |name: &str| fields.iter().find(|field| field["name"] == name).unwrap().clone();
    assert_eq!(
        field("email"),
        json!({
            "name": "email", "chart": "rosa.quillfeather@example.com", "proposed": "rosa@example.org",
            "chart_now": "rosa.moved@example.com",
        })
    );
    assert_eq!(field("mobile_phone")["proposed"], Value::Null);

    let before = world.mails().await.len();
    let path = format!("/v1/demographic-changes/{id}/accept");
    world.ehr("POST", &path, None).await.expect(200);
    let chart = world.ehr("GET", "/v1/patients/p1", None).await.expect_and(200).json();
    assert_eq!((&chart["email"], &chart["city"]), (&json!("rosa@example.org"), &json!("Boston")));
    assert!(chart.get("mobile_phone").is_none());
    let told = since(&world, before).await;
    let mut to: Vec<&str> = told.iter().map(|mail| mail.get("to")).collect();
    to.sort_unstable();
    let both = ["+12025550143", "rosa.moved@example.com", "rosa@example.org"];
    assert_eq!(to, both, "the person is told, at the former contacts too");
    world.ehr("POST", &path, None).await.expect(404);
    assert_eq!(world.ehr("GET", "/v1/demographic-changes", None).await.json()["changes"], json!([]));
    assert_eq!(world.ehr("GET", "/v1/audit/verify", None).await.expect_and(200).json()["intact"], true);
}

#[tokio::test]
async fn an_untouched_form_field_is_no_change_even_where_its_value_is_no_longer_allowed() {
    let world = World::new().await;
    let session = world.registered("p1", "rosa.q").await;
    world.patient("p1", World::chart_with(json!({"home_phone": "call the neighbor"}))).await;
    let cookie = format!("__Host-portico={session}");
    let fields = [
        ("patient_id", "p1"),
        ("home_phone", "call the neighbor"),
        ("mobile_phone", "(202) 555-0143"),
        ("email", "rosa.quillfeather@example.com"),
        ("postal_code", "02139"),
        ("address_line", ""),
        ("city", "Boston"),
    ];
    let request = world.request("POST", "/riverside/account/demographics").header("cookie", cookie);
    let sent =
        world.send(request.header("sec-fetch-site", "same-origin").form(&fields)).await.expect_and(303);
    assert_eq!(sent.header("location"), "/riverside/account/demographics?lang=en&note=sent");
    let waiting = world.ehr("GET", "/v1/demographic-changes", None).await.expect_and(200).json();
    let fields = waiting["changes"][0]["fields"].as_array().unwrap();
    let names: Vec<&Value> = fields.iter().map(|field| &field["name"]).collect();
    assert_eq!(names, ["city"]);
}

#[tokio::test]
async fn a_declined_change_leaves_the_chart_and_is_told() {
    let world = World::new().await;
    let session = world.registered("p1", "rosa.q").await;
    let change = json!({"patient_id": "p1", "changes": {"address_line": "12 Main Street"}});
    let id = post(&world, &session, "/demographics", change).await.expect_and(202).str("/change_id");
    let before = world.mails().await.len();
    let path = format!("/v1/demographic-changes/{id}/decline");
    assert_eq!(world.ehr("POST", &path, None).await.expect_and(200).json()["state"], "declined");
    let chart = world.ehr("GET", "/v1/patients/p1", None).await.expect_and(200).json();
    assert!(chart.get("address_line").is_none());
    assert_eq!(since(&world, before).await.len(), 2, "by text and by mail");
}

#[tokio::test]
async fn a_contact_is_changed_with_the_password_once_the_sign_in_is_old() {
    let world = World::new().await;
    let session = world.registered("p1", "rosa.q").await;
    for _ in 0..2 {
        world.advance(14 * 60);
        get(&world, &session, "").await.expect(200);
    }
    let mut change = json!({"patient_id": "p1", "changes": {"email": "rosa@example.org"}});
    let refused = post(&world, &session, "/demographics", change.clone()).await.expect_and(400);
    assert_eq!(refused.str("/errors/0/pointer"), "/password");
    change["password"] = json!("not the password");
    post(&world, &session, "/demographics", change.clone()).await.expect(401);
    change["password"] = json!(PASSWORD);
    post(&world, &session, "/demographics", change).await.expect(202);
    let street = json!({"patient_id": "p1", "changes": {"city": "Boston"}});
    post(&world, &session, "/demographics", street).await.expect(202);
}

#[tokio::test]
async fn what_was_typed_when_the_session_had_ended_is_there_after_the_next_sign_in() {
    let world = World::new().await;
    world.registered("p1", "rosa.q").await;
    world.registered("p2", "hugo.q").await;
    let browser = Browser::new(&world);
    let sign_in = async |name: &str| {
        browser.send("/riverside/sign-in?lang=es", &[("username", name), ("password", PASSWORD)]).await
    };
    sign_in("rosa.q").await.expect(200);
    let fields = [
        ("patient_id", "p1"),
        ("address_line", "12 River Road"),
        ("city", "Springfield"),
        ("password", PASSWORD),
    ];
    world.advance(901);
    let over = browser.send("/riverside/account/demographics?lang=es", &fields).await.expect_and(200);
    assert!(browser.address().contains("note=session-ended-kept"), "{}", browser.address());
    assert!(over.text.contains("Lo que escribió se guardó"), "{}", over.text);
    assert!(!over.text.contains("River Road"), "nothing is shown to whoever comes next");
    // Somebody else who signs in at the same browser sees nothing of it.
    let other = sign_in("hugo.q").await.expect_and(200);
    assert!(browser.address().starts_with("/riverside/account?"), "{}", browser.address());
    assert!(!other.text.contains("River Road"));
    let page = browser.open("/riverside/account/demographics?note=kept").await;
    assert!(!page.text.contains("River Road"), "{}", page.text);

    let again = sign_in("rosa.q").await.expect_and(200);
    assert!(browser.address().starts_with("/riverside/account/demographics?"), "{}", browser.address());
    assert!(again.text.contains("12 River Road") && again.text.contains("Springfield"), "{}", again.text);
    assert!(
        again.text.contains("Revise lo que escribió") && !again.text.contains(PASSWORD),
        "{}",
        again.text
    );
    let sent = browser.send("/riverside/account/demographics?lang=es", &fields).await.expect_and(200);
    assert!(browser.address().contains("note=sent"), "{}", sent.text);
    assert!(!browser.cookies_for("/riverside/account").contains("draft"), "it is done");

    // A page that was only asked for comes after the sign-in, too.
    world.advance(901);
    browser.open("/riverside/account/sessions").await.expect(200);
    assert!(browser.address().ends_with("note=session-ended"), "{}", browser.address());
    sign_in("rosa.q").await.expect(200);
    assert!(browser.address().starts_with("/riverside/account/sessions?"), "{}", browser.address());
}

#[tokio::test]
async fn a_form_of_the_account_that_is_refused_leads_back_to_its_page_and_a_reload_sends_nothing() {
    let world = World::new().await;
    world.registered("p1", "rosa.q").await;
    world.registered("p2", "hugo.q").await;
    let browser = Browser::new(&world);
    let sign_in = async |name: &str| {
        browser.send("/riverside/sign-in?lang=en", &[("username", name), ("password", PASSWORD)]).await
    };
    sign_in("rosa.q").await.expect(200);
    let wrong = [("username", "rosa.delgado"), ("password", "not the password")];
    let page = browser.send("/riverside/account/username?lang=en", &wrong).await.expect_and(200);
    assert!(browser.address().ends_with("/account/username?lang=en&note=again"), "{}", browser.address());
    for page in [page, browser.reload().await, browser.open(&browser.address()).await] {
        assert!(page.text.contains("value=\"rosa.delgado\""), "what was typed is there: {}", page.text);
        assert!(page.text.contains("href=\"#password\""), "{}", page.text);
        assert!(!page.text.contains("not the password"), "a password is typed again");
    }
    let spanish = browser.open("/riverside/account/username?note=again&lang=es").await.text;
    assert!(spanish.contains("Hay un problema") && spanish.contains("value=\"rosa.delgado\""), "{spanish}");
    let fresh = browser.open("/riverside/account/username?lang=en").await.text;
    assert!(!fresh.contains("rosa.delgado"), "whoever comes otherwise begins anew: {fresh}");

    // An emptied field stays empty, and only the form that was sent is shown with its fault.
    let details = [("patient_id", "p1"), ("city", ""), ("postal_code", "1"), ("email", "")];
    let page = browser.send("/riverside/account/demographics?lang=en", &details).await.expect_and(200).text;
    assert!(page.contains("href=\"#postal_code\"") && page.contains("value=\"1\""), "{page}");
    assert!(!page.contains("rosa.quillfeather@example.com"), "{page}");

    // Nobody else at this browser sees it.
    sign_in("hugo.q").await.expect(200);
    let page = browser.open("/riverside/account/demographics?note=again").await.expect_and(200).text;
    assert!(!page.contains("href=\"#postal_code\""), "{page}");

    // A wrong password in JSON is what it was.
    let session = world.sign_in("rosa.q", PASSWORD).await.expect_and(200).str("/session_token");
    let body = json!({"username": "rosa.delgado", "password": "not the password"});
    post(&world, &session, "/username", body).await.expect(401);
}

#[tokio::test]
async fn nothing_of_an_account_is_shown_or_changed_without_a_session_or_from_another_site() {
    let world = World::new().await;
    let session = world.registered("p1", "rosa.q").await;
    let pages = ["", "/password", "/username", "/email", "/sessions", "/representatives", "/demographics"];
    for path in pages {
        assert_eq!(
            world.get(&format!("/riverside/account{path}")).await.expect_and(401).code(),
            "unauthorized"
        );
        let page = world.page(&format!("/riverside/account{path}")).await.expect_and(303);
        assert_eq!(page.header("location"), "/riverside?lang=en&note=sign-in");
        world.send(world.request("GET", &format!("/lakeside/account{path}")).bearer_auth(&session)).await;
    }
    let forms = [
        "/password",
        "/username",
        "/email",
        "/sessions/end",
        "/representatives",
        "/representatives/level",
        "/representatives/end",
        "/demographics",
    ];
    // Everything except the limit counters.
    let kept = async || {
        let items = world.items().await;
        items.lines().filter(|line| !line.contains("\"LIMIT#")).map(str::to_owned).collect::<Vec<_>>()
    };
    let before = kept().await;
    for path in forms {
        let request = world.request("POST", &format!("/riverside/account{path}"));
        let request = request.header("cookie", format!("__Host-portico={session}"));
        let foreign = request.header("sec-fetch-site", "cross-site").form(&[("session_id", "x")]);
        world.send(foreign).await.expect(403);
    }
    assert_eq!(kept().await, before);
}

#[tokio::test]
async fn an_invited_helper_is_taken_back_and_the_same_click_twice_is_one() {
    let world = World::new().await;
    let session = world.registered("p1", "rosa.q").await;
    let helper = json!({
        "given_name": "Ben", "family_name": "Vale", "relationship": "other", "level": "full", "channel": "email",
        "email": "ben.vale@example.com",
    });
    let before = world.mails().await.len();
    post(&world, &session, "/representatives", helper.clone()).await.expect(201);
    let link = world.mails().await.into_iter().find(|mail| mail.get("to") == "ben.vale@example.com").unwrap();
    let sent = world.mails().await.len();
    post(&world, &session, "/representatives", helper.clone()).await.expect(201);
    assert_eq!(world.mails().await.len(), sent, "a second click sends nothing");
    world.page(&format!("/i/{}", link.token())).await.expect(200);

    let request = world.request("GET", "/riverside/account/representatives").header("accept", "text/html");
    let page = world.send(request.bearer_auth(&session)).await.expect_and(200).text;
    assert!(
        page.contains("ben.vale@example.com") && page.contains("Take back the invitation of Ben Vale"),
        "{page}"
    );
    let request = world.request("GET", "/riverside/account/representatives").bearer_auth(&session);
    let id = world.send(request).await.expect_and(200).str("/invitations/0/invitation_id");
    post(&world, &session, "/representatives/end", json!({"invitation_id": id})).await.expect(204);
    world.page(&format!("/i/{}", link.token())).await.expect(410);
    post(&world, &session, "/representatives/end", json!({"invitation_id": id})).await.expect(404);
    post(&world, &session, "/representatives/end", json!({})).await.expect(400);
    world.advance(61);
    post(&world, &session, "/representatives", helper).await.expect(201);
    assert!(world.mails().await.len() > sent && sent > before);
}

#[tokio::test]
async fn the_same_change_proposed_twice_is_one_request() {
    let world = World::new().await;
    let session = world.registered("p1", "rosa.q").await;
    let change = json!({"patient_id": "p1", "changes": {"city": "Boston"}});
    let (first, second) = futures_util::join!(
        post(&world, &session, "/demographics", change.clone()),
        post(&world, &session, "/demographics", change.clone())
    );
    assert_eq!(first.expect_and(202).str("/change_id"), second.expect_and(202).str("/change_id"));
    let third = post(&world, &session, "/demographics", change).await.expect_and(202);
    let waiting =
        world.ehr("GET", "/v1/demographic-changes?state=pending", None).await.expect_and(200).json();
    assert_eq!(waiting["changes"].as_array().unwrap().len(), 1);
    assert_eq!(waiting["changes"][0]["id"], third.json()["change_id"]);
    let other = json!({"patient_id": "p1", "changes": {"city": "Salem"}});
    post(&world, &session, "/demographics", other).await.expect(202);
}

#[tokio::test]
async fn the_sign_in_page_says_why_a_session_is_over_and_nothing_that_is_not_so() {
    let world = World::new().await;
    world.registered("p1", "rosa.q").await;
    let browser = Browser::new(&world);
    browser.open("/riverside/account").await;
    assert!(browser.address().ends_with("note=sign-in"), "nobody was signed in: {}", browser.address());
    let sign_in = [("username", "rosa.q"), ("password", PASSWORD)];
    browser.send("/riverside/sign-in", &sign_in).await.expect(200);
    browser.send("/riverside/sign-out", &[]).await.expect(200);
    let page = browser.open("/riverside/account").await;
    assert!(page.text.contains("Please sign in.") && !page.text.contains("15 minutes"), "{}", page.text);
    browser.send("/riverside/sign-in", &sign_in).await.expect(200);
    world.advance(901);
    let page = browser.open("/riverside/account").await;
    assert!(page.text.contains("nothing happened for 15 minutes"), "{}", page.text);
    browser.send("/riverside/sign-in", &sign_in).await.expect(200);
    world.revoke("p1", "other").await.expect(200);
    let page = browser.open("/riverside/account").await;
    assert!(
        page.text.contains("Your access has ended.") && !page.text.contains("15 minutes"),
        "{}",
        page.text
    );
}
