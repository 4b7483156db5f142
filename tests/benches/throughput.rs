//! How much the service does in a second on this machine: `cargo bench -p portico-tests`. Each figure is the median of several rounds;
//! those that belong together are taken in one run, since machines differ more than code does.
//!
//! `PORTICO_CHARTS=DIR cargo bench -p portico-tests` imports that folder's `Patient.ndjson` and `Encounter.ndjson` instead of the sample.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::cast_precision_loss,
    clippy::large_futures,
    clippy::disallowed_methods,
    reason = "a bench measures time, and stops where it can't"
)]

use std::path::Path;
use std::time::{Duration, Instant};

use portico_domain::keys::{HashCost, Keyring};
use portico_domain::model::password::Password;
use portico_domain::time::Entropy;
use portico_local::demo::{SAMPLE, import_charts};
use portico_testkit::{PASSWORD, World};
use serde_json::{Value, json};

/// Rounds of each figure.
const ROUNDS: usize = 7;

struct Fixed;

impl Entropy for Fixed {
    fn fill(&self, bytes: &mut [u8]) {
        bytes.fill(7);
    }
}

fn median(mut rounds: Vec<f64>) -> f64 {
    rounds.sort_by(f64::total_cmp);
    rounds[rounds.len() / 2]
}

/// Operations a second, of `count` that took `elapsed`.
fn rate(count: usize, elapsed: Duration) -> f64 {
    count as f64 / elapsed.as_secs_f64()
}

#[tokio::main(flavor = "current_thread")]
async fn main() {
    sign_ins().await;
    links_and_invitations().await;
    import().await;
    sweep().await;
    report().await;
}

/// Sign-ins one after another, each against bare hashing in the same round, all on one core.
async fn sign_ins() {
    let world = World::new().await;
    world.registered("p1", "rosa.q").await;
    let keyring = Keyring::generate(&Fixed);
    let hash = Password::new(PASSWORD).hash(HashCost::STANDARD, &keyring, &Fixed);
    let (mut bare, mut whole) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        let began = Instant::now();
        for _ in 0..20 {
            assert!(hash.matches(&Password::new(PASSWORD), &keyring));
        }
        bare.push(rate(20, began.elapsed()));
        let began = Instant::now();
        for _ in 0..20 {
            world.sign_in("rosa.q", PASSWORD).await.expect(200);
        }
        whole.push(rate(20, began.elapsed()));
        // The limits of an address and of a name are not what is measured.
        world.advance(1000);
    }
    let (bare, whole) = (median(bare), median(whole));
    println!("sign-ins, one core, table and HTTP included  {whole:8.1}/s");
    println!("bare argon2id on the same core               {bare:8.1}/s   ratio {:.2}", whole / bare);
}

/// Identity checks and invitations through HTTP, one after another.
async fn links_and_invitations() {
    let world = World::new().await;
    let token = world.invited("p1").await;
    let (mut opened, mut verified, mut invited) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        let began = Instant::now();
        for _ in 0..200 {
            world.get(&format!("/i/{token}")).await.expect(200);
        }
        opened.push(rate(200, began.elapsed()));
        let began = Instant::now();
        for _ in 0..100 {
            world.state_facts(&token).await.expect(200);
        }
        verified.push(rate(100, began.elapsed()));
        world.advance(300);
    }
    let world = World::new().await;
    world.patient("p1", World::chart()).await;
    for _ in 0..ROUNDS {
        let began = Instant::now();
        for _ in 0..40 {
            world.invite("p1", "email").await.expect(201);
        }
        invited.push(rate(40, began.elapsed()));
        world.service.idle().await;
        // A client has fifty calls a second.
        world.advance(1);
    }
    println!("links opened                                 {:8.1}/s", median(opened));
    println!("identity checks passed                       {:8.1}/s", median(verified));
    println!("invitations made                             {:8.1}/s", median(invited));
}

/// An import whole, from an empty table.
async fn import() {
    #[expect(clippy::disallowed_methods, reason = "a bench is told by its environment")]
    let folder = std::env::var("PORTICO_CHARTS").ok();
    let read = |name: &str| {
        folder.as_ref().map(|dir| std::fs::read_to_string(Path::new(dir).join(name)).expect("a file"))
    };
    let patients = read("Patient.ndjson").unwrap_or_else(|| SAMPLE[0].to_owned());
    let encounters = read("Encounter.ndjson").unwrap_or_else(|| SAMPLE[1].to_owned());
    let (mut seconds, mut again) = (Vec::new(), Vec::new());
    for _ in 0..3 {
        let world = World::new().await;
        for times in [&mut seconds, &mut again] {
            let began = Instant::now();
            for text in [&patients, &encounters] {
                let done =
                    import_charts(&world.service, &world.keys.ehr, text, |_, _| {}).await.expect("an import");
                assert_eq!(done.rejected, Vec::<Value>::new());
            }
            times.push(began.elapsed().as_secs_f64());
        }
        world.get("/health").await.expect(200);
    }
    let (charts, visits) = (patients.lines().count(), encounters.lines().count());
    println!(
        "import of {charts} charts and {visits} encounters     {:8.2} s, again unchanged {:.2} s",
        median(seconds),
        median(again)
    );
}

