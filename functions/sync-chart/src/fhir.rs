//! Reads FHIR R4: turns the body of an import into statements about each patient. One bad resource never
//! stops the others: it is reported by line and code, with a sentence of ours that can't contain a value of
//! the resource.

mod dates;
mod finding;
mod reader;
mod resources;

use std::collections::HashMap;

use jiff::tz::TimeZone;
use portico_domain::model::chart::{CareChange, Contact, Visit};
use portico_domain::model::ids::PatientId;
use portico_domain::model::sent_chart::{Sent, SentChart};
use portico_domain::operations::staff::import::ChartStatement;
use portico_domain::time::Timestamp;
use serde_json::{Map, Value};

use dates::Clock;
pub use finding::Finding;
use finding::{
    DUPLICATE_RESOURCE, IGNORED_STATUS, MORE_UNSUPPORTED, NO_RESOURCE, NOT_JSON, UNSUPPORTED_RESOURCE,
    WRONG_ENTRY,
};
use reader::Reader;

#[cfg(test)]
mod tests;

/// Most resources in one import, of the types that we read; more give `413`.
pub const MAX_RESOURCES: usize = 1000;

/// Most resources of other types that are named one by one.
const MAX_NAMED: usize = 200;

/// The format of a body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// `application/fhir+ndjson`: a resource on each line.
    Ndjson,
    /// `application/fhir+json`: a Bundle, or a single resource.
    Json,
}

/// A resource that was refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rejected {
    /// The line in NDJSON, or the entry in a Bundle; both count from 1. An error in a whole JSON body has
    /// line 1.
    pub line: usize,
    /// The reason: a stable code in `snake_case`.
    pub code: &'static str,
    /// What to do about it. Never contains a value of the resource.
    pub detail: String,
}

/// A resource that was imported with a change, or that says of itself that it is no longer valid.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Warning {
    /// As in [`Rejected`].
    pub line: usize,
    /// The finding: a stable code in `snake_case`.
    pub code: &'static str,
    /// What was done with it, and what to do about it. Never contains a value of the resource.
    pub detail: String,
}

/// The origin of a statement, so that its result can be reported by line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Source {
    /// As in [`Rejected`].
    pub line: usize,
    pub what: What,
    /// What of a patient's names and birth date is missing or can't be read. A chart that is known keeps its own; a
    /// new one is refused for it.
    pub unread: Vec<Finding>,
}

/// The kind of statement that a resource makes about its patient.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum What {
    /// The chart itself.
    Chart,
    /// A visit with this id.
    Visit(String),
    /// A contact with this id.
    Contact(String),
    /// That a visit with this id did not take place, or was entered in error.
    NoVisit(String),
    /// That the contact with this id is none any more.
    NoContact(String),
    /// The same as an earlier resource of this body. It counts as unchanged if the earlier one is imported.
    Same,
}

/// A parsed body. Each resource is either a [`Source`], or rejected, or has the warning `ignored_status`;
/// never two of these.
#[derive(Clone, Debug, Default)]
pub struct Parsed {
    /// One statement for each patient, in the order in which patients are first mentioned.
    pub statements: Vec<(ChartStatement, Vec<Source>)>,
    /// The refused resources, with their lines.
    pub rejected: Vec<Rejected>,
    /// The warnings, with their lines.
    pub warnings: Vec<Warning>,
    /// The number of resources in the body that we read, including refused ones.
    pub resources: usize,
}

/// Why a body was not read at all.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TooMuch {
    /// There are more than [`MAX_RESOURCES`].
    Resources,
}

/// Parses the body of an import. `now` tells which birth dates lie in the future and which periods
/// have ended; a day without a time is one in the practice's `zone`.
pub fn parse(body: &str, form: Form, now: Timestamp, zone: TimeZone) -> Result<Parsed, TooMuch> {
    let clock = Clock { now, zone };
    match form {
        Form::Ndjson => parse_lines(body, clock),
        Form::Json => parse_bundle(body, clock),
    }
}

fn parse_lines(body: &str, clock: Clock) -> Result<Parsed, TooMuch> {
    let lines = body.lines().map(bare).zip(1..).filter(|(text, _)| !text.is_empty());
    let mut intake = Intake::new();
    let reader = Reader { clock, full_urls: HashMap::new() };
    for (text, line) in lines {
        intake.take(line, object(text).and_then(|resource| reader.read(resource)))?;
    }
    Ok(intake.parsed())
}

fn parse_bundle(body: &str, clock: Clock) -> Result<Parsed, TooMuch> {
    let entries = entries(bare(body));
    let mut intake = Intake::new();
    let reader = Reader { clock, full_urls: patients_by_url(&entries) };
    for (entry, line) in entries.into_iter().zip(1..) {
        let read = match &entry.deletes {
            Some(url) => reader.deleted(url, entry.resource.as_ref().ok()),
            None => entry.resource.and_then(|resource| reader.read(resource)),
        };
        intake.take(line, read)?;
    }
    Ok(intake.parsed())
}

