//! SES and SNS as couriers. Each message is handed over once; whether to try again is the outbox's to decide.

use aws_sdk_sesv2::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_sesv2::types::{Body, Content, Destination, EmailContent, Message, MessageTag};
use aws_sdk_sns::types::MessageAttributeValue;
use portico_domain::deliver::{Courier, EmailOut, Handed, TextOut};

/// SES for e-mail, SNS for texts.
#[derive(Clone)]
pub struct Couriers {
    ses: aws_sdk_sesv2::Client,
    sns: aws_sdk_sns::Client,
    from: String,
    configuration_set: Option<String>,
}

impl Couriers {
    /// Couriers over these configurations, whose retries must be off; e-mail comes from the address `from`.
    pub fn new(
        ses: aws_sdk_sesv2::Config,
        sns: aws_sdk_sns::Config,
        from: &str,
        configuration_set: Option<String>,
    ) -> Self {
        Self {
            ses: aws_sdk_sesv2::Client::from_conf(ses),
            sns: aws_sdk_sns::Client::from_conf(sns),
            from: from.to_owned(),
            configuration_set,
        }
    }
}

impl Courier for Couriers {
    async fn email(&self, out: EmailOut) -> Handed {
        let utf8 = |text: &str| Content::builder().charset("UTF-8").data(text).build();
        let (Ok(subject), Ok(html), Ok(text)) = (utf8(&out.subject), utf8(&out.html), utf8(&out.text)) else {
            return Handed::Rejected;
        };
        let message =
            Message::builder().subject(subject).body(Body::builder().html(html).text(text).build()).build();
        let tag = |name: &str, value: &str| MessageTag::builder().name(name).value(value).build().ok();
        let call = self
            .ses
            .send_email()
            .from_email_address(sender(&out.from_name, &self.from))
            .destination(Destination::builder().to_addresses(out.to).build())
            .set_reply_to_addresses(out.reply_to.map(|to| vec![to]))
            .set_configuration_set_name(self.configuration_set.clone())
            .set_email_tags(
                [tag("message", &out.message.to_string()), tag("language", out.language)]
                    .into_iter()
                    .collect(),
            )
            .content(EmailContent::builder().simple(message).build());
        match call.send().await {
            Ok(answer) => Handed::Accepted(answer.message_id.unwrap_or_default()),
            Err(error) => refused("ses", &error),
        }
    }

    async fn text(&self, out: TextOut) -> Handed {
        let attribute = |value: &str| {
            MessageAttributeValue::builder().data_type("String").string_value(value).build().ok()
        };
        let mut call = self.sns.publish().phone_number(out.to).message(out.text);
        for (name, value) in [
            // Codes and links are wanted now; promotional texts may be late or dropped.
            ("AWS.SNS.SMS.SMSType", attribute("Transactional")),
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

/// What a refusal means: a wrong request will be wrong again, everything else may pass.
fn refused<E: ProvideErrorMetadata, R>(provider: &'static str, error: &SdkError<E, R>) -> Handed {
    let code = error.code().unwrap_or("none");
    tracing::warn!(provider, error.code = code, "message not taken");
    let never = [
        "MessageRejected",
        "BadRequestException",
        "NotFoundException",
        "InvalidParameter",
        "ValidationException",
    ];
    if never.contains(&code) { Handed::Rejected } else { Handed::Later }
}
