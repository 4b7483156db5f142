//! Everything that the service answered survives a power cut. The test kills the real program in the middle
//! and starts it again.

use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use portico_testkit::PASSWORD;
use reqwest::Client;
use serde_json::{Value, json};

/// Builds the program beside this test from the current sources. Names the whole workspace, so that cargo
/// uses the libraries of this very build.
fn program() -> PathBuf {
    let mut folder = std::env::current_exe().unwrap();
    folder.pop();
    folder.pop();
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let build = Command::new(env!("CARGO"))
        .args(["build", "--workspace", "--bin", "portico-local", "--locked", "--quiet", "--target-dir"])
        .arg(folder.parent().unwrap())
        .current_dir(root)
        .status();
    assert!(build.unwrap().success(), "cargo build --bin portico-local failed");
    folder.join("portico-local")
}

struct Service {
    child: Child,
    base: String,
    client: Client,
    key: String,
}

impl Service {
    #[expect(clippy::disallowed_methods, reason = "a process that does not start must not hold the test up")]
    async fn start(data: &Path) -> Self {
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let child = Command::new(program())
            .args(["--port", &port.to_string(), "--data"])
            .arg(data)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut service = Self {
            child,
            base: format!("http://127.0.0.1:{port}"),
            client: Client::new(),
            key: String::new(),
        };
        let patience = Instant::now() + Duration::from_secs(10);
        while service
            .client
            .get(format!("{}/health", service.base))
            .send()
            .await
            .map_or(true, |a| !a.status().is_success())
        {
            assert!(Instant::now() < patience, "the service did not start");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        let guide: Value = service.get("/_local").await;
        guide["practices"][0]["keys"]["ehr"].as_str().unwrap().clone_into(&mut service.key);
        service
    }

    /// Reads something, as soon as the client may call again.
    async fn get(&self, path: &str) -> Value {
        loop {
            let request = self.client.get(format!("{}{path}", self.base)).bearer_auth(&self.key);
            let answer = request.send().await.unwrap();
            if answer.status() != 429 {
                return answer.json().await.unwrap();
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }

    /// Sends a request as staff. Returns status and body; nothing if the connection broke.
    async fn call(&self, method: &str, path: &str, body: Value) -> Option<(u16, Value)> {
        let method = reqwest::Method::from_bytes(method.as_bytes()).unwrap();
        let request = self.client.request(method, format!("{}{path}", self.base)).json(&body);
        let request = request.bearer_auth(&self.key).header("portico-actor", "dr.lee");
        let answer = request.send().await.ok()?;
        let status = answer.status().as_u16();
        Some((status, answer.json().await.ok()?))
    }

    async fn post(&self, path: &str, body: Value) -> Value {
        let answer = self.client.post(format!("{}{path}", self.base)).json(&body).send().await.unwrap();
        assert!(answer.status().is_success(), "{path}: {}", answer.status());
        answer.json().await.unwrap()
    }

    async fn last_mail(&self) -> String {
        let all = self.get("/_local/messages").await;
        all["messages"].as_array().unwrap().last().unwrap()["text"].as_str().unwrap().to_owned()
    }

    /// Kills the process without letting it finish anything.
    fn cut_off(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

#[tokio::test]
async fn everything_that_was_answered_is_there_after_a_power_cut() {
    let data = std::env::temp_dir().join(format!("portico-power-off-{}", std::process::id()));
    std::fs::remove_dir_all(&data).ok();
    let service = Service::start(&data).await;
    let chart = portico_testkit::World::chart();
    assert_eq!(service.call("PUT", "/v1/patients/p1", chart.clone()).await.unwrap().0, 201);
    assert_eq!(
        service.call("POST", "/v1/patients/p1/invitations", json!({"channel": "email"})).await.unwrap().0,
        201
    );
    let link = portico_testkit::token_in(&service.last_mail().await);
    let facts = json!({"as": "patient", "family_name": "quillfeather", "birth_date": "04/27/1945"});
    let proof = service.post(&format!("/i/{link}/verify"), facts).await["proof"].clone();
    service.post(&format!("/i/{link}/codes"), json!({"proof": proof, "channel": "sms"})).await;
    let mail = service.last_mail().await;
    let code = mail
        .split_whitespace()
        .map(|word| word.trim_matches(|c: char| !c.is_ascii_digit()))
        .find(|word| word.len() == 6)
        .unwrap()
        .to_owned();
    let ticket = service.post(&format!("/i/{link}/codes/check"), json!({"proof": proof, "code": code})).await;
    let register =
        json!({"ticket": ticket["ticket"], "username": "rosa.q", "password": PASSWORD, "accept_terms": true});
    let session = service.post(&format!("/i/{link}/register"), register).await["session_token"].clone();
    // Four clients write charts when the power is cut.
    let mut answered = Vec::new();
    {
        let write = async |lane: usize| {
            let mut done = Vec::new();
            for n in 0..200 {
                let id = format!("chart-{lane}-{n}");
                match service.call("PUT", &format!("/v1/patients/{id}"), chart.clone()).await {
                    Some((201, _)) => done.push(id),
                    Some((429, _)) => tokio::time::sleep(Duration::from_millis(50)).await,
                    Some((status, body)) => panic!("{status} {body}"),
                    None => break,
                }
            }
            done
        };
        let pid = service.child.id().to_string();
        let cut = async {
            tokio::time::sleep(Duration::from_millis(400)).await;
            Command::new("kill").args(["-9", &pid]).status().unwrap();
        };
        let (a, b, c, d, ()) = tokio::join!(write(0), write(1), write(2), write(3), cut);
        answered.extend([a, b, c, d].concat());
    }
    assert!(!answered.is_empty());
    service.cut_off();

    let service = Service::start(&data).await;
    for id in &answered {
        let chart = service.get(&format!("/v1/patients/{id}")).await;
        assert_eq!(chart["family_name"], "Quillfeather", "{id}: {chart}");
    }
    let portal = service.get("/v1/patients/p1/portal").await;
    assert_eq!(portal["status"], "active", "{portal}");
    let sign_in =
        service.post("/riverside/sign-in", json!({"username": "rosa.q", "password": PASSWORD})).await;
    assert_eq!(sign_in["account_id"], portal["accounts"][0]["account_id"]);
    let account = service.client.get(format!("{}/riverside/account", service.base));
    let account = account.bearer_auth(session.as_str().unwrap()).send().await.unwrap();
    assert_eq!(account.status(), 200, "the session outlives the restart");
    // Nobody gets a second message.
    tokio::time::sleep(Duration::from_millis(1200)).await;
    let mails = service.get("/_local/messages").await;
    let confirmations = mails["messages"].as_array().unwrap().len();
    assert_eq!(confirmations, 3, "{mails}");
    let verdict = service.get("/v1/audit/verify").await;
    assert_eq!(verdict["intact"], true, "{verdict}");
    service.cut_off();
    std::fs::remove_dir_all(&data).ok();
}
