//! What goes out: JSON, problems (RFC 9457), and the session cookie.

use http::{HeaderValue, StatusCode, header};
use lambda_http::{Body, Response};
use portico_domain::model::refusal::{Failure, FieldFault, Refusal};
use portico_domain::steps::credentials::KNOWN_DAYS;
use portico_messages::{Language, problem_detail, reason_detail};
use serde::Serialize;
use serde_json::{Value, json};

use crate::inbound::{BROWSER, COOKIE, Inbound};

/// An answer.
pub type Answer = Response<Body>;

/// Why a request ended without what it asked for.
#[derive(Debug)]
pub enum Reject {
    /// A use case refused.
    Refused(Refusal),
    /// The body is too long.
    TooLarge,
    /// The body is of a type that this path does not take.
    UnsupportedType,
    /// Another site's page sent it.
    ForeignForm,
    /// It could not be decided; trying again is right.
    Unavailable,
}

impl Reject {
    /// A body with one field at fault; `/`-separated, empty for the whole.
    pub fn malformed(field: &str, code: &'static str) -> Self {
        let pointer = if field.is_empty() { String::new() } else { format!("/{field}") };
        Self::Refused(Refusal::BadRequest(vec![FieldFault { pointer, code }]))
    }

    /// A body with these fields at fault.
    pub fn fields(faults: Vec<FieldFault>) -> Self {
        Self::Refused(Refusal::BadRequest(faults))
    }

    /// Status and stable code.
    pub const fn status(&self) -> (u16, &'static str) {
        match self {
            Self::Refused(refusal) => (refused(refusal), refusal.code()),
            Self::TooLarge => (413, "payload_too_large"),
            Self::UnsupportedType => (415, "unsupported_media_type"),
            Self::ForeignForm => (403, "forbidden"),
            Self::Unavailable => (503, "try_again"),
        }
    }
}

/// The whole table of refusals and their statuses.
const fn refused(refusal: &Refusal) -> u16 {
    match refusal {
        Refusal::BadRequest(_) => 400,
        Refusal::Unauthorized | Refusal::SignInFailed => 401,
        Refusal::Forbidden | Refusal::AccessRevoked | Refusal::RepresentativeRequired => 403,
        Refusal::NotFound => 404,
        Refusal::PossibleDuplicate(_)
        | Refusal::UsernameTaken(_)
        | Refusal::Conflict(_)
        | Refusal::IdempotencyInProgress => 409,
        Refusal::LinkUnavailable => 410,
        Refusal::NotEligible(_)
        | Refusal::VerificationFailed
        | Refusal::PasswordRejected(_)
        | Refusal::UsernameRejected(_)
        | Refusal::CodeRejected
        | Refusal::IdempotencyMismatch => 422,
        Refusal::TooManyRequests(_) => 429,
    }
}

impl From<Refusal> for Reject {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

impl From<Failure> for Reject {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Refused(refusal) => Self::Refused(refusal),
            Failure::Unavailable => Self::Unavailable,
        }
    }
}

