//! Portal statuses and invitations as JSON.

use std::collections::BTreeSet;

use portico_domain::keys::Keyring;
use portico_domain::model::attention::Cause;
use portico_domain::model::audit::Event;
use portico_domain::model::chart::Channel;
use portico_domain::model::delivery::{Delivery, Trouble};
use portico_domain::model::grant::Authority;
use portico_domain::model::limit::Lock;
use portico_domain::model::link::{FailedCheck, Link, LinkState};
use portico_domain::model::list::{Reached, in_as_patient, next_appointment, reached};
use portico_domain::model::patient::{Patient, Status};
use portico_domain::model::person::{Address, Email, Line, Phone};
use portico_domain::model::practice::{Scope, Settings};
use portico_domain::operations::staff::attention::Thing;
use portico_domain::steps::api_call::Caller;
use portico_domain::steps::portal_status::PortalStatus;
use portico_domain::time::Timestamp;
use portico_messages::Language;
use serde_json::{Value, json};

use crate::view::json::{grant_state, merge, object, rfc3339};
use crate::view::measure::table;

/// An invitation, with the facts that the caller's scopes allow.
pub fn invitation(link: &Link, caller: &Caller, keyring: &Keyring, now: Timestamp) -> Value {
    let state = state(link, now);
    let pending = state == "pending";
    let (delivery, trouble) = link.delivered();
    object(json!({
        "invitation_id": link.id.to_string(),
        "kind": link.kind,
        "channel": link.channel,
        "sent_to": link.sent_to.as_ref().map(Address::reveal).map(|to| if caller.may(Scope::ChartRead) { to.to_owned() } else { masked(to) }),
        "created_at": link.created_at.to_string(),
        "sent_at": rfc3339(link.sent_at),
        "handed_over_at": rfc3339(link.handed_over_at),
        "opened_at": rfc3339(link.opened_at),
        "closed_at": rfc3339(link.closed_at),
        "expires_at": link.expires_at.to_string(),
        "delivery": delivery,
        "delivery_detail": delivery_detail(delivery, trouble),
        "state": state,
        "access_code": link.access_code(keyring).filter(|_| pending && caller.may(Scope::Invite)),
        "invited_by": {"client": link.client, "actor": link.actor},
        "representative": link.invitee.as_ref().filter(|_| caller.may(Scope::ChartRead)).map(|who| json!({
            "given_name": who.given_name.reveal(),
            "family_name": who.family_name.reveal(),
            "relationship": who.relationship,
            "level": who.level,
        })),
    }))
}

/// The address with all characters hidden but the first and `@`, for a key that may not read charts.
fn masked(to: &str) -> String {
    to.char_indices().map(|(place, c)| if place == 0 || c == '@' { c } else { '•' }).collect()
}

/// The state of an invitation at `now`.
fn state(link: &Link, now: Timestamp) -> &'static str {
    match link.state {
        LinkState::Pending if link.is_locked() => "locked",
        LinkState::Pending if now >= link.expires_at => "expired",
        LinkState::Pending => "pending",
        LinkState::Accepted => "accepted",
        LinkState::Superseded => "superseded",
        LinkState::Cancelled => "cancelled",
        LinkState::Revoked => "revoked",
        LinkState::ReportedWrongRecipient => "reported_wrong_recipient",
    }
}

/// An explanation of a delivery for staff; `None` if there is nothing to explain.
fn delivery_detail(delivery: Delivery, trouble: Option<Trouble>) -> Option<&'static str> {
    portico_messages::delivery_detail(delivery.as_str(), trouble.map(Trouble::as_str), Language::English)
}

/// An invitation whose record is no longer stored, from its audit event.
fn former(event: &Event) -> Value {
    object(json!({
        "invitation_id": event.detail.get("invitation_id"),
        "kind": event.detail.get("kind"),
        "channel": event.detail.get("channel"),
        "created_at": event.at.to_string(),
        "state": "expired",
        "invited_by": {"client": event.by.client, "actor": event.by.actor},
    }))
}

