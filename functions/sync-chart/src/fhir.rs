//! Reads FHIR R4: turns the body of an import into statements about each patient. One bad resource never
//! stops the others: it is reported by line and code, with a sentence of ours that can't contain a value of
//! the resource.

use std::borrow::Cow;
use std::cmp::Reverse;
use std::collections::HashMap;

use jiff::civil::Date;
use jiff::tz::TimeZone;
use portico_domain::model::chart::{CareChange, ChartStatus, Contact, OWN_CONTACT, Visit};
use portico_domain::model::ids::PatientId;
use portico_domain::model::person::{BirthDate, Email, Invalid, Line, Name, Phone, PostalCode};
use portico_domain::model::sent_chart::{Sent, SentChart};
use portico_domain::model::{language, names};
use portico_domain::operations::staff::import::ChartStatement;
use portico_domain::time::Timestamp;
use serde::de::{DeserializeOwned, Error as _};
use serde::{Deserialize, Deserializer};
use serde_json::{Map, Value};

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
            Said::Chart(chart, contacts) => {
                statement.chart = Some(*chart);
                statement.care.own_contacts = contacts;
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
    Chart(Box<SentChart>, Option<Vec<Contact>>),
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

/// A code with its sentence. The sentence can't contain a value of the resource, only the name of a field that we know.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// A stable code in `snake_case`.
    pub code: &'static str,
    /// What to do about it.
    pub detail: Cow<'static, str>,
}

const fn finding(code: &'static str, detail: &'static str) -> Finding {
    Finding { code, detail: Cow::Borrowed(detail) }
}

/// The finding about a field with the wrong kind of value.
fn wrong_type(code: &'static str, field: &str) -> Finding {
    let detail = format!(
        "The field `{field}` holds the wrong kind of JSON value, such as a number in place of text. Write it as FHIR R4 has it.",
    );
    Finding { code, detail: Cow::Owned(detail) }
}

const UNUSABLE_FIELD: &str = "unusable_field";

const NOT_JSON: Finding = finding(
    "malformed",
    "This can't be read as JSON. Write each FHIR resource as one JSON object, in NDJSON on one line of its own.",
);
const NO_RESOURCE: Finding =
    finding("malformed", "This entry has no resource. Put a FHIR resource into each entry of the Bundle.");
const NO_TYPE: Finding =
    finding("malformed", "This has no resourceType. Write it as a FHIR R4 resource that names its type.");
const WRONG_ENTRY: Finding =
    finding("malformed", "The field `entry` of the Bundle holds no list. Write it as FHIR R4 has it.");
const UNSUPPORTED_RESOURCE: Finding = finding(
    "unsupported_resource",
    "An import takes Patient, Encounter and RelatedPerson. Leave resources of other types out.",
);
const MORE_UNSUPPORTED: Finding = finding(
    "unsupported_resource",
    "This and all later resources of other types are left out without being named. Leave them out of the file.",
);
const INVALID_PATIENT_ID: Finding = finding(
    "invalid_patient_id",
    "The Patient needs an id of 1 to 64 letters, digits, hyphens, dots or underscores. Send the EHR's id in `id`.",
);
const MISSING_ID: Finding = finding(
    "missing_id",
    "The resource needs an `id`, so that a later import can update it. Send the EHR's id.",
);
const INVALID_ID: Finding = finding(
    "invalid_id",
    "The id must be 1 to 64 letters, digits, hyphens, dots or underscores. Send the EHR's id in that form.",
);
const MISSING_NAME: Finding = finding(
    "missing_name",
    "There is no name that is in use now. Add one with `family` and `given`; old names and nicknames don't count.",
);
const SPLIT_NAME: Finding = finding(
    "split_name",
    "The name has no `family` and `given`, so its `text` was split before its last word. Check it, and send the parts.",
);
const INVALID_NAME: Finding = finding(
    "invalid_name",
    "A name is longer than 100 characters or holds control characters. Correct it in the EHR.",
);
const MISSING_BIRTH_DATE: Finding =
    finding("missing_birth_date", "The Patient has no `birthDate`. Add it as YYYY-MM-DD.");
const INCOMPLETE_BIRTH_DATE: Finding = finding(
    "incomplete_birth_date",
    "The `birthDate` lacks its month or day, and the patient will be asked for all of it. Write it as YYYY-MM-DD.",
);
const INVALID_BIRTH_DATE: Finding = finding(
    "invalid_birth_date",
    "The `birthDate` is no day from 1900 until today that the calendar has. Correct it, as YYYY-MM-DD.",
);
const DUPLICATE_RESOURCE: Finding = finding(
    "duplicate_resource",
    "An earlier resource of this import has the same type and id and says something else; that one counts. Send each once.",
);
const INVALID_REFERENCE: Finding = finding(
    "invalid_reference",
    "The resource names no patient. Refer to one as `Patient/<id>`, or by the `fullUrl` of a Patient in the same Bundle.",
);
const MISSING_PERIOD: Finding = finding(
    "missing_period",
    "The Encounter has no `period.start`. Add the day or the time at which it began.",
);
const INVALID_PERIOD: Finding = finding(
    "invalid_period",
    "The Encounter's `period.start` is no full date that the calendar has. Write it as YYYY-MM-DD, with or without a time.",
);
const IGNORED_STATUS: Finding = finding(
    "ignored_status",
    "The resource says that it was cancelled, entered in error or is no longer in use, so it was not taken in. Nothing need be done.",
);
const NAMELESS_DELETION: Finding = finding(
    "invalid_reference",
    "A deletion of an Encounter or a RelatedPerson must name its patient. Send its resource along, or send it with the status that takes it back.",
);
const UNKNOWN_DELETION: Finding =
    finding("unknown_patient", "No chart is known for this patient, so there is nothing to delete.");
