//! One-time codes: when the next one may be asked for, and whether an entered one is right.

use crate::context::Context;
use crate::keys::same;
use crate::model::chart::Channel;
use crate::model::link::{CODES, Link, RESEND_SECONDS, SentCode};
use crate::model::pasted;
use crate::model::refusal::Refusal;

/// The next code of a link. Refuses with `TooManyRequests` if the link has had all its codes, or the last one
/// is less than a minute old.
pub(crate) fn next_code(
    context: &Context,
    link: &Link,
    channel: Channel,
    digits: u32,
) -> Result<SentCode, Refusal> {
    let now = context.now();
    if link.codes >= CODES {
        return Err(Refusal::TooManyRequests(now.seconds_until(link.expires_at).max(1)));
    }
    let again = link.code.map(|code| RESEND_SECONDS - code.at.seconds_until(now)).filter(|wait| *wait > 0);
    if let Some(wait) = again {
        return Err(Refusal::TooManyRequests(wait));
    }
    Ok(SentCode {
        number: link.codes + 1,
        key: context.keyring.current(),
        at: now,
        channel,
        digits,
        tries: 0,
    })
}

/// Whether the entered digits are those of the code. Spaces, hyphens and what copying puts around them are ignored.
pub(crate) fn is_right_code(context: &Context, link: &Link, code: &SentCode, entered: &str) -> bool {
    let digits = pasted::digits(entered).unwrap_or_default();
    link.code_digits(code, &context.keyring).is_some_and(|right| same(&right, &digits))
}
