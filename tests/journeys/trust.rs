//! The audit trail, and the language of messages, pages and problems.

use portico_testkit::{PASSWORD, World, log};
use serde_json::{Value, json};

#[tokio::test]
async fn every_change_leaves_an_audit_event_with_time_actor_action_and_reason() {
    let world = World::new().await;
    world.registered("p1", "rosa.q").await;
    world.revoke("p1", "patient_request").await.expect(200);
    let trail = world.ehr("GET", "/v1/audit?patient_id=p1", None).await.expect_and(200).json();
    let events = trail["events"].as_array().unwrap();
    let actions: Vec<&str> = events.iter().map(|event| event["action"].as_str().unwrap()).collect();
    assert_eq!(
        actions,
        [
            "chart_created",
            "invitation_created",
            "identity_confirmed",
            "code_confirmed",
            "account_registered",
            "access_revoked"
        ]
    );
    assert_eq!(events[5]["by"], json!({"client": "ehr", "actor": "dr.lee"}));
    assert_eq!(
        (&events[5]["detail"]["reason"], &events[4]["by"]["client"]),
        (&json!("patient_request"), &json!("patient"))
    );
    // Seals and ids may contain any three or four digits by chance, so they are left out.
    let told = events
        .iter()
        .fold(String::new(), |told, event| format!("{told} {} {}", event["by"], event["action"]));
    let details = events.iter().flat_map(|event| event["detail"].as_object().into_iter().flatten());
    let told = details
        .filter(|(name, _)| !name.ends_with("_id"))
        .fold(told, |told, (_, value)| format!("{told} {value}"));
    for secret in ["Quillfeather", "1945", "example.com", "555"] {
        assert!(!told.contains(secret), "the trail names {secret}");
    }
    let whole = world.ehr("GET", "/v1/audit/verify", None).await.expect_and(200).json();
    assert_eq!(whole["intact"], true);
    assert!(whole["checked"].as_u64().unwrap() >= 7);
}

/// The table can be restored to an earlier time, and the audit table then stays as it is.
#[tokio::test]
async fn after_a_restore_people_and_staff_go_on_and_the_trail_keeps_what_was_undone() {
    let world = World::new().await;
    world.registered("p1", "rosa.q").await;
    let all = world.get("/_local/items").await.expect_and(200).text;
    let records: Vec<Value> = all.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let is_kept = |item: &&Value| ["ACCOUNT", "PATIENT"].contains(&item["sk"]["S"].as_str().unwrap());
    let kept: Vec<Value> = records.iter().filter(is_kept).cloned().collect();
    assert_eq!(kept.len(), 2);

    world.sign_in("rosa.q", PASSWORD).await.expect(200);
    world.revoke("p1", "patient_request").await.expect(200);
    let db = world.service.db.as_ref().unwrap();
    for item in &kept {
        let put = json!({"TableName": world.service.cloud.table, "Item": item});
        db.put_item(serde_json::from_value(put).unwrap()).unwrap();
    }

    world.sign_in("rosa.q", PASSWORD).await.expect(200);
    world.revoke("p1", "other").await.expect(200);
    let trail = world.ehr("GET", "/v1/audit?patient_id=p1", None).await.expect_and(200).json();
    let revoked = trail["events"].as_array().unwrap().iter().filter(|one| one["action"] == "access_revoked");
    assert_eq!(revoked.count(), 2, "the one that the restore undid is on record");
    let verdict = world.ehr("GET", "/v1/audit/verify", None).await.expect_and(200).json();
    assert_eq!(verdict["intact"], true, "{verdict}");
}

#[tokio::test]
async fn a_tampered_audit_trail_is_detected() {
    for tampering in ["change", "remove", "cut"] {
        let world = World::new().await;
        world.registered("p1", "rosa.q").await;
        let number = if tampering == "cut" { 5 } else { 3 };
        let table = aws_sdk_dynamodb::Client::from_conf(world.service.cloud.dynamodb.clone());
        let (pk, sk) = ("AUDIT#riverside#PATIENT#p1".to_owned(), format!("{number:012}"));
        let s = aws_sdk_dynamodb::types::AttributeValue::S;
        if tampering == "change" {
            let call = table.update_item().table_name("portico-audit").key("pk", s(pk)).key("sk", s(sk));
            let call =
                call.update_expression("SET #by.client = :who").expression_attribute_names("#by", "by");
            call.expression_attribute_values(":who", s("nobody".to_owned())).send().await.unwrap();
        } else {
            table
                .delete_item()
                .table_name("portico-audit")
                .key("pk", s(pk))
                .key("sk", s(sk))
                .send()
                .await
                .unwrap();
        }
        for path in ["/v1/audit/verify?patient_id=p1", "/v1/audit/verify"] {
            let verdict = world.ehr("GET", path, None).await.expect_and(200).json();
            assert_eq!(verdict["intact"], false, "{tampering}");
            assert_eq!(verdict["first_broken"], format!("patient p1 {number}"), "{tampering}");
        }
    }
}

