//! The page on which a patient says who else may use the portal for them.

use askama::Template;
use portico_domain::model::grant::{Level, Relationship};
use portico_domain::model::ids::PracticeId;
use portico_domain::model::person::spoken;
use portico_domain::operations::holder::representatives::Represented;
use portico_web::{Fault, Field, Frame, all_faults, phone};

/// Somebody who looks after the patient.
pub struct Person {
    /// Their account.
    pub account: String,
    /// What the page calls them.
    pub name: String,
    /// What they are to the patient.
    relationship: &'static str,
    /// Whether they see everything.
    full: bool,
}

/// What was typed into the form, to be shown again.
#[derive(Default)]
pub struct Typed {
    /// First name.
    pub given_name: String,
    /// Last name.
    pub family_name: String,
    /// What they are to the patient.
    pub relationship: String,
    /// E-mail address.
    pub email: String,
    /// Mobile phone.
    pub mobile_phone: String,
    /// How much they are to see.
    pub level: String,
}

impl Typed {
    /// What was typed into a form.
    pub fn of(form: &portico_web::Form) -> Self {
        let text = |name| form.value(name).to_owned();
        Self {
            given_name: text("given_name"),
            family_name: text("family_name"),
            relationship: text("relationship"),
            email: text("email"),
            mobile_phone: text("mobile_phone"),
            level: text("level"),
        }
    }
}

/// Somebody whose invitation waits.
struct Invited {
    id: String,
    name: String,
    relationship: &'static str,
    /// Where the link went; empty for a letter.
    to: String,
    full: bool,
}

#[derive(Template)]
#[template(path = "representatives.html")]
pub struct RepresentativesPage {
    frame: Frame,
    errors: Vec<Fault>,
    practice: String,
    note: Option<String>,
    people: Vec<Person>,
    invited: Vec<Invited>,
    typed: Typed,
    names: [Field; 2],
    contacts: [Field; 2],
    password: Option<Field>,
}

fn word(frame: &Frame, relationship: Relationship) -> &'static str {
    let words = &frame.text.register;
    match relationship {
        Relationship::Own => frame.text.account.yourself,
        Relationship::Parent => words.parent,
        Relationship::Guardian => words.guardian,
        Relationship::Spouse => words.spouse,
        Relationship::Other => words.other,
    }
}

impl Person {
    /// Those who look after a patient.
    pub fn all(frame: &Frame, represented: &Represented) -> Vec<Self> {
        let person = |account: &portico_domain::model::account::Account| {
            let grant = account.grant(&represented.patient.id)?;
            let name = account.holder_name();
            Some(Self {
                account: account.id.to_string(),
                // Whom staff registered may have no name of their own.
                name: if name.is_empty() { account.username.clone() } else { name },
                relationship: word(frame, grant.relationship),
                full: grant.level == Level::Full,
            })
        };
        represented.accounts.iter().filter_map(person).collect()
    }
}

impl RepresentativesPage {
    pub fn new(
        frame: Frame,
        practice: &PracticeId,
        represented: &Represented,
        note: Option<String>,
        typed: Typed,
        errors: Vec<Fault>,
    ) -> Self {
        let order =
            ["given_name", "family_name", "relationship", "email", "mobile_phone", "level", "password"];
        let errors = all_faults(errors, Vec::new(), &order);
        let words = &frame.text.representatives;
        let field = |name, label: &str| Field::new(name, label, &frame).among(&errors);
        let names = [
            field("given_name", words.given_name).filled("off", "").value(&typed.given_name),
            field("family_name", words.family_name).filled("off", "").value(&typed.family_name),
        ];
        let contacts = [
            field("email", words.email).kind("email").filled("off", "email").value(&typed.email),
            field("mobile_phone", words.mobile_phone)
                .hint(frame.text.register.mobile_phone_hint)
                .kind("tel")
                .filled("off", "tel")
                .optional()
                .value(&typed.mobile_phone),
        ];
        let own = &frame.text.account;
        let password = represented.needs_password.then(|| {
            field("password", own.current_password)
                .hint(own.current_password_hint)
                .kind("password")
                .filled("current-password", "")
        });
        let invited = represented.offers.iter().filter_map(|link| {
            let who = link.invitee.as_ref()?;
            let to = link.sent_to.as_ref().map(|to| to.reveal().to_owned()).unwrap_or_default();
            Some(Invited {
                id: link.id.to_string(),
                name: spoken(&who.given_name, &who.family_name),
                relationship: word(&frame, who.relationship),
                to: if to.starts_with('+') { phone(&to) } else { to },
                full: who.level == Level::Full,
            })
        });
        Self {
            practice: practice.to_string(),
            people: Person::all(&frame, represented),
            invited: invited.collect(),
            note,
            typed,
            names,
            contacts,
            password,
            errors,
            frame,
        }
    }

    fn error(&self, name: &str) -> Option<&str> {
        self.errors.iter().find(|(field, _)| *field == name).map(|(_, sentence)| sentence.as_str())
    }

    fn relationships(&self) -> [(&'static str, &'static str); 4] {
        [Relationship::Parent, Relationship::Guardian, Relationship::Spouse, Relationship::Other]
            .map(|relationship| (relationship.as_str(), word(&self.frame, relationship)))
    }
}
