//! Access that changes by itself: on birthdays, and when a representative's authority ends.

use portico_testkit::{PASSWORD, World};
use serde_json::{Value, json};

const DAY: i64 = 86_400;

/// A world at an instant, with a child whose mother is registered. The first practice is in New York.
async fn family(now: &str, birth_date: &str, settings: Value, invited: Value) -> (World, String) {
    let world = World::new().await;
    world.service.clock.set(now.parse().unwrap()).unwrap();
    world.settings(settings).await;
    let chart = json!({"birth_date": birth_date, "email": "sofia@example.com"});
    world.patient("child", World::chart_with(chart)).await;
    let session = registered_mother(&world, birth_date, invited).await;
    (world, session)
}

async fn registered_mother(world: &World, birth_date: &str, invited: Value) -> String {
    let mut body = json!({
        "given_name": "Marta", "family_name": "Vale", "relationship": "parent",
        "email": "marta.vale@example.com", "mobile_phone": "+12025550177", "channel": "email",
    });
    body.as_object_mut().unwrap().extend(invited.as_object().unwrap().clone());
    world.ehr("POST", "/v1/patients/child/representatives", Some(body)).await.expect(201);
    let token = world.last_mail().await.token();
    let facts = json!({"as": "representative", "family_name": "Quillfeather", "birth_date": birth_date});
    let proof = world.post(&format!("/i/{token}/verify"), facts).await.expect_and(200).str("/proof");
    let sent = json!({"proof": proof, "channel": "sms"});
    world.post(&format!("/i/{token}/codes"), sent).await.expect(202);
    let check = json!({"proof": proof, "code": world.last_mail().await.code()});
    let ticket = world.post(&format!("/i/{token}/codes/check"), check).await.expect_and(200).str("/ticket");
    let body =
        json!({"ticket": ticket, "username": "marta.vale", "password": PASSWORD, "accept_terms": true});
    world.post(&format!("/i/{token}/register"), body).await.expect_and(201).str("/session_token")
}

/// Moves the clock, and lets the schedule do its work.
async fn at(world: &World, now: &str) {
    world.service.idle().await;
    world.service.clock.set(now.parse().unwrap()).unwrap();
    world.sweep().await;
}

/// What the mother may see of the child now, by a new sign-in: `full`, `limited`, or nothing.
async fn sees(world: &World) -> Option<String> {
    let answer = world.sign_in("marta.vale", PASSWORD).await;
    if answer.status == 403 {
        return None;
    }
    let grants = answer.expect_and(200).json()["grants"].clone();
    Some(grants[0]["level"].as_str()?.to_owned())
}

async fn subjects(world: &World, to: &str) -> Vec<String> {
    let mails = world.mails().await;
    mails.iter().filter(|mail| mail.get("to") == to).map(|mail| mail.get("subject").to_owned()).collect()
}

/// How many invitations the child got.
async fn invitations(world: &World) -> usize {
    let all = subjects(world, "sofia@example.com").await;
    all.iter().filter(|subject| subject.contains("Create your patient portal account")).count()
}

/// How many mails told the mother what will change.
async fn notices(world: &World) -> usize {
    let all = subjects(world, "marta.vale@example.com").await;
    all.iter().filter(|subject| subject.contains("will change")).count()
}

async fn attention(world: &World) -> Value {
    let answer = world.ehr("GET", "/v1/onboarding?attention=true", None).await.expect_and(200).json();
    answer["patients"][0]["attention"].clone()
}

async fn record(world: &World, authority: Value) -> portico_testkit::Answer {
    let account = world.portal("child").await["accounts"][0]["account_id"].as_str().unwrap().to_owned();
    let path = format!("/v1/patients/child/representatives/{account}/authority");
    world.ehr("PUT", &path, Some(authority)).await
}

