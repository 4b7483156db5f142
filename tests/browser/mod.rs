//! Portico in a real browser: the main job without a script, in both languages; a mail scanner; what every page owes
//! its readers.

mod driver;
mod journey;
mod recovery;
mod scanner;
mod structure;

use portico_testkit::World;

use driver::Browser;

/// The button that goes on.
const SUBMIT: &str = "main form button";

/// From the mailbox into the newest mail, and through the link in it.
async fn follow_the_mail(browser: &Browser, world: &World) {
    world.mails().await;
    browser.open(&world.url("/_local/mailbox")).await;
    browser.follow(".subject a").await;
    browser.enter("iframe").await;
    browser.follow("a").await;
    browser.leave().await;
}

/// From the right facts to the page that asks for user name and password.
async fn get_and_enter_a_code(browser: &Browser, world: &World) {
    browser.click("label[for=channel]").await;
    browser.follow(SUBMIT).await;
    browser.text("#code").await;
    let code = world.last_mail().await.code();
    browser.fill("#code", &code).await;
    browser.follow(SUBMIT).await;
}
