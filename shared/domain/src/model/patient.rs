//! A patient's record: the chart's copy, the portal facts, and everything that follows from them.

use serde::{Deserialize, Serialize};

use crate::keys::digest;
use crate::model::audit::{By, Head};
use crate::model::chart::{Channel, Chart, ChartStatus};
use crate::model::grant::Relationship;
use crate::model::ids::{AccountId, LinkId, PatientId, PracticeId, RevocationId};
use crate::model::link::{FailedCheck, Kind};
use crate::model::practice::{RequiredContact, Settings};
use crate::time::Timestamp;

/// Why a patient can't be invited, or can't use the portal now.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reason {
    /// Staff switched portal access off for this patient.
    AccessDisabled,
    /// The patient has died.
    Deceased,
    /// The chart is not in use.
    ChartInactive,
    /// No e-mail address on the chart.
    MissingEmail,
    /// No mobile number on the chart that a text can go to.
    MissingMobilePhone,
    /// No ZIP code on the chart.
    MissingPostalCode,
    /// The patient said no.
    Declined,
    /// The patient refused texts on the chart.
    NoSmsConsent,
    /// Somebody at the address said that they are not this patient.
    ReportedWrongRecipient,
    /// The last message to the address came back for good.
    AddressBounced,
    /// Somebody at the address called a message spam.
    AddressComplained,
    /// Somebody at the number replied STOP.
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
            Self::Declined => "declined",
            Self::NoSmsConsent => "no_sms_consent",
            Self::ReportedWrongRecipient => "reported_wrong_recipient",
            Self::AddressBounced => "address_bounced",
            Self::AddressComplained => "address_complained",
            Self::SmsOptedOut => "sms_opted_out",
        }
    }
}

/// Where a patient stands with the portal. Derived, never asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// Something must be put right first.
    Blocked,
    /// May use the portal, never invited.
    Uninvited,
    /// An invitation is out.
    Invited,
    /// An account exists, never signed in.
    Registered,
    /// Has signed in.
    Active,
    /// Access was taken away.
    Revoked,
    /// The patient said no.
    Declined,
}

impl Status {
    /// The word for it.
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

    /// The colour that staff see.
    pub const fn color(self) -> &'static str {
        match self {
            Self::Blocked | Self::Revoked => "red",
            Self::Uninvited | Self::Declined => "gray",
            Self::Invited | Self::Registered => "orange",
            Self::Active => "green",
        }
    }
}

/// Why access was taken away.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RevokeReason {
    /// The patient asked for it.
    PatientRequest,
    /// The patient left the practice.
    LeftPractice,
    /// Somebody else may know the password.
    Compromised,
    /// The wrong person was let in.
    IdentityError,
    /// A representative's right ended.
    RepresentativeEnded,
    /// Something else; the note says what.
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

    /// How much must happen before access comes back: nothing, a check of who it is, a registration anew.
    pub const fn weight(self) -> u8 {
        match self {
            Self::IdentityError => 2,
            Self::Compromised => 1,
            Self::PatientRequest | Self::LeftPractice | Self::RepresentativeEnded | Self::Other => 0,
        }
    }
}

/// A revocation of a patient's access.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Revocation {
    /// Its id; the grants that it ended carry it.
    pub id: RevocationId,
    /// When.
    pub at: Timestamp,
    /// Who.
    pub by: By,
    /// Why.
    pub reason: RevokeReason,
    /// In the words of staff.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

/// The patient's no.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Declined {
    /// When.
    pub at: Timestamp,
    /// Who recorded it.
    pub by: By,
}

/// The invitation that is out, as the patient's record points to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CurrentInvitation {
    /// The link.
    pub link: LinkId,
    /// Why it was made.
    pub kind: Kind,
    /// The way it went.
    pub channel: Channel,
}

/// Representatives with a pending invitation at a time.
pub const OFFERS: usize = 5;