/// The code of a problem, for the log.
#[derive(Clone, Copy)]
pub(crate) struct Code(pub(crate) &'static str);

/// An answer of this status and type, never to be kept by anybody in between.
pub(crate) fn answer(status: u16, kind: &'static str, body: String) -> Answer {
    let mut answer = Response::new(Body::Text(body));
    *answer.status_mut() = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let headers = answer.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    answer
}

/// A JSON answer.
pub fn json<T: Serialize>(status: u16, body: &T) -> Answer {
    match serde_json::to_string(body) {
        Ok(text) => answer(status, "application/json", text),
        Err(_) => answer(500, "application/problem+json", String::new()),
    }
}

/// `204`.
pub fn no_content() -> Answer {
    let mut answer = answer(204, "application/json", String::new());
    answer.headers_mut().remove(header::CONTENT_TYPE);
    *answer.body_mut() = Body::Empty;
    answer
}

/// A problem, in the reader's language.
pub fn problem(inbound: &Inbound, reject: &Reject) -> Answer {
    let language = inbound.language(Language::English);
    let (status, code) = reject.status();
    let mut body = json!({
        "type": "about:blank",
        "title": StatusCode::from_u16(status).ok().and_then(|status| status.canonical_reason()),
        "status": status,
        "code": code,
        "detail": problem_detail(code, language),
    });
    if matches!(reject, Reject::ForeignForm) {
        // The code is the same as for a key without the scope; the sentence is not.
        body["detail"] = json!(language.page().dead_end.foreign_form);
    }
    let mut wait = None;
    if let Reject::Refused(refusal) = reject {
        wait = more(refusal, language, &mut body);
    }
    if status >= 500 {
        body["request_id"] = json!(inbound.request_id);
    }
    let mut answer = answer(status, "application/problem+json", body.to_string());
    if let Some(seconds) = wait {
        answer.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
    }
    if status == 401 && code == "unauthorized" {
        answer.headers_mut().insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
    }
    answer.extensions_mut().insert(Code(code));
    answer
}

/// What a refusal says beyond its code; the seconds to wait, if it names them.
fn more(refusal: &Refusal, language: Language, body: &mut Value) -> Option<i64> {
    // All of them as codes, and as one text of sentences with the cures.
    let reasons = |body: &mut Value, codes: Vec<&'static str>| {
        let sentences: Vec<&str> = codes.iter().filter_map(|code| reason_detail(code, language)).collect();
        if !sentences.is_empty() {
            body["detail"] = json!(sentences.join(" "));
        }
        body["reasons"] = json!(codes);
    };
    match refusal {
        Refusal::BadRequest(faults) => {
            let fault = |fault: &FieldFault| {
                let detail = field_detail(fault.code, language);
                json!({"pointer": fault.pointer, "code": fault.code, "detail": detail})
            };
            body["errors"] = faults.iter().map(fault).collect();
        }
        Refusal::NotEligible(found) => reasons(body, found.iter().map(|reason| reason.code()).collect()),
        Refusal::PasswordRejected(found) => reasons(body, found.iter().map(|fault| fault.code()).collect()),
        Refusal::UsernameRejected(why) => body["reasons"] = json!([why]),
        Refusal::Conflict(why) => reasons(body, vec![why]),
        Refusal::PossibleDuplicate(candidates) => body["candidates"] = json!(candidates),
        Refusal::UsernameTaken(others) => body["suggestions"] = json!(others),
        Refusal::TooManyRequests(seconds) => return Some(*seconds),
        Refusal::Unauthorized
        | Refusal::SignInFailed
        | Refusal::Forbidden
        | Refusal::AccessRevoked
        | Refusal::RepresentativeRequired
        | Refusal::NotFound
        | Refusal::IdempotencyInProgress
        | Refusal::LinkUnavailable
        | Refusal::VerificationFailed
        | Refusal::CodeRejected
        | Refusal::IdempotencyMismatch => {}
    }
    None
}

/// A sentence for what is wrong with a field.
pub(crate) fn field_detail(code: &str, language: Language) -> &'static str {
    let (english, spanish) = match code {
        "required" => ("This is required.", "Este dato es obligatorio."),
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
        "unavailable" => ("This can't be chosen now.", "Esto no se puede elegir ahora."),
        "invalid_characters" => {
            ("This holds characters that can't be used.", "Este dato tiene caracteres que no se pueden usar.")
        }
        "invalid_date" | "date_in_the_future" => (
            "This is not a date of birth that can be right.",
            "Esta no puede ser una fecha de nacimiento correcta.",
        ),
        "invalid_email" => {
            ("This is not an e-mail address.", "Esto no es una dirección de correo electrónico.")
        }
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

/// Sets the session cookie: for this host alone, for no script, for no other site.
pub fn set_session(answer: &mut Answer, token: &str) {
    if let Ok(value) =
        HeaderValue::from_str(&format!("{COOKIE}={token}; Path=/; Secure; HttpOnly; SameSite=Lax"))
    {
        answer.headers_mut().append(header::SET_COOKIE, value);
    }
}

/// Lets the browser be known at its next sign-in: sealed, for half a year.
pub fn set_browser(answer: &mut Answer, sealed: &str) {
    let age = KNOWN_DAYS * 86_400;
    if let Ok(value) = HeaderValue::from_str(&format!(
        "{BROWSER}={sealed}; Path=/; Secure; HttpOnly; SameSite=Lax; Max-Age={age}"
    )) {
        answer.headers_mut().append(header::SET_COOKIE, value);
    }
}

/// Takes the session cookie back.
pub fn clear_session(answer: &mut Answer) {
    clear(answer, COOKIE);
}

/// Takes back the cookie by which the browser is known.
pub fn clear_browser(answer: &mut Answer) {
    clear(answer, BROWSER);
}

fn clear(answer: &mut Answer, cookie: &str) {
    if let Ok(value) =
        HeaderValue::from_str(&format!("{cookie}=; Path=/; Secure; HttpOnly; SameSite=Lax; Max-Age=0"))
    {
        answer.headers_mut().append(header::SET_COOKIE, value);
    }
}
