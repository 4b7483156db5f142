//! The providers' own formats. Fields that we don't need are ignored, because providers add fields from time
//! to time.

use std::collections::BTreeMap;

use portico_domain::model::delivery::Trouble;
use portico_domain::model::ids::MessageId;
use portico_domain::model::person::Phone;
use portico_domain::model::text_reply::{Heard, Said, Word};
use portico_domain::operations::background::track_delivery::{Outcome, Report};
use portico_domain::ports::Named;
use portico_domain::time::Timestamp;
use serde::Deserialize;
use serde_json::Value;

/// The meaning of one piece of feedback.
#[derive(Debug, PartialEq, Eq)]
pub enum News {
    /// A report about a message.
    Report(Report),
    /// A reply with STOP or START.
    Said(Said),
    /// A reply with other words.
    Heard(Heard),
    /// Nothing to do: an event that we don't need, or a reply without words.
    Nothing,
}

/// Why feedback can't be read. Contains nothing of the feedback.
pub type Unreadable = &'static str;

/// Parses the body of a queue's message: SNS's envelope around an SES event or a reply to a text, or
/// EventBridge's envelope around an event of a call.
pub fn queued(body: &str) -> Result<News, Unreadable> {
    let body: Value = serde_json::from_str(body).map_err(|_| "not JSON")?;
    if body.get("detail-type").is_some() {
        let call: CallEvent = read(body.get("detail").cloned().unwrap_or_default())?;
        return Ok(call.news());
    }
    let envelope: Envelope = read(body)?;
    // SES says so once, when somebody sets up the topic.
    if envelope.message.trim_start().starts_with("Successfully validated SNS topic") {
        return Ok(News::Nothing);
    }
    let message: Value =
        serde_json::from_str(&envelope.message).map_err(|_| "the notification is not JSON")?;
    if message.get("inboundMessageId").is_some() {
        let reply: Reply = read(message)?;
        return Ok(reply.news(instant(&envelope.timestamp)?));
    }
    let event: SesEvent = read(message)?;
    event.news()
}

/// The event with log lines, from the record that Lambda keeps of a failed invocation.
pub fn lost_lines(body: &str) -> Option<Value> {
    let mut kept: Value = serde_json::from_str(body).ok()?;
    let event = kept.get_mut("requestPayload")?.take();
    event.get("awslogs").is_some().then_some(event)
}

/// Parses a line of SNS's log of texts; `at` is its instant, in milliseconds since 1970.
pub fn receipt(line: &str, at: i64) -> Result<News, Unreadable> {
    let receipt: Receipt = serde_json::from_str(line).map_err(|_| "not a receipt")?;
    let outcome = if receipt.status == "SUCCESS" {
        Outcome::Delivered
    } else {
        refused(&receipt.delivery.provider_response.unwrap_or_default())
    };
    Ok(News::Report(Report {
        of: Named::Provider(receipt.notification.message_id),
        outcome,
        at: Timestamp::from_millis(at),
        addresses: receipt.delivery.destination.into_iter().collect(),
    }))
}

fn read<T: for<'de> Deserialize<'de>>(value: Value) -> Result<T, Unreadable> {
    serde_json::from_value(value).map_err(|_| "not in a shape that is known")
}

