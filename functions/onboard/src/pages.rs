//! The list of patients and the page of one patient, for staff.

use askama::Template;
use portico_domain::context::Context;
use portico_domain::model::auto_invite::day;
use portico_domain::model::chart::Channel;
use portico_domain::model::delivery::Delivery;
use portico_domain::model::grant::{GrantState, Relationship};
use portico_domain::model::link::{Fact, Link, LinkState};
use portico_domain::model::list::{Filter, in_the_way};
use portico_domain::model::patient::{CurrentInvitation, Patient, Reason, Status, Stop};
use portico_domain::model::person::{Email, Line, Phone, PostalCode, spoken};
use portico_domain::model::practice::{Scope, Settings};
use portico_domain::model::progress::Progress;
use portico_domain::operations::staff::list::{ListPage, Listed, Sort};
use portico_domain::steps::api_call::Caller;
use portico_domain::steps::portal_status::PortalStatus;
use portico_domain::time::Timestamp;
use portico_web::desk::{Desk, Row, Tag, born, contact, cure, grant_word, how_far, in_words, locked, when};
use portico_web::{Inbound, phone};

use std::collections::BTreeMap;

/// A choice of a filter.
pub struct Choice {
    value: &'static str,
    label: String,
    chosen: bool,
}

/// A filter that is set, as it can be taken off.
pub struct Chip {
    label: String,
    without: String,
}

#[derive(Template)]
#[template(path = "patients.html")]
pub struct PatientsPage {
    desk: Desk,
    title: String,
    statuses: Vec<Choice>,
    reached: Vec<Choice>,
    blockers: Vec<Choice>,
    chips: Vec<Chip>,
    tag: String,
    provider: String,
    appointment_after: String,
    appointment_before: String,
    invited_after: String,
    invited_before: String,
    usernames: Vec<Choice>,
    /// The filters, for a button that invites everybody whom they admit; `None` if all are on this page.
    all: Option<String>,
    is_by_visit: bool,
    other_order: String,
    rows: Vec<Row>,
    next: Option<String>,
    first: Option<String>,
    found: Option<String>,
    /// Where the form of the download goes.
    download: String,
}

/// The statuses of patients who are not in yet: what the list opens with.
pub const NOT_IN: [Status; 4] = [Status::Blocked, Status::Uninvited, Status::Invited, Status::Registered];

