//! Writes of patients: charts, directory entries, proposed changes and notes for staff.

use aws_sdk_dynamodb::types::{AttributeValue, TransactWriteItem};
use portico_domain::model::attention::Cause;
use portico_domain::model::chart::Care;
use portico_domain::model::ids::{PatientId, PracticeId};
use portico_domain::model::patient::{Checks, Patient, Status};
use portico_domain::model::person::Line;
use portico_domain::model::proposal::Proposal;
use portico_domain::model::refusal::PortError;
use portico_domain::ports::Listing;
use portico_domain::time::Timestamp;

use super::{NEW, THERE};
use crate::item::{Item, at, item, key_item, n, s, value};
use crate::keys::{self, DUE_AT, DUE_PK, Key, ROSTER_PK, ROSTER_SK};
use crate::table::Table;

/// Hours that a note for staff is kept: half a year. It names only a patient and a cause; details are looked
/// up when it is read.
const NOTE_HOURS: i64 = 180 * 24;

fn patient_item(patient: &Patient, status: Status) -> Result<Item, PortError> {
    let mut item = item(&keys::patient(&patient.practice, &patient.id), patient, None)?;
    item.insert("status".to_owned(), s(status.as_str()));
    item.insert(ROSTER_PK.to_owned(), s(keys::roster(&patient.practice, status)));
    item.insert(ROSTER_SK.to_owned(), s(patient.sort_name()));
    if let Some(place) = patient.agenda_place() {
        item.insert(keys::AGENDA_PK.to_owned(), s(patient.practice.as_str()));
        item.insert(keys::AGENDA_SK.to_owned(), s(place));
    }
    if let Some(due_at) = patient.sweep_due_at {
        item.insert(DUE_PK.to_owned(), s(keys::sweep(&patient.practice)));
        item.insert(DUE_AT.to_owned(), at(due_at));
    }
    Ok(item)
}

fn entry_item(practice: &PracticeId, entry: &Listing) -> Item {
    let mut item = key_item(&keys::entry(practice, entry));
    let patient = match entry {
        Listing::Name { birth_date, patient, .. } => {
            item.insert("birth_date".to_owned(), s(birth_date));
            patient
        }
        Listing::Email { patient, .. } => patient,
        Listing::Account { account, .. } => {
            item.insert("account".to_owned(), s(account.to_string()));
            return item;
        }
    };
    item.insert("patient".to_owned(), s(patient.as_str()));
    item
}

impl Table {
    pub(super) fn create_patient(
        &self,
        patient: &Patient,
        status: Status,
    ) -> Result<TransactWriteItem, PortError> {
        self.put(patient_item(patient, status)?, NEW, vec![])
    }

    pub(super) fn change_patient(
        &self,
        patient: &Patient,
        status: Status,
    ) -> Result<TransactWriteItem, PortError> {
        self.put_next(patient_item(patient, status)?, patient.version)
    }

    pub(super) fn put_care(
        &self,
        practice: &PracticeId,
        patient: &PatientId,
        care: &Care,
    ) -> Result<TransactWriteItem, PortError> {
        self.put(item(&keys::care(practice, patient), care, None)?, "", vec![])
    }

    pub(super) fn list(
        &self,
        practice: &PracticeId,
        entry: &Listing,
    ) -> Result<TransactWriteItem, PortError> {
        self.put(entry_item(practice, entry), "", vec![])
    }

    pub(super) fn unlist(
        &self,
        practice: &PracticeId,
        entry: &Listing,
    ) -> Result<TransactWriteItem, PortError> {
        let mut item = entry_item(practice, entry);
        item.insert("former".to_owned(), AttributeValue::Bool(true));
        self.put(item, "", vec![])
    }

    pub(super) fn put_checks(
        &self,
        practice: &PracticeId,
        patient: &PatientId,
        checks: &Checks,
    ) -> Result<TransactWriteItem, PortError> {
        self.put(item(&keys::checks(practice, patient), checks, None)?, "", vec![])
    }

    pub(super) fn propose(&self, change: &Proposal) -> Result<TransactWriteItem, PortError> {
        self.put(item(&keys::change(&change.practice, change.id), change, None)?, NEW, vec![])
    }

    pub(super) fn decide_change(&self, change: &Proposal) -> Result<Vec<TransactWriteItem>, PortError> {
        let decided = keys::decided_change(&change.practice, &change.patient, change.id);
        Ok(vec![
            self.delete(&keys::change(&change.practice, change.id), THERE, vec![])?,
            self.put(item(&decided, change, None)?, NEW, vec![])?,
        ])
    }

    pub(super) fn drop_note(
        &self,
        practice: &PracticeId,
        patient: &PatientId,
        cause: Cause,
    ) -> Result<TransactWriteItem, PortError> {
        self.delete(&keys::note(practice, cause, patient), THERE, vec![])
    }

    pub(super) fn put_note(
        &self,
        practice: &PracticeId,
        patient: &PatientId,
        cause: Cause,
        words: Option<&Line>,
        when: Timestamp,
    ) -> Result<TransactWriteItem, PortError> {
        let mut note = note(&keys::note(practice, cause, patient), patient.as_str(), cause, when)?;
        if let Some(words) = words {
            note.insert("words".to_owned(), s(words.reveal()));
        }
        self.put(note, "", vec![])
    }
}

/// A note for staff, as an item with this key.
pub(crate) fn note(key: &Key, patient: &str, cause: Cause, when: Timestamp) -> Result<Item, PortError> {
    let mut note = key_item(key);
    note.insert("patient".to_owned(), s(patient));
    note.insert("cause".to_owned(), value(&cause)?);
    note.insert("at".to_owned(), at(when));
    note.insert(keys::TTL.to_owned(), n(when.plus_hours(NOTE_HOURS).seconds()));
    Ok(note)
}
