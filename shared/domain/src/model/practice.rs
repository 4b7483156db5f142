//! Practices, their settings, and the API keys of their applications.

use jiff::civil::Date;
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};

use crate::keys::{digest, is_secret};
use crate::model::campaign::Paused;
use crate::model::face::{color_fault, note_fault};
use crate::model::ids::{ClientId, PracticeId};
use crate::model::portal_url::PortalUrl;
use crate::time::Timestamp;

/// The checks that a visitor of a link must pass.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RegistrationCheck {
    /// The identity facts, then a code or the access code.
    #[default]
    IdentityAndCode,
    /// Only the identity facts.
    Identity,
    /// No check besides the link itself.
    LinkOnly,
}

/// A fact that the practice asks for on a link's page.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum IdentityFact {
    /// The patient's last name.
    FamilyName,
    /// The patient's birth date.
    BirthDate,
    /// The e-mail address on the chart.
    Email,
    /// The ZIP code on the chart.
    PostalCode,
}

/// The contact facts that must be on the chart.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RequiredContact {
    /// Those that the chosen channel needs.
    #[default]
    Channel,
    /// E-mail.
    Email,
    /// E-mail and ZIP code.
    EmailAndPostalCode,
    /// E-mail and mobile phone.
    EmailAndMobilePhone,
}

/// The checks that a re-invitation after a revocation asks for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Regrant {
    /// None: the same user name and password work at once.
    #[default]
    SameCredentials,
    /// The identity check and a new password.
    VerifyAgain,
}

/// The ways that a code may go.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CodeChannel {
    /// Another than the link came by, wherever the chart has one: whoever reads somebody's mail gets no further.
    #[default]
    Other,
    /// Any that is on the chart.
    Any,
}

/// What happens to the access of a patient's representatives when the patient comes of age.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AtMajority {
    /// It ends.
    #[default]
    End,
    /// Only appointments and messages stay.
    Narrow,
    /// Everybody's access, also the patient's own, rests until staff switch it on again.
    Rest,
}

/// A setting that weakens a check. A practice can choose it only if Portico's operator has allowed it for this
/// practice, since the operator answers for the whole service.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Consent {
    /// `registration_check` may be `link_only`.
    LinkOnly,
    /// `security_question` may be on.
    SecurityQuestion,
    /// `code_digits` may be 5.
    FiveDigitCodes,
    /// `password_min_length` may be below [`SHORT_PASSWORD`].
    ShortPasswords,
}

impl Consent {
    /// Its name in events and in the audit trail.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::LinkOnly => "link_only",
            Self::SecurityQuestion => "security_question",
            Self::FiveDigitCodes => "five_digit_codes",
            Self::ShortPasswords => "short_passwords",
        }
    }
}

/// A `password_min_length` below this needs the operator's consent, in characters.
pub const SHORT_PASSWORD: u32 = 12;

/// The hours in which no automatic invitations are sent, in the practice's time zone, as `HH:MM`. They may
/// span midnight.
#[expect(missing_docs, reason = "the names say it")]
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct QuietHours {
    pub from: String,
    pub to: String,
}

/// The hours in which automatic texts may be sent, as `HH:MM`, in every time zone that the person may be in.
/// The default satisfies the rules of all states that were found in 2026.
#[expect(missing_docs, reason = "the names say it")]
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TextHours {
    pub from: String,
    pub to: String,
    /// Whether none are sent on Saturdays and Sundays.
    pub weekdays_only: bool,
}

/// How automatic invitations are sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AutoChannel {
    /// By e-mail.
    Email,
    /// By text, to patients whose consent is on record.
    Sms,
    /// By text to patients whose consent is on record, by e-mail to all others.
    EmailThenSms,
}

