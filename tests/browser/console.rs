//! The Onboarding Tool in a real browser: an errand without scripts and by keyboard alone, the structure of its pages on
//! a desk and on a phone, and the pictures of its documentation.
#![expect(
    clippy::disallowed_methods,
    reason = "tests/pictures says in the environment where the pictures go"
)]

use data_encoding::BASE64;
use portico_testkit::World;
use serde_json::{Value, json};

use super::accessibility::Audit;
use super::driver::Browser;

/// Opens the tool in the browser, as an EHR does, and lands on Today.
async fn open(browser: &Browser, world: &World) {
    let launch = json!({"actor": "rita", "actor_name": "Rita"});
    let url = world.ehr("POST", "/v1/console/sessions", Some(launch)).await.expect_and(201).str("/url");
    browser.open(&url).await;
    browser.follow("main form button").await;
}

/// A practice with something on each page.
async fn practice() -> World {
    let world = World::new().await;
    // Tuesday morning in New York. What comes in three days is two days later.
    world.service.clock.set("2026-11-24T14:40:00Z".parse().unwrap()).unwrap();
    let chart = |id: &str, change: Value| {
        let (id, change) = (id.to_owned(), change);
        let world = &world;
        async move { world.patient(&id, World::chart_with(change)).await }
    };
    let visit = |at: &str| json!([{"id": at, "starts_at": at}]);
    // Both charts name her.
    let marta = json!([{"given_name": "Marta", "family_name": "López", "relationship": "MOTHER", "email": "marta@example.com"}]);
    chart(
        "R-20418",
        json!({"given_name": "Rosa", "family_name": "Delgado", "email": "rosa.delgaod@example.com"}),
    )
    .await;
    chart("R-1", json!({"given_name": "Lee", "family_name": "Chang", "email": "lee@example.com", "appointments": visit("2026-11-26T15:00:00Z")})).await;
    chart("R-9", json!({"given_name": "Hernán", "family_name": "Heredia López", "email": null, "mobile_phone": null, "birth_date": "1985-05-05", "contacts": marta, "appointments": visit("2026-11-26T16:30:00Z")})).await;
    chart("R-10", json!({"given_name": "Wolfeschlegelsteinhausenberger-Maximiliana", "family_name": "Schwartzenberger-Villanueva de la Santísima Trinidad", "email": "wolfeschlegelsteinhausenberger.maximiliana@a-long-name-of-a-host.example.com", "contacts": marta})).await;
    world.registered("R-11", "rosa.q").await;
    chart("R-12", json!({"given_name": "Sam", "family_name": "Okafor", "email": "sam@example.com"})).await;
    world.revoke("R-12", "left_practice").await.expect(200);
    world.invite("R-20418", "email").await.expect(201);
    let report = json!({"message_id": world.last_mail().await.get("id"), "type": "bounce"});
    world.request("POST", "/_local/feedback").json(&report).send().await.unwrap();
    world.service.idle().await;
    world
}

#[tokio::test]
#[ignore = "needs Chromium: run tests/run"]
async fn a_receptionist_corrects_an_address_without_scripts_by_keyboard_alone() {
    let world = practice().await;
    let browser = Browser::without_scripts().await;
    open(&browser, &world).await;
    assert!(browser.text("main").await.contains("Email came back"));
    browser.press_on("main .rows .do a", "\u{e007}").await;
    browser.fill("#email", "rosa.delgado@example.com").await;
    browser.press_on("button[name=then_invite][value=email]", "\u{e007}").await;
    let said = browser.text(".said").await;
    assert!(said.contains("on its way to rosa.delgado@example.com"), "{said}");
    assert_eq!(browser.focused().await, said, "the focus is where it was said");
    assert_eq!(world.last_mail().await.get("to"), "rosa.delgado@example.com");
}

