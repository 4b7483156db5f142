//! The parts of FHIR's resources that are read, as they come over the wire.

use portico_domain::model::chart::ChartStatus;
use portico_domain::model::person::{Email, Phone};
use portico_domain::model::sent_chart::Sent;
use serde::de::{DeserializeOwned, Error as _};
use serde::{Deserialize, Deserializer};
use serde_json::Value;

use super::Object;
use super::dates::{Clock, Period, filled, in_force};
use super::finding::{Finding, UNUSABLE_FIELD, wrong_type};

/// Reads a resource without its fields of the wrong kind, and their names. Only fields that we know can be wrong, so a name
/// says nothing of the resource.
pub(super) fn lenient<T: DeserializeOwned + Default>(object: Object) -> (T, Vec<String>) {
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
pub(super) fn strict<T: DeserializeOwned + Default>(
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
pub(super) fn truth<'de, D: Deserializer<'de>>(from: D) -> Result<Option<bool>, D::Error> {
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
pub(super) fn one<'de, D: Deserializer<'de>, T: DeserializeOwned>(from: D) -> Result<Option<T>, D::Error> {
    let found = Option::<Object>::deserialize(from)?;
    found.map(|object| serde_json::from_value(Value::Object(object)).map_err(D::Error::custom)).transpose()
}

/// Reads a list of objects; a missing list is empty.
pub(super) fn list<'de, D: Deserializer<'de>, T: DeserializeOwned>(from: D) -> Result<Vec<T>, D::Error> {
    let found = Option::<Vec<Object>>::deserialize(from)?.unwrap_or_default();
    found
        .into_iter()
        .map(|object| serde_json::from_value(Value::Object(object)).map_err(D::Error::custom))
        .collect()
}

/// Reads a list of texts. FHIR allows `null` for some of them. A missing list is empty.
pub(super) fn texts<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<Option<String>>, D::Error> {
    Option::deserialize(from).map(Option::unwrap_or_default)
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct PatientResource {
    pub(super) id: Option<String>,
    #[serde(deserialize_with = "truth")]
    pub(super) active: Option<bool>,
    #[serde(deserialize_with = "list")]
    pub(super) name: Vec<HumanName>,
    #[serde(deserialize_with = "list")]
    pub(super) telecom: Vec<ContactPoint>,
    pub(super) birth_date: Option<String>,
    #[serde(deserialize_with = "truth")]
    pub(super) deceased_boolean: Option<bool>,
    pub(super) deceased_date_time: Option<String>,
    #[serde(deserialize_with = "list")]
    pub(super) address: Vec<Address>,
    #[serde(deserialize_with = "list")]
    pub(super) communication: Vec<Communication>,
    #[serde(deserialize_with = "list")]
    pub(super) general_practitioner: Vec<Reference>,
    #[serde(deserialize_with = "list")]
    pub(super) link: Vec<PatientLink>,
    #[serde(deserialize_with = "list")]
    pub(super) contact: Vec<PatientContact>,
}

/// Somebody whom the patient's own resource names.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct PatientContact {
    #[serde(deserialize_with = "list")]
    pub(super) relationship: Vec<CodeableConcept>,
    #[serde(deserialize_with = "one")]
    pub(super) name: Option<HumanName>,
    #[serde(deserialize_with = "list")]
    pub(super) telecom: Vec<ContactPoint>,
    #[serde(deserialize_with = "one")]
    pub(super) period: Option<Period>,
}

impl PatientResource {
    /// The chart's status. The names of the fields that can't be read leave open what they would have said.
    pub(super) fn chart_status(&self, wrong: &[String]) -> Sent<ChartStatus> {
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
pub(super) struct EncounterResource {
    pub(super) id: Option<String>,
    pub(super) status: Option<String>,
    #[serde(deserialize_with = "one")]
    pub(super) subject: Option<Reference>,
    #[serde(deserialize_with = "one")]
    pub(super) period: Option<Period>,
    #[serde(deserialize_with = "list")]
    pub(super) participant: Vec<Participant>,
}

/// Somebody who took part in a visit.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Participant {
    #[serde(rename = "type", deserialize_with = "list")]
    pub(super) kinds: Vec<CodeableConcept>,
    #[serde(deserialize_with = "one")]
    pub(super) individual: Option<Reference>,
}

/// The name of the clinician who saw the patient: the primary performer or attender, else the first who is named.
/// Somebody who came along is none.
pub(super) fn clinician(participants: &[Participant]) -> Option<&str> {
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
pub(super) struct RelatedPersonResource {
    pub(super) id: Option<String>,
    #[serde(deserialize_with = "truth")]
    pub(super) active: Option<bool>,
    #[serde(deserialize_with = "one")]
    pub(super) patient: Option<Reference>,
    #[serde(deserialize_with = "list")]
    pub(super) relationship: Vec<CodeableConcept>,
    #[serde(deserialize_with = "list")]
    pub(super) name: Vec<HumanName>,
    #[serde(deserialize_with = "list")]
    pub(super) telecom: Vec<ContactPoint>,
    #[serde(deserialize_with = "one")]
    pub(super) period: Option<Period>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct HumanName {
    #[serde(rename = "use")]
    pub(super) purpose: Option<String>,
    pub(super) text: Option<String>,
    pub(super) family: Option<String>,
    #[serde(deserialize_with = "texts")]
    pub(super) given: Vec<Option<String>>,
    #[serde(deserialize_with = "one")]
    pub(super) period: Option<Period>,
}

impl HumanName {
    /// The name with the lowest number is used. `None` means that the name must not be used.
    pub(super) fn preference(&self, clock: &Clock) -> Option<u8> {
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
pub(super) struct ContactPoint {
    pub(super) system: Option<String>,
    pub(super) value: Option<String>,
    #[serde(rename = "use")]
    pub(super) purpose: Option<String>,
    /// 1 is preferred to 2, and so on.
    pub(super) rank: Option<u32>,
    #[serde(deserialize_with = "one")]
    pub(super) period: Option<Period>,
}

impl ContactPoint {
    pub(super) fn is_email(&self) -> bool {
        match self.system.as_deref() {
            Some(system) => system == "email",
            // Without a system, an address is one.
            None => self.value.as_deref().is_some_and(|value| Email::parse(value).is_ok()),
        }
    }

    /// Whether this is a phone of a use that tells nothing: none, or one that FHIR doesn't have.
    pub(super) fn is_any_phone(&self) -> bool {
        let is_phone = match self.system.as_deref() {
            Some(system) => system == "phone",
            // Without a system, a number is a phone.
            None => self.value.as_deref().is_some_and(|value| Phone::parse(value).is_ok()),
        };
        is_phone && !matches!(self.purpose.as_deref(), Some("mobile" | "home" | "work"))
    }

    pub(super) fn is_work_phone(&self) -> bool {
        self.system.as_deref() == Some("phone") && self.purpose.as_deref() == Some("work")
    }

    /// Whether this is a mobile number: a number for texts, whatever its use, or a phone whose use
    /// is `mobile`.
    pub(super) fn is_mobile(&self) -> bool {
        match self.system.as_deref() {
            Some("sms") => true,
            Some("phone") => self.purpose.as_deref() == Some("mobile"),
            _ => false,
        }
    }

    pub(super) fn is_home_phone(&self) -> bool {
        self.system.as_deref() == Some("phone") && self.purpose.as_deref() == Some("home")
    }

    pub(super) fn is_other_phone(&self) -> bool {
        self.system.as_deref() == Some("phone") && !self.is_mobile()
    }
}

/// The contact points that are in use, ordered by rank and then as written.
pub(super) struct Points<'a>(Vec<&'a ContactPoint>);

impl<'a> Points<'a> {
    pub(super) fn current(points: &'a [ContactPoint], clock: &Clock) -> Self {
        let in_use = |point: &&ContactPoint| {
            point.purpose.as_deref() != Some("old") && in_force(point.period.as_ref(), clock)
        };
        let mut points: Vec<_> = points.iter().filter(in_use).collect();
        points.sort_by_key(|point| point.rank.unwrap_or(u32::MAX));
        Self(points)
    }

    pub(super) fn values(&self, kind: fn(&ContactPoint) -> bool) -> impl Iterator<Item = &'a str> {
        self.0.iter().filter(move |point| kind(point)).filter_map(|point| filled(point.value.as_deref()))
    }
}

#[derive(Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct Address {
    #[serde(rename = "use")]
    pub(super) purpose: Option<String>,
    #[serde(deserialize_with = "texts")]
    pub(super) line: Vec<Option<String>>,
    pub(super) city: Option<String>,
    pub(super) state: Option<String>,
    pub(super) postal_code: Option<String>,
    #[serde(deserialize_with = "one")]
    pub(super) period: Option<Period>,
}

impl Address {
    /// The home address, or else the first other address that is in use.
    pub(super) fn choose(addresses: &[Self], clock: &Clock) -> Option<Self> {
        let in_use =
            |one: &&Self| one.purpose.as_deref() != Some("old") && in_force(one.period.as_ref(), clock);
        addresses.iter().filter(in_use).min_by_key(|one| one.purpose.as_deref() != Some("home")).cloned()
    }

    pub(super) fn joined_lines(&self) -> Option<String> {
        let lines: Vec<_> = self.line.iter().filter_map(|line| filled(line.as_deref())).collect();
        (!lines.is_empty()).then(|| lines.join(", "))
    }
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Reference {
    pub(super) reference: Option<String>,
    pub(super) display: Option<String>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct PatientLink {
    #[serde(rename = "type")]
    pub(super) kind: Option<String>,
    #[serde(deserialize_with = "one")]
    pub(super) other: Option<Reference>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Communication {
    #[serde(deserialize_with = "one")]
    pub(super) language: Option<CodeableConcept>,
    pub(super) preferred: Option<bool>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct CodeableConcept {
    #[serde(deserialize_with = "list")]
    pub(super) coding: Vec<Coding>,
    pub(super) text: Option<String>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Coding {
    pub(super) code: Option<String>,
    pub(super) display: Option<String>,
}
