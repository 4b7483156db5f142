//! The charts of many patients at once.

use std::collections::BTreeMap;

use crate::model::chart::Chart;
use crate::model::ids::{PatientId, PracticeId};
use crate::model::refusal::PortError;
use crate::ports::Patients;

/// The charts of patients, for a page that names them. Who has none any more is left out.
pub async fn charts_of<S: Patients>(
    store: &S,
    practice: &PracticeId,
    patients: &[PatientId],
) -> Result<BTreeMap<PatientId, Chart>, PortError> {
    let mut charts = BTreeMap::new();
    for some in patients.chunks(50) {
        let found = store.charts(practice, some).await?;
        charts.extend(found.into_iter().map(|(patient, _)| (patient.id, patient.chart)));
    }
    Ok(charts)
}
