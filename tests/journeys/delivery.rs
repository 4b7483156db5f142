//! Delivery of messages: feedback of providers, bad addresses, STOP and START, quotas, and events for other systems.

use portico_local::{Channel, Failure, SendingQuota};
use portico_testkit::{Mail, World};
use serde_json::{Value, json};

async fn told(world: &World, mail: &Mail, what: &str) {
    let said = json!({"message_id": mail.get("id"), "type": what});
    world.post("/_local/feedback", said).await.expect(200);
}

async fn replied(world: &World, phone: &str, what: &str) {
    world.post("/_local/feedback", json!({"phone": phone, "type": what})).await.expect(200);
}

async fn delivery(world: &World, id: &str) -> (String, String) {
    let invitation = world.portal(id).await["invitation"].clone();
    let text = |name: &str| invitation[name].as_str().unwrap_or_default().to_owned();
    (text("delivery"), text("delivery_detail"))
}

async fn attention(world: &World, id: &str) -> Value {
    let all = world.ehr("GET", "/v1/onboarding?attention=true", None).await.expect_and(200).json();
    let patients = all["patients"].as_array().cloned().unwrap_or_default();
    patients.into_iter().find(|one| one["patient_id"] == id).map_or(json!([]), |one| one["attention"].clone())
}

async fn refused(world: &World, id: &str, channel: &str) -> Value {
    world.invite(id, channel).await.expect_and(422).json()["reasons"].clone()
}

#[tokio::test]
async fn a_message_is_queued_sent_and_delivered_and_staff_see_it() {
    let world = World::new().await;
    world.patient("p1", World::chart()).await;
    assert_eq!(world.invite("p1", "email").await.expect_and(201).str("/delivery"), "queued");
    let mail = world.last_mail().await;
    assert_eq!(delivery(&world, "p1").await, ("sent".into(), String::new()));
    told(&world, &mail, "delivery").await;
    assert_eq!(delivery(&world, "p1").await, ("delivered".into(), String::new()));
    assert_eq!(attention(&world, "p1").await, json!([]));
}

#[tokio::test]
async fn a_bounced_invitation_is_shown_and_nothing_is_sent_until_the_address_is_changed() {
    let world = World::new().await;
    world.invited("p1").await;
    told(&world, &world.last_mail().await, "bounce").await;
    let (state, detail) = delivery(&world, "p1").await;
    assert_eq!(state, "bounced");
    assert!(detail.contains("Correct it on the chart"), "{detail}");
    assert_eq!(attention(&world, "p1").await, json!(["address_bounced"]));
    assert_eq!(refused(&world, "p1", "email").await, json!(["address_bounced"]));
    world.invite("p1", "sms").await.expect(201);
    let corrected = World::chart_with(json!({"email": "rosa.q@example.com"}));
    world.patient("p1", corrected).await;
    world.invite("p1", "email").await.expect(201);
    assert_eq!(world.last_mail().await.get("to"), "rosa.q@example.com");
    assert_eq!(attention(&world, "p1").await, json!([]));
}

#[tokio::test]
async fn staff_who_know_that_a_bounced_address_is_right_confirm_it() {
    let world = World::new().await;
    world.invited("p1").await;
    told(&world, &world.last_mail().await, "bounce").await;
    let confirm = Some(json!({"channel": "email"}));
    world.ehr("POST", "/v1/patients/p1/contacts/confirm", confirm).await.expect(200);
    world.invite("p1", "email").await.expect(201);
    world.service.idle().await;
    assert_eq!(delivery(&world, "p1").await.0, "sent");
}

