//! The way through the pages as phones go it: back, reloaded, in another tab, clicked twice, too late, and from an address
//! that somebody typed.

use futures_util::future::join;
use portico_testkit::{Answer, Browser, PASSWORD, World};
use serde_json::json;

const FACTS: [(&str, &str); 5] = [
    ("as", "patient"),
    ("family_name", "Quillfeather"),
    ("birth_month", "4"),
    ("birth_day", "27"),
    ("birth_year", "1945"),
];

const GOOD: [(&str, &str); 3] = [("username", "rosa.q"), ("password", PASSWORD), ("accept_terms", "yes")];

fn heading(page: &Answer) -> &str {
    let after = page.text.split_once("<h1>").map_or("", |(_, after)| after);
    after.split_once("</h1>").map_or("", |(heading, _)| heading)
}

/// The page says the same when it is loaded again, and in the other language it is the same step; neither writes anything.
async fn stays(browser: &Browser<'_>, page: &Answer, spanish: &str) {
    let before = browser.world().items().await;
    assert_eq!(browser.reload().await.text, page.text, "reloaded");
    let address = browser.address();
    let other = browser.open(&address.replace("lang=en", "lang=es")).await.expect_and(200);
    assert_eq!(heading(&other), spanish);
    assert_eq!(browser.open(&address).await.text, page.text, "and back");
    assert_eq!(browser.world().items().await, before, "looking writes nothing");
}

#[tokio::test]
async fn every_step_of_an_invitation_has_an_address_that_brings_it_back() {
    let world = World::new().await;
    let token = world.invited("p1").await;
    let at = |step: &str| format!("/i/{token}{step}?lang=en");
    let browser = Browser::new(&world);
    let wrong = [("as", "patient"), ("family_name", "Q"), ("birth_date", "4/27/1945")];
    let refused = browser.send(&at("/verify"), &wrong).await.expect_and(200);
    assert!(refused.text.contains("You have 4 tries left."), "{}", refused.text);
    stays(&browser, &refused, "Cree su cuenta del portal").await;

    let choice = browser.send(&at("/verify"), &FACTS).await.expect_and(200);
    assert!(choice.text.contains("Text to the phone ending in 43"), "{}", choice.text);
    stays(&browser, &choice, "Reciba un código").await;

    let enter = browser.send(&at("/codes"), &[("channel", "sms")]).await.expect_and(200);
    assert_eq!(heading(&enter), "Enter the code");
    stays(&browser, &enter, "Escriba el código").await;
    let mails = world.mails().await.len();
    let refused = browser.send(&at("/codes/check"), &[("code", "12")]).await.expect_and(200);
    stays(&browser, &refused, "Escriba el código").await;
    assert_eq!(world.mails().await.len(), mails, "no code was sent twice");

    // The code is read in another app, and the phone has closed the tab: the link's first page leads on.
    let first = browser.open(&at("")).await.expect_and(200);
    assert!(
        first.text.contains(&at("/code")) && first.text.contains("value=\"Quillfeather\""),
        "{}",
        first.text
    );
    browser.open(&at("/code")).await.expect(200);
    let code = world.last_mail().await.code();
    let register = browser.send(&at("/codes/check"), &[("code", &code)]).await.expect_and(200);
    stays(&browser, &register, "Elija un nombre de usuario y una contraseña").await;
    let weak = [("username", "rosa.q"), ("password", "quillfeather"), ("accept_terms", "yes")];
    let refused = browser.send(&at("/register"), &weak).await.expect_and(200);
    assert!(refused.text.contains("value=\"quillfeather\""), "what was typed stays: {}", refused.text);
    stays(&browser, &refused, "Elija un nombre de usuario y una contraseña").await;
    let welcome = browser.send(&at("/register"), &GOOD).await.expect_and(200);
    assert_eq!(heading(&welcome), "You&#39;re all set");
}

#[tokio::test]
async fn every_step_of_a_reset_has_an_address_that_brings_it_back() {
    let world = World::new().await;
    world.registered("p1", "rosa.q").await;
    let token = world.reset_token("rosa.q").await;
    let at = |step: &str| format!("/r/{token}{step}?lang=en");
    let browser = Browser::new(&world);
    let unchosen = browser.send(&at("/codes"), &[]).await.expect_and(200);
    stays(&browser, &unchosen, "Elija una contraseña nueva").await;
    let office = browser.send(&at("/codes"), &[("channel", "access_code")]).await.expect_and(200);
    stays(&browser, &office, "Escriba el código del consultorio").await;
    let enter = browser.send(&at("/codes"), &[("channel", "sms")]).await.expect_and(200);
    stays(&browser, &enter, "Escriba el código").await;
    let code = world.last_mail().await.code();
    let choose = browser.send(&at("/codes/check"), &[("code", &code)]).await.expect_and(200);
    stays(&browser, &choose, "Ahora elija su contraseña nueva").await;
    let short = browser.send(&at("/password"), &[("password", "short")]).await.expect_and(200);
    stays(&browser, &short, "Ahora elija su contraseña nueva").await;
    let done = browser.send(&at("/password"), &[("password", "walnut trellis nine")]).await.expect_and(200);
    assert!(done.text.contains("Your new password is saved"), "{}", done.text);
    stays(&browser, &done, "Iniciar sesión").await;
}

