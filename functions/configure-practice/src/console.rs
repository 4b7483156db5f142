//! The page on which a manager reads and changes the practice's rules, and the buttons that turn automatic invitations
//! on and off.

use std::convert::Infallible;

use askama::Template;
use futures_util::stream::once;
use multer::Multipart;
use portico_domain::context::Context;
use portico_domain::model::face::Color;
use portico_domain::model::person::Phone;
use portico_domain::model::practice::{Consent, Logo, Practice, SHORT_PASSWORD, Settings};
use portico_domain::model::refusal::{Failure, FieldFault, Refusal};
use portico_domain::operations::staff::auto_invite::resume;
use portico_domain::operations::staff::configure_practice::{
    ChangedField, SettingsChange, get, get_with_history, put, put_unless_moved, set_logo,
};
use portico_domain::ports::{ApiCalls, Chain, Commit, History, Limits, Practices};
use portico_domain::steps::api_call::Caller;
use portico_web::desk::{Back, Desk, Said, back, desk_page, when};
use portico_web::{Answer, App, Inbound, Language, Reject, field_detail, framed, phone};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use crate::logo::{LONGEST, draw};
use crate::previews::{PreviewPage, named, preview};
use crate::{SettingsRequest, preview_language};

/// How a setting is typed.
enum Kind {
    /// Text, with the type of its input.
    Text(&'static str),
    /// A whole number.
    Number,
    /// One of these values, each with its words.
    Choice(&'static [(&'static str, &'static str)]),
}

/// A setting on the page: its name in the API, its label, what it does, and how it is typed.
type Line = (&'static str, &'static str, &'static str, Kind);

/// The settings of the page, in groups.
const GROUPS: [(&str, &[Line]); 5] = [
    (
        "Practice",
        &[
            ("name", "Name", "As patients know it.", Kind::Text("text")),
            ("phone", "Phone", "Patients are told to call it.", Kind::Text("tel")),
            ("time_zone", "Time zone", "As in America/New_York.", Kind::Text("text")),
            (
                "default_language",
                "Language if a chart has none",
                "Of mails, texts and pages.",
                Kind::Choice(&[("en", "English"), ("es", "Spanish")]),
            ),
            ("reply_to", "Where answers to mails go", "Empty: nowhere.", Kind::Text("email")),
            (
                "text_number",
                "Number that texts come from",
                "One that was registered for the practice. Empty: the service's own.",
                Kind::Text("tel"),
            ),
            ("postal_address", "Postal address", "Automatic mails must have one.", Kind::Text("text")),
            ("portal_url", "The portal's address", "Where patients go once they are in.", Kind::Text("url")),
        ],
    ),
    (
        "Links and checks",
        &[
            ("link_hours", "Hours that a link works", "Links that are out keep their time.", Kind::Number),
            (
                "letter_days",
                "Days that a printed letter works",
                "Letters that are out keep their time.",
                Kind::Number,
            ),
            (
                "identity_facts",
                "What a visitor must know",
                "More facts keep more strangers out, and more patients.",
                Kind::Choice(&[
                    ("family_name birth_date", "Last name and birth date"),
                    ("family_name birth_date postal_code", "Last name, birth date and ZIP code"),
                    ("family_name birth_date email", "Last name, birth date and email"),
                    ("family_name birth_date email postal_code", "Last name, birth date, email and ZIP code"),
                ]),
            ),
            (
                "registration_check",
                "Then",
                "Link alone: anyone who holds the mail gets in.",
                Kind::Choice(&[
                    ("identity_and_code", "A code by another way"),
                    ("identity", "Nothing more"),
                    ("link_only", "The link alone, without these facts"),
                ]),
            ),
            (
                "code_channel",
                "How a code goes",
                "Another way keeps out who reads somebody's mail.",
                Kind::Choice(&[("other", "Another way than the link"), ("any", "Any way on the chart")]),
            ),
            ("code_digits", "Digits of a code", "", Kind::Choice(&[("5", "5"), ("6", "6")])),
        ],
    ),
    (
        "Who",
        &[
            (
                "required_contact",
                "What must be on the chart",
                "Patients without it are blocked.",
                Kind::Choice(&[
                    ("channel", "What the chosen way needs"),
                    ("email", "An email"),
                    ("email_and_postal_code", "An email and the ZIP code"),
                    ("email_and_mobile_phone", "An email and a cell phone"),
                ]),
            ),
            (
                "adolescent_age",
                "Age from which a patient registers alone",
                "Parents then see less.",
                Kind::Number,
            ),
            ("majority_age", "Age at which a patient is an adult", "", Kind::Number),
            (
                "at_majority",
                "A parent's access at that age",
                "",
                Kind::Choice(&[
                    ("end", "Ends"),
                    ("narrow", "Is limited to appointments and messages"),
                    ("rest", "Rests, and the patient's too, until we turn it on"),
                ]),
            ),
            (
                "regrant",
                "Coming back after access was taken away",
                "",
                Kind::Choice(&[
                    ("same_credentials", "With the same username and password"),
                    ("verify_again", "After all checks, with a new password"),
                ]),
            ),
        ],
    ),
    (
        "Passwords",
        &[
            (
                "password_min_length",
                "Shortest password",
                "Characters. Longer is safer than stranger.",
                Kind::Number,
            ),
            (
                "security_question",
                "Security question",
                "As a second check where a phone is missing.",
                Kind::Choice(&[("false", "No"), ("true", "Yes")]),
            ),
        ],
    ),
    (
        "Face",
        &[
            ("accent_color", "Color of buttons and links", "As in #0b5cad. Empty: ours.", Kind::Text("text")),
            (
                "invitation_note",
                "Your own line in invitations",
                "By email and on paper. No links, nothing about health.",
                Kind::Text("text"),
            ),
            ("terms_url", "Your terms of use", "Patients who register can read them.", Kind::Text("url")),
            ("privacy_url", "Your privacy notice", "Every page has a link to it.", Kind::Text("url")),
        ],
    ),
];

/// The operator's consent that a value of a setting needs. A password length needs one below a number.
fn consent_for(name: &str, value: &str) -> Option<Consent> {
    match (name, value) {
        ("registration_check", "link_only") => Some(Consent::LinkOnly),
        ("code_digits", "5") => Some(Consent::FiveDigitCodes),
        ("security_question", "true") => Some(Consent::SecurityQuestion),
        _ => None,
    }
}

/// A setting's value as the form shows it.
fn shown(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        Value::Array(all) => all.iter().map(shown).collect::<Vec<_>>().join(" "),
        other => other.to_string(),
    }
}

/// A setting's value as the form shows it; a phone number as people write it.
fn value_of(name: &str, value: &Value) -> String {
    let value = shown(value);
    if name == "phone" { phone(&value) } else { value }
}

/// What was typed, in the API's form.
fn typed(name: &str, text: &str) -> Option<Value> {
    Some(match name {
        "identity_facts" => json!(text.split(' ').collect::<Vec<_>>()),
        "security_question" => json!(text == "true"),
        "phone" => {
            Phone::parse(text.trim()).map_or_else(|_| json!(text.trim()), |known| json!(known.reveal()))
        }
        "link_hours"
        | "letter_days"
        | "code_digits"
        | "adolescent_age"
        | "majority_age"
        | "password_min_length" => {
            json!(text.trim().parse::<u32>().ok()?)
        }
        _ => json!(text.trim()),
    })
}

/// What is wrong with a setting. Of a color that is too pale, the nearest that can be read is named.
fn sentence(code: &str, value: &str) -> String {
    let sentence = field_detail(code, Language::English);
    match Color::parse(value.trim()) {
        Some(color) if code == "low_contrast" => {
            format!("{sentence} The nearest is {}.", color.darkened().css())
        }
        _ => sentence.to_owned(),
    }
}

struct Choice {
    value: String,
    label: String,
    is_chosen: bool,
    /// Whether it can't be chosen, because the operator has not allowed it.
    is_withheld: bool,
}

struct Field {
    name: &'static str,
    label: &'static str,
    hint: String,
    /// The type of the input; a select where there are choices.
    input: &'static str,
    choices: Vec<Choice>,
    value: String,
    was: String,
    error: Option<String>,
    /// Who changed it last, and when.
    changed: Option<String>,
}

/// A setting that somebody else saved meanwhile.
struct Moved {
    name: &'static str,
    label: &'static str,
    yours: String,
    theirs: String,
    /// Who saved it, and when.
    by: String,
}

/// A change of the settings in words.
struct Past {
    at: String,
    by: String,
    fields: Vec<(String, String)>,
}

struct Group {
    title: &'static str,
    fields: Vec<Field>,
}

/// The name of a setting without those inside of it.
fn top(name: &str) -> &str {
    name.split('.').next().unwrap_or_default()
}

/// Who changed something.
fn who(change: &SettingsChange) -> String {
    change.by.actor.clone().unwrap_or_else(|| change.by.client.clone())
}

/// The lines of all groups.
fn lines() -> impl Iterator<Item = &'static Line> {
    GROUPS.iter().flat_map(|(_, lines)| lines.iter())
}

/// The line of a setting on the page.
fn line(name: &str) -> Option<&'static Line> {
    lines().find(|(known, ..)| *known == name)
}

