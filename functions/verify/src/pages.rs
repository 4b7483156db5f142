//! The pages of a link: the identity check, and “this is not for me”.

use askama::Template;
use portico_domain::model::link::{ALL_TRIES, FACT_TRIES, Kind};
use portico_domain::model::practice::{IdentityFact, RegistrationCheck};
use portico_domain::operations::visitor::verify::OpenLink;
use portico_web::{Fault, Field, Form, Frame, Refused, all_faults, wait_fault};

#[expect(clippy::struct_excessive_bools, reason = "each says whether a part of the page is there or open")]
#[derive(Template)]
#[template(path = "identity.html")]
pub struct Identity {
    frame: Frame,
    errors: Vec<Fault>,
    token: String,
    /// The page of the step that the visitor has reached already, if any.
    next: Option<&'static str>,
    restored: bool,
    /// Whether the link was made for a representative: then it is no question who is here.
    representative: bool,
    asks_facts: bool,
    valid_until: String,
    role: String,
    fields: Vec<Field>,
    access_code: Option<Field>,
    opens_code: bool,
}

/// What the practice asks for and was left empty.
fn empty(form: &Form, asks: &[IdentityFact], frame: &Frame) -> Vec<Fault> {
    let words = &frame.text.link;
    let fault = |fact: &IdentityFact| match fact {
        IdentityFact::FamilyName => ("family_name", words.family_name_missing),
        IdentityFact::BirthDate => ("birth_date", words.birth_date_missing),
        IdentityFact::Email => ("email", words.email_missing),
        IdentityFact::PostalCode => ("postal_code", words.postal_code_missing),
    };
    let typed = |name: &str| match name {
        "birth_date" => ["birth_date", "birth_month", "birth_day", "birth_year"]
            .iter()
            .any(|part| !form.value(part).trim().is_empty()),
        _ => !form.value(name).trim().is_empty(),
    };
    let empty = asks.iter().map(fault).filter(|(name, _)| !typed(name));
    empty.map(|(name, sentence)| (name, sentence.to_owned())).collect()
}

/// Why the form was refused, in the reader's words.
fn faults(refused: &Refused, open: &OpenLink, frame: &Frame) -> Vec<Fault> {
    match refused {
        Refused::Fields(fields) => fields.iter().map(|(name, code)| sentence(name, code, frame)).collect(),
        Refused::Facts => {
            let link = &open.link;
            let left =
                FACT_TRIES.saturating_sub(link.fact_tries).min(ALL_TRIES.saturating_sub(link.all_tries));
            vec![("", frame.text.verification.failed(left, &frame.phone()))]
        }
        Refused::TooYoung => {
            vec![("as", frame.text.link.too_young(open.practice.settings.adolescent_age))]
        }
        Refused::ProofOver => vec![("", frame.text.link.proof_over.to_owned())],
        Refused::TicketOver => vec![("", frame.text.link.ticket_over.to_owned())],
        Refused::Seconds(seconds) => vec![wait_fault(*seconds, frame)],
        Refused::Wait(_)
        | Refused::Code
        | Refused::UsernameTaken(_)
        | Refused::UsernameForm
        | Refused::UsernameAddress
        | Refused::Password(_)
        | Refused::SignIn
        | Refused::Conflict(_) => vec![("", frame.text.link.later.to_owned())],
    }
}

fn sentence(name: &str, code: &str, frame: &Frame) -> Fault {
    let words = &frame.text.link;
    match (name, code) {
        ("as", _) => ("as", words.who_missing.to_owned()),
        ("family_name", _) => ("family_name", words.family_name_missing.to_owned()),
        ("birth_date", "required") => ("birth_date", words.birth_date_missing.to_owned()),
        ("birth_date", _) => ("birth_date", words.birth_date_invalid.to_owned()),
        ("email", _) => ("email", words.email_missing.to_owned()),
        ("postal_code", _) => ("postal_code", words.postal_code_missing.to_owned()),
        ("access_code", _) => ("access_code", words.access_code_invalid.to_owned()),
        _ => ("", frame.text.dead_end.wrong_format.to_owned()),
    }
}

impl Identity {
    pub fn new(frame: Frame, token: &str, open: &OpenLink, form: &Form, next: Option<&'static str>) -> Self {
        let settings = &open.practice.settings;
        let words = &frame.text.link;
        let restored = open.link.kind == Kind::Restored;
        let asks_facts = settings.registration_check != RegistrationCheck::LinkOnly;
        let asks = if asks_facts { settings.identity_facts.as_slice() } else { &[] };
        let order = ["as", "family_name", "birth_date", "email", "postal_code", "access_code"];
        let found = form.why().map(|refused| faults(refused, open, &frame)).unwrap_or_default();
        let mends_fields = matches!(form.why(), Some(Refused::Fields(_)));
        let missing = if mends_fields { empty(form, asks, &frame) } else { Vec::new() };
        let errors = all_faults(found, missing, &order);
        let field =
            |name, label: &str| Field::new(name, label, &frame).value(form.value(name)).among(&errors);
        // A link that gives access back is the reader's own: the browser may fill in what it knows of them.
        let own = |word: &'static str| if restored { word } else { "off" };
        let fields = asks
            .iter()
            .map(|fact| match fact {
                IdentityFact::FamilyName => field("family_name", words.family_name)
                    .hint(words.family_name_hint)
                    .filled(own("family-name"), ""),
                IdentityFact::BirthDate => {
                    Field::date("birth_date", words.birth_date, &frame, form, restored).among(&errors)
                }
                IdentityFact::Email => field("email", words.email)
                    .hint(words.email_hint)
                    .kind("email")
                    .filled(own("email"), "email"),
                IdentityFact::PostalCode => field("postal_code", words.postal_code)
                    .hint(words.postal_code_hint)
                    .class("short")
                    .filled(own("postal-code"), "numeric"),
            })
            .collect();
        let takes_code = settings.registration_check == RegistrationCheck::IdentityAndCode;
        let access_code = takes_code.then(|| {
            let code = field("access_code", words.access_code).hint(words.access_code_hint).class("short");
            code.filled("off", "numeric").unmarked()
        });
        Self {
            token: token.to_owned(),
            next,
            restored,
            representative: open.link.kind == Kind::Representative,
            asks_facts,
            valid_until: frame.time(open.link.expires_at),
            role: form.value("as").to_owned(),
            fields,
            access_code,
            opens_code: !form.value("access_code").is_empty(),
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
    /// `unanswered` says that the form was sent without an answer.
    pub fn new(frame: Frame, token: &str, unanswered: bool) -> Self {
        let missing = unanswered.then(|| ("confirm", frame.text.not_me.missing.to_owned()));
        Self { errors: missing.into_iter().collect(), token: token.to_owned(), frame }
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
