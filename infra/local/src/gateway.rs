//! The HTTP API: matches each request against the template's routes, passes it to the function as the API
//! Gateway event (payload 2.0) that it would get in the cloud, and turns the function's answer back into
//! HTTP. It logs neither bodies, headers nor paths: a link's path is its secret.

use std::collections::{BTreeMap, HashMap};
use std::net::SocketAddr;
use std::sync::Arc;

use axum::body::{Body, Bytes};
use axum::extract::{ConnectInfo, Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use data_encoding::BASE64;
use futures_util::StreamExt;
use portico_domain::time::{Clock, Timestamp};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use crate::clock::LocalClock;
use crate::ids;
use crate::invoke::Invoker;
use crate::template::{DeployedFunction, Route};

/// Lambda's limit for a synchronous payload.
const MAX_BODY: usize = 6 * 1024 * 1024;

/// A body larger than this isn't even read to its end.
const MAX_DRAINED: usize = 64 * 1024 * 1024;

/// The account and the API in events.
const ACCOUNT: &str = "000000000000";

const API: &str = "local";

/// The template's routes, most specific first.
#[derive(Clone, Default)]
pub struct Routes {
    by_method: HashMap<String, matchit::Router<Arc<Target>>>,
    /// The route of a method that takes what no other one does: `/{path+}`.
    greedy: HashMap<String, Arc<Target>>,
}

/// The target of a route.
#[derive(Debug)]
struct Target {
    function: String,
    route: Route,
    names: Vec<String>,
}

/// A route that a request matched.
struct Matched {
    target: Arc<Target>,
    parameters: BTreeMap<String, String>,
}

/// Two routes that no request can tell apart, or a path that can't be parsed.
#[derive(Debug, thiserror::Error)]
#[error("route {method} {path}: {reason}")]
pub struct RouteError {
    method: String,
    path: String,
    reason: String,
}

impl Routes {
    /// The routes of these functions.
    pub fn new(functions: &[DeployedFunction]) -> Result<Self, RouteError> {
        let mut routes = Self::default();
        for function in functions {
            for route in &function.routes {
                routes.add(&function.folder, route)?;
            }
        }
        Ok(routes)
    }

    fn add(&mut self, function: &str, route: &Route) -> Result<(), RouteError> {
        let (pattern, names) = normalise(&route.path);
        let target = Arc::new(Target { function: function.to_owned(), route: route.clone(), names });
        if pattern == "/{*p1}" {
            self.greedy.insert(route.method.clone(), target);
            return Ok(());
        }
        let router = self.by_method.entry(route.method.clone()).or_default();
        router.insert(pattern, target).map_err(|error| RouteError {
            method: route.method.clone(),
            path: route.path.clone(),
            reason: error.to_string(),
        })
    }

    fn find(&self, method: &str, path: &str) -> Option<Matched> {
        let matched = [method, "ANY"].into_iter().find_map(|method| {
            let found = self.by_method.get(method)?.at(path).ok()?;
            let names = found.value.names.iter().cloned();
            let values = found.params.iter().map(|(_, value)| percent_decoded(value));
            Some(Matched { target: Arc::clone(found.value), parameters: names.zip(values).collect() })
        });
        matched.or_else(|| {
            let target = self.greedy.get(method)?;
            let rest = percent_decoded(path.trim_start_matches('/'));
            let parameters = target.names.iter().cloned().zip([rest]).collect();
            Some(Matched { target: Arc::clone(target), parameters })
        })
    }
}

/// Converts a path for the router: parameters are numbered, and the template's names are returned beside it,
/// because two routes may name the same position differently.
fn normalise(path: &str) -> (String, Vec<String>) {
    let mut names = Vec::new();
    let segments = path.split('/').map(|segment| {
        let Some(name) = segment.strip_prefix('{').and_then(|rest| rest.strip_suffix('}')) else {
            return segment.to_owned();
        };
        let greedy = name.strip_suffix('+');
        names.push(greedy.unwrap_or(name).to_owned());
        let star = if greedy.is_some() { "*" } else { "" };
        format!("{{{star}p{}}}", names.len())
    });
    let pattern = segments.collect::<Vec<_>>().join("/");
    (pattern, names)
}

fn percent_decoded(text: &str) -> String {
    percent_encoding::percent_decode_str(text).decode_utf8_lossy().into_owned()
}

/// Everything that the gateway needs to serve a request.
#[derive(Clone)]
pub struct Gateway {
    /// The template's routes.
    pub routes: Arc<Routes>,
    pub invoker: Invoker,
    /// The source of the event's time.
    pub clock: Arc<LocalClock>,
}

/// Serves one request; the fallback of the local service's router.
pub async fn handle(
    State(gateway): State<Gateway>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    request: Request,
) -> Response {
    let (parts, body) = request.into_parts();
    let Some(matched) = gateway.routes.find(parts.method.as_str(), parts.uri.path()) else {
        return problem(StatusCode::NOT_FOUND, "Not Found", "not_found", "There is nothing at this address.");
    };
    let Some(body) = read_limited(body).await else {
        let detail = "The body is larger than 6 MB.";
        return problem(StatusCode::PAYLOAD_TOO_LARGE, "Content Too Large", "payload_too_large", detail);
    };
    let head = Head { method: &parts.method, uri: &parts.uri, headers: &parts.headers, peer };
    let event = event(&head, &body, &matched, gateway.clock.now());
    let Target { function, route, .. } = &*matched.target;
    match gateway.invoker.call(function, &route.event, event).await {
        Ok(answer) => answered(answer),
        Err(error) => {
            tracing::error!(function, event = route.event, error, "a function failed");
            internal_error()
        }
    }
}

/// A problem body (RFC 9457) from the gateway itself.
pub(crate) fn problem(status: StatusCode, title: &str, code: &str, detail: &str) -> Response {
    let body = json!({
        "type": "about:blank", "title": title, "status": status.as_u16(), "code": code, "detail": detail,
    });
    let kind = [(header::CONTENT_TYPE, "application/problem+json")];
    let mut answer = (status, kind, body.to_string()).into_response();
    portico_web::add_security_headers(answer.headers_mut());
    answer
}

fn internal_error() -> Response {
    let body = axum::Json(json!({"message": "Internal Server Error"}));
    let mut answer = (StatusCode::INTERNAL_SERVER_ERROR, body).into_response();
    portico_web::add_security_headers(answer.headers_mut());
    answer
}

/// The body, or `None` if it is too large. A body that is too large is read and dropped, because a client
/// that still sends doesn't read the response.
async fn read_limited(body: Body) -> Option<Bytes> {
    let mut stream = body.into_data_stream();
    let (mut kept, mut seen) = (Vec::new(), 0);
    while let Some(chunk) = stream.next().await {
        let chunk = chunk.ok()?;
        seen += chunk.len();
        if seen <= MAX_BODY {
            kept.extend_from_slice(&chunk);
        } else if seen > MAX_DRAINED {
            break;
        }
    }
    (seen <= MAX_BODY).then(|| kept.into())
}

// --- request to event ---

struct Head<'a> {
    method: &'a Method,
    uri: &'a Uri,
    headers: &'a HeaderMap,
    peer: SocketAddr,
}

