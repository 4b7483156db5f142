//! Checks the structure of every page (WCAG 2.1 AA), as far as a program can: on a phone 320 pixels wide, in
//! light and in dark, in both languages.

use portico_testkit::{PASSWORD, World};
use serde_json::{Value, json};

use super::SUBMIT;
use super::accessibility::Audit;
use super::driver::Browser;

/// Looks at pages one by one and keeps what is wrong with them.
struct Inspector {
    browser: Browser,
    seen: Vec<String>,
    wrong: Vec<String>,
    audit: Option<Audit>,
    /// What tells the pages of this walk from those of another.
    walk: String,
}

/// A small phone.
fn phone() -> Value {
    json!({"width": 320, "height": 640, "deviceScaleFactor": 2, "mobile": true})
}

impl Inspector {
    async fn new(walk: &str) -> Self {
        let browser = Browser::with_scripts().await;
        browser.devtools("Emulation.setDeviceMetricsOverride", phone()).await;
        let (audit, walk) = (Audit::asked(), walk.to_owned());
        Self { browser, seen: Vec::new(), wrong: Vec::new(), audit, walk }
    }

    /// Inspects the page that the browser shows; `page` is what it should be.
    async fn inspect(&mut self, page: &str) {
        for scheme in ["light", "dark"] {
            let features = json!({"features": [{"name": "prefers-color-scheme", "value": scheme}]});
            self.browser.devtools("Emulation.setEmulatedMedia", features).await;
            let found = self.browser.run(include_str!("structure.js")).await;
            for wrong in found.as_array().unwrap() {
                self.wrong.push(format!("{page}, {scheme}: {}", wrong.as_str().unwrap_or_default()));
            }
        }
        if let Some(audit) = &self.audit {
            self.wrong.extend(audit.page(&self.browser, &format!("{} {page}", self.walk)).await);
            self.browser.devtools("Emulation.setDeviceMetricsOverride", phone()).await;
        }
        self.seen.push(format!("{page}: {}", self.browser.title().await));
    }

    async fn open(&mut self, page: &str, url: &str) {
        self.browser.open(url).await;
        self.inspect(page).await;
    }

    /// Sends the first form as it is, without the browser's own checks.
    async fn submit(&mut self, page: &str) {
        self.browser.run("for (const form of document.forms) form.noValidate = true").await;
        self.browser.follow(SUBMIT).await;
        self.inspect(page).await;
    }

    async fn fill(&self, fields: &[(&str, &str)]) {
        for (field, text) in fields {
            if *field == "birth_date" {
                self.browser.fill_date(text).await;
                continue;
            }
            self.browser.fill(&format!("#{field}"), text).await;
        }
    }

    async fn click(&self, css: &str) {
        self.browser.click(css).await;
    }

    fn conclude(self, pages: usize) {
        assert!(self.wrong.is_empty(), "{}\n\nseen:\n{}", self.wrong.join("\n"), self.seen.join("\n"));
        // A page that was never reached must not count as sound.
        assert_eq!(self.seen.len(), pages, "{}", self.seen.join("\n"));
    }
}

/// A patient of 15 to 19 whose chart has a guardian's address.
fn teenager(language: &str) -> Value {
    let guardian = json!({
        "given_name": "Ana", "family_name": "Quillfeather", "relationship": "guardian",
        "email": "rosa.quillfeather@example.com",
    });
    let own = json!({
        "given_name": "Theo", "birth_date": "2011-04-27", "language": language, "mobile_phone": "(202) 555-0145",
        "contacts": [guardian],
    });
    World::chart_with(own)
}

