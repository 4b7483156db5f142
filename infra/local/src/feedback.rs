//! Delivery reports of providers for messages captured here, in the formats of SES, SNS and End User
//! Messaging. They arrive as in the cloud: through a queue behind a topic or a rule, or as lines of a log.

use std::io::{self, Write};

use data_encoding::BASE64;
use flate2::Compression;
use flate2::write::GzEncoder;
use portico_domain::time::Timestamp;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::capture::{Capture, Channel, Message};
use crate::ids;
use crate::invoke::Invoker;
use crate::queue::Queues;
use crate::stream::REGION;

/// The logical id, in the template, of the queue for delivery reports.
const QUEUE: &str = "FeedbackQueue";

/// The function that handles reports, and the name of its event for log lines.
const FUNCTION: &str = "track-delivery";

const RECEIPTS: &str = "receipts";

/// The number that people reply to.
const OURS: &str = "+12025550199";

const ACCOUNT: &str = "000000000000";

/// The feedback that a provider shall send.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(untagged, deny_unknown_fields)]
pub enum Feedback {
    /// A delivery report for one message.
    Message {
        /// The message's provider id, as the mailbox shows it.
        message_id: String,
        r#type: Fate,
    },
    /// A reply from a phone number.
    Phone {
        /// E.164.
        phone: String,
        r#type: Reply,
    },
}

/// A message's outcome.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Fate {
    /// It was delivered.
    Delivery,
    /// It was returned for good.
    Bounce,
    /// It was returned for a temporary reason: a full mailbox, a phone that is switched off.
    TransientBounce,
    /// The recipient marked it as spam.
    Complaint,
    /// An automatic reply says that the recipient is away.
    AutoReply,
    /// Delivery takes longer than usual.
    Delay,
    /// It was not sent: the address is on the provider's suppression list.
    Suppressed,
    /// It was not sent: the number has replied STOP.
    OptedOut,
}

/// A reply to a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reply {
    /// STOP: send no more texts.
    Stop,
    /// START: send texts again.
    Start,
}

/// Feedback in the form in which it is delivered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Sent {
    /// The body of a message in the queue.
    Queued(String),
    /// An event with log lines.
    Lines(Value),
}

