//! The search for accounts: the words that find an account, and the facts that a result shows.
//! `publish-changes` updates the words shortly after a change; every action on an account decides on the
//! account's own record.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::model::account::Account;
use crate::model::grant::{GrantState, Relationship};
use crate::model::ids::{AccountId, PatientId};
use crate::model::names::spellings;
use crate::model::patient::Patient;
use crate::model::person::{Email, Name, comparable};

/// Accounts on one page of results.
pub const PAGE: usize = 25;

/// Most words of one account, including former ones. If there are more, former words are left out.
const WORDS: usize = 60;

/// A patient in a result of the search.
#[expect(missing_docs, reason = "the names say it")]
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ListedPatient {
    pub id: PatientId,
    pub given_name: Name,
    pub family_name: Name,
    /// The relationship of the account's holder to the patient.
    pub relationship: Relationship,
    pub state: GrantState,
}

/// An account in a result of the search, with the words that find it.
#[expect(missing_docs, reason = "the names say it")]
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Listed {
    pub account: AccountId,
    pub username: String,
    /// The patients that it has or had access to, at most ten.
    pub patients: Vec<ListedPatient>,
    /// Every word that finds the account: `true` if it is a current one, `false` if it is a former one.
    pub words: BTreeMap<String, bool>,
    /// Raised by each change. A write fails unless it is one more than the stored one.
    pub version: u64,
}

/// An account that a search found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FoundAccounts {
    /// The account, as the list shows it.
    pub listed: Listed,
    /// Whether the search matched a former name or address.
    pub former: bool,
}

/// A name without its initials, in the form in which it is compared: `Maria J.` becomes `maria`.
fn without_initials(text: &str) -> String {
    let parts = text.split_whitespace().filter(|part| comparable(part).chars().count() > 1);
    let joined: String = parts.map(comparable).collect();
    if joined.is_empty() { comparable(text) } else { joined }
}

/// The words to search for: the text as it was typed, without initials, and both with the long spellings of letters.
/// `None` if nothing is left to search for, or the text has more than 400 bytes.
pub fn searched(typed: &str) -> Option<Vec<String>> {
    let plain = comparable(typed);
    if plain.is_empty() || typed.len() > 400 {
        return None;
    }
    let mut wanted = vec![plain];
    for spelling in spellings(typed) {
        for word in [comparable(&spelling), without_initials(&spelling)] {
            if !wanted.contains(&word) {
                wanted.push(word);
            }
        }
    }
    Some(wanted)
}

/// The words of a name: in either order, with and without the middle name, in the plain and in the long spelling of its
/// letters.
fn names(given: &Name, middle: Option<&Name>, family: &Name) -> Vec<String> {
    let of = |name: &str, place: usize| {
        let all = spellings(name);
        all.get(place).or(all.first()).cloned().unwrap_or_default()
    };
    let spelled = |place| {
        let middle = middle.map(|middle| of(middle.reveal(), place));
        names_as_spelled(&of(given.reveal(), place), middle.as_deref(), &of(family.reveal(), place))
    };
    spelled(0).into_iter().chain(spelled(1)).collect()
}

fn names_as_spelled(given: &str, middle: Option<&str>, family: &str) -> Vec<String> {
    let (first, last) = (without_initials(given), comparable(family));
    let mut words = vec![format!("{first}{last}"), format!("{last}{first}")];
    let whole = comparable(given);
    if whole != first {
        words.extend([format!("{whole}{last}"), format!("{last}{whole}")]);
    }
    if let Some(middle) = middle.map(comparable) {
        words.extend([format!("{first}{middle}{last}"), format!("{last}{first}{middle}")]);
    }
    words
}

/// The words of an account's own record that find it.
pub fn words_of_account(account: &Account) -> BTreeSet<String> {
    let mut words = vec![comparable(&account.username)];
    words.extend(account.email.as_ref().map(Email::reveal).map(comparable));
    if let (Some(given), Some(family)) = (&account.given_name, &account.family_name) {
        words.extend(names(given, None, family));
    }
    storable(words)
}

/// The words of a patient's record that find the patient's accounts.
pub fn words_of_patient(patient: &Patient) -> BTreeSet<String> {
    let chart = &patient.chart;
    let mut words = vec![comparable(patient.id.as_str())];
    words.extend(chart.email.as_ref().map(Email::reveal).map(comparable));
    words.extend(names(&chart.given_name, chart.middle_name.as_ref(), &chart.family_name));
    storable(words)
}

fn storable(words: Vec<String>) -> BTreeSet<String> {
    words.into_iter().filter(|word| !word.is_empty()).map(|word| word.chars().take(120).collect()).collect()
}

/// The words that find an account now.
fn words(account: &Account, patients: &[Patient]) -> BTreeSet<String> {
    words_of_account(account).into_iter().chain(patients.iter().flat_map(words_of_patient)).collect()
}

/// The list entry that follows `before`. Words that no longer apply, and those that `replaced` says applied once,
/// stay as former words. Nothing finds a deleted account.
pub fn listed(
    account: &Account,
    patients: &[Patient],
    before: Option<&Listed>,
    replaced: &BTreeSet<String>,
) -> Listed {
    let present = if account.deleted_at.is_some() { BTreeSet::new() } else { words(account, patients) };
    let mut all: BTreeMap<String, bool> = present.iter().map(|word| (word.clone(), true)).collect();
    let known = before.into_iter().flat_map(|before| before.words.keys()).chain(replaced);
    for word in known.filter(|_| account.deleted_at.is_none()) {
        if all.len() < WORDS.max(present.len()) {
            all.entry(word.clone()).or_insert(false);
        }
    }
    let patient = |patient: &Patient| {
        let grant = account.grant(&patient.id)?;
        Some(ListedPatient {
            id: patient.id.clone(),
            given_name: patient.chart.given_name.clone(),
            family_name: patient.chart.family_name.clone(),
            relationship: grant.relationship,
            state: grant.state,
        })
    };
    Listed {
        account: account.id,
        username: account.username.clone(),
        patients: patients.iter().filter_map(patient).take(10).collect(),
        words: all,
        version: before.map_or(1, |before| before.version + 1),
    }
}

/// Whether to show an account for this word. If several of its words match the search, it is shown only for
/// the first of them, so that it appears once across all pages.
pub fn is_first(listed: &Listed, word: &str, wanted: &[String]) -> bool {
    let matching = |known: &&String| wanted.iter().any(|prefix| known.starts_with(prefix.as_str()));
    listed.words.keys().find(matching).is_some_and(|first| first == word)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_typed_is_looked_for_with_and_without_initials() {
        assert_eq!(searched("Mayte A. Esc"), Some(vec!["mayteaesc".to_owned(), "mayteesc".to_owned()]));
        assert_eq!(searched("O’Neil, Seán"), Some(vec!["oneilsean".to_owned()]));
        assert_eq!(searched("Müller"), Some(vec!["muller".to_owned(), "mueller".to_owned()]));
        assert_eq!(searched("mary-ann@x.com"), Some(vec!["maryannxcom".to_owned()]));
        assert_eq!(searched(" ,. "), None);
    }

    #[test]
    fn a_name_is_listed_in_either_order_with_and_without_the_middle() {
        let name = |text| Name::parse(text).unwrap();
        let words = names(&name("Maria J."), Some(&name("Luz")), &name("de la Cruz"));
        for word in
            ["mariadelacruz", "delacruzmaria", "mariajdelacruz", "marialuzdelacruz", "delacruzmarialuz"]
        {
            assert!(words.contains(&word.to_owned()), "{word} in {words:?}");
        }
    }
}
