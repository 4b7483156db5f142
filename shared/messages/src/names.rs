//! Formats names and phone numbers for messages.

/// Longest given name that a greeting uses, in characters; a longer one is left out.
const LONGEST_GIVEN_NAME: usize = 40;

/// A phone number as it is written in the United States, `(202) 555-0123`. Any other E.164 number stays as
/// it is.
pub fn phone(e164: &str) -> String {
    let national = e164
        .strip_prefix("+1")
        .filter(|digits| digits.len() == 10 && digits.bytes().all(|byte| byte.is_ascii_digit()))
        .and_then(|digits| {
            let (area, rest) = digits.split_at_checked(3)?;
            let (exchange, line) = rest.split_at_checked(3)?;
            Some(format!("({area}) {exchange}-{line}"))
        });
    national.unwrap_or_else(|| e164.to_owned())
}

/// Puts text on one line: control characters and runs of white space become single spaces. So a name can't
/// add a header to a mail or a line to a text.
pub(crate) fn one_line(name: &str) -> String {
    name.split(|c: char| c.is_whitespace() || c.is_control())
        .filter(|word| !word.is_empty())
        .collect::<Vec<_>>()
        .join(" ")
}

/// The given name for a greeting, or `None` if it does not look like a name. Patients type the names of
/// the people they invite, and a mail in the practice's name must not carry a stranger's advertisement or
/// web address.
pub(crate) fn greeting_name(given_name: Option<&str>) -> Option<String> {
    let name = one_line(given_name?);
    let letters = name.chars().any(char::is_alphabetic);
    let spelled = name.chars().all(|c| {
        c.is_alphabetic() || matches!(c, ' ' | '\'' | '\u{2019}' | '-' | '.' | '\u{300}'..='\u{36f}')
    });
    let dots_end_words = name.split(' ').all(|word| {
        let stem = word.strip_suffix('.').unwrap_or(word);
        !stem.contains('.')
    });
    (letters && spelled && dots_end_words && name.chars().count() <= LONGEST_GIVEN_NAME).then_some(name)
}

/// A browser, such as "Safari on iPhone", in this language.
pub fn browser_words(english: &str, language: crate::Language) -> String {
    match language {
        crate::Language::English => english.to_owned(),
        crate::Language::Spanish => english.replace(" on ", " en "),
    }
}
