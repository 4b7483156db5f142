//! No two files of a crate import each other, however long the way round.

use std::collections::{BTreeMap, BTreeSet};

use crate::architecture::{code, folders, sources};

/// One crate: its files by module path (`steps::retry`; empty for `lib.rs`), each with its code.
struct Package {
    files: BTreeMap<String, String>,
}

impl Package {
    /// Reads a crate's `src`. Tests inside a file are left out: they may use whatever the crate has.
    fn read(folder: &str) -> Self {
        let base = format!("{folder}/src/");
        let files = sources(&base).into_iter().map(|(file, text)| {
            let name = file.strip_prefix(&base).unwrap().trim_end_matches(".rs").replace('/', "::");
            let name = if name == "lib" { "" } else { name.trim_end_matches("::mod") };
            let text = code(&text);
            (name.to_owned(), text.split("#[cfg(test)]").next().unwrap().to_owned())
        });
        Self { files: files.collect() }
    }

    /// The path from the crate's root of what `file` imports as `leaf`; `None` for another crate's.
    fn path_of(&self, file: &str, leaf: &str) -> Option<String> {
        if let Some(path) = leaf.strip_prefix("crate::") {
            return Some(path.to_owned());
        }
        let (base, leaf) = match leaf.strip_prefix("super::") {
            Some(leaf) => (file.rsplit_once("::").map_or("", |(parent, _)| parent), leaf),
            None => (file, leaf.strip_prefix("self::").unwrap_or(leaf)),
        };
        let path = if base.is_empty() { leaf.to_owned() } else { format!("{base}::{leaf}") };
        let first = path.strip_prefix(base).unwrap_or(&path).trim_start_matches("::").split("::").next()?;
        let module = if base.is_empty() { first.to_owned() } else { format!("{base}::{first}") };
        self.files.contains_key(&module).then_some(path)
    }

    /// The file that defines what a path names: the longest part of it that is a file, where re-exports are followed.
    fn file_of(&self, path: &str) -> Option<String> {
        let segments: Vec<&str> = path.split("::").collect();
        for taken in (0..=segments.len()).rev() {
            let module = segments[..taken].join("::");
            let Some(text) = self.files.get(&module) else { continue };
            let Some(name) = segments.get(taken) else { return Some(module) };
            for (_, tree) in uses(text).into_iter().filter(|(public, _)| *public) {
                for leaf in leaves(&tree) {
                    let Some(from) = self.path_of(&module, &leaf) else { continue };
                    if from.rsplit("::").next() == Some(name) && from != path {
                        return self.file_of(&from);
                    }
                    if let Some(all) = from.strip_suffix("::*").filter(|all| self.defines(all, name)) {
                        return Some(all.to_owned());
                    }
                }
            }
            return Some(module);
        }
        None
    }

    fn defines(&self, module: &str, name: &str) -> bool {
        let defined = |line: &str| {
            let mut words =
                line.split(|c: char| !(c.is_alphanumeric() || c == '_')).filter(|word| !word.is_empty());
            words.next() == Some("pub") && words.any(|word| word == name)
        };
        self.files.get(module).is_some_and(|text| text.lines().any(defined))
    }

    /// Which files each file imports. A folder's own file declares what lies in it, which is no import; and whatever it
    /// re-exports counts as imported from where it is defined.
    fn imports(&self) -> BTreeMap<String, BTreeSet<String>> {
        let of = |(file, text): (&String, &String)| {
            let own = format!("{file}::");
            let paths = uses(text).into_iter().flat_map(|(_, tree)| leaves(&tree));
            let files = paths.filter_map(|leaf| self.file_of(&self.path_of(file, &leaf)?));
            let others = files.filter(|other| other != file && !other.is_empty() && !other.starts_with(&own));
            (file.clone(), others.collect())
        };
        self.files.iter().filter(|(file, _)| !file.is_empty()).map(of).collect()
    }
}

/// The `use` statements of a source: whether it is public, and its tree on one line.
fn uses(text: &str) -> Vec<(bool, String)> {
    let mut found = Vec::new();
    let mut lines = text.lines();
    while let Some(line) = lines.next() {
        let line = line.trim_start();
        let tree = ["use ", "pub use ", "pub(crate) use "].iter().find_map(|start| line.strip_prefix(start));
        // A line of a text can begin with the word too.
        let is_path =
            |tree: &&str| tree.split([':', ';', '{']).next().is_some_and(|first| !first.contains(' '));
        let Some(mut tree) = tree.filter(is_path).map(str::to_owned) else { continue };
        while !tree.contains(';') {
            tree.push_str(lines.next().expect("a statement ends").trim());
        }
        found.push((line.starts_with("pub"), tree.split(';').next().unwrap().to_owned()));
    }
    found
}

/// The paths that a tree of `use` names.
fn leaves(tree: &str) -> Vec<String> {
    let Some((head, rest)) = tree.split_once('{') else {
        let path = tree.split(" as ").next().unwrap().trim();
        return vec![path.trim_end_matches("::self").to_owned()];
    };
    let inner = rest.rsplit_once('}').unwrap().0;
    let (mut depth, mut part, mut parts) = (0, String::new(), Vec::new());
    for c in inner.chars().chain([',']) {
        match c {
            '{' => depth += 1,
            '}' => depth -= 1,
            _ => {}
        }
        if c == ',' && depth == 0 {
            parts.push(std::mem::take(&mut part));
        } else {
            part.push(c);
        }
    }
    let paths = parts.iter().map(|part| part.trim()).filter(|part| !part.is_empty()).flat_map(leaves);
    paths.map(|leaf| format!("{head}{leaf}").trim_end_matches("::self").to_owned()).collect()
}

/// A way from `file` back to a file that is still open, if there is one.
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
    let found = imports.get(file).into_iter().flatten().find_map(|next| circle(next, imports, open, done));
    open.pop();
    done.insert(file.to_owned());
    found
}

/// All of our crates with code that runs.
fn packages() -> Vec<String> {
    let functions = folders("functions").into_iter().map(|name| format!("functions/{name}"));
    let shared = folders("shared").into_iter().map(|name| format!("shared/{name}"));
    functions.chain(shared).chain(["infra/local".to_owned()]).collect()
}

#[test]
fn no_files_import_each_other_in_a_circle() {
    for folder in packages() {
        let imports = Package::read(&folder).imports();
        let mut done = BTreeSet::new();
        for file in imports.keys() {
            assert_eq!(circle(file, &imports, &mut Vec::new(), &mut done), None, "a circle in {folder}");
        }
    }
}

#[test]
fn a_circle_is_found_through_a_re_export_and_a_longer_way_round() {
    let files = [
        ("", "mod a;\nmod b;\nmod c;\n"),
        ("a", "use crate::b::Second;\npub struct First;\n"),
        ("b", "mod inner;\npub use inner::*;\n"),
        ("b::inner", "use crate::{c::Third,\n    other::Thing};\npub struct Second;\n"),
        ("c", "use super::a::First;\npub struct Third;\n"),
    ];
    let package = Package { files: files.map(|(file, text)| (file.to_owned(), text.to_owned())).into() };
    let imports = package.imports();
    let found = circle("a", &imports, &mut Vec::new(), &mut BTreeSet::new());
    assert_eq!(found.as_deref(), Some("a -> b::inner -> c -> a"));
}
