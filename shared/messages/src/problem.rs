//! Sentences for the codes of problem responses: what happened, and what to do next.
//!
//! They never contain a fact about a person. Blockers are for staff, reasons about a password are
//! for patients.

use crate::language::Language;

/// One or two sentences, in each language.
struct Detail {
    english: &'static str,
    spanish: &'static str,
}

impl Detail {
    const fn of(&self, language: Language) -> &'static str {
        match language {
            Language::English => self.english,
            Language::Spanish => self.spanish,
        }
    }
}

/// The `detail` of a problem with this `code`. An unknown code gets the sentence of `internal_error`.
pub fn problem_detail(code: &str, language: Language) -> &'static str {
    let detail = match code {
        "bad_request" => Detail {
            english: "The request can't be read as it is. Check the fields that are named and send it again.",
            spanish: "No se puede leer la solicitud tal como está. Revise los campos indicados y envíela de nuevo.",
        },
        "unauthorized" => Detail {
            english: "The key or session is missing, has ended or was withdrawn. Sign in again or use a valid key.",
            spanish: "La clave o la sesión falta, terminó o fue retirada. Inicie sesión de nuevo o use una clave válida.",
        },
        "sign_in_failed" => Detail {
            english: "The user name or password is not right. Check both and try again, or ask for a new password.",
            spanish: "El nombre de usuario o la contraseña no son correctos. Revíselos e inténtelo de nuevo, o pida una contraseña nueva.",
        },
        "forbidden" => Detail {
            english: "This key or session may not do that. Use a key that has the scope; if the password is one that the office gave, change it first.",
            spanish: "Esta clave o sesión no tiene permiso para hacer eso. Use una clave que lo tenga; si la contraseña es la que le dio el consultorio, cámbiela primero.",
        },
        "access_revoked" => Detail {
            english: "Ask your doctor to provide access to your health records.",
            spanish: "Pídale a su médico que le dé acceso a su expediente médico.",
        },
        "representative_required" => Detail {
            english: "This patient is too young to register alone. A parent or guardian must register for them.",
            spanish: "Este paciente es demasiado joven para registrarse solo. Debe registrarse en su nombre su madre, su padre o su tutor.",
        },
        "not_found" => Detail {
            english: "There is nothing at this address for this practice. Check the id and the path.",
            spanish: "No hay nada en esta dirección para este consultorio. Revise el identificador y la ruta.",
        },
        "possible_duplicate" => Detail {
            english: "A chart like this one exists already. Use one of the candidates, or send allow_duplicate if this is another person.",
            spanish: "Ya existe una ficha como esta. Use una de las que se indican, o envíe allow_duplicate si se trata de otra persona.",
        },
        "username_taken" => Detail {
            english: "Somebody already has this user name. Choose another one.",
            spanish: "Alguien ya tiene este nombre de usuario. Elija otro.",
        },
        "conflict" => Detail {
            english: "Something else changed this at the same moment, or it is no longer in a state that allows it. Read it again, then decide.",
            spanish: "Otra acción lo cambió en el mismo momento, o su estado ya no lo permite. Léalo de nuevo y decida después.",
        },
        "idempotency_in_progress" => Detail {
            english: "The first request with this idempotency key is still running. Wait a moment and send the same request again.",
            spanish: "La primera solicitud con esta clave de idempotencia sigue en curso. Espere un momento y envíe la misma solicitud otra vez.",
        },
        "link_unavailable" => Detail {
            english: "This link can't be used any more. Ask your doctor's office for a new one, or sign in if you have registered already.",
            spanish: "Este enlace ya no se puede usar. Pida uno nuevo en el consultorio de su médico, o inicie sesión si ya se registró.",
        },
        "payload_too_large" => Detail {
            english: "The request is too large. Send it in smaller parts.",
            spanish: "La solicitud es demasiado grande. Envíela en partes más pequeñas.",
        },
        "unsupported_media_type" => Detail {
            english: "The content type is not one that is read here. Send one that the documentation names for this call.",
            spanish: "Este tipo de contenido no se acepta aquí. Envíe uno de los que la documentación indica para esta llamada.",
        },
        "not_eligible" => Detail {
            english: "This patient can't be invited this way now. Each reason says what would change that.",
            spanish: "Por ahora no se puede invitar así a este paciente. Cada motivo indica cómo resolverlo.",
        },
        "verification_failed" => Detail {
            english: "What you entered doesn't match what the office has. Check it and try again, or call the office.",
            spanish: "Lo que escribió no coincide con lo que tiene el consultorio. Revíselo e inténtelo de nuevo, o llame al consultorio.",
        },
        "password_rejected" => Detail {
            english: "This password can't be used. Choose another one; each reason says what to change.",
            spanish: "Esta contraseña no se puede usar. Elija otra; cada motivo indica qué cambiar.",
        },
        "username_rejected" => Detail {
            english: "This user name can't be used. Choose 3 to 100 letters, digits or . _ - @; a name with @ must be your own e-mail address.",
            spanish: "Este nombre de usuario no se puede usar. Elija de 3 a 100 letras, números o . _ - @; un nombre con @ debe ser su propio correo electrónico.",
        },
        "code_rejected" => Detail {
            english: "This code is not right, or it is too old. Check it, or ask for a new one.",
            spanish: "Este código no es correcto o ya no sirve. Revíselo o pida uno nuevo.",
        },
        "idempotency_mismatch" => Detail {
            english: "This idempotency key was used for a different request. Use a new key for a new request.",
            spanish: "Esta clave de idempotencia ya se usó para otra solicitud. Use una clave nueva para cada solicitud nueva.",
        },
        "too_many_requests" => Detail {
            english: "There were too many tries. Wait as long as the answer says, then try again.",
            spanish: "Hubo demasiados intentos. Espere el tiempo que indica la respuesta e inténtelo de nuevo.",
        },
        "try_again" => Detail {
            english: "We can't do this at the moment. Nothing was lost; try again in a minute.",
            spanish: "En este momento no podemos hacerlo. No se perdió nada; inténtelo de nuevo en un minuto.",
        },
        _ => Detail {
            english: "Something went wrong on our side. Try again; if it happens again, tell us the request id.",
            spanish: "Algo falló de nuestro lado. Inténtelo de nuevo; si vuelve a pasar, díganos el número de la solicitud.",
        },
    };
    detail.of(language)
}

