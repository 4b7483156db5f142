//! `publish-changes`: wiring.

use lambda_runtime::{Error, LambdaEvent, run, service_fn};
use portico_aws::Process;
use portico_web::telemetry;
use serde_json::Value;

#[tokio::main]
async fn main() -> Result<(), Error> {
    telemetry::start();
    let process = Process::from_environment().await?;
    let table = &process.table();
    run(service_fn(move |event: LambdaEvent<Value>| async move {
        Ok::<_, Error>(publish_changes::handle(table, &event.payload).await)
    }))
    .await
}
