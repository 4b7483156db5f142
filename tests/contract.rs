//! The API document names every route of the template and no other, its examples are valid, and it is strict
//! enough to catch an answer that says too much. Every other test checks that the service obeys it:
//! `World::send` judges each answer.

use std::collections::BTreeSet;

use portico_local::Template;
use portico_testkit::Answer;
use portico_testkit::contract::{Operation, Sent, contract, members};
use serde_json::{Value, json};

/// Words in names of properties that may hold a secret.
const OPENERS: [&str; 7] = ["token", "link", "url", "secret", "key", "password", "cookie"];
/// Properties of answers that may have such a word in their names.
const ALLOWED: [&str; 10] = [
    // The practice's own web pages.
    "terms_url",
    "privacy_url",
    // A temporary password that staff asked for, once; and what opens the Onboarding Tool for a minute, once.
    "temporary_password",
    "url",
    // The session of somebody who has just signed in or exchanged a code.
    "session_token",
    // Settings of the practice.
    "link_hours",
    "portal_url",
    "password_min_length",
    // Whether a password must be changed, and until when a temporary one works.
    "must_change_password",
    "temporary_password_until",
];

fn responses(operation: &Operation) -> impl Iterator<Item = (&String, &Value)> {
    members(&operation.value["responses"]).map(|(status, response)| (status, contract().resolve(response)))
}

/// Every media type of an operation with its place: request or response.
fn media(operation: &Operation) -> Vec<(String, &Value)> {
    let request = members(&operation.value["requestBody"]["content"])
        .map(|(kind, media)| (format!("{}, request, {kind}", operation.id), media));
    let answers = responses(operation).flat_map(|(status, response)| {
        members(&response["content"])
            .map(move |(kind, media)| (format!("{}, {status}, {kind}", operation.id), media))
    });
    request.chain(answers).collect()
}

fn examples(media: &Value) -> Vec<&Value> {
    let named = members(&media["examples"]).map(|(_, example)| &example["value"]);
    media.get("example").into_iter().chain(named).collect()
}

fn parameters(operation: &Operation) -> impl Iterator<Item = &Value> {
    let shared = &contract().document["paths"][&operation.path]["parameters"];
    let all = [shared, &operation.value["parameters"]].into_iter().filter_map(Value::as_array).flatten();
    all.map(|parameter| contract().resolve(parameter))
}

/// `send-invite` as `sendInvite`.
fn camel(event: &str) -> String {
    let mut words = event.split('-');
    let mut name = words.next().unwrap_or_default().to_owned();
    for word in words {
        name.extend(word.chars().take(1).flat_map(char::to_uppercase).chain(word.chars().skip(1)));
    }
    name
}

#[test]
fn the_document_has_the_templates_routes_and_no_other() {
    let template = Template::embedded().unwrap();
    // The pages of the Onboarding Tool are for people alone: no program relies on them.
    let is_page = |path: &str| path == "/console" || path.starts_with("/console/");
    let routes = template.functions.iter().flat_map(|function| &function.routes);
    // Neither does any on what is said at an address that no route has.
    let routes = routes.filter(|route| !is_page(&route.path) && route.path != "/{path+}");
    let deployed: BTreeSet<(String, String, String)> =
        routes.map(|route| (route.method.clone(), route.path.clone(), camel(&route.event))).collect();
    let described: BTreeSet<(String, String, String)> = contract()
        .operations
        .iter()
        .map(|one| (one.method.clone(), one.path.clone(), one.id.clone()))
        .collect();
    let only =
        |these: &BTreeSet<_>, those: &BTreeSet<_>| these.difference(those).cloned().collect::<Vec<_>>();
    assert_eq!(only(&deployed, &described), [], "in the template alone");
    assert_eq!(only(&described, &deployed), [], "in the document alone");
    assert_eq!(described.len(), contract().operations.len());
}

