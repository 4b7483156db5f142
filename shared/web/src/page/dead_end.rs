//! Pages that lead nowhere by themselves: what happened, and the way on.

use askama::Template;
use portico_domain::model::refusal::Refusal;

use crate::answer::Answer;
use crate::inbound::{Inbound, Place};
use crate::page::field::Fault;
use crate::page::frame::Frame;
use crate::page::html::html;
use crate::problem::problem;
use crate::reject::Reject;

#[derive(Template)]
#[template(path = "dead_end.html")]
struct DeadEnd {
    frame: Frame,
    errors: Vec<Fault>,
    title: String,
    explanation: String,
    /// Where to begin anew.
    again: Option<String>,
    next_heading: &'static str,
    next: Vec<&'static str>,
    /// The address of the link in whose place a new one can be asked for.
    renew: Option<String>,
}

/// The page that a refused form belongs to, where this page may point to it.
fn again(inbound: &Inbound, frame: &Frame) -> Option<String> {
    let token = inbound.param("token");
    let practice = inbound.param("practice");
    let plain = |text: &str| {
        !text.is_empty() && text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_'))
    };
    let named = frame.practice.is_some() && plain(practice);
    let path = match inbound.place() {
        Place::Invitation if plain(token) => format!("/i/{token}"),
        Place::Reset if plain(token) => format!("/r/{token}"),
        Place::Account if named => format!("/{practice}/account"),
        Place::Practice if named => format!("/{practice}"),
        Place::Invitation
        | Place::Reset
        | Place::Account
        | Place::Practice
        | Place::Console
        | Place::Elsewhere => {
            return None;
        }
    };
    Some(format!("{path}?lang={}", frame.lang()))
}

/// Why nothing more can be done for so many seconds.
pub fn wait_fault(seconds: i64, frame: &Frame) -> Fault {
    let wait = frame.language.wait(u64::try_from(seconds).unwrap_or_default());
    ("", frame.text.dead_end.too_many(&wait))
}

/// A page that says one thing and asks for nothing, with the office's number.
pub fn notice(status: u16, frame: &Frame, title: &str, text: &str) -> Answer {
    let page = DeadEnd {
        errors: Vec::new(),
        title: title.to_owned(),
        explanation: text.to_owned(),
        next_heading: frame.text.dead_link.next_heading,
        next: Vec::new(),
        again: None,
        renew: None,
        frame: frame.clone(),
    };
    html(status, frame, &page)
}

/// The answer to a request that ended without what it asked for: a problem, or its page with the way out. `frame` is
/// the practice's where the practice may be named.
pub fn dead_end(inbound: &Inbound, frame: Option<Frame>, reject: &Reject) -> Answer {
    if !inbound.wants_page() {
        return problem(inbound, reject);
    }
    let status = reject.status();
    let frame = frame.filter(|_| status != 410).unwrap_or_else(|| Frame::nameless(inbound));
    let (words, dead) = (&frame.text.dead_end, &frame.text.dead_link);
    // A practice's page ends with its phone.
    let office = if frame.practice.is_some() { Vec::new() } else { vec![frame.text.shared.call_office] };
    let (title, explanation, next) = match reject {
        Reject::Refused(Refusal::LinkUnavailable) => {
            let first = if inbound.place() == Place::Reset { dead.reset } else { dead.ask_office };
            (dead.title, dead.explanation.to_owned(), vec![first, dead.registered_already])
        }
        Reject::Refused(Refusal::TooManyRequests(seconds)) => {
            let wait = frame.language.wait(u64::try_from(*seconds).unwrap_or_default());
            (words.too_many_title, words.too_many(&wait), office)
        }
        Reject::Refused(Refusal::NotFound) => (words.not_found_title, words.not_found.to_owned(), office),
        Reject::ForeignForm => (words.foreign_form_title, words.foreign_form.to_owned(), office),
        Reject::TooLarge => (words.too_large_title, words.too_large.to_owned(), office),
        Reject::UnsupportedType | Reject::Refused(Refusal::BadRequest(_)) => {
            (words.wrong_format_title, words.wrong_format.to_owned(), office)
        }
        Reject::Refused(_) | Reject::Unavailable | Reject::Broken(_) => {
            (words.wrong_title, words.wrong(&inbound.request_id), office)
        }
    };
    let title = title.to_owned();
    let page = DeadEnd {
        errors: Vec::new(),
        title,
        explanation,
        again: again(inbound, &frame).filter(|_| status != 410),
        next_heading: dead.next_heading,
        next,
        // Whatever was wrong with it: a new one can only ever go to the contact on file.
        renew: inbound.invitation().filter(|_| status == 410),
        frame: frame.clone(),
    };
    let mut answer = html(status, &frame, &page);
    reject.mark(&mut answer);
    answer
}

#[derive(Template)]
#[template(path = "lost_visit.html")]
struct LostVisit {
    frame: Frame,
    errors: Vec<Fault>,
    link: String,
}

/// The page for a visitor whose browser did not keep the cookie: it says so once, with what to do.
pub fn lost_visit(inbound: &Inbound, frame: &Frame) -> Answer {
    let page = LostVisit { frame: frame.clone(), errors: Vec::new(), link: inbound.link_path() };
    html(200, frame, &page)
}
