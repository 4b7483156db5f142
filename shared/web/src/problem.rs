//! Problem answers (RFC 9457).

use http::{HeaderValue, StatusCode, header};
use portico_domain::model::refusal::{FieldFault, Refusal};
use portico_messages::{Language, field_detail, problem_detail, reason_detail};
use serde_json::{Value, json};

use crate::answer::{Answer, answer};
use crate::desk::desk_problem;
use crate::inbound::{Inbound, Place};
use crate::reject::Reject;

/// A problem, in the reader's language.
pub fn problem(inbound: &Inbound, reject: &Reject) -> Answer {
    if inbound.place() == Place::Console {
        return desk_problem(inbound, reject);
    }
    let language = inbound.language(Language::English);
    let (status, code) = (reject.status(), reject.code());
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
    if let Reject::Refused(refusal) = reject {
        add_details(refusal, language, &mut body);
    }
    if status >= 500 {
        body["request_id"] = json!(inbound.request_id);
    }
    let mut answer = answer(status, "application/problem+json", body.to_string());
    if status == 401 && code == "unauthorized" {
        answer.headers_mut().insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
    }
    reject.mark(&mut answer);
    answer
}

/// Adds to a problem's body what the refusal says beyond its code.
fn add_details(refusal: &Refusal, language: Language, body: &mut Value) {
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
        Refusal::TooManyRequests(_)
        | Refusal::Unauthorized
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
}
