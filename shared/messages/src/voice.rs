//! The words of a voice call, as SSML.

use crate::language::Language;
use crate::names::one_line;

/// A pause that is long enough to find a pen.
const PEN: &str = "<break time=\"3s\"/>";

/// A pause between two times of the code.
const PAUSE: &str = "<break time=\"1500ms\"/>";

/// The sentences around the digits.
struct Call {
    before_name: &'static str,
    after_name: &'static str,
    /// Used if the practice's name can't be spoken.
    nameless: &'static str,
    stranger: &'static str,
    pen: &'static str,
    code: &'static str,
    again: &'static str,
    last: &'static str,
    secret: &'static str,
}

const EN: Call = Call {
    before_name: "Hello. This is",
    after_name: ", with the code you asked for.",
    nameless: "your doctor's office",
    stranger: "If you did not ask for it, hang up.",
    pen: "Please get a pen.",
    code: "Your code is:",
    again: "Again:",
    last: "One last time:",
    secret: "Our office will never ask you for this code. Goodbye.",
};

const ES: Call = Call {
    before_name: "Hola. Le llamamos de",
    after_name: " con el código que usted pidió.",
    nameless: "el consultorio de su médico",
    stranger: "Si no lo pidió, cuelgue.",
    pen: "Por favor, busque con qué escribir.",
    code: "Su código es:",
    again: "Otra vez:",
    last: "Por última vez:",
    secret: "Nadie de nuestro consultorio le va a pedir este código. Adiós.",
};

/// The SSML of a call with a code: who is calling, time to find a pen, then the digits one by one, slowly and three times.
/// The practice's name is spoken in English, whatever the language of the call.
pub fn voice_code(code: &str, practice_name: &str, language: Language) -> String {
    let Call { before_name, after_name, nameless, stranger, pen, code: first, again, last, secret } =
        match language {
            Language::English => EN,
            Language::Spanish => ES,
        };
    let name = match escaped(&one_line(practice_name)) {
        name if !name.chars().any(char::is_alphanumeric) => nameless.to_owned(),
        name if language == Language::English => name,
        name => format!("<lang xml:lang=\"en-US\">{name}</lang>"),
    };
    // Digit by digit, and slowly enough to write each one down.
    let digits = format!(
        "<prosody rate=\"x-slow\"><say-as interpret-as=\"digits\">{}</say-as></prosody>",
        escaped(code)
    );
    format!(
        "<speak>\
         <p>{before_name} {name}{after_name}</p>\
         <p>{stranger} {pen}</p>\
         {PEN}\
         <p>{first} {digits}</p>\
         {PAUSE}\
         <p>{again} {digits}</p>\
         {PAUSE}\
         <p>{last} {digits}</p>\
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
