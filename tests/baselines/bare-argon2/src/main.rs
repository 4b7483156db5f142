//! One argon2id hash for each line that comes in, with the parameters of `portico_domain::password`, and a line back for
//! each. `tests/measure` reads the processor's time of this process as it does that of a function.

use std::io::{Result, Write, stdin, stdout};

use argon2::{Algorithm, Argon2, Params, Version};

fn main() -> Result<()> {
    let params = Params::new(19_456, 2, 1, Some(32)).map_err(std::io::Error::other)?;
    let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
    let mut out = [0; 32];
    for line in stdin().lines() {
        // As long as a password is when the pepper has been through it.
        let mut password = [0; 32];
        for (to, from) in password.iter_mut().zip(line?.bytes()) {
            *to = from;
        }
        argon2.hash_password_into(&password, &[7; 16], &mut out).map_err(std::io::Error::other)?;
        writeln!(stdout(), "{}", out[0])?;
    }
    Ok(())
}
