//! Snapshots of every page as its reader gets it, in both languages.

mod recovery;

use portico_testkit::{Answer, Browser, PASSWORD, World};
use serde_json::json;

/// Compares a page with its snapshot, without the stylesheet, which all pages share, and with names in place
/// of random values.
fn kept(page: &str, language: &str, answer: &Answer, token: &str) {
    let (head, rest) = answer.text.split_once("<style>").expect("a stylesheet");
    let (_, body) = rest.split_once("</style>").expect("its end");
    let mut text = format!("{} {head}<style>…</style>{body}", answer.status);
    // The service's port is another one each time.
    if let Some((before, after)) = text.split_once("http://127.0.0.1:") {
        text = format!(
            "{before}https://portal.example.org{}",
            after.trim_start_matches(|c: char| c.is_ascii_digit())
        );
    }
    if !token.is_empty() {
        text = text.replace(token, "[token]");
    }
    for name in ["session_id", "account_id", "invitation_id"] {
        text = text.replace(&hidden(answer, name), &format!("[{name}]"));
    }
    // Templates leave empty lines where they print nothing.
    let lines: Vec<&str> = text.lines().filter(|line| !line.trim().is_empty()).collect();
    insta::assert_snapshot!(format!("{page}_{language}"), lines.join("\n"));
}

/// The value of a hidden field; a text that occurs nowhere, if there is none.
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

/// Passes the facts and the code, up to the registration page.
async fn passed(browser: &Browser<'_>, token: &str, language: &str, facts: &[(&str, &str)]) -> Answer {
    let at = |step: &str| format!("/i/{token}/{step}?lang={language}");
    browser.send(&at("verify"), facts).await;
    browser.send(&at("codes"), &[("channel", "email")]).await;
    let code = browser.world().last_mail().await.code();
    browser.send(&at("codes/check"), &[("code", &code)]).await
}

