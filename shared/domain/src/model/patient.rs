//! A patient's record: the copy of the chart, the facts about portal access, and the rules that follow
//! from them.

use std::collections::BTreeMap;

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::keys::digest;
use crate::model::audit::{Action, By, Entry, Head, Subject};
use crate::model::campaign::{Campaign, VisitsDue};
use crate::model::chart::{Channel, Chart, ChartStatus};
use crate::model::grant::Relationship;
use crate::model::ids::{AccountId, LinkId, PatientId, PracticeId, RevocationId};
use crate::model::link::{FailedCheck, Kind};
use crate::model::practice::{RegistrationCheck, RequiredContact, Settings};
use crate::model::progress::Progress;
use crate::time::Timestamp;

/// Why a patient can't be invited, or can't use the portal now.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reason {
    /// Staff switched portal access off for this patient.
    AccessDisabled,
    /// The patient has died.
    Deceased,
    /// The chart is inactive.
    ChartInactive,
    /// The chart has no e-mail address.
    MissingEmail,
    /// The chart has no mobile number that can receive texts.
    MissingMobilePhone,
    /// The chart has no ZIP code.
    MissingPostalCode,
    /// The name that the patient would have to state is a placeholder.
    UnusableName,
    /// The patient declined.
    Declined,
    /// The chart says that the patient does not want texts.
    NoSmsConsent,
    /// Somebody at the address said that they are not this patient.
    ReportedWrongRecipient,
    /// A message to the address bounced.
    AddressBounced,
    /// The recipient reported a message as spam.
    AddressComplained,
    /// The number replied STOP.
    SmsOptedOut,
}

impl Reason {
    /// The stable code.
    pub const fn code(self) -> &'static str {
        match self {
            Self::AccessDisabled => "access_disabled",
            Self::Deceased => "deceased",
            Self::ChartInactive => "chart_inactive",
            Self::MissingEmail => "missing_email",
            Self::MissingMobilePhone => "missing_mobile_phone",
            Self::MissingPostalCode => "missing_postal_code",
            Self::UnusableName => "unusable_name",
            Self::Declined => "declined",
            Self::NoSmsConsent => "no_sms_consent",
            Self::ReportedWrongRecipient => "reported_wrong_recipient",
            Self::AddressBounced => "address_bounced",
            Self::AddressComplained => "address_complained",
            Self::SmsOptedOut => "sms_opted_out",
        }
    }
}

/// A patient's portal status. It is derived from the record, and no decision depends on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// Something must be corrected first.
    Blocked,
    /// The patient may use the portal, but was not invited.
    Uninvited,
    /// An invitation is pending.
    Invited,
    /// An account exists, but nobody has signed in yet.
    Registered,
    /// Somebody has signed in.
    Active,
    /// Access was revoked.
    Revoked,
    /// The patient declined.
    Declined,
}

impl Status {
    /// Every status.
    pub const ALL: [Self; 7] = [
        Self::Blocked,
        Self::Uninvited,
        Self::Invited,
        Self::Registered,
        Self::Active,
        Self::Revoked,
        Self::Declined,
    ];

    /// The status's name in the API.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Blocked => "blocked",
            Self::Uninvited => "uninvited",
            Self::Invited => "invited",
            Self::Registered => "registered",
            Self::Active => "active",
            Self::Revoked => "revoked",
            Self::Declined => "declined",
        }
    }

    /// The color that staff see.
    pub const fn color(self) -> &'static str {
        match self {
            Self::Blocked | Self::Revoked => "red",
            Self::Uninvited | Self::Declined => "gray",
            Self::Invited | Self::Registered => "orange",
            Self::Active => "green",
        }
    }
}

/// Why access was revoked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RevokeReason {
    /// The patient asked for it.
    PatientRequest,
    /// The patient left the practice.
    LeftPractice,
    /// Somebody else may know the password.
    Compromised,
    /// The wrong person got access.
    IdentityError,
    /// A representative no longer has the right to access.
    RepresentativeEnded,
    /// Another reason, which the note explains.
    Other,
}

impl RevokeReason {
    /// The stable code.
    pub const fn code(self) -> &'static str {
        match self {
            Self::PatientRequest => "patient_request",
            Self::LeftPractice => "left_practice",
            Self::Compromised => "compromised",
            Self::IdentityError => "identity_error",
            Self::RepresentativeEnded => "representative_ended",
            Self::Other => "other",
        }
    }

    /// How strict a re-invitation must be: 0 restores access, 1 asks for an identity check, 2 asks for a
    /// new registration.
    pub const fn weight(self) -> u8 {
        match self {
            Self::IdentityError => 2,
            Self::Compromised => 1,
            Self::PatientRequest | Self::LeftPractice | Self::RepresentativeEnded | Self::Other => 0,
        }
    }
}