const UNUSABLE_PHONE: Finding = finding(
    "unusable_phone",
    "A phone number can't be dialled. Where there is no better one it is kept as text, and nobody will call or text it. Correct it in the EHR.",
);
const LONG_PHONE: Finding = finding(
    "unusable_phone",
    "A phone number is a text of more than 500 characters and was left out. Correct it in the EHR.",
);
const SPARE_PHONE: Finding = finding(
    "spare_phone",
    "The chart holds one mobile and one home number of the patient, and this one was left out. Rank the numbers in the EHR if it is the better one.",
);
const PLACEHOLDER_EMAIL: Finding = finding(
    "placeholder_email",
    "An e-mail address is what people write where there is none, and was left out. Ask the patient.",
);
const UNUSABLE_EMAIL: Finding = finding(
    "unusable_email",
    "An e-mail address can't be written to and was left out. Correct it in the EHR.",
);
const UNUSABLE_CONTACT: Finding = finding(
    "unusable_contact",
    "A `contact` of the Patient has no name that is in use and was left out. Add its name in the EHR.",
);
const UNUSABLE_POSTAL_CODE: Finding = finding(
    "unusable_postal_code",
    "The postal code is no ZIP code of five or nine digits and was left out. Correct it in the EHR.",
);
const UNUSABLE_ADDRESS: Finding = finding(
    "unusable_address",
    "A part of the address is longer than 200 characters or holds control characters and was left out. Correct it in the EHR.",
);
const UNUSABLE_LANGUAGE: Finding = finding(
    "unusable_language",
    "The language is none that we know and was left out. Send its code (ISO 639) or its name in English or Spanish.",
);
const UNUSABLE_PROVIDER: Finding = finding(
    "unusable_provider",
    "The clinician's name is longer than 200 characters or holds control characters and was left out. Correct it in the EHR.",
);
const UNUSABLE_PERIOD_END: Finding = finding(
    "unusable_period_end",
    "The Encounter's `period.end` is no day and no time with its offset, so the visit counts as unsigned. Correct it in the EHR.",
);

/// When, and by which calendar, a body is read.
struct Clock {
    now: Timestamp,
    zone: TimeZone,
}

impl Clock {
    /// The practice's day.
    fn today(&self) -> Date {
        self.now.to_jiff().to_zoned_datetime(self.zone.clone()).date()
    }

    /// An instant with its offset. A day without a time means its start.
    fn instant(&self, text: &str) -> Option<Timestamp> {
        let start = |day: Date| day.to_zoned_datetime(self.zone.clone()).ok();
        text.parse().ok().or_else(|| {
            let start = start(day(text)?)?;
            Some(Timestamp::from_millis(start.timestamp().as_millisecond()))
        })
    }
}

/// The data that is needed to read any resource of a body.
struct Reader {
    clock: Clock,
    /// A Bundle's patients: `fullUrl` to id.
    full_urls: HashMap<String, String>,
}

impl Reader {
    fn read(&self, resource: Object) -> Result<Read, Finding> {
        match text_of(&resource, "resourceType") {
            Some("Patient") => self.patient(resource),
            Some("Encounter") => {
                let (resource, notes) = strict(resource, &["participant"])?;
                self.encounter(resource, notes)
            }
            Some("RelatedPerson") => {
                let (resource, notes) = strict(resource, &["telecom", "relationship"])?;
                self.related_person(resource, notes)
            }
            Some(_) => Err(UNSUPPORTED_RESOURCE),
            None => Err(NO_TYPE),
        }
    }

