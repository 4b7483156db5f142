//! Attacks on invitation links: opening, replaying, racing, forging, guessing facts, poisoning headers.

use std::collections::BTreeSet;

use futures_util::future::{join, join_all};
use portico_domain::time::{Clock, Timestamp};
use portico_testkit::{Answer, PASSWORD, World};
use serde_json::json;

use super::{check_code, facts, other_code, proof, proof_and_code, seen, send_code, table};

#[tokio::test]
async fn a_scanner_that_opens_a_link_and_submits_empty_forms_spends_and_writes_nothing() {
    let world = World::new().await;
    let token = world.invited("p1").await;
    let path = format!("/i/{token}");
    let before = table(&world).await;
    for _ in 0..20 {
        world.page(&path).await.expect(200);
        world.get(&path).await.expect(200);
        world.send(world.request("HEAD", &path)).await.expect(200);
        let options = world.send(world.request("OPTIONS", &path)).await;
        assert!(options.status >= 400 || options.status == 204, "{}", options.status);
    }
    for fields in [
        &[][..],
        &[("as", "patient")],
        &[("as", "representative"), ("family_name", ""), ("birth_date", ""), ("access_code", "")],
    ] {
        for step in ["verify", "codes", "codes/check", "register"] {
            let answer = world.form(&format!("{path}/{step}"), fields).await;
            assert!(matches!(answer.status, 303 | 400), "{step}: {}", answer.text);
        }
    }
    assert_eq!(table(&world).await, before);
    let portal = world.portal("p1").await;
    assert_eq!(portal["invitation"]["state"], "pending");
    assert!(portal["invitation"]["opened_at"].is_null());
    let ticket = world.ticket(&token).await;
    world.register(&token, &ticket, "rosa.q").await.expect(201);
}

#[tokio::test(flavor = "multi_thread")]
async fn sixty_four_racers_with_one_ticket_make_one_account() {
    let world = World::new().await;
    let token = world.invited("p1").await;
    let ticket = world.ticket(&token).await;
    let names: Vec<String> = (0..64).map(|n| format!("racer.{n}")).collect();
    let answers = join_all(names.iter().map(|name| world.register(&token, &ticket, name))).await;
    let won = answers.iter().filter(|answer| answer.status == 201).count();
    let lost: BTreeSet<String> = answers.iter().filter(|a| a.status != 201).map(seen).collect();
    assert_eq!((won, lost.len()), (1, 1), "{lost:?}");
    assert!(lost.first().unwrap().starts_with("410 "), "{lost:?}");
    let items = world.items().await;
    for kind in ["ACCOUNT", "LOGIN"] {
        let sort_key = format!("\"sk\":{{\"S\":\"{kind}\"}}");
        assert_eq!(items.lines().filter(|line| line.contains(&sort_key)).count(), 1, "{kind}");
    }
}

/// The answers of every step of a link, with the token replaced.
async fn answers_of(world: &World, token: &str, proof: &str, ticket: &str) -> Vec<String> {
    let path = format!("/i/{token}");
    let register =
        json!({"ticket": ticket, "username": "who.ever", "password": PASSWORD, "accept_terms": true});
    let form = [("as", "patient"), ("family_name", "quillfeather"), ("birth_date", "04/27/1945")];
    let answers: Vec<Answer> = vec![
        world.get(&path).await,
        world.page(&path).await,
        world.send(world.request("HEAD", &path)).await,
        world.post(&format!("{path}/verify"), facts("quillfeather", "04/27/1945")).await,
        world.form(&format!("{path}/verify"), &form).await,
        world.form(&format!("{path}/verify"), &[("as", "patient")]).await,
        world.post(&format!("{path}/codes"), json!({"proof": proof, "channel": "sms"})).await,
        world.post(&format!("{path}/codes/check"), json!({"proof": proof, "code": "123456"})).await,
        world.post(&format!("{path}/register"), register).await,
    ];
    // A page contains its own address, so its length depends on the token's. What can be no token is not in it.
    let length = |line: &&str| !line.starts_with("content-length: ");
    let page = |text: String| text.lines().filter(length).collect::<Vec<_>>().join("\n");
    let same = |answer: &Answer| {
        if answer.text.contains("<html") {
            page(seen(answer)).replace(token, "TOKEN").replace("/i/none/", "/i/TOKEN/")
        } else {
            seen(answer)
        }
    };
    answers.iter().map(same).collect()
}

