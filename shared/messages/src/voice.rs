//! The words of a voice call, as SSML.

use crate::language::Language;
use crate::names::one_line;

/// A pause between sentences, long enough to find a pen.
const PAUSE: &str = "<break time=\"800ms\"/>";

/// The sentences around the digits.
struct Call {
    before_name: &'static str,
    /// Used if the practice's name can't be spoken.
    nameless: &'static str,
    stranger: &'static str,
    code: &'static str,
    again: &'static str,
    secret: &'static str,
}

const EN: Call = Call {
    before_name: "Hello. This is a call from",
    nameless: "your doctor's office",
    stranger: "If you did not ask for a code, hang up now.",
    code: "Your code is:",
    again: "Once more, your code is:",
    secret: "Never tell it to anyone who calls you. Goodbye.",
};

const ES: Call = Call {
    before_name: "Hola. Le llamamos de",
    nameless: "el consultorio de su médico",
    stranger: "Si usted no pidió un código, cuelgue ahora.",
    code: "Su código es:",
    again: "Se lo repito. Su código es:",
    secret: "No se lo diga nunca a nadie que le llame. Adiós.",
};

/// The SSML of a call with a code: who is calling, then the digits one by one, slowly and twice.
pub fn voice_code(code: &str, practice_name: &str, language: Language) -> String {
    let Call { before_name, nameless, stranger, code: first, again, secret } = match language {
        Language::English => EN,
        Language::Spanish => ES,
    };
    let name = match escaped(&one_line(practice_name)) {
        name if name.chars().any(char::is_alphanumeric) => name,
        _ => nameless.to_owned(),
    };
    // Digit by digit, and slowly enough to write each one down.
    let digits = format!(
        "<prosody rate=\"x-slow\"><say-as interpret-as=\"digits\">{}</say-as></prosody>",
        escaped(code)
    );
    format!(
        "<speak>\
         <p>{before_name} {name}.</p>\
         <p>{stranger}</p>\
         {PAUSE}\
         <p>{first} {PAUSE}{digits}</p>\
         {PAUSE}\
         <p>{again} {PAUSE}{digits}</p>\
         {PAUSE}\
         <p>{secret}</p>\
         </speak>"
    )
}

/// Escapes `text` for the content of an XML element. Characters that XML does not allow are dropped.
fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&apos;"),
            '\u{fffe}' | '\u{ffff}' => {}
            c if c.is_control() => {}
            c => escaped.push(c),
        }
    }
    escaped
}
