//! The log: one JSON line for each request, to standard output. From the crates of the SDK and HTTP, only
//! warnings and errors are logged.

use std::fs::File;
use std::sync::Mutex;

use portico_domain::steps::security_log::TARGET as SECURITY;
use tracing::Subscriber;
use tracing::level_filters::LevelFilter;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::{Layer as _, Registry, fmt};

/// Log levels: our own crates, whose names all begin with `portico`, from `info`; all others from `warn`. The
/// filter is fixed, because a debug line of an HTTP crate contains the request.
const FILTER: &str = "warn,portico=info";

/// The target of lines that say that there was nothing to do. Alarms read them; on one machine, they would drown the rest.
pub const IDLE: &str = "portico_idle";

/// Starts the log of a process, to standard output.
pub fn start() {
    start_into(std::io::stdout);
}

/// Starts the log of a process, to a writer. A second start changes nothing.
pub fn start_into<W>(writer: W)
where
    W: for<'a> MakeWriter<'a> + Clone + Send + Sync + 'static,
{
    let lines = fmt::layer().json().flatten_event(true).with_current_span(false).with_span_list(false);
    let lines = lines.with_writer(writer.clone()).with_filter(filter());
    // Lines of the security log have the span of their request, as a member of its own.
    let security = fmt::layer().json().flatten_event(true).with_current_span(true).with_span_list(false);
    let security = security.with_writer(writer).with_filter(security_filter());
    // The log was started before, for example in a process that runs many functions.
    tracing::subscriber::set_global_default(Registry::default().with(lines).with(security)).ok();
}

/// Starts the log of the local service, to standard error: short lines for people, or JSON; without lines of
/// [`IDLE`]. Lines of the security log go to `security`, if it is there; to standard error as JSON only. A second start
/// changes nothing.
pub fn start_on_one_machine(is_for_people: bool, security: Option<File>) {
    tracing::subscriber::set_global_default(on_one_machine(is_for_people, security)).ok();
}

fn on_one_machine(is_for_people: bool, security: Option<File>) -> impl Subscriber + Send + Sync {
    let filter = filter().with_target(IDLE, LevelFilter::OFF);
    let for_people = is_for_people.then(|| {
        let lines = fmt::layer().compact().with_target(false).with_writer(std::io::stderr);
        lines.with_filter(filter.clone())
    });
    let for_machines = (!is_for_people).then(|| {
        let lines = fmt::layer().json().flatten_event(true).with_current_span(false).with_span_list(false);
        lines.with_writer(std::io::stderr).with_filter(filter)
    });
    let printed = (!is_for_people).then(|| {
        let lines = fmt::layer().json().flatten_event(true).with_current_span(true).with_span_list(false);
        lines.with_writer(std::io::stderr).with_filter(security_filter())
    });
    let kept = security.map(|file| {
        let lines = fmt::layer().json().flatten_event(true).with_current_span(true).with_span_list(false);
        lines.with_writer(Mutex::new(file)).with_filter(security_filter())
    });
    Registry::default().with(for_people).with(for_machines).with(printed).with(kept)
}

/// All lines but those of the security log.
fn filter() -> Targets {
    // If the filter can't be parsed, nothing is logged. The test below parses it.
    FILTER.parse::<Targets>().unwrap_or_default().with_target(SECURITY, LevelFilter::OFF)
}

/// The lines of the security log, and the spans of requests.
fn security_filter() -> Targets {
    Targets::new().with_target(SECURITY, LevelFilter::INFO)
}

#[cfg(test)]
mod tests {
    use super::*;
    use tracing::Level;

    #[test]
    fn on_one_machine_the_security_log_is_kept_in_a_file_and_nothing_else_is() {
        let path = std::env::temp_dir().join(format!("portico-security-log-{}", std::process::id()));
        let subscriber = on_one_machine(true, Some(File::create(&path).unwrap()));
        tracing::subscriber::with_default(subscriber, || {
            let span = tracing::info_span!(target: SECURITY, "request", request_id = "r-1");
            span.in_scope(|| tracing::info!(target: SECURITY, event = "signed_in", "security"));
            tracing::debug!("not ours");
        });
        let kept = std::fs::read_to_string(&path).unwrap();
        std::fs::remove_file(&path).unwrap();
        let line: serde_json::Value = serde_json::from_str(kept.trim()).unwrap();
        assert_eq!((&line["event"], &line["span"]["request_id"]), (&"signed_in".into(), &"r-1".into()));
    }

    #[test]
    fn our_own_lines_pass_from_info_on_and_others_from_warn_on() {
        let passes = |target, level| filter().would_enable(target, &level);
        assert!(passes("portico_web::serve", Level::INFO) && !passes("portico_web::serve", Level::DEBUG));
        assert!(passes("hyper", Level::WARN) && !passes("hyper", Level::INFO));
        assert!(passes(IDLE, Level::INFO), "alarms read it");
        assert!(!passes(SECURITY, Level::INFO), "it has a layer of its own");
        assert!(security_filter().would_enable(SECURITY, &Level::INFO));
        assert!(!security_filter().would_enable("portico_web::serve", &Level::ERROR));
    }
}
