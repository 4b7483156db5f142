//! Handles one request from the event to the answer, and writes its one line of log.

use std::future::Future;

use lambda_http::Request;
use portico_domain::context::App;
use portico_domain::ports::Limits;
use tracing::Instrument as _;

use crate::answer::Answer;
use crate::compress::compress;
use crate::flood::Gate;
use crate::inbound::Inbound;
use crate::reject::{Broken, Code};
use crate::security_headers::add_security_headers;
use crate::security_log::Asked;

/// Answers one request, and adds the headers that every answer has. The log line contains the route, the status and the
/// duration. It never contains the person, or the path, which may contain a link's token. An address that floods the service
/// is turned away here.
pub async fn serve<S: Limits, F>(
    app: &App<S>,
    request: Request,
    handle: impl FnOnce(Inbound) -> F + Send,
) -> Answer
where
    F: Future<Output = Answer> + Send,
{
    let began = app.context.now();
    let inbound = Inbound::read(request, &app.context.edge_secrets);
    let (route, request_id) = (inbound.route.clone(), inbound.request_id.clone());
    let head = inbound.is_head();
    let asked = Asked::new(&app.context, &inbound);
    let gate = Gate::new(&inbound);
    let (path, takes_gzip) = (inbound.path().to_owned(), inbound.takes_gzip());
    // Boxed, because an operation's future is large and would otherwise be copied through every layer above.
    let mut answer = if let Some(answer) = gate.turned_away(app, &inbound, began) {
        answer
    } else {
        let answer = Box::pin(handle(inbound)).instrument(asked.span.clone()).await;
        let status = answer.status().as_u16();
        asked.answered(status);
        if gate.weigh(app, status, began).await {
            // Said once for each process: what is turned away from here on says nothing new.
            asked.flooded();
        }
        answer
    };
    if head {
        *answer.body_mut() = lambda_http::Body::Empty;
    }
    compress(&mut answer, &path, takes_gzip);
    add_security_headers(answer.headers_mut());
    let status = answer.status().as_u16();
    let duration_ms = app.context.now().millis() - began.millis();
    let code = answer.extensions().get::<Code>().map(|code| code.0);
    let broken = answer.extensions().get::<Broken>().map(|broken| broken.0);
    if status >= 500 {
        tracing::error!(
            http.route = route,
            http.status = status,
            duration_ms,
            request_id,
            code,
            broken,
            "request"
        );
    } else {
        tracing::info!(http.route = route, http.status = status, duration_ms, request_id, code, "request");
    }
    answer
}