#[tokio::test]
async fn a_double_click_is_one_click() {
    let world = World::new().await;
    let token = world.invited("p1").await;
    let at = |step: &str| format!("/i/{token}{step}?lang=en");
    let browser = Browser::new(&world);
    browser.send(&at("/verify"), &FACTS).await.expect(200);
    let twice = async |step: &str, fields: &[(&str, &str)]| {
        let first = browser.post(&at(step), fields).await.expect_and(303);
        let second = browser.post(&at(step), fields).await.expect_and(303);
        assert_eq!(first.header("location"), second.header("location"), "{step}");
        browser.open(second.header("location")).await.expect_and(200)
    };
    let enter = twice("/codes", &[("channel", "sms")]).await;
    assert!(!enter.text.contains("class=\"problem\""), "{}", enter.text);
    let code = world.last_mail().await.code();
    twice("/codes/check", &[("code", &code)]).await;
    let welcome = twice("/register", &GOOD).await;
    assert_eq!(heading(&welcome), "You&#39;re all set");
    let portal = world.portal("p1").await;
    assert_eq!(portal["accounts"].as_array().unwrap().len(), 1);
    let codes = world.mails().await.iter().filter(|mail| mail.get("text").contains("is your code")).count();
    assert_eq!(codes, 1);

    let token = world.reset_token("rosa.q").await;
    let ticket = world.reset_ticket(&token).await;
    for _ in 0..2 {
        world.new_password(&token, &ticket, "walnut trellis nine").await.expect(204);
    }
    world.new_password(&token, &ticket, "another trellis nine").await.expect(410);
    world.advance(60);
    world.new_password(&token, &ticket, "walnut trellis nine").await.expect(410);
}

#[tokio::test]
async fn who_takes_too_long_reads_why_and_loses_nothing() {
    let world = World::new().await;
    let token = world.invited("p1").await;
    let at = |step: &str| format!("/i/{token}{step}?lang=en");
    let browser = Browser::new(&world);
    browser.send(&at("/verify"), &FACTS).await.expect(200);
    world.advance(900);
    for by_form in [false, true] {
        let answer = if by_form {
            browser.send(&at("/codes"), &[("channel", "sms")]).await
        } else {
            browser.open(&at("/code")).await
        };
        assert!(
            answer.text.contains("This took more than 15 minutes, or you started again somewhere else."),
            "{}",
            answer.text
        );
        assert!(answer.text.contains("value=\"Quillfeather\"") && answer.text.contains("value=\"1945\""));
        browser.send(&at("/verify"), &FACTS).await.expect(200);
        world.advance(900);
    }
    browser.send(&at("/verify"), &FACTS).await.expect(200);
    browser.send(&at("/codes"), &[("channel", "sms")]).await.expect(200);
    let code = world.last_mail().await.code();
    browser.send(&at("/codes/check"), &[("code", &code)]).await.expect(200);
    world.advance(1800);
    let over = browser.send(&at("/register"), &GOOD).await.expect_and(200);
    assert!(over.text.contains("You took more than 30 minutes"), "{}", over.text);
    assert!(over.text.contains("value=\"Quillfeather\""), "{}", over.text);
}

#[tokio::test]
async fn a_browser_without_cookies_is_told_so_and_not_sent_in_circles() {
    let world = World::new().await;
    let token = world.invited("p1").await;
    let browser = Browser::without_cookies(&world);
    for fields in [&FACTS[..], &[("as", "patient")]] {
        let page = browser.send(&format!("/i/{token}/verify?lang=en"), fields).await.expect_and(200);
        assert!(page.text.contains("Allow cookies for this site"), "{}", page.text);
        assert!(page.text.contains(&format!("href=\"/i/{token}?lang=en\"")), "the way on");
    }
}

