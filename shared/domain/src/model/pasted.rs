//! Reads what people type or paste as they mean it: without invisible marks, with digits and letters in their
//! plain form.

use unicode_normalization::UnicodeNormalization;

/// The zeros of all scripts with decimal digits (Unicode 16, category Nd). The nine others follow each.
const ZEROS: [char; 66] = [
    '\u{30}',
    '\u{660}',
    '\u{6f0}',
    '\u{7c0}',
    '\u{966}',
    '\u{9e6}',
    '\u{a66}',
    '\u{ae6}',
    '\u{b66}',
    '\u{be6}',
    '\u{c66}',
    '\u{ce6}',
    '\u{d66}',
    '\u{de6}',
    '\u{e50}',
    '\u{ed0}',
    '\u{f20}',
    '\u{1040}',
    '\u{1090}',
    '\u{17e0}',
    '\u{1810}',
    '\u{1946}',
    '\u{19d0}',
    '\u{1a80}',
    '\u{1a90}',
    '\u{1b50}',
    '\u{1bb0}',
    '\u{1c40}',
    '\u{1c50}',
    '\u{a620}',
    '\u{a8d0}',
    '\u{a900}',
    '\u{a9d0}',
    '\u{a9f0}',
    '\u{aa50}',
    '\u{abf0}',
    '\u{ff10}',
    '\u{104a0}',
    '\u{10d30}',
    '\u{11066}',
    '\u{110f0}',
    '\u{11136}',
    '\u{111d0}',
    '\u{112f0}',
    '\u{11450}',
    '\u{114d0}',
    '\u{11650}',
    '\u{116c0}',
    '\u{11730}',
    '\u{118e0}',
    '\u{11950}',
    '\u{11c50}',
    '\u{11d50}',
    '\u{11da0}',
    '\u{16a60}',
    '\u{16ac0}',
    '\u{16b50}',
    '\u{1d7ce}',
    '\u{1d7d8}',
    '\u{1d7e2}',
    '\u{1d7ec}',
    '\u{1d7f6}',
    '\u{1e140}',
    '\u{1e2f0}',
    '\u{1e950}',
    '\u{1fbf0}',
];

/// The value of a decimal digit of any script.
fn digit(c: char) -> Option<char> {
    let before = ZEROS.partition_point(|zero| *zero <= c).checked_sub(1)?;
    let value = u32::from(c) - u32::from(*ZEROS.get(before)?);
    char::from_digit(value, 10)
}

/// Whether a character shows nothing: joiners, marks of direction and order, soft hyphens, variation selectors,
/// tags. Copying from mail, PDF and messengers brings them.
pub fn is_invisible(c: char) -> bool {
    matches!(c,
        '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}' | '\u{180b}'..='\u{180f}'
        | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{3164}'
        | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{ffa0}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e0fff}')
}

/// A text without invisible marks, with a plain space for each white space, without any around it. Letters and
/// digits stay as they are.
pub fn visible(text: &str) -> String {
    let shown = text.chars().filter(|c| !is_invisible(*c));
    let spaced: String = shown.map(|c| if c.is_whitespace() && !c.is_control() { ' ' } else { c }).collect();
    spaced.trim().to_owned()
}

/// A text in plain characters: as [`visible`], with full-width letters and signs as their usual ones (NFKC) and
/// the digits of every script as `0` to `9`.
pub fn plain(text: &str) -> String {
    let folded: String = text.nfkc().map(|c| digit(c).unwrap_or(c)).collect();
    visible(&folded)
}

/// Whether a sign comes from the text around what was copied: quotation marks, brackets, and what ends a sentence or
/// separates a list.
fn is_wrapping(c: char) -> bool {
    c.is_whitespace() || "\"'`´‘’‚‛“”„‟«»‹›<>()[].,;:!?،؛。、".contains(c)
}

/// A text in plain characters, without the signs around it that copying brings: quotation marks, brackets, and what
/// ends a sentence or separates a list.
pub fn unwrapped(text: &str) -> String {
    plain(text).trim_matches(is_wrapping).to_owned()
}

/// The digits of a number that people group with spaces, hyphens or dots. `None` if there is anything else in it.
pub fn digits(text: &str) -> Option<String> {
    let text: String =
        unwrapped(text).chars().filter(|c| !c.is_whitespace() && !is_dash(*c) && *c != '.').collect();
    (!text.is_empty() && text.bytes().all(|b| b.is_ascii_digit())).then_some(text)
}

/// Whether a sign is a hyphen, a dash or a minus.
pub fn is_dash(c: char) -> bool {
    matches!(
        c,
        '-' | '\u{ad}' | '\u{2010}'
            ..='\u{2015}' | '\u{2043}' | '\u{2212}' | '\u{2e3a}' | '\u{2e3b}' | '\u{30fc}'
    )
}

