//! Representatives: somebody has access to the records of one patient, or of several.

use portico_testkit::{Answer, Browser, Mail, PASSWORD, World};
use serde_json::{Value, json};

fn mother(change: &Value) -> Value {
    let mut body = json!({
        "given_name": "Marta", "family_name": "Vale", "relationship": "parent",
        "email": "marta.vale@example.com", "mobile_phone": "+12025550177", "channel": "email",
    });
    body.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
    body
}

async fn offer(world: &World, patient: &str, body: Value) -> Answer {
    world.ehr("POST", &format!("/v1/patients/{patient}/representatives"), Some(body)).await
}

/// Follows a representative's link to a ticket: states the patient's facts, and gets the code at their
/// own address.
async fn ticket(world: &World, token: &str) -> (String, Mail) {
    let facts = json!({"as": "representative", "family_name": "quillfeather", "birth_date": "04/27/1945"});
    let proof = world.post(&format!("/i/{token}/verify"), facts).await.expect_and(200).str("/proof");
    let sent = world.post(&format!("/i/{token}/codes"), json!({"proof": proof, "channel": "sms"})).await;
    sent.expect(202);
    let text = world.last_mail().await;
    let check = json!({"proof": proof, "code": text.code()});
    let passed = world.post(&format!("/i/{token}/codes/check"), check).await.expect_and(200);
    (passed.str("/ticket"), text)
}

async fn registered_mother(world: &World, patient: &str) -> String {
    offer(world, patient, mother(&json!({}))).await.expect(201);
    let mail = world.last_mail().await;
    let (ticket, _) = ticket(world, &mail.token()).await;
    let body =
        json!({"ticket": ticket, "username": "marta.vale", "password": PASSWORD, "accept_terms": true});
    world.post(&format!("/i/{}/register", mail.token()), body).await.expect_and(201).str("/session_token")
}

fn accounts(portal: &Value) -> Vec<(String, String, String)> {
    let text = |account: &Value, name: &str| account[name].as_str().unwrap_or_default().to_owned();
    let all = portal["accounts"].as_array().unwrap();
    all.iter().map(|a| (text(a, "username"), text(a, "relationship"), text(a, "state"))).collect()
}

#[tokio::test]
async fn staff_invite_a_representative_who_registers_with_their_own_login() {
    let world = World::new().await;
    world.patient("p1", World::chart()).await;
    let invited = offer(&world, "p1", mother(&json!({}))).await.expect_and(201).json();
    assert_eq!((&invited["kind"], &invited["state"]), (&json!("representative"), &json!("pending")));
    assert_eq!(invited["representative"]["given_name"], "Marta");
    let mail = world.last_mail().await;
    assert_eq!(mail.get("to"), "marta.vale@example.com");
    assert!(mail.get("text").contains("Marta") && !mail.get("text").contains("Rosa"));
    let (ticket, text) = ticket(&world, &mail.token()).await;
    assert_eq!(text.get("to"), "+12025550177", "the code goes to who was invited, not to the patient");
    let body = json!({"ticket": ticket, "username": "marta.vale@example.com", "password": PASSWORD, "accept_terms": true});
    let session = world
        .post(&format!("/i/{}/register", mail.token()), body)
        .await
        .expect_and(201)
        .str("/session_token");
    let seen = world.introspect(&session).await;
    assert_eq!(seen["grants"], json!([{"patient_id": "p1", "relationship": "parent", "level": "full"}]));
    let portal = world.portal("p1").await;
    assert_eq!(accounts(&portal), [("marta.vale@example.com".into(), "parent".into(), "active".into())]);

    // The patient has no account of their own, so the usual call still invites them.
    let own = world.invite("p1", "email").await.expect_and(201).json();
    assert_eq!(own["kind"], "registration");
}

