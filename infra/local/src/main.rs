//! `portico-local`: starts the whole of Portico on this machine.

use std::io::IsTerminal as _;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, ValueEnum};
use portico_domain::keys::HashCost;
use portico_local::demo::{Demo, SAMPLE, SHOWN, import_charts, start_demo};
use portico_local::{Config, Practice, Running, open_security_log};

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

    /// Charts for the first practice, as FHIR NDJSON; repeat it, Patient before Encounter [default: a
    /// small sample]
    #[arg(long, value_name = "FILE")]
    patients: Vec<PathBuf>,

    /// How to log, to standard error [default: lines on a terminal, else json]
    #[arg(long, value_name = "FORM", value_enum)]
    log: Option<Log>,

    /// Use this AWS endpoint instead of the embedded services
    #[arg(long, value_name = "URL")]
    endpoint_url: Option<String>,
}

/// The form of the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Log {
    /// Short lines for people
    Lines,
    /// One JSON object a line, as in the cloud
    Json,
}

impl Options {
    fn config(&self) -> Config {
        Config {
            listen: SocketAddr::from(([127, 0, 0, 1], self.port)),
            data: (!self.memory).then(|| self.data.clone()),
            endpoint_url: self.endpoint_url.clone(),
            faults: false,
            ready: false,
            hash_cost: HashCost::STANDARD,
            edge_secrets: Vec::new(),
            requests_per_address: u32::MAX,
            ses_tenants: None,
        }
    }

    /// The charts to import, each with a name to report them under.
    fn charts(&self) -> Result<Vec<(String, String)>, String> {
        if self.patients.is_empty() {
            // Both files in one call, so that each chart is written together with its visits.
            return Ok(vec![("Sample charts".to_owned(), SAMPLE.concat())]);
        }
        let read = |file: &PathBuf| {
            let text = std::fs::read_to_string(file)
                .map_err(|error| format!("Can't read {}: {error}.", file.display()))?;
            Ok((file.display().to_string(), text))
        };
        self.patients.iter().map(read).collect()
    }
}

#[tokio::main]
async fn main() -> ExitCode {
    let options = Options::parse();
    let log = options.log.unwrap_or(if std::io::stderr().is_terminal() { Log::Lines } else { Log::Json });
    let security = match (!options.memory).then(|| open_security_log(&options.data)).transpose() {
        Ok(security) => security,
        Err(error) => {
            eprintln!("Can't write to {}: {error}.", options.data.display());
            return ExitCode::FAILURE;
        }
    };
    portico_web::telemetry::start_on_one_machine(log == Log::Lines, security);
    let running = match run(&options).await {
        Ok(running) => running,
        Err(why) => {
            eprintln!("{why}");
            return ExitCode::FAILURE;
        }
    };
    told_to_stop().await;
    running.stop().await;
    ExitCode::SUCCESS
}

async fn run(options: &Options) -> Result<Running, String> {
    let files: Vec<(String, String)> = options.charts()?;
    let Demo { running, mut guide, is_new } =
        start_demo(options.config()).await.map_err(|error| error.to_string())?;
    if !options.patients.is_empty() {
        guide.samples.clear();
        running.introduce(guide.clone());
    }
    let shows_progress = std::io::stderr().is_terminal();
    let begins = if shows_progress { "\r" } else { "" };
    let first = guide.practices.first().cloned().unwrap_or_default();
    // The sample is imported once. Files given on the command line are imported again at each start.
    for (name, text) in files.iter().filter(|_| is_new || !options.patients.is_empty()) {
        let imported = import_charts(&running, &first.keys.ehr, text, |done, all| {
            if shows_progress {
                eprint!("\r{name}: {done} of {all}");
            }
        })
        .await?;
        eprintln!(
            "{begins}{name}: {} new, {} changed, {} known, {} refused",
            imported.created,
            imported.updated,
            imported.unchanged,
            imported.rejected.len()
        );
        for rejected in &imported.rejected {
            eprintln!("  {rejected}");
        }
    }
    running.set_ready();
    println!("{}", banner(&running.base_url, &first, options));
    Ok(running)
}

/// The text at start-up: what to open next.
fn banner(base: &str, practice: &Practice, options: &Options) -> String {
    let kept = if options.memory { "in memory".to_owned() } else { format!("in {}", options.data.display()) };
    let Practice { practice, keys } = practice;
    format!(
        "
Portico is at {base}, its data {kept}. Ctrl-C stops it.

  Start here     {base}/           practices, patients to try, keys, clock
  Sign-in page   {base}/{practice}
  Staff          {base}/_local/console   the Onboarding Tool, as an EHR's button opens it
  Mailbox        {base}/_local/mailbox   every mail and text that was sent, as its reader sees it
  Everything     {base}/_local           practices, their keys, the clock

Invite a patient, then look into the mailbox and follow the link:

  curl -s {base}/v1/patients/{SHOWN}/invitations \\
    -H 'Authorization: Bearer {}' -H 'Portico-Actor: me' \\
    -H 'Content-Type: application/json' -d '{{\"channel\": \"email\"}}'

The last name there is Walker, the date of birth 07/16/1997.
",
        keys.ehr
    )
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
