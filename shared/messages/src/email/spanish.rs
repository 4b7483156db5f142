//! E-mails in Spanish.

use crate::email::words::{Button, Call, Fact, Foot, Layout, Words};
use crate::language::Language;
use crate::names::{browser_words, greeting_name};
use crate::{Coming, Message};

pub(crate) const LAYOUT_ES: Layout = Layout {
    copy_address: "O copie esta dirección en su navegador:",
    no_answers: "Por favor, no responda. Este buzón no puede leer respuestas.",
};

pub(crate) fn spanish<'a>(message: &'a Message, name: &str, until: impl Fn(i64) -> String) -> Words<'a> {
    let greeting = |given_name: &Option<String>| match greeting_name(given_name.as_deref()) {
        Some(given_name) => format!("Hola, {given_name}:"),
        None => "Hola:".to_owned(),
    };
    let works_until = |millis: &i64| {
        format!(
            "Este enlace funciona una sola vez, hasta el {}. Después, llámenos para pedir uno \
             nuevo.",
            until(*millis)
        )
    };
    let code_rules = |minutes: &u32| {
        vec![
            format!("El código sirve durante {minutes} {}.", minutes_es(*minutes)),
            "No se lo diga nunca a nadie que le llame, ni siquiera a quien diga que llama de \
                 nuestro consultorio."
                .to_owned(),
        ]
    };
    match message {
        Message::Invitation { given_name, link, expires_at_millis, representative } => Words {
            subject: if *representative {
                format!("{name}: active el portal del paciente para alguien a quien usted cuida")
            } else {
                format!("{name}: active su portal del paciente")
            },
            greeting: greeting(given_name),
            lead: vec![if *representative {
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
        Message::AutomaticInvitation { given_name, link, expires_at_millis, reminder, .. } => Words {
            subject: if *reminder {
                format!("{name}: su portal del paciente le espera")
            } else {
                format!("{name}: active su portal del paciente")
            },
            greeting: greeting(given_name),
            lead: vec![if *reminder {
                format!(
                    "{name} le invitó a su portal del paciente y usted todavía no lo ha activado. Toma unos \
                     dos minutos."
                )
            } else {
                format!(
                    "{name} le invita a su portal del paciente. Es nuestro sitio web para nuestros pacientes. \
                     Activarlo toma unos dos minutos."
                )
            }],
            fact: None,
            button: Some(Button { label: "Activar mi acceso", link }),
            close: vec![works_until(expires_at_millis)],
            call: Call {
                before: "¿No sabe si este correo es nuestro? Llame al número de su tarjeta de citas o al ",
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
                values: vec![code.as_str()],
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
            fact: Some(Fact {
                label: "Su nombre de usuario es:",
                values: vec![username.as_str()],
                large: false,
            }),
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
                    until(*expires_at_millis)
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
                label: match usernames.as_slice() {
                    [_] => "El nombre de usuario es:",
                    _ => "Varias personas usan esta dirección. Sus nombres de usuario son:",
                },
                values: usernames.iter().map(String::as_str).collect(),
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
        Message::PasswordChanged { given_name, has_representatives, sign_in } => Words {
            subject: format!("{name}: se cambió su contraseña del portal del paciente"),
            greeting: greeting(given_name),
            lead: [
                Some(
                    "Se cambió la contraseña de su cuenta en nuestro portal del paciente. Para su seguridad, \
                     se cerró su sesión en todos los demás dispositivos. Desde ahora, inicie sesión con la \
                     contraseña nueva.",
                ),
                has_representatives.then_some(
                    "Otras personas también pueden usar el portal por usted. En «Representantes» puede ver \
                     quiénes son y terminar su acceso.",
                ),
            ]
            .into_iter()
            .flatten()
            .map(str::to_owned)
            .collect(),
            fact: None,
            button: has_representatives.then_some(Button { label: "Ver quiénes", link: sign_in }),
            close: Vec::new(),
            call: Call { before: "Si no fue usted, llámenos enseguida al ", after: "." },
        },
        Message::NewBrowser { given_name, browser, at_millis, sign_in } => Words {
            subject: format!("{name}: un nuevo inicio de sesión en su portal del paciente"),
            greeting: greeting(given_name),
            lead: vec![
                format!(
                    "Alguien inició sesión en su cuenta del portal del paciente desde un navegador que no se \
                     había usado antes: {}, {}.",
                    browser.as_deref().map_or_else(
                        || "un navegador desconocido".to_owned(),
                        |known| browser_words(known, Language::Spanish)
                    ),
                    until(*at_millis)
                ),
                "Si fue usted, no necesita hacer nada. Si no fue usted, elija ahora una contraseña nueva: en la \
                 página para iniciar sesión, use \u{201c}Olvidé mi contraseña\u{201d}."
                    .to_owned(),
            ],
            fact: None,
            button: Some(Button { label: "Ir a la página para iniciar sesión", link: sign_in }),
            close: vec![],
            call: Call { before: "O llámenos enseguida al ", after: "." },
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
                values: vec![username.as_str()],
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
                values: vec![code.as_str()],
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
            subject: if *accepted {
                format!("{name}: hemos cambiado sus datos de contacto")
            } else {
                format!("{name}: no hemos cambiado sus datos de contacto")
            },
            greeting: greeting(given_name),
            lead: vec![
                if *accepted {
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
                before: if *accepted {
                    "Si esto no es correcto, llámenos enseguida al "
                } else {
                    "Para saber por qué, llámenos al "
                },
                after: ".",
            },
        },
        Message::ContactChanged => Words {
            subject: format!("{name}: sus datos de contacto cambiaron"),
            greeting: "Hola:".to_owned(),
            lead: vec![
                "Cambiamos los datos de contacto que tenemos de usted y ya no usamos este correo electrónico para \
                 su portal del paciente. Los enlaces que enviamos aquí ya no sirven."
                    .to_owned(),
            ],
            fact: None,
            button: None,
            close: vec![],
            call: Call { before: "Si usted no lo pidió, llámenos enseguida al ", after: "." },
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
        Message::AccessWidened { given_name, sign_in } => Words {
            subject: format!("{name}: alguien puede usar el portal del paciente por usted"),
            greeting: greeting(given_name),
            lead: vec![
                "En su cuenta del portal del paciente se invitó a alguien a usar el portal por usted, o alguien \
                 puede ver más que antes. En «Representantes» puede ver quién es y terminar su acceso."
                    .to_owned(),
            ],
            fact: None,
            button: Some(Button { label: "Iniciar sesión", link: sign_in }),
            close: vec![],
            call: Call { before: "Si no fue usted, llámenos enseguida al ", after: "." },
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
        Message::AccessWillChange { given_name, coming, day } => Words {
            subject: format!("{name}: su acceso al portal del paciente va a cambiar"),
            greeting: greeting(given_name),
            lead: vec![coming_es(*coming, day)],
            fact: None,
            button: None,
            close: vec![
                match coming {
                    Coming::AuthorityEnds => "¿Tiene un documento nuevo? Muéstrenoslo antes de ese día.",
                    Coming::Narrows | Coming::Ends | Coming::Rests => {
                        "Esto pasa en un cumpleaños, con todas las personas. Si usa el portal para usted o para \
                         otras personas, eso no cambia."
                    }
                }
                .to_owned(),
            ],
            call: Call { before: "Si tiene preguntas, llámenos al ", after: "." },
        },
        Message::AccessNarrowed { given_name } => Words {
            subject: format!("{name}: un cambio en su acceso al portal del paciente"),
            greeting: greeting(given_name),
            lead: vec![
                "En nuestro consultorio, los padres y otras personas que ayudan ven menos del portal desde \
                 cierto cumpleaños. En el portal de la persona a quien usted cuida, ahora solo ve las citas y \
                 los mensajes. Si usa el portal para usted o para otras personas, eso no cambia."
                    .to_owned(),
            ],
            fact: None,
            button: None,
            close: vec![],
            call: Call { before: "Si tiene preguntas, llámenos al ", after: "." },
        },
    }
}

fn coming_es(coming: Coming, day: &str) -> String {
    match coming {
        Coming::Narrows => format!(
            "Desde el {day}, usted verá solo las citas y los mensajes en el portal de la persona a quien cuida."
        ),
        Coming::Ends => format!("Su acceso al portal de la persona a quien cuida termina el {day}."),
        Coming::Rests => format!(
            "El {day}, se detiene todo acceso al portal de la persona a quien usted cuida, hasta que nuestro \
             consultorio lo active otra vez."
        ),
        Coming::AuthorityEnds => format!(
            "El documento que le permite usar el portal para la persona a quien cuida vale hasta el {day}. Ese \
             día termina su acceso."
        ),
    }
}

const fn minutes_es(minutes: u32) -> &'static str {
    if minutes == 1 { "minuto" } else { "minutos" }
}

/// The foot of a mail that nobody asked for; `None` for all others.
pub(crate) fn foot_es<'a>(message: &'a Message, name: &str) -> Option<Foot<'a>> {
    let Message::AutomaticInvitation { unsubscribe, postal_address, .. } = message else { return None };
    Some(Foot {
        why: format!("Usted recibe este correo porque es paciente de {name}."),
        stop: "No recibir más invitaciones por correo",
        link: unsubscribe,
        address: postal_address,
    })
}
