//! Automatic invitations: who is due and who is not, when and how often, how they end.

use portico_testkit::{Mail, World};
use serde_json::{Value, json};

/// Tuesday, 24 November 2026, 10:00 in New York.
const TUESDAY: &str = "2026-11-24T15:00:00Z";

/// A day, in seconds.
const DAY: i64 = 86_400;

/// A world on that morning, whose first practice invites automatically.
async fn world_with(settings: Value) -> World {
    let world = World::new().await;
    world.service.clock.set(TUESDAY.parse().unwrap()).unwrap();
    let mut auto_invite = json!({"enabled": true});
    auto_invite.as_object_mut().unwrap().extend(settings.as_object().unwrap().clone());
    world
        .settings(
            json!({"auto_invite": auto_invite, "postal_address": "12 River Road, Springfield, MA 01101"}),
        )
        .await;
    world
}

/// A chart of an adult whose visit was signed on the day before.
fn visited(given_name: &str, change: Value) -> Value {
    let email = format!("{}@example.com", given_name.to_lowercase());
    let mut all = json!({
        "given_name": given_name, "email": email, "birth_date": "1980-02-03",
        "visits": [{"id": "v1", "date": "2026-11-23", "signed_at": "2026-11-23T20:00:00Z"}],
    });
    if let (Some(all), Value::Object(change)) = (all.as_object_mut(), change) {
        all.extend(change);
    }
    World::chart_with(all)
}

async fn mails_to(world: &World, address: &str) -> Vec<Mail> {
    world.mails().await.into_iter().filter(|mail| mail.get("to") == address).collect()
}

#[tokio::test]
async fn a_signed_visit_invites_at_the_next_sweep_and_an_unsigned_one_on_day_30() {
    let world = world_with(json!({})).await;
    world.patient("signed", visited("Ana", json!({}))).await;
    let unsigned = json!({"visits": [{"id": "v1", "date": "2026-11-24"}]});
    world.patient("unsigned", visited("Ben", unsigned)).await;
    let run = world.sweep().await;
    assert_eq!((&run["invited"], &run["seen"]), (&json!(1), &json!(1)), "{run}");
    assert_eq!(
        world.portal("signed").await["invitation"]["invited_by"],
        json!({"client": "portico", "actor": "auto-invite"})
    );
    let mail = world.last_mail().await;
    let text = mail.get("text");
    assert!(text.contains("because you are a patient of Riverside Family Medicine"), "{text}");
    assert!(text.contains("12 River Road, Springfield, MA 01101") && text.contains("/u/"), "{text}");
    assert!(!text.contains("2026-11-23") && !text.contains("visit"), "{text}");

    world.service.clock.set("2026-12-23T15:00:00Z".parse().unwrap()).unwrap();
    world.sweep().await;
    assert!(mails_to(&world, "ben@example.com").await.is_empty(), "day 29");
    world.advance(DAY);
    world.sweep().await;
    assert_eq!(mails_to(&world, "ben@example.com").await.len(), 1, "day 30");
}

#[tokio::test]
async fn changed_settings_count_for_charts_that_are_there_already() {
    let world = world_with(json!({"channel": "sms"})).await;
    let unsigned = json!({"visits": [{"id": "v1", "date": "2026-11-23"}]});
    world.patient("unsigned", visited("Ben", unsigned)).await;
    world.patient("email", visited("Ana", json!({}))).await;
    let young = json!({"birth_date": "2006-11-23", "sms_consent": true, "mobile_phone": "+12025550151"});
    world.patient("young", visited("Cy", young)).await;
    world.settings(json!({"auto_invite": {"min_age": 21}})).await;
    let run = world.sweep().await;
    assert_eq!(run["skipped"], json!({"below_min_age": 1, "no_sms_consent": 1}), "{run}");
    assert_eq!((&run["invited"], world.mails().await.len()), (&json!(0), 0), "{run}");

    // The next planner looks at everybody again, though no chart has changed.
    world.settings(json!({"auto_invite": {"min_age": 20, "channel": "email", "unsigned_days": 2}})).await;
    world.advance(31);
    let run = world.sweep().await;
    assert_eq!(run["invited"], 2, "who has no consent to texts, and who is twenty: {run}");
    world.advance(DAY);
    let run = world.sweep().await;
    assert_eq!((&run["invited"], mails_to(&world, "ben@example.com").await.len()), (&json!(1), 1), "{run}");

    // Reminders come on the new days, and again after months, but not to whom that was long ago.
    world.settings(json!({"auto_invite": {"reminder_days": [7]}})).await;
    world.advance(3 * DAY);
    assert_eq!(world.sweep().await["reminded"], 0, "not on day 3");
    world.advance(4 * DAY);
    assert_eq!(world.sweep().await["reminded"], 3, "on day 7");
    world.advance(200 * DAY);
    world.settings(json!({"auto_invite": {"again_days": [30]}})).await;
    world.advance(31);
    let run = world.sweep().await;
    assert_eq!((&run["reminded"], &run["skipped"]), (&json!(0), &json!({"too_old": 3})), "{run}");
}

