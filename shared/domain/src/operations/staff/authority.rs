//! Records by what right a representative acts for a patient, and until when.

use crate::context::App;
use crate::model::audit::Action;
use crate::model::auto_invite::day;
use crate::model::grant::Authority;
use crate::model::ids::{AccountId, PatientId};
use crate::model::practice::Scope;
use crate::model::refusal::{Failure, FieldFault, Refusal};
use crate::ports::{ApiCalls, Commit, History, Limits, Practices, Write};
use crate::steps::access::require_representative;
use crate::steps::api_call::{ApiCall, Caller};
use crate::steps::change::PatientChange;
use crate::steps::portal_status::{PortalStatus, change_patient_by};

/// Records a representative's authority, in place of an earlier one. Refuses an end that is not after the
/// practice's day, and an account whose access has ended.
pub async fn set_authority<S>(
    app: &App<S>,
    call: &ApiCall,
    patient: &PatientId,
    account: AccountId,
    authority: &Authority,
) -> Result<(PortalStatus, Caller), Failure>
where
    S: ApiCalls + Limits + Practices + History + Commit,
{
    let context = &app.context;
    change_patient_by(app, call, &[Scope::Invite], patient, |mut patient, settings, caller| {
        caller.actor()?;
        require_representative(&patient, account)?;
        let now = context.now();
        if authority.until.is_some_and(|until| until <= day(now, settings)) {
            return Err(Refusal::BadRequest(vec![FieldFault::of("until", "date_in_the_past")]));
        }
        let mut known = patient.accounts.iter_mut().filter(|known| known.id == account);
        let known =
            known.find(|known| known.ended_by.is_none()).ok_or(Refusal::Conflict("access_revoked"))?;
        known.until = authority.until;
        let mut detail =
            vec![("account_id", account.to_string()), ("authority", authority.kind.as_str().to_owned())];
        detail.extend(authority.until.map(|until| ("until", until.to_string())));
        let entry = patient.entry(now, caller.by(), Action::AuthorityRecorded, detail);
        let authority = authority.clone();
        let writes = vec![Write::SetAuthority { account, patient: patient.id.clone(), authority }];
        Ok(Some(PatientChange { patient, writes, entry }))
    })
    .await
}
