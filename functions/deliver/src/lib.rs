//! `deliver`: sends the messages of the outbox. The table's stream invokes it for new messages, and a
//! schedule for those that are overdue, for example because a stream record was lost.

use portico_domain::model::chart::Channel;
use portico_domain::model::ids::MessageId;
use portico_domain::model::message::{Line, MessageState, Template};
use portico_domain::model::refusal::PortError;
use portico_domain::operations::background::deliver::{Letter, Taken, overdue, settle, take};
use portico_domain::ports::{
    Courier, EmailOut, Handed, Outbox, PracticeList, Practices, Standings, TextOut, VoiceOut,
};
use portico_domain::time::Timestamp;
use portico_messages::{Message, email, text, voice_code};
use portico_web::{App, telemetry};
use serde_json::{Value, json};

/// Seconds from the start of an invocation during which it starts to send messages. The template's timeout is 60
/// seconds, and the last message must be finished before that.
const SENDING_SECONDS: i64 = 40;

/// The same for those messages of a batch that nobody waits for at a page. The next batch of this part of the
/// stream, in which there may be a code, can't start before this one ends. What is left is due, and the sweep
/// sends it.
const UNHURRIED_SECONDS: i64 = 15;

/// Handles an event: a batch of the stream or a run of the schedule. For a batch, it reports which
/// records failed.
pub async fn handle<S, C>(app: &App<S>, courier: &C, event: &Value) -> Value
where
    S: Outbox + PracticeList + Standings + Practices,
    C: Courier,
{
    let began = app.context.now();
    let Some(records) = event.get("Records").and_then(Value::as_array) else {
        return sweep(app, courier, began).await;
    };
    let queued = |record: &Value| {
        let image = record.pointer("/dynamodb/NewImage");
        let inserted = record.get("eventName").and_then(Value::as_str) == Some("INSERT");
        let (line, id) = image.filter(|_| inserted).and_then(|image| app.store.queued(image))?;
        Some((line, id, record.pointer("/dynamodb/SequenceNumber").cloned()))
    };
    let mut queue: Vec<(Line, MessageId, Option<Value>)> = records.iter().filter_map(queued).collect();
    // What somebody waits for comes first; within a line, the order stays.
    queue.sort_by_key(|(line, ..)| *line);
    let mut failed = Vec::new();
    for (line, id, number) in queue {
        let seconds = if line == Line::Awaited { SENDING_SECONDS } else { UNHURRIED_SECONDS };
        if app.context.now() >= began.plus_seconds(seconds) {
            // The message is not lost: it is due, and the next sweep finds it.
            break;
        }
        if deliver(app, courier, id).await.is_err() {
            failed.push(json!({"itemIdentifier": number}));
        }
    }
    json!({"batchItemFailures": failed})
}