impl PatientsPage {
    pub fn new(
        inbound: &Inbound,
        context: &Context,
        listed: &Listed,
        page: &ListPage,
        counts: &BTreeMap<Status, u64>,
        sought: Option<&str>,
    ) -> Self {
        let ListPage { rows, next_cursor, settings, caller } = page;
        let now = context.now();
        let text = |name: &str| inbound.query(name).unwrap_or_default().to_owned();
        let chosen = |status: &Status| listed.statuses.contains(status);
        let statuses = Status::ALL.map(|status| Choice {
            value: status.as_str(),
            label: format!("{} {}", Tag::of(status).word, counts.get(&status).copied().unwrap_or_default()),
            chosen: chosen(&status),
        });
        let some = |value: &'static str, label: &str, name: &str| Choice {
            value,
            label: label.to_owned(),
            chosen: inbound.query(name) == Some(value),
        };
        let reached = [
            ("queued", "Waiting to go out"),
            ("sent", "Sent"),
            ("opened", "Started"),
            ("verified", "Passed the checks"),
            ("locked", "Locked"),
            ("expired", "Expired"),
        ];
        let blockers = [
            Reason::AccessDisabled,
            Reason::MissingEmail,
            Reason::MissingMobilePhone,
            Reason::MissingPostalCode,
            Reason::UnusableName,
            Reason::ChartInactive,
            Reason::AddressBounced,
            Reason::AddressComplained,
            Reason::ReportedWrongRecipient,
            Reason::SmsOptedOut,
        ];
        let address = |query: String| {
            if query.is_empty() {
                "/console/patients?all=yes".to_owned()
            } else {
                format!("/console/patients?{query}")
            }
        };
        let off = |name: &str| address(inbound.query_without(&[name, "said", "cursor"]));
        let chip = |name: &str, label: String| Chip { label, without: off(name) };
        let mut chips = Vec::new();
        if !listed.statuses.is_empty() {
            let label = if listed.statuses == NOT_IN {
                "Not in yet".to_owned()
            } else {
                listed.statuses.iter().map(|status| Tag::of(*status).word).collect::<Vec<_>>().join(", ")
            };
            let query = inbound.query_without(&["status", "said", "cursor", "all"]);
            let without = if query.is_empty() { "all=yes".to_owned() } else { format!("{query}&all=yes") };
            chips.push(Chip { label, without: format!("/console/patients?{without}") });
        }
        for (name, label) in [
            ("stage", "How far"),
            ("blocker", "In the way"),
            ("tag", "Tag"),
            ("provider", "Provider"),
            ("appointment_after", "Appointment from"),
            ("appointment_before", "Appointment to"),
            ("invited_after", "Invited from"),
            ("invited_before", "Invited to"),
            ("has_username", "Has a username:"),
        ] {
            let value = match text(name).as_str() {
                "true" => "yes".to_owned(),
                "false" => "no".to_owned(),
                other => other.replace('_', " "),
            };
            if !value.is_empty() {
                chips.push(chip(name, format!("{label} {value}")));
            }
        }
        chips.extend(sought.map(|sought| chip("v", format!("\u{201c}{sought}\u{201d}"))));
        let all: u64 = Status::ALL
            .iter()
            .filter(|status| listed.statuses.is_empty() || chosen(status))
            .filter_map(|status| counts.get(status))
            .sum();
        let is_by_visit = listed.sort == Sort::NextAppointment;
        let is_plain = listed.filter == Filter::default() && sought.is_none() && !is_by_visit;
        let name = match (listed.statuses == NOT_IN, is_by_visit) {
            (true, true) => "Patients with a visit ahead, not in yet",
            (true, false) => "Patients not in yet",
            (false, true) => "Patients with a visit ahead",
            (false, false) => "Patients",
        };
        let count = if is_plain {
            all.to_string()
        } else if next_cursor.is_some() {
            format!("more than {}", rows.len())
        } else {
            rows.len().to_string()
        };
        let rest = inbound.query_without(&["said", "cursor"]);
        let order = inbound.query_without(&["said", "cursor", "sort"]);
        let with = |more: String, query: &str| {
            if query.is_empty() {
                format!("/console/patients?{more}")
            } else {
                format!("/console/patients?{query}&{more}")
            }
        };
        let download = if rest.is_empty() { String::new() } else { format!("?{rest}") };
        Self {
            desk: Desk::of(inbound, context, settings, caller),
            download: format!("/console/patients/download{download}"),
            title: format!("{name}: {count}"),
            statuses: statuses.into(),
            reached: reached.map(|(value, label)| some(value, label, "stage")).into(),
            blockers: blockers.map(|reason| some(reason.code(), cure(reason).0, "blocker")).into(),
            chips,
            tag: text("tag"),
            provider: text("provider"),
            appointment_after: text("appointment_after"),
            appointment_before: text("appointment_before"),
            invited_after: text("invited_after"),
            invited_before: text("invited_before"),
            usernames: vec![some("true", "Yes", "has_username"), some("false", "No", "has_username")],
            all: (sought.is_none() && (next_cursor.is_some() || inbound.query("cursor").is_some()))
                .then(|| all_of(listed, &order)),
            is_by_visit,
            other_order: with(
                format!("sort={}", if is_by_visit { "name" } else { "next_appointment" }),
                &order,
            ),
            rows: rows
                .iter()
                .map(|(patient, status)| Row::of(patient, *status, settings, caller, now))
                .collect(),
            next: next_cursor.as_ref().map(|cursor| with(format!("cursor={cursor}"), &rest)),
            first: inbound.query("cursor").map(|_| address(rest.clone())),
            found: sought.map(str::to_owned),
        }
    }

    fn shown(&self) -> Vec<&str> {
        self.rows.iter().map(|row| row.id.as_str()).collect()
    }
}

