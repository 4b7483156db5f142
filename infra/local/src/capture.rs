//! The mailbox: stores in order what is sent to SES, SNS, voice and EventBridge, instead of sending it. With
//! a data directory, messages survive a restart.

use std::collections::{BTreeMap, VecDeque};
use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use portico_domain::time::Clock;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::clock::LocalClock;
use crate::files::open_private;
use crate::ids;
use crate::wire::{Failure, SILENCE};

/// The channel of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Channel {
    /// E-mail, by SES.
    Email,
    /// Text message, by SNS.
    Sms,
    /// Voice call, by End User Messaging.
    Voice,
}

/// One message, as its recipient would get it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Message {
    /// The provider's message id.
    pub id: String,
    pub channel: Channel,
    /// The sender's address or number.
    pub from: String,
    /// The recipient's address or number.
    pub to: String,
    /// The subject, for an e-mail.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub subject: Option<String>,
    /// The plain text.
    pub text: String,
    /// The HTML part, for an e-mail.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub html: Option<String>,
    /// The language, from the tag or attribute `language`.
    pub language: String,
    /// The headers that the sender set, of an e-mail.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub headers: BTreeMap<String, String>,
    /// The tenant of SES that an e-mail was sent for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tenant: Option<String>,
    /// When it was sent, in RFC 3339.
    pub at: String,
    /// SES's tags, SNS's attributes or a call's context: providers repeat them in their delivery reports.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub tags: BTreeMap<String, String>,
}

/// The messages captured so far.
#[derive(Clone)]
pub struct Capture {
    state: Arc<Mutex<Captured>>,
    clock: Arc<LocalClock>,
}

#[derive(Default)]
struct Captured {
    messages: Vec<Message>,
    file: Option<File>,
    failures: BTreeMap<Channel, VecDeque<Failure>>,
    events: Vec<Value>,
    lost_events: usize,
    quota: SendingQuota,
}

/// The account's sending quota, as SES reports it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SendingQuota {
    /// Whether the account may send at all.
    pub enabled: bool,
    /// Mails per second.
    pub a_second: f64,
    /// Mails per 24 hours; -1 means no limit.
    pub a_day: f64,
    /// Mails in the last 24 hours.
    pub sent: f64,
}

impl Default for SendingQuota {
    /// A quota so large that nothing here ever waits for it.
    fn default() -> Self {
        Self { enabled: true, a_second: 10_000.0, a_day: -1.0, sent: 0.0 }
    }
}

/// A message before it has an id and a time.
#[derive(Default)]
pub(crate) struct Draft {
    pub(crate) from: String,
    pub(crate) to: String,
    pub(crate) subject: Option<String>,
    pub(crate) text: String,
    pub(crate) html: Option<String>,
    pub(crate) headers: BTreeMap<String, String>,
    pub(crate) tenant: Option<String>,
    pub(crate) tags: BTreeMap<String, String>,
}

impl Capture {
    /// Opens the mailbox. It is stored in `data/messages.ndjson` if there is a data directory, otherwise
    /// in memory.
    pub fn open(data: Option<&Path>, clock: Arc<LocalClock>) -> io::Result<Self> {
        let mut captured = Captured::default();
        if let Some(path) = data.map(|dir| dir.join("messages.ndjson")) {
            let file = open_private(&path, OpenOptions::new().create(true).append(true).read(true))?;
            let text = std::fs::read_to_string(&path)?;
            // A line that a crash cut off was never confirmed to its sender, so it may be dropped.
            captured.messages = text.lines().filter_map(|line| serde_json::from_str(line).ok()).collect();
            captured.file = Some(file);
            if !text.is_empty() && !text.ends_with('\n') {
                captured.append("\n")?;
            }
        }
        Ok(Self { state: Arc::new(Mutex::new(captured)), clock })
    }

    /// The messages in the order of sending: only those to `to`, if given, and only those after the id
    /// `after`, if given.
    pub fn messages(&self, to: Option<&str>, after: Option<&str>) -> Vec<Message> {
        let captured = self.lock();
        let seen = after.and_then(|id| captured.messages.iter().position(|message| message.id == id));
        let new = captured.messages.iter().skip(seen.map_or(0, |position| position + 1));
        new.filter(|message| to.is_none_or(|to| message.to.eq_ignore_ascii_case(to))).cloned().collect()
    }

    /// The message with this id.
    pub fn message(&self, id: &str) -> Option<Message> {
        self.lock().messages.iter().find(|message| message.id == id).cloned()
    }

    /// Deletes all messages.
    pub fn clear(&self) -> io::Result<()> {
        let mut captured = self.lock();
        captured.messages.clear();
        captured.file.as_ref().map_or(Ok(()), |file| file.set_len(0))
    }

