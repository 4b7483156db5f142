//! Finding accounts: the words under which one is listed, and what a search shows of it. The lists follow a change a
//! moment later ([`crate::publish_changes`]); what is done to an account is decided on its record.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::model::account::Account;
use crate::model::grant::{GrantState, Relationship};
use crate::model::ids::{AccountId, PatientId};
use crate::model::patient::Patient;
use crate::model::person::{Email, Name, comparable};

/// Accounts on a page.
pub const PAGE: usize = 25;

/// Words under which one account is listed, former ones included; beyond these, the former ones give way.
const WORDS: usize = 60;

/// A patient as a search shows them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ListedPatient {
    /// The EHR's id.
    pub id: PatientId,
    /// First name.
    pub given_name: Name,
    /// Last name.
    pub family_name: Name,
    /// What the account's holder is to them.
    pub relationship: Relationship,
    /// Whether the grant holds.
    pub state: GrantState,
}

/// An account as a search shows it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Listed {
    /// The account.
    pub account: AccountId,
    /// Its user name.
    pub username: String,
    /// The patients whom it sees, or saw.
    pub patients: Vec<ListedPatient>,
    /// Every word under which it is listed; `true`: it is present, `false`: a former one.
    pub words: BTreeMap<String, bool>,
    /// Counts the changes of this list.
    pub version: u64,
}

/// An account that was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FoundAccounts {
    /// It.
    pub listed: Listed,
    /// Whether what was typed is a former name or address.
    pub former: bool,
}

/// What a name without its initials is: `Maria J.` is `Maria`.
fn without_initials(text: &str) -> String {
    let parts = text.split_whitespace().filter(|part| comparable(part).chars().count() > 1);
    let joined: String = parts.map(comparable).collect();
    if joined.is_empty() { comparable(text) } else { joined }
}

/// What to look for when this was typed: as it is, and without initials in the middle or at the end. `None` for nothing.
pub fn searched(typed: &str) -> Option<Vec<String>> {
    let plain = comparable(typed);
    if plain.is_empty() || typed.len() > 400 {
        return None;
    }
    let other = without_initials(typed);
    let mut wanted = vec![plain];
    if !wanted.contains(&other) {
        wanted.push(other);
    }
    Some(wanted)
}

/// The words of a name in either order, with and without the middle name.
fn names(given: &Name, middle: Option<&Name>, family: &Name) -> Vec<String> {
    let (first, last) = (without_initials(given.reveal()), family.comparable());
    let mut words = vec![format!("{first}{last}"), format!("{last}{first}")];
    let whole = comparable(given.reveal());
    if whole != first {
        words.extend([format!("{whole}{last}"), format!("{last}{whole}")]);
    }
    if let Some(middle) = middle.map(Name::comparable) {
        words.extend([format!("{first}{middle}{last}"), format!("{last}{first}{middle}")]);
    }
    words
}

/// The words under which an account is listed now.
fn words(account: &Account, patients: &[Patient]) -> BTreeSet<String> {
    let mut words = vec![comparable(&account.username)];
    words.extend(account.email.as_ref().map(Email::reveal).map(comparable));
    if let (Some(given), Some(family)) = (&account.given_name, &account.family_name) {
        words.extend(names(given, None, family));
    }
    for patient in patients {
        let chart = &patient.chart;
        words.push(comparable(patient.id.as_str()));
        words.extend(chart.email.as_ref().map(Email::reveal).map(comparable));
        words.extend(names(&chart.given_name, chart.middle_name.as_ref(), &chart.family_name));
    }
    words.into_iter().filter(|word| !word.is_empty()).map(|word| word.chars().take(120).collect()).collect()
}

/// The list entry of an account as it is now, after `before`: what was present and is so no longer stays as a former
/// word. A deleted account is listed under nothing.
pub fn listed(account: &Account, patients: &[Patient], before: Option<&Listed>) -> Listed {
    let present = if account.deleted_at.is_some() { BTreeSet::new() } else { words(account, patients) };
    let mut all: BTreeMap<String, bool> = present.iter().map(|word| (word.clone(), true)).collect();
    let former =
        before.into_iter().filter(|_| account.deleted_at.is_none()).flat_map(|before| before.words.keys());
    for word in former {
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

/// Whether an account that is listed under several of the words looked for is to be shown for this one: for the first
/// of them alone, so that it is shown once, whatever the page.
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
