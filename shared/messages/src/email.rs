//! E-mails: one layout, the words of each message beside its translation.
//!
//! A subject says what the mail is and which practice sends it, nothing of the recipient: it
//! shows on lock screens and in logs of mail servers.

use crate::{
    Language, Message, Practice, local_time,
    names::{greeting_name, one_line, phone},
};
use askama::Template;

/// An e-mail, ready to be sent. It has no `Debug`: it holds links and names.
#[derive(Clone, PartialEq, Eq)]
pub struct Email {
    /// The subject, one line, without a word about the recipient.
    pub subject: String,
    /// The HTML part.
    pub html: String,
    /// The plain text part, with the same content.
    pub text: String,
}

/// The e-mail that says `message` in `language`.
pub fn email(message: &Message<'_>, practice: &Practice<'_>, language: Language) -> Email {
    let name = one_line(practice.name);
    let words = words(message, practice, &name, language);
    let layout = match language {
        Language::English => &LAYOUT_EN,
        Language::Spanish => &LAYOUT_ES,
    };
    let phone = phone(practice.phone);
    let html = HtmlPart {
        lang: language.tag(),
        practice: &name,
        phone: &phone,
        dial: practice.phone,
        layout,
        words: &words,
    };
    let text = TextPart { practice: &name, phone: &phone, layout, words: &words };
    Email {
        // Rendering these into a string fails only where a value's own `Display` does; theirs can't.
        html: html.render().unwrap_or_default(),
        text: text.render().unwrap_or_default(),
        subject: words.subject,
    }
}

#[derive(Template)]
#[template(path = "email.html")]
struct HtmlPart<'a> {
    lang: &'static str,
    practice: &'a str,
    phone: &'a str,
    dial: &'a str,
    layout: &'static Layout,
    words: &'a Words<'a>,
}

#[derive(Template)]
#[template(path = "email.txt", escape = "none")]
struct TextPart<'a> {
    practice: &'a str,
    phone: &'a str,
    layout: &'static Layout,
    words: &'a Words<'a>,
}

/// The lines that every e-mail has.
struct Layout {
    copy_address: &'static str,
    no_answers: &'static str,
}

const LAYOUT_EN: Layout = Layout {
    copy_address: "Or copy this address into your browser:",
    no_answers: "Please do not reply. This mailbox can't read answers.",
};

const LAYOUT_ES: Layout = Layout {
    copy_address: "O copie esta dirección en su navegador:",
    no_answers: "Por favor, no responda. Este buzón no puede leer respuestas.",
};

/// What one message puts into the layout, in reading order.
struct Words<'a> {
    subject: String,
    greeting: String,
    lead: Vec<String>,
    fact: Option<Fact<'a>>,
    button: Option<Button<'a>>,
    close: Vec<String>,
    call: Call,
}

/// The one thing to read off the mail: a code (large) or the user name.
struct Fact<'a> {
    label: &'static str,
    value: &'a str,
    large: bool,
}

struct Button<'a> {
    label: &'static str,
    link: &'a str,
}

/// The sentence around the phone number.
struct Call {
    before: &'static str,
    after: &'static str,
}

fn words<'a>(message: &Message<'a>, practice: &Practice<'_>, name: &str, language: Language) -> Words<'a> {
    let until = |millis| local_time(millis, practice.time_zone, language);
    match language {
        Language::English => english(message, name, until),
        Language::Spanish => spanish(message, name, until),
    }
}

