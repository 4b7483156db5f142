//! A browser for one test: starts `ChromeDriver` on a free port, speaks plain WebDriver to it, and ends both
//! with the test.
#![expect(
    clippy::disallowed_methods,
    reason = "tests/run names the browser in the environment; a browser is waited for in real time"
)]

use std::io::{BufRead as _, BufReader, Lines, Read as _, Write as _};
use std::net::TcpStream;
use std::process::{Child, ChildStdout, Command, Stdio};
use std::time::Duration;

use reqwest::{Client, Method};
use serde_json::{Value, json};

/// The key under which WebDriver names an element.
const ELEMENT: &str = "element-6066-11e4-a52e-4f735466cecf";
/// How long a page may take to show what a test waits for.
const PATIENCE: Duration = Duration::from_secs(10);

/// A browser with one window.
pub struct Browser {
    driver: Child,
    port: u16,
    session: String,
    client: Client,
}

impl Browser {
    /// Starts a browser that runs no script of a page.
    pub async fn without_scripts() -> Self {
        Self::start(2).await
    }

    /// Starts a browser that runs scripts, as most people have it.
    pub async fn with_scripts() -> Self {
        Self::start(1).await
    }

    async fn start(javascript: u8) -> Self {
        let program = std::env::var("PORTICO_CHROMEDRIVER").unwrap_or_else(|_| "chromedriver".to_owned());
        // Two drivers that start at once may take the same free port; the one that loses it ends, and another begins.
        let (driver, port, said) =
            (0..5).find_map(|_| listening(&program)).expect("ChromeDriver listens and names its port");
        // Reads and drops the driver's output, so that the driver never waits for a reader.
        std::thread::spawn(move || said.for_each(drop));
        let mut browser = Self { driver, port, session: String::new(), client: Client::new() };
        let mut options = json!({
            "args": [
                "--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run",
                "--disable-background-networking", "--disable-component-update", "--disable-sync",
            ],
            "prefs": {"profile.managed_default_content_settings.javascript": javascript},
        });
        if let Ok(binary) = std::env::var("PORTICO_CHROMIUM") {
            options["binary"] = json!(binary);
        }
        let wanted = json!({"capabilities": {"alwaysMatch": {"goog:chromeOptions": options}}});
        let answer = browser.call(Method::POST, "/session", Some(wanted)).await;
        browser.session = format!("/session/{}", answer["sessionId"].as_str().unwrap());
        browser
    }

    async fn call(&self, method: Method, path: &str, body: Option<Value>) -> Value {
        self.try_call(method, path, body)
            .await
            .unwrap_or_else(|problem| panic!("the browser at {path}: {problem}"))
    }

    async fn try_call(&self, method: Method, path: &str, body: Option<Value>) -> Result<Value, Value> {
        let url = format!("http://127.0.0.1:{}{}{path}", self.port, self.session);
        let request = self.client.request(method, url);
        let request = match body {
            Some(body) => request.json(&body),
            None => request,
        };
        let answer = request.send().await.expect("ChromeDriver answers");
        let fine = answer.status().is_success();
        let mut value = answer.json::<Value>().await.expect("ChromeDriver speaks JSON")["value"].take();
        if fine {
            Ok(value)
        } else {
            value["stacktrace"].take();
            Err(value)
        }
    }

    /// Goes to an address.
    pub async fn open(&self, url: &str) {
        self.call(Method::POST, "/url", Some(json!({"url": url}))).await;
    }

    /// The address of the page.
    pub async fn url(&self) -> String {
        self.call(Method::GET, "/url", None).await.as_str().unwrap().to_owned()
    }

    /// The title of the page.
    pub async fn title(&self) -> String {
        self.call(Method::GET, "/title", None).await.as_str().unwrap().to_owned()
    }

    /// The first element of a selector, as soon as there is one.
    async fn find(&self, css: &str) -> String {
        let started = std::time::Instant::now();
        loop {
            let wanted = json!({"using": "css selector", "value": css});
            match self.try_call(Method::POST, "/element", Some(wanted)).await {
                Ok(found) => return format!("/element/{}", found[ELEMENT].as_str().unwrap()),
                Err(problem) if started.elapsed() > PATIENCE => {
                    panic!("no `{css}` on {}: {problem}", self.url().await)
                }
                Err(_) => tokio::time::sleep(Duration::from_millis(20)).await,
            }
        }
    }

    /// The visible text of an element.
    pub async fn text(&self, css: &str) -> String {
        let element = self.find(css).await;
        self.call(Method::GET, &format!("{element}/text"), None).await.as_str().unwrap().to_owned()
    }

    /// Clicks an element that leads to another page, and waits until the browser has left this one.
    pub async fn follow(&self, css: &str) {
        let element = self.find(css).await;
        self.call(Method::POST, &format!("{element}/click"), Some(json!({}))).await;
        self.until_gone(&element, css).await;
    }