async fn pages_in(language: &str) {
    let world = World::new().await;
    // A phone gets fewer texts in an hour than these pages need codes.
    world.settings(json!({"code_channel": "any"})).await;
    world.service.clock.set("2031-02-03T15:00:00Z".parse().unwrap()).unwrap();
    let token = world.invited("p1").await;
    let at = |step: &str| format!("/i/{token}{step}?lang={language}");
    let here = |step: &str| format!("/{}{step}?lang={language}", world.practice);
    let facts = [("as", "patient"), ("family_name", "Quillfeather"), ("birth_date", "04/27/1945")];
    let keep = |page: &str, answer: &Answer| kept(page, language, answer, &token);

    keep("link", &world.page(&at("")).await);
    let browser = Browser::new(&world);
    let unreadable = [
        ("as", ""),
        ("family_name", "Q"),
        ("birth_month", "31"),
        ("birth_day", "31"),
        ("birth_year", "45"),
        ("access_code", "1"),
    ];
    keep("link_unreadable", &browser.send(&at("/verify"), &unreadable).await);
    let wrong = [
        ("as", "patient"),
        ("family_name", "Q"),
        ("birth_month", "4"),
        ("birth_day", "27"),
        ("birth_year", "1945"),
    ];
    keep("link_refused", &browser.send(&at("/verify"), &wrong).await);
    keep("code_choice", &browser.send(&at("/verify"), &facts).await);
    keep("link_begun", &browser.open(&at("")).await);
    keep("code_unchosen", &browser.send(&at("/codes"), &[]).await);
    keep("code", &browser.send(&at("/codes"), &[("channel", "email")]).await);
    let code = world.last_mail().await.code();
    keep("code_refused", &browser.send(&at("/codes/check"), &[("code", "none")]).await);
    keep("registration", &browser.send(&at("/codes/check"), &[("code", &code)]).await);
    let weak = [("username", "a b"), ("password", "quillfeather")];
    keep("registration_refused", &browser.send(&at("/register"), &weak).await);
    let wrong = [("username", "rosa.q"), ("password", "not the password")];
    keep("registration_no_such_account", &browser.send(&at("/link"), &wrong).await);
    keep("cookies_blocked", &Browser::without_cookies(&world).send(&at("/verify"), &facts).await);
    let good = [("username", "rosa.q"), ("password", PASSWORD), ("accept_terms", "yes")];
    keep("welcome", &browser.send(&at("/register"), &good).await);

    let credentials = [("username", "rosa.q"), ("password", PASSWORD)];
    let signed_in = world.form(&here("/sign-in"), &credentials).await.expect_and(303);
    keep("account", &with_session(&world, &signed_in, &location(&signed_in)).await);
    keep("sign_in", &world.page(&here("")).await);
    keep("sign_in_incomplete", &world.form(&here("/sign-in"), &[]).await);
    world.revoke("p1", "compromised").await.expect(200);
    keep("sign_in_revoked", &world.form(&here("/sign-in"), &credentials).await);
    keep("dead_link", &world.page(&at("")).await);

    world.invite("p1", "email").await.expect(201);
    let token = world.last_mail().await.token();
    let link = world.page(&format!("/i/{token}?lang={language}")).await;
    kept("restored_link", language, &link, &token);
    kept("new_password", language, &passed(&Browser::new(&world), &token, language, &facts).await, &token);

    world.patient("p2", World::chart_with(json!({"birth_date": "2020-04-27"}))).await;
    world.invite("p2", "email").await.expect(201);
    let token = world.last_mail().await.token();
    let alone = [("as", "patient"), ("family_name", "Quillfeather"), ("birth_date", "04/27/2020")];
    let browser = Browser::new(&world);
    let verify = format!("/i/{token}/verify?lang={language}");
    kept("too_young", language, &browser.send(&verify, &alone).await, &token);
    let parent = [("as", "representative"), ("family_name", "Quillfeather"), ("birth_date", "04/27/2020")];
    passed(&browser, &token, language, &parent).await;
    let empty = browser.send(&format!("/i/{token}/register?lang={language}"), &[]).await;
    kept("representative_refused", language, &empty, &token);

    let guardian = json!({
        "given_name": "Ana", "family_name": "Quillfeather", "relationship": "guardian",
        "email": "rosa.quillfeather@example.com",
    });
    let teenager = json!({"given_name": "Theo", "birth_date": "2015-04-27", "contacts": [guardian]});
    world.patient("p3", World::chart_with(teenager)).await;
    world.invite("p3", "email").await.expect(201);
    let token = world.last_mail().await.token();
    let own = [("as", "patient"), ("family_name", "Quillfeather"), ("birth_date", "04/27/2015")];
    let browser = Browser::new(&world);
    passed(&browser, &token, language, &own).await;
    let good = [("username", "theo.q"), ("password", PASSWORD), ("accept_terms", "yes")];
    let held = browser.send(&format!("/i/{token}/register?lang={language}"), &good).await;
    kept("held", language, &held, &token);

    keep("root", &world.page(&format!("//?lang={language}")).await);
    keep("no_such_page", &world.page(&here("/nothing")).await);
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

/// A browser with somebody signed in.
struct SignedIn<'a> {
    world: &'a World,
    cookie: String,
    language: &'static str,
}

