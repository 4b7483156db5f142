//! Compresses long answers for staff, whose lists are long.
//!
//! A compressed page tells how often a text of an attacker's choice occurs in it, by its length alone (BREACH). For that,
//! another site must make the victim's browser ask for pages. It can't for these: an API key is in no browser, and the
//! tool's cookie is `SameSite=Strict`. Patients' pages, launch links and what the portal asks about sessions are never
//! compressed.

use std::io::Write as _;

use flate2::Compression;
use flate2::write::GzEncoder;
use http::{HeaderValue, header};
use lambda_http::Body;

use crate::answer::Answer;

/// Shorter answers gain nothing, in bytes.
const WORTH_IT: usize = 1024;

/// Whether an answer at this path may be compressed.
fn is_for_staff(path: &str) -> bool {
    let holds_token = path.starts_with("/v1/sessions/") || path.starts_with("/console/launch/");
    (path.starts_with("/v1/") || path.starts_with("/console")) && !holds_token
}

/// Compresses an answer with gzip, if the client takes that and it is worth it.
pub(crate) fn compress(answer: &mut Answer, path: &str, takes_gzip: bool) {
    if !is_for_staff(path) {
        return;
    }
    let Body::Text(text) = answer.body() else { return };
    if text.len() <= WORTH_IT {
        return;
    }
    let compressed = takes_gzip.then(|| gzip(text.as_bytes())).flatten();
    answer.headers_mut().append(header::VARY, HeaderValue::from_static("accept-encoding"));
    if let Some(compressed) = compressed {
        *answer.body_mut() = Body::Binary(compressed);
        answer.headers_mut().insert(header::CONTENT_ENCODING, HeaderValue::from_static("gzip"));
    }
}

fn gzip(text: &[u8]) -> Option<Vec<u8>> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(text).ok()?;
    encoder.finish().ok()
}