    /// Reads a chart. Whoever has an id is somebody, so that a death gets through whatever else is wrong: a field that
    /// can't be read stays as it was.
    fn patient(&self, resource: Object) -> Result<Read, Finding> {
        let (resource, wrong) = lenient::<PatientResource>(resource);
        let is_wrong = |field: &str| wrong.iter().any(|name| name == field);
        if is_wrong("id") {
            return Err(wrong_type("malformed", "id"));
        }
        let id = resource.id.as_deref().unwrap_or_default();
        let patient = PatientId::parse(id).map_err(|_| INVALID_PATIENT_ID)?;
        let (mut unread, mut notes) = (Vec::new(), Vec::new());
        for field in &wrong {
            let needed = matches!(field.as_str(), "name" | "birthDate");
            let code = if needed { "malformed" } else { UNUSABLE_FIELD };
            if needed { &mut unread } else { &mut notes }.push(wrong_type(code, field));
        }
        let name = PersonName::choose(&resource.name, &self.clock).map_err(|finding| {
            if !is_wrong("name") {
                unread.push(finding);
            }
        });
        notes.extend(name.as_ref().is_ok_and(|name| name.was_split).then_some(SPLIT_NAME));
        let born = birth_date(resource.birth_date.as_deref(), &self.clock).map_err(|finding| {
            if !is_wrong("birthDate") {
                unread.push(finding);
            }
        });
        // The reason is in `unread`, with its sentence.
        let silent = Sent::Unread("malformed");
        let points = Points::current(&resource.telecom, &self.clock);
        let address = Address::choose(&resource.address, &self.clock).unwrap_or_default();
        let provider = resource.general_practitioner.first().and_then(|doctor| doctor.display.as_deref());
        let no_telecom = is_wrong("telecom");
        let [mobile_phone, home_phone] = phones(&points, &mut notes);
        let no_address = is_wrong("address");
        let chart = SentChart {
            given_name: name.as_ref().map_or(silent.clone(), |name| name.given.clone().into()),
            middle_name: name.as_ref().map_or(Sent::Stays, |name| name.middle.clone().into()),
            family_name: name.map_or(silent, |name| name.family.into()),
            birth_date: born.map_or(Sent::Unread("malformed"), Sent::Is),
            email: unless(no_telecom, || email(&points, &mut notes)),
            mobile_phone: unless(no_telecom, || mobile_phone),
            home_phone: unless(no_telecom, || home_phone),
            postal_code: unless(no_address, || postal_code(address.postal_code.as_deref(), &mut notes)),
            address_line: unless(no_address, || {
                line(address.joined_lines().as_deref(), UNUSABLE_ADDRESS, &mut notes)
            }),
            city: unless(no_address, || line(address.city.as_deref(), UNUSABLE_ADDRESS, &mut notes)),
            state: unless(no_address, || line(address.state.as_deref(), UNUSABLE_ADDRESS, &mut notes)),
            language: unless(is_wrong("communication"), || language(&resource.communication, &mut notes)),
            chart_status: resource.chart_status(&wrong),
            sms_consent: Sent::Stays,
            tags: Sent::Stays,
            provider: match line(provider, UNUSABLE_PROVIDER, &mut notes) {
                Sent::Nothing => Sent::Stays,
                said => said,
            },
        };
        let contacts = (!is_wrong("contact")).then(|| self.contacts(&resource.contact, &mut notes));
        let id = id.to_owned();
        Ok(Read::Chart(Fact { patient, id, said: Said::Chart(Box::new(chart), contacts) }, unread, notes))
    }

    /// The people whom a patient's own resource names, as far as their names can be read.
    fn contacts(&self, named: &[PatientContact], notes: &mut Vec<Finding>) -> Vec<Contact> {
        let mut contacts = Vec::new();
        for (person, number) in named.iter().zip(1..) {
            if !in_force(person.period.as_ref(), &self.clock) {
                continue;
            }
            let name = PersonName::choose(person.name.as_slice(), &self.clock).and_then(PersonName::parts);
            let (Ok((given_name, family_name)), Ok(relationship)) =
                (name, relationship(&person.relationship))
            else {
                notes.push(UNUSABLE_CONTACT);
                continue;
            };
            let points = Points::current(&person.telecom, &self.clock);
            let email = email(&points, notes).known().cloned();
            let phone = any_phone(&points, notes);
            let id = Some(format!("{OWN_CONTACT}{number}"));
            contacts.push(Contact { given_name, family_name, relationship, email, phone, id });
        }
        contacts
    }

    fn encounter(&self, resource: EncounterResource, mut notes: Vec<Finding>) -> Result<Read, Finding> {
        let status = resource.status.as_deref();
        // Check this first: a resource that was entered in error is often incomplete, too. What is planned has not
        // taken place.
        let is_none = matches!(
            status,
            Some("planned" | "cancelled" | "entered-in-error" | "noshow" | "no-show" | "discontinued")
        );
        if is_none {
            return Ok(self.taken_back(resource.id, resource.subject.as_ref(), Said::NoVisit));
        }
        let id = own_id(resource.id)?;
        let patient = self.referred(resource.subject.as_ref())?;
        let period = resource.period.unwrap_or_default();
        let start = filled(period.start.as_deref()).ok_or(MISSING_PERIOD)?;
        // The practice's local day: the date as written, even if it was another day in UTC.
        let date = day(start.split_once('T').map_or(start, |(date, _)| date)).ok_or(INVALID_PERIOD)?;
        let end = filled(period.end.as_deref()).filter(|_| status == Some("finished"));
        let signed_at = end.and_then(|end| self.clock.instant(end));
        notes.extend((end.is_some() && signed_at.is_none()).then_some(UNUSABLE_PERIOD_END));
        let provider = line(clinician(&resource.participant), UNUSABLE_PROVIDER, &mut notes);
        let visit = Visit { id: id.clone(), date, signed_at, provider: provider.known().cloned() };
        Ok(Read::Fact(Fact { patient, id, said: Said::Visit(visit) }, notes))
    }

    fn related_person(
        &self,
        resource: RelatedPersonResource,
        mut notes: Vec<Finding>,
    ) -> Result<Read, Finding> {
        // A former guardian must not be imported as a current one.
        if resource.active == Some(false) || !in_force(resource.period.as_ref(), &self.clock) {
            return Ok(self.taken_back(resource.id, resource.patient.as_ref(), Said::NoContact));
        }
        let id = own_id(resource.id)?;
        let patient = self.referred(resource.patient.as_ref())?;
        let name = PersonName::choose(&resource.name, &self.clock)?;
        notes.extend(name.was_split.then_some(SPLIT_NAME));
        let (given_name, family_name) = name.parts()?;
        let points = Points::current(&resource.telecom, &self.clock);
        let contact = Contact {
            given_name,
            family_name,
            relationship: relationship(&resource.relationship)?,
            email: email(&points, &mut notes).known().cloned(),
            phone: any_phone(&points, &mut notes),
            id: Some(id.clone()),
        };
        Ok(Read::Fact(Fact { patient, id, said: Said::Contact(Box::new(contact)) }, notes))
    }

