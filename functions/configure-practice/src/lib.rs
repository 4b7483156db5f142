//! `configure-practice`: reads and replaces a practice's settings.

mod console;
mod logo;
mod previews;

use portico_domain::model::practice::{
    AtMajority, AutoChannel, AutoInvite, CodeChannel, IdentityFact, Practice, QuietHours, RegistrationCheck,
    Regrant, RequiredContact, Settings, TextHours,
};
use portico_domain::model::refusal::Refusal;
use portico_domain::operations::staff::auto_invite::resume;
use portico_domain::operations::staff::configure_practice::{SettingsChange, get, history, put, set_logo};
use portico_domain::ports::{ApiCalls, Chain, Commit, History, Limits, Practices};
use portico_web::{Answer, App, Inbound, Language, Reject, json, problem};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json as value};

/// The settings in the API's form. A field that a `PUT` leaves out keeps its value.
#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct SettingsRequest {
    name: Option<String>,
    phone: Option<String>,
    time_zone: Option<String>,
    letter_days: Option<u32>,
    letter_points: Option<u32>,
    default_language: Option<String>,
    postal_address: Option<String>,
    reply_to: Option<String>,
    text_number: Option<String>,
    portal_url: Option<String>,
    link_hours: Option<u32>,
    code_digits: Option<u32>,
    code_channel: Option<CodeChannel>,
    registration_check: Option<RegistrationCheck>,
    identity_facts: Option<Vec<IdentityFact>>,
    required_contact: Option<RequiredContact>,
    regrant: Option<Regrant>,
    password_min_length: Option<u32>,
    security_question: Option<bool>,
    majority_age: Option<i16>,
    adolescent_age: Option<i16>,
    at_majority: Option<AtMajority>,
    closures: Option<Vec<jiff::civil::Date>>,
    terms_url: Option<String>,
    privacy_url: Option<String>,
    accent_color: Option<String>,
    invitation_note: Option<String>,
    auto_invite: Option<AutoInviteRequest>,
}

#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct AutoInviteRequest {
    enabled: Option<bool>,
    channel: Option<AutoChannel>,
    min_age: Option<u32>,
    max_age: Option<u32>,
    unsigned_days: Option<u32>,
    quiet_hours: Option<QuietHoursRequest>,
    text_hours: Option<TextHoursRequest>,
    reminder_days: Option<Vec<u32>>,
    again_days: Option<Vec<u32>>,
    daily_cap: Option<u32>,
    ramp: Option<bool>,
}

#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct QuietHoursRequest {
    from: String,
    to: String,
}

#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct TextHoursRequest {
    from: String,
    to: String,
    weekdays_only: Option<bool>,
}

/// The settings, with what automatic invitations add to theirs.
fn settings_response(practice: &Practice) -> Value {
    let mut body = value!(practice.settings);
    body["auto_invite"] = value!(AutoInviteResponse::of(practice));
    body
}

/// The settings of automatic invitations, and whether they have stopped themselves.
#[derive(Serialize)]
struct AutoInviteResponse<'a> {
    #[serde(flatten)]
    settings: &'a AutoInvite,
    #[serde(skip_serializing_if = "Option::is_none")]
    paused: Option<PausedResponse>,
    /// What is missing for automatic invitations as they should be.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    warnings: Vec<&'static str>,
}

#[derive(Serialize)]
struct PausedResponse {
    at: String,
    reason: &'static str,
}

impl<'a> AutoInviteResponse<'a> {
    fn of(practice: &'a Practice) -> Self {
        let paused = practice
            .auto_invite_paused
            .map(|paused| PausedResponse { at: paused.at.to_string(), reason: paused.why.code() });
        let Settings { auto_invite: settings, postal_address, .. } = &practice.settings;
        let lacks_address = settings.channel != AutoChannel::Sms && postal_address.is_none();
        let warnings = lacks_address.then_some("missing_postal_address").into_iter().collect();
        Self { settings, paused, warnings }
    }
}

