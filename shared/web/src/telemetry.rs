//! The log: one JSON line a request to standard output, and from the SDK and HTTP crates warnings at most.

use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt::MakeWriter;

/// What is let through: our own lines from `info` on, everybody else's from `warn` on. Fixed, because a debug line of an
/// HTTP crate holds the request.
const FILTER: &str = "warn,portico_domain=info,portico_store=info,portico_aws=info,portico_web=info,portico_local=info,deliver=info,sync_chart=info";

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
        .with_env_filter(EnvFilter::new(FILTER))
        .with_writer(writer)
        .finish();
    // Another start came first, as in a process that runs many functions.
    tracing::subscriber::set_global_default(subscriber).ok();
}
