//! The page on which a link's visitor chooses how a code comes, and enters it: of an invitation and of a reset link.

use askama::Template;
use portico_domain::model::chart::Channel;
use portico_domain::model::code_way::CodeWay;
use portico_domain::model::link::RESEND_SECONDS;

use crate::answer::Answer;
use crate::page::dead_end::wait_fault;
use crate::page::field::{Fault, Field};
use crate::page::frame::Frame;
use crate::page::html::html;
use crate::page::visit::{Form, Refused};

#[derive(Template)]
#[template(path = "code.html")]
struct CodePage {
    frame: Frame,
    errors: Vec<Fault>,
    /// The link's path: `/i/…` or `/r/…`.
    link: String,
    /// Whether it is a reset link, whose first page offers other ways than codes.
    is_reset: bool,
    /// The way that the last code went.
    sent: Option<CodeWay>,
    ways: Vec<CodeWay>,
    digits: u32,
    field: Field,
}

/// What the page of a code is about.
pub struct CodeStep {
    /// The link's path: `/i/…` or `/r/…`.
    pub path: String,
    /// Whether the link has had all its codes.
    pub codes_used_up: bool,
    /// Ways that a code can go.
    pub ways: Vec<CodeWay>,
    /// The way that the last code went; `None` if none was asked for.
    pub sent: Option<Channel>,
    /// The last form of the page.
    pub form: Form,
    /// How many digits a code has.
    pub digits: u32,
    /// How often the code may still be tried.
    pub tries_left: u32,
}

/// The page: to choose a way; and once a code was sent, to enter it.
pub fn code_page(frame: &Frame, step: CodeStep) -> Answer {
    let CodeStep { path, codes_used_up, mut ways, sent, form, digits, tries_left } = step;
    let errors: Vec<Fault> = form
        .why()
        .into_iter()
        .map(|refused| match refused {
            Refused::Code => ("code", frame.text.code.rejected(tries_left)),
            refused => code_fault(refused, codes_used_up, &form, &ways, frame),
        })
        .collect();
    let label = &frame.text.code.label(digits);
    let field = Field::new("code", label, frame).class("code").filled("one-time-code", "numeric");
    // A text comes first: it is quickest, and phones fill its code in.
    ways.sort_by_key(|way| match way.channel {
        Channel::Sms => 0,
        Channel::Email => 1,
        Channel::Voice | Channel::Print => 2,
    });
    let known = |channel: Channel| ways.iter().find(|way| way.channel == channel).cloned();
    let page = CodePage {
        frame: frame.clone(),
        is_reset: path.starts_with("/r/"),
        sent: sent.map(|channel| known(channel).unwrap_or(CodeWay { channel, hint: String::new() })),
        field: field.among(&errors),
        link: path,
        errors,
        ways,
        digits,
    };
    html(200, frame, &page)
}

/// Why a code, or the wish for one, was refused, in the reader's words.
fn code_fault(refused: &Refused, used_up: bool, form: &Form, ways: &[CodeWay], frame: &Frame) -> Fault {
    let words = &frame.text.code;
    match refused {
        // Nothing was asked for, so it was a code that was entered.
        Refused::Seconds(seconds) if form.value("channel").is_empty() => wait_fault(*seconds, frame),
        Refused::Seconds(_) if used_up => ("", words.five_codes(&frame.phone())),
        Refused::Seconds(seconds) => {
            let wait = frame.language.wait(u64::try_from(*seconds).unwrap_or_default());
            let by_phone = matches!(form.value("channel"), "sms" | "voice") && *seconds > RESEND_SECONDS;
            let has_email = ways.iter().any(|way| way.channel == Channel::Email);
            let sentence = if by_phone && has_email {
                words.phone_wait(&wait, &frame.phone())
            } else {
                words.resend_wait(&wait)
            };
            ("", sentence)
        }
        Refused::Fields(faults) if faults.iter().any(|(field, _)| field == "channel") => {
            ("channel", words.channel_missing.to_owned())
        }
        _ => ("code", words.missing.to_owned()),
    }
}

impl CodePage {
    fn title(&self) -> &'static str {
        let words = &self.frame.text.code;
        if self.sent.is_some() { words.enter_title } else { words.title }
    }

    fn step(&self) -> &'static str {
        if self.is_reset { self.frame.text.shared.step_one_of_two } else { self.frame.text.shared.step_two }
    }

    fn sent_how(&self) -> Option<String> {
        let words = &self.frame.text.code;
        self.sent.as_ref().map(|way| match way.channel {
            Channel::Email | Channel::Print => words.sent_by_email(&way.hint),
            Channel::Sms => words.sent_by_text(&way.hint),
            Channel::Voice => words.sent_by_voice(&way.hint),
        })
    }

    fn resend_hint(&self) -> &'static str {
        let words = &self.frame.text.code;
        let by_email = self.sent.as_ref().is_some_and(|way| way.channel == Channel::Email);
        if by_email { words.resend_hint_email } else { words.resend_hint_phone }
    }

    fn choices(&self) -> Vec<(&'static str, String)> {
        let words = &self.frame.text.code;
        let choice = |way: &CodeWay| match way.channel {
            Channel::Email => Some((way.channel.as_str(), words.by_email(&way.hint))),
            Channel::Sms => Some((way.channel.as_str(), words.by_text(&way.hint))),
            Channel::Voice => Some((way.channel.as_str(), words.by_voice(&way.hint))),
            Channel::Print => None,
        };
        self.ways.iter().filter_map(choice).collect()
    }

    /// Chosen is the way that the last code went, else the first.
    fn is_chosen(&self, choice: &str) -> bool {
        let last = self.sent.as_ref().filter(|sent| self.ways.contains(sent));
        last.or_else(|| self.ways.first()).map(|way| way.channel.as_str()) == Some(choice)
    }

    fn channel_error(&self) -> Option<&str> {
        self.errors.iter().find(|(field, _)| *field == "channel").map(|(_, sentence)| sentence.as_str())
    }
}
