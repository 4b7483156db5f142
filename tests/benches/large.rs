//! What a large practice costs: `cargo bench -p portico-tests --bench large -- [sweep | report | faults | list]`, each
//! alone or all. The tables are in a file, and filled below the SDK with copies of patients that were written through
//! the API. It takes a quarter of an hour and some gigabytes.
//!
//! The counts do not depend on how it is compiled, so `--profile dev` saves the time to link.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::cast_precision_loss,
    clippy::large_futures,
    clippy::disallowed_methods,
    reason = "a bench measures time, and stops where it can't"
)]

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use portico_local::{Channel, Config, Failure};
use portico_testkit::World;
use serde_json::{Value, json};

/// Wednesday, 25 November 2026, 7:00 in New York: automatic invitations begin in an hour.
const EARLY: &str = "2026-11-25T12:00:00Z";

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let wanted: Vec<String> = std::env::args().skip(1).filter(|name| !name.starts_with('-')).collect();
    let asked = |name: &str| wanted.is_empty() || wanted.iter().any(|wanted| wanted == name);
    if asked("report") {
        report(20_000).await;
    }
    if asked("sweep") {
        sweep(number("PORTICO_PATIENTS", 1_000_000)).await;
    }
    if asked("list") {
        for patients in [1_000, 10_000, 100_000] {
            list(patients).await;
        }
    }
    if asked("faults") {
        faults(number("PORTICO_INVITATIONS", 10_000)).await;
    }
}

fn number(name: &str, otherwise: usize) -> usize {
    std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(otherwise)
}

/// A world whose tables are in a file that goes with it.
struct Large {
    world: World,
    _folder: tempfile::TempDir,
}

async fn large(faults: bool) -> Large {
    let folder = tempfile::tempdir().expect("a folder");
    let data = Some(folder.path().to_owned());
    let world = World::with(Config { data, faults, ..Config::default() }).await;
    world.service.clock.set(EARLY.parse().expect("an instant")).expect("the clock");
    let auto_invite = json!({"enabled": true, "ramp": false, "daily_cap": 100_000});
    world.settings(json!({"auto_invite": auto_invite})).await;
    Large { world, _folder: folder }
}

/// A patient who is due, because of a visit that was signed two days before, or one who is not.
async fn write(world: &World, id: &str, due: bool) {
    let signed = json!([{"id": "v1", "date": "2026-11-23", "signed_at": "2026-11-23T20:00:00Z"}]);
    let visits = if due { signed } else { json!([]) };
    let chart = json!({"birth_date": "1961-04-12", "email": format!("{id}@example.com"), "visits": visits});
    world.patient(id, World::chart_with(chart)).await;
}

/// What a sweep read and wrote, by function, and how long it took.
async fn swept(others: usize, due: usize) -> (f64, f64, Duration) {
    let large = large(false).await;
    let world = &large.world;
    let began = Instant::now();
    // The few first: to copy reads the whole table.
    write(world, "duemodel", true).await;
    write(world, "othermodel", false).await;
    world.copies("duemodel", (1..due).map(|place| format!("due{place}"))).await;
    world.copies("othermodel", (0..others).map(|place| format!("other{place}"))).await;
    let filled = began.elapsed().as_secs_f64();
    world.advance(3600);
    world.service.meter.reset();
    let began = Instant::now();
    let mut run = world.sweep().await;
    while run["finished_at"].is_null() {
        run = world.sweep().await;
    }
    let elapsed = began.elapsed();
    assert_eq!((&run["invited"], &run["seen"]), (&json!(due), &json!(due)), "{run}");
    let costs = world.service.meter.costs();
    let ours = || costs.iter().filter(|cost| cost.function == "auto-invite");
    let (read, written): (f64, f64) =
        (ours().map(|cost| cost.read_units.sum).sum(), ours().map(|cost| cost.write_units.sum).sum());
    println!(
        "{due} due among {others} others: filled in {filled:.0} s; {read:.0} units read, {written:.0} written, {:.1} invitations/s",
        due as f64 / elapsed.as_secs_f64()
    );
    for cost in ours() {
        println!(
            "    {}: {} times, {} calls, {:.0} units read, {:.0} written",
            cost.event, cost.invocations, cost.calls, cost.read_units.sum, cost.write_units.sum
        );
    }
    (read, written, elapsed)
}

/// A sweep in which one patient in a hundred is due, beside one with those alone.
async fn sweep(patients: usize) {
    let due = patients / 100;
    let alone = swept(0, due).await;
    let among = swept(patients - due, due).await;
    println!(
        "a sweep of {due} among {patients}: × {:.4} units read, × {:.4} written",
        among.0 / alone.0,
        among.1 / alone.1
    );
}

