//! The house rules as tests: which crate may use which, and where names of keys may appear.

use std::collections::{BTreeMap, BTreeSet};
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
                own || first == "{practice}",
                "{} begins with a name that a practice could have",
                route.path
            );
        }
    }
}

/// The floors of the domain, from the ground up. Imports go down only.
const FLOORS: [&str; 4] = ["model", "ports", "steps", "operations"];

/// The code of a source without its comments, so that a doc link is no import.
fn code(text: &str) -> String {
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
        ("staff", "call: &StaffCall", &["imported", "import_patient"][..]),
        (
            "visitor",
            "peer: &str",
            &["view_link", "view_link_with_ticket", "view_reset", "view_reset_with_ticket"],
        ),
        ("holder", "token: &str", &["sign_in"]),
        ("application", "call: &StaffCall", &[]),
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

/// A tree of `use`, one path for each leaf.
fn leaves(tree: &str) -> Vec<String> {
    let tree = tree.trim();
    let Some((head, rest)) = tree.split_once('{') else {
        let path = tree.split(" as ").next().unwrap().trim();
        return vec![path.trim_end_matches("::self").to_owned()];
    };
    let inner = rest.rsplit_once('}').unwrap().0;
    let (mut depth, mut from, mut parts) = (0, 0, Vec::new());
    for (at, c) in inner.char_indices() {
        match c {
            '{' => depth += 1,
            '}' => depth -= 1,
            ',' if depth == 0 => {
                parts.push(&inner[from..at]);
                from = at + 1;
            }
            _ => {}
        }
    }
    parts.push(&inner[from..]);
    let parts = parts.into_iter().filter(|part| !part.trim().is_empty());
    parts
        .flat_map(leaves)
        .map(|leaf| format!("{}{leaf}", head.trim()).trim_end_matches("::self").to_owned())
        .collect()
}

/// The file of this crate that a path leads to: the longest part of it that names one; re-exports are followed.
fn file_of(
    path: &str,
    files: &[String],
    exports: &BTreeMap<String, Vec<(String, String)>>,
) -> Option<String> {
    let segments: Vec<&str> = path.split("::").collect();
    for taken in (0..=segments.len()).rev() {
        let module = segments[..taken].join("::");
        if !files.contains(&module) {
            continue;
        }
        if let (Some(exported), Some(name)) = (exports.get(&module), segments.get(taken)) {
            for (known, from) in exported {
                if known == name {
                    return file_of(from, files, exports);
                }
            }
        }
        return Some(module);
    }
    None
}

/// Follows imports from `file` and says the way round, if one leads back to a file that is still open.
fn circle(
    file: &str,
    imports: &BTreeMap<String, BTreeSet<String>>,
    open: &mut Vec<String>,
    done: &mut BTreeSet<String>,
) -> Option<String> {
    if let Some(place) = open.iter().position(|known| known == file) {
        return Some(format!("{} -> {file}", open[place..].join(" -> ")));
    }
    if done.contains(file) {
        return None;
    }
    open.push(file.to_owned());
    for next in imports.get(file).into_iter().flatten() {
        if let Some(found) = circle(next, imports, open, done) {
            return Some(found);
        }
    }
    open.pop();
    done.insert(file.to_owned());
    None
}

/// No two files of a crate import each other, however long the way round. Tests inside a file are left out: they may
/// use whatever the crate has. So are folders' own files (`mod.rs`, `lib.rs`), whose re-exports are followed instead.
#[test]
fn no_files_import_each_other_in_a_circle() {
    let mut crates: Vec<String> =
        folders("functions").iter().map(|name| format!("functions/{name}")).collect();
    crates.extend(
        ["domain", "store", "aws", "web", "messages", "testkit"].map(|name| format!("shared/{name}")),
    );
    crates.push("infra/local".to_owned());
    for package in crates {
        let base = format!("{package}/src/");
        let mut texts: Vec<(String, String)> = Vec::new();
        for (file, text) in sources(&base) {
            let name = file.strip_prefix(&base).unwrap().trim_end_matches(".rs").replace('/', "::");
            let name = name.trim_end_matches("::mod").to_owned();
            let text = code(&text);
            texts.push((
                name,
                text.split("#[cfg(test)]\npub(crate) mod tests")
                    .next()
                    .unwrap()
                    .split("#[cfg(test)]\nmod ")
                    .next()
                    .unwrap()
                    .to_owned(),
            ));
        }
        let files: Vec<String> =
            texts.iter().map(|(name, _)| if name == "lib" { String::new() } else { name.clone() }).collect();
        let mut exports = BTreeMap::<String, Vec<(String, String)>>::new();
        let mut imports = BTreeMap::<String, BTreeSet<String>>::new();
        for (name, text) in &texts {
            let name = if name == "lib" { String::new() } else { name.clone() };
            for statement in text.split(';') {
                let Some(at) = statement.rfind("use ") else { continue };
                let (before, tree) = statement.split_at(at);
                let public = before.lines().last().is_some_and(|line| line.trim_start().starts_with("pub"));
                for leaf in leaves(&tree["use ".len()..].replace('\n', " ")) {
                    let parent = name.rsplit_once("::").map_or("", |(parent, _)| parent);
                    let path = if let Some(path) = leaf.strip_prefix("crate::") {
                        path.to_owned()
                    } else if let Some(path) = leaf.strip_prefix("super::") {
                        [parent, path]
                            .iter()
                            .filter(|part| !part.is_empty())
                            .copied()
                            .collect::<Vec<_>>()
                            .join("::")
                    } else {
                        let own = if name.is_empty() { leaf.clone() } else { format!("{name}::{leaf}") };
                        let first = leaf.split("::").next().unwrap();
                        let here =
                            if name.is_empty() { first.to_owned() } else { format!("{name}::{first}") };
                        if !files.contains(&here) {
                            continue;
                        }
                        own
                    };
                    if public {
                        if let Some(module) = path.strip_suffix("::*") {
                            let text =
                                texts.iter().find(|(known, _)| known == module).map_or("", |(_, text)| text);
                            for line in text.lines() {
                                let mut words = line
                                    .split(|c: char| !(c.is_alphanumeric() || c == '_'))
                                    .filter(|word| !word.is_empty());
                                if words.next() == Some("pub") {
                                    let item = words.find(|word| {
                                        !["const", "async", "fn", "struct", "enum", "trait", "type", "static"]
                                            .contains(word)
                                    });
                                    exports.entry(name.clone()).or_default().extend(
                                        item.map(|item| (item.to_owned(), format!("{module}::{item}"))),
                                    );
                                }
                            }
                        } else {
                            let known = path.rsplit("::").next().unwrap().to_owned();
                            exports.entry(name.clone()).or_default().push((known, path.clone()));
                        }
                    }
                    imports.entry(name.clone()).or_default().insert(path);
                }
            }
        }
        let resolved: BTreeMap<String, BTreeSet<String>> = imports
            .iter()
            .filter(|(name, _)| !name.is_empty())
            .map(|(name, paths)| {
                let targets = paths.iter().filter_map(|path| file_of(path, &files, &exports));
                // A folder's own file declares what lies in it, and so does not import it.
                let own = format!("{name}::");
                (
                    name.clone(),
                    targets
                        .filter(|target| target != name && !target.is_empty() && !target.starts_with(&own))
                        .collect(),
                )
            })
            .collect();
        let mut done = BTreeSet::new();
        for file in resolved.keys() {
            assert_eq!(circle(file, &resolved, &mut Vec::new(), &mut done), None, "{package}");
        }
    }
}
