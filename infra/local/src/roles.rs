//! The permissions of the template's roles. Each AWS call of a function is checked against that function's
//! policies, as IAM would do, so a missing permission shows up here and not on the first day in the cloud.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::logical::{AUDIT_TABLE, TABLE, without_condition};

/// One action on one resource. The resource has its name from the template: `dynamodb:Query`
/// on `Table/index/due`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Deed {
    /// The action, with its service as a prefix.
    pub action: String,
    /// The resource: a logical id of the template, and a part of it.
    pub resource: String,
}

impl Deed {
    fn new(action: &str, resource: &str) -> Self {
        Self { action: action.to_owned(), resource: resource.to_owned() }
    }
}

impl std::fmt::Display for Deed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} on {}", self.action, self.resource)
    }
}

/// The permissions of a function.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Role {
    statements: Vec<Statement>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Statement {
    denies: bool,
    actions: BTreeSet<String>,
    resources: Vec<String>,
    /// Allowed prefixes of partition keys; empty means all keys.
    prefixes: Vec<String>,
}

impl Statement {
    fn read(statement: &Value) -> Self {
        let keys = |how: &str| texts(&statement["Condition"][how]["dynamodb:LeadingKeys"]);
        let mut prefixes = keys("ForAllValues:StringLike");
        prefixes.extend(keys("ForAnyValue:StringLike"));
        Self {
            denies: statement["Effect"] == "Deny",
            actions: texts(&statement["Action"]).into_iter().collect(),
            // A resource that isn't the ARN of a topic is a phone number.
            resources: if statement.get("NotResource").is_some() {
                vec!["phone".to_owned()]
            } else {
                resources(&statement["Resource"])
            },
            prefixes: prefixes.into_iter().map(|key| key.trim_end_matches('*').to_owned()).collect(),
        }
    }

    fn names(&self, deed: &Deed) -> bool {
        self.actions.contains(&deed.action) && self.resources.contains(&deed.resource)
    }

    fn covers(&self, deed: &Deed, keys: &[String]) -> bool {
        let fits = |key: &String| self.prefixes.iter().any(|prefix| key.starts_with(prefix));
        self.names(deed)
            && (self.prefixes.is_empty()
                || if self.denies { keys.iter().any(fits) } else { keys.iter().all(fits) })
    }
}

impl Role {
    /// Reads the statements of a policy in the template.
    pub fn read<'a>(statements: impl IntoIterator<Item = &'a Value>) -> Self {
        Self { statements: statements.into_iter().map(Statement::read).collect() }
    }

    /// Everything that the role allows.
    pub fn grants(&self) -> BTreeSet<Deed> {
        let allowing = self.statements.iter().filter(|statement| !statement.denies);
        let deeds = allowing.flat_map(|statement| {
            statement.actions.iter().flat_map(|action| {
                statement.resources.iter().map(|resource| Deed::new(action, resource)).collect::<Vec<_>>()
            })
        });
        deeds.collect()
    }

    /// Whether the role allows this deed with these partition keys.
    pub fn allows(&self, deed: &Deed, keys: &[String]) -> bool {
        let mut covering = self.statements.iter().filter(|statement| statement.covers(deed, keys)).peekable();
        covering.peek().is_some() && covering.all(|statement| !statement.denies)
    }

    /// The first deed that the role does not allow; `None` if it allows all.
    pub fn refuses(&self, deeds: &[(Deed, Vec<String>)]) -> Option<Deed> {
        deeds.iter().find(|(deed, keys)| !self.allows(deed, keys)).map(|(deed, _)| deed.clone())
    }
}

/// The roles of all functions, by folder.
pub type Roles = BTreeMap<String, Role>;

fn texts(value: &Value) -> Vec<String> {
    match value {
        Value::String(text) => vec![text.clone()],
        Value::Array(all) => all.iter().filter_map(|text| text.as_str().map(str::to_owned)).collect(),
        _ => Vec::new(),
    }
}

/// The resources of a statement, named as in deeds.
fn resources(value: &Value) -> Vec<String> {
    match value {
        Value::Array(all) => all.iter().map(resource).collect(),
        one => vec![resource(one)],
    }
}

/// Names a resource: `!GetAtt Table.Arn` → `Table`, `!Sub "${Table.Arn}/index/due"` → `Table/index/due`,
/// `!Ref Keyring` → `Keyring`. A full ARN is named by its last part.
fn resource(value: &Value) -> String {
    let value = without_condition(value);
    if let Some(attribute) = value["Fn::GetAtt"].as_str() {
        return attribute.strip_suffix(".Arn").unwrap_or(attribute).to_owned();
    }
    if let Some(text) = value["Fn::Sub"].as_str() {
        let inside = text.strip_prefix("${").and_then(|rest| rest.split_once(".Arn}"));
        return inside.map_or_else(
            || text.rsplit(':').next().unwrap_or_default().replace(['$', '{', '}'], ""),
            |(id, rest)| format!("{id}{rest}"),
        );
    }
    value["Ref"].as_str().or_else(|| value.as_str()).unwrap_or_default().to_owned()
}

