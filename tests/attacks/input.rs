//! Bad input: spoilt bodies, bad fields, markup, repeated requests, missing or wrong keys, forms of other sites.

use std::collections::BTreeSet;

use std::io::{Read, Write};
use std::net::TcpStream;

use futures_util::future::join_all;
use portico_domain::time::{Clock, Timestamp};
use portico_local::Fault;
use portico_testkit::{Answer, Browser, PASSWORD, World};
use reqwest::RequestBuilder;
use serde_json::{Value, json};

use super::{check_code, proof_and_code, seen, send_code, table};

/// A call with a valid body, which the tests spoil in every way.
struct Target {
    method: &'static str,
    path: String,
    key: Option<String>,
    good: Value,
}

impl Target {
    fn request(&self, world: &World, kind: &str, body: Vec<u8>) -> RequestBuilder {
        let request = world.request(self.method, &self.path).header("content-type", kind).body(body);
        match &self.key {
            Some(key) => request.bearer_auth(key).header("portico-actor", "dr.lee"),
            None => request,
        }
    }

    /// The valid body with one member changed.
    fn with(&self, name: &str, value: Value) -> String {
        let mut body = self.good.clone();
        body[name] = value;
        body.to_string()
    }

    /// Bodies that the service must refuse, each with a name for the failure message.
    fn spoilt(&self) -> Vec<(String, Vec<u8>)> {
        let good = self.good.to_string();
        let open = good.trim_end_matches('}').to_owned();
        let comma = if self.good.as_object().unwrap().is_empty() { "" } else { "," };
        let mut all: Vec<(String, String)> = vec![
            ("an empty body".into(), String::new()),
            ("null".into(), "null".into()),
            ("a string".into(), "\"x\"".into()),
            ("an empty list".into(), "[]".into()),
            ("a list with the object".into(), format!("[{good}]")),
            ("cut off".into(), open.clone()),
            ("something after it".into(), format!("{good}{good}")),
            ("a comment".into(), format!("{good}//")),
            ("a trailing comma".into(), format!("{open},}}")),
            ("deep".into(), "[".repeat(20_000)),
            ("deep objects".into(), "{\"a\":".repeat(5_000)),
            ("a lone surrogate".into(), format!("{open}{comma}\"\\ud800\":1}}")),
        ];
        for name in ["verified", "practice", "patient_id", "role", "tenant_id", "__proto__", "is_admin", ""] {
            all.push((format!("unknown field {name:?}"), format!("{open}{comma}\"{name}\":true}}")));
        }
        for (name, value) in self.good.as_object().unwrap() {
            let twice = format!("{open},\"{name}\":{value}}}");
            all.push((format!("{name} twice"), twice));
            let escaped = format!("{open},\"\\u00{:02x}{}\":{value}}}", name.as_bytes()[0], &name[1..]);
            all.push((format!("{name} twice, once escaped"), escaped));
            all.push((format!("{name} in a list"), self.with(name, json!([value]))));
            all.push((format!("{name} in an object"), self.with(name, json!({"value": value}))));
            all.push((format!("{name} deep"), {
                let deep = format!("{}{}", "[".repeat(3_000), "]".repeat(3_000));
                self.with(name, json!("DEEP")).replace("\"DEEP\"", &deep)
            }));
            if let Some(text) = value.as_str() {
                all.push((format!("{name} a number"), self.with(name, json!(7))));
                all.push((format!("{name} true"), self.with(name, json!(true))));
                // Some readers take an object for a word of a list: {"email": null}.
                all.push((format!("{name} an object of itself"), self.with(name, json!({text: null}))));
                all.push((
                    format!("{name} with half a character"),
                    self.with(name, json!("HALF")).replace("HALF", "x\\ud800"),
                ));
            } else if value.is_boolean() {
                all.push((format!("{name} a number"), self.with(name, json!(1))));
                all.push((format!("{name} an object"), self.with(name, json!({}))));
            }
        }
        // A list of all values in order, also padded: some readers take a list for an object.
        let values: Vec<Value> = self.good.as_object().unwrap().values().cloned().collect();
        for padding in 0..12 {
            let mut list = values.clone();
            list.extend(vec![Value::Null; padding]);
            all.push((format!("a list of the values and {padding} nulls"), json!(list).to_string()));
        }
        let mut all: Vec<(String, Vec<u8>)> =
            all.into_iter().map(|(name, body)| (name, body.into_bytes())).collect();
        let mut broken = open.clone().into_bytes();
        broken.extend(format!("{comma}\"x\":\"").into_bytes());
        broken.extend([0xff, 0xfe]);
        broken.extend(b"\"}");
        all.push(("not UTF-8".into(), broken));
        all.push(("UTF-16".into(), good.encode_utf16().flat_map(u16::to_le_bytes).collect()));
        all
    }
}

