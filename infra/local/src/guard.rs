//! Who may talk to the local service. It listens on this machine alone, but a browser here also runs pages of other
//! sites: one whose name resolves to 127.0.0.1 could read everything (DNS rebinding), and any could post to it.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use axum::extract::{Request, State};
use axum::http::{HeaderMap, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::Response;

use crate::gateway::problem;

/// Answers only requests to this machine's own names and the service's port.
#[derive(Clone)]
pub(crate) struct HostGuard {
    port: u16,
    /// Whether any host is let in, for a test of what functions do with a foreign one.
    any: Arc<AtomicBool>,
}

impl HostGuard {
    pub(crate) fn new(port: u16) -> Self {
        Self { port, any: Arc::default() }
    }

    pub(crate) fn let_any_in(&self) {
        self.any.store(true, Ordering::Release);
    }

    /// Whether the host of a request, with its port, is ours.
    fn is_ours(&self, host: &str) -> bool {
        ["127.0.0.1", "localhost", "[::1]"].iter().any(|ours| {
            let rest = host.get(..ours.len()).filter(|name| name.eq_ignore_ascii_case(ours));
            match rest.and_then(|_| host.get(ours.len()..)) {
                Some("") => self.port == 80,
                Some(port) => port == format!(":{}", self.port),
                None => false,
            }
        })
    }
}

/// Refuses a request to another host than this machine, on every path.
pub(crate) async fn own_host(State(guard): State<HostGuard>, request: Request, next: Next) -> Response {
    let mut named = request.headers().get_all(header::HOST).iter();
    let host = named.next().and_then(|host| host.to_str().ok());
    let once = named.next().is_none();
    // A request line may name a host, too.
    let target = request.uri().authority().map(axum::http::uri::Authority::as_str);
    let is_ours =
        once && host.is_some_and(|host| guard.is_ours(host)) && target.is_none_or(|host| guard.is_ours(host));
    if is_ours || guard.any.load(Ordering::Acquire) {
        return next.run(request).await;
    }
    let detail = "This service answers to 127.0.0.1, localhost and [::1] with its own port.";
    problem(StatusCode::MISDIRECTED_REQUEST, "Misdirected Request", "misdirected_request", detail)
}

/// Refuses what a page of another site sends to the routes under `/_local`. Only a page of this service, or a client that is
/// no browser, may change anything, and only with JSON, which a form of another site can't send.
pub(crate) async fn own_pages(request: Request, next: Next) -> Response {
    let changes = matches!(*request.method(), Method::POST | Method::DELETE);
    if changes && is_foreign(request.headers()) {
        let detail = "A page of another site can't do this.";
        return problem(StatusCode::FORBIDDEN, "Forbidden", "forbidden", detail);
    }
    let kind = request.headers().get(header::CONTENT_TYPE);
    // A page of another site can send a DELETE without a body only with our consent, which it doesn't get.
    let may_lack = *request.method() == Method::DELETE && kind.is_none();
    let is_json = kind.and_then(|kind| kind.to_str().ok()).is_some_and(|kind| {
        kind.split(';').next().unwrap_or_default().trim().eq_ignore_ascii_case("application/json")
    });
    if changes && !is_json && !may_lack {
        let detail = "Send JSON, with `Content-Type: application/json`.";
        return problem(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "Unsupported Media Type",
            "unsupported_media_type",
            detail,
        );
    }
    next.run(request).await
}

/// Whether a browser says that the request comes from another site. Another client says nothing.
fn is_foreign(headers: &HeaderMap) -> bool {
    let all = |name: &str| {
        let values = headers.get_all(name).iter();
        values.map(|value| value.to_str().unwrap_or_default().to_owned()).collect::<Vec<_>>()
    };
    let own = all("host").first().map(|host| format!("http://{host}"));
    let origin = all("origin").iter().any(|origin| Some(origin) != own.as_ref());
    let site = all("sec-fetch-site").iter().any(|site| !matches!(site.as_str(), "same-origin" | "none"));
    origin || site
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::service::tests::empty;

    #[test]
    fn only_this_machines_names_with_the_own_port_are_ours() {
        let guard = HostGuard::new(3000);
        for host in ["127.0.0.1:3000", "localhost:3000", "LocalHost:3000", "[::1]:3000"] {
            assert!(guard.is_ours(host), "{host}");
        }
        for host in [
            "",
            "127.0.0.1",
            "localhost",
            "localhost:80",
            "localhost:30000",
            "localhost:03000",
            "localhost:3000:3000",
            "localhost.evil.example:3000",
            "evil.example:3000",
            "evil.example",
            "127.0.0.1.evil.example:3000",
            "127.0.0.2:3000",
            "user@localhost:3000",
            "localhost :3000",
            "0.0.0.0:3000",
            "é",
        ] {
            assert!(!guard.is_ours(host), "{host}");
        }
        assert!(HostGuard::new(80).is_ours("localhost") && HostGuard::new(80).is_ours("localhost:80"));
    }

    #[tokio::test]
    async fn a_request_to_another_host_gets_nothing_on_any_path() {
        let running = empty().await;
        let port = running.base_url.rsplit(':').next().unwrap().to_owned();
        let http = reqwest::Client::new();
        let paths = [
            "/_local",
            "/_local/messages",
            "/_local/items",
            "/_local/mailbox",
            "/health",
            "/riverside",
            "/x/y/z",
        ];
        for path in paths {
            for host in [format!("evil.example:{port}"), "evil.example".to_owned(), "127.0.0.1:1".to_owned()]
            {
                for method in ["GET", "POST", "DELETE"] {
                    let url = format!("{}{path}", running.base_url);
                    let request = http.request(method.parse().unwrap(), url).header("host", &host);
                    let answer = request.json(&json!({})).send().await.unwrap();
                    assert_eq!(answer.status(), 421, "{method} {path} {host}");
                    assert_eq!(answer.json::<Value>().await.unwrap()["code"], "misdirected_request");
                }
            }
        }
        for host in ["localhost", "127.0.0.1", "[::1]"] {
            let request = http.get(format!("{}/_local/clock", running.base_url));
            let answer = request.header("host", format!("{host}:{port}")).send().await.unwrap();
            assert_eq!(answer.status(), 200, "{host}");
        }
        let captured = http.get(&running.capture_url).header("host", format!("evil.example:{port}"));
        assert_eq!(captured.send().await.unwrap().status(), 421, "nor on the mail's own port");
    }

    #[tokio::test]
    async fn a_page_of_another_site_changes_nothing_here() {
        let running = empty().await;
        let http = reqwest::Client::new();
        let base = running.base_url.clone();
        let ask = async |method: &str, path: &str, headers: &[(&str, &str)]| {
            let request = http.request(method.parse().unwrap(), format!("{base}{path}"));
            let request =
                headers.iter().fold(request, |request, (name, value)| request.header(*name, *value));
            request.body("{\"advance_seconds\": 1}").send().await.unwrap().status().as_u16()
        };
        let json = ("content-type", "application/json");
        let changes = [
            ("POST", "/_local/clock"),
            ("POST", "/_local/feedback"),
            ("POST", "/_local/sweep"),
            ("POST", "/_local/operator"),
            ("DELETE", "/_local/messages"),
            ("DELETE", "/_local/costs"),
        ];
        for (method, path) in changes {
            for foreign in [
                ("origin", "https://evil.example"),
                ("origin", "null"),
                ("origin", "http://127.0.0.1:1"),
                ("origin", "http://localhost.evil.example"),
                ("sec-fetch-site", "cross-site"),
                ("sec-fetch-site", "same-site"),
            ] {
                assert_eq!(ask(method, path, &[json, foreign]).await, 403, "{method} {path} {foreign:?}");
            }
            for kind in [
                "text/plain",
                "application/x-www-form-urlencoded",
                "multipart/form-data",
                "application/jsonp",
            ] {
                let kind = ("content-type", kind);
                assert_eq!(ask(method, path, &[kind]).await, 415, "{method} {path} {kind:?}");
            }
        }
        assert_eq!(ask("POST", "/_local/clock", &[]).await, 415, "a body without its kind");
        let before = running.clock.offset_ms();
        assert_eq!(before, 0, "the clock was not moved");
        for own in [
            vec![json],
            vec![json, ("origin", base.as_str()), ("sec-fetch-site", "same-origin")],
            vec![json, ("sec-fetch-site", "none")],
        ] {
            assert_eq!(ask("POST", "/_local/clock", &own).await, 200, "{own:?}");
        }
        assert_eq!(
            ask("POST", "/_local/clock", &[("content-type", "application/json; charset=utf-8")]).await,
            200
        );
        let forgotten = http.delete(format!("{base}/_local/messages")).send().await.unwrap();
        assert_eq!(forgotten.status(), 204, "a client that is no browser needs no headers");
    }
}