#[tokio::test]
async fn each_recipient_has_one_open_invitation() {
    let world = World::new().await;
    let patients = world.invited("p1").await;
    offer(&world, "p1", mother(&json!({}))).await.expect(201);
    let first = world.last_mail().await.token();
    offer(&world, "p1", mother(&json!({"email": "paul@example.com", "given_name": "Paul"})))
        .await
        .expect(201);
    let pauls = world.last_mail().await.token();
    offer(&world, "p1", mother(&json!({}))).await.expect(201);
    let second = world.last_mail().await.token();
    for (token, status) in [(&patients, 200), (&first, 410), (&pauls, 200), (&second, 200)] {
        world.get(&format!("/i/{token}")).await.expect(status);
    }
    // Revoking ends all open invitations.
    world.revoke("p1", "other").await.expect(200);
    for token in [&patients, &pauls, &second] {
        world.get(&format!("/i/{token}")).await.expect(410);
    }
    assert_eq!(
        offer(&world, "p1", mother(&json!({}))).await.expect_and(409).json()["reasons"],
        json!(["access_revoked"])
    );
}

#[tokio::test]
async fn a_login_that_exists_takes_on_another_patient_by_signing_in_on_the_link_page() {
    let world = World::new().await;
    world.patient("p1", World::chart()).await;
    registered_mother(&world, "p1").await;
    world
        .patient("p2", World::chart_with(json!({"given_name": "Tomas", "email": "tomas@example.com"})))
        .await;
    offer(&world, "p2", mother(&json!({"relationship": "guardian"}))).await.expect(201);
    let token = world.last_mail().await.token();
    world.advance(3600);
    let (ticket, _) = ticket(&world, &token).await;
    let link = async |username: &str, password: &str| {
        let body = json!({"ticket": ticket, "username": username, "password": password});
        world.post(&format!("/i/{token}/link"), body).await
    };
    assert_eq!(link("marta.vale", "wrong wrong wrong").await.expect_and(401).code(), "sign_in_failed");
    let linked = link("marta.vale", PASSWORD).await.expect_and(200).json();
    assert_eq!(
        linked["grants"],
        json!([
            {"patient_id": "p1", "relationship": "parent", "level": "full"},
            {"patient_id": "p2", "relationship": "guardian", "level": "full"},
        ])
    );
    let again = link("marta.vale", PASSWORD).await.expect_and(200).json();
    assert_eq!(again["grants"], linked["grants"], "a double click is one click");
    world.advance(60);
    assert_eq!(link("marta.vale", PASSWORD).await.expect_and(410).code(), "link_unavailable", "spent once");

    // Access to one patient ends; access to the other stays.
    let account = world.portal("p2").await["accounts"][0]["account_id"].as_str().unwrap().to_owned();
    let end = json!({"reason": "representative_ended", "account_id": account});
    world.ehr("POST", "/v1/patients/p2/portal/revoke", Some(end)).await.expect(200);
    let mail = world.last_mail().await;
    assert_eq!(mail.get("to"), "marta.vale@example.com");
    let signed_in = world.sign_in("marta.vale", PASSWORD).await.expect_and(200).json();
    assert_eq!(signed_in["grants"], json!([{"patient_id": "p1", "relationship": "parent", "level": "full"}]));
}

#[tokio::test]
async fn a_login_of_another_practice_is_as_if_it_did_not_exist() {
    let world = World::new().await;
    world.registered("p1", "rosa.q").await;
    let put = |id: &str| format!("/v1/patients/{id}");
    world.staff(&world.other_keys.ehr, "PUT", &put("x1"), Some(World::chart())).await.expect(201);
    let invite = Some(mother(&json!({})));
    world.staff(&world.other_keys.ehr, "POST", "/v1/patients/x1/representatives", invite).await.expect(201);
    let token = world.last_mail().await.token();
    let (ticket, _) = ticket(&world, &token).await;
    let body = json!({"ticket": ticket, "username": "rosa.q", "password": PASSWORD});
    assert_eq!(world.post(&format!("/i/{token}/link"), body).await.expect_and(401).code(), "sign_in_failed");
}