/// Every path that takes JSON. Prepares what the valid bodies need: patients, a link with proof and ticket, a
/// reset link, a session.
async fn targets(world: &World) -> Vec<Target> {
    let session = world.registered("p0", "rosa.q").await;
    let reset = world.reset_token("rosa.q").await;
    let reset_ticket = world.reset_ticket(&reset).await;
    let link = world.invited("p1").await;
    let ticket = world.ticket(&link).await;
    world.advance(61);
    let (proof, code) = proof_and_code(world, &link).await;
    world.patient("p2", World::chart_with(json!({"given_name": "Second"}))).await;
    let staff = |method, path: &str, good| Target {
        method,
        path: path.to_owned(),
        key: Some(world.keys.ehr.clone()),
        good,
    };
    let public = |path: String, good| Target { method: "POST", path, key: None, good };
    let known = json!({
        "email": "rosa.quillfeather@example.com", "family_name": "Quillfeather", "birth_date": "04/27/1945",
        "postal_code": "02139",
    });
    let mut list = vec![
        staff("PUT", "/v1/patients/p9", {
            let mut chart = World::chart_with(json!({"chart_status": "active", "sms_consent": true}));
            chart["given_name"] = json!("Ninth");
            chart
        }),
        staff(
            "POST",
            "/v1/patients",
            json!({
                "given_name": "Quick", "family_name": "Add", "birth_date": "1990-01-01", "activate_portal": true,
                "channel": "email", "email": "quick@example.com", "mobile_phone": "+12025550144", "allow_duplicate": true,
            }),
        ),
        staff("POST", "/v1/patients/p2/invitations", json!({"channel": "email"})),
        staff(
            "POST",
            "/v1/patients/p2/invitations",
            json!({"channel": "email", "override": {"reason": "said so"}}),
        ),
        staff("POST", "/v1/patients/p0/portal/revoke", json!({"reason": "other", "note": "a note"})),
        staff("PUT", "/v1/patients/p2/portal/access", json!({"enabled": false})),
        staff("POST", "/v1/patients/p2/portal/decline", json!({"reason": "no"})),
        staff(
            "PUT",
            "/v1/settings",
            json!({"name": "Other", "link_hours": 24, "registration_check": "link_only"}),
        ),
        public(format!("/{}/sign-in", world.practice), json!({"username": "rosa.q", "password": PASSWORD})),
        public(
            format!("/i/{link}/verify"),
            json!({"as": "patient", "family_name": "quillfeather", "birth_date": "04/27/1945"}),
        ),
        public(format!("/i/{link}/codes"), json!({"proof": proof, "channel": "sms"})),
        public(format!("/i/{link}/codes/check"), json!({"proof": proof, "code": code})),
        public(
            format!("/i/{link}/register"),
            json!({"ticket": ticket, "username": "new.one", "password": PASSWORD, "accept_terms": true}),
        ),
        public(format!("/{}/sign-up", world.practice), known.clone()),
        public(format!("/{}/forgot-password", world.practice), json!({"username": "rosa.q"})),
        public(format!("/{}/forgot-password", world.practice), known),
        public(
            format!("/{}/forgot-username", world.practice),
            json!({"email": "rosa.quillfeather@example.com"}),
        ),
        public(format!("/i/{link}/not-me"), json!({"confirm": "yes"})),
        public(format!("/r/{reset}/codes"), json!({"channel": "voice"})),
        public(format!("/r/{reset}/codes/check"), json!({"code": "123456"})),
        public(format!("/r/{reset}/answer"), json!({"birth_date": "04/27/1945", "answer": "plum"})),
        public(format!("/r/{reset}/answer"), json!({"birth_date": "04/27/1945", "access_code": "12345678"})),
        public(
            format!("/r/{reset}/password"),
            json!({"ticket": reset_ticket, "password": "quince ladder eleven"}),
        ),
    ];
    for (path, good) in [
        ("/v1/sessions/introspect", json!({"session_token": session})),
        ("/v1/sessions/exchange", json!({"code": session})),
    ] {
        let key = Some(world.keys.portal.clone());
        list.push(Target { method: "POST", path: path.to_owned(), key, good });
    }
    list
}

#[tokio::test]
async fn a_spoilt_body_is_a_400_413_or_415_and_changes_and_sends_nothing() {
    let world = World::new().await;
    let targets = targets(&world).await;
    let before = table(&world).await;
    let mails = world.mails().await.len();
    let mut wrong = Vec::new();
    for target in &targets {
        let mut tries: Vec<(String, u16, RequestBuilder)> = Vec::new();
        for (name, body) in target.spoilt() {
            let optional =
                ["decline", "not-me"].iter().any(|end| target.path.ends_with(end)) && body.is_empty();
            // These two calls may have no body.
            if !optional {
                tries.push((name, 400, target.request(&world, "application/json", body)));
            }
        }
        let good = target.good.to_string().into_bytes();
        let huge =
            target.with(target.good.as_object().unwrap().keys().next().unwrap(), json!("A".repeat(1 << 20)));
        tries.push(("a megabyte".into(), 413, target.request(&world, "application/json", huge.into_bytes())));
        for kind in ["text/plain", "text/json", "application/xml", "multipart/form-data; boundary=x", "json"]
        {
            tries.push((kind.into(), 415, target.request(&world, kind, good.clone())));
        }
        for (count, (name, status, request)) in tries.into_iter().enumerate() {
            if count % 25 == 24 {
                world.advance(1);
            }
            let answer = world.send(request).await;
            let problem = answer.header("content-type").starts_with("application/problem+json");
            if answer.status != status || !problem {
                let text: String = answer.text.chars().take(150).collect();
                wrong.push(format!("{} {}: {name}: {} {text}", target.method, target.path, answer.status));
            }
        }
        // Keeps the pace of a client that stays within its limits.
        world.advance(30);
    }
    assert!(wrong.is_empty(), "{} of them:\n{}", wrong.len(), wrong.join("\n"));
    assert_eq!(world.mails().await.len(), mails);
    let after = table(&world).await;
    assert_eq!(after, before);
}

