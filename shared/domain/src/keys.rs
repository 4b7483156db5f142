//! The service's secrets, by key id, and the MAC that everything derived from them uses. The secrets are not
//! in the table.

use std::collections::BTreeMap;
use std::fmt;

use chacha20poly1305::aead::{Aead, Payload};
use chacha20poly1305::{ChaCha20Poly1305, Key, KeyInit as _, Nonce};
use data_encoding::BASE64URL_NOPAD;
use hmac::{Hmac, Mac};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

use crate::time::Entropy;

/// The id of a secret, 0 to 15: a link's token has room for only four bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct KeyId(u8);

impl KeyId {
    /// A key id; `None` if the number is above 15.
    pub const fn new(id: u8) -> Option<Self> {
        if id < 16 { Some(Self(id)) } else { None }
    }

    /// The id as a number, 0 to 15.
    pub const fn get(self) -> u8 {
        self.0
    }
}

/// What one hash of a password costs with argon2id.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HashCost {
    /// Memory, in KiB.
    pub memory_kib: u32,
    /// Passes over the memory.
    pub passes: u32,
    /// Lanes, which could be computed in parallel.
    pub lanes: u32,
}

impl HashCost {
    /// What every function hashes with: OWASP's first recommendation for argon2id.
    pub const STANDARD: Self = Self { memory_kib: 19_456, passes: 2, lanes: 1 };
}

/// The purpose of a MAC. Two purposes never produce the same value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Use {
    /// An invitation link's token.
    InvitationLink,
    /// A reset link's token.
    ResetLink,
    /// The token of a link that confirms an e-mail address. It is never sent; only the link's codes are.
    AddressLink,
    /// The token of a link that stops automatic mail.
    UnsubscribeLink,
    /// A code by e-mail, text or voice.
    Code,
    /// The access code that staff can give to a patient.
    AccessCode,
    /// The ticket that a code is entered for.
    Ticket,
    /// The pepper of password hashes.
    Pepper,
    /// The seals of the audit chain.
    Audit,
    /// The names of limit counters.
    Limit,
    /// Sealed values that callers carry, such as proofs and cursors.
    Seal,
    /// Idempotency markers.
    Body,
    /// The addresses of callers in the security log.
    Address,
}

impl Use {
    const fn label(self) -> &'static [u8] {
        match self {
            Self::InvitationLink => b"portico/invitation-link/1",
            Self::ResetLink => b"portico/reset-link/1",
            Self::AddressLink => b"portico/address-link/1",
            Self::UnsubscribeLink => b"portico/unsubscribe-link/1",
            Self::Code => b"portico/code/1",
            Self::AccessCode => b"portico/access-code/1",
            Self::Ticket => b"portico/ticket/1",
            Self::Pepper => b"portico/pepper/1",
            Self::Audit => b"portico/audit/1",
            Self::Limit => b"portico/limit/1",
            Self::Seal => b"portico/seal/1",
            Self::Body => b"portico/body/1",
            Self::Address => b"portico/address/1",
        }
    }
}

/// Why the keyring could not be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeyringError {
    /// The text is not `{"current": 1, "1": "<32 bytes in base64url, or a longer text>"}`.
    #[error(
        "the keyring must be JSON: {{\"current\": <id>, \"<id 0 to 15>\": \"<32 bytes in base64url, or a longer text>\"}}"
    )]
    Malformed,
    /// The current key is not among the keys.
    #[error("the keyring's current key is not among its keys")]
    NoCurrent,
}

/// A secret of 32 bytes, wiped from memory when it is dropped.
type Secret = Zeroizing<[u8; 32]>;

/// The service's secrets. New links, codes, seals and hashes use the current one; the older ones only verify.
pub struct Keyring {
    current: (KeyId, Secret),
    older: BTreeMap<KeyId, Secret>,
}

impl fmt::Debug for Keyring {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Keyring(current {}, {} keys)", self.current.0.0, self.older.len() + 1)
    }
}

/// The keyring as JSON. It is flat, because a secrets store can generate only flat JSON.
#[derive(Serialize, Deserialize)]
struct KeyringText {
    current: u8,
    #[serde(flatten)]
    keys: BTreeMap<String, String>,
}

/// Characters of 32 bytes in base64url.
const SECRET_CHARS: usize = 43;

/// Decodes a key's text: 32 bytes in base64url, or a longer text, whose SHA-256 is used. A secrets store
/// generates such a text of letters and digits (64 of them hold 381 bits).
fn secret_of(text: &str) -> Option<[u8; 32]> {
    if text.len() > SECRET_CHARS {
        return Some(Sha256::digest(text.as_bytes()).into());
    }
    BASE64URL_NOPAD.decode(text.as_bytes()).ok()?.try_into().ok()
}

