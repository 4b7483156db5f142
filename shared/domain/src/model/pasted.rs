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
}
