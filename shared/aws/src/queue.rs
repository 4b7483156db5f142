//! SQS as the queue of requests, and of pages of automatic invitations.

use aws_sdk_sqs::error::ProvideErrorMetadata;
use portico_domain::model::refusal::PortError;
use portico_domain::ports::Enqueue;

/// A queue behind an SQS client.
#[derive(Clone)]
pub struct Queue {
    sqs: aws_sdk_sqs::Client,
    url: String,
}

impl Queue {
    /// The queue at this URL. The client may try again: its reader must take the same message twice anyway, since SQS
    /// itself delivers at least once.
    pub fn new(sqs: aws_sdk_sqs::Config, url: &str) -> Self {
        Self { sqs: aws_sdk_sqs::Client::from_conf(sqs), url: url.to_owned() }
    }
}

impl Enqueue for Queue {
    async fn send(&self, sealed: &str) -> Result<(), PortError> {
        let call = self.sqs.send_message().queue_url(&self.url).message_body(sealed);
        match call.send().await {
            Ok(_) => Ok(()),
            Err(error) => {
                let code = error.code().unwrap_or("none");
                tracing::warn!(provider = "sqs", error.code = code, "message not queued");
                Err(PortError::Unavailable)
            }
        }
    }
}
