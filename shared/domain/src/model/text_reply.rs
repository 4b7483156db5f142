//! Replies to texts: which words stop texts to a number, which start them again, and the last reply of
//! a number.
//!
//! The rule: a reply stops texts if it is one of the words that carriers, Amazon and the FCC name, or one of the Spanish
//! ones, alone or with nothing but courtesy and what it is to stop (`please stop texting me`). A sentence about something
//! else that begins with such a word (`Stop by at 5?`, `Cancel my appointment`) stops nothing.

use serde::{Deserialize, Serialize};

use crate::model::names::words;
use crate::model::person::Line;
use crate::time::Timestamp;

/// Words that say by themselves, or of whoever speaks, that texts shall stop: of the CTIA's list, Amazon's, the FCC's
/// rule of 2025, and Spanish ones.
const STOPS: [&str; 22] = [
    "stop",
    "stopall",
    "stopp",
    "unsubscribe",
    "unsubscribed",
    "unsub",
    "optout",
    "remove",
    "arret",
    "alto",
    "pare",
    "paren",
    "parar",
    "detener",
    "detenga",
    "detengan",
    "nomas",
    "basta",
    "desuscribir",
    "desuscribirme",
    "desuscribanme",
    "quitenme",
];

/// Words that may be about something else, such as an appointment: they count alone, with courtesy, or beside a word
/// for texts.
const MAY_STOP: [&str; 15] = [
    "cancel", "end", "quit", "revoke", "td", "cancelar", "cancele", "cancelen", "baja", "salir", "terminar",
    "termine", "quitar", "eliminar", "dejar",
];

/// Words that start texts again.
const STARTS: [&str; 16] = [
    "start",
    "unstop",
    "resume",
    "subscribe",
    "resubscribe",
    "optin",
    "yes",
    "si",
    "iniciar",
    "inicio",
    "comenzar",
    "empezar",
    "reanudar",
    "alta",
    "suscribir",
    "suscribirme",
];

/// Words of courtesy, which say nothing.
const COURTESY: [&str; 44] = [
    "please",
    "pls",
    "plz",
    "plse",
    "kindly",
    "now",
    "thanks",
    "thank",
    "you",
    "ty",
    "thx",
    "tks",
    "ok",
    "okay",
    "hi",
    "hello",
    "hey",
    "sir",
    "madam",
    "immediately",
    "asap",
    "already",
    "all",
    "por",
    "favor",
    "porfavor",
    "porfa",
    "gracias",
    "muchas",
    "ya",
    "ahora",
    "hola",
    "todo",
    "todos",
    "right",
    "away",
    "today",
    "guys",
    "again",
    "texto",
    "dear",
    "mismo",
    "inmediatamente",
    "buenas",
];

/// Words for texts, and for whom they reach.
const TEXTS: [&str; 51] = [
    "text",
    "texts",
    "texting",
    "txt",
    "txts",
    "txting",
    "message",
    "messages",
    "messaging",
    "msg",
    "msgs",
    "sms",
    "alerts",
    "alert",
    "notifications",
    "notification",
    "reminders",
    "calls",
    "calling",
    "contacting",
    "contact",
    "list",
    "lists",
    "number",
    "phone",
    "cell",
    "subscription",
    "consent",
    "permission",
    "consentimiento",
    "communication",
    "communications",
    "mensaje",
    "mensajes",
    "textos",
    "texto",
    "lista",
    "numero",
    "telefono",
    "celular",
    "suscripcion",
    "notificaciones",
    "recordatorios",
    "avisos",
    "llamadas",
    "enviarme",
    "mandarme",
    "escribirme",
    "contactarme",
    "llamarme",
    "textearme",
];

/// Words that join the others into a sentence.
const JOINTS: [&str; 63] = [
    "i",
    "im",
    "id",
    "me",
    "my",
    "we",
    "us",
    "our",
    "your",
    "u",
    "ur",
    "want",
    "wish",
    "would",
    "like",
    "need",
    "to",
    "can",
    "could",
    "will",
    "must",
    "be",
    "do",
    "this",
    "these",
    "those",
    "the",
    "them",
    "any",
    "more",
    "anymore",
    "from",
    "off",
    "out",
    "of",
    "sending",
    "send",
    "getting",
    "receiving",
    "receive",
    "said",
    "told",
    "just",
    "and",
    "quiero",
    "deseo",
    "me",
    "mi",
    "mis",
    "de",
    "del",
    "la",
    "las",
    "los",
    "el",
    "estos",
    "esos",
    "mas",
    "enviar",
    "mandar",
    "enviando",
    "dar",
    "darme",
];

