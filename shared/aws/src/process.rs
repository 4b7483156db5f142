//! A function's process: its configuration, each variable named if it is missing, and its clients, made once.

use std::sync::Arc;

use aws_config::SdkConfig;
use aws_config::retry::RetryConfig;
use portico_domain::context::{Calls, Context};
use portico_domain::keys::{HashCost, Keyring};
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
    /// that there is a number to call from, and `PORTICO_TEXT_NUMBERS` which numbers practices may send texts from.
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
        let context = Context {
            clock: Arc::new(SystemClock),
            entropy: Arc::new(OsEntropy),
            keyring: Arc::new(keyring),
            hash_cost: HashCost::STANDARD,
            calls: Arc::new(Calls::default()),
            base_url: base_url.trim_end_matches('/').into(),
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

    /// The couriers; reads `PORTICO_FROM_ADDRESS`, and if they are there `PORTICO_CONFIGURATION_SET`,
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
