//! The pages of a link: the identity check, and the code.

use askama::Template;
use portico_domain::chart::Channel;
use portico_domain::link::Kind;
use portico_domain::practice::{IdentityFact, RegistrationCheck};
use portico_domain::verify::OpenLink;
use portico_web::{Fault, Field, Frame};

#[derive(Template)]
#[template(path = "identity.html")]
pub struct Identity {
    frame: Frame,
    errors: Vec<Fault>,
    token: String,
    restored: bool,
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

impl Identity {
    pub fn new(frame: Frame, token: &str, open: &OpenLink, stated: &Stated, errors: Vec<Fault>) -> Self {
        let settings = &open.practice.settings;
        let words = &frame.text.link;
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
                    .filled("off", "numeric")
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
            asks_facts: settings.registration_check != RegistrationCheck::LinkOnly,
            valid_until: frame.time(open.link.expires_at),
            role: stated.role.clone(),
            fields,
            errors,
            frame,
        }
    }

    fn title(&self) -> &'static str {
        if self.restored { self.frame.text.link.title_restored } else { self.frame.text.link.title }
    }

    fn has_error(&self, name: &str) -> bool {
        self.errors.iter().any(|(field, _)| *field == name)
    }
}

#[derive(Template)]
#[template(path = "code.html")]
pub struct Code {
    frame: Frame,
    errors: Vec<Fault>,
    token: String,
    proof: String,
    sent: bool,
    channels: Vec<(&'static str, &'static str)>,
    field: Field,
}

impl Code {
    pub fn new(
        frame: Frame,
        token: &str,
        proof: &str,
        channels: &[Channel],
        sent: bool,
        errors: Vec<Fault>,
    ) -> Self {
        let words = &frame.text.code;
        let channels = channels
            .iter()
            .filter_map(|channel| match channel {
                Channel::Email => Some(("email", words.by_email)),
                Channel::Sms => Some(("sms", words.by_text)),
                Channel::Voice => Some(("voice", words.by_voice)),
                Channel::Print => None,
            })
            .collect();
        let field = Field::new("code", words.label, &frame)
            .class("code")
            .filled("one-time-code", "numeric")
            .among(&errors);
        Self { token: token.to_owned(), proof: proof.to_owned(), sent, channels, field, errors, frame }
    }

    fn title(&self) -> &'static str {
        if self.sent { self.frame.text.code.enter_title } else { self.frame.text.code.title }
    }
}