/// A revocation of a patient's access.
#[expect(missing_docs, reason = "the names say it")]
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Revocation {
    /// Its id. The grants that it ended contain the id.
    pub id: RevocationId,
    pub at: Timestamp,
    pub by: By,
    pub reason: RevokeReason,
    /// Note of staff in their own words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

/// A record that the patient declined.
#[expect(missing_docs, reason = "the names say it")]
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Declined {
    pub at: Timestamp,
    /// The staff member who recorded it.
    pub by: By,
}

/// The patient's pending invitation, as the patient's record names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CurrentInvitation {
    /// The link that it delivers.
    pub link: LinkId,
    /// The kind of the invitation.
    pub kind: Kind,
    /// The channel that it was sent through.
    pub channel: Channel,
    /// The link does not work from this time on.
    pub expires_at: Timestamp,
    /// When it was made.
    pub created_at: Timestamp,
    /// How far it got, for the list.
    #[serde(default)]
    pub progress: Progress,
}

/// Most pending invitations of representatives that one patient can have.
pub const OFFERS: usize = 5;

/// A pending invitation of a representative.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Offer {
    /// The link that it delivers.
    pub link: LinkId,
    /// Digest of the address that it was sent to. A recipient has only one pending invitation at a time.
    pub to: String,
    /// The link does not work from this time on.
    pub expires_at: Timestamp,
    /// The account whose holder made it; `None` if staff did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<AccountId>,
}

/// Why nothing is sent to an address any more.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Stop {
    /// The recipient said that it is not this patient's address.
    WrongRecipient,
    /// A message bounced.
    Bounced,
    /// The recipient reported a message as spam.
    Complained,
    /// The number replied STOP to a text.
    OptedOut,
}

impl Stop {
    /// The reason that this stop gives against an invitation.
    pub const fn reason(self) -> Reason {
        match self {
            Self::WrongRecipient => Reason::ReportedWrongRecipient,
            Self::Bounced => Reason::AddressBounced,
            Self::Complained => Reason::AddressComplained,
            Self::OptedOut => Reason::SmsOptedOut,
        }
    }
}

/// Most stops that one patient's record holds: the chart has three addresses, and representatives have a few.
const STOPS: usize = 12;

/// Charts that a patient's record names as merged into it.
const REPLACES: usize = 20;

/// Appointments that a patient's record names at once. The others follow when the first of them is over.
pub const UPCOMING: usize = 5;

/// An address to which nothing is sent until it is changed or confirmed, or until the number replies START.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stopped {
    /// The channel that reaches the address.
    pub channel: Channel,
    /// The address's digest.
    pub to: String,
    /// Why nothing is sent to it.
    pub why: Stop,
}

impl Stopped {
    /// Whether this stop applies to a channel and the digest of an address. An address that belongs to
    /// somebody else is stopped for all channels. A number that takes no texts can still be called.
    fn keeps(&self, channel: Channel, to: &str) -> bool {
        self.to == to && (self.why == Stop::WrongRecipient || self.channel == channel)
    }
}

/// Digest of an address, in places that only need to recognize it.
pub fn address_digest(address: &str) -> String {
    digest(address.to_lowercase().as_bytes()).chars().take(16).collect()
}

/// The identity checks that a visitor failed without a link, for staff.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Checks {
    /// The latest failures, the oldest first; at most 20.
    pub failures: Vec<FailedCheck>,
}

/// Most failed checks that are stored for a patient.
const CHECKS: usize = 20;

impl Checks {
    /// These checks and one more. If there are too many, the oldest are removed.
    #[must_use]
    pub fn with(mut self, failed: FailedCheck) -> Self {
        self.failures.push(failed);
        self.failures.drain(..self.failures.len().saturating_sub(CHECKS));
        self
    }
}

/// An account with a grant to this patient, active or ended.
#[expect(missing_docs, reason = "the names say it")]
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccountRef {
    pub id: AccountId,
    pub username: String,
    /// The relationship of its holder to the patient.
    pub relationship: Relationship,
    /// The revocation that ended the grant; `None` while the grant has not ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended_by: Option<RevocationId>,
    /// Whether the registration still waits for staff.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub held: bool,
    /// Digests of the addresses that its holder gave. They find other pending invitations to the same person.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub addresses: Vec<String>,
    /// The latest reset link of the account, used or not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reset: Option<LinkId>,
    /// The day on which the holder's authority ends; see [`crate::model::grant::Authority`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Date>,
}

