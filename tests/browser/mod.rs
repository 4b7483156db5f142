//! Portico in a real browser: the main journey without scripts, in both languages; a mail scanner; the
//! structure of every page; the Onboarding Tool.

mod accessibility;
mod console;
mod driver;
mod journey;
mod recovery;
mod scanner;
mod structure;

use portico_testkit::{Mail, World};

use driver::Browser;

/// The button that submits the main form of a page.
const SUBMIT: &str = "main form button";

/// Opens the newest mail in the mailbox and follows the link in it.
async fn follow_the_mail(browser: &Browser, world: &World) {
    let mails = world.mails().await;
    let newest = mails.iter().rfind(|mail| mail.get("channel") == "email").expect("a mail");
    follow(browser, world, newest).await;
}

/// Opens the newest mail to this address in the mailbox and follows the link in it.
async fn follow_the_mail_to(browser: &Browser, world: &World, address: &str) {
    let mail = world.last_mail_to(address).await;
    follow(browser, world, &mail).await;
}

async fn follow(browser: &Browser, world: &World, mail: &Mail) {
    browser.open(&world.url("/_local/mailbox")).await;
    browser.follow(&format!("a[href='/_local/mailbox/{}']", mail.get("id"))).await;
    browser.enter("iframe").await;
    browser.follow("a").await;
    browser.leave().await;
}

/// Asks for a code and enters it. Ends on the page that asks for user name and password.
async fn get_and_enter_a_code(browser: &Browser, world: &World) {
    browser.click("label[for=channel]").await;
    browser.follow(SUBMIT).await;
    browser.text("#code").await;
    let code = world.last_mail().await.code();
    browser.fill("#code", &code).await;
    browser.follow(SUBMIT).await;
}
