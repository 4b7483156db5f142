//! E-mails in Spanish.

use crate::email::words::{Button, Call, Fact, Foot, Layout, Words};
use crate::language::Language;
use crate::names::{browser_words, greeting_name};
use crate::{Addressee, Coming, Message};

pub(crate) const LAYOUT_ES: Layout = Layout {
    copy_address: "O copie esta dirección en su navegador:",
    no_answers: "Nadie lee las respuestas a este correo. Mejor llámenos.",
    not_sure: "¿No sabe si este correo es nuestro? Llame al número de su tarjeta de citas.",
    portal: "Nuestro portal está en",
    no_password: "Nunca le pedimos su contraseña por correo.",
};

pub(crate) fn spanish<'a>(message: &'a Message, name: &str, until: impl Fn(i64) -> String) -> Words<'a> {
    let greeting = |to: &Addressee| match (to.is_guardian, greeting_name(to.given_name.as_deref())) {
        (true, Some(child)) => format!("Para la madre, el padre o el tutor de {child}:"),
        (true, None) => "Para la madre, el padre o el tutor:".to_owned(),
        (false, Some(given_name)) => format!("Hola, {given_name}:"),
        (false, None) => "Hola:".to_owned(),
    };
    let works_until = |millis: &i64| {
        format!(
            "Este enlace funciona una sola vez, hasta el {}. Después, ábralo para pedir uno \
             nuevo o llámenos.",
            until(*millis)
        )
    };
    let code_rules = |minutes: &u32| {
        vec![
            format!("El código sirve durante {minutes} {}.", minutes_es(*minutes)),
            "Nuestro consultorio nunca le pide este código.".to_owned(),
        ]
    };
    match message {
        Message::Invitation { addressee, link, expires_at_millis, representative } => Words {
            subject: if *representative {
                "Cree una cuenta para ayudar a otra persona"
            } else {
                "Cree su cuenta del portal del paciente"
            }
            .to_owned(),
            greeting: greeting(addressee),
            lead: vec![
                if *representative {
                    format!(
                        "{name} le invita a su portal del paciente, para una persona a quien usted ayuda. Ahí puede \
                         ver lo que compartimos sobre esa persona, a cualquier hora."
                    )
                } else if addressee.is_guardian {
                    format!(
                        "{name} tiene un portal del paciente para su hijo o hija. Ahí puede ver lo que compartimos \
                         sobre su hijo o hija, a cualquier hora."
                    )
                } else {
                    format!(
                        "{name} tiene un portal del paciente para usted. Ahí puede ver lo que compartimos con \
                         usted, a cualquier hora."
                    )
                },
                "Es gratis, y crear la cuenta toma unos cinco minutos.".to_owned(),
            ],
            fact: None,
            button: Some(Button { label: "Crear mi cuenta", link }),
            close: vec![works_until(expires_at_millis)],
            call: Call {
                before: "Si este mensaje no es para usted, no haga nada o llámenos al ",
                after: ". No pasa nada mientras usted no cree la cuenta.",
            },
        },
        Message::AutomaticInvitation { addressee, link, expires_at_millis, reminder, .. } => Words {
            subject: if *reminder {
                "Su cuenta del portal del paciente le espera"
            } else {
                "Cree su cuenta del portal del paciente"
            }
            .to_owned(),
            greeting: greeting(addressee),
            lead: vec![if *reminder {
                format!(
                    "{name} le invitó a su portal del paciente y usted todavía no tiene una cuenta. Crearla toma unos \
                     cinco minutos."
                )
            } else {
                format!(
                    "{name} le invita a su portal del paciente. Es nuestro sitio web para nuestros pacientes. Crear \
                     su cuenta toma unos cinco minutos."
                )
            }],
            fact: None,
            button: Some(Button { label: "Crear mi cuenta", link }),
            close: vec![works_until(expires_at_millis)],
            call: Call {
                before: "¿Preguntas? Llámenos al ",
                after: ". No pasa nada mientras usted no cree la cuenta.",
            },
        },
        Message::Restored { addressee, sign_in } => Words {
            subject: "Ya tiene acceso otra vez al portal del paciente".to_owned(),
            greeting: greeting(addressee),
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
        Message::VerifyAgain { addressee, link, expires_at_millis } => Words {
            subject: "Recupere su acceso al portal del paciente".to_owned(),
            greeting: greeting(addressee),
            lead: vec![
                "Puede recuperar su acceso a nuestro portal del paciente. Para su seguridad, primero \
                 comprobamos que es usted. Después, usted elige una contraseña nueva. Toma unos \
                 cinco minutos."
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
            subject: "Su código para el portal del paciente".to_owned(),
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
        Message::Registered { addressee, username, sign_in } => Words {
            subject: "Ya tiene cuenta en el portal del paciente".to_owned(),
            greeting: greeting(addressee),
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
        Message::RepresentativeRegistered { addressee } => Words {
            subject: "Alguien creó una cuenta para ayudar con el portal del paciente".to_owned(),
            greeting: greeting(addressee),
            lead: vec![
                if addressee.is_guardian {
                    "Alguien usó el enlace que le enviamos y creó una cuenta para ayudar a su hijo o hija. Ya puede \
                     usar nuestro portal del paciente por su hijo o hija. Si fue usted, no necesita hacer nada."
                } else {
                    "Alguien usó el enlace que le enviamos y creó una cuenta para ayudarle. Ya puede usar nuestro \
                     portal del paciente por usted."
                }
                .to_owned(),
            ],
            fact: None,
            button: None,
            close: vec![],
            call: Call { before: "Si usted no sabe nada de esto, llámenos enseguida al ", after: "." },
        },
        Message::Revoked { addressee } => Words {
            subject: "Su acceso al portal del paciente está desactivado".to_owned(),
            greeting: greeting(addressee),
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
        Message::Reset { addressee, link, expires_at_millis } => Words {
            subject: "Elija una contraseña nueva para el portal del paciente".to_owned(),
            greeting: greeting(addressee),
            lead: vec![
                "Recibimos una solicitud, creemos que suya, de una contraseña nueva para su cuenta en nuestro portal del \
                 paciente. Primero comprobamos que es usted. Después, usted elige la contraseña nueva. Toma \
                 unos cinco minutos."
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
            subject: "Alguien pidió acceso al portal del paciente".to_owned(),
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
            subject: "Su nombre de usuario para el portal del paciente".to_owned(),
            greeting: "Hola:".to_owned(),
            lead: vec![
                "Recibimos una solicitud, creemos que suya, del nombre de usuario que corresponde a esta dirección de \
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
                "Si también olvidó su contraseña, elija “Olvidé mi contraseña” en la página para iniciar \
                 sesión."
                    .to_owned(),
            ],
            call: Call { before: "Si usted no lo pidió, no haga nada o llámenos al ", after: "." },
        },
        Message::PasswordChanged { addressee, has_representatives, sign_in } => Words {
            subject: "Se cambió su contraseña del portal del paciente".to_owned(),
            greeting: greeting(addressee),
            lead: [
                Some(
                    "Se cambió la contraseña de su cuenta en nuestro portal del paciente. Para su seguridad, \
                     se cerró su sesión en todos los demás dispositivos. Desde ahora, inicie sesión con la \
                     contraseña nueva.",
                ),
                has_representatives.then_some(
                    "Otras personas también pueden usar el portal por usted. En “Personas que pueden usar el portal por mí” puede ver \
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
        Message::NewBrowser { addressee, browser, at_millis, sign_in } => Words {
            subject: "Un nuevo inicio de sesión en su portal del paciente".to_owned(),
            greeting: greeting(addressee),
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
        Message::UsernameChanged { addressee, username } => Words {
            subject: "Se cambió su nombre de usuario del portal del paciente".to_owned(),
            greeting: greeting(addressee),
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
        Message::EmailChanged { addressee } => Words {
            subject: "Se cambió el correo electrónico de su cuenta del portal del paciente".to_owned(),
            greeting: greeting(addressee),
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
            subject: "Su código para confirmar este correo electrónico".to_owned(),
            greeting: "Hola:".to_owned(),
            lead: vec![
                "Alguien, creemos que usted, quiere usar esta dirección de correo electrónico para una \
                 cuenta en nuestro portal del paciente."
                    .to_owned(),
            ],
            fact: Some(Fact {
                label: "Para confirmarla, escriba este código en la página “Su correo electrónico” de su cuenta:",
                values: vec![code.as_str()],
                large: true,
            }),
            button: None,
            close: code_rules(minutes),
            call: Call { before: "Si usted no pidió un código, no haga nada o llámenos al ", after: "." },
        },
        Message::DetailsProposed { addressee } => Words {
            subject: "Alguien nos pidió cambiar sus datos de contacto".to_owned(),
            greeting: greeting(addressee),
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
        Message::DetailsDecided { addressee, accepted } => Words {
            subject: if *accepted {
                "Hemos cambiado sus datos de contacto".to_owned()
            } else {
                "No hemos cambiado sus datos de contacto".to_owned()
            },
            greeting: greeting(addressee),
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
            subject: "Sus datos de contacto cambiaron".to_owned(),
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
        Message::CredentialsSet { addressee, sign_in } => Words {
            subject: "Ya puede iniciar sesión en el portal del paciente".to_owned(),
            greeting: greeting(addressee),
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
        Message::AccountAdded { addressee, sign_in } => Words {
            subject: "Ya puede usar el portal del paciente para una persona a quien usted ayuda".to_owned(),
            greeting: greeting(addressee),
            lead: vec![
                "Ya puede usar nuestro portal del paciente para otra persona a quien usted ayuda. \
                 Inicie \
                 sesión con el nombre de usuario y la contraseña que ya tiene."
                    .to_owned(),
            ],
            fact: None,
            button: Some(Button { label: "Iniciar sesión", link: sign_in }),
            close: vec![],
            call: Call { before: "Si usted no esperaba este mensaje, llámenos enseguida al ", after: "." },
        },
        Message::AccessWidened { addressee, sign_in } => Words {
            subject: "Alguien puede usar el portal del paciente por usted".to_owned(),
            greeting: greeting(addressee),
            lead: vec![
                "En su cuenta del portal del paciente se invitó a alguien a usar el portal por usted, o alguien \
                 puede ver más que antes. En “Personas que pueden usar el portal por mí” puede ver quién es y terminar su acceso."
                    .to_owned(),
            ],
            fact: None,
            button: Some(Button { label: "Iniciar sesión", link: sign_in }),
            close: vec![],
            call: Call { before: "Si no fue usted, llámenos enseguida al ", after: "." },
        },
        Message::RepresentativeEnded { addressee } => Words {
            subject: "Un cambio en su acceso al portal del paciente".to_owned(),
            greeting: greeting(addressee),
            lead: vec![
                "Ya no tiene acceso a nuestro portal del paciente para una persona a quien usted \
                 ayudaba. Si usa el portal para usted o para otras personas, eso no cambia."
                    .to_owned(),
            ],
            fact: None,
            button: None,
            close: vec![],
            call: Call { before: "Si tiene preguntas, llámenos al ", after: "." },
        },
        Message::AccessWillChange { addressee, coming, day } => Words {
            subject: "Su acceso al portal del paciente va a cambiar".to_owned(),
            greeting: greeting(addressee),
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
        Message::AccessNarrowed { addressee } => Words {
            subject: "Un cambio en su acceso al portal del paciente".to_owned(),
            greeting: greeting(addressee),
            lead: vec![
                "En nuestro consultorio, los padres y otras personas que ayudan ven menos del portal desde \
                 cierto cumpleaños. En el portal de la persona a quien usted ayuda, ahora solo ve las citas y \
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
            "Desde el {day}, usted verá solo las citas y los mensajes en el portal de la persona a quien ayuda."
        ),
        Coming::Ends => format!("Su acceso al portal de la persona a quien ayuda termina el {day}."),
        Coming::Rests => format!(
            "El {day}, se detiene todo acceso al portal de la persona a quien usted ayuda, hasta que nuestro \
             consultorio lo active otra vez."
        ),
        Coming::AuthorityEnds => format!(
            "El documento que le permite usar el portal para la persona a quien ayuda vale hasta el {day}. Ese \
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