/// A patient's portal status.
pub fn portal(portal: &PortalStatus, caller: &Caller, keyring: &Keyring, now: Timestamp) -> Value {
    let PortalStatus { patient, settings, links, invitation_events, accounts, checks, .. } = portal;
    let current = patient.invitation.and_then(|current| links.iter().find(|link| link.id == current.link));
    let kept = |event: &&Event| {
        !links.iter().any(|link| Some(&link.id.to_string()) == event.detail.get("invitation_id"))
    };
    let mut invitations: Vec<Value> = invitation_events.iter().filter(kept).map(former).collect();
    invitations.extend(links.iter().map(|link| invitation(link, caller, keyring, now)));
    let mut failures: Vec<&FailedCheck> =
        links.iter().flat_map(|link| &link.failures).chain(&checks.failures).collect();
    failures.sort_by_key(|failed| failed.at);
    let mut view = standing(patient, settings);
    let more = json!({
        "invitation": current.map(|link| invitation(link, caller, keyring, now)),
        "invitations": invitations,
        "accounts": accounts.iter().filter_map(|account| {
            let grant = account.grant(&patient.id)?;
            let state = grant_state(grant.state);
            let lock = portal.lock(account.id);
            let locked_until = match lock {
                Some(Lock::Until(until)) => Some(until),
                Some(Lock::UntilReset) | None => None,
            };
            Some(object(json!({
                "account_id": account.id.to_string(),
                "username": account.username,
                "relationship": grant.relationship,
                "level": grant.level,
                "state": state,
                "locked": lock.map(|_| true),
                "locked_until": rfc3339(locked_until),
                "authority": grant.authority.as_ref().map(authority),
                "must_change_password": account.must_change_password().then_some(true),
                "registered_at": account.registered_at.to_string(),
                "last_login_at": rfc3339(account.last_login_at),
            })))
        }).collect::<Vec<_>>(),
        // A sign-in updates the account at once, and the patient's record a moment later.
        "last_login_at": rfc3339(accounts.iter().map(|account| account.last_login_at).chain([patient.last_login_at]).max().flatten()),
        "verification_failures": failures.iter().map(|failed| {
            json!({"at": failed.at.to_string(), "facts": failed.facts})
        }).collect::<Vec<_>>(),
    });
    merge(&mut view, more);
    view
}

/// By what right a representative acts for a patient.
fn authority(authority: &Authority) -> Value {
    object(json!({
        "kind": authority.kind,
        "reference": authority.reference.as_ref().map(Line::reveal),
        "checked_by": authority.checked_by.as_ref().map(Line::reveal),
        "until": authority.until,
    }))
}

/// The part of a portal status that follows from the patient's record alone.
pub fn standing(patient: &Patient, settings: &Settings) -> Value {
    let status = patient.status(settings);
    let revocation = patient.revocation.as_ref();
    let blockers: Vec<_> = patient.blockers(settings).iter().map(|reason| reason.code()).collect();
    object(json!({
        "patient_id": patient.id,
        "status": status,
        "color": status.color(),
        "blockers": blockers,
        "access_enabled": patient.access_enabled,
        "registered_at": rfc3339(patient.registered_at),
        "last_login_at": rfc3339(patient.last_login_at),
        "declined_at": rfc3339(patient.declined.as_ref().map(|no| no.at)),
        "revoked_at": rfc3339(revocation.map(|revocation| revocation.at)),
        "revoked_by": revocation.map(|revocation| json!(revocation.by)),
        "revoke_reason": revocation.map(|revocation| revocation.reason),
        "revoke_note": revocation.and_then(|revocation| revocation.note.as_ref()),
    }))
}

/// A patient that staff should look at, and why.
pub fn attended(patient: &Patient, causes: &BTreeSet<Cause>, settings: &Settings) -> Value {
    let mut view = standing(patient, settings);
    merge(
        &mut view,
        json!({
            "given_name": patient.chart.given_name.reveal(),
            "family_name": patient.chart.family_name.reveal(),
            "attention": causes.iter().map(|cause| cause.code()).collect::<Vec<_>>(),
        }),
    );
    view
}

