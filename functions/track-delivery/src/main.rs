//! Starts `track-delivery` on Lambda: creates the AWS clients and runs the handler.

use lambda_runtime::{Error, LambdaEvent, run, service_fn};
use portico_aws::Process;
use portico_web::{App, telemetry};
use serde_json::Value;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    telemetry::start();
    let process = Process::from_environment().await?;
    let app = &App { context: process.context(), store: process.table() };
    run(service_fn(move |event: LambdaEvent<Value>| async move {
        portico_track_delivery::handle(app, &event.payload).await.map_err(Error::from)
    }))
    .await
}