    /// A resource that says that it is none, or none any more: what an earlier one with its id said is taken away. If it
    /// names neither itself nor a patient, there is nothing to take away.
    fn taken_back(&self, id: Option<String>, of: Option<&Reference>, said: Said) -> Read {
        match own_id(id).and_then(|id| Ok((id, self.referred(of)?))) {
            Ok((id, patient)) => Read::Fact(Fact { patient, id, said }, Vec::new()),
            Err(_) => Read::NoLongerCounts,
        }
    }

    /// A deletion in a Bundle, of the resource that the request names. Of a patient, the chart becomes inactive: what
    /// happened stays on record.
    fn deleted(&self, url: &str, resource: Option<&Object>) -> Result<Read, Finding> {
        let path = url.split(['?', '#']).next().unwrap_or_default();
        let path = path.split_once("/_history/").map_or(path, |(path, _)| path);
        let mut parts = path.rsplit('/').filter(|part| !part.is_empty());
        let (id, kind) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
        let of = |field: &str| {
            let reference = text_of(resource?.get(field)?.as_object()?, "reference")?.to_owned();
            Some(Reference { reference: Some(reference), display: None })
        };
        let about = |field: &str, said: Said| {
            let patient = self.referred(of(field).as_ref()).map_err(|_| NAMELESS_DELETION)?;
            let id = own_id(Some(id.to_owned()))?;
            Ok(Read::Fact(Fact { patient, id, said }, Vec::new()))
        };
        match kind {
            "Patient" => {
                let patient = PatientId::parse(id).map_err(|_| INVALID_PATIENT_ID)?;
                let chart_status = Sent::Is(ChartStatus::Inactive);
                let chart = SentChart { chart_status, ..SentChart::default() };
                let said = Said::Chart(Box::new(chart), None);
                Ok(Read::Chart(Fact { patient, id: id.to_owned(), said }, vec![UNKNOWN_DELETION], Vec::new()))
            }
            "Encounter" => about("subject", Said::NoVisit),
            "RelatedPerson" => about("patient", Said::NoContact),
            _ => Err(UNSUPPORTED_RESOURCE),
        }
    }

    /// The patient that a resource is about.
    fn referred(&self, reference: Option<&Reference>) -> Result<PatientId, Finding> {
        let text = reference.and_then(|to| filled(to.reference.as_deref())).ok_or(INVALID_REFERENCE)?;
        let id = self.full_urls.get(text).map(String::as_str).or_else(|| patient_in(text));
        id.and_then(|id| PatientId::parse(id).ok()).ok_or(INVALID_REFERENCE)
    }
}

/// The id in `Patient/<id>`, alone or at the end of an absolute URL, with or without a version.
fn patient_in(reference: &str) -> Option<&str> {
    let path = reference.split_once("/_history/").map_or(reference, |(path, _)| path);
    let (base, id) = path.rsplit_once("Patient/")?;
    let whole = base.is_empty() || (base.contains("://") && base.ends_with('/'));
    whole.then_some(id)
}

fn own_id(id: Option<String>) -> Result<String, Finding> {
    let id = id.filter(|id| !id.trim().is_empty()).ok_or(MISSING_ID)?;
    // Ids have the same characters as a patient's id, including the underscore, which many EHRs use.
    PatientId::parse(&id).map_err(|_| INVALID_ID)?;
    Ok(id)
}

fn birth_date(text: Option<&str>, clock: &Clock) -> Result<BirthDate, Finding> {
    let text = filled(text).ok_or(MISSING_BIRTH_DATE)?;
    if is_date_of(text, &[4]) || is_date_of(text, &[4, 2]) {
        Err(INCOMPLETE_BIRTH_DATE)
    } else if is_date_of(text, &[4, 2, 2]) {
        BirthDate::parse(text, clock.now).map_err(|_| INVALID_BIRTH_DATE)
    } else {
        // Other notations, which the domain accepts from people, are not FHIR: day and month could
        // be swapped.
        Err(INVALID_BIRTH_DATE)
    }
}

/// A fact that a field says; if the field is of the wrong kind, the fact stays as it was.
fn unless<T>(is_wrong: bool, said: impl FnOnce() -> Sent<T>) -> Sent<T> {
    if is_wrong { Sent::Stays } else { said() }
}

/// The first address that can be written to. If there are only others, the chart's stays; if they are only what people
/// write where there is none, there is none.
fn email(points: &Points, notes: &mut Vec<Finding>) -> Sent<Email> {
    let mut chosen = Sent::Nothing;
    for text in points.values(ContactPoint::is_email) {
        let read = Sent::from(Email::parse_for_chart(text));
        match read {
            Sent::Placeholder(_) => notes.push(PLACEHOLDER_EMAIL),
            Sent::Unread(_) => notes.push(UNUSABLE_EMAIL),
            Sent::Is(_) | Sent::Nothing | Sent::Stays => {}
        }
        if chosen.known().is_none() && !(chosen.stays() && matches!(read, Sent::Placeholder(_))) {
            chosen = read;
        }
    }
    chosen
}