#[tokio::test]
async fn a_representative_is_shown_less_by_staff_and_all_again() {
    let world = World::new().await;
    world.patient("p1", World::chart()).await;
    let session = registered_mother(&world, "p1").await;
    let account = world.portal("p1").await["accounts"][0]["account_id"].as_str().unwrap().to_owned();
    let path = format!("/v1/patients/p1/representatives/{account}");
    let portal = world.ehr("PUT", &path, Some(json!({"level": "limited"}))).await.expect_and(200).json();
    assert_eq!(portal["accounts"][0]["level"], "limited");
    assert_eq!(world.introspect(&session).await["grants"][0]["level"], "limited");
    let scheduling =
        world.staff(&world.keys.scheduling, "PUT", &path, Some(json!({"level": "limited"}))).await;
    scheduling.expect(403);
    world.ehr("PUT", &path, Some(json!({"level": "full"}))).await.expect(200);
    assert_eq!(world.introspect(&session).await["grants"][0]["level"], "full");
}

#[tokio::test]
async fn a_teenager_with_a_representatives_address_waits_and_staff_decide() {
    let world = World::new().await;
    let young = World::chart_with(json!({"birth_date": "2011-04-27", "email": "marta.vale@example.com"}));
    world.patient("p1", young).await;
    offer(&world, "p1", mother(&json!({}))).await.expect(201);
    let token = world.last_mail().await.token();
    let facts = json!({"as": "representative", "family_name": "quillfeather", "birth_date": "2011-04-27"});
    let proof = world.post(&format!("/i/{token}/verify"), facts).await.expect_and(200).str("/proof");
    let ticket = world.enter_code(&token, &proof).await.expect_and(200).str("/ticket");
    world.register(&token, &ticket, "marta.vale").await.expect(201);

    world.invite("p1", "email").await.expect(201);
    let token = world.last_mail().await.token();
    world.advance(120);
    let facts = json!({"as": "patient", "family_name": "quillfeather", "birth_date": "2011-04-27"});
    let proof = world.post(&format!("/i/{token}/verify"), facts).await.expect_and(200).str("/proof");
    let ticket = world.enter_code(&token, &proof).await.expect_and(200).str("/ticket");
    let held = world.register(&token, &ticket, "teen.q").await.expect_and(202).json();
    assert_eq!(held["reason"], "guardian_contact_conflict");
    let holds = world.ehr("GET", "/v1/holds", None).await.expect_and(200).json();
    let id = holds["holds"][0]["hold_id"].as_str().unwrap().to_owned();
    world.sign_in("teen.q", PASSWORD).await.expect(403);
    world.ehr("POST", &format!("/v1/holds/{id}/grant"), None).await.expect(200);
    world.sign_in("teen.q", PASSWORD).await.expect(200);
}

#[tokio::test]
async fn everything_that_is_missing_of_a_representative_is_reported_at_once() {
    let world = World::new().await;
    world.patient("p1", World::chart()).await;
    let answer = offer(&world, "p1", json!({"channel": "email"})).await.expect_and(400).json();
    let pointers: Vec<&str> =
        answer["errors"].as_array().unwrap().iter().filter_map(|e| e["pointer"].as_str()).collect();
    assert_eq!(pointers, ["/given_name", "/family_name", "/relationship", "/email"]);
    let own = offer(&world, "p1", mother(&json!({"relationship": "self"}))).await.expect_and(400).json();
    assert_eq!(own["errors"][0]["pointer"], "/relationship");
    world.patient("p2", World::chart_with(json!({"chart_status": "deceased"}))).await;
    assert_eq!(
        offer(&world, "p2", mother(&json!({}))).await.expect_and(422).json()["reasons"],
        json!(["deceased"])
    );
}

fn asking(change: &Value) -> Value {
    let mut body = json!({
        "given_name": "Marta", "family_name": "Vale", "relationship": "parent", "email": "marta.vale@example.com",
        "patient_given_name": "Rosa", "patient_family_name": "Quillfeather", "patient_birth_date": "04/27/1945",
        "message": "I care for my mother.",
    });
    body.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
    body
}

