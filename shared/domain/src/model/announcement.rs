//! Announcements: events for other systems of the practice, as they go out on the event bus. They contain ids
//! and codes, but no names, no addresses and no words of staff.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::keys::digest;
use crate::model::audit::{Action, Event, Subject};
use crate::model::delivery::Delivery;
use crate::model::ids::{PatientId, PracticeId};
use crate::model::link::Link;
use crate::time::Timestamp;

/// The version of the format of announcements, which `infra/events.schema.json` describes.
pub const VERSION: u8 = 1;

/// Details of an audit event that an announcement contains: ids and codes.
const DETAILS: [&str; 7] = ["invitation_id", "account_id", "change_id", "kind", "channel", "why", "level"];

/// Whether an announcement contains this detail. The reason of a revocation is a code, so it is included; the
/// reason that a patient declined is in the words of staff, so it is not.
fn is_told(action: Action, name: &str) -> bool {
    DETAILS.contains(&name)
        || (name == "reason" && action == Action::AccessRevoked)
        || (matches!(name, "account_ids" | "from" | "to") && action == Action::AccountMoved)
}

/// An event for other systems.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Announcement {
    /// The name of the event, such as `access.revoked`. It is the detail type on the event bus.
    #[serde(skip)]
    pub name: &'static str,
    /// The version of the format; see [`VERSION`].
    pub version: u8,
    /// Stays the same if the same event is announced again.
    pub id: String,
    /// The practice that the event belongs to.
    pub practice: PracticeId,
    /// When it happened.
    #[serde(serialize_with = "rfc3339")]
    pub at: Timestamp,
    /// The patient that the event is about.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub patient_id: Option<PatientId>,
    /// Ids and codes that belong to the event.
    #[serde(flatten)]
    pub detail: BTreeMap<String, String>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands it over so")]
fn rfc3339<S: serde::Serializer>(at: &Timestamp, to: S) -> Result<S::Ok, S::Error> {
    to.serialize_str(&at.to_string())
}

fn id(parts: &[&str]) -> String {
    digest(parts.join("\n").as_bytes()).chars().take(32).collect()
}

/// The announcement of an audit event; `None` if the event concerns only the practice itself.
pub fn of_event(event: &Event) -> Option<Announcement> {
    // An event of an account and a patient is in both chains. Announce it once, from the patient's chain.
    let Subject::Patient(patient) = &event.subject else { return None };
    let name = name_of(event.action)?;
    let detail: BTreeMap<String, String> = event
        .detail
        .iter()
        .filter(|(name, _)| is_told(event.action, name))
        .map(|(name, value)| (name.clone(), value.clone()))
        .collect();
    Some(Announcement {
        name,
        version: VERSION,
        id: id(&[event.practice.as_str(), patient.as_str(), &event.number.to_string()]),
        practice: event.practice.clone(),
        at: event.at,
        patient_id: Some(patient.clone()),
        detail,
    })
}

/// The announcement of the delivery of a link's message; `None` if the delivery is the same as before.
pub fn of_link(before: Option<&Link>, link: &Link) -> Option<Announcement> {
    let (delivery, trouble) = link.delivered();
    if before.is_some_and(|before| before.delivered().0 == delivery) {
        return None;
    }
    let name = match delivery {
        Delivery::Queued => return None,
        Delivery::Sent => "invitation.sent",
        Delivery::Failed => "invitation.failed",
        Delivery::Delivered => "invitation.delivered",
        Delivery::Bounced => "invitation.bounced",
        Delivery::Suppressed => "invitation.suppressed",
        Delivery::OptedOut => "invitation.opted_out",
        Delivery::Complained => "invitation.complained",
    };
    let mut detail = BTreeMap::from([
        ("invitation_id".to_owned(), link.id.to_string()),
        ("kind".to_owned(), link.kind.as_str().to_owned()),
        ("channel".to_owned(), link.channel.as_str().to_owned()),
    ]);
    detail.extend(trouble.map(|trouble| ("why".to_owned(), trouble.as_str().to_owned())));
    let at = link.feedback.filter(|told| told.delivery == delivery).map(|told| told.at).or(link.sent_at);
    Some(Announcement {
        name,
        version: VERSION,
        id: id(&[&link.id.to_string(), delivery.as_str()]),
        practice: link.practice.clone(),
        at: at.unwrap_or(link.created_at),
        patient_id: Some(link.patient.clone()),
        detail,
    })
}

/// The name of an action's announcement; `None` if it is not announced.
const fn name_of(action: Action) -> Option<&'static str> {
    Some(match action {
        Action::InvitationCreated => "invitation.created",
        Action::InvitationCancelled => "invitation.cancelled",
        Action::InvitationDeclined => "invitation.declined",
        Action::WrongRecipientReported => "invitation.reported_wrong_recipient",
        Action::AccountRegistered => "account.registered",
        Action::RegistrationHeld => "account.held",
        Action::HoldGranted => "account.granted",
        Action::HoldRefused => "account.refused",
        Action::AccountDeleted => "account.deleted",
        Action::CredentialsSet => "account.credentials_set",
        Action::AccountMoved => "account.moved",
        Action::AccessRevoked => "access.revoked",
        Action::AccessRestored => "access.restored",
        Action::AccessEnabled => "access.enabled",
        Action::AccessDisabled => "access.disabled",
        Action::LevelChanged => "access.level_changed",
        Action::AddressStopped => "contact.stopped",
        Action::ContactConfirmed => "contact.confirmed",
        Action::TextsStopped => "texts.stopped",
        Action::TextsStarted => "texts.started",
        Action::ChangeProposed => "demographics.proposed",
        Action::ChangeAccepted => "demographics.accepted",
        Action::ChangeDeclined => "demographics.declined",
        Action::ChartCorrected => "chart.corrected",
        // Actions of the practice's own systems, of people with their own login, and of operators.
        Action::ChartCreated
        | Action::ChartChanged
        | Action::ChartsMerged
        | Action::IdentityConfirmed
        | Action::CodeConfirmed
        | Action::SignedIn
        | Action::SignedOut
        | Action::SessionExchanged
        | Action::PasswordChanged
        | Action::UsernameChanged
        | Action::EmailChanged
        | Action::AccountUnlocked
        | Action::SessionsEnded
        | Action::SignInsFailed
        | Action::ConsoleOpened
        | Action::AttentionLeft
        | Action::AccessRequestRefused
        | Action::ListExported
        | Action::SettingsChanged
        | Action::ConsentChanged
        | Action::AuthorityRecorded
        | Action::LetterPrinted
        | Action::AccessCodeShown
        | Action::LetterHandedOver
        | Action::AutoInvitePaused
        | Action::AutoInviteResumed
        | Action::Unsubscribed
        | Action::PracticeCreated
        | Action::KeyIssued
        | Action::KeyRevoked => return None,
    })
}