#[tokio::test]
async fn every_reason_to_skip_is_named_and_the_preview_says_what_the_sweep_then_does() {
    // Before the hours in which anything is sent, so that nothing is sent before the preview.
    let world = world_with(json!({})).await;
    world.service.clock.set("2026-11-24T12:00:00Z".parse().unwrap()).unwrap();
    let cases = [
        ("due", json!({}), None),
        ("seventeen", json!({"birth_date": "2008-11-25"}), Some("below_min_age")),
        ("eighteen", json!({"birth_date": "2008-11-24"}), None),
        ("eightyfive", json!({"birth_date": "1940-11-25"}), None),
        ("eightysix", json!({"birth_date": "1940-11-24"}), Some("above_max_age")),
        ("nomail", json!({"email": null}), Some("missing_email")),
        ("nophone", json!({"mobile_phone": null}), Some("missing_phone")),
        ("homephone", json!({"mobile_phone": null, "home_phone": "+12025550144"}), None),
        ("dead", json!({"chart_status": "deceased"}), Some("deceased")),
        ("inactive", json!({"chart_status": "inactive"}), Some("chart_inactive")),
        (
            "old",
            json!({"visits": [{"id": "v1", "date": "2026-08-20", "signed_at": "2026-08-20T20:00:00Z"}]}),
            Some("too_old"),
        ),
        ("declined", json!({}), Some("declined")),
        ("pending", json!({}), Some("pending")),
        ("revoked", json!({}), Some("revoked")),
        ("noaccess", json!({}), Some("access_disabled")),
    ];
    for (id, change, _) in &cases {
        world.patient(id, visited(id, change.clone())).await;
    }
    world.patient("novisit", World::chart_with(json!({"email": "novisit@example.com"}))).await;
    let staff = async |path: &str, body: Value| world.ehr("POST", path, Some(body)).await;
    staff("/v1/patients/declined/portal/decline", json!({})).await.expect(200);
    world.invite("pending", "email").await.expect(201);
    world.revoke("revoked", "other").await.expect(200);
    world
        .ehr("PUT", "/v1/patients/noaccess/portal/access", Some(json!({"enabled": false})))
        .await
        .expect(200);

    let preview = staff("/v1/auto-invite/preview", json!({})).await.expect_and(200).json();
    let mut due: Vec<&str> = preview["due"].as_array().unwrap().iter().filter_map(Value::as_str).collect();
    due.sort_unstable();
    let invited: Vec<&str> = cases.iter().filter(|(.., why)| why.is_none()).map(|(id, ..)| *id).collect();
    let mut sorted = invited.clone();
    sorted.sort_unstable();
    assert_eq!(due, sorted, "{preview}");
    for (id, _, why) in cases.iter().filter(|(.., why)| why.is_some()) {
        let skipped = preview["skipped"].as_array().unwrap();
        let theirs = skipped.iter().find(|one| one["patient_id"] == *id).unwrap();
        assert_eq!(theirs["reasons"][0].as_str(), *why, "{id}: {theirs}");
    }
    let before = world.mails().await.len();

    world.advance(3 * 3600);
    let run = world.sweep().await;
    assert_eq!(run["invited"], json!(invited.len()), "{run}");
    let skipped: u64 = run["skipped"].as_object().unwrap().values().filter_map(Value::as_u64).sum();
    assert_eq!(skipped, (cases.len() - invited.len()) as u64, "{run}");
    assert_eq!(run["seen"], json!(cases.len()), "{run}");
    assert_eq!(world.mails().await.len() - before, invited.len());
    let listed = world.ehr("GET", "/v1/auto-invite/runs", None).await.expect_and(200).json();
    for name in ["run_id", "practice_day", "seen", "invited", "reminded", "deferred", "skipped"] {
        assert_eq!(listed["runs"][0][name], run[name], "{name}");
    }

    let again = world.sweep().await;
    assert_eq!((&again["seen"], world.mails().await.len() - before), (&run["seen"], invited.len()));
}

