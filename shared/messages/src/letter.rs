//! What is printed: the letter of an invitation, and the poster of a practice.

use crate::Practice;
use crate::language::Language;
use crate::names::{greeting_name, one_line, phone};
use crate::time::local_day;

/// The words of an invitation's letter, in the order in which they are read. Between `open` and `code` stand
/// the link with its QR code, behind `code` the access code.
#[expect(missing_docs, reason = "the names say it")]
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Letter {
    pub title: String,
    pub greeting: String,
    pub lead: String,
    /// How to open the page; the link's address follows.
    pub open: &'static str,
    /// What the QR code is, for somebody who hears the page.
    pub alt: &'static str,
    /// What to do with the access code that follows.
    pub code: &'static str,
    /// Until when the letter works.
    pub until: String,
    /// Whom to call.
    pub help: String,
}

/// The letter of an invitation in one language. `given_name` is the recipient's, for the greeting; the link
/// stops working at `expires_at_millis`, in milliseconds since 1970.
pub fn letter(
    practice: &Practice<'_>,
    given_name: &str,
    expires_at_millis: i64,
    language: Language,
) -> Letter {
    let name = one_line(practice.name);
    let call = phone(practice.phone);
    let day = local_day(expires_at_millis, practice.time_zone, language);
    let given_name = greeting_name(Some(given_name));
    let note = practice.invitation_note.map(one_line);
    let lead = |lead: String| note.iter().fold(lead, |lead, note| format!("{lead} {note}"));
    match language {
        Language::English => Letter {
            title: "Set up your patient portal".to_owned(),
            greeting: given_name.map_or_else(|| "Hello,".to_owned(), |name| format!("Hello {name},")),
            lead: lead(format!(
                "{name} invites you to its patient portal. It is our website for our patients. Setting it up takes \
                 about five minutes. You need this letter, your last name and your date of birth."
            )),
            open: "1. Point your phone's camera at the square. Or type this address into a browser, exactly as it is \
                   printed:",
            alt: "QR code: the address that is printed beside it",
            code: "2. When the page asks for a code from the office, enter this one:",
            until: format!("This letter works once. Use it before {day}."),
            help: format!("Do you need help, or is this letter not for you? Call us: {call}."),
        },
        Language::Spanish => Letter {
            title: "Active su portal del paciente".to_owned(),
            greeting: given_name.map_or_else(|| "Hola:".to_owned(), |name| format!("Hola, {name}:")),
            lead: lead(format!(
                "{name} le invita a su portal del paciente. Es nuestro sitio web para nuestros pacientes. Activarlo \
                 toma unos cinco minutos. Necesita esta carta, su apellido y su fecha de nacimiento."
            )),
            open: "1. Apunte la cámara de su teléfono al cuadro. O escriba esta dirección en un navegador, tal como \
                   está impresa:",
            alt: "Código QR: la dirección que está impresa al lado",
            code: "2. Cuando la página pida un código del consultorio, escriba este:",
            until: format!("Esta carta sirve una sola vez. Úsela antes del {day}."),
            help: format!("¿Necesita ayuda o esta carta no es para usted? Llámenos al {call}."),
        },
    }
}

/// The words of the poster that leads to the practice's sign-up page.
#[expect(missing_docs, reason = "the names say it")]
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Poster {
    pub title: &'static str,
    pub lead: String,
    /// How to open the page; its address follows.
    pub open: &'static str,
    /// What the QR code is, for somebody who hears the page.
    pub alt: &'static str,
    pub help: &'static str,
}

/// The poster in one language.
pub fn poster(practice: &Practice<'_>, language: Language) -> Poster {
    let name = one_line(practice.name);
    match language {
        Language::English => Poster {
            title: "Join our patient portal",
            lead: format!(
                "The patient portal of {name} is our website for our patients. Sign up in a few minutes."
            ),
            open: "Point your phone's camera at the square, or go to:",
            alt: "QR code: the address of the sign-up page, which is printed beside it",
            help: "Do you need help? Ask at the front desk.",
        },
        Language::Spanish => Poster {
            title: "Regístrese en nuestro portal del paciente",
            lead: format!(
                "El portal del paciente de {name} es nuestro sitio web para nuestros pacientes. Regístrese en pocos \
                 minutos."
            ),
            open: "Apunte la cámara de su teléfono al cuadro o vaya a:",
            alt: "Código QR: la dirección de la página de registro, que está impresa al lado",
            help: "¿Necesita ayuda? Pregunte en recepción.",
        },
    }
}