#[tokio::test]
async fn at_majority_a_parents_access_ends_after_three_notices_and_the_new_adult_is_invited() {
    // The child comes of age on 24 November 2026, which begins in New York at 5:00 in UTC.
    let (world, _) = family("2026-08-01T12:00:00Z", "2008-11-24", json!({}), json!({})).await;
    at(&world, "2026-09-25T13:59:00Z").await;
    assert_eq!((notices(&world).await, attention(&world).await), (0, Value::Null), "not yet");
    at(&world, "2026-09-25T14:00:00Z").await;
    assert_eq!((notices(&world).await, attention(&world).await), (1, json!(["birthday"])), "60 days before");
    at(&world, "2026-10-25T14:00:00Z").await;
    at(&world, "2026-11-17T15:00:00Z").await;
    assert_eq!(notices(&world).await, 3, "30 and 7 days before");
    let mail = world.last_mail().await;
    assert!(mail.get("text").contains("ends on Tuesday, November 24, 2026"), "{}", mail.get("text"));
    assert!(!mail.get("text").contains("Rosa"), "the mail does not name the patient");
    at(&world, "2026-11-24T04:59:00Z").await;
    assert_eq!(sees(&world).await.as_deref(), Some("full"), "a minute before midnight in New York");
    at(&world, "2026-11-24T05:00:00Z").await;
    assert_eq!(sees(&world).await, None);
    assert_eq!(invitations(&world).await, 0, "nobody is invited at midnight");
    at(&world, "2026-11-24T15:00:00Z").await;
    let invitation = world.portal("child").await["invitation"].clone();
    assert_eq!(invitation["sent_to"], "sofia@example.com");
    assert_eq!(invitation["invited_by"], json!({"client": "portico", "actor": "auto-invite"}));
    let count = world.mails().await.len();
    for _ in 0..3 {
        world.advance(DAY);
        world.sweep().await;
    }
    assert_eq!(world.mails().await.len(), count, "nothing more happens");
}

#[tokio::test]
async fn a_schedule_that_stood_still_does_everything_once_and_makes_up_for_no_notice() {
    let (world, _) = family("2026-08-01T12:00:00Z", "2008-11-24", json!({}), json!({})).await;
    at(&world, "2026-11-27T15:00:00Z").await;
    world.sweep().await;
    assert_eq!((notices(&world).await, sees(&world).await), (0, None));
    assert_eq!(invitations(&world).await, 1);
    let ended = subjects(&world, "marta.vale@example.com").await;
    assert_eq!(ended.iter().filter(|subject| subject.contains("A change to your")).count(), 1, "{ended:?}");
}

#[tokio::test]
async fn at_the_adolescent_age_full_access_narrows_once_and_staff_may_widen_it_again() {
    let (world, _) = family("2026-11-01T12:00:00Z", "2013-11-24", json!({}), json!({})).await;
    at(&world, "2026-11-24T05:00:00Z").await;
    assert_eq!(sees(&world).await.as_deref(), Some("limited"));
    let mail = world.last_mail().await;
    assert!(mail.get("text").contains("appointments and messages only"), "{}", mail.get("text"));
    let account = world.portal("child").await["accounts"][0]["account_id"].as_str().unwrap().to_owned();
    let path = format!("/v1/patients/child/representatives/{account}");
    world.ehr("PUT", &path, Some(json!({"level": "full"}))).await.expect(200);
    world.advance(30 * DAY);
    world.sweep().await;
    assert_eq!(sees(&world).await.as_deref(), Some("full"), "the birthday is over");
    assert_eq!(invitations(&world).await, 0, "thirteen is no age to be invited");
}

#[tokio::test]
async fn a_practice_may_let_access_narrow_or_rest_at_majority() {
    let narrow = json!({"at_majority": "narrow"});
    let (world, _) = family("2026-11-01T12:00:00Z", "2008-11-24", narrow, json!({})).await;
    at(&world, "2026-11-24T15:00:00Z").await;
    assert_eq!(sees(&world).await.as_deref(), Some("limited"));

    let rest = json!({"at_majority": "rest"});
    let (world, session) = family("2026-11-01T12:00:00Z", "2008-11-24", rest, json!({})).await;
    at(&world, "2026-11-24T15:00:00Z").await;
    assert_eq!(world.introspect(&session).await["active"], false);
    let portal = world.portal("child").await;
    assert_eq!(
        (&portal["access_enabled"], &portal["blockers"]),
        (&json!(false), &json!(["access_disabled"]))
    );
    assert_eq!(attention(&world).await, json!(["came_of_age"]), "staff have to decide");
    world.ehr("PUT", "/v1/patients/child/portal/access", Some(json!({"enabled": true}))).await.expect(200);
    assert_eq!(sees(&world).await.as_deref(), Some("full"));
}