#[test]
fn every_operation_says_what_it_is_for_who_may_call_it_and_what_it_refuses() {
    for operation in &contract().operations {
        let Operation { id, value, path, .. } = &**operation;
        for name in ["summary", "tags", "security"] {
            assert!(value.get(name).is_some(), "{id} has no {name}");
        }
        assert!(value["summary"].as_str().unwrap().ends_with('.'), "{id}: a summary is a sentence");
        let refuses = responses(operation).any(|(status, _)| status.starts_with('4'));
        assert!(refuses || path == "/health", "{id} refuses nothing");
        if value.get("requestBody").is_some() {
            for status in ["400", "413", "415"] {
                assert!(value["responses"].get(status).is_some(), "{id} takes a body and has no {status}");
            }
        }
    }
}

#[test]
fn an_operation_for_applications_names_scopes_that_exist_and_the_headers_it_needs() {
    let scopes: BTreeSet<String> = portico_domain::model::practice::Scope::ALL
        .iter()
        .map(|scope| serde_json::to_value(scope).unwrap().as_str().unwrap().to_owned())
        .collect();
    for operation in contract().operations.iter().filter(|one| one.path.starts_with("/v1/")) {
        let Operation { id, value, method, path } = &**operation;
        let asked = value["security"][0]["apiKey"].as_array().unwrap();
        assert!(!asked.is_empty(), "{id} asks for no scope");
        for scope in asked.iter().map(|scope| scope.as_str().unwrap()) {
            assert!(scopes.contains(scope), "{id} asks for {scope}");
            assert!(value["description"].as_str().unwrap().contains(&format!("`{scope}`")), "{id}: {scope}");
        }
        let names: Vec<&str> = parameters(operation).map(|one| one["name"].as_str().unwrap()).collect();
        assert!(names.contains(&"Portico-Actor"), "{id}");
        let kept = method == "POST" && !path.starts_with("/v1/sessions/");
        assert_eq!(names.contains(&"Idempotency-Key"), kept, "{id}");
        for status in ["400", "401", "403", "429", "503"] {
            assert!(value["responses"].get(status).is_some(), "{id} has no {status}");
        }
    }
}

#[test]
fn every_operation_has_an_example_and_every_example_is_what_its_schema_says() {
    for operation in &contract().operations {
        let mut found = 0;
        for (place, media) in media(operation) {
            for example in examples(media) {
                found += 1;
                assert_eq!(contract().faults(&media["schema"], example), [""; 0], "{place}");
            }
        }
        for parameter in parameters(operation) {
            if let Some(example) = parameter.get("example") {
                found += 1;
                let faults = contract().faults(&parameter["schema"], example);
                assert_eq!(faults, [""; 0], "{}, {}", operation.id, parameter["name"]);
            }
        }
        assert!(found > 0 || operation.path == "/health", "{} has no example", operation.id);
        let told = media(operation).iter().any(|(place, media)| {
            place.contains(", 2") && place.ends_with("application/json") && examples(media).is_empty()
        });
        assert!(!told, "{} has JSON without an example", operation.id);
    }
}

#[test]
fn no_example_names_a_person_or_a_place_that_could_be_real() {
    let text = contract().document.to_string();
    for (place, _) in text.match_indices('@') {
        let host: String =
            text[place + 1..].chars().take_while(|c| c.is_alphanumeric() || *c == '.').collect();
        assert!(host.is_empty() || host.trim_end_matches('.') == "example.com", "@{host}");
    }
    for (place, found) in text.match_indices("\"+1") {
        let number: String = text[place + found.len()..].chars().take_while(char::is_ascii_digit).collect();
        assert!(number.starts_with("202555") && number.len() == 10, "+1{number}");
    }
}

/// Collects the names of all properties of a schema, following references.
fn properties(value: &'static Value, seen: &mut BTreeSet<&'static str>, found: &mut BTreeSet<&'static str>) {
    if let Some(pointer) = value.get("$ref").and_then(Value::as_str)
        && seen.insert(pointer)
    {
        properties(contract().resolve(value), seen, found);
    }
    for (name, member) in members(value) {
        if name == "properties" {
            found.extend(members(member).map(|(name, _)| name.as_str()));
        }
        properties(member, seen, found);
    }
    for item in value.as_array().into_iter().flatten() {
        properties(item, seen, found);
    }
}

