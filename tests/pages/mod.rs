//! Every page as its reader gets it, in both languages, once each.

mod recovery;

use portico_testkit::{Answer, PASSWORD, World};
use serde_json::json;

/// Keeps a page: without the stylesheet, which is the same in all, and with what is random named.
fn kept(page: &str, language: &str, answer: &Answer, token: &str) {
    let (head, rest) = answer.text.split_once("<style>").expect("a stylesheet");
    let (_, body) = rest.split_once("</style>").expect("its end");
    let mut text = format!("{} {head}<style>…</style>{body}", answer.status);
    if !token.is_empty() {
        text = text.replace(token, "[token]");
    }
    for name in ["ticket", "proof"] {
        text = text.replace(&hidden(answer, name), &format!("[{name}]"));
    }
    // What the templates leave where nothing is to be said.
    let lines: Vec<&str> = text.lines().filter(|line| !line.trim().is_empty()).collect();
    insta::assert_snapshot!(format!("{page}_{language}"), lines.join("\n"));
}

/// The value of a hidden field; one that stands nowhere, if there is none.
fn hidden(answer: &Answer, name: &str) -> String {
    let after = answer.text.split_once(&format!("name=\"{name}\" value=\""));
    let value = after.and_then(|(_, after)| after.split_once('"')).map(|(value, _)| value.to_owned());
    value.unwrap_or_else(|| "\0".to_owned())
}

fn location(answer: &Answer) -> String {
    answer.header("location").to_owned()
}

async fn with_session(world: &World, signed_in: &Answer, path: &str) -> Answer {
    let cookie = signed_in.header("set-cookie").split(';').next().unwrap().to_owned();
    world.send(world.request("GET", path).header("accept", "text/html").header("cookie", cookie)).await
}

/// From facts and code to the registration page.
async fn passed(world: &World, token: &str, language: &str, facts: &[(&str, &str)]) -> Answer {
    let at = |step: &str| format!("/i/{token}/{step}?lang={language}");
    let proof = hidden(&world.form(&at("verify"), facts).await, "proof");
    drop(world.form(&at("codes"), &[("proof", &proof), ("channel", "email")]).await);
    let code = world.last_mail().await.code();
    world.form(&at("codes/check"), &[("proof", &proof), ("code", &code)]).await
}

