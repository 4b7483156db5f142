//! The words of one e-mail, in the order in which the layout shows them.

/// The lines that are the same in every e-mail.
pub(crate) struct Layout {
    pub(crate) copy_address: &'static str,
    pub(crate) no_answers: &'static str,
}

/// The words of one message, in the order in which the layout shows them.
pub(crate) struct Words<'a> {
    pub(crate) subject: String,
    pub(crate) greeting: String,
    pub(crate) lead: Vec<String>,
    pub(crate) fact: Option<Fact<'a>>,
    pub(crate) button: Option<Button<'a>>,
    pub(crate) close: Vec<String>,
    pub(crate) call: Call,
}

/// The one thing that the reader needs from the mail: a code (large), or user names, one on each line.
pub(crate) struct Fact<'a> {
    pub(crate) label: &'static str,
    pub(crate) values: Vec<&'a str>,
    pub(crate) large: bool,
}

pub(crate) struct Button<'a> {
    pub(crate) label: &'static str,
    pub(crate) link: &'a str,
}

/// The sentence around the phone number.
pub(crate) struct Call {
    pub(crate) before: &'static str,
    pub(crate) after: &'static str,
}
