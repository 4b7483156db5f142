//! The real functions, wired as their `main.rs` does, but with the local cloud.

use std::future::Future;
use std::sync::Arc;

use futures_util::FutureExt;
use lambda_http::request::LambdaRequest;
use lambda_http::{Adapter, Context as LambdaContext, LambdaEvent, Request, Service, service_fn};
use portico_aws::{Couriers, EventBus, OsEntropy, Queue, Senders, timeouts};
use portico_domain::context::{Calls, Context};
use portico_domain::floods::Floods;
use portico_domain::keys::Keyring;
use portico_domain::model::limit::REQUESTS;
use portico_store::{Copies, Table};
use portico_web::{Answer, App, serve};
use serde_json::Value;
use tokio::sync::Semaphore;

use crate::cloud::Cloud;
use crate::invoke::{Function, Functions};

/// The sender's address of the demonstration practices' e-mails.
const FROM: &str = "no-reply@portico.example.com";

/// The sender's number of texts and calls.
const NUMBER: &str = "+12025550199";

/// The EventBridge bus for announcements.
const BUS: &str = "portico";

/// Requests that may hash a password at the same time.
const HASHING: usize = 4;

/// A function behind HTTP routes: takes the gateway's event and returns its response, through the same
/// adapter as in Lambda.
fn http<H, F>(app: &Arc<App<Table>>, handle: H) -> Function
where
    H: Fn(Arc<App<Table>>, Request) -> F + Clone + Send + Sync + 'static,
    F: Future<Output = Answer> + Send + 'static,
{
    let app = Arc::clone(app);
    Arc::new(move |event| {
        let (app, handle) = (Arc::clone(&app), handle.clone());
        async move {
            let request: LambdaRequest = serde_json::from_value(event).map_err(|error| error.to_string())?;
            let answer = service_fn(move |request| {
                let answer = handle(Arc::clone(&app), request);
                async move { Ok::<_, std::convert::Infallible>(answer.await) }
            });
            let event = LambdaEvent::new(request, LambdaContext::default());
            let answer = Adapter::from(answer).call(event).await.map_err(|error| error.to_string())?;
            serde_json::to_value(answer).map_err(|error| error.to_string())
        }
        .boxed()
    })
}

/// Limits how many calls of a function run at the same time, like reserved concurrency in the cloud: hashing
/// occupies a core, and calls that wait for the table meanwhile would time out.
fn at_most(permits: &Arc<Semaphore>, function: Function) -> Function {
    let permits = Arc::clone(permits);
    Arc::new(move |event| {
        let (permits, function) = (Arc::clone(&permits), Arc::clone(&function));
        async move {
            let _permit = permits.acquire_owned().await.map_err(|error| error.to_string())?;
            function(event).await
        }
        .boxed()
    })
}

