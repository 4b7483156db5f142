//! The house rules as tests: who may know whom, and that the template says what the code means.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use portico_local::Template;
use portico_store::keys;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the repository").to_owned()
}

fn folders(of: &str) -> BTreeSet<String> {
    let entries = fs::read_dir(root().join(of)).unwrap().map(|entry| entry.unwrap());
    entries
        .filter(|entry| entry.path().is_dir())
        .map(|entry| entry.file_name().into_string().unwrap())
        .collect()
}

/// Every Rust source under a folder, with its path from the root.
fn sources(of: &str) -> Vec<(String, String)> {
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
fn each_function_folder_has_one_resource_and_each_resource_a_folder() {
    let template = Template::embedded().unwrap();
    let deployed: Vec<String> = template.functions.iter().map(|function| function.folder.clone()).collect();
    assert_eq!(deployed.iter().cloned().collect::<BTreeSet<_>>(), folders("functions"));
    assert_eq!(deployed.len(), folders("functions").len());
}

#[test]
fn the_templates_table_has_the_names_that_the_code_uses() {
    let template = Template::embedded().unwrap();
    let table = &template.table;
    assert_eq!(table.time_to_live_specification.as_ref().unwrap().attribute_name, keys::TTL);
    assert_eq!(table.stream_specification.as_ref().unwrap().stream_view_type, "NEW_AND_OLD_IMAGES");
    let names = |path: &str| -> Vec<String> {
        let list = table.key_schema.as_array().unwrap();
        list.iter().map(|key| key[path].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(names("AttributeName"), [keys::PK, keys::SK]);
    let index = |place: usize| {
        let index = &table.global_secondary_indexes[place];
        let key = |at: usize| index["KeySchema"][at]["AttributeName"].as_str().unwrap().to_owned();
        (index["IndexName"].as_str().unwrap().to_owned(), key(0), key(1))
    };
    let owned = |name: &str, pk: &str, sk: &str| (name.to_owned(), pk.to_owned(), sk.to_owned());
    assert_eq!(index(0), owned(keys::ROSTER, keys::ROSTER_PK, keys::ROSTER_SK));
    assert_eq!(index(1), owned(keys::DUE, keys::DUE_PK, keys::DUE_AT));
}

#[test]
fn a_page_that_may_be_looked_at_may_be_asked_for_its_head() {
    let template = Template::embedded().unwrap();
    for function in &template.functions {
        let has =
            |method: &str, path: &str| function.routes.iter().any(|r| r.method == method && r.path == path);
        for route in
            function.routes.iter().filter(|route| route.method == "GET" && !route.path.starts_with("/v1/"))
        {
            assert!(has("HEAD", &route.path), "HEAD {}", route.path);
        }
    }
}

/// Every call of every test is held against the caller's policy by the local service; what a policy grants beyond that
/// is found here, once all tests have run.
#[test]
#[ignore = "looks at what all other tests did: tests/run runs it last"]
fn no_role_grants_what_no_test_used() {
    let template = portico_local::Template::embedded().unwrap();
    let mut unused = Vec::new();
    for function in &template.functions {
        for action in function.role.grants() {
            let noted = Path::new(portico_testkit::USED).join(&function.folder).join(&action);
            if !noted.exists() {
                unused.push(format!("{} {action}", function.folder));
            }
        }
    }
    assert!(unused.is_empty(), "granted and used by nothing: {}", unused.join(", "));
}

#[test]
fn no_policy_has_a_wildcard_and_nothing_scans() {
    let template = fs::read_to_string(root().join("infra/template.yaml")).unwrap();
    assert!(!template.contains("dynamodb:*") && !template.contains("dynamodb:Scan"));
    for line in template.lines().filter(|line| line.contains("Action:")) {
        assert!(!line.contains('*'), "{line}");
    }
    for folder in ["functions", "shared/store/src", "shared/aws/src"] {
        for (file, text) in sources(folder) {
            assert!(!text.contains(".scan("), "{file} scans");
        }
    }
}

#[test]
fn the_configured_names_of_practices_never_meet_the_services_own() {
    let template = Template::embedded().unwrap();
    for function in &template.functions {
        for route in &function.routes {
            let first = route.path.split('/').nth(1).unwrap();
            let own = portico_domain::ids::RESERVED.contains(&first);
            assert!(
                own || first == "{practice}",
                "{} begins with a name that a practice could have",
                route.path
            );
        }
    }
}