/// The patient's mobile and home number: of each, the first that can be dialled, else the first as plain text. A phone
/// without a use, or with one that we don't know, is the one of the two that is missing. What is left is warned of.
fn phones(points: &Points, notes: &mut Vec<Finding>) -> [Sent<Phone>; 2] {
    let mut chosen = [Sent::Nothing, Sent::Nothing];
    let mut spare = Vec::new();
    for (place, kind) in [ContactPoint::is_mobile, ContactPoint::is_home_phone].into_iter().enumerate() {
        let mut read = read_phones(points.values(kind), notes);
        let best = read.iter().position(|phone| phone.dialable().is_some()).unwrap_or_default();
        if best < read.len() {
            let best = read.remove(best);
            if let Some(chosen) = chosen.get_mut(place) {
                *chosen = Sent::Is(best);
            }
        }
        spare.extend(read);
    }
    let mut any = read_phones(points.values(ContactPoint::is_any_phone), notes);
    any.sort_by_key(|phone| phone.dialable().is_none());
    for phone in any {
        let dials = phone.dialable().is_some();
        let is_free = |sent: &Sent<Phone>| match sent.known() {
            None => true,
            Some(known) => dials && known.dialable().is_none(),
        };
        match chosen.iter_mut().find(|sent| is_free(sent)) {
            Some(free) => *free = Sent::Is(phone),
            None => spare.push(phone),
        }
    }
    spare.extend(read_phones(points.values(ContactPoint::is_work_phone), &mut Vec::new()));
    let is_new = |phone: &Phone| !chosen.iter().any(|sent| sent.known() == Some(phone));
    notes.extend(spare.iter().filter(|phone| is_new(phone)).map(|_| SPARE_PHONE));
    chosen
}

/// The numbers of a contact, as far as they can be read; those that can't be dialled as plain text and with a warning.
fn read_phones<'a>(numbers: impl Iterator<Item = &'a str>, notes: &mut Vec<Finding>) -> Vec<Phone> {
    let mut read = Vec::new();
    for text in numbers {
        match Phone::parse_or_keep(text) {
            Ok(phone) => {
                notes.extend(phone.dialable().is_none().then_some(UNUSABLE_PHONE));
                read.push(phone);
            }
            Err(_) => notes.push(LONG_PHONE),
        }
    }
    read
}

/// The number of somebody who has one: mobile before others, one that can be dialled before a text.
fn any_phone(points: &Points, notes: &mut Vec<Finding>) -> Option<Phone> {
    let all = points.values(ContactPoint::is_mobile).chain(points.values(ContactPoint::is_other_phone));
    let mut read = read_phones(all, notes);
    read.sort_by_key(|phone| phone.dialable().is_none());
    read.into_iter().next()
}

fn postal_code(text: Option<&str>, notes: &mut Vec<Finding>) -> Sent<PostalCode> {
    said(text, PostalCode::parse, UNUSABLE_POSTAL_CODE, notes)
}

fn line(text: Option<&str>, otherwise: Finding, notes: &mut Vec<Finding>) -> Sent<Line> {
    said(text, Line::parse, otherwise, notes)
}

/// What a text says of a fact; the finding, if it can't be read.
fn said<T>(
    text: Option<&str>,
    parse: fn(&str) -> Result<T, Invalid>,
    otherwise: Finding,
    notes: &mut Vec<Finding>,
) -> Sent<T> {
    let read = filled(text).map_or(Sent::Nothing, |text| parse(text).into());
    notes.extend(read.unread().map(|_| otherwise));
    read
}

/// The preferred language, or else the first one: by its codes, their names, or its text.
fn language(spoken: &[Communication], notes: &mut Vec<Finding>) -> Sent<String> {
    let Some(chosen) = spoken.iter().find(|one| one.preferred == Some(true)).or(spoken.first()) else {
        return Sent::Nothing;
    };
    let Some(concept) = &chosen.language else { return Sent::Nothing };
    let codes = concept.coding.iter().filter_map(|coding| coding.code.as_deref());
    let displays = concept.coding.iter().filter_map(|coding| coding.display.as_deref());
    let mut texts = codes
        .chain(displays)
        .chain(concept.text.as_deref())
        .filter(|text| filled(Some(text)).is_some())
        .peekable();
    if texts.peek().is_none() {
        return Sent::Nothing;
    }
    if let Some(tag) = texts.find_map(language::tag) {
        return Sent::Is(tag);
    }
    notes.push(UNUSABLE_LANGUAGE);
    Sent::Unread("invalid_language")
}

/// The person's relationship to the patient, in the EHR's words. FHIR allows it to be missing, but a contact needs one.
fn relationship(concepts: &[CodeableConcept]) -> Result<Line, Finding> {
    let words = concepts.iter().flat_map(|concept| {
        let displays = concept.coding.iter().filter_map(|coding| coding.display.as_deref());
        let codes = concept.coding.iter().filter_map(|coding| coding.code.as_deref());
        displays.chain(codes).chain(concept.text.as_deref())
    });
    let unread = || wrong_type("malformed", "relationship");
    words.chain(["unspecified"]).find_map(|words| Line::parse(words).ok()).ok_or_else(unread)
}

/// The text without outer white space; `None` if nothing is left.
fn filled(text: Option<&str>) -> Option<&str> {
    text.map(str::trim).filter(|text| !text.is_empty())
}

/// Whether the text is groups of digits with these lengths, joined by hyphens: `[4, 2]` is `YYYY-MM`.
fn is_date_of(text: &str, lengths: &[usize]) -> bool {
    let digits = |part: &str| part.bytes().all(|b| b.is_ascii_digit());
    text.split('-').all(digits) && text.split('-').map(str::len).eq(lengths.iter().copied())
}

/// A full date, `YYYY-MM-DD`; `None` if the calendar doesn't have it.
fn day(text: &str) -> Option<Date> {
    text.parse().ok().filter(|_| is_date_of(text, &[4, 2, 2]))
}