/// Builds the feedback as the provider would send it at `now`. `None` if there is no such message, or no
/// provider reports this for its channel.
pub fn told(feedback: &Feedback, capture: &Capture, now: Timestamp) -> Option<Sent> {
    match feedback {
        Feedback::Message { message_id, r#type } => {
            let message = capture.message(message_id)?;
            match message.channel {
                Channel::Email => {
                    Some(Sent::Queued(notification(&ses_event(&message, *r#type, now)?, "SesFeedback", now)))
                }
                Channel::Sms => {
                    Some(Sent::Lines(lines(&receipt(&message.id, &message.to, *r#type, now)?, now)))
                }
                Channel::Voice => Some(Sent::Queued(call_event(&message, *r#type, now)?.to_string())),
            }
        }
        Feedback::Phone { phone, r#type } => {
            let word = match r#type {
                Reply::Stop => "STOP",
                Reply::Start => "START",
            };
            let reply = json!({
                "originationNumber": phone,
                "destinationNumber": OURS,
                "messageKeyword": "KEYWORD_000000000000",
                "messageBody": word,
                "inboundMessageId": ids::new(now),
            });
            Some(Sent::Queued(notification(&reply, "TextReplies", now)))
        }
    }
}

/// Delivers the feedback to the queue or to the function.
pub async fn hand_over(sent: Sent, queues: &Queues, invoker: &Invoker) -> io::Result<()> {
    match sent {
        Sent::Queued(body) => queues.send(QUEUE, &body).map(drop),
        Sent::Lines(event) => {
            invoker.call(FUNCTION, RECEIPTS, event).await.map(drop).map_err(io::Error::other)
        }
    }
}

/// SNS's envelope, as a queue that subscribes to a topic receives it.
fn notification(message: &Value, topic: &str, now: Timestamp) -> String {
    json!({
        "Type": "Notification",
        "MessageId": ids::new(now),
        "TopicArn": format!("arn:aws:sns:{REGION}:{ACCOUNT}:{topic}"),
        "Message": message.to_string(),
        "Timestamp": now.to_string(),
        "SignatureVersion": "1",
        "Signature": "local",
        "SigningCertURL": "https://example.com/none.pem",
        "UnsubscribeURL": "https://example.com/none",
    })
    .to_string()
}

/// SES's event about a mail.
fn ses_event(message: &Message, fate: Fate, now: Timestamp) -> Option<Value> {
    let tags: serde_json::Map<String, Value> =
        message.tags.iter().map(|(name, value)| (name.clone(), json!([value]))).collect();
    let mail = json!({
        "timestamp": message.at,
        "source": message.from,
        "sourceArn": format!("arn:aws:ses:{REGION}:{ACCOUNT}:identity/example.com"),
        "sendingAccountId": ACCOUNT,
        "messageId": message.id,
        "destination": [message.to],
        "headersTruncated": false,
        "headers": [{"name": "To", "value": message.to}],
        "commonHeaders": {"to": [message.to], "messageId": message.id},
        "tags": tags,
    });
    let at = now.to_string();
    let recipient = json!([{"emailAddress": message.to}]);
    let bounce = |kind: &str, sub: &str, status: &str| {
        json!({
            "eventType": "Bounce",
            "bounce": {
                "feedbackId": ids::new(now), "bounceType": kind, "bounceSubType": sub, "timestamp": at,
                "bouncedRecipients": [{"emailAddress": message.to, "action": "failed", "status": status}],
                "reportingMTA": "dns; example.com",
            },
        })
    };
    let mut event = match fate {
        Fate::Delivery => json!({
            "eventType": "Delivery",
            "delivery": {
                "timestamp": at, "processingTimeMillis": 11893, "recipients": [message.to],
                "smtpResponse": "250 2.6.0 Message received", "reportingMTA": "example.com",
            },
        }),
        Fate::Bounce => bounce("Permanent", "General", "5.1.1"),
        Fate::TransientBounce => bounce("Transient", "MailboxFull", "4.2.2"),
        Fate::AutoReply => bounce("Transient", "General", "4.0.0"),
        Fate::Suppressed => bounce("Permanent", "OnAccountSuppressionList", "5.1.1"),
        Fate::Complaint => json!({
            "eventType": "Complaint",
            "complaint": {
                "feedbackId": ids::new(now), "complaintSubType": null, "complainedRecipients": recipient,
                "timestamp": at, "complaintFeedbackType": "abuse", "userAgent": "Example/1.0",
            },
        }),
        Fate::Delay => json!({
            "eventType": "DeliveryDelay",
            "deliveryDelay": {
                "timestamp": at, "delayType": "TransientCommunicationFailure", "expirationTime": at,
                "delayedRecipients": [{"emailAddress": message.to, "status": "4.4.1"}],
            },
        }),
        Fate::OptedOut => return None,
    };
    event["mail"] = mail;
    Some(event)
}

/// SNS's receipt for a text.
fn receipt(id: &str, to: &str, fate: Fate, now: Timestamp) -> Option<Value> {
    let (status, response) = match fate {
        Fate::Delivery => ("SUCCESS", "Message has been accepted by phone carrier"),
        Fate::Bounce => ("FAILURE", "Invalid phone number"),
        Fate::TransientBounce | Fate::Delay => ("FAILURE", "Phone is currently unreachable/unavailable"),
        Fate::OptedOut => ("FAILURE", "Phone number is opted out"),
        Fate::Complaint | Fate::AutoReply | Fate::Suppressed => return None,
    };
    let at = now.to_jiff().strftime("%Y-%m-%d %H:%M:%S.%3f").to_string();
    Some(json!({
        "notification": {"messageId": id, "timestamp": at},
        "delivery": {
            "phoneCarrier": "Example Wireless", "mnc": 270, "mcc": 310, "numberOfMessageParts": 1,
            "destination": to, "priceInUSD": 0.00645, "smsType": "Transactional",
            "providerResponse": response, "dwellTimeMs": 599, "dwellTimeMsUntilDeviceAck": 1344,
        },
        "status": status,
    }))
}

/// The receipt for a delivered text with any id, in the form that `track-delivery` receives.
pub fn receipt_of(id: &str, to: &str, now: Timestamp) -> Value {
    lines(&receipt(id, to, Fate::Delivery, now).unwrap_or_default(), now)
}

/// Log lines of SNS, as a subscription filter delivers them.
fn lines(line: &Value, now: Timestamp) -> Value {
    let data = json!({
        "messageType": "DATA_MESSAGE",
        "owner": ACCOUNT,
        "logGroup": format!("sns/{REGION}/{ACCOUNT}/DirectPublishToPhoneNumber"),
        "logStream": ids::new(now),
        "subscriptionFilters": ["receipts"],
        "logEvents": [{"id": ids::new(now), "timestamp": now.millis(), "message": line.to_string()}],
    });
    let mut zipped = GzEncoder::new(Vec::new(), Compression::fast());
    // Writing to memory does not fail.
    zipped.write_all(data.to_string().as_bytes()).ok();
    json!({"awslogs": {"data": BASE64.encode(&zipped.finish().unwrap_or_default())}})
}

/// End User Messaging's event about a call, in EventBridge's envelope.
fn call_event(message: &Message, fate: Fate, now: Timestamp) -> Option<Value> {
    let kind = match fate {
        Fate::Delivery => "VOICE_COMPLETED",
        Fate::Bounce => "VOICE_FAILED",
        Fate::TransientBounce | Fate::Delay => "VOICE_NO_ANSWER",
        Fate::Complaint | Fate::AutoReply | Fate::Suppressed | Fate::OptedOut => return None,
    };
    Some(json!({
        "version": "0",
        "id": ids::new(now),
        "detail-type": "Voice Message Delivery Status Updated",
        "source": "aws.sms-voice",
        "account": ACCOUNT,
        "time": now.to_string(),
        "region": REGION,
        "resources": [],
        "detail": {
            "eventType": kind, "eventVersion": "1.0", "eventTimestamp": now.millis(), "isFinal": true,
            "originationPhoneNumber": message.from, "destinationPhoneNumber": message.to, "isoCountryCode": "US",
            "messageId": message.id, "context": message.tags,
        },
    }))
}