/// Settings of automatic invitations.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AutoInvite {
    /// Whether automatic invitations are on.
    pub enabled: bool,
    /// How they are sent.
    pub channel: AutoChannel,
    /// Age of the youngest patients to invite, in years.
    pub min_age: u32,
    /// Age of the oldest patients to invite, in years.
    pub max_age: u32,
    /// Days from a visit whose note is not signed; 0 to 365.
    pub unsigned_days: u32,
    /// The hours in which none are sent.
    pub quiet_hours: QuietHours,
    /// The hours in which texts may be sent.
    pub text_hours: TextHours,
    /// Days after the invitation on which a reminder is sent; at most ten, each 1 to 90.
    pub reminder_days: Vec<u32>,
    /// Days after the invitation on which one more reminder is sent; at most ten, each 1 to 365.
    pub again_days: Vec<u32>,
    /// Most automatic messages in one day.
    pub daily_cap: u32,
    /// Whether a new practice begins with 50 messages a day, and may send twice as many on each next day.
    pub ramp: bool,
}

/// A practice's logo, as it was drawn when it was set.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Logo {
    /// Where it is served. The name is a digest of the file, so that it may be kept for ever.
    pub path: String,
    /// The width at which it is shown, in CSS pixels.
    pub width: u32,
    /// The height at which it is shown.
    pub height: u32,
}

impl Logo {
    /// The name of the file.
    pub fn file(&self) -> &str {
        self.path.rsplit('/').next().unwrap_or_default()
    }
}

/// The settings that a practice decides for itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Settings {
    /// The name that patients know, at most 60 characters.
    pub name: String,
    /// The phone number that patients call, in E.164.
    pub phone: String,
    /// IANA name of the time zone in which messages give local times.
    pub time_zone: String,
    /// Days that the link of a printed letter works, 1 to 90.
    pub letter_days: u32,
    /// Size of a letter's text in points, 12 to 18.
    #[serde(default = "letter_points")]
    pub letter_points: u32,
    /// `en` or `es`, for patients whose language is unknown.
    pub default_language: String,
    /// The practice's postal address in one line, at most 120 characters. Automatic e-mails state it, as
    /// 15 U.S.C. 7704 asks of commercial ones.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub postal_address: Option<String>,
    /// The address that replies to e-mails go to; `None` if there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reply_to: Option<String>,
    /// The practice's own number to send texts from, in E.164: one of those that the operator registered. `None` for
    /// the service's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text_number: Option<String>,
    /// The page of the portal that a signed-in person is redirected to. If empty, Portico's own account page. Use
    /// [`Settings::portal`], which reads it.
    pub portal_url: String,
    /// Hours that a link works that is sent, 1 to 720.
    pub link_hours: u32,
    /// Digits of a code, 5 or 6.
    pub code_digits: u32,
    /// The ways that a code may go.
    #[serde(default)]
    pub code_channel: CodeChannel,
    /// The checks that a visitor must pass.
    pub registration_check: RegistrationCheck,
    /// The facts that a visitor must state, always with last name and birth date.
    pub identity_facts: Vec<IdentityFact>,
    /// The contact facts that the chart must have.
    pub required_contact: RequiredContact,
    /// The checks of a re-invitation after a revocation.
    pub regrant: Regrant,
    /// Least number of characters of a password, 8 to 64. The usual 15 is NIST's for a password that is the only factor
    /// (SP 800-63B-4, 3.1.1.2); less than [`SHORT_PASSWORD`] needs the operator's consent.
    pub password_min_length: u32,
    /// Whether a security question may be the second check of a reset link.
    pub security_question: bool,
    /// Age from which a patient is an adult, in years, 14 to 25.
    pub majority_age: i16,
    /// Age below which only a representative may register, in years; at most `majority_age`.
    pub adolescent_age: i16,
    /// What happens to representatives' access at `majority_age`.
    #[serde(default)]
    pub at_majority: AtMajority,
    /// Days on which the practice is closed, besides weekends and federal holidays; at most 100.
    #[serde(default)]
    pub closures: Vec<Date>,
    /// The practice's terms of use, which a person accepts who registers, beside Portico's own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub terms_url: Option<String>,
    /// The practice's notice of privacy practices.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub privacy_url: Option<String>,
    /// The color of buttons and links, as `#rrggbb`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub accent_color: Option<String>,
    /// The practice's logo.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub logo: Option<Logo>,
    /// A line of the practice's own in invitations, at most 200 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub invitation_note: Option<String>,
    /// Automatic invitations.
    pub auto_invite: AutoInvite,
}

