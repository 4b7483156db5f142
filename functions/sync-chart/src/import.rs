//! The import: reads FHIR or a spreadsheet, and reports the result of each resource or line.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::io::Read;

use flate2::read::MultiGzDecoder;
use futures_util::future::join_all;

use portico_domain::model::person::{Email, Name, Phone, PostalCode};
use portico_domain::model::refusal::FieldFault;
use portico_domain::model::sent_chart::SentChart;
use portico_domain::operations::staff::import::{
    Imported, LineOutcome, import, import_patient, import_patient_line, imported,
};
use portico_domain::ports::{ApiCalls, Chain, Commit, Directory, Limits, Patients, Practices};
use portico_domain::steps::api_call::ApiCall;
use portico_domain::steps::chart_change::Synced;
use portico_web::{Answer, App, Inbound, Reject, json as reply};
use serde_json::{Value, json};

use crate::csv::{self, Choices};
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
    warnings: Vec<(usize, Value)>,
}

impl Tally {
    fn reject(&mut self, line: usize, code: &str, detail: &str) {
        self.rejected.push((line, json!({"line": line, "code": code, "detail": detail})));
    }

    fn warn(&mut self, line: usize, code: &str, detail: &str) {
        self.warnings.push((line, json!({"line": line, "code": code, "detail": detail})));
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
            Imported::Incomplete if source.what == What::Chart && !source.unread.is_empty() => {
                for fault in source.unread.iter().take(1) {
                    self.reject(source.line, fault.code, &fault.detail);
                }
            }
            Imported::UnknownPatient | Imported::Incomplete => self.reject(
                source.line,
                "unknown_patient",
                "No chart is known for this patient. Import the Patient first, or in the same call.",
            ),
            Imported::Unavailable => {
                self.reject(source.line, "try_again", "This could not be stored just now. Import it again.");
            }
            Imported::Done { chart, new, changed } => {
                // A deletion of somebody who is known needs no warning.
                for fault in source.unread.iter().filter(|fault| fault.code != "unknown_patient") {
                    self.warn(source.line, fault.code, &fault.detail);
                }
                self.count(match &source.what {
                    What::Chart => chart.unwrap_or(Synced::Unchanged),
                    What::Visit(id) | What::Contact(id) if new.contains(id) => Synced::Created,
                    What::Visit(id) | What::Contact(id) | What::NoVisit(id) | What::NoContact(id)
                        if changed.contains(id) =>
                    {
                        Synced::Updated
                    }
                    What::Same
                    | What::Visit(_)
                    | What::Contact(_)
                    | What::NoVisit(_)
                    | What::NoContact(_) => Synced::Unchanged,
                });
            }
        }
    }
}