/// An event in API Gateway's payload format 2.0. Empty members are left out, as API Gateway does.
fn event(head: &Head, body: &[u8], matched: &Matched, now: Timestamp) -> Value {
    let route = &matched.target.route;
    let route_key = format!("{} {}", route.method, route.path);
    let query = head.uri.query().unwrap_or_default();
    let mut event = json!({
        "version": "2.0",
        "routeKey": route_key,
        "rawPath": head.uri.path(),
        "rawQueryString": query,
        "headers": headers(head.headers),
        "requestContext": {
            "accountId": ACCOUNT,
            "apiId": API,
            "domainName": "localhost",
            "domainPrefix": API,
            "http": {
                "method": head.method.as_str(),
                "path": head.uri.path(),
                "protocol": "HTTP/1.1",
                "sourceIp": head.peer.ip().to_string(),
                "userAgent": text(head.headers.get(header::USER_AGENT)),
            },
            "requestId": ids::new(now),
            "routeKey": route_key,
            "stage": "$default",
            "time": now.to_jiff().strftime("%d/%b/%Y:%H:%M:%S +0000").to_string(),
            "timeEpoch": now.millis(),
        },
        "isBase64Encoded": false,
    });
    let cookies = cookies(head.headers);
    if !cookies.is_empty() {
        event["cookies"] = json!(cookies);
    }
    if !query.is_empty() {
        event["queryStringParameters"] = json!(query_parameters(query));
    }
    if !matched.parameters.is_empty() {
        event["pathParameters"] = json!(matched.parameters);
    }
    if !body.is_empty() {
        let content_type = text(head.headers.get(header::CONTENT_TYPE));
        let as_text = is_text(&content_type).then(|| std::str::from_utf8(body).ok()).flatten();
        event["isBase64Encoded"] = json!(as_text.is_none());
        event["body"] = as_text.map_or_else(|| json!(BASE64.encode(body)), |text| json!(text));
    }
    event
}

