//! Starts `auto-invite` on Lambda: creates the AWS clients and runs the handler.

use lambda_runtime::{Error, LambdaEvent, run, service_fn};
use portico_aws::Process;
use portico_web::{App, telemetry};
use serde_json::Value;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    telemetry::start();
    let process = Process::from_environment().await?;
    let app = &App { context: process.context(), store: process.table() };
    let queue = &process.queue("PORTICO_SWEEP_QUEUE_URL")?;
    run(service_fn(move |event: LambdaEvent<Value>| async move {
        Ok::<_, Error>(portico_auto_invite::handle(app, queue, &event.payload).await)
    }))
    .await
}