impl SignedIn<'_> {
    async fn sign_in<'a>(
        world: &'a World,
        language: &'static str,
        username: &str,
        password: &str,
    ) -> SignedIn<'a> {
        let path = format!("/{}/sign-in?lang={language}", world.practice);
        let signed_in =
            world.form(&path, &[("username", username), ("password", password)]).await.expect_and(303);
        let cookie = signed_in.header("set-cookie").split(';').next().unwrap().to_owned();
        SignedIn { world, cookie, language }
    }

    fn at(&self, path: &str) -> String {
        let mark = if path.contains('?') { '&' } else { '?' };
        format!("/{}/account{path}{mark}lang={}", self.world.practice, self.language)
    }

    async fn look(&self, path: &str) -> Answer {
        let request = self.world.request("GET", &self.at(path)).header("accept", "text/html");
        self.world.send(request.header("cookie", &self.cookie)).await
    }

    async fn send(&self, path: &str, fields: &[(&str, &str)]) -> Answer {
        let request = self.world.request("POST", &self.at(path)).header("accept", "text/html");
        let request = request.header("cookie", &self.cookie).header("sec-fetch-site", "same-origin");
        self.world.send(request.form(fields)).await
    }

    /// Sends a form, and follows the answer to its page, with the cookie in which a form that was refused waits.
    async fn follow(&self, path: &str, fields: &[(&str, &str)]) -> Answer {
        let answer = self.send(path, fields).await.expect_and(303);
        let kept = answer.headers.iter().filter(|(name, _)| name == "set-cookie");
        let kept = kept.filter_map(|(_, line)| line.split(';').next());
        let cookies = [self.cookie.as_str()].into_iter().chain(kept).collect::<Vec<_>>().join("; ");
        let request = self.world.request("GET", answer.header("location")).header("accept", "text/html");
        self.world.send(request.header("cookie", cookies)).await.expect_and(200)
    }

    /// Sends a form that is accepted, and compares the page that follows with its snapshot.
    async fn done(&self, page: &str, path: &str, fields: &[(&str, &str)]) {
        self.keep(page, &self.follow(path, fields).await);
    }

    fn keep(&self, page: &str, answer: &Answer) {
        kept(page, self.language, answer, "");
    }
}

async fn own_pages_in(language: &'static str) {
    let world = World::new().await;
    // A phone gets fewer texts in an hour than these pages need codes.
    world.settings(json!({"code_channel": "any"})).await;
    world.service.clock.set("2031-02-03T15:00:00Z".parse().unwrap()).unwrap();
    world.registered("p1", "rosa.q").await;
    world.advance(60);
    let rosa = SignedIn::sign_in(&world, language, "rosa.q", PASSWORD).await;
    rosa.keep("own_password", &rosa.look("/password").await);
    let weak = [("old_password", "not mine at all"), ("new_password", "")];
    rosa.keep("own_password_refused", &rosa.follow("/password", &weak).await);
    rosa.keep("own_username", &rosa.look("/username").await);
    let unreadable = [("username", "a b"), ("password", PASSWORD)];
    rosa.keep("own_username_refused", &rosa.follow("/username", &unreadable).await);
    rosa.keep("own_email_kept_by_office", &rosa.look("/email").await);
    rosa.keep("own_sessions", &rosa.look("/sessions").await);
    rosa.done("own_sessions_ended", "/sessions/end", &[]).await;

    rosa.keep("own_representatives_none", &rosa.look("/representatives").await);
    let nobody = [("given_name", "Ana"), ("email", "ana")];
    rosa.keep("own_representatives_refused", &rosa.follow("/representatives", &nobody).await);
    let ana = [
        ("given_name", "Ana"),
        ("family_name", "Hale"),
        ("relationship", "other"),
        ("email", "ana@example.com"),
        ("level", "limited"),
    ];
    rosa.done("own_representatives_invited", "/representatives", &ana).await;
    let token = world.last_mail_to("ana@example.com").await.token();
    let facts = [("as", "representative"), ("family_name", "Quillfeather"), ("birth_date", "04/27/1945")];
    let browser = Browser::new(&world);
    passed(&browser, &token, language, &facts).await;
    let good = [
        ("relationship", "other"),
        ("given_name", "Ana"),
        ("family_name", "Hale"),
        ("email", "ana@example.com"),
        ("username", "ana"),
        ("password", PASSWORD),
        ("accept_terms", "yes"),
    ];
    browser.send(&format!("/i/{token}/register?lang={language}"), &good).await.expect(200);
    let listed = rosa.look("/representatives").await;
    rosa.keep("own_representatives", &listed);
    let account = hidden(&listed, "account_id");
    let widen = [("account_id", account.as_str()), ("level", "full")];
    rosa.done("own_representatives_changed", "/representatives/level", &widen).await;
    rosa.keep("own_representatives_end", &rosa.follow("/representatives/end", &widen[..1]).await);

    rosa.keep("own_details", &rosa.look("/demographics").await);
    let bad = [("patient_id", "p1"), ("postal_code", "021"), ("mobile_phone", "12"), ("email", "rosa")];
    rosa.keep("own_details_refused", &rosa.follow("/demographics", &bad).await);
    let same = [("patient_id", "p1"), ("mobile_phone", "(202) 555-0143"), ("home_phone", "")];
    rosa.keep("own_details_unchanged", &rosa.follow("/demographics", &same).await);
    let good = [("patient_id", "p1"), ("city", "Boston"), ("mobile_phone", "")];
    rosa.done("own_details_sent", "/demographics", &good).await;

    let ana = SignedIn::sign_in(&world, language, "ana", PASSWORD).await;
    ana.keep("own_account_of_representative", &ana.look("").await);
    ana.keep("own_email", &ana.look("/email").await);
    let email = [("email", "ana.hale@example.org"), ("password", PASSWORD)];
    ana.keep("own_email_refused", &ana.follow("/email", &[("email", "ana")]).await);
    ana.done("own_email_code", "/email", &email).await;
    ana.keep("own_email_code_refused", &ana.follow("/email", &[("code", "none")]).await);
    let code = world.last_mail().await.code();
    ana.done("own_email_changed", "/email", &[("code", &code)]).await;
    ana.keep("own_page_of_nobody", &ana.look("/representatives").await.expect_and(404));
    let end = [("account_id", account.as_str()), ("confirm", "yes")];
    rosa.done("own_representatives_ended", "/representatives/end", &end).await;

    rosa.done("own_username_changed", "/username", &[("username", "rosa.new"), ("password", PASSWORD)]).await;
    let password = [("old_password", PASSWORD), ("new_password", "copper lantern nine")];
    rosa.done("own_password_changed", "/password", &password).await;

    world.patient("p2", World::chart_with(json!({"given_name": "Hugo"}))).await;
    let set = json!({"username": "hugo", "password": "temporary lantern four"});
    world.ehr("PUT", "/v1/patients/p2/credentials", Some(set)).await.expect(200);
    let hugo = SignedIn::sign_in(&world, language, "hugo", "temporary lantern four").await;
    let elsewhere = hugo.look("").await.expect_and(303);
    assert_eq!(location(&elsewhere), format!("/{}/account/password?lang={language}", world.practice));
    hugo.keep("own_password_temporary", &hugo.look("/password").await);
    let unaccepted = [("old_password", "temporary lantern four"), ("new_password", "copper lantern nine")];
    hugo.keep("own_password_terms", &hugo.follow("/password", &unaccepted).await);
}

