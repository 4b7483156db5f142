//! `enroll-practice`: operators create practices and the API keys of their applications, and say which settings that
//! weaken a check a practice may have. A key is shown only once.

use futures_util::future::join_all;
use futures_util::join;
use zeroize::Zeroizing;

use crate::context::{App, Context};
use crate::keys::{digest, new_secret};
use crate::model::audit::{Action, By, Entry, Head, Subject};
use crate::model::ids::{ClientId, PracticeId};
use crate::model::practice::{ApiKey, Consent, KeyTerms, Practice, Settings};
use crate::model::refusal::{Failure, FieldFault, Refusal};
use crate::ports::{Chain, Commit, History, Keys, Write};
use crate::steps::retry::{MAX_ATTEMPTS, Written, written};
use crate::steps::security_log::note_settings;

/// Creates a practice. Refuses if a setting is not allowed, or if the practice exists.
pub async fn create<S: Commit>(
    app: &App<S>,
    id: &PracticeId,
    settings: Settings,
) -> Result<Practice, Failure> {
    let App { context, store } = app;
    let faults = settings.faults();
    if !faults.is_empty() {
        let fault = |(pointer, code): (&str, &'static str)| FieldFault { pointer: pointer.to_owned(), code };
        return Err(Refusal::BadRequest(faults.into_iter().map(fault).collect()).into());
    }
    let event =
        entry(context, id, Action::PracticeCreated, Vec::new()).after(&Head::default(), &context.keyring);
    let practice = Practice {
        id: id.clone(),
        settings,
        version: 1,
        head: event.head(),
        auto_invite_paused: None,
        auto_invite_resumed_at: None,
        relisting: None,
        allowed: Vec::new(),
    };
    match written(store, &[Write::CreatePractice(practice.clone()), Write::Append(event)], None).await? {
        Written::Done => Ok(practice),
        Written::Lost(_) => Err(Refusal::Conflict("practice_exists").into()),
    }
}

fn entry(context: &Context, id: &PracticeId, action: Action, detail: Vec<(&'static str, String)>) -> Entry {
    Entry {
        practice: id.clone(),
        subject: Subject::Practice,
        at: context.now(),
        by: By::operator(),
        action,
        detail,
    }
}

/// Replaces the list of what the operator allows the practice. A setting that is not allowed any more goes back to its usual
/// value in the same write. Returns the practice and the names of these settings.
pub async fn allow<S: Keys + Chain + Commit>(
    app: &App<S>,
    id: &PracticeId,
    mut allowed: Vec<Consent>,
) -> Result<(Practice, Vec<&'static str>), Failure> {
    let App { context, store } = app;
    allowed.sort_unstable();
    allowed.dedup();
    for _ in 0..MAX_ATTEMPTS {
        let (practice, head) = join!(store.enrolled(id), store.head(id, &Subject::Practice));
        let mut practice = practice?.ok_or(Refusal::NotFound)?;
        let mut set_back = Vec::new();
        let before = practice.settings.clone();
        for (pointer, consent) in practice.settings.needed_consents() {
            if !allowed.contains(&consent) {
                practice.settings.set_back(consent);
                set_back.push(pointer.trim_start_matches('/'));
            }
        }
        if practice.allowed == allowed && set_back.is_empty() {
            return Ok((practice, set_back));
        }
        let names: Vec<_> = allowed.iter().map(|consent| consent.as_str()).collect();
        let mut detail = vec![("allowed", names.join(" "))];
        if !set_back.is_empty() {
            detail.push(("fields", set_back.join(" ")));
        }
        let event = entry(context, id, Action::ConsentChanged, detail).after(&head?, &context.keyring);
        practice.allowed.clone_from(&allowed);
        practice.head = event.head();
        practice.version += 1;
        let writes = [Write::ChangePractice(practice.clone()), Write::Append(event)];
        if let Written::Done = written(store, &writes, None).await? {
            note_settings(id, &before, &practice.settings, &By::operator());
            return Ok((practice, set_back));
        }
    }
    Err(Failure::Unavailable)
}

/// Issues an API key to an application of a practice. The key is only in the answer, and is not stored.
pub async fn issue_key<S: Keys + Chain + Commit>(
    app: &App<S>,
    practice: &PracticeId,
    client: &ClientId,
    terms: &KeyTerms,
) -> Result<Zeroizing<String>, Failure> {
    let App { context, store } = app;
    store.enrolled(practice).await?.ok_or(Refusal::NotFound)?;
    let key = Zeroizing::new(format!("{practice}.{}", *new_secret(&*context.entropy)));
    for _ in 0..MAX_ATTEMPTS {
        let record = ApiKey {
            digest: digest(key.as_bytes()),
            practice: practice.clone(),
            client: client.clone(),
            scopes: terms.scopes.clone(),
            issued_at: context.now(),
            revoked_at: None,
            expires_at: terms.expires_at,
            calls_per_second: terms.calls_per_second,
            last_used: None,
        };
        let head = store.head(practice, &Subject::Practice).await?;
        let detail = vec![("client", client.to_string()), ("key", short(&record.digest))];
        let event = entry(context, practice, Action::KeyIssued, detail).after(&head, &context.keyring);
        if let Written::Done = written(store, &[Write::IssueKey(record), Write::Append(event)], None).await? {
            return Ok(key);
        }
    }
    Err(Failure::Unavailable)
}

/// Issues a new key with the client and scopes of an existing one, which keeps working. Returns the older
/// key's record and the new key.
pub async fn rotate_key<S: Keys + Chain + Commit>(
    app: &App<S>,
    practice: &PracticeId,
    name: &str,
) -> Result<(ApiKey, Zeroizing<String>), Failure> {
    let store = &app.store;
    let older = key_named(store, practice, name).await?;
    if older.revoked_at.is_some() {
        return Err(Refusal::Conflict("key_revoked").into());
    }
    let terms = KeyTerms {
        scopes: older.scopes.clone(),
        expires_at: older.expires_at,
        calls_per_second: older.calls_per_second,
    };
    let key = issue_key(app, practice, &older.client, &terms).await?;
    Ok((older, key))
}

async fn key_named<S: Keys>(store: &S, practice: &PracticeId, name: &str) -> Result<ApiKey, Failure> {
    let keys = store.keys(practice).await?;
    Ok(keys.into_iter().find(|key| short(&key.digest) == name).ok_or(Refusal::NotFound)?)
}

/// The short name of a key, for places where the key may not be shown: the first twelve digits of its digest.
pub fn short(digest: &str) -> String {
    digest.chars().take(12).collect()
}

/// Revokes the key with this short name. It stops to work from the next call.
pub async fn revoke_key<S: Keys + Chain + Commit>(
    app: &App<S>,
    practice: &PracticeId,
    name: &str,
) -> Result<(), Failure> {
    let App { context, store } = app;
    let key = key_named(store, practice, name).await?;
    for _ in 0..MAX_ATTEMPTS {
        let head = store.head(practice, &Subject::Practice).await?;
        let detail = vec![("client", key.client.to_string()), ("key", short(&key.digest))];
        let event = entry(context, practice, Action::KeyRevoked, detail).after(&head, &context.keyring);
        let end =
            Write::RevokeKey { digest: key.digest.clone(), practice: practice.clone(), at: context.now() };
        if let Written::Done = written(store, &[end, Write::Append(event)], None).await? {
            return Ok(());
        }
    }
    Err(Failure::Unavailable)
}

/// The end of an audit chain, as it was anchored outside the tables.
#[expect(missing_docs, reason = "the names say it")]
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AnchoredHead {
    pub practice: PracticeId,
    pub subject: Subject,
    pub head: Head,
}

/// Anchored heads that are looked up at once.
const AT_ONCE: usize = 20;

/// Those heads that the audit chains no longer have, in the order in which they came: the event with that number is missing,
/// or has another seal. Each costs one read of one item, whatever the chain's length. Every seal covers the events before
/// it, so the newest head of a chain is enough.
pub async fn compare_heads<S: History>(
    app: &App<S>,
    heads: Vec<AnchoredHead>,
) -> Result<Vec<AnchoredHead>, Failure> {
    let store = &app.store;
    let mut lost = Vec::new();
    for some in heads.chunks(AT_ONCE) {
        let reads = some.iter().map(|anchored| {
            store.events(&anchored.practice, &anchored.subject, anchored.head.number.saturating_sub(1), 1)
        });
        for (anchored, found) in some.iter().zip(join_all(reads).await) {
            if found?.first().is_none_or(|event| event.head() != anchored.head) {
                lost.push(anchored.clone());
            }
        }
    }
    Ok(lost)
}
