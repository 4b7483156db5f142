//! What a list of patients is narrowed to, from the parameters of a query or a request.

use jiff::civil::Date;
use portico_domain::model::delivery::Delivery;
use portico_domain::model::list::{Filter, MOST_ROWS, Reached};
use portico_domain::model::patient::{Reason, Status};
use portico_domain::model::refusal::FieldFault;
use portico_domain::operations::staff::list::{Listed, Sort};
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::reject::Reject;

/// Patients on a page, if the caller does not say.
const USUAL: usize = 50;

/// Reads what a list is narrowed to; `get` gives all values of a parameter. All faults are named at once.
pub fn listed(get: impl Fn(&str) -> Vec<String>) -> Result<Listed, Reject> {
    let mut faults = Vec::new();
    let all = get("status");
    let statuses: Vec<Status> = all
        .iter()
        .flat_map(|text| text.split(','))
        .filter_map(|text| word(&mut faults, "status", text))
        .collect();
    let one = |name: &str| get(name).into_iter().find(|text| !text.trim().is_empty());
    let by_color: Option<Vec<Status>> = one("color").map(|color| {
        let of: Vec<Status> = Status::ALL.into_iter().filter(|status| status.color() == color).collect();
        if of.is_empty() {
            faults.push(FieldFault::of("color", "invalid"));
        }
        of
    });
    let statuses = match by_color {
        Some(of) if statuses.is_empty() => of,
        Some(of) => statuses.into_iter().filter(|status| of.contains(status)).collect(),
        None => statuses,
    };
    let text = |text: String| text.trim().to_owned();
    let filter = Filter {
        reached: one("stage").and_then(|text| word::<Reached>(&mut faults, "stage", &text)),
        blocker: one("blocker").and_then(|text| word::<Reason>(&mut faults, "blocker", &text)),
        delivery: one("delivery").and_then(|text| word::<Delivery>(&mut faults, "delivery", &text)),
        tag: one("tag").map(text),
        provider: one("provider").map(text),
        has_username: one("has_username").and_then(|text| word::<bool>(&mut faults, "has_username", &text)),
        appointment_after: one("appointment_after")
            .and_then(|text| day(&mut faults, "appointment_after", &text)),
        appointment_before: one("appointment_before")
            .and_then(|text| day(&mut faults, "appointment_before", &text)),
        invited_after: one("invited_after").and_then(|text| day(&mut faults, "invited_after", &text)),
        invited_before: one("invited_before").and_then(|text| day(&mut faults, "invited_before", &text)),
    };
    let sort = match one("sort").as_deref() {
        None | Some("name") => Sort::Name,
        Some("next_appointment") => Sort::NextAppointment,
        Some(_) => {
            faults.push(FieldFault::of("sort", "invalid"));
            Sort::Name
        }
    };
    let limit = one("limit").map_or(Ok(USUAL), |text| text.parse());
    let limit = limit.ok().filter(|limit| (1..=MOST_ROWS).contains(limit)).unwrap_or_else(|| {
        faults.push(FieldFault::of("limit", "out_of_range"));
        USUAL
    });
    let q = one("q").map(text);
    if q.as_ref().is_some_and(|q| q.chars().count() > 100) {
        faults.push(FieldFault::of("q", "too_long"));
    }
    let cursor = one("cursor");
    if faults.is_empty() {
        Ok(Listed { statuses, filter, q, sort, limit, cursor })
    } else {
        Err(Reject::fields(faults))
    }
}

/// A word of the API as the value that it names.
fn word<T: DeserializeOwned>(faults: &mut Vec<FieldFault>, field: &str, text: &str) -> Option<T> {
    let value = match text {
        "true" => Value::Bool(true),
        "false" => Value::Bool(false),
        text => Value::String(text.trim().to_owned()),
    };
    let read = serde_json::from_value(value);
    read.map_err(|_| faults.push(FieldFault::of(field, "invalid"))).ok()
}

/// A day, or the day of an instant.
fn day(faults: &mut Vec<FieldFault>, field: &str, text: &str) -> Option<Date> {
    let date = text.get(..10).unwrap_or(text);
    date.parse().map_err(|_| faults.push(FieldFault::of(field, "invalid_date"))).ok()
}
