//! `configure-practice`: a practice reads and changes its own settings.

use std::collections::{BTreeMap, BTreeSet};

use futures_util::join;
use serde_json::Value;

use crate::context::App;
use crate::keys::digest;
use crate::model::audit::{Action, By, Entry, Event, Subject};
use crate::model::ids::PracticeId;
use crate::model::limit::SETTINGS_CHANGES;
use crate::model::practice::{Logo, Practice, Relisting, Scope, Settings};
use crate::model::refusal::{Failure, FieldFault, Refusal};
use crate::ports::{AlsoRead, ApiCalls, Chain, Commit, History, Limits, Practices, Write};
use crate::steps::api_call::{ApiCall, Caller, authorize};
use crate::steps::daily_cap;
use crate::steps::retry::{MAX_ATTEMPTS, Written, written};
use crate::steps::security_log::note_settings;
use crate::time::Timestamp;

/// Reads the practice with its settings. Returns the caller, too.
pub async fn get<S: ApiCalls + Limits + Practices>(
    app: &App<S>,
    call: &ApiCall,
) -> Result<(Caller, Practice), Failure> {
    let store = &app.store;
    let (caller, _) = authorize(app, call, &[Scope::Settings], AlsoRead::default()).await?;
    let practice = store.practice(&caller.practice).await?.ok_or(Failure::Broken("practice"))?;
    Ok((caller, practice))
}

/// A logo as it was drawn for the practice.
pub struct DrawnLogo {
    /// A PNG.
    pub png: Vec<u8>,
    /// The width at which it is shown, in CSS pixels.
    pub width: u32,
    /// The height at which it is shown.
    pub height: u32,
}

/// Sets or removes the practice's logo. An earlier one stays where it is, since mails that were sent show it.
pub async fn set_logo<S>(app: &App<S>, call: &ApiCall, drawn: Option<DrawnLogo>) -> Result<Practice, Failure>
where
    S: ApiCalls + Limits + Practices + Chain + Commit,
{
    let practice = &call.key.claimed;
    let logo = drawn.as_ref().map(|DrawnLogo { png, width, height }| {
        let file = format!("{}.png", digest(png).chars().take(20).collect::<String>());
        Logo { path: format!("/{practice}/logo/{file}"), width: *width, height: *height }
    });
    let stored = logo.iter().zip(drawn).map(|(logo, drawn)| Write::PutLogo {
        practice: practice.clone(),
        file: logo.file().to_owned(),
        png: drawn.png,
    });
    let change = |settings| Settings { logo: logo.clone(), ..settings };
    let stored = stored.collect();
    Ok(put_with(app, call, |settings| Some(change(settings)), stored).await?.unwrap_or_else(|now| now))
}

/// A change of the settings, as the audit trail has it.
pub struct SettingsChange {
    /// When it was made.
    pub at: Timestamp,
    /// Who made it.
    pub by: By,
    /// What changed.
    pub fields: Vec<ChangedField>,
}

/// A setting that changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChangedField {
    /// Its name in the API; `auto_invite.enabled` for one inside of another.
    pub name: String,
    /// Its value before; `None` if it had none, or the event is older than this part of the trail.
    pub before: Option<Value>,
    /// Its value since.
    pub after: Option<Value>,
}

/// Events of the practice's chain that are looked at for changes of settings.
const LOOKED_AT: usize = 500;

/// The latest changes of the settings, the newest first.
pub async fn history<S>(app: &App<S>, call: &ApiCall) -> Result<Vec<SettingsChange>, Failure>
where
    S: ApiCalls + Limits + Chain + History,
{
    let (caller, _) = authorize(app, call, &[Scope::Settings], AlsoRead::default()).await?;
    changes(&app.store, &caller.practice).await
}

/// The practice with its settings, and their latest changes. Returns the caller, too.
pub async fn get_with_history<S>(
    app: &App<S>,
    call: &ApiCall,
) -> Result<(Caller, Practice, Vec<SettingsChange>), Failure>
where
    S: ApiCalls + Limits + Practices + Chain + History,
{
    let (caller, practice) = get(app, call).await?;
    let changes = changes(&app.store, &practice.id).await?;
    Ok((caller, practice, changes))
}

async fn changes<S: Chain + History>(
    store: &S,
    practice: &PracticeId,
) -> Result<Vec<SettingsChange>, Failure> {
    let head = store.head(practice, &Subject::Practice).await?;
    let from = head.number.saturating_sub(LOOKED_AT as u64);
    let events = store.events(practice, &Subject::Practice, from, LOOKED_AT).await?;
    let changes = events.into_iter().rev().filter(|event| event.action == Action::SettingsChanged);
    Ok(changes
        .map(|event| SettingsChange { at: event.at, fields: fields_of(&event), by: event.by })
        .collect())
}

/// The fields that an event of the trail says changed.
fn fields_of(event: &Event) -> Vec<ChangedField> {
    let detail = |name: &str| event.detail.get(name).map(String::as_str).unwrap_or_default();
    let values =
        |name: &str| -> BTreeMap<String, Value> { serde_json::from_str(detail(name)).unwrap_or_default() };
    let (mut before, mut after) = (values("before"), values("after"));
    let mut names: BTreeSet<String> = before.keys().chain(after.keys()).cloned().collect();
    if names.is_empty() {
        names = detail("fields").split_whitespace().map(str::to_owned).collect();
    }
    let field =
        |name: String| ChangedField { before: before.remove(&name), after: after.remove(&name), name };
    names.into_iter().map(field).collect()
}

