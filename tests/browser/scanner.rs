//! A mail scanner opens a link in a browser of its own and presses every button.

use portico_testkit::World;

use super::driver::Browser;

/// The table without limit counters, which count every caller.
async fn but_for_limits(world: &World) -> Vec<String> {
    let mut items: Vec<String> =
        world.items().await.lines().filter(|item| !item.contains("\"LIMIT#")).map(str::to_owned).collect();
    items.sort();
    items
}

#[tokio::test]
#[ignore = "needs Chromium: run tests/run"]
async fn a_scanner_that_opens_a_link_and_presses_every_button_spends_nothing() {
    let world = World::new().await;
    let token = world.invited("p1").await;
    let before = but_for_limits(&world).await;

    let browser = Browser::with_scripts().await;
    let link = world.url(&format!("/i/{token}"));
    for visit in 0..20 {
        browser.open(&link).await;
        // On every second visit with a choice made.
        if visit % 2 == 1 {
            browser.run("document.querySelector('#as').checked = true").await;
        }
        for _ in 0..2 {
            browser.follow("main button").await;
            browser.text(".problem").await;
        }
        browser.follow(".quiet a").await;
        browser.follow("main button").await;
        browser.text(".problem").await;
    }

    assert_eq!(but_for_limits(&world).await, before);
    assert!(!world.ticket(&token).await.is_empty());
}
