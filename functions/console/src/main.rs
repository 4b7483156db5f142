//! Starts `console` on Lambda: creates the AWS clients and runs the handler.

use portico_aws::Process;
use portico_web::{App, Error, run, serve, service_fn, telemetry};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    telemetry::start();
    let process = Process::from_environment().await?;
    let app = &App { context: process.context(), store: process.table() };
    run(service_fn(move |request| async move {
        Ok::<_, Error>(serve(app, request, |inbound| portico_console::handle(app, inbound)).await)
    }))
    .await
}
