//! `deliver`: sends the messages of the outbox. The table's stream invokes it for new messages, and a
//! schedule for those that are overdue, for example because a stream record was lost.

use portico_domain::model::chart::Channel;
use portico_domain::model::ids::MessageId;
use portico_domain::model::message::{MessageState, Template};
use portico_domain::model::refusal::PortError;
use portico_domain::operations::background::deliver::{Letter, Taken, overdue, settle, take};
use portico_domain::ports::{
    Courier, EmailOut, Handed, Outbox, PracticeList, Practices, Standings, TextOut, VoiceOut,
};
use portico_messages::{Message, email, text, voice_code};
use portico_web::App;
use serde_json::{Value, json};

/// Seconds during which one invocation starts to send messages. The template's timeout is 60 seconds, and the
/// last message must be finished before that.
const SENDING_SECONDS: i64 = 40;

/// Handles an event: a batch of the stream or a run of the schedule. For a batch, it reports which
/// records failed.
pub async fn handle<S, C>(app: &App<S>, courier: &C, event: &Value) -> Value
where
    S: Outbox + PracticeList + Standings + Practices,
    C: Courier,
{
    let Some(records) = event.get("Records").and_then(Value::as_array) else {
        return sweep(app, courier).await;
    };
    let mut failed = Vec::new();
    let until = app.context.now().plus_seconds(SENDING_SECONDS);
    for record in records {
        let image = record.pointer("/dynamodb/NewImage");
        let inserted = record.get("eventName").and_then(Value::as_str) == Some("INSERT");
        let Some(id) = image.filter(|_| inserted).and_then(|image| app.store.queued(image)) else { continue };
        if app.context.now() >= until {
            // The message is not lost: it is due, and the next sweep finds it.
            continue;
        }
        if deliver(app, courier, id).await.is_err() {
            failed.push(json!({"itemIdentifier": record.pointer("/dynamodb/SequenceNumber")}));
        }
    }
    json!({"batchItemFailures": failed})
}

/// Sends the overdue messages and logs how many there are. Alarms read this line: the number of messages, and
/// the age of the oldest in seconds.
async fn sweep<S, C>(app: &App<S>, courier: &C) -> Value
where
    S: Outbox + PracticeList + Standings + Practices,
    C: Courier,
{
    let Ok(overdue) = overdue(app).await else { return json!({"overdue": null}) };
    let (count, oldest_seconds) = (overdue.ids.len(), overdue.oldest_seconds);
    // Log first, so that the line is there even if this run is cut off.
    tracing::info!(outbox_overdue = count, outbox_oldest_seconds = oldest_seconds, "sweep");
    let until = app.context.now().plus_seconds(SENDING_SECONDS);
    for id in overdue.ids {
        if app.context.now() >= until {
            break;
        }
        // A message that fails now, or that there is no time for, is still overdue at the next sweep.
        deliver(app, courier, id).await.ok();
    }
    json!({"overdue": count, "oldest_seconds": oldest_seconds})
}

async fn deliver<S, C>(app: &App<S>, courier: &C, id: MessageId) -> Result<(), PortError>
where
    S: Outbox + Standings + Practices,
    C: Courier,
{
    let letter = match take(app, id).await? {
        Taken::Letter(letter) => letter,
        Taken::GivenUp(template) => {
            given_up(id, template);
            return Ok(());
        }
        Taken::Nothing => return Ok(()),
    };
    let handed = hand_over(courier, &letter).await;
    let template = letter.message.template;
    let state = settle(app, letter.message, handed).await?;
    if state == MessageState::Failed {
        given_up(id, template);
    }
    Ok(())
}

/// Logs a message that is given up. An alarm looks for this line.
fn given_up(id: MessageId, template: Template) {
    tracing::error!(message.id = %id, message.template = ?template, "message given up");
}

async fn hand_over<C: Courier>(courier: &C, letter: &Letter) -> Handed {
    let Letter { message, says, settings, language, .. } = letter;
    let practice = settings.as_sender(&letter.portal);
    let (to, id) = (letter.address.clone(), message.id);
    match message.channel {
        Channel::Email => {
            let written = email(says, &practice, *language);
            let out = EmailOut {
                to,
                from_name: settings.name.clone(),
                reply_to: settings.reply_to.clone(),
                subject: written.subject,
                html: written.html,
                text: written.text,
                unsubscribe: match says {
                    Message::AutomaticInvitation { unsubscribe, .. } => Some(unsubscribe.clone()),
                    _ => None,
                },
                awaited: message.template.is_awaited(),
                message: id,
                language: language.tag(),
            };
            courier.email(out).await
        }
        Channel::Sms => {
            let text = text(says, &practice, *language);
            courier.text(TextOut { to, text, message: id, language: language.tag() }).await
        }
        // A call can only say a code.
        Channel::Voice => match says {
            Message::Code { code, .. } => {
                let ssml = voice_code(code, &settings.name, *language);
                courier.voice(VoiceOut { to, ssml, message: id, language: language.tag() }).await
            }
            _ => Handed::Rejected,
        },
        // No message is queued for printing.
        Channel::Print => Handed::Rejected,
    }
}
