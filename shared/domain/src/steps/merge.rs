//! Moves logins from a chart that was merged to the chart that it was merged into.

use crate::context::Context;
use crate::model::account::Account;
use crate::model::grant::{Grant, GrantState, Relationship};
use crate::model::link::{Kind, LinkState};
use crate::model::patient::{AccountRef, Patient};
use crate::model::refusal::PortError;
use crate::ports::{Patients, Write};
use crate::steps::invitation::end_resets;

/// Merged charts in a row that are followed.
const CHAIN: usize = 5;

/// The chart that a merged one leads to, also over charts that were merged themselves; `None` if there is none.
pub(crate) async fn survivor_of<S: Patients>(
    store: &S,
    merged: &Patient,
) -> Result<Option<Patient>, PortError> {
    let mut into = merged.chart.replaced_by.clone();
    for _ in 0..CHAIN {
        let Some(id) = into else { return Ok(None) };
        let Some(patient) = store.patient(&merged.practice, &id).await? else { return Ok(None) };
        if patient.chart.replaced_by.is_none() {
            return Ok(Some(patient));
        }
        into = patient.chart.replaced_by;
    }
    Ok(None)
}

/// Takes an account off a merged chart. Its reset link ends, for it belongs to that chart. `None` if the account has no
/// grant there that could move.
pub(crate) fn take_off(
    context: &Context,
    account: &mut Account,
    from: &mut Patient,
    writes: &mut Vec<Write>,
) -> Option<(AccountRef, Grant)> {
    let place = from
        .accounts
        .iter()
        .position(|known| known.id == account.id && known.ended_by.is_none() && !known.held)?;
    let grant = account.grants.remove(from.id.as_str())?;
    let mut known = from.accounts.remove(place);
    end_resets(std::iter::once(&mut known), LinkState::Superseded, context.now(), writes);
    Some((known, grant))
}

/// Moves an account to the chart that its chart was merged into. It stays where the other chart's patient has a login
/// already, or where its access to the other chart was taken away. `false` if it stays.
pub(crate) fn move_account(
    context: &Context,
    account: &mut Account,
    from: &mut Patient,
    to: &mut Patient,
    writes: &mut Vec<Write>,
) -> bool {
    let own = from.own_account().is_some_and(|own| own.id == account.id);
    let is_taken = own && to.own_account().is_some_and(|known| known.id != account.id);
    let is_out = |known: &AccountRef| known.id == account.id && (known.ended_by.is_some() || known.held);
    if is_taken || to.accounts.iter().any(is_out) {
        return false;
    }
    let (registered_at, last_login_at) = (from.registered_at, from.last_login_at);
    let Some((known, grant)) = take_off(context, account, from, writes) else { return false };
    if to.accounts.iter().all(|other| other.id != account.id) {
        let now = context.now();
        let state = if to.suspension().is_some() { GrantState::Suspended } else { GrantState::Active };
        // Sessions that began before don't see it: their holder signs in again.
        account.grants.insert(to.id.to_string(), Grant { state, since: now, ended_by: None, ..grant });
        if known.relationship == Relationship::Own
            && let Some(current) = to.invitation.take_if(|current| current.kind == Kind::Registration)
        {
            writes.push(Write::CloseLink { id: current.link, to: LinkState::Superseded, at: now });
        }
        to.accounts.push(known);
        to.registered_at = to.registered_at.into_iter().chain(registered_at).min();
        to.last_login_at = to.last_login_at.max(last_login_at);
    }
    true
}