impl Settings {
    /// The default settings of a practice with this name, phone number (E.164) and time zone (IANA).
    pub fn new(name: &str, phone: &str, time_zone: &str) -> Self {
        Self {
            name: name.to_owned(),
            phone: phone.to_owned(),
            time_zone: time_zone.to_owned(),
            letter_days: 14,
            letter_points: letter_points(),
            default_language: "en".to_owned(),
            postal_address: None,
            reply_to: None,
            text_number: None,
            portal_url: String::new(),
            link_hours: 72,
            code_digits: 6,
            code_channel: CodeChannel::default(),
            registration_check: RegistrationCheck::default(),
            identity_facts: vec![IdentityFact::FamilyName, IdentityFact::BirthDate],
            required_contact: RequiredContact::default(),
            regrant: Regrant::default(),
            password_min_length: 15,
            security_question: false,
            majority_age: 18,
            adolescent_age: 13,
            at_majority: AtMajority::default(),
            closures: Vec::new(),
            terms_url: None,
            privacy_url: None,
            accent_color: None,
            logo: None,
            invitation_note: None,
            auto_invite: AutoInvite {
                enabled: false,
                channel: AutoChannel::Email,
                min_age: 18,
                max_age: 85,
                unsigned_days: 30,
                quiet_hours: QuietHours { from: "20:00".to_owned(), to: "08:00".to_owned() },
                text_hours: TextHours {
                    from: "10:00".to_owned(),
                    to: "17:00".to_owned(),
                    weekdays_only: true,
                },
                reminder_days: vec![3, 10],
                again_days: Vec::new(),
                daily_cap: 500,
                ramp: true,
            },
        }
    }

    /// All settings that are not allowed, as (JSON pointer, code). Empty if all are allowed.
    pub fn faults(&self) -> Vec<(&'static str, &'static str)> {
        let hour = |text: &str| {
            text.split_once(':').is_some_and(|(h, m)| {
                h.len() == 2
                    && m.len() == 2
                    && h.parse::<u8>().is_ok_and(|h| h < 24)
                    && m.parse::<u8>().is_ok_and(|m| m < 60)
            })
        };
        let auto = &self.auto_invite;
        let plain = |text: &str| !text.trim().is_empty() && !text.chars().any(char::is_control);
        [
            ("/name", plain(&self.name) && self.name.chars().count() <= 60, "invalid_name"),
            (
                "/phone",
                crate::model::person::Phone::parse(&self.phone).is_ok_and(|p| p.reveal() == self.phone),
                "invalid_phone",
            ),
            ("/time_zone", TimeZone::get(&self.time_zone).is_ok(), "unknown_time_zone"),
            ("/letter_days", (1..=90).contains(&self.letter_days), "out_of_range"),
            ("/letter_points", (12..=18).contains(&self.letter_points), "out_of_range"),
            ("/default_language", matches!(self.default_language.as_str(), "en" | "es"), "unknown_language"),
            (
                "/reply_to",
                self.reply_to.as_ref().is_none_or(|to| crate::model::person::Email::parse(to).is_ok()),
                "invalid_email",
            ),
            ("/portal_url", self.portal_url.is_empty() || self.portal().is_some(), "invalid_url"),
            ("/link_hours", (1..=720).contains(&self.link_hours), "out_of_range"),
            ("/code_digits", (5..=6).contains(&self.code_digits), "out_of_range"),
            ("/identity_facts", self.identity_facts_hold(), "needs_family_name_and_birth_date"),
            ("/password_min_length", (8..=64).contains(&self.password_min_length), "out_of_range"),
            ("/majority_age", (14..=25).contains(&self.majority_age), "out_of_range"),
            ("/adolescent_age", (0..=self.majority_age).contains(&self.adolescent_age), "out_of_range"),
            (
                "/postal_address",
                self.postal_address.as_ref().is_none_or(|text| plain(text) && text.chars().count() <= 120),
                "invalid_address",
            ),
            ("/closures", self.closures.len() <= 100, "out_of_range"),
            ("/auto_invite/min_age", auto.min_age <= auto.max_age, "out_of_range"),
            ("/auto_invite/max_age", auto.max_age <= 130, "out_of_range"),
            ("/auto_invite/unsigned_days", auto.unsigned_days <= 365, "out_of_range"),
            (
                "/auto_invite/quiet_hours",
                hour(&auto.quiet_hours.from) && hour(&auto.quiet_hours.to),
                "invalid_time",
            ),
            (
                "/auto_invite/text_hours",
                hour(&auto.text_hours.from)
                    && hour(&auto.text_hours.to)
                    && auto.text_hours.from < auto.text_hours.to,
                "invalid_time",
            ),
            (
                "/auto_invite/reminder_days",
                auto.reminder_days.len() <= 10 && auto.reminder_days.iter().all(|d| (1..=90).contains(d)),
                "out_of_range",
            ),
            (
                "/auto_invite/again_days",
                auto.again_days.len() <= 10 && auto.again_days.iter().all(|d| (1..=365).contains(d)),
                "out_of_range",
            ),
            ("/auto_invite/daily_cap", auto.daily_cap <= 100_000, "out_of_range"),
        ]
        .into_iter()
        .filter(|(_, holds, _)| !holds)
        .map(|(pointer, _, code)| (pointer, code))
        .chain(self.face_faults())
        .collect()
    }

