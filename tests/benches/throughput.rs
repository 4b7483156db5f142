//! How much the service does in a second on this machine: `cargo bench`. Each figure is the median of several rounds;
//! those that belong together are taken in one run, since machines differ more than code does.
//!
//! `PORTICO_CHARTS=DIR cargo bench` imports that folder's `Patient.ndjson` and `Encounter.ndjson` instead of the sample.
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
use serde_json::json;

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
                assert_eq!(done.rejected, Vec::<serde_json::Value>::new());
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

/// The report of the quality measure about 20,000 patients with 60,000 visits, page by page.
async fn report() {
    const PATIENTS: usize = 20_000;
    let world = World::new().await;
    let (mut patients, mut encounters) = (Vec::new(), Vec::new());
    for place in 0..PATIENTS {
        let patient = json!({
            "resourceType": "Patient", "id": format!("p{place}"), "birthDate": "1961-04-12",
            "name": [{"given": ["Rosa"], "family": "Quill"}],
        });
        patients.push(patient.to_string());
        for visit in 0..3 {
            let day = format!("2026-{:02}-{:02}", 1 + 4 * visit + place % 4, 1 + place % 28);
            let encounter = json!({
                "resourceType": "Encounter", "id": format!("e{place}-{visit}"), "status": "finished",
                "subject": {"reference": format!("Patient/p{place}")},
                "participant": [{"individual": {"display": format!("Dr. {}", place % 7)}}],
                "period": {"start": format!("{day}T14:00:00Z"), "end": format!("{day}T15:00:00Z")},
            });
            encounters.push(encounter.to_string());
        }
    }
    for lines in [patients, encounters] {
        let text = lines.join("\n");
        let done = import_charts(&world.service, &world.keys.ehr, &text, |_, _| {}).await.expect("an import");
        assert_eq!(done.rejected, Vec::<serde_json::Value>::new());
    }
    world.service.idle().await;
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