/// One thing that needs a person, for staff.
pub fn thing(thing: &Thing, caller: &Caller, now: Timestamp) -> Value {
    let Thing { id, cause, at, patient, until, words, lock } = thing;
    let (account, locked_until) = match lock {
        Some((account, Lock::Until(until))) => (Some(account), Some(*until)),
        Some((account, Lock::UntilReset)) => (Some(account), None),
        None => (None, None),
    };
    let chart = &patient.chart;
    let is_text = matches!(cause, Cause::SmsOptedOut | Cause::TextReply);
    let channel = if is_text { Channel::Sms } else { Channel::Email };
    let address = chart.address(channel).or_else(|| chart.address(Channel::Sms));
    object(json!({
        "id": id,
        "cause": cause.code(),
        "at": at.to_string(),
        "patient": object(json!({
            "patient_id": patient.id,
            "given_name": chart.given_name.reveal(),
            "family_name": chart.family_name.reveal(),
            "birth_date": chart.birth_date.reveal(),
            "next_appointment": rfc3339(next_appointment(patient, now)),
        })),
        "account_id": account.map(ToString::to_string).or_else(|| (*cause == Cause::Hold).then(|| id.clone())),
        "locked_until": rfc3339(locked_until),
        "address": address.filter(|_| caller.may(Scope::ChartRead)),
        "until": until,
        "detail": words.as_ref().map(Line::reveal).filter(|_| caller.may(Scope::ChartRead)),
    }))
}

/// A patient as a line of the list, for staff.
pub fn row(patient: &Patient, status: Status, settings: &Settings, now: Timestamp) -> Value {
    let chart = &patient.chart;
    let progress = patient.invitation.map(|current| current.progress);
    let (delivery, trouble) =
        (progress.map(|progress| progress.delivery), progress.and_then(|it| it.trouble));
    object(json!({
        "patient_id": patient.id,
        "given_name": chart.given_name.reveal(),
        "family_name": chart.family_name.reveal(),
        "birth_date": chart.birth_date.reveal(),
        "status": status,
        "color": status.color(),
        "stage": reached(patient, status, now).map(Reached::as_str),
        "blockers": patient.blockers(settings).iter().map(|reason| reason.code()).collect::<Vec<_>>(),
        "email": chart.email.as_ref().map(Email::reveal),
        "mobile_phone": chart.mobile_phone.as_ref().map(Phone::reveal),
        "delivery": delivery,
        "delivery_detail": delivery.and_then(|delivery| delivery_detail(delivery, trouble)),
        "in_as": in_as_patient(patient).map(|own| if own { "patient" } else { "representative" }),
        "last_login_at": rfc3339(patient.last_login_at),
        "next_appointment": rfc3339(next_appointment(patient, now)),
        "provider": chart.provider.as_ref().map(Line::reveal),
        "tags": chart.tags,
        "version": patient.version,
    }))
}

/// The list as a table, a patient in a row. If there is more than the table holds, its last row has the cursor.
pub fn list_rows(
    rows: &[(Patient, Status)],
    settings: &Settings,
    next_cursor: Option<&str>,
    now: Timestamp,
) -> String {
    const COLUMNS: [&str; 13] = [
        "patient_id",
        "family_name",
        "given_name",
        "birth_date",
        "status",
        "stage",
        "blockers",
        "email",
        "mobile_phone",
        "delivery",
        "last_login_at",
        "next_appointment",
        "provider",
    ];
    let mut all = vec![COLUMNS.map(str::to_owned).to_vec()];
    for (patient, status) in rows {
        let view = row(patient, *status, settings, now);
        let cell = |name: &&str| match view.get(*name) {
            Some(Value::String(text)) => text.clone(),
            Some(Value::Array(codes)) => codes.iter().filter_map(Value::as_str).collect::<Vec<_>>().join(" "),
            _ => String::new(),
        };
        all.push(COLUMNS.iter().map(cell).collect());
    }
    all.extend(next_cursor.map(|cursor| vec!["next_cursor".to_owned(), cursor.to_owned()]));
    table(&all)
}

/// An audit event.
pub fn event(event: &Event) -> Value {
    object(json!({
        "number": event.number,
        "at": event.at.to_string(),
        "by": event.by,
        "action": event.action,
        "detail": event.detail,
        "seal": event.seal,
    }))
}
