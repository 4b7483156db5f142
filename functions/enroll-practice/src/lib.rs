//! `enroll-practice`: creates practices and the API keys of their applications, allows settings that weaken a check, and
//! compares audit chains with their anchored ends.
//! Operators invoke it with an event file.

use portico_domain::model::audit::{Head, Subject};
use portico_domain::model::ids::{AccountId, ClientId, PatientId, PracticeId};
use portico_domain::model::practice::{Consent, KeyTerms, Scope, Settings};
use portico_domain::model::refusal::{Failure, Refusal};
use portico_domain::operations::enroll_practice::{
    AnchoredHead, allow, compare_heads, create, issue_key, revoke_key, rotate_key, short,
};
use portico_domain::ports::{Chain, Commit, History, Keys};
use portico_domain::time::Timestamp;
use portico_web::App;
use serde::Deserialize;
use serde_json::{Value, json};

/// The error for a practice or key that does not exist.
pub const NOT_FOUND: &str = "There is no such practice or key.";

/// An operator's command.
#[derive(Deserialize)]
#[serde(tag = "action", rename_all = "snake_case", deny_unknown_fields)]
enum Request {
    /// Creates a practice.
    Create {
        practice: String,
        name: String,
        phone: String,
        time_zone: String,
        #[serde(default)]
        portal_url: String,
    },
    /// Replaces the list of settings that weaken a check and that this practice may nevertheless have.
    Allow { practice: String, allow: Vec<Consent> },
    /// Issues an API key for an application, with a preset of scopes (`ehr`, `scheduling`, `portal`) or its
    /// own list; if wanted, with an end (RFC 3339) and the number of calls that it may make in a second.
    IssueKey {
        practice: String,
        client: String,
        preset: Option<String>,
        scopes: Option<Vec<Scope>>,
        expires_at: Option<String>,
        calls_per_second: Option<u32>,
    },
    /// Lists a practice's keys, without their secrets.
    ListKeys { practice: String },
    /// Issues a new key for the client and scopes of an older one, which is named by its short name. The
    /// older key works until it is revoked, so that the application can change over without an interruption.
    RotateKey { practice: String, key: String },
    /// Revokes a key, with immediate effect.
    RevokeKey { practice: String, key: String },
    /// Compares anchored ends of audit chains with the chains.
    CompareHeads { heads: Vec<HeadLine> },
}

/// The end of an audit chain as the security log has it; without patient and account it is the practice's own.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct HeadLine {
    practice: String,
    patient: Option<String>,
    account: Option<String>,
    number: u64,
    seal: String,
}

/// Most heads in one call: they take some seconds.
const MOST_HEADS: usize = 500;

impl HeadLine {
    fn anchored(self) -> Result<AnchoredHead, String> {
        let invalid = |_| "A patient or account id can't be read.".to_owned();
        let subject = match (self.patient, self.account) {
            (Some(patient), None) => Subject::Patient(PatientId::parse(&patient).map_err(invalid)?),
            (None, Some(account)) => Subject::Account(AccountId::parse(&account).map_err(invalid)?),
            (None, None) => Subject::Practice,
            (Some(_), Some(_)) => return Err("A head is of a patient or of an account.".to_owned()),
        };
        let head = Head { number: self.number, seal: self.seal };
        Ok(AnchoredHead { practice: practice_id(&self.practice)?, subject, head })
    }
}

/// Handles an event. Errors in it are part of the answer, in sentences for the operator.
pub async fn handle<S: Keys + Chain + History + Commit>(app: &App<S>, event: Value) -> Value {
    match act(app, event).await {
        Ok(answer) => answer,
        Err(why) => json!({"error": why}),
    }
}