async fn every_page_is_sound(language: &str) {
    let world = World::new().await;
    let name = "Schwartzenberger-Villanueva Family & Internal Medicine Group";
    world.settings(json!({"name": name})).await;
    world.patient("p1", World::chart_with(json!({"language": language}))).await;
    world.invite("p1", "email").await.expect(201);
    let token = world.last_mail().await.token();
    let at = |path: &str| world.url(&format!("{path}?lang={language}"));
    let link = at(&format!("/i/{token}"));
    let facts = [("family_name", "Quillfeather"), ("birth_date", "04/27/1945")];

    let mut see = Inspector::new(language).await;
    see.open("link", &link).await;
    see.submit("link, empty").await;
    see.click("label[for=as]").await;
    see.click("summary").await;
    see.fill(&[("family_name", "Q"), ("birth_date", "31/31/45"), ("access_code", "1")]).await;
    see.submit("link, unreadable").await;
    see.fill(&[("birth_date", "04/27/1945"), ("access_code", "")]).await;
    see.submit("link, wrong").await;
    see.fill(&facts).await;
    see.submit("code, choice").await;
    see.browser.run("document.querySelector('#channel').checked = false").await;
    see.submit("code, no choice").await;
    see.click("label[for=channel]").await;
    see.submit("code").await;
    see.submit("code, empty").await;
    see.click("summary").await;
    see.browser.run("document.querySelector('#code').form.remove()").await;
    see.submit("code, too soon").await;
    see.fill(&[("code", "000000")]).await;
    see.submit("code, wrong").await;
    see.fill(&[("code", &world.last_mail().await.code())]).await;
    see.submit("registration").await;
    see.click("summary").await;
    see.inspect("registration, terms").await;
    see.fill(&[("username", "")]).await;
    see.submit("registration, empty").await;
    see.fill(&[("username", "a b"), ("password", PASSWORD)]).await;
    see.click("label[for=accept_terms]").await;
    see.submit("registration, user name").await;
    see.fill(&[("username", "rosa-quillfeather-of-the-longest-of-names"), ("password", "quillfeather")])
        .await;
    see.submit("registration, password").await;
    see.fill(&[("password", PASSWORD)]).await;
    see.submit("welcome").await;
    see.open("account", &at(&format!("/{}/account", world.practice))).await;
    see.submit("signed out").await;
    see.submit("sign-in, empty").await;
    see.fill(&[("username", "rosa.q"), ("password", "something else")]).await;
    see.submit("sign-in, wrong").await;

    world.revoke("p1", "compromised").await.expect(200);
    world.invite("p1", "email").await.expect(201);
    let restored = world.last_mail().await.token();
    see.open("restored link", &at(&format!("/i/{restored}"))).await;
    see.fill(&facts).await;
    see.submit("restored, code").await;
    see.click("label[for=channel]").await;
    see.submit("restored, code sent").await;
    see.fill(&[("code", &world.last_mail().await.code())]).await;
    see.submit("new password").await;

    // A phone gets only a few codes an hour, so each chart has its own.
    let own = json!({"birth_date": "2020-04-27", "language": language, "mobile_phone": "(202) 555-0144"});
    world.patient("p2", World::chart_with(own)).await;
    world.invite("p2", "email").await.expect(201);
    let child = world.last_mail().await.token();
    see.open("child's link", &at(&format!("/i/{child}"))).await;
    see.click("label[for=as]").await;
    see.fill(&[("family_name", "Quillfeather"), ("birth_date", "04/27/2020")]).await;
    see.submit("too young").await;
    see.click("label[for=as-representative]").await;
    see.submit("representative, code").await;
    see.click("label[for=channel]").await;
    see.submit("representative, code sent").await;
    see.fill(&[("code", &world.last_mail().await.code())]).await;
    see.submit("representative").await;
    see.submit("representative, empty").await;

    world.patient("p3", teenager(language)).await;
    world.invite("p3", "email").await.expect(201);
    let token = world.last_mail().await.token();
    see.open("teenager's link", &at(&format!("/i/{token}"))).await;
    see.click("label[for=as]").await;
    see.fill(&[("family_name", "Quillfeather"), ("birth_date", "04/27/2011")]).await;
    see.submit("teenager, code").await;
    see.click("label[for=channel]").await;
    see.submit("teenager, code sent").await;
    see.fill(&[("code", &world.last_mail().await.code())]).await;
    see.submit("teenager, registration").await;
    see.fill(&[("username", "theo.q"), ("password", PASSWORD)]).await;
    see.click("label[for=accept_terms]").await;
    see.submit("held").await;

    see.open("dead link", &link).await;
    see.open("no such practice", &at("/nobody")).await;
    see.open("session ended", &at(&format!("/{}/account", world.practice))).await;
    see.browser.run("document.querySelector('#username').name = 'other'").await;
    see.fill(&[("username", "x"), ("password", "x")]).await;
    see.submit("unreadable form").await;
    see.conclude(39);
}

