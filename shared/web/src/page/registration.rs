//! The registration form, at the end of a link.

use askama::Template;
use portico_domain::model::link::{Kind, Role};
use portico_domain::model::password::Password;
use portico_domain::model::username::Username;
use portico_domain::operations::visitor::verify::ChecksPassed;

use crate::page::dead_end::wait_fault;
use crate::page::field::{Fault, Field, all_faults, password_faults};
use crate::page::frame::Frame;
use crate::page::visit::{Form, Refused};

/// The page on which a visitor who passed every check chooses user name and password.
#[expect(clippy::struct_excessive_bools, reason = "each says whether a part of the page is there or open")]
#[derive(Template)]
#[template(path = "registration.html")]
pub struct Registration {
    frame: Frame,
    errors: Vec<Fault>,
    token: String,
    /// Whether a representative registers.
    representative: bool,
    /// The user name that the visitor keeps, if access is restored; `None` for a new account.
    returning: Option<String>,
    /// What the representative said they are.
    relationship: String,
    /// Whether staff gave the relationship when they invited the representative.
    relationship_known: bool,
    /// Whether the terms were ticked.
    accepted: bool,
    representative_fields: Vec<Field>,
    fields: Vec<Field>,
    question_fields: Vec<Field>,
    existing_fields: [Field; 2],
    existing_relationship: String,
    /// Whether the form for people who have an account is open: it was refused.
    opens_existing: bool,
    opens_question: bool,
}

/// The fields in their order on the page.
const ORDER: [&str; 11] = [
    "relationship",
    "given_name",
    "family_name",
    "email",
    "mobile_phone",
    "username",
    "password",
    "security_question",
    "security_answer",
    "accept_terms",
    "existing_username",
];

/// The form with what is known of the visitor, where nothing was typed yet.
fn prefilled(form: Form, passed: &ChecksPassed) -> Form {
    let mut form = form.or("username", &passed.suggested_username);
    if let Some(who) = &passed.invitee {
        let known = [
            ("relationship", who.relationship.as_str()),
            ("given_name", who.given_name.reveal()),
            ("family_name", who.family_name.reveal()),
            ("email", who.email.as_ref().map_or("", |email| email.reveal())),
            ("mobile_phone", who.mobile_phone.as_ref().map_or("", |phone| phone.reveal())),
        ];
        for (name, value) in known {
            form = form.or(name, value);
        }
    }
    form
}

impl Registration {
    /// The page with its last form, and the last one for people who have an account; what is wrong with that one comes
    /// first, since it is the newer one.
    pub fn new(frame: Frame, token: &str, passed: &ChecksPassed, form: Form, existing: &Form) -> Self {
        let settings = &passed.practice.settings;
        let words = &frame.text.register;
        let shortest = settings.password_min_length;
        let returning = (passed.kind == Kind::Restored).then(|| passed.suggested_username.clone());
        let representative = passed.role == Role::Representative && returning.is_none();
        let is_existing = existing.why().is_some();
        let found = match existing.why() {
            Some(refused) => Some(existing_sentences(refused, &frame)),
            None => form.why().map(|refused| sentences(refused, &frame, shortest)),
        };
        let untouched = form.why().is_none();
        let form = if untouched { prefilled(form, passed) } else { form };
        let empty = if is_existing || untouched {
            Vec::new()
        } else {
            empty(&form, &frame, representative, returning.is_some())
        };
        let mut found = found.unwrap_or_default();
        if !untouched && !is_existing {
            found.extend(also(&form, &found, &frame, shortest, returning.is_some()));
        }
        let errors = all_faults(found, empty, &ORDER);
        let field =
            |name, label: &str| Field::new(name, label, &frame).value(form.value(name)).among(&errors);
        let mut fields = Vec::new();
        if returning.is_none() {
            let hint = if representative { words.username_hint_representative } else { words.username_hint };
            fields.push(field("username", words.username).hint(hint).filled("username", "email"));
        }
        let label = if returning.is_some() { frame.text.new_password.password } else { words.password };
        let password = field("password", label).hint(&words.password_hint(shortest as usize));
        fields.push(password.kind("password").filled("new-password", ""));
        let representative_fields = if representative {
            vec![
                field("given_name", words.given_name).filled("given-name", ""),
                field("family_name", words.family_name).filled("family-name", ""),
                field("email", words.email).hint(words.email_hint).kind("email").filled("email", "email"),
                field("mobile_phone", words.mobile_phone)
                    .hint(words.mobile_phone_hint)
                    .kind("tel")
                    .filled("tel", "tel")
                    .optional(),
            ]
        } else {
            Vec::new()
        };
        let question_fields = if settings.security_question && returning.is_none() {
            vec![
                field("security_question", words.question)
                    .hint(words.question_hint)
                    .filled("off", "")
                    .optional(),
                field("security_answer", words.answer).hint(words.answer_hint).filled("off", "").optional(),
            ]
        } else {
            Vec::new()
        };
        let sign_in = &frame.text.sign_in;
        let existing_fields = [
            Field::new("username", sign_in.username, &frame)
                .id("existing_username")
                .filled("username", "email")
                .value(existing.value("username"))
                .among(&errors),
            Field::new("password", sign_in.password, &frame)
                .id("existing_password")
                .kind("password")
                .filled("current-password", ""),
        ];
        Self {
            token: token.to_owned(),
            representative,
            relationship_known: passed.invitee.is_some(),
            returning,
            relationship: form.value("relationship").to_owned(),
            existing_relationship: existing.value("relationship").to_owned(),
            accepted: !form.value("accept_terms").is_empty(),
            opens_existing: is_existing,
            opens_question: !form.value("security_question").is_empty()
                || errors.iter().any(|(name, _)| name.starts_with("security_")),
            representative_fields,
            fields,
            question_fields,
            existing_fields,
            errors,
            frame,
        }
    }