#[tokio::test]
async fn own_pages_in_english() {
    own_pages_in("en").await;
}

#[tokio::test]
async fn own_pages_in_spanish() {
    own_pages_in("es").await;
}

#[tokio::test]
async fn two_forms_of_one_page_have_fields_of_their_own() {
    let world = World::new().await;
    world.registered("p1", "rosa.q").await;
    let token = world.invited("p2").await;
    let facts = json!({"as": "representative", "family_name": "quillfeather", "birth_date": "04/27/1945"});
    let proof = world.post(&format!("/i/{token}/verify"), facts).await.expect_and(200).str("/proof");
    let ticket = world.enter_code(&token, &proof).await.expect_and(200).str("/ticket");
    let link =
        json!({"ticket": ticket, "username": "rosa.q", "password": PASSWORD, "relationship": "spouse"});
    world.post(&format!("/i/{token}/link"), link).await.expect(200);
    let rosa = SignedIn::sign_in(&world, "en", "rosa.q", PASSWORD).await;
    let page = rosa.look("/demographics").await.expect_and(200);
    for id in ["city", "city-2", "password", "password-2"] {
        assert_eq!(page.text.matches(&format!(" id=\"{id}\"")).count(), 1, "{id}");
    }
    // A fault in one form is shown at that form alone.
    let page = rosa.follow("/demographics", &[("patient_id", "p2"), ("postal_code", "1")]).await;
    assert_eq!(page.text.matches("name=\"postal_code\"").count(), 1);
    assert!(page.text.contains("href=\"#postal_code\"") && page.text.contains("value=\"p2\""));
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
