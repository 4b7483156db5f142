//! What the security log says: who tried what, by ids alone. It has no field for a name, an address, or anything that
//! somebody typed.

use serde_json::Value;

use crate::model::audit::{Action, By, Event, Subject};
use crate::model::ids::{AccountId, PatientId, PracticeId};
use crate::model::link::{Fact, Link};
use crate::model::portal_url::PortalUrl;
use crate::model::practice::Settings;

/// One thing that happened.
#[expect(missing_docs, reason = "the names say it")]
#[derive(Clone, Debug)]
pub struct Security {
    pub what: What,
    pub practice: PracticeId,
    pub account: Option<AccountId>,
    pub patient: Option<PatientId>,
    /// The client, and the staff member for whom it acted; `None` for the visitor of a page.
    pub by: Option<By>,
}

/// The kind of what happened, with what is particular to it.
#[derive(Clone, Debug)]
pub enum What {
    /// Somebody could not sign in.
    SignInFailed(SignInFault),
    /// A wrong password locked a user name: after so many failures since the last success.
    Locked(u64),
    /// A signed-in person entered a wrong password.
    PasswordWrong,
    /// These facts were wrong.
    FactsWrong(Vec<Fact>),
    /// A code was wrong, used or too old.
    CodeWrong,
    /// The portal sent a code that it can't exchange.
    ExchangeRefused,
    /// A setting has another value.
    SettingChanged(ChangedSetting),
    /// A practice did something as often as a day allows: the name of the limit.
    DailyCapReached(&'static str),
    /// An event of the audit trail.
    Audited(Action),
}

/// Why somebody could not sign in. The answer does not tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SignInFault {
    /// Nobody has the user name.
    UnknownName,
    /// The password is wrong.
    WrongPassword,
    /// The user name is locked, so the password was not compared.
    Locked,
    /// The temporary password was used before, or is too old.
    TemporaryPasswordOver,
    /// The password is right, and the person's access is revoked.
    AccessRevoked,
}

impl SignInFault {
    /// Its name in the log.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::UnknownName => "unknown_name",
            Self::WrongPassword => "wrong_password",
            Self::Locked => "locked",
            Self::TemporaryPasswordOver => "temporary_password_over",
            Self::AccessRevoked => "access_revoked",
        }
    }
}

/// A setting before and after its change.
#[expect(missing_docs, reason = "the names say it")]
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChangedSetting {
    /// Its name, such as `auto_invite.enabled`.
    pub name: String,
    pub old: String,
    pub new: String,
}

impl What {
    /// Its name in the log.
    pub fn name(&self) -> String {
        let name = match self {
            Self::SignInFailed(_) => "sign_in_failed",
            Self::Locked(_) => "locked",
            Self::PasswordWrong => "password_wrong",
            Self::FactsWrong(_) => "facts_wrong",
            Self::CodeWrong => "code_wrong",
            Self::ExchangeRefused => "exchange_refused",
            Self::SettingChanged(_) => "setting_changed",
            Self::DailyCapReached(_) => "daily_cap_reached",
            Self::Audited(action) => return word(action),
        };
        name.to_owned()
    }
}

impl Security {
    /// What a visitor of this link did.
    pub fn at_link(what: What, link: &Link) -> Self {
        Self {
            what,
            practice: link.practice.clone(),
            account: link.account,
            patient: Some(link.patient.clone()),
            by: None,
        }
    }

    /// An event of the audit trail; `None` if it is about other things than who gets in and what they may do.
    pub fn audited(event: &Event) -> Option<Self> {
        let named = |name: &str| event.detail.get(name);
        let (account, patient) = match &event.subject {
            Subject::Account(id) => (Some(*id), named("patient_id").and_then(|id| PatientId::parse(id).ok())),
            Subject::Patient(id) => {
                (named("account_id").and_then(|id| AccountId::parse(id).ok()), Some(id.clone()))
            }
            Subject::Practice => (None, None),
        };
        is_about_access(event.action).then(|| Self {
            what: What::Audited(event.action),
            practice: event.practice.clone(),
            account,
            patient,
            by: Some(event.by.clone()),
        })
    }
}