/// A value as the page says it.
fn spoken(name: &str, value: &Value) -> String {
    let value = value_of(name, value);
    if let Some((.., Kind::Choice(options))) = line(name)
        && let Some((_, words)) = options.iter().find(|(option, _)| *option == value)
    {
        return (*words).to_owned();
    }
    match value.as_str() {
        "" => "nothing".to_owned(),
        "true" => "yes".to_owned(),
        "false" => "no".to_owned(),
        _ => value,
    }
}

/// A setting that changed: its label, and what it was and is.
fn in_words(field: &ChangedField) -> (String, String) {
    let label = match line(&field.name) {
        Some((_, label, ..)) => (*label).to_owned(),
        None => field.name.replace("auto_invite.", "automatic invitations: ").replace(['_', '.'], " "),
    };
    let said = |value: &Option<Value>| spoken(&field.name, value.as_ref().unwrap_or(&Value::Null));
    let words = match (&field.before, &field.after) {
        (None, None) => "changed".to_owned(),
        (before, after) => format!("{}, before: {}", said(after), said(before)),
    };
    (label, words)
}

/// The settings that the form changes and somebody else has changed to something else since the page was made: name, label,
/// and what was typed.
fn moved(inbound: &Inbound, settings: &Settings) -> Vec<(&'static str, &'static str, String)> {
    let now = json!(settings);
    let value = |name: &str| inbound.form_values(name).into_iter().next().unwrap_or_default();
    let is_moved = |(name, label, ..): &Line| {
        let (typed, was) = (value(name), value(&format!("was_{name}")));
        let now = value_of(name, &now[*name]);
        (inbound.has_field(name) && typed != was && now != was && now != typed)
            .then_some((*name, *label, typed))
    };
    lines().filter_map(is_moved).collect()
}

