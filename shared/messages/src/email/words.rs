//! The words of one e-mail, in the order in which the layout shows them.

/// The lines that are the same in every e-mail.
pub(crate) struct Layout {
    pub(crate) copy_address: &'static str,
    /// Where nobody reads replies.
    pub(crate) no_answers: &'static str,
    /// How readers find out whether a mail is the practice's.
    pub(crate) not_sure: &'static str,
    pub(crate) portal: &'static str,
    pub(crate) no_password: &'static str,
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

impl Words<'_> {
    /// What a list of mails shows beside the subject: never a code, since it shows on lock screens, too.
    pub(crate) fn preview(&self) -> &str {
        let fact = self.fact.as_ref().map(|fact| fact.label);
        self.lead.first().map(String::as_str).or(fact).unwrap_or_default()
    }
}

/// What a mail that nobody asked for says below all else: why it came, how to stop such mails, and the sender's
/// postal address (empty if it is not known).
pub(crate) struct Foot<'a> {
    pub(crate) why: String,
    pub(crate) stop: &'static str,
    pub(crate) link: &'a str,
    pub(crate) address: &'a str,
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
