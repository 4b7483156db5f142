//! Changes of records that have an audit chain: the event, the next version and the record go into one list of writes.

use crate::context::Context;
use crate::model::account::Account;
use crate::model::audit::{Action, By, Entry, Head, Subject};
use crate::model::patient::Patient;
use crate::model::practice::Settings;
use crate::ports::Write;

/// Adds an event to the account's own chain, and writes the account's record.
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

/// Adds an event to the patient's chain after `head`, and writes the patient's record: next version, new end of the chain,
/// status by the settings.
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

/// Writes the patient's record, next version, where the event is written elsewhere or the change needs none.
pub fn patient_updated(settings: &Settings, patient: &mut Patient, writes: &mut Vec<Write>) {
    patient.version += 1;
    writes.push(Write::ChangePatient(Box::new(patient.clone()), patient.status(settings)));
}

/// A change of a patient that was decided. Version, end of the chain and the patient's record are still missing.
pub struct PatientChange {
    /// The patient as changed.
    pub patient: Patient,
    /// The other writes.
    pub writes: Vec<Write>,
    /// The event.
    pub entry: Entry,
}

impl PatientChange {
    /// All writes of the change, with its event after `head` and the patient's record.
    pub(crate) fn writes_after(mut self, context: &Context, settings: &Settings, head: &Head) -> Vec<Write> {
        patient_changed(context, settings, &mut self.patient, head, self.entry, &mut self.writes);
        self.writes
    }
}