#[tokio::test]
#[ignore = "needs Chromium: run tests/run"]
async fn a_receptionist_takes_in_a_spreadsheet_without_scripts() {
    let world = practice().await;
    let browser = Browser::without_scripts().await;
    open(&browser, &world).await;
    let table = "Chart,First,Last,DOB,Email,Note\nR-1,Lee,Chang,4/27/1945,,regular\nR-70,Ana,\"Núñez, Jr.\",3/4/1958,ana@example.com,</textarea>\nR-71,Kit,Ash,13/25/58,,\n";
    let file = std::env::temp_dir().join(format!("portico-import-{}.csv", std::process::id()));
    std::fs::write(&file, table).unwrap();
    browser.open(&world.url("/console/import")).await;
    browser.choose_file("#file", file.to_str().unwrap()).await;
    browser.follow("main form:last-of-type button").await;
    let checked = browser.text("main").await;
    assert!(checked.contains("2 to take in: 1 new, 0 changed, 1 the same."), "{checked}");
    let found = browser.run(include_str!("structure.js")).await;
    assert_eq!(found, json!([]));
    if let Ok(folder) = std::env::var("PORTICO_PICTURES") {
        let picture = BASE64.decode(browser.picture().await.as_bytes()).unwrap();
        std::fs::write(format!("{folder}/import-checked.png"), picture).unwrap();
    }
    browser.follow("button[name=take]").await;
    let said = browser.text(".said").await;
    assert!(said.contains("2 taken in: 1 new"), "{said}");
    let chart = world.ehr("GET", "/v1/patients/R-70", None).await.expect_and(200).json();
    assert_eq!(chart["family_name"], "Núñez, Jr.");
    std::fs::remove_file(&file).unwrap();
}

/// Pages of the tool: a name, and the path.
const PAGES: [(&str, &str); 24] = [
    ("today", "/console"),
    ("patients", "/console/patients"),
    ("filters", "/console/patients#filters"),
    ("everybody", "/console/patients?all=yes"),
    ("nobody", "/console/patients?status=declined"),
    ("patient-bounced", "/console/patients/R-20418"),
    ("patient-in", "/console/patients/R-11"),
    ("patient-long", "/console/patients/R-10"),
    ("patient-revoked", "/console/patients/R-12"),
    ("correct", "/console/patients/R-20418/contacts"),
    ("add", "/console/patients/new"),
    ("revoke", "/console/patients/R-11/revoke"),
    ("by-hand", "/console/patients/R-9/credentials"),
    ("accounts", "/console/accounts?q=rosa"),
    ("requests", "/console/requests"),
    ("changes", "/console/changes"),
    ("representative", "/console/patients/R-9/representatives"),
    ("reports", "/console/reports/electronic-access?from=2026-11-01&to=2026-11-20"),
    ("automatic", "/console/auto-invite?preview=yes"),
    ("settings", "/console/settings"),
    ("previews", "/console/previews"),
    ("import", "/console/import"),
    ("code", "/console/patients/R-20418/code"),
    ("not-found", "/console/patients/nobody"),
];

#[tokio::test]
#[ignore = "needs Chromium: run tests/run"]
async fn keys_search_and_checks_help_where_scripts_run() {
    let world = practice().await;
    let browser = Browser::with_scripts().await;
    open(&browser, &world).await;
    browser.press("body", "/").await;
    browser.until("document.activeElement.id === 'q'").await;
    // From two letters on, the list follows what is typed; the focus stays.
    browser.press("#q", "ro").await;
    browser
        .until("location.search.includes('v=') && document.querySelectorAll('.rows > li').length > 1")
        .await;
    browser.until("document.activeElement.id === 'q' && document.querySelector('[role=status].skip').textContent.endsWith(' found')").await;
    browser.run("document.activeElement.blur()").await;
    browser.press("body", "jx").await;
    browser.until("document.querySelector('#ticked').textContent === '1 ticked'").await;
    browser.until("document.activeElement === document.querySelector('.rows > li a')").await;
    browser.press("body", "j").await;
    browser
        .until("document.activeElement === document.querySelectorAll('.rows > li')[1].querySelector('a')")
        .await;
    browser.press("body", "?").await;
    browser.until("document.querySelector('dialog[open]')").await;
    browser.click("dialog button").await;
    browser.until("!document.querySelector('dialog')").await;
    // Whoever speaks to the computer turns the keys off; a cookie keeps that.
    browser.run("[...document.querySelectorAll('footer button')].find((b) => b.textContent === 'Turn off').click()").await;
    browser.open(&world.url("/console/patients/R-9/credentials")).await;
    browser.press("body", "/?").await;
    assert_eq!(browser.run("return document.activeElement.id").await, "");
    assert_eq!(browser.run("return document.querySelector('dialog')").await, Value::Null);
    assert!(browser.text("footer").await.contains("Keys off. Turn on"));
    // A user name is checked as it is typed.
    browser.fill("#username", "rosa.q").await;
    browser.until("document.querySelector('#checked').textContent === 'Taken.'").await;
    browser.fill("#username", "hernan85").await;
    browser.until("document.querySelector('#checked').textContent === 'Free.'").await;
}