/// Whether an event is about who gets in and what they may do.
const fn is_about_access(action: Action) -> bool {
    match action {
        Action::ChartCorrected
        | Action::InvitationCreated
        | Action::InvitationCancelled
        | Action::LetterPrinted
        | Action::AccessCodeShown
        | Action::LetterHandedOver
        | Action::IdentityConfirmed
        | Action::CodeConfirmed
        | Action::AccountRegistered
        | Action::RegistrationHeld
        | Action::HoldGranted
        | Action::HoldRefused
        | Action::SignedIn
        | Action::SignedOut
        | Action::SessionExchanged
        | Action::AccessRevoked
        | Action::AccessEnabled
        | Action::AccessDisabled
        | Action::AccessRestored
        | Action::PasswordChanged
        | Action::UsernameChanged
        | Action::EmailChanged
        | Action::CredentialsSet
        | Action::AccountUnlocked
        | Action::AccountDeleted
        | Action::SessionsEnded
        | Action::AccountMoved
        | Action::ChartsMerged
        | Action::LevelChanged
        | Action::AuthorityRecorded
        | Action::WrongRecipientReported
        | Action::ContactConfirmed
        | Action::ChangeProposed
        | Action::ChangeAccepted
        | Action::ChangeDeclined
        | Action::ConsoleOpened
        | Action::AccessRequestRefused
        | Action::SettingsChanged
        | Action::ListExported
        | Action::ConsentChanged
        | Action::PracticeCreated
        | Action::KeyIssued
        | Action::KeyRevoked => true,
        // `Locked` has been noted.
        Action::SignInsFailed
        | Action::ChartCreated
        | Action::ChartChanged
        | Action::AddressStopped
        | Action::TextsStopped
        | Action::TextsStarted
        | Action::InvitationDeclined
        | Action::AttentionLeft
        | Action::AutoInvitePaused
        | Action::AutoInviteResumed
        | Action::Unsubscribed => false,
    }
}

/// What differs between two sets of settings, by name. Of an address of the web only its origin is told, and of a text only
/// that it is another one.
pub fn changed_settings(before: &Settings, after: &Settings) -> Vec<ChangedSetting> {
    let of = |settings: &Settings| serde_json::to_value(settings).unwrap_or_default();
    let mut changed = Vec::new();
    compare("", &of(before), &of(after), &mut changed);
    changed
}

/// Settings whose value is written by somebody in their own words, or is an address.
const IN_OWN_WORDS: [&str; 7] =
    ["name", "phone", "text_number", "postal_address", "reply_to", "invitation_note", "accent_color"];

fn compare(prefix: &str, before: &Value, after: &Value, changed: &mut Vec<ChangedSetting>) {
    let names = |of: &Value| of.as_object().into_iter().flatten().map(|(name, _)| name.clone()).collect();
    let mut all: Vec<String> = names(before);
    all.extend(names(after));
    all.sort();
    all.dedup();
    for name in all {
        let (old, new) = (&before[&name], &after[&name]);
        if old == new {
            continue;
        }
        if old.is_object() && new.is_object() {
            compare(&format!("{prefix}{name}."), old, new, changed);
        } else {
            let said = |value| told(&name, value);
            changed.push(ChangedSetting { old: said(old), new: said(new), name: format!("{prefix}{name}") });
        }
    }
}

/// What the log says of a setting's value.
fn told(name: &str, value: &Value) -> String {
    match value.as_str() {
        None if value.is_null() => "(none)".to_owned(),
        None => value.to_string(),
        Some("") => "(none)".to_owned(),
        Some(_) if IN_OWN_WORDS.contains(&name) => "(text)".to_owned(),
        Some(text) if name.ends_with("_url") => {
            PortalUrl::parse(text).map_or_else(|_| "(text)".to_owned(), |url| url.origin())
        }
        Some(text) => text.to_owned(),
    }
}

/// The name of a value that is one word.
pub fn word<T: serde::Serialize>(value: &T) -> String {
    serde_json::to_value(value).ok().and_then(|word| word.as_str().map(str::to_owned)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_changed_setting_says_its_old_and_new_value_and_of_texts_only_that_they_changed() {
        let before = Settings::new("Riverside", "+12025550100", "America/New_York");
        let mut after = before.clone();
        after.name = "Hillside".to_owned();
        after.portal_url = "https://portal.example.org/start".to_owned();
        after.code_digits = 5;
        after.postal_address = Some("12 River Road".to_owned());
        after.auto_invite.enabled = true;
        after.auto_invite.quiet_hours.from = "21:00".to_owned();
        let changed: Vec<String> = changed_settings(&before, &after)
            .into_iter()
            .map(|setting| format!("{}: {} -> {}", setting.name, setting.old, setting.new))
            .collect();
        assert_eq!(
            changed,
            [
                "auto_invite.enabled: false -> true",
                "auto_invite.quiet_hours.from: 20:00 -> 21:00",
                "code_digits: 6 -> 5",
                "name: (text) -> (text)",
                "portal_url: (none) -> https://portal.example.org",
                "postal_address: (none) -> (text)",
            ]
        );
        assert_eq!(changed_settings(&after, &after), []);
    }
}
