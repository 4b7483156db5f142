//! Whether a change of a chart corrects a person's facts, or makes it the chart of somebody else.

use crate::model::chart::Chart;

/// Whether the chart is now about another person: of first name, last name and birth date, at least two say something
/// else than before. A corrected letter, a shortened name or one wrong part of a date is a correction; so is any change
/// of one of the three alone, such as a new last name after a wedding.
pub fn is_another_person(before: &Chart, after: &Chart) -> bool {
    let given = is_another_name(&before.given_name.comparable(), &after.given_name.comparable());
    let family = is_another_name(&before.family_name.comparable(), &after.family_name.comparable());
    let born = is_another_date(&before.birth_date.reveal(), &after.birth_date.reveal());
    [given, family, born].into_iter().filter(|differs| *differs).count() >= 2
}

/// Whether two names are more than spellings of one: neither begins the other, and more than a third of the letters
/// would have to be changed.
fn is_another_name(before: &str, after: &str) -> bool {
    let longest = before.chars().count().max(after.chars().count());
    let begins =
        !before.is_empty() && !after.is_empty() && (before.starts_with(after) || after.starts_with(before));
    !begins && edits(before, after) * 3 > longest
}

/// Whether more than one part of two dates (`YYYYMMDD`) differs, unless day and month are only swapped.
fn is_another_date(before: &str, after: &str) -> bool {
    let parts = |date: &str| [0..4, 4..6, 6..8].map(|range| date.get(range).unwrap_or_default().to_owned());
    let ([year, month, day], [other_year, other_month, other_day]) = (parts(before), parts(after));
    let swapped = year == other_year && month == other_day && day == other_month;
    let differing = [year != other_year, month != other_month, day != other_day];
    !swapped && differing.into_iter().filter(|differs| *differs).count() > 1
}

/// The least number of letters to insert, delete or replace that makes one word of the other.
fn edits(one: &str, other: &str) -> usize {
    let other: Vec<char> = other.chars().collect();
    let mut row: Vec<usize> = (0..=other.len()).collect();
    for (place, letter) in one.chars().enumerate() {
        let mut next = vec![place + 1];
        for ((above, left_above), theirs) in row.iter().skip(1).zip(&row).zip(&other) {
            let left = next.last().copied().unwrap_or_default();
            let replaced = left_above + usize::from(letter != *theirs);
            next.push(replaced.min(above + 1).min(left + 1));
        }
        row = next;
    }
    row.last().copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Whether a change of these facts makes it another person's chart.
    fn another(before: (&str, &str, &str), after: (&str, &str, &str)) -> bool {
        let given = is_another_name(before.0, after.0);
        let family = is_another_name(before.1, after.1);
        let born = is_another_date(before.2, after.2);
        [given, family, born].into_iter().filter(|differs| *differs).count() >= 2
    }

    #[test]
    fn corrections_and_weddings_are_the_same_person() {
        for (before, after) in [
            (("rosa", "delgado", "19580304"), ("rosa", "delgado", "19580304")),
            (("rosa", "delgaod", "19580304"), ("rosa", "delgado", "19580304")),
            (("rose", "delgado", "19580304"), ("rosa", "delgado", "19850304")),
            (("rosa", "delgado", "19580304"), ("rosa", "winterbottom", "19580304")),
            (("rosa", "delgado", "19580304"), ("rosa", "winterbottom", "19580403")),
            (("rosamaria", "delgado", "19580304"), ("rosa", "delgadolopez", "19580304")),
            (("bob", "smith", "19580304"), ("robert", "smith", "19580304")),
            (("jo", "smith", "19580304"), ("joanna", "smyth", "19580305")),
        ] {
            assert!(!another(before, after), "{before:?} {after:?}");
        }
    }

    #[test]
    fn two_of_three_facts_make_another_person() {
        for (before, after) in [
            (("rosa", "delgado", "19580304"), ("theo", "winterbottom", "19580304")),
            (("rosa", "delgado", "19580304"), ("theo", "delgado", "20110612")),
            (("rosa", "delgado", "19580304"), ("rosa", "winterbottom", "19910612")),
            (("rosa", "delgado", "19580304"), ("theo", "winterbottom", "19910612")),
        ] {
            assert!(another(before, after), "{before:?} {after:?}");
        }
    }

    #[test]
    fn edits_are_counted() {
        for (one, other, number) in
            [("", "", 0), ("a", "", 1), ("kitten", "sitting", 3), ("ab", "ba", 2), ("same", "same", 0)]
        {
            assert_eq!(edits(one, other), number, "{one} {other}");
        }
    }
}
