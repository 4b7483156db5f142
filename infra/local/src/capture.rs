//! Stands in for SES v2, SNS, End User Messaging voice and EventBridge: speaks their wire formats to the real SDK clients
//! and keeps what it was handed, in order, instead of sending it. With a data directory, a restart keeps messages too.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use axum::Router;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use portico_domain::time::Clock;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::clock::LocalClock;
use crate::ids;
use crate::queue::Queues;

/// Longer than any client waits for an answer.
pub(crate) const SILENCE: Duration = Duration::from_secs(90);

/// How a message travels.
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

/// What a provider does instead of accepting a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Failure {
    /// Refuses for now: too many requests.
    Throttled,
    /// Refuses for good: the address or the request is wrong.
    Rejected,
    /// Answers 500 and has sent nothing.
    ServerError,
    /// Accepts the message and never answers.
    SilentAfterAccept,
}

/// One message, as its recipient would get it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Message {
    /// The provider's message id.
    pub id: String,
    /// How it travelled.
    pub channel: Channel,
    /// Who sent it.
    pub from: String,
    /// To whom.
    pub to: String,
    /// An e-mail's subject.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub subject: Option<String>,
    /// What it says.
    pub text: String,
    /// What it says, in HTML.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub html: Option<String>,
    /// Its language, from the tag or attribute `language`.
    pub language: String,
    /// When it was handed over, in RFC 3339.
    pub at: String,
    /// SES's tags, SNS's attributes, a call's context: what comes back with the provider's feedback.
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

/// What SES says of the account: how much mail it may send.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SendingQuota {
    /// Whether it may send at all.
    pub enabled: bool,
    /// Mails a second.
    pub a_second: f64,
    /// Mails in 24 hours.
    pub a_day: f64,
    /// Mails in the last 24 hours.
    pub sent: f64,
}

impl Default for SendingQuota {
    /// Enough that nothing here ever waits.
    fn default() -> Self {
        Self { enabled: true, a_second: 10_000.0, a_day: -1.0, sent: 0.0 }
    }
}

/// A message before it has an id and a time.
#[derive(Default)]
struct Draft {
    from: String,
    to: String,
    subject: Option<String>,
    text: String,
    html: Option<String>,
    tags: BTreeMap<String, String>,
}

impl Capture {
    /// Kept in `data/messages.ndjson` if there is a data directory, in memory otherwise.
    pub fn open(data: Option<&Path>, clock: Arc<LocalClock>) -> io::Result<Self> {
        let mut captured = Captured::default();
        if let Some(path) = data.map(|dir| dir.join("messages.ndjson")) {
            let file = OpenOptions::new().create(true).append(true).read(true).open(&path)?;
            let text = std::fs::read_to_string(&path)?;
            // A line that a crash cut short was never answered for.
            captured.messages = text.lines().filter_map(|line| serde_json::from_str(line).ok()).collect();
            captured.file = Some(file);
            if !text.is_empty() && !text.ends_with('\n') {
                captured.append("\n")?;
            }
        }
        Ok(Self { state: Arc::new(Mutex::new(captured)), clock })
    }

    /// Messages in order of sending: those to `to` (all, without it) after the one with the id `after`.
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

    /// Forgets every message.
    pub fn clear(&self) -> io::Result<()> {
        let mut captured = self.lock();
        captured.messages.clear();
        captured.file.as_ref().map_or(Ok(()), |file| file.set_len(0))
    }

    /// The next `times` messages of this channel meet `failure`; earlier orders come first.
    pub fn fail_next(&self, channel: Channel, failure: Failure, times: usize) {
        let mut captured = self.lock();
        captured.failures.entry(channel).or_default().extend(std::iter::repeat_n(failure, times));
    }

    /// What EventBridge was handed, in order: `Source`, `DetailType`, `Detail` as JSON, `Time`.
    pub fn events(&self) -> Vec<Value> {
        self.lock().events.clone()
    }