    /// What is not allowed of the practice's own links, color and line.
    fn face_faults(&self) -> impl Iterator<Item = (&'static str, &'static str)> + '_ {
        let url_fault = |url: &str| PortalUrl::parse(url).is_err().then_some("invalid_url");
        [
            ("/terms_url", self.terms_url.as_deref().and_then(url_fault)),
            ("/privacy_url", self.privacy_url.as_deref().and_then(url_fault)),
            ("/accent_color", self.accent_color.as_deref().and_then(color_fault)),
            ("/invitation_note", self.invitation_note.as_deref().and_then(note_fault)),
        ]
        .into_iter()
        .filter_map(|(pointer, code)| Some((pointer, code?)))
    }

    /// What messages say of the practice that sends them; `portal` is the address of its sign-in page.
    pub fn as_sender<'a>(&'a self, portal: &'a str) -> portico_messages::Practice<'a> {
        portico_messages::Practice {
            name: &self.name,
            phone: &self.phone,
            time_zone: &self.time_zone,
            accent_color: self.accent_color.as_deref(),
            logo: self.logo.as_ref().map(|logo| portico_messages::Logo {
                file: logo.file(),
                width: logo.width,
                height: logo.height,
            }),
            invitation_note: self.invitation_note.as_deref(),
            portal,
            takes_replies: self.reply_to.is_some(),
        }
    }

    /// The consents of the operator that these settings need, each with the JSON pointer of its setting.
    pub fn needed_consents(&self) -> Vec<(&'static str, Consent)> {
        [
            ("/code_digits", self.code_digits < 6, Consent::FiveDigitCodes),
            (
                "/registration_check",
                self.registration_check == RegistrationCheck::LinkOnly,
                Consent::LinkOnly,
            ),
            ("/password_min_length", self.password_min_length < SHORT_PASSWORD, Consent::ShortPasswords),
            ("/security_question", self.security_question, Consent::SecurityQuestion),
        ]
        .into_iter()
        .filter(|(_, is_needed, _)| *is_needed)
        .map(|(pointer, _, consent)| (pointer, consent))
        .collect()
    }

    /// Sets what this consent is needed for back to the usual value.
    pub fn set_back(&mut self, consent: Consent) {
        let usual = Self::new(&self.name, &self.phone, &self.time_zone);
        match consent {
            Consent::LinkOnly => self.registration_check = usual.registration_check,
            Consent::SecurityQuestion => self.security_question = usual.security_question,
            Consent::FiveDigitCodes => self.code_digits = usual.code_digits,
            Consent::ShortPasswords => self.password_min_length = usual.password_min_length,
        }
    }

    /// The portal's address. `None` if there is none, or if an older record has one that can't be used.
    pub fn portal(&self) -> Option<PortalUrl> {
        PortalUrl::parse(&self.portal_url).ok()
    }

    /// The practice's time zone; UTC if its name is unknown.
    pub fn zone(&self) -> TimeZone {
        TimeZone::get(&self.time_zone).unwrap_or(TimeZone::UTC)
    }

    /// Whether the facts contain last name and birth date, and no fact twice.
    fn identity_facts_hold(&self) -> bool {
        let facts = &self.identity_facts;
        let once =
            facts.iter().enumerate().all(|(i, fact)| facts.iter().skip(i + 1).all(|other| other != fact));
        once && facts.contains(&IdentityFact::FamilyName) && facts.contains(&IdentityFact::BirthDate)
    }
}