#[tokio::test]
async fn reminders_come_on_day_3_and_day_10_each_with_a_new_link_and_then_nothing_more() {
    let world = world_with(json!({})).await;
    world.patient("p1", visited("Ana", json!({}))).await;
    world.sweep().await;
    let first = world.last_mail().await.token();
    let sent = async |days: i64| {
        for _ in 0..days {
            world.advance(DAY);
            world.sweep().await;
        }
        world.mails().await.len()
    };
    assert_eq!(sent(2).await, 1);
    assert_eq!(sent(1).await, 2, "day 3");
    let second = world.last_mail().await.token();
    assert_ne!(first, second);
    world.state_facts(&first).await.expect(410);
    world.get(&format!("/i/{second}")).await.expect(200);
    assert_eq!(sent(6).await, 2);
    assert_eq!(sent(1).await, 3, "day 10");
    assert_eq!(sent(30).await, 3, "then silence");
    let run = world.ehr("GET", "/v1/auto-invite/runs", None).await.json();
    let reminded: u64 =
        run["runs"].as_array().unwrap().iter().filter_map(|run| run["reminded"].as_u64()).sum();
    assert_eq!(reminded, 2);
}

#[tokio::test]
async fn a_practice_may_ask_once_more_after_a_month() {
    let world = world_with(json!({"reminder_days": [], "again_days": [30]})).await;
    world.patient("p1", visited("Ana", json!({}))).await;
    world.sweep().await;
    world.advance(29 * DAY);
    world.sweep().await;
    assert_eq!(world.mails().await.len(), 1);
    world.advance(DAY);
    assert_eq!(world.sweep().await["reminded"], 1);
    assert_eq!(world.mails().await.len(), 2);
}

#[tokio::test]
async fn whatever_ends_an_invitation_ends_its_reminders() {
    let world = world_with(json!({})).await;
    let ends = ["registered", "unwilling", "revoked", "bounced", "complained", "cancelled", "dead", "staff"];
    for id in ends {
        world
            .patient(id, visited(id, json!({"family_name": "Quillfeather", "birth_date": "1945-04-27"})))
            .await;
    }
    assert_eq!(world.sweep().await["invited"], json!(ends.len()));
    let mail = async |id: &str| mails_to(&world, &format!("{id}@example.com")).await.pop().unwrap();
    let feedback = async |id: &str, kind: &str| {
        let body = json!({"message_id": mail(id).await.get("id"), "type": kind});
        let answer = world.request("POST", "/_local/feedback").json(&body).send().await.unwrap();
        assert_eq!(answer.status().as_u16(), 200);
    };
    let token = mail("registered").await.token();
    let ticket = world.ticket(&token).await;
    world.register(&token, &ticket, "rosa77").await.expect(201);
    world.ehr("POST", "/v1/patients/unwilling/portal/decline", Some(json!({}))).await.expect(200);
    world.revoke("revoked", "other").await.expect(200);
    feedback("bounced", "bounce").await;
    world
        .ehr("PUT", "/v1/patients/dead", Some(visited("dead", json!({"chart_status": "deceased"}))))
        .await
        .expect(200);
    world.invite("staff", "email").await.expect(201);
    world.ehr("DELETE", "/v1/patients/cancelled/invitations/current", None).await.expect(200);
    // A complaint stops the practice's whole sweep, so it comes last, and staff start the sweep again.
    feedback("complained", "complaint").await;
    world.advance(3600);
    let before = world.mails().await.len();
    world.advance(3 * DAY);
    world.sweep().await;
    world.ehr("POST", "/v1/auto-invite/resume", None).await.expect(200);
    let run = world.sweep().await;
    let skipped = &run["skipped"];
    for (reason, count) in [
        ("registered", 1),
        ("declined", 1),
        ("revoked", 1),
        ("address_bounced", 1),
        ("address_complained", 1),
        ("deceased", 1),
    ] {
        assert_eq!(skipped[reason], count, "{reason}: {run}");
    }
    // The invitation by staff has expired by then, and nothing says that the patient does not want the other one.
    assert_eq!(run["reminded"], 2, "{run}");
    assert_eq!(world.mails().await.len(), before + 2);
}

