//! The audit trail: its events in pages, and the check that it is intact.

use crate::context::App;
use crate::model::audit::{ChainCheck, Event, Subject, verify};
use crate::model::ids::{AccountId, PatientId, PracticeId};
use crate::model::practice::Scope;
use crate::model::refusal::{Failure, FieldFault, PortError, Refusal};
use crate::ports::{AlsoRead, ApiCalls, Directory, History, Limits, Patients, Practices};
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

/// The result of a check of one or more chains.
pub struct Verdict {
    /// Whether no event is missing or changed.
    pub intact: bool,
    /// Number of intact events.
    pub checked: u64,
    /// The first event that is missing or changed, as `<subject> <number>`; `None` if there is none.
    pub first_broken: Option<String>,
    /// Where to go on; `None` once all chains were checked, or one is not intact.
    pub next_cursor: Option<String>,
}

/// Checks the chain of a patient, or all chains of the practice page by page: its own, every patient's, and those of
/// every account that a patient ever had. It stops at the first chain that is not intact.
pub async fn audit_verify<S>(
    app: &App<S>,
    call: &ApiCall,
    patient: Option<&PatientId>,
    cursor: Option<&str>,
) -> Result<Verdict, Failure>
where
    S: ApiCalls + Limits + Patients + Practices + History + Directory,
{
    let App { context, store } = app;
    let (caller, opened) =
        authorize(app, call, &[Scope::Audit], AlsoRead { patient, ..AlsoRead::default() }).await?;
    let practice = &caller.practice;
    let mut verdict = Verdict { intact: true, checked: 0, first_broken: None, next_cursor: None };
    if let Some(id) = patient {
        let record = opened.patient.ok_or(Refusal::NotFound)?;
        check(app, practice, &Subject::Patient(id.clone()), record.head.number, &mut verdict).await?;
        return Ok(verdict);
    }
    let bound = [b"verify".as_slice(), practice.as_str().as_bytes()].concat();
    let after = match cursor {
        None => {
            let record = store.practice(practice).await?.ok_or(Failure::Broken("practice"))?;
            check(app, practice, &Subject::Practice, record.head.number, &mut verdict).await?;
            None
        }
        Some(sealed) => {
            let opened = context.keyring.open_json::<String>(&bound, sealed);
            Some(opened.ok_or_else(|| Refusal::BadRequest(vec![FieldFault::of("cursor", "invalid")]))?)
        }
    };
    let (ids, more) = store.patients_after(practice, after).await?;
    for id in ids {
        if verdict.intact {
            check_patient(app, practice, id, &mut verdict).await?;
        }
    }
    let more = more.filter(|_| verdict.intact);
    verdict.next_cursor = more.map(|more| context.keyring.seal_json(&bound, &more, &*context.entropy));
    Ok(verdict)
}

/// Checks a patient's chain, and those of all accounts that its events name, deleted ones too.
async fn check_patient<S: Patients + History>(
    app: &App<S>,
    practice: &PracticeId,
    id: PatientId,
    verdict: &mut Verdict,
) -> Result<(), Failure> {
    let store = &app.store;
    let Some(patient) = store.patient(practice, &id).await? else { return Ok(()) };
    let events = check(app, practice, &Subject::Patient(id), patient.head.number, verdict).await?;
    let named = events.iter().filter_map(|event| event.detail.get("account_id"));
    let mut accounts: Vec<AccountId> = named.filter_map(|id| AccountId::parse(id).ok()).collect();
    accounts.extend(patient.accounts.iter().map(|account| account.id));
    accounts.sort();
    accounts.dedup();
    for some in accounts.chunks(50) {
        for account in store.links_and_accounts(&[], some).await?.1 {
            if verdict.intact && account.practice == *practice {
                let subject = Subject::Account(account.id);
                check(app, practice, &subject, account.head.number, verdict).await?;
            }
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
) -> Result<Vec<Event>, PortError> {
    let App { context, store } = app;
    let events = store.events(practice, subject, 0, usize::MAX).await?;
    let ChainCheck { intact, first_broken } = verify(&events, &context.keyring);
    let broken = first_broken.or_else(|| (intact < at_least).then_some(intact + 1));
    verdict.checked += intact;
    if let Some(number) = broken {
        verdict.intact = false;
        verdict.first_broken = Some(format!("{} {number}", subject.key().to_lowercase().replace('#', " ")));
    }
    Ok(events)
}
