//! Why staff should look at a patient.

use serde::{Deserialize, Serialize};

/// Why staff should look at a patient.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Cause {
    /// Somebody at the address on the chart said that they are not this patient.
    ReportedWrongRecipient,
    /// A login of this patient's portal is locked after too many wrong passwords.
    AccountLocked,
    /// The invitation is locked after too many wrong facts.
    LinkLocked,
    /// A registration waits for a decision.
    Hold,
    /// A representative asks for access to this patient's portal.
    RepresentativeRequest,
    /// A proposed change of the chart waits for a decision.
    ChangeRequest,
    /// A message to the patient's address bounced.
    AddressBounced,
    /// The recipient reported a message as spam.
    AddressComplained,
    /// The number replied STOP.
    SmsOptedOut,
    /// The number replied to a text with something that is no keyword.
    TextReply,
    /// The invitation could not be sent.
    DeliveryFailed,
    /// A birthday will soon change who may see the record.
    Birthday,
    /// The patient came of age and has to be invited, or everybody's access rests.
    CameOfAge,
    /// A representative's authority ends within 30 days.
    AuthorityEnds,
    /// The chart is now about another person, so access was switched off.
    ChartOfAnother,
    /// The chart was merged into another one, and its logins did not move yet.
    ChartMerged,
    /// The patient was seen and has no way into the portal, and the fourth business day after the visit is near. This
    /// cause is never noted: it follows from the visits.
    AccessDue,
}

impl Cause {
    /// Every cause, the most urgent first: somebody waits or may hold what is not theirs, something did not arrive,
    /// something has to be decided, somebody has to be told in time.
    pub const ALL: [Self; 17] = [
        Self::ReportedWrongRecipient,
        Self::ChartOfAnother,
        Self::ChartMerged,
        Self::AccountLocked,
        Self::LinkLocked,
        Self::Hold,
        Self::RepresentativeRequest,
        Self::AddressBounced,
        Self::AddressComplained,
        Self::DeliveryFailed,
        Self::SmsOptedOut,
        Self::TextReply,
        Self::ChangeRequest,
        Self::AuthorityEnds,
        Self::Birthday,
        Self::CameOfAge,
        Self::AccessDue,
    ];

    /// The cause with this code.
    pub fn of_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|cause| cause.code() == code)
    }

    /// How urgent it is: its place in [`Self::ALL`].
    pub fn rank(self) -> usize {
        Self::ALL.iter().position(|cause| *cause == self).unwrap_or(Self::ALL.len())
    }

    /// The stable code.
    pub const fn code(self) -> &'static str {
        match self {
            Self::ReportedWrongRecipient => "reported_wrong_recipient",
            Self::AccountLocked => "account_locked",
            Self::LinkLocked => "link_locked",
            Self::Hold => "guardian_contact_conflict",
            Self::RepresentativeRequest => "representative_request",
            Self::ChangeRequest => "change_request",
            Self::AddressBounced => "address_bounced",
            Self::AddressComplained => "address_complained",
            Self::SmsOptedOut => "sms_opted_out",
            Self::TextReply => "text_reply",
            Self::DeliveryFailed => "delivery_failed",
            Self::Birthday => "birthday",
            Self::CameOfAge => "came_of_age",
            Self::AuthorityEnds => "authority_ends",
            Self::ChartOfAnother => "chart_of_another",
            Self::ChartMerged => "chart_merged",
            Self::AccessDue => "access_due",
        }
    }
}
