//! A function's process: its configuration, each variable named if it is missing, and its clients, made once.

use std::sync::Arc;

use aws_config::SdkConfig;
use aws_config::retry::RetryConfig;
use portico_domain::context::{Calls, Context};
use portico_domain::floods::Floods;
use portico_domain::keys::{HashCost, Keyring};
use portico_domain::model::limit::REQUESTS;
use portico_store::{Copies, Table};

use crate::bus::EventBus;
use crate::courier::{Couriers, Senders};
use crate::environment::{StartError, optional, variable};
use crate::queue::Queue;
use crate::sdk::{https_without_pool, shared};
use crate::system::{OsEntropy, SystemClock};

/// Logs why a function can't start. What `main` returns is printed in a form for programmers.
fn told<T>(result: Result<T, StartError>) -> Result<T, StartError> {
    result.inspect_err(|error| tracing::error!(%error, "can't start"))
}

/// What a function is given in the cloud.
pub struct Process {
    sdk: SdkConfig,
    table: String,
    audit_table: String,
    context: Context,
}

impl Process {
    /// Reads `PORTICO_TABLE` and `PORTICO_AUDIT_TABLE` (their names), `PORTICO_BASE_URL` (scheme and host of links) and
    /// `PORTICO_KEYRING_SECRET` (the secret that holds the keyring), and opens what they name; `PORTICO_CALLS_OUT` says
    /// that there is a number to call from, `PORTICO_TEXT_NUMBERS` which numbers practices may send texts from, and
    /// `PORTICO_EDGE_SECRET` which secret the edge in front shows, if there is one.
    pub async fn from_environment() -> Result<Self, StartError> {
        told(Self::read().await)
    }

    async fn read() -> Result<Self, StartError> {
        let (table, audit_table) = (variable("PORTICO_TABLE")?, variable("PORTICO_AUDIT_TABLE")?);
        let base_url = variable("PORTICO_BASE_URL")?;
        let secret = variable("PORTICO_KEYRING_SECRET")?;
        let sdk = shared().await?;
        let secrets = aws_sdk_secretsmanager::Client::new(&sdk);
        let answer =
            secrets.get_secret_value().secret_id(secret).send().await.map_err(|_| StartError::Secret)?;
        let keyring = Keyring::parse(answer.secret_string().ok_or(StartError::Secret)?)?;
        let edge_secrets = match optional("PORTICO_EDGE_SECRET") {
            Some(secret) => edge_secrets(&secrets, secret).await?,
            None => Vec::new(),
        };
        let context = Context {
            clock: Arc::new(SystemClock),
            entropy: Arc::new(OsEntropy),
            keyring: Arc::new(keyring),
            hash_cost: HashCost::STANDARD,
            calls: Arc::new(Calls::default()),
            floods: Arc::new(Floods::new(REQUESTS.most, REQUESTS.seconds)),
            base_url: base_url.trim_end_matches('/').into(),
            edge_secrets: edge_secrets.into(),
            calls_out: variable("PORTICO_CALLS_OUT").is_ok_and(|calls| !calls.is_empty()),
            text_numbers: optional("PORTICO_TEXT_NUMBERS").iter().flat_map(|all| listed(all)).collect(),
        };
        Ok(Self { sdk, table, audit_table, context })
    }

    /// Clock, entropy, keys, host.
    pub fn context(&self) -> Context {
        self.context.clone()
    }

    /// The table, and with it that of audit events.
    pub fn table(&self) -> Table {
        let client = aws_sdk_dynamodb::Client::new(&self.sdk);
        let (clock, copies) = (self.context.clock.clone(), Arc::new(Copies::default()));
        Table::new(client, &self.table, &self.audit_table, clock, copies)
    }

    /// The queue whose URL is in this environment variable.
    pub fn queue(&self, name: &'static str) -> Result<Queue, StartError> {
        Ok(Queue::new(aws_sdk_sqs::Config::new(&self.sdk), &told(variable(name))?))
    }

