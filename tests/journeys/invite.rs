//! Staff invite patients: the message, quick add, refusals, overrides, resending.

use portico_testkit::World;
use serde_json::{Value, json};

#[tokio::test]
async fn staff_invite_by_email_or_by_text_and_the_message_says_no_more_than_it_must() {
    let world = World::new().await;
    // No token contains this id by chance.
    world.patient("mrn-0042-rosa", World::chart()).await;
    let invitation = world.invite("mrn-0042-rosa", "email").await.expect_and(201).json();
    assert_eq!(invitation["sent_to"], "rosa.quillfeather@example.com");
    assert_eq!((&invitation["kind"], &invitation["state"]), (&json!("registration"), &json!("pending")));

    let mail = world.last_mail().await;
    assert_eq!(mail.get("to"), "rosa.quillfeather@example.com");
    assert_eq!(mail.token().len(), 44);
    for part in ["text", "html"] {
        assert!(mail.get(part).contains("Riverside Family Medicine") && mail.get(part).contains("Rosa"));
        for secret in [
            "Quillfeather",
            "1945",
            "04/27",
            "mrn-0042-rosa",
            "02139",
            "555-0143",
            "diagnos",
            "medical record",
        ] {
            assert!(!mail.get(part).contains(secret), "{part} says {secret}");
        }
    }
    let portal = world.portal("mrn-0042-rosa").await;
    assert_eq!((&portal["status"], &portal["color"]), (&json!("invited"), &json!("orange")));
    assert_eq!(portal["invitation"]["delivery"], "sent");
    assert!(portal["invitation"]["sent_at"].is_string());

    let invitation = world.invite("mrn-0042-rosa", "sms").await.expect_and(201).json();
    assert_eq!(invitation["sent_to"], "+12025550143");
    let text = world.last_mail().await;
    assert_eq!((text.get("channel"), text.get("to")), ("sms", "+12025550143"));
    assert!(text.get("text").contains(&world.url("/i/")) && text.get("text").len() <= 306);
    assert!(text.get("text").ends_with("Reply STOP to opt out"), "{}", text.get("text"));
}

#[tokio::test]
async fn the_message_names_the_exact_expiry_in_the_practices_time_zone() {
    let world = World::new().await;
    world.service.clock.set("2026-11-22T15:00:00Z".parse().unwrap()).unwrap();
    world.patient("p1", World::chart()).await;
    world.invite("p1", "email").await.expect(201);
    let said = "Wednesday, November 25, 2026 at 10:00 AM Eastern Time";
    assert!(world.last_mail().await.get("text").contains(said), "{}", world.last_mail().await.get("text"));
}

#[tokio::test]
async fn quick_add_makes_chart_and_invitation_in_one_call_and_names_a_possible_duplicate() {
    let world = World::new().await;
    let add = json!({
        "given_name": "Noor", "family_name": "Bright", "birth_date": "1980-02-03",
        "activate_portal": true, "channel": "sms", "mobile_phone": "(202) 555-0177",
    });
    let added = world.ehr("POST", "/v1/patients", Some(add.clone())).await.expect_and(201).json();
    let id = added["patient"]["patient_id"].as_str().unwrap().to_owned();
    assert_eq!(added["invitation"]["sent_to"], "+12025550177");
    assert_eq!(added["patient"]["sms_consent"], true, "a quick add by text is the consent");
    assert_eq!(world.last_mail().await.token().len(), 44);
    assert_eq!(world.portal(&id).await["status"], "invited");

    let mut twin = add.clone();
    twin["given_name"] = json!("NOOR ");
    let refused = world.ehr("POST", "/v1/patients", Some(twin.clone())).await.expect_and(409);
    assert_eq!(
        (refused.code(), &refused.json()["candidates"]),
        ("possible_duplicate".to_owned(), &json!([id]))
    );
    assert_eq!(world.mails().await.len(), 1);
    twin["allow_duplicate"] = json!(true);
    world.ehr("POST", "/v1/patients", Some(twin)).await.expect(201);

    let implied = json!({"given_name": "Ida", "family_name": "Bright", "birth_date": "1982-02-03",
        "activate_portal": true, "email": "ida@example.com"});
    let added = world.ehr("POST", "/v1/patients", Some(implied)).await.expect_and(201).json();
    assert_eq!(added["invitation"]["channel"], "email");

    let unreachable = json!({
        "given_name": "Ada", "family_name": "Bright", "birth_date": "1981-02-03",
        "activate_portal": true, "channel": "email",
    });
    let refused = world.ehr("POST", "/v1/patients", Some(unreachable)).await.expect_and(422);
    assert_eq!(refused.json()["reasons"], json!(["missing_email"]));
    assert!(!world.items().await.contains("Ada"), "a refused quick add leaves nothing");
}

