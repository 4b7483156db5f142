//! Attacks that would spend what the owner of an account needs: the way back, the tries, the mailbox; and what somebody
//! at a browser that was left open could do for good.

use portico_domain::time::{Clock, Timestamp};
use portico_testkit::{Answer, Mail, PASSWORD, World, token_in};
use serde_json::{Value, json};

const MINUTE: i64 = 60;
const HOUR: i64 = 3600;
const DAY: i64 = 86_400;
const NEW: &str = "quince ladder eleven";
const ROSA: &str = "rosa.quillfeather@example.com";

/// To the beginning of a day, so that no limit's window ends during a test.
fn to_a_new_day(world: &World) {
    let next = (world.service.clock.now().seconds() / DAY + 1) * DAY;
    world.service.clock.set(Timestamp::from_millis(next * 1000)).unwrap();
}

async fn links(world: &World) -> Vec<String> {
    let mails = world.mails().await.into_iter();
    mails.filter(|mail| mail.get("text").contains("/r/")).map(|mail| token_in(mail.get("text"))).collect()
}

async fn own(world: &World, session: &str, path: &str, body: Value) -> Answer {
    let request = world.request("POST", &format!("/{}/account{path}", world.practice)).bearer_auth(session);
    world.send(request.json(&body)).await
}

async fn since(world: &World, before: usize) -> Vec<Mail> {
    world.mails().await.split_off(before)
}

/// Signs in at the page, with these cookies and as this browser. Returns the answer.
async fn at_page(world: &World, password: &str, cookies: &str, agent: &str) -> Answer {
    let request =
        world.request("POST", &format!("/{}/sign-in", world.practice)).header("accept", "text/html");
    let request = request.header("sec-fetch-site", "same-origin").header("user-agent", agent);
    let request = if cookies.is_empty() { request } else { request.header("cookie", cookies) };
    world.send(request.form(&[("username", "rosa.q"), ("password", password)])).await
}

/// The value of a cookie that an answer sets, with its name.
fn cookie(answer: &Answer, name: &str) -> String {
    let set = answer.headers.iter().filter(|(header, _)| header == "set-cookie");
    let found = set.into_iter().find(|(_, value)| value.starts_with(&format!("{name}=")));
    found.map(|(_, value)| value.split(';').next().unwrap().to_owned()).unwrap_or_default()
}

const IPHONE: &str = "Mozilla/5.0 (iPhone; CPU iPhone OS 17_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.0 Mobile/15E148 Safari/604.1";

#[tokio::test]
async fn three_hundred_requests_for_a_new_password_neither_fill_a_mailbox_nor_end_the_owners_link() {
    let world = World::new().await;
    world.registered("p1", "rosa.q").await;
    to_a_new_day(&world);
    for _ in 0..300 {
        world.forgot_password("rosa.q").await.expect(202);
    }
    let sent = links(&world).await;
    assert_eq!(sent.len(), 1, "one mail in ten minutes");
    // Each further mail carries the same link while it works, and there are ten in a day.
    for _ in 0..12 {
        world.advance(10 * MINUTE);
        world.forgot_password("rosa.q").await.expect(202);
        world.service.idle().await;
    }
    let all = links(&world).await;
    assert_eq!(all.len(), 10);
    assert!(all.iter().all(|token| *token == sent[0]));
    // Now the newest mail is as good as a new one: each request lets its link work for an hour again.
    for _ in 0..3 {
        world.advance(50 * MINUTE);
        world.forgot_password("rosa.q").await.expect(202);
        world.service.idle().await;
    }
    world.advance(2 * HOUR);
    world.get(&format!("/r/{}", sent[0])).await.expect(410);
    world.forgot_password("rosa.q").await.expect(202);
    assert_eq!(links(&world).await.len(), 10);
    let ticket = world.reset_ticket(&sent[0]).await;
    world.new_password(&sent[0], &ticket, NEW).await.expect(204);
    world.sign_in("rosa.q", NEW).await.expect(200);
}