/// Removes outer white space and a byte-order mark. A file that was joined from several may have a mark at
/// the start of any line.
fn bare(text: &str) -> &str {
    text.trim_start_matches('\u{feff}').trim()
}

type Object = Map<String, Value>;

fn object(text: &str) -> Result<Object, Finding> {
    serde_json::from_str(text).map_err(|_| NOT_JSON)
}

struct Entry {
    full_url: Option<String>,
    resource: Result<Object, Finding>,
    /// The address of the resource that the entry deletes; `None` if it deletes none.
    deletes: Option<String>,
}

/// The entries of a Bundle. A resource that isn't a Bundle counts as one entry.
fn entries(body: &str) -> Vec<Entry> {
    let single = |resource| vec![Entry { full_url: None, resource, deletes: None }];
    let mut whole = match object(body) {
        Ok(whole) => whole,
        Err(finding) => return single(Err(finding)),
    };
    if text_of(&whole, "resourceType") != Some("Bundle") {
        return single(Ok(whole));
    }
    match whole.remove("entry") {
        None | Some(Value::Null) => Vec::new(),
        Some(Value::Array(entries)) => entries.into_iter().map(entry).collect(),
        Some(_) => single(Err(WRONG_ENTRY)),
    }
}

fn entry(entry: Value) -> Entry {
    let Value::Object(mut entry) = entry else {
        return Entry { full_url: None, resource: Err(NO_RESOURCE), deletes: None };
    };
    let full_url = text_of(&entry, "fullUrl").map(str::to_owned);
    let deletes = entry.get("request").and_then(Value::as_object).and_then(|request| {
        let is_deletion =
            text_of(request, "method").is_some_and(|method| method.eq_ignore_ascii_case("DELETE"));
        is_deletion.then(|| text_of(request, "url").or(full_url.as_deref()).unwrap_or_default().to_owned())
    });
    let resource = match entry.remove("resource") {
        Some(Value::Object(resource)) => Ok(resource),
        _ => Err(NO_RESOURCE),
    };
    Entry { full_url, resource, deletes }
}

fn patients_by_url(entries: &[Entry]) -> HashMap<String, String> {
    let patient = |entry: &Entry| {
        let resource = entry.resource.as_ref().ok()?;
        let id = text_of(resource, "id").filter(|_| text_of(resource, "resourceType") == Some("Patient"))?;
        Some((entry.full_url.clone()?, id.to_owned()))
    };
    entries.iter().filter_map(patient).collect()
}

fn text_of<'a>(object: &'a Object, field: &str) -> Option<&'a str> {
    object.get(field).and_then(Value::as_str)
}

/// The result of the resources read so far.
struct Intake {
    /// By patient, each with its position in the result.
    statements: HashMap<PatientId, (usize, ChartStatement, Vec<Source>)>,
    /// The accepted resources by type and id, to compare a later one with the same id.
    taken: HashMap<String, Fact>,
    rejected: Vec<Rejected>,
    warnings: Vec<Warning>,
    /// The resources that we read.
    resources: usize,
    /// The resources of types that we don't read.
    others: usize,
}

impl Intake {
    fn new() -> Self {
        Self {
            statements: HashMap::new(),
            taken: HashMap::new(),
            rejected: Vec::new(),
            warnings: Vec::new(),
            resources: 0,
            others: 0,
        }
    }

    /// Takes in one resource. Resources of types that we don't read count for themselves: an export has many of them.
    fn take(&mut self, line: usize, read: Result<Read, Finding>) -> Result<(), TooMuch> {
        if read.as_ref().is_err_and(|finding| finding.code == UNSUPPORTED_RESOURCE.code) {
            self.others += 1;
            match self.others.checked_sub(MAX_NAMED) {
                None => self.reject(line, UNSUPPORTED_RESOURCE),
                Some(0) => self.reject(line, MORE_UNSUPPORTED),
                Some(_) => {}
            }
            return Ok(());
        }
        self.resources += 1;
        if self.resources > MAX_RESOURCES {
            return Err(TooMuch::Resources);
        }
        match read {
            Ok(Read::Fact(fact, notes)) => self.state(line, fact, Vec::new(), notes),
            Ok(Read::Chart(fact, unread, notes)) => self.state(line, fact, unread, notes),
            Ok(Read::NoLongerCounts) => self.warn(line, IGNORED_STATUS),
            Err(finding) => self.reject(line, finding),
        }
        Ok(())
    }

