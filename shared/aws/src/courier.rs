//! SES, SNS and End User Messaging as couriers. Each message is handed over once; whether to try again is the outbox's to decide.

use std::sync::Arc;

use crate::pace::{NEXT_LOOK, Pace, Quota, SOON, Turn};
use aws_sdk_pinpointsmsvoicev2::types::{VoiceId, VoiceMessageBodyTextType};
use aws_sdk_sesv2::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_sesv2::types::{Body, Content, Destination, EmailContent, Message, MessageHeader, MessageTag};
use aws_sdk_sns::types::MessageAttributeValue;
use portico_domain::ports::{Courier, EmailOut, Handed, TextOut, VoiceOut};

/// Seconds in which a call must be made. Left to itself the service would try for three days; what is said works for
/// ten minutes.
const CALL_WITHIN: i32 = 600;

/// SES's words for «nobody may send now».
const PAUSED: [&str; 3] = ["LimitExceededException", "SendingPausedException", "AccountSuspendedException"];

/// What SES, SNS and End User Messaging call it when they get more at once than they take.
const THROTTLED: [&str; 6] = [
    "TooManyRequestsException",
    "ThrottlingException",
    "Throttling",
    "ThrottledException",
    "Throttled",
    "ServiceQuotaExceededException",
];

/// What messages come from.
#[derive(Clone, Debug)]
pub struct Senders {
    /// The address of e-mail.
    pub email: String,
    /// An SES configuration set, if there is one.
    pub configuration_set: Option<String>,
    /// What the names of SES's tenants begin with, if each practice is a tenant: `<this>-<practice>`. SES then counts each
    /// practice's bounces and complaints by itself.
    pub tenants: Option<String>,
    /// The number that texts come from where the practice has none of its own, E.164; without one, SNS chooses among
    /// the account's.
    pub texts: Option<String>,
    /// The phone number of calls, or the pool of numbers; without one, no call is made.
    pub calls: Option<String>,
    /// Processes that may send at a time: each takes its part of SES's rate.
    pub at_a_time: u32,
}

/// SES for e-mail, SNS for texts, End User Messaging for calls.
#[derive(Clone)]
pub struct Couriers {
    ses: aws_sdk_sesv2::Client,
    sns: aws_sdk_sns::Client,
    voice: aws_sdk_pinpointsmsvoicev2::Client,
    senders: Senders,
    pace: Arc<Pace>,
}

impl Couriers {
    /// Couriers over these configurations, whose retries must be off.
    pub fn new(
        ses: aws_sdk_sesv2::Config,
        sns: aws_sdk_sns::Config,
        voice: aws_sdk_pinpointsmsvoicev2::Config,
        senders: Senders,
    ) -> Self {
        Self {
            ses: aws_sdk_sesv2::Client::from_conf(ses),
            sns: aws_sdk_sns::Client::from_conf(sns),
            voice: aws_sdk_pinpointsmsvoicev2::Client::from_conf(voice),
            pace: Arc::new(Pace::among(senders.at_a_time)),
            senders,
        }
    }

    /// The account's quota, if SES says it.
    async fn quota(&self) -> Option<Quota> {
        let account = match self.ses.get_account().send().await {
            Ok(account) => account,
            Err(error) => {
                let code = error.code().unwrap_or("none");
                tracing::warn!(provider = "ses", error.code = code, "the sending quota is not known");
                return None;
            }
        };
        let quota = account.send_quota()?;
        let (a_second, a_day) = (quota.max_send_rate(), quota.max24_hour_send());
        Some(Quota { enabled: account.sending_enabled(), a_second, a_day, sent: quota.sent_last24_hours() })
    }
}

impl Courier for Couriers {
    async fn email(&self, out: EmailOut) -> Handed {
        match self.pace.turn(out.awaited, || self.quota()).await {
            Turn::After(pause) => tokio::time::sleep(pause).await,
            Turn::NotNow(seconds) => {
                tracing::warn!(provider = "ses", seconds, "the sending quota has no room");
                return Handed::Busy(seconds);
            }
        }
        let utf8 = |text: &str| Content::builder().charset("UTF-8").data(text).build();
        let (Ok(subject), Ok(html), Ok(text)) = (utf8(&out.subject), utf8(&out.html), utf8(&out.text)) else {
            return Handed::Rejected;
        };
        let header = |name: &str, value: &str| MessageHeader::builder().name(name).value(value).build().ok();
        // One click stops such mails (RFC 8058). SES counts both headers into the DKIM signature.
        let headers = out.unsubscribe.map(|url| {
            let all = [
                header("List-Unsubscribe", &format!("<{url}>")),
                header("List-Unsubscribe-Post", "List-Unsubscribe=One-Click"),
            ];
            all.into_iter().flatten().collect()
        });
        let message = Message::builder()
            .subject(subject)
            .body(Body::builder().html(html).text(text).build())
            .set_headers(headers)
            .build();
        let tag = |name: &str, value: &str| MessageTag::builder().name(name).value(value).build().ok();
        let call = self
            .ses
            .send_email()
            .from_email_address(sender(&out.from_name, &self.senders.email))
            .destination(Destination::builder().to_addresses(out.to.reveal()).build())
            .set_reply_to_addresses(out.reply_to.map(|to| vec![to]))
            .set_configuration_set_name(self.senders.configuration_set.clone())
            .set_tenant_name(self.senders.tenants.as_ref().map(|stack| format!("{stack}-{}", out.practice)))
            .set_email_tags(
                [tag("message", &out.message.to_string()), tag("language", out.language)]
                    .into_iter()
                    .collect(),
            )
            .content(EmailContent::builder().simple(message).build());
        match call.send().await {
            Ok(answer) => Handed::Accepted(answer.message_id.unwrap_or_default()),
            Err(error) if lacks_tenant(error.code(), self.senders.tenants.as_deref()) => {
                tracing::warn!(provider = "ses", error.code = error.code(), "message not taken");
                Handed::Busy(NEXT_LOOK)
            }
            Err(error) => refused("ses", &error),
        }
    }