/// The size of a letter's text if the practice sets none.
const fn letter_points() -> u32 {
    12
}

/// A practice.
#[expect(missing_docs, reason = "the names say it")]
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Practice {
    /// Its short name, as in its URLs.
    pub id: PracticeId,
    pub settings: Settings,
    /// Raised by each change. A write fails unless it is one more than the stored version.
    pub version: u64,
    /// The end of its audit chain at the last change.
    pub head: crate::model::audit::Head,
    /// That automatic invitations stopped themselves; `None` while they run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub auto_invite_paused: Option<Paused>,
    /// When staff last started them again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub auto_invite_resumed_at: Option<Timestamp>,
    /// What the operator allows this practice, in order and each once.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub allowed: Vec<Consent>,
    /// How far the list of patients was written anew after a change of the settings; `None` if it need not be.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub relisting: Option<Relisting>,
}

/// The patients that settings can move, in the order in which their rows are looked at: those who are not in yet.
#[expect(missing_docs, reason = "the names say it")]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Movable {
    Uninvited,
    Blocked,
    Invited,
}

/// How far a practice's list was written anew. What settings move are the statuses of those who are not in yet, and the
/// days on which automatic messages are due.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Relisting {
    /// Whose rows are looked at.
    pub whose: Movable,
    /// The name of the last row that was looked at (`Patient::sort_name`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<String>,
    /// Rows that were looked at so far.
    pub seen: usize,
}

impl Relisting {
    /// Before the first row, if the two settings differ in what moves statuses or days.
    pub fn between(before: &Settings, after: &Settings) -> Option<Self> {
        let (old, new) = (&before.auto_invite, &after.auto_invite);
        let who = |auto: &AutoInvite| (auto.channel, auto.min_age, auto.max_age);
        let moves = before.required_contact != after.required_contact
            || before.time_zone != after.time_zone
            || who(old) != who(new)
            || old.text_hours != new.text_hours
            || old.unsigned_days != new.unsigned_days
            || (&old.reminder_days, &old.again_days) != (&new.reminder_days, &new.again_days);
        moves.then_some(Self { whose: Movable::Uninvited, after: None, seen: 0 })
    }

    /// After a page of so many rows; `last` is the name of its last row, if there may be more. `None` at the end.
    #[must_use]
    pub fn after_page(self, rows: usize, last: Option<String>) -> Option<Self> {
        let seen = self.seen + rows;
        let whose = match (&last, self.whose) {
            (Some(_), whose) => whose,
            (None, Movable::Uninvited) => Movable::Blocked,
            (None, Movable::Blocked) => Movable::Invited,
            (None, Movable::Invited) => return None,
        };
        Some(Self { whose, after: last, seen })
    }
}

impl Practice {
    /// All settings that the practice can't have, as (JSON pointer, code): those that nobody can have, and those for
    /// which the operator's consent is missing. Empty if it can have all.
    pub fn setting_faults(&self, settings: &Settings) -> Vec<(&'static str, &'static str)> {
        let mut faults = settings.faults();
        let needed = settings.needed_consents().into_iter();
        let refused = needed.filter(|(pointer, consent)| {
            !self.allowed.contains(consent) && faults.iter().all(|(known, _)| known != pointer)
        });
        let refused: Vec<_> = refused.map(|(pointer, _)| (pointer, "operator_must_allow")).collect();
        faults.extend(refused);
        faults
    }
}

