//! Charts as JSON.

use portico_domain::model::chart::{Appointment, Care, Chart, Contact, Visit};
use portico_domain::model::person::{Email, Line, Name, Phone, PostalCode};
use portico_domain::model::proposal::ChartField;
use portico_domain::operations::holder::details::Details;
use portico_domain::operations::staff::proposals::Waiting;
use portico_domain::steps::chart_change::PatientWithCare;
use serde_json::{Value, json};

use crate::view::json::{merge, object, rfc3339};
use crate::view::portal::standing;

/// The chart fields that a person may propose to change, with their current values.
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

/// A proposed change, together with the current values on the chart.
pub fn change(waiting: &Waiting) -> Value {
    let Waiting { change, chart, .. } = waiting;
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
        "proposed_by": object(json!({
            "account_id": change.account.to_string(),
            "relationship": change.relationship,
            "name": text(change.proposed_by.as_ref()),
        })),
        "submitted_at": change.submitted_at.to_string(),
        "state": change.state,
        "fields": fields,
        "decided_at": rfc3339(change.decided_at),
        "decided_by": change.decided_by.as_ref().map(|by| json!(by)),
    }))
}

/// A patient: the chart and the portal status.
pub fn patient(charted: &PatientWithCare) -> Value {
    let mut view = chart(&charted.patient.chart);
    if !charted.patient.replaces.is_empty() {
        view["replaces"] = json!(charted.patient.replaces);
    }
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
        "replaced_by": chart.replaced_by,
    }))
}

fn care(care: &Care) -> Value {
    let visit = |visit: &Visit| {
        object(json!({
            "id": visit.id,
            "date": visit.date.to_string(),
            "signed_at": rfc3339(visit.signed_at),
            "provider": visit.provider.as_ref().map(Line::reveal),
        }))
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