#[derive(Template)]
#[template(path = "settings.html")]
struct SettingsPage {
    desk: Desk,
    groups: Vec<Group>,
    is_faulty: bool,
    moved: Vec<Moved>,
    past: Vec<Past>,
    logo: Option<Logo>,
    logo_fault: Option<&'static str>,
    /// Patients that were looked at since a setting moved statuses, while their list is written anew.
    relisted: Option<usize>,
}

impl SettingsPage {
    fn new(
        inbound: &Inbound,
        context: &Context,
        practice: &Practice,
        caller: &Caller,
        changes: &[SettingsChange],
        faults: &[FieldFault],
    ) -> Self {
        let settings = &practice.settings;
        let allows = |consent: &Consent| practice.allowed.contains(consent);
        let now = json!(settings);
        let (time, zone) = (context.now(), settings.zone());
        let last = |name: &str| {
            let of = |change: &&SettingsChange| change.fields.iter().any(|field| top(&field.name) == name);
            let change = changes.iter().find(of)?;
            Some(format!("{}, {}", who(change), when(change.at, time, &zone)))
        };
        let usual = json!(Settings::new(&settings.name, &settings.phone, &settings.time_zone));
        // What the operator has not allowed, in words.
        let withheld = |name: &str, options: &[(&str, &str)]| {
            if name == "password_min_length" && !allows(&Consent::ShortPasswords) {
                return format!(" Fewer than {SHORT_PASSWORD} are not allowed: Portico's operator decides.");
            }
            let refused = options
                .iter()
                .find(|(option, _)| consent_for(name, option).is_some_and(|consent| !allows(&consent)));
            refused.map_or_else(String::new, |(_, words)| {
                format!(" Not allowed: “{words}”. Portico's operator decides.")
            })
        };
        let field = |(name, label, does, kind): &Line| {
            let was = value_of(name, &now[*name]);
            let value = inbound.form_values(name).into_iter().next().unwrap_or_else(|| was.clone());
            let usual = value_of(name, &usual[*name]);
            let (input, options): (_, &[_]) = match kind {
                Kind::Text(input) => (*input, &[]),
                Kind::Number => ("number", &[]),
                Kind::Choice(options) => ("", options),
            };
            let mut choices: Vec<Choice> = options
                .iter()
                .map(|(option, words)| Choice {
                    value: (*option).to_owned(),
                    label: (*words).to_owned(),
                    is_chosen: *option == value,
                    is_withheld: *option != value
                        && consent_for(name, option).is_some_and(|consent| !allows(&consent)),
                })
                .collect();
            if !choices.is_empty() && choices.iter().all(|choice| !choice.is_chosen) {
                let label = value.replace('_', " ");
                choices.push(Choice { value: value.clone(), label, is_chosen: true, is_withheld: false });
            }
            let words = options
                .iter()
                .find(|(option, _)| *option == usual)
                .map_or(usual.as_str(), |(_, words)| words);
            let usual =
                if usual == was || words.is_empty() { String::new() } else { format!(" Usual: {words}.") };
            let error = faults.iter().find(|fault| fault.pointer.trim_start_matches('/') == *name);
            let error = error.map(|fault| sentence(fault.code, &value));
            Field {
                name,
                label,
                hint: format!("{does}{usual}{}", withheld(name, options)).trim().to_owned(),
                input,
                choices,
                changed: last(name),
                value,
                was,
                error,
            }
        };
        Self {
            desk: Desk::of(inbound, context, settings, caller),
            groups: GROUPS
                .iter()
                .map(|(title, lines)| Group { title, fields: lines.iter().map(field).collect() })
                .collect(),
            is_faulty: !faults.is_empty(),
            moved: moved(inbound, settings)
                .into_iter()
                .map(|(name, label, yours)| Moved {
                    name,
                    label,
                    yours: spoken(name, &json!(yours)),
                    theirs: spoken(name, &json!(settings)[name]),
                    by: last(name).unwrap_or_default(),
                })
                .collect(),
            past: changes
                .iter()
                .take(50)
                .map(|change| Past {
                    at: when(change.at, time, &zone),
                    by: who(change),
                    fields: change.fields.iter().map(in_words).collect(),
                })
                .collect(),
            logo: settings.logo.clone(),
            relisted: practice.relisting.as_ref().map(|relisting| relisting.seen),
            logo_fault: faults
                .iter()
                .find(|fault| fault.pointer == "/logo")
                .map(|fault| field_detail(fault.code, Language::English)),
        }
    }
}