#[tokio::test]
async fn a_guardian_by_court_order_keeps_access_at_majority_until_the_order_ends() {
    let order = json!({"kind": "guardian", "reference": "2024-FAM-118", "until": "2027-03-01"});
    let invited = json!({"relationship": "guardian", "authority": order});
    let (world, _) = family("2026-11-01T12:00:00Z", "2008-11-24", json!({}), invited).await;
    assert_eq!(world.portal("child").await["accounts"][0]["authority"]["until"], "2027-03-01");
    at(&world, "2026-11-24T15:00:00Z").await;
    assert_eq!(sees(&world).await.as_deref(), Some("full"));
    at(&world, "2027-03-01T04:59:00Z").await;
    assert_eq!(sees(&world).await.as_deref(), Some("full"));
    at(&world, "2027-03-01T05:00:00Z").await;
    assert_eq!(sees(&world).await, None);
}

#[tokio::test]
async fn somebody_born_on_29_february_comes_of_age_on_1_march() {
    let (world, _) = family("2026-01-01T12:00:00Z", "2008-02-29", json!({}), json!({})).await;
    at(&world, "2026-02-28T20:00:00Z").await;
    assert_eq!(sees(&world).await.as_deref(), Some("full"));
    at(&world, "2026-03-01T05:00:00Z").await;
    assert_eq!(sees(&world).await, None);
}

#[tokio::test]
async fn a_new_adult_without_a_contact_of_their_own_is_listed_for_staff() {
    let (world, _) = family("2026-11-01T12:00:00Z", "2008-11-24", json!({}), json!({})).await;
    let shared = json!({"birth_date": "2008-11-24", "email": "marta.vale@example.com"});
    world.patient("child", World::chart_with(shared)).await;
    at(&world, "2026-11-24T15:00:00Z").await;
    assert_eq!(world.portal("child").await["invitation"], Value::Null, "the mother would get the link");
    assert_eq!(attention(&world).await, json!(["came_of_age"]));
    let own = json!({"birth_date": "2008-11-24", "email": "sofia@example.com"});
    world.patient("child", World::chart_with(own)).await;
    world.invite("child", "email").await.expect(201);
    assert_eq!(attention(&world).await, Value::Null, "settled");
}

#[tokio::test]
async fn an_invitation_that_expired_before_majority_keeps_nobody_from_the_one_on_that_day() {
    let (world, _) = family("2026-11-01T12:00:00Z", "2008-11-24", json!({}), json!({})).await;
    world.invite("child", "email").await.expect(201);
    at(&world, "2026-11-24T15:00:00Z").await;
    assert_eq!(world.portal("child").await["invitation"]["state"], "pending");
    assert_eq!(invitations(&world).await, 2);
}

#[tokio::test]
async fn a_new_adult_whose_email_is_a_parents_is_invited_by_text_where_they_agreed_to_texts() {
    // 24 November 2026 is a Tuesday; the 28th is a Saturday, on which no automatic text goes out.
    for (birth_date, texted) in [("2008-11-24", true), ("2008-11-28", false)] {
        for agreed in [true, false] {
            let (world, _) = family("2026-11-01T12:00:00Z", birth_date, json!({}), json!({})).await;
            let shared = json!({
                "birth_date": birth_date, "email": "marta.vale@example.com", "mobile_phone": "+12025550166",
                "sms_consent": agreed,
            });
            world.patient("child", World::chart_with(shared)).await;
            at(&world, &format!("2026-11-{}T15:00:00Z", &birth_date[8..])).await;
            let invitation = world.portal("child").await["invitation"].clone();
            if texted && agreed {
                assert_eq!(invitation["sent_to"], "+12025550166");
            } else {
                assert_eq!((invitation, attention(&world).await), (Value::Null, json!(["came_of_age"])));
            }
        }
    }
}