/// A patient of a practice.
#[expect(missing_docs, reason = "the names say it")]
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Patient {
    pub practice: PracticeId,
    /// The patient's id in the EHR.
    pub id: PatientId,
    /// Raised by each change. A write fails unless it is one more than the stored version.
    pub version: u64,
    pub chart: Chart,
    /// Whether staff allow portal access.
    pub access_enabled: bool,
    /// When the chart was first received.
    pub created_at: Timestamp,
    /// The patient's pending invitation.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub invitation: Option<CurrentInvitation>,
    /// The pending invitations of representatives.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub offers: Vec<Offer>,
    /// The addresses to which nothing is sent.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub stopped: Vec<Stopped>,
    /// Whether there are failed checks that belong to no link. They are a record of their own.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub failed_checks: bool,
    /// The accounts with a grant to the patient, active or ended.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub accounts: Vec<AccountRef>,
    /// The charts that were merged into this one, the latest last; at most [`REPLACES`].
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub replaces: Vec<PatientId>,
    /// Until when no visitor gets a reset link for the patient's account, because somebody else had a contact changed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reset_rests_until: Option<Timestamp>,
    /// When the first account was registered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub registered_at: Option<Timestamp>,
    /// When somebody with a grant to the patient last signed in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_login_at: Option<Timestamp>,
    /// The revocation that is in force.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub revocation: Option<Revocation>,
    /// That the patient declined, until staff override it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub declined: Option<Declined>,
    /// When visits make the patient due for an automatic invitation; `None` without a visit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub visits_due: Option<VisitsDue>,
    /// The next appointments, in order: those that were to come at the last write, at most
    /// [`UPCOMING`].
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub upcoming: Vec<Timestamp>,
    /// The facts that staff corrected here, each with a digest of what the EHR said. A correction holds until the EHR
    /// says something else.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub corrections: BTreeMap<String, String>,
    /// When the sweep has to look at the patient next; `None` if there is nothing to do.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sweep_due_at: Option<Timestamp>,
    /// The automatic messages so far to the address that is on the chart.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub campaign: Option<Campaign>,
    /// Campaigns that were begun: a new address begins a new one.
    #[serde(default)]
    pub campaigns: u32,
    /// Digest of the e-mail address from which somebody asked for no more automatic mail.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unsubscribed: Option<String>,
    /// The consent to texts, while the chart says so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text_consent: Option<TextConsent>,
    /// The end of the audit chain at the last write of this record.
    #[serde(default)]
    pub head: Head,
}

/// A patient's consent to texts: when it was recorded, and by whom.
#[expect(missing_docs, reason = "the names say it")]
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TextConsent {
    pub at: Timestamp,
    pub by: By,
}