/// The form of the logo: a file, or the button that removes the logo.
#[derive(Default)]
struct Upload {
    file: Vec<u8>,
    removes: bool,
}

impl Upload {
    async fn of(inbound: &Inbound) -> Result<Self, Reject> {
        let boundary = multer::parse_boundary(inbound.whole_content_type());
        let boundary = boundary.map_err(|_| Reject::UnsupportedType)?;
        // The file, and what a form writes around it.
        let body = inbound.bytes(LONGEST + 2_000)?.to_vec();
        let mut parts = Multipart::new(once(async { Ok::<_, Infallible>(body) }), boundary);
        let unreadable = |_| Reject::malformed("", "malformed");
        let mut upload = Self::default();
        while let Some(part) = parts.next_field().await.map_err(unreadable)? {
            match part.name() {
                Some("file") => upload.file = part.bytes().await.map_err(unreadable)?.to_vec(),
                Some("remove") => upload.removes = true,
                _ => {}
            }
        }
        Ok(upload)
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SwitchForm {
    enabled: String,
}

/// Answers a request of the Onboarding Tool.
pub(crate) async fn answer<S>(app: &App<S>, inbound: &Inbound, action: &str) -> Result<Answer, Reject>
where
    S: ApiCalls + Limits + Practices + Chain + History + Commit,
{
    let context = &app.context;
    let call = inbound.desk(context)?;
    match action {
        "GET /console/settings" => {
            let (caller, practice, changes) = get_with_history(app, &call).await?;
            Ok(desk_page(200, &SettingsPage::new(inbound, context, &practice, &caller, &changes, &[])))
        }
        "GET /console/previews" => {
            let kind = inbound.query("kind").unwrap_or("email-invitation");
            let language = preview_language(inbound)?;
            let (caller, practice) = get(app, &call).await?;
            let shown = preview(inbound, context, &practice, kind, language).ok_or(Refusal::NotFound)?;
            let desk = Desk::of(inbound, context, &practice.settings, &caller);
            Ok(desk_page(200, &PreviewPage { desk, kinds: named(), shown }))
        }
        "GET /console/previews/{kind}" => {
            let language = preview_language(inbound)?;
            let (_, practice) = get(app, &call).await?;
            let shown = preview(inbound, context, &practice, inbound.param("kind"), language);
            Ok(framed(shown.and_then(|shown| shown.html).ok_or(Refusal::NotFound)?))
        }
        "POST /console/settings" => {
            let (changes, faults) = changes(inbound);
            let faults = if faults.is_empty() {
                let request: SettingsRequest = serde_json::from_value(Value::Object(changes))
                    .map_err(|_| Reject::malformed("settings", "invalid"))?;
                let change =
                    |now: Settings| moved(inbound, &now).is_empty().then(|| request.clone().over(now));
                match put_unless_moved(app, &call, change).await {
                    Ok(Ok(practice)) => {
                        let said = Said::done_on_top("Saved. It counts from now on.");
                        return Ok(back(context, &practice.id, &Back::default(), "/console/settings", &said));
                    }
                    // Somebody saved meanwhile: both values are shown, and nothing is saved.
                    Ok(Err(practice)) => {
                        let (caller, _, changes) = get_with_history(app, &call).await?;
                        let page = SettingsPage::new(inbound, context, &practice, &caller, &changes, &[]);
                        return Ok(desk_page(409, &page));
                    }
                    Err(Failure::Refused(Refusal::BadRequest(faults))) => faults,
                    Err(failure) => return Err(failure.into()),
                }
            } else {
                faults
            };
            let (caller, practice, changes) = get_with_history(app, &call).await?;
            Ok(desk_page(400, &SettingsPage::new(inbound, context, &practice, &caller, &changes, &faults)))
        }
        "POST /console/settings/logo" => {
            let (caller, practice, changes) = get_with_history(app, &call).await?;
            let upload = Upload::of(inbound).await?;
            let drawn = if upload.removes {
                Ok(None)
            } else if upload.file.is_empty() {
                Err("no_file")
            } else {
                draw(&upload.file).map(Some)
            };
            match drawn {
                Ok(drawn) => {
                    let said = Said::done_on_top(if drawn.is_some() {
                        "This is your logo now. Look at the previews."
                    } else {
                        "The logo is removed."
                    });
                    let practice = set_logo(app, &call, drawn).await?;
                    Ok(back(context, &practice.id, &Back::default(), "/console/settings", &said))
                }
                Err(code) => {
                    let faults = [FieldFault::of("logo", code)];
                    let page = SettingsPage::new(inbound, context, &practice, &caller, &changes, &faults);
                    Ok(desk_page(400, &page))
                }
            }
        }
        "POST /console/auto-invite/enabled" => {
            let (SwitchForm { enabled }, form_back) = inbound.desk_form::<SwitchForm>()?;
            let enabled = enabled == "true";
            let change = |mut now: Settings| {
                now.auto_invite.enabled = enabled;
                now
            };
            let practice = put(app, &call, change).await?;
            let said = Said::done_on_top(if enabled {
                "Turned on."
            } else {
                "Turned off. Nothing more is sent by itself."
            });
            Ok(back(context, &practice.id, &form_back, "/console/auto-invite", &said))
        }
        "POST /console/auto-invite/resume" => {
            let practice = resume(app, &call).await?;
            let said = Said::done_on_top("Started again.");
            Ok(back(context, &practice.id, &Back::default(), "/console/auto-invite", &said))
        }
        _ => Err(Refusal::NotFound.into()),
    }
}

/// What the form changes: fields that say something else than they did when the page was made. So two people who save
/// different fields at once both get what they wanted.
fn changes(inbound: &Inbound) -> (Map<String, Value>, Vec<FieldFault>) {
    let (mut changes, mut faults) = (Map::new(), Vec::new());
    let value = |name: &str| inbound.form_values(name).into_iter().next();
    for (name, ..) in lines() {
        // Theirs is taken: what both changed is left as it is.
        if inbound.has_field("theirs") && inbound.form_values("moved").iter().any(|moved| moved == name) {
            continue;
        }
        let Some(text) = value(name).filter(|text| Some(text) != value(&format!("was_{name}")).as_ref())
        else {
            continue;
        };
        match typed(name, &text) {
            Some(value) => drop(changes.insert((*name).to_owned(), value)),
            None => faults.push(FieldFault::of(name, "out_of_range")),
        }
    }
    (changes, faults)
}
