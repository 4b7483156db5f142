//! Passwords: which are allowed, and how they are stored. The stored hash is argon2id over a MAC of the
//! password, and the MAC's key (the pepper) is not in the table.

use std::fmt;

use argon2::{Algorithm, Argon2, Params, Version};
use data_encoding::BASE64URL_NOPAD;
use serde::{Deserialize, Serialize};
use unicode_normalization::UnicodeNormalization;
use zeroize::Zeroizing;

use crate::keys::{HashCost, KeyId, Keyring, Use, same};
use crate::model::person::comparable;
use crate::time::Entropy;

/// Most bytes of a password.
pub const LONGEST: usize = 1024;

/// The most that checking a stored hash may cost.
const BOUNDS: HashCost = HashCost { memory_kib: 65_536, passes: 10, lanes: 4 };

/// Why a password was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum PasswordFault {
    /// It has fewer characters than the practice asks for.
    TooShort,
    /// It has more than 1,024 bytes.
    TooLong,
    /// It is one of the passwords that attackers try first.
    Common,
    /// It is made of facts about the person, or of the practice's name.
    Contextual,
}

impl PasswordFault {
    /// The stable code.
    pub const fn code(self) -> &'static str {
        match self {
            Self::TooShort => "too_short",
            Self::TooLong => "too_long",
            Self::Common => "common",
            Self::Contextual => "contextual",
        }
    }
}

/// The words of temporary passwords: 256 short names of things, so that each holds eight bits. They are easy to say and
/// to spell.
const WORDS: &str = include_str!("words.txt");

/// Words of a temporary password: 40 bits, for a password that works once within seven days and is locked after ten
/// wrong tries.
const TEMPORARY_WORDS: usize = 5;

/// A new temporary password, in words that staff can read out.
pub fn temporary_password(entropy: &dyn Entropy) -> Zeroizing<String> {
    let mut bytes = Zeroizing::new([0; TEMPORARY_WORDS]);
    entropy.fill(bytes.as_mut());
    let words: Vec<&str> = WORDS.lines().collect();
    let chosen = bytes.iter().filter_map(|byte| words.get(usize::from(*byte)).copied());
    Zeroizing::new(chosen.collect::<Vec<_>>().join("-"))
}

/// A password as it was entered, in NFKC. It is never printed and never shortened, and it is wiped from
/// memory when it is dropped.
pub struct Password(Zeroizing<String>);

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Password(redacted)")
    }
}

impl Password {
    /// Takes any text. If it has more than 1,024 bytes, a placeholder of 1,025 bytes is kept instead, which
    /// `faults` refuses.
    pub fn new(text: &str) -> Self {
        if text.len() > LONGEST {
            Self(Zeroizing::new("\0".repeat(LONGEST + 1)))
        } else {
            Self(Zeroizing::new(text.nfkc().collect()))
        }
    }

    /// All reasons to refuse the password. It must have at least `shortest` characters. `context` holds words
    /// that an attacker who knows the person would try.
    pub fn faults(&self, shortest: u32, context: &[String]) -> Vec<PasswordFault> {
        if self.0.len() > LONGEST {
            return vec![PasswordFault::TooLong];
        }
        let mut faults = Vec::new();
        if self.0.chars().count() < shortest as usize {
            faults.push(PasswordFault::TooShort);
        }
        if is_common(&self.0) {
            faults.push(PasswordFault::Common);
        }
        if is_contextual(&self.0, context) {
            faults.push(PasswordFault::Contextual);
        }
        faults
    }

    /// The hash to store, with a new salt and the current pepper.
    ///
    /// # Panics
    /// If argon2 refuses the cost.
    pub fn hash(&self, cost: HashCost, keyring: &Keyring, entropy: &dyn Entropy) -> PasswordHash {
        let mut salt = [0; 16];
        entropy.fill(&mut salt);
        let HashCost { memory_kib: m, passes: t, lanes: p } = cost;
        let peppered = Zeroizing::new(keyring.mac_now(Use::Pepper, &[self.0.as_bytes()]));
        #[expect(
            clippy::expect_used,
            reason = "it fails for parameters and lengths out of range, and ours are constants"
        )]
        let hash = argon2id(cost, &peppered, &salt).expect("our own parameters");
        PasswordHash { m, t, p, pepper: keyring.current(), salt: BASE64URL_NOPAD.encode(&salt), hash }
    }
}