#[tokio::test]
async fn a_stranger_who_asks_for_one_thing_does_not_use_up_another() {
    let world = World::new().await;
    world.registered("p1", "rosa.q").await;
    to_a_new_day(&world);
    let facts = json!({"email": ROSA, "family_name": "Quillfeather", "birth_date": "04/27/1945", "postal_code": "99999"});
    for _ in 0..5 {
        world.ask("forgot-username", json!({"email": ROSA})).await.expect(202);
        world.ask("sign-up", facts.clone()).await.expect(202);
    }
    let before = world.mails().await.len();
    world.forgot_password("rosa.q").await.expect(202);
    let mail = since(&world, before).await.pop().unwrap();
    assert!(mail.get("text").contains("/r/"), "{}", mail.get("text"));
}

#[tokio::test]
async fn what_strangers_cause_beyond_a_practices_hourly_number_waits_and_is_not_lost() {
    let world = World::new().await;
    for number in 0..201 {
        let email = format!("person{number}@example.com");
        world.patient(&format!("p{number}"), World::chart_with(json!({"email": email}))).await;
        if number % 40 == 0 {
            world.advance(1);
        }
    }
    to_a_new_day(&world);
    for number in 0..201 {
        world
            .ask("forgot-username", json!({"email": format!("person{number}@example.com")}))
            .await
            .expect(202);
    }
    assert_eq!(world.mails().await.len(), 200);
    // What staff send does not wait.
    world.invite("p0", "email").await.expect(201);
    assert_eq!(world.mails().await.len(), 201);
    world.advance(HOUR);
    world.service.invoker.call("deliver", "overdue", json!({})).await.unwrap();
    assert_eq!(world.mails().await.len(), 202);
}

#[tokio::test]
async fn a_known_browser_signs_in_behind_the_failures_of_its_address_and_of_its_name() {
    let world = World::new().await;
    world.registered("p1", "rosa.q").await;
    let first = at_page(&world, PASSWORD, "", IPHONE).await.expect_and(303);
    let known = cookie(&first, "__Host-portico-browser");
    to_a_new_day(&world);
    for name in 0..60 {
        world.sign_in(&format!("nobody.{name}"), "x").await.expect(401);
    }
    world.sign_in("rosa.q", PASSWORD).await.expect(429);
    at_page(&world, PASSWORD, &known, IPHONE).await.expect(303);
    // It has ten tries of its own, and no more.
    for _ in 0..10 {
        at_page(&world, "not the password", &known, IPHONE).await.expect(401);
    }
    at_page(&world, PASSWORD, &known, IPHONE).await.expect(401);
    world.advance(30);
    at_page(&world, PASSWORD, &known, IPHONE).await.expect(303);
}

#[tokio::test]
async fn after_a_hundred_failures_the_password_is_off_and_the_way_back_is_open() {
    let world = World::with_cheap_hashes().await;
    world.registered("p1", "rosa.q").await;
    for number in 0..100 {
        world.sign_in("rosa.q", "not the password").await.expect(401);
        if number >= 9 {
            world.advance(HOUR);
        }
    }
    world.advance(30 * HOUR);
    world.sign_in("rosa.q", PASSWORD).await.expect(401);
    let token = world.reset_token("rosa.q").await;
    let ticket = world.reset_ticket(&token).await;
    world.new_password(&token, &ticket, NEW).await.expect(204);
    world.sign_in("rosa.q", NEW).await.expect(200);
}

#[tokio::test]
async fn the_lock_forgets_nothing_when_successes_lie_between_the_failures() {
    let world = World::with_cheap_hashes().await;
    world.registered("p1", "rosa.q").await;
    // Every success begins the ten anew, however many there were before.
    for round in 0..4 {
        for _ in 0..9 {
            world.sign_in("rosa.q", "not the password").await.expect(401);
        }
        let session = world.sign_in("rosa.q", PASSWORD).await.expect_and(200).str("/session_token");
        let cookie = format!("__Host-portico={session}");
        let page =
            world.page_with(&format!("/{}/account", world.practice), &cookie).await.expect_and(200).text;
        let told = "Wrong passwords for your username before that, since";
        assert!(page.contains(told) && page.contains(": 9."), "round {round}, the owner is told: {page}");
        world.advance(600);
    }
    for _ in 0..10 {
        world.sign_in("rosa.q", "not the password").await.expect(401);
    }
    world.sign_in("rosa.q", PASSWORD).await.expect(401);
}