    fn state(&mut self, line: usize, fact: Fact, unread: Vec<Finding>, notes: Vec<Finding>) {
        let name = fact.name();
        let what = match self.taken.get(&name) {
            None => fact.what(),
            Some(first) if *first == fact => What::Same,
            // What is taken back counts, whatever an earlier line of the same file said.
            Some(_) if matches!(fact.said, Said::NoVisit | Said::NoContact) => fact.what(),
            Some(_) => return self.reject(line, DUPLICATE_RESOURCE),
        };
        let place = self.statements.len();
        let (_, statement, sources) = self.statements.entry(fact.patient.clone()).or_insert_with(|| {
            (
                place,
                ChartStatement { id: fact.patient.clone(), chart: None, care: CareChange::default() },
                Vec::new(),
            )
        });
        let unread = if what == What::Same { Vec::new() } else { unread };
        sources.push(Source { line, what: what.clone(), unread });
        if what == What::Same {
            return;
        }
        match fact.said.clone() {
            Said::Chart(chart, contacts, replaces) => {
                let earlier = statement.chart.replace(*chart);
                // That this chart was merged may have been said by the other one.
                if let (Some(earlier), Some(chart)) = (earlier, &mut statement.chart)
                    && chart.replaced_by.stays()
                {
                    chart.replaced_by = earlier.replaced_by;
                }
                statement.care.own_contacts = contacts;
                for other in replaces {
                    self.merge(other, &fact.patient);
                }
            }
            Said::Visit(visit) => statement.care.add_visits.push(visit),
            Said::Contact(contact) => statement.care.add_contacts.push(*contact),
            Said::NoVisit => statement.care.drop_visits.push(fact.id.clone()),
            Said::NoContact => statement.care.drop_contacts.push(fact.id.clone()),
        }
        self.taken.insert(name, fact);
        for note in notes {
            self.warn(line, note);
        }
    }

    /// Notes that one chart was merged into another. A chart that is not known stays unknown.
    fn merge(&mut self, merged: PatientId, into: &PatientId) {
        let place = self.statements.len();
        let (_, statement, _) = self.statements.entry(merged.clone()).or_insert_with(|| {
            (place, ChartStatement { id: merged, chart: None, care: CareChange::default() }, Vec::new())
        });
        let chart = statement.chart.get_or_insert_default();
        if chart.replaced_by.stays() {
            chart.replaced_by = Sent::Is(into.clone());
        }
    }

    fn reject(&mut self, line: usize, Finding { code, detail }: Finding) {
        self.rejected.push(Rejected { line, code, detail: detail.into_owned() });
    }

    fn warn(&mut self, line: usize, Finding { code, detail }: Finding) {
        self.warnings.push(Warning { line, code, detail: detail.into_owned() });
    }

    fn parsed(self) -> Parsed {
        let Self { statements, rejected, warnings, resources, .. } = self;
        let mut statements: Vec<_> = statements.into_values().collect();
        statements.sort_by_key(|(place, ..)| *place);
        let statements = statements.into_iter().map(|(_, statement, sources)| (statement, sources)).collect();
        Parsed { statements, rejected, warnings, resources }
    }
}

/// The result of reading one resource.
enum Read {
    /// A fact about a patient, and the findings about parts that could not be imported as written.
    Fact(Fact, Vec<Finding>),
    /// A chart, what of its names and birth date can't be read, and the other findings.
    Chart(Fact, Vec<Finding>, Vec<Finding>),
    /// The resource says that it is cancelled or no longer valid.
    NoLongerCounts,
}

#[derive(Clone, PartialEq)]
struct Fact {
    patient: PatientId,
    id: String,
    said: Said,
}

#[derive(Clone, PartialEq)]
enum Said {
    /// The chart, the contacts that it names, and the charts that were merged into it.
    Chart(Box<SentChart>, Option<Vec<Contact>>, Vec<PatientId>),
    Visit(Visit),
    Contact(Box<Contact>),
    NoVisit,
    NoContact,
}

impl Fact {
    /// Type and id, which identify a resource.
    fn name(&self) -> String {
        let kind = match self.said {
            Said::Chart(..) => "Patient",
            Said::Visit(_) | Said::NoVisit => "Encounter",
            Said::Contact(_) | Said::NoContact => "RelatedPerson",
        };
        format!("{kind}/{}", self.id)
    }

    fn what(&self) -> What {
        match self.said {
            Said::Chart(..) => What::Chart,
            Said::Visit(_) => What::Visit(self.id.clone()),
            Said::Contact(_) => What::Contact(self.id.clone()),
            Said::NoVisit => What::NoVisit(self.id.clone()),
            Said::NoContact => What::NoContact(self.id.clone()),
        }
    }
}