/// The newest anchored head of each chain of these patients, accounts and practices' own.
fn anchored(whose: &[&str]) -> Vec<Value> {
    let mut heads = std::collections::BTreeMap::new();
    for line in whose.iter().flat_map(|whose| log::security(whose)) {
        if line["event"] == "chain_head" {
            let names = ["practice", "patient", "account", "number", "seal"];
            let head: serde_json::Map<String, Value> = names
                .iter()
                .filter_map(|name| Some(((*name).to_owned(), line.get(*name)?.clone())))
                .collect();
            heads.insert((line["patient"].to_string(), line["account"].to_string()), Value::Object(head));
        }
    }
    heads.into_values().collect()
}

/// What the records know of an end is in the table, and goes with it. The anchored end is elsewhere.
#[tokio::test]
async fn an_audit_chain_that_lost_its_end_differs_from_its_anchor() {
    let world = World::new().await;
    let token = world.registered("anchor-1", "rosa.anchor").await;
    let account = world.portal("anchor-1").await["accounts"][0]["account_id"].as_str().unwrap().to_owned();
    world.send(world.request("POST", "/riverside/sign-out").bearer_auth(&token)).await.expect(204);
    // The last event of this chain is a visitor's, which the patient's record does not know.
    let link = world.invited("anchor-2").await;
    world.state_facts(&link).await.expect(200);
    // A deleted account leaves a chain and no record.
    world.ehr("DELETE", &format!("/v1/accounts/{account}"), Some(json!({"reason": "asked"}))).await;
    world.service.idle().await;
    let heads = anchored(&["anchor-1", "anchor-2", &account]);
    assert_eq!(heads.len(), 3, "{heads:#?}");
    let compare = async |heads: &[Value]| {
        let event = json!({"action": "compare_heads", "heads": heads});
        world.service.invoker.call("enroll-practice", "invoke", event).await.unwrap()
    };
    assert_eq!(compare(&heads).await, json!({"compared": 3, "lost": []}));

    let table = aws_sdk_dynamodb::Client::from_conf(world.service.cloud.dynamodb.clone());
    let s = aws_sdk_dynamodb::types::AttributeValue::S;
    let mut expected = Vec::new();
    for head in &heads {
        let subject = match (head["patient"].as_str(), head["account"].as_str()) {
            (Some(id), None) => format!("PATIENT#{id}"),
            (None, Some(id)) => format!("ACCOUNT#{id}"),
            _ => panic!("{head}"),
        };
        let number = head["number"].as_u64().unwrap();
        let cut = table.delete_item().table_name("portico-audit");
        let cut = cut.key("pk", s(format!("AUDIT#riverside#{subject}")));
        cut.key("sk", s(format!("{number:012}"))).send().await.unwrap();
        expected.push(json!({"practice": "riverside", "subject": subject, "number": number}));
    }
    let verdict = world.ehr("GET", "/v1/audit/verify?patient_id=anchor-2", None).await.json();
    assert_eq!(verdict["intact"], true, "what is left is whole by itself");
    assert_eq!(compare(&heads).await, json!({"compared": 3, "lost": expected}));
}

/// Somebody with the tables and the keyring can seal a chain anew; the anchor has the old seal.
#[tokio::test]
async fn an_audit_chain_with_other_seals_differs_from_its_anchor() {
    let world = World::new().await;
    world.invited("anchor-3").await;
    world.service.idle().await;
    let mut heads = anchored(&["anchor-3"]);
    heads[0]["seal"] = json!("0".repeat(64));
    let event = json!({"action": "compare_heads", "heads": heads});
    let answer = world.service.invoker.call("enroll-practice", "invoke", event).await.unwrap();
    assert_eq!(answer["lost"][0]["subject"], "PATIENT#anchor-3");
}

