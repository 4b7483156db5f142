//! Tests the release binaries as Lambda runs them. Each is a process that asks a Runtime API for work
//! (cargo-lambda's emulator), behind a gateway made of the template's routes. Moto plays DynamoDB and its
//! stream, SES, SNS, SQS and Secrets Manager. `tests/real-binaries` installs all of it and runs this. Phone
//! calls are left out, since moto has no voice service.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures_util::FutureExt as _;
use portico_local::logical::{AUDIT_TABLE, TABLE};
use portico_local::template::{DeployedFunction, StreamEvent};
use portico_local::{Cloud, Config, Function, Functions, Invoker, REGION, Running, Template, engine};
use portico_testkit::{Answer, PASSWORD, World, token_in};
use reqwest::{Client, Method};
use serde_json::{Value, json};

/// The secret that holds the keyring.
const SECRET: &str = "portico/keyring";
/// The keyring: 32 bytes that need not be secret here.
const KEYRING: &str = r#"{"current": 1, "1": "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8"}"#;
/// The sender of mail. Moto, like SES, sends from verified addresses alone.
const FROM: &str = "no-reply@portico.example.com";
/// The practice's short name.
const PRACTICE: &str = "riverside";
/// How often a test looks for the effect of a request, and the pause between two looks.
const LOOKS: u32 = 300;
const PAUSE: Duration = Duration::from_millis(100);

#[expect(clippy::disallowed_methods, reason = "a test binary has no main of its own to read settings")]
fn setting(name: &str) -> String {
    std::env::var(name).unwrap_or_else(|_| panic!("{name} is missing: tests/real-binaries sets it"))
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}

/// Moto as AWS, called without an SDK, so that no function depends on a crate that only a test needs.
#[derive(Clone)]
struct Moto {
    http: Client,
    url: String,
}

impl Moto {
    /// Calls a service of AWS. Path and target name the operation.
    async fn call(&self, service: &str, path: &str, target: &str, body: Value) -> Value {
        // Moto reads the service and the region from the credential and checks no signature.
        let credential = format!(
            "AWS4-HMAC-SHA256 Credential=local/20260101/{REGION}/{service}/aws4_request, SignedHeaders=host, Signature=0"
        );
        let call = self.http.post(format!("{}{path}", self.url)).header("authorization", credential);
        let call = if target.is_empty() {
            call.header("content-type", "application/json")
        } else {
            call.header("x-amz-target", target).header("content-type", "application/x-amz-json-1.0")
        };
        let answer = call.body(body.to_string()).send().await.unwrap();
        let (status, text) = (answer.status(), answer.text().await.unwrap());
        assert!(status.is_success(), "{service} {target}: {status} {text}");
        serde_json::from_str(&text).unwrap_or_default()
    }

    async fn queue(&self, operation: &str, body: Value) -> Value {
        self.call("sqs", "/", &format!("AmazonSQS.{operation}"), body).await
    }

    async fn stream(&self, operation: &str, body: Value) -> Value {
        self.call("dynamodb", "/", &format!("DynamoDBStreams_20120810.{operation}"), body).await
    }

    /// The HTML of every e-mail that was sent, in order. Moto keeps nothing else.
    async fn mails(&self) -> Vec<String> {
        let data = self.http.get(format!("{}/moto-api/data.json", self.url)).send().await.unwrap();
        let data: Value = data.json().await.unwrap();
        let sent = data["ses"]["Message"].as_array().cloned().unwrap_or_default();
        sent.iter().map(|mail| mail["body"].as_str().unwrap().to_owned()).collect()
    }
}

/// Everything that runs. Dropping it ends it.
struct Deployed {
    running: Running,
    moto: Moto,
    http: Client,
    processes: Arc<Mutex<Vec<Child>>>,
    tasks: tokio::task::JoinSet<()>,
}

impl Drop for Deployed {
    fn drop(&mut self) {
        self.tasks.abort_all();
        for process in &mut *self.processes.lock().unwrap() {
            process.kill().ok();
            process.wait().ok();
        }
    }
}

