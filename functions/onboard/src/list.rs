//! The list of patients: as JSON and as CSV.

use portico_domain::model::list::MOST_ROWS;
use portico_domain::operations::staff::list::{ListPage, Listed, list};
use portico_domain::ports::{ApiCalls, Limits, Practices, Roster, Waiting};
use portico_domain::steps::api_call::ApiCall;
use portico_web::{Answer, App, Inbound, Reject, csv, json as reply, listed, view};
use serde_json::{Value, json};

/// Most patients in one export.
const MOST_EXPORTED: usize = 20_000;

/// Answers the API's request for a list.
pub async fn answer<S>(app: &App<S>, inbound: &Inbound, call: &ApiCall) -> Result<Answer, Reject>
where
    S: ApiCalls + Limits + Practices + Roster + Waiting,
{
    let mut listed = listed(|name| inbound.queries(name).map(str::to_owned).collect())?;
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
