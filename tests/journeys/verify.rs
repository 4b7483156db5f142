//! The identity check at a link: facts, codes by message or call, and the code that staff tell.

use portico_testkit::World;
use serde_json::json;

#[tokio::test]
async fn identity_then_a_code_by_email_or_by_text() {
    let world = World::new().await;
    let token = world.invited("p1").await;
    let link = world.get(&format!("/i/{token}")).await.expect_and(200).json();
    assert_eq!(
        (&link["check"], &link["steps"]),
        (&json!("identity_and_code"), &json!(["identity", "code", "register"]))
    );
    let known = world.state_facts(&token).await.expect_and(200).json();
    assert_eq!((&known["next"], &known["code_channels"]), (&json!("code"), &json!(["sms", "voice"])));
    let ask = json!({"proof": known["proof"], "channel": "sms"});
    assert_eq!(
        world.post(&format!("/i/{token}/codes"), ask).await.expect_and(202).json(),
        json!({"resend_after": 60})
    );
    let text = world.last_mail().await;
    assert_eq!((text.get("channel"), text.get("to")), ("sms", "+12025550143"));
    let check = json!({"proof": known["proof"], "code": text.code()});
    let passed = world.post(&format!("/i/{token}/codes/check"), check).await.expect_and(200).json();
    assert_eq!(
        (&passed["next"], &passed["suggested_username"]),
        (&json!("register"), &json!("rosa.quillfeather@example.com"))
    );
}

#[tokio::test]
async fn the_access_code_that_staff_tell_stands_for_a_code_by_message() {
    let world = World::new().await;
    let token = world.invited("p1").await;
    let access_code = world.portal("p1").await["invitation"]["access_code"].as_str().unwrap().to_owned();
    let mut facts = json!({"as": "patient", "family_name": "Quillfeather", "birth_date": "19450427", "access_code": access_code});
    let passed = world.post(&format!("/i/{token}/verify"), facts.clone()).await.expect_and(200);
    assert_eq!(passed.str("/next"), "register");
    assert_eq!(world.mails().await.len(), 1, "no code was sent");
    facts["access_code"] = json!(format!("{:08}", (access_code.parse::<u32>().unwrap() + 1) % 100_000_000));
    world.post(&format!("/i/{token}/verify"), facts).await.expect(422);
    assert_eq!(world.portal("p1").await["verification_failures"][0]["facts"], json!(["access_code"]));
}

#[tokio::test]
async fn the_practice_chooses_what_a_visitor_must_pass() {
    let world = World::new().await;
    world.settings(json!({"registration_check": "identity", "identity_facts": ["family_name", "birth_date", "postal_code"]})).await;
    let token = world.invited("p1").await;
    let mut facts = json!({"as": "patient", "family_name": "Quillfeather", "birth_date": "1945-04-27"});
    let missing = world.post(&format!("/i/{token}/verify"), facts.clone()).await.expect_and(400);
    assert_eq!(missing.json()["errors"][0]["pointer"], "/postal_code");
    facts["postal_code"] = json!("02139-7777");
    assert_eq!(
        world.post(&format!("/i/{token}/verify"), facts).await.expect_and(200).str("/next"),
        "register"
    );

    world.allow(&["link_only"]).await;
    world.settings(json!({"registration_check": "link_only"})).await;
    let passed = world.post(&format!("/i/{token}/verify"), json!({"as": "patient"})).await.expect_and(200);
    world.register(&token, &passed.str("/ticket"), "rosa.q").await.expect(201);
}

#[tokio::test]
async fn names_compare_by_letters_zip_by_five_digits_and_dates_by_the_day_they_mean() {
    let world = World::new().await;
    world.settings(json!({"identity_facts": ["family_name", "birth_date", "postal_code"]})).await;
    for (place, (family, typed)) in
        [("Kaʻōpua Jr.", "KAOPUA"), ("de la Cruz", "Delacruz "), ("Müller-Núñez", "nunez")]
            .into_iter()
            .enumerate()
    {
        let id = format!("p{place}");
        world
            .patient(&id, World::chart_with(json!({"family_name": family, "postal_code": "02139-1234"})))
            .await;
        world.invite(&id, "email").await.expect(201);
        let token = world.last_mail().await.token();
        let date = ["27 de abril de 1945", "４/２７/１９４５", "04271945"][place];
        let facts =
            json!({"as": "patient", "family_name": typed, "birth_date": date, "postal_code": "02139"});
        world.post(&format!("/i/{token}/verify"), facts).await.expect(200);
    }
    world.patient("zero", World::chart_with(json!({"postal_code": "00000"}))).await;
    world.invite("zero", "email").await.expect(201);
    let token = world.last_mail().await.token();
    let facts = json!({"as": "patient", "family_name": "Quillfeather", "birth_date": "19450427", "postal_code": "00000"});
    world.post(&format!("/i/{token}/verify"), facts).await.expect(422);
}