    async fn until_gone(&self, element: &str, css: &str) {
        let started = std::time::Instant::now();
        while self.try_call(Method::GET, &format!("{element}/name"), None).await.is_ok() {
            assert!(started.elapsed() < PATIENCE, "`{css}` leads nowhere on {}", self.url().await);
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }

    /// Clicks an element that does not lead to another page.
    pub async fn click(&self, css: &str) {
        let element = self.find(css).await;
        self.call(Method::POST, &format!("{element}/click"), Some(json!({}))).await;
    }

    /// Types into a field, in place of what is there.
    pub async fn fill(&self, css: &str, text: &str) {
        let element = self.find(css).await;
        self.call(Method::POST, &format!("{element}/clear"), Some(json!({}))).await;
        self.call(Method::POST, &format!("{element}/value"), Some(json!({"text": text}))).await;
    }

    /// Types a date into its three boxes; what is no date goes into the first.
    pub async fn fill_date(&self, date: &str) {
        let mut parts = date.split('/');
        for id in ["birth_date", "birth_day", "birth_year"] {
            self.fill(&format!("#{id}"), parts.next().unwrap_or_default()).await;
        }
    }

    /// Chooses a file of this machine in a field for files.
    pub async fn choose_file(&self, css: &str, path: &str) {
        let element = self.find(css).await;
        self.call(Method::POST, &format!("{element}/value"), Some(json!({"text": path}))).await;
    }

    /// Puts the focus on an element and presses a key that leads to another page.
    pub async fn press_on(&self, css: &str, key: &str) {
        let element = self.find(css).await;
        self.call(Method::POST, &format!("{element}/value"), Some(json!({"text": key}))).await;
        self.until_gone(&element, css).await;
    }

    /// Types keys where an element is, without clearing anything.
    pub async fn press(&self, css: &str, keys: &str) {
        let element = self.find(css).await;
        self.call(Method::POST, &format!("{element}/value"), Some(json!({"text": keys}))).await;
    }

    /// Waits until an expression of JavaScript is true in the page.
    pub async fn until(&self, holds: &str) {
        let started = std::time::Instant::now();
        while self.run(&format!("return Boolean({holds})")).await != true {
            assert!(started.elapsed() < PATIENCE, "`{holds}` does not come true on {}", self.url().await);
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// The text of the element that has the focus.
    pub async fn focused(&self) -> String {
        let active = self.call(Method::GET, "/element/active", None).await;
        let element = active[ELEMENT].as_str().unwrap();
        self.call(Method::GET, &format!("/element/{element}/text"), None).await.as_str().unwrap().to_owned()
    }

    /// A picture of the screen, PNG in base64.
    pub async fn picture(&self) -> String {
        self.call(Method::GET, "/screenshot", None).await.as_str().unwrap().to_owned()
    }

    /// Goes into a frame of the page.
    pub async fn enter(&self, css: &str) {
        let element = self.find(css).await;
        let id = element.trim_start_matches("/element/");
        self.call(Method::POST, "/frame", Some(json!({"id": {ELEMENT: id}}))).await;
    }

    /// Goes back from a frame to the page.
    pub async fn leave(&self) {
        self.call(Method::POST, "/frame", Some(json!({"id": null}))).await;
    }

    /// The value of a cookie, whether it is for HTTPS alone, and whether it is hidden from scripts.
    pub async fn cookie(&self, name: &str) -> Option<(String, bool, bool)> {
        let cookies = self.call(Method::GET, "/cookie", None).await;
        let cookie = cookies.as_array().unwrap().iter().find(|cookie| cookie["name"] == name)?;
        Some((
            cookie["value"].as_str().unwrap().to_owned(),
            cookie["secure"] == true,
            cookie["httpOnly"] == true,
        ))
    }

    /// Runs a script of the test in the page and returns its result.
    pub async fn run(&self, script: &str) -> Value {
        self.call(Method::POST, "/execute/sync", Some(json!({"script": script, "args": []}))).await
    }

    /// Sends a command of the browser's own protocol.
    pub async fn devtools(&self, command: &str, params: Value) {
        self.call(Method::POST, "/goog/cdp/execute", Some(json!({"cmd": command, "params": params}))).await;
    }
}

impl Drop for Browser {
    /// Ends the browser and then its driver, also when a test fails. A killed driver would leave its
    /// browser running.
    fn drop(&mut self) {
        if let Ok(mut driver) = TcpStream::connect(("127.0.0.1", self.port)) {
            let ask =
                format!("DELETE {} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n", self.session);
            driver.set_read_timeout(Some(Duration::from_secs(5))).ok();
            driver.write_all(ask.as_bytes()).ok();
            driver.read_to_end(&mut Vec::new()).ok();
        }
        self.driver.kill().ok();
        self.driver.wait().ok();
    }
}

/// Starts a driver on a free port. Returns the process, the port and the rest of its output; none if it ended
/// at once.
fn listening(program: &str) -> Option<(Child, u16, Lines<BufReader<ChildStdout>>)> {
    let mut driver = Command::new(program)
        .arg("--port=0")
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap_or_else(|error| panic!("{program} does not start: {error}; tests/run knows what to do"));
    let mut said = BufReader::new(driver.stdout.take().unwrap()).lines();
    let port = said
        .find_map(|line| line.ok()?.split_once("successfully on port ").map(|(_, port)| port.to_owned()))
        .and_then(|port| port.trim_end_matches('.').parse().ok());
    if port.is_none() {
        driver.wait().unwrap();
    }
    port.map(|port| (driver, port, said))
}
