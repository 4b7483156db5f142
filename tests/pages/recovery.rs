//! Snapshots of the recovery pages.

use portico_testkit::{Answer, Browser, World};
use serde_json::json;

use super::kept;

async fn asking(world: &World, language: &str) {
    let here = |step: &str| format!("/{}{step}?lang={language}", world.practice);
    let keep = |page: &str, answer: &Answer| kept(page, language, answer, "");
    // A form that is refused leads back to its page.
    let browser = Browser::new(world);
    keep("sign_up", &world.page(&here("/sign-up")).await);
    let unreadable =
        [("email", "rosa@"), ("family_name", "Quill"), ("birth_date", "31/31/45"), ("postal_code", "0213")];
    keep("sign_up_refused", &browser.send(&here("/sign-up"), &unreadable).await);
    keep("forgot_password", &world.page(&here("/forgot-password")).await);
    keep("forgot_password_empty", &browser.send(&here("/forgot-password"), &[]).await);
    let half = [("email", "rosa@example.com"), ("family_name", "Quill")];
    keep("forgot_password_refused", &browser.send(&here("/forgot-password"), &half).await);
    keep("forgot_username", &world.page(&here("/forgot-username")).await);
    keep("forgot_username_refused", &browser.send(&here("/forgot-username"), &[]).await);
    let asked = world.form(&here("/forgot-username"), &[("email", "rosa@example.com")]).await.expect_and(303);
    assert_eq!(asked.header("location"), here("/sent"));
    keep("sent", &world.page(asked.header("location")).await);
}

async fn strangers(world: &World, language: &str) {
    world.patient("p2", World::chart_with(json!({"given_name": "Ida", "email": "ida@example.com"}))).await;
    world.invite("p2", "email").await.expect(201);
    let token = world.last_mail().await.token();
    let at = |step: &str| format!("/i/{token}{step}?lang={language}");
    let browser = Browser::new(world);
    kept("not_me", language, &browser.open(&at("/not-me")).await, &token);
    kept("not_me_unanswered", language, &browser.send(&at("/not-me"), &[]).await, &token);
    kept("not_me_done", language, &browser.send(&at("/not-me"), &[("confirm", "yes")]).await, &token);
    kept("dead_link_renew", language, &world.page(&at("")).await, &token);
    let renewed = world.form(&at("/renew"), &[]).await.expect_and(303);
    kept("renewed", language, &world.page(renewed.header("location")).await, &token);
}

async fn unsubscribing(world: &World, language: &str) {
    world.settings(json!({"auto_invite": {"enabled": true}})).await;
    let visit = json!([{"id": "v1", "date": "2031-02-02", "signed_at": "2031-02-02T20:00:00Z"}]);
    let chart =
        json!({"given_name": "Ada", "email": "ada@example.com", "birth_date": "1980-02-03", "visits": visit});
    world.patient("p3", World::chart_with(chart)).await;
    world.sweep().await;
    let header = world.last_mail().await.record["headers"]["List-Unsubscribe"].as_str().unwrap().to_owned();
    let token = header.rsplit('/').next().unwrap().trim_end_matches('>').to_owned();
    let path = format!("/u/{token}?lang={language}");
    kept("unsubscribe", language, &world.page(&path).await, &token);
    kept("unsubscribed", language, &world.form(&path, &[]).await, &token);
}

async fn resetting(world: &World, language: &str) {
    world.registered_with_answer("p1", "rosa.q", "Aunt Plum").await;

    let token = world.reset_token("rosa.q").await;
    let at = |step: &str| format!("/r/{token}{step}?lang={language}");
    let keep = |page: &str, answer: &Answer| kept(page, language, answer, &token);
    keep("reset", &world.page(&at("")).await);
    let browser = Browser::new(world);
    keep("reset_no_choice", &browser.send(&at("/codes"), &[]).await);

    keep("reset_question", &browser.send(&at("/codes"), &[("channel", "question")]).await);
    let typed = [
        ("channel", "question"),
        ("birth_month", "31"),
        ("birth_day", "31"),
        ("birth_year", "45"),
        ("answer", ""),
    ];
    keep("reset_question_unreadable", &browser.send(&at("/answer"), &typed).await);
    let typed = [
        ("channel", "question"),
        ("birth_month", "4"),
        ("birth_day", "27"),
        ("birth_year", "1945"),
        ("answer", "Uncle Plum"),
    ];
    let wrong = browser.send(&at("/answer"), &typed).await;
    assert!(!wrong.text.contains("Uncle Plum") && wrong.text.contains("1945"));
    keep("reset_question_refused", &wrong);

    keep("reset_office_code", &browser.send(&at("/codes"), &[("channel", "access_code")]).await);
    let empty = [("channel", "access_code"), ("access_code", "")];
    keep("reset_office_code_empty", &browser.send(&at("/answer"), &empty).await);
    let typed = [("channel", "access_code"), ("birth_date", "04/27/1945"), ("access_code", "1234")];
    keep("reset_office_code_unreadable", &browser.send(&at("/answer"), &typed).await);

    keep("reset_code", &browser.send(&at("/codes"), &[("channel", "sms")]).await);
    let code = world.last_mail().await.code();
    keep("reset_code_empty", &browser.send(&at("/codes/check"), &[]).await);
    keep("reset_code_refused", &browser.send(&at("/codes/check"), &[("code", "none")]).await);
    keep("reset_password", &browser.send(&at("/codes/check"), &[("code", &code)]).await);
    keep("reset_password_empty", &browser.send(&at("/password"), &[]).await);
    keep("reset_password_refused", &browser.send(&at("/password"), &[("password", "riverside")]).await);
    let good = [("password", "quince ladder eleven")];
    keep("reset_done", &browser.send(&at("/password"), &good).await);
    keep("dead_reset_link", &world.page(&at("")).await);

    // Without a phone, the page still offers a way and a number to call.
    world.patient("p1", World::chart_with(json!({"mobile_phone": null}))).await;
    let token = world.reset_token("rosa.q").await;
    world.settings(json!({"security_question": false})).await;
    kept("reset_without_phone", language, &world.page(&format!("/r/{token}?lang={language}")).await, &token);
}

async fn pages_in(language: &str) {
    let world = World::new().await;
    world.service.clock.set("2031-02-03T15:00:00Z".parse().unwrap()).unwrap();
    asking(&world, language).await;
    strangers(&world, language).await;
    resetting(&world, language).await;
    unsubscribing(&world, language).await;
}

#[tokio::test]
async fn pages_of_the_way_back_in_english() {
    pages_in("en").await;
}

#[tokio::test]
async fn pages_of_the_way_back_in_spanish() {
    pages_in("es").await;
}

#[tokio::test]
async fn the_other_language_of_a_form_is_the_same_form() {
    let world = World::new().await;
    world.registered("p1", "rosa.q").await;
    let token = world.reset_token("rosa.q").await;
    let browser = Browser::new(&world);
    let page = browser.send(&format!("/r/{token}/codes?lang=en"), &[("channel", "access_code")]).await;
    assert!(page.text.contains(&format!("/r/{token}/answer?lang=es")), "{}", page.text);
    let page = browser.open(&format!("/r/{token}/answer?lang=es")).await;
    assert!(page.text.contains("Escriba el código del consultorio"), "{}", page.text);
    // A way that is not open leads to the ways that are.
    let other = browser.send(&format!("/r/{token}/codes"), &[("channel", "question")]).await.expect_and(200);
    assert!(other.text.contains("value=\"access_code\"") && !other.text.contains("value=\"question\""));
}
