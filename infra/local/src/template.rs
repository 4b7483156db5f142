//! What `infra/template.yaml` deploys, as far as the local service imitates it: the tables, the queues, and
//! for each function its routes, stream, queues and schedules. It is read from the template, so nothing is
//! stated twice.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::{Map, Value};

use crate::logical::{AUDIT_TABLE, TABLE, without_condition};
use crate::roles::Role;

/// The template at build time.
const EMBEDDED: &str = include_str!("../../template.yaml");

/// Why a template can't be used.
#[derive(Debug, thiserror::Error)]
pub enum TemplateError {
    /// It is not YAML.
    #[error("the template is not YAML: {0}")]
    Yaml(#[from] serde_norway::Error),
    /// A resource is not in the form that SAM requires.
    #[error("resource {resource}: {reason}")]
    Resource {
        /// The resource's logical id.
        resource: String,
        reason: String,
    },
    /// It does not declare both tables.
    #[error("the template should declare the AWS::DynamoDB::Table {0}")]
    NoTable(&'static str),
}

/// The parts of a SAM template that run locally.
#[derive(Clone, Debug)]
pub struct Template {
    /// The table of everything but audit events.
    pub table: Table,
    /// The table of audit events.
    pub audit_table: Table,
    /// Every queue, in the order of their logical ids.
    pub queues: Vec<Queue>,
    /// Every function, in the order of their folders' names.
    pub functions: Vec<DeployedFunction>,
}

/// A table's schema, in `DynamoDB`'s own JSON.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Table {
    /// `AttributeDefinitions`, as `CreateTable` takes them.
    pub attribute_definitions: Value,
    /// `KeySchema`, as `CreateTable` takes it.
    pub key_schema: Value,
    /// `GlobalSecondaryIndexes`, as `CreateTable` takes them.
    #[serde(default)]
    pub global_secondary_indexes: Value,
    /// The content of a stream record; `None` means no stream.
    pub stream_specification: Option<Stream>,
    /// The attribute with an item's expiry.
    pub time_to_live_specification: Option<TimeToLive>,
}

/// A table's stream.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Stream {
    /// Which images a record carries, such as `NEW_AND_OLD_IMAGES`.
    pub stream_view_type: String,
}

/// The table's time to live.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct TimeToLive {
    /// The attribute with the time, in seconds since 1970.
    pub attribute_name: String,
}

/// A queue.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Queue {
    pub id: String,
    /// Where a message goes after too many failures. Without it, the message is retried forever.
    pub redrive: Option<Redrive>,
}

/// A queue's redrive policy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Redrive {
    /// The logical id of the dead-letter queue.
    pub to: String,
    /// How often a message is delivered before it goes there.
    pub after: u32,
}

/// A queue that invokes a function.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QueueEvent {
    /// The event's name in the template, in kebab-case.
    pub event: String,
    /// The queue's logical id.
    pub queue: String,
    /// Most messages in one invocation.
    pub batch_size: usize,
    /// Whether the function's answer names the failed messages. If not, only an error makes messages
    /// come again.
    pub reports_failures: bool,
}

/// A table's stream as an event source of a function.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StreamEvent {
    /// The event's name in the template, in kebab-case.
    pub event: String,
    /// The table's logical id.
    pub table: String,
    /// Filter patterns: a record is delivered if it matches one. Without patterns, all are delivered.
    pub filters: Vec<Value>,
}

impl StreamEvent {
    /// Whether this record is delivered.
    pub fn wants(&self, record: &Value) -> bool {
        self.filters.is_empty() || self.filters.iter().any(|filter| matches(filter, record))
    }
}

/// Whether a value matches a pattern of Lambda's event filters: for each member of the pattern, the value
/// must be one of those in its list, or begin with one of its prefixes.
fn matches(pattern: &Value, value: &Value) -> bool {
    match pattern {
        Value::Object(members) => {
            members.iter().all(|(name, inner)| value.get(name).is_some_and(|value| matches(inner, value)))
        }
        Value::Array(choices) => {
            choices.iter().any(|choice| match choice.get("prefix").and_then(Value::as_str) {
                Some(prefix) => value.as_str().is_some_and(|text| text.starts_with(prefix)),
                None => choice == value,
            })
        }
        _ => false,
    }
}

