//! The headers that tell a browser what it must not do with an answer.

use portico_testkit::{Answer, PASSWORD, World};
use serde_json::json;

/// Headers of every answer, with their values. Of the last one, this is a part.
const EVERYWHERE: [(&str, &str); 4] = [
    ("strict-transport-security", "max-age=63072000; includeSubDomains"),
    ("cross-origin-opener-policy", "same-origin"),
    ("cross-origin-resource-policy", "same-origin"),
    ("permissions-policy", "camera=(), "),
];

fn protects(what: &str, answer: &Answer) {
    for (name, value) in EVERYWHERE {
        let is_there = answer.header(name);
        let fits = if name == "permissions-policy" { is_there.contains(value) } else { is_there == value };
        assert!(fits, "{what}: {} {name}: {is_there}", answer.status);
        assert_eq!(answer.headers.iter().filter(|(known, _)| known == name).count(), 1, "{what}: {name}");
    }
}

#[tokio::test]
async fn every_answer_forbids_what_no_page_needs() {
    let world = World::new().await;
    let session = world.registered("p1", "rosa.q").await;
    let link = world.invited("p2").await;
    let at = |path: &str| format!("/{}{path}", world.practice);

    // Pages, also of errors, and without a body.
    let account = at("/account");
    for (path, status) in [
        (at(""), 200),
        (at("/sign-up"), 200),
        (at("/forgot-password"), 200),
        (format!("/i/{link}"), 200),
        ("/i/nothing".to_owned(), 410),
        ("/r/nothing".to_owned(), 410),
        (account.clone(), 303),
        ("/nowhere-at-all".to_owned(), 404),
        ("/console".to_owned(), 401),
    ] {
        protects(&path, &world.page(&path).await.expect_and(status));
    }
    protects("HEAD", &world.send(world.request("HEAD", &format!("/i/{link}"))).await.expect_and(200));
    let seen = world.request("GET", &account).header("accept", "text/html").bearer_auth(&session);
    protects("the account page", &world.send(seen).await.expect_and(200));
    protects("a refused form", &world.form(&at("/sign-in"), &[]).await.expect_and(400));
    let signed_in = [("username", "rosa.q"), ("password", PASSWORD)];
    protects("a redirect", &world.form(&at("/sign-in"), &signed_in).await.expect_and(303));
    let foreign = world.request("POST", &at("/sign-in")).header("origin", "https://evil.example");
    protects("a foreign form", &world.send(foreign.form(&signed_in)).await);

    // JSON and problems of every kind.
    protects("health", &world.get("/health").await.expect_and(200));
    protects("a chart", &world.ehr("GET", "/v1/patients/p1", None).await.expect_and(200));
    protects("unknown", &world.ehr("GET", "/v1/patients/p9", None).await.expect_and(404));
    protects("no key", &world.get("/v1/settings").await.expect_and(401));
    let scheduling = &world.keys.scheduling;
    protects("no scope", &world.staff(scheduling, "GET", "/v1/settings", None).await.expect_and(403));
    protects("spoilt", &world.ehr("PUT", "/v1/settings", Some(json!({"name": 1}))).await.expect_and(400));
    let invitation = Some(json!({"channel": "email"}));
    protects("created", &world.ehr("POST", "/v1/patients/p2/invitations", invitation).await.expect_and(201));
    protects("no route", &world.send(world.request("GET", "/no/such/place/at/all")).await.expect_and(404));
    let text =
        world.request("POST", "/v1/patients").bearer_auth(&world.keys.ehr).header("portico-actor", "me");
    protects(
        "no JSON",
        &world.send(text.header("content-type", "text/plain").body("x")).await.expect_and(415),
    );

    // Files and pages of the staff need the same headers as the API.
    let poster = world.ehr("GET", "/v1/posters/sign-up.pdf", None).await.expect_and(200);
    protects("a file", &poster);
    let table =
        world.request("GET", "/v1/onboarding").bearer_auth(&world.keys.ehr).header("accept", "text/csv");
    protects("a table", &world.send(table).await.expect_and(200));
    let window = world.window(&world.keys.ehr).await;
    let page = window.page("/console").await.expect_and(200);
    protects("the Onboarding Tool", &page);
    let style = page.text.split('"').find(|part| part.starts_with("/console/assets/")).unwrap().to_owned();
    protects("a stylesheet", &world.page(&style).await.expect_and(200));
}

#[tokio::test]
async fn signing_out_clears_what_the_browser_kept_but_not_that_it_is_known() {
    let world = World::new().await;
    let session = world.registered("p1", "rosa.q").await;
    let path = format!("/{}/sign-out", world.practice);
    let page = world.form(&path, &[]).await.expect_and(303);
    let data = world.send(world.request("POST", &path).bearer_auth(&session)).await.expect_and(204);
    let window = world.window(&world.keys.ehr).await;
    let closed = window.send("/console/close", &[]).await.expect_and(200);
    for answer in [&page, &data, &closed] {
        assert_eq!(answer.header("clear-site-data"), "\"cache\", \"storage\"");
        protects("a sign-out", answer);
        let cookies = answer.header("set-cookie");
        assert!(cookies.contains("Max-Age=0") && !cookies.contains("__Host-portico-browser"), "{cookies}");
    }
    let signed_in = world.sign_in("rosa.q", PASSWORD).await.expect_and(200);
    assert_eq!(signed_in.header("clear-site-data"), "");
}
