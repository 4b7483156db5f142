//! Passwords: which are allowed, and how they are stored. The stored hash is argon2id over a MAC of the
//! password, and the MAC's key (the pepper) is not in the table.

use std::fmt;

use argon2::{Algorithm, Argon2, Params, Version};
use data_encoding::BASE64URL_NOPAD;
use serde::{Deserialize, Serialize};
use unicode_normalization::UnicodeNormalization;
use zeroize::Zeroizing;

use crate::keys::{HashCost, KeyId, Keyring, Use, same};
use crate::model::guessing::{ENOUGH, bits, left_without, list, unit};
use crate::model::person::comparable;
use crate::time::Entropy;

/// Most bytes of a password.
pub const LONGEST: usize = 1024;

/// Fewest characters that a practice may ask for. What is shorter is refused for that alone, or for being on the
/// list; how much of it must be guessed says nothing more.
pub const SHORTEST: usize = 8;

/// The most that checking a stored hash may cost.
const BOUNDS: HashCost = HashCost { memory_kib: 65_536, passes: 10, lanes: 4 };

/// Why a password was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PasswordFault {
    /// It has fewer characters than the practice asks for.
    TooShort,
    /// It has more than 1,024 bytes.
    TooLong,
    /// It is one of the passwords that attackers try first, or is put together from them.
    Common,
    /// It is made of facts about the person and words of the practice.
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

