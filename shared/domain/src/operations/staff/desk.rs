//! What a page of the Onboarding Tool shows around its content.

use crate::context::App;
use crate::model::practice::{Scope, Settings};
use crate::model::refusal::Failure;
use crate::ports::{ApiCalls, Limits, Practices};
use crate::steps::api_call::{ApiCall, Caller, authorize_with_settings};

/// The caller and the practice's settings.
pub async fn desk<S>(app: &App<S>, call: &ApiCall, scopes: &[Scope]) -> Result<(Caller, Settings), Failure>
where
    S: ApiCalls + Limits + Practices,
{
    authorize_with_settings(app, call, scopes).await
}