#[test]
fn no_answer_has_a_property_that_could_hold_a_link_or_its_token() {
    let (mut seen, mut found) = (BTreeSet::new(), BTreeSet::new());
    for operation in &contract().operations {
        for (_, response) in responses(operation) {
            properties(response, &mut seen, &mut found);
        }
    }
    assert!(found.contains("session_token"), "it looks where it should");
    for name in found {
        let opens = name.split('_').any(|word| OPENERS.contains(&word));
        assert!(!opens || ALLOWED.contains(&name), "an answer may have {name}");
    }
}

#[test]
fn an_object_in_an_answer_has_the_properties_that_are_named_and_no_other() {
    /// Collects the paths of objects that say nothing about further properties. The parts of a schema that is
    /// closed as a whole may leave that to it.
    fn open(value: &Value, at: &str, part: bool, found: &mut Vec<String>) {
        let closed =
            ["additionalProperties", "unevaluatedProperties"].iter().any(|word| value.get(word).is_some());
        if value.get("type") == Some(&json!("object")) && !closed && !part {
            found.push(at.to_owned());
        }
        for (name, member) in members(value) {
            for (place, item) in member.as_array().into_iter().flatten().enumerate() {
                open(item, &format!("{at}/{name}/{place}"), name == "allOf" && closed, found);
            }
            open(member, &format!("{at}/{name}"), false, found);
        }
    }
    let mut found = Vec::new();
    open(&contract().document["components"]["schemas"], "", false, &mut found);
    // Each of these is a part of other schemas, which are closed.
    assert_eq!(found, ["/Chart/allOf/1", "/ChartFacts", "/MeasureFigures", "/Standing"]);
}

/// Every schema of the document with its path: whatever has a word of JSON Schema that only schemas have.
fn schemas<'a>(value: &'a Value, at: &str, found: &mut Vec<(String, &'a Value)>) {
    let words =
        ["type", "enum", "const", "pattern", "properties", "items", "allOf", "anyOf", "oneOf", "$ref"];
    // An example is data, and what is under `properties` are names.
    let data = ["/example", "/examples", "/value"].iter().any(|end| at.ends_with(end));
    if data {
        return;
    }
    if !at.ends_with("/properties") && words.iter().any(|word| value.get(word).is_some()) {
        found.push((at.to_owned(), value));
    }
    for (name, member) in members(value) {
        schemas(member, &format!("{at}/{name}"), found);
    }
    for (place, item) in value.as_array().into_iter().flatten().enumerate() {
        schemas(item, &format!("{at}/{place}"), found);
    }
}

