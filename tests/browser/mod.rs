//! Portico in a real browser: the main journey without scripts, in both languages; a mail scanner; the
//! structure of every page; the Onboarding Tool.

mod console;
mod driver;
mod journey;
mod recovery;
mod scanner;
mod structure;

use portico_testkit::World;

use driver::Browser;

/// The button that submits the main form of a page.
const SUBMIT: &str = "main form button";

/// Opens the newest mail in the mailbox and follows the link in it.
async fn follow_the_mail(browser: &Browser, world: &World) {
    world.mails().await;
    browser.open(&world.url("/_local/mailbox")).await;
    browser.follow(".subject a").await;
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