#[tokio::test]
async fn what_is_carried_is_sealed_to_its_link_and_short_enough_for_a_cookie() {
    let world = World::new().await;
    let (token, other) = (world.invited("p1").await, world.invited("p2").await);
    let browser = Browser::new(&world);
    let at = |step: &str| format!("/i/{token}{step}?lang=en");
    browser.send(&at("/verify"), &FACTS).await.expect(200);
    let cookie = browser.cookies_for(&at("/code"));
    assert!(!cookie.to_lowercase().contains("quillfeather"));
    assert_eq!(browser.cookies_for(&format!("/i/{other}/code")), "", "another link's pages don't get it");
    // Shown to another link all the same, it opens nothing there.
    let request = world.request("GET", &format!("/i/{other}/code")).header("accept", "text/html");
    let page = world.send(request.header("cookie", cookie)).await.expect_and(200);
    assert_eq!(heading(&page), "Please start again");

    browser.send(&at("/codes"), &[("channel", "sms")]).await.expect(200);
    let code = world.last_mail().await.code();
    browser.send(&at("/codes/check"), &[("code", &code)]).await.expect(200);
    let long = "quill ".repeat(400);
    let fields = [("username", "rosa.q"), ("password", long.as_str()), ("accept_terms", "yes")];
    let answer = browser.post(&at("/register"), &fields).await.expect_and(303);
    assert!(answer.header("set-cookie").len() < 4096, "{}", answer.header("set-cookie").len());
    let page = browser.open(answer.header("location")).await.expect_and(200);
    assert!(page.text.contains("This password is too long.") && page.text.contains("value=\"rosa.q\""));
}

#[tokio::test]
async fn an_address_that_was_typed_or_cut_leads_to_the_right_page() {
    let world = World::new().await;
    let token = world.invited("p1").await;
    let practice = world.practice.clone();
    let browser = Browser::new(&world);
    for (typed, leads_to) in [
        (format!("/{practice}/"), format!("/{practice}")),
        (format!("/{}", practice.to_uppercase()), format!("/{practice}")),
        (format!("/{practice}/sign-in"), format!("/{practice}")),
        (format!("/{practice}/Sign-Up/"), format!("/{practice}/sign-up")),
        (format!("/{practice}/forgot-password/x"), format!("/{practice}/forgot-password")),
        (format!("/i/{token}/"), format!("/i/{token}")),
        (format!("/i/{token}/verify?lang=es"), format!("/i/{token}?lang=es")),
        (format!("/i/{token}/codes/check"), format!("/i/{token}")),
        (format!("/i/{token}/link"), format!("/i/{token}")),
    ] {
        let page = browser.open(&typed).await;
        assert_eq!((page.status, browser.address()), (200, leads_to), "{typed}");
    }
    for nothing in ["/i/", "/i", "/nobody/at/all", "/v1/nothing", "/console/nothing", "/%3Cscript%3E/x"] {
        let page = browser.open(nothing).await.expect_and(404);
        assert!(page.text.contains("<h1>Page not found</h1>") && !page.text.contains("<script"), "{nothing}");
    }
    let page = browser.open(&format!("/{practice}/nothing")).await.expect_and(404);
    assert!(page.text.contains("(202) 555-0100"), "a practice's page has its phone");
    assert_eq!(heading(&browser.open("//").await.expect_and(200)), "Patient portal");
    let program = world.get("/nothing/here").await.expect_and(404);
    assert_eq!(program.code(), "not_found");
}

#[tokio::test]
async fn a_password_can_be_typed_where_it_is_seen() {
    let world = World::new().await;
    world.registered("p1", "rosa.q").await;
    let path = format!("/{}/sign-in?lang=en", world.practice);
    for fields in [
        [("username", "rosa.q"), ("password", ""), ("password_shown", PASSWORD)],
        [("username", "rosa.q"), ("password", PASSWORD), ("password_shown", "")],
    ] {
        Browser::new(&world).post(&path, &fields).await.expect(303);
    }
    // Where both are filled, the one counts that is seen.
    let both = [("username", "rosa.q"), ("password", "no"), ("password_shown", PASSWORD)];
    Browser::new(&world).post(&path, &both).await.expect(401);
    let ticked = [&both[..], &[("password_show", "yes")]].concat();
    Browser::new(&world).post(&path, &ticked).await.expect(303);
}

#[tokio::test]
async fn a_childs_invitation_is_written_to_the_parent_or_guardian() {
    let world = World::new().await;
    for (born, greeting) in
        [("2019-04-27", "To the parent or guardian of Milo:"), ("2012-04-27", "Hello Milo,")]
    {
        let id = format!("p-{born}");
        world.service.clock.set("2027-02-03T15:00:00Z".parse().unwrap()).unwrap();
        world.patient(&id, World::chart_with(json!({"given_name": "Milo", "birth_date": born}))).await;
        world.invite(&id, "email").await.expect(201);
        let mail = world.last_mail().await;
        assert!(mail.get("text").contains(greeting), "{}", mail.get("text"));
        world.invite(&id, "sms").await.expect(201);
        let text = world.last_mail().await;
        assert_eq!(text.get("text").contains("Milo's parent or guardian"), born == "2019-04-27");
    }
}