fn partition(keyed: &Value) -> Option<String> {
    keyed["pk"]["S"].as_str().map(str::to_owned)
}

/// The deeds of a call, each with its partition keys. A transaction counts as its parts.
pub fn deeds(service: &str, operation: &str, request: &Value) -> Vec<(Deed, Vec<String>)> {
    let one = |action: &str, resource: &str| vec![(Deed::new(action, resource), Vec::new())];
    match (service, operation) {
        ("DynamoDB", _) => on_table(operation, request),
        // SES checks the permission for each: the identity that sends (in the sandbox also the one that
        // receives), and the configuration set; and the tenant, if one is named.
        ("SESv2", "SendEmail") => ["identity/*", "configuration-set/ConfigurationSet"]
            .into_iter()
            .chain(request["TenantName"].is_string().then_some("tenant/*"))
            .flat_map(|resource| one("ses:SendEmail", resource))
            .collect(),
        ("SESv2", _) => one(&format!("ses:{operation}"), "*"),
        ("SNS", _) => one(&format!("sns:{operation}"), "phone"),
        ("Pinpoint SMS Voice V2", _) => one(&format!("sms-voice:{operation}"), "VoiceOriginationArn"),
        ("SQS", _) => {
            let queue = request["QueueUrl"].as_str().and_then(|url| url.rsplit('/').next());
            one(&format!("sqs:{operation}"), queue.unwrap_or_default())
        }
        ("EventBridge", _) => one(&format!("events:{operation}"), "Bus"),
        (service, operation) => one(&format!("{service}:{operation}"), "*"),
    }
}

/// The logical id of the table that a request, or a part of a transaction, names.
fn table_of(request: &Value) -> &'static str {
    let is_audit = request["TableName"].as_str().is_some_and(|name| name.ends_with("-audit"));
    if is_audit { AUDIT_TABLE } else { TABLE }
}