#[tokio::test]
async fn a_spam_complaint_stops_the_address_for_the_whole_family() {
    let world = World::new().await;
    world.patient("child", World::chart_with(json!({"given_name": "Ivo"}))).await;
    world.patient("apart", World::chart_with(json!({"email": "other@example.com"}))).await;
    world.invited("p1").await;
    told(&world, &world.last_mail().await, "complaint").await;
    assert_eq!(delivery(&world, "p1").await.0, "complained");
    assert_eq!(refused(&world, "p1", "email").await, json!(["address_complained"]));
    assert_eq!(refused(&world, "child", "email").await, json!(["address_complained"]));
    world.invite("apart", "email").await.expect(201);
    let events = world.ehr("GET", "/v1/audit?patient_id=child", None).await.expect_and(200).json();
    let stopped = events["events"].as_array().unwrap().iter().find(|one| one["action"] == "address_stopped");
    assert_eq!(stopped.unwrap()["detail"], json!({"channel": "email", "why": "address_complained"}));
    let whole = world.ehr("GET", "/v1/audit/verify", None).await.expect_and(200).json();
    assert_eq!(whole["intact"], true);
}

#[tokio::test]
async fn a_full_mailbox_and_an_automatic_reply_stop_nothing() {
    let world = World::new().await;
    for (what, words) in
        [("transient_bounce", "mailbox is full"), ("auto_reply", "automatic reply"), ("delay", "being tried")]
    {
        world.patient(what, World::chart()).await;
        world.invite(what, "email").await.expect(201);
        let mail = world.last_mail().await;
        told(&world, &mail, what).await;
        let (state, detail) = delivery(&world, what).await;
        assert!(state == "sent" && detail.contains(words), "{what}: {state}, {detail}");
        world.invite(what, "email").await.expect(201);
    }
}

#[tokio::test]
async fn feedback_that_comes_twice_or_out_of_order_takes_nothing_back() {
    let world = World::new().await;
    let order = ["delay", "delivery", "bounce", "complaint"];
    // Whatever the order of four reports, with repeats, the state ends the same and never steps back.
    for (number, first) in order.into_iter().enumerate() {
        let id = format!("p{number}");
        let address = format!("rosa.{number}@example.com");
        world.patient(&id, World::chart_with(json!({"email": address}))).await;
        world.invite(&id, "email").await.expect(201);
        let mail = world.last_mail().await;
        let mut seen = Vec::new();
        for what in [first].into_iter().chain(order.into_iter().rev()).chain([first]) {
            told(&world, &mail, what).await;
            seen.push(delivery(&world, &id).await.0);
        }
        let rank = |state: &String| {
            ["sent", "delivered", "bounced", "complained"].iter().position(|one| one == state)
        };
        assert!(seen.is_sorted_by_key(rank), "{seen:?}");
        assert_eq!(seen.last().unwrap(), "complained");
    }
}

#[tokio::test]
async fn a_message_already_on_its_way_to_a_bad_address_is_not_sent() {
    let world = World::new().await;
    world.registered("p1", "rosa.q").await;
    // The confirmation bounces. Later mails of the practice are not sent to that address.
    told(&world, &world.last_mail().await, "bounce").await;
    let before = world.mails().await.len();
    world.revoke("p1", "other").await.expect(200);
    let after: Vec<Mail> = world.mails().await.split_off(before);
    let to: Vec<&str> = after.iter().map(|mail| mail.get("to")).collect();
    assert_eq!(to, ["+12025550143"], "what matters goes the other way, nothing to an address that bounced");
}

#[tokio::test]
async fn a_representatives_address_that_bounced_is_not_written_to_for_this_patient() {
    let world = World::new().await;
    world.patient("p1", World::chart()).await;
    let offer = json!({
        "given_name": "Marta", "family_name": "Vale", "relationship": "parent",
        "email": "marta.vale@example.com", "channel": "email",
    });
    let invite = async || world.ehr("POST", "/v1/patients/p1/representatives", Some(offer.clone())).await;
    invite().await.expect(201);
    told(&world, &world.last_mail().await, "bounce").await;
    assert_eq!(invite().await.expect_and(422).json()["reasons"], json!(["address_bounced"]));
    assert_eq!(attention(&world, "p1").await, json!(["address_bounced"]));
    world.invite("p1", "email").await.expect(201);
    let confirm = Some(json!({"channel": "email"}));
    world.ehr("POST", "/v1/patients/p1/contacts/confirm", confirm).await.expect(200);
    invite().await.expect(201);
}

