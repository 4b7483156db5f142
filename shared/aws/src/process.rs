//! A function's process: its configuration, each variable named if it is missing, and its clients, made once.

use std::sync::Arc;
use std::time::Duration;

use aws_sdk_dynamodb::config::retry::RetryConfig;
use aws_sdk_dynamodb::config::timeout::TimeoutConfig;
use aws_sdk_dynamodb::config::{
    BehaviorVersion, Credentials, Region, SharedCredentialsProvider, SharedHttpClient,
};
use aws_smithy_http_client::Builder as HttpClient;
use aws_smithy_http_client::tls::{Provider, TlsContext, TrustStore, rustls_provider::CryptoMode};
use aws_types::SdkConfig;
use portico_domain::context::{Calls, Context};
use portico_domain::keys::{Keyring, KeyringError};
use portico_store::{Copies, Table};

use crate::bus::EventBus;
use crate::courier::{Couriers, Senders};
use crate::queue::Queue;
use crate::system::{OsEntropy, SystemClock};

/// Why a function could not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// A variable of the environment is missing.
    #[error("the environment variable {0} is missing")]
    Missing(&'static str),
    /// Whom to trust can't be told.
    #[error("the certificates to trust can't be read")]
    Trust,
    /// The secret that holds the keyring can't be read.
    #[error("the keyring's secret can't be read")]
    Secret,
    /// The secret is not a keyring.
    #[error(transparent)]
    Keyring(#[from] KeyringError),
}

#[expect(clippy::disallowed_methods, reason = "the one place where configuration is read")]
fn variable(name: &'static str) -> Result<String, StartError> {
    std::env::var(name).map_err(|_| StartError::Missing(name))
}

/// A variable that need not be there; a parameter of the template that was left empty is as good as none.
fn optional(name: &'static str) -> Option<String> {
    variable(name).ok().filter(|value| !value.is_empty())
}

/// The one policy of timeouts: a call that takes longer than this is as good as lost, and a caller waits behind it.
pub fn timeouts() -> TimeoutConfig {
    TimeoutConfig::builder()
        .connect_timeout(Duration::from_secs(1))
        .operation_attempt_timeout(Duration::from_secs(3))
        .operation_timeout(Duration::from_secs(8))
        .build()
}

/// The authorities that AWS's endpoints have their certificates from (<https://www.amazontrust.com/repository/>). To
/// read and parse all those that the system trusts took half of a function's start.
const AMAZON: &str = include_str!("amazon-roots.pem");

/// One pool of connections for all clients, which trusts Amazon's authorities, or those in the file that `SSL_CERT_FILE`
/// names.
pub fn https() -> Result<SharedHttpClient, StartError> {
    let trusted = match optional("SSL_CERT_FILE") {
        Some(_) => TrustStore::default(),
        None => TrustStore::empty().with_pem_certificate(AMAZON),
    };
    let tls = TlsContext::builder().with_trust_store(trusted).build().map_err(|_| StartError::Trust)?;
    Ok(HttpClient::new().tls_provider(Provider::rustls(CryptoMode::Ring)).tls_context(tls).build_https())
}

/// What all clients share: where they are, who they are, one pool of connections. Lambda says the first two in the
/// environment, so nothing is looked for anywhere else; `AWS_ENDPOINT_URL` names another endpoint.
fn shared() -> Result<SdkConfig, StartError> {
    let credentials = Credentials::new(
        variable("AWS_ACCESS_KEY_ID")?,
        variable("AWS_SECRET_ACCESS_KEY")?,
        optional("AWS_SESSION_TOKEN"),
        None,
        "environment",
    );
    let mut sdk = SdkConfig::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new(variable("AWS_REGION")?))
        .credentials_provider(SharedCredentialsProvider::new(credentials))
        .retry_config(RetryConfig::standard().with_max_attempts(3))
        .timeout_config(timeouts())
        .http_client(https()?);
    sdk.set_endpoint_url(optional("AWS_ENDPOINT_URL"));
    Ok(sdk.build())
}

/// What a function is given in the cloud.
pub struct Process {
    sdk: SdkConfig,
    table: String,
    context: Context,
}

