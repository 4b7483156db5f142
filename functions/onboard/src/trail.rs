//! Events of the audit trail in words.

use portico_domain::model::audit::{Action, Event};

/// An event as a sentence: who did what.
pub fn sentence(event: &Event) -> String {
    let who = match (event.by.client.as_str(), &event.by.actor) {
        ("patient", _) => "A visitor".to_owned(),
        ("provider", _) => "The mail service or carrier".to_owned(),
        ("portico", _) => "Portico".to_owned(),
        ("operator", _) => "An operator".to_owned(),
        (client, Some(actor)) => format!("{actor} ({client})"),
        (client, None) => client.to_owned(),
    };
    let detail = |name: &str| event.detail.get(name).map(String::as_str).unwrap_or_default();
    let by = match detail("channel") {
        "email" => " by email",
        "sms" => " by text",
        "voice" => " by phone call",
        "print" => " as a letter",
        _ => "",
    };
    let address = if detail("channel") == "sms" { "number" } else { "email" };
    let fields = detail("fields").replace('_', " ").replace(' ', ", ");
    let fields = if fields.is_empty() { String::new() } else { format!(": {fields}") };
    let what = match event.action {
        Action::ChartCreated => "sent the chart".to_owned(),
        Action::ChartChanged => format!("changed the chart{fields}"),
        Action::ChartCorrected => format!("corrected the chart{fields}"),
        Action::InvitationCreated => match detail("kind") {
            "reset" => format!("sent a link for a new password{by}"),
            "representative" => format!("invited a representative{by}"),
            "address" => "sent a link to a new address".to_owned(),
            _ => format!("sent an invitation{by}"),
        },
        Action::InvitationCancelled => "took the invitation back".to_owned(),
        Action::LetterPrinted => "opened the letter".to_owned(),
        Action::AccessCodeShown => "looked at the access code".to_owned(),
        Action::LetterHandedOver => "gave the letter to the patient".to_owned(),
        Action::IdentityConfirmed => "gave the right facts".to_owned(),
        Action::CodeConfirmed => "entered the right code".to_owned(),
        Action::AccountRegistered => "registered".to_owned(),
        Action::RegistrationHeld => "registered, and waits for the office".to_owned(),
        Action::HoldGranted => "let the registration in that waited".to_owned(),
        Action::HoldRefused => "refused the registration that waited".to_owned(),
        Action::SignedIn => "signed in".to_owned(),
        Action::SignedOut => "signed out".to_owned(),
        Action::SignInsFailed => format!("entered {} wrong passwords", detail("failed")),
        Action::SessionExchanged => "opened the portal for a session".to_owned(),
        Action::AccessRevoked => {
            let note = if detail("note").is_empty() { "" } else { ", with a note" };
            format!("took access away: {}{note}", detail("reason").replace('_', " "))
        }
        Action::AccessEnabled => "turned access on".to_owned(),
        Action::AccessDisabled => "turned access off".to_owned(),
        Action::AccessRestored => "gave access back".to_owned(),
        Action::PasswordChanged => "changed the password".to_owned(),
        Action::UsernameChanged => "changed the username".to_owned(),
        Action::EmailChanged => "changed the email of the account".to_owned(),
        Action::CredentialsSet => "set a username and a temporary password".to_owned(),
        Action::AccountUnlocked => "unlocked the account".to_owned(),
        Action::AccountDeleted => "deleted the account".to_owned(),
        Action::AccountMoved if detail("to").is_empty() => {
            format!("moved the logins of chart {} here", detail("from"))
        }
        Action::AccountMoved => format!("moved the logins to chart {}", detail("to")),
        Action::ChartsMerged if detail("replaces").is_empty() => {
            format!("undid the merge of chart {}", detail("no_longer_replaces"))
        }
        Action::ChartsMerged => format!("merged chart {} into this one", detail("replaces")),
        Action::SessionsEnded => "ended the other sessions".to_owned(),
        Action::LevelChanged if detail("level") == "full" => "let a representative see everything".to_owned(),
        Action::LevelChanged => "limited a representative to appointments and messages".to_owned(),
        Action::AuthorityRecorded => {
            format!("recorded a representative's right: {}", detail("authority").replace('_', " "))
        }
        Action::WrongRecipientReported => "said: not for me".to_owned(),
        Action::ContactConfirmed => format!("confirmed the {address}"),
        Action::AddressStopped if detail("why").contains("complain") => "reported spam".to_owned(),
        Action::AddressStopped => format!("sent the message back: the {address} does not work"),
        Action::TextsStopped => "reported that the number replied STOP".to_owned(),
        Action::TextsStarted => "reported that the number replied START".to_owned(),
        Action::ChangeProposed => format!("proposed a change{fields}"),
        Action::ChangeAccepted => format!("took a proposed change over{fields}"),
        Action::ChangeDeclined => format!("declined a proposed change{fields}"),
        Action::InvitationDeclined => "recorded that the patient said no".to_owned(),
        Action::AccessRequestRefused => "refused a request for access".to_owned(),
        Action::AttentionLeft => "took a line off Today".to_owned(),
        Action::Unsubscribed => "asked for no more reminders".to_owned(),
        Action::ConsoleOpened => "opened the Onboarding Tool".to_owned(),
        Action::ListExported => "took a list of patients out as a file".to_owned(),
        Action::SettingsChanged => format!("changed the settings{fields}"),
        Action::ConsentChanged => {
            let allowed = detail("allowed").replace('_', " ");
            let allowed = if allowed.is_empty() { "nothing".to_owned() } else { allowed };
            format!("allowed these weaker settings: {allowed}{fields}")
        }
        Action::AutoInvitePaused => "stopped automatic invitations".to_owned(),
        Action::AutoInviteResumed => "started automatic invitations again".to_owned(),
        Action::PracticeCreated => "created the practice".to_owned(),
        Action::KeyIssued => "issued a key".to_owned(),
        Action::KeyRevoked => "revoked a key".to_owned(),
    };
    format!("{who} {what}")
}