#[tokio::test]
async fn one_click_stops_automatic_mail_and_nothing_else() {
    let world = world_with(json!({})).await;
    world.patient("p1", visited("Ana", json!({}))).await;
    world.sweep().await;
    let mail = world.last_mail().await;
    let url =
        mail.record["headers"]["List-Unsubscribe"].as_str().unwrap().trim_matches(['<', '>']).to_owned();
    assert_eq!(mail.record["headers"]["List-Unsubscribe-Post"], "List-Unsubscribe=One-Click");
    assert!(mail.get("text").contains(&url) && mail.get("html").contains(&url));
    let path = url.strip_prefix(&world.url("")).unwrap();

    let before = world.items().await;
    for _ in 0..3 {
        let page = world.page(path).await.expect_and(200);
        assert!(page.text.contains("<button>") && !page.text.contains("Ana"), "{}", page.text);
        world.send(world.request("HEAD", path)).await.expect(200);
    }
    assert_eq!(world.items().await, before, "looking changes nothing");

    // As a mail program sends it: from its own servers, without cookie or question.
    let click = world.request("POST", path).header("sec-fetch-site", "cross-site");
    let click =
        click.header("content-type", "application/x-www-form-urlencoded").body("List-Unsubscribe=One-Click");
    world.send(click).await.expect(200);
    world.send(world.request("POST", path)).await.expect(200);
    world.get(&format!("/i/{}", mail.token())).await.expect(200);
    world.advance(3 * DAY);
    assert_eq!(world.sweep().await["skipped"]["unsubscribed"], 1);
    assert_eq!(world.mails().await.len(), 1);
    world.invite("p1", "email").await.expect(201);
    assert_eq!(world.mails().await.len(), 2, "staff may still invite");
    let events = world.ehr("GET", "/v1/audit?patient_id=p1", None).await.json();
    let unsubscribed =
        events["events"].as_array().unwrap().iter().filter(|event| event["action"] == "unsubscribed");
    assert_eq!(unsubscribed.count(), 1);
}

#[tokio::test]
async fn nothing_but_its_own_token_opens_an_unsubscribe_link() {
    let world = world_with(json!({})).await;
    world.patient("p1", visited("Ana", json!({}))).await;
    world.sweep().await;
    let mail = world.last_mail().await;
    let header = mail.record["headers"]["List-Unsubscribe"].as_str().unwrap();
    let stop = header.rsplit('/').next().unwrap().trim_end_matches('>').to_owned();
    let before = world.items().await;
    for token in [mail.token(), "x".repeat(44), stop[..43].to_owned(), format!("{stop}A")] {
        world.get(&format!("/u/{token}")).await.expect(410);
        world.send(world.request("POST", &format!("/u/{token}"))).await.expect(410);
    }
    for path in ["/i", "/r"] {
        world.get(&format!("{path}/{stop}")).await.expect(410);
    }
    let strip =
        |items: &str| items.lines().filter(|line| !line.contains("LIMIT#")).collect::<Vec<_>>().join("\n");
    assert_eq!(strip(&world.items().await), strip(&before));
}

#[tokio::test]
async fn texts_go_to_who_agreed_and_always_say_stop() {
    let world = world_with(json!({"channel": "email_then_sms"})).await;
    world
        .patient("agreed", visited("Ana", json!({"sms_consent": true, "mobile_phone": "+12025550151"})))
        .await;
    world.patient("silent", visited("Ben", json!({"mobile_phone": "+12025550152"}))).await;
    world
        .patient("refused", visited("Cleo", json!({"sms_consent": false, "mobile_phone": "+12025550153"})))
        .await;
    assert_eq!(world.sweep().await["invited"], 3);
    let texts: Vec<Mail> =
        world.mails().await.into_iter().filter(|mail| mail.get("channel") == "sms").collect();
    assert_eq!(texts.len(), 1);
    assert_eq!(texts[0].get("to"), "+12025550151");
    assert!(texts[0].get("text").contains("STOP") && texts[0].get("text").contains("/i/"));
    assert_eq!(mails_to(&world, "ben@example.com").await.len(), 1);

    world.settings(json!({"auto_invite": {"channel": "sms"}})).await;
    world.patient("later", visited("Dan", json!({"mobile_phone": "+12025550154"}))).await;
    world.advance(60);
    assert_eq!(world.sweep().await["skipped"]["no_sms_consent"], 1);
}