#[tokio::test]
async fn a_refused_invitation_names_every_reason_as_a_code_with_its_cure() {
    let world = World::new().await;
    let chart = World::chart_with(json!({"email": null, "chart_status": "inactive"}));
    world.patient("p1", chart).await;
    world.ehr("PUT", "/v1/patients/p1/portal/access", Some(json!({"enabled": false}))).await.expect(200);
    let refused = world.invite("p1", "email").await.expect_and(422);
    assert_eq!(refused.code(), "not_eligible");
    assert_eq!(refused.json()["reasons"], json!(["access_disabled", "chart_inactive", "missing_email"]));
    assert!(refused.str("/detail").len() > 60, "{}", refused.text);
    assert!(world.mails().await.is_empty());
    let portal = world.portal("p1").await;
    assert_eq!(
        (&portal["status"], &portal["blockers"]),
        (&json!("blocked"), &json!(["access_disabled", "chart_inactive"]))
    );

    for (change, channel, reasons) in [
        (json!({"chart_status": "deceased"}), "email", json!(["deceased"])),
        (json!({"mobile_phone": null}), "sms", json!(["missing_mobile_phone"])),
        (json!({"sms_consent": false}), "sms", json!(["no_sms_consent"])),
        (json!({"mobile_phone": null, "email": null}), "email", json!(["missing_email"])),
    ] {
        world.patient("p2", World::chart_with(change)).await;
        assert_eq!(world.invite("p2", channel).await.expect_and(422).json()["reasons"], reasons);
    }
    world.settings(json!({"required_contact": "email_and_postal_code"})).await;
    world.patient("p3", World::chart_with(json!({"email": null, "postal_code": null}))).await;
    assert_eq!(
        world.invite("p3", "sms").await.expect_and(422).json()["reasons"],
        json!(["missing_email", "missing_postal_code"])
    );
    assert_eq!(world.portal("p3").await["blockers"], json!(["missing_email", "missing_postal_code"]));
    world.invite("p3", "print").await.expect(201);
}

#[tokio::test]
async fn a_patient_who_declined_is_invited_only_with_a_reason_to_override() {
    let world = World::new().await;
    world.patient("p1", World::chart()).await;
    world
        .ehr("POST", "/v1/patients/p1/portal/decline", Some(json!({"reason": "no computer"})))
        .await
        .expect(200);
    assert_eq!(world.portal("p1").await["status"], "declined");
    assert_eq!(world.invite("p1", "email").await.expect_and(422).json()["reasons"], json!(["declined"]));
    let over = json!({"channel": "email", "override": {"reason": "asked for it at the desk"}});
    world.ehr("POST", "/v1/patients/p1/invitations", Some(over)).await.expect(201);
    assert_eq!(world.portal("p1").await["status"], "invited");
}

#[tokio::test]
async fn a_resend_ends_the_older_link_and_all_invitations_stay_in_the_history() {
    let world = World::new().await;
    let first = world.invited("p1").await;
    world.invite("p1", "email").await.expect(201);
    let second = world.last_mail().await.token();
    assert_ne!(first, second);
    world.get(&format!("/i/{first}")).await.expect(410);
    world.get(&format!("/i/{second}")).await.expect(200);
    world.ehr("DELETE", "/v1/patients/p1/invitations/current", None).await.expect(200);
    world.get(&format!("/i/{second}")).await.expect(410);
    let portal = world.portal("p1").await;
    assert_eq!(portal["status"], "uninvited");
    let states: Vec<&Value> =
        portal["invitations"].as_array().unwrap().iter().map(|one| &one["state"]).collect();
    assert_eq!(states, [&json!("superseded"), &json!("cancelled")]);
}