#[tokio::test]
async fn a_text_is_delivered_refused_or_sent_to_no_phone() {
    let world = World::new().await;
    for (number, (what, state)) in
        [("delivery", "delivered"), ("transient_bounce", "failed"), ("bounce", "bounced")]
            .into_iter()
            .enumerate()
    {
        world.patient(what, World::chart_with(json!({"mobile_phone": format!("+1202555014{number}")}))).await;
        world.invite(what, "sms").await.expect(201);
        told(&world, &world.last_mail().await, what).await;
        assert_eq!(delivery(&world, what).await.0, state, "{what}");
    }
    assert_eq!(attention(&world, "transient_bounce").await, json!(["delivery_failed"]));
    assert_eq!(refused(&world, "bounce", "sms").await, json!(["address_bounced"]));
    world.invite("transient_bounce", "sms").await.expect(201);
    // A number that takes no texts may still be called.
    world.invite("bounce", "email").await.expect(201);
    let token = world.last_mail().await.token();
    let channels = world.state_facts(&token).await.expect_and(200).json()["code_channels"].clone();
    assert_eq!(channels, json!(["voice"]));
}

#[tokio::test]
async fn stop_and_start_count_at_every_practice() {
    let world = World::new().await;
    world.patient("p1", World::chart()).await;
    let elsewhere = async |method: &str, path: &str, body: Option<Value>| {
        world.staff(&world.other_keys.ehr, method, path, body).await
    };
    elsewhere("PUT", "/v1/patients/q1", Some(World::chart())).await.expect(201);
    world.service.idle().await;
    replied(&world, "+12025550143", "stop").await;
    assert_eq!(refused(&world, "p1", "sms").await, json!(["sms_opted_out"]));
    assert_eq!(attention(&world, "p1").await, json!(["sms_opted_out"]));
    let invite = "/v1/patients/q1/invitations";
    let there = elsewhere("POST", invite, Some(json!({"channel": "sms"}))).await.expect_and(422);
    assert_eq!(there.json()["reasons"], json!(["sms_opted_out"]));
    // Staff can't confirm it away.
    let confirm = Some(json!({"channel": "sms"}));
    world.ehr("POST", "/v1/patients/p1/contacts/confirm", confirm).await.expect(200);
    assert_eq!(refused(&world, "p1", "sms").await, json!(["sms_opted_out"]));

    world.advance(60);
    replied(&world, "+12025550143", "start").await;
    world.invite("p1", "sms").await.expect(201);
    assert_eq!(attention(&world, "p1").await, json!([]));
    elsewhere("POST", invite, Some(json!({"channel": "sms"}))).await.expect(201);
    let events = world.ehr("GET", "/v1/audit?patient_id=p1", None).await.expect_and(200).json();
    let actions: Vec<&str> =
        events["events"].as_array().unwrap().iter().filter_map(|one| one["action"].as_str()).collect();
    assert!(actions.contains(&"texts_stopped") && actions.contains(&"texts_started"), "{actions:?}");
    let ledger = world.items().await.lines().filter(|line| line.contains("SAID#")).count();
    assert_eq!(ledger, 2, "each word is kept, with its time");
}