/// Sends the overdue messages and logs how many there are. Alarms read this line: the number of messages, and
/// the age of the oldest in seconds.
async fn sweep<S, C>(app: &App<S>, courier: &C, began: Timestamp) -> Value
where
    S: Outbox + PracticeList + Standings + Practices,
    C: Courier,
{
    let Ok(overdue) = overdue(app).await else { return json!({"overdue": null}) };
    let (count, oldest_seconds) = (overdue.ids.len(), overdue.oldest_seconds);
    // Log first, so that the line is there even if this run is cut off.
    if count == 0 {
        tracing::info!(target: telemetry::IDLE, outbox_overdue = count, outbox_oldest_seconds = oldest_seconds, "sweep");
    } else {
        tracing::info!(outbox_overdue = count, outbox_oldest_seconds = oldest_seconds, "sweep");
    }
    for id in overdue.ids {
        // To find them took a part of the time.
        if app.context.now() >= began.plus_seconds(SENDING_SECONDS) {
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
    let handed = hand_over(courier, &letter, &app.context.text_numbers).await;
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

/// Hands a message to its provider. `text_numbers` are those that a practice may send texts from.
async fn hand_over<C: Courier>(courier: &C, letter: &Letter, text_numbers: &[String]) -> Handed {
    let Letter { message, says, settings, language, .. } = letter;
    let practice = settings.as_sender(&letter.portal);
    let (to, id) = (letter.address.clone(), message.id);
    match message.channel {
        Channel::Email => {
            let written = email(says, &practice, *language);
            let out = EmailOut {
                to,
                practice: message.practice.clone(),
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
            let from = settings.text_number.clone().filter(|number| text_numbers.contains(number));
            courier.text(TextOut { to, from, text, message: id, language: language.tag() }).await
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

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicI64, Ordering};
    use std::sync::{Arc, Mutex};

    use portico_domain::context::{Calls, Context};
    use portico_domain::floods::Floods;
    use portico_domain::keys::{HashCost, Keyring};
    use portico_domain::model::delivery::Delivery;
    use portico_domain::model::ids::PracticeId;
    use portico_domain::model::message;
    use portico_domain::model::practice::Practice;
    use portico_domain::model::text_reply::Standing;
    use portico_domain::ports::About;
    use portico_domain::time::{Clock, Entropy};

    use super::*;

    /// A clock that calls move on.
    #[derive(Default)]
    struct Slow(AtomicI64);

    impl Clock for Slow {
        fn now(&self) -> Timestamp {
            Timestamp::from_millis(self.0.load(Ordering::SeqCst) * 1000)
        }
    }

    /// Nothing here needs chance.
    struct NoEntropy;

    impl Entropy for NoEntropy {
        fn fill(&self, _: &mut [u8]) {}
    }

    /// An outbox whose calls take seconds. It knows who was claimed, and gives nothing to send.
    struct Fake {
        clock: Arc<Slow>,
        look_seconds: i64,
        claim_seconds: i64,
        due: Vec<MessageId>,
        claimed: Mutex<Vec<MessageId>>,
    }

    impl Outbox for Fake {
        fn queued(&self, image: &Value) -> Option<(Line, MessageId)> {
            let line = if image["template"] == "code" { Line::Awaited } else { Line::Asked };
            Some((line, id(u8::try_from(image["id"].as_u64()?).ok()?)))
        }

        async fn claim(&self, id: MessageId, _: Timestamp) -> Result<Option<message::Message>, PortError> {
            self.clock.0.fetch_add(self.claim_seconds, Ordering::SeqCst);
            self.claimed.lock().unwrap().push(id);
            Ok(None)
        }

        async fn about(&self, _: &message::Message) -> Result<About, PortError> {
            unreachable!("nothing is claimed")
        }

        async fn settle(
            &self,
            _: &message::Message,
            _: Option<Delivery>,
            _: Timestamp,
        ) -> Result<(), PortError> {
            unreachable!("nothing is claimed")
        }

        async fn put_back(&self, _: &message::Message, _: Timestamp) -> Result<(), PortError> {
            unreachable!("nothing is claimed")
        }

        async fn due(&self, _: &PracticeId, line: Line, _: Timestamp) -> Result<Vec<MessageId>, PortError> {
            self.clock.0.fetch_add(self.look_seconds, Ordering::SeqCst);
            Ok(if line == Line::Asked { self.due.clone() } else { Vec::new() })
        }
    }

    impl PracticeList for Fake {
        async fn practices(&self) -> Result<Vec<PracticeId>, PortError> {
            Ok(vec![PracticeId::parse("riverside").unwrap()])
        }
    }

    impl Standings for Fake {
        async fn standing(&self, _: &str) -> Result<Standing, PortError> {
            unreachable!("nothing is claimed")
        }
    }

    impl Practices for Fake {
        async fn practice(&self, _: &PracticeId) -> Result<Option<Practice>, PortError> {
            unreachable!("nothing is claimed")
        }
    }

    /// A courier that gets nothing.
    struct Nobody;

    impl Courier for Nobody {
        async fn email(&self, _: EmailOut) -> Handed {
            unreachable!("nothing is claimed")
        }

        async fn text(&self, _: TextOut) -> Handed {
            unreachable!("nothing is claimed")
        }

        async fn voice(&self, _: VoiceOut) -> Handed {
            unreachable!("nothing is claimed")
        }
    }

    fn id(number: u8) -> MessageId {
        MessageId::from_bytes([number; 16])
    }

    fn app(look_seconds: i64, claim_seconds: i64, due: Vec<MessageId>) -> App<Fake> {
        let clock = Arc::new(Slow::default());
        let context = Context {
            clock: clock.clone(),
            entropy: Arc::new(NoEntropy),
            keyring: Arc::new(
                Keyring::parse(&format!(r#"{{"current": 1, "1": "{}"}}"#, "k".repeat(64))).unwrap(),
            ),
            hash_cost: HashCost::STANDARD,
            calls: Arc::new(Calls::default()),
            floods: Arc::new(Floods::new(3000, 300)),
            base_url: "https://portal.example.org".into(),
            edge_secrets: Arc::new([]),
            calls_out: false,
            text_numbers: Arc::new([]),
        };
        let store = Fake { clock, look_seconds, claim_seconds, due, claimed: Mutex::default() };
        App { context, store }
    }

    fn claimed(app: &App<Fake>) -> Vec<MessageId> {
        app.store.claimed.lock().unwrap().clone()
    }

    fn record(number: u8, template: &str) -> Value {
        let image = json!({"template": template, "id": number});
        json!({"eventName": "INSERT", "dynamodb": {"NewImage": image, "SequenceNumber": number.to_string()}})
    }

    #[tokio::test]
    async fn in_a_batch_codes_are_sent_before_everything_else() {
        let app = app(0, 0, Vec::new());
        let kinds = [(1, "invitation"), (2, "invitation"), (3, "code"), (4, "invitation"), (5, "code")];
        let records: Vec<Value> = kinds.map(|(number, template)| record(number, template)).into();
        handle(&app, &Nobody, &json!({"Records": records})).await;
        assert_eq!(claimed(&app), [3, 5, 1, 2, 4].map(id));
    }

    #[tokio::test]
    async fn what_nobody_waits_for_does_not_keep_a_later_code_waiting() {
        let app = app(0, 6, Vec::new());
        let mut records: Vec<Value> = (1..=9).map(|number| record(number, "invitation")).collect();
        handle(&app, &Nobody, &json!({"Records": records})).await;
        assert_eq!(claimed(&app).len(), 3, "the rest is the sweep's");
        app.store.claimed.lock().unwrap().clear();
        records = (1..=9).map(|number| record(number, "code")).collect();
        let answer = handle(&app, &Nobody, &json!({"Records": records})).await;
        assert_eq!(claimed(&app).len(), 7);
        assert_eq!(answer, json!({"batchItemFailures": []}), "nothing failed, so nothing is read again");
    }

    #[tokio::test]
    async fn the_time_to_find_messages_is_a_part_of_the_time_to_send() {
        let due: Vec<MessageId> = (1..=20).map(id).collect();
        // Three lines take thirty seconds, so ten are left.
        let app = app(10, 2, due.clone());
        handle(&app, &Nobody, &json!({})).await;
        assert_eq!(claimed(&app), due[..5]);
    }
}
