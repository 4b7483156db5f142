//! `deliver`: the outbox. Fed by the table's stream; and by a schedule, for what a lost record left behind.

use portico_domain::model::chart::Channel;
use portico_domain::model::ids::MessageId;
use portico_domain::model::message::{MessageState, Template};
use portico_domain::model::refusal::PortError;
use portico_domain::operations::background::deliver::{Letter, Taken, overdue, settle, take};
use portico_domain::ports::{Courier, EmailOut, Handed, Outbox, Practices, Standings, TextOut, VoiceOut};
use portico_messages::{Message, Practice, email, text, voice_code};
use portico_web::App;
use serde_json::{Value, json};

/// Seconds that one invocation goes on to send: the template gives it sixty, and a message in hand must be settled in them.
const SENDING_SECONDS: i64 = 40;

/// Handles an event: a batch of the stream, or the schedule's. Of a batch, it says which records are to come again.
pub async fn handle<S, C>(app: &App<S>, courier: &C, event: &Value) -> Value
where
    S: Outbox + Standings + Practices,
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
            // Not lost: it is due, and the sweep finds it.
            continue;
        }
        if deliver(app, courier, id).await.is_err() {
            failed.push(json!({"itemIdentifier": record.pointer("/dynamodb/SequenceNumber")}));
        }
    }
    json!({"batchItemFailures": failed})
}

/// Sends what is overdue, and says how much that was. An alarm looks for the line that it leaves, and for how long the
/// oldest message has waited.
async fn sweep<S, C>(app: &App<S>, courier: &C) -> Value
where
    S: Outbox + Standings + Practices,
    C: Courier,
{
    let Ok(overdue) = overdue(app).await else { return json!({"overdue": null}) };
    let (count, oldest_seconds) = (overdue.ids.len(), overdue.oldest_seconds);
    // Said first: a pass that is cut off must be heard of all the more.
    tracing::info!(outbox_overdue = count, outbox_oldest_seconds = oldest_seconds, "sweep");
    let until = app.context.now().plus_seconds(SENDING_SECONDS);
    for id in overdue.ids {
        if app.context.now() >= until {
            break;
        }
        // What fails now is overdue still, and found by the next pass, and so is what there was no time for.
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

/// An alarm looks for this line.
fn given_up(id: MessageId, template: Template) {
    tracing::error!(message.id = %id, message.template = ?template, "message given up");
}

async fn hand_over<C: Courier>(courier: &C, letter: &Letter) -> Handed {
    let Letter { message, says, settings, language, .. } = letter;
    let practice = Practice { name: &settings.name, phone: &settings.phone, time_zone: &settings.time_zone };
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
        // What is said on the phone is a code, and nothing else.
        Channel::Voice => match says {
            Message::Code { code, .. } => {
                let ssml = voice_code(code, &settings.name, *language);
                courier.voice(VoiceOut { to, ssml, message: id, language: language.tag() }).await
            }
            _ => Handed::Rejected,
        },
        // Nothing queues a letter.
        Channel::Print => Handed::Rejected,
    }
}
