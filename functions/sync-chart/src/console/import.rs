//! The page on which staff take in a spreadsheet: first a check that writes nothing, then the import.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::io::Write as _;

use askama::Template;
use data_encoding::BASE64;
use flate2::Compression;
use flate2::write::GzEncoder;
use futures_util::stream::once;
use multer::Multipart;
use multer::bytes::Bytes;
use portico_domain::context::Context;
use portico_domain::model::practice::{Scope, Settings};
use portico_domain::operations::staff::desk::desk;
use portico_domain::ports::{ApiCalls, Chain, Commit, Directory, Limits, Patients, Practices};
use portico_domain::steps::api_call::Caller;
use portico_web::desk::{Desk, desk_page};
use portico_web::{Answer, App, Inbound, Reject, csv as csv_file, phone, view};
use serde_json::Value;

use crate::csv::{self, Choices, FIELDS, Unreadable, in_words, is_mended};
use crate::import::{LONGEST_TABLE, TableOptions, TableReport, table, unpacked};

/// Longest form: the table, and what stands around it.
const LONGEST_FORM: usize = LONGEST_TABLE + 64 * 1024;
/// Most lines with faults, or with warnings, that the page names.
const NAMED: usize = 200;

/// Lines whose cells stand beside a column's name.
const SAMPLES: usize = 3;

/// A column of the file.
struct Column {
    name: String,
    /// What the first lines have there.
    samples: String,
    /// What it is read as: the field, and its name in words.
    read_as: Option<(&'static str, String)>,
}

impl Column {
    fn is_read_as(&self, field: &str) -> bool {
        self.read_as.as_ref().is_some_and(|(known, _)| *known == field)
    }
}

/// A sentence about a line.
struct About {
    line: u64,
    text: String,
}

/// What a check found, or an import did.
struct Outcome {
    is_check: bool,
    /// The table, compressed, for the next step.
    table: String,
    /// The first line that this step looked at.
    from_line: usize,
    created: usize,
    updated: usize,
    unchanged: usize,
    refused: usize,
    faults: Vec<About>,
    /// Cells that can't be read: their lines are taken in without them.
    left_out: Vec<About>,
    /// Cells that were mended.
    mended: Vec<About>,
    /// Lines with a fault, or with a cell that is left out.
    faulty: usize,
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
    empty_clears: bool,
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
            empty_clears: false,
            fields: FIELDS.iter().map(|field| (*field, in_words(field))).collect(),
            outcome: None,
        }
    }
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
        let carried = self.fields.get("table").map(|table| BASE64.decode(table.as_bytes()));
        let carried =
            carried.transpose().map_err(|_| Unreadable("malformed", "Choose the file again.".to_owned()))?;
        let bytes = carried.as_ref().unwrap_or(&self.file);
        if bytes.is_empty() {
            return Err(Unreadable("no_file", "Choose a file first.".to_owned()));
        }
        let too_large = |_| {
            let detail = "This file is larger than 4 MB. Split it, or send it through the API.".to_owned();
            Unreadable("too_large", detail)
        };
        csv::decode(&unpacked(bytes).map_err(too_large)?)
    }

    /// How to read the table; and what is wrong with the choice of columns, if two were chosen for one field. The second is
    /// left out then.
    fn options(&self) -> (TableOptions, Option<String>) {
        let (day_first, empty_clears) = (self.has("day_first"), self.has("empty_clears"));
        let mut chosen = Choices { day_first, empty_clears, ..Choices::default() };
        let mut problem = None;
        for (name, field) in &self.fields {
            let Some(column) = name.strip_prefix("column:") else { continue };
            if field.is_empty() {
                chosen.left_out.push(column.to_owned());
            } else if let Some(first) = chosen.fields.get(field) {
                let field = in_words(field);
                problem = Some(format!(
                    "You chose {field} for two columns: {first} and {column}. {column} is left out now. Nothing was taken in. \
                     Look at the columns again."
                ));
                chosen.left_out.push(column.to_owned());
            } else {
                chosen.fields.insert(field.clone(), column.to_owned());
            }
        }
        let options = TableOptions {
            from_line: self.fields.get("from_line").and_then(|line| line.parse().ok()).unwrap_or(2),
            chosen,
        };
        (options, problem)
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
    let ((mut options, problem), downloads) = (upload.options(), upload.has("download"));
    let is_check = downloads || problem.is_some() || !upload.has("take");
    let seen = |name: &str| upload.fields.get(name).and_then(|line| line.parse().ok());
    if downloads {
        // The same lines as on the page.
        options.from_line = seen("seen_from").unwrap_or(2);
    }
    let page = ImportPage {
        is_day_first: options.chosen.day_first,
        empty_clears: options.chosen.empty_clears,
        ..ImportPage::new(inbound, &app.context, &frame)
    };
    let read = match upload.table() {
        Ok(text) => {
            table(app, &call, &options, is_check, text.as_bytes()).await?.map(|report| (text, report))
        }
        Err(unreadable) => Err(unreadable),
    };
    Ok(match read {
        Ok((text, report)) if downloads => {
            let to_line = seen("seen_to").unwrap_or(usize::MAX);
            csv_file(refused(&text, &report, to_line), "lines-with-faults.csv")
        }
        Ok((text, report)) => {
            let outcome = outcome(is_check, &text, options.from_line, &report);
            let status = if problem.is_some() { 400 } else { 200 };
            desk_page(status, &ImportPage { outcome: Some(outcome), problem, ..page })
        }
        Err(Unreadable(_, detail)) => desk_page(400, &ImportPage { problem: Some(detail), ..page }),
    })
}

