//! Answers about patients, invitations and audit events, as the staff API words them.

use portico_domain::keys::Keyring;
use portico_domain::model::account::Account;
use portico_domain::model::attention::Cause;
use portico_domain::model::audit::Event;
use portico_domain::model::chart::{Appointment, Care, Chart, Contact, Visit};
use portico_domain::model::delivery::{Delivery, Trouble};
use portico_domain::model::grant::{Grant, GrantState};
use portico_domain::model::link::{FailedCheck, Link, LinkState};
use portico_domain::model::patient::Patient;
use portico_domain::model::person::{Email, Line, Name, Phone, PostalCode};
use portico_domain::model::practice::{Scope, Settings};
use portico_domain::model::proposal::ChartField;
use portico_domain::model::search::FoundAccounts;
use portico_domain::model::session::Session;
use portico_domain::operations::holder::details::Details;
use portico_domain::operations::holder::representatives::Represented;
use portico_domain::operations::staff::proposals::Waiting;
use portico_domain::steps::chart_change::Charted;
use portico_domain::steps::portal_status::Portal;
use portico_domain::steps::staff_call::Caller;
use portico_domain::time::Timestamp;
use portico_messages::Language;
use serde_json::{Map, Value, json};

fn rfc3339(at: Option<Timestamp>) -> Option<String> {
    at.map(|at| at.to_string())
}

/// An object without its absent members.
fn object(value: Value) -> Value {
    match value {
        Value::Object(map) => {
            Value::Object(map.into_iter().filter(|(_, value)| !value.is_null()).collect::<Map<_, _>>())
        }
        other => other,
    }
}

/// An invitation, as far as the caller's key lets it be seen.
pub fn invitation(link: &Link, caller: &Caller, keyring: &Keyring, now: Timestamp) -> Value {
    let state = state(link, now);
    let pending = state == "pending";
    let (delivery, trouble) = link.delivered();
    object(json!({
        "invitation_id": link.id.to_string(),
        "kind": link.kind,
        "channel": link.channel,
        "sent_to": link.sent_to.as_deref().map(|to| if caller.may(Scope::ChartRead) { to.to_owned() } else { masked(to) }),
        "created_at": link.created_at.to_string(),
        "sent_at": rfc3339(link.sent_at),
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

/// An account, as staff who look after accounts see it.
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

/// The grants that hold for a session that began then.
pub fn grants(account: &Account, began: Timestamp) -> Vec<Value> {
    let grant = |(patient, grant): (&String, &Grant)| json!({"patient_id": patient, "relationship": grant.relationship, "level": grant.level});
    account.grants_for(began).map(grant).collect()
}

/// A session of somebody's, for them; `this` is the one that asks.
pub fn session(session: &Session, this: &Session) -> Value {
    json!({
        "session_id": session.id(),
        "began_at": session.began_at.to_string(),
        "last_used_at": session.touched_at.to_string(),
        "expires_at": session.expires_at().to_string(),
        "this": session.digest == this.digest,
    })
}

/// Who looks after a patient, for the patient.
pub fn represented(represented: &Represented) -> Value {
    let Represented { patient, accounts, offers } = represented;
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

/// What somebody may propose to change of a patient's chart, as it is now.
pub fn details(details: &Details) -> Value {
    let chart = &details.patient.chart;
    let mut view = object(json!({
        "patient_id": details.patient.id,
        "given_name": chart.given_name.reveal(),
        "family_name": chart.family_name.reveal(),
        "pending_since": rfc3339(details.pending),
    }));
    for field in ChartField::ALL {
        if let Some(value) = field.of(chart) {
            view[field.as_str()] = json!(value.reveal());
        }
    }
    view
}

const fn grant_state(state: GrantState) -> &'static str {
    match state {
        GrantState::Active => "active",
        GrantState::Suspended => "suspended",
        GrantState::Held => "held",
        GrantState::Ended => "revoked",
    }
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

/// A proposed change, beside the chart as it is now.
pub fn change(waiting: &Waiting) -> Value {
    let Waiting { change, chart } = waiting;
    let text = |line: Option<&Line>| line.map(|line| line.reveal().to_owned());
    let fields: Vec<Value> = change
        .fields
        .iter()
        .map(|field| {
            let now = field.name.of(chart);
            let mut view = json!({
                "name": field.name,
                "chart": text(field.chart.as_ref()),
                "proposed": text(field.proposed.as_ref()),
                "chart_now": text(now.as_ref()),
            });
            if let Some(accepted) = field.accepted {
                view["accepted"] = json!(accepted);
            }
            view
        })
        .collect();
    object(json!({
        "id": change.id.to_string(),
        "patient_id": change.patient,
        "account_id": change.account.to_string(),
        "submitted_at": change.submitted_at.to_string(),
        "state": change.state,
        "fields": fields,
        "decided_at": rfc3339(change.decided_at),
        "decided_by": change.decided_by.as_ref().map(|by| json!(by)),
    }))
}

/// The first character and the length of an address, for a key that may not read charts.
fn masked(to: &str) -> String {
    to.char_indices().map(|(place, c)| if place == 0 || c == '@' { c } else { '•' }).collect()
}

/// Where an invitation stands at this instant.
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

/// What staff read beside a delivery that is not simply on its way.
fn delivery_detail(delivery: Delivery, trouble: Option<Trouble>) -> Option<&'static str> {
    let trouble = trouble.and_then(|trouble| Some(serde_json::to_value(trouble).ok()?.as_str()?.to_owned()));
    portico_messages::delivery_detail(delivery.as_str(), trouble.as_deref(), Language::English)
}

/// An invitation whose record is no longer kept: what the audit trail says of it.
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
pub fn portal(portal: &Portal, caller: &Caller, keyring: &Keyring, now: Timestamp) -> Value {
    let Portal { patient, settings, links, made, accounts, checks } = portal;
    let current = patient.invitation.and_then(|current| links.iter().find(|link| link.id == current.link));
    let kept = |event: &&Event| {
        !links.iter().any(|link| Some(&link.id.to_string()) == event.detail.get("invitation_id"))
    };
    let mut invitations: Vec<Value> = made.iter().filter(kept).map(former).collect();
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
            Some(object(json!({
                "account_id": account.id.to_string(),
                "username": account.username,
                "relationship": grant.relationship,
                "level": grant.level,
                "state": state,
                "must_change_password": account.must_change_password().then_some(true),
                "registered_at": account.registered_at.to_string(),
                "last_login_at": rfc3339(account.last_login_at),
            })))
        }).collect::<Vec<_>>(),
        // The patient's record follows a sign-in a moment later; the accounts know at once.
        "last_login_at": rfc3339(accounts.iter().map(|account| account.last_login_at).chain([patient.last_login_at]).max().flatten()),
        "verification_failures": failures.iter().map(|failed| {
            json!({"at": failed.at.to_string(), "facts": failed.facts})
        }).collect::<Vec<_>>(),
    });
    merge(&mut view, more);
    view
}