#[tokio::test]
async fn registration_and_reset_make_the_browser_a_known_one() {
    let world = World::new().await;
    let token = world.invited("p1").await;
    let ticket = world.ticket(&token).await;
    let fields = [
        ("ticket", ticket.as_str()),
        ("username", "rosa.q"),
        ("password", PASSWORD),
        ("accept_terms", "yes"),
    ];
    let registered = world.form(&format!("/i/{token}/register"), &fields).await.expect_and(303);
    let known = cookie(&registered, "__Host-portico-browser");
    for _ in 0..10 {
        world.sign_in("rosa.q", "not the password").await.expect(401);
    }
    at_page(&world, PASSWORD, &known, IPHONE).await.expect(303);

    let token = world.reset_token("rosa.q").await;
    let ticket = world.reset_ticket(&token).await;
    let fields = [("ticket", ticket.as_str()), ("password", NEW)];
    let reset = world.form(&format!("/r/{token}/password"), &fields).await.expect_and(303);
    let anew = cookie(&reset, "__Host-portico-browser");
    for _ in 0..10 {
        world.sign_in("rosa.q", "not the password").await.expect(401);
    }
    at_page(&world, NEW, &known, IPHONE).await.expect(401);
    at_page(&world, NEW, &anew, IPHONE).await.expect(303);
}

#[tokio::test]
async fn a_sign_in_from_a_new_browser_is_told_by_mail_and_one_from_a_known_browser_is_not() {
    let world = World::new().await;
    world.registered("p1", "rosa.q").await;
    let before = world.mails().await.len();
    let first = at_page(&world, PASSWORD, "", IPHONE).await.expect_and(303);
    let told = since(&world, before).await;
    assert_eq!(told.iter().map(|mail| mail.get("to")).collect::<Vec<_>>(), [ROSA]);
    assert!(told[0].get("text").contains("Safari on iPhone"), "{}", told[0].get("text"));
    let known = cookie(&first, "__Host-portico-browser");
    at_page(&world, PASSWORD, &known, IPHONE).await.expect(303);
    assert_eq!(world.mails().await.len(), before + 1);
    let session = cookie(&first, "__Host-portico");
    let page = world.page_with(&format!("/{}/account/sessions", world.practice), &session).await;
    assert!(page.text.contains("Safari on iPhone"), "{}", page.text);
}

#[tokio::test]
async fn signing_out_ends_the_portals_session_and_a_new_sign_in_the_one_before() {
    let world = World::new().await;
    world.settings(json!({"portal_url": "https://portal.example.org/start"})).await;
    world.registered("p1", "rosa.q").await;
    world.advance(31);
    let exchanged = async |answer: &Answer| {
        let code = answer.header("location").split_once("?code=").unwrap().1.to_owned();
        let keys = &world.keys.portal;
        let answer = world.staff(keys, "POST", "/v1/sessions/exchange", Some(json!({"code": code}))).await;
        answer.expect_and(200).str("/session_token")
    };
    let active = async |token: &str| world.introspect(token).await["active"] == true;
    let first = at_page(&world, PASSWORD, "", IPHONE).await.expect_and(303);
    let portal = exchanged(&first).await;
    let elsewhere = world.sign_in("rosa.q", PASSWORD).await.expect_and(200).str("/session_token");
    assert!(active(&portal).await);

    let here = cookie(&first, "__Host-portico");
    let second = at_page(&world, PASSWORD, &here, IPHONE).await.expect_and(303);
    assert!(!active(&portal).await, "the session that the browser had is over, and the portal's with it");
    assert!(active(&elsewhere).await, "another device's is not");

    let portal = exchanged(&second).await;
    let third = at_page(&world, PASSWORD, "", IPHONE).await.expect_and(303);
    let unused = third.header("location").split_once("?code=").unwrap().1.to_owned();
    for signed_in in [&second, &third] {
        let session = cookie(signed_in, "__Host-portico");
        let out = world.request("POST", &format!("/{}/sign-out", world.practice)).header("cookie", session);
        world.send(out.header("sec-fetch-site", "same-origin")).await.expect(204);
    }
    assert!(!active(&portal).await);
    let keys = &world.keys.portal;
    world.staff(keys, "POST", "/v1/sessions/exchange", Some(json!({"code": unused}))).await.expect(404);
    assert!(active(&elsewhere).await);
}

