//! The words of the Onboarding Tool: statuses, what is in the way and its cure, how far an invitation got, and times.

use jiff::tz::TimeZone;
use portico_domain::model::attention::Cause;
use portico_domain::model::chart::{Channel, Chart};
use portico_domain::model::delivery::{Delivery, Trouble};
use portico_domain::model::grant::GrantState;
use portico_domain::model::limit::Lock;
use portico_domain::model::patient::{CurrentInvitation, Patient, Reason, Status};
use portico_domain::model::progress::Progress;
use portico_domain::time::Timestamp;
use portico_messages::phone;

/// An instant as the practice's clock shows it, as short as it can be told: `9:14 AM`, `Yesterday, 4:20 PM`,
/// `Mon 9:14 AM`, `Nov 2, 2025`.
pub fn when(at: Timestamp, now: Timestamp, zone: &TimeZone) -> String {
    let local = |at: Timestamp| at.to_jiff().to_zoned_datetime(zone.clone()).datetime();
    let (at, now) = (local(at), local(now));
    let days = (at.date() - now.date()).get_days();
    let clock = at.strftime("%-I:%M %p");
    match days {
        0 => clock.to_string(),
        -1 => format!("Yesterday, {clock}"),
        1 => format!("Tomorrow, {clock}"),
        -6..=6 => format!("{} {clock}", at.strftime("%a")),
        _ if at.year() == now.year() || (at.date() - now.date()).get_days().abs() < 180 => {
            format!("{} {clock}", at.strftime("%b %-d"))
        }
        _ => at.strftime("%b %-d, %Y").to_string(),
    }
}

/// The time of an instant, as the practice's clock shows it: `5:02 PM`.
pub(crate) fn clock(at: Timestamp, zone: &TimeZone) -> String {
    at.to_jiff().to_zoned_datetime(zone.clone()).strftime("%-I:%M %p").to_string()
}

/// A birth date and the age: `March 4, 1958 (68)`.
pub fn born(chart: &Chart, today: jiff::civil::Date) -> String {
    let written: Option<jiff::civil::Date> = chart.birth_date.reveal().parse().ok();
    let written = written.map(|date| date.strftime("%B %-d, %Y").to_string()).unwrap_or_default();
    format!("{written} ({})", chart.birth_date.age_on(today))
}

/// A day in words: `Tuesday, November 24`.
pub fn day_name(date: jiff::civil::Date) -> String {
    date.strftime("%A, %B %-d").to_string()
}

/// A day as one says it: `today`, `tomorrow`, `Monday`.
pub fn by_day(date: jiff::civil::Date, today: jiff::civil::Date) -> String {
    match (date - today).get_days() {
        0 => "today".to_owned(),
        1 => "tomorrow".to_owned(),
        _ => date.strftime("%A").to_string(),
    }
}

/// A lock after wrong passwords, in words.
pub fn locked(lock: Lock, now: Timestamp, zone: &TimeZone) -> String {
    match lock {
        Lock::Until(until) => format!("Wrong passwords: locked until {}", when(until, now, zone)),
        Lock::UntilReset => "Wrong passwords: locked until there is a new one, or you unlock it".to_owned(),
    }
}

/// An address as staff read it: a phone number in its usual form, an e-mail address as it is.
pub fn contact(address: &str) -> String {
    if address.starts_with('+') { phone(address) } else { address.to_owned() }
}

/// A name as lists show it: `Delgado, Rosa`.
pub fn list_name(chart: &Chart) -> String {
    format!("{}, {}", chart.family_name.reveal(), chart.given_name.reveal()).trim_end_matches(", ").to_owned()
}

/// The word of a grant's state.
pub const fn grant_word(state: GrantState) -> &'static str {
    match state {
        GrantState::Active => "Active",
        GrantState::Suspended => "Suspended",
        GrantState::Held => "Waits for us",
        GrantState::Ended => "Ended",
    }
}

/// The word and the class of a status.
pub(crate) const fn status_word(status: Status) -> (&'static str, &'static str) {
    match status {
        Status::Blocked => ("blocked", "Blocked"),
        Status::Uninvited => ("uninvited", "Not invited"),
        Status::Invited => ("invited", "Invited"),
        Status::Registered => ("registered", "Registered"),
        Status::Active => ("active", "Active"),
        Status::Revoked => ("revoked", "Revoked"),
        Status::Declined => ("declined", "Said no"),
    }
}

/// What is in the way, and its cure, in words.
pub const fn cure(reason: Reason) -> (&'static str, &'static str) {
    match reason {
        Reason::AccessDisabled => ("Portal access is off", "Turn it on if the patient may use the portal."),
        Reason::MissingEmail => ("No email", "Ask for it, or use the cell phone."),
        Reason::MissingMobilePhone => ("No cell phone", "Ask for it, or use email."),
        Reason::MissingPostalCode => ("No ZIP code", "Ask for it."),
        Reason::UnusableName => ("Name is a placeholder", "Ask for the name, then correct it."),
        Reason::ChartInactive => ("Chart is inactive", "Is the patient back? Make it active in the EHR."),
        Reason::Deceased => ("Patient has died", "Nothing is sent. A mistake? Correct it."),
        Reason::Declined => ("Said no", "Ask again. If they want it now, write why."),
        Reason::AddressBounced => ("Email or text came back", "Spell the address back to the patient."),
        Reason::AddressComplained => ("Marked our email as spam", "Ask. If they want our email, confirm it."),
        Reason::ReportedWrongRecipient => {
            ("\u{201c}Not for me\u{201d}", "It is somebody else's address. Ask the patient.")
        }
        Reason::SmsOptedOut => ("Number replied STOP", "They undo it: text START. Or use email."),
        Reason::NoSmsConsent => ("No consent to texts", "Ask, then record the yes."),
    }
}

