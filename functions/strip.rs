//! The build script of the functions that hash passwords: tells the linker to leave the symbols out of a release. Each of
//! them has an entry of its own in the profile, and for such a package cargo ignores the profile's `strip`.
#![expect(clippy::disallowed_methods, reason = "cargo tells a build script all it says in the environment")]

fn main() {
    println!("cargo::rerun-if-changed=../strip.rs");
    if std::env::var("PROFILE").is_ok_and(|profile| profile == "release") {
        println!("cargo::rustc-link-arg-bins=-Wl,--strip-all");
    }
}