/// The filters of a list as the list's own query has them: the statuses stand there although the address may not name them.
fn all_of(listed: &Listed, query: &str) -> String {
    let statuses = listed.statuses.iter().map(|status| format!("status={}", status.as_str()));
    let others = query.split('&').filter(|pair| !pair.starts_with("status=") && !pair.starts_with("all="));
    statuses.chain(others.filter(|pair| !pair.is_empty()).map(str::to_owned)).collect::<Vec<_>>().join("&")
}

/// Something in the way of one patient, with its button.
pub struct Way {
    words: &'static str,
    cure: &'static str,
    /// Where its button leads, below the patient's path, and its label; a form where `sends` is set.
    path: &'static str,
    label: &'static str,
    sends: Option<(&'static str, &'static str)>,
}

/// What is in the way of a patient. `locked` says of a link that wrong answers locked by which ways a new one could go.
fn ways(patient: &Patient, settings: &Settings, is_served: bool, locked: Option<(bool, bool)>) -> Vec<Way> {
    let mut reasons = in_the_way(patient, settings);
    let is_contact = |reason: &Reason| matches!(reason, Reason::MissingEmail | Reason::MissingMobilePhone);
    let lacks_both = reasons.iter().filter(|reason| is_contact(reason)).count() == 2;
    if is_served || lacks_both {
        reasons.retain(|reason| !is_contact(reason));
    }
    let by = |channel| Some(("channel", channel));
    let mut ways: Vec<Way> = reasons.into_iter().map(|reason| way(patient, reason)).collect();
    if lacks_both && !is_served {
        ways.insert(
            0,
            Way {
                words: "No email, no cell phone",
                cure: "Ask for one, print a letter, or make a login by hand.",
                path: "contacts",
                label: "Add contact",
                sends: None,
            },
        );
    }
    if let Some((can_email, can_text)) = locked {
        let (path, label, sends) = match (can_email, can_text) {
            (true, _) => ("invite", "Send new link", by("email")),
            (false, true) => ("invite", "Send new link", by("sms")),
            (false, false) => ("", "", None),
        };
        ways.insert(
            0,
            Way {
                words: "Five wrong answers",
                cure: "Compare name and birth date with the patient, then send a new link.",
                path,
                label,
                sends,
            },
        );
    }
    ways
}

fn way(patient: &Patient, reason: Reason) -> Way {
    let (words, cure) = (in_words(patient, reason), cure(reason).1);
    let (path, label, sends) = match reason {
        Reason::AccessDisabled => ("access", "Turn on", Some(("enabled", "true"))),
        Reason::MissingEmail => ("contacts", "Add email", None),
        Reason::MissingMobilePhone => ("contacts", "Add cell phone", None),
        Reason::MissingPostalCode => ("contacts", "Add ZIP code", None),
        Reason::UnusableName => ("contacts", "Correct name", None),
        Reason::AddressBounced | Reason::ReportedWrongRecipient => ("contacts", "Correct", None),
        Reason::AddressComplained => ("confirm", "Confirm email", Some(("channel", "email"))),
        Reason::SmsOptedOut => ("invite", "Email a link", Some(("channel", "email"))),
        Reason::Declined => ("override", "Invite anyway", None),
        Reason::NoSmsConsent => ("contacts", "Record consent", None),
        Reason::ChartInactive | Reason::Deceased => ("", "", None),
    };
    Way { words, cure, path, label, sends }
}