/// The sentence for an error in a field.
pub fn field_detail(code: &str, language: Language) -> &'static str {
    let (english, spanish) = match code {
        "required" => ("This is required.", "Este dato es obligatorio."),
        "utf_16" => (
            "This file is in UTF-16. Save it as CSV UTF-8.",
            "Este archivo está en UTF-16. Guárdelo como CSV UTF-8.",
        ),
        "spreadsheet" => {
            ("This is an Excel file. Save it as CSV.", "Este es un archivo de Excel. Guárdelo como CSV.")
        }
        "not_text" => {
            ("This file holds bytes that are no text.", "Este archivo tiene datos que no son texto.")
        }
        "not_gzip" => (
            "This begins as a file compressed with gzip, and can't be unpacked.",
            "Esto empieza como un archivo comprimido con gzip y no se puede descomprimir.",
        ),
        "one_column" => (
            "The file has one column only. Is it the right file?",
            "El archivo tiene una sola columna. ¿Es el archivo correcto?",
        ),
        "missing_column" => (
            "Name the columns on top: first name, last name and birth date must be there, or the chart id.",
            "Ponga arriba los nombres de las columnas: hacen falta nombre, apellido y fecha de nacimiento, o el número de expediente.",
        ),
        "too_many_columns" => ("The file has too many columns.", "El archivo tiene demasiadas columnas."),
        "too_many_lines" => (
            "The file has more than 20,000 lines. Split it.",
            "El archivo tiene más de 20.000 líneas. Divídalo.",
        ),
        "unknown_field" => ("This field is not known here.", "Este campo no se conoce aquí."),
        "repeated" => ("This was given more than once.", "Este dato se dio más de una vez."),
        "too_long" => ("This is too long.", "Este dato es demasiado largo."),
        "too_short" => ("This is too short.", "Este dato es demasiado corto."),
        "unchanged" => {
            ("This is what it is now: nothing would change.", "Este dato ya es así: no cambiaría nada.")
        }
        "equals_username" => ("This can't be the user name.", "Este dato no puede ser el nombre de usuario."),
        "not_allowed" => {
            ("This can't be given here: leave it out.", "Este dato no se puede dar aquí: quítelo.")
        }
        "invalid_url" => (
            "Give a whole address that begins with https://.",
            "Dé una dirección completa que empiece con https://.",
        ),
        "invalid_color" => (
            "Give a colour as # and six digits, like #0b5cad.",
            "Dé un color como # y seis cifras, por ejemplo #0b5cad.",
        ),
        "low_contrast" => (
            "White text on this colour is too pale to read. Choose a darker one.",
            "El texto blanco sobre este color no se lee bien. Elija uno más oscuro.",
        ),
        "file_too_large" => (
            "The file is too large: 512 kB at most, and simple enough to be drawn small.",
            "El archivo es demasiado grande: 512 kB como máximo, y un dibujo sencillo.",
        ),
        "not_png_or_svg" => ("Choose a PNG or SVG file.", "Elija un archivo PNG o SVG."),
        "malformed_picture" => (
            "This file is damaged or incomplete. Save it again.",
            "Este archivo está dañado o incompleto. Guárdelo otra vez.",
        ),
        "bad_proportions" => (
            "The picture is too long, too tall or empty.",
            "La imagen es demasiado larga, demasiado alta o está vacía.",
        ),
        "too_many_pixels" => (
            "The picture has too many pixels: 4,000 by 2,000 at most.",
            "La imagen tiene demasiados píxeles: 4.000 por 2.000 como máximo.",
        ),
        "too_complex" => (
            "The drawing has too many parts. Simplify it, or save it as PNG.",
            "El dibujo tiene demasiadas partes. Simplifíquelo o guárdelo como PNG.",
        ),
        "text_in_logo" => (
            "The drawing has text. Turn it into outlines, or save it as PNG.",
            "El dibujo contiene texto. Conviértalo en contornos o guárdelo como PNG.",
        ),
        "not_only_shapes" => (
            "The drawing has more than shapes and colors: scripts, pictures, patterns or effects. Save it as PNG.",
            "El dibujo tiene algo más que formas y colores: scripts, imágenes, tramas o efectos. Guárdelo como PNG.",
        ),
        "nothing_to_see" => {
            ("Nothing of this can be seen on white paper.", "Nada de esto se ve sobre papel blanco.")
        }
        "no_file" => ("Choose a file first.", "Elija primero un archivo."),
        "holds_link" => (
            "Take out the link or address: in a mail it would look like a fraud.",
            "Quite el enlace o la dirección: en un correo parecería un fraude.",
        ),
        "holds_health_word" => (
            "Take out the words about health: others may read this mail.",
            "Quite las palabras sobre la salud: otras personas pueden leer este correo.",
        ),
        "invalid_patient_id" => (
            "This is not an id: 1 to 64 of A-Z a-z 0-9 . _ -, and not only one or two dots.",
            "Esto no es un identificador: de 1 a 64 de A-Z a-z 0-9 . _ -, y no solo uno o dos puntos.",
        ),
        "operator_must_allow" => (
            "This makes it easier to get in as somebody else: Portico's operator must allow it for your practice first.",
            "Esto facilita entrar en lugar de otra persona: el operador de Portico debe permitirlo antes para su consultorio.",
        ),
        "unavailable" => ("This can't be chosen now.", "Esto no se puede elegir ahora."),
        "invalid_characters" => {
            ("This holds characters that can't be used.", "Este dato tiene caracteres que no se pueden usar.")
        }
        "date_in_the_past" => ("Give a day that is still to come.", "Indique un día que todavía no llega."),
        "invalid_date" | "date_in_the_future" => (
            "This is not a date of birth that can be right. Write month, day and a year of four digits, e.g. 04/27/1945.",
            "Esta no puede ser una fecha de nacimiento correcta. Escriba mes, día y año de cuatro cifras, por ejemplo 04/27/1945.",
        ),
        "invalid_email" => {
            ("This is not an e-mail address.", "Esto no es una dirección de correo electrónico.")
        }
        "placeholder_email" => (
            "This is what people write where there is no address; nobody is written to there.",
            "Esto es lo que se escribe cuando no hay correo; allí no se escribe a nadie.",
        ),
        "invalid_phone" => (
            "This is not a phone number that can be dialed.",
            "A este número de teléfono no se puede llamar.",
        ),
        "invalid_postal_code" => ("This is not a ZIP code.", "Esto no es un código postal."),
        _ => ("This can't be used as it is.", "Este dato no se puede usar así."),
    };
    match language {
        Language::English => english,
        Language::Spanish => spanish,
    }
}