/// Imports the body. An import may be repeated: what is already known counts as unchanged.
pub async fn take<S>(app: &App<S>, inbound: &Inbound, call: &ApiCall) -> Result<Answer, Reject>
where
    S: ApiCalls + Limits + Practices + Chain + Directory + Patients + Commit,
{
    let options = TableOptions::read(inbound)?;
    let body = unpacked(inbound.bytes(LONGEST_TABLE)?)?;
    if inbound.is_csv() {
        return take_table(app, inbound, call, options, &body).await;
    }
    if body.len() > LONGEST {
        return Err(Reject::TooLarge);
    }
    let kinds = [
        "application/fhir+ndjson",
        "application/ndjson",
        "application/x-ndjson",
        "application/fhir+json",
        "text/csv",
    ];
    let kind = inbound.kind(&kinds)?;
    let text = std::str::from_utf8(&body).map_err(|_| Reject::malformed("", "not_utf8"))?;
    let form = if kind.ends_with("ndjson") { Form::Ndjson } else { Form::Json };
    let opened = import(app, call, flag(inbound, "dry_run")?).await?;
    let parsed = fhir::parse(text, form, app.context.now(), opened.zone())
        .map_err(|TooMuch::Resources| Reject::TooLarge)?;
    tracing::info!(resources = parsed.resources, "import");
    let mut tally = Tally::default();
    for rejected in &parsed.rejected {
        tally.reject(rejected.line, rejected.code, &rejected.detail);
    }
    for warning in &parsed.warnings {
        tally.warn(warning.line, warning.code, &warning.detail);
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
    Ok(reply(
        200,
        &json!({
            "created": tally.created,
            "updated": tally.updated,
            "unchanged": tally.unchanged,
            "rejected": said(tally.rejected),
            "warnings": said(tally.warnings),
        }),
    ))
}

/// What is said of the lines, in their order.
fn said(mut of_lines: Vec<(usize, Value)>) -> Vec<Value> {
    of_lines.sort_by_key(|(line, _)| *line);
    of_lines.into_iter().map(|(_, said)| said).collect()
}

/// The body as it was before it was compressed with gzip. The two bytes that every such body begins with decide, because
/// proxies unpack bodies and leave the header.
pub(crate) fn unpacked(body: &[u8]) -> Result<Cow<'_, [u8]>, Reject> {
    if !body.starts_with(&[0x1f, 0x8b]) {
        return Ok(Cow::Borrowed(body));
    }
    let mut whole = Vec::new();
    // One byte more than any body may have is enough to refuse it, whatever it would become.
    let most = u64::try_from(LONGEST_TABLE + 1).unwrap_or(u64::MAX);
    let read = MultiGzDecoder::new(body).take(most).read_to_end(&mut whole);
    read.map_err(|_| Reject::malformed("", "not_gzip"))?;
    if whole.len() > LONGEST_TABLE { Err(Reject::TooLarge) } else { Ok(Cow::Owned(whole)) }
}

/// Longest table, in bytes: Lambda takes 6 MB, in base64.
pub(crate) const LONGEST_TABLE: usize = 4 * 1024 * 1024;

/// The last line that `from_line` may name. A cell may hold several lines, so there are more of them than patients.
const LAST_LINE: usize = 100_000;

/// Seconds after which a table is broken off. The API waits for 30.
const TABLE_SECONDS: i64 = 22;

/// Lines that an answer shows as they were read.
const SHOWN: usize = 12;

/// How a spreadsheet is to be read. Other bodies may have these options, and they do nothing there.
pub struct TableOptions {
    /// The first line to take in.
    pub from_line: usize,
    /// How its columns and cells are read.
    pub chosen: Choices,
}

impl TableOptions {
    fn read(inbound: &Inbound) -> Result<Self, Reject> {
        let from_line = inbound.query("from_line").map_or(Some(2), |line| line.parse().ok());
        let from_line = from_line.filter(|line| *line <= LAST_LINE);
        let from_line = from_line.ok_or_else(|| Reject::malformed("from_line", "invalid"))?;
        let (day_first, empty_clears) = (flag(inbound, "day_first")?, flag(inbound, "empty_clears")?);
        let mut chosen = Choices { day_first, empty_clears, ..Choices::default() };
        let columns = inbound.query("columns").filter(|_| inbound.is_csv()).unwrap_or_default();
        for pair in columns.split(',').filter(|pair| !pair.is_empty()) {
            let (field, column) =
                pair.split_once(':').ok_or_else(|| Reject::malformed("columns", "invalid"))?;
            let (field, column) = (field.trim().to_owned(), column.trim().to_owned());
            // A column without a field is left out.
            if field.is_empty() {
                chosen.left_out.push(column);
            } else if chosen.fields.insert(field, column).is_some() {
                return Err(Reject::malformed("columns", "repeated"));
            }
        }
        Ok(Self { from_line, chosen })
    }
}