fn instant(text: &str) -> Result<Timestamp, Unreadable> {
    text.parse().map_err(|_| "an instant that is none")
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Envelope {
    message: String,
    timestamp: String,
}

// --- SES ---

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct SesEvent {
    event_type: String,
    mail: SesMail,
    bounce: Option<SesBounce>,
    complaint: Option<SesComplaint>,
    delivery: Option<SesTimed>,
    delivery_delay: Option<SesDelay>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct SesMail {
    timestamp: String,
    message_id: String,
    #[serde(default)]
    destination: Vec<String>,
    #[serde(default)]
    tags: BTreeMap<String, Vec<String>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct SesBounce {
    bounce_type: String,
    #[serde(default)]
    bounce_sub_type: String,
    #[serde(default)]
    bounced_recipients: Vec<SesRecipient>,
    timestamp: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct SesComplaint {
    #[serde(default)]
    complained_recipients: Vec<SesRecipient>,
    complaint_feedback_type: Option<String>,
    timestamp: String,
}

#[derive(Deserialize)]
struct SesTimed {
    timestamp: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct SesDelay {
    #[serde(default)]
    delay_type: String,
    timestamp: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct SesRecipient {
    email_address: String,
    /// The status of the mail server, as in RFC 3463: `5.1.1`.
    #[serde(default)]
    status: Option<String>,
    /// What the mail server said: `smtp; 550 5.1.1 user unknown`.
    #[serde(default)]
    diagnostic_code: Option<String>,
}

impl SesRecipient {
    /// The status of the mail server, from its own field or from what the server said.
    fn status(&self) -> Option<[u16; 3]> {
        let words = |text: &Option<String>| {
            text.as_deref().and_then(|text| text.split([' ', ';', '-', ',']).find_map(enhanced))
        };
        words(&self.status).or_else(|| words(&self.diagnostic_code))
    }
}

/// Three numbers with dots, the first of which is 2, 4 or 5.
fn enhanced(word: &str) -> Option<[u16; 3]> {
    let mut numbers =
        word.trim_matches(|c: char| !c.is_ascii_digit()).split('.').map(|part| part.parse::<u16>().ok());
    let [class, subject, detail] = [numbers.next()??, numbers.next()??, numbers.next()??];
    (matches!(class, 2 | 4 | 5) && numbers.next().is_none()).then_some([class, subject, detail])
}

impl SesEvent {
    fn news(self) -> Result<News, Unreadable> {
        let missing = "an event without its particulars";
        let (outcome, at, named) = match self.event_type.as_str() {
            "Delivery" => (Outcome::Delivered, self.delivery.ok_or(missing)?.timestamp, Vec::new()),
            "Bounce" => {
                let bounce = self.bounce.ok_or(missing)?;
                let status = bounce.bounced_recipients.iter().find_map(SesRecipient::status);
                let outcome = bounced(&bounce.bounce_type, &bounce.bounce_sub_type, status);
                (outcome, bounce.timestamp, bounce.bounced_recipients)
            }
            "Complaint" => {
                let complaint = self.complaint.ok_or(missing)?;
                // The recipient took the mail out of the spam folder.
                if complaint.complaint_feedback_type.as_deref() == Some("not-spam") {
                    return Ok(News::Nothing);
                }
                (Outcome::Complained, complaint.timestamp, complaint.complained_recipients)
            }
            "DeliveryDelay" => {
                let delay = self.delivery_delay.ok_or(missing)?;
                let trouble = if delay.delay_type == "MailboxFull" {
                    Trouble::MailboxFull
                } else {
                    Trouble::Unreachable
                };
                (Outcome::Delayed(trouble), delay.timestamp, Vec::new())
            }
            "Reject" | "Rendering Failure" => {
                (Outcome::Failed(Trouble::NotSent), self.mail.timestamp.clone(), Vec::new())
            }
            // "Sent" is known from the API's response, and we don't track opens and clicks.
            _ => return Ok(News::Nothing),
        };
        let ours = self.mail.tags.get("message").and_then(|ids| MessageId::parse(ids.first()?).ok());
        let mut addresses: Vec<String> = named.into_iter().map(|one| bare(&one.email_address)).collect();
        if addresses.is_empty() {
            addresses = self.mail.destination.iter().map(|one| bare(one)).collect();
        }
        Ok(News::Report(Report {
            of: ours.map_or(Named::Provider(self.mail.message_id), Named::Message),
            outcome,
            at: instant(&at)?,
            addresses,
        }))
    }
}

/// The address in `Name <address>`. Mail servers report recipients in either form.
fn bare(text: &str) -> String {
    let inner = text.rsplit_once('<').and_then(|(_, rest)| rest.split_once('>'));
    inner.map_or(text, |(address, _)| address).trim().to_owned()
}

/// The meaning of a bounce. Where SES can't tell its kind, the status of the mail server does.
fn bounced(kind: &str, sub: &str, status: Option<[u16; 3]>) -> Outcome {
    match (kind, sub) {
        ("Undetermined", _) if status.is_some() => by_status(status.unwrap_or_default()),
        ("Permanent", "Suppressed" | "OnAccountSuppressionList" | "UnsubscribedRecipient") => {
            Outcome::Suppressed
        }
        ("Permanent", _) => Outcome::Bounced(Trouble::NoSuchAddress),
        // Transient bounces are temporary; automatic replies are among them. An undetermined bounce may be
        // temporary, too.
        (_, "MailboxFull") => Outcome::Delayed(Trouble::MailboxFull),
        (_, "MessageTooLarge" | "ContentRejected" | "AttachmentRejected") => {
            Outcome::Delayed(Trouble::Refused)
        }
        _ => Outcome::Delayed(Trouble::Unclear),
    }
}

/// The meaning of a mail server's status (RFC 3463, and IANA's list of it).
fn by_status(status: [u16; 3]) -> Outcome {
    match status {
        // No such mailbox, no such domain, no such syntax, moved, a domain without mail; and a mailbox that is closed.
        [5, 1, 1 | 2 | 3 | 6 | 10] | [5, 2, 1] | [5, 4, 4] => Outcome::Bounced(Trouble::NoSuchAddress),
        [4 | 5, 2, 2] => Outcome::Delayed(Trouble::MailboxFull),
        // Too large, content or policy refused.
        [4 | 5, 2, 3] | [4 | 5, 3, 4] | [4 | 5, 6 | 7, _] => Outcome::Delayed(Trouble::Refused),
        [4, 3 | 4, _] => Outcome::Delayed(Trouble::Unreachable),
        _ => Outcome::Delayed(Trouble::Unclear),
    }
}

// --- SNS: receipts of texts ---

#[derive(Deserialize)]
struct Receipt {
    notification: Notification,
    delivery: Delivery,
    status: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Notification {
    message_id: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Delivery {
    destination: Option<String>,
    provider_response: Option<String>,
}

/// The meaning of a carrier's response, by SNS's list of reasons. A reason that the list doesn't have is not
/// counted against the number.
fn refused(response: &str) -> Outcome {
    let said = response.to_lowercase();
    let has = |words: &[&str]| words.iter().any(|word| said.contains(word));
    if has(&["opted out"]) {
        Outcome::OptedOut
    } else if has(&["invalid phone number", "not a valid phone number", "unknown number", "landline"]) {
        Outcome::Bounced(Trouble::NoSuchAddress)
    } else if has(&["unreachable", "unavailable", "unknown error attempting to reach phone"]) {
        Outcome::Failed(Trouble::Unreachable)
    } else if has(&["blocked", "spam", "blacklisted", "blocked list"]) {
        Outcome::Failed(Trouble::Refused)
    } else if has(&["quota", "max price", "spend"]) {
        Outcome::Failed(Trouble::NotSent)
    } else {
        Outcome::Failed(Trouble::Unclear)
    }
}

// --- replies to texts ---

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Reply {
    origination_number: String,
    #[serde(default)]
    message_body: String,
    inbound_message_id: String,
}

impl Reply {
    fn news(self, at: Timestamp) -> News {
        let number = Phone::parse(&self.origination_number).ok();
        let number = number.as_ref().and_then(Phone::dialable).map(str::to_owned);
        let Some(number) = number else { return News::Nothing };
        match Word::parse(&self.message_body) {
            Some(word) => News::Said(Said { number, word, at, id: self.inbound_message_id }),
            None => Heard::new(number, &self.message_body, at).map_or(News::Nothing, News::Heard),
        }
    }
}

// --- calls ---

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct CallEvent {
    event_type: String,
    event_timestamp: i64,
    message_id: String,
    #[serde(default)]
    destination_phone_number: Option<String>,
}

impl CallEvent {
    fn news(self) -> News {
        let outcome = match self.event_type.as_str() {
            "VOICE_COMPLETED" => Outcome::Delivered,
            "VOICE_BUSY" | "VOICE_NO_ANSWER" | "VOICE_TTL_EXPIRED" => Outcome::Failed(Trouble::Unreachable),
            "VOICE_FAILED" => Outcome::Failed(Trouble::Unclear),
            // Ringing and answered are followed by one of the events above.
            _ => return News::Nothing,
        };
        News::Report(Report {
            of: Named::Provider(self.message_id),
            outcome,
            at: Timestamp::from_millis(self.event_timestamp),
            addresses: self.destination_phone_number.into_iter().collect(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    const AT: &str = "2026-11-20T10:00:00.000Z";

    fn of(message: &Value) -> Result<News, Unreadable> {
        let envelope = json!({"Type": "Notification", "Message": message.to_string(), "Timestamp": AT});
        queued(&envelope.to_string())
    }

    fn ses(kind: &str, name: &str, particulars: &Value) -> Value {
        json!({
            "eventType": kind,
            name: particulars,
            "mail": {
                "timestamp": AT, "messageId": "0100", "destination": ["Rosa <rosa@example.com>"],
                "tags": {"ses:from-domain": ["example.com"], "message": ["01KA0000000000000000000000"]},
            },
        })
    }

    fn outcome(message: &Value) -> Option<Outcome> {
        match of(message) {
            Ok(News::Report(report)) => Some(report.outcome),
            _ => None,
        }
    }

    fn bounce(kind: &str, sub: &str) -> Value {
        let recipients = json!([{"emailAddress": "rosa@example.com"}]);
        let bounce = json!({"bounceType": kind, "bounceSubType": sub, "bouncedRecipients": recipients, "timestamp": AT});
        ses("Bounce", "bounce", &bounce)
    }

    #[test]
    fn each_kind_of_bounce_means_what_ses_means_by_it() {
        for (kind, sub, meant) in [
            ("Permanent", "General", Outcome::Bounced(Trouble::NoSuchAddress)),
            ("Permanent", "NoEmail", Outcome::Bounced(Trouble::NoSuchAddress)),
            ("Permanent", "Suppressed", Outcome::Suppressed),
            ("Permanent", "OnAccountSuppressionList", Outcome::Suppressed),
            ("Transient", "General", Outcome::Delayed(Trouble::Unclear)),
            ("Transient", "MailboxFull", Outcome::Delayed(Trouble::MailboxFull)),
            ("Transient", "ContentRejected", Outcome::Delayed(Trouble::Refused)),
            ("Undetermined", "Undetermined", Outcome::Delayed(Trouble::Unclear)),
        ] {
            assert_eq!(outcome(&bounce(kind, sub)), Some(meant), "{kind} {sub}");
        }
    }

    #[test]
    fn a_bounce_of_no_kind_means_what_its_status_says() {
        let said = |recipient: Value| {
            let bounce = json!({"bounceType": "Undetermined", "bounceSubType": "Undetermined", "bouncedRecipients": [recipient], "timestamp": AT});
            outcome(&ses("Bounce", "bounce", &bounce)).unwrap()
        };
        let gone = Outcome::Bounced(Trouble::NoSuchAddress);
        for (status, meant) in [
            ("5.1.1", gone),
            ("5.1.2", gone),
            ("5.1.3", gone),
            ("5.1.6", gone),
            ("5.1.10", gone),
            ("5.2.1", gone),
            ("5.4.4", gone),
            ("5.2.2", Outcome::Delayed(Trouble::MailboxFull)),
            ("4.2.2", Outcome::Delayed(Trouble::MailboxFull)),
            ("5.7.1", Outcome::Delayed(Trouble::Refused)),
            ("5.7.26", Outcome::Delayed(Trouble::Refused)),
            ("5.3.4", Outcome::Delayed(Trouble::Refused)),
            ("5.6.0", Outcome::Delayed(Trouble::Refused)),
            ("4.4.1", Outcome::Delayed(Trouble::Unreachable)),
            ("4.3.0", Outcome::Delayed(Trouble::Unreachable)),
            ("4.1.1", Outcome::Delayed(Trouble::Unclear)),
            ("5.0.0", Outcome::Delayed(Trouble::Unclear)),
            ("5.5.0", Outcome::Delayed(Trouble::Unclear)),
            ("2.0.0", Outcome::Delayed(Trouble::Unclear)),
            ("nonsense", Outcome::Delayed(Trouble::Unclear)),
            ("", Outcome::Delayed(Trouble::Unclear)),
        ] {
            assert_eq!(
                said(json!({"emailAddress": "rosa@example.com", "status": status})),
                meant,
                "{status}"
            );
            let diagnosis = format!("smtp; 550 {status} said the server at 10.0.0.1 (x.5)");
            assert_eq!(
                said(json!({"emailAddress": "rosa@example.com", "diagnosticCode": diagnosis})),
                meant,
                "{diagnosis}"
            );
        }
        assert_eq!(
            said(
                json!({"emailAddress": "rosa@example.com", "diagnosticCode": "smtp;550-5.1.1 no such user"})
            ),
            gone
        );
        assert_eq!(said(json!({"emailAddress": "rosa@example.com"})), Outcome::Delayed(Trouble::Unclear));
        let known = json!({"bounceType": "Transient", "bounceSubType": "General", "timestamp": AT,
            "bouncedRecipients": [{"emailAddress": "rosa@example.com", "status": "5.1.1"}]});
        assert_eq!(
            outcome(&ses("Bounce", "bounce", &known)),
            Some(Outcome::Delayed(Trouble::Unclear)),
            "SES knows its kind"
        );
    }

    #[test]
    fn the_notice_that_a_topic_is_set_up_is_let_pass() {
        for text in [
            "Successfully validated SNS topic for Amazon SES event publishing.",
            "Successfully validated SNS topic for Amazon SES event notification.\n",
        ] {
            let envelope = json!({"Type": "Notification", "Message": text, "Timestamp": AT});
            assert_eq!(queued(&envelope.to_string()), Ok(News::Nothing));
        }
        let envelope = json!({"Type": "Notification", "Message": "Something else", "Timestamp": AT});
        assert!(queued(&envelope.to_string()).is_err());
    }

    #[test]
    fn an_event_names_our_message_by_its_tag_and_the_address_without_a_name() {
        let delivery = ses("Delivery", "delivery", &json!({"timestamp": AT, "recipients": []}));
        let Ok(News::Report(report)) = of(&delivery) else { panic!("a report") };
        let ours = MessageId::parse("01KA0000000000000000000000").unwrap();
        assert_eq!(
            (report.of, report.addresses),
            (Named::Message(ours), vec!["rosa@example.com".to_owned()])
        );
    }

    #[test]
    fn who_takes_a_message_out_of_the_spam_folder_does_not_complain() {
        let complaint = |kind: Value| {
            let said = json!({"complaintFeedbackType": kind, "timestamp": AT, "complainedRecipients": []});
            outcome(&ses("Complaint", "complaint", &said))
        };
        assert_eq!(complaint(json!("abuse")), Some(Outcome::Complained));
        assert_eq!(complaint(Value::Null), Some(Outcome::Complained));
        assert_eq!(complaint(json!("not-spam")), None);
    }

    #[test]
    fn what_nobody_asked_for_is_let_pass_and_nonsense_is_not() {
        assert_eq!(of(&ses("Open", "open", &json!({}))), Ok(News::Nothing));
        assert!(of(&ses("Bounce", "nothing", &json!({}))).is_err());
        assert!(queued("not json").is_err() && queued("{}").is_err());
        assert!(receipt("{}", 0).is_err());
    }

    #[test]
    fn carriers_words_are_read_by_snss_list() {
        let said = |response: &str| {
            let line = json!({
                "notification": {"messageId": "m"}, "status": "FAILURE",
                "delivery": {"destination": "+12025550143", "providerResponse": response},
            });
            match receipt(&line.to_string(), 0) {
                Ok(News::Report(report)) => report.outcome,
                other => panic!("{other:?}"),
            }
        };
        for (response, meant) in [
            ("Phone number is opted out", Outcome::OptedOut),
            ("Invalid phone number", Outcome::Bounced(Trouble::NoSuchAddress)),
            ("Phone is currently unreachable/unavailable", Outcome::Failed(Trouble::Unreachable)),
            ("Phone carrier is currently unreachable/unavailable", Outcome::Failed(Trouble::Unreachable)),
            ("Unknown error attempting to reach phone", Outcome::Failed(Trouble::Unreachable)),
            ("Blocked as spam by phone carrier", Outcome::Failed(Trouble::Refused)),
            ("Phone has blocked SMS", Outcome::Failed(Trouble::Refused)),
            ("This delivery would exceed max price", Outcome::Failed(Trouble::NotSent)),
            ("Some new reason", Outcome::Failed(Trouble::Unclear)),
        ] {
            assert_eq!(said(response), meant, "{response}");
        }
    }

    #[test]
    fn a_reply_counts_only_if_it_is_one_of_the_words_from_a_number_that_is_one() {
        let reply = |from: &str, words: &str| json!({"originationNumber": from, "messageBody": words, "inboundMessageId": "r1"});
        assert!(matches!(of(&reply("+12025550143", "Stop")), Ok(News::Said(Said { word: Word::Stop, .. }))));
        let Ok(News::Heard(heard)) = of(&reply("+12025550143", "who is this?\n")) else { panic!("a reply") };
        assert_eq!((heard.number.as_str(), heard.words.reveal()), ("+12025550143", "who is this?"));
        assert!(!format!("{heard:?}").contains("who is"), "words are for staff alone");
        assert_eq!(of(&reply("+12025550143", " \u{200b}\n")), Ok(News::Nothing));
        assert_eq!(of(&reply("12345", "STOP")), Ok(News::Nothing));
    }
}
