//! The log: one JSON line for each request, to standard output. From the crates of the SDK and HTTP, only
//! warnings and errors are logged.

use tracing_subscriber::filter::Targets;
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::layer::SubscriberExt as _;

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
    W: for<'a> MakeWriter<'a> + Send + Sync + 'static,
{
    let subscriber = tracing_subscriber::fmt()
        .json()
        .flatten_event(true)
        .with_current_span(false)
        .with_span_list(false)
        .with_writer(writer)
        .finish()
        .with(filter());
    // The log was started before, for example in a process that runs many functions.
    tracing::subscriber::set_global_default(subscriber).ok();
}

/// Starts the log of the local service, to standard error: short lines for people, or JSON; without lines of
/// [`IDLE`]. A second start changes nothing.
pub fn start_on_one_machine(is_for_people: bool) {
    let filter = filter().with_target(IDLE, tracing::level_filters::LevelFilter::OFF);
    let log = tracing_subscriber::fmt().with_writer(std::io::stderr);
    if is_for_people {
        let lines = log.compact().with_target(false).finish().with(filter);
        tracing::subscriber::set_global_default(lines).ok();
    } else {
        let lines = log.json().flatten_event(true).with_current_span(false).with_span_list(false).finish();
        tracing::subscriber::set_global_default(lines.with(filter)).ok();
    }
}

fn filter() -> Targets {
    // If the filter can't be parsed, nothing is logged. The test below parses it.
    FILTER.parse().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use tracing::Level;

    #[test]
    fn our_own_lines_pass_from_info_on_and_others_from_warn_on() {
        let passes = |target, level| filter().would_enable(target, &level);
        assert!(passes("portico_web::serve", Level::INFO) && !passes("portico_web::serve", Level::DEBUG));
        assert!(passes("hyper", Level::WARN) && !passes("hyper", Level::INFO));
        assert!(passes(IDLE, Level::INFO), "alarms read it");
    }
}
