//! Faults of DynamoDB and of the mail provider: conflicts, throttling, errors, lost answers, a stale index.

use std::time::Duration;

use aws_sdk_dynamodb::types::AttributeValue;
use portico_domain::model::ids::{PatientId, PracticeId};
use portico_local::{Channel, Failure, Fault, Message};
use portico_store::keys;
use portico_testkit::{Answer, PASSWORD, World, token_in};
use serde_json::{Value, json};

use super::table;

/// The messages in the mailbox, once there are `at_least` so many or two seconds are over. Doesn't wait for a
/// sender that hangs.
async fn sent(world: &World, at_least: usize) -> Vec<Message> {
    for _ in 0..200 {
        let messages = world.service.capture.messages(None, None);
        if messages.len() >= at_least {
            return messages;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    world.service.capture.messages(None, None)
}

async fn overdue(world: &World) {
    world.service.invoker.call("deliver", "overdue", json!({})).await.unwrap();
}

fn faults(world: &World) -> &portico_local::Faults {
    world.service.faults.as_ref().unwrap()
}

#[tokio::test]
async fn a_sent_message_is_noted_as_sent_although_others_write_the_same_items() {
    let world = World::with_faults().await;
    world.patient("p1", World::chart()).await;
    world.service.capture.fail_next(Channel::Email, Failure::Throttled, 1);
    world.invite("p1", "email").await.expect(201);
    assert!(world.mails().await.is_empty(), "the first attempt was not taken");
    world.service.idle().await;
    // The next attempt is taken. Two others write the link at the moment when the message is noted as sent.
    faults(&world).next("TransactWriteItems", Fault::Conflict, 2);
    world.advance(16);
    overdue(&world).await;
    assert_eq!(sent(&world, 1).await.len(), 1);
    world.service.idle().await;
    assert_eq!(world.portal("p1").await["invitation"]["delivery"], "sent");
    world.advance(61);
    overdue(&world).await;
    world.service.idle().await;
    assert_eq!(world.mails().await.len(), 1, "no lease that ran out sends it again");
}

#[tokio::test]
async fn an_invitation_while_the_table_fails_is_one_invitation_or_a_503_and_none() {
    for (fault, times) in [
        (Fault::Conflict, 1),
        (Fault::Conflict, 3),
        (Fault::Conflict, 40),
        (Fault::Throttled, 1),
        (Fault::Throttled, 60),
        (Fault::ServerError, 1),
        (Fault::ServerError, 30),
        (Fault::LostAnswer, 1),
    ] {
        let world = World::with_faults().await;
        world.patient("p1", World::chart()).await;
        world.service.idle().await;
        let before = table(&world).await;
        faults(&world).next("TransactWriteItems", fault, times);
        let answer = world.invite("p1", "email").await;
        if answer.status == 503 {
            assert!(times > 3, "{fault:?} {times}: given up too early");
            assert_eq!(answer.code(), "try_again");
            assert!(!answer.text.contains("DynamoDB") && answer.text.contains("request_id"));
            assert_eq!(table(&world).await, before, "{fault:?} {times}: half done");
        } else {
            answer.expect(201);
            assert_eq!(world.mails().await.len(), 1, "{fault:?} {times}");
            let portal = world.portal("p1").await;
            assert_eq!(portal["invitations"].as_array().unwrap().len(), 1, "{fault:?} {times}: {portal}");
            assert_eq!(table(&world).await.matches("\"sk\":{\"S\":\"LINK\"}").count(), 1);
        }
    }
}

#[tokio::test]
async fn a_registration_while_the_table_fails_is_one_account_or_a_503_and_the_link_still_works() {
    for (fault, times) in
        [(Fault::Conflict, 2), (Fault::Conflict, 40), (Fault::ServerError, 30), (Fault::LostAnswer, 1)]
    {
        let world = World::with_faults().await;
        let token = world.invited("p1").await;
        let ticket = world.ticket(&token).await;
        world.service.idle().await;
        let before = table(&world).await;
        faults(&world).next("TransactWriteItems", fault, times);
        let mut answer: Answer = world.register(&token, &ticket, "rosa.q").await;
        if answer.status == 503 {
            assert!(times > 2, "{fault:?} {times}: given up too early");
            assert_eq!(table(&world).await, before, "{fault:?} {times}: half done");
            for _ in 0..20 {
                answer = world.register(&token, &ticket, "rosa.q").await;
                if answer.status != 503 {
                    break;
                }
            }
        }
        let session = answer.expect_and(201).str("/session_token");
        assert_eq!(world.introspect(&session).await["active"], true, "{fault:?} {times}");
        world.sign_in("rosa.q", PASSWORD).await.expect(200);
        assert_eq!(table(&world).await.matches("\"sk\":{\"S\":\"ACCOUNT\"}").count(), 1);
        world.register(&token, &ticket, "other.name").await.expect(410);
    }
}

#[tokio::test]
async fn a_call_whose_reads_or_counters_fail_succeeds_or_is_a_503() {
    for operation in ["GetItem", "BatchGetItem", "UpdateItem", "Query"] {
        let world = World::with_faults().await;
        let session = world.registered("p1", "rosa.q").await;
        let token = world.invited("p2").await;
        world.service.idle().await;
        faults(&world).next(operation, Fault::ServerError, 1000);
        let answers = [
            world.get(&format!("/i/{token}")).await,
            world.state_facts(&token).await,
            world.sign_in("rosa.q", PASSWORD).await,
            world.invite("p2", "email").await,
            world.revoke("p1", "other").await,
            world
                .staff(
                    &world.keys.portal,
                    "POST",
                    "/v1/sessions/introspect",
                    Some(json!({"session_token": session})),
                )
                .await,
        ];
        assert!(answers.iter().any(|answer| answer.status == 503), "{operation}: nothing used it");
        for answer in answers {
            assert!(
                matches!(answer.status, 200 | 201 | 503),
                "{operation}: {} {}",
                answer.status,
                answer.text
            );
        }
    }
}

// The SDK repeats a counting update whose answer was lost, so the attempt counts twice: a link may lock
// early, never late.
#[tokio::test]
async fn lost_answers_never_give_a_guesser_more_tries() {
    let world = World::with_faults().await;
    let token = world.invited("p1").await;
    let wrong = json!({"as": "patient", "family_name": "Wrong", "birth_date": "1945-04-27"});
    let mut evaluated = 0;
    for _ in 0..8 {
        faults(&world).next("UpdateItem", Fault::LostAnswer, 2);
        let answer = world.post(&format!("/i/{token}/verify"), wrong.clone()).await;
        evaluated += u32::from(answer.status == 422);
    }
    assert!(evaluated <= 5, "{evaluated} guesses were evaluated");
    world.state_facts(&token).await.expect(410);
}

#[tokio::test]
async fn a_stale_index_of_due_messages_sends_nothing_twice() {
    let world = World::with_faults().await;
    world.patient("p1", World::chart()).await;
    world.service.capture.fail_next(Channel::Email, Failure::Throttled, 1);
    world.invite("p1", "email").await.expect(201);
    world.service.idle().await;
    assert!(world.service.capture.messages(None, None).is_empty());
    faults(&world).freeze_indexes().unwrap();
    for _ in 0..4 {
        world.advance(400);
        overdue(&world).await;
    }
    assert_eq!(world.service.capture.messages(None, None).len(), 1);
    // Access is revoked while the index still shows the old message as due.
    world.service.capture.fail_next(Channel::Email, Failure::Throttled, 1);
    world.invite("p1", "email").await.expect(201);
    world.service.idle().await;
    faults(&world).freeze_indexes().unwrap();
    world.revoke("p1", "other").await.expect(200);
    world.service.idle().await;
    let before = world.service.capture.messages(None, None).len();
    world.advance(400);
    overdue(&world).await;
    assert_eq!(world.service.capture.messages(None, None).len(), before);
}

#[tokio::test]
async fn a_mail_that_a_busy_provider_refused_is_sent_after_a_pause() {
    let world = World::new().await;
    world.patient("p1", World::chart()).await;
    for failure in [Failure::Throttled, Failure::ServerError] {
        let before = world.service.capture.messages(None, None).len();
        world.service.capture.fail_next(Channel::Email, failure, 2);
        world.invite("p1", "email").await.expect(201);
        world.service.idle().await;
        overdue(&world).await;
        assert_eq!(world.service.capture.messages(None, None).len(), before, "paced, not at once");
        assert_eq!(world.portal("p1").await["invitation"]["delivery"], "queued");
        world.advance(16);
        overdue(&world).await;
        assert_eq!(world.service.capture.messages(None, None).len(), before);
        world.advance(61);
        overdue(&world).await;
        let mail = sent(&world, before + 1).await.pop().unwrap();
        assert_eq!(world.service.capture.messages(None, None).len(), before + 1);
        world.state_facts(&token_in(&mail.text)).await.expect(200);
        assert_eq!(world.portal("p1").await["invitation"]["delivery"], "sent");
    }
}

#[tokio::test]
async fn a_provider_that_takes_no_more_at_the_moment_uses_up_no_attempt() {
    for (channel, name) in [(Channel::Email, "email"), (Channel::Sms, "sms")] {
        let world = World::new().await;
        world.patient("p1", World::chart()).await;
        world.service.capture.fail_next(channel, Failure::Throttled, 6);
        world.invite("p1", name).await.expect(201);
        world.service.idle().await;
        for _ in 0..5 {
            world.advance(11);
            overdue(&world).await;
        }
        assert!(world.service.capture.messages(None, None).is_empty());
        assert_eq!(world.portal("p1").await["invitation"]["delivery"], "queued", "{name}");
        world.advance(11);
        overdue(&world).await;
        assert_eq!(world.service.capture.messages(None, None).len(), 1, "{name}");
        assert_eq!(world.portal("p1").await["invitation"]["delivery"], "sent", "{name}");
    }
}

#[tokio::test]
async fn a_mail_is_tried_four_times_and_staff_see_that_it_failed() {
    let world = World::new().await;
    world.patient("p1", World::chart()).await;
    world.service.capture.fail_next(Channel::Email, Failure::ServerError, 4);
    world.invite("p1", "email").await.expect(201);
    world.service.idle().await;
    for _ in 0..3 {
        assert_eq!(world.portal("p1").await["invitation"]["delivery"], "queued");
        world.advance(301);
        overdue(&world).await;
    }
    assert_eq!(world.portal("p1").await["invitation"]["delivery"], "failed");
    for _ in 0..3 {
        world.advance(4000);
        overdue(&world).await;
    }
    assert!(world.service.capture.messages(None, None).is_empty(), "a fifth try");
    // A final refusal fails at once, without another attempt.
    world.service.capture.fail_next(Channel::Email, Failure::Rejected, 1);
    world.invite("p1", "email").await.expect(201);
    world.service.idle().await;
    assert_eq!(world.portal("p1").await["invitation"]["delivery"], "failed");
    // Inviting again works.
    world.invite("p1", "email").await.expect(201);
    assert_eq!(world.mails().await.len(), 1);
    assert_eq!(world.portal("p1").await["invitation"]["delivery"], "sent");
}

#[tokio::test]
async fn an_answer_that_never_comes_costs_at_most_one_more_mail_with_the_same_link() {
    let world = World::new().await;
    world.patient("p1", World::chart()).await;
    world.service.capture.fail_next(Channel::Email, Failure::SilentAfterAccept, 1);
    world.invite("p1", "email").await.expect(201);
    let first = sent(&world, 1).await;
    assert_eq!(first.len(), 1);
    // Nobody else sends the message while the lease lasts.
    overdue(&world).await;
    assert_eq!(sent(&world, 1).await.len(), 1);
    world.advance(61);
    overdue(&world).await;
    let both = sent(&world, 2).await;
    assert_eq!(both.len(), 2);
    assert_eq!(token_in(&both[0].text), token_in(&both[1].text));
    for _ in 0..3 {
        world.advance(400);
        overdue(&world).await;
    }
    assert_eq!(sent(&world, 2).await.len(), 2);
}

#[tokio::test]
async fn a_mail_whose_provider_never_answers_does_not_hold_up_the_next_patients_mail() {
    let world = World::new().await;
    world.patient("p1", World::chart()).await;
    world.patient("p2", World::chart_with(json!({"email": "second@example.com"}))).await;
    world.service.capture.fail_next(Channel::Email, Failure::SilentAfterAccept, 1);
    world.invite("p1", "email").await.expect(201);
    sent(&world, 1).await;
    world.invite("p2", "email").await.expect(201);
    // The provider's client gives up after three seconds. Then the rest of the queue goes out.
    for _ in 0..45 {
        if world.service.capture.messages(None, None).len() > 1 {
            return;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    panic!("the second patient's mail still waits after 4.5 seconds");
}

#[tokio::test]
async fn a_queued_message_is_dropped_once_its_reason_is_gone() {
    for what in ["superseded", "cancelled", "revoked", "corrected", "declined", "disabled"] {
        let world = World::new().await;
        world.patient("p1", World::chart()).await;
        world.service.capture.fail_next(Channel::Email, Failure::Throttled, 1);
        world.invite("p1", "email").await.expect(201);
        world.service.idle().await;
        assert!(world.service.capture.messages(None, None).is_empty());
        let path = "/v1/patients/p1";
        let (call, body) = match what {
            "superseded" => (format!("{path}/invitations"), json!({"channel": "sms"})),
            "revoked" => (format!("{path}/portal/revoke"), json!({"reason": "other"})),
            "declined" => (format!("{path}/portal/decline"), json!({})),
            _ => (String::new(), json!(null)),
        };
        if !call.is_empty() {
            let answer = world.ehr("POST", &call, Some(body)).await;
            assert!(matches!(answer.status, 200 | 201), "{}", answer.text);
        }
        match what {
            "cancelled" => {
                world.ehr("DELETE", &format!("{path}/invitations/current"), None).await.expect(200);
            }
            "corrected" => {
                world.patient("p1", World::chart_with(json!({"email": "right@example.com"}))).await;
            }
            "disabled" => {
                let switch = format!("{path}/portal/access");
                world.ehr("PUT", &switch, Some(json!({"enabled": false}))).await.expect(200);
            }
            _ => {}
        }
        world.service.idle().await;
        for _ in 0..3 {
            world.advance(301);
            overdue(&world).await;
        }
        let links = world.service.capture.messages(None, None);
        let mailed = links.iter().filter(|m| m.channel == Channel::Email && m.text.contains("/i/")).count();
        assert_eq!(mailed, 0, "{what}");
    }
}

#[tokio::test]
async fn a_record_that_cannot_be_read_is_an_error_of_its_own() {
    let world = World::new().await;
    world.patient("p1", World::chart()).await;
    let (practice, patient) = (PracticeId::parse(&world.practice).unwrap(), PatientId::parse("p1").unwrap());
    let at = keys::patient(&practice, &patient);
    let client = aws_sdk_dynamodb::Client::from_conf(world.service.cloud.dynamodb.clone());
    let broken = client.update_item().table_name(&world.service.cloud.table);
    let broken = broken.key(keys::PK, AttributeValue::S(at.pk)).key(keys::SK, AttributeValue::S(at.sk));
    let broken = broken.update_expression("SET chart = :nothing");
    broken.expression_attribute_values(":nothing", AttributeValue::Bool(true)).send().await.unwrap();
    // Not through `World::send`: the API document has no 500, since nothing is to answer it.
    let asked = world.request("GET", "/v1/patients/p1/portal").bearer_auth(&world.keys.ehr);
    let answer = asked.send().await.unwrap();
    assert_eq!(answer.status().as_u16(), 500, "503 would have callers try for ever");
    let body: Value = answer.json().await.unwrap();
    assert_eq!(body["code"], "internal_error");
    assert!(body["request_id"].is_string());
}
