//! The main journey in a browser: from the mail to the records, and signing out.

use portico_testkit::{PASSWORD, World};
use serde_json::json;

use super::driver::Browser;
use super::{SUBMIT, follow_the_mail, get_and_enter_a_code};

/// The words that a reader of one language sees on the way.
struct Words {
    language: &'static str,
    link: &'static str,
    enter_code: &'static str,
    register: &'static str,
    welcome: &'static str,
    yourself: &'static str,
    signed_out: &'static str,
    account: &'static str,
    access_ended: &'static str,
    revoked: &'static str,
}

const ENGLISH: Words = Words {
    language: "en",
    link: "Create your portal account",
    enter_code: "Enter the code",
    register: "Choose a username and password",
    welcome: "You're all set",
    yourself: "you",
    signed_out: "You are signed out.",
    account: "Your account",
    access_ended: "Your access has ended. Questions? Call our office: the number is at the end of this page.",
    revoked: "Ask your doctor to provide access to your health records.",
};

const SPANISH: Words = Words {
    language: "es",
    link: "Cree su cuenta del portal",
    enter_code: "Escriba el código",
    register: "Elija un nombre de usuario y una contraseña",
    welcome: "Todo está listo",
    yourself: "usted",
    signed_out: "Su sesión está cerrada.",
    account: "Su cuenta",
    access_ended: "Su acceso terminó. ¿Preguntas? Llame a nuestro consultorio: el número está al final de esta página.",
    revoked: "Pídale a su médico que le dé acceso a su expediente médico.",
};

async fn sign_in(browser: &Browser, username: &str) {
    browser.fill("#username", username).await;
    browser.fill("#password", PASSWORD).await;
    browser.follow(SUBMIT).await;
}

async fn the_main_job(words: &Words) {
    let world = World::new().await;
    world.patient("p1", World::chart_with(json!({"language": words.language}))).await;
    world.invite("p1", "email").await.expect(201);

    let browser = Browser::without_scripts().await;
    follow_the_mail(&browser, &world).await;
    assert_eq!(browser.text("h1").await, words.link);

    browser.click("label[for=as]").await;
    browser.fill("#family_name", "QUILLFEATHER").await;
    browser.fill_date("4/27/1945").await;
    browser.follow(SUBMIT).await;
    get_and_enter_a_code(&browser, &world).await;
    assert_eq!(browser.text("h1").await, words.register);

    browser.fill("#username", "rosa.q").await;
    browser.fill("#password", PASSWORD).await;
    browser.click("label[for=accept_terms]").await;
    browser.follow(SUBMIT).await;
    assert_eq!(browser.text("h1").await, words.welcome);
    assert_eq!(browser.text(".records").await, format!("Rosa ({})", words.yourself));

    // A `__Host-` cookie must be `Secure`; the browser takes and sends it on loopback without TLS.
    let (session, secure, http_only) = browser.cookie("__Host-portico").await.unwrap();
    assert!(secure && http_only);
    assert_eq!(world.introspect(&session).await["active"], true);

    browser.follow("main form button.plain").await;
    assert_eq!(browser.text(".note").await, words.signed_out);
    assert_eq!(browser.cookie("__Host-portico").await, None);
    assert_eq!(world.introspect(&session).await["active"], false);

    sign_in(&browser, "Rosa.Q").await;
    assert_eq!(browser.text("h1").await, words.account);

    world.revoke("p1", "left_practice").await.expect(200);
    browser.open(&world.url(&format!("/{}/account?lang={}", world.practice, words.language))).await;
    assert_eq!(browser.text(".note").await, words.access_ended);
    sign_in(&browser, "rosa.q").await;
    assert_eq!(browser.text(".problem li").await, words.revoked);
    assert!(browser.title().await.starts_with("Error: "));
}

#[tokio::test]
#[ignore = "needs Chromium: run tests/run"]
async fn a_patient_gets_in_without_a_script() {
    the_main_job(&ENGLISH).await;
}

#[tokio::test]
#[ignore = "needs Chromium: run tests/run"]
async fn a_patient_gets_in_without_a_script_in_spanish() {
    the_main_job(&SPANISH).await;
}

#[tokio::test]
#[ignore = "needs Chromium: run tests/run"]
async fn a_parent_registers_for_a_child_with_the_childs_link() {
    let world = World::new().await;
    let chart = World::chart_with(json!({"given_name": "Milo", "birth_date": "2020-04-27"}));
    world.patient("p1", chart).await;
    world.invite("p1", "email").await.expect(201);

    let browser = Browser::without_scripts().await;
    follow_the_mail(&browser, &world).await;
    let who = ["label[for=as]", "label[for=as-representative]"];
    for label in who {
        browser.click(label).await;
        browser.fill("#family_name", "Quillfeather").await;
        browser.fill_date("04/27/2020").await;
        browser.follow(SUBMIT).await;
        if label == who[0] {
            assert!(browser.text(".problem").await.contains("A parent or guardian creates this account."));
        }
    }
    get_and_enter_a_code(&browser, &world).await;
    assert_eq!(browser.text("h1").await, "Create your account to help someone");

    browser.click("option[value=parent]").await;
    browser.fill("#given_name", "Ana").await;
    browser.fill("#family_name", "Quillfeather").await;
    browser.fill("#email", "ana.q@example.com").await;
    browser.fill("#username", "ana.q").await;
    browser.fill("#password", PASSWORD).await;
    browser.click("label[for=accept_terms]").await;
    browser.follow(SUBMIT).await;
    assert_eq!(browser.text(".records").await, "Milo (your child)");
    let told = world.last_mail().await;
    assert!(told.get("subject").contains("Someone registered to help"), "{}", told.get("subject"));
    assert!(!told.get("text").contains("ana.q"), "a representative's user name is not the patient's to know");
    let portal = world.portal("p1").await;
    assert_eq!(portal["accounts"][0]["relationship"], "parent");
}

#[tokio::test]
#[ignore = "needs Chromium: run tests/run"]
async fn a_reader_changes_the_language_on_the_page() {
    let world = World::new().await;
    let token = world.invited("p1").await;
    let browser = Browser::without_scripts().await;
    browser.open(&world.url(&format!("/i/{token}"))).await;
    browser.follow("header a").await;
    assert_eq!(browser.text("h1").await, SPANISH.link);
    browser.click("label[for=as]").await;
    browser.fill("#family_name", "Quillfeather").await;
    browser.fill_date("04/27/1945").await;
    browser.follow(SUBMIT).await;
    browser.follow(SUBMIT).await;
    browser.text("#code").await;
    assert_eq!(browser.text("h1").await, SPANISH.enter_code, "a form's answer keeps the language");
}
