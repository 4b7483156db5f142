//! Logical ids of the template that the local service knows by name, and conditions in its values.

use serde_json::Value;

/// The table of everything but audit events.
pub const TABLE: &str = "Table";

/// The table of audit events.
pub const AUDIT_TABLE: &str = "AuditTable";

/// A value that has another one under a condition, such as the stack's table and one that was restored: the
/// value without the condition.
pub fn without_condition(value: &Value) -> &Value {
    value["Fn::If"].get(2).unwrap_or(value)
}