#[tokio::test]
async fn a_chart_that_arrives_after_stop_is_not_texted_either() {
    let world = World::new().await;
    replied(&world, "+12025550143", "stop").await;
    let add = json!({
        "given_name": "Lin", "family_name": "Ash", "birth_date": "1990-03-04",
        "activate_portal": true, "channel": "sms", "mobile_phone": "+12025550143",
    });
    // The number is new to the practice, so the call is accepted. The sender asks once more before a text
    // goes out.
    let added = world.ehr("POST", "/v1/patients", Some(add)).await.expect_and(201);
    let id = added.str("/patient/patient_id");
    assert!(world.mails().await.is_empty(), "no text went out");
    assert_eq!(delivery(&world, &id).await.0, "opted_out");
    assert_eq!(refused(&world, &id, "sms").await, json!(["sms_opted_out"]));
}

#[tokio::test]
async fn a_code_is_not_offered_by_text_to_a_number_that_said_stop() {
    let world = World::new().await;
    let token = world.invited("p1").await;
    replied(&world, "+12025550143", "stop").await;
    let channels = world.state_facts(&token).await.expect_and(200).json()["code_channels"].clone();
    assert_eq!(channels, json!(["voice"]));
}

#[tokio::test]
async fn a_code_is_not_offered_to_a_representatives_address_that_bounced() {
    let world = World::new().await;
    world.patient("p1", World::chart()).await;
    let offer = |channel: &str| {
        Some(json!({
            "given_name": "Marta", "family_name": "Vale", "relationship": "parent", "channel": channel,
            "email": "marta.vale@example.com", "mobile_phone": "+12025550177",
        }))
    };
    let path = "/v1/patients/p1/representatives";
    world.ehr("POST", path, offer("email")).await.expect(201);
    told(&world, &world.last_mail().await, "bounce").await;
    world.ehr("POST", path, offer("sms")).await.expect(201);
    let token = world.last_mail().await.token();
    let facts = json!({"as": "representative", "family_name": "quillfeather", "birth_date": "04/27/1945"});
    let stated = world.post(&format!("/i/{token}/verify"), facts).await.expect_and(200);
    assert_eq!(stated.json()["code_channels"], json!(["sms", "voice"]));
}

#[tokio::test]
async fn the_carriers_own_list_counts_as_stop() {
    let world = World::new().await;
    world.patient("p1", World::chart()).await;
    world.invite("p1", "sms").await.expect(201);
    told(&world, &world.last_mail().await, "opted_out").await;
    assert_eq!(delivery(&world, "p1").await.0, "opted_out");
    assert_eq!(refused(&world, "p1", "sms").await, json!(["sms_opted_out"]));
}

#[tokio::test]
async fn an_invitation_that_no_provider_takes_needs_attention() {
    let world = World::new().await;
    world.patient("p1", World::chart()).await;
    world.service.capture.fail_next(Channel::Email, Failure::Rejected, 1);
    world.invite("p1", "email").await.expect(201);
    assert!(world.mails().await.is_empty());
    let (state, detail) = delivery(&world, "p1").await;
    assert!(state == "failed" && detail.contains("invite again"), "{state}: {detail}");
    assert_eq!(attention(&world, "p1").await, json!(["delivery_failed"]));
    world.invite("p1", "email").await.expect(201);
    world.service.idle().await;
    assert_eq!(attention(&world, "p1").await, json!([]), "the next one went out");
}