/// Whether a period is in force now: it has begun, and it has not ended.
fn in_force(period: Option<&Period>, clock: &Clock) -> bool {
    begun(period, clock) && !ended(period, clock)
}

/// The first and the last day of a date that may lack its month or day, with or without a time; `None` if it can't be
/// read.
fn days(text: &str) -> Option<(Date, Date)> {
    if is_date_of(text, &[4]) {
        day(&format!("{text}-01-01")).zip(day(&format!("{text}-12-31")))
    } else if is_date_of(text, &[4, 2]) {
        day(&format!("{text}-01")).map(|first| (first, first.last_of_month()))
    } else {
        day(text.split_once('T').map_or(text, |(date, _)| date)).map(|day| (day, day))
    }
}

/// Whether the period's start has come. A start that can't be read counts as none.
fn begun(period: Option<&Period>, clock: &Clock) -> bool {
    let Some(start) = period.and_then(|period| filled(period.start.as_deref())) else { return true };
    if let Ok(start) = start.parse::<Timestamp>() {
        return start <= clock.now;
    }
    days(start).is_none_or(|(first, _)| first <= clock.today())
}

/// Whether the period's end is in the past. An end without a time lasts until the end of its day, month or
/// year. An end that can't be read counts as no end.
fn ended(period: Option<&Period>, clock: &Clock) -> bool {
    let Some(end) = period.and_then(|period| filled(period.end.as_deref())) else { return false };
    if let Ok(end) = end.parse::<Timestamp>() {
        return end <= clock.now;
    }
    days(end).is_some_and(|(_, last)| last < clock.today())
}

/// A person's name in the form that is imported. One of given and family name may be missing: some people have one name.
struct PersonName {
    given: Option<Name>,
    middle: Option<Name>,
    family: Option<Name>,
    /// Whether it was one text, of which we guessed the parts.
    was_split: bool,
}

impl PersonName {
    /// The name that is in use now: one with both parts before one with either, before a whole text; then by its use; of
    /// two with the same use, the one that began later.
    fn choose(names: &[HumanName], clock: &Clock) -> Result<Self, Finding> {
        let usable = names.iter().filter_map(|name| {
            let use_first = name.preference(clock)?;
            let family = filled(name.family.as_deref()).map(str::to_owned);
            let given: Vec<&str> = name.given.iter().filter_map(|given| filled(given.as_deref())).collect();
            let text = filled(name.text.as_deref());
            let (lacks, given, family) = match (&family, &given[..], text) {
                (None, [], None) => return None,
                (None, [], Some(text)) => {
                    let (given, family) = names::split(text);
                    (2, given, Some(family).filter(|family| !family.is_empty()))
                }
                (Some(_), [_, ..], _) => (0, given, family),
                _ => (1, given, family),
            };
            let began = name.period.as_ref().and_then(|period| filled(period.start.as_deref()));
            Some(((lacks, use_first, Reverse(began)), given, family))
        });
        let ((lacks, ..), given, family) =
            usable.min_by(|(one, ..), (other, ..)| one.cmp(other)).ok_or(MISSING_NAME)?;
        let name = |text: &str| Name::parse(text).map_err(|_| INVALID_NAME);
        let (first, others) = given
            .split_first()
            .map_or((None, String::new()), |(first, others)| (Some(*first), others.join(" ")));
        Ok(Self {
            given: first.map(name).transpose()?,
            middle: filled(Some(&others)).map(name).transpose()?,
            family: family.as_deref().map(name).transpose()?,
            was_split: lacks == 2,
        })
    }

    /// Given and family name of a contact. An only name is the family name.
    fn parts(self) -> Result<(Name, Name), Finding> {
        match (self.given, self.family) {
            (Some(given), Some(family)) => Ok((given, family)),
            (Some(only), None) | (None, Some(only)) => Ok((Name::none(), only)),
            (None, None) => Err(MISSING_NAME),
        }
    }
}

// --- the parts of FHIR that are read
// ------------------------------------------------------------------------------

/// Reads a resource without its fields of the wrong kind, and their names. Only fields that we know can be wrong, so a name
/// says nothing of the resource.
fn lenient<T: DeserializeOwned + Default>(object: Object) -> (T, Vec<String>) {
    if let Ok(read) = T::deserialize(Value::Object(object.clone())) {
        return (read, Vec::new());
    }
    let (mut right, mut wrong) = (Object::new(), Vec::new());
    for (name, value) in object {
        let alone = Object::from_iter([(name.clone(), value.clone())]);
        if T::deserialize(Value::Object(alone)).is_ok() {
            right.insert(name, value);
        } else {
            wrong.push(name);
        }
    }
    (T::deserialize(Value::Object(right)).unwrap_or_default(), wrong)
}

/// Reads a resource of which only some fields may be of the wrong kind; the findings name those.
fn strict<T: DeserializeOwned + Default>(
    object: Object,
    spare: &[&str],
) -> Result<(T, Vec<Finding>), Finding> {
    let (read, wrong) = lenient(object);
    match wrong.iter().find(|field| !spare.contains(&field.as_str())) {
        Some(field) => Err(wrong_type("malformed", field)),
        None => Ok((read, wrong.iter().map(|field| wrong_type(UNUSABLE_FIELD, field)).collect())),
    }
}

