//! Starts and stops the whole service.

use std::fs::{File, OpenOptions};
use std::io;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use dynoxide::Database;
use futures_util::future::BoxFuture;
use portico_domain::keys::HashCost;
use serde_json::json;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinSet;

use crate::aftermath::Aftermath;
use crate::capture::Capture;
use crate::clock::LocalClock;
use crate::cloud::{Addresses, Choices, Cloud, cloud};
use crate::faults::Faults;
use crate::gateway::{Gateway, Routes};
use crate::guard::HostGuard;
use crate::invoke::{Bell, Functions, Invoker};
use crate::local_api::{Guide, LocalApi};
use crate::meter::Meter;
use crate::pump::{Positions, Pump};
use crate::queue::Queues;
use crate::template::Template;
use crate::{endpoint, engine, faults, files, gateway, guard, local_api, template};

/// How long `stop` waits for running requests.
const FAREWELL: Duration = Duration::from_millis(500);

/// How to start.
#[derive(Clone, Debug)]
pub struct Config {
    /// The address of the HTTP API; port 0 picks any free port.
    pub listen: SocketAddr,
    /// The folder that survives a restart; `None` keeps everything in memory.
    pub data: Option<PathBuf>,
    /// Another AWS endpoint for the table, SES, SNS, voice and EventBridge. Queues stay here, because this
    /// service delivers their messages to the functions.
    pub endpoint_url: Option<String>,
    /// Whether the fault proxy stands in front of the table.
    pub faults: bool,
    /// Whether `/health` is good as soon as `start` returns. If not, [`Running::set_ready`] makes it so.
    pub ready: bool,
    /// What hashing a password costs: as in the cloud, unless a test is about something else.
    pub hash_cost: HashCost,
    /// What an edge in front of the API would show with each request; empty for none.
    pub edge_secrets: Vec<String>,
    /// Weight of the requests that one address may send in five minutes. Here, everybody has the same address.
    pub requests_per_address: u32,
    /// What the names of SES's tenants begin with, if each practice is one.
    pub ses_tenants: Option<String>,
}

impl Default for Config {
    /// In memory, on any port of loopback, ready at once.
    fn default() -> Self {
        Self {
            listen: ([127, 0, 0, 1], 0).into(),
            data: None,
            endpoint_url: None,
            faults: false,
            ready: true,
            hash_cost: HashCost::STANDARD,
            edge_secrets: Vec::new(),
            requests_per_address: u32::MAX,
            ses_tenants: None,
        }
    }
}

