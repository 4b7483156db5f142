//! Names and values for DynamoDB expressions. Every `#word` in an expression stands for the attribute of that
//! name, so a reserved word never causes an error.

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
    /// Collects the names in `expressions` and the values. `named` lists the `#word`s that stand for an
    /// attribute of another name.
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

    /// The values, or `None` if there are none: DynamoDB refuses an empty map.
    pub fn values(&self) -> Option<HashMap<String, AttributeValue>> {
        (!self.values.is_empty()).then(|| self.values.clone())
    }
}
