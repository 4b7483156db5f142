//! The demonstration data: two practices with their API keys, and charts for the first one.

use std::fs;
use std::path::Path;
use std::sync::Arc;

use portico_aws::OsEntropy;
use portico_domain::keys::Keyring;
use serde_json::{Value, json};

use crate::local_api::{ConsoleLink, Guide, Keys, Practice, Sample};
use crate::service::{Config, Running, StartError, start};
use crate::{files, functions};

/// The sample charts in the repository: `Patient` before `Encounter`.
pub const SAMPLE: [&str; 2] =
    [include_str!("../sample/Patient.ndjson"), include_str!("../sample/Encounter.ndjson")];

/// Sample patients on the first page.
const SAMPLES: usize = 8;

/// Resources in one import call.
const AT_A_TIME: usize = 250;

/// Short name, name, phone, time zone.
const PRACTICES: [(&str, &str, &str, &str); 2] = [
    ("riverside", "Riverside Family Medicine", "+12025550100", "America/New_York"),
    ("lakeside", "Lakeside Pediatrics", "+13125550100", "America/Chicago"),
];

/// The result of an import, counted by resource.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Imported {
    pub created: u64,
    pub updated: u64,
    pub unchanged: u64,
    /// The refused resources, each with its line in the file, code and detail.
    pub rejected: Vec<Value>,
}

/// The service with its demonstration practices.
pub struct Demo {
    /// The running service.
    pub running: Running,
    /// The content of `GET /_local`: where to start.
    pub guide: Guide,
    /// Whether this start created the practices; `false` if a data directory had them already.
    pub is_new: bool,
}

/// Starts the service with the real functions and the demonstration practices.
pub async fn start_demo(config: Config) -> Result<Demo, StartError> {
    let data = config.data.clone();
    if let Some(data) = &data {
        files::private_dir(data)?;
    }
    let keyring = keyring(data.as_deref())?;
    let running = start(config, move |cloud| {
        let functions = functions::all(cloud, keyring);
        Box::pin(async move { Ok(functions) })
    })
    .await?;
    let kept = data.map(|data| data.join("keys.json"));
    let known = kept.as_ref().and_then(|file| fs::read_to_string(file).ok());
    let known: Option<Vec<Practice>> = known.and_then(|text| serde_json::from_str(&text).ok());
    let is_new = known.is_none();
    let practices = match known {
        Some(practices) => practices,
        None => enroll(&running).await.map_err(StartError::Build)?,
    };
    if let (Some(file), true) = (kept, is_new) {
        let text = serde_json::to_string_pretty(&practices).unwrap_or_default();
        files::write_private(&file, text.as_bytes())?;
    }
    let console_link = practices.first().map(|practice| console_link(&running.base_url, &practice.keys.ehr));
    let guide = Guide { practices, console_link, samples: samples() };
    running.introduce(guide.clone());
    Ok(Demo { running, guide, is_new })
}

/// The sample patient of the README and of the greeting.
pub const SHOWN: &str = "37a619bc-e2ff-4714-86ec-f68238a705cd";

/// Adults of the sample who can be invited by mail, to try things with; the one of the README first.
fn samples() -> Vec<Sample> {
    let read = |line: &str| {
        let patient: Value = serde_json::from_str(line).ok()?;
        let text = |pointer: &str| Some(patient.pointer(pointer)?.as_str()?.to_owned());
        let has_mail = patient.get("telecom")?.as_array()?.iter().any(|point| point["system"] == "email");
        let lives = patient.get("deceasedDateTime").is_none() && patient.get("deceasedBoolean").is_none();
        let born = text("/birthDate")?;
        let grown = born.as_str() < "2000";
        (has_mail && lives && grown).then_some(())?;
        let name = format!("{} {}", text("/name/0/given/0")?, text("/name/0/family")?);
        Some(Sample { id: text("/id")?, name, born })
    };
    let [patients, _] = SAMPLE;
    let mut all: Vec<Sample> = patients.lines().filter_map(read).collect();
    all.sort_by_key(|sample| sample.id != SHOWN);
    all.truncate(SAMPLES);
    all
}

