//! The Onboarding Tool under attack: launch links, sessions, foreign forms, other practices, keys that end.

use portico_testkit::World;
use serde_json::json;

use super::table;

/// Every page of the tool about one patient, and every form.
const PAGES: [&str; 19] = [
    "/console/import",
    "/console",
    "/console/patients",
    "/console/patients/new",
    "/console/patients/p1",
    "/console/patients/p1/code",
    "/console/patients/p1/contacts",
    "/console/patients/p1/revoke",
    "/console/patients/p1/override",
    "/console/patients/p1/credentials",
    "/console/changes",
    "/console/requests",
    "/console/accounts",
    "/console/patients/p1/letter",
    "/console/patients/p1/representatives",
    "/console/auto-invite",
    "/console/reports/electronic-access",
    "/console/settings",
    "/console/previews",
];
const FORMS: [(&str, &[(&str, &str)]); 24] = [
    ("/console/import", &[("table", "First,Last,DOB\nA,B,1980-01-01\n"), ("take", "yes")]),
    ("/console/patients", &[("given_name", "A"), ("family_name", "B"), ("birth_date", "1980-01-01")]),
    ("/console/patients/download", &[]),
    ("/console/patients/p1/invite", &[("channel", "email")]),
    ("/console/patients/p1/cancel", &[]),
    ("/console/patients/p1/override", &[("channel", "email"), ("reason", "x")]),
    ("/console/patients/p1/access", &[("enabled", "false")]),
    ("/console/patients/p1/decline", &[]),
    ("/console/patients/p1/revoke", &[("account_id", "all"), ("reason", "left_practice")]),
    ("/console/patients/p1/contacts", &[("email", "attacker@example.com"), ("then_invite", "email")]),
    ("/console/patients/p1/confirm", &[("channel", "email")]),
    ("/console/patients/p1/credentials", &[("username", "attacker")]),
    ("/console/patients/batch/send", &[("patient_ids", "p1"), ("channel", "email")]),
    ("/console/patients/batch", &[("patient_ids", "p1")]),
    ("/console/attention/address_bounced~p1/leave", &[]),
    ("/console/patients/p1/handed-over", &[]),
    ("/console/patients/letters", &[("patient_ids", "p1")]),
    ("/console/letters/01JD0000000000000000000000/handed-over", &[]),
    (
        "/console/patients/p1/representatives",
        &[
            ("given_name", "A"),
            ("family_name", "B"),
            ("relationship", "parent"),
            ("email", "attacker@example.com"),
            ("kind", "parent"),
            ("checked", "yes"),
        ],
    ),
    ("/console/settings", &[("link_hours", "720"), ("was_link_hours", "72")]),
    ("/console/auto-invite/enabled", &[("enabled", "true")]),
    ("/console/auto-invite/resume", &[]),
    ("/console/accounts", &[("q", "rosa")]),
    ("/console/close", &[]),
];

#[tokio::test]
async fn without_a_session_no_page_of_the_tool_shows_anything_and_no_form_does_anything() {
    let world = World::new().await;
    world.invited("p1").await;
    let before = table(&world).await;
    let window = world.window(&world.keys.ehr).await;
    let forged: Vec<String> = {
        let (front, secret) = window.cookie.rsplit_once('.').unwrap();
        let flipped: String = secret.chars().rev().collect();
        vec![
            String::new(),
            format!("{front}.{flipped}"),
            window.cookie.replacen("riverside", "lakeside", 1),
            window.cookie.replace(world.practice.as_str(), world.other_practice.as_str()),
            "__Host-portico-console=x".to_owned(),
        ]
    };
    let opened = table(&world).await;
    for cookie in &forged {
        for path in PAGES {
            let page = world.page_with(path, cookie).await;
            assert_eq!(page.status, 401, "{path} {}", page.text);
            assert!(!page.text.contains("Quillfeather"), "{path}");
        }
        // To close a window that is none changes nothing.
        for (path, fields) in FORMS.into_iter().filter(|(path, _)| *path != "/console/close") {
            let request =
                world.request("POST", path).header("cookie", cookie).header("sec-fetch-site", "same-origin");
            let answer = world.send(request.form(fields)).await;
            assert_eq!(answer.status, 401, "{path}: {}", answer.text);
        }
    }
    assert_eq!(table(&world).await, opened);
    assert_ne!(before, opened, "only the window that was opened is there");
}

#[tokio::test]
async fn a_form_of_another_site_does_nothing_even_with_the_tools_cookie() {
    let world = World::new().await;
    world.invited("p1").await;
    let window = world.window(&world.keys.ehr).await;
    let before = table(&world).await;
    for (path, fields) in FORMS {
        for (name, value) in
            [("sec-fetch-site", "cross-site"), ("origin", "https://evil.example"), ("origin", "null")]
        {
            let request = world.request("POST", path).header("cookie", &window.cookie).header(name, value);
            let answer = world.send(request.form(fields)).await;
            assert_eq!(answer.status, 403, "{path}: {}", answer.text);
        }
        let silent =
            world.send(world.request("POST", path).header("cookie", &window.cookie).form(fields)).await;
        assert_eq!(silent.status, 403, "a browser that says nothing: {path}");
    }
    assert_eq!(table(&world).await, before);
}