impl Keyring {
    /// A keyring with one new key, whose id is 1.
    pub fn generate(entropy: &dyn Entropy) -> Self {
        let mut secret = Zeroizing::new([0; 32]);
        entropy.fill(secret.as_mut());
        Self { current: (KeyId(1), secret), older: BTreeMap::new() }
    }

    /// Reads the JSON that [`Keyring::to_text`] wrote, or that an operator put into the secrets store.
    pub fn parse(text: &str) -> Result<Self, KeyringError> {
        let read: KeyringText = serde_json::from_str(text).map_err(|_| KeyringError::Malformed)?;
        let mut older = BTreeMap::new();
        for (id, secret) in read.keys {
            let id = id.parse().ok().and_then(KeyId::new).ok_or(KeyringError::Malformed)?;
            let bytes = secret_of(&secret).ok_or(KeyringError::Malformed)?;
            older.insert(id, Zeroizing::new(bytes));
        }
        let current = KeyId::new(read.current).and_then(|id| older.remove_entry(&id));
        current.map(|current| Self { current, older }).ok_or(KeyringError::NoCurrent)
    }

    /// The keyring as JSON. It contains the secrets, so it may only go to the secrets store.
    pub fn to_text(&self) -> Zeroizing<String> {
        let (current, secret) = &self.current;
        let keys = [(current, secret)]
            .into_iter()
            .chain(&self.older)
            .map(|(id, s)| (id.0.to_string(), BASE64URL_NOPAD.encode(s.as_ref())))
            .collect();
        Zeroizing::new(serde_json::to_string(&KeyringText { current: current.0, keys }).unwrap_or_default())
    }

    /// The id of the key that new links, codes, seals and hashes use.
    pub const fn current(&self) -> KeyId {
        self.current.0
    }

    fn secret(&self, id: KeyId) -> Option<&Secret> {
        if id == self.current.0 { Some(&self.current.1) } else { self.older.get(&id) }
    }

    /// HMAC-SHA-256 of the parts, with the subkey of `what`. Each part is preceded by its length, so two
    /// different lists of parts never give the same input. `None` if the keyring has no key of this id.
    pub fn mac(&self, id: KeyId, what: Use, parts: &[&[u8]]) -> Option<[u8; 32]> {
        self.secret(id).map(|secret| hmac(&subkey(secret, what), parts))
    }

    /// [`Keyring::mac`] with the current key.
    pub fn mac_now(&self, what: Use, parts: &[&[u8]]) -> [u8; 32] {
        hmac(&subkey(&self.current.1, what), parts)
    }

    /// Encrypts and authenticates `plain`, so that a caller can carry it but can't read or change it. It
    /// opens only with the same `context`.
    ///
    /// # Panics
    /// For texts of 256 GiB and more, which ChaCha20-Poly1305 can't seal (RFC 8439, 2.8).
    pub fn seal(&self, context: &[u8], plain: &[u8], entropy: &dyn Entropy) -> String {
        let mut nonce = [0; 12];
        entropy.fill(&mut nonce);
        let (id, secret) = &self.current;
        let cipher = ChaCha20Poly1305::new(&Key::from(*subkey(secret, Use::Seal)));
        #[expect(
            clippy::expect_used,
            reason = "it fails for texts of 256 GiB and more (RFC 8439, 2.8) alone"
        )]
        let text = cipher
            .encrypt(&Nonce::from(nonce), Payload { msg: plain, aad: context })
            .expect("a text shorter than 256 GiB");
        BASE64URL_NOPAD.encode(&[&[id.0][..], &nonce, &text].concat())
    }

    /// Seals a value as JSON; see [`Keyring::seal`].
    pub fn seal_json<T: Serialize>(&self, context: &[u8], value: &T, entropy: &dyn Entropy) -> String {
        self.seal(context, &json_of(value), entropy)
    }

    /// Opens a value that [`Keyring::seal_json`] sealed with the same context; `None` for everything else.
    pub fn open_json<T: DeserializeOwned>(&self, context: &[u8], sealed: &str) -> Option<T> {
        serde_json::from_slice(&self.open(context, sealed)?).ok()
    }

    /// Opens bytes that [`Keyring::seal`] sealed with the same context; `None` for everything else.
    pub fn open(&self, context: &[u8], sealed: &str) -> Option<Vec<u8>> {
        if sealed.len() > 4096 {
            return None;
        }
        let bytes = BASE64URL_NOPAD.decode(sealed.as_bytes()).ok()?;
        let (id, rest) = bytes.split_first()?;
        let (nonce, text) = rest.split_first_chunk::<12>()?;
        let key = subkey(self.secret(KeyId::new(*id)?)?, Use::Seal);
        ChaCha20Poly1305::new(&Key::from(*key))
            .decrypt(&Nonce::from(*nonce), Payload { msg: text, aad: context })
            .ok()
    }
}