/// The pages for recovery, for representatives and for changing one's own account.
async fn every_page_of_an_account_is_sound(language: &str) {
    let world = World::new().await;
    world.allow(&["security_question"]).await;
    world
        .settings(json!({"name": "Schwartzenberger-Villanueva Family Medicine", "security_question": true}))
        .await;
    world.patient("p1", World::chart_with(json!({"language": language}))).await;
    world.invite("p1", "email").await.expect(201);
    let token = world.last_mail().await.token();
    let ticket = world.ticket(&token).await;
    let body = json!({
        "ticket": ticket, "username": "rosa.q", "password": PASSWORD, "accept_terms": true,
        "security_question": "Name of my first dog, the brown one?", "security_answer": "Bramble",
    });
    world.post(&format!("/i/{token}/register"), body).await.expect(201);
    let at = |path: &str| world.url(&format!("{path}?lang={language}"));
    let of = |path: &str| at(&format!("/{}{path}", world.practice));

    let mut see = Inspector::new(&format!("account {language}")).await;
    for path in ["/sign-up", "/forgot-password", "/forgot-username"] {
        see.open(path, &of(path)).await;
        see.submit(&format!("{path}, empty")).await;
    }
    see.fill(&[("email", "rosa.quillfeather@example.com")]).await;
    see.submit("sent").await;
    see.open("dead link", &at(&format!("/i/{token}"))).await;
    see.submit("renewed").await;

    world.invite("p1", "email").await.expect(201);
    let text = world.last_mail().await.get("text").to_owned();
    let reset: String = text.split_once("/r/").unwrap().1.chars().take(44).collect();
    let reset = format!("/r/{reset}");
    see.open("reset", &at(&reset)).await;
    see.submit("reset, no choice").await;
    for way in ["question", "access_code"] {
        see.open("reset", &at(&reset)).await;
        see.click(&format!("label[for=channel-{way}]")).await;
        see.submit(way).await;
        see.submit(&format!("{way}, empty")).await;
    }
    see.open("reset", &at(&reset)).await;
    see.click("label[for=channel]").await;
    see.submit("reset, code").await;
    see.fill(&[("code", "000000")]).await;
    see.submit("reset, wrong code").await;
    see.fill(&[("code", &world.last_mail().await.code())]).await;
    see.submit("new password").await;
    see.fill(&[("password", "short")]).await;
    see.submit("new password, short").await;
    see.fill(&[("password", "walnut trellis nine")]).await;
    see.submit("new password saved").await;

    see.open("sign-in", &of("")).await;
    see.fill(&[("username", "rosa.q"), ("password", "walnut trellis nine")]).await;
    see.submit("account").await;
    for path in ["password", "username", "email", "sessions", "representatives", "demographics"] {
        see.open(path, &of(&format!("/account/{path}"))).await;
    }
    see.submit("demographics, nothing changed").await;
    see.open("representatives", &of("/account/representatives")).await;
    see.submit("representatives, empty").await;
    see.open("password", &of("/account/password")).await;
    see.submit("password, empty").await;
    see.fill(&[("old_password", "wrong wrong wrong"), ("new_password", "walnut trellis ten")]).await;
    see.submit("password, wrong").await;

    let child = json!({"given_name": "Milo", "birth_date": "2020-04-27", "language": language});
    world.patient("p2", World::chart_with(child)).await;
    let offer = json!({
        "given_name": "Ana", "family_name": "Quillfeather", "relationship": "parent",
        "email": "ana.q@example.com", "channel": "email",
    });
    world.ehr("POST", "/v1/patients/p2/representatives", Some(offer)).await.expect(201);
    let link = at(&format!("/i/{}", world.last_mail().await.token()));
    see.open("representative's link", &link).await;
    see.browser.follow(".quiet a").await;
    see.inspect("not me").await;
    see.submit("not me, unanswered").await;
    see.open("representative's link", &link).await;
    see.fill(&[("family_name", "Quillfeather"), ("birth_date", "04/27/2020")]).await;
    see.submit("representative, code").await;
    see.click("label[for=channel]").await;
    see.submit("representative, code sent").await;
    see.fill(&[("code", &world.last_mail().await.code())]).await;
    see.submit("representative, registration").await;
    see.browser.run("document.forms[0].remove()").await;
    see.click("summary").await;
    see.fill(&[("existing_username", "rosa.q"), ("existing_password", "wrong wrong wrong")]).await;
    see.submit("representative, wrong login").await;
    see.conclude(PAGES_OF_AN_ACCOUNT);
}