/// An e-mail address without what copying brings: `mailto:` and what follows the address in such a link, a name
/// with the address in angle brackets behind it, and signs around it.
pub fn address(text: &str) -> String {
    let whole = unwrapped(text);
    // A name that looks like an address is not a name, so the text stays as it is and is refused.
    let named = whole.rsplit_once('<').filter(|(name, _)| !name.contains(['@', '<', '>', '\n', '\r']));
    let inner = named.map_or(whole.as_str(), |(_, inner)| inner).trim_matches(is_wrapping);
    match inner.split_at_checked(7) {
        Some((scheme, rest)) if scheme.eq_ignore_ascii_case("mailto:") => {
            rest.split('?').next().unwrap_or_default().trim_matches(is_wrapping).to_owned()
        }
        _ => inner.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_digits_of_every_script_have_their_value() {
        assert!(ZEROS.is_sorted());
        for zero in ZEROS {
            for value in 0..10 {
                let c = char::from_u32(u32::from(zero) + value).unwrap();
                assert_eq!(digit(c), char::from_digit(value, 10), "{c}");
            }
        }
        assert!("a/:Ａ²½".chars().all(|c| digit(c).is_none()));
    }

    #[test]
    fn invisible_marks_go_and_white_space_is_a_space() {
        assert_eq!(visible("\u{feff} a\u{200b}b\u{ad}\u{a0}c\u{2003}d\u{202e}\r\n"), "ab c d");
        assert_eq!(plain("\u{2066}０２１３９－１２３４\u{2069}"), "02139-1234");
        assert_eq!(plain("٠٢١٣٩"), "02139");
    }

    /// What copying puts around a text. None of it may change what is read.
    const AROUND: [(&str, &str); 24] = [
        ("", ""),
        (" ", " "),
        ("\u{a0}", "\u{a0}"),
        ("\u{200b}", ""),
        ("", "\u{200b}"),
        ("\u{feff}", "\r\n"),
        ("\u{202a}", "\u{202c}"),
        ("\u{2068}", "\u{2069}"),
        ("\u{ad}", "\u{ad}"),
        ("\t", "\t"),
        ("", "."),
        ("", ","),
        ("", ";"),
        ("", "\u{200e}. "),
        ("\"", "\""),
        ("'", "'"),
        ("“", "”"),
        ("«", "»"),
        ("<", ">"),
        ("(", ")"),
        ("[", "],"),
        ("\u{3000}", "\u{2009}"),
        ("", "\u{fe0f}"),
        ("'", ""),
    ];

    #[test]
    fn what_copying_puts_around_an_address_a_number_or_a_code_says_nothing() {
        let wide = |text: &str| -> String {
            text.chars()
                .map(
                    |c| if c.is_ascii_graphic() { char::from_u32(u32::from(c) + 0xfee0).unwrap() } else { c },
                )
                .collect()
        };
        for (before, after) in AROUND {
            for form in [str::to_owned, wide as fn(&str) -> String] {
                let around = |text: &str| format!("{before}{}{after}", form(text));
                assert_eq!(
                    address(&around("rosa.lee+x@example.com")),
                    "rosa.lee+x@example.com",
                    "{before:?} {after:?}"
                );
                assert_eq!(
                    address(&around("mailto:rosa@example.com")),
                    "rosa@example.com",
                    "{before:?} {after:?}"
                );
                assert_eq!(address(&around("MAILTO:rosa@example.com?subject=Hi")), "rosa@example.com");
                assert_eq!(address(&around("Rosa Lee <rosa@example.com>")), "rosa@example.com");
                assert_eq!(digits(&around("123456")).as_deref(), Some("123456"), "{before:?} {after:?}");
                assert_eq!(digits(&around("1234-5678")).as_deref(), Some("12345678"), "{before:?} {after:?}");
                assert_eq!(digits(&around("123 456")).as_deref(), Some("123456"), "{before:?} {after:?}");
                assert_eq!(unwrapped(&around("02139-1234")), "02139-1234", "{before:?} {after:?}");
            }
        }
    }

    #[test]
    fn invisible_marks_between_letters_say_nothing_either() {
        for mark in [
            "\u{200b}",
            "\u{200c}",
            "\u{200d}",
            "\u{2060}",
            "\u{ad}",
            "\u{feff}",
            "\u{202e}",
            "\u{34f}",
            "\u{fe0f}",
            "\u{e0020}",
        ] {
            let between = |text: &str| -> String {
                text.chars().flat_map(|c| [c.to_string(), mark.to_owned()]).collect()
            };
            assert_eq!(address(&between("rosa@example.com")), "rosa@example.com", "{mark:?}");
            assert_eq!(digits(&between("123456")).as_deref(), Some("123456"), "{mark:?}");
            assert_eq!(visible(&between("García López")), "García López", "{mark:?}");
        }
    }

    #[test]
    fn what_stands_inside_stays() {
        assert_eq!(address("a@example.com,b@example.com"), "a@example.com,b@example.com");
        assert_eq!(address("a@example.com <b@example.com>"), "a@example.com <b@example.com");
        assert_eq!(address("a@example.com\r\nBcc: b@example.com"), "a@example.com\r\nBcc: b@example.com");
        for text in ["", "12a4", "12/34", "+1234", "12,34"] {
            assert_eq!(digits(text), None, "{text}");
        }
    }
}