/// The `detail` of one reason. A blocker's sentence tells staff what to do; a password's tells its owner why
/// it was refused. `None` for an unknown code.
pub fn reason_detail(code: &str, language: Language) -> Option<&'static str> {
    let detail = match code {
        "access_disabled" => Detail {
            english: "Portal access is disabled for this patient: enable it first.",
            spanish: "El acceso al portal está desactivado para este paciente: actívelo primero.",
        },
        "missing_email" => Detail {
            english: "The chart has no e-mail address: add one, or choose another channel.",
            spanish: "La ficha no tiene correo electrónico: agréguelo o elija otro medio.",
        },
        "missing_mobile_phone" => Detail {
            english: "The chart has no mobile phone that can be used: add one, or choose another channel.",
            spanish: "La ficha no tiene un teléfono celular que se pueda usar: agréguelo o elija otro medio.",
        },
        "missing_postal_code" => Detail {
            english: "The chart has no ZIP code: add it.",
            spanish: "La ficha no tiene código postal: agréguelo.",
        },
        "unusable_name" => Detail {
            english: "The last name on the chart is a placeholder, which nobody can state to get in: ask for the name and correct the chart.",
            spanish: "El apellido de la ficha no es un nombre y nadie puede indicarlo para entrar: pregunte el nombre y corrija la ficha.",
        },
        "chart_inactive" => Detail {
            english: "The chart is inactive: make it active in the EHR if the patient has come back.",
            spanish: "La ficha está inactiva: actívela en el sistema clínico si el paciente ha vuelto.",
        },
        "deceased" => Detail {
            english: "The chart says that the patient has died: correct it in the EHR if that is wrong.",
            spanish: "La ficha indica que el paciente falleció: corríjala en el sistema clínico si es un error.",
        },
        "declined" => Detail {
            english: "The patient has declined the portal: ask again, and invite with an override and its reason if they want it now.",
            spanish: "El paciente no quiso el portal: pregúntele de nuevo y, si ahora lo quiere, invítelo como excepción e indique el motivo.",
        },
        "sms_opted_out" => Detail {
            english: "This number has opted out of texts: the patient can reply START, or choose another channel.",
            spanish: "Este número pidió no recibir mensajes de texto: el paciente puede responder START, o elija otro medio.",
        },
        "address_bounced" => Detail {
            english: "The last message to this address came back: correct the address, or confirm that it is right.",
            spanish: "El último mensaje a esta dirección fue devuelto: corrija la dirección o confirme que es correcta.",
        },
        "address_complained" => Detail {
            english: "The recipient marked our mail as spam: ask the patient, then confirm the address or use another channel.",
            spanish: "El destinatario marcó nuestro correo como no deseado: pregunte al paciente y luego confirme la dirección o use otro medio.",
        },
        "reported_wrong_recipient" => Detail {
            english: "Someone at this address said that it is not the patient's: check it with the patient, then correct or confirm it.",
            spanish: "Alguien avisó de que esta dirección no es del paciente: verifíquela con el paciente y luego corríjala o confírmela.",
        },
        "no_sms_consent" => Detail {
            english: "The patient has not agreed to texts: ask for consent and record it, or choose another channel.",
            spanish: "El paciente no ha aceptado recibir mensajes de texto: pida su consentimiento y anótelo, o elija otro medio.",
        },
        "already_registered" => Detail {
            english: "The patient is registered already: send a reset if they can't sign in.",
            spanish: "El paciente ya está registrado: envíe un restablecimiento si no puede entrar.",
        },
        "nothing_to_print" => Detail {
            english: "There is no printed invitation that still works: invite by print first.",
            spanish: "No hay una invitación impresa que todavía sirva: invite primero por carta.",
        },
        "guardian_contact_conflict" => Detail {
            english: "The e-mail address belongs to a guardian of this patient: check who registered, then grant or refuse it.",
            spanish: "El correo electrónico es de un tutor de este paciente: compruebe quién se registró y luego acepte o rechace el registro.",
        },
        "already_own" => Detail {
            english: "This login already belongs to another patient: register with a new user name.",
            spanish: "Esta cuenta ya es de otro paciente: regístrese con un nombre de usuario nuevo.",
        },
        "already_linked" => Detail {
            english: "This login already sees this patient.",
            spanish: "Esta cuenta ya puede ver a este paciente.",
        },
        "too_many_patients" => Detail {
            english: "This login sees as many patients as one can. Register with a new user name.",
            spanish: "Esta cuenta ya ve a tantos pacientes como es posible. Regístrese con un nombre de usuario nuevo.",
        },
        "no_account" => Detail {
            english: "This patient has no account of their own: invite them first.",
            spanish: "Este paciente no tiene una cuenta propia: invítelo primero.",
        },
        "access_revoked" => Detail {
            english: "Access was taken away from this patient: invite them to give it back first.",
            spanish: "A este paciente se le retiró el acceso: invítelo primero para devolvérselo.",
        },
        "too_many_invitations" => Detail {
            english: "Five invitations to help this patient are still open: wait until one is used or has expired.",
            spanish: "Todavía hay cinco invitaciones abiertas para ayudar a este paciente: espere hasta que una se use o venza.",
        },
        "must_change_password" => Detail {
            english: "This login still has the password that the office gave: sign in and choose your own first.",
            spanish: "Esta cuenta todavía tiene la contraseña que dio el consultorio: inicie sesión y elija primero una propia.",
        },
        "chart_moved" => Detail {
            english: "The chart can no longer take one of these values: compare both, and decline the field that does not fit.",
            spanish: "La ficha ya no puede tomar uno de estos valores: compare los dos y rechace el dato que no corresponda.",
        },
        "address_kept_by_office" => Detail {
            english: "The e-mail address of this account is the one that the office has: ask the office to change it under “My details”.",
            spanish: "El correo electrónico de esta cuenta es el que tiene el consultorio: pida el cambio en «Mis datos».",
        },
        "too_short" => Detail {
            english: "This password is too short: add another word.",
            spanish: "Esta contraseña es demasiado corta: agregue otra palabra.",
        },
        "too_long" => Detail {
            english: "This password is too long: use fewer words.",
            spanish: "Esta contraseña es demasiado larga: use menos palabras.",
        },
        "common" => Detail {
            english: "This password is one that many people use, so it is easy to guess: choose a few words that don't belong together.",
            spanish: "Mucha gente usa esta contraseña, así que es fácil de adivinar: elija unas palabras que no vayan juntas.",
        },
        "contextual" => Detail {
            english: "This password holds something about you or the office, so it is easy to guess: leave out names, dates and addresses.",
            spanish: "Esta contraseña contiene algo sobre usted o el consultorio, así que es fácil de adivinar: no use nombres, fechas ni direcciones.",
        },
        _ => return None,
    };
    Some(detail.of(language))
}

