//! The pages of the function: the launch link's, Today, and the one after closing.

use askama::Template;
use portico_domain::context::Context;
use portico_domain::model::attention::Cause;
use portico_domain::model::auto_invite::day;
use portico_domain::model::chart::Channel;
use portico_domain::model::console::Launch;
use portico_domain::model::list::next_appointment;
use portico_domain::model::patient::{Patient, Reason, Status};
use portico_domain::model::person::Line;
use portico_domain::model::practice::{Practice, Scope};
use portico_domain::operations::staff::attention::{Thing, Things};
use portico_web::Inbound;
use portico_web::desk::{Desk, Row, attention_words, by_day, day_name, in_words, locked, when};

#[derive(Template)]
#[template(path = "launch.html")]
pub struct LaunchPage {
    desk: Desk,
    actor: String,
    client: String,
    token: String,
}

impl LaunchPage {
    pub fn new(launch: &Launch, practice: &Practice, token: &str) -> Self {
        let name = launch.actor_name.as_ref().map(|name| Line::reveal(name).to_owned());
        Self {
            desk: Desk::outside(&practice.settings.name),
            actor: name.unwrap_or_else(|| launch.actor.to_string()),
            client: launch.client.to_string(),
            token: token.to_owned(),
        }
    }
}

#[derive(Template)]
#[template(path = "closed.html")]
pub struct ClosedPage {
    desk: Desk,
}

impl ClosedPage {
    pub fn new() -> Self {
        Self { desk: Desk::outside("") }
    }
}

/// One thing that needs a person, as a line.
pub struct ThingLine {
    id: String,
    row: Row,
    what: String,
    cure: String,
    since: String,
    button: Button,
    /// Whether it is about an address that is not the patient's.
    is_representative: bool,
    may_leave: bool,
}

/// The button that settles a thing, or leads to the page where it is settled.
struct Button {
    label: &'static str,
    path: String,
    /// Whether it acts at once; otherwise it leads to a page.
    acts: bool,
    /// Name and value of what it sends.
    sends: Option<(&'static str, &'static str)>,
}

/// Lines of a group that are shown at first.
const LINES: usize = 25;

/// Things of one kind.
pub struct Group {
    title: String,
    lines: Vec<ThingLine>,
    /// How many there are.
    total: usize,
    /// The address that shows all of them, if some are left out.
    all: Option<String>,
}

/// The patients who come on one day and are not in yet.
pub struct Day {
    title: String,
    rows: Vec<Row>,
    /// The ids of all of them.
    ids: Vec<String>,
    /// The address that shows all of them, if some are left out.
    all: Option<String>,
}

/// The name of a group in addresses: `did-not-arrive`.
fn name_of(title: &str) -> String {
    let name = title.to_lowercase().replace(|letter: char| !letter.is_ascii_alphanumeric(), "-");
    name.split('-').filter(|part| !part.is_empty()).collect::<Vec<_>>().join("-")
}

/// Leaves out what is beyond the first lines, unless the address asks for all. Returns the address that does.
fn cut<T>(inbound: &Inbound, title: &str, lines: &mut Vec<T>) -> Option<String> {
    let name = name_of(title);
    let too_many = lines.len() > LINES && inbound.query("all") != Some(name.as_str());
    too_many.then(|| {
        lines.truncate(LINES);
        format!("/console?all={name}")
    })
}

#[derive(Template)]
#[template(path = "today.html")]
pub struct TodayPage {
    desk: Desk,
    today: String,
    as_of: String,
    count: usize,
    not_in: usize,
    groups: Vec<Group>,
    days: Vec<Day>,
    has_agenda: bool,
}

const GROUPS: [&str; 3] = ["Somebody is waiting", "Did not arrive", "Decide"];

const fn group_of(cause: Cause) -> usize {
    match cause {
        Cause::ReportedWrongRecipient
        | Cause::ChartOfAnother
        | Cause::ChartMerged
        | Cause::AccountLocked
        | Cause::LinkLocked
        | Cause::Hold
        | Cause::RepresentativeRequest => 0,
        Cause::AddressBounced | Cause::AddressComplained | Cause::DeliveryFailed | Cause::SmsOptedOut => 1,
        Cause::ChangeRequest
        | Cause::TextReply
        | Cause::AuthorityEnds
        | Cause::Birthday
        | Cause::CameOfAge => 2,
        Cause::AccessDue => 3,
    }
}

