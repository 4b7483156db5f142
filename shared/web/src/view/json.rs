//! Helpers that all views use.

use portico_domain::model::grant::GrantState;
use portico_domain::time::Timestamp;
use serde_json::{Map, Value};

pub(crate) fn rfc3339(at: Option<Timestamp>) -> Option<String> {
    at.map(|at| at.to_string())
}

/// The object without the members that are null.
pub(crate) fn object(value: Value) -> Value {
    match value {
        Value::Object(map) => {
            Value::Object(map.into_iter().filter(|(_, value)| !value.is_null()).collect::<Map<_, _>>())
        }
        other => other,
    }
}

pub(crate) const fn grant_state(state: GrantState) -> &'static str {
    match state {
        GrantState::Active => "active",
        GrantState::Suspended => "suspended",
        GrantState::Held => "held",
        GrantState::Ended => "revoked",
    }
}

pub(crate) fn merge(into: &mut Value, more: Value) {
    if let (Some(into), Value::Object(more)) = (into.as_object_mut(), object(more)) {
        into.extend(more);
    }
}
