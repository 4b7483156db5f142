//! Accounts, sessions and representatives as JSON.

use portico_domain::model::account::Account;
use portico_domain::model::browser::Browser;
use portico_domain::model::grant::Grant;
use portico_domain::model::patient::Patient;
use portico_domain::model::person::Name;
use portico_domain::model::search::FoundAccounts;
use portico_domain::model::session::Session;
use portico_domain::operations::holder::representatives::Represented;
use portico_domain::steps::signed_in::Holder;
use portico_domain::time::Timestamp;
use serde_json::{Value, json};

use crate::view::json::{grant_state, object, rfc3339};

/// An account, for staff.
pub fn account(account: &Account, patient: Option<&Patient>) -> Value {
    let patients: Vec<Value> = account
        .grants
        .iter()
        .map(|(id, grant)| {
            json!({
                "patient_id": id,
                "relationship": grant.relationship,
                "level": grant.level,
                "state": grant_state(grant.state),
            })
        })
        .collect();
    object(json!({
        "account_id": account.id.to_string(),
        "username": account.username,
        "patient_id": patient.map(|patient| &patient.id),
        "grants": patients,
        "registered_at": account.registered_at.to_string(),
        "last_login_at": rfc3339(account.last_login_at),
        "must_change_password": account.must_change_password(),
        "temporary_password_until": rfc3339(account.temporary.as_ref().map(|temporary| temporary.until)),
    }))
}

/// The grants that give access to a session that began at `began`.
pub fn grants(account: &Account, began: Timestamp) -> Vec<Value> {
    let grant = |(patient, grant): (&String, &Grant)| json!({"patient_id": patient, "relationship": grant.relationship, "level": grant.level});
    account.grants_for(began).map(grant).collect()
}

/// The signed-in person and their grants, for the portal and the account page.
pub fn signed_in(holder: &Holder) -> Value {
    json!({
        "account_id": holder.account.id.to_string(),
        "username": holder.account.username,
        "expires_at": holder.session.expires_at().to_string(),
        "grants": grants(&holder.account, holder.session.began_at),
    })
}

/// One of a person's sessions, for this person. `here` is the session that asks.
pub fn session(session: &Session, here: &Session) -> Value {
    json!({
        "session_id": session.id(),
        "began_at": session.began_at.to_string(),
        "last_used_at": session.touched_at.to_string(),
        "expires_at": session.expires_at().to_string(),
        "here": session.digest == here.digest,
        "browser": session.browser.as_ref().map(Browser::words),
    })
}

/// One of a person's sessions, for staff.
pub fn session_for_staff(session: &Session) -> Value {
    let mut view = json!({
        "started_at": session.began_at.to_string(),
        "last_used_at": session.touched_at.to_string(),
    });
    if let Some(browser) = &session.browser {
        view["browser"] = json!(browser.words());
    }
    view
}

/// The representatives of a patient and the pending invitations, for the patient.
pub fn represented(represented: &Represented) -> Value {
    let Represented { patient, accounts, offers, .. } = represented;
    let name = |name: Option<&Name>| name.map(|name| name.reveal().to_owned());
    let representatives: Vec<Value> = accounts
        .iter()
        .filter_map(|account| {
            let grant = account.grant(&patient.id)?;
            Some(object(json!({
                "account_id": account.id.to_string(),
                "username": account.username,
                "given_name": name(account.given_name.as_ref()),
                "family_name": name(account.family_name.as_ref()),
                "relationship": grant.relationship,
                "level": grant.level,
                "state": grant_state(grant.state),
            })))
        })
        .collect();
    let invitations: Vec<Value> = offers
        .iter()
        .map(|link| {
            let who = link.invitee.as_ref();
            object(json!({
                "invitation_id": link.id.to_string(),
                "given_name": name(who.map(|who| &who.given_name)),
                "family_name": name(who.map(|who| &who.family_name)),
                "relationship": who.map(|who| who.relationship),
                "level": who.map(|who| who.level),
                "expires_at": link.expires_at.to_string(),
            }))
        })
        .collect();
    json!({"representatives": representatives, "invitations": invitations})
}

/// An account that a search found.
pub fn found(found: &FoundAccounts) -> Value {
    let patients: Vec<Value> = found
        .listed
        .patients
        .iter()
        .map(|patient| {
            json!({
                "patient_id": patient.id,
                "given_name": patient.given_name.reveal(),
                "family_name": patient.family_name.reveal(),
                "relationship": patient.relationship,
                "state": grant_state(patient.state),
            })
        })
        .collect();
    json!({
        "account_id": found.listed.account.to_string(),
        "username": found.listed.username,
        "patients": patients,
        "matched_former": found.former,
    })
}
