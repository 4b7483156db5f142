//! The practice's own face: its color, links and line, and what patients get because of them.

use portico_testkit::World;
use serde_json::json;

#[tokio::test]
async fn the_practices_color_links_and_line_are_in_its_mails_letters_and_pages() {
    let world = World::new().await;
    let plain = world.page(&format!("/{}/sign-up", world.practice)).await.expect_and(200);
    let note = "You can now ask for appointments online.";
    world
        .settings(json!({"accent_color": "#7a1f5c", "invitation_note": note, "terms_url": "https://riverside.example/terms",
            "privacy_url": "https://riverside.example/privacy"}))
        .await;
    world.invited("p1").await;
    let mail = world.last_mail().await;
    assert!(mail.get("text").contains(note) && mail.get("html").contains(note));
    assert!(mail.get("html").contains("#7a1f5c") && !mail.get("html").contains("#0b5394"));

    let page = world.page(&format!("/{}/sign-up", world.practice)).await.expect_and(200);
    assert!(page.text.contains(":root{--accent:#7a1f5c}"), "{}", page.text);
    assert!(
        page.text.contains("https://riverside.example/terms")
            && page.text.contains("https://riverside.example/privacy")
    );
    let hashes = |answer: &portico_testkit::Answer| {
        answer.header("content-security-policy").matches("'sha256-").count()
    };
    assert_eq!((hashes(&plain), hashes(&page)), (1, 2), "the policy allows the color's rules by their hash");

    world.registered("p2", "second.person").await;
    let told = world.last_mail().await;
    assert!(!told.get("text").contains(note), "only invitations have the line");

    world
        .settings(json!({"accent_color": "", "invitation_note": "", "terms_url": "", "privacy_url": ""}))
        .await;
    let settings = world.ehr("GET", "/v1/settings", None).await.expect_and(200).json();
    assert!(settings.get("accent_color").is_none() && settings.get("terms_url").is_none());
}

#[tokio::test]
async fn a_pale_color_a_link_in_the_line_and_a_word_about_health_are_refused_with_their_reasons() {
    let world = World::new().await;
    let wrong = json!({"accent_color": "#f5a623", "invitation_note": "See your diagnosis there", "terms_url": "http://x.example",
        "privacy_url": "javascript:alert(1)"});
    let refused = world.ehr("PUT", "/v1/settings", Some(wrong)).await.expect_and(400).json();
    let found: Vec<(&str, &str)> = refused["errors"]
        .as_array()
        .unwrap()
        .iter()
        .map(|e| (e["pointer"].as_str().unwrap(), e["code"].as_str().unwrap()))
        .collect();
    assert_eq!(
        found,
        [
            ("/terms_url", "invalid_url"),
            ("/privacy_url", "invalid_url"),
            ("/accent_color", "low_contrast"),
            ("/invitation_note", "holds_health_word")
        ]
    );
    let window = world.window(&world.keys.ehr).await;
    let page =
        window.send("/console/settings", &[("accent_color", "#f5a623"), ("was_accent_color", "")]).await;
    assert!(page.text.contains("The nearest is #"), "{}", page.text);
}

#[tokio::test]
async fn staff_see_every_mail_text_call_and_page_in_both_languages_before_patients_do() {
    let world = World::new().await;
    world.settings(json!({"invitation_note": "Ask us anything."})).await;
    let window = world.window(&world.keys.ehr).await;
    let page = window.page("/console/previews").await.expect_and(200).text;
    assert!(
        page.contains("Email: invitation") && page.contains("<iframe class=\"preview\" sandbox"),
        "{page}"
    );
    let kinds: Vec<String> = page
        .split("<option value=\"")
        .skip(1)
        .map(|rest| rest.split('"').next().unwrap().to_owned())
        .filter(|kind| kind.contains('-'))
        .collect();
    assert_eq!(kinds.len(), 34 * 2 + 1 + 6);
    for (kind, language) in kinds.iter().flat_map(|kind| [(kind, "en"), (kind, "es")]) {
        world.advance(1);
        let path = format!("/v1/previews/{kind}?language={language}");
        let shown = world.ehr("GET", &path, None).await.expect_and(200).json();
        assert_eq!(
            (shown["kind"].as_str(), shown["language"].as_str()),
            (Some(kind.as_str()), Some(language))
        );
        window.page(&format!("/console/previews?kind={kind}&language={language}")).await.expect(200);
        let text = shown["html"].as_str().or(shown["text"].as_str()).unwrap();
        assert!(text.contains("Riverside"), "{kind}: {text}");
        if kind.starts_with("sms-") {
            assert!(shown["size"]["septets"].as_u64() <= shown["size"]["most"].as_u64(), "{shown}");
        }
        if !kind.starts_with("sms-") && !kind.starts_with("voice-") {
            let framed =
                window.page(&format!("/console/previews/{kind}?language={language}")).await.expect_and(200);
            assert!(framed.header("content-security-policy").starts_with("sandbox; default-src 'none'"));
            assert!(framed.text.contains(&format!("lang=\"{language}\"")));
        }
    }
    let invitation =
        world.ehr("GET", "/v1/previews/email-invitation?language=es", None).await.expect_and(200).json();
    assert!(invitation["html"].as_str().unwrap().contains("Ask us anything."));
    assert!(world.mails().await.is_empty(), "a preview sends nothing");
    world.ehr("GET", "/v1/previews/email-nothing", None).await.expect(404);
    world.ehr("GET", "/v1/previews/email-invitation?language=fr", None).await.expect(400);
    world.staff(&world.keys.scheduling, "GET", "/v1/previews/email-invitation", None).await.expect(403);
}