/// Whether API Gateway passes this content type as text. All others, including forms, are passed in base64.
fn is_text(content_type: &str) -> bool {
    let kind = content_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    kind.starts_with("text/")
        || matches!(kind.as_str(), "application/json" | "application/xml" | "application/javascript")
}

/// The headers, with names in lower case and repeated ones joined by a comma. Cookies are not in here; they
/// have a field of their own.
fn headers(headers: &HeaderMap) -> BTreeMap<&str, String> {
    let names = headers.keys().filter(|name| **name != header::COOKIE);
    names.map(|name| (name.as_str(), joined(headers, name))).collect()
}

fn joined(headers: &HeaderMap, name: &HeaderName) -> String {
    headers.get_all(name).iter().map(|value| text(Some(value))).collect::<Vec<_>>().join(",")
}

fn cookies(headers: &HeaderMap) -> Vec<String> {
    let lines = headers.get_all(header::COOKIE).iter().map(|line| text(Some(line)));
    lines.flat_map(|line| line.split("; ").map(str::to_owned).collect::<Vec<_>>()).collect()
}

fn query_parameters(query: &str) -> BTreeMap<String, String> {
    let mut parameters = BTreeMap::<String, String>::new();
    for (name, value) in form_urlencoded::parse(query.as_bytes()) {
        parameters
            .entry(name.into_owned())
            .and_modify(|values| {
                values.push(',');
                values.push_str(&value);
            })
            .or_insert_with(|| value.into_owned());
    }
    parameters
}

fn text(value: Option<&HeaderValue>) -> String {
    value.map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned()).unwrap_or_default()
}

// --- answer to response ---

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Answer {
    status_code: u16,
    #[serde(default)]
    headers: Option<Map<String, Value>>,
    #[serde(default)]
    multi_value_headers: Option<BTreeMap<String, Vec<Value>>>,
    #[serde(default)]
    cookies: Option<Vec<String>>,
    #[serde(default)]
    body: Option<String>,
    #[serde(default)]
    is_base64_encoded: bool,
}

/// An answer without a status code becomes a JSON body with status 200. An answer that makes no valid
/// response is an error, as in the cloud.
fn answered(answer: Value) -> Response {
    if answer.get("statusCode").is_none() {
        return axum::Json(answer).into_response();
    }
    let answer = serde_json::from_value::<Answer>(answer).map_err(|error| error.to_string());
    answer.and_then(response).unwrap_or_else(|error| {
        tracing::error!(error, "a function's answer is not an HTTP response");
        internal_error()
    })
}

fn response(answer: Answer) -> Result<Response, String> {
    let body = answer.body.unwrap_or_default();
    let body = if answer.is_base64_encoded {
        BASE64.decode(body.as_bytes()).map_err(|error| error.to_string())?
    } else {
        body.into_bytes()
    };
    let mut response = Response::new(Body::from(body));
    *response.status_mut() = StatusCode::from_u16(answer.status_code).map_err(|error| error.to_string())?;
    let headers = response.headers_mut();
    for (name, value) in answer.headers.unwrap_or_default() {
        headers.insert(header_name(&name)?, header_value(&value)?);
    }
    for (name, values) in answer.multi_value_headers.unwrap_or_default() {
        let name = header_name(&name)?;
        headers.remove(&name);
        for value in values {
            headers.append(name.clone(), header_value(&value)?);
        }
    }
    for cookie in answer.cookies.unwrap_or_default() {
        headers.append(header::SET_COOKIE, header_value(&Value::String(cookie))?);
    }
    // The server sets this header itself.
    headers.remove(header::CONTENT_LENGTH);
    headers.remove(header::TRANSFER_ENCODING);
    Ok(response)
}

