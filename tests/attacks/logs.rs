//! No log line holds anything personal or secret, and no input adds a log line of its own.

use std::collections::BTreeSet;

use portico_testkit::{World, log, token_in};
use serde_json::{Value, json};

use super::{check_code, other_code, send_code};

const INJECTION: &str = "Xq7-canary\n{\"level\":\"error\",\"message\":\"Xq7-injected\"}\r\n";
const PASSWORD: &str = "Xq7 canary trellis password four";

#[tokio::test]
async fn no_personal_or_secret_value_reaches_the_log_and_every_line_is_json() {
    let world = World::new().await;
    let chart = json!({
        "given_name": "Xq7given", "middle_name": "Xq7middle", "family_name": "Xq7family", "birth_date": "1931-07-29",
        "email": "xq7.canary@example.net", "mobile_phone": "+12025550187", "home_phone": "+12025550188",
        "postal_code": "98765-4321", "address_line": "77 Xq7 Street", "city": "Xq7ville", "state": "Xq7state",
        "provider": "Dr. Xq7doctor", "tags": ["Xq7tag"],
        "contacts": [{"given_name": "Xq7mother", "family_name": "Xq7other", "relationship": "Xq7parent", "email": "xq7.mother@example.net"}],
    });
    let mut canaries: BTreeSet<String> =
        ["Xq7", "xq7", "1931-07-29", "19310729", "07/29/1931", "2025550187", "2025550188"]
            .map(str::to_owned)
            .into();
    world.patient("Xq7-patient", chart.clone()).await;
    let path = "/v1/patients/Xq7-patient";
    let invited = world.invite("Xq7-patient", "email").await.expect_and(201);
    canaries.insert(invited.str("/access_code"));
    let token = world.last_mail().await.token();
    let page = format!("/i/{token}");
    world.page(&page).await.expect(200);
    let facts = json!({"as": "patient", "family_name": "Xq7family", "birth_date": "07/29/1931"});
    let wrong = json!({"as": "patient", "family_name": INJECTION.trim(), "birth_date": "07/29/1931"});
    world.post(&format!("{page}/verify"), wrong).await.expect(400);
    let wrong = json!({"as": "patient", "family_name": "Xq7wrong", "birth_date": "07/29/1931"});
    world.post(&format!("{page}/verify"), wrong).await.expect(422);
    let proof = world.post(&format!("{page}/verify"), facts).await.expect_and(200).str("/proof");
    send_code(&world, &token, &proof).await.expect(202);
    let code = world.last_mail().await.code();
    check_code(&world, &token, &proof, &other_code(&code)).await.expect(422);
    let ticket = check_code(&world, &token, &proof, &code).await.expect_and(200).str("/ticket");
    let register = |username: &str, password: &str| json!({"ticket": ticket, "username": username, "password": password, "accept_terms": true});
    for (username, password, status) in [
        ("xq7.name", "Xq7short", 422),
        (INJECTION, PASSWORD, 422),
        ("someone@example.org", PASSWORD, 422),
        ("xq7.name", PASSWORD, 201),
    ] {
        let answer =
            world.post(&format!("{page}/register"), register(username, password)).await.expect_and(status);
        canaries.extend([answer.str("/session_token")]);
    }
    let sign_in = format!("/{}/sign-in", world.practice);
    for (username, password) in
        [("xq7.name", PASSWORD), ("xq7.name", INJECTION), (INJECTION, INJECTION), ("Xq7unknown", "Xq7secret")]
    {
        let answer = world.post(&sign_in, json!({"username": username, "password": password})).await;
        canaries.extend([answer.str("/session_token")]);
        world.form(&sign_in, &[("username", username), ("password", password)]).await;
    }
    let session = canaries.iter().find(|text| text.contains('.') && text.len() > 60).unwrap().clone();
    world.introspect(&session).await;
    let account = world.request("GET", &format!("/{}/account", world.practice)).header("accept", "text/html");
    world.send(account.bearer_auth(&session)).await.expect(200);

    // Recovery, representatives, the account page.
    let practice = &world.practice;
    let facts = json!({
        "email": "xq7.canary@example.net", "family_name": "Xq7family", "birth_date": "1931-07-29",
        "postal_code": "98765",
    });
    let unknown = json!({
        "email": "xq7.nobody@example.net", "family_name": INJECTION.trim(), "birth_date": "1931-07-29",
        "postal_code": "98765",
    });
    for (path, body) in [
        ("forgot-password", json!({"username": "xq7.name"})),
        ("forgot-password", json!({"username": INJECTION})),
        ("forgot-username", json!({"email": "xq7.canary@example.net"})),
        ("sign-up", facts),
        ("sign-up", unknown),
    ] {
        world.post(&format!("/{practice}/{path}"), body).await;
    }
    world.post("/i/Xq7-token/renew", json!({})).await.expect(202);
    let reset = world.mails().await.iter().map(portico_testkit::Mail::token).rfind(|token| !token.is_empty());
    let reset = format!("/r/{}", reset.unwrap());
    world.post(&format!("{reset}/codes"), json!({"channel": "sms"})).await.expect(202);
    let reset_code = world.last_mail().await.code();
    world.post(&format!("{reset}/answer"), json!({"birth_date": "19310729", "answer": "Xq7dog"})).await;
    let checked =
        world.post(&format!("{reset}/codes/check"), json!({"code": reset_code})).await.expect_and(200);
    canaries.insert(checked.str("/ticket"));
    for (path, body) in [
        ("password", json!({"old_password": PASSWORD, "new_password": "Xq7 another trellis"})),
        ("username", json!({"username": "xq7.other", "password": INJECTION})),
        ("demographics", json!({"patient_id": "Xq7-patient", "changes": {"city": "Xq7burg"}})),
        (
            "representatives",
            json!({"given_name": "Xq7rep", "family_name": "Xq7rep", "relationship": "other", "email": "xq7.rep@example.net"}),
        ),
    ] {
        let request = world.request("POST", &format!("/{practice}/account/{path}"));
        world.send(request.bearer_auth(&session).json(&body)).await;
    }

    // Puts a log line into every field of the chart, into other staff calls, and marks the headers that
    // describe the caller.
    for name in chart.as_object().unwrap().keys() {
        let mut spoilt = chart.clone();
        spoilt[name] = json!(INJECTION);
        world.ehr("PUT", path, Some(spoilt)).await;
        world.advance(1);
    }
    for (method, path, body) in [
        ("POST", format!("{path}/portal/revoke"), json!({"reason": "other", "note": INJECTION})),
        ("POST", format!("{path}/invitations"), json!({"channel": INJECTION})),
        (
            "POST",
            format!("{path}/invitations"),
            json!({"channel": "email", "override": {"reason": INJECTION}}),
        ),
        ("POST", format!("{path}/portal/decline"), json!({"reason": INJECTION})),
        ("PUT", "/v1/settings".to_owned(), json!({"name": INJECTION, "portal_url": INJECTION})),
        ("POST", "/v1/patients".to_owned(), json!({"given_name": INJECTION})),
        ("POST", "/v1/sessions/exchange".to_owned(), json!({"code": INJECTION})),
        ("PUT", format!("{path}/credentials"), json!({"username": INJECTION, "password": INJECTION})),
        ("POST", format!("{path}/representatives"), json!({"given_name": INJECTION})),
        ("GET", "/v1/accounts?q=Xq7%0A%7B%22level%22%7D".to_owned(), Value::Null),
        ("GET", "/v1/usernames/Xq7%0A%7B%22level%22%7D".to_owned(), Value::Null),
        ("GET", format!("/v1/audit?patient_id=Xq7-patient&cursor={}", "%0A%7B%22Xq7%22%7D"), Value::Null),
        ("GET", "/v1/audit?patient_id=Xq7%0A%7B%7D".to_owned(), Value::Null),
        ("GET", "/v1/patients/Xq7%0A%7B%22level%22%7D".to_owned(), Value::Null),
        ("GET", "/Xq7/%0A%7B%22level%22%7D".to_owned(), Value::Null),
        ("GET", "/i/Xq7%0A%7B%22level%22%7D?lang=Xq7%0A".to_owned(), Value::Null),
    ] {
        let request = world.request(method, &path).bearer_auth(&world.keys.ehr);
        let request = request
            .header("portico-actor", "Xq7-actor")
            .header("idempotency-key", "Xq7-key")
            .header("user-agent", "Xq7 agent")
            .header("accept-language", "Xq7")
            .header("x-amzn-trace-id", "Root=Xq7")
            .header("x-request-id", "Xq7");
        world.send(if body.is_null() { request } else { request.json(&body) }).await;
    }
    let fhir = format!(
        "{{\"resourceType\":\"Patient\",\"id\":\"Xq7-fhir\",\"name\":[{{\"family\":\"Xq7f\",\"given\":[\"Xq7g\"]}}],\"birthDate\":\"1931-07-29\",\"telecom\":[{{\"system\":\"phone\",\"value\":\"Xq7phone\"}}]}}\n{}\n",
        "{\"resourceType\":\"Xq7\"}"
    );
    let import = world.request("POST", "/v1/patients/import").bearer_auth(&world.keys.ehr);
    let import =
        import.header("portico-actor", "Xq7-actor").header("content-type", "application/fhir+ndjson");
    world.send(import.body(fhir)).await.expect(200);
    // Providers fail, too, and their failures are logged.
    world.service.capture.fail_next(portico_local::Channel::Email, portico_local::Failure::Rejected, 1);
    world.invite("Xq7-patient", "email").await;
    for mail in world.mails().await {
        canaries.insert(token_in(mail.get("text")));
    }
    canaries.extend([
        token,
        proof,
        ticket,
        session,
        world.keys.ehr.clone(),
        world.keys.portal.clone(),
        PASSWORD.into(),
    ]);

    let text = log::text();
    // Five or six digits occur by chance, in a seal above all, so a ZIP code and a code are searched for as whole words.
    let short = ["98765", &code];
    let as_word =
        |line: &str| line.split(|c: char| !c.is_ascii_alphanumeric()).any(|word| short.contains(&word));
    let (mut wrong, mut security) = (Vec::new(), 0);
    for line in text.lines() {
        let Ok(Value::Object(mut members)) = serde_json::from_str::<Value>(line) else {
            wrong.push(format!("not one JSON object: {line}"));
            continue;
        };
        // The digits of an instant may be anybody's ZIP code.
        members.remove("timestamp");
        if members.get("target").is_some_and(|target| target == "portico_security") {
            // The security log says who: these, and nothing else.
            security += 1;
            let span = members.get_mut("span").and_then(Value::as_object_mut);
            span.and_then(|span| span.remove("actor"));
            for id in ["patient", "account", "actor"] {
                members.remove(id);
            }
        }
        let line = &Value::Object(members).to_string();
        for canary in canaries.iter().filter(|canary| !canary.is_empty() && line.contains(canary.as_str())) {
            wrong.push(format!("{canary}: {line}"));
        }
        if as_word(line) {
            wrong.push(format!("{short:?}: {line}"));
        }
    }
    assert!(text.lines().count() > 50, "the log was looked at: {} lines", text.lines().count());
    assert!(security > 30, "the security log was looked at: {security} lines");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