/// Makes links into the Onboarding Tool as an EHR does: one call with its key.
fn console_link(base_url: &str, key: &str) -> ConsoleLink {
    let (url, key) = (format!("{base_url}/v1/console/sessions"), key.to_owned());
    Arc::new(move || {
        let call = reqwest::Client::new().post(&url).bearer_auth(&key).header("portico-actor", "front.desk");
        let call = call.json(&json!({"actor": "front.desk", "actor_name": "Front desk"}));
        Box::pin(async move {
            let answer: Value = call.send().await.ok()?.json().await.ok()?;
            answer.get("url")?.as_str().map(str::to_owned)
        })
    })
}

/// The keyring of a data directory; the first start creates it. Without a directory, each start has a
/// new one.
fn keyring(data: Option<&Path>) -> Result<Keyring, StartError> {
    let Some(data) = data else { return Ok(Keyring::generate(&OsEntropy)) };
    let file = data.join("keyring.json");
    if file.exists() {
        return Keyring::parse(&fs::read_to_string(file)?)
            .map_err(|error| StartError::Build(error.to_string()));
    }
    let keyring = Keyring::generate(&OsEntropy);
    files::write_private(&file, keyring.to_text().as_bytes())?;
    Ok(keyring)
}

async fn enroll(running: &Running) -> Result<Vec<Practice>, String> {
    let ask = async |event: Value| {
        let answer = running.invoker.call("enroll-practice", "invoke", event).await?;
        match answer.get("error") {
            Some(error) => Err(error.to_string()),
            None => Ok(answer),
        }
    };
    let mut practices = Vec::new();
    for (practice, name, phone, time_zone) in PRACTICES {
        ask(json!({"action": "create", "practice": practice, "name": name, "phone": phone, "time_zone": time_zone}))
            .await?;
        let key = async |preset: &str| {
            let event =
                json!({"action": "issue_key", "practice": practice, "client": preset, "preset": preset});
            let answer = ask(event).await?;
            Ok::<_, String>(answer.get("key").and_then(Value::as_str).unwrap_or_default().to_owned())
        };
        let keys = Keys {
            ehr: key("ehr").await?,
            scheduling: key("scheduling").await?,
            portal: key("portal").await?,
        };
        practices.push(Practice { practice: practice.to_owned(), keys });
    }
    Ok(practices)
}

/// Imports FHIR NDJSON into the practice of this key, one page at a time. `progress` is called with the lines
/// done and the total.
pub async fn import_charts(
    running: &Running,
    key: &str,
    text: &str,
    mut progress: impl FnMut(usize, usize),
) -> Result<Imported, String> {
    let lines: Vec<&str> = text.lines().collect();
    let client = reqwest::Client::new();
    let mut all = Imported::default();
    for (page, some) in lines.chunks(AT_A_TIME).enumerate() {
        let call = client
            .post(format!("{}/v1/patients/import", running.base_url))
            .bearer_auth(key)
            .header("portico-actor", "local-import")
            .header("content-type", "application/fhir+ndjson")
            .body(some.join("\n"));
        let answer = call.send().await.map_err(|error| error.to_string())?;
        let (status, text) = (answer.status(), answer.text().await.map_err(|error| error.to_string())?);
        if !status.is_success() {
            return Err(format!("the import was refused: {status}"));
        }
        let report: Value = serde_json::from_str(&text).map_err(|error| error.to_string())?;
        let count = |name: &str| report.get(name).and_then(Value::as_u64).unwrap_or_default();
        all.created += count("created");
        all.updated += count("updated");
        all.unchanged += count("unchanged");
        for rejected in report.get("rejected").and_then(Value::as_array).into_iter().flatten() {
            let mut rejected = rejected.clone();
            if let Some(line) = rejected.get_mut("line") {
                *line = json!(line.as_u64().unwrap_or_default() + (page * AT_A_TIME) as u64);
            }
            all.rejected.push(rejected);
        }
        progress((page * AT_A_TIME + some.len()).min(lines.len()), lines.len());
    }
    Ok(all)
}
