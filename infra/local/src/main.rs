//! `portico-local`: starts the whole of Portico on this machine.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser;
use futures_util::FutureExt;
use portico_local::{Config, Functions, start};

/// Runs all of Portico on this machine: the API, its database, and a mailbox that catches what it sends.
#[derive(Debug, Parser)]
#[command(version, max_term_width = 100)]
struct Options {
    /// The port to serve on, on 127.0.0.1
    #[arg(long, value_name = "N", default_value_t = 3000)]
    port: u16,

    /// The folder that holds the database, the mailbox and the clock between runs
    #[arg(long, value_name = "DIR", default_value = "data")]
    data: PathBuf,

    /// Keep everything in memory and forget it at the end
    #[arg(long, conflicts_with = "data")]
    memory: bool,

    /// Charts for the first practice, as FHIR NDJSON; repeat it, Patient before Encounter [default: a small sample]
    #[arg(long, value_name = "FILE")]
    patients: Vec<PathBuf>,

    /// Use this AWS endpoint instead of the embedded services
    #[arg(long, value_name = "URL")]
    endpoint_url: Option<String>,
}

impl Options {
    fn config(&self) -> Config {
        Config {
            listen: SocketAddr::from(([127, 0, 0, 1], self.port)),
            data: (!self.memory).then(|| self.data.clone()),
            endpoint_url: self.endpoint_url.clone(),
            faults: false,
            ready: false,
        }
    }
}

#[tokio::main]
async fn main() -> ExitCode {
    let options = Options::parse();
    tracing_subscriber::fmt().with_max_level(tracing::Level::WARN).init();
    // The functions and the charts in `options.patients` go here.
    let running = match start(options.config(), |_| async { Ok(Functions::new()) }.boxed()).await {
        Ok(running) => running,
        Err(error) => {
            eprintln!("{error}");
            return ExitCode::FAILURE;
        }
    };
    running.set_ready();
    println!("Portico is at {}", running.base_url);
    told_to_stop().await;
    running.stop().await;
    ExitCode::SUCCESS
}

/// Resolves at Ctrl-C, or when the system asks the process to end.
async fn told_to_stop() {
    use tokio::signal::unix::{SignalKind, signal};
    let Ok(mut terminate) = signal(SignalKind::terminate()) else {
        tokio::signal::ctrl_c().await.ok();
        return;
    };
    tokio::select! {
        _ = tokio::signal::ctrl_c() => {}
        _ = terminate.recv() => {}
    }
}