#[tokio::test]
async fn an_open_browser_lets_nobody_in_without_the_password_and_every_contact_hears_of_it() {
    let world = World::new().await;
    let session = world.registered("p1", "rosa.q").await;
    let ana = |password: Option<&str>| {
        json!({"given_name": "Ana", "family_name": "Hale", "relationship": "other", "email": "ana@example.com",
            "password": password})
    };
    world.advance(10 * MINUTE);
    let before = world.mails().await.len();
    let asked = own(&world, &session, "/representatives", ana(None)).await.expect_and(400);
    assert_eq!(asked.str("/errors/0/pointer"), "/password");
    own(&world, &session, "/representatives", ana(Some("not the password"))).await.expect(401);
    assert_eq!(world.mails().await.len(), before);
    own(&world, &session, "/representatives", ana(Some(PASSWORD))).await.expect(201);
    let mut told: Vec<String> =
        since(&world, before).await.iter().map(|mail| mail.get("to").to_owned()).collect();
    told.sort();
    assert_eq!(told, ["+12025550143", "ana@example.com", ROSA]);
    // Wrong entries are counted for the session, so that they use up nobody else's.
    for _ in 0..10 {
        own(&world, &session, "/representatives", ana(Some("not the password"))).await;
    }
    own(&world, &session, "/representatives", ana(Some(PASSWORD))).await.expect(429);
    let other = world.sign_in("rosa.q", PASSWORD).await.expect_and(200).str("/session_token");
    world.advance(10 * MINUTE);
    let body = json!({"username": "rosa.new", "password": PASSWORD});
    own(&world, &other, "/username", body).await.expect(200);
}

#[tokio::test]
async fn a_reset_ends_the_invitations_and_the_proposed_changes_of_the_accounts_sessions() {
    let world = World::new().await;
    let session = world.registered("p1", "rosa.q").await;
    let ana = json!({"given_name": "Ana", "family_name": "Hale", "relationship": "other", "email": "ana@example.com"});
    own(&world, &session, "/representatives", ana).await.expect(201);
    let offer = world.last_mail_to("ana@example.com").await.token();
    let change = json!({"patient_id": "p1", "changes": {"email": "intruder@example.net"}});
    let change = own(&world, &session, "/demographics", change).await.expect_and(202).str("/change_id");
    let staff = json!({"given_name": "Marta", "family_name": "Vale", "relationship": "parent", "email": "marta@example.com", "channel": "email"});
    world.ehr("POST", "/v1/patients/p1/representatives", Some(staff)).await.expect(201);
    let by_staff = world.last_mail_to("marta@example.com").await.token();

    let token = world.reset_token("rosa.q").await;
    let ticket = world.reset_ticket(&token).await;
    world.new_password(&token, &ticket, NEW).await.expect(204);
    world.get(&format!("/i/{offer}")).await.expect(410);
    world.get(&format!("/i/{by_staff}")).await.expect(200);
    let waiting = world.ehr("GET", "/v1/demographic-changes", None).await.expect_and(200).json();
    assert_eq!(waiting["changes"], json!([]));
    let things = world.ehr("GET", "/v1/attention", None).await.expect_and(200).json();
    assert_eq!(things["items"], json!([]), "nor does it stand on Today");
    world.ehr("POST", &format!("/v1/demographic-changes/{change}/accept"), None).await.expect(404);
    assert_eq!(world.ehr("GET", "/v1/patients/p1", None).await.expect_and(200).json()["email"], ROSA);
    assert_eq!(world.ehr("GET", "/v1/audit/verify", None).await.expect_and(200).json()["intact"], true);
}