/// A function that takes its event as it is.
fn plain<F>(handle: impl Fn(Value) -> F + Send + Sync + 'static) -> Function
where
    F: Future<Output = Value> + Send + 'static,
{
    Arc::new(move |event| {
        let answer = handle(event);
        async move { Ok(answer.await) }.boxed()
    })
}

/// The numbers that practices may choose here.
pub const TEXT_NUMBERS: [&str; 2] = ["+12025550198", "+12025550199"];

/// All functions, with one table and one keyring.
pub fn all(cloud: &Cloud, keyring: Keyring) -> Functions {
    let context = Context {
        clock: cloud.clock.clone(),
        entropy: Arc::new(OsEntropy),
        keyring: Arc::new(keyring),
        hash_cost: cloud.hash_cost,
        calls: Arc::new(Calls::default()),
        floods: Arc::new(Floods::new(cloud.requests_per_address, REQUESTS.seconds)),
        base_url: cloud.base_url.as_str().into(),
        edge_secrets: cloud.edge_secrets.clone(),
        calls_out: true,
        text_numbers: TEXT_NUMBERS.map(str::to_owned).into(),
    };
    let dynamodb = cloud.dynamodb.to_builder().timeout_config(timeouts()).build();
    let client = aws_sdk_dynamodb::Client::from_conf(dynamodb);
    let (clock, copies) = (cloud.clock.clone(), Arc::new(Copies::default()));
    let table = Table::new(client, &cloud.table, &cloud.audit_table, clock, copies);
    let app = Arc::new(App { context, store: table });
    let ses = cloud.ses.to_builder().timeout_config(timeouts()).build();
    let sns = cloud.sns.to_builder().timeout_config(timeouts()).build();
    let voice = cloud.voice.to_builder().timeout_config(timeouts()).build();
    let senders = Senders {
        email: FROM.to_owned(),
        configuration_set: None,
        tenants: cloud.ses_tenants.clone(),
        texts: Some(NUMBER.to_owned()),
        calls: Some(NUMBER.to_owned()),
        at_a_time: 1,
    };
    let couriers = Arc::new(Couriers::new(ses, sns, voice, senders));

    macro_rules! on_routes {
        ($handle:path) => {
            http(
                &app,
                |app, request| async move { serve(&app, request, |inbound| $handle(&app, inbound)).await },
            )
        };
    }
    let hashing = Arc::new(Semaphore::new(HASHING));
    let (outbox, changes, enroll) = (Arc::clone(&app), Arc::clone(&app), Arc::clone(&app));
    let (answers, feedback, sweeps) = (Arc::clone(&app), Arc::clone(&app), Arc::clone(&app));
    let events = cloud.events.to_builder().timeout_config(timeouts()).build();
    let bus = Arc::new(EventBus::new(events, BUS));
    let sqs = cloud.sqs.to_builder().timeout_config(timeouts()).build();
    let requests = Queue::new(sqs.clone(), &cloud.queue_url("RequestQueue"));
    let pages = Queue::new(sqs, &cloud.queue_url("SweepQueue"));
    let batches = pages.clone();
    [
        ("configure-practice", on_routes!(portico_configure_practice::handle)),
        ("manage-account", on_routes!(portico_manage_account::handle)),
        ("onboard", on_routes!(portico_onboard::handle)),
        ("register", at_most(&hashing, on_routes!(portico_register::handle))),
        ("reset", at_most(&hashing, on_routes!(portico_reset::handle))),
        ("revoke", on_routes!(portico_revoke::handle)),
        ("print", on_routes!(portico_print::handle)),
        (
            "send-invite",
            http(&app, move |app, request| {
                let queue = batches.clone();
                async move {
                    serve(&app, request, |inbound| portico_send_invite::handle(&app, &queue, inbound)).await
                }
            }),
        ),
        ("sign-in", at_most(&hashing, on_routes!(portico_sign_in::handle))),
        ("account", at_most(&hashing, on_routes!(portico_account::handle))),
        ("introspect", on_routes!(portico_introspect::handle)),
        ("console", on_routes!(portico_console::handle)),
        ("health", on_routes!(portico_health::handle)),
        ("sync-chart", on_routes!(portico_sync_chart::handle)),
        ("verify", on_routes!(portico_verify::handle)),
        (
            "request-access",
            http(&app, move |app, request| {
                let queue = requests.clone();
                async move {
                    serve(&app, request, |inbound| portico_request_access::handle(&app, &queue, inbound))
                        .await
                }
            }),
        ),
        (
            "answer-request",
            plain(move |event| {
                let app = Arc::clone(&answers);
                async move { portico_answer_request::handle(&app, &event).await }
            }),
        ),
        (
            "auto-invite",
            plain(move |event| {
                let (app, queue) = (Arc::clone(&sweeps), pages.clone());
                async move { portico_auto_invite::handle(&app, &queue, &event).await }
            }),
        ),
        (
            "deliver",
            plain(move |event| {
                let (app, couriers) = (Arc::clone(&outbox), Arc::clone(&couriers));
                async move { portico_deliver::handle(&app, &*couriers, &event).await }
            }),
        ),
        (
            "publish-changes",
            plain(move |event| {
                let (app, bus) = (Arc::clone(&changes), Arc::clone(&bus));
                async move { portico_publish_changes::handle(&app, &*bus, &event).await }
            }),
        ),
        (
            "track-delivery",
            Arc::new(move |event| {
                let app = Arc::clone(&feedback);
                async move { portico_track_delivery::handle(&app, &event).await }.boxed()
            }),
        ),
        (
            "enroll-practice",
            plain(move |event| {
                let app = Arc::clone(&enroll);
                async move { portico_enroll_practice::handle(&app, event).await }
            }),
        ),
    ]
    .into_iter()
    .map(|(name, function)| (name.to_owned(), function))
    .collect()
}