/// Changes the settings as [`put`] does, unless `change` returns `None`: what it should change has changed meanwhile. Then
/// the error is the practice as it is now.
pub async fn put_unless_moved<S>(
    app: &App<S>,
    call: &ApiCall,
    change: impl Fn(Settings) -> Option<Settings> + Send,
) -> Result<Result<Practice, Practice>, Failure>
where
    S: ApiCalls + Limits + Practices + Chain + Commit,
{
    put_with(app, call, change, Vec::new()).await
}

/// Changes the settings, and returns the practice. `change` returns the new settings. If some are not allowed, also because
/// the operator's consent or number is missing, the error lists all of them.
pub async fn put<S>(
    app: &App<S>,
    call: &ApiCall,
    change: impl Fn(Settings) -> Settings + Send,
) -> Result<Practice, Failure>
where
    S: ApiCalls + Limits + Practices + Chain + Commit,
{
    let change = move |settings| Some(change(settings));
    Ok(put_with(app, call, change, Vec::new()).await?.unwrap_or_else(|now| now))
}

async fn put_with<S>(
    app: &App<S>,
    call: &ApiCall,
    change: impl Fn(Settings) -> Option<Settings> + Send,
    along: Vec<Write>,
) -> Result<Result<Practice, Practice>, Failure>
where
    S: ApiCalls + Limits + Practices + Chain + Commit,
{
    let App { context, store } = app;
    for _ in 0..MAX_ATTEMPTS {
        let (opened, head) = join!(
            authorize(app, call, &[Scope::Settings], AlsoRead::default()),
            store.head(&call.key.claimed, &Subject::Practice)
        );
        let (caller, _) = opened?;
        caller.actor()?;
        let mut practice = store.practice(&caller.practice).await?.ok_or(Failure::Broken("practice"))?;
        let Some(settings) = change(practice.settings.clone()) else { return Ok(Err(practice)) };
        let mut faults = practice.setting_faults(&settings);
        let known = |number: &String| context.text_numbers.contains(number);
        if !settings.text_number.as_ref().is_none_or(known) {
            faults.push(("/text_number", "unknown_number"));
        }
        if !faults.is_empty() {
            let fault = |(pointer, code): &(&'static str, &'static str)| FieldFault {
                pointer: (*pointer).to_owned(),
                code,
            };
            return Err(Refusal::BadRequest(faults.iter().map(fault).collect()).into());
        }
        if practice.settings == settings {
            return Ok(Ok(practice));
        }
        let entry = Entry {
            practice: practice.id.clone(),
            subject: Subject::Practice,
            at: context.now(),
            by: caller.by(),
            action: Action::SettingsChanged,
            detail: changed(&practice.settings, &settings),
        };
        let event = entry.after(&head?, &context.keyring);
        let before = std::mem::replace(&mut practice.settings, settings);
        practice.relisting = Relisting::between(&before, &practice.settings).or(practice.relisting.take());
        practice.head = event.head();
        practice.version += 1;
        let counted = daily_cap::counted(context, SETTINGS_CHANGES, &caller);
        let mut writes = vec![Write::ChangePractice(practice.clone()), Write::Append(event), counted];
        writes.extend(along.iter().cloned());
        match written(store, &writes, None).await? {
            Written::Done => {
                note_settings(&practice.id, &before, &practice.settings, &caller.by());
                return Ok(Ok(practice));
            }
            Written::Lost(lost) => daily_cap::check(context, SETTINGS_CHANGES, &caller, &lost)?,
        }
    }
    Err(Failure::Unavailable)
}

/// What changed, for the trail: the names, and the values before and after.
fn changed(before: &Settings, after: &Settings) -> Vec<(&'static str, String)> {
    let flat = |settings: &Settings| {
        let mut all = BTreeMap::new();
        flatten("", serde_json::to_value(settings).unwrap_or_default(), &mut all);
        all
    };
    let (before, after) = (flat(before), flat(after));
    let part = |of: &BTreeMap<String, Value>, other: &BTreeMap<String, Value>| {
        let moved = of.iter().filter(|(name, value)| other.get(*name) != Some(*value));
        moved.map(|(name, value)| (name.clone(), value.clone())).collect::<BTreeMap<String, Value>>()
    };
    let (was, is) = (part(&before, &after), part(&after, &before));
    let names: BTreeSet<&str> =
        was.keys().chain(is.keys()).map(|name| name.split('.').next().unwrap_or_default()).collect();
    let written = |values| serde_json::to_string(&values).unwrap_or_default();
    vec![
        ("fields", names.into_iter().collect::<Vec<_>>().join(" ")),
        ("before", written(was)),
        ("after", written(is)),
    ]
}

/// The values of a record by their names; one inside of another has both names.
fn flatten(within: &str, value: Value, all: &mut BTreeMap<String, Value>) {
    match value {
        Value::Object(fields) => {
            for (name, value) in fields {
                let name = if within.is_empty() { name } else { format!("{within}.{name}") };
                flatten(&name, value, all);
            }
        }
        value => drop(all.insert(within.to_owned(), value)),
    }
}