/// A language by its English name, as far as we write in it.
fn language(tag: &str) -> String {
    match tag.split('-').next() {
        Some("en") => "English".to_owned(),
        Some("es") => "Spanish".to_owned(),
        _ => tag.to_owned(),
    }
}

/// Somebody who can get in, or could.
pub struct Person {
    account: String,
    who: String,
    username: String,
    state: &'static str,
    level: &'static str,
    authority: String,
    last: String,
    is_live: bool,
    is_own: bool,
    /// Until when it is locked, in words.
    locked: Option<String>,
}

/// One invitation.
pub struct Sent {
    id: String,
    what: String,
    by: String,
    how_far: String,
    until: String,
}

#[derive(Template)]
#[template(path = "patient.html")]
#[expect(clippy::struct_excessive_bools, reason = "each shows or hides one part of the page")]
pub struct PatientPage {
    desk: Desk,
    tab: String,
    id: String,
    name: String,
    row: Row,
    born: String,
    ways: Vec<Way>,
    /// Whether a parent or guardian is who registers.
    is_child: bool,
    can_email: bool,
    can_text: bool,
    can_print: bool,
    email_label: &'static str,
    current: Option<Sent>,
    /// Invitations of representatives that wait.
    offers: Vec<Sent>,
    earlier: Vec<Sent>,
    is_letter: bool,
    is_arrived: bool,
    has_code: bool,
    failures: Vec<(String, String)>,
    people: Vec<Person>,
    facts: Vec<(&'static str, String)>,
    is_declined: bool,
    /// Whether the number replied STOP.
    said_stop: bool,
    is_revoked: bool,
    is_on: bool,
    has_access: bool,
    events: Vec<(String, String)>,
    may_read_trail: bool,
    /// The chart that this one was merged into.
    merged_into: Option<String>,
    /// The charts that were merged into this one.
    replaces: Vec<String>,
    can_move: bool,
}

impl PatientPage {
    pub fn new(
        inbound: &Inbound,
        context: &Context,
        portal: &PortalStatus,
        caller: &Caller,
        events: Vec<(String, String)>,
    ) -> Self {
        let PortalStatus { patient, settings, links, accounts, checks, .. } = portal;
        let now = context.now();
        let zone = settings.zone();
        let status = patient.status(settings);
        let row = Row::of(patient, status, settings, caller, now);
        let chart = &patient.chart;
        let current = patient.invitation;
        let link = current.and_then(|current| links.iter().find(|link| link.id == current.link));
        let sent = |link: &Link| sent(link, patient, now, &zone);
        let mut failures: Vec<_> =
            links.iter().flat_map(|link| &link.failures).chain(&checks.failures).collect();
        failures.sort_by_key(|failed| std::cmp::Reverse(failed.at));
        let fact = |fact: &Fact| {
            let name = serde_json::to_value(fact).ok().and_then(|name| name.as_str().map(str::to_owned));
            name.unwrap_or_default().replace('_', " ")
        };
        let failures = failures.into_iter().take(10).map(|failed| {
            (failed.facts.iter().map(fact).collect::<Vec<_>>().join(", "), when(failed.at, now, &zone))
        });
        let people = accounts.iter().filter_map(|account| {
            let grant = account.grant(&patient.id)?;
            let is_own = grant.relationship == Relationship::Own;
            let authority = grant.authority.as_ref().map(|authority| {
                let until = authority.until.map(|until| format!(" until {until}")).unwrap_or_default();
                format!("{}{until}", authority.kind.as_str().replace('_', " "))
            });
            Some(Person {
                account: account.id.to_string(),
                who: if is_own {
                    "The patient".to_owned()
                } else {
                    format!("{}, {}", account.holder_name(), grant.relationship.as_str())
                },
                username: account.username.clone(),
                state: grant_word(grant.state),
                level: if grant.level.as_str() == "full" {
                    "everything"
                } else {
                    "appointments and messages"
                },
                authority: authority.unwrap_or_default(),
                last: account.last_login_at.map(|at| when(at, now, &zone)).unwrap_or_default(),
                is_live: matches!(grant.state, GrantState::Active | GrantState::Suspended),
                is_own,
                locked: portal.lock(account.id).map(|lock| locked(lock, now, &zone)),
            })
        });
        let text = |text: Option<&str>| text.map(str::to_owned);
        let facts = [
            (
                "Email",
                Some(text(chart.email.as_ref().map(Email::reveal)).unwrap_or_else(|| "None".to_owned())),
            ),
            (
                "Cell phone",
                Some(chart.mobile_phone.as_ref().map(Phone::reveal).map_or_else(|| "None".to_owned(), phone)),
            ),
            ("Home phone", chart.home_phone.as_ref().map(Phone::reveal).map(phone)),
            ("ZIP code", text(chart.postal_code.as_ref().map(PostalCode::reveal))),
            ("Language", chart.language.as_deref().map(language)),
            ("Next visit", row.visit.clone()),
            ("Provider", text(chart.provider.as_ref().map(Line::reveal))),
            ("Tags", Some(chart.tags.join(", ")).filter(|tags| !tags.is_empty())),
        ];
        let initials: String = [&chart.given_name, &chart.family_name]
            .iter()
            .filter_map(|name| name.reveal().chars().next())
            .flat_map(|letter| [letter, '.', ' '])
            .collect();
        let is_in = patient.own_account().is_some();
        let is_waiting = current.is_some_and(|current| now < current.expires_at);
        let is_locked = current.is_some_and(|current| current.progress.locked && now < current.expires_at);
        let can_email = patient.refusals(Channel::Email, settings).is_empty();
        let can_text = patient.refusals(Channel::Sms, settings).is_empty();
        // Somebody is in, or has a link: what an invitation by another way would lack is in nobody's way.
        let is_served = patient.live_accounts().next().is_some()
            || (is_waiting && !is_locked)
            || !patient.offers.is_empty();
        Self {
            desk: Desk::of(inbound, context, settings, caller),
            tab: format!("{initials}{} - Patient", row.born),
            id: patient.id.to_string(),
            name: row.full_name.clone(),
            born: born(chart, day(now, settings)),
            ways: ways(patient, settings, is_served, is_locked.then_some((can_email, can_text))),
            is_child: row.is_child,
            can_email,
            can_text,
            can_print: !is_in && patient.refusals(Channel::Print, settings).is_empty(),
            email_label: if is_waiting {
                "Email a new link"
            } else if patient.revocation.is_some() {
                "Give access back by email"
            } else if is_in {
                "Email a link for a new password"
            } else {
                "Email a link"
            },
            current: link.map(sent),
            offers: links
                .iter()
                .filter(|known| {
                    known.is_pending(now) && patient.offers.iter().any(|offer| offer.link == known.id)
                })
                .map(sent)
                .collect(),
            earlier: links
                .iter()
                .rev()
                .filter(|known| link.is_none_or(|link| link.id != known.id))
                .filter(|known| {
                    !known.is_pending(now) || patient.offers.iter().all(|offer| offer.link != known.id)
                })
                .map(sent)
                .collect(),
            is_letter: link.is_some_and(|link| link.channel == Channel::Print && link.is_open(now)),
            is_arrived: link.is_none_or(|link| {
                matches!(link.delivered().0, Delivery::Queued | Delivery::Sent | Delivery::Delivered)
            }),
            has_code: portal.links_with_code(now).next().is_some() && caller.may(Scope::Invite),
            failures: failures.collect(),
            people: people.collect(),
            facts: facts.into_iter().filter_map(|(name, value)| Some((name, value?))).collect(),
            is_declined: patient.declined.is_some(),
            said_stop: chart
                .address(Channel::Sms)
                .is_some_and(|number| patient.stops(Channel::Sms, number).contains(&Stop::OptedOut)),
            is_revoked: patient.revocation.is_some(),
            is_on: patient.access_enabled,
            has_access: patient.live_accounts().next().is_some()
                || patient.invitation.is_some()
                || !patient.offers.is_empty(),
            events,
            may_read_trail: caller.may(Scope::Audit),
            merged_into: chart.replaced_by.as_ref().map(ToString::to_string),
            replaces: patient.replaces.iter().map(ToString::to_string).collect(),
            can_move: chart.replaced_by.is_some() && patient.live_accounts().next().is_some(),
            row,
        }
    }
}

fn sent(link: &Link, patient: &Patient, now: Timestamp, zone: &jiff::tz::TimeZone) -> Sent {
    let to = link.sent_to.as_ref().map(|to| format!(" to {}", contact(to.reveal()))).unwrap_or_default();
    let who = link.invitee.as_ref().map(|who| format!(" for {}", spoken(&who.given_name, &who.family_name)));
    let kind = match link.kind.as_str() {
        "reset" => "Link for a new password",
        "restored" => "Access back",
        _ => "Link",
    };
    let is_current = patient.invitation.filter(|current| current.link == link.id);
    let state = match link.state {
        LinkState::Pending => {
            // A representative's link is not repeated on the patient's record.
            let current = is_current.unwrap_or_else(|| CurrentInvitation {
                link: link.id,
                kind: link.kind,
                channel: link.channel,
                expires_at: link.expires_at,
                created_at: link.created_at,
                progress: Progress::of(link),
            });
            how_far(&current, now, zone)
        }
        LinkState::Accepted => "Used".to_owned(),
        LinkState::Superseded => "Replaced by a newer link".to_owned(),
        LinkState::Cancelled => "Taken back".to_owned(),
        LinkState::Revoked => "Ended with the access".to_owned(),
        LinkState::ReportedWrongRecipient => "\u{201c}Not for me\u{201d}".to_owned(),
    };
    Sent {
        id: link.id.to_string(),
        what: match link.channel {
            Channel::Print => format!("Letter{}", who.unwrap_or_default()),
            Channel::Sms => format!("{kind} by text{to}{}", who.unwrap_or_default()),
            Channel::Email | Channel::Voice => format!("{kind} by email{to}{}", who.unwrap_or_default()),
        },
        by: format!("{} ({}), {}", link.actor, link.client, when(link.created_at, now, zone)),
        how_far: state,
        until: when(link.expires_at, now, zone),
    }
}

#[derive(Template)]
#[template(path = "code.html")]
pub struct CodePage {
    desk: Desk,
    id: String,
    name: String,
    codes: Vec<CodeOfLink>,
}

/// The code of a link that works.
struct CodeOfLink {
    /// Whose link it is, and what for.
    what: String,
    code: String,
    until: String,
}

impl CodePage {
    pub fn new(inbound: &Inbound, context: &Context, portal: &PortalStatus, caller: &Caller) -> Option<Self> {
        let PortalStatus { patient, settings, accounts, .. } = portal;
        let now = context.now();
        let what = |link: &Link| match accounts.iter().find(|account| Some(account.id) == link.account) {
            Some(account) => format!("For a new password of {}", account.username),
            None => "For the invitation".to_owned(),
        };
        let code = |link: &Link| {
            let code = link.access_code(&context.keyring)?;
            let (first, second) = code.split_at_checked(4)?;
            Some(CodeOfLink {
                what: what(link),
                code: format!("{first} {second}"),
                until: when(link.expires_at, now, &settings.zone()),
            })
        };
        let codes: Vec<CodeOfLink> = portal.links_with_code(now).filter_map(code).collect();
        (!codes.is_empty()).then(|| Self {
            desk: Desk::of(inbound, context, settings, caller),
            id: patient.id.to_string(),
            name: patient.chart.full_name(),
            codes,
        })
    }
}
