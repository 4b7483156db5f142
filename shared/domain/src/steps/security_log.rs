//! The security log: one line for each thing that somebody did or tried who may be an attacker. What a line says of the
//! request (its id, the caller's network and browser) is in the span that the web layer opened for it, so that no operation
//! has to carry it along.

use tracing::Span;

use crate::model::audit::{By, Event, Subject};
use crate::model::ids::{PatientId, PracticeId};
use crate::model::link::Fact;
use crate::model::practice::Settings;
use crate::model::security::{Security, What, changed_settings, word};
use crate::ports::Write;

/// The target of these lines, by which they are told from all others.
pub const TARGET: &str = "portico_security";

/// Writes the line of one thing that happened.
pub fn note(security: &Security) {
    let Security { what, practice, account, patient, by } = security;
    let (mut why, mut failures, mut setting) = (None, None, None);
    match what {
        What::SignInFailed(fault) => why = Some(fault.as_str().to_owned()),
        What::Locked(count) => failures = Some(*count),
        What::FactsWrong(facts) => {
            why = Some(facts.iter().map(word::<Fact>).collect::<Vec<_>>().join(" "));
        }
        What::DailyCapReached(limit) => why = Some((*limit).to_owned()),
        What::SettingChanged(changed) => setting = Some(changed),
        What::PasswordWrong | What::CodeWrong | What::ExchangeRefused | What::Audited(_) => {}
    }
    tracing::info!(
        target: TARGET,
        event = what.name(),
        practice = practice.as_str(),
        account = account.map(|id| id.to_string()),
        patient = patient.as_ref().map(PatientId::as_str),
        client = by.as_ref().map(|by| by.client.as_str()),
        actor = by.as_ref().and_then(|by| by.actor.as_deref()),
        why,
        failures,
        setting = setting.map(|changed| changed.name.as_str()),
        old = setting.map(|changed| changed.old.as_str()),
        new = setting.map(|changed| changed.new.as_str()),
        "security"
    );
}

/// Writes the lines of the audit events among writes that were made.
pub(crate) fn note_audited(writes: &[Write]) {
    for write in writes {
        if let Write::Append(event) = write
            && let Some(security) = Security::audited(event)
        {
            note(&security);
        }
    }
}

/// Writes the line that anchors the end of an audit chain: it goes where nobody can change it, so a chain that is cut
/// off, or sealed anew, no longer ends as it did here.
pub(crate) fn note_head(event: &Event) {
    let (account, patient) = match &event.subject {
        Subject::Account(id) => (Some(id.to_string()), None),
        Subject::Patient(id) => (None, Some(id.as_str())),
        Subject::Practice => (None, None),
    };
    tracing::info!(
        target: TARGET,
        event = "chain_head",
        practice = event.practice.as_str(),
        account,
        patient,
        number = event.number,
        seal = event.seal,
        "security"
    );
}

/// Writes a line for each setting that has another value.
pub(crate) fn note_settings(practice: &PracticeId, before: &Settings, after: &Settings, by: &By) {
    for changed in changed_settings(before, after) {
        note(&Security {
            what: What::SettingChanged(changed),
            practice: practice.clone(),
            account: None,
            patient: None,
            by: Some(by.clone()),
        });
    }
}

/// Notes on the request who makes it, for the line that the web layer writes of it.
pub(crate) fn note_caller(practice: &str, by: &By) {
    let span = Span::current();
    span.record("practice", practice);
    span.record("client", by.client.as_str());
    if let Some(actor) = &by.actor {
        span.record("actor", actor.as_str());
    }
}