#[tokio::test]
async fn a_representative_asks_and_staff_let_them_in_or_refuse_and_the_answer_tells_nothing() {
    let world = World::new().await;
    world.patient("p1", World::chart()).await;
    let ask = async |body: Value| {
        let answer = world.post(&format!("/{}/ask-for-access", world.practice), body).await.expect_and(202);
        world.service.idle().await;
        answer.text
    };
    let known = ask(asking(&json!({}))).await;
    let nobody = ask(asking(&json!({"patient_family_name": "Nobody", "email": "x@example.com"}))).await;
    assert_eq!(known, nobody, "the same answer, whether the patient exists or not");
    assert!(world.mails().await.is_empty(), "nobody hears anything");
    let list =
        async || world.ehr("GET", "/v1/requests", None).await.expect_and(200).json()["requests"].clone();
    let requests = list().await;
    assert_eq!(requests.as_array().unwrap().len(), 2);
    assert_eq!(
        (&requests[0]["patient_id"], &requests[0]["message"]),
        (&json!("p1"), &json!("I care for my mother."))
    );
    assert_eq!(requests[1]["matches"], json!([]));
    let things = world.ehr("GET", "/v1/attention", None).await.json();
    assert_eq!(things["items"][0]["cause"], "representative_request");

    let path =
        |request: &Value, what: &str| format!("/v1/requests/{}/{what}", request["id"].as_str().unwrap());
    world.ehr("POST", &path(&requests[1], "refuse"), None).await.expect(200);
    world.ehr("POST", &path(&requests[1], "refuse"), None).await.expect(404);
    world.staff(&world.other_keys.ehr, "POST", &path(&requests[0], "refuse"), None).await.expect(404);
    let body = json!({"patient_id": "p1", "channel": "email", "authority": {"kind": "power_of_attorney", "until": "2028-01-01"}});
    let sent =
        world.ehr("POST", &path(&requests[0], "invite"), Some(body.clone())).await.expect_and(201).json();
    assert_eq!(
        (&sent["kind"], &sent["sent_to"]),
        (&json!("representative"), &json!("marta.vale@example.com"))
    );
    world.ehr("POST", &path(&requests[0], "invite"), Some(body)).await.expect(404);
    assert_eq!(list().await, json!([]));
    let token = world.last_mail().await.token();
    let (ticket, _) = ticket_by(&world, &token, "email").await;
    let body = json!({"ticket": ticket, "username": "marta.vale", "password": PASSWORD, "accept_terms": true,
        "given_name": "Marta", "family_name": "Vale", "relationship": "parent", "email": "marta.vale@example.com"});
    world.post(&format!("/i/{token}/register"), body).await.expect(201);
    assert_eq!(world.portal("p1").await["accounts"][0]["authority"]["until"], "2028-01-01");
}

/// As [`ticket`], with the code by another channel.
async fn ticket_by(world: &World, token: &str, channel: &str) -> (String, Mail) {
    let facts = json!({"as": "representative", "family_name": "quillfeather", "birth_date": "04/27/1945"});
    let proof = world.post(&format!("/i/{token}/verify"), facts).await.expect_and(200).str("/proof");
    world.post(&format!("/i/{token}/codes"), json!({"proof": proof, "channel": channel})).await.expect(202);
    let code = world.last_mail().await;
    let check = json!({"proof": proof, "code": code.code()});
    (world.post(&format!("/i/{token}/codes/check"), check).await.expect_and(200).str("/ticket"), code)
}