/// Why the service could not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// Another program uses the port.
    #[error("Port {} is in use by another program. Stop that one, or choose another port with --port.", .0.port())]
    PortTaken(SocketAddr),
    /// The service can't listen on the address.
    #[error("Can't listen on {address}: {source}.")]
    Listen { address: SocketAddr, source: io::Error },
    /// The data directory is in use by another instance.
    #[error("The data directory {} is in use by another instance. Stop that one, or choose another with --data.", .0.display())]
    DataInUse(PathBuf),
    /// The data directory can't be read or written.
    #[error("Can't use the data directory: {0}.")]
    Data(#[from] io::Error),
    /// The database can't be opened.
    #[error("Can't open the database: {0}.")]
    Engine(#[from] engine::EngineError),
    /// The tables can't be created at the other endpoint.
    #[error("Can't create the tables at the other endpoint: {0}.")]
    Endpoint(Box<aws_sdk_dynamodb::Error>),
    /// The root certificates for another endpoint can't be read.
    #[error("{0}")]
    Trust(#[from] portico_aws::StartError),
    /// The template can't be used.
    #[error("infra/template.yaml: {0}.")]
    Template(#[from] template::TemplateError),
    /// The template's routes contradict each other.
    #[error("infra/template.yaml: {0}.")]
    Routes(#[from] gateway::RouteError),
    /// The functions could not be built.
    #[error("Can't build the functions: {0}.")]
    Build(String),
}

/// The running service. Dropping it stops it at once; [`Running::stop`] lets requests finish.
pub struct Running {
    /// The URL of the HTTP API, without a slash at the end.
    pub base_url: String,
    /// The URL of the captured SES, SNS and voice, and of the queues.
    pub capture_url: String,
    /// The configuration that the functions were built with.
    pub cloud: Cloud,
    /// The clock of all functions.
    pub clock: Arc<LocalClock>,
    /// The messages and events that were sent.
    pub capture: Capture,
    /// The stream's readers; `None` with another endpoint.
    pub pump: Option<Pump>,
    pub queues: Queues,
    /// The fault proxy, if the configuration asked for it.
    pub faults: Option<Faults>,
    /// The costs of the functions.
    pub meter: Meter,
    /// Runs any function by its folder name.
    pub invoker: Invoker,
    /// The table's engine; `None` with another endpoint.
    pub db: Option<Database>,
    guide: Arc<RwLock<Guide>>,
    hosts: HostGuard,
    ready: Arc<AtomicBool>,
    closing: watch::Sender<()>,
    servers: JoinSet<()>,
    workers: JoinSet<()>,
    _lock: Option<File>,
}

impl Running {
    /// Resolves when every queue is empty and all work caused so far is done.
    pub async fn idle(&self) {
        self.aftermath().over().await;
    }

    fn aftermath(&self) -> Aftermath {
        Aftermath { pump: self.pump.clone(), queues: self.queues.clone() }
    }

    /// Sets the content of `GET /_local`.
    pub fn introduce(&self, guide: Guide) {
        *self.guide.write().unwrap_or_else(PoisonError::into_inner) = guide;
    }

    /// Lets requests to any host in from now on, as API Gateway might, so that a test sees what functions do with them.
    pub fn accept_any_host(&self) {
        self.hosts.let_any_in();
    }

    /// Makes `/health` good from now on.
    pub fn set_ready(&self) {
        self.ready.store(true, Ordering::Release);
    }

    /// Lets running requests finish, for half a second at most, and stops.
    pub async fn stop(mut self) {
        self.closing.send_replace(());
        let finished = async { while self.servers.join_next().await.is_some() {} };
        // Requests that are still running then end when the set is dropped.
        tokio::time::timeout(FAREWELL, finished).await.ok();
        self.workers.shutdown().await;
    }
}

/// Starts everything on the current runtime. `build` creates the functions once their cloud exists.
pub async fn start(
    config: Config,
    build: impl FnOnce(&Cloud) -> BoxFuture<'static, Result<Functions, String>>,
) -> Result<Running, StartError> {
    deploy(Template::embedded()?, config, build).await
}

async fn deploy(
    template: Template,
    config: Config,
    build: impl FnOnce(&Cloud) -> BoxFuture<'static, Result<Functions, String>>,
) -> Result<Running, StartError> {
    let listener = listen(config.listen).await?;
    let base_url = format!("http://{}", listener.local_addr()?);
    let hosts = HostGuard::new(listener.local_addr()?.port());
    let data = config.data.as_deref();
    let lock = data.map(claim).transpose()?;
    let clock = Arc::new(LocalClock::open(data)?);
    let capture = Capture::open(data, Arc::clone(&clock))?;
    let queues = Queues::open(data, &template.queues, Arc::clone(&clock))?;
    let positions = Positions::open(data)?;
    let roles = template.functions.iter().map(|function| (function.folder.clone(), function.role.clone()));
    let meter = Meter::with_roles(roles.collect());
    let (bell, closing) = (Bell::default(), watch::Sender::new(()));
    let (mut servers, mut workers) = (JoinSet::new(), JoinSet::new());

    let (capture_listener, capture_url) = faults::loopback().await?;
    let capture_hosts = HostGuard::new(capture_listener.local_addr()?.port());
    let endpoint = endpoint::router(&capture, &queues)
        .layer(axum::middleware::from_fn_with_state(capture_hosts, guard::own_host));
    serve(&mut servers, capture_listener, endpoint, &closing);

    let (mut db, mut faults) = (None, None);
    let mut table_url = config.endpoint_url.clone();
    if config.endpoint_url.is_none() {
        let engine = open_engine(data, &template, &positions)?;
        let (engine_listener, mut url) = faults::loopback().await?;
        let stopping = closing.subscribe();
        let served = dynoxide::server::serve_with_shutdown(engine_listener, engine.clone(), closed(stopping));
        servers.spawn(async move {
            if let Err(error) = served.await {
                tracing::error!(error, "the database's server");
            }
        });
        workers.spawn(engine::sweep(engine.clone(), Arc::clone(&clock)));
        if config.faults {
            let proxy = Faults::new(engine.clone(), template.clone(), url);
            let (proxy_listener, proxy_url) = faults::loopback().await?;
            workers.spawn(proxy.clone().serve(proxy_listener));
            url = proxy_url;
            faults = Some(proxy);
        }
        db = Some(engine);
        table_url = Some(url);
    }

    let messaging_url = config.endpoint_url.unwrap_or_else(|| capture_url.clone());
    let table_url = table_url.unwrap_or_default();
    let addresses = Addresses {
        table: table_url,
        messaging: messaging_url,
        queues: capture_url.clone(),
        base: base_url.clone(),
    };
    let choices = Choices {
        hash_cost: config.hash_cost,
        ses_tenants: config.ses_tenants,
        edge_secrets: config.edge_secrets,
        requests_per_address: config.requests_per_address,
    };
    let cloud = cloud(addresses, Arc::clone(&clock), choices)?;
    if db.is_none() {
        let client = aws_sdk_dynamodb::Client::from_conf(cloud.dynamodb.clone());
        engine::create_tables_at(&client, engine::TABLE, engine::AUDIT_TABLE, &template)
            .await
            .map_err(StartError::Endpoint)?;
    }
    let functions = build(&cloud).await.map_err(StartError::Build)?;
    let invoker = Invoker::new(functions, meter.clone(), bell);
    let pump = match &db {
        Some(db) => Some(Pump::start(db, &template.functions, positions, &invoker, &mut workers)?),
        None => None,
    };

    queues.start(&template.functions, &invoker, &mut workers);
    workers.spawn(keep_schedules(template.functions.clone(), invoker.clone()));

    let guide = Arc::<RwLock<Guide>>::default();
    let ready = Arc::new(AtomicBool::new(config.ready));
    let local = LocalApi {
        capture: capture.clone(),
        clock: Arc::clone(&clock),
        db: db.clone(),
        guide: Arc::clone(&guide),
        meter: meter.clone(),
        aftermath: Aftermath { pump: pump.clone(), queues: queues.clone() },
        queues: queues.clone(),
        invoker: invoker.clone(),
    };
    let routes = Arc::new(Routes::new(&template.functions)?);
    let gateway = Gateway { routes, invoker: invoker.clone(), clock: Arc::clone(&clock) };
    let app = Router::new()
        .route("/health", get(health).with_state(Arc::clone(&ready)))
        .merge(local_api::router(local))
        .fallback(gateway::handle)
        .method_not_allowed_fallback(gateway::handle)
        .with_state(gateway)
        .layer(axum::middleware::from_fn_with_state(hosts.clone(), guard::own_host));
    serve(&mut servers, listener, app, &closing);

    Ok(Running {
        base_url,
        capture_url,
        cloud,
        clock,
        capture,
        pump,
        queues,
        faults,
        meter,
        invoker,
        db,
        guide,
        hosts,
        ready,
        closing,
        servers,
        workers,
        _lock: lock,
    })
}

/// Runs the template's scheduled functions every second, whatever their schedule says: the local clock can be
/// moved, and a run with nothing to do costs next to nothing.
async fn keep_schedules(functions: Vec<template::DeployedFunction>, invoker: Invoker) {
    let mut tick = tokio::time::interval(Duration::from_secs(1));
    tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        tick.tick().await;
        for function in functions.iter().filter(|function| invoker.has(&function.folder)) {
            for schedule in &function.schedules {
                if let Err(error) = invoker.call(&function.folder, schedule, json!({})).await {
                    tracing::error!(function = function.folder, error, "on schedule");
                }
            }
        }
    }
}

async fn health(State(ready): State<Arc<AtomicBool>>) -> Response {
    let mut answer = if ready.load(Ordering::Acquire) {
        Json(json!({"status": "ok"})).into_response()
    } else {
        (StatusCode::SERVICE_UNAVAILABLE, Json(json!({"status": "starting"}))).into_response()
    };
    portico_web::add_security_headers(answer.headers_mut());
    answer
}

async fn listen(address: SocketAddr) -> Result<TcpListener, StartError> {
    TcpListener::bind(address).await.map_err(|source| match source.kind() {
        io::ErrorKind::AddrInUse => StartError::PortTaken(address),
        _ => StartError::Listen { address, source },
    })
}

/// Claims the data directory until the file is dropped.
fn claim(data: &Path) -> Result<File, StartError> {
    files::private_dir(data)?;
    let lock = files::create_private(&data.join("lock"))?;
    match lock.try_lock() {
        Ok(()) => Ok(lock),
        Err(std::fs::TryLockError::WouldBlock) => Err(StartError::DataInUse(data.to_owned())),
        Err(std::fs::TryLockError::Error(error)) => Err(error.into()),
    }
}

fn open_engine(
    data: Option<&Path>,
    template: &Template,
    positions: &Positions,
) -> Result<Database, StartError> {
    let Some(data) = data else { return Ok(engine::in_memory(template)?) };
    let processed = positions.passed_by_all(&template.functions);
    // SQLite gives the files beside its database the same rights.
    let file = data.join("portico.db");
    files::open_private(&file, OpenOptions::new().append(true).create(true))?;
    Ok(engine::in_file(&file, template, &processed)?)
}

fn serve(servers: &mut JoinSet<()>, listener: TcpListener, app: Router, closing: &watch::Sender<()>) {
    let stopping = closing.subscribe();
    servers.spawn(async move {
        let service = app.into_make_service_with_connect_info::<SocketAddr>();
        if let Err(error) = axum::serve(listener, service).with_graceful_shutdown(closed(stopping)).await {
            tracing::error!(%error, "serving");
        }
    });
}

/// Resolves when the service stops or is dropped.
async fn closed(mut stopping: watch::Receiver<()>) {
    // An error means that the sender is gone, so the service has ended, too.
    stopping.changed().await.ok();
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::invoke::Function;
    use futures_util::FutureExt;
    use serde_json::Value;
    use std::time::Instant;

    pub(crate) async fn start(config: Config) -> Running {
        super::start(config, |_| async { Ok(Functions::new()) }.boxed()).await.unwrap()
    }

    /// A service without functions, in memory.
    pub(crate) async fn empty() -> Running {
        start(Config::default()).await
    }

    impl Running {
        pub(crate) fn client(&self) -> aws_sdk_dynamodb::Client {
            aws_sdk_dynamodb::Client::from_conf(self.cloud.dynamodb.clone())
        }

        pub(crate) fn ses(&self) -> aws_sdk_sesv2::Client {
            aws_sdk_sesv2::Client::from_conf(self.cloud.ses.clone())
        }

        pub(crate) fn sns(&self) -> aws_sdk_sns::Client {
            aws_sdk_sns::Client::from_conf(self.cloud.sns.clone())
        }
    }

    /// A function for the template's first route without parameters other than `{token}`. It answers its
    /// own event.
    async fn echoing() -> (Running, String) {
        let template = Template::embedded().unwrap();
        let open = |route: &&template::Route| route.method == "GET" && route.path == "/i/{token}";
        let has = |function: &&template::DeployedFunction| function.routes.iter().any(|route| open(&route));
        let folder = template.functions.iter().find(has).unwrap().folder.clone();
        let echo: Function = Arc::new(|event| {
            async move {
                match event["pathParameters"]["token"].as_str() {
                    Some("broken") => Err("on purpose".to_owned()),
                    _ => Ok(json!({"statusCode": 200, "body": event.to_string()})),
                }
            }
            .boxed()
        });
        let functions = Functions::from([(folder.clone(), echo)]);
        (super::start(Config::default(), |_| async { Ok(functions) }.boxed()).await.unwrap(), folder)
    }

    #[tokio::test]
    async fn a_request_reaches_its_function_and_the_answer_comes_back() {
        let (running, folder) = echoing().await;
        let answer = reqwest::get(format!("{}/i/abc?x=1", running.base_url)).await.unwrap();
        assert_eq!(answer.status(), 200);
        let event: Value = answer.json().await.unwrap();
        assert_eq!(event["requestContext"]["http"]["sourceIp"], "127.0.0.1");
        assert_eq!(event["pathParameters"]["token"], "abc");
        let cost = running.meter.costs().pop().unwrap();
        assert_eq!((cost.function, cost.invocations), (folder, 1));
        let broken = reqwest::get(format!("{}/i/broken", running.base_url)).await.unwrap();
        assert_eq!(broken.status(), 500);
        assert_eq!(broken.text().await.unwrap(), r#"{"message":"Internal Server Error"}"#);
    }

    #[tokio::test]
    async fn what_is_not_there_is_a_problem() {
        let (running, _) = echoing().await;
        let http = reqwest::Client::new();
        // A `GET` of any other path leads to a function, which answers with a page.
        for (method, path) in
            [("POST", "/no/such/path/at/all"), ("DELETE", "/health"), ("PATCH", "/_local/costs")]
        {
            let url = format!("{}{path}", running.base_url);
            let answer = http.request(method.parse().unwrap(), url).send().await.unwrap();
            assert_eq!(answer.status(), 404, "{method} {path}");
            assert_eq!(answer.headers()["content-type"], "application/problem+json");
            let problem: Value = answer.json().await.unwrap();
            assert_eq!((&problem["code"], &problem["status"]), (&json!("not_found"), &json!(404)));
        }
    }

    #[tokio::test]
    async fn a_body_that_is_too_large_is_refused_with_an_answer() {
        let (running, _) = echoing().await;
        let url = format!("{}/i/abc", running.base_url);
        let answer = reqwest::Client::new().get(url).body(vec![b'a'; 7 * 1024 * 1024]).send().await.unwrap();
        assert_eq!(answer.status(), 413);
        assert_eq!(answer.json::<Value>().await.unwrap()["code"], "payload_too_large");
    }

    /// A function that writes an item.
    fn writer(cloud: &Cloud) -> Function {
        let table = aws_sdk_dynamodb::Client::from_conf(cloud.dynamodb.clone());
        Arc::new(move |_| {
            let text = |text: &str| aws_sdk_dynamodb::types::AttributeValue::S(text.to_owned());
            let put =
                table.put_item().table_name("portico").item("pk", text("MESSAGE")).item("sk", text("x"));
            async move { put.send().await.map(|_| json!({"statusCode": 204})).map_err(|e| e.to_string()) }
                .boxed()
        })
    }

    /// A function that sends a text.
    fn sender(cloud: &Cloud) -> Function {
        let url = cloud.messaging_url.clone();
        Arc::new(move |_| {
            let form = [("Action", "Publish"), ("PhoneNumber", "+12025550101"), ("Message", "x")];
            let publish = reqwest::Client::new().post(&url).form(&form).send();
            async move { publish.await.map(|_| Value::Null).map_err(|e| e.to_string()) }.boxed()
        })
    }

    /// A request writes an item; the reader of the stream sends a text for it.
    async fn mailing() -> Running {
        let template = Template::embedded().unwrap();
        let reader =
            template.functions.iter().find(|function| !function.streams.is_empty()).unwrap().folder.clone();
        let is_open = |route: &template::Route| route.method == "GET" && route.path == "/i/{token}";
        let opener = template.functions.iter().find(|function| function.routes.iter().any(is_open)).unwrap();
        let opener = opener.folder.clone();
        let build = move |cloud: &Cloud| {
            let functions = Functions::from([(opener, writer(cloud)), (reader, sender(cloud))]);
            async move { Ok(functions) }.boxed()
        };
        super::start(Config::default(), build).await.unwrap()
    }

    #[tokio::test]
    #[expect(clippy::disallowed_methods, reason = "measures how long it took")]
    async fn a_message_is_there_within_fifty_milliseconds_of_its_cause() {
        let running = mailing().await;
        reqwest::get(format!("{}/i/abc", running.base_url)).await.unwrap().error_for_status().unwrap();
        let caused = Instant::now();
        while running.capture.messages(None, None).is_empty() {
            assert!(caused.elapsed() < Duration::from_millis(50));
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    }

    #[tokio::test]
    async fn whoever_asks_for_messages_gets_those_that_were_caused_before() {
        let running = mailing().await;
        reqwest::get(format!("{}/i/abc", running.base_url)).await.unwrap();
        let answer = reqwest::get(format!("{}/_local/messages", running.base_url)).await.unwrap();
        let answer: Value = answer.json().await.unwrap();
        assert_eq!(answer["messages"][0]["to"], "+12025550101");
    }

    #[tokio::test]
    async fn idle_waits_for_a_queues_message_and_for_what_comes_of_it() {
        let mut template = Template::embedded().unwrap();
        // A function without a schedule, so that only the stream makes it send.
        let reads = |function: &&template::DeployedFunction| {
            !function.streams.is_empty() && function.schedules.is_empty()
        };
        let reader = template.functions.iter().find(reads).unwrap().folder.clone();
        let event = template::QueueEvent {
            event: "requests".into(),
            queue: "RequestQueue".into(),
            batch_size: 10,
            reports_failures: true,
        };
        // The test's worker is the queue's only reader, and it needs permissions of its own, because it does
        // not act like the function that it replaces.
        let texts = json!({"Effect": "Allow", "Action": "sns:Publish", "NotResource": "topics"});
        for function in &mut template.functions {
            function.queues.clear();
            function.streams.iter_mut().for_each(|stream| stream.filters.clear());
            function.role = crate::roles::Role::read(std::slice::from_ref(&texts));
        }
        template.functions.push(template::DeployedFunction {
            folder: "worker".into(),
            queues: vec![event],
            role: crate::roles::Role::read(&[json!({
                "Effect": "Allow", "Action": "dynamodb:PutItem", "Resource": {"Fn::GetAtt": "Table.Arn"},
            })]),
            ..template::DeployedFunction::default()
        });
        let build = move |cloud: &Cloud| {
            let write = writer(cloud);
            let work: Function = Arc::new(move |event| {
                let written = write(event);
                async move {
                    tokio::time::sleep(Duration::from_millis(30)).await;
                    written.await
                }
                .boxed()
            });
            let functions = Functions::from([("worker".to_owned(), work), (reader, sender(cloud))]);
            async move { Ok(functions) }.boxed()
        };
        let running = deploy(template, Config::default(), build).await.unwrap();
        let client = aws_sdk_sqs::Client::from_conf(running.cloud.sqs.clone());
        let request = client.send_message().queue_url(running.cloud.queue_url("RequestQueue"));
        request.message_body("x").send().await.unwrap();
        running.idle().await;
        assert_eq!(running.capture.messages(None, None).len(), 1);
    }

    #[tokio::test]
    async fn health_is_good_only_when_ready() {
        let running = start(Config { ready: false, ..Config::default() }).await;
        let url = format!("{}/health", running.base_url);
        assert_eq!(reqwest::get(&url).await.unwrap().status(), 503);
        running.set_ready();
        assert_eq!(reqwest::get(&url).await.unwrap().text().await.unwrap(), r#"{"status":"ok"}"#);
    }

    #[tokio::test]
    async fn a_taken_port_and_a_taken_folder_are_said_plainly() {
        let running = empty().await;
        let listen = running.base_url.trim_start_matches("http://").parse().unwrap();
        let taken = Config { listen, ..Config::default() };
        let error = super::start(taken, |_| async { Ok(Functions::new()) }.boxed()).await.err().unwrap();
        assert!(error.to_string().contains("in use by another program"), "{error}");

        let folder = tempfile::tempdir().unwrap();
        let dir = folder.path();
        let config = Config { data: Some(dir.to_path_buf()), ..Config::default() };
        let first = start(config.clone()).await;
        let second = super::start(config.clone(), |_| async { Ok(Functions::new()) }.boxed()).await;
        assert!(matches!(second, Err(StartError::DataInUse(_))));
        first.stop().await;
        start(config).await;
    }

    #[tokio::test]
    #[expect(clippy::disallowed_methods, reason = "measures how long it took")]
    async fn a_service_starts_within_milliseconds() {
        empty().await;
        let start = Instant::now();
        let running = empty().await;
        let elapsed = start.elapsed();
        println!("started in {elapsed:?}");
        running.stop().await;
        assert!(elapsed < Duration::from_millis(100), "{elapsed:?}");
    }
}
