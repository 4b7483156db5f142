//! The pages about what happens by itself and how it went: automatic invitations, and the quality measure.

use std::collections::BTreeMap;

use askama::Template;
use jiff::ToSpan;
use jiff::civil::Date;
use portico_domain::model::auto_invite::{Skip, day};
use portico_domain::model::campaign::Brake;
use portico_domain::model::measure::{Figures, Missing};
use portico_domain::model::practice::{AutoChannel, Scope};
use portico_domain::model::refusal::{Failure, Refusal};
use portico_domain::operations::staff::auto_invite::{Preview, preview, runs};
use portico_domain::operations::staff::desk::desk;
use portico_domain::operations::staff::report::{MeasurePage as Measured, Period, electronic_access};
use portico_domain::ports::{ApiCalls, Limits, Measures, Patients, Practices, Runs, Waiting};
use portico_web::desk::{Desk, desk_page, list_name, when};
use portico_web::{Answer, App, Inbound, Reject};

/// Patients who were not in time, on one page.
const MISSED: usize = 50;

struct Next {
    due: usize,
    waiting: usize,
    deferred: u32,
    skipped: Vec<(&'static str, usize)>,
}

impl Next {
    fn of(preview: &Preview) -> Self {
        let mut skipped: BTreeMap<&'static str, usize> = BTreeMap::new();
        for why in preview.skipped.iter().filter_map(|(_, reasons)| reasons.first()) {
            *skipped.entry(skip_words(*why)).or_default() += 1;
        }
        let mut skipped: Vec<_> = skipped.into_iter().collect();
        skipped.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
        Self { due: preview.due.len(), waiting: preview.waiting.len(), deferred: preview.deferred, skipped }
    }
}

const fn skip_words(why: Skip) -> &'static str {
    match why {
        Skip::Registered => "In already",
        Skip::Held => "Registration waits for us",
        Skip::Revoked => "Access was taken away",
        Skip::AccessDisabled => "Portal access is off",
        Skip::Deceased => "Patient has died",
        Skip::ChartInactive => "Chart is inactive",
        Skip::Declined => "Said no",
        Skip::Pending => "Has a link that works",
        Skip::AlreadyInvited => "Got all messages",
        Skip::BelowMinAge => "Too young",
        Skip::AboveMaxAge => "Too old for automatic invitations",
        Skip::NoVisit => "No visit",
        Skip::TooOld => "The visit is too long ago",
        Skip::MissingEmail => "No email",
        Skip::MissingPhone => "No phone",
        Skip::MissingMobilePhone => "No cell phone",
        Skip::MissingPostalCode => "No ZIP code",
        Skip::UnusableName => "Name is a placeholder",
        Skip::NoSmsConsent => "No consent to texts",
        Skip::ReportedWrongRecipient => "\u{201c}Not for me\u{201d}",
        Skip::AddressBounced => "Email or text came back",
        Skip::AddressComplained => "Marked our email as spam",
        Skip::SmsOptedOut => "Number replied STOP",
        Skip::Unsubscribed => "Asked for no more",
        Skip::NoCommonHours => "No hour is right in all their time zones",
    }
}

struct RunLine {
    day: String,
    invited: u32,
    reminded: u32,
    put_off: u32,
    skipped: u32,
}

#[derive(Template)]
#[template(path = "automatic.html")]
struct AutomaticPage {
    desk: Desk,
    is_on: bool,
    may_set: bool,
    stopped: Option<(String, &'static str)>,
    how: &'static str,
    reminders: String,
    cap: u32,
    lacks_address: bool,
    next: Option<Next>,
    runs: Vec<RunLine>,
}

/// The page of automatic invitations; with `preview=yes`, what would happen next.
pub(crate) async fn automatic<S>(app: &App<S>, inbound: &Inbound) -> Result<Answer, Reject>
where
    S: ApiCalls + Limits + Practices + Waiting + Runs,
{
    let App { context, store } = app;
    let call = inbound.desk(context)?;
    let page = runs(app, &call, None).await?;
    let (caller, _) = desk(app, &call, &[Scope::Report]).await?;
    let practice = store.practice(&caller.practice).await.map_err(Failure::from)?;
    let practice = practice.ok_or(Failure::Broken("practice"))?;
    let settings = &practice.settings;
    let next = match inbound.query("preview") {
        Some("yes") => Some(Next::of(&preview(app, &call).await?)),
        _ => None,
    };
    let (now, zone) = (context.now(), settings.zone());
    let auto = &settings.auto_invite;
    let reminders = match &auto.reminder_days[..] {
        [] => "none".to_owned(),
        days => {
            let days: Vec<String> = days.iter().map(ToString::to_string).collect();
            format!("after {} days", days.join(" and "))
        }
    };
    let shown = AutomaticPage {
        desk: Desk::of(inbound, context, settings, &caller),
        is_on: auto.enabled,
        may_set: caller.may(Scope::Settings),
        stopped: practice.auto_invite_paused.map(|paused| {
            let why = match paused.why {
                Brake::Bounces => "too many messages came back",
                Brake::Complaints => "too many people marked our mail as spam",
            };
            (when(paused.at, now, &zone), why)
        }),
        how: match auto.channel {
            AutoChannel::Email => "by email",
            AutoChannel::Sms => "by text",
            AutoChannel::EmailThenSms => "by text where the patient agreed, else by email",
        },
        reminders,
        cap: auto.daily_cap,
        lacks_address: auto.channel != AutoChannel::Sms && settings.postal_address.is_none(),
        next,
        runs: page
            .runs
            .iter()
            .map(|run| RunLine {
                day: run.day.strftime("%b %-d, %Y").to_string(),
                invited: run.invited,
                reminded: run.reminded,
                put_off: run.postponed + run.over_cap,
                skipped: run.skipped.values().sum(),
            })
            .collect(),
    };
    Ok(desk_page(200, &shown))
}

struct MissedLine {
    id: String,
    name: String,
    visit: String,
    by: String,
    why: &'static str,
}

#[derive(Template)]
#[template(path = "measure.html")]
struct MeasurePage {
    desk: Desk,
    error: Option<&'static str>,
    from: String,
    to: String,
    provider: String,
    figures: Option<Figures>,
    rate: String,
    is_short: bool,
    clinicians: Vec<(String, Figures)>,
    missed: Vec<MissedLine>,
    more: usize,
}

const fn missing_words(missing: Missing) -> &'static str {
    match missing {
        Missing::Never => "No invitation",
        Missing::Undelivered => "No message arrived",
        Missing::Late => "Told later",
        Missing::Ended => "The link or the access had ended",
        Missing::NotYetDue => "There is still time",
    }
}