/// The environment that the template gives a function, with values of this test for the
/// template's parameters.
fn environment(cloud: &Cloud, queue_url: &str) -> Vec<(String, String)> {
    let template = fs::read_to_string(root().join("infra/template.yaml")).unwrap();
    let word =
        |text: &str| text.chars().take_while(|c| c.is_ascii_uppercase() || *c == '_').collect::<String>();
    let names = template.match_indices("PORTICO_").map(|(at, _)| word(&template[at..]));
    let value = |name: &str| match name {
        "PORTICO_TABLE" => cloud.table.clone(),
        "PORTICO_AUDIT_TABLE" => cloud.audit_table.clone(),
        "PORTICO_BASE_URL" => cloud.base_url.clone(),
        "PORTICO_KEYRING_SECRET" => SECRET.to_owned(),
        "PORTICO_FROM_ADDRESS" => FROM.to_owned(),
        "PORTICO_REQUEST_QUEUE_URL" => queue_url.to_owned(),
        // The test makes no phone calls and has no edge, and moto has no configuration set and no tenants.
        "PORTICO_CALLS_OUT"
        | "PORTICO_TEXT_ORIGINATION"
        | "PORTICO_VOICE_ORIGINATION"
        | "PORTICO_EDGE_SECRET"
        | "PORTICO_SES_TENANTS"
        | "PORTICO_CONFIGURATION_SET" => String::new(),
        "PORTICO_SENDERS" => "1".to_owned(),
        // Every account has an event bus of this name.
        _ => "default".to_owned(),
    };
    names.map(|name| (name.clone(), value(&name))).collect()
}