#[tokio::test]
async fn a_window_of_one_practice_reaches_nobody_of_another() {
    let world = World::new().await;
    world.invited("p1").await;
    let window = world.window(&world.other_keys.ehr).await;
    let before = table(&world).await;
    for path in PAGES.iter().filter(|path| path.contains("/p1")) {
        let page = window.page(path).await;
        assert_eq!(page.status, 404, "{path}: {}", page.text);
    }
    for (path, fields) in FORMS.iter().filter(|(path, _)| path.contains("/p1")) {
        let answer = window.send(path, fields).await;
        assert_eq!(answer.status, 404, "{path}: {}", answer.text);
    }
    let result = window.send("/console/patients/batch/send", &[("patient_ids", "p1")]).await.expect_and(200);
    assert!(result.text.contains("No such chart"), "{}", result.text);
    for path in ["/console/patients?all=yes", "/console"] {
        assert!(!window.page(path).await.text.contains("Quillfeather"), "{path}");
    }
    assert_eq!(world.mails().await.len(), 1);
    let without_audit = |table: &str| {
        table.lines().filter(|line| !line.contains("ONCE#") && !line.contains("CONSOLE#")).count()
    };
    assert_eq!(without_audit(&table(&world).await), without_audit(&before));
}

#[tokio::test]
async fn a_window_dies_with_its_key_and_may_never_do_more_than_the_key() {
    let world = World::new().await;
    world.patient("p1", World::chart()).await;
    let scheduling = world.window(&world.keys.scheduling).await;
    for path in ["/console/accounts", "/console/patients/p1/revoke", "/console/patients/p1/credentials"] {
        scheduling.page(path).await.expect(403);
    }
    scheduling.send("/console/patients/p1/access", &[("enabled", "false")]).await.expect(403);

    let body = json!({"scopes": ["report"]});
    let narrow =
        world.staff(&world.keys.ehr, "POST", "/v1/console/sessions", Some(body)).await.expect_and(201);
    let path = narrow.str("/url").strip_prefix(&world.service.base_url).unwrap().to_owned();
    let opened = world.form(&path, &[]).await.expect_and(303);
    let cookie = opened.header("set-cookie").split(';').next().unwrap().to_owned();
    assert_eq!(world.page_with("/console/patients", &cookie).await.status, 200);
    assert_eq!(world.page_with("/console/patients/p1", &cookie).await.status, 403);

    let window = world.window(&world.keys.ehr).await;
    window.page("/console").await.expect(200);
    let waiting =
        world.ehr("POST", "/v1/console/sessions", Some(json!({}))).await.expect_and(201).str("/url");
    let digest = portico_domain::keys::digest(world.keys.ehr.as_bytes());
    let event = json!({"action": "revoke_key", "practice": world.practice, "key": digest.get(..12).unwrap()});
    world.service.invoker.call("enroll-practice", "invoke", event).await.unwrap();
    window.page("/console").await.expect(401);
    window.send("/console/patients/p1/invite", &[("channel", "email")]).await.expect(401);
    let path = waiting.strip_prefix(&world.service.base_url).unwrap().to_owned();
    world.form(&path, &[]).await.expect(410);
    assert!(world.mails().await.is_empty());
}

#[tokio::test]
async fn twenty_clicks_on_one_launch_link_open_one_window() {
    let world = World::new().await;
    let url = world.ehr("POST", "/v1/console/sessions", Some(json!({}))).await.expect_and(201).str("/url");
    let path = url.strip_prefix(&world.service.base_url).unwrap();
    let clicks = (0..20).map(|_| world.form(path, &[]));
    let answers = futures_util::future::join_all(clicks).await;
    assert_eq!(answers.iter().filter(|answer| answer.status == 303).count(), 1);
    assert!(answers.iter().all(|answer| matches!(answer.status, 303 | 410)));
}

#[tokio::test]
async fn a_form_leads_back_to_a_page_of_the_tool_and_nowhere_else() {
    let world = World::new().await;
    world.patient("p1", World::chart()).await;
    let window = world.window(&world.keys.ehr).await;
    for to in [
        "https://evil.example",
        "//evil.example",
        "/console//evil.example",
        "/riverside",
        "/console\r\nx: y",
        "javascript:x",
    ] {
        let fields = [("channel", "print"), ("return", to)];
        let answer = window.send("/console/patients/p1/invite", &fields).await.expect_and(303);
        assert!(
            answer.header("location").starts_with("/console/patients/p1?said="),
            "{to}: {}",
            answer.header("location")
        );
    }
    for said in ["x", "AAAA", "eyJ0ZXh0IjoiaGkifQ"] {
        let page = window.page(&format!("/console/patients/p1?said={said}")).await.expect_and(200).text;
        assert!(!page.contains("class=\"said"), "nobody else puts words on a page");
    }
}
