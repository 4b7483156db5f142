//! The list of patients: as JSON and as CSV.

use portico_domain::operations::staff::list::{self, Exported, Listed};
use portico_domain::ports::{ApiCalls, Chain, Commit, Limits, Practices, Roster, Waiting};
use portico_domain::steps::api_call::ApiCall;
use portico_web::{Answer, App, Inbound, Reject, csv, json as reply, listed, view};
use serde_json::{Value, json};

/// Answers the API's request for a list.
pub async fn answer<S>(app: &App<S>, inbound: &Inbound, call: &ApiCall) -> Result<Answer, Reject>
where
    S: ApiCalls + Limits + Practices + Roster + Waiting + Chain + Commit,
{
    let mut listed = listed(|name| inbound.queries(name).map(str::to_owned).collect())?;
    if inbound.wants_csv() {
        return export(app, call, listed).await;
    }
    let page = list::list(app, call, &listed).await?;
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
pub async fn export<S>(app: &App<S>, call: &ApiCall, listed: Listed) -> Result<Answer, Reject>
where
    S: ApiCalls + Limits + Practices + Roster + Waiting + Chain + Commit,
{
    let Exported { rows, settings, more } = list::export(app, call, listed).await?;
    Ok(csv(view::list_rows(&rows, &settings, more.as_deref(), app.context.now()), "patients.csv"))
}