#[tokio::test]
async fn a_long_audit_trail_comes_in_pages() {
    let world = World::new().await;
    for round in 0..130 {
        world.patient("p1", World::chart_with(json!({"city": format!("Town {round}")}))).await;
        world.advance(1);
    }
    let first = world.ehr("GET", "/v1/audit?patient_id=p1", None).await.expect_and(200).json();
    assert_eq!(first["events"].as_array().map(Vec::len), Some(100));
    let cursor = first["next_cursor"].as_str().unwrap();
    let rest = world
        .ehr("GET", &format!("/v1/audit?patient_id=p1&cursor={cursor}"), None)
        .await
        .expect_and(200)
        .json();
    assert_eq!(
        (rest["events"].as_array().map(Vec::len), &rest["events"][0]["number"]),
        (Some(30), &json!(101))
    );
    assert_eq!(rest.get("next_cursor"), None);
    world.ehr("GET", &format!("/v1/audit?patient_id=p2&cursor={cursor}"), None).await.expect(404);
    world.ehr("GET", &format!("/v1/audit?cursor={cursor}"), None).await.expect(400);
}

#[tokio::test]
async fn messages_use_the_patients_language_and_pages_and_problems_the_readers() {
    let world = World::new().await;
    world.patient("p1", World::chart_with(json!({"language": "es-MX"}))).await;
    world.invite("p1", "email").await.expect(201);
    let mail = world.last_mail().await;
    assert!(
        mail.get("language") == "es"
            && mail.get("text").contains("Hola, Rosa")
            && mail.get("text").contains("?lang=es")
    );
    let token = mail.token();
    let spanish = world
        .send(world.request("GET", &format!("/i/{token}?lang=es")).header("accept", "text/html"))
        .await
        .expect_and(200);
    assert!(spanish.text.contains("<html lang=\"es\">") && spanish.header("content-language") == "es");
    let browser = world
        .request("GET", &format!("/i/{token}"))
        .header("accept", "text/html")
        .header("accept-language", "es-US,en;q=0.5");
    assert!(world.send(browser).await.expect_and(200).text.contains("<html lang=\"es\">"));
    let problem = world.request("POST", "/riverside/sign-in").header("accept-language", "es");
    let problem =
        world.send(problem.json(&json!({"username": "x", "password": PASSWORD}))).await.expect_and(401);
    let english = world.sign_in("x", PASSWORD).await.expect_and(401);
    assert_ne!(problem.str("/detail"), english.str("/detail"));
    let text = |answer: &portico_testkit::Answer| answer.json()["detail"].as_str().map(str::to_owned);
    assert!(
        text(&problem).is_some_and(|detail| detail.contains("contraseña")),
        "{:?}",
        Value::from(problem.text)
    );
}

#[tokio::test]
async fn all_chains_are_verified_page_by_page_with_those_of_deleted_accounts() {
    let world = World::new().await;
    world.registered("p1", "rosa.q").await;
    let account = world.portal("p1").await["accounts"][0]["account_id"].as_str().unwrap().to_owned();
    world.ehr("DELETE", &format!("/v1/accounts/{account}"), None).await.expect(204);
    for number in 0..250 {
        let name = format!("Given{number:03}");
        world.patient(&format!("x{number}"), World::chart_with(json!({"given_name": name}))).await;
        if number % 40 == 39 {
            world.advance(1);
        }
    }
    let verify = async || {
        let (mut path, mut pages, mut checked) = ("/v1/audit/verify".to_owned(), 0, 0);
        loop {
            let verdict = world.ehr("GET", &path, None).await.expect_and(200).json();
            pages += 1;
            checked += verdict["checked"].as_u64().unwrap();
            match verdict["next_cursor"].as_str() {
                Some(cursor) => path = format!("/v1/audit/verify?cursor={cursor}"),
                None => return (pages, checked, verdict),
            }
        }
    };
    let (pages, checked, verdict) = verify().await;
    assert!(pages >= 2 && checked > 250 && verdict["intact"] == true, "{pages} {checked} {verdict}");
    world.ehr("GET", "/v1/audit/verify?cursor=made-up", None).await.expect(400);

    // The last event of an account that is deleted, and of the practice itself, can't be cut off unnoticed.
    world.settings(json!({"link_hours": 48})).await;
    let table = aws_sdk_dynamodb::Client::from_conf(world.service.cloud.dynamodb.clone());
    let s = aws_sdk_dynamodb::types::AttributeValue::S;
    for chain in [format!("AUDIT#riverside#ACCOUNT#{account}"), "AUDIT#riverside#PRACTICE".to_owned()] {
        let all = table.query().table_name("portico-audit").key_condition_expression("pk = :pk");
        let all = all.expression_attribute_values(":pk", s(chain.clone())).send().await.unwrap();
        let last = all.items().last().unwrap().clone();
        let call = table.delete_item().table_name("portico-audit").key("pk", s(chain.clone()));
        call.key("sk", last["sk"].clone()).send().await.unwrap();
        let (_, _, verdict) = verify().await;
        assert_eq!(verdict["intact"], false, "{chain}");
        table.put_item().table_name("portico-audit").set_item(Some(last)).send().await.unwrap();
    }
}
