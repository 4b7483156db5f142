//! The page on which staff take in a spreadsheet: first a check that writes nothing, then the import.

use std::collections::BTreeMap;
use std::convert::Infallible;

use askama::Template;
use futures_util::stream::once;
use multer::Multipart;
use multer::bytes::Bytes;
use portico_domain::context::Context;
use portico_domain::model::practice::{Scope, Settings};
use portico_domain::operations::staff::desk::desk;
use portico_domain::ports::{ApiCalls, Chain, Commit, Directory, Limits, Patients, Practices};
use portico_domain::steps::api_call::Caller;
use portico_web::desk::{Desk, desk_page};
use portico_web::{Answer, App, Inbound, Reject};
use serde_json::Value;

use crate::csv::{self, FIELDS, Unreadable};
use crate::import::{TableOptions, TableReport, table};

/// Longest table, in bytes. The page carries it from the check to the import, and an answer of Lambda has 6 MB at most.
const LONGEST: usize = 2 * 1024 * 1024;
/// Longest form: the table, and what stands around it.
const LONGEST_FORM: usize = LONGEST + 64 * 1024;
/// Most lines with faults, or with warnings, that the page names.
const NAMED: usize = 200;

/// A column of the file.
struct Column {
    name: String,
    /// What it is read as: the field, and its name in words.
    read_as: Option<(&'static str, String)>,
}

/// A sentence about a line.
struct About {
    line: u64,
    text: String,
}

/// What a check found, or an import did.
struct Outcome {
    is_check: bool,
    /// The table, for the next step.
    table: String,
    created: usize,
    updated: usize,
    unchanged: usize,
    refused: usize,
    faults: Vec<About>,
    warnings: Vec<About>,
    columns: Vec<Column>,
    rows: Vec<About>,
    next_line: Option<usize>,
}

impl Outcome {
    /// How many lines were taken in, or would be.
    const fn taken(&self) -> usize {
        self.created + self.updated + self.unchanged
    }

    /// Whether a column is left out, so that staff look at the columns.
    fn lacks_a_field(&self) -> bool {
        self.columns.iter().any(|column| column.read_as.is_none())
    }

    /// How many faults are not named.
    const fn more(&self) -> usize {
        self.refused.saturating_sub(self.faults.len())
    }
}

#[derive(Template)]
#[template(path = "import.html")]
struct ImportPage {
    desk: Desk,
    /// Why the file can't be read at all.
    problem: Option<String>,
    is_day_first: bool,
    /// What a column may be read as: the field, and its name in words.
    fields: Vec<(&'static str, String)>,
    outcome: Option<Outcome>,
}

impl ImportPage {
    fn new(inbound: &Inbound, context: &Context, (caller, settings): &(Caller, Settings)) -> Self {
        Self {
            desk: Desk::of(inbound, context, settings, caller),
            problem: None,
            is_day_first: false,
            fields: FIELDS.iter().map(|field| (*field, in_words(field))).collect(),
            outcome: None,
        }
    }
}

/// `birth_date` as `birth date`.
fn in_words(field: &str) -> String {
    field.replace('_', " ")
}

/// What was sent: the fields of the form, and the file.
#[derive(Default)]
struct Upload {
    fields: BTreeMap<String, String>,
    file: Vec<u8>,
}

impl Upload {
    async fn of(inbound: &Inbound) -> Result<Self, Reject> {
        let boundary = multer::parse_boundary(inbound.whole_content_type());
        let boundary = boundary.map_err(|_| Reject::UnsupportedType)?;
        let body = Bytes::copy_from_slice(inbound.bytes(LONGEST_FORM)?);
        let mut parts = Multipart::new(once(async { Ok::<_, Infallible>(body) }), boundary);
        let unreadable = |_| Reject::malformed("", "malformed");
        let mut upload = Self::default();
        while let Some(part) = parts.next_field().await.map_err(unreadable)? {
            let name = part.name().unwrap_or_default().to_owned();
            if name == "file" {
                upload.file = part.bytes().await.map_err(unreadable)?.to_vec();
            } else {
                upload.fields.insert(name, part.text().await.map_err(unreadable)?);
            }
        }
        Ok(upload)
    }

