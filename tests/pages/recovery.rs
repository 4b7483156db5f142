//! Snapshots of the recovery pages.

use portico_testkit::{Answer, World};
use serde_json::json;

use super::{hidden, kept};

async fn asking(world: &World, language: &str) {
    let here = |step: &str| format!("/{}{step}?lang={language}", world.practice);
    let keep = |page: &str, answer: &Answer| kept(page, language, answer, "");
    keep("sign_up", &world.page(&here("/sign-up")).await);
    let unreadable =
        [("email", "rosa@"), ("family_name", "Quill"), ("birth_date", "31/31/45"), ("postal_code", "0213")];
    keep("sign_up_refused", &world.form(&here("/sign-up"), &unreadable).await);
    keep("forgot_password", &world.page(&here("/forgot-password")).await);
    keep("forgot_password_empty", &world.form(&here("/forgot-password"), &[]).await);
    let half = [("email", "rosa@example.com"), ("family_name", "Quill")];
    keep("forgot_password_refused", &world.form(&here("/forgot-password"), &half).await);
    keep("forgot_username", &world.page(&here("/forgot-username")).await);
    keep("forgot_username_refused", &world.form(&here("/forgot-username"), &[]).await);
    let asked = world.form(&here("/forgot-username"), &[("email", "rosa@example.com")]).await.expect_and(303);
    assert_eq!(asked.header("location"), here("/sent"));
    keep("sent", &world.page(asked.header("location")).await);
}

async fn strangers(world: &World, language: &str) {
    world.patient("p2", World::chart_with(json!({"given_name": "Ida", "email": "ida@example.com"}))).await;
    world.invite("p2", "email").await.expect(201);
    let token = world.last_mail().await.token();
    let at = |step: &str| format!("/i/{token}{step}?lang={language}");
    kept("not_me", language, &world.form(&at("/not-me"), &[]).await, &token);
    kept("not_me_done", language, &world.form(&at("/not-me"), &[("confirm", "yes")]).await, &token);
    kept("dead_link_renew", language, &world.page(&at("")).await, &token);
    kept("renewed", language, &world.form(&at("/renew"), &[]).await, &token);
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
    keep("reset_no_choice", &world.form(&at("/codes"), &[]).await);

    let to_question = world.form(&at("/codes"), &[("channel", "question")]).await.expect_and(303);
    keep("reset_question", &world.page(to_question.header("location")).await);
    let answer = format!("{}&way=question", at("/answer"));
    let typed = [("birth_date", "31/31/45"), ("answer", "")];
    keep("reset_question_unreadable", &world.form(&answer, &typed).await);
    let typed = [("birth_date", "19450427"), ("answer", "Uncle Plum")];
    let wrong = world.form(&answer, &typed).await;
    assert!(!wrong.text.contains("Uncle Plum") && wrong.text.contains("19450427"));
    keep("reset_question_refused", &wrong);

    let to_code = world.form(&at("/codes"), &[("channel", "access_code")]).await.expect_and(303);
    keep("reset_office_code", &world.page(to_code.header("location")).await);
    let answer = format!("{}&way=access_code", at("/answer"));
    keep("reset_office_code_empty", &world.form(&answer, &[("birth_date", ""), ("access_code", "")]).await);
    let typed = [("birth_date", "04/27/1945"), ("access_code", "1234")];
    keep("reset_office_code_unreadable", &world.form(&answer, &typed).await);

    keep("reset_code", &world.form(&at("/codes"), &[("channel", "sms")]).await);
    let code = world.last_mail().await.code();
    keep("reset_code_empty", &world.form(&at("/codes/check"), &[]).await);
    keep("reset_code_refused", &world.form(&at("/codes/check"), &[("code", "none")]).await);
    let passed = world.form(&at("/codes/check"), &[("code", &code)]).await;
    keep("reset_password", &passed);
    let ticket = hidden(&passed, "ticket");
    keep("reset_password_empty", &world.form(&at("/password"), &[("ticket", &ticket)]).await);
    let weak = world.form(&at("/password"), &[("ticket", &ticket), ("password", "riverside")]).await;
    assert!(!weak.text.contains("value=\"riverside\""));
    keep("reset_password_refused", &weak);
    let good = [("ticket", ticket.as_str()), ("password", "quince ladder eleven")];
    keep("reset_done", &world.form(&at("/password"), &good).await);
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
    let page = world.page(&format!("/r/{token}?lang=en&way=access_code")).await.expect_and(200);
    assert!(page.text.contains(&format!("/r/{token}?lang=es&#38;way=access_code")), "{}", page.text);
    // A way that is not open leads to the ways that are.
    let other = world.page(&format!("/r/{token}?way=question")).await.expect_and(200);
    assert!(other.text.contains("value=\"access_code\"") && !other.text.contains("value=\"question\""));
}
