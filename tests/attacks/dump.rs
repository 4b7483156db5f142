//! A copy of the table gives nobody access: it holds no secret, and nothing in it works as one.

use std::collections::BTreeSet;

use portico_testkit::{PASSWORD, World};
use serde_json::{Value, json};

use super::{proof_and_code, send_code};

fn strings(value: &Value, found: &mut BTreeSet<String>) {
    match value {
        Value::String(text) => {
            found.insert(text.clone());
            found.extend(text.split(['#', ' ', '.', '/', '"', ',']).map(str::to_owned));
        }
        Value::Array(list) => list.iter().for_each(|value| strings(value, found)),
        Value::Object(map) => map.iter().for_each(|(name, value)| {
            found.insert(name.clone());
            strings(value, found);
        }),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

#[tokio::test]
async fn a_dump_of_the_table_holds_no_secret_and_opens_nothing() {
    let world = World::new().await;
    world.settings(json!({"portal_url": "https://portal.example.org/in"})).await;
    let mut secrets: Vec<(&str, String)> = vec![("password", PASSWORD.to_owned())];
    for key in [&world.keys, &world.other_keys] {
        secrets.extend([&key.ehr, &key.scheduling, &key.portal].map(|key| ("API key", key.clone())));
    }
    let session = world.registered("p1", "rosa.q").await;
    let to_portal = world.request("POST", &format!("/{}/portal", world.practice)).bearer_auth(&session);
    let redirect = world.send(to_portal.header("sec-fetch-site", "same-origin")).await.expect_and(303);
    let exchange = redirect.header("location").rsplit_once("code=").unwrap().1.to_owned();
    let link = world.invited("p2").await;
    let ticket = world.ticket(&link).await;
    let pending = world.invited("p3").await;
    let (proof, code) = proof_and_code(&world, &pending).await;
    let access_code = world.portal("p3").await["invitation"]["access_code"].as_str().unwrap().to_owned();
    secrets.extend([
        ("session", session.clone()),
        ("session's secret", session.split_once('.').unwrap().1.to_owned()),
        ("exchange code", exchange.clone()),
        ("exchange code's secret", exchange.split_once('.').unwrap().1.to_owned()),
        ("link", link.clone()),
        ("link", pending.clone()),
        ("ticket", ticket.clone()),
        ("proof", proof.clone()),
        ("access code", access_code),
    ]);
    let dump = world.items().await;
    for (what, secret) in &secrets {
        assert!(!secret.is_empty() && !dump.contains(secret.as_str()), "the table holds a {what}");
        let half = secret.len() / 2;
        assert!(!dump.contains(&secret[half..]) || half < 8, "the table holds half of a {what}");
    }
    let mut found = BTreeSet::new();
    for line in dump.lines() {
        strings(&serde_json::from_str(line).unwrap(), &mut found);
    }
    assert!(!found.contains(&code) && !found.contains(PASSWORD));

    // Tries each string of the table wherever a secret is accepted: alone, and behind every prefix that our
    // secrets have.
    let account = session.split_once('.').unwrap().0.to_owned();
    let key_prefix = world.keys.ehr[..world.keys.ehr.len() - 43].to_owned();
    let words: Vec<String> =
        found.into_iter().filter(|word| word.len() >= 20 && word.len() <= 200 && word.is_ascii()).collect();
    assert!(words.len() > 50, "{}", words.len());
    let mut posts = 0;
    for word in &words {
        let plain = word.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.'));
        let beheaded: String = word.chars().take(43).collect();
        for token in [word.clone(), format!("{account}.{word}"), format!("{account}.{beheaded}")] {
            let Ok(value) = reqwest::header::HeaderValue::from_str(&format!("Bearer {token}")) else {
                continue;
            };
            let account = world.request("GET", &format!("/{}/account", world.practice));
            world.send(account.header("authorization", value)).await.expect(401);
        }
        for key in [word.clone(), format!("{key_prefix}{word}"), format!("{key_prefix}{beheaded}")] {
            let Ok(value) = reqwest::header::HeaderValue::from_str(&format!("Bearer {key}")) else {
                continue;
            };
            let settings = world.request("GET", "/v1/patients/p1").header("authorization", value);
            world.send(settings).await.expect(401);
        }
        if plain {
            world.get(&format!("/i/{word}")).await.expect(410);
        }
        world.register(&link, word, "evil.one").await.expect(410);
        send_code(&world, &pending, word).await.expect(422);
        posts += 2;
        if posts % 500 == 0 {
            // Moves past the window of the limit. The link still works; only the ticket and the proof
            // are guessed.
            world.advance(300);
        }
        let body = json!({"code": word});
        let answer = world.staff(&world.keys.portal, "POST", "/v1/sessions/exchange", Some(body)).await;
        assert!(matches!(answer.status, 404 | 429), "{}", answer.text);
    }
    assert_eq!(world.items().await.matches("\"sk\":{\"S\":\"ACCOUNT\"}").count(), 1);
}