impl Patient {
    /// An event for this patient's chain.
    pub fn entry(&self, at: Timestamp, by: By, action: Action, detail: Vec<(&'static str, String)>) -> Entry {
        let subject = Subject::Patient(self.id.clone());
        Entry { practice: self.practice.clone(), subject, at, by, action, detail }
    }

    /// Notes that another chart was merged into this one. `false` if that is known.
    pub fn note_merged(&mut self, other: &PatientId) -> bool {
        if self.replaces.contains(other) {
            return false;
        }
        self.replaces.push(other.clone());
        let over = self.replaces.len().saturating_sub(REPLACES);
        self.replaces.drain(..over);
        true
    }

    /// The accounts whose grant has not ended and does not wait for staff.
    pub fn live_accounts(&self) -> impl Iterator<Item = &AccountRef> {
        self.accounts.iter().filter(|account| account.ended_by.is_none() && !account.held)
    }

    /// Whether anybody else sees the patient's record.
    pub fn has_representatives(&self) -> bool {
        self.live_accounts().any(|account| account.relationship != Relationship::Own)
    }

    /// The account that the patient registered for themselves, if its grant has not ended and does not wait
    /// for staff.
    pub fn own_account(&self) -> Option<&AccountRef> {
        self.live_accounts().find(|account| account.relationship == Relationship::Own)
    }

    /// Whether this link is a pending invitation of the patient or of a representative.
    pub fn invites_by(&self, link: LinkId) -> bool {
        self.invitation.is_some_and(|current| current.link == link)
            || self.offers.iter().any(|offer| offer.link == link)
    }

    /// The address or number on the chart for a channel; `None` if there is none or it is stopped.
    pub fn reached_at(&self, channel: Channel) -> Option<&str> {
        self.chart.address(channel).filter(|address| self.stops(channel, address).is_empty())
    }

    /// Whether texts may have gone to this number for this patient: an invitation by text, or codes of somebody who has
    /// registered.
    pub fn may_have_got_texts_at(&self, number: &str) -> bool {
        let by_text = |channel: Channel| channel == Channel::Sms;
        let invited = self.invitation.is_some_and(|current| by_text(current.channel));
        let automatic = self.campaign.is_some_and(|campaign| by_text(campaign.channel));
        self.chart.address(Channel::Sms) == Some(number)
            && (invited || automatic || self.registered_at.is_some())
    }

    /// Whether the patient agreed to texts, and it is on record since when and by whom.
    pub fn has_text_consent(&self) -> bool {
        self.chart.sms_consent == Some(true) && self.text_consent.is_some()
    }

    /// Notes since when and from whom the consent to texts is known, or that there is none any more.
    pub fn note_text_consent(&mut self, by: &By, at: Timestamp) {
        if self.chart.sms_consent == Some(true) {
            self.text_consent.get_or_insert_with(|| TextConsent { at, by: by.clone() });
        } else {
            self.text_consent = None;
        }
    }

    /// Whether somebody at the chart's e-mail address asked for no more automatic mail.
    pub fn is_unsubscribed(&self) -> bool {
        self.chart.address(Channel::Email).map(address_digest).is_some_and(|to| self.unsubscribed == Some(to))
    }

    /// Puts the patient before the sweep again, because something changed that may have kept them from an
    /// automatic message. Does nothing after the last one.
    pub fn reconsider(&mut self) {
        self.sweep_due_at = match self.campaign {
            None => self.visits_due.map(|due| due.first),
            Some(campaign) => campaign.next_at,
        };
    }

    /// Whether the chart's address for a channel is stopped.
    pub fn is_stopped(&self, channel: Channel) -> bool {
        self.chart.address(channel).is_some_and(|address| !self.stops(channel, address).is_empty())
    }

    /// All stops that apply to a channel and an address, which may be the chart's or a representative's.
    pub fn stops(&self, channel: Channel, address: &str) -> Vec<Stop> {
        let to = address_digest(address);
        let mut stops: Vec<Stop> = self
            .stopped
            .iter()
            .filter(|stopped| stopped.keeps(channel, &to))
            .map(|stopped| stopped.why)
            .collect();
        stops.sort_unstable();
        stops.dedup();
        stops
    }

    /// Stops an address. `false` if it was already stopped for the same reason.
    pub fn stop(&mut self, channel: Channel, address: &str, why: Stop) -> bool {
        let stopped = Stopped { channel, to: address_digest(address), why };
        if self.stopped.contains(&stopped) {
            return false;
        }
        self.stopped.push(stopped);
        // Remove the oldest report of a provider: it would be reported again. What a person said must stay.
        let reported = |known: &Stopped| matches!(known.why, Stop::Bounced | Stop::Complained);
        if self.stopped.len() > STOPS
            && let Some(oldest) = self.stopped.iter().position(reported)
        {
            self.stopped.remove(oldest);
        }
        true
    }

    /// The reason that suspends all grants, if there is one. As long as it holds, no session, no sign-in and
    /// no link works for this patient.
    pub fn suspension(&self) -> Option<Reason> {
        if !self.access_enabled {
            Some(Reason::AccessDisabled)
        } else if self.chart.chart_status == ChartStatus::Deceased {
            Some(Reason::Deceased)
        } else if self.chart.replaced_by.is_some() {
            Some(Reason::ChartInactive)
        } else {
            None
        }
    }

    /// The reasons against any invitation that come from the chart's status or from the staff's switch.
    pub(crate) fn standing_reasons(&self) -> Vec<Reason> {
        let mut reasons = Vec::new();
        if !self.access_enabled {
            reasons.push(Reason::AccessDisabled);
        }
        match self.chart.chart_status {
            ChartStatus::Deceased => reasons.push(Reason::Deceased),
            ChartStatus::Inactive => reasons.push(Reason::ChartInactive),
            ChartStatus::Active | ChartStatus::Prospective if self.chart.replaced_by.is_some() => {
                reasons.push(Reason::ChartInactive);
            }
            ChartStatus::Active | ChartStatus::Prospective => {}
        }
        reasons
    }

    /// A link to somebody whose family name is a placeholder could never be used: its first question asks for that name.
    fn unusable_name(&self, settings: &Settings) -> Option<Reason> {
        let asks = settings.registration_check != RegistrationCheck::LinkOnly;
        (asks && self.chart.family_name.is_placeholder()).then_some(Reason::UnusableName)
    }

    fn missing(&self, required: RequiredContact) -> Vec<Reason> {
        let chart = &self.chart;
        let no_email = chart.email.is_none().then_some(Reason::MissingEmail);
        let no_mobile = chart.address(Channel::Sms).is_none().then_some(Reason::MissingMobilePhone);
        let no_zip = chart.postal_code.is_none().then_some(Reason::MissingPostalCode);
        match required {
            RequiredContact::Channel => match (no_email, no_mobile) {
                (Some(email), Some(mobile)) => vec![email, mobile],
                _ => Vec::new(),
            },
            RequiredContact::Email => no_email.into_iter().collect(),
            RequiredContact::EmailAndPostalCode => no_email.into_iter().chain(no_zip).collect(),
            RequiredContact::EmailAndMobilePhone => no_email.into_iter().chain(no_mobile).collect(),
        }
    }

    /// Everything that keeps this patient from the portal now, with the practice's settings.
    pub fn blockers(&self, settings: &Settings) -> Vec<Reason> {
        let mut reasons = self.standing_reasons();
        reasons.extend(self.unusable_name(settings).filter(|_| self.own_account().is_none()));
        reasons.extend(self.missing(settings.required_contact));
        reasons
    }

    /// Everything that keeps an invitation by `channel` from being sent. A printed letter needs no contact on
    /// the chart.
    pub fn refusals(&self, channel: Channel, settings: &Settings) -> Vec<Reason> {
        let mut reasons = self.standing_reasons();
        // Whoever has an account gets a link that asks for no name.
        reasons.extend(self.unusable_name(settings).filter(|_| self.own_account().is_none()));
        if channel != Channel::Print {
            if settings.required_contact != RequiredContact::Channel {
                reasons.extend(self.missing(settings.required_contact));
            }
            let own = match channel {
                Channel::Email => self.chart.email.is_none().then_some(Reason::MissingEmail),
                Channel::Sms | Channel::Voice => {
                    self.chart.address(Channel::Sms).is_none().then_some(Reason::MissingMobilePhone)
                }
                Channel::Print => None,
            };
            reasons.extend(own.filter(|reason| !reasons.contains(reason)));
        }
        if channel == Channel::Sms && self.chart.sms_consent == Some(false) {
            reasons.push(Reason::NoSmsConsent);
        }
        let stops = self.chart.address(channel).map(|address| self.stops(channel, address));
        reasons.extend(stops.into_iter().flatten().map(Stop::reason));
        if self.declined.is_some() {
            reasons.push(Reason::Declined);
        }
        reasons
    }

    /// The patient's status. If several apply, the order of the conditions below decides.
    pub fn status(&self, settings: &Settings) -> Status {
        // A patient who is invited again after a revocation has the status `Invited` until access is
        // really restored.
        if self.revocation.is_some() && self.invitation.is_none() {
            Status::Revoked
        } else if !self.standing_reasons().is_empty() {
            Status::Blocked
        } else if self.live_accounts().next().is_some() && self.revocation.is_none() {
            if self.last_login_at.is_some() { Status::Active } else { Status::Registered }
        } else if self.accounts.iter().any(|account| account.held) {
            Status::Registered
        } else if self.invitation.is_some() {
            Status::Invited
        } else if self.declined.is_some() {
            Status::Declined
        } else if self.unusable_name(settings).is_some()
            || !self.missing(settings.required_contact).is_empty()
        {
            Status::Blocked
        } else {
            Status::Uninvited
        }
    }

    /// The place of the patient in the list by appointment; `None` without an appointment that was to come at the
    /// last write.
    pub fn agenda_place(&self) -> Option<String> {
        self.upcoming.first().map(|starts_at| agenda_place(*starts_at, self.id.as_str()))
    }

    /// The key by which the list of patients is sorted: last name and first name in the form in which they
    /// are compared, then the id.
    pub fn sort_name(&self) -> String {
        format!("{} {} {}", self.chart.family_name.comparable(), self.chart.given_name.comparable(), self.id)
    }
}

/// The place of an appointment in the list by appointment. Places sort as text.
pub fn agenda_place(starts_at: Timestamp, patient: &str) -> String {
    format!("{:014}#{patient}", starts_at.millis().max(0))
}