/// A representative's invitation that is out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Offer {
    /// The link.
    pub link: LinkId,
    /// Digest of the address that it went to: a recipient has one invitation at a time.
    pub to: String,
    /// When it stops to work.
    pub expires_at: Timestamp,
}

/// Why nothing goes to an address any more.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Stop {
    /// Somebody there said that it is not this patient's.
    WrongRecipient,
    /// A message came back for good.
    Bounced,
    /// Somebody there called a message spam.
    Complained,
    /// Somebody there replied STOP to a text.
    OptedOut,
}

impl Stop {
    /// Why the patient can't be invited by that way.
    pub const fn reason(self) -> Reason {
        match self {
            Self::WrongRecipient => Reason::ReportedWrongRecipient,
            Self::Bounced => Reason::AddressBounced,
            Self::Complained => Reason::AddressComplained,
            Self::OptedOut => Reason::SmsOptedOut,
        }
    }
}

/// Stops that one patient's record keeps: a chart has three addresses, a few representatives have theirs.
const STOPS: usize = 12;

/// An address to which nothing goes until it is changed or confirmed, or until the number replies START.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stopped {
    /// Which way it is reached.
    pub channel: Channel,
    /// Its digest.
    pub to: String,
    /// Why.
    pub why: Stop,
}

impl Stopped {
    /// Whether it keeps this channel from the address of that digest. An address that is somebody else's is so for
    /// every way; one that takes no texts may still take calls.
    fn keeps(&self, channel: Channel, to: &str) -> bool {
        self.to == to && (self.why == Stop::WrongRecipient || self.channel == channel)
    }
}

/// What stands for an address where the address itself need not be.
pub fn address_digest(address: &str) -> String {
    digest(address.to_lowercase().as_bytes()).chars().take(16).collect()
}

/// A check before a request of theirs that the visitor did not pass: what staff see of it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Checks {
    /// The latest, the oldest first.
    pub failures: Vec<FailedCheck>,
}

/// Failed checks that are kept of a patient.
const CHECKS: usize = 20;

impl Checks {
    /// With another one.
    #[must_use]
    pub fn with(mut self, failed: FailedCheck) -> Self {
        self.failures.push(failed);
        self.failures.drain(..self.failures.len().saturating_sub(CHECKS));
        self
    }
}

/// An account with a grant to this patient, present or ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccountRef {
    /// The account.
    pub id: AccountId,
    /// Its user name.
    pub username: String,
    /// What its holder is to the patient.
    pub relationship: Relationship,
    /// The revocation that ended the grant, while it is ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended_by: Option<RevocationId>,
    /// Whether staff must still decide on it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub held: bool,
    /// Digests of the addresses that its holder gave: what else is on its way to them is known by these.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub addresses: Vec<String>,
    /// The latest reset link that was made for it, used or not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reset: Option<LinkId>,
}

/// A patient of a practice.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Patient {
    /// The practice.
    pub practice: PracticeId,
    /// The EHR's id.
    pub id: PatientId,
    /// Counts the changes; every write is conditional on it.
    pub version: u64,
    /// The chart.
    pub chart: Chart,
    /// Whether staff allow the portal.
    pub access_enabled: bool,
    /// When the chart first came in.
    pub created_at: Timestamp,
    /// The invitation that is out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub invitation: Option<CurrentInvitation>,
    /// The representatives' invitations that are out.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub offers: Vec<Offer>,
    /// Addresses to which nothing goes.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub stopped: Vec<Stopped>,
    /// Whether checks failed that no link keeps.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub failed_checks: bool,
    /// Accounts with a grant.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub accounts: Vec<AccountRef>,
    /// When the first account was registered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub registered_at: Option<Timestamp>,
    /// When somebody last signed in for this patient.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_login_at: Option<Timestamp>,
    /// The revocation in force.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub revocation: Option<Revocation>,
    /// The patient's no, until an override.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub declined: Option<Declined>,
    /// The end of the audit chain as of this record's last write.
    #[serde(default)]
    pub head: Head,
}

