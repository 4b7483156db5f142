//! `onboard`: the report for the quality measure `PI_PEA_1`: who was given the means to get into the portal in time.

use std::collections::{BTreeMap, BTreeSet};

use futures_util::try_join;
use jiff::civil::Date;

use crate::context::App;
use crate::model::ids::PatientId;
use crate::model::measure::{BusinessDays, Means, Report, judge};
use crate::model::practice::Scope;
use crate::model::refusal::{Failure, FieldFault, Refusal};
use crate::ports::{AlsoRead, ApiCalls, Limits, Measures, Practices};
use crate::steps::api_call::{ApiCall, authorize};

/// Most days of one report: a leap year.
const MOST_DAYS: i32 = 366;

/// Most visits on one page, so that an answer stays below the 6 MB that Lambda allows. All visits of a patient are on
/// the same page.
const PAGE_VISITS: usize = 15_000;

/// The period that a report is about.
pub struct Period {
    /// The first day.
    pub from: Date,
    /// The last day.
    pub to: Date,
    /// The only clinician; `None` for all.
    pub provider: Option<String>,
}

/// The measure, and one page of the patients behind it.
pub struct MeasurePage {
    /// The figures, and the patients of this page alone.
    pub report: Report,
    /// Where the next page begins; `None` on the last.
    pub next_cursor: Option<String>,
}

/// Measures a period. The figures are those of the whole period on each page.
pub async fn electronic_access<S>(
    app: &App<S>,
    call: &ApiCall,
    period: &Period,
    cursor: Option<&str>,
) -> Result<MeasurePage, Failure>
where
    S: ApiCalls + Limits + Practices + Measures,
{
    let App { context, store } = app;
    let (caller, _) = authorize(app, call, &[Scope::Report], AlsoRead::default()).await?;
    let id = &caller.practice;
    let fault = |field| Refusal::BadRequest(vec![FieldFault::of(field, "out_of_range")]);
    let length = (period.to - period.from).get_days();
    if !(0..MOST_DAYS).contains(&length) {
        return Err(fault("to").into());
    }
    let bound_to = format!("measure\n{id}\n{}\n{}\n{:?}", period.from, period.to, period.provider);
    let after: Option<PatientId> = match cursor {
        None => None,
        Some(sealed) => {
            let after = context.keyring.open_json(bound_to.as_bytes(), sealed);
            Some(after.ok_or_else(|| Refusal::BadRequest(vec![FieldFault::of("cursor", "invalid")]))?)
        }
    };
    let settings = store.practice(id).await?.ok_or(Failure::Broken("practice"))?.settings;
    let (visits, means) = try_join!(store.visits_between(id, period.from, period.to), store.all_means(id))?;
    let means: BTreeMap<PatientId, Means> =
        means.into_iter().map(|means| (means.patient.clone(), means)).collect();
    let closures: BTreeSet<Date> = settings.closures.iter().copied().collect();
    let days = BusinessDays { zone: settings.zone(), closures: &closures };
    let mut report = judge(visits, &means, &days, period.to, period.provider.as_deref(), context.now());
    report.patients.retain(|judged| after.as_ref().is_none_or(|after| judged.patient > *after));
    let mut visits = 0;
    let fits = report.patients.iter().take_while(|judged| {
        visits += judged.visits.len();
        visits <= PAGE_VISITS
    });
    let kept = fits.count().max(1);
    let more = report.patients.len() > kept;
    report.patients.truncate(kept);
    let last = report.patients.last().filter(|_| more);
    let next_cursor =
        last.map(|last| context.keyring.seal_json(bound_to.as_bytes(), &last.patient, &*context.entropy));
    Ok(MeasurePage { report, next_cursor })
}