/// Reads yes or no. Some systems write it as text, and a death must not be lost for that.
fn truth<'de, D: Deserializer<'de>>(from: D) -> Result<Option<bool>, D::Error> {
    match Value::deserialize(from)? {
        Value::Null => Ok(None),
        Value::Bool(truth) => Ok(Some(truth)),
        Value::String(text) => match text.trim().to_lowercase().as_str() {
            "true" | "yes" | "y" | "1" => Ok(Some(true)),
            "false" | "no" | "n" | "0" => Ok(Some(false)),
            "" => Ok(None),
            _ => Err(D::Error::custom("not a boolean")),
        },
        Value::Number(number) if number.as_u64() == Some(1) => Ok(Some(true)),
        Value::Number(number) if number.as_u64() == Some(0) => Ok(Some(false)),
        Value::Number(_) | Value::Array(_) | Value::Object(_) => Err(D::Error::custom("not a boolean")),
    }
}

/// Reads an object, or `None`. A plain struct would also accept an array with the values of its fields.
fn one<'de, D: Deserializer<'de>, T: DeserializeOwned>(from: D) -> Result<Option<T>, D::Error> {
    let found = Option::<Object>::deserialize(from)?;
    found.map(|object| serde_json::from_value(Value::Object(object)).map_err(D::Error::custom)).transpose()
}

/// Reads a list of objects; a missing list is empty.
fn list<'de, D: Deserializer<'de>, T: DeserializeOwned>(from: D) -> Result<Vec<T>, D::Error> {
    let found = Option::<Vec<Object>>::deserialize(from)?.unwrap_or_default();
    found
        .into_iter()
        .map(|object| serde_json::from_value(Value::Object(object)).map_err(D::Error::custom))
        .collect()
}