#[tokio::test]
async fn every_link_that_cannot_be_used_gives_the_same_410_to_the_byte() {
    let world = World::new().await;
    // Makes eight links, each with a proof and a ticket, and then ends each in its own way.
    let mut made = Vec::new();
    for id in ["used", "superseded", "cancelled", "revoked", "locked", "corrected", "disabled", "expired"] {
        let token = world.invited(id).await;
        let ticket = world.ticket(&token).await;
        made.push((id, token.clone(), proof(&world, &token).await, ticket));
    }
    let of = |name: &str| made.iter().find(|(id, ..)| *id == name).unwrap().clone();
    let (_, used, _, ticket) = of("used");
    world.register(&used, &ticket, "used.up").await.expect(201);
    world.invite("superseded", "email").await.expect(201);
    world.ehr("DELETE", "/v1/patients/cancelled/invitations/current", None).await.expect(200);
    world.revoke("revoked", "other").await.expect(200);
    let (_, locked, ..) = of("locked");
    for _ in 0..5 {
        world.post(&format!("/i/{locked}/verify"), facts("wrong", "2000-01-01")).await.expect(422);
    }
    let moved = World::chart_with(json!({"email": "other@example.com"}));
    world.patient("corrected", moved).await;
    let off = world.ehr("PUT", "/v1/patients/disabled/portal/access", Some(json!({"enabled": false}))).await;
    off.expect(200);

    let mut all = Vec::new();
    for (id, token, proof, ticket) in &made {
        // The ticket of a locked or expired link still works until its own end, so a made-up one is
        // sent here.
        let ticket = if matches!(*id, "locked" | "expired") { "none" } else { ticket };
        if *id == "expired" {
            world.advance(72 * 3600);
        }
        all.push(((*id).to_owned(), answers_of(&world, token, proof, ticket).await));
    }
    let (_, token, proof, ticket) = of("used");
    let bad = {
        let (head, last) = token.split_at(43);
        let flipped = if last == "A" { "B" } else { "A" };
        let (first, tail) = token.split_at(1);
        vec![
            ("truncated", head.to_owned()),
            ("flipped at the end", format!("{head}{flipped}")),
            ("flipped at the start", format!("{}{tail}", if first == "E" { "F" } else { "E" })),
            ("extended", format!("{token}A")),
            ("padded", format!("{token}=")),
            ("upper-cased", token.to_uppercase()),
            ("lower-cased", token.to_lowercase()),
            ("spaced", format!("{token}%20")),
            ("cut by NUL", format!("{head}%00")),
            ("NULs", "%00".repeat(44)),
            ("not UTF-8", "%ff".repeat(44)),
            ("traversal", "..%2f..%2fv1%2fsettings".to_owned()),
            ("long", "A".repeat(16_000)),
            ("a few characters", "Zz9Zz9".to_owned()),
            ("the proof", proof.clone()),
            ("the ticket", ticket.clone()),
        ]
    };
    for (name, token) in bad {
        all.push((name.to_owned(), answers_of(&world, &token, "none", "none").await));
        world.advance(60);
    }
    let steps = ["GET", "page", "HEAD", "verify", "form", "empty form", "codes", "check", "register"];
    let (_, model) = all.iter().find(|(name, _)| name == "truncated").unwrap().clone();
    let mut wrong = Vec::new();
    for (name, answers) in &all {
        for ((answer, model), step) in answers.iter().zip(&model).zip(steps) {
            if answer != model || !answer.starts_with("410 ") {
                let odd: Vec<&str> =
                    answer.lines().filter(|line| !model.lines().any(|other| other == *line)).collect();
                let usual: Vec<&str> =
                    model.lines().filter(|line| !answer.lines().any(|other| other == *line)).collect();
                wrong.push(format!("{name}, {step}: {odd:?} instead of {usual:?}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{} of them:\n{}", wrong.len(), wrong.join("\n"));
}

#[tokio::test]
async fn a_token_of_a_megabyte_is_refused_and_the_service_lives() {
    let world = World::new().await;
    let long = format!("/i/{}", "A".repeat(1 << 20));
    let answer = world.request("GET", &long).send().await;
    assert!(answer.is_err() || matches!(answer.unwrap().status().as_u16(), 410 | 414 | 431));
    world.get("/health").await.expect(200);
}

#[tokio::test]
async fn a_link_expires_at_the_very_instant_that_it_names() {
    let world = World::new().await;
    let token = world.invited("p1").await;
    let path = format!("/i/{token}");
    let ends: Timestamp = world.get(&path).await.expect_and(200).str("/expires_at").parse().unwrap();
    let made = world.service.clock.now();
    assert!((72 * 3600 - 5..=72 * 3600).contains(&made.seconds_until(ends)));
    world.service.clock.set(ends.plus_seconds(-2)).unwrap();
    world.get(&path).await.expect(200);
    world.state_facts(&token).await.expect(200);
    // The clock goes on, so the first request comes at the instant itself or a few milliseconds later.
    world.service.clock.set(ends).unwrap();
    world.get(&path).await.expect(410);
    world.state_facts(&token).await.expect(410);
    world.service.clock.set(ends.plus_seconds(1)).unwrap();
    world.state_facts(&token).await.expect(410);
    assert_eq!(world.portal("p1").await["invitation"]["state"], "expired");
    assert!(world.items().await.contains("\"LINK#"), "its record is still there: the comparison refused it");
}

#[tokio::test]
async fn a_resend_ends_the_older_link_with_its_proof_code_and_ticket() {
    let world = World::new().await;
    let old = world.invited("p1").await;
    let ticket = world.ticket(&old).await;
    let (proof, code) = {
        world.advance(61);
        proof_and_code(&world, &old).await
    };
    world.invite("p1", "email").await.expect(201);
    let new = world.last_mail().await.token();
    assert_ne!(old, new);
    for answer in [
        world.get(&format!("/i/{old}")).await,
        world.state_facts(&old).await,
        send_code(&world, &old, &proof).await,
        check_code(&world, &old, &proof, &code).await,
        world.register(&old, &ticket, "rosa.q").await,
        world.register(&new, &ticket, "rosa.q").await,
    ] {
        answer.expect(410);
    }
    assert_eq!(check_code(&world, &new, &proof, &code).await.status, 422);
    let ticket = world.ticket(&new).await;
    world.register(&new, &ticket, "rosa.q").await.expect(201);
}

#[tokio::test]
async fn no_account_is_active_after_a_completed_revocation_whoever_was_first() {
    let world = World::new().await;
    let mut registered = 0;
    for round in 0..16_u64 {
        let id = format!("p{round}");
        let token = world.invited(&id).await;
        let ticket = world.ticket(&token).await;
        let name = format!("racer.{round}");
        let (register, revoke) = match round {
            0 => {
                let first = world.register(&token, &ticket, &name).await;
                (first, world.revoke(&id, "other").await)
            }
            1 => {
                let first = world.revoke(&id, "other").await;
                (world.register(&token, &ticket, &name).await, first)
            }
            _ => {
                let late = std::time::Duration::from_millis(round * 2);
                let revoke = async {
                    tokio::time::sleep(late).await;
                    world.revoke(&id, "other").await
                };
                join(world.register(&token, &ticket, &name), revoke).await
            }
        };
        assert_eq!(revoke.status, 200, "{}", revoke.text);
        assert!(matches!(register.status, 201 | 410), "{}", register.text);
        registered += usize::from(register.status == 201);
        let portal = world.portal(&id).await;
        assert_eq!(portal["status"], "revoked", "round {round}: {portal}");
        for account in portal["accounts"].as_array().unwrap() {
            assert_ne!(account["state"], "active", "round {round}: {portal}");
        }
        if register.status == 201 {
            let session = register.str("/session_token");
            assert_eq!(world.introspect(&session).await, json!({"active": false}), "round {round}");
            assert_eq!(world.sign_in(&name, PASSWORD).await.code(), "access_revoked", "round {round}");
        } else {
            assert_eq!(world.sign_in(&name, PASSWORD).await.status, 401, "round {round}");
        }
        world.advance(60);
    }
    assert!((1..=15).contains(&registered), "both orders were seen: {registered}");
}

#[tokio::test]
async fn five_wrong_tries_lock_the_link_and_only_staff_see_which_fact_was_wrong() {
    let world = World::new().await;
    let token = world.invited("p1").await;
    let path = format!("/i/{token}/verify");
    let tries = [
        (facts("Nobody", "1945-04-27"), json!(["family_name"])),
        (facts("Quillfeather", "1945-04-28"), json!(["birth_date"])),
        (facts("Nobody", "1945-04-28"), json!(["family_name", "birth_date"])),
        (facts("--", "1945-04-27"), json!(["family_name"])),
        (facts("Quillfeathers", "1945-04-27"), json!(["family_name"])),
    ];
    let mut answers = BTreeSet::new();
    for (stated, _) in &tries {
        answers.insert(seen(&world.post(&path, stated.clone()).await.expect_and(422)));
    }
    assert_eq!(answers.len(), 1, "the same answer whichever fact was wrong: {answers:?}");
    let portal = world.portal("p1").await;
    let told: Vec<_> = portal["verification_failures"]
        .as_array()
        .unwrap()
        .iter()
        .map(|failure| failure["facts"].clone())
        .collect();
    assert_eq!(told, tries.map(|(_, facts)| facts));
    assert_eq!(portal["invitation"]["state"], "locked");
    world.state_facts(&token).await.expect(410);
    world.get(&format!("/i/{token}")).await.expect(410);
}

#[tokio::test]
async fn a_right_answer_gives_its_try_back_and_no_more_than_that() {
    let world = World::new().await;
    let token = world.invited("p1").await;
    let path = format!("/i/{token}/verify");
    for _ in 0..4 {
        world.post(&path, facts("Nobody", "1945-04-27")).await.expect(422);
    }
    for _ in 0..8 {
        world.state_facts(&token).await.expect(200);
    }
    world.post(&path, facts("Nobody", "1945-04-27")).await.expect(422);
    world.state_facts(&token).await.expect(410);
    // Of thirty wrong answers at once, five are evaluated.
    let token = world.invited("p2").await;
    let path = format!("/i/{token}/verify");
    let answers = join_all((0..30).map(|_| world.post(&path, facts("Nobody", "1945-04-27")))).await;
    assert_eq!(answers.iter().filter(|answer| answer.status == 422).count(), 5);
    assert_eq!(answers.iter().filter(|answer| answer.status == 410).count(), 25);
}

#[tokio::test]
async fn nobody_can_try_identities_without_a_link() {
    let world = World::new().await;
    let practice = world.practice.clone();
    for path in ["/i/verify", "/verify", "/v1/verify", &format!("/{practice}/verify")] {
        let answer = world.post(path, facts("Quillfeather", "1945-04-27")).await;
        assert_eq!(answer.status, 404, "{path}");
    }
}

#[tokio::test]
async fn every_link_and_redirect_names_the_configured_host_whatever_the_request_claims() {
    let world = World::new().await;
    world.service.accept_any_host();
    let evil = |request: reqwest::RequestBuilder| {
        request
            .header("host", "evil.example.com")
            .header("x-forwarded-host", "evil.example.com")
            .header("x-forwarded-proto", "gopher")
            .header("x-original-host", "evil.example.com")
            .header("forwarded", "host=evil.example.com;proto=gopher")
            .header("x-forwarded-prefix", "//evil.example.com")
    };
    world.patient("p1", World::chart()).await;
    let invite = world.request("POST", "/v1/patients/p1/invitations").json(&json!({"channel": "email"}));
    let invite = invite.bearer_auth(&world.keys.ehr).header("portico-actor", "dr.lee");
    world.send(evil(invite)).await.expect(201);
    let token = world.last_mail().await.token();
    let page = world.request("GET", &format!("/i/{token}")).header("accept", "text/html");
    let page = world.send(evil(page)).await.expect_and(200);
    let proof = proof(&world, &token).await;
    let sent = world.request("POST", &format!("/i/{token}/codes"));
    world.send(evil(sent.json(&json!({"proof": proof, "channel": "sms"})))).await.expect(202);
    let code = world.last_mail().await.code();
    let ticket = check_code(&world, &token, &proof, &code).await.expect_and(200).str("/ticket");
    let fields = [
        ("ticket", ticket.as_str()),
        ("username", "rosa.q"),
        ("password", PASSWORD),
        ("accept_terms", "yes"),
    ];
    let register = world
        .request("POST", &format!("/i/{token}/register"))
        .header("accept", "text/html")
        .header("sec-fetch-site", "same-origin")
        .form(&fields);
    let done = world.send(evil(register)).await.expect_and(303);
    assert!(done.header("location").starts_with('/') && !done.header("location").starts_with("//"));
    let mails = world.mails().await;
    assert!(mails.len() >= 3);
    for mail in &mails {
        assert!(!mail.record.to_string().contains("evil"), "{}", mail.record);
        for link in mail.get("text").split_whitespace().filter(|word| word.contains("://")) {
            assert!(link.trim_start_matches('(').starts_with(&world.service.base_url), "{link}");
        }
    }
    assert!(!page.text.contains("evil") && !seen(&done).contains("evil"));
}

#[tokio::test]
async fn a_link_belongs_to_its_record_whatever_the_request_says() {
    let world = World::new().await;
    world.service.accept_any_host();
    let token = world.invited("p1").await;
    let path = format!("/i/{token}");
    // The other practice's key, host and query change nothing.
    let request =
        world.request("GET", &format!("{path}?practice=lakeside")).bearer_auth(&world.other_keys.ehr);
    let answer = world.send(request.header("host", "lakeside.example.com")).await.expect_and(200);
    assert_eq!(answer.str("/practice"), world.practice);
    // Staff correct the address that the link went to while the visitor is using it.
    let ticket = world.ticket(&token).await;
    world.patient("p1", World::chart_with(json!({"email": "right@example.com"}))).await;
    world.get(&path).await.expect(410);
    world.register(&token, &ticket, "rosa.q").await.expect(410);
    assert!(world.mails().await.iter().all(|mail| mail.get("to") != "right@example.com"));
}

#[tokio::test]
async fn guesses_at_a_code_that_was_just_used_count_toward_the_patients_day() {
    let world = World::new().await;
    let token = world.invited("p1").await;
    let (proof, code) = proof_and_code(&world, &token).await;
    check_code(&world, &token, &proof, &code).await.expect(200);
    for _ in 0..20 {
        check_code(&world, &token, &proof, &other_code(&code)).await.expect(422);
    }
    check_code(&world, &token, &proof, &other_code(&code)).await.expect(429);

    world.registered("p2", "rosa.q").await;
    let token = world.reset_token("rosa.q").await;
    world.post(&format!("/r/{token}/codes"), json!({"channel": "sms"})).await.expect(202);
    let code = world.last_mail().await.code();
    let check =
        async |code: &str| world.post(&format!("/r/{token}/codes/check"), json!({"code": code})).await;
    check(&code).await.expect(200);
    for _ in 0..20 {
        check(&other_code(&code)).await.expect(422);
    }
    check(&other_code(&code)).await.expect(429);
}