    /// The bus; reads `PORTICO_EVENT_BUS`, its name or ARN.
    pub fn bus(&self) -> Result<EventBus, StartError> {
        let name = told(variable("PORTICO_EVENT_BUS"))?;
        Ok(EventBus::new(aws_sdk_eventbridge::Config::new(&self.sdk), &name))
    }

    /// The couriers; reads `PORTICO_FROM_ADDRESS`, and if they are there `PORTICO_CONFIGURATION_SET`, `PORTICO_SES_TENANTS`,
    /// `PORTICO_TEXT_ORIGINATION`, `PORTICO_VOICE_ORIGINATION` and `PORTICO_SENDERS`, how many processes send at a time.
    pub fn couriers(&self) -> Result<Couriers, StartError> {
        // A provider has no word for «the same message again»: what the SDK tries twice may be sent twice.
        let sdk = self
            .sdk
            .to_builder()
            .retry_config(RetryConfig::disabled())
            .http_client(told(https_without_pool())?)
            .build();
        let ses = aws_sdk_sesv2::Config::new(&sdk);
        let sns = aws_sdk_sns::Config::new(&sdk);
        let voice = aws_sdk_pinpointsmsvoicev2::Config::new(&sdk);
        let senders = Senders {
            email: told(variable("PORTICO_FROM_ADDRESS"))?,
            configuration_set: optional("PORTICO_CONFIGURATION_SET"),
            tenants: optional("PORTICO_SES_TENANTS"),
            texts: optional("PORTICO_TEXT_ORIGINATION"),
            calls: optional("PORTICO_VOICE_ORIGINATION"),
            at_a_time: optional("PORTICO_SENDERS").and_then(|senders| senders.parse().ok()).unwrap_or(1),
        };
        Ok(Couriers::new(ses, sns, voice, senders))
    }
}

/// The parts of a list with commas.
fn listed(text: &str) -> impl Iterator<Item = String> + '_ {
    text.split(',').map(str::trim).filter(|part| !part.is_empty()).map(str::to_owned)
}

/// What the edge may show: the secret is `{"sent": …, "accepted": …}`, so that it can be changed without a gap.
async fn edge_secrets(
    secrets: &aws_sdk_secretsmanager::Client,
    id: String,
) -> Result<Vec<String>, StartError> {
    let answer = secrets.get_secret_value().secret_id(id).send().await.map_err(|_| StartError::EdgeSecret)?;
    let text = answer.secret_string().ok_or(StartError::EdgeSecret)?;
    parse_edge_secrets(text).ok_or(StartError::EdgeSecret)
}

/// Least length of what the edge shows. A shorter one was mistyped, and an empty one would be shown by everybody.
const SHORTEST: usize = 32;

fn parse_edge_secrets(text: &str) -> Option<Vec<String>> {
    let read: serde_json::Value = serde_json::from_str(text).ok()?;
    let known = ["sent", "accepted"].into_iter().filter_map(|name| read.get(name)?.as_str());
    let known: Vec<String> = known.filter(|secret| secret.len() >= SHORTEST).map(str::to_owned).collect();
    (!known.is_empty()).then_some(known)
}

#[cfg(test)]
mod tests {
    use super::parse_edge_secrets;

    #[test]
    fn two_secrets_are_valid_at_once_and_a_short_one_is_none() {
        let (one, other) = ("a".repeat(32), "b".repeat(40));
        let both = format!(r#"{{"sent": "{one}", "accepted": "{other}"}}"#);
        assert_eq!(parse_edge_secrets(&both), Some(vec![one.clone(), other]));
        assert_eq!(parse_edge_secrets(&format!(r#"{{"sent": "{one}", "accepted": ""}}"#)), Some(vec![one]));
        for none in [r#"{"sent": "", "accepted": ""}"#, "{}", "words", r#"{"sent": 7}"#] {
            assert_eq!(parse_edge_secrets(none), None, "{none}");
        }
    }
}