/// A representative with full access to `p1`, who has an account of their own. Returns the representative's session.
async fn helped(world: &World) -> String {
    world.registered("p1", "rosa.q").await;
    let body = json!({"given_name": "Marta", "family_name": "Vale", "relationship": "spouse", "email": "marta@example.com", "channel": "email"});
    world.ehr("POST", "/v1/patients/p1/representatives", Some(body)).await.expect(201);
    let token = world.last_mail_to("marta@example.com").await.token();
    let facts = json!({"as": "representative", "family_name": "quillfeather", "birth_date": "04/27/1945"});
    let proof = world.post(&format!("/i/{token}/verify"), facts).await.expect_and(200).str("/proof");
    world.post(&format!("/i/{token}/codes"), json!({"proof": proof, "channel": "email"})).await.expect(202);
    let code = world.last_mail_to("marta@example.com").await.code();
    let check = json!({"proof": proof, "code": code});
    let ticket = world.post(&format!("/i/{token}/codes/check"), check).await.expect_and(200).str("/ticket");
    let body =
        json!({"ticket": ticket, "username": "marta.vale", "password": PASSWORD, "accept_terms": true});
    world.post(&format!("/i/{token}/register"), body).await.expect_and(201).str("/session_token")
}

#[tokio::test]
async fn a_representative_who_has_the_patients_contacts_changed_does_not_get_the_patients_account() {
    let world = World::new().await;
    let session = helped(&world).await;
    let change = json!({"patient_id": "p1", "changes": {"email": "marta@example.com", "mobile_phone": "(202) 555-0199"}});
    let change = own(&world, &session, "/demographics", change).await.expect_and(202).str("/change_id");
    let waiting = world.ehr("GET", "/v1/demographic-changes", None).await.expect_and(200).json();
    let by = &waiting["changes"][0]["proposed_by"];
    assert_eq!((&by["relationship"], &by["name"]), (&json!("spouse"), &json!("Marta Vale")));

    let path = format!("/v1/demographic-changes/{change}/accept");
    let refused = world.ehr("POST", &path, None).await.expect_and(400);
    assert_eq!(refused.str("/errors/0/pointer"), "/confirmed_with_patient");
    let window = world.window(&world.keys.ehr).await;
    let page = window.page("/console/changes").await.expect_and(200).text;
    assert!(
        page.contains("proposed by Marta Vale, spouse") && page.contains("I confirmed this with the patient")
    );

    let before = world.mails().await.len();
    world.ehr("POST", &path, Some(json!({"confirmed_with_patient": true}))).await.expect(200);
    let told: Vec<String> =
        since(&world, before).await.iter().map(|mail| mail.get("to").to_owned()).collect();
    assert!(told.contains(&ROSA.to_owned()) && told.contains(&"+12025550143".to_owned()), "{told:?}");
    // For three days nobody gets a link by asking; then, or from staff, it comes.
    let before = links(&world).await.len();
    world.forgot_password("rosa.q").await.expect(202);
    assert_eq!(links(&world).await.len(), before);
    world.invite("p1", "email").await.expect(201);
    assert_eq!(links(&world).await.len(), before + 1);
    world.advance(72 * HOUR);
    world.forgot_password("rosa.q").await.expect(202);
    assert_eq!(links(&world).await.len(), before + 2);
}

#[tokio::test]
async fn former_contacts_hear_of_a_change_that_the_ehr_made_to_somebody_with_an_account() {
    let world = World::new().await;
    world.registered("p1", "rosa.q").await;
    let before = world.mails().await.len();
    world.patient("p1", World::chart_with(json!({"email": "new@example.com"}))).await;
    let told = since(&world, before).await;
    assert_eq!(told.iter().map(|mail| mail.get("to")).collect::<Vec<_>>(), [ROSA]);
    assert!(!told[0].get("text").contains("new@example.com") && !told[0].get("text").contains("Rosa"));
    // It rests nothing: the patient asks for a link and gets it.
    world.forgot_password("rosa.q").await.expect(202);
    assert_eq!(world.last_mail().await.get("to"), "new@example.com");
}