/// A new temporary password, in words that staff can read out. No word comes twice, so that it is never refused
/// as a repetition.
pub fn temporary_password(entropy: &dyn Entropy) -> Zeroizing<String> {
    let mut bytes = Zeroizing::new([0; TEMPORARY_WORDS]);
    entropy.fill(bytes.as_mut());
    let mut words: Vec<&str> = WORDS.lines().collect();
    let chosen: Vec<&str> =
        bytes.iter().map(|byte| words.remove(usize::from(*byte) % words.len().max(1))).collect();
    Zeroizing::new(chosen.join("-"))
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

    /// All reasons to refuse the password. It must have at least `shortest` characters. `facts` are what an
    /// attacker who knows the person would try: names, addresses, numbers, dates.
    pub fn faults(&self, shortest: u32, facts: &[String]) -> Vec<PasswordFault> {
        if self.0.len() > LONGEST {
            return vec![PasswordFault::TooLong];
        }
        let mut faults = Vec::new();
        if self.0.chars().count() < shortest as usize {
            faults.push(PasswordFault::TooShort);
        }
        // Of a password that is made of one's own facts, it is of no use to say that it also is made of common words.
        let contextual = is_contextual(&self.0, facts);
        if is_listed(&self.0) || (!contextual && is_put_together(&self.0)) {
            faults.push(PasswordFault::Common);
        }
        if contextual {
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

/// Whether the password is on the list of common ones, also without the digits and punctuation at its end.
fn is_listed(text: &str) -> bool {
    let Some(list) = list() else { return true };
    let folded = text.to_lowercase();
    let stem = folded.trim_end_matches(|c: char| !c.is_alphabetic());
    list.contains(&folded) || (!stem.is_empty() && list.contains(stem))
}

/// Whether the password repeats a part of fewer than eight characters, or is put together from pieces that leave
/// too little to guess.
fn is_put_together(text: &str) -> bool {
    let length = text.chars().count();
    let part = unit(&text.to_lowercase());
    (part < length && part < SHORTEST) || (length >= SHORTEST && bits(text, &[]) < ENOUGH)
}

/// Whether too little is left of the password without the person's own facts: fewer than six letters or digits, or
/// too little to guess. Each fact counts as a whole and in its parts (the words of a name, what an address has
/// between its signs). Those of one or two letters or digits are ignored.
fn is_contextual(text: &str, facts: &[String]) -> bool {
    let mut known: Vec<String> = facts
        .iter()
        .flat_map(|fact| fact.split(|c: char| !c.is_alphanumeric()).chain([fact.as_str()]))
        .map(comparable)
        .filter(|fact| fact.chars().count() >= 3)
        .collect();
    known.sort_unstable();
    known.dedup();
    let plain = comparable(text);
    let Some(left) = left_without(&plain, &known) else { return false };
    let known_bits = bits(text, &known);
    left < 6 || (plain.chars().count() >= SHORTEST && known_bits < ENOUGH && known_bits < bits(text, &[]))
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
    use std::sync::Mutex;

    use super::*;
    use crate::model::person::BirthDate;
    use crate::time::Timestamp;

    struct Threes;
    impl Entropy for Threes {
        fn fill(&self, bytes: &mut [u8]) {
            bytes.fill(3);
        }
    }

    fn faults(text: &str) -> Vec<PasswordFault> {
        let facts = [
            "mayte.e",
            "Mayte",
            "Li",
            "Escobar-Ruiz",
            "mayte.escobar77@mail.example.com",
            "2025550123",
            "02139",
            "Riverside Family Medicine",
        ];
        let mut facts = facts.map(str::to_owned).to_vec();
        let now = Timestamp::from_millis(1_795_305_600_000); // 2026-11-22
        facts.extend(BirthDate::parse("1965-09-12", now).unwrap().spellings());
        Password::new(text).faults(15, &facts)
    }

    /// Bytes that a seed decides (xorshift).
    struct Seeded(Mutex<u64>);
    impl Entropy for Seeded {
        fn fill(&self, bytes: &mut [u8]) {
            let mut x = self.0.lock().unwrap();
            for byte in bytes {
                *x ^= *x << 13;
                *x ^= *x >> 7;
                *x ^= *x << 17;
                *byte = x.to_be_bytes()[3];
            }
        }
    }

    #[test]
    fn the_list_of_common_passwords_holds_at_least_100_000() {
        let list = list().unwrap();
        assert!(list.len() >= 100_000, "{}", list.len());
    }

    #[test]
    fn length_is_counted_in_characters_and_bounded_in_bytes() {
        assert_eq!(faults("kq7 trellis vxm"), []);
        assert_eq!(faults("kq7 trellis vx"), [PasswordFault::TooShort]);
        let long = "walnut gravel orbit ".repeat(52);
        assert_eq!(faults(&long[..1024]), []);
        assert_eq!(faults(&long[..1025]), [PasswordFault::TooLong]);
        assert_eq!(faults(&"x".repeat(1 << 20)), [PasswordFault::TooLong]);
        assert_eq!(faults("🌵🪁🧶🛶🦔🪴🧭🎈🪕🐚🌵🪁🧶🛶🛷"), []);
    }

    #[test]
    fn common_ones_are_refused_whatever_their_case_and_their_tail() {
        for text in [
            "password12345678",
            "PASSWORD!!!!!!!!",
            "qwertyuiop12345",
            "Football2026!!!",
            "sunshine839174620583",
            "123456789012345",
            "               ",
            "aaaaaaaaaaaaaaa",
            "111111111111111",
        ] {
            assert!(faults(text).contains(&PasswordFault::Common), "{text}");
        }
    }

    #[test]
    fn repetitions_runs_and_joins_of_common_ones_are_refused() {
        for text in [
            // a small part, repeated
            "letmeinletmein",
            "abcabcabcabcabc",
            "kq7kq7kq7kq7kq7",
            "111111222222333",
            "111222333444555",
            "trellistrellistrellis",
            "plum plum plum plum",
            "Walnut!Walnut!Walnut!",
            "----------------",
            "x1x1x1x1x1x1x1x1!",
            // runs of keys, letters and digits
            "qwertyasdfgh",
            "qwertyasdfghzxc",
            "abcdefghijklmno",
            "zyxwvutsrqponml",
            "123456654321",
            "1234567887654321",
            "123456789101112131415",
            "987654321098765",
            "1q2w3e4r5t6y7u8",
            "q1w2e3r4t5y6u7i",
            "1qaz2wsx3edc4rfv",
            "zaq12wsxcde34rfv",
            "qazwsxedcrfvtgb",
            "a1b2c3d4e5f6g7h8",
            "abc123def456ghi7",
            "aabbccddeeffgghh",
            "112233445566778",
            "azertyuiopqsdfg",
            "!@#$%^&*()_+!@#$",
            "poiuytrewqlkjhg",
            // joins, with signs, digits, years and other spellings between
            "Password123!a",
            "Password123!abc",
            "passwordpassword1",
            "password-password-1",
            "welcomehome2026",
            "Welcome-Home-2026!",
            "Welcome.Home.2026!!",
            "P@ssw0rdP@ssw0rd",
            "p4$$w0rd-2025-!!",
            "L3tm31n!L3tm31n!",
            "letmeinplease123",
            "iloveyouforever1",
            "Monday!January26",
            "summer2025summer",
            "qwerty123password",
            "drowssap123456!",
            "passworddrowssap",
            "p.a.s.s.w.o.r.d.1.2.3",
            "iamthebest12345",
            "football#baseball7",
            "Hospital!Doctor1",
            "trellis1987walnut",
            "sunshine07221983",
            "MONKEYmonkey!!!!1",
            "pässwörd-wélcome1",
            "lighthouse lighthouse",
            "ｐａｓｓｗｏｒｄ１２３４５６７",
        ] {
            assert!(faults(text).contains(&PasswordFault::Common), "{text} {}", bits(text, &[]));
        }
    }

    #[test]
    fn passphrases_and_random_ones_stay_allowed() {
        for text in [
            "plum trellis seven",
            "plum-trellis rows far",
            "walnut trellis nine",
            "Xq7 canary trellis password",
            "Escobar rows to the far lighthouse",
            "three gravel lanterns",
            "orchard lantern nine",
            "quince ladder eleven",
            "correct trellis horse",
            "my dog eats purple crayons",
            "we never walk on the grass",
            "the 2 old ferries left at 9",
            "lluvia sobre tejados rojos",
            "perro azul come manzanas",
            "abc is not the way to go",
            "password reset lighthouse fern",
            "in 1987 we bought a canoe",
            "kdTq9wRzmVbx4hP",
            "8493-0275-8162-9403",
            "vKx!7qZ#pLm2@rTw",
            "*)&{?<~|^}>:%=;[",
            "tkwqzjhrvmxnbcp",
            "Ünter-ßpree.Kähne9",
            "дождь над крышами",
            "十五個文字的密碼應該可以使用啊",
        ] {
            assert_eq!(faults(text), [], "{text} {}", bits(text, &[]));
        }
    }

    #[test]
    fn a_temporary_password_is_never_refused_as_common() {
        let seeded = Seeded(Mutex::new(0x9e37_79b9_7f4a_7c15));
        for _ in 0..500 {
            let made = temporary_password(&seeded);
            assert_eq!(faults(&made), [], "{}", *made);
            assert!(bits(&made, &[]) >= ENOUGH + 10, "{} {}", *made, bits(&made, &[]));
        }
        // Also if chance gives the same byte each time.
        for byte in (0..=255).step_by(5) {
            struct Same(u8);
            impl Entropy for Same {
                fn fill(&self, bytes: &mut [u8]) {
                    bytes.fill(self.0);
                }
            }
            let made = temporary_password(&Same(byte));
            assert_eq!(faults(&made), [], "{}", *made);
        }
    }

    #[test]
    fn random_passwords_and_three_unrelated_words_are_never_refused() {
        let seeded = Seeded(Mutex::new(0x2545_f491_4f6c_dd1d));
        let byte = || {
            let mut one = [0];
            seeded.fill(&mut one);
            usize::from(one[0])
        };
        let alphabets =
            ["abcdefghijklmnopqrstuvwxyz", "abcdefghijkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789!#%+"];
        let words: Vec<&str> = WORDS.lines().collect();
        for _ in 0..300 {
            for alphabet in alphabets {
                let text: String =
                    (0..15).map(|_| char::from(alphabet.as_bytes()[byte() % alphabet.len()])).collect();
                assert_eq!(faults(&text), [], "{text} {}", bits(&text, &[]));
            }
            let text = format!("{} {} {}", words[byte()], words[byte()], words[byte()]);
            let twice = words.iter().any(|word| text.matches(word).count() > 1);
            if !twice && text.len() >= 15 {
                assert_eq!(faults(&text), [], "{text} {}", bits(&text, &[]));
            }
        }
    }

    #[test]
    fn ones_own_facts_are_refused_alone_and_joined() {
        for text in [
            "mayte.escobar!!!",
            "Escobar-1965-09-12",
            "09/12/1965 abcd!",
            "Riverside Family Medicine 1",
            "mayte.escobar77@mail.example.com",
            "MayteEscobar1965Riverside",
            "Mayte12091965Escobar",
            "escobar19650912ruiz",
            "ruiz-mayte-19651209",
            "650912-mayte-02139",
            "091265Escobar!!",
            "120965 Ruiz Mayte",
            "Sept121965Mayte",
            "mayte12september1965",
            "Mayte-5550123-02139",
            "(202) 555-0123 Mayte",
            "0123Escobar0912x",
            "Éscobar·Rúiz·1965",
            "Mayte&Riverside1",
            "escobarmaytesunshine",
            "Mayte-loves-Riverside",
        ] {
            assert!(faults(text).contains(&PasswordFault::Contextual), "{text} {:?}", faults(text));
        }
        for text in [
            "Escobar rows to the far lighthouse",
            "Mayte found purple crayons",
            "kdTq9wRzmVbx4hP 1965",
            "medicine for a trellis plum",
        ] {
            assert_eq!(faults(text), [], "{text}");
        }
    }

    #[test]
    fn the_smallest_repeated_part_is_found() {
        for (text, length) in [("abcabc", 3), ("aaaa", 1), ("abcab", 5), ("", 0), ("x", 1), ("ééé", 1)] {
            assert_eq!(unit(text), length, "{text}");
        }
    }

    #[test]
    fn a_password_of_a_kilobyte_is_judged_in_a_moment() {
        for text in ["a".repeat(1024), "1qaz".repeat(256), "password1".repeat(113)] {
            assert!(faults(&text).contains(&PasswordFault::Common));
        }
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
