//! The pages of a link: the identity check, and «this is not for me».

use askama::Template;
use portico_domain::model::chart::Channel;
use portico_domain::model::link::Kind;
use portico_domain::model::practice::{IdentityFact, RegistrationCheck};
use portico_domain::operations::visitor::verify::OpenLink;
use portico_messages::page::LinkPage;
use portico_web::{CodeStep, Fault, Field, Frame, all_faults};

#[derive(Template)]
#[template(path = "identity.html")]
pub struct Identity {
    frame: Frame,
    errors: Vec<Fault>,
    token: String,
    restored: bool,
    /// Whether the link was made for a representative: then it is no question who is here.
    representative: bool,
    asks_facts: bool,
    valid_until: String,
    role: String,
    fields: Vec<Field>,
}

/// What was typed into the identity page, to be shown again.
#[derive(Clone, Default)]
pub struct Stated {
    pub role: String,
    pub family_name: String,
    pub birth_date: String,
    pub email: String,
    pub postal_code: String,
    pub access_code: String,
}

/// What the page of a code carries along: the proof, and the channels, so that its answer offers them again.
pub fn code_step(token: &str, proof: &str, channels: &[Channel]) -> CodeStep {
    let ways = channels.iter().map(|channel| channel.as_str()).collect::<Vec<_>>().join(" ");
    let carried = vec![("proof", proof.to_owned()), ("ways", ways)];
    CodeStep { link: format!("/i/{token}"), carried, other_way: false }
}

/// The channels that a form carried.
pub fn ways(text: &str) -> Vec<Channel> {
    let known = [Channel::Email, Channel::Sms, Channel::Voice];
    known.into_iter().filter(|channel| text.split(' ').any(|word| word == channel.as_str())).collect()
}

impl Stated {
    /// What the practice asks for and was left empty.
    fn empty(&self, asks: &[IdentityFact], words: &LinkPage) -> Vec<Fault> {
        let fault = |fact: &IdentityFact| match fact {
            IdentityFact::FamilyName => (&self.family_name, "family_name", words.family_name_missing),
            IdentityFact::BirthDate => (&self.birth_date, "birth_date", words.birth_date_missing),
            IdentityFact::Email => (&self.email, "email", words.email_missing),
            IdentityFact::PostalCode => (&self.postal_code, "postal_code", words.postal_code_missing),
        };
        let empty = asks.iter().map(fault).filter(|(stated, _, _)| stated.trim().is_empty());
        empty.map(|(_, name, sentence)| (name, sentence.to_owned())).collect()
    }
}

impl Identity {
    pub fn new(frame: Frame, token: &str, open: &OpenLink, stated: &Stated, errors: Vec<Fault>) -> Self {
        let settings = &open.practice.settings;
        let words = &frame.text.link;
        let asks_facts = settings.registration_check != RegistrationCheck::LinkOnly;
        let asks = if asks_facts { settings.identity_facts.as_slice() } else { &[] };
        let order = ["as", "family_name", "birth_date", "email", "postal_code", "access_code"];
        let errors = all_faults(errors, stated.empty(asks, words), &order);
        let field = |name, label: &str| Field::new(name, label, &frame).among(&errors);
        let mut fields: Vec<Field> = settings
            .identity_facts
            .iter()
            .map(|fact| match fact {
                IdentityFact::FamilyName => field("family_name", words.family_name)
                    .hint(words.family_name_hint)
                    .filled("off", "")
                    .value(&stated.family_name),
                IdentityFact::BirthDate => field("birth_date", words.birth_date)
                    .hint(words.birth_date_hint)
                    .class("short")
                    // A phone's keys for digits alone have no slash.
                    .filled("off", "")
                    .value(&stated.birth_date),
                IdentityFact::Email => field("email", words.email)
                    .hint(words.email_hint)
                    .kind("email")
                    .filled("off", "email")
                    .value(&stated.email),
                IdentityFact::PostalCode => field("postal_code", words.postal_code)
                    .hint(words.postal_code_hint)
                    .class("short")
                    .filled("off", "numeric")
                    .value(&stated.postal_code),
            })
            .collect();
        if settings.registration_check == RegistrationCheck::IdentityAndCode {
            let code = field("access_code", words.access_code).hint(words.access_code_hint).class("short");
            fields.push(code.filled("off", "numeric").optional().value(&stated.access_code));
        }
        Self {
            token: token.to_owned(),
            restored: open.link.kind == Kind::Restored,
            representative: open.link.kind == Kind::Representative,
            asks_facts,
            valid_until: frame.time(open.link.expires_at),
            role: stated.role.clone(),
            fields,
            errors,
            frame,
        }
    }

    fn title(&self) -> &'static str {
        let words = &self.frame.text.link;
        match (self.restored, self.representative) {
            (true, _) => words.title_restored,
            (_, true) => words.title_representative,
            _ => words.title,
        }
    }

    fn role_error(&self) -> Option<&str> {
        self.errors.iter().find(|(field, _)| *field == "as").map(|(_, sentence)| sentence.as_str())
    }
}

/// The page that asks once more whether a link is for somebody else.
#[derive(Template)]
#[template(path = "not_me.html")]
pub struct NotMe {
    frame: Frame,
    errors: Vec<Fault>,
    token: String,
}

impl NotMe {
    pub fn new(frame: Frame, token: &str) -> Self {
        Self { frame, errors: Vec::new(), token: token.to_owned() }
    }
}

/// The page with the one button that stops automatic mail.
#[derive(Template)]
#[template(path = "unsubscribe.html")]
pub struct Unsubscribe {
    frame: Frame,
    errors: Vec<Fault>,
    token: String,
}

impl Unsubscribe {
    pub fn new(frame: Frame, token: &str) -> Self {
        Self { frame, errors: Vec::new(), token: token.to_owned() }
    }
}