/// Every problem code that has a sentence of its own.
pub const PROBLEM_CODES: [&str; 23] = [
    "bad_request",
    "unauthorized",
    "sign_in_failed",
    "forbidden",
    "access_revoked",
    "representative_required",
    "not_found",
    "possible_duplicate",
    "username_taken",
    "conflict",
    "idempotency_in_progress",
    "link_unavailable",
    "payload_too_large",
    "unsupported_media_type",
    "not_eligible",
    "verification_failed",
    "password_rejected",
    "username_rejected",
    "code_rejected",
    "idempotency_mismatch",
    "too_many_requests",
    "try_again",
    "internal_error",
];

/// Every reason code that has a sentence.
pub const REASON_CODES: [&str; 29] = [
    "access_disabled",
    "missing_email",
    "missing_mobile_phone",
    "missing_postal_code",
    "unusable_name",
    "chart_inactive",
    "deceased",
    "declined",
    "sms_opted_out",
    "address_bounced",
    "address_complained",
    "reported_wrong_recipient",
    "no_sms_consent",
    "already_registered",
    "nothing_to_print",
    "guardian_contact_conflict",
    "already_own",
    "already_linked",
    "too_many_patients",
    "no_account",
    "access_revoked",
    "too_many_invitations",
    "must_change_password",
    "chart_moved",
    "address_kept_by_office",
    "too_short",
    "too_long",
    "common",
    "contextual",
];
