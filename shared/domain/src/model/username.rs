//! User names: which are allowed, how they are compared, and which to suggest.

use crate::model::pasted;
use crate::model::person::Email;

/// Why a user name was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UsernameFault {
    /// It does not have 3 to 100 characters, has others than letters, digits, `.`, `_`, `-`, `+` and `@`, or
    /// does not begin with a letter or digit.
    Malformed,
    /// It is an e-mail address, but not the person's own.
    NotYours,
}

impl UsernameFault {
    /// The stable code.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Malformed => "malformed",
            Self::NotYours => "not_your_address",
        }
    }
}

/// A user name in two forms: as written, and as compared (NFKC, lower case, no spaces around it). Only ASCII
/// is allowed, so that no two names look alike.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Username {
    /// The form in which its owner writes it.
    pub shown: String,
    /// The form in which names are compared. It is unique in a practice.
    pub name: String,
}

impl Username {
    /// Reads a user name.
    pub fn parse(text: &str) -> Result<Self, UsernameFault> {
        if text.len() > 400 {
            return Err(UsernameFault::Malformed);
        }
        // None of the signs around a copied name may stand in one.
        let plain = pasted::plain(text);
        let shown = plain.trim_matches(|c: char| c.is_whitespace() || "\"'`‘’“”«»<>()[],;:".contains(c));
        let shown = shown.strip_prefix("mailto:").unwrap_or(shown).to_owned();
        let allowed = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-' | b'+' | b'@');
        let fits = (3..=100).contains(&shown.len()) && shown.bytes().all(allowed);
        if fits && shown.bytes().next().is_some_and(|b| b.is_ascii_alphanumeric()) {
            let name = shown.to_ascii_lowercase();
            Ok(Self { shown, name })
        } else {
            Err(UsernameFault::Malformed)
        }
    }

    /// Reads the user name of a person whose verified e-mail addresses are `own`. A name with `@` must be one
    /// of them.
    pub fn parse_for(text: &str, own: &[&Email]) -> Result<Self, UsernameFault> {
        let username = Self::parse(text)?;
        if username.name.contains('@') && !own.iter().any(|email| email.comparable() == username.name) {
            return Err(UsernameFault::NotYours);
        }
        Ok(username)
    }
}

/// Suggests a user name: the person's e-mail address, or first and last name.
pub fn suggestion(email: Option<&Email>, given: &str, family: &str) -> String {
    email.map(Email::comparable).filter(|name| Username::parse(name).is_ok()).unwrap_or_else(|| {
        let ascii = |text: &str| {
            crate::model::person::comparable(text)
                .chars()
                .filter(char::is_ascii_alphanumeric)
                .collect::<String>()
        };
        let name = [ascii(given), ascii(family)]
            .into_iter()
            .filter(|part| !part.is_empty())
            .collect::<Vec<_>>()
            .join(".");
        if name.len() < 3 { "portal.user".to_owned() } else { name.chars().take(60).collect() }
    })
}

/// What names close to a taken one begin with: the taken one, or for an address the first name and its first part.
fn stem(taken: &Username, given: &str) -> String {
    let given: String = crate::model::person::comparable(given)
        .chars()
        .filter(char::is_ascii_alphanumeric)
        .take(30)
        .collect();
    let base = taken.name.split('@').next().unwrap_or_default();
    let base: String = if taken.name.contains('@') && !given.is_empty() {
        format!("{given}.{base}")
    } else {
        base.to_owned()
    };
    base.chars().take(90).collect()
}

/// Three different names that are close to a taken one, each with a random number of two digits.
pub fn alternatives(taken: &Username, given: &str, random: [u8; 3]) -> Vec<String> {
    let stem = stem(taken, given);
    let mut names: Vec<String> = Vec::new();
    for byte in random {
        let mut number = 10 + u32::from(byte) % 90;
        while names.contains(&format!("{stem}{number}")) {
            number = 10 + (number - 9) % 90;
        }
        names.push(format!("{stem}{number}"));
    }
    names
}

/// Names close to a taken one, in the order in which they are tried.
pub fn numbered(taken: &Username, given: &str) -> impl Iterator<Item = String> {
    let stem = stem(taken, given);
    let plain = Some(stem.clone()).filter(|stem| *stem != taken.name);
    plain.into_iter().chain((2..=9).map(move |number| format!("{stem}{number}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn user_names_compare_without_case_width_and_outer_spaces_and_only_ascii_is_allowed() {
        assert_eq!(Username::parse(" Mayte.Escobar ").unwrap().name, "mayte.escobar");
        assert_eq!(Username::parse("ｍａｙｔｅ").unwrap().name, "mayte");
        for text in
            ["\u{feff}mayte\u{200b}", "\u{a0}mayte\r\n", "may\u{ad}te", "“mayte”", "<mayte>,", "mailto:mayte"]
        {
            assert_eq!(Username::parse(text).unwrap().name, "mayte", "{text:?}");
        }
        assert_eq!(Username::parse("mayte.").unwrap().name, "mayte.", "a name may end with a dot");
        for text in ["ab", "mаyte", "a b c", "@abc", ".abc", "", "a\u{0}bc", &"x".repeat(101)] {
            assert_eq!(Username::parse(text), Err(UsernameFault::Malformed), "{text}");
        }
    }

    #[test]
    fn suggestions_differ_from_each_other_and_from_what_is_taken() {
        let taken = Username::parse("mayte@example.com").unwrap();
        for random in [[0, 0, 0], [89, 89, 89], [89, 179, 0], [7, 7, 8]] {
            let names = alternatives(&taken, "Ana", random);
            let different: std::collections::BTreeSet<&String> = names.iter().collect();
            assert_eq!((names.len(), different.len()), (3, 3), "{names:?}");
            assert!(names.iter().all(|name| Username::parse(name).is_ok() && name.starts_with("ana.mayte")));
        }
        let tried: Vec<String> = numbered(&taken, "Ana").take(2).collect();
        assert_eq!(tried, ["ana.mayte", "ana.mayte2"]);
        let plain = Username::parse("mayte").unwrap();
        assert_eq!(numbered(&plain, "Ana").next().unwrap(), "mayte2");
    }

    #[test]
    fn a_name_that_is_an_address_must_be_the_persons_own() {
        let own = Email::parse("Mayte@example.com").unwrap();
        assert!(Username::parse_for("mayte@EXAMPLE.com", &[&own]).is_ok());
        assert_eq!(Username::parse_for("other@example.com", &[&own]), Err(UsernameFault::NotYours));
    }
}
