//! Which phone numbers we text and call: those of the United States, Canada and the territories, by the structure of the
//! North American Numbering Plan. Area codes and exchanges come into service every year, so no list says which are
//! right; short lists say which are wrong, and those change once in decades.

use crate::model::pasted::{is_dash, plain};

/// Area codes of members of the plan outside the United States, Canada and the territories. Numbers there cost as much as
/// foreign ones, and toll fraud uses them. From the plan's administrator (nanpa.com, area codes by country); `tests/oracles/phone_plan.py`
/// compares them with libphonenumber.
const ELSEWHERE: [&str; 22] = [
    "242", // Bahamas
    "246", // Barbados
    "264", // Anguilla
    "268", // Antigua and Barbuda
    "284", // British Virgin Islands
    "345", // Cayman Islands
    "441", // Bermuda
    "473", // Grenada
    "649", // Turks and Caicos Islands
    "658", // Jamaica
    "664", // Montserrat
    "721", // Sint Maarten
    "758", // Saint Lucia
    "767", // Dominica
    "784", // Saint Vincent and the Grenadines
    "809", "829", "849", // Dominican Republic
    "868", // Trinidad and Tobago
    "869", // Saint Kitts and Nevis
    "876", // Jamaica
    "456", // inbound calls from abroad
];

/// Area codes of personal services, machines and the government, which belong to no area. Those with two equal digits at the
/// end need no list.
const NOWHERE: [&str; 28] = [
    "521", "523", "524", "525", "526", "527", "528", "529", "532", "535", "538", "542", "543", "545", "546",
    "547", "549", "550", "552", "553", "554", "556", "569", "578", "588", "589", "700", "710",
];

/// Words that people write beside a number, and that say nothing about it.
const LABELS: [&str; 19] = [
    "tel",
    "telephone",
    "phone",
    "ph",
    "cell",
    "cellphone",
    "cellular",
    "mobile",
    "mob",
    "home",
    "c",
    "m",
    "h",
    "celular",
    "movil",
    "casa",
    "telefono",
    "number",
    "no",
];

/// The number in E.164, if it is one that we text and call; `None` for any other text. A number without `+` is one of the
/// plan's.
pub fn dialled(text: &str) -> Option<String> {
    let national = national(&plain(text))?;
    is_assigned(&national).then(|| format!("+1{national}"))
}

/// The ten digits of a number of the plan, in any usual notation.
fn national(text: &str) -> Option<String> {
    let text = text.trim().trim_matches(|c: char| c.is_whitespace() || ".,;:\"'“”<>".contains(c));
    let mut digits = String::new();
    let mut word = String::new();
    let mut international = false;
    for c in text.chars().chain([' ']) {
        if c.is_alphabetic() {
            word.push(c);
            continue;
        }
        if !word.is_empty() {
            if !LABELS.contains(&super::names::comparable(&word).as_str()) {
                return None;
            }
            word.clear();
        }
        match c {
            '0'..='9' => digits.push(c),
            '+' if digits.is_empty() && !international => international = true,
            c if c.is_whitespace() || is_dash(c) || "()[].:/·•_".contains(c) => {}
            _ => return None,
        }
    }
    let national = match (international, digits.len()) {
        (false, 10) => digits.as_str(),
        (_, 11) => digits.strip_prefix('1')?,
        // The prefix of calls to abroad in other countries, and that of the United States.
        (false, 13) => digits.strip_prefix("001")?,
        (false, 14) => digits.strip_prefix("0111")?,
        _ => return None,
    };
    Some(national.to_owned())
}

/// Whether the plan may have assigned this number to a person in the United States, Canada or the territories.
fn is_assigned(national: &str) -> bool {
    let (Some(area), Some(exchange), Some(line)) = (national.get(..3), national.get(3..6), national.get(6..))
    else {
        return false;
    };
    is_area(area) && is_exchange(exchange) && !(exchange == "555" && line == "1212")
}

/// Whether three digits may be the code of an area that we text and call.
fn is_area(code: &str) -> bool {
    let [first, second, third] = code.as_bytes() else { return false };
    (b'2'..=b'9').contains(first)
        // N11 are services; the middle 9 is kept for the day when numbers get longer.
        && *second != b'9'
        // Equal digits at the end: toll-free (800, 833, 844 …), premium (900), personal (500, 533 …) and N11.
        && second != third
        // Kept back whole, should the plan need ten codes in a row.
        && !code.starts_with("37")
        && !code.starts_with("96")
        && !ELSEWHERE.contains(&code)
        && !NOWHERE.contains(&code)
}

