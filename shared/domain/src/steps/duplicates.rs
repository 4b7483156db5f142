//! Finds charts that may be the same person's: by name and birth date, whatever the order of the names, a suffix, or a
//! short given name.

use crate::model::chart::Chart;
use crate::model::ids::{PatientId, PracticeId};
use crate::model::names::{may_be_same, same_family};
use crate::model::person::{BirthDate, Name};
use crate::model::refusal::PortError;
use crate::ports::{Directory, Patients};

/// Most charts with the same birth date that are compared.
const MOST: usize = 50;

/// Charts that may be a person's.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Twins {
    /// Charts whose names are this person's, but for spelling, suffixes and parts of a compound family name.
    pub(crate) same: Vec<PatientId>,
    /// Charts whose names are in the other order, or whose given name is the beginning of the other.
    pub(crate) similar: Vec<PatientId>,
}

impl Twins {
    /// All of them, those with the same names first.
    pub(crate) fn all(self) -> Vec<PatientId> {
        self.same.into_iter().chain(self.similar).collect()
    }
}

/// Finds the charts that may be the person's with these names and this birth date. The exact names are found at once; the
/// others a moment after a chart is written.
pub(crate) async fn twins<S: Directory + Patients>(
    store: &S,
    practice: &PracticeId,
    family: &Name,
    given: &Name,
    born: BirthDate,
) -> Result<Twins, PortError> {
    let day = born.reveal();
    let mut same = store.same_person(practice, &family.comparable(), &given.comparable(), &day).await?;
    let mut others = store.born_on(practice, &day).await?;
    others.retain(|id| !same.contains(id));
    others.truncate(MOST);
    if others.is_empty() {
        return Ok(Twins { same, similar: Vec::new() });
    }
    let mut similar = Vec::new();
    for (patient, _) in store.charts(practice, &others).await? {
        let Chart { family_name, given_name, birth_date, .. } = &patient.chart;
        let names = (family_name.reveal(), given_name.reveal());
        if *birth_date != born || !may_be_same((family.reveal(), given.reveal()), names) {
            continue;
        }
        let is_given = given.matches(given_name) || (given.is_none() && given_name.is_none());
        let is_same = is_given && same_family(family.reveal(), family_name.reveal());
        if is_same { &mut same } else { &mut similar }.push(patient.id);
    }
    similar.sort();
    same.sort();
    Ok(Twins { same, similar })
}