/// A right that an API key gives.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Scope {
    /// Read charts and portal status.
    #[serde(rename = "chart:read")]
    ChartRead,
    /// Create and change charts.
    #[serde(rename = "chart:write")]
    ChartWrite,
    /// Invite, cancel invitations, switch access on, record that a patient declined.
    #[serde(rename = "invite")]
    Invite,
    /// Revoke access.
    #[serde(rename = "revoke")]
    Revoke,
    /// Manage accounts.
    #[serde(rename = "accounts")]
    Accounts,
    /// Read lists and reports.
    #[serde(rename = "report")]
    Report,
    /// Read and change the practice's settings.
    #[serde(rename = "settings")]
    Settings,
    /// Read and verify the audit trail.
    #[serde(rename = "audit")]
    Audit,
    /// Exchange codes for sessions, and introspect sessions.
    #[serde(rename = "sessions")]
    Sessions,
    /// Open the Onboarding Tool for staff.
    #[serde(rename = "console")]
    Console,
}

impl Scope {
    /// Every scope.
    pub const ALL: [Self; 10] = [
        Self::ChartRead,
        Self::ChartWrite,
        Self::Invite,
        Self::Revoke,
        Self::Accounts,
        Self::Report,
        Self::Settings,
        Self::Audit,
        Self::Sessions,
        Self::Console,
    ];

    /// The scopes of a preset. `ehr` has all of them; `scheduling` has all but `revoke`, `accounts`,
    /// `settings`, `audit` and `sessions`; `portal` has only `sessions`. `None` for any other name.
    pub fn preset(name: &str) -> Option<Vec<Self>> {
        let held_back = [Self::Revoke, Self::Accounts, Self::Settings, Self::Audit, Self::Sessions];
        match name {
            "ehr" => Some(Self::ALL.to_vec()),
            "scheduling" => Some(Self::ALL.into_iter().filter(|scope| !held_back.contains(scope)).collect()),
            "portal" => Some(vec![Self::Sessions]),
            _ => None,
        }
    }
}

/// An application's API key, as it is stored: only its digest.
#[expect(missing_docs, reason = "the names say it")]
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ApiKey {
    /// SHA-256 of the key.
    pub digest: String,
    /// The practice that the key belongs to.
    pub practice: PracticeId,
    /// The application that uses it.
    pub client: ClientId,
    /// The rights that it gives.
    pub scopes: Vec<Scope>,
    pub issued_at: Timestamp,
    /// When it was revoked; `None` while it works.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub revoked_at: Option<Timestamp>,
    /// It does not work from this time on; `None` if it has no end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<Timestamp>,
    /// The calls that it may make in a second, if the operator set a number of its own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub calls_per_second: Option<u32>,
    /// The latest day (UTC) on which it was used; `None` if it never was. The record under the key's digest has it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_used: Option<Date>,
}

impl ApiKey {
    /// The day to note as the latest on which the key was used; `None` if it is noted already.
    pub fn newly_used(&self, now: Timestamp) -> Option<Date> {
        let today = TimeZone::UTC.to_datetime(now.to_jiff()).date();
        (self.last_used != Some(today)).then_some(today)
    }
}

/// What an operator decides about a key.
#[expect(missing_docs, reason = "the names say it")]
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyTerms {
    pub scopes: Vec<Scope>,
    pub expires_at: Option<Timestamp>,
    pub calls_per_second: Option<u32>,
}

/// An API key as a caller presents it: `<practice>.<secret>`. The practice in front only tells which records
/// to read together with the key's; the key's record decides.
pub struct PresentedKey {
    /// The practice that the key names.
    pub claimed: PracticeId,
    /// SHA-256 of the whole key.
    pub digest: String,
    /// SHA-256 of the secret of a session of the Onboarding Tool, which stands for the key.
    pub session: Option<String>,
}

impl PresentedKey {
    /// Reads a key; `None` if it does not have the form of our keys.
    pub fn parse(text: &str) -> Option<Self> {
        let (practice, secret) = text.split_once('.')?;
        let claimed = PracticeId::parse(practice).ok()?;
        is_secret(secret).then(|| Self { claimed, digest: digest(text.as_bytes()), session: None })
    }
}