/// Pages that [`every_page_of_an_account_is_sound`] looks at.
const PAGES_OF_AN_ACCOUNT: usize = 45;

#[tokio::test]
#[ignore = "needs Chromium: run tests/run"]
async fn an_unsound_page_is_found_out() {
    let mut see = Inspector::new("unsound").await;
    see.audit = None;
    see.browser.open("about:blank").await;
    let page = "<meta name=viewport content='width=device-width'><title>Error: none</title><h1></h1><main style=\"width: 40rem\"><input id=a><input type=radio id=a>\
                <p class=error id=e style=\"color: #999\">Wrong</p><a href=\"\"></a><button>Go</button></main>";
    see.browser.run(&format!("document.write({})", Value::from(page))).await;
    see.inspect("unsound").await;
    let found = see.wrong.join("\n");
    for wrong in [
        "html lang",
        "errors disagree",
        "scrolls sideways",
        "style attribute",
        "ids repeat",
        "no label",
        "no legend",
        "error of no field",
        "no text: <h1>",
        "no text: <a",
        "pixels high: <button",
        "contrast 2.8",
    ] {
        assert!(found.contains(wrong), "{wrong} is not among:\n{found}");
    }
}

#[tokio::test]
#[ignore = "needs Chromium: run tests/run"]
async fn every_page_is_sound_in_english() {
    every_page_is_sound("en").await;
}

#[tokio::test]
#[ignore = "needs Chromium: run tests/run"]
async fn every_page_is_sound_in_spanish() {
    every_page_is_sound("es").await;
}

#[tokio::test]
#[ignore = "needs Chromium: run tests/run"]
async fn every_page_of_an_account_is_sound_in_english() {
    every_page_of_an_account_is_sound("en").await;
}

#[tokio::test]
#[ignore = "needs Chromium: run tests/run"]
async fn every_page_of_an_account_is_sound_in_spanish() {
    every_page_of_an_account_is_sound("es").await;
}

#[tokio::test]
#[ignore = "needs Chromium: run tests/run"]
async fn every_mail_and_the_mailbox_are_sound() {
    let world = World::new().await;
    world.registered("p1", "rosa.q").await;
    let facts = json!({
        "email": "rosa.quillfeather@example.com", "family_name": "Quill", "birth_date": "1945-04-27",
        "postal_code": "02139",
    });
    for (path, body) in [
        ("forgot-password", json!({"username": "rosa.q"})),
        ("forgot-username", json!({"email": "rosa.quillfeather@example.com"})),
        ("sign-up", facts),
    ] {
        world.post(&format!("/{}/{path}", world.practice), body).await.expect(202);
        world.mails().await;
    }
    world.revoke("p1", "compromised").await.expect(200);
    world.invite("p1", "email").await.expect(201);
    world.mails().await;
    world.invite("p1", "sms").await.expect(201);
    let mails = world.mails().await;
    let mut see = Inspector::new("mail").await;
    see.open("mailbox", &world.url("/_local/mailbox")).await;
    for mail in &mails {
        let what = format!("{} {}", mail.get("channel"), mail.get("subject"));
        see.open(&what, &world.url(&format!("/_local/mailbox/{}", mail.get("id")))).await;
        if !mail.get("html").is_empty() {
            see.browser.open("about:blank").await;
            let html = Value::from(mail.get("html"));
            let write = "document.open(); document.write(arguments); document.close(); document.body.dataset.mail = 1";
            see.browser.run(&write.replace("arguments", &html.to_string())).await;
            see.inspect(&format!("mail: {what}")).await;
        }
    }
    // These are the invitation, the code, the confirmation, the three mails that a stranger can cause, the
    // notice of revocation, and the links that restore access by e-mail and text.
    see.conclude(1 + 9 + 8);
}