/// Whether the password is common. It is compared, in lower case, with more than 100,000 of the passwords
/// that appear most often in leaks; then again without the digits and punctuation at its end.
fn is_common(text: &str) -> bool {
    static LIST: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/common-passwords.fst"));
    let Ok(list) = fst::Set::new(LIST) else { return true };
    let folded = text.to_lowercase();
    let stem = folded.trim_end_matches(|c: char| !c.is_alphabetic());
    // A password that repeats one character counts as common.
    let monotone = folded.chars().next().is_none_or(|first| folded.chars().all(|c| c == first));
    monotone || list.contains(&folded) || (!stem.is_empty() && list.contains(stem))
}

/// Whether fewer than six letters or digits are left of the password when one of the person's own words is
/// removed. That is too little to be a secret. Words of fewer than four characters are ignored.
fn is_contextual(text: &str, context: &[String]) -> bool {
    let plain = comparable(text);
    context
        .iter()
        .map(|word| comparable(word))
        .filter(|word| word.chars().count() >= 4)
        .any(|word| plain.contains(&word) && plain.replacen(&word, "", 1).chars().count() < 6)
}

/// A password as it is stored, with everything that is needed to check it.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PasswordHash {
    /// Memory of argon2id, in KiB.
    m: u32,
    /// Passes of argon2id.
    t: u32,
    /// Lanes of argon2id.
    p: u32,
    /// The id of the key that makes the pepper.
    pepper: KeyId,
    salt: String,
    hash: String,
}

impl fmt::Debug for PasswordHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PasswordHash(redacted)")
    }
}

impl PasswordHash {
    /// A hash that no password matches. If there is no login, checking this one costs the same time.
    pub fn dummy(cost: HashCost, keyring: &Keyring) -> Self {
        let HashCost { memory_kib: m, passes: t, lanes: p } = cost;
        Self {
            m,
            t,
            p,
            pepper: keyring.current(),
            salt: BASE64URL_NOPAD.encode(&[0; 16]),
            hash: String::new(),
        }
    }

    /// Whether `password` is right. A stored hash whose parameters exceed the bounds is refused without
    /// computing anything.
    pub fn matches(&self, password: &Password, keyring: &Keyring) -> bool {
        self.compute(password, keyring).is_some_and(|hash| !self.hash.is_empty() && same(&hash, &self.hash))
    }

    /// Whether its parameters or its pepper differ from those of new hashes.
    pub fn is_outdated(&self, cost: HashCost, keyring: &Keyring) -> bool {
        self.cost() != cost || self.pepper != keyring.current()
    }

    const fn cost(&self) -> HashCost {
        HashCost { memory_kib: self.m, passes: self.t, lanes: self.p }
    }

    fn compute(&self, password: &Password, keyring: &Keyring) -> Option<String> {
        if self.m > BOUNDS.memory_kib || self.t > BOUNDS.passes || self.p > BOUNDS.lanes {
            return None;
        }
        let peppered = Zeroizing::new(keyring.mac(self.pepper, Use::Pepper, &[password.0.as_bytes()])?);
        let salt = BASE64URL_NOPAD.decode(self.salt.as_bytes()).ok()?;
        argon2id(self.cost(), &peppered, &salt)
    }
}

