//! Text messages in Spanish.

use crate::language::Language;
use crate::names::phone;
use crate::text::gsm::gsm_name;
use crate::text::wordings::{Wordings, offer};
use crate::time::short_time;
use crate::{Message, Practice};

pub(crate) fn spanish(message: &Message, practice: &Practice<'_>) -> Wordings {
    let call = phone(practice.phone);
    let until = |millis| short_time(millis, practice.time_zone, Language::Spanish);
    match message {
        Message::Invitation { given_name, link, expires_at_millis, representative } => {
            let (what, short) = if *representative {
                ("Active el portal de alguien a quien usted cuida", "active el portal")
            } else {
                ("Active su portal del paciente", "active su portal")
            };
            let until = until(*expires_at_millis);
            offer(
                gsm_name(given_name.as_deref()),
                "Hola,",
                &format!("{what}: {link} hasta {until}"),
                format!("{short}: {link} hasta {until}"),
                "Para no recibir más, responda STOP",
            )
        }
        Message::AutomaticInvitation { given_name, link, expires_at_millis, reminder, .. } => {
            let what =
                if *reminder { "su portal del paciente le espera" } else { "active su portal del paciente" };
            let until = until(*expires_at_millis);
            let words = format!("{what}: {link} hasta {until}. Responda STOP para dejar de recibirlos");
            Wordings::one(match gsm_name(given_name.as_deref()) {
                Some(given_name) => format!("{given_name}, {words}"),
                None => words,
            })
        }
        Message::Restored { sign_in, .. } => Wordings {
            rich: vec![
                format!(
                    "Ya tiene acceso otra vez al portal del paciente, con el mismo usuario y \
                     contraseña. Entre: {sign_in} ¿Preguntas? {call}"
                ),
                format!("Ya tiene acceso otra vez al portal: {sign_in} ¿Preguntas? {call}"),
                format!("Ya tiene acceso otra vez al portal: {sign_in}"),
            ],
            bare: format!("Ya tiene acceso otra vez al portal del paciente. ¿Preguntas? {call}"),
        },
        Message::VerifyAgain { link, expires_at_millis, .. } => {
            let until = until(*expires_at_millis);
            Wordings {
                rich: vec![
                    format!(
                        "Para recuperar su portal del paciente, confirme quién es y elija una \
                         contraseña nueva: {link} hasta {until}"
                    ),
                    format!("Recupere su portal del paciente: {link} hasta {until}"),
                ],
                bare: format!("recupere su portal: {link} hasta {until}"),
            }
        }
        Message::Code { code, minutes } | Message::ConfirmEmail { code, minutes } => Wordings {
            rich: vec![format!(
                "Su código es {code}. Sirve {minutes} min. No se lo diga nunca a nadie que le \
                 llame."
            )],
            bare: format!("Su código es {code}. No se lo diga a nadie que le llame."),
        },
        Message::Registered { sign_in, .. } => {
            let bare = format!("Ya tiene cuenta en el portal del paciente. ¿No fue usted? Llame al {call}");
            Wordings {
                rich: vec![
                    format!(
                        "Ya tiene cuenta en el portal del paciente. Entre: {sign_in} ¿No fue \
                         usted? Llame al {call}"
                    ),
                    bare.clone(),
                ],
                bare,
            }
        }
        Message::RepresentativeRegistered { .. } => Wordings::one(format!(
            "Alguien que cuida de usted ya puede usar el portal por usted. ¿No es correcto? Llame al {call}"
        )),
        Message::Revoked { .. } => Wordings::one(format!(
            "Su acceso al portal del paciente está desactivado. ¿Preguntas? Llame al {call}"
        )),
        Message::Reset { link, expires_at_millis, .. } => {
            let until = until(*expires_at_millis);
            Wordings {
                rich: vec![
                    format!(
                        "Si pidió una contraseña nueva para el portal del paciente, elíjala aquí: {link} \
                         hasta {until}. Si no, no haga nada."
                    ),
                    format!("Si pidió una contraseña nueva: {link} hasta {until}"),
                ],
                bare: format!("contraseña nueva: {link} hasta {until}"),
            }
        }
        Message::NotVerified => Wordings::one(format!(
            "Alguien pidió acceso al portal con su correo. Lo que escribió no coincide. Nada cambió. Llame \
             al {call}"
        )),
        Message::Usernames { .. } => {
            Wordings::one(format!("Para saber su nombre de usuario del portal del paciente, llame al {call}"))
        }
        Message::PasswordChanged { .. } => Wordings::one(format!(
            "Se cambió su contraseña del portal y se cerraron sus demás sesiones. ¿No fue usted? Llame ya \
             al {call}"
        )),
        Message::NewBrowser { .. } => Wordings::one(format!(
            "Su cuenta del portal fue abierta desde un navegador nuevo. ¿No fue usted? Llame enseguida al {call}"
        )),
        Message::UsernameChanged { .. } => Wordings::one(format!(
            "Se cambió su nombre de usuario del portal del paciente. ¿No fue usted? Llame enseguida al {call}"
        )),
        Message::EmailChanged { .. } => Wordings::one(format!(
            "Se cambió el correo electrónico de su cuenta del portal. ¿No fue usted? Llame enseguida al \
             {call}"
        )),
        Message::DetailsProposed { .. } => Wordings::one(format!(
            "Alguien pidió en el portal cambiar sus datos de contacto. Vamos a revisarlo. ¿No fue usted? \
             Llame al {call}"
        )),
        Message::DetailsDecided { accepted: true, .. } => Wordings::one(format!(
            "Hemos cambiado sus datos de contacto, como se pidió en el portal. ¿No es correcto? Llame al \
             {call}"
        )),
        Message::DetailsDecided { accepted: false, .. } => Wordings::one(format!(
            "No hemos aceptado los cambios en sus datos de contacto. Para saber por qué, llame al {call}"
        )),
        Message::ContactChanged => Wordings::one(format!(
            "Ya no usamos este teléfono para su portal: sus datos de contacto cambiaron. ¿No es correcto? Llame al \
             {call}"
        )),
        Message::CredentialsSet { sign_in, .. } => Wordings {
            rich: vec![
                format!(
                    "El consultorio tiene un nombre de usuario y una contraseña temporal para usted. Entre \
                     en un plazo de 7 días: {sign_in} ¿No lo esperaba? Llame al {call}"
                ),
                format!("Pídanos su usuario y contraseña: {call}. Entre en un plazo de 7 días: {sign_in}"),
            ],
            bare: format!(
                "El consultorio tiene un usuario y una contraseña temporal para usted. Sirven 7 días. ¿No \
                 lo esperaba? Llame al {call}"
            ),
        },
        Message::AccountAdded { sign_in, .. } => Wordings {
            rich: vec![
                format!(
                    "Ya puede usar el portal del paciente para una persona más, con el usuario que ya \
                     tiene. Entre: {sign_in} ¿No lo esperaba? Llame al {call}"
                ),
                format!("Ya puede usar el portal para una persona más: {sign_in} ¿No lo esperaba? {call}"),
            ],
            bare: format!(
                "Ya puede usar el portal del paciente para una persona más a quien cuida. ¿No lo esperaba? \
                 Llame al {call}"
            ),
        },
        Message::AccessWidened { .. } => Wordings::one(format!(
            "Su cuenta del portal dio a alguien permiso de ver sus datos, o de ver otros. ¿No fue usted? Llame \
             enseguida al {call}"
        )),
        Message::RepresentativeEnded { .. } => Wordings::one(format!(
            "Ya no tiene acceso al portal de alguien a quien cuidaba. Sus otros accesos siguen. ¿Preguntas? \
             Llame al {call}"
        )),
        Message::AccessWillChange { .. } => Wordings::one(format!(
            "Su acceso al portal de alguien a quien cuida va a cambiar pronto. ¿Preguntas? Llame al {call}"
        )),
        Message::AccessNarrowed { .. } => Wordings::one(format!(
            "Su acceso al portal de alguien a quien cuida ahora es limitado. ¿Preguntas? Llame al {call}"
        )),
    }
}