    async fn text(&self, out: TextOut) -> Handed {
        let attribute = |value: &str| {
            MessageAttributeValue::builder().data_type("String").string_value(value).build().ok()
        };
        let mut call = self.sns.publish().phone_number(out.to.reveal()).message(out.text);
        for (name, value) in [
            // Codes and links are wanted now; promotional texts may be late or dropped.
            ("AWS.SNS.SMS.SMSType", attribute("Transactional")),
            (
                "AWS.MM.SMS.OriginationNumber",
                out.from.as_ref().or(self.senders.texts.as_ref()).and_then(|from| attribute(from)),
            ),
            ("message", attribute(&out.message.to_string())),
            ("language", attribute(out.language)),
        ] {
            if let Some(value) = value {
                call = call.message_attributes(name, value);
            }
        }
        match call.send().await {
            Ok(answer) => Handed::Accepted(answer.message_id.unwrap_or_default()),
            Err(error) => refused("sns", &error),
        }
    }

    async fn voice(&self, out: VoiceOut) -> Handed {
        let Some(from) = &self.senders.calls else {
            tracing::warn!(provider = "voice", error.code = "NoOriginationIdentity", "message not taken");
            return Handed::Rejected;
        };
        let call = self
            .voice
            .send_voice_message()
            .origination_identity(from)
            .destination_phone_number(out.to.reveal())
            .message_body(out.ssml)
            .message_body_text_type(VoiceMessageBodyTextType::Ssml)
            .voice_id(voice_of(out.language))
            .time_to_live(CALL_WITHIN)
            .context("message", out.message.to_string())
            .context("language", out.language);
        match call.send().await {
            Ok(answer) => Handed::Accepted(answer.message_id.unwrap_or_default()),
            Err(error) => refused("voice", &error),
        }
    }
}

/// Who speaks this language as it is spoken in the United States.
fn voice_of(language: &str) -> VoiceId {
    if language == "es" { VoiceId::Lupe } else { VoiceId::Joanna }
}

/// `"Practice" <address>`: the name quoted, without what could end the quotes.
fn sender(name: &str, address: &str) -> String {
    let name: String = name.chars().filter(|c| !c.is_control() && !matches!(c, '"' | '\\')).collect();
    if name.is_ascii() {
        format!("\"{name}\" <{address}>")
    } else {
        // RFC 2047, as SES asks for names beyond ASCII.
        format!("=?UTF-8?B?{}?= <{address}>", data_encoding::BASE64.encode(name.as_bytes()))
    }
}

/// Seconds to wait if a refusal is about all messages: no message's own affair, and no attempt at one.
fn busy(code: &str, message: &str) -> Option<i64> {
    // SES has one word for both of its quotas, that of the second and that of the day.
    let is_of_the_day = message.starts_with("Daily");
    if PAUSED.contains(&code) || (THROTTLED.contains(&code) && is_of_the_day) {
        Some(NEXT_LOOK)
    } else {
        THROTTLED.contains(&code).then_some(SOON)
    }
}

/// What a refusal means: a wrong request will be wrong again, everything else may pass.
fn refused<E: ProvideErrorMetadata, R>(provider: &'static str, error: &SdkError<E, R>) -> Handed {
    let code = error.code().unwrap_or("none");
    tracing::warn!(provider, error.code = code, "message not taken");
    if let Some(seconds) = busy(code, error.message().unwrap_or_default()) {
        return Handed::Busy(seconds);
    }
    let never = [
        "MessageRejected",
        "BadRequestException",
        "NotFoundException",
        "ResourceNotFoundException",
        "InvalidParameter",
        "ValidationException",
    ];
    if never.contains(&code) { Handed::Rejected } else { Handed::Later }
}

/// Whether SES refused a mail because its practice is no tenant yet. Then it waits until the operator has made one.
fn lacks_tenant(code: Option<&str>, tenants: Option<&str>) -> bool {
    tenants.is_some() && code == Some("NotFoundException")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mail_waits_for_the_tenant_of_its_practice() {
        assert!(lacks_tenant(Some("NotFoundException"), Some("portico-prod")));
        assert!(!lacks_tenant(Some("NotFoundException"), None), "without tenants it is another thing");
        assert!(
            !lacks_tenant(Some("MessageRejected"), Some("portico-prod")) && !lacks_tenant(None, Some("x"))
        );
    }

    #[test]
    fn throttling_is_short_and_a_used_up_day_or_a_paused_account_is_long() {
        for code in THROTTLED {
            assert_eq!(busy(code, "Maximum sending rate exceeded."), Some(SOON), "{code}");
            assert_eq!(busy(code, ""), Some(SOON), "{code}");
            assert_eq!(busy(code, "Daily message quota exceeded."), Some(NEXT_LOOK), "{code}");
        }
        for code in PAUSED {
            assert_eq!(busy(code, ""), Some(NEXT_LOOK), "{code}");
        }
        for code in ["MessageRejected", "InternalServiceErrorException", "none"] {
            assert_eq!(busy(code, "Daily"), None, "{code}");
        }
    }

    #[test]
    fn each_language_has_its_own_voice() {
        assert_eq!(["en", "es"].map(voice_of), [VoiceId::Joanna, VoiceId::Lupe]);
    }
}
