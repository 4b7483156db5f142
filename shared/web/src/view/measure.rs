//! The quality measure in the API's form: JSON, and a table for a spreadsheet.

use portico_domain::model::measure::{Figures, JudgedPatient, JudgedVisit};
use portico_domain::operations::staff::report::{MeasurePage, Period};
use serde_json::{Value, json};

/// What the figures rest on. A reader must know it to use them.
const ASSUMPTIONS: [&str; 6] = [
    "Means to get in: a registered account that works, or an invitation that was sent and did not come back, until 30 days after it expired; or a letter that was handed over.",
    "In time: by the end of the fourth business day after the information was available.",
    "Available: when the visit's note was signed; if it is not signed, at the start of the day of the visit.",
    "Business days: Monday to Friday, without federal holidays and the practice's closures. numerator_no_holidays counts those days, too.",
    "Period: both figures are confined to it, so what was given after its last day does not count. CMS asks for at least 180 days in a row of one calendar year.",
    "Whether the record itself could be viewed, downloaded and transmitted is not known here. This is no submission file.",
];

fn figures(figures: Figures) -> Value {
    json!({
        "denominator": figures.denominator,
        "numerator": figures.numerator,
        "numerator_no_holidays": figures.numerator_no_holidays,
        "rate": figures.rate(),
    })
}

fn visit(provider: &str, visit: &JudgedVisit) -> Value {
    let mut body = json!({
        "date": visit.date.to_string(),
        "available_at": visit.available_at.to_string(),
        "available_from": if visit.is_signed { "signed_at" } else { "visit_date" },
        "deadline": visit.deadline.to_string(),
        "in_time": visit.in_time,
    });
    if let Some(at) = visit.had_access_at {
        body["had_access_at"] = json!(at.to_string());
    }
    if !provider.is_empty() {
        body["provider"] = json!(provider);
    }
    body
}

fn patient(judged: &JudgedPatient) -> Value {
    let mut body = json!({
        "patient_id": judged.patient,
        "counted": judged.is_counted(),
        "visits": judged.visits.iter().map(|(provider, judged)| visit(provider, judged)).collect::<Vec<_>>(),
    });
    if let Some(provider) = judged.providers.first() {
        body["provider"] = json!(provider);
    }
    if let Some(missing) = judged.missing() {
        body["reason"] = json!(missing.code());
    }
    body
}

/// The measure as JSON.
pub fn measure(page: &MeasurePage, period: &Period) -> Value {
    let clinicians: Vec<Value> = page
        .report
        .clinicians
        .iter()
        .map(|(provider, theirs)| {
            let mut body = figures(*theirs);
            body["provider"] = json!(provider);
            body
        })
        .collect();
    let mut body = json!({
        "measure": "PI_PEA_1",
        "from": period.from.to_string(),
        "to": period.to.to_string(),
        "assumptions": ASSUMPTIONS,
        "practice": figures(page.report.practice),
        "clinicians": clinicians,
        "patients": page.report.patients.iter().map(patient).collect::<Vec<_>>(),
    });
    if let Some(cursor) = &page.next_cursor {
        body["next_cursor"] = json!(cursor);
    }
    body
}

/// The measure as a table: first what it rests on and the figures, then a row for each visit.
pub fn measure_rows(page: &MeasurePage, period: &Period) -> String {
    let mut rows = vec![
        vec!["access means provided (PI_PEA_1)".to_owned(), period.from.to_string(), period.to.to_string()],
        vec!["Portico".to_owned(), env!("CARGO_PKG_VERSION").to_owned()],
    ];
    rows.extend(ASSUMPTIONS.map(|assumption| vec![assumption.to_owned()]));
    rows.extend(page.next_cursor.iter().map(|cursor| vec!["next_cursor".to_owned(), cursor.clone()]));
    rows.push(["", "denominator", "numerator", "numerator_no_holidays"].map(str::to_owned).to_vec());
    let row = |name: &str, figures: &Figures| {
        let Figures { denominator, numerator, numerator_no_holidays } = figures;
        let numbers = [denominator, numerator, numerator_no_holidays].map(ToString::to_string);
        [name.to_owned()].into_iter().chain(numbers).collect::<Vec<_>>()
    };
    rows.push(row("practice", &page.report.practice));
    rows.extend(page.report.clinicians.iter().map(|(provider, theirs)| row(provider, theirs)));
    let names =
        ["patient_id", "provider", "date", "available_at", "deadline", "had_access_at", "in_time", "reason"];
    rows.push(names.map(str::to_owned).to_vec());
    for judged in &page.report.patients {
        for (provider, visit) in &judged.visits {
            rows.push(vec![
                judged.patient.to_string(),
                provider.clone(),
                visit.date.to_string(),
                visit.available_at.to_string(),
                visit.deadline.to_string(),
                visit.had_access_at.map(|at| at.to_string()).unwrap_or_default(),
                if visit.in_time { "yes" } else { "no" }.to_owned(),
                visit.missing.map(|missing| missing.code().to_owned()).unwrap_or_default(),
            ]);
        }
    }
    table(&rows)
}

/// The rows as CSV (RFC 4180). A cell that a spreadsheet would take for a formula begins with an apostrophe.
pub fn table(rows: &[Vec<String>]) -> String {
    let safe = |cell: &String| {
        let is_formula = cell.starts_with(['=', '+', '-', '@', '\t', '\r']);
        if is_formula { format!("'{cell}") } else { cell.clone() }
    };
    let mut builder = csv::WriterBuilder::new();
    let mut writer = builder.flexible(true).terminator(csv::Terminator::CRLF).from_writer(Vec::new());
    for row in rows {
        // Writing into memory does not fail.
        writer.write_record(row.iter().map(safe)).ok();
    }
    writer.into_inner().ok().and_then(|bytes| String::from_utf8(bytes).ok()).unwrap_or_default()
}
