//! The page on which a link's visitor chooses how a code comes, and enters it: of an invitation and of a reset link.

use askama::Template;
use http::{HeaderValue, header};
use portico_domain::model::chart::Channel;
use portico_domain::model::refusal::Refusal;

use crate::answer::Answer;
use crate::page::field::{Fault, Field};
use crate::page::frame::Frame;
use crate::page::html::html;
use crate::reject::Reject;

/// The link that a page of codes belongs to.
pub struct CodeStep {
    /// The link's path: `/i/…` or `/r/…`.
    pub link: String,
    /// What the forms carry along, by name.
    pub carried: Vec<(&'static str, String)>,
    /// Whether the link's own page offers other ways than codes.
    pub other_way: bool,
}

#[derive(Template)]
#[template(path = "code.html")]
struct CodePage {
    frame: Frame,
    errors: Vec<Fault>,
    link: String,
    carried: Vec<(&'static str, String)>,
    other_way: bool,
    /// The way that the last code went.
    sent: Option<Channel>,
    channels: Vec<Channel>,
    field: Field,
}

/// The page: to choose one of `channels`; and once a code was `sent`, to enter it. `refused` is why it comes again.
pub fn code_page(
    frame: &Frame,
    step: CodeStep,
    channels: Vec<Channel>,
    sent: Option<Channel>,
    refused: Option<&Reject>,
) -> Answer {
    let errors: Vec<Fault> = refused.into_iter().map(|reject| code_fault(reject, frame)).collect();
    let field = Field::new("code", frame.text.code.label, frame)
        .class("code")
        .filled("one-time-code", "numeric")
        .among(&errors);
    let CodeStep { link, carried, other_way } = step;
    let page = CodePage { frame: frame.clone(), errors, link, carried, other_way, sent, channels, field };
    let mut answer = html(refused.map_or(200, Reject::status), frame, &page);
    if let Some(reject) = refused {
        mark_refused(&mut answer, reject);
    }
    answer
}

/// Says in a refused page's headers when to try again, and notes the refusal for the log.
pub fn mark_refused(answer: &mut Answer, reject: &Reject) {
    if let Reject::Refused(Refusal::TooManyRequests(seconds)) = reject {
        answer.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(*seconds));
    }
    reject.mark(answer);
}

/// Why a code, or the wish for one, was refused, in the reader's words.
pub fn code_fault(reject: &Reject, frame: &Frame) -> Fault {
    let words = &frame.text.code;
    match reject {
        Reject::Refused(Refusal::CodeRejected) => ("code", words.rejected.to_owned()),
        Reject::Refused(Refusal::TooManyRequests(seconds)) => {
            ("", words.resend_wait(&frame.language.wait(u64::try_from(*seconds).unwrap_or_default())))
        }
        Reject::Refused(Refusal::BadRequest(faults)) if faults.iter().any(|f| f.pointer == "/channel") => {
            ("channel", words.channel_missing.to_owned())
        }
        _ => ("code", words.missing.to_owned()),
    }
}

impl CodePage {
    fn title(&self) -> &'static str {
        if self.sent.is_some() { self.frame.text.code.enter_title } else { self.frame.text.code.title }
    }

    fn sent_how(&self) -> Option<&'static str> {
        let words = &self.frame.text.code;
        self.sent.map(|channel| match channel {
            Channel::Email | Channel::Print => words.sent_by_email,
            Channel::Sms => words.sent_by_text,
            Channel::Voice => words.sent_by_voice,
        })
    }

    fn resend_hint(&self) -> &'static str {
        let words = &self.frame.text.code;
        if self.sent == Some(Channel::Email) { words.resend_hint_email } else { words.resend_hint_phone }
    }

    fn choices(&self) -> Vec<(&'static str, &'static str)> {
        let words = &self.frame.text.code;
        let choice = |channel: &Channel| match channel {
            Channel::Email => Some((channel.as_str(), words.by_email)),
            Channel::Sms => Some((channel.as_str(), words.by_text)),
            Channel::Voice => Some((channel.as_str(), words.by_voice)),
            Channel::Print => None,
        };
        self.channels.iter().filter_map(choice).collect()
    }

    /// Chosen stands the way that the last code went, else the first.
    fn is_chosen(&self, choice: &str) -> bool {
        let last = self.sent.filter(|sent| self.channels.contains(sent));
        last.or_else(|| self.channels.first().copied()).map(Channel::as_str) == Some(choice)
    }

    fn channel_error(&self) -> Option<&str> {
        self.errors.iter().find(|(field, _)| *field == "channel").map(|(_, sentence)| sentence.as_str())
    }
}
