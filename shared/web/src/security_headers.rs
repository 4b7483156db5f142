//! The headers that every answer has, whatever it is: page, JSON, file, redirect or problem.

use http::{HeaderMap, HeaderName, HeaderValue, header};

use crate::answer::Answer;

/// What no page uses. Passkeys, clipboard and full screen are not in it: password managers and PDF viewers use them.
const NEVER_USED: &str = "accelerometer=(), autoplay=(), bluetooth=(), browsing-topics=(), camera=(), display-capture=(), \
                          encrypted-media=(), gamepad=(), geolocation=(), gyroscope=(), hid=(), idle-detection=(), \
                          local-fonts=(), magnetometer=(), microphone=(), midi=(), payment=(), picture-in-picture=(), \
                          screen-wake-lock=(), serial=(), usb=(), window-management=(), xr-spatial-tracking=()";

/// Names and values of these headers. For two years browsers use `https` alone; a window that another site opened can't reach
/// ours; no other site's page can embed an answer; and pages can't use the devices of the visitor.
const HEADERS: [(HeaderName, &str); 4] = [
    (header::STRICT_TRANSPORT_SECURITY, "max-age=63072000; includeSubDomains"),
    (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
    (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
    (HeaderName::from_static("permissions-policy"), NEVER_USED),
];

/// Adds them to an answer's headers, where the answer has no value of its own.
pub fn add_security_headers(headers: &mut HeaderMap) {
    for (name, value) in HEADERS {
        headers.entry(name).or_insert(HeaderValue::from_static(value));
    }
}

/// Has the browser forget what it keeps of this site, at the end of a session. Cookies are cleared one by one: `"cookies"`
/// would also clear the one of a known browser, whose owner a stranger could then lock out.
pub fn forget_site(answer: &mut Answer) {
    let name = HeaderName::from_static("clear-site-data");
    answer.headers_mut().insert(name, HeaderValue::from_static("\"cache\", \"storage\""));
}
