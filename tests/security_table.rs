//! Compares the table "Attacks and their tests" in `docs/security.md` with the tests, so that a reader can go from an
//! attack to its test and from a test to its attack.

use std::collections::BTreeSet;
use std::fs;

use crate::architecture::{root, sources};

/// The words between backticks in the table's rows that are paths of tests.
fn named() -> BTreeSet<String> {
    let document = fs::read_to_string(root().join("docs/security.md")).unwrap();
    let (_, section) = document.split_once("\n## Attacks and their tests\n").expect("the section is there");
    let section = section.split("\n## ").next().unwrap_or_default();
    let rows = section.lines().filter(|line| line.starts_with("| "));
    let words = rows.flat_map(|row| row.split('`').skip(1).step_by(2));
    words.filter(|word| word.contains("::")).map(str::to_owned).collect()
}

/// The module of a source under `tests/`, with `::` behind it: `attacks::links::` of `tests/attacks/links.rs`.
fn module(file: &str) -> String {
    let path = file.trim_start_matches("tests/").trim_end_matches(".rs").trim_end_matches("/mod");
    format!("{}::", path.replace('/', "::"))
}

/// The tests of a source: the functions that have a test attribute.
fn tests_in(text: &str) -> Vec<&str> {
    let mut found = Vec::new();
    let mut is_test = false;
    for line in text.lines().map(str::trim_start) {
        is_test |= line.starts_with("#[test]") || line.starts_with("#[tokio::test");
        // Other attributes and comments may stand between the attribute and the function.
        if is_test
            && !line.starts_with(['#', '/'])
            && let Some((_, name)) = line.split_once("fn ")
        {
            found.extend(name.split('(').next());
            is_test = false;
        }
    }
    found
}

/// The path of every test under `tests/`. Those of attacks are named without their first word, as in the table.
fn known() -> (BTreeSet<String>, BTreeSet<String>) {
    let all = sources("tests").into_iter().flat_map(|(file, text)| {
        let module = module(&file);
        tests_in(&text).into_iter().map(|name| format!("{module}{name}")).collect::<Vec<_>>()
    });
    let (attacks, others): (BTreeSet<_>, BTreeSet<_>) = all.partition(|path| path.starts_with("attacks::"));
    let short = attacks.into_iter().map(|path| path.trim_start_matches("attacks::").to_owned());
    (short.collect(), others)
}

#[test]
fn every_attack_is_in_the_table_of_the_security_page() {
    let (attacks, _) = known();
    assert!(attacks.len() > 50, "it looks where it should: {} tests", attacks.len());
    let missing: Vec<_> = attacks.difference(&named()).cloned().collect();
    assert!(missing.is_empty(), "docs/security.md lacks {missing:#?}");
}

#[test]
fn every_test_that_the_security_page_names_exists() {
    let (attacks, others) = known();
    let known: BTreeSet<_> = attacks.union(&others).cloned().collect();
    let unknown: Vec<_> = named().difference(&known).cloned().collect();
    assert!(unknown.is_empty(), "docs/security.md names tests that are not there: {unknown:#?}");
}
