//! Recovery and representatives in a browser without scripts. People start from the page or the mail in front
//! of them.

use portico_testkit::{PASSWORD, World};
use serde_json::json;

use super::driver::Browser;
use super::{SUBMIT, follow_the_mail, follow_the_mail_to, get_and_enter_a_code};

const NEW: &str = "walnut trellis nine";

async fn sign_in(browser: &Browser, world: &World, username: &str, password: &str) {
    browser.open(&world.url(&format!("/{}", world.practice))).await;
    browser.fill("#username", username).await;
    browser.fill("#password", password).await;
    browser.follow(SUBMIT).await;
}

#[tokio::test]
#[ignore = "needs Chromium: run tests/run"]
async fn somebody_who_forgot_the_password_gets_back_in() {
    let world = World::new().await;
    world.registered("p1", "rosa.q").await;
    let browser = Browser::without_scripts().await;
    browser.open(&world.url(&format!("/{}", world.practice))).await;
    browser.follow("a[href*=forgot-password]").await;
    assert_eq!(browser.text("h1").await, "Get a new password");
    browser.fill("#username", "Rosa.Q").await;
    browser.follow(SUBMIT).await;
    assert_eq!(browser.text("h1").await, "Check your email and your phone");

    follow_the_mail(&browser, &world).await;
    assert_eq!(browser.text("h1").await, "Choose a new password");
    browser.click("label[for=channel]").await;
    browser.follow(SUBMIT).await;
    browser.text("#code").await;
    let text = world.last_mail().await;
    assert_eq!((text.get("channel"), text.get("to")), ("sms", "+12025550143"));
    browser.fill("#code", "000000").await;
    browser.follow(SUBMIT).await;
    assert!(browser.title().await.starts_with("Error: "));
    browser.fill("#code", &text.code()).await;
    browser.follow(SUBMIT).await;
    browser.fill("#password", "rosa").await;
    browser.follow(SUBMIT).await;
    assert!(browser.title().await.starts_with("Error: "));
    browser.fill("#password", NEW).await;
    browser.follow(SUBMIT).await;
    assert_eq!(browser.text("h1").await, "Sign in");
    assert!(browser.text(".note").await.starts_with("Your new password is saved"));
    assert_eq!(browser.cookie("__Host-portico").await, None, "nobody is signed in by it");
    sign_in(&browser, &world, "rosa.q", NEW).await;
    assert_eq!(browser.text("h1").await, "Your account");
}

#[tokio::test]
#[ignore = "needs Chromium: run tests/run"]
async fn somebody_without_a_phone_gets_back_in_with_a_code_from_the_office() {
    let world = World::new().await;
    world.registered("p1", "rosa.q").await;
    world.patient("p1", World::chart_with(json!({"mobile_phone": null}))).await;
    world.invite("p1", "email").await.expect(201);
    let browser = Browser::without_scripts().await;
    follow_the_mail(&browser, &world).await;
    // The page offers the only way that is open, and the number to call.
    assert!(browser.text("main").await.contains("(202) 555-0100"));
    browser.click("label[for=channel]").await;
    browser.follow(SUBMIT).await;
    let portal = world.portal("p1").await;
    let links = portal["invitations"].as_array().unwrap();
    let reset = links.iter().find(|link| link["kind"] == "reset").unwrap();
    browser.fill_date("04/27/1945").await;
    browser.fill("#access_code", reset["access_code"].as_str().unwrap()).await;
    browser.follow(SUBMIT).await;
    browser.fill("#password", NEW).await;
    browser.follow(SUBMIT).await;
    assert!(browser.text(".note").await.starts_with("Your new password is saved"));
}

#[tokio::test]
#[ignore = "needs Chromium: run tests/run"]
async fn a_registered_patient_asks_for_a_link_a_new_one_and_her_user_name() {
    let world = World::new().await;
    world.patient("p1", World::chart()).await;
    let browser = Browser::without_scripts().await;
    browser.open(&world.url(&format!("/{}", world.practice))).await;
    browser.follow("a[href*=sign-up]").await;
    browser.fill("#email", "rosa.quillfeather@example.com").await;
    browser.fill("#family_name", "quillfeather").await;
    browser.fill_date("no date").await;
    browser.fill("#postal_code", "02139-1234").await;
    browser.follow(SUBMIT).await;
    assert!(browser.title().await.starts_with("Error: "));
    browser.fill_date("4/27/1945").await;
    browser.follow(SUBMIT).await;
    assert_eq!(browser.text("h1").await, "Check your email and your phone");

    // The link expires in the mailbox.
    world.mails().await;
    world.advance(72 * 3600);
    follow_the_mail(&browser, &world).await;
    assert_eq!(browser.text("h1").await, "This link no longer works");
    browser.follow(SUBMIT).await;
    assert_eq!(browser.text("h1").await, "Check your email and your phone");
    follow_the_mail(&browser, &world).await;
    assert_eq!(browser.text("h1").await, "Create your portal account");

    // "This message is not for me" asks once more before it does anything.
    browser.follow(".quiet a").await;
    assert_eq!(browser.text("h1").await, "Not for you? Tell us");
    browser.click("label[for=confirm-no]").await;
    browser.follow(SUBMIT).await;
    assert_eq!(browser.text("h1").await, "Create your portal account");
    browser.follow(".quiet a").await;
    browser.follow(SUBMIT).await;
    assert_eq!(browser.text(".problem li").await, "Choose an answer.");
    browser.click("label[for=confirm]").await;
    browser.follow(SUBMIT).await;
    assert_eq!(browser.text("h1").await, "Thank you for telling us");
    let portal = world.portal("p1").await;
    assert_eq!(portal["invitations"][1]["state"], "reported_wrong_recipient");

    world.registered("p2", "rosa.q").await;
    browser.open(&world.url(&format!("/{}", world.practice))).await;
    browser.follow("a[href*=forgot-username]").await;
    browser.fill("#email", "rosa.quillfeather@example.com").await;
    browser.follow(SUBMIT).await;
    assert!(world.last_mail().await.get("text").contains("rosa.q"));
}

