//! One patient as a line of a list.

use jiff::tz::TimeZone;
use portico_domain::model::access_review::Stage;
use portico_domain::model::auto_invite::day;
use portico_domain::model::chart::Channel;
use portico_domain::model::list::{in_as_patient, in_the_way, next_appointment};
use portico_domain::model::patient::{Patient, Reason, Revocation, Status};
use portico_domain::model::person::{Email, Phone};
use portico_domain::model::practice::{Scope, Settings};
use portico_domain::steps::api_call::Caller;
use portico_domain::time::Timestamp;

use crate::desk::words::{how_far, in_words, list_name, status_word, stopped, when};

/// A status as a tag: a word, a color and a shape.
#[derive(Clone, Copy)]
pub struct Tag {
    /// The class that gives color and shape.
    pub class: &'static str,
    /// The word.
    pub word: &'static str,
}

impl Tag {
    /// The tag of a status.
    pub const fn of(status: Status) -> Self {
        let (class, word) = status_word(status);
        Self { class, word }
    }
}

/// A button of a line: a form's path and value, or a link to a page.
pub struct Action {
    /// The label.
    pub label: &'static str,
    /// The path below the patient's.
    pub path: &'static str,
    /// Name and value of what it sends; `None` for a link.
    pub sends: Option<(&'static str, &'static str)>,
    /// Whether it does what was done already, so that it must not look like the next thing to do.
    pub again: bool,
}

/// One patient as a line.
pub struct Row {
    /// The id in the EHR.
    pub id: String,
    /// `Delgado, Rosa`.
    pub name: String,
    /// `Rosa Delgado`.
    pub full_name: String,
    /// The year of birth.
    pub born: String,
    /// Whether only a representative can register.
    pub is_child: bool,
    /// The status.
    pub tag: Tag,
    /// What the status alone does not say.
    pub second: String,
    /// The e-mail address, and why nothing is sent to it.
    pub email: Option<(String, Option<&'static str>)>,
    /// The cell phone, and why nothing is sent to it.
    pub phone: Option<(String, Option<&'static str>)>,
    /// The next appointment.
    pub visit: Option<String>,
    /// The one button that helps most.
    pub action: Option<Action>,
}

impl Row {
    /// The line of a patient, with the buttons that the caller's scopes allow.
    pub fn of(
        patient: &Patient,
        status: Status,
        settings: &Settings,
        caller: &Caller,
        now: Timestamp,
    ) -> Self {
        let zone = settings.zone();
        let chart = &patient.chart;
        let why_stopped = |channel: Channel| {
            let address = chart.address(channel)?;
            patient.stops(channel, address).first().map(|why| stopped(why.reason(), channel))
        };
        let today = day(now, settings);
        let email =
            chart.email.as_ref().map(|email| (Email::reveal(email).to_owned(), why_stopped(Channel::Email)));
        let phone = chart.mobile_phone.as_ref().map(Phone::reveal);
        let phone = phone.map(|phone| (portico_messages::phone(phone), why_stopped(Channel::Sms)));
        Self {
            id: patient.id.to_string(),
            name: list_name(chart),
            full_name: chart.full_name(),
            born: chart.birth_date.reveal().chars().take(4).collect(),
            is_child: Stage::of(patient, settings, today) == Stage::Child,
            tag: Tag::of(status),
            second: second(patient, status, settings, now, &zone),
            email,
            phone,
            visit: next_appointment(patient, now).map(|at| when(at, now, &zone)),
            action: action(patient, status, settings, now).filter(|_| caller.may(Scope::Invite)),
        }
    }
}

/// The second line of a status.
fn second(patient: &Patient, status: Status, settings: &Settings, now: Timestamp, zone: &TimeZone) -> String {
    match status {
        Status::Blocked | Status::Uninvited => {
            let reasons = in_the_way(patient, settings);
            let more = reasons.len().saturating_sub(1);
            let first = reasons.first().map(|reason| in_words(patient, *reason)).unwrap_or_default();
            if reasons.contains(&Reason::MissingEmail) && reasons.contains(&Reason::MissingMobilePhone) {
                "No email, no cell phone".to_owned()
            } else if more > 0 {
                format!("{first}, +{more} more")
            } else {
                first.to_owned()
            }
        }
        Status::Invited => {
            patient.invitation.as_ref().map(|current| how_far(current, now, zone)).unwrap_or_default()
        }
        Status::Registered if patient.accounts.iter().any(|known| known.held) => "Waits for us".to_owned(),
        Status::Registered => "Never signed in".to_owned(),
        Status::Active => match (in_as_patient(patient), patient.last_login_at) {
            (Some(false), Some(at)) => format!("A representative signed in {}", when(at, now, zone)),
            (_, Some(at)) => format!("Last sign-in {}", when(at, now, zone)),
            (_, None) => String::new(),
        },
        Status::Revoked => {
            let words = |revoked: &Revocation| {
                format!("{}: {}", when(revoked.at, now, zone), revoked.reason.code().replace('_', " "))
            };
            patient.revocation.as_ref().map(words).unwrap_or_default()
        }
        Status::Declined => patient.declined.as_ref().map(|no| when(no.at, now, zone)).unwrap_or_default(),
    }
}

/// The button that helps a patient in most.
fn action(patient: &Patient, status: Status, settings: &Settings, now: Timestamp) -> Option<Action> {
    let works =
        patient.invitation.is_some_and(|current| now < current.expires_at && !current.progress.locked);
    let send = |label: &'static str, new: &'static str, channel: &'static str| {
        let label = if works { new } else { label };
        Some(Action { label, path: "invite", sends: Some(("channel", channel)), again: works })
    };
    let open =
        |label: &'static str, path: &'static str| Some(Action { label, path, sends: None, again: false });
    let is_child = Stage::of(patient, settings, day(now, settings)) == Stage::Child;
    let reasons = in_the_way(patient, settings);
    let has = |reason: Reason| reasons.contains(&reason);
    if has(Reason::AccessDisabled) {
        let sends = Some(("enabled", "true"));
        return Some(Action { label: "Turn on", path: "access", sends, again: false });
    }
    if has(Reason::Deceased) || has(Reason::ChartInactive) {
        return open("Open", "");
    }
    match status {
        Status::Revoked | Status::Declined => open("Open", ""),
        Status::Active | Status::Registered => None,
        Status::Blocked | Status::Uninvited | Status::Invited => {
            let can_email = patient.reached_at(Channel::Email).is_some();
            let can_text =
                patient.reached_at(Channel::Sms).is_some() && patient.chart.sms_consent != Some(false);
            if has(Reason::ReportedWrongRecipient) {
                open("Correct", "contacts")
            } else if has(Reason::AddressBounced) {
                let is_email = in_words(patient, Reason::AddressBounced) == "Email came back";
                open(if is_email { "Correct email" } else { "Correct number" }, "contacts")
            } else if has(Reason::UnusableName) {
                open("Correct name", "contacts")
            } else if has(Reason::MissingPostalCode) {
                open("Add ZIP code", "contacts")
            } else if can_email {
                send("Email a link", "Email a new link", "email")
            } else if can_text {
                send("Text a link", "Text a new link", "sms")
            } else if is_child && patient.offers.is_empty() {
                open("Invite a parent", "representatives")
            } else {
                open("Add contact", "contacts")
            }
        }
    }
}
