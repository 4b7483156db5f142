//! The log: one JSON line a request to standard output, and from the SDK and HTTP crates warnings at most.

use tracing_subscriber::filter::Targets;
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::layer::SubscriberExt as _;

/// What is let through: the lines of our own crates, which all begin with `portico`, from `info` on; everybody else's from
/// `warn` on. Fixed, because a debug line of an HTTP crate holds the request.
const FILTER: &str = "warn,portico=info";

/// Starts the log of a process, once.
pub fn start() {
    start_into(std::io::stdout);
}

/// Starts the log of a process into a writer, once; a second start changes nothing.
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
    // Another start came first, as in a process that runs many functions.
    tracing::subscriber::set_global_default(subscriber).ok();
}

fn filter() -> Targets {
    // Nothing at all is let through by a filter that can't be read; the test below reads it.
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