#[tokio::test]
async fn texts_wait_for_hours_that_are_allowed_wherever_the_person_may_be() {
    let world = world_with(json!({"channel": "sms"})).await;
    let consenting = |name: &str, phone: &str, more: Value| {
        let mut chart = visited(name, json!({"sms_consent": true, "mobile_phone": phone}));
        chart.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        chart
    };
    world.patient("boston", consenting("Ana", "+16175550151", json!({}))).await;
    world.patient("honolulu", consenting("Ben", "+18085550152", json!({}))).await;
    world
        .patient("moved", consenting("Cleo", "+16175550153", json!({"state": "CA", "postal_code": null})))
        .await;
    world.patient("guam", consenting("Dan", "+16715550154", json!({}))).await;
    let texts = async || {
        world.sweep().await;
        let mut to: Vec<String> =
            world.mails().await.iter().map(|mail| mail.get("to")[4..6].to_owned()).collect();
        to.sort_unstable();
        to.join(" ")
    };
    assert_eq!(texts().await, "75", "10:00 in New York: Boston alone");
    world.service.clock.set("2026-11-24T17:59:00Z".parse().unwrap()).unwrap();
    assert_eq!(texts().await, "75", "9:59 in California");
    world.advance(60);
    assert_eq!(texts().await, "75 75", "10:00 in California");
    world.service.clock.set("2026-11-24T20:00:00Z".parse().unwrap()).unwrap();
    assert_eq!(texts().await, "75 75 85", "10:00 in Hawaii, 15:00 in New York");
    let run = world.sweep().await;
    assert_eq!(run["skipped"]["no_common_hours"], 1, "{run}");

    // Friday evening: the next text goes on Monday.
    world.service.clock.set("2026-11-27T22:30:00Z".parse().unwrap()).unwrap();
    world.patient("weekend", consenting("Eve", "+16175550155", json!({}))).await;
    world.sweep().await;
    world.service.clock.set("2026-11-28T16:00:00Z".parse().unwrap()).unwrap();
    world.sweep().await;
    assert!(mails_to(&world, "+16175550155").await.is_empty(), "Saturday");
    world.service.clock.set("2026-11-30T15:00:00Z".parse().unwrap()).unwrap();
    world.sweep().await;
    assert_eq!(mails_to(&world, "+16175550155").await.len(), 1, "Monday");
}

#[tokio::test]
async fn a_number_gets_one_automatic_text_a_day_and_three_a_week_from_all_practices() {
    let world = world_with(json!({"channel": "sms", "reminder_days": []})).await;
    let family = |name: &str| visited(name, json!({"sms_consent": true, "mobile_phone": "+12025550151"}));
    for name in ["Ana", "Ben", "Cleo", "Dan"] {
        world.patient(name, family(name)).await;
    }
    let other = json!({"auto_invite": {"enabled": true, "channel": "sms", "reminder_days": []}});
    let key = world.other_keys.ehr.clone();
    world.staff(&key, "PUT", "/v1/settings", Some(other)).await.expect(200);
    world.staff(&key, "PUT", "/v1/patients/Eve", Some(family("Eve"))).await.expect(201);
    let mut days = Vec::new();
    for _ in 0..8 {
        world.sweep().await;
        days.push(world.mails().await.len());
        world.advance(DAY);
    }
    // Tuesday, Wednesday and Friday: Thursday's is a day after Wednesday's to the second.
    assert_eq!(days[0], 1);
    assert!(days.windows(2).all(|two| two[1] - two[0] <= 1), "one a day: {days:?}");
    assert_eq!(days[6], 3, "three a week: {days:?}");
    assert!(days[7] <= 4, "{days:?}");
}