#[tokio::test]
#[ignore = "needs Chromium: run tests/run"]
async fn a_user_name_is_checked_without_scripts_by_a_button() {
    let world = practice().await;
    let browser = Browser::without_scripts().await;
    open(&browser, &world).await;
    browser.open(&world.url("/console/patients/R-9/credentials")).await;
    for (name, words) in
        [("rosa.q", "Taken."), ("a b", "At least 3 letters or numbers, no spaces."), ("hernan85", "Free.")]
    {
        browser.fill("#username", name).await;
        browser.follow("button[name=check]").await;
        assert_eq!(browser.text("#checked").await, words, "{name}");
    }
    assert!(!browser.text("footer").await.contains("Keys"), "no script, no keys");
}

#[tokio::test]
#[ignore = "needs Chromium: run tests/run"]
async fn every_page_of_the_tool_is_sound_on_a_desk_and_on_a_phone() {
    let world = practice().await;
    let browser = Browser::with_scripts().await;
    let pictures = std::env::var("PORTICO_PICTURES").ok();
    open(&browser, &world).await;
    let mut wrong = Vec::new();
    for (width, height) in [(1280, 800), (390, 844)] {
        let screen = json!({"width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 500});
        browser.devtools("Emulation.setDeviceMetricsOverride", screen).await;
        for (name, path) in PAGES {
            browser.open(&world.url(path)).await;
            for scheme in ["light", "dark"] {
                let features = json!({"features": [{"name": "prefers-color-scheme", "value": scheme}]});
                browser.devtools("Emulation.setEmulatedMedia", features).await;
                let found = browser.run(include_str!("structure.js")).await;
                for fault in found.as_array().unwrap() {
                    wrong.push(format!("{name}, {width}, {scheme}: {}", fault.as_str().unwrap_or_default()));
                }
                if let Some(folder) = pictures.as_ref().filter(|_| scheme == "light") {
                    let picture = BASE64.decode(browser.picture().await.as_bytes()).unwrap();
                    std::fs::write(format!("{folder}/{name}-{width}.png"), picture).unwrap();
                }
            }
        }
    }
    let audit = Audit::asked();
    if let Some(audit) = &audit {
        for (name, path) in PAGES {
            browser.open(&world.url(path)).await;
            wrong.extend(audit.page(&browser, &format!("desk {name}")).await);
        }
    }
    if audit.is_some() || pictures.is_some() {
        // What forms lead to: many before and after, a fault, a slip, and the end.
        let desk = json!({"width": 1280, "height": 844, "deviceScaleFactor": 1, "mobile": false});
        for (name, from, fills, button) in [
            ("many", "/console/patients?status=uninvited", None, ".bar button"),
            ("many-sent", "", None, "form[action$='/send'] .do button"),
            (
                "settings-faulty",
                "/console/settings",
                Some(("#accent_color", "yellow")),
                "#settings .do button",
            ),
            ("logo-missing", "/console/settings", None, "form[action$='/logo'] .do button"),
            (
                "slip",
                "/console/patients/R-1/credentials",
                Some(("#username", "lee85")),
                "main form .do button",
            ),
            ("same-contact", "/console/patients/R-9/representatives?contact=0", None, "main form .do button"),
            ("import-missing", "/console/import", None, "main form .do button"),
            ("accounts-found", "/console/accounts", Some(("main input[name=q]", "rosa")), "main form button"),
            ("closed", "/console", None, "footer button[formaction='/console/close']"),
        ] {
            browser.devtools("Emulation.setDeviceMetricsOverride", desk.clone()).await;
            if !from.is_empty() {
                browser.open(&world.url(from)).await;
            }
            if let Some(box_to_tick) = match name {
                "many" => Some("#tick-all"),
                "same-contact" => Some("#checked"),
                _ => None,
            } {
                browser.click(box_to_tick).await;
            }
            if let Some((field, text)) = fills {
                browser.fill(field, text).await;
            }
            browser.follow(button).await;
            if let Some(audit) = &audit {
                wrong.extend(audit.page(&browser, &format!("desk {name}")).await);
            }
            if let Some(folder) = &pictures {
                let picture = BASE64.decode(browser.picture().await.as_bytes()).unwrap();
                std::fs::write(format!("{folder}/{name}-1280.png"), picture).unwrap();
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