    /// Makes the next `times` messages of this channel fail with `failure`, after failures that were
    /// set before.
    pub fn fail_next(&self, channel: Channel, failure: Failure, times: usize) {
        let mut captured = self.lock();
        captured.failures.entry(channel).or_default().extend(std::iter::repeat_n(failure, times));
    }

    /// The events sent to EventBridge, in order: `Source`, `DetailType`, `Detail` as JSON, `Time`.
    pub fn events(&self) -> Vec<Value> {
        self.lock().events.clone()
    }

    /// Makes the bus refuse the next `times` events.
    pub fn lose_events(&self, times: usize) {
        self.lock().lost_events += times;
    }

    /// The sending quota that SES reports now.
    pub(crate) fn quota(&self) -> SendingQuota {
        self.lock().quota
    }

    /// Stores one event of the bus and returns its id. `None` if a test ordered to refuse it.
    pub(crate) fn keep_event(&self, entry: &Value, detail: &Value) -> Option<String> {
        let mut captured = self.lock();
        if captured.lost_events > 0 {
            captured.lost_events -= 1;
            return None;
        }
        let id = ids::new(self.clock.now());
        captured.events.push(json!({
            "id": id,
            "source": entry["Source"],
            "detail-type": entry["DetailType"],
            "bus": entry["EventBusName"],
            "detail": detail,
        }));
        Some(id)
    }

    /// Sets the sending quota that SES reports from now on.
    pub fn set_quota(&self, quota: SendingQuota) {
        self.lock().quota = quota;
    }

    /// Stores the message, or fails as `fail_next` ordered.
    pub(crate) async fn accept(&self, channel: Channel, draft: Draft) -> Result<String, Failure> {
        let failure = self.lock().failures.get_mut(&channel).and_then(VecDeque::pop_front);
        match failure {
            None => self.keep(channel, draft).map_err(|_| Failure::ServerError),
            Some(Failure::SilentAfterAccept) => {
                let kept = self.keep(channel, draft);
                tokio::time::sleep(SILENCE).await;
                kept.map_err(|_| Failure::ServerError)
            }
            Some(failure) => Err(failure),
        }
    }

    fn keep(&self, channel: Channel, draft: Draft) -> io::Result<String> {
        let now = self.clock.now();
        let message = Message {
            id: ids::new(now),
            channel,
            from: draft.from,
            to: draft.to,
            subject: draft.subject,
            text: draft.text,
            html: draft.html,
            headers: draft.headers,
            tenant: draft.tenant,
            language: draft.tags.get("language").cloned().unwrap_or_else(|| "en".to_owned()),
            at: now.to_string(),
            tags: draft.tags,
        };
        let id = message.id.clone();
        let mut captured = self.lock();
        captured.append(&format!("{}\n", serde_json::to_string(&message)?))?;
        captured.messages.push(message);
        Ok(id)
    }

