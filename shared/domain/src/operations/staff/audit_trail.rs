//! The audit trail: its events in pages, and the check that it is intact.

use futures_util::join;

use crate::context::App;
use crate::model::audit::{ChainCheck, Event, Subject, verify};
use crate::model::ids::{PatientId, PracticeId};
use crate::model::practice::Scope;
use crate::model::refusal::{Failure, FieldFault, PortError, Refusal};
use crate::ports::{AlsoRead, ApiCalls, Chain, Directory, History, Limits, Patients};
use crate::steps::api_call::{ApiCall, authorize};

/// Events on one page.
const PAGE: usize = 100;

/// A page of the audit trail.
pub struct AuditPage {
    /// Events, the oldest first.
    pub events: Vec<Event>,
    /// The cursor of the next page; `None` on the last one.
    pub next_cursor: Option<String>,
}

fn cursor_context(practice: &str, subject: &Subject) -> Vec<u8> {
    format!("audit\n{practice}\n{}", subject.key()).into_bytes()
}

/// Reads the events of a patient, or of the practice itself if no patient is named.
pub async fn audit<S>(
    app: &App<S>,
    call: &ApiCall,
    patient: Option<&PatientId>,
    cursor: Option<&str>,
) -> Result<AuditPage, Failure>
where
    S: ApiCalls + Limits + History,
{
    let App { context, store } = app;
    let subject = patient.map_or(Subject::Practice, |id| Subject::Patient(id.clone()));
    let (caller, opened) =
        authorize(app, call, &[Scope::Audit], AlsoRead { patient, ..AlsoRead::default() }).await?;
    if patient.is_some() && opened.patient.is_none() {
        return Err(Refusal::NotFound.into());
    }
    let bound_to = cursor_context(caller.practice.as_str(), &subject);
    let after = match cursor {
        None => 0,
        Some(sealed) => context
            .keyring
            .open(&bound_to, sealed)
            .and_then(|plain| plain.try_into().ok())
            .map(u64::from_be_bytes)
            .ok_or_else(|| Refusal::BadRequest(vec![FieldFault::of("cursor", "invalid")]))?,
    };
    let events = store.events(&caller.practice, &subject, after, PAGE).await?;
    let last = events.last().filter(|_| events.len() == PAGE).map(|event| event.number);
    let next_cursor =
        last.map(|number| context.keyring.seal(&bound_to, &number.to_be_bytes(), &*context.entropy));
    Ok(AuditPage { events, next_cursor })
}

/// A patient's latest events, the newest first.
pub async fn latest<S>(
    app: &App<S>,
    call: &ApiCall,
    patient: &PatientId,
    count: u64,
) -> Result<Vec<Event>, Failure>
where
    S: ApiCalls + Limits + Chain + History,
{
    let store = &app.store;
    let (caller, _) = authorize(app, call, &[Scope::Audit], AlsoRead::default()).await?;
    let subject = Subject::Patient(patient.clone());
    let head = store.head(&caller.practice, &subject).await?;
    let after = head.number.saturating_sub(count);
    let mut events = store.events(&caller.practice, &subject, after, PAGE).await?;
    events.reverse();
    Ok(events)
}

/// The result of a check of one or more chains.
pub struct Verdict {
    /// Whether no event is missing or changed.
    pub intact: bool,
    /// Number of intact events.
    pub checked: u64,
    /// The first event that is missing or changed, as `<subject> <number>`; `None` if there is none.
    pub first_broken: Option<String>,
}

/// Checks the chain of a patient, or all chains of the practice: its own, every patient's, and every
/// account's. It stops at the first chain that is not intact.
pub async fn audit_verify<S>(
    app: &App<S>,
    call: &ApiCall,
    patient: Option<&PatientId>,
) -> Result<Verdict, Failure>
where
    S: ApiCalls + Limits + Patients + History + Directory,
{
    let store = &app.store;
    let (caller, opened) =
        authorize(app, call, &[Scope::Audit], AlsoRead { patient, ..AlsoRead::default() }).await?;
    let mut verdict = Verdict { intact: true, checked: 0, first_broken: None };
    if let Some(id) = patient {
        let record = opened.patient.ok_or(Refusal::NotFound)?;
        check(app, &caller.practice, &Subject::Patient(id.clone()), record.head.number, &mut verdict).await?;
        return Ok(verdict);
    }
    check(app, &caller.practice, &Subject::Practice, 0, &mut verdict).await?;
    let mut cursor = None;
    loop {
        let (ids, next) = store.patients_after(&caller.practice, cursor).await?;
        for id in ids {
            if verdict.intact {
                check_patient(app, &caller.practice, id, &mut verdict).await?;
            }
        }
        cursor = next;
        if cursor.is_none() || !verdict.intact {
            return Ok(verdict);
        }
    }
}

async fn check_patient<S: Patients + History>(
    app: &App<S>,
    practice: &PracticeId,
    id: PatientId,
    verdict: &mut Verdict,
) -> Result<(), Failure> {
    let store = &app.store;
    let Some(patient) = store.patient(practice, &id).await? else { return Ok(()) };
    let accounts: Vec<_> = patient.accounts.iter().map(|account| account.id).collect();
    let subject = Subject::Patient(id);
    let (whole, records) = join!(
        check(app, &patient.practice, &subject, patient.head.number, verdict),
        store.links_and_accounts(&[], &accounts)
    );
    whole?;
    for account in records?.1 {
        if verdict.intact {
            check(app, &account.practice, &Subject::Account(account.id), account.head.number, verdict)
                .await?;
        }
    }
    Ok(())
}

/// Checks one chain. It must have at least `at_least` events, the number that the record knows. So a cut end
/// is found, too.
async fn check<S: History>(
    app: &App<S>,
    practice: &PracticeId,
    subject: &Subject,
    at_least: u64,
    verdict: &mut Verdict,
) -> Result<(), PortError> {
    let App { context, store } = app;
    let events = store.events(practice, subject, 0, usize::MAX).await?;
    let ChainCheck { intact, first_broken } = verify(&events, &context.keyring);
    let broken = first_broken.or_else(|| (intact < at_least).then_some(intact + 1));
    verdict.checked += intact;
    if let Some(number) = broken {
        verdict.intact = false;
        verdict.first_broken = Some(format!("{} {number}", subject.key().to_lowercase().replace('#', " ")));
    }
    Ok(())
}