/// Words that turn the meaning of the next ones around.
const NOT: [&str; 9] = ["not", "dont", "never", "no", "nunca", "doesnt", "cant", "jamas", "tampoco"];

/// What one does with texts; `not` before it stops them.
const SENDING: [&str; 22] = [
    "text",
    "txt",
    "send",
    "message",
    "contact",
    "call",
    "want",
    "write",
    "more",
    "mas",
    "quiero",
    "deseo",
    "envie",
    "envien",
    "enviar",
    "mande",
    "manden",
    "escriba",
    "escriban",
    "contacten",
    "llamen",
    "textear",
];

/// The meaning of a reply.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Word {
    /// The person wants no more texts.
    Stop,
    /// The person wants texts again.
    Start,
}

impl Word {
    /// Reads a reply. `None` for any other text.
    pub fn parse(reply: &str) -> Option<Self> {
        let said = joined(words(reply));
        if says_stop(&said) {
            return Some(Self::Stop);
        }
        // `STOP. Who is this?`: what follows takes nothing back.
        let first =
            reply.split(['.', '!', ';', '\n']).map(words).find(|words| !words.is_empty()).unwrap_or_default();
        let is_plain = |word: &String| is_in(&STOPS, word) || is_in(&COURTESY, word);
        if joined(first.clone()).iter().any(|word| is_in(&STOPS, word)) && joined(first).iter().all(is_plain)
        {
            return Some(Self::Stop);
        }
        says_start(&said).then_some(Self::Start)
    }
}

fn is_in(list: &[&str], word: &str) -> bool {
    list.contains(&word)
}

/// Words with those put together that people write apart: `opt out`, `s t o p`.
fn joined(words: Vec<String>) -> Vec<String> {
    if words.len() > 2 && words.iter().all(|word| word.chars().count() == 1) {
        return vec![words.concat()];
    }
    let mut all: Vec<String> = Vec::new();
    // `Opt me out`: what stands between says nothing.
    let opts_out = words.iter().any(|word| word == "opt") && words.iter().any(|word| word == "out");
    for word in words.into_iter().filter(|word| !(opts_out && word == "opt")) {
        if opts_out && word == "out" {
            all.push("optout".to_owned());
            continue;
        }
        let pair = all.last().map(|last| (last.as_str(), word.as_str()));
        let whole = match pair {
            Some(("opting" | "opted", "out")) => Some("optout"),
            Some(("opt" | "opting" | "opted", "in")) => Some("optin"),
            Some(("un", "subscribe")) => Some("unsubscribe"),
            Some(("un", "stop")) => Some("unstop"),
            Some(("do" | "does", "not")) => Some("dont"),
            Some(("no", "mas")) => Some("nomas"),
            _ => None,
        };
        match whole {
            Some(whole) => {
                all.pop();
                all.push(whole.to_owned());
            }
            None => all.push(word),
        }
    }
    all
}

fn says_stop(said: &[String]) -> bool {
    let known = |word: &String| {
        [&STOPS[..], &MAY_STOP, &COURTESY, &TEXTS, &JOINTS, &NOT, &SENDING]
            .iter()
            .any(|list| is_in(list, word))
    };
    if !said.iter().all(known) {
        return false;
    }
    let stops = said.iter().any(|word| is_in(&STOPS, word));
    let may_stop = said.iter().any(|word| is_in(&MAY_STOP, word));
    let of_texts = said.iter().any(|word| is_in(&TEXTS, word));
    match said.iter().position(|word| is_in(&NOT, word)) {
        // `Don't stop` stops nothing; `don't text me`, `no more messages` do.
        Some(at) => {
            let next = said
                .get(at + 1)
                .is_some_and(|word| is_in(&SENDING, word) || word == "me" || word == "quiero");
            next && !stops
                && !may_stop
                && (of_texts || said.iter().any(|word| matches!(word.as_str(), "me" | "send" | "text")))
        }
        None if stops => true,
        None if may_stop => {
            let is_polite = |word: &String| is_in(&MAY_STOP, word) || is_in(&COURTESY, word) || is_off(word);
            of_texts || said.iter().all(is_polite)
        }
        None => false,
    }
}

/// Words that belong to `dar de baja`.
fn is_off(word: &str) -> bool {
    matches!(word, "dar" | "darme" | "de" | "me")
}

fn says_start(said: &[String]) -> bool {
    let lists = [
        &STARTS[..],
        &COURTESY,
        &TEXTS,
        &["me", "my", "sending", "send", "to", "the", "mis", "los", "i", "want", "quiero", "recibir"],
    ];
    let starts = said.iter().filter(|word| is_in(&STARTS, word)).count();
    let whole = said.iter().all(|word| lists.iter().any(|list| is_in(list, word)));
    let is_yes = said.iter().all(|word| matches!(word.as_str(), "yes" | "si") || is_in(&COURTESY, word));
    let is_more = said.iter().any(|word| is_in(&STARTS, word) && !matches!(word.as_str(), "yes" | "si"));
    starts > 0 && whole && (is_yes || is_more)
}