#[tokio::test]
async fn the_days_messages_go_to_who_waits_longest_and_the_rest_waits() {
    let world = world_with(json!({"daily_cap": 3, "ramp": false, "reminder_days": []})).await;
    for day in 1..=5 {
        let signed = format!("2026-11-{:02}T15:00:00Z", 20 - day);
        let visits = json!([{"id": "v", "date": "2026-11-10", "signed_at": signed}]);
        world.patient(&format!("p{day}"), visited(&format!("P{day}"), json!({"visits": visits}))).await;
    }
    // The planner of the local service may have seen some of them before the others were there.
    world.service.clock.set("2026-11-25T15:00:00Z".parse().unwrap()).unwrap();
    let first = world.mails().await.len();
    let run = world.sweep().await;
    assert_eq!(first + world.mails().await.len() - first, world.mails().await.len());
    assert!(run["invited"].as_u64().unwrap() <= 3, "{run}");
    world.advance(DAY);
    world.sweep().await;
    world.advance(DAY);
    world.sweep().await;
    assert_eq!(world.mails().await.len(), 5);
}

#[tokio::test]
async fn nothing_is_sent_in_quiet_hours_or_before_the_switch_is_on() {
    let world = world_with(json!({"enabled": false})).await;
    world.patient("p1", visited("Ana", json!({}))).await;
    assert_eq!(world.sweep().await, Value::Null);
    world.service.clock.set("2026-11-25T12:59:00Z".parse().unwrap()).unwrap();
    world.settings(json!({"auto_invite": {"enabled": true}})).await;
    assert_eq!(world.sweep().await, Value::Null, "7:59");
    assert!(world.mails().await.is_empty());
    world.advance(60);
    assert_eq!(world.sweep().await["invited"], 1, "8:00");
}

#[tokio::test]
async fn a_complaint_stops_the_sweep_until_staff_start_it_again() {
    let world = world_with(json!({"reminder_days": []})).await;
    world.patient("p1", visited("Ana", json!({}))).await;
    world.sweep().await;
    let body = json!({"message_id": world.last_mail().await.get("id"), "type": "complaint"});
    world.request("POST", "/_local/feedback").json(&body).send().await.unwrap();
    world.patient("p2", visited("Ben", json!({}))).await;
    world.advance(DAY);
    world.sweep().await;
    assert_eq!(world.mails().await.len(), 1);
    let settings = world.ehr("GET", "/v1/settings", None).await.json();
    assert_eq!(settings["auto_invite"]["paused"]["reason"], "complaints", "{settings}");
    let resumed = world.ehr("POST", "/v1/auto-invite/resume", None).await.expect_and(200).json();
    assert!(resumed["paused"].is_null());
    assert_eq!(world.sweep().await["invited"], 1);
    assert_eq!(world.mails().await.len(), 2);
    let actions = world.ehr("GET", "/v1/audit", None).await.json().to_string();
    assert!(actions.contains("auto_invite_paused") && actions.contains("auto_invite_resumed"));
}

#[tokio::test]
async fn a_new_practice_begins_with_fifty_a_day_and_doubles() {
    let world = world_with(json!({"enabled": false, "reminder_days": []})).await;
    for number in 0..160 {
        world.patient(&format!("p{number}"), visited(&format!("P{number}"), json!({}))).await;
        if number % 40 == 39 {
            // A client may make fifty calls a second.
            world.advance(1);
        }
    }
    world.settings(json!({"auto_invite": {"enabled": true}})).await;
    let run = world.sweep().await;
    assert_eq!(
        (&run["invited"], &run["deferred"], &run["cap"]),
        (&json!(50), &json!(110), &json!(50)),
        "{run}"
    );
    world.advance(DAY);
    let run = world.sweep().await;
    assert_eq!((&run["invited"], &run["deferred"]), (&json!(100), &json!(10)), "{run}");
    world.advance(DAY);
    assert_eq!(world.sweep().await["invited"], 10);
}

#[tokio::test]
async fn a_corrected_address_after_a_bounce_is_invited_and_nobody_waits_for_it() {
    let world = world_with(json!({})).await;
    let address = |email: &str| visited("Ana", json!({"email": email}));
    world.patient("p1", address("mistyped@example.com")).await;
    world.sweep().await;
    for corrected in ["ana@example.com", "mistyped@example.com", "ana@example.com"] {
        world.advance(3600);
        bounce_last(&world).await;
        world.patient("p1", address(corrected)).await;
        // The address was stopped until it left the chart.
        world.advance(DAY);
        let run = world.sweep().await;
        assert_eq!(run["invited"], 1, "{corrected}: {run}");
        assert_eq!(world.last_mail().await.get("to"), corrected);
    }
    world.patient("p2", visited("Ben", json!({}))).await;
    assert_eq!(world.sweep().await["invited"], 2);
}