/// Why nothing is sent to an address, in words.
pub const fn stopped(reason: Reason, channel: Channel) -> &'static str {
    match (reason, channel) {
        (Reason::AddressBounced, Channel::Email) => "Email came back",
        (Reason::AddressBounced, Channel::Sms | Channel::Voice) => "Number does not work",
        _ => cure(reason).0,
    }
}

/// What is in the way of a patient, in words.
pub fn in_words(patient: &Patient, reason: Reason) -> &'static str {
    if reason == Reason::ChartInactive && patient.chart.replaced_by.is_some() {
        return "Chart was merged into another one";
    }
    let is_email = patient.chart.email.as_ref().is_some_and(|email| {
        patient.stops(Channel::Email, email.reveal()).iter().any(|why| why.reason() == reason)
    });
    stopped(reason, if is_email { Channel::Email } else { Channel::Sms })
}

/// How far an invitation got, in words.
pub fn how_far(current: &CurrentInvitation, now: Timestamp, zone: &TimeZone) -> String {
    let Progress { delivery, trouble, at, opened, verified, locked, handed_over } = current.progress;
    let at = at.map(|at| format!(" {}", when(at, now, zone))).unwrap_or_default();
    let is_print = current.channel == Channel::Print;
    if locked {
        return format!("Locked{at}: wrong answers");
    }
    if now >= current.expires_at {
        return format!("Expired {}", when(current.expires_at, now, zone));
    }
    if verified {
        return format!("Passed the checks{at}, no account yet");
    }
    if opened {
        return format!("Started{at}, not finished");
    }
    if is_print {
        return if handed_over {
            format!("Letter given{at}")
        } else {
            format!("Letter made {}", when(current.created_at, now, zone))
        };
    }
    match delivery {
        Delivery::Queued => "Waiting to go out".to_owned(),
        Delivery::Sent => format!("Sent{at}, no word yet"),
        Delivery::Delivered => format!("Delivered{at}"),
        Delivery::Bounced => format!("Came back{at}: {}", came_back(trouble, current.channel)),
        Delivery::Complained => format!("Marked as spam{at}"),
        Delivery::Suppressed => "Not sent: this address is stopped".to_owned(),
        Delivery::OptedOut => "Not sent: the number replied STOP".to_owned(),
        Delivery::Failed => "Could not be sent".to_owned(),
    }
}

const fn came_back(trouble: Option<Trouble>, channel: Channel) -> &'static str {
    match trouble {
        Some(Trouble::NoSuchAddress) if matches!(channel, Channel::Email) => "no such mailbox",
        Some(Trouble::NoSuchAddress) => "no such number",
        Some(Trouble::MailboxFull) => "the mailbox is full",
        Some(Trouble::Refused) => "the other side refused it",
        Some(Trouble::Unreachable) => "nobody answered",
        Some(_) | None => "no reason given",
    }
}

/// What a thing that needs a person is called, its cure, and the button that leads there.
pub struct AttentionWords {
    /// What happened.
    pub what: &'static str,
    /// What to do.
    pub cure: &'static str,
    /// The page on which it is settled, below the patient's.
    pub path: &'static str,
    /// The button.
    pub label: &'static str,
}

/// The words of a cause. What stops an address is said as on the list.
pub const fn attention_words(cause: Cause) -> AttentionWords {
    let ((what, cure), path, label) = match cause {
        Cause::ReportedWrongRecipient => (cure(Reason::ReportedWrongRecipient), "/contacts", "Correct"),
        Cause::AddressBounced => (cure(Reason::AddressBounced), "/contacts", "Correct"),
        Cause::AddressComplained => (cure(Reason::AddressComplained), "/contacts", "Confirm"),
        Cause::SmsOptedOut => (cure(Reason::SmsOptedOut), "", "Open"),
        Cause::TextReply => {
            (("Replied to a text", "Nobody reads replies by machine. Call the patient."), "", "Open")
        }
        Cause::AccountLocked => {
            (("Ten wrong passwords", "Unlock, or send a link for a new password."), "", "Open")
        }
        Cause::AccessDue => (("Seen, has no way in", "Invite, or turn access on."), "", "Open"),
        Cause::LinkLocked => {
            (("Five wrong answers", "Compare name and birth date, then send a new link."), "", "Open")
        }
        Cause::Hold => {
            (("Registration waits", "The email is also a parent's. Find out who registered."), "", "Decide")
        }
        Cause::RepresentativeRequest => {
            (("Somebody asks for access", "Find out who it is, then invite or refuse."), "", "Decide")
        }
        Cause::ChangeRequest => (("Proposed change", "Compare it with the chart."), "", "Compare"),
        Cause::DeliveryFailed => (("Could not be sent", "Try again, or another way."), "", "Open"),
        Cause::Birthday => {
            (("A birthday changes who may see the record", "Tell the family what will change."), "", "Open")
        }
        Cause::ChartOfAnother => (
            ("The chart is about somebody else now", "Access is off. Look who it is, then turn it on."),
            "",
            "Open",
        ),
        Cause::ChartMerged => (
            (
                "The chart was merged into another one",
                "Its logins open nothing. Move them to the other chart.",
            ),
            "",
            "Open",
        ),
        Cause::CameOfAge => (("Came of age", "Invite the patient on a contact of their own."), "", "Open"),
        Cause::AuthorityEnds => {
            (("An authority ends soon", "Ask for the new paper, or let it end."), "", "Open")
        }
    };
    AttentionWords { what, cure, path, label }
}
