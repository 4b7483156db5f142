//! The import: reads FHIR and reports the result of each resource by line.

use portico_domain::operations::staff::import::{Imported, import, import_patient, imported};
use portico_domain::ports::{ApiCalls, Chain, Commit, Limits, Patients, Practices};
use portico_domain::steps::api_call::ApiCall;
use portico_domain::steps::chart_change::Synced;
use portico_web::{Answer, App, Inbound, Reject, json as reply};
use serde_json::{Value, json};

use crate::fhir::{self, Form, Source, TooMuch, What};

/// Longest body, in bytes.
const LONGEST: usize = 3 * 1024 * 1024;
/// Patients that are imported together: one batch reads their charts and visits.
const AT_A_TIME: usize = 50;

/// The results of the resources.
#[derive(Default)]
struct Tally {
    created: usize,
    updated: usize,
    unchanged: usize,
    rejected: Vec<(usize, Value)>,
}

impl Tally {
    fn reject(&mut self, line: usize, code: &str, detail: &str) {
        self.rejected.push((line, json!({"line": line, "code": code, "detail": detail})));
    }

    fn count(&mut self, synced: Synced) {
        match synced {
            Synced::Created => self.created += 1,
            Synced::Updated => self.updated += 1,
            Synced::Unchanged => self.unchanged += 1,
        }
    }

    fn note(&mut self, source: &Source, fate: &Imported) {
        match fate {
            Imported::UnknownPatient => self.reject(
                source.line,
                "unknown_patient",
                "No chart is known for this patient. Import the Patient first, or in the same call.",
            ),
            Imported::Unavailable => {
                self.reject(source.line, "try_again", "This could not be stored just now. Import it again.");
            }
            Imported::Done { chart, new, changed } => self.count(match &source.what {
                What::Chart => chart.unwrap_or(Synced::Unchanged),
                What::Visit(id) | What::Contact(id) if new.contains(id) => Synced::Created,
                What::Visit(id) | What::Contact(id) if changed.contains(id) => Synced::Updated,
                What::Same | What::Visit(_) | What::Contact(_) => Synced::Unchanged,
            }),
        }
    }
}

/// Imports the body. An import may be repeated: what is already known counts as unchanged.
pub async fn take<S>(app: &App<S>, inbound: &Inbound, call: &ApiCall) -> Result<Answer, Reject>
where
    S: ApiCalls + Limits + Practices + Chain + Patients + Commit,
{
    let (kind, text) = inbound.text(&["application/fhir+ndjson", "application/fhir+json"], LONGEST)?;
    let form = if kind == "application/fhir+ndjson" { Form::Ndjson } else { Form::Json };
    let opened = import(app, call).await?;
    let parsed = fhir::parse(text, form, app.context.now()).map_err(|TooMuch::Resources| Reject::TooLarge)?;
    tracing::info!(resources = parsed.resources, "import");
    let mut tally = Tally::default();
    for rejected in &parsed.rejected {
        tally.reject(rejected.line, rejected.code, &rejected.detail);
    }
    for some in parsed.statements.chunks(AT_A_TIME) {
        let statements: Vec<_> = some.iter().map(|(statement, _)| statement.clone()).collect();
        let fates = import_patient(app, &opened, &statements).await;
        for ((_, sources), fate) in some.iter().zip(&fates) {
            for source in sources {
                tally.note(source, fate);
            }
        }
    }
    imported(app, opened).await?;
    tally.rejected.sort_by_key(|(line, _)| *line);
    let warning = |warning: &fhir::Warning| json!({"line": warning.line, "code": warning.code, "detail": warning.detail});
    Ok(reply(
        200,
        &json!({
            "created": tally.created,
            "updated": tally.updated,
            "unchanged": tally.unchanged,
            "rejected": tally.rejected.into_iter().map(|(_, rejected)| rejected).collect::<Vec<_>>(),
            "warnings": parsed.warnings.iter().map(warning).collect::<Vec<_>>(),
        }),
    ))
}