/// The page of the quality measure. Without a period, it asks for one and suggests the last 180 days.
pub(crate) async fn measure<S>(app: &App<S>, inbound: &Inbound) -> Result<Answer, Reject>
where
    S: ApiCalls + Limits + Practices + Measures + Patients,
{
    let App { context, store } = app;
    let call = inbound.desk(context)?;
    let (caller, settings) = desk(app, &call, &[Scope::Report]).await?;
    let today = day(context.now(), &settings);
    let typed = |name: &str| inbound.query(name).filter(|text| !text.is_empty());
    let provider = typed("provider").map(str::to_owned);
    let mut page = MeasurePage {
        desk: Desk::of(inbound, context, &settings, &caller),
        error: None,
        from: typed("from").map_or_else(|| today.saturating_sub(180.days()).to_string(), str::to_owned),
        to: typed("to").map_or_else(|| today.to_string(), str::to_owned),
        provider: provider.clone().unwrap_or_default(),
        figures: None,
        rate: String::new(),
        is_short: false,
        clinicians: Vec::new(),
        missed: Vec::new(),
        more: 0,
    };
    if inbound.query("from").is_none() {
        return Ok(desk_page(200, &page));
    }
    let (Ok(from), Ok(to)) = (page.from.parse::<Date>(), page.to.parse::<Date>()) else {
        page.error = Some("Choose both days.");
        return Ok(desk_page(400, &page));
    };
    let period = Period { from, to, provider };
    match electronic_access(app, &call, &period, None).await {
        Ok(measured) => {
            let missed: Vec<_> =
                measured.report.patients.iter().filter(|patient| !patient.is_counted()).collect();
            let ids: Vec<_> = missed.iter().take(MISSED).map(|judged| judged.patient.clone()).collect();
            let charts = match &ids[..] {
                [] => Vec::new(),
                ids => store.charts(&caller.practice, ids).await.map_err(Failure::from)?,
            };
            let names: BTreeMap<_, _> =
                charts.iter().map(|(patient, _)| (&patient.id, list_name(&patient.chart))).collect();
            let (now, zone) = (context.now(), settings.zone());
            page.missed = missed
                .iter()
                .take(MISSED)
                .filter_map(|judged| {
                    let (_, visit) = judged.visits.iter().find(|(_, visit)| !visit.in_time)?;
                    Some(MissedLine {
                        id: judged.patient.to_string(),
                        name: names
                            .get(&judged.patient)
                            .cloned()
                            .unwrap_or_else(|| judged.patient.to_string()),
                        visit: visit.date.strftime("%b %-d, %Y").to_string(),
                        by: when(visit.deadline, now, &zone),
                        why: visit.missing.map_or("", missing_words),
                    })
                })
                .collect();
            page.more = missed.len() - page.missed.len();
            page.fill(&measured, &period);
            Ok(desk_page(200, &page))
        }
        Err(Failure::Refused(Refusal::BadRequest(_))) => {
            page.error = Some("The last day must not be before the first, and at most a year after it.");
            Ok(desk_page(400, &page))
        }
        Err(failure) => Err(failure.into()),
    }
}

impl MeasurePage {
    fn fill(&mut self, measured: &Measured, period: &Period) {
        let all = measured.report.practice;
        self.figures = Some(all);
        self.rate = format!("{:.1}", all.rate() * 100.0);
        self.is_short = (period.to - period.from).get_days() < 179;
        self.clinicians =
            measured.report.clinicians.iter().map(|(name, theirs)| (name.clone(), *theirs)).collect();
    }
}
