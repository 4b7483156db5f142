//! The GSM 03.38 alphabet: the length of a text in septets, and replacements for letters that the
//! alphabet lacks.

use crate::names::greeting_name;

/// The length of `text` in septets of the GSM 03.38 default alphabet; its extension characters count twice.
/// `None` if `text` has a character that the alphabet lacks.
pub fn septets(text: &str) -> Option<usize> {
    text.chars().map(width).sum()
}

/// The given name for a greeting, or `None` if it has a character that the alphabet lacks.
pub(crate) fn gsm_name(given_name: Option<&str>) -> Option<String> {
    greeting_name(given_name).filter(|name| {
        name.chars()
            .all(|c| width(c).is_some() || !counterpart(c).is_empty() || matches!(c, '\u{300}'..='\u{36f}'))
    })
}

/// As many whole words of `name` as fit into `room` septets, without `of` or a comma at the end. If not even
/// the first word fits, a part of it.
pub(crate) fn shortened(name: &str, room: usize) -> String {
    let mut kept = String::new();
    for word in name.split(' ') {
        let longer = if kept.is_empty() { word.to_owned() } else { format!("{kept} {word}") };
        if septets(&longer).is_none_or(|length| length > room) {
            break;
        }
        kept = longer;
    }
    loop {
        kept.truncate(kept.trim_end_matches([' ', ',', ';', ':', '-', '&', '/', '(']).len());
        match kept.rsplit_once(' ') {
            Some((head, "of" | "and" | "the" | "for" | "in" | "at" | "de" | "del" | "la" | "el" | "y")) => {
                kept.truncate(head.len());
            }
            _ => break,
        }
    }
    if kept.is_empty() {
        for letter in name.chars() {
            let longer = format!("{kept}{letter}");
            if septets(&longer).is_none_or(|length| length > room) {
                break;
            }
            kept = longer;
        }
    }
    kept
}

/// Septets of one character (3GPP TS 23.038, 6.2.1 and 6.2.1.1).
fn width(c: char) -> Option<usize> {
    match c {
        // All of `!` to `?` belongs to the alphabet; of the rest of ASCII, only the characters in this list.
        'A'..='Z'
        | 'a'..='z'
        | '!'..='?'
        | ' '
        | '\n'
        | '\r'
        | '@'
        | '_'
        | '£'
        | '¥'
        | '¤'
        | '§'
        | '¡'
        | '¿'
        | 'è'
        | 'é'
        | 'ù'
        | 'ì'
        | 'ò'
        | 'à'
        | 'ä'
        | 'ö'
        | 'ñ'
        | 'ü'
        | 'å'
        | 'æ'
        | 'ø'
        | 'ß'
        | 'Ç'
        | 'Ø'
        | 'Å'
        | 'Æ'
        | 'É'
        | 'Ä'
        | 'Ö'
        | 'Ñ'
        | 'Ü'
        | 'Δ'
        | 'Φ'
        | 'Γ'
        | 'Λ'
        | 'Ω'
        | 'Π'
        | 'Ψ'
        | 'Σ'
        | 'Θ'
        | 'Ξ' => Some(1),
        '^' | '{' | '}' | '\\' | '[' | '~' | ']' | '|' | '€' | '\u{c}' => Some(2),
        _ => None,
    }
}

/// Converts `text` to the GSM alphabet: letters lose accents that the alphabet lacks, and characters without
/// any counterpart are dropped.
pub(crate) fn gsm(text: &str) -> String {
    let mut folded = String::with_capacity(text.len());
    for c in text.chars() {
        if width(c).is_some() {
            folded.push(c);
        } else {
            folded.push_str(counterpart(c));
        }
    }
    // A dropped word leaves two spaces.
    folded.split(' ').filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ")
}

const fn counterpart(c: char) -> &'static str {
    match c {
        'Á' | 'À' | 'Â' | 'Ã' | 'Ā' | 'Ă' | 'Ą' => "A",
        'á' | 'â' | 'ã' | 'ā' | 'ă' | 'ą' | 'ª' => "a",
        'Ć' | 'Č' | 'Ĉ' | 'Ċ' => "C",
        'ç' | 'ć' | 'č' | 'ĉ' | 'ċ' => "c",
        'Ď' | 'Đ' | 'Ð' => "D",
        'ď' | 'đ' | 'ð' => "d",
        'È' | 'Ê' | 'Ë' | 'Ē' | 'Ė' | 'Ę' | 'Ě' => "E",
        'ê' | 'ë' | 'ē' | 'ė' | 'ę' | 'ě' => "e",
        'Ğ' | 'Ģ' | 'Ġ' => "G",
        'ğ' | 'ģ' | 'ġ' => "g",
        'Í' | 'Ì' | 'Î' | 'Ï' | 'Ī' | 'Į' | 'İ' => "I",
        'í' | 'î' | 'ï' | 'ī' | 'į' | 'ı' => "i",
        'Ķ' => "K",
        'ķ' => "k",
        'Ł' | 'Ļ' | 'Ľ' | 'Ĺ' => "L",
        'ł' | 'ļ' | 'ľ' | 'ĺ' => "l",
        'Ń' | 'Ň' | 'Ņ' => "N",
        'ń' | 'ň' | 'ņ' => "n",
        'Ó' | 'Ò' | 'Ô' | 'Õ' | 'Ō' | 'Ő' => "O",
        'ó' | 'ô' | 'õ' | 'ō' | 'ő' | 'º' => "o",
        'Œ' => "OE",
        'œ' => "oe",
        'Ř' | 'Ŕ' => "R",
        'ř' | 'ŕ' => "r",
        'Ś' | 'Š' | 'Ş' | 'Ș' => "S",
        'ś' | 'š' | 'ş' | 'ș' => "s",
        'Ť' | 'Ţ' | 'Ț' => "T",
        'ť' | 'ţ' | 'ț' => "t",
        'Þ' => "Th",
        'þ' => "th",
        'Ú' | 'Ù' | 'Û' | 'Ū' | 'Ů' | 'Ű' | 'Ų' => "U",
        'ú' | 'û' | 'ū' | 'ů' | 'ű' | 'ų' => "u",
        'Ý' | 'Ÿ' => "Y",
        'ý' | 'ÿ' => "y",
        'Ź' | 'Ż' | 'Ž' => "Z",
        'ź' | 'ż' | 'ž' => "z",
        '\u{2018}' | '\u{2019}' | '\u{201a}' | '\u{2032}' | '\u{2bb}' | '\u{2bc}' | '`' | '´' => "'",
        '\u{201c}' | '\u{201d}' | '\u{201e}' | '\u{2033}' | '«' | '»' => "\"",
        '\u{2010}'..='\u{2015}' | '\u{2212}' | '·' | '•' => "-",
        '\u{2026}' => "...",
        '\u{a0}' | '\u{2009}' | '\u{202f}' | '\t' => " ",
        '®' => "(R)",
        '©' => "(C)",
        _ => "",
    }
}