#[tokio::test]
#[ignore = "needs Chromium: run tests/run"]
async fn a_patient_invites_her_daughter_who_adds_a_second_patient_to_her_login() {
    let world = World::new().await;
    world.registered("p1", "rosa.q").await;
    let browser = Browser::without_scripts().await;
    sign_in(&browser, &world, "rosa.q", PASSWORD).await;
    browser.follow("a[href*=representatives]").await;
    browser.fill("#given_name", "Marta").await;
    browser.fill("#family_name", "Vale").await;
    browser.click("option[value=other]").await;
    browser.fill("#email", "marta.vale@example.com").await;
    browser.click("label[for=level]").await;
    browser.follow(SUBMIT).await;
    assert!(browser.text("main").await.contains("Marta Vale"));

    let daughter = Browser::without_scripts().await;
    follow_the_mail_to(&daughter, &world, "marta.vale@example.com").await;
    assert_eq!(daughter.text("h1").await, "Create an account to help someone");
    daughter.fill("#family_name", "Quillfeather").await;
    daughter.fill_date("04/27/1945").await;
    daughter.follow(SUBMIT).await;
    get_and_enter_a_code(&daughter, &world).await;
    // The fields that her mother filled in are filled in already.
    daughter.fill("#password", PASSWORD).await;
    daughter.click("label[for=accept_terms]").await;
    daughter.follow(SUBMIT).await;
    assert_eq!(daughter.text(".records").await, "Rosa (you help this person)");

    // Her father is also a patient of this practice.
    let father = json!({"given_name": "Hugo", "email": "hugo@example.com"});
    world.patient("p2", World::chart_with(father)).await;
    let offer = json!({
        "given_name": "Marta", "family_name": "Vale", "relationship": "other",
        "email": "marta.vale@example.com", "channel": "email",
    });
    world.ehr("POST", "/v1/patients/p2/representatives", Some(offer)).await.expect(201);
    follow_the_mail(&daughter, &world).await;
    daughter.fill("#family_name", "Quillfeather").await;
    daughter.fill_date("04/27/1945").await;
    daughter.follow(SUBMIT).await;
    get_and_enter_a_code(&daughter, &world).await;
    daughter.click("main > details > summary").await;
    daughter.fill("#existing_username", "marta.vale@example.com").await;
    daughter.fill("#existing_password", PASSWORD).await;
    daughter.follow("main > details form button").await;
    assert_eq!(daughter.text(".records").await, "Rosa (you help this person)\nHugo (you help this person)");

    // Rosa limits her access and then ends it. Access to Hugo's records stays.
    browser.open(&world.url(&format!("/{}/account/representatives", world.practice))).await;
    browser.follow("main .records form:first-of-type button").await;
    assert!(browser.text(".records").await.contains("appointments"));
    browser.follow("main .records form:last-of-type button").await;
    browser.follow(SUBMIT).await;
    assert!(!browser.text("main").await.contains("Marta Vale"));
    daughter.open(&world.url(&format!("/{}/account", world.practice))).await;
    assert_eq!(daughter.text(".records").await, "Hugo (you help this person)");
}

#[tokio::test]
#[ignore = "needs Chromium: run tests/run"]
async fn somebody_with_a_temporary_password_chooses_their_own_before_anything_else() {
    let world = World::new().await;
    world.patient("p1", World::chart_with(json!({"email": null, "mobile_phone": null}))).await;
    let given = json!({"username": "rosa.desk", "password": "seven plum trellis"});
    world.ehr("PUT", "/v1/patients/p1/credentials", Some(given)).await.expect(200);
    let browser = Browser::without_scripts().await;
    sign_in(&browser, &world, "rosa.desk", "seven plum trellis").await;
    assert_eq!(browser.text("h1").await, "Choose your own password");
    browser.open(&world.url(&format!("/{}/account/sessions", world.practice))).await;
    assert_eq!(browser.text("h1").await, "Choose your own password", "nothing else is open");
    browser.fill("#old_password", "seven plum trellis").await;
    browser.fill("#new_password", NEW).await;
    browser.click("label[for=accept_terms]").await;
    browser.follow(SUBMIT).await;
    browser.open(&world.url(&format!("/{}/account", world.practice))).await;
    assert_eq!(browser.text(".records").await, "Rosa (you)");
    assert_eq!(world.portal("p1").await["status"], "active");

    // She also proposes a change of her details.
    browser.follow("a[href*=demographics]").await;
    browser.fill("#city", "Salem").await;
    browser.follow(SUBMIT).await;
    let waiting =
        world.ehr("GET", "/v1/demographic-changes?state=pending", None).await.expect_and(200).json();
    assert_eq!(waiting["changes"][0]["fields"][0]["proposed"], "Salem");
}
