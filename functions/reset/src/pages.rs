//! The pages of a reset link: the ways to show who it is, the forms for people without a phone at hand, the new password.

use askama::Template;
use portico_domain::model::chart::Channel;
use portico_domain::model::ids::PracticeId;
use portico_domain::operations::visitor::reset::OpenReset;
use portico_web::{Fault, Field, Frame, all_faults};
use serde::{Deserialize, Serialize};

/// A way to show who it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Way {
    /// A code by text.
    Sms,
    /// A code by call.
    Voice,
    /// A code by e-mail.
    Email,
    /// Birth date and the answer to the security question.
    Question,
    /// Birth date and the code that staff tell.
    AccessCode,
}

impl Way {
    /// The word for it in the contract.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Sms => "sms",
            Self::Voice => "voice",
            Self::Email => "email",
            Self::Question => "question",
            Self::AccessCode => "access_code",
        }
    }

    /// How the code goes, if a code is the way.
    pub const fn channel(self) -> Option<Channel> {
        match self {
            Self::Sms => Some(Channel::Sms),
            Self::Voice => Some(Channel::Voice),
            Self::Email => Some(Channel::Email),
            Self::Question | Self::AccessCode => None,
        }
    }

    /// Every way that is open to whoever holds the link. Staff can always tell a code, so nobody is left without one.
    pub fn all(open: &OpenReset) -> Vec<Self> {
        let offered = |way: &Self| match way.channel() {
            Some(channel) => open.ways().contains(&channel),
            None => *way == Self::AccessCode || open.question.is_some(),
        };
        [Self::Sms, Self::Voice, Self::Email, Self::Question, Self::AccessCode]
            .into_iter()
            .filter(offered)
            .collect()
    }

    /// The way that a page's address names, if it has a form of its own and is open.
    pub fn of_form(text: Option<&str>, open: &OpenReset) -> Option<Self> {
        let ways = Self::all(open).into_iter().filter(|way| way.channel().is_none());
        ways.into_iter().find(|way| Some(way.as_str()) == text)
    }
}

#[derive(Template)]
#[template(path = "choose.html")]
pub struct Choose {
    frame: Frame,
    errors: Vec<Fault>,
    token: String,
    valid_until: String,
    ways: Vec<Way>,
}

impl Choose {
    pub fn new(frame: Frame, token: &str, open: &OpenReset, errors: Vec<Fault>) -> Self {
        let valid_until = frame.time(open.link.expires_at);
        Self { token: token.to_owned(), valid_until, ways: Way::all(open), errors, frame }
    }

    fn choices(&self) -> Vec<(&'static str, &'static str)> {
        let words = &self.frame.text.reset;
        let word = |way: Way| match way {
            Way::Sms => words.by_text,
            Way::Voice => words.by_voice,
            Way::Email => words.by_email,
            Way::Question => words.by_question,
            Way::AccessCode => words.by_office_code,
        };
        self.ways.iter().map(|way| (way.as_str(), word(*way))).collect()
    }

    fn error(&self) -> Option<&str> {
        self.errors.iter().find(|(field, _)| *field == "channel").map(|(_, sentence)| sentence.as_str())
    }
}

#[derive(Template)]
#[template(path = "answer.html")]
pub struct AnswerPage {
    frame: Frame,
    errors: Vec<Fault>,
    token: String,
    way: Way,
    question: Option<String>,
    birth_date: Field,
    secret: Field,
}

impl AnswerPage {
    /// The form of a way without a code by message. What is secret is never shown again; the birth date is.
    pub fn new(
        frame: Frame,
        token: &str,
        open: &OpenReset,
        way: Way,
        birth_date: &str,
        errors: Vec<Fault>,
    ) -> Self {
        let words = &frame.text.reset;
        let errors = all_faults(errors, Vec::new(), &["birth_date", "answer", "access_code"]);
        let field = |name, label: &str| Field::new(name, label, &frame).filled("off", "").among(&errors);
        let secret = match way {
            Way::AccessCode => field("access_code", words.office_code)
                .hint(words.office_code_hint)
                .class("short")
                .filled("off", "numeric"),
            _ => field("answer", words.answer).hint(words.answer_hint),
        };
        let birth_date = field("birth_date", frame.text.link.birth_date)
            .hint(words.birth_date_hint)
            .class("short")
            .value(birth_date);
        let question = open.question.as_ref().filter(|_| way == Way::Question);
        Self {
            token: token.to_owned(),
            way,
            question: question.map(|question| question.reveal().to_owned()),
            birth_date,
            secret,
            errors,
            frame,
        }
    }

    fn title(&self) -> &'static str {
        let words = &self.frame.text.reset;
        if self.way == Way::AccessCode { words.office_code_title } else { words.question_title }
    }
}

#[derive(Template)]
#[template(path = "password.html")]
pub struct PasswordPage {
    frame: Frame,
    errors: Vec<Fault>,
    token: String,
    ticket: String,
    password: Field,
}

impl PasswordPage {
    pub fn new(frame: Frame, token: &str, ticket: &str, shortest: u32, errors: Vec<Fault>) -> Self {
        let words = &frame.text.new_password;
        let password = Field::new("password", words.password, &frame)
            .hint(&words.password_hint(shortest as usize))
            .kind("password")
            .filled("new-password", "")
            .among(&errors);
        Self { token: token.to_owned(), ticket: ticket.to_owned(), password, errors, frame }
    }
}

#[derive(Template)]
#[template(path = "done.html")]
pub struct Done {
    frame: Frame,
    errors: Vec<Fault>,
    practice: String,
    has_representatives: bool,
}

impl Done {
    pub fn new(frame: Frame, practice: &PracticeId, has_representatives: bool) -> Self {
        Self { practice: practice.to_string(), has_representatives, errors: Vec::new(), frame }
    }
}