    fn title(&self) -> &'static str {
        if self.returning.is_some() {
            self.frame.text.new_password.title
        } else if self.representative {
            self.frame.text.register.title_representative
        } else {
            self.frame.text.register.title
        }
    }

    fn error(&self, name: &str) -> Option<&str> {
        self.errors.iter().find(|(field, _)| *field == name).map(|(_, sentence)| sentence.as_str())
    }

    fn relationships(&self) -> [(&'static str, &'static str); 4] {
        let words = &self.frame.text.register;
        [
            ("parent", words.parent),
            ("guardian", words.guardian),
            ("spouse", words.spouse),
            ("other", words.other),
        ]
    }
}

/// What must not be empty and is.
fn empty(form: &Form, frame: &Frame, representative: bool, returning: bool) -> Vec<Fault> {
    let words = &frame.text.register;
    let all = [
        (representative, "relationship", words.relationship_missing),
        (representative, "given_name", words.given_name_missing),
        (representative, "family_name", words.family_name_missing),
        (representative, "email", words.email_missing),
        (!returning, "username", words.username_missing),
        (true, "password", words.password_missing),
        (true, "accept_terms", words.accept_terms_missing),
    ];
    let missing = all.into_iter().filter(|(asked, name, _)| *asked && form.value(name).trim().is_empty());
    missing.map(|(_, name, sentence)| (name, sentence.to_owned())).collect()
}

/// What else is wrong with user name and password, as far as it can be told without the chart: a reader mends all faults
/// at once.
fn also(form: &Form, found: &[Fault], frame: &Frame, shortest: u32, returning: bool) -> Vec<Fault> {
    let is_open = |name: &str| !found.iter().any(|(known, _)| *known == name) && !form.value(name).is_empty();
    let mut more = Vec::new();
    if !returning && is_open("username") && Username::parse(form.value("username")).is_err() {
        more.push(("username", frame.text.register.username_rejected.to_owned()));
    }
    if is_open("password") {
        let faults = Password::new(form.value("password")).faults(shortest, &[]);
        more.extend(password_faults("password", &faults, frame, shortest));
    }
    more
}

/// What to mend, in the reader's words.
fn sentences(refused: &Refused, frame: &Frame, shortest: u32) -> Vec<Fault> {
    let words = &frame.text.register;
    match refused {
        Refused::UsernameTaken(free) => vec![("username", words.username_taken(free))],
        Refused::UsernameForm => vec![("username", words.username_rejected.to_owned())],
        Refused::UsernameAddress => vec![("username", words.username_not_yours.to_owned())],
        Refused::Password(faults) => password_faults("password", faults, frame, shortest),
        Refused::Fields(fields) => {
            fields.iter().map(|(name, code)| field_sentence(name, code, frame)).collect()
        }
        Refused::Seconds(seconds) => vec![wait_fault(*seconds, frame)],
        Refused::Wait(_)
        | Refused::Facts
        | Refused::TooYoung
        | Refused::Code
        | Refused::SignIn
        | Refused::Conflict(_)
        | Refused::ProofOver
        | Refused::TicketOver => vec![("", frame.text.link.later.to_owned())],
    }
}

/// What to mend in the form for people who have an account.
fn existing_sentences(refused: &Refused, frame: &Frame) -> Vec<Fault> {
    let words = &frame.text.register;
    let sentence = match refused {
        Refused::Seconds(seconds) => return vec![wait_fault(*seconds, frame)],
        Refused::Fields(fields) if fields.iter().any(|(name, _)| name == "relationship") => {
            words.relationship_missing
        }
        Refused::Conflict(why) if why == "already_own" => words.have_account_own,
        Refused::Conflict(why) => frame.reason(why).unwrap_or(words.have_account_failed),
        _ => words.have_account_failed,
    };
    vec![("existing_username", sentence.to_owned())]
}

fn field_sentence(name: &str, code: &str, frame: &Frame) -> Fault {
    let words = &frame.text.register;
    match name {
        "username" => ("username", words.username_missing.to_owned()),
        "password" if code == "unchanged" => ("password", frame.text.change_password.unchanged.to_owned()),
        "password" if code == "two_passwords" => ("password", frame.text.shared.two_passwords.to_owned()),
        "password" => ("password", words.password_missing.to_owned()),
        "accept_terms" => ("accept_terms", words.accept_terms_missing.to_owned()),
        "relationship" => ("relationship", words.relationship_missing.to_owned()),
        "given_name" => ("given_name", words.given_name_missing.to_owned()),
        "family_name" => ("family_name", words.family_name_missing.to_owned()),
        "email" if code == "required" => ("email", words.email_missing.to_owned()),
        "email" => ("email", words.email_invalid.to_owned()),
        "security_question" => ("security_question", words.question_missing.to_owned()),
        "security_answer" => match code {
            "too_short" => ("security_answer", words.answer_too_short(3)),
            "equals_username" => ("security_answer", words.answer_is_username.to_owned()),
            _ => ("security_answer", words.answer_missing.to_owned()),
        },
        "mobile_phone" => ("mobile_phone", words.mobile_phone_invalid.to_owned()),
        _ => ("", frame.text.dead_end.wrong_format.to_owned()),
    }
}