/// Whether three digits may be an exchange. N11 are services everywhere.
fn is_exchange(code: &str) -> bool {
    code.bytes().next().is_some_and(|first| (b'2'..=b'9').contains(&first)) && !code.ends_with("11")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_dialled_in_any_usual_notation() {
        for text in [
            "2025550123",
            "(202) 555-0123",
            "202-555-0123",
            "202.555.0123",
            "202 555 0123",
            "202/555-0123",
            "1-202-555-0123",
            "+1 202 555 0123",
            "+12025550123",
            "12025550123",
            "+1 (202) 555-0123",
            "(202)555-0123",
            "0012025550123",
            "011 1 202 555 0123",
            "202–555–0123",
            "202‑555‑0123",
            "２０２５５５０１２３",
            "＋１２０２５５５０１２３",
            "٢٠٢٥٥٥٠١٢٣",
            "\u{202a}(202) 555-0123\u{202c}",
            "tel:+1-202-555-0123",
            "cell: 202-555-0123",
            "202-555-0123 (home)",
            "Móvil 202 555 0123",
            "h 202-555-0123",
            "202\u{a0}555\u{a0}0123",
            "202-555-0123.",
            "\"202-555-0123\"",
            "<202-555-0123>",
            "202·555·0123",
        ] {
            assert_eq!(dialled(text).as_deref(), Some("+12025550123"), "{text}");
        }
    }

    #[test]
    fn area_codes_that_came_into_service_are_dialled_without_a_list() {
        for area in [
            "436", "624", "861", "235", "329", "350", "369", "457", "465", "471", "483", "565", "568", "572",
            "645", "686", "728", "730", "738", "748", "821", "835", "837", "924", "942", "943", "948", "983",
            "263", "354", "382", "428", "468", "584", "672", "683", "742", "753", "787", "939", "340", "670",
            "671", "684", "867", "907", "808",
        ] {
            for exchange in ["200", "436", "555", "799", "976", "999"] {
                assert!(dialled(&format!("{area}{exchange}0123")).is_some(), "{area} {exchange}");
            }
        }
    }

    #[test]
    fn what_the_plan_never_assigns_or_assigns_elsewhere_is_not_dialled() {
        let mut refused = 0;
        for area in 0..1000 {
            let code = format!("{area:03}");
            let [first, second, third] = [area / 100, area / 10 % 10, area % 10];
            let never = first < 2 || second == 9 || second == third || area / 10 == 37 || area / 10 == 96;
            let elsewhere = ELSEWHERE.contains(&code.as_str()) || NOWHERE.contains(&code.as_str());
            assert_eq!(dialled(&format!("{code}2340123")).is_none(), never || elsewhere, "{code}");
            refused += usize::from(never || elsewhere);
            let bad_exchange = first < 2 || area % 100 == 11;
            assert_eq!(dialled(&format!("202{code}0123")).is_none(), bad_exchange, "202 {code}");
        }
        assert!(refused > 400);
        for area in [
            "800", "833", "844", "855", "866", "877", "888", "900", "500", "533", "600", "622", "700", "710",
            "911", "211",
        ] {
            assert!(dialled(&format!("+1{area}5550123")).is_none(), "{area}");
        }
        assert!(dialled("202-555-1212").is_none(), "directory assistance");
    }

    #[test]
    fn other_texts_are_no_number() {
        for text in [
            "",
            " ",
            "12",
            "5550123",
            "555-0123",
            "202-555-012",
            "202-555-01234",
            "+44 20 7946 0958",
            "+52 55 1234 5678",
            "+2025550123",
            "++12025550123",
            "202+5550123",
            "202-555-0123 ext. 9",
            "202-555-0123 x9",
            "202-555-0123#9",
            "202-555-0123;ext=9",
            "202-555-0123,9",
            "call me",
            "202-555-CARE",
            "202-555-0123 or 202-555-0124",
            "202-555-0123 / 202-555-0124",
            "husband 202-555-0123",
            "000-000-0000",
            "999-999-9999",
            "123-456-7890",
            "111-111-1111",
            "555-555-5555",
            "none",
        ] {
            assert_eq!(dialled(text), None, "{text}");
        }
    }
}
