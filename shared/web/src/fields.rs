//! Reads the fields of a request one by one, so that the answer can list all faults at once.

use portico_domain::model::password::Password;
use portico_domain::model::pasted::visible;
use portico_domain::model::person::Invalid;
use portico_domain::model::refusal::FieldFault;
use serde::{Deserialize, Deserializer};
use zeroize::Zeroizing;

/// Reads a field that may be missing or empty. If it can't be read, its fault is added to `faults`.
pub fn optional_field<T>(
    faults: &mut Vec<FieldFault>,
    field: &str,
    text: Option<&str>,
    parse: impl Fn(&str) -> Result<T, Invalid>,
) -> Option<T> {
    let text = text.filter(|text| !visible(text).is_empty())?;
    parse(text).map_err(|Invalid(code)| faults.push(FieldFault::of(field, code))).ok()
}

/// Reads a field that is required. If it is missing or can't be read, its fault is added to `faults`.
pub fn required_field<T>(
    faults: &mut Vec<FieldFault>,
    field: &str,
    text: Option<&str>,
    parse: impl Fn(&str) -> Result<T, Invalid>,
) -> Option<T> {
    if text.is_none_or(|text| visible(text).is_empty()) {
        faults.push(FieldFault::of(field, "required"));
        return None;
    }
    optional_field(faults, field, text, parse)
}

/// A password in a form or a JSON body. It is converted to a [`Password`] while it is read, so that no plain
/// text of it stays in memory or can be printed.
pub struct TypedPassword(Password);

impl<'de> Deserialize<'de> for TypedPassword {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let text = Zeroizing::new(String::deserialize(from)?);
        Ok(Self(Password::new(&text)))
    }
}

impl From<TypedPassword> for Password {
    fn from(typed: TypedPassword) -> Self {
        typed.0
    }
}
