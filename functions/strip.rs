//! The build script of every function that hashes: asks the linker to leave the symbols out of a release. Cargo forgets the profile's `strip` where a package has an entry
//! of its own in the profile, as every function that hashes passwords has.
#![expect(clippy::disallowed_methods, reason = "cargo tells a build script all it says in the environment")]

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    if std::env::var("PROFILE").is_ok_and(|profile| profile == "release") {
        println!("cargo::rustc-link-arg-bins=-Wl,--strip-all");
    }
}