/// The result of a spreadsheet.
pub struct TableReport {
    /// Lines that made a new chart.
    pub created: usize,
    /// Lines that changed a chart.
    pub updated: usize,
    /// Lines that said what was known.
    pub unchanged: usize,
    /// Lines that were not taken in: `{line, code, detail}`.
    pub rejected: Vec<Value>,
    /// Cells that were left out or read otherwise than they stand there: `{line, column, code, detail}`.
    pub warnings: Vec<Value>,
    /// Each column's name in the file, with what it was read as.
    pub columns: Vec<(String, Option<&'static str>)>,
    /// The first lines as they were read: `{line, …}`.
    pub rows: Vec<Value>,
    /// Where to go on, if there was no time for all lines.
    pub next_line: Option<usize>,
}

async fn take_table<S>(
    app: &App<S>,
    inbound: &Inbound,
    call: &ApiCall,
    options: TableOptions,
    bytes: &[u8],
) -> Result<Answer, Reject>
where
    S: ApiCalls + Limits + Practices + Chain + Directory + Patients + Commit,
{
    let dry_run = flag(inbound, "dry_run")?;
    let report = match table(app, call, &options, dry_run, bytes).await? {
        Ok(report) => report,
        Err(csv::Unreadable(code, _)) => return Err(Reject::malformed("", code)),
    };
    let columns: Vec<Value> =
        report.columns.iter().map(|(name, field)| json!({"column": name, "field": field})).collect();
    let mut body = json!({
        "created": report.created,
        "updated": report.updated,
        "unchanged": report.unchanged,
        "rejected": report.rejected,
        "warnings": report.warnings,
        "columns": columns,
    });
    if dry_run {
        body["rows"] = json!(report.rows);
    }
    if let Some(next_line) = report.next_line {
        body["next_line"] = json!(next_line);
    }
    Ok(reply(200, &body))
}

/// Takes in a spreadsheet, or with `dry_run` says what would become of each line. What there is no time for is left:
/// `next_line` says where to go on (`from_line`).
pub async fn table<S>(
    app: &App<S>,
    call: &ApiCall,
    options: &TableOptions,
    dry_run: bool,
    bytes: &[u8],
) -> Result<Result<TableReport, csv::Unreadable>, Reject>
where
    S: ApiCalls + Limits + Practices + Chain + Directory + Patients + Commit,
{
    let TableOptions { from_line, chosen } = options;
    let began = app.context.now();
    let opened = import(app, call, dry_run).await?;
    let sheet = match csv::read(bytes, chosen, began) {
        Ok(sheet) => sheet,
        Err(unreadable) => return Ok(Err(unreadable)),
    };
    tracing::info!(lines = sheet.rows.len(), "import of a table");
    let mut tally = Tally::default();
    let (mut next_line, mut warnings) = (None, Vec::new());
    let (mut refused_as_read, mut outcomes) = (Vec::new(), Vec::new());
    let mut lines = Vec::new();
    for row in sheet.rows.iter().filter(|row| row.line >= *from_line) {
        match &row.facts {
            Ok(facts) => lines.push((row, facts)),
            Err(fault) => {
                let detail = format!("{}: {}", fault.column, fault.detail);
                refused_as_read.push((row.line, fault.code, detail));
            }
        }
    }
    let mut rest = &lines[..];
    while let Some((first, _)) = rest.first() {
        if began.seconds_until(app.context.now()) >= TABLE_SECONDS {
            next_line = Some(first.line);
            break;
        }
        let (some, behind) = rest.split_at_checked(side_by_side(rest)).unwrap_or((rest, &[]));
        rest = behind;
        let each = some.iter().map(|(row, facts)| import_patient_line(app, &opened, row.id.as_ref(), facts));
        outcomes.extend(some.iter().map(|(row, _)| *row).zip(join_all(each).await));
    }
    for (line, code, detail) in refused_as_read {
        if next_line.is_none_or(|next_line| line < next_line) {
            tally.reject(line, code, &detail);
        }
    }
    for (row, taken) in outcomes {
        match taken {
            LineOutcome::Taken(synced) => {
                tally.count(synced);
                warnings.extend(row.warnings.iter().map(|warning| {
                    json!({"line": row.line, "column": warning.column, "code": warning.code, "detail": warning.detail})
                }));
            }
            LineOutcome::Incomplete(lacks) => {
                let (code, detail) = incomplete(row, &sheet.columns, &lacks);
                tally.reject(row.line, code, &detail);
            }
            LineOutcome::Ambiguous => {
                tally.reject(
                    row.line,
                    "ambiguous",
                    "Two charts have this name and birth date, or one has a similar name. Add the chart id.",
                );
            }
            LineOutcome::Unavailable => {
                tally.reject(row.line, "try_again", "This could not be stored just now. Import it again.");
            }
        }
    }
    imported(app, opened).await?;
    let shown = sheet.rows.iter().filter_map(|row| Some((row.line, row.facts.as_ref().ok()?))).take(SHOWN);
    let rows = shown.map(|(line, facts)| as_read(line, facts)).collect();
    Ok(Ok(TableReport {
        created: tally.created,
        updated: tally.updated,
        unchanged: tally.unchanged,
        rejected: said(tally.rejected),
        warnings,
        columns: sheet.columns,
        rows,
        next_line,
    }))
}

/// Lines that are taken in side by side, so that the table's answers are not waited for one by one.
const SIDE_BY_SIDE: usize = 8;

/// How many of these lines can be taken in side by side: those that are surely about different people. Lines with a chart id
/// and lines without one may be about the same; so may two lines without one that name the same birth date.
fn side_by_side(lines: &[(&csv::Row, &SentChart)]) -> usize {
    let has_id = lines.first().is_some_and(|(row, _)| row.id.is_some());
    let mut seen = BTreeSet::new();
    let who = |(row, facts): &(&csv::Row, &SentChart)| match &row.id {
        Some(id) => id.to_string(),
        None => facts.birth_date.known().map(|born| born.reveal()).unwrap_or_default(),
    };
    let apart = lines.iter().take(SIDE_BY_SIDE);
    apart.take_while(|line| line.0.id.is_some() == has_id && seen.insert(who(line))).count().max(1)
}

/// What a line of somebody new lacks: a code, and a sentence that names the fields.
fn incomplete(
    row: &csv::Row,
    columns: &[(String, Option<&'static str>)],
    lacks: &[FieldFault],
) -> (&'static str, String) {
    let field = |fault: &FieldFault| fault.pointer.trim_start_matches('/').to_owned();
    let in_cells: Vec<&csv::Fault> =
        lacks.iter().filter_map(|fault| row.fault_in(columns, &field(fault))).collect();
    if let Some(first) = in_cells.first() {
        let details = in_cells.iter().map(|fault| format!("{}: {}", fault.column, fault.detail));
        return (first.code, details.collect::<Vec<_>>().join(" "));
    }
    let names: Vec<String> = lacks.iter().map(|fault| csv::in_words(&field(fault))).collect();
    let names = names.join(", ");
    ("incomplete", format!("A new chart needs first name, last name and birth date. Missing: {names}."))
}

/// A yes or no in the query; no, if it is absent.
fn flag(inbound: &Inbound, name: &str) -> Result<bool, Reject> {
    match inbound.query(name) {
        None | Some("false" | "") => Ok(false),
        Some("true") => Ok(true),
        Some(_) => Err(Reject::malformed(name, "invalid")),
    }
}

/// A line as it was read, for a look before it is taken in.
fn as_read(line: usize, facts: &SentChart) -> Value {
    let mut view = json!({"line": line});
    let texts = [
        ("given_name", facts.given_name.known().map(Name::reveal)),
        ("middle_name", facts.middle_name.known().map(Name::reveal)),
        ("family_name", facts.family_name.known().map(Name::reveal)),
        ("email", facts.email.known().map(Email::reveal)),
        ("mobile_phone", facts.mobile_phone.known().map(Phone::reveal)),
        ("home_phone", facts.home_phone.known().map(Phone::reveal)),
        ("postal_code", facts.postal_code.known().map(PostalCode::reveal)),
        ("language", facts.language.known().map(String::as_str)),
    ];
    for (name, value) in texts {
        if let Some(value) = value {
            view[name] = json!(value);
        }
    }
    if let Some(born) = facts.birth_date.known() {
        view["birth_date"] = json!(born.reveal());
    }
    view
}
