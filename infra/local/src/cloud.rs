//! Configurations of the AWS clients that functions get in the local service.

use std::sync::Arc;

use aws_sdk_dynamodb::config::{BehaviorVersion, Credentials, Region};
use aws_smithy_types::retry::RetryConfig;
use axum::http::Uri;

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
    /// The clock of all functions.
    pub clock: Arc<LocalClock>,
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

pub(crate) fn cloud(
    table_url: &str,
    messaging_url: String,
    queues_url: &str,
    base_url: &str,
    clock: Arc<LocalClock>,
) -> Result<Cloud, portico_aws::StartError> {
    let credentials = Credentials::new("local", "local", None, None, "portico-local");
    let version = BehaviorVersion::latest();
    let region = Region::from_static(REGION);
    let mut events = aws_sdk_eventbridge::Config::builder()
        .interceptor(RoleGuard)
        .behavior_version(version)
        .region(region.clone())
        .credentials_provider(credentials.clone())
        .endpoint_url(&messaging_url);
    let mut dynamodb = aws_sdk_dynamodb::Config::builder()
        .behavior_version(version)
        .region(region.clone())
        .credentials_provider(credentials.clone())
        .endpoint_url(table_url)
        .interceptor(CallMeter);
    let mut ses = aws_sdk_sesv2::Config::builder()
        .interceptor(RoleGuard)
        .behavior_version(version)
        .region(region.clone())
        .credentials_provider(credentials.clone())
        .endpoint_url(&messaging_url)
        .retry_config(RetryConfig::disabled());
    let mut sns = aws_sdk_sns::Config::builder()
        .interceptor(RoleGuard)
        .behavior_version(version)
        .region(region.clone())
        .credentials_provider(credentials.clone())
        .endpoint_url(&messaging_url)
        .retry_config(RetryConfig::disabled());
    let mut voice = aws_sdk_pinpointsmsvoicev2::Config::builder()
        .interceptor(RoleGuard)
        .behavior_version(version)
        .region(region.clone())
        .credentials_provider(credentials.clone())
        .endpoint_url(&messaging_url)
        .retry_config(RetryConfig::disabled());
    let plain = aws_smithy_http_client::Builder::new().build_http();
    let sqs = aws_sdk_sqs::Config::builder()
        .interceptor(RoleGuard)
        .behavior_version(version)
        .region(region)
        .credentials_provider(credentials)
        .endpoint_url(queues_url)
        .http_client(plain.clone());
    let both_plain = is_plain(table_url) && is_plain(&messaging_url);
    let http = if both_plain { plain } else { portico_aws::https()? };
    dynamodb.set_http_client(Some(http.clone()));
    ses.set_http_client(Some(http.clone()));
    sns.set_http_client(Some(http.clone()));
    voice.set_http_client(Some(http.clone()));
    events.set_http_client(Some(http));
    Ok(Cloud {
        dynamodb: dynamodb.build(),
        ses: ses.build(),
        sns: sns.build(),
        voice: voice.build(),
        sqs: sqs.build(),
        events: events.build(),
        messaging_url,
        table: engine::TABLE.to_owned(),
        clock,
        base_url: base_url.to_owned(),
        queues_url: queues_url.to_owned(),
    })
}

fn is_plain(url: &str) -> bool {
    url.parse::<Uri>().is_ok_and(|url| url.scheme_str() == Some("http"))
}