fn on_table(operation: &str, request: &Value) -> Vec<(Deed, Vec<String>)> {
    let of = |keyed: &Value| partition(keyed).into_iter().collect::<Vec<_>>();
    let on = |table: &str, action: &str, keys| (Deed::new(&format!("dynamodb:{action}"), table), keys);
    let table = |action: &str, keys| on(table_of(request), action, keys);
    match operation {
        "TransactWriteItems" => {
            let parts = request["TransactItems"].as_array().cloned().unwrap_or_default();
            let part = |item: &Value| {
                let (kind, inner) = item.as_object()?.iter().next()?;
                let action = match kind.as_str() {
                    "Put" => "PutItem",
                    "Update" => "UpdateItem",
                    "Delete" => "DeleteItem",
                    _ => "ConditionCheckItem",
                };
                let keyed = if kind == "Put" { &inner["Item"] } else { &inner["Key"] };
                Some(on(table_of(inner), action, of(keyed)))
            };
            parts.iter().filter_map(part).collect()
        }
        "PutItem" => vec![table(operation, of(&request["Item"]))],
        "Query" => {
            let keys = request["ExpressionAttributeValues"][":pk"]["S"].as_str().map(str::to_owned);
            let (mut deed, keys) = table(operation, keys.into_iter().collect());
            if let Some(index) = request["IndexName"].as_str() {
                deed.resource = format!("{TABLE}/index/{index}");
            }
            vec![(deed, keys)]
        }
        "BatchGetItem" => {
            let tables = request["RequestItems"].as_object();
            let keys = tables.into_iter().flat_map(|tables| tables.values());
            let keys = keys.flat_map(|table| table["Keys"].as_array().cloned().unwrap_or_default());
            vec![table(operation, keys.filter_map(|key| partition(&key)).collect())]
        }
        _ => vec![table(operation, of(&request["Key"]))],
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn role() -> Role {
        let table = json!({"Fn::GetAtt": "Table.Arn"});
        Role::read(&[
            json!({"Effect": "Allow", "Action": ["dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:DeleteItem"], "Resource": table}),
            json!({"Effect": "Allow", "Action": "dynamodb:UpdateItem", "Resource": [table],
                "Condition": {"ForAllValues:StringLike": {"dynamodb:LeadingKeys": ["LIMIT#*"]}}}),
            json!({"Effect": "Allow", "Action": "dynamodb:PutItem", "Resource": {"Fn::GetAtt": "AuditTable.Arn"}}),
            json!({"Effect": "Allow", "Action": "dynamodb:Query", "Resource": {"Fn::Sub": "${Table.Arn}/index/due"}}),
            json!({"Effect": "Allow", "Action": "sqs:SendMessage", "Resource": {"Fn::GetAtt": "Requests.Arn"}}),
            json!({"Effect": "Allow", "Action": "sns:Publish", "NotResource": {"Fn::Sub": "arn:${AWS::Partition}:sns:*:*:*"}}),
            json!({"Effect": "Allow", "Action": "ses:SendEmail", "Resource": {"Fn::Sub": "arn:aws:ses:${AWS::Region}:1:identity/*"}}),
            json!({"Effect": "Deny", "Action": "dynamodb:DeleteItem", "Resource": table,
                "Condition": {"ForAnyValue:StringLike": {"dynamodb:LeadingKeys": ["AUDIT#*"]}}}),
        ])
    }

    fn refused(service: &str, operation: &str, request: &Value) -> Option<String> {
        role().refuses(&deeds(service, operation, request)).map(|deed| deed.to_string())
    }

    #[test]
    fn a_role_allows_what_its_statements_name_and_only_under_the_keys_that_they_name() {
        let key = |pk: &str| json!({"pk": {"S": pk}, "sk": {"S": "x"}});
        let table = |operation: &str, request: Value| refused("DynamoDB", operation, &request);
        assert_eq!(table("GetItem", json!({"Key": key("A")})), None);
        assert_eq!(table("UpdateItem", json!({"Key": key("LIMIT#1")})), None);
        assert_eq!(
            table("UpdateItem", json!({"Key": key("PATIENT#1")})).as_deref(),
            Some("dynamodb:UpdateItem on Table")
        );
        assert_eq!(table("Query", json!({})).as_deref(), Some("dynamodb:Query on Table"));
        assert_eq!(table("Query", json!({"IndexName": "due"})), None);
        let transaction = |part: Value| json!({"TransactItems": [{"Put": {"Item": key("A")}}, part]});
        assert_eq!(
            table("TransactWriteItems", transaction(json!({"Update": {"Key": key("LIMIT#1")}}))),
            None
        );
        let check = transaction(json!({"ConditionCheck": {"Key": key("LIMIT#1")}}));
        assert_eq!(
            table("TransactWriteItems", check).as_deref(),
            Some("dynamodb:ConditionCheckItem on Table")
        );
    }

    #[test]
    fn each_part_of_a_transaction_is_held_against_the_table_that_it_names() {
        let event = |table: &str| json!({"TableName": table, "Item": {"pk": {"S": "AUDIT#p#PATIENT#1"}}});
        let limit = json!({"TableName": "portico", "Key": {"pk": {"S": "LIMIT#1"}}});
        let with = |part: Value| json!({"TransactItems": [{"Update": limit}, part]});
        let table = |request: &Value| refused("DynamoDB", "TransactWriteItems", request);
        assert_eq!(table(&with(json!({"Put": event("portico-audit")}))), None);
        let change = with(json!({"Update": {"TableName": "portico-audit", "Key": {"pk": {"S": "LIMIT#1"}}}}));
        assert_eq!(table(&change).as_deref(), Some("dynamodb:UpdateItem on AuditTable"));
        let read = json!({"TableName": "portico-audit", "Key": {"pk": {"S": "AUDIT#p#PATIENT#1"}}});
        assert_eq!(refused("DynamoDB", "GetItem", &read).as_deref(), Some("dynamodb:GetItem on AuditTable"));
    }

    #[test]
    fn what_is_denied_is_denied_whatever_else_allows_it() {
        let delete = |pk: &str| json!({"Key": {"pk": {"S": pk}}});
        assert_eq!(refused("DynamoDB", "DeleteItem", &delete("LINK#1")), None);
        assert_eq!(
            refused("DynamoDB", "DeleteItem", &delete("AUDIT#p#PATIENT#1")).as_deref(),
            Some("dynamodb:DeleteItem on Table")
        );
    }

    #[test]
    fn calls_to_other_services_are_held_against_the_resource_that_they_name() {
        let queue = |name: &str| json!({"QueueUrl": format!("http://127.0.0.1/000000000000/{name}")});
        assert_eq!(refused("SQS", "SendMessage", &queue("Requests")), None);
        assert!(refused("SQS", "SendMessage", &queue("Feedback")).is_some());
        assert_eq!(refused("SNS", "Publish", &json!({})), None);
        assert_eq!(
            refused("SESv2", "SendEmail", &json!({})).as_deref(),
            Some("ses:SendEmail on configuration-set/ConfigurationSet"),
            "an identity alone is not enough"
        );
        assert!(refused("EventBridge", "PutEvents", &json!({})).is_some());
    }
}