#[tokio::test]
async fn twenty_wrong_answers_about_a_patient_are_enough_for_a_day_over_all_links() {
    let world = World::new().await;
    to_a_new_day(&world);
    world.patient("p1", World::chart()).await;
    let wrong = json!({"as": "patient", "family_name": "Quillfeather", "birth_date": "1945-04-28"});
    for _ in 0..4 {
        world.invite("p1", "email").await.expect(201);
        let token = world.last_mail().await.token();
        for _ in 0..5 {
            world.post(&format!("/i/{token}/verify"), wrong.clone()).await.expect(422);
        }
    }
    world.invite("p1", "email").await.expect(201);
    let token = world.last_mail().await.token();
    let stopped = world.state_facts(&token).await.expect_and(429);
    assert!(stopped.header("retry-after").parse::<i64>().unwrap() <= DAY);
    // Another patient is not concerned, and the next day the same link works.
    let other = world.invited("p2").await;
    world.state_facts(&other).await.expect(200);
    world.advance(DAY);
    world.state_facts(&token).await.expect(200);
}

#[tokio::test]
async fn wrong_codes_and_answers_of_a_reset_count_too_and_staff_can_begin_anew() {
    let world = World::new().await;
    world.registered("p1", "rosa.q").await;
    let account = world.portal("p1").await["accounts"][0]["account_id"].as_str().unwrap().to_owned();
    to_a_new_day(&world);
    let wrong = json!({"birth_date": "19450428", "access_code": "12345678"});
    for _ in 0..4 {
        world.invite("p1", "email").await.expect(201);
        let token = world.last_mail().await.token();
        for _ in 0..5 {
            world.post(&format!("/r/{token}/answer"), wrong.clone()).await.expect(422);
        }
    }
    world.invite("p1", "email").await.expect(201);
    let token = world.last_mail().await.token();
    world.post(&format!("/r/{token}/answer"), wrong.clone()).await.expect(429);
    // Nobody gets another link by asking, either.
    let before = links(&world).await.len();
    world.advance(2 * HOUR);
    world.forgot_password("rosa.q").await.expect(202);
    assert_eq!(links(&world).await.len(), before);
    world.ehr("POST", &format!("/v1/accounts/{account}/unlock"), None).await.expect(200);
    let token = world.reset_token("rosa.q").await;
    world.post(&format!("/r/{token}/answer"), wrong).await.expect(422);
}

#[tokio::test]
async fn a_right_code_is_not_compared_when_the_day_is_used_up_and_is_not_used_up_either() {
    let world = World::new().await;
    world.registered("p1", "rosa.q").await;
    let account = world.portal("p1").await["accounts"][0]["account_id"].as_str().unwrap().to_owned();
    to_a_new_day(&world);
    // Somebody else's link about the same patient uses up the day.
    let offer = json!({"given_name": "Marta", "family_name": "Vale", "relationship": "spouse", "email": "marta@example.com", "channel": "email"});
    let use_up = async || {
        for _ in 0..4 {
            world.ehr("POST", "/v1/patients/p1/representatives", Some(offer.clone())).await.expect(201);
            let token = world.last_mail_to("marta@example.com").await.token();
            let wrong = json!({"as": "representative", "family_name": "Other", "birth_date": "1945-04-28"});
            for _ in 0..5 {
                world.post(&format!("/i/{token}/verify"), wrong.clone()).await.expect(422);
            }
        }
    };
    let token = world.reset_token("rosa.q").await;
    world.post(&format!("/r/{token}/codes"), json!({"channel": "sms"})).await.expect(202);
    let code = json!({"code": world.last_mail_to("+12025550143").await.code()});
    use_up().await;
    let check = format!("/r/{token}/codes/check");
    for _ in 0..6 {
        world.post(&check, code.clone()).await.expect(429);
    }
    world.ehr("POST", &format!("/v1/accounts/{account}/unlock"), None).await.expect(200);
    world.post(&check, code).await.expect(200);
}

#[tokio::test]
async fn the_rest_after_a_contact_change_holds_also_if_the_ehr_sent_the_new_contact_first() {
    let world = World::new().await;
    let session = helped(&world).await;
    let change = json!({"patient_id": "p1", "changes": {"email": "marta@example.com"}});
    let change = own(&world, &session, "/demographics", change).await.expect_and(202).str("/change_id");
    world.patient("p1", World::chart_with(json!({"email": "marta@example.com"}))).await;
    let accept = Some(json!({"confirmed_with_patient": true}));
    world.ehr("POST", &format!("/v1/demographic-changes/{change}/accept"), accept).await.expect(200);
    let before = links(&world).await.len();
    world.forgot_password("rosa.q").await.expect(202);
    assert_eq!(links(&world).await.len(), before);
}

