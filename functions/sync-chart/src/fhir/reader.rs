//! Reads one resource: which facts of a patient it states, and what of it can't be read.

use std::cmp::Reverse;
use std::collections::HashMap;

use portico_domain::model::chart::{ChartStatus, Contact, OWN_CONTACT, Visit};
use portico_domain::model::ids::PatientId;
use portico_domain::model::person::{BirthDate, Email, Invalid, Line, Name, Phone, PostalCode};
use portico_domain::model::sent_chart::{Sent, SentChart};
use portico_domain::model::{language, names};

use super::dates::{Clock, day, filled, in_force, is_date_of};
use super::finding::{
    Finding, INCOMPLETE_BIRTH_DATE, INVALID_BIRTH_DATE, INVALID_ID, INVALID_NAME, INVALID_PATIENT_ID,
    INVALID_PERIOD, INVALID_REFERENCE, LONG_PHONE, MISSING_BIRTH_DATE, MISSING_ID, MISSING_NAME,
    MISSING_PERIOD, NAMELESS_DELETION, NO_TYPE, PLACEHOLDER_EMAIL, SPARE_PHONE, SPLIT_NAME, UNKNOWN_DELETION,
    UNSUPPORTED_RESOURCE, UNUSABLE_ADDRESS, UNUSABLE_CONTACT, UNUSABLE_EMAIL, UNUSABLE_FIELD,
    UNUSABLE_LANGUAGE, UNUSABLE_PERIOD_END, UNUSABLE_PHONE, UNUSABLE_POSTAL_CODE, UNUSABLE_PROVIDER,
    wrong_type,
};
use super::resources::{
    Address, CodeableConcept, Communication, ContactPoint, EncounterResource, HumanName, PatientContact,
    PatientLink, PatientResource, Points, Reference, RelatedPersonResource, clinician, lenient, strict,
};
use super::{Fact, Object, Read, Said, text_of};

/// The data that is needed to read any resource of a body.
pub(super) struct Reader {
    pub(super) clock: Clock,
    /// A Bundle's patients: `fullUrl` to id.
    pub(super) full_urls: HashMap<String, String>,
}

impl Reader {
    pub(super) fn read(&self, resource: Object) -> Result<Read, Finding> {
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
            // Silence undoes no merge: many systems leave the link out once it was sent.
            replaced_by: self.linked(&resource.link, "replaced-by").next().map_or(Sent::Stays, Sent::Is),
        };
        let replaces = self.linked(&resource.link, "replaces").collect();
        let contacts = (!is_wrong("contact")).then(|| self.contacts(&resource.contact, &mut notes));
        let id = id.to_owned();
        Ok(Read::Chart(
            Fact { patient, id, said: Said::Chart(Box::new(chart), contacts, replaces) },
            unread,
            notes,
        ))
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
    pub(super) fn deleted(&self, url: &str, resource: Option<&Object>) -> Result<Read, Finding> {
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
                let said = Said::Chart(Box::new(chart), None, Vec::new());
                Ok(Read::Chart(Fact { patient, id: id.to_owned(), said }, vec![UNKNOWN_DELETION], Vec::new()))
            }
            "Encounter" => about("subject", Said::NoVisit),
            "RelatedPerson" => about("patient", Said::NoContact),
            _ => Err(UNSUPPORTED_RESOURCE),
        }
    }

    /// The patients that links of a kind lead to. A link that leads nowhere is none.
    fn linked<'a>(&'a self, links: &'a [PatientLink], kind: &'a str) -> impl Iterator<Item = PatientId> + 'a {
        let of_kind = links.iter().filter(move |link| link.kind.as_deref() == Some(kind));
        of_kind.filter_map(|link| self.referred(link.other.as_ref()).ok())
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