#[tokio::test]
async fn who_changed_which_setting_is_in_the_history_and_beside_the_setting() {
    let world = World::new().await;
    world.settings(json!({"link_hours": 48, "auto_invite": {"daily_cap": 20}})).await;
    world.advance(60);
    world.settings(json!({"registration_check": "identity"})).await;
    let history = world.ehr("GET", "/v1/settings/history", None).await.expect_and(200).json();
    assert_eq!(history["changes"].as_array().unwrap().len(), 2, "{history}");
    let fields = json!([
        {"name": "auto_invite.daily_cap", "before": 500, "after": 20},
        {"name": "link_hours", "before": 72, "after": 48},
    ]);
    assert_eq!(history["changes"][1]["fields"], fields, "{history}");
    assert_eq!(history["changes"][0]["by"]["actor"], "dr.lee");
    let other = world.staff(&world.other_keys.ehr, "GET", "/v1/settings/history", None).await;
    assert_eq!(other.expect_and(200).json()["changes"], json!([]));
    world.staff(&world.keys.scheduling, "GET", "/v1/settings/history", None).await.expect(403);

    let window = world.window(&world.keys.ehr).await;
    let page = window.page("/console/settings").await.expect_and(200).text;
    for words in [
        "Changed by dr.lee, ",
        "Hours that a link works: 48, before: 72",
        "automatic invitations: daily cap: 20, before: 500",
        "Then: Nothing more, before: A code by another way",
    ] {
        assert!(page.contains(words), "{words}: {page}");
    }
}

#[tokio::test]
async fn who_saves_what_somebody_else_saved_meanwhile_sees_both_values() {
    let world = World::new().await;
    let window = world.window(&world.keys.ehr).await;
    let hours = async || world.ehr("GET", "/v1/settings", None).await.json()["link_hours"].clone();
    world.settings(json!({"link_hours": 24})).await;
    // The page of this manager still said 72.
    let typed =
        [("was_link_hours", "72"), ("link_hours", "48"), ("was_letter_days", "14"), ("letter_days", "20")];
    let page = window.send("/console/settings", &typed).await.expect_and(409).text;
    assert!(page.contains("Somebody else saved meanwhile") && page.contains("dr.lee"), "{page}");
    assert!(page.contains("name=\"was_link_hours\" value=\"24\"") && page.contains("value=\"48\""), "{page}");
    assert_eq!(hours().await, 24);
    let again = [
        ("moved", "link_hours"),
        ("was_link_hours", "24"),
        ("link_hours", "48"),
        ("was_letter_days", "14"),
        ("letter_days", "20"),
    ];
    window.send("/console/settings", &[&again[..], &[("theirs", "yes")]].concat()).await.expect(303);
    let settings = world.ehr("GET", "/v1/settings", None).await.json();
    assert_eq!((&settings["link_hours"], &settings["letter_days"]), (&json!(24), &json!(20)), "theirs");
    window.send("/console/settings", &again[..3]).await.expect(303);
    assert_eq!(hours().await, 48, "mine");
    // Another setting than the one that somebody changed is saved as it is.
    world.settings(json!({"code_channel": "any"})).await;
    window.send("/console/settings", &[("was_link_hours", "48"), ("link_hours", "12")]).await.expect(303);
    assert_eq!(hours().await, 12);
}
