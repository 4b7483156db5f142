//! Form fields with label, hint and error.

use std::borrow::Cow;

use askama::Template;
use portico_domain::model::password::PasswordFault;

use crate::page::frame::Frame;
use crate::page::visit::Form;

/// A problem that a page shows: the field's name (empty: the whole form) and a sentence.
pub type Fault = (&'static str, String);

/// A page's problems in the order of its fields, with those of required fields that were left empty: a reader mends
/// them all at once. A page without problems gets none.
pub fn all_faults(mut found: Vec<Fault>, empty: Vec<Fault>, order: &[&str]) -> Vec<Fault> {
    if !found.is_empty() {
        for fault in empty {
            if !found.iter().any(|(name, _)| *name == fault.0) {
                found.push(fault);
            }
        }
    }
    // What belongs to no field comes first.
    found.sort_by_key(|(name, _)| order.iter().position(|known| known == name));
    found
}

/// Why a password won't do, at the field of this name; `shortest` is the practice's rule.
pub fn password_faults(
    field: &'static str,
    faults: &[PasswordFault],
    frame: &Frame,
    shortest: u32,
) -> Vec<Fault> {
    let words = &frame.text.register;
    let sentence = |fault: &PasswordFault| match fault {
        PasswordFault::TooShort => words.password_too_short(shortest as usize),
        PasswordFault::TooLong => words.password_too_long.to_owned(),
        PasswordFault::Common => words.password_common.to_owned(),
        PasswordFault::Contextual => words.password_contextual.to_owned(),
    };
    faults.iter().map(|fault| (field, sentence(fault))).collect()
}

/// One labelled input.
#[derive(Clone, Template)]
#[template(path = "field.html")]
pub struct Field {
    /// What names it on the page: its name, unless two forms have a field of one name.
    id: Cow<'static, str>,
    name: &'static str,
    label: String,
    hint: String,
    error: Option<String>,
    kind: &'static str,
    class: &'static str,
    value: String,
    autocomplete: &'static str,
    inputmode: &'static str,
    required: bool,
    optional: &'static str,
    /// A heading above it; empty: none.
    heading: &'static str,
    /// What lies beside a password: the words of the box that shows what is typed.
    show: &'static str,
    /// The boxes of a date: month, day and year. Empty for other fields.
    boxes: Vec<DateBox>,
}

/// One box of a date.
#[derive(Clone)]
struct DateBox {
    name: String,
    label: &'static str,
    class: &'static str,
    value: String,
    autocomplete: &'static str,
}

impl askama::filters::HtmlSafe for Field {}

impl Field {
    /// A required input of this name and label.
    pub fn new(name: &'static str, label: &str, frame: &Frame) -> Self {
        Self {
            id: Cow::Borrowed(name),
            name,
            label: label.to_owned(),
            hint: String::new(),
            error: None,
            kind: "text",
            class: "",
            value: String::new(),
            autocomplete: "",
            inputmode: "",
            required: true,
            heading: "",
            optional: frame.text.shared.optional,
            show: frame.text.shared.show_typed,
            boxes: Vec::new(),
        }
    }

    /// A date in three boxes. `name` ends with `_date`; the boxes' names end with `_month`, `_day` and `_year`. A browser
    /// fills in the reader's own birth date alone.
    pub fn date(name: &'static str, label: &str, frame: &Frame, form: &Form, is_own: bool) -> Self {
        let words = &frame.text.shared;
        let parts = [
            ("month", words.month, "two", "bday-month"),
            ("day", words.day, "two", "bday-day"),
            ("year", words.year, "four", "bday-year"),
        ];
        let stem = name.trim_end_matches("_date");
        let boxes = parts.map(|(part, label, class, autocomplete)| {
            let name = format!("{stem}_{part}");
            let value = form.value(&name).to_owned();
            DateBox { name, label, class, value, autocomplete: if is_own { autocomplete } else { "off" } }
        });
        Self { boxes: boxes.into(), ..Self::new(name, label, frame) }.hint(frame.text.link.birth_date_hint)
    }

    /// Under another id than its name, where two forms of a page have a field of one name.
    #[must_use]
    pub fn id(mut self, id: impl Into<Cow<'static, str>>) -> Self {
        self.id = id.into();
        self
    }

    /// With a hint under the label.
    #[must_use]
    pub fn hint(mut self, hint: &str) -> Self {
        hint.clone_into(&mut self.hint);
        self
    }

    /// Of another type than text.
    #[must_use]
    pub const fn kind(mut self, kind: &'static str) -> Self {
        self.kind = kind;
        self
    }

    /// With a class.
    #[must_use]
    pub const fn class(mut self, class: &'static str) -> Self {
        self.class = class;
        self
    }

    /// With what the browser may fill in, and the keyboard a phone shows.
    #[must_use]
    pub const fn filled(mut self, autocomplete: &'static str, inputmode: &'static str) -> Self {
        self.autocomplete = autocomplete;
        self.inputmode = inputmode;
        self
    }

    /// That may be left empty.
    #[must_use]
    pub const fn optional(mut self) -> Self {
        self.required = false;
        self
    }

    /// That may be left empty, as everybody sees: nothing marks it.
    #[must_use]
    pub const fn unmarked(mut self) -> Self {
        self.required = false;
        self.optional = "";
        self
    }

    /// Under a heading that begins with it.
    #[must_use]
    pub const fn heading(mut self, heading: &'static str) -> Self {
        self.heading = heading;
        self
    }

    /// With a value.
    #[must_use]
    pub fn value(mut self, value: &str) -> Self {
        value.clone_into(&mut self.value);
        self
    }

    /// With its sentence among a page's faults.
    #[must_use]
    pub fn among(mut self, faults: &[Fault]) -> Self {
        let own: Vec<&str> =
            faults.iter().filter(|(name, _)| *name == self.id).map(|(_, text)| text.as_str()).collect();
        self.error = (!own.is_empty()).then(|| own.join(" "));
        self
    }

    /// Names of people, streets and cities begin with a capital, and a state is two; nothing else that is typed here is.
    fn capitals(&self) -> &'static str {
        match self.name {
            "address_line" | "city" => "words",
            "state" => "characters",
            name if name.ends_with("_name") => "words",
            _ => "none",
        }
    }

    fn described_by(&self) -> Option<String> {
        let ids: Vec<String> = [(!self.hint.is_empty(), "hint"), (self.error.is_some(), "error")]
            .into_iter()
            .filter(|(there, _)| *there)
            .map(|(_, part)| format!("{}-{part}", self.id))
            .collect();
        (!ids.is_empty()).then(|| ids.join(" "))
    }
}
