//! What can be wrong with a resource: a stable code, and a sentence that says what to do.

use std::borrow::Cow;

/// A code with its sentence. The sentence can't contain a value of the resource, only the name of a field that we know.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// A stable code in `snake_case`.
    pub code: &'static str,
    /// What to do about it.
    pub detail: Cow<'static, str>,
}

pub(super) const fn finding(code: &'static str, detail: &'static str) -> Finding {
    Finding { code, detail: Cow::Borrowed(detail) }
}

/// The finding about a field with the wrong kind of value.
pub(super) fn wrong_type(code: &'static str, field: &str) -> Finding {
    let detail = format!(
        "The field `{field}` holds the wrong kind of JSON value, such as a number in place of text. Write it as FHIR R4 has it.",
    );
    Finding { code, detail: Cow::Owned(detail) }
}

pub(super) const UNUSABLE_FIELD: &str = "unusable_field";

pub(super) const NOT_JSON: Finding = finding(
    "malformed",
    "This can't be read as JSON. Write each FHIR resource as one JSON object, in NDJSON on one line of its own.",
);
pub(super) const NO_RESOURCE: Finding =
    finding("malformed", "This entry has no resource. Put a FHIR resource into each entry of the Bundle.");
pub(super) const NO_TYPE: Finding =
    finding("malformed", "This has no resourceType. Write it as a FHIR R4 resource that names its type.");
pub(super) const WRONG_ENTRY: Finding =
    finding("malformed", "The field `entry` of the Bundle holds no list. Write it as FHIR R4 has it.");
pub(super) const UNSUPPORTED_RESOURCE: Finding = finding(
    "unsupported_resource",
    "An import takes Patient, Encounter and RelatedPerson. Leave resources of other types out.",
);
pub(super) const MORE_UNSUPPORTED: Finding = finding(
    "unsupported_resource",
    "This and all later resources of other types are left out without being named. Leave them out of the file.",
);
pub(super) const INVALID_PATIENT_ID: Finding = finding(
    "invalid_patient_id",
    "The Patient needs an id of 1 to 64 letters, digits, hyphens, dots or underscores. Send the EHR's id in `id`.",
);
pub(super) const MISSING_ID: Finding = finding(
    "missing_id",
    "The resource needs an `id`, so that a later import can update it. Send the EHR's id.",
);
pub(super) const INVALID_ID: Finding = finding(
    "invalid_id",
    "The id must be 1 to 64 letters, digits, hyphens, dots or underscores. Send the EHR's id in that form.",
);
pub(super) const MISSING_NAME: Finding = finding(
    "missing_name",
    "There is no name that is in use now. Add one with `family` and `given`; old names and nicknames don't count.",
);
pub(super) const SPLIT_NAME: Finding = finding(
    "split_name",
    "The name has no `family` and `given`, so its `text` was split before its last word. Check it, and send the parts.",
);
pub(super) const INVALID_NAME: Finding = finding(
    "invalid_name",
    "A name is longer than 100 characters or holds control characters. Correct it in the EHR.",
);
pub(super) const MISSING_BIRTH_DATE: Finding =
    finding("missing_birth_date", "The Patient has no `birthDate`. Add it as YYYY-MM-DD.");
pub(super) const INCOMPLETE_BIRTH_DATE: Finding = finding(
    "incomplete_birth_date",
    "The `birthDate` lacks its month or day, and the patient will be asked for all of it. Write it as YYYY-MM-DD.",
);
pub(super) const INVALID_BIRTH_DATE: Finding = finding(
    "invalid_birth_date",
    "The `birthDate` is no day from 1900 until today that the calendar has. Correct it, as YYYY-MM-DD.",
);
pub(super) const DUPLICATE_RESOURCE: Finding = finding(
    "duplicate_resource",
    "An earlier resource of this import has the same type and id and says something else; that one counts. Send each once.",
);
pub(super) const INVALID_REFERENCE: Finding = finding(
    "invalid_reference",
    "The resource names no patient. Refer to one as `Patient/<id>`, or by the `fullUrl` of a Patient in the same Bundle.",
);
pub(super) const MISSING_PERIOD: Finding = finding(
    "missing_period",
    "The Encounter has no `period.start`. Add the day or the time at which it began.",
);
pub(super) const INVALID_PERIOD: Finding = finding(
    "invalid_period",
    "The Encounter's `period.start` is no full date that the calendar has. Write it as YYYY-MM-DD, with or without a time.",
);
pub(super) const IGNORED_STATUS: Finding = finding(
    "ignored_status",
    "The resource says that it was cancelled, entered in error or is no longer in use, so it was not taken in. Nothing need be done.",
);
pub(super) const NAMELESS_DELETION: Finding = finding(
    "invalid_reference",
    "A deletion of an Encounter or a RelatedPerson must name its patient. Send its resource along, or send it with the status that takes it back.",
);
pub(super) const UNKNOWN_DELETION: Finding =
    finding("unknown_patient", "No chart is known for this patient, so there is nothing to delete.");
pub(super) const UNUSABLE_PHONE: Finding = finding(
    "unusable_phone",
    "A phone number can't be dialled. Where there is no better one it is kept as text, and nobody will call or text it. Correct it in the EHR.",
);
pub(super) const LONG_PHONE: Finding = finding(
    "unusable_phone",
    "A phone number is a text of more than 500 characters and was left out. Correct it in the EHR.",
);
pub(super) const SPARE_PHONE: Finding = finding(
    "spare_phone",
    "The chart holds one mobile and one home number of the patient, and this one was left out. Rank the numbers in the EHR if it is the better one.",
);
pub(super) const PLACEHOLDER_EMAIL: Finding = finding(
    "placeholder_email",
    "An e-mail address is what people write where there is none, and was left out. Ask the patient.",
);
pub(super) const UNUSABLE_EMAIL: Finding = finding(
    "unusable_email",
    "An e-mail address can't be written to and was left out. Correct it in the EHR.",
);
pub(super) const UNUSABLE_CONTACT: Finding = finding(
    "unusable_contact",
    "A `contact` of the Patient has no name that is in use and was left out. Add its name in the EHR.",
);
pub(super) const UNUSABLE_POSTAL_CODE: Finding = finding(
    "unusable_postal_code",
    "The postal code is no ZIP code of five or nine digits and was left out. Correct it in the EHR.",
);
pub(super) const UNUSABLE_ADDRESS: Finding = finding(
    "unusable_address",
    "A part of the address is longer than 200 characters or holds control characters and was left out. Correct it in the EHR.",
);
pub(super) const UNUSABLE_LANGUAGE: Finding = finding(
    "unusable_language",
    "The language is none that we know and was left out. Send its code (ISO 639) or its name in English or Spanish.",
);
pub(super) const UNUSABLE_PROVIDER: Finding = finding(
    "unusable_provider",
    "The clinician's name is longer than 200 characters or holds control characters and was left out. Correct it in the EHR.",
);
pub(super) const UNUSABLE_PERIOD_END: Finding = finding(
    "unusable_period_end",
    "The Encounter's `period.end` is no day and no time with its offset, so the visit counts as unsigned. Correct it in the EHR.",
);
