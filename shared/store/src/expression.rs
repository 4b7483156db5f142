//! Expressions: every `#word` in one stands for the attribute of that name, so that no reserved word can get in the way.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::AttributeValue;

/// Names and values of the expressions of one call.
#[derive(Debug, Default)]
pub struct Terms {
    /// `#word` to attribute name.
    pub names: HashMap<String, String>,
    /// `:word` to value.
    pub values: HashMap<String, AttributeValue>,
}

impl Terms {
    /// The terms of these expressions with these values; `#word`s that `named` lists stand for other names than their own.
    pub fn of(expressions: &[&str], values: Vec<(&str, AttributeValue)>, named: &[(&str, &str)]) -> Self {
        let mut terms = Self::default();
        for expression in expressions {
            for after in expression.split('#').skip(1) {
                let word: String =
                    after.chars().take_while(|c| c.is_ascii_alphanumeric() || *c == '_').collect();
                let name =
                    named.iter().find(|(known, _)| *known == word).map_or(word.as_str(), |(_, name)| name);
                terms.names.insert(format!("#{word}"), name.to_owned());
            }
        }
        terms.values = values.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
        terms
    }

    /// The values, or none where there are none: DynamoDB refuses an empty map.
    pub fn values(&self) -> Option<HashMap<String, AttributeValue>> {
        (!self.values.is_empty()).then(|| self.values.clone())
    }
}