/// A reply that is no keyword: a person has to read it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Heard {
    /// The number that replied, in E.164.
    pub number: String,
    /// Its words, on one line and cut after 200 characters. They go to the practice's staff, and into no log.
    pub words: Line,
    /// When the reply was received.
    pub at: Timestamp,
}

impl Heard {
    /// Reads a reply; `None` if it has no words.
    pub fn new(number: String, reply: &str, at: Timestamp) -> Option<Self> {
        let line: String = reply.chars().map(|c| if c.is_control() { ' ' } else { c }).take(200).collect();
        Some(Self { number, words: Line::parse(&line).ok()?, at })
    }
}

/// One reply to a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Said {
    /// The number that replied, in E.164.
    pub number: String,
    /// The meaning of the reply.
    pub word: Word,
    /// When the reply was received.
    pub at: Timestamp,
    /// The provider's id of the reply. A reply that is reported twice is stored once.
    pub id: String,
}

/// The last reply of a number.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Standing {
    /// STOP or START; `None` if the number never sent either.
    pub word: Option<Word>,
}

impl Standing {
    /// Whether texts may be sent to the number.
    pub fn may_text(self) -> bool {
        self.word != Some(Word::Stop)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Replies that stop texts.
    const STOP: [&str; 124] = [
        "STOP",
        "stop",
        "Stop",
        "sToP",
        "STOP.",
        "STOP!",
        "STOP!!",
        "Stop!!!",
        "\"STOP\"",
        "'stop'",
        "(stop)",
        "  stop  ",
        "stop\n",
        "*STOP*",
        "ＳＴＯＰ",
        "\u{200b}STOP\u{feff}",
        "S\u{ad}TOP",
        "\u{202a}stop\u{202c}",
        "STOP 🛑",
        "🛑 stop",
        "s t o p",
        "S.T.O.P",
        "stop stop stop",
        "STOPALL",
        "stop all",
        "Stop-all",
        "UNSUBSCRIBE",
        "unsubscribe",
        "Unsubscribe.",
        "un-subscribe",
        "unsub",
        "CANCEL",
        "cancel",
        "Cancel.",
        "END",
        "end",
        "QUIT",
        "quit!",
        "REVOKE",
        "revoke",
        "REMOVE",
        "remove me",
        "opt out",
        "OPT-OUT",
        "OPTOUT",
        "optout",
        "Opt  out.",
        "opt–out",
        "ARRET",
        "arrêt",
        "ARRÊT",
        "TD",
        "td",
        "ALTO",
        "alto",
        "¡Alto!",
        "PARE",
        "pare",
        "pare por favor",
        "PARAR",
        "BAJA",
        "baja",
        "dar de baja",
        "Darme de baja por favor",
        "CANCELAR",
        "cancelar",
        "DETENER",
        "detener mensajes",
        "NO MAS",
        "no más",
        "No más mensajes",
        "no mas textos por favor",
        "SALIR",
        "salir",
        "basta ya",
        "please stop",
        "Stop please",
        "stop, please!",
        "pls stop",
        "Please STOP now",
        "stop now",
        "stop thank you",
        "ok stop",
        "STOP thanks",
        "stop texting me",
        "Stop texting me!!",
        "please stop texting me",
        "stop sending me texts",
        "stop sending messages",
        "stop the texts",
        "stop all messages",
        "stop these messages please",
        "stop messaging me",
        "can you please stop texting me",
        "I want to stop",
        "I said stop",
        "please unsubscribe me",
        "unsubscribe me from this list",
        "remove me from your list",
        "Please remove my number",
        "remove my number from your list",
        "opt me out",
        "I want to opt out",
        "I would like to opt out of texts",
        "opting out",
        "cancel texts",
        "cancel my subscription",
        "please cancel",
        "end texts",
        "quit texting me",
        "do not text me",
        "Don't text me",
        "don’t text me anymore",
        "dont send me messages",
        "no more texts",
        "No more messages please",
        "no quiero mensajes",
        "ya no quiero más mensajes",
        "I do not want texts",
        "STOP. Who is this?",
        "Stop! I already have an account.",
        "stop\nwrong number",
        "revoke my consent to texts",
        "no me manden mensajes",
    ];

    /// Replies that stop nothing.
    const OTHER: [&str; 62] = [
        "",
        " ",
        ".",
        "?",
        "👍",
        "ok",
        "thanks",
        "no",
        "No thanks",
        "who is this?",
        "wrong number",
        "what is this",
        "hello",
        "Cancel my appointment on Friday please",
        "cancel my appointment",
        "I need to cancel",
        "I want to cancel",
        "Can I cancel?",
        "please cancel Friday",
        "Cancel the visit",
        "cancel it for tomorrow",
        "Stop by at 5?",
        "stop by",
        "Stop & Shop pharmacy",
        "Stop and Shop",
        "bus stop",
        "I'll stop in tomorrow",
        "stopping by later",
        "The pharmacy is at the last stop",
        "don't stop",
        "Do not stop",
        "please don’t stop",
        "never stop",
        "dont cancel",
        "do not remove me",
        "don't unsubscribe me",
        "End of the week works",
        "the end",
        "in the end it was fine",
        "weekend",
        "friend",
        "Remove the stitches on Monday?",
        "remove stitches",
        "quit smoking",
        "I quit smoking in March",
        "revoke the license",
        "unstoppable",
        "nonstop",
        "Alto riesgo",
        "soy muy alto",
        "salir a comer",
        "cancelar mi cita",
        "cancelar la cita del viernes",
        "la presión está baja",
        "tengo la presion baja",
        "para mañana",
        "no puedo ir",
        "no más dolor",
        "pare de sufrir dolor",
        "detener el medicamento?",
        "1",
        "STOPLIGHT",
    ];

    /// Replies that start texts again.
    const START: [&str; 34] = [
        "START",
        "start",
        "Start.",
        "START!",
        "\"start\"",
        "ＳＴＡＲＴ",
        "\u{feff}start",
        "please start",
        "start please",
        "start texting me again",
        "start sending me texts",
        "Start messages",
        "UNSTOP",
        "unstop",
        "un-stop",
        "resume",
        "subscribe",
        "opt in",
        "OPT-IN",
        "YES",
        "yes",
        "Yes!",
        "yes please",
        "SÍ",
        "sí",
        "si",
        "Si.",
        "sí, por favor",
        "¡Sí!",
        "iniciar",
        "comenzar",
        "reanudar mensajes",
        "alta",
        "s t a r t",
    ];

    /// Replies that begin like those and start nothing.
    const NO_START: [&str; 14] = [
        "What time do you start?",
        "start time?",
        "Start the medicine today?",
        "yes I can come at 5",
        "Yes, what is the address?",
        "si puedo ir",
        "sí tengo seguro",
        "if",
        "started",
        "restart the computer",
        "head start",
        "alta del hospital",
        "yes and no",
        "start over with the forms",
    ];

    #[test]
    fn whoever_says_in_any_way_that_texts_shall_stop_gets_no_more() {
        let wrong: Vec<&str> =
            STOP.into_iter().filter(|reply| Word::parse(reply) != Some(Word::Stop)).collect();
        assert!(wrong.is_empty(), "{wrong:#?}");
    }

    #[test]
    fn a_sentence_about_something_else_stops_and_starts_nothing() {
        let all = OTHER.into_iter().chain(NO_START);
        let wrong: Vec<_> =
            all.map(|reply| (reply, Word::parse(reply))).filter(|(_, word)| word.is_some()).collect();
        assert!(wrong.is_empty(), "{wrong:#?}");
    }

    #[test]
    fn whoever_wants_texts_again_gets_them() {
        let wrong: Vec<&str> =
            START.into_iter().filter(|reply| Word::parse(reply) != Some(Word::Start)).collect();
        assert!(wrong.is_empty(), "{wrong:#?}");
    }

    #[test]
    fn courtesy_signs_and_marks_around_a_word_change_nothing() {
        let mut tried = 0;
        for (word, meant) in STOPS
            .iter()
            .chain(&MAY_STOP)
            .map(|word| (*word, Word::Stop))
            .chain(STARTS.map(|word| (word, Word::Start)))
        {
            for before in ["", "please ", "Please, ", "por favor ", "\u{200b}", "“", "¡", "hi ", "OK, "] {
                for after in [
                    "",
                    ".",
                    "!!",
                    " please",
                    ", thanks",
                    " por favor",
                    " gracias",
                    "”",
                    "\u{feff}\n",
                    " now",
                    " 🙏",
                ] {
                    for form in [str::to_uppercase, str::to_lowercase as fn(&str) -> String] {
                        let reply = form(&format!("{before}{word}{after}"));
                        assert_eq!(Word::parse(&reply), Some(meant), "{reply}");
                        tried += 1;
                    }
                }
            }
        }
        assert!(tried > 5_000, "{tried}");
    }
}