/// The report of the quality measure about so many patients with three visits each.
async fn report(patients: usize) {
    const MODELS: usize = 28;
    let large = large(false).await;
    let world = &large.world;
    for model in 0..MODELS {
        let id = format!("reportmodel{model:02}x");
        let visit = |place: usize| {
            let month = 1 + 4 * place + model % 4;
            let date = format!("2026-{month:02}-{:02}", 1 + model);
            let provider = format!("Dr. {}", char::from(b'A' + u8::try_from(model % 7).unwrap_or_default()));
            json!({"id": format!("v{place}"), "date": date, "signed_at": format!("{date}T20:00:00Z"), "provider": provider})
        };
        let visits: Vec<Value> = (0..3).filter(|place| 4 * place + model % 4 < 11).map(visit).collect();
        let chart =
            json!({"birth_date": "1961-04-12", "email": format!("{id}@example.com"), "visits": visits});
        world.patient(&id, World::chart_with(chart)).await;
        let copies = (1..=patients / MODELS).map(|place| format!("report{model:02}n{place}"));
        world.copies(&id, copies).await;
    }
    world.service.meter.reset();
    let began = Instant::now();
    let (mut pages, mut seen, mut visits, mut cursor) = (0, 0, 0, String::new());
    loop {
        let path = format!("/v1/reports/electronic-access?from=2026-01-01&to=2026-12-31{cursor}");
        let page = world.ehr("GET", &path, None).await.expect_and(200).json();
        let people = page["patients"].as_array().expect("patients");
        seen += people.len();
        visits += people.iter().filter_map(|one| one["visits"].as_array()).map(Vec::len).sum::<usize>();
        pages += 1;
        match page["next_cursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => break,
        }
    }
    let seconds = began.elapsed().as_secs_f64();
    let costs = world.service.meter.costs();
    let cost = costs.iter().find(|cost| cost.function == "onboard").expect("the report's cost");
    println!(
        "report about {seen} patients, {visits} visits: {pages} pages, {seconds:.1} s, {:.0} units read, at most {} for a page",
        cost.read_units.sum, cost.read_units.max
    );
}

/// Pages of the Onboarding Tool among so many patients: half may be invited, the others lack a contact, and one in a
/// hundred comes in the next days.
async fn list(patients: usize) {
    let large = large(false).await;
    let world = &large.world;
    let coming = json!([{"id": "a1", "starts_at": "2026-11-26T15:00:00Z"}]);
    let models = [
        ("listfree", json!({"email": "free@example.com"}), patients / 2),
        ("listlacks", json!({"email": null, "mobile_phone": null}), patients / 2),
        ("listcomes", json!({"email": "comes@example.com", "appointments": coming}), patients / 100),
    ];
    for (id, chart, _) in &models {
        world.patient(id, World::chart_with(chart.clone())).await;
    }
    for (id, _, count) in &models {
        world.copies(id, (1..*count).map(|place| format!("{id}{place}"))).await;
    }
    let window = world.window(&world.keys.ehr).await;
    for path in [
        "/console/patients",
        "/console/patients?status=uninvited&all=yes",
        "/console/patients?status=blocked&all=yes&blocker=missing_email",
        "/console/patients?sort=next_appointment",
        "/console",
        "/console/patients/listfree1",
    ] {
        let mut took = Vec::new();
        world.service.meter.reset();
        let mut size = 0;
        for _ in 0..5 {
            let began = Instant::now();
            size = window.page(path).await.expect_and(200).text.len();
            took.push(began.elapsed().as_secs_f64() * 1000.0);
            world.advance(1);
        }
        took.sort_by(f64::total_cmp);
        let costs = world.service.meter.costs();
        let ours: Vec<_> =
            costs.iter().filter(|cost| ["onboard", "console"].contains(&cost.function.as_str())).collect();
        let most = |of: fn(&portico_local::Cost) -> f64| ours.iter().map(|cost| of(cost)).fold(0.0, f64::max);
        println!(
            "{path} among {patients}: {} trips, {} units read, {size} bytes, {:.0} ms",
            most(|cost| cost.trips.max),
            most(|cost| cost.read_units.max),
            took[2]
        );
    }
}

/// So many invitations while each of four faults of the table comes once in a hundred calls, and the provider refuses
/// one mail in a hundred. Fails if somebody is left out, or if more than one in a hundred got two.
async fn faults(invitations: usize) {
    let large = large(true).await;
    let world = &large.world;
    write(world, "duemodel", true).await;
    world.copies("duemodel", (1..invitations).map(|place| format!("due{place}"))).await;
    world.service.faults.as_ref().expect("faults").now_and_then(25);
    for place in 0..invitations / 100 {
        let failure = if place % 2 == 0 { Failure::Throttled } else { Failure::ServerError };
        world.service.capture.fail_next(Channel::Email, failure, 1);
    }
    world.advance(3600);
    let began = Instant::now();
    let mut ticks = 0;
    let got = loop {
        // What fails is done by a later one.
        world.service.invoker.call("auto-invite", "planner", json!({})).await.ok();
        world.service.idle().await;
        world.service.invoker.call("deliver", "overdue", json!({})).await.ok();
        let mut got: BTreeMap<String, usize> = BTreeMap::new();
        for mail in world.mails().await {
            *got.entry(mail.get("to").to_owned()).or_default() += 1;
        }
        if got.len() == invitations {
            break got;
        }
        ticks += 1;
        assert!(ticks < 40, "somebody is left out: {} of {invitations}", got.len());
        world.advance(900);
    };
    let sent: usize = got.values().sum();
    assert!(sent * 100 <= invitations * 101, "{sent} messages to {invitations} patients");
    println!(
        "{invitations} invitations under faults: {sent} messages, {ticks} further schedules, {:.0} s",
        began.elapsed().as_secs_f64()
    );
}