impl Process {
    /// Reads `PORTICO_TABLE` (its name), `PORTICO_BASE_URL` (scheme and host of links) and `PORTICO_KEYRING_SECRET` (the
    /// secret that holds the keyring), and opens what they name; `PORTICO_CALLS_OUT` says that there is a number to
    /// call from.
    pub async fn from_environment() -> Result<Self, StartError> {
        let (table, base_url) = (variable("PORTICO_TABLE")?, variable("PORTICO_BASE_URL")?);
        let secret = variable("PORTICO_KEYRING_SECRET")?;
        let sdk = shared()?;
        let secrets = aws_sdk_secretsmanager::Client::new(&sdk);
        let answer =
            secrets.get_secret_value().secret_id(secret).send().await.map_err(|_| StartError::Secret)?;
        let keyring = Keyring::parse(answer.secret_string().ok_or(StartError::Secret)?)?;
        let context = Context {
            clock: Arc::new(SystemClock),
            entropy: Arc::new(OsEntropy),
            keyring: Arc::new(keyring),
            calls: Arc::new(Calls::default()),
            base_url: base_url.trim_end_matches('/').into(),
            calls_out: variable("PORTICO_CALLS_OUT").is_ok_and(|calls| !calls.is_empty()),
        };
        Ok(Self { sdk, table, context })
    }

    /// Clock, entropy, keys, host.
    pub fn context(&self) -> Context {
        self.context.clone()
    }

    /// The table.
    pub fn table(&self) -> Table {
        let client = aws_sdk_dynamodb::Client::new(&self.sdk);
        Table::new(client, &self.table, self.context.clock.clone(), Arc::new(Copies::default()))
    }

    /// The queue of requests; reads `PORTICO_REQUEST_QUEUE_URL`.
    pub fn queue(&self) -> Result<Queue, StartError> {
        Ok(Queue::new(aws_sdk_sqs::Config::new(&self.sdk), &variable("PORTICO_REQUEST_QUEUE_URL")?))
    }

    /// The bus; reads `PORTICO_EVENT_BUS`, its name or ARN.
    pub fn bus(&self) -> Result<EventBus, StartError> {
        Ok(EventBus::new(aws_sdk_eventbridge::Config::new(&self.sdk), &variable("PORTICO_EVENT_BUS")?))
    }

    /// The couriers; reads `PORTICO_FROM_ADDRESS`, and if they are there `PORTICO_CONFIGURATION_SET`,
    /// `PORTICO_TEXT_ORIGINATION`, `PORTICO_VOICE_ORIGINATION` and `PORTICO_SENDERS`, how many processes send at a time.
    pub fn couriers(&self) -> Result<Couriers, StartError> {
        // A provider has no word for «the same message again»: what the SDK tries twice may be sent twice.
        let once = RetryConfig::disabled();
        let ses = aws_sdk_sesv2::config::Builder::from(&self.sdk).retry_config(once.clone()).build();
        let sns = aws_sdk_sns::config::Builder::from(&self.sdk).retry_config(once.clone()).build();
        let voice = aws_sdk_pinpointsmsvoicev2::config::Builder::from(&self.sdk).retry_config(once).build();
        let senders = Senders {
            email: variable("PORTICO_FROM_ADDRESS")?,
            configuration_set: optional("PORTICO_CONFIGURATION_SET"),
            texts: optional("PORTICO_TEXT_ORIGINATION"),
            calls: optional("PORTICO_VOICE_ORIGINATION"),
            at_a_time: optional("PORTICO_SENDERS").and_then(|senders| senders.parse().ok()).unwrap_or(1),
        };
        Ok(Couriers::new(ses, sns, voice, senders))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use aws_sdk_dynamodb::error::SdkError;

    #[tokio::test]
    async fn amazons_authorities_can_be_read() {
        // They are parsed when the first connection is made; that nobody listens there is another matter.
        let config = aws_sdk_dynamodb::Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::from_static("us-east-1"))
            .credentials_provider(Credentials::new("id", "secret", None, None, "test"))
            .endpoint_url("https://127.0.0.1:1")
            .retry_config(RetryConfig::disabled())
            .http_client(https().unwrap());
        let call = aws_sdk_dynamodb::Client::from_conf(config.build()).list_tables().send().await;
        assert!(matches!(call, Err(SdkError::DispatchFailure(_))), "{call:?}");
        assert_eq!(AMAZON.matches("BEGIN CERTIFICATE").count(), 5);
    }
}