/// The lines that were refused, or taken in without a cell, and why.
fn faulty(report: &TableReport) -> BTreeMap<usize, String> {
    let word = |entry: &Value, name: &str| entry[name].as_str().unwrap_or_default().to_owned();
    let line =
        |entry: &Value| usize::try_from(entry["line"].as_u64().unwrap_or_default()).unwrap_or_default();
    let mut reasons: BTreeMap<usize, String> = BTreeMap::new();
    let lost = report.warnings.iter().filter(|entry| !is_mended(entry["code"].as_str().unwrap_or_default()));
    let lost =
        lost.map(|entry| (line(entry), format!("{}: {}", word(entry, "column"), word(entry, "detail"))));
    for (line, reason) in report.rejected.iter().map(|entry| (line(entry), word(entry, "detail"))).chain(lost)
    {
        let known = reasons.entry(line).or_default();
        if !known.is_empty() {
            known.push(' ');
        }
        known.push_str(&reason);
    }
    reasons
}

/// The lines before `to_line` that were refused, or taken in without a cell, as they stand in the file, each with its number
/// and the reason: a file that can be mended and taken in.
fn refused(text: &str, report: &TableReport, to_line: usize) -> String {
    let mut reasons = faulty(report);
    reasons.retain(|line, _| *line < to_line);
    let (names, lines) = csv::cells(text, &reasons);
    let width = names.len();
    let mut rows = vec![names.into_iter().chain(["Line".to_owned(), "What is wrong".to_owned()]).collect()];
    rows.extend(lines.into_iter().map(|(line, mut cells)| {
        cells.resize(width, String::new());
        cells.extend([line.to_string(), reasons.get(&line).cloned().unwrap_or_default()]);
        cells
    }));
    view::table(&rows)
}

/// A table as the page carries it.
fn packed(text: &str) -> String {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    // Writing into memory does not fail.
    encoder.write_all(text.as_bytes()).ok();
    BASE64.encode(&encoder.finish().unwrap_or_default())
}

fn outcome(is_check: bool, table: &str, from_line: usize, report: &TableReport) -> Outcome {
    let about = |entries: &[Value], text: &dyn Fn(&Value) -> String| {
        let about =
            |entry: &Value| About { line: entry["line"].as_u64().unwrap_or_default(), text: text(entry) };
        entries.iter().take(NAMED).map(about).collect::<Vec<_>>()
    };
    let word = |entry: &Value, name: &str| entry[name].as_str().unwrap_or_default().to_owned();
    let of_column = |entry: &Value| format!("{}: {}", word(entry, "column"), word(entry, "detail"));
    let (mended, left_out): (Vec<Value>, Vec<Value>) = report
        .warnings
        .iter()
        .cloned()
        .partition(|entry| is_mended(entry["code"].as_str().unwrap_or_default()));
    let as_read = |entry: &Value| {
        let name = ["given_name", "middle_name", "family_name"].map(|name| word(entry, name));
        let name = name.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" ");
        let born: Option<jiff::civil::Date> = word(entry, "birth_date").parse().ok();
        let born = born.map(|date| date.strftime("%B %-d, %Y").to_string()).unwrap_or_default();
        let number = |name: &str| phone(&word(entry, name));
        let values = [
            name,
            word(entry, "patient_id"),
            born,
            word(entry, "email"),
            number("mobile_phone"),
            number("home_phone"),
            word(entry, "postal_code"),
            word(entry, "language"),
        ];
        values.into_iter().filter(|value| !value.is_empty()).collect::<Vec<_>>().join(" · ")
    };
    let first_lines = (2..2 + SAMPLES).map(|line| (line, String::new())).collect();
    let (_, first_lines) = csv::cells(table, &first_lines);
    let samples = |place: usize| {
        let cells = first_lines.iter().filter_map(|(_, cells)| cells.get(place));
        cells.filter(|cell| !cell.is_empty()).map(String::as_str).collect::<Vec<_>>().join(" · ")
    };
    let column = |(place, (name, field)): (usize, &(String, Option<&'static str>))| Column {
        name: name.clone(),
        samples: samples(place),
        read_as: field.map(|field| (field, in_words(field))),
    };
    Outcome {
        is_check,
        table: packed(table),
        from_line,
        created: report.created,
        updated: report.updated,
        unchanged: report.unchanged,
        refused: report.rejected.len(),
        faults: about(&report.rejected, &|entry| word(entry, "detail")),
        left_out: about(&left_out, &of_column),
        mended: about(&mended, &of_column),
        faulty: faulty(report).len(),
        columns: report.columns.iter().enumerate().map(column).collect(),
        rows: about(&report.rows, &as_read),
        next_line: report.next_line,
    }
}