/// Imports resources, and waits until everything that follows from them is done.
async fn fill(world: &World, resources: &[Value]) {
    let lines: Vec<String> = resources.iter().map(Value::to_string).collect();
    let done = import_charts(&world.service, &world.keys.ehr, &lines.join("\n"), |_, _| {}).await;
    assert_eq!(done.expect("an import").rejected, Vec::<Value>::new());
    world.service.idle().await;
}

/// A sweep that invites 200 patients, alone in the table and among 2,000 who are not due.
async fn sweep() {
    let (alone, _) = swept(0).await;
    let (among, seconds) = swept(OTHERS).await;
    println!("invitations of a sweep, delivered            {:8.1}/s", rate(DUE, seconds));
    println!(
        "units of a sweep of {DUE}: read {:.0}, written {:.0}; among {OTHERS} others × {:.3}, × {:.3}",
        alone.0,
        alone.1,
        among.0 / alone.0,
        among.1 / alone.1
    );
}

/// Patients who are due in a sweep, and the others beside them.
const DUE: usize = 200;
const OTHERS: usize = 2_000;

/// The read and write units of a sweep beside so many patients who are not due, and how long it took.
async fn swept(others: usize) -> ((f64, f64), Duration) {
    let world = World::new().await;
    world.service.clock.set("2026-11-25T12:00:00Z".parse().expect("an instant")).expect("the clock");
    let settings = json!({"auto_invite": {"enabled": true, "ramp": false}});
    world.settings(settings).await;
    let person = |id: String| {
        json!({
            "resourceType": "Patient", "id": id, "birthDate": "1961-04-12",
            "name": [{"given": ["Rosa"], "family": "Quill"}],
            "telecom": [
                {"system": "email", "value": format!("{id}@example.com")},
                {"system": "phone", "use": "mobile", "value": "+12025550101"},
            ],
        })
    };
    let ids =
        |kind: &str, count: usize| (0..count).map(move |place| format!("{kind}{place}")).collect::<Vec<_>>();
    let patients: Vec<Value> = ids("other", others).into_iter().chain(ids("due", DUE)).map(person).collect();
    fill(&world, &patients).await;
    let visits: Vec<Value> = ids("due", DUE)
        .into_iter()
        .map(|id| {
            json!({
                "resourceType": "Encounter", "id": format!("visit-{id}"), "status": "finished",
                "subject": {"reference": format!("Patient/{id}")},
                "period": {"start": "2026-11-23T19:00:00Z", "end": "2026-11-23T20:00:00Z"},
            })
        })
        .collect();
    fill(&world, &visits).await;
    world.advance(3600);
    world.service.meter.reset();
    let began = Instant::now();
    let run = world.sweep().await;
    let elapsed = began.elapsed();
    assert_eq!((&run["invited"], &run["seen"]), (&json!(DUE), &json!(DUE)), "{run}");
    let costs = world.service.meter.costs();
    let ours = || costs.iter().filter(|cost| cost.function == "auto-invite");
    let total = (ours().map(|cost| cost.read_units.sum).sum(), ours().map(|cost| cost.write_units.sum).sum());
    (total, elapsed)
}

/// The report of the quality measure about 2,000 patients with 6,000 visits, page by page. The embedded
/// table is too slow to be filled with a large practice.
async fn report() {
    const PATIENTS: usize = 2_000;
    let world = World::new().await;
    let (mut patients, mut encounters) = (Vec::new(), Vec::new());
    for place in 0..PATIENTS {
        let patient = json!({
            "resourceType": "Patient", "id": format!("p{place}"), "birthDate": "1961-04-12",
            "name": [{"given": ["Rosa"], "family": "Quill"}],
        });
        patients.push(patient);
        for visit in 0..3 {
            let day = format!("2026-{:02}-{:02}", 1 + 4 * visit + place % 4, 1 + place % 28);
            let encounter = json!({
                "resourceType": "Encounter", "id": format!("e{place}-{visit}"), "status": "finished",
                "subject": {"reference": format!("Patient/p{place}")},
                "participant": [{"individual": {"display": format!("Dr. {}", place % 7)}}],
                "period": {"start": format!("{day}T14:00:00Z"), "end": format!("{day}T15:00:00Z")},
            });
            encounters.push(encounter);
        }
    }
    fill(&world, &patients).await;
    fill(&world, &encounters).await;
    world.service.meter.reset();
    let began = Instant::now();
    let (mut pages, mut seen, mut cursor) = (0, 0, String::new());
    loop {
        let path = format!("/v1/reports/electronic-access?from=2026-01-01&to=2026-12-31{cursor}");
        let page = world.ehr("GET", &path, None).await.expect_and(200).json();
        assert_eq!(page["practice"]["denominator"], PATIENTS);
        seen += page["patients"].as_array().expect("patients").len();
        pages += 1;
        match page["next_cursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => break,
        }
    }
    assert_eq!(seen, PATIENTS);
    let seconds = began.elapsed().as_secs_f64();
    let costs = world.service.meter.costs();
    let cost = costs.iter().find(|cost| cost.function == "onboard").expect("the report's cost");
    println!(
        "report about {PATIENTS} patients, {pages} pages         {seconds:8.2} s, at most {} read units a page",
        cost.read_units.max
    );
}
