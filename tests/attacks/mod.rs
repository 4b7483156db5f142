//! Bad input, attacks and faults. Each test fails without the defence that its name describes.
//!
//! `docs/security.md` lists every test here under the attack that it tries; `security_table.rs` compares the two.

mod accounts;
mod codes;
mod console;
mod dump;
mod edge;
mod faults;
mod floods;
mod headers;
mod input;
mod isolation;
mod links;
mod logs;
mod owner;
mod power_off;
mod recovery;
mod sign_in;
mod stolen_key;
mod sweeps;
mod wrong_hands;

use portico_domain::time::{Clock, Timestamp};
use portico_testkit::{Answer, World};
use serde_json::{Value, json};

/// Everything of an answer that an attacker can compare: status, headers (without the date) and body.
fn seen(answer: &Answer) -> String {
    let mut headers: Vec<String> = answer
        .headers
        .iter()
        .filter(|(name, _)| name != "date")
        .map(|(name, value)| format!("{name}: {value}"))
        .collect();
    headers.sort();
    format!("{} {}\n\n{}", answer.status, headers.join("\n"), answer.text)
}

/// The whole table without limit counters and the days on which keys were used, the only things that a request without
/// effect may change.
async fn table(world: &World) -> String {
    let without_use = |line: &str| {
        let mut item: Value = serde_json::from_str(line).expect("an item");
        if let Some(item) = item.as_object_mut() {
            item.remove("last_used");
        }
        item.to_string()
    };
    let items = world.items().await;
    let mut lines: Vec<String> =
        items.lines().filter(|line| !line.contains("\"LIMIT#")).map(without_use).collect();
    lines.sort();
    lines.join("\n")
}

async fn proof(world: &World, token: &str) -> String {
    world.state_facts(token).await.expect_and(200).str("/proof")
}

/// Has a code mailed, or texted where it may not be mailed.
async fn send_code(world: &World, token: &str, proof: &str) -> Answer {
    let send = async |channel: &str| {
        world.post(&format!("/i/{token}/codes"), json!({"proof": proof, "channel": channel})).await
    };
    let mailed = send("email").await;
    if mailed.status == 400 { send("sms").await } else { mailed }
}

async fn check_code(world: &World, token: &str, proof: &str, code: &str) -> Answer {
    world.post(&format!("/i/{token}/codes/check"), json!({"proof": proof, "code": code})).await
}

/// Proof and code of a fresh identity check.
async fn proof_and_code(world: &World, token: &str) -> (String, String) {
    let proof = proof(world, token).await;
    send_code(world, token, &proof).await.expect(202);
    (proof, world.last_mail().await.code())
}

/// Another code of the same length.
fn other_code(code: &str) -> String {
    code.chars().map(|c| if c == '9' { '0' } else { char::from(c as u8 + 1) }).collect()
}

fn facts(family_name: &str, birth_date: &str) -> Value {
    json!({"as": "patient", "family_name": family_name, "birth_date": birth_date})
}

/// Moves to the beginning of the longest window, so that no test spans two.
fn to_a_new_window(world: &World) {
    let next = (world.service.clock.now().seconds() / 600 + 1) * 600;
    world.service.clock.set(Timestamp::from_millis(next * 1000)).unwrap();
}
