//! Packs the list of common passwords into a set that can be searched directly in the binary, without
//! loading it.

use std::collections::BTreeSet;
use std::path::Path;
use std::{env, fs};

#[expect(clippy::disallowed_methods, reason = "cargo tells a build script its folder this way")]
fn main() -> Result<(), Box<dyn std::error::Error>> {
    println!("cargo::rerun-if-changed=data/common-passwords.txt");
    let list = fs::read_to_string("data/common-passwords.txt")?;
    let words: BTreeSet<&str> = list.lines().filter(|line| !line.is_empty()).collect();
    let out = Path::new(&env::var("OUT_DIR")?).join("common-passwords.fst");
    fs::write(out, fst::Set::from_iter(words)?.as_fst().as_bytes())?;
    Ok(())
}