#[tokio::test]
async fn the_page_that_asks_names_what_is_missing_and_staff_answer_on_theirs() {
    let world = World::new().await;
    world.patient("p1", World::chart()).await;
    let path = format!("/{}/ask-for-access", world.practice);
    assert!(world.page(&path).await.expect_and(200).text.contains("Ask for access for a person you help"));
    let browser = Browser::new(&world);
    let faulty = browser.send(&path, &[("given_name", "Marta"), ("patient_birth_date", "soon")]).await;
    let faulty = faulty.expect_and(200).text;
    for sentence in ["Give an email address or a cell phone.", "Choose your relationship to the patient."] {
        assert!(faulty.contains(sentence), "{sentence}: {faulty}");
    }
    assert!(faulty.contains("value=\"Marta\""), "what was typed stays");
    let all = [
        ("given_name", "Marta"),
        ("family_name", "Vale"),
        ("mobile_phone", "202-555-0177"),
        ("relationship", "guardian"),
        ("patient_given_name", "Rosa"),
        ("patient_family_name", "Quillfeather"),
        ("patient_birth_date", "4/27/1945"),
    ];
    let sent = world.form(&path, &all).await.expect_and(303);
    assert!(
        world
            .page(sent.header("location"))
            .await
            .expect_and(200)
            .text
            .contains("Our office has your request")
    );
    world.service.idle().await;

    let window = world.window(&world.keys.scheduling).await;
    let today = window.page("/console").await.expect_and(200).text;
    assert!(today.contains("Somebody asks for access"), "{today}");
    let page = window.page("/console/requests").await.expect_and(200).text;
    assert!(
        page.contains("Marta Vale, guardian asks for access") && page.contains("same name and birth date"),
        "{page}"
    );
    let id = page.split("/console/requests/").nth(1).unwrap().split('/').next().unwrap().to_owned();
    let invite = format!("/console/requests/{id}/invite");
    let unchecked = [("patient_id", "p1"), ("kind", "guardian"), ("channel", "sms")];
    assert!(window.act(&invite, &unchecked).await.text.contains("Check who this is first"));
    let checked = [("patient_id", "p1"), ("kind", "guardian"), ("channel", "sms"), ("checked", "yes")];
    let done = window.act(&invite, &checked).await.text;
    assert!(
        done.contains("on its way to (202) 555-0177") && done.contains("Nobody asks for access"),
        "{done}"
    );
}

#[tokio::test]
async fn staff_add_a_contact_of_the_chart_as_a_representative_and_renew_the_right_to_act() {
    let world = World::new().await;
    let mother = json!({"given_name": "Marta", "family_name": "Quillfeather", "relationship": "Mother",
        "email": "marta@example.com", "phone": "+12025550188"});
    world.patient("p1", World::chart_with(json!({"birth_date": "2016-04-27", "contacts": [mother]}))).await;
    let window = world.window(&world.keys.ehr).await;
    let at = "/console/patients/p1/representatives";
    let form = window.page(at).await.expect_and(200).text;
    assert!(
        form.contains("Marta Quillfeather, mother") && form.contains("Access changes by itself"),
        "{form}"
    );
    let form = window.page(&format!("{at}?contact=0")).await.expect_and(200).text;
    assert!(
        form.contains("value=\"marta@example.com\"") && form.contains("value=\"parent\" selected"),
        "{form}"
    );

    let typed = [
        ("given_name", "Marta"),
        ("family_name", "Quillfeather"),
        ("relationship", "parent"),
        ("email", "marta at example"),
        ("level", "full"),
        ("kind", "parent"),
        ("until", ""),
    ];
    let page = window.send(at, &typed).await.expect_and(400).text;
    assert!(
        page.contains("tick the box") && page.contains("Email: ") && page.contains("marta at example"),
        "{page}"
    );
    let mut typed = typed.to_vec();
    typed[3].1 = "marta@example.com";
    typed.push(("checked", "yes"));
    let page = window.act(at, &typed).await.text;
    assert!(page.contains("A link is on its way to marta@example.com"), "{page}");

    let token = world.last_mail().await.token();
    let facts = json!({"as": "representative", "family_name": "quillfeather", "birth_date": "04/27/2016"});
    let proof = world.post(&format!("/i/{token}/verify"), facts).await.expect_and(200).str("/proof");
    let ticket = world.enter_code(&token, &proof).await.expect_and(200).str("/ticket");
    world.register(&token, &ticket, "marta.q").await.expect(201);
    let page = window.page("/console/patients/p1").await.expect_and(200).text;
    let link = page.split("/representatives/").nth(1).unwrap().split('"').next().unwrap().to_owned();
    let authority = format!("/console/patients/p1/representatives/{link}");
    let form = window.page(&authority).await.expect_and(200).text;
    assert!(form.contains("By what right does Marta Quillfeather act?"), "{form}");
    let past = [("kind", "guardian"), ("until", "2020-01-01"), ("checked", "yes")];
    assert!(window.send(&authority, &past).await.expect_and(400).text.contains("There is a problem"));
    let renewed =
        [("kind", "guardian"), ("reference", "court 12/7"), ("until", "2027-03-01"), ("checked", "yes")];
    let page = window.act(&authority, &renewed).await.text;
    assert!(page.contains("Recorded.") && page.contains("guardian until 2027-03-01"), "{page}");
}

