//! `configure-practice`: a practice reads and changes its own settings.

use futures_util::join;

use crate::context::App;
use crate::keys::digest;
use crate::model::audit::{Action, Entry, Subject};
use crate::model::limit::SETTINGS_CHANGES;
use crate::model::practice::{Logo, Practice, Scope, Settings};
use crate::model::refusal::{Failure, FieldFault, Refusal};
use crate::ports::{AlsoRead, ApiCalls, Chain, Commit, Limits, Practices, Write};
use crate::steps::api_call::{ApiCall, Caller, authorize};
use crate::steps::daily_cap;
use crate::steps::retry::{MAX_ATTEMPTS, Written, written};
use crate::steps::security_log::note_settings;

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
    put_with(app, call, change, stored.collect()).await
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
    put_with(app, call, change, Vec::new()).await
}

async fn put_with<S>(
    app: &App<S>,
    call: &ApiCall,
    change: impl Fn(Settings) -> Settings + Send,
    along: Vec<Write>,
) -> Result<Practice, Failure>
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
        let settings = change(practice.settings.clone());
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
            return Ok(practice);
        }
        let entry = Entry {
            practice: practice.id.clone(),
            subject: Subject::Practice,
            at: context.now(),
            by: caller.by(),
            action: Action::SettingsChanged,
            detail: vec![("fields", changed(&practice.settings, &settings))],
        };
        let event = entry.after(&head?, &context.keyring);
        let before = std::mem::replace(&mut practice.settings, settings);
        practice.head = event.head();
        practice.version += 1;
        let counted = daily_cap::counted(context, SETTINGS_CHANGES, &caller);
        let mut writes = vec![Write::ChangePractice(practice.clone()), Write::Append(event), counted];
        writes.extend(along.iter().cloned());
        match written(store, &writes, None).await? {
            Written::Done => {
                note_settings(&practice.id, &before, &practice.settings, &caller.by());
                return Ok(practice);
            }
            Written::Lost(lost) => daily_cap::check(context, SETTINGS_CHANGES, &caller, &lost)?,
        }
    }
    Err(Failure::Unavailable)
}

fn changed(before: &Settings, after: &Settings) -> String {
    let (before, after) =
        (serde_json::to_value(before).unwrap_or_default(), serde_json::to_value(after).unwrap_or_default());
    let names =
        after.as_object().into_iter().flatten().filter(|(name, value)| before.get(*name) != Some(*value));
    names.map(|(name, _)| name.as_str()).collect::<Vec<_>>().join(" ")
}