fn english<'a>(message: &Message<'a>, name: &str, until: impl Fn(i64) -> String) -> Words<'a> {
    let greeting = |given_name| match greeting_name(given_name) {
        Some(given_name) => format!("Hello {given_name},"),
        None => "Hello,".to_owned(),
    };
    let works_until =
        |millis| format!("This link works once, until {}. After that, call us for a new one.", until(millis));
    match *message {
        Message::Invitation { given_name, link, expires_at_millis, representative } => Words {
            subject: if representative {
                format!("{name}: set up the patient portal for someone you care for")
            } else {
                format!("{name}: set up your patient portal")
            },
            greeting: greeting(given_name),
            lead: vec![if representative {
                format!(
                    "{name} invites you to use its patient portal for someone you care for. It is \
                     our safe website for patients and the people who help them. Setting it up \
                     takes about two minutes."
                )
            } else {
                format!(
                    "{name} invites you to its patient portal. It is our safe website for you. \
                     Setting it up takes about two minutes."
                )
            }],
            fact: None,
            button: Some(Button { label: "Set up my access", link }),
            close: vec![works_until(expires_at_millis)],
            call: Call {
                before: "If this is not for you, ignore it, or call us at ",
                after: ". Nothing happens unless you set it up.",
            },
        },
        Message::Restored { given_name, sign_in } => Words {
            subject: format!("{name}: your patient portal access is back"),
            greeting: greeting(given_name),
            lead: vec![
                "You can use our patient portal again. Sign in with the same user name and \
                 password as before."
                    .to_owned(),
            ],
            fact: None,
            button: Some(Button { label: "Sign in", link: sign_in }),
            close: vec![],
            call: Call { before: "If this is not for you, or you have questions, call us at ", after: "." },
        },
        Message::VerifyAgain { given_name, link, expires_at_millis } => Words {
            subject: format!("{name}: get your patient portal access back"),
            greeting: greeting(given_name),
            lead: vec![
                "You can get your access to our patient portal back. To keep you safe, we first check that it \
                 is you. Then you choose a new password. It takes about two minutes."
                    .to_owned(),
            ],
            fact: None,
            button: Some(Button { label: "Get my access back", link }),
            close: vec![works_until(expires_at_millis)],
            call: Call { before: "If this is not for you, ignore it, or call us at ", after: "." },
        },
        Message::Code { code, minutes } => Words {
            subject: format!("{name}: your code for the patient portal"),
            greeting: "Hello,".to_owned(),
            lead: vec![],
            fact: Some(Fact {
                label: "Enter this code on the page that you have open:",
                value: code,
                large: true,
            }),
            button: None,
            close: vec![
                format!("The code works for {minutes} {}.", minutes_en(minutes)),
                "Never tell it to anyone who calls you, not even someone who says they are from \
                 our office."
                    .to_owned(),
            ],
            call: Call { before: "If you did not ask for a code, ignore it, or call us at ", after: "." },
        },
        Message::Registered { given_name, username, sign_in } => Words {
            subject: format!("{name}: you are registered for the patient portal"),
            greeting: greeting(given_name),
            lead: vec!["You are all set. You can now use our patient portal.".to_owned()],
            fact: Some(Fact { label: "Your user name is:", value: username, large: false }),
            button: Some(Button { label: "Sign in", link: sign_in }),
            close: vec![],
            call: Call { before: "If this was not you, call us right away at ", after: "." },
        },
        Message::RepresentativeRegistered { given_name } => Words {
            subject: format!("{name}: someone registered to help you with the patient portal"),
            greeting: greeting(given_name),
            lead: vec![
                "Someone used the link that we sent you and registered as the person who cares for you. \
                 They can now use our patient portal for you."
                    .to_owned(),
            ],
            fact: None,
            button: None,
            close: vec![],
            call: Call { before: "If you do not know about this, call us right away at ", after: "." },
        },
        Message::Revoked { given_name } => Words {
            subject: format!("{name}: your patient portal access is turned off"),
            greeting: greeting(given_name),
            lead: vec![format!(
                "{name} has turned off your access to its patient portal. You can't sign in any \
                 more."
            )],
            fact: None,
            button: None,
            close: vec![],
            call: Call { before: "If you have questions, or want your access back, call us at ", after: "." },
        },
    }
}