async fn bounce_last(world: &World) {
    let body = json!({"message_id": world.last_mail().await.get("id"), "type": "bounce"});
    world.request("POST", "/_local/feedback").json(&body).send().await.unwrap();
    world.service.idle().await;
}

#[tokio::test]
async fn a_new_phone_number_leaves_the_reminders_by_mail_as_they_are() {
    let world = world_with(json!({})).await;
    world.patient("p1", visited("Ana", json!({}))).await;
    world.sweep().await;
    world.patient("p1", visited("Ana", json!({"mobile_phone": "+12025550177"}))).await;
    world.advance(3 * DAY);
    assert_eq!(world.sweep().await["reminded"], 1);
}

#[tokio::test]
async fn reminders_that_are_late_come_once_and_keep_their_distance() {
    let world = world_with(json!({})).await;
    world.patient("p1", visited("Ana", json!({}))).await;
    world.sweep().await;
    world.settings(json!({"auto_invite": {"enabled": false}})).await;
    world.advance(12 * DAY);
    world.settings(json!({"auto_invite": {"enabled": true}})).await;
    for _ in 0..3 {
        world.advance(900);
        let run = world.sweep().await;
        assert_eq!((&run["reminded"], &run["seen"]), (&json!(1), &json!(1)), "counted once: {run}");
    }
    for (day, mails) in [(13, 2), (14, 2), (15, 3), (30, 3)] {
        world.service.clock.set(TUESDAY.parse().unwrap()).unwrap();
        world.advance(day * DAY + 7200);
        world.sweep().await;
        assert_eq!(world.mails().await.len(), mails, "day {day}");
    }
}

#[tokio::test]
async fn a_later_visit_counts_once_an_earlier_one_is_too_old() {
    let world = world_with(json!({})).await;
    let visits = json!([
        {"id": "v1", "date": "2026-11-23", "signed_at": "2026-11-23T20:00:00Z"},
        {"id": "v2", "date": "2027-01-25", "signed_at": "2027-01-25T20:00:00Z"},
    ]);
    // No e-mail address for so long that the first visit is too old by then.
    world.patient("p1", visited("Ana", json!({"email": null, "visits": visits}))).await;
    world.sweep().await;
    world.patient("p2", visited("Ben", json!({"visits": visits}))).await;
    world.settings(json!({"auto_invite": {"enabled": false}})).await;
    world.advance(100 * DAY);
    world.settings(json!({"auto_invite": {"enabled": true}})).await;
    world.patient("p1", visited("Ana", json!({"visits": visits}))).await;
    let run = world.sweep().await;
    assert_eq!((&run["invited"], &run["skipped"]), (&json!(2), &json!({})), "{run}");
}

#[tokio::test]
async fn who_stops_texts_or_mail_is_not_reminded_on_the_other_channel() {
    let world = world_with(json!({"channel": "email_then_sms"})).await;
    let texts = json!({"sms_consent": true, "mobile_phone": "+12025550151"});
    world.patient("p1", visited("Ana", texts)).await;
    world.sweep().await;
    assert_eq!(world.last_mail().await.get("channel"), "sms");
    world.post("/_local/feedback", json!({"phone": "+12025550151", "type": "stop"})).await.expect(200);
    world.service.idle().await;
    let before = world.mails().await.len();
    world.advance(3 * DAY);
    let run = world.sweep().await;
    assert_eq!(run["skipped"], json!({"sms_opted_out": 1}), "{run}");
    assert_eq!(world.mails().await.len(), before);
}

#[tokio::test]
async fn who_was_passed_over_in_between_is_reminded_after_the_chart_is_mended() {
    let world = world_with(json!({})).await;
    world.patient("p1", visited("Ana", json!({}))).await;
    world.sweep().await;
    world.patient("p1", visited("Ana", json!({"chart_status": "inactive"}))).await;
    world.advance(3 * DAY);
    assert_eq!(world.sweep().await["skipped"]["chart_inactive"], 1);
    world.patient("p1", visited("Ana", json!({}))).await;
    assert_eq!(world.sweep().await["reminded"], 1);
}
