//! The wire formats of SES v2, SNS, End User Messaging voice and EventBridge, which share one address with
//! the queues. Each call is parsed and passed to the mailbox or to a queue.

use std::collections::{BTreeMap, HashMap};

use axum::Router;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use serde_json::{Value, json};

use crate::capture::{Capture, Channel, Draft};
use crate::queue::Queues;
use crate::wire::{Failure, json_1_0, json_1_1, xml};

/// The endpoint for all of these services, and for the queues.
pub(crate) fn router(capture: &Capture, queues: &Queues) -> Router {
    Router::new()
        .route("/v2/email/outbound-emails", post(send_email))
        .route("/v2/email/account", get(account))
        .with_state(capture.clone())
        .route("/", post(at_the_root))
        .with_state((capture.clone(), queues.clone()))
}

// --- SES v2 ---

/// SES's `SendEmail`: keeps the mail for the mailbox page.
pub(crate) async fn send_email(State(capture): State<Capture>, body: String) -> Response {
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
    let pairs = |list: &Value| {
        let named =
            |pair: &Value| Some((pair["Name"].as_str()?.to_owned(), pair["Value"].as_str()?.to_owned()));
        list.as_array().into_iter().flatten().filter_map(named).collect()
    };
    Some(Draft {
        from: request["FromEmailAddress"].as_str()?.to_owned(),
        to: recipients.join(", "),
        subject: Some(simple["Subject"]["Data"].as_str()?.to_owned()),
        text: simple["Body"]["Text"]["Data"].as_str().unwrap_or_default().to_owned(),
        html: simple["Body"]["Html"]["Data"].as_str().map(str::to_owned),
        headers: pairs(&simple["Headers"]),
        tenant: request["TenantName"].as_str().map(str::to_owned),
        tags: pairs(&request["EmailTags"]),
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

/// SES's `GetAccount`: the quota that `deliver` asks for.
pub(crate) async fn account(State(capture): State<Capture>) -> Response {
    let quota = capture.quota();
    axum::Json(json!({
        "SendingEnabled": quota.enabled,
        "ProductionAccessEnabled": true,
        "SendQuota": {"Max24HourSend": quota.a_day, "MaxSendRate": quota.a_second, "SentLast24Hours": quota.sent},
    }))
    .into_response()
}

// --- SNS, voice, SQS and EventBridge share a path ---

pub(crate) async fn at_the_root(
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

/// The spoken words of an SSML text; `None` if it isn't SSML.
pub(crate) fn words(ssml: &str) -> Option<String> {
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

/// XML text without its escapes; `None` if an escape is unknown.
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
    let results: Vec<Value> = entries
        .iter()
        .map(|entry| {
            let detail =
                entry["Detail"].as_str().and_then(|detail| serde_json::from_str::<Value>(detail).ok());
            let Some(detail) = detail.filter(Value::is_object) else {
                return json!({"ErrorCode": "MalformedDetail", "ErrorMessage": "Detail is malformed."});
            };
            match capture.keep_event(entry, &detail) {
                Some(id) => json!({"EventId": id}),
                None => json!({"ErrorCode": "InternalFailure", "ErrorMessage": "ordered by a test"}),
            }
        })
        .collect();
    let failed = results.iter().filter(|result| result.get("ErrorCode").is_some()).count();
    json_1_1(StatusCode::OK, &json!({"FailedEntryCount": failed, "Entries": results}))
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