fn spanish<'a>(message: &Message<'a>, name: &str, until: impl Fn(i64) -> String) -> Words<'a> {
    let greeting = |given_name| match greeting_name(given_name) {
        Some(given_name) => format!("Hola, {given_name}:"),
        None => "Hola:".to_owned(),
    };
    let works_until = |millis| {
        format!(
            "Este enlace funciona una sola vez, hasta el {}. Después, llámenos para pedir uno \
             nuevo.",
            until(millis)
        )
    };
    match *message {
        Message::Invitation { given_name, link, expires_at_millis, representative } => Words {
            subject: if representative {
                format!("{name}: active el portal del paciente para alguien a quien usted cuida")
            } else {
                format!("{name}: active su portal del paciente")
            },
            greeting: greeting(given_name),
            lead: vec![if representative {
                format!(
                    "{name} le invita a usar su portal del paciente en nombre de alguien a quien \
                     usted cuida. Es nuestro sitio web seguro para los pacientes y quienes los \
                     ayudan. Activarlo toma unos dos minutos."
                )
            } else {
                format!(
                    "{name} le invita a su portal del paciente. Es nuestro sitio web seguro para \
                     usted. Activarlo toma unos dos minutos."
                )
            }],
            fact: None,
            button: Some(Button { label: "Activar mi acceso", link }),
            close: vec![works_until(expires_at_millis)],
            call: Call {
                before: "Si este mensaje no es para usted, no haga nada o llámenos al ",
                after: ". No pasa nada mientras usted no active el acceso.",
            },
        },
        Message::Restored { given_name, sign_in } => Words {
            subject: format!("{name}: ya tiene acceso otra vez al portal del paciente"),
            greeting: greeting(given_name),
            lead: vec![
                "Ya puede volver a usar nuestro portal del paciente. Entre con el mismo nombre de \
                 usuario y la misma contraseña de antes."
                    .to_owned(),
            ],
            fact: None,
            button: Some(Button { label: "Iniciar sesión", link: sign_in }),
            close: vec![],
            call: Call {
                before: "Si este mensaje no es para usted, o si tiene preguntas, llámenos al ",
                after: ".",
            },
        },
        Message::VerifyAgain { given_name, link, expires_at_millis } => Words {
            subject: format!("{name}: recupere su acceso al portal del paciente"),
            greeting: greeting(given_name),
            lead: vec![
                "Puede recuperar su acceso a nuestro portal del paciente. Para su seguridad, primero \
                 comprobamos que es usted. Después, usted elige una contraseña nueva. Toma unos \
                 dos minutos."
                    .to_owned(),
            ],
            fact: None,
            button: Some(Button { label: "Recuperar mi acceso", link }),
            close: vec![works_until(expires_at_millis)],
            call: Call {
                before: "Si este mensaje no es para usted, no haga nada o llámenos al ",
                after: ".",
            },
        },
        Message::Code { code, minutes } => Words {
            subject: format!("{name}: su código para el portal del paciente"),
            greeting: "Hola:".to_owned(),
            lead: vec![],
            fact: Some(Fact {
                label: "Escriba este código en la página que tiene abierta:",
                value: code,
                large: true,
            }),
            button: None,
            close: vec![
                format!("El código sirve durante {minutes} {}.", minutes_es(minutes)),
                "No se lo diga nunca a nadie que le llame, ni siquiera a quien diga que llama de \
                 nuestro consultorio."
                    .to_owned(),
            ],
            call: Call { before: "Si usted no pidió un código, no haga nada o llámenos al ", after: "." },
        },
        Message::Registered { given_name, username, sign_in } => Words {
            subject: format!("{name}: ya tiene cuenta en el portal del paciente"),
            greeting: greeting(given_name),
            lead: vec!["Todo listo. Ya puede usar nuestro portal del paciente.".to_owned()],
            fact: Some(Fact { label: "Su nombre de usuario es:", value: username, large: false }),
            button: Some(Button { label: "Iniciar sesión", link: sign_in }),
            close: vec![],
            call: Call { before: "Si no fue usted, llámenos enseguida al ", after: "." },
        },
        Message::RepresentativeRegistered { given_name } => Words {
            subject: format!("{name}: alguien se registró para ayudarle con el portal del paciente"),
            greeting: greeting(given_name),
            lead: vec![
                "Alguien usó el enlace que le enviamos y se registró como la persona que cuida de usted. \
                 Ya puede usar nuestro portal del paciente en su nombre."
                    .to_owned(),
            ],
            fact: None,
            button: None,
            close: vec![],
            call: Call { before: "Si usted no sabe nada de esto, llámenos enseguida al ", after: "." },
        },
        Message::Revoked { given_name } => Words {
            subject: format!("{name}: su acceso al portal del paciente está desactivado"),
            greeting: greeting(given_name),
            lead: vec![format!(
                "{name} ha desactivado su acceso al portal del paciente. Ya no puede iniciar \
                 sesión."
            )],
            fact: None,
            button: None,
            close: vec![],
            call: Call {
                before: "Si tiene preguntas, o si quiere recuperar su acceso, llámenos al ",
                after: ".",
            },
        },
    }
}

const fn minutes_en(minutes: u32) -> &'static str {
    if minutes == 1 { "minute" } else { "minutes" }
}

const fn minutes_es(minutes: u32) -> &'static str {
    if minutes == 1 { "minuto" } else { "minutos" }
}