/// One function and what invokes it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DeployedFunction {
    /// Its folder under `functions/`, from `CodeUri`.
    pub folder: String,
    /// Its HTTP routes.
    pub routes: Vec<Route>,
    /// The streams that the function reads.
    pub streams: Vec<StreamEvent>,
    /// The queues that invoke it.
    pub queues: Vec<QueueEvent>,
    /// The names of its schedules, in kebab-case.
    pub schedules: Vec<String>,
    /// Its permissions.
    pub role: Role,
}

/// One HTTP route.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Route {
    /// The event's name in the template, in kebab-case.
    pub event: String,
    /// The method in capitals, or `ANY`.
    pub method: String,
    /// The path with `{names}`.
    pub path: String,
}

#[derive(Deserialize)]
struct Document {
    #[serde(rename = "Resources")]
    resources: BTreeMap<String, Resource>,
}

#[derive(Clone, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Resource {
    r#type: String,
    #[serde(default)]
    properties: Value,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct QueueProperties {
    redrive_policy: Option<RedrivePolicy>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct RedrivePolicy {
    dead_letter_target_arn: Value,
    max_receive_count: u32,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct QueueEventProperties {
    queue: Value,
    #[serde(default = "ten")]
    batch_size: usize,
    #[serde(default)]
    function_response_types: Vec<String>,
}

/// Lambda's default batch size.
fn ten() -> usize {
    10
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct FunctionProperties {
    code_uri: String,
    /// The function's own role.
    #[serde(default)]
    role: Value,
    #[serde(default)]
    events: BTreeMap<String, Event>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Event {
    r#type: String,
    #[serde(default)]
    properties: Value,
}

impl Template {
    /// The template that this binary was built with.
    pub fn embedded() -> Result<Self, TemplateError> {
        Self::parse(EMBEDDED)
    }

    /// Reads a template's text.
    pub fn parse(text: &str) -> Result<Self, TemplateError> {
        let document: Document =
            serde_json::from_value(as_json(text)?).map_err(|error| bad("Resources", &error))?;
        let roles = document.resources.clone();
        let mut tables = BTreeMap::new();
        let mut queues = Vec::new();
        let mut functions = Vec::new();
        for (id, resource) in document.resources {
            match resource.r#type.as_str() {
                "AWS::DynamoDB::Table" => {
                    tables.insert(id.clone(), read(&id, resource.properties)?);
                }
                "AWS::SQS::Queue" => queues.push(queue(&id, resource.properties)?),
                "AWS::Serverless::Function" => {
                    functions.push(function(&id, read(&id, resource.properties)?, &roles)?);
                }
                _ => {}
            }
        }
        functions.sort_by(|a: &DeployedFunction, b| a.folder.cmp(&b.folder));
        find_queues(&queues, &functions)?;
        let mut table = |id| tables.remove(id).ok_or(TemplateError::NoTable(id));
        Ok(Self { table: table(TABLE)?, audit_table: table(AUDIT_TABLE)?, queues, functions })
    }
}

fn function(
    id: &str,
    properties: FunctionProperties,
    resources: &BTreeMap<String, Resource>,
) -> Result<DeployedFunction, TemplateError> {
    let folder = properties.code_uri.trim_end_matches('/').rsplit('/').next().unwrap_or_default();
    let role = Role::read(&statements(&properties.role, resources));
    let mut function = DeployedFunction { folder: folder.to_owned(), role, ..DeployedFunction::default() };
    for (name, event) in properties.events {
        let kebab = kebab(&name);
        match event.r#type.as_str() {
            "HttpApi" => function.routes.push(route(id, kebab, &event.properties)?),
            "DynamoDB" => function.streams.push(stream_event(id, kebab, &event.properties)?),
            "SQS" => function.queues.push(queue_event(id, kebab, event.properties)?),
            "Schedule" | "ScheduleV2" => function.schedules.push(kebab),
            _ => {}
        }
    }
    Ok(function)
}

/// The statements of a role: its own, and those of managed policies that it names and the template declares.
fn statements(role: &Value, resources: &BTreeMap<String, Resource>) -> Vec<Value> {
    let named =
        |value: &Value| value["Fn::GetAtt"].as_str().or_else(|| value["Ref"].as_str()).map(str::to_owned);
    let declared = |name: String| Some(&resources.get(name.split('.').next()?)?.properties);
    let Some(role) = named(role).and_then(declared) else { return Vec::new() };
    let own = role["Policies"].as_array().into_iter().flatten();
    let managed = role["ManagedPolicyArns"].as_array().into_iter().flatten();
    let managed = managed.filter_map(|policy| named(policy).and_then(declared));
    let all = own.chain(managed).filter_map(|policy| policy["PolicyDocument"]["Statement"].as_array());
    // Statements under a condition count: locally, every condition is true.
    let chosen = |statement: &Value| statement["Fn::If"].get(1).unwrap_or(statement).clone();
    all.flatten().map(chosen).collect()
}

fn queue(id: &str, properties: Value) -> Result<Queue, TemplateError> {
    // A queue with only default settings has no properties.
    let policy = match properties {
        Value::Null => None,
        properties => read::<QueueProperties>(id, properties)?.redrive_policy,
    };
    let redrive = match policy {
        Some(policy) => {
            Some(Redrive { to: arn_of(id, &policy.dead_letter_target_arn)?, after: policy.max_receive_count })
        }
        None => None,
    };
    Ok(Queue { id: id.to_owned(), redrive })
}

fn queue_event(id: &str, event: String, properties: Value) -> Result<QueueEvent, TemplateError> {
    let properties: QueueEventProperties = read(id, properties)?;
    Ok(QueueEvent {
        event,
        queue: arn_of(id, &properties.queue)?,
        batch_size: properties.batch_size.max(1),
        reports_failures: properties
            .function_response_types
            .iter()
            .any(|name| name == "ReportBatchItemFailures"),
    })
}

fn stream_event(id: &str, event: String, properties: &Value) -> Result<StreamEvent, TemplateError> {
    let filters = properties["FilterCriteria"]["Filters"].as_array().into_iter().flatten();
    let pattern = |filter: &Value| {
        let text = filter["Pattern"].as_str().unwrap_or_default();
        serde_json::from_str(text).map_err(|error| bad(id, &error))
    };
    let stream = without_condition(&properties["Stream"]);
    let table = stream["Fn::GetAtt"].as_str().and_then(|arn| arn.strip_suffix(".StreamArn"));
    let table = table.ok_or_else(|| bad(id, &"a stream is named by !GetAtt and its StreamArn"))?.to_owned();
    Ok(StreamEvent { event, table, filters: filters.map(pattern).collect::<Result<_, _>>()? })
}

/// The logical id in `!GetAtt X.Arn`.
fn arn_of(id: &str, value: &Value) -> Result<String, TemplateError> {
    let arn = value["Fn::GetAtt"].as_str().and_then(|attribute| attribute.strip_suffix(".Arn"));
    arn.map(str::to_owned).ok_or_else(|| bad(id, &"a queue is named by !GetAtt and its Arn"))
}

/// Checks that every queue that is named is also declared.
fn find_queues(queues: &[Queue], functions: &[DeployedFunction]) -> Result<(), TemplateError> {
    let redrives = queues.iter().filter_map(|queue| Some((&queue.id, &queue.redrive.as_ref()?.to)));
    let events = functions
        .iter()
        .flat_map(|function| function.queues.iter().map(|event| (&function.folder, &event.queue)));
    match redrives.chain(events).find(|(_, named)| !queues.iter().any(|queue| queue.id == **named)) {
        Some((by, named)) => Err(bad(by, &format!("there is no queue {named}"))),
        None => Ok(()),
    }
}

fn route(id: &str, event: String, properties: &Value) -> Result<Route, TemplateError> {
    let text = |name: &str| {
        properties[name]
            .as_str()
            .map(str::to_owned)
            .ok_or_else(|| bad(id, &format!("event {event} has no {name}")))
    };
    let (method, path) = (text("Method")?.to_uppercase(), text("Path")?);
    Ok(Route { event, method, path })
}

fn read<T: serde::de::DeserializeOwned>(id: &str, properties: Value) -> Result<T, TemplateError> {
    serde_json::from_value(properties).map_err(|error| bad(id, &error))
}

fn bad(resource: &str, reason: &impl ToString) -> TemplateError {
    TemplateError::Resource { resource: resource.to_owned(), reason: reason.to_string() }
}

/// `OpenLink` → `open-link`.
fn kebab(name: &str) -> String {
    let mut words = String::new();
    for (position, letter) in name.chars().enumerate() {
        if letter.is_uppercase() && position > 0 {
            words.push('-');
        }
        words.extend(letter.to_lowercase());
    }
    words
}

/// Parses a template to JSON, with `CloudFormation`'s tags in their long form.
pub fn as_json(text: &str) -> Result<Value, TemplateError> {
    Ok(plain(serde_norway::from_str(text)?))
}

/// Converts YAML to JSON, with `CloudFormation`'s tags in their long form: `!Ref X` → `{"Ref": "X"}`.
fn plain(yaml: serde_norway::Value) -> Value {
    use serde_norway::Value as Yaml;
    match yaml {
        Yaml::Null => Value::Null,
        Yaml::Bool(value) => Value::Bool(value),
        Yaml::Number(number) => serde_json::to_value(number).unwrap_or_default(),
        Yaml::String(text) => Value::String(text),
        Yaml::Sequence(items) => Value::Array(items.into_iter().map(plain).collect()),
        Yaml::Mapping(entries) => {
            Value::Object(entries.into_iter().map(|(key, value)| (key_text(key), plain(value))).collect())
        }
        Yaml::Tagged(tagged) => {
            let tag = tagged.tag.to_string();
            let name = match tag.trim_start_matches('!') {
                plain @ ("Ref" | "Condition") => plain.to_owned(),
                function => format!("Fn::{function}"),
            };
            Value::Object(Map::from_iter([(name, plain(tagged.value))]))
        }
    }
}

fn key_text(key: serde_norway::Value) -> String {
    match plain(key) {
        Value::String(text) => text,
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    const SAMPLE: &str = r#"
Parameters: { Stage: { Type: String } }
Resources:
  Table:
    Type: AWS::DynamoDB::Table
    Properties:
      TableName: !Sub "portico-${Stage}"
      AttributeDefinitions: [{ AttributeName: pk, AttributeType: S }]
      KeySchema: [{ AttributeName: pk, KeyType: HASH }]
      StreamSpecification: { StreamViewType: NEW_IMAGE }
      TimeToLiveSpecification: { AttributeName: ttl, Enabled: true }
  AuditTable:
    Type: AWS::DynamoDB::Table
    Properties:
      AttributeDefinitions: [{ AttributeName: pk, AttributeType: S }]
      KeySchema: [{ AttributeName: pk, KeyType: HASH }]
  Orders:
    Type: AWS::SQS::Queue
    Properties:
      VisibilityTimeout: 60
      RedrivePolicy: { deadLetterTargetArn: !GetAtt Lost.Arn, maxReceiveCount: 5 }
  Lost:
    Type: AWS::SQS::Queue
  SendInviteFunction:
    Type: AWS::Serverless::Function
    Condition: Live
    Properties:
      CodeUri: ../functions/send-invite/
      Environment: { Variables: { TABLE: !Ref Table, ARN: !GetAtt Table.Arn, X: !If [Live, 1, !Ref "AWS::NoValue"] } }
      Events:
        OpenLink: { Type: HttpApi, Properties: { Method: get, Path: "/i/{token}", ApiId: !Ref Api } }
        Nightly: { Type: ScheduleV2, Properties: { ScheduleExpression: "rate(1 hour)" } }
        TableStream:
          Type: DynamoDB
          Properties:
            Stream: !GetAtt Table.StreamArn
            FilterCriteria:
              Filters: [{ Pattern: '{"dynamodb": {"Keys": {"sk": {"S": ["LINK", {"prefix": "A#"}]}}}}' }]
        NewOrders:
          Type: SQS
          Properties: { Queue: !GetAtt Orders.Arn, BatchSize: 5, FunctionResponseTypes: [ReportBatchItemFailures] }
"#;

    #[test]
    fn a_template_with_tags_is_read() {
        let template = Template::parse(SAMPLE).unwrap();
        let expected = DeployedFunction {
            folder: "send-invite".into(),
            routes: vec![Route {
                event: "open-link".into(),
                method: "GET".into(),
                path: "/i/{token}".into(),
            }],
            streams: vec![StreamEvent {
                event: "table-stream".into(),
                table: "Table".into(),
                filters: vec![json!({"dynamodb": {"Keys": {"sk": {"S": ["LINK", {"prefix": "A#"}]}}}})],
            }],
            queues: vec![QueueEvent {
                event: "new-orders".into(),
                queue: "Orders".into(),
                batch_size: 5,
                reports_failures: true,
            }],
            schedules: vec!["nightly".into()],
            role: Role::default(),
        };
        assert_eq!(template.functions, [expected]);
        let redrive = Some(Redrive { to: "Lost".into(), after: 5 });
        let queue = |id: &str, redrive| Queue { id: id.into(), redrive };
        assert_eq!(template.queues, [queue("Lost", None), queue("Orders", redrive)]);
        assert_eq!(template.table.key_schema, json!([{"AttributeName": "pk", "KeyType": "HASH"}]));
        assert!(template.audit_table.stream_specification.is_none());
        assert_eq!(template.table.time_to_live_specification.unwrap().attribute_name, "ttl");
        assert_eq!(template.table.stream_specification.unwrap().stream_view_type, "NEW_IMAGE");
    }

    #[test]
    fn tags_become_their_long_form() {
        let yaml =
            serde_norway::from_str("[!Ref A, !GetAtt A.B, !Sub \"${A}\", !Join [\"\", [!Ref A]]]").unwrap();
        let long = json!([{"Ref": "A"}, {"Fn::GetAtt": "A.B"}, {"Fn::Sub": "${A}"}, {"Fn::Join": ["", [{"Ref": "A"}]]}]);
        assert_eq!(plain(yaml), long);
    }

    #[test]
    fn the_embedded_template_has_a_table_with_a_stream_and_functions() {
        let template = Template::embedded().unwrap();
        assert!(template.table.stream_specification.is_some());
        assert!(template.audit_table.stream_specification.is_some());
        assert!(!template.functions.is_empty());
    }

    #[test]
    fn a_stream_hands_over_what_matches_one_of_its_filters() {
        let filters = [
            "{\"eventName\": [\"INSERT\"], \"dynamodb\": {\"Keys\": {\"sk\": {\"S\": [\"A\", {\"prefix\": \"B#\"}]}}}}",
        ];
        let filters = filters.map(|filter| serde_json::from_str(filter).unwrap()).into();
        let stream = StreamEvent { event: "changes".into(), table: "Table".into(), filters };
        let record =
            |name: &str, sk: &str| json!({"eventName": name, "dynamodb": {"Keys": {"sk": {"S": sk}}}});
        let wanted = [("INSERT", "A"), ("INSERT", "B#1"), ("INSERT", "C"), ("MODIFY", "A")];
        assert_eq!(wanted.map(|(name, sk)| stream.wants(&record(name, sk))), [true, true, false, false]);
        assert!(StreamEvent { filters: Vec::new(), ..stream }.wants(&record("REMOVE", "C")));
    }

    #[test]
    fn a_queue_that_is_named_and_not_declared_is_refused() {
        for gone in ["  Lost:\n    Type: AWS::SQS::Queue\n", "Queue: !GetAtt Orders.Arn, "] {
            assert!(matches!(
                Template::parse(&SAMPLE.replace(gone, "")),
                Err(TemplateError::Resource { .. })
            ));
        }
    }

    #[test]
    fn a_template_without_one_of_the_tables_is_refused() {
        assert!(matches!(Template::parse("Resources: {}"), Err(TemplateError::NoTable("Table"))));
        let other = SAMPLE.replace("  AuditTable:", "  Other:");
        assert!(matches!(Template::parse(&other), Err(TemplateError::NoTable("AuditTable"))));
    }
}