/// 32 bytes of argon2id, in base64url. `None` if argon2 refuses the parameters (KiB, passes, lanes) or
/// the salt.
fn argon2id(cost: HashCost, peppered: &[u8; 32], salt: &[u8]) -> Option<String> {
    let params = Params::new(cost.memory_kib, cost.passes, cost.lanes, Some(32)).ok()?;
    let mut out = [0; 32];
    Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
        .hash_password_into(peppered, salt, &mut out)
        .ok()?;
    Some(BASE64URL_NOPAD.encode(&out))
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Threes;
    impl Entropy for Threes {
        fn fill(&self, bytes: &mut [u8]) {
            bytes.fill(3);
        }
    }

    fn faults(text: &str) -> Vec<PasswordFault> {
        let context = [
            "Mayte",
            "Escobar",
            "mayte.escobar@example.com",
            "19650912",
            "09121965",
            "Riverside Family Medicine",
        ];
        Password::new(text).faults(12, &context.map(str::to_owned))
    }

    #[test]
    fn the_list_of_common_passwords_holds_at_least_100_000() {
        let list =
            fst::Set::new(include_bytes!(concat!(env!("OUT_DIR"), "/common-passwords.fst")).as_slice())
                .unwrap();
        assert!(list.len() >= 100_000, "{}", list.len());
    }

    #[test]
    fn length_is_counted_in_characters_and_bounded_in_bytes() {
        assert_eq!(faults("plum-trellis"), []);
        assert_eq!(faults("plum-trelli"), [PasswordFault::TooShort]);
        assert_eq!(faults(&"walnut gravel ".repeat(73)), []);
        assert_eq!(faults(&format!("{}ab", "walnut gravel ".repeat(73))), []);
        assert_eq!(faults(&"walnut gravel ".repeat(74)), [PasswordFault::TooLong]);
        assert_eq!(faults(&"x".repeat(1 << 20)), [PasswordFault::TooLong]);
        assert_eq!(faults("🌵🪁🧶🛶🌵🪁🧶🛶🌵🪁🧶🛷"), []);
    }

    #[test]
    fn common_ones_are_refused_whatever_their_case_and_their_tail() {
        for text in [
            "password1234",
            "PASSWORD!!!!!",
            "qwertyuiop12",
            "Football2026!",
            "123456789012",
            "            ",
            "aaaaaaaaaaaa",
            "111111111111",
        ] {
            assert!(faults(text).contains(&PasswordFault::Common), "{text}");
        }
    }

    #[test]
    fn ones_own_facts_are_refused() {
        for text in [
            "mayte.escobar!",
            "Escobar-1965",
            "09/12/1965 ab",
            "Riverside Family Medicine 1",
            "mayte.escobar@example.com",
        ] {
            assert!(faults(text).contains(&PasswordFault::Contextual), "{text}");
        }
        assert_eq!(faults("Escobar rows to the far lighthouse"), []);
    }

    #[test]
    fn a_hash_knows_its_password_and_only_with_the_pepper() {
        let (keyring, other) = (Keyring::generate(&Threes), {
            struct Fives;
            impl Entropy for Fives {
                fn fill(&self, bytes: &mut [u8]) {
                    bytes.fill(5);
                }
            }
            Keyring::generate(&Fives)
        });
        let hash = Password::new("plum trellis ﬁne").hash(HashCost::STANDARD, &keyring, &Threes);
        assert!(hash.matches(&Password::new("plum trellis fine"), &keyring), "NFKC");
        assert!(!hash.matches(&Password::new("plum trellis fin"), &keyring));
        assert!(
            !hash.matches(&Password::new("plum trellis fine"), &other),
            "a stolen table is nothing without the pepper"
        );
        assert!(!PasswordHash::dummy(HashCost::STANDARD, &keyring).matches(&Password::new(""), &keyring));
    }

    #[test]
    fn a_stored_hash_that_asks_for_gigabytes_is_refused_at_once() {
        let keyring = Keyring::generate(&Threes);
        let mut hash = PasswordHash::dummy(HashCost::STANDARD, &keyring);
        (hash.m, hash.hash) = (4 << 20, "x".to_owned());
        assert!(!hash.matches(&Password::new("x"), &keyring));
        (hash.m, hash.t) = (19_456, 1_000_000);
        assert!(!hash.matches(&Password::new("x"), &keyring));
    }
}
