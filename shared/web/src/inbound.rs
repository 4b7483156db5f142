//! A request as the functions read it: strict about what it holds, indifferent to what a caller merely claims.

use std::collections::BTreeMap;

use lambda_http::request::RequestContext;
use lambda_http::{Request, RequestExt as _};
use portico_domain::keys::digest;
use portico_domain::model::browser::Browser;
use portico_domain::model::console::presented;
use portico_domain::model::ids::Actor;
use portico_domain::model::practice::PresentedKey;
use portico_domain::model::refusal::{FieldFault, Refusal};
use portico_domain::steps::api_call::{ApiCall, IdempotencyKey};
use portico_messages::Language;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use crate::address::{bucket, network, viewer};
use crate::cookie::{ASKED, BROWSER, CONSOLE, COOKIE, DRAFT, VISIT};
use crate::reject::Reject;
use crate::strict::{Strict, Unique};

/// Longest body of a path that says nothing else, in bytes.
const LONGEST: usize = 64 * 1024;

/// A request.
pub struct Inbound {
    /// Method and path pattern, as the template has them: `POST /i/{token}/verify`.
    pub route: String,
    /// The caller's address: the connection's, as the gateway knows it, or behind an edge what that one saw. The /64 network
    /// of an IPv6 address.
    pub peer: String,
    /// The network around it, as the security log tells it: /24 or /48.
    pub(crate) network: String,
    /// The gateway's id of this request.
    pub request_id: String,
    method: http::Method,
    path: String,
    params: BTreeMap<String, String>,
    query: Vec<(String, String)>,
    headers: http::HeaderMap,
    body: Vec<u8>,
}

/// What a route belongs to, by the template's path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    /// An invitation's link.
    Invitation,
    /// A reset's link.
    Reset,
    /// A signed-in person's pages at a practice.
    Account,
    /// A practice's other pages.
    Practice,
    /// The Onboarding Tool.
    Console,
    /// The API, and whatever belongs to no practice's page.
    Elsewhere,
}

impl Inbound {
    /// Reads an event. `edge_secrets` are what an edge in front shows.
    pub(crate) fn read(request: Request, edge_secrets: &[String]) -> Self {
        let (route, address, request_id) = match request.request_context_ref() {
            Some(RequestContext::ApiGatewayV2(context)) => (
                context.route_key.clone().unwrap_or_default(),
                context.http.source_ip.clone().unwrap_or_default(),
                context.request_id.clone().unwrap_or_default(),
            ),
            _ => Default::default(),
        };
        let params = request
            .path_parameters()
            .iter()
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .collect();
        let query = request
            .query_string_parameters()
            .iter()
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .collect();
        let path = request.raw_http_path().to_owned();
        let (parts, body) = request.into_parts();
        let address = viewer(address, &parts.headers, edge_secrets);
        Self {
            route,
            peer: bucket(&address),
            network: network(&address),
            request_id,
            method: parts.method,
            path,
            params,
            query,
            headers: parts.headers,
            body: body.to_vec(),
        }
    }

    pub(crate) fn is_head(&self) -> bool {
        self.method == http::Method::HEAD
    }

    /// Method and route, such as `GET /i/{token}`. `HEAD` is handled as `GET`.
    pub fn action(&self) -> String {
        self.route.strip_prefix("HEAD ").map_or_else(|| self.route.clone(), |path| format!("GET {path}"))
    }

    /// Whether a page of the Onboarding Tool was asked for.
    pub fn is_console(&self) -> bool {
        self.place() == Place::Console
    }

    /// A part of the path, by the name that the template gives it.
    pub fn param(&self, name: &str) -> &str {
        self.params.get(name).map_or("", String::as_str)
    }