#[tokio::test]
async fn a_code_goes_by_another_way_than_the_link_wherever_the_chart_has_one() {
    let world = World::new().await;
    let ways = async |token: &str| {
        let next = world.state_facts(token).await.expect_and(200);
        let send = async |channel: &str| {
            let ask = json!({"proof": next.str("/proof"), "channel": channel});
            world.post(&format!("/i/{token}/codes"), ask).await.status
        };
        let mail = send("email").await;
        (next.json()["code_channels"].clone(), mail)
    };
    let by_mail = world.invited("p1").await;
    assert_eq!(ways(&by_mail).await, (json!(["sms", "voice"]), 400));
    world.invite("p1", "sms").await.expect(201);
    let by_text = world.last_mail().await.token();
    assert_eq!(ways(&by_text).await, (json!(["email"]), 202));
    world.patient("p2", World::chart_with(json!({"mobile_phone": null}))).await;
    world.invite("p2", "email").await.expect(201);
    let alone = world.last_mail().await.token();
    assert_eq!(ways(&alone).await, (json!(["email"]), 202), "there is no other way");
    world.settings(json!({"code_channel": "any"})).await;
    world.advance(31);
    let any = world.invited("p3").await;
    assert_eq!(ways(&any).await, (json!(["email", "sms", "voice"]), 202));
}

#[tokio::test]
async fn a_ticket_finds_out_about_ten_user_names_and_no_more() {
    let world = World::new().await;
    world.registered("p1", "rosa.q").await;
    let token = world.invited("p2").await;
    let ticket = world.ticket(&token).await;
    for _ in 0..10 {
        assert_eq!(world.register(&token, &ticket, "rosa.q").await.expect_and(409).code(), "username_taken");
    }
    world.register(&token, &ticket, "rosa.q").await.expect(429);
    world.register(&token, &ticket, "somebody.else").await.expect(201);
}

#[tokio::test]
async fn staff_see_where_an_account_is_signed_in_and_sign_it_out_everywhere() {
    let world = World::new().await;
    let session = world.registered("p1", "rosa.q").await;
    at_page(&world, PASSWORD, "", IPHONE).await.expect(303);
    let account = world.portal("p1").await["accounts"][0]["account_id"].as_str().unwrap().to_owned();
    let path = format!("/v1/accounts/{account}/sessions");
    let listed = world.ehr("GET", &path, None).await.expect_and(200).json();
    assert_eq!(listed["sessions"].as_array().unwrap().len(), 2);
    assert_eq!(listed["sessions"][0]["browser"], "Safari on iPhone");
    let window = world.window(&world.keys.ehr).await;
    let page = window.page(&format!("/console/accounts/{account}/sessions")).await.expect_and(200).text;
    assert!(page.contains("Safari on iPhone") && page.contains("Sign out everywhere"), "{page}");
    world.staff(&world.keys.scheduling, "GET", &path, None).await.expect(403);
    world.ehr("POST", &format!("{path}/end"), None).await.expect(200);
    assert_eq!(world.introspect(&session).await["active"], false);
    assert_eq!(world.ehr("GET", &path, None).await.expect_and(200).json()["sessions"], json!([]));
    world.sign_in("rosa.q", PASSWORD).await.expect(200);
}

#[tokio::test]
async fn a_revocation_can_be_silent_where_a_note_says_why() {
    let world = World::new().await;
    let session = world.registered("p1", "rosa.q").await;
    let before = world.mails().await.len();
    let path = "/v1/patients/p1/portal/revoke";
    let without = json!({"reason": "other", "notify": false});
    assert_eq!(
        world.ehr("POST", path, Some(without)).await.expect_and(400).str("/errors/0/pointer"),
        "/note"
    );
    let silent = json!({"reason": "other", "notify": false, "note": "Court order 12-345"});
    world.ehr("POST", path, Some(silent)).await.expect(200);
    assert_eq!(world.introspect(&session).await["active"], false);
    assert_eq!(world.mails().await.len(), before, "nobody is told");
}