/// What of a portal status follows from the patient's record alone.
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

/// A patient whom staff should look at, and why.
pub fn attended(patient: &Patient, causes: &[Cause], settings: &Settings) -> Value {
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

fn merge(into: &mut Value, more: Value) {
    if let (Some(into), Value::Object(more)) = (into.as_object_mut(), object(more)) {
        into.extend(more);
    }
}

/// A patient: the chart, and where they stand.
pub fn patient(charted: &Charted) -> Value {
    let mut view = chart(&charted.patient.chart);
    if let Some(known) = &charted.care {
        merge(&mut view, care(known));
    }
    merge(
        &mut view,
        json!({
            "patient_id": charted.patient.id,
            "created_at": charted.patient.created_at.to_string(),
            "portal": standing(&charted.patient, &charted.settings),
        }),
    );
    view
}

fn chart(chart: &Chart) -> Value {
    object(json!({
        "given_name": chart.given_name.reveal(),
        "middle_name": chart.middle_name.as_ref().map(Name::reveal),
        "family_name": chart.family_name.reveal(),
        "birth_date": chart.birth_date.reveal(),
        "email": chart.email.as_ref().map(Email::reveal),
        "mobile_phone": chart.mobile_phone.as_ref().map(Phone::reveal),
        "home_phone": chart.home_phone.as_ref().map(Phone::reveal),
        "postal_code": chart.postal_code.as_ref().map(PostalCode::reveal),
        "address_line": chart.address_line.as_ref().map(Line::reveal),
        "city": chart.city.as_ref().map(Line::reveal),
        "state": chart.state.as_ref().map(Line::reveal),
        "language": chart.language,
        "chart_status": chart.chart_status,
        "sms_consent": chart.sms_consent,
        "tags": chart.tags,
        "provider": chart.provider.as_ref().map(Line::reveal),
    }))
}

fn care(care: &Care) -> Value {
    let visit = |visit: &Visit| {
        object(json!({"id": visit.id, "date": visit.date.to_string(), "signed_at": rfc3339(visit.signed_at)}))
    };
    let appointment = |next: &Appointment| json!({"id": next.id, "starts_at": next.starts_at.to_string()});
    let contact = |contact: &Contact| {
        object(json!({
            "given_name": contact.given_name.reveal(),
            "family_name": contact.family_name.reveal(),
            "relationship": contact.relationship.reveal(),
            "email": contact.email.as_ref().map(Email::reveal),
            "phone": contact.phone.as_ref().map(Phone::reveal),
        }))
    };
    json!({
        "visits": care.visits.iter().map(visit).collect::<Vec<_>>(),
        "appointments": care.appointments.iter().map(appointment).collect::<Vec<_>>(),
        "contacts": care.contacts.iter().map(contact).collect::<Vec<_>>(),
    })
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