    fn lock(&self) -> MutexGuard<'_, Captured> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Captured {
    fn append(&mut self, line: &str) -> io::Result<()> {
        self.file.as_mut().map_or(Ok(()), |file| file.write_all(line.as_bytes()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::endpoint::words;
    use aws_sdk_sesv2::types::{Body, Content, Destination, EmailContent, MessageTag};
    use aws_sdk_sns::types::MessageAttributeValue;
    use portico_aws::{Couriers, Senders};
    use portico_domain::model::ids::MessageId;
    use portico_domain::ports::{Courier, Handed, VoiceOut};

    fn part(text: &str) -> Content {
        Content::builder().data(text).charset("UTF-8").build().unwrap()
    }

    async fn send(client: &aws_sdk_sesv2::Client) -> Result<String, aws_sdk_sesv2::Error> {
        let body = Body::builder().text(part("Hola, Inés")).html(part("<p>Hola</p>")).build();
        let message = aws_sdk_sesv2::types::Message::builder().subject(part("Invitación")).body(body).build();
        let sent = client
            .send_email()
            .from_email_address("Clinic <no-reply@example.com>")
            .destination(Destination::builder().to_addresses("ines@example.com").build())
            .content(EmailContent::builder().simple(message).build())
            .email_tags(MessageTag::builder().name("language").value("es").build().unwrap())
            .send()
            .await?;
        Ok(sent.message_id.unwrap())
    }

    #[tokio::test]
    async fn the_ses_client_sends_an_email() {
        let running = crate::service::tests::empty().await;
        let id = send(&running.ses()).await.unwrap();
        let messages = running.capture.messages(Some("INES@example.com"), None);
        let [message] = messages.as_slice() else { panic!("{messages:?}") };
        assert_eq!((message.id.as_str(), message.language.as_str()), (id.as_str(), "es"));
        assert_eq!((message.subject.as_deref(), message.text.as_str()), (Some("Invitación"), "Hola, Inés"));
        assert_eq!(message.html.as_deref(), Some("<p>Hola</p>"));
        assert!(running.capture.messages(None, Some(&id)).is_empty());
    }

    #[tokio::test]
    async fn the_sns_client_sends_a_text() {
        let running = crate::service::tests::empty().await;
        let language =
            MessageAttributeValue::builder().data_type("String").string_value("es").build().unwrap();
        let publish = running.sns().publish().phone_number("+12025550101").message("Código: 1 & <2>");
        let sent = publish.message_attributes("language", language).send().await.unwrap();
        let message = running.capture.message(&sent.message_id.unwrap()).unwrap();
        assert_eq!((message.channel, message.to.as_str()), (Channel::Sms, "+12025550101"));
        assert_eq!((message.text.as_str(), message.language.as_str()), ("Código: 1 & <2>", "es"));
    }

    #[tokio::test]
    async fn the_voice_courier_makes_a_call() {
        let running = crate::service::tests::empty().await;
        let calls = |from: Option<&str>| {
            let senders = Senders {
                email: "x@example.com".into(),
                configuration_set: None,
                tenants: None,
                texts: None,
                calls: from.map(str::to_owned),
                at_a_time: 1,
            };
            let cloud = &running.cloud;
            Couriers::new(cloud.ses.clone(), cloud.sns.clone(), cloud.voice.clone(), senders)
        };
        let message = MessageId::new(&*running.clock, &portico_aws::OsEntropy);
        let out =
            |ssml: &str| VoiceOut { to: "+12025550101".into(), ssml: ssml.into(), message, language: "es" };
        let ssml = "<speak><p>Clínica &amp; Asociados.</p><p>Su código es <say-as interpret-as=\"digits\">123456</say-as>.\
                    <break time=\"1s\"/>Adiós.</p></speak>";
        let couriers = calls(Some("+12025550100"));
        let Handed::Accepted(id) = couriers.voice(out(ssml)).await else { panic!("not accepted") };
        let kept = running.capture.message(&id).unwrap();
        assert_eq!(kept.text, "Clínica & Asociados. Su código es 123456. Adiós.");
        assert_eq!((kept.channel, kept.language.as_str()), (Channel::Voice, "es"));
        assert_eq!((kept.from.as_str(), kept.to.as_str()), ("+12025550100", "+12025550101"));
        assert_eq!(kept.tags["message"], message.to_string());

        assert!(matches!(couriers.voice(out("no markup")).await, Handed::Rejected));
        assert!(matches!(calls(None).voice(out(ssml)).await, Handed::Rejected));
        running.capture.fail_next(Channel::Voice, Failure::Throttled, 1);
        assert!(matches!(couriers.voice(out(ssml)).await, Handed::Busy(_)));
        assert_eq!(running.capture.messages(None, None).len(), 1);
    }

    #[test]
    fn what_is_not_ssml_says_nothing() {
        for wrong in ["", "Hello.", "<speak>Hello.", "<speak>You & me.</speak>", "<speak>1 < 2</speak>"] {
            assert_eq!(words(wrong), None, "{wrong}");
        }
        assert_eq!(words("<speak>You &#38; me.<break/></speak>").unwrap(), "You & me.");
    }

    #[tokio::test]
    async fn ordered_failures_reach_the_real_clients_as_their_own_errors() {
        let running = crate::service::tests::empty().await;
        running.capture.fail_next(Channel::Email, Failure::Throttled, 1);
        running.capture.fail_next(Channel::Email, Failure::Rejected, 1);
        running.capture.fail_next(Channel::Sms, Failure::Throttled, 1);
        assert!(matches!(send(&running.ses()).await, Err(aws_sdk_sesv2::Error::TooManyRequestsException(_))));
        assert!(matches!(send(&running.ses()).await, Err(aws_sdk_sesv2::Error::MessageRejected(_))));
        let publish = running.sns().publish().phone_number("+12025550101").message("x").send().await;
        let error = publish.unwrap_err().into_service_error();
        assert_eq!(aws_sdk_sns::error::ProvideErrorMetadata::code(&error), Some("Throttling"));
        assert!(running.capture.messages(None, None).is_empty());
        send(&running.ses()).await.unwrap();
    }

    #[test]
    fn a_restart_keeps_the_messages_but_for_a_line_cut_short() {
        let folder = tempfile::tempdir().unwrap();
        let dir = folder.path();
        let open = || Capture::open(Some(dir), Arc::default()).unwrap();
        let draft = || Draft { to: "a@example.com".into(), text: "x".into(), ..Draft::default() };
        let first = open();
        first.keep(Channel::Email, draft()).unwrap();
        first.lock().append("{\"id\": \"cut sh").unwrap();
        let second = open();
        second.keep(Channel::Email, draft()).unwrap();
        assert_eq!(open().messages(None, None), second.messages(None, None));
        assert_eq!(open().messages(None, None).len(), 2);
        second.clear().unwrap();
        assert!(open().messages(None, None).is_empty());
    }
}
