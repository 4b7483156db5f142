//! The request to invite a representative, sent by staff to the API or by the patient from the account page.

use portico_domain::model::chart::Channel;
use portico_domain::model::grant::{Authority, AuthorityKind, Level, Relationship};
use portico_domain::model::ids::PatientId;
use portico_domain::model::link::Invitee;
use portico_domain::model::person::{Email, Invalid, Line, Name, Phone};
use portico_domain::model::refusal::FieldFault;
use portico_domain::steps::representative::Offering;
use serde::Deserialize;

use crate::fields::optional_field;

/// The request, before it is validated.
#[expect(missing_docs, reason = "the names say it")]
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RepresentativeRequest {
    pub given_name: Option<String>,
    pub family_name: Option<String>,
    /// The relationship to the patient; `self` is not allowed.
    pub relationship: Option<Relationship>,
    pub email: Option<String>,
    pub mobile_phone: Option<String>,
    /// How much of the portal they will see. If absent, all of it.
    pub level: Option<Level>,
    /// By what right they act for the patient. Only staff may state it.
    pub authority: Option<AuthorityRequest>,
    /// The channel of the invitation. If absent, e-mail; text if there is only a mobile number.
    pub channel: Option<Channel>,
}

impl RepresentativeRequest {
    /// Validates the request for `patient`. The error lists all faults.
    pub fn parse(self, patient: PatientId) -> Result<Offering, Vec<FieldFault>> {
        let mut faults = Vec::new();
        let mut required = |field, there: bool| {
            if !there {
                faults.push(FieldFault::of(field, "required"));
            }
        };
        let blank = |text: &Option<String>| text.as_ref().is_none_or(|text| text.trim().is_empty());
        required("given_name", !blank(&self.given_name));
        required("family_name", !blank(&self.family_name));
        let relationship = self.relationship.filter(|relationship| *relationship != Relationship::Own);
        required("relationship", relationship.is_some());
        let (no_email, no_phone) = (blank(&self.email), blank(&self.mobile_phone));
        let channel =
            self.channel.unwrap_or(if no_email && !no_phone { Channel::Sms } else { Channel::Email });
        required("email", !no_email || channel != Channel::Email);
        required("mobile_phone", !no_phone || channel != Channel::Sms);
        if channel == Channel::Voice {
            faults.push(FieldFault::of("channel", "invalid"));
        }
        let given_name = optional_field(&mut faults, "given_name", self.given_name.as_deref(), Name::parse);
        let family_name =
            optional_field(&mut faults, "family_name", self.family_name.as_deref(), Name::parse);
        let email = optional_field(&mut faults, "email", self.email.as_deref(), Email::parse);
        let mobile_phone =
            optional_field(&mut faults, "mobile_phone", self.mobile_phone.as_deref(), Phone::parse);
        let authority = self.authority.map(AuthorityRequest::parse).transpose();
        let authority = authority.unwrap_or_else(|more| {
            let inside =
                |fault: FieldFault| FieldFault { pointer: format!("/authority{}", fault.pointer), ..fault };
            faults.extend(more.into_iter().map(inside));
            None
        });
        match given_name.zip(family_name).zip(relationship) {
            Some(((given_name, family_name), relationship)) if faults.is_empty() => {
                let level = self.level.unwrap_or_default();
                let invitee =
                    Invitee { given_name, family_name, relationship, email, mobile_phone, level, authority };
                Ok(Offering { patient, invitee, channel })
            }
            _ => Err(faults),
        }
    }
}

/// By what right a representative acts for a patient, before it is validated.
#[expect(missing_docs, reason = "the names say it")]
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AuthorityRequest {
    pub kind: Option<AuthorityKind>,
    /// The number of the document.
    pub reference: Option<String>,
    /// Who saw the document.
    pub checked_by: Option<String>,
    /// The day on which access ends, `YYYY-MM-DD`.
    pub until: Option<String>,
}

impl AuthorityRequest {
    /// Validates the request. The error lists all faults.
    pub fn parse(self) -> Result<Authority, Vec<FieldFault>> {
        let mut faults = Vec::new();
        if self.kind.is_none() {
            faults.push(FieldFault::of("kind", "required"));
        }
        let reference = optional_field(&mut faults, "reference", self.reference.as_deref(), Line::parse);
        let checked_by = optional_field(&mut faults, "checked_by", self.checked_by.as_deref(), Line::parse);
        let until = optional_field(&mut faults, "until", self.until.as_deref(), |text| {
            text.trim().parse().map_err(|_| Invalid("invalid_date"))
        });
        match self.kind {
            Some(kind) if faults.is_empty() => Ok(Authority { kind, reference, checked_by, until }),
            _ => Err(faults),
        }
    }
}
