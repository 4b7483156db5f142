//! Checks every answer that a test gets against `infra/openapi.yaml`, and every JSON body that the service
//! accepted. The service must not do what the document doesn't describe.
//!
//! Paths under `/_local` are for developers and not in the document.

use std::collections::HashMap;
use std::sync::{Arc, LazyLock, Mutex, PoisonError};

use jsonschema::Validator;
use serde_json::{Map, Value, json};

use crate::Answer;

/// The document that the tests were built with.
const DOCUMENT: &str = include_str!("../../../infra/openapi.yaml");
/// The methods that a path may have.
const METHODS: [&str; 6] = ["get", "head", "post", "put", "patch", "delete"];

/// One operation of the document.
#[derive(Clone, Debug)]
pub struct Operation {
    /// Its `operationId`.
    pub id: String,
    /// The method in capitals.
    pub method: String,
    /// The path with `{names}`.
    pub path: String,
    /// The operation as the document has it.
    pub value: Value,
}

/// The parts of a request that the document describes.
#[derive(Clone, Debug, Default)]
pub struct Sent {
    /// The method in capitals.
    pub method: String,
    /// The path, without the query.
    pub path: String,
    /// The body, if it was JSON.
    pub json: Option<Value>,
}

/// The document with its routes and compiled schemas.
pub struct Contract {
    /// The whole document.
    pub document: Value,
    /// Every operation, in the document's order of paths.
    pub operations: Vec<Arc<Operation>>,
    routes: HashMap<String, matchit::Router<Arc<Operation>>>,
    /// Compiled schemas by their address in memory. The document does not change, so each is compiled once in
    /// a process.
    compiled: Mutex<HashMap<usize, Arc<Validator>>>,
}

static CONTRACT: LazyLock<Contract> = LazyLock::new(|| Contract::read(DOCUMENT));

/// The document in the repository.
pub fn contract() -> &'static Contract {
    &CONTRACT
}

impl Contract {
    /// Reads a document. Panics if it is not an OpenAPI document.
    pub fn read(text: &str) -> Self {
        let document: Value = serde_norway::from_str(text).expect("infra/openapi.yaml is YAML");
        let mut operations = Vec::new();
        let mut routes: HashMap<String, matchit::Router<Arc<Operation>>> = HashMap::new();
        for (path, item) in members(&document["paths"]) {
            for method in METHODS {
                let Some(value) = item.get(method) else { continue };
                let operation = Arc::new(Operation {
                    id: text_of(value, "operationId"),
                    method: method.to_uppercase(),
                    path: path.clone(),
                    value: value.clone(),
                });
                operations.push(Arc::clone(&operation));
                let of_method = routes.entry(operation.method.clone()).or_default();
                of_method.insert(pattern(path), operation).expect("a path of its own");
            }
        }
        Self { document, operations, routes, compiled: Mutex::default() }
    }

    /// The operation for a method and a path. The most specific path wins.
    pub fn operation(&self, method: &str, path: &str) -> Option<&Arc<Operation>> {
        self.routes.get(method)?.at(path).ok().map(|found| found.value)
    }

    /// The value that a reference leads to, or the value itself.
    pub fn resolve<'a>(&'a self, value: &'a Value) -> &'a Value {
        let mut value = value;
        while let Some(pointer) = value.get("$ref").and_then(Value::as_str) {
            value =
                self.document.pointer(pointer.trim_start_matches('#')).expect("a reference leads somewhere");
        }
        value
    }

    /// The faults of a value by a schema of the document; empty if it is valid.
    pub fn faults(&self, schema: &Value, value: &Value) -> Vec<String> {
        let validator = self.compiled(schema);
        validator.iter_errors(value).map(|error| format!("{}: {error}", error.instance_path())).collect()
    }

    fn compiled(&self, schema: &Value) -> Arc<Validator> {
        let mut compiled = self.compiled.lock().unwrap_or_else(PoisonError::into_inner);
        let known = compiled.entry(std::ptr::from_ref(schema).addr()).or_insert_with(|| {
            // References in the schema lead into the components, so they are added.
            let whole = json!({"allOf": [schema], "components": self.document["components"]});
            let options = jsonschema::options().with_draft(jsonschema::Draft::Draft202012);
            Arc::new(options.should_validate_formats(true).build(&whole).expect("a schema that can be used"))
        });
        Arc::clone(known)
    }

