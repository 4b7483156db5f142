//! Text messages in Spanish.

use crate::language::Language;
use crate::names::phone;
use crate::text::gsm::gsm_name;
use crate::text::wordings::{NAME, Wordings};
use crate::time::short_time;
use crate::{Message, Practice};

pub(crate) fn spanish(message: &Message, practice: &Practice<'_>) -> Wordings {
    let call = phone(practice.phone);
    let until = |millis| short_time(millis, practice.time_zone, Language::Spanish);
    match message {
        Message::Invitation { addressee, link, expires_at_millis, representative } => {
            let until = until(*expires_at_millis);
            let name = gsm_name(addressee.given_name.as_deref());
            let words = match (representative, addressee.is_guardian, name) {
                (true, _, Some(name)) => {
                    format!("{name}, cree su cuenta para ayudar a otra persona, hasta el {until}")
                }
                (true, _, None) => format!("Cree su cuenta para ayudar a otra persona, hasta el {until}"),
                (false, true, Some(child)) => {
                    format!("Padres de {child}: activen el portal, hasta el {until}")
                }
                (false, true, None) => format!("Para los padres: activen el portal, hasta el {until}"),
                (false, false, Some(name)) => {
                    format!("{name}, active su portal del paciente, hasta el {until}")
                }
                (false, false, None) => format!("Active su portal del paciente, hasta el {until}"),
            };
            Wordings::one(format!("{words}: {link} Responda STOP para no recibir otros"))
        }
        Message::AutomaticInvitation { addressee, link, expires_at_millis, reminder, .. } => {
            let what =
                if *reminder { "su portal del paciente le espera" } else { "active su portal del paciente" };
            let until = until(*expires_at_millis);
            let words = format!("{what}, hasta el {until}: {link} Responda STOP para no recibir otros");
            Wordings::one(match gsm_name(addressee.given_name.as_deref()) {
                Some(child) if addressee.is_guardian => format!("Para los padres de {child}: {words}"),
                Some(name) => format!("{name}, {words}"),
                None => words,
            })
        }
        Message::Restored { sign_in, .. } => Wordings {
            rich: vec![
                format!(
                    "Ya puede usar otra vez el portal del paciente, con el mismo usuario y \
                     contraseña. Entre: {sign_in} ¿Preguntas? {call}"
                ),
                format!("Ya puede usar otra vez el portal: {sign_in} ¿Preguntas? {call}"),
                format!("Ya puede usar otra vez el portal: {sign_in}"),
            ],
            bare: format!("Ya puede usar otra vez el portal del paciente. ¿Preguntas? {call}"),
        },
        Message::VerifyAgain { link, expires_at_millis, .. } => {
            let until = until(*expires_at_millis);
            Wordings {
                rich: vec![
                    format!(
                        "Para recuperar su portal del paciente, confirme quién es y elija una \
                         Contraseña nueva, hasta el {until}: {link}"
                    ),
                    format!("Recupere su portal del paciente, hasta el {until}: {link}"),
                ],
                bare: format!("Recupere su portal, hasta el {until}: {link}"),
            }
        }
        // The code comes first, so that a notification shows it. The last line binds it to our site: phones fill it in there,
        // and nowhere else.
        Message::Code { code, minutes } | Message::ConfirmEmail { code, minutes } => {
            let bound = format!("@{} #{code}", practice.host());
            Wordings {
                rich: vec![format!(
                    "Use {code} para entrar al portal de {NAME}. Sirve {minutes} minutos. Nadie del consultorio se \
                     lo va a pedir.\n{bound}"
                )],
                bare: format!("Use {code} para entrar al portal de {NAME}. No lo comparta.\n{bound}"),
            }
        }
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
        Message::RepresentativeRegistered { addressee } => Wordings::one(if addressee.is_guardian {
            format!("Hay una cuenta nueva para ayudar a su hijo o hija. ¿No es suya? Llame al {call}")
        } else {
            format!(
                "Alguien que le ayuda ya puede usar el portal por usted. ¿No es correcto? Llame al {call}"
            )
        }),
        Message::Revoked { .. } => Wordings::one(format!(
            "Su acceso al portal del paciente fue desactivado. ¿Preguntas? Llame al {call}"
        )),
        Message::Reset { link, expires_at_millis, .. } => {
            let until = until(*expires_at_millis);
            Wordings {
                rich: vec![
                    format!(
                        "Elija una contraseña nueva para el portal, hasta el {until}: {link} ¿No la quiere? No haga \
                         nada."
                    ),
                    format!("Contraseña nueva, hasta el {until}: {link}"),
                ],
                bare: format!("Contraseña nueva, hasta el {until}: {link}"),
            }
        }
        Message::NotVerified => Wordings::one(format!(
            "Alguien quiso entrar al portal con su correo, pero los datos no coinciden. Todo sigue igual. \
             ¿Fue usted? Llame al {call}"
        )),
        Message::Usernames { .. } => {
            Wordings::one(format!("Para saber su nombre de usuario del portal del paciente, llame al {call}"))
        }
        Message::PasswordChanged { .. } => Wordings::one(format!(
            "La contraseña de su portal fue cambiada y se cerraron las otras sesiones. ¿No fue usted? \
             Llame ya al {call}"
        )),
        Message::NewBrowser { .. } => Wordings::one(format!(
            "Su cuenta del portal fue abierta desde un navegador nuevo. ¿No fue usted? Llame enseguida al {call}"
        )),
        Message::UsernameChanged { .. } => Wordings::one(format!(
            "Su nombre de usuario del portal fue cambiado. ¿No fue usted? Llame ya al {call}"
        )),
        Message::EmailChanged { .. } => Wordings::one(format!(
            "El correo de su cuenta del portal fue cambiado. ¿No fue usted? Llame ya al {call}"
        )),
        Message::DetailsProposed { .. } => Wordings::one(format!(
            "Alguien quiere cambiar sus datos de contacto por el portal. Vamos a revisarlo. ¿No fue usted? \
             Llame al {call}"
        )),
        Message::DetailsDecided { accepted: true, .. } => Wordings::one(format!(
            "Ya cambiamos sus datos de contacto, como lo pidieron en el portal. ¿No es correcto? Llame al \
             {call}"
        )),
        Message::DetailsDecided { accepted: false, .. } => Wordings::one(format!(
            "No hemos aceptado los cambios en sus datos de contacto. Para saber por qué, llame al {call}"
        )),
        Message::ContactChanged => Wordings::one(format!(
            "Este celular ya no sirve para su portal: sus datos de contacto fueron cambiados. ¿No es correcto? Llame al \
             {call}"
        )),
        Message::CredentialsSet { sign_in, .. } => Wordings {
            rich: vec![
                format!("Llame al {call}: le damos usuario y contraseña para {sign_in} Sirven una semana"),
                format!("Llame al {call}: le damos usuario y contraseña. Sirven una semana: {sign_in}"),
            ],
            bare: format!("Llame al {call}: le damos usuario y contraseña para el portal. Sirven una semana"),
        },
        Message::AccountAdded { sign_in, .. } => Wordings {
            rich: vec![
                format!(
                    "Ya puede usar el portal para otra persona a quien ayuda, con el usuario que ya tiene: {sign_in} \
                     ¿No lo esperaba? Llame al {call}"
                ),
                format!("Ya puede usar el portal para otra persona: {sign_in} ¿No lo esperaba? {call}"),
            ],
            bare: format!(
                "Ya puede usar el portal del paciente para otra persona a quien ayuda. ¿No lo esperaba? \
                 Llame al {call}"
            ),
        },
        Message::AccessWidened { .. } => Wordings::one(format!(
            "Su cuenta del portal dio a alguien permiso de ver sus datos, o de ver otros. ¿No fue usted? Llame \
             ya al {call}"
        )),
        Message::RepresentativeEnded { .. } => Wordings::one(format!(
            "Ya no puede usar el portal por una persona a quien ayudaba. Su propio acceso sigue igual. \
             ¿Preguntas? Llame al {call}"
        )),
        Message::AccessWillChange { .. } => Wordings::one(format!(
            "Su acceso al portal de una persona a quien ayuda va a cambiar pronto. ¿Preguntas? Llame al {call}"
        )),
        Message::AccessNarrowed { .. } => Wordings::one(format!(
            "Su acceso al portal de una persona a quien ayuda ahora tiene un nuevo alcance. ¿Preguntas? Llame al {call}"
        )),
    }
}