/// Reads a list of texts. FHIR allows `null` for some of them. A missing list is empty.
fn texts<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<Option<String>>, D::Error> {
    Option::deserialize(from).map(Option::unwrap_or_default)
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct PatientResource {
    id: Option<String>,
    #[serde(deserialize_with = "truth")]
    active: Option<bool>,
    #[serde(deserialize_with = "list")]
    name: Vec<HumanName>,
    #[serde(deserialize_with = "list")]
    telecom: Vec<ContactPoint>,
    birth_date: Option<String>,
    #[serde(deserialize_with = "truth")]
    deceased_boolean: Option<bool>,
    deceased_date_time: Option<String>,
    #[serde(deserialize_with = "list")]
    address: Vec<Address>,
    #[serde(deserialize_with = "list")]
    communication: Vec<Communication>,
    #[serde(deserialize_with = "list")]
    general_practitioner: Vec<Reference>,
    #[serde(deserialize_with = "list")]
    link: Vec<PatientLink>,
    #[serde(deserialize_with = "list")]
    contact: Vec<PatientContact>,
}

/// Somebody whom the patient's own resource names.
#[derive(Default, Deserialize)]
#[serde(default)]
struct PatientContact {
    #[serde(deserialize_with = "list")]
    relationship: Vec<CodeableConcept>,
    #[serde(deserialize_with = "one")]
    name: Option<HumanName>,
    #[serde(deserialize_with = "list")]
    telecom: Vec<ContactPoint>,
    #[serde(deserialize_with = "one")]
    period: Option<Period>,
}

impl PatientResource {
    /// The chart's status. The names of the fields that can't be read leave open what they would have said.
    fn chart_status(&self, wrong: &[String]) -> Sent<ChartStatus> {
        let died =
            self.deceased_boolean == Some(true) || filled(self.deceased_date_time.as_deref()).is_some();
        let replaced = self.link.iter().any(|link| link.kind.as_deref() == Some("replaced-by"));
        let is_open = |fields: &[&str]| wrong.iter().any(|name| fields.contains(&name.as_str()));
        if died {
            Sent::Is(ChartStatus::Deceased)
        } else if is_open(&["deceasedBoolean", "deceasedDateTime"]) {
            Sent::Stays
        } else if replaced || self.active == Some(false) {
            Sent::Is(ChartStatus::Inactive)
        } else if is_open(&["active", "link"]) {
            Sent::Stays
        } else {
            Sent::Is(ChartStatus::Active)
        }
    }
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct EncounterResource {
    id: Option<String>,
    status: Option<String>,
    #[serde(deserialize_with = "one")]
    subject: Option<Reference>,
    #[serde(deserialize_with = "one")]
    period: Option<Period>,
    #[serde(deserialize_with = "list")]
    participant: Vec<Participant>,
}

/// Somebody who took part in a visit.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Participant {
    #[serde(rename = "type", deserialize_with = "list")]
    kinds: Vec<CodeableConcept>,
    #[serde(deserialize_with = "one")]
    individual: Option<Reference>,
}

/// The name of the clinician who saw the patient: the primary performer or attender, else the first who is named.
/// Somebody who came along is none.
fn clinician(participants: &[Participant]) -> Option<&str> {
    let leads = |participant: &Participant| {
        let mut codes = participant.kinds.iter().flat_map(|kind| &kind.coding);
        codes.any(|coding| matches!(coding.code.as_deref(), Some("PPRF" | "ATND")))
    };
    let named = participants.iter().filter_map(|participant| {
        let person = participant.individual.as_ref()?;
        let came_along = person.reference.as_deref().is_some_and(|to| to.contains("RelatedPerson/"));
        Some((!leads(participant), filled(person.display.as_deref()).filter(|_| !came_along)?))
    });
    named.min_by_key(|(follows, _)| *follows).map(|(_, name)| name)
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct RelatedPersonResource {
    id: Option<String>,
    #[serde(deserialize_with = "truth")]
    active: Option<bool>,
    #[serde(deserialize_with = "one")]
    patient: Option<Reference>,
    #[serde(deserialize_with = "list")]
    relationship: Vec<CodeableConcept>,
    #[serde(deserialize_with = "list")]
    name: Vec<HumanName>,
    #[serde(deserialize_with = "list")]
    telecom: Vec<ContactPoint>,
    #[serde(deserialize_with = "one")]
    period: Option<Period>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct HumanName {
    #[serde(rename = "use")]
    purpose: Option<String>,
    text: Option<String>,
    family: Option<String>,
    #[serde(deserialize_with = "texts")]
    given: Vec<Option<String>>,
    #[serde(deserialize_with = "one")]
    period: Option<Period>,
}

impl HumanName {
    /// The name with the lowest number is used. `None` means that the name must not be used.
    fn preference(&self, clock: &Clock) -> Option<u8> {
        match self.purpose.as_deref() {
            Some("old" | "temp" | "nickname") => None,
            _ if !in_force(self.period.as_ref(), clock) => None,
            Some("maiden") => Some(3),
            Some("official") => Some(0),
            Some("usual") => Some(1),
            _ => Some(2),
        }
    }
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct ContactPoint {
    system: Option<String>,
    value: Option<String>,
    #[serde(rename = "use")]
    purpose: Option<String>,
    /// 1 is preferred to 2, and so on.
    rank: Option<u32>,
    #[serde(deserialize_with = "one")]
    period: Option<Period>,
}

impl ContactPoint {
    fn is_email(&self) -> bool {
        match self.system.as_deref() {
            Some(system) => system == "email",
            // Without a system, an address is one.
            None => self.value.as_deref().is_some_and(|value| Email::parse(value).is_ok()),
        }
    }

    /// Whether this is a phone of a use that tells nothing: none, or one that FHIR doesn't have.
    fn is_any_phone(&self) -> bool {
        let is_phone = match self.system.as_deref() {
            Some(system) => system == "phone",
            // Without a system, a number is a phone.
            None => self.value.as_deref().is_some_and(|value| Phone::parse(value).is_ok()),
        };
        is_phone && !matches!(self.purpose.as_deref(), Some("mobile" | "home" | "work"))
    }

    fn is_work_phone(&self) -> bool {
        self.system.as_deref() == Some("phone") && self.purpose.as_deref() == Some("work")
    }

    /// Whether this is a mobile number: a number for texts, whatever its use, or a phone whose use
    /// is `mobile`.
    fn is_mobile(&self) -> bool {
        match self.system.as_deref() {
            Some("sms") => true,
            Some("phone") => self.purpose.as_deref() == Some("mobile"),
            _ => false,
        }
    }

    fn is_home_phone(&self) -> bool {
        self.system.as_deref() == Some("phone") && self.purpose.as_deref() == Some("home")
    }

    fn is_other_phone(&self) -> bool {
        self.system.as_deref() == Some("phone") && !self.is_mobile()
    }
}

/// The contact points that are in use, ordered by rank and then as written.
struct Points<'a>(Vec<&'a ContactPoint>);

impl<'a> Points<'a> {
    fn current(points: &'a [ContactPoint], clock: &Clock) -> Self {
        let in_use = |point: &&ContactPoint| {
            point.purpose.as_deref() != Some("old") && in_force(point.period.as_ref(), clock)
        };
        let mut points: Vec<_> = points.iter().filter(in_use).collect();
        points.sort_by_key(|point| point.rank.unwrap_or(u32::MAX));
        Self(points)
    }

    fn values(&self, kind: fn(&ContactPoint) -> bool) -> impl Iterator<Item = &'a str> {
        self.0.iter().filter(move |point| kind(point)).filter_map(|point| filled(point.value.as_deref()))
    }
}

#[derive(Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Address {
    #[serde(rename = "use")]
    purpose: Option<String>,
    #[serde(deserialize_with = "texts")]
    line: Vec<Option<String>>,
    city: Option<String>,
    state: Option<String>,
    postal_code: Option<String>,
    #[serde(deserialize_with = "one")]
    period: Option<Period>,
}

impl Address {
    /// The home address, or else the first other address that is in use.
    fn choose(addresses: &[Self], clock: &Clock) -> Option<Self> {
        let in_use =
            |one: &&Self| one.purpose.as_deref() != Some("old") && in_force(one.period.as_ref(), clock);
        addresses.iter().filter(in_use).min_by_key(|one| one.purpose.as_deref() != Some("home")).cloned()
    }

    fn joined_lines(&self) -> Option<String> {
        let lines: Vec<_> = self.line.iter().filter_map(|line| filled(line.as_deref())).collect();
        (!lines.is_empty()).then(|| lines.join(", "))
    }
}

#[derive(Clone, Default, Deserialize)]
#[serde(default)]
struct Period {
    start: Option<String>,
    end: Option<String>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Reference {
    reference: Option<String>,
    display: Option<String>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct PatientLink {
    #[serde(rename = "type")]
    kind: Option<String>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Communication {
    #[serde(deserialize_with = "one")]
    language: Option<CodeableConcept>,
    preferred: Option<bool>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct CodeableConcept {
    #[serde(deserialize_with = "list")]
    coding: Vec<Coding>,
    text: Option<String>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Coding {
    code: Option<String>,
    display: Option<String>,
}