#[tokio::test]
async fn bad_dates_names_addresses_and_control_characters_are_kept_out_and_named_by_field() {
    let world = World::new().await;
    let bad = [
        ("birth_date", json!("02/29/2023")),
        ("birth_date", json!("1899-12-31")),
        ("birth_date", json!("2199-01-01")),
        ("birth_date", json!("04/27/45")),
        ("birth_date", json!("1945-04-27\u{0}")),
        ("given_name", json!("Ro\u{0}sa")),
        ("given_name", json!("Rosa\r\nBcc: evil@example.com")),
        ("family_name", json!("\u{1b}[31mRed")),
        ("family_name", json!("x".repeat(101))),
        ("family_name", json!("   ")),
        ("email", json!("rosa@example.com\r\nBcc: evil@example.com")),
        ("email", json!("rosa@example.com,evil@example.com")),
        ("email", json!("rоsa@example.com")),
        ("email", json!("rosa@exämple.com")),
        ("email", json!(format!("{}@example.com", "a".repeat(320)))),
        ("email", json!("\"<script>\"@example.com")),
        ("postal_code", json!("0213")),
        ("postal_code", json!("02139\u{0}")),
        ("address_line", json!("1 Main St\u{0}")),
        ("city", json!("Bos\nton")),
        ("provider", json!("Dr\u{7}")),
        ("language", json!("en\r\nSet-Cookie: x=1")),
        ("language", json!("e")),
        ("chart_status", json!("gone")),
        ("tags", json!(["a\nb"])),
        ("visits", json!([["v1", "2020-01-01", null]])),
        ("visits", json!([{"id": "v1", "date": "2020-02-30"}])),
        ("visits", json!([{"id": "v\n1", "date": "2020-02-20"}])),
        ("contacts", json!([{"given_name": "A", "family_name": "B\u{0}", "relationship": "parent"}])),
    ];
    let mut wrong = Vec::new();
    let needed = ["birth_date", "given_name", "family_name"];
    // Somebody new needs names and a birth date, and an array in place of an object is no chart at all.
    let refused = bad.iter().filter(|(field, value)| {
        (needed.contains(field) && value != "   ") || value.pointer("/0/0").is_some()
    });
    for (field, value) in refused {
        let chart = World::chart_with(json!({*field: value}));
        let answer = world.ehr("PUT", "/v1/patients/p1", Some(chart)).await;
        if answer.status != 400 || !answer.text.contains(&format!("\"/{field}")) {
            wrong.push(format!("{field} {value}: {} {}", answer.status, answer.text));
        }
    }
    if world.items().await.contains("\"PATIENT#") {
        wrong.push("a refused chart was kept".to_owned());
    }
    // For a patient who is known, each of them leaves what the chart had.
    let known = World::chart_with(json!({
        "address_line": "1 Main St", "city": "Boston", "provider": "Dr. Ames", "language": "es",
        "visits": [{"id": "v1", "date": "2020-01-01"}],
        "contacts": [{"given_name": "A", "family_name": "B", "relationship": "parent"}],
    }));
    world.patient("known", known.clone()).await;
    let before = world.ehr("GET", "/v1/patients/known", None).await.json();
    for (field, value) in &bad {
        // Keeps the pace of a client that stays within its limits.
        world.advance(30);
        let mut chart = known.clone();
        chart[*field] = value.clone();
        let answer = world.ehr("PUT", "/v1/patients/known", Some(chart)).await;
        if value.pointer("/0/0").is_some() {
            answer.expect(400);
            continue;
        }
        let warned = answer.status == 200
            && answer.json()["warnings"][0]["pointer"]
                .as_str()
                .unwrap_or_default()
                .starts_with(&format!("/{field}"));
        let after = world.ehr("GET", "/v1/patients/known", None).await.json();
        if !warned || after[*field] != before[*field] {
            wrong.push(format!("{field} {value}: {} {}", answer.status, answer.text));
        }
    }
    for id in ["a%20b", "a%2fb", "%00", "a%0d%0ab", &"a".repeat(65), "é", "a%23b"] {
        let answer = world.ehr("PUT", &format!("/v1/patients/{id}"), Some(World::chart())).await;
        if !matches!(answer.status, 400 | 404) {
            wrong.push(format!("id {id}: {} {}", answer.status, answer.text));
        }
    }
    world.advance(60);
    // A premium-rate or foreign number is kept as text, and no text is sent to it.
    for phone in ["+1 900 555 0123", "+44 20 7946 0958", "+1 876 555 0123"] {
        world.patient("p1", World::chart_with(json!({"mobile_phone": phone}))).await;
        let refused = world.invite("p1", "sms").await.expect_and(422);
        assert_eq!(refused.json()["reasons"], json!(["missing_mobile_phone"]), "{phone}");
    }
    assert!(world.mails().await.is_empty());
    // Notes are free text, but may not contain characters that nobody can type.
    world.patient("p1", World::chart()).await;
    for (path, body) in [
        ("portal/revoke", json!({"reason": "other", "note": "a\u{0}b"})),
        ("portal/decline", json!({"reason": "a\u{0}b"})),
        ("invitations", json!({"channel": "email", "override": {"reason": "a\u{0}b"}})),
    ] {
        let answer = world.ehr("POST", &format!("/v1/patients/p1/{path}"), Some(body)).await;
        if answer.status != 400 {
            wrong.push(format!("{path} with NUL: {}", answer.status));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[tokio::test]
async fn markup_in_names_is_text_in_every_mail_and_page() {
    let world = World::new().await;
    let evil = "<script>alert(1)</script>";
    world.settings(json!({"name": "A & B <i>\"Clinic\"</i>"})).await;
    let chart =
        World::chart_with(json!({"given_name": evil, "family_name": format!("{evil}\"'><img src=x>")}));
    world.patient("p1", chart).await;
    world.invite("p1", "email").await.expect(201);
    let token = world.last_mail().await.token();
    let mut pages = vec![
        world.page(&format!("/i/{token}")).await,
        world.page(&format!("/i/{token}?lang=%22%3E%3Cscript%3Ealert(1)%3C/script%3E")).await,
        world.page("/i/%22%3E%3Cscript%3Ealert(1)%3C%2Fscript%3E").await,
        world.page("/%3Cscript%3Ealert(1)%3C%2Fscript%3E").await,
        world.page(&format!("/{}?note=%3Cscript%3E&lang=en%0d%0aSet-Cookie:a=b", world.practice)).await,
        world
            .form(
                &format!("/{}/sign-in", world.practice),
                &[("username", "\"><script>alert(1)</script>"), ("password", "x")],
            )
            .await,
        Browser::new(&world)
            .send(
                &format!("/i/{token}/verify"),
                &[
                    ("as", "patient"),
                    ("family_name", "\"><script>alert(1)</script>"),
                    ("birth_date", "<script>"),
                ],
            )
            .await,
    ];
    let evil_name = format!("{evil}img src x");
    let stated = json!({"as": "patient", "family_name": evil_name, "birth_date": "1945-04-27"});
    let proof = world.post(&format!("/i/{token}/verify"), stated).await.expect_and(200).str("/proof");
    send_code(&world, &token, &proof).await.expect(202);
    let code = world.last_mail().await.code();
    let ticket = check_code(&world, &token, &proof, &code).await.expect_and(200).str("/ticket");
    let again =
        [("ticket", ticket.as_str()), ("username", "\"><script>alert(1)</script>"), ("password", "short")];
    let browser = Browser::new(&world);
    let facts = [
        ("as", "patient"),
        ("family_name", evil_name.as_str()),
        ("birth_month", "4"),
        ("birth_day", "27"),
        ("birth_year", "1945"),
    ];
    pages.push(browser.send(&format!("/i/{token}/verify"), &facts).await);
    pages.push(browser.send(&format!("/i/{token}/register"), &again).await);
    let session = world.register(&token, &ticket, "rosa.q").await.expect_and(201).str("/session_token");
    let account = world.request("GET", &format!("/{}/account?welcome=%3Cscript%3E", world.practice));
    pages.push(world.send(account.header("accept", "text/html").bearer_auth(session)).await.expect_and(200));
    for page in &pages {
        assert!(!page.text.contains("<script>alert") && !page.text.contains("<img src=x"), "{}", page.text);
        assert!(page.header("set-cookie").is_empty() && !page.text.contains("<i>\"Clinic"));
        let policy = page.header("content-security-policy");
        assert!(policy.contains("default-src 'none'") && !policy.contains("script-src"), "{policy}");
    }
    for mail in world.mails().await {
        let html = mail.get("html");
        assert!(!html.contains("<script>") && !html.contains("<i>\"Clinic") && !html.contains("<img src=x"));
        assert!(!mail.get("subject").contains("script"), "no subject holds a patient's data");
        assert!(!mail.get("from").contains(['\r', '\n']));
    }
}

// --- idempotency ---

async fn once(world: &World, client: &str, key: &str, path: &str, body: &Value) -> Answer {
    let request = world.request("POST", path).bearer_auth(client).header("portico-actor", "dr.lee");
    world.send(request.header("idempotency-key", key).json(body)).await
}

#[tokio::test]
async fn the_same_idempotency_key_has_one_effect_and_one_answer_for_a_day() {
    let world = World::new().await;
    world.patient("p1", World::chart()).await;
    let path = "/v1/patients/p1/invitations";
    let body = json!({"channel": "email"});
    let ehr = &world.keys.ehr;
    let first = once(&world, ehr, "k1", path, &body).await.expect_and(201);
    let second = once(&world, ehr, "k1", path, &body).await.expect_and(201);
    assert_eq!(first.str("/invitation_id"), second.str("/invitation_id"));
    assert_eq!(world.mails().await.len(), 1);
    let other = once(&world, ehr, "k1", path, &json!({"channel": "sms"})).await.expect_and(422);
    assert_eq!(other.code(), "idempotency_mismatch");
    world.patient("p2", World::chart()).await;
    let elsewhere = once(&world, ehr, "k1", "/v1/patients/p2/invitations", &body).await.expect_and(422);
    assert_eq!(elsewhere.code(), "idempotency_mismatch");
    // The same key sent by another client or another practice is a separate key.
    let theirs = once(&world, &world.keys.scheduling, "k1", path, &body).await.expect_and(201);
    assert_ne!(first.str("/invitation_id"), theirs.str("/invitation_id"));
    once(&world, &world.other_keys.ehr, "k1", path, &body).await.expect(404);
    world.advance(86_400);
    let later = once(&world, ehr, "k1", path, &body).await.expect_and(201);
    assert_ne!(first.str("/invitation_id"), later.str("/invitation_id"));
    for bad in ["", &"k".repeat(129)] {
        once(&world, ehr, bad, path, &body).await.expect(400);
    }
}

#[tokio::test]
async fn quick_add_and_revoke_happen_once_with_one_idempotency_key() {
    let world = World::new().await;
    let ehr = &world.keys.ehr;
    let add = json!({
        "given_name": "Quick", "family_name": "Add", "birth_date": "1990-01-01", "activate_portal": true,
        "channel": "email", "email": "quick@example.com",
    });
    let first = once(&world, ehr, "add", "/v1/patients", &add).await.expect_and(201);
    let second = once(&world, ehr, "add", "/v1/patients", &add).await.expect_and(201);
    for pointer in ["/patient/patient_id", "/invitation/invitation_id"] {
        assert!(!first.str(pointer).is_empty(), "{pointer}: {}", first.text);
        assert_eq!(first.str(pointer), second.str(pointer));
    }
    let mut other = add.clone();
    other["given_name"] = json!("Slow");
    once(&world, ehr, "add", "/v1/patients", &other).await.expect(422);
    assert_eq!(world.mails().await.len(), 1);

    world.registered("p1", "rosa.q").await;
    let path = "/v1/patients/p1/portal/revoke";
    let revoke = json!({"reason": "other"});
    once(&world, ehr, "gone", path, &revoke).await.expect(200);
    let sent = world.mails().await.len();
    // Access is given back in between. The repeated request doesn't revoke it again.
    world.invite("p1", "email").await.expect(201);
    let repeated = once(&world, ehr, "gone", path, &revoke).await.expect_and(200);
    assert_ne!(repeated.str("/status"), "revoked");
    once(&world, ehr, "gone", path, &json!({"reason": "compromised"})).await.expect(422);
    assert_eq!(world.portal("p1").await["status"], "active");
    assert_eq!(world.mails().await.len(), sent + 1);
}

#[tokio::test]
async fn the_same_idempotency_key_many_times_at_once_has_one_effect() {
    let world = World::new().await;
    world.patient("p1", World::chart()).await;
    let body = json!({"channel": "email"});
    let calls = (0..20).map(|_| once(&world, &world.keys.ehr, "k1", "/v1/patients/p1/invitations", &body));
    let answers = join_all(calls).await;
    let ids: BTreeSet<String> =
        answers.iter().filter(|a| a.status == 201).map(|a| a.str("/invitation_id")).collect();
    assert_eq!(ids.len(), 1, "{answers:?}");
    for answer in answers.iter().filter(|answer| answer.status != 201) {
        assert!(
            matches!((answer.status, answer.code().as_str()), (409, "idempotency_in_progress")),
            "{answer:?}"
        );
    }
    let add =
        json!({"given_name": "Q", "family_name": "A", "birth_date": "1990-01-01", "activate_portal": false});
    world.advance(1);
    let calls = (0..20).map(|_| once(&world, &world.keys.ehr, "k2", "/v1/patients", &add));
    let answers = join_all(calls).await;
    let ids: BTreeSet<String> =
        answers.iter().filter(|a| a.status == 201).map(|a| a.str("/patient/patient_id")).collect();
    assert_eq!(ids.len(), 1, "{answers:?}");
    let items = world.items().await;
    let patients = items.lines().filter(|line| line.contains("\"sk\":{\"S\":\"PATIENT\"}")).count();
    assert_eq!(patients, 2);
    assert_eq!(world.mails().await.len(), 1);
    assert_eq!(world.portal("p1").await["invitations"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn a_proposed_change_decided_on_twice_at_once_is_decided_once() {
    let world = World::with_faults().await;
    let session = world.registered("p1", "rosa.q").await;
    let proposal = json!({"patient_id": "p1", "changes": {"city": "Springfield"}});
    let path = format!("/{}/account/demographics", world.practice);
    let proposed = world.request("POST", &path).bearer_auth(&session).json(&proposal);
    let id = world.send(proposed).await.expect_and(202).str("/change_id");
    let accept = format!("/v1/demographic-changes/{id}/accept");
    world.service.idle().await;
    // The other call with the same key is at work all the time.
    world.service.faults.as_ref().unwrap().next("TransactWriteItems", Fault::Conflict, 6);
    let refused = once(&world, &world.keys.ehr, "decide", &accept, &json!({})).await.expect_and(409);
    assert_eq!(refused.code(), "idempotency_in_progress");
    once(&world, &world.keys.ehr, "decide", &accept, &json!({})).await.expect(200);
    once(&world, &world.keys.ehr, "decide", &accept, &json!({})).await.expect(200);
}

// --- who calls ---

/// Calls that change something.
fn changes() -> Vec<(&'static str, &'static str, Value)> {
    vec![
        ("PUT", "/v1/patients/p1", World::chart_with(json!({"city": "Boston"}))),
        (
            "POST",
            "/v1/patients",
            json!({"given_name": "Q", "family_name": "A", "birth_date": "1990-01-01", "activate_portal": false}),
        ),
        ("POST", "/v1/patients/p1/invitations", json!({"channel": "email"})),
        ("DELETE", "/v1/patients/p1/invitations/current", Value::Null),
        ("POST", "/v1/patients/p1/portal/revoke", json!({"reason": "other"})),
        ("PUT", "/v1/patients/p1/portal/access", json!({"enabled": false})),
        ("POST", "/v1/patients/p1/portal/decline", json!({})),
        ("PUT", "/v1/settings", json!({"link_hours": 5})),
    ]
}

#[tokio::test]
async fn a_change_without_a_good_actor_is_a_400_and_changes_nothing() {
    let world = World::new().await;
    world.patient("p1", World::chart()).await;
    world.invite("p1", "email").await.expect(201);
    let before = table(&world).await;
    let long = "a".repeat(65);
    for (method, path, body) in changes() {
        for actor in [None, Some(""), Some("dr\tlee"), Some(long.as_str()), Some("d\u{e9}")] {
            let mut request = world.request(method, path).bearer_auth(&world.keys.ehr);
            if let Some(actor) = actor {
                request = request.header("portico-actor", actor);
            }
            let answer = world.send(if body.is_null() { request } else { request.json(&body) }).await;
            assert_eq!(answer.status, 400, "{method} {path} {actor:?}: {}", answer.text);
        }
        world.advance(1);
    }
    let import = world.request("POST", "/v1/patients/import").bearer_auth(&world.keys.ehr);
    let import = import.header("content-type", "application/fhir+ndjson").body("{}");
    world.send(import).await.expect(400);
    assert_eq!(table(&world).await, before);
}

#[tokio::test]
async fn a_header_that_cant_be_read_is_refused_and_not_passed_over() {
    let world = World::new().await;
    world.patient("p1", World::chart()).await;
    let call = |method, path| world.request(method, path).bearer_auth(&world.keys.ehr);
    for unreadable in ["d\u{e9}", "dr\tlee"] {
        let answer = world.send(call("GET", "/v1/patients/p1").header("portico-actor", unreadable)).await;
        assert_eq!(answer.expect_and(400).str("/errors/0/pointer"), "#Portico-Actor");
        let invite = call("POST", "/v1/patients/p1/invitations").header("portico-actor", "dr.lee");
        let answer =
            world.send(invite.header("idempotency-key", unreadable).json(&json!({"channel": "email"}))).await;
        assert_eq!(answer.expect_and(400).str("/errors/0/pointer"), "#Idempotency-Key");
    }
    assert_eq!(world.portal("p1").await["invitations"], json!([]));
}

#[tokio::test]
async fn a_key_that_is_missing_forged_foreign_or_revoked_is_the_same_401() {
    let world = World::new().await;
    world.patient("p1", World::chart()).await;
    let event = json!({"action": "issue_key", "practice": "riverside", "client": "old", "preset": "ehr"});
    let issued = world.service.invoker.call("enroll-practice", "invoke", event).await.unwrap();
    let revoked = issued["key"].as_str().unwrap().to_owned();
    world.staff(&revoked, "GET", "/v1/patients/p1", None).await.expect(200);
    let keys = world.service.invoker.call(
        "enroll-practice",
        "invoke",
        json!({"action": "list_keys", "practice": "riverside"}),
    );
    let keys = keys.await.unwrap();
    let short = keys["keys"].as_array().unwrap().iter().find(|key| key["client"] == "old").unwrap();
    let end = json!({"action": "revoke_key", "practice": "riverside", "key": short["key"]});
    world.service.invoker.call("enroll-practice", "invoke", end).await.unwrap();
    let key = &world.keys.ehr;
    let elsewhere = key.replacen("riverside", "lakeside", 1);
    let bad = [
        revoked.clone(),
        String::new(),
        "x".to_owned(),
        key[..key.len() - 1].to_owned(),
        format!("{key}A"),
        key.to_uppercase(),
        elsewhere,
        key.replacen("riverside", "nowhere", 1),
        format!("{key},{key}"),
        "A".repeat(5000),
    ];
    let calls = changes();
    let mut answers = BTreeSet::new();
    for key in &bad {
        for (method, path, body) in &calls {
            let body = (!body.is_null()).then(|| body.clone());
            answers.insert(seen(&world.staff(key, method, path, body).await));
        }
        for path in ["/v1/patients/p1", "/v1/patients/p1/portal", "/v1/audit", "/v1/settings"] {
            answers.insert(seen(&world.staff(key, "GET", path, None).await));
        }
    }
    let basic = world.request("GET", "/v1/settings").basic_auth("ehr", Some(key));
    answers.insert(seen(&world.send(basic).await));
    answers.insert(seen(&world.get("/v1/settings").await));
    answers.insert(seen(&world.get(&format!("/v1/settings?key={key}")).await));
    let cookie = world.request("GET", "/v1/settings").header("cookie", format!("__Host-portico={key}"));
    answers.insert(seen(&world.send(cookie).await));
    assert_eq!(answers.len(), 1, "{answers:#?}");
    assert!(answers.first().unwrap().starts_with("401 "));
}

#[tokio::test]
async fn a_scheduling_key_revokes_nothing_and_a_portal_key_sees_sessions_alone() {
    let world = World::new().await;
    world.patient("p1", World::chart()).await;
    world.invite("p1", "email").await.expect(201);
    let before = table(&world).await;
    let scheduling = &world.keys.scheduling;
    for (method, path, body) in [
        ("POST", "/v1/patients/p1/portal/revoke", Some(json!({"reason": "other"}))),
        ("PUT", "/v1/patients/p1/portal/access", Some(json!({"enabled": false}))),
        ("GET", "/v1/settings", None),
        ("PUT", "/v1/settings", Some(json!({"link_hours": 5}))),
        ("GET", "/v1/audit", None),
        ("GET", "/v1/audit?patient_id=p1", None),
        ("GET", "/v1/audit/verify", None),
        ("GET", "/v1/holds", None),
        ("POST", "/v1/sessions/introspect", Some(json!({"session_token": "x"}))),
    ] {
        let answer = world.staff(scheduling, method, path, body).await;
        assert_eq!((answer.status, answer.code().as_str()), (403, "forbidden"), "{method} {path}");
    }
    for (method, path, body) in changes() {
        let body = (!body.is_null()).then_some(body);
        let answer = world.staff(&world.keys.portal, method, path, body).await;
        assert_eq!(answer.status, 403, "{method} {path}: {}", answer.text);
    }
    for path in ["/v1/patients/p1", "/v1/patients/p1/portal", "/v1/audit", "/v1/settings"] {
        assert_eq!(world.staff(&world.keys.portal, "GET", path, None).await.status, 403, "{path}");
    }
    assert_eq!(table(&world).await, before);
}

// --- other sites ---

#[tokio::test]
async fn a_form_of_another_site_does_nothing_with_the_persons_cookie() {
    let world = World::new().await;
    let session = world.registered("p1", "rosa.q").await;
    let link = world.invited("p2").await;
    let ticket = world.ticket(&link).await;
    let own = world.service.base_url.clone();
    let foreign: &[&[(&str, &str)]] = &[
        &[("sec-fetch-site", "cross-site")],
        &[("sec-fetch-site", "same-site")],
        &[("sec-fetch-site", "cross-site"), ("origin", &own)],
        &[("sec-fetch-site", "")],
        &[("origin", "https://evil.example.com")],
        &[("origin", "null")],
        &[("origin", "")],
        &[("origin", &format!("{own}.evil.example.com"))],
        &[],
    ];
    let paths: Vec<(String, Vec<(&str, &str)>)> = vec![
        (format!("/{}/sign-out", world.practice), vec![]),
        (format!("/{}/sign-in", world.practice), vec![("username", "rosa.q"), ("password", PASSWORD)]),
        (format!("/{}/portal", world.practice), vec![]),
        (
            format!("/i/{link}/verify"),
            vec![("as", "patient"), ("family_name", "quillfeather"), ("birth_date", "04/27/1945")],
        ),
        (
            format!("/i/{link}/register"),
            vec![
                ("ticket", &ticket),
                ("username", "new.one"),
                ("password", PASSWORD),
                ("accept_terms", "yes"),
            ],
        ),
    ];
    let before = table(&world).await;
    for (path, fields) in &paths {
        for headers in foreign {
            for kind in ["text/html", "application/json"] {
                let mut request = world.request("POST", path).form(fields).header("accept", kind);
                request = request.header("cookie", format!("a=b; __Host-portico={session}"));
                for (name, value) in *headers {
                    request = request.header(*name, *value);
                }
                let answer = world.send(request).await;
                assert_eq!(answer.status, 403, "{path} {headers:?}: {}", answer.text);
                assert!(answer.header("set-cookie").is_empty());
            }
        }
    }
    assert_eq!(table(&world).await, before);
    assert_eq!(world.introspect(&session).await["active"], true);
    // The form of our own page is accepted.
    let out = world.request("POST", &paths[0].0).header("cookie", format!("__Host-portico={session}"));
    let out = world.send(out.header("sec-fetch-site", "same-origin").form(&[("lang", "en")])).await;
    assert!(matches!(out.status, 204 | 303), "{}", out.text);
    assert_eq!(world.introspect(&session).await["active"], false);
}

#[tokio::test]
async fn browsers_of_every_generation_can_send_our_own_forms() {
    let world = World::new().await;
    let session = world.registered("p1", "rosa.q").await;
    let link = world.invited("p2").await;
    let page = world.get(&format!("/i/{link}")).await.expect_and(200);
    assert_eq!(
        page.header("referrer-policy"),
        "same-origin",
        "our own forms have an origin, other sites no address"
    );
    let own = world.service.base_url.clone();
    let facts = [("as", "patient"), ("family_name", "quillfeather"), ("birth_date", "04/27/1945")];
    let generations: [(&str, &[(&str, &str)]); 4] = [
        ("with Fetch Metadata", &[("sec-fetch-site", "same-origin"), ("origin", &own)]),
        ("Safari before 16.4", &[("origin", &own)]),
        ("that hides the origin", &[("origin", "null")]),
        ("that says nothing", &[]),
    ];
    for (browser, headers) in generations {
        let mut request = world.request("POST", &format!("/i/{link}/verify")).form(&facts);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let answer = world.send(request.header("accept", "text/html")).await;
        assert_eq!(answer.status, 303, "a browser {browser}: {}", answer.text);
    }
    let out = world.request("POST", &format!("/{}/sign-out", world.practice)).form(&[("lang", "en")]);
    let out = out.header("cookie", format!("__Host-portico={session}")).header("origin", own);
    assert_eq!(world.send(out).await.status, 303, "an old Safari signs out");
    assert_eq!(world.introspect(&session).await["active"], false);
}

#[tokio::test]
async fn the_session_cookie_is_for_this_host_no_script_and_no_other_site() {
    let world = World::new().await;
    world.registered("p1", "rosa.q").await;
    let fields = [("username", "rosa.q"), ("password", PASSWORD)];
    let answer = world.form(&format!("/{}/sign-in", world.practice), &fields).await.expect_and(303);
    let cookie = answer.header("set-cookie").to_owned();
    assert!(cookie.starts_with("__Host-portico="), "{cookie}");
    for part in ["; Path=/", "; Secure", "; HttpOnly", "; SameSite="] {
        assert!(cookie.contains(part), "{cookie}");
    }
    assert!(!cookie.contains("Domain"));
    assert!(!answer.header("location").contains(cookie.split(['=', ';']).nth(1).unwrap()));
}

#[tokio::test]
async fn a_key_can_have_an_end_and_a_speed_of_its_own() {
    let world = World::new().await;
    let ask =
        async |event: Value| world.service.invoker.call("enroll-practice", "invoke", event).await.unwrap();
    let issue = |more: Value| {
        let mut event =
            json!({"action": "issue_key", "practice": "riverside", "client": "old", "preset": "portal"});
        event.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        event
    };
    assert!(ask(issue(json!({"expires_at": "tomorrow"}))).await["error"].is_string());
    assert!(ask(issue(json!({"calls_per_second": 0}))).await["error"].is_string());
    let end = world.service.clock.now().plus_seconds(120).to_string();
    let key = ask(issue(json!({"expires_at": end, "calls_per_second": 20}))).await["key"]
        .as_str()
        .unwrap()
        .to_owned();
    let introspect = async || {
        world
            .staff(&key, "POST", "/v1/sessions/introspect", Some(json!({"session_token": "none"})))
            .await
            .status
    };
    let seen = in_one_second(&world, 21, &introspect).await;
    assert_eq!(seen.iter().filter(|status| **status == 200).count(), 20, "{seen:?}");
    world.advance(1);
    assert_eq!(introspect().await, 200);
    world.advance(120);
    assert_eq!(introspect().await, 401);
}

#[tokio::test]
async fn a_portal_asks_five_hundred_times_in_a_second_and_staff_fifty() {
    let world = World::new().await;
    let token = json!({"session_token": "none"});
    let introspect = async || {
        world.staff(&world.keys.portal, "POST", "/v1/sessions/introspect", Some(token.clone())).await.status
    };
    let statuses = in_one_second(&world, 60, &introspect).await;
    assert!(statuses.iter().all(|status| *status == 200), "{statuses:?}");
    let settings = async || world.ehr("GET", "/v1/settings", None).await.status;
    let statuses = in_one_second(&world, 52, &settings).await;
    assert_eq!(statuses.iter().filter(|status| **status == 200).count(), 50, "{statuses:?}");
}

/// The statuses of so many calls that the service counted in the same second. Tries again where the machine was too busy
/// to make them in one.
async fn in_one_second(world: &World, calls: usize, call: &impl AsyncFn() -> u16) -> Vec<u16> {
    for _ in 0..30 {
        let second = world.service.clock.now().seconds() + 1;
        world.service.clock.set(Timestamp::from_millis(second * 1000)).unwrap();
        let statuses = join_all((0..calls).map(|_| call())).await;
        if world.service.clock.now().seconds() == second {
            return statuses;
        }
    }
    panic!("the machine was too busy");
}

/// A `PUT` of a chart with the path as it is: a client would leave out the dots.
async fn put_at(world: &World, path: &str) -> (u16, Value) {
    let address = world.service.base_url.trim_start_matches("http://").to_owned();
    let body = World::chart().to_string();
    let request = format!(
        "PUT {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\nAuthorization: Bearer {}\r\n\
         Portico-Actor: dr.lee\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
        world.keys.ehr,
        body.len(),
    );
    let asked = tokio::task::spawn_blocking(move || {
        let mut stream = TcpStream::connect(address).unwrap();
        stream.write_all(request.as_bytes()).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer
    });
    let answer = asked.await.unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    (head.split(' ').nth(1).unwrap().parse().unwrap(), serde_json::from_str(body).unwrap_or_default())
}

#[tokio::test]
async fn a_patient_id_of_dots_is_refused_wherever_an_id_is_taken_in() {
    let world = World::new().await;
    for id in [".", "..", "%2e", "%2E%2e", ".%2e"] {
        let (status, body) = put_at(&world, &format!("/v1/patients/{id}")).await;
        assert_eq!((status, &body["errors"][0]["pointer"]), (400, &json!("/patient_id")), "{id} {body}");
        assert_eq!(body["errors"][0]["code"], "invalid_patient_id", "{id} {body}");
    }
    assert_eq!(put_at(&world, "/v1/patients/...").await.0, 201, "three dots are a name like any other");
    let import = async |kind: &str, body: String| {
        let request = world.request("POST", "/v1/patients/import").bearer_auth(&world.keys.ehr);
        let request = request.header("portico-actor", "dr.lee").header("content-type", kind.to_owned());
        world.send(request.body(body)).await.expect_and(200).json()
    };
    let patient = |id: &str| json!({"resourceType": "Patient", "id": id, "name": [{"family": "Q", "given": ["R"]}], "birthDate": "1945-04-27"});
    let lines = format!("{}\n{}\n", patient("."), patient(".."));
    let report = import("application/fhir+ndjson", lines).await;
    for (place, line) in [(0, 1), (1, 2)] {
        let rejected = &report["rejected"][place];
        assert_eq!(
            (&rejected["line"], &rejected["code"]),
            (&json!(line), &json!("invalid_patient_id")),
            "{report}"
        );
    }
    world.advance(1);
    let sheet = "Chart,First,Last,DOB\n.,R,Q,1945-04-27\n..,R,Q,1945-04-27\n";
    let report = import("text/csv", sheet.to_owned()).await;
    for (place, line) in [(0, 2), (1, 3)] {
        assert_eq!(report["rejected"][place]["line"], line, "{report}");
        assert!(report["rejected"][place]["detail"].as_str().unwrap().starts_with("Chart: "), "{report}");
    }
    let items = world.items().await;
    assert!(!items.contains("#.\"") && !items.contains("#..\""), "nothing was kept under such an id");
}