#[tokio::test]
async fn a_used_up_daily_quota_loses_nothing_and_codes_go_first() {
    let world = World::new().await;
    world.service.capture.set_quota(SendingQuota {
        enabled: true,
        a_second: 14.0,
        a_day: 200.0,
        sent: 195.0,
    });
    world.patient("p2", World::chart_with(json!({"email": "p2@example.com"}))).await;
    world.invite("p2", "email").await.expect(201);
    assert!(world.mails().await.is_empty(), "the last of the quota is kept for codes");
    assert_eq!(delivery(&world, "p2").await.0, "queued");
    // A code is sent from the rest of the quota, since somebody is waiting for it. (The invitation went by
    // text, which the quota of SES doesn't limit.)
    world.patient("p3", World::chart()).await;
    world.invite("p3", "sms").await.expect(201);
    let token = world.last_mail().await.token();
    let proof = world.state_facts(&token).await.expect_and(200).str("/proof");
    world.enter_code(&token, &proof).await.expect(200);
    // Postponing the message costs none of its attempts, and the sender reports how long it has waited, which
    // an alarm watches. (The local schedule also looks for overdue messages; either of the two may find it.)
    let mut waited = json!(null);
    for _ in 0..50 {
        world.advance(901);
        let swept = world.service.invoker.call("deliver", "overdue", json!({})).await.unwrap();
        if swept["overdue"] == 1 {
            waited = swept["oldest_seconds"].clone();
            break;
        }
    }
    assert!(waited.as_i64().is_some_and(|seconds| seconds > 900), "{waited}");
    for _ in 0..4 {
        world.advance(901);
        world.service.invoker.call("deliver", "overdue", json!({})).await.unwrap();
    }
    assert_eq!(delivery(&world, "p2").await.0, "queued");
}

#[tokio::test]
async fn feedback_that_arrives_before_its_message_is_settled_is_tried_again() {
    let world = World::new().await;
    world.invited("p1").await;
    let event = |at: String| {
        let message = json!({
            "eventType": "Delivery", "delivery": {"timestamp": at, "recipients": ["a@example.com"]},
            "mail": {"timestamp": at, "messageId": "not-written-down-yet", "destination": ["a@example.com"], "tags": {}},
        });
        let body = json!({"Type": "Notification", "Message": message.to_string(), "Timestamp": at});
        json!({"Records": [{"messageId": "m1", "body": body.to_string()}]})
    };
    let now = portico_domain::time::Clock::now(&*world.service.clock);
    let fresh =
        world.service.invoker.call("track-delivery", "feedback", event(now.to_string())).await.unwrap();
    assert_eq!(fresh, json!({"batchItemFailures": [{"itemIdentifier": "m1"}]}));
    let old = event(now.plus_seconds(-121).to_string());
    let old = world.service.invoker.call("track-delivery", "feedback", old).await.unwrap();
    assert_eq!(old, json!({"batchItemFailures": []}));
    let nonsense = json!({"Records": [{"messageId": "m2", "body": "{}"}]});
    let nonsense = world.service.invoker.call("track-delivery", "feedback", nonsense).await.unwrap();
    assert_eq!(
        nonsense,
        json!({"batchItemFailures": [{"itemIdentifier": "m2"}]}),
        "kept for a person to look at"
    );
}

#[tokio::test]
async fn dead_letters_can_be_sent_back_to_their_function() {
    let world = World::new().await;
    // These are log lines as Lambda keeps them after the last retry.
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/../events/track-delivery/receipts.json");
    let lines: Value = serde_json::from_str(&std::fs::read_to_string(file).unwrap()).unwrap();
    let kept = json!({"version": "1.0", "requestContext": {"condition": "RetriesExhausted"}, "requestPayload": lines});
    let event = json!({"Records": [{"messageId": "m1", "body": kept.to_string()}]});
    let answer = world.service.invoker.call("track-delivery", "feedback", event).await.unwrap();
    assert_eq!(answer, json!({"batchItemFailures": []}));
}

#[tokio::test]
async fn receipts_for_another_services_texts_are_ignored() {
    let world = World::new().await;
    // The log covers the whole AWS account. One id is unknown here, and one is fresh.
    let now = portico_domain::time::Clock::now(&*world.service.clock);
    let line = portico_local::feedback::receipt_of("nobody-knows-this-id", "+12025550150", now);
    world.service.invoker.call("track-delivery", "receipts", line).await.unwrap();
}

