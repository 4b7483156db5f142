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

/// The one thing to read off the mail: a code (large), or user names, each on a line of its own.
struct Fact<'a> {
    label: &'static str,
    values: Vec<&'a str>,
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
    let code_rules = |minutes| {
        vec![
            format!("The code works for {minutes} {}.", minutes_en(minutes)),
            "Never tell it to anyone who calls you, not even someone who says they are from \
                 our office."
                .to_owned(),
        ]
    };
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
                "You can get your access to our patient portal back. To keep you safe, we first check that \
                 it \
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
                values: vec![code],
                large: true,
            }),
            button: None,
            close: code_rules(minutes),
            call: Call { before: "If you did not ask for a code, ignore it, or call us at ", after: "." },
        },
        Message::Registered { given_name, username, sign_in } => Words {
            subject: format!("{name}: you are registered for the patient portal"),
            greeting: greeting(given_name),
            lead: vec!["You are all set. You can now use our patient portal.".to_owned()],
            fact: Some(Fact { label: "Your user name is:", values: vec![username], large: false }),
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
        Message::Reset { given_name, link, expires_at_millis } => Words {
            subject: format!("{name}: choose a new password for the patient portal"),
            greeting: greeting(given_name),
            lead: vec![
                "Someone, we think you, asked for a new password for your account in our patient portal. \
                 First we check that it is you. Then you choose the new password. It takes about two \
                 minutes."
                    .to_owned(),
            ],
            fact: None,
            button: Some(Button { label: "Choose a new password", link }),
            close: vec![
                format!(
                    "This link works once, until {}. After that, you can ask for a new one.",
                    until(expires_at_millis)
                ),
                "If you did not ask for this, do nothing: your password stays as it is.".to_owned(),
            ],
            call: Call {
                before: "If you have questions, or think that someone else asked, call us at ",
                after: ".",
            },
        },
        Message::NotVerified => Words {
            subject: format!("{name}: someone asked for access to the patient portal"),
            greeting: "Hello,".to_owned(),
            lead: vec![
                "Someone, perhaps you, used this e-mail address to ask for access to our patient portal. \
                 What they entered does not match what our office has. Nobody got access, and nothing was \
                 changed."
                    .to_owned(),
            ],
            fact: None,
            button: None,
            close: vec![],
            call: Call {
                before: "If it was you, call us at ",
                after: " and we will help you. If it was not you, you need not do anything.",
            },
        },
        Message::Usernames { usernames, sign_in } => Words {
            subject: format!("{name}: your user name for the patient portal"),
            greeting: "Hello,".to_owned(),
            lead: vec![
                "Someone, we think you, asked for the user name that belongs to this e-mail address in our \
                 patient portal."
                    .to_owned(),
            ],
            fact: Some(Fact {
                label: match usernames {
                    [_] => "The user name is:",
                    _ => "Several people use this address. Their user names are:",
                },
                values: usernames.to_vec(),
                large: false,
            }),
            button: Some(Button { label: "Sign in", link: sign_in }),
            close: vec![
                "If you forgot your password too, choose “Forgot password” on the sign-in page.".to_owned(),
            ],
            call: Call { before: "If you did not ask for this, ignore it, or call us at ", after: "." },
        },
        Message::PasswordChanged { given_name } => Words {
            subject: format!("{name}: your patient portal password was changed"),
            greeting: greeting(given_name),
            lead: vec![
                "The password of your account in our patient portal was changed. To keep you safe, all \
                 other devices were signed out. Sign in with the new password from now on."
                    .to_owned(),
            ],
            fact: None,
            button: None,
            close: vec![],
            call: Call { before: "If this was not you, call us right away at ", after: "." },
        },
        Message::UsernameChanged { given_name, username } => Words {
            subject: format!("{name}: your patient portal user name was changed"),
            greeting: greeting(given_name),
            lead: vec![
                "The user name of your account in our patient portal was changed. Your password stays the \
                 same."
                    .to_owned(),
            ],
            fact: Some(Fact { label: "Your new user name is:", values: vec![username], large: false }),
            button: None,
            close: vec![],
            call: Call { before: "If this was not you, call us right away at ", after: "." },
        },
        Message::EmailChanged { given_name } => Words {
            subject: format!("{name}: the e-mail address of your patient portal account was changed"),
            greeting: greeting(given_name),
            lead: vec![
                "The e-mail address of your account in our patient portal was changed. Messages about your \
                 account now go to the new address."
                    .to_owned(),
            ],
            fact: None,
            button: None,
            close: vec![],
            call: Call { before: "If this was not you, call us right away at ", after: "." },
        },
        Message::ConfirmEmail { code, minutes } => Words {
            subject: format!("{name}: your code to confirm this e-mail address"),
            greeting: "Hello,".to_owned(),
            lead: vec![
                "Someone, we think you, wants to use this e-mail address for an account in our patient \
                 portal."
                    .to_owned(),
            ],
            fact: Some(Fact {
                label: "To confirm it, enter this code on the page that you have open:",
                values: vec![code],
                large: true,
            }),
            button: None,
            close: code_rules(minutes),
            call: Call { before: "If you did not ask for a code, ignore it, or call us at ", after: "." },
        },
        Message::DetailsProposed { given_name } => Words {
            subject: format!("{name}: someone asked us to change your contact details"),
            greeting: greeting(given_name),
            lead: vec![
                "Someone who is signed in to our patient portal asked us to change your contact details. We \
                 will look at it first. Until then, nothing changes."
                    .to_owned(),
            ],
            fact: None,
            button: None,
            close: vec![],
            call: Call {
                before: "If this was not you or someone who helps you, call us right away at ",
                after: ".",
            },
        },
        Message::DetailsDecided { given_name, accepted } => Words {
            subject: if accepted {
                format!("{name}: we changed your contact details")
            } else {
                format!("{name}: we did not change your contact details")
            },
            greeting: greeting(given_name),
            lead: vec![
                if accepted {
                    "You, or someone who helps you, asked us in our patient portal to change your contact \
                     details. We have accepted the changes."
                } else {
                    "You, or someone who helps you, asked us in our patient portal to change your contact \
                     details. We did not accept the changes, so everything stays as it was."
                }
                .to_owned(),
            ],
            fact: None,
            button: None,
            close: vec![],
            call: Call {
                before: if accepted {
                    "If this is not right, call us right away at "
                } else {
                    "To find out why, call us at "
                },
                after: ".",
            },
        },
        Message::CredentialsSet { given_name, sign_in } => Words {
            subject: format!("{name}: you can now sign in to the patient portal"),
            greeting: greeting(given_name),
            lead: vec![
                "Our office has made a user name and a temporary password for you, so that you can use our \
                 patient portal. We do not write them in a message: our office tells you what they are."
                    .to_owned(),
                "Sign in with them within 7 days. Then you choose a password of your own.".to_owned(),
            ],
            fact: None,
            button: Some(Button { label: "Sign in", link: sign_in }),
            close: vec![],
            call: Call { before: "If you did not expect this, call us right away at ", after: "." },
        },
        Message::AccountAdded { given_name, sign_in } => Words {
            subject: format!("{name}: you can now use the patient portal for someone you care for"),
            greeting: greeting(given_name),
            lead: vec![
                "You can now use our patient portal for one more person you care for. Sign in with the user \
                 name and password that you already have."
                    .to_owned(),
            ],
            fact: None,
            button: Some(Button { label: "Sign in", link: sign_in }),
            close: vec![],
            call: Call { before: "If you did not expect this, call us right away at ", after: "." },
        },
        Message::RepresentativeEnded { given_name } => Words {
            subject: format!("{name}: a change to your patient portal access"),
            greeting: greeting(given_name),
            lead: vec![
                "Your access to our patient portal for someone you cared for has ended. If you use the \
                 portal for yourself or for others, nothing changes there."
                    .to_owned(),
            ],
            fact: None,
            button: None,
            close: vec![],
            call: Call { before: "If you have questions, call us at ", after: "." },
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
    let code_rules = |minutes| {
        vec![
            format!("El código sirve durante {minutes} {}.", minutes_es(minutes)),
            "No se lo diga nunca a nadie que le llame, ni siquiera a quien diga que llama de \
                 nuestro consultorio."
                .to_owned(),
        ]
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
                values: vec![code],
                large: true,
            }),
            button: None,
            close: code_rules(minutes),
            call: Call { before: "Si usted no pidió un código, no haga nada o llámenos al ", after: "." },
        },
        Message::Registered { given_name, username, sign_in } => Words {
            subject: format!("{name}: ya tiene cuenta en el portal del paciente"),
            greeting: greeting(given_name),
            lead: vec!["Todo listo. Ya puede usar nuestro portal del paciente.".to_owned()],
            fact: Some(Fact { label: "Su nombre de usuario es:", values: vec![username], large: false }),
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
        Message::Reset { given_name, link, expires_at_millis } => Words {
            subject: format!("{name}: elija una contraseña nueva para el portal del paciente"),
            greeting: greeting(given_name),
            lead: vec![
                "Alguien, creemos que usted, pidió una contraseña nueva para su cuenta en nuestro portal del \
                 paciente. Primero comprobamos que es usted. Después, usted elige la contraseña nueva. Toma \
                 unos dos minutos."
                    .to_owned(),
            ],
            fact: None,
            button: Some(Button { label: "Elegir una contraseña nueva", link }),
            close: vec![
                format!(
                    "Este enlace funciona una sola vez, hasta el {}. Después, puede pedir uno nuevo.",
                    until(expires_at_millis)
                ),
                "Si usted no lo pidió, no haga nada: su contraseña sigue siendo la misma.".to_owned(),
            ],
            call: Call {
                before: "Si tiene preguntas, o si cree que lo pidió otra persona, llámenos al ",
                after: ".",
            },
        },
        Message::NotVerified => Words {
            subject: format!("{name}: alguien pidió acceso al portal del paciente"),
            greeting: "Hola:".to_owned(),
            lead: vec![
                "Alguien, quizás usted, usó esta dirección de correo electrónico para pedir acceso a nuestro \
                 portal del paciente. Lo que escribió no coincide con lo que tiene nuestro consultorio. \
                 Nadie recibió acceso y nada cambió."
                    .to_owned(),
            ],
            fact: None,
            button: None,
            close: vec![],
            call: Call {
                before: "Si fue usted, llámenos al ",
                after: " y le ayudaremos. Si no fue usted, no tiene que hacer nada.",
            },
        },
        Message::Usernames { usernames, sign_in } => Words {
            subject: format!("{name}: su nombre de usuario para el portal del paciente"),
            greeting: "Hola:".to_owned(),
            lead: vec![
                "Alguien, creemos que usted, pidió el nombre de usuario que corresponde a esta dirección de \
                 correo electrónico en nuestro portal del paciente."
                    .to_owned(),
            ],
            fact: Some(Fact {
                label: match usernames {
                    [_] => "El nombre de usuario es:",
                    _ => "Varias personas usan esta dirección. Sus nombres de usuario son:",
                },
                values: usernames.to_vec(),
                large: false,
            }),
            button: Some(Button { label: "Iniciar sesión", link: sign_in }),
            close: vec![
                "Si también olvidó su contraseña, elija «Olvidé mi contraseña» en la página para iniciar \
                 sesión."
                    .to_owned(),
            ],
            call: Call { before: "Si usted no lo pidió, no haga nada o llámenos al ", after: "." },
        },
        Message::PasswordChanged { given_name } => Words {
            subject: format!("{name}: se cambió su contraseña del portal del paciente"),
            greeting: greeting(given_name),
            lead: vec![
                "Se cambió la contraseña de su cuenta en nuestro portal del paciente. Para su seguridad, \
                 se cerró su sesión en todos los demás dispositivos. Desde ahora, inicie sesión con la \
                 contraseña nueva."
                    .to_owned(),
            ],
            fact: None,
            button: None,
            close: vec![],
            call: Call { before: "Si no fue usted, llámenos enseguida al ", after: "." },
        },
        Message::UsernameChanged { given_name, username } => Words {
            subject: format!("{name}: se cambió su nombre de usuario del portal del paciente"),
            greeting: greeting(given_name),
            lead: vec![
                "Se cambió el nombre de usuario de su cuenta en nuestro portal del paciente. Su contraseña \
                 sigue siendo la misma."
                    .to_owned(),
            ],
            fact: Some(Fact {
                label: "Su nuevo nombre de usuario es:",
                values: vec![username],
                large: false,
            }),
            button: None,
            close: vec![],
            call: Call { before: "Si no fue usted, llámenos enseguida al ", after: "." },
        },
        Message::EmailChanged { given_name } => Words {
            subject: format!("{name}: se cambió el correo electrónico de su cuenta del portal del paciente"),
            greeting: greeting(given_name),
            lead: vec![
                "Se cambió la dirección de correo electrónico de su cuenta en nuestro portal del paciente. \
                 Los mensajes sobre su cuenta llegan ahora a la dirección nueva."
                    .to_owned(),
            ],
            fact: None,
            button: None,
            close: vec![],
            call: Call { before: "Si no fue usted, llámenos enseguida al ", after: "." },
        },
        Message::ConfirmEmail { code, minutes } => Words {
            subject: format!("{name}: su código para confirmar este correo electrónico"),
            greeting: "Hola:".to_owned(),
            lead: vec![
                "Alguien, creemos que usted, quiere usar esta dirección de correo electrónico para una \
                 cuenta en nuestro portal del paciente."
                    .to_owned(),
            ],
            fact: Some(Fact {
                label: "Para confirmarla, escriba este código en la página que tiene abierta:",
                values: vec![code],
                large: true,
            }),
            button: None,
            close: code_rules(minutes),
            call: Call { before: "Si usted no pidió un código, no haga nada o llámenos al ", after: "." },
        },
        Message::DetailsProposed { given_name } => Words {
            subject: format!("{name}: alguien nos pidió cambiar sus datos de contacto"),
            greeting: greeting(given_name),
            lead: vec![
                "Alguien que inició sesión en nuestro portal del paciente nos pidió cambiar sus datos de \
                 contacto. Primero vamos a revisarlo. Hasta entonces, nada cambia."
                    .to_owned(),
            ],
            fact: None,
            button: None,
            close: vec![],
            call: Call {
                before: "Si no fue usted ni alguien que le ayuda, llámenos enseguida al ",
                after: ".",
            },
        },
        Message::DetailsDecided { given_name, accepted } => Words {
            subject: if accepted {
                format!("{name}: hemos cambiado sus datos de contacto")
            } else {
                format!("{name}: no hemos cambiado sus datos de contacto")
            },
            greeting: greeting(given_name),
            lead: vec![
                if accepted {
                    "Usted, o alguien que le ayuda, nos pidió en nuestro portal del paciente cambiar sus \
                     datos de contacto. Hemos aceptado los cambios."
                } else {
                    "Usted, o alguien que le ayuda, nos pidió en nuestro portal del paciente cambiar sus \
                     datos de contacto. No hemos aceptado los cambios; todo sigue como estaba."
                }
                .to_owned(),
            ],
            fact: None,
            button: None,
            close: vec![],
            call: Call {
                before: if accepted {
                    "Si esto no es correcto, llámenos enseguida al "
                } else {
                    "Para saber por qué, llámenos al "
                },
                after: ".",
            },
        },
        Message::CredentialsSet { given_name, sign_in } => Words {
            subject: format!("{name}: ya puede iniciar sesión en el portal del paciente"),
            greeting: greeting(given_name),
            lead: vec![
                "Nuestro consultorio le asignó un nombre de usuario y una contraseña temporal, para que \
                 pueda usar nuestro portal del paciente. No los escribimos en un mensaje: nuestro \
                 consultorio le dice cuáles son."
                    .to_owned(),
                "Úselos para iniciar sesión en un plazo de 7 días. Después, usted elige su propia \
                 contraseña."
                    .to_owned(),
            ],
            fact: None,
            button: Some(Button { label: "Iniciar sesión", link: sign_in }),
            close: vec![],
            call: Call { before: "Si usted no esperaba este mensaje, llámenos enseguida al ", after: "." },
        },
        Message::AccountAdded { given_name, sign_in } => Words {
            subject: format!(
                "{name}: ya puede usar el portal del paciente en nombre de alguien a quien usted cuida"
            ),
            greeting: greeting(given_name),
            lead: vec![
                "Ya puede usar nuestro portal del paciente en nombre de otra persona a quien usted cuida. \
                 Inicie \
                 sesión con el nombre de usuario y la contraseña que ya tiene."
                    .to_owned(),
            ],
            fact: None,
            button: Some(Button { label: "Iniciar sesión", link: sign_in }),
            close: vec![],
            call: Call { before: "Si usted no esperaba este mensaje, llámenos enseguida al ", after: "." },
        },
        Message::RepresentativeEnded { given_name } => Words {
            subject: format!("{name}: un cambio en su acceso al portal del paciente"),
            greeting: greeting(given_name),
            lead: vec![
                "Ya no tiene acceso a nuestro portal del paciente en nombre de alguien a quien usted \
                 cuidaba. Si usa el portal para usted o para otras personas, eso no cambia."
                    .to_owned(),
            ],
            fact: None,
            button: None,
            close: vec![],
            call: Call { before: "Si tiene preguntas, llámenos al ", after: "." },
        },
    }
}

const fn minutes_en(minutes: u32) -> &'static str {
    if minutes == 1 { "minute" } else { "minutes" }
}

const fn minutes_es(minutes: u32) -> &'static str {
    if minutes == 1 { "minuto" } else { "minutos" }
}
