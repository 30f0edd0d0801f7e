//! The local part: master keys in a file that only its owner can reach.
//!
//! The file: a header line, then one key a line, `<id> <64 hex digits>`. The last key wraps, all
//! unwrap; so a new master key is one more line. A key's id is the first 8 bytes of
//! SHA-256(`custody master key id` ‖ key): a damaged line is noticed before anything is sealed
//! with it.
//!
//! Wrapped form: `0x01 ‖ key id[8] ‖ salt[32] ‖ nonce[12] ‖ ciphertext and tag`, AES-256-GCM under
//! HMAC-SHA-256(master key, salt). The salt is there because one master key wraps once for every
//! sealed value, and random 96-bit nonces under a single key are sound for 2^32 values only
//! (NIST SP 800-38D, 8.3).

use std::{
    fmt,
    path::{Path, PathBuf},
};

use aes_gcm::{
    Aes256Gcm, Key, Nonce,
    aead::{Aead, Generate, KeyInit, Payload},
};
use async_trait::async_trait;
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

use crate::{KeyError, KeyPort};

mod file;

const VERSION: u8 = 0x01;
const KEY_LEN: usize = 32;
const SALT_LEN: usize = 32;
const NONCE_LEN: usize = 12;
/// What key services take at most; held here too, so that a payload cannot fit one part and not
/// the other.
const PAYLOAD_MAX_BYTES: usize = 4096;

type KeyId = [u8; 8];

struct MasterKey {
    id: KeyId,
    key: Zeroizing<[u8; KEY_LEN]>,
}

impl MasterKey {
    fn new(key: [u8; KEY_LEN]) -> Self {
        let digest = Sha256::new().chain_update(b"custody master key id").chain_update(key).finalize();
        let mut id = KeyId::default();
        id.copy_from_slice(&digest[..8]);
        Self { id, key: Zeroizing::new(key) }
    }

    fn generate() -> Self {
        Self::new(Key::<Aes256Gcm>::generate().into())
    }

    fn cipher(&self, salt: &[u8; SALT_LEN]) -> Result<Aes256Gcm, KeyError> {
        use hmac::{Hmac, Mac as _};
        let derived = <Hmac<Sha256> as KeyInit>::new_from_slice(self.key.as_slice())
            .map_err(|_| KeyError::Malformed("key of another length"))?
            .chain_update(salt)
            .finalize()
            .into_bytes();
        Ok(Aes256Gcm::new(&derived))
    }
}

/// Master keys from a file.
pub struct LocalKeys {
    path: PathBuf,
    /// At least one; the last wraps.
    older: Vec<MasterKey>,
    current: MasterKey,
}

impl fmt::Debug for LocalKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.describe())
    }
}

impl LocalKeys {
    /// Opens the key file, and makes one with a new key (mode 0600, synced) where none is. Several
    /// processes may do so at once: one file wins, all read that one.
    pub fn open_or_create(path: &Path) -> Result<Self, KeyError> {
        if !file::exists(path)? {
            file::create(path, &MasterKey::generate())?;
        }
        Self::open(path)
    }

    /// Opens the key file, which must be there and closed to everybody but its owner.
    pub fn open(path: &Path) -> Result<Self, KeyError> {
        let (older, current) = file::read(path)?;
        Ok(Self { path: path.to_owned(), older, current })
    }

    /// The public id of the key that wraps now.
    pub fn key_id(&self) -> String {
        hex::encode(self.current.id)
    }

    pub fn path(&self) -> &Path {
        &self.path
    }

    fn by_id(&self, id: &[u8]) -> Option<&MasterKey> {
        std::iter::once(&self.current).chain(&self.older).find(|key| key.id == id)
    }
}

#[async_trait]
impl KeyPort for LocalKeys {
    async fn wrap(&self, context: &str, plaintext: &[u8]) -> Result<Vec<u8>, KeyError> {
        if plaintext.len() > PAYLOAD_MAX_BYTES {
            return Err(KeyError::Malformed("more than 4096 bytes to wrap"));
        }
        let salt: [u8; SALT_LEN] = Key::<Aes256Gcm>::generate().into();
        let nonce: Nonce<_> = Generate::generate();
        let ciphertext = self
            .current
            .cipher(&salt)?
            .encrypt(&nonce, Payload { msg: plaintext, aad: context.as_bytes() })
            .map_err(|_| KeyError::Malformed("plaintext too long"))?;
        Ok([&[VERSION], &self.current.id[..], &salt, &nonce, &ciphertext].concat())
    }

    async fn unwrap(&self, context: &str, wrapped: &[u8]) -> Result<Zeroizing<Vec<u8>>, KeyError> {
        let cut = || KeyError::Malformed("wrapped key cut short");
        let (&version, rest) = wrapped.split_first().ok_or_else(cut)?;
        if version != VERSION {
            return Err(KeyError::Malformed("wrapped key of another kind or version"));
        }
        let (id, rest) = rest.split_first_chunk::<8>().ok_or_else(cut)?;
        let (salt, rest) = rest.split_first_chunk::<SALT_LEN>().ok_or_else(cut)?;
        let (nonce, ciphertext) = rest.split_first_chunk::<NONCE_LEN>().ok_or_else(cut)?;
        let key = self.by_id(id).ok_or_else(|| KeyError::UnknownKey { key_id: hex::encode(id) })?;
        key.cipher(salt)?
            .decrypt(&Nonce::from(*nonce), Payload { msg: ciphertext, aad: context.as_bytes() })
            .map(Zeroizing::new)
            .map_err(|_| KeyError::Refused)
    }

    fn describe(&self) -> String {
        format!("local key file {} (key {})", self.path.display(), self.key_id())
    }
}
