//! Configurations of the AWS clients that functions get in the local service.

use std::sync::Arc;

use aws_config::SdkConfig;
use aws_sdk_dynamodb::config::{BehaviorVersion, Credentials, Region, SharedCredentialsProvider};
use aws_smithy_types::retry::RetryConfig;
use axum::http::Uri;
use portico_domain::keys::HashCost;

use crate::clock::LocalClock;
use crate::meter::{CallMeter, RoleGuard};
use crate::stream::REGION;
use crate::{engine, queue};

/// What the functions are built from: the clients' configurations, the clock, names and addresses.
#[derive(Clone)]
pub struct Cloud {
    /// For the table: endpoint, credentials, region, the meter. Add timeouts and retries with `to_builder`.
    pub dynamodb: aws_sdk_dynamodb::Config,
    /// For SES, without retries: a retry would send twice.
    pub ses: aws_sdk_sesv2::Config,
    /// For SNS, without retries.
    pub sns: aws_sdk_sns::Config,
    /// For calls, without retries.
    pub voice: aws_sdk_pinpointsmsvoicev2::Config,
    /// For SQS. Add timeouts with `to_builder`.
    pub sqs: aws_sdk_sqs::Config,
    /// For EventBridge. Add timeouts with `to_builder`.
    pub events: aws_sdk_eventbridge::Config,
    /// The URL of SES, SNS and voice.
    pub messaging_url: String,
    pub table: String,
    /// The table of audit events.
    pub audit_table: String,
    /// The clock of all functions.
    pub clock: Arc<LocalClock>,
    /// What hashing a password costs.
    pub hash_cost: HashCost,
    /// What an edge in front of the API shows with each request.
    pub edge_secrets: Arc<[String]>,
    /// Weight of the requests that one address may send in five minutes.
    pub requests_per_address: u32,
    /// What the names of SES's tenants begin with, if each practice is one.
    pub ses_tenants: Option<String>,
    /// The URL of the HTTP API, without a slash at the end.
    pub base_url: String,
    queues_url: String,
}

impl Cloud {
    /// The URL of the queue with this logical id in the template.
    pub fn queue_url(&self, id: &str) -> String {
        queue::url(&self.queues_url, id)
    }
}

/// Where things are that the clients call.
pub(crate) struct Addresses {
    /// The table's engine, or the proxy before it.
    pub(crate) table: String,
    /// SES, SNS, voice and EventBridge.
    pub(crate) messaging: String,
    /// The queues.
    pub(crate) queues: String,
    /// The HTTP API, without a slash at the end.
    pub(crate) base: String,
}

/// What a test may want otherwise than usual.
pub(crate) struct Choices {
    /// What hashing a password costs.
    pub(crate) hash_cost: HashCost,
    /// What the names of SES's tenants begin with, if each practice is one.
    pub(crate) ses_tenants: Option<String>,
    /// What an edge in front of the API shows with each request.
    pub(crate) edge_secrets: Vec<String>,
    /// Weight of the requests that one address may send in five minutes.
    pub(crate) requests_per_address: u32,
}

/// The configurations of all clients: one for what they share, and what each has of its own.
pub(crate) fn cloud(
    addresses: Addresses,
    clock: Arc<LocalClock>,
    choices: Choices,
) -> Result<Cloud, portico_aws::StartError> {
    let credentials = Credentials::new("local", "local", None, None, "portico-local");
    let sdk = SdkConfig::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::from_static(REGION))
        .credentials_provider(SharedCredentialsProvider::new(credentials))
        .build();
    let plain = aws_smithy_http_client::Builder::new().build_http();
    let both_plain = is_plain(&addresses.table) && is_plain(&addresses.messaging);
    let http = if both_plain { plain.clone() } else { portico_aws::https()? };
    // A retry of these would send twice; and each call is held against the function's role.
    macro_rules! messaging {
        ($sdk:ident) => {
            $sdk::config::Builder::from(&sdk)
                .endpoint_url(&addresses.messaging)
                .http_client(http.clone())
                .interceptor(RoleGuard)
        };
    }
    Ok(Cloud {
        dynamodb: aws_sdk_dynamodb::config::Builder::from(&sdk)
            .endpoint_url(&addresses.table)
            .http_client(http.clone())
            .interceptor(CallMeter)
            .build(),
        ses: messaging!(aws_sdk_sesv2).retry_config(RetryConfig::disabled()).build(),
        sns: messaging!(aws_sdk_sns).retry_config(RetryConfig::disabled()).build(),
        voice: messaging!(aws_sdk_pinpointsmsvoicev2).retry_config(RetryConfig::disabled()).build(),
        events: messaging!(aws_sdk_eventbridge).build(),
        sqs: aws_sdk_sqs::config::Builder::from(&sdk)
            .endpoint_url(&addresses.queues)
            .http_client(plain)
            .interceptor(RoleGuard)
            .build(),
        messaging_url: addresses.messaging,
        table: engine::TABLE.to_owned(),
        audit_table: engine::AUDIT_TABLE.to_owned(),
        clock,
        hash_cost: choices.hash_cost,
        edge_secrets: choices.edge_secrets.into(),
        requests_per_address: choices.requests_per_address,
        ses_tenants: choices.ses_tenants,
        base_url: addresses.base,
        queues_url: addresses.queues,
    })
}

fn is_plain(url: &str) -> bool {
    url.parse::<Uri>().is_ok_and(|url| url.scheme_str() == Some("http"))
}