#[tokio::test]
async fn a_representative_confirms_an_address_of_their_own_at_once_and_can_get_in_again_alone() {
    let world = World::new().await;
    world.patient("p1", World::chart()).await;
    world.invite("p1", "email").await.expect(201);
    let token = world.last_mail().await.token();
    let facts = json!({"as": "representative", "family_name": "Quillfeather", "birth_date": "1945-04-27"});
    let proof = world.post(&format!("/i/{token}/verify"), facts).await.expect_and(200).str("/proof");
    let ticket = world.enter_code(&token, &proof).await.expect_and(200).str("/ticket");
    let body = json!({
        "ticket": ticket, "username": "marta.vale", "password": PASSWORD, "accept_terms": true,
        "relationship": "spouse", "given_name": "Marta", "family_name": "Vale", "email": "marta.vale@example.com",
    });
    let registered = world.post(&format!("/i/{token}/register"), body).await.expect_and(201);
    let code = world.last_mail_to("marta.vale@example.com").await.code();
    let told = world.last_mail_to("rosa.quillfeather@example.com").await;
    assert!(
        told.get("subject").contains("registered to help"),
        "the patient hears of it: {}",
        told.get("subject")
    );
    // What was only typed opens nothing.
    let before = world.mails().await.len();
    world.forgot_password("marta.vale").await.expect(202);
    assert!(world.mails().await[before..].iter().all(|mail| mail.get("to") != "marta.vale@example.com"));

    let request = world.request("POST", "/riverside/account/email");
    let confirm = request.bearer_auth(registered.str("/session_token")).json(&json!({"code": code}));
    world.send(confirm).await.expect(200);
    let welcome = world.last_mail_to("marta.vale@example.com").await;
    assert!(welcome.get("text").contains("marta.vale"), "with the user name: {}", welcome.get("text"));
    world.forgot_password("marta.vale").await.expect(202);
    assert!(world.last_mail_to("marta.vale@example.com").await.get("text").contains("/r/"));
}

#[tokio::test]
async fn one_invitation_of_a_representative_is_taken_back_while_the_others_stay() {
    let world = World::new().await;
    world.invited("p1").await;
    let (mother, father) =
        (mother(&json!({})), mother(&json!({"given_name": "Luis", "email": "luis@example.com"})));
    let first = offer(&world, "p1", mother).await.expect_and(201).str("/invitation_id");
    let link = world.last_mail().await.token();
    let second = offer(&world, "p1", father).await.expect_and(201).str("/invitation_id");
    let other = world.last_mail().await.token();
    let path = |id: &str| format!("/v1/patients/p1/invitations/{id}");
    world.staff(&world.other_keys.ehr, "DELETE", &path(&first), None).await.expect(404);
    world.ehr("DELETE", &path(&first), None).await.expect(200);
    world.ehr("DELETE", &path(&first), None).await.expect(404);
    world.get(&format!("/i/{link}")).await.expect(410);
    world.get(&format!("/i/{other}")).await.expect(200);
    assert_eq!(world.portal("p1").await["status"], "invited", "the patient's own stays");
    let window = world.window(&world.keys.ehr).await;
    let page = window.page("/console/patients/p1").await.expect_and(200).text;
    let button = format!("/console/patients/p1/invitations/{second}/cancel");
    assert!(page.contains(&button), "{page}");
    let page = window.act(&button, &[]).await.text;
    assert!(page.contains("That link no longer works; the others do.") && !page.contains(&button), "{page}");
    world.get(&format!("/i/{other}")).await.expect(410);
    // The patient's own can be named, too.
    let own = world.portal("p1").await["invitation"]["invitation_id"].as_str().unwrap().to_owned();
    world.ehr("DELETE", &path(&own), None).await.expect(200);
    assert_eq!(world.portal("p1").await["status"], "uninvited");
}