#[tokio::test]
async fn a_phone_gets_three_texts_an_hour_from_staff_too() {
    let world = World::new().await;
    world.patient("p1", World::chart()).await;
    for _ in 0..3 {
        world.invite("p1", "sms").await.expect(201);
    }
    let refused = world.invite("p1", "sms").await.expect_and(429);
    assert!((1..=3600).contains(&refused.header("retry-after").parse::<i64>().unwrap()));
    world.invite("p1", "email").await.expect(201);
    world.advance(3600);
    world.invite("p1", "sms").await.expect(201);
}

#[tokio::test]
async fn an_idempotency_key_that_found_nothing_to_do_does_nothing_later() {
    let world = World::new().await;
    world.patient("p1", World::chart()).await;
    let decline = async |key: &str| {
        let request = world.request("POST", "/v1/patients/p1/portal/decline").bearer_auth(&world.keys.ehr);
        world
            .send(request.header("portico-actor", "dr.lee").header("idempotency-key", key))
            .await
            .expect_and(200)
    };
    decline("first").await;
    decline("second").await;
    let over = json!({"channel": "email", "override": {"reason": "changed their mind"}});
    world.ehr("POST", "/v1/patients/p1/invitations", Some(over)).await.expect(201);
    decline("second").await;
    assert_eq!(world.portal("p1").await["status"], "invited");
}

#[tokio::test]
async fn a_chart_that_was_read_can_be_put_back_whatever_its_phones() {
    let world = World::new().await;
    let chart = World::chart_with(json!({"home_phone": "555-159-8421"}));
    let answer = world.ehr("PUT", "/v1/patients/p1", Some(chart.clone())).await.expect_and(201).json();
    assert_eq!(
        (&answer["home_phone"], &answer["warnings"][0]["pointer"]),
        (&json!("555-159-8421"), &json!("/home_phone"))
    );
    world.ehr("PUT", "/v1/patients/p1", Some(chart)).await.expect(200);
}

#[tokio::test]
async fn two_receptionists_who_add_the_same_person_at_one_instant_make_one_chart() {
    let world = World::new().await;
    let add = |given: &str, family: &str, more: Value| {
        let mut body = json!({"given_name": given, "family_name": family, "birth_date": "1970-05-06", "activate_portal": false});
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        world.ehr("POST", "/v1/patients", Some(body))
    };
    for number in 0..10 {
        let family = format!("Ash{number}");
        let both =
            tokio::join!(add("José", &family, json!({})), add("jose", &family.to_uppercase(), json!({})));
        let mut codes = [(both.0.status, both.0.code()), (both.1.status, both.1.code())];
        codes.sort();
        assert_eq!(codes, [(201, String::new()), (409, "possible_duplicate".to_owned())], "{number}");
        add("José", &family, json!({"allow_duplicate": true})).await.expect(201);
    }
    // A chart that is another person's by now doesn't hold the name.
    let added = add("Kit", "Elm", json!({})).await.expect_and(201).json();
    let id = added["patient"]["patient_id"].as_str().unwrap();
    let other =
        World::chart_with(json!({"given_name": "Ann", "family_name": "Oak", "birth_date": "1971-01-01"}));
    world.patient(id, other).await;
    add("Kit", "Elm", json!({})).await.expect(201);
}

#[tokio::test]
async fn a_link_to_a_placeholder_is_refused_with_the_cure_and_to_a_person_with_one_name_is_not() {
    let world = World::new().await;
    for (id, name) in [("dot", "."), ("unknown", "UNKNOWN"), ("baby", "Baby Boy")] {
        world.patient(id, World::chart_with(json!({"family_name": name}))).await;
        assert_eq!(world.portal(id).await["blockers"], json!(["unusable_name"]), "{name}");
        assert_eq!(world.portal(id).await["status"], "blocked");
        for channel in ["email", "print"] {
            let refused = world.invite(id, channel).await.expect_and(422);
            assert_eq!(refused.json()["reasons"], json!(["unusable_name"]), "{name}");
            assert!(refused.text.contains("ask for the name"), "{}", refused.text);
        }
    }
    let correction = json!({"family_name": "Quillfeather", "then_invite": "email"});
    world.ehr("PATCH", "/v1/patients/dot", Some(correction)).await.expect(200);
    world.allow(&["link_only"]).await;
    world.settings(json!({"registration_check": "link_only"})).await;
    world.invite("unknown", "email").await.expect(201);
    world.settings(json!({"registration_check": "identity"})).await;

    let one = json!({"given_name": "Sukarno", "birth_date": "1945-04-27", "activate_portal": true, "email": "s@example.com"});
    let added = world.ehr("POST", "/v1/patients", Some(one)).await.expect_and(201).json();
    assert_eq!(
        (&added["patient"]["family_name"], &added["patient"]["given_name"]),
        (&json!("Sukarno"), &json!(""))
    );
    let mail = world.last_mail().await;
    assert!(!mail.get("text").contains("Sukarno"), "a family name greets nobody");
    let facts = json!({"as": "patient", "family_name": "sukarno", "birth_date": "April 27, 1945"});
    let passed = world.post(&format!("/i/{}/verify", mail.token()), facts).await.expect_and(200);
    world.register(&mail.token(), &passed.str("/ticket"), "sukarno").await.expect(201);
}

