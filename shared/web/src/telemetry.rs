//! The log: one JSON line for each request, to standard output. From the crates of the SDK and HTTP, only
//! warnings and errors are logged.

use tracing_subscriber::filter::Targets;
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::layer::SubscriberExt as _;

/// Log levels: our own crates, whose names all begin with `portico`, from `info`; all others from `warn`. The
/// filter is fixed, because a debug line of an HTTP crate contains the request.
const FILTER: &str = "warn,portico=info";

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
    }
}
