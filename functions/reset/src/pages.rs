//! The pages of a reset link: the ways to show who it is, the forms for people without a phone at hand, the new password.

use askama::Template;
use portico_domain::model::chart::Channel;
use portico_domain::model::code_way::CodeWay;
use portico_domain::operations::visitor::reset::OpenReset;
use portico_web::{Fault, Field, Form, Frame, Refused, all_faults, password_faults, wait_fault};
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
            Some(channel) => open.ways().iter().any(|way| way.channel == channel),
            None => *way == Self::AccessCode || open.question.is_some(),
        };
        [Self::Sms, Self::Voice, Self::Email, Self::Question, Self::AccessCode]
            .into_iter()
            .filter(offered)
            .collect()
    }

    /// The way that a form names, if it has a page of its own and is open.
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
    /// Whether the second check is passed already.
    goes_on: bool,
    valid_until: String,
    ways: Vec<Way>,
    hints: Vec<CodeWay>,
}

impl Choose {
    /// The page; `form` is its last form. `goes_on` says that the visitor has got further already.
    pub fn new(frame: Frame, token: &str, open: &OpenReset, form: &Form, goes_on: bool) -> Self {
        let words = &frame.text.reset;
        let fault = |refused: &Refused| match refused {
            Refused::TicketOver => ("", words.ticket_over.to_owned()),
            Refused::Seconds(seconds) => wait_fault(*seconds, &frame),
            Refused::Fields(_) => ("channel", words.way_missing.to_owned()),
            _ => ("", frame.text.link.later.to_owned()),
        };
        let errors = form.why().map(fault).into_iter().collect();
        Self {
            token: token.to_owned(),
            goes_on,
            valid_until: frame.time(open.link.expires_at),
            ways: Way::all(open),
            hints: open.ways().to_vec(),
            errors,
            frame,
        }
    }

    fn choices(&self) -> Vec<(&'static str, String)> {
        let (words, code) = (&self.frame.text.reset, &self.frame.text.code);
        let hint = |way: Way| {
            let known = self.hints.iter().find(|known| Some(known.channel) == way.channel());
            known.map_or("", |known| known.hint.as_str())
        };
        let word = |way: Way| match way {
            Way::Sms => code.by_text(hint(way)),
            Way::Voice => code.by_voice(hint(way)),
            Way::Email => code.by_email(hint(way)),
            Way::Question => words.by_question.to_owned(),
            Way::AccessCode => words.by_office_code.to_owned(),
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
    pub fn new(frame: Frame, token: &str, open: &OpenReset, way: Way, form: &Form) -> Self {
        let words = &frame.text.reset;
        let found = form.why().map(|refused| stated_faults(refused, way, &frame)).unwrap_or_default();
        let errors = all_faults(found, Vec::new(), &["birth_date", "answer", "access_code"]);
        let field = |name, label: &str| Field::new(name, label, &frame).filled("off", "").among(&errors);
        let secret = match way {
            Way::AccessCode => field("access_code", words.office_code)
                .hint(words.office_code_hint)
                .class("short")
                .filled("off", "numeric"),
            _ => field("answer", words.answer).hint(words.answer_hint),
        };
        // A representative proves to know the patient's.
        let is_own = open.link.invitee.is_none();
        let label = if is_own { frame.text.link.birth_date } else { words.patient_birth_date };
        let birth_date = Field::date("birth_date", label, &frame, form, is_own).among(&errors);
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

fn stated_faults(refused: &Refused, way: Way, frame: &Frame) -> Vec<Fault> {
    let (words, link) = (&frame.text.reset, &frame.text.link);
    if let Refused::Seconds(seconds) = refused {
        return vec![wait_fault(*seconds, frame)];
    }
    let Refused::Fields(fields) = refused else {
        let sentence = if *refused == Refused::Facts { words.failed } else { link.later };
        return vec![("", sentence.to_owned())];
    };
    let sentence = |(name, code): &(String, String)| match (name.as_str(), code.as_str()) {
        ("birth_date", "required") => ("birth_date", link.birth_date_missing.to_owned()),
        ("birth_date", _) => ("birth_date", link.birth_date_invalid.to_owned()),
        ("access_code", _) => ("access_code", words.office_code_invalid.to_owned()),
        _ if way == Way::AccessCode => ("access_code", words.office_code_missing.to_owned()),
        _ => ("answer", words.answer_missing.to_owned()),
    };
    fields.iter().map(sentence).collect()
}

#[derive(Template)]
#[template(path = "password.html")]
pub struct PasswordPage {
    frame: Frame,
    errors: Vec<Fault>,
    token: String,
    password: Field,
}

impl PasswordPage {
    pub fn new(frame: Frame, token: &str, shortest: u32, form: &Form) -> Self {
        let words = &frame.text.new_password;
        let missing = || vec![("password", frame.text.register.password_missing.to_owned())];
        let fault = |refused: &Refused| match refused {
            Refused::Password(faults) => password_faults("password", faults, &frame, shortest),
            Refused::Fields(faults) if faults.iter().any(|(_, code)| code == "two_passwords") => {
                vec![("password", frame.text.shared.two_passwords.to_owned())]
            }
            Refused::Fields(_) => missing(),
            Refused::Seconds(seconds) => vec![wait_fault(*seconds, &frame)],
            _ => vec![("", frame.text.link.later.to_owned())],
        };
        let errors: Vec<Fault> = form.why().map(fault).unwrap_or_default();
        let password = Field::new("password", words.password, &frame)
            .hint(&words.password_hint(shortest as usize))
            .kind("password")
            .filled("new-password", "")
            .value(form.value("password"))
            .among(&errors);
        Self { token: token.to_owned(), password, errors, frame }
    }
}
