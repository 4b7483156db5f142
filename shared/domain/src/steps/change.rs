//! Changes of records that have an audit chain. The event, the record and its next version go into one list
//! of writes.

use crate::context::Context;
use crate::model::account::Account;
use crate::model::audit::{Action, By, Entry, Head, Subject};
use crate::model::patient::Patient;
use crate::model::practice::Settings;
use crate::ports::Write;

/// Adds the writes of a changed account: its record with the next version, and an event of its own chain.
pub fn account_changed(
    context: &Context,
    account: &mut Account,
    action: Action,
    by: By,
    detail: Vec<(&'static str, String)>,
    writes: &mut Vec<Write>,
) {
    let entry = Entry {
        practice: account.practice.clone(),
        subject: Subject::Account(account.id),
        at: context.now(),
        by,
        action,
        detail,
    };
    let event = entry.after(&account.head, &context.keyring);
    account.head = event.head();
    account.version += 1;
    writes.push(Write::ChangeAccount(Box::new(account.clone())));
    writes.push(Write::Append(event));
}

/// Adds the writes of a changed patient: the record with the next version, the new end of the chain and the
/// status by the settings, and the event that follows `head`.
pub fn patient_changed(
    context: &Context,
    settings: &Settings,
    patient: &mut Patient,
    head: &Head,
    entry: Entry,
    writes: &mut Vec<Write>,
) {
    let event = entry.after(head, &context.keyring);
    patient.head = event.head();
    patient_updated(settings, patient, writes);
    writes.push(Write::Append(event));
}

/// Adds the write of a changed patient's record with the next version, but no event: another write adds the
/// event, or the change needs none.
pub fn patient_updated(settings: &Settings, patient: &mut Patient, writes: &mut Vec<Write>) {
    patient.version += 1;
    writes.push(Write::ChangePatient(Box::new(patient.clone()), patient.status(settings)));
}

/// A change of a patient that was decided. The version, the end of the chain and the write of the patient's
/// record are still missing.
pub struct PatientChange {
    /// The changed patient.
    pub patient: Patient,
    /// All writes other than the patient's record and the event.
    pub writes: Vec<Write>,
    /// The event of the change.
    pub entry: Entry,
}

impl PatientChange {
    /// All writes of the change, with the event that follows `head` and the patient's record.
    pub(crate) fn writes_after(mut self, context: &Context, settings: &Settings, head: &Head) -> Vec<Write> {
        patient_changed(context, settings, &mut self.patient, head, self.entry, &mut self.writes);
        self.writes
    }
}