impl TodayPage {
    pub fn new(inbound: &Inbound, context: &Context, things: &Things, coming: &[Patient]) -> Self {
        let Things { all, settings, caller } = things;
        let now = context.now();
        let zone = settings.zone();
        let line = |thing: &Thing| {
            let Thing { id, cause, at, patient, words: said, lock, .. } = thing;
            let words = attention_words(*cause);
            let is_own = [Channel::Email, Channel::Sms].into_iter().any(|channel| {
                let address = patient.chart.address(channel);
                address.is_some_and(|address| !patient.stops(channel, address).is_empty())
            });
            let is_representative = *cause == Cause::AddressBounced && !is_own;
            let (what, label) = match cause {
                Cause::AddressBounced if is_representative => {
                    ("A representative's message came back", "Open")
                }
                Cause::AddressBounced => match in_words(patient, Reason::AddressBounced) {
                    what @ "Email came back" => (what, "Correct email"),
                    what => (what, "Correct number"),
                },
                _ => (words.what, words.label),
            };
            let what = match lock {
                Some((_, lock)) => locked(*lock, now, &zone),
                None => what.to_owned(),
            };
            let row = Row::of(patient, patient.status(settings), settings, caller, now);
            let path = match cause {
                Cause::Hold | Cause::RepresentativeRequest => "/console/requests".to_owned(),
                Cause::ChangeRequest => "/console/changes".to_owned(),
                _ if is_representative => format!("/console/patients/{}", patient.id),
                _ => format!("/console/patients/{}{}", patient.id, words.path),
            };
            let leads = |label| Button { label, path, acts: false, sends: None };
            let button = match (lock, &row.action) {
                (Some((account, _)), _) if caller.may(Scope::Accounts) => Button {
                    label: "Unlock",
                    path: format!("/console/accounts/{account}/unlock"),
                    acts: true,
                    sends: None,
                },
                (_, Some(action)) if *cause == Cause::AccessDue => Button {
                    label: action.label,
                    path: format!("/console/patients/{}/{}", patient.id, action.path),
                    acts: action.sends.is_some(),
                    sends: action.sends,
                },
                _ => leads(label),
            };
            ThingLine {
                id: id.clone(),
                row,
                what,
                cure: match said {
                    Some(said) if caller.may(Scope::ChartRead) => {
                        format!("\u{201c}{}\u{201d} {}", said.reveal(), words.cure)
                    }
                    _ if is_representative => "Ask whoever it is for, and invite them again.".to_owned(),
                    _ => words.cure.to_owned(),
                },
                since: when(*at, now, &zone),
                button,
                is_representative,
                may_leave: !matches!(
                    cause,
                    Cause::Hold | Cause::ChangeRequest | Cause::RepresentativeRequest | Cause::AccessDue
                ),
            }
        };
        let groups = GROUPS.iter().enumerate().map(|(number, title)| Group {
            title: (*title).to_owned(),
            total: 0,
            all: None,
            lines: all.iter().filter(|thing| group_of(thing.cause) == number).map(line).collect(),
        });
        let today = day(now, settings);
        let mut groups: Vec<Group> = groups.collect();
        for thing in all.iter().filter(|thing| thing.cause == Cause::AccessDue) {
            let title = format!("Seen, must be told by {}", by_day(thing.until.unwrap_or(today), today));
            match groups.last_mut().filter(|group| group.title == title) {
                Some(group) => group.lines.push(line(thing)),
                None => groups.push(Group { title, lines: vec![line(thing)], total: 0, all: None }),
            }
        }
        let mut days: Vec<Day> = Vec::new();
        let is_out = |status: Status| matches!(status, Status::Blocked | Status::Uninvited | Status::Invited);
        for patient in coming {
            let status = patient.status(settings);
            let Some(at) = next_appointment(patient, now).filter(|_| is_out(status)) else { continue };
            let title = day_name(day(at, settings));
            let row = Row::of(patient, status, settings, caller, now);
            match days.last_mut().filter(|day| day.title == title) {
                Some(day) => day.rows.push(row),
                None => days.push(Day { title, rows: vec![row], ids: Vec::new(), all: None }),
            }
        }
        let not_in = days.iter().map(|day| day.rows.len()).sum();
        groups.retain(|group| !group.lines.is_empty());
        for group in &mut groups {
            group.total = group.lines.len();
            group.all = cut(inbound, &group.title, &mut group.lines);
        }
        for day in &mut days {
            day.ids = day.rows.iter().map(|row| row.id.clone()).collect();
            day.all = cut(inbound, &day.title, &mut day.rows);
        }
        Self {
            desk: Desk::of(inbound, context, settings, caller),
            today: day_name(today),
            as_of: when(now, now, &zone),
            count: all.len(),
            not_in,
            groups,
            days,
            has_agenda: !coming.is_empty(),
        }
    }

    fn shown(&self) -> Vec<&str> {
        let lines = self.groups.iter().flat_map(|group| &group.lines).map(|line| line.row.id.as_str());
        lines.chain(self.days.iter().flat_map(|day| &day.rows).map(|row| row.id.as_str())).collect()
    }
}