#[tokio::test]
async fn a_possible_duplicate_is_seen_in_any_order_of_names_with_a_suffix_and_with_a_short_given_name() {
    let world = World::new().await;
    let chart =
        |given: &str, family: &str| World::chart_with(json!({"given_name": given, "family_name": family}));
    world.patient("robert", chart("Robert", "García-López Jr.")).await;
    world.patient("ana", chart("Ana María", "Müller")).await;
    world.patient("other-day", World::chart_with(json!({"birth_date": "1945-04-28"}))).await;
    world.service.idle().await;
    let mut wrong = Vec::new();
    for (given, family, found) in [
        ("Robert", "García López", Some("robert")),
        ("ROBERT", "garcia lopez jr", Some("robert")),
        ("Robert", "Lopez", Some("robert")),
        ("Rob", "García-López", Some("robert")),
        ("R.", "García", Some("robert")),
        ("Garcia Lopez", "Robert", Some("robert")),
        ("Robert III", "García López", Some("robert")),
        ("Ana", "Mueller", Some("ana")),
        ("Muller", "Ana Maria", Some("ana")),
        ("Ana María Inés", "Müller", Some("ana")),
        ("Roberta", "Garcia", Some("robert")),
        ("Rosa", "García López", None),
        ("Anne", "Müller", None),
        ("Rosa", "Quillfeather", None),
        ("Robert", "Garc", None),
    ] {
        let add = json!({"given_name": given, "family_name": family, "birth_date": "1945-04-27", "activate_portal": false});
        let answer = world.ehr("POST", "/v1/patients", Some(add)).await;
        let seen = answer.json()["candidates"][0].as_str().map(str::to_owned);
        if seen.as_deref() != found || (found.is_none() != (answer.status == 201)) {
            wrong.push(format!("{given} {family}: {} {}", answer.status, answer.text));
        }
        if answer.status == 201 {
            // Whoever was added stands in nobody's way.
            let id = answer.str("/patient/patient_id");
            let moved = json!({"birth_date": "1950-01-01"});
            world.ehr("PATCH", &format!("/v1/patients/{id}"), Some(moved)).await.expect(200);
            world.service.idle().await;
        }
        world.advance(10);
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[tokio::test]
async fn a_line_of_a_spreadsheet_finds_the_same_person_and_asks_about_a_similar_one() {
    let world = World::new().await;
    world
        .patient("ana", World::chart_with(json!({"given_name": "Ana", "family_name": "García-López"})))
        .await;
    world.service.idle().await;
    let table = "First,Last,DOB,Zip\nAna,Garcia Lopez Jr,4/27/1945,02140\nAna Maria,Lopez,4/27/1945,02141\nAnita,Lopez,4/27/1945,02142\n";
    let request = world.request("POST", "/v1/patients/import").bearer_auth(&world.keys.ehr);
    let request = request.header("portico-actor", "dr.lee").header("content-type", "text/csv").body(table);
    let report = world.send(request).await.expect_and(200).json();
    assert_eq!((&report["updated"], &report["created"]), (&json!(1), &json!(1)), "{report}");
    assert_eq!(
        (&report["rejected"][0]["line"], &report["rejected"][0]["code"]),
        (&json!(3), &json!("ambiguous"))
    );
    let chart = world.ehr("GET", "/v1/patients/ana", None).await.json();
    assert_eq!(chart["postal_code"], "02140");
}
