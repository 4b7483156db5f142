//! Fields of a request, read one by one, so that a caller hears of everything that can't be read at once.

use portico_domain::model::person::Invalid;
use portico_domain::model::refusal::FieldFault;

/// Reads a field that may be left out, or left empty; one that can't be read is among the faults then.
pub fn may<T>(
    faults: &mut Vec<FieldFault>,
    field: &str,
    text: Option<&str>,
    parse: impl Fn(&str) -> Result<T, Invalid>,
) -> Option<T> {
    let text = text.filter(|text| !text.trim().is_empty())?;
    parse(text).map_err(|Invalid(code)| faults.push(FieldFault::of(field, code))).ok()
}

/// Reads a field that must be there.
pub fn must<T>(
    faults: &mut Vec<FieldFault>,
    field: &str,
    text: Option<&str>,
    parse: impl Fn(&str) -> Result<T, Invalid>,
) -> Option<T> {
    if text.is_none_or(|text| text.trim().is_empty()) {
        faults.push(FieldFault::of(field, "required"));
        return None;
    }
    may(faults, field, text, parse)
}