/// Starts a function's binary as Lambda would. Returns the process and a way to invoke it.
fn deploy(folder: &str, environment: &[(String, String)], http: &Client) -> (Child, Function) {
    let (release, emulator) = (setting("PORTICO_RELEASE"), setting("PORTICO_EMULATOR_URL"));
    let log = File::create(root().join(format!("target/tools/logs/{folder}.log"))).unwrap();
    let process = Command::new(Path::new(&release).join(folder))
        .env_clear()
        .envs(environment.iter().cloned())
        .env("AWS_LAMBDA_RUNTIME_API", format!("{emulator}/.rt/{folder}"))
        .env("AWS_LAMBDA_FUNCTION_NAME", folder)
        .env("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST")
        .env("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "256")
        .env("AWS_REGION", REGION)
        .env("AWS_ACCESS_KEY_ID", "local")
        .env("AWS_SECRET_ACCESS_KEY", "local")
        .env("AWS_ENDPOINT_URL", setting("PORTICO_MOTO_URL"))
        .stdin(Stdio::null())
        .stderr(log.try_clone().unwrap())
        .stdout(log)
        .spawn()
        .unwrap_or_else(|error| panic!("{folder}: {error}; tests/tools/build builds it"));
    let (http, url) = (http.clone(), format!("{emulator}/2015-03-31/functions/{folder}/invocations"));
    let invoke: Function = Arc::new(move |event| {
        let call = http.post(&url).json(&event);
        async move {
            let answer = call.send().await.map_err(|error| error.to_string())?;
            let (status, text) = (answer.status(), answer.text().await.map_err(|error| error.to_string())?);
            if !status.is_success() {
                return Err(format!("{status}: {text}"));
            }
            serde_json::from_str(&text).map_err(|error| format!("{error}: {text}"))
        }
        .boxed()
    });
    (process, invoke)
}

impl Deployed {
    async fn start() -> Self {
        let http = Client::builder().redirect(reqwest::redirect::Policy::none()).build().unwrap();
        let moto = Moto { http: http.clone(), url: setting("PORTICO_MOTO_URL") };
        let secret = json!({"Name": SECRET, "SecretString": KEYRING, "ClientRequestToken": "0".repeat(32)});
        moto.call("secretsmanager", "/", "secretsmanager.CreateSecret", secret).await;
        let identity = json!({"EmailIdentity": FROM});
        moto.call("ses", "/v2/email/identities", "", identity).await;
        let queue = moto.queue("CreateQueue", json!({"QueueName": "requests"})).await;
        let queue_url = queue["QueueUrl"].as_str().unwrap().to_owned();

        let processes = Arc::<Mutex<Vec<Child>>>::default();
        let (started, url, client) = (Arc::clone(&processes), queue_url.clone(), http.clone());
        let config = Config { endpoint_url: Some(moto.url.clone()), ..Config::default() };
        // The local service provides the gateway, the table and the schedule, but not the functions.
        let running = portico_local::start(config, move |cloud| {
            let environment = environment(cloud, &url);
            let mut functions = Functions::new();
            for function in Template::embedded().unwrap().functions {
                let (process, invoke) = deploy(&function.folder, &environment, &client);
                started.lock().unwrap().push(process);
                functions.insert(function.folder, invoke);
            }
            async { Ok(functions) }.boxed()
        });
        let running = running.await.unwrap();
        let mut tasks = tokio::task::JoinSet::new();
        for table in [TABLE, AUDIT_TABLE] {
            tasks.spawn(pump_stream(moto.clone(), table, running.invoker.clone()));
        }
        tasks.spawn(pump_queue(moto.clone(), queue_url, running.invoker.clone()));
        Self { running, moto, http, processes, tasks }
    }

    async fn ask(&self, method: &str, path: &str, key: &str, body: Value) -> Answer {
        let method = Method::from_bytes(method.as_bytes()).unwrap();
        let mut call = self.http.request(method, format!("{}{path}", self.running.base_url));
        if !key.is_empty() {
            call = call.bearer_auth(key).header("portico-actor", "dr.lee");
        }
        if !body.is_null() {
            call = call.json(&body);
        }
        let answer = call.send().await.unwrap();
        Answer { status: answer.status().as_u16(), headers: Vec::new(), text: answer.text().await.unwrap() }
    }

    async fn post(&self, path: &str, body: Value) -> Answer {
        self.ask("POST", path, "", body).await
    }

    /// The mail with this number, counted from 1, as soon as it is there.
    async fn mail(&self, number: usize) -> String {
        for _ in 0..LOOKS {
            let mut mails = self.moto.mails().await;
            assert!(mails.len() <= number, "a mail too many: {}", mails.len());
            if mails.len() == number {
                return mails.pop().unwrap();
            }
            tokio::time::sleep(PAUSE).await;
        }
        panic!("mail {number} did not come; target/tools/logs/ may say why");
    }

    async fn operator(&self, event: Value) -> Value {
        let answer = self.running.invoker.call("enroll-practice", "invoke", event).await.unwrap();
        assert!(answer.get("error").is_none(), "{answer}");
        answer
    }
}

/// Delivers the stream of a table of moto's, named by its logical id, to the functions that read it, as Lambda
/// does.
async fn pump_stream(moto: Moto, table: &'static str, invoker: Invoker) {
    let streams = moto.stream("ListStreams", json!({"TableName": engine::table_name(table)})).await;
    let arn = streams["Streams"][0]["StreamArn"].clone();
    let described = moto.stream("DescribeStream", json!({"StreamArn": arn})).await;
    let shard = described["StreamDescription"]["Shards"][0]["ShardId"].clone();
    let from = json!({"StreamArn": arn, "ShardId": shard, "ShardIteratorType": "TRIM_HORIZON"});
    let mut iterator = moto.stream("GetShardIterator", from).await["ShardIterator"].clone();
    let readers = Template::embedded().unwrap().functions;
    let of = |function: DeployedFunction| {
        let streams = function.streams.into_iter().filter(|stream| stream.table == table);
        streams.map(|stream| (function.folder.clone(), stream)).collect::<Vec<_>>()
    };
    let readers: Vec<(String, StreamEvent)> = readers.into_iter().flat_map(of).collect();
    loop {
        let batch = moto.stream("GetRecords", json!({"ShardIterator": iterator, "Limit": 100})).await;
        iterator = batch["NextShardIterator"].clone();
        let records = batch["Records"].as_array().cloned().unwrap_or_default();
        if records.is_empty() {
            tokio::time::sleep(PAUSE).await;
            continue;
        }
        for (reader, stream) in &readers {
            let wanted: Vec<&Value> = records.iter().filter(|record| stream.wants(record)).collect();
            if wanted.is_empty() {
                continue;
            }
            let answer = invoker.call(reader, &stream.event, json!({"Records": wanted})).await.unwrap();
            assert_eq!(answer["batchItemFailures"], json!([]), "{reader}");
        }
    }
}

/// Delivers moto's queue to its worker, as Lambda does.
async fn pump_queue(moto: Moto, url: String, invoker: Invoker) {
    loop {
        let ask = json!({"QueueUrl": url, "MaxNumberOfMessages": 10, "AttributeNames": ["All"]});
        let answer = moto.queue("ReceiveMessage", ask).await;
        for message in answer["Messages"].as_array().into_iter().flatten() {
            let record = json!({
                "messageId": message["MessageId"], "receiptHandle": message["ReceiptHandle"],
                "body": message["Body"], "attributes": message["Attributes"], "messageAttributes": {},
                "md5OfBody": message["MD5OfBody"], "eventSource": "aws:sqs", "awsRegion": REGION,
                "eventSourceARN": format!("arn:aws:sqs:{REGION}:123456789012:requests"),
            });
            let answer =
                invoker.call("answer-request", "requests", json!({"Records": [record]})).await.unwrap();
            assert_eq!(answer["batchItemFailures"], json!([]));
            let done = json!({"QueueUrl": url, "ReceiptHandle": message["ReceiptHandle"]});
            moto.queue("DeleteMessage", done).await;
        }
        tokio::time::sleep(PAUSE).await;
    }
}

/// The code in a mail's HTML: five or six digits that are the whole text of an element.
fn code_in(html: &str) -> String {
    let texts = html.split('>').filter_map(|after| Some(after.split_once('<')?.0));
    let code = |text: &&str| (5..=6).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit());
    texts.into_iter().find(code).unwrap_or_default().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs the release binaries, moto and cargo-lambda: tests/real-binaries brings them"]
async fn the_release_binaries_do_the_main_job_and_take_every_event() {
    let deployed = Deployed::start().await;
    journey(&deployed).await;
    every_event_is_answered(&deployed);
}

async fn journey(deployed: &Deployed) {
    deployed
        .operator(json!({
            "action": "create", "practice": PRACTICE, "name": "Riverside Family Medicine",
            "phone": "+12025550100", "time_zone": "America/New_York",
        }))
        .await;
    let key = async |preset: &str| {
        let ask = json!({"action": "issue_key", "practice": PRACTICE, "client": preset, "preset": preset});
        deployed.operator(ask).await["key"].as_str().unwrap().to_owned()
    };
    let (ehr, portal) = (key("ehr").await, key("portal").await);
    let staff = async |method: &str, path: &str, body| deployed.ask(method, path, &ehr, body).await;

    staff("PUT", "/v1/settings", json!({"code_channel": "any"})).await.expect(200);
    staff("PUT", "/v1/patients/p1", World::chart()).await.expect(201);
    staff("POST", "/v1/patients/p1/invitations", json!({"channel": "email"})).await.expect(201);
    let link = format!("/i/{}", token_in(&deployed.mail(1).await));
    deployed.ask("GET", &link, "", Value::Null).await.expect(200);
    deployed.ask("HEAD", &link, "", Value::Null).await.expect(200);

    let facts = json!({"as": "patient", "family_name": "quillfeather", "birth_date": "04/27/1945"});
    let proof = deployed.post(&format!("{link}/verify"), facts).await.expect_and(200).str("/proof");
    let ask = json!({"proof": proof, "channel": "email"});
    deployed.post(&format!("{link}/codes"), ask).await.expect(202);
    let check = json!({"proof": proof, "code": code_in(&deployed.mail(2).await)});
    let ticket = deployed.post(&format!("{link}/codes/check"), check).await.expect_and(200).str("/ticket");
    let register =
        json!({"ticket": ticket, "username": "rosa.q", "password": PASSWORD, "accept_terms": true});
    deployed.post(&format!("{link}/register"), register).await.expect(201);
    assert!(token_in(&deployed.mail(3).await).is_empty(), "you registered");

    let enter = json!({"username": "rosa.q", "password": PASSWORD});
    let sign_in = async || deployed.post(&format!("/{PRACTICE}/sign-in"), enter.clone()).await;
    let session = sign_in().await.expect_and(200).str("/session_token");
    let introspect = async || {
        let ask = json!({"session_token": session});
        deployed.ask("POST", "/v1/sessions/introspect", &portal, ask).await.expect_and(200).json()
    };
    assert_eq!(introspect().await["active"], true);

    let forgot = json!({"username": "rosa.q"});
    deployed.post(&format!("/{PRACTICE}/forgot-password"), forgot).await.expect(202);
    let reset = format!("/r/{}", token_in(&deployed.mail(4).await));
    deployed.ask("GET", &reset, "", Value::Null).await.expect(200);
    deployed.post(&format!("{reset}/codes"), json!({"channel": "sms"})).await.expect(202);
    assert!(a_text_was_taken(deployed).await, "the code goes by text");

    let reason = json!({"reason": "other"});
    staff("POST", "/v1/patients/p1/portal/revoke", reason).await.expect(200);
    assert_eq!(sign_in().await.code(), "access_revoked");
    assert_eq!(introspect().await["active"], false);
    let status = staff("GET", "/v1/patients/p1/portal", Value::Null).await.expect_and(200).str("/status");
    assert_eq!(status, "revoked");
    let chain = staff("GET", "/v1/audit/verify?patient_id=p1", Value::Null).await.expect_and(200).json();
    assert_eq!(chain["intact"], true, "{chain}");
}

/// Whether SNS took the code. Moto keeps no texts, so this looks into the outbox.
#[expect(clippy::disallowed_methods, reason = "a table of a few items, and no key of it is known here")]
async fn a_text_was_taken(deployed: &Deployed) -> bool {
    let client = aws_sdk_dynamodb::Client::from_conf(deployed.running.cloud.dynamodb.clone());
    for _ in 0..LOOKS {
        let all = client.scan().table_name(&deployed.running.cloud.table).send().await.unwrap();
        let is = |item: &std::collections::HashMap<_, aws_sdk_dynamodb::types::AttributeValue>,
                  name: &str,
                  value: &str| {
            item.get(name).and_then(|have| have.as_s().ok()).is_some_and(|have| have == value)
        };
        let taken = |item: &&_| is(item, "channel", "sms") && is(item, "state", "sent");
        if all.items().iter().find(taken).is_some() {
            return true;
        }
        tokio::time::sleep(PAUSE).await;
    }
    false
}

/// Every event file gets the answer that `events/README.md` describes.
fn every_event_is_answered(deployed: &Deployed) {
    assert!(!deployed.processes.lock().unwrap().is_empty());
    let port = setting("PORTICO_EMULATOR_URL").rsplit(':').next().unwrap().to_owned();
    let mut taken = 0;
    for folder in fs::read_dir(root().join("events")).unwrap().map(|entry| entry.unwrap().path()) {
        if !folder.is_dir() {
            continue;
        }
        let function = folder.file_name().unwrap().to_str().unwrap().to_owned();
        for file in fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path()) {
            let name = file.display().to_string();
            let answer = Command::new(setting("PORTICO_CARGO_LAMBDA"))
                .args([
                    "lambda",
                    "invoke",
                    &function,
                    "--invoke-address",
                    "127.0.0.1",
                    "--invoke-port",
                    &port,
                ])
                .args(["--data-file", &name])
                .current_dir(root())
                .output()
                .unwrap();
            let text = String::from_utf8_lossy(&answer.stdout).into_owned();
            assert!(answer.status.success(), "{name}: {text}{}", String::from_utf8_lossy(&answer.stderr));
            let answer: Value =
                serde_json::from_str(&text).unwrap_or_else(|error| panic!("{name}: {error}: {text}"));
            if let Some(status) = answer.get("statusCode") {
                assert!(status.as_u64().unwrap() < 500, "{name}: {answer}");
            } else if let Some(failures) = answer.get("batchItemFailures") {
                assert_eq!(failures, &json!([]), "{name}");
            }
            taken += 1;
        }
    }
    assert!(taken >= 12, "{taken} events");
    println!("{taken} events were answered");
}
