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
        ("domain", &["portico-messages"][..]),
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
                own || matches!(first, "{practice}" | "" | "{path+}"),
                "{} begins with a name that a practice could have",
                route.path
            );
        }
    }
}

/// The floors of the domain, from the ground up. Imports go down only.
const FLOORS: [&str; 4] = ["model", "ports", "steps", "operations"];

/// The code of a source without its comments, so that a doc link is no import.
pub fn code(text: &str) -> String {
    text.lines().filter(|line| !line.trim_start().starts_with("//")).collect::<Vec<_>>().join("\n")
}

#[test]
fn the_domain_is_built_in_floors() {
    for (place, floor) in FLOORS.iter().enumerate() {
        for (file, text) in sources(&format!("shared/domain/src/{floor}")) {
            for above in &FLOORS[place + 1..] {
                assert!(!code(&text).contains(&format!("crate::{above}")), "{file} imports {above}");
            }
        }
    }
    for ground in ["context.rs", "keys.rs", "time.rs"] {
        let text = fs::read_to_string(root().join("shared/domain/src").join(ground)).unwrap();
        for above in FLOORS {
            assert!(!code(&text).contains(&format!("crate::{above}")), "{ground} imports {above}");
        }
    }
}

#[test]
fn no_operation_imports_another() {
    for (file, text) in sources("shared/domain/src/operations") {
        assert!(!code(&text).contains("crate::operations"), "{file} imports an operation");
    }
}

#[test]
fn the_store_and_aws_know_model_and_ports_alone() {
    for (file, text) in ["shared/store/src", "shared/aws/src"].into_iter().flat_map(sources) {
        for above in ["portico_domain::steps", "portico_domain::operations"] {
            assert!(!code(&text).contains(above), "{file} imports {above}");
        }
    }
}

/// What a file of `ports/` asks, the file of the same name answers: in the store, or, for ways out, in `aws`.
#[test]
fn each_port_is_answered_in_the_file_of_its_name() {
    for (file, text) in sources("shared/domain/src/ports") {
        let name = file.rsplit('/').next().unwrap();
        for port in text.lines().filter_map(|line| line.strip_prefix("pub trait ")) {
            let port = port.split([':', '<', ' ']).next().unwrap();
            let answered = format!("impl {port} for ");
            let places: Vec<String> = ["shared/store/src", "shared/aws/src"]
                .into_iter()
                .flat_map(sources)
                .filter(|(_, text)| text.contains(&answered))
                .map(|(place, _)| place)
                .collect();
            let fits = |place: &String| {
                place.ends_with(&format!("store/src/{name}"))
                    || (name == "outbound.rs" && place.starts_with("shared/aws/"))
            };
            assert!(
                places.len() == 1 && places.iter().all(fits),
                "{port} of {file} is answered in {places:?}"
            );
        }
    }
}

#[test]
fn only_the_retry_step_commits() {
    for (file, text) in sources("shared/domain/src").into_iter().chain(sources("functions")) {
        let text = code(&text);
        let own = file.ends_with("steps/retry.rs") || file.ends_with("ports/commit.rs");
        assert!(own || !text.contains(".commit("), "{file} commits by itself");
        assert!(own || !text.contains("CommitError"), "{file} reads what became of a commit by itself");
    }
}

#[test]
fn an_operation_begins_as_its_folder_says() {
    for (folder, first, without) in [
        (
            "staff",
            "call: &ApiCall",
            &["imported", "import_patient", "import_patient_line", "launched", "open_console"][..],
        ),
        (
            "visitor",
            "peer: &str",
            &[
                "view_link",
                "view_link_with_proof",
                "view_link_with_ticket",
                "view_reset",
                "view_reset_with_ticket",
                "view_unsubscribe",
            ],
        ),
        ("holder", "token: &str", &["sign_in"]),
        ("application", "call: &ApiCall", &[]),
    ] {
        let mut seen = 0;
        for (file, text) in sources(&format!("shared/domain/src/operations/{folder}")) {
            for function in text.split("\npub async fn ").skip(1) {
                let (name, rest) = function.split_once(['<', '(']).unwrap();
                let (parameters, _) = rest.split_once(") ->").unwrap();
                assert!(
                    parameters.contains(first) || without.contains(&name),
                    "{file}: {name} lacks {first}"
                );
                seen += 1;
            }
        }
        assert!(seen > 0, "{folder} holds no operation");
    }
}

/// Hashing takes a whole core, so that only functions made for it may call what hashes.
#[test]
fn only_functions_with_a_whole_core_may_hash() {
    let hashing = [
        "holder::sign_in",
        "holder::account",
        "holder::details",
        "visitor::register",
        "visitor::add_patient",
        "visitor::reset",
        "staff::credentials",
    ];
    let may = ["sign-in", "account", "register", "reset", "manage-account"];
    for (file, text) in sources("functions") {
        let function = file.split('/').nth(1).unwrap();
        for operation in hashing {
            let used = code(&text).contains(&format!("operations::{operation}"));
            assert!(!used || may.contains(&function), "{file} may hash: it imports {operation}");
        }
    }
    for (file, text) in sources("shared/domain/src") {
        let hashes = code(&text).contains(".hash(&") || code(&text).contains(".matches(presented.password");
        let known = [
            "model/password.rs",
            "steps/credentials.rs",
            "holder/sign_in.rs",
            "holder/account.rs",
            "visitor/register.rs",
            "visitor/reset.rs",
            "staff/credentials.rs",
        ];
        assert!(!hashes || known.iter().any(|place| file.ends_with(place)), "{file} hashes");
    }
}

/// The log lets through what begins with `portico`, so every crate whose lines must be seen is named so.
#[test]
fn every_functions_lines_pass_the_logs_filter() {
    for folder in folders("functions") {
        let manifest = fs::read_to_string(root().join("functions").join(&folder).join("Cargo.toml")).unwrap();
        let name = format!("[lib]\nname = \"portico_{}\"", folder.replace('-', "_"));
        assert!(manifest.contains(&name), "{folder}'s lib is not named {name}");
    }
}

/// Cargo builds a test binary for every crate and starts rustdoc on it, whether or not there is a test. So crates
/// without tests say that they have none, and this test says so if one has come.
#[test]
fn every_test_is_run_and_crates_without_tests_build_none() {
    let crates = ["functions", "shared"]
        .into_iter()
        .flat_map(|of| folders(of).into_iter().map(move |name| format!("{of}/{name}")));
    for folder in crates.chain(["infra/local".to_owned()]) {
        let manifest = fs::read_to_string(root().join(&folder).join("Cargo.toml")).unwrap();
        let library = manifest.split("[lib]").nth(1).unwrap_or_default().split("\n[").next().unwrap();
        let says = |line: &str| library.lines().any(|own| own == line);
        let sources = sources(&folder);
        let has =
            |mark: fn(&str) -> bool| sources.iter().any(|(_, text)| text.lines().map(str::trim).any(mark));
        let tests = has(|line| line.starts_with("#[test]") || line.starts_with("#[tokio::test"));
        assert_eq!(
            says("test = false"),
            !tests,
            "test of [lib] in {folder}/Cargo.toml, which has tests: {tests}"
        );
        let example = has(|line| line.starts_with("/// ```") || line.starts_with("//! ```"));
        assert_eq!(says("doctest = false"), !example, "doctest of [lib] in {folder}/Cargo.toml: {example}");
        for (file, text) in sources.iter().filter(|(file, _)| file.ends_with("src/main.rs")) {
            assert!(!text.contains("#[test]"), "{file} is not tested: its tests belong into the library");
        }
    }
}
