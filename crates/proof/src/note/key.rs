//! Ed25519 keys of notes: the one that signs, and its public half as text (`name+hash+key`).

use std::{fmt, str::FromStr};

use base64::{Engine as _, engine::general_purpose::STANDARD as BASE64};
use ed25519_dalek::{Signer as _, SigningKey, VerifyingKey};
use sha2::{Digest as _, Sha256};

use super::{NoteError, Signature, is_name};

/// Ed25519 over the note's text.
const ED25519: u8 = 0x01;

/// A key that signs notes under a name.
pub struct Signer {
    key: SigningKey,
    verifier: VerifierKey,
}

/// A key that notes are verified with; as text `<name>+<8 hex digits>+<base64>`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VerifierKey {
    name: String,
    id: u32,
    public: VerifyingKey,
}

impl Signer {
    /// From the 32 bytes of an RFC 8032 private key. The name is best the origin of what is signed.
    pub fn new(name: &str, seed: &[u8; 32]) -> Result<Self, NoteError> {
        let key = SigningKey::from_bytes(seed);
        let verifier = VerifierKey::new(name, key.verifying_key().as_bytes())?;
        Ok(Self { key, verifier })
    }

    /// The same key under another name, which to verifiers is another key.
    pub fn named(&self, name: &str) -> Result<Self, NoteError> {
        Ok(Self { key: self.key.clone(), verifier: self.verifier.named(name)? })
    }

    pub fn verifier(&self) -> &VerifierKey {
        &self.verifier
    }

    pub(super) fn sign(&self, text: &str) -> Signature {
        Signature {
            name: self.verifier.name.clone(),
            key_id: self.verifier.id,
            bytes: self.key.sign(text.as_bytes()).to_bytes().to_vec(),
        }
    }
}

impl fmt::Debug for Signer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Signer").field("verifier", &self.verifier).finish_non_exhaustive()
    }
}

impl VerifierKey {
    pub fn new(name: &str, public_key: &[u8; 32]) -> Result<Self, NoteError> {
        if !is_name(name) {
            return Err(NoteError::MalformedKey("the name is empty, or has a space or a plus"));
        }
        let public = VerifyingKey::from_bytes(public_key)
            .map_err(|_| NoteError::MalformedKey("the public key is no point of the curve"))?;
        Ok(Self { id: key_id(name, public_key), name: name.to_owned(), public })
    }

    /// The same key under another name.
    pub fn named(&self, name: &str) -> Result<Self, NoteError> {
        if !is_name(name) {
            return Err(NoteError::MalformedKey("the name is empty, or has a space or a plus"));
        }
        Ok(Self { id: key_id(name, self.public.as_bytes()), name: name.to_owned(), public: self.public })
    }

    pub fn name(&self) -> &str {
        &self.name
    }

    /// `SHA-256(name ‖ 0x0A ‖ 0x01 ‖ public key)[..4]`: tells keys apart, and is no proof of one.
    pub fn id(&self) -> u32 {
        self.id
    }

    pub fn public_key(&self) -> &[u8; 32] {
        self.public.as_bytes()
    }

    /// Whether the signature's name and id are this key's.
    pub(super) fn made(&self, signature: &Signature) -> bool {
        self.id == signature.key_id && self.name == signature.name
    }

    pub(super) fn verifies(&self, text: &str, signature: &Signature) -> bool {
        ed25519_dalek::Signature::from_slice(&signature.bytes)
            .is_ok_and(|bytes| self.public.verify_strict(text.as_bytes(), &bytes).is_ok())
    }
}

impl fmt::Display for VerifierKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut key = vec![ED25519];
        key.extend_from_slice(self.public_key());
        write!(f, "{}+{:08x}+{}", self.name, self.id, BASE64.encode(key))
    }
}

impl FromStr for VerifierKey {
    type Err = NoteError;

    fn from_str(text: &str) -> Result<Self, NoteError> {
        let malformed = NoteError::MalformedKey;
        let (name, rest) = text.split_once('+').ok_or(malformed("no plus after the name"))?;
        let (id, key) = rest.split_once('+').ok_or(malformed("no plus after the hash"))?;
        let key = BASE64.decode(key).map_err(|_| malformed("the key is not base64"))?;
        let public_key = match key.split_first() {
            Some((&ED25519, public_key)) => public_key.try_into(),
            _ => return Err(malformed("not an Ed25519 key (type 01)")),
        };
        let key = Self::new(name, public_key.map_err(|_| malformed("an Ed25519 key has 32 bytes"))?)?;
        if format!("{:08x}", key.id) == id { Ok(key) } else { Err(malformed("the hash is not the key's")) }
    }
}

fn key_id(name: &str, public_key: &[u8; 32]) -> u32 {
    let hash =
        Sha256::new_with_prefix(name).chain_update([b'\n', ED25519]).chain_update(public_key).finalize();
    u32::from_be_bytes([hash[0], hash[1], hash[2], hash[3]])
}