impl SettingsRequest {
    fn over(self, now: Settings) -> Settings {
        // An empty text removes the one that was set.
        let text = |new: Option<String>, old: Option<String>| new.or(old).filter(|text| !text.is_empty());
        let auto = now.auto_invite;
        let auto_invite = match self.auto_invite {
            None => auto,
            Some(new) => AutoInvite {
                enabled: new.enabled.unwrap_or(auto.enabled),
                channel: new.channel.unwrap_or(auto.channel),
                min_age: new.min_age.unwrap_or(auto.min_age),
                max_age: new.max_age.unwrap_or(auto.max_age),
                unsigned_days: new.unsigned_days.unwrap_or(auto.unsigned_days),
                quiet_hours: new
                    .quiet_hours
                    .map_or(auto.quiet_hours, |hours| QuietHours { from: hours.from, to: hours.to }),
                text_hours: match new.text_hours {
                    None => auto.text_hours,
                    Some(hours) => TextHours {
                        from: hours.from,
                        to: hours.to,
                        weekdays_only: hours.weekdays_only.unwrap_or(auto.text_hours.weekdays_only),
                    },
                },
                reminder_days: new.reminder_days.unwrap_or(auto.reminder_days),
                again_days: new.again_days.unwrap_or(auto.again_days),
                daily_cap: new.daily_cap.unwrap_or(auto.daily_cap),
                ramp: new.ramp.unwrap_or(auto.ramp),
            },
        };
        Settings {
            name: self.name.unwrap_or(now.name),
            phone: self.phone.unwrap_or(now.phone),
            time_zone: self.time_zone.unwrap_or(now.time_zone),
            letter_days: self.letter_days.unwrap_or(now.letter_days),
            letter_points: self.letter_points.unwrap_or(now.letter_points),
            default_language: self.default_language.unwrap_or(now.default_language),
            postal_address: text(self.postal_address, now.postal_address),
            reply_to: text(self.reply_to, now.reply_to),
            text_number: text(self.text_number, now.text_number),
            portal_url: self.portal_url.unwrap_or(now.portal_url),
            link_hours: self.link_hours.unwrap_or(now.link_hours),
            code_digits: self.code_digits.unwrap_or(now.code_digits),
            code_channel: self.code_channel.unwrap_or(now.code_channel),
            registration_check: self.registration_check.unwrap_or(now.registration_check),
            identity_facts: self.identity_facts.unwrap_or(now.identity_facts),
            required_contact: self.required_contact.unwrap_or(now.required_contact),
            regrant: self.regrant.unwrap_or(now.regrant),
            password_min_length: self.password_min_length.unwrap_or(now.password_min_length),
            security_question: self.security_question.unwrap_or(now.security_question),
            majority_age: self.majority_age.unwrap_or(now.majority_age),
            adolescent_age: self.adolescent_age.unwrap_or(now.adolescent_age),
            at_majority: self.at_majority.unwrap_or(now.at_majority),
            closures: self.closures.unwrap_or(now.closures),
            terms_url: text(self.terms_url, now.terms_url),
            privacy_url: text(self.privacy_url, now.privacy_url),
            accent_color: text(self.accent_color, now.accent_color),
            logo: now.logo,
            invitation_note: text(self.invitation_note, now.invitation_note),
            auto_invite,
        }
    }
}

/// The language of a preview; English if none was asked for.
fn preview_language(inbound: &Inbound) -> Result<Language, Reject> {
    match inbound.query("language") {
        None => Ok(Language::English),
        Some(tag) => Language::from_tag(tag).ok_or_else(|| Reject::malformed("language", "unknown_language")),
    }
}

/// A change of the settings, for staff.
fn change_view(change: &SettingsChange) -> Value {
    let fields = change.fields.iter().map(|field| {
        let mut view = value!({"name": field.name});
        for (name, value) in [("before", &field.before), ("after", &field.after)] {
            if let Some(value) = value {
                view[name] = value.clone();
            }
        }
        view
    });
    value!({"at": change.at.to_string(), "by": change.by, "fields": fields.collect::<Vec<Value>>()})
}

/// Answers a request.
pub async fn handle<S>(app: &App<S>, inbound: Inbound) -> Answer
where
    S: ApiCalls + Limits + Practices + Chain + History + Commit,
{
    act(app, &inbound).await.unwrap_or_else(|reject| problem(&inbound, &reject))
}

async fn act<S>(app: &App<S>, inbound: &Inbound) -> Result<Answer, Reject>
where
    S: ApiCalls + Limits + Practices + Chain + History + Commit,
{
    if inbound.is_console() {
        // Boxed, because the future of all pages together is large.
        return Box::pin(console::answer(app, inbound, &inbound.action())).await;
    }
    let call = inbound.staff()?;
    if inbound.action() == "GET /v1/settings/history" {
        let changes = history(app, &call).await?;
        return Ok(json(200, &value!({"changes": changes.iter().map(change_view).collect::<Vec<Value>>()})));
    }
    let practice = match inbound.action().as_str() {
        "GET /v1/settings" => get(app, &call).await?.1,
        "POST /v1/auto-invite/resume" => {
            let practice = resume(app, &call).await?;
            return Ok(json(200, &AutoInviteResponse::of(&practice)));
        }
        "GET /v1/previews/{kind}" => {
            let language = preview_language(inbound)?;
            let (_, practice) = get(app, &call).await?;
            let shown = previews::preview(inbound, &app.context, &practice, inbound.param("kind"), language);
            return Ok(json(200, &shown.ok_or(Refusal::NotFound)?));
        }
        "PUT /v1/settings" => {
            let body: SettingsRequest = inbound.body()?;
            put(app, &call, |now| body.clone().over(now)).await?
        }
        "PUT /v1/settings/logo" => {
            inbound.kind(&["image/png", "image/svg+xml"])?;
            // Nothing is drawn for a caller who may not.
            get(app, &call).await?;
            let drawn = logo::draw(inbound.bytes(logo::LONGEST)?);
            set_logo(app, &call, Some(drawn.map_err(|code| Reject::malformed("logo", code))?)).await?
        }
        "DELETE /v1/settings/logo" => set_logo(app, &call, None).await?,
        _ => return Err(Refusal::NotFound.into()),
    };
    Ok(json(200, &settings_response(&practice)))
}