    /// Judges an answer. The error names the operation, the status and everything that is wrong.
    pub fn judge(&self, sent: &Sent, answer: &Answer) -> Result<(), String> {
        let Sent { method, path, .. } = sent;
        // The pages of the Onboarding Tool are for people alone.
        if path.starts_with("/_local") || path == "/console" || path.starts_with("/console/") {
            return Ok(());
        }
        let Some(operation) = self.operation(method, path) else {
            let refused = matches!(answer.status, 404 | 405) && kind(answer) == "application/problem+json";
            // A browser gets a page, or is led to the one that was meant.
            let page = (matches!(answer.status, 303 | 404) || path == "//") && kind(answer) == "text/html";
            return if refused || page {
                Ok(())
            } else {
                Err(format!("{method} is no operation at this path, and was answered {}", answer.status))
            };
        };
        let faults = self.against(operation, sent, answer);
        if faults.is_empty() {
            return Ok(());
        }
        let Operation { id, method, path, .. } = &**operation;
        Err(format!("{id} ({method} {path}), {}: {}", answer.status, faults.join("; ")))
    }

    fn against(&self, operation: &Operation, sent: &Sent, answer: &Answer) -> Vec<String> {
        let Some(response) = operation.value["responses"].get(answer.status.to_string()) else {
            return vec!["the document has no such status".to_owned()];
        };
        let response = self.resolve(response);
        let mut faults = Vec::new();
        for (name, header) in members(&response["headers"]) {
            let required = self.resolve(header)["required"] == true;
            if required && answer.header(&name.to_lowercase()).is_empty() {
                faults.push(format!("the header {name} is missing"));
            }
        }
        match response.get("content") {
            None if answer.text.is_empty() => {}
            None => faults.push("the document has no content here".to_owned()),
            Some(content) => match content.get(kind(answer)) {
                None => faults.push(format!("the document has no {:?} here", kind(answer))),
                Some(media) => match read_body(kind(answer), &answer.text) {
                    None => faults.push("the body is not what its type says".to_owned()),
                    Some(body) => faults.extend(self.faults(&media["schema"], &body)),
                },
            },
        }
        if (200..300).contains(&answer.status)
            && let Some(body) = &sent.json
            && let Some(media) = operation.value.pointer("/requestBody/content/application~1json")
        {
            let undocumented = self.faults(&media["schema"], body);
            faults.extend(
                undocumented.into_iter().map(|fault| format!("accepted, against the document, {fault}")),
            );
        }
        faults
    }
}

/// The body, read as its content type says; none if that fails.
fn read_body(kind: &str, text: &str) -> Option<Value> {
    if kind.ends_with("json") {
        serde_json::from_str(text).ok()
    } else {
        Some(Value::String(text.to_owned()))
    }
}

/// The schema of events that the tests were built with.
const EVENTS: &str = include_str!("../../../infra/events.schema.json");

static EVENT: LazyLock<Validator> = LazyLock::new(|| {
    let schema: Value = serde_json::from_str(EVENTS).expect("infra/events.schema.json is JSON");
    let options = jsonschema::options().with_draft(jsonschema::Draft::Draft202012);
    options.should_validate_formats(true).build(&schema).expect("a schema that can be used")
});

/// The faults of an event on the bus by its schema; empty if it is valid.
pub fn faults_of_event(event: &Value) -> Vec<String> {
    EVENT.iter_errors(event).map(|error| format!("{}: {error}", error.instance_path())).collect()
}

/// The members of an object; no members of any other value.
pub fn members(value: &Value) -> impl Iterator<Item = (&String, &Value)> {
    value.as_object().into_iter().flat_map(Map::iter)
}

fn text_of(value: &Value, name: &str) -> String {
    value.get(name).and_then(Value::as_str).unwrap_or_default().to_owned()
}

/// The content type without its parameters.
fn kind(answer: &Answer) -> &str {
    answer.header("content-type").split(';').next().unwrap_or_default().trim()
}

/// A path for the router. Parameters are renamed by their position, since two paths may name one
/// position differently.
fn pattern(path: &str) -> String {
    let name = |(place, segment): (usize, &str)| {
        if segment.starts_with('{') { format!("{{p{place}}}") } else { segment.to_owned() }
    };
    path.split('/').enumerate().map(name).collect::<Vec<_>>().join("/")
}
