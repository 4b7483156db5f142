//! The registration form, shown at the end of a link and again where something typed is refused.

use askama::Template;
use portico_domain::model::link::{Kind, Role};
use portico_domain::model::practice::Settings;
use portico_domain::operations::visitor::verify::ChecksPassed;
use portico_messages::page::RegisterPage;

use crate::page::field::{Fault, Field, all_faults};
use crate::page::frame::Frame;

/// The page on which a visitor who passed every check chooses user name and password.
#[derive(Template)]
#[template(path = "registration.html")]
pub struct Registration {
    /// The frame.
    pub frame: Frame,
    /// What was wrong with the last try.
    pub errors: Vec<Fault>,
    /// The link's token.
    pub token: String,
    /// The ticket.
    pub ticket: String,
    /// Whether a representative registers.
    pub representative: bool,
    /// The user name that the visitor keeps, if access is restored; `None` for a new account.
    pub returning: Option<String>,
    /// What the representative said they are.
    pub relationship: String,
    /// Whether the terms were ticked.
    pub accepted: bool,
    /// Whether staff gave the relationship when they invited the representative.
    pub relationship_known: bool,
    representative_fields: Vec<Field>,
    fields: Vec<Field>,
    question_fields: Vec<Field>,
    existing_fields: [Field; 2],
}

/// What was typed into the registration page, to be shown again. Passwords are not.
#[derive(Default)]
pub struct Typed {
    /// User name.
    pub username: String,
    /// What a representative is.
    pub relationship: String,
    /// A representative's first name.
    pub given_name: String,
    /// A representative's last name.
    pub family_name: String,
    /// A representative's e-mail address.
    pub email: String,
    /// A representative's mobile phone.
    pub mobile_phone: String,
    /// The security question.
    pub security_question: String,
    /// Whether the terms were ticked.
    pub accepted: bool,
}

impl Typed {
    /// What must not be empty and is. A password is never shown again, so an empty one says nothing.
    fn empty(&self, words: &RegisterPage, representative: bool, returning: bool) -> Vec<Fault> {
        let all = [
            (representative && self.relationship.is_empty(), "relationship", words.relationship_missing),
            (representative && self.given_name.is_empty(), "given_name", words.given_name_missing),
            (representative && self.family_name.is_empty(), "family_name", words.family_name_missing),
            (representative && self.email.is_empty(), "email", words.email_missing),
            (!returning && self.username.is_empty(), "username", words.username_missing),
            (!self.accepted, "accept_terms", words.accept_terms_missing),
        ];
        all.into_iter().filter(|all| all.0).map(|(_, name, sentence)| (name, sentence.to_owned())).collect()
    }
}

/// What decides which parts the registration page has.
pub struct RegistrationLayout {
    /// Whether a representative registers.
    pub representative: bool,
    /// The user name that the visitor keeps, if access is restored; `None` for a new account.
    pub returning: Option<String>,
    /// Whether staff gave the relationship when they invited the representative.
    pub relationship_known: bool,
    /// Fewest characters of a password.
    pub shortest: u32,
    /// Whether a security question may be set.
    pub question: bool,
}

impl RegistrationLayout {
    /// The layout for a visitor who passed every check.
    pub fn of(passed: &ChecksPassed, settings: &Settings) -> Self {
        Self {
            representative: passed.role == Role::Representative,
            returning: (passed.kind == Kind::Restored).then(|| passed.suggested_username.clone()),
            relationship_known: passed.invitee.is_some(),
            shortest: settings.password_min_length,
            question: settings.security_question,
        }
    }
}

impl Registration {
    /// The page as a visitor who passed every check first sees it: with what is known of them.
    pub fn for_passed(frame: Frame, link: (&str, &str), settings: &Settings, passed: &ChecksPassed) -> Self {
        let mut typed = Typed { username: passed.suggested_username.clone(), ..Typed::default() };
        if let Some(who) = &passed.invitee {
            who.relationship.as_str().clone_into(&mut typed.relationship);
            who.given_name.reveal().clone_into(&mut typed.given_name);
            who.family_name.reveal().clone_into(&mut typed.family_name);
            typed.email = who.email.as_ref().map(|email| email.reveal().to_owned()).unwrap_or_default();
            typed.mobile_phone =
                who.mobile_phone.as_ref().map(|phone| phone.reveal().to_owned()).unwrap_or_default();
        }
        Self::new(frame, link, RegistrationLayout::of(passed, settings), typed, Vec::new())
    }

    /// The page.
    pub fn new(
        frame: Frame,
        (token, ticket): (&str, &str),
        layout: RegistrationLayout,
        typed: Typed,
        errors: Vec<Fault>,
    ) -> Self {
        let RegistrationLayout { representative, returning, relationship_known, shortest, question } = layout;
        let words = &frame.text.register;
        let shortest = shortest as usize;
        let representative = representative && returning.is_none();
        let errors = all_faults(
            errors,
            typed.empty(words, representative, returning.is_some()),
            &[
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
            ],
        );
        let field = |name, label: &str| Field::new(name, label, &frame).among(&errors);
        let mut fields = Vec::new();
        if returning.is_none() {
            let name =
                field("username", words.username).hint(words.username_hint).filled("username", "email");
            fields.push(name.value(&typed.username));
        }
        let label = if returning.is_some() { frame.text.new_password.password } else { words.password };
        let password = field("password", label).hint(&words.password_hint(shortest));
        fields.push(password.kind("password").filled("new-password", ""));
        let representative_fields = if representative {
            vec![
                field("given_name", words.given_name).filled("given-name", "").value(&typed.given_name),
                field("family_name", words.family_name).filled("family-name", "").value(&typed.family_name),
                field("email", words.email).kind("email").filled("email", "email").value(&typed.email),
                field("mobile_phone", words.mobile_phone)
                    .hint(words.mobile_phone_hint)
                    .kind("tel")
                    .filled("tel", "tel")
                    .optional()
                    .value(&typed.mobile_phone),
            ]
        } else {
            Vec::new()
        };
        let question_fields = if question && returning.is_none() {
            vec![
                field("security_question", words.question)
                    .hint(words.question_hint)
                    .filled("off", "")
                    .optional()
                    .value(&typed.security_question),
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
                .among(&errors),
            Field::new("password", sign_in.password, &frame)
                .id("existing_password")
                .kind("password")
                .filled("current-password", ""),
        ];
        Self {
            token: token.to_owned(),
            ticket: ticket.to_owned(),
            representative,
            relationship_known,
            returning,
            relationship: typed.relationship,
            accepted: typed.accepted,
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

    /// With a problem of the form for people who have a login already.
    pub fn fail(&mut self, field: &'static str, sentence: &str) {
        self.errors.push((field, sentence.to_owned()));
        let [name, password] = self.existing_fields.clone();
        self.existing_fields = [name.among(&self.errors), password];
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
