//! The list of patients: as JSON, as CSV, and what its query means.

use jiff::civil::Date;
use portico_domain::model::delivery::Delivery;
use portico_domain::model::list::{Filter, MOST_ROWS, Reached};
use portico_domain::model::patient::{Reason, Status};
use portico_domain::model::refusal::FieldFault;
use portico_domain::operations::staff::list::{ListPage, Listed, Sort, list};
use portico_domain::ports::{ApiCalls, Limits, Practices, Roster, Waiting};
use portico_domain::steps::api_call::ApiCall;
use portico_web::{Answer, App, Inbound, Reject, csv, json as reply, view};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

/// Patients on a page, if the caller does not say.
const USUAL: usize = 50;

/// Most patients in one export.
const MOST_EXPORTED: usize = 20_000;

/// Reads the query of a list. All faults are named at once.
pub fn listed(inbound: &Inbound) -> Result<Listed, Reject> {
    let mut faults = Vec::new();
    let statuses: Vec<Status> = inbound
        .queries("status")
        .flat_map(|text| text.split(','))
        .filter_map(|text| word(&mut faults, "status", text))
        .collect();
    let by_color: Option<Vec<Status>> = inbound.query("color").filter(|color| !color.is_empty()).map(|color| {
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
    let one = |name: &'static str| inbound.query(name).filter(|text| !text.trim().is_empty());
    let text = |text: &str| text.trim().to_owned();
    let filter = Filter {
        reached: one("stage").and_then(|text| word::<Reached>(&mut faults, "stage", text)),
        blocker: one("blocker").and_then(|text| word::<Reason>(&mut faults, "blocker", text)),
        delivery: one("delivery").and_then(|text| word::<Delivery>(&mut faults, "delivery", text)),
        tag: one("tag").map(text),
        provider: one("provider").map(text),
        has_username: one("has_username").and_then(|text| word::<bool>(&mut faults, "has_username", text)),
        appointment_after: one("appointment_after").and_then(|text| day(&mut faults, "appointment_after", text)),
        appointment_before: one("appointment_before").and_then(|text| day(&mut faults, "appointment_before", text)),
        invited_after: one("invited_after").and_then(|text| day(&mut faults, "invited_after", text)),
        invited_before: one("invited_before").and_then(|text| day(&mut faults, "invited_before", text)),
    };
    let sort = match one("sort") {
        None | Some("name") => Sort::Name,
        Some("next_appointment") => Sort::NextAppointment,
        Some(_) => {
            faults.push(FieldFault::of("sort", "invalid"));
            Sort::Name
        }
    };
    let limit = one("limit").map_or(Ok(USUAL), str::parse);
    let limit = limit.ok().filter(|limit| (1..=MOST_ROWS).contains(limit)).unwrap_or_else(|| {
        faults.push(FieldFault::of("limit", "out_of_range"));
        USUAL
    });
    let q = one("q").map(text);
    if q.as_ref().is_some_and(|q| q.chars().count() > 100) {
        faults.push(FieldFault::of("q", "too_long"));
    }
    let cursor = one("cursor").map(str::to_owned);
    if faults.is_empty() { Ok(Listed { statuses, filter, q, sort, limit, cursor }) } else { Err(Reject::fields(faults)) }
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

/// Answers the API's request for a list.
pub async fn answer<S>(app: &App<S>, inbound: &Inbound, call: &ApiCall) -> Result<Answer, Reject>
where
    S: ApiCalls + Limits + Practices + Roster + Waiting,
{
    let mut listed = listed(inbound)?;
    if inbound.wants_csv() {
        return export(app, call, listed).await;
    }
    let page = list(app, call, &listed).await?;
    listed.cursor = None;
    let now = app.context.now();
    let rows: Vec<Value> =
        page.rows.iter().map(|(patient, status)| view::row(patient, *status, &page.settings, now)).collect();
    let mut body = json!({"patients": rows});
    if let Some(cursor) = page.next_cursor {
        body["next_cursor"] = Value::String(cursor);
    }
    Ok(reply(200, &body))
}

/// Answers with everything that is filtered as a table. The last row says so if there is more than one file holds.
pub async fn export<S>(app: &App<S>, call: &ApiCall, mut listed: Listed) -> Result<Answer, Reject>
where
    S: ApiCalls + Limits + Practices + Roster + Waiting,
{
    listed.limit = MOST_ROWS;
    let mut rows = Vec::new();
    loop {
        let ListPage { rows: some, next_cursor, settings, .. } = list(app, call, &listed).await?;
        rows.extend(some.into_iter().map(|(patient, status)| (patient, status, settings.clone())));
        listed.cursor = next_cursor;
        if listed.cursor.is_none() || rows.len() >= MOST_EXPORTED {
            break;
        }
    }
    let more = listed.cursor.as_deref();
    Ok(csv(view::list_rows(&rows, more, app.context.now()), "patients.csv"))
}