async fn pages_in(language: &str) {
    let world = World::new().await;
    world.service.clock.set("2031-02-03T15:00:00Z".parse().unwrap()).unwrap();
    let token = world.invited("p1").await;
    let at = |step: &str| format!("/i/{token}{step}?lang={language}");
    let here = |step: &str| format!("/{}{step}?lang={language}", world.practice);
    let facts = [("as", "patient"), ("family_name", "Quillfeather"), ("birth_date", "04/27/1945")];
    let keep = |page: &str, answer: &Answer| kept(page, language, answer, &token);

    keep("link", &world.page(&at("")).await);
    let unreadable = [("as", ""), ("family_name", "Q"), ("birth_date", "31/31/45"), ("access_code", "1")];
    keep("link_refused", &world.form(&at("/verify"), &unreadable).await);
    let choice = world.form(&at("/verify"), &facts).await;
    keep("code_choice", &choice);
    let proof = hidden(&choice, "proof");
    let ask = [("proof", proof.as_str()), ("channel", "email"), ("ways", "email sms")];
    keep("code", &world.form(&at("/codes"), &ask).await);
    let code = world.last_mail().await.code();
    let wrong = [("proof", proof.as_str()), ("code", "none"), ("ways", "email sms")];
    keep("code_refused", &world.form(&at("/codes/check"), &wrong).await);
    let right = [("proof", proof.as_str()), ("code", code.as_str())];
    let registration = world.form(&at("/codes/check"), &right).await;
    keep("registration", &registration);
    let ticket = hidden(&registration, "ticket");
    let weak = [("ticket", ticket.as_str()), ("username", "a b"), ("password", "quillfeather")];
    keep("registration_refused", &world.form(&at("/register"), &weak).await);
    let good = [
        ("ticket", ticket.as_str()),
        ("username", "rosa.q"),
        ("password", PASSWORD),
        ("accept_terms", "yes"),
    ];
    let registered = world.form(&at("/register"), &good).await.expect(303);
    keep("welcome", &with_session(&world, &registered, &location(&registered)).await);

    let credentials = [("username", "rosa.q"), ("password", PASSWORD)];
    let signed_in = world.form(&here("/sign-in"), &credentials).await.expect(303);
    keep("account", &with_session(&world, &signed_in, &location(&signed_in)).await);
    keep("sign_in", &world.page(&here("")).await);
    keep("sign_in_incomplete", &world.form(&here("/sign-in"), &[]).await);
    drop(world.revoke("p1", "compromised").await.expect(200));
    keep("sign_in_revoked", &world.form(&here("/sign-in"), &credentials).await);
    keep("dead_link", &world.page(&at("")).await);

    drop(world.invite("p1", "email").await.expect(201));
    let token = world.last_mail().await.token();
    let link = world.page(&format!("/i/{token}?lang={language}")).await;
    kept("restored_link", language, &link, &token);
    kept("new_password", language, &passed(&world, &token, language, &facts).await, &token);

    world.patient("p2", World::chart_with(json!({"birth_date": "2020-04-27"}))).await;
    drop(world.invite("p2", "email").await.expect(201));
    let token = world.last_mail().await.token();
    let alone = [("as", "patient"), ("family_name", "Quillfeather"), ("birth_date", "04/27/2020")];
    let too_young = world.form(&format!("/i/{token}/verify?lang={language}"), &alone).await;
    kept("too_young", language, &too_young, &token);
    let parent = [("as", "representative"), ("family_name", "Quillfeather"), ("birth_date", "04/27/2020")];
    let page = passed(&world, &token, language, &parent).await;
    let ticket = hidden(&page, "ticket");
    let empty = world.form(&format!("/i/{token}/register?lang={language}"), &[("ticket", &ticket)]).await;
    kept("representative_refused", language, &empty, &token);

    let guardian = json!({
        "given_name": "Ana", "family_name": "Quillfeather", "relationship": "guardian",
        "email": "rosa.quillfeather@example.com",
    });
    let teenager = json!({"given_name": "Theo", "birth_date": "2015-04-27", "contacts": [guardian]});
    world.patient("p3", World::chart_with(teenager)).await;
    drop(world.invite("p3", "email").await.expect(201));
    let token = world.last_mail().await.token();
    let own = [("as", "patient"), ("family_name", "Quillfeather"), ("birth_date", "04/27/2015")];
    let ticket = hidden(&passed(&world, &token, language, &own).await, "ticket");
    let good = [
        ("ticket", ticket.as_str()),
        ("username", "theo.q"),
        ("password", PASSWORD),
        ("accept_terms", "yes"),
    ];
    let held = world.form(&format!("/i/{token}/register?lang={language}"), &good).await;
    kept("held", language, &held, &token);

    keep("no_such_practice", &world.page(&format!("/nobody?lang={language}")).await);
    let foreign = world.request("POST", &here("/sign-in")).header("accept", "text/html");
    let foreign = foreign.header("sec-fetch-site", "cross-site").form(&credentials);
    keep("foreign_form", &world.send(foreign).await);
}

#[tokio::test]
async fn pages_in_english() {
    pages_in("en").await;
}

#[tokio::test]
async fn pages_in_spanish() {
    pages_in("es").await;
}

#[tokio::test]
async fn a_page_allows_its_own_stylesheet_and_nothing_else() {
    let world = World::new().await;
    let token = world.invited("p1").await;
    let page = world.page(&format!("/i/{token}")).await;
    let policy = page.header("content-security-policy");
    assert!(policy.starts_with("default-src 'none'; style-src 'sha256-"), "{policy}");
    assert!(!policy.contains("unsafe") && !policy.contains("script-src"), "{policy}");
    assert_eq!(page.text.matches("<style>").count(), 1);
    assert!(!page.text.contains(" style=") && !page.text.contains("<script"));
}