impl Patient {
    /// Accounts whose grant holds.
    pub fn live_accounts(&self) -> impl Iterator<Item = &AccountRef> {
        self.accounts.iter().filter(|account| account.ended_by.is_none() && !account.held)
    }

    /// The patient's own account, if there is one whose grant holds.
    pub fn own_account(&self) -> Option<&AccountRef> {
        self.live_accounts().find(|account| account.relationship == Relationship::Own)
    }

    /// Whether this invitation is one that is out: the patient's, or a representative's.
    pub fn invites_by(&self, link: LinkId) -> bool {
        self.invitation.is_some_and(|current| current.link == link)
            || self.offers.iter().any(|offer| offer.link == link)
    }

    /// The address or number on the chart for a channel, unless nothing may go there.
    pub fn reached_at(&self, channel: Channel) -> Option<&str> {
        self.chart.address(channel).filter(|address| self.stops(channel, address).is_empty())
    }

    /// Whether nothing may go to the chart's address for a channel.
    pub fn is_stopped(&self, channel: Channel) -> bool {
        self.chart.address(channel).is_some_and(|address| !self.stops(channel, address).is_empty())
    }

    /// Everything that keeps messages of a channel from an address, the chart's or a representative's.
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

    /// Stops an address; `false` if it was stopped for that already.
    pub fn stop(&mut self, channel: Channel, address: &str, why: Stop) -> bool {
        let stopped = Stopped { channel, to: address_digest(address), why };
        if self.stopped.contains(&stopped) {
            return false;
        }
        self.stopped.push(stopped);
        // What somebody said stays; what a machine reported would be reported again.
        let reported = |known: &Stopped| matches!(known.why, Stop::Bounced | Stop::Complained);
        if self.stopped.len() > STOPS
            && let Some(oldest) = self.stopped.iter().position(reported)
        {
            self.stopped.remove(oldest);
        }
        true
    }

    /// What suspends every grant: no session, no sign-in and no link works for this patient while it holds.
    pub fn suspension(&self) -> Option<Reason> {
        if !self.access_enabled {
            Some(Reason::AccessDisabled)
        } else if self.chart.chart_status == ChartStatus::Deceased {
            Some(Reason::Deceased)
        } else {
            None
        }
    }

    /// What of the chart or of access stands in the way, whatever the channel.
    fn standing_reasons(&self) -> Vec<Reason> {
        let mut reasons = Vec::new();
        if !self.access_enabled {
            reasons.push(Reason::AccessDisabled);
        }
        match self.chart.chart_status {
            ChartStatus::Deceased => reasons.push(Reason::Deceased),
            ChartStatus::Inactive => reasons.push(Reason::ChartInactive),
            ChartStatus::Active | ChartStatus::Prospective => {}
        }
        reasons
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

    /// Everything that keeps this patient from the portal now, by the practice's settings.
    pub fn blockers(&self, settings: &Settings) -> Vec<Reason> {
        let mut reasons = self.standing_reasons();
        reasons.extend(self.missing(settings.required_contact));
        reasons
    }

    /// Everything that keeps an invitation by `channel` from going out (I4); print lacks no contact.
    pub fn refusals(&self, channel: Channel, settings: &Settings) -> Vec<Reason> {
        let mut reasons = self.standing_reasons();
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

    /// Where the patient stands; where several hold, in the product's order.
    pub fn status(&self, settings: &Settings) -> Status {
        // Re-invited by a link, the patient stands as invited until access is really back.
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
        } else if !self.missing(settings.required_contact).is_empty() {
            Status::Blocked
        } else {
            Status::Uninvited
        }
    }

    /// What the roster sorts by: last name, first name, as compared, then the id.
    pub fn sort_name(&self) -> String {
        format!("{} {} {}", self.chart.family_name.comparable(), self.chart.given_name.comparable(), self.id)
    }
}
