//! Starts `send-invite` on Lambda: creates the AWS clients and runs the handler.

use portico_aws::Process;
use portico_web::{App, Error, run, serve, service_fn, telemetry};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    telemetry::start();
    let process = Process::from_environment().await?;
    let app = &App { context: process.context(), store: process.table() };
    let queue = &process.queue("PORTICO_SWEEP_QUEUE_URL")?;
    run(service_fn(move |request| async move {
        Ok::<_, Error>(serve(app, request, |inbound| portico_send_invite::handle(app, queue, inbound)).await)
    }))
    .await
}
