//! What a page of the Onboarding Tool shows around its content.

use crate::context::App;
use crate::model::practice::{Scope, Settings};
use crate::model::refusal::Failure;
use crate::ports::{AlsoRead, ApiCalls, Limits, Practices};
use crate::steps::api_call::{ApiCall, Caller, authorize};

/// The caller and the practice's settings.
pub async fn desk<S>(app: &App<S>, call: &ApiCall, scopes: &[Scope]) -> Result<(Caller, Settings), Failure>
where
    S: ApiCalls + Limits + Practices,
{
    let (caller, _) = authorize(app, call, scopes, AlsoRead::default()).await?;
    let practice = app.store.practice(&caller.practice).await?.ok_or(Failure::Broken("practice"))?;
    Ok((caller, practice.settings))
}
