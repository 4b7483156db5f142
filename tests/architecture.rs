//! The house rules as tests: which crate may use which, and where names of keys may appear.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use portico_local::Template;

pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the repository").to_owned()
}

pub fn folders(of: &str) -> BTreeSet<String> {
    let entries = fs::read_dir(root().join(of)).unwrap().map(|entry| entry.unwrap());
    entries
        .filter(|entry| entry.path().is_dir())
        .map(|entry| entry.file_name().into_string().unwrap())
        .collect()
}

/// Every Rust source under a folder, with its path from the root.
pub fn sources(of: &str) -> Vec<(String, String)> {
    let mut found = Vec::new();
    let mut open = vec![root().join(of)];
    while let Some(folder) = open.pop() {
        for entry in fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
            if entry.is_dir() {
                open.push(entry);
            } else if entry.extension().is_some_and(|kind| kind == "rs") {
                let name = entry.strip_prefix(root()).unwrap().display().to_string();
                found.push((name, fs::read_to_string(&entry).unwrap()));
            }
        }
    }
    found
}

#[test]
fn a_functions_lib_knows_web_messages_and_domain_and_nothing_else_of_ours() {
    let functions: Vec<String> = folders("functions").iter().map(|name| name.replace('-', "_")).collect();
    for (file, text) in sources("functions") {
        if file.ends_with("/main.rs") {
            continue;
        }
        let own = file.split('/').nth(1).unwrap().replace('-', "_");
        let others = functions.iter().filter(|name| **name != own).map(|name| format!("{name}::"));
        for stranger in ["portico_aws", "portico_store", "portico_local", "aws_sdk_"]
            .map(str::to_owned)
            .into_iter()
            .chain(others)
        {
            let used = text.lines().any(|line| {
                line.trim_start().starts_with(&format!("use {stranger}"))
                    || line.contains(&format!(" {stranger}("))
            });
            assert!(!used, "{file} knows {stranger}");
        }
    }
}

#[test]
fn shared_crates_know_only_those_below_them() {
    for (name, allowed) in [
        ("domain", &[][..]),
        ("messages", &[]),
        ("store", &["portico-domain"]),
        ("aws", &["portico-domain", "portico-store"]),
        ("web", &["portico-domain", "portico-messages"]),
    ] {
        let manifest = fs::read_to_string(root().join(format!("shared/{name}/Cargo.toml"))).unwrap();
        let dependencies = manifest.split("[dependencies]").nth(1).unwrap().split("\n[").next().unwrap();
        let ours =
            dependencies.lines().filter_map(|line| line.split_once(".workspace")).map(|(name, _)| name);
        for known in ours.filter(|known| known.starts_with("portico-")) {
            assert!(allowed.contains(&known), "{name} knows {known}");
        }
    }
    let domain = fs::read_to_string(root().join("shared/domain/Cargo.toml")).unwrap();
    for outside in ["aws-", "tokio", "lambda", "http", "getrandom", "axum", "reqwest"] {
        assert!(!domain.lines().any(|line| line.starts_with(outside)), "the domain knows {outside}");
    }
}

#[test]
fn only_the_store_names_keys_of_the_table() {
    for folder in
        ["functions", "shared/domain/src", "shared/web/src", "shared/aws/src", "shared/messages/src"]
    {
        for (file, text) in sources(folder) {
            for name in
                ["\"PATIENT#{}", "LINK#", "LOGIN#", "ACCOUNT#{", "roster_pk", "due_pk", "begins_with("]
            {
                let own = file.ends_with("audit.rs") && name == "ACCOUNT#{";
                assert!(own || !text.contains(name), "{file} names {name}");
            }
        }
    }
}

#[test]
fn the_configured_names_of_practices_never_meet_the_services_own() {
    let template = Template::embedded().unwrap();
    for function in &template.functions {
        for route in &function.routes {
            let first = route.path.split('/').nth(1).unwrap();
            let own = portico_domain::model::ids::RESERVED.contains(&first);
            assert!(
                own || first == "{practice}",
                "{} begins with a name that a practice could have",
                route.path
            );
        }
    }
}