    /// A parameter of the query; the first, if it is repeated.
    pub fn query(&self, name: &str) -> Option<&str> {
        self.query.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// Whether the answer is to be a page.
    pub fn wants_page(&self) -> bool {
        self.is_form() || self.header("accept").is_some_and(|accept| accept.contains("text/html"))
    }

    /// Whether the answer is to be a table for a spreadsheet.
    pub fn wants_csv(&self) -> bool {
        self.header("accept").is_some_and(|accept| accept.contains("text/csv"))
    }

    /// Whether the client takes answers that are compressed with gzip.
    pub(crate) fn takes_gzip(&self) -> bool {
        let listed = self.header("accept-encoding").unwrap_or_default();
        listed.split(',').any(|one| {
            let (name, weight) = one.split_once(';').unwrap_or((one, ""));
            name.trim().eq_ignore_ascii_case("gzip") && !matches!(weight.trim(), "q=0" | "q=0.0")
        })
    }

    /// The body's type with its parameters, as it was sent.
    pub fn whole_content_type(&self) -> &str {
        self.header("content-type").unwrap_or_default()
    }

    fn content_type(&self) -> &str {
        self.whole_content_type().split(';').next().unwrap_or_default().trim()
    }

    /// Whether a page's form was sent.
    pub fn is_form(&self) -> bool {
        self.content_type().eq_ignore_ascii_case("application/x-www-form-urlencoded")
    }

    /// The body as text of one of these types, up to a length in bytes; with the type.
    pub fn text(&self, kinds: &[&'static str], longest: usize) -> Result<(&'static str, &str), Reject> {
        if self.body.len() > longest {
            return Err(Reject::TooLarge);
        }
        let kind = self.kind(kinds)?;
        let text = std::str::from_utf8(&self.body).map_err(|_| Reject::malformed("", "not_utf8"))?;
        Ok((kind, text))
    }

    /// Which of these types the body has.
    pub fn kind(&self, kinds: &[&'static str]) -> Result<&'static str, Reject> {
        let mut kinds = kinds.iter();
        kinds
            .find(|kind| self.content_type().eq_ignore_ascii_case(kind))
            .copied()
            .ok_or(Reject::UnsupportedType)
    }

    /// Whether a table was sent.
    pub fn is_csv(&self) -> bool {
        self.content_type().eq_ignore_ascii_case("text/csv")
    }

    /// The body as it came, up to a length in bytes.
    pub fn bytes(&self, longest: usize) -> Result<&[u8], Reject> {
        if self.body.len() > longest { Err(Reject::TooLarge) } else { Ok(&self.body) }
    }

    /// The body as a request: JSON or a form with the same names. Unknown fields, repeated keys and wrong types are
    /// refused, and named.
    pub fn body<T: DeserializeOwned>(&self) -> Result<T, Reject> {
        const JSON: &str = "application/json";
        let (kind, text) = self.text(&[JSON, "application/x-www-form-urlencoded"], LONGEST)?;
        if kind == JSON {
            let mut json = serde_json::Deserializer::from_str(text);
            let Unique(value) =
                serde_path_to_error::deserialize(&mut json).map_err(|error| at_fault(&error))?;
            json.end().map_err(|_| Reject::malformed("", "malformed"))?;
            return serde_path_to_error::deserialize(Strict(value)).map_err(|error| at_fault(&error));
        }
        form(text)
    }

    /// [`Self::body`], where a page's form carries these fields besides.
    pub fn body_with<T: DeserializeOwned>(&self, besides: &[&str]) -> Result<T, Reject> {
        if self.is_form() { self.form_without(besides) } else { self.body() }
    }

    /// Whether a form has this field and it is empty. `body` drops empty fields; this finds them.
    pub fn left_empty(&self, field: &str) -> bool {
        self.is_form()
            && form_urlencoded::parse(&self.body)
                .any(|(name, value)| name == field && value.trim().is_empty())
    }

    /// Whether a form has this field, empty or not.
    pub fn has_field(&self, field: &str) -> bool {
        self.is_form() && form_urlencoded::parse(&self.body).any(|(name, _)| name == field)
    }

    /// Whether anything was sent: for paths whose body may be left out.
    pub fn has_body(&self) -> bool {
        !self.body.is_empty()
    }

    /// The call of a practice's application.
    pub fn staff(&self) -> Result<ApiCall, Refusal> {
        let key = self.bearer().and_then(PresentedKey::parse).ok_or(Refusal::Unauthorized)?;
        let invalid = |name: &str| {
            let pointer = format!("#{name}");
            Refusal::BadRequest(vec![FieldFault { pointer, code: "invalid" }])
        };
        // One that is there and can't be read is not one that is missing: an idempotency key passed over would let the
        // same thing happen twice.
        let header = |name: &str| {
            let value = self.headers.get(name).map(|value| value.to_str().map_err(|_| invalid(name)));
            value.transpose()
        };
        let actor = header("Portico-Actor")?.map(Actor::parse).transpose();
        let actor = actor.map_err(|_| invalid("Portico-Actor"))?;
        let printable = |text: &str| text.bytes().all(|b| b == b' ' || b.is_ascii_graphic());
        let sent_once = if self.method == http::Method::POST { header("Idempotency-Key")? } else { None };
        let idempotency_key = match sent_once {
            Some(text) if (1..=128).contains(&text.len()) && printable(text) => {
                let sent = [self.method.as_str().as_bytes(), self.path.as_bytes(), &self.body].join(&0);
                Some(IdempotencyKey { key: text.to_owned(), request: digest(&sent) })
            }
            Some(_) => return Err(invalid("Idempotency-Key")),
            None => None,
        };
        Ok(ApiCall { key, actor, idempotency_key })
    }

    /// The version that `If-Match` names: the record must still have it. `None` without the header.
    pub fn if_match(&self) -> Option<Result<u64, Reject>> {
        let text = self.headers.get("if-match")?.to_str().unwrap_or_default();
        let version = text.trim().trim_matches('"').parse();
        Some(version.map_err(|_| Reject::malformed("#If-Match", "invalid")))
    }

    fn bearer(&self) -> Option<&str> {
        let (scheme, token) = self.header("authorization")?.split_once(' ')?;
        scheme.eq_ignore_ascii_case("bearer").then_some(token.trim())
    }

    /// The path as it came.
    pub fn path(&self) -> &str {
        &self.path
    }

    pub(crate) fn body_bytes(&self) -> &[u8] {
        &self.body
    }

    /// All values of a parameter of the query.
    pub fn queries(&self, name: &str) -> impl Iterator<Item = &str> {
        let of = move |(known, value): &'_ (String, String)| known == name && !value.is_empty();
        self.query.iter().filter(move |pair| of(pair)).map(|(_, value)| value.as_str())
    }

    /// The query as it came, for links back to this page: without `without`.
    pub fn query_without(&self, without: &[&str]) -> String {
        let mut kept = form_urlencoded::Serializer::new(String::new());
        for (name, value) in self.query.iter().filter(|(name, _)| !without.contains(&name.as_str())) {
            kept.append_pair(name, value);
        }
        kept.finish()
    }

    /// A field of a form; the first, if it is repeated.
    pub(crate) fn form_value(&self, wanted: &str) -> Option<String> {
        self.form_values(wanted).into_iter().next()
    }

    /// All values of a field of a form.
    pub fn form_values(&self, wanted: &str) -> Vec<String> {
        if !self.is_form() {
            return Vec::new();
        }
        let fields =
            form_urlencoded::parse(&self.body).filter(|(name, value)| name == wanted && !value.is_empty());
        fields.map(|(_, value)| value.into_owned()).collect()
    }

    /// A form as a request, without these fields. See [`Self::body`].
    pub(crate) fn form_without<T: DeserializeOwned>(&self, without: &[&str]) -> Result<T, Reject> {
        if !self.is_form() {
            return Err(Reject::UnsupportedType);
        }
        let mut kept = form_urlencoded::Serializer::new(String::new());
        for (name, value) in
            form_urlencoded::parse(&self.body).filter(|(name, _)| !without.contains(&&**name))
        {
            kept.append_pair(&name, &value);
        }
        if self.body.len() > LONGEST {
            return Err(Reject::TooLarge);
        }
        form(&kept.finish())
    }

    pub(crate) fn cookie(&self, wanted: &str) -> Option<&str> {
        let all = self.headers.get_all("cookie").into_iter().filter_map(|value| value.to_str().ok());
        all.flat_map(|value| value.split(';'))
            .filter_map(|pair| pair.trim().split_once('='))
            .find(|(name, _)| *name == wanted)
            .map(|(_, value)| value)
    }

    /// The session token: of the cookie, or of the `Authorization` header.
    pub fn session(&self) -> Option<&str> {
        self.bearer().or_else(|| self.cookie(COOKIE))
    }

    /// The sealed visit of the link that the path belongs to.
    pub(crate) fn visit(&self) -> Option<&str> {
        self.cookie(VISIT)
    }

    /// The sealed form that waits for its sender to sign in again.
    pub(crate) fn draft(&self) -> Option<&str> {
        self.cookie(DRAFT)
    }

    /// The sealed form of a stranger that was refused.
    pub(crate) fn asked(&self) -> Option<&str> {
        self.cookie(ASKED)
    }

    /// Whether a password was typed into both of its inputs, the plain one and the other, and not the same, and the plain
    /// one was hidden again: nobody can say which of the two is meant. `kept` is what the page had filled in.
    pub fn has_two_passwords(&self, name: &str, kept: &str) -> bool {
        let Some((_, shown, ticked)) = PASSWORDS.iter().find(|(known, ..)| *known == name) else {
            return false;
        };
        let all: Vec<_> = form_urlencoded::parse(&self.body).collect();
        let typed = |name: &str| {
            let found = all.iter().find(|(field, value)| field == name && !value.is_empty());
            found.map(|(_, value)| value)
        };
        let (Some(hidden), Some(plain)) = (typed(name), typed(shown)) else { return false };
        self.is_form() && typed(ticked).is_none() && hidden != plain && plain != kept
    }

    /// The fields of a form that are not empty; the first of each name.
    pub(crate) fn form_fields(&self) -> BTreeMap<String, String> {
        let mut fields = BTreeMap::new();
        for (name, value) in typed_fields(&self.body) {
            fields.entry(name).or_insert(value);
        }
        fields
    }

    /// The path of the link that the request belongs to: `/i/…` or `/r/…`. What can be no token is replaced, so that it
    /// gets into no header.
    pub fn link_path(&self) -> String {
        let mut parts = self.path.split('/').skip(1);
        let (kind, token) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
        format!("/{kind}/{}", if may_be_token(token) { token } else { "none" })
    }

    /// The address of another page of the same link, in the language of this one. `refused` marks a page that says why
    /// a form was refused, so that it can tell when the browser did not keep the cookie that says so.
    pub(crate) fn link_page(&self, step: &str, refused: bool) -> String {
        let mut query = form_urlencoded::Serializer::new(String::new());
        if let Some(language) = self.query("lang").and_then(Language::from_tag) {
            query.append_pair("lang", language.tag());
        }
        if refused {
            query.append_pair("refused", "1");
        }
        let query = query.finish();
        let mark = if query.is_empty() { "" } else { "?" };
        format!("{}{step}{mark}{query}", self.link_path())
    }

    /// Whether the address is that of a page that says why a form was refused.
    pub fn says_refused(&self) -> bool {
        self.query("refused").is_some()
    }

    /// The browser's family; `None` for an application, and for a browser that we don't know.
    pub fn browser_family(&self) -> Option<Browser> {
        Browser::of(self.header("user-agent")?)
    }

    /// What a browser that signed in before shows.
    pub fn browser(&self) -> Option<&str> {
        self.cookie(BROWSER)
    }

    /// Refuses a POST that another site's page caused: one that says so, or one that comes with a cookie and says nothing.
    pub fn same_site(&self, base_url: &str) -> Result<(), Reject> {
        let own = match (self.header("sec-fetch-site"), self.header("origin")) {
            (Some(site), _) => matches!(site, "same-origin" | "none"),
            (None, Some(origin)) if origin != "null" => origin == base_url,
            // Browsers that hide the origin, and have no Fetch Metadata, say nothing.
            (None, _) => self.cookie(COOKIE).is_none() && self.cookie(CONSOLE).is_none(),
        };
        if own { Ok(()) } else { Err(Reject::ForeignForm) }
    }

    /// The reader's language: as chosen on the page, else as the browser says, else `fallback`.
    pub fn language(&self, fallback: Language) -> Language {
        if let Some(chosen) = self.query("lang").and_then(Language::from_tag) {
            return chosen;
        }
        let accepted = self.header("accept-language").unwrap_or_default();
        Language::accepted(accepted).unwrap_or(fallback)
    }

    /// The digest of an application's key, or of a session of the Onboarding Tool, as the operations know it.
    pub(crate) fn staff_credential(&self) -> Option<String> {
        if !self.is_of_staff() {
            return None;
        }
        match self.bearer() {
            Some(key) => PresentedKey::parse(key).map(|key| key.digest),
            None => self.cookie(CONSOLE).and_then(presented)?.session,
        }
    }

    /// Whether a practice's application or staff member calls.
    pub(crate) fn is_of_staff(&self) -> bool {
        let path = self.route.split_once(' ').map_or("", |(_, path)| path);
        path.starts_with("/v1/") || self.place() == Place::Console
    }

    /// What the route belongs to.
    pub(crate) fn place(&self) -> Place {
        let path = self.route.split_once(' ').map_or("", |(_, path)| path);
        match path.split('/').skip(1).collect::<Vec<_>>()[..] {
            ["i", "{token}", ..] => Place::Invitation,
            ["r", "{token}", ..] => Place::Reset,
            ["console", ..] => Place::Console,
            ["{practice}", "account", ..] => Place::Account,
            ["{practice}", ..] => Place::Practice,
            _ => Place::Elsewhere,
        }
    }

    /// The address of the invitation that the path belongs to, as it came.
    pub(crate) fn invitation(&self) -> Option<String> {
        match self.place() {
            Place::Invitation => Some(self.link_path()),
            Place::Reset | Place::Account | Place::Practice | Place::Console | Place::Elsewhere => None,
        }
    }

    /// The address of this very page in the other language.
    pub(crate) fn in_language(&self, language: Language) -> String {
        let rest = self.query_without(&["lang"]);
        let mark = if rest.is_empty() { "" } else { "&" };
        format!("{}?{rest}{mark}lang={}", self.path, language.tag())
    }
}

/// Whether a part of a path may be a link's token: then it can stand in an address that we send.
pub fn may_be_token(part: &str) -> bool {
    (1..=64).contains(&part.len())
        && part.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_'))
}

/// The fields of a form that are not empty: a browser sends every field. A page has two inputs for a password, of which the
/// reader sees one: the plain one if its box is ticked. Whichever holds the password, it comes under one name.
fn typed_fields(body: &[u8]) -> Vec<(String, String)> {
    let all = form_urlencoded::parse(body).filter(|(_, value)| !value.is_empty());
    let mut all: Vec<(String, String)> =
        all.map(|(name, value)| (name.into_owned(), value.into_owned())).collect();
    for (name, shown, ticked) in PASSWORDS {
        let has = |wanted: &str| all.iter().any(|(name, _)| name == wanted);
        let takes_shown = has(shown) && (has(ticked) || !has(name));
        all.retain(|(field, _)| field != ticked && field != if takes_shown { name } else { shown });
        for (field, _) in all.iter_mut().filter(|(field, _)| takes_shown && field == shown) {
            name.clone_into(field);
        }
    }
    all
}

/// The fields of a form, with a date that was typed into three boxes as one field. A form may also send the one field.
fn with_dates(mut fields: Vec<(String, String)>) -> Vec<(String, String)> {
    for stem in ["birth", "patient_birth"] {
        let boxes = ["month", "day", "year"].map(|part| format!("{stem}_{part}"));
        let typed = |name: &String| {
            let found = fields.iter().find(|(known, _)| known == name);
            found.map(|(_, value)| value.trim().to_owned()).unwrap_or_default()
        };
        let parts = [typed(&boxes[0]), typed(&boxes[1]), typed(&boxes[2])];
        fields.retain(|(name, _)| !boxes.contains(name));
        let whole = format!("{stem}_date");
        if parts.iter().any(|part| !part.is_empty()) && !fields.iter().any(|(name, _)| *name == whole) {
            // A month may be typed as a word.
            let is_word = parts.iter().any(|part| part.chars().any(char::is_alphabetic));
            fields.push((whole, parts.join(if is_word { " " } else { "/" })));
        }
    }
    fields
}

/// The password fields of pages, each with its plain twin and the box that shows it.
const PASSWORDS: [(&str, &str, &str); 3] = [
    ("password", "password_shown", "password_show"),
    ("old_password", "old_password_shown", "old_password_show"),
    ("new_password", "new_password_shown", "new_password_show"),
];

/// A form's text as a request.
fn form<T: DeserializeOwned>(text: &str) -> Result<T, Reject> {
    let mut fields = Map::new();
    for (name, value) in with_dates(typed_fields(text.as_bytes())) {
        // What is no UTF-8 has been replaced by this character; nobody means it.
        if value.contains('\u{FFFD}') || name.contains('\u{FFFD}') {
            return Err(Reject::malformed("", "not_utf8"));
        }
        if fields.insert(name.clone(), Value::String(value)).is_some() {
            return Err(Reject::malformed(&name, "repeated"));
        }
    }
    serde_path_to_error::deserialize(Strict(Value::Object(fields))).map_err(|error| at_fault(&error))
}

/// Which field, and what is wrong with it; never its value.
fn at_fault<E: std::fmt::Display>(error: &serde_path_to_error::Error<E>) -> Reject {
    let said = error.inner().to_string();
    let quoted = |after: &str| said.strip_prefix(after).and_then(|rest| rest.split('`').next());
    let at = |field: Option<&str>| {
        let path = error.path().to_string();
        let path = if path == "." { String::new() } else { format!("{path}.") };
        let all =
            field.map_or_else(|| path.trim_end_matches('.').to_owned(), |field| format!("{path}{field}"));
        all.replace('.', "/")
    };
    if let Some(field) = quoted("missing field `") {
        Reject::malformed(&at(Some(field)), "required")
    } else if said.starts_with("unknown field `") {
        // The path of an unknown field is the field's own.
        Reject::malformed(&at(None), "unknown_field")
    } else if let Some(field) = quoted("duplicate field `") {
        Reject::malformed(&at(Some(field)), "repeated")
    } else {
        Reject::malformed(&at(None), "invalid")
    }
}

/// Reads a yes: `true`, or what a ticked box sends.
pub fn flag<'de, D: serde::Deserializer<'de>>(from: D) -> Result<bool, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Flag {
        Json(bool),
        Form(String),
    }
    match Flag::deserialize(from)? {
        Flag::Json(yes) => Ok(yes),
        Flag::Form(text) => Ok(matches!(text.as_str(), "yes" | "on" | "true")),
    }
}