fn header_name(name: &str) -> Result<HeaderName, String> {
    name.parse().map_err(|_| "a header's name is not one".to_owned())
}

fn header_value(value: &Value) -> Result<HeaderValue, String> {
    let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    HeaderValue::from_str(&text).map_err(|_| "a header's value is not one".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn routes(list: &[(&str, &str)]) -> Routes {
        let route = |(method, path): &(&str, &str)| Route {
            event: (*path).to_owned(),
            method: (*method).to_owned(),
            path: (*path).to_owned(),
        };
        let function = DeployedFunction {
            folder: "f".into(),
            routes: list.iter().map(route).collect(),
            ..DeployedFunction::default()
        };
        Routes::new(&[function]).unwrap()
    }

    fn found(routes: &Routes, method: &str, path: &str) -> Option<(String, BTreeMap<String, String>)> {
        routes.find(method, path).map(|matched| (matched.target.route.path.clone(), matched.parameters))
    }

    #[test]
    fn the_most_specific_route_wins_and_keeps_its_own_names() {
        let routes = routes(&[
            ("GET", "/{practice}"),
            ("POST", "/{practice}/sign-in"),
            ("GET", "/{practice}/account"),
            ("GET", "/i/{token}"),
            ("POST", "/i/{token}/verify"),
            ("GET", "/console"),
            ("GET", "/v1/patients/{patient_id}"),
            ("GET", "/v1/patients/{id}/portal"),
            ("POST", "/v1/patients/import"),
            ("GET", "/files/{rest+}"),
            ("ANY", "/any"),
        ]);
        let path = |method, path| found(&routes, method, path).map(|(path, _)| path);
        let cases = [
            ("GET", "/console", "/console"),
            ("GET", "/elm-street", "/{practice}"),
            ("GET", "/i/account", "/i/{token}"),
            ("POST", "/i/sign-in", "/{practice}/sign-in"),
            ("POST", "/i/t/verify", "/i/{token}/verify"),
            ("GET", "/v1/patients/import", "/v1/patients/{patient_id}"),
            ("POST", "/v1/patients/import", "/v1/patients/import"),
            ("GET", "/files/a/b", "/files/{rest+}"),
            ("PATCH", "/any", "/any"),
        ];
        for (method, asked, expected) in cases {
            assert_eq!(path(method, asked).as_deref(), Some(expected), "{method} {asked}");
        }
        let named = |asked| found(&routes, "GET", asked).unwrap().1.into_iter().next().unwrap();
        assert_eq!(named("/v1/patients/a%2Fb+c"), ("patient_id".to_owned(), "a/b+c".to_owned()));
        assert_eq!(named("/v1/patients/7/portal"), ("id".to_owned(), "7".to_owned()));
    }

    #[test]
    fn what_no_route_names_is_not_found() {
        let routes = routes(&[("GET", "/i/{token}"), ("POST", "/i/{token}/verify")]);
        for (method, path) in
            [("HEAD", "/i/t"), ("POST", "/i/t"), ("GET", "/i/"), ("GET", "/i/t/"), ("GET", "/")]
        {
            assert!(found(&routes, method, path).is_none(), "{method} {path}");
        }
    }

    fn event_of(method: &str, uri: &str, headers: &[(&'static str, &str)], body: &[u8]) -> Value {
        let routes = routes(&[(method, "/i/{token}")]);
        let uri: Uri = uri.parse().unwrap();
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.append(*name, value.parse().unwrap());
        }
        let head = Head {
            method: &method.parse().unwrap(),
            uri: &uri,
            headers: &map,
            peer: ([127, 1, 2, 3], 9).into(),
        };
        let matched = routes.find(method, uri.path()).unwrap();
        event(&head, body, &matched, "2026-03-12T19:03:58.390Z".parse().unwrap())
    }

    #[test]
    fn an_event_is_api_gateways_payload_2_0() {
        let headers = [
            ("accept", "text/html"),
            ("accept", "*/*"),
            ("cookie", "a=1; b=2"),
            ("user-agent", "x"),
            ("x-forwarded-for", "9.9.9.9"),
            ("content-type", "application/json; charset=utf-8"),
        ];
        let mut event = event_of("POST", "/i/abc%20d?q=a%20b&q=c+d&r=", &headers, br#"{"a":"\u00e9"}"#);
        assert!(event["requestContext"]["requestId"].take().is_string());
        let expected = json!({
            "version": "2.0",
            "routeKey": "POST /i/{token}",
            "rawPath": "/i/abc%20d",
            "rawQueryString": "q=a%20b&q=c+d&r=",
            "cookies": ["a=1", "b=2"],
            "headers": {
                "accept": "text/html,*/*", "user-agent": "x", "x-forwarded-for": "9.9.9.9",
                "content-type": "application/json; charset=utf-8",
            },
            "queryStringParameters": {"q": "a b,c d", "r": ""},
            "pathParameters": {"token": "abc d"},
            "requestContext": {
                "accountId": "000000000000", "apiId": "local", "domainName": "localhost", "domainPrefix": "local",
                "http": {
                    "method": "POST", "path": "/i/abc%20d", "protocol": "HTTP/1.1",
                    "sourceIp": "127.1.2.3", "userAgent": "x",
                },
                "requestId": null, "routeKey": "POST /i/{token}", "stage": "$default",
                "time": "12/Mar/2026:19:03:58 +0000", "timeEpoch": 1_773_342_238_390_i64,
            },
            "body": "{\"a\":\"\\u00e9\"}",
            "isBase64Encoded": false,
        });
        assert_eq!(event, expected);
    }

    #[test]
    fn what_is_empty_is_left_out_and_what_is_not_text_is_base64() {
        let event = event_of("GET", "/i/t", &[], b"");
        for field in ["cookies", "queryStringParameters", "pathParameters", "body"] {
            assert_eq!(event.get(field).is_some(), field == "pathParameters", "{field}");
        }
        let form = event_of("POST", "/i/t", &[("content-type", "application/x-www-form-urlencoded")], b"a=b");
        assert_eq!((&form["body"], &form["isBase64Encoded"]), (&json!("YT1i"), &json!(true)));
        let broken = event_of("POST", "/i/t", &[("content-type", "text/plain")], &[0xff]);
        assert_eq!((&broken["body"], &broken["isBase64Encoded"]), (&json!("/w=="), &json!(true)));
    }

    #[tokio::test]
    async fn an_answer_becomes_http() {
        let response = answered(json!({
            "statusCode": 303,
            "headers": {"location": "/x", "x-n": 1, "content-length": "999"},
            "multiValueHeaders": {"vary": ["a", "b"]},
            "cookies": ["s=1; HttpOnly", "t=2"],
            "body": "aGk=",
            "isBase64Encoded": true,
        }));
        assert_eq!(response.status(), 303);
        let all =
            |name: &str| response.headers().get_all(name).iter().map(|v| text(Some(v))).collect::<Vec<_>>();
        assert_eq!((all("location"), all("x-n")), (vec!["/x".to_owned()], vec!["1".to_owned()]));
        assert_eq!((all("vary").len(), all("set-cookie").len(), all("content-length").len()), (2, 2, 0));
        assert_eq!(read_limited(response.into_body()).await.unwrap(), "hi");
    }

    #[test]
    fn an_answer_that_is_none_is_an_error() {
        for answer in [json!({"statusCode": "x"}), json!({"statusCode": 200, "headers": {"a b": "c"}})] {
            assert_eq!(answered(answer).status(), 500);
        }
        assert_eq!(answered(json!({"any": "thing"})).status(), 200);
    }
}
