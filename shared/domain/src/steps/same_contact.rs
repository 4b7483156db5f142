//! Finds the other charts on which a representative is a contact, too: those of a child's brothers and sisters, or of
//! both parents of whoever cares for them.

use crate::model::chart::{Channel, Contact};
use crate::model::ids::{PatientId, PracticeId};
use crate::model::link::Invitee;
use crate::model::patient::{Patient, address_digest};
use crate::model::person::Phone;
use crate::model::refusal::PortError;
use crate::ports::{Directory, Patients};

/// Most charts that are looked at.
const MOST: usize = 20;

/// The other patients on whose charts this person is a contact, by name and by an e-mail address or a number: the name
/// alone may be somebody else's. Left out is for whom they are invited or have a login already, and who can't have a
/// representative now.
pub async fn with_same_contact<S: Directory + Patients>(
    store: &S,
    practice: &PracticeId,
    patient: &PatientId,
    invitee: &Invitee,
) -> Result<Vec<Patient>, PortError> {
    let (family, given) = (invitee.family_name.comparable(), invitee.given_name.comparable());
    let mut ids = store.with_contact(practice, &family, &given).await?;
    ids.retain(|id| id != patient);
    ids.truncate(MOST);
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let mut charts = store.charts(practice, &ids).await?;
    charts.sort_by(|(one, _), (other, _)| one.id.cmp(&other.id));
    let has_them = |contact: &Contact| is_same_person(contact, invitee);
    let others = charts.into_iter().filter(|(_, care)| care.contacts.iter().any(has_them));
    let others = others.map(|(other, _)| other);
    Ok(others.filter(|other| can_be_represented(other) && !knows(other, invitee)).collect())
}

fn is_same_person(contact: &Contact, invitee: &Invitee) -> bool {
    let number = |phone: &Option<Phone>| phone.as_ref().and_then(Phone::dialable).map(str::to_owned);
    let is_mail = contact.email.as_ref().zip(invitee.email.as_ref()).is_some_and(|(a, b)| a.matches(b));
    let is_phone = number(&contact.phone).zip(number(&invitee.mobile_phone)).is_some_and(|(a, b)| a == b);
    let is_name = contact.family_name.comparable() == invitee.family_name.comparable()
        && contact.given_name.comparable() == invitee.given_name.comparable();
    is_name && (is_mail || is_phone)
}

/// Whether somebody with one of these addresses is invited for the patient, or has a login for them.
fn knows(patient: &Patient, invitee: &Invitee) -> bool {
    let of_invitee =
        [Channel::Email, Channel::Sms].map(|channel| invitee.address(channel).map(address_digest));
    of_invitee.into_iter().flatten().any(|digest| {
        patient.offers.iter().any(|offer| offer.to == digest)
            || patient
                .accounts
                .iter()
                .any(|known| known.ended_by.is_none() && known.addresses.contains(&digest))
    })
}

fn can_be_represented(patient: &Patient) -> bool {
    patient.revocation.is_none() && patient.standing_reasons().is_empty()
}
