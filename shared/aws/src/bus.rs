//! EventBridge as the bus on which others are told.

use aws_sdk_eventbridge::error::ProvideErrorMetadata;
use aws_sdk_eventbridge::types::PutEventsRequestEntry;
use portico_domain::model::announcement::Announcement;
use portico_domain::model::refusal::PortError;
use portico_domain::ports::Bus;

/// What announcements come from: rules of subscribers match on it.
const SOURCE: &str = "portico";

/// A bus behind an EventBridge client.
#[derive(Clone)]
pub struct EventBus {
    client: aws_sdk_eventbridge::Client,
    name: String,
}

impl EventBus {
    /// The bus of this name or ARN. The client may try again: an announcement has an id by which its readers know it.
    pub fn new(config: aws_sdk_eventbridge::Config, name: &str) -> Self {
        Self { client: aws_sdk_eventbridge::Client::from_conf(config), name: name.to_owned() }
    }

    fn entry(&self, announcement: &Announcement) -> Option<PutEventsRequestEntry> {
        let at = aws_sdk_eventbridge::primitives::DateTime::from_millis(announcement.at.millis());
        let entry = PutEventsRequestEntry::builder().source(SOURCE).detail_type(announcement.name).time(at);
        Some(entry.detail(serde_json::to_string(announcement).ok()?).event_bus_name(&self.name).build())
    }
}

impl Bus for EventBus {
    async fn announce(&self, announcements: &[Announcement]) -> Result<Vec<usize>, PortError> {
        let entries: Option<Vec<_>> = announcements.iter().map(|one| self.entry(one)).collect();
        let call = self.client.put_events().set_entries(entries);
        let answer = call.send().await.map_err(|error| {
            let code = error.code().unwrap_or("none");
            tracing::warn!(provider = "eventbridge", error.code = code, "events not taken");
            PortError::Unavailable
        })?;
        // The answer has an entry for each that was sent, in their order.
        let lost = answer.entries().iter().enumerate().filter(|(_, entry)| entry.error_code().is_some());
        Ok(lost
            .map(|(place, entry)| {
                let code = entry.error_code();
                tracing::warn!(provider = "eventbridge", error.code = code, "events not taken");
                place
            })
            .collect())
    }
}
