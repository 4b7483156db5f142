//! Staff manage accounts: search, delete, set credentials, end a lock, see who needs attention.

use portico_testkit::{PASSWORD, World};
use serde_json::{Value, json};

/// The accounts that a search of the EHR finds: id, and whether a former name matched.
async fn found(world: &World, q: &str) -> Vec<(String, bool)> {
    world.service.idle().await;
    let query: String = q.split(' ').collect::<Vec<_>>().join("%20");
    let answer = world.ehr("GET", &format!("/v1/accounts?q={query}"), None).await.expect_and(200).json();
    let accounts = answer["accounts"].as_array().unwrap().clone();
    let read = |account: &Value| {
        (account["account_id"].as_str().unwrap().to_owned(), account["matched_former"].as_bool().unwrap())
    };
    accounts.iter().map(read).collect()
}

async fn account_of(world: &World, patient: &str) -> String {
    world.portal(patient).await["accounts"][0]["account_id"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn an_account_is_found_by_id_user_name_email_and_name_in_either_order_with_or_without_initial() {
    let world = World::new().await;
    world
        .patient("MRN-77", World::chart_with(json!({"given_name": "Rosa Mae", "middle_name": "Lucía"})))
        .await;
    world.invite("MRN-77", "email").await.expect(201);
    let token = world.last_mail().await.token();
    let ticket = world.ticket(&token).await;
    world.register(&token, &ticket, "tulip.field").await.expect(201);
    let id = account_of(&world, "MRN-77").await;
    for q in [
        "MRN-77",
        "mrn",
        "tulip",
        "tulip.field",
        "rosa.quill",
        "rosa.quillfeather@example.com",
        "Quillf",
        "quillfeather, rosa",
        "rosa mae quill",
        "Rosa Mae L. Quillfeather",
        "Quillfeather Rosa Mae L",
        "rosa mae lucia quillfeather",
        "ROSA  MAE",
    ] {
        assert_eq!(found(&world, q).await, [(id.clone(), false)], "{q}");
    }
    for q in ["zz", "feather"] {
        assert_eq!(found(&world, q).await, [], "{q}");
    }
    world.ehr("GET", "/v1/accounts?q=%20", None).await.expect(400);
    world.staff(&world.keys.scheduling, "GET", "/v1/accounts?q=rosa", None).await.expect(403);
    // Another practice's staff find nobody.
    let other =
        world.staff(&world.other_keys.ehr, "GET", "/v1/accounts?q=rosa", None).await.expect_and(200).json();
    assert_eq!(other["accounts"], json!([]));
}

/// A practice corrects a patient's name and address. In other products staff could then no longer find the
/// account, and had to call the vendor.
#[tokio::test]
async fn a_patient_renamed_and_readdressed_is_found_deleted_and_invited_again_at_once() {
    let world = World::new().await;
    let session = world.registered("p1", "rosa.q").await;
    let id = account_of(&world, "p1").await;
    let renamed = json!({"family_name": "Nightingale-O’Shea", "email": "rosa.new@example.com"});
    world.patient("p1", World::chart_with(renamed)).await;
    for (q, former) in [
        ("quillfeather", true),
        ("rosa quill", true),
        ("rosa.quillfeather@", true),
        ("nightingale oshea", false),
        ("rosa nightin", false),
        ("rosa.new", false),
        ("rosa.q", false),
    ] {
        let hits = found(&world, q).await;
        assert_eq!(hits.len(), 1, "{q}: {hits:?}");
        assert_eq!(hits[0].0, id, "{q}");
        // The user name begins like the former address.
        assert!(hits[0].1 == former || q == "rosa.q", "{q}: {hits:?}");
    }
    world.ehr("DELETE", &format!("/v1/accounts/{id}"), None).await.expect(204);
    assert_eq!(found(&world, "nightingale").await, []);
    assert_eq!(world.introspect(&session).await["active"], false);
    assert_eq!(world.sign_in("rosa.q", PASSWORD).await.expect_and(401).code(), "sign_in_failed");
    let portal = world.portal("p1").await;
    assert_eq!((&portal["status"], &portal["accounts"]), (&json!("uninvited"), &json!([])));
    assert_eq!(portal["invitations"].as_array().unwrap().len(), 1, "the history stays");
    world.ehr("DELETE", &format!("/v1/accounts/{id}"), None).await.expect(404);

    // The user name is free, and a new invitation works at once.
    world.invite("p1", "email").await.expect(201);
    let mail = world.last_mail().await;
    assert_eq!(mail.get("to"), "rosa.new@example.com");
    let facts = json!({"as": "patient", "family_name": "nightingale oshea", "birth_date": "1945-04-27"});
    let token = mail.token();
    let proof = world.post(&format!("/i/{token}/verify"), facts).await.expect_and(200).str("/proof");
    let ticket = world.enter_code(&token, &proof).await.expect_and(200).str("/ticket");
    world.register(&token, &ticket, "rosa.q").await.expect(201);
    assert_eq!(world.portal("p1").await["status"], "active");
    let trail = world.ehr("GET", "/v1/audit?patient_id=p1", None).await.expect_and(200).json();
    let actions: Vec<&str> =
        trail["events"].as_array().unwrap().iter().filter_map(|event| event["action"].as_str()).collect();
    assert!(actions.contains(&"account_deleted"), "{actions:?}");
    let whole = world.ehr("GET", "/v1/audit/verify", None).await.expect_and(200).json();
    assert_eq!(whole["intact"], true, "{whole}");
}

#[tokio::test]
async fn many_accounts_are_paged_in_order_each_once() {
    let world = World::new().await;
    for n in 0..32 {
        let id = format!("p{n:02}");
        let chart = World::chart_with(json!({
            "given_name": format!("Ann{}", char::from(b'a' + n % 26)), "family_name": format!("Ander{n:02}"),
            "email": format!("ann.ander{n:02}@example.com"),
        }));
        world.patient(&id, chart).await;
        let credentials = json!({"username": format!("ander.{n:02}"), "password": "correct trellis horse"});
        world.ehr("PUT", &format!("/v1/patients/{id}/credentials"), Some(credentials)).await.expect(200);
        // An application may ask fifty times a second, and these are more.
        world.advance(1);
    }
    world.service.idle().await;
    let (mut seen, mut cursor) = (Vec::new(), String::new());
    loop {
        let page = world.ehr("GET", &format!("/v1/accounts?q=an{cursor}"), None).await.expect_and(200).json();
        for account in page["accounts"].as_array().unwrap() {
            seen.push(account["patients"][0]["family_name"].as_str().unwrap().to_owned());
        }
        match page["next_cursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => break,
        }
    }
    let mut sorted = seen.clone();
    sorted.sort();
    sorted.dedup();
    assert_eq!(seen.len(), 32);
    assert_eq!(seen, sorted);
    // A cursor works for its own practice and its own query alone.
    if let Some(sealed) = cursor.strip_prefix("&cursor=") {
        let path = format!("/v1/accounts?q=an&cursor={sealed}");
        world.staff(&world.other_keys.ehr, "GET", &path, None).await.expect(400);
        world.ehr("GET", &format!("/v1/accounts?q=bo&cursor={sealed}"), None).await.expect(400);
    }
}

#[tokio::test]
async fn credentials_set_by_staff_work_once_within_a_week_and_must_be_changed() {
    let world = World::new().await;
    // The patient has no address, and declined before.
    world.patient("p1", World::chart_with(json!({"email": null, "mobile_phone": null}))).await;
    let check = async |name: &str| {
        world.ehr("GET", &format!("/v1/usernames/{name}"), None).await.expect_and(200).json()
    };
    assert_eq!(check("rosa.desk").await, json!({"valid": true, "available": true}));
    assert_eq!(check("r").await, json!({"valid": false, "available": false, "reason": "malformed"}));
    let given = json!({"username": "rosa.desk", "password": "seven plum trellis"});
    let account =
        world.ehr("PUT", "/v1/patients/p1/credentials", Some(given.clone())).await.expect_and(200).json();
    assert_eq!((&account["username"], &account["must_change_password"]), (&json!("rosa.desk"), &json!(true)));
    assert_eq!(check("ROSA.desk").await, json!({"valid": true, "available": false, "reason": "taken"}));
    assert_eq!(world.portal("p1").await["status"], "registered");

    let signed_in = world.sign_in("rosa.desk", "seven plum trellis").await.expect_and(200).json();
    assert_eq!(signed_in["must_change_password"], true);
    let session = signed_in["session_token"].as_str().unwrap();
    assert_eq!(world.introspect(session).await["active"], false, "not before the password is changed");
    // The temporary password signs in once.
    assert_eq!(
        world.sign_in("rosa.desk", "seven plum trellis").await.expect_and(401).code(),
        "sign_in_failed"
    );

    // A temporary password ends after a week.
    world.ehr("PUT", "/v1/patients/p1/credentials", Some(given)).await.expect(200);
    world.advance(7 * 86_400 - 1);
    world.sign_in("rosa.desk", "seven plum trellis").await.expect(200);
    let again = json!({"username": "rosa.desk", "password": "eight plum trellis"});
    world.ehr("PUT", "/v1/patients/p1/credentials", Some(again)).await.expect(200);
    world.advance(7 * 86_400);
    assert_eq!(
        world.sign_in("rosa.desk", "eight plum trellis").await.expect_and(401).code(),
        "sign_in_failed"
    );
}

#[tokio::test]
async fn credentials_set_by_staff_follow_the_rules_and_replace_the_old_ones() {
    let world = World::new().await;
    let session = world.registered("p1", "rosa.q").await;
    world.registered("p2", "taken").await;
    let set = async |body: Value| world.ehr("PUT", "/v1/patients/p1/credentials", Some(body)).await;
    let weak = set(json!({"username": "rosa.q", "password": "short"})).await.expect_and(422).json();
    assert_eq!((&weak["code"], &weak["reasons"][0]), (&json!("password_rejected"), &json!("too_short")));
    let name = set(json!({"username": "someone@else.example", "password": "seven plum trellis"})).await;
    assert_eq!(name.expect_and(422).code(), "username_rejected");
    let taken = set(json!({"username": "taken", "password": "seven plum trellis"})).await;
    assert_eq!(taken.expect_and(409).code(), "username_taken");
    set(json!({"username": "rosa.new", "password": "seven plum trellis"})).await.expect(200);
    assert_eq!(world.introspect(&session).await["active"], false, "signed out everywhere");
    assert_eq!(world.sign_in("rosa.q", PASSWORD).await.expect_and(401).code(), "sign_in_failed");
    world.sign_in("rosa.new", "seven plum trellis").await.expect(200);
    let told = world.last_mail().await;
    assert!(!told.get("text").contains("seven plum"), "a password is in no message");
    // One that Portico makes is random: it is never refused, however long the practice wants passwords to be.
    world.settings(json!({"password_min_length": 64})).await;
    let made = set(json!({"username": "rosa.made"})).await.expect_and(200).str("/temporary_password");
    world.sign_in("rosa.made", &made).await.expect(200);
    let scheduling = json!({"username": "a.b.c", "password": "seven plum trellis"});
    let path = "/v1/patients/p1/credentials";
    world.staff(&world.keys.scheduling, "PUT", path, Some(scheduling)).await.expect(403);

    world.revoke("p2", "other").await.expect(200);
    let revoked = world
        .ehr(
            "PUT",
            "/v1/patients/p2/credentials",
            Some(json!({"username": "p.two", "password": "seven plum trellis"})),
        )
        .await;
    assert_eq!(revoked.expect_and(409).json()["reasons"], json!(["access_revoked"]));
    world.patient("p3", World::chart_with(json!({"birth_date": "2020-01-01"}))).await;
    let child = world
        .ehr(
            "PUT",
            "/v1/patients/p3/credentials",
            Some(json!({"username": "p.three", "password": "seven plum trellis"})),
        )
        .await;
    assert_eq!(child.expect_and(403).code(), "representative_required");
}

#[tokio::test]
async fn staff_end_a_lock_at_once() {
    let world = World::new().await;
    world.registered("p1", "rosa.q").await;
    for _ in 0..10 {
        world.sign_in("rosa.q", "wrong wrong wrong").await.expect(401);
    }
    assert_eq!(world.sign_in("rosa.q", PASSWORD).await.expect_and(401).code(), "sign_in_failed");
    let id = account_of(&world, "p1").await;
    let unlocked = world.ehr("POST", &format!("/v1/accounts/{id}/unlock"), None).await.expect_and(200).json();
    assert_eq!(unlocked["username"], "rosa.q");
    world.sign_in("rosa.q", PASSWORD).await.expect(200);
}

/// The causes on the list of what needs a person, with the things themselves.
async fn things(world: &World) -> (Vec<String>, Value) {
    let things = world.ehr("GET", "/v1/attention", None).await.expect_and(200).json();
    let items = things["items"].as_array().unwrap();
    (items.iter().map(|thing| thing["cause"].as_str().unwrap().to_owned()).collect(), things)
}

#[tokio::test]
async fn a_locked_login_stands_on_the_list_until_it_is_over_or_unlocked() {
    let world = World::new().await;
    world.registered("p1", "rosa.q").await;
    for _ in 0..9 {
        world.sign_in("rosa.q", "wrong wrong wrong").await.expect(401);
    }
    assert_eq!(things(&world).await.0, Vec::<String>::new(), "nine are not enough");
    world.sign_in("rosa.q", "wrong wrong wrong").await.expect(401);
    let (causes, all) = things(&world).await;
    assert_eq!(causes, ["account_locked"]);
    let thing = &all["items"][0];
    assert_eq!(thing["account_id"], account_of(&world, "p1").await);
    assert!(thing["locked_until"].is_string(), "{thing}");
    let other = world.staff(&world.other_keys.ehr, "GET", "/v1/attention", None).await.expect_and(200).json();
    assert_eq!(other["items"], json!([]), "another practice");
    let window = world.window(&world.keys.ehr).await;
    let page = window.page("/console").await.expect_and(200).text;
    assert!(page.contains("Wrong passwords: locked until") && page.contains("/unlock"), "{page}");
    let scheduling = world.window(&world.keys.scheduling).await;
    let page = scheduling.page("/console").await.expect_and(200).text;
    assert!(page.contains("Wrong passwords: locked until") && !page.contains("/unlock"), "{page}");
    // The lock ends by itself, and the next wrong password brings it back.
    world.advance(30);
    assert_eq!(things(&world).await.0, Vec::<String>::new(), "over");
    world.sign_in("rosa.q", "wrong wrong wrong").await.expect(401);
    assert_eq!(things(&world).await.0, ["account_locked"]);
    let id = account_of(&world, "p1").await;
    let window = world.window(&world.keys.ehr).await;
    let done = window.act(&format!("/console/accounts/{id}/unlock"), &[]).await.text;
    assert!(done.contains("is unlocked"), "{done}");
    assert_eq!(things(&world).await.0, Vec::<String>::new(), "unlocked");
}

#[tokio::test]
async fn who_was_seen_and_must_be_told_stands_on_the_list_in_time() {
    let world = World::new().await;
    let at = |time: &str| world.service.clock.set(time.parse().unwrap()).unwrap();
    // Monday, 2 November 2026, in New York: the fourth business day is Friday.
    at("2026-11-02T15:00:00Z");
    let visits = json!([{"id": "v1", "date": "2026-11-02", "signed_at": "2026-11-02T17:00:00Z"}]);
    for id in ["seen", "told", "dead"] {
        world.patient(id, World::chart_with(json!({"visits": visits}))).await;
    }
    world.patient("elsewhere", World::chart_with(json!({}))).await;
    world.patient("dead", World::chart_with(json!({"visits": visits, "chart_status": "deceased"}))).await;
    world.invite("told", "email").await.expect(201);
    world.service.idle().await;
    at("2026-11-05T04:59:00Z");
    assert_eq!(things(&world).await.0, Vec::<String>::new(), "not yet: Wednesday");
    at("2026-11-05T15:00:00Z");
    let (causes, all) = things(&world).await;
    assert_eq!(causes, ["access_due"], "{all}");
    let thing = &all["items"][0];
    assert_eq!((&thing["patient"]["patient_id"], &thing["until"]), (&json!("seen"), &json!("2026-11-06")));
    let window = world.window(&world.keys.ehr).await;
    let page = window.page("/console").await.expect_and(200).text;
    assert!(page.contains("Seen, must be told by tomorrow"), "{page}");
    assert!(page.contains("/console/patients/seen/invite"), "{page}");
    at("2026-11-07T04:59:00Z");
    let window = world.window(&world.keys.ehr).await;
    let page = window.page("/console").await.expect_and(200).text;
    assert!(page.contains("Seen, must be told by today"), "{page}");
    // What follows from the visits can't be left.
    world.ehr("POST", "/v1/attention/access_due~seen/leave", Some(json!({}))).await.expect(404);
    world.invite("seen", "email").await.expect(201);
    world.service.idle().await;
    assert_eq!(things(&world).await.0, Vec::<String>::new(), "told");
}

#[tokio::test]
async fn a_deadline_on_monday_stands_on_the_list_on_friday() {
    let world = World::new().await;
    let at = |time: &str| world.service.clock.set(time.parse().unwrap()).unwrap();
    at("2026-11-03T15:00:00Z");
    let visits = json!([{"id": "v1", "date": "2026-11-03", "signed_at": "2026-11-03T17:00:00Z"}]);
    world.patient("seen", World::chart_with(json!({"visits": visits}))).await;
    world.service.idle().await;
    at("2026-11-06T15:00:00Z");
    assert_eq!(things(&world).await.1["items"][0]["until"], "2026-11-09");
    let window = world.window(&world.keys.ehr).await;
    let page = window.page("/console").await.expect_and(200).text;
    assert!(page.contains("Seen, must be told by Monday"), "{page}");
}

#[tokio::test]
async fn staff_see_who_needs_attention_until_it_is_settled() {
    let world = World::new().await;
    let attention = async || {
        let all = world.ehr("GET", "/v1/onboarding?attention=true", None).await.expect_and(200).json();
        let read = |row: &Value| (row["patient_id"].as_str().unwrap().to_owned(), row["attention"].clone());
        all["patients"].as_array().unwrap().iter().map(read).collect::<Vec<_>>()
    };
    assert_eq!(attention().await, []);
    let token = world.invited("p1").await;
    world.post(&format!("/i/{token}/not-me"), json!({"confirm": "yes"})).await.expect(202);
    let locked = world.invited("p2").await;
    for _ in 0..5 {
        let wrong = json!({"as": "patient", "family_name": "wrong", "birth_date": "2000-01-01"});
        world.post(&format!("/i/{locked}/verify"), wrong).await.expect(422);
    }
    assert_eq!(
        attention().await,
        [("p1".to_owned(), json!(["reported_wrong_recipient"])), ("p2".to_owned(), json!(["link_locked"]))]
    );
    // Staff settle it: they confirm the address and invite again.
    let confirm = Some(json!({"channel": "email"}));
    world.ehr("POST", "/v1/patients/p1/contacts/confirm", confirm).await.expect(200);
    world.invite("p2", "email").await.expect(201);
    assert_eq!(attention().await, []);
    let there = world.staff(&world.other_keys.ehr, "GET", "/v1/onboarding?attention=true", None).await;
    assert_eq!(there.expect_and(200).json()["patients"], json!([]));
}

/// The stream may lag, and by the time that a change is read, the records say what came after it.
#[tokio::test]
async fn former_names_and_addresses_find_an_account_however_late_the_stream_is_read() {
    let world = World::new().await;
    let session = world.registered("p1", "rosa.q").await;
    world.service.idle().await;
    let id = account_of(&world, "p1").await;
    let pump = world.service.pump.as_ref().unwrap();
    pump.hold("publish-changes", true);
    for (family, email) in [("Nightingale", "first.new@example.com"), ("Ibarra", "second.new@example.com")] {
        let renamed = json!({"family_name": family, "email": email});
        world.patient("p1", World::chart_with(renamed)).await;
    }
    for name in ["tulip.field", "walnut.ladder"] {
        let change = json!({"username": name, "password": PASSWORD});
        let path = format!("/{}/account/username", world.practice);
        let request = world.request("POST", &path).bearer_auth(&session).json(&change);
        world.send(request).await.expect(200);
    }
    assert_eq!(found(&world, "nightingale").await, [], "the stream is held");
    pump.hold("publish-changes", false);
    for (q, former) in [
        ("quillfeather", true),
        ("rosa.quillfeather@", true),
        ("rosa.q", true),
        ("nightingale", true),
        ("first.new@", true),
        ("tulip.field", true),
        ("ibarra", false),
        ("second.new@", false),
        ("walnut.ladder", false),
    ] {
        assert_eq!(found(&world, q).await, [(id.clone(), former)], "{q}");
    }
}

#[tokio::test]
async fn letters_are_found_in_their_plain_and_in_their_long_spelling() {
    let world = World::new().await;
    let chart = |family: &str| World::chart_with(json!({"family_name": family}));
    world.patient("umlaut", chart("Müller")).await;
    world.patient("long", chart("Mueller")).await;
    world.patient("plain", chart("Muller")).await;
    world.service.idle().await;
    for (q, expected) in [
        ("M%C3%BCller", &["long", "plain", "umlaut"][..]),
        ("mueller", &["long", "umlaut"]),
        ("muller", &["plain", "umlaut"]),
    ] {
        let answer = world.ehr("GET", &format!("/v1/onboarding?q={q}"), None).await.expect_and(200).json();
        let patients = answer["patients"].as_array().unwrap().iter();
        let mut ids: Vec<&str> = patients.map(|patient| patient["patient_id"].as_str().unwrap()).collect();
        ids.sort_unstable();
        assert_eq!(ids, expected, "{q}");
    }
    // Accounts, too.
    world.invite("umlaut", "email").await.expect(201);
    let token = world.last_mail().await.token();
    let facts = json!({"as": "patient", "family_name": "mueller", "birth_date": "1945-04-27"});
    let proof = world.post(&format!("/i/{token}/verify"), facts).await.expect_and(200).str("/proof");
    let ticket = world.enter_code(&token, &proof).await.expect_and(200).str("/ticket");
    world.register(&token, &ticket, "rosa.m").await.expect(201);
    let id = account_of(&world, "umlaut").await;
    for q in ["mueller", "muller", "M%C3%BCller", "rosa mueller"] {
        assert_eq!(found(&world, q).await, [(id.clone(), false)], "{q}");
    }
}

#[tokio::test]
async fn staff_see_that_wrong_passwords_locked_an_account_and_until_when() {
    let world = World::new().await;
    world.registered("p1", "rosa.q").await;
    let account = async || world.portal("p1").await["accounts"][0].clone();
    for _ in 0..9 {
        world.sign_in("rosa.q", "wrong trellis ladder").await.expect(401);
    }
    assert_eq!(account().await.get("locked"), None, "nine wrong passwords lock nothing");
    world.sign_in("rosa.q", "wrong trellis ladder").await.expect(401);
    let locked = account().await;
    assert_eq!(locked["locked"], true);
    let now = world.get("/_local").await.json()["now"].as_str().unwrap().to_owned();
    assert!(locked["locked_until"].as_str().unwrap() > now.as_str(), "{locked}");
    let page = world.window(&world.keys.ehr).await.page("/console/patients/p1").await;
    assert!(page.text.contains("Wrong passwords: locked until") && page.text.contains("Unlock"));

    world.advance(31);
    assert_eq!(account().await.get("locked"), None, "the lock is over");
    world.sign_in("rosa.q", "wrong trellis ladder").await.expect(401);
    let id = locked["account_id"].as_str().unwrap();
    assert_eq!(account().await["locked"], true);
    world.ehr("POST", &format!("/v1/accounts/{id}/unlock"), None).await.expect(200);
    assert_eq!(account().await.get("locked"), None);
}
