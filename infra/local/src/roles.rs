//! What the template's roles allow: each `DynamoDB` call of a function is held against that function's policy, as IAM
//! would hold it. What a policy lacks fails here first, and not on the first day in the cloud.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

/// The service's prefix of an action.
const DYNAMODB: &str = "dynamodb:";

/// What a function may do to the table.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Role {
    /// Statements: actions without their prefix, and what the partition keys must begin with; all keys, if none is named.
    statements: Vec<(BTreeSet<String>, Vec<String>)>,
}

impl Role {
    /// Reads the policies of a function in the template; what is not about `DynamoDB` is left out.
    pub fn read(policies: &Value) -> Self {
        let statements = policies
            .as_array()
            .into_iter()
            .flatten()
            .flat_map(|policy| policy["Statement"].as_array().cloned().unwrap_or_default());
        let read = |statement: Value| {
            let actions = texts(&statement["Action"]).into_iter();
            let actions: BTreeSet<String> =
                actions.filter_map(|action| action.strip_prefix(DYNAMODB).map(str::to_owned)).collect();
            let keys = &statement["Condition"]["ForAllValues:StringLike"]["dynamodb:LeadingKeys"];
            let prefixes = texts(keys).into_iter().map(|key| key.trim_end_matches('*').to_owned());
            (!actions.is_empty()).then(|| (actions, prefixes.collect()))
        };
        Self { statements: statements.filter_map(read).collect() }
    }

    /// The actions that it grants.
    pub fn grants(&self) -> BTreeSet<String> {
        self.statements.iter().flat_map(|(actions, _)| actions.clone()).collect()
    }

    fn allows(&self, action: &str, keys: &[String]) -> bool {
        self.statements.iter().any(|(actions, prefixes)| {
            let fits = |key: &String| prefixes.iter().any(|prefix| key.starts_with(prefix));
            actions.contains(action) && (prefixes.is_empty() || keys.iter().all(fits))
        })
    }

    /// The first action of a call that it does not allow.
    pub fn refuses(&self, operation: &str, request: &Value) -> Option<String> {
        let wanted = actions(operation, request);
        wanted.into_iter().find(|(action, keys)| !self.allows(action, keys)).map(|(action, _)| action)
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

fn partition(keyed: &Value) -> Option<String> {
    keyed["pk"]["S"].as_str().map(str::to_owned)
}

/// The IAM actions of a call, each with the partition keys that it touches. A transaction is its parts.
pub fn actions(operation: &str, request: &Value) -> Vec<(String, Vec<String>)> {
    let of = |keyed: &Value| partition(keyed).into_iter().collect::<Vec<_>>();
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
                Some((action.to_owned(), of(keyed)))
            };
            parts.iter().filter_map(part).collect()
        }
        "PutItem" => vec![(operation.to_owned(), of(&request["Item"]))],
        "Query" => {
            let values = request["ExpressionAttributeValues"][":pk"]["S"].as_str();
            vec![(operation.to_owned(), values.map(str::to_owned).into_iter().collect())]
        }
        "BatchGetItem" => {
            let tables = request["RequestItems"].as_object();
            let keys = tables.into_iter().flat_map(|tables| tables.values());
            let keys = keys.flat_map(|table| table["Keys"].as_array().cloned().unwrap_or_default());
            vec![(operation.to_owned(), keys.filter_map(|key| partition(&key)).collect())]
        }
        _ => vec![(operation.to_owned(), of(&request["Key"]))],
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_role_allows_what_its_statements_name_and_only_under_the_keys_that_they_name() {
        let role = Role::read(&json!([{"Statement": [
            {"Action": ["dynamodb:GetItem", "dynamodb:PutItem"]},
            {"Action": "dynamodb:UpdateItem", "Condition": {"ForAllValues:StringLike": {"dynamodb:LeadingKeys": ["LIMIT#*"]}}},
            {"Action": "sqs:SendMessage"},
        ]}]));
        let key = |pk: &str| json!({"pk": {"S": pk}, "sk": {"S": "x"}});
        assert_eq!(role.refuses("GetItem", &json!({"Key": key("A")})), None);
        assert_eq!(role.refuses("UpdateItem", &json!({"Key": key("LIMIT#1")})), None);
        assert_eq!(
            role.refuses("UpdateItem", &json!({"Key": key("PATIENT#1")})).as_deref(),
            Some("UpdateItem")
        );
        assert_eq!(role.refuses("Query", &json!({})).as_deref(), Some("Query"));
        let transaction = |part: Value| json!({"TransactItems": [{"Put": {"Item": key("A")}}, part]});
        assert_eq!(
            role.refuses("TransactWriteItems", &transaction(json!({"Update": {"Key": key("LIMIT#1")}}))),
            None
        );
        let refused =
            role.refuses("TransactWriteItems", &transaction(json!({"Delete": {"Key": key("LIMIT#1")}})));
        assert_eq!(refused.as_deref(), Some("DeleteItem"));
    }
}