#[tokio::test]
async fn events_name_people_by_their_ids_alone() {
    let world = World::new().await;
    world.registered("p1", "rosa.q").await;
    told(&world, &world.mails().await[0], "delivery").await;
    world.revoke("p1", "patient_request").await.expect(200);
    let told = world.get("/_local/events").await.expect_and(200).json()["events"].clone();
    let names: Vec<&str> =
        told.as_array().unwrap().iter().filter_map(|event| event["detail-type"].as_str()).collect();
    let wanted = [
        "invitation.created",
        "invitation.sent",
        "account.registered",
        "invitation.delivered",
        "access.revoked",
    ];
    for name in wanted {
        assert_eq!(names.iter().filter(|known| **known == name).count(), 1, "{name} in {names:?}");
    }
    let text = told.to_string().to_lowercase();
    for personal in ["quillfeather", "rosa", "1945", "2025550143", "02139"] {
        assert!(!text.contains(personal), "{personal} in {text}");
    }
    let revoked =
        told.as_array().unwrap().iter().find(|event| event["detail-type"] == "access.revoked").unwrap();
    assert_eq!(revoked["source"], "portico");
    let detail = &revoked["detail"];
    assert_eq!((&detail["practice"], &detail["patient_id"]), (&json!(world.practice), &json!("p1")));
    assert_eq!(detail["reason"], "patient_request");
}

#[tokio::test]
async fn no_event_carries_the_words_of_staff() {
    let world = World::new().await;
    world.patient("p1", World::chart()).await;
    let no = Some(json!({"reason": "will not touch a computer"}));
    world.ehr("POST", "/v1/patients/p1/portal/decline", no).await.expect(200);
    let over = json!({"channel": "email", "override": {"reason": "her son will help"}});
    world.ehr("POST", "/v1/patients/p1/invitations", Some(over)).await.expect(201);
    let revoke = json!({"reason": "other", "note": "quarrel over a bill"});
    world.ehr("POST", "/v1/patients/p1/portal/revoke", Some(revoke)).await.expect(200);
    let told = world.get("/_local/events").await.expect_and(200).text;
    assert!(told.contains("invitation.declined") && told.contains("access.revoked"), "{told}");
    for words in ["computer", "her son", "quarrel"] {
        assert!(!told.contains(words), "{words} in {told}");
    }
}

#[tokio::test]
async fn an_event_that_the_bus_refused_is_published_again() {
    let world = World::new().await;
    world.patient("p1", World::chart()).await;
    world.service.idle().await;
    world.service.capture.lose_events(2);
    world.invite("p1", "email").await.expect(201);
    world.service.idle().await;
    let told = world.service.capture.events();
    let created = told.iter().filter(|event| event["detail-type"] == "invitation.created").count();
    let sent = told.iter().filter(|event| event["detail-type"] == "invitation.sent").count();
    assert!(created >= 1 && sent >= 1, "{told:?}");
}

#[tokio::test]
async fn a_reply_that_is_no_keyword_is_shown_to_the_staff_who_wrote_and_stops_nothing() {
    let world = World::new().await;
    world.patient("p1", World::chart()).await;
    let there = world.staff(&world.other_keys.ehr, "PUT", "/v1/patients/q1", Some(World::chart())).await;
    there.expect(201);
    world.invite("p1", "sms").await.expect(201);
    world.service.idle().await;
    let reply = json!({"originationNumber": "+12025550143", "messageBody": "Cancel my zebra appointment on Friday", "inboundMessageId": "r1"});
    let envelope = json!({"Type": "Notification", "Message": reply.to_string(), "Timestamp": "2026-11-26T10:00:00.000Z"});
    let event = json!({"Records": [{"messageId": "m1", "body": envelope.to_string()}]});
    let taken = world.service.invoker.call("track-delivery", "feedback", event).await.unwrap();
    assert_eq!(taken["batchItemFailures"], json!([]));
    assert_eq!(attention(&world, "p1").await, json!(["text_reply"]));
    let things = world.ehr("GET", "/v1/attention", None).await.expect_and(200).json();
    let thing = &things["items"][0];
    assert_eq!(
        (&thing["cause"], &thing["detail"], &thing["address"]),
        (&json!("text_reply"), &json!("Cancel my zebra appointment on Friday"), &json!("+12025550143"))
    );
    let elsewhere =
        world.staff(&world.other_keys.ehr, "GET", "/v1/attention", None).await.expect_and(200).json();
    assert_eq!(elsewhere["items"], json!([]), "that practice never wrote");
    world.invite("p1", "sms").await.expect(201);
    let id = thing["id"].as_str().unwrap();
    world.ehr("POST", &format!("/v1/attention/{id}/leave"), Some(json!({}))).await.expect(204);
    assert_eq!(attention(&world, "p1").await, json!([]));
}