async fn act<S: Keys + Chain + History + Commit>(app: &App<S>, event: Value) -> Result<Value, String> {
    let request: Request =
        serde_json::from_value(event).map_err(|error| format!("This event can't be read: {error}."))?;
    let store = &app.store;
    match request {
        Request::Create { practice, name, phone, time_zone, portal_url } => {
            let settings = Settings { portal_url, ..Settings::new(&name, &phone, &time_zone) };
            let made =
                create(app, &practice_id(&practice)?, settings).await.map_err(|failure| said(&failure))?;
            Ok(json!({"practice": made.id, "settings": made.settings}))
        }
        Request::Allow { practice, allow: consents } => {
            let (practice, set_back) =
                allow(app, &practice_id(&practice)?, consents).await.map_err(|failure| said(&failure))?;
            Ok(json!({"practice": practice.id, "allow": practice.allowed, "set_back": set_back}))
        }
        Request::IssueKey { practice, client, preset, scopes, expires_at, calls_per_second } => {
            let scopes = match (preset.as_deref(), scopes) {
                (Some(preset), None) => Scope::preset(preset)
                    .ok_or("There is no such preset: it is one of ehr, scheduling, portal.")?,
                (None, Some(scopes)) if !scopes.is_empty() => scopes,
                _ => return Err("Name either a preset or scopes.".to_owned()),
            };
            let client =
                ClientId::parse(&client).map_err(|_| "A client's name is 1 to 40 of a-z, 0-9 and -.")?;
            let expires_at = expires_at.map(|text| text.parse::<Timestamp>()).transpose();
            let expires_at = expires_at.map_err(|_| "An end is a time such as 2027-01-31T00:00:00Z.")?;
            if calls_per_second.is_some_and(|most| !(1..=10_000).contains(&most)) {
                return Err("Calls in a second are 1 to 10,000.".to_owned());
            }
            let terms = KeyTerms { scopes: scopes.clone(), expires_at, calls_per_second };
            let key = issue_key(app, &practice_id(&practice)?, &client, &terms).await;
            let key = key.map_err(|failure| said(&failure))?;
            Ok(
                json!({"client": client, "scopes": scopes, "key": *key, "note": "This is the only time that the key is shown."}),
            )
        }
        Request::ListKeys { practice } => {
            let keys = store.keys(&practice_id(&practice)?).await.map_err(|error| said(&error.into()))?;
            let line = |key: &portico_domain::model::practice::ApiKey| {
                json!({
                    "key": short(&key.digest),
                    "client": key.client,
                    "scopes": key.scopes,
                    "issued_at": key.issued_at.to_string(),
                    "revoked_at": key.revoked_at.map(|at| at.to_string()),
                    "expires_at": key.expires_at.map(|at| at.to_string()),
                    "calls_per_second": key.calls_per_second,
                    "last_used": key.last_used.map(|day| day.to_string()),
                })
            };
            Ok(json!({"keys": keys.iter().map(line).collect::<Vec<_>>()}))
        }
        Request::RotateKey { practice, key } => {
            let (older, key) =
                rotate_key(app, &practice_id(&practice)?, &key).await.map_err(|failure| said(&failure))?;
            Ok(json!({
                "client": older.client,
                "scopes": older.scopes,
                "key": *key,
                "replaces": short(&older.digest),
                "note": "This is the only time that the key is shown. Give it to the application, then revoke the older one.",
            }))
        }
        Request::RevokeKey { practice, key } => {
            revoke_key(app, &practice_id(&practice)?, &key).await.map_err(|failure| said(&failure))?;
            Ok(json!({"key": key, "revoked": true}))
        }
        Request::CompareHeads { heads } => {
            if heads.len() > MOST_HEADS {
                return Err(format!("At most {MOST_HEADS} heads at a time."));
            }
            let heads = heads.into_iter().map(HeadLine::anchored).collect::<Result<Vec<_>, _>>()?;
            let compared = heads.len();
            let lost = compare_heads(app, heads).await.map_err(|failure| said(&failure))?;
            let line = |lost: &AnchoredHead| json!({"practice": lost.practice, "subject": lost.subject.key(), "number": lost.head.number});
            Ok(json!({"compared": compared, "lost": lost.iter().map(line).collect::<Vec<_>>()}))
        }
    }
}

fn practice_id(text: &str) -> Result<PracticeId, String> {
    PracticeId::parse(text)
        .map_err(|_| "A practice's short name is 2 to 30 of a-z, 0-9 and -, a letter first, and not one of Portico's own words.".to_owned())
}

fn said(failure: &Failure) -> String {
    match failure {
        Failure::Refused(Refusal::NotFound) => NOT_FOUND.to_owned(),
        Failure::Refused(Refusal::Conflict("key_revoked")) => {
            "This key is revoked already: issue a new one with issue_key.".to_owned()
        }
        Failure::Refused(Refusal::Conflict(_)) => "A practice of that name exists already.".to_owned(),
        Failure::Refused(Refusal::BadRequest(faults)) => {
            let each: Vec<String> =
                faults.iter().map(|fault| format!("{} ({})", fault.pointer, fault.code)).collect();
            format!("These settings can't be used: {}.", each.join(", "))
        }
        Failure::Refused(refusal) => format!("Refused: {}.", refusal.code()),
        Failure::Unavailable => "The table could not be reached. Try again.".to_owned(),
        Failure::Broken(what) => format!("A record can't be read ({what}). The function's log says more."),
    }
}