#[tokio::test]
async fn a_new_adult_is_invited_at_no_contact_that_is_another_patients_too() {
    let (world, _) = family("2026-11-01T12:00:00Z", "2008-11-24", json!({}), json!({})).await;
    let parent = json!({"given_name": "Ana", "email": "ana@example.com", "mobile_phone": "+12025550166"});
    world.patient("parent", World::chart_with(parent)).await;
    let shared = json!({
        "birth_date": "2008-11-24", "email": "ana@example.com", "mobile_phone": "+12025550166", "sms_consent": true,
    });
    world.patient("child", World::chart_with(shared)).await;
    at(&world, "2026-11-24T15:00:00Z").await;
    assert_eq!(world.portal("child").await["invitation"], Value::Null, "the parent would get link and code");
    assert_eq!(attention(&world).await, json!(["came_of_age"]));
}

#[tokio::test]
async fn an_authority_is_recorded_announced_renewed_and_ends_on_its_day() {
    let (world, _) = family("2026-11-01T12:00:00Z", "1945-04-27", json!({}), json!({})).await;
    let past = record(&world, json!({"kind": "power_of_attorney", "until": "2026-11-01"})).await;
    assert_eq!(past.expect_and(400).json()["errors"][0]["code"], "date_in_the_past");
    record(&world, json!({"kind": "king"})).await.expect(400);
    record(&world, json!({"kind": "power_of_attorney", "until": "2026-12-31"})).await.expect(200);
    at(&world, "2026-12-01T15:00:00Z").await;
    assert_eq!((notices(&world).await, attention(&world).await), (1, json!(["authority_ends"])));
    let text = world.last_mail().await.get("text").to_owned();
    assert!(text.contains("is good until Thursday, December 31, 2026"), "{text}");

    record(&world, json!({"kind": "power_of_attorney", "until": "2027-12-31"})).await.expect(200);
    assert_eq!(attention(&world).await, Value::Null, "renewed");
    at(&world, "2026-12-31T15:00:00Z").await;
    assert_eq!(sees(&world).await.as_deref(), Some("full"));
    at(&world, "2027-12-31T04:59:00Z").await;
    assert_eq!(sees(&world).await.as_deref(), Some("full"));
    at(&world, "2027-12-31T05:00:00Z").await;
    assert_eq!(sees(&world).await, None);
    let again = record(&world, json!({"kind": "power_of_attorney", "until": "2028-12-31"})).await;
    assert_eq!(again.expect_and(409).json()["reasons"], json!(["access_revoked"]));
}

#[tokio::test]
async fn a_birth_date_that_is_corrected_to_an_adults_ends_access_at_the_next_review() {
    let (world, _) = family("2026-11-01T12:00:00Z", "2015-11-24", json!({}), json!({})).await;
    let older = json!({"birth_date": "2005-11-24", "email": "sofia@example.com"});
    world.patient("child", World::chart_with(older)).await;
    at(&world, "2026-11-01T16:00:00Z").await;
    assert_eq!(sees(&world).await, None);
}

#[tokio::test]
async fn a_revocation_that_is_undone_after_a_birthday_does_not_bring_a_parent_back() {
    let (world, _) = family("2026-11-01T12:00:00Z", "2008-11-24", json!({}), json!({})).await;
    world.revoke("child", "left_practice").await.expect(200);
    at(&world, "2026-12-01T15:00:00Z").await;
    world.invite("child", "email").await.expect(201);
    assert_eq!(sees(&world).await, None);
}

#[tokio::test]
async fn only_staff_can_state_an_authority() {
    let world = World::new().await;
    let session = world.registered("p1", "rosa.q").await;
    let body = json!({
        "given_name": "Marta", "family_name": "Vale", "relationship": "other", "email": "marta@example.com",
        "authority": {"kind": "guardian"},
    });
    let path = format!("/{}/account/representatives", world.practice);
    let request = world.request("POST", &path).bearer_auth(&session).json(&body);
    world.send(request).await.expect(400);
}