/// Each of these is right in JSON Schema, and a generator of clients stumbles over it (tests/generate-clients).
#[test]
fn a_schema_is_written_so_that_generators_of_clients_can_read_it() {
    let (mut found, mut faults) = (Vec::new(), Vec::new());
    schemas(&contract().document, "", &mut found);
    assert!(found.len() > 1_000, "it looks where it should");
    for (at, schema) in found {
        let mut fault = |what: &str| faults.push(format!("{at} {what}"));
        // Below these a schema only asks, and is no type of a client.
        let asks = ["/not", "/contains", "/if/", "/then", "/else", "/propertyNames"]
            .iter()
            .any(|word| at.contains(word));
        let kinds = schema.get("type").and_then(Value::as_array);
        if !asks
            && schema.get("type").is_none()
            && (schema.get("enum").is_some() || schema.get("const").is_some())
        {
            fault("has values without a type: openapi-generator takes it for null");
        }
        if !asks && schema["type"] == "boolean" && schema.get("const").is_some() {
            fault("is a boolean constant: openapi-generator writes Java that does not compile; use `not`");
        }
        if kinds.is_some_and(|kinds| kinds.iter().filter(|kind| *kind != "null").count() > 1) {
            fault("has two types: oapi-codegen has none for it; use `anyOf`");
        }
        if !asks && schema["type"] == "null" && !at.contains("/oneOf/") {
            fault("is null alone: openapi-generator stops");
        }
        if schema["pattern"].as_str().is_some_and(|pattern| !pattern.starts_with('^')) {
            fault("has a pattern that does not begin with ^: Python's clients match from the beginning");
        }
        let single = schema["allOf"].as_array().is_some_and(|parts| parts.len() == 1);
        let narrows = at.starts_with("/components/schemas/") && at.ends_with("Problem");
        if single && !narrows && schema.get("properties").is_some() {
            fault("has properties beside an allOf of one: openapi-python-client forgets them");
        }
        if let Some((name, _)) = members(schema).find(|(name, _)| name.contains(' ')) {
            fault(&format!("has the word {name:?}: a comma in a text without quotation marks"));
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn the_document_is_read_alike_by_readers_of_older_yaml() {
    let text = include_str!("../infra/openapi.yaml");
    let unquoted: Vec<_> = text.lines().filter(|line| line.contains(": about:blank")).collect();
    assert!(unquoted.is_empty(), "a plain text with a colon: {unquoted:?}");
}

#[test]
fn everything_that_operations_share_is_used() {
    let text = contract().document.to_string();
    for (kind, shared) in members(&contract().document["components"]) {
        for (name, _) in members(shared).filter(|_| kind != "securitySchemes") {
            assert!(text.contains(&format!("#/components/{kind}/{name}\"")), "nothing uses {kind} {name}");
        }
    }
}

fn judged(
    method: &str,
    path: &str,
    status: u16,
    headers: &[(&str, &str)],
    body: &Value,
) -> Result<(), String> {
    let headers = headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    let sent = Sent { method: method.to_owned(), path: path.to_owned(), json: None };
    contract().judge(&sent, &Answer { status, headers, text: body.to_string() })
}

#[test]
fn an_answer_that_says_more_than_the_document_is_caught() {
    let json = [("content-type", "application/json")];
    let sent = json!({"resend_after": 60});
    assert_eq!(judged("POST", "/i/x/codes", 202, &json, &sent), Ok(()));
    for (status, headers, body, why) in [
        (202, &json[..], json!({"resend_after": 60, "token": "x"}), "token"),
        (202, &json, json!({}), "resend_after"),
        (201, &json, sent.clone(), "no such status"),
        (202, &[("content-type", "text/plain")], sent.clone(), "no \"text/plain\""),
        (302, &[("location", "/x")], sent.clone(), "no such status"),
        (429, &[("content-type", "text/html")], sent.clone(), "Retry-After is missing"),
    ] {
        let fault = judged("POST", "/i/x/codes", status, headers, &body).unwrap_err();
        assert!(fault.starts_with("sendCode (POST /i/{token}/codes), ") && fault.contains(why), "{fault}");
    }
    let done = judged("POST", "/elm/sign-out", 204, &[], &sent).unwrap_err();
    assert!(done.contains("no content"), "{done}");
}

#[test]
fn a_request_that_no_operation_names_is_refused_as_a_problem() {
    let problem = [("content-type", "application/problem+json")];
    assert_eq!(judged("PATCH", "/v1/settings", 404, &problem, &json!({})), Ok(()));
    assert!(judged("PATCH", "/v1/settings", 200, &problem, &json!({})).is_err());
    assert!(judged("PATCH", "/v1/settings", 404, &[("content-type", "text/csv")], &json!({})).is_err());
    assert_eq!(judged("GET", "/_local/items", 200, &[], &json!({})), Ok(()));
}

#[test]
fn the_most_specific_path_is_the_one_that_is_meant() {
    let id = |method: &str, path: &str| contract().operation(method, path).map(|one| one.id.clone());
    assert_eq!(id("POST", "/v1/patients/import").as_deref(), Some("importCharts"));
    assert_eq!(id("GET", "/v1/patients/import").as_deref(), Some("getChart"));
    assert_eq!(id("GET", "/health").as_deref(), Some("health"));
    assert_eq!(id("GET", "/elm-street").as_deref(), Some("openPractice"));
    assert_eq!(id("GET", "/i/x/verify"), None);
}

#[test]
fn a_body_that_was_accepted_against_the_document_is_caught() {
    let sent = Sent {
        method: "POST".to_owned(),
        path: "/i/x/not-me".to_owned(),
        json: Some(json!({"confirm": "yes", "reason": "x"})),
    };
    let headers = vec![("content-type".to_owned(), "application/json".to_owned())];
    let fault = contract().judge(&sent, &Answer { status: 202, headers, text: "{}".to_owned() }).unwrap_err();
    assert!(fault.contains("accepted, against the document") && fault.contains("reason"), "{fault}");
}