    fn has(&self, name: &str) -> bool {
        self.fields.contains_key(name)
    }

    /// The table as text: the one that the check carried on, or the file.
    fn table(&self) -> Result<String, Unreadable> {
        let bytes = match self.fields.get("table") {
            Some(table) => table.as_bytes(),
            None if self.file.is_empty() => {
                return Err(Unreadable("no_file", "Choose a file first.".to_owned()));
            }
            None => &self.file,
        };
        if bytes.len() > LONGEST {
            let detail = "This file is larger than 2 MB. Split it, or send it through the API.".to_owned();
            return Err(Unreadable("too_large", detail));
        }
        csv::decode(bytes)
    }

    fn options(&self) -> TableOptions {
        let chosen = self.fields.iter().filter_map(|(name, field)| {
            let column = name.strip_prefix("column:").filter(|_| !field.is_empty())?;
            Some((field.clone(), column.to_owned()))
        });
        TableOptions {
            day_first: self.has("day_first"),
            from_line: self.fields.get("from_line").and_then(|line| line.parse().ok()).unwrap_or(2),
            chosen: chosen.collect(),
        }
    }
}

/// Shows the empty form.
pub(super) async fn form<S>(app: &App<S>, inbound: &Inbound) -> Result<Answer, Reject>
where
    S: ApiCalls + Limits + Practices,
{
    let call = inbound.desk(&app.context)?;
    let frame = desk(app, &call, &[Scope::ChartWrite]).await?;
    Ok(desk_page(200, &ImportPage::new(inbound, &app.context, &frame)))
}

/// Checks a file, or takes it in.
pub(super) async fn take<S>(app: &App<S>, inbound: &Inbound) -> Result<Answer, Reject>
where
    S: ApiCalls + Limits + Practices + Chain + Directory + Patients + Commit,
{
    let call = inbound.desk(&app.context)?;
    let frame = desk(app, &call, &[Scope::ChartWrite]).await?;
    let upload = Upload::of(inbound).await?;
    let (options, is_check) = (upload.options(), !upload.has("take"));
    let page =
        ImportPage { is_day_first: options.day_first, ..ImportPage::new(inbound, &app.context, &frame) };
    let read = match upload.table() {
        Ok(text) => {
            table(app, &call, &options, is_check, text.as_bytes()).await?.map(|report| (text, report))
        }
        Err(unreadable) => Err(unreadable),
    };
    Ok(match read {
        Ok((text, report)) => {
            desk_page(200, &ImportPage { outcome: Some(outcome(is_check, text, &report)), ..page })
        }
        Err(Unreadable(_, detail)) => desk_page(400, &ImportPage { problem: Some(detail), ..page }),
    })
}

fn outcome(is_check: bool, table: String, report: &TableReport) -> Outcome {
    let about = |entries: &[Value], text: &dyn Fn(&Value) -> String| {
        let about =
            |entry: &Value| About { line: entry["line"].as_u64().unwrap_or_default(), text: text(entry) };
        entries.iter().take(NAMED).map(about).collect::<Vec<_>>()
    };
    let word = |entry: &Value, name: &str| entry[name].as_str().unwrap_or_default().to_owned();
    let of_column = |entry: &Value| format!("{}: {}", word(entry, "column"), word(entry, "detail"));
    let as_read = |entry: &Value| {
        let values = entry.as_object().into_iter().flatten().filter(|(name, _)| *name != "line");
        values.filter_map(|(_, value)| value.as_str()).collect::<Vec<_>>().join(", ")
    };
    let column = |(name, field): &(String, Option<&'static str>)| Column {
        name: name.clone(),
        read_as: field.map(|field| (field, in_words(field))),
    };
    Outcome {
        is_check,
        table,
        created: report.created,
        updated: report.updated,
        unchanged: report.unchanged,
        refused: report.rejected.len(),
        faults: about(&report.rejected, &|entry| word(entry, "detail")),
        warnings: about(&report.warnings, &of_column),
        columns: report.columns.iter().map(column).collect(),
        rows: about(&report.rows, &as_read),
        next_line: report.next_line,
    }
}