    /// The next `times` events are refused.
    pub fn lose_events(&self, times: usize) {
        self.lock().lost_events += times;
    }

    /// What SES says from now on of how much may be sent.
    pub fn set_quota(&self, quota: SendingQuota) {
        self.lock().quota = quota;
    }

    /// The endpoint for all of these services, and for the queues.
    pub fn router(&self, queues: &Queues) -> Router {
        Router::new()
            .route("/v2/email/outbound-emails", post(send_email))
            .route("/v2/email/account", get(account))
            .with_state(self.clone())
            .route("/", post(at_the_root))
            .with_state((self.clone(), queues.clone()))
    }

    /// Keeps the message, or does what was ordered with `fail_next`.
    async fn accept(&self, channel: Channel, draft: Draft) -> Result<String, Failure> {
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

// --- SES v2 ---

/// `SendEmail`.
async fn send_email(State(capture): State<Capture>, body: String) -> Response {
    let Some(draft) = serde_json::from_str::<Value>(&body).ok().as_ref().and_then(email) else {
        return ses_error(Failure::Rejected);
    };
    match capture.accept(Channel::Email, draft).await {
        Ok(id) => axum::Json(json!({"MessageId": id})).into_response(),
        Err(failure) => ses_error(failure),
    }
}

fn email(request: &Value) -> Option<Draft> {
    let simple = &request["Content"]["Simple"];
    let recipients: Vec<&str> =
        request["Destination"]["ToAddresses"].as_array()?.iter().filter_map(Value::as_str).collect();
    let tags = request["EmailTags"].as_array().into_iter().flatten();
    Some(Draft {
        from: request["FromEmailAddress"].as_str()?.to_owned(),
        to: recipients.join(", "),
        subject: Some(simple["Subject"]["Data"].as_str()?.to_owned()),
        text: simple["Body"]["Text"]["Data"].as_str().unwrap_or_default().to_owned(),
        html: simple["Body"]["Html"]["Data"].as_str().map(str::to_owned),
        tags: tags
            .filter_map(|tag| Some((tag["Name"].as_str()?.to_owned(), tag["Value"].as_str()?.to_owned())))
            .collect(),
    })
}

fn ses_error(failure: Failure) -> Response {
    let (status, kind) = match failure {
        Failure::Throttled => (StatusCode::TOO_MANY_REQUESTS, "TooManyRequestsException"),
        Failure::Rejected => (StatusCode::BAD_REQUEST, "MessageRejected"),
        Failure::ServerError | Failure::SilentAfterAccept => {
            (StatusCode::INTERNAL_SERVER_ERROR, "InternalServiceErrorException")
        }
    };
    (status, [("x-amzn-errortype", kind)], axum::Json(json!({"message": kind}))).into_response()
}

/// `GetAccount`.
async fn account(State(capture): State<Capture>) -> Response {
    let quota = capture.lock().quota;
    axum::Json(json!({
        "SendingEnabled": quota.enabled,
        "ProductionAccessEnabled": true,
        "SendQuota": {"Max24HourSend": quota.a_day, "MaxSendRate": quota.a_second, "SentLast24Hours": quota.sent},
    }))
    .into_response()
}

// --- SNS, voice, SQS and EventBridge share a path ---

async fn at_the_root(
    State((capture, queues)): State<(Capture, Queues)>,
    headers: HeaderMap,
    body: String,
) -> Response {
    match headers.get("x-amz-target").and_then(|target| target.to_str().ok()) {
        Some("PinpointSMSVoiceV2.SendVoiceMessage") => call(&capture, &body).await,
        Some("AmazonSQS.SendMessage") => queues.send_message(&body).await,
        Some("AWSEvents.PutEvents") => put_events(&capture, &body),
        Some(_) => voice_error(Failure::Rejected),
        None => publish(&capture, &body).await,
    }
}

/// SNS's `Publish` to a phone number.
async fn publish(capture: &Capture, body: &str) -> Response {
    let form: HashMap<String, String> = form_urlencoded::parse(body.as_bytes()).into_owned().collect();
    let Some(draft) = text_message(&form) else { return sns_error(Failure::Rejected) };
    match capture.accept(Channel::Sms, draft).await {
        Ok(id) => xml(StatusCode::OK, &published(&id)),
        Err(failure) => sns_error(failure),
    }
}

fn text_message(form: &HashMap<String, String>) -> Option<Draft> {
    if form.get("Action").map(String::as_str) != Some("Publish") {
        return None;
    }
    let mut tags = BTreeMap::new();
    for number in 1.. {
        let field = |name: &str| form.get(&format!("MessageAttributes.entry.{number}.{name}")).cloned();
        let Some(name) = field("Name") else { break };
        tags.insert(name, field("Value.StringValue").unwrap_or_default());
    }
    let sender = tags.get("AWS.MM.SMS.OriginationNumber").or_else(|| tags.get("AWS.SNS.SMS.SenderID"));
    Some(Draft {
        from: sender.cloned().unwrap_or_else(|| "SNS".to_owned()),
        to: form.get("PhoneNumber")?.clone(),
        text: form.get("Message")?.clone(),
        tags,
        ..Draft::default()
    })
}

fn published(id: &str) -> String {
    format!(
        "<PublishResponse xmlns=\"http://sns.amazonaws.com/doc/2010-03-31/\"><PublishResult><MessageId>{id}</MessageId>\
         </PublishResult><ResponseMetadata><RequestId>{id}</RequestId></ResponseMetadata></PublishResponse>"
    )
}

fn sns_error(failure: Failure) -> Response {
    let (status, side, code) = match failure {
        Failure::Throttled => (StatusCode::BAD_REQUEST, "Sender", "Throttling"),
        Failure::Rejected => (StatusCode::BAD_REQUEST, "Sender", "InvalidParameter"),
        Failure::ServerError | Failure::SilentAfterAccept => {
            (StatusCode::INTERNAL_SERVER_ERROR, "Receiver", "InternalError")
        }
    };
    let error = format!(
        "<ErrorResponse xmlns=\"http://sns.amazonaws.com/doc/2010-03-31/\"><Error><Type>{side}</Type><Code>{code}</Code>\
         <Message>{code}</Message></Error><RequestId>local</RequestId></ErrorResponse>"
    );
    xml(status, &error)
}

fn xml(status: StatusCode, body: &str) -> Response {
    (status, [("content-type", "text/xml")], body.to_owned()).into_response()
}

/// End User Messaging's `SendVoiceMessage`.
async fn call(capture: &Capture, body: &str) -> Response {
    let Some(draft) = serde_json::from_str::<Value>(body).ok().as_ref().and_then(spoken) else {
        return voice_error(Failure::Rejected);
    };
    match capture.accept(Channel::Voice, draft).await {
        Ok(id) => json_1_0(StatusCode::OK, &json!({"MessageId": id})),
        Err(failure) => voice_error(failure),
    }
}

fn spoken(request: &Value) -> Option<Draft> {
    let context = request["Context"].as_object().into_iter().flatten();
    let body = request["MessageBody"].as_str()?;
    let (text, longest) = match request["MessageBodyTextType"].as_str() {
        Some("SSML") => (words(body)?, 6000),
        Some("TEXT") | None => (body.to_owned(), 3000),
        Some(_) => return None,
    };
    if body.chars().count() > longest {
        return None;
    }
    Some(Draft {
        from: request["OriginationIdentity"].as_str()?.to_owned(),
        to: request["DestinationPhoneNumber"].as_str()?.to_owned(),
        text,
        tags: context.filter_map(|(name, value)| Some((name.clone(), value.as_str()?.to_owned()))).collect(),
        ..Draft::default()
    })
}

/// The words in SSML, as they are heard; nothing if it is none.
fn words(ssml: &str) -> Option<String> {
    let mut rest = ssml.trim();
    if !rest.starts_with("<speak") || !rest.ends_with("</speak>") {
        return None;
    }
    let mut words = String::new();
    while let Some((before, after)) = rest.split_once('<') {
        words.push_str(&plain(before)?);
        let (tag, after) = after.split_once('>').filter(|(tag, _)| !tag.contains('<'))?;
        let name = tag.trim_start_matches('/').split([' ', '/']).next()?;
        if ["break", "p", "s"].contains(&name) {
            words.push(' ');
        }
        rest = after;
    }
    Some(words.split_whitespace().collect::<Vec<_>>().join(" "))
}

/// XML's text without its escapes; nothing if one of them is none.
fn plain(xml: &str) -> Option<String> {
    let mut parts = xml.split('&');
    let mut text = parts.next()?.to_owned();
    for part in parts {
        let (name, after) = part.split_once(';')?;
        text.push(match name {
            "amp" => '&',
            "lt" => '<',
            "gt" => '>',
            "quot" => '"',
            "apos" => '\'',
            number => char::from_u32(number.strip_prefix('#')?.parse().ok()?)?,
        });
        text.push_str(after);
    }
    Some(text)
}

/// EventBridge's `PutEvents`.
fn put_events(capture: &Capture, body: &str) -> Response {
    let request: Value = serde_json::from_str(body).unwrap_or_default();
    let Some(entries) = request["Entries"].as_array().filter(|entries| (1..=10).contains(&entries.len()))
    else {
        let refused = json!({"__type": "ValidationException", "message": "one to ten entries"});
        return json_1_1(StatusCode::BAD_REQUEST, &refused);
    };
    let mut captured = capture.lock();
    let results: Vec<Value> = entries
        .iter()
        .map(|entry| {
            let detail =
                entry["Detail"].as_str().and_then(|detail| serde_json::from_str::<Value>(detail).ok());
            let Some(detail) = detail.filter(Value::is_object) else {
                return json!({"ErrorCode": "MalformedDetail", "ErrorMessage": "Detail is malformed."});
            };
            if captured.lost_events > 0 {
                captured.lost_events -= 1;
                return json!({"ErrorCode": "InternalFailure", "ErrorMessage": "ordered by a test"});
            }
            let id = ids::new(capture.clock.now());
            captured.events.push(json!({
                "id": id,
                "source": entry["Source"],
                "detail-type": entry["DetailType"],
                "bus": entry["EventBusName"],
                "detail": detail,
            }));
            json!({"EventId": id})
        })
        .collect();
    let failed = results.iter().filter(|result| result.get("ErrorCode").is_some()).count();
    json_1_1(StatusCode::OK, &json!({"FailedEntryCount": failed, "Entries": results}))
}

fn json_1_1(status: StatusCode, body: &Value) -> Response {
    (status, [("content-type", "application/x-amz-json-1.1")], body.to_string()).into_response()
}

fn voice_error(failure: Failure) -> Response {
    let (status, kind) = match failure {
        Failure::Throttled => (StatusCode::BAD_REQUEST, "ThrottlingException"),
        Failure::Rejected => (StatusCode::BAD_REQUEST, "ValidationException"),
        Failure::ServerError | Failure::SilentAfterAccept => {
            (StatusCode::INTERNAL_SERVER_ERROR, "InternalServerException")
        }
    };
    json_1_0(status, &json!({"__type": kind, "Message": kind}))
}

pub(crate) fn json_1_0(status: StatusCode, body: &Value) -> Response {
    (status, [("content-type", "application/x-amz-json-1.0")], body.to_string()).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;
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
        let running = crate::tests::empty().await;
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
        let running = crate::tests::empty().await;
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
        let running = crate::tests::empty().await;
        let calls = |from: Option<&str>| {
            let senders = Senders {
                email: "x@example.com".into(),
                configuration_set: None,
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
        assert!(matches!(couriers.voice(out(ssml)).await, Handed::Later));
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
        let running = crate::tests::empty().await;
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
        let dir = crate::scratch_dir("capture");
        let open = || Capture::open(Some(&dir), Arc::default()).unwrap();
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