/// Serializes one of our own values to JSON.
pub(crate) fn json_of<T: Serialize>(value: &T) -> Vec<u8> {
    #[expect(
        clippy::expect_used,
        reason = "it fails for maps whose keys are no texts alone, and ours have none"
    )]
    serde_json::to_vec(value).expect("a value that JSON can hold")
}

/// Derives the key of one purpose from a secret.
fn subkey(secret: &Secret, what: Use) -> Secret {
    Zeroizing::new(hmac(secret, &[what.label()]))
}

fn hmac(key: &[u8; 32], parts: &[&[u8]]) -> [u8; 32] {
    // HMAC pads a key with zeros to the block size of the hash. We do it ourselves: a key of exactly one
    // block can't be rejected, so there is no error to handle.
    let mut block = Zeroizing::new([0; 64]);
    if let Some(front) = block.first_chunk_mut() {
        *front = *key;
    }
    let mut mac = Hmac::<Sha256>::new(&(*block).into());
    for part in parts {
        mac.update(&(part.len() as u64).to_be_bytes());
        mac.update(part);
    }
    mac.finalize().into_bytes().into()
}

/// The SHA-256, in hexadecimal, of a secret of at least 128 random bits. The table stores secrets in
/// this form.
pub fn digest(secret: &[u8]) -> String {
    data_encoding::HEXLOWER.encode(&Sha256::digest(secret))
}

/// The first `count` decimal digits derived from a MAC. The bias is negligible: 64 bits are reduced to at
/// most 10⁸ values.
pub fn digits(mac: &[u8; 32], count: u32) -> String {
    let number = mac.first_chunk::<8>().map_or(0, |bytes| u64::from_be_bytes(*bytes)) % 10_u64.pow(count);
    format!("{number:0width$}", width = count as usize)
}

/// Whether two texts are equal. The time depends only on their lengths.
pub fn same(left: &str, right: &str) -> bool {
    use subtle::ConstantTimeEq as _;
    left.as_bytes().ct_eq(right.as_bytes()).into()
}

/// Whether a text has the form that [`new_secret`] produces.
pub fn is_secret(text: &str) -> bool {
    text.len() == 43 && text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_'))
}

/// A new secret of 256 bits, as base64url text.
pub fn new_secret(entropy: &dyn Entropy) -> Zeroizing<String> {
    let mut bytes = Zeroizing::new([0; 32]);
    entropy.fill(bytes.as_mut());
    Zeroizing::new(BASE64URL_NOPAD.encode(bytes.as_ref()))
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Fives;
    impl Entropy for Fives {
        fn fill(&self, bytes: &mut [u8]) {
            bytes.fill(5);
        }
    }

    #[test]
    fn a_keyring_reads_what_it_wrote() {
        let keyring = Keyring::generate(&Fives);
        let again = Keyring::parse(&keyring.to_text()).unwrap();
        assert_eq!(again.mac_now(Use::Code, &[b"x"]), keyring.mac_now(Use::Code, &[b"x"]));
    }

    #[test]
    fn a_keyring_that_a_secrets_store_generated_is_one_and_a_short_key_is_none() {
        let of = |key: &str| Keyring::parse(&format!("{{\"current\": 1, \"1\": \"{key}\"}}"));
        let (one, other) = (of(&"a".repeat(64)).unwrap(), of(&"b".repeat(64)).unwrap());
        assert_ne!(one.mac_now(Use::Code, &[]), other.mac_now(Use::Code, &[]));
        assert_eq!(of("too short").err(), Some(KeyringError::Malformed));
        assert_eq!(Keyring::parse("{\"current\": 2}").err(), Some(KeyringError::NoCurrent));
    }

    #[test]
    fn after_a_rotation_the_old_key_still_verifies_and_the_new_one_makes() {
        let old = Keyring::parse(&format!("{{\"current\": 1, \"1\": \"{}\"}}", "a".repeat(64))).unwrap();
        let both =
            format!("{{\"current\": 2, \"1\": \"{}\", \"2\": \"{}\"}}", "a".repeat(64), "b".repeat(64));
        let new = Keyring::parse(&both).unwrap();
        let of_old = old.mac_now(Use::Audit, &[b"event"]);
        assert_eq!(new.mac(old.current(), Use::Audit, &[b"event"]), Some(of_old));
        assert_ne!(new.mac_now(Use::Audit, &[b"event"]), of_old);
    }
}