#[tokio::test]
async fn where_practices_are_tenants_each_mail_is_sent_for_its_own() {
    let ses_tenants = Some("portico-prod".to_owned());
    let world = World::with(portico_local::Config { ses_tenants, ..Default::default() }).await;
    world.invited("p1").await;
    let chart = World::chart_with(json!({"email": "ana.lopez@example.com"}));
    world.staff(&world.other_keys.ehr, "PUT", "/v1/patients/p2", Some(chart)).await.expect(201);
    let body = Some(json!({"channel": "email"}));
    world.staff(&world.other_keys.ehr, "POST", "/v1/patients/p2/invitations", body).await.expect(201);
    let tenants: Vec<String> =
        world.mails().await.iter().map(|mail| format!("{} {}", mail.get("to"), mail.get("tenant"))).collect();
    assert_eq!(
        tenants,
        [
            "rosa.quillfeather@example.com portico-prod-riverside",
            "ana.lopez@example.com portico-prod-lakeside",
        ]
    );

    let world = World::new().await;
    world.invited("p1").await;
    assert_eq!(
        world.last_mail().await.record.get("tenant"),
        None,
        "and where they are not, no tenant is named"
    );
}

#[tokio::test]
async fn staff_undo_a_stop_that_the_person_asked_them_to_undo_on_record() {
    let world = World::new().await;
    let chart = World::chart_with(json!({"mobile_phone": "+12025550188", "email": null}));
    world.patient("p1", chart).await;
    world.post("/_local/feedback", json!({"phone": "+12025550188", "type": "stop"})).await.expect(200);
    world.service.idle().await;
    let confirm = async |body: Value| world.ehr("POST", "/v1/patients/p1/contacts/confirm", Some(body)).await;
    // That the number is right says nothing about the wish.
    confirm(json!({"channel": "sms"})).await.expect(200);
    assert_eq!(world.invite("p1", "sms").await.expect_and(422).json()["reasons"], json!(["sms_opted_out"]));
    confirm(json!({"channel": "email", "asked_by_patient": true})).await.expect(400);

    let window = world.window(&world.keys.ehr).await;
    assert!(window.page("/console/patients/p1").await.text.contains("They asked for texts again"));
    let fields = [("channel", "sms"), ("asked_by_patient", "yes")];
    let page = window.act("/console/patients/p1/confirm", &fields).await.text;
    assert!(page.contains("Recorded: they asked for texts again."), "{page}");
    assert!(!page.contains("Number replied STOP"), "{page}");
    world.invite("p1", "sms").await.expect(201);
    assert_eq!(world.last_mail().await.get("to"), "+12025550188");
    let trail = world.ehr("GET", "/v1/audit?patient_id=p1", None).await.expect_and(200).json();
    let events = trail["events"].as_array().unwrap();
    let started = events.iter().find(|event| event["action"] == "texts_started").unwrap();
    assert_eq!(started["detail"]["asked"], "staff");
    assert_eq!(started["by"]["actor"], "dr.lee", "{started}");

    // A STOP that comes later counts again.
    world.advance(60);
    world.post("/_local/feedback", json!({"phone": "+12025550188", "type": "stop"})).await.expect(200);
    world.service.idle().await;
    world.invite("p1", "sms").await.expect(422);
}