#[tokio::test]
async fn what_a_phone_puts_around_pasted_text_costs_no_try_on_the_whole_way_in() {
    let world = World::new().await;
    let facts = ["family_name", "birth_date", "email", "postal_code"];
    world.settings(json!({"identity_facts": facts, "code_channel": "any"})).await;
    for (place, (before, after)) in
        [("\u{feff}", "\u{200b}"), ("\u{202a}", "\u{202c}"), ("\u{a0}", "\u{a0}."), ("“", "”,"), ("<", ">;")]
            .into_iter()
            .enumerate()
    {
        let id = format!("p{place}");
        world.patient(&id, World::chart_with(json!({"email": format!("{id}@example.com")}))).await;
        world.invite(&id, "email").await.expect(201);
        let token = world.last_mail().await.token();
        let around = |text: &str| format!("{before}{text}{after}");
        let facts = json!({
            "as": "patient", "family_name": around("Quillfeather"), "birth_date": "04/27/1945",
            "email": around(&format!("mailto:{id}@example.com")), "postal_code": around("02139"),
        });
        let known = world.post(&format!("/i/{token}/verify"), facts).await.expect_and(200).json();
        let ask = json!({"proof": known["proof"], "channel": "email"});
        world.post(&format!("/i/{token}/codes"), ask).await.expect(202);
        let code = around(&world.last_mail().await.code());
        let check = json!({"proof": known["proof"], "code": code});
        let ticket =
            world.post(&format!("/i/{token}/codes/check"), check).await.expect_and(200).str("/ticket");
        world.register(&token, &ticket, &format!("rosa.{place}")).await.expect(201);
        let typed = around(&format!("rosa.{place}")).trim_end_matches('.').to_owned();
        world.sign_in(&typed, portico_testkit::PASSWORD).await.expect(200);
    }
}

#[tokio::test]
async fn a_birth_date_that_can_not_be_read_is_refused_with_the_format_and_costs_no_try() {
    let world = World::new().await;
    let token = world.invited("p1").await;
    for date in ["04/27/45", "1112000", "April 1945", "30/30/1945", "April 27, 2145", "later"] {
        let facts = json!({"as": "patient", "family_name": "Quillfeather", "birth_date": date});
        let refused = world.post(&format!("/i/{token}/verify"), facts).await.expect_and(400);
        assert_eq!(refused.json()["errors"][0]["pointer"], "/birth_date", "{date}");
        assert!(refused.text.contains("04/27/1945"), "{}", refused.text);
    }
    assert_eq!(world.portal("p1").await["verification_failures"], json!([]));
    world.state_facts(&token).await.expect(200);
}

#[tokio::test]
async fn staff_see_which_fact_failed_and_the_visitor_never() {
    let world = World::new().await;
    let token = world.invited("p1").await;
    let path = format!("/i/{token}/verify");
    let name = world
        .post(&path, json!({"as": "patient", "family_name": "Wrong", "birth_date": "19450427"}))
        .await
        .expect_and(422);
    let date = world
        .post(&path, json!({"as": "patient", "family_name": "Quillfeather", "birth_date": "19450428"}))
        .await
        .expect_and(422);
    assert_eq!(name.text, date.text);
    let failures = world.portal("p1").await["verification_failures"].clone();
    assert_eq!(
        (&failures[0]["facts"], &failures[1]["facts"]),
        (&json!(["family_name"]), &json!(["birth_date"]))
    );
    for _ in 0..3 {
        world
            .post(&path, json!({"as": "patient", "family_name": "Wrong", "birth_date": "19450427"}))
            .await
            .expect(422);
    }
    world.state_facts(&token).await.expect(410);
    assert_eq!(world.portal("p1").await["invitation"]["state"], "locked");
}

#[tokio::test]
async fn the_practice_may_have_codes_of_five_digits() {
    let world = World::new().await;
    world.allow(&["five_digit_codes"]).await;
    world.settings(json!({"code_digits": 5})).await;
    let token = world.invited("p1").await;
    let proof = world.state_facts(&token).await.expect_and(200).str("/proof");
    world.post(&format!("/i/{token}/codes"), json!({"proof": proof, "channel": "sms"})).await.expect(202);
    let code = world.last_mail().await.code();
    assert_eq!(code.len(), 5);
    world.post(&format!("/i/{token}/codes/check"), json!({"proof": proof, "code": code})).await.expect(200);
}

#[tokio::test]
async fn a_code_is_told_by_phone_call_digit_by_digit_in_the_patients_language() {
    let world = World::new().await;
    world
        .patient(
            "p1",
            World::chart_with(json!({"language": "es", "mobile_phone": null, "home_phone": "+12025550144"})),
        )
        .await;
    world.invite("p1", "email").await.expect(201);
    let token = world.last_mail().await.token();
    let known = world.state_facts(&token).await.expect_and(200).json();
    assert_eq!(known["code_channels"], json!(["voice"]));
    let ask = json!({"proof": known["proof"], "channel": "voice"});
    world.post(&format!("/i/{token}/codes"), ask).await.expect(202);
    let call = world.last_mail().await;
    assert_eq!((call.get("channel"), call.get("to"), call.get("language")), ("voice", "+12025550144", "es"));
    let check = json!({"proof": known["proof"], "code": call.code()});
    world.post(&format!("/i/{token}/codes/check"), check).await.expect(200);
}