#[tokio::test]
async fn two_clicks_at_once_on_the_facts_leave_a_proof_that_works() {
    let world = World::new().await;
    for number in 0..8 {
        let token = world.invited(&format!("p{number}")).await;
        let (one, two) = join(world.state_facts(&token), world.state_facts(&token)).await;
        let mut works = 0;
        for answer in [one, two] {
            let proof = answer.expect_and(200).str("/proof");
            works += usize::from(text_code(&world, &token, &proof).await.status == 202);
        }
        assert_eq!(works, 1, "the later one");
    }
}

#[tokio::test]
async fn a_second_click_that_sends_nothing_uses_up_none_of_the_phones_texts() {
    let world = World::new().await;
    // Moves to the beginning of an hour, so that the phone's count stays within one.
    world.service.clock.set("2031-02-03T15:00:00Z".parse().unwrap()).unwrap();
    let token = world.invited("p1").await;
    let proof = world.state_facts(&token).await.expect_and(200).str("/proof");
    for _ in 0..3 {
        text_code(&world, &token, &proof).await.expect(202);
        text_code(&world, &token, &proof).await.expect(429);
        world.advance(61);
    }
    text_code(&world, &token, &proof).await.expect(429);
}

async fn text_code(world: &World, token: &str, proof: &str) -> Answer {
    world.post(&format!("/i/{token}/codes"), json!({"proof": proof, "channel": "sms"})).await
}

#[tokio::test]
async fn a_strangers_form_that_is_refused_keeps_the_practices_face_and_what_was_typed() {
    let world = World::new().await;
    for (path, typed, kept) in [
        ("forgot-username", vec![("email", "not an address")], "value=\"not an address\""),
        ("forgot-password", vec![("email", "rosa@example.com"), ("family_name", "Quill")], "value=\"Quill\""),
        ("sign-up", vec![("family_name", "Quill"), ("postal_code", "1")], "value=\"Quill\""),
        ("ask-for-access", vec![("given_name", "Marta")], "value=\"Marta\""),
    ] {
        let browser = Browser::new(&world);
        let address = format!("/{}/{path}", world.practice);
        browser.open(&address).await.expect(200);
        let page = browser.send(&format!("{address}?lang=es"), &typed).await.expect_and(200).text;
        assert!(page.contains("Riverside Family Medicine") && page.contains("tel:"), "{path}: {page}");
        assert!(page.contains("Hay un problema") && page.contains(kept), "{path}: {page}");
        // The other language says the same, and a reload sends nothing.
        let english = browser.address().replace("lang=es", "lang=en");
        let page = browser.open(&english).await.expect_and(200).text;
        assert!(page.contains("There is a problem") && page.contains(kept), "{path}: {page}");
        let page = browser.open(&address).await.expect_and(200).text;
        assert!(!page.contains("There is a problem"), "a new visit begins anew: {path}");
    }
    let browser = Browser::without_cookies(&world);
    let address = format!("/{}/forgot-username", world.practice);
    let page = browser.send(&address, &[("email", "no")]).await.expect_and(200).text;
    assert!(page.contains("your browser may block cookies"), "{page}");
    let answer = world.post(&address, serde_json::json!({"email": "no"})).await;
    answer.expect(400);
}

#[tokio::test]
async fn two_different_passwords_in_the_two_boxes_are_not_guessed_at() {
    let world = World::new().await;
    let token = world.invited("p1").await;
    let browser = Browser::new(&world);
    let facts = [("as", "patient"), ("family_name", "Quillfeather"), ("birth_date", "04/27/1945")];
    browser.send(&format!("/i/{token}/verify"), &facts).await.expect(200);
    browser.send(&format!("/i/{token}/codes"), &[("channel", "sms")]).await.expect(200);
    let code = world.last_mail().await.code();
    browser.send(&format!("/i/{token}/codes/check"), &[("code", &code)]).await.expect(200);
    let path = format!("/i/{token}/register");
    let (slip, wanted) = ("lantern orchard fery 4471", "lantern orchard ferry 4471");
    let both =
        [("username", "rosa.q"), ("accept_terms", "yes"), ("password", slip), ("password_shown", wanted)];
    let page = browser.send(&path, &both).await.expect_and(200).text;
    assert!(page.contains("You typed two different passwords"), "{page}");
    // With the box ticked, the plain one is seen, and counts.
    let shown = [&both[..], &[("password_show", "yes")]].concat();
    browser.send(&path, &shown).await.expect(200);
    assert!(browser.address().contains("/account"), "{}", browser.address());
    let sign_in = serde_json::json!({"username": "rosa.q", "password": wanted});
    world.post(&format!("/{}/sign-in", world.practice), sign_in).await.expect(200);
}
